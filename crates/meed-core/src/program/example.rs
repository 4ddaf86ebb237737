//! The examples that a document carries: sales, and what they must earn.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use toml::de::DeValue;

use super::finding::Code;
use super::reader::{Findings, Item, Table, number};
use super::variables::variables;
use super::{Targets, example_names as names};
use crate::crediting::RewardKind;
use crate::money::{Exact, Rates, Unit};
use crate::people::Variable;
use crate::sale::Sale;

/// One `[[test]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Line of the document where it starts.
    pub line: u32,
    /// Label of the period; without it the period of the first sale.
    pub period: Option<String>,
    /// Zone of the days; UTC where none is given.
    pub zone: Option<String>,
    /// People; owners that are not listed are made up from their names.
    pub reps: Vec<ExampleRep>,
    /// Teams; those that people name are made up too.
    pub teams: Vec<ExampleTeam>,
    /// The sales, in any order.
    pub sales: Vec<ExampleSale>,
    /// What reps and teams attained in the period before, by name.
    pub previous: Vec<(String, Exact)>,
    /// Rates of exchange into the program's currency that are known.
    pub rates: Rates,
    /// What the plans that share the draw pay in the period, by name.
    pub other_plans: Vec<(String, Exact)>,
    /// What must come out.
    pub expected: Expected,
    /// Several periods one after another; then the fields above are empty.
    pub periods: Vec<ExamplePeriod>,
}

/// One of several periods of an example. When it is calculated, those before it have been released, unless they say not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExamplePeriod {
    /// Label of the period; without it the period of its first sale.
    pub period: Option<String>,
    /// Sales that come in; one with the unique id of an earlier sale changes it.
    pub sales: Vec<ExampleSale>,
    /// What people decide about the period.
    pub adjust: Vec<ExampleAdjustment>,
    /// Whether it is released before the next one.
    pub released: bool,
    /// What the plans that share the draw pay in the period, by name.
    pub other_plans: Vec<(String, Exact)>,
    /// What must come out.
    pub expected: Expected,
}

/// What a person decides about somebody's period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleAdjustment {
    /// Whose.
    pub rep: String,
    /// For people.
    pub label: String,
    /// How much; `None` clears the draw.
    pub amount: Option<Exact>,
    /// The sale whose commission is changed, by its unique id.
    pub sale: Option<String>,
}

impl Example {
    /// The periods to calculate, one after another.
    #[must_use]
    pub fn steps(&self) -> Vec<ExamplePeriod> {
        if self.periods.is_empty() {
            return vec![ExamplePeriod {
                period: self.period.clone(),
                sales: self.sales.clone(),
                adjust: Vec::new(),
                released: true,
                other_plans: self.other_plans.clone(),
                expected: self.expected.clone(),
            }];
        }
        self.periods.clone()
    }
}

/// A person of an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExampleRep {
    /// Name.
    pub name: String,
    /// Other names that sales use.
    pub aliases: Vec<String>,
    /// Name of the manager.
    pub manager: Option<String>,
    /// Teams, with the days for which membership holds.
    pub teams: Vec<ExampleMembership>,
    /// Tags.
    pub tags: Vec<String>,
    /// Variables.
    pub variables: Vec<Variable>,
    /// Whether, and from which day, the person has enrolled in the program.
    pub enrolled: Option<Option<Date>>,
    /// The currency in which the person is paid, where it is another than the program's.
    pub currency: Option<Unit>,
}

/// Membership of a person of an example, half-open as everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExampleMembership {
    /// Name of the team.
    pub team: String,
    /// First day, or always.
    pub from: Option<Date>,
    /// First day after, or open.
    pub until: Option<Date>,
}

/// A team of an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExampleTeam {
    /// Name.
    pub name: String,
    /// Other names, such as territories.
    pub aliases: Vec<String>,
    /// Name of the manager.
    pub manager: Option<String>,
    /// Name of the team above.
    pub parent: Option<String>,
    /// Variables.
    pub variables: Vec<Variable>,
}

