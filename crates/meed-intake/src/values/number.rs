//! Numbers and money as people and systems write them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::currency::{self, Sign};

/// Which sign separates the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DecimalMark {
    /// `1,234.56`
    #[serde(rename = ".")]
    Point,
    /// `1.234,56`
    #[serde(rename = ",")]
    Comma,
}

impl DecimalMark {
    /// The sign itself.
    pub fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// What one cell says about the separators of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// No comma and no point.
    None,
    /// Can only be read with this decimal sign.
    Certain(DecimalMark),
    /// `1.234` or `1,234`: one sign with three digits behind it.
    Open(char),
}

/// A number taken apart, before its separators are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number<'a> {
    digits: &'a str,
    negative: bool,
    /// The currency written with it.
    pub(crate) currency: Option<Sign<'a>>,
    /// It was followed by a percent sign.
    pub(crate) percent: bool,
    /// What it says about separators.
    pub(crate) evidence: Evidence,
}

/// Why a cell is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// Its separators contradict the column.
    Separators,
    /// It has more digits than can be kept exactly.
    TooLong,
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{a0}' || c == '\u{202f}' || c == '\u{2009}'
}

fn is_minus(c: char) -> bool {
    matches!(c, '-' | '\u{2212}' | '\u{2013}')
}

/// Takes a cell apart; `None` if it is no number.
pub(crate) fn scan(cell: &str) -> Option<Number<'_>> {
    let bytes = cell.as_bytes();
    if let Some(plain) = scan_plain(cell, bytes) {
        return Some(plain);
    }
    let mut text = cell.trim_matches(is_space);
    if text.len() > 64 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let (mut negative, mut percent, mut code) = (false, false, None);
    if let Some(inner) = text.strip_prefix('\'') {
        text = inner.strip_suffix('\'').unwrap_or(inner);
    }
    // `(12.00)` is negative; `454,33 (EUR)` carries its code in brackets.
    if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        negative = true;
        text = inner.trim_matches(is_space);
    }
    for _ in 0..4 {
        text = text.trim_matches(is_space);
        if let Some(rest) = text.strip_prefix(is_minus).or_else(|| text.strip_suffix(is_minus)) {
            if negative {
                return None;
            }
            negative = true;
            text = rest;
        } else if let Some(rest) = text.strip_prefix('+') {
            text = rest;
        } else if let Some(rest) = text.strip_suffix('%') {
            percent = true;
            text = rest;
        } else if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            if negative {
                return None;
            }
            negative = true;
            text = inner;
        } else if code.is_none() {
            let Some((found, rest)) = split_currency(text) else { break };
            code = Some(found);
            text = rest;
        } else {
            break;
        }
    }
    let evidence = shape(text)?;
    Some(Number { digits: text, negative, currency: code, percent, evidence })
}

/// Units that stand behind a count.
const UNITS: &[&str] = &[
    "nos", "no", "pcs", "pc", "ea", "each", "unit", "units", "stk", "stck", "st", "stück", "stuck", "szt", "ks", "pz", "pza", "uds", "ud",
    "un", "und", "unid", "pce", "pièce", "stuks", "x", "kg", "g", "l", "ltr", "m", "h", "hrs", "std", "box", "boxes", "ctn", "doz", "set",
];

/// `10 nos`, `4 Stk.`, `2x`: the count without its unit; anything else as it is.
pub(crate) fn without_unit(cell: &str) -> &str {
    let count = cell.trim_end_matches(|c: char| c.is_alphabetic() || c == '.');
    let unit = cell[count.len()..].trim_matches('.').to_lowercase();
    if count.ends_with(|c: char| c.is_ascii_digit() || is_space(c)) && UNITS.contains(&unit.as_str()) {
        let count = count.trim_end_matches(is_space);
        if scan(count).is_some_and(|n| n.currency.is_none() && !n.percent) {
            return count;
        }
    }
    cell
}

/// The common case: an optional minus, digits, and at most one point followed by other than three digits.
fn scan_plain<'a>(cell: &'a str, bytes: &[u8]) -> Option<Number<'a>> {
    let negative = bytes.first() == Some(&b'-');
    let digits = if negative { &bytes[1..] } else { bytes };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut point = None;
    for (i, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'.' if point.is_none() && i > 0 => point = Some(i),
            _ => return None,
        }
    }
    let evidence = match point {
        None => Evidence::None,
        Some(at) if digits.len() - at - 1 != 3 && digits.len() > at + 1 => Evidence::Certain(DecimalMark::Point),
        Some(_) => return None,
    };
    Some(Number { digits: &cell[usize::from(negative)..], negative, currency: None, percent: false, evidence })
}

