//! The parameters of a purchase, and the basket that they become (`pos-loyalty.md` §5.4, §5.8).

use meed_app::loyalty::TillConfig;
use meed_app::loyalty::purchases::PurchaseInput;
use meed_core::id::Id;
use meed_core::loyalty::{Basket, Classification, LINES_MAX, Line, SpendAsk};
use meed_core::money::{Exact, Minor, Rounding, Unit, mul, to_minor};
use serde::Deserialize;

use super::call::parameters;
use super::failure::{Answered, Failure};
use super::place::{Place, check_currency, line_of, name_id};
use super::values::{Identifier, Truth, amount, customer, date};
use crate::api::wire::{LooseText, Number};

/// The free field that holds a linked invoice.
pub(super) const INVOICE: &str = "invoice";

/// Defines parameters with the free fields of every business entity.
macro_rules! with_free_fields {
    ($(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty,)* }) => {
        $crate::crmapi::purchase_in::with_free_fields! {
            @ $(#[$doc])* struct $name { $($field: $type,)* }
            texts {
                udf_string_1, udf_string_2, udf_string_3, udf_string_4, udf_string_5, udf_string_6, udf_string_7, udf_string_8,
                udf_date_1, udf_date_2, udf_date_3, udf_date_4
            }
            numbers { udf_float_1, udf_float_2, udf_float_3, udf_float_4 }
        }
    };
    (@ $(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty,)* } texts { $($text:ident),* } numbers { $($number:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            $(pub $field: $type,)*
            $(pub $text: Option<$crate::api::wire::LooseText>,)*
            $(pub $number: Option<$crate::api::wire::Number>,)*
        }

        impl $name {
            pub(super) fn free_fields(&self) -> std::collections::BTreeMap<String, String> {
                let texts = [$((stringify!($text), self.$text.as_ref().map(|text| text.0.clone()))),*];
                let numbers = [$((stringify!($number), self.$number.map(|number| number.0.to_string()))),*];
                let named = |(name, value): (&str, Option<String>)| value.map(|value| (name.to_owned(), value));
                texts.into_iter().chain(numbers).filter_map(named).collect()
            }
        }
    };
}
pub(super) use with_free_fields;

with_free_fields! {
    /// The parameters of `create` and `preview`, of the purchase of `create_spend`, and of a row of bulk purchases.
    struct PurchaseParameters {
        token: Option<String>,
        fields_set: Option<String>,
        request_unique_identifier: Option<LooseText>,
        rewards_participant_identifier: Option<Identifier>,
        accounts_receivable_identifier: Option<Identifier>,
        classification_identifier: Option<Identifier>,
        performed_by_unit_identifier: Option<Identifier>,
        performed_by_tap_identifier: Option<Identifier>,
        performed_by_business_unit_identifier: Option<Identifier>,
        performed_on: Option<String>,
        reference_number: Option<LooseText>,
        external_system: Option<LooseText>,
        external_system_reference_number: Option<LooseText>,
        description: Option<String>,
        process_immediately: Option<Truth>,
        payment_medium_brand_identifier: Option<Identifier>,
        payment_medium_type_identifier: Option<Identifier>,
        payment_medium_identifier: Option<LooseText>,
        invoice_identifier: Option<Identifier>,
        promo_code: Option<LooseText>,
        intended_currency_identifier: Option<Identifier>,
        products_set: Option<Vec<LineParameters>>,
        requested_spend_amount: Option<Number>,
        requested_spend_alternative_amount: Option<Number>,
        all_or_nothing: Option<Truth>,
        is_offline: Option<Truth>,
        price_token: Option<String>,
    }
}
parameters!(PurchaseParameters);

/// A line of `products_set`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LineParameters {
    /// The product.
    pub product_identifier: Option<Identifier>,
    /// How many; 1 if not given.
    pub quantity: Option<Number>,
    /// Net amount.
    pub net_amount: Option<Number>,
    /// Value-added tax.
    pub vat_amount: Option<Number>,
    /// Total amount.
    pub total_amount: Option<Number>,
}

