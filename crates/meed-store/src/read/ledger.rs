//! Reading accounts and transfers.

use std::collections::{BTreeMap, HashMap};

use meed_core::command::date_of;
use meed_core::id::Id;
use meed_core::ledger::{Account, Causes, Owner, Phase, Totals, Transfer, TransferKind};

use super::Reader;
use crate::batch::load::{account_row, code16, unit};
use crate::error::StoreError;
use crate::sql;
use crate::value::{RowView, Value};

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
    /// The accounts as the transfers tell that were recorded until `known_us` (inclusive) and whose business time lies
    /// before `until_us` (both in microseconds UTC): as known at a time, as of a business date, or both (`ledger.md` §11).
    /// Accounts that no such transfer touched have zero totals.
    pub fn accounts_as_of(&mut self, workspace: Id, known_us: i64, until_us: i64) -> Result<Vec<Account>, StoreError> {
        let mut accounts: BTreeMap<Id, Account> = BTreeMap::new();
        for account in self.accounts(workspace)? {
            accounts.insert(account.id, Account { totals: Totals::default(), ..account });
        }
        // Holds in view, to take off what a post or void releases.
        let mut held: HashMap<Id, i64> = HashMap::new();
        let params = [workspace.into(), known_us.into(), until_us.into()];
        self.session.query(&sql::ledger::TRANSFERS_AS_OF, &params, &mut |row| {
            let transfer = transfer_row(row)?;
            let (posted, pending) = match transfer.phase {
                Phase::Posted => (transfer.amount, 0),
                Phase::Hold => {
                    held.insert(transfer.id, transfer.amount);
                    (0, transfer.amount)
                }
                Phase::Post | Phase::Void => {
                    let released = transfer.causes.hold.and_then(|hold| held.remove(&hold)).unwrap_or(0);
                    (if transfer.phase == Phase::Post { transfer.amount } else { 0 }, -released)
                }
            };
            let overflow = || StoreError::broken("the totals of an account leave the 64-bit range");
            let add = |total: &mut i64, more: i64| total.checked_add(more).map(|sum| *total = sum).ok_or_else(overflow);
            if let Some(account) = accounts.get_mut(&transfer.debit) {
                add(&mut account.totals.debits_posted, posted)?;
                add(&mut account.totals.debits_pending, pending)?;
            }
            if let Some(account) = accounts.get_mut(&transfer.credit) {
                add(&mut account.totals.credits_posted, posted)?;
                add(&mut account.totals.credits_pending, pending)?;
            }
            Ok(())
        })?;
        Ok(accounts.into_values().collect())
    }

    /// The transfers on either side of some accounts that were recorded until `known_us` (inclusive, microseconds UTC), by id.
    /// It reads the journal from the first of the accounts on: [`Reader::transfers_of`] finds them without.
    pub fn transfers_touching(&mut self, workspace: Id, accounts: &[Id], known_us: i64) -> Result<Vec<Transfer>, StoreError> {
        let mut found: BTreeMap<Id, Transfer> = BTreeMap::new();
        for some in accounts.chunks(8) {
            // An account is made by the command that first moves it, and ids are ordered by time.
            let first = some.iter().min().copied().unwrap_or_default();
            let first = first.first_of_millisecond();
            let mut params: Vec<Value> = vec![workspace.into(), first.into(), known_us.into()];
            params.extend((0..8).map(|at| some.get(at).copied().unwrap_or_default().into()));
            self.session.query(&sql::ledger::TRANSFERS_TOUCHING, &params, &mut |row| {
                let transfer = transfer_row(row)?;
                found.insert(transfer.id, transfer);
                Ok(())
            })?;
        }
        Ok(found.into_values().collect())
    }

    /// Accounts by id.
    pub fn accounts_by_id(&mut self, workspace: Id, ids: &[Id]) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::with_capacity(ids.len());
        let keys: Vec<Vec<Value>> = ids.iter().map(|id| vec![(*id).into()]).collect();
        self.session.query_set(&sql::ledger::ACCOUNT_BY_ID_SET, workspace.0, &keys, &mut |row| {
            accounts.push(account_row(row)?);
            Ok(())
        })?;
        Ok(accounts)
    }

    /// All transfers of a workspace in the order of their ids: for checks and small books.
    pub fn transfers(&mut self, workspace: Id) -> Result<Vec<Transfer>, StoreError> {
        let mut transfers = Vec::new();
        self.session.query(&sql::verify::TRANSFERS, &[workspace.into(), i64::MIN.into(), i64::MAX.into()], &mut |row| {
            transfers.push(transfer_row(row)?);
            Ok(())
        })?;
        Ok(transfers)
    }

    /// The transfers of one command, by its recorded time, in the order of their ids.
    pub fn transfers_recorded_at(&mut self, workspace: Id, recorded_us: i64) -> Result<Vec<Transfer>, StoreError> {
        let mut transfers = Vec::new();
        let params = [workspace.into(), recorded_us.saturating_sub(1).into(), recorded_us.into()];
        self.session.query(&sql::verify::TRANSFERS, &params, &mut |row| {
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
