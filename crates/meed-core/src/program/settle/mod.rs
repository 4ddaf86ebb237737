//! What a program pays once credits are known: draws, bonuses, multipliers, limits, deductions, what is withheld, paid in
//! parts or taken back (`commissions.md` §4.4, §4.5). Types here; reading in the files beside.

mod bonus;
mod defer;
mod read;

pub(super) use defer::kickers;
pub(super) use read::{KEYS, percent, percent_item, settle, whole_number};

use jiff::civil::Date;

use super::Figure;
use crate::condition::Condition;
use crate::money::Exact;

/// Everything that turns credits into reward lines. Empty where the document says nothing: then the credits are paid.
#[derive(Clone, Debug, Default)]
pub struct Settle {
    /// From when sales are measured, where it is not the start of the period.
    pub measure: Option<Span>,
    /// What was paid before is deducted.
    pub deduct: Option<Deduct>,
    /// Factors on what rules and bonuses earn.
    pub multipliers: Vec<Multiplier>,
    /// Bonuses, in the order of the document.
    pub bonuses: Vec<Bonus>,
    /// Limits of the whole.
    pub payout: Payout,
    /// What is withheld.
    pub holdbacks: Vec<Holdback>,
    /// What is paid in parts.
    pub instalments: Vec<Instalments>,
    /// What is taken back.
    pub clawbacks: Vec<Clawback>,
    /// An advance on earnings.
    pub draw: Option<Draw>,
    /// A minimum without debt.
    pub guarantee: Option<Draw>,
}

/// A span of the calendar that ends with the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The calendar quarter.
    Quarter,
    /// The calendar half year.
    HalfYear,
    /// The calendar year.
    Year,
}

impl Span {
    /// How many months it has.
    #[must_use]
    pub const fn months(self) -> i64 {
        match self {
            Self::Quarter => 3,
            Self::HalfYear => 6,
            Self::Year => 12,
        }
    }

    /// The first day of the span that holds `day`.
    #[must_use]
    pub fn start(self, day: Date) -> Date {
        let months = self.months();
        let month = (i64::from(day.month()) - 1) / months * months + 1;
        let month = i8::try_from(month).unwrap_or(1);
        // A first of a month exists in every year.
        Date::new(day.year(), month, 1).unwrap_or(day)
    }
}

/// A draw or a guarantee (`commissions.md` §4.5).
#[derive(Clone, Debug)]
pub struct Draw {
    /// What the payee gets at least.
    pub amount: Figure,
    /// Whether the advance is owed afterwards.
    pub recoverable: bool,
    /// First day of the first period in which it is given.
    pub from: Option<Date>,
    /// Last day on which it is given: periods that end later go without.
    pub until: Option<Date>,
    /// Who gets it, and when; everybody where there is none.
    pub when: Option<Condition>,
    /// The part of a surplus that repays what is owed.
    pub recover: Exact,
    /// No more is advanced than makes the balance this.
    pub limit: Option<Figure>,
    /// Names of other programs: what they pay the payee in the period counts as earned.
    pub plans: Vec<String>,
}

/// A bonus.
#[derive(Clone, Debug)]
pub struct Bonus {
    /// Stable name.
    pub id: String,
    /// Name shown to people.
    pub label: String,
    /// Line of the document where it starts.
    pub line: u32,
    /// Least attainment in percent.
    pub at: Option<Exact>,
    /// Whom it is paid, and when.
    pub when: Option<Condition>,
    /// How much.
    pub pays: BonusPay,
    /// Never more than this.
    pub cap: Option<Figure>,
    /// Whether it is left out of deductions: earned once, it stays.
    pub deductible: bool,
}

/// What a bonus pays.
#[derive(Clone, Debug)]
pub enum BonusPay {
    /// An amount.
    Amount(Figure),
    /// What a formula over the period gives.
    Formula(Condition),
    /// By attainment, along a curve.
    Curve(Curve),
    /// By rank: first, second, …
    Ranks(Vec<Figure>),
}

/// A payout curve: from attainment to a part of a target bonus.
#[derive(Clone, Debug)]
pub struct Curve {
    /// What is paid at 100 %.
    pub target: Figure,
    /// What is measured, in percent; attainment where there is none.
    pub of: Option<Condition>,
    /// Points (attainment in percent, part of the target in percent), ascending. Below the first nothing is paid.
    pub points: Vec<(Exact, Exact)>,
    /// Percent of the target for each percent above the last point.
    pub beyond: Exact,
    /// Attainment counts in whole steps of this size, rounded down.
    pub step: Option<Exact>,
    /// Never more than this.
    pub cap: Option<Figure>,
    /// Never more than this part of the target, in percent.
    pub cap_percent: Option<Exact>,
}

