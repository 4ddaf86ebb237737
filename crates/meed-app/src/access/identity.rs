//! Tokens of a shop's own identity service: a customer who has signed in there gets a till token here (`pos-loyalty.md` §2.1).
//!
//! They are JSON Web Tokens signed with HS256 and a key that the shop set. `sub` names the customer by card, phone, e-mail,
//! any other code, or number; `exp` must be there.

use meed_core::command::Class;
use meed_core::id::Id;
use serde::Deserialize;

use super::tokens::{self, organisation, refused, unbase64, wrong_credentials};
use crate::error::{AppError, AppResult};
use crate::loyalty::{Who, participants, records};
use crate::secrets::is_hmac;
use crate::{App, Context};

/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8_192;

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

/// The claims of a token with a good signature.
fn claims(key: &str, text: &str) -> Option<Claims> {
    let (signed, signature) = text.rsplit_once('.').filter(|_| text.len() <= TOKEN_BYTES_MAX)?;
    let (header, body) = signed.split_once('.')?;
    let header: Header = serde_json::from_slice(&unbase64(header)?).ok()?;
    if header.alg != "HS256" || !is_hmac(key.as_bytes(), signed.as_bytes(), &unbase64(signature)?) {
        return None;
    }
    serde_json::from_slice(&unbase64(body)?).ok()
}

/// A till token for the customer whom the identity service of an organisation names. A workspace without a key of such a
/// service trusts none.
pub async fn token(app: &App, text: &str, of: &str) -> AppResult<String> {
    let workspace = organisation(app, of).await?;
    let ctx = Context::system(Id(workspace.workspace));
    let sealed = records::till_settings(app, &ctx).await?.identity_key.ok_or_else(wrong_credentials)?;
    let claims = claims(&app.secrets().open(&sealed)?, text).ok_or_else(wrong_credentials)?;
    let now = app.now().as_second();
    if claims.exp <= now {
        return Err(refused(Class::Unauthenticated, "expired_token", "the token of the identity service has ended"));
    }
    if claims.nbf.is_some_and(|from| now < from) {
        return Err(wrong_credentials());
    }
    let found = match participants::find(app, &ctx, &Who::Code(claims.sub.clone())).await {
        Err(AppError::Refused(no)) if no.code == "entity_not_found" => participants::find(app, &ctx, &Who::Number(claims.sub)).await?,
        other => other?,
    };
    tokens::for_identified(app, ctx.workspace, found.id)
}
