//! Calculations: the list with its form, one with its payees, the release, and paying by hand.

mod list;
mod one;
mod pay;
mod release;
mod takeback;
mod terms;
mod words;

use axum::Router;
use axum::routing::{get, post};
use meed_app::calculations::{self, CalculationEntry};
use meed_core::id::Kind;

use super::answer::Trouble;
use super::form::id;
use super::visit::Visit;
use crate::ServerState;

pub(super) use list::row;
pub(super) use one::{gauge_of, late_row, measures_money, released, team_of};
pub(super) use words::{alert_notice, reason_is_meant, status, versions};

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/calculations", get(list::show).post(list::run))
        .route("/calculations/{id}", get(one::show))
        .route("/calculations/{id}/recalculate", post(one::recalculate))
        .route("/calculations/{id}/release", get(release::ask).post(release::release))
        .route("/calculations/{id}/released", get(release::released))
        .route("/calculations/{id}/withdraw", post(takeback::withdraw))
        .route("/calculations/{id}/reverse", get(takeback::ask_reverse).post(takeback::reverse))
        .route("/calculations/{id}/delete", get(takeback::ask_delete).post(takeback::delete))
        .route("/calculations/{id}/pay", get(pay::ask).post(pay::pay))
        .route("/calculations/{id}/terms", get(terms::ask).post(terms::send))
        .route("/calculations/{id}/rewards.csv", get(one::rewards_csv))
        .route("/calculations/{id}/credits.csv", get(one::credits_csv))
}

async fn entry(state: &ServerState, visit: &Visit, text: &str) -> Result<CalculationEntry, Trouble> {
    Ok(calculations::get(&state.app, &visit.ctx, id(text, Kind::Calculation)?).await?)
}
