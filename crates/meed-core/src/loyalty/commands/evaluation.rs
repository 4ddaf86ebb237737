//! Evaluating purchases for offers of batch evaluation, behind the till (`pos-loyalty.md` §9.2).

use std::sync::Arc;

use super::TillReply;
use super::checks::{check_config, resolve};
use super::rework::{balances, giver, leave, stand, work_of};
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::loyalty::TillConfig;
use crate::loyalty::cell::Cell;
use crate::loyalty::event::{Awarded, EvaluationBody, EventKind, PurchaseState};
use crate::loyalty::giving::Work;
use crate::loyalty::loaded::WalletRef;

/// Evaluates purchases of one customer. What was evaluated before, was cancelled since or is somebody else's is passed over;
/// so are the purchases of who has left.
#[derive(Clone, Debug)]
pub struct EvaluatePurchases {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Whose.
    pub participant: Id,
    /// The purchases and activities.
    pub purchases: Vec<Id>,
    /// When the run began.
    pub at: jiff::Timestamp,
}

/// Evaluates purchases of several customers in one command. Each is decided by itself.
#[derive(Clone, Debug)]
pub struct EvaluateMany {
    /// One for each customer, prepared with one configuration.
    pub rows: Vec<EvaluatePurchases>,
}

impl EvaluatePurchases {
    /// The customer's purchases that the awards are decided on, those to evaluate marked. `None`: there is nothing to evaluate.
    fn works(&self, state: &State, participant: Id) -> Option<(Vec<Work>, Vec<Id>)> {
        let slots = self.purchases.iter().filter_map(|id| state.tills.purchase(*id));
        let open = slots.filter(|slot| {
            slot.participant == participant && slot.standing.state == PurchaseState::Posted && slot.standing.evaluated_us.is_none()
        });
        let open: Vec<Id> = open.map(|slot| slot.id).collect();
        if open.is_empty() {
            return None;
        }
        let mut works: Vec<Work> = match state.tills.history(participant).filter(|_| self.config.is_stateful()) {
            Some(history) => history.into_iter().map(work_of).collect(),
            None => open.iter().filter_map(|id| state.tills.purchase(*id)).map(work_of).collect(),
        };
        for work in works.iter_mut().filter(|work| open.contains(&work.id)) {
            work.standing.evaluated_us = Some(self.at.as_microsecond());
        }
        Some((works, open))
    }

    fn evaluate(&self, state: &mut State) -> Result<EvaluationBody, Refused> {
        let (participant, person) = resolve(state, &WalletRef::Participant(self.participant))?;
        if person.terminated.is_some() {
            return Ok(EvaluationBody::default());
        }
        let Some((mut works, purchases)) = self.works(state, participant) else { return Ok(EvaluationBody::default()) };
        let id = state.next_id();
        let is_fold = state.tills.history(participant).is_some() && self.config.is_stateful();
        let mut giver = giver(state, &self.config, participant, &person, self.at);
        let cell = state.wallets(|wallets| {
            giver.settle_due(wallets)?;
            if is_fold {
                return giver.refold(wallets, &mut works).map(Some);
            }
            for work in &mut works {
                giver.give(wallets, work, &Cell::default())?;
            }
            Ok(None)
        })?;
        let granted = std::mem::take(&mut giver.granted);
        let award = |(purchase, (offer, amount)): (Id, (Id, i64))| {
            let work = works.iter().find(|work| work.id == purchase)?;
            let unit = work.standing.grants.iter().find(|grant| grant.offer == offer)?.unit;
            Some(Awarded { purchase, offer, unit, amount })
        };
        let awards = granted.into_iter().filter_map(award).collect();
        let taken_back = std::mem::take(&mut giver.taken_back);
        let counters = giver.counters;
        for work in works {
            stand(state, &self.config, work, participant, self.at)?;
        }
        leave(state, participant, counters, cell);
        let body = EvaluationBody { purchases, awards, taken_back, balance: balances(state, participant).0 };
        let about = body.purchases.first().copied().filter(|_| body.purchases.len() == 1);
        let event = state.till_event(id, EventKind::Evaluation, participant, about, self.at, body.to_row());
        state.tills.add_event(event);
        state.emit("purchases.evaluated", participant.text(Kind::Participant), "{}".to_owned());
        Ok(body)
    }
}

impl Command for EvaluatePurchases {
    fn action(&self) -> &'static str {
        "purchases.evaluated"
    }

    fn needs(&self, needs: &mut Needs) {
        let (tills, wallet) = (&mut needs.tills, WalletRef::Participant(self.participant));
        tills.events.extend(self.purchases.iter().copied());
        tills.participants.insert(wallet.clone());
        tills.lots.insert(wallet.clone());
        if self.config.is_stateful() {
            tills.history.insert(wallet);
        }
        tills.counters.extend(self.config.offers.limited());
        tills.programs.extend(self.config.offers.tier_readers());
        tills.programs.insert(self.config.workspace);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        self.evaluate(state).map(|body| Reply::Till(TillReply::Evaluated(vec![body])))
    }
}

impl Command for EvaluateMany {
    fn action(&self) -> &'static str {
        "purchases.evaluated"
    }

    fn needs(&self, needs: &mut Needs) {
        self.rows.iter().for_each(|row| row.needs(needs));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(first) = self.rows.first() {
            check_config(state, &first.config)?;
        }
        // Who cannot be found, or whose wallet refuses, is passed over: the next run tries again.
        let bodies = self.rows.iter().filter_map(|row| row.evaluate(state).ok()).collect();
        Ok(Reply::Till(TillReply::Evaluated(bodies)))
    }
}
