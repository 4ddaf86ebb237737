//! Calls for automation tools: trying a key, and a sample list (`commissions.md` §2.6).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::sales::{SaleFilter, list};
use meed_app::workspaces;
use serde::Serialize;
use utoipa::ToSchema;

use super::transaction::TransactionOut;
use crate::ServerState;
use crate::api::answer::json;
use crate::api::openapi::Refusals;
use crate::api::problem::Answered;
use crate::api::request::Caller;

/// Transactions of a sample list.
const SAMPLES: usize = 3;

/// The key is valid.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Authenticated)]
pub(super) struct AuthenticatedOut {
    /// Name of the workspace.
    #[schema(example = "Acme")]
    workspace: String,
    /// `live` or `sandbox`.
    #[schema(example = "live")]
    side: String,
}

/// Test a key
///
/// Answers the workspace of the key, or 401.
#[utoipa::path(
    get, path = "/TestAuthentication", tag = "Compatible", operation_id = "testAuthentication",
    responses((status = 200, description = "The key is valid", body = AuthenticatedOut), Refusals),
)]
pub(super) async fn test(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let found = workspaces::get(&state.app, ctx.workspace).await?;
    Ok(json(StatusCode::OK, &AuthenticatedOut { workspace: found.name, side: found.side }))
}

/// List sample transactions
///
/// The latest three transactions, in the shape of `CreateTransaction` with their `Id`. Needs the scope `read`.
#[utoipa::path(
    get, path = "/SampleTransactions", tag = "Compatible", operation_id = "sampleTransactions",
    responses((status = 200, description = "Up to three transactions", body = Vec<TransactionOut>), Refusals),
)]
pub(super) async fn samples(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let (sales, _) = list(&state.app, &ctx, SaleFilter::default(), None, SAMPLES).await?;
    Ok(json(StatusCode::OK, &sales.iter().map(TransactionOut::from).collect::<Vec<_>>()))
}
