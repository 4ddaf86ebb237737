//! `/v1/sales`: recording sales, one or many, and looking at them.

use std::fmt::Write;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::sales::{SALES_PER_CALL_MAX, SaleFilter, list, one, one_by_unique_id, record as record_sales, record_keyed};
use meed_app::sources::{self, SourceName, known};
use meed_app::{Context, calculations};
use meed_core::command::{Refused, Reply, SaleChange, SaleInput, SaleOutcome, day_number};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::answer::{FieldParams, Page, Pair, json, list_params, one as answer_one, page};
use super::idempotency::{Key, identity, mark_replayed, read, refusal, rendered, respond, success};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem, Problem};
use super::request::{Caller, Json, Params, WritingCaller, id_in, id_of, parse};
use super::sale_in::SaleIn;
use super::sale_out::SaleOut;
use super::verdict_out::VerdictOut;
use crate::ServerState;

/// The source of sales whose caller names none.
pub(crate) const DEFAULT_SOURCE: &str = "API";

/// What happened to a sale.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SaleRecorded)]
pub(crate) struct RecordedOut {
    /// The record.
    #[schema(example = "sale_01jq3v8k2m9ra")]
    pub id: String,
    /// Its version now.
    #[schema(example = 1)]
    pub version: i32,
    /// `created`, `updated`, `unchanged`, or `ignored` (no unique id, and an equal sale is known).
    #[schema(example = "created")]
    pub outcome: String,
}

/// Sales of one source.
#[derive(Debug, ToSchema)]
#[schema(as = SalesIn)]
#[allow(dead_code, reason = "read field by field, so that a wrong row refuses only itself")]
pub(crate) struct SalesIn {
    /// Where they come from: the name or the id of a source; `API` if not given.
    #[schema(example = "Shop")]
    source: Option<String>,
    /// The sales, at most 1,000. They name no source of their own.
    sales: Vec<SaleIn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows<'a> {
    #[serde(default)]
    source: Option<String>,
    #[serde(borrow)]
    sales: Vec<&'a RawValue>,
}

/// What happened to one of many sales.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SaleResult)]
pub(crate) struct ResultOut {
    /// Place in the call, from 0.
    pub index: usize,
    /// `created`, `updated`, `unchanged`, `ignored` or `refused`.
    #[schema(example = "created")]
    pub outcome: String,
    /// The record; null when it was refused.
    pub id: Option<String>,
    /// Its version now; null when it was refused.
    pub version: Option<i32>,
    /// What is wrong; empty unless it was refused.
    pub errors: Vec<FieldProblem>,
}

/// What happened to many sales.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = SalesRecorded)]
#[allow(missing_docs)]
pub(crate) struct ResultsOut {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub ignored: usize,
    pub refused: usize,
    /// One entry per sale, in the order of the call.
    pub results: Vec<ResultOut>,
}

list_params! {
    /// Which sales a list shows.
    SalesParams, fields like "id,date,revenue" {
        /// First day of sale, in the workspace's zone.
        #[param(example = "2026-03-01")]
        from: Option<String>,
        /// Last day of sale.
        #[param(example = "2026-03-31")]
        until: Option<String>,
        /// A source, by name or id.
        source: Option<String>,
        /// An import, by id.
        import: Option<String>,
        /// State at the source, in any case.
        status: Option<String>,
        /// The source's own id; needs `source` and answers at most one sale.
        unique_id: Option<String>,
        /// Words that must occur in id, customer, product, owner, team, territory, status or coupon.
        query: Option<String>,
    }
}

/// Whether a text names a source by its id.
pub(crate) fn source_name(text: Option<&str>) -> SourceName<'_> {
    match text {
        None => SourceName::Name(DEFAULT_SOURCE),
        Some(text) if Id::parse(text, Kind::Source).is_ok() => SourceName::Id(text),
        Some(text) => SourceName::Name(text),
    }
}

/// The source that a text names, by name or id.
async fn source_id(state: &ServerState, ctx: &Context, text: &str) -> Answered<Id> {
    if let Ok(id) = Id::parse(text, Kind::Source) {
        return Ok(id);
    }
    let unknown = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "source_unknown", "there is no source of this name").at("source");
    Ok(sources::find(&state.app, ctx, text).await?.ok_or_else(unknown)?.id)
}

