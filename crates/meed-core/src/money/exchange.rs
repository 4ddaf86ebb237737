//! Rates of exchange, each valid from a day until the next one (`commissions.md` §4.5, behaviour 46).
//!
//! A rate says what one unit of a currency is worth in another. Where only the opposite direction is known, amounts are
//! divided by it; where neither is, both legs go through the base currency. A rate that is not known is never guessed.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use super::{Exact, Minor, Overflow, Rounding, Unit, to_minor};

/// Largest rate, and the most decimal places of one: products of amounts and rates stay in range.
const RATE_MAX: i64 = 1_000_000_000;
const PLACES_MAX: u32 = 10;

/// Decimal places of an amount that was converted: as many as a basis keeps.
const PLACES: u32 = 12;

/// Dated rates between currencies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    base: Option<Unit>,
    /// By pair, each list by day.
    pairs: BTreeMap<(Unit, Unit), Vec<(Date, Exact)>>,
}

/// Why a rate cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateRefused {
    /// Not more than 0, too large, or with too many decimals.
    OutOfRange,
    /// From a currency to itself.
    SameCurrency,
    /// Points are no currency.
    NoCurrency,
}

impl RateRefused {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfRange => "rate_out_of_range",
            Self::SameCurrency => "rate_same_currency",
            Self::NoCurrency => "rate_no_currency",
        }
    }
}

impl fmt::Display for RateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange => write!(f, "a rate is more than 0, at most {RATE_MAX}, with at most {PLACES_MAX} decimals"),
            Self::SameCurrency => f.write_str("a currency has no rate to itself"),
            Self::NoCurrency => f.write_str("points have no rate of exchange"),
        }
    }
}

impl Rates {
    /// Without rates; `base` is the currency through which two others meet.
    #[must_use]
    pub fn new(base: Option<Unit>) -> Self {
        Self { base, pairs: BTreeMap::new() }
    }

    /// From `day` on one unit of `from` is worth `rate` of `to`. A rate of the same day is replaced.
    ///
    /// # Errors
    /// When the rate cannot be kept.
    pub fn put(&mut self, (from, to): (Unit, Unit), day: Date, rate: Exact) -> Result<(), RateRefused> {
        check_rate((from, to), rate)?;
        let rates = self.pairs.entry((from, to)).or_default();
        match rates.binary_search_by_key(&day, |(known, _)| *known) {
            Ok(place) => rates[place].1 = rate,
            Err(place) => rates.insert(place, (day, rate)),
        }
        Ok(())
    }

    /// How an amount is converted on a day. `None` where no rate is known then, or the last one is older than `age_max` days.
    #[must_use]
    pub fn find(&self, from: Unit, to: Unit, day: Date, age_max: Option<u32>) -> Option<Conversion> {
        self.leg(from, to, day, age_max).or_else(|| {
            let base = self.base.filter(|base| *base != from && *base != to)?;
            let (first, second) = (self.leg(from, base, day, age_max)?, self.leg(base, to, day, age_max)?);
            Some(Conversion {
                from,
                to,
                day: first.day.min(second.day),
                times: first.times.checked_mul(second.times)?,
                over: first.over.checked_mul(second.over)?,
            })
        })
    }

    /// The younger of the rate and its opposite.
    fn leg(&self, from: Unit, to: Unit, on: Date, age_max: Option<u32>) -> Option<Conversion> {
        let direct = self.last(from, to, on, age_max);
        let opposite = self.last(to, from, on, age_max);
        match (direct, opposite) {
            (Some((day, rate)), other) if other.is_none_or(|(other, _)| other <= day) => {
                Some(Conversion { from, to, day, times: rate, over: Exact::ONE })
            }
            (_, Some((day, rate))) => Some(Conversion { from, to, day, times: Exact::ONE, over: rate }),
            _ => None,
        }
    }

    fn last(&self, from: Unit, to: Unit, on: Date, age_max: Option<u32>) -> Option<(Date, Exact)> {
        let rates = self.pairs.get(&(from, to))?;
        let place = rates.partition_point(|(day, _)| *day <= on).checked_sub(1)?;
        let is_young = |day: &Date| age_max.is_none_or(|most| on.since(*day).is_ok_and(|age| i64::from(age.get_days()) <= i64::from(most)));
        rates.get(place).filter(|(day, _)| is_young(day)).copied()
    }
}

/// Whether a rate can be kept.
///
/// # Errors
/// When it is out of range, or its currencies have none between them.
pub fn check_rate((from, to): (Unit, Unit), rate: Exact) -> Result<(), RateRefused> {
    if from == Unit::POINTS || to == Unit::POINTS {
        return Err(RateRefused::NoCurrency);
    }
    if from == to {
        return Err(RateRefused::SameCurrency);
    }
    if rate <= Exact::ZERO || rate > Exact::from(RATE_MAX) || rate.normalize().scale() > PLACES_MAX {
        return Err(RateRefused::OutOfRange);
    }
    Ok(())
}

/// A rate as it is applied: amounts are multiplied, then divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Currency of the amount.
    pub from: Unit,
    /// Currency of the result.
    pub to: Unit,
    /// Day from which the rate holds; of two legs the older.
    pub day: Date,
    /// What amounts are multiplied with.
    pub times: Exact,
    /// What the product is divided by; never 0.
    pub over: Exact,
}

