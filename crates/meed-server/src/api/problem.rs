//! Every answer that is not a success: `application/problem+json` with a stable code (RFC 9457).

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use meed_app::{AppError, Fault};
use meed_core::command::{Class, Refused};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Header under which every answer carries its request id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The result of a handler.
pub(crate) type Answered<T> = Result<T, Problem>;

/// What went wrong, before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: Cow<'static, str>,
    /// What happened, to what, and what to do next.
    pub detail: String,
    /// Fields that are wrong.
    pub errors: Vec<FieldProblem>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
}

/// A field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Where it stands, such as `sales[3].revenue`.
    #[schema(example = "revenue")]
    pub field: String,
    /// Stable code.
    #[schema(example = "number_unreadable")]
    pub code: String,
    /// What is wrong with it.
    #[schema(example = "`12,50` is not a number such as 1250.00")]
    pub detail: String,
}

impl FieldProblem {
    /// A field with its trouble.
    pub(crate) fn new(field: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), detail: detail.into() }
    }
}

/// A refusal or a fault. The code never changes once published; the texts may.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemOut {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/docs#code-date_unreadable")]
    pub kind: String,
    /// What kind of trouble it is, for people.
    #[schema(example = "A value is wrong")]
    pub title: String,
    /// HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// Stable code.
    #[schema(example = "date_unreadable")]
    pub code: String,
    /// What happened, to what, and what to do next.
    pub detail: String,
    /// The fields that are wrong; empty where the trouble is not about a field.
    pub errors: Vec<FieldProblem>,
    /// Names this request in Meed's log.
    #[schema(example = "req_5f0c9a3b11d2e407")]
    pub request_id: String,
}

impl Problem {
    /// A problem with its status, code and text.
    pub(crate) fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// The request cannot be read.
    pub(crate) fn unreadable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// Fields are wrong; code and text are those of the first.
    pub(crate) fn fields(status: StatusCode, errors: Vec<FieldProblem>) -> Self {
        let (code, detail) = errors.first().map_or_else(
            || ("value_invalid".to_owned(), "a value is wrong".to_owned()),
            |e| (e.code.clone(), format!("{}: {}", e.field, e.detail)),
        );
        Self { status, code: code.into(), detail, errors, retry_after: None }
    }

    /// Names the field.
    #[must_use]
    pub(crate) fn at(mut self, field: impl Into<String>) -> Self {
        self.errors.push(FieldProblem::new(field, self.code.clone(), self.detail.clone()));
        self
    }

    /// What is named does not exist, or belongs to another workspace.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// Too much at once.
    pub(crate) fn too_many(code: &'static str, detail: impl Into<String>, retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail) }
    }

    /// The body with its request id.
    pub(crate) fn out(&self, request_id: String) -> ProblemOut {
        ProblemOut {
            kind: format!("/docs#code-{}", self.code),
            title: title(self.status).to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_string(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            request_id,
        }
    }
}

/// The status of a class of refusals.
pub(crate) const fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Unreadable => StatusCode::BAD_REQUEST,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::TooMany => StatusCode::TOO_MANY_REQUESTS,
    }
}

/// Status, code, text and seconds to wait of a fault. Nothing internal is told.
const fn answer_of(fault: Fault) -> (StatusCode, &'static str, &'static str, Option<u64>) {
    match fault {
        Fault::Overloaded => {
            (StatusCode::TOO_MANY_REQUESTS, "overloaded", "too much is waiting already; nothing was recorded, try again", Some(1))
        }
        Fault::Transient | Fault::Cancelled => {
            (StatusCode::SERVICE_UNAVAILABLE, "try_again", "the database was busy; nothing was recorded, try again", Some(1))
        }
        Fault::OutcomeUnknown => (
            StatusCode::SERVICE_UNAVAILABLE,
            "outcome_unknown",
            "it is not known whether this was recorded; send it again under the same Idempotency-Key or unique id",
            Some(1),
        ),
        Fault::Duplicate | Fault::Bug | Fault::Unsaved | Fault::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL, None),
    }
}

const INTERNAL: &str = "something failed inside Meed; it is in the log under this request id";

/// What a status means, for people.
const fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request cannot be read",
        401 => "The API key is missing or not valid",
        403 => "The API key may not do this",
        404 => "There is no such thing",
        405 => "This address does not take this method",
        409 => "The present state forbids it",
        412 => "It was changed meanwhile",
        413 => "The body is too large",
        415 => "The body is of a kind that is not taken here",
        422 => "A value is wrong",
        429 => "Too much at once",
        503 => "Not at the moment",
        _ => "Something failed",
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let problem = Self::new(status_of(refused.class), refused.code, refused.text);
        match refused.field {
            Some(field) => problem.at(field),
            None => problem,
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let (status, code, detail, retry_after) = match error {
            AppError::Refused(refused) => return refused.into(),
            AppError::Fault(ref store) => answer_of(store.fault),
            AppError::File { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL, None),
        };
        let problem = Self { retry_after, ..Self::new(status, code, detail) };
        if status.is_server_error() {
            // The answer is written elsewhere, so the fault is logged with the id that it will carry.
            let request_id = new_request_id();
            tracing::error!(%error, request_id, "a request failed");
            return Self { errors: vec![FieldProblem::new(REQUEST_ID_MARK, request_id, "")], ..problem };
        }
        problem
    }
}

/// Marks the request id that a logged fault has already.
const REQUEST_ID_MARK: &str = "\0request_id";

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let request_id = match self.errors.first() {
            Some(mark) if mark.field == REQUEST_ID_MARK => self.errors.remove(0).code,
            _ => new_request_id(),
        };
        let header = HeaderValue::from_str(&request_id).unwrap_or(HeaderValue::from_static("req_unknown"));
        let body = serde_json::to_vec(&self.out(request_id)).unwrap_or_default();
        let mut response = (self.status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, header);
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Meed\""));
        }
        response
    }
}

/// A fresh request id: unique within this process, and unlikely to be one of another.
pub(crate) fn new_request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    static START: OnceLock<u64> = OnceLock::new();
    let start = *START.get_or_init(|| {
        let seed = meed_app::token().unwrap_or_default();
        seed.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    // An odd step visits every number before it comes back.
    let number = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    format!("req_{number:016x}")
}

/// The request id as a header.
pub(crate) fn request_id_header() -> HeaderValue {
    HeaderValue::from_str(&new_request_id()).unwrap_or(HeaderValue::from_static("req_unknown"))
}

/// The answer to an address that does not exist.
pub(crate) async fn unknown_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "route_unknown", "there is nothing at this address; GET /docs lists what there is")
}

/// The answer to a method that an address does not take.
pub(crate) async fn unknown_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not take this method; the Allow header lists what it takes",
    )
}

/// The answer when a handler panicked.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let request_id = new_request_id();
    tracing::error!(request_id, "a handler panicked");
    let mut problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", INTERNAL);
    problem.errors.push(FieldProblem::new(REQUEST_ID_MARK, request_id, ""));
    problem.into_response()
}
