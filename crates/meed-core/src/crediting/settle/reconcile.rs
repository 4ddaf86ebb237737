//! Target less posted, line by line, and the period in which a difference is booked. One function for the books and for
//! the tests of documents.

use std::collections::BTreeMap;

use super::kind::RewardKind;
use super::line::HELD_DAY;
use crate::money::{Minor, Overflow};

/// What tells the lines of a cell apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineKey<O> {
    /// Whose line it is.
    pub owner: O,
    /// What it is.
    pub kind: RewardKind,
    /// Tells lines of one kind apart.
    pub name: String,
    /// First day of the period in which it is due.
    pub due_day: i64,
}

/// What has to be posted so that the sums become the targets: by key, without zeros.
///
/// # Errors
/// When a sum leaves the range of an amount.
pub fn differences<O: Ord + Clone>(
    posted: impl IntoIterator<Item = (LineKey<O>, Minor)>,
    targets: impl IntoIterator<Item = (LineKey<O>, Minor)>,
) -> Result<BTreeMap<LineKey<O>, Minor>, Overflow> {
    let mut open: BTreeMap<LineKey<O>, Minor> = BTreeMap::new();
    for (key, minor) in posted {
        let sum = open.entry(key).or_insert(0);
        *sum = sum.checked_sub(minor).ok_or(Overflow)?;
    }
    for (key, minor) in targets {
        let sum = open.entry(key).or_insert(0);
        *sum = sum.checked_add(minor).ok_or(Overflow)?;
    }
    open.retain(|_, minor| *minor != 0);
    Ok(open)
}

/// Which periods still take bookings.
pub struct Openness<'o> {
    /// Whether the period that starts on a day has been released.
    pub is_released: &'o dyn Fn(i64) -> bool,
    /// First days of the periods after the cell, in order.
    pub later_days: &'o [i64],
}

/// Where a line is booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// In the period in which it is due.
    AsDue(i64),
    /// That period is released: in the next open one.
    Carried(i64),
    /// Every later period is released, too.
    Nowhere,
}

/// The period in which a line that is due on `due_day` is booked.
#[must_use]
pub fn booked_day(due_day: i64, open: &Openness<'_>) -> Booked {
    if due_day == HELD_DAY || !(open.is_released)(due_day) {
        return Booked::AsDue(due_day);
    }
    let later = open.later_days.iter().copied().filter(|day| *day > due_day);
    later.into_iter().find(|day| !(open.is_released)(*day)).map_or(Booked::Nowhere, Booked::Carried)
}
