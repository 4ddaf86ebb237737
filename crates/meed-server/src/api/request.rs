//! Reading requests: who calls, what the body says, and refusing what is not understood.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use meed_app::Context;
use meed_app::access::keys;
use meed_core::id::{Id, Kind};
use serde::de::DeserializeOwned;

use super::problem::{Answered, FieldProblem, Problem};
use crate::ServerState;

/// Header of the API key on the compatible surface; taken everywhere.
pub(crate) const API_KEY: &str = "x-apikey";

/// The longest `Idempotency-Key`.
const IDEMPOTENCY_KEY_MAX: usize = 255;

/// Who calls. A key that was revoked anywhere is refused.
pub(crate) struct Caller(pub Arc<Context>);

/// Who calls to record something: the batch checks the key again, so it may come from memory.
pub(crate) struct WritingCaller(pub Arc<Context>);

impl FromRequestParts<ServerState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Answered<Self> {
        Ok(Self(keys::authenticate_reader(&state.app, secret(&parts.headers)?).await?))
    }
}

impl FromRequestParts<ServerState> for WritingCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Answered<Self> {
        Ok(Self(keys::authenticate_writer(&state.app, secret(&parts.headers)?).await?))
    }
}

/// The API key of a request.
pub(crate) fn secret(headers: &HeaderMap) -> Answered<&str> {
    let missing = || {
        let text = "this needs an API key: send it as `Authorization: Bearer mk_…` or as `X-ApiKey: mk_…`";
        Problem::new(StatusCode::UNAUTHORIZED, "key_missing", text)
    };
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().map_err(|_| missing())?;
        let (scheme, rest) = text.split_once(' ').ok_or_else(missing)?;
        return if scheme.eq_ignore_ascii_case("bearer") { Ok(rest.trim()) } else { Err(missing()) };
    }
    headers.get(API_KEY).and_then(|value| value.to_str().ok()).map(str::trim).filter(|key| !key.is_empty()).ok_or_else(missing)
}

/// The `Idempotency-Key` of a request, if it has one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Answered<Option<&str>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_MAX);
    key.map(Some).ok_or_else(|| {
        Problem::unreadable("idempotency_key_invalid", "an Idempotency-Key has 1 to 255 visible ASCII characters").at("Idempotency-Key")
    })
}

/// A JSON body. Unknown fields, wrong types and texts with NUL are refused with their place.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Answered<Self> {
        must_be_json(request.headers())?;
        let bytes = body(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// The bytes of a body.
pub(crate) async fn body<S: Send + Sync>(request: Request, state: &S) -> Answered<Bytes> {
    Bytes::from_request(request, state).await.map_err(|rejection| body_problem(&rejection))
}

fn body_problem(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        Problem::unreadable("body_unreadable", "the body ended before it was complete")
    }
}

/// Refuses a body that is too large.
pub(crate) fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the body is larger than this address takes; the limits are in GET /docs")
}

/// Refuses a body that says it is something else than JSON.
pub(crate) fn must_be_json(headers: &HeaderMap) -> Answered<()> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let is_json = value.to_str().is_ok_and(|text| {
        let kind = text.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json") || kind.eq_ignore_ascii_case("text/json")
    });
    if is_json {
        return Ok(());
    }
    let text = "send JSON with `Content-Type: application/json`";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", text))
}

/// Reads JSON into a type. The way without errors looks at every byte once; only a body that is refused is read again, for
/// the place of the trouble.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answered<T> {
    if has_nul(bytes) {
        return Err(Problem::unreadable("text_has_nul", "a text holds the character U+0000, which cannot be kept"));
    }
    // A list would be taken for a thing with its fields in order.
    if let Some(first) = bytes.iter().find(|b| !b.is_ascii_whitespace())
        && b"[\"-0123456789tfn".contains(first)
    {
        return Err(FieldProblem::new("body", "type_wrong", "this is a JSON object").into());
    }
    serde_json::from_slice(bytes).map_err(|error| located::<T>(bytes, &error))
}

fn located<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    if matches!(error.classify(), Category::Syntax | Category::Eof | Category::Io) {
        let text = format!("the body is not JSON: {error}");
        return Problem::unreadable("json_unreadable", text);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else {
        return Problem::unreadable("json_unreadable", format!("the body is not JSON: {error}"));
    };
    field_problem(&error.path().to_string(), &error.inner().to_string()).into()
}

