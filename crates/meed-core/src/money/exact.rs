//! Exact decimals and the rounding of a reward.

use super::{Minor, Unit};

/// An exact decimal of up to 28 digits. All arithmetic goes through the checked functions of this module.
pub type Exact = rust_decimal::Decimal;

/// A result left the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount leaves the range that can be kept exactly")]
pub struct Overflow;

/// `a + b`, or [`Overflow`].
pub fn add(a: Exact, b: Exact) -> Result<Exact, Overflow> {
    a.checked_add(b).ok_or(Overflow)
}

/// `a - b`, or [`Overflow`].
pub fn sub(a: Exact, b: Exact) -> Result<Exact, Overflow> {
    a.checked_sub(b).ok_or(Overflow)
}

/// `a × b` without loss, or [`Overflow`] when the product would need more digits than are kept.
pub fn mul(a: Exact, b: Exact) -> Result<Exact, Overflow> {
    let (a, b) = (a.normalize(), b.normalize());
    let mantissa = a.mantissa().checked_mul(b.mantissa()).ok_or(Overflow)?;
    // Neither operand has a trailing zero, but 2 × 5 brings one: drop zeros until the scale can be kept.
    let (mut mantissa, mut scale) = (mantissa, a.scale() + b.scale());
    while (scale > 28 || Exact::try_from_i128_with_scale(mantissa, scale).is_err()) && scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Exact::try_from_i128_with_scale(mantissa, scale).map_err(|_| Overflow)
}

/// `a ÷ b` to 28 digits, or [`Overflow`]; `None` when `b` is zero. A quotient may be inexact: divide last.
pub fn div(a: Exact, b: Exact) -> Result<Option<Exact>, Overflow> {
    if b.is_zero() {
        return Ok(None);
    }
    a.checked_div(b).map(Some).ok_or(Overflow)
}

/// How a reward is rounded (`commissions.md` §4.6). Half-up is the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Rounding {
    /// Halves away from zero: 0.5 is 1, −0.5 is −1.
    #[default]
    HalfUp,
    /// Halves to the even neighbour.
    HalfEven,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

impl Rounding {
    fn strategy(self) -> rust_decimal::RoundingStrategy {
        use rust_decimal::RoundingStrategy as S;
        match self {
            Self::HalfUp => S::MidpointAwayFromZero,
            Self::HalfEven => S::MidpointNearestEven,
            Self::Down => S::ToZero,
            Self::Up => S::AwayFromZero,
        }
    }
}

impl Rounding {
    /// Rounds to so many decimal places.
    #[must_use]
    pub fn at(self, exact: Exact, places: u32) -> Exact {
        exact.round_dp_with_strategy(places, self.strategy())
    }
}

/// Rounds an exact amount in major units to `unit`'s minor units.
pub fn to_minor(exact: Exact, unit: Unit, rounding: Rounding) -> Result<Minor, Overflow> {
    let mut rounded = exact.round_dp_with_strategy(unit.exponent(), rounding.strategy());
    rounded.rescale(unit.exponent());
    if rounded.scale() != unit.exponent() {
        return Err(Overflow);
    }
    Minor::try_from(rounded.mantissa()).map_err(|_| Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse().expect("a decimal")
    }

    #[test]
    fn com_035_rounding_happens_once_and_half_up_by_default() {
        let usd: Unit = "USD".parse().expect("a unit");
        let jpy: Unit = "JPY".parse().expect("a unit");
        for (text, unit, mode, minor) in [
            ("0.882", usd, Rounding::HalfUp, 88),
            ("0.885", usd, Rounding::HalfUp, 89),
            ("-0.885", usd, Rounding::HalfUp, -89),
            ("0.885", usd, Rounding::HalfEven, 88),
            ("0.889", usd, Rounding::Down, 88),
            ("0.881", usd, Rounding::Up, 89),
            ("1.5", jpy, Rounding::HalfUp, 2),
            ("92233720368547758.07", usd, Rounding::HalfUp, i64::MAX),
        ] {
            assert_eq!(to_minor(exact(text), unit, mode), Ok(minor), "{text}");
        }
    }

    #[test]
    fn led_010_amounts_beyond_the_range_are_refused() {
        let usd: Unit = "USD".parse().expect("a unit");
        assert_eq!(to_minor(exact("92233720368547758.08"), usd, Rounding::HalfUp), Err(Overflow));
        assert_eq!(to_minor(exact("-92233720368547758.08"), usd, Rounding::HalfUp), Ok(i64::MIN));
        assert_eq!(to_minor(exact("-92233720368547758.09"), usd, Rounding::HalfUp), Err(Overflow));
        assert_eq!(add(Exact::MAX, Exact::ONE), Err(Overflow));
        assert_eq!(mul(Exact::MAX, Exact::TWO), Err(Overflow));
    }
}
