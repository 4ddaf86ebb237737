//! The full REST import: a mapping is prepared once, CSV is sent under its batch id (`commissions.md` §2.3).

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use meed_app::sources::{SourceName, known};
use meed_app::{Scope, imports};

use super::create_transaction::data_source;
use super::csv_upload::{AcceptedOut, accept, must_have_room};
use super::mapping_xml;
use crate::ServerState;
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem, REQUEST_ID, request_id_header};
use crate::api::request::{Caller, body};
use crate::api::upload::{Incoming, keep};

/// Bytes of a CSV at most.
const CSV_MAX: u64 = 64 << 20;

/// Prepare an import
///
/// Keeps a mapping of columns and answers its batch id as plain text. Equal mappings of one source have the same id: keep it
/// and use it again.
#[utoipa::path(
    post, path = "/PrepareImport", tag = "Compatible", operation_id = "prepareImport",
    params(("X-DataSource" = Option<String>, Header, description = "Name of the source; `API` if not given", example = "My ERP")),
    request_body(content = String, content_type = "application/xml", description = "The mapping, up to 64 KiB", example = "<Mappings><TransactionDateField><FieldName>Date</FieldName></TransactionDateField><CreditToUserField><FieldName>Rep</FieldName></CreditToUserField><RevenueField><FieldName>Amount</FieldName></RevenueField></Mappings>"),
    responses((status = 200, description = "The batch id, a GUID", body = String, content_type = "text/plain"), Refusals),
)]
pub(super) async fn prepare(State(state): State<ServerState>, Caller(ctx): Caller, request: Request) -> Answered<Response> {
    ctx.require(Scope::Sales)?;
    let source = data_source(request.headers())?.to_owned();
    let bytes: Bytes = body(request, &state).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::unreadable("xml_unreadable", "the XML is not in UTF-8"))?;
    if text.contains('\0') {
        return Err(Problem::unreadable("text_has_nul", "the XML holds the character U+0000"));
    }
    let columns = mapping_xml::read(text.trim_start_matches('\u{feff}'))?;
    let source = known(&state.app, &ctx, SourceName::Name(&source)).await?;
    let id = imports::prepare_batch(&state.app, &ctx, source.id, &columns).await?;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok((StatusCode::OK, [(CONTENT_TYPE, kind), (REQUEST_ID, request_id_header())], id).into_response())
}

fn batch_id(headers: &HeaderMap) -> Answered<&str> {
    let id = headers.get("x-batchid").and_then(|value| value.to_str().ok()).map(str::trim).filter(|id| !id.is_empty());
    id.ok_or_else(|| Problem::unreadable("batch_missing", "send the batch id of PrepareImport as `X-BatchId`").at("X-BatchId"))
}

/// Import transactions
///
/// CSV with a header row. All its columns must be in the prepared mapping. Answers at once; the rows are recorded in the
/// background.
#[utoipa::path(
    post, path = "/ImportTransactions", tag = "Compatible", operation_id = "importTransactions",
    params(("X-BatchId" = String, Header, description = "The batch id that PrepareImport answered", example = "8c1f2a4e-77aa-8c1b-9a52-0d6f3b1c9e10")),
    request_body(content = String, content_type = "text/csv", description = "CSV with its header, up to 64 MiB", example = "Date,Rep,Amount\n2026-03-01,Dana,100.00\n"),
    responses((status = 202, description = "It is queued", body = AcceptedOut), Refusals),
)]
pub(super) async fn import(State(state): State<ServerState>, Caller(ctx): Caller, request: Request) -> Answered<Response> {
    ctx.require(Scope::Sales)?;
    let batch = imports::batch(&state.app, &ctx, batch_id(request.headers())?).await?;
    must_have_room(&state, &ctx).await?;
    let kept = keep(&state, Incoming::Body(request.into_body()), CSV_MAX).await?;
    let id = imports::upload_to_batch(&state.app, &ctx, &batch, "transactions.csv", &kept).await?;
    accept(&state, &ctx, id).await
}
