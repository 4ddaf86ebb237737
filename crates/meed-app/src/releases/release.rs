//! Releasing a period.

use meed_core::command::{NewStatement, PutRecord, Record, RecordKind, Release, Reply, release_key};
use meed_core::id::{Id, Kind};
use meed_core::period::Period;
use serde::{Deserialize, Serialize};

use super::frozen::{RewardLine, StatementBody, put_explanation};
use super::read::{PeriodView, period};
use super::terms::{NewTerms, PayeeTerms, merged, today};
use crate::calculations::{Binding, changed_before, with_settled};
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope, approvals};

/// A release.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReleaseDocument {
    pub program: i64,
    pub program_name: String,
    pub period: String,
    pub booked_day: i64,
    pub currency: String,
    pub payees: u64,
    pub total: i64,
    pub released_us: i64,
    pub released_by: String,
    /// ISO date from which it may be paid.
    pub release_date: String,
    /// That somebody chose a day later than that of the release: nothing is paid before.
    #[serde(default)]
    pub is_dated_ahead: bool,
    /// What is said of single payees, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<PayeeTerms>,
    /// When it was taken back, in microseconds UTC.
    #[serde(default)]
    pub reversed_us: Option<i64>,
    #[serde(default)]
    pub reversed_by: String,
    /// Why it was taken back.
    #[serde(default)]
    pub reversed_because: String,
}

/// A release with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ReleaseEntry {
    pub id: Id,
    /// Counts changes of its record, from 1.
    pub version: i32,
    pub document: ReleaseDocument,
}

impl ReleaseEntry {
    fn of(record: &Record) -> AppResult<Self> {
        Ok(Self { id: record.id, version: record.version, document: read(record)? })
    }
}

/// Releases everything booked in a program's period: a statement per payee is frozen, what is accrued becomes payable.
/// Refused when the rewards are not what the present facts give: calculate and review again first.
pub async fn release(app: &App, ctx: &Context, program: Id, label: &str, release_date: Option<&str>) -> AppResult<ReleaseEntry> {
    release_with(app, ctx, program, label, release_date, &[]).await
}

/// The same, where some payees have a day of their own or are not to be paid yet.
pub async fn release_with(
    app: &App,
    ctx: &Context,
    program: Id,
    label: &str,
    release_date: Option<&str>,
    apart: &[NewTerms],
) -> AppResult<ReleaseEntry> {
    ctx.require(Scope::Release)?;
    let today = today(app, ctx).await?;
    let release_date = match release_date {
        None => today,
        Some(text) => text
            .parse()
            .map_err(|_| AppError::invalid("date_unreadable", "release_date", format!("`{text}` is not a date such as 2026-04-15")))?,
    };
    if let Some(earlier) = changed_before(app, ctx, program, label).await?.first() {
        let text = format!(
            "sales of {} changed since it was calculated, and what changed belongs into this release; calculate again, review, then release",
            earlier.document.period
        );
        return Err(AppError::conflict("release_stale", text));
    }
    let booked = period(app, ctx, program, label).await?;
    approvals::require_complete(app, ctx, &booked).await?;
    let statements = statements(app, ctx, program, &booked).await?;
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?;
    let covered = Period::parse(label, &config.zone).map_err(|_| AppError::bug("a period that was read before cannot be read"))?;
    let document = ReleaseDocument {
        program: program.0,
        program_name: entry.program.name.clone(),
        period: booked.label.clone(),
        booked_day: booked.booked_day,
        currency: booked.currency.code().to_owned(),
        payees: booked.payees.len() as u64,
        total: booked.total(),
        released_us: app.now_us(),
        released_by: ctx.actor.0.clone(),
        release_date: release_date.to_string(),
        is_dated_ahead: release_date > today,
        apart: merged(app, ctx, &[], apart, &booked)?,
        reversed_us: None,
        reversed_by: String::new(),
        reversed_because: String::new(),
    };
    let command = Release {
        program,
        booked_day: booked.booked_day,
        period_end: covered.end().checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(covered.end()),
        unit: booked.currency,
        body: write(&document)?,
        statements,
        along: Vec::<PutRecord>::new(),
    };
    let subject = format!("{} {}", document.program_name, document.period);
    match app.submit(ctx, subject, command).await? {
        Reply::Released { id, .. } => Ok(ReleaseEntry { id, version: 1, document }),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

async fn statements(app: &App, ctx: &Context, program: Id, booked: &PeriodView) -> AppResult<Vec<NewStatement>> {
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let covered = Period::parse(&booked.label, &config.zone).map_err(|_| AppError::bug("a period that was read before cannot be read"))?;
    let payees = booked.payees.clone();
    let (binding, period) = (Binding::from(&entry), covered.clone());
    with_settled(app, ctx.workspace, std::sync::Arc::clone(&config), binding, period, move |calculation, _| {
        let mut built = Vec::with_capacity(payees.len());
        for reward in calculation.rewards() {
            // Somebody earns by now who had nothing when it was reviewed.
            if reward.minor != 0 && !payees.iter().any(|p| p.owner.id == reward.rep) {
                return Err(stale());
            }
        }
        for payee in payees {
            let explanation = calculation.explain(payee.owner.id);
            let target = explanation.as_ref().map_or(0, |e| e.minor);
            if target != payee.own {
                return Err(stale());
            }
            let mut body = StatementBody::new(&entry, &covered, payee.owner.id, payee.name.clone());
            body.total = payee.total;
            body.rewards = payee.rewards.iter().map(|r| RewardLine::of(r, &covered)).collect();
            put_explanation(&mut body, explanation.as_ref(), &covered);
            let bound = calculation.bound();
            if let Ok(Some(conversion)) = bound.paid_in(payee.owner.id) {
                body.pay_in(&conversion, bound.program().rounding)?;
            }
            // Written at once: of a large period the parts take several times the room of their text.
            let rewards = payee.rewards.iter().map(|r| r.id).collect();
            built.push(NewStatement { owner: payee.owner, rewards, body: write(&body)? });
        }
        Ok(built)
    })
    .await?
}

fn stale() -> AppError {
    AppError::conflict(
        "release_stale",
        "sales, people or the plan changed since this was calculated; calculate and review again, then release",
    )
}

/// The release of a program's period, if there is one.
pub async fn of_period(app: &App, ctx: &Context, program: Id, booked_day: i64) -> AppResult<Option<ReleaseEntry>> {
    let (workspace, key) = (ctx.workspace, release_key(program, booked_day));
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Release, &key)).await?;
    record.as_ref().map(ReleaseEntry::of).transpose()
}

/// All releases, newest first.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<ReleaseEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Release)).await?;
    let mut all: Vec<ReleaseEntry> = records.iter().map(ReleaseEntry::of).collect::<AppResult<_>>()?;
    all.reverse();
    Ok(all)
}

/// A release by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<ReleaseEntry> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Release, id)).await?;
    let record = record.ok_or_else(|| AppError::not_found(&format!("release {}", id.text(Kind::Release))))?;
    ReleaseEntry::of(&record)
}
