//! `/odata/v4/*`: read access for tools that speak `OData` (`commissions.md` §3.6, behaviour 67).
//!
//! Read-only, for keys of the scope `admin`. Answers are pages of 200 rows; `@odata.nextLink` leads to the next one. What
//! must be sorted or counted is read whole, up to a limit.

mod entity;
mod filter;
mod query;
mod rows;
mod value;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use meed_app::access::keys;
use meed_app::{AppError, Context, Scope};

use self::entity::{ENTITIES, Entity};
use self::query::{PAGE, Query};
use self::rows::{Row, bad_token, batch};
use crate::ServerState;
use crate::api::problem::Problem;
use crate::api::request::secret;

/// Rows that one answer may look at.
const SCANNED_MAX: usize = 200_000;
/// Requests of a workspace in a minute.
const REQUESTS_MAX: u32 = 300;
const MINUTE_US: i64 = 60_000_000;

/// The routes.
pub(crate) fn router() -> Router<ServerState> {
    Router::new().route("/odata/v4", any(service)).route("/odata/v4/", any(service)).route("/odata/v4/{*path}", any(resource))
}

/// A refusal as the protocol writes it.
struct Refused(Problem);

impl<T: Into<Problem>> From<T> for Refused {
    fn from(problem: T) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Problem { status, code, detail, retry_after, .. } = self.0;
        let body = serde_json::json!({ "error": { "code": code, "message": detail } }).to_string();
        let mut response = answer(status, "application/json; odata.metadata=minimal", body);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let mut response = (status, headers, body).into_response();
    response.headers_mut().insert("odata-version", HeaderValue::from_static("4.0"));
    response
}

/// Lets only reading in, only for administrators, and not too often.
async fn admit(state: &ServerState, method: &Method, headers: &HeaderMap) -> Result<Arc<Context>, Refused> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Refused(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this surface is for reading")));
    }
    let ctx = keys::authenticate_reader(&state.app, secret(headers)?).await?;
    ctx.require(Scope::Admin)?;
    let wait = waits(state, &ctx);
    if wait > 0 {
        let text = format!("at most {REQUESTS_MAX} requests in a minute");
        return Err(Refused(Problem::too_many("too_many_requests", text, wait)));
    }
    Ok(ctx)
}

/// Seconds to wait; 0 where the request is within the limit.
fn waits(state: &ServerState, ctx: &Context) -> u64 {
    /// Start of the minute, and requests in it, by application and workspace.
    type Minutes = HashMap<(usize, i64), (i64, u32)>;
    static MINUTES: OnceLock<Mutex<Minutes>> = OnceLock::new();
    let now_us = state.app.now_us();
    let mut minutes = MINUTES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if minutes.len() > 10_000 {
        minutes.clear();
    }
    let minute = minutes.entry((Arc::as_ptr(&state.app).addr(), ctx.workspace.0)).or_insert((now_us, 0));
    // A clock that was put back begins a new minute, too.
    if !(0..MINUTE_US).contains(&(now_us - minute.0)) {
        *minute = (now_us, 0);
    }
    minute.1 += 1;
    if minute.1 <= REQUESTS_MAX {
        return 0;
    }
    u64::try_from((minute.0 + MINUTE_US - now_us).max(1)).map_or(1, |us| us.div_ceil(1_000_000))
}

/// The service document: which sets there are.
async fn service(State(state): State<ServerState>, request: Request) -> Result<Response, Refused> {
    admit(&state, request.method(), request.headers()).await?;
    let sets: Vec<_> = ENTITIES.iter().map(|e| serde_json::json!({ "name": e.name, "kind": "EntitySet", "url": e.name })).collect();
    let body = serde_json::json!({ "@odata.context": format!("{}/odata/v4/$metadata", state.public_url), "value": sets });
    Ok(answer(StatusCode::OK, "application/json; odata.metadata=minimal", body.to_string()))
}

