//! Posting a calculation: the difference between target and posted (`DESIGN.md` §4, "reconcile, never patch").

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::release::release_key;
use super::state::date_of;
use super::{Class, Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, RewardRow, RewardState, State};
use crate::crediting::{Booked, HELD_DAY, LineKey, Openness, RewardKind, booked_day, differences};
use crate::id::Id;
use crate::ledger::postings::{self, Standing};
use crate::ledger::{NewTransfer, Origin, Owner, Purpose};
use crate::money::{Amount, Minor, Unit};

/// One line of what a beneficiary should have for a cell.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who.
    pub owner: Owner,
    /// What it is.
    pub kind: RewardKind,
    /// Tells lines of one kind apart; empty where there is only one.
    pub line: String,
    /// First day of the period in which it is due, as day number; [`HELD_DAY`] while a condition is open.
    pub due_day: i64,
    /// The sale that it takes back or concerns.
    pub sale: Option<Id>,
    /// The exact amount in major units, as decimal text.
    pub exact: String,
    /// The rounded amount.
    pub amount: Minor,
    /// The explanation of the whole target, JSON.
    pub explanation: String,
}

impl Target {
    /// A commission that is due with its cell.
    #[must_use]
    pub fn commission(owner: Owner, cell_day: i64, amount: Minor, exact: String, explanation: String) -> Self {
        Self { owner, kind: RewardKind::Commission, line: String::new(), due_day: cell_day, sale: None, exact, amount, explanation }
    }

    fn key(&self) -> LineKey<Owner> {
        LineKey { owner: self.owner, kind: self.kind, name: self.line.clone(), due_day: self.due_day }
    }
}

/// The targets of one period.
#[derive(Clone, Debug)]
pub struct CellTargets {
    /// First day of the period, as day number.
    pub cell_day: i64,
    /// First days of the periods after it, in order: where differences go if it has been released.
    pub later_days: Vec<i64>,
    /// Last business instant of the period.
    pub period_end: Timestamp,
    /// The targets. A beneficiary without one has the target 0.
    pub targets: Vec<Target>,
}

/// Brings the posted rewards of one program to their targets, for a period and those after it that look back on it.
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
    /// The configuration that was calculated with. If it has changed, the calculation is stale.
    pub config_version: i64,
    /// The period, and later ones whose result depends on it: they commit together, so that a draw is never repaid before
    /// it is advanced.
    pub cells: Vec<CellTargets>,
}

/// A row in the making.
struct NewRow {
    key: LineKey<Owner>,
    booked_day: i64,
    amount: Minor,
    exact: String,
    explanation: String,
    sale: Option<Id>,
}

impl Command for PostRewards {
    fn action(&self) -> &'static str {
        "rewards.calculated"
    }

    fn needs(&self, needs: &mut Needs) {
        for cell in &self.cells {
            needs.reward_cells.insert((self.program, cell.cell_day));
            for day in std::iter::once(&cell.cell_day).chain(&cell.later_days) {
                needs.record_keys.insert((RecordKind::Release, release_key(self.program, *day)));
            }
            for target in &cell.targets {
                needs.accounts.extend(postings::payee_accounts(target.owner, self.unit));
            }
        }
        needs.accounts.insert(Owner::program(self.program).account(Purpose::Expense, self.unit));
        PutRecords::along(vec![self.record.clone()]).needs(needs);
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if self.config_version != state.head.config_version {
            let text = "plans, people or settings changed while the calculation ran; calculate again";
            return Err(Refused::new(Class::Conflict, "calculation_stale", text));
        }
        let mut ready = Vec::new();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for cell in &self.cells {
            for row in self.rows(state, cell)? {
                let row_id = state.next_id();
                let (row, explanation, sale) = self.row(row_id, state.recorded_us(), cell, row);
                let origin = Origin {
                    sale,
                    reward: Some(row_id),
                    program_version: Some(self.version),
                    period: date_of(row.booked_day).filter(|_| !row.is_held()),
                    ..Origin::at(cell.period_end)
                };
                let raises_draw = row.kind.moves_draw() && row.amount > 0;
                let transfers = transfers(self.program, &row, origin)?;
                // What is owed grows before it shrinks, so that no balance falls below zero on the way.
                if raises_draw {
                    first.extend(transfers);
                } else {
                    second.extend(transfers);
                }
                ready.push((row, explanation));
            }
        }
        first.append(&mut second);
        self.write(state, &first, ready)
    }
}

