//! Why a rep earned what they earned: structured and readable. The form for storing stands in `explanation_json`.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::calculation::PaidIn;
use super::measure::Attainment;
use super::pay::FixedBand;
use super::settle::{HELD_DAY, Line, Step, StepKind};
use crate::id::{Id, Kind};
use crate::money::{Conversion, Exact, Minor, Unit};

/// A rate as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateShown {
    /// Percent of the basis: 5 is 5 %.
    Percent(Exact),
    /// Money for each unit of the basis.
    Each(Exact),
    /// Variable pay ÷ quota.
    Derived {
        /// Variable pay.
        pay: Exact,
        /// Quota.
        quota: Exact,
    },
    /// An amount that does not depend on the basis, or is earned over a band.
    Amount(Exact),
    /// A factor on the amount, with its name.
    Times {
        /// The factor.
        factor: Exact,
        /// Its name.
        label: String,
    },
}

impl fmt::Display for RateShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{}%", percent.normalize()),
            Self::Each(each) => write!(f, "{} each", shown(*each)),
            Self::Derived { pay, quota } => write!(f, "{} ÷ {}", shown(*pay), shown(*quota)),
            Self::Amount(amount) => write!(f, "amount {}", shown(*amount)),
            Self::Times { factor, label } => write!(f, "{label} × {}", factor.normalize()),
        }
    }
}

/// What a piece of a credit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// Basis times rate, inside a tier or without tiers.
    Rated,
    /// What earlier sales gain or lose because this sale changed the tier of the whole.
    Retroactive,
    /// The part above the last tier, which pays nothing.
    AboveTiers,
    /// What a multiplier added or took.
    Multiplied,
    /// What a cap took away.
    Cap,
    /// What a floor added.
    Floor,
    /// What goes to others, or the difference to what the credit of another earned.
    Assigned,
}

impl PieceKind {
    /// The stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rated => "rated",
            Self::Retroactive => "retroactive",
            Self::AboveTiers => "above_tiers",
            Self::Multiplied => "multiplied",
            Self::Cap => "cap",
            Self::Floor => "floor",
            Self::Assigned => "assigned",
        }
    }
}

/// One piece of a credit. The pieces sum to the credit exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// The part of the basis.
    pub basis: Exact,
    /// The rate on it.
    pub rate: RateShown,
    /// The amount, unrounded.
    pub amount: Exact,
    /// Index of the tier.
    pub tier: Option<usize>,
    /// Name of the tier, where the document gives one.
    pub tier_label: Option<String>,
}

impl Piece {
    pub(super) fn band(index: usize, band: &FixedBand, basis: Exact, amount: Exact) -> Self {
        Self { kind: PieceKind::Rated, basis, rate: band.shown(), amount, tier: Some(index), tier_label: band.label.clone() }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (basis, amount) = (shown(self.basis), shown(self.amount));
        match self.kind {
            PieceKind::Rated => write!(f, "{basis} at {} = {amount}", self.rate),
            PieceKind::Retroactive => write!(f, "{basis} of earlier sales now at {}: {amount}", self.rate),
            PieceKind::AboveTiers => write!(f, "{basis} above the last tier = 0.00"),
            PieceKind::Multiplied => write!(f, "{}: {amount}", self.rate),
            PieceKind::Cap => write!(f, "cap: {amount}"),
            PieceKind::Floor => write!(f, "floor: {amount}"),
            PieceKind::Assigned => write!(f, "assigned: {amount}"),
        }
    }
}

/// How a sale was divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitShown {
    /// The basis of the whole sale.
    pub whole: Exact,
    /// The share of the owner field: 1 where the document gives none.
    pub share: Exact,
    /// Equal parts inside that share.
    pub parts: u16,
    /// How many of them.
    pub count: u16,
}

impl fmt::Display for SplitShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shown(self.whole))?;
        if self.share != Exact::ONE {
            write!(f, " × {}%", (self.share * Exact::ONE_HUNDRED).normalize())?;
        }
        if self.parts > 1 {
            write!(f, " ÷ {}", self.parts)?;
        }
        if self.count > 1 && self.count < self.parts {
            write!(f, " × {}", self.count)?;
        }
        Ok(())
    }
}

/// How a credit of somebody else came to a rep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedShown {
    /// The rep or team whose credit it is.
    pub from: Id,
    /// Whether it is a team's.
    pub is_team: bool,
    /// Their name.
    pub from_name: String,
    /// What the credit earned.
    pub earned: Exact,
    /// How much of it the rule pays, in percent.
    pub percent: Exact,
    /// How many share it.
    pub among: usize,
}