async fn resource(
    State(state): State<ServerState>,
    Path(path): Path<String>,
    RawQuery(raw): RawQuery,
    request: Request,
) -> Result<Response, Refused> {
    let ctx = admit(&state, request.method(), request.headers()).await?;
    if path == "$metadata" {
        return Ok(answer(StatusCode::OK, "application/xml; charset=utf-8", entity::metadata()));
    }
    let (name, key) = match path.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')').map(|key| key.trim_matches('\'').replace("''", "'"))),
        None => (path.trim_end_matches("/$count"), None),
    };
    let unknown = || Refused(Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no set `{path}`; see $metadata")));
    let entity = Entity::named(name).filter(|_| key.is_some() || !path.contains('(')).ok_or_else(unknown)?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(raw.as_deref().unwrap_or_default())
        .map_err(|_| Refused(Problem::unreadable("query_unreadable", "the address could not be read")))?;
    let query =
        query::read(&pairs, entity).map_err(|(option, said)| Refused(Problem::unreadable("query_invalid", format!("{option}: {said}"))))?;
    let ask = Ask { state: &state, ctx: &ctx, entity, query };
    if let Some(key) = key {
        return ask.one(&key).await;
    }
    if path.ends_with("/$count") {
        let count = ask.everything().await?.len();
        return Ok(answer(StatusCode::OK, "text/plain", count.to_string()));
    }
    ask.list(&pairs).await
}

/// A question about a set.
struct Ask<'a> {
    state: &'a ServerState,
    ctx: &'a Context,
    entity: &'static Entity,
    query: Query,
}

