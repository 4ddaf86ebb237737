//! The precision that credits keep: twelve decimal places.
//!
//! Products and quotients are brought to twelve places (half to even) as they arise, so that every sum of credits is
//! exact, and splitting or re-ordering them cannot move a digit. The reward is rounded once, at its end.

use crate::money::{Exact, Overflow};

/// Decimal places of a basis and of an unrounded credit.
pub const PLACES: u32 = 12;

/// `value` at twelve places or fewer.
pub(super) fn keep(value: Exact) -> Exact {
    if value.scale() <= PLACES { value } else { value.round_dp_with_strategy(PLACES, rust_decimal::RoundingStrategy::MidpointNearestEven) }
}

pub(super) fn add(a: Exact, b: Exact) -> Result<Exact, Overflow> {
    a.checked_add(b).ok_or(Overflow).map(keep)
}

pub(super) fn sub(a: Exact, b: Exact) -> Result<Exact, Overflow> {
    a.checked_sub(b).ok_or(Overflow).map(keep)
}

pub(super) fn mul(a: Exact, b: Exact) -> Result<Exact, Overflow> {
    a.checked_mul(b).ok_or(Overflow).map(keep)
}

/// `a × b ÷ c`, divided last; `c` is not zero.
pub(super) fn mul_div(a: Exact, b: Exact, c: Exact) -> Result<Exact, Overflow> {
    a.checked_mul(b).and_then(|product| product.checked_div(c)).ok_or(Overflow).map(keep)
}

/// The part number `index` of `parts` equal parts of `whole`, at twelve places. What does not divide is dealt out one
/// last unit at a time to the first parts, so the parts sum to the whole exactly (`commissions.md` behaviour 29).
pub(super) fn equal_part(whole: Exact, parts: u16, index: u16) -> Result<Exact, Overflow> {
    if parts <= 1 {
        return Ok(whole);
    }
    let whole = keep(whole);
    let step = 10i128.checked_pow(PLACES - whole.scale()).ok_or(Overflow)?;
    let units = whole.mantissa().checked_mul(step).ok_or(Overflow)?;
    let count = i128::from(parts);
    let (share, left) = (units / count, units % count);
    let extra = if i128::from(index) < left.abs() { left.signum() } else { 0 };
    Exact::try_from_i128_with_scale(share + extra, PLACES).map(|part| part.normalize()).map_err(|_| Overflow)
}

/// `count` of the equal parts that [`equal_part`] deals, from number `first` on.
pub(super) fn equal_parts(whole: Exact, parts: u16, first: u16, count: u16) -> Result<Exact, Overflow> {
    if count >= parts {
        return Ok(whole);
    }
    if count == 1 {
        return equal_part(whole, parts, first % parts);
    }
    (first..first.saturating_add(count)).try_fold(Exact::ZERO, |sum, index| add(sum, equal_part(whole, parts, index % parts)?))
}

/// `whole` in proportion to `weights`, at twelve places: what does not divide goes, one last unit each, to the largest
/// fractions, ties in the order of `weights`. `None` where the weights sum to nothing (`commissions.md` §4.6).
pub(super) fn weighted_parts(whole: Exact, weights: &[Exact]) -> Result<Option<Vec<Exact>>, Overflow> {
    let sum = weights.iter().try_fold(Exact::ZERO, |sum, weight| sum.checked_add(*weight)).ok_or(Overflow)?;
    if sum.is_zero() {
        return Ok(None);
    }
    let whole = keep(whole);
    let mut parts = Vec::with_capacity(weights.len());
    let mut fractions = Vec::with_capacity(weights.len());
    let mut left = whole;
    for (index, weight) in weights.iter().enumerate() {
        let ideal = whole.checked_mul(*weight).and_then(|product| product.checked_div(sum)).ok_or(Overflow)?;
        let part = ideal.round_dp_with_strategy(PLACES, rust_decimal::RoundingStrategy::ToZero);
        left = left.checked_sub(part).ok_or(Overflow)?;
        fractions.push(((ideal - part).abs(), index));
        parts.push(part);
    }
    fractions.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let unit = if left.is_sign_negative() { Exact::new(-1, PLACES) } else { Exact::new(1, PLACES) };
    // A quotient rounded up at its 28th digit may leave a unit too few; the circle goes round until nothing is left.
    for (_, index) in fractions.iter().cycle().take(2 * weights.len()) {
        if left.is_zero() {
            break;
        }
        parts[*index] += unit;
        left -= unit;
    }
    Ok(Some(parts))
}

