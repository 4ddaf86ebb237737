//! Finds the header: the last all-text, mostly distinct record before the typed run (`file-intake.md` 4.2).

use super::{Shape, Structure};
use crate::mapping::words;
use crate::records::Record;
use crate::values::cell::{CellKind, kind};

/// Records from the start among which the header is sought.
const SEARCH: usize = 120;
/// Records below a candidate that are compared with it.
const BELOW: usize = 40;

/// Finds the table in the first records. `chosen` is the header line that a person picked.
pub(crate) fn find(records: &[Record], chosen: Option<u64>) -> Option<Structure> {
    let first = records.iter().position(|r| !r.is_blank())?;
    let best = match chosen {
        Some(line) => records.iter().position(|r| r.line == line).map(|at| (at, 1000)),
        None => (first..records.len().min(SEARCH))
            .filter_map(|at| score(records, at).map(|s| (at, s)))
            .max_by_key(|(at, s)| (*s, std::cmp::Reverse(*at))),
    };
    match best {
        Some((at, points)) if chosen.is_some() || points > 0 => Some(with_header(records, at, points, chosen.is_some())),
        _ => Some(without_header(records, first)),
    }
}

/// Points of a record as the header; `None` if it cannot be one.
fn score(records: &[Record], at: usize) -> Option<i32> {
    let candidate = &records[at];
    let filled: Vec<(usize, &str)> = candidate.filled().collect();
    let width = candidate.len();
    if filled.is_empty() || (filled.len() < 2 && width > 1) {
        return None;
    }
    let values = filled.iter().filter(|(_, c)| kind(c).is_value()).count();
    let strong =
        filled.iter().filter(|(_, c)| matches!(kind(c), CellKind::Date | CellKind::Email | CellKind::Money | CellKind::Decimal)).count();
    if strong > 0 || values * 4 > filled.len() {
        return None;
    }
    let known = filled.iter().filter(|(_, c)| words::is_header_like(c)).count();
    let repeated = filled.iter().enumerate().filter(|(i, (_, c))| filled[..*i].iter().any(|(_, d)| d == c)).count();
    let long = filled.iter().filter(|(_, c)| c.chars().count() > 60).count();
    let below: Vec<&Record> = records[at + 1..].iter().filter(|r| !r.is_blank()).take(BELOW).collect();
    let agreeing = below.iter().filter(|r| r.len() == width).count();
    let typed = typed_columns(&below, width).into_iter().enumerate().filter(|(i, t)| *t && !candidate.get(*i).trim().is_empty()).count();
    let untitled = typed_columns(&below, width).into_iter().enumerate().filter(|(i, t)| *t && candidate.get(*i).trim().is_empty()).count();
    let int = |n: usize| i32::try_from(n).unwrap_or(i32::MAX / 1000);
    let known_points = int(known) * 60 / int(filled.len()).max(1) + int(known.min(12)) * 6;
    let typed_points = int(typed.min(8)) * 12 - int(untitled.min(8)) * 16;
    let agree_points = if below.is_empty() { 0 } else { int(agreeing) * 40 / int(below.len()) };
    let fill_points = int(filled.len()) * 20 / int(width).max(1);
    let penalty = int(values) * 12 + int(repeated.min(6)) * 4 + int(long) * 20;
    // Without a known word and without a typed column below, nothing says that it is a header.
    let base = if known == 0 && typed == 0 { -60 } else { 0 };
    Some(base + known_points + typed_points + agree_points + fill_points - penalty)
}

/// Columns whose cells below are mostly values.
fn typed_columns(below: &[&Record], width: usize) -> Vec<bool> {
    (0..width)
        .map(|i| {
            let (mut filled, mut values) = (0, 0);
            for record in below.iter().filter(|r| r.len() == width) {
                let found = kind(record.get(i));
                filled += usize::from(found != CellKind::Empty);
                values += usize::from(found.is_value());
            }
            filled > 0 && values * 10 >= filled * 7
        })
        .collect()
}

