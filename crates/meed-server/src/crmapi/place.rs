//! Where and what: stores, terminals and products as calls name them (`pos-loyalty.md` §5.4).

use std::sync::Arc;

use jiff::tz::TimeZone;
use meed_app::loyalty::TillConfig;
use meed_app::loyalty::traces::Traces;
use meed_core::id::Id;
use meed_core::loyalty::{Line, Product};
use sha2::{Digest, Sha256};

use super::failure::{Answered, Failure};
use super::out::{Out, hex, object};
use super::values::{Identifier, local, parse_id};
use crate::ServerState;

/// What the tills of a workspace go by.
pub(super) async fn config(state: &ServerState, workspace: Id) -> Answered<Arc<TillConfig>> {
    Ok(state.app.till_config(workspace).await?)
}

/// Reads with the configuration at hand, and again with a fresh one if something was refused: what was named may be new.
pub(super) async fn with_config<T>(
    state: &ServerState,
    workspace: Id,
    read: impl Fn(&Arc<TillConfig>) -> Answered<T>,
) -> Answered<(T, Arc<TillConfig>)> {
    let config = config(state, workspace).await?;
    if let Ok(found) = read(&config) {
        return Ok((found, config));
    }
    let config = state.app.fresh_till_config(workspace).await?;
    read(&config).map(|found| (found, config))
}

/// How a call names its place.
#[derive(Clone, Copy, Default)]
pub(super) struct Place<'a> {
    /// `performed_by_unit_identifier`.
    pub unit: Option<&'a Identifier>,
    /// `performed_by_tap_identifier`.
    pub terminal: Option<&'a Identifier>,
    /// `performed_by_business_unit_identifier`.
    pub business_unit: Option<&'a Identifier>,
}

impl Place<'_> {
    /// The store and the terminal.
    pub(super) fn find(self, config: &TillConfig) -> Answered<(Id, Option<Id>)> {
        let field = "performed_by_unit_identifier";
        match (self.unit, self.terminal, self.business_unit) {
            (None, None, None) => Err(Failure::missing(field)),
            (Some(unit), None, None) => Ok((find_unit(config, unit, field)?, None)),
            (None, None, Some(unit)) => Ok((find_unit(config, unit, "performed_by_business_unit_identifier")?, None)),
            (None, Some(terminal), None) => find_terminal(config, terminal),
            _ => Err(Failure::conflict(field, "exactly one of unit, TAP and business unit names the place")),
        }
    }
}

fn find_unit(config: &TillConfig, identifier: &Identifier, field: &str) -> Answered<Id> {
    let (key, value) = identifier.one(field, &["id", "name", "alternative_code", "code"])?;
    let mut units = config.units.iter();
    let found = match key {
        "id" => parse_id(value).filter(|id| config.units.contains_key(id)),
        "name" => units.find(|(_, unit)| unit.name == value).map(|(id, _)| *id),
        _ => units.find(|(_, unit)| unit.code == value).map(|(id, _)| *id),
    };
    found.ok_or_else(|| Failure::unknown(field, "unit"))
}

fn find_terminal(config: &TillConfig, identifier: &Identifier) -> Answered<(Id, Option<Id>)> {
    let field = "performed_by_tap_identifier";
    let (key, value) = identifier.one(field, &["id", "code", "name", "alternative_code"])?;
    let found = match key {
        "id" => parse_id(value).and_then(|id| config.terminals.get_key_value(&id)),
        _ => config.terminals.iter().find(|(_, terminal)| terminal.code == value),
    };
    found.map(|(id, terminal)| (terminal.unit, Some(*id))).ok_or_else(|| Failure::unknown(field, "terminal"))
}

/// A line of the product that a till names. An unknown one goes on the default product, where there is one.
pub(super) fn line_of(config: &TillConfig, identifier: Option<&Identifier>, field: &str) -> Answered<Line> {
    let default = || config.settings.default_product.and_then(|id| config.products.get(id));
    let Some(identifier) = identifier else {
        return default().map(|product| product.line()).ok_or_else(|| Failure::missing(field));
    };
    let (key, value) = identifier.one(field, &["id", "code", "alternative_code"])?;
    let found = match key {
        "id" => parse_id(value).and_then(|id| config.products.get(id)),
        "code" => config.products.by_code(value),
        _ => config.products.by_alternative_code(value),
    };
    if let Some(product) = found {
        return Ok(product.line());
    }
    let product = default().ok_or_else(|| {
        Failure::new("PRODUCT_NOT_FOUND", format!("there is no product with {key} `{value}`, and no default product")).at(field)
    })?;
    Ok(Line { intended: Some((key.to_owned(), value.to_owned())), ..product.line() })
}

/// The currency that a till intends is checked, and never stored.
pub(super) fn check_currency(config: &TillConfig, identifier: Option<&Identifier>) -> Answered<()> {
    let Some(identifier) = identifier else { return Ok(()) };
    let field = "intended_currency_identifier";
    let (_, value) = identifier.one(field, &["id", "code", "name", "alternative_code"])?;
    if value.eq_ignore_ascii_case(config.currency.code()) {
        return Ok(());
    }
    Err(Failure::new("CURRENCY_MISMATCH", format!("this unit sells in {}, not in {value}", config.currency)).at(field))
}

/// Who recorded something and who changed it last, and when, as every entity carries it.
pub(super) fn log(traces: &Traces, created_us: i64, unit: Option<&str>, zone: &TimeZone) -> Out {
    let user = |name: &Option<String>| name.clone().map(|name| object! {"name": name});
    let in_unit = || unit.map(|name| object! {"name": name});
    object! {
        "created_date": local(created_us, zone),
        "created_by_user": user(&traces.created_by),
        "created_by_unit": in_unit(),
        "updated_date": traces.updated_us.map(|us| local(us, zone)),
        "updated_by_user": user(&traces.updated_by),
        "updated_by_unit": traces.updated_us.and_then(|_| in_unit()),
    }
}

/// A store as answers show it.
pub(super) fn unit_out(config: &TillConfig, id: Id) -> Out {
    let Some(unit) = config.units.get(&id) else { return Out::Null };
    object! {
        "id": hex(id),
        "name": &unit.name,
        "description": unit.description.clone(),
        "alternative_code": &unit.code,
        "group_name": unit.group.clone(),
        "community_name": unit.community.clone(),
    }
}

/// The id of a type, brand or family: these are names, so the id is made of the name.
pub(super) fn name_id(what: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{what}\n{name}"));
    digest.iter().take(16).map(|byte| format!("{byte:02X}")).collect()
}

/// A product as answers show it.
pub(super) fn product_out(config: &TillConfig, id: Id, code: &str) -> Out {
    let unknown = Arc::new(Product { id, code: code.to_owned(), ..Product::default() });
    let product = config.products.get(id).unwrap_or(&unknown);
    let kind = product.kind.clone().map(|name| {
        object! {
            "id": name_id("type", &name),
            "name": name,
            "alternative_code": Out::Null,
            "classification": "PHYSICAL_GOOD",
            "physical_good_type": "NON_TRACEABLE",
            "service_type": Out::Null,
            "composition_method": Out::Null,
        }
    });
    object! {
        "id": hex(id),
        "code": &product.code,
        "alternative_code": product.alternative_code.clone(),
        "description": product.description.clone(),
        "product_type": kind,
    }
}
