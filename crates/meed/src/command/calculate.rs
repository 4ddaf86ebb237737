//! `meed calculate`: what everybody earned in a period.

use std::fmt::Write as _;

use clap::Args;
use meed_app::calculations::{self, CalculationEntry, PayeeLine};
use meed_app::releases::{PeriodView, period_of_calculation};
use meed_core::id::{Id, Kind};
use serde::Serialize;

use super::find;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Money, Side, Table, count, decimal, money, percent, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed calculate --plan \"Sales 2026\" --period 2026-03
  meed calculate --period 2026-Q1                       every quarterly plan
  meed calculate --from 2026-01 --period 2026-03        and the calculated periods before it
  meed calculate --plan \"Sales 2026\" --period 2026-03 --json | jq '.[0].payees'

Calculating twice changes nothing the second time. A difference to a period that was released is booked in the
first open period after it and names its origin.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CalculateArgs {
    /// Name or id of the plan; every plan with this kind of period where none is named
    #[arg(long, value_name = "NAME")]
    plan: Option<String>,
    /// Month or quarter: 2026-03, 2026-Q1
    #[arg(long, value_name = "PERIOD")]
    period: String,
    /// An earlier period to begin with: every one that was calculated from there on is calculated again
    #[arg(long, value_name = "PERIOD")]
    from: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    calculation: String,
    plan: String,
    plan_version: u32,
    period: String,
    state: &'static str,
    sales: u64,
    credits: u64,
    total: Money,
    changed: u32,
    carried: u32,
    /// What a release would pay: with what earlier periods left in this one.
    to_pay: Money,
    /// Earlier periods that were calculated again first, because sales of theirs changed.
    calculated_again: Vec<String>,
    digest: String,
    payees: Vec<ShownPayee>,
    not_credited: Vec<ShownReason>,
    alerts: Vec<ShownAlert>,
}

#[derive(Serialize)]
struct ShownPayee {
    id: String,
    name: String,
    reward: Money,
    exact: String,
    credits: u64,
    attainment: String,
    quota: Option<String>,
    percent: Option<String>,
    carried: Vec<ShownCarried>,
    /// From earlier periods, due in this one: holdbacks, instalments, clawbacks.
    due: Money,
    to_pay: Money,
}

#[derive(Serialize)]
struct ShownCarried {
    from: String,
    reward: Money,
}

#[derive(Serialize)]
struct ShownReason {
    code: String,
    text: String,
    sales: u64,
}

#[derive(Serialize)]
struct ShownAlert {
    code: String,
    text: String,
    sales: u64,
}

pub(crate) async fn run(args: CalculateArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open(settings).await?;
    let config = desk.app.configuration(desk.ctx.workspace).await?;
    let period = find::period(&config, &args.period)?;
    let programs: Vec<Id> = match &args.plan {
        Some(name) => vec![find::plan(&config, Some(name))?.id],
        None => config.programs.iter().filter(|p| p.is_running() && p.program.cadence == period.cadence()).map(|p| p.id).collect(),
    };
    if programs.is_empty() {
        let reason = format!("there is no {} plan", period.cadence().name());
        return Err(Failure::refused("plan_unknown", reason).advise("write one and apply it: `meed plan apply FILE`"));
    }
    let mut shown = Vec::new();
    for program in programs {
        let made = calculations::calculate_from(&desk.app, &desk.ctx, program, args.from.as_deref(), &period.label()).await?;
        let id = made.id;
        let entry = calculations::get(&desk.app, &desk.ctx, id).await?;
        let payees = calculations::payees(&desk.app, &desk.ctx, &entry).await?;
        let booked = period_of_calculation(&desk.app, &desk.ctx, &entry).await?;
        if args.json {
            shown.push(as_json(&entry, payees, &booked, made.earlier));
        } else {
            print(&as_text(&entry, &payees, &booked, &made.earlier))?;
        }
    }
    if args.json {
        print_json(&shown)?;
    }
    Ok(Verdict::Clean)
}

