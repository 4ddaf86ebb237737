//! Partial updates: a JSON body names some fields, the others stay (`commissions.md` §1.4).

use jiff::Timestamp;

use super::Sale;
use super::pack::{numbers, numbers_mut, texts, texts_mut};
use crate::money::{Exact, Unit};

/// The number fields of a sale, in stored order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NumberField {
    Revenue,
    Profit,
    Quantity,
    UnitCost,
    Tax,
    OtherNumeric1,
    OtherNumeric2,
    OtherNumeric3,
}

/// The text fields of a sale, in stored order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum TextField {
    Status,
    CustomerName,
    CustomerEmail,
    CustomerCode,
    ProductCode,
    ProductName,
    Owner1,
    Owner2,
    Owner3,
    Team1,
    Team2,
    Team3,
    Territory,
    Coupon,
    OtherText1,
    OtherText2,
    OtherText3,
    OtherDate1,
    OtherDate2,
    OtherDate3,
}

impl Sale {
    /// The value of a number field.
    #[must_use]
    pub fn number(&self, field: NumberField) -> Option<Exact> {
        numbers(self)[field as usize]
    }

    /// The value of a text field.
    #[must_use]
    pub fn text(&self, field: TextField) -> Option<&str> {
        texts(self)[field as usize]
    }

    /// Sets a number field.
    pub fn set_number(&mut self, field: NumberField, value: Option<Exact>) {
        let slots = numbers_mut(self);
        *slots[field as usize] = value;
    }

    /// Sets a text field.
    pub fn set_text(&mut self, field: TextField, value: Option<String>) {
        let slots = texts_mut(self);
        *slots[field as usize] = value;
    }
}

/// Changes to some fields of a sale. A field is absent (kept), cleared, or given a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SalePatch {
    at: Option<Timestamp>,
    currency: Option<Option<Unit>>,
    numbers: Vec<(NumberField, Option<Exact>)>,
    texts: Vec<(TextField, Option<String>)>,
}

impl SalePatch {
    /// Names the business time, which cannot be cleared.
    pub fn set_at(&mut self, at: Timestamp) {
        self.at = Some(at);
    }

    /// Names the currency.
    pub fn set_currency(&mut self, currency: Option<Unit>) {
        self.currency = Some(currency);
    }

    /// Names a number field.
    pub fn set_number(&mut self, field: NumberField, value: Option<Exact>) {
        self.numbers.push((field, value));
    }

    /// Names a text field.
    pub fn set_text(&mut self, field: TextField, value: Option<String>) {
        self.texts.push((field, value));
    }

    /// Whether the business time is named; without it a sale cannot be made.
    #[must_use]
    pub fn has_time(&self) -> bool {
        self.at.is_some()
    }

    /// Applies the changes.
    pub fn apply(&self, sale: &mut Sale) {
        if let Some(at) = self.at {
            sale.at = at;
        }
        if let Some(currency) = self.currency {
            sale.currency = currency;
        }
        for (field, value) in &self.numbers {
            sale.set_number(*field, *value);
        }
        for (field, value) in &self.texts {
            sale.set_text(*field, value.clone());
        }
    }
}
