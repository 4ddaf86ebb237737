//! `POST /app/Api/CreateTransaction`: one transaction a call, created or updated by `uniqueId` (`commissions.md` §2.4).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use meed_app::Scope;
use meed_app::sales::{record, record_keyed};
use meed_app::sources::{SourceName, known};
use meed_core::command::{Class, Refused, Reply, SaleChange, SaleOutcome};
use meed_core::id::Id;
use serde::Serialize;
use utoipa::ToSchema;

use super::transaction::{TransactionIn, guid};
use crate::ServerState;
use crate::api::answer::json_text;
use crate::api::idempotency::{Key, identity, refusal, respond, success};
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem};
use crate::api::request::{Json, WritingCaller};
use crate::api::sales::DEFAULT_SOURCE;

/// A transaction that is recorded.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TransactionRecorded)]
#[allow(dead_code)]
pub(crate) struct RecordedOut {
    /// The record.
    #[serde(rename = "Id")]
    #[schema(example = "6d656564-0000-8000-0664-f8a1c2000001")]
    id: String,
    /// `created`, `updated`, `unchanged`, or `ignored` (no `uniqueId`, and an equal transaction is known).
    #[schema(example = "created")]
    outcome: String,
}

fn body(id: Id, change: SaleChange) -> String {
    format!("{{\"Id\":\"{}\",\"outcome\":\"{}\"}}", guid(id), change.word())
}

/// Every refusal of a value is a 400 here (`commissions.md` behaviour 2).
fn render(result: &Result<Reply, Refused>) -> String {
    match result {
        Ok(Reply::Sales(outcomes)) => match outcomes.first() {
            Some(SaleOutcome::Recorded { id, change, .. }) => success(200, &body(*id, *change)),
            Some(SaleOutcome::Refused(refused)) => refusal(&Refused { class: Class::Unreadable, ..refused.clone() }),
            None => success(200, "null"),
        },
        Ok(_) => success(200, "null"),
        Err(refused) => refusal(refused),
    }
}

/// The source that a caller of the compatible surface names by `X-DataSource`.
pub(crate) fn data_source(headers: &HeaderMap) -> Answered<&str> {
    let Some(value) = headers.get("x-datasource") else { return Ok(DEFAULT_SOURCE) };
    std::str::from_utf8(value.as_bytes())
        .map(str::trim)
        .ok()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Problem::unreadable("source_invalid", "X-DataSource holds the name of a source").at("X-DataSource"))
}

/// Create or update a transaction
///
/// The same `uniqueId` again updates the record; absent keys keep what is stored, null clears. Without `uniqueId` an equal
/// transaction is ignored. Transactions land in the source that `X-DataSource` names, or in `API`. Unknown keys are refused.
#[utoipa::path(
    post, path = "/CreateTransaction", tag = "Compatible", operation_id = "createTransaction",
    params(("X-DataSource" = Option<String>, Header, description = "Name of the source; `API` if not given", example = "My ERP")),
    request_body(content = TransactionIn, example = json!({"date": "2018-08-06T03:31:24.0277712Z", "uniqueId": "INV-1007", "revenue": 1250.00, "currency": "USD", "owner1": "dana@example.com"})),
    responses((status = 200, description = "It is recorded and durable", body = RecordedOut), Refusals),
)]
pub(crate) async fn create(
    State(state): State<ServerState>,
    WritingCaller(ctx): WritingCaller,
    Key(key): Key,
    headers: HeaderMap,
    Json(transaction): Json<TransactionIn>,
) -> Answered<Response> {
    let app = &state.app;
    ctx.require(Scope::Sales)?;
    let source = known(app, &ctx, SourceName::Name(data_source(&headers)?)).await?;
    let identity = match key {
        None => None,
        Some(key) => Some(identity(app, source.id, key, &transaction, render)?),
    };
    let input = transaction.input(&source).map_err(|errors| Problem::fields(StatusCode::BAD_REQUEST, errors))?;
    let Some(identity) = identity else {
        return match record(app, &ctx, source.id, vec![input]).await?.pop() {
            Some(SaleOutcome::Recorded { id, change, .. }) => Ok(json_text(StatusCode::OK, body(id, change))),
            Some(SaleOutcome::Refused(refused)) => Err(Refused { class: Class::Unreadable, ..refused }.into()),
            None => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a transaction was not answered")),
        };
    };
    Ok(respond(record_keyed(app, &ctx, source.id, vec![input], identity).await?, render))
}
