//! Rows of sums that do not say so: their figures equal the rows above, their dates and texts are empty.

use rust_decimal::Decimal;

use super::{Class, Shape, Structure, Walk, classify};
use crate::records::Record;
use crate::values::cell::kind;
use crate::values::{DecimalMark, number};

/// Lines whose figures are the sum of the rows above, of the file or since the last sum.
pub(crate) fn find_sums(body: &[Record], structure: &Structure, mark: DecimalMark) -> Vec<u64> {
    let columns: Vec<usize> = (0..structure.width).filter(|c| structure.shapes[*c] == Shape::Number).collect();
    if columns.is_empty() || structure.dates.is_empty() {
        return Vec::new();
    }
    let mut walk = Walk::default();
    let mut lines = Vec::new();
    // Per column: the sum of the file and the sum since the last row of sums; and the rows in each.
    let mut sums = vec![(Decimal::ZERO, Decimal::ZERO); columns.len()];
    let (mut rows, mut since) = (0_u64, 0_u64);
    for record in body {
        let mut record = record.clone();
        let Class::Data(_) = classify(&mut record, structure, &mut walk) else { continue };
        let value = |c: usize| number::scan(record.get(c)).and_then(|n| n.value(Some(mark)).ok());
        if is_bare(&record, structure) {
            let agrees = |group: bool| {
                let told = columns.iter().enumerate().filter_map(|(i, c)| value(*c).map(|v| (v, sums[i]))).filter(|(v, _)| !v.is_zero());
                let mut matches = told.map(|(v, s)| v == if group { s.1 } else { s.0 }).peekable();
                matches.peek().is_some() && matches.all(|m| m)
            };
            if (rows >= 2 && agrees(false)) || (since >= 2 && agrees(true)) {
                lines.push(record.line);
                for sum in &mut sums {
                    sum.1 = Decimal::ZERO;
                }
                since = 0;
                continue;
            }
        }
        rows += 1;
        since += 1;
        for (i, column) in columns.iter().enumerate() {
            if let Some(value) = value(*column) {
                sums[i].0 = sums[i].0.checked_add(value).unwrap_or_default();
                sums[i].1 = sums[i].1.checked_add(value).unwrap_or_default();
            }
        }
    }
    lines
}

/// Whether a row holds figures and nothing else, and no date.
fn is_bare(record: &Record, structure: &Structure) -> bool {
    structure.dates.iter().all(|d| record.get(*d).trim().is_empty()) && record.filled().all(|(_, c)| kind(c).is_number())
}
