//! Routes of `web`.

use axum::Router;

use crate::ServerState;

/// The routes.
pub fn router(_state: &ServerState) -> Router<ServerState> {
    Router::new()
}
