//! What conditions of offers see: a line, the sale and the customer, by name.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::basket::Basket;
use super::config::TillConfig;
use super::participant::Participant;
use crate::condition::{Condition, Context, EvalError, FactType, Failed, NumberField, SaleFacts, SaleRef, TextField, Value, Vocabulary};
use crate::id::Id;
use crate::money::{Amount, Exact, Unit};
use crate::period::{Cadence, Period};

/// Root `line`.
pub(super) const LINE: usize = 0;
const SALE: usize = 1;
const CUSTOMER: usize = 2;

use FactType::{Day, List, Number, Text, Truth};

/// The names that conditions of offers may use.
pub static BASKET: Vocabulary = Vocabulary {
    subject: "a basket",
    roots: &[
        (
            "line",
            &[
                ("product", Text, "the product"),
                ("type", Text, "the product type"),
                ("brand", Text, "the brand"),
                ("family", Text, "the family"),
                ("categories", List, "the categories"),
                ("quantity", Number, "the quantity of the line"),
                ("total", Number, "the total of the line"),
                ("net", Number, "the net amount of the line"),
                ("vat", Number, "the tax of the line"),
                ("price", Number, "the price of one"),
            ],
        ),
        (
            "sale",
            &[
                ("unit", Text, "the store"),
                ("merchant", Text, "the merchant"),
                ("group", Text, "the group of the store"),
                ("terminal", Text, "the terminal"),
                ("total", Number, "the total of the purchase"),
                ("net", Number, "the net amount of the purchase"),
                ("quantity", Number, "the number of pieces"),
                ("lines", Number, "the number of lines"),
                ("day", Day, "the day"),
                ("weekday", Number, "the weekday"),
                ("hour", Number, "the hour"),
                ("minute", Number, "the minute"),
                ("month", Number, "the month"),
                ("time", Text, "the time of day"),
                ("promo_code", Text, "the promo code"),
                ("payment_brand", Text, "the brand of the payment"),
                ("payment_type", Text, "the kind of payment"),
                ("payment_medium", Text, "the means of payment"),
                ("classification", Text, "the class"),
            ],
        ),
        (
            "customer",
            &[
                ("tier", Text, "the customer’s tier"),
                ("number", Text, "the customer’s number"),
                ("tags", List, "the customer’s tags"),
                ("city", Text, "the customer’s city"),
                ("country", Text, "the customer’s country"),
                ("gender", Text, "the customer’s gender"),
                ("age", Number, "the customer’s age"),
                ("member_days", Number, "the number of days since the customer joined"),
                ("birthday", Truth, "it is the customer’s birthday"),
                ("name_day", Truth, "it is the customer’s name day"),
                ("company", Truth, "the customer is a company"),
            ],
        ),
    ],
};

/// Fields whose text an offer can be found by: (root, field) of product, type, brand, family, unit and promo code.
pub(super) const KEYED: [(usize, usize); 6] = [(LINE, 0), (LINE, 1), (LINE, 2), (LINE, 3), (SALE, 0), (SALE, 14)];

/// Kinds of condition, for the restriction rank of a lot (`ledger.md` §4.1): each of product, place, date, weekday, hour,
/// customer and payment counts once.
pub(super) fn kind_of_condition(root: usize, field: usize) -> u8 {
    match (root, field) {
        (LINE, _) => 0,
        (SALE, 0..=3) => 1,
        (SALE, 8 | 12) => 2,
        (SALE, 9) => 3,
        (SALE, 10 | 11 | 13) => 4,
        (SALE, 4..=7) => 5,
        (SALE, _) => 6,
        _ => 7,
    }
}

/// A basket with everything that conditions may ask about it.
pub(super) struct Sight<'a> {
    pub(super) config: &'a TillConfig,
    pub(super) basket: &'a Basket,
    pub(super) participant: &'a Participant,
    pub(super) tier: Option<&'a str>,
    pub(super) local: DateTime,
    period: Period,
}

impl<'a> Sight<'a> {
    /// `None` where the time lies outside the calendar.
    pub(super) fn new(config: &'a TillConfig, basket: &'a Basket, participant: &'a Participant, tier: Option<&'a str>) -> Option<Self> {
        let zone = config.zone_of(basket.unit);
        let period = Period::containing(basket.at, Cadence::Monthly, zone).ok()?;
        Some(Self { config, basket, participant, tier, local: zone.to_datetime(basket.at), period })
    }

    fn with_line<T>(&self, line: usize, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        let facts = LineSight { sight: self, line };
        let sale = SaleRef { id: Id(0), unique_id: None, facts: &facts, originals: None };
        ask(&Context { sale, period: &self.period, rep: None })
    }

    pub(super) fn holds(&self, condition: &Condition, line: usize) -> Result<bool, EvalError> {
        self.with_line(line, |context| condition.holds(context))
    }

