//! Who it is, and whether what was sent can be a purchase.

use std::collections::BTreeMap;

use crate::command::{Class, Record, RecordKind, Refused, State};
use crate::id::Id;
use crate::ledger::Refusal;
use crate::loyalty::loaded::WalletRef;
use crate::loyalty::means::Means;
use crate::loyalty::{Basket, Damaged, LINES_MAX, OneTimeCode, Participant, PromoCode, TillConfig, fold_code};
use crate::money::{Exact, Unit};

/// Longest identity in characters: what an index can keep on every engine.
pub(super) const REFERENCE_MAX: usize = 500;
/// Most items of one line: keeps every sum within the range of exact decimals.
const QUANTITY_MAX: i64 = 1_000_000_000;

pub(super) fn not_found(what: &str) -> Refused {
    Refused::new(Class::NotFound, "entity_not_found", format!("there is no such {what}"))
}

pub(super) fn invalid(code: &'static str, field: &str, text: impl Into<String>) -> Refused {
    Refused::new(Class::Invalid, code, text).at(field)
}

pub(super) fn conflict(code: &'static str, text: impl Into<String>) -> Refused {
    Refused::new(Class::Conflict, code, text)
}

pub(super) fn damaged(_: Damaged) -> Refused {
    Refused::new(Class::Conflict, "record_damaged", "a stored row cannot be read; run `meed verify`")
}

/// The configuration must be the one that the command was prepared with. Nothing is kept of this refusal: the command is
/// prepared again.
pub(super) fn check_config(state: &State, config: &TillConfig) -> Result<(), Refused> {
    if state.head.config_version == config.version {
        return Ok(());
    }
    Err(Refused::new(Class::TooMany, "configuration_stale", "offers or settings changed meanwhile; try again"))
}

/// Wallets hold the workspace's currency and points.
pub(super) fn check_unit(config: &TillConfig, unit: Unit) -> Result<(), Refused> {
    if unit == config.currency || unit == Unit::POINTS {
        return Ok(());
    }
    let text = format!("a wallet holds {} and points, not {unit}", config.currency);
    Err(Refused { text, ..Refused::from(Refusal::UnitMismatch) }.at("currency"))
}

/// The participant whose wallet is meant.
pub(super) fn resolve(state: &State, who: &WalletRef) -> Result<(Id, Participant), Refused> {
    let unknown = || not_found("participant").at("rewards_participant_identifier");
    let record = match who {
        WalletRef::Participant(id) => state.record(RecordKind::Participant, *id),
        WalletRef::Number(number) => state.record_by_key(RecordKind::Participant, number),
        WalletRef::Code(code) => {
            let means = state.record_by_key(RecordKind::Means, &fold_code(code)).ok_or_else(unknown)?;
            let means = Means::read(&means.body).map_err(damaged)?;
            if !means.is_effective {
                return Err(conflict("access_token_not_effective", "this means of identification is not effective"));
            }
            state.record(RecordKind::Participant, means.participant)
        }
        WalletRef::OneTimeCode(code) => {
            // Unknown, used and expired codes are refused alike: nobody learns which codes there were.
            let wrong = || conflict("invalid_otp", "the one-time code is wrong or has expired");
            let code = state.record_by_key(RecordKind::OneTimeCode, &fold_code(code)).ok_or_else(wrong)?;
            let code = OneTimeCode::read(&code.body).map_err(damaged)?;
            if !code.is_good(state.recorded_us()) {
                return Err(wrong());
            }
            state.record(RecordKind::Participant, code.participant)
        }
        WalletRef::Of(event) => {
            let event = state.tills.event(*event).ok_or_else(|| not_found("event"))?;
            state.record(RecordKind::Participant, event.participant)
        }
    };
    let record = record.ok_or_else(unknown)?;
    Ok((record.id, Participant::read(&record.body).map_err(damaged)?))
}

/// Brand and type of the payment medium that a means of identification is.
pub(super) fn payment_of(state: &State, who: &WalletRef) -> Option<(Option<String>, Option<String>)> {
    let WalletRef::Code(code) = who else { return None };
    let means = state.record_by_key(RecordKind::Means, &fold_code(code))?;
    // Most means are no payment media: their documents are not read twice.
    if !means.body.contains("\"payment_") {
        return None;
    }
    Means::read(&means.body).ok().map(|means| (means.payment_brand, means.payment_type))
}