fn with_header(records: &[Record], at: usize, points: i32, chosen: bool) -> Structure {
    let width = records[at].len();
    let mut rows = vec![at];
    let below: Vec<&Record> = records[at + 1..].iter().filter(|r| !r.is_blank()).take(BELOW).collect();
    if !chosen {
        for above in (at.saturating_sub(2)..at).rev() {
            if !is_upper_level(&records[above], width) {
                break;
            }
            rows.insert(0, above);
        }
        if below.len() > 2 && is_lower_level(below[0], &below[1..], width) {
            rows.push(at + 1 + records[at + 1..].iter().position(|r| !r.is_blank()).unwrap_or(0));
        }
    }
    let last = *rows.last().unwrap_or(&at);
    let levels: Vec<Vec<String>> = rows.iter().map(|r| level(&records[*r], width, *r != last)).collect();
    let mut structure = Structure {
        header_line: Some(records[rows[0]].line),
        first_record: records[last].number + 1,
        width,
        repeated: records[last].iter().map(|c| c.trim().to_owned()).collect(),
        confidence: (points * 4).clamp(300, 1000),
        ..Structure::default()
    };
    for column in 0..width {
        let names: Vec<String> = levels.iter().map(|l| l[column].clone()).filter(|n| !n.is_empty()).collect();
        structure.headers.push(names.join(" / "));
        structure.levels.push(if names.len() > 1 { names } else { Vec::new() });
    }
    structure.titles = records[..rows[0]].iter().map(|r| (r.line, title(r))).collect();
    structure.learn(&records[last + 1..]);
    structure
}

fn title(record: &Record) -> String {
    record.filled().map(|(_, c)| c.trim()).collect::<Vec<_>>().join(" ").chars().take(120).collect()
}

/// One level of the header; an upper level fills to the right over blanks.
fn level(record: &Record, width: usize, upper: bool) -> Vec<String> {
    let mut names = Vec::with_capacity(width);
    let mut last = String::new();
    for i in 0..width {
        let own = record.get(i).trim();
        if !own.is_empty() {
            own.clone_into(&mut last);
        }
        names.push(if upper { last.clone() } else { own.to_owned() });
    }
    names
}

/// A text record right above that spans columns.
fn is_upper_level(record: &Record, width: usize) -> bool {
    let filled: Vec<(usize, &str)> = record.filled().collect();
    record.len() == width
        && filled.len() >= 2
        && filled.iter().any(|(i, _)| *i >= 2)
        && filled.iter().all(|(_, c)| !kind(c).is_value() && c.chars().count() <= 40 && !c.trim().ends_with(':'))
}

/// A text record right below that stands above typed columns without being typed, such as a line of units.
fn is_lower_level(record: &Record, below: &[&Record], width: usize) -> bool {
    if record.len() != width || record.filled().any(|(_, c)| kind(c).is_value()) {
        return false;
    }
    let typed: Vec<usize> = typed_columns(below, width).into_iter().enumerate().filter(|(_, t)| *t).map(|(i, _)| i).collect();
    let named = typed.iter().filter(|i| !record.get(**i).trim().is_empty()).count();
    typed.len() >= 2 && named * 2 >= typed.len() && named >= 2
}

/// The table starts with values: columns get position names.
fn without_header(records: &[Record], first: usize) -> Structure {
    let body: Vec<&Record> = records[first..].iter().filter(|r| !r.is_blank()).collect();
    let mut widths: Vec<(usize, usize)> = Vec::new();
    for record in &body {
        match widths.iter_mut().find(|(w, _)| *w == record.len()) {
            Some(found) => found.1 += 1,
            None => widths.push((record.len(), 1)),
        }
    }
    let width = widths.iter().max_by_key(|(w, n)| (*n, *w)).map_or(0, |(w, _)| *w);
    let at = records.iter().position(|r| r.len() == width && !r.is_blank()).unwrap_or(first);
    let mut structure = Structure {
        header_line: None,
        first_record: records[at].number,
        width,
        headers: vec![String::new(); width],
        levels: vec![Vec::new(); width],
        confidence: 500,
        titles: records[..at].iter().map(|r| (r.line, title(r))).collect(),
        ..Structure::default()
    };
    structure.learn(&records[at..]);
    debug_assert!(structure.shapes.iter().all(|s| matches!(s, Shape::Free | Shape::Number | Shape::Date | Shape::Email)));
    structure
}
