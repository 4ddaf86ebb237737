//! Dates by the decided order of day and month.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub(crate) use super::date_scan::{DateScan, Parts, scan, zone_offset};
use super::yearless::Years;

/// The order of day and month in a column of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 2026-03-04, or months by name: nothing is open.
    YearFirst,
    /// 04/03/2026 is the fourth of March.
    DayFirst,
    /// 03/04/2026 is the fourth of March.
    MonthFirst,
}

/// A moment as the file gives it: a day, perhaps a time of day, perhaps its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct When {
    /// The day as written.
    pub date: Date,
    /// The time of day as written.
    pub time: Option<Time>,
    /// Seconds east of UTC as written in the cell, its zone column or the header.
    pub offset_seconds: Option<i32>,
}

impl When {
    /// The date and time as written; midnight where no time is given.
    pub fn civil(&self) -> DateTime {
        self.date.to_datetime(self.time.unwrap_or(Time::midnight()))
    }

    /// The instant, where the offset is known or `zone` says it.
    pub fn instant(&self, zone: &TimeZone) -> Option<jiff::Timestamp> {
        match self.offset_seconds.and_then(|s| Offset::from_seconds(s).ok()) {
            Some(offset) => offset.to_timestamp(self.civil()).ok(),
            None => zone.to_timestamp(self.civil()).ok(),
        }
    }

    /// The day of the sale: the day in the source's zone where the instant is known, else the day as written.
    pub fn day(&self, zone: Option<&TimeZone>) -> Date {
        match (zone, self.time, self.offset_seconds) {
            (Some(zone), Some(_), Some(_)) => self.instant(zone).map_or(self.date, |t| zone.to_datetime(t).date()),
            _ => self.date,
        }
    }
}

/// Why a cell is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateError {
    /// There is no such day, as in 31/02.
    Impossible,
    /// The year is missing.
    NoYear,
    /// The day lies outside the period that gives days their year.
    OutsidePeriod,
    /// Day and month cannot be told apart.
    Order,
}

/// Reads a scanned date by the column's order. `near` settles two-digit years, `years` days without one.
pub(crate) fn resolve(scan: &DateScan, order: Option<DateOrder>, near: Option<Date>, years: Option<Years>) -> Result<When, DateError> {
    let (year, month, day) = match scan.parts {
        Parts::Ymd(year, month, day) => (year, month, day),
        Parts::Named { day, month, year, short } => (full_year(year, short, near), month, day),
        Parts::NoYear { first, second } => {
            let years = years.ok_or(DateError::NoYear)?;
            let (month, day) = match order.filter(|o| *o != DateOrder::YearFirst) {
                Some(DateOrder::MonthFirst) => (first, second),
                Some(_) => (second, first),
                None if first == second || second > 12 => (first, second),
                None if first > 12 => (second, first),
                None => return Err(DateError::Order),
            };
            return within(years, month, day, scan);
        }
        Parts::NamedNoYear { day, month } => return within(years.ok_or(DateError::NoYear)?, month, day, scan),
        Parts::Open { first, second, year, short, separator } => {
            let year = full_year(year, short, near);
            let by_itself = if separator == '.' { Some(DateOrder::DayFirst) } else { None };
            match order.filter(|o| *o != DateOrder::YearFirst).or(by_itself) {
                Some(DateOrder::MonthFirst) => (year, first, second),
                Some(_) => (year, second, first),
                None if first == second || second > 12 => (year, first, second),
                None if first > 12 => (year, second, first),
                None => return Err(DateError::Order),
            }
        }
    };
    let part = |n: u32| i8::try_from(n).map_err(|_| DateError::Impossible);
    let year = i16::try_from(year).map_err(|_| DateError::Impossible)?;
    let date = Date::new(year, part(month)?, part(day)?).map_err(|_| DateError::Impossible)?;
    Ok(When { date, time: scan.time, offset_seconds: scan.offset })
}

/// A day without a year, in the years that are known for it.
fn within(years: Years, month: u32, day: u32, scan: &DateScan) -> Result<When, DateError> {
    // A leap year has every day that there is.
    let exists = Date::new(2000, i8::try_from(month).unwrap_or(0), i8::try_from(day).unwrap_or(0)).is_ok();
    let date = years.day(month, day);
    let missing = if exists && years.year().is_none() { DateError::OutsidePeriod } else { DateError::Impossible };
    Ok(When { date: date.ok_or(missing)?, time: scan.time, offset_seconds: scan.offset })
}

/// The reading of a two-digit year that is nearest to the file's arrival; without one, 1970 to 2069.
fn full_year(year: i32, short: bool, near: Option<Date>) -> i32 {
    if !short {
        return year;
    }
    match near {
        None => year + if year < 70 { 2000 } else { 1900 },
        Some(near) => {
            let near = i32::from(near.year());
            (18..=21).map(|c| c * 100 + year).min_by_key(|y| (y - near).abs()).unwrap_or(year + 2000)
        }
    }
}

