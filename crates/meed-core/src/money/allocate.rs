//! The one function that divides an amount (`ledger.md` §1.4).

use super::{Exact, Minor, Overflow};

/// Divides `total` by `weights` so that the parts sum to it exactly.
///
/// Each share is floored towards zero; what is left is dealt out one unit at a time to the largest fractions, ties in
/// the order of `weights`. Weights must not be negative. All weights zero, or none: nothing can be dealt, `None`.
pub fn allocate(total: Minor, weights: &[Exact]) -> Result<Option<Vec<Minor>>, Overflow> {
    let mut sum = Exact::ZERO;
    for weight in weights {
        if weight.is_sign_negative() && !weight.is_zero() {
            return Ok(None);
        }
        sum = sum.checked_add(*weight).ok_or(Overflow)?;
    }
    if sum.is_zero() {
        return Ok(None);
    }
    // The common scale turns weights into integers, so that shares and fractions are exact.
    let scale = weights.iter().map(Exact::scale).max().unwrap_or_default();
    let mut integers = Vec::with_capacity(weights.len());
    for weight in weights {
        let mut scaled = *weight;
        scaled.rescale(scale);
        if scaled.scale() != scale {
            return Err(Overflow);
        }
        integers.push(scaled.mantissa());
    }
    let whole: i128 = integers.iter().try_fold(0i128, |acc, w| acc.checked_add(*w)).ok_or(Overflow)?;
    let magnitude = i128::from(total.unsigned_abs());
    let mut parts = Vec::with_capacity(weights.len());
    let mut fractions = Vec::with_capacity(weights.len());
    let mut dealt: i128 = 0;
    for (index, weight) in integers.iter().enumerate() {
        let product = magnitude.checked_mul(*weight).ok_or(Overflow)?;
        parts.push(product / whole);
        fractions.push((product % whole, index));
        dealt += product / whole;
    }
    fractions.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = usize::try_from(magnitude - dealt).map_err(|_| Overflow)?;
    for (_, index) in fractions.iter().take(left) {
        parts[*index] += 1;
    }
    let sign = i128::from(total.signum());
    parts.into_iter().map(|part| Minor::try_from(part * sign).map_err(|_| Overflow)).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn led_034_three_ways_sum_exactly_in_a_stable_order() {
        let thirds = [Exact::ONE; 3];
        assert_eq!(allocate(1, &thirds), Ok(Some(vec![1, 0, 0])));
        assert_eq!(allocate(10_000, &thirds), Ok(Some(vec![3_334, 3_333, 3_333])));
        assert_eq!(allocate(-10_000, &thirds), Ok(Some(vec![-3_334, -3_333, -3_333])));
        assert_eq!(allocate(5, &[Exact::ZERO]), Ok(None));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_stay_within_one_unit(total in -1_000_000_000_000i64..1_000_000_000_000, weights in prop::collection::vec(0i64..100_000, 1..12)) {
            let exact: Vec<Exact> = weights.iter().map(|w| Exact::new(*w, 3)).collect();
            let sum: i64 = weights.iter().sum();
            match allocate(total, &exact).expect("in range") {
                None => prop_assert_eq!(sum, 0),
                Some(parts) => {
                    prop_assert_eq!(parts.iter().sum::<i64>(), total);
                    for (part, weight) in parts.iter().zip(&weights) {
                        let ideal = i128::from(total) * i128::from(*weight);
                        prop_assert!((i128::from(*part) * i128::from(sum) - ideal).abs() < i128::from(sum));
                    }
                }
            }
        }
    }
}
