//! `/v1/keys`: API keys by self-service.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::Scope;
use meed_app::access::keys::{self, KeyInfo};
use meed_core::id::Kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Page, PageParams, json, no_content, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, Problem};
use super::request::{Caller, Json, Params, id_of};
use super::wire::time;
use crate::ServerState;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = KeyIn)]
pub(crate) struct KeyIn {
    /// What it is for, 1 to 100 characters.
    #[schema(example = "Shop")]
    label: String,
    /// What it may do: `read`, `sales`, `plans`, `release`, `admin`.
    #[schema(example = json!(["sales"]))]
    scopes: Vec<String>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub(crate) struct KeyOut {
    /// The key.
    #[schema(example = "key_01jq3v8k2m9ra")]
    id: String,
    /// What it is for.
    label: String,
    /// What it may do.
    scopes: Vec<String>,
    /// Its first characters.
    #[schema(example = "mk_7f3k")]
    hint: String,
    /// When it was made.
    created_at: String,
    /// By whom.
    created_by: String,
    /// When it was last used, to the minute; null if it was not.
    last_used_at: Option<String>,
}

/// A new key. Its secret is shown here and nowhere else.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NewKey)]
pub(crate) struct NewKeyOut {
    /// To be sent as `Authorization: Bearer …`. Only a keyed hash of it is stored.
    #[schema(example = "mk_7f3kq0d2m5v8x1c4n6b9z3h7j2g5t8r1")]
    secret: String,
    /// The key.
    key: KeyOut,
}

impl From<&KeyInfo> for KeyOut {
    fn from(info: &KeyInfo) -> Self {
        Self {
            id: info.id.text(Kind::Key),
            label: info.label.clone(),
            scopes: info.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
            hint: info.hint.clone(),
            created_at: time(info.created_us),
            created_by: info.created_by.clone(),
            last_used_at: info.last_used_us.map(time),
        }
    }
}

/// Make a key
///
/// Needs the scope `admin`. The secret is answered once. Two keys may be valid at the same time, so that a key is replaced
/// without a gap: make the new one, put it in place, revoke the old one.
#[utoipa::path(
    post, path = "/keys", tag = "Keys", operation_id = "createKey",
    request_body(content = KeyIn, example = json!({"label": "Shop", "scopes": ["sales"]})),
    responses((status = 201, description = "The key with its secret", body = NewKeyOut), Refusals),
)]
pub(crate) async fn create(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<KeyIn>) -> Answered<Response> {
    let mut scopes = Vec::with_capacity(body.scopes.len());
    for (index, word) in body.scopes.iter().enumerate() {
        let scope = Scope::from_word(word).ok_or_else(|| {
            let all = Scope::ALL.map(Scope::word).join(", ");
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "scope_unknown", format!("a scope is one of: {all}"))
                .at(format!("scopes[{index}]"))
        })?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let key = keys::create(&state.app, &ctx, &body.label, &scopes).await?;
    Ok(json(StatusCode::CREATED, &NewKeyOut { secret: key.secret, key: KeyOut::from(&key.info) }))
}

/// List keys
///
/// Needs the scope `admin`. Newest first, without their secrets.
#[utoipa::path(
    get, path = "/keys", tag = "Keys", operation_id = "listKeys", params(PageParams),
    responses((status = 200, description = "A page of keys", body = Page<KeyOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let all = keys::list(&state.app, &ctx).await?;
    let (keys, next) = page_of(all, &params, |key| key.id)?;
    page(keys.iter().map(KeyOut::from).collect(), next, params.fields.as_deref())
}

/// Revoke a key
///
/// Needs the scope `admin`. From the answer on nothing that is sent with the key has an effect.
#[utoipa::path(
    delete, path = "/keys/{id}", tag = "Keys", operation_id = "revokeKey",
    params(("id" = String, Path, description = "The key", example = "key_01jq3v8k2m9ra")),
    responses((status = 204, description = "It is revoked"), Refusals),
)]
pub(crate) async fn revoke(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    keys::revoke(&state.app, &ctx, id_of(&id, Kind::Key, "key")?).await?;
    Ok(no_content())
}
