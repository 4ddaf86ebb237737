//! Tells data rows from labels, totals, repeated headers, notes and other tables, one record at a time.

use super::{SkipReason, Structure, Walk, lone_label, repair};
use crate::records::Record;
use crate::values::cell::kind;
use crate::values::words::{fold, is_total};

/// What a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A row to load, perhaps repaired (then with the reason).
    Data(Option<String>),
    /// A record that is not a row.
    Skip(SkipReason),
    /// A row that cannot be read: its cells do not stand under their columns.
    Ragged,
}

/// Classifies a record and brings a data row to the table's width.
pub(crate) fn classify(record: &mut Record, structure: &Structure, walk: &mut Walk) -> Class {
    if record.is_blank() || record.filled().next().is_none() {
        walk.after_blank = true;
        return Class::Skip(SkipReason::Blank);
    }
    let class = classify_filled(record, structure, walk);
    if matches!(class, Class::Data(_)) {
        walk.after_blank = false;
    }
    class
}

fn classify_filled(record: &mut Record, structure: &Structure, walk: &mut Walk) -> Class {
    if is_header_again(record, structure) {
        walk.other_table = false;
        return Class::Skip(SkipReason::RepeatedHeader);
    }
    if walk.other_table {
        return Class::Skip(SkipReason::OtherTable);
    }
    if structure.sums.binary_search(&record.line).is_ok() || is_total_row(record, structure) {
        return Class::Skip(SkipReason::Total);
    }
    if let Some(column) = structure.group
        && let Some(label) = group_label(record, structure, column)
    {
        walk.group = Some(label);
        return Class::Skip(SkipReason::Group);
    }
    if structure.width >= 3 && lone_label(record).is_some_and(|(_, text)| !kind(text).is_number() || record.len() != structure.width) {
        return Class::Skip(SkipReason::Footer);
    }
    if walk.after_blank && starts_other_table(record, structure) {
        walk.other_table = true;
        return Class::Skip(SkipReason::OtherTable);
    }
    if record.len() == structure.width {
        return Class::Data(None);
    }
    if (walk.after_blank && !looks_like_row(record, structure)) || counts_records(record, structure) {
        return Class::Skip(SkipReason::Footer);
    }
    repair::to_width(record, structure)
}

fn is_header_again(record: &Record, structure: &Structure) -> bool {
    structure.header_line.is_some()
        && record.len() >= 2
        && record.len() == structure.repeated.len()
        && record.iter().zip(&structure.repeated).all(|(cell, header)| cell.trim() == header)
        && record.filled().count() >= 2
}

/// A row that begins with a total word while its dates are empty.
fn is_total_row(record: &Record, structure: &Structure) -> bool {
    let Some((_, first)) = record.filled().next() else { return false };
    let begins = is_total(first);
    // Rows with a date are never totals; asked first, as it is quick and true for most rows.
    if !begins && structure.dates.first().is_some_and(|d| !record.get(*d).trim().is_empty()) {
        return false;
    }
    if !begins && !record.filled().take(4).any(|(_, c)| is_plain_total(c)) {
        return false;
    }
    if structure.dates.is_empty() {
        let expected = structure.sparse.iter().filter(|s| !**s).count();
        return record.filled().count() * 3 <= expected.max(2) * 2 || record.filled().count() <= 2;
    }
    structure.dates.iter().all(|d| structure.shapes.get(*d).is_none_or(|_| crate::values::date::scan(record.get(*d)).is_none()))
}

/// A cell that is nothing but a total word.
fn is_plain_total(cell: &str) -> bool {
    let text = cell.trim();
    text.len() <= 24 && is_total(text) && !text.trim_end_matches(':').contains(' ')
}

/// The label of a group row: its column is filled, everything else is empty or a sum.
fn group_label(record: &Record, structure: &Structure, column: usize) -> Option<String> {
    if record.len() > structure.width {
        return None;
    }
    let label = record.get(column).trim();
    if label.is_empty() || structure.dates.iter().any(|d| *d != column && !record.get(*d).trim().is_empty()) {
        return None;
    }
    record.filled().all(|(i, c)| i == column || kind(c).is_number()).then(|| label.to_owned())
}

/// A header-like record after a blank one whose cells do not fit the columns: another table begins.
fn starts_other_table(record: &Record, structure: &Structure) -> bool {
    let filled: Vec<(usize, &str)> = record.filled().collect();
    if filled.len() < 2 || structure.shapes.iter().all(|s| *s == super::Shape::Free) {
        return false;
    }
    let header_like = filled.iter().all(|(_, c)| c.chars().count() <= 40 && !c.chars().any(|c| c.is_ascii_digit()) && !kind(c).is_value());
    let distinct = filled.iter().enumerate().all(|(i, (_, c))| filled[..i].iter().all(|(_, d)| d != c));
    let misfits = filled.iter().any(|(i, c)| structure.shapes.get(*i).is_none_or(|s| !s.fits(c)));
    header_like && distinct && misfits
}

/// A short line that begins with how many records there are: `2,record(s) downloaded`, `14 rows exported`.
fn counts_records(record: &Record, structure: &Structure) -> bool {
    if record.len() * 2 > structure.width {
        return false;
    }
    let text: String = record.filled().take(2).map(|(_, c)| fold(c)).collect::<Vec<_>>().join(" ");
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.next().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()))
        && words.next().is_some_and(|w| {
            [
                "record",
                "row",
                "result",
                "entries",
                "transaction",
                "order",
                "datensatz",
                "datensatze",
                "zeilen",
                "enregistrement",
                "registro",
                "lignes",
                "righe",
                "regels",
            ]
            .iter()
            .any(|n| w == *n || w.strip_suffix('s') == Some(n))
        })
}

/// Whether dates and numbers stand where they should, so that a ragged record is a row and no footer.
fn looks_like_row(record: &Record, structure: &Structure) -> bool {
    let typed = |i: usize| structure.shapes.get(i).is_some_and(|s| *s != super::Shape::Free);
    record.filled().any(|(i, c)| typed(i) && kind(c).is_value() && structure.shapes.get(i).is_some_and(|s| s.fits(c)))
}
