//! Till events: the journal of what happened at tills, and how each purchase stands now.
//!
//! An event is written once. A purchase's [`Standing`] changes with spends, returns and its cancellation; its first one is
//! part of the event, later ones are kept beside it.

use std::collections::BTreeMap;

use super::basket::Basket;
use super::packed::{Packed, packed, packed_code};
use crate::id::Id;
use crate::ledger::{Bearer, coded};
use crate::ledger::{Clawed, Portion, Taken};
use crate::money::{Exact, Minor, Unit};

coded! {
    /// Kinds of till event.
    EventKind {
        /// A purchase.
        Purchase = 1 "purchase",
        /// A spend on a purchase, asked for by the customer.
        Spend = 2 "spend_request",
        /// A cancellation of a purchase.
        CancelPurchase = 3 "purchase_cancellation",
        /// A cancellation of a spend.
        CancelSpend = 4 "spend_cancellation",
        /// Goods of a purchase came back.
        Refund = 5 "refund",
        /// Goods came back without their purchase.
        AdHocReturn = 6 "ad_hoc_return",
        /// An amount was reserved.
        Hold = 7 "hold",
        /// A reservation was used.
        Capture = 8 "capture",
        /// A reservation was given up.
        Release = 9 "release",
        /// A credit or debit by hand.
        Adjustment = 10 "adjustment",
        /// A purchase was settled with its merchant.
        Settlement = 11 "settlement",
        /// A settlement was brought to what the purchase was awarded in the end.
        SettlementCorrection = 12 "settlement_correction",
        /// What was spent at once is paid back to the customer, or less of it than before.
        PayBack = 13 "pay_back",
        /// An amount went to another participant's wallet.
        TransferOut = 14 "transfer_out",
        /// An amount came from another participant's wallet.
        TransferIn = 15 "transfer_in",
        /// A lot may be used until a later time.
        Extension = 16 "extension",
        /// Something that is no sale and may be rewarded.
        Activity = 17 "activity",
        /// A person decided about what a till without a connection did.
        Review = 18 "review",
        /// A run evaluated purchases for offers of batch evaluation.
        Evaluation = 19 "evaluation",
        /// A tier was set by hand, or taken back.
        TierSet = 20 "tier_set",
    }
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TillEvent {
    /// Its id.
    pub id: Id,
    /// Its kind.
    pub kind: EventKind,
    /// Whose wallet.
    pub participant: Id,
    /// The event that it is about: the purchase of a spend, the spend of a cancellation, the hold of a capture.
    pub about: Option<Id>,
    /// Business time, microseconds UTC.
    pub at_us: i64,
    /// Recorded time.
    pub recorded_us: i64,
    /// Goes before the body into digests, erased together with it.
    pub salt: i64,
    /// The packed body.
    pub body: Vec<u8>,
    /// The event of the same participant before it, known when it is written. Follows from the ids, so no hash covers it.
    pub previous: Option<Id>,
}

coded! {
    /// Where a purchase stands.
    PurchaseState {
        /// Posted.
        Posted = 1 "POSTED",
        /// Cancelled.
        Cancelled = 2 "CANCELLED",
    }
}
packed_code!(PurchaseState);

coded! {
    /// How an award is spent.
    SpendMethod {
        /// When the customer asks.
        OnRequest = 1 "SPEND_ON_REQUEST",
        /// On the same purchase, at once.
        Instant = 2 "SPEND_INSTANTLY",
        /// As a voucher.
        Voucher = 3 "SPEND_INSTANTLY_THROUGH_VOUCHER",
        /// By itself, where the seven gates are open.
        Automatic = 4 "SPEND_AUTOMATICALLY",
    }
}
packed_code!(SpendMethod);

coded! {
    /// How money that was spent at once comes back to a customer who paid in full.
    PayBackMethod {
        /// To the payment medium of the purchase.
        Refund = 1 "refund",
        /// As a credit note.
        CreditNote = 2 "credit_note",
        /// As a voucher.
        Voucher = 3 "voucher",
    }
}
packed_code!(PayBackMethod);

/// What of a purchase's spends is paid back instead of being taken off at the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidBack {
    /// How.
    pub method: PayBackMethod,
    /// How much stands, in the workspace's currency.
    pub amount: Minor,
}

