//! Reads records one after another from a file in any encoding, with bounded memory.

use std::io::Read;

use super::{Dialect, Record, Split, split};
use crate::encoding::{Decoder, Encoding};
use crate::error::IntakeError;

const CHUNK: usize = 256 * 1024;

/// A stream of records. Sources whose lines are rows of a worksheet count records as lines.
pub(crate) struct RecordReader<R> {
    source: R,
    decoder: Decoder,
    encoding: Encoding,
    dialect: Dialect,
    raw: Vec<u8>,
    buffer: Vec<u8>,
    start: usize,
    ended: bool,
    line_limit: usize,
    column_limit: usize,
    count_records: bool,
    /// Cell count of a proper record; 0 while unknown. With it a stray quote is told from a cell of several lines.
    width: usize,
    line: u64,
    offset: u64,
    number: u64,
    /// The next record's first line is read with quotes as text.
    data: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> RecordReader<R> {
    /// Reads from where `source` stands, which is byte `offset` of the file.
    pub(crate) fn new(source: R, encoding: &Encoding, dialect: Dialect, line_limit: u64, column_limit: u64) -> Self {
        Self {
            source,
            decoder: Decoder::new(encoding),
            encoding: encoding.clone(),
            dialect,
            raw: Vec::new(),
            buffer: Vec::new(),
            start: 0,
            ended: false,
            line_limit: usize::try_from(line_limit).unwrap_or(usize::MAX),
            column_limit: usize::try_from(column_limit).unwrap_or(usize::MAX),
            count_records: false,
            width: 0,
            line: 1,
            offset: 0,
            number: 0,
            data: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Sets where the source stands.
    pub(crate) fn at(mut self, offset: u64, line: u64, number: u64) -> Self {
        (self.offset, self.line, self.number) = (offset, line, number);
        self
    }

    /// Sets the cell count of a proper record.
    pub(crate) fn with_width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// Counts records, not line ends, as lines.
    pub(crate) fn counting_records(mut self, yes: bool) -> Self {
        self.count_records = yes;
        self
    }

    /// Offset, line and number of the record that comes next.
    pub(crate) fn next_place(&self) -> (u64, u64, u64) {
        (self.offset, self.line, self.number)
    }

    /// Reads the next record; `false` at the end.
    pub(crate) fn next(&mut self, record: &mut Record) -> Result<bool, IntakeError> {
        let (bytes, lines, stray) = loop {
            if self.start == self.buffer.len() && self.ended {
                return Ok(false);
            }
            let text = &self.buffer[self.start..];
            match split(text, &self.dialect, true, self.ended, &mut self.data, &mut self.ends) {
                Split::Record { bytes, lines, odd } => {
                    if bytes > self.line_limit {
                        match self.first_line_as_text()? {
                            Some(bytes) => break (bytes, 1, true),
                            None => return Err(self.too_long()),
                        }
                    }
                    if lines > 1 && (odd || self.wrong_width()) {
                        // A stray quote may have joined several rows: the first line alone must be the better row.
                        if let Some(first) = self.first_line_as_text()? {
                            if self.width < 2 || !odd || !self.wrong_width() {
                                break (first, 1, true);
                            }
                            let text = &self.buffer[self.start..];
                            split(text, &self.dialect, true, self.ended, &mut self.data, &mut self.ends);
                        }
                    }
                    break (bytes, lines, false);
                }
                Split::Open { first_line, in_quotes } => {
                    let full = text.len() > self.line_limit;
                    if self.ended || (full && in_quotes && first_line.is_some_and(|n| n <= self.line_limit)) {
                        // The closing quote never comes: the sign is text and swallows no later row.
                        match self.first_line_as_text()? {
                            Some(bytes) => break (bytes, 1, true),
                            None => return Err(self.too_long()),
                        }
                    }
                    if full {
                        return Err(self.too_long());
                    }
                    self.fill()?;
                }
            }
        };
        if self.ends.len() > self.column_limit {
            return Err(IntakeError::TooManyColumns { line: self.line, columns: self.ends.len() as u64, limit: self.column_limit as u64 });
        }
        self.finish(record, bytes, lines, stray);
        Ok(true)
    }

    fn too_long(&self) -> IntakeError {
        IntakeError::LineTooLong { line: self.line, offset: self.offset, limit: self.line_limit as u64 }
    }

    /// Whether what was split has another number of cells than a proper record.
    fn wrong_width(&self) -> bool {
        self.width > 1 && self.ends.len() != self.width
    }

    /// Splits the first line with quotes as text, if that is better than what quotes give.
    fn first_line_as_text(&mut self) -> Result<Option<usize>, IntakeError> {
        let text = &self.buffer[self.start..];
        let found = split(text, &self.dialect, false, self.ended, &mut self.data, &mut self.ends);
        match found {
            Split::Record { bytes, .. } if bytes <= self.line_limit => Ok(Some(bytes)),
            Split::Record { .. } => Err(self.too_long()),
            Split::Open { .. } => Ok(None),
        }
    }

    fn finish(&mut self, record: &mut Record, bytes: usize, lines: u64, stray: bool) {
        record.line = self.line;
        record.offset = self.offset;
        record.number = self.number;
        record.stray_quote = stray;
        let consumed = &self.buffer[self.start..self.start + bytes];
        self.offset += self.encoding.raw_len(consumed).unwrap_or(0);
        self.start += bytes;
        self.line += if self.count_records { 1 } else { lines };
        self.number += 1;
        record.set(&mut self.data, &mut self.ends);
    }

    fn fill(&mut self) -> Result<(), IntakeError> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        if self.decoder.is_utf8() {
            let kept = self.buffer.len();
            self.buffer.resize(kept + CHUNK, 0);
            let got = read_some(&mut self.source, &mut self.buffer[kept..])?;
            self.buffer.truncate(kept + got);
            self.ended = got == 0;
            return Ok(());
        }
        self.raw.resize(CHUNK, 0);
        let got = read_some(&mut self.source, &mut self.raw)?;
        self.ended = got == 0;
        let decoded = self.decoder.push(&self.raw[..got], self.ended, &mut self.buffer);
        if decoded.is_err() {
            return Err(self.malformed());
        }
        Ok(())
    }

    /// The place of the byte that does not fit: everything decoded so far stands in the buffer.
    fn malformed(&self) -> IntakeError {
        let text = &self.buffer[self.start..];
        let before = text.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        IntakeError::Encoding {
            encoding: self.encoding.name(),
            offset: self.offset + self.encoding.raw_len(text).unwrap_or(text.len() as u64),
            line: self.line + memchr::memchr_iter(b'\n', text).count() as u64,
            column: text[before..].iter().filter(|b| (**b & 0xC0) != 0x80).count() as u64 + 1,
        }
    }
}

fn read_some<R: Read>(source: &mut R, into: &mut [u8]) -> Result<usize, IntakeError> {
    loop {
        match source.read(into) {
            Ok(got) => return Ok(got),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], encoding: &Encoding, width: usize) -> Vec<Vec<String>> {
        let mut reader = RecordReader::new(text, encoding, Dialect::COMMA, 1 << 20, 100).with_width(width);
        let mut record = Record::default();
        let mut out = Vec::new();
        while reader.next(&mut record).unwrap() {
            out.push(record.cells());
        }
        out
    }

    #[test]
    fn a_stray_quote_swallows_no_later_row() {
        let rows = all(b"a,b,c\n1,\"x,2\n3,y,4\n", &Encoding::UTF_8, 3);
        assert_eq!(rows, [vec!["a", "b", "c"], vec!["1", "\"x", "2"], vec!["3", "y", "4"]]);
        let rows = all(b"a,b\n1,\"two\nlines\"\n", &Encoding::UTF_8, 2);
        assert_eq!(rows[1], ["1", "two\nlines"]);
    }

    #[test]
    fn a_long_line_is_refused_with_its_place() {
        let mut text = b"a,b\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3_000_000));
        let mut reader = RecordReader::new(&text[..], &Encoding::UTF_8, Dialect::COMMA, 1 << 20, 100);
        let mut record = Record::default();
        assert!(reader.next(&mut record).unwrap());
        let error = reader.next(&mut record).unwrap_err();
        assert_eq!((error.code(), error.line()), ("limit.line", Some(2)));
    }

    #[test]
    fn offsets_are_those_of_the_file() {
        let text: Vec<u8> = "ä,b\nc,d\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut reader = RecordReader::new(&text[..], &Encoding::UTF_16_LE, Dialect::COMMA, 1 << 20, 100);
        let mut record = Record::default();
        assert!(reader.next(&mut record).unwrap());
        assert!(reader.next(&mut record).unwrap());
        assert_eq!((record.offset, record.line, record.number), (8, 2, 1));
        assert_eq!(record.cells(), ["c", "d"]);
    }
}