/// A sale of an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExampleSale {
    /// Line of the document.
    pub line: u32,
    /// The local day, where no instant is given.
    pub day: Option<Date>,
    /// The instant.
    pub at: Option<Timestamp>,
    /// The source's id.
    pub unique_id: Option<String>,
    /// The facts; their time is set when the example runs.
    pub sale: Sale,
    /// Original columns.
    pub original: BTreeMap<String, String>,
    /// What the credits of this sale must be, by name, unrounded.
    pub earns: Vec<(String, Exact)>,
}

/// What an example must come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Rewards by name; whoever is not named must earn nothing. `None`: not compared.
    pub rewards: Option<Vec<(String, Exact)>>,
    /// Attainment by name, in percent or as place, compared at the places that are written.
    pub attainment: Vec<(String, Exact)>,
    /// What is owed on draws after the period, by name; whoever is not named must owe nothing. `None`: not compared.
    pub owed: Option<Vec<(String, Exact)>>,
    /// What is withheld or paid in parts later, after the period; whoever is not named must have nothing outstanding.
    /// `None`: not compared.
    pub withheld: Option<Vec<(String, Exact)>>,
    /// What is paid by kind of reward line, by name; kinds that are not named must be 0.
    pub lines: Vec<(String, Vec<(RewardKind, Exact)>)>,
    /// What the period pays in the payee's own currency, by name.
    pub in_currency: Vec<(String, Exact)>,
}

