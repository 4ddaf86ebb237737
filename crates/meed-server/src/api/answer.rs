//! Successful answers: JSON, pages of a list, and the fields that a caller asks for.

use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::problem::{Answered, Problem, REQUEST_ID, request_id_header};

/// Entries of a page at most.
pub(crate) const LIMIT_MAX: usize = 100;
/// Entries of a page when nothing is said.
pub(crate) const LIMIT_DEFAULT: usize = 50;

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Entries at most, 1 to 100; 50 if not given.
    pub limit: Option<usize>,
    /// Where to go on: `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// Names of the fields to answer, with commas between them; all if not given.
    #[param(example = "id,name")]
    pub fields: Option<String>,
}

/// Which fields are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FieldParams {
    /// Names of the fields to answer, with commas between them; all if not given.
    #[param(example = "id,name")]
    pub fields: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The entries.
    pub data: Vec<T>,
    /// Where the next page starts; null at the end.
    pub next_cursor: Option<String>,
}

/// The limit a caller asks for.
pub(crate) fn limit_of(limit: Option<usize>) -> Answered<usize> {
    match limit {
        None => Ok(LIMIT_DEFAULT),
        Some(limit @ 1..=LIMIT_MAX) => Ok(limit),
        Some(_) => Err(Problem::unreadable("limit_invalid", "the limit is a number from 1 to 100").at("limit")),
    }
}

/// Refuses a cursor that no page gave.
pub(crate) fn bad_cursor() -> Problem {
    Problem::unreadable("cursor_invalid", "this cursor was not given by a page of this list; begin without one").at("cursor")
}

/// JSON with a status.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    json_text(status, body)
}

/// JSON that is written already.
pub(crate) fn json_text(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, request_id_header());
    response
}

/// Nothing to say, successfully.
pub(crate) fn no_content() -> Response {
    (StatusCode::NO_CONTENT, [(REQUEST_ID, request_id_header())]).into_response()
}

/// One thing, with the fields that are wanted.
pub(crate) fn one<T: Serialize + PartialSchema>(value: &T, fields: Option<&str>) -> Answered<Response> {
    match wanted::<T>(fields)? {
        None => Ok(json(StatusCode::OK, value)),
        Some(names) => Ok(json(StatusCode::OK, &pick(value, &names))),
    }
}

/// A page, with the fields that are wanted.
pub(crate) fn page<T: Serialize + PartialSchema>(data: Vec<T>, next_cursor: Option<String>, fields: Option<&str>) -> Answered<Response> {
    match wanted::<T>(fields)? {
        None => Ok(json(StatusCode::OK, &Page { data, next_cursor })),
        Some(names) => {
            let data = data.iter().map(|entry| pick(entry, &names)).collect();
            Ok(json(StatusCode::OK, &Page::<Value> { data, next_cursor }))
        }
    }
}

/// A page of a list that is in memory: entries after the cursor, by the text that `key` gives.
pub(crate) fn page_of<T, K: PartialEq + ToString>(
    all: Vec<T>,
    params: &PageParams,
    key: impl Fn(&T) -> K,
    parse: impl Fn(&str) -> Option<K>,
) -> Answered<(Vec<T>, Option<String>)> {
    let limit = limit_of(params.limit)?;
    let start = match &params.cursor {
        None => 0,
        Some(cursor) => {
            let after = parse(cursor).ok_or_else(bad_cursor)?;
            all.iter().position(|entry| key(entry) == after).map_or(all.len(), |at| at + 1)
        }
    };
    let is_last = all.len() <= start + limit;
    let data: Vec<T> = all.into_iter().skip(start).take(limit).collect();
    let next = data.last().filter(|_| !is_last).map(|last| key(last).to_string());
    Ok((data, next))
}

/// A file to keep.
pub(crate) fn file(content_type: &'static str, name: &str, body: Vec<u8>) -> Response {
    let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' }).collect();
    let mut response = (StatusCode::OK, [(CONTENT_TYPE, content_type)], body).into_response();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, request_id_header());
    response
}

fn wanted<T: PartialSchema>(fields: Option<&str>) -> Answered<Option<Vec<String>>> {
    let Some(fields) = fields else { return Ok(None) };
    let names: Vec<String> = fields.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let known = property_names(&T::schema());
    match names.iter().find(|name| !known.contains(name)) {
        None => Ok(Some(names)),
        Some(name) => {
            let shown: String = name.chars().take(60).collect();
            let text = format!("there is no field `{shown}`; there are: {}", known.join(", "));
            Err(Problem::unreadable("field_unknown", text).at("fields"))
        }
    }
}

fn property_names(schema: &RefOr<Schema>) -> Vec<String> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().flat_map(property_names).collect(),
        _ => Vec::new(),
    }
}

fn pick(value: &impl Serialize, names: &[String]) -> Value {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.retain(|name, _| names.contains(name));
    }
    value
}