impl Ask<'_> {
    fn passes(&self, row: &Row) -> bool {
        self.query.filter.as_ref().is_none_or(|filter| filter.passes(&row.values))
    }

    async fn list(&self, pairs: &[(String, String)]) -> Result<Response, Refused> {
        let query = &self.query;
        let wanted = query.top.unwrap_or(usize::MAX);
        let limit = wanted.min(PAGE);
        let by_offset = !query.order.is_empty() || query.skip > 0 || query.count;
        let (rows, next, count) = if by_offset { self.sorted(limit).await? } else { self.in_order(limit).await? };
        // A caller who wants so many gets no more over all pages.
        let left = query.top.map(|top| top - rows.len().min(top));
        let next = next.filter(|_| left != Some(0)).map(|token| self.link(pairs, &token, left));
        let base = format!("{}/odata/v4", self.state.public_url);
        let mut body = format!("{{\"@odata.context\":\"{base}/$metadata#{}\"", self.entity.name);
        if let Some(count) = count {
            body += &format!(",\"@odata.count\":{count}");
        }
        body += ",\"value\":[";
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                body.push(',');
            }
            self.write(row, &mut body);
        }
        body.push(']');
        if let Some(next) = next {
            body += &format!(",\"@odata.nextLink\":{}", serde_json::to_string(&next).unwrap_or_default());
        }
        body.push('}');
        Ok(answer(StatusCode::OK, "application/json; odata.metadata=minimal", body))
    }

    /// Rows as they are stored, from where the page before ended.
    async fn in_order(&self, limit: usize) -> Result<(Vec<Row>, Option<String>, Option<usize>), Refused> {
        let mut after = match self.query.token.as_deref() {
            None => None,
            Some(token) => Some(token.strip_prefix("k:").ok_or_else(bad_token)?.to_owned()),
        };
        let (mut found, mut scanned) = (Vec::new(), 0);
        if limit == 0 {
            return Ok((found, None, None));
        }
        loop {
            let batch = batch(self.state, self.ctx, self.entity.name, after.as_deref()).await?;
            let last = batch.rows.len().saturating_sub(1);
            if batch.rows.is_empty() {
                return Ok((found, None, None));
            }
            for (at, row) in batch.rows.into_iter().enumerate() {
                scanned += 1;
                after = Some(row.cursor.clone());
                if self.passes(&row) {
                    found.push(row);
                }
                let is_end = at == last && !batch.more;
                if (found.len() == limit || scanned >= SCANNED_MAX) && !is_end {
                    return Ok((found, after.map(|cursor| format!("k:{cursor}")), None));
                }
            }
            if !batch.more {
                return Ok((found, None, None));
            }
        }
    }

    /// Everything that passes, in the order asked for; then the part from where the page before ended.
    async fn sorted(&self, limit: usize) -> Result<(Vec<Row>, Option<String>, Option<usize>), Refused> {
        let offset = match self.query.token.as_deref() {
            None => self.query.skip,
            Some(token) => token.strip_prefix("o:").and_then(|text| text.parse().ok()).ok_or_else(bad_token)?,
        };
        let mut all = self.everything().await?;
        let count = all.len();
        all.sort_by(|a, b| {
            let compared = self.query.order.iter().map(|(place, goes_down)| {
                let order = a.values[*place].order(&b.values[*place]);
                if *goes_down { order.reverse() } else { order }
            });
            compared.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        let rows: Vec<Row> = all.into_iter().skip(offset).take(limit).collect();
        let end = offset.saturating_add(rows.len());
        let next = (end < count && !rows.is_empty()).then(|| format!("o:{end}"));
        Ok((rows, next, self.query.count.then_some(count)))
    }

    async fn everything(&self) -> Result<Vec<Row>, Refused> {
        let (mut found, mut scanned, mut after) = (Vec::new(), 0, None);
        loop {
            let batch = batch(self.state, self.ctx, self.entity.name, after.as_deref()).await?;
            scanned += batch.rows.len();
            if scanned > SCANNED_MAX {
                let text = format!("more than {SCANNED_MAX} rows would have to be sorted or counted; read them page by page");
                return Err(AppError::invalid("result_too_large", "$orderby", text).into());
            }
            after = batch.rows.last().map(|row| row.cursor.clone());
            found.extend(batch.rows.into_iter().filter(|row| self.passes(row)));
            if !batch.more || after.is_none() {
                return Ok(found);
            }
        }
    }

    async fn one(&self, key: &str) -> Result<Response, Refused> {
        let mut after = None;
        loop {
            let batch = batch(self.state, self.ctx, self.entity.name, after.as_deref()).await?;
            let is_it = |row: &&Row| matches!(row.values.first(), Some(value::Value::Text(text)) if text == key);
            if let Some(row) = batch.rows.iter().find(is_it) {
                let mut body = String::new();
                self.write(row, &mut body);
                return Ok(answer(StatusCode::OK, "application/json; odata.metadata=minimal", body));
            }
            after = batch.rows.last().map(|row| row.cursor.clone());
            if !batch.more || after.is_none() {
                return Err(Refused(Problem::not_found(self.entity.name)));
            }
        }
    }

    fn write(&self, row: &Row, out: &mut String) {
        let all: Vec<usize> = (0..self.entity.properties.len()).collect();
        let places = if self.query.select.is_empty() { &all } else { &self.query.select };
        out.push('{');
        for (at, place) in places.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            *out += &format!("\"{}\":", self.entity.properties[*place].0);
            row.values.get(*place).unwrap_or(&value::Value::Null).json(out);
        }
        out.push('}');
    }

    fn link(&self, pairs: &[(String, String)], token: &str, left: Option<usize>) -> String {
        let kept = pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "$skiptoken" | "$top" | "$skip")).cloned();
        let mut all: Vec<(String, String)> = kept.collect();
        all.extend(left.map(|left| ("$top".to_owned(), left.to_string())));
        // An offset stands for what was skipped; a page by cursor never skips.
        if token.starts_with("o:") && self.query.order.is_empty() && !self.query.count {
            all.push(("$skip".to_owned(), "1".to_owned()));
        }
        all.push(("$skiptoken".to_owned(), token.to_owned()));
        format!("{}/odata/v4/{}?{}", self.state.public_url, self.entity.name, serde_urlencoded::to_string(all).unwrap_or_default())
    }
}
