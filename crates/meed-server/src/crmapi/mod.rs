//! `/crmapi/rest/v2/*`: the surface of tills that speak to CRM.COM (`pos-loyalty.md`). A thin adapter: it keeps its own words
//! on the wire and calls the same use cases as `/v1`.
//!
//! Every answer is an envelope, and refusals come with HTTP 200: tills look at `status.code` alone. Only faults carry their
//! HTTP status, so that proxies and retries see them.

mod activities;
mod authentication;
mod bulk;
mod call;
mod failure;
mod out;
mod participants;
mod place;
mod purchase_in;
mod purchase_out;
mod purchases;
mod rest;
mod spends;
mod values;
mod wallets;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use meed_core::id::Id;

use crate::ServerState;
use failure::Failure;

/// Results of one call at most, and when nothing is said.
const RESULTS_MAX: usize = 100;
/// Bytes of a body that holds one thing.
const BODY_MAX: usize = 1024 * 1024;
/// Bytes of a body that holds many.
const BULK_MAX: usize = 16 * 1024 * 1024;

/// When an id was made, in microseconds UTC.
fn made_us(id: Id) -> i64 {
    (id.0 >> 20).saturating_mul(1_000)
}

/// The routes, to be put below `/crmapi/rest/v2`.
pub(crate) fn router() -> Router<ServerState> {
    let single = Router::new()
        .route("/authentication/token", post(authentication::by_password))
        .route("/authentication/web_api_key/token", post(authentication::by_key))
        .route("/authentication/consumer_application_key/token", post(authentication::for_customer))
        .route("/authentication/token/release", post(authentication::release))
        .route("/rewards_participants/show", get(participants::show).post(participants::show))
        .route("/accounts_receivable/show", get(participants::show).post(participants::show))
        .route("/accounts_receivable/rewards/calculate_value_units", get(participants::value_units).post(participants::value_units))
        .route(
            "/accounts_receivable/rewards/calculate_total_awarded_amount",
            get(participants::total_awarded).post(participants::total_awarded),
        )
        .route("/accounts_receivable/rewards/request_scheme_reference_code", post(participants::scheme_code))
        .route("/accounts_receivable/rewards/confirm_scheme_reference_code", post(participants::confirm_scheme))
        .route("/rewards_participants/list", get(participants::list).post(participants::list))
        .route("/customer_events/purchases/preview", post(purchases::preview))
        .route("/customer_events/purchases/create", post(purchases::create))
        .route("/customer_events/purchases/create_spend", post(purchases::create_spend))
        .route("/customer_events/purchases/show", get(purchases::show).post(purchases::show))
        .route("/customer_events/purchases/list", get(purchases::list).post(purchases::list))
        .route("/customer_events/purchases/cancel", post(purchases::cancel))
        .route("/customer_events/purchases/apply_settlement", post(purchases::apply_settlement))
        .route("/customer_events/spend_requests/create", post(spends::create))
        .route("/customer_events/spend_requests/show", get(spends::show).post(spends::show))
        .route("/customer_events/spend_requests/list", get(spends::list).post(spends::list))
        .route("/customer_events/spend_requests/cancel", post(spends::cancel))
        .route("/customer_events/referrals/create", post(activities::refer))
        .route("/customer_events/achievements/create", post(activities::achieve))
        .route("/customer_events/achievements/preview", post(activities::preview))
        .route("/wallets/get_balance", get(wallets::balance).post(wallets::balance))
        .route("/wallets/get_balance_breakdown", get(wallets::breakdown).post(wallets::breakdown))
        .route("/wallets/get_balance_expiration", get(wallets::expiration).post(wallets::expiration))
        .route("/wallets/get_limits", get(wallets::limits).post(wallets::limits))
        .route("/wallets/journal", get(wallets::journal).post(wallets::journal))
        .route("/purchases", post(rest::create))
        .route("/purchases/ad_hoc_return", post(rest::ad_hoc_return))
        .route("/purchases/{id}/cancel", post(rest::cancel))
        .layer(DefaultBodyLimit::max(BODY_MAX));
    let many = Router::new()
        .route("/customer_events/bulk/purchases/create", post(bulk::purchases))
        .route("/customer_events/bulk/referrals/create", post(activities::refer_many))
        .route("/customer_events/bulk/achievements/create", post(activities::achieve_many))
        .route("/products/synchronise", post(bulk::synchronise))
        .layer(DefaultBodyLimit::max(BULK_MAX));
    single.merge(many).fallback(unknown).method_not_allowed_fallback(wrong_method)
}

async fn unknown() -> Failure {
    Failure::new("METHOD_UNKNOWN", "there is no such method; docs/till.md lists what there is")
}

async fn wrong_method() -> Failure {
    Failure::new("METHOD_UNKNOWN", "this method is not called with this HTTP verb")
}
