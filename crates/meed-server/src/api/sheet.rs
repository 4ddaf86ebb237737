//! What all sheets that are loaded over `/v1` have in common: how they are read, and what they say of their rows.

use axum::http::StatusCode;
use meed_app::sheet::{DecimalSign, Loaded, RowError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Answered, FieldProblem, Problem};

/// How a sheet is loaded.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LoadParams {
    /// `true`: say what would be done, and write nothing.
    #[serde(default)]
    pub(crate) dry_run: bool,
    /// The decimal sign of the sheet, `.` or `,`, where its values do not show it.
    #[serde(default)]
    pub(crate) decimal: Option<String>,
}

/// The decimal sign that was asked for.
pub(crate) fn decimal(sign: Option<&str>) -> Answered<Option<DecimalSign>> {
    let known = |sign: &str| {
        DecimalSign::from_sign(sign).ok_or_else(|| {
            let text = format!("`{sign}` is no decimal sign; write `.` or `,`");
            Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, vec![FieldProblem::new("decimal", "value_invalid", text)])
        })
    };
    sign.map(known).transpose()
}

/// A row that cannot be used.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SheetRowError)]
pub(crate) struct RowErrorOut {
    /// Line of the sheet, from 1.
    line: u64,
    /// Name of the column.
    #[schema(example = "value")]
    column: String,
    /// What stands there.
    value: String,
    /// Stable code.
    #[schema(example = "number_unreadable")]
    code: String,
    /// What is wrong.
    text: String,
}

/// What a sheet did, or would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SheetLoaded)]
pub(crate) struct LoadedOut {
    /// False for a dry run.
    written: bool,
    /// Rows of the sheet.
    rows: u64,
    /// Values that are new.
    created: u64,
    /// Values that replace another of the same place and day.
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
    /// What was loaded, and whether it was written.
    pub(crate) fn of(loaded: &Loaded, written: bool) -> Self {
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