impl PostRewards {
    /// What is to be posted for one cell.
    fn rows(&self, state: &State, cell: &CellTargets) -> Result<Vec<NewRow>, Refused> {
        let mut posted = Vec::new();
        for row in state.rewards().filter(|r| r.program == self.program && r.cell_day == cell.cell_day) {
            if row.unit != self.unit {
                let text = "rewards of this period were posted in another currency; give the new plan a period of its own";
                return Err(Refused::new(Class::Conflict, "unit_changed", text));
            }
            posted.push((LineKey { owner: row.owner, kind: row.kind, name: row.line.clone(), due_day: row.due_day }, row.amount));
        }
        let targets = cell.targets.iter().map(|target| (target.key(), target.amount));
        let differences = differences(posted, targets).map_err(|_| overflow())?;
        let by_key: BTreeMap<LineKey<Owner>, &Target> = cell.targets.iter().map(|target| (target.key(), target)).collect();
        let is_released = |day: i64| state.record_by_key(RecordKind::Release, &release_key(self.program, day)).is_some();
        let open = Openness { is_released: &is_released, later_days: &cell.later_days };
        let mut rows = Vec::with_capacity(differences.len());
        for (key, amount) in differences {
            let (Booked::AsDue(booked_day) | Booked::Carried(booked_day)) = booked_day(key.due_day, &open) else {
                return Err(Refused::new(Class::Conflict, "no_open_period", "every later period of this program is released"));
            };
            let target = by_key.get(&key);
            let nothing = || ("0".to_owned(), "{\"steps\":[],\"reason\":\"nothing_credited\"}".to_owned());
            let (exact, explanation) = target.map_or_else(nothing, |target| (target.exact.clone(), target.explanation.clone()));
            rows.push(NewRow { sale: target.and_then(|target| target.sale), key, booked_day, amount, exact, explanation });
        }
        Ok(rows)
    }

    fn row(&self, id: Id, recorded_us: i64, cell: &CellTargets, new: NewRow) -> (RewardRow, String, Option<Id>) {
        let NewRow { key, booked_day, amount, exact, explanation, sale } = new;
        let row = RewardRow {
            id,
            program: self.program,
            version: self.version,
            calculation: self.calculation,
            cell_day: cell.cell_day,
            booked_day,
            owner: key.owner,
            unit: self.unit,
            amount,
            exact,
            state: RewardState::Accrued,
            release: None,
            payout: None,
            recorded_us,
            kind: key.kind,
            line: key.name,
            due_day: key.due_day,
        };
        (row, explanation, sale)
    }

    fn write(&self, state: &mut State, transfers: &[NewTransfer], ready: Vec<(RewardRow, String)>) -> Result<Reply, Refused> {
        let along = PutRecords::along(vec![self.record.clone()]);
        along.check(state)?;
        state.post(transfers)?;
        along.decide(state)?;
        let rewards = u32::try_from(ready.len()).unwrap_or(u32::MAX);
        let carried = u32::try_from(ready.iter().filter(|(row, _)| row.is_carried()).count()).unwrap_or(u32::MAX);
        for (row, explanation) in ready {
            state.add_reward(row, explanation);
        }
        Ok(Reply::Posted { rewards, carried })
    }
}

/// The transfers of a new line (`ledger.md` §3.2).
fn transfers(program: Id, row: &RewardRow, origin: Origin) -> Result<Vec<NewTransfer>, Refused> {
    let amount = Amount { minor: row.amount, unit: row.unit };
    if row.kind.moves_draw() {
        return Ok(postings::draw_moved(row.owner, amount, origin)?);
    }
    let standing = match () {
        () if row.is_deferred() || row.due_day == HELD_DAY => Standing::Pending,
        () if row.is_recoverable() => Standing::Released,
        () => Standing::Accrued,
    };
    Ok(postings::adjusted(program, row.owner, amount, standing, origin)?)
}

fn overflow() -> Refused {
    Refused::new(Class::Invalid, "amount_overflow", "the rewards of this period leave the range that can be kept")
}
