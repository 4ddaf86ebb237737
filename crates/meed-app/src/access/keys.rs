//! API keys: made and revoked by self-service, shown once, stored as keyed hashes (`commissions.md` §6).

use std::collections::HashMap;
use std::sync::Arc;

use meed_core::command::{Actor, Class, PutRecord, PutRecords, Record, RecordKind, Refused, Reply};
use meed_core::id::{Id, Kind};
use meed_store::{CONTROL_WORKSPACE, StoreError};

use super::known::{Known, Reading, forgotten, to_the_end};
use crate::documents::{KeyDocument, KeyUseDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::secrets::token;
use crate::{App, Context, Role, Scope};

/// A key as it is listed: never its secret.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct KeyInfo {
    pub id: Id,
    pub label: String,
    pub scopes: Vec<Scope>,
    pub hint: String,
    pub created_us: i64,
    pub created_by: String,
    /// When it was last used, as far as is known.
    pub last_used_us: Option<i64>,
}

/// A new key. The secret is here and nowhere else.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct NewKey {
    pub info: KeyInfo,
    pub secret: String,
}

/// Makes a key for the caller's workspace.
pub async fn create(app: &App, ctx: &Context, label: &str, scopes: &[Scope]) -> AppResult<NewKey> {
    ctx.require(Scope::Admin)?;
    let label = label.trim();
    if label.is_empty() || label.chars().count() > 100 {
        return Err(AppError::invalid("label_invalid", "label", "a key needs a label of 1 to 100 characters"));
    }
    if scopes.is_empty() {
        return Err(AppError::invalid("scopes_missing", "scopes", "a key needs at least one scope"));
    }
    let secret = format!("mk_{}", token()?);
    let document = KeyDocument {
        workspace: ctx.workspace.0,
        label: label.to_owned(),
        scopes: scopes.iter().map(|s| s.word().to_owned()).collect(),
        hint: secret.chars().take(7).collect(),
        created_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
    };
    let put = PutRecord::new(RecordKind::ApiKey, Some(app.secrets().hash_api_key(&secret)), write(&document)?);
    let Reply::Records(ids) = app.submit(&control(ctx), label.to_owned(), PutRecords::one("key.created", put)).await? else {
        return Err(AppError::bug("a key was not written"));
    };
    let id = ids.first().map_or(Id(0), |(id, _)| *id);
    note(app, ctx, "key.created", label.to_owned()).await?;
    Ok(NewKey { info: info(id, &document), secret })
}

/// Revokes a key. From the answer on no request with it has an effect.
pub async fn revoke(app: &Arc<App>, ctx: &Context, key: Id) -> AppResult<()> {
    ctx.require(Scope::Admin)?;
    let (app, ctx) = (Arc::clone(app), ctx.clone());
    to_the_end(async move { revoke_known(&app, &ctx, key).await }).await
}

async fn revoke_known(app: &App, ctx: &Context, key: Id) -> AppResult<()> {
    let found = list(app, ctx).await?.into_iter().find(|k| k.id == key).ok_or_else(|| AppError::not_found("key"))?;
    let put = PutRecord::delete(RecordKind::ApiKey, key);
    let done = app.submit(&control(ctx), found.label.clone(), PutRecords::one("key.revoked", put)).await;
    // Also where nobody knows whether it was done.
    app.known_keys().forget(|_, context| context.key == Some(key));
    done?;
    // The note waits for the batches of the workspace that began before: they may have found the key valid.
    let (noted, ()) = tokio::join!(note(app, ctx, "key.revoked", found.label), forgotten(app));
    noted
}

/// A line in the workspace's own audit log: the keys themselves are records of the installation.
async fn note(app: &App, ctx: &Context, action: &'static str, label: String) -> AppResult<()> {
    // Without a key: a caller may have revoked the very key that it showed.
    let ctx = Context { key: None, ..ctx.clone() };
    app.submit(&ctx, label, PutRecords { action, puts: Vec::new(), event: None }).await.map(|_| ())
}

/// The workspace's keys, newest first.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<KeyInfo>> {
    ctx.require(Scope::Admin)?;
    let records = app.store().read(|r| r.records(CONTROL_WORKSPACE, RecordKind::ApiKey)).await?;
    let uses = stored_uses(app).await?;
    let mut keys = Vec::new();
    for record in &records {
        let document: KeyDocument = read(record)?;
        if document.workspace == ctx.workspace.0 {
            let last_used_us = app.key_uses().last(record.id).max(uses.get(&record.id).copied());
            keys.push(KeyInfo { last_used_us, ..info(record.id, &document) });
        }
    }
    keys.reverse();
    Ok(keys)
}

