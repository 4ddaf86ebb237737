//! When a customer rose and fell, computed from their purchases, with those that caused it (`pos-loyalty.md` §11).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::config::TillConfig;
use super::evaluate::{Seen, local_day, units_of};
use super::participant::Participant;
use crate::command::day_number;
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
    /// What was done by hand on that day: why, and by whom.
    pub by_hand: Option<String>,
}

/// All changes of a customer's tier up to a day, in order. What counts of a purchase is what is left of it now, so that a
/// return or a cancellation changes the history as it changes the tier.
pub fn tier_changes(
    config: &TillConfig,
    purchases: &[Seen<'_>],
    person: &Participant,
    until_day: i64,
) -> Result<Vec<TierChange>, Overflow> {
    let tiers = &config.settings.tiers;
    let day_of = |us: i64| Timestamp::from_microsecond(us).map_or(i64::MAX, |at| day_number(config.zone.to_datetime(at).date()));
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
    let mut by_hand: BTreeMap<i64, String> = BTreeMap::new();
    for set in &person.tiers {
        days.entry(day_of(set.from_us)).or_default();
        by_hand.insert(day_of(set.from_us), format!("{} ({})", set.reason, set.set_by));
        if let Some(until) = set.until_us {
            days.entry(day_of(until)).or_default();
            by_hand.entry(day_of(until)).or_insert_with(|| "what was set by hand is over".to_owned());
        }
    }
    // What holds at the end of a day.
    let code = |units: Exact, day: i64| {
        let set = person.tiers.iter().rev().find(|set| day_of(set.from_us) <= day);
        let set = set.filter(|set| set.until_us.is_none_or(|until| day < day_of(until)));
        tiers.holds(units, set).map(|tier| tier.code.clone())
    };
    let (mut sum, mut changes) = (Exact::ZERO, Vec::new());
    let mut before = code(sum, i64::MIN);
    for (day, (units, entered, left)) in days.into_iter().take_while(|(day, _)| *day <= until_day) {
        sum += units;
        let after = code(sum, day);
        if after != before {
            changes.push(TierChange { day, from: before, to: after.clone(), units: sum, entered, left, by_hand: by_hand.remove(&day) });
            before = after;
        }
    }
    Ok(changes)
}
