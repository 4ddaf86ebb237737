//! Text to records: a streaming splitter that never holds more than one record and a read buffer.

mod reader;
mod split;

pub(crate) use reader::RecordReader;
pub(crate) use split::{Split, split};

/// How cells are separated and quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dialect {
    /// Separates cells.
    pub delimiter: char,
    /// Encloses cells, `None` where quote signs are plain text.
    pub quote: Option<char>,
    /// Takes the meaning from a quote sign, beside doubling it.
    pub escape: Option<char>,
    /// Lines end with a carriage return alone.
    pub carriage_return: bool,
}

impl Dialect {
    /// Comma and double quote.
    pub(crate) const COMMA: Self = Self { delimiter: ',', quote: Some('"'), escape: None, carriage_return: false };

    pub(crate) fn delimiter_byte(&self) -> u8 {
        u8::try_from(self.delimiter).unwrap_or(b',')
    }

    pub(crate) fn quote_byte(&self) -> Option<u8> {
        self.quote.and_then(|c| u8::try_from(c).ok())
    }

    pub(crate) fn escape_byte(&self) -> Option<u8> {
        self.escape.and_then(|c| u8::try_from(c).ok())
    }

    pub(crate) fn line_end(&self) -> u8 {
        if self.carriage_return { b'\r' } else { b'\n' }
    }
}

/// One record: its cells without quotes, and where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    text: String,
    ends: Vec<usize>,
    /// Line of its first character, from 1.
    pub(crate) line: u64,
    /// Offset of its first byte in the file.
    pub(crate) offset: u64,
    /// Records before it.
    pub(crate) number: u64,
    /// A byte did not fit the encoding (offset into the record); the text shows it as `\xNN`.
    pub(crate) broken: Option<u64>,
    /// A quote sign was read as text because no closing one made sense.
    pub(crate) stray_quote: bool,
}

impl Record {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        let Some(&end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start..end).unwrap_or("")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.bytes().all(|b| b == b' ' || b == b'\t' || b == b'\r') || self.text.chars().all(char::is_whitespace)
    }

    pub(crate) fn cells(&self) -> Vec<String> {
        self.iter().map(str::to_owned).collect()
    }

    /// Cells with something in them.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (usize, &str)> {
        self.iter().enumerate().filter(|(_, c)| !c.trim().is_empty())
    }

    /// Takes over what was split.
    pub(crate) fn set(&mut self, data: &mut Vec<u8>, ends: &mut Vec<usize>) {
        std::mem::swap(&mut self.ends, ends);
        self.broken = None;
        match String::from_utf8(std::mem::take(data)) {
            Ok(text) => *data = std::mem::replace(&mut self.text, text).into_bytes(),
            Err(error) => {
                self.broken = Some(error.utf8_error().valid_up_to() as u64);
                self.text = escape_broken(error.as_bytes(), &mut self.ends);
            }
        }
        data.clear();
    }

    #[cfg(test)]
    pub(crate) fn of(cells: &[&str]) -> Self {
        let mut record = Self { line: 1, ..Self::default() };
        for cell in cells {
            record.text.push_str(cell);
            record.ends.push(record.text.len());
        }
        record
    }

    /// Replaces the cells, for a row that was repaired.
    pub(crate) fn replace(&mut self, cells: &[String]) {
        self.text.clear();
        self.ends.clear();
        for cell in cells {
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
    }
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

/// Writes every byte that is not UTF-8 as `\xNN`, so that nothing is lost or guessed.
fn escape_broken(bytes: &[u8], ends: &mut [usize]) -> String {
    let mut out = String::with_capacity(bytes.len() + 8);
    let mut start = 0;
    for end in ends {
        for chunk in bytes[start..*end].utf8_chunks() {
            out.push_str(chunk.valid());
            for byte in chunk.invalid() {
                out.extend(['\\', 'x', hex(byte >> 4), hex(byte & 15)]);
            }
        }
        start = *end;
        *end = out.len();
    }
    out
}
