//! Programs: rules that turn sales into credits, read from a document and checked before they are kept.
//!
//! A document is TOML text (`docs/plans.md`). [`Program::parse`] either returns a program that can be calculated, or
//! every finding at once, each with its line, a stable code and a sentence.

mod continues;
mod credit;
mod document;
mod example;
mod exchange;
mod finding;
mod measure;
pub(crate) mod reader;
mod rules;
mod settle;
mod tiers;
mod variables;
mod who;

pub use example::{Example, ExampleAdjustment, ExampleMembership, ExamplePeriod, ExampleRep, ExampleSale, ExampleTeam, Expected};
pub use exchange::{Exchange, ExchangeDay};
pub use finding::{Code, Finding};
pub use settle::{
    Bonus, BonusPay, Clawback, Curve, Deduct, Deducted, Draw, Factor, Holdback, Instalments, Length, Multiplier, Payout, Settle, Span,
    Term, Until,
};
pub use who::{Assign, AssignTo, CreditTo, Crediting, EnrollmentState, OwnerField, OwnersFrom, Share, Split, TeamCredit, TeamShare};

use jiff::civil::Date;

use crate::condition::Condition;
use crate::money::{Exact, Rounding, Unit};
use crate::people::Variable;
use crate::period::Cadence;

/// What a program pays for. Reward schemes and affiliate campaigns will be kinds beside this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A commission plan: reps earn per period.
    Commission,
}

impl Kind {
    /// The word in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commission => "commission",
        }
    }
}

/// A checked program.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it pays for.
    pub kind: Kind,
    /// Name shown to people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Currency of its money figures and of its rewards.
    pub currency: Unit,
    /// Length of its periods.
    pub cadence: Cadence,
    /// How sales in other currencies are converted.
    pub exchange: Exchange,
    /// First day on which sales count, in the workspace's zone.
    pub valid_from: Option<Date>,
    /// Last day on which sales count.
    pub valid_until: Option<Date>,
    /// How a reward is rounded.
    pub rounding: Rounding,
    /// Who may be credited.
    pub targets: Targets,
    /// The target against which attainment is measured.
    pub quota: Option<Quota>,
    /// The rules whose credited basis counts as attainment.
    pub counts: Vec<Counted>,
    /// What attainment measures.
    pub metric: Metric,
    /// Whether only reps who have enrolled are credited.
    pub requires_enrollment: bool,
    /// Figures that hold where a rep has no variable of that name, with the days from which they hold.
    pub variables: Vec<Variable>,
    /// The rules, in the order of the document.
    pub rules: Vec<Rule>,
    /// What turns credits into reward lines.
    pub settle: Settle,
    /// The examples that the document carries.
    pub examples: Vec<Example>,
}

impl Program {
    /// Reads and checks a document. All findings are returned together, by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Finding>> {
        document::parse(text)
    }

    /// Whether any rule reads original columns, so that callers must offer them.
    #[must_use]
    pub fn uses_originals(&self) -> bool {
        self.rules.iter().any(|rule| rule.conditions().into_iter().any(Condition::uses_originals))
            || self.settle.conditions().into_iter().any(Condition::uses_originals)
    }

    /// The program's own variable that holds on a day.
    #[must_use]
    pub fn variable_on(&self, name: &str, day: Date) -> Option<Exact> {
        crate::people::variable_on(&self.variables, name, day)
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// Who may be credited by their own sales. A rep is a target when any of the lists names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Everybody; the lists are then empty.
    pub everybody: bool,
    /// Reps by name, e-mail address or alias.
    pub reps: Vec<String>,
    /// Reps that carry one of these tags.
    pub tags: Vec<String>,
    /// Members of these teams (by name or alias) on the last day of the period.
    pub teams: Vec<String>,
}

/// A figure of the document: written there, or looked up on the rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Written in the document.
    Literal(Exact),
    /// The rep's variable of this name on the last day of the period, else the program's.
    Variable(String),
    /// The variable of somebody else.
    VariableOf(Whose, String),
}

/// Whose variable a figure is, where it is not that of the rep (or team) whose credits are calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// Of the rep whose credit an override builds on; under other rules the same as the rep's own.
    Credited,
    /// Of the rep's team, or of the nearest team above that has it.
    Team,
    /// Of the program.
    Plan,
}

impl Whose {
    /// The word in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Team => "team",
            Self::Plan => "plan",
        }
    }
}

/// What attainment measures (`commissions.md` §4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// What was credited, against the quota where there is one.
    #[default]
    Value,
    /// The place among all targets: 1 is the best, equal values share a place.
    Rank,
    /// How much more than in the period before, in percent.
    Increase,
}

impl Metric {
    /// The word in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Rank => "rank",
            Self::Increase => "increase",
        }
    }
}

/// What a quota or target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaLength {
    /// One period.
    Period,
    /// A year; spread evenly over its periods.
    Year,
}

/// How much a quota is.
#[derive(Clone, Debug)]
pub enum QuotaAmount {
    /// A number or a variable.
    Figure(Figure),
    /// Made of variables and facts of the rep or team.
    Formula(Condition),
}

