//! What is remembered of a customer between purchases: counters of offers, value units, and the order of what was seen.
//!
//! A cell is the fold of the customer's purchases in canonical order (see [`super::canonical`]). A purchase that comes
//! in order is added to it; for anything else the fold is done again over all of them, with the same function.

use std::collections::BTreeMap;

use super::limits::{HeldUsage, Usage};
use super::packed::{Packed, packed};
use crate::id::Id;
use crate::money::Exact;

/// The cell of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Whose it is. No part of the stored form.
    pub owner: Id,
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
    /// What all of it was folded by, see [`super::TillConfig::basis`]; `None`: by several, so it cannot be computed again.
    pub basis: Option<i64>,
    /// Draws of lotteries so far, by offer.
    pub draws: BTreeMap<Id, i64>,
    /// What limits count. No part of the fold.
    pub usage: Vec<Usage>,
    /// What open holds take of limits besides. No part of the fold.
    pub held: Vec<HeldUsage>,
    /// For offers that take one of every class: the classes seen, with the last local day of each.
    pub classes: BTreeMap<Id, Vec<(String, i64)>>,
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

/// The first form, that of the releases before.
impl Packed for Cell {
    fn pack(&self, out: &mut Vec<u8>) {
        self.last.pack(out);
        self.offers.pack(out);
        self.units.pack(out);
        self.lifetime.pack(out);
        self.awarded_by.pack(out);
    }

    fn unpack(input: &mut &[u8]) -> Result<Self, super::Damaged> {
        Ok(Self {
            last: Packed::unpack(input)?,
            offers: Packed::unpack(input)?,
            units: Packed::unpack(input)?,
            lifetime: Packed::unpack(input)?,
            awarded_by: Packed::unpack(input)?,
            ..Self::default()
        })
    }
}
packed!(OfferCell { times, last_day, open });

const FIRST_FORM: u8 = 1;
/// What the fold went by, draws and limits follow.
const FORM: u8 = 2;

/// The classes seen follow.
const WITH_CLASSES: u8 = 3;

/// What open holds take of limits follows.
const WITH_HELD: u8 = 4;

type Classes = BTreeMap<Id, Vec<(String, i64)>>;
type More = ((Option<i64>, BTreeMap<Id, i64>), Vec<Usage>);

impl Cell {
    /// The cell of a customer of whom nothing is known yet.
    #[must_use]
    pub fn of(owner: Id) -> Self {
        Self { owner, ..Self::default() }
    }

    /// Reads the stored form.
    pub fn from_row(row: &[u8]) -> Result<Self, super::Damaged> {
        if row.first() == Some(&FIRST_FORM) {
            return super::packed::from_row(FIRST_FORM, row);
        }
        let (cell, ((((basis, draws), usage), classes), held)): (Self, ((More, Classes), Vec<HeldUsage>)) = match row.first() {
            Some(&WITH_HELD) => super::packed::from_row(WITH_HELD, row)?,
            Some(&WITH_CLASSES) => super::packed::from_row(WITH_CLASSES, row).map(|(cell, more)| (cell, (more, Vec::new())))?,
            _ => super::packed::from_row(FORM, row).map(|(cell, more)| (cell, ((more, Classes::default()), Vec::new())))?,
        };
        Ok(Self { basis, draws, usage, held, classes, ..cell })
    }

    /// The stored form.
    #[must_use]
    pub fn to_row(&self) -> Vec<u8> {
        let form = match (self.held.is_empty(), self.classes.is_empty()) {
            (true, true) => FORM,
            (true, false) => WITH_CLASSES,
            (false, _) => WITH_HELD,
        };
        let mut row = super::packed::to_row(form, self);
        self.basis.pack(&mut row);
        self.draws.pack(&mut row);
        self.usage.pack(&mut row);
        if form != FORM {
            self.classes.pack(&mut row);
        }
        if form == WITH_HELD {
            self.held.pack(&mut row);
        }
        row
    }

    /// What limits count at a time: what was used, and what holds reserve that are open then.
    #[must_use]
    pub fn usage_at(&self, now_us: i64) -> Vec<Usage> {
        let open = self.held.iter().filter(|held| held.expires_us > now_us).map(|held| held.used(held.amount));
        self.usage.iter().copied().chain(open).collect()
    }

    /// How far an offer that counts over purchases is on `day`.
    #[must_use]
    pub fn progress(&self, offer: Id, class: &super::offer::Class, day: i64) -> Exact {
        let Some((_, within_days)) = class.target() else { return Exact::ZERO };
        if let super::offer::Class::Activity { needs_all: true, classifications, .. } = class {
            return Exact::from(classifications.iter().filter(|class| self.has_seen(offer, class, day, within_days)).count());
        }
        self.offers.get(&offer).map_or(Exact::ZERO, |cell| cell.progress(day, within_days))
    }

    /// Whether an activity of a class counts towards an offer on `day`.
    pub(super) fn has_seen(&self, offer: Id, class: &str, day: i64, within_days: Option<i64>) -> bool {
        let seen = self.classes.get(&offer).into_iter().flatten();
        seen.into_iter().any(|(known, then)| known == class && within_days.is_none_or(|days| *then > day - days))
    }

    /// Notes what a purchase is folded by.
    pub(super) fn fold_by(&mut self, basis: i64) {
        if self.last.is_none() {
            self.basis = Some(basis);
        } else if self.basis != Some(basis) {
            self.basis = None;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Migration 7 of the store writes this for participants of whom there was no cell.
    #[test]
    fn the_cell_of_who_bought_nothing_is_packed_as_it_always_was() {
        assert_eq!(Cell::default().to_row(), [2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
