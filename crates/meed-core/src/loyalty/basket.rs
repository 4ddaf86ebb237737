//! Baskets: what is bought, by whom paid how, where and when. Part of a purchase, never changed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::packed::packed;
use crate::id::Id;
use crate::ledger::coded;
use crate::money::{Exact, Minor};

/// Lines of one basket at most.
pub const LINES_MAX: usize = 1_000;

/// A basket. Amounts are minor units of the workspace's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basket {
    /// When the sale took place.
    pub at: Timestamp,
    /// The store.
    pub unit: Id,
    /// The terminal.
    pub terminal: Option<Id>,
    /// The lines, at least one.
    pub lines: Vec<Line>,
    /// Receipt number at the till.
    pub reference: String,
    /// Sending system.
    pub system: Option<String>,
    /// The sending system's own, unique reference.
    pub system_reference: Option<String>,
    /// Class of the event.
    pub classification: Option<String>,
    /// Brand of the payment medium.
    pub payment_brand: Option<String>,
    /// Type of the payment medium.
    pub payment_type: Option<String>,
    /// The medium itself, such as the first digits of a card.
    pub payment_medium: Option<String>,
    /// Promo code, as it was given.
    pub promo_code: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Free fields by name.
    pub extra: BTreeMap<String, String>,
}

/// A line of a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The product, or the default product.
    pub product: Id,
    /// Its code.
    pub code: String,
    /// Its type, by name.
    pub kind: Option<String>,
    /// Its brand, by name.
    pub brand: Option<String>,
    /// Its family, by name.
    pub family: Option<String>,
    /// Its categories, by name.
    pub categories: Vec<String>,
    /// How many.
    pub quantity: Exact,
    /// Net amount.
    pub net: Minor,
    /// Value-added tax.
    pub vat: Minor,
    /// Total amount.
    pub total: Minor,
    /// What the till asked for, where the default product stands in: (identifier, value).
    pub intended: Option<(String, String)>,
}

packed!(Basket {
    at,
    unit,
    terminal,
    lines,
    reference,
    system,
    system_reference,
    classification,
    payment_brand,
    payment_type,
    payment_medium,
    promo_code,
    description,
    extra,
});
packed!(Line { product, code, kind, brand, family, categories, quantity, net, vat, total, intended });

coded! {
    /// What a customer did that is no sale, and that offers may reward.
    ActivityKind {
        /// They brought somebody.
        Referral = 1 "referral",
        /// They achieved something.
        Achievement = 2 "achievement",
        /// They achieved something with an amount.
        FinancialAchievement = 3 "financial_achievement",
        /// They did something in a social network.
        SocialMedia = 4 "social_media",
        /// They did something on the web.
        Web = 5 "web",
    }
}

/// The free field that says what an activity is. No sale may carry a field of this name.
pub const ACTIVITY: &str = "meed.activity";

impl Basket {
    /// What was done, if this is no sale: its one line has the amount, which may be 0.
    #[must_use]
    pub fn activity(&self) -> Option<ActivityKind> {
        self.extra.get(ACTIVITY).and_then(|name| ActivityKind::from_name(name))
    }

    /// Sum of the lines' totals.
    #[must_use]
    pub fn total(&self) -> Minor {
        self.lines.iter().map(|line| line.total).sum()
    }

    /// Sum of the lines' net amounts.
    #[must_use]
    pub fn net(&self) -> Minor {
        self.lines.iter().map(|line| line.net).sum()
    }

    /// Sum of the lines' taxes.
    #[must_use]
    pub fn vat(&self) -> Minor {
        self.lines.iter().map(|line| line.vat).sum()
    }
}