/// Reads all `[[test]]` of a document.
pub(super) fn examples(root: &Table<'_, '_>, (currency, targets): (Option<Unit>, &Targets), findings: &mut Findings<'_>) -> Vec<Example> {
    match root.get("test").map(|item| (item, item.get_ref())) {
        Some((_, DeValue::Array(items))) => items.iter().filter_map(|item| example(item, (currency, targets), findings)).collect(),
        Some((item, _)) => {
            findings.add(item.span().start, Code::WrongType, "`test` is written with double brackets: [[test]]");
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn example(item: &Item<'_>, (currency, targets): (Option<Unit>, &Targets), findings: &mut Findings<'_>) -> Option<Example> {
    let table = Table::of(item, "a test", findings)?;
    let keys = ["name", "period", "zone", "reps", "teams", "sales", "periods", "previous", "rates", "other_plans"];
    let known: Vec<&str> = keys.iter().chain(&EXPECTED).copied().collect();
    table.only(&known, findings);
    let line = findings.line(table.at);
    let name = table.text("name", findings).map_or_else(|| format!("line {line}"), str::to_owned);
    let zone = table.text("zone", findings).map(str::to_owned);
    if let Some(name) = &zone
        && jiff::tz::TimeZone::get(name).is_err()
    {
        findings.add(table.place("zone"), Code::BadValue, format!("`{name}` is not a time zone; write one such as \"Europe/Berlin\""));
    }
    let period = period_label(&table, findings);
    let periods: Vec<ExamplePeriod> = table.list("periods").into_iter().filter_map(|item| example_period(item, findings)).collect();
    let outside = ["period", "sales", "other_plans"].iter().chain(&EXPECTED).find(|key| table.has(key));
    match outside {
        Some(key) if table.has("periods") => {
            findings.add(table.place(key), Code::Conflict, format!("with `periods`, `{key}` stands inside each of them"));
        }
        _ if !table.has("periods") => expects_something(&table, findings),
        _ => {}
    }
    let reps = table.list("reps").into_iter().filter_map(|item| rep(item, findings)).collect();
    let teams = table.list("teams").into_iter().filter_map(|item| team(item, findings)).collect();
    let sales = table.list("sales").into_iter().filter_map(|item| sale(item, findings)).collect();
    let expected = expected(&table, findings);
    let previous = amounts(&table, "previous", findings);
    let rates = super::exchange::rates(&table, "rates", currency, findings);
    let other_plans = amounts(&table, "other_plans", findings);
    let example = Example { name, line, period, zone, reps, teams, sales, previous, rates, other_plans, expected, periods };
    names::check(&table, &example, targets, findings);
    Some(example)
}

fn example_period(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<ExamplePeriod> {
    let table = Table::of(item, "a period", findings)?;
    let known: Vec<&str> = ["period", "sales", "adjust", "released", "other_plans"].iter().chain(&EXPECTED).copied().collect();
    table.only(&known, findings);
    expects_something(&table, findings);
    let sales = table.list("sales").into_iter().filter_map(|item| sale(item, findings)).collect();
    let adjust = table.list("adjust").into_iter().filter_map(|item| adjustment(item, findings)).collect();
    let released = table.truth("released", findings).unwrap_or(true);
    let (period, expected) = (period_label(&table, findings), expected(&table, findings));
    let other_plans = amounts(&table, "other_plans", findings);
    Some(ExamplePeriod { period, sales, adjust, released, other_plans, expected })
}

fn adjustment(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<ExampleAdjustment> {
    let table = Table::of(item, "an adjustment", findings)?;
    table.only(&["rep", "label", "amount", "sale", "clear_draw"], findings);
    let clears = table.truth("clear_draw", findings) == Some(true);
    if clears == table.has("amount") {
        findings.add(table.at, Code::Conflict, "an adjustment has an `amount`, or `clear_draw = true`");
    }
    if !table.has("rep") {
        table.missing("rep", "whose period is adjusted", findings);
    }
    Some(ExampleAdjustment {
        rep: table.text("rep", findings)?.to_owned(),
        label: table.text("label", findings).unwrap_or("Adjustment").to_owned(),
        amount: table.number("amount", findings),
        sale: table.text("sale", findings).map(str::to_owned),
    })
}

fn period_label(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<String> {
    let label = table.text("period", findings)?;
    if let Err(error) = crate::period::Period::parse(label, &jiff::tz::TimeZone::UTC) {
        findings.add(table.place("period"), Code::BadValue, error.to_string());
    }
    Some(label.to_owned())
}

fn expects_something(table: &Table<'_, '_>, findings: &mut Findings<'_>) {
    if !EXPECTED.into_iter().any(|key| table.has(key)) {
        table.missing("expect", "what each rep must earn, such as { Ana = 164 }", findings);
    }
}

/// What an example may expect.
const EXPECTED: [&str; 6] = ["expect", "attainment", "owed", "withheld", "lines", "in_currency"];

fn expected(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Expected {
    Expected {
        rewards: table.has("expect").then(|| amounts(table, "expect", findings)),
        attainment: percentages(table, findings),
        owed: table.has("owed").then(|| amounts(table, "owed", findings)),
        withheld: table.has("withheld").then(|| amounts(table, "withheld", findings)),
        lines: lines(table, findings),
        in_currency: amounts(table, "in_currency", findings),
    }
}

/// `lines = { Ana = { commission = 3200, draw_advance = 1800 } }`.
fn lines(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Vec<(String, Vec<(RewardKind, Exact)>)> {
    let Some(inner) = table.get("lines").and_then(|item| Table::of(item, "`lines`", findings)) else { return Vec::new() };
    let mut all = Vec::new();
    for (name, _, item) in inner.entries() {
        let Some(kinds) = Table::of(item, name, findings) else { continue };
        let known: Vec<&str> = RewardKind::ALL.iter().map(|kind| kind.word()).collect();
        kinds.only(&known, findings);
        let entries = kinds.entries().into_iter();
        let amounts = entries.filter_map(|(word, _, item)| Some((RewardKind::from_word(word)?, number(item, word, findings)?)));
        all.push((name.to_owned(), amounts.collect()));
    }
    all
}

fn owned(texts: Vec<(&str, usize)>) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn rep(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<ExampleRep> {
    let table = Table::of(item, "a rep", findings)?;
    table.only(&["name", "aliases", "manager", "teams", "tags", "variables", "enrolled", "currency"], findings);
    if !table.has("name") {
        table.missing("name", "the name that sales use", findings);
    }
    Some(ExampleRep {
        name: table.text("name", findings)?.to_owned(),
        aliases: owned(table.texts("aliases", findings)),
        manager: table.text("manager", findings).map(str::to_owned),
        teams: table.list("teams").into_iter().filter_map(|item| membership(item, findings)).collect(),
        tags: owned(table.texts("tags", findings)),
        variables: variables(&table, "variables", findings),
        enrolled: enrolled(&table, findings),
        currency: currency(&table, findings),
    })
}

/// `true`, or the day of the enrollment.
fn enrolled(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Option<Date>> {
    match table.get("enrolled")?.get_ref() {
        DeValue::Boolean(true) => Some(None),
        DeValue::Boolean(false) => None,
        _ => table.date("enrolled", findings).map(Some),
    }
}

/// The name of a team, or `{ team = "West", from = 2026-02-01, until = 2026-03-01 }`.
fn membership(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<ExampleMembership> {
    if let DeValue::Table(_) = item.get_ref() {
        let table = Table::of(item, "a membership", findings)?;
        table.only(&["team", "from", "until"], findings);
        if !table.has("team") {
            table.missing("team", "the name of a team", findings);
        }
        let (from, until) = (table.date("from", findings), table.date("until", findings));
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            findings.add(
                table.place("until"),
                Code::ValidityReversed,
                "`until` is the first day after the membership, and lies after `from`",
            );
        }
        return Some(ExampleMembership { team: table.text("team", findings)?.to_owned(), from, until });
    }
    let team = super::reader::text(item, "teams", findings)?.to_owned();
    Some(ExampleMembership { team, from: None, until: None })
}

fn team(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<ExampleTeam> {
    let table = Table::of(item, "a team", findings)?;
    table.only(&["name", "aliases", "manager", "parent", "variables"], findings);
    if !table.has("name") {
        table.missing("name", "the name that sales and reps use", findings);
    }
    Some(ExampleTeam {
        name: table.text("name", findings)?.to_owned(),
        aliases: owned(table.texts("aliases", findings)),
        manager: table.text("manager", findings).map(str::to_owned),
        parent: table.text("parent", findings).map(str::to_owned),
        variables: variables(&table, "variables", findings),
    })
}

fn amounts(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Vec<(String, Exact)> {
    let Some(inner) = table.get(key).and_then(|item| Table::of(item, key, findings)) else { return Vec::new() };
    inner.entries().into_iter().filter_map(|(name, _, item)| Some((name.to_owned(), number(item, name, findings)?))).collect()
}

fn percentages(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Vec<(String, Exact)> {
    let Some(inner) = table.get("attainment").and_then(|item| Table::of(item, "attainment", findings)) else { return Vec::new() };
    let mut all = Vec::new();
    for (name, at, item) in inner.entries() {
        let digits = match item.get_ref() {
            DeValue::String(text) => text.trim().strip_suffix('%').map(str::trim).and_then(super::reader::exact),
            // A place is a number, not a percentage.
            DeValue::Integer(_) => number(item, name, findings),
            _ => None,
        };
        match digits {
            Some(percent) => all.push((name.to_owned(), percent)),
            None => findings.add(at, Code::BadValue, "`attainment` holds percentages such as \"66.67%\", or places such as 1"),
        }
    }
    all
}

const NUMBERS: [&str; 8] = ["revenue", "profit", "quantity", "unit_cost", "tax", "other_numeric1", "other_numeric2", "other_numeric3"];
const TEXTS: [&str; 20] = [
    "status",
    "customer_name",
    "customer_email",
    "customer_code",
    "product_code",
    "product_name",
    "owner1",
    "owner2",
    "owner3",
    "team1",
    "team2",
    "team3",
    "territory",
    "coupon",
    "other_text1",
    "other_text2",
    "other_text3",
    "other_date1",
    "other_date2",
    "other_date3",
];
const OTHERS: [&str; 7] = ["day", "at", "unique_id", "currency", "original", "earns", "owner"];

fn sale(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<ExampleSale> {
    let table = Table::of(item, "a sale", findings)?;
    let known: Vec<&str> = NUMBERS.iter().chain(&TEXTS).chain(&OTHERS).copied().collect();
    table.only(&known, findings);
    let mut found = ExampleSale { line: findings.line(table.at), ..ExampleSale::default() };
    for name in NUMBERS {
        let value = table.number(name, findings);
        if let Some(slot) = number_slot(&mut found.sale, name) {
            *slot = value;
        }
    }
    for name in TEXTS {
        let value = if name.starts_with("other_date") {
            table.date(name, findings).map(|day| day.to_string())
        } else {
            table.text(name, findings).map(str::to_owned)
        };
        if let Some(slot) = text_slot(&mut found.sale, name) {
            *slot = value;
        }
    }
    if let Some(owner) = table.text("owner", findings) {
        if found.sale.owners[0].is_some() {
            findings.add(table.place("owner"), Code::Conflict, "`owner` is short for `owner1`; give one of them");
        }
        found.sale.owners[0] = Some(owner.to_owned());
    }
    found.day = table.date("day", findings);
    found.at = instant(&table, findings);
    found.unique_id = table.text("unique_id", findings).map(str::to_owned);
    found.sale.currency = currency(&table, findings);
    found.earns = amounts(&table, "earns", findings);
    if let Some(inner) = table.get("original").and_then(|item| Table::of(item, "`original`", findings)) {
        for (column, _, item) in inner.entries() {
            if let Some(cell) = super::reader::text(item, column, findings) {
                found.original.insert(column.to_owned(), cell.to_owned());
            }
        }
    }
    Some(found)
}

fn currency(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Unit> {
    let code = table.text("currency", findings)?;
    let unit = code.parse::<Unit>().ok().filter(|unit| *unit != Unit::POINTS);
    if unit.is_none() {
        findings.add(table.place("currency"), Code::CurrencyUnknown, format!("`{code}` is not an ISO 4217 currency code"));
    }
    unit
}

fn instant(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Timestamp> {
    let item = table.get("at")?;
    let written = match item.get_ref() {
        DeValue::Datetime(at) => at.to_string(),
        DeValue::String(text) => text.to_string(),
        other => {
            findings.wrong_type(item.span().start, "at", "an instant such as 2026-01-31T12:00:00Z", other);
            return None;
        }
    };
    let parsed = written.parse();
    if parsed.is_err() {
        let text = format!("`at` must be an instant such as 2026-01-31T12:00:00Z, not `{written}`; for a whole day use `day`");
        findings.add(item.span().start, Code::BadValue, text);
    }
    parsed.ok()
}

fn number_slot<'a>(sale: &'a mut Sale, name: &str) -> Option<&'a mut Option<Exact>> {
    let [first, second, third] = &mut sale.other_numeric;
    Some(match name {
        "revenue" => &mut sale.revenue,
        "profit" => &mut sale.profit,
        "quantity" => &mut sale.quantity,
        "unit_cost" => &mut sale.unit_cost,
        "tax" => &mut sale.tax,
        "other_numeric1" => first,
        "other_numeric2" => second,
        "other_numeric3" => third,
        _ => return None,
    })
}

fn text_slot<'a>(sale: &'a mut Sale, name: &str) -> Option<&'a mut Option<String>> {
    let place = name.chars().last().and_then(|c| c.to_digit(10)).map(|digit| digit.saturating_sub(1) as usize);
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    Some(match (stem, place) {
        ("status", _) => &mut sale.status,
        ("customer_name", _) => &mut sale.customer_name,
        ("customer_email", _) => &mut sale.customer_email,
        ("customer_code", _) => &mut sale.customer_code,
        ("product_code", _) => &mut sale.product_code,
        ("product_name", _) => &mut sale.product_name,
        ("territory", _) => &mut sale.territory,
        ("coupon", _) => &mut sale.coupon,
        ("owner", Some(place)) => sale.owners.get_mut(place)?,
        ("team", Some(place)) => sale.teams.get_mut(place)?,
        ("other_text", Some(place)) => sale.other_text.get_mut(place)?,
        ("other_date", Some(place)) => sale.other_date.get_mut(place)?,
        _ => return None,
    })
}
