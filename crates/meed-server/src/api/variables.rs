//! `/v1/variables`: quotas, rates and salaries from a sheet.

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::people::{VariablesLoaded, load_variables};
use meed_app::sheet::{DecimalSign, RowError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::json;
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem, Problem};
use super::request::{Caller, Params};
use crate::ServerState;

/// How a sheet is loaded.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoadParams {
    /// `true`: say what would be done, and write nothing.
    #[serde(default)]
    dry_run: bool,
    /// The decimal sign of the sheet, `.` or `,`, where its values do not show it.
    #[serde(default)]
    decimal: Option<String>,
}

/// A row that cannot be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = VariableRowError)]
pub(crate) struct RowErrorOut {
    /// Line of the sheet, from 1.
    line: u64,
    /// `who`, `name`, `value` or `from`.
    column: String,
    /// What stands there.
    value: String,
    /// Stable code.
    #[schema(example = "who_unknown")]
    code: String,
    /// What is wrong.
    text: String,
}

/// What a sheet did, or would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = VariablesLoaded)]
pub(crate) struct LoadedOut {
    /// Whether anything was written.
    written: bool,
    /// Rows of the sheet.
    rows: u64,
    /// Values that are new.
    created: u64,
    /// Values that replace another of the same name and day.
    changed: u64,
    /// Values that stood there already.
    unchanged: u64,
    /// Rows that cannot be used; the others count.
    errors: Vec<RowErrorOut>,
}

impl From<&RowError> for RowErrorOut {
    fn from(error: &RowError) -> Self {
        Self {
            line: error.line,
            column: error.column.to_owned(),
            value: error.value.clone(),
            code: error.code.to_string(),
            text: error.text.clone(),
        }
    }
}

impl LoadedOut {
    fn of(loaded: &VariablesLoaded, written: bool) -> Self {
        Self {
            written,
            rows: loaded.rows,
            created: loaded.created,
            changed: loaded.changed,
            unchanged: loaded.unchanged,
            errors: loaded.errors.iter().map(RowErrorOut::from).collect(),
        }
    }
}

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
    let decimal = match params.decimal.as_deref() {
        None => None,
        Some(".") => Some(DecimalSign::Point),
        Some(",") => Some(DecimalSign::Comma),
        Some(other) => {
            let text = format!("`{other}` is no decimal sign; write `.` or `,`");
            return Err(Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, vec![FieldProblem::new("decimal", "value_invalid", text)]));
        }
    };
    let loaded = load_variables(&state.app, &ctx, Cursor::new(body), decimal, params.dry_run).await?;
    Ok(json(StatusCode::OK, &LoadedOut::of(&loaded, !params.dry_run)))
}
