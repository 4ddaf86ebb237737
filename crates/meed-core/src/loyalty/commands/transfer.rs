//! From wallet to wallet: what arrives keeps its expiry and conditions, so nobody escapes them by giving (`pos-loyalty.md` §13).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::{check_config, check_reason, check_unit, conflict, not_terminated, resolve, use_up};
use super::purchase::{Identified, insufficient};
use super::rework::{balances, leave};
use super::{TillReply, TransferDone, limit};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::Kind;
use crate::ledger::{Candidate, Lot, Origin, Refusal, Wallet, allocate};
use crate::loyalty::event::{EventKind, TransferBody};
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::{LimitKind, TillConfig};
use crate::money::{Minor, Unit};

/// Moves an amount from one participant's wallet to another's, in the order of consumption.
#[derive(Clone, Debug)]
pub struct TransferWallet {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Who gives.
    pub from: WalletRef,
    /// Who gets.
    pub to: WalletRef,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What it counts.
    pub unit: Unit,
    /// How much.
    pub amount: Minor,
    /// Why.
    pub reason: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for TransferWallet {
    fn action(&self) -> &'static str {
        "wallet.transferred"
    }

    fn needs(&self, needs: &mut Needs) {
        let tills = &mut needs.tills;
        if let Some(identity) = &self.identity {
            identity.need(tills);
        }
        for who in [&self.from, &self.to] {
            tills.participants.insert(who.clone());
            tills.lots.insert(who.clone());
        }
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
        check_reason(&self.reason, "reason")?;
        let ((giver, person), (taker, other)) = (resolve(state, &self.from)?, resolve(state, &self.to)?);
        not_terminated(&person)?;
        not_terminated(&other)?;
        if giver == taker {
            return Err(Refused::from(Refusal::SameAccount).at("to"));
        }
        if person.is_blocked {
            return Err(conflict("spend_blocked", "the customer is blocked from spending"));
        }
        limit::check(state, &self.config, (giver, &person), LimitKind::Transfer, (self.unit, self.amount))?;
        let (out, into) = (state.next_id(), state.next_id());
        let (from, to) = (Wallet { participant: giver, unit: self.unit }, Wallet { participant: taker, unit: self.unit });
        let lots = state.wallets(|wallets| {
            wallets.settle_due(from)?;
            wallets.settle_due(to)?;
            let now_us = wallets.now_us();
            let usable: Vec<Lot> = wallets.book().lots_of(giver, self.unit).filter(|lot| lot.is_usable(now_us)).copied().collect();
            let candidates: Vec<Candidate<'_>> = usable.iter().map(|lot| Candidate { lot, lines: None }).collect();
            let portions = allocate(&candidates, &[self.amount], self.amount);
            let could: Minor = portions.iter().map(|portion| portion.amount).sum();
            if could < self.amount {
                return Err(insufficient(self.unit, giver, could, self.amount));
            }
            wallets.transfer(from, to, &portions, Origin::at(self.at))
        })?;
        for participant in [giver, taker] {
            leave(state, participant, BTreeMap::new(), None);
        }
        let now_us = state.recorded_us();
        limit::counted(state, &self.config, (giver, &person), (LimitKind::Transfer, self.unit, 1, self.amount), now_us);
        let body = TransferBody {
            unit: self.unit,
            amount: self.amount,
            other: taker,
            lots,
            reason: self.reason.clone(),
            balance: balances(state, giver).0,
        };
        let event = state.till_event(out, EventKind::TransferOut, giver, None, self.at, body.to_row());
        state.tills.add_event(event);
        let arrived = TransferBody { other: giver, balance: balances(state, taker).0, ..body.clone() };
        let event = state.till_event(into, EventKind::TransferIn, taker, Some(out), self.at, arrived.to_row());
        state.tills.add_event(event);
        if let Some(identity) = &self.identity {
            identity.take(state, out);
        }
        use_up(state, &self.from);
        state.emit("wallet.transferred", out.text(Kind::Purchase), "{}".to_owned());
        let done = TransferDone { id: out, participant: giver, body, is_replayed: false };
        Ok(Reply::Till(TillReply::Transfer(Box::new(done))))
    }
}
