//! Holds: an amount is reserved for minutes, then used in full or in part, or given up (`ledger.md` §1.6).

use std::sync::Arc;

use super::checks::{check_config, check_unit, conflict, damaged, invalid, not_terminated, resolve, use_up};
use super::purchase::{Identified, first_answer, insufficient, need_identity, take_identity};
use super::rework::{balances, leave};
use super::{HoldDone, TillReply, limit};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Candidate, Lot, Origin, Portion, Refusal, Taken, Wallet, allocate};
use crate::loyalty::event::{EventKind, HeldPart, HoldBody};
use crate::loyalty::limits::HeldUsage;
use crate::loyalty::loaded::{TillNeeds, WalletRef};
use crate::loyalty::{LimitKind, TillConfig};
use crate::money::{Minor, Unit};

/// Longest time that an amount may be reserved, in minutes: a week.
const MINUTES_MAX: i64 = 10_080;

/// How a hold stands beside its event; a hold without one is open until it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldStanding {
    /// Used.
    Captured,
    /// Given up.
    Released,
}

impl HoldStanding {
    /// The stored form.
    #[must_use]
    pub fn to_row(self) -> Vec<u8> {
        vec![if self == Self::Captured { 2 } else { 3 }]
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_row(row: &[u8]) -> Option<Self> {
        match row {
            [2] => Some(Self::Captured),
            [3] => Some(Self::Released),
            _ => None,
        }
    }
}

/// Reserves an amount. Lots that may be used anywhere are taken, in the order of consumption.
#[derive(Clone, Debug)]
pub struct HoldWallet {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Whose wallet.
    pub who: WalletRef,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What it counts.
    pub unit: Unit,
    /// How much.
    pub amount: Minor,
    /// For how long; `None`: as the settings say.
    pub minutes: Option<i64>,
    /// When.
    pub at: jiff::Timestamp,
}

/// Uses a hold, in full or in part.
#[derive(Clone, Debug)]
pub struct CaptureHold {
    /// The hold.
    pub hold: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// How much of it; `None`: all.
    pub amount: Option<Minor>,
    /// When.
    pub at: jiff::Timestamp,
}

/// Gives a hold up.
#[derive(Clone, Debug)]
pub struct ReleaseHold {
    /// The hold.
    pub hold: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for HoldWallet {
    fn action(&self) -> &'static str {
        "hold.created"
    }

    fn needs(&self, needs: &mut Needs) {
        let tills = &mut needs.tills;
        if let Some(identity) = &self.identity {
            identity.need(tills);
        }
        tills.participants.insert(self.who.clone());
        tills.lots.insert(self.who.clone());
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(identity) = &self.identity
            && let Some(first) = identity.first_answer(state)?
        {
            return Ok(Reply::Till(first));
        }
        check_unit(&self.config, self.unit)?;
        if self.amount <= 0 {
            return Err(Refused::from(Refusal::AmountNotPositive).at("amount"));
        }
        let minutes = self.minutes.unwrap_or(self.config.settings.hold_minutes);
        if !(1..=MINUTES_MAX).contains(&minutes) {
            return Err(invalid("minutes_out_of_range", "minutes", format!("a hold lasts 1 to {MINUTES_MAX} minutes")));
        }
        let (participant, person) = resolve(state, &self.who)?;
        not_terminated(&person)?;
        if person.is_blocked {
            return Err(conflict("spend_blocked", "the customer is blocked from spending"));
        }
        limit::check(state, &self.config, (participant, &person), LimitKind::Debit, (self.unit, self.amount))?;
        let id = state.next_id();
        let expires_us = state.recorded_us() + minutes * 60_000_000;
        let wallet = Wallet { participant, unit: self.unit };
        let held = state.wallets(|wallets| {
            wallets.settle_due(wallet)?;
            let now_us = wallets.now_us();
            let all: Vec<Lot> = wallets.book().lots_of(participant, self.unit).filter(|lot| lot.is_usable(now_us)).copied().collect();
            let candidates: Vec<Candidate<'_>> = all.iter().filter(|lot| lot.rank == 0).map(|lot| Candidate { lot, lines: None }).collect();
            let portions = allocate(&candidates, &[self.amount], self.amount);
            let could: Minor = portions.iter().map(|portion| portion.amount).sum();
            if could < self.amount {
                let free: Minor = all.iter().map(Lot::free).sum();
                let is_bound = free >= self.amount;
                return Err(if is_bound { Refusal::LotConditionsNotMet } else { insufficient(self.unit, participant, could, self.amount) });
            }
            wallets.hold(wallet, &portions, expires_us, Origin::at(self.at))
        })?;
        let day = limit::today(state);
        let held_usage = HeldUsage { hold: id, unit: self.unit, day, amount: self.amount, expires_us };
        limit::held(state, &self.config, (participant, &person), held_usage);
        let parts = held.iter().map(|taken| HeldPart { transfer: taken.transfer, lot: taken.portion.lot, amount: taken.portion.amount });
        let parts = parts.collect();
        let body = HoldBody { unit: self.unit, amount: self.amount, expires_us, parts, balance: balances(state, participant).0 };
        let reply = finish(state, (id, EventKind::Hold, None, self.at), participant, body);
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        use_up(state, &self.who);
        Ok(reply)
    }
}

fn need_hold(hold: Id, needs: &mut TillNeeds) {
    needs.events.insert(hold);
    needs.participants.insert(WalletRef::Of(hold));
    needs.lots.insert(WalletRef::Of(hold));
}

/// The hold, if it is still to be decided.
fn open_hold(state: &State, id: Id) -> Result<(Id, HoldBody), Refused> {
    let event = state.tills.event(id).ok_or(Refusal::HoldNotFound)?;
    if event.kind != EventKind::Hold {
        return Err(Refusal::HoldNotFound.into());
    }
    match state.tills.standing(id).and_then(HoldStanding::from_row) {
        Some(HoldStanding::Captured) => Err(Refusal::HoldAlreadyPosted.into()),
        Some(HoldStanding::Released) => Err(Refusal::HoldAlreadyVoided.into()),
        None => {
            let body = HoldBody::from_row(&event.body).map_err(damaged)?;
            if body.expires_us <= state.recorded_us() {
                return Err(Refusal::HoldExpired.into());
            }
            Ok((event.participant, body))
        }
    }
}

impl Command for CaptureHold {
    fn action(&self) -> &'static str {
        "hold.captured"
    }

