//! The rewards file: 21 fixed columns, a 22nd, then Meed's own (`commissions.md` §3.1).

use meed_core::command::RewardRow;
use meed_core::crediting::RewardKind;
use meed_core::id::{Id, Kind};
use meed_core::money::Amount;
use meed_core::period::Period;
use meed_core::program::EnrollmentState;

use super::csv_line;
use crate::calculations::{CalculationEntry, PayeeLine, payees};
use crate::error::{AppError, AppResult};
use crate::releases::{PeriodState, PeriodView, period_of_calculation};
use crate::{App, Configuration, Context, Scope, approvals, preferences};

/// All column names in order. The first 21 are fixed; receivers address later ones by name.
pub const REWARD_COLUMNS: [&str; 33] = [
    "Plan",
    "Calculation",
    "Calculation Start",
    "Calculation End",
    "Calculation Status",
    "Beneficiary",
    "Beneficiary Tags",
    "Beneficiary Enrollment",
    "Manager Approval",
    "Reward Type",
    "Reward Details",
    "Reward Value",
    "Reward Value Currency",
    "Beneficiary Value",
    "Beneficiary Value Currency",
    "Assignment %",
    "Attainment Label",
    "Attainment Difficulty",
    "Attainment Value",
    "Attainment Threshold",
    "Attainment Metric",
    "Attainment Measurement",
    "Reward Id",
    "Calculation Id",
    "Plan Version",
    "Release Id",
    "Release Date",
    "Payout Id",
    "Beneficiary Id",
    "Beneficiary External Id",
    "Origin Period",
    "Payment",
    "Payment Note",
];

/// The rewards booked in a calculation's period.
pub async fn rewards_csv(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<Vec<u8>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let config = app.configuration(ctx.workspace).await?;
    let booked = period_of_calculation(app, ctx, calculation).await?;
    let lines = payees(app, ctx, calculation).await?;
    let today = app.now().to_zoned(config.zone.clone()).date();
    let is_required = preferences::get(app, ctx).await?.needs_approval(booked.program);
    let given = approvals::given(app, ctx, booked.program, booked.booked_day).await?;
    let period = Period::parse(&booked.label, &config.zone).map_err(|_| AppError::bug("a stored period cannot be read"))?;
    let mut out = "\u{feff}".as_bytes().to_vec();
    csv_line(&mut out, &REWARD_COLUMNS);
    for payee in &booked.payees {
        let line = lines.iter().find(|l| l.rep == payee.owner.id.0);
        for row in &payee.rewards {
            let approval = approvals::standing(is_required, &given, payee).title();
            let cells = row_cells(&config, calculation, &booked, &period, row, line, (approval, today));
            csv_line(&mut out, &cells);
        }
    }
    Ok(out)
}

fn row_cells(
    config: &Configuration,
    calculation: &CalculationEntry,
    booked: &PeriodView,
    period: &Period,
    row: &RewardRow,
    line: Option<&crate::calculations::PayeeLine>,
    (approval, today): (&str, jiff::civil::Date),
) -> Vec<String> {
    let released = booked.release.as_ref().map(|release| &release.document);
    let document = &calculation.document;
    let rep = config.directory.rep(row.owner.id);
    let value = Amount { minor: row.amount, unit: row.unit }.major().to_string();
    let currency = row.unit.code().to_owned();
    let name = format!("{} {}", document.program_name, document.period);
    let origin = if row.cell_day == row.booked_day { String::new() } else { origin_label(period, row.cell_day) };
    let details = details(row, line, &origin, period, &booked.label);
    let own = line.filter(|_| row.cell_day == row.booked_day);
    let quota = own.and_then(|l| l.quota.clone());
    let label = own.map(attainment_label).unwrap_or_default();
    let program = config.program(booked.program).ok().map(|entry| &entry.program);
    let (own_value, own_currency) = in_own_currency(config, row, line).unwrap_or_else(|| (value.clone(), currency.clone()));
    let enrollment = rep.zip(program).map_or(EnrollmentState::NotRequired, |(rep, program)| program.enrollment(rep, period.last_day()));
    vec![
        document.program_name.clone(),
        name,
        period.first_day().to_string(),
        period.last_day().to_string(),
        status(booked, row).to_owned(),
        config.rep_name(row.owner.id),
        rep.map(|r| r.tags.join(", ")).unwrap_or_default(),
        enrollment.title().to_owned(),
        approval.to_owned(),
        if row.is_carried() && row.kind == RewardKind::Commission { "Adjustment" } else { row.kind.title() }.to_owned(),
        details,
        value,
        currency,
        own_value,
        own_currency,
        "100%".to_owned(),
        label,
        String::new(),
        own.map(|l| l.attainment.clone()).unwrap_or_default(),
        quota.unwrap_or_default(),
        own.map(|_| "Credited amount".to_owned()).unwrap_or_default(),
        own.map(|l| measurement(&l.metric).to_owned()).unwrap_or_default(),
        row.id.text(Kind::Reward),
        calculation.id.text(Kind::Calculation),
        document.version_number.to_string(),
        row.release.map(|id| id.text(Kind::Release)).unwrap_or_default(),
        released.map(|r| r.release_date_of(row.owner.id).to_owned()).unwrap_or_default(),
        row.payout.map(|id| id.text(Kind::Payout)).unwrap_or_default(),
        row.owner.id.text(Kind::Rep),
        rep.and_then(|r| r.external_id.clone()).unwrap_or_default(),
        origin,
        released.map(|r| r.payment(row.owner.id, row.state, today).title()).unwrap_or_default().to_owned(),
        released.and_then(|r| r.terms_of(row.owner.id)).map(|terms| terms.reason.clone()).unwrap_or_default(),
    ]
}

