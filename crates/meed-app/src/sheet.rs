//! Small tables that people bring: variables, adjustments, clawbacks. Columns are known by their names, in any order; what
//! cannot be used is named with its line and column.

use std::borrow::Cow;
use std::io::{Read, Seek};

use jiff::civil::Date;
use meed_core::money::Exact;
use meed_core::people::fold_alias;
use meed_intake::{Hints, Reading};

use crate::error::{AppError, AppResult};

/// What a decimal comma or point means where the sheet itself does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalSign {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

impl DecimalSign {
    /// The sign itself.
    #[must_use]
    pub fn from_sign(sign: &str) -> Option<Self> {
        match sign {
            "." => Some(Self::Point),
            "," => Some(Self::Comma),
            _ => None,
        }
    }
}

/// A row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RowError {
    pub line: u64,
    /// Name of the column as the documents write it.
    pub column: &'static str,
    pub value: String,
    /// Stable code.
    pub code: Cow<'static, str>,
    pub text: String,
}

/// What loading a sheet did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Rows of the sheet.
    pub rows: u64,
    /// Values that are new.
    pub created: u64,
    /// Values that replace another of the same place and day.
    pub changed: u64,
    /// Values that stood there already.
    pub unchanged: u64,
    /// Rows that cannot be used; the others count.
    pub errors: Vec<RowError>,
}

/// A column of a sheet.
pub(crate) struct Column {
    /// As the documents write it.
    pub name: &'static str,
    /// Other names by which it is known, folded.
    pub words: &'static [&'static str],
    pub is_needed: bool,
}

/// The rows of a sheet with their lines, their cells in the order of `columns`, however they stand in the file. Rows
/// without any of them are left out.
pub(crate) fn rows<const N: usize>(
    mut file: impl Read + Seek,
    columns: &[Column; N],
    rows_max: usize,
) -> AppResult<Vec<(u64, [String; N])>> {
    let refused = |error: meed_intake::IntakeError| AppError::invalid(error.code(), "file", error.to_string());
    let reading = Reading::detect(&mut file, &Hints::default()).map_err(refused)?;
    let places = places(reading.headers(), columns)?;
    file.rewind().map_err(|e| AppError::invalid("file_unreadable", "file", e.to_string()))?;
    let mut rows = reading.rows(file, None).map_err(refused)?;
    let mut all = Vec::new();
    for row in &mut rows {
        let row = row.map_err(refused)?;
        let cell =
            |place: Option<usize>| place.and_then(|place| row.cells.get(place)).map(|cell| cell.trim().to_owned()).unwrap_or_default();
        let cells = places.map(cell);
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if all.len() == rows_max {
            return Err(AppError::invalid("too_many_rows", "file", format!("a sheet has at most {rows_max} rows")));
        }
        all.push((row.line, cells));
    }
    Ok(all)
}

/// Where the columns stand.
fn places<const N: usize>(headers: &[String], columns: &[Column; N]) -> AppResult<[Option<usize>; N]> {
    let mut places = [None; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = headers.iter().position(|header| {
            let header = fold_alias(header);
            header == column.name || column.words.contains(&header.as_str())
        });
    }
    let missing: Vec<&str> =
        columns.iter().zip(&places).filter(|(column, place)| column.is_needed && place.is_none()).map(|(column, _)| column.name).collect();
    if missing.is_empty() {
        return Ok(places);
    }
    let names = |needed: bool| columns.iter().filter(|column| column.is_needed == needed).map(|c| c.name).collect::<Vec<_>>().join(", ");
    let text =
        format!("the sheet needs the columns {} and may have {}; there is no column for {}", names(true), names(false), missing.join(", "));
    Err(AppError::invalid("columns_unknown", "file", text))
}

/// The decimal sign that the values of a sheet show: a comma or point that is not followed by three digits.
pub(crate) fn sign_of<'a>(values: impl Iterator<Item = &'a str>) -> Option<DecimalSign> {
    let after = |text: &str, sign: char| text.rsplit_once(sign).map(|(_, digits)| digits.trim_end_matches('%').trim().len());
    let shows = |text: &str| match (after(text, '.'), after(text, ',')) {
        (Some(point), Some(comma)) => Some(if point < comma { DecimalSign::Point } else { DecimalSign::Comma }),
        (Some(digits), None) if digits != 3 => Some(DecimalSign::Point),
        (None, Some(digits)) if digits != 3 => Some(DecimalSign::Comma),
        _ => None,
    };
    let mut shown = values.filter_map(shows);
    let first = shown.next()?;
    shown.all(|other| other == first).then_some(first)
}

