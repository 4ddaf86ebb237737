//! Parties: one person or company in all its roles (`ledger.md` behaviour 40). A role keeps its own accounts; a party says
//! which of them are the same somebody's, so that one statement can show them all.
//!
//! A party is told by its roles: each has a record of its own, whose natural key lets it belong to one party only.

mod candidates;
mod statement;

pub use candidates::{Candidate, candidates};
pub use statement::{PartyStatement, RoleStatement, statement};

use std::collections::BTreeMap;

use meed_core::command::{Class, PutRecord, PutRecords, Record, RecordKind, Refused};
use meed_core::id::{Id, Kind};
use meed_core::ledger::{Owner, OwnerKind};
use meed_core::loyalty::Participant;
use meed_store::{Reader, StoreError};
use serde::{Deserialize, Serialize};

use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Longest reason.
const REASON_MAX: usize = 1_000;

/// What a role remembers of its party.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct RoleDocument {
    /// All roles of the party, this one among them: stored code of the kind, and id.
    roles: Vec<(i16, i64)>,
    reason: String,
    linked_us: i64,
    linked_by: String,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its roles, one of a kind.
    pub roles: Vec<Role>,
    /// Why they are the same; empty for a role that stands alone.
    pub reason: String,
    /// When they were linked, microseconds UTC.
    pub linked_us: i64,
    /// By whom, as the audit log names them.
    pub linked_by: String,
}

/// A role of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Rep, participant or affiliate.
    pub owner: Owner,
    /// What people call it.
    pub name: String,
}

impl Role {
    /// Its id outside, which names the party, too.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(self.owner)
    }
}

/// The id of a role outside: `rep_…`, `par_…`.
#[must_use]
pub fn text_of(role: Owner) -> String {
    match role.kind {
        OwnerKind::Rep => role.id.text(Kind::Rep),
        OwnerKind::Participant => role.id.text(Kind::Participant),
        _ => role.id.to_string(),
    }
}

/// The role that an id names; `None` where it is neither a rep's nor a participant's.
#[must_use]
pub fn role_of(text: &str) -> Option<Owner> {
    let rep = Id::parse(text, Kind::Rep).map(Owner::rep);
    rep.or_else(|_| Id::parse(text, Kind::Participant).map(Owner::participant)).ok()
}

fn key_of(role: Owner) -> String {
    format!("{}:{}", role.kind, role.id)
}

fn roles_in(record: &Record) -> AppResult<(Vec<Owner>, RoleDocument)> {
    let document: RoleDocument = read(record)?;
    let owner = |(kind, id): &(i16, i64)| Some(Owner { kind: OwnerKind::from_code(*kind)?, id: Id(*id) });
    Ok((document.roles.iter().filter_map(owner).collect(), document))
}

/// The name of a role, or `None` where there is no such rep or participant.
async fn name_of(app: &App, ctx: &Context, role: Owner) -> AppResult<Option<String>> {
    Ok(match role.kind {
        OwnerKind::Rep => app.configuration(ctx.workspace).await?.directory.rep(role.id).map(|rep| rep.name.clone()),
        OwnerKind::Participant => {
            let workspace = ctx.workspace;
            let record = app.store().read(move |r| r.record(workspace, RecordKind::Participant, role.id)).await?;
            let person = record.and_then(|record| Participant::read(&record.body).ok());
            person.map(|person| if person.name.is_empty() { person.number } else { person.name })
        }
        _ => None,
    })
}

async fn named(app: &App, ctx: &Context, roles: Vec<Owner>) -> AppResult<Vec<Role>> {
    let mut all = Vec::with_capacity(roles.len());
    for owner in roles {
        let name = name_of(app, ctx, owner).await?.unwrap_or_default();
        all.push(Role { owner, name });
    }
    Ok(all)
}

async fn party(app: &App, ctx: &Context, record: &Record) -> AppResult<Party> {
    let (roles, RoleDocument { reason, linked_us, linked_by, .. }) = roles_in(record)?;
    Ok(Party { roles: named(app, ctx, roles).await?, reason, linked_us, linked_by })
}

