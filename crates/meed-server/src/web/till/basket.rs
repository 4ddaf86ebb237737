//! Baskets and amounts as people type them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use meed_app::loyalty::participants::ParticipantView;
use meed_app::loyalty::{TillConfig, Who, participants};
use meed_app::{App, AppError, Context};
use meed_core::command::Class;
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{Basket, Line};
use meed_core::money::{Exact, Minor, Rounding, Unit, to_minor};

use super::super::answer::Trouble;
use super::super::form::Fields;
use crate::pages::till::TillLine;
use crate::pages::{Choice, FormErrors};

/// Lines that the form offers.
const LINES: usize = 8;
/// Products that the form suggests.
const SUGGESTIONS: usize = 300;

/// A field with what is wrong with it.
pub(super) type Wrong = (String, String);

fn wrong(field: &str, text: &str) -> Wrong {
    (field.to_owned(), text.to_owned())
}

/// A decimal as people type it: with a point or a comma.
fn decimal(text: &str) -> Option<Exact> {
    let text = text.trim().replace(',', ".");
    let is_plain = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    text.parse().ok().filter(|_| is_plain)
}

/// An amount in minor units.
pub(super) fn amount(text: &str, unit: Unit, field: &str) -> Result<Minor, Wrong> {
    let exact = decimal(text).filter(|exact| exact.normalize().scale() <= unit.exponent());
    let minor = exact.and_then(|exact| to_minor(exact, unit, Rounding::Down).ok());
    minor.ok_or_else(|| wrong(field, "Write an amount such as 12.50."))
}

/// The basket as it was typed, with room for more.
pub(super) fn typed(form: &Fields) -> Vec<TillLine> {
    let line = |place: usize| TillLine {
        place,
        product: form.text(&format!("product{place}")).to_owned(),
        quantity: form.text(&format!("quantity{place}")).to_owned(),
        amount: form.text(&format!("amount{place}")).to_owned(),
    };
    (1..=LINES).map(line).collect()
}

/// The basket of a form.
pub(super) fn basket(form: &Fields, config: &TillConfig, unit: Id, at: Timestamp, reference: String) -> Result<Basket, Wrong> {
    let mut lines = Vec::new();
    for line in typed(form).iter().filter(|line| !line.product.is_empty() || !line.amount.is_empty()) {
        lines.push(line_of(line, config)?);
    }
    if lines.is_empty() {
        return Err(wrong("product1", "Put something into the basket."));
    }
    Ok(Basket {
        at,
        unit,
        terminal: None,
        lines,
        reference,
        system: Some("Till page".to_owned()),
        system_reference: None,
        classification: None,
        payment_brand: None,
        payment_type: None,
        payment_medium: None,
        promo_code: form.filled("promo_code").map(str::to_owned),
        description: None,
        extra: BTreeMap::new(),
    })
}

fn line_of(line: &TillLine, config: &TillConfig) -> Result<Line, Wrong> {
    let products = &config.products;
    let found = products.by_code(&line.product).or_else(|| products.by_alternative_code(&line.product));
    let default = || config.settings.default_product.and_then(|id| products.get(id));
    let of = match found {
        Some(product) => product.line(),
        None => {
            let product = default().ok_or_else(|| wrong(&format!("product{}", line.place), "There is no product with this code."))?;
            Line { intended: Some(("code".to_owned(), line.product.clone())), ..product.line() }
        }
    };
    let total = amount(&line.amount, config.currency, &format!("amount{}", line.place))?;
    let quantity = if line.quantity.is_empty() { Some(Exact::ONE) } else { decimal(&line.quantity) };
    let quantity = quantity.ok_or_else(|| wrong(&format!("quantity{}", line.place), "Write a quantity such as 2."))?;
    Ok(Line { quantity, net: total, total, ..of })
}

/// The stores to choose from.
pub(super) fn units(config: &TillConfig, chosen: Option<Id>) -> Vec<Choice> {
    config.units.iter().map(|(id, unit)| Choice::new(&id.text(Kind::Unit), &unit.name, chosen == Some(*id))).collect()
}

/// The chosen store, or the first.
pub(super) fn unit_of(form: &Fields, config: &TillConfig) -> Result<Option<Id>, Trouble> {
    match form.id("unit", Kind::Unit)? {
        Some(id) if config.units.contains_key(&id) => Ok(Some(id)),
        Some(_) => Err(Trouble::not_found()),
        None => Ok(config.units.keys().next().copied()),
    }
}

/// Codes and names to suggest.
pub(super) fn products(config: &TillConfig) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        config.products.iter().map(|product| (product.code.clone(), product.description.clone().unwrap_or_default())).collect();
    all.sort();
    all.truncate(SUGGESTIONS);
    all
}

/// The customer whom a code or a number names; `None`: nobody.
pub(super) async fn customer(app: &App, ctx: &Context, code: &str) -> Result<Option<ParticipantView>, AppError> {
    for who in [Who::Code(code.to_owned()), Who::Number(code.to_owned())] {
        match participants::find(app, ctx, &who).await {
            Ok(found) => return Ok(Some(found)),
            Err(AppError::Refused(refused)) if refused.class == Class::NotFound => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// One error of a form.
pub(super) fn errors((field, text): Wrong) -> FormErrors {
    FormErrors::one(&field, &text)
}
