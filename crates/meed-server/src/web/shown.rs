//! Words for people: days, moments, periods, amounts.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use meed_app::{App, AppResult, Configuration, Context};
use meed_core::command::date_of;
use meed_core::money::{Exact, Unit};
use meed_core::period::{Cadence, Period};
use rust_decimal::Decimal;

use crate::pages::Amount;

/// A workspace's configuration with its calendar.
pub(super) struct Setting {
    /// People and programs.
    pub(super) config: Arc<Configuration>,
    now: Timestamp,
}

/// The setting of a caller's workspace.
pub(super) async fn setting(app: &App, ctx: &Context) -> AppResult<Setting> {
    Ok(Setting { config: app.configuration(ctx.workspace).await?, now: app.now() })
}

impl Setting {
    /// The zone that decides days.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.config.zone
    }

    /// Today in the workspace.
    pub(super) fn today(&self) -> Date {
        self.now.to_zoned(self.zone().clone()).date()
    }

    /// A moment in microseconds UTC: `today, 08:12`, `31 Mar 2026, 09:14`.
    pub(super) fn moment(&self, us: i64) -> String {
        let Ok(at) = Timestamp::from_microsecond(us) else { return String::new() };
        let at = at.to_zoned(self.zone().clone());
        let clock = at.strftime("%H:%M");
        match at.date() {
            day if day == self.today() => format!("today, {clock}"),
            day if day.checked_add(1.day()).is_ok_and(|next| next == self.today()) => format!("yesterday, {clock}"),
            day => format!("{}, {clock}", day_text(day)),
        }
    }

    /// The day of an instant in the workspace.
    pub(super) fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone().clone()).date()
    }

    /// The period of a label.
    pub(super) fn period(&self, label: &str) -> Option<Period> {
        Period::parse(label, self.zone()).ok()
    }

    /// The label of the period of a cadence that begins on a day number.
    pub(super) fn label(&self, day: i64, cadence: Cadence) -> String {
        let period = date_of(day).and_then(|day| Period::holding(day, cadence, self.zone()).ok());
        period.map_or_else(|| day.to_string(), |period| period.label())
    }

    /// `1 – 31 March 2026, Europe/Berlin`.
    pub(super) fn range(&self, period: &Period) -> String {
        let (first, last) = (period.first_day(), period.last_day());
        let from = if first.month() == last.month() { first.day().to_string() } else { first.strftime("%-d %B").to_string() };
        format!("{from} – {}, {}", last.strftime("%-d %B %Y"), self.config.zone_name)
    }
}

/// `31 Mar 2026`.
pub(super) fn day_text(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

/// An ISO day as people read it.
pub(super) fn iso_day(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), day_text)
}

/// `March 2026` for `2026-03`, `Q1 2026` for `2026-Q1`.
pub(super) fn period_words(label: &str) -> String {
    let Some((year, part)) = label.split_once('-') else { return label.to_owned() };
    if part.starts_with(['Q', 'q', 'H', 'h']) {
        return format!("{} {year}", part.to_uppercase());
    }
    format!("{label}-01").parse::<Date>().map_or_else(|_| label.to_owned(), |day| day.strftime("%B %Y").to_string())
}

/// A whole number of minor units.
pub(super) fn money(minor: i64, unit: Unit) -> Amount {
    Amount::minor(minor, unit.exponent(), unit.code())
}

/// The same, with the unit by its code.
pub(super) fn money_in(minor: i64, code: &str) -> Amount {
    code.parse().map_or_else(|_| Amount::exact(&minor.to_string(), code), |unit| money(minor, unit))
}

/// An exact decimal with at least the places of its currency.
pub(super) fn exact(value: Exact, code: &str) -> Amount {
    Amount::exact(&plain(value, code), code)
}

/// The same from its text.
pub(super) fn exact_text(text: &str, code: &str) -> Amount {
    text.parse::<Exact>().map_or_else(|_| Amount::exact(text, code), |value| exact(value, code))
}

fn plain(value: Exact, code: &str) -> String {
    let places = code.parse::<Unit>().map_or(0, Unit::exponent);
    let mut value = value.normalize();
    if value.scale() < places {
        value.rescale(places);
    }
    value.to_string()
}

/// Minor units as a decimal, for charts.
pub(super) fn decimal(minor: i64, code: &str) -> Decimal {
    Decimal::new(minor, code.parse::<Unit>().map_or(2, Unit::exponent))
}

/// `1 sale`, `2 sales`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", crate::pages::shown::count(count), if count == 1 { one } else { many })
}

/// Bytes as people read them.
pub(super) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_sizes_are_written_for_people() {
        assert_eq!(period_words("2026-03"), "March 2026");
        assert_eq!(period_words("2026-Q1"), "Q1 2026");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(1_250), "1.2 KB");
        assert_eq!(size(2_000_000_000), "2.0 GB");
    }

    #[test]
    fn exact_amounts_keep_every_digit_and_at_least_the_places_of_their_currency() {
        assert_eq!(exact_text("12.5", "EUR").text(), "12.50 EUR");
        assert_eq!(exact_text("12.50400", "EUR").text(), "12.504 EUR");
        assert_eq!(exact_text("1250", "JPY").text(), "1,250 JPY");
    }
}
