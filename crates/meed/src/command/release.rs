//! `meed release`: what was calculated and reviewed becomes payable.

use clap::Args;
use meed_app::releases::{self, NewTerms};
use meed_core::id::Kind;
use serde::Serialize;

use super::find;
use crate::cli::PlanPeriod;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Money, count, money, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed release --plan \"Sales 2026\" --period 2026-03
  meed release --plan \"Sales 2026\" --period 2026-03 --date 2026-04-15
  meed release --plan \"Sales 2026\" --period 2026-03 --unpaid \"Ana Lopez\" --because \"Bank account to be confirmed\"

A release freezes a statement for every payee. What changes in the period afterwards is booked as a difference in
the next open period. It is refused when sales, people or the plan changed since the last calculation.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    of: PlanPeriod,
    /// Day from which it may be paid [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
    /// Somebody who is released with the others and not to be paid yet
    #[arg(long, value_name = "NAME", requires = "because")]
    unpaid: Vec<String>,
    /// Why they are not to be paid yet; the payee reads it
    #[arg(long, value_name = "TEXT", default_value = "")]
    because: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Released {
    release: String,
    plan: String,
    period: String,
    payees: u64,
    total: Money,
    release_date: String,
}

pub(crate) async fn run(args: ReleaseArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open(settings).await?;
    let (config, program, period) = find::plan_period(&desk.app, &desk.ctx, &args.of).await?;
    find::calculation(&desk.app, &desk.ctx, &program, &period.label()).await?;
    let held = |name: &String| {
        let payee = find::payee(&config, name)?.id;
        Ok(NewTerms { payee, release_date: None, unpaid: true, reason: args.because.clone() })
    };
    let apart: Vec<NewTerms> = args.unpaid.iter().map(held).collect::<Result<_, Failure>>()?;
    let date = args.date.as_deref();
    let release = releases::release_with(&desk.app, &desk.ctx, program.id, &period.label(), date, &apart).await?;
    let document = release.document;
    let unit = program.program.currency;
    if args.json {
        print_json(&Released {
            release: release.id.text(Kind::Release),
            plan: document.program_name,
            period: document.period,
            payees: document.payees,
            total: Money::new(document.total, unit),
            release_date: document.release_date,
        })?;
    } else {
        let name = &document.program_name;
        print(&format!(
            "Released: {name} · {} · {} · {} · payable from {}\nNext: `meed export rewards --plan \"{name}\" --period {} -o rewards.csv`\n",
            document.period,
            count(document.payees, "payee"),
            money(document.total, unit),
            document.release_date,
            document.period
        ))?;
    }
    Ok(Verdict::Clean)
}