fn recorded(id: Id, version: i32, change: SaleChange) -> (u16, String) {
    let mut body = String::with_capacity(80);
    let _ = write!(body, "{{\"id\":\"{}\",\"version\":{version},\"outcome\":\"{}\"}}", id.text(Kind::Sale), change.word());
    (if change == SaleChange::Created { 201 } else { 200 }, body)
}

/// The answer to one sale.
fn render_one(result: &Result<Reply, Refused>) -> String {
    match result {
        Ok(Reply::Sales(outcomes)) => match outcomes.first() {
            Some(SaleOutcome::Recorded { id, version, change }) => {
                let (status, body) = recorded(*id, *version, *change);
                success(status, &body)
            }
            Some(SaleOutcome::Refused(refused)) => refusal(refused),
            None => success(200, "null"),
        },
        Ok(_) => success(200, "null"),
        Err(refused) => refusal(refused),
    }
}

/// Record a sale
///
/// Creates the sale, or updates the one with the same source and unique id: an absent field keeps what is stored, null
/// clears it. Without a unique id, a sale whose fields all equal a known one is ignored. A refund carries its own unique id;
/// under the purchase's id it replaces the purchase.
#[utoipa::path(
    post, path = "/sales", tag = "Sales", operation_id = "recordSale",
    params(("Idempotency-Key" = Option<String>, Header, description = "Send the same key to get the first answer again; 1 to 255 visible ASCII characters")),
    request_body(content = SaleIn, example = json!({"source": "Shop", "unique_id": "INV-1007", "date": "2026-03-31T14:05:00Z", "revenue": "1250.00", "currency": "USD", "owner": "dana@example.com"})),
    responses((status = 201, description = "It is recorded and durable", body = RecordedOut), (status = 200, description = "It was known: updated, unchanged or ignored", body = RecordedOut), Refusals),
)]
pub(crate) async fn record(
    State(state): State<ServerState>,
    WritingCaller(ctx): WritingCaller,
    Key(key): Key,
    Json(body): Json<SaleIn>,
) -> Answered<Response> {
    let app = &state.app;
    ctx.require(meed_app::Scope::Sales)?;
    let source = known(app, &ctx, source_name(body.source.as_deref())).await?;
    let identity = match key {
        None => None,
        Some(key) => Some(identity(app, source.id, key, &body, render_one)?),
    };
    let input = body.input(&source).map_err(|errors| Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, errors))?;
    let Some(identity) = identity else {
        let outcome = record_sales(app, &ctx, source.id, vec![input]).await?.pop();
        return match outcome {
            Some(SaleOutcome::Recorded { id, version, change }) => {
                let (status, body) = recorded(id, version, change);
                Ok(super::answer::json_text(StatusCode::from_u16(status).unwrap_or(StatusCode::OK), body))
            }
            Some(SaleOutcome::Refused(refused)) => Err(refused.into()),
            None => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a sale was not answered")),
        };
    };
    Ok(respond(record_keyed(app, &ctx, source.id, vec![input], identity).await?, render_one))
}

/// The outcomes of many sales, as they are remembered.
fn render_many(result: &Result<Reply, Refused>) -> String {
    match result {
        Ok(Reply::Sales(outcomes)) => {
            let rows: Vec<ResultOut> = outcomes.iter().map(|outcome| result_out(0, outcome)).collect();
            let kept: Vec<KeptRow> =
                rows.into_iter().map(|r| KeptRow { outcome: r.outcome, id: r.id, version: r.version, errors: r.errors }).collect();
            success(200, &serde_json::to_string(&kept).unwrap_or_default())
        }
        Ok(_) => success(200, "[]"),
        Err(refused) => refusal(refused),
    }
}

#[derive(Serialize, Deserialize)]
struct KeptRow {
    outcome: String,
    id: Option<String>,
    version: Option<i32>,
    errors: Vec<FieldProblem>,
}

fn result_out(index: usize, outcome: &SaleOutcome) -> ResultOut {
    match outcome {
        SaleOutcome::Recorded { id, version, change } => ResultOut {
            index,
            outcome: change.word().to_owned(),
            id: Some(id.text(Kind::Sale)),
            version: Some(*version),
            errors: Vec::new(),
        },
        SaleOutcome::Refused(refused) => {
            let field = refused.field.clone().unwrap_or_default();
            refused_row(index, vec![FieldProblem::new(field, refused.code.clone(), refused.text.clone())])
        }
    }
}

