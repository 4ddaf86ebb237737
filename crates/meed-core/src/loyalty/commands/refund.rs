//! Goods come back: parts of a purchase in any split and order, or goods without their purchase (`ledger.md` §5).

use std::sync::Arc;

use super::cancel::{finish, need_rework};
use super::checks::{TEXT_MAX, check_basket, check_config, check_lengths, conflict, invalid, not_terminated, resolve};
use super::purchase::Identified;
use super::rework::{Works, balances, giver, leave};
use super::{RefundDone, TillReply};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Candidate, Lot, Origin, Refusal, Wallet, allocate};
use crate::loyalty::cell::Cell;
use crate::loyalty::evaluate::{Seen, evaluate, judge};
use crate::loyalty::event::{EventKind, PurchaseState, RefundBody, Standing};
use crate::loyalty::giving::Work;
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{Basket, Look, TillConfig};
use crate::money::{Amount, Exact, Minor, mul};

/// What comes back of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundLine {
    /// The line, by place.
    pub line: u32,
    /// How much of its total; `None`: by quantity, or all that is left.
    pub amount: Option<Minor>,
    /// How many.
    pub quantity: Option<Exact>,
}

/// Takes back parts of a purchase.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// The purchase.
    pub purchase: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What comes back; empty: all that is left.
    pub lines: Vec<RefundLine>,
    /// When.
    pub at: jiff::Timestamp,
    /// Reason or reference.
    pub note: Option<String>,
}

impl Command for Refund {
    fn action(&self) -> &'static str {
        "purchase.refunded"
    }

    fn needs(&self, needs: &mut Needs) {
        if let Some(identity) = &self.identity {
            identity.need(&mut needs.tills);
        }
        need_rework(&self.config, self.purchase, &mut needs.tills);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(identity) = &self.identity
            && let Some(first) = identity.first_answer(state)?
        {
            return Ok(Reply::Till(first));
        }
        check_lengths(&[("note", self.note.as_ref())], TEXT_MAX)?;
        let (participant, person) = resolve(state, &WalletRef::Of(self.purchase))?;
        let Some(slot) = state.tills.purchase(self.purchase).filter(|slot| slot.body.basket.activity().is_none()).cloned() else {
            return Err(invalid("invalid_event_type", "customer_event_identifier", "this event is not a purchase"));
        };
        if slot.standing.state != PurchaseState::Posted {
            return Err(conflict("invalid_life_cycle_state", "the purchase is cancelled"));
        }
        let mut works = Works::take(state, &self.config, &slot);
        let lines = returned(works.own(), &self.lines, self.config.currency)?;
        let goods: Minor = lines.iter().map(|(_, (amount, _))| amount).sum();
        let id = state.next_id();
        let mut giver = giver(state, &self.config, participant, &person, self.at);
        let spent_before = slot.standing.spent();
        let (cell, given_back) = state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            let given_back = giver.give_back(wallets, works.own(), &slot.standing.returned)?;
            Ok((works.give(&mut giver, wallets)?, given_back))
        })?;
        let spent_after = works.own().standing.spent();
        let paid_back = goods - (spent_before - spent_after);
        let (given_back, points) = (given_back.worth, given_back.points);
        let body = RefundBody { lines, given_back, points, paid_back, note: self.note.clone(), ..RefundBody::default() };
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        finish(state, (id, EventKind::Refund, self.purchase, self.at), works, giver, cell, body)
    }
}

/// What came back of a line: place, amount, quantity.
type Returned = (u32, (Minor, Exact));

/// Adds what comes back to what came back before. Quantities become amounts cumulatively, so the last one closes the line.
fn returned(work: &mut Work, asked: &[RefundLine], currency: crate::money::Unit) -> Result<Vec<Returned>, Refused> {
    let exceeds = |line: u32, text: String| invalid("return_exceeds_purchase", &format!("lines[{line}]"), text);
    let basket = work.body.basket.clone();
    let all: Vec<RefundLine> = (0u32..).take(basket.lines.len()).map(|line| RefundLine { line, amount: None, quantity: None }).collect();
    let asked = if asked.is_empty() { &all } else { asked };
    let major = |minor| crate::money::Amount { minor, unit: currency };
    let mut done = Vec::with_capacity(asked.len());
    for ask in asked {
        let place = usize::try_from(ask.line).unwrap_or(usize::MAX);
        let Some(line) = basket.lines.get(place) else {
            let text = format!("the purchase has no line {}; lines count from 0", ask.line);
            return Err(invalid("line_unknown", &format!("lines[{}]", ask.line), text));
        };
        let (amount_before, quantity_before) = work.standing.returned[place];
        let quantity = ask.quantity.unwrap_or_default();
        if quantity_before + quantity > line.quantity {
            return Err(exceeds(ask.line, format!("{quantity} is more than the {} left", line.quantity - quantity_before)));
        }
        let left = line.total - amount_before;
        let amount = match (ask.amount, ask.quantity) {
            (Some(amount), _) => amount,
            (None, Some(quantity)) if quantity_before + quantity < line.quantity => {
                let share = (quantity_before + quantity).checked_div(line.quantity).unwrap_or(Exact::ONE);
                let target = mul(Exact::from(line.total), share.round_dp(18))
                    .and_then(|exact| crate::money::to_minor(exact, crate::money::Unit::POINTS, crate::money::Rounding::HalfUp));
                (target.map_err(|_| Refused::from(Refusal::AmountOverflow))? - amount_before).clamp(0, left)
            }
            (None, _) => left,
        };
        let is_nothing = amount == 0 && quantity.is_zero() && (ask.amount.is_some() || ask.quantity.is_some());
        if is_nothing || amount < 0 || quantity < Exact::ZERO {
            return Err(invalid("amount_not_positive", &format!("lines[{}]", ask.line), "what comes back of a line is above 0"));
        }
        if amount > left {
            return Err(exceeds(ask.line, format!("{} is more than the {} left of the line", major(amount), major(left))));
        }
        let is_rest = amount == left && ask.quantity.is_none();
        let quantity = if is_rest { line.quantity - quantity_before } else { quantity };
        work.standing.returned[place] = (amount_before + amount, quantity_before + quantity);
        done.push((ask.line, (amount, quantity)));
    }
    if done.iter().all(|(_, (amount, quantity))| *amount == 0 && quantity.is_zero()) {
        return Err(invalid("return_exceeds_purchase", "lines", "nothing is left to come back"));
    }
    Ok(done)
}

