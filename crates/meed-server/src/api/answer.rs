//! Successful answers: JSON, pages of a list, and the fields that a caller asks for.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

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

/// The parameters of a list that has more than [`PageParams`], with the way back to those.
macro_rules! list_params {
    (
        $(#[$about:meta])*
        $name:ident, fields like $example:tt {
            $($(#[$meta:meta])* $field:ident: $kind:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            /// Entries at most, 1 to 100; 50 if not given.
            limit: Option<usize>,
            /// Where to go on: `next_cursor` of the page before.
            cursor: Option<String>,
            /// Names of the fields to answer, with commas between them; all if not given.
            #[param(example = $example)]
            fields: Option<String>,
            $($(#[$meta])* $field: $kind,)*
        }

        impl $name {
            /// Which part of the list is wanted, and which fields.
            fn paging(&self) -> $crate::api::answer::PageParams {
                $crate::api::answer::PageParams { limit: self.limit, cursor: self.cursor.clone(), fields: self.fields.clone() }
            }
        }
    };
}
pub(crate) use list_params;

/// Which stretch of a list is wanted, where it is read a page at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch<K> {
    /// The entry to go on after; `None` from the start.
    pub after: Option<K>,
    /// Entries at most.
    pub limit: usize,
}

impl PageParams {
    /// The stretch that is asked for. Refuses a wrong limit, and a cursor that no page gave.
    pub(crate) fn stretch<K: FromStr>(&self) -> Answered<Stretch<K>> {
        let limit = limit_of(self.limit)?;
        let after = self.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()?;
        Ok(Stretch { after, limit })
    }
}

impl<K: ToString> Stretch<K> {
    /// The limit as the store counts.
    pub(crate) fn rows(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(1)
    }

    /// Where the next page starts: a full page says so.
    pub(crate) fn next<T>(&self, found: &[T], key: impl Fn(&T) -> K) -> Option<String> {
        found.last().filter(|_| found.len() == self.limit).map(|last| key(last).to_string())
    }
}

/// A cursor of two parts, as in `20538.71`: a place, and what stands there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<A, B>(pub A, pub B);

impl<A: FromStr, B: FromStr> FromStr for Pair<A, B> {
    type Err = ();

    fn from_str(cursor: &str) -> Result<Self, ()> {
        let (place, entry) = cursor.split_once('.').ok_or(())?;
        Ok(Self(place.parse().map_err(drop)?, entry.parse().map_err(drop)?))
    }
}

impl<A: Display, B: Display> Display for Pair<A, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
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
pub(crate) fn page_of<T, K: PartialEq + ToString + FromStr>(
    all: Vec<T>,
    params: &PageParams,
    key: impl Fn(&T) -> K,
) -> Answered<(Vec<T>, Option<String>)> {
    let Stretch { after, limit } = params.stretch::<K>()?;
    let start = match after {
        None => 0,
        Some(after) => all.iter().position(|entry| key(entry) == after).map_or(all.len(), |at| at + 1),
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