fn as_json(entry: &CalculationEntry, payees: Vec<PayeeLine>, booked: &PeriodView, earlier: Vec<String>) -> Shown {
    let unit = booked.currency;
    let document = &entry.document;
    let of = |rep: i64| booked.payees.iter().find(|view| view.owner.id.0 == rep);
    let carried = |rep: i64| {
        let all = of(rep).map(|v| v.carried.as_slice()).unwrap_or_default();
        all.iter().map(|(from, minor)| ShownCarried { from: from.clone(), reward: Money::new(*minor, unit) }).collect()
    };
    Shown {
        calculation: entry.id.text(Kind::Calculation),
        plan: document.program_name.clone(),
        plan_version: document.version_number,
        period: document.period.clone(),
        state: booked.state(),
        sales: document.sales,
        credits: document.credits,
        total: Money::new(document.total, unit),
        changed: document.changed,
        carried: document.carried,
        to_pay: Money::new(booked.total(), unit),
        calculated_again: earlier,
        digest: document.digest.clone(),
        payees: {
            // Somebody may have nothing but what an earlier period left.
            let others = booked.payees.iter().filter(|view| !payees.iter().any(|p| p.rep == view.owner.id.0));
            let others: Vec<ShownPayee> = others
                .map(|view| ShownPayee {
                    id: view.owner.id.text(Kind::Rep),
                    name: view.name.clone(),
                    reward: Money::new(0, unit),
                    exact: "0".to_owned(),
                    credits: 0,
                    attainment: "0".to_owned(),
                    quota: None,
                    percent: None,
                    carried: carried(view.owner.id.0),
                    due: Money::new(view.due, unit),
                    to_pay: Money::new(view.total, unit),
                })
                .collect();
            let mut all: Vec<ShownPayee> = payees
                .into_iter()
                .map(|p| ShownPayee {
                    id: Id(p.rep).text(Kind::Rep),
                    carried: carried(p.rep),
                    due: Money::new(of(p.rep).map_or(0, |view| view.due), unit),
                    to_pay: Money::new(of(p.rep).map_or(p.amount, |view| view.total), unit),
                    name: p.name,
                    reward: Money::new(p.amount, unit),
                    exact: p.exact,
                    credits: p.credits,
                    attainment: p.attainment,
                    quota: p.quota,
                    percent: p.percent,
                })
                .collect();
            all.extend(others);
            all
        },
        not_credited: document
            .not_credited
            .iter()
            .map(|r| ShownReason { code: r.code.clone(), text: r.text.clone(), sales: r.sales })
            .collect(),
        alerts: document.alerts.iter().map(|a| ShownAlert { code: a.code.clone(), text: a.text.clone(), sales: a.sales }).collect(),
    }
}

fn as_text(entry: &CalculationEntry, payees: &[PayeeLine], booked: &PeriodView, earlier: &[String]) -> String {
    let unit = booked.currency;
    let document = &entry.document;
    let mut text =
        format!("{} · {} · version {} · {}\n\n", document.program_name, document.period, document.version_number, booked.state());
    let mut table = Table::new(&[
        ("Payee", Side::Left),
        ("Reward", Side::Right),
        ("Credits", Side::Right),
        ("Attainment", Side::Right),
        ("Quota", Side::Right),
        ("%", Side::Right),
        ("Carried", Side::Right),
        ("Due", Side::Right),
        ("To pay", Side::Right),
    ]);
    for payee in payees {
        let view = booked.payees.iter().find(|p| p.owner.id.0 == payee.rep);
        let carried = view.map(|v| carried_text(&v.carried, unit)).unwrap_or_default();
        table.row([
            payee.name.clone(),
            decimal(payee.amount, unit),
            payee.credits.to_string(),
            payee.attainment.parse().map(meed_core::crediting::shown).unwrap_or_default(),
            payee.quota.as_deref().and_then(|q| q.parse().ok()).map(meed_core::crediting::shown).unwrap_or_default(),
            payee.percent.as_deref().map(percent).unwrap_or_default(),
            carried,
            view.filter(|view| view.due != 0).map(|view| decimal(view.due, unit)).unwrap_or_default(),
            decimal(view.map_or(payee.amount, |view| view.total), unit),
        ]);
    }
    // Somebody who only has something from an earlier period.
    for view in booked.payees.iter().filter(|v| !payees.iter().any(|p| p.rep == v.owner.id.0)) {
        let carried = carried_text(&view.carried, unit);
        let due = if view.due == 0 { String::new() } else { decimal(view.due, unit) };
        let none = String::new;
        table.row([view.name.clone(), decimal(0, unit), "0".into(), none(), none(), none(), carried, due, decimal(view.total, unit)]);
    }
    text.push_str(&table.to_string());
    let _ = write!(
        text,
        "\n{}, {}, {} in total; {} new or changed",
        count(document.sales, "sale"),
        count(document.credits, "credit"),
        money(document.total, unit),
        count(u64::from(document.changed), "reward")
    );
    if document.carried > 0 {
        let _ = write!(text, ", {} of them carried into the open period because this one is released", document.carried);
    }
    if booked.total() != document.total {
        let _ = write!(text, "\nWith what earlier periods left in this one, a release pays {}", money(booked.total(), unit));
    }
    if !earlier.is_empty() {
        let _ = write!(text, "\nCalculated again before, because sales of theirs changed: {}", earlier.join(", "));
    }
    text.push('\n');
    if !document.not_credited.is_empty() {
        text.push_str("\nNot credited:\n");
        for reason in &document.not_credited {
            let _ = writeln!(text, "  {:>6}  {} ({})", reason.sales, reason.text, reason.code);
        }
    }
    if !document.alerts.is_empty() {
        text.push_str("\nAlerts:\n");
        for alert in &document.alerts {
            let _ = writeln!(text, "  {} ({}, {})", alert.text, alert.code, count(alert.sales, "sale"));
        }
    }
    text.push('\n');
    text
}

fn carried_text(carried: &[(String, i64)], unit: meed_core::money::Unit) -> String {
    carried.iter().map(|(from, minor)| format!("{} from {from}", decimal(*minor, unit))).collect::<Vec<_>>().join(", ")
}
