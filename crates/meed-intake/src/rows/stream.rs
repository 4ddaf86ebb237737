//! Walks over the file and yields its data rows; can stop anywhere and continue from a position.

use std::io::{Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

use super::{CellError, Converter, Row};
use crate::error::IntakeError;
use crate::mapping::Target;
use crate::records::{Record, RecordReader};
use crate::source::Source;
use crate::structure::{Class, Structure, Walk, classify, is_later_line};

/// Where to continue after an interruption: everything that the rows before have left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Offset of the next record in the file, in bytes.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Records before it.
    pub record: u64,
    /// Data rows before it.
    pub row: u64,
    pub(crate) walk: Walk,
    /// Key of the last record, and how many lines it had.
    pub(crate) key: String,
    pub(crate) key_line: u64,
    /// Texts of the first line of the last record, for its further lines.
    pub(crate) inherited: Vec<(usize, String)>,
}

/// The rows of a file. Memory does not grow with their number.
pub struct Rows<'a, R> {
    reader: RecordReader<Source<R>>,
    structure: &'a Structure,
    converter: Converter,
    inherits: Vec<usize>,
    key: Option<usize>,
    record: Record,
    position: Position,
    skipped: u64,
    failed: bool,
}

/// What a walk needs beside the file.
pub(crate) struct Plan<'a> {
    /// Bytes of the byte order mark.
    pub(crate) bom: u64,
    /// The file can be entered at an offset: one text has one length in its encoding.
    pub(crate) can_seek: bool,
    pub(crate) structure: &'a Structure,
    pub(crate) converter: Converter,
    /// Columns whose texts the further lines of a record take over.
    pub(crate) inherits: Vec<usize>,
}

impl<'a, R: Read + Seek> Rows<'a, R> {
    pub(crate) fn start(
        mut source: Source<R>,
        plan: Plan<'a>,
        make: impl FnOnce(Source<R>) -> RecordReader<Source<R>>,
        from: Option<&Position>,
    ) -> Result<Self, IntakeError> {
        let Plan { bom, can_seek, structure, converter, inherits } = plan;
        let offset = from.filter(|_| can_seek).map_or(bom, |p| p.offset.max(bom));
        source.seek(SeekFrom::Start(offset))?;
        let resumed = from.filter(|_| can_seek);
        let mut reader = make(source).at(offset, resumed.map_or(1, |p| p.line), resumed.map_or(0, |p| p.record));
        let mut record = Record::default();
        // Up to the first row of the table, and up to the position where the file cannot be entered in its middle.
        let skip_to = from.map_or(0, |p| p.record).max(structure.first_record);
        while reader.next_place().2 < skip_to {
            if !reader.next(&mut record)? {
                if from.is_some_and(|p| p.record > reader.next_place().2) {
                    return Err(IntakeError::Changed);
                }
                break;
            }
        }
        let mut position = from.cloned().unwrap_or_default();
        (position.offset, position.line, position.record) = reader.next_place();
        let key = converter.targets.iter().find(|(_, t)| *t == Target::UniqueId).map(|(c, _)| *c);
        Ok(Self { reader, structure, converter, inherits, key, record, position, skipped: 0, failed: false })
    }

    /// Where to continue after the last row that was returned.
    pub fn position(&self) -> Position {
        self.position.clone()
    }

    /// Records that were not rows, since the start of this walk.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Bytes of the file that are behind the last row, for a progress bar.
    pub fn offset(&self) -> u64 {
        self.position.offset
    }

    fn advance(&mut self) -> Result<Option<Row>, IntakeError> {
        while self.reader.next(&mut self.record)? {
            let class = classify(&mut self.record, self.structure, &mut self.position.walk);
            let place = self.reader.next_place();
            match class {
                Class::Skip(_) => {
                    self.skipped += 1;
                    (self.position.offset, self.position.line, self.position.record) = place;
                }
                Class::Data(_) | Class::Ragged => {
                    let row = self.row(class == Class::Ragged);
                    self.position.row += 1;
                    (self.position.offset, self.position.line, self.position.record) = place;
                    return Ok(Some(row));
                }
            }
        }
        Ok(None)
    }

    fn row(&mut self, ragged: bool) -> Row {
        let mut cells = self.record.cells();
        let (line, number) = (self.record.line, self.position.row);
        if ragged || self.record.broken.is_some() {
            let error = self.row_error(ragged, &cells);
            return Row { line, number, cells, outcome: Err(vec![error]) };
        }
        if let (Some(column), Some(label)) = (self.structure.group, &self.position.walk.group)
            && let Some(cell) = cells.get_mut(column).filter(|c| c.trim().is_empty())
        {
            cell.clone_from(label);
        }
        let original = (!self.inherits.is_empty()).then(|| cells.clone());
        let key_line = self.inherit(&mut cells);
        let mut outcome = self.converter.convert(&cells, line);
        if let Ok(mapped) = &mut outcome {
            mapped.row_key = mapped.unique_id.as_ref().map(|id| if key_line > 1 { format!("{id}#{key_line}") } else { id.clone() });
        }
        Row { line, number, cells: original.unwrap_or(cells), outcome }
    }

    /// Brings record-level texts into the further lines of a record; returns the number of the line within its record.
    fn inherit(&mut self, cells: &mut [String]) -> u64 {
        let Some(column) = self.key else { return 1 };
        let key = cells.get(column).map(|c| c.trim().to_owned()).unwrap_or_default();
        if is_later_line(&key, &self.position.key, &self.record, self.structure) {
            self.position.key_line += 1;
            for (at, text) in &self.position.inherited {
                if let Some(cell) = cells.get_mut(*at).filter(|c| c.trim().is_empty()) {
                    cell.clone_from(text);
                }
            }
        } else {
            self.position.key = key;
            self.position.key_line = 1;
            self.position.inherited =
                self.inherits.iter().filter_map(|c| cells.get(*c).filter(|t| !t.trim().is_empty()).map(|t| (*c, t.clone()))).collect();
        }
        self.position.key_line
    }

    fn row_error(&self, ragged: bool, cells: &[String]) -> CellError {
        let (code, text) = if ragged {
            let hint = if self.record.stray_quote { "; a quote sign stands alone" } else { "" };
            ("row.width", format!("the row has {} cells, the table {} columns{hint}", cells.len(), self.structure.width))
        } else {
            (
                "encoding.invalid",
                format!("byte {} does not fit the encoding of the file", self.record.offset + self.record.broken.unwrap_or(0)),
            )
        };
        let value: String = cells.join(" | ").chars().take(200).collect();
        CellError { line: self.record.line, column: None, column_name: String::new(), value, code: code.into(), text }
    }
}

impl<R: Read + Seek> Iterator for Rows<'_, R> {
    type Item = Result<Row, IntakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.advance();
        self.failed = row.is_err();
        row.transpose()
    }
}
