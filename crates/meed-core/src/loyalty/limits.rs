//! Limits of wallets by day, week and month, in number and amount (`pos-loyalty.md` §13). A participant's own limits come on
//! top of the general ones, so they can only be lower.

use jiff::civil::Date;

use super::packed::{packed, packed_code};
use crate::command::{date_of, day_number};
use crate::id::Id;
use crate::ledger::coded;
use crate::money::{Minor, Unit};

coded! {
    /// What is limited.
    LimitKind {
        /// Spends that the customer asks for or that happen by themselves, holds that are open or were used, and debits by hand.
        Debit = 1 "debit",
        /// Credits by hand. What offers give is limited by the offers.
        Credit = 2 "credit",
        /// Payments into the wallet.
        TopUp = 3 "top_up",
        /// What is given to other participants.
        Transfer = 4 "transfer",
    }
}
packed_code!(LimitKind);

coded! {
    /// The period that a limit counts over, in local days of the workspace.
    LimitPeriod {
        /// A day.
        Day = 1 "day",
        /// A week that begins on Monday.
        Week = 2 "week",
        /// A calendar month.
        Month = 3 "month",
    }
}

/// A limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub kind: LimitKind,
    /// Per what.
    pub per: LimitPeriod,
    /// What the amount counts.
    pub unit: Unit,
    /// How often at most.
    pub number: Option<i64>,
    /// How much at most, in minor units.
    pub amount: Option<Minor>,
}

/// What was used on one day of what limits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What.
    pub kind: LimitKind,
    /// What the amount counts.
    pub unit: Unit,
    /// The local day, as day number.
    pub day: i64,
    /// How often.
    pub number: i64,
    /// How much.
    pub amount: Minor,
}
packed!(Usage { kind, unit, day, number, amount });

/// What an open hold takes of limits. It ends with the hold: nothing has to be posted for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldUsage {
    /// The hold.
    pub hold: Id,
    /// What the amount counts.
    pub unit: Unit,
    /// The local day on which the hold was made.
    pub day: i64,
    /// How much.
    pub amount: Minor,
    /// When the hold ends by itself, microseconds UTC.
    pub expires_us: i64,
}
packed!(HeldUsage { hold, unit, day, amount, expires_us });

impl HeldUsage {
    /// As what was used, of `amount`.
    #[must_use]
    pub(super) fn used(&self, amount: Minor) -> Usage {
        Usage { kind: LimitKind::Debit, unit: self.unit, day: self.day, number: 1, amount }
    }
}

/// Days of which usage is kept: a month looks back no further.
const KEPT_DAYS: i64 = 31;

impl Limit {
    /// What is left of it on a day: how often, and how much. `None`: as much as one likes.
    #[must_use]
    pub fn left(&self, usage: &[Usage], day: i64) -> (Option<i64>, Option<Minor>) {
        let first = self.first_day(day);
        let counted = usage.iter().filter(|used| (used.kind, used.unit) == (self.kind, self.unit) && (first..=day).contains(&used.day));
        let (number, amount) =
            counted.fold((0i64, 0i64), |(number, amount), used| (number.saturating_add(used.number), amount.saturating_add(used.amount)));
        (self.number.map(|most| (most - number).max(0)), self.amount.map(|most| most.saturating_sub(amount).max(0)))
    }

    fn first_day(&self, day: i64) -> i64 {
        let date = date_of(day).unwrap_or(Date::ZERO);
        match self.per {
            LimitPeriod::Day => day,
            LimitPeriod::Week => day - i64::from(date.weekday().to_monday_zero_offset()),
            LimitPeriod::Month => day_number(date.first_of_month()),
        }
    }
}

/// How much may still be moved on a day under all limits of a kind; `Err`: not one time more, with the limit.
pub(super) fn most<'a>(
    limits: impl Iterator<Item = &'a Limit>,
    usage: &[Usage],
    kind: LimitKind,
    unit: Unit,
    day: i64,
) -> Result<Option<(Minor, &'a Limit)>, &'a Limit> {
    let mut most: Option<(Minor, &Limit)> = None;
    for limit in limits.filter(|limit| (limit.kind, limit.unit) == (kind, unit)) {
        let (number, amount) = limit.left(usage, day);
        if number == Some(0) || amount == Some(0) {
            return Err(limit);
        }
        if let Some(amount) = amount
            && most.is_none_or(|(least, _)| amount < least)
        {
            most = Some((amount, limit));
        }
    }
    Ok(most)
}

/// Adds to what was used on a day, and forgets what no limit looks back to. Below 0: what was used is given back.
pub(super) fn count(usage: &mut Vec<Usage>, more: Usage) {
    let own = |used: &&mut Usage| (used.kind, used.unit, used.day) == (more.kind, more.unit, more.day);
    match usage.iter_mut().find(own) {
        Some(used) => {
            used.number = used.number.saturating_add(more.number).max(0);
            used.amount = used.amount.saturating_add(more.amount).max(0);
        }
        None if more.number > 0 || more.amount > 0 => usage.push(more),
        None => {}
    }
    let newest = usage.iter().map(|used| used.day).max().unwrap_or(more.day);
    usage.retain(|used| used.day > newest - KEPT_DAYS && (used.number > 0 || used.amount > 0));
}
