//! Reading the audit log and the outbox.

use meed_core::id::Id;

use super::Reader;
use crate::error::StoreError;
use crate::sql;

/// A line of the audit log.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AuditEntry {
    pub number: i64,
    pub command: Id,
    pub recorded_us: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub hash: Vec<u8>,
}

/// An event of the outbox.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Event {
    pub id: Id,
    pub topic: String,
    pub subject: String,
    pub body: String,
    pub recorded_us: i64,
}

impl Reader<'_> {
    /// A page of the audit log, newest first, before the line `before`.
    pub fn audit_back(&mut self, workspace: Id, before: Option<i64>, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let mut page = Vec::new();
        let params = [workspace.into(), before.unwrap_or(i64::MAX).into(), limit.into()];
        self.session.query(&sql::journal::AUDIT_PAGE, &params, &mut |row| {
            page.push(AuditEntry {
                number: row.int(0)?,
                command: row.id(1)?,
                recorded_us: row.int(2)?,
                actor: row.text(3)?.to_owned(),
                action: row.text(4)?.to_owned(),
                subject: row.text(5)?.to_owned(),
                hash: row.bytes(7)?.to_vec(),
            });
            Ok(())
        })?;
        Ok(page)
    }

    /// Events after an id, in order: a reader that remembers the last id loses none and gets none twice.
    pub fn events_after(&mut self, workspace: Id, after: Option<Id>, limit: i64) -> Result<Vec<Event>, StoreError> {
        let mut page = Vec::new();
        self.session.query(
            &sql::journal::EVENT_PAGE,
            &[workspace.into(), after.map_or(0, |id| id.0).into(), limit.into()],
            &mut |row| {
                page.push(Event {
                    id: row.id(0)?,
                    topic: row.text(1)?.to_owned(),
                    subject: row.text(2)?.to_owned(),
                    body: row.text(3)?.to_owned(),
                    recorded_us: row.int(4)?,
                });
                Ok(())
            },
        )?;
        Ok(page)
    }
}
