//! Statements: one payee's account of a period, live until the period is released and frozen from then on.

use std::collections::BTreeMap;

use meed_core::command::RewardState;
use meed_core::id::Id;
use meed_core::ledger::{Owner, OwnerKind};
use meed_core::period::Period;

use crate::error::{AppError, AppResult};
use crate::releases::{self, ReleaseEntry, StatementBody};
use crate::{App, Context, ProgramEntry, Scope};

/// What one program says of a payee's period.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Rewards, credits and their explanation.
    pub body: StatementBody,
    /// Where the rewards stand.
    pub state: RewardState,
    /// The release that froze it.
    pub release: Option<ReleaseEntry>,
}

/// A payee's period in a list, over all programs of its length.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Summary {
    pub rep: Id,
    pub name: String,
    /// Label of the period.
    pub period: String,
    /// First day of the period, as day number.
    pub day: i64,
    pub state: RewardState,
    /// Minor units by currency.
    pub totals: BTreeMap<String, i64>,
}

/// Every payee's periods, latest first, then by name.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<Summary>> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let sums = app.store().read(move |r| r.reward_sums(workspace, i64::MIN)).await?;
    let mut found: BTreeMap<(String, Id), Summary> = BTreeMap::new();
    for sum in sums.into_iter().filter(|sum| sum.owner.kind == OwnerKind::Rep) {
        let Ok(entry) = config.program(sum.program) else { continue };
        let Some(first) = meed_core::command::date_of(sum.booked_day) else { continue };
        let Ok(period) = Period::holding(first, entry.program.cadence, &config.zone) else { continue };
        let label = period.label();
        let summary = found.entry((label.clone(), sum.owner.id)).or_insert_with(|| Summary {
            rep: sum.owner.id,
            name: config.rep_name(sum.owner.id),
            period: label,
            day: sum.booked_day,
            state: sum.state,
            totals: BTreeMap::new(),
        });
        summary.state = summary.state.min(sum.state);
        *summary.totals.entry(sum.unit).or_default() += sum.amount;
    }
    let mut all: Vec<Summary> = found.into_values().collect();
    all.sort_by(|a, b| (b.day, &b.period, &a.name, a.rep).cmp(&(a.day, &a.period, &b.name, b.rep)));
    Ok(all)
}

/// What each program of the period's length says of a payee, by name of the program. Programs that say nothing are left out.
pub async fn of_payee(app: &App, ctx: &Context, rep: Id, label: &str) -> AppResult<Vec<Statement>> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let period = Period::parse(label, &config.zone).map_err(|_| AppError::not_found("period"))?;
    if config.directory.rep(rep).is_none() {
        return Err(AppError::not_found("payee"));
    }
    let mut statements = Vec::new();
    for entry in config.programs.iter().filter(|entry| entry.program.cadence == period.cadence()) {
        statements.extend(of_program(app, ctx, entry, &period, rep).await?);
    }
    Ok(statements)
}

async fn of_program(app: &App, ctx: &Context, entry: &ProgramEntry, period: &Period, rep: Id) -> AppResult<Option<Statement>> {
    let booked = releases::period(app, ctx, entry.id, &period.label()).await?;
    let rewards = booked.payees.iter().find(|payee| payee.owner == Owner::rep(rep));
    let state = rewards.map_or(RewardState::Accrued, |rewards| rewards.state);
    if let Some(release) = booked.release {
        let body = frozen(app, ctx, release.id, rep).await?;
        return Ok(body.map(|body| Statement { body, state, release: Some(release) }));
    }
    let body = releases::current_statement(app, ctx, entry.id, &period.label(), rep).await?;
    if rewards.is_none() && body.credits.is_empty() {
        return Ok(None);
    }
    Ok(Some(Statement { body, state, release: None }))
}

async fn frozen(app: &App, ctx: &Context, release: Id, rep: Id) -> AppResult<Option<StatementBody>> {
    let statements = releases::statements_of_payee(app, ctx, rep).await?;
    Ok(statements.into_iter().find(|statement| statement.release == release).map(|statement| statement.body))
}
