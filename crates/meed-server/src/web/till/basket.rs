//! Baskets and amounts as people type them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use meed_app::loyalty::participants::ParticipantView;
use meed_app::loyalty::{TillConfig, Who, participants};
use meed_app::{App, AppError, Context};
use meed_core::command::Class;
use meed_core::id::{Id, Kind};
use meed_core::loyalty::Basket;
use meed_core::money::{Exact, Minor, Rounding, Unit, to_minor};

use super::super::answer::Trouble;
use super::super::form::Fields;
use super::{lines, vat};
use crate::pages::till::TillLine;
use crate::pages::{Choice, FormErrors};

/// A field with what is wrong with it.
pub(super) type Wrong = (String, String);

pub(super) fn wrong(field: &str, text: &str) -> Wrong {
    (field.to_owned(), text.to_owned())
}

/// A decimal as people type it: with a point or a comma.
pub(super) fn decimal(text: &str) -> Option<Exact> {
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

/// The basket of typed lines.
pub(super) fn basket(
    form: &Fields,
    typed: &[TillLine],
    config: &TillConfig,
    unit: Id,
    at: Timestamp,
    reference: String,
) -> Result<Basket, Wrong> {
    if typed.is_empty() {
        return Err(wrong("add", "Put something into the basket."));
    }
    let (lines, rates) = lines::sold(typed, config)?;
    let mut extra = BTreeMap::new();
    vat::keep(&mut extra, &rates);
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
        extra,
    })
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

/// The customer whom a code, a number or a one-time code names, and whether it was the last; `None`: nobody.
pub(super) async fn customer(app: &App, ctx: &Context, code: &str) -> Result<Option<(ParticipantView, bool)>, AppError> {
    let is_one_time = code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit());
    let ways =
        [Some(Who::Code(code.to_owned())), Some(Who::Number(code.to_owned())), is_one_time.then(|| Who::OneTimeCode(code.to_owned()))];
    for who in ways.into_iter().flatten() {
        match participants::find(app, ctx, &who).await {
            Ok(found) => return Ok(Some((found, matches!(who, Who::OneTimeCode(_))))),
            Err(AppError::Refused(refused)) if refused.class == Class::NotFound || refused.code == "invalid_otp" => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// One error of a form.
pub(super) fn errors((field, text): Wrong) -> FormErrors {
    FormErrors::one(&field, &text)
}
