//! Taking a release back: with new transfers, and only while nothing of it is paid.

use meed_core::command::{PutRecord, RecordKind, Reply, ReverseRelease};
use meed_core::id::Id;

use super::credits::credits_of_period;
use super::release::{ReleaseDocument, ReleaseEntry, get, list};
use crate::documents::write;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Longest reason.
const REASON_MAX: usize = 500;

/// Takes a release back. Its statements stay as they were frozen, every transfer of it gets its opposite, and the period is
/// open again: late sales count in it, and it can be calculated and released anew. Refused once anything of it is paid.
pub async fn reverse(app: &App, ctx: &Context, release: Id, because: &str) -> AppResult<ReleaseEntry> {
    ctx.require(Scope::Release)?;
    let because = because.trim();
    if because.is_empty() || because.chars().count() > REASON_MAX {
        return Err(AppError::invalid("reason_missing", "reason", "say in 1 to 500 characters why the release is taken back"));
    }
    let found = get(app, ctx, release).await?;
    if found.document.reversed_us.is_some() {
        return Err(AppError::conflict("already_reversed", "this release was taken back already"));
    }
    let credits = credits_of_period(app, ctx, Id(found.document.program), found.document.booked_day).await?;
    let workspace = ctx.workspace;
    let transfers = app
        .store()
        .read(move |r| {
            // The first version of its record was written by the command that released.
            let versions = r.record_versions(workspace, RecordKind::Release, release)?;
            let Some(first) = versions.first() else { return Ok(Vec::new()) };
            r.transfers_recorded_at(workspace, first.recorded_us)
        })
        .await?;
    let document = ReleaseDocument {
        reversed_us: Some(app.now_us()),
        reversed_by: ctx.actor.0.clone(),
        reversed_because: because.to_owned(),
        ..found.document.clone()
    };
    let command = ReverseRelease {
        release,
        program: Id(document.program),
        booked_day: document.booked_day,
        transfers,
        at: app.now(),
        body: write(&document)?,
        // Payees see nothing of the period until it is released anew.
        along: credits.into_iter().map(|credits| PutRecord::delete(RecordKind::CreditRelease, credits.id)).collect(),
    };
    let subject = format!("{} {}", document.program_name, document.period);
    match app.submit(ctx, subject, command).await? {
        Reply::Done => get(app, ctx, release).await,
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// The latest release of a program's period that was taken back.
pub(super) async fn reversed_of_period(app: &App, ctx: &Context, program: Id, booked_day: i64) -> AppResult<Option<ReleaseEntry>> {
    let is_it = |entry: &ReleaseEntry| {
        let document = &entry.document;
        document.program == program.0 && document.booked_day == booked_day && document.reversed_us.is_some()
    };
    Ok(list(app, ctx).await?.into_iter().find(is_it))
}
