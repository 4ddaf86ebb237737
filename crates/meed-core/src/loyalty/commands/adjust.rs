//! By hand: goodwill, top-ups and debits of a wallet, and budgets of offers.

use std::sync::Arc;

use super::checks::{check_config, check_reason, check_unit, invalid, not_found, resolve};
use super::purchase::{Identified, insufficient};
use super::rework::{balances, leave};
use super::{TillReply, limit};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Candidate, Earning, Lot, Origin, Owner, Purpose, Refusal, TransferKind, Wallet, allocate};
use crate::loyalty::event::{AdjustmentBody, EventKind};
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{LimitKind, OfferVersion, TillConfig};
use crate::money::{Minor, Unit};

/// Credits or debits a wallet.
#[derive(Clone, Debug)]
pub struct Adjust {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Whose wallet.
    pub who: WalletRef,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What it counts.
    pub unit: Unit,
    /// Above 0 a credit, below 0 a debit.
    pub amount: Minor,
    /// Whether a credit was paid for, instead of given.
    pub is_top_up: bool,
    /// Until when a credit may be used.
    pub expires: Option<jiff::Timestamp>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for Adjust {
    fn action(&self) -> &'static str {
        "wallet.adjusted"
    }

    fn needs(&self, needs: &mut Needs) {
        let tills = &mut needs.tills;
        if let Some(identity) = &self.identity {
            identity.need(tills);
        }
        tills.participants.insert(self.who.clone());
        tills.lots.insert(self.who.clone());
        tills.programs.insert(self.config.workspace);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(identity) = &self.identity
            && let Some(first) = identity.first_answer(state)?
        {
            return Ok(Reply::Till(first));
        }
        check_unit(&self.config, self.unit)?;
        if self.amount == 0 {
            return Err(Refused::from(Refusal::AmountNotPositive).at("amount"));
        }
        check_reason(&self.reason, "reason")?;
        if self.expires.is_some_and(|expires| expires.as_microsecond() <= state.recorded_us()) {
            return Err(invalid("date_in_past", "expires_at", "a credit that is over already cannot be used"));
        }
        let (participant, person) = resolve(state, &self.who)?;
        let kind = match (self.amount > 0, self.is_top_up) {
            (true, true) => LimitKind::TopUp,
            (true, false) => LimitKind::Credit,
            (false, _) => LimitKind::Debit,
        };
        let moved = self.amount.checked_abs().ok_or(Refusal::AmountOverflow)?;
        limit::check(state, &self.config, (participant, &person), kind, (self.unit, moved))?;
        let wallet = Wallet { participant, unit: self.unit };
        let id = state.next_id();
        let origin = Origin::at(self.at);
        let lot = state.wallets(|wallets| {
            wallets.settle_due(wallet)?;
            if self.amount > 0 {
                let earning = Earning {
                    wallet,
                    program: self.config.workspace,
                    version: None,
                    amount: self.amount,
                    active_us: None,
                    expires_us: self.expires.map(jiff::Timestamp::as_microsecond),
                    rank: 0,
                    cost: 0,
                    draws: None,
                    kind: if self.is_top_up { TransferKind::ToppedUp } else { TransferKind::Goodwill },
                    nets: true,
                    origin,
                };
                return Ok(Some(wallets.earn(&earning)?.lot));
            }
            let less = self.amount.checked_neg().ok_or(Refusal::AmountOverflow)?;
            let now_us = wallets.now_us();
            let lots: Vec<Lot> = wallets.book().lots_of(participant, self.unit).filter(|lot| lot.is_usable(now_us)).copied().collect();
            let candidates: Vec<Candidate<'_>> = lots.iter().map(|lot| Candidate { lot, lines: None }).collect();
            let portions = allocate(&candidates, &[less], less);
            let could: Minor = portions.iter().map(|portion| portion.amount).sum();
            if could < less {
                return Err(insufficient(self.unit, participant, could, less));
            }
            wallets.debit(wallet, &portions, origin)?;
            Ok(None)
        })?;
        leave(state, participant, std::collections::BTreeMap::new(), None);
        let now_us = state.recorded_us();
        limit::counted(state, &self.config, (participant, &person), (kind, self.unit, 1, moved), now_us);
        let balance = balances(state, participant).0;
        let body = AdjustmentBody { unit: self.unit, amount: self.amount, lot, reason: self.reason.clone(), balance };
        let event = state.till_event(id, EventKind::Adjustment, participant, None, self.at, body.to_row());
        state.tills.add_event(event);
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        state.emit("wallet.adjusted", id.text(Kind::Purchase), "{}".to_owned());
        Ok(Reply::Till(TillReply::Adjustment(id, Box::new(body), false)))
    }
}

/// Brings what an offer may still grant to a target.
#[derive(Clone, Debug)]
pub struct SetBudget {
    /// The offer.
    pub offer: Id,
    /// What the budget counts.
    pub unit: Unit,
    /// What may still be granted.
    pub target: Minor,
    /// When.
    pub at: jiff::Timestamp,
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
}

impl Command for SetBudget {
    fn action(&self) -> &'static str {
        "budget.set"
    }

    fn needs(&self, needs: &mut Needs) {
        let workspace = Owner::workspace(self.config.workspace);
        needs.accounts.insert(Owner::program(self.offer).account(Purpose::Budget, self.unit));
        needs.accounts.insert(workspace.account(Purpose::Budget, self.unit));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        let Some(offer) = self.config.offers.get(self.offer) else { return Err(not_found("offer")) };
        if self.target < 0 {
            return Err(Refused::from(Refusal::AmountNotPositive).at("target"));
        }
        let left = state.book.available(&Owner::program(self.offer).account(Purpose::Budget, self.unit));
        let more = self.target - left;
        if more == 0 {
            return Ok(Reply::Till(TillReply::Budget(0)));
        }
        // What nobody would draw may be taken away, but not set.
        let draws = |version: &OfferVersion| version.offer.has_budget && version.offer.draws(self.config.currency) == self.unit;
        if more > 0 && !offer.versions.iter().any(|version| version.offer.has_budget) {
            let text = "this offer has no budget".to_owned();
            return Err(Refused { text, ..Refused::from(Refusal::UnitMismatch) });
        }
        if more > 0 && !offer.versions.iter().any(draws) {
            let text = format!("this offer draws no {} from its budget", self.unit);
            return Err(Refused { text, ..Refused::from(Refusal::UnitMismatch) }.at("currency"));
        }
        let shortfall = state.wallets(|wallets| wallets.set_budget(self.offer, self.unit, more, Origin::at(self.at)))?;
        Ok(Reply::Till(TillReply::Budget(shortfall)))
    }
}
