//! Days that are written without a year: `0105`, `04/05`, `Mar 4`. The year is what the lines above the table state, or what a
//! person says; it is never guessed.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::date_scan::{self, DateScan, Parts};

/// Days that are kept to see whether a stated year can be theirs.
const PAIRS: usize = 200;
/// Days after the file's arrival up to which a sale may be dated.
const AHEAD: i64 = 31;

/// Counts over the cells of one column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Yearless {
    /// Cells that are a day without a year, and the first such line.
    pub(crate) cells: (u64, u64),
    /// Of these, cells in which day and month are one number.
    pub(crate) compact: u64,
    /// Numbers of up to four digits that are no day.
    pub(crate) odd: u64,
    /// Cells whose first part is above 12, and the first such line.
    pub(crate) day_first: (u64, u64),
    /// Cells whose second part is above 12, and the first such line.
    pub(crate) month_first: (u64, u64),
    /// Cells that could be either, and the first such line.
    pub(crate) open: (u64, u64),
    pairs: Vec<(u32, u32)>,
}

fn bump(counter: &mut (u64, u64), line: u64) {
    if counter.0 == 0 {
        counter.1 = line;
    }
    counter.0 += 1;
}

impl Yearless {
    /// Looks at a text that is no number.
    pub(crate) fn add_text(&mut self, text: &str, line: u64) {
        match date_scan::scan(text).map(|scan| scan.parts) {
            Some(Parts::NoYear { first, second }) => {
                bump(&mut self.cells, line);
                self.pair(first, second, line);
            }
            Some(Parts::NamedNoYear { .. }) => bump(&mut self.cells, line),
            _ => {}
        }
    }

    /// Looks at a number of one to four digits.
    pub(crate) fn add_number(&mut self, text: &str, line: u64) {
        let Some((first, second)) = compact(text) else {
            self.odd += 1;
            return;
        };
        bump(&mut self.cells, line);
        self.compact += 1;
        self.pair(first, second, line);
    }

    fn pair(&mut self, first: u32, second: u32, line: u64) {
        let counter = match (first > 12, second > 12) {
            (true, _) => &mut self.day_first,
            (_, true) => &mut self.month_first,
            _ => &mut self.open,
        };
        bump(counter, line);
        if self.pairs.len() < PAIRS {
            self.pairs.push((first, second));
        }
    }

    /// Whether the numbers of the column are days: nearly all of them can be.
    pub(crate) fn is_compact(&self) -> bool {
        self.compact > 0 && self.odd * 20 <= self.compact
    }

    /// Whether these years could be meant: no sale lies far beyond the file's arrival.
    pub(crate) fn can_be(&self, years: Years, day_first: bool, today: Option<Date>) -> bool {
        let Some(last) = today.and_then(|today| today.checked_add(AHEAD.days()).ok()) else { return true };
        self.pairs.iter().all(|(first, second)| {
            let (month, day) = if day_first { (*second, *first) } else { (*first, *second) };
            years.day(month, day).is_none_or(|date| date <= last)
        })
    }
}

/// `0105`, `105`: two parts without a sign between them. Both must be able to be a day, one of them a month.
pub(crate) fn compact(text: &str) -> Option<(u32, u32)> {
    if !matches!(text.len(), 3 | 4) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u32 = text.parse().ok()?;
    let (first, second) = (number / 100, number % 100);
    let is_day = |n: u32| (1..=31).contains(&n);
    (is_day(first) && is_day(second) && (first <= 12 || second <= 12)).then_some((first, second))
}

/// A cell of a column whose numbers are days.
pub(crate) fn scan_compact(text: &str) -> Option<DateScan> {
    let (first, second) = compact(text)?;
    Some(DateScan { parts: Parts::NoYear { first, second }, time: None, offset: None })
}

/// The time in which days without a year lie: a calendar year, or a period of at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Years {
    from: Date,
    until: Date,
}

impl Years {
    /// A calendar year.
    pub(crate) fn of(year: i16) -> Option<Self> {
        Some(Self { from: Date::new(year, 1, 1).ok()?, until: Date::new(year, 12, 31).ok()? })
    }

    /// The years of a period; both days belong to it.
    fn period(from: Date, until: Date) -> Option<Self> {
        if from.year() == until.year() {
            return Self::of(from.year());
        }
        let is_within_a_year = from.checked_add(1.year()).is_ok_and(|end| until < end);
        (from <= until && is_within_a_year).then_some(Self { from, until })
    }

    /// The day of that month and number; `None` if there is none in the period.
    pub(crate) fn day(self, month: u32, day: u32) -> Option<Date> {
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let of = |year: i16| Date::new(year, month, day).ok().filter(|date| (self.from..=self.until).contains(date));
        of(self.from.year()).or_else(|| of(self.until.year()))
    }

    /// The year, where it is one.
    pub(crate) fn year(self) -> Option<i16> {
        (self.from.year() == self.until.year()).then(|| self.from.year())
    }