/// A sum at twelve places, wide enough that its order cannot matter: only the result may leave the range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum(i128);

/// Ten to the power of the index.
const POWERS: [i128; 13] = {
    let mut powers = [1; 13];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

impl Sum {
    /// Adds a value of at most twelve places. 2⁹⁶ × 10¹² leaves room for a thousand largest values; more saturate, and
    /// then the result is out of range in any order.
    pub(super) fn add(&mut self, value: Exact) {
        let missing = (PLACES - value.scale().min(PLACES)) as usize;
        self.0 = self.0.saturating_add(value.mantissa().saturating_mul(POWERS[missing]));
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    pub(super) fn exact(self) -> Result<Exact, Overflow> {
        Exact::try_from_i128_with_scale(self.0, PLACES).map(|sum| sum.normalize()).map_err(|_| Overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(whole: &str, count: u16) -> Vec<String> {
        let whole: Exact = whole.parse().expect("a decimal");
        (0..count).map(|index| equal_part(whole, count, index).expect("in range").to_string()).collect()
    }

    #[test]
    fn com_030_weighted_parts_give_what_is_left_to_the_largest_fractions() {
        let deal = |whole: &str, weights: &[i64]| {
            let weights: Vec<Exact> = weights.iter().map(|weight| (*weight).into()).collect();
            weighted_parts(whole.parse().expect("a decimal"), &weights)
                .expect("in range")
                .map(|parts| parts.iter().map(|part| part.normalize().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(deal("100", &[60_000, 40_000]), Some(vec!["60".to_owned(), "40".to_owned()]));
        assert_eq!(
            deal("0.000000000002", &[1, 1, 1]),
            Some(vec!["0.000000000001".to_owned(), "0.000000000001".to_owned(), "0".to_owned()])
        );
        assert_eq!(deal("-10", &[1, 2]), Some(vec!["-3.333333333333".to_owned(), "-6.666666666667".to_owned()]));
        assert_eq!(deal("10", &[0, 0]), None);
    }

    #[test]
    fn led_034_three_ways_sum_exactly_in_a_stable_order() {
        assert_eq!(parts("0.01", 3), ["0.003333333334", "0.003333333333", "0.003333333333"]);
        assert_eq!(parts("100.00", 3), ["33.333333333334", "33.333333333333", "33.333333333333"]);
        assert_eq!(parts("-100.00", 3), ["-33.333333333334", "-33.333333333333", "-33.333333333333"]);
        assert_eq!(parts("88.20", 2), ["44.1", "44.1"]);
    }

    proptest! {
        #[test]
        fn com_030_weighted_parts_sum_to_the_whole(mantissa in -1_000_000_000_000i64..1_000_000_000_000, scale in 0u32..8, weights in prop::collection::vec(0i64..1_000_000, 1..12)) {
            let whole = Exact::new(mantissa, scale);
            let exact: Vec<Exact> = weights.iter().map(|weight| Exact::new(*weight, 2)).collect();
            match weighted_parts(whole, &exact).expect("in range") {
                None => prop_assert_eq!(weights.iter().sum::<i64>(), 0),
                Some(parts) => {
                    prop_assert_eq!(parts.iter().sum::<Exact>(), whole);
                    for (part, weight) in parts.iter().zip(&exact) {
                        let ideal = whole * weight / exact.iter().sum::<Exact>();
                        prop_assert!((part - ideal).abs() <= Exact::new(1, PLACES));
                    }
                }
            }
        }

        #[test]
        fn com_029_parts_sum_to_the_whole_to_the_last_unit(mantissa in -1_000_000_000_000_000i64..1_000_000_000_000_000, scale in 0u32..8, count in 1u16..9) {
            let whole = Exact::new(mantissa, scale);
            let sum = (0..count).try_fold(Exact::ZERO, |sum, index| add(sum, equal_part(whole, count, index)?)).expect("in range");
            prop_assert_eq!(sum, whole);
        }
    }
}
