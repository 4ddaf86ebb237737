//! Releasing a program's period: what is accrued becomes payable, statements are frozen, in one commit (`ledger.md` §3.2).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::state::date_of;
use super::{Class, Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, RewardRow, RewardState, State, StatementRow};
use crate::id::Id;
use crate::ledger::{Origin, Owner, Purpose, postings};
use crate::money::{Amount, Minor, Unit};

/// The natural key of a release: a program's period is released once.
#[must_use]
pub fn release_key(program: Id, booked_day: i64) -> String {
    format!("{program}:{booked_day}")
}

/// A statement to freeze.
#[derive(Clone, Debug)]
pub struct NewStatement {
    /// The payee.
    pub owner: Owner,
    /// The rewards that it lists; they must be exactly the payee's rewards of the period.
    pub rewards: Vec<Id>,
    /// The document, JSON.
    pub body: String,
}

/// Releases all rewards booked in a program's period.
#[derive(Clone, Debug)]
pub struct Release {
    /// The program.
    pub program: Id,
    /// First day of the period, as day number.
    pub booked_day: i64,
    /// Last business instant of the period.
    pub period_end: Timestamp,
    /// Unit of its rewards.
    pub unit: Unit,
    /// The release's own document, JSON.
    pub body: String,
    /// One per payee.
    pub statements: Vec<NewStatement>,
    /// Records written in the same commit, such as the calculation's state.
    pub along: Vec<PutRecord>,
}

impl Command for Release {
    fn action(&self) -> &'static str {
        "rewards.released"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.reward_periods.insert((self.program, self.booked_day));
        needs.record_keys.insert((RecordKind::Release, release_key(self.program, self.booked_day)));
        for statement in &self.statements {
            needs.accounts.extend(postings::payee_accounts(statement.owner, self.unit));
        }
        PutRecords::along(self.along.clone()).needs(needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        let key = release_key(self.program, self.booked_day);
        if state.record_by_key(RecordKind::Release, &key).is_some() {
            let text = "this period is released already; later changes are booked in the open period";
            return Err(Refused::new(Class::Conflict, "already_released", text));
        }
        let mut rows: BTreeMap<Owner, Vec<RewardRow>> = BTreeMap::new();
        for row in state.rewards().filter(|r| r.program == self.program && r.booked_day == self.booked_day) {
            rows.entry(row.owner).or_default().push(row.clone());
        }
        self.check_statements(&rows)?;
        let origin = Origin { period: date_of(self.booked_day), ..Origin::at(self.period_end) };
        let mut transfers = Vec::new();
        for (owner, rows) in &rows {
            let sum = |counts: &dyn Fn(&RewardRow) -> bool| {
                let amounts = rows.iter().filter(|row| counts(row)).map(|row| row.amount);
                let mut amounts = amounts;
                amounts.try_fold(0, Minor::checked_add).ok_or(crate::ledger::Refusal::AmountOverflow)
            };
            // What earlier periods held back comes due with this one.
            let due = Amount { minor: sum(&RewardRow::is_deferred)?, unit: self.unit };
            transfers.extend(postings::came_due(*owner, due, origin)?);
            let total = Amount { minor: sum(&|row| !row.is_recoverable())?, unit: self.unit };
            if total.minor != 0 {
                transfers.extend(postings::released_by_lines(&state.book, *owner, total, origin)?);
            }
        }
        let along = PutRecords::along(self.along.clone());
        along.check(state)?;
        state.post(&transfers)?;
        along.decide(state)?;
        let release = self.write(state, key, rows)?;
        let payees = u32::try_from(self.statements.len()).unwrap_or(u32::MAX);
        Ok(Reply::Released { id: release, payees })
    }
}

impl Release {
    /// What a person reviewed must be what is released.
    fn check_statements(&self, rows: &BTreeMap<Owner, Vec<RewardRow>>) -> Result<(), Refused> {
        let mut wanted: BTreeMap<Owner, Vec<Id>> = rows.iter().map(|(o, r)| (*o, r.iter().map(|r| r.id).collect())).collect();
        for ids in wanted.values_mut() {
            ids.sort();
        }
        let mut given: BTreeMap<Owner, Vec<Id>> = self.statements.iter().map(|s| (s.owner, s.rewards.clone())).collect();
        for ids in given.values_mut() {
            ids.sort();
        }
        if rows.is_empty() {
            return Err(Refused::new(Class::Conflict, "nothing_to_release", "nothing is booked in this period; calculate it first"));
        }
        if wanted != given {
            let text = "the rewards changed since they were reviewed; look at them again";
            return Err(Refused::new(Class::Conflict, "release_stale", text));
        }
        if rows.values().flatten().any(|r| r.state != RewardState::Accrued || r.unit != self.unit) {
            return Err(Refused::new(Class::Conflict, "already_released", "some of these rewards are released already"));
        }
        Ok(())
    }

    fn write(&self, state: &mut State, key: String, rows: BTreeMap<Owner, Vec<RewardRow>>) -> Result<Id, Refused> {
        let put = PutRecord::new(RecordKind::Release, Some(key), self.body.clone());
        let done = PutRecords::along(vec![put]).decide(state)?;
        let Reply::Records(ids) = done else { return Err(Refused::new(Class::Conflict, "release_stale", "the release was not written")) };
        let release = ids.first().map_or(Id(0), |(id, _)| *id);
        let audit_from = state.head.audit_number;
        for statement in &self.statements {
            let id = state.next_id();
            let recorded_us = state.recorded_us();
            state.add_statement(StatementRow {
                id,
                release,
                program: self.program,
                booked_day: self.booked_day,
                owner: statement.owner,
                audit_from,
                audit_to: audit_from + 1,
                recorded_us,
                body: statement.body.clone(),
            });
        }
        for mut row in rows.into_values().flatten() {
            row.state = RewardState::Released;
            row.release = Some(release);
            state.change_reward(row);
        }
        state.emit("rewards.released", release.text(crate::id::Kind::Release), self.body.clone());
        Ok(release)
    }
}

/// Whether a payee's money of a released period may be paid: what is `payable` now, in minor units.
#[must_use]
pub fn payable(state: &State, owner: Owner, unit: Unit) -> Minor {
    state.book.available(&owner.account(Purpose::Payable, unit))
}
