//! A file of sales end to end, then its commissions.

use super::EngineArgs;
use super::child::Installation;
use super::file;
use super::table::{Table, grouped, ms};
use crate::failure::Failure;

/// Measures and fills the table.
pub(super) fn run(engines: &EngineArgs, rows: u64, payees: u64) -> Result<Table, Failure> {
    let mut table = Table::new(&["engine", "what", "time", "a second", "peak memory"]);
    for engine in &engines.engine {
        let installation = Installation::begin(*engine, engines.postgres.as_deref())?;
        let path = |name: &str| installation.folder().join(name).display().to_string();
        let (sales, people, plan) = (path("sales.csv"), path("people.toml"), path("plan.toml"));
        file::write(sales.as_ref(), rows, payees)?;
        file::write_people(people.as_ref(), payees)?;
        std::fs::write(&plan, file::PLAN).map_err(|e| Failure::file(plan.as_ref(), &e))?;
        installation.run(&["people", "apply", &people])?;
        installation.run(&["plan", "apply", &plan])?;
        let mut row = |what: &str, args: &[&str]| -> Result<(), Failure> {
            let (_, elapsed, peak) = installation.measured(args)?;
            let us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            let rate = rows.saturating_mul(1_000_000) / us.max(1);
            table.row(vec![engine.name().to_owned(), what.to_owned(), ms(us), grouped(rate), format!("{} MiB", peak / 1024)]);
            Ok(())
        };
        row(
            &format!("import of {} rows × 12 columns: detect, map, record", grouped(rows)),
            &["import", &sales, "--source", "Bench", "--yes"],
        )?;
        row(
            &format!("calculation, {} payees, first time (posts all rewards)", grouped(payees)),
            &["calculate", "--plan", "Bench", "--period", "2026-Q1"],
        )?;
        row("calculation again (posts nothing)", &["calculate", "--plan", "Bench", "--period", "2026-Q1"])?;
        row("the same file again (nothing changes)", &["import", &sales, "--source", "Bench", "--yes"])?;
        installation.run(&["verify"])?;
    }
    table.note("Whole commands, process start included; `meed verify` clean afterwards.");
    Ok(table)
}