    pub(super) fn why_not(&self, condition: &Condition, line: usize) -> Option<Failed> {
        self.with_line(line, |context| condition.why_not(context))
    }

    fn major(&self, minor: i64) -> Value<'_> {
        Value::Number(Amount { minor, unit: self.config.currency }.major())
    }

    fn line_fact(&self, line: usize, field: usize) -> Value<'_> {
        let Some(line) = self.basket.lines.get(line) else { return Value::Null };
        match field {
            0 => Value::Text(Cow::Borrowed(&line.code)),
            1 => text(line.kind.as_deref()),
            2 => text(line.brand.as_deref()),
            3 => text(line.family.as_deref()),
            4 => list(&line.categories),
            5 => Value::Number(line.quantity),
            6 => self.major(line.total),
            7 => self.major(line.net),
            8 => self.major(line.vat),
            _ => {
                let total = Amount { minor: line.total, unit: self.config.currency }.major();
                total.checked_div(line.quantity).map_or(Value::Null, Value::Number)
            }
        }
    }

    fn sale_fact(&self, field: usize) -> Value<'_> {
        let (basket, local) = (self.basket, self.local);
        let unit = self.config.units.get(&basket.unit);
        match field {
            0 => text(unit.map(|unit| unit.code.as_str())),
            1 => text(self.config.merchant_of(basket.unit).map(|(_, merchant)| merchant.name.as_str())),
            2 => text(unit.and_then(|unit| unit.group.as_deref())),
            3 => text(basket.terminal.and_then(|id| self.config.terminals.get(&id)).map(|terminal| terminal.code.as_str())),
            4 => self.major(basket.total()),
            5 => self.major(basket.net()),
            6 => Value::Number(basket.lines.iter().map(|line| line.quantity).sum()),
            7 => Value::Number(basket.lines.len().into()),
            8 => Value::Day(local.date()),
            9 => number(local.weekday().to_monday_one_offset()),
            10 => number(local.hour()),
            11 => number(local.minute()),
            12 => number(local.month()),
            13 => Value::Text(Cow::Owned(format!("{:02}:{:02}", local.hour(), local.minute()))),
            14 => text(basket.promo_code.as_deref()),
            15 => text(basket.payment_brand.as_deref()),
            16 => text(basket.payment_type.as_deref()),
            17 => text(basket.payment_medium.as_deref()),
            _ => text(basket.classification.as_deref()),
        }
    }

    fn customer_fact(&self, field: usize) -> Value<'_> {
        let (customer, today) = (self.participant, self.local.date());
        match field {
            0 => text(self.tier),
            1 => Value::Text(Cow::Borrowed(&customer.number)),
            2 => list(&customer.tags),
            3 => text(customer.city.as_deref()),
            4 => text(customer.country.as_deref()),
            5 => text(customer.gender.as_deref()),
            6 => match customer.born.filter(|born| born.year() > 1) {
                Some(born) => {
                    let had = (today.month(), today.day()) >= (born.month(), born.day());
                    number(i64::from(today.year()) - i64::from(born.year()) - i64::from(!had))
                }
                None => Value::Null,
            },
            7 => {
                let since = Timestamp::from_microsecond(customer.sign_up_us).unwrap_or_default();
                let first = self.period.zone().to_datetime(since).date();
                first.until(today).map_or(Value::Null, |span| number(span.get_days()))
            }
            8 => Value::Truth(customer.born.is_some_and(|born| Participant::falls_on((born.month(), born.day()), today))),
            9 => Value::Truth(customer.name_day.is_some_and(|day| Participant::falls_on(day, today))),
            _ => Value::Truth(customer.is_company),
        }
    }
}

struct LineSight<'a, 'b> {
    sight: &'a Sight<'b>,
    line: usize,
}

impl SaleFacts for LineSight<'_, '_> {
    fn at(&self) -> Timestamp {
        self.sight.basket.at
    }

    fn currency(&self) -> Option<Unit> {
        Some(self.sight.config.currency)
    }

    fn number(&self, _: NumberField) -> Option<Exact> {
        None
    }

    fn text(&self, _: TextField) -> Option<&str> {
        None
    }

    fn fact(&self, root: usize, field: usize) -> Value<'_> {
        match root {
            LINE => self.sight.line_fact(self.line, field),
            SALE => self.sight.sale_fact(field),
            CUSTOMER => self.sight.customer_fact(field),
            _ => Value::Null,
        }
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)))
}

fn list(items: &[String]) -> Value<'_> {
    Value::List(items.iter().map(|item| Value::Text(Cow::Borrowed(item.as_str()))).collect())
}

fn number<'a>(number: impl Into<i64>) -> Value<'a> {
    Value::Number(Exact::from(number.into()))
}
