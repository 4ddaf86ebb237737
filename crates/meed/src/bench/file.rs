//! A made-up export of many sales.

use std::io::Write;
use std::path::Path;

use crate::failure::Failure;

/// Writes a CSV file of twelve columns.
pub(super) fn write(path: &Path, rows: u64, payees: u64) -> Result<(), Failure> {
    write_sales(path, rows, |n| format!("Rep {:04}", n * 31 % payees))
}

/// The same, with every other sale shared by two reps.
pub(super) fn write_shared(path: &Path, rows: u64, payees: u64) -> Result<(), Failure> {
    write_sales(path, rows, |n| match n % 2 {
        0 => format!("Rep {:04}", n * 31 % payees),
        _ => format!("Rep {:04} || Rep {:04}", n * 31 % payees, (n * 31 + 1) % payees),
    })
}

fn write_sales(path: &Path, rows: u64, owner: impl Fn(u64) -> String) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::file(path, &e);
    let file = std::fs::File::create(path).map_err(failed)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    out.write_all(b"Order Number,Order Date,Customer Name,Customer Email,SKU,Product,Quantity,Amount,Tax,Currency,Sales Rep,Country\n")
        .map_err(failed)?;
    for n in 0..rows {
        let cents = 1_000 + n * 7919 % 500_000;
        writeln!(
            out,
            "ORD-{n:08},2026-{:02}-{:02},Customer {:05},c{:05}@example.com,SKU-{:03},Product {:03},{},{}.{:02},{}.{:02},USD,{},{}",
            n % 3 + 1,
            n / 3 % 28 + 1,
            n % 20_000,
            n % 20_000,
            n % 200,
            n % 200,
            n % 5 + 1,
            cents / 100,
            cents % 100,
            cents / 1_000,
            cents / 10 % 100,
            owner(n),
            ["Germany", "France", "United States", "Spain"][usize::try_from(n % 4).unwrap_or(0)],
        )
        .map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// Reps and a plan for the file: a tiered plan with a manager's override.
pub(super) fn write_people(path: &Path, payees: u64) -> Result<(), Failure> {
    let mut text = String::new();
    for n in 0..payees {
        // Ten reps report to each tenth one.
        let manager = if n % 10 == 0 { String::new() } else { format!("manager = \"Rep {:04}\"\n", n - n % 10) };
        text.push_str(&format!("[[rep]]\nname = \"Rep {n:04}\"\n{manager}\n"));
    }
    std::fs::write(path, text).map_err(|e| Failure::file(path, &e))
}

/// Reps with a quota: ten report to each tenth one, and these to each hundredth.
pub(super) fn write_line(path: &Path, payees: u64, quota: u64) -> Result<(), Failure> {
    let mut text = String::new();
    for n in 0..payees {
        let above = if n % 100 == 0 { None } else { Some(if n % 10 == 0 { n - n % 100 } else { n - n % 10 }) };
        let manager = above.map(|above| format!("manager = \"Rep {above:04}\"\n")).unwrap_or_default();
        text.push_str(&format!("[[rep]]\nname = \"Rep {n:04}\"\n{manager}variables = {{ quota = {quota} }}\n\n"));
    }
    std::fs::write(path, text).map_err(|e| Failure::file(path, &e))
}

/// The plan of the calculation bench.
pub(super) const PLAN: &str = include_str!("plan.toml");
