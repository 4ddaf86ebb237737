//! The names a condition may use, and what each stands for.

use super::value::Type;
use crate::sale::{NumberField, TextField};

/// A field of `sale.…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SaleField {
    At,
    Day,
    Currency,
    UniqueId,
    Number(NumberField),
    Text(TextField),
    OtherDate(u8),
}

impl SaleField {
    /// Whether it is an amount in the sale's currency.
    pub(super) const fn is_money(self) -> bool {
        matches!(self, Self::Number(number) if number.is_money())
    }
}

/// A field of `rep.…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RepField {
    Name,
    Email,
    ExternalId,
    Tags,
    Teams,
    Manager,
}

/// A field of `period.…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeriodField {
    FirstDay,
    LastDay,
    Label,
}

pub(super) const SALE: [(&str, SaleField); 33] = [
    ("at", SaleField::At),
    ("day", SaleField::Day),
    ("currency", SaleField::Currency),
    ("unique_id", SaleField::UniqueId),
    ("revenue", SaleField::Number(NumberField::Revenue)),
    ("profit", SaleField::Number(NumberField::Profit)),
    ("quantity", SaleField::Number(NumberField::Quantity)),
    ("unit_cost", SaleField::Number(NumberField::UnitCost)),
    ("tax", SaleField::Number(NumberField::Tax)),
    ("other_numeric1", SaleField::Number(NumberField::Other(0))),
    ("other_numeric2", SaleField::Number(NumberField::Other(1))),
    ("other_numeric3", SaleField::Number(NumberField::Other(2))),
    ("status", SaleField::Text(TextField::Status)),
    ("customer_name", SaleField::Text(TextField::CustomerName)),
    ("customer_email", SaleField::Text(TextField::CustomerEmail)),
    ("customer_code", SaleField::Text(TextField::CustomerCode)),
    ("product_code", SaleField::Text(TextField::ProductCode)),
    ("product_name", SaleField::Text(TextField::ProductName)),
    ("owner1", SaleField::Text(TextField::Owner(0))),
    ("owner2", SaleField::Text(TextField::Owner(1))),
    ("owner3", SaleField::Text(TextField::Owner(2))),
    ("team1", SaleField::Text(TextField::Team(0))),
    ("team2", SaleField::Text(TextField::Team(1))),
    ("team3", SaleField::Text(TextField::Team(2))),
    ("territory", SaleField::Text(TextField::Territory)),
    ("coupon", SaleField::Text(TextField::Coupon)),
    ("other_text1", SaleField::Text(TextField::Other(0))),
    ("other_text2", SaleField::Text(TextField::Other(1))),
    ("other_text3", SaleField::Text(TextField::Other(2))),
    ("other_date1", SaleField::OtherDate(0)),
    ("other_date2", SaleField::OtherDate(1)),
    ("other_date3", SaleField::OtherDate(2)),
    // `original` is read with brackets; it is listed so that suggestions know it.
    ("original", SaleField::UniqueId),
];

pub(super) const REP: [(&str, RepField); 6] = [
    ("name", RepField::Name),
    ("email", RepField::Email),
    ("external_id", RepField::ExternalId),
    ("tags", RepField::Tags),
    ("teams", RepField::Teams),
    ("manager", RepField::Manager),
];

/// What a formula over a whole period may read: the sums of the rep's credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultField {
    /// Attainment in percent: 120 is 120 %.
    Attainment,
    /// The quota of the period.
    Quota,
    /// The credited basis that counts as attainment.
    Value,
    /// Credited basis.
    Credited,
    /// Sum of the credits' amounts.
    Earned,
    /// Number of credits.
    Count,
    /// Rank by attainment among the targets of the program, from 1.
    Rank,
}

pub(super) const RESULT: [(&str, ResultField); 5] = [
    ("attainment", ResultField::Attainment),
    ("quota", ResultField::Quota),
    ("value", ResultField::Value),
    ("earned", ResultField::Earned),
    ("rank", ResultField::Rank),
];

/// Functions over one rule's credits.
pub(super) const RULE_RESULTS: [(&str, ResultField); 3] =
    [("credited", ResultField::Credited), ("earned", ResultField::Earned), ("count", ResultField::Count)];

pub(super) const PERIOD: [(&str, PeriodField); 3] =
    [("first_day", PeriodField::FirstDay), ("last_day", PeriodField::LastDay), ("label", PeriodField::Label)];

impl SaleField {
    pub(super) const fn result(self) -> Type {
        match self {
            Self::At => Type::Instant,
            Self::Day | Self::OtherDate(_) => Type::Day,
            Self::Currency | Self::UniqueId | Self::Text(_) => Type::Text,
            Self::Number(_) => Type::Number,
        }
    }
}

impl RepField {
    pub(super) const fn result(self) -> Type {
        match self {
            Self::Tags | Self::Teams => Type::List,
            Self::Name | Self::Email | Self::ExternalId | Self::Manager => Type::Text,
        }
    }
}

impl PeriodField {
    pub(super) const fn result(self) -> Type {
        match self {
            Self::FirstDay | Self::LastDay => Type::Day,
            Self::Label => Type::Text,
        }
    }
}

/// Finds a text field by the name that documents use: `owner1`, `territory` …
pub(crate) fn text_field(name: &str) -> Option<TextField> {
    SALE.iter().find_map(|(known, field)| match field {
        SaleField::Text(field) if *known == name => Some(*field),
        _ => None,
    })
}

/// All text fields by name, for suggestions.
pub(crate) fn text_field_names() -> impl Iterator<Item = &'static str> {
    SALE.iter().filter(|(_, field)| matches!(field, SaleField::Text(_))).map(|(name, _)| *name)
}
