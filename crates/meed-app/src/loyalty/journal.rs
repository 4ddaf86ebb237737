//! The journal of a wallet for people: what each event put in and took out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use meed_core::id::{Id, Kind, ParseIdError};
use meed_core::ledger::{Clawed, Lot, Transfer, TransferKind};
use meed_core::loyalty::{
    AdjustmentBody, EvaluationBody, EventKind, ExtensionBody, HoldBody, Moved, PayBackBody, PurchaseBody, RefundBody, ReviewBody,
    SettlementBody, SpendBody, SpendMethod, TakenBack, TierSetBody, TillEvent, TransferBody, Use,
};
use meed_core::money::{Amount, Minor, Unit};

use meed_store::{Reader, Reserved, StoreError};

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
    /// What had expired came back: a sale that was late takes it back or pays with it.
    ExpiryReversed,
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
            Self::ExpiryReversed => "expiry_reversed",
            Self::Netting => "debt_netted",
        }
    }
}

/// One event, or the expiry of a lot. What it says never changes: what expires later is an entry of its own.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The event, or the transfer that no event tells of; of what expired by itself a number of its own, ordered by time.
    pub id: Id,
    /// Which entry of that number: an event in money and in points has two, and lots that expire in one instant share one.
    pub part: i64,
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

/// An entry's place in the journal, and its name: no two entries have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    id: Id,
    part: i64,
}

/// The only part of most events. That in points stands before it; lots have higher numbers.
const WHOLE: i64 = 2;
const IN_POINTS: i64 = 1;

impl Entry {
    /// Where it stands.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { id: self.id, part: self.part }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id.text(Kind::Event))?;
        if self.part == WHOLE { Ok(()) } else { write!(f, ".{}", self.part) }
    }
}

impl FromStr for Mark {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let Some((id, part)) = text.split_once('.') else { return Ok(Self { id: Id::parse(text, Kind::Event)?, part: WHOLE }) };
        let part = part.parse().map_err(|_| ParseIdError { kind: Kind::Event })?;
        Ok(Self { id: Id::parse(id, Kind::Event)?, part })
    }
}

/// Entries of one page at most.
const PAGE: usize = 990;

/// `limit` entries of a participant behind the `offset` newest ones.
pub async fn slice(app: &App, ctx: &Context, participant: Id, offset: usize, limit: usize) -> AppResult<Vec<Entry>> {
    let (mut found, mut skipped, mut before) = (Vec::new(), 0, None);
    while found.len() < limit {
        let size = (offset - skipped).saturating_add(limit - found.len()).min(PAGE);
        let entries = page(app, ctx, participant, before, size).await?;
        let (count, skips) = (entries.len(), entries.len().min(offset - skipped));
        before = entries.last().map(Entry::mark);
        found.extend(entries.into_iter().skip(skips));
        skipped += skips;
        if count < size {
            break;
        }
    }
    Ok(found)
}

/// The newest `limit` entries of a participant before another one: all credits less all debits of a unit are what is in
/// the wallet, pending and held amounts with it.
pub async fn page(app: &App, ctx: &Context, participant: Id, before: Option<Mark>, limit: usize) -> AppResult<Vec<Entry>> {
    let limit = i64::try_from(limit.clamp(1, PAGE)).unwrap_or(1);
    let currency = app.till_config(ctx.workspace).await?.currency;
    // An event one of whose entries ended the page before is read again.
    let from = before.map(|before| Id(before.id.0.saturating_add(1)));
    let read = limit + 1;
    let events = wallets::journal(app, ctx, participant, from, read).await?;
    let (workspace, now_us) = (ctx.workspace, app.now_us());
    let rest = move |r: &mut Reader<'_>| -> Result<_, StoreError> {
        let open = Open { lots: r.open_lots(workspace, participant)?, holds: r.reserved(workspace, participant)? };
        Ok((r.expiries(workspace, participant)?, open, r.netted(workspace, participant)?))
    };
    let (expired, open, netted) = app.store().read(rest).await?;
    let full = i64::try_from(events.len()).is_ok_and(|count| count >= read);
    let last = events.last().map(|(event, _)| event.id).filter(|_| full);
    let is_here = |id: Id| before.is_none_or(|before| id <= before.id) && last.is_none_or(|last| id > last);
    let mut all: Vec<Entry> = events.iter().flat_map(|(event, _)| entries(event, currency)).collect();
    let others = netted.iter().map(|transfer| told(What::Netting, transfer)).chain(expiries(&expired)).chain(open.expiries(now_us));
    all.extend(others.filter(|entry| is_here(entry.id)));
    all.retain(|entry| before.is_none_or(|before| entry.mark() < before));
    all.sort_by_key(|entry| std::cmp::Reverse(entry.mark()));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// What expired by commands, and what came back of it. What an extension brought back is told by its event.
