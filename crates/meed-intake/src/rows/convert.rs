//! Cells to typed values by the decisions of their columns; what contradicts them is an error, never a guess.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{CellError, Mapped};
use crate::mapping::{Companions, Target};
use crate::values::cell::is_placeholder;
use crate::values::currency::Sign;
use crate::values::date::{self, DateError, resolve};
use crate::values::number::{self, Evidence, NumberError};
use crate::values::yearless::{self, Years};
use crate::values::{DateOrder, DecimalMark, When};

/// How the cells of one column are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnReading {
    /// Name for messages.
    pub(crate) name: String,
    /// Decimal separator; `None` where both occur and only certain cells can be read.
    pub(crate) decimal: Option<DecimalMark>,
    /// Order of day and month.
    pub(crate) order: Option<DateOrder>,
    /// Offset from UTC that the header names, in seconds.
    pub(crate) offset: Option<i32>,
    /// ISO code that the header names.
    pub(crate) currency: Option<String>,
    /// Days without a year stand in it.
    #[serde(default)]
    pub(crate) yearless: Option<YearlessColumn>,
}

/// What is known of a column in which days without a year stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct YearlessColumn {
    /// The first such line.
    pub(crate) line: u64,
    /// Day and month are one number: `0105`.
    pub(crate) compact: bool,
    /// At least half of its cells are such days.
    pub(crate) mostly: bool,
}

/// Everything that a row needs to become values.
#[derive(Clone, Debug)]
pub(crate) struct Converter {
    pub(crate) targets: Vec<(usize, Target)>,
    pub(crate) columns: Vec<ColumnReading>,
    pub(crate) companions: Companions,
    pub(crate) zone: Option<TimeZone>,
    pub(crate) near: Option<jiff::civil::Date>,
    /// ISO code where the file names none.
    pub(crate) currency: Option<String>,
    /// What a shared sign means.
    pub(crate) signs: Vec<(String, String)>,
    /// Who sold the rows that name no rep.
    pub(crate) owner: Option<String>,
    /// Words of the status column that mean a state, with the word of that state.
    pub(crate) states: HashMap<String, &'static str>,
    /// When days without a year are.
    pub(crate) years: Option<Years>,
}

struct Build<'a> {
    converter: &'a Converter,
    cells: &'a [String],
    line: u64,
    errors: Vec<CellError>,
    /// Currencies written beside amounts, with their columns.
    written: Vec<(usize, String)>,
}

impl Converter {
    /// Converts the cells of a row.
    pub(crate) fn convert(&self, cells: &[String], line: u64) -> Result<Box<Mapped>, Vec<CellError>> {
        let mut build = Build { converter: self, cells, line, errors: Vec::new(), written: Vec::new() };
        let mapped = build.all();
        match mapped {
            Some(mapped) if build.errors.is_empty() => Ok(Box::new(mapped)),
            _ => Err(build.errors),
        }
    }

    /// The state that a word of the status column means, or the word as it is written.
    fn state(&self, word: String) -> String {
        self.states.get(&word).map_or(word, |state| (*state).to_owned())
    }

    fn meaning(&self, sign: Sign<'_>) -> Option<String> {
        match sign {
            Sign::Code(code) => Some(code.to_ascii_uppercase()),
            Sign::Certain(code) => Some(code.to_owned()),
            Sign::Shared(sign) => self.signs.iter().find(|(s, _)| s == sign).map(|(_, code)| code.clone()),
        }
    }
}