/// Reads a number as it stands in the sheet. What could be thousands or decimals is refused, not guessed.
pub(crate) fn number(text: &str, sign: Option<DecimalSign>) -> Result<Exact, (&'static str, String)> {
    let digits: String = text.trim().trim_end_matches('%').chars().filter(|c| !c.is_whitespace() && *c != '\u{202f}').collect();
    let digits = digits.replace('\u{2212}', "-");
    let unreadable = || ("number_unreadable", format!("`{text}` is not a number"));
    let plain = match sign {
        Some(DecimalSign::Point) => digits.replace(',', ""),
        Some(DecimalSign::Comma) => digits.replace('.', "").replace(',', "."),
        None if !digits.contains(['.', ',']) => digits,
        None => {
            let text = format!("`{text}` may be thousands or decimals; say which sign the sheet uses for decimals");
            return Err(("number_ambiguous", text));
        }
    };
    Exact::from_str_exact(&plain).map_err(|_| unreadable())
}

/// Reads an ISO day; a time after it is left aside.
pub(crate) fn day(text: &str) -> Result<Option<Date>, (&'static str, String)> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.get(..10).unwrap_or(text).parse::<Date>();
    read.map(Some).map_err(|_| ("date_unreadable", format!("`{text}` is not a date such as 2026-03-31")))
}

/// Reads a percentage, with or without its sign, as a part of 1.
pub fn percent(text: &str) -> Option<Exact> {
    let value = Exact::from_str_exact(text.trim().trim_end_matches('%').trim()).ok()?;
    value.checked_div(Exact::ONE_HUNDRED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_the_sign_of_the_sheet_and_never_guessed() {
        let shown = |values: &[&'static str]| sign_of(values.iter().copied());
        assert_eq!(shown(&["100,000", "5.5"]), Some(DecimalSign::Point));
        assert_eq!(shown(&["100.000", "5,5"]), Some(DecimalSign::Comma));
        assert_eq!(shown(&["1.234,567"]), Some(DecimalSign::Comma));
        assert_eq!(shown(&["5.5", "5,5"]), None, "two minds");
        assert_eq!(shown(&["100,000"]), None);
        let read = |text: &str, sign| number(text, sign).map(|number| number.normalize().to_string()).map_err(|(code, _)| code);
        assert_eq!(read("100,000", Some(DecimalSign::Point)), Ok("100000".to_owned()));
        assert_eq!(read("1.234,50", Some(DecimalSign::Comma)), Ok("1234.5".to_owned()));
        assert_eq!(read("7.5%", Some(DecimalSign::Point)), Ok("7.5".to_owned()));
        assert_eq!(read("60000", None), Ok("60000".to_owned()));
        assert_eq!(read("100,000", None), Err("number_ambiguous"));
        assert_eq!(read("much", None), Err("number_unreadable"));
        assert_eq!(read("\u{2212}40", None), Ok("-40".to_owned()), "a minus sign as word processors write it");
    }

    #[test]
    fn columns_stand_in_any_order_and_those_not_needed_may_be_missing() {
        const COLUMNS: [Column; 3] = [
            Column { name: "who", words: &["rep"], is_needed: true },
            Column { name: "value", words: &[], is_needed: true },
            Column { name: "from", words: &["effective date"], is_needed: false },
        ];
        let headers = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(places(&headers(&["Effective Date", "Value", "Rep"]), &COLUMNS).expect("three"), [Some(2), Some(1), Some(0)]);
        assert_eq!(places(&headers(&["who", "value"]), &COLUMNS).expect("two")[2], None);
        let refused = places(&headers(&["who", "b"]), &COLUMNS).expect_err("no value").to_string();
        assert!(refused.contains("no column for value"), "{refused}");
    }

    #[test]
    fn percentages_are_parts_of_one() {
        let half = percent("50%").map(|part| part.normalize().to_string());
        assert_eq!(half.as_deref(), Some("0.5"));
        assert_eq!(percent("12.5"), percent("12.5 %"));
        assert_eq!(percent("much"), None);
    }
}
