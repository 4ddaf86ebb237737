//! People who sign in: the first comes by a one-time link, then with a password. Wrong passwords lock for a while.

use meed_core::command::{Class, PutRecord, PutRecords, Record, RecordKind, Refused, Reply};
use meed_core::id::Id;
use meed_core::people::fold_alias;
use meed_store::CONTROL_WORKSPACE;

use super::password;
use super::sessions::{self, NewSession};
use crate::documents::{SignInLinkDocument, UserDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::people::RepEntry;
use crate::secrets::token;
use crate::{App, Context, Role, Scope};

/// Wrong passwords in a row before the account is locked.
const FAILURES_MAX: u32 = 5;
/// How long it stays locked.
const LOCK_US: i64 = 15 * 60 * 1_000_000;
/// How long a one-time link works.
const LINK_US: i64 = 30 * 60 * 1_000_000;
/// How long a payee's link works: it is handed on by a person.
pub(super) const PAYEE_LINK_US: i64 = 7 * 24 * 3600 * 1_000_000;

/// A person.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct User {
    pub id: Id,
    pub workspace: Id,
    pub name: String,
    pub email: String,
    pub has_password: bool,
    /// The rep that this person is, if they see their own statements or those of their line.
    pub rep: Option<Id>,
    pub role: Role,
}

fn user(record: &Record) -> AppResult<User> {
    let document: UserDocument = read(record)?;
    let role = role_of(&document);
    Ok(User {
        id: record.id,
        workspace: Id(document.workspace),
        name: document.name,
        email: document.email,
        has_password: document.password_hash.is_some(),
        rep: document.rep.map(Id),
        role,
    })
}

/// A role that belongs to a rep without one, or a word that nobody knows, gives the least.
fn role_of(document: &UserDocument) -> Role {
    match (document.role.as_deref(), document.rep) {
        (None, None) => Role::Admin,
        (None, Some(_)) => Role::Payee,
        (Some(word), rep) => Role::from_word(word).filter(|role| !role.is_of_rep() || rep.is_some()).unwrap_or(Role::Payee),
    }
}

/// Makes an administrator of a workspace, or finds the one with this address, and answers a link token that signs in once.
pub async fn invite(app: &App, workspace: Id, name: &str, email: &str) -> AppResult<(Id, String)> {
    let ctx = Context::system(CONTROL_WORKSPACE);
    let key = fold_alias(email);
    let lookup = key.clone();
    let found = app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::User, &lookup)).await?;
    let id = if let Some(record) = found {
        record.id
    } else {
        let document = UserDocument {
            workspace: workspace.0,
            name: name.to_owned(),
            email: email.to_owned(),
            password_hash: None,
            failed: 0,
            locked_until_us: 0,
            rep: None,
            role: None,
        };
        let put = PutRecord::new(RecordKind::User, Some(key), write(&document)?);
        first_id(app.submit(&ctx, email.to_owned(), PutRecords::one("user.invited", put)).await?)?
    };
    Ok((id, link(app, &ctx, id, email, LINK_US).await?))
}

/// Makes a link that signs in once.
pub(super) async fn link(app: &App, ctx: &Context, user: Id, email: &str, lasts_us: i64) -> AppResult<String> {
    let token = token()?;
    let document = SignInLinkDocument { user: user.0, expires_us: app.now_us() + lasts_us };
    let put = PutRecord::new(RecordKind::SignInLink, Some(app.secrets().hash_session(&token)), write(&document)?);
    app.submit(ctx, email.to_owned(), PutRecords::one("user.link_made", put)).await?;
    Ok(token)
}

/// Whether a payee with this address can be given a sign-in link: nobody has a password under it yet.
pub async fn can_invite(app: &App, ctx: &Context, email: &str) -> AppResult<bool> {
    ctx.require(Scope::Admin)?;
    let key = fold_alias(email);
    let found = app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::User, &key)).await?;
    let found = found.as_ref().map(user).transpose()?;
    Ok(found.is_none_or(|user| user.workspace == ctx.workspace && user.rep.is_some() && !user.has_password))
}

/// Lets a rep sign in to the caller's workspace as payee or manager, and answers a link token that does so once.
pub async fn invite_payee(app: &App, ctx: &Context, rep: &RepEntry, role: Role) -> AppResult<String> {
    ctx.require(Scope::Admin)?;
    if !role.is_of_rep() {
        return Err(AppError::invalid("role_of_rep", "role", "a rep signs in as payee or as manager"));
    }
    let missing = || AppError::invalid("email_missing", "email", "a rep needs an e-mail address to sign in with");
    let email = rep.document.email.as_deref().ok_or_else(missing)?;
    if !can_invite(app, ctx, email).await? {
        return Err(AppError::conflict("email_taken", "somebody signs in with this address already"));
    }
    let key = fold_alias(email);
    let document = UserDocument {
        workspace: ctx.workspace.0,
        name: rep.document.name.clone(),
        email: email.to_owned(),
        password_hash: None,
        failed: 0,
        locked_until_us: 0,
        rep: Some(rep.id.0),
        role: Some(role.word().to_owned()),
    };
    let put = PutRecord::upsert(RecordKind::User, key, write(&document)?);
    let control = super::keys::control(ctx);
    let id = first_id(app.submit(&control, email.to_owned(), PutRecords::one("user.invited", put)).await?)?;
    link(app, &control, id, email, PAYEE_LINK_US).await
}

