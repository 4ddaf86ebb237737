//! Reads, by noun. Each runs on one snapshot of one reading connection.

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
pub use till::StoredEvent;

use meed_core::command::Head;
use meed_core::id::Id;

use crate::engine::Session;
use crate::error::StoreError;
use crate::{batch, sql};

/// A snapshot of the database.
pub struct Reader<'a> {
    pub(crate) session: &'a mut dyn Session,
}

impl Reader<'_> {
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
