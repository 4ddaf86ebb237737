//! Many at once, each row with its own outcome: bulk purchases and products (`pos-loyalty.md` §5.5, §8).

use std::collections::{BTreeMap, HashMap, HashSet};

use axum::extract::State;
use axum::response::Response;
use meed_app::loyalty::documents::ProductDocument;
use meed_app::loyalty::purchases::{self, PurchaseInput, PurchaseView};
use meed_app::loyalty::{TillConfig, products};
use meed_core::id::Kind;
use meed_core::loyalty::{NAME_MAX, Product, TEXT_MAX};
use meed_core::money::Exact;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::call::{Call, parameters};
use super::failure::{Answered, Failure};
use super::out::{Out, hex, number, object};
use super::place::{config, name_id};
use super::purchase_in::{PurchaseParameters, Purpose};
use super::values::Identifier;
use crate::ServerState;
use crate::api::request::parse;
use crate::api::wire::LooseText;

/// Rows of one call at most.
const ROWS_MAX: usize = 1_000;

/// What bulk `purchases/create` takes. A row that cannot be read fails alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BulkPurchases {
    token: Option<String>,
    fields_set: Option<String>,
    #[serde(alias = "purchases_set")]
    customer_events_set: Option<Vec<Box<RawValue>>>,
}

/// What `products/synchronise` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Synchronise {
    token: Option<String>,
    fields_set: Option<String>,
    synchronisation_definition_identifier: Option<Identifier>,
    products_set: Option<Vec<Box<RawValue>>>,
}

parameters!(BulkPurchases, Synchronise);

pub(super) fn rows<'a>(rows: Option<&'a Vec<Box<RawValue>>>, field: &str) -> Answered<&'a [Box<RawValue>]> {
    let rows = rows.ok_or_else(|| Failure::missing(field))?;
    if rows.len() > ROWS_MAX {
        return Err(Failure::new("TOO_MANY_ROWS", format!("at most {ROWS_MAX} rows in a call; nothing was done")).at(field));
    }
    Ok(rows)
}

/// The request's own name of a row that cannot be read otherwise.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    request_unique_identifier: Option<LooseText>,
}

pub(super) const REQUEST: &str = "request_unique_identifier";

/// A row with the request's own name of it, which stands in a call once.
pub(super) fn named_row<T>(
    row: &RawValue,
    seen: &mut HashSet<String>,
    read: impl FnOnce(&RawValue) -> Answered<T>,
) -> (String, Answered<T>) {
    // A list would be taken for a row with its fields in order.
    let is_object = row.get().trim_start().starts_with('{');
    let named: Named = Some(row).filter(|_| is_object).and_then(|row| serde_json::from_str(row.get()).ok()).unwrap_or_default();
    let name = named.request_unique_identifier.map(|text| text.0).unwrap_or_default();
    let parsed = if name.is_empty() {
        Err(Failure::missing(REQUEST))
    } else if seen.insert(name.clone()) {
        read(row)
    } else {
        Err(Failure::new("DUPLICATE_REFERENCE", "this identifier stands twice in the call").at(REQUEST))
    };
    (name, parsed)
}

/// Whether a row names something that was not known: it may be by now.
fn may_be_new(row: &Answered<PurchaseInput>) -> bool {
    match row {
        Ok(input) => input.basket.lines.iter().any(|line| line.intended.is_some()),
        Err(failure) => failure.code.ends_with("NOT_FOUND"),
    }
}

/// `customer_events/bulk/purchases/create`.
pub(super) async fn purchases(State(state): State<ServerState>, call: Call<BulkPurchases>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, &call.bearer.context);
    let rows = rows(call.parameters.customer_events_set.as_ref(), "customer_events_set")?;
    let now = app.now();
    let mut seen = HashSet::new();
    let mut read: Vec<(String, Answered<PurchaseParameters>)> = Vec::with_capacity(rows.len());
    for row in rows {
        read.push(named_row(row, &mut seen, |row| parse::<PurchaseParameters>(row.get().as_bytes()).map_err(Failure::from)));
    }
    let inputs_by = |config: &TillConfig| -> Vec<Answered<PurchaseInput>> {
        let input = |(_, row): &(String, Answered<PurchaseParameters>)| match row {
            Ok(row) => row.input(config, Purpose::Create, None, now),
            Err(failure) => Err(failure.clone()),
        };
        read.iter().map(input).collect()
    };
    let mut inputs = inputs_by(&*config(&state, ctx.workspace).await?);
    // Something unknown may be new.
    if inputs.iter().any(may_be_new) {
        inputs = inputs_by(&*app.fresh_till_config(ctx.workspace).await?);
    }
    let (mut good, mut outcomes) = (Vec::new(), Vec::with_capacity(inputs.len()));
    for input in inputs {
        outcomes.push(match input {
            Ok(input) => {
                good.push(input);
                None
            }
            Err(failure) => Some(failure),
        });
    }
    let done = purchases::create_many(app, ctx, good).await?;
    let names = read.iter().map(|(name, _)| name.as_str());
    Ok(call.answer(events(names.zip(outcomes), done)))
}

