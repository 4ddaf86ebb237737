//! Reading what happened at tills, wallets and their lots.

use meed_core::id::Id;
use meed_core::ledger::{Account, Lot, Owner, Purpose, Transfer};
use meed_core::loyalty::{Cell, TillEvent};

use super::Reader;
use crate::batch::load_till::{event_row, lot_row};
use crate::error::StoreError;
use crate::sql;
use crate::value::{RowView, Value};

/// An event with its present standing, if that is kept beside it.
pub type StoredEvent = (TillEvent, Option<Vec<u8>>);

/// What an open hold reserves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The hold.
    pub hold: Id,
    /// When it ends by itself, microseconds UTC.
    pub expires_us: Option<i64>,
    /// Lots, with what is reserved of each in minor units.
    pub parts: Vec<(Id, i64)>,
}

impl Reader<'_> {
    /// The open holds on a participant's wallets, those that ran out and were not released yet among them.
    pub fn reserved(&mut self, workspace: Id, participant: Id) -> Result<Vec<Reserved>, StoreError> {
        let accounts = self.accounts_of(workspace, Owner::participant(participant))?;
        let keys: Vec<Vec<Value>> = accounts.iter().filter(|a| a.totals.debits_pending > 0).map(|a| vec![a.id.into()]).collect();
        let mut holds: Vec<Reserved> = Vec::new();
        if keys.is_empty() {
            return Ok(holds);
        }
        self.session.query_set(&sql::ledger::OPEN_HOLDS_SET, workspace.0, &keys, &mut |row| {
            holds.push(Reserved { hold: row.id(0)?, expires_us: row.opt_int(7)?, parts: Vec::new() });
            Ok(())
        })?;
        let keys: Vec<Vec<Value>> = holds.iter().map(|hold| vec![hold.hold.into()]).collect();
        self.session.query_set(&sql::till::ALLOCATION_SET, workspace.0, &keys, &mut |row| {
            let of = row.id(0)?;
            if let Some(hold) = holds.iter_mut().find(|hold| hold.hold == of) {
                hold.parts.push((row.id(1)?, row.int(2)?));
            }
            Ok(())
        })?;
        Ok(holds)
    }

    /// An event by id.
    pub fn till_event(&mut self, workspace: Id, id: Id) -> Result<Option<StoredEvent>, StoreError> {
        let mut found = None;
        self.session.query_set(&sql::till::EVENT_BY_ID_SET, workspace.0, &[vec![id.into()]], &mut |row| {
            found = Some(stored(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The event that took a reference within a source.
    pub fn till_identity(&mut self, workspace: Id, source: Id, reference: &str) -> Result<Option<Id>, StoreError> {
        let mut found = None;
        self.session.query_set(&sql::till::IDENTITY_SET, workspace.0, &[vec![source.into(), reference.into()]], &mut |row| {
            found = Some(row.id(2)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// A page of events, newest first, before the id `before`; of one participant or of all.
    pub fn till_events_back(
        &mut self,
        workspace: Id,
        participant: Option<Id>,
        before: Option<Id>,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        if let Some(participant) = participant {
            return self.till_events_of(workspace, participant, before, limit);
        }
        let mut events = Vec::new();
        let params: [Value; 3] = [workspace.into(), before.map_or(i64::MAX, |id| id.0).into(), limit.into()];
        self.session.query(&sql::till::EVENT_PAGE_ALL, &params, &mut |row| {
            events.push(stored(row)?);
            Ok(())
        })?;
        Ok(events)
    }

    fn till_events_of(&mut self, workspace: Id, participant: Id, before: Option<Id>, limit: i64) -> Result<Vec<StoredEvent>, StoreError> {
        let Some(first) = self.first_before(workspace, participant, before)? else { return Ok(Vec::new()) };
        let mut events = Vec::new();
        self.session.query_set(&sql::till::EVENTS_BACK_SET, workspace.0, &[vec![first.into(), limit.into()]], &mut |row| {
            let event = stored(row)?;
            // Damage may lead to others, or forward.
            if event.0.participant == participant && before.is_none_or(|before| event.0.id < before) {
                events.push(event);
            }
            Ok(())
        })?;
        Ok(events)
    }

    /// The newest event of a participant before an id.
    fn first_before(&mut self, workspace: Id, participant: Id, before: Option<Id>) -> Result<Option<Id>, StoreError> {
        let Some(before) = before else { return self.last_till_event(workspace, participant) };
        // Mostly it is an event of theirs, or the number behind one.
        let near = Id(before.0.saturating_sub(1));
        let (mut own, mut is_near) = (None, false);
        let keys = [vec![before.into()], vec![near.into()]];
        self.session.query_set(&sql::till::EVENT_BY_ID_SET, workspace.0, &keys, &mut |row| {
            let event = event_row(row)?;
            if event.participant == participant {
                (own, is_near) = if event.id == before { (Some(event.previous), is_near) } else { (own, true) };
            }
            Ok(())
        })?;
        match own {
            Some(previous) => return Ok(previous),
            None if is_near => return Ok(Some(near)),
            None => {}
        }
        let Some(last) = self.last_till_event(workspace, participant)? else { return Ok(None) };
        let mut first = None;
        self.session.query_set(&sql::till::EVENT_BEFORE_SET, workspace.0, &[vec![last.into(), before.into()]], &mut |row| {
            first = row.opt_id(0)?;
            Ok(())
        })?;
        Ok(first)
    }

    fn last_till_event(&mut self, workspace: Id, participant: Id) -> Result<Option<Id>, StoreError> {
        let mut last = None;
        self.session.query_set(&sql::till::CELL_SET, workspace.0, &[vec![participant.into()]], &mut |row| {
            last = row.opt_id(3)?;
            Ok(())
        })?;
        Ok(last)
    }

    /// The open lots of a participant, by id.
    pub fn open_lots(&mut self, workspace: Id, participant: Id) -> Result<Vec<Lot>, StoreError> {
        let mut lots = Vec::new();
        self.session.query_set(&sql::till::LOT_OPEN_SET, workspace.0, &[vec![participant.into()]], &mut |row| {
            lots.push(lot_row(row)?);
            Ok(())
        })?;
        Ok(lots)
    }

    /// What expired of a participant's lots and what came back of it, each with its lot, by id.
    pub fn expiries(&mut self, workspace: Id, participant: Id) -> Result<Vec<(Transfer, Id)>, StoreError> {
        let accounts = self.accounts_of(workspace, Owner::participant(participant))?;
        let own = accounts.iter().filter(|account| matches!(account.key.purpose, Purpose::Available | Purpose::Pending));
        let own: Vec<Id> = own.map(|account| account.id).collect();
        self.expiries_on(workspace, &own)
    }

    /// What was netted of a participant's new credits against what they owed, by id. Who never owed anything costs no read of
    /// the journal.
    pub fn netted(&mut self, workspace: Id, participant: Id) -> Result<Vec<Transfer>, StoreError> {
        let accounts = self.accounts_of(workspace, Owner::participant(participant))?;
        let owed = |account: &&Account| account.key.purpose == Purpose::Recoverable && account.totals.credits_posted > 0;
        let owed: Vec<Id> = accounts.iter().filter(owed).map(|account| account.id).collect();
        self.netted_on(workspace, &owed)
    }

    /// What is remembered of a participant between purchases.
    pub fn till_cell(&mut self, workspace: Id, participant: Id) -> Result<Cell, StoreError> {
        self.till_cell_row(workspace, participant).map(|(cell, _)| cell)
    }

    /// The same, with when something of theirs is due, in microseconds UTC.
    pub fn till_cell_row(&mut self, workspace: Id, participant: Id) -> Result<(Cell, Option<i64>), StoreError> {
        let mut found = (Cell::default(), None);
        self.session.query_set(&sql::till::CELL_SET, workspace.0, &[vec![participant.into()]], &mut |row| {
            found = (Cell::from_row(row.bytes(2)?).map_err(|e| StoreError::broken(e.to_string()))?, row.opt_int(1)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Uses of what is limited in number, by subject.
    pub fn till_counters(&mut self, workspace: Id) -> Result<Vec<(Id, i64)>, StoreError> {
        let mut counters = Vec::new();
        self.session.query(&sql::till::COUNTERS, &[workspace.into()], &mut |row| {
            counters.push((row.id(0)?, row.int(1)?));
            Ok(())
        })?;
        Ok(counters)
    }
}

fn stored(row: &dyn RowView) -> Result<StoredEvent, StoreError> {
    Ok((event_row(row)?, row.opt_bytes(9)?.map(<[u8]>::to_vec)))
}