/// A target (`commissions.md` §4.2).
#[derive(Clone, Debug)]
pub struct Quota {
    /// How much.
    pub amount: QuotaAmount,
    /// For how long.
    pub per: QuotaLength,
    /// Percentages of the first months, the first of them the month from which the quota's variable holds.
    pub ramp: Vec<Exact>,
    /// Where sales are measured over a longer span: whether the quota is that of the span so far, not of all of it.
    pub to_date: Option<bool>,
}

/// A rule whose credited basis counts as attainment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Index of the rule.
    pub rule: usize,
    /// What one unit of its basis counts.
    pub weight: Exact,
}

/// One rule: who is credited, for which sales, on which basis, at which rate.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Stable name inside the program.
    pub id: String,
    /// Name shown to people; the id where none is given.
    pub label: String,
    /// Line of the document where the rule starts.
    pub line: u32,
    /// First day on which sales count for this rule.
    pub valid_from: Option<Date>,
    /// Last day on which sales count for this rule.
    pub valid_until: Option<Date>,
    /// Index of the rule whose running total goes on under this one.
    pub continues: Option<usize>,
    /// Which sales; all where there is none.
    pub when: Option<Condition>,
    /// What starts the rule, and whom it credits.
    pub trigger: Trigger,
    /// What is measured of a sale.
    pub basis: Basis,
    /// What it pays: one entry, or one per level of an override.
    pub pays: Vec<Pay>,
    /// Who gets what the rule pays; those who are credited, in full, where there is none.
    pub assign: Option<Assign>,
    /// The rule pays a rep at most this in a period.
    pub cap: Option<Figure>,
    /// The rule pays a rep at least this in a period in which it credits them at all.
    pub floor: Option<Figure>,
    /// The rule pays a rep at most this for one credit.
    pub cap_per_sale: Option<Figure>,
    /// Factors on what single sales earn.
    pub kickers: Vec<Kicker>,
    /// The rule pays only when attainment reaches so many percent.
    pub gate: Option<Exact>,
    /// Whether deductions take off what it paid before; otherwise it is paid anew each time.
    pub deductible: bool,
}

impl Rule {
    /// Every condition and formula that is asked of single sales.
    pub(crate) fn conditions(&self) -> Vec<&Condition> {
        let formula = match &self.basis {
            Basis::Formula(formula) => Some(formula),
            _ => None,
        };
        let group = self.pays.iter().find_map(|pay| match pay {
            Pay::Tiers(Tiers { accumulate: Accumulate::Group(Group::Formula(formula)), .. }) => Some(formula),
            _ => None,
        });
        let shares = match &self.trigger {
            Trigger::Sale(crediting) => crediting.owners.iter().flat_map(OwnerField::formulas).collect(),
            Trigger::Override(_) => Vec::new(),
        };
        let kickers = self.kickers.iter().filter_map(|kicker| kicker.when.as_ref());
        let looked_up = self.pays.iter().filter_map(Pay::looked_up);
        self.when.iter().chain(formula).chain(group).chain(kickers).chain(looked_up).chain(shares).collect()
    }

    /// Whether it reads amounts of money of a sale, as its basis or in a condition.
    pub(crate) fn uses_money(&self) -> bool {
        matches!(self.basis, Basis::Revenue | Basis::Profit) || self.conditions().into_iter().any(Condition::uses_money)
    }
}

/// A factor on what a sale earns under a rule (`commissions.md` §4.4).
#[derive(Clone, Debug)]
pub struct Kicker {
    /// Name shown to people.
    pub label: String,
    /// Which sales; all where there is none.
    pub when: Option<Condition>,
    /// The factor.
    pub factor: Figure,
}

/// What starts a rule.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A sale; credits owners or teams.
    Sale(Crediting),
    /// The credits of other rules; credits the managers above.
    Override(Override),
}

/// A manager's override (`commissions.md` §4.1). Its base is always stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// What the rate applies to.
    pub base: OverrideBase,
    /// Indices of the rules whose credits it builds on.
    pub of: Vec<usize>,
    /// How often one sale counts for one manager.
    pub once_per: OncePer,
}

/// What an override's rate applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideBase {
    /// The credited sales of the reps below.
    Sales,
    /// The commission of the reps below.
    Commission,
}

/// How often one sale counts for one manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OncePer {
    /// The parts of a sale that the manager's reps share count up to the whole sale, never more.
    Sale,
    /// Every credit counts.
    Credit,
}

/// What is measured of a sale.
#[derive(Clone, Debug)]
pub enum Basis {
    /// Revenue, money.
    Revenue,
    /// Profit, money.
    Profit,
    /// Units sold.
    Quantity,
    /// One for each sale.
    Count,
    /// A number that a formula makes of the sale.
    Formula(Condition),
}

