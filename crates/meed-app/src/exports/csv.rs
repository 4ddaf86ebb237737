//! CSV as spreadsheets read it: UTF-8 with BOM, comma, CRLF, RFC 4180 quotes, formula cells made harmless.

/// Appends a line of texts. A text that a spreadsheet would take for a formula gets an apostrophe in front; numbers are
/// left alone.
pub(crate) fn csv_line<T: AsRef<str>>(out: &mut Vec<u8>, cells: &[T]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        cell_text(out, cell.as_ref());
    }
    out.extend_from_slice(b"\r\n");
}

fn cell_text(out: &mut Vec<u8>, text: &str) {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(text);
    let needs_quotes = is_formula || text.contains(['"', ',', '\n', '\r', ';']) || text.starts_with(' ') || text.ends_with(' ');
    if !needs_quotes {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    if is_formula {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A plain number or percentage, which is no formula even with a sign.
fn is_number(text: &str) -> bool {
    let body = text.trim_start_matches(['-', '+']).trim_end_matches('%');
    !body.is_empty()
        && body.len() + 1 >= text.trim_end_matches('%').len()
        && body.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && body.matches('.').count() <= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: &[&str]) -> String {
        let mut out = Vec::new();
        csv_line(&mut out, cells);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn formula_cells_are_made_harmless_and_numbers_are_left_alone() {
        assert_eq!(line(&["=1+1", "-12.50", "+1", "7.25%"]), "\"'=1+1\",-12.50,+1,7.25%\r\n");
        assert_eq!(line(&["@cmd", "-cmd", "\tx", "--1", "-1.2.3"]), "\"'@cmd\",\"'-cmd\",\"'\tx\",\"'--1\",\"'-1.2.3\"\r\n");
    }

    #[test]
    fn quotes_commas_and_line_ends_are_quoted() {
        assert_eq!(line(&["a,b", "say \"hi\"", "two\nlines", "plain"]), "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",plain\r\n");
    }
}
