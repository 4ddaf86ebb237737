//! One sheet as text: dates as ISO, numbers with a point, rows at their own places.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use rust_decimal::Decimal;

use super::Sheet;
use crate::error::IntakeError;
use crate::hints::Limits;
use crate::mapping::words::is_header_like;

/// Blank rows in a row after which a sheet counts as ended.
const GAP: u32 = 10_000;

/// Writes the sheet.
pub(super) fn text<R: Read + Seek>(reader: &mut R, chosen: Option<&Sheet>, limits: &Limits) -> Result<(Sheet, Vec<u8>), IntakeError> {
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
    let mut best: Option<(u64, Sheet, Vec<u8>)> = None;
    for name in names {
        let (points, text) = one(&mut book, &name, limits)?;
        if best.as_ref().is_none_or(|b| points > b.0) {
            best = Some((points, Sheet { name }, text));
        }
    }
    let (_, sheet, text) = best.ok_or(IntakeError::NoTable)?;
    if text.iter().all(|b| matches!(b, b'\n' | b',')) {
        return Err(IntakeError::Empty);
    }
    Ok((sheet, text))
}

/// Text of one sheet, and how much it looks like a table: rows, and known words in its first rows.
fn one<R: Read + Seek>(book: &mut Xlsx<R>, name: &str, limits: &Limits) -> Result<(u64, Vec<u8>), IntakeError> {
    let failed = |e: calamine::XlsxError| IntakeError::Workbook(e.to_string());
    let mut cells = book.worksheet_cells_reader(name).map_err(failed)?;
    let mut out: Vec<u8> = Vec::new();
    let (mut row, mut column, mut rows, mut known) = (0_u32, 0_u32, 0_u64, 0_u64);
    let mut fresh = true;
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
        if at_row > row.saturating_add(GAP) {
            break;
        }
        while row < at_row {
            out.push(b'\n');
            row += 1;
            column = 0;
            fresh = true;
        }
        while column < at_column {
            out.push(b',');
            column += 1;
        }
        rows += u64::from(fresh);
        fresh = false;
        known += u64::from(rows <= 10 && is_header_like(&text));
        quoted(&text, &mut out);
        if out.len() as u64 > limits.unpacked_bytes {
            return Err(IntakeError::ZipLimit(format!("the sheet `{name}` has more than {} bytes of text", limits.unpacked_bytes)));
        }
    }
    out.push(b'\n');
    Ok((rows.min(1_000) + known.min(40) * 50, pad(&out)))
}

/// Short rows end early in a sheet; as text every row gets the width of the widest.
fn pad(text: &[u8]) -> Vec<u8> {
    let mut widths = Vec::new();
    let (mut cells, mut inside) = (1_usize, false);
    for byte in text {
        match byte {
            b'"' => inside = !inside,
            b',' if !inside => cells += 1,
            b'\n' if !inside => {
                widths.push(cells);
                cells = 1;
            }
            _ => {}
        }
    }
    let widest = widths.iter().copied().max().unwrap_or(1);
    let mut out = Vec::with_capacity(text.len() + widths.len() * 4);
    let mut row = 0;
    inside = false;
    for byte in text {
        match byte {
            b'"' => inside = !inside,
            b'\n' if !inside => {
                let missing = widest - widths.get(row).copied().unwrap_or(widest);
                out.extend(std::iter::repeat_n(b',', missing));
                row += 1;
            }
            _ => {}
        }
        out.push(*byte);
    }
    out
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
        assert_eq!(pad(b"a,b\nc\n\n\"x,y\"\n"), b"a,b\nc,\n,\n\"x,y\",\n");
    }
}
