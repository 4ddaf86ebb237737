//! What a workspace's tills go by: stores, merchants, schemes, tiers, products and offers, as one value of one version.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::basket::Line;
use super::event::PayBackMethod;
use super::limits::Limit;
use super::offer::{Offer, OfferIndex};
use super::participant::TierByHand;
use crate::id::Id;
use crate::money::{Amount, Exact, Minor, Rounding, Unit, to_minor};

/// The configuration of a workspace's tills.
#[derive(Debug)]
pub struct TillConfig {
    /// The workspace's configuration version that it was read at.
    pub version: i64,
    /// The workspace.
    pub workspace: Id,
    /// Its zone.
    pub zone: TimeZone,
    /// Its currency.
    pub currency: Unit,
    /// Settings.
    pub settings: TillSettings,
    /// Schemes.
    pub schemes: BTreeMap<Id, Scheme>,
    /// Stores.
    pub units: BTreeMap<Id, SalesUnit>,
    /// Terminals.
    pub terminals: BTreeMap<Id, Terminal>,
    /// Merchants.
    pub merchants: BTreeMap<Id, Merchant>,
    /// Promo codes by folded code.
    pub promo_codes: HashMap<String, PromoCode>,
    /// Products.
    pub products: Products,
    /// Offers with all their versions, and the index over them.
    pub offers: OfferIndex,
}

/// Settings of the tills of a workspace. Amounts are minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TillSettings {
    /// Stands in for products that are not known.
    pub default_product: Option<Id>,
    /// The store of users and keys that name none.
    pub default_unit: Option<Id>,
    /// The stores of single users and keys.
    pub default_units: BTreeMap<Id, Id>,
    /// The least and the most of one spend.
    pub minimum_spend: Minor,
    /// See above; `None`: no limit.
    pub maximum_spend: Option<Minor>,
    /// Lifetime of a hold.
    pub hold_minutes: i64,
    /// How late an offline sale may come.
    pub offline_hours: i64,
    /// How far ahead a till's clock may be.
    pub future_minutes: i64,
    /// What a point is worth when it is spent, in major units of the currency; without it points cannot pay at the till.
    pub point_value: Option<Exact>,
    /// Whether an award that was spent before its purchase came back is forgiven instead of owed.
    pub forgives: bool,
    /// Limits of every wallet.
    pub limits: Vec<Limit>,
    /// Tiers.
    pub tiers: Tiers,
    /// Rates of value-added tax, the usual one first.
    pub vat_rates: Vec<VatRate>,
    /// Classes of events; none: any class is taken by its name.
    pub classifications: Vec<Classification>,
    /// The local hour at which offers of batch evaluation are evaluated, once a day.
    pub evaluation_hour: i8,
    /// What stands above every receipt of the till page, line by line.
    pub receipt_head: String,
    /// What stands below it.
    pub receipt_foot: String,
}

impl TillSettings {
    /// Whether any number of points is worth a whole number of minor units, so that their worth does not depend on how they are
    /// parted. It is so where points do not pay.
    #[must_use]
    pub fn points_are_whole(&self, currency: Unit) -> bool {
        let is_whole =
            |value| to_minor(value, currency, Rounding::Down).is_ok_and(|minor| Amount { minor, unit: currency }.major() == value);
        self.point_value.is_none_or(is_whole)
    }
}

/// A class of events, as a workspace lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// Name.
    pub name: String,
    /// Another name of it in sending systems.
    pub code: Option<String>,
    /// The type of event that it suits, such as `purchase`; `None`: any.
    pub event: Option<String>,
}

/// A rate of value-added tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VatRate {
    /// What products call it.
    pub code: String,
    /// Percentage of the net amount.
    pub percent: Exact,
}

impl Default for TillSettings {
    fn default() -> Self {
        Self {
            default_product: None,
            default_unit: None,
            default_units: BTreeMap::new(),
            minimum_spend: 0,
            maximum_spend: None,
            hold_minutes: 15,
            offline_hours: 72,
            future_minutes: 5,
            point_value: None,
            forgives: false,
            limits: Vec::new(),
            tiers: Tiers::default(),
            vat_rates: Vec::new(),
            classifications: Vec::new(),
            evaluation_hour: 2,
            receipt_head: String::new(),
            receipt_foot: String::new(),
        }
    }
}

