//! Tokens of tills: signed, alive for two hours whether used or not, and given back before that if the till says so
//! (`pos-loyalty.md` §2).
//!
//! A token only names who got it: what they may do is looked up with every use, so a revoked key ends its tokens too.

use std::sync::Arc;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use meed_core::command::{Actor, Class, PutRecord, PutRecords, RecordKind, Refused};
use meed_core::id::Id;
use meed_store::CONTROL_WORKSPACE;
use serde::{Deserialize, Serialize};

use super::known::{forgotten, to_the_end};
use super::{keys, sessions, users};
use crate::documents::WorkspaceDocument;
use crate::error::{AppError, AppResult};
use crate::secrets::token;
use crate::{App, Context, Scope, workspaces};

/// Seconds for which a token lives.
pub const TOKEN_SECONDS: i64 = 7_200;
/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 2_048;
/// `{"typ":"JWT","alg":"HS256"}` as every token begins.
const HEADER: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9";

/// The bearer of a token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// What use cases get.
    pub context: Arc<Context>,
    /// The store that the token was made for.
    pub unit: Option<Id>,
    /// The customer whose data alone the bearer sees.
    pub contact: Option<Id>,
}

/// The claims, in the order in which they are written.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    jti: String,
    usr: String,
    org: String,
    oun: String,
    iat: String,
    exp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cii: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
}

impl Claims {
    /// The second in which the token ends.
    fn ends(&self) -> AppResult<i64> {
        self.exp.parse().map_err(|_| invalid())
    }
}

/// A refusal because of who calls.
pub(super) fn refused(class: Class, code: &'static str, text: &'static str) -> AppError {
    Refused::new(class, code, text).into()
}

fn invalid() -> AppError {
    refused(Class::Unauthenticated, "invalid_token", "the token is missing, garbled, or not one of this server")
}

pub(super) fn wrong_credentials() -> AppError {
    refused(Class::Unauthenticated, "invalid_credentials", "user name, password, organisation or key are wrong")
}

/// An id as tokens write it.
fn hex_id(id: Id) -> String {
    format!("{:032X}", id.0)
}

fn id_of(text: &str) -> AppResult<Id> {
    let bits = u64::from_str_radix(text.trim_start_matches('0'), 16).unwrap_or_default();
    if text.len() == 32 { Ok(Id(bits.cast_signed())) } else { Err(invalid()) }
}

/// A person who may have a token, and the workspace that they named.
#[derive(Clone, Debug)]
pub struct KnownUser {
    /// The person.
    pub user: Id,
    /// The workspace.
    pub workspace: Id,
}

/// The person with this name and password. The organisation is the workspace's short name; `/sandbox` after it names its
/// sandbox.
pub async fn user(app: &App, name: &str, password: &str, organisation: &str) -> AppResult<KnownUser> {
    let user = match users::check_password(app, name, password).await {
        Err(AppError::Refused(refused)) if refused.class == Class::Unauthenticated => return Err(wrong_credentials()),
        other => users::get(app, other?).await?,
    };
    let workspace = self::organisation(app, organisation).await?;
    let home = workspaces::get(app, user.workspace).await?;
    if home.slug != workspace.slug || user.rep.is_some() {
        return Err(wrong_credentials());
    }
    Ok(KnownUser { user: user.id, workspace: Id(workspace.workspace) })
}

/// The workspace that an organisation's name means.
pub(super) async fn organisation(app: &App, name: &str) -> AppResult<WorkspaceDocument> {
    let (slug, side) = name.split_once('/').unwrap_or((name, "live"));
    workspaces::list(app).await?.into_iter().find(|w| w.slug == slug && w.side == side).ok_or_else(wrong_credentials)
}

/// Makes a token for a person.
pub fn for_user(app: &App, known: &KnownUser, unit: Option<Id>) -> AppResult<String> {
    sign(app, &format!("U{}", hex_id(known.user)), known.workspace, unit, None)
}

/// The context of an API key, or the refusal of a wrong one.
pub async fn of_key(app: &App, secret: &str) -> AppResult<Context> {
    match keys::authenticate(app, secret).await {
        Err(AppError::Refused(_)) => Err(wrong_credentials()),
        other => other,
    }
}

/// Makes a token for the holder of an API key.
pub fn for_key(app: &App, context: &Context, unit: Option<Id>) -> AppResult<String> {
    sign(app, &format!("K{}", hex_id(context.key.ok_or_else(invalid)?)), context.workspace, unit, None)
}

/// Makes a token that sees one customer's data only.
pub fn for_customer(app: &App, context: &Context, contact: Id) -> AppResult<String> {
    sign(app, &format!("K{}", hex_id(context.key.ok_or_else(invalid)?)), context.workspace, None, Some(contact))
}

/// Makes a token for a customer whom the shop's own identity service knows: it sees their data only.
pub(super) fn for_identified(app: &App, workspace: Id, contact: Id) -> AppResult<String> {
    sign(app, &format!("I{}", hex_id(contact)), workspace, None, Some(contact))
}