impl Build<'_> {
    fn all(&mut self) -> Option<Mapped> {
        let date = self.date_of_sale();
        let mut mapped = Mapped {
            row_key: None,
            unique_id: None,
            date: date.unwrap_or(When { date: jiff::civil::Date::ZERO, time: None, offset_seconds: None }),
            day: jiff::civil::Date::ZERO,
            revenue: None,
            revenue_derived: false,
            profit: None,
            quantity: None,
            unit_cost: None,
            unit_price: None,
            tax: None,
            tax_percent: None,
            currency: None,
            status: None,
            customer_name: None,
            customer_email: None,
            customer_code: None,
            product_code: None,
            product_name: None,
            territory: None,
            coupon: None,
            owners: [const { None }; 3],
            teams: [const { None }; 3],
            other_text: [const { None }; 3],
            other_numeric: [None; 3],
            other_date: [None; 3],
        };
        let mut named = None;
        let converter = self.converter;
        for (column, target) in &converter.targets {
            self.one(*column, *target, &mut mapped, &mut named);
        }
        if let Some(column) = self.converter.companions.unit_price {
            mapped.unit_price = mapped.unit_price.or_else(|| self.amount(column, true).map(|(value, _)| value));
        }
        if mapped.owners.iter().all(Option::is_none) {
            mapped.owners[0].clone_from(&converter.owner);
        }
        self.derive_revenue(&mut mapped);
        mapped.currency = self.currency(named);
        mapped.day = mapped.date.day(self.converter.zone.as_ref());
        date.map(|_| mapped)
    }

    fn one(&mut self, column: usize, target: Target, mapped: &mut Mapped, named: &mut Option<(usize, String)>) {
        match target {
            Target::Date | Target::Time => {}
            Target::UniqueId => mapped.unique_id = self.identifier(column),
            Target::CustomerCode => mapped.customer_code = self.identifier(column),
            Target::ProductCode => mapped.product_code = self.identifier(column),
            Target::Revenue => mapped.revenue = self.amount(column, true).map(|a| a.0),
            Target::Profit => mapped.profit = self.amount(column, true).map(|a| a.0),
            Target::UnitCost => mapped.unit_cost = self.amount(column, true).map(|a| a.0),
            Target::UnitPrice => mapped.unit_price = self.amount(column, true).map(|a| a.0),
            Target::Quantity => mapped.quantity = self.amount(column, false).map(|a| a.0),
            Target::Tax => match self.amount(column, true) {
                Some((value, true)) => mapped.tax_percent = Some(value),
                Some((value, false)) => mapped.tax = Some(value),
                None => {}
            },
            Target::Currency => *named = self.named_currency(column).map(|code| (column, code)),
            Target::Status => mapped.status = self.text(column).map(|word| self.converter.state(word)),
            Target::CustomerName => mapped.customer_name = self.text(column),
            Target::CustomerEmail => mapped.customer_email = self.text(column),
            Target::ProductName => mapped.product_name = self.text(column),
            Target::Territory => mapped.territory = self.text(column),
            Target::Coupon => mapped.coupon = self.text(column),
            Target::Owner => mapped.owners[0] = self.text(column),
            Target::Owner2 => mapped.owners[1] = self.text(column),
            Target::Owner3 => mapped.owners[2] = self.text(column),
            Target::Team => mapped.teams[0] = self.text(column),
            Target::Team2 => mapped.teams[1] = self.text(column),
            Target::Team3 => mapped.teams[2] = self.text(column),
            Target::OtherText1 => mapped.other_text[0] = self.text(column),
            Target::OtherText2 => mapped.other_text[1] = self.text(column),
            Target::OtherText3 => mapped.other_text[2] = self.text(column),
            Target::OtherNumeric1 => mapped.other_numeric[0] = self.amount(column, false).map(|a| a.0),
            Target::OtherNumeric2 => mapped.other_numeric[1] = self.amount(column, false).map(|a| a.0),
            Target::OtherNumeric3 => mapped.other_numeric[2] = self.amount(column, false).map(|a| a.0),
            Target::OtherDate1 => mapped.other_date[0] = self.date(column),
            Target::OtherDate2 => mapped.other_date[1] = self.date(column),
            Target::OtherDate3 => mapped.other_date[2] = self.date(column),
        }
    }

    /// `com_017`: without a total column, revenue is quantity × price, or quantity × cost where only that is known.
    fn derive_revenue(&mut self, mapped: &mut Mapped) {
        if self.converter.targets.iter().any(|(_, t)| *t == Target::Revenue) {
            return;
        }
        let price = mapped.unit_price.or(mapped.unit_cost);
        if let (Some(quantity), Some(price)) = (mapped.quantity, price) {
            match quantity.checked_mul(price) {
                Some(value) => {
                    mapped.revenue = Some(value);
                    mapped.revenue_derived = true;
                }
                None => self.fail(None, "number.too_long", "quantity × price has too many digits"),
            }
        }
    }

    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |c| c.trim())
    }

    fn fail(&mut self, column: Option<usize>, code: &str, text: impl Into<String>) {
        let column_name = column.and_then(|c| self.converter.columns.get(c)).map(|c| c.name.clone()).unwrap_or_default();
        let value = column.and_then(|c| self.cells.get(c)).cloned().unwrap_or_default();
        self.errors.push(CellError { line: self.line, column, column_name, value, code: code.into(), text: text.into() });
    }

    /// A text without outer blanks; spreadsheet errors and zero bytes are refused.
    fn text(&mut self, column: usize) -> Option<String> {
        let text = self.cell(column);
        if text.is_empty() || is_placeholder(text) {
            return None;
        }
        if number::is_sheet_error(text) {
            self.fail(Some(column), "cell.sheet_error", "an error text of a spreadsheet");
            return None;
        }
        if text.contains('\0') {
            self.fail(Some(column), "cell.nul", "a zero byte stands in the cell");
            return None;
        }
        Some(text.to_owned())
    }

    /// An identifier is text: leading zeros stay, a leading apostrophe goes, lost digits are an error.
    fn identifier(&mut self, column: usize) -> Option<String> {
        let text = self.text(column)?;
        if number::is_scientific(&text) {
            self.fail(Some(column), "id.digits_lost", "digits were lost: a spreadsheet has rewritten this id; export it as text");
            return None;
        }
        Some(text.strip_prefix('\'').unwrap_or(&text).trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// A number, and whether it is a percentage. Currencies are noted for money.
    fn amount(&mut self, column: usize, money: bool) -> Option<(Decimal, bool)> {
        let cell = self.cells.get(column)?.trim();
        if cell.is_empty() || is_placeholder(cell) {
            return None;
        }
        if number::is_sheet_error(cell) {
            self.fail(Some(column), "cell.sheet_error", "an error text of a spreadsheet");
            return None;
        }
        let Some(scanned) = number::scan(if money { cell } else { number::without_unit(cell) }) else {
            let code = if number::is_scientific(cell) { "number.scientific" } else { "number.format" };
            self.fail(Some(column), code, "not a number");
            return None;
        };
        let decimal = self.converter.columns.get(column).and_then(|c| c.decimal);
        if money && let Some(code) = scanned.currency.and_then(|s| self.converter.meaning(s)) {
            self.written.push((column, code));
        }
        match scanned.value(decimal) {
            Ok(value) => Some((value, scanned.percent)),
            Err(NumberError::TooLong) => {
                self.fail(Some(column), "number.too_long", "more digits than can be kept exactly");
                None
            }
            Err(_) if matches!(scanned.evidence, Evidence::Open(_)) => {
                self.fail(
                    Some(column),
                    "number.ambiguous",
                    "the separator may group thousands or begin the decimals, and the column uses both",
                );
                None
            }
            Err(_) => {
                let mark = decimal.map_or(' ', DecimalMark::sign);
                self.fail(Some(column), "number.separators", format!("the column uses `{mark}` for decimals; this cell contradicts it"));
                None
            }
        }
    }

    fn named_currency(&mut self, column: usize) -> Option<String> {
        let text = self.text(column)?;
        let Some(sign) = crate::values::currency::sign(&text) else {
            self.fail(Some(column), "currency.unknown", "not an ISO 4217 currency");
            return None;
        };
        let code = self.converter.meaning(sign);
        if code.is_none() {
            self.fail(Some(column), "currency.ambiguous", "several currencies use this sign; set the currency of the source");
        }
        code
    }

    /// The currency of the row: its column, the cells, the header, the source. Contradictions are errors.
    fn currency(&mut self, named: Option<(usize, String)>) -> Option<String> {
        let written = std::mem::take(&mut self.written);
        let mut code = named.map(|(_, code)| code);
        for (column, other) in written {
            match &code {
                None => code = Some(other),
                Some(own) if *own != other => {
                    let text = format!("the amount is in {other}, the row in {own}");
                    self.fail(Some(column), "currency.contradiction", text);
                }
                Some(_) => {}
            }
        }
        code.or_else(|| {
            let mut money = self.converter.targets.iter().filter(|(_, t)| t.is_money());
            money.find_map(|(c, _)| self.converter.columns.get(*c).and_then(|r| r.currency.clone()))
        })
        .or_else(|| self.converter.currency.clone())
    }

    fn date_of_sale(&mut self) -> Option<When> {
        let Some((column, _)) = self.converter.targets.iter().find(|(_, t)| *t == Target::Date).copied() else {
            self.fail(None, "date.missing", "no column is mapped to the date of the sale");
            return None;
        };
        if self.cell(column).is_empty() {
            self.fail(Some(column), "date.missing", "the date of the sale is empty");
            return None;
        }
        let mut when = self.date(column)?;
        let mapped_time = self.converter.targets.iter().find(|(_, t)| *t == Target::Time).map(|(c, _)| *c);
        let time = mapped_time.or(self.converter.companions.time).filter(|t| when.time.is_none() && !self.cell(*t).is_empty());
        if let Some(time) = time {
            match date::time_of_day(self.cell(time)) {
                Some((of_day, offset)) => {
                    when.time = Some(of_day);
                    when.offset_seconds = when.offset_seconds.or(offset);
                }
                None => self.fail(Some(time), "time.format", "not a time of day"),
            }
        }
        if let Some(zone) = self.converter.companions.zone.filter(|_| when.offset_seconds.is_none()) {
            when.offset_seconds = date::zone_offset(&self.cell(zone).to_ascii_lowercase());
        }
        Some(when)
    }

    fn date(&mut self, column: usize) -> Option<When> {
        let cell = self.cells.get(column)?.trim();
        if cell.is_empty() {
            return None;
        }
        if number::is_sheet_error(cell) {
            self.fail(Some(column), "cell.sheet_error", "an error text of a spreadsheet");
            return None;
        }
        let reading = self.converter.columns.get(column);
        let is_compact = reading.and_then(|r| r.yearless).is_some_and(|y| y.compact);
        let compact = is_compact.then(|| yearless::scan_compact(cell)).flatten();
        let Some(scanned) = compact.or_else(|| date::scan(cell)) else {
            let number = number::scan(cell).and_then(|n| n.value(Some(DecimalMark::Point)).ok()).and_then(date::from_number);
            if number.is_none() {
                self.fail(Some(column), "date.format", "not a date");
            }
            return number;
        };
        match resolve(&scanned, reading.and_then(|r| r.order), self.converter.near, self.converter.years) {
            Ok(mut when) => {
                when.offset_seconds = when.offset_seconds.or(reading.and_then(|r| r.offset));
                Some(when)
            }
            Err(error) => {
                let (code, text) = match error {
                    DateError::NoYear => ("date.no_year", "the year is missing"),
                    DateError::OutsidePeriod => {
                        ("date.no_year", "the day lies outside the period that the file states, so its year is open")
                    }
                    DateError::Impossible => ("date.impossible", "there is no such day"),
                    DateError::Order => ("date.order", "day and month cannot be told apart, and the column uses both orders"),
                };
                self.fail(Some(column), code, text);
                None
            }
        }
    }
}
