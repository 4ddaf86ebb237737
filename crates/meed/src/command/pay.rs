//! `meed pay`: payroll has paid; Meed is told.

use clap::Args;
use meed_app::releases;
use meed_core::command::day_number;
use meed_core::id::{Id, Kind};
use serde::Serialize;

use super::find;
use crate::cli::PlanPeriod;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed pay --plan \"Sales 2026\" --period 2026-03 --reference \"payroll April\"
  meed pay --plan \"Sales 2026\" --period 2026-03 --payee \"Ana Lopez\" --payee \"Lee Moss\" --date 2026-04-30";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PayArgs {
    #[command(flatten)]
    of: PlanPeriod,
    /// Somebody who was paid; everybody who is not paid yet where none is named
    #[arg(long = "payee", value_name = "NAME")]
    payees: Vec<String>,
    /// Day of the payment [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
    /// Text that finds the payment in payroll
    #[arg(long, value_name = "TEXT", default_value = "")]
    reference: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Paid {
    payout: String,
    plan: String,
    period: String,
    date: String,
}

pub(crate) async fn run(args: PayArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open(settings).await?;
    let (config, program, period) = find::plan_period(&desk.app, &desk.ctx, &args.of).await?;
    let name = program.program.name.clone();
    let label = period.label();
    let release = releases::of_period(&desk.app, &desk.ctx, program.id, day_number(period.first_day())).await?;
    let release = release.ok_or_else(|| {
        Failure::refused("not_released", format!("\"{name}\" is not released for {label}"))
            .advise(format!("run `meed release --plan \"{name}\" --period {label}` first"))
    })?;
    let payees: Vec<Id> = args.payees.iter().map(|p| find::payee(&config, p).map(|r| r.id)).collect::<Result<_, _>>()?;
    let date = args.date.unwrap_or_else(|| desk.app.now().to_zoned(config.zone.clone()).date().to_string());
    let payout = releases::pay_by_hand(&desk.app, &desk.ctx, release.id, &payees, &date, &args.reference).await?;
    let paid = Paid { payout: payout.text(Kind::Payout), plan: name, period: label, date };
    if args.json {
        print_json(&paid)?;
    } else {
        print(&format!("Paid: {} · {} · {} ({})\n", paid.plan, paid.period, paid.date, paid.payout))?;
    }
    Ok(Verdict::Clean)
}
