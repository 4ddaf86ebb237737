//! The transfers of accounts, at a cost in proportion to them.

use std::collections::{BTreeMap, BTreeSet};

use meed_core::id::Id;
use meed_core::ledger::{Account, OwnerKind, Phase, Transfer, TransferKind};
use meed_core::loyalty::{EventKind, HoldBody, PurchaseBody, Standing, TillEvent};

use super::Reader;
use super::ledger::transfer_row;
use crate::error::StoreError;
use crate::sql;
use crate::value::Value;

/// Events of a participant that are read at a time.
const EVENTS_READ: i64 = 500;

impl Reader<'_> {
    /// What moved some accounts, all of one workspace, recorded until `known_us` (inclusive, microseconds UTC), by id. Holds that
    /// move nothing yet may be among it.
    pub fn transfers_of(&mut self, workspace: Id, accounts: &[Account], known_us: i64) -> Result<Vec<Transfer>, StoreError> {
        match self.transfers_found(workspace, accounts)? {
            Some(found) => Ok(found.into_iter().filter(|transfer| transfer.recorded_us <= known_us).collect()),
            // What no event names any more is found where it stands.
            None => {
                let ids: Vec<Id> = accounts.iter().map(|account| account.id).collect();
                self.transfers_touching(workspace, &ids, known_us)
            }
        }
    }

    /// The same without reading the journal: most kinds by the indexes of their accounts, those that tills post with every
    /// purchase by what the owner's events name. `None`: they do not sum to the accounts' totals.
    pub fn transfers_found(&mut self, workspace: Id, accounts: &[Account]) -> Result<Option<Vec<Transfer>>, StoreError> {
        let own: BTreeSet<Id> = accounts.iter().map(|account| account.id).collect();
        let mut found: BTreeMap<Id, Transfer> = BTreeMap::new();
        let keys: Vec<Vec<Value>> = own.iter().map(|id| vec![(*id).into()]).collect();
        for statement in [&sql::ledger::TRANSFERS_BY_DEBIT_SET, &sql::ledger::TRANSFERS_BY_CREDIT_SET] {
            self.session.query_set(statement, workspace.0, &keys, &mut |row| {
                let transfer = transfer_row(row)?;
                found.insert(transfer.id, transfer);
                Ok(())
            })?;
        }
        let mut named: BTreeSet<Id> = found.values().filter_map(|transfer| transfer.causes.reverses).collect();
        let people: BTreeSet<Id> = accounts
            .iter()
            .map(|account| account.key.owner)
            .filter(|owner| owner.kind == OwnerKind::Participant)
            .map(|owner| owner.id)
            .collect();
        for person in people {
            self.named_by_events(workspace, person, &mut named)?;
        }
        let keys: Vec<Vec<Value>> = named.into_iter().filter(|id| !found.contains_key(id)).map(|id| vec![id.into()]).collect();
        for keys in keys.chunks(1_000) {
            self.session.query_set(&sql::ledger::TRANSFER_BY_ID_SET, workspace.0, keys, &mut |row| {
                let transfer = transfer_row(row)?;
                if own.contains(&transfer.debit) || own.contains(&transfer.credit) {
                    found.insert(transfer.id, transfer);
                }
                Ok(())
            })?;
        }
        Ok(sums_to(accounts, found.values()).then(|| found.into_values().collect()))
    }

    /// What was netted against what an account's owner owed, by id.
    pub(super) fn netted_on(&mut self, workspace: Id, accounts: &[Id]) -> Result<Vec<Transfer>, StoreError> {
        let keys: Vec<Vec<Value>> = accounts.iter().map(|id| vec![(*id).into()]).collect();
        let mut found = Vec::new();
        self.session.query_set(&sql::ledger::TRANSFERS_BY_CREDIT_SET, workspace.0, &keys, &mut |row| {
            found.push(transfer_row(row)?);
            Ok(())
        })?;
        found.retain(|transfer| transfer.kind == TransferKind::OwedNetted);
        Ok(found)
    }

    /// What expired from accounts, and what came back of it, each with its lot, by id.
    pub(super) fn expiries_on(&mut self, workspace: Id, accounts: &[Id]) -> Result<Vec<(Transfer, Id)>, StoreError> {
        let keys: Vec<Vec<Value>> = accounts.iter().map(|id| vec![(*id).into()]).collect();
        let mut found: BTreeMap<Id, Transfer> = BTreeMap::new();
        for statement in [&sql::ledger::TRANSFERS_BY_DEBIT_SET, &sql::ledger::TRANSFERS_BY_CREDIT_SET] {
            self.session.query_set(statement, workspace.0, &keys, &mut |row| {
                let transfer = transfer_row(row)?;
                if matches!(transfer.kind, TransferKind::Expired | TransferKind::Forfeited | TransferKind::ExpiryReversed) {
                    found.insert(transfer.id, transfer);
                }
                Ok(())
            })?;
        }
        let keys: Vec<Vec<Value>> = found.keys().map(|id| vec![(*id).into()]).collect();
        let mut lots = Vec::with_capacity(keys.len());
        for keys in keys.chunks(1_000) {
            self.session.query_set(&sql::till::EXPIRY_SET, workspace.0, keys, &mut |row| {
                lots.push((row.id(0)?, row.id(1)?));
                Ok(())
            })?;
        }
        Ok(lots.into_iter().filter_map(|(transfer, lot)| Some((found.remove(&transfer)?, lot))).collect())
    }

    /// The transfers that a participant's events name: those that opened lots of awards, and those that used them.
    fn named_by_events(&mut self, workspace: Id, participant: Id, named: &mut BTreeSet<Id>) -> Result<(), StoreError> {
        let mut before = None;
        loop {
            let page = self.till_events_back(workspace, Some(participant), before, EVENTS_READ)?;
            for (event, standing) in &page {
                name(event, standing.as_deref(), named);
            }
            before = page.last().map(|(event, _)| event.id);
            if i64::try_from(page.len()).unwrap_or(i64::MAX) < EVENTS_READ {
                return Ok(());
            }
        }
    }
}