fn expiries(moved: &[(Transfer, Id)]) -> Vec<Entry> {
    let mut known = BTreeSet::new();
    let mut one = |(transfer, lot): &(Transfer, Id)| {
        let (about, at_us) = (transfer.causes.sale, transfer.business_time.as_microsecond());
        match transfer.kind {
            // One that an extension brought back names no sale: its event tells of it.
            TransferKind::ExpiryReversed => {
                about.map(|_| Entry { credit: transfer.amount, debit: 0, ..told(What::ExpiryReversed, transfer) })
            }
            // What was free when its lot ended, or when the hold on it ran out, stands there, as it did before a command said so.
            TransferKind::Expired if at_us < transfer.recorded_us && Id::next(at_us, Id(0)) > *lot && known.insert((*lot, at_us)) => {
                Some(expiry(*lot, about, transfer.unit, transfer.amount, at_us))
            }
            // What was freed or came back afterwards, or arrived too late, expired by the command.
            _ => Some(Entry { at_us: transfer.recorded_us, ..told(What::Expiry, transfer) }),
        }
    };
    moved.iter().filter_map(&mut one).collect()
}

/// What a wallet holds and what its holds keep, as it is stored.
struct Open {
    lots: Vec<Lot>,
    holds: Vec<Reserved>,
}

impl Open {
    /// What expired and no command has said so: with its lot, but what a hold kept longer when that ran out.
    fn expiries(&self, now_us: i64) -> Vec<Entry> {
        self.lots.iter().filter(|lot| lot.is_over(now_us)).flat_map(|lot| self.ends(lot, now_us)).collect()
    }

    fn ends(&self, lot: &Lot, now_us: i64) -> impl Iterator<Item = Entry> {
        let over_us = lot.expires_us.unwrap_or(now_us);
        let mut ends: BTreeMap<i64, Minor> = BTreeMap::from([(over_us, lot.free())]);
        for (expires_us, parts) in self.holds.iter().filter_map(|hold| Some((hold.expires_us.filter(|at| *at <= now_us)?, &hold.parts))) {
            for (_, amount) in parts.iter().filter(|(of, _)| *of == lot.id) {
                *ends.entry(expires_us.max(over_us)).or_default() += amount;
            }
        }
        let (id, sale, unit) = (lot.id, lot.sale, lot.unit);
        ends.into_iter().filter(|(_, amount)| *amount > 0).map(move |(at_us, amount)| expiry(id, sale, unit, amount, at_us))
    }
}

fn expiry(lot: Id, sale: Option<Id>, unit: Unit, amount: Minor, at_us: i64) -> Entry {
    // Lots of one instant mostly have numbers of their own; the lot tells all of them apart.
    let id = Id(Id::next(at_us, Id(0)).0 | (lot.0 & 0xf_ffff));
    let (kind, text) = (What::Expiry, String::new());
    Entry { id, part: lot.0, kind, about: sale, at_us, recorded_us: at_us, unit, credit: 0, debit: amount, text }
}

