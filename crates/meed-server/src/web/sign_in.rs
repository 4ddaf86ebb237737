//! The door: signing in with a password, coming by a one-time link, and leaving.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use meed_app::AppError;
use meed_app::access::{sessions, users};

use super::answer::{Answer, Trouble, form_errors, form_page, page, refused_page, see_other};
use super::cookie::Cookie;
use super::form::{Asked, Posted};
use super::visit::{Guest, Visit, safe_next};
use crate::ServerState;
use crate::pages::FormErrors;
use crate::pages::auth::{LoginPage, SignInProblem, WelcomePage};

/// Routes for visitors without a session.
pub(super) fn door() -> Router<ServerState> {
    Router::new().route("/login", get(form).post(sign_in)).route("/welcome/{token}", get(welcome).post(accept))
}

/// Routes for visitors with one.
pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/logout", post(sign_out))
}

async fn form(guest: Guest, Asked(asked): Asked) -> Answer {
    let next = safe_next(asked.text("next")).to_owned();
    if guest.is_signed_in {
        return Ok(see_other(&next));
    }
    let problem = guest.has_ended.then_some(SignInProblem::SessionEnded);
    page(&LoginPage { chrome: guest.chrome, email: String::new(), next, problem })
}

async fn sign_in(State(state): State<ServerState>, guest: Guest, Posted(form): Posted) -> Answer {
    let next = safe_next(form.text("next")).to_owned();
    let email = form.text("email").to_owned();
    let refused = match users::sign_in(&state.app, &email, form.raw("password")).await {
        Ok(session) => return Ok(enter(&state, &session.token, &next)),
        Err(AppError::Refused(refused)) => refused,
        Err(other) => return Err(other.into()),
    };
    let (status, problem) = match &*refused.code {
        "account_locked" => (StatusCode::TOO_MANY_REQUESTS, SignInProblem::Locked("in 15 minutes".to_owned())),
        _ => (StatusCode::UNAUTHORIZED, SignInProblem::Wrong),
    };
    refused_page(status, &LoginPage { chrome: guest.chrome, email, next, problem: Some(problem) })
}

/// Hands over the session. The token of the door is not needed any more.
fn enter(state: &ServerState, token: &str, next: &str) -> Response {
    let mut response = see_other(next);
    Cookie::Session.set(state, response.headers_mut(), token);
    Cookie::Door.clear(state, response.headers_mut());
    response
}

fn is_link_refused(error: &AppError) -> bool {
    matches!(error, AppError::Refused(refused) if refused.code == "link_expired")
}

fn link_expired(guest: Guest) -> Answer {
    let problem = Some(SignInProblem::LinkExpired);
    refused_page(StatusCode::GONE, &LoginPage { chrome: guest.chrome, email: String::new(), next: "/".to_owned(), problem })
}

async fn welcome(State(state): State<ServerState>, guest: Guest, Path(token): Path<String>) -> Answer {
    match users::link_user(&state.app, &token).await {
        Ok(user) => page(&WelcomePage { chrome: guest.chrome, token, email: user.email, name: user.name, errors: FormErrors::none() }),
        Err(error) if is_link_refused(&error) => link_expired(guest),
        Err(error) => Err(error.into()),
    }
}

async fn accept(State(state): State<ServerState>, guest: Guest, Path(token): Path<String>, Posted(form): Posted) -> Answer {
    let user = match users::link_user(&state.app, &token).await {
        Ok(user) => user,
        Err(error) if is_link_refused(&error) => return link_expired(guest),
        Err(error) => return Err(error.into()),
    };
    let name = form.text("name").to_owned();
    let again = |guest: Guest, errors| {
        let name = name.clone();
        form_page(&WelcomePage { chrome: guest.chrome, token: token.clone(), email: user.email.clone(), name, errors })
    };
    if form.raw("password") != form.raw("password_again") {
        return again(guest, FormErrors::one("password_again", "This is not the same password."));
    }
    match users::accept_link(&state.app, &token, &name, form.raw("password")).await {
        Ok(session) => Ok(enter(&state, &session.token, "/")),
        Err(error) if is_link_refused(&error) => link_expired(guest),
        Err(error) => again(guest, form_errors(error, &[("password", "password"), ("name", "name")])?),
    }
}

async fn sign_out(State(state): State<ServerState>, visit: Visit, Posted(_): Posted) -> Result<Response, Trouble> {
    sessions::end(&state.app, &visit.session).await?;
    let mut response = see_other("/login");
    Cookie::Session.clear(&state, response.headers_mut());
    Ok(response)
}