fn sign(app: &App, user: &str, workspace: Id, unit: Option<Id>, contact: Option<Id>) -> AppResult<String> {
    let issued = app.now().as_second();
    let claims = Claims {
        jti: token()?,
        usr: user.to_owned(),
        org: hex_id(workspace),
        oun: unit.map_or_else(String::new, hex_id),
        iat: issued.to_string(),
        exp: (issued + TOKEN_SECONDS).to_string(),
        cii: contact.map(hex_id),
        acr: contact.map(hex_id),
    };
    let body = serde_json::to_vec(&claims).map_err(|error| AppError::bug(&format!("a token cannot be written: {error}")))?;
    let signed = format!("{HEADER}.{}", base64(&body));
    let signature = app.secrets().sign_token(signed.as_bytes());
    Ok(format!("{signed}.{}", base64(&signature)))
}

/// The claims of a token that carries our signature.
fn claims_of(app: &App, text: &str) -> AppResult<Claims> {
    if text.len() > TOKEN_BYTES_MAX {
        return Err(invalid());
    }
    let (signed, signature) = text.rsplit_once('.').ok_or_else(invalid)?;
    let (header, body) = signed.split_once('.').ok_or_else(invalid)?;
    let signature = unbase64(signature).ok_or_else(invalid)?;
    if header != HEADER || !app.secrets().is_signed(signed.as_bytes(), &signature) {
        return Err(invalid());
    }
    let body = unbase64(body).ok_or_else(invalid)?;
    serde_json::from_slice(&body).map_err(|_| invalid())
}

/// Refuses a token that was given back.
async fn insist_on_kept(app: &App, claims: &Claims) -> AppResult<()> {
    let key = app.secrets().hash_session(&claims.jti);
    match app.store().record_by_key(CONTROL_WORKSPACE, RecordKind::ReleasedToken, key).await? {
        Some(_) => Err(invalid()),
        None => Ok(()),
    }
}

/// What the bearer of a token may do, as it stands now.
async fn context_of(app: &App, claims: &Claims) -> AppResult<Arc<Context>> {
    let workspace = id_of(&claims.org)?;
    Ok(match claims.usr.split_at_checked(1) {
        Some(("K", key)) => match keys::context_by_id(app, id_of(key)?).await {
            Err(AppError::Refused(_)) => return Err(invalid()),
            other => other?,
        },
        Some(("U", user)) => Arc::new(sessions::context_of(&users::get(app, id_of(user)?).await?, workspace)),
        Some(("I", customer)) if claims.cii.as_deref() == Some(customer) => {
            Arc::new(Context { actor: Actor(format!("customer {customer}")), ..Context::system(workspace) })
        }
        _ => return Err(invalid()),
    })
}

/// Who bears a token. An expired, released or foreign token, and one of a revoked key, is refused.
pub async fn check(app: &App, text: &str) -> AppResult<Bearer> {
    let (claims, context) = match app.known_tokens().find(text) {
        Ok(claims) => {
            let context = context_of(app, &claims).await;
            (claims, context)
        }
        Err(reading) => {
            let claims = Arc::new(claims_of(app, text)?);
            // Whether it was given back and whose it is are asked together: one round of look-ups serves both.
            let (kept, context) = tokio::join!(insist_on_kept(app, &claims), context_of(app, &claims));
            kept?;
            app.known_tokens().remember(text, &claims, reading);
            (claims, context)
        }
    };
    if app.now().as_second() >= claims.ends()? {
        return Err(refused(Class::Unauthenticated, "expired_token", "the token has ended; ask for a new one"));
    }
    let (workspace, context) = (id_of(&claims.org)?, context?);
    if context.workspace != workspace {
        return Err(invalid());
    }
    let unit = Some(claims.oun.as_str()).filter(|text| !text.is_empty()).map(id_of).transpose()?;
    let contact = claims.cii.as_deref().map(id_of).transpose()?;
    let context = match contact {
        None => context,
        // A customer's token reads; what it reads is held to this customer by the surface.
        Some(_) => Arc::new(Context { scopes: vec![Scope::Read], ..(*context).clone() }),
    };
    Ok(Bearer { context, unit, contact })
}

/// Gives a token back: from the answer on nobody can use it.
pub async fn release(app: &Arc<App>, text: &str) -> AppResult<()> {
    let (app, text) = (Arc::clone(app), text.to_owned());
    to_the_end(async move { release_known(&app, &text).await }).await
}

async fn release_known(app: &App, text: &str) -> AppResult<()> {
    let bearer = check(app, text).await?;
    let claims = claims_of(app, text)?;
    let ends = claims.ends()?;
    let put = PutRecord::new(RecordKind::ReleasedToken, Some(app.secrets().hash_session(&claims.jti)), format!("{{\"ends\":{ends}}}"));
    let ctx = Context { workspace: CONTROL_WORKSPACE, ..(*bearer.context).clone() };
    let done = app.submit(&ctx, "token".to_owned(), PutRecords::one("token.released", put)).await;
    app.known_tokens().forget(|known, _| known == text);
    forgotten(app).await;
    done.map(|_| ())
}

/// Base 64 for addresses, without padding (RFC 4648 §5).
fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base 64 for addresses, without padding. Bits that stand for nothing must be 0, so that a token has one form only.
#[must_use]
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_round_trips_and_has_one_form() {
        for bytes in [&b""[..], b"f", b"fo", b"foo", b"foob", &[0xff, 0xfe, 0xfd, 0xfc]] {
            assert_eq!(unbase64(&base64(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(base64(br#"{"typ":"JWT","alg":"HS256"}"#), HEADER);
        for wrong in ["Z", "Zh", "Zm9!", "Zm9v="] {
            assert_eq!(unbase64(wrong), None, "{wrong}");
        }
    }
}
