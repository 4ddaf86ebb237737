//! A spend on a purchase, asked for by the customer.

use std::sync::Arc;

use super::checks::{check_config, conflict, invalid, not_found, not_terminated, resolve, use_up};
use super::purchase::{Identified, SpendAsk, check_ask, insufficient};
use super::rework::{Works, balances, giver};
use super::{SpendDone, TillReply, limit};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::loyalty::event::{EventKind, PurchaseState, SpendBody, SpendMethod};
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{LimitKind, TillConfig};
use crate::money::Minor;

/// Spends on a purchase.
#[derive(Clone, Debug)]
pub struct Spend {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Who pays, if the caller says so: the customer of the purchase.
    pub who: Option<WalletRef>,
    /// The purchase.
    pub purchase: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What is asked.
    pub ask: SpendAsk,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for Spend {
    fn action(&self) -> &'static str {
        "spend.created"
    }

    fn needs(&self, needs: &mut Needs) {
        let tills = &mut needs.tills;
        if let Some(identity) = &self.identity {
            identity.need(tills);
        }
        tills.events.insert(self.purchase);
        let wallet = WalletRef::Of(self.purchase);
        tills.participants.insert(wallet.clone());
        tills.participants.extend(self.who.clone());
        tills.lots.insert(wallet.clone());
        if self.config.offers.reads_paid() && self.config.is_stateful() {
            tills.history.insert(wallet);
        }
        tills.counters.extend(self.config.offers.limited());
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(identity) = &self.identity
            && let Some(first) = identity.first_answer(state)?
        {
            return Ok(Reply::Till(first));
        }
        let (participant, person) = resolve(state, &WalletRef::Of(self.purchase))?;
        let Some(slot) = state.tills.purchase(self.purchase).filter(|slot| slot.body.basket.activity().is_none()).cloned() else {
            return Err(invalid("invalid_event_type", "purchase_customer_request_identifier", "this event is not a purchase"));
        };
        if let Some(who) = &self.who
            && resolve(state, who)?.0 != participant
        {
            return Err(conflict("access_denied", "the purchase belongs to another customer"));
        }
        if slot.standing.state != PurchaseState::Posted {
            return Err(conflict("invalid_life_cycle_state", "the purchase is cancelled"));
        }
        not_terminated(&person)?;
        let basket = &slot.body.basket;
        let asked = check_ask(&self.config, basket, &person, &self.ask)?;
        let room = limit::room(state, &self.config, (participant, &person), LimitKind::Debit, self.config.currency)?.unwrap_or(Minor::MAX);
        let id = state.next_id();
        let mut giver = giver(state, &self.config, participant, &person, self.at);
        let mut works = Works::take(state, &self.config, &slot);
        let (cell, spent) = state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            let work = works.own();
            let allotted = giver.allot(wallets, work, asked.min(room), None)?;
            let could: Minor = allotted.iter().map(|(_, _, worth)| worth).sum();
            if self.ask.all_or_nothing && could < asked {
                return Err(insufficient(self.config.currency, participant, could, asked));
            }
            let spent = giver.spend(wallets, work, &allotted, SpendMethod::OnRequest, id)?;
            let reads_paid = work.body.matched.iter().any(|m| self.config.terms(m.version).is_some_and(|offer| offer.award.on_paid));
            let cell = if reads_paid { works.give(&mut giver, wallets)? } else { None };
            Ok((cell, spent))
        })?;
        works.leave(state, giver, cell)?;
        let now_us = state.recorded_us();
        limit::counted(state, &self.config, (participant, &person), (LimitKind::Debit, self.config.currency, 1, spent), now_us);
        let body = self.ask.body((asked, spent), 0, balances(state, participant).0);
        let event = state.till_event(id, EventKind::Spend, participant, Some(self.purchase), self.at, body.to_row());
        state.tills.add_event(event);
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        if let Some(who) = &self.who {
            use_up(state, who);
        }
        state.emit("spend.created", id.text(Kind::Spend), "{}".to_owned());
        let at_us = self.at.as_microsecond();
        let done = SpendDone { id, purchase: self.purchase, participant, at_us, body, is_cancelled: false, is_replayed: false };
        Ok(Reply::Till(TillReply::Spend(Box::new(done))))
    }
}

/// What an event that should be a spend says of itself.
pub(super) fn spend_of(state: &State, id: Id) -> Result<(SpendBody, Id, Id), Refused> {
    let event = state.tills.event(id).ok_or_else(|| not_found("event"))?;
    if event.kind != EventKind::Spend {
        return Err(invalid("invalid_event_type", "customer_event_identifier", "this event is not a spend request"));
    }
    let body = SpendBody::from_row(&event.body).map_err(super::checks::damaged)?;
    Ok((body, event.about.unwrap_or_default(), event.participant))
}
