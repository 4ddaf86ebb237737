//! `/app/Api/*`: the surface of systems that push to Sales Cookie (`commissions.md` §2.2 to §2.6). A thin adapter: it keeps
//! its own words on the wire and calls the same use cases as `/v1`.

mod create_transaction;
mod transaction;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ServerState;
use crate::api::problem;

/// Bytes of a JSON body.
const BODY_MAX: usize = 256 * 1024;

/// The routes with their description, to be put below `/app/Api`.
pub(crate) fn described() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(create_transaction::create)).layer(DefaultBodyLimit::max(BODY_MAX)).fallback(problem::unknown_route)
}

/// The routes stand in the router of the API, so that one description covers both.
pub fn router(_state: &ServerState) -> Router<ServerState> {
    Router::new()
}