/// A customer who bound payment media to the account pays with one of them, where the till says how they pay.
pub(super) fn check_payment_medium(basket: &Basket, person: &Participant) -> Result<(), Refused> {
    let Some(medium) = basket.payment_medium.as_deref().filter(|_| !person.payment_media.is_empty()) else { return Ok(()) };
    if person.payment_media.iter().any(|bound| fold_code(bound) == fold_code(medium)) {
        return Ok(());
    }
    let text = "this payment medium is not bound to the customer's account";
    Err(conflict("payment_medium_not_allowed", text).at("payment_medium_identifier"))
}

/// Longest free text in characters: a description, a note, a reason, a free field.
pub const TEXT_MAX: usize = 1_000;
/// Longest name in characters: of a system, a class, a payment medium, a group, brand or category.
pub const NAME_MAX: usize = 200;

/// A text that is kept has its limit.
pub(super) fn check_length(text: &str, max: usize, field: &str) -> Result<(), Refused> {
    // Most texts have fewer bytes than they may have characters.
    if text.len() <= max || text.chars().count() <= max {
        return Ok(());
    }
    Err(invalid("value_too_long", field, format!("`{field}` has at most {max} characters")))
}

/// The same for texts that may be missing, each with its place.
pub(super) fn check_lengths(texts: &[(&str, Option<&String>)], max: usize) -> Result<(), Refused> {
    texts.iter().try_for_each(|(field, text)| text.map_or(Ok(()), |text| check_length(text, max, field)))
}

/// Free fields by name.
pub(super) fn check_extra(extra: &BTreeMap<String, String>) -> Result<(), Refused> {
    extra.iter().try_for_each(|(name, text)| check_length(name, NAME_MAX, "extra").and_then(|()| check_length(text, TEXT_MAX, name)))
}

/// What is done to a wallet by hand needs a reason.
pub(super) fn check_reason(reason: &str, field: &str) -> Result<(), Refused> {
    if reason.trim().is_empty() {
        return Err(invalid("reason_missing", field, format!("a reason of 1 to {TEXT_MAX} characters is needed")));
    }
    check_length(reason, TEXT_MAX, field)
}

/// Uses up the one-time code of a command that takes effect.
pub(super) fn use_up(state: &mut State, who: &WalletRef) {
    let WalletRef::OneTimeCode(code) = who else { return };
    let Some(record) = state.record_by_key(RecordKind::OneTimeCode, &fold_code(code)).cloned() else { return };
    let Ok(code) = OneTimeCode::read(&record.body) else { return };
    let body = OneTimeCode { is_used: true, ..code }.write();
    let recorded_us = state.recorded_us();
    state.put_record(Record { version: record.version + 1, body, recorded_us, ..record });
}

pub(super) fn not_terminated(person: &Participant) -> Result<(), Refused> {
    match person.terminated {
        None => Ok(()),
        Some(_) => Err(conflict("participant_terminated", "the customer has left")),
    }
}

/// A class of events must be one of those that the workspace lists, where it lists any, and suit the type of event.
pub(super) fn check_classification(config: &TillConfig, name: Option<&str>, event: &str) -> Result<(), Refused> {
    let (Some(name), listed) = (name, &config.settings.classifications) else { return Ok(()) };
    if listed.is_empty() {
        return Ok(());
    }
    let field = "classification_identifier";
    let class = listed.iter().find(|class| class.name == name).ok_or_else(|| not_found("classification").at(field))?;
    if class.event.as_deref().is_some_and(|suits| suits != event) {
        return Err(invalid("invalid_event_type", field, format!("the class {name} does not suit this type of event")));
    }
    Ok(())
}

