//! Rows of sums that do not say so: their figures equal the rows above, their dates and texts are empty.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Class, Shape, Structure, Walk, classify};
use crate::records::Record;
use crate::values::cell::kind;
use crate::values::{DecimalMark, number};

/// Number columns that are added up at most.
const ADDED: usize = 12;

/// Running sums over the rows, of the file and since the last row of sums.
pub(crate) struct Sums {
    columns: Vec<usize>,
    /// Per column: the sum of the file and the sum since the last row of sums.
    running: Vec<(Decimal, Decimal)>,
    rows: u64,
    since: u64,
    mark: DecimalMark,
}

impl Sums {
    /// Nothing added yet; `None` where no row could be told to be a sum.
    pub(crate) fn new(structure: &Structure, mark: DecimalMark) -> Option<Self> {
        let columns: Vec<usize> = (0..structure.width).filter(|c| structure.shapes[*c] == Shape::Number).take(ADDED).collect();
        if columns.is_empty() || structure.dates.is_empty() {
            return None;
        }
        let running = vec![(Decimal::ZERO, Decimal::ZERO); columns.len()];
        Some(Self { columns, running, rows: 0, since: 0, mark })
    }

    /// Adds a row, or says that it is the sum of the rows above.
    pub(crate) fn is_sum(&mut self, record: &Record, structure: &Structure) -> bool {
        let value = |c: usize| number::scan(record.get(c)).and_then(|n| n.value(Some(self.mark)).ok());
        let values: Vec<Option<Decimal>> = self.columns.iter().map(|c| value(*c)).collect();
        if is_bare(record, structure) {
            let agrees = |group: bool| {
                let told = values.iter().zip(&self.running).filter_map(|(v, s)| v.map(|v| (v, s))).filter(|(v, _)| !v.is_zero());
                let mut matches = told.map(|(v, s)| v == if group { s.1 } else { s.0 }).peekable();
                matches.peek().is_some() && matches.all(|m| m)
            };
            if (self.rows >= 2 && agrees(false)) || (self.since >= 2 && agrees(true)) {
                for sum in &mut self.running {
                    sum.1 = Decimal::ZERO;
                }
                self.since = 0;
                return true;
            }
        }
        self.rows += 1;
        self.since += 1;
        for (sum, value) in self.running.iter_mut().zip(values) {
            if let Some(value) = value {
                sum.0 = sum.0.checked_add(value).unwrap_or_default();
                sum.1 = sum.1.checked_add(value).unwrap_or_default();
            }
        }
        false
    }
}

/// What a row of totals says, beside what the rows above it add up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    /// Its line.
    pub(crate) line: u64,
    /// What it says of each column.
    pub(crate) columns: Vec<Told>,
}

/// What a row of totals says of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) column: usize,
    /// Decimal text.
    pub(crate) stated: String,
    /// What the rows add up to: those of the file, or of the group if that is what the row says.
    pub(crate) sum: String,
    pub(crate) agrees: bool,
}

impl Sums {
    /// Takes a row that calls itself a total: what it says is kept to be compared, and a new group begins.
    pub(crate) fn told(&mut self, record: &Record) -> Totals {
        let mut columns = Vec::new();
        for (column, (file, group)) in self.columns.iter().zip(&mut self.running) {
            if let Some(told) = number::scan(record.get(*column)).and_then(|n| n.value(Some(self.mark)).ok()) {
                let sum = if told == *group { *group } else { *file };
                columns.push(Told { column: *column, stated: told.to_string(), sum: sum.to_string(), agrees: told == sum });
            }
            *group = Decimal::ZERO;
        }
        self.since = 0;
        Totals { line: record.line, columns }
    }
}

/// Lines of the first records whose figures are the sum of the rows above.
pub(crate) fn find_sums(body: &[Record], structure: &Structure, mark: DecimalMark) -> Vec<u64> {
    let Some(mut sums) = Sums::new(structure, mark) else { return Vec::new() };
    let mut walk = Walk::default();
    let mut lines = Vec::new();
    for record in body {
        let mut record = record.clone();
        let Class::Data(_) = classify(&mut record, structure, &mut walk) else { continue };
        if sums.is_sum(&record, structure) {
            lines.push(record.line);
        }
    }
    lines
}

/// Whether a row holds figures and nothing else, and no date.
fn is_bare(record: &Record, structure: &Structure) -> bool {
    structure.dates.iter().all(|d| record.get(*d).trim().is_empty()) && record.filled().all(|(_, c)| kind(c).is_number())
}