impl Basis {
    /// The word in documents and explanations.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Profit => "profit",
            Self::Quantity => "quantity",
            Self::Count => "count",
            Self::Formula(_) => "formula",
        }
    }

    /// Whether people read the basis as an amount of the program's currency.
    #[must_use]
    pub const fn is_money(&self) -> bool {
        matches!(self, Self::Revenue | Self::Profit | Self::Formula(_))
    }
}

/// What a rule pays for what it measured.
#[derive(Clone, Debug)]
pub enum Pay {
    /// One rate on the basis.
    Rate(Rate),
    /// A fixed amount for each credited sale; split as the sale is.
    Amount(Figure),
    /// Rates or amounts by tier.
    Tiers(Tiers),
}

/// A rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Percent of the basis; the figure 5 is 5 %.
    Percent(Figure),
    /// Money for each unit of the basis.
    Each(Figure),
    /// Variable pay ÷ quota (`commissions.md` §4.4, W14).
    Derived {
        /// The variable pay.
        pay: Figure,
        /// The quota for the same length of time.
        quota: Figure,
    },
    /// A multiple of another rate: an accelerator or decelerator on the base rate.
    Times {
        /// The base rate.
        rate: Box<Rate>,
        /// The multiple.
        factor: Exact,
    },
}

/// Tiers (`commissions.md` §4.3).
#[derive(Clone, Debug)]
pub struct Tiers {
    /// To what the tiers are applied; every document states it.
    pub accumulate: Accumulate,
    /// How a tier pays.
    pub mode: Mode,
    /// By what a tier is looked up.
    pub by: TierBy,
    /// What the bounds count.
    pub unit: TierUnit,
    /// To which tier a value equal to a bound belongs.
    pub bound: Bound,
    /// What a single negative sale does, when each transaction stands alone.
    pub refunds: Refunds,
    /// The tiers, ascending and without gaps; the first starts at 0.
    pub bands: Vec<Band>,
}

/// To what the tiers are applied.
#[derive(Clone, Debug)]
pub enum Accumulate {
    /// Each transaction alone.
    Transaction,
    /// The sum of a group, once.
    Group(Group),
    /// The running total of the period.
    Accumulated,
}

/// What makes a group.
#[derive(Clone, Debug)]
pub enum Group {
    /// The local day.
    Day,
    /// The local week, Monday to Sunday, cut at the ends of the period.
    Week,
    /// The local month.
    Month,
    /// Sales for which a formula results in the same text.
    Formula(Condition),
}

/// How a tier pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each tier reached pays its own band.
    Marginal,
    /// The highest tier reached pays on the whole.
    Whole,
    /// A tier's amount is earned in proportion to the part of its band that is covered.
    Interpolated,
}

/// By what a tier is looked up.
#[derive(Clone, Debug)]
pub enum TierBy {
    /// By what the rule measures itself.
    Basis,
    /// By the attainment of the whole period, in percent.
    Attainment,
    /// By a number that a formula makes of each sale.
    Sale(Condition),
}

/// What the bounds of tiers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TierUnit {
    /// The basis itself: money, units, sales.
    Basis,
    /// Percent of the rep's quota for the period.
    PercentOfQuota,
}

/// To which tier a value equal to a bound belongs (`commissions.md` behaviour 38).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// To the tier above: its lower bound is included.
    Lower,
    /// To the tier below: its upper bound is included.
    Upper,
}

/// What a negative sale does when each transaction stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refunds {
    /// It falls into the first tier.
    Baseline,
    /// It takes back what a positive sale of its size would have earned.
    Mirror,
}

/// One tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    /// Lower bound.
    pub from: Exact,
    /// Upper bound; open where there is none.
    pub to: Option<Exact>,
    /// What it pays.
    pub pays: BandPay,
    /// Name shown to people.
    pub label: Option<String>,
}

/// What a tier pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BandPay {
    /// A rate.
    Rate(Rate),
    /// An amount: for reaching the tier (whole) or for covering it (interpolated).
    Amount(Figure),
}

impl Rate {
    /// The figures that it reads.
    pub(crate) fn figures(&self) -> Vec<&Figure> {
        match self {
            Self::Percent(figure) | Self::Each(figure) => vec![figure],
            Self::Derived { pay, quota } => vec![pay, quota],
            Self::Times { rate, .. } => rate.figures(),
        }
    }
}

impl Pay {
    /// The formula by which its tiers are looked up.
    pub(crate) fn looked_up(&self) -> Option<&Condition> {
        match self {
            Self::Tiers(Tiers { by: TierBy::Sale(formula), .. }) => Some(formula),
            _ => None,
        }
    }

    /// The figures that it reads.
    pub(crate) fn figures(&self) -> Vec<&Figure> {
        match self {
            Self::Rate(rate) => rate.figures(),
            Self::Amount(figure) => vec![figure],
            Self::Tiers(tiers) => tiers.bands.iter().flat_map(|band| band.pays.figures()).collect(),
        }
    }
}

impl BandPay {
    fn figures(&self) -> Vec<&Figure> {
        match self {
            Self::Rate(rate) => rate.figures(),
            Self::Amount(figure) => vec![figure],
        }
    }
}
