//! The audit log: who, when, what, before and after (`commissions.md` behaviour 58).

use meed_core::command::Record;
use meed_store::AuditEntry;

use crate::error::AppResult;
use crate::{App, Context, Scope};

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
