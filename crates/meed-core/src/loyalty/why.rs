//! Why an offer gives nothing: a stable code and a sentence.

use std::fmt;

use jiff::civil::Date;

use crate::id::{Id, Kind};
use crate::money::Exact;

/// The first condition that failed, with the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The offer is not effective.
    NotEffective,
    /// Its scheme does not exist.
    SchemeUnknown,
    /// Its scheme is not effective.
    SchemeNotEffective,
    /// The customer has not joined its scheme.
    SchemeNotJoined,
    /// The store's merchant is not effective.
    MerchantNotEffective,
    /// The merchant bars its own group's customers.
    MerchantBarsOwn,
    /// The merchant bars other groups' customers.
    MerchantBarsOthers,
    /// The merchant is limited to other schemes.
    MerchantOtherSchemes,
    /// It fires on something else.
    OtherEvent {
        /// What it fires on.
        fires_on: &'static str,
    },
    /// It counts other classes of activities.
    OtherClassification {
        /// Those that it counts.
        counts: Vec<String>,
    },
    /// A run evaluates it, and none has since.
    AwaitsEvaluation,
    /// The last day on which a run evaluates it was before the run.
    EvaluationOver {
        /// The last day.
        latest: Date,
    },
    /// The draw did not win.
    NotDrawn,
    /// It does not hold on that day.
    NotValid {
        /// The local day.
        day: Date,
    },
    /// It is not near the day that it is for.
    NoOccasion,
    /// Every line is free or voided.
    NothingPaid,
    /// Its condition does not hold for any line.
    Condition {
        /// The part that failed, with values.
        text: String,
    },
    /// The counted amount is too small.
    BelowFrom {
        /// What counted.
        counted: Exact,
        /// What is needed.
        from: Exact,
    },
    /// The counted amount is too large.
    AboveTo {
        /// What counted.
        counted: Exact,
        /// The most.
        to: Exact,
    },
    /// The threshold over several purchases is not reached yet.
    Progress {
        /// What counts so far.
        current: Exact,
        /// What is needed.
        target: Exact,
    },
    /// Another offer has to give something first.
    NeedsEarlierAward,
    /// The customer got it already.
    AlreadyGiven {
        /// How often.
        times: i64,
        /// From when they may get it again.
        again: Option<Date>,
    },
    /// A budget or a limit keeps it back.
    Withheld {
        /// `budget_exhausted` or `limit_reached`.
        reason: String,
    },
    /// It comes to nothing.
    NothingToGive,
    /// Another offer that does not stack gives more.
    NotBest {
        /// The better one.
        best: Id,
    },
}

impl WhyNot {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::NotEffective => "offer_not_effective",
            Self::SchemeUnknown => "scheme_unknown",
            Self::SchemeNotEffective => "scheme_not_effective",
            Self::SchemeNotJoined => "scheme_not_joined",
            Self::MerchantNotEffective => "merchant_not_effective",
            Self::MerchantBarsOwn => "merchant_bars_own_customers",
            Self::MerchantBarsOthers => "merchant_bars_other_customers",
            Self::MerchantOtherSchemes => "merchant_limited_to_other_schemes",
            Self::OtherEvent { .. } => "other_event",
            Self::OtherClassification { .. } => "other_classification",
            Self::AwaitsEvaluation => "awaits_evaluation",
            Self::EvaluationOver { .. } => "evaluation_over",
            Self::NotDrawn => "not_drawn",
            Self::NotValid { .. } => "not_valid_on_day",
            Self::NoOccasion => "no_occasion",
            Self::NothingPaid => "nothing_paid",
            Self::Condition { .. } => "condition_failed",
            Self::BelowFrom { .. } => "below_minimum",
            Self::AboveTo { .. } => "above_maximum",
            Self::Progress { .. } => "threshold_not_reached",
            Self::NeedsEarlierAward => "needs_earlier_award",
            Self::AlreadyGiven { .. } => "already_given",
            Self::Withheld { reason } => reason,
            Self::NothingToGive => "nothing_to_give",
            Self::NotBest { .. } => "not_best",
        }
    }
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEffective => f.write_str("the offer is not effective"),
            Self::SchemeUnknown => f.write_str("its scheme does not exist"),
            Self::SchemeNotEffective => f.write_str("its scheme is not effective"),
            Self::SchemeNotJoined => f.write_str("the customer has not joined its scheme"),
            Self::MerchantNotEffective => f.write_str("the merchant of this store is not effective"),
            Self::MerchantBarsOwn => f.write_str("the merchant gives nothing to customers of its own group"),
            Self::MerchantBarsOthers => f.write_str("the merchant gives nothing to customers of other groups"),
            Self::MerchantOtherSchemes => f.write_str("the merchant takes part in other schemes only"),
            Self::OtherEvent { fires_on } => write!(f, "it is for another occasion: {}", fires_on.replace('_', " ")),
            Self::OtherClassification { counts } => write!(f, "it counts other classes: {}", counts.join(", ")),
            Self::AwaitsEvaluation => f.write_str("the next evaluation run decides about it"),
            Self::EvaluationOver { latest } => write!(f, "it is evaluated until {latest}, and no run was before"),
            Self::NotDrawn => f.write_str("the draw did not win"),
            Self::NotValid { day } => write!(f, "it does not hold on {day}"),
            Self::NoOccasion => f.write_str("the day that it is for, such as a birthday, is not near"),
            Self::NothingPaid => f.write_str("no line has an amount"),
            Self::Condition { text } => f.write_str(text),
            Self::BelowFrom { counted, from } => write!(f, "only {counted} counts, and at least {from} is needed"),
            Self::AboveTo { counted, to } => write!(f, "{counted} counts, and at most {to} is allowed"),
            Self::Progress { current, target } => write!(f, "{current} of {target} reached so far"),
            Self::NeedsEarlierAward => f.write_str("another offer has to give something first"),
            Self::AlreadyGiven { times, again: None } => write!(f, "the customer had it {times} times"),
            Self::AlreadyGiven { again: Some(again), .. } => write!(f, "the customer had it already, and may have it again from {again}"),
            Self::Withheld { reason } if reason == "budget_exhausted" => f.write_str("its budget is used up"),
            Self::Withheld { .. } => f.write_str("it was given as often as it may be"),
            Self::NothingToGive => f.write_str("it comes to nothing"),
            Self::NotBest { best } => write!(f, "offer {} gives more, and the two do not stack", best.text(Kind::Program)),
        }
    }
}
