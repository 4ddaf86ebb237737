//! Steps: how a reward comes about, one after another, each with its amount.

use std::fmt;

use crate::crediting::explanation::shown;
use crate::money::Exact;

/// What a step is. Words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// What a rule's credits come to.
    Credits,
    /// What a rule loses because its gate was not reached.
    Gate,
    /// What a multiplier adds or takes.
    Multiplier,
    /// A bonus.
    Bonus,
    /// What a decelerator takes.
    Decelerator,
    /// What a cap takes.
    Cap,
    /// What a floor adds.
    Floor,
    /// What was paid before.
    Deduction,
    /// What is carried to a later period because the result is negative.
    Carried,
    /// What is withheld here and paid later.
    Withheld,
    /// What is paid in later instalments.
    Deferred,
    /// What is taken back for a sale that ended early.
    Clawback,
    /// What a person added or took.
    Adjustment,
    /// An advance.
    DrawAdvance,
    /// A repayment of advances.
    DrawRepayment,
    /// An advance that was cleared.
    DrawCleared,
    /// What a guarantee adds.
    Guarantee,
    /// What rounding adds or takes.
    Rounding,
    /// Said for information; its amount is 0.
    Note,
}

impl StepKind {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Credits => "credits",
            Self::Gate => "gate",
            Self::Multiplier => "multiplier",
            Self::Bonus => "bonus",
            Self::Decelerator => "decelerator",
            Self::Cap => "cap",
            Self::Floor => "floor",
            Self::Deduction => "deduction",
            Self::Carried => "carried",
            Self::Withheld => "withheld",
            Self::Deferred => "deferred",
            Self::Clawback => "clawback",
            Self::Adjustment => "adjustment",
            Self::DrawAdvance => "draw_advance",
            Self::DrawRepayment => "draw_repayment",
            Self::DrawCleared => "draw_cleared",
            Self::Guarantee => "guarantee",
            Self::Rounding => "rounding",
            Self::Note => "note",
        }
    }
}

/// One step from the credits to what is paid. The amounts of all steps sum to the lines that are due in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// The rule, bonus or limit, for people.
    pub label: String,
    /// The figures that it was made of, by name, as they stood.
    pub inputs: Vec<(String, String)>,
    /// What it adds, unrounded; negative where it takes.
    pub amount: Exact,
}

impl Step {
    /// A step without figures.
    #[must_use]
    pub fn new(kind: StepKind, label: impl Into<String>, amount: Exact) -> Self {
        Self { kind, label: label.into(), inputs: Vec::new(), amount }
    }

    /// The same step with a figure.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.inputs.push((name.to_owned(), value.to_string()));
        self
    }

    /// The same step with an amount among its figures, as people read it.
    #[must_use]
    pub fn with_amount(self, name: &str, value: Exact) -> Self {
        self.with(name, shown(value))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.label, shown(self.amount))?;
        if !self.inputs.is_empty() {
            let inputs: Vec<String> = self.inputs.iter().map(|(name, value)| format!("{name} {value}")).collect();
            write!(f, " ({})", inputs.join(", "))?;
        }
        Ok(())
    }
}