/// The body of a payment back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayBackBody {
    /// How.
    pub method: PayBackMethod,
    /// How much more is paid back than before; below 0: less.
    pub amount: Minor,
}

/// How a purchase stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Posted or cancelled.
    pub state: PurchaseState,
    /// What came back of each line, by place: amount, and quantity where it was named.
    pub returned: Vec<(Minor, Exact)>,
    /// What offers gave, at present.
    pub grants: Vec<Grant>,
    /// What was used to pay it, at present, in order of consumption.
    pub uses: Vec<Use>,
    /// Offers that would have given something, had a budget or limit allowed it.
    pub withheld: Vec<Withheld>,
    /// The settlement event.
    pub settled: Option<Id>,
    /// What is paid back instead of being taken off at the till.
    pub back: Option<PaidBack>,
    /// When a run evaluated it for offers of batch evaluation, microseconds UTC.
    pub evaluated_us: Option<i64>,
    /// What matches now, where that is something else than what was found at the sale: the customer's tier then is another one
    /// since they brought something back.
    pub matched: Option<Vec<Matched>>,
}

/// What an offer gave for a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The offer.
    pub offer: Id,
    /// Its version.
    pub version: Id,
    /// The line, for an award per item.
    pub line: Option<u32>,
    /// What it counts.
    pub unit: Unit,
    /// What stands, in minor units.
    pub amount: Minor,
    /// What it was computed from: the counted amount or quantity.
    pub basis: Exact,
    /// How it is spent.
    pub method: SpendMethod,
    /// The lots that it opened.
    pub lots: Vec<Id>,
    /// The most that it may be, where a budget gave its last.
    pub cap: Option<Minor>,
    /// Whether it counts as a use of an offer that is limited in number.
    pub counted: bool,
}

/// A part of a lot that paid for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The spend event, or the purchase itself for instant and automatic spends.
    pub event: Id,
    /// How it came about.
    pub method: SpendMethod,
    /// What the lot counts.
    pub unit: Unit,
    /// The transfer, the lot and the line.
    pub transfer: Id,
    /// The lot.
    pub lot: Id,
    /// The line, by place.
    pub line: u32,
    /// How much of the lot.
    pub amount: Minor,
    /// What it is worth in the workspace's currency.
    pub worth: Minor,
    /// How much of `amount` came back.
    pub returned: Minor,
    /// How much of `worth` came back.
    pub worth_returned: Minor,
    /// How much of the line had come back when it was spent: what comes back later is shared among what was left then.
    pub since: Minor,
}

/// An award that a budget or a limit kept back, for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The offer.
    pub offer: Id,
    /// `budget_exhausted` or `limit_reached`.
    pub reason: String,
}

/// An offer that matches a basket, judged when it was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The offer.
    pub offer: Id,
    /// The version that held.
    pub version: Id,
    /// The lines that count, by place.
    pub lines: Vec<u32>,
}

impl Matched {
    /// Whether a line counts.
    #[must_use]
    pub fn counts(&self, line: usize) -> bool {
        u32::try_from(line).is_ok_and(|line| self.lines.contains(&line))
    }
}

/// The body of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseBody {
    /// What was bought.
    pub basket: Basket,
    /// The offers that match it.
    pub matched: Vec<Matched>,
    /// How it stood at first.
    pub standing: Standing,
    /// What could be spent right after it, in the workspace's currency.
    pub balance: Minor,
    /// Whether the till was offline.
    pub is_offline: bool,
    /// What awards of other purchases moved because of it: it came late.
    pub moved: Moved,
}