/// A transfer that no event tells of, but comes with one.
fn told(kind: What, transfer: &Transfer) -> Entry {
    let (at_us, recorded_us) = (transfer.business_time.as_microsecond(), transfer.recorded_us);
    let (id, about, unit, debit) = (transfer.id, transfer.causes.sale, transfer.unit, transfer.amount);
    Entry { id, part: WHOLE, kind, about, at_us, recorded_us, unit, credit: 0, debit, text: String::new() }
}

/// An event in money, and in points where it moved those, too.
fn entries(event: &TillEvent, currency: Unit) -> Vec<Entry> {
    // A body that cannot be read is shown without amounts; `meed verify` reports it.
    let (unit, credit, debit, text) = amounts(event, currency).unwrap_or((currency, 0, 0, String::new()));
    let TillEvent { id, kind, about, at_us, recorded_us, .. } = *event;
    let first = Entry { id, part: WHOLE, kind: What::Event(kind), about, at_us, recorded_us, unit, credit, debit, text };
    let points = if unit == currency { points(event) } else { (0, 0) };
    if points == (0, 0) {
        return vec![first];
    }
    let text = [Some(first.text.clone()).filter(|text| !text.is_empty()), worth_of(event, currency)].into_iter().flatten();
    let text = text.collect::<Vec<_>>().join(", ");
    let second = Entry { part: IN_POINTS, unit: Unit::POINTS, credit: points.0, debit: points.1, text, ..first.clone() };
    if first.credit == 0 && first.debit == 0 {
        return vec![Entry { part: WHOLE, ..second }];
    }
    vec![first, second]
}

/// What left a wallet of an award that was taken back. What had expired of it stands no more as expired.
fn gone(steps: &Clawed) -> Minor {
    steps.from_lots + steps.from_expired + steps.from_others
}

/// Points that an event in money moved besides: came in, went out.
fn points(event: &TillEvent) -> (Minor, Minor) {
    let row = &event.body;
    let taken = |back: &TakenBack| (back.unit == Unit::POINTS).then_some(gone(&back.steps));
    match event.kind {
        EventKind::Purchase | EventKind::Activity => {
            let Ok(body) = PurchaseBody::from_row(row) else { return (0, 0) };
            let (came, went) = body.moved.points;
            (body.standing.awarded(Unit::POINTS) + came, at_once(&body, Unit::POINTS) + went)
        }
        EventKind::Spend => SpendBody::from_row(row).map_or((0, 0), |body| (body.moved.points.0, body.points.0 + body.moved.points.1)),
        EventKind::CancelPurchase | EventKind::CancelSpend | EventKind::Refund => {
            let Ok(body) = RefundBody::from_row(row) else { return (0, 0) };
            if body.moved == Moved::default() {
                return (body.points.0, body.taken_back.iter().filter_map(taken).sum());
            }
            (body.points.0 + body.moved.points.0, body.moved.points.1)
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
            let (came, went) = body.moved.money;
            (currency, body.standing.awarded(currency) + came, at_once(&body, currency) + went, body.basket.reference)
        }
        EventKind::Spend => {
            let body = SpendBody::from_row(row).ok()?;
            let (came, went) = body.moved.money;
            (
                currency,
                came,
                body.spent - body.uncovered - body.points.1 + went,
                body.description.or(body.system_reference).unwrap_or_default(),
            )
        }
        EventKind::CancelPurchase | EventKind::CancelSpend | EventKind::Refund => {
            let body = RefundBody::from_row(row).ok()?;
            let given_back = body.given_back - body.points.1;
            if body.moved != Moved::default() {
                let (came, went) = body.moved.money;
                return Some((currency, given_back + came, went, body.note.unwrap_or_default()));
            }
            // Rows of earlier releases tell it only by award.
            let debit = body.taken_back.iter().filter(|taken| taken.unit == currency).map(|back| gone(&back.steps)).sum();
            let granted: Minor = body.granted.iter().map(|(_, (_, amount))| amount).sum();
            (currency, given_back + granted, debit, body.note.unwrap_or_default())
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
            (currency, given, taken.map(|back| gone(&back.steps)).sum(), String::new())
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
