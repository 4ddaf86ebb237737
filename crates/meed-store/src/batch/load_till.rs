//! Load for the tills, stage by stage, one statement per set: events, then participants, then what is theirs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use meed_core::command::{RecordKind, State};
use meed_core::id::Id;
use meed_core::ledger::{Lot, Original, Owner, OwnerKind, Phase, Purpose};
use meed_core::loyalty::{
    EventKind, Means, OneTimeCode, Participant, PurchaseSlot, TakenIdentity, TillConfig, TillEvent, TillNeeds, WalletRef, fold_code,
};
use meed_core::money::Unit;

use super::guesses::People;
use super::load::{account_row, code16, hold_row, owner, record_row, unit};
use super::load_wallets::{Cells, Wallets, Wanted, expect_accounts, owner_keys, take_account, take_lot};
use crate::engine::Session;
use crate::error::StoreError;
use crate::sql;
use crate::statement::Statement;
use crate::value::{RowView, Value};

/// Loads what `needs` names; identities, the records that commands name, and these wallets are here already. Answers whom the
/// commands name.
pub(super) fn load_tills(
    session: &mut dyn Session,
    workspace: i64,
    needs: &TillNeeds,
    state: &mut State,
    mut wallets: Wallets,
) -> Result<People, StoreError> {
    let mut loader = Loader { session, workspace, state };
    let mut events = needs.events.clone();
    let taken = |(source, reference): &(Id, String)| loader.state.tills.identity(*source, reference).map(|taken| taken.event);
    events.extend(needs.identities.iter().filter_map(taken));
    loader.events(&events)?;
    let due = loader.due(needs)?;
    let people = loader.people(needs, &due)?;
    let mut wanted = Wanted::of(needs, &people);
    wanted.counters.extend(loader.promo_counters(needs));
    wanted.with_lots.extend(&due);
    wanted.with_lots.extend(loader.spends_by_itself(&wanted.participants));
    loader.wallets(wanted, &mut wallets)?;
    if people.is_empty() && needs.programs.is_empty() {
        return Ok(people);
    }
    let Wallets { mut with_lots, mut programs, cells, .. } = wallets;
    let histories = histories(needs, &people, &cells);
    let now_us = loader.state.recorded_us();
    let is_due = |(_, due_us): &(Option<i64>, Option<i64>)| due_us.is_some_and(|due| due <= now_us);
    let more = histories.iter().chain(cells.iter().filter(|(_, cell)| is_due(cell)).map(|(id, _)| id)).copied();
    let more: BTreeSet<Id> = more.filter(|id| !with_lots.contains(id)).collect();
    loader.history(&histories)?;
    let (mut lots, transfers) = loader.named_in(&events, &histories);
    lots.extend(needs.named_lots.iter().copied());
    // An offer that matched may give something only when a purchase is decided again.
    programs.extend(loader.state.tills.purchases().flat_map(|purchase| purchase.body.matched.iter().map(|matched| matched.offer)));
    loader.lots(&more, &lots, &mut programs)?;
    loader.expired_lots(needs, &people, &mut programs)?;
    with_lots.extend(more);
    let owners: Vec<Owner> = programs.difference(&needs.programs).map(|id| Owner::program(*id)).collect();
    expect_accounts(loader.state, &owners);
    loader.each(&sql::ledger::ACCOUNT_BY_OWNER_SET, &owner_keys(&owners), &mut take_account)?;
    loader.holds(&with_lots)?;
    loader.originals(&transfers)?;
    Ok(people)
}

/// The participants all of whose purchases are needed: those that a command says so of, and those of a late purchase.
fn histories(needs: &TillNeeds, people: &People, cells: &Cells) -> BTreeSet<Id> {
    let mut histories: BTreeSet<Id> = needs.history.iter().filter_map(|who| people.get(who)).copied().collect();
    let mut last: HashMap<Id, i64> = HashMap::new();
    for (who, at_us) in &needs.purchases {
        let Some(participant) = people.get(who) else { continue };
        let before = last.get(participant).copied().or_else(|| cells.get(participant).and_then(|(at_us, _)| *at_us));
        if before.is_some_and(|before| *at_us <= before) {
            histories.insert(*participant);
        }
        last.insert(*participant, before.map_or(*at_us, |before| before.max(*at_us)));
    }
    histories
}

struct Loader<'a> {
    session: &'a mut dyn Session,
    workspace: i64,
    state: &'a mut State,
}

pub(super) fn keys(ids: impl IntoIterator<Item = Id>) -> Vec<Vec<Value>> {
    ids.into_iter().map(|id| vec![id.into()]).collect()
}