/// Splits a currency sign or code off the front or the back.
fn split_currency(text: &str) -> Option<(Sign<'_>, &str)> {
    let first_digit = text.find(|c: char| c.is_ascii_digit() || matches!(c, '-' | '\u{2212}' | '(' | '.' | ','))?;
    if first_digit > 0 {
        let (front, rest) = text.split_at(first_digit);
        return currency::sign(front.trim_end_matches(is_space)).map(|s| (s, rest));
    }
    let back = text.char_indices().rev().take_while(|(_, c)| currency::is_sign_char(*c) || matches!(c, '(' | ')' | '.')).last()?.0;
    let (rest, code) = text.split_at(back);
    // A point may end the sign (`kr.`), never begin it: then it belongs to the number.
    let code = if rest.ends_with(|c: char| c.is_ascii_digit()) && code.starts_with('.') { return None } else { code };
    currency::sign(code).map(|s| (s, rest))
}

/// Checks digits and separators: what they say about the decimal sign, or `None` if they form no number.
fn shape(text: &str) -> Option<Evidence> {
    let mut groups: Vec<(char, usize)> = Vec::new();
    let (mut run, mut lead) = (0_usize, None);
    for c in text.chars() {
        if c.is_ascii_digit() {
            run += 1;
            continue;
        }
        if !(matches!(c, '.' | ',' | '\'' | '\u{2019}') || is_space(c)) {
            return None;
        }
        match (&mut lead, groups.last_mut()) {
            (None, _) => lead = Some(run),
            (_, Some(last)) => last.1 = run,
            _ => {}
        }
        groups.push((
            if is_space(c) {
                ' '
            } else if c == '\u{2019}' {
                '\''
            } else {
                c
            },
            0,
        ));
        run = 0;
    }
    let Some(lead) = lead else { return (run > 0).then_some(Evidence::None) };
    groups.last_mut()?.1 = run;
    let (last, after) = *groups.last()?;
    let others = &groups[..groups.len() - 1];
    if !matches!(last, '.' | ',') {
        // Only grouping by spaces or apostrophes.
        let same = groups.iter().all(|(c, _)| *c == last);
        return (same && grouped(lead, &groups)).then_some(Evidence::None);
    }
    let mark = if last == '.' { DecimalMark::Point } else { DecimalMark::Comma };
    let other_mark = if last == '.' { DecimalMark::Comma } else { DecimalMark::Point };
    if others.is_empty() {
        return if lead == 0 && after > 0 {
            Some(Evidence::Certain(mark))
        } else if after != 3 {
            (lead > 0).then_some(Evidence::Certain(mark))
        } else if lead > 3 || text.starts_with('0') {
            Some(Evidence::Certain(mark))
        } else {
            Some(Evidence::Open(last))
        };
    }
    let group_sign = others[0].0;
    if others.iter().any(|(c, _)| *c != group_sign) || (lead == 0) {
        return None;
    }
    if group_sign == last {
        // The same sign twice is grouping; the other one would be the decimal sign.
        return grouped(lead, &groups).then_some(Evidence::Certain(other_mark));
    }
    grouped(lead, others).then_some(Evidence::Certain(mark))
}

/// Groups of three, or the Indian way: twos with a three at the end.
fn grouped(lead: usize, groups: &[(char, usize)]) -> bool {
    let Some(((_, last), middle)) = groups.split_last() else { return false };
    let western = lead <= 3 && middle.iter().all(|(_, n)| *n == 3);
    let indian = lead <= 2 && middle.iter().all(|(_, n)| *n == 2);
    lead >= 1 && *last == 3 && (western || indian)
}

