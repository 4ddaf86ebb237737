//! Runs that evaluate offers behind the tills.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::loyalty::evaluations::{self, Run};
use meed_core::money::Unit;
use serde::Serialize;
use utoipa::ToSchema;

use crate::ServerState;
use crate::api::answer::json;
use crate::api::openapi::Refusals;
use crate::api::problem::Answered;
use crate::api::request::Caller;
use crate::api::wire::{MoneyOut, time};

/// A run.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EvaluationRun)]
pub(crate) struct RunOut {
    /// When it began.
    at: String,
    /// Purchases and activities that it evaluated.
    purchases: u64,
    /// What it gave, less what gave way to better awards.
    awarded: MoneyOut,
    /// The same in points.
    points: i64,
}

/// What runs did and will do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EvaluationRuns)]
pub(crate) struct RunsOut {
    /// The last one; null if there was none.
    last: Option<RunOut>,
    /// When the next one is due; null where no offer is evaluated by runs.
    next_at: Option<String>,
}

fn run_out(run: &Run, currency: Unit) -> RunOut {
    RunOut { at: time(run.at_us), purchases: run.purchases, awarded: MoneyOut::new(run.money, currency), points: run.points }
}

/// Get the evaluation runs
///
/// The last one, and when the next is due: once a day at `evaluation_hour` of the till's settings. Needs the scope `read` or
/// `plans`.
#[utoipa::path(
    get, path = "/offers/evaluation", tag = "Offers", operation_id = "getEvaluationRuns",
    responses((status = 200, description = "The runs", body = RunsOut), Refusals),
)]
pub(crate) async fn show(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let runs = evaluations::runs(&state.app, &ctx).await?;
    let currency = state.app.till_config(ctx.workspace).await?.currency;
    let last = (runs.last.at_us > 0).then(|| run_out(&runs.last, currency));
    Ok(json(StatusCode::OK, &RunsOut { last, next_at: runs.next_us.map(time) }))
}

/// Evaluate offers now
///
/// What was bought since the last run, for offers with `evaluation = "batch"`. No purchase is evaluated twice. Needs the scope
/// `plans`.
#[utoipa::path(
    post, path = "/offers/evaluation", tag = "Offers", operation_id = "runEvaluation",
    responses((status = 200, description = "The run", body = RunOut), Refusals),
)]
pub(crate) async fn run(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let run = evaluations::run(&state.app, &ctx).await?;
    let currency = state.app.till_config(ctx.workspace).await?.currency;
    Ok(json(StatusCode::OK, &run_out(&run, currency)))
}
