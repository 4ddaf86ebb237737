//! Looking at calculations.

use meed_core::command::{Record, RecordKind};
use meed_core::id::{Id, Kind};

use super::document::{CalculationDocument, PayeeLine};
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A calculation with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct CalculationEntry {
    pub id: Id,
    pub document: CalculationDocument,
}

fn entry(record: &Record) -> AppResult<CalculationEntry> {
    Ok(CalculationEntry { id: record.id, document: read(record)? })
}

/// A calculation by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<CalculationEntry> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Calculation, id)).await?;
    entry(&record.ok_or_else(|| AppError::not_found(&format!("calculation {}", id.text(Kind::Calculation))))?)
}

/// A page of calculations, newest first.
pub async fn list(app: &App, ctx: &Context, before: Option<Id>, limit: i64) -> AppResult<Vec<CalculationEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records_back(workspace, RecordKind::Calculation, before, limit.clamp(1, 200))).await?;
    records.iter().map(entry).collect()
}

/// The latest calculation of each program and period, newest period first.
pub async fn latest(app: &App, ctx: &Context) -> AppResult<Vec<CalculationEntry>> {
    let all = list(app, ctx, None, 200).await?;
    let mut latest: Vec<CalculationEntry> = Vec::new();
    for calculation in all {
        let is_known =
            latest.iter().any(|l| l.document.program == calculation.document.program && l.document.period == calculation.document.period);
        if !is_known {
            latest.push(calculation);
        }
    }
    latest.sort_by(|a, b| (b.document.cell_day, &a.document.program_name).cmp(&(a.document.cell_day, &b.document.program_name)));
    Ok(latest)
}

/// The payees of a calculation with their attainment, highest first.
pub async fn payees(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<Vec<PayeeLine>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let (workspace, id) = (ctx.workspace, Id(calculation.document.payee_list));
    let record = app.store().read(move |r| r.record(workspace, RecordKind::CalculationPayees, id)).await?;
    let mut payees: Vec<PayeeLine> = record.as_ref().map(read).transpose()?.unwrap_or_default();
    payees.sort_by(|a, b| (b.amount, &a.name, a.rep).cmp(&(a.amount, &b.name, b.rep)));
    Ok(payees)
}