impl LineParameters {
    fn line(&self, config: &TillConfig, place: usize) -> Answered<Line> {
        let field = |name: &str| format!("products_set[{place}].{name}");
        let unit = config.currency;
        let must = |number: Option<Number>, name: &str| match number {
            Some(number) => amount(number, unit, &field(name)),
            None => Err(Failure::missing(&field(name))),
        };
        let line = line_of(config, self.product_identifier.as_ref(), &field("product_identifier"))?;
        Ok(Line {
            quantity: self.quantity.map_or(Exact::ONE, |number| number.0.normalize()),
            net: must(self.net_amount, "net_amount")?,
            vat: must(self.vat_amount, "vat_amount")?,
            total: must(self.total_amount, "total_amount")?,
            ..line
        })
    }
}

/// Whether a purchase is to be recorded or only computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// `create`: what §5.4 makes mandatory must be there.
    Create,
    /// `preview`: time and reference may be left out.
    Preview,
}

/// The external reference as an identity: unique within the sending system, apart from other kinds of call.
pub(super) fn identity(kind: &str, system: Option<&LooseText>, reference: Option<&LooseText>, key: Option<&str>) -> Option<String> {
    let system = system.map_or("", |text| text.0.as_str());
    match (reference, key) {
        (Some(reference), _) => Some(format!("{kind}\n{system}\n{}", reference.0)),
        (None, Some(key)) => Some(format!("{kind} key\n{key}")),
        (None, None) => None,
    }
}

/// What is looked up by name only.
pub(super) fn name_of(identifier: Option<&Identifier>, field: &str) -> Answered<Option<String>> {
    identifier.map(|one| one.one(field, &["id", "name", "alternative_code", "code"]).map(|(_, value)| value.to_owned())).transpose()
}

/// The class of an event that a call names, by name: one of those that the workspace lists, or any name where it lists none.
pub(super) fn class_of(config: &TillConfig, identifier: Option<&Identifier>, field: &str, event: Option<&str>) -> Answered<Option<String>> {
    let Some(identifier) = identifier else { return Ok(None) };
    let (key, value) = identifier.one(field, &["id", "name", "alternative_code", "code"])?;
    let listed = &config.settings.classifications;
    let is_it = |class: &&Classification| match key {
        "id" => name_id("classification", &class.name).eq_ignore_ascii_case(value),
        "name" => class.name == value,
        _ => class.code.as_deref().unwrap_or(&class.name) == value,
    };
    match listed.iter().find(is_it) {
        Some(class) if class.event.as_deref().zip(event).is_some_and(|(suits, event)| suits != event) => {
            Err(Failure::new("INVALID_EVENT_TYPE", format!("the class {} does not suit this type of event", class.name)).at(field))
        }
        Some(class) => Ok(Some(class.name.clone())),
        None if listed.is_empty() && key != "id" => Ok(Some(value.to_owned())),
        None => Err(Failure::unknown(field, "classification")),
    }
}

pub(super) fn text(value: Option<&LooseText>) -> Option<String> {
    value.map(|text| text.0.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What a till asks to spend: an amount of the currency or its worth in points, and how it names the spend.
#[derive(Default)]
pub(super) struct Asked<'a> {
    /// In the currency.
    pub amount: Option<Number>,
    /// In points.
    pub alternative: Option<Number>,
    /// Refuse unless all of it can be spent.
    pub all_or_nothing: Option<Truth>,
    /// The parameter of the amount; that of the points is named like it.
    pub field: &'a str,
}

impl Asked<'_> {
    /// As use cases take it.
    pub(super) fn ask(&self, config: &TillConfig) -> Answered<SpendAsk> {
        let points = format!("{}_alternative_amount", self.field.strip_suffix("_amount").unwrap_or(self.field));
        let amount = match (self.amount, self.alternative) {
            (Some(_), Some(_)) => return Err(Failure::conflict(self.field, "an amount is asked for in the currency or in points")),
            (Some(number), None) => Some(amount(number, config.currency, self.field)?),
            (None, Some(number)) => Some(worth(number, config, &points)?),
            (None, None) => None,
        };
        Ok(SpendAsk { amount, all_or_nothing: self.all_or_nothing.is_some_and(|all| all.0), ..SpendAsk::default() })
    }
}

/// What points are worth at the till, rounded down.
fn worth(number: Number, config: &TillConfig, field: &str) -> Answered<Minor> {
    let points = amount(number, Unit::POINTS, field)?;
    let value = config.settings.point_value.ok_or_else(|| Failure::invalid(field, "points have no value in money here"))?;
    let exact = mul(Exact::from(points), value).ok().and_then(|exact| to_minor(exact, config.currency, Rounding::Down).ok());
    exact.ok_or_else(|| Failure::new("AMOUNT_OVERFLOW", "the amount is too large").at(field))
}

