//! People of a workspace and their roles: who may sign in, as what, and taking that back.

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_core::id::Id;
use meed_core::people::fold_alias;
use meed_store::CONTROL_WORKSPACE;

use super::keys::control;
use super::users::{PAYEE_LINK_US, User, first_id, link, list};
use crate::documents::{UserDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Role, Scope, workspaces};

/// Who may sign in to the caller's workspace, oldest first.
pub async fn people(app: &App, ctx: &Context) -> AppResult<Vec<User>> {
    ctx.require(Scope::Admin)?;
    let home = home(app, ctx).await?;
    Ok(list(app).await?.into_iter().filter(|user| user.workspace == home || user.workspace == ctx.workspace).collect())
}

/// Administrators belong to the live side, and visit the sandbox from there.
async fn home(app: &App, ctx: &Context) -> AppResult<Id> {
    let own = workspaces::get(app, ctx.workspace).await?;
    let all = workspaces::list(app).await?;
    Ok(all.iter().find(|w| w.slug == own.slug && w.side == "live").map_or(ctx.workspace, |w| Id(w.workspace)))
}

/// Lets somebody in as an administrator, and answers a link token that signs in once.
pub async fn invite(app: &App, ctx: &Context, name: &str, email: &str, role: Role) -> AppResult<(Id, String)> {
    ctx.require(Scope::Admin)?;
    let (name, email) = (name.trim(), email.trim());
    if role.is_of_rep() {
        return Err(AppError::invalid("role_of_rep", "role", "a manager or payee is invited from the page of their rep"));
    }
    if name.is_empty() || name.chars().count() > 200 {
        return Err(AppError::invalid("name_invalid", "name", "a name has 1 to 200 characters"));
    }
    if !email.contains('@') || email.chars().count() > 300 || email.chars().any(char::is_whitespace) {
        return Err(AppError::invalid("email_invalid", "email", format!("`{email}` is not an e-mail address")));
    }
    let key = fold_alias(email);
    let lookup = key.clone();
    if app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::User, &lookup)).await?.is_some() {
        return Err(AppError::conflict("email_taken", "somebody signs in with this address already"));
    }
    let document = UserDocument {
        workspace: home(app, ctx).await?.0,
        name: name.to_owned(),
        email: email.to_owned(),
        password_hash: None,
        failed: 0,
        locked_until_us: 0,
        rep: None,
        role: Some(role.word().to_owned()),
    };
    let control = control(ctx);
    let put = PutRecord::new(RecordKind::User, Some(key), write(&document)?);
    let id = first_id(app.submit(&control, email.to_owned(), PutRecords::one("user.invited", put)).await?)?;
    note(app, ctx, "user.invited", format!("{name}, {}", role.text().0.to_lowercase())).await?;
    Ok((id, link(app, &control, id, email, PAYEE_LINK_US).await?))
}

/// A fresh link for somebody who has not signed in yet.
pub async fn invite_again(app: &App, ctx: &Context, user: Id) -> AppResult<String> {
    let found = of_workspace(app, ctx, user).await?;
    if found.has_password {
        return Err(AppError::conflict("password_set", "this person has a password already"));
    }
    link(app, &control(ctx), user, &found.email, PAYEE_LINK_US).await
}

async fn of_workspace(app: &App, ctx: &Context, user: Id) -> AppResult<User> {
    people(app, ctx).await?.into_iter().find(|found| found.id == user).ok_or_else(|| AppError::not_found("user"))
}

/// Gives a person another role. The last full administrator stays one.
pub async fn set_role(app: &App, ctx: &Context, user: Id, role: Role) -> AppResult<()> {
    let found = of_workspace(app, ctx, user).await?;
    if role.is_of_rep() != found.rep.is_some() {
        let text = "a manager or payee belongs to a rep, an administrator to none; invite the person anew";
        return Err(AppError::invalid("role_of_rep", "role", text));
    }
    if found.role == Role::Admin && role != Role::Admin {
        keep_an_admin(app, ctx, user).await?;
    }
    let record = app.store().read(move |r| r.record(CONTROL_WORKSPACE, RecordKind::User, user)).await?;
    let record = record.ok_or_else(|| AppError::not_found("user"))?;
    let document = UserDocument { role: Some(role.word().to_owned()), ..read(&record)? };
    let put = PutRecord { expected_version: Some(record.version), ..PutRecord::change(RecordKind::User, user, write(&document)?) };
    app.submit(&control(ctx), found.email.clone(), PutRecords::one("user.role_changed", put)).await?;
    note(app, ctx, "user.role_changed", format!("{}: {}, before {}", found.name, role.word(), found.role.word())).await
}

/// Ends a person's access at once: sessions and links lead nowhere. The last full administrator stays.
pub async fn remove(app: &App, ctx: &Context, user: Id) -> AppResult<()> {
    let found = of_workspace(app, ctx, user).await?;
    if found.role == Role::Admin {
        keep_an_admin(app, ctx, user).await?;
    }
    let put = PutRecord::delete(RecordKind::User, user);
    app.submit(&control(ctx), found.email.clone(), PutRecords::one("user.removed", put)).await?;
    note(app, ctx, "user.removed", found.name).await
}

async fn keep_an_admin(app: &App, ctx: &Context, user: Id) -> AppResult<()> {
    let all = people(app, ctx).await?;
    if all.iter().any(|other| other.id != user && other.role == Role::Admin && other.has_password) {
        return Ok(());
    }
    Err(AppError::conflict("last_admin", "this is the only full administrator who can sign in; name another one first"))
}

/// A line in the workspace's own audit log: people who sign in are records of the installation.
async fn note(app: &App, ctx: &Context, action: &'static str, subject: String) -> AppResult<()> {
    app.submit(ctx, subject, PutRecords { action, puts: Vec::new(), event: None }).await.map(|_| ())
}