impl Loader<'_> {
    fn each(
        &mut self,
        statement: &'static Statement,
        keys: &[Vec<Value>],
        each: &mut dyn FnMut(&mut State, &dyn RowView) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let state = &mut *self.state;
        self.session.query_set(statement, self.workspace, keys, &mut |row| each(state, row))
    }

    /// Loads events, and what they are about.
    fn events(&mut self, ids: &BTreeSet<Id>) -> Result<(), StoreError> {
        let mut wanted = ids.clone();
        for _ in 0..3 {
            let mut about = BTreeSet::new();
            self.each(&sql::till::EVENT_BY_ID_SET, &keys(wanted.iter().copied()), &mut |state, row| {
                let (event, standing) = (event_row(row)?, row.opt_bytes(9)?.map(<[u8]>::to_vec));
                about.extend(event.about);
                state.tills.load_event(event, standing).map_err(|e| StoreError::broken(e.to_string()))
            })?;
            wanted = about.into_iter().filter(|id| self.state.tills.event(*id).is_none()).collect();
            if wanted.is_empty() {
                break;
            }
        }
        self.settlements()
    }

    /// The settlements of the purchases that are here: a settled purchase answers with its own, and a return corrects it.
    fn settlements(&mut self) -> Result<(), StoreError> {
        let tills = &self.state.tills;
        let settled = tills.purchases().filter_map(|slot| slot.standing.settled).filter(|id| tills.event(*id).is_none());
        let settled = keys(settled.collect::<Vec<_>>());
        self.each(&sql::till::EVENT_BY_ID_SET, &settled, &mut |state, row| {
            state.tills.load_event(event_row(row)?, None).map_err(|e| StoreError::broken(e.to_string()))
        })
    }

    /// Participants with lots that are due.
    fn due(&mut self, needs: &TillNeeds) -> Result<BTreeSet<Id>, StoreError> {
        let mut due = BTreeSet::new();
        if needs.due > 0 {
            let params = [self.workspace.into(), self.state.recorded_us().into(), needs.due.into()];
            self.session.query(&sql::till::LOT_DUE, &params, &mut |row| {
                due.insert(row.id(1)?);
                Ok(())
            })?;
            for participant in &due {
                self.state.tills.note_due(*participant);
            }
        }
        Ok(due)
    }

    /// Whom each reference means, with their records loaded. Those that were asked for ahead are here already.
    fn people(&mut self, needs: &TillNeeds, due: &BTreeSet<Id>) -> Result<People, StoreError> {
        let mut refs = needs.participants.clone();
        refs.extend(due.iter().map(|id| WalletRef::Participant(*id)));
        let mut people = People::new();
        for who in refs {
            let record = record_of(&who).and_then(|(kind, key)| self.state.record_by_key(kind, &key));
            let id = match &who {
                WalletRef::Participant(id) => Some(*id),
                WalletRef::Of(event) => self.state.tills.event(*event).map(|event| event.participant),
                WalletRef::Number(_) => record.map(|record| record.id),
                WalletRef::OneTimeCode(_) => record.and_then(|record| OneTimeCode::read(&record.body).ok()).map(|code| code.participant),
                WalletRef::Code(_) => record.and_then(|record| Means::read(&record.body).ok()).map(|means| means.participant),
            };
            if let Some(id) = id {
                people.insert(who, id);
            }
        }
        let kind = RecordKind::Participant.code();
        let missing: BTreeSet<Id> =
            people.values().copied().filter(|id| self.state.record(RecordKind::Participant, *id).is_none()).collect();
        let by_id: Vec<Vec<Value>> = missing.into_iter().map(|id| vec![kind.into(), id.into()]).collect();
        self.each(&sql::record::BY_ID_SET, &by_id, &mut |state, row| {
            state.load_record(record_row(row)?);
            Ok(())
        })?;
        Ok(people)
    }

    /// The counters of promotional codes that purchases name which are here.
    fn promo_counters(&self, needs: &TillNeeds) -> Vec<Id> {
        let promo = |(purchase, config): &(Id, std::sync::Arc<TillConfig>)| {
            let code = self.state.tills.purchase(*purchase)?.body.basket.promo_code.as_deref()?;
            config.promo_codes.get(&fold_code(code)).map(|promo| promo.id)
        };
        needs.promo_of.iter().filter_map(promo).collect()
    }

    /// Loads what is wanted and not among these wallets yet.
    fn wallets(&mut self, wanted: Wanted, wallets: &mut Wallets) -> Result<(), StoreError> {
        let rest = wallets.ask(wanted);
        let state = &mut *self.state;
        expect_accounts(state, &rest.owners(self.workspace));
        let questions = rest.questions(self.workspace).into();
        self.session.query_all(self.workspace, questions, &mut |place, row| wallets.take(state, place, row))?;
        for participant in &wallets.with_lots {
            self.state.tills.note_lots(*participant);
        }
        Ok(())
    }

    /// Participants whose wallet may be spent without a word of theirs.
    fn spends_by_itself(&self, participants: &BTreeSet<Id>) -> Vec<Id> {
        let does = |id: &Id| {
            let record = self.state.record(RecordKind::Participant, *id);
            record.is_some_and(|record| Participant::may_spend_by_itself(&record.body))
        };
        participants.iter().copied().filter(does).collect()
    }

    fn history(&mut self, participants: &BTreeSet<Id>) -> Result<(), StoreError> {
        let last = participants.iter().filter_map(|id| self.state.tills.cell(*id).last_event);
        let keys: Vec<Vec<Value>> = last.map(|last| vec![last.into(), i64::MAX.into()]).collect();
        let mut of: BTreeMap<Id, Vec<Id>> = participants.iter().map(|id| (*id, Vec::new())).collect();
        self.each(&sql::till::EVENTS_BACK_SET, &keys, &mut |state, row| {
            let (event, standing) = (event_row(row)?, row.opt_bytes(9)?.map(<[u8]>::to_vec));
            let Some(purchases) = of.get_mut(&event.participant).filter(|_| event.kind.is_bought()) else { return Ok(()) };
            purchases.push(event.id);
            state.tills.load_event(event, standing).map_err(|e| StoreError::broken(e.to_string()))
        })?;
        for (participant, purchases) in of {
            self.state.tills.load_history(participant, purchases);
        }
        self.settlements()
    }

    /// Lots and transfers that the purchases name which may be changed.
    fn named_in(&self, events: &BTreeSet<Id>, histories: &BTreeSet<Id>) -> (BTreeSet<Id>, BTreeSet<Id>) {
        let tills = &self.state.tills;
        let about = events.iter().filter_map(|id| tills.event(*id)).flat_map(|event| [Some(event.id), event.about]).flatten();
        let mut slots: Vec<&PurchaseSlot> = about.filter_map(|id| tills.purchase(id)).collect();
        slots.extend(histories.iter().filter_map(|id| tills.history(*id)).flatten());
        let (mut lots, mut transfers) = (BTreeSet::new(), BTreeSet::new());
        for slot in slots {
            for grant in &slot.standing.grants {
                lots.extend(grant.lots.iter().copied());
                // A lot has the id of the transfer that opened it.
                transfers.extend(grant.lots.iter().copied());
            }
            lots.extend(slot.standing.uses.iter().filter(|used| !used.is_uncovered()).map(|used| used.lot));
            transfers.extend(slot.standing.uses.iter().map(|used| used.transfer));
        }
        (lots, transfers)
    }

    fn lots(&mut self, open_of: &BTreeSet<Id>, named: &BTreeSet<Id>, programs: &mut BTreeSet<Id>) -> Result<(), StoreError> {
        let mut take = |state: &mut State, row: &dyn RowView| take_lot(state, row, programs);
        self.each(&sql::till::LOT_OPEN_SET, &keys(open_of.iter().copied()), &mut take)?;
        self.each(&sql::till::LOT_BY_ID_SET, &keys(named.iter().copied()), &mut take)?;
        for participant in open_of {
            self.state.tills.note_lots(*participant);
        }
        Ok(())
    }

    /// Lots that expired and could be used when a till made its sale.
    fn expired_lots(&mut self, needs: &TillNeeds, people: &People, programs: &mut BTreeSet<Id>) -> Result<(), StoreError> {
        let since = needs.expired_since.iter().filter_map(|(who, at_us)| Some(vec![(*people.get(who)?).into(), (*at_us).into()]));
        self.each(&sql::till::LOT_EXPIRED_SET, &since.collect::<Vec<_>>(), &mut |state, row| take_lot(state, row, programs))
    }

    /// Open holds on the wallets whose lots are here, with what they reserve.
    fn holds(&mut self, participants: &BTreeSet<Id>) -> Result<(), StoreError> {
        let currency = self.state.head.unit;
        let mut accounts = Vec::new();
        for participant in participants {
            for unit in [currency, Unit::POINTS] {
                let key = Owner::participant(*participant).account(Purpose::Available, unit);
                accounts
                    .extend(self.state.book.account(&key).filter(|account| account.totals.debits_pending > 0).map(|account| account.id));
            }
        }
        let mut holds = Vec::new();
        self.each(&sql::ledger::OPEN_HOLDS_SET, &keys(accounts), &mut |_, row| {
            holds.push(hold_row(row)?);
            Ok(())
        })?;
        let credits: BTreeSet<Id> =
            holds.iter().map(|hold| hold.credit).filter(|id| self.state.book.account_by_id(*id).is_none()).collect();
        self.each(&sql::ledger::ACCOUNT_BY_ID_SET, &keys(credits), &mut |state, row| {
            state.book.load_account(account_row(row)?);
            Ok(())
        })?;
        let mut allocations: BTreeMap<Id, Vec<(Id, i64)>> = BTreeMap::new();
        self.each(&sql::till::ALLOCATION_SET, &keys(holds.iter().map(|hold| hold.id)), &mut |_, row| {
            allocations.entry(row.id(0)?).or_default().push((row.id(1)?, row.int(2)?));
            Ok(())
        })?;
        for hold in holds {
            self.state.book.load_allocation(hold.id, allocations.remove(&hold.id).unwrap_or_default());
            self.state.book.load_hold(hold);
        }
        Ok(())
    }

    fn originals(&mut self, transfers: &BTreeSet<Id>) -> Result<(), StoreError> {
        self.each(&sql::ledger::ORIGINAL_SET, &keys(transfers.iter().copied()), &mut |state, row| {
            let phase = row.int(3)?;
            state.book.load_original(Original {
                id: row.id(0)?,
                amount: row.int(1)?,
                unit: unit(row.text(2)?)?,
                phase: Phase::from_code(code16(phase)?).ok_or_else(|| StoreError::broken(format!("phase {phase}")))?,
                debit_owner: owner(row, 4, 5)?,
                credit_owner: owner(row, 6, 7)?,
                reversed: row.opt_int(8)?.unwrap_or(0),
            });
            Ok(())
        })
    }
}

