//! The databases alone on the same machine and the same file, for comparison.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::file;
use super::table::{Table, grouped, ms};
use crate::failure::Failure;

/// Measures and fills the table.
pub(super) fn run(rows: u64, postgres: Option<&str>) -> Result<Table, Failure> {
    let mut table = Table::new(&["peer", "what", "time", "a second"]);
    let name = meed_app::token().map_err(Failure::from)?;
    let folder = std::env::temp_dir().join(format!("meed-bench-{name}"));
    std::fs::create_dir_all(&folder).map_err(|e| Failure::file(&folder, &e))?;
    let result = measure(&folder, rows, postgres, &mut table);
    std::fs::remove_dir_all(&folder).map_err(|e| Failure::file(&folder, &e))?;
    result.map(|()| table)
}

fn measure(folder: &Path, rows: u64, postgres: Option<&str>, table: &mut Table) -> Result<(), Failure> {
    let csv = folder.join("sales.csv");
    file::write(&csv, rows, 1_000)?;
    let script = format!(".mode csv\n.import {} sales\n", csv.display());
    let database = folder.join("peer.db").display().to_string();
    match timed("sqlite3", &[&database], Some(&script)) {
        None => table.note("`sqlite3` is not installed."),
        Some(us) => {
            table.row(vec!["sqlite3 .import".into(), format!("{} rows, one text table, no keys", grouped(rows)), ms(us), rate(rows, us)]);
        }
    }
    let Some(url) = postgres else {
        table.note("PostgreSQL was not named with --postgres.");
        return Ok(());
    };
    let script = meed_store::copy_script(&csv.display().to_string());
    match timed("psql", &[url, "-q", "-v", "ON_ERROR_STOP=1"], Some(&script)) {
        None => table.note("`psql` is not installed."),
        Some(us) => {
            table.row(vec!["PostgreSQL COPY".into(), format!("{} rows, one text table, no keys", grouped(rows)), ms(us), rate(rows, us)]);
        }
    }
    if timed("pgbench", &["-i", "-q", "-s", "10", url], None).is_none() {
        table.note("`pgbench` is not installed.");
        return Ok(());
    }
    let output = Command::new("pgbench").args(["-n", "-T", "15", "-c", "16", "-j", "2", url]).stderr(Stdio::null()).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let tps = text.lines().find_map(|l| l.strip_prefix("tps = ")).and_then(|l| l.split(['.', ' ']).next()).unwrap_or("?").to_owned();
    table.row(vec!["pgbench".into(), "TPC-B, scale 10, 16 clients, 15 s".into(), "15 s".into(), tps]);
    Ok(())
}

fn rate(rows: u64, us: u64) -> String {
    grouped(rows.saturating_mul(1_000_000) / us.max(1))
}

/// Runs a program to its end and answers microseconds; `None` if it cannot be run or fails.
fn timed(program: &str, args: &[&str], input: Option<&str>) -> Option<u64> {
    use std::io::Write;
    let start = Instant::now();
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    let mut child = Command::new(program).args(args).stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        pipe.write_all(text.as_bytes()).ok()?;
    }
    child.wait().ok().filter(std::process::ExitStatus::success)?;
    u64::try_from(start.elapsed().as_micros()).ok()
}
