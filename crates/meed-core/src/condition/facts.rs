//! What a condition may read of a sale, as a view: stored sales, packed sales and tests all offer the same facts.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::id::Id;
use crate::money::{Exact, Unit};
use crate::sale::{Sale, StoredSale};

/// Numeric facts of a sale, in major units as they came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NumberField {
    Revenue,
    Profit,
    Quantity,
    UnitCost,
    Tax,
    /// `other_numeric1` to `other_numeric3`, counted from 0.
    Other(u8),
}

/// Text facts of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TextField {
    Status,
    CustomerName,
    CustomerEmail,
    CustomerCode,
    ProductCode,
    ProductName,
    /// `owner1` to `owner3`, counted from 0.
    Owner(u8),
    /// `team1` to `team3`, counted from 0.
    Team(u8),
    Territory,
    Coupon,
    /// `other_text1` to `other_text3`, counted from 0.
    Other(u8),
    /// `other_date1` to `other_date3`, counted from 0; ISO 8601 text.
    OtherDate(u8),
}

/// The facts of one sale, by field.
pub trait SaleFacts {
    /// Business time.
    fn at(&self) -> Timestamp;
    /// Currency of the amounts; the program's own where a sale names none.
    fn currency(&self) -> Option<Unit>;
    /// A numeric fact.
    fn number(&self, field: NumberField) -> Option<Exact>;
    /// A text fact.
    fn text(&self, field: TextField) -> Option<&str>;
}

impl SaleFacts for Sale {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn currency(&self) -> Option<Unit> {
        self.currency
    }

    fn number(&self, field: NumberField) -> Option<Exact> {
        match field {
            NumberField::Revenue => self.revenue,
            NumberField::Profit => self.profit,
            NumberField::Quantity => self.quantity,
            NumberField::UnitCost => self.unit_cost,
            NumberField::Tax => self.tax,
            NumberField::Other(index) => self.other_numeric.get(usize::from(index)).copied().flatten(),
        }
    }

    fn text(&self, field: TextField) -> Option<&str> {
        match field {
            TextField::Status => self.status.as_deref(),
            TextField::CustomerName => self.customer_name.as_deref(),
            TextField::CustomerEmail => self.customer_email.as_deref(),
            TextField::CustomerCode => self.customer_code.as_deref(),
            TextField::ProductCode => self.product_code.as_deref(),
            TextField::ProductName => self.product_name.as_deref(),
            TextField::Territory => self.territory.as_deref(),
            TextField::Coupon => self.coupon.as_deref(),
            TextField::Owner(index) => at_place(&self.owners, index),
            TextField::Team(index) => at_place(&self.teams, index),
            TextField::Other(index) => at_place(&self.other_text, index),
            TextField::OtherDate(index) => at_place(&self.other_date, index),
        }
    }
}

fn at_place(places: &[Option<String>; 3], index: u8) -> Option<&str> {
    places.get(usize::from(index))?.as_deref()
}

/// The columns of the source as they came, by header name (`commissions.md` §1.3). Asked only when a rule reads them.
pub trait Originals {
    /// The cell under the header `column`; `None` where the sale has no such column.
    fn original(&self, column: &str) -> Option<Cow<'_, str>>;
}

/// A sale as the engine sees it.
#[derive(Clone, Copy)]
pub struct SaleRef<'a> {
    /// Record id.
    pub id: Id,
    /// The source's own id; second key of the canonical order.
    pub unique_id: Option<&'a str>,
    /// The facts.
    pub facts: &'a dyn SaleFacts,
    /// The original columns, where a program needs them ([`crate::program::Program::uses_originals`]).
    pub originals: Option<&'a dyn Originals>,
}

impl<'a> SaleRef<'a> {
    /// The same sale with its original columns at hand.
    #[must_use]
    pub fn with_originals(self, originals: &'a dyn Originals) -> Self {
        Self { originals: Some(originals), ..self }
    }
}

impl<'a> From<&'a StoredSale> for SaleRef<'a> {
    fn from(stored: &'a StoredSale) -> Self {
        Self { id: stored.id, unique_id: stored.unique_id.as_deref(), facts: &stored.sale, originals: None }
    }
}
