//! Awards that read the customer's tier, decided again where the customer's purchases changed (`pos-loyalty.md` §11 and §14).
//!
//! What was found at the sale stands. A return, a cancellation or a late purchase takes away, or adds, what follows from it
//! alone: the tiers with it and without it go by the same thresholds, and only where the two differ is a condition asked again.
//! So nobody loses an award because somebody changed a threshold, a scheme, a merchant or a store.

use std::collections::BTreeMap;

use super::basket::Basket;
use super::cell::Cell;
use super::config::TillConfig;
use super::evaluate::{Judge, Seen, local_day, tier_at, units_of};
use super::event::Matched;
use super::offer::{OfferEntry, OfferVersion};
use super::participant::Participant;
use super::sight::Sight;
use crate::id::Id;
use crate::money::{Exact, Overflow};

/// The tier that a customer had at each of their purchases, by code. The purchases come in canonical order. Nothing where no
/// offer asks for it.
pub(super) fn tiers_at<'a>(
    config: &TillConfig,
    person: &Participant,
    purchases: impl Iterator<Item = Seen<'a>>,
) -> Result<BTreeMap<Id, Option<String>>, Overflow> {
    let (mut all, mut cell) = (BTreeMap::new(), Cell::default());
    if !config.offers.reads_tier() {
        return Ok(all);
    }
    for seen in purchases {
        all.insert(seen.id, tier_at(config, person, &cell, seen.basket).map(str::to_owned));
        let units = units_of(config, seen)?;
        if units != Exact::ZERO {
            cell.add_units(local_day(config, seen.basket), units, config.settings.tiers.window_days);
        }
    }
    Ok(all)
}

/// What matches a purchase when the customer had another tier than was thought. `None`: it lies outside the calendar.
pub(super) fn again(
    config: &TillConfig,
    person: &Participant,
    basket: &Basket,
    matched: &[Matched],
    (before, after): (Option<&str>, Option<&str>),
) -> Option<Vec<Matched>> {
    let (was, is) = (Sight::new(config, basket, person, before)?, Sight::new(config, basket, person, after)?);
    let lines = |sight: &Sight<'_>, entry: &OfferEntry, version: &OfferVersion| {
        Judge { config, sight, entry, version }.counted_lines(&version.offer).unwrap_or_default()
    };
    let changed = |known: &[u32], entry: &OfferEntry, version: &OfferVersion| {
        let (was, is) = (lines(&was, entry, version), lines(&is, entry, version));
        let kept = known.iter().filter(|line| !was.contains(line) || is.contains(line));
        let added = is.iter().filter(|line| !was.contains(line) && !known.contains(line));
        let mut lines: Vec<u32> = kept.chain(added).copied().collect();
        lines.sort_unstable();
        lines
    };
    let version_of = |one: &Matched| {
        let entry = config.offers.get(one.offer)?;
        Some((entry, entry.versions.iter().find(|version| version.id == one.version && version.offer.reads_tier())?))
    };
    let mut all = Vec::new();
    for one in matched {
        let lines = version_of(one).map_or_else(|| one.lines.clone(), |(entry, version)| changed(&one.lines, entry, version));
        if !lines.is_empty() {
            all.push(Matched { lines, ..one.clone() });
        }
    }
    let day = local_day(config, basket);
    for entry in config.offers.tier_readers().filter_map(|id| config.offers.get(id)) {
        let version = entry.at(basket.at.as_microsecond());
        let is_known = matched.iter().any(|one| one.offer == entry.id);
        if is_known || !version.offer.reads_tier() || (Judge { config, sight: &is, entry, version }).may_apply(day).is_err() {
            continue;
        }
        let lines = changed(&[], entry, version);
        if !lines.is_empty() {
            all.push(Matched { offer: entry.id, version: version.id, lines });
        }
    }
    all.sort_by_key(|matched| matched.offer);
    Some(all)
}