fn refused_row(index: usize, errors: Vec<FieldProblem>) -> ResultOut {
    ResultOut { index, outcome: "refused".into(), id: None, version: None, errors }
}

/// A row that could be read, with its place; or what is wrong with it.
type ReadRow = Result<SaleIn, Vec<FieldProblem>>;

fn read_row(row: &RawValue) -> ReadRow {
    let sale: SaleIn = parse(row.get().as_bytes()).map_err(|problem| {
        if problem.errors.is_empty() { vec![FieldProblem::new("", problem.code.clone(), problem.detail.clone())] } else { problem.errors }
    })?;
    if sale.source.is_some() {
        return Err(vec![FieldProblem::new("source", "source_in_row", "the source stands beside `sales`, not in a sale")]);
    }
    Ok(sale)
}

/// Record many sales
///
/// Up to 1,000 sales of one source. Each has its own outcome; a sale that is refused does not touch the others. The call is
/// durable when it is answered. For more than that, upload a file to `/v1/imports`.
#[utoipa::path(
    post, path = "/sales/bulk", tag = "Sales", operation_id = "recordSales",
    params(("Idempotency-Key" = Option<String>, Header, description = "Send the same key to get the first answer again; 1 to 255 visible ASCII characters")),
    request_body(content = SalesIn, example = json!({"source": "Shop", "sales": [{"unique_id": "INV-1007", "date": "2026-03-31", "revenue": "1250.00"}, {"unique_id": "INV-1008", "date": "2026-03-31", "revenue": "80.50"}]})),
    responses((status = 200, description = "What happened to each", body = ResultsOut), Refusals),
)]
pub(crate) async fn record_many(
    State(state): State<ServerState>,
    WritingCaller(ctx): WritingCaller,
    Key(key): Key,
    request: axum::extract::Request,
) -> Answered<Response> {
    let app = &state.app;
    ctx.require(meed_app::Scope::Sales)?;
    super::request::must_be_json(request.headers())?;
    let bytes = super::request::body(request, &state).await?;
    let rows: Rows<'_> = match serde_json::from_slice(&bytes) {
        Ok(rows) => rows,
        Err(_) => {
            return Err(parse::<RowsChecked>(&bytes)
                .err()
                .unwrap_or_else(|| Problem::unreadable("json_unreadable", "the body is not JSON")));
        }
    };
    if rows.sales.len() > SALES_PER_CALL_MAX {
        let text = format!("at most {SALES_PER_CALL_MAX} sales in a call; upload a file to /v1/imports for more");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many_sales", text).at("sales"));
    }
    let source = known(app, &ctx, source_name(rows.source.as_deref())).await?;
    let read_rows: Vec<ReadRow> = rows.sales.iter().map(|row| read_row(row)).collect();
    let identity = match key {
        None => None,
        Some(key) => Some(identity(app, source.id, key, &read_rows, render_many)?),
    };
    let mut inputs: Vec<SaleInput> = Vec::with_capacity(read_rows.len());
    let mut refused: Vec<Option<Vec<FieldProblem>>> = Vec::with_capacity(read_rows.len());
    for row in read_rows {
        match row.and_then(|row| row.input(&source)) {
            Ok(input) => {
                inputs.push(input);
                refused.push(None);
            }
            Err(errors) => refused.push(Some(errors)),
        }
    }
    let Some(identity) = identity else {
        let outcomes = record_sales(app, &ctx, source.id, inputs).await?;
        let outcomes = outcomes.iter().map(|outcome| result_out(0, outcome));
        return Ok(json(StatusCode::OK, &together(refused, outcomes)));
    };
    let (text, is_replayed) = rendered(record_keyed(app, &ctx, source.id, inputs, identity).await?, render_many);
    let (_, body) = read(&text)?;
    let kept: Vec<KeptRow> = serde_json::from_str(body).unwrap_or_default();
    let outcomes =
        kept.into_iter().map(|row| ResultOut { index: 0, outcome: row.outcome, id: row.id, version: row.version, errors: row.errors });
    let response = json(StatusCode::OK, &together(refused, outcomes));
    Ok(if is_replayed { mark_replayed(response) } else { response })
}

