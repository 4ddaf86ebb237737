//! What is wrong with a document: line, stable code, sentence.

use std::fmt;

use crate::condition::ConditionCode;

/// The kinds of findings. Codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// Not TOML.
    Syntax,
    /// Larger than a document may be.
    TooLarge,
    /// A key that does not exist here.
    UnknownKey,
    /// A key that must be there.
    MissingKey,
    /// A value of the wrong type.
    WrongType,
    /// A value that is not among those allowed.
    BadValue,
    /// Two keys that exclude each other.
    Conflict,
    /// A rule id used twice.
    DuplicateRule,
    /// A rule that does not exist.
    UnknownRule,
    /// No rule at all.
    NoRules,
    /// Tiers that leave a gap.
    TierGap,
    /// Tiers that overlap.
    TierOverlap,
    /// A tier that ends before it starts, or tiers that do not start at 0 or end where they must not.
    TierBounds,
    /// A percentage is needed, so that 5 and 5 % cannot be confused.
    RateNeedsPercent,
    /// Tiers in percent of quota, or a derived rate, without a quota.
    QuotaMissing,
    /// A quota of zero or less.
    QuotaNotPositive,
    /// A period of validity that ends before it starts.
    ValidityReversed,
    /// An unknown currency.
    CurrencyUnknown,
    /// A condition or formula that cannot be used.
    Condition(ConditionCode),
    /// A name in a test that nobody has, or a sale that is not there.
    UnknownName,
    /// Periods of a test that do not follow each other.
    PeriodOrder,
    /// Somebody in a test who stands above their own manager, or a team below itself.
    Circle,
    /// Warning: a rate above 100 % or below 0.
    RateUnusual,
    /// Warning: bounds that look like parts of 1 where percents are meant.
    BoundsSmall,
    /// Warning: a comparison that holds always or never.
    ComparisonConstant,
    /// Warning: shares that sum to more than the whole.
    SharesOverWhole,
    /// Warning: two parts of a plan that undo each other.
    Undone,
}

impl Code {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::TooLarge => "document_too_large",
            Self::UnknownKey => "unknown_key",
            Self::MissingKey => "missing_key",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::Conflict => "conflict",
            Self::DuplicateRule => "duplicate_rule",
            Self::UnknownRule => "unknown_rule",
            Self::NoRules => "no_rules",
            Self::TierGap => "tier_gap",
            Self::TierOverlap => "tier_overlap",
            Self::TierBounds => "tier_bounds",
            Self::RateNeedsPercent => "rate_needs_percent",
            Self::QuotaMissing => "quota_missing",
            Self::QuotaNotPositive => "quota_not_positive",
            Self::ValidityReversed => "validity_reversed",
            Self::CurrencyUnknown => "currency_unknown",
            Self::Condition(code) => code.code(),
            Self::UnknownName => "unknown_name",
            Self::PeriodOrder => "period_order",
            Self::Circle => "circle",
            Self::RateUnusual => "rate_unusual",
            Self::BoundsSmall => "bounds_small",
            Self::ComparisonConstant => "comparison_constant",
            Self::SharesOverWhole => "shares_over_whole",
            Self::Undone => "undone",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The kind.
    pub code: Code,
    /// What is wrong and what to write instead, for people.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {} [{}]", self.line, self.column, self.text, self.code.code())
    }
}
