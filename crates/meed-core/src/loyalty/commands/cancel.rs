//! Cancelling a purchase with all that it earned and spent, and cancelling a spend.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::checks::{TEXT_MAX, check_config, check_lengths, conflict, invalid, resolve};
use super::purchase::{Identified, first_answer, need_identity, take_identity};
use super::rework::{Works, balances, giver, stored};
use super::spend::spend_of;
use super::{RefundDone, TillReply, limit};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::loyalty::event::{EventKind, PurchaseState, RefundBody, SpendMethod, Standing, Use};
use crate::loyalty::giving::Giver;
use crate::loyalty::loaded::{TillNeeds, WalletRef};
use crate::loyalty::{LimitKind, TillConfig};
use crate::money::Minor;

/// Cancels a purchase.
#[derive(Clone, Debug)]
pub struct CancelPurchase {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// The purchase.
    pub purchase: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// When.
    pub at: jiff::Timestamp,
    /// Why.
    pub note: Option<String>,
}

/// Cancels a spend.
#[derive(Clone, Debug)]
pub struct CancelSpend {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// The spend.
    pub spend: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// When.
    pub at: jiff::Timestamp,
}

/// What changing a purchase afterwards needs: it, its customer's lots, and their other purchases where these matter.
pub(super) fn need_rework(config: &TillConfig, event: Id, needs: &mut TillNeeds) {
    needs.events.insert(event);
    let wallet = WalletRef::Of(event);
    needs.participants.insert(wallet.clone());
    needs.lots.insert(wallet.clone());
    if config.is_stateful() {
        needs.history.insert(wallet);
    }
    needs.counters.extend(config.offers.limited());
    needs.programs.extend(config.offers.tier_readers());
    needs.programs.insert(config.workspace);
}

impl Command for CancelPurchase {
    fn action(&self) -> &'static str {
        "purchase.cancelled"
    }

    fn needs(&self, needs: &mut Needs) {
        need_rework(&self.config, self.purchase, &mut needs.tills);
        needs.tills.promo_of.push((self.purchase, Arc::clone(&self.config)));
        need_identity(self.identity.as_ref(), needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        check_lengths(&[("note", self.note.as_ref())], TEXT_MAX)?;
        let (participant, person) = resolve(state, &WalletRef::Of(self.purchase))?;
        let Some(slot) = state.tills.purchase(self.purchase).cloned() else {
            return Err(invalid("invalid_event_type", "customer_event_identifier", "this event is not a purchase"));
        };
        if slot.standing.state != PurchaseState::Posted {
            return Err(conflict("invalid_life_cycle_state", "the purchase is cancelled already"));
        }
        let id = state.next_id();
        let mut giver = giver(state, &self.config, participant, &person, self.at);
        let mut works = Works::take(state, &self.config, &slot);
        let spends: BTreeSet<Id> = slot.standing.uses.iter().map(|used| used.event).collect();
        let (cell, given_back) = state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            let (mut given_back, mut points) = (0, (0, 0));
            for spend in &spends {
                let given = giver.undo_spend(wallets, works.own(), *spend)?;
                given_back += given.worth;
                points = (points.0 + given.points.0, points.1 + given.points.1);
            }
            works.own().standing.state = PurchaseState::Cancelled;
            Ok((works.give(&mut giver, wallets)?, (given_back, points)))
        })?;
        let (given_back, points) = given_back;
        let counted = spends.iter().filter_map(|spend| counted_of(state, (self.purchase, slot.recorded_us), &slot.standing, *spend));
        let counted: Vec<(i64, Minor)> = counted.collect();
        for spend in spends.into_iter().filter(|spend| *spend != self.purchase) {
            state.tills.change_standing(spend, vec![2]);
        }
        uncount_promo(state, &self.config, &slot.body.basket);
        let returned: i64 = slot.standing.returned.iter().map(|(amount, _)| amount).sum();
        let paid_back = slot.body.basket.total() - returned - slot.standing.spent();
        let body = RefundBody { given_back, points, paid_back, note: self.note.clone(), ..RefundBody::default() };
        let reply = finish(state, (id, EventKind::CancelPurchase, self.purchase, self.at), works, giver, cell, body)?;
        for (at_us, worth) in counted {
            let back = (LimitKind::Debit, self.config.currency, -1, -worth);
            limit::counted(state, &self.config, (participant, &person), back, at_us);
        }
        take_identity(state, self.identity.as_ref(), id);
        Ok(reply)
    }
}

