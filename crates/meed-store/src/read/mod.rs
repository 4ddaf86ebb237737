//! Reads, by noun. Each runs on one snapshot of one reading connection.

mod account;
mod journal;
mod ledger;
mod record;
mod reward;
mod sale;
mod till;

pub use journal::{AuditEntry, Event};
pub(crate) use ledger::transfer_row;
pub use reward::RewardSum;
pub(crate) use reward::statement_row;
pub use sale::{Replaced, SaleScan, StoredVersion};
pub use till::{Reserved, StoredEvent};

use meed_core::command::Head;
use meed_core::id::Id;

use crate::changes::ChangeLog;
use crate::engine::Session;
use crate::error::StoreError;
use crate::{batch, sql};

/// A snapshot of the database.
pub struct Reader<'a> {
    pub(crate) session: &'a mut dyn Session,
    pub(crate) changes: &'a ChangeLog,
}

impl Reader<'_> {
    /// The sales that changed after one audit number up to another, if that is known: batches of this process are, unless
    /// others wrote in between or too much changed. Each sale is named once.
    #[must_use]
    pub fn changed_sales(&self, workspace: Id, (after, until): (i64, i64)) -> Option<Vec<Id>> {
        self.changes.between(workspace.0, after, until)
    }

    /// Whether rewards and adjustments are known to be the same after one audit number and another.
    #[must_use]
    pub fn is_settled_alike(&self, workspace: Id, (after, until): (i64, i64)) -> bool {
        self.changes.is_settled_alike(workspace.0, after, until)
    }

    /// The workspace row, without locking it.
    pub fn head(&mut self, workspace: Id) -> Result<Option<Head>, StoreError> {
        batch::load::head(self.session, workspace.0, false)
    }

    /// All workspaces, the control workspace among them.
    pub fn workspaces(&mut self) -> Result<Vec<Id>, StoreError> {
        let mut ids = Vec::new();
        self.session.query(&sql::workspace::LIST, &[], &mut |row| {
            ids.push(row.id(0)?);
            Ok(())
        })?;
        Ok(ids)
    }
}
