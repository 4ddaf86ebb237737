//! When a customer rose and fell, computed from their purchases, with those that caused it (`pos-loyalty.md` §11).

use std::collections::BTreeMap;

use super::config::TillConfig;
use super::evaluate::{Seen, local_day, units_of};
use crate::id::Id;
use crate::money::{Exact, Overflow};

/// A change of tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierChange {
    /// The local day, as day number.
    pub day: i64,
    /// The tier before, by code; `None`: none.
    pub from: Option<String>,
    /// The tier since.
    pub to: Option<String>,
    /// Value units of the window that ends with the day.
    pub units: Exact,
    /// The purchases that entered the window on that day.
    pub entered: Vec<Id>,
    /// The purchases that left it.
    pub left: Vec<Id>,
}

/// All changes of a customer's tier up to a day, in order. What counts of a purchase is what is left of it now, so that a
/// return or a cancellation changes the history as it changes the tier.
pub fn tier_changes(config: &TillConfig, purchases: &[Seen<'_>], until_day: i64) -> Result<Vec<TierChange>, Overflow> {
    let tiers = &config.settings.tiers;
    let mut days: BTreeMap<i64, (Exact, Vec<Id>, Vec<Id>)> = BTreeMap::new();
    for seen in purchases {
        let units = units_of(config, *seen)?;
        if units == Exact::ZERO {
            continue;
        }
        let day = local_day(config, seen.basket);
        let entered = days.entry(day).or_default();
        entered.0 += units;
        entered.1.push(seen.id);
        let left = days.entry(day.saturating_add(tiers.window_days)).or_default();
        left.0 -= units;
        left.2.push(seen.id);
    }
    let code = |units: Exact| tiers.level(units).map(|tier| tier.code.clone());
    let (mut sum, mut changes) = (Exact::ZERO, Vec::new());
    let mut before = code(sum);
    for (day, (units, entered, left)) in days.into_iter().take_while(|(day, _)| *day <= until_day) {
        sum += units;
        let after = code(sum);
        if after != before {
            changes.push(TierChange { day, from: before, to: after.clone(), units: sum, entered, left });
            before = after;
        }
    }
    Ok(changes)
}
