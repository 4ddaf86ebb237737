//! Who visits: the session of a request, the frame of its page, and the headers of its answer.
//!
//! Two layers stand around the handlers. [`signed_in`] lets only sessions through and sends everybody else to the door;
//! [`at_the_door`] serves visitors without one. Both draw refusals as pages and set the security headers.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use meed_app::access::sessions::{self, Session};
use meed_app::{Context, preferences, workspaces};
use meed_core::command::Class;
use tower_http::request_id::RequestId;

use super::access::{RULES, Who, who};
use super::answer::{Trouble, see_other, sentence};
use super::cookie::Cookie;
use super::flash;
use crate::ServerState;
use crate::pages::errors::ErrorPage;
use crate::pages::markup::local;
use crate::pages::{CONTENT_SECURITY_POLICY, Chrome, Nav, Role, Side, Theme, User};

/// The token that every form of this visitor must send.
#[derive(Clone)]
pub(super) struct Csrf(pub(super) String);

/// A signed-in visitor.
#[derive(Clone)]
pub(super) struct Visit {
    /// What use cases get.
    pub(super) ctx: Context,
    /// The session.
    pub(super) session: Arc<Session>,
    chrome: Chrome,
}

impl Visit {
    /// The frame of a page at this place of the navigation.
    pub(super) fn chrome(&self, nav: Nav) -> Chrome {
        Chrome { nav, ..self.chrome.clone() }
    }
}

impl FromRequestParts<ServerState> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &ServerState) -> Result<Self, Trouble> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Trouble::not_found)
    }
}

/// A visitor who is not signed in.
#[derive(Clone)]
pub(super) struct Guest {
    /// The frame of a page.
    pub(super) chrome: Chrome,
    /// The request carried a session that has ended.
    pub(super) has_ended: bool,
    /// The request carries a session that is still good.
    pub(super) is_signed_in: bool,
}

impl FromRequestParts<ServerState> for Guest {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &ServerState) -> Result<Self, Trouble> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Trouble::not_found)
    }
}

/// The session of a request, if it is good.
async fn session(state: &ServerState, headers: &HeaderMap) -> Result<Option<Session>, Trouble> {
    let Some(token) = Cookie::Session.read(state, headers) else { return Ok(None) };
    match sessions::find(&state.app, &token).await {
        Ok(session) => Ok(Some(session)),
        Err(error) => match Trouble::from(error) {
            // A session that has ended, or one whose person is gone.
            trouble if matches!(trouble.status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) => Ok(None),
            trouble => Err(trouble),
        },
    }
}

/// What every page shows, before anybody is known.
fn chrome(state: &ServerState, request: &Request) -> Chrome {
    let given = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).map(str::to_owned);
    let made = || meed_app::token().map_or_else(|_| String::new(), |token| format!("req_{}", token.get(..16).unwrap_or_default()));
    Chrome {
        request_id: given.unwrap_or_else(made),
        theme: Theme::from_code(&Cookie::Theme.read(state, request.headers()).unwrap_or_default()),
        path: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        flash: flash::take(state, request.headers()).into_iter().collect(),
        ..Chrome::default()
    }
}

/// Lets only signed-in visitors through.
pub(super) async fn signed_in(State(state): State<ServerState>, mut request: Request, next: Next) -> Response {
    let chrome = chrome(&state, &request);
    let visit = match visit(&state, request.headers(), chrome.clone()).await {
        Ok(Some(visit)) => visit,
        Ok(None) => return finish(&state, to_the_door(&request, &chrome), chrome),
        Err(trouble) => return finish(&state, trouble.into_response(), chrome),
    };
    let chrome = visit.chrome.clone();
    // A method that the address does not take is answered by the router.
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    if !who(route, request.method()).includes(visit.ctx.role) && is_a_method_of(route, request.method()) {
        let answer = match visit.ctx.role {
            role if route == "/" && role.is_of_rep() => see_other("/statements"),
            meed_app::Role::Cashier if route == "/" => see_other("/till"),
            role => not_for(role),
        };
        return finish(&state, answer, chrome);
    }
    request.extensions_mut().insert(Csrf(chrome.csrf.clone()));
    request.extensions_mut().insert(visit);
    finish(&state, next.run(request).await, chrome)
}

/// A route without a rule has no method: nobody comes in.
fn is_a_method_of(route: &str, method: &Method) -> bool {
    let is_known = RULES.iter().any(|(known, ..)| *known == route);
    !is_known || who(route, method) != Who::Nobody
}

fn not_for(role: meed_app::Role) -> Response {
    let (code, text) = match role {
        meed_app::Role::Payee => ("payee_only", "you see your own statements here, and nothing else"),
        meed_app::Role::Manager => ("line_only", "you see your own statements here and those of your line, and nothing else"),
        meed_app::Role::Cashier => ("till_only", "you work at the till here; this page is for the administrators of the workspace"),
        _ => ("read_only", "you may look at this workspace, but this page is for its full administrators"),
    };
    Trouble::refused(Class::Forbidden, code, text).into_response()
}

