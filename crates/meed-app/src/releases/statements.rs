//! Statements: frozen ones, and what a payee's period says at present.

use std::collections::hash_map::Entry;

use meed_core::command::{RecordKind, RewardRow, StatementRow, day_number, is_reversed_key};
use meed_core::crediting::Listed;
use meed_core::id::{Id, Kind};
use meed_core::ledger::Owner;
use meed_core::period::Period;

use super::frozen::{RewardLine, StatementBody, put_explanation};
use super::release::ReleaseEntry;
use crate::calculations;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A frozen statement.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct StatementEntry {
    pub id: Id,
    pub release: Id,
    pub recorded_us: i64,
    pub body: StatementBody,
    /// Its release was taken back; the statement stays as it was frozen.
    pub reversed: bool,
}

impl StatementEntry {
    /// Keeps some of the credits; numbers and sums stay those of all.
    pub fn list(&mut self, listed: Listed) {
        self.body.list(listed);
    }
}

fn entry(row: StatementRow, reversed: bool) -> AppResult<StatementEntry> {
    let mut body: StatementBody =
        serde_json::from_str(&row.body).map_err(|e| AppError::bug(&format!("a statement cannot be read: {e}")))?;
    body.complete();
    Ok(StatementEntry { id: row.id, release: row.release, recorded_us: row.recorded_us, body, reversed })
}

/// A page of the frozen statements of a release, after one of them.
pub async fn statements_of_release(
    app: &App,
    ctx: &Context,
    release: Id,
    after: Option<Id>,
    limit: usize,
) -> AppResult<Vec<StatementEntry>> {
    let found = super::get(app, ctx, release).await?;
    let (workspace, release, limit) = (ctx.workspace, found.id, i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = app.store().read(move |r| r.statements_page(workspace, release, after, limit)).await?;
    rows.into_iter().map(|row| entry(row, found.document.reversed_us.is_some())).collect()
}

/// A frozen statement by id, with some of its credits.
pub async fn frozen_statement(app: &App, ctx: &Context, id: Id, listed: Listed) -> AppResult<StatementEntry> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let row = app.store().read(move |r| r.statement(workspace, id)).await?;
    let row = row.ok_or_else(|| AppError::not_found(&format!("statement {}", id.text(Kind::Statement))))?;
    let release = super::get(app, ctx, row.release).await?;
    let mut found = entry(row, release.document.reversed_us.is_some())?;
    found.body.list(listed);
    Ok(found)
}

/// The payees of a release, by id, with their statements.
pub(crate) async fn payees_of_release(app: &App, ctx: &Context, release: Id) -> AppResult<Vec<(Id, Id)>> {
    let workspace = ctx.workspace;
    let owners = app.store().read(move |r| r.statement_owners(workspace, release)).await?;
    Ok(owners.into_iter().map(|(statement, owner)| (owner.id, statement)).collect())
}

/// The frozen statement of a payee in a release, with some of its credits.
pub(crate) async fn frozen_of_payee(
    app: &App,
    ctx: &Context,
    release: &ReleaseEntry,
    rep: Id,
    listed: Listed,
) -> AppResult<Option<StatementEntry>> {
    let (workspace, day, id) = (ctx.workspace, release.document.booked_day, release.id);
    let row = app.store().read(move |r| r.statement_of_period(workspace, Owner::rep(rep), day, id)).await?;
    let mut found = row.map(|row| entry(row, release.document.reversed_us.is_some())).transpose()?;
    if let Some(found) = &mut found {
        found.body.list(listed);
    }
    Ok(found)
}

/// The frozen statements of a payee.
pub async fn statements_of_payee(app: &App, ctx: &Context, rep: Id) -> AppResult<Vec<StatementEntry>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let (rows, releases) = app
        .store()
        .read(move |r| {
            let rows = r.statements_of(workspace, Owner::rep(rep))?;
            let mut releases = std::collections::HashMap::new();
            for row in &rows {
                if let Entry::Vacant(slot) = releases.entry(row.release) {
                    let key = r.record(workspace, RecordKind::Release, row.release)?.map(|record| record.key);
                    slot.insert(key.is_some_and(|key| is_reversed_key(&key)));
                }
            }
            Ok((rows, releases))
        })
        .await?;
    rows.into_iter()
        .map(|row| {
            let reversed = releases.get(&row.release) == Some(&true);
            entry(row, reversed)
        })
        .collect()
}

/// The statement of a payee and a program's period, with some of its credits: the frozen one once it is released, else what
/// present facts give.
pub async fn statement(
    app: &App,
    ctx: &Context,
    program: Id,
    label: &str,
    rep: Id,
    listed: Listed,
) -> AppResult<(StatementBody, Option<StatementEntry>)> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let covered = Period::parse(label, &config.zone)
        .map_err(|_| AppError::invalid("period_invalid", "period", format!("`{label}` is not a period such as 2026-03 or 2026-Q1")))?;
    let day = day_number(covered.first_day());
    if let Some(release) = super::of_period(app, ctx, program, day).await? {
        let found = frozen_of_payee(app, ctx, &release, rep, listed).await?.ok_or_else(|| AppError::not_found("statement"))?;
        return Ok((found.body.clone(), Some(found)));
    }
    Ok((current_statement(app, ctx, program, label, rep, listed).await?, None))
}

/// What present facts give a payee in a program's period, with some of the credits.
pub async fn current_statement(app: &App, ctx: &Context, program: Id, label: &str, rep: Id, listed: Listed) -> AppResult<StatementBody> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let program_entry = config.program(program)?;
    let found = config.directory.rep(rep).ok_or_else(|| AppError::not_found(&format!("rep {}", rep.text(Kind::Rep))))?;
    let explanation = calculations::statement_part(app, ctx, program, label, rep, listed).await?;
    let covered = Period::parse(label, &config.zone).map_err(|_| AppError::bug("a period that was read before cannot be read"))?;
    let rewards = rewards_of_payee(app, ctx, program, &covered, rep).await?;
    let mut body = StatementBody::new(program_entry, &covered, rep, found.name.clone());
    body.total = rewards.iter().map(|row| row.amount).fold(0, i64::saturating_add);
    body.rewards = rewards.iter().map(|row| RewardLine::of(row, &covered)).collect();
    put_explanation(&mut body, explanation.as_ref(), &covered);
    if let Some(paid_in) = explanation.and_then(|explanation| explanation.paid_in) {
        body.pay_in(&paid_in.conversion, program_entry.program.rounding)?;
    }
    Ok(body)
}

/// What is booked for a payee in a program's period.
pub(crate) async fn rewards_of_payee(app: &App, ctx: &Context, program: Id, period: &Period, rep: Id) -> AppResult<Vec<RewardRow>> {
    let (workspace, day) = (ctx.workspace, day_number(period.first_day()));
    Ok(app.store().read(move |r| r.rewards_of_period(workspace, Owner::rep(rep), program, day)).await?)
}