pub(super) fn first_id(reply: Reply) -> AppResult<Id> {
    match reply {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

fn link_refused() -> AppError {
    let text = "this link was used already or is too old; ask for a new one with `meed key sign-in-link`";
    Refused::new(Class::Unauthenticated, "link_expired", text).into()
}

/// Whom a one-time link belongs to, without using it up.
pub async fn link_user(app: &App, token: &str) -> AppResult<User> {
    let record = link_record(app, token).await?;
    let document: SignInLinkDocument = read(&record)?;
    if document.expires_us <= app.now_us() {
        return Err(link_refused());
    }
    get(app, Id(document.user)).await
}

async fn link_record(app: &App, token: &str) -> AppResult<Record> {
    let hash = app.secrets().hash_session(token);
    let record = app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::SignInLink, &hash)).await?;
    record.ok_or_else(link_refused)
}

/// Uses a one-time link: sets name and password, and signs in. The link ends in the same commit.
pub async fn accept_link(app: &App, token: &str, name: &str, new_password: &str) -> AppResult<NewSession> {
    let found = link_user(app, token).await?;
    password::check_strength(new_password)?;
    let typed = new_password.to_owned();
    let hash = tokio::task::spawn_blocking(move || password::hash(&typed)).await.map_err(|_| AppError::bug("hashing failed"))??;
    let link = link_record(app, token).await?;
    let name = name.trim();
    let document = UserDocument {
        workspace: found.workspace.0,
        name: if name.is_empty() { found.name.clone() } else { name.to_owned() },
        email: found.email.clone(),
        password_hash: Some(hash),
        failed: 0,
        locked_until_us: 0,
        rep: found.rep.map(|id| id.0),
        role: Some(found.role.word().to_owned()),
    };
    let ctx = Context::system(CONTROL_WORKSPACE);
    let puts = vec![PutRecord::delete(RecordKind::SignInLink, link.id), PutRecord::change(RecordKind::User, found.id, write(&document)?)];
    let command = PutRecords { action: "user.password_set", puts, event: None };
    match app.submit(&ctx, found.email.clone(), command).await {
        Err(AppError::Refused(refused)) if refused.class == Class::NotFound => return Err(link_refused()),
        other => other?,
    };
    sessions::start(app, found.id).await
}

/// Signs in with a password. Wrong address and wrong password are refused alike; five failures lock for 15 minutes.
pub async fn sign_in(app: &App, email: &str, typed: &str) -> AppResult<NewSession> {
    sessions::start(app, check_password(app, email, typed).await?).await
}

/// The person with this address and password; refuses and locks as [`sign_in`] does.
pub(super) async fn check_password(app: &App, email: &str, typed: &str) -> AppResult<Id> {
    let key = fold_alias(email);
    let record = app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::User, &key)).await?;
    let mut document: Option<UserDocument> = record.as_ref().map(read).transpose()?;
    if document.as_ref().is_some_and(|d| d.locked_until_us > app.now_us()) {
        let text = "too many wrong passwords; try again in 15 minutes";
        return Err(Refused::new(Class::TooMany, "account_locked", text).into());
    }
    // An unknown address costs the same time as a wrong password.
    let stored = document.as_ref().and_then(|d| d.password_hash.clone()).unwrap_or_else(|| DECOY.to_owned());
    let password = typed.to_owned();
    let is_right =
        tokio::task::spawn_blocking(move || password::verify(&password, &stored)).await.map_err(|_| AppError::bug("verifying failed"))?;
    let refused = || AppError::from(Refused::new(Class::Unauthenticated, "sign_in_refused", "the e-mail address or the password is wrong"));
    let (Some(record), Some(document)) = (record, document.as_mut()) else { return Err(refused()) };
    if !is_right || document.password_hash.is_none() {
        document.failed += 1;
        if document.failed >= FAILURES_MAX {
            document.failed = 0;
            document.locked_until_us = app.now_us() + LOCK_US;
        }
        change(app, record.id, document, "user.sign_in_failed").await?;
        return Err(refused());
    }
    if document.failed > 0 || document.locked_until_us > 0 {
        document.failed = 0;
        document.locked_until_us = 0;
        change(app, record.id, document, "user.signed_in").await?;
    }
    Ok(record.id)
}

/// A hash of a password that nobody has.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$uoW5nCnSsO6pRZ6lRDRkKFMFpjkSsFSlDvZRCFcJ0AE";

async fn change(app: &App, id: Id, document: &UserDocument, action: &'static str) -> AppResult<()> {
    let put = PutRecord::change(RecordKind::User, id, write(document)?);
    let ctx = Context::system(CONTROL_WORKSPACE);
    app.submit(&ctx, document.email.clone(), PutRecords::one(action, put)).await.map(|_| ())
}

/// A person by id.
pub async fn get(app: &App, id: Id) -> AppResult<User> {
    let record = app.store().record(CONTROL_WORKSPACE, RecordKind::User, id).await?;
    record.as_ref().map(user).transpose()?.ok_or_else(|| AppError::not_found("user"))
}

/// Whether anybody can sign in yet.
pub async fn any(app: &App) -> AppResult<bool> {
    Ok(!app.store().read(|r| r.records(CONTROL_WORKSPACE, RecordKind::User)).await?.is_empty())
}

/// Everybody who may sign in, oldest first.
pub async fn list(app: &App) -> AppResult<Vec<User>> {
    let records = app.store().read(|r| r.records(CONTROL_WORKSPACE, RecordKind::User)).await?;
    records.iter().map(user).collect()
}