/// What awards moved in a customer's wallets by unit: what came in, and what went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// In the workspace's currency.
    pub money: (Minor, Minor),
    /// In points.
    pub points: (Minor, Minor),
}

/// The body of a spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendBody {
    /// What the customer asked for, minor units of the workspace's currency.
    pub asked: Minor,
    /// What was spent.
    pub spent: Minor,
    /// Of it, what was paid in points: how many, and what they were worth.
    pub points: (Minor, Minor),
    /// What awards moved because of it.
    pub moved: Moved,
    /// Of it, what a till without a connection gave away and the wallet did not cover: a person decides (`ledger.md` §7).
    pub uncovered: Minor,
    /// The sending system's own, unique reference.
    pub system_reference: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// What could be spent right after it.
    pub balance: Minor,
    /// Sending system.
    pub system: Option<String>,
    /// Class of the event.
    pub classification: Option<String>,
    /// Free fields by name.
    pub extra: BTreeMap<String, String>,
}

/// One award taken back by an event, with the way it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// The purchase whose award it was.
    pub purchase: Id,
    /// The offer.
    pub offer: Id,
    /// Its unit.
    pub unit: Unit,
    /// The steps.
    pub steps: Clawed,
}

/// The body of a refund, a cancellation or an ad-hoc return.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefundBody {
    /// What came back of which line: place, amount, quantity.
    pub lines: Vec<(u32, (Minor, Exact))>,
    /// What was spent on the returned part and came back to the wallet, in the workspace's currency.
    pub given_back: Minor,
    /// Of it, what came back in points: how many, and what they were worth.
    pub points: (Minor, Minor),
    /// What awards moved because of it.
    pub moved: Moved,
    /// What is to be paid back in money.
    pub paid_back: Minor,
    /// Awards that were taken back.
    pub taken_back: Vec<TakenBack>,
    /// Awards that other purchases gained: purchase, offer, amount.
    pub granted: Vec<(Id, (Id, Minor))>,
    /// Reason or reference.
    pub note: Option<String>,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// The body of a hold, a capture or a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldBody {
    /// What it counts.
    pub unit: Unit,
    /// How much.
    pub amount: Minor,
    /// When a hold ends by itself, microseconds UTC.
    pub expires_us: i64,
    /// Which parts of which lots, in order.
    pub parts: Vec<HeldPart>,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// A part of a lot that a hold reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldPart {
    /// The hold's transfer.
    pub transfer: Id,
    /// The lot.
    pub lot: Id,
    /// How much.
    pub amount: Minor,
}

/// The body of an adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustmentBody {
    /// What it counts.
    pub unit: Unit,
    /// Above 0 a credit, below 0 a debit.
    pub amount: Minor,
    /// The lot that a credit opened.
    pub lot: Option<Id>,
    /// Why.
    pub reason: String,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// The body of a transfer between wallets, on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferBody {
    /// What it counts.
    pub unit: Unit,
    /// How much.
    pub amount: Minor,
    /// The other participant.
    pub other: Id,
    /// The lots that it opened in the other's wallet, or in this one, with their amounts.
    pub lots: Vec<(Id, Minor)>,
    /// Why.
    pub reason: String,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// The body of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionBody {
    /// The lot.
    pub lot: Id,
    /// What it counts.
    pub unit: Unit,
    /// Until when it could be used before, microseconds UTC; `None`: for ever.
    pub before_us: Option<i64>,
    /// Until when now.
    pub after_us: Option<i64>,
    /// What had expired and came back.
    pub revived: Minor,
    /// Why.
    pub reason: String,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// An award that a run gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awarded {
    /// The purchase.
    pub purchase: Id,
    /// The offer.
    pub offer: Id,
    /// What it counts.
    pub unit: Unit,
    /// How much.
    pub amount: Minor,
}