/// The records that references name by their keys.
pub(super) fn record_keys(needs: &TillNeeds) -> impl Iterator<Item = (RecordKind, String)> {
    needs.participants.iter().filter_map(record_of)
}

pub(super) fn take_identity(state: &mut State, row: &dyn RowView) -> Result<(), StoreError> {
    let fingerprint = row.bytes(3)?.try_into().map_err(|_| StoreError::broken("a stored fingerprint is not a hash"))?;
    state.tills.load_identity(row.id(0)?, row.text(1)?.to_owned(), TakenIdentity { event: row.id(2)?, fingerprint });
    Ok(())
}

/// The record that a reference names by its key.
fn record_of(who: &WalletRef) -> Option<(RecordKind, String)> {
    match who {
        WalletRef::Code(code) => Some((RecordKind::Means, fold_code(code))),
        WalletRef::Number(number) => Some((RecordKind::Participant, number.clone())),
        WalletRef::OneTimeCode(code) => Some((RecordKind::OneTimeCode, fold_code(code))),
        WalletRef::Participant(_) | WalletRef::Of(_) => None,
    }
}

/// An event from the columns that every statement on events lists first, in the same order.
pub(crate) fn event_row(row: &dyn RowView) -> Result<TillEvent, StoreError> {
    let kind = row.int(1)?;
    Ok(TillEvent {
        id: row.id(0)?,
        kind: EventKind::from_code(code16(kind)?).ok_or_else(|| StoreError::broken(format!("till event kind {kind}")))?,
        participant: row.id(2)?,
        about: row.opt_id(3)?,
        at_us: row.int(4)?,
        recorded_us: row.int(5)?,
        salt: row.int(6)?,
        body: row.bytes(7)?.to_vec(),
        // 0 stands for none.
        previous: row.opt_id(8)?.filter(|id| id.0 != 0),
    })
}

