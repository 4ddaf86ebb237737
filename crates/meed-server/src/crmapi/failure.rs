//! Refusals of the classic surface: always an envelope, with a stable code (`pos-loyalty.md` §7).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use meed_app::AppError;
use meed_core::command::Refused;
use serde_json::json;

use super::out::{Out, object};
use crate::api::answer;
use crate::api::problem::Problem;

/// The result of a call.
pub(super) type Answered<T> = Result<T, Failure>;

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// `status.code`.
    pub code: String,
    /// `status.message`: what to show.
    pub text: String,
    /// `status.description`: the parameter that it is about.
    pub field: Option<String>,
    status: StatusCode,
}

impl Failure {
    /// A refusal.
    pub(super) fn new(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: text.into(), field: None, status: StatusCode::OK }
    }

    /// Names the parameter.
    #[must_use]
    pub(super) fn at(mut self, field: impl Into<String>) -> Self {
        self.field.get_or_insert_with(|| field.into());
        self
    }

    /// A mandatory parameter that is not there.
    pub(super) fn missing(field: &str) -> Self {
        Self::new("MANDATORY_PARAMETER_MISSING", format!("`{field}` must be given")).at(field)
    }

    /// None, or more than one, of a group.
    pub(super) fn conflict(field: &str, text: impl Into<String>) -> Self {
        Self::new("SEMI_OPTIONAL_CONFLICT", text).at(field)
    }

    /// A value that cannot be read.
    pub(super) fn invalid(field: &str, text: impl Into<String>) -> Self {
        Self::new("PARAMETER_INVALID", text).at(field)
    }

    /// Something named that does not exist.
    pub(super) fn unknown(field: &str, what: &str) -> Self {
        Self::new("ENTITY_NOT_FOUND", format!("there is no such {what}")).at(field)
    }

    /// Somebody else's data.
    pub(super) fn denied() -> Self {
        Self::new("ACCESS_DENIED", "this token does not reach that data")
    }

    /// A row of a set that went wrong.
    pub(super) fn row(&self, request: (&'static str, &str)) -> Out {
        let text = self.field.as_ref().map_or_else(|| self.text.clone(), |field| format!("{field}: {}", self.text));
        object! {"error_code": &self.code, "error_description": text}.with(vec![(request.0, request.1.into())])
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let code = match refused.code.as_ref() {
            "not_found" => "ENTITY_NOT_FOUND".to_owned(),
            "scope_missing" => "ACCESS_DENIED".to_owned(),
            "key_invalid" => "INVALID_TOKEN".to_owned(),
            code => code.to_uppercase(),
        };
        Self { code, text: refused.text, field: refused.field, status: StatusCode::OK }
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refused) => refused.into(),
            // A fault is logged there, and nothing internal is told.
            fault => Problem::from(fault).into(),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let field = problem.errors.first().map(|error| error.field.clone()).filter(|field| !field.starts_with('\0') && field != "body");
        let code = match problem.code.as_ref() {
            "field_missing" => "MANDATORY_PARAMETER_MISSING".to_owned(),
            "field_unknown" => "PARAMETER_UNKNOWN".to_owned(),
            "field_repeated" => "PARAMETER_REPEATED".to_owned(),
            "type_wrong" | "number_unreadable" | "number_too_long" | "json_unreadable" | "text_has_nul" => "PARAMETER_INVALID".to_owned(),
            code => code.to_uppercase(),
        };
        let is_fault = problem.status.is_server_error() || problem.status == StatusCode::TOO_MANY_REQUESTS;
        let status = if is_fault || problem.status == StatusCode::PAYLOAD_TOO_LARGE { problem.status } else { StatusCode::OK };
        let text = problem.errors.first().map(|error| error.detail.clone()).filter(|text| !text.is_empty()).unwrap_or(problem.detail);
        Self { code, text, field, status }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({"status": {"code": self.code, "message": self.text, "description": self.field}, "data": []});
        answer::json(self.status, &body)
    }
}
