//! `/v1/exchange-rates`: dated rates of exchange, one by one or from a sheet.

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use meed_app::rates::{self, RateEntry};
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Page, PageParams, json, no_content, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem, Problem};
use super::request::{Caller, Json, Params};
use super::sheet::{LoadParams, LoadedOut, decimal};
use super::wire::Number;
use crate::ServerState;

/// A rate of exchange.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ExchangeRate)]
pub(crate) struct RateOut {
    /// ISO code of the currency that is converted.
    #[schema(example = "EUR")]
    from: String,
    /// ISO code of the currency of the result.
    #[schema(example = "USD")]
    to: String,
    /// First day on which the rate holds, until the next one.
    #[schema(example = "2026-03-01")]
    day: String,
    /// What one unit of `from` is worth in `to`, exact.
    #[schema(example = "1.0832")]
    rate: String,
}

/// A rate to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExchangeRateIn)]
pub(crate) struct RateIn {
    /// What one unit is worth, exact: more than 0, with at most 10 decimals.
    #[schema(value_type = String, example = "1.0832")]
    rate: Number,
}

impl From<&RateEntry> for RateOut {
    fn from(entry: &RateEntry) -> Self {
        Self {
            from: entry.from.to_string(),
            to: entry.to.to_string(),
            day: entry.day.to_string(),
            rate: entry.rate.normalize().to_string(),
        }
    }
}

fn key(entry: &RateEntry) -> String {
    format!("{}-{}-{}", entry.from, entry.to, entry.day)
}

/// List rates of exchange
///
/// By currencies and day. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/exchange-rates", tag = "Plans", operation_id = "listExchangeRates", params(PageParams),
    responses((status = 200, description = "A page of rates", body = Page<RateOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let (entries, next) = page_of(rates::list(&state.app, &ctx).await?, &params, key)?;
    page(entries.iter().map(RateOut::from).collect(), next, params.fields.as_deref())
}

/// Load rates of exchange
///
/// Needs the scope `plans`. The body is a sheet (CSV or XLSX) with the columns from, rate, day and, where it is not the
/// workspace's currency, to. A rate of the same pair and day is replaced. Rows with errors are named; the others are applied.
#[utoipa::path(
    post, path = "/exchange-rates", tag = "Plans", operation_id = "loadExchangeRates", params(LoadParams),
    request_body(content = String, content_type = "text/csv", example = "from,to,day,rate\nEUR,USD,2026-03-01,1.0832\n"),
    responses((status = 200, description = "What was done", body = LoadedOut), Refusals),
)]
pub(crate) async fn load(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<LoadParams>,
    body: Bytes,
) -> Answered<Response> {
    let decimal = decimal(params.decimal.as_deref())?;
    let loaded = rates::load(&state.app, &ctx, Cursor::new(body), decimal, params.dry_run).await?;
    Ok(json(StatusCode::OK, &LoadedOut::of(&loaded, !params.dry_run)))
}

fn wrong(field: &str, text: String) -> Problem {
    Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, vec![FieldProblem::new(field, "value_invalid", text)])
}

/// The pair and day of an address.
fn place((from, to, day): (String, String, String)) -> Answered<((Unit, Unit), Date)> {
    let unit =
        |field: &str, text: &str| rates::currency(text).ok_or_else(|| wrong(field, format!("`{text}` is not an ISO 4217 currency code")));
    let pair = (unit("from", &from)?, unit("to", &to)?);
    let day = day.parse::<Date>().map_err(|_| wrong("day", format!("`{day}` is not a date such as 2026-03-31")))?;
    Ok((pair, day))
}

/// Set a rate of exchange
///
/// Needs the scope `plans`. From that day on one unit of `from` is worth `rate` of `to`. Open periods are calculated again;
/// what was released stays as it was.
#[utoipa::path(
    put, path = "/exchange-rates/{from}/{to}/{day}", tag = "Plans", operation_id = "putExchangeRate",
    params(
        ("from" = String, Path, description = "Currency that is converted", example = "EUR"),
        ("to" = String, Path, description = "Currency of the result", example = "USD"),
        ("day" = String, Path, description = "First day of the rate", example = "2026-03-01"),
    ),
    request_body(content = RateIn, example = json!({"rate": "1.0832"})),
    responses((status = 200, description = "The rate", body = RateOut), Refusals),
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(address): Path<(String, String, String)>,
    Json(body): Json<RateIn>,
) -> Answered<Response> {
    let ((from, to), day) = place(address)?;
    let entry = RateEntry { from, to, day, rate: body.rate.0 };
    rates::put(&state.app, &ctx, &entry).await?;
    Ok(json(StatusCode::OK, &RateOut::from(&entry)))
}

/// Remove a rate of exchange
///
/// Needs the scope `plans`. The rate before it holds on.
#[utoipa::path(
    delete, path = "/exchange-rates/{from}/{to}/{day}", tag = "Plans", operation_id = "deleteExchangeRate",
    params(
        ("from" = String, Path, description = "Currency that is converted", example = "EUR"),
        ("to" = String, Path, description = "Currency of the result", example = "USD"),
        ("day" = String, Path, description = "First day of the rate", example = "2026-03-01"),
    ),
    responses((status = 204, description = "It is removed"), Refusals),
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(address): Path<(String, String, String)>,
) -> Answered<Response> {
    let (pair, day) = place(address)?;
    rates::remove(&state.app, &ctx, pair, day).await?;
    Ok(no_content())
}
