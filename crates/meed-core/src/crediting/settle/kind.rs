//! The kinds of reward lines.

use std::fmt;

/// What a reward line is. Codes and words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RewardKind {
    /// What the rules credit.
    #[default]
    Commission,
    /// A bonus of the program.
    Bonus,
    /// What a recoverable draw adds to earnings below it; owed afterwards.
    DrawAdvance,
    /// What is kept from a surplus to repay advances.
    DrawRepayment,
    /// An advance that need not be repaid any more.
    DrawCleared,
    /// What a guarantee or a non-recoverable draw adds to earnings below it.
    Guarantee,
    /// What was paid before for the same span of time.
    Deduction,
    /// What is withheld until its time or condition.
    Holdback,
    /// A part of what is paid in several periods.
    Instalment,
    /// What is taken back for a sale of an earlier period.
    Clawback,
    /// What a person added or took.
    Adjustment,
    /// A negative result that is carried to a later period, or brought from an earlier one: the sum is what is left.
    Carried,
}

impl RewardKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Commission,
        Self::Bonus,
        Self::DrawAdvance,
        Self::DrawRepayment,
        Self::DrawCleared,
        Self::Guarantee,
        Self::Deduction,
        Self::Holdback,
        Self::Instalment,
        Self::Clawback,
        Self::Adjustment,
        Self::Carried,
    ];

    /// Stored code.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Commission => 1,
            Self::Bonus => 2,
            Self::DrawAdvance => 3,
            Self::DrawRepayment => 4,
            Self::DrawCleared => 5,
            Self::Guarantee => 6,
            Self::Deduction => 7,
            Self::Holdback => 8,
            Self::Instalment => 9,
            Self::Clawback => 10,
            Self::Adjustment => 11,
            Self::Carried => 12,
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Commission => "commission",
            Self::Bonus => "bonus",
            Self::DrawAdvance => "draw_advance",
            Self::DrawRepayment => "draw_repayment",
            Self::DrawCleared => "draw_cleared",
            Self::Guarantee => "guarantee",
            Self::Deduction => "deduction",
            Self::Holdback => "holdback",
            Self::Instalment => "instalment",
            Self::Clawback => "clawback",
            Self::Adjustment => "adjustment",
            Self::Carried => "carried",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The words for people, as the rewards file shows them.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Commission => "Commission",
            Self::Bonus => "Bonus",
            Self::DrawAdvance => "Draw advance",
            Self::DrawRepayment => "Draw repayment",
            Self::DrawCleared => "Draw cleared",
            Self::Guarantee => "Guarantee",
            Self::Deduction => "Deduction",
            Self::Holdback => "Holdback",
            Self::Instalment => "Instalment",
            Self::Clawback => "Clawback",
            Self::Adjustment => "Adjustment",
            Self::Carried => "Carried over",
        }
    }

    /// Whether it moves the payee's draw balance: the sum of these amounts is what is owed.
    #[must_use]
    pub const fn moves_draw(self) -> bool {
        matches!(self, Self::DrawAdvance | Self::DrawRepayment)
    }
}

impl fmt::Display for RewardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
