//! Paying by hand: payroll has paid; Meed is told.

use meed_core::command::{PayByHand, Payment, Record, RecordKind, Reply, RewardState};
use meed_core::id::{Id, Kind};
use meed_core::ledger::Owner;
use serde::{Deserialize, Serialize};

use super::read::{PeriodView, RewardView, period};
use super::release::{ReleaseDocument, ReleaseEntry, get};
use super::terms::PaymentState;
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A payout by hand.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PayoutDocument {
    pub release: i64,
    pub method: String,
    pub reference: String,
    pub paid_on: String,
    pub payees: Vec<i64>,
    pub currency: String,
}

/// Marks payees of a release as paid; all of them if none are named. Answers the payout's id.
pub async fn pay_by_hand(app: &App, ctx: &Context, release: Id, payees: &[Id], paid_on: &str, reference: &str) -> AppResult<Id> {
    ctx.require(Scope::Release)?;
    let date: jiff::civil::Date = paid_on
        .parse()
        .map_err(|_| AppError::invalid("date_unreadable", "paid_on", format!("`{paid_on}` is not a date such as 2026-04-15")))?;
    let entry = get(app, ctx, release).await?;
    let booked = period(app, ctx, Id(entry.document.program), &entry.document.period).await?;
    let zone = app.configuration(ctx.workspace).await?.zone.clone();
    let paid_at = zone.to_ambiguous_timestamp(date.to_datetime(jiff::civil::Time::midnight())).compatible();
    let paid_at = paid_at.map_err(|_| AppError::invalid("date_unreadable", "paid_on", "this date cannot be kept"))?;
    let chosen = chosen(&entry, &booked, payees, date)?;
    let document = PayoutDocument {
        release: release.0,
        method: "by_hand".into(),
        reference: reference.chars().take(200).collect(),
        paid_on: date.to_string(),
        payees: chosen.iter().map(|o| o.id.0).collect(),
        currency: booked.currency.code().to_owned(),
    };
    let command = PayByHand {
        release,
        release_version: entry.version,
        program: Id(entry.document.program),
        booked_day: entry.document.booked_day,
        payments: chosen.into_iter().map(|owner| Payment { owner, unit: booked.currency }).collect(),
        paid_at,
        body: write(&document)?,
    };
    match app.submit(ctx, format!("{} {}", entry.document.program_name, entry.document.period), command).await? {
        Reply::Paid { id, .. } => Ok(id),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Who is paid: those named, or everybody who may be paid on the day.
fn chosen(entry: &ReleaseEntry, booked: &PeriodView, payees: &[Id], on: jiff::civil::Date) -> AppResult<Vec<Owner>> {
    let document = &entry.document;
    if !payees.is_empty() {
        for view in booked.payees.iter().filter(|view| payees.contains(&view.owner.id)) {
            require_due(document, view, on)?;
        }
        return Ok(payees.iter().map(|id| Owner::rep(*id)).collect());
    }
    let open: Vec<&RewardView> = booked.payees.iter().filter(|view| view.state != RewardState::Paid).collect();
    let due = open.iter().filter(|view| document.payment(view.owner.id, view.state, on) == PaymentState::Due);
    let due: Vec<Owner> = due.map(|view| view.owner).collect();
    match (open.first(), due.is_empty()) {
        (None, _) => Err(AppError::conflict("already_paid", "everybody of this release is paid already")),
        (Some(first), true) => require_due(document, first, on).map(|()| due),
        _ => Ok(due),
    }
}

/// Refuses to pay somebody before their day, or against the mark.
fn require_due(document: &ReleaseDocument, view: &RewardView, on: jiff::civil::Date) -> AppResult<()> {
    let id = view.owner.id;
    match document.payment(id, view.state, on) {
        PaymentState::Due | PaymentState::Paid => Ok(()),
        PaymentState::Later => {
            let text = format!("{} may be paid from {} on, and not on {on}", view.name, document.release_date_of(id));
            Err(AppError::conflict("not_due", text))
        }
        PaymentState::Unpaid => {
            let because = document.terms_of(id).map(|terms| terms.reason.as_str()).unwrap_or_default();
            let text = format!("{} is marked as unpaid ({because}); take the mark away first", view.name);
            Err(AppError::conflict("marked_unpaid", text))
        }
    }
}

/// A payout with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct PayoutEntry {
    pub id: Id,
    pub recorded_us: i64,
    pub document: PayoutDocument,
}

fn payout_entry(record: &Record) -> AppResult<PayoutEntry> {
    Ok(PayoutEntry { id: record.id, recorded_us: record.recorded_us, document: read(record)? })
}

/// A page of payouts, newest first.
pub async fn payouts(app: &App, ctx: &Context, before: Option<Id>, limit: i64) -> AppResult<Vec<PayoutEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records_back(workspace, RecordKind::Payout, before, limit.clamp(1, 200))).await?;
    records.iter().map(payout_entry).collect()
}

/// A payout by id.
pub async fn payout(app: &App, ctx: &Context, id: Id) -> AppResult<PayoutEntry> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Payout, id)).await?;
    payout_entry(&record.ok_or_else(|| AppError::not_found(&format!("payout {}", id.text(Kind::Payout))))?)
}
