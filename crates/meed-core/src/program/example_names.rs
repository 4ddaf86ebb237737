//! What an example names must be there: people and sales that nobody knows are left out without a word when it is run, and
//! a slip of the pen would pass for a result.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::Targets;
use super::example::{Example, ExampleSale};
use super::finding::Code;
use super::reader::{Findings, Table};
use crate::condition::nearest::suggestion;
use crate::people::fold_alias;
use crate::period::Period;
use crate::sale::split_owners;

/// Keys whose value is a table by name.
const BY_NAME: [&str; 7] = ["expect", "attainment", "owed", "withheld", "lines", "in_currency", "other_plans"];

/// Looks at the names, the circles and the order of the periods of an example.
pub(super) fn check(table: &Table<'_, '_>, example: &Example, targets: &Targets, findings: &mut Findings<'_>) {
    let known = Known::new(example, targets);
    let of_test = table.entries().into_iter().filter(|(key, ..)| BY_NAME.contains(key) || *key == "previous");
    for (key, _, item) in of_test {
        known.check_keys(key, item, findings);
    }
    known.check_sales(table, findings);
    let mut sales: Vec<&str> = Vec::new();
    for (item, period) in table.list("periods").into_iter().zip(&example.periods) {
        sales.extend(period.sales.iter().filter_map(|sale| sale.unique_id.as_deref()));
        let Some(inner) = Table::of(item, "a period", findings) else { continue };
        for key in BY_NAME {
            if let Some(item) = inner.get(key) {
                known.check_keys(key, item, findings);
            }
        }
        known.check_sales(&inner, findings);
        known.check_adjustments(&inner, &sales, findings);
    }
    check_order(table, example, findings);
    check_late(table, example, findings);
    check_circles(table, example, findings);
}

/// The names of people and teams that an example has, folded.
struct Known {
    names: Vec<String>,
    /// The people are listed, so nobody else is made up.
    listed: bool,
}

impl Known {
    fn new(example: &Example, targets: &Targets) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for rep in &example.reps {
            names.push(&rep.name);
            names.extend(rep.aliases.iter().chain(rep.manager.as_ref()).map(String::as_str));
            names.extend(rep.teams.iter().map(|held| held.team.as_str()));
        }
        for team in &example.teams {
            names.push(&team.name);
            names.extend(team.aliases.iter().chain(&team.manager).chain(&team.parent).map(String::as_str));
        }
        let sales: Vec<&ExampleSale> = example.sales.iter().chain(example.periods.iter().flat_map(|period| &period.sales)).collect();
        names.extend(sales.iter().flat_map(|sale| sale.sale.owners.iter().flatten()).flat_map(|owner| split_owners(owner)));
        names.extend(sales.iter().flat_map(|sale| sale.sale.teams.iter().chain([&sale.sale.territory]).flatten()).map(String::as_str));
        names.extend(targets.reps.iter().chain(&targets.teams).map(String::as_str));
        Self { names: names.into_iter().map(fold_alias).collect(), listed: !example.reps.is_empty() }
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(&fold_alias(name))
    }

    fn unknown(&self, name: &str) -> String {
        let hint = suggestion(&fold_alias(name), self.names.iter().map(String::as_str));
        format!("nobody in this test is called `{name}`{hint}")
    }

    /// The keys of a table by name. Where the people are not listed, who earns nothing may stand nowhere else.
    fn check_keys(&self, key: &str, item: &super::reader::Item<'_>, findings: &mut Findings<'_>) {
        if !self.listed {
            return;
        }
        let Some(inner) = item.get_ref().as_table().map(|entries| Table::new(entries, item.span().start, key)) else { return };
        for (name, at, _) in inner.entries() {
            if !self.has(name) {
                findings.add(at, Code::UnknownName, self.unknown(name));
            }
        }
    }

    fn check_sales(&self, table: &Table<'_, '_>, findings: &mut Findings<'_>) {
        for item in table.list("sales") {
            let earns = item.get_ref().as_table().and_then(|sale| sale.get("earns"));
            if let Some(earns) = earns {
                self.check_keys("earns", earns, findings);
            }
        }
    }

    /// An adjustment is of somebody, and of a sale that came in by then.
    fn check_adjustments(&self, table: &Table<'_, '_>, sales: &[&str], findings: &mut Findings<'_>) {
        for item in table.list("adjust") {
            let Some(entries) = item.get_ref().as_table() else { continue };
            let inner = Table::new(entries, item.span().start, "an adjustment");
            let value = |key: &str| inner.get(key).and_then(|item| item.get_ref().as_str());
            if let Some(rep) = value("rep").filter(|rep| !self.has(rep)) {
                findings.add(inner.place("rep"), Code::UnknownName, self.unknown(rep));
            }
            if let Some(sale) = value("sale").filter(|sale| !sales.contains(sale)) {
                let hint = suggestion(sale, sales.iter().copied());
                let text = format!("no sale of this test has the `unique_id` `{sale}` by then{hint}");
                findings.add(inner.place("sale"), Code::UnknownName, text);
            }
        }
    }
}

