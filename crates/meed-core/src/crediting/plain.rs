//! Overrides of a manager that are plain sums: one rate on each credit below, no limits, no condition. A page of them is
//! found among the credits below, which stand in order for each rep, without bringing all of them into one order; their
//! sums are known from the cells.

use std::ops::Range;

use super::bound::OverrideFeed;
use super::calculation::Calculation;
use super::explanation::{Credit, Piece, PieceKind};
use super::fold::Outcome;
use super::kept::Sum;
use super::listing::{Below, Place, SaleSet};
use super::pay::FixedRate;
use super::run::Entry;
use crate::money::Exact;
use crate::program::OverrideBase;

/// The credits of somebody below under one rule, as one override takes them.
struct Stretch<'c> {
    /// Whose credits.
    who: u32,
    /// The rule below.
    below: usize,
    feed: &'c OverrideFeed,
    rate: FixedRate,
    /// In canonical order, all that are measured.
    entries: &'c [Entry],
    /// Where those of the period begin, where others are measured only.
    first: usize,
}

impl<'c> Stretch<'c> {
    fn credits(&self) -> &'c [Entry] {
        &self.entries[self.first..]
    }
}

/// The plain overrides of a manager.
#[derive(Default)]
pub(super) struct Plain<'c> {
    stretches: Vec<Stretch<'c>>,
    count: usize,
}

/// One of them, with what its place needs.
struct Found {
    place: Place,
    /// Component, rule below, place on the sale and rep below: the order of the overrides on one sale.
    order: (u16, usize, u16, u32),
    stretch: usize,
    entry: Entry,
    is_credit: bool,
}