/// Only for the place of what is wrong around the rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct RowsChecked {
    #[serde(default)]
    source: Option<String>,
    sales: Vec<serde::de::IgnoredAny>,
}

/// Puts the outcomes of the accepted rows between the refused ones.
fn together(refused: Vec<Option<Vec<FieldProblem>>>, mut outcomes: impl Iterator<Item = ResultOut>) -> ResultsOut {
    let mut all = ResultsOut::default();
    for (index, refused) in refused.into_iter().enumerate() {
        let row = match refused {
            Some(errors) => refused_row(index, errors),
            None => match outcomes.next() {
                Some(row) => ResultOut { index, ..row },
                None => continue,
            },
        };
        match row.outcome.as_str() {
            "created" => all.created += 1,
            "updated" => all.updated += 1,
            "unchanged" => all.unchanged += 1,
            "ignored" => all.ignored += 1,
            _ => all.refused += 1,
        }
        all.results.push(row);
    }
    all
}

fn day_of(text: Option<&str>, field: &str) -> Answered<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    let date: jiff::civil::Date =
        text.parse().map_err(|_| Problem::unreadable("date_unreadable", "a day is written like 2026-03-31").at(field))?;
    Ok(Some(day_number(date)))
}

/// List sales
///
/// Latest day first. A filtered list may answer a page that is not full; it ends where `next_cursor` is null.
#[utoipa::path(
    get, path = "/sales", tag = "Sales", operation_id = "listSales", params(SalesParams),
    responses((status = 200, description = "A page of sales", body = Page<SaleOut>), Refusals),
)]
pub(crate) async fn index(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<SalesParams>,
) -> Answered<Response> {
    let id = |text: &Option<String>, kind, field| text.as_deref().map(|text| id_in(text, kind, field)).transpose();
    let source = match params.source.as_deref() {
        Some(text) => Some(source_id(&state, &ctx, text).await?),
        None => None,
    };
    if let Some(unique_id) = &params.unique_id {
        let source =
            source.ok_or_else(|| Problem::unreadable("source_missing", "a unique id belongs to a source: name it too").at("source"))?;
        let found = match one_by_unique_id(&state.app, &ctx, source, unique_id).await.map_err(Problem::from) {
            Ok(sale) => vec![SaleOut::from(&sale.sale)],
            Err(problem) if problem.status == StatusCode::NOT_FOUND => Vec::new(),
            Err(problem) => return Err(problem),
        };
        return page(found, None, params.fields.as_deref());
    }
    let filter = SaleFilter {
        text: params.query.clone().unwrap_or_default(),
        from_day: day_of(params.from.as_deref(), "from")?,
        until_day: day_of(params.until.as_deref(), "until")?,
        source,
        import: id(&params.import, Kind::Import, "import")?,
        status: params.status.clone(),
        changed_after_us: None,
        credit: None,
    };
    let wanted = params.paging().stretch()?;
    let after = wanted.after.map(|Pair(day, id)| (day, id));
    let (sales, next) = list(&state.app, &ctx, filter, after, wanted.limit).await?;
    let next = next.map(|(day, id)| Pair(day, id).to_string());
    page(sales.iter().map(SaleOut::from).collect(), next, params.fields.as_deref())
}

/// Get a sale
///
/// With the columns of its file, untouched, and its former versions.
#[utoipa::path(
    get, path = "/sales/{id}", tag = "Sales", operation_id = "getSale",
    params(("id" = String, Path, description = "The sale", example = "sale_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The sale", body = SaleOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let sale = one(&state.app, &ctx, id_of(&id, Kind::Sale, "sale")?).await?;
    answer_one(&SaleOut::from(&sale), params.fields.as_deref())
}

/// Explain a sale
///
/// What every program makes of the sale, rule by rule: whom it credits and how much, or which condition failed.
#[utoipa::path(
    get, path = "/sales/{id}/explanation", tag = "Sales", operation_id = "explainSale",
    params(("id" = String, Path, description = "The sale", example = "sale_01jq3v8k2m9ra")),
    responses((status = 200, description = "One entry per program", body = Page<VerdictOut>), Refusals),
)]
pub(crate) async fn explain(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let verdicts = calculations::verdicts(&state.app, &ctx, id_of(&id, Kind::Sale, "sale")?).await?;
    page(verdicts.iter().map(VerdictOut::from).collect(), None, None)
}
