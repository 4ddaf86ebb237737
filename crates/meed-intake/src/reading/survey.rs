//! What is found out about a whole file: its columns, its rows, the lines that are none.

use std::io::{Read, Seek};

use super::detect::open;
use super::words::ColumnWords;
use super::{Reading, Skipped};
use crate::error::IntakeError;
use crate::hints::Hints;
use crate::records::Record;
use crate::structure::{self, Blocks, Class, SkipReason, Structure, Totals, Walk, classify};
use crate::values::DecimalMark;
use crate::values::profile::Profile;

/// Skipped lines that are listed one by one.
const LISTED: usize = 1_000;
/// Columns whose words are counted at most.
const WORDY_MAX: usize = 64;

/// What the walk over the whole file finds out.
pub(super) struct Survey<'h> {
    pub(super) profiles: Vec<Profile>,
    pub(super) footers: Vec<(u64, String)>,
    /// Words of the columns that have few.
    pub(super) words: Vec<ColumnWords>,
    evidence_columns: Vec<usize>,
    sampled: u64,
    pub(super) blocks: Option<Blocks>,
    pub(super) ragged: (u64, u64),
    pub(super) repaired: (u64, u64),
    pub(super) other_table: Option<u64>,
    pub(super) totals: Option<Totals>,
    hints: &'h Hints,
}

impl<'h> Survey<'h> {
    pub(super) fn new(reading: &Reading, hints: &'h Hints) -> Self {
        Self {
            profiles: vec![Profile::default(); reading.structure.width],
            footers: Vec::new(),
            words: Vec::new(),
            evidence_columns: Vec::new(),
            sampled: 0,
            blocks: None,
            ragged: (0, 0),
            repaired: (0, 0),
            other_table: None,
            totals: None,
            hints,
        }
    }

    /// Profiles the first records.
    pub(super) fn sample(&mut self, records: &[Record], reading: &Reading) {
        let mut walk = Walk::default();
        let structure = &reading.structure;
        let from = usize::try_from(structure.first_record).unwrap_or(usize::MAX).min(records.len());
        for record in &records[from..] {
            let mut record = record.clone();
            if let Class::Data(_) = classify(&mut record, structure, &mut walk) {
                self.profile(&record, structure, &walk);
            }
        }
        self.sampled = records.len() as u64;
        self.evidence_columns =
            (0..self.profiles.len()).filter(|c| self.profiles[*c].numbers() >= 500 || self.profiles[*c].dates() >= 500).collect();
        self.words = self.profiles.iter().enumerate().filter_map(|(i, p)| ColumnWords::of(i, p)).take(WORDY_MAX).collect();
    }

    fn profile(&mut self, record: &Record, structure: &Structure, walk: &Walk) {
        for (i, profile) in self.profiles.iter_mut().enumerate() {
            let mut text = record.get(i);
            if structure.group == Some(i) && text.trim().is_empty() {
                text = walk.group.as_deref().unwrap_or("");
            }
            profile.add(text, record.line);
            // "no" is a word before it is somebody's alias, such as Norway's.
            if !matches!(crate::values::cell::kind(text), crate::values::cell::CellKind::Empty | crate::values::cell::CellKind::Bool) {
                profile.owners += u64::from(!self.hints.owners.is_empty() && self.hints.owners.contains(text));
                profile.teams += u64::from(!self.hints.teams.is_empty() && self.hints.teams.contains(text));
            }
        }
    }

    /// Walks over the whole file: counts rows, lists what is skipped, completes the evidence.
    pub(super) fn whole<R: Read + Seek>(&mut self, source: &mut R, reading: &mut Reading, mark: DecimalMark) -> Result<(), IntakeError> {
        let mut sums = structure::Sums::new(&reading.structure, mark);
        let mut walk = Walk::default();
        let mut record = Record::default();
        let width = reading.structure.width;
        self.blocks = reading.structure.key.map(|k| Blocks::new(k, width));
        let first = reading.structure.first_record;
        for (line, text) in reading.structure.titles.clone() {
            skip(reading, line, if text.is_empty() { SkipReason::Blank } else { SkipReason::Title }, &text);
        }
        let mut reader = open(source, reading, width)?;
        while reader.next_place().2 < first && reader.next(&mut record)? {}
        while reader.next(&mut record)? {
            let mut class = classify(&mut record, &reading.structure, &mut walk);
            let known = class == Class::Skip(SkipReason::Total) && reading.structure.sums.binary_search(&record.line).is_ok();
            let added = known || matches!(class, Class::Data(_));
            if added && sums.as_mut().is_some_and(|s| s.is_sum(&record, &reading.structure)) && !known {
                reading.structure.sums.push(record.line);
                class = Class::Skip(SkipReason::Total);
            }
            match class {
                Class::Skip(reason) => {
                    let text = if reason == SkipReason::Blank { String::new() } else { short(&record) };
                    if reason == SkipReason::Footer && self.footers.len() < 20 {
                        self.footers.push((record.line, text.clone()));
                    }
                    if reason == SkipReason::Total {
                        // A row that was found by its figures agrees by that.
                        let told = sums.as_mut().filter(|_| !known).map(|s| s.told(&record));
                        self.totals = told.filter(|told| !told.columns.is_empty()).or(self.totals.take());
                    }
                    if reason == SkipReason::OtherTable {
                        self.other_table.get_or_insert(record.line);
                    }
                    skip(reading, record.line, reason, &text);
                }
                Class::Ragged => {
                    reading.first_line.get_or_insert(record.line);
                    reading.rows += 1;
                    note(&mut self.ragged, record.line);
                }
                Class::Data(repair) => {
                    reading.first_line.get_or_insert(record.line);
                    reading.rows += 1;
                    if repair.is_some() {
                        note(&mut self.repaired, record.line);
                    }
                    if record.number >= self.sampled {
                        for column in &self.evidence_columns {
                            self.profiles[*column].add_evidence(record.get(*column), record.line);
                        }
                    }
                    for words in &mut self.words {
                        words.add(record.get(words.column), record.line);
                    }
                    if let Some(blocks) = &mut self.blocks {
                        blocks.add(&record, &reading.structure);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Lists a line that is not loaded.
fn skip(reading: &mut Reading, line: u64, reason: SkipReason, text: &str) {
    reading.skipped_count += 1;
    if reading.skipped.len() < LISTED {
        reading.skipped.push(Skipped { line, reason, text: text.to_owned() });
    }
}

fn note(counter: &mut (u64, u64), line: u64) {
    if counter.0 == 0 {
        counter.1 = line;
    }
    counter.0 += 1;
}

fn short(record: &Record) -> String {
    record.filled().map(|(_, c)| c.trim()).collect::<Vec<_>>().join(" ").chars().take(120).collect()
}
