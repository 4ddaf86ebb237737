//! Reading accounts and transfers.

use meed_core::command::date_of;
use meed_core::id::Id;
use meed_core::ledger::{Account, Causes, Owner, Phase, Transfer, TransferKind};

use super::Reader;
use crate::batch::load::{account_row, code16, unit};
use crate::error::StoreError;
use crate::sql;
use crate::value::RowView;

/// A transfer from the columns that every statement on transfers lists in the same order.
pub(crate) fn transfer_row(row: &dyn RowView) -> Result<Transfer, StoreError> {
    let (kind, phase, business_us) = (row.int(6)?, row.int(7)?, row.int(14)?);
    let period = match row.opt_int(16)? {
        None => None,
        Some(day) => Some(date_of(day).ok_or_else(|| StoreError::broken(format!("day {day}")))?),
    };
    Ok(Transfer {
        id: row.id(0)?,
        command: row.id(1)?,
        debit: row.id(2)?,
        credit: row.id(3)?,
        amount: row.int(4)?,
        unit: unit(row.text(5)?)?,
        kind: TransferKind::from_code(code16(kind)?).ok_or_else(|| StoreError::broken(format!("transfer kind {kind}")))?,
        phase: Phase::from_code(code16(phase)?).ok_or_else(|| StoreError::broken(format!("phase {phase}")))?,
        causes: Causes {
            sale: row.opt_id(8)?,
            reward: row.opt_id(9)?,
            payout: row.opt_id(10)?,
            program_version: row.opt_id(11)?,
            hold: row.opt_id(12)?,
            reverses: row.opt_id(13)?,
        },
        business_time: jiff::Timestamp::from_microsecond(business_us).map_err(|e| StoreError::broken(e.to_string()))?,
        recorded_us: row.int(15)?,
        period,
        expires_us: row.opt_int(17)?,
    })
}

impl Reader<'_> {
    /// All transfers of a workspace in the order of their ids: for checks and small books.
    pub fn transfers(&mut self, workspace: Id) -> Result<Vec<Transfer>, StoreError> {
        let mut transfers = Vec::new();
        self.session.query(&sql::verify::TRANSFERS, &[workspace.into(), i64::MIN.into(), i64::MAX.into()], &mut |row| {
            transfers.push(transfer_row(row)?);
            Ok(())
        })?;
        Ok(transfers)
    }

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
