//! What a whole column says: kinds of its cells, separators, order of day and month, repetition.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::cell::{self, CellKind};
use super::date::DateOrder;
use super::date_scan::{self, Parts};
use super::number::{self, DecimalMark, Evidence};
use super::yearless::Yearless;

/// Distinct values that are remembered per column.
const DISTINCT: usize = 512;
/// Sample texts that are kept per column.
const SAMPLES: usize = 5;
/// Parsed values that are kept per column for arithmetic between columns.
pub(crate) const VALUES: usize = 60;

/// Counts over the cells of one column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    /// Cells looked at.
    pub(crate) rows: u64,
    /// Cells with something in them.
    pub(crate) filled: u64,
    kinds: [u64; 15],
    /// Cells with a certain decimal point, and the first such line.
    pub(crate) point: (u64, u64),
    /// Cells with a certain decimal comma, and the first such line.
    pub(crate) comma: (u64, u64),
    /// Cells that leave the decimal sign open, by the sign in them (point, comma), and the first such line.
    pub(crate) open: (u64, u64, u64),
    /// Numbers below zero.
    pub(crate) negative: u64,
    /// Whole numbers between -999 and 999.
    pub(crate) small: u64,
    /// Dates whose first number is above 12, and the first such line.
    pub(crate) day_first: (u64, u64),
    /// Dates whose second number is above 12, and the first such line.
    pub(crate) month_first: (u64, u64),
    /// Dates that could be either, and the first such line.
    pub(crate) open_dates: (u64, u64),
    /// Dates written with points.
    pub(crate) dotted: u64,
    /// Dates with a time of day.
    pub(crate) timed: u64,
    /// Days without a year that are no number.
    pub(crate) no_year: u64,
    /// What days without a year say.
    pub(crate) yearless: Yearless,
    /// Dates with a named month: with the day before it, and after it.
    pub(crate) named: (u64, u64),
    /// Open dates as pairs, for plausibility.
    pub(crate) pairs: Vec<(u32, u32, i32)>,
    /// Cells with shared currency signs, by sign.
    pub(crate) signs: Vec<(String, u64)>,
    /// Longest cell in characters.
    pub(crate) longest: usize,
    /// Sum of lengths.
    pub(crate) length: u64,
    /// Cells equal to the one above.
    pub(crate) same_as_above: u64,
    /// Cells of three or more words, or with a comma: descriptions rather than names.
    pub(crate) wordy: u64,
    /// Cells that are the text of a known rep or team.
    pub(crate) owners: u64,
    pub(crate) teams: u64,
    distinct: HashSet<u64>,
    last: u64,
    /// Some distinct texts.
    pub(crate) samples: Vec<String>,
    /// Distinct texts in lower case, at most 24, for vocabularies.
    pub(crate) words: Vec<String>,
    /// The first cells, for arithmetic between columns.
    pub(crate) first: Vec<String>,
}

impl Profile {
    /// Looks at a cell in full.
    pub(crate) fn add(&mut self, text: &str, line: u64) {
        let text = text.trim();
        self.rows += 1;
        if self.first.len() < VALUES {
            self.first.push(text.chars().take(120).collect());
        }
        let kind = cell::kind(text);
        self.kinds[kind as usize] += 1;
        if kind == CellKind::Empty {
            return;
        }
        self.filled += 1;
        let chars = text.chars().count();
        self.longest = self.longest.max(chars);
        self.length += chars as u64;
        self.wordy += u64::from(text.split_whitespace().nth(2).is_some());
        let hash = hash_of(text);
        self.same_as_above += u64::from(self.filled > 1 && hash == self.last);
        self.last = hash;
        if self.distinct.len() < DISTINCT && self.distinct.insert(hash) {
            if self.samples.len() < SAMPLES {
                self.samples.push(text.chars().take(80).collect());
            }
            if self.words.len() < 24 && chars <= 40 {
                self.words.push(super::words::fold(text));
            }
        }
        self.evidence(text, line, Some(kind));
    }

    /// Looks only at separators and date parts: for the cells beyond the sample.
    pub(crate) fn add_evidence(&mut self, text: &str, line: u64) {
        self.evidence(text.trim(), line, None);
    }

