//! A file understood: every decision from bytes to columns, storable, correctable, and the way to its rows.

mod answers;
mod decide;
mod detect;
mod report;
mod survey;
mod words;

use std::io::{Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use answers::{Answers, YearQuestion};
pub use report::{Report, summary};
pub use words::StatusWord;

use answers::KnownYears;
use words::ColumnWords;

use crate::encoding::Encoding;
use crate::error::IntakeError;
use crate::hints::{Hints, Limits};
use crate::mapping::{self, ColumnChoice, Companions, Mapping, MappingProblem, SaleState, Target};
use crate::records::{Dialect, RecordReader};
use crate::rows::{ColumnReading, Converter, Plan, Position, Rows};
use crate::source::Source;
use crate::structure::{SkipReason, Structure, Totals};
use crate::values::{DateOrder, DecimalMark};
use crate::xlsx;

/// A doubt or a remark about the file, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable code.
    pub code: String,
    /// Line, from 1, where there is one.
    pub line: Option<u64>,
    /// In words.
    pub text: String,
}

impl Warning {
    pub(crate) fn new(code: &str, line: Option<u64>, text: impl Into<String>) -> Self {
        Self { code: code.into(), line, text: text.into() }
    }
}

/// A record that is not loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Line, from 1.
    pub line: u64,
    /// Why.
    pub reason: SkipReason,
    /// The beginning of its text.
    pub text: String,
}

/// The file's own total of its revenue, beside the sum of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TotalCheck {
    /// Line of the total, from 1.
    pub line: u64,
    /// Name of the column.
    pub column: String,
    /// What the total says, as decimal text.
    pub told: String,
    /// What the rows add up to.
    pub sum: String,
    /// Whether they are the same.
    pub agrees: bool,
}

/// How rows are told apart for updates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowKey {
    /// Columns of the key, from 0.
    pub columns: Vec<usize>,
    /// Ids repeat per line, so the key carries the number of the line within its record.
    pub line_number: bool,
}

/// The exact layout of a file: header names in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Header texts in order.
    pub headers: Vec<String>,
}

impl Layout {
    /// Whether names and order are exactly the same (`com_011`).
    pub fn matches(&self, other: &Self) -> bool {
        self.headers.len() == other.headers.len() && self.headers.iter().zip(&other.headers).all(|(a, b)| a.trim() == b.trim())
    }
}

/// Everything that was decided about a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reading {
    pub(crate) workbook: Option<xlsx::Sheet>,
    pub(crate) size: u64,
    pub(crate) encoding: Encoding,
    pub(crate) encoding_confidence: i32,
    pub(crate) encoding_reason: String,
    pub(crate) encoding_runner_up: Option<String>,
    pub(crate) bom: u64,
    pub(crate) dialect: Dialect,
    pub(crate) dialect_confidence: i32,
    pub(crate) dialect_reason: String,
    pub(crate) structure: Structure,
    pub(crate) first_line: Option<u64>,
    pub(crate) rows: u64,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) skipped_count: u64,
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<ColumnChoice>,
    pub(crate) companions: Companions,
    pub(crate) readings: Vec<ColumnReading>,
    pub(crate) date_order: Option<DateOrder>,
    pub(crate) decimal: Option<DecimalMark>,
    pub(crate) signs: Vec<(String, String)>,
    pub(crate) currency: Option<String>,
    /// Columns with a shared sign that cannot mean the currency that would be assumed.
    #[serde(default)]
    pub(crate) unsettled: Vec<(usize, String)>,
    /// The last row that calls itself a total.
    #[serde(default)]
    pub(crate) totals: Option<Totals>,
    pub(crate) zone: Option<String>,
    pub(crate) today: Option<jiff::civil::Date>,
    pub(crate) key: Option<RowKey>,
    pub(crate) inherits: Vec<usize>,
    /// Who sold the rows that name no rep.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    /// Words of the columns that have few.
    #[serde(default)]
    words: Vec<ColumnWords>,
    /// States of words by former imports of this layout.
    #[serde(default)]
    known_states: Option<BTreeMap<String, Option<SaleState>>>,
    /// When days without a year are.
    #[serde(default)]
    years: Option<KnownYears>,
    /// The year that the file's name holds, where one is needed.
    #[serde(default)]
    year_proposed: Option<i16>,
    pub(crate) mapping: Mapping,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) limits: Limits,
}

impl Reading {
    /// Examines a file: its encoding, dialect and table, the meaning of its columns and how their cells are written.
    pub fn detect<R: Read + Seek>(reader: &mut R, hints: &Hints) -> Result<Self, IntakeError> {
        detect::detect(reader, hints)
    }

    /// The report of `import --dry-run --json`.
    pub fn report(&self) -> Report {
        Report::of(self)
    }

    /// Header texts in order; empty where a column has no name.
    pub fn headers(&self) -> &[String] {
        &self.structure.headers
    }

    /// Usable names: `Column 3` for the unnamed, `Name #2` for repeats.
    pub fn column_names(&self) -> &[String] {
        &self.names
    }

