//! Accounts, holds and reversed totals against the transfers.

use std::collections::HashMap;

use meed_core::command::{Head, RecordKind};
use meed_core::id::Id;
use meed_core::ledger::verify::Verifier;
use meed_core::ledger::{Account, OwnerKind, Reversed};

use super::Check;
use crate::batch::load::{account_row, hold_row};
use crate::error::StoreError;
use crate::read::transfer_row;
use crate::sql;

/// From the beginning to the end of recorded time.
pub(super) const ALWAYS: [i64; 2] = [i64::MIN, i64::MAX];

impl Check<'_> {
    /// Answers the accounts by id.
    pub(super) fn ledger(&mut self, head: &Head) -> Result<HashMap<Id, Account>, StoreError> {
        let mut verifier = Verifier::new();
        let mut accounts = HashMap::new();
        self.each(&sql::ledger::ACCOUNTS, &[], &mut |notes, row| {
            let account = account_row(row)?;
            if account.key.owner.kind == OwnerKind::Workspace && account.key.owner.id != notes.workspace {
                notes.differ("reference", format!("account {}", account.id), account.key, "this workspace's own");
            }
            verifier.account(account);
            accounts.insert(account.id, account);
            Ok(())
        })?;
        self.each(&sql::verify::HOLDS, &[], &mut |notes, row| {
            if row.opt_int(3)?.is_none() {
                notes.differ("hold", row.id(0)?, "a hold", "no such transfer");
                return Ok(());
            }
            verifier.hold(hold_row(row)?);
            Ok(())
        })?;
        self.each(&sql::ledger::REVERSED, &[], &mut |_, row| {
            verifier.reversed(Reversed { transfer: row.id(0)?, total: row.int(1)? });
            Ok(())
        })?;
        let mut last = accounts.keys().copied().max().unwrap_or_default();
        self.each(&sql::verify::TRANSFERS, &ALWAYS, &mut |_, row| {
            let transfer = transfer_row(row)?;
            last = last.max(transfer.id);
            verifier.transfer(&transfer);
            Ok(())
        })?;
        if head.last_id < last {
            self.differ("last_id", "workspace row", head.last_id, format!("at least {last}"));
        }
        let report = verifier.finish();
        for found in &report.differences {
            self.differ(found.what.name(), found.place, &found.stored, &found.computed);
        }
        self.report.transfers += report.transfers;
        for (unit, moved) in report.moved {
            *self.report.moved.entry(unit).or_default() += moved;
        }
        self.none_of(&sql::verify::LOST_SALE_CAUSES, &[], "reference", "no such sale in this workspace")?;
        self.none_of(&sql::verify::LOST_PAYOUT_CAUSES, &[RecordKind::Payout.code()], "reference", "no such payout in this workspace")?;
        Ok(accounts)
    }
}
