//! Takes a date cell apart without deciding the order of day and month.

use jiff::civil::Time;

use super::words::{fold, month, weekday};

/// The date part as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// Year, month, day.
    Ymd(i32, u32, u32),
    /// Two numbers whose order is open, and a year.
    Open {
        /// The first number.
        first: u32,
        /// The second number.
        second: u32,
        /// The year as written.
        year: i32,
        /// The year has two digits.
        short: bool,
        /// What stands between them.
        separator: char,
    },
    /// Day and named month, and a year.
    Named {
        /// Day of the month.
        day: u32,
        /// Month, 1 to 12.
        month: u32,
        /// The year as written.
        year: i32,
        /// The year has two digits.
        short: bool,
    },
    /// Two numbers whose order is open, and no year.
    NoYear {
        /// The first number.
        first: u32,
        /// The second number.
        second: u32,
    },
    /// Day and named month, and no year.
    NamedNoYear {
        /// Day of the month.
        day: u32,
        /// Month, 1 to 12.
        month: u32,
    },
}

impl Parts {
    /// Whether the year is missing.
    pub(crate) fn is_yearless(self) -> bool {
        matches!(self, Self::NoYear { .. } | Self::NamedNoYear { .. })
    }
}

/// A date cell taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateScan {
    /// The date.
    pub(crate) parts: Parts,
    /// Time of day.
    pub(crate) time: Option<Time>,
    /// Seconds east of UTC, where written.
    pub(crate) offset: Option<i32>,
}

/// Offset of a zone abbreviation in seconds.
pub(crate) fn zone_offset(word: &str) -> Option<i32> {
    const HOUR: i32 = 3600;
    Some(match word {
        "z" | "utc" | "gmt" | "wet" => 0,
        "bst" | "cet" | "mez" | "west" => HOUR,
        "cest" | "mesz" | "eet" | "sast" => 2 * HOUR,
        "eest" | "msk" => 3 * HOUR,
        "ist" => 5 * HOUR + HOUR / 2,
        "awst" | "sgt" | "hkt" => 8 * HOUR,
        "jst" | "kst" => 9 * HOUR,
        "acst" => 9 * HOUR + HOUR / 2,
        "acdt" => 10 * HOUR + HOUR / 2,
        "aest" => 10 * HOUR,
        "aedt" => 11 * HOUR,
        "nzst" => 12 * HOUR,
        "nzdt" => 13 * HOUR,
        "brt" | "art" => -3 * HOUR,
        "edt" | "ast" => -4 * HOUR,
        "est" | "cdt" => -5 * HOUR,
        "cst" | "mdt" => -6 * HOUR,
        "mst" | "pdt" => -7 * HOUR,
        "pst" | "akdt" => -8 * HOUR,
        "akst" => -9 * HOUR,
        "hst" => -10 * HOUR,
        _ => return None,
    })
}

/// Takes a cell apart; `None` if it holds no date.
pub(crate) fn scan(cell: &str) -> Option<DateScan> {
    let text = cell.trim();
    let text = text.strip_prefix('\'').unwrap_or(text);
    let text = text.strip_prefix('#').and_then(|t| t.strip_suffix('#')).unwrap_or(text).trim();
    if text.len() < 4 || text.len() > 64 || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Some(date) = iso_date(text) {
        return Some(date);
    }
    general(text)
}

