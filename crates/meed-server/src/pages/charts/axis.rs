//! Round scale ends and short tick labels.

use rust_decimal::Decimal;

/// The smallest of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 × 10ⁿ that is at least `value`; 1 for anything not above zero.
pub(super) fn round_up(value: Decimal) -> Decimal {
    if value <= Decimal::ZERO {
        return Decimal::ONE;
    }
    let mut unit = Decimal::ONE;
    while unit > value {
        match unit.checked_div(Decimal::TEN) {
            Some(next) if next > Decimal::ZERO => unit = next,
            _ => return value,
        }
    }
    while let Some(next) = unit.checked_mul(Decimal::TEN) {
        if next > value {
            break;
        }
        unit = next;
    }
    [10, 15, 20, 25, 30, 40, 50, 60, 80, 100]
        .into_iter()
        .filter_map(|tenths| unit.checked_mul(Decimal::new(tenths, 1)))
        .find(|end| *end >= value)
        .map_or(value, |end| end.normalize())
}

/// A tick label: `1,200` becomes `1.2k`, `3500000` becomes `3.5M`.
pub(super) fn compact(value: Decimal) -> String {
    let size = value.abs();
    for (limit, letter) in [(1_000_000_000, "bn"), (1_000_000, "M"), (1_000, "k")] {
        let limit = Decimal::from(limit);
        if size >= limit {
            let short = value.checked_div(limit).unwrap_or(value).round_dp(1).normalize();
            return format!("{short}{letter}");
        }
    }
    value.round_dp(2).normalize().to_string()
}

/// Like [`round_up`], but nothing stays nothing.
pub(super) fn round_up_or_zero(value: Decimal) -> Decimal {
    if value.is_zero() { value } else { round_up(value) }
}