/// Periods are calculated one after another, each after those before it were released.
fn check_order(table: &Table<'_, '_>, example: &Example, findings: &mut Findings<'_>) {
    let mut before: Option<Period> = None;
    for (item, step) in table.list("periods").into_iter().zip(&example.periods) {
        let Some(period) = step.period.as_deref().and_then(|label| Period::parse(label, &TimeZone::UTC).ok()) else { continue };
        if let Some(before) = before.as_ref().filter(|before| before.first_day() >= period.first_day()) {
            let text = format!("{} stands after {}: write the periods in their order, each once", period.label(), before.label());
            let at = item.get_ref().as_table().and_then(|inner| inner.get("period")).map_or(item.span().start, |label| label.span().start);
            findings.add(at, Code::PeriodOrder, text);
        }
        before = Some(period);
    }
}

/// Warns of sales after the last period: no period of the test counts them.
fn check_late(table: &Table<'_, '_>, example: &Example, findings: &mut Findings<'_>) {
    let steps = table.list("periods");
    let labels = example.period.iter().chain(example.periods.iter().filter_map(|period| period.period.as_ref()));
    let last = labels.filter_map(|label| Period::parse(label, &TimeZone::UTC).ok()).map(|period| period.last_day()).max();
    let is_labelled = if steps.is_empty() { example.period.is_some() } else { example.periods.iter().all(|step| step.period.is_some()) };
    let Some(last) = last.filter(|_| is_labelled) else { return };
    let inner = steps.iter().filter_map(|item| item.get_ref().as_table()).map(|entries| Table::new(entries, table.at, "a period"));
    let lists = std::iter::once(*table).chain(inner).flat_map(|table| table.list("sales"));
    for item in lists {
        let Some(day) = item.get_ref().as_table().and_then(|sale| sale.get("day")) else { continue };
        let text = match day.get_ref() {
            toml::de::DeValue::Datetime(day) => day.to_string(),
            toml::de::DeValue::String(day) => day.to_string(),
            _ => continue,
        };
        if text.parse::<jiff::civil::Date>().is_ok_and(|day| day > last) {
            let said = format!("this sale of {text} lies after the last period of the test, which ends on {last}: nothing counts it");
            findings.warn(day.span().start, Code::PeriodOrder, said);
        }
    }
}

/// Nobody stands above their own manager, and no team below itself.
fn check_circles(table: &Table<'_, '_>, example: &Example, findings: &mut Findings<'_>) {
    let managers = example.reps.iter().filter_map(|rep| Some((fold_alias(&rep.name), fold_alias(rep.manager.as_ref()?))));
    let parents = example.teams.iter().filter_map(|team| Some((fold_alias(&team.name), fold_alias(team.parent.as_ref()?))));
    for (key, above, said) in [
        ("reps", managers.collect::<BTreeMap<_, _>>(), "stands above their own manager"),
        ("teams", parents.collect::<BTreeMap<_, _>>(), "stands below itself"),
    ] {
        let circle = above.keys().find(|name| {
            let mut next = above.get(*name);
            // As many steps as there are names lead round every circle.
            for _ in 0..above.len() {
                match next {
                    Some(found) if found == *name => return true,
                    Some(found) => next = above.get(found),
                    None => return false,
                }
            }
            false
        });
        if let Some(name) = circle {
            findings.add(table.place(key), Code::Circle, format!("`{name}` {said}"));
        }
    }
}
