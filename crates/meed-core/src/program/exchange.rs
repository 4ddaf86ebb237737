//! Reading how sales in other currencies are converted, and rates that a document fixes.

use jiff::civil::Date;
use toml::de::DeValue;

use super::finding::Code;
use super::reader::{Findings, Table};
use super::variables::variables;
use crate::money::{Rates, Unit};

/// How sales in other currencies are converted (`commissions.md` §4.5, currency).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The rates of which day are used.
    pub on: ExchangeDay,
    /// Rates into the program's currency that the document fixes; they go before those of the workspace.
    pub rates: Rates,
    /// Rates that are older, in days, count as missing.
    pub age_max: Option<u32>,
}

/// The rates of which day are used for a sale. What a payee gets is always converted on the last day of the period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExchangeDay {
    /// The local day of the sale.
    #[default]
    Sale,
    /// The last day of the period.
    PeriodEnd,
}

const DAYS: [(&str, ExchangeDay); 2] = [("sale_day", ExchangeDay::Sale), ("period_end", ExchangeDay::PeriodEnd)];

/// Reads `exchange`: a word, or a table with rates.
pub(super) fn exchange(table: &Table<'_, '_>, currency: Option<Unit>, findings: &mut Findings<'_>) -> Exchange {
    let Some(item) = table.get("exchange") else { return Exchange::default() };
    if let DeValue::String(_) = item.get_ref() {
        let on = table.word("exchange", &DAYS, findings).unwrap_or_default();
        return Exchange { on, ..Exchange::default() };
    }
    let Some(inner) = Table::of(item, "`exchange`", findings) else { return Exchange::default() };
    inner.only(&["on", "rates", "max_age_days"], findings);
    Exchange {
        on: inner.word("on", &DAYS, findings).unwrap_or_default(),
        rates: rates(&inner, "rates", currency, findings),
        age_max: super::settle::whole_number(&inner, "max_age_days", (1, 3_660), findings),
    }
}

/// Reads a table of rates: what one unit of each currency is worth in the program's, by day where it changes.
pub(super) fn rates(table: &Table<'_, '_>, key: &str, to: Option<Unit>, findings: &mut Findings<'_>) -> Rates {
    let mut all = Rates::default();
    let Some(inner) =
        table.get(key).filter(|item| matches!(item.get_ref(), DeValue::Table(_))).and_then(|item| Table::of(item, key, findings))
    else {
        if table.has(key) {
            findings.add(table.place(key), Code::WrongType, format!("`{key}` is a table such as {{ EUR = 1.08 }}"));
        }
        return all;
    };
    let values = variables(table, key, findings);
    for (code, at, _) in inner.entries() {
        let from = match code.parse::<Unit>() {
            Ok(unit) if unit.code() == code => unit,
            _ => {
                findings.add(at, Code::CurrencyUnknown, format!("`{code}` is not an ISO 4217 currency code"));
                continue;
            }
        };
        let Some(to) = to else { continue };
        for value in values.iter().filter(|value| value.name == code) {
            if let Err(refused) = all.put((from, to), value.from.unwrap_or(Date::MIN), value.value) {
                findings.add(at, Code::BadValue, format!("the rate of {code}: {refused}"));
            }
        }
    }
    all
}
