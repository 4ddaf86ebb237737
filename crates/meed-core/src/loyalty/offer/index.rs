//! Offers of a workspace with all their versions, found by what their conditions demand.
//!
//! Most offers name a product, a brand, a store or a promo code. Such an offer is looked at only for baskets that have it,
//! so a thousand of them cost a purchase little more than ten.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Offer;
use crate::id::Id;
use crate::loyalty::basket::Basket;
use crate::loyalty::sight::KEYED;

/// A version of an offer.
#[derive(Clone, Debug)]
pub struct OfferVersion {
    /// Its record.
    pub id: Id,
    /// Microseconds UTC at which it was applied.
    pub created_us: i64,
    /// The document.
    pub offer: Arc<Offer>,
}

/// An offer.
#[derive(Clone, Debug)]
pub struct OfferEntry {
    /// The program.
    pub id: Id,
    /// Its versions, oldest first; at least one.
    pub versions: Vec<OfferVersion>,
    /// Whether it is effective.
    pub is_effective: bool,
    /// Its scheme, if that is known.
    pub scheme: Option<Id>,
}

impl OfferEntry {
    /// The version that held at a business time: the last that had been applied by then, or the first of all.
    #[must_use]
    pub fn at(&self, at_us: i64) -> &OfferVersion {
        let until_us = until(at_us);
        let held = self.versions.iter().rev().find(|version| version.created_us <= until_us);
        held.unwrap_or_else(|| self.versions.first().expect("an offer has a version"))
    }
}

/// The latest instant that a business time may mean. Tills tell whole seconds, so what changed within that second had
/// changed for a purchase that is recorded after it.
#[must_use]
pub(crate) fn until(at_us: i64) -> i64 {
    if at_us.rem_euclid(1_000_000) == 0 { at_us.saturating_add(999_999) } else { at_us }
}

type Key = ((usize, usize), String);

/// Offers by id and by what they demand.
#[derive(Clone, Debug, Default)]
pub struct OfferIndex {
    offers: BTreeMap<Id, OfferEntry>,
    versions: HashMap<Id, Arc<Offer>>,
    by_demand: HashMap<Key, Vec<Id>>,
    /// Offers that no single text decides.
    others: Vec<Id>,
    stateful: bool,
    reads_tier: bool,
    reads_paid: bool,
    limited: Vec<Id>,
    stateful_ids: Vec<Id>,
    tier_readers: Vec<Id>,
    batch: bool,
}

impl OfferIndex {
    /// Indexes offers.
    #[must_use]
    pub fn new(entries: Vec<OfferEntry>) -> Self {
        let mut index = Self::default();
        for entry in entries {
            for version in &entry.versions {
                index.versions.insert(version.id, Arc::clone(&version.offer));
                index.stateful |= version.offer.is_stateful();
                index.reads_tier |= version.offer.reads_tier();
                index.batch |= version.offer.is_batch();
                index.reads_paid |= version.offer.award.on_paid;
            }
            if entry.versions.iter().any(|version| version.offer.is_stateful()) {
                index.stateful_ids.push(entry.id);
            }
            if entry.versions.iter().any(|version| version.offer.reads_tier()) {
                index.tier_readers.push(entry.id);
            }
            if entry.versions.iter().any(|version| version.offer.uses_max.is_some()) {
                index.limited.push(entry.id);
            }
            match demand_of(&entry) {
                Some(keys) => {
                    for key in keys {
                        index.by_demand.entry(key).or_default().push(entry.id);
                    }
                }
                None => index.others.push(entry.id),
            }
            index.offers.insert(entry.id, entry);
        }
        index
    }

    /// The offers that may apply to a basket, by id.
    #[must_use]
    pub fn candidates(&self, basket: &Basket, unit_code: Option<&str>) -> BTreeSet<Id> {
        let mut found: BTreeSet<Id> = self.others.iter().copied().collect();
        if self.by_demand.is_empty() {
            return found;
        }
        let mut look = |place: usize, text: Option<&str>| {
            if let Some(text) = text
                && let Some(ids) = self.by_demand.get(&(KEYED[place], text.to_owned()))
            {
                found.extend(ids.iter().copied());
            }
        };
        for line in &basket.lines {
            look(0, Some(&line.code));
            look(1, line.kind.as_deref());
            look(2, line.brand.as_deref());
            look(3, line.family.as_deref());
        }
        look(4, unit_code);
        look(5, basket.promo_code.as_deref());
        found
    }

    /// An offer by id.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&OfferEntry> {
        self.offers.get(&id)
    }

    /// A version by id.
    #[must_use]
    pub fn version(&self, id: Id) -> Option<&Arc<Offer>> {
        self.versions.get(&id)
    }

    /// All offers, by id.
    pub fn iter(&self) -> impl Iterator<Item = &OfferEntry> {
        self.offers.values()
    }

    /// Whether what a customer bought before can change what an offer gives.
    #[must_use]
    pub fn is_stateful(&self) -> bool {
        self.stateful
    }

    /// Whether any award is computed on what was paid after redemption.
    #[must_use]
    pub fn reads_paid(&self) -> bool {
        self.reads_paid
    }

    /// Offers that are limited in number over all customers.
    pub fn limited(&self) -> impl Iterator<Item = Id> {
        self.limited.iter().copied()
    }

    /// Offers that remember what a customer bought, in the order in which they were given.
    pub fn stateful_ids(&self) -> impl Iterator<Item = Id> {
        self.stateful_ids.iter().copied()
    }

    /// Offers whose condition reads the customer's tier: a fold over purchases judges them again.
    pub fn tier_readers(&self) -> impl Iterator<Item = Id> {
        self.tier_readers.iter().copied()
    }

    /// Whether any offer is evaluated by runs.
    #[must_use]
    pub fn has_batch(&self) -> bool {
        self.batch
    }

    /// Whether any condition reads the customer's tier.
    #[must_use]
    pub fn reads_tier(&self) -> bool {
        self.reads_tier
    }
}

/// The texts of one keyed fact that every version demands, or `None` if a version demands none.
fn demand_of(entry: &OfferEntry) -> Option<BTreeSet<Key>> {
    let mut keys = BTreeSet::new();
    for version in &entry.versions {
        let demands = version.offer.condition.as_ref()?.demands();
        let (fact, texts) = demands.into_iter().find(|(fact, _)| KEYED.contains(&(fact.root, fact.field)))?;
        keys.extend(texts.into_iter().map(|text| ((fact.root, fact.field), text)));
    }
    Some(keys)
}