/// The texts of a basket that are kept.
fn check_texts(basket: &Basket) -> Result<(), Refused> {
    check_length(&basket.reference, NAME_MAX, "reference_number")?;
    let names = [
        ("external_system", basket.system.as_ref()),
        ("classification_identifier", basket.classification.as_ref()),
        ("payment_medium_brand_identifier", basket.payment_brand.as_ref()),
        ("payment_medium_type_identifier", basket.payment_type.as_ref()),
        ("payment_medium_identifier", basket.payment_medium.as_ref()),
        ("promo_code", basket.promo_code.as_ref()),
    ];
    check_lengths(&names, NAME_MAX)?;
    check_lengths(&[("external_system_reference_number", basket.system_reference.as_ref())], REFERENCE_MAX)?;
    check_lengths(&[("description", basket.description.as_ref())], TEXT_MAX)?;
    check_extra(&basket.extra)
}

/// Form and place of a basket: what does not depend on state.
pub(super) fn check_basket(config: &TillConfig, basket: &Basket, now_us: i64) -> Result<(), Refused> {
    let missing = |field: &str| invalid("mandatory_parameter_missing", field, format!("`{field}` must be given"));
    if basket.lines.is_empty() {
        return Err(missing("products_set"));
    }
    if basket.lines.len() > LINES_MAX {
        return Err(invalid("too_many_rows", "products_set", format!("a purchase has at most {LINES_MAX} lines")));
    }
    if basket.reference.trim().is_empty() {
        return Err(missing("reference_number"));
    }
    check_texts(basket)?;
    if !config.units.contains_key(&basket.unit) {
        return Err(not_found("unit").at("performed_by_unit_identifier"));
    }
    if let Some(terminal) = basket.terminal {
        let known = config.terminals.get(&terminal).ok_or_else(|| not_found("terminal").at("performed_by_tap_identifier"))?;
        if known.unit != basket.unit {
            return Err(invalid("terminal_of_other_unit", "performed_by_tap_identifier", "the terminal stands in another store"));
        }
    }
    let event = basket.activity().map_or("purchase", |kind| kind.name());
    check_classification(config, basket.classification.as_deref(), event)?;
    let latest_us = now_us.saturating_add(config.settings.future_minutes.saturating_mul(60_000_000));
    if basket.at.as_microsecond() > latest_us {
        return Err(invalid("date_in_future", "performed_on", "the purchase lies in the future"));
    }
    for (place, line) in basket.lines.iter().enumerate() {
        let field = |name: &str| format!("products_set[{place}].{name}");
        if line.quantity < Exact::ZERO || line.quantity > Exact::from(QUANTITY_MAX) {
            return Err(invalid("quantity_out_of_range", &field("quantity"), "a quantity is 0 to 1,000,000,000"));
        }
        if let Some((_, intended)) = &line.intended {
            check_length(intended, NAME_MAX, &field("product_identifier"))?;
        }
        if line.total < 0 || line.net < 0 || line.vat < 0 {
            return Err(invalid("amount_not_positive", &field("total_amount"), "amounts must not be below 0; send returns as returns"));
        }
        if line.net.checked_add(line.vat) != Some(line.total) {
            let text = format!("net {} and VAT {} do not add up to {}", line.net, line.vat, line.total);
            return Err(invalid("amounts_do_not_add_up", &field("total_amount"), text));
        }
    }
    // A hundredth of the 64-bit range for one basket leaves room for every total that it enters.
    let sum = basket.lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.total));
    match sum {
        Some(sum) if sum <= i64::MAX / 100 => Ok(()),
        _ => Err(invalid("amount_overflow", "products_set", "the total leaves the range that can be kept")),
    }
}

/// The promo code of a basket, if it gave one: it must be known and effective.
pub(super) fn check_promo_code<'a>(config: &'a TillConfig, basket: &Basket) -> Result<Option<&'a PromoCode>, Refused> {
    let Some(code) = &basket.promo_code else { return Ok(None) };
    let at_us = basket.at.as_microsecond();
    let found = config.promo_codes.get(&fold_code(code)).filter(|promo| {
        promo.is_effective && promo.from_us.is_none_or(|from| from <= at_us) && promo.until_us.is_none_or(|until| at_us < until)
    });
    found.map(Some).ok_or_else(|| invalid("invalid_promo_code", "promo_code", "the promo code is not known, not effective or expired"))
}
