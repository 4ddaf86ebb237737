//! What is remembered of a customer between purchases: counters of offers, value units, and the order of what was seen.
//!
//! A cell is the fold of the customer's purchases in canonical order (see [`super::canonical`]). A purchase that comes
//! in order is added to it; for anything else the fold is done again over all of them, with the same function.

use std::collections::BTreeMap;

use super::packed::packed;
use crate::id::Id;
use crate::money::Exact;

/// The cell of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The last purchase seen, by the canonical order.
    pub last: Option<(i64, (String, Id))>,
    /// Counters by offer; only offers that count have one.
    pub offers: BTreeMap<Id, OfferCell>,
    /// Value units by local day, within the longest window.
    pub units: Vec<(i64, Exact)>,
    /// Value units ever.
    pub lifetime: Exact,
    /// Up to two offers that have given something, so that one of them is another one.
    pub awarded_by: Vec<Id>,
}

/// What an offer remembers of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferCell {
    /// How often it was given.
    pub times: i64,
    /// Local day on which it was given last.
    pub last_day: Option<i64>,
    /// What counts towards its threshold, by local day.
    pub open: Vec<(i64, Exact)>,
}

packed!(Cell { last, offers, units, lifetime, awarded_by });
packed!(OfferCell { times, last_day, open });

const FORM: u8 = 1;

impl Cell {
    /// Reads the stored form.
    pub fn from_row(row: &[u8]) -> Result<Self, super::Damaged> {
        super::packed::from_row(FORM, row)
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        super::packed::to_row(FORM, self)
    }

    /// Value units of the window that ends with `day`.
    #[must_use]
    pub fn period_units(&self, day: i64, window_days: i64) -> Exact {
        self.units.iter().filter(|(then, _)| *then > day - window_days && *then <= day).map(|(_, units)| units).sum()
    }

    /// Adds value units of a day and forgets what no window reaches.
    pub(super) fn add_units(&mut self, day: i64, units: Exact, window_days: i64) {
        self.lifetime += units;
        add_by_day(&mut self.units, day, units);
        self.units.retain(|(then, _)| *then > day - window_days);
    }
}

/// Adds to the sum of a day.
pub(super) fn add_by_day(days: &mut Vec<(i64, Exact)>, day: i64, more: Exact) {
    match days.iter_mut().find(|(then, _)| *then == day) {
        Some((_, sum)) => *sum += more,
        None => days.push((day, more)),
    }
}

impl OfferCell {
    /// What counts towards the threshold on `day`.
    #[must_use]
    pub fn progress(&self, day: i64, within_days: Option<i64>) -> Exact {
        self.open.iter().filter(|(then, _)| within_days.is_none_or(|days| *then > day - days)).map(|(_, sum)| sum).sum()
    }
}
