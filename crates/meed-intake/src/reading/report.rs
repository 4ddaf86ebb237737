//! The decisions as JSON and as text.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Layout, Reading, RowKey, StatusWord, TotalCheck, Warning, detect};
use crate::mapping::{Companions, SaleState};
use crate::values::{DateOrder, DecimalMark};

/// What `meed import --dry-run --json` prints.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Lower-case name.
    pub encoding: String,
    /// How cells are separated and enclosed.
    pub dialect: DialectReport,
    /// Where the table is.
    pub table: TableReport,
    /// One entry per column.
    pub mapping: Vec<ColumnReport>,
    /// How values are written.
    pub values: ValuesReport,
    /// Who sold the rows that name no rep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Doubts and remarks.
    pub warnings: Vec<Warning>,
    /// What keeps the file from being loaded as it is.
    pub problems: Vec<ProblemReport>,
    /// How rows are told apart.
    pub key: Option<RowKey>,
    /// Columns that serve another one.
    pub companions: Companions,
    /// Key of the layout.
    pub layout_fingerprint: String,
    /// Names and order of the columns.
    pub layout: Layout,
    /// Why the encoding was chosen, and how sure that is.
    pub encoding_detail: Detail,
    /// Why the dialect was chosen, and how sure that is.
    pub dialect_detail: Detail,
}

/// Dialect.
#[derive(Clone, Debug, Serialize)]
pub struct DialectReport {
    /// One character.
    pub delimiter: String,
    /// One character, or none.
    pub quote: Option<String>,
}

/// Table.
#[derive(Clone, Debug, Serialize)]
pub struct TableReport {
    /// Line of the header, from 1.
    pub header_row: Option<u64>,
    /// Line of the first data row, from 1.
    pub first_row: Option<u64>,
    /// Data rows after exclusion.
    pub rows: u64,
    /// Lines that are not loaded.
    pub skipped: Vec<SkippedReport>,
    /// How many lines are not loaded; the list names the first thousand.
    pub skipped_count: u64,
    /// The file's own total, compared with the sum of its rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<TotalCheck>,
    /// Sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

/// A line that is not loaded.
#[derive(Clone, Debug, Serialize)]
pub struct SkippedReport {
    /// Line, from 1.
    pub line: u64,
    /// Why.
    pub reason: &'static str,
    /// Its beginning.
    pub text: String,
}

/// One column.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnReport {
    /// From 0.
    pub index: usize,
    /// Name.
    pub column: String,
    /// Target, or none.
    pub target: Option<&'static str>,
    /// 0 to 1.
    pub score: f64,
    /// Why.
    pub reason: String,
    /// Assigned without a question.
    pub automatic: bool,
    /// What to ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The next best column for the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<String>,
    /// Some values.
    pub samples: Vec<String>,
}

/// How values are written.
#[derive(Clone, Debug, Serialize)]
pub struct ValuesReport {
    /// `year_first`, `day_first` or `month_first`.
    pub date_order: Option<DateOrder>,
    /// `.` or `,`.
    pub decimal: Option<DecimalMark>,
    /// The year of days that are written without one, or the period that gives them theirs; null while it is open. Absent
    /// where all days have a year.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<Option<String>>,
    /// What the words of the status column mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<StatusReport>,
}

/// A word of the status column.
#[derive(Clone, Debug, Serialize)]
pub struct StatusReport {
    /// As it is written.
    pub word: String,
    /// Rows that say it.
    pub rows: u64,
    /// The state that it means; null where it is kept as it is written.
    pub state: Option<&'static str>,
    /// Why.
    pub reason: String,
}

impl From<&StatusWord> for StatusReport {
    fn from(word: &StatusWord) -> Self {
        Self { word: word.word.clone(), rows: word.rows, state: word.state.map(SaleState::word), reason: word.reason.clone() }
    }
}

/// A mapping problem.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemReport {
    /// Stable code.
    pub code: &'static str,
    /// In words.
    pub text: String,
}

/// Why, and how sure.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    /// 0 to 1.
    pub confidence: f64,
    /// Why.
    pub reason: String,
    /// The next best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<String>,
}

