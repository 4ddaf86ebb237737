//! Periods: the half-open stretch of time that one calculation covers (`commissions.md` §4.5, behaviour 41).
//!
//! A period is made of whole local days of a zone. It starts with the first instant of its first day and ends just
//! before the first instant of the day after its last one, whatever daylight saving does to those days.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How long a period of a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cadence {
    /// A calendar month.
    Monthly,
    /// A calendar quarter: January to March, and so on.
    Quarterly,
    /// January to June, or July to December.
    HalfYearly,
    /// A calendar year.
    Yearly,
}

impl Cadence {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Monthly, Self::Quarterly, Self::HalfYearly, Self::Yearly];

    /// The word in program documents: `monthly`, `quarterly`, `half_yearly`, `yearly`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::HalfYearly => "half_yearly",
            Self::Yearly => "yearly",
        }
    }

    /// Periods in a year: 12, 4, 2 or 1. A yearly target is divided by it.
    #[must_use]
    pub const fn per_year(self) -> u32 {
        match self {
            Self::Monthly => 12,
            Self::Quarterly => 4,
            Self::HalfYearly => 2,
            Self::Yearly => 1,
        }
    }

    /// Months of a period.
    #[must_use]
    pub const fn months(self) -> i8 {
        match self {
            Self::Monthly => 1,
            Self::Quarterly => 3,
            Self::HalfYearly => 6,
            Self::Yearly => 12,
        }
    }
}

impl FromStr for Cadence {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|cadence| cadence.name() == text);
        found.ok_or_else(|| PeriodError::Label(text.chars().take(20).collect()))
    }
}

/// Why there is no such period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The text is not a label.
    #[error("`{0}` is not a period; write `2026-03`, `2026-Q1`, `2026-H1` or `2026`")]
    Label(String),
    /// The period would touch the end of the calendar (years −9999 to 9999).
    #[error("the period leaves the calendar")]
    OutOfCalendar,
}

impl PeriodError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Label(_) => "period_label_unreadable",
            Self::OutOfCalendar => "period_out_of_calendar",
        }
    }
}

/// A month, quarter, half year or year in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    cadence: Cadence,
    first: Date,
    /// The first day after the period.
    after: Date,
    start: Timestamp,
    end: Timestamp,
    zone: TimeZone,
}

impl Period {
    /// The period that holds the instant `at`.
    pub fn containing(at: Timestamp, cadence: Cadence, zone: &TimeZone) -> Result<Self, PeriodError> {
        Self::holding(zone.to_datetime(at).date(), cadence, zone)
    }

    /// The period that holds the local day.
    pub fn holding(day: Date, cadence: Cadence, zone: &TimeZone) -> Result<Self, PeriodError> {
        let month = (day.month() - 1) / cadence.months() * cadence.months() + 1;
        let first = Date::new(day.year(), month, 1).map_err(|_| PeriodError::OutOfCalendar)?;
        let after = first.checked_add(Span::new().months(cadence.months())).map_err(|_| PeriodError::OutOfCalendar)?;
        let start = first_instant(first, zone)?;
        let end = first_instant(after, zone)?;
        Ok(Self { cadence, first, after, start, end, zone: zone.clone() })
    }

    /// Reads a label such as `2026-03`, `2026-Q1`, `2026-H1` or `2026`.
    pub fn parse(label: &str, zone: &TimeZone) -> Result<Self, PeriodError> {
        let unreadable = || PeriodError::Label(label.chars().take(20).collect());
        let (year, rest) = label.trim().split_once('-').map_or((label.trim(), None), |(year, rest)| (year, Some(rest)));
        if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) {
            return Err(unreadable());
        }
        let year: i16 = year.parse().map_err(|_| unreadable())?;
        let (cadence, month) = match rest.map_or(&[][..], str::as_bytes) {
            [] if rest.is_none() => (Cadence::Yearly, 1),
            [b'H' | b'h', half @ b'1'..=b'2'] => (Cadence::HalfYearly, (half - b'1') * 6 + 1),
            [b'Q' | b'q', quarter @ b'1'..=b'4'] => (Cadence::Quarterly, (quarter - b'1') * 3 + 1),
            [tens @ b'0'..=b'1', ones @ b'0'..=b'9'] => (Cadence::Monthly, (tens - b'0') * 10 + (ones - b'0')),
            _ => return Err(unreadable()),
        };
        let month = i8::try_from(month).map_err(|_| unreadable())?;
        let day = Date::new(year, month, 1).map_err(|_| unreadable())?;
        Self::holding(day, cadence, zone)
    }

    /// The period after this one.
    pub fn next(&self) -> Result<Self, PeriodError> {
        Self::holding(self.after, self.cadence, &self.zone)
    }

    /// The period before this one.
    pub fn prev(&self) -> Result<Self, PeriodError> {
        let day = self.first.yesterday().map_err(|_| PeriodError::OutOfCalendar)?;
        Self::holding(day, self.cadence, &self.zone)
    }

    /// How long periods are.
    #[must_use]
    pub const fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// The zone whose days the period is made of.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The first instant.
    #[must_use]
    pub const fn start(&self) -> Timestamp {
        self.start
    }

    /// The first instant that no longer belongs to the period.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        self.end
    }

    /// The first local day.
    #[must_use]
    pub const fn first_day(&self) -> Date {
        self.first
    }

    /// The last local day. Variables, memberships and managers are judged on it (`commissions.md` behaviour 32).
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.after.yesterday().unwrap_or(self.after)
    }

    /// Whether the instant falls into the period.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// `2026-03`, `2026-Q1`, `2026-H1` or `2026`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.cadence {
            Cadence::Monthly => format!("{:04}-{:02}", self.first.year(), self.first.month()),
            Cadence::Quarterly => format!("{:04}-Q{}", self.first.year(), (self.first.month() - 1) / 3 + 1),
            Cadence::HalfYearly => format!("{:04}-H{}", self.first.year(), (self.first.month() - 1) / 6 + 1),
            Cadence::Yearly => format!("{:04}", self.first.year()),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

