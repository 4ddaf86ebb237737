//! `/v1/clawbacks`: sales that fell through, taken back under every plan that paid them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::Scope;
use meed_app::adjustments::{self, Once, SheetRow};
use meed_core::id::Id;
use serde::Serialize;
use utoipa::ToSchema;

use super::adjustments::{ClawbackIn, RowOut, row_out};
use super::answer::json;
use super::idempotency::{Key, mark_replayed};
use super::openapi::Refusals;
use super::problem::Answered;
use super::request::{Caller, Json};
use super::sheet::RowErrorOut;
use super::wire::MoneyOut;
use crate::ServerState;

/// What was taken back, or would be, under all plans.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Clawbacks)]
pub(crate) struct ClawbacksOut {
    /// False for a dry run.
    written: bool,
    /// Sums by currency.
    totals: Vec<MoneyOut>,
    /// One entry for each plan and payee.
    made: Vec<RowOut>,
    /// Sales that cannot be taken back; the others count.
    errors: Vec<RowErrorOut>,
}

impl ClawbacksOut {
    fn of(rows: &[SheetRow], written: bool) -> Self {
        let good = rows.iter().filter_map(|row| Some((row.line, row.made.as_ref().ok()?)));
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, document) in good.clone() {
            let sum = sums.entry(&document.currency).or_insert(0);
            *sum = sum.saturating_add(document.amount);
        }
        Self {
            written,
            totals: sums.into_iter().map(|(code, minor)| MoneyOut::of(minor, code)).collect(),
            made: good.map(|(line, document)| row_out(line, document)).collect(),
            errors: rows.iter().filter_map(|row| row.made.as_ref().err()).map(RowErrorOut::from).collect(),
        }
    }
}

/// Take sales back under all plans
///
/// Needs the scope `release`. As `/v1/programs/{id}/clawbacks`, under every plan that is calculated and has periods of that
/// length. A sale by which no plan paid anything is named once. All entries are made together. Send an `Idempotency-Key` to
/// repeat it safely.
#[utoipa::path(
    post, path = "/clawbacks", tag = "Calculations", operation_id = "clawBackAll",
    request_body(content = ClawbackIn, example = json!({"period": "2026-03", "label": "Cancelled", "sales": [{"sale": "INV-1014"}, {"sale": "INV-1020"}]})),
    responses((status = 200, description = "What was made", body = ClawbacksOut), Refusals),
)]
pub(crate) async fn of_all(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Json(body): Json<ClawbackIn>,
) -> Answered<Response> {
    ctx.require(Scope::Release)?;
    let (ask, rows) = body.read(Id(0))?;
    let content = serde_json::to_vec(&("all plans", &body)).unwrap_or_default();
    let once = key.filter(|_| !body.is_dry_run()).map(|key| Once::new(&state.app, &key, &content));
    if let Some(made) = adjustments::repeated(&state.app, &ctx, once.as_ref()).await? {
        let entries = (1u64..).zip(&made.entries).map(|(line, entry)| SheetRow { line, made: Ok(entry.document.clone()) });
        return Ok(mark_replayed(json(StatusCode::OK, &ClawbacksOut::of(&entries.collect::<Vec<_>>(), true))));
    }
    let found = adjustments::clawback_of_all(&state.app, &ctx, &ask, &rows).await?;
    if !body.is_dry_run() {
        let documents = found.iter().filter_map(|row| row.made.as_ref().ok().cloned()).collect();
        adjustments::add_many(&state.app, &ctx, documents, once.as_ref()).await?;
    }
    Ok(json(StatusCode::OK, &ClawbacksOut::of(&found, !body.is_dry_run())))
}