/// A reward in the payee's own currency: at the rate of the calculation, or of the period that was booked where the payee
/// has no result of their own in it. `None` where the plan's currency is theirs, or no rate is known.
fn in_own_currency(config: &Configuration, row: &RewardRow, line: Option<&PayeeLine>) -> Option<(String, String)> {
    let conversion = match line {
        Some(line) => line.paid_in.as_ref()?.conversion(row.unit)?,
        None => {
            let wanted = config.directory.rep(row.owner.id)?.currency.filter(|wanted| *wanted != row.unit)?;
            let day = meed_core::command::date_of(row.booked_day)?;
            config.rates.find(row.unit, wanted, day, None)?
        }
    };
    let rounding = config.program(row.program).map(|entry| entry.program.rounding).unwrap_or_default();
    let amount = Amount { minor: conversion.minor(row.amount, rounding).ok()?, unit: conversion.to };
    Some((amount.major().to_string(), amount.unit.code().to_owned()))
}

/// What was reached, as people say it.
fn attainment_label(line: &crate::calculations::PayeeLine) -> String {
    match (line.metric.as_str(), &line.reached) {
        ("rank", Some(place)) => format!("place {place}"),
        ("increase", Some(percent)) => format!("{percent}% more than before"),
        _ => line.percent.as_ref().map(|percent| format!("{percent}% of quota")).unwrap_or_default(),
    }
}

fn measurement(metric: &str) -> &'static str {
    match metric {
        "rank" => "Competitive rank",
        "increase" => "Increase over the period before",
        _ => "Raw value",
    }
}

/// What a reward is for: its label in the plan, and the period that earned it where that is another one.
fn details(row: &RewardRow, line: Option<&PayeeLine>, origin: &str, period: &Period, label: &str) -> String {
    let named = line.and_then(|line| line.lines.iter().find(|posted| posted.kind == row.kind.word() && posted.name == row.line));
    let title = named.map_or_else(|| row.kind.title(), |posted| posted.label.as_str());
    if row.is_carried() {
        return format!("Difference to {origin}");
    }
    if row.cell_day == row.booked_day {
        return format!("{title} {label}");
    }
    format!("{title} of {}", origin_label(period, row.cell_day))
}

fn status(booked: &PeriodView, row: &RewardRow) -> &'static str {
    match row.state {
        meed_core::command::RewardState::Paid => "Paid",
        // One payee may be paid before the others.
        _ if booked.standing() == PeriodState::Paid => PeriodState::Released.title(),
        _ => booked.standing().title(),
    }
}

fn origin_label(like: &Period, day: i64) -> String {
    let date = meed_core::command::date_of(day);
    date.and_then(|d| Period::holding(d, like.cadence(), like.zone()).ok()).map_or_else(|| Id(day).to_string(), |p| p.label())
}