/// What became of the rows of a bulk call: those with a failure of their own, and the others in the order of `done`.
pub(super) fn events<'a>(
    rows: impl Iterator<Item = (&'a str, Option<Failure>)>,
    done: Vec<Result<PurchaseView, meed_core::command::Refused>>,
) -> Out {
    let mut done = done.into_iter();
    let (mut processed, mut unprocessed) = (Vec::new(), Vec::new());
    for (name, failure) in rows {
        let result = match failure {
            Some(failure) => Err(failure),
            None => done.next().map_or_else(|| Err(Failure::new("INTERNAL", "a row was not answered")), |row| row.map_err(Failure::from)),
        };
        match result {
            Ok(view) => processed.push(object! {
                "request_unique_identifier": name,
                "id": hex(view.done.id),
                "number": number(view.done.id, Kind::Purchase),
            }),
            Err(failure) => unprocessed.push(failure.row((REQUEST, name))),
        }
    }
    object! {"processed_customer_events_set": processed, "unprocessed_customer_events_set": unprocessed}
}

/// The attributes of a row in order. A repeated one is refused.
#[derive(Default)]
struct Attributes(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Attributes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a product")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut found = Attributes::default();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if found.0.iter().any(|(have, _)| *have == name) {
                        return Err(serde::de::Error::custom(format!("duplicate field `{name}`")));
                    }
                    found.0.push((name, value));
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(Row)
    }
}

/// A row of products as it was read: its code and what it changes, or why not.
struct ProductRow {
    code: String,
    attributes: Answered<Attributes>,
}

fn product_row(raw: &RawValue) -> ProductRow {
    let attributes = parse::<Attributes>(raw.get().as_bytes()).map_err(Failure::from);
    let code = attributes.as_ref().ok().and_then(|found| {
        let (_, value) = found.0.iter().find(|(name, _)| name == "code")?;
        serde_json::from_str::<LooseText>(value.get()).ok()
    });
    match code.map(|text| text.0) {
        Some(code) if !code.trim().is_empty() => ProductRow { code, attributes },
        _ => ProductRow { code: String::new(), attributes: attributes.and(Err(Failure::missing("code"))) },
    }
}

fn text_of(raw: &RawValue) -> Option<Option<String>> {
    let text: Option<LooseText> = serde_json::from_str(raw.get()).ok()?;
    let text = text.map(|text| text.0.trim().to_owned()).filter(|text| !text.is_empty());
    text.as_ref().is_none_or(|text| text.chars().count() <= TEXT_MAX).then_some(text)
}

/// A name, or the id that Meed makes of one that products have already.
fn named_of(raw: &RawValue, what: &str, config: &TillConfig) -> Option<Option<String>> {
    let identifier: Option<Identifier> = serde_json::from_str(raw.get()).ok()?;
    match identifier {
        None => Some(None),
        Some(one) => {
            let (key, value) = one.one("it", &["id", "name", "code", "alternative_code"]).ok()?;
            let is_id = key == "id" && value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_id {
                return (value.chars().count() <= NAME_MAX).then(|| Some(value.to_owned()));
            }
            let of = |product: &Product| match what {
                "type" => product.kind.iter().cloned().collect(),
                "brand" => product.brand.iter().cloned().collect(),
                "family" => product.family.iter().cloned().collect(),
                "category" => product.categories.clone(),
                _ => Vec::new(),
            };
            let mut known = config.products.iter().flat_map(|product| of(product));
            known.find(|name| name_id(what, name).eq_ignore_ascii_case(value)).map(Some)
        }
    }
}

/// One category or several, by name or as identifier objects.
fn categories_of(raw: &RawValue, config: &TillConfig) -> Option<Vec<String>> {
    if let Ok(list) = serde_json::from_str::<Vec<Box<RawValue>>>(raw.get()) {
        return list.iter().map(|one| categories_of(one, config)).collect::<Option<Vec<_>>>().map(|all| all.concat());
    }
    let one = text_of(raw).or_else(|| named_of(raw, "category", config))?;
    if one.as_ref().is_some_and(|name| name.chars().count() > NAME_MAX) {
        return None;
    }
    Some(one.into_iter().collect())
}

/// What is kept as it was sent, once it could be read.
fn kept_of(name: &str, raw: &RawValue, config: &TillConfig) -> Option<Option<String>> {
    let value = text_of(raw).or_else(|| named_of(raw, name, config))?;
    let is_fine = |text: &str| match name {
        "product_validity_from" | "product_validity_to" => day_or_time(text),
        "price" => text.parse::<Exact>().is_ok_and(|number| number >= Exact::ZERO),
        "component_quantity" => text.parse::<Exact>().is_ok_and(|number| number > Exact::ZERO),
        _ => true,
    };
    value.as_deref().is_none_or(is_fine).then_some(value)
}

