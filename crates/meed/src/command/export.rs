//! `meed export`: rewards and credits as CSV, for payroll and for checking.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use meed_app::exports;

use super::find;
use crate::cli::PlanPeriod;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::print_bytes;

const EXAMPLES: &str = "\
Examples:
  meed export rewards --plan \"Sales 2026\" --period 2026-03 -o payroll.csv
  meed export credits --plan \"Sales 2026\" --period 2026-03 > credits.csv

The files are UTF-8 with a byte order mark, commas and CRLF. Cells that a spreadsheet would run as a formula are
made harmless. Columns: docs/cli.md.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One line for each reward: what payroll pays
    Rewards(FileArgs),
    /// One line for each credit, unrounded, with the original columns of its sale
    Credits(FileArgs),
}

#[derive(Debug, Args)]
struct FileArgs {
    #[command(flatten)]
    of: PlanPeriod,
    /// File to write [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(args: ExportArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open_to_read(settings).await?;
    let (What::Rewards(file) | What::Credits(file)) = &args.what;
    let (_, program, period) = find::plan_period(&desk.app, &desk.ctx, &file.of).await?;
    let calculation = find::calculation(&desk.app, &desk.ctx, &program, &period.label()).await?;
    let bytes = match &args.what {
        What::Rewards(_) => exports::rewards_csv(&desk.app, &desk.ctx, &calculation).await?,
        What::Credits(_) => exports::credits_csv(&desk.app, &desk.ctx, &calculation).await?,
    };
    match &file.output {
        None => print_bytes(&bytes)?,
        Some(path) => {
            std::fs::write(path, &bytes).map_err(|e| Failure::file(path, &e))?;
            eprintln!("{}: written", path.display());
        }
    }
    Ok(Verdict::Clean)
}