/// Per mille as a share of one, for JSON only.
#[allow(clippy::float_arithmetic)]
fn share(permille: i32) -> f64 {
    f64::from(permille) / 1000.0
}

impl Report {
    pub(super) fn of(reading: &Reading) -> Self {
        let (delimiter, quote) = detect::reported(&reading.dialect);
        Self {
            encoding: reading.encoding.name(),
            dialect: DialectReport { delimiter, quote },
            table: TableReport {
                header_row: reading.structure.header_line,
                first_row: reading.first_line,
                rows: reading.rows,
                skipped: reading
                    .skipped
                    .iter()
                    .map(|s| SkippedReport { line: s.line, reason: s.reason.name(), text: s.text.clone() })
                    .collect(),
                skipped_count: reading.skipped_count,
                total: reading.total(),
                sheet: reading.workbook.as_ref().map(|s| s.name.clone()),
            },
            mapping: reading
                .columns
                .iter()
                .map(|c| ColumnReport {
                    index: c.index,
                    column: c.column.clone(),
                    target: c.target.map(crate::Target::name),
                    score: share(c.score),
                    reason: c.reason.clone(),
                    automatic: c.automatic,
                    question: c.question.clone(),
                    runner_up: c.runner_up.clone(),
                    samples: c.samples.clone(),
                })
                .collect(),
            values: ValuesReport {
                date_order: reading.date_order,
                decimal: reading.decimal,
                year: reading.year_question().map(|question| question.taken),
                statuses: reading.statuses().iter().map(StatusReport::from).collect(),
            },
            owner: reading.owner.clone(),
            warnings: reading.warnings.clone(),
            problems: reading.problems().into_iter().map(|p| ProblemReport { code: p.code(), text: p.to_string() }).collect(),
            key: reading.key.clone(),
            companions: reading.companions,
            layout_fingerprint: reading.layout_fingerprint(),
            layout: reading.layout(),
            encoding_detail: Detail {
                confidence: share(reading.encoding_confidence),
                reason: reading.encoding_reason.clone(),
                runner_up: reading.encoding_runner_up.clone(),
            },
            dialect_detail: Detail {
                confidence: share(reading.dialect_confidence),
                reason: reading.dialect_reason.clone(),
                runner_up: None,
            },
        }
    }
}

/// The decisions as a text for the command line.
pub fn summary(reading: &Reading) -> String {
    let mut out = String::new();
    let delimiter = match reading.dialect.delimiter {
        '\t' => "tab".to_owned(),
        c => format!("`{c}`"),
    };
    let _ = writeln!(out, "encoding {} ({}), delimiter {delimiter}", reading.encoding.name(), reading.encoding_reason);
    let header = reading.structure.header_line.map_or_else(|| "no header".to_owned(), |l| format!("header on line {l}"));
    let _ = writeln!(out, "{header}, {} rows, {} other lines left out", reading.rows, reading.skipped_count);
    for choice in &reading.columns {
        if let Some(target) = choice.target {
            let mark = if choice.automatic { "" } else { " ?" };
            let _ = writeln!(out, "  {:<28} → {}{mark}  ({})", choice.column, target.name(), choice.reason);
        }
    }
    if let Some(owner) = reading.owner() {
        let which = if reading.names_owner() { "rows that name no rep" } else { "everything in it" };
        let _ = writeln!(out, "  {which:<28} → owner {owner}");
    }
    for word in reading.statuses() {
        let state = word.state.map_or("as it is written", SaleState::word);
        let _ = writeln!(out, "  status {:<21} → {state}  ({}; rows: {})", word.word, word.reason, word.rows);
    }
    if let Some(total) = reading.total().filter(|total| total.agrees) {
        let _ = writeln!(out, "total agrees: {} (line {})", total.told, total.line);
    }
    for warning in &reading.warnings {
        let line = warning.line.map_or_else(String::new, |l| format!(" line {l}"));
        let _ = writeln!(out, "! {}{line}: {}", warning.code, warning.text);
    }
    for problem in reading.problems() {
        let _ = writeln!(out, "✗ {}: {problem}", problem.code());
    }
    out
}
