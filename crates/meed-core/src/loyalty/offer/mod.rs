//! Offers: program documents of kind `reward` (`pos-loyalty.md` §9), read and checked before they are kept.

mod document;
mod expiry;
mod index;

pub use expiry::{Expiry, expiry_instant};
pub(super) use index::until;
pub use index::{OfferEntry, OfferIndex, OfferVersion};

use jiff::civil::Date;

use super::basket::ActivityKind;
use super::event::SpendMethod;
use crate::audit::Digest;
use crate::condition::Condition;
use crate::id::Id;
use crate::money::{Exact, Rounding, Unit};
use crate::program::Finding;

/// A checked offer.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Name shown to people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Name or code of its scheme.
    pub scheme: String,
    /// What it fires on.
    pub class: Class,
    /// Which lines count; none: all.
    pub condition: Option<Condition>,
    /// Days on which it holds, each first and last inclusive, in the store's zone; none: always.
    pub valid: Vec<(Option<Date>, Option<Date>)>,
    /// A window around a day of the customer's own.
    pub occasion: Option<Window>,
    /// What is given.
    pub award: Award,
    /// How and where it is spent.
    pub spend: Terms,
    /// Whether it is given on top of others, or only as the best of those that are not.
    pub stacks: bool,
    /// How often one customer gets it.
    pub repeats: Repeats,
    /// When it is evaluated.
    pub evaluation: EvaluationMethod,
    /// How often it is given at all.
    pub uses_max: Option<i64>,
    /// Whether every award draws on the offer's budget.
    pub has_budget: bool,
    /// Whether the last award may be what is left of the budget.
    pub grants_rest: bool,
    /// What decides the draws of a lottery: random, kept with the offer, told to nobody.
    pub draw_key: [u8; 32],
}

/// When an offer is evaluated (`pos-loyalty.md` §9.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationMethod {
    /// `BATCH_PROCESS_AND_INTERACTIVELY`: with the purchase.
    Interactive,
    /// `BATCH_PROCESS`: by the next run behind the purchase.
    Batch {
        /// The last local day of the workspace whose run still evaluates it.
        latest: Option<Date>,
    },
}

/// What an offer fires on. Amounts are major units of the workspace's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// One purchase whose counted amount is at least `from` and at most `to`.
    Purchase {
        /// Inclusive.
        from: Exact,
        /// Inclusive; `None`: open.
        to: Option<Exact>,
    },
    /// Purchases that sum to at least `from` within some days.
    Amount {
        /// The threshold.
        from: Exact,
        /// Days, today included; `None`: ever.
        within_days: Option<i64>,
    },
    /// At least so many purchases within some days.
    Number {
        /// The threshold.
        at_least: Exact,
        /// Days, today included; `None`: ever.
        within_days: Option<i64>,
    },
    /// At least so many items within some days.
    Quantity {
        /// The threshold.
        at_least: Exact,
        /// Days, today included; `None`: ever.
        within_days: Option<i64>,
    },
    /// Once, with the first purchase after another offer has given something.
    SignUp,
    /// Something that is no sale, with an amount within bounds, and so often within some days.
    Activity {
        /// What.
        kind: ActivityKind,
        /// Inclusive.
        from: Exact,
        /// Inclusive; `None`: open.
        to: Option<Exact>,
        /// How often; `None`: each time.
        at_least: Option<Exact>,
        /// Days, today included; `None`: ever.
        within_days: Option<i64>,
        /// The classes that count, folded; empty: any class, and none.
        classifications: Vec<String>,
        /// Whether it takes one of every class, instead of one of any.
        needs_all: bool,
    },
    /// A draw for each time that purchases reach a threshold. The n-th draw of a customer is decided by the offer's key, the
    /// customer and n alone: no receipt can be tried again, and any order of sales gives the same prizes.
    Lottery {
        /// Whether the threshold is an amount, or a number of purchases.
        is_amount: bool,
        /// The threshold.
        threshold: Exact,
        /// Days, today included; `None`: ever.
        within_days: Option<i64>,
        /// Prizes among [`Class::DRAWS`] draws.
        prizes: u64,
    },
}

impl Class {
    /// Draws that the chance of a lottery is counted in.
    pub const DRAWS: u64 = 1_000_000_000;

    /// The word in documents.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Purchase { .. } => "purchase",
            Self::Amount { .. } => "amount",
            Self::Number { .. } => "number",
            Self::Quantity { .. } => "quantity",
            Self::SignUp => "sign_up",
            Self::Activity { kind, .. } => kind.name(),
            Self::Lottery { .. } => "lottery",
        }
    }

    /// What it fires on besides sales.
    #[must_use]
    pub const fn activity(&self) -> Option<ActivityKind> {
        match self {
            Self::Activity { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    /// Threshold and days, for classes that count over purchases.
    #[must_use]
    pub fn target(&self) -> Option<(Exact, Option<i64>)> {
        match self {
            Self::Activity { needs_all: true, classifications, within_days, .. } => {
                Some((Exact::from(classifications.len()), *within_days))
            }
            Self::Amount { from, within_days } => Some((*from, *within_days)),
            Self::Number { at_least, within_days }
            | Self::Quantity { at_least, within_days }
            | Self::Activity { at_least: Some(at_least), within_days, .. } => Some((*at_least, *within_days)),
            Self::Lottery { threshold, within_days, .. } => Some((*threshold, *within_days)),
            Self::Purchase { .. } | Self::SignUp | Self::Activity { .. } => None,
        }
    }
}

/// A day that comes every year: the customer's own, or everybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Birthday.
    Birthday,
    /// Name day.
    NameDay,
    /// The 25th of December.
    Christmas,
    /// Easter Sunday of the western churches.
    Easter,
}

impl Occasion {
    /// Easter Sunday of a year of the Gregorian calendar, as (month, day): Gauss's rule in the form of Meeus.
    #[must_use]
    pub fn easter(year: i16) -> (i8, i8) {
        let year = i32::from(year);
        let (golden, century, rest) = (year % 19, year / 100, year % 100);
        let leap = (century - (century + 8) / 25 + 1) / 3;
        let moon = (19 * golden + century - century / 4 - leap + 15) % 30;
        let sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4) % 7;
        let late = (golden + 11 * moon + 22 * sunday) / 451;
        let days = moon + sunday - 7 * late + 114;
        let part = |number: i32| i8::try_from(number).unwrap_or_default();
        (part(days / 31), part(days % 31 + 1))
    }
}