/// A factor on what is earned.
#[derive(Clone, Debug)]
pub struct Multiplier {
    /// Name shown to people.
    pub label: String,
    /// Indices of the rules it applies to.
    pub rules: Vec<usize>,
    /// Indices of the bonuses it applies to.
    pub bonuses: Vec<usize>,
    /// For whom, and when.
    pub when: Option<Condition>,
    /// The factor.
    pub factor: Factor,
}

/// How large a factor is.
#[derive(Clone, Debug)]
pub enum Factor {
    /// A figure.
    Figure(Figure),
    /// What a formula over the period gives.
    Formula(Condition),
    /// By attainment: least percent and factor, ascending; 1 below the first.
    Levels(Vec<(Exact, Exact)>),
}

/// Limits of what a program pays one payee.
#[derive(Clone, Debug, Default)]
pub struct Payout {
    /// At most this in a period.
    pub cap: Option<Figure>,
    /// At most this in a calendar year.
    pub cap_per_year: Option<Figure>,
    /// At least this in a period.
    pub floor: Option<Figure>,
    /// Above an amount only a part counts.
    pub decelerate: Option<(Figure, Exact)>,
    /// Decimal places of a reward; those of the currency where there is none.
    pub places: Option<u32>,
}

/// Deduction of what was paid before (`commissions.md` §4.5, A).
#[derive(Clone, Debug)]
pub struct Deduct {
    /// From when everything is calculated again.
    pub from: Span,
    /// What is deducted.
    pub what: Deducted,
    /// Whether a negative result is carried to later periods until it is made good, and not taken back at once.
    pub carry: bool,
}

/// What is deducted of a span that is calculated again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deducted {
    /// What earlier periods of the span came to, as far as they were released.
    Released,
    /// Nothing: every period pays the whole span.
    Nothing,
}

/// A part that is withheld.
#[derive(Clone, Debug)]
pub struct Holdback {
    /// Stable name.
    pub id: String,
    /// Name shown to people.
    pub label: String,
    /// Indices of the rules it applies to.
    pub rules: Vec<usize>,
    /// The part.
    pub share: Exact,
    /// Until when.
    pub until: Until,
}

/// When something withheld is paid.
#[derive(Clone, Debug)]
pub enum Until {
    /// So many periods later.
    Periods(u32),
    /// With the period that holds this day.
    Date(Date),
    /// With the period so many days after the sale.
    Days(u32),
    /// With the period of a day that the sale names; held while it names none.
    Day(Condition),
    /// When the sale fulfils a condition; held while it does not.
    When(Condition),
}

impl Until {
    /// Whether it is asked of each sale.
    #[must_use]
    pub const fn is_by_sale(&self) -> bool {
        matches!(self, Self::Days(_) | Self::Day(_) | Self::When(_))
    }
}

/// Payment in parts.
#[derive(Clone, Debug)]
pub struct Instalments {
    /// Stable name.
    pub id: String,
    /// Name shown to people.
    pub label: String,
    /// Indices of the rules it applies to.
    pub rules: Vec<usize>,
    /// Weights of the parts, the first in the period of the sale.
    pub parts: Vec<Exact>,
    /// Periods from one part to the next.
    pub every: u32,
}

/// What is taken back of a credit when its sale ends early.
#[derive(Clone, Debug)]
pub struct Clawback {
    /// Stable name.
    pub id: String,
    /// Name shown to people.
    pub label: String,
    /// Indices of the rules it applies to.
    pub rules: Vec<usize>,
    /// Which sales.
    pub when: Option<Condition>,
    /// The day of the event; nothing is taken back while it is missing.
    pub on: Condition,
    /// The part that is taken back.
    pub share: Exact,
    /// Only the unserved part of a term is taken back.
    pub term: Option<Term>,
    /// Only when it happens within so long after the sale.
    pub within: Option<Length>,
}

/// A contract term.
#[derive(Clone, Debug)]
pub struct Term {
    /// How long.
    pub length: Length,
    /// When it begins; the day of the sale where there is none.
    pub from: Option<Condition>,
}

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Months; a month that has begun is served.
    Months(u32),
    /// Days.
    Days(u32),
}

