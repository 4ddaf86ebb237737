//! `/v1`: the JSON API.
//!
//! A handler reads the request, calls one use case, and writes the answer. Types that travel stand beside their routes and
//! end in `In` and `Out`; types of the domain know nothing of JSON.

pub(crate) mod answer;
mod credit_out;
pub(crate) mod idempotency;
mod keys;
pub(crate) mod openapi;
pub(crate) mod problem;
pub(crate) mod request;
mod sale_in;
mod sale_out;
pub(crate) mod sale_patch;
pub(crate) mod sales;
mod sources;
mod verdict_out;
pub(crate) mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ServerState;

/// Bytes of a body that holds one thing.
const BODY_MAX: usize = 256 * 1024;
/// Bytes of a body that holds many sales.
const BULK_MAX: usize = 16 * 1024 * 1024;

/// Recording sales: the busiest addresses. Nothing stands around them but the limit of the body.
fn recording() -> OpenApiRouter<ServerState> {
    let single = OpenApiRouter::new().routes(routes!(sales::record)).layer(DefaultBodyLimit::max(BODY_MAX));
    let many = OpenApiRouter::new().routes(routes!(sales::record_many)).layer(DefaultBodyLimit::max(BULK_MAX));
    single.merge(many)
}

fn resources() -> OpenApiRouter<ServerState> {
    let all = OpenApiRouter::new()
        .routes(routes!(sales::index))
        .routes(routes!(sales::show))
        .routes(routes!(sales::explain))
        .routes(routes!(keys::index, keys::create))
        .routes(routes!(keys::revoke))
        .routes(routes!(sources::index, sources::create))
        .routes(routes!(sources::show, sources::put));
    all.layer(DefaultBodyLimit::max(BODY_MAX)).layer(CompressionLayer::new())
}

fn described() -> (Router<ServerState>, utoipa::openapi::OpenApi) {
    let inner = recording().merge(resources()).fallback(problem::unknown_route);
    OpenApiRouter::with_openapi(openapi::Frame::openapi()).nest("/v1", inner).nest("/app/Api", crate::compat::described()).split_for_parts()
}

/// The description of the API.
#[must_use]
pub fn description() -> utoipa::openapi::OpenApi {
    described().1
}

/// The routes.
pub fn router(_state: &ServerState) -> Router<ServerState> {
    let (router, _) = described();
    router
        .route("/openapi.json", get(|| async { axum::Json(description()) }))
        .method_not_allowed_fallback(problem::unknown_method)
        .layer(CatchPanicLayer::custom(problem::panicked))
}
