//! Deciding about what a till without a connection did (`ledger.md` §7).

use std::sync::Arc;

use super::TillReply;
use super::checks::{check_config, check_reason, conflict, damaged, invalid, not_found, resolve};
use super::purchase::{Identified, first_answer, need_identity, take_identity};
use super::rework::{balances, leave, stand, work_of};
use crate::command::{Command, Needs, Record, RecordKind, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Origin, Wallet};
use crate::loyalty::TillConfig;
use crate::loyalty::event::EventKind;
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::review::{Decided, Review, ReviewBody, ReviewDecision};
use crate::money::Minor;

/// Leaves something for a person to look at. `id` is the spend, or the sale where only that is late.
pub(super) fn leave_review(state: &mut State, id: Id, review: &Review) {
    let recorded_us = state.recorded_us();
    let (key, body) = (id.to_string(), review.write());
    state.put_record(Record { kind: RecordKind::Review, id, key, version: 1, deleted: false, body, recorded_us });
    let text = format!("{{\"uncovered\":{},\"late\":{}}}", review.uncovered, review.is_late);
    state.emit("purchase.review_needed", review.purchase.text(Kind::Purchase), text);
}

/// Whether something that a till without a connection did is older than it may be.
pub(super) fn is_late(config: &TillConfig, at_us: i64, recorded_us: i64) -> bool {
    recorded_us.saturating_sub(at_us) > config.settings.offline_hours.saturating_mul(3_600_000_000)
}

/// Decides.
#[derive(Clone, Debug)]
pub struct DecideReview {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// What is decided about.
    pub review: Id,
    /// The sale that it names.
    pub purchase: Id,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What.
    pub decision: ReviewDecision,
    /// Why.
    pub note: String,
    /// When.
    pub at: jiff::Timestamp,
}

impl Command for DecideReview {
    fn action(&self) -> &'static str {
        "review.decided"
    }

    fn needs(&self, needs: &mut Needs) {
        need_identity(self.identity.as_ref(), needs);
        needs.records.insert((RecordKind::Review, self.review));
        let tills = &mut needs.tills;
        tills.events.insert(self.purchase);
        tills.participants.insert(WalletRef::Of(self.purchase));
        tills.lots.insert(WalletRef::Of(self.purchase));
        tills.programs.insert(self.config.workspace);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        if let Some(first) = first_answer(state, self.identity.as_ref())? {
            return Ok(Reply::Till(first));
        }
        check_reason(&self.note, "note")?;
        let record = state.record(RecordKind::Review, self.review).cloned().ok_or_else(|| not_found("review"))?;
        let review = Review::read(&record.body).map_err(damaged)?;
        let slot = state.tills.purchase(self.purchase).filter(|_| review.purchase == self.purchase).cloned();
        let slot = slot.ok_or_else(|| not_found("review"))?;
        if review.decided.is_some() {
            return Err(conflict("already_decided", "somebody has decided about this already"));
        }
        let (participant, _) = resolve(state, &WalletRef::Of(self.purchase))?;
        let mut work = work_of(&slot);
        let open = |used: &&mut crate::loyalty::Use| used.event == self.review && used.is_open();
        let amount: Minor = work.standing.uses.iter_mut().filter(open).map(|used| used.amount - used.returned).sum();
        match self.decision.bearer() {
            Some(_) if amount == 0 => return Err(conflict("nothing_uncovered", "nothing is uncovered: accept it")),
            None if amount > 0 => return Err(invalid("bearer_missing", "decision", "something is uncovered: say who bears it")),
            _ => {}
        }
        let id = state.next_id();
        if let Some(bearer) = self.decision.bearer() {
            let wallet = Wallet { participant, unit: self.config.currency };
            let origin = Origin { sale: Some(self.purchase), ..Origin::at(self.at) };
            state.wallets(|wallets| {
                for used in work.standing.uses.iter_mut().filter(open) {
                    let whose = (self.config.workspace, wallet);
                    wallets.bear(whose, bearer, used.transfer, used.amount - used.returned, origin)?;
                    used.lot = Id(i64::from(bearer.code()));
                }
                Ok(())
            })?;
        }
        stand(state, &self.config, work, participant, self.at)?;
        leave(state, participant, std::collections::BTreeMap::new(), None);
        let balance = balances(state, participant).0;
        let body = ReviewBody { decision: self.decision, amount, note: self.note.clone(), balance };
        let event = state.till_event(id, EventKind::Review, participant, Some(self.purchase), self.at, body.to_row());
        state.tills.add_event(event);
        let recorded_us = state.recorded_us();
        let decided = Some(Decided { decision: self.decision, amount, at_us: recorded_us, note: self.note.clone() });
        let (version, text) = (record.version.saturating_add(1), Review { decided, ..review }.write());
        state.put_record(Record { body: text, version, recorded_us, ..record });
        take_identity(state, self.identity.as_ref(), id);
        state.emit("review.decided", self.purchase.text(Kind::Purchase), "{}".to_owned());
        Ok(Reply::Till(TillReply::Review(id, Box::new(body), false)))
    }
}
