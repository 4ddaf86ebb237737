//! Back-end reduction: the customer pays in full at the till, and what was spent at once is paid back afterwards
//! (`pos-loyalty.md` §10). Each payment back is an event; those of a purchase sum to what stands of its spends.

use crate::command::State;
use crate::id::{Id, Kind};
use crate::loyalty::event::{EventKind, PaidBack, PayBackBody, SpendMethod, Standing};
use crate::loyalty::{Basket, TillConfig};
use crate::money::Minor;

fn at_once(standing: &Standing) -> Minor {
    standing.spent_by(SpendMethod::Instant) + standing.spent_by(SpendMethod::Automatic)
}

/// Notes on a new purchase what is to be paid back. Answers the event's body.
pub(super) fn begin(config: &TillConfig, basket: &Basket, standing: &mut Standing) -> Option<PayBackBody> {
    let merchant = config.merchant_of(basket.unit).map(|(_, merchant)| merchant).filter(|merchant| merchant.pays_back)?;
    let (method, amount) = (merchant.pays_back_by, at_once(standing));
    if amount == 0 {
        return None;
    }
    standing.back = Some(PaidBack { method, amount });
    Some(PayBackBody { method, amount })
}

/// Brings what is paid back to what stands of the spends at once.
pub(super) fn follow(
    state: &mut State,
    config: &TillConfig,
    (purchase, participant, at): (Id, Id, jiff::Timestamp),
    basket: &Basket,
    (before, after): (&Standing, &mut Standing),
) {
    let body = match after.back {
        Some(PaidBack { method, amount }) => {
            let now = at_once(after);
            after.back = Some(PaidBack { method, amount: now });
            (now != amount).then_some(PayBackBody { method, amount: now - amount })
        }
        // What was taken off at the till is not paid back later, though the merchant changed its way since.
        None if at_once(before) == 0 => begin(config, basket, after),
        None => None,
    };
    if let Some(body) = body {
        leave(state, (purchase, participant, at), &body);
    }
}

/// Writes the event.
pub(super) fn leave(state: &mut State, (purchase, participant, at): (Id, Id, jiff::Timestamp), body: &PayBackBody) {
    let id = state.next_id();
    let event = state.till_event(id, EventKind::PayBack, participant, Some(purchase), at, body.to_row());
    state.tills.add_event(event);
    state.emit("purchase.paid_back", purchase.text(Kind::Purchase), "{}".to_owned());
}
