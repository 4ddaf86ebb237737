//! Files for payroll, by program and period.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use meed_app::{calculations, releases};
use meed_core::id::{Id, Kind};

use super::answer::{Answer, page};
use super::calculations::status;
use super::form::Asked;
use super::shown::{money, period_words, setting};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::calculations::CalculationStatus;
use crate::pages::exports::{ExportRow, ExportsPage};
use crate::pages::{Nav, Pager};

/// Calculations on one page.
const PAGE: usize = 50;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/exports", get(list))
}

async fn list(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let mut latest = calculations::latest(app, ctx).await?;
    latest.retain(|calculation| setting.config.program(Id(calculation.document.program)).is_ok());
    let from: usize = asked.text("from").parse().unwrap_or(0);
    let mut rows = Vec::new();
    for calculation in latest.iter().skip(from).take(PAGE) {
        let booked = releases::period_of_calculation(app, ctx, calculation).await?;
        let status = status(&booked);
        let note = booked.release.as_ref().map(|release| format!("released {}", setting.moment(release.document.released_us)));
        rows.push(ExportRow {
            id: calculation.id.text(Kind::Calculation),
            program: calculation.document.program_name.clone(),
            period: period_words(&calculation.document.period),
            status,
            totals: vec![money(booked.total(), booked.currency)],
            payees: booked.payees.len() as u64,
            note: note.unwrap_or_default(),
            can_pay: status == CalculationStatus::Released,
        });
    }
    let at = |from: usize| format!("/exports?from={from}");
    let pager = Pager {
        newer: (from > 0).then(|| at(from.saturating_sub(PAGE))),
        older: (from.saturating_add(PAGE) < latest.len()).then(|| at(from + PAGE)),
    };
    page(&ExportsPage { chrome: visit.chrome(Nav::Exports), rows, pager })
}
