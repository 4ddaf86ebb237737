//! Reading accounts and transfers.

use meed_core::id::Id;
use meed_core::ledger::{Account, Owner};

use super::Reader;
use crate::batch::load::account_row;
use crate::error::StoreError;
use crate::sql;

impl Reader<'_> {
    /// All accounts of an owner.
    pub fn accounts_of(&mut self, workspace: Id, owner: Owner) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::new();
        let params = [workspace.into(), i64::from(owner.kind.code()).into(), owner.id.into()];
        self.session.query(&sql::ledger::ACCOUNTS_OF, &params, &mut |row| {
            accounts.push(account_row(row)?);
            Ok(())
        })?;
        Ok(accounts)
    }

    /// All accounts of a workspace.
    pub fn accounts(&mut self, workspace: Id) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::new();
        self.session.query(&sql::ledger::ACCOUNTS, &[workspace.into()], &mut |row| {
            accounts.push(account_row(row)?);
            Ok(())
        })?;
        Ok(accounts)
    }
}
