//! The web pages: handlers that read a request, call use cases, fill a page and draw it. No rule stands here.

pub mod access;
mod adjustments;
mod answer;
mod approvals;
mod audit;
mod calculations;
mod cookie;
mod desk;
mod explain;
mod exports;
mod files;
mod flash;
mod form;
mod imports;
mod keys;
mod multipart;
mod overview;
mod parties;
mod people;
mod preferences;
mod programs;
mod rates;
mod sales;
mod shown;
mod sign_in;
mod sources;
mod statements;
mod tiers;
mod till;
mod users;
mod visit;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use crate::ServerState;

/// The routes.
pub fn router(state: &ServerState) -> Router<ServerState> {
    let inside = Router::new()
        .merge(sign_in::routes())
        .merge(preferences::routes())
        .merge(overview::routes())
        .merge(imports::routes())
        .merge(calculations::routes())
        .merge(adjustments::routes())
        .merge(sales::routes())
        .merge(people::routes())
        .merge(parties::routes())
        .merge(programs::routes())
        .merge(statements::routes())
        .merge(exports::routes())
        .merge(rates::routes())
        .merge(keys::routes())
        .merge(sources::routes())
        .merge(audit::routes())
        .merge(till::routes())
        .merge(users::routes())
        .merge(approvals::routes())
        .merge(desk::routes())
        .route_layer(from_fn_with_state(state.clone(), visit::signed_in));
    let door = sign_in::door().route_layer(from_fn_with_state(state.clone(), visit::at_the_door));
    Router::new()
        .merge(inside)
        .merge(door)
        .route("/assets/{name}", get(files::asset))
        .route("/favicon.ico", get(files::favicon))
        .method_not_allowed_fallback(wrong_method.layer(from_fn_with_state(state.clone(), visit::anybody)))
        .fallback(unknown.layer(from_fn_with_state(state.clone(), visit::anybody)))
        .layer(CompressionLayer::new())
}

/// An address that leads nowhere.
async fn unknown() -> answer::Trouble {
    answer::Trouble::not_found()
}

/// The address of a form, typed or read again.
async fn wrong_method() -> answer::Trouble {
    answer::Trouble::wrong_method()
}
