//! The audit log: who, when, what, before and after (`commissions.md` behaviour 58).

use std::collections::{BTreeSet, HashSet};

use meed_core::command::Record;
use meed_core::id::Kind;
pub use meed_store::AuditEntry;
use meed_store::CONTROL_WORKSPACE;

use crate::error::AppResult;
use crate::{App, Context, Scope, access};

/// A line with the records it wrote, and what each said before.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AuditLine {
    pub entry: AuditEntry,
    pub changes: Vec<AuditChange>,
}

/// One record that a command wrote.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AuditChange {
    pub before: Option<Record>,
    pub after: Record,
}

/// Lines a filtered page looks at before it hands over an unfinished page.
const LOOKED_AT_MAX: i64 = 10_000;

/// Which lines a page shows; empty texts stand for all.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct AuditFilter {
    pub actor: String,
    pub action: String,
}

/// Who acted and what was done lately, for choosing a filter: actors and actions in order.
pub async fn recent_words(app: &App, ctx: &Context) -> AppResult<(Vec<String>, Vec<String>)> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let entries = app.store().read(move |r| r.audit_back(workspace, None, 2_000)).await?;
    let words = |pick: fn(&AuditEntry) -> &String| entries.iter().map(pick).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    Ok((words(|entry| &entry.actor), words(|entry| &entry.action)))
}

/// A page of the log by a filter, newest first, before the line `before`; and where the next page starts.
pub async fn filtered(
    app: &App,
    ctx: &Context,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: usize,
) -> AppResult<(Vec<AuditLine>, Option<i64>)> {
    let (mut found, mut before, mut looked_at) = (Vec::new(), before, 0);
    loop {
        let lines = page(app, ctx, before, 200).await?;
        let is_last = lines.len() < 200;
        looked_at += 200;
        for line in lines {
            before = Some(line.entry.number);
            let is_wanted = (filter.actor.is_empty() || line.entry.actor == filter.actor)
                && (filter.action.is_empty() || line.entry.action == filter.action);
            if is_wanted {
                found.push(line);
                if found.len() == limit {
                    return Ok((found, before));
                }
            }
        }
        if is_last {
            return Ok((found, None));
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok((found, before));
        }
    }
}

/// A page of the log, newest first, before the line `before`.
pub async fn page(app: &App, ctx: &Context, before: Option<i64>, limit: i64) -> AppResult<Vec<AuditLine>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let lines = app
        .store()
        .read(move |r| {
            let entries = r.audit_back(workspace, before, limit.clamp(1, 200))?;
            let (Some(newest), Some(oldest)) = (entries.first(), entries.last()) else { return Ok(Vec::new()) };
            let written = r.record_versions_between(workspace, oldest.recorded_us, newest.recorded_us)?;
            let mut lines = Vec::with_capacity(entries.len());
            for entry in entries {
                let mut changes = Vec::new();
                for after in written.iter().filter(|record| record.recorded_us == entry.recorded_us) {
                    let before = match after.version {
                        1 => None,
                        version => r.record_versions(workspace, after.kind, after.id)?.into_iter().find(|v| v.version == version - 1),
                    };
                    changes.push(AuditChange { before, after: after.clone() });
                }
                lines.push(AuditLine { entry, changes });
            }
            Ok(lines)
        })
        .await?;
    Ok(lines)
}

/// A page of the sign-ins, sign-outs and changes of access of the people of the caller's workspace, newest first, before the
/// line `before`; and where the next page starts. They stand in the installation's own log, for full administrators.
pub async fn sign_ins(app: &App, ctx: &Context, before: Option<i64>, limit: usize) -> AppResult<(Vec<AuditEntry>, Option<i64>)> {
    let people = access::roles::people(app, ctx).await?;
    let mut own: HashSet<String> = people.iter().map(|user| user.id.text(Kind::User)).collect();
    own.extend(people.iter().map(|user| user.email.clone()));
    let (mut found, mut before, mut looked_at) = (Vec::new(), before, 0);
    loop {
        let entries = app.store().read(move |r| r.audit_back(CONTROL_WORKSPACE, before, 200)).await?;
        looked_at += 200;
        let is_last = entries.len() < 200;
        for entry in entries {
            before = Some(entry.number);
            let is_about_access = entry.action.starts_with("session.") || entry.action.starts_with("user.");
            if is_about_access && own.contains(&entry.subject) {
                found.push(entry);
                if found.len() == limit {
                    return Ok((found, before));
                }
            }
        }
        if is_last {
            return Ok((found, None));
        }
        if looked_at >= LOOKED_AT_MAX {
            return Ok((found, before));
        }
    }
}