    /// In words: `2026`, or the first and last day.
    pub(crate) fn text(self) -> String {
        self.year().map_or_else(|| format!("{} to {}", self.from, self.until), |year| year.to_string())
    }
}

/// The years that the lines above a table state, with the line: all of them name one year, or one of them a period.
pub(crate) fn stated(titles: &[(u64, String)], today: Option<Date>) -> Option<(Years, u64)> {
    let mut years: Vec<(i16, u64)> = Vec::new();
    let mut period = None;
    for (line, text) in titles {
        let dates = days_in(text);
        // The days of a line come in order; the last two are the period (a bookkeeping export names the fiscal year before it).
        if let [.., from, until] = dates.as_slice() {
            period = Years::period(*from, *until).map(|years| (years, *line)).or(period);
        }
        years.extend(dates.iter().map(|date| (date.year(), *line)));
        years.extend(years_in(text, today).map(|year| (year, *line)));
    }
    let (first, line) = *years.first()?;
    if years.iter().all(|(year, _)| *year == first) { Some((Years::of(first)?, line)) } else { period }
}

/// The one year that a file's name holds.
pub(crate) fn in_name(name: &str, today: Option<Date>) -> Option<i16> {
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut years: Vec<i16> = days_in(name).iter().map(|date| date.year()).chain(years_in(name, today)).collect();
    years.dedup();
    match years.as_slice() {
        [year] => Some(*year),
        _ => None,
    }
}

/// Numbers of four digits that can be a recent year and stand by themselves or in a date.
fn years_in(text: &str, today: Option<Date>) -> impl Iterator<Item = i16> {
    let latest = today.map_or(2099, |today| today.year().saturating_add(1));
    let earliest = latest.saturating_sub(if today.is_some() { 16 } else { 109 });
    let numbers = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| token.len() == 4);
    numbers.filter_map(|token| token.parse().ok()).filter(move |year| (earliest..=latest).contains(year))
}

/// Days with a year: `20260131`, `2026-01-31`, `31.01.2026`.
fn days_in(text: &str) -> Vec<Date> {
    let tokens = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '.' | '/'));
    let found = tokens.filter(|token| token.len() >= 8).filter_map(|token| match date_scan::scan(token)?.parts {
        Parts::Ymd(year, month, day) => Some((year, month, day)),
        Parts::Open { first, second, year, short: false, separator: '.' } => Some((year, second, first)),
        _ => None,
    });
    found.filter_map(|(y, m, d)| Date::new(i16::try_from(y).ok()?, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(titles: &[&str]) -> Option<String> {
        let titles: Vec<(u64, String)> = titles.iter().zip(1..).map(|(text, line)| (line, (*text).to_owned())).collect();
        stated(&titles, Some(Date::constant(2026, 5, 1))).map(|(years, line)| format!("{line}: {}", years.text()))
    }

    #[test]
    fn a_year_is_taken_only_where_the_titles_name_one_or_a_period() {
        let extf = "EXTF 700 21 Buchungsstapel 9 20260401120000000 RE 1001 1 20260101 4 20260301 20260331 Rechnungen";
        for (titles, years) in [
            (vec![extf], Some("1: 2026")),
            (vec!["Sales journal", "01.07.2025 - 30.06.2026"], Some("2: 2025-07-01 to 2026-06-30")),
            (vec!["Umsätze März 2026"], Some("1: 2026")),
            (vec!["Sales 2025 and 2026"], None),
            (vec!["Period 2024-01-01 to 2026-03-31"], None),
            (vec!["Order list", "Limit 2000, page 1"], None),
            (vec!["Halden Partner Portal"], None),
        ] {
            assert_eq!(found(&titles).as_deref(), years, "{titles:?}");
        }
        assert_eq!(in_name("umsatz_2026-03.csv", None), Some(2026));
        assert_eq!(in_name("umsatz_20260331.csv", None), Some(2026));
        assert_eq!(in_name("umsatz_2025_2026.csv", None), None);
    }

    #[test]
    fn a_period_over_new_year_gives_each_day_its_year() {
        let years = Years::period(Date::constant(2025, 10, 1), Date::constant(2026, 2, 28)).unwrap();
        assert_eq!(years.day(12, 31), Some(Date::constant(2025, 12, 31)));
        assert_eq!(years.day(1, 5), Some(Date::constant(2026, 1, 5)));
        assert_eq!(years.day(5, 5), None);
        assert_eq!(years.day(2, 30), None);
        let late = Yearless { pairs: vec![(24, 12)], ..Yearless::default() };
        assert!(!late.can_be(Years::of(2026).unwrap(), true, Some(Date::constant(2026, 1, 9))), "a print date of January");
        assert!(late.can_be(Years::of(2025).unwrap(), true, Some(Date::constant(2026, 1, 9))));
        assert_eq!(
            (compact("0105"), compact("105"), compact("3113"), compact("12"), compact("12345")),
            (Some((1, 5)), Some((1, 5)), None, None, None)
        );
    }
}
