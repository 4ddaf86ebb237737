//! A spend on a purchase, asked for by the customer.

use std::sync::Arc;

use super::checks::{check_config, conflict, invalid, not_found, not_terminated, resolve, use_up};
use super::purchase::{Asked, Identified, SpendAsk, check_ask, insufficient};
use super::review::{is_late, leave_review};
use super::rework::{Works, balances, giver};
use super::{SpendDone, TillReply, limit};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Refusal, Wallets};
use crate::loyalty::event::{EventKind, PurchaseState, SpendBody, SpendMethod};
use crate::loyalty::giving::{Giver, Work};
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{LimitKind, Review, TillConfig};
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
    /// Whether the till was offline: the goods are gone, so what cannot be covered any more goes to review (`ledger.md` §7).
    pub is_offline: bool,
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
        if self.is_offline {
            tills.expired_since.insert((wallet.clone(), self.at.as_microsecond()));
            tills.programs.insert(self.config.workspace);
        }
        if self.config.offers.reads_paid() && self.config.is_stateful() {
            tills.history.insert(wallet);
        }
        tills.counters.extend(self.config.offers.limited());
        tills.programs.extend(self.config.offers.tier_readers());
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
        let now_us = state.recorded_us();
        self.check_time(now_us)?;
        let asked = check_ask(&self.config, basket, &person, &self.ask, self.is_offline)?;
        let room = match limit::room(state, &self.config, (participant, &person), LimitKind::Debit, self.config.currency) {
            // The goods are gone: an offline till was not asked.
            _ if self.is_offline => Minor::MAX,
            room => room?.unwrap_or(Minor::MAX),
        };
        let id = state.next_id();
        let mut giver = giver(state, &self.config, participant, &person, self.at);
        let mut works = Works::take(state, &self.config, &slot);
        let (cell, spent, uncovered) = state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            let work = works.own();
            let (spent, uncovered) = self.spend(&giver, wallets, work, (asked, room), id)?;
            let reads_paid = work
                .standing
                .matches(&work.body.matched)
                .iter()
                .any(|m| self.config.terms(m.version).is_some_and(|offer| offer.award.on_paid));
            let cell = if reads_paid { works.give(&mut giver, wallets)? } else { None };
            Ok((cell, spent, uncovered))
        })?;
        let more = (works.own().standing.points_of(id), giver.moved(None));
        works.leave(state, giver, cell)?;
        limit::counted(state, &self.config, (participant, &person), (LimitKind::Debit, self.config.currency, 1, spent), now_us);
        let body = self.ask.body((asked.amount, spent + uncovered), more, uncovered, balances(state, participant).0);
        let event = state.till_event(id, EventKind::Spend, participant, Some(self.purchase), self.at, body.to_row());
        state.tills.add_event(event);
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        if let Some(who) = &self.who {
            use_up(state, who);
        }
        let is_late = self.is_offline && is_late(&self.config, self.at.as_microsecond(), now_us);
        if is_late || uncovered > 0 {
            leave_review(state, id, &Review { purchase: self.purchase, participant, uncovered, is_late, decided: None });
        }
        state.emit("spend.created", id.text(Kind::Spend), "{}".to_owned());
        let at_us = self.at.as_microsecond();
        let done = SpendDone { id, purchase: self.purchase, participant, at_us, body, is_cancelled: false, is_replayed: false };
        Ok(Reply::Till(TillReply::Spend(Box::new(done))))
    }
}

impl Spend {
    fn check_time(&self, now_us: i64) -> Result<(), Refused> {
        if self.is_offline && matches!(self.who, Some(WalletRef::OneTimeCode(_))) {
            return Err(conflict("invalid_otp", "a till without a connection cannot take a one-time code"));
        }
        if self.at.as_microsecond() > now_us.saturating_add(self.config.settings.future_minutes.saturating_mul(60_000_000)) {
            return Err(invalid("date_in_future", "performed_on", "this lies in the future"));
        }
        Ok(())
    }

    /// Spends what can be. What an offline till gave away beyond it is for a person to decide. Answers both parts.
    fn spend(
        &self,
        giver: &Giver<'_>,
        wallets: &mut Wallets<'_>,
        work: &mut Work,
        (Asked { amount: asked, most }, room): (Asked, Minor),
        id: Id,
    ) -> Result<(Minor, Minor), Refusal> {
        // What was alive when the till spent it pays, though it expired since.
        let alive_us = self.is_offline.then(|| self.at.as_microsecond());
        let allotted = giver.allot(wallets, work, most.min(room), alive_us)?;
        let could: Minor = allotted.iter().map(|(_, _, worth)| worth).sum();
        if !self.is_offline && self.ask.all_or_nothing && could < asked {
            return Err(insufficient(self.config.currency, giver.participant, could, asked));
        }
        let spent = giver.spend(wallets, work, &allotted, SpendMethod::OnRequest, id)?;
        let left: Minor = work.standing.room(&work.body.basket).iter().sum();
        let uncovered = if self.is_offline && self.ask.amount.is_some() { (asked - spent).clamp(0, left) } else { 0 };
        if uncovered > 0 {
            giver.uncover(wallets, work, uncovered, id)?;
        }
        Ok((spent, uncovered))
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