impl PurchaseParameters {
    /// Takes what stands beside the purchase where it does not say it itself.
    pub(super) fn fill(&mut self, outer: Self) {
        macro_rules! fill {
            ($($field:ident),*) => { $(if self.$field.is_none() { self.$field = outer.$field; })* };
        }
        fill!(
            rewards_participant_identifier,
            accounts_receivable_identifier,
            performed_by_unit_identifier,
            performed_by_tap_identifier,
            performed_by_business_unit_identifier,
            performed_on,
            external_system,
            intended_currency_identifier
        );
    }

    /// The purchase as use cases take it.
    pub(super) fn input(&self, config: &TillConfig, purpose: Purpose, key: Option<&str>, now: jiff::Timestamp) -> Answered<PurchaseInput> {
        let who = customer(self.rewards_participant_identifier.as_ref(), self.accounts_receivable_identifier.as_ref())?;
        let place = Place {
            unit: self.performed_by_unit_identifier.as_ref(),
            terminal: self.performed_by_tap_identifier.as_ref(),
            business_unit: self.performed_by_business_unit_identifier.as_ref(),
        };
        let (unit, terminal) = place.find(config)?;
        let at = match (&self.performed_on, purpose) {
            (Some(text), _) => date(text, config.zone_of(unit), "performed_on")?,
            (None, Purpose::Preview) => now,
            (None, Purpose::Create) => return Err(Failure::missing("performed_on")),
        };
        let reference = match (text(self.reference_number.as_ref()), purpose) {
            (Some(reference), _) => reference,
            (None, Purpose::Preview) => "preview".to_owned(),
            (None, Purpose::Create) => return Err(Failure::missing("reference_number")),
        };
        check_currency(config, self.intended_currency_identifier.as_ref())?;
        let asked = Asked {
            amount: self.requested_spend_amount,
            alternative: self.requested_spend_alternative_amount,
            all_or_nothing: self.all_or_nothing,
            field: "requested_spend_amount",
        };
        // Tills send 0 where the customer spends nothing.
        let is_asked = [asked.amount, asked.alternative].into_iter().flatten().any(|number| !number.0.is_zero());
        let mut spend = is_asked.then(|| asked.ask(config)).transpose()?;
        if let Some(spend) = &mut spend {
            spend.system = text(self.external_system.as_ref());
        }
        let mut extra = self.free_fields();
        if let Some(invoice) = &self.invoice_identifier {
            let (_, invoice) = invoice.one("invoice_identifier", &["id", "number"])?;
            extra.insert(INVOICE.to_owned(), invoice.to_owned());
        }
        let identity = identity("purchase", self.external_system.as_ref(), self.external_system_reference_number.as_ref(), key);
        Ok(PurchaseInput {
            who,
            basket: Basket {
                at,
                unit,
                terminal,
                lines: self.lines(config)?,
                reference,
                system: text(self.external_system.as_ref()),
                system_reference: text(self.external_system_reference_number.as_ref()),
                classification: class_of(config, self.classification_identifier.as_ref(), "classification_identifier", Some("purchase"))?,
                payment_brand: name_of(self.payment_medium_brand_identifier.as_ref(), "payment_medium_brand_identifier")?,
                payment_type: name_of(self.payment_medium_type_identifier.as_ref(), "payment_medium_type_identifier")?,
                payment_medium: text(self.payment_medium_identifier.as_ref()),
                promo_code: text(self.promo_code.as_ref()),
                description: self.description.clone(),
                extra,
            },
            source: Id(0),
            identity,
            spend,
            is_offline: self.is_offline.is_some_and(|offline| offline.0),
            price_token: self.price_token.clone(),
            is_undated: false,
        })
    }

    fn lines(&self, config: &TillConfig) -> Answered<Vec<Line>> {
        let lines = self.products_set.as_ref().filter(|lines| !lines.is_empty()).ok_or_else(|| Failure::missing("products_set"))?;
        if lines.len() > LINES_MAX {
            return Err(Failure::new("TOO_MANY_ROWS", format!("a purchase has at most {LINES_MAX} lines")).at("products_set"));
        }
        lines.iter().enumerate().map(|(place, line)| line.line(config, place)).collect()
    }
}
