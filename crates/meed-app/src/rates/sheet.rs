//! Rates of exchange from a sheet of four columns: from, rate, day, and to where it is not the workspace's currency.

use std::io::{Read, Seek};

use jiff::civil::Date;
use meed_core::money::{Unit, check_rate};

use super::{RateEntry, apply, currency};
use crate::error::{AppError, AppResult};
use crate::sheet::{Column, DecimalSign, Loaded, RowError, number, rows, sign_of};
use crate::{App, Context, Scope};

/// Most rows of a sheet.
const ROWS_MAX: usize = 100_000;

const COLUMNS: [Column; 4] = [
    Column { name: "from", words: &["currency", "from currency", "source", "source currency", "unit"], is_needed: true },
    Column { name: "rate", words: &["exchange rate", "value", "price"], is_needed: true },
    Column { name: "day", words: &["date", "valid from", "effective date", "effective", "from date"], is_needed: true },
    Column { name: "to", words: &["to currency", "target", "target currency", "in", "quote"], is_needed: false },
];

/// Where the rate stands among them.
const RATE: usize = 1;

/// Loads rates from a sheet (CSV, TSV or XLSX). A rate of the same pair and day is replaced. Rows that cannot be used are
/// named; the others are applied together. With `dry_run` nothing is written, and the answer is the same.
pub async fn load(
    app: &App,
    ctx: &Context,
    file: impl Read + Seek + Send + 'static,
    decimal: Option<DecimalSign>,
    dry_run: bool,
) -> AppResult<Loaded> {
    ctx.require(Scope::Plans)?;
    let own = app.configuration(ctx.workspace).await?.unit;
    let read = move || rows(file, &COLUMNS, ROWS_MAX);
    let cells = tokio::task::spawn_blocking(read).await.map_err(|e| AppError::bug(&e.to_string()))??;
    let mut loaded = Loaded { rows: cells.len() as u64, ..Loaded::default() };
    let sign = decimal.or_else(|| sign_of(cells.iter().map(|(_, cells)| cells[RATE].as_str())));
    let mut rates = Vec::with_capacity(cells.len());
    for (line, cells) in cells {
        match row(own, line, &cells, sign) {
            Ok(rate) => rates.push(rate),
            Err(error) => loaded.errors.push(error),
        }
    }
    apply(app, ctx, &rates, dry_run, &mut loaded).await?;
    Ok(loaded)
}

fn row(own: Unit, line: u64, cells: &[String; 4], sign: Option<DecimalSign>) -> Result<RateEntry, RowError> {
    let [from, rate, day, to] = cells;
    let refused = |column: &'static str, value: &str, code: &'static str, text: String| RowError {
        line,
        column,
        value: value.to_owned(),
        code: code.into(),
        text,
    };
    let code = |column: &'static str, text: &str| {
        currency(text).ok_or_else(|| refused(column, text, "currency_unknown", format!("`{text}` is not an ISO 4217 currency code")))
    };
    let from = code("from", from)?;
    let to = if to.is_empty() { own } else { code("to", to)? };
    // A rate such as 1.083 is no thousand; 1,083 may be one.
    let sign = sign.or_else(|| (!rate.contains(',')).then_some(DecimalSign::Point));
    let value = number(rate, sign).map_err(|(code, text)| refused("rate", rate, code, text))?;
    check_rate((from, to), value).map_err(|e| refused("rate", rate, e.code(), e.to_string()))?;
    let date = day.get(..10).unwrap_or(day).parse::<Date>();
    let day = date.map_err(|_| refused("day", day, "date_unreadable", format!("`{day}` is not a date such as 2026-03-31")))?;
    Ok(RateEntry { from, to, day, rate: value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cells: [&str; 4], sign: Option<DecimalSign>) -> Result<String, String> {
        let cells: [String; 4] = cells.map(str::to_owned);
        let own = "USD".parse().expect("a currency");
        row(own, 1, &cells, sign)
            .map(|rate| format!("{} {} {} {}", rate.from, rate.to, rate.day, rate.rate.normalize()))
            .map_err(|e| e.code.into_owned())
    }

    #[test]
    fn com_046_rows_become_rates_or_name_what_is_wrong() {
        assert_eq!(read(["eur", "1.083", "2026-01-01", ""], None), Ok("EUR USD 2026-01-01 1.083".to_owned()));
        assert_eq!(read(["EUR", "0,9", "2026-01-01", "GBP"], Some(DecimalSign::Comma)), Ok("EUR GBP 2026-01-01 0.9".to_owned()));
        for (cells, code) in [
            (["XXQ", "1", "2026-01-01", ""], "currency_unknown"),
            (["EUR", "1", "2026-01-01", "PTS"], "currency_unknown"),
            (["USD", "1", "2026-01-01", ""], "rate_same_currency"),
            (["EUR", "0", "2026-01-01", ""], "rate_out_of_range"),
            (["EUR", "-1", "2026-01-01", ""], "rate_out_of_range"),
            (["EUR", "1,083", "2026-01-01", ""], "number_ambiguous"),
            (["EUR", "much", "2026-01-01", ""], "number_unreadable"),
            (["EUR", "1", "tomorrow", ""], "date_unreadable"),
        ] {
            assert_eq!(read(cells, None), Err(code.to_owned()), "{cells:?}");
        }
    }
}