impl Calculation<'_> {
    /// The overrides of a manager, where all of them are plain and nothing went wrong below.
    pub(super) fn plain(&self, manager: u32) -> Option<Plain<'_>> {
        let own = self.own_cells()?;
        let folder = self.folder();
        let mut plain = Plain::default();
        if !self.bound.may_earn(manager) {
            return Some(plain);
        }
        for (who, managers) in (0u32..).zip(&self.bound.people.managers) {
            if !managers.contains(&manager) {
                continue;
            }
            let feeds: Vec<&OverrideFeed> = self.bound.overrides.iter().filter(|over| managers.get(over.level) == Some(&manager)).collect();
            for entries in self.cells.of(who).chunk_by(|a, b| a.component == b.component) {
                let mut start = 0;
                for (below, end) in folder.runs(entries) {
                    for feed in feeds.iter().copied().filter(|over| over.of.get(below) == Some(&true)) {
                        let (tally, outwards) = &own[who as usize];
                        let went_wrong = !tally.errors.is_empty() || outwards.flat.iter().any(|flat| flat.overflow);
                        let bound = &self.bound.rules[feed.rule];
                        let is_plain = feed.base == OverrideBase::Sales && bound.condition_bit.is_none() && bound.rule.assign.is_none();
                        if went_wrong || !is_plain {
                            return None;
                        }
                        let rate = folder.flat_rate(feed, below, manager, who)?;
                        plain.add(self.stretch((who, below), feed, rate, &entries[start..end]));
                    }
                    start = end;
                }
            }
        }
        Some(plain)
    }

    fn stretch<'c>(&self, (who, below): (u32, usize), feed: &'c OverrideFeed, rate: FixedRate, entries: &'c [Entry]) -> Stretch<'c> {
        let bound = &self.bound.rules[feed.rule];
        let before = |until| entries.partition_point(|entry| self.sales.keys[entry.sale as usize].at < until);
        let entries = &entries[before(bound.window.0)..before(bound.window.1)];
        let is_before = |entry: &Entry| self.sales.keys[entry.sale as usize].at < self.bound.period.start();
        let first = if bound.pays_own_sales { entries.partition_point(is_before) } else { 0 };
        Stretch { who, below, feed, rate, entries, first }
    }

    /// The plain overrides on the sales whose ranks lie in a range, in order, those among them that `wanted` names as
    /// credits.
    pub(super) fn plain_credits(&self, plain: &Plain<'_>, ranks: Range<u64>, wanted: &dyn Fn(Place) -> bool) -> Vec<(Place, Credit)> {
        let found = self.find_plain(plain, &ranks);
        let mut running: Vec<(u16, Sum)> = Vec::new();
        let mut credits = Vec::new();
        for Found { place, order, stretch, entry, is_credit } in found {
            let stretch = &plain.stretches[stretch];
            let known = running.iter().position(|(component, _)| *component == order.0);
            let known = known.unwrap_or_else(|| {
                running.push((order.0, self.measured_before(plain, order.0, ranks.start)));
                running.len() - 1
            });
            let sum = &mut running[known].1;
            let before = sum.exact().unwrap_or_default();
            sum.add(entry.basis);
            if is_credit && wanted(place) {
                let amount = stretch.rate.of(entry.basis).unwrap_or_default();
                let (kind, rate) = (PieceKind::Rated, stretch.rate.shown());
                let pieces = vec![Piece { kind, basis: entry.basis, rate, amount, tier: None, tier_label: None }];
                credits.push((place, self.credit(&entry, stretch.feed.rule, Outcome { before, amount, pieces })));
            }
        }
        credits
    }

    /// The places of those that are credits.
    pub(super) fn plain_places(&self, plain: &Plain<'_>, ranks: &Range<u64>) -> Vec<Place> {
        self.find_plain(plain, ranks).into_iter().filter(|found| found.is_credit).map(|found| found.place).collect()
    }

    fn find_plain(&self, plain: &Plain<'_>, ranks: &Range<u64>) -> Vec<Found> {
        let mut found = Vec::new();
        for (index, stretch) in plain.stretches.iter().enumerate() {
            let before = |rank: u64| stretch.entries.partition_point(|entry| self.sales.rank(entry.sale) < rank);
            for at in before(ranks.start)..before(ranks.end) {
                let below = stretch.entries[at];
                let feed = stretch.feed;
                let at_sale = self.sales.keys[below.sale as usize].at;
                let group = self.bound.group_of(feed.component, at_sale);
                let entry = Entry { origin: stretch.who, group, component: feed.component, ..below };
                found.push(Found {
                    place: self.place(&entry, feed.rule, 0),
                    order: (feed.component, stretch.below, below.place, stretch.who),
                    stretch: index,
                    entry,
                    is_credit: at >= stretch.first,
                });
            }
        }
        found.sort_by_key(|found| (found.place.sale, found.order));
        let mut before: Option<(u64, u16, u16)> = None;
        for found in &mut found {
            let on_sale = match before {
                Some((sale, component, place)) if (sale, component) == (found.place.sale, found.order.0) => place.saturating_add(1),
                _ => 0,
            };
            before = Some((found.place.sale, found.order.0, on_sale));
            (found.entry.place, found.place.on_sale) = (on_sale, on_sale);
        }
        found
    }

    /// What a component measures before a rank.
    fn measured_before(&self, plain: &Plain<'_>, component: u16, rank: u64) -> Sum {
        let mut sum = Sum::default();
        for stretch in plain.stretches.iter().filter(|stretch| stretch.feed.component == component) {
            let end = stretch.entries.partition_point(|entry| self.sales.rank(entry.sale) < rank);
            stretch.entries[..end].iter().for_each(|entry| sum.add(entry.basis));
        }
        sum
    }

    /// How many of them stand on sales before a rank.
    pub(super) fn plain_before(&self, plain: &Plain<'_>, rank: u64) -> usize {
        let before = |stretch: &Stretch<'_>| stretch.credits().partition_point(|entry| self.sales.rank(entry.sale) < rank);
        plain.stretches.iter().map(before).sum()
    }

    /// Adds what they come to for each rep below, and what each rule measured after the last of them.
    pub(super) fn note_plain(&self, manager: u32, plain: &Plain<'_>, through: &mut [Below], reached: &mut [Option<(Place, Exact)>]) {
        let Some(own) = self.own_cells() else { return };
        let mut seen = Vec::new();
        let mut measured: Vec<(&OverrideFeed, Sum, Option<u64>)> = Vec::new();
        for stretch in &plain.stretches {
            let feed = stretch.feed;
            let known = measured.iter().position(|(known, ..)| known.component == feed.component).unwrap_or_else(|| {
                measured.push((feed, Sum::default(), None));
                measured.len() - 1
            });
            let last = stretch.credits().last().map(|entry| self.sales.rank(entry.sale));
            measured[known].2 = measured[known].2.max(last);
            if seen.contains(&(stretch.who, feed.component)) {
                continue;
            }
            seen.push((stretch.who, feed.component));
            for flat in own[stretch.who as usize].1.flat.iter().filter(|flat| (flat.manager, flat.rule) == (manager, feed.rule)) {
                measured[known].1.merge(flat.all.basis);
                let credited = if self.bound.rules[flat.rule].pays_own_sales { flat.own } else { flat.all };
                let below = &mut through[stretch.who as usize];
                below.credits += usize::try_from(credited.credits).unwrap_or(usize::MAX);
                below.basis.merge(credited.basis);
                below.amount.merge(credited.amount);
            }
        }
        for (feed, basis, last) in measured {
            let (Some(sale), Ok(value)) = (last, basis.exact()) else { continue };
            let (rule, level) = (u32::try_from(feed.rule).unwrap_or(u32::MAX), u16::try_from(feed.level).unwrap_or(u16::MAX));
            let place = Place { sale, rule, level, on_sale: u16::MAX, found: u32::MAX };
            if reached[feed.rule].is_none_or(|(known, _)| known < place) {
                reached[feed.rule] = Some((place, value));
            }
        }
    }
}

impl<'c> Plain<'c> {
    fn add(&mut self, stretch: Stretch<'c>) {
        if !stretch.entries.is_empty() {
            self.count += stretch.credits().len();
            self.stretches.push(stretch);
        }
    }

    /// How many credits they are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Notes their sales.
    pub(super) fn note_sales(&self, sales: &mut SaleSet) {
        for entry in self.stretches.iter().flat_map(Stretch::credits) {
            sales.insert(entry.sale);
        }
    }
}