    /// Names and order of the columns.
    pub fn layout(&self) -> Layout {
        Layout { headers: self.structure.headers.clone() }
    }

    /// Key of the layout: the same for the same header set in any order.
    pub fn layout_fingerprint(&self) -> String {
        self.mapping.fingerprint.clone()
    }

    /// What is to be remembered after a completed import.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The choice for every column.
    pub fn columns(&self) -> &[ColumnChoice] {
        &self.columns
    }

    /// ISO code of amounts that name no currency, where the source or a person said it.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Whether the rows add up to the total that the file states, where it states one for the revenue.
    pub fn total(&self) -> Option<TotalCheck> {
        let totals = self.totals.as_ref()?;
        let revenue = self.column_of(Target::Revenue)?;
        let of = totals.columns.iter().find(|told| told.column == revenue)?;
        let column = self.names.get(revenue)?.clone();
        Some(TotalCheck { line: totals.line, column, told: of.stated.clone(), sum: of.sum.clone(), agrees: of.agrees })
    }

    /// Doubts and remarks.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Data rows after exclusion.
    pub fn row_count(&self) -> u64 {
        self.rows
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Lines that are not loaded: at most the first thousand, and how many there are.
    pub fn skipped(&self) -> (&[Skipped], u64) {
        (&self.skipped, self.skipped_count)
    }

    /// How rows are told apart.
    pub fn key(&self) -> Option<&RowKey> {
        self.key.as_ref()
    }

    /// Column of a target.
    pub fn column_of(&self, target: Target) -> Option<usize> {
        self.columns.iter().find(|c| c.target == Some(target)).map(|c| c.index)
    }

    /// The mapping errors that keep the file from being loaded.
    pub fn problems(&self) -> Vec<MappingProblem> {
        let targets: Vec<Option<Target>> = self.columns.iter().map(|c| c.target).collect();
        let mut problems = mapping::problems(&targets, self.limits.mapped_columns);
        let is_open = |column: &usize| self.columns.get(*column).and_then(|c| c.target).is_some_and(Target::is_money);
        if !targets.contains(&Some(Target::Currency)) {
            let open = self.unsettled.iter().find(|(column, _)| is_open(column));
            problems.extend(open.map(|(_, sign)| MappingProblem::Currency(sign.clone())));
        }
        self.settle_problems(&mut problems);
        problems
    }

    /// Whether the mapping step may be skipped: date, revenue and an id or a customer are certain, and nothing is asked.
    pub fn is_certain(&self) -> bool {
        let sure = |target| self.columns.iter().any(|c| c.target == Some(target) && c.automatic);
        let customer = [Target::UniqueId, Target::CustomerName, Target::CustomerEmail, Target::CustomerCode];
        sure(Target::Date) && sure(Target::Revenue) && customer.into_iter().any(sure) && self.columns.iter().all(|c| c.question.is_none())
    }

    /// The same file with columns mapped by a person; `None` leaves a column alone.
    #[must_use]
    pub fn with_overrides(&self, overrides: &[(usize, Option<Target>)]) -> Self {
        let mut out = self.clone();
        for (index, target) in overrides {
            if let Some(choice) = out.columns.get_mut(*index) {
                choice.target = *target;
                choice.score = 1000;
                choice.automatic = true;
                choice.question = None;
                choice.reason = "chosen by a person".into();
            }
        }
        detect::settle(&mut out);
        out
    }

    /// The rows of the file, from the start or from a position. `reader` must hold the file that was examined.
    pub fn rows<R: Read + Seek>(&self, mut reader: R, from: Option<&Position>) -> Result<Rows<'_, R>, IntakeError> {
        if reader.seek(SeekFrom::End(0))? != self.size {
            return Err(IntakeError::Changed);
        }
        let source = match &self.workbook {
            Some(sheet) => Source::Sheet(xlsx::text_of(&mut reader, Some(sheet), &self.limits)?.text),
            None => Source::File(reader),
        };
        let make = |source| {
            RecordReader::new(source, &self.encoding, self.dialect, self.limits.line_bytes, self.limits.columns)
                .with_width(self.structure.width)
                .counting_records(self.workbook.is_some())
        };
        let plan = Plan {
            bom: self.bom,
            can_seek: self.encoding.raw_len(b"").is_some(),
            structure: &self.structure,
            converter: self.converter(),
            inherits: self.inherits.clone(),
        };
        Rows::start(source, plan, make, from)
    }

    fn converter(&self) -> Converter {
        Converter {
            targets: self.columns.iter().filter_map(|c| c.target.map(|t| (c.index, t))).collect(),
            columns: self.readings.clone(),
            companions: self.companions,
            zone: self.zone.as_deref().and_then(|z| jiff::tz::TimeZone::get(z).ok()),
            near: self.today,
            currency: self.currency.clone(),
            signs: self.signs.clone(),
            owner: self.owner.clone(),
            states: words::states(self),
            years: self.years.map(|known| known.years),
        }
    }
}
