//! One sheet as text: dates as ISO, numbers with a point, rows at their own places.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use rust_decimal::Decimal;

use super::spill::{Spill, Text};
use super::{Sheet, SheetText};
use crate::error::IntakeError;
use crate::hints::Limits;
use crate::mapping::words::is_header_like;

/// Rows that a sheet can have.
const ROWS_MAX: u32 = 1 << 20;
/// Blank rows in a row after which a sheet counts as ended.
const GAP: u32 = 10_000;

/// Writes the sheet.
pub(super) fn text<R: Read + Seek>(reader: &mut R, chosen: Option<&Sheet>, limits: &Limits) -> Result<SheetText, IntakeError> {
    let mut book: Xlsx<&mut R> = Xlsx::new(reader).map_err(|e| IntakeError::Workbook(e.to_string()))?;
    let names: Vec<String> = match chosen {
        Some(sheet) => vec![sheet.name.clone()],
        None => book
            .sheets_metadata()
            .iter()
            .filter(|s| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible)
            .map(|s| s.name.clone())
            .collect(),
    };
    let mut best: Option<Written> = None;
    for name in names {
        let written = one(&mut book, name, limits)?;
        if best.as_ref().is_none_or(|best| written.points > best.points) {
            best = Some(written);
        }
    }
    let best = best.ok_or(IntakeError::NoTable)?;
    if best.widths.iter().all(|width| *width == 0) {
        return Err(IntakeError::Empty);
    }
    let (size, text) = padded(best.text.finish()?, &best.widths, limits)?;
    Ok(SheetText { sheet: best.sheet, size, text })
}

/// A sheet as text whose rows end where their cells do.
struct Written {
    sheet: Sheet,
    /// How much it looks like a table: rows, and known words in its first rows.
    points: u64,
    text: Spill,
    /// Cells of each row; 0 where it has none.
    widths: Vec<u32>,
}

/// Text of one sheet.
fn one<R: Read + Seek>(book: &mut Xlsx<R>, name: String, limits: &Limits) -> Result<Written, IntakeError> {
    let failed = |e: calamine::XlsxError| IntakeError::Workbook(e.to_string());
    let mut cells = book.worksheet_cells_reader(&name).map_err(failed)?;
    let mut out = Spill::new();
    let mut widths: Vec<u32> = Vec::new();
    let (mut row, mut column, mut rows, mut known) = (0_u32, 0_u32, 0_u64, 0_u64);
    let (mut width, mut cut_after) = (0, None);
    let mut cell_text = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(failed)? {
        let (at_row, at_column) = cell.get_position();
        let text = render(cell.get_value());
        if text.is_empty() {
            continue;
        }
        if u64::from(at_column) >= limits.columns {
            return Err(IntakeError::TooManyColumns {
                line: u64::from(at_row) + 1,
                columns: u64::from(at_column) + 1,
                limit: limits.columns,
            });
        }
        if at_row >= ROWS_MAX {
            return Err(IntakeError::Workbook(format!("the sheet `{name}` has a row {}", u64::from(at_row) + 1)));
        }
        if at_row > row.saturating_add(GAP) {
            cut_after = Some(u64::from(row) + 1);
            break;
        }
        // Rows that stand in another order than their numbers cannot be put into their places.
        if at_row < row || (at_row == row && width > at_column) {
            return Err(IntakeError::Workbook(format!("row {} of the sheet `{name}` stands out of order", u64::from(at_row) + 1)));
        }
        while row < at_row {
            out.push(b"\n")?;
            widths.push(width);
            row += 1;
            (column, width) = (0, 0);
        }
        rows += u64::from(width == 0);
        while column < at_column {
            out.push(b",")?;
            column += 1;
        }
        width = at_column + 1;
        known += u64::from(rows <= 10 && is_header_like(&text));
        cell_text.clear();
        quoted(&text, &mut cell_text);
        out.push(&cell_text)?;
        if out.size() > limits.unpacked_bytes {
            return Err(IntakeError::ZipLimit(format!("the sheet `{name}` has more than {} bytes of text", limits.unpacked_bytes)));
        }
    }
    out.push(b"\n")?;
    widths.push(width);
    let points = rows.min(1_000) + known.min(40) * 50;
    Ok(Written { sheet: Sheet { name, cut_after }, points, text: out, widths })
}

/// Short rows end early in a sheet; as text every row that is not blank gets the width of the widest. Answers the size, too.
fn padded(mut text: Text, widths: &[u32], limits: &Limits) -> Result<(u64, Text), IntakeError> {
    let widest = widths.iter().copied().max().unwrap_or(1).max(1);
    let commas = vec![b','; usize::try_from(widest).unwrap_or(0)];
    let mut out = Spill::new();
    let (mut row, mut inside) = (0, false);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = text.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        let mut start = 0;
        for at in memchr::memchr2_iter(b'"', b'\n', &buffer[..count]) {
            if buffer[at] == b'"' {
                inside = !inside;
            } else if !inside {
                let missing = widths.get(row).filter(|width| **width > 0).map_or(0, |width| widest - width);
                out.push(&buffer[start..at])?;
                out.push(&commas[..usize::try_from(missing).unwrap_or(0)])?;
                start = at;
                row += 1;
            }
        }
        out.push(&buffer[start..count])?;
        if out.size() > limits.unpacked_bytes {
            return Err(IntakeError::ZipLimit(format!("its rows fill more than {} bytes of text", limits.unpacked_bytes)));
        }
    }
    let size = out.size();
    Ok((size, out.finish()?))
}

fn quoted(text: &str, out: &mut Vec<u8>) {
    if !text.contains([',', '"', '\n', '\r']) && !text.starts_with(' ') {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

fn render(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => float(*number),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        DataRef::DateTime(when) => date(when),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => Data::Error(error.clone()).to_string(),
        DataRef::Empty => String::new(),
    }
}

/// A number with the fifteen digits that a spreadsheet keeps. Three decimals get a fourth, so that none reads as thousands.
fn float(number: f64) -> String {
    let text = format!("{number:.14e}");
    let Some(decimal) = Decimal::from_scientific(&text).ok().map(|d| d.normalize()) else { return number.to_string() };
    let text = decimal.to_string();
    match text.split_once('.') {
        Some((_, decimals)) if decimals.len() == 3 => format!("{text}0"),
        _ => text,
    }
}

/// A serial as ISO text: a day, a time, or both. calamine knows whether the workbook counts from 1904.
fn date(when: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = when.to_ymd_hms_milli();
    let serial = when.as_f64();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    if when.is_duration() || serial < 1.0 {
        return time;
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { day } else { format!("{day} {time}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_the_spreadsheet_shows() {
        assert_eq!(float(0.1 + 0.2), "0.3");
        assert_eq!(float(1234.5), "1234.5");
        assert_eq!(float(1.234), "1.2340");
        assert_eq!(float(-7.0), "-7");
        assert_eq!(float(123_456_789_012.0), "123456789012");
        let mut short = Spill::new();
        short.push(b"a,b\nc\n\n\"x,\ny\"\n").unwrap();
        let (size, mut padded) = padded(short.finish().unwrap(), &[2, 1, 0, 1], &Limits::default()).unwrap();
        let mut text = String::new();
        padded.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), size), ("a,b\nc,\n\n\"x,\ny\",\n", 16));
    }
}
