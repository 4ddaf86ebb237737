//! From a mapped row to a sale: places in time, money in its currency.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use meed_core::command::{SaleContent, SaleInput, SaleOriginal, UNIQUE_ID_BYTES_MAX};
use meed_core::id::Id;
use meed_core::money::{Exact, Unit};
use meed_core::sale::{Sale, pack_cells};
use meed_intake::{Mapped, When};

use super::document::RejectedCell;

/// What a row needs to know about its source.
#[derive(Clone)]
pub(super) struct RowRules {
    /// Zone of times that name none.
    pub(super) zone: TimeZone,
    /// Currency of amounts that name none.
    pub(super) unit: Unit,
    /// The layout of the file's rows.
    pub(super) layout: Id,
}

/// Characters of a wrong value that are shown.
const SHOWN: usize = 200;

fn error(column: &str, value: impl ToString, code: &str, text: impl Into<String>) -> Vec<RejectedCell> {
    vec![RejectedCell { column: Some(column.to_owned()), value: value.to_string(), code: code.to_owned(), text: text.into() }]
}

/// The instant of a sale. A bare date is the start of that day in the source's zone; a time that a clock change skips
/// moves to the first instant after it.
fn instant(when: &When, zone: &TimeZone) -> Option<Timestamp> {
    let at = when.date.to_datetime(when.time.unwrap_or(jiff::civil::Time::midnight()));
    match when.offset_seconds {
        Some(seconds) => Offset::from_seconds(seconds).ok()?.to_timestamp(at).ok(),
        None => zone.to_ambiguous_timestamp(at).compatible().ok(),
    }
}

/// Makes the sale of a row, or says what is wrong with it.
pub(super) fn sale_of(mapped: Mapped, cells: &[String], line: u64, rules: &RowRules) -> Result<SaleInput, Vec<RejectedCell>> {
    let Some(at) = instant(&mapped.date, &rules.zone) else {
        return Err(error("date", format!("{:?}", mapped.date.date), "date.out_of_range", "this date cannot be kept"));
    };
    let currency = match &mapped.currency {
        None => Some(rules.unit),
        Some(code) => match code.parse::<Unit>() {
            Ok(unit) => Some(unit),
            Err(_) => return Err(error("currency", code, "currency.unknown", format!("`{code}` is not an ISO 4217 currency"))),
        },
    };
    if let Some(id) = mapped.row_key.as_ref().filter(|id| id.len() > UNIQUE_ID_BYTES_MAX) {
        let text = format!("a unique id has up to {UNIQUE_ID_BYTES_MAX} bytes; this one has {}", id.len());
        return Err(error("unique_id", id.chars().take(SHOWN).collect::<String>(), "unique_id_too_long", text));
    }
    let other_date =
        mapped.other_date.map(|when| when.map(|w| instant(&w, &rules.zone).map_or_else(|| w.date.to_string(), |at| at.to_string())));
    let sale = Sale {
        at,
        currency,
        revenue: mapped.revenue,
        profit: mapped.profit,
        quantity: mapped.quantity,
        unit_cost: mapped.unit_cost,
        tax: mapped.tax.or_else(|| tax_of(mapped.revenue, mapped.tax_percent)),
        status: mapped.status,
        customer_name: mapped.customer_name,
        customer_email: mapped.customer_email,
        customer_code: mapped.customer_code,
        product_code: mapped.product_code,
        product_name: mapped.product_name,
        owners: mapped.owners,
        teams: mapped.teams,
        territory: mapped.territory,
        coupon: mapped.coupon,
        other_text: mapped.other_text,
        other_numeric: mapped.other_numeric,
        other_date,
    };
    Ok(SaleInput {
        unique_id: mapped.row_key,
        content: SaleContent::Full(Box::new(sale)),
        original: Some(SaleOriginal { layout: rules.layout, cells: Arc::from(pack_cells(cells)) }),
        line: i64::try_from(line).ok(),
    })
}

/// Taxes may be an amount or a percentage of the revenue (`commissions.md` §1.2).
fn tax_of(revenue: Option<Exact>, percent: Option<Exact>) -> Option<Exact> {
    revenue?.checked_mul(percent?)?.checked_div(Exact::ONE_HUNDRED)
}
