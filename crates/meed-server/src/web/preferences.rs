//! What a person chooses for themselves: colours, and the side of the workspace.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use meed_app::access::sessions;

use super::answer::{Answer, see_other};
use super::cookie::Cookie;
use super::form::Posted;
use super::visit::{Visit, safe_next};
use crate::ServerState;
use crate::pages::Theme;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/preferences/theme", post(theme)).route("/preferences/side", post(side))
}

async fn theme(State(state): State<ServerState>, _: Visit, Posted(form): Posted) -> Answer {
    let mut response = see_other(safe_next(form.text("back")));
    Cookie::Theme.set(&state, response.headers_mut(), Theme::from_code(form.text("theme")).code());
    Ok(response)
}

/// The records of one side do not exist on the other, so it begins with its first page.
async fn side(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    sessions::set_side(&state.app, &visit.session, form.text("side") == "sandbox").await?;
    Ok(see_other("/"))
}