/// A bare number as a date, for columns whose name says so: an Excel serial, epoch seconds or milliseconds.
pub(crate) fn from_number(value: Decimal) -> Option<When> {
    let whole = i64::try_from(value.trunc()).ok()?;
    if (20_000..80_000).contains(&whole) {
        // Serial 61 is 1900-03-01; from there on every day counts.
        let date = Date::constant(1899, 12, 30).checked_add(jiff::Span::new().days(whole)).ok()?;
        let seconds = i64::try_from((value.fract() * Decimal::from(86_400)).round()).ok()?;
        let time = (seconds > 0 && seconds < 86_400).then(|| Time::midnight().wrapping_add(jiff::Span::new().seconds(seconds)));
        return Some(When { date, time, offset_seconds: None });
    }
    let seconds = match whole {
        400_000_000..4_000_000_000 => whole,
        400_000_000_000..4_000_000_000_000 => whole / 1000,
        _ => return None,
    };
    let stamp = jiff::Timestamp::from_second(seconds).ok()?;
    let civil = TimeZone::UTC.to_datetime(stamp);
    Some(When { date: civil.date(), time: Some(civil.time()), offset_seconds: Some(0) })
}

/// A cell that holds a time of day and nothing else.
pub(crate) fn time_of_day(cell: &str) -> Option<(Time, Option<i32>)> {
    let text = cell.trim();
    if !text.contains(':') || text.len() > 32 {
        return None;
    }
    let scanned = scan(&format!("2000-01-01 {text}"))?;
    match scanned.parts {
        Parts::Ymd(2000, 1, 1) => scanned.time.map(|t| (t, scanned.offset)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str, order: Option<DateOrder>) -> Result<String, DateError> {
        let near = Some(Date::constant(2026, 5, 1));
        resolve(&scan(text).unwrap(), order, near, None).map(|w| w.date.to_string())
    }

    #[test]
    fn order_settles_open_dates_and_impossible_days_are_refused() {
        use DateOrder::{DayFirst, MonthFirst};
        assert_eq!(day("04/03/2026", Some(DayFirst)).as_deref(), Ok("2026-03-04"));
        assert_eq!(day("04/03/2026", Some(MonthFirst)).as_deref(), Ok("2026-04-03"));
        assert_eq!(day("04/03/2026", None), Err(DateError::Order));
        assert_eq!(day("4.3.26", None).as_deref(), Ok("2026-03-04"));
        assert_eq!(day("31/02/2026", Some(DayFirst)), Err(DateError::Impossible));
        assert_eq!(day("13/02/2026", Some(MonthFirst)), Err(DateError::Impossible));
        assert_eq!(day("Mar 4", None), Err(DateError::NoYear));
        assert_eq!(day("10-Dez-25", None).as_deref(), Ok("2025-12-10"));
    }

    #[test]
    fn days_without_a_year_take_the_year_that_is_known() {
        let day = |text: &str, order| resolve(&scan(text).unwrap(), order, None, Years::of(2026)).map(|w| w.date.to_string());
        assert_eq!(day("Mar 4", None).as_deref(), Ok("2026-03-04"));
        assert_eq!(day("04/03", Some(DateOrder::DayFirst)).as_deref(), Ok("2026-03-04"));
        assert_eq!(day("04/03", Some(DateOrder::MonthFirst)).as_deref(), Ok("2026-04-03"));
        assert_eq!(day("24/03", None).as_deref(), Ok("2026-03-24"));
        assert_eq!(day("04/03", None), Err(DateError::Order));
        assert_eq!(day("29/02", None), Err(DateError::Impossible));
        assert_eq!(day("24/03", Some(DateOrder::MonthFirst)), Err(DateError::Impossible));
    }

    #[test]
    fn bare_numbers_become_dates() {
        assert_eq!(from_number(Decimal::from(45_631)).unwrap().date.to_string(), "2024-12-05");
        assert_eq!(from_number(Decimal::new(456_315, 1)).unwrap().time, Some(Time::constant(12, 0, 0, 0)));
        assert_eq!(from_number(Decimal::from(1_772_634_760)).unwrap().date.to_string(), "2026-03-04");
        assert_eq!(from_number(Decimal::from(12)), None);
        assert_eq!(time_of_day("10:02:11").unwrap().0, Time::constant(10, 2, 11, 0));
    }

    #[test]
    fn the_day_is_the_day_in_the_sources_zone() {
        let when = resolve(&scan("2026-03-05 03:40:02 UTC").unwrap(), None, None, None).unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        assert_eq!(when.day(Some(&zone)).to_string(), "2026-03-04");
        assert_eq!(when.day(None).to_string(), "2026-03-05");
    }
}