/// Days around an occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The day.
    pub occasion: Occasion,
    /// Days before it.
    pub before: i64,
    /// Days after it.
    pub after: i64,
}

/// What is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Award {
    /// How it is computed.
    pub rate: Rate,
    /// What it counts; the workspace's currency if none.
    pub unit: Option<Unit>,
    /// Once per purchase, or for each counted line.
    pub scope: Scope,
    /// Whether what was paid after redemption counts, or the amounts as submitted.
    pub on_paid: bool,
    /// The most that one purchase is given, in major units.
    pub max: Option<Exact>,
    /// How it is rounded.
    pub rounding: Rounding,
    /// Days before it may be used.
    pub pending_days: i64,
    /// Money value of one major unit, for points; costs are mirrored then.
    pub unit_cost: Option<Exact>,
}

/// How an award is computed. Amounts are major units of the award's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rate {
    /// A fixed amount.
    Fixed(Exact),
    /// A percentage of the counted amount.
    Percent(Exact),
    /// An amount for every full step of the counted amount.
    Each {
        /// The amount.
        amount: Exact,
        /// The step, in major units of the workspace's currency.
        per: Exact,
    },
    /// A percentage of what other offers give for the purchase, in the same unit.
    OfAwards(Exact),
}

/// Once per purchase, or for each counted line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `APPLY_AWARD_PER_TRANSACTION`.
    Transaction,
    /// `APPLY_AWARD_PER_TRANSACTION_ITEM`.
    Item,
}

/// How and where an award is spent.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How.
    pub method: SpendMethod,
    /// For which lines, where and when; none: anywhere.
    pub condition: Option<Condition>,
    /// Number of kinds of condition.
    pub rank: i16,
    /// Until when.
    pub expiry: Expiry,
}

/// How often one customer gets an award.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Every time.
    Always,
    /// `ONLY_ONE`.
    Once,
    /// `ONLY_ONE_PER_PERIOD`: not again before so much time has passed, counted in local days.
    OncePer {
        /// Days.
        days: i32,
        /// Months.
        months: i32,
    },
}

impl Offer {
    /// Reads and checks a document, or answers every finding with its place.
    pub fn parse(text: &str) -> Result<Self, Vec<Finding>> {
        document::parse(text)
    }

    /// The same offer with the key of its draws.
    #[must_use]
    pub fn drawn_by(self, draw_key: [u8; 32]) -> Self {
        Self { draw_key, ..self }
    }

    /// What its awards draw from its budget: money for points that cost something, else what they are.
    #[must_use]
    pub fn draws(&self, currency: Unit) -> Unit {
        match self.award.unit {
            Some(Unit::POINTS) if self.award.unit_cost.is_none() => Unit::POINTS,
            _ => currency,
        }
    }

    /// Whether the n-th draw of a customer wins, counted from 0.
    #[must_use]
    pub fn wins(&self, participant: Id, n: i64) -> bool {
        let Class::Lottery { prizes, .. } = self.class else { return false };
        let mut digest = Digest::new();
        digest.text("draw").bytes(&self.draw_key).id(participant).int(n);
        let hash = digest.finish();
        let drawn = hash[..8].iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        // 64 bits over a thousand million draws: the remainder favours nobody by more than one in 18 thousand million.
        drawn % Class::DRAWS < prizes
    }

    /// Whether a run evaluates it, instead of the purchase.
    #[must_use]
    pub const fn is_batch(&self) -> bool {
        matches!(self.evaluation, EvaluationMethod::Batch { .. })
    }

    /// Whether what a customer bought before can change what it gives.
    #[must_use]
    pub fn is_stateful(&self) -> bool {
        self.class.target().is_some() || self.class == Class::SignUp || self.repeats != Repeats::Always || self.reads_tier()
    }

    /// Whether its condition reads the customer's tier.
    #[must_use]
    pub fn reads_tier(&self) -> bool {
        self.condition.as_ref().is_some_and(|condition| condition.facts().iter().any(|fact| fact.to_string() == "customer.tier"))
    }
}

#[cfg(test)]
mod tests {
    use super::Occasion;

    #[test]
    fn pos_060_easter_falls_on_the_sunday_that_calendars_print() {
        for (year, day) in
            [(1961, (4, 2)), (2008, (3, 23)), (2024, (3, 31)), (2025, (4, 20)), (2026, (4, 5)), (2038, (4, 25)), (2285, (3, 22))]
        {
            assert_eq!(Occasion::easter(year), day, "{year}");
        }
    }
}