    fn evidence(&mut self, text: &str, line: u64, kind: Option<CellKind>) {
        if text.len() <= 4 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            self.yearless.add_number(text, line);
        }
        match kind {
            Some(CellKind::Date) => return self.date_evidence(text, line),
            Some(k) if !(k.is_number() || k == CellKind::Percent) => {
                let before = self.yearless.cells.0;
                self.yearless.add_text(text, line);
                self.no_year += self.yearless.cells.0 - before;
                return;
            }
            _ => {}
        }
        let Some(scanned) = number::scan(text) else {
            if kind.is_none() {
                self.date_evidence(text, line);
            }
            return;
        };
        match scanned.evidence {
            Evidence::None => self.small += u64::from(scanned.digit_count() <= 3),
            Evidence::Certain(DecimalMark::Point) => bump(&mut self.point, line),
            Evidence::Certain(DecimalMark::Comma) => bump(&mut self.comma, line),
            Evidence::Open(sign) => {
                if sign == '.' {
                    self.open.0 += 1;
                } else {
                    self.open.1 += 1;
                }
                if self.open.2 == 0 {
                    self.open.2 = line;
                }
            }
        }
        self.negative += u64::from(scanned.is_negative());
        if let Some(super::currency::Sign::Shared(sign)) = scanned.currency {
            match self.signs.iter_mut().find(|(s, _)| s == sign) {
                Some(found) => found.1 += 1,
                None => self.signs.push((sign.to_owned(), 1)),
            }
        }
    }

    fn date_evidence(&mut self, text: &str, line: u64) {
        let Some(scanned) = date_scan::scan(text) else { return };
        self.timed += u64::from(scanned.time.is_some());
        if let Parts::Named { .. } = scanned.parts {
            // A weekday may stand before both; then the day is the first number or follows the month.
            let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
            let month_first = words.find_map(|w| {
                let number = w.bytes().next().is_some_and(|b| b.is_ascii_digit());
                if number { Some(false) } else { super::words::month(&super::words::fold(w)).map(|_| true) }
            });
            match month_first {
                Some(true) => self.named.1 += 1,
                Some(false) => self.named.0 += 1,
                None => {}
            }
        }
        let Parts::Open { first, second, year, separator, .. } = scanned.parts else { return };
        if first > 12 && second <= 12 {
            bump(&mut self.day_first, line);
        } else if second > 12 && first <= 12 {
            bump(&mut self.month_first, line);
        } else if first <= 12 {
            bump(&mut self.open_dates, line);
            if self.pairs.len() < 200 {
                self.pairs.push((first, second, year));
            }
        }
        self.dotted += u64::from(separator == '.');
    }

    /// Cells of one kind.
    pub(crate) fn count(&self, kind: CellKind) -> u64 {
        self.kinds[kind as usize]
    }

    /// Share of the filled cells that are of one of these kinds, per mille; 0 if the column is empty.
    pub(crate) fn share(&self, kinds: &[CellKind]) -> i32 {
        permille(kinds.iter().map(|k| self.count(*k)).sum(), self.filled)
    }

    /// Share of numbers, per mille.
    pub(crate) fn numbers(&self) -> i32 {
        self.share(&[CellKind::Integer, CellKind::Decimal, CellKind::Money])
    }

    /// Share of dates, per mille.
    pub(crate) fn dates(&self) -> i32 {
        self.share(&[CellKind::Date])
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Distinct values seen (at most the number remembered).
    pub(crate) fn distinct(&self) -> u64 {
        self.distinct.len() as u64
    }

    /// Whether no value repeats, as far as was remembered.
    pub(crate) fn all_distinct(&self) -> bool {
        self.filled > 0 && self.distinct() == self.filled.min(DISTINCT as u64)
    }

    /// Whether the values are short codes: one word each, capitals and digits.
    pub(crate) fn looks_like_codes(&self) -> bool {
        let code = |s: &String| {
            let plain = s.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '/'));
            let keyed = s.contains('_') && s.bytes().any(|b| b.is_ascii_digit());
            s.len() <= 40 && !s.contains(' ') && (plain || keyed)
        };
        !self.samples.is_empty() && self.samples.iter().all(code)
    }

    /// Average length of a filled cell.
    pub(crate) fn average_length(&self) -> u64 {
        self.length.checked_div(self.filled).unwrap_or(0)
    }

    /// The decimal sign that the column proves by itself.
    pub(crate) fn decimal(&self) -> Option<DecimalMark> {
        match (self.point.0, self.comma.0) {
            (0, 0) => None,
            (_, 0) => Some(DecimalMark::Point),
            (0, _) => Some(DecimalMark::Comma),
            _ => None,
        }
    }

    /// The order in which the column writes days and named months.
    pub(crate) fn named_order(&self) -> Option<DateOrder> {
        match self.named {
            (0, 0) => None,
            (day, month) if day >= month => Some(DateOrder::DayFirst),
            _ => Some(DateOrder::MonthFirst),
        }
    }

    /// The order of day and month that the column proves by itself.
    pub(crate) fn order(&self) -> Option<DateOrder> {
        match (self.day_first.0, self.month_first.0) {
            (0, 0) if self.dotted > 0 => Some(DateOrder::DayFirst),
            (0, 0) => None,
            (_, 0) => Some(DateOrder::DayFirst),
            (0, _) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }
}

fn bump(counter: &mut (u64, u64), line: u64) {
    if counter.0 == 0 {
        counter.1 = line;
    }
    counter.0 += 1;
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// `part` of `whole` per mille, 0 if there is no whole.
pub(crate) fn permille(part: u64, whole: u64) -> i32 {
    part.saturating_mul(1000).checked_div(whole).map_or(0, |share| i32::try_from(share).unwrap_or(1000))
}
