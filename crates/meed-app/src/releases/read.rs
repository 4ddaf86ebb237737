//! What is booked in a program's period, payee by payee.

use std::collections::BTreeMap;

use meed_core::command::{RewardRow, RewardState, date_of, day_number};
use meed_core::id::Id;
use meed_core::ledger::Owner;
use meed_core::period::Period;

use super::credits::{CreditRelease, credits_of_period};
use super::release::{ReleaseEntry, of_period};
use super::reverse::reversed_of_period;
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
    /// That payees see the credits already.
    pub credits: Option<CreditRelease>,
    /// The latest release of it that was taken back, if there is no other.
    pub reversed: Option<ReleaseEntry>,
}

/// Where a program's period stands (`commissions.md` behaviour 50).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodState {
    /// Nothing is calculated.
    Draft,
    /// Figures stand; payees see nothing.
    Calculated,
    /// Payees see their amounts as pending.
    CreditsReleased,
    /// A release was taken back; figures may change again.
    Reversed,
    /// Amounts are confirmed.
    Released,
    /// Everybody is paid.
    Paid,
}

impl PeriodState {
    /// The word for the API and the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Calculated => "calculated",
            Self::CreditsReleased => "credits_released",
            Self::Reversed => "reversed",
            Self::Released => "released",
            Self::Paid => "paid",
        }
    }

    /// What the calculation status column of the rewards file says (`commissions.md` §3.1).
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Calculated => "Calculated",
            Self::CreditsReleased => "Credits released",
            Self::Reversed => "Reversed",
            Self::Released => "Rewards released",
            Self::Paid => "Paid",
        }
    }
}

impl PeriodView {
    /// Sum over all payees, minor units.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.payees.iter().map(|p| p.total).fold(0, i64::saturating_add)
    }

    /// Where the period stands.
    #[must_use]
    pub fn standing(&self) -> PeriodState {
        match &self.release {
            Some(_) if !self.payees.is_empty() && self.payees.iter().all(|p| p.state == RewardState::Paid) => PeriodState::Paid,
            Some(_) => PeriodState::Released,
            None if self.credits.is_some() => PeriodState::CreditsReleased,
            None if self.reversed.is_some() => PeriodState::Reversed,
            None if self.payees.is_empty() => PeriodState::Draft,
            None => PeriodState::Calculated,
        }
    }

    /// The word of where the period stands.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.standing().word()
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
    let credits = credits_of_period(app, ctx, program, booked_day).await?;
    let reversed = match (&release, &credits) {
        (None, None) => reversed_of_period(app, ctx, program, booked_day).await?,
        _ => None,
    };
    let currency = entry.program.currency;
    Ok(PeriodView { program, label: period.label(), booked_day, currency, payees, release, credits, reversed })
}

/// The label of the period that begins on a day, of the same kind as `like`.
pub(crate) fn label_of(like: &Period, day: i64) -> String {
    let date = date_of(day);
    let period = date.and_then(|date| Period::holding(date, like.cadence(), like.zone()).ok());
    period.map_or_else(|| date.map_or_else(String::new, |d| d.to_string()), |p| p.label())
}