impl Number<'_> {
    /// The value by the column's decimal sign; a cell that contradicts it is refused.
    pub(crate) fn value(&self, mark: Option<DecimalMark>) -> Result<Decimal, NumberError> {
        let decimal = match (self.evidence, mark) {
            (Evidence::None, _) => None,
            (Evidence::Certain(own), Some(mark)) if own != mark => return Err(NumberError::Separators),
            (Evidence::Certain(own), _) => Some(own.sign()),
            (Evidence::Open(_), None) => return Err(NumberError::Separators),
            (Evidence::Open(_), Some(mark)) => Some(mark.sign()),
        };
        let mut mantissa: i128 = 0;
        let (mut scale, mut after) = (0_u32, false);
        for c in self.digits.chars() {
            if let Some(digit) = c.to_digit(10) {
                mantissa = mantissa.checked_mul(10).and_then(|m| m.checked_add(i128::from(digit))).ok_or(NumberError::TooLong)?;
                scale += u32::from(after);
            } else if Some(c) == decimal {
                after = true;
            }
        }
        if self.negative {
            mantissa = -mantissa;
        }
        Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| NumberError::TooLong)
    }

    /// Whether there is a minus.
    pub(crate) fn is_negative(&self) -> bool {
        self.negative
    }

    /// Number of digits.
    pub(crate) fn digit_count(&self) -> usize {
        self.digits.bytes().filter(u8::is_ascii_digit).count()
    }
}

/// `1.23457E+11`: a spreadsheet has dropped digits.
pub(crate) fn is_scientific(cell: &str) -> bool {
    let text = cell.trim().trim_start_matches(['-', '+']);
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    mantissa.contains(['.', ','])
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',')
        && (1..=3).contains(&exponent_digits.len())
        && exponent_digits.bytes().all(|b| b.is_ascii_digit())
}

/// Error texts of spreadsheets.
pub(crate) fn is_sheet_error(cell: &str) -> bool {
    let text = cell.trim();
    if text.len() >= 4 && text.bytes().all(|b| b == b'#') {
        return true;
    }
    text.starts_with('#')
        && matches!(
            text,
            "#REF!"
                | "#N/A"
                | "#VALUE!"
                | "#DIV/0!"
                | "#NAME?"
                | "#NULL!"
                | "#NUM!"
                | "#SPILL!"
                | "#CALC!"
                | "#BEZUG!"
                | "#WERT!"
                | "#NV"
                | "#NAME!"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mark: Option<DecimalMark>) -> Result<String, Option<NumberError>> {
        scan(text).ok_or(None)?.value(mark).map(|d| d.to_string()).map_err(Some)
    }

    #[test]
    fn com_015_every_way_to_write_an_amount_parses() {
        use DecimalMark::{Comma, Point};
        for (text, mark, value) in [
            ("-127.44", None, "-127.44"),
            ("454,33 USD", None, "454.33"),
            ("454,33 (EUR)", None, "454.33"),
            ("454,33€", None, "454.33"),
            ("31.56%", None, "31.56"),
            ("1.234,56 €", None, "1234.56"),
            ("(12.00)", None, "-12.00"),
            ("($1,027.00)", None, "-1027.00"),
            ("-$3.00", None, "-3.00"),
            ("$-3.00", None, "-3.00"),
            ("3.00-", None, "-3.00"),
            ("−3,5", None, "-3.5"),
            ("1 234 567,8", None, "1234567.8"),
            ("1'234.50", None, "1234.50"),
            ("12,34,567.00", None, "1234567.00"),
            ("EUR 12", None, "12"),
            ("1.234", Some(Comma), "1234"),
            ("1.234", Some(Point), "1.234"),
            ("1.234.567", None, "1234567"),
            ("0.125", None, "0.125"),
            ("R$ 1.234,50", None, "1234.50"),
            ("12,50 kr.", None, "12.50"),
            ("+4.5", None, "4.5"),
        ] {
            assert_eq!(read(text, mark), Ok(value.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_contradicts_the_column_is_refused() {
        for text in ["", "abc", "12 kg", "1.2.3", "1,23,4", "2026-03-04", "--5", "1.234,56.7", "#1001", "10:30", "12/5"] {
            assert_eq!(read(text, Some(DecimalMark::Point)), Err(None), "{text}");
        }
        assert_eq!(read("1,5", Some(DecimalMark::Point)), Err(Some(NumberError::Separators)));
        assert_eq!(read("1.234", None), Err(Some(NumberError::Separators)));
        assert_eq!(read("9".repeat(40).as_str(), None), Err(Some(NumberError::TooLong)));
        assert!(is_scientific("1.23457E+11") && !is_scientific("12E4") && is_sheet_error("#REF!") && is_sheet_error("######"));
    }
}
