//! What is booked in a program's period, payee by payee.

use std::collections::BTreeMap;

use meed_core::command::{RewardRow, RewardState, date_of, day_number};
use meed_core::id::Id;
use meed_core::ledger::Owner;
use meed_core::period::Period;

use super::release::{ReleaseEntry, of_period};
use crate::calculations::CalculationEntry;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A payee's rewards of a period.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct RewardView {
    pub owner: Owner,
    pub name: String,
    /// Sum of the rewards booked in the period, minor units.
    pub total: i64,
    /// Earned in this period.
    pub own: i64,
    /// Earned in earlier periods and due in this one: holdbacks, instalments, clawbacks.
    pub due: i64,
    /// Differences to released periods, with the label of the period that earned them.
    pub carried: Vec<(String, i64)>,
    pub state: RewardState,
    pub rewards: Vec<RewardRow>,
}

/// A program's period as it is booked.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct PeriodView {
    pub program: Id,
    pub label: String,
    pub booked_day: i64,
    pub currency: meed_core::money::Unit,
    pub payees: Vec<RewardView>,
    pub release: Option<ReleaseEntry>,
}

impl PeriodView {
    /// Sum over all payees, minor units.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.payees.iter().map(|p| p.total).fold(0, i64::saturating_add)
    }

    /// Where the period stands: `calculated`, `released`, `paid`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (&self.release, self.payees.iter().all(|p| p.state == RewardState::Paid)) {
            (None, _) => "calculated",
            (Some(_), true) if !self.payees.is_empty() => "paid",
            (Some(_), _) => "released",
        }
    }
}

/// What is booked in the period of a calculation.
pub async fn period_of_calculation(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<PeriodView> {
    period(app, ctx, Id(calculation.document.program), &calculation.document.period).await
}

/// What is booked in a program's period.
pub async fn period(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<PeriodView> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?;
    let period = Period::parse(label, &config.zone)
        .map_err(|_| AppError::invalid("period_invalid", "period", format!("`{label}` is not a period")))?;
    let (workspace, booked_day) = (ctx.workspace, day_number(period.first_day()));
    let rows = app.store().read(move |r| r.rewards_booked(workspace, program, booked_day)).await?;
    let mut by_owner: BTreeMap<Owner, Vec<RewardRow>> = BTreeMap::new();
    for row in rows {
        by_owner.entry(row.owner).or_default().push(row);
    }
    let mut payees = Vec::new();
    for (owner, rewards) in by_owner {
        let sum = |rows: &mut dyn Iterator<Item = &RewardRow>| rows.map(|r| r.amount).fold(0i64, i64::saturating_add);
        let mut carried: BTreeMap<i64, i64> = BTreeMap::new();
        for row in rewards.iter().filter(|r| r.is_carried()) {
            *carried.entry(row.cell_day).or_default() += row.amount;
        }
        payees.push(RewardView {
            owner,
            name: config.rep_name(owner.id),
            total: sum(&mut rewards.iter()),
            own: sum(&mut rewards.iter().filter(|r| r.cell_day == r.booked_day)),
            due: sum(&mut rewards.iter().filter(|r| r.cell_day != r.booked_day && !r.is_carried())),
            carried: carried.into_iter().map(|(day, amount)| (label_of(&period, day), amount)).collect(),
            state: rewards.iter().map(|r| r.state).min().unwrap_or(RewardState::Accrued),
            rewards,
        });
    }
    payees.sort_by(|a, b| (b.total, &a.name, a.owner).cmp(&(a.total, &b.name, b.owner)));
    let release = of_period(app, ctx, program, booked_day).await?;
    Ok(PeriodView { program, label: period.label(), booked_day, currency: entry.program.currency, payees, release })
}

/// The label of the period that begins on a day, of the same kind as `like`.
pub(crate) fn label_of(like: &Period, day: i64) -> String {
    let date = date_of(day);
    let period = date.and_then(|date| Period::holding(date, like.cadence(), like.zone()).ok());
    period.map_or_else(|| date.map_or_else(String::new, |d| d.to_string()), |p| p.label())
}