impl AssignedShown {
    /// The id of the rep or team as people and other systems see it.
    #[must_use]
    pub fn from_text(&self) -> String {
        self.from.text(if self.is_team { Kind::Team } else { Kind::Rep })
    }
}

impl fmt::Display for AssignedShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {}: {}", self.from_name, shown(self.earned))?;
        if self.percent != Exact::ONE_HUNDRED {
            write!(f, " × {}%", self.percent)?;
        }
        if self.among > 1 {
            write!(f, " among {}", self.among)?;
        }
        Ok(())
    }
}

/// How a sale came into the program's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertedShown {
    /// The rate.
    pub conversion: Conversion,
    /// What the rule measures of the whole sale, in the sale's own currency; `None` for a formula.
    pub amount: Option<Exact>,
}

impl fmt::Display for ConvertedShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversion, amount } = self;
        if let Some(amount) = amount {
            write!(f, "{} {} at ", shown(*amount), conversion.from)?;
        }
        write!(f, "{conversion}")?;
        match amount.and_then(|amount| conversion.convert(amount).ok()) {
            Some(converted) => write!(f, " = {} {}", shown(converted), conversion.to),
            None => Ok(()),
        }
    }
}

/// One credit: a rule gives a rep an exact amount for a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The sale.
    pub sale: Id,
    /// The source's id of it.
    pub unique_id: Option<String>,
    /// Its business time.
    pub at: Timestamp,
    /// Index of the rule ([`super::BoundProgram::rule`]).
    pub rule: usize,
    /// Id of the rule.
    pub rule_id: String,
    /// Number of the program's version; `None` where one version rules the whole period.
    pub version: Option<u32>,
    /// Level of an override, from 0.
    pub level: usize,
    /// Place among the credits of this rule on this sale.
    pub place: u16,
    /// What was measured: `revenue`, `profit`, `quantity`, `count`, `formula`; `commission` for an override on it.
    pub measure: &'static str,
    /// The credited basis: the rep's part of the sale, or the base of an override.
    pub basis: Exact,
    /// How the sale was divided; `None` when the rep got the whole.
    pub split: Option<SplitShown>,
    /// The rep or team whose credit an override builds on.
    pub through: Option<Id>,
    /// Whose credit it is, where the rule gives what it earns to somebody else.
    pub assigned: Option<AssignedShown>,
    /// How the sale came into the program's currency, where it is in another.
    pub converted: Option<ConvertedShown>,
    /// What the rule had measured for the rep (or the group) before this sale.
    pub before: Exact,
    /// The amount, unrounded.
    pub amount: Exact,
    /// The pieces; empty unless the credit was traced ([`super::Calculation::explain`]).
    pub pieces: Vec<Piece>,
}

impl Credit {
    /// Amount ÷ basis in percent, at two places or as many as it has; `None` without a basis.
    #[must_use]
    pub fn blended_percent(&self) -> Option<Exact> {
        let percent = self.amount.checked_mul(Exact::ONE_HUNDRED)?.checked_div(self.basis)?;
        Some(percent.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero).normalize())
    }

    /// The tier that it reached: its name, or its number from 1; `None` without tiers. Only of a traced credit.
    #[must_use]
    pub fn tier(&self) -> Option<String> {
        let piece = self.pieces.iter().rev().find(|piece| piece.kind == PieceKind::Rated && piece.tier.is_some())?;
        piece.tier_label.clone().or_else(|| piece.tier.map(|tier| format!("tier {}", tier + 1)))
    }

    /// The arithmetic in one line: `1,000.00 at 1% = 10.00 + 1,500.00 at 2% = 30.00; blended 1.6%`.
    #[must_use]
    pub fn arithmetic(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.converted.as_ref().map(ToString::to_string));
        parts.extend(self.split.as_ref().map(|split| format!("{split} = {}", shown(self.basis))));
        parts.push(self.pieces.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + "));
        if self.pieces.len() > 1 {
            parts.push(format!("total {}", shown(self.amount)));
            parts.extend(self.blended_percent().filter(|_| self.assigned.is_none()).map(|blended| format!("blended {blended}%")));
        }
        parts.extend(self.assigned.as_ref().map(ToString::to_string));
        parts.extend(self.version.map(|version| format!("version {version}")));
        parts.join("; ")
    }
}

/// A variable that took part, with the value that held on the last day of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableShown {
    /// Name.
    pub name: String,
    /// Value; `None` where neither the rep nor the program has it.
    pub value: Option<Exact>,
    /// First day on which it holds; `None` where it always did, or where it is the program's.
    pub from: Option<Date>,
    /// Whether it is the rep's own, and not the program's.
    pub own: bool,
}

