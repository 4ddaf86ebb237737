//! Settling a purchase with its merchant: what it owes for the awards (`pos-loyalty.md` §15). Once per purchase.

use std::sync::Arc;

use super::TillReply;
use super::checks::{check_config, conflict, damaged, invalid};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Refusal, minor_of};
use crate::loyalty::TillConfig;
use crate::loyalty::event::{EventKind, PurchaseState, SettlementBody, Standing};
use crate::loyalty::loaded::WalletRef;
use crate::money::{Amount, Exact, Minor, mul};

/// Settles a purchase.
#[derive(Clone, Debug)]
pub struct Settle {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// The purchase.
    pub purchase: Id,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for Settle {
    fn action(&self) -> &'static str {
        "purchase.settled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.tills.events.insert(self.purchase);
        needs.tills.participants.insert(WalletRef::Of(self.purchase));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if state.tills.event(self.purchase).is_none() {
            return Err(super::checks::not_found("purchase"));
        }
        let Some(slot) = state.tills.purchase(self.purchase).filter(|slot| slot.body.basket.activity().is_none()).cloned() else {
            return Err(invalid("invalid_event_type", "customer_event_identifier", "this event is not a purchase"));
        };
        if let Some(settled) = slot.standing.settled {
            let event = state.tills.event(settled).ok_or_else(|| super::checks::not_found("settlement"))?;
            let body = SettlementBody::from_row(&event.body).map_err(damaged)?;
            return Ok(Reply::Till(TillReply::Settlement(settled, Box::new(body), true)));
        }
        if slot.standing.state != PurchaseState::Posted {
            return Err(conflict("invalid_life_cycle_state", "the purchase is cancelled"));
        }
        let Some((merchant_id, merchant)) = self.config.merchant_of(slot.body.basket.unit) else {
            return Err(conflict("merchant_missing", "the purchase was made at a store that belongs to no merchant"));
        };
        let awarded = slot.standing.awarded(self.config.currency);
        let percent = merchant.contribution;
        let contribution = contribution(&self.config, awarded, percent)?;
        let body = SettlementBody { merchant: merchant_id, awarded, percent, contribution };
        let id = state.next_id();
        let event = state.till_event(id, EventKind::Settlement, slot.participant, Some(self.purchase), self.at, body.to_row());
        state.tills.add_event(event);
        let mut standing = slot.standing;
        standing.settled = Some(id);
        state.tills.change_purchase(self.purchase, standing);
        state.emit("purchase.settled", self.purchase.text(Kind::Purchase), "{}".to_owned());
        Ok(Reply::Till(TillReply::Settlement(id, Box::new(body), false)))
    }
}

/// What a merchant owes for an award: rounded once, so corrections sum to what a settlement of the end would be.
fn contribution(config: &TillConfig, awarded: Minor, percent: Exact) -> Result<Minor, Refused> {
    let major = Amount { minor: awarded, unit: config.currency }.major();
    let owed = mul(major, percent / Exact::ONE_HUNDRED).map_err(Refusal::from)?;
    Ok(minor_of(owed, config.currency).map_err(Refusal::from)?)
}

/// Brings a settlement to what the purchase was awarded in the end: cancelled and returned awards are not the merchant's to
/// pay. The first settlement stays as it is; the difference is an event of its own.
pub(super) fn follow(
    state: &mut State,
    config: &TillConfig,
    (purchase, participant, at): (Id, Id, jiff::Timestamp),
    before: &Standing,
    after: &Standing,
) -> Result<(), Refused> {
    let (was, is) = (before.awarded(config.currency), after.awarded(config.currency));
    let Some(settled) = before.settled.filter(|_| was != is) else { return Ok(()) };
    let event = state.tills.event(settled).ok_or_else(|| super::checks::not_found("settlement"))?;
    let SettlementBody { merchant, percent, .. } = SettlementBody::from_row(&event.body).map_err(damaged)?;
    let difference = contribution(config, is, percent)? - contribution(config, was, percent)?;
    let body = SettlementBody { merchant, awarded: is - was, percent, contribution: difference };
    let id = state.next_id();
    let event = state.till_event(id, EventKind::SettlementCorrection, participant, Some(settled), at, body.to_row());
    state.tills.add_event(event);
    state.emit("settlement.corrected", purchase.text(Kind::Purchase), "{}".to_owned());
    Ok(())
}
