//! The journal of a wallet for people: what each event put in and took out.

use std::collections::BTreeMap;

use meed_core::id::Id;
use meed_core::ledger::{Lot, Transfer};
use meed_core::loyalty::{
    AdjustmentBody, EvaluationBody, EventKind, ExtensionBody, HoldBody, PayBackBody, PurchaseBody, RefundBody, ReviewBody, SettlementBody,
    SpendBody, SpendMethod, TakenBack, TierSetBody, TillEvent, TransferBody, Use,
};
use meed_core::money::{Amount, Minor, Unit};

use meed_store::{Reader, StoreError};

use super::wallets;
use crate::error::AppResult;
use crate::{App, Context};

/// What an entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An event.
    Event(EventKind),
    /// What was left of a lot expired: no event, since nobody does it.
    Expiry,
    /// What was owed was taken from a new credit: no event, since it comes with one.
    Netting,
}

impl What {
    /// Its word in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Event(kind) => kind.name(),
            Self::Expiry => "expiry",
            Self::Netting => "debt_netted",
        }
    }
}

/// One event, or the expiry of a lot.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The event; of an expiry a number of its own, ordered like the others by time.
    pub id: Id,
    /// What happened.
    pub kind: What,
    /// The event that it is about; of an expiry the purchase that earned it.
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

/// The newest `limit` entries of a participant before the id `before`: all credits less all debits of a unit are what is in
/// the wallet, pending and held amounts with it.
pub async fn page(app: &App, ctx: &Context, participant: Id, before: Option<Id>, limit: usize) -> AppResult<Vec<Entry>> {
    let limit = i64::try_from(limit.clamp(1, 990)).unwrap_or(990);
    let currency = app.till_config(ctx.workspace).await?.currency;
    // An event's second entry has the number before its own: an event whose first entry ended the page before is read again.
    let from = before.map(|before| Id(before.0.saturating_add(2)));
    let read = limit + 2;
    let events = wallets::journal(app, ctx, participant, from, read).await?;
    let (workspace, now_us) = (ctx.workspace, app.now_us());
    let rest = move |r: &mut Reader<'_>| -> Result<_, StoreError> {
        Ok(((r.expired_lots(workspace, participant)?, r.open_lots(workspace, participant)?), r.netted(workspace, participant)?))
    };
    let (lots, netted) = app.store().read(rest).await?;
    let full = i64::try_from(events.len()).is_ok_and(|count| count >= read);
    let last = events.last().map(|(event, _)| event.id).filter(|_| full);
    let is_here = |id: Id| before.is_none_or(|before| id < before) && last.is_none_or(|last| id > last);
    let mut all: Vec<Entry> = events.iter().flat_map(|(event, _)| entries(event, currency)).collect();
    all.extend(netted.iter().filter(|transfer| is_here(transfer.id)).map(netting));
    all.extend(events.iter().filter_map(|(event, _)| revived(event)));
    all.extend(expiries(lots, now_us).into_iter().filter(|entry| is_here(entry.id)));
    all.retain(|entry| before.is_none_or(|before| entry.id < before));
    all.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// What expired of lots and is gone, whether a command has said so or not.
fn expiries((expired, open): (Vec<Lot>, Vec<Lot>), now_us: i64) -> Vec<Entry> {
    let mut gone: BTreeMap<Id, (Lot, Minor)> = expired.into_iter().map(|lot| (lot.id, (lot, lot.expired))).collect();
    for lot in open.into_iter().filter(|lot| lot.is_over(now_us) && lot.free() > 0) {
        gone.entry(lot.id).or_insert((lot, 0)).1 += lot.free();
    }
    gone.into_values().filter_map(|(lot, amount)| Some(expiry(lot.id, lot.sale, lot.unit, amount, lot.expires_us?))).collect()
}

/// What had expired of a lot before somebody extended it: the extension brought it back.
fn revived(event: &TillEvent) -> Option<Entry> {
    let body = ExtensionBody::from_row(&event.body).ok().filter(|body| event.kind == EventKind::Extension && body.revived > 0)?;
    let before = expiry(body.lot, None, body.unit, body.revived, body.before_us?);
    Some(Entry { id: Id(event.id.0 - 1), ..before })
}

fn expiry(lot: Id, sale: Option<Id>, unit: Unit, amount: Minor, at_us: i64) -> Entry {
    // The lot's own low bits tell lots of one instant apart.
    let id = Id(Id::next(at_us, Id(0)).0 | (lot.0 & 0xf_ffff));
    Entry { id, kind: What::Expiry, about: sale, at_us, recorded_us: at_us, unit, credit: 0, debit: amount, text: String::new() }
}

/// What was owed and was taken from a new credit, in the same command as that.
fn netting(transfer: &Transfer) -> Entry {
    let (at_us, recorded_us) = (transfer.business_time.as_microsecond(), transfer.recorded_us);
    let (id, about, unit, debit) = (transfer.id, transfer.causes.sale, transfer.unit, transfer.amount);
    Entry { id, kind: What::Netting, about, at_us, recorded_us, unit, credit: 0, debit, text: String::new() }
}

/// An event in money, and in points where it moved those, too.
fn entries(event: &TillEvent, currency: Unit) -> Vec<Entry> {
    // A body that cannot be read is shown without amounts; `meed verify` reports it.
    let (unit, credit, debit, text) = amounts(event, currency).unwrap_or((currency, 0, 0, String::new()));
    let TillEvent { id, kind, about, at_us, recorded_us, .. } = *event;
    let first = Entry { id, kind: What::Event(kind), about, at_us, recorded_us, unit, credit, debit, text };
    let points = if unit == currency { points(event) } else { (0, 0) };
    if points == (0, 0) {
        return vec![first];
    }
    let text = [Some(first.text.clone()).filter(|text| !text.is_empty()), worth_of(event, currency)].into_iter().flatten();
    let text = text.collect::<Vec<_>>().join(", ");
    let second = Entry { id: Id(id.0 - 1), unit: Unit::POINTS, credit: points.0, debit: points.1, text, ..first.clone() };
    if first.credit == 0 && first.debit == 0 {
        return vec![Entry { id, ..second }];
    }
    vec![first, second]
}

