//! A sale's fields in words.

use meed_core::money::Exact;
use meed_core::sale::{Sale, split_owners};

use super::super::shown::{Setting, day_text, exact};
use crate::pages::{Amount, Change, Fact};

/// Owners, separated by commas.
pub(super) fn owners(sale: &Sale) -> String {
    sale.owners.iter().flatten().flat_map(|owner| split_owners(owner)).collect::<Vec<_>>().join(", ")
}

/// Customer or product, by which a person recognises the sale.
pub(in crate::web) fn subject(sale: &Sale) -> String {
    let texts = [&sale.customer_name, &sale.customer_email, &sale.customer_code, &sale.product_name, &sale.product_code, &sale.owners[0]];
    texts.into_iter().flatten().next().cloned().unwrap_or_default()
}

/// Revenue; an empty amount where there is none.
pub(super) fn revenue(sale: &Sale) -> Amount {
    sale.revenue.map_or_else(Amount::default, |value| exact(value, code(sale)))
}

fn code(sale: &Sale) -> &str {
    sale.currency.as_ref().map_or("", |unit| unit.code())
}

/// All fields that are filled, as (label, value).
fn fields(sale: &Sale, setting: &Setting) -> Vec<(&'static str, String)> {
    let at = sale.at.to_zoned(setting.zone().clone());
    let midnight = at.time() == jiff::civil::Time::midnight();
    let date = if midnight { day_text(at.date()) } else { format!("{}, {}", day_text(at.date()), at.strftime("%H:%M")) };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let money = |value: Option<Exact>| value.map_or_else(String::new, |value| exact(value, code(sale)).text());
    let plain = |value: Option<Exact>| value.map_or_else(String::new, |value| exact(value, "").text());
    let mut fields = vec![
        ("Date", date),
        ("Revenue", money(sale.revenue)),
        ("Profit", money(sale.profit)),
        ("Quantity", plain(sale.quantity)),
        ("Cost per unit", money(sale.unit_cost)),
        ("Tax", money(sale.tax)),
        ("Status", text(&sale.status)),
        ("Customer", text(&sale.customer_name)),
        ("Customer e-mail", text(&sale.customer_email)),
        ("Customer number", text(&sale.customer_code)),
        ("Product number", text(&sale.product_code)),
        ("Product", text(&sale.product_name)),
    ];
    for (label, value) in ["Owner", "Second owner", "Third owner"].into_iter().zip(&sale.owners) {
        fields.push((label, text(value)));
    }
    for (label, value) in ["Team", "Second team", "Third team"].into_iter().zip(&sale.teams) {
        fields.push((label, text(value)));
    }
    fields.push(("Territory", text(&sale.territory)));
    fields.push(("Coupon", text(&sale.coupon)));
    for (label, value) in ["Text 1", "Text 2", "Text 3"].into_iter().zip(&sale.other_text) {
        fields.push((label, text(value)));
    }
    for (label, value) in ["Number 1", "Number 2", "Number 3"].into_iter().zip(sale.other_numeric) {
        fields.push((label, plain(value)));
    }
    for (label, value) in ["Date 1", "Date 2", "Date 3"].into_iter().zip(&sale.other_date) {
        fields.push((label, text(value)));
    }
    fields
}

/// The fields that are filled.
pub(super) fn facts(sale: &Sale, setting: &Setting) -> Vec<Fact> {
    let filled = fields(sale, setting).into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(label, value)| Fact { label: label.to_owned(), value, href: String::new() }).collect()
}

/// The fields in which a version differs from the one before.
pub(super) fn changes(before: &Sale, after: &Sale, setting: &Setting) -> Vec<Change> {
    let pairs = fields(before, setting).into_iter().zip(fields(after, setting));
    let differing = pairs.filter(|((_, before), (_, after))| before != after);
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    differing.map(|((label, before), (_, after))| Change { field: label.to_owned(), before: some(before), after: some(after) }).collect()
}