fn number(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    bytes.iter().try_fold(0_u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// `YYYY-MM-DD` alone: the common case.
fn iso_date(text: &str) -> Option<DateScan> {
    let b = text.as_bytes();
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let year = i32::try_from(number(&b[..4])?).ok()?;
    Some(DateScan { parts: Parts::Ymd(year, number(&b[5..7])?, number(&b[8..])?), time: None, offset: None })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Digits(&'a str),
    Word(&'a str),
    Other(char),
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut out = Vec::with_capacity(16);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = |f: fn(char) -> bool| rest.find(|c| !f(c)).unwrap_or(rest.len());
        let length = if c.is_ascii_digit() {
            let n = end(|c| c.is_ascii_digit());
            out.push(Token::Digits(&rest[..n]));
            n
        } else if c.is_alphabetic() {
            let n = end(char::is_alphabetic);
            out.push(Token::Word(&rest[..n]));
            n
        } else {
            out.push(Token::Other(if c.is_whitespace() { ' ' } else { c }));
            c.len_utf8()
        };
        if out.len() > 32 {
            return None;
        }
        rest = &rest[length..];
    }
    Some(out)
}

fn general(text: &str) -> Option<DateScan> {
    let mut tokens = tokens(text)?;
    let (time, mut offset) = take_time(&mut tokens)?;
    let mut numbers: Vec<(&str, usize)> = Vec::with_capacity(3);
    let mut named = None;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Digits(digits) => numbers.push((digits, at)),
            Token::Word(word) => {
                let folded = fold(word);
                if matches!(
                    folded.as_str(),
                    "de" | "of"
                        | "the"
                        | "st"
                        | "nd"
                        | "rd"
                        | "th"
                        | "t"
                        | "er"
                        | "at"
                        | "um"
                        | "uhr"
                        | "le"
                        | "del"
                        | "do"
                        | "hs"
                        | "h"
                        | "hrs"
                        | "uur"
                        | "klo"
                ) {
                    continue;
                }
                if let Some(found) = month(&folded).filter(|_| named.is_none() && (numbers.len() < 3)) {
                    named = Some(found);
                } else if let Some(seconds) = zone_offset(&folded) {
                    offset = offset.or(Some(seconds));
                } else if !weekday(&folded) {
                    return None;
                }
            }
            Token::Other(' ' | '-' | '/' | '.' | ',' | '(' | ')' | '\'') => {}
            Token::Other(_) => return None,
        }
    }
    let parts = match named {
        Some(month) => named_parts(&numbers, month)?,
        None => numeric_parts(&tokens, &numbers, time.is_some())?,
    };
    Some(DateScan { parts, time, offset })
}

fn year_of(digits: &str) -> Option<(i32, bool)> {
    let year = i32::try_from(number(digits.as_bytes())?).ok()?;
    match digits.len() {
        4 if (1900..=2199).contains(&year) => Some((year, false)),
        2 => Some((year, true)),
        _ => None,
    }
}

fn small(digits: &str) -> Option<u32> {
    (digits.len() <= 2).then(|| number(digits.as_bytes())).flatten()
}

fn named_parts(numbers: &[(&str, usize)], month: u32) -> Option<Parts> {
    match numbers {
        [(one, _), (two, _)] => {
            if one.len() == 4 {
                let (year, short) = year_of(one)?;
                return Some(Parts::Named { day: small(two)?, month, year, short });
            }
            let (year, short) = year_of(two)?;
            Some(Parts::Named { day: small(one)?, month, year, short })
        }
        [(one, _)] => Some(Parts::NamedNoYear { day: small(one)?, month }),
        _ => None,
    }
}

fn numeric_parts(tokens: &[Token<'_>], numbers: &[(&str, usize)], has_time: bool) -> Option<Parts> {
    match numbers {
        [(one, at), (two, _), (three, _)] => {
            let Some(Token::Other(separator)) = tokens.get(at + 1) else { return None };
            let separator = *separator;
            if !matches!(separator, '-' | '/' | '.' | ' ') {
                return None;
            }
            if one.len() == 4 {
                let (year, _) = year_of(one)?;
                return Some(Parts::Ymd(year, small(two)?, small(three)?));
            }
            let (year, short) = year_of(three)?;
            if separator == ' ' {
                return None;
            }
            Some(Parts::Open { first: small(one)?, second: small(two)?, year, short, separator })
        }
        [(one, at), (two, _)] => {
            let slash = matches!(tokens.get(at + 1), Some(Token::Other('/')));
            let dotted = has_time && matches!(tokens.get(at + 1), Some(Token::Other('.' | '-')));
            (slash || dotted).then_some(())?;
            let (a, b) = (small(one)?, small(two)?);
            let is_day = (1..=31).contains(&a) && (1..=31).contains(&b) && (a <= 12 || b <= 12);
            is_day.then_some(Parts::NoYear { first: a, second: b })
        }
        [(one, _)] if one.len() == 8 => {
            let all = number(one.as_bytes())?;
            let (year, month, day) = (i32::try_from(all / 10_000).ok()?, all / 100 % 100, all % 100);
            ((1990..=2099).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Parts::Ymd(year, month, day))
        }
        _ => None,
    }
}

/// Finds `hh:mm[:ss[.fff]] [am|pm] [offset]`, removes it from the tokens and returns it. `None` for an impossible time.
fn take_time(tokens: &mut Vec<Token<'_>>) -> Option<(Option<Time>, Option<i32>)> {
    let Some(colon) = tokens.iter().position(|t| *t == Token::Other(':')) else { return Some((None, None)) };
    let start = colon.checked_sub(1)?;
    let (Token::Digits(hour), Some(Token::Digits(minute))) = (tokens[start], tokens.get(colon + 1).copied()) else { return None };
    let (mut hour, minute) = (small(hour)?, small(minute)?);
    let (mut second, mut nanos) = (0, 0);
    let mut at = colon + 2;
    if let (Some(Token::Other(':')), Some(Token::Digits(digits))) = (tokens.get(at), tokens.get(at + 1)) {
        second = small(digits)?;
        at += 2;
        if let (Some(Token::Other('.' | ',')), Some(Token::Digits(digits))) = (tokens.get(at), tokens.get(at + 1)) {
            let kept = &digits[..digits.len().min(9)];
            nanos = number(kept.as_bytes())? * 10_u32.pow(9 - u32::try_from(kept.len()).ok()?);
            at += 2;
        }
    }
    let mut look = at;
    while tokens.get(look) == Some(&Token::Other(' ')) {
        look += 1;
    }
    if let Some(half) = half_of_day(tokens, &mut look) {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + half;
        at = look;
    }
    let offset = take_offset(tokens, &mut at);
    let time =
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, i32::try_from(nanos).ok()?).ok()?;
    // What stood before `T10:12` as its letter goes too.
    let from = if start > 0 && matches!(tokens[start - 1], Token::Word("T" | "t")) { start - 1 } else { start };
    tokens.drain(from..at);
    Some((Some(time), offset))
}

/// Reads `AM`, `pm`, `a.m.`, `p. m.`; returns the hours to add.
fn half_of_day(tokens: &[Token<'_>], at: &mut usize) -> Option<u32> {
    let Some(Token::Word(word)) = tokens.get(*at) else { return None };
    let hours = match word.to_ascii_lowercase().as_str() {
        "am" | "a" => 0,
        "pm" | "p" => 12,
        _ => return None,
    };
    let long = word.len() == 2;
    let mut next = *at + 1;
    while matches!(tokens.get(next), Some(Token::Other('.' | ' '))) {
        next += 1;
    }
    if !long {
        let Some(Token::Word("m" | "M")) = tokens.get(next) else { return None };
        next += 1;
        if matches!(tokens.get(next), Some(Token::Other('.'))) {
            next += 1;
        }
    }
    *at = next;
    Some(hours)
}

/// Reads `Z`, `+01:00`, ` -0500`, ` GMT-04:00`, ` UTC`.
fn take_offset(tokens: &[Token<'_>], at: &mut usize) -> Option<i32> {
    let mut look = *at;
    while matches!(tokens.get(look), Some(Token::Other(' '))) {
        look += 1;
    }
    let mut base = None;
    if let Some(Token::Word(word)) = tokens.get(look)
        && let Some(seconds) = zone_offset(&fold(word))
    {
        base = Some(seconds);
        look += 1;
        *at = look;
    }
    let sign = match tokens.get(look) {
        Some(Token::Other('+')) => 1,
        Some(Token::Other('-' | '\u{2212}')) => -1,
        _ => return base,
    };
    let Some(Token::Digits(hours)) = tokens.get(look + 1) else { return base };
    let (hours, minutes, used) = match (hours.len(), tokens.get(look + 2), tokens.get(look + 3)) {
        (4, _, _) => (small(&hours[..2])?, small(&hours[2..])?, 2),
        (1 | 2, Some(Token::Other(':')), Some(Token::Digits(minutes))) if minutes.len() == 2 => (small(hours)?, small(minutes)?, 4),
        (1 | 2, None, _) => (small(hours)?, 0, 2),
        _ => return base,
    };
    if hours > 14 || minutes > 59 {
        return base;
    }
    *at = look + used;
    Some(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_dates_are_taken_apart() {
        let named = |day, month, year, short| Parts::Named { day, month, year, short };
        for (text, parts) in [
            ("2026-03-04", Parts::Ymd(2026, 3, 4)),
            ("2026-03-04T10:12:40.1234567Z", Parts::Ymd(2026, 3, 4)),
            ("2026-03-04 15:12:40 UTC", Parts::Ymd(2026, 3, 4)),
            ("2026/3/4 9:05", Parts::Ymd(2026, 3, 4)),
            ("20260304", Parts::Ymd(2026, 3, 4)),
            ("10-Dez-25", named(10, 12, 25, true)),
            ("03-Mär-26", named(3, 3, 26, true)),
            ("Mar 4, 2026 10:05 PM", named(4, 3, 2026, false)),
            ("4 août 2026", named(4, 8, 2026, false)),
            ("4 de marzo de 2026", named(4, 3, 2026, false)),
            ("Wednesday, 4 March 2026", named(4, 3, 2026, false)),
            ("#2020-12-31#", Parts::Ymd(2020, 12, 31)),
            ("Mar 4", Parts::NamedNoYear { day: 4, month: 3 }),
            ("04/03", Parts::NoYear { first: 4, second: 3 }),
        ] {
            assert_eq!(scan(text).map(|s| s.parts), Some(parts), "{text}");
        }
        let slash = scan("3/4/26 1:05 p.m.").unwrap();
        assert_eq!(slash.parts, Parts::Open { first: 3, second: 4, year: 26, short: true, separator: '/' });
        assert_eq!(slash.time, Some(Time::constant(13, 5, 0, 0)));
        assert_eq!(scan("2026-03-04 10:12:40 -0500").unwrap().offset, Some(-18_000));
        assert_eq!(scan("2026-03-04T10:12:40+05:30").unwrap().offset, Some(19_800));
        assert_eq!(scan("May 31, 2026 09:00 AM GMT-04:00").unwrap().offset, Some(-14_400));
    }

    #[test]
    fn what_is_no_date_is_left_alone() {
        for text in [
            "12.50",
            "1.234.567",
            "INV-1014",
            "10:12:40",
            "abc",
            "12345",
            "1,234.50",
            "12/5 cm",
            "192.168.1.10",
            "2026-03-04 25:00",
            "+1 555 0100",
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }
}
