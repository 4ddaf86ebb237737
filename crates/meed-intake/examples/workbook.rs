//! Memory of a large workbook, in two runs, so that writing it does not count:
//! `cargo run --release -p meed-intake --example workbook -- write FILE 200000`, then `… -- read FILE`.

use std::fs::File;
use std::time::Instant;

use meed_intake::{Hints, Reading};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

const HEADER: [&str; 12] = [
    "Order ID",
    "Order Date",
    "Customer Name",
    "Customer Email",
    "SKU",
    "Product",
    "Quantity",
    "Net Amount",
    "Tax",
    "Currency",
    "Sales Rep",
    "Country",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "write", path, rows] => write(path, rows.parse()?),
        [_, "read", path] => read(path),
        _ => Err("write FILE ROWS, or read FILE".into()),
    }
}

fn write(path: &str, rows: u32) -> Result<(), Box<dyn std::error::Error>> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (column, name) in (0_u16..).zip(HEADER) {
        sheet.write(0, column, name)?;
    }
    for i in 0..rows {
        let row = i + 1;
        let texts = [
            (0, format!("SO-{i:07}")),
            (2, format!("Customer {}, Ltd", i % 5_000)),
            (3, format!("c{}@example.com", i % 5_000)),
            (4, format!("SKU-{}", i % 300)),
            (5, format!("Widget {}", i % 300)),
            (9, "USD".to_owned()),
            (10, format!("Rep {}", i % 40)),
            (11, "US".to_owned()),
        ];
        for (column, text) in texts {
            sheet.write(row, column, text)?;
        }
        sheet.write_with_format(row, 1, ExcelDateTime::from_ymd(2026, u8::try_from(i % 12 + 1)?, u8::try_from(i % 28 + 1)?)?, &day)?;
        for (column, number) in [(6, i % 7 + 1), (7, i % 9_999), (8, i % 500)] {
            sheet.write(row, column, number)?;
        }
    }
    book.save(path)?;
    Ok(())
}

fn read(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = File::open(path)?;
    let start = Instant::now();
    let reading = Reading::detect(&mut file, &Hints::default())?;
    let detected = start.elapsed();
    let start = Instant::now();
    let (mut good, mut bad) = (0_u64, 0_u64);
    for row in reading.rows(file, None)? {
        match row?.outcome {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        }
    }
    println!("{} bytes: detected in {detected:?}, walked in {:?}, {good} rows, {bad} faulty", reading.size(), start.elapsed());
    // Linux alone tells it; elsewhere the line is left out.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!("peak memory: {}", peak.trim_start_matches("VmHWM:").trim());
    }
    Ok(())
}