/// The first instant of a local day. Where midnight does not exist, the day starts when the clock resumes; where it
/// exists twice, with the first of the two.
pub fn first_instant(day: Date, zone: &TimeZone) -> Result<Timestamp, PeriodError> {
    if day < date(-9998, 1, 1) || day > date(9998, 12, 31) {
        return Err(PeriodError::OutOfCalendar);
    }
    let midnight = day.at(0, 0, 0, 0);
    zone.to_ambiguous_timestamp(midnight).compatible().map_err(|_| PeriodError::OutOfCalendar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a bundled zone")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn com_041_a_period_ends_with_the_last_instant_of_its_last_local_day() {
        let new_york = zone("America/New_York");
        // Daylight saving starts on 8 March 2026: the month starts at UTC−5 and ends at UTC−4.
        let march = Period::parse("2026-03", &new_york).expect("a month");
        assert_eq!(march.start(), at("2026-03-01T05:00:00Z"));
        assert_eq!(march.end(), at("2026-04-01T04:00:00Z"));
        assert!(march.contains(at("2026-04-01T03:59:59.999999999Z")), "the last nanosecond still counts");
        assert!(!march.contains(at("2026-04-01T04:00:00Z")));
        assert!(!march.contains(at("2026-03-01T04:59:59.999999999Z")));
        assert_eq!(march.last_day(), date(2026, 3, 31));
        let berlin = Period::parse("2026-Q4", &zone("Europe/Berlin")).expect("a quarter");
        assert_eq!(berlin.start(), at("2026-09-30T22:00:00Z"));
        assert_eq!(berlin.end(), at("2026-12-31T23:00:00Z"));
    }

    #[test]
    fn com_041_a_day_without_midnight_starts_when_the_clock_resumes() {
        // Beirut skipped from 00:00 to 01:00 on 27 March 2022; Havana repeats 00:00 to 01:00 on 6 November 2022.
        assert_eq!(first_instant(date(2022, 3, 27), &zone("Asia/Beirut")), Ok(at("2022-03-26T22:00:00Z")));
        assert_eq!(first_instant(date(2022, 11, 6), &zone("America/Havana")), Ok(at("2022-11-06T04:00:00Z")));
    }

    #[test]
    fn labels_round_trip_and_nonsense_is_refused() {
        for label in ["2026-01", "2026-12", "2026-Q1", "2026-Q4", "1999-07", "2026-H1", "2026-H2", "2026"] {
            assert_eq!(Period::parse(label, &TimeZone::UTC).expect("a period").label(), label);
        }
        for text in
            ["", "2026-", "26", "2026-H0", "2026-H3", "2026-13", "2026-00", "2026-Q5", "2026-1", "26-01", "2026-01-01", "+026-01", "märz"]
        {
            assert_eq!(Period::parse(text, &TimeZone::UTC).map_err(|e| e.code()), Err("period_label_unreadable"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn periods_tile_the_time(seconds in -2_000_000_000i64..4_000_000_000, length in 0usize..4, place in 0usize..4) {
            let zone = zone(["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"][place]);
            let cadence = Cadence::ALL[length];
            let at = Timestamp::from_second(seconds).expect("in range");
            let period = Period::containing(at, cadence, &zone).expect("in the calendar");
            prop_assert!(period.contains(at));
            let next = period.next().expect("in the calendar");
            prop_assert_eq!(period.end(), next.start());
            prop_assert_eq!(next.prev().expect("in the calendar"), period.clone());
            prop_assert_eq!(Period::parse(&period.label(), &zone).expect("its label"), period);
        }
    }
}