    fn needs(&self, needs: &mut Needs) {
        need_hold(self.hold, &mut needs.tills);
        need_identity(self.identity.as_ref(), needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        if self.amount.is_some_and(|amount| amount <= 0) {
            return Err(Refused::from(Refusal::AmountNotPositive).at("amount"));
        }
        let (participant, hold) = open_hold(state, self.hold)?;
        let amount = self.amount.unwrap_or(hold.amount);
        let wallet = Wallet { participant, unit: hold.unit };
        let held: Vec<Taken> = hold.parts.iter().map(HeldPart::taken).collect();
        let id = state.next_id();
        let taken = state.wallets(|wallets| wallets.post_held(wallet, &held, amount, Origin::at(self.at)))?;
        let part = |Taken { transfer, portion: Portion { lot, amount, .. } }: Taken| HeldPart { transfer, lot, amount };
        let parts = taken.into_iter().map(part).collect();
        state.tills.change_standing(self.hold, HoldStanding::Captured.to_row());
        limit::unheld(state, participant, self.hold, amount);
        let body = HoldBody { amount, parts, balance: balances(state, participant).0, ..hold };
        take_identity(state, self.identity.as_ref(), id);
        Ok(finish(state, (id, EventKind::Capture, Some(self.hold), self.at), participant, body))
    }
}

impl Command for ReleaseHold {
    fn action(&self) -> &'static str {
        "hold.released"
    }

    fn needs(&self, needs: &mut Needs) {
        need_hold(self.hold, &mut needs.tills);
        need_identity(self.identity.as_ref(), needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        let (participant, hold) = open_hold(state, self.hold)?;
        let wallet = Wallet { participant, unit: hold.unit };
        let held: Vec<Taken> = hold.parts.iter().map(HeldPart::taken).collect();
        let id = state.next_id();
        state.wallets(|wallets| wallets.void_held(wallet, &held, Origin::at(self.at)))?;
        state.tills.change_standing(self.hold, HoldStanding::Released.to_row());
        limit::unheld(state, participant, self.hold, 0);
        let body = HoldBody { parts: Vec::new(), balance: balances(state, participant).0, ..hold };
        take_identity(state, self.identity.as_ref(), id);
        Ok(finish(state, (id, EventKind::Release, Some(self.hold), self.at), participant, body))
    }
}

fn finish(
    state: &mut State,
    (id, kind, about, at): (Id, EventKind, Option<Id>, jiff::Timestamp),
    participant: Id,
    body: HoldBody,
) -> Reply {
    leave(state, participant, std::collections::BTreeMap::new(), None);
    let event = state.till_event(id, kind, participant, about, at, body.to_row());
    state.tills.add_event(event);
    let topic = match kind {
        EventKind::Hold => "hold.created",
        EventKind::Capture => "hold.captured",
        _ => "hold.released",
    };
    state.emit(topic, about.unwrap_or(id).text(Kind::Hold), "{}".to_owned());
    Reply::Till(TillReply::Hold(Box::new(HoldDone { id, about, participant, body, is_replayed: false })))
}
