//! `Idempotency-Key`: the first answer again when the same request comes back.
//!
//! What is stored is status and body as one text, so that a replay gives the same bytes: `201 {…}`, or `!` and the refusal.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use meed_app::{Answer, App};
use meed_core::command::{Identity, Refused, Reply};
use meed_core::id::Id;
use serde::{Deserialize, Serialize};

use super::answer::json_text;
use super::problem::{Answered, FieldProblem, Problem, status_of};
use super::request::idempotency_key;

/// Writes the answer to a command.
pub(crate) type Render = fn(&Result<Reply, Refused>) -> String;

/// The `Idempotency-Key` of a request.
pub(crate) struct Key(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answered<Self> {
        Ok(Self(idempotency_key(&parts.headers)?.map(str::to_owned)))
    }
}

/// The identity under which a command is remembered. `content` is the parsed request in one fixed form.
pub(crate) fn identity(app: &App, source: Id, key: String, content: &impl Serialize, render: Render) -> Answered<Identity> {
    let content = serde_json::to_vec(content)
        .map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a request could not be fingerprinted"))?;
    Ok(Identity { source, key, fingerprint: app.secrets().fingerprint(&content), render })
}

/// A refusal as it is remembered.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    code: String,
    detail: String,
    errors: Vec<FieldProblem>,
}

/// A success as it is remembered and sent.
pub(crate) fn success(status: u16, body: &str) -> String {
    format!("{status} {body}")
}

/// A refusal as it is remembered and sent.
pub(crate) fn refusal(refused: &Refused) -> String {
    let errors = refused.field.iter().map(|field| FieldProblem::new(field, refused.code.clone(), refused.text.clone())).collect();
    let kept = Kept { status: status_of(refused.class).as_u16(), code: refused.code.to_string(), detail: refused.text.clone(), errors };
    format!("!{}", serde_json::to_string(&kept).unwrap_or_default())
}

/// The text of an answer, and whether it was given before.
pub(crate) fn rendered(answer: Answer, render: Render) -> (String, bool) {
    match answer {
        Answer::Decided(result) => (render(&result), false),
        Answer::Replayed(text) => (text, true),
    }
}

/// Splits what [`success`] or [`refusal`] wrote.
pub(crate) fn read(text: &str) -> Result<(StatusCode, &str), Problem> {
    let broken = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a remembered answer cannot be read");
    if let Some(kept) = text.strip_prefix('!') {
        let kept: Kept = serde_json::from_str(kept).map_err(|_| broken())?;
        let status = StatusCode::from_u16(kept.status).map_err(|_| broken())?;
        return Err(Problem { errors: kept.errors, ..Problem::new(status, kept.code, kept.detail) });
    }
    let (status, body) = text.split_once(' ').ok_or_else(broken)?;
    let status = status.parse().ok().and_then(|code: u16| StatusCode::from_u16(code).ok()).ok_or_else(broken)?;
    Ok((status, body))
}

/// The answer to send.
pub(crate) fn respond(answer: Answer, render: Render) -> Response {
    let (text, is_replayed) = rendered(answer, render);
    let response = match read(&text) {
        Ok((status, body)) => json_text(status, body.to_owned()),
        Err(problem) => problem.into_response(),
    };
    if is_replayed { mark_replayed(response) } else { response }
}

/// The answer to a command, which may have been given before.
pub(crate) fn again(response: Response, is_replayed: bool) -> Response {
    if is_replayed { mark_replayed(response) } else { response }
}

/// Says that this answer was given before.
pub(crate) fn mark_replayed(mut response: Response) -> Response {
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