/// The body of an evaluation: of one customer's purchases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvaluationBody {
    /// What was evaluated.
    pub purchases: Vec<Id>,
    /// What was given.
    pub awards: Vec<Awarded>,
    /// Awards that gave way to better ones.
    pub taken_back: Vec<TakenBack>,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// The body of a tier by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierSetBody {
    /// The tier that was set, by code; `None`: the customer's own holds again.
    pub tier: Option<String>,
    /// The tier that held before.
    pub before: Option<String>,
    /// The tier that holds now.
    pub after: Option<String>,
    /// Until when; `None`: until it is taken back.
    pub until_us: Option<i64>,
    /// Whether it holds whatever is earned.
    pub is_fixed: bool,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub set_by: String,
    /// What could be spent right after it.
    pub balance: Minor,
}

/// The body of a settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementBody {
    /// The merchant.
    pub merchant: Id,
    /// What the purchase was awarded.
    pub awarded: Minor,
    /// The merchant's percentage.
    pub percent: Exact,
    /// What the merchant owes.
    pub contribution: Minor,
}

/// The first form of a standing: a purchase nothing of which is paid back.
impl Packed for Standing {
    fn pack(&self, out: &mut Vec<u8>) {
        self.state.pack(out);
        self.returned.pack(out);
        self.grants.pack(out);
        self.uses.pack(out);
        self.withheld.pack(out);
        self.settled.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, super::Damaged> {
        Ok(Self {
            state: Packed::unpack(input)?,
            returned: Packed::unpack(input)?,
            grants: Packed::unpack(input)?,
            uses: Packed::unpack(input)?,
            withheld: Packed::unpack(input)?,
            settled: Packed::unpack(input)?,
            back: None,
            evaluated_us: None,
            matched: None,
        })
    }
}
packed!(Awarded { purchase, offer, unit, amount });
packed!(EvaluationBody { purchases, awards, taken_back, balance });
packed!(TierSetBody { tier, before, after, until_us, is_fixed, reason, set_by, balance });
packed!(PaidBack { method, amount });
packed!(PayBackBody { method, amount });
packed!(TransferBody { unit, amount, other, lots, reason, balance });
packed!(ExtensionBody { lot, unit, before_us, after_us, revived, reason, balance });
packed!(Grant { offer, version, line, unit, amount, basis, method, lots, cap, counted });

/// The first form of a use: nothing of its line had come back before.
impl Packed for Use {
    fn pack(&self, out: &mut Vec<u8>) {
        self.event.pack(out);
        self.method.pack(out);
        self.unit.pack(out);
        self.transfer.pack(out);
        self.lot.pack(out);
        self.line.pack(out);
        self.amount.pack(out);
        self.worth.pack(out);
        self.returned.pack(out);
        self.worth_returned.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, super::Damaged> {
        Ok(Self {
            event: Packed::unpack(input)?,
            method: Packed::unpack(input)?,
            unit: Packed::unpack(input)?,
            transfer: Packed::unpack(input)?,
            lot: Packed::unpack(input)?,
            line: Packed::unpack(input)?,
            amount: Packed::unpack(input)?,
            worth: Packed::unpack(input)?,
            returned: Packed::unpack(input)?,
            worth_returned: Packed::unpack(input)?,
            since: 0,
        })
    }
}
packed!(Withheld { offer, reason });
packed!(Matched { offer, version, lines });
packed!(TakenBack { purchase, offer, unit, steps });
packed!(Clawed { from_lots, from_expired, from_others, owed, forgiven });
packed!(HoldBody { unit, amount, expires_us, parts, balance });
packed!(HeldPart { transfer, lot, amount });
packed!(AdjustmentBody { unit, amount, lot, reason, balance });
packed!(SettlementBody { merchant, awarded, percent, contribution });

/// The form of every body but those of spends and refunds.
const FORM: u8 = 1;

macro_rules! rows {
    ($($body:ident),*) => { $(
        impl $body {
            /// Reads the stored form.
            pub fn from_row(row: &[u8]) -> Result<Self, super::Damaged> {
                super::packed::from_row(FORM, row)
            }

            /// The stored form.
            #[must_use]
            pub fn to_row(&self) -> Vec<u8> {
                super::packed::to_row(FORM, self)
            }
        }
    )* };
}
rows!(EvaluationBody, TierSetBody, HoldBody, AdjustmentBody, SettlementBody, PayBackBody, TransferBody, ExtensionBody);

/// The second form of purchases and their standings: what is paid back follows.
const WITH_BACK: u8 = 2;
/// The third form of standings: what is paid back, if anything, and when a run evaluated it follow.
const WITH_EVALUATION: u8 = 3;
/// The fourth form of standings: the same two, and what had come back of its line before each use.
const WITH_SINCE: u8 = 4;
/// The fifth form of standings: the same three, and what matches now follow.
const WITH_MATCHED: u8 = 5;

type BackAndSince = ((Option<PaidBack>, Option<i64>), Vec<Minor>);

impl Standing {
    /// Reads the stored form, and those before it.
    pub fn from_row(row: &[u8]) -> Result<Self, super::Damaged> {
        match row.first() {
            Some(&WITH_BACK) => {
                let (standing, back): (Self, PaidBack) = super::packed::from_row(WITH_BACK, row)?;
                Ok(Self { back: Some(back), ..standing })
            }
            Some(&WITH_EVALUATION) => {
                let (standing, (back, at_us)): (Self, (Option<PaidBack>, i64)) = super::packed::from_row(WITH_EVALUATION, row)?;
                Ok(Self { back, evaluated_us: Some(at_us), ..standing })
            }
            Some(&WITH_SINCE) => {
                let (standing, more): (Self, BackAndSince) = super::packed::from_row(WITH_SINCE, row)?;
                standing.with_since(more)
            }
            Some(&WITH_MATCHED) => {
                let (standing, (more, matched)): (Self, (BackAndSince, Vec<Matched>)) = super::packed::from_row(WITH_MATCHED, row)?;
                Ok(Self { matched: Some(matched), ..standing.with_since(more)? })
            }
            _ => super::packed::from_row(FORM, row),
        }
    }

