//! `authentication/*`: tokens for tills (`pos-loyalty.md` §2).

use axum::extract::{Request, State};
use axum::response::Response;
use meed_app::access::{identity, tokens};
use meed_app::loyalty::participants;
use meed_core::id::Id;
use serde::Deserialize;

use super::call::{basic_key, ok, read};
use super::failure::{Answered, Failure};
use super::out::{Out, object};
use super::values::{AccessToken, parse_id};
use crate::ServerState;
use crate::api::request::parse;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Login {
    username: Option<String>,
    password: Option<String>,
    organisation: Option<String>,
    unit: Option<String>,
    fields_set: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct KeyLogin {
    unit: Option<String>,
    access_token_identifier: Option<AccessToken>,
    jwt: Option<String>,
    organisation: Option<String>,
    fields_set: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Release {
    token: Option<String>,
}

fn token(text: String) -> Out {
    object! {"token": text}
}

/// The store that a token is made for: the one named, the one of the user or key, or the workspace's.
async fn unit(state: &ServerState, workspace: Id, of: Option<Id>, named: Option<&str>) -> Answered<Option<Id>> {
    let config = state.app.fresh_till_config(workspace).await?;
    let known = |id: &Id| config.units.contains_key(id);
    match named {
        None => {
            let own = of.and_then(|of| config.settings.default_units.get(&of)).copied().filter(known);
            let usual = || config.settings.default_unit.filter(known);
            Ok(own.or_else(usual).or_else(|| config.units.keys().next().copied()))
        }
        Some(text) => {
            let known = parse_id(text).filter(|id| config.units.contains_key(id));
            known.map(Some).ok_or_else(|| Failure::unknown("unit", "unit"))
        }
    }
}

/// `POST authentication/token`.
pub(super) async fn by_password(State(state): State<ServerState>, request: Request) -> Answered<Response> {
    let (_, bytes) = read(request, &state).await?;
    let login: Login = parse(&bytes)?;
    let given = |value: &Option<String>, name: &str| value.clone().ok_or_else(|| Failure::missing(name));
    let (name, password) = (given(&login.username, "username")?, given(&login.password, "password")?);
    let organisation = given(&login.organisation, "organisation")?;
    let user = tokens::user(&state.app, &name, &password, &organisation).await?;
    let unit = unit(&state, user.workspace, Some(user.user), login.unit.as_deref()).await?;
    Ok(ok(token(tokens::for_user(&state.app, &user, unit)?), login.fields_set.as_deref()))
}

/// `POST authentication/web_api_key/token`.
pub(super) async fn by_key(State(state): State<ServerState>, request: Request) -> Answered<Response> {
    let (headers, bytes) = read(request, &state).await?;
    let context = tokens::of_key(&state.app, &basic_key(&headers)?).await?;
    let login: KeyLogin = if bytes.iter().all(u8::is_ascii_whitespace) { KeyLogin::default() } else { parse(&bytes)? };
    let unit = unit(&state, context.workspace, context.key, login.unit.as_deref()).await?;
    Ok(ok(token(tokens::for_key(&state.app, &context, unit)?), login.fields_set.as_deref()))
}

/// `POST authentication/consumer_application_key/token`: the bearer sees one customer's data only. With a key and the
/// customer's access token, or with a token of the shop's identity service and the organisation.
pub(super) async fn for_customer(State(state): State<ServerState>, request: Request) -> Answered<Response> {
    let (headers, bytes) = read(request, &state).await?;
    let login = if bytes.iter().all(u8::is_ascii_whitespace) { KeyLogin::default() } else { parse(&bytes)? };
    if let Some(jwt) = &login.jwt {
        if login.access_token_identifier.is_some() {
            let text = "exactly one of access_token_identifier and jwt names the customer";
            return Err(Failure::conflict("jwt", text));
        }
        let organisation = login.organisation.as_deref().ok_or_else(|| Failure::missing("organisation"))?;
        return Ok(ok(token(identity::token(&state.app, jwt, organisation).await?), login.fields_set.as_deref()));
    }
    let context = tokens::of_key(&state.app, &basic_key(&headers)?).await?;
    let named = login.access_token_identifier.ok_or_else(|| Failure::missing("access_token_identifier"))?;
    let found = participants::find(&state.app, &context, &named.who("access_token_identifier")?).await?;
    Ok(ok(token(tokens::for_customer(&state.app, &context, found.id)?), login.fields_set.as_deref()))
}

/// `POST authentication/token/release`.
pub(super) async fn release(State(state): State<ServerState>, request: Request) -> Answered<Response> {
    let (_, bytes) = read(request, &state).await?;
    let given: Release = parse(&bytes)?;
    tokens::release(&state.app, given.token.as_deref().unwrap_or_default()).await?;
    Ok(ok(Out::List(Vec::new()), None))
}
