//! Deleting a calculation: what it released is taken back, what it booked becomes nothing, by new transfers
//! (`commissions.md` §5: refused once paid).

use meed_core::command::{PostRewards, PutRecord, PutRecords, RecordKind, RewardState};
use meed_core::id::Id;

use super::read::{CalculationEntry, get, list};
use super::run::cell;
use super::scan::period_of;
use crate::error::{AppError, AppResult};
use crate::releases::{self, PeriodState};
use crate::{App, Context, Scope};

/// Deletes the calculations of a program's period. The period is as if it had never been calculated: payees see nothing,
/// nothing is booked, and it is not calculated again by itself. Refused once anything of it is paid.
pub async fn delete(app: &App, ctx: &Context, calculation: Id) -> AppResult<()> {
    ctx.require(Scope::Release)?;
    let found = get(app, ctx, calculation).await?;
    let document = &found.document;
    let program = Id(document.program);
    let booked = releases::period(app, ctx, program, &document.period).await?;
    if booked.payees.iter().flat_map(|payee| &payee.rewards).any(|reward| reward.state == RewardState::Paid) {
        let text = "something of this period is paid, so it stays; what changes is booked in the open period";
        return Err(AppError::conflict("calculation_paid", text));
    }
    if let Some(release) = &booked.release {
        releases::reverse(app, ctx, release.id, "its calculation was deleted").await?;
    } else if booked.standing() == PeriodState::CreditsReleased {
        releases::withdraw_credits(app, ctx, program, &document.period).await?;
    }
    let all = of_period(app, ctx, &found).await?;
    let Some(newest) = all.first() else { return Err(AppError::not_found("calculation")) };
    let subject = format!("{} {}", document.program_name, document.period);
    let older: Vec<PutRecord> = all.iter().skip(1).flat_map(deleted).collect();
    if !older.is_empty() {
        app.submit(ctx, subject.clone(), PutRecords { action: "calculation.history_deleted", puts: older, event: None }).await?;
    }
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?;
    let period = period_of(&config, &document.period)?;
    let command = PostRewards {
        calculation: newest.id,
        record: PutRecord::delete(RecordKind::Calculation, newest.id),
        program,
        version: entry.version,
        unit: booked.currency,
        config_version: config.version,
        cells: vec![cell(&period)],
    };
    app.submit(ctx, subject.clone(), command).await?;
    app.submit(ctx, subject, PutRecords { action: "calculation.deleted", puts: Vec::new(), event: None }).await.map(|_| ())
}

fn deleted(entry: &CalculationEntry) -> Vec<PutRecord> {
    vec![PutRecord::delete(RecordKind::Calculation, entry.id)]
}

/// The calculations of the same program and period, newest first.
async fn of_period(app: &App, ctx: &Context, like: &CalculationEntry) -> AppResult<Vec<CalculationEntry>> {
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let page = list(app, ctx, before, 200).await?;
        let Some(last) = page.last() else { return Ok(found) };
        before = Some(last.id);
        let is_same = |c: &CalculationEntry| (c.document.program, &c.document.period) == (like.document.program, &like.document.period);
        found.extend(page.into_iter().filter(is_same));
    }
}