    fn with_since(self, ((back, evaluated_us), since): BackAndSince) -> Result<Self, super::Damaged> {
        if since.len() != self.uses.len() {
            return Err(super::Damaged);
        }
        let uses = self.uses.into_iter().zip(since).map(|(used, since)| Use { since, ..used }).collect();
        Ok(Self { uses, back, evaluated_us, ..self })
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        if self.matched.is_some() || self.uses.iter().any(|used| used.since != 0) {
            let mut row = super::packed::to_row(if self.matched.is_some() { WITH_MATCHED } else { WITH_SINCE }, self);
            let since: Vec<Minor> = self.uses.iter().map(|used| used.since).collect();
            ((self.back, self.evaluated_us), since).pack(&mut row);
            self.matched.iter().for_each(|matched| matched.pack(&mut row));
            return row;
        }
        let form = match (&self.back, self.evaluated_us) {
            (_, Some(_)) => WITH_EVALUATION,
            (Some(_), None) => WITH_BACK,
            (None, None) => FORM,
        };
        let mut row = super::packed::to_row(form, self);
        match (self.back, self.evaluated_us) {
            (back, Some(at_us)) => (back, at_us).pack(&mut row),
            (Some(back), None) => back.pack(&mut row),
            (None, None) => {}
        }
        row
    }
}

impl EventKind {
    /// Whether it is kept like a purchase: with a standing, and counted by offers.
    #[must_use]
    pub const fn is_bought(self) -> bool {
        matches!(self, Self::Purchase | Self::Activity)
    }
}

impl HeldPart {
    /// As the wallet takes it.
    #[must_use]
    pub const fn taken(&self) -> Taken {
        Taken { transfer: self.transfer, portion: Portion { lot: self.lot, line: 0, amount: self.amount } }
    }
}

impl Use {
    /// Whether no lot covered it: a till without a connection gave it away. In place of the lot stands who bears it, 0 while
    /// nobody has decided.
    #[must_use]
    pub fn is_uncovered(&self) -> bool {
        self.lot == Id(0) || self.bearer().is_some()
    }