/// Tiers and what moves customers between them (`pos-loyalty.md` §11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiers {
    /// Days of the rolling window.
    pub window_days: i64,
    /// Value units for one major unit of the currency.
    pub rate: Exact,
    /// The tiers, lowest threshold first.
    pub levels: Vec<Tier>,
}

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// What conditions call it.
    pub code: String,
    /// Name.
    pub name: String,
    /// Colour, for shows.
    pub color: Option<String>,
    /// Value units from which it holds, inclusive.
    pub threshold: Exact,
}

impl Tiers {
    /// The tier that holds with this many value units: what was set by hand is the least, or the only one. A tier that is no
    /// more binds nobody.
    #[must_use]
    pub fn holds(&self, units: Exact, by_hand: Option<&TierByHand>) -> Option<&Tier> {
        let earned = self.level(units);
        let Some(set) = by_hand else { return earned };
        let Some(own) = self.levels.iter().find(|tier| tier.code == set.tier) else { return earned };
        if set.is_fixed { Some(own) } else { earned.filter(|earned| earned.threshold > own.threshold).or(Some(own)) }
    }

    /// The tier for this many value units.
    #[must_use]
    pub fn level(&self, units: Exact) -> Option<&Tier> {
        self.levels.iter().rev().find(|tier| tier.threshold <= units)
    }
}

/// A scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Name.
    pub name: String,
    /// What documents call it.
    pub code: String,
    /// Whether it is effective.
    pub is_effective: bool,
    /// Whether everyone is in it.
    pub is_automatic: bool,
}

/// A store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesUnit {
    /// Name.
    pub name: String,
    /// What conditions call it.
    pub code: String,
    /// Group.
    pub group: Option<String>,
    /// Community.
    pub community: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Its zone; the workspace's if none.
    pub zone: Option<TimeZone>,
    /// The merchant that stands for it, by unit or by group.
    pub merchant: Option<Id>,
}

/// A terminal ("transaction acquiring point").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Its code.
    pub code: String,
    /// Its store.
    pub unit: Id,
}

/// A rewards participating merchant (`pos-loyalty.md` §12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merchant {
    /// Name.
    pub name: String,
    /// Stores that it stands for.
    pub units: Vec<Id>,
    /// Groups that it stands for.
    pub groups: Vec<String>,
    /// Whether it is effective.
    pub is_effective: bool,
    /// Bars customers whom its own group signed up.
    pub bars_own: bool,
    /// Bars customers whom other groups signed up.
    pub bars_others: bool,
    /// Schemes that it is limited to; empty: any.
    pub schemes: Vec<Id>,
    /// Percentage of awards that it pays to the programme's owner.
    pub contribution: Exact,
    /// Gate 2 of automatic spending.
    pub allows_automatic: bool,
    /// Whether what is spent at once is paid back later instead of being taken off at the till.
    pub pays_back: bool,
    /// How it is paid back then.
    pub pays_back_by: PayBackMethod,
    /// Whether anything may be spent there.
    pub allows_spending: bool,
}

/// A promo code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromoCode {
    /// The record: names its counter.
    pub id: Id,
    /// As it is shown.
    pub code: String,
    /// Whether it is effective.
    pub is_effective: bool,
    /// Microseconds UTC from which it holds.
    pub from_us: Option<i64>,
    /// Until when.
    pub until_us: Option<i64>,
    /// Uses over all customers at most.
    pub uses_max: Option<i64>,
}

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// The record.
    pub id: Id,
    /// Match key.
    pub code: String,
    /// Another code.
    pub alternative_code: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Type, by name.
    pub kind: Option<String>,
    /// Brand, by name.
    pub brand: Option<String>,
    /// Family, by name.
    pub family: Option<String>,
    /// Categories, by name.
    pub categories: Vec<String>,
    /// Price of one, tax included, in major units of the currency: for tills that know none.
    pub price: Option<Exact>,
    /// Code or percentage of its value-added tax, as the source names it.
    pub vat_rate: Option<String>,
}

