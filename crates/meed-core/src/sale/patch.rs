//! Partial updates: a JSON body names some fields, the others stay (`commissions.md` §1.4).

use jiff::Timestamp;

use super::pack::{numbers, numbers_mut, texts, texts_mut};
use super::{NumberField, Sale, TextField};
use crate::money::{Exact, Unit};

impl Sale {
    /// The value of a number field.
    #[must_use]
    pub fn number(&self, field: NumberField) -> Option<Exact> {
        numbers(self).get(field.place()).copied().flatten()
    }

    /// The value of a text field.
    #[must_use]
    pub fn text(&self, field: TextField) -> Option<&str> {
        texts(self).get(field.place()).copied().flatten()
    }

    /// Sets a number field.
    pub fn set_number(&mut self, field: NumberField, value: Option<Exact>) {
        if let Some(slot) = numbers_mut(self).into_iter().nth(field.place()) {
            *slot = value;
        }
    }

    /// Sets a text field.
    pub fn set_text(&mut self, field: TextField, value: Option<String>) {
        if let Some(slot) = texts_mut(self).into_iter().nth(field.place()) {
            *slot = value;
        }
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
