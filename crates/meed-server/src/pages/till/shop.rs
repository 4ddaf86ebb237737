//! The pages of what tills go by: stores with their terminals, merchants, schemes and tiers, classes of events.

use askama::Template;

use crate::pages::{Badge, Choice, Chrome, Fact, FormErrors, Link};

/// One store of the list.
#[derive(Clone, Debug, Default)]
pub struct StoreRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What conditions and tills call it.
    pub code: String,
    /// Group; may be empty.
    pub group: String,
    /// The merchant that stands for it; an empty text if none.
    pub merchant: Link,
    /// Codes of its terminals; may be empty.
    pub terminals: String,
    /// Its time zone; empty: the workspace's.
    pub zone: String,
}

/// One merchant of the list.
#[derive(Clone, Debug, Default)]
pub struct MerchantRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Stores and groups that it stands for; may be empty.
    pub stands_for: String,
    /// Percentage of awards that it pays.
    pub contribution: String,
    /// What may be spent there, in words.
    pub spending: String,
    /// Takes part or not.
    pub status: Badge,
}

/// `GET /stores`
#[derive(Clone, Debug, Template)]
#[template(path = "till/stores.html")]
pub struct StoresPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Stores in the order in which they were made.
    pub stores: Vec<StoreRow>,
    /// Merchants in the order in which they were made.
    pub merchants: Vec<MerchantRow>,
    /// The workspace's time zone.
    pub zone: String,
}

/// `GET /stores/new` and `/stores/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "till/store.html")]
pub struct StorePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id; empty for a new one.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Fields `name`, `code`, `group`, `community`, `zone`, `description` as typed.
    pub typed: [String; 6],
    /// The merchant that stands for it; an empty text if none.
    pub merchant: Link,
    /// The workspace's time zone.
    pub zone: String,
    /// Terminals: id and code.
    pub terminals: Vec<(String, String)>,
    /// Field `terminal` as typed.
    pub terminal: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// `GET /merchants/new` and `/merchants/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "till/merchant.html")]
pub struct MerchantPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id; empty for a new one.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Fields `name`, `groups`, `contribution` as typed.
    pub typed: [String; 3],
    /// Stores, field `unit`.
    pub units: Vec<Choice>,
    /// Schemes, field `scheme`.
    pub schemes: Vec<Choice>,
    /// What it allows and bars, each a field of its own with the value `yes`.
    pub rules: Vec<Choice>,
    /// How a discount of the same purchase reaches the customer, field `pays_back`.
    pub pays_back: Vec<Choice>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One scheme of the list.
#[derive(Clone, Debug, Default)]
pub struct SchemeRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What offers call it.
    pub code: String,
    /// Who is in it.
    pub who: String,
    /// How many offers are of it.
    pub offers: String,
    /// On or off.
    pub status: Badge,
}

/// `GET /schemes/new` and `/schemes/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "till/scheme.html")]
pub struct SchemePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id; empty for a new one.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Fields `name` and `code` as typed.
    pub typed: [String; 2],
    /// Field `effective`.
    pub is_effective: bool,
    /// Field `automatic`.
    pub is_automatic: bool,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One tier of the form.
#[derive(Clone, Debug, Default)]
pub struct TierFields {
    /// Fields `tier_name`, `tier_code`, `tier_threshold`, `tier_color` with the number of the row.
    pub typed: [String; 4],
}

/// `GET /tiers`
#[derive(Clone, Debug, Template)]
#[template(path = "till/tiers.html")]
pub struct TiersPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Schemes in the order in which they were made.
    pub schemes: Vec<SchemeRow>,
    /// Whether there is a tier.
    pub has_tiers: bool,
    /// The tiers as typed, lowest first, with room for more.
    pub tiers: Vec<TierFields>,
    /// Fields `window` and `rate` as typed.
    pub typed: [String; 2],
    /// What moves customers up and down.
    pub moves: Vec<Fact>,
    /// Code of the workspace's currency.
    pub currency: String,
    /// What was wrong.
    pub errors: FormErrors,
}

impl TiersPage {
    /// Label of the field `rate`.
    fn rate_label(&self) -> String {
        format!("Units for each {}", self.currency)
    }
}

/// One class of events of the form.
#[derive(Clone, Debug, Default)]
pub struct ClassFields {
    /// Fields `class_name` and `class_code` with the number of the row.
    pub typed: [String; 2],
    /// Field `class_event` with the number of the row.
    pub events: Vec<Choice>,
}

/// `GET /classes`
#[derive(Clone, Debug, Template)]
#[template(path = "till/classes.html")]
pub struct ClassesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Whether there is a class.
    pub has_classes: bool,
    /// The classes as typed, with room for more.
    pub classes: Vec<ClassFields>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One promo code of the list.
#[derive(Clone, Debug, Default)]
pub struct PromoCodeRow {
    /// Id.
    pub id: String,
    /// What customers say.
    pub code: String,
    /// The days on which it holds; empty: always.
    pub days: String,
    /// How often it may be used; empty: no limit.
    pub uses: String,
    /// On, off, to come or over.
    pub status: Badge,
}

/// `GET /promo-codes`
#[derive(Clone, Debug, Template)]
#[template(path = "till/promo_codes.html")]
pub struct PromoCodesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Promo codes in the order in which they were made.
    pub rows: Vec<PromoCodeRow>,
}

/// `GET /promo-codes/new` and `/promo-codes/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "till/promo_code.html")]
pub struct PromoCodePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id; empty for a new one.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Fields `code`, `from`, `until`, `uses` as typed.
    pub typed: [String; 4],
    /// Field `effective`.
    pub is_effective: bool,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One limit of the form; its fields end with the number of the row.
#[derive(Clone, Debug, Default)]
pub struct LimitFields {
    /// Field `limit_kind`.
    pub kinds: Vec<Choice>,
    /// Field `limit_per`.
    pub periods: Vec<Choice>,
    /// Field `limit_unit`.
    pub units: Vec<Choice>,
    /// Fields `limit_number` and `limit_amount` as typed.
    pub typed: [String; 2],
}

/// `GET /till/rules`
#[derive(Clone, Debug, Template)]
#[template(path = "till/rules.html")]
pub struct TillRulesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Fields `hold_minutes`, `offline_hours`, `future_minutes`, `point_value`, `default_product` as typed.
    pub typed: [String; 5],
    /// Field `forgives`.
    pub forgives: bool,
    /// Stores, field `default_unit`.
    pub stores: Vec<Choice>,
    /// Limits of every wallet as typed, with room for more.
    pub limits: Vec<LimitFields>,
    /// Whether an identity service is known.
    pub has_identity_key: bool,
    /// Code of the workspace's currency.
    pub currency: String,
    /// What was wrong.
    pub errors: FormErrors,
}