/// When an event counted towards limits, and how much of it they count until now. `None`: it is the purchase itself, and
/// nothing was spent by itself on it.
fn counted_of(state: &State, (purchase, recorded_us): (Id, i64), standing: &Standing, event: Id) -> Option<(i64, Minor)> {
    let own = |used: &&Use| used.event == event && matches!(used.method, SpendMethod::OnRequest | SpendMethod::Automatic);
    let uses: Vec<&Use> = standing.uses.iter().filter(own).collect();
    if uses.is_empty() {
        return None;
    }
    let worth = uses.into_iter().filter(|used| !used.is_uncovered() && used.returned < used.amount).map(Use::standing_worth).sum();
    // A spend that was not looked up was recorded in the millisecond of its id.
    let at_us = if event == purchase { Some(recorded_us) } else { state.tills.event(event).map(|event| event.recorded_us) };
    Some((at_us.unwrap_or_else(|| event.made_us()), worth))
}

impl Command for CancelSpend {
    fn action(&self) -> &'static str {
        "spend.cancelled"
    }

    fn needs(&self, needs: &mut Needs) {
        need_rework(&self.config, self.spend, &mut needs.tills);
        need_identity(self.identity.as_ref(), needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        let (_, purchase, _) = spend_of(state, self.spend)?;
        let spent_us = state.tills.event(self.spend).map_or(0, |event| event.recorded_us);
        if state.tills.standing(self.spend).is_some() {
            return Err(conflict("invalid_life_cycle_state", "the spend request is cancelled already"));
        }
        let (participant, person) = resolve(state, &WalletRef::Of(self.spend))?;
        let slot = state.tills.purchase(purchase).cloned().ok_or_else(|| super::checks::not_found("purchase"))?;
        // Also one that found nothing to spend was cancelled with its purchase.
        if slot.standing.state != PurchaseState::Posted {
            return Err(conflict("invalid_life_cycle_state", "the spend request was cancelled with its purchase"));
        }
        let id = state.next_id();
        let mut giver = giver(state, &self.config, participant, &person, self.at);
        let mut works = Works::take(state, &self.config, &slot);
        let (cell, given) = state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            let given = giver.undo_spend(wallets, works.own(), self.spend)?;
            Ok((works.give(&mut giver, wallets)?, given))
        })?;
        let given_back = given.worth;
        let worth = counted_of(state, (purchase, slot.recorded_us), &slot.standing, self.spend).map_or(0, |(_, worth)| worth);
        state.tills.change_standing(self.spend, vec![2]);
        let back = (LimitKind::Debit, self.config.currency, -1, -worth);
        let body = RefundBody { given_back, points: given.points, ..RefundBody::default() };
        let reply = finish(state, (id, EventKind::CancelSpend, self.spend, self.at), works, giver, cell, body)?;
        limit::counted(state, &self.config, (participant, &person), back, spent_us);
        take_identity(state, self.identity.as_ref(), id);
        Ok(reply)
    }
}

/// A cancelled purchase frees its use of a promo code.
fn uncount_promo(state: &mut State, config: &TillConfig, basket: &crate::loyalty::Basket) {
    let promo = basket.promo_code.as_ref().and_then(|code| config.promo_codes.get(&crate::loyalty::fold_code(code)));
    if let Some(promo) = promo {
        let used = state.tills.counter(promo.id);
        if used > 0 {
            state.tills.set_counter(promo.id, used - 1);
        }
    }
}

/// Leaves what changed, with the event that says so.
pub(super) fn finish(
    state: &mut State,
    (id, kind, about, at): (Id, EventKind, Id, jiff::Timestamp),
    mut works: Works,
    mut giver: Giver<'_>,
    cell: Option<crate::loyalty::Cell>,
    mut body: RefundBody,
) -> Result<Reply, Refused> {
    let (participant, purchase) = (giver.participant, works.own().id);
    body.taken_back = std::mem::take(&mut giver.taken_back);
    body.granted = std::mem::take(&mut giver.granted);
    body.moved = giver.moved(None);
    works.leave(state, giver, cell)?;
    body.balance = balances(state, participant).0;
    let event = state.till_event(id, kind, participant, Some(about), at, body.to_row());
    state.tills.add_event(event);
    let topic = match kind {
        EventKind::CancelPurchase => "purchase.cancelled",
        EventKind::CancelSpend => "spend.cancelled",
        _ => "purchase.refunded",
    };
    state.emit(topic, about.text(Kind::Purchase), "{}".to_owned());
    let purchase = state.tills.purchase(purchase).map(|slot| Box::new(stored(state, slot)));
    let done = RefundDone { id, about: Some(about), participant, at_us: at.as_microsecond(), body, purchase, is_replayed: false };
    Ok(Reply::Till(TillReply::Refund(Box::new(done))))
}
