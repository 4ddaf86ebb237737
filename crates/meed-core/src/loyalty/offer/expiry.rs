//! Until when an award may be used (`ledger.md` §6.1): computed once, when its lot is opened.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::period::first_instant;

/// A policy of expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never.
    Never,
    /// The n-th day after is the last usable one.
    Days(i32),
    /// n months later, clamped to the month's end.
    Months(i32),
    /// The end of the month, so many months later.
    EndOfMonth(i32),
    /// The end of the year, so many years later.
    EndOfYear(i32),
    /// A last usable day.
    On(Date),
}

/// The instant from which an award earned at `at` may not be used any more: the start of the local day after its last
/// usable one. `None`: never, or beyond the calendar.
#[must_use]
pub fn expiry_instant(expiry: Expiry, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let day = zone.to_datetime(at).date();
    let last = match expiry {
        Expiry::Never => return None,
        Expiry::Days(days) => day.checked_add(Span::new().try_days(days).ok()?).ok()?,
        Expiry::Months(months) => day.checked_add(Span::new().try_months(months).ok()?).ok()?,
        Expiry::EndOfMonth(months) => day.checked_add(Span::new().try_months(months).ok()?).ok()?.last_of_month(),
        Expiry::EndOfYear(years) => day.checked_add(Span::new().try_years(years).ok()?).ok()?.last_of_year(),
        Expiry::On(day) => day,
    };
    first_instant(last.tomorrow().ok()?, zone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(expiry: Expiry, at: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).expect("a zone");
        expiry_instant(expiry, at.parse().expect("a time"), &zone).map_or_else(|| "never".to_owned(), |at| at.to_string())
    }

    #[test]
    fn led_016_expiry_is_the_start_of_a_local_day_also_when_the_clock_changes() {
        for (expiry, at, zone, instant) in [
            (Expiry::Days(0), "2026-03-05T12:00:00Z", "Europe/Berlin", "2026-03-05T23:00:00Z"),
            // The 29th has 23 hours: midnight of the 30th is at 22:00 UTC.
            (Expiry::Days(24), "2026-03-05T12:00:00Z", "Europe/Berlin", "2026-03-29T22:00:00Z"),
            (Expiry::Months(1), "2026-01-31T12:00:00Z", "UTC", "2026-03-01T00:00:00Z"),
            (Expiry::EndOfMonth(0), "2026-02-10T12:00:00Z", "UTC", "2026-03-01T00:00:00Z"),
            (Expiry::EndOfYear(1), "2026-02-10T12:00:00Z", "UTC", "2028-01-01T00:00:00Z"),
            // Beirut's clock jumps from 24:00 to 01:00, so the 29th begins at 01:00.
            (Expiry::Days(1), "2026-03-27T12:00:00Z", "Asia/Beirut", "2026-03-28T22:00:00Z"),
            // Havana has midnight twice on the first of November: the first counts.
            (Expiry::Days(1), "2026-10-30T12:00:00Z", "America/Havana", "2026-11-01T04:00:00Z"),
            (Expiry::Never, "2026-03-05T12:00:00Z", "UTC", "never"),
        ] {
            assert_eq!(ends(expiry, at, zone), instant, "{expiry:?} {zone}");
        }
    }
}