/// Turns serde's sentence into a field with a stable code.
fn field_problem(path: &str, text: &str) -> FieldProblem {
    let text = text.split(" at line ").next().unwrap_or(text);
    let path = if path == "." { "" } else { path };
    let quoted = || text.split('`').nth(1).unwrap_or_default();
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if text.starts_with("unknown field") {
        let name = quoted();
        // The place may name the unknown field itself or what holds it.
        let field = if path == name || path.ends_with(&format!(".{name}")) { path.to_owned() } else { below(name) };
        return FieldProblem::new(field, "field_unknown", format!("there is no such field; {}", expectation(text)));
    }
    if text.starts_with("missing field") {
        return FieldProblem::new(below(quoted()), "field_missing", "this field must be there");
    }
    if text.starts_with("duplicate field") {
        return FieldProblem::new(below(quoted()), "field_repeated", "this field stands there twice");
    }
    let field = if path.is_empty() { "body".to_owned() } else { path.to_owned() };
    match text.split_once(": ") {
        Some((code, rest)) if code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') => FieldProblem::new(field, code, rest),
        _ => FieldProblem::new(field, "type_wrong", text),
    }
}

fn expectation(text: &str) -> &str {
    text.split_once(", ").map_or("this takes no fields", |(_, rest)| rest)
}

impl From<FieldProblem> for Problem {
    fn from(field: FieldProblem) -> Self {
        Self::fields(StatusCode::BAD_REQUEST, vec![field])
    }
}

/// Whether a JSON text holds the escape of U+0000. An even number of backslashes before the `u` is a text about it.
pub(crate) fn has_nul(bytes: &[u8]) -> bool {
    let slashes = |place: usize| bytes[..place].iter().rev().take_while(|b| **b == b'\\').count();
    memchr::memmem::find_iter(bytes, b"u0000").any(|place| slashes(place) % 2 == 1)
}

/// Parameters of the address. Unknown ones are refused.
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answered<Self> {
        let query = parts.uri.query().unwrap_or_default();
        if query.contains("%00") {
            return Err(Problem::unreadable("text_has_nul", "a parameter holds the character U+0000"));
        }
        let found = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        found.map(|query| Self(query.0)).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            let (path, text) = text.split_once(": ").filter(|(path, _)| !path.contains(' ')).unwrap_or(("", text));
            let mut field = field_problem(path, text);
            if field.field == "body" {
                "query".clone_into(&mut field.field);
            }
            field.into()
        })
    }
}

/// An id in the address. What is no id of this kind does not exist.
pub(crate) fn id_of(text: &str, kind: Kind, what: &str) -> Answered<Id> {
    Id::parse(text, kind).map_err(|_| Problem::not_found(what))
}

/// An id in a body or parameter.
pub(crate) fn id_in(text: &str, kind: Kind, field: &str) -> Answered<Id> {
    Id::parse(text, kind).map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "id_invalid", error.to_string()).at(field))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default)]
        #[allow(dead_code)]
        rows: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        #[allow(dead_code)]
        name: String,
    }

    fn refusal(text: &str) -> (String, String) {
        let problem = parse::<Body>(text.as_bytes()).expect_err("a refusal");
        (problem.errors.first().map_or_else(String::new, |e| e.field.clone()), problem.code.to_string())
    }

    #[test]
    fn what_is_wrong_in_a_body_is_named_with_its_place() {
        for (text, field, code) in [
            (r#"{"rows":[{"name":"a"},{"name":7}]}"#, "rows[1].name", "type_wrong"),
            (r#"{"rows":[{"nmae":"a"}]}"#, "rows[0].nmae", "field_unknown"),
            (r#"{"row":[]}"#, "row", "field_unknown"),
            (r#"{"rows":[{}]}"#, "rows[0].name", "field_missing"),
            (r#"{"rows":[{"name":"a","name":"b"}]}"#, "rows[0].name", "field_repeated"),
            ("[]", "", "type_wrong"),
            ("{", "", "json_unreadable"),
            ("", "", "json_unreadable"),
            (r"{} x", "", "json_unreadable"),
            (r#"{"rows":[{"name":"a\u0000"}]}"#, "", "text_has_nul"),
        ] {
            let (found, found_code) = refusal(text);
            assert_eq!(found_code, code, "{text}");
            if !field.is_empty() {
                assert_eq!(found, field, "{text}");
            }
        }
        assert!(parse::<Body>(br#"{"rows":[{"name":"a\\u0000"}]}"#).is_ok(), "a text about the escape is a text");
    }
}