impl Settle {
    /// Hands every figure to `note`.
    pub(crate) fn figures(&self, note: &mut dyn FnMut(&Figure)) {
        for draw in self.draw.iter().chain(&self.guarantee) {
            note(&draw.amount);
            draw.limit.iter().for_each(&mut *note);
        }
        let Payout { cap, cap_per_year, floor, decelerate, places: _ } = &self.payout;
        cap.iter().chain(cap_per_year).chain(floor).chain(decelerate.iter().map(|(above, _)| above)).for_each(&mut *note);
        for bonus in &self.bonuses {
            bonus.cap.iter().for_each(&mut *note);
            match &bonus.pays {
                BonusPay::Amount(figure) => note(figure),
                BonusPay::Formula(_) => {}
                BonusPay::Curve(curve) => std::iter::once(&curve.target).chain(&curve.cap).for_each(&mut *note),
                BonusPay::Ranks(ranks) => ranks.iter().for_each(&mut *note),
            }
        }
        for multiplier in &self.multipliers {
            if let Factor::Figure(figure) = &multiplier.factor {
                note(figure);
            }
        }
    }

    /// Every condition and formula of the stage.
    pub(crate) fn conditions(&self) -> Vec<&Condition> {
        let mut all: Vec<&Condition> = self.draw.iter().chain(&self.guarantee).filter_map(|draw| draw.when.as_ref()).collect();
        for bonus in &self.bonuses {
            all.extend(&bonus.when);
            match &bonus.pays {
                BonusPay::Formula(formula) => all.push(formula),
                BonusPay::Curve(curve) => all.extend(&curve.of),
                BonusPay::Amount(_) | BonusPay::Ranks(_) => {}
            }
        }
        for multiplier in &self.multipliers {
            all.extend(&multiplier.when);
            if let Factor::Formula(formula) = &multiplier.factor {
                all.push(formula);
            }
        }
        for holdback in &self.holdbacks {
            if let Until::Day(condition) | Until::When(condition) = &holdback.until {
                all.push(condition);
            }
        }
        for clawback in &self.clawbacks {
            all.extend(clawback.when.iter().chain(Some(&clawback.on)));
            all.extend(clawback.term.as_ref().and_then(|term| term.from.as_ref()));
        }
        all
    }

    /// Names of the programs whose pay counts towards the draw or guarantee.
    #[must_use]
    pub fn shared_plans(&self) -> &[String] {
        self.draw.as_ref().or(self.guarantee.as_ref()).map_or(&[], |draw| draw.plans.as_slice())
    }

    /// Whether a holdback of this name ends so many periods after the one that withheld it.
    pub(crate) fn is_held_by_periods(&self, name: &str) -> bool {
        self.holdbacks.iter().any(|holdback| holdback.id == name && matches!(holdback.until, Until::Periods(_)))
    }

    /// What people call the holdback of a name, or the clawback that a line's name begins with.
    pub(crate) fn label_of(&self, kind: crate::crediting::RewardKind, name: &str) -> Option<&str> {
        if kind == crate::crediting::RewardKind::Holdback {
            return self.holdbacks.iter().find(|holdback| holdback.id == name).map(|holdback| holdback.label.as_str());
        }
        let id = name.split(':').next()?;
        self.clawbacks.iter().find(|clawback| clawback.id == id).map(|clawback| clawback.label.as_str())
    }

    /// Whether a period has to know of earlier ones at all, be it only what is due in it.
    #[must_use]
    pub fn remembers(&self) -> bool {
        let lasting = !self.holdbacks.is_empty() || !self.instalments.is_empty() || !self.clawbacks.is_empty();
        self.looks_back() || lasting
    }

    /// Whether the result of a period depends on what earlier periods left, so that those must be calculated first.
    #[must_use]
    pub fn looks_back(&self) -> bool {
        let lasting = !self.holdbacks.is_empty() || !self.instalments.is_empty() || !self.clawbacks.is_empty();
        let guaranteed = lasting && self.guarantee.is_some();
        let measured = self.measure.is_some() && self.bonuses.iter().any(|bonus| bonus.deductible);
        self.draw.is_some() || guaranteed || measured || self.deduct.is_some() || self.payout.cap_per_year.is_some()
    }
}
