//! Sessions of signed-in browsers. The token travels in a cookie; the database holds its keyed hash.

use meed_core::command::{Actor, Class, PutRecord, PutRecords, RecordKind, Refused};
use meed_core::id::{Id, Kind};
use meed_store::CONTROL_WORKSPACE;

use super::users::{self, User};
use crate::documents::{SessionDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::secrets::token;
use crate::{App, Context, workspaces};

/// How long a session lasts.
pub const SESSION_US: i64 = 14 * 24 * 3600 * 1_000_000;

/// A session that has just begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// For the cookie.
    pub token: String,
    /// Whose it is.
    pub user: Id,
}

/// A session that was found.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its record.
    pub id: Id,
    /// Who is signed in.
    pub user: User,
    /// The token that every form must send.
    pub csrf: String,
    /// What use cases get: the workspace's live side, or its sandbox.
    pub context: Context,
    document: SessionDocument,
}

/// Begins a session.
pub async fn start(app: &App, user: Id) -> AppResult<NewSession> {
    let secret = token()?;
    let document = SessionDocument { user: user.0, csrf: token()?, expires_us: app.now_us() + SESSION_US, sandbox: false };
    let put = PutRecord::new(RecordKind::Session, Some(app.secrets().hash_session(&secret)), write(&document)?);
    let ctx = Context { actor: Actor(format!("user:{}", user.text(Kind::User))), ..Context::system(CONTROL_WORKSPACE) };
    app.submit(&ctx, user.text(Kind::User), PutRecords::one("session.started", put)).await?;
    Ok(NewSession { token: secret, user })
}

/// The session of a cookie, unless it has ended.
pub async fn find(app: &App, token: &str) -> AppResult<Session> {
    let none = || AppError::from(Refused::new(Class::Unauthenticated, "not_signed_in", "sign in first"));
    let hash = app.secrets().hash_session(token);
    let record = app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::Session, &hash)).await?.ok_or_else(none)?;
    let document: SessionDocument = read(&record)?;
    if document.expires_us <= app.now_us() {
        return Err(none());
    }
    let user = users::get(app, Id(document.user)).await?;
    let workspace = if document.sandbox { workspaces::sandbox_of(app, user.workspace).await? } else { user.workspace };
    let context = Context {
        workspace,
        actor: Actor(format!("user:{}", user.id.text(Kind::User))),
        key: None,
        scopes: user.role.scopes(),
        payee: user.rep,
        role: user.role,
    };
    Ok(Session { id: record.id, user, csrf: document.csrf.clone(), context, document })
}

/// Turns a session to the workspace's sandbox, which is made on the first visit, or back to its live side.
pub async fn set_side(app: &App, session: &Session, sandbox: bool) -> AppResult<()> {
    if sandbox {
        workspaces::sandbox_of(app, session.user.workspace).await?;
    }
    let document = SessionDocument { sandbox, ..session.document.clone() };
    let ctx = Context { workspace: CONTROL_WORKSPACE, ..session.context.clone() };
    let put = PutRecord::change(RecordKind::Session, session.id, write(&document)?);
    app.submit(&ctx, session.user.id.text(Kind::User), PutRecords::one("session.side_chosen", put)).await.map(|_| ())
}

/// Ends a session.
pub async fn end(app: &App, session: &Session) -> AppResult<()> {
    let ctx = Context { workspace: CONTROL_WORKSPACE, ..session.context.clone() };
    let put = PutRecord::delete(RecordKind::Session, session.id);
    app.submit(&ctx, session.user.id.text(Kind::User), PutRecords::one("session.ended", put)).await.map(|_| ())
}
