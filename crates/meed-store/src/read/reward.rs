//! Reading rewards, explanations and statements.

use meed_core::command::{RewardRow, RewardState, StatementRow};
use meed_core::crediting::PastLine;
use meed_core::id::Id;
use meed_core::ledger::Owner;

use super::Reader;
use crate::batch::load::{owner, reward_kind, reward_row};
use crate::error::StoreError;
use crate::sql;
use crate::statement::Statement;
use crate::value::{RowView, Value};

/// A sum of rewards, for overviews.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct RewardSum {
    pub booked_day: i64,
    pub program: Id,
    pub owner: Owner,
    pub unit: String,
    pub state: RewardState,
    pub amount: i64,
}

pub(crate) fn statement_row(row: &dyn RowView) -> Result<StatementRow, StoreError> {
    Ok(StatementRow {
        id: row.id(0)?,
        release: row.id(1)?,
        program: row.id(2)?,
        booked_day: row.int(3)?,
        owner: owner(row, 4, 5)?,
        audit_from: row.int(6)?,
        audit_to: row.int(7)?,
        recorded_us: row.int(8)?,
        body: row.text(9)?.to_owned(),
    })
}

impl Reader<'_> {
    fn reward_list(&mut self, statement: &'static Statement, params: &[Value]) -> Result<Vec<RewardRow>, StoreError> {
        let mut rows = Vec::new();
        self.session.query(statement, params, &mut |row| {
            rows.push(reward_row(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// Rewards booked in a program's period.
    pub fn rewards_booked(&mut self, workspace: Id, program: Id, booked_day: i64) -> Result<Vec<RewardRow>, StoreError> {
        self.reward_list(&sql::reward::BY_BOOKED_PERIOD, &[workspace.into(), program.into(), booked_day.into()])
    }

    /// What the cells of a program before a day came to, line by line; differences are summed into what they correct.
    pub fn reward_past(&mut self, workspace: Id, program: Id, cell_day: i64) -> Result<Vec<(Owner, PastLine)>, StoreError> {
        let mut lines = Vec::new();
        self.session.query(&sql::reward::PAST, &[workspace.into(), program.into(), cell_day.into()], &mut |row| {
            let (cell_day, due_day) = (row.int(2)?, row.int(3)?);
            let kind = reward_kind(row.int(4)?)?;
            lines.push((owner(row, 0, 1)?, PastLine { cell_day, due_day, kind, name: row.text(5)?.to_owned(), minor: row.int(6)? }));
            Ok(())
        })?;
        Ok(lines)
    }

    /// Rewards earned in a program's period, wherever they are booked.
    pub fn rewards_of_cell(&mut self, workspace: Id, program: Id, cell_day: i64) -> Result<Vec<RewardRow>, StoreError> {
        self.reward_list(&sql::reward::BY_CELL_PERIOD, &[workspace.into(), program.into(), cell_day.into()])
    }

    /// All rewards of one beneficiary.
    pub fn rewards_of(&mut self, workspace: Id, owner: Owner) -> Result<Vec<RewardRow>, StoreError> {
        let params = [workspace.into(), i64::from(owner.kind.code()).into(), owner.id.into()];
        self.reward_list(&sql::reward::BY_OWNER, &params)
    }

    /// What is booked for one beneficiary in a program's period.
    pub fn rewards_of_period(&mut self, workspace: Id, owner: Owner, program: Id, booked_day: i64) -> Result<Vec<RewardRow>, StoreError> {
        let params = [workspace.into(), i64::from(owner.kind.code()).into(), owner.id.into(), booked_day.into(), program.into()];
        self.reward_list(&sql::reward::BY_OWNER_PERIOD, &params)
    }

    /// A page of rewards after an id.
    pub fn rewards_page(&mut self, workspace: Id, after: Option<Id>, limit: i64) -> Result<Vec<RewardRow>, StoreError> {
        self.reward_list(&sql::reward::LIST, &[workspace.into(), after.map_or(0, |id| id.0).into(), limit.into()])
    }

    /// A reward by id.
    pub fn reward(&mut self, workspace: Id, id: Id) -> Result<Option<RewardRow>, StoreError> {
        Ok(self.reward_list(&sql::reward::BY_ID, &[workspace.into(), id.into()])?.pop())
    }

    /// Why a reward has its amount, JSON.
    pub fn explanation(&mut self, workspace: Id, reward: Id) -> Result<Option<String>, StoreError> {
        let mut body = None;
        self.session.query(&sql::reward::EXPLANATION, &[workspace.into(), reward.into()], &mut |row| {
            body = Some(row.text(0)?.to_owned());
            Ok(())
        })?;
        Ok(body)
    }

    fn statement_list(&mut self, statement: &'static Statement, params: &[Value]) -> Result<Vec<StatementRow>, StoreError> {
        let mut rows = Vec::new();
        self.session.query(statement, params, &mut |row| {
            rows.push(statement_row(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The frozen statements of a release.
    pub fn statements_of_release(&mut self, workspace: Id, release: Id) -> Result<Vec<StatementRow>, StoreError> {
        self.statement_list(&sql::reward::STATEMENTS_OF_RELEASE, &[workspace.into(), release.into()])
    }

    /// The frozen statements of a payee.
    pub fn statements_of(&mut self, workspace: Id, owner: Owner) -> Result<Vec<StatementRow>, StoreError> {
        let params = [workspace.into(), i64::from(owner.kind.code()).into(), owner.id.into()];
        self.statement_list(&sql::reward::STATEMENTS_OF_OWNER, &params)
    }

    /// The frozen statement of a payee in a release of a period.
    pub fn statement_of_period(
        &mut self,
        workspace: Id,
        owner: Owner,
        booked_day: i64,
        release: Id,
    ) -> Result<Option<StatementRow>, StoreError> {
        let params = [workspace.into(), i64::from(owner.kind.code()).into(), owner.id.into(), booked_day.into(), release.into()];
        Ok(self.statement_list(&sql::reward::STATEMENT_OF_PERIOD, &params)?.pop())
    }

    /// A frozen statement by id.
    pub fn statement(&mut self, workspace: Id, id: Id) -> Result<Option<StatementRow>, StoreError> {
        Ok(self.statement_list(&sql::reward::STATEMENT_BY_ID, &[workspace.into(), id.into()])?.pop())
    }

    /// Whose statements a release froze, by payee.
    pub fn statement_owners(&mut self, workspace: Id, release: Id) -> Result<Vec<(Id, Owner)>, StoreError> {
        let mut owners = Vec::new();
        self.session.query(&sql::reward::STATEMENT_OWNERS, &[workspace.into(), release.into()], &mut |row| {
            owners.push((row.id(0)?, owner(row, 1, 2)?));
            Ok(())
        })?;
        Ok(owners)
    }

    /// A page of the frozen statements of a release, after an id.
    pub fn statements_page(&mut self, workspace: Id, release: Id, after: Option<Id>, limit: i64) -> Result<Vec<StatementRow>, StoreError> {
        let params = [workspace.into(), release.into(), after.map_or(0, |id| id.0).into(), limit.into()];
        self.statement_list(&sql::reward::STATEMENTS_PAGE, &params)
    }

    /// Sums of rewards booked on or after a day.
    pub fn reward_sums(&mut self, workspace: Id, from_day: i64) -> Result<Vec<RewardSum>, StoreError> {
        let mut sums = Vec::new();
        self.session.query(&sql::reward::SUMS, &[workspace.into(), from_day.into()], &mut |row| {
            let state = row.int(5)?;
            sums.push(RewardSum {
                booked_day: row.int(0)?,
                program: row.id(1)?,
                owner: owner(row, 2, 3)?,
                unit: row.text(4)?.to_owned(),
                state: RewardState::from_code(state).ok_or_else(|| StoreError::broken(format!("reward state {state}")))?,
                amount: row.int(6)?,
            });
            Ok(())
        })?;
        Ok(sums)
    }
}
