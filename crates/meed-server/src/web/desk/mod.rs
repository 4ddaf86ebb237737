//! What payees and operators say to each other: enquiries, announcements, and the leaderboard.

mod announcements;
mod enquiries;
mod leaderboard;

use axum::Router;
use axum::routing::{get, post};

use crate::ServerState;

pub(super) use announcements::notices;

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/enquiries", get(enquiries::list).post(enquiries::open))
        .route("/enquiries/new", get(enquiries::blank))
        .route("/enquiries/{id}", get(enquiries::show).post(enquiries::answer))
        .route("/announcements", get(announcements::list).post(announcements::add))
        .route("/announcements/{id}", get(announcements::edit).post(announcements::save))
        .route("/announcements/{id}/remove", post(announcements::remove))
        .route("/leaderboard", get(leaderboard::show))
}
