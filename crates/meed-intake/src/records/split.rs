//! Splits the bytes of one record into cells.

use super::Dialect;

/// What a piece of text held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// A record of so many bytes, its line end included, over so many lines. `odd` says that a quote sign stood inside
    /// a quoted cell without being doubled.
    Record { bytes: usize, lines: u64, odd: bool },
    /// The record does not end in this piece. `first_line` is the length of its first line if that is complete.
    Open { first_line: Option<usize>, in_quotes: bool },
}

/// Splits the record at the start of `text` into `data` (cells one after another) and `ends` (where each ends).
///
/// `last` says that nothing follows the piece. With `quotes` false, quote signs are plain text.
pub(crate) fn split(text: &[u8], dialect: &Dialect, quotes: bool, last: bool, data: &mut Vec<u8>, ends: &mut Vec<usize>) -> Split {
    data.clear();
    ends.clear();
    let line_end = dialect.line_end();
    let newline = memchr::memchr(line_end, text);
    let line = match newline {
        Some(at) => &text[..at],
        None if last => text,
        None => return Split::Open { first_line: None, in_quotes: false },
    };
    let quote = dialect.quote_byte().filter(|_| quotes);
    if quote.is_none_or(|q| memchr::memchr(q, line).is_none()) {
        plain(without_return(line, line_end), dialect.delimiter_byte(), data, ends);
        return Split::Record { bytes: newline.map_or(text.len(), |at| at + 1), lines: 1, odd: false };
    }
    let first_line = newline.map(|at| at + 1);
    Quoted { text, dialect, quote: quote.unwrap_or(b'"'), last, odd: false, data, ends }.run(first_line)
}

fn without_return(line: &[u8], line_end: u8) -> &[u8] {
    if line_end == b'\n' { line.strip_suffix(b"\r").unwrap_or(line) } else { line }
}

fn plain(line: &[u8], delimiter: u8, data: &mut Vec<u8>, ends: &mut Vec<usize>) {
    let mut start = 0;
    for at in memchr::memchr_iter(delimiter, line) {
        data.extend_from_slice(&line[start..at]);
        ends.push(data.len());
        start = at + 1;
    }
    data.extend_from_slice(&line[start..]);
    ends.push(data.len());
}

struct Quoted<'a> {
    text: &'a [u8],
    dialect: &'a Dialect,
    quote: u8,
    last: bool,
    odd: bool,
    data: &'a mut Vec<u8>,
    ends: &'a mut Vec<usize>,
}

impl Quoted<'_> {
    fn run(mut self, first_line: Option<usize>) -> Split {
        let delimiter = self.dialect.delimiter_byte();
        let line_end = self.dialect.line_end();
        let mut at = 0;
        let mut lines = 1;
        loop {
            // At the start of a cell: blanks before an opening quote are not part of it.
            let mut open = at;
            while delimiter != b' ' && self.text.get(open) == Some(&b' ') {
                open += 1;
            }
            if self.text.get(open) == Some(&self.quote) {
                match self.quoted_cell(open + 1, &mut lines) {
                    Some(next) => at = next,
                    None => return Split::Open { first_line, in_quotes: true },
                }
            } else {
                let stop = memchr::memchr2(delimiter, line_end, &self.text[at..]).map_or(self.text.len(), |n| at + n);
                if stop == self.text.len() && !self.last {
                    return Split::Open { first_line, in_quotes: false };
                }
                let cell = &self.text[at..stop];
                let ended = self.text.get(stop) != Some(&delimiter);
                self.data.extend_from_slice(if ended { without_return(cell, line_end) } else { cell });
                at = stop;
            }
            self.ends.push(self.data.len());
            match self.text.get(at) {
                None => return Split::Record { bytes: at, lines, odd: self.odd },
                Some(byte) if *byte == line_end => return Split::Record { bytes: at + 1, lines, odd: self.odd },
                Some(_) => at += 1,
            }
        }
    }

    /// Reads the inside of a quoted cell; returns where the delimiter, the line end or the end of the text stands.
    fn quoted_cell(&mut self, mut at: usize, lines: &mut u64) -> Option<usize> {
        let delimiter = self.dialect.delimiter_byte();
        let line_end = self.dialect.line_end();
        let escape = self.dialect.escape_byte();
        loop {
            let rest = &self.text[at..];
            let n = match escape {
                Some(escape) => memchr::memchr2(self.quote, escape, rest),
                None => memchr::memchr(self.quote, rest),
            }?;
            *lines += memchr::memchr_iter(line_end, &rest[..n]).count() as u64;
            self.data.extend_from_slice(&rest[..n]);
            at += n;
            let next = self.text.get(at + 1).copied();
            if self.text[at] != self.quote {
                // An escape sign: the next byte stands for itself if it is a quote or an escape.
                match next {
                    Some(byte) if byte == self.quote || Some(byte) == escape => {
                        self.data.push(byte);
                        at += 2;
                    }
                    Some(_) => {
                        self.data.push(self.text[at]);
                        at += 1;
                    }
                    None => return None,
                }
                continue;
            }
            match next {
                Some(byte) if byte == self.quote => {
                    self.data.push(self.quote);
                    at += 2;
                }
                None if !self.last => return None,
                None => return Some(at + 1),
                Some(_) => {
                    // Closed: blanks may follow before the delimiter; other text means that the quote was text.
                    let mut after = at + 1;
                    while delimiter != b' ' && matches!(self.text.get(after), Some(b' '))
                        || (line_end == b'\n' && self.text.get(after) == Some(&b'\r'))
                    {
                        after += 1;
                    }
                    match self.text.get(after) {
                        None if !self.last => return None,
                        None => return Some(after),
                        Some(byte) if *byte == delimiter || *byte == line_end => return Some(after),
                        Some(_) => {
                            self.odd = true;
                            self.data.push(self.quote);
                            at += 1;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str, dialect: Dialect) -> Vec<String> {
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        assert!(matches!(split(text.as_bytes(), &dialect, true, true, &mut data, &mut ends), Split::Record { .. }));
        let mut start = 0;
        ends.iter()
            .map(|end| {
                let cell = String::from_utf8(data[start..*end].to_vec()).unwrap();
                start = *end;
                cell
            })
            .collect()
    }

    #[test]
    fn cells_are_split_and_unquoted() {
        assert_eq!(cells("a,\"b \"\"x\"\", c\",d\r\n", Dialect::COMMA), ["a", "b \"x\", c", "d"]);
        assert_eq!(cells("a, \"b,c\" ,d", Dialect::COMMA), ["a", "b,c", "d"]);
        assert_eq!(cells("a,\"l1\nl2\",\n", Dialect::COMMA), ["a", "l1\nl2", ""]);
        assert_eq!(cells("5\" pipe,3", Dialect::COMMA), ["5\" pipe", "3"]);
        let escape = Dialect { escape: Some('\\'), ..Dialect::COMMA };
        assert_eq!(cells("\"a \\\"b\\\" c\",d", escape), ["a \"b\" c", "d"]);
    }

    #[test]
    fn an_open_quote_asks_for_more() {
        let (mut data, mut ends) = (Vec::new(), Vec::new());
        let piece = b"a,\"b\nc,d\n";
        assert_eq!(split(piece, &Dialect::COMMA, true, false, &mut data, &mut ends), Split::Open { first_line: Some(5), in_quotes: true });
        assert_eq!(split(piece, &Dialect::COMMA, false, false, &mut data, &mut ends), Split::Record { bytes: 5, lines: 1, odd: false });
    }
}
