//! What the figures of the first rows say about each other: the strongest evidence there is (`file-intake.md` 5.4, 3).

use rust_decimal::Decimal;

use crate::values::number::{self, DecimalMark};
use crate::values::profile::Profile;

/// The first values of a column as numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(Vec<Option<Decimal>>);

impl Figures {
    /// Reads the first cells by the column's own decimal sign, or by `mark`.
    pub(super) fn of(profile: &Profile, mark: DecimalMark) -> Self {
        let mark = profile.decimal().unwrap_or(mark);
        Self(profile.first.iter().map(|c| number::scan(c).and_then(|n| n.value(Some(mark)).ok())).collect())
    }

    fn get(&self, row: usize) -> Option<Decimal> {
        self.0.get(row).copied().flatten()
    }
}

impl Figures {
    /// Whether all values are usual rates of sales taxes, and one is not zero.
    pub(super) fn are_tax_rates(&self) -> bool {
        const RATES: [i64; 34] = [
            0, 400, 500, 550, 600, 625, 650, 700, 725, 750, 770, 800, 810, 825, 850, 900, 950, 1000, 1050, 1200, 1300, 1350, 1400, 1500,
            1600, 1700, 1800, 1900, 2000, 2100, 2200, 2300, 2500, 2700,
        ];
        let values = || self.0.iter().flatten();
        values().count() >= 2
            && values().any(|v| !v.is_zero())
            && values().all(|v| RATES.iter().any(|r| Decimal::new(*r, 2) == *v || Decimal::new(*r, 4) == *v))
    }

    /// Whether there are values, and all are zero.
    pub(super) fn are_zero(&self) -> bool {
        let mut values = self.0.iter().flatten().peekable();
        values.peek().is_some() && values.all(Decimal::is_zero)
    }

    /// Whether no value is beyond a hundred.
    pub(super) fn are_below_hundred(&self) -> bool {
        self.0.iter().flatten().all(|v| v.abs() <= Decimal::ONE_HUNDRED)
    }
}

fn close(a: Decimal, b: Decimal) -> bool {
    (a - b).abs() <= Decimal::new(2, 2)
}

/// Checks a relation over all rows in which `rule` has an answer: it must hold in nine of ten of them and at least one.
fn holds(rows: usize, rule: impl Fn(usize) -> Option<bool>) -> bool {
    let (mut asked, mut yes) = (0, 0);
    for row in 0..rows {
        if let Some(answer) = rule(row) {
            asked += 1;
            yes += usize::from(answer);
        }
    }
    asked > 0 && yes * 10 >= asked * 9
}

/// `net = gross - fee`, or `gross + fee` where fees are written with their minus; rows without a fee say nothing.
pub(super) fn is_after_fee(net: &Figures, gross: &Figures, fee: &Figures) -> bool {
    let below = fee.0.iter().flatten().filter(|f| f.is_sign_negative() && !f.is_zero()).count();
    let above = fee.0.iter().flatten().filter(|f| f.is_sign_positive() && !f.is_zero()).count();
    holds(net.0.len(), |row| {
        let (net, gross, fee) = (net.get(row)?, gross.get(row)?, fee.get(row)?);
        let rest = if below > above { gross + fee } else { gross - fee };
        (!fee.is_zero() && !net.is_zero()).then(|| close(net, rest))
    })
}

/// `before + tax = after`; rows without tax say nothing.
pub(super) fn is_before_tax(before: &Figures, tax: &Figures, after: &Figures) -> bool {
    holds(before.0.len(), |row| {
        let (before, tax, after) = (before.get(row)?, tax.get(row)?, after.get(row)?);
        (!tax.is_zero() && !before.is_zero()).then(|| close(before + tax, after))
    })
}

/// `before + tax + extra = after`, where the extra is shipping, a tip or a fee; rows without tax say nothing.
pub(super) fn is_before_tax_and(before: &Figures, tax: &Figures, extra: &Figures, after: &Figures) -> bool {
    holds(before.0.len(), |row| {
        let (before, tax, extra, after) = (before.get(row)?, tax.get(row)?, extra.get(row)?, after.get(row)?);
        (!tax.is_zero() && !before.is_zero()).then(|| close(before + tax + extra, after))
    })
}

/// `quantity × price = amount`; rows with a quantity of one say nothing.
pub(super) fn is_product(quantity: &Figures, price: &Figures, amount: &Figures) -> bool {
    holds(amount.0.len(), |row| {
        let (quantity, price, amount) = (quantity.get(row)?, price.get(row)?, amount.get(row)?);
        let product = quantity.checked_mul(price)?;
        (quantity.abs() > Decimal::ONE && !amount.is_zero()).then(|| close(product, amount))
    })
}

/// `amount - costs = profit`.
pub(super) fn is_difference(amount: &Figures, costs: &Figures, profit: &Figures) -> bool {
    holds(amount.0.len(), |row| {
        let (amount, costs, profit) = (amount.get(row)?, costs.get(row)?, profit.get(row)?);
        (!costs.is_zero() && !profit.is_zero()).then(|| close(amount - costs, profit))
    })
}

/// `amount - quantity × cost = profit`.
pub(super) fn is_margin(amount: &Figures, quantity: &Figures, cost: &Figures, profit: &Figures) -> bool {
    holds(amount.0.len(), |row| {
        let (amount, quantity, cost, profit) = (amount.get(row)?, quantity.get(row)?, cost.get(row)?, profit.get(row)?);
        let costs = quantity.checked_mul(cost)?;
        (!costs.is_zero() && !profit.is_zero()).then(|| close(amount - costs, profit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(values: &[i64]) -> Figures {
        Figures(values.iter().map(|v| Some(Decimal::from(*v))).collect())
    }

    #[test]
    fn relations_between_columns_are_seen() {
        assert!(is_after_fee(&figures(&[97, 190]), &figures(&[100, 200]), &figures(&[-3, -10])));
        assert!(!is_after_fee(&figures(&[100]), &figures(&[100]), &figures(&[0])));
        assert!(is_before_tax(&figures(&[100]), &figures(&[19]), &figures(&[119])));
        assert!(is_before_tax_and(&figures(&[100]), &figures(&[19]), &figures(&[5]), &figures(&[124])));
        assert!(is_product(&figures(&[2, 1]), &figures(&[5, 7]), &figures(&[10, 7])));
        assert!(!is_product(&figures(&[1]), &figures(&[7]), &figures(&[7])));
        assert!(is_margin(&figures(&[100]), &figures(&[2]), &figures(&[30]), &figures(&[40])));
        assert!(figures(&[19, 7]).are_tax_rates() && !figures(&[19, 11]).are_tax_rates() && figures(&[31]).are_below_hundred());
        assert!(is_difference(&figures(&[100]), &figures(&[60]), &figures(&[40])));
    }
}