/// Goods come back whose purchase is not named: the wallet is debited, and no purchase changes.
#[derive(Clone, Debug)]
pub struct AdHocReturn {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Who.
    pub who: WalletRef,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What comes back, as if it were bought now.
    pub basket: Basket,
    /// What is taken from the wallet; `None`: what the goods would earn now.
    pub debit: Option<Minor>,
    /// What was spent on the goods and is reported apart.
    pub spent: Minor,
}

impl Command for AdHocReturn {
    fn action(&self) -> &'static str {
        "goods.returned"
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
        check_basket(&self.config, &self.basket, state.recorded_us())?;
        let (participant, person) = resolve(state, &self.who)?;
        not_terminated(&person)?;
        let (matched, _) = judge(&self.config, &person, &Cell::default(), &self.basket, Look::Candidates);
        let standing = Standing::new(self.basket.lines.len());
        let seen = Seen { id: Id(i64::MAX), basket: &self.basket, standing: &standing, is_offline: false };
        let earned = evaluate(&self.config, &Cell::default(), seen, &matched, &[]).map_err(Refusal::from)?;
        let currency = self.config.currency;
        let would: Minor = earned.targets.iter().filter(|target| target.unit == currency).map(|target| target.amount).sum();
        let debit = self.debit.unwrap_or(would);
        if debit < 0 || debit > self.basket.total() {
            return Err(invalid("return_exceeds_purchase", "amount", "no more than the goods are worth can be taken from the wallet"));
        }
        if self.spent < 0 || self.spent > self.basket.total() {
            return Err(invalid("return_exceeds_purchase", "return_spent_amount", "no more than the goods are worth was spent on them"));
        }
        let id = state.next_id();
        let giver = giver(state, &self.config, participant, &person, self.basket.at);
        let wallet = Wallet { participant, unit: currency };
        state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            let now_us = wallets.now_us();
            let lots: Vec<Lot> = wallets.book().lots_of(participant, currency).filter(|lot| lot.is_usable(now_us)).copied().collect();
            // Unconditional lots first: what is bound to something else is taken last.
            let (plain, bound): (Vec<&Lot>, Vec<&Lot>) = lots.iter().partition(|lot| lot.rank == 0);
            let mut left = debit;
            for lots in [plain, bound] {
                let candidates: Vec<Candidate<'_>> = lots.into_iter().map(|lot| Candidate { lot, lines: None }).collect();
                let portions = allocate(&candidates, &[left], left);
                left -= portions.iter().map(|portion| portion.amount).sum::<Minor>();
                wallets.debit(wallet, &portions, Origin::at(self.basket.at))?;
            }
            if left > 0 {
                return Err(super::purchase::insufficient(currency, participant, debit - left, debit));
            }
            Ok(())
        })?;
        leave(state, participant, std::collections::BTreeMap::new(), None);
        let goods = self.basket.total();
        let body = RefundBody {
            given_back: self.spent,
            points: (0, 0),
            paid_back: goods - self.spent,
            taken_back: Vec::new(),
            note: Some(self.basket.reference.clone()),
            balance: balances(state, participant).0,
            lines: vec![(0, (debit, Amount { minor: goods, unit: currency }.major()))],
            granted: Vec::new(),
        };
        let event = state.till_event(id, EventKind::AdHocReturn, participant, None, self.basket.at, body.to_row());
        state.tills.add_event(event);
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        state.emit("goods.returned", id.text(Kind::Purchase), "{}".to_owned());
        let at_us = self.basket.at.as_microsecond();
        let done = RefundDone { id, about: None, participant, at_us, body, purchase: None, is_replayed: false };
        Ok(Reply::Till(TillReply::Refund(Box::new(done))))
    }
}