/// Points that an event in money moved besides: came in, went out.
fn points(event: &TillEvent) -> (Minor, Minor) {
    let row = &event.body;
    let taken = |back: &TakenBack| (back.unit == Unit::POINTS).then_some(back.steps.from_lots + back.steps.from_others);
    match event.kind {
        EventKind::Purchase | EventKind::Activity => {
            let Ok(body) = PurchaseBody::from_row(row) else { return (0, 0) };
            (body.standing.awarded(Unit::POINTS), at_once(&body, Unit::POINTS))
        }
        EventKind::Spend => SpendBody::from_row(row).map_or((0, 0), |body| (0, body.points.0)),
        EventKind::CancelPurchase | EventKind::CancelSpend | EventKind::Refund => {
            RefundBody::from_row(row).map_or((0, 0), |body| (body.points.0, body.taken_back.iter().filter_map(taken).sum()))
        }
        EventKind::Evaluation => {
            let Ok(body) = EvaluationBody::from_row(row) else { return (0, 0) };
            let given = body.awards.iter().filter(|award| award.unit == Unit::POINTS).map(|award| award.amount).sum();
            (given, body.taken_back.iter().filter_map(taken).sum())
        }
        _ => (0, 0),
    }
}

/// What a purchase used at once of a unit: discounts, vouchers, and what is spent by itself.
fn at_once(body: &PurchaseBody, unit: Unit) -> Minor {
    let own = body.standing.uses.iter().filter(|used| used.method != SpendMethod::OnRequest && used.unit == unit);
    own.map(|used| used.amount - used.returned).sum()
}

/// What points that were spent or came back were worth at the till, in the words of an entry.
fn worth_of(event: &TillEvent, currency: Unit) -> Option<String> {
    let row = &event.body;
    let worth = match event.kind {
        EventKind::Spend => SpendBody::from_row(row).ok()?.points.1,
        EventKind::CancelPurchase | EventKind::CancelSpend | EventKind::Refund => RefundBody::from_row(row).ok()?.points.1,
        EventKind::Purchase => {
            let body = PurchaseBody::from_row(row).ok()?;
            let own = |used: &&Use| used.unit == Unit::POINTS && used.method == SpendMethod::Automatic;
            body.standing.uses.iter().filter(own).map(Use::standing_worth).sum()
        }
        _ => 0,
    };
    (worth > 0).then(|| format!("worth {} {currency}", Amount { minor: worth, unit: currency }.major()))
}

fn amounts(event: &TillEvent, currency: Unit) -> Option<(Unit, Minor, Minor, String)> {
    let row = &event.body;
    Some(match event.kind {
        EventKind::Purchase | EventKind::Activity => {
            let body = PurchaseBody::from_row(row).ok()?;
            (currency, body.standing.awarded(currency), at_once(&body, currency), body.basket.reference)
        }
        EventKind::Spend => {
            let body = SpendBody::from_row(row).ok()?;
            (currency, 0, body.spent - body.uncovered - body.points.1, body.description.or(body.system_reference).unwrap_or_default())
        }
        EventKind::CancelPurchase | EventKind::CancelSpend | EventKind::Refund => {
            let body = RefundBody::from_row(row).ok()?;
            let taken = |steps: &meed_core::ledger::Clawed| steps.from_lots + steps.from_others;
            let debit = body.taken_back.iter().filter(|taken| taken.unit == currency).map(|back| taken(&back.steps)).sum();
            let granted: Minor = body.granted.iter().map(|(_, (_, amount))| amount).sum();
            (currency, body.given_back - body.points.1 + granted, debit, body.note.unwrap_or_default())
        }
        EventKind::AdHocReturn => {
            let body = RefundBody::from_row(row).ok()?;
            let debit = body.lines.first().map_or(0, |(_, (debit, _))| *debit);
            (currency, 0, debit, body.note.unwrap_or_default())
        }
        EventKind::Hold | EventKind::Release => {
            let body = HoldBody::from_row(row).ok()?;
            (body.unit, 0, 0, format!("{} {}", Amount { minor: body.amount, unit: body.unit }.major(), body.unit))
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
            (currency, 0, 0, format!("{} {}", body.method, Amount { minor: body.amount, unit: currency }.major()))
        }
        EventKind::Review => {
            let body = ReviewBody::from_row(row).ok()?;
            let amount = Amount { minor: body.amount, unit: currency }.major();
            (currency, 0, 0, format!("{} {amount}: {}", body.decision, body.note))
        }
        EventKind::Evaluation => {
            let body = EvaluationBody::from_row(row).ok()?;
            let given = body.awards.iter().filter(|award| award.unit == currency).map(|award| award.amount).sum();
            let taken = body.taken_back.iter().filter(|back| back.unit == currency);
            (currency, given, taken.map(|back| back.steps.from_lots + back.steps.from_others).sum(), String::new())
        }
        EventKind::TierSet => {
            let TierSetBody { tier, reason, set_by, .. } = TierSetBody::from_row(row).ok()?;
            (currency, 0, 0, format!("{}: {reason} ({set_by})", tier.as_deref().unwrap_or("as earned")))
        }
        EventKind::Settlement | EventKind::SettlementCorrection => {
            SettlementBody::from_row(row).ok()?;
            (currency, 0, 0, String::new())
        }
    })
}