async fn visit(state: &ServerState, headers: &HeaderMap, chrome: Chrome) -> Result<Option<Visit>, Trouble> {
    let Some(session) = session(state, headers).await? else { return Ok(None) };
    let workspace = workspaces::get(&state.app, session.context.workspace).await?;
    let is_of_rep = session.context.role.is_of_rep();
    let wanted = if is_of_rep { preferences::get(&state.app, &session.context).await? } else { preferences::Preferences::default() };
    let chrome = Chrome {
        workspace: workspace.name,
        side: if workspace.side == "sandbox" { Side::Sandbox } else { Side::Live },
        user: Some(User {
            name: session.user.name.clone(),
            email: session.user.email.clone(),
            role: match session.context.role {
                meed_app::Role::Admin => Role::Operator,
                meed_app::Role::Limited => Role::Observer { sees_plans: true },
                meed_app::Role::LimitedNoPlans => Role::Observer { sees_plans: false },
                meed_app::Role::Manager => Role::Manager,
                meed_app::Role::Payee => Role::Payee,
                meed_app::Role::Cashier => Role::Cashier,
            },
        }),
        csrf: session.csrf.clone(),
        leaderboard: wanted.leaderboard,
        statement_word: wanted.statement_word,
        attainment_word: wanted.attainment_word,
        ..chrome
    };
    Ok(Some(Visit { ctx: session.context.clone(), session: Arc::new(session), chrome }))
}

/// A page is opened again after the sign-in; a form is not sent again.
fn to_the_door(request: &Request, chrome: &Chrome) -> Response {
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_page || chrome.path == "/" {
        return see_other("/login");
    }
    let next = serde_urlencoded::to_string([("next", &chrome.path)]).unwrap_or_default();
    see_other(&format!("/login?{next}"))
}

/// Serves visitors without a session, and gives them a token for the forms at the door.
pub(super) async fn at_the_door(State(state): State<ServerState>, mut request: Request, next: Next) -> Response {
    let mut chrome = chrome(&state, &request);
    let had = Cookie::Session.read(&state, request.headers()).is_some();
    let found = match session(&state, request.headers()).await {
        Ok(found) => found,
        Err(trouble) => return finish(&state, trouble.into_response(), chrome),
    };
    let known = Cookie::Door.read(&state, request.headers()).filter(|token| token.len() == 32);
    let token = match known.clone().map_or_else(meed_app::token, Ok) {
        Ok(token) => token,
        Err(error) => return finish(&state, Trouble::from(error).into_response(), chrome),
    };
    // The form carries a keyed hash of the cookie: who can set a cookie for this host still cannot write the form.
    chrome.csrf = state.app.secrets().hash_session(&format!("door {token}"));
    request.extensions_mut().insert(Csrf(chrome.csrf.clone()));
    let guest = Guest { chrome: chrome.clone(), has_ended: had && found.is_none(), is_signed_in: found.is_some() };
    request.extensions_mut().insert(guest);
    let mut response = next.run(request).await;
    if known.is_none() && response.status() != StatusCode::SEE_OTHER {
        Cookie::Door.set(&state, response.headers_mut(), &token);
    }
    finish(&state, response, chrome)
}

/// Serves everybody, with the frame of a session where there is one.
pub(super) async fn anybody(State(state): State<ServerState>, request: Request, next: Next) -> Response {
    let guest = chrome(&state, &request);
    let chrome = match visit(&state, request.headers(), guest.clone()).await {
        Ok(found) => found.map_or(guest, |visit| visit.chrome),
        Err(trouble) => return finish(&state, trouble.into_response(), guest),
    };
    finish(&state, next.run(request).await, chrome)
}

/// Draws refusals, takes back the message that was shown, and sets the headers.
fn finish(state: &ServerState, mut response: Response, chrome: Chrome) -> Response {
    let request_id = chrome.request_id.clone();
    let has_flash = !chrome.flash.is_empty();
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        response = refusal(&trouble, chrome);
    }
    // A part of a page shows no messages.
    let is_part = response.extensions().get::<Part>().is_some();
    let is_html = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    if has_flash && is_html && !is_part {
        Cookie::Flash.clear(state, response.headers_mut());
    }
    secure(state, response.headers_mut(), &request_id);
    response
}

/// Marks an answer as a part of a page.
#[derive(Clone)]
pub(super) struct Part;

fn refusal(trouble: &Trouble, chrome: Chrome) -> Response {
    if trouble.status.is_server_error() {
        tracing::error!(request = chrome.request_id, code = trouble.code, detail = trouble.detail, "a page failed");
    }
    let mut page = ErrorPage::of(chrome, trouble.status.as_u16());
    if trouble.status == StatusCode::UNPROCESSABLE_ENTITY {
        "That cannot be done".clone_into(&mut page.title);
    }
    if !trouble.text.is_empty() {
        page.text = sentence(&trouble.text);
    }
    page.code.clone_from(&trouble.code);
    let body = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "the page of a refusal could not be drawn");
        String::from("Something went wrong on our side.")
    });
    (trouble.status, Html(body)).into_response()
}

fn secure(state: &ServerState, headers: &mut HeaderMap, request_id: &str) {
    let mut put = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    put(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    put(header::CACHE_CONTROL, "no-store");
    put(header::REFERRER_POLICY, "same-origin");
    put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(header::X_FRAME_OPTIONS, "DENY");
    put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    if state.is_secure {
        put(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// An address on this site to go on to; anything else leads to the first page.
pub(super) fn safe_next(next: &str) -> &str {
    let is_local = next.starts_with('/') && local(next) == next && !next.chars().any(|c| c.is_control() || c == '\\');
    if is_local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_site_are_gone_on_to() {
        for (next, to) in [
            ("/sales?q=a", "/sales?q=a"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
            ("#x", "/"),
        ] {
            assert_eq!(safe_next(next), to, "{next:?}");
        }
    }
}
