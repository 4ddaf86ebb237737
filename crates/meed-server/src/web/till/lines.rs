//! Lines of a basket as people scan, tap and type them.

use std::sync::Arc;

use meed_app::loyalty::TillConfig;
use meed_core::loyalty::{LINES_MAX, Line, Product};
use meed_core::money::{Exact, Minor, Rounding, Unit, mul, to_minor};

use super::super::form::Fields;
use super::basket::{Wrong, amount, decimal, wrong};
use super::vat;
use crate::pages::till::{ProductTile, TillLine};

/// Products that the page suggests while one types.
const SUGGESTIONS: usize = 500;
/// Products that can be tapped.
const TILES: usize = 24;

/// The lines of a form in order, numbered from 1. Empty ones are left out.
pub(super) fn typed(form: &Fields, config: &TillConfig) -> Vec<TillLine> {
    let mut places: Vec<usize> = ["product", "price"]
        .into_iter()
        .flat_map(|prefix| form.numbered(prefix))
        .filter(|(_, text)| !text.is_empty())
        .map(|(place, _)| place)
        .collect();
    places.sort_unstable();
    places.dedup();
    places.truncate(LINES_MAX);
    let line = |(place, old): (usize, &usize)| {
        let field = |name: &str| form.text(&format!("{name}{old}")).to_owned();
        let mut line =
            TillLine { place, product: field("product"), quantity: field("quantity"), price: field("price"), ..TillLine::default() };
        line.vat = field("vat");
        describe(&mut line, config);
        line
    };
    places.iter().enumerate().map(|(at, old)| line((at + 1, old))).collect()
}

/// The lines of a form; one without a price has that of its product.
pub(super) fn priced(form: &Fields, config: &TillConfig) -> Vec<TillLine> {
    let mut lines = typed(form, config);
    for line in lines.iter_mut().filter(|line| line.price.is_empty()) {
        if let Some(price) = found(config, &line.product).and_then(|product| product.price) {
            line.price = shown_price(price, config.currency);
            describe(line, config);
        }
    }
    lines
}

/// Fills in what is shown beside what was typed.
fn describe(line: &mut TillLine, config: &TillConfig) {
    let product = known(config, &line.product);
    line.name = product.map_or_else(|| line.product.clone(), |product| name_of(product));
    if line.vat.is_empty() {
        line.vat = vat::percent(config, product.map(|product| &**product)).normalize().to_string();
    }
    line.total = total(line, config).ok().map(|minor| super::super::shown::money(minor, config.currency)).unwrap_or_default();
}

fn name_of(product: &Product) -> String {
    product.description.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| product.code.clone())
}

/// A product by one of its codes.
fn known<'a>(config: &'a TillConfig, code: &str) -> Option<&'a Arc<Product>> {
    config.products.by_code(code).or_else(|| config.products.by_alternative_code(code))
}

/// A product by what a cashier scans or types: a code, or a name that only one has.
fn found<'a>(config: &'a TillConfig, text: &str) -> Option<&'a Arc<Product>> {
    if let Some(product) = known(config, text) {
        return Some(product);
    }
    let wanted = text.to_lowercase();
    let same = |product: &&Arc<Product>| name_of(product).to_lowercase() == wanted || product.code.to_lowercase() == wanted;
    let only = |mut all: std::vec::IntoIter<&'a Arc<Product>>| all.next().filter(|_| all.next().is_none());
    let all = |keeps: &dyn Fn(&&Arc<Product>) -> bool| config.products.iter().filter(keeps).collect::<Vec<_>>().into_iter();
    only(all(&same)).or_else(|| only(all(&|product| name_of(product).to_lowercase().contains(&wanted))))
}

/// What a line costs: the price of one times the quantity, rounded once.
fn total(line: &TillLine, config: &TillConfig) -> Result<Minor, Wrong> {
    let field = |name: &str| format!("{name}{}", line.place);
    let price = amount(&line.price, config.currency, &field("price"))?;
    let quantity = quantity(line).ok_or_else(|| wrong(&field("quantity"), "Write a quantity such as 2."))?;
    let exact = mul(meed_core::money::Amount { minor: price, unit: config.currency }.major(), quantity);
    let minor = exact.ok().and_then(|exact| to_minor(exact, config.currency, Rounding::HalfUp).ok());
    minor.filter(|minor| *minor >= 0).ok_or_else(|| wrong(&field("price"), "This price is out of range."))
}

fn quantity(line: &TillLine) -> Option<Exact> {
    if line.quantity.is_empty() { Some(Exact::ONE) } else { decimal(&line.quantity).filter(|quantity| *quantity > Exact::ZERO) }
}

