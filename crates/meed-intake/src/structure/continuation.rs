//! Lines that belong to one record: which columns only the first of them fills.

use super::Structure;
use crate::records::Record;

/// Counts over blocks of consecutive lines with the same record key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blocks {
    key: usize,
    last: String,
    first_filled: Vec<bool>,
    ever_first: Vec<bool>,
    ever_later: Vec<bool>,
    /// Lines after the first of their record.
    pub(crate) later_lines: u64,
    /// Of these, lines that leave the key itself empty.
    pub(crate) empty_keys: u64,
}

impl Blocks {
    pub(crate) fn new(key: usize, width: usize) -> Self {
        Self { key, first_filled: vec![false; width], ever_first: vec![false; width], ever_later: vec![false; width], ..Self::default() }
    }

    /// Looks at the next data row.
    pub(crate) fn add(&mut self, record: &Record, structure: &Structure) {
        let key = record.get(self.key).trim();
        let later = is_later_line(key, &self.last, record, structure);
        if later {
            self.later_lines += 1;
            self.empty_keys += u64::from(key.is_empty());
            for (i, cell) in record.iter().enumerate().take(self.ever_later.len()) {
                let filled = !cell.trim().is_empty();
                self.ever_later[i] |= filled;
                self.ever_first[i] |= self.first_filled[i];
            }
        } else {
            self.last.clear();
            self.last.push_str(key);
            for (i, slot) in self.first_filled.iter_mut().enumerate() {
                *slot = !record.get(i).trim().is_empty();
            }
        }
    }

    /// Columns that the first lines fill and the later ones never do.
    pub(crate) fn record_level(&self) -> Vec<usize> {
        if self.later_lines == 0 {
            return Vec::new();
        }
        let columns: Vec<usize> = (0..self.ever_first.len()).filter(|i| self.ever_first[*i] && !self.ever_later[*i]).collect();
        if columns.len() >= 2 { columns } else { Vec::new() }
    }
}

/// Whether a row continues the record above: the same key, or no key and no date.
pub(crate) fn is_later_line(key: &str, last: &str, record: &Record, structure: &Structure) -> bool {
    if last.is_empty() {
        return false;
    }
    key == last || (key.is_empty() && structure.dates.iter().all(|d| record.get(*d).trim().is_empty()) && !structure.dates.is_empty())
}
