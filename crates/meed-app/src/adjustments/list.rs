//! Looking at adjustments, and whether each still counts.

use std::collections::{HashMap, HashSet};

use meed_core::command::{Record, RecordKind};
use meed_core::id::Id;

use super::AdjustmentDocument;
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope, calculations};

/// An adjustment with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct AdjustmentEntry {
    pub id: Id,
    pub document: AdjustmentDocument,
}

/// What has become of an adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its period is not calculated yet.
    Waiting,
    /// It is booked.
    Counts,
    /// The credit it changed is gone or stands in another tier, so it counts no more.
    Lapsed,
}

impl Standing {
    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Counts => "counts",
            Self::Lapsed => "lapsed",
        }
    }
}

pub(super) fn entry(record: &Record) -> AppResult<AdjustmentEntry> {
    Ok(AdjustmentEntry { id: record.id, document: read(record)? })
}

/// All adjustments of the workspace, latest period first, then the latest.
pub async fn all(app: &App, ctx: &Context) -> AppResult<Vec<AdjustmentEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Adjustment)).await?;
    let mut all: Vec<AdjustmentEntry> = records.iter().map(entry).collect::<AppResult<_>>()?;
    all.sort_by_key(|entry| (std::cmp::Reverse(entry.document.cell_day), std::cmp::Reverse(entry.id)));
    Ok(all)
}

/// The adjustments of a program, by period and time.
pub async fn list(app: &App, ctx: &Context, program: Id) -> AppResult<Vec<AdjustmentEntry>> {
    let mut all = all(app, ctx).await?;
    all.retain(|entry| entry.document.program == program.0);
    all.sort_by_key(|entry| (entry.document.cell_day, entry.id));
    Ok(all)
}

/// An adjustment by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<AdjustmentEntry> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Adjustment, id)).await?;
    entry(&record.ok_or_else(|| AppError::not_found("adjustment"))?)
}

/// What has become of each of these adjustments.
pub async fn standings(app: &App, ctx: &Context, entries: &[AdjustmentEntry]) -> AppResult<HashMap<Id, Standing>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let known: HashSet<(i64, i64)> =
        calculations::latest(app, ctx).await?.iter().map(|c| (c.document.program, c.document.cell_day)).collect();
    let cells: HashSet<(i64, i64)> = entries.iter().map(|entry| (entry.document.program, entry.document.cell_day)).collect();
    let booked: HashSet<String> = app
        .store()
        .read(move |r| {
            let mut booked = HashMap::new();
            for (program, day) in cells {
                for row in r.rewards_of_cell(workspace, Id(program), day)? {
                    // What was booked and taken back again comes to nothing.
                    *booked.entry((row.owner.id, row.kind.code(), row.line)).or_insert(0i64) += row.amount;
                }
            }
            Ok(booked.into_iter().filter(|(_, sum)| *sum != 0).map(|((.., line), _)| line).collect())
        })
        .await?;
    let standing = |entry: &AdjustmentEntry| {
        let document = &entry.document;
        let is_tied = document.kind != "clear_draw";
        if !known.contains(&(document.program, document.cell_day)) {
            Standing::Waiting
        } else if is_tied && !booked.contains(&entry.id.to_string()) {
            Standing::Lapsed
        } else {
            Standing::Counts
        }
    };
    Ok(entries.iter().map(|entry| (entry.id, standing(entry))).collect())
}