/// Links roles to one party. Each belongs to one party at most, and a party has one role of a kind. Linking what is linked so
/// already changes nothing.
pub async fn link(app: &App, ctx: &Context, roles: &[Owner], reason: &str) -> AppResult<Party> {
    ctx.require(Scope::Plans)?;
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    if roles.len() < 2 || roles.windows(2).any(|two| two[0].kind == two[1].kind) {
        return Err(AppError::invalid("roles_invalid", "roles", "a party has two roles or more, one of a kind"));
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(AppError::invalid("reason_missing", "reason", "say in 1 to 1,000 characters why they are the same"));
    }
    for role in &roles {
        if name_of(app, ctx, *role).await?.is_none() {
            return Err(AppError::not_found(&format!("{} {}", role.kind, text_of(*role))));
        }
        if let Some(before) = record_of(app, ctx, *role).await? {
            if roles_in(&before)?.0 == roles {
                return party(app, ctx, &before).await;
            }
            return Err(linked_already(*role));
        }
    }
    let document = RoleDocument {
        roles: roles.iter().map(|role| (role.kind.code(), role.id.0)).collect(),
        reason: reason.to_owned(),
        linked_us: app.now_us(),
        linked_by: ctx.actor.0.clone(),
    };
    let body = write(&document)?;
    let puts = roles.iter().map(|role| PutRecord::new(RecordKind::PartyRole, Some(key_of(*role)), body.clone())).collect();
    let subject = roles.iter().map(|role| text_of(*role)).collect::<Vec<_>>().join(" ");
    match app.submit(ctx, subject, PutRecords { action: "party.linked", puts, event: None }).await {
        Ok(_) => of(app, &ctx.reading(), roles[0]).await,
        // Somebody else linked one of them meanwhile.
        Err(AppError::Refused(refused)) if refused.code == "key_taken" => Err(linked_already(roles[0])),
        Err(error) => Err(error),
    }
}

fn linked_already(role: Owner) -> AppError {
    let text = format!("the {} {} belongs to another party; unlink that first", role.kind, text_of(role));
    Refused::new(Class::Conflict, "already_linked", text).at("roles").into()
}

/// The party of a role; one that was never linked stands alone.
pub async fn of(app: &App, ctx: &Context, role: Owner) -> AppResult<Party> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    if let Some(record) = record_of(app, ctx, role).await? {
        return party(app, ctx, &record).await;
    }
    let name = name_of(app, ctx, role).await?.ok_or_else(|| AppError::not_found(&role.kind.to_string()))?;
    Ok(Party { roles: vec![Role { owner: role, name }], reason: String::new(), linked_us: 0, linked_by: String::new() })
}

async fn record_of(app: &App, ctx: &Context, role: Owner) -> AppResult<Option<Record>> {
    let (workspace, key) = (ctx.workspace, key_of(role));
    Ok(app.store().read(move |r| r.record_by_key(workspace, RecordKind::PartyRole, &key)).await?)
}

/// All parties of two roles or more, newest first.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<Party>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let mut all = Vec::new();
    for record in first_roles(app, ctx).await?.into_values() {
        all.push(party(app, ctx, &record).await?);
    }
    all.sort_by_key(|party: &Party| std::cmp::Reverse(party.linked_us));
    Ok(all)
}

/// One record of each party, by its first role.
async fn first_roles(app: &App, ctx: &Context) -> AppResult<BTreeMap<Owner, Record>> {
    let workspace = ctx.workspace;
    let read = move |r: &mut Reader<'_>| -> Result<Vec<Record>, StoreError> { r.records(workspace, RecordKind::PartyRole) };
    let mut all = BTreeMap::new();
    for record in app.store().read(read).await? {
        if let Some(first) = roles_in(&record)?.0.first() {
            all.insert(*first, record);
        }
    }
    Ok(all)
}

/// Takes a party apart. The accounts of its roles stay as they are.
pub async fn unlink(app: &App, ctx: &Context, role: Owner) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    let record = record_of(app, ctx, role).await?.ok_or_else(|| AppError::not_found("party"))?;
    forget(app, ctx, &record).await
}

/// The roles of an erased participant are nobody's any more: nothing that is left tells that they were the same.
pub(crate) async fn forget_participant(app: &App, ctx: &Context, participant: Id) -> AppResult<()> {
    match record_of(app, ctx, Owner::participant(participant)).await? {
        Some(record) => forget(app, ctx, &record).await,
        None => Ok(()),
    }
}

async fn forget(app: &App, ctx: &Context, record: &Record) -> AppResult<()> {
    let (workspace, (roles, _)) = (ctx.workspace, roles_in(record)?);
    let keys: Vec<String> = roles.iter().map(|role| key_of(*role)).collect();
    let find = move |r: &mut Reader<'_>| {
        keys.iter().map(|key| r.record_by_key(workspace, RecordKind::PartyRole, key)).collect::<Result<Vec<_>, StoreError>>()
    };
    let records = app.store().read(find).await?;
    let forget =
        |record: Record| PutRecord { expected_version: Some(record.version), ..PutRecord::forget(RecordKind::PartyRole, record.id) };
    let puts = records.into_iter().flatten().map(forget).collect();
    app.submit(ctx, record.id.to_string(), PutRecords { action: "party.unlinked", puts, event: None }).await.map(|_| ())
}
