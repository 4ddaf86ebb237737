//! The journal of a wallet for people: what each event put in and took out.

use meed_core::id::Id;
use meed_core::loyalty::{
    AdjustmentBody, EventKind, ExtensionBody, HoldBody, PayBackBody, PurchaseBody, RefundBody, SettlementBody, SpendBody, SpendMethod,
    TillEvent, TransferBody,
};
use meed_core::money::{Minor, Unit};

use super::wallets;
use crate::error::AppResult;
use crate::{App, Context};

/// One event.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The event.
    pub id: Id,
    /// What happened.
    pub kind: EventKind,
    /// The event that it is about.
    pub about: Option<Id>,
    /// Business time, microseconds UTC.
    pub at_us: i64,
    /// Recorded time.
    pub recorded_us: i64,
    /// What the amounts count.
    pub unit: Unit,
    /// What came in.
    pub credit: Minor,
    /// What went out.
    pub debit: Minor,
    /// What people would call it: receipt number, reason.
    pub text: String,
}

/// The newest `limit` events of a participant before the id `before`.
pub async fn page(app: &App, ctx: &Context, participant: Id, before: Option<Id>, limit: usize) -> AppResult<Vec<Entry>> {
    let limit = i64::try_from(limit.clamp(1, 1_000)).unwrap_or(1_000);
    let currency = app.till_config(ctx.workspace).await?.currency;
    let events = wallets::journal(app, ctx, participant, before, limit).await?;
    Ok(events.iter().map(|(event, _)| entry(event, currency)).collect())
}

fn entry(event: &TillEvent, currency: Unit) -> Entry {
    // A body that cannot be read is shown without amounts; `meed verify` reports it.
    let (unit, credit, debit, text) = amounts(event, currency).unwrap_or((currency, 0, 0, String::new()));
    let TillEvent { id, kind, about, at_us, recorded_us, .. } = *event;
    Entry { id, kind, about, at_us, recorded_us, unit, credit, debit, text }
}

fn amounts(event: &TillEvent, currency: Unit) -> Option<(Unit, Minor, Minor, String)> {
    let row = &event.body;
    Some(match event.kind {
        EventKind::Purchase => {
            let body = PurchaseBody::from_row(row).ok()?;
            let used = |method| body.standing.spent_by(method);
            let (money, points) = (body.standing.awarded(currency), body.standing.awarded(Unit::POINTS));
            let (unit, earned) = if money == 0 && points > 0 { (Unit::POINTS, points) } else { (currency, money) };
            let at_once = used(SpendMethod::Instant) + used(SpendMethod::Automatic);
            (unit, earned, at_once, body.basket.reference)
        }
        EventKind::Spend => {
            let body = SpendBody::from_row(row).ok()?;
            (currency, 0, body.spent, body.description.or(body.system_reference).unwrap_or_default())
        }
        EventKind::CancelPurchase | EventKind::CancelSpend | EventKind::Refund => {
            let body = RefundBody::from_row(row).ok()?;
            let taken = |steps: &meed_core::ledger::Clawed| steps.from_lots + steps.from_others;
            let debit = body.taken_back.iter().filter(|taken| taken.unit == currency).map(|back| taken(&back.steps)).sum();
            let granted: Minor = body.granted.iter().map(|(_, (_, amount))| amount).sum();
            (currency, body.given_back + granted, debit, body.note.unwrap_or_default())
        }
        EventKind::AdHocReturn => {
            let body = RefundBody::from_row(row).ok()?;
            let debit = body.lines.first().map_or(0, |(_, (debit, _))| *debit);
            (currency, 0, debit, body.note.unwrap_or_default())
        }
        EventKind::Hold | EventKind::Release => {
            let body = HoldBody::from_row(row).ok()?;
            (body.unit, 0, 0, format!("{} {}", meed_core::money::Amount { minor: body.amount, unit: body.unit }.major(), body.unit))
        }
        EventKind::Capture => {
            let body = HoldBody::from_row(row).ok()?;
            (body.unit, 0, body.amount, String::new())
        }
        EventKind::Adjustment => {
            let body = AdjustmentBody::from_row(row).ok()?;
            (body.unit, body.amount.max(0), (-body.amount).max(0), body.reason)
        }
        EventKind::TransferOut => {
            let body = TransferBody::from_row(row).ok()?;
            (body.unit, 0, body.amount, body.reason)
        }
        EventKind::TransferIn => {
            let body = TransferBody::from_row(row).ok()?;
            (body.unit, body.amount, 0, body.reason)
        }
        EventKind::Extension => {
            let body = ExtensionBody::from_row(row).ok()?;
            (body.unit, body.revived, 0, body.reason)
        }
        EventKind::PayBack => {
            let body = PayBackBody::from_row(row).ok()?;
            (currency, 0, 0, format!("{} {}", body.method, meed_core::money::Amount { minor: body.amount, unit: currency }.major()))
        }
        EventKind::Settlement | EventKind::SettlementCorrection => {
            SettlementBody::from_row(row).ok()?;
            (currency, 0, 0, String::new())
        }
    })
}
