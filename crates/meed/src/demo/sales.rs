//! Three months of sales, the same on every machine, and the trouble that real exports carry.

use jiff::civil::{Date, Weekday, date};

use super::company::{CUSTOMERS, PRODUCTS, Region, SELLERS};

/// Sales that are recorded in the end.
pub(super) const SALES: usize = 5_000;

/// Which system a sale was made in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    Crm,
    Orders,
    Portal,
}

/// Who a sale names as its owner.
#[derive(Clone)]
pub(super) enum Owner {
    /// A rep, by place in the list of sellers.
    Seller(usize),
    /// Two reps who share the sale.
    Shared(usize, usize),
    /// A name that two reps have.
    Ambiguous,
    /// Somebody who is not among the reps.
    Stranger,
}

/// A sale before it is written into a file.
#[derive(Clone)]
pub(super) struct DemoSale {
    pub(super) system: System,
    /// Number within its system.
    pub(super) number: usize,
    pub(super) day: Date,
    pub(super) customer: &'static str,
    pub(super) product: usize,
    pub(super) quantity: i64,
    /// Cents; negative for a refund.
    pub(super) revenue: i64,
    pub(super) profit: i64,
    pub(super) currency: &'static str,
    pub(super) owner: Owner,
    pub(super) region: Region,
    /// The number of the sale that is refunded.
    pub(super) refunds: Option<usize>,
}

/// A small generator of even numbers (SplitMix64): the same on every machine and in every release.
struct Even(u64);

impl Even {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap_or(0)
    }

    /// A place, as often as its weight says.
    fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (place, weight) in weights.enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        0
    }
}

/// All sales of the three systems, by system and number.
pub(super) fn sales() -> Vec<DemoSale> {
    let mut even = Even(2026);
    let mut all = Vec::with_capacity(SALES);
    let shares = [(System::Crm, 1_700), (System::Orders, 2_200), (System::Portal, 1_100)];
    let days = working_days();
    for (system, count) in shares {
        let first = all.len();
        for number in 0..count {
            let sale = match refund(&mut even, all.get(first..).unwrap_or_default(), number) {
                Some(refund) => refund,
                None => sale(&mut even, system, number, &days),
            };
            all.push(sale);
        }
    }
    all
}

/// Working days of the quarter, those near the end of a month twice: that is when deals are closed.
fn working_days() -> Vec<Date> {
    let mut days = Vec::new();
    let mut day = date(2026, 1, 2);
    while day <= date(2026, 3, 31) {
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            days.push(day);
            if day.day() > 23 {
                days.push(day);
            }
        }
        day = day.saturating_add(jiff::Span::new().days(1));
    }
    days
}

fn sale(even: &mut Even, system: System, number: usize, days: &[Date]) -> DemoSale {
    let seller = even.weighted(SELLERS.iter().map(|s| s.weight));
    let product = even.weighted(PRODUCTS.iter().map(|p| p.4));
    let (_, _, price, cost_percent, _) = PRODUCTS[product];
    let quantity = if price > 100_000 { 1 } else { i64::try_from(1 + even.below(4)).unwrap_or(1) };
    let discount_percent = [0, 0, 0, 3, 5, 8, 12][even.index(7)];
    let revenue = price * quantity * (100 - discount_percent) / 100;
    let profit = revenue - price * quantity * cost_percent / 100;
    let owner = match even.below(400) {
        0 => Owner::Ambiguous,
        1 => Owner::Stranger,
        2..=6 => Owner::Shared(seller, (seller + 1) % SELLERS.len()),
        _ => Owner::Seller(seller),
    };
    DemoSale {
        system,
        number,
        day: days[even.index(days.len())],
        customer: CUSTOMERS[even.index(CUSTOMERS.len())],
        product,
        quantity,
        revenue,
        profit,
        currency: if even.below(600) == 0 { "CHF" } else { "EUR" },
        owner,
        region: SELLERS[seller].region,
        refunds: None,
    }
}

/// One sale in fifty is a refund of an earlier one, in full or of half of it, days or weeks later.
fn refund(even: &mut Even, before: &[DemoSale], number: usize) -> Option<DemoSale> {
    if before.len() < 50 || even.below(50) != 0 {
        return None;
    }
    let refunded = &before[even.index(before.len())];
    if refunded.refunds.is_some() {
        return None;
    }
    let part = if even.below(3) == 0 { 2 } else { 1 };
    let day = refunded.day.saturating_add(jiff::Span::new().days(i64::try_from(3 + even.below(20)).unwrap_or(3)));
    Some(DemoSale {
        number,
        day: day.min(date(2026, 3, 31)),
        quantity: -refunded.quantity,
        revenue: -refunded.revenue / part,
        profit: -refunded.profit / part,
        refunds: Some(refunded.number),
        ..refunded.clone()
    })
}

/// The deal that somebody corrects after January was released: a large one of January, with one rep.
pub(super) fn corrected(all: &[DemoSale]) -> Option<&DemoSale> {
    all.iter().filter(|s| s.system == System::Crm && s.day.month() == 1 && s.refunds.is_none() && s.currency == "EUR").find(|s| {
        let (code, ..) = PRODUCTS[s.product];
        code == "HD-900" && matches!(s.owner, Owner::Seller(_))
    })
}

/// The large deal of January that its customer cancels in March: another one than the corrected.
pub(super) fn cancelled(all: &[DemoSale]) -> Option<&DemoSale> {
    let late = corrected(all).map(|sale| sale.number);
    let refunded: Vec<usize> = all.iter().filter(|s| s.system == System::Crm).filter_map(|s| s.refunds).collect();
    all.iter().filter(|s| s.system == System::Crm && s.day.month() == 1 && s.refunds.is_none() && s.currency == "EUR").find(|s| {
        let is_free = Some(s.number) != late && !refunded.contains(&s.number);
        is_free && PRODUCTS[s.product].0 == "HD-900" && matches!(s.owner, Owner::Seller(_))
    })
}

/// A deal of March that two reps of one name could have made, the largest of its kind.
pub(super) fn ambiguous(all: &[DemoSale]) -> Option<&DemoSale> {
    let march = all.iter().filter(|s| s.system == System::Crm && s.day.month() == 3 && s.refunds.is_none());
    march.filter(|s| matches!(s.owner, Owner::Ambiguous)).max_by_key(|s| s.revenue)
}

impl DemoSale {
    /// Its number in the CRM.
    pub(super) fn crm_id(&self) -> String {
        format!("D-{}", 40_001 + self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sales_are_the_same_every_time_and_carry_trouble() {
        let (one, two) = (sales(), sales());
        assert_eq!(one.len(), SALES);
        let sum = |all: &[DemoSale]| all.iter().map(|s| s.revenue).sum::<i64>();
        assert_eq!(sum(&one), sum(&two));
        let count = |pick: fn(&DemoSale) -> bool| one.iter().filter(|s| pick(s)).count();
        assert!(count(|s| matches!(s.owner, Owner::Ambiguous)) > 3);
        assert!(count(|s| matches!(s.owner, Owner::Stranger)) > 3);
        assert!(count(|s| matches!(s.owner, Owner::Shared(..))) > 20);
        assert!(count(|s| s.refunds.is_some()) > 50);
        assert!(count(|s| s.currency == "CHF") > 3);
        let (late, gone) = (corrected(&one).expect("a corrected deal"), cancelled(&one).expect("a cancelled deal"));
        assert!(late.number != gone.number && ambiguous(&one).is_some());
    }
}
