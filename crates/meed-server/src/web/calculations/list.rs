//! Every program and period that was calculated, and the form that calculates one.

use axum::extract::State;
use meed_app::calculations::{self, CalculationEntry, is_due};
use meed_app::{App, Context, releases, sales};
use meed_core::id::{Id, Kind};
use meed_core::period::Cadence;

use super::super::answer::{Answer, Trouble, form_errors, form_page, page, see_other};
use super::super::form::{Asked, Fields, Posted};
use super::super::shown::{Setting, money, period_words, setting};
use super::super::visit::Visit;
use super::status;
use crate::ServerState;
use crate::pages::calculations::{CalculationRow, CalculationsPage};
use crate::pages::{Choice, FormErrors, Nav, Pager};

/// Calculations on one page.
const PAGE: usize = 25;
/// Periods of a kind to choose from.
const PERIODS: usize = 24;

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    page(&calculations_page(&state, &visit, &asked, FormErrors::none()).await?)
}

pub(super) async fn run(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let Some(program) = form.id("program", Kind::Program)? else {
        let errors = FormErrors::one("program", "Choose a program.");
        return form_page(&calculations_page(&state, &visit, &form, errors).await?);
    };
    match calculations::calculate_with_earlier(&state.app, &visit.ctx, program, form.text("period")).await {
        Ok(made) => Ok(see_other(&format!("/calculations/{}", made.id.text(Kind::Calculation)))),
        Err(error) => {
            let errors = form_errors(error, &[("period", "period"), ("program", "program")])?;
            form_page(&calculations_page(&state, &visit, &form, errors).await?)
        }
    }
}

async fn calculations_page(state: &ServerState, visit: &Visit, asked: &Fields, errors: FormErrors) -> Result<CalculationsPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let latest = calculations::latest(app, ctx).await?;
    let from: usize = asked.text("from").parse().unwrap_or(0);
    let mut rows = Vec::new();
    for calculation in latest.iter().skip(from).take(PAGE) {
        rows.push(row(app, ctx, &setting, calculation).await?);
    }
    let page_at = |from: usize| if from == 0 { "/calculations".to_owned() } else { format!("/calculations?from={from}") };
    let pager = Pager {
        newer: (from > 0).then(|| page_at(from.saturating_sub(PAGE))),
        older: (from.saturating_add(PAGE) < latest.len()).then(|| page_at(from + PAGE)),
    };
    let programs = setting.config.programs.iter().filter(|entry| entry.is_running()).map(|entry| {
        let id = entry.id.text(Kind::Program);
        let label = format!("{} ({})", entry.program.name, entry.program.cadence.name());
        Choice::new(&id, &label, id == asked.text("program"))
    });
    let cadences: Vec<Cadence> =
        setting.config.programs.iter().filter(|entry| entry.is_running()).map(|entry| entry.program.cadence).collect();
    Ok(CalculationsPage {
        chrome: visit.chrome(Nav::Calculations),
        rows,
        programs: programs.collect(),
        periods: periods(app, ctx, &setting, &cadences, asked.text("period")).await?,
        errors,
        pager,
    })
}

/// The latest periods that hold sales.
async fn periods(app: &App, ctx: &Context, setting: &Setting, cadences: &[Cadence], chosen: &str) -> Result<Vec<Choice>, Trouble> {
    let days: Vec<i64> = sales::per_day(app, ctx).await?.into_iter().map(|(day, _)| day).collect();
    let mut labels: Vec<String> = Vec::new();
    for cadence in Cadence::ALL.into_iter().filter(|cadence| cadences.contains(cadence)) {
        let mut own: Vec<String> = days.iter().map(|day| setting.label(*day, cadence)).collect();
        own.dedup();
        labels.extend(own.into_iter().rev().take(PERIODS));
    }
    if !chosen.is_empty() && !labels.iter().any(|label| label == chosen) {
        labels.insert(0, chosen.to_owned());
    }
    Ok(labels.iter().map(|label| Choice::new(label, &period_words(label), label == chosen)).collect())
}

/// A calculation as a row of a list.
pub(in crate::web) async fn row(app: &App, ctx: &Context, setting: &Setting, entry: &CalculationEntry) -> Result<CalculationRow, Trouble> {
    let document = &entry.document;
    let is_known = setting.config.program(Id(document.program)).is_ok();
    let booked = if is_known { Some(releases::period_of_calculation(app, ctx, entry).await?) } else { None };
    Ok(CalculationRow {
        id: entry.id.text(Kind::Calculation),
        program: document.program_name.clone(),
        period: period_words(&document.period),
        status: booked.as_ref().map(status).unwrap_or_default(),
        totals: booked.iter().map(|booked| money(booked.total(), booked.currency)).collect(),
        payees: booked.as_ref().map_or(document.payees, |booked| booked.payees.len() as u64),
        alerts: document.alerts.len() as u64,
        calculated: setting.moment(document.finished_us),
        stale: is_due(app, ctx, entry).await?,
    })
}
