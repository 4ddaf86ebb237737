//! Statements: frozen ones, and what a payee's period says at present.

use std::collections::hash_map::Entry;

use meed_core::command::{RecordKind, StatementRow, day_number, is_reversed_key};
use meed_core::id::{Id, Kind};
use meed_core::ledger::Owner;
use meed_core::period::Period;

use super::frozen::{RewardLine, StatementBody, put_explanation};
use super::read::period;
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

fn entry(row: StatementRow, reversed: bool) -> AppResult<StatementEntry> {
    let body = serde_json::from_str(&row.body).map_err(|e| AppError::bug(&format!("a statement cannot be read: {e}")))?;
    Ok(StatementEntry { id: row.id, release: row.release, recorded_us: row.recorded_us, body, reversed })
}

/// The frozen statements of a release.
pub async fn statements_of_release(app: &App, ctx: &Context, release: Id) -> AppResult<Vec<StatementEntry>> {
    let found = super::get(app, ctx, release).await?;
    let (workspace, release) = (ctx.workspace, found.id);
    let rows = app.store().read(move |r| r.statements_of_release(workspace, release)).await?;
    rows.into_iter().map(|row| entry(row, found.document.reversed_us.is_some())).collect()
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

/// The statement of a payee and a program's period: the frozen one once it is released, else what present facts give.
pub async fn statement(app: &App, ctx: &Context, program: Id, label: &str, rep: Id) -> AppResult<(StatementBody, Option<StatementEntry>)> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let covered = Period::parse(label, &config.zone)
        .map_err(|_| AppError::invalid("period_invalid", "period", format!("`{label}` is not a period such as 2026-03 or 2026-Q1")))?;
    let day = day_number(covered.first_day());
    if let Some(release) = super::of_period(app, ctx, program, day).await? {
        let mut frozen = statements_of_release(app, ctx, release.id).await?;
        frozen.retain(|s| s.body.rep == rep.0);
        let found = frozen.pop().ok_or_else(|| AppError::not_found("statement"))?;
        return Ok((found.body.clone(), Some(found)));
    }
    Ok((current_statement(app, ctx, program, label, rep).await?, None))
}

/// What present facts give a payee in a program's period.
pub async fn current_statement(app: &App, ctx: &Context, program: Id, label: &str, rep: Id) -> AppResult<StatementBody> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let program_entry = config.program(program)?;
    let found = config.directory.rep(rep).ok_or_else(|| AppError::not_found(&format!("rep {}", rep.text(Kind::Rep))))?;
    let explanation = calculations::statement(app, ctx, program, label, rep).await?;
    let booked = period(app, ctx, program, label).await?;
    let covered = Period::parse(label, &config.zone).map_err(|_| AppError::bug("a period that was read before cannot be read"))?;
    let mut body = StatementBody::new(program_entry, booked.label.clone(), rep, found.name.clone());
    if let Some(payee) = booked.payees.iter().find(|p| p.owner == Owner::rep(rep)) {
        body.total = payee.total;
        body.rewards = payee.rewards.iter().map(|row| RewardLine::of(row, &covered)).collect();
    }
    put_explanation(&mut body, explanation.as_ref(), &covered);
    if let Some(paid_in) = explanation.and_then(|explanation| explanation.paid_in) {
        body.pay_in(&paid_in.conversion, program_entry.program.rounding)?;
    }
    Ok(body)
}
