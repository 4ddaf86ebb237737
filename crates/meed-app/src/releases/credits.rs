//! Releasing the credits of a period: from then on payees see their amounts as pending (`commissions.md` §5 step 3).

use meed_core::command::{PutRecord, PutRecords, Record, RecordKind, release_key};
use meed_core::id::Id;
use serde::{Deserialize, Serialize};

use super::read::{PeriodState, period};
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// That payees see the credits of a period.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CreditReleaseDocument {
    pub program: i64,
    pub program_name: String,
    pub period: String,
    pub booked_day: i64,
    pub released_us: i64,
    pub released_by: String,
}

/// A credit release with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct CreditRelease {
    pub id: Id,
    pub document: CreditReleaseDocument,
}

fn entry(record: &Record) -> AppResult<CreditRelease> {
    Ok(CreditRelease { id: record.id, document: read(record)? })
}

/// Lets payees see what a calculated period credits them, as pending.
pub async fn release_credits(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<CreditRelease> {
    ctx.require(Scope::Release)?;
    let booked = period(app, ctx, program, label).await?;
    match booked.standing() {
        PeriodState::Calculated | PeriodState::Reversed => {}
        PeriodState::Draft => return Err(AppError::conflict("nothing_to_release", "nothing is booked in this period; calculate it first")),
        PeriodState::CreditsReleased => {
            return Err(AppError::conflict("credits_released", "the credits of this period are released already"));
        }
        PeriodState::Released | PeriodState::Paid => {
            return Err(AppError::conflict(
                "already_released",
                "the rewards of this period are released already, and its credits with them",
            ));
        }
    }
    let config = app.configuration(ctx.workspace).await?;
    let document = CreditReleaseDocument {
        program: program.0,
        program_name: config.program(program)?.program.name.clone(),
        period: booked.label.clone(),
        booked_day: booked.booked_day,
        released_us: app.now_us(),
        released_by: ctx.actor.0.clone(),
    };
    let put = PutRecord::new(RecordKind::CreditRelease, Some(release_key(program, booked.booked_day)), write(&document)?);
    let command = PutRecords { action: "credits.released", puts: vec![put], event: Some("credits.released") };
    let subject = format!("{} {}", document.program_name, document.period);
    match app.submit(ctx, subject, command).await {
        Err(AppError::Refused(refused)) if refused.code == "key_taken" => {
            Err(AppError::conflict("credits_released", "the credits of this period are released already"))
        }
        other => other,
    }?;
    credits_of_period(app, ctx, program, booked.booked_day).await?.ok_or_else(|| AppError::bug("a credit release was not written"))
}

/// Takes a credit release back: payees see nothing of the period again, until its rewards are released.
pub async fn withdraw_credits(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<()> {
    ctx.require(Scope::Release)?;
    let booked = period(app, ctx, program, label).await?;
    if booked.release.is_some() {
        let text = "the rewards of this period are released; take that release back first";
        return Err(AppError::conflict("already_released", text));
    }
    let Some(found) = booked.credits else {
        return Err(AppError::conflict("credits_not_released", "the credits of this period are not released"));
    };
    let subject = format!("{} {}", found.document.program_name, found.document.period);
    let put = PutRecord::delete(RecordKind::CreditRelease, found.id);
    app.submit(ctx, subject, PutRecords::one("credits.withdrawn", put)).await.map(|_| ())
}

/// The credit release of a program's period, if there is one.
pub(super) async fn credits_of_period(app: &App, ctx: &Context, program: Id, booked_day: i64) -> AppResult<Option<CreditRelease>> {
    let (workspace, key) = (ctx.workspace, release_key(program, booked_day));
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::CreditRelease, &key)).await?;
    record.as_ref().map(entry).transpose()
}

/// All credit releases.
pub async fn credit_releases(app: &App, ctx: &Context) -> AppResult<Vec<CreditRelease>> {
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::CreditRelease)).await?;
    records.iter().map(entry).collect()
}
