//! Sales: the list with its filter, and one sale with everything known about it.

mod facts;
mod list;
mod one;

use axum::Router;
use axum::routing::get;

use crate::ServerState;

pub(super) use facts::subject;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/sales", get(list::show)).route("/sales/{id}", get(one::show))
}