impl Conversion {
    /// An amount in the other currency, at twelve decimal places (half to even), as every basis is kept.
    ///
    /// # Errors
    /// When it leaves the range.
    pub fn convert(&self, amount: Exact) -> Result<Exact, Overflow> {
        let product = amount.checked_mul(self.times).and_then(|product| product.checked_div(self.over)).ok_or(Overflow)?;
        Ok(product.round_dp_with_strategy(PLACES, rust_decimal::RoundingStrategy::MidpointNearestEven))
    }

    /// An amount of minor units in minor units of the other currency, rounded once.
    ///
    /// # Errors
    /// When it leaves the range.
    pub fn minor(&self, minor: Minor, rounding: Rounding) -> Result<Minor, Overflow> {
        to_minor(self.convert(Exact::new(minor, self.from.exponent()))?, self.to, rounding)
    }

    /// The first day of the rate; `None` where a document fixes it for good.
    #[must_use]
    pub fn valid_from(&self) -> Option<Date> {
        (self.day != Date::MIN).then_some(self.day)
    }

    /// What one unit is worth, at ten places; for people.
    #[must_use]
    pub fn rate(&self) -> Exact {
        let rate = self.times.checked_div(self.over).unwrap_or_default();
        rate.round_dp_with_strategy(PLACES_MAX, rust_decimal::RoundingStrategy::MidpointNearestEven).normalize()
    }
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 {} = {} {}", self.from, self.rate(), self.to)?;
        self.valid_from().map_or(Ok(()), |day| write!(f, " of {day}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(code: &str) -> Unit {
        code.parse().expect("a currency")
    }

    fn day(text: &str) -> Date {
        text.parse().expect("a day")
    }

    fn exact(text: &str) -> Exact {
        text.parse().expect("a decimal")
    }

    fn rates(all: &[(&str, &str, &str, &str)]) -> Rates {
        let mut rates = Rates::new(Some(unit("USD")));
        for (from, to, on, rate) in all {
            rates.put((unit(from), unit(to)), day(on), exact(rate)).expect("kept");
        }
        rates
    }

    fn convert(rates: &Rates, from: &str, to: &str, on: &str, amount: &str) -> Option<String> {
        let found = rates.find(unit(from), unit(to), day(on), None)?;
        Some(found.convert(exact(amount)).expect("in range").normalize().to_string())
    }

    #[test]
    fn com_046_a_rate_holds_from_its_day_until_the_next() {
        let rates = rates(&[("EUR", "USD", "2026-01-01", "1.10"), ("EUR", "USD", "2026-02-01", "1.20")]);
        for (on, result) in [("2025-12-31", None), ("2026-01-01", Some("110")), ("2026-01-31", Some("110")), ("2026-02-01", Some("120"))] {
            assert_eq!(convert(&rates, "EUR", "USD", on, "100").as_deref(), result, "{on}");
        }
        let old = rates.find(unit("EUR"), unit("USD"), day("2026-03-04"), Some(31));
        assert_eq!(old.map(|found| found.day), Some(day("2026-02-01")));
        assert_eq!(rates.find(unit("EUR"), unit("USD"), day("2026-03-05"), Some(31)), None, "32 days old");
    }

    #[test]
    fn the_opposite_direction_divides_and_two_legs_meet_in_the_base() {
        let rates =
            rates(&[("EUR", "USD", "2026-01-01", "1.25"), ("USD", "JPY", "2026-01-05", "150"), ("USD", "EUR", "2026-06-01", "0.5")]);
        assert_eq!(convert(&rates, "USD", "EUR", "2026-01-02", "100").as_deref(), Some("80"));
        assert_eq!(convert(&rates, "EUR", "JPY", "2026-01-05", "2").as_deref(), Some("375"));
        assert_eq!(convert(&rates, "JPY", "EUR", "2026-01-05", "375").as_deref(), Some("2"));
        assert_eq!(convert(&rates, "EUR", "JPY", "2026-01-04", "2"), None, "one leg is missing");
        assert_eq!(convert(&rates, "EUR", "USD", "2026-06-01", "1").as_deref(), Some("2"), "the younger of both directions");
        let found = rates.find(unit("USD"), unit("EUR"), day("2026-01-02"), None).expect("known");
        assert_eq!(found.to_string(), "1 USD = 0.8 EUR of 2026-01-01");
        assert_eq!(found.minor(1_001, Rounding::HalfUp), Ok(801));
    }

    #[test]
    fn rates_that_cannot_be_meant_are_refused() {
        for (from, to, rate, code) in [
            ("EUR", "USD", "0", "rate_out_of_range"),
            ("EUR", "USD", "-1", "rate_out_of_range"),
            ("EUR", "USD", "1000000001", "rate_out_of_range"),
            ("EUR", "USD", "1.12345678901", "rate_out_of_range"),
            ("EUR", "EUR", "1", "rate_same_currency"),
            ("PTS", "EUR", "1", "rate_no_currency"),
        ] {
            let refused = Rates::default().put((unit(from), unit(to)), day("2026-01-01"), exact(rate));
            assert_eq!(refused.map_err(RateRefused::code), Err(code), "{from} {to} {rate}");
        }
    }
}
