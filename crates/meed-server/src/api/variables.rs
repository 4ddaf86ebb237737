//! `/v1/variables`: quotas, rates and salaries from a sheet.

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::people::load_variables;

use super::answer::json;
use super::openapi::Refusals;
use super::problem::Answered;
use super::request::{Caller, Params};
use super::sheet::{LoadParams, LoadedOut, decimal};
use crate::ServerState;

/// Load variables
///
/// Needs the scope `plans`. The body is a sheet (CSV or XLSX) with the columns who, name, value and, where values begin on a
/// day, from. Reps and teams are found by name, e-mail address or alias. A value of the same name and day is replaced, a new
/// day is added. Rows with errors are named; the others are applied.
#[utoipa::path(
    post, path = "/variables", tag = "Reps and teams", operation_id = "loadVariables", params(LoadParams),
    request_body(content = String, content_type = "text/csv", example = "who,name,value,from\nAna Lopez,quota,60000,2026-04-01\nNorth,quota,500000,\n"),
    responses((status = 200, description = "What was done", body = LoadedOut), Refusals),
)]
pub(crate) async fn load(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<LoadParams>,
    body: Bytes,
) -> Answered<Response> {
    let decimal = decimal(params.decimal.as_deref())?;
    let loaded = load_variables(&state.app, &ctx, Cursor::new(body), decimal, params.dry_run).await?;
    Ok(json(StatusCode::OK, &LoadedOut::of(&loaded, !params.dry_run)))
}
