//! What may not change or go because something else goes by it, and what goes along with what is removed.

use std::collections::BTreeMap;

use meed_core::id::Id;
use meed_core::loyalty::{OfferEntry, Scheme, TillConfig};

use super::config::{scheme, scheme_called};
use super::documents::{SchemeDocument, TerminalDocument};
use crate::error::{AppError, AppResult};

/// Names that a refusal tells.
const NAMED_MAX: usize = 5;

/// Refuses a scheme, `id` or a new one, with which an offer would lose its scheme or get another: offers name theirs by code or name.
pub(super) fn check_scheme(config: &TillConfig, id: Option<Id>, document: &SchemeDocument) -> AppResult<()> {
    let (id, mut after) = (id.unwrap_or(Id(i64::MAX)), config.schemes.clone());
    let before = after.insert(id, scheme(document.clone()));
    let moved: Vec<&OfferEntry> = moved(config, &after).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let field = if before.is_some_and(|before| before.code != document.code) { "code" } else { "name" };
    let text = format!("offers name their scheme by code or name, and with this one {} would lose theirs", names(&moved));
    Err(in_use(&text, field))
}

/// Refuses to remove a scheme that an effective offer belongs to, or that a merchant is limited to: without it the merchant would be
/// limited no more.
pub(super) fn check_scheme_removal(config: &TillConfig, id: Id) -> AppResult<()> {
    let mut after = config.schemes.clone();
    after.remove(&id);
    let offers: Vec<&OfferEntry> = moved(config, &after).filter(|entry| entry.is_effective).collect();
    if !offers.is_empty() {
        let text = format!("offers belong to it: {}. Switch them off, give them another scheme, or switch the scheme off", names(&offers));
        return Err(in_use(&text, ""));
    }
    let merchants = config.merchants.values().filter(|merchant| merchant.schemes.contains(&id));
    let merchants: Vec<&str> = merchants.map(|merchant| merchant.name.as_str()).collect();
    if !merchants.is_empty() {
        return Err(in_use(&format!("merchants take part in it: {}. Change them first, or switch the scheme off", listed(&merchants)), ""));
    }
    Ok(())
}

/// A terminal stands in a store that there is.
pub(super) fn check_terminal(config: &TillConfig, _id: Option<Id>, document: &TerminalDocument) -> AppResult<()> {
    if config.units.contains_key(&Id(document.unit)) {
        return Ok(());
    }
    Err(AppError::invalid("unit_unknown", "unit", "there is no such store"))
}

/// The terminals of a store: nobody could find them, and nobody else use their codes, once it is gone.
pub(super) fn terminals_of(config: &TillConfig, unit: Id) -> impl Iterator<Item = Id> {
    config.terminals.iter().filter(move |(_, terminal)| terminal.unit == unit).map(|(id, _)| *id)
}

/// Offers that have a scheme and would have another one, or none.
fn moved<'a>(config: &'a TillConfig, after: &'a BTreeMap<Id, Scheme>) -> impl Iterator<Item = &'a OfferEntry> {
    let is_moved = |entry: &&OfferEntry| {
        let called = entry.versions.last().and_then(|version| scheme_called(after, &version.offer.scheme));
        entry.scheme.is_some() && called != entry.scheme
    };
    config.offers.iter().filter(is_moved)
}

fn names(offers: &[&OfferEntry]) -> String {
    let names: Vec<&str> = offers.iter().filter_map(|entry| entry.versions.last()).map(|version| version.offer.name.as_str()).collect();
    listed(&names)
}

fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > NAMED_MAX {
        text.push_str(&format!(" and {} more", names.len() - NAMED_MAX));
    }
    text
}

fn in_use(text: &str, field: &str) -> AppError {
    match AppError::conflict("scheme_in_use", text) {
        AppError::Refused(refused) if !field.is_empty() => AppError::Refused(refused.at(field)),
        other => other,
    }
}
