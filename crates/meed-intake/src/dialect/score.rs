//! How well a sample reads with one dialect.

use crate::encoding::Encoding;
use crate::records::{Dialect, Record, RecordReader};
use crate::values::cell::{CellKind, kind};
use crate::values::profile::permille;

/// The outcome of reading the sample with one dialect.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// Higher is better.
    pub(crate) score: i32,
    /// Cells of most records.
    pub(crate) width: usize,
    /// Records with that many cells.
    pub(crate) modal: u64,
    /// Records that are not blank.
    pub(crate) records: u64,
    /// Share of the records that agree, per mille.
    pub(crate) consistency: i32,
}

const RECORDS: usize = 300;
const TYPED_RECORDS: usize = 60;

/// Reads the pieces; `None` if most records have a single cell.
pub(crate) fn read(pieces: &[String], dialect: &Dialect) -> Option<Reading> {
    let mut widths: Vec<usize> = Vec::new();
    let (mut typed, mut cells, mut filled, mut ugly) = (0, 0, 0, 0);
    let mut kept: Vec<Record> = Vec::new();
    for piece in pieces {
        let mut reader = RecordReader::new(piece.as_bytes(), &Encoding::UTF_8, *dialect, 1 << 20, 1 << 16);
        let mut record = Record::default();
        let mut seen = 0;
        while seen < RECORDS && reader.next(&mut record).ok()? {
            if record.is_blank() {
                continue;
            }
            seen += 1;
            widths.push(record.len());
            if kept.len() < TYPED_RECORDS {
                kept.push(record.clone());
            }
        }
    }
    let (width, modal) = modal(&widths)?;
    for record in kept.iter().filter(|r| r.len() == width) {
        for cell in record.iter() {
            cells += 1;
            let found = kind(cell);
            filled += i32::from(found != CellKind::Empty);
            typed += i32::from(!matches!(found, CellKind::Empty | CellKind::Text | CellKind::Code));
            // A lone quote sign at the border of a cell is a sign of a wrong reading.
            let trimmed = cell.trim();
            ugly += i32::from(trimmed.starts_with('"') != trimmed.ends_with('"') || (trimmed.len() > 1 && trimmed.starts_with('"')));
        }
    }
    let consistency = permille(modal, widths.len() as u64);
    let cells = cells.max(1);
    let typed_share = typed * 1000 / filled.max(1);
    let filled_share = filled * 1000 / cells;
    let width_bonus = i32::try_from(width.min(12)).unwrap_or(12) * 25;
    let ugly_share = (ugly * 2000 / cells).min(900);
    let base = consistency * (550 + typed_share * 3 / 10 + filled_share / 10 + width_bonus) / 1000;
    Some(Reading { score: base * (1000 - ugly_share) / 1000, width, modal, records: widths.len() as u64, consistency })
}

/// The width of two or more that most cells stand in.
fn modal(widths: &[usize]) -> Option<(usize, u64)> {
    let mut counts: Vec<(usize, u64)> = Vec::new();
    for width in widths {
        match counts.iter_mut().find(|(w, _)| w == width) {
            Some(found) => found.1 += 1,
            None => counts.push((*width, 1)),
        }
    }
    counts.into_iter().filter(|(w, _)| *w > 1).max_by_key(|(w, n)| (n * (*w as u64).min(8), *w))
}
