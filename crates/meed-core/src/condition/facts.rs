//! What a condition may read of a sale, as a view: stored sales, packed sales and tests all offer the same facts.

use std::borrow::Cow;

use jiff::Timestamp;

use super::fields::ResultField;
use super::value::Value;
use crate::id::Id;
use crate::money::{Exact, Unit};
use crate::sale::{NumberField, Sale, StoredSale, TextField};

/// The facts of one sale, by field.
pub trait SaleFacts {
    /// Business time.
    fn at(&self) -> Timestamp;
    /// Currency of the amounts; the program's own where a sale names none.
    fn currency(&self) -> Option<Unit>;
    /// A numeric fact.
    fn number(&self, field: NumberField) -> Option<Exact>;
    /// An amount of the sale's currency in that of the program; `None` where no rate is known.
    fn converted(&self, amount: Exact) -> Option<Exact> {
        Some(amount)
    }
    /// A text fact.
    fn text(&self, field: TextField) -> Option<&str>;
    /// A fact of a [`Vocabulary`](super::Vocabulary) of its own, by place of root and field; null where there is none.
    fn fact(&self, _root: usize, _field: usize) -> Value<'_> {
        Value::Null
    }
    /// What a whole period came to, of one rule or of all; a single sale has none.
    fn result(&self, _field: ResultField, _rule: Option<&str>) -> Option<Exact> {
        None
    }
}

impl SaleFacts for Sale {
    fn at(&self) -> Timestamp {
        self.at
    }

    fn currency(&self) -> Option<Unit> {
        self.currency
    }

    fn number(&self, field: NumberField) -> Option<Exact> {
        self.number(field)
    }

    fn text(&self, field: TextField) -> Option<&str> {
        self.text(field)
    }
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