async fn stored_uses(app: &App) -> AppResult<HashMap<Id, i64>> {
    let records = app.store().read(|r| r.records(CONTROL_WORKSPACE, RecordKind::KeyUse)).await?;
    let uses = records.iter().map(|record| read::<KeyUseDocument>(record).map(|used| (Id(used.key), used.last_used_us)));
    uses.collect()
}

/// Writes the uses of keys that this process has seen since the last time, in one command. Answers how many.
pub async fn write_uses(app: &App) -> AppResult<usize> {
    let uses = app.key_uses().unwritten();
    if uses.is_empty() {
        return Ok(0);
    }
    let put = |(key, last_used_us): &(Id, i64)| {
        let body = write(&KeyUseDocument { key: key.0, last_used_us: *last_used_us })?;
        Ok(PutRecord::upsert(RecordKind::KeyUse, key.to_string(), body))
    };
    let puts = uses.iter().map(put).collect::<AppResult<Vec<_>>>()?;
    let command = PutRecords { action: "keys.used", puts, event: None };
    app.submit(&Context::system(CONTROL_WORKSPACE), format!("{} keys", uses.len()), command).await?;
    app.key_uses().written(&uses);
    Ok(uses.len())
}

/// The context of a caller who shows a key. An unknown and a revoked key are refused alike.
pub async fn authenticate(app: &App, secret: &str) -> AppResult<Context> {
    let hash = app.secrets().hash_api_key(secret);
    let record = app.store().record_by_key(CONTROL_WORKSPACE, RecordKind::ApiKey, hash).await?;
    context_of(app, record.as_ref())
}

fn context_of(app: &App, record: Option<&Record>) -> AppResult<Context> {
    let Some(record) = record else {
        return Err(Refused::new(Class::Unauthenticated, "key_invalid", "the API key is not valid").into());
    };
    let document: KeyDocument = read(record)?;
    app.key_uses().note(record.id, app.now_us());
    Ok(Context {
        workspace: Id(document.workspace),
        actor: Actor(format!("key:{}", record.id.text(Kind::Key))),
        key: Some(record.id),
        scopes: document.scopes.iter().filter_map(|s| Scope::from_word(s)).collect(),
        payee: None,
        role: Role::Admin,
    })
}

/// As [`authenticate`], from memory. For callers whose command checks the key again when it is decided: a key that was revoked by
/// another process is refused there.
pub async fn authenticate_writer(app: &App, secret: &str) -> AppResult<Arc<Context>> {
    known_by_hash(app, secret, Known::find_any).await
}

/// As [`authenticate`], from memory as long as nobody can have been told that the key is revoked.
pub async fn authenticate_reader(app: &App, secret: &str) -> AppResult<Arc<Context>> {
    known_by_hash(app, secret, Known::find).await
}

/// How something that is known is found.
type Find = fn(&Known<Context>, &str) -> Result<Arc<Context>, Reading>;

async fn known_by_hash(app: &App, secret: &str, find: Find) -> AppResult<Arc<Context>> {
    let hash = app.secrets().hash_api_key(secret);
    let key = hash.clone();
    known_or_read(app, &hash, find, async || app.store().record_by_key(CONTROL_WORKSPACE, RecordKind::ApiKey, key).await).await
}

/// The context of a key that a token names, in the same way.
pub(super) async fn context_by_id(app: &App, key: Id) -> AppResult<Arc<Context>> {
    let read = async || app.store().record(CONTROL_WORKSPACE, RecordKind::ApiKey, key).await;
    known_or_read(app, &format!("id {key}"), Known::find, read).await
}

async fn known_or_read(
    app: &App,
    name: &str,
    find: Find,
    read: impl AsyncFnOnce() -> Result<Option<Record>, StoreError>,
) -> AppResult<Arc<Context>> {
    let reading = match find(app.known_keys(), name) {
        Ok(context) => {
            if let Some(key) = context.key {
                app.key_uses().note(key, app.now_us());
            }
            return Ok(context);
        }
        Err(reading) => reading,
    };
    let context = Arc::new(context_of(app, read().await?.as_ref())?);
    app.known_keys().remember(name, &context, reading);
    Ok(context)
}

/// The caller, acting on the installation's own workspace.
pub(super) fn control(ctx: &Context) -> Context {
    Context { workspace: CONTROL_WORKSPACE, ..ctx.clone() }
}

fn info(id: Id, document: &KeyDocument) -> KeyInfo {
    KeyInfo {
        id,
        label: document.label.clone(),
        scopes: document.scopes.iter().filter_map(|s| Scope::from_word(s)).collect(),
        hint: document.hint.clone(),
        created_us: document.created_us,
        created_by: document.created_by.clone(),
        last_used_us: None,
    }
}
