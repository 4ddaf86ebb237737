//! Imports: the wizard from a dropped file to its result, and the list of all of them.

mod list;
mod mapping;
mod run;
mod said;
mod targets;
mod undo;
mod upload;
mod words;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::ServerState;

pub(super) use list::rows_of;
pub(super) use targets::target_labels;

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        // The upload counts its bytes itself while they stream to disk.
        .route("/imports", get(list::show).post(upload::take).layer(DefaultBodyLimit::disable()))
        .route("/imports/new", get(upload::form))
        .route("/imports/{id}", get(run::result))
        .route("/imports/{id}/mapping", get(mapping::show).post(mapping::choose))
        .route("/imports/{id}/preview", get(run::preview))
        .route("/imports/{id}/run", post(run::start))
        .route("/imports/{id}/discard", post(run::discard))
        .route("/imports/{id}/undo", get(undo::ask).post(undo::take_back))
        .route("/imports/{id}/progress", get(run::progress))
        .route("/imports/{id}/progress/part", get(run::progress_part))
        .route("/imports/{id}/rejects.csv", get(run::rejects))
}
