//! What every command on purchases shares: taking them up, deciding awards again, and leaving what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::damaged;
use super::{PurchaseDone, pay_back, settlement};
use crate::command::{RecordKind, Refused, State};
use crate::id::Id;
use crate::ledger::{Owner, Purpose, Refusal, Wallet, Wallets};
use crate::loyalty::cell::Cell;
use crate::loyalty::evaluate::Seen;
use crate::loyalty::event::{
    AdjustmentBody, EvaluationBody, EventKind, ExtensionBody, HoldBody, RefundBody, SpendBody, Standing, TierSetBody, TransferBody,
};
use crate::loyalty::giving::{Giver, Work};
use crate::loyalty::loaded::PurchaseSlot;
use crate::loyalty::tier_again::tiers_at;
use crate::loyalty::{Participant, ReviewBody, TillConfig};
use crate::money::{Minor, Unit};

use super::{HoldDone, RefundDone, SpendDone, TillReply, TransferDone};

/// The purchases that a command works on: the one that it changes, and where awards depend on them, all of the customer.
pub(super) struct Works {
    pub(super) all: Vec<Work>,
    /// The one that is changed, by place.
    pub(super) own: usize,
    is_fold: bool,
    /// How the one that is changed stood.
    before: Standing,
}

pub(super) fn work_of(slot: &PurchaseSlot) -> Work {
    Work { id: slot.id, body: Arc::clone(&slot.body), standing: slot.standing.clone() }
}

pub(super) fn giver<'a>(state: &State, config: &'a TillConfig, participant: Id, person: &'a Participant, at: jiff::Timestamp) -> Giver<'a> {
    let counters: BTreeMap<Id, i64> = config.offers.limited().map(|id| (id, state.tills.counter(id))).collect();
    Giver {
        config,
        participant,
        person,
        counters,
        taken_back: Vec::new(),
        granted: Vec::new(),
        tiers_before: BTreeMap::new(),
        moves: Vec::new(),
        has_over: false,
        at,
    }
}

impl Works {
    /// Takes up a stored purchase, with its history where that matters.
    pub(super) fn take(state: &State, config: &TillConfig, slot: &PurchaseSlot) -> Self {
        let before = slot.standing.clone();
        match state.tills.history(slot.participant).filter(|_| config.is_stateful()) {
            Some(history) => {
                let all: Vec<Work> = history.into_iter().map(work_of).collect();
                let own = all.iter().position(|work| work.id == slot.id).unwrap_or_default();
                Self { all, own, is_fold: true, before }
            }
            None => Self { all: vec![work_of(slot)], own: 0, is_fold: false, before },
        }
    }

    pub(super) fn own(&mut self) -> &mut Work {
        &mut self.all[self.own]
    }

    /// Decides awards again. Answers the cell that comes of it, if it was folded.
    pub(super) fn give(&mut self, giver: &mut Giver<'_>, wallets: &mut Wallets<'_>) -> Result<Option<Cell>, Refusal> {
        if self.is_fold {
            let before = self.all.iter().enumerate();
            let before = before.map(|(at, work)| if at == self.own { Seen::of(work.id, &work.body, &self.before) } else { work.seen() });
            giver.tiers_before = tiers_at(giver.config, giver.person, before)?;
            return giver.refold(wallets, &mut self.all).map(Some);
        }
        giver.give(wallets, &mut self.all[0], &Cell::default()).map(|_| None)
    }

    /// Leaves what changed: standings, the cell and counters.
    pub(super) fn leave(self, state: &mut State, giver: Giver<'_>, cell: Option<Cell>) -> Result<(), Refused> {
        let Giver { config, participant, at, .. } = giver;
        for work in self.all {
            stand(state, config, work, participant, at)?;
        }
        leave(state, participant, giver.counters, cell);
        Ok(())
    }
}

/// Leaves how a stored purchase stands now, with what follows from it: what was settled or paid back is brought to it.
pub(super) fn stand(state: &mut State, config: &TillConfig, work: Work, participant: Id, at: jiff::Timestamp) -> Result<(), Refused> {
    let before = state.tills.purchase(work.id).map(|slot| slot.standing.clone());
    let Some(before) = before.filter(|before| *before != work.standing) else { return Ok(()) };
    let Work { id, body, mut standing } = work;
    settlement::follow(state, config, (id, participant, at), &before, &standing)?;
    pay_back::follow(state, config, (id, participant, at), &body.basket, (&before, &mut standing));
    state.tills.change_purchase(id, standing);
    Ok(())
}