fn day_or_time(text: &str) -> bool {
    match text.len() {
        10 => text.parse::<jiff::civil::Date>().is_ok(),
        19 => text.parse::<jiff::civil::DateTime>().is_ok(),
        _ => false,
    }
}

/// The free texts of a product.
const FREE_TEXTS: std::ops::RangeInclusive<u8> = 1..=20;

fn is_kept(name: &str) -> bool {
    let free = name.strip_prefix("udf_string_").and_then(|number| number.parse().ok());
    free.is_some_and(|number: u8| FREE_TEXTS.contains(&number) && name.len() <= 13)
        || ["price", "vat_rate", "tax_rate", "bundle_code", "component_quantity", "product_validity_from", "product_validity_to"]
            .contains(&name)
}

/// Puts an attribute into a product; false: it is skipped.
fn put(product: &mut ProductDocument, name: &str, raw: &RawValue, config: &TillConfig) -> bool {
    let place = match name {
        "code" => return true,
        "alternative_code" => &mut product.alternative_code,
        "description" => &mut product.description,
        "type_identifier" => &mut product.kind,
        "brand_identifier" => &mut product.brand,
        "family_identifier" => &mut product.family,
        // One category is an object; lists may name theirs (`pos-loyalty.md` §8).
        "category" if raw.get().trim_start().starts_with('"') => return false,
        "category" | "categories" | "categories_set" => {
            let found = categories_of(raw, config);
            return found.map(|found| product.categories = found).is_some();
        }
        other if is_kept(other) => return kept_of(other, raw, config).map(|value| set_extra(&mut product.extra, other, value)).is_some(),
        _ => return false,
    };
    let value = match name.strip_suffix("_identifier") {
        Some(what) => named_of(raw, what, config),
        None => text_of(raw),
    };
    let value = value.filter(|value| name != "alternative_code" || value.as_ref().is_none_or(|text| text.chars().count() <= NAME_MAX));
    value.map(|value| *place = value).is_some()
}

fn set_extra(extra: &mut BTreeMap<String, String>, name: &str, value: Option<String>) {
    match value {
        Some(value) => {
            extra.insert(name.to_owned(), value);
        }
        None => {
            extra.remove(name);
        }
    }
}

/// `products/synchronise`: missing products are added, existing ones updated; a bad attribute is skipped and named.
pub(super) async fn synchronise(State(state): State<ServerState>, call: Call<Synchronise>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, &call.bearer.context);
    if let Some(one) = &call.parameters.synchronisation_definition_identifier {
        one.one("synchronisation_definition_identifier", &["id", "name", "number", "alternative_code", "code"])?;
    }
    let rows: Vec<ProductRow> = rows(call.parameters.products_set.as_ref(), "products_set")?.iter().map(|raw| product_row(raw)).collect();
    let codes = rows.iter().map(|row| row.code.clone()).filter(|code| !code.is_empty()).collect();
    let present: HashMap<String, ProductDocument> = products::present(app, ctx, codes).await?;
    let known = app.fresh_till_config(ctx.workspace).await?;
    let (mut ready, mut notes) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in &rows {
        notes.push(row.attributes.as_ref().map(|attributes| {
            let mut product = present.get(&row.code).cloned().unwrap_or_default();
            product.code.clone_from(&row.code);
            let skipped: Vec<&str> =
                attributes.0.iter().filter(|(name, raw)| !put(&mut product, name, raw, &known)).map(|(name, _)| name.as_str()).collect();
            ready.push(product);
            let text = format!("not updated, because not known or not readable: {}", skipped.join(", "));
            (!skipped.is_empty()).then_some(text)
        }));
    }
    let mut done = products::synchronise(app, ctx, ready).await?.into_iter();
    let (mut processed, mut unprocessed) = (Vec::new(), Vec::new());
    for (row, note) in rows.iter().zip(notes) {
        let result = match note {
            Err(failure) => Err(failure.clone()),
            Ok(message) => match done.next() {
                Some(Ok((id, change))) => Ok((id, change, message)),
                Some(Err(refused)) => Err(Failure::from(refused)),
                None => Err(Failure::new("INTERNAL", "a row was not answered")),
            },
        };
        match result {
            Ok((id, change, message)) => processed.push(object! {
                "request_code": &row.code,
                "id": hex(id),
                "code": &row.code,
                "message": message,
                "action": change.word(),
            }),
            Err(failure) => unprocessed.push(failure.row(("request_code", &row.code))),
        }
    }
    Ok(call.answer(object! {"processed_products_set": processed, "unprocessed_products_set": unprocessed}))
}