/// The lines as a purchase takes them, with the percentage of tax of each.
pub(super) fn sold(lines: &[TillLine], config: &TillConfig) -> Result<(Vec<Line>, Vec<Exact>), Wrong> {
    let mut sold = Vec::with_capacity(lines.len());
    let mut rates = Vec::with_capacity(lines.len());
    for line in lines {
        let of = match known(config, &line.product) {
            Some(product) => product.line(),
            None => {
                let default = config.settings.default_product.and_then(|id| config.products.get(id));
                let field = format!("product{}", line.place);
                let product = default.ok_or_else(|| wrong(&field, "There is no product with this code."))?;
                Line { intended: Some(("code".to_owned(), line.product.clone())), ..product.line() }
            }
        };
        let total = total(line, config)?;
        let percent = decimal(&line.vat).filter(|percent| *percent >= Exact::ZERO && *percent <= Exact::ONE_HUNDRED);
        rates.push(percent.ok_or_else(|| wrong(&format!("vat{}", line.place), "A tax is 0 to 100 percent."))?);
        sold.push(Line { quantity: quantity(line).unwrap_or(Exact::ONE), total, ..of });
    }
    vat::split(&mut sold, &rates);
    Ok((sold, rates))
}

/// Does what a button of the basket or the scanner asked for. Answers the field to go on in.
pub(super) fn edit(lines: &mut Vec<TillLine>, form: &Fields, config: &TillConfig) -> Result<String, Wrong> {
    let at = |what: &str| form.text("do").strip_prefix(what).and_then(|place| place.parse::<usize>().ok());
    if let Some(place) = at("more-") {
        change(lines, place, Exact::ONE, config);
    }
    if let Some(place) = at("less-") {
        change(lines, place, -Exact::ONE, config);
    }
    if let Some(place) = at("drop-") {
        lines.retain(|line| line.place != place);
    }
    number(lines);
    match form.filled("pick").or_else(|| form.filled("add")) {
        Some(text) => add(lines, text, config),
        None => Ok(lines.iter().find(|line| line.price.is_empty()).map_or_else(|| "add".to_owned(), |line| format!("price{}", line.place))),
    }
}

fn number(lines: &mut [TillLine]) {
    lines.iter_mut().enumerate().for_each(|(at, line)| line.place = at + 1);
}

fn change(lines: &mut Vec<TillLine>, place: usize, by: Exact, config: &TillConfig) {
    let Some(line) = lines.iter_mut().find(|line| line.place == place) else { return };
    let after = quantity(line).unwrap_or(Exact::ONE) + by;
    if after > Exact::ZERO {
        line.quantity = after.normalize().to_string();
        describe(line, config);
    } else {
        lines.retain(|line| line.place != place);
    }
}

/// `3*milk` as well as `milk`.
fn multiplied(text: &str) -> (Exact, &str) {
    let parts = text.split_once('*').and_then(|(count, rest)| Some((decimal(count)?, rest.trim())));
    parts.filter(|(count, rest)| *count > Exact::ZERO && !rest.is_empty()).unwrap_or((Exact::ONE, text))
}

fn add(lines: &mut Vec<TillLine>, text: &str, config: &TillConfig) -> Result<String, Wrong> {
    let (count, text) = if known(config, text).is_some() { (Exact::ONE, text) } else { multiplied(text) };
    let product = found(config, text);
    if product.is_none() && config.settings.default_product.is_none() {
        return Err(wrong("add", "There is no product with this code or name."));
    }
    if lines.len() >= LINES_MAX {
        return Err(wrong("add", "A receipt has no room for more lines."));
    }
    let code = product.map_or_else(|| text.to_owned(), |product| product.code.clone());
    let price = product.and_then(|product| product.price).map(|price| shown_price(price, config.currency)).unwrap_or_default();
    if let Some(line) = lines.iter_mut().find(|line| line.product == code && line.price == price && !price.is_empty()) {
        line.quantity = (quantity(line).unwrap_or(Exact::ONE) + count).normalize().to_string();
        describe(line, config);
        return Ok("add".to_owned());
    }
    let place = lines.len() + 1;
    let focus = if price.is_empty() { format!("price{place}") } else { "add".to_owned() };
    let mut line = TillLine { place, product: code, quantity: count.normalize().to_string(), price, ..TillLine::default() };
    describe(&mut line, config);
    lines.push(line);
    Ok(focus)
}

pub(super) fn shown_price(price: Exact, unit: Unit) -> String {
    to_minor(price, unit, Rounding::HalfUp).map(|minor| super::super::shown::money(minor, unit).plain().to_owned()).unwrap_or_default()
}

/// Codes and names to suggest.
pub(super) fn products(config: &TillConfig) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        config.products.iter().map(|product| (product.code.clone(), product.description.clone().unwrap_or_default())).collect();
    all.sort();
    all.truncate(SUGGESTIONS);
    all
}

/// Products to tap: those with a price, by family and name.
pub(super) fn tiles(config: &TillConfig) -> Vec<ProductTile> {
    let mut all: Vec<&Arc<Product>> = config.products.iter().filter(|product| product.price.is_some()).collect();
    all.sort_by_key(|product| (product.family.clone(), name_of(product)));
    let tile = |product: &&Arc<Product>| ProductTile {
        code: product.code.clone(),
        name: name_of(product),
        price: product.price.map(|price| shown_price(price, config.currency)).unwrap_or_default(),
    };
    all.iter().take(TILES).map(tile).collect()
}