/// What cannot be read names nothing; the sums tell.
fn name(event: &TillEvent, standing: Option<&[u8]>, named: &mut BTreeSet<Id>) {
    let mut stands = |standing: &Standing| {
        named.extend(standing.grants.iter().flat_map(|grant| &grant.lots));
        named.extend(standing.uses.iter().map(|used| used.transfer));
    };
    match event.kind {
        EventKind::Purchase | EventKind::Activity => {
            if let Ok(body) = PurchaseBody::from_row(&event.body) {
                stands(&body.standing);
            }
            if let Some(Ok(standing)) = standing.map(Standing::from_row) {
                stands(&standing);
            }
        }
        EventKind::Capture => {
            let body = HoldBody::from_row(&event.body);
            named.extend(body.iter().flat_map(|body| &body.parts).map(|part| part.transfer));
        }
        _ => {}
    }
}

/// Whether transfers sum to what was posted on each account.
fn sums_to<'a>(accounts: &[Account], transfers: impl Iterator<Item = &'a Transfer>) -> bool {
    let mut sums: BTreeMap<Id, (i64, i64)> = accounts.iter().map(|account| (account.id, (0, 0))).collect();
    for transfer in transfers.filter(|transfer| matches!(transfer.phase, Phase::Posted | Phase::Post)) {
        if let Some((debits, _)) = sums.get_mut(&transfer.debit) {
            *debits = debits.saturating_add(transfer.amount);
        }
        if let Some((_, credits)) = sums.get_mut(&transfer.credit) {
            *credits = credits.saturating_add(transfer.amount);
        }
    }
    accounts.iter().all(|account| sums.get(&account.id) == Some(&(account.totals.debits_posted, account.totals.credits_posted)))
}