/// How far a rule came: what it had measured after the last credit, for the rep or the last group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReached {
    /// Id of the rule.
    pub rule: String,
    /// What was measured, in the unit of the rule's basis.
    pub value: Exact,
}

/// The overrides on the credits of one rep or team below, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThroughSum {
    /// The rep or team below.
    pub through: Id,
    /// How many credits.
    pub credits: usize,
    /// Sum of their bases.
    pub basis: Exact,
    /// Sum of their amounts, unrounded.
    pub amount: Exact,
}

/// Everything about one rep's reward; of its credits all, or those that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the program.
    pub program: String,
    /// Label of the period.
    pub period: String,
    /// The rep.
    pub rep: Id,
    /// Their name.
    pub rep_name: String,
    /// Currency.
    pub currency: Unit,
    /// The credits in canonical order, with their pieces.
    pub credits: Vec<Credit>,
    /// How many credits come before the first that is listed.
    pub first: usize,
    /// How many credits there are, listed or not.
    pub credit_count: usize,
    /// How many sales they come from.
    pub sale_count: usize,
    /// How far each rule with a credit came.
    pub reached: Vec<RuleReached>,
    /// Overrides by the rep or team below.
    pub through: Vec<ThroughSum>,
    /// Attainment.
    pub attainment: Attainment,
    /// Variables that the program names.
    pub variables: Vec<VariableShown>,
    /// Sum of the credits, unrounded.
    pub credited: Exact,
    /// What the steps come to before rounding.
    pub exact: Exact,
    /// What is paid in the period of what it earned.
    pub minor: Minor,
    /// What is posted, due in this period or later.
    pub lines: Vec<Line>,
    /// How the credits become the lines.
    pub steps: Vec<Step>,
    /// What that is in the payee's own currency, where it is another than the program's.
    pub paid_in: Option<PaidIn>,
}

impl Explanation {
    /// What rounding added or took away: reward less exact sum.
    #[must_use]
    pub fn rounding_difference(&self) -> Exact {
        Exact::new(self.minor, self.currency.exponent()) - self.exact
    }

    /// Whether there is more to say than that credits were summed and rounded.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.steps.iter().any(|step| !matches!(step.kind, StepKind::Credits | StepKind::Rounding))
    }

    /// The day of the lines that are due first.
    fn first_due(&self) -> i64 {
        self.lines.iter().map(|line| line.due_day).min().unwrap_or_default()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} · {} · {}", self.rep_name, self.program, self.period)?;
        for credit in &self.credits {
            let sale = credit.unique_id.clone().unwrap_or_else(|| credit.sale.text(Kind::Sale));
            writeln!(f, "  {sale} [{}]: {}", credit.rule_id, credit.arithmetic())?;
        }
        write!(f, "  attainment {}", self.attainment)?;
        for variable in self.variables.iter().filter(|variable| variable.value.is_some()) {
            write!(f, "\n  {} = {}", variable.name, variable.value.unwrap_or_default())?;
        }
        if self.is_settled() {
            for step in &self.steps {
                write!(f, "\n  {step}")?;
            }
            for line in self.lines.iter().filter(|line| line.due_day != self.first_due()) {
                let amount = shown(Exact::new(line.minor, self.currency.exponent()));
                let when = if line.due_day == HELD_DAY { "held" } else { "due later" };
                write!(f, "\n  {} {amount} ({when})", line.label)?;
            }
        }
        let reward = Exact::new(self.minor, self.currency.exponent());
        write!(f, "\n  reward {} {}", shown(reward), self.currency)?;
        let difference = self.rounding_difference();
        if !difference.is_zero() {
            write!(f, " (exact {}, rounding {})", self.exact.normalize(), difference.normalize())?;
        }
        if let Some(PaidIn { conversion, minor }) = self.paid_in {
            let paid = shown(Exact::new(minor, conversion.to.exponent()));
            write!(f, "\n  paid in {}: {paid} ({conversion})", conversion.to)?;
        }
        Ok(())
    }
}

/// A decimal for people: thousands in groups, at least two places, all further ones it has.
#[must_use]
pub fn shown(value: Exact) -> String {
    let mut value = value.normalize();
    if value.scale() < 2 {
        value.rescale(2);
    }
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    let mut out = String::with_capacity(text.len() + 8);
    if value.is_sign_negative() && !value.is_zero() {
        out.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push('.');
    out.push_str(fraction);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_shown_with_groups_and_all_their_places() {
        for (value, text) in [
            ("1000", "1,000.00"),
            ("0.882", "0.882"),
            ("-1234567.5", "-1,234,567.50"),
            ("0", "0.00"),
            ("999", "999.00"),
            ("-0.000", "0.00"),
        ] {
            assert_eq!(shown(value.parse().expect("a decimal")), text);
        }
    }
}
