//! `/v1`: the JSON API.
//!
//! A handler reads the request, calls one use case, and writes the answer. Types that travel stand beside their routes and
//! end in `In` and `Out`; types of the domain know nothing of JSON.

mod adjustments;
pub(crate) mod answer;
mod calculations;
mod clawbacks;
mod codes;
mod credit_out;
mod desk;
mod docs;
pub(crate) mod idempotency;
mod imports;
mod keys;
mod loyalty;
pub(crate) mod openapi;
mod parties;
mod people;
pub(crate) mod problem;
mod programs;
mod rates;
mod records;
mod release_payees;
mod releases;
pub(crate) mod request;
mod sale_in;
mod sale_out;
pub(crate) mod sale_patch;
pub(crate) mod sales;
mod sheet;
mod sources;
pub(crate) mod upload;
mod users;
mod variables;
mod verdict_out;
mod what_if;
pub(crate) mod wire;
mod workflow;

use std::sync::OnceLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::Response;
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
        .routes(routes!(sources::show, sources::put))
        .routes(routes!(imports::index))
        .routes(routes!(imports::show))
        .routes(routes!(imports::mapping, imports::put_mapping))
        .routes(routes!(imports::read_again))
        .routes(routes!(imports::dry_run))
        .routes(routes!(imports::run))
        .routes(routes!(imports::discard))
        .routes(routes!(imports::undo))
        .routes(routes!(imports::rejects))
        .routes(routes!(imports::rejects_csv))
        .routes(routes!(imports::mappings))
        .routes(routes!(imports::forget))
        .routes(routes!(people::reps, people::create_rep))
        .routes(routes!(people::rep, people::put_rep))
        .routes(routes!(people::teams, people::create_team))
        .routes(routes!(people::team, people::put_team))
        .routes(routes!(parties::index, parties::link))
        .routes(routes!(parties::candidates))
        .routes(routes!(parties::show, parties::unlink))
        .routes(routes!(parties::statement))
        .routes(routes!(variables::load))
        .routes(routes!(rates::index, rates::load))
        .routes(routes!(rates::put, rates::remove))
        .routes(routes!(programs::index, programs::apply))
        .routes(routes!(programs::check))
        .routes(routes!(programs::show))
        .routes(routes!(programs::versions))
        .routes(routes!(programs::set_state))
        .routes(routes!(calculations::index, calculations::calculate))
        .routes(routes!(calculations::show, calculations::delete))
        .routes(routes!(calculations::payees))
        .routes(routes!(calculations::credits))
        .routes(routes!(releases::reward_list))
        .routes(routes!(releases::reward))
        .routes(routes!(releases::index, releases::release))
        .routes(routes!(releases::show))
        .routes(routes!(releases::statements))
        .routes(routes!(releases::statement))
        .routes(routes!(releases::frozen_statement))
        .routes(routes!(releases::payouts, releases::pay))
        .routes(routes!(releases::payout))
        .routes(routes!(releases::reverse))
        .routes(routes!(release_payees::index, release_payees::set))
        .routes(routes!(adjustments::index, adjustments::add))
        .routes(routes!(adjustments::remove))
        .routes(routes!(adjustments::sheet))
        .routes(routes!(adjustments::clawback))
        .routes(routes!(clawbacks::of_all))
        .routes(routes!(what_if::compare))
        .routes(routes!(what_if::projections, what_if::project))
        .routes(routes!(desk::enquiry_list, desk::open))
        .routes(routes!(desk::enquiry, desk::answer))
        .routes(routes!(desk::candidates))
        .routes(routes!(desk::announcement_list, desk::announce))
        .routes(routes!(desk::announcement, desk::put_announcement, desk::remove))
        .routes(routes!(desk::boards))
        .routes(routes!(workflow::period))
        .routes(routes!(workflow::release_credits))
        .routes(routes!(workflow::withdraw_credits))
        .routes(routes!(workflow::approvals, workflow::approve))
        .routes(routes!(workflow::preferences, workflow::put_preferences))
        .routes(routes!(users::index, users::invite))
        .routes(routes!(users::put_role, users::remove))
        .routes(routes!(records::workspace))
        .routes(routes!(records::audit_log))
        .routes(routes!(records::event_feed))
        .routes(routes!(records::rewards_csv))
        .routes(routes!(records::credits_csv));
    // An upload has a limit of its own, which its handler keeps while the bytes arrive.
    let uploads = OpenApiRouter::new().routes(routes!(imports::upload)).layer(DefaultBodyLimit::disable());
    all.merge(loyalty::described()).layer(DefaultBodyLimit::max(BODY_MAX)).merge(uploads).layer(CompressionLayer::new())
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

async fn openapi_json() -> Response {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let text = TEXT.get_or_init(|| serde_json::to_vec(&description()).unwrap_or_default().into());
    answer::json_text(StatusCode::OK, text.clone())
}

/// The routes.
pub fn router(_state: &ServerState) -> Router<ServerState> {
    let (router, _) = described();
    router
        .nest("/crmapi/rest/v2", crate::crmapi::router())
        .route("/openapi.json", get(openapi_json))
        .route("/docs", get(docs::page))
        .method_not_allowed_fallback(problem::unknown_method)
        .layer(CatchPanicLayer::custom(problem::panicked))
}
