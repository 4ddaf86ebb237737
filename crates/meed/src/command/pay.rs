//! `meed pay`: payroll has paid; Meed is told.

use clap::Args;
use meed_app::releases::{self, NewTerms, ReleaseEntry};
use meed_core::command::day_number;
use meed_core::id::{Id, Kind};
use meed_core::money::Unit;
use serde::Serialize;

use super::find;
use crate::cli::PlanPeriod;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Money, Side, Table, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed pay --plan \"Sales 2026\" --period 2026-03 --reference \"payroll April\"
  meed pay --plan \"Sales 2026\" --period 2026-03 --payee \"Ana Lopez\" --payee \"Lee Moss\" --date 2026-04-30
  meed pay --plan \"Sales 2026\" --period 2026-03 --list                  who is paid, due, later, unpaid
  meed pay --plan \"Sales 2026\" --period 2026-03 --payee \"Ana Lopez\" --unpaid \"Bank account to be confirmed\"
  meed pay --plan \"Sales 2026\" --period 2026-03 --payee \"Ana Lopez\" --later 2026-04-30
  meed pay --plan \"Sales 2026\" --period 2026-03 --payee \"Ana Lopez\" --with-others

Who is marked as unpaid, or whose day has not come, is left out, and refused where named.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PayArgs {
    #[command(flatten)]
    of: PlanPeriod,
    /// Somebody who was paid; everybody who is due and not paid yet where none is named
    #[arg(long = "payee", value_name = "NAME")]
    payees: Vec<String>,
    /// Pay nobody: mark those named as unpaid until the mark is taken away; the payee reads why
    #[arg(long, value_name = "WHY", requires = "payees", conflicts_with_all = ["date", "reference", "later", "with_others", "list"])]
    unpaid: Option<String>,
    /// Pay nobody: those named may be paid from a day of their own on
    #[arg(long, value_name = "YYYY-MM-DD", requires = "payees", conflicts_with_all = ["date", "reference", "with_others", "list"])]
    later: Option<String>,
    /// Why those named are paid later
    #[arg(long, value_name = "TEXT", requires = "later", default_value = "")]
    reason: String,
    /// Pay nobody: those named are paid with the others again
    #[arg(long, requires = "payees", conflicts_with_all = ["date", "reference", "list"])]
    with_others: bool,
    /// Pay nobody: list who is paid, due, later or unpaid
    #[arg(long, conflicts_with_all = ["date", "reference", "payees"])]
    list: bool,
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
    if args.unpaid.is_some() || args.later.is_some() || args.with_others {
        let new = |payee: &Id| NewTerms {
            payee: *payee,
            release_date: args.later.clone(),
            unpaid: args.unpaid.is_some(),
            reason: args.unpaid.clone().unwrap_or_else(|| args.reason.clone()),
        };
        let wanted: Vec<NewTerms> = payees.iter().map(new).collect();
        let changed = releases::set_terms(&desk.app, &desk.ctx, release.id, &wanted).await?;
        return list(&desk, &changed, program.program.currency, args.json).await;
    }
    if args.list {
        return list(&desk, &release, program.program.currency, args.json).await;
    }
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

#[derive(Serialize)]
struct ShownPayee {
    id: String,
    name: String,
    amount: Money,
    /// `due`, `later`, `unpaid` or `paid`.
    payment: &'static str,
    release_date: String,
    reason: String,
}

/// The payees of a release with where paying each stands.
async fn list(desk: &Desk, release: &ReleaseEntry, unit: Unit, as_json: bool) -> Result<Verdict, Failure> {
    let payees = releases::release_payees(&desk.app, &desk.ctx, release).await?;
    let shown = payees.into_iter().map(|payee| ShownPayee {
        id: payee.payee.text(Kind::Rep),
        name: payee.name,
        amount: Money::new(payee.total, unit),
        payment: payee.payment.word(),
        release_date: payee.release_date,
        reason: payee.terms.map(|terms| terms.reason).unwrap_or_default(),
    });
    if as_json {
        print_json(&shown.collect::<Vec<_>>())?;
        return Ok(Verdict::Clean);
    }
    let headings = [("Payee", Side::Left), ("Amount", Side::Right), ("Payment", Side::Left), ("From", Side::Left), ("Why", Side::Left)];
    let mut table = Table::new(&headings);
    for payee in shown {
        table.row([payee.name, payee.amount.text(), payee.payment.to_owned(), payee.release_date, payee.reason]);
    }
    print(&table.to_string())?;
    Ok(Verdict::Clean)
}