    /// Who bears what no lot covered.
    #[must_use]
    pub fn bearer(&self) -> Option<Bearer> {
        i16::try_from(self.lot.0).ok().and_then(Bearer::from_code)
    }

    /// Whether nobody has decided yet who bears it, and something of it stands.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lot == Id(0) && self.returned < self.amount
    }

    /// What still pays the line, in the workspace's currency.
    #[must_use]
    pub const fn standing_worth(&self) -> Minor {
        self.worth - self.worth_returned
    }
}

impl Standing {
    /// A purchase of `lines` lines of which nothing has happened yet.
    #[must_use]
    pub fn new(lines: usize) -> Self {
        Self {
            state: PurchaseState::Posted,
            returned: vec![(0, Exact::ZERO); lines],
            grants: Vec::new(),
            uses: Vec::new(),
            withheld: Vec::new(),
            settled: None,
            back: None,
            evaluated_us: None,
            matched: None,
        }
    }

    /// What matches now, of a purchase that `found` matched at the sale.
    #[must_use]
    pub fn matches<'a>(&'a self, found: &'a [Matched]) -> &'a [Matched] {
        self.matched.as_deref().unwrap_or(found)
    }

    /// Adds what was spent: what comes back of its line from now on is shared with it.
    pub(super) fn add_use(&mut self, used: Use) {
        let since = usize::try_from(used.line).ok().and_then(|line| self.returned.get(line)).map_or(0, |(amount, _)| *amount);
        self.uses.push(Use { since, ..used });
    }

    /// What stands of the spends on a line, in the workspace's currency.
    #[must_use]
    pub fn spent_on(&self, line: usize) -> Minor {
        self.uses.iter().filter(|u| usize::try_from(u.line) == Ok(line)).map(Use::standing_worth).sum()
    }

    /// What stands of the spends on a line that the customer had to spend before, in the workspace's currency: a discount that
    /// the purchase gives itself is none of them.
    #[must_use]
    pub fn paid_from_wallet(&self, line: usize) -> Minor {
        let own = |used: &&Use| matches!(used.method, SpendMethod::OnRequest | SpendMethod::Automatic);
        self.uses.iter().filter(|u| usize::try_from(u.line) == Ok(line)).filter(own).map(Use::standing_worth).sum()
    }

    /// What stands of the spends by one method, in the workspace's currency.
    #[must_use]
    pub fn spent_by(&self, method: SpendMethod) -> Minor {
        self.uses.iter().filter(|u| u.method == method).map(Use::standing_worth).sum()
    }

    /// What stands of one event's spends in points: how many, and what they are worth.
    #[must_use]
    pub fn points_of(&self, event: Id) -> (Minor, Minor) {
        let own = self.uses.iter().filter(|used| used.event == event && used.unit == Unit::POINTS);
        own.fold((0, 0), |(amount, worth), used| (amount + used.amount - used.returned, worth + used.standing_worth()))
    }

    /// What stands of all spends.
    #[must_use]
    pub fn spent(&self) -> Minor {
        self.uses.iter().map(Use::standing_worth).sum()
    }

    /// What stands of the awards in `unit`.
    #[must_use]
    pub fn awarded(&self, unit: Unit) -> Minor {
        self.grants.iter().filter(|grant| grant.unit == unit).map(|grant| grant.amount).sum()
    }

    /// What may still be paid on each line: its total less what came back and what was spent on it.
    #[must_use]
    pub fn room(&self, basket: &Basket) -> Vec<Minor> {
        let left = |(line, of): (usize, &super::Line)| {
            let returned = self.returned.get(line).map_or(0, |(amount, _)| *amount);
            (of.total - returned - self.spent_on(line)).max(0)
        };
        basket.lines.iter().enumerate().map(left).collect()
    }
}
