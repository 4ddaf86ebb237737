//! Columns to targets: names, values, neighbours and arithmetic, solved as one assignment (`file-intake.md` 5.4).

mod arithmetic;
mod assign;
mod certain;
mod context;
pub(crate) mod countries;
mod evidence;
mod library;
mod neighbours;
mod remembered;
mod rules;
mod score;
mod states;
mod target;
pub(crate) mod words;

use serde::{Deserialize, Serialize};

pub use remembered::{Mapping, Remembered};
pub use score::Companions;
pub(crate) use score::{Input, Outcome, map};
pub use states::SaleState;
pub use target::Target;

/// At and above this a column is assigned without a question; per mille. Frozen before any evaluation.
pub(crate) const AUTOMATIC: i32 = 750;
/// At and above this a column is proposed as a question; per mille.
pub(crate) const ASK: i32 = 580;

/// What was decided for one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnChoice {
    /// Column, from 0.
    pub index: usize,
    /// Its name in the file, or a position name.
    pub column: String,
    /// The target; `None` leaves the column alone.
    pub target: Option<Target>,
    /// Confidence per mille.
    pub score: i32,
    /// Why.
    pub reason: String,
    /// Assigned without a question.
    pub automatic: bool,
    /// The question to ask, where the choice is not certain.
    pub question: Option<String>,
    /// The next best column for the same target.
    pub runner_up: Option<String>,
    /// Some values of the column.
    pub samples: Vec<String>,
}

/// One of the five ways in which a mapping cannot be used (`commissions.md` 2.1, `com_010`), money of no known currency, or
/// days of no known year.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum MappingProblem {
    /// No Field Mappings.
    #[error("no column is mapped")]
    None,
    /// Too Many Fields.
    #[error("{mapped} columns are mapped, more than the limit of {limit}")]
    TooManyFields {
        /// Mapped columns.
        mapped: usize,
        /// The limit.
        limit: usize,
    },
    /// Duplicate Mappings.
    #[error("two columns are mapped to {}", .0.name())]
    Duplicate(Target),
    /// Can't Date Transactions.
    #[error("no column is mapped to the date of the sale")]
    NoDate,
    /// Can't Credit Transactions.
    #[error("neither an owner nor a team or territory is mapped, so nobody can be credited")]
    NoCredit,
    /// Amounts carry a sign that several currencies share, and none of them is the one that would be assumed.
    #[error("`{0}` is the sign of several currencies; say which one it is")]
    Currency(String),
    /// The days of the sale are written without a year, and the file does not say which.
    #[error("the days in `{0}` are written without a year; say which one it is")]
    Year(String),
}

impl MappingProblem {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::None => "mapping.none",
            Self::TooManyFields { .. } => "mapping.too_many_fields",
            Self::Duplicate(_) => "mapping.duplicate",
            Self::NoDate => "mapping.no_date",
            Self::NoCredit => "mapping.no_credit",
            Self::Currency(_) => "mapping.currency",
            Self::Year(_) => "mapping.year",
        }
    }
}

/// Checks the targets of a mapping, one per column.
pub(crate) fn problems(targets: &[Option<Target>], limit: Option<usize>) -> Vec<MappingProblem> {
    let mapped: Vec<Target> = targets.iter().flatten().copied().collect();
    if mapped.is_empty() {
        return vec![MappingProblem::None];
    }
    let mut out = Vec::new();
    if let Some(limit) = limit.filter(|l| mapped.len() > *l) {
        out.push(MappingProblem::TooManyFields { mapped: mapped.len(), limit });
    }
    for target in Target::ALL {
        if mapped.iter().filter(|t| *t == target).count() > 1 {
            out.push(MappingProblem::Duplicate(*target));
        }
    }
    if !mapped.contains(&Target::Date) {
        out.push(MappingProblem::NoDate);
    }
    let credits = [Target::Owner, Target::Owner2, Target::Owner3, Target::Team, Target::Team2, Target::Team3, Target::Territory];
    if !mapped.iter().any(|t| credits.contains(t)) {
        out.push(MappingProblem::NoCredit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn com_010_the_five_mapping_errors_are_told_apart() {
        let codes = |targets: &[Option<Target>], limit| problems(targets, limit).iter().map(MappingProblem::code).collect::<Vec<_>>();
        assert_eq!(codes(&[None, None], None), ["mapping.none"]);
        assert_eq!(codes(&[Some(Target::Date), Some(Target::Owner)], Some(1)), ["mapping.too_many_fields"]);
        assert_eq!(codes(&[Some(Target::Date), Some(Target::Owner), Some(Target::Owner)], None), ["mapping.duplicate"]);
        assert_eq!(codes(&[Some(Target::Owner)], None), ["mapping.no_date"]);
        assert_eq!(codes(&[Some(Target::Date)], None), ["mapping.no_credit"]);
        assert!(codes(&[Some(Target::Date), Some(Target::Territory)], None).is_empty());
    }
}
