//! Taking a release back before anything of it was paid: every transfer of it is reversed by a new one, its rewards are
//! accrued again, and the release stays on record under another key (`commissions.md` behaviour 50).

use jiff::Timestamp;

use super::{Class, Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, RewardRow, RewardState, State, release_key};
use crate::id::{Id, Kind};
use crate::ledger::{Origin, Original, Transfer, TransferKind, postings};

/// What the natural key of a reversed release begins with: the period may be released again.
const REVERSED: &str = "reversed:";

/// Whether a natural key is that of a reversed release.
#[must_use]
pub fn is_reversed_key(key: &str) -> bool {
    key.starts_with(REVERSED)
}

/// Takes back a release of which nothing is paid.
#[derive(Clone, Debug)]
pub struct ReverseRelease {
    /// The release.
    pub release: Id,
    /// Its program.
    pub program: Id,
    /// First day of its period, as day number.
    pub booked_day: i64,
    /// The transfers that the release wrote, as the journal has them, in their order.
    pub transfers: Vec<Transfer>,
    /// When it is taken back.
    pub at: Timestamp,
    /// The release's document with who took it back and why, JSON.
    pub body: String,
    /// Records written in the same commit.
    pub along: Vec<PutRecord>,
}

impl Command for ReverseRelease {
    fn action(&self) -> &'static str {
        "release.reversed"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.reward_periods.insert((self.program, self.booked_day));
        needs.records.insert((RecordKind::Release, self.release));
        PutRecords::along(self.along.clone()).needs(needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        let found = state.record(RecordKind::Release, self.release);
        let record = found.ok_or_else(|| Refused::new(Class::NotFound, "record_not_found", "there is no such release"))?;
        if record.key != release_key(self.program, self.booked_day) {
            return Err(Refused::new(Class::Conflict, "already_reversed", "this release was taken back already"));
        }
        let rows: Vec<RewardRow> = state.rewards().filter(|row| row.release == Some(self.release)).cloned().collect();
        if rows.iter().any(|row| row.state == RewardState::Paid) {
            let text = "some of this release is paid; what was paid is corrected in the open period";
            return Err(Refused::new(Class::Conflict, "already_paid", text));
        }
        let origin = Origin { period: super::date_of(self.booked_day), ..Origin::at(self.at) };
        let mut transfers = Vec::with_capacity(self.transfers.len());
        // The later one first: what was netted out of a sum goes back before the sum does.
        for transfer in self.transfers.iter().rev() {
            // A release is taken back once, and nothing else takes its transfers back.
            state.book.load_original(original(state, transfer)?);
            transfers.push(postings::reversed(transfer, transfer.amount, TransferKind::ReleaseReversed, origin));
        }
        let along = PutRecords::along(self.along.clone());
        along.check(state)?;
        state.post(&transfers)?;
        along.decide(state)?;
        let key = format!("{REVERSED}{}:{}", release_key(self.program, self.booked_day), self.release);
        let put = PutRecord { key: Some(key), ..PutRecord::change(RecordKind::Release, self.release, self.body.clone()) };
        PutRecords::along(vec![put]).decide(state)?;
        for mut row in rows {
            row.state = RewardState::Accrued;
            row.release = None;
            state.change_reward(row);
        }
        state.emit("release.reversed", self.release.text(Kind::Release), self.body.clone());
        Ok(Reply::Done)
    }
}

fn original(state: &State, transfer: &Transfer) -> Result<Original, Refused> {
    let owner = |account: Id| {
        let found = state.book.account_by_id(account).map(|account| account.key.owner);
        found.ok_or_else(|| Refused::new(Class::Conflict, "release_stale", "an account of this release is not one of its payees'"))
    };
    Ok(Original {
        id: transfer.id,
        amount: transfer.amount,
        unit: transfer.unit,
        phase: transfer.phase,
        debit_owner: owner(transfer.debit)?,
        credit_owner: owner(transfer.credit)?,
        reversed: 0,
    })
}
