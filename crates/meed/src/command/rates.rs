//! `meed rates`: dated rates of exchange.

use clap::{Args, Subcommand};
use jiff::civil::Date;
use meed_app::rates::{self, RateEntry};
use meed_core::money::{Exact, Unit};
use serde::Serialize;

use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Side, Table, print, print_json};
use crate::sheet::SheetArgs;

const EXAMPLES: &str = "\
Examples:
  meed rates load rates.csv --dry-run
  meed rates set EUR USD 2026-03-01 1.0832
  meed rates list

rates.csv:
  from,to,day,rate
  EUR,USD,2026-03-01,1.0832
  GBP,USD,2026-03-01,1.2641

A rate says what one unit of `from` is worth in `to`, from its day until the next one. Without the column `to` it is the
workspace's currency. Amounts in the opposite direction are divided; two other currencies meet in the workspace's.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RatesArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Load rates from a sheet: from, to, day, rate
    Load(SheetArgs),
    /// Set one rate
    Set(SetArgs),
    /// Remove one rate; the one before it holds on
    Remove(RemoveArgs),
    /// List all rates
    List(ListArgs),
}

#[derive(Debug, Args)]
struct SetArgs {
    /// Currency that is converted
    from: String,
    /// Currency of the result
    to: String,
    /// First day of the rate, such as 2026-03-01
    day: String,
    /// What one unit is worth
    rate: String,
}

#[derive(Debug, Args)]
struct RemoveArgs {
    /// Currency that is converted
    from: String,
    /// Currency of the result
    to: String,
    /// First day of the rate
    day: String,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: RatesArgs, settings: &Settings) -> Result<Verdict, Failure> {
    match args.what {
        What::Load(args) => load(&args, settings).await,
        What::Set(args) => {
            let (from, to, day) = place(&args.from, &args.to, &args.day)?;
            let rate: Exact =
                args.rate.parse().map_err(|_| Failure::refused("number_unreadable", format!("`{}` is not a number", args.rate)))?;
            let desk = Desk::open(settings).await?;
            rates::put(&desk.app, &desk.ctx, &RateEntry { from, to, day, rate }).await?;
            print(&format!("From {day} on 1 {from} = {} {to}\n", rate.normalize()))?;
            Ok(Verdict::Clean)
        }
        What::Remove(args) => {
            let (from, to, day) = place(&args.from, &args.to, &args.day)?;
            let desk = Desk::open(settings).await?;
            rates::remove(&desk.app, &desk.ctx, (from, to), day).await?;
            print(&format!("The rate from {from} to {to} of {day} is removed\n"))?;
            Ok(Verdict::Clean)
        }
        What::List(args) => list(&args, &Desk::open_to_read(settings).await?).await,
    }
}

fn place(from: &str, to: &str, day: &str) -> Result<(Unit, Unit, Date), Failure> {
    let unit = |text: &str| {
        rates::currency(text).ok_or_else(|| Failure::refused("currency_unknown", format!("`{text}` is not an ISO 4217 currency code")))
    };
    let date = day.parse().map_err(|_| Failure::refused("date_unreadable", format!("`{day}` is not a date such as 2026-03-31")))?;
    Ok((unit(from)?, unit(to)?, date))
}

async fn load(args: &SheetArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let file = args.open()?;
    let desk = Desk::open(settings).await?;
    args.report("Rates", rates::load(&desk.app, &desk.ctx, file, args.decimal(), args.dry_run).await?)
}

#[derive(Serialize)]
struct ShownRate {
    from: String,
    to: String,
    day: String,
    rate: String,
}

async fn list(args: &ListArgs, desk: &Desk) -> Result<Verdict, Failure> {
    let shown: Vec<ShownRate> = rates::list(&desk.app, &desk.ctx)
        .await?
        .iter()
        .map(|entry| ShownRate {
            from: entry.from.to_string(),
            to: entry.to.to_string(),
            day: entry.day.to_string(),
            rate: entry.rate.normalize().to_string(),
        })
        .collect();
    if args.json {
        print_json(&shown)?;
        return Ok(Verdict::Clean);
    }
    if shown.is_empty() {
        print("No rates of exchange yet. Load some: meed rates load rates.csv\n")?;
        return Ok(Verdict::Clean);
    }
    let mut table = Table::new(&[("From", Side::Left), ("To", Side::Left), ("Day", Side::Left), ("Rate", Side::Right)]);
    for rate in &shown {
        table.row([rate.from.clone(), rate.to.clone(), rate.day.clone(), rate.rate.clone()]);
    }
    print(&table.to_string())?;
    Ok(Verdict::Clean)
}
