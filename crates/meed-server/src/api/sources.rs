//! `/v1/sources`: where records come from, and how their ambiguities are settled.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::documents::SourceDocument;
use meed_app::sources::{self, Source};
use meed_core::id::Kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{FieldParams, Page, PageParams, json, one, page, page_of};
use super::openapi::Refusals;
use super::problem::Answered;
use super::request::{Caller, Json, Params, id_of};
use crate::ServerState;

/// A source to make or to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SourceIn)]
pub(crate) struct SourceIn {
    /// What people call it, 1 to 200 characters; unique in the workspace.
    #[schema(example = "Shop")]
    name: String,
    /// ISO 4217 code of amounts in files that name none; the workspace's if null.
    #[serde(default)]
    #[schema(example = "USD")]
    currency: Option<String>,
    /// Zone of times that name none; the workspace's if null.
    #[serde(default)]
    #[schema(example = "America/New_York")]
    zone: Option<String>,
    /// How days such as 03/04 are written: `dmy`, `mdy` or `ymd`.
    #[serde(default)]
    #[schema(example = "mdy")]
    date_order: Option<String>,
    /// What an ambiguous currency sign stands for.
    #[serde(default)]
    #[schema(example = json!({"$": "USD"}))]
    symbols: BTreeMap<String, String>,
    /// Who sold the rows of its files that name no rep, by an alias; nobody if null.
    #[serde(default)]
    #[schema(example = "dana@example.com")]
    owner: Option<String>,
}

/// A source.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Source)]
pub(crate) struct SourceOut {
    /// The source.
    #[schema(example = "src_01jq3v8k2m9ra")]
    id: String,
    /// Counts its changes, from 1.
    version: i32,
    /// What people call it.
    name: String,
    /// ISO 4217 code of amounts in files that name none.
    currency: Option<String>,
    /// Zone of times that name none.
    zone: Option<String>,
    /// How days are written.
    date_order: Option<String>,
    /// What an ambiguous currency sign stands for.
    symbols: BTreeMap<String, String>,
    /// Who sold the rows of its files that name no rep.
    owner: Option<String>,
}

impl From<Source> for SourceOut {
    fn from(source: Source) -> Self {
        let SourceDocument { name, currency, zone, date_order, symbols, owner } = source.document;
        Self { id: source.id.text(Kind::Source), version: source.version, name, currency, zone, date_order, symbols, owner }
    }
}

impl SourceIn {
    fn document(self) -> SourceDocument {
        SourceDocument {
            name: self.name,
            currency: self.currency,
            zone: self.zone,
            date_order: self.date_order,
            symbols: self.symbols,
            owner: self.owner.filter(|owner| !owner.trim().is_empty()),
        }
    }
}

/// List sources
///
/// By name. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/sources", tag = "Sources", operation_id = "listSources", params(PageParams),
    responses((status = 200, description = "A page of sources", body = Page<SourceOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let all = sources::list(&state.app, &ctx).await?;
    let (sources, next) = page_of(all, &params, |source| source.id)?;
    page(sources.into_iter().map(SourceOut::from).collect(), next, params.fields.as_deref())
}

/// Make a source
///
/// Needs the scope `plans`. A sale or an upload that names an unknown source makes it as well, with no settings.
#[utoipa::path(
    post, path = "/sources", tag = "Sources", operation_id = "createSource",
    request_body(content = SourceIn, example = json!({"name": "Shop", "currency": "USD", "date_order": "mdy", "symbols": {"$": "USD"}})),
    responses((status = 201, description = "The source", body = SourceOut), Refusals),
)]
pub(crate) async fn create(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<SourceIn>) -> Answered<Response> {
    let id = sources::put(&state.app, &ctx, None, &body.document()).await?;
    Ok(json(StatusCode::CREATED, &SourceOut::from(sources::get(&state.app, &ctx, id).await?)))
}

/// Get a source
///
/// Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/sources/{id}", tag = "Sources", operation_id = "getSource",
    params(("id" = String, Path, description = "The source", example = "src_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The source", body = SourceOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let source = sources::get(&state.app, &ctx, id_of(&id, Kind::Source, "source")?).await?;
    one(&SourceOut::from(source), params.fields.as_deref())
}

/// Change a source
///
/// Needs the scope `plans`. Replaces all its settings. Sales that are recorded already stay as they are.
#[utoipa::path(
    put, path = "/sources/{id}", tag = "Sources", operation_id = "putSource",
    params(("id" = String, Path, description = "The source", example = "src_01jq3v8k2m9ra")),
    request_body(content = SourceIn, example = json!({"name": "Shop", "currency": "USD"})),
    responses((status = 200, description = "The source", body = SourceOut), Refusals),
)]
pub(crate) async fn put(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<SourceIn>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Source, "source")?;
    sources::put(&state.app, &ctx, Some(id), &body.document()).await?;
    Ok(json(StatusCode::OK, &SourceOut::from(sources::get(&state.app, &ctx, id).await?)))
}
