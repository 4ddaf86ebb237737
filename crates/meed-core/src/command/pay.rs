//! Marking as paid by hand: payroll has paid, or somebody handed it over (`ledger.md` §3.5).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Class, Command, Needs, Record, RecordKind, Refused, Reply, RewardRow, RewardState, State};
use crate::id::Id;
use crate::ledger::{Origin, Owner, Purpose, postings};
use crate::money::{Amount, Unit};

/// What one payee is paid of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The payee.
    pub owner: Owner,
    /// The currency.
    pub unit: Unit,
}

/// Pays what a release made payable, outside Meed.
#[derive(Clone, Debug)]
pub struct PayByHand {
    /// The release.
    pub release: Id,
    /// The version of its record that was looked at: who may be paid stands there.
    pub release_version: i32,
    /// Its program.
    pub program: Id,
    /// Its period, as day number of the first day.
    pub booked_day: i64,
    /// Who is paid.
    pub payments: Vec<Payment>,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// The payout's document, JSON: method, reference, date.
    pub body: String,
}

impl Command for PayByHand {
    fn action(&self) -> &'static str {
        "payout.paid_by_hand"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.reward_periods.insert((self.program, self.booked_day));
        needs.records.insert((RecordKind::Release, self.release));
        for payment in &self.payments {
            needs.accounts.extend(postings::payee_accounts(payment.owner, payment.unit));
        }
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if state.record(RecordKind::Release, self.release).is_some_and(|release| release.version != self.release_version) {
            let text = "who may be paid of this release was changed meanwhile; look at it again";
            return Err(Refused::new(Class::Conflict, "version_conflict", text));
        }
        let mut rows: BTreeMap<(Owner, Unit), Vec<RewardRow>> = BTreeMap::new();
        for row in state.rewards().filter(|r| r.release == Some(self.release)) {
            rows.entry((row.owner, row.unit)).or_default().push(row.clone());
        }
        let workspace = state.head.workspace;
        let origin = Origin::at(self.paid_at);
        let payout = state.next_id();
        let mut transfers = Vec::new();
        let mut paid = Vec::new();
        for payment in &self.payments {
            let rows = rows
                .remove(&(payment.owner, payment.unit))
                .ok_or_else(|| Refused::new(Class::NotFound, "nothing_released", "this payee has nothing in this release"))?;
            if rows.iter().any(|r| r.state == RewardState::Paid) {
                return Err(Refused::new(Class::Conflict, "already_paid", "this payee's part of the release is paid already"));
            }
            let total = rows.iter().try_fold(0i64, |sum, r| sum.checked_add(r.amount)).ok_or(crate::ledger::Refusal::AmountOverflow)?;
            // What the payee owed was taken first, so the payable part may be smaller than the statement's total.
            let payable = state.book.available(&payment.owner.account(Purpose::Payable, payment.unit)).min(total.max(0));
            if payable > 0 {
                let origin = Origin { payout: Some(payout), ..origin };
                let amount = Amount { minor: payable, unit: payment.unit };
                transfers.extend(postings::paid_by_hand(workspace, payment.owner, amount, None, origin));
            }
            paid.extend(rows);
        }
        if paid.is_empty() {
            return Err(Refused::new(Class::Conflict, "nothing_released", "nobody was named"));
        }
        state.post(&transfers)?;
        let recorded_us = state.recorded_us();
        let (kind, key, body) = (RecordKind::Payout, payout.to_string(), self.body.clone());
        state.put_record(Record { kind, id: payout, key, version: 1, deleted: false, body, recorded_us });
        let rewards = u32::try_from(paid.len()).unwrap_or(u32::MAX);
        for mut row in paid {
            row.state = RewardState::Paid;
            row.payout = Some(payout);
            state.change_reward(row);
        }
        state.emit("payout.paid", payout.text(crate::id::Kind::Payout), self.body.clone());
        Ok(Reply::Paid { id: payout, rewards })
    }
}
