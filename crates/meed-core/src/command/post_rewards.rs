//! Posting a calculation: the difference between target and posted (`DESIGN.md` §4, "reconcile, never patch").

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::release::release_key;
use super::state::date_of;
use super::{Class, Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, RewardRow, RewardState, State};
use crate::id::Id;
use crate::ledger::postings::{self, Standing};
use crate::ledger::{Origin, Owner, Purpose};
use crate::money::{Amount, Minor, Unit};

/// What one beneficiary should have for a cell.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who.
    pub owner: Owner,
    /// The exact amount in major units, as decimal text.
    pub exact: String,
    /// The rounded amount.
    pub amount: Minor,
    /// The explanation of the whole target, JSON.
    pub explanation: String,
}

/// Brings the posted rewards of one program and period to their targets.
#[derive(Clone, Debug)]
pub struct PostRewards {
    /// The calculation.
    pub calculation: Id,
    /// The calculation's own record, written in the same commit.
    pub record: PutRecord,
    /// The program.
    pub program: Id,
    /// The version of its document.
    pub version: Id,
    /// The unit of its rewards.
    pub unit: Unit,
    /// First day of the period, as day number.
    pub cell_day: i64,
    /// First days of the periods after it, in order: where differences go if it has been released.
    pub later_days: Vec<i64>,
    /// Last business instant of the period.
    pub period_end: Timestamp,
    /// The configuration that was calculated with. If it has changed, the calculation is stale.
    pub config_version: i64,
    /// The targets. A beneficiary without one has the target 0.
    pub targets: Vec<Target>,
}

impl Command for PostRewards {
    fn action(&self) -> &'static str {
        "rewards.calculated"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.reward_cells.insert((self.program, self.cell_day));
        for day in std::iter::once(&self.cell_day).chain(&self.later_days) {
            needs.record_keys.insert((RecordKind::Release, release_key(self.program, *day)));
        }
        for target in &self.targets {
            needs.accounts.extend(postings::payee_accounts(target.owner, self.unit));
        }
        needs.accounts.insert(Owner::program(self.program).account(Purpose::Expense, self.unit));
        PutRecords::along(vec![self.record.clone()]).needs(needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if self.config_version != state.head.config_version {
            let text = "plans, people or settings changed while the calculation ran; calculate again";
            return Err(Refused::new(Class::Conflict, "calculation_stale", text));
        }
        let is_released = |day: i64| state.record_by_key(RecordKind::Release, &release_key(self.program, day)).is_some();
        let frozen = is_released(self.cell_day);
        let booked_day = if frozen {
            let open = self.later_days.iter().copied().find(|day| !is_released(*day));
            open.ok_or_else(|| Refused::new(Class::Conflict, "no_open_period", "every later period of this program is released"))?
        } else {
            self.cell_day
        };
        let mut posted: BTreeMap<Owner, Minor> = BTreeMap::new();
        for row in state.rewards().filter(|r| r.program == self.program && r.cell_day == self.cell_day) {
            if row.unit != self.unit {
                let text = "rewards of this period were posted in another currency; give the new plan a period of its own";
                return Err(Refused::new(Class::Conflict, "unit_changed", text));
            }
            let sum = posted.entry(row.owner).or_insert(0);
            *sum = sum.checked_add(row.amount).ok_or_else(overflow)?;
        }
        let mut rows = Vec::new();
        for target in &self.targets {
            let before = posted.remove(&target.owner).unwrap_or(0);
            let difference = target.amount.checked_sub(before).ok_or_else(overflow)?;
            if difference != 0 {
                rows.push((target.owner, difference, target.exact.clone(), target.explanation.clone()));
            }
        }
        for (owner, before) in posted {
            if before != 0 {
                let gone = before.checked_neg().ok_or_else(overflow)?;
                rows.push((owner, gone, "0".to_owned(), "{\"steps\":[],\"reason\":\"nothing_credited\"}".to_owned()));
            }
        }
        self.post(state, frozen, booked_day, rows)
    }
}

impl PostRewards {
    fn post(&self, state: &mut State, frozen: bool, booked_day: i64, rows: Vec<(Owner, Minor, String, String)>) -> Result<Reply, Refused> {
        let standing = if frozen { Standing::Released } else { Standing::Accrued };
        let mut transfers = Vec::with_capacity(rows.len());
        let mut ready = Vec::with_capacity(rows.len());
        for (owner, amount, exact, explanation) in rows {
            let id = state.next_id();
            let origin = Origin {
                reward: Some(id),
                program_version: Some(self.version),
                period: date_of(booked_day),
                ..Origin::at(self.period_end)
            };
            transfers.extend(postings::adjusted(self.program, owner, Amount { minor: amount, unit: self.unit }, standing, origin)?);
            let row = RewardRow {
                id,
                program: self.program,
                version: self.version,
                calculation: self.calculation,
                cell_day: self.cell_day,
                booked_day,
                owner,
                unit: self.unit,
                amount,
                exact,
                state: RewardState::Accrued,
                release: None,
                payout: None,
                recorded_us: state.recorded_us(),
            };
            ready.push((row, explanation));
        }
        let along = PutRecords::along(vec![self.record.clone()]);
        along.check(state)?;
        state.post(&transfers)?;
        along.decide(state)?;
        let rewards = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        for (row, explanation) in ready {
            state.add_reward(row, explanation);
        }
        Ok(Reply::Posted { rewards, carried: if frozen { rewards } else { 0 } })
    }
}

fn overflow() -> Refused {
    Refused::new(Class::Invalid, "amount_overflow", "the rewards of this period leave the range that can be kept")
}
