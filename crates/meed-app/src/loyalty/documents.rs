//! The documents of the till's records, as JSON. Unknown fields are ignored, missing ones take their default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A reward scheme.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct SchemeDocument {
    pub name: String,
    pub code: String,
    pub effective: bool,
    /// Everyone is in it.
    pub automatic: bool,
}

impl Default for SchemeDocument {
    fn default() -> Self {
        Self { name: String::new(), code: String::new(), effective: true, automatic: true }
    }
}

/// A store.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct UnitDocument {
    pub name: String,
    /// `alternative_code` of the classic interface; what conditions call it.
    pub code: String,
    pub group: Option<String>,
    pub community: Option<String>,
    pub description: Option<String>,
    /// IANA zone; the workspace's if none.
    pub zone: Option<String>,
}

/// A terminal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct TerminalDocument {
    pub code: String,
    pub unit: i64,
}

/// A rewards participating merchant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct MerchantDocument {
    pub name: String,
    pub units: Vec<i64>,
    pub groups: Vec<String>,
    pub effective: bool,
    pub bars_own: bool,
    pub bars_others: bool,
    pub schemes: Vec<i64>,
    /// Percent of awards, as decimal text.
    pub contribution: String,
    pub allows_automatic: bool,
    pub pays_back: bool,
    /// `refund`, `credit_note` or `voucher`: how, if it pays back.
    pub pays_back_by: String,
    pub allows_spending: bool,
}

impl Default for MerchantDocument {
    fn default() -> Self {
        Self {
            name: String::new(),
            units: Vec::new(),
            groups: Vec::new(),
            effective: true,
            bars_own: false,
            bars_others: false,
            schemes: Vec::new(),
            contribution: "0".to_owned(),
            allows_automatic: true,
            pays_back: false,
            pays_back_by: "credit_note".to_owned(),
            allows_spending: true,
        }
    }
}

/// A promo code.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct PromoCodeDocument {
    pub code: String,
    pub effective: bool,
    pub from_us: Option<i64>,
    pub until_us: Option<i64>,
    pub uses_max: Option<i64>,
}

impl Default for PromoCodeDocument {
    fn default() -> Self {
        Self { code: String::new(), effective: true, from_us: None, until_us: None, uses_max: None }
    }
}

/// A product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct ProductDocument {
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternative_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Free attributes by name. `price` (of one, tax included) and `vat_rate` (a rate's code, or a percentage) are known to the
    /// till page.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
}

/// A tier.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct TierDocument {
    pub code: String,
    pub name: String,
    pub color: Option<String>,
    /// Value units, as decimal text.
    pub threshold: String,
}

/// A limit of wallets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct LimitDocument {
    /// `debit`, `credit`, `top_up` or `transfer`.
    pub kind: String,
    /// `day`, `week` or `month`.
    pub per: String,
    /// `PTS` for points; the workspace's currency if none.
    pub unit: Option<String>,
    pub number: Option<i64>,
    /// Minor units.
    pub amount: Option<i64>,
}

/// A rate of value-added tax.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct VatRateDocument {
    pub code: String,
    /// Percent of the net amount, as decimal text.
    pub percent: String,
}

/// Settings of the tills.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct TillSettingsDocument {
    pub default_product: Option<i64>,
    /// The store of users and keys that name none.
    pub default_unit: Option<i64>,
    /// The stores of single users and keys, by their id in text.
    pub default_units: BTreeMap<String, i64>,
    /// The key with which the shop's identity service signs its tokens, sealed.
    pub identity_key: Option<String>,
    pub minimum_spend: i64,
    pub maximum_spend: Option<i64>,
    pub hold_minutes: i64,
    pub offline_hours: i64,
    pub future_minutes: i64,
    /// Major units of the currency for a point, as decimal text.
    pub point_value: Option<String>,
    pub forgives: bool,
    /// Limits of every wallet.
    pub limits: Vec<LimitDocument>,
    pub tier_window_days: i64,
    /// Value units for a major unit of the currency, as decimal text.
    pub tier_rate: String,
    pub tiers: Vec<TierDocument>,
    /// Rates of value-added tax, the usual one first.
    pub vat_rates: Vec<VatRateDocument>,
    /// The local hour, 0 to 23, at which offers of batch evaluation are evaluated.
    pub evaluation_hour: i64,
    /// What stands above and below every receipt of the till page.
    pub receipt_head: String,
    pub receipt_foot: String,
    /// Whether purchases are sales of commission plans, too, and who sold: the name of the `unit`, the code of the `terminal`,
    /// or what stands in a free field such as `udf_string_1`; none: they are not.
    pub sales_owner: Option<String>,
}

impl Default for TillSettingsDocument {
    fn default() -> Self {
        Self {
            default_product: None,
            default_unit: None,
            default_units: BTreeMap::new(),
            identity_key: None,
            minimum_spend: 0,
            maximum_spend: None,
            hold_minutes: 15,
            offline_hours: 72,
            future_minutes: 5,
            point_value: None,
            forgives: false,
            limits: Vec::new(),
            tier_window_days: 365,
            tier_rate: "1".to_owned(),
            tiers: Vec::new(),
            vat_rates: Vec::new(),
            evaluation_hour: 2,
            receipt_head: String::new(),
            receipt_foot: String::new(),
            sales_owner: None,
        }
    }
}

/// An offer: its current version.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OfferDocument {
    pub name: String,
    /// Record id of the current version.
    pub version: i64,
    /// Counts versions, from 1.
    pub number: u32,
    pub effective: bool,
}

/// A version of an offer's document, immutable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OfferVersionDocument {
    /// Folded name of the offer.
    pub offer: String,
    pub number: u32,
    pub text: String,
    #[serde(default)]
    pub note: String,
    pub created_us: i64,
    pub created_by: String,
    /// What decides the draws of a lottery, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw_key: Option<String>,
}
