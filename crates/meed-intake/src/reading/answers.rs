//! What only a person can say about a file: who sold all of it, what its status words mean, which year its days are of.

use serde::{Deserialize, Serialize};

use super::{Reading, Warning, detect, words};
use crate::hints::Hints;
use crate::mapping::{MappingProblem, SaleState, Target};
use crate::rows::YearlessColumn;
use crate::values::yearless::Years;

/// Answers of a person. What is `None` or not named stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Who sold the rows that name no rep, by an alias; empty for nobody.
    pub owner: Option<String>,
    /// What words of the status column mean; `None` keeps a word as it is written.
    pub statuses: Vec<(String, Option<SaleState>)>,
    /// The year of days that are written without one.
    pub year: Option<i16>,
}

/// When days without a year are, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownYears {
    pub(crate) years: Years,
    /// The line above the table that states it; `None` where a person said it.
    pub(crate) line: Option<u64>,
}

/// The days of the sale are written without a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearQuestion {
    /// Name of the column.
    pub column: String,
    /// What is taken for them: `2026`, or the first and last day of a period; `None` while it is open.
    pub taken: Option<String>,
    /// The line that states it; `None` where a person said it or nobody.
    pub line: Option<u64>,
    /// The year that the file's name holds, as a proposal.
    pub proposed: Option<i16>,
}

/// Who sold the rows that name no rep, before a person is asked: as with the last file of this layout, else as the source says.
pub(super) fn owner_of(hints: &Hints) -> Option<String> {
    let remembered = hints.remembered.as_ref().and_then(|memory| memory.owner.as_ref());
    remembered.or(hints.owner.as_ref()).map(|owner| owner.trim().to_owned()).filter(|owner| !owner.is_empty())
}

impl Reading {
    /// The same file with what a person said about it.
    #[must_use]
    pub fn answered(&self, answers: &Answers) -> Self {
        let mut out = self.clone();
        if let Some(owner) = &answers.owner {
            out.owner = Some(owner.trim().to_owned()).filter(|owner| !owner.is_empty());
        }
        words::choose(&mut out, &answers.statuses);
        if let Some(years) = answers.year.and_then(Years::of) {
            out.years = Some(KnownYears { years, line: None });
        }
        detect::settle(&mut out);
        out
    }

    /// Who sold the rows that name no rep, by an alias.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Whether a column names the rep.
    pub fn names_owner(&self) -> bool {
        [Target::Owner, Target::Owner2, Target::Owner3].into_iter().any(|target| self.column_of(target).is_some())
    }

    /// The words of the status column with their states, the commonest first; none where no column is the status or where
    /// it has too many different words.
    pub fn statuses(&self) -> &[super::StatusWord] {
        let column = self.column_of(Target::Status);
        self.words.iter().find(|words| Some(words.column) == column).map_or(&[], |words| words.all())
    }

    /// What is open or assumed about days without a year.
    pub fn year_question(&self) -> Option<YearQuestion> {
        let (column, _) = self.yearless_date()?;
        Some(YearQuestion {
            column: self.names.get(column)?.clone(),
            taken: self.years.map(|known| known.years.text()),
            line: self.years.and_then(|known| known.line),
            proposed: self.year_proposed,
        })
    }

    /// The year that a person said.
    pub fn year_said(&self) -> Option<i16> {
        self.years.filter(|known| known.line.is_none()).and_then(|known| known.years.year())
    }

    fn yearless_date(&self) -> Option<(usize, YearlessColumn)> {
        let column = self.column_of(Target::Date)?;
        Some((column, self.readings.get(column)?.yearless?))
    }

    /// Whether the answers that this file needs are there.
    pub(super) fn settle_problems(&self, problems: &mut Vec<MappingProblem>) {
        if self.owner.is_some() {
            problems.retain(|problem| *problem != MappingProblem::NoCredit);
        }
        if let Some((column, yearless)) = self.yearless_date()
            && yearless.mostly
            && self.years.is_none()
        {
            problems.push(MappingProblem::Year(self.names.get(column).cloned().unwrap_or_default()));
        }
    }
}

/// Says anew what depends on answers.
pub(super) fn warn(reading: &mut Reading) {
    const CODES: [&str; 4] = ["status.unknown", "status.many", "date.no_year", "date.year_assumed"];
    reading.warnings.retain(|warning| !CODES.contains(&warning.code.as_str()));
    words::warn(reading);
    let Some((column, yearless)) = reading.yearless_date() else { return };
    let name = reading.names.get(column).cloned().unwrap_or_default();
    let warning = match reading.years {
        None => {
            let text = format!("`{name}` has days without a year; say which year it is, or these rows are not loaded");
            Warning::new("date.no_year", Some(yearless.line), text)
        }
        Some(KnownYears { years, line: Some(line) }) => {
            let text = format!("`{name}` is written without a year; {} was taken, as line {line} above the table states it", years.text());
            Warning::new("date.year_assumed", Some(yearless.line), text)
        }
        Some(KnownYears { line: None, .. }) => return,
    };
    reading.warnings.push(warning);
}