/// The products of a workspace.
#[derive(Clone, Debug, Default)]
pub struct Products {
    items: HashMap<Id, Arc<Product>>,
    codes: HashMap<String, Id>,
    alternative_codes: HashMap<String, Id>,
}

impl Products {
    /// Adds a product, or replaces the one with its id.
    pub fn put(&mut self, product: Product) {
        self.remove(product.id);
        self.codes.insert(product.code.clone(), product.id);
        if let Some(code) = &product.alternative_code {
            self.alternative_codes.insert(code.clone(), product.id);
        }
        self.items.insert(product.id, Arc::new(product));
    }

    /// Removes a product.
    pub fn remove(&mut self, id: Id) {
        let Some(gone) = self.items.remove(&id) else { return };
        if self.codes.get(&gone.code) == Some(&id) {
            self.codes.remove(&gone.code);
        }
        if let Some(code) = &gone.alternative_code
            && self.alternative_codes.get(code) == Some(&id)
        {
            self.alternative_codes.remove(code);
        }
    }

    /// A product by id.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&Arc<Product>> {
        self.items.get(&id)
    }

    /// A product by its code.
    #[must_use]
    pub fn by_code(&self, code: &str) -> Option<&Arc<Product>> {
        self.codes.get(code).and_then(|id| self.get(*id))
    }

    /// A product by its alternative code.
    #[must_use]
    pub fn by_alternative_code(&self, code: &str) -> Option<&Arc<Product>> {
        self.alternative_codes.get(code).and_then(|id| self.get(*id))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// All products, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Product>> {
        self.items.values()
    }
}

impl Line {
    /// Whether the line says of its product what is known of it.
    #[must_use]
    pub fn is_of(&self, product: &Product) -> bool {
        (self.product, &self.code, &self.kind, &self.brand, &self.family, &self.categories)
            == (product.id, &product.code, &product.kind, &product.brand, &product.family, &product.categories)
    }
}

impl Product {
    /// A line of this product with no amounts yet.
    #[must_use]
    pub fn line(&self) -> Line {
        Line {
            product: self.id,
            code: self.code.clone(),
            kind: self.kind.clone(),
            brand: self.brand.clone(),
            family: self.family.clone(),
            categories: self.categories.clone(),
            quantity: Exact::ONE,
            net: 0,
            vat: 0,
            total: 0,
            intended: None,
        }
    }
}

impl TillConfig {
    /// The zone of a store.
    #[must_use]
    pub fn zone_of(&self, unit: Id) -> &TimeZone {
        self.units.get(&unit).and_then(|unit| unit.zone.as_ref()).unwrap_or(&self.zone)
    }

    /// The merchant of a store.
    #[must_use]
    pub fn merchant_of(&self, unit: Id) -> Option<(Id, &Merchant)> {
        let id = self.units.get(&unit)?.merchant?;
        self.merchants.get(&id).map(|merchant| (id, merchant))
    }

    /// Whether what a customer bought before can change what a purchase earns.
    #[must_use]
    pub fn is_stateful(&self) -> bool {
        !self.settings.tiers.levels.is_empty() || self.offers.is_stateful()
    }

    /// Names all that the fold of a customer's purchases goes by, besides the purchases: tiers, and the offers that remember.
    /// A cell that was folded by one basis can be computed again by the same one.
    #[must_use]
    pub fn basis(&self) -> i64 {
        if !self.is_stateful() {
            return 0;
        }
        let mut digest = Fnv::default();
        let tiers = &self.settings.tiers;
        digest.take(&tiers.window_days.to_be_bytes());
        digest.take(tiers.rate.normalize().to_string().as_bytes());
        for level in &tiers.levels {
            digest.take(level.code.as_bytes());
            digest.take(level.threshold.normalize().to_string().as_bytes());
        }
        self.offers.stateful_ids().for_each(|id| digest.take(&id.0.to_be_bytes()));
        digest.0.cast_signed()
    }

    /// The version of an offer that says where a lot may be used.
    #[must_use]
    pub fn terms(&self, version: Id) -> Option<&Arc<Offer>> {
        self.offers.version(version)
    }
}

/// A hash that is the same on every machine and in every release: it is stored.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Takes in a part. A byte that no part ends with stands between parts.
    fn take(&mut self, part: &[u8]) {
        for byte in part.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
