//! Sales: the canonical record of one sales transaction (`commissions.md` §1).

mod cells;
mod field;
mod pack;
mod patch;
mod view;

pub use cells::{pack_cells, unpack_cells};
pub use field::{NumberField, TextField};
pub use pack::{UnpackError, pack, unpack};
pub use patch::SalePatch;
pub use view::SaleView;

use jiff::Timestamp;

use crate::id::Id;
use crate::money::{Exact, Unit};

/// The facts of one sale. Amounts are exact decimals in major units, as they came in.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Sale {
    /// Business time: decides the period and the canonical order.
    pub at: Timestamp,
    /// Currency of the amounts.
    pub currency: Option<Unit>,
    /// Sale value.
    pub revenue: Option<Exact>,
    /// Margin.
    pub profit: Option<Exact>,
    /// Units sold.
    pub quantity: Option<Exact>,
    /// The seller's cost of one unit.
    pub unit_cost: Option<Exact>,
    /// Tax amount.
    pub tax: Option<Exact>,
    /// State at the source, such as `won` or `refunded`.
    pub status: Option<String>,
    /// Who bought.
    pub customer_name: Option<String>,
    /// Their e-mail address.
    pub customer_email: Option<String>,
    /// The source's id of them.
    pub customer_code: Option<String>,
    /// What was bought: SKU or id.
    pub product_code: Option<String>,
    /// What was bought: name.
    pub product_name: Option<String>,
    /// Who sold, by alias; `||` names several in one place.
    pub owners: [Option<String>; 3],
    /// Teams, by alias.
    pub teams: [Option<String>; 3],
    /// Territory or country, by team alias.
    pub territory: Option<String>,
    /// Coupon or referral code.
    pub coupon: Option<String>,
    /// Free text places.
    pub other_text: [Option<String>; 3],
    /// Free number places.
    pub other_numeric: [Option<Exact>; 3],
    /// Free date places, ISO 8601 text.
    pub other_date: [Option<String>; 3],
}

/// A sale as it is stored: its facts and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSale {
    /// Record id given by Meed.
    pub id: Id,
    /// Where it came from.
    pub source: Id,
    /// The source's own id; together with `source` it identifies the sale.
    pub unique_id: Option<String>,
    /// Counts the changes of this record, from 1.
    pub version: i32,
    /// The facts.
    pub sale: Sale,
}

impl StoredSale {
    /// Canonical order: business time, then unique id, then record id (`commissions.md` §4.6).
    #[must_use]
    pub fn canonical_key(&self) -> (Timestamp, &str, Id) {
        (self.sale.at, self.unique_id.as_deref().unwrap_or(""), self.id)
    }
}

/// The aliases inside an owner value: `||` names several reps on one sale (`commissions.md` §1.4).
pub fn split_owners(value: &str) -> impl Iterator<Item = &str> {
    value.split("||").map(str::trim).filter(|part| !part.is_empty())
}