/// A lot from the columns that every statement on lots lists in the same order.
pub(crate) fn lot_row(row: &dyn RowView) -> Result<Lot, StoreError> {
    let first_expires_us = row.opt_int(8)?;
    let expires_us = match row.opt_int(16)? {
        None => first_expires_us,
        // The largest number stands for never.
        Some(extended_us) => Some(extended_us).filter(|us| *us != i64::MAX),
    };
    Ok(Lot {
        id: row.id(0)?,
        participant: row.id(1)?,
        unit: unit(row.text(2)?)?,
        amount: row.int(3)?,
        program: row.id(4)?,
        version: row.opt_id(5)?,
        sale: row.opt_id(6)?,
        active_us: row.int(7)?,
        expires_us,
        first_expires_us,
        rank: code16(row.int(9)?)?,
        cost: row.int(10)?,
        recorded_us: row.int(11)?,
        remaining: row.int(12)?,
        held: row.int(13)?,
        expired: row.int(14)?,
        is_pending: row.int(15)? != 0,
    })
}

/// The purposes with lots, for checks.
pub(crate) const fn has_lots(kind: OwnerKind, purpose: Purpose) -> bool {
    matches!(kind, OwnerKind::Participant) && matches!(purpose, Purpose::Available | Purpose::Pending)
}