/// Leaves the cell of a participant, with the next instant at which something is due.
pub(super) fn leave(state: &mut State, participant: Id, counters: BTreeMap<Id, i64>, cell: Option<Cell>) {
    for (subject, used) in counters {
        if state.tills.counter(subject) != used {
            state.tills.set_counter(subject, used);
        }
    }
    let slot = state.tills.cell(participant);
    // What limits count is no part of a fold.
    let cell = cell.map_or_else(
        || slot.cell.clone(),
        |cell| {
            let (usage, held) = (slot.cell.usage.clone(), slot.cell.held.clone());
            Cell { usage, held, ..cell }
        },
    );
    let due_us = next_due(state, participant, slot.due_us);
    if cell != slot.cell || due_us != slot.due_us {
        state.tills.change_cell(participant, cell, due_us);
    }
}

/// When a lot or hold of the participant is due next. Without all lots at hand the earlier answer stands, or an earlier one.
fn next_due(state: &State, participant: Id, before: Option<i64>) -> Option<i64> {
    let currency = state.head.unit;
    let lots = [currency, Unit::POINTS].into_iter().flat_map(|unit| state.book.lots_of(participant, unit));
    let due = lots.filter(|lot| lot.remaining > 0 && (lot.is_pending || lot.free() > 0)).filter_map(crate::ledger::Lot::due_us).min();
    let holds = [currency, Unit::POINTS]
        .into_iter()
        .filter_map(|unit| state.book.next_hold_expiry(&Wallet { participant, unit }.account(Purpose::Available)));
    let known = due.into_iter().chain(holds).min();
    if state.tills.has_lots(participant) { known } else { known.into_iter().chain(before).min() }
}

/// What may be used of both wallets.
pub(super) fn balances(state: &State, participant: Id) -> (Minor, Minor) {
    let of = |unit: Unit| state.book.available(&Owner::participant(participant).account(Purpose::Available, unit));
    (of(state.head.unit), of(Unit::POINTS))
}

/// A stored purchase as an answer.
pub(super) fn stored(state: &State, slot: &PurchaseSlot) -> PurchaseDone {
    let person = state.record(RecordKind::Participant, slot.participant);
    PurchaseDone {
        id: slot.id,
        participant: slot.participant,
        person: person.and_then(|record| Participant::read(&record.body).ok()).map(|person| (person.number, person.name)),
        body: Arc::clone(&slot.body),
        standing: slot.standing.clone(),
        balances: balances(state, slot.participant),
        additional: 0,
        verdicts: Vec::new(),
        spend: None,
        is_replayed: false,
    }
}

/// The first answer to a command whose identity is taken.
pub(super) fn replay(state: &State, id: Id) -> Result<TillReply, Refused> {
    let event = state.tills.event(id).ok_or_else(|| super::checks::not_found("event"))?;
    let (participant, about, at_us) = (event.participant, event.about, event.at_us);
    match event.kind {
        EventKind::Purchase | EventKind::Activity => {
            let slot = state.tills.purchase(id).ok_or_else(|| super::checks::not_found("purchase"))?;
            Ok(TillReply::Purchase(Box::new(PurchaseDone { is_replayed: true, ..stored(state, slot) })))
        }
        EventKind::Spend => {
            let body = SpendBody::from_row(&event.body).map_err(damaged)?;
            let (purchase, is_cancelled) = (about.unwrap_or_default(), state.tills.standing(id).is_some());
            Ok(TillReply::Spend(Box::new(SpendDone { id, purchase, participant, at_us, body, is_cancelled, is_replayed: true })))
        }
        EventKind::Refund | EventKind::AdHocReturn | EventKind::CancelPurchase | EventKind::CancelSpend => {
            let body = RefundBody::from_row(&event.body).map_err(damaged)?;
            // What was cancelled is a purchase, or a spend on one.
            let of_spend = || state.tills.event(about?).and_then(|spend| state.tills.purchase(spend.about?));
            let purchase = about.and_then(|id| state.tills.purchase(id)).or_else(of_spend).map(|slot| Box::new(stored(state, slot)));
            Ok(TillReply::Refund(Box::new(RefundDone { id, about, participant, at_us, body, purchase, is_replayed: true })))
        }
        EventKind::Hold | EventKind::Capture | EventKind::Release => {
            let body = HoldBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Hold(Box::new(HoldDone { id, about, participant, body, is_replayed: true })))
        }
        EventKind::Adjustment => {
            let body = AdjustmentBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Adjustment(id, Box::new(body), true))
        }
        EventKind::TransferOut | EventKind::TransferIn => {
            let body = TransferBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Transfer(Box::new(TransferDone { id, participant, body, is_replayed: true })))
        }
        EventKind::Extension => {
            let body = ExtensionBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Extension(id, Box::new(body), true))
        }
        EventKind::Review => {
            let body = ReviewBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Review(id, Box::new(body), true))
        }
        EventKind::Evaluation => {
            let body = EvaluationBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Evaluated(vec![body]))
        }
        EventKind::TierSet => {
            let body = TierSetBody::from_row(&event.body).map_err(damaged)?;
            Ok(TillReply::Tier(id, Box::new(body), true))
        }
        EventKind::Settlement | EventKind::SettlementCorrection | EventKind::PayBack => Err(super::checks::not_found("event")),
    }
}
