//! Reading a whole document.

use toml::de::DeValue;

use super::finding::{Code, Finding};
use super::measure::{measure, quota};
use super::reader::{DOCUMENT, Findings, Item, Table};
use super::rules::{Draft, resolve, rule, validity};
use super::variables::variables;
use super::{Kind, Program, Targets, example, exchange, settle};
use crate::money::{Rounding, Unit};
use crate::period::Cadence;

/// Largest document in bytes, and the most rules in it.
const MAX_BYTES: usize = 1 << 20;
const MAX_RULES: usize = 200;
/// A sale keeps one bit for each override that has a condition.
const MAX_CONDITIONAL_OVERRIDES: usize = 64;

const KEYS: [&str; 16] = [
    "kind",
    "name",
    "description",
    "currency",
    "period",
    "exchange",
    "valid_from",
    "valid_until",
    "rounding",
    "targets",
    "enrollment",
    "quota",
    "attainment",
    "variables",
    "rule",
    "test",
];

/// Whether a name is a key of the document itself.
pub(super) fn is_key(name: &str) -> bool {
    KEYS.iter().chain(&settle::KEYS).any(|key| *key == name)
}

/// Everything above the rules.
struct Head {
    kind: Option<Kind>,
    name: Option<String>,
    currency: Option<Unit>,
    cadence: Option<Cadence>,
    rounding: Rounding,
}

pub(super) fn parse(text: &str) -> Result<Program, Vec<Finding>> {
    let (root, mut findings) = Findings::read(text, MAX_BYTES)?;
    let table = Table::new(root.get_ref(), 0, DOCUMENT);
    let known: Vec<&str> = KEYS.iter().chain(&settle::KEYS).copied().collect();
    table.only(&known, &mut findings);
    let head = head(&table, &mut findings);
    let (valid_from, valid_until) = validity(&table, &mut findings);
    let targets = targets(&table, &mut findings);
    let requires_enrollment = enrollment(&table, &mut findings);
    let variables = variables(&table, "variables", &mut findings);
    let drafts = drafts(&table, &mut findings);
    let written = written_ids(&table);
    let rules = resolve(drafts, &written, &mut findings);
    let conditional = rules.iter().filter(|rule| rule.when.is_some() && matches!(rule.trigger, super::Trigger::Override(_))).count();
    if conditional > MAX_CONDITIONAL_OVERRIDES {
        findings.add(0, Code::TooLarge, format!("a document has at most {MAX_CONDITIONAL_OVERRIDES} overrides with a condition"));
    }
    let quota = quota(&table, &mut findings);
    let (counts, metric) = measure(&table, (&rules, &written), &mut findings);
    let settle = settle::settle(&table, (&rules, &written), &mut findings);
    let exchange = exchange::exchange(&table, head.currency, &mut findings);
    check_spans(&table, head.cadence, &settle, &mut findings);
    let examples = example::examples(&table, (head.currency, &targets), &mut findings);
    let description = table.text("description", &mut findings).map(str::to_owned);
    let Head { kind, name, currency, cadence, rounding } = head;
    match (kind, name, currency, cadence) {
        (Some(kind), Some(name), Some(currency), Some(cadence)) if findings.is_empty() => Ok(Program {
            kind,
            name,
            description,
            currency,
            cadence,
            exchange,
            valid_from,
            valid_until,
            rounding,
            targets,
            quota,
            counts,
            metric,
            requires_enrollment,
            variables,
            rules,
            settle,
            examples,
            warnings: findings.warnings(),
        }),
        _ => Err(findings.finish()),
    }
}

/// A span that is measured or deducted over holds whole periods.
fn check_spans(table: &Table<'_, '_>, cadence: Option<Cadence>, settle: &super::Settle, findings: &mut Findings<'_>) {
    let Some(cadence) = cadence else { return };
    for (key, span) in [("measure_from", settle.measure), ("deduct", settle.deduct.as_ref().map(|deduct| deduct.from))] {
        if span.is_some_and(|span| span.months() < i64::from(cadence.months())) {
            findings.add(table.place(key), Code::Conflict, format!("`{key}` is shorter than a period of the plan"));
        }
    }
}

fn head(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Head {
    let kind = if table.has("kind") { table.word("kind", &[("commission", Kind::Commission)], findings) } else { Some(Kind::Commission) };
    let name = table.text("name", findings).map(str::trim);
    match name {
        Some("") => findings.add(table.place("name"), Code::BadValue, "`name` is empty"),
        None if !table.has("name") => table.missing("name", "the name that people see", findings),
        _ => {}
    }
    if !table.has("currency") {
        table.missing("currency", "a code such as \"USD\"", findings);
    }
    let currency = table.text("currency", findings).and_then(|code| match code.parse::<Unit>() {
        Ok(unit) if unit != Unit::POINTS => Some(unit),
        _ => {
            findings.add(table.place("currency"), Code::CurrencyUnknown, format!("`{code}` is not an ISO 4217 currency code"));
            None
        }
    });
    if !table.has("period") {
        table.missing("period", "\"monthly\", \"quarterly\", \"half_yearly\" or \"yearly\"", findings);
    }
    let cadence = table.word("period", &Cadence::ALL.map(|cadence| (cadence.name(), cadence)), findings);
    let modes = [("half_up", Rounding::HalfUp), ("half_even", Rounding::HalfEven), ("down", Rounding::Down), ("up", Rounding::Up)];
    let rounding = table.word("rounding", &modes, findings).unwrap_or_default();
    Head { kind, name: name.map(str::to_owned), currency, cadence, rounding }
}

fn targets(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Targets {
    let everybody = Targets { everybody: true, ..Targets::default() };
    let Some(item) = table.get("targets") else { return everybody };
    if let DeValue::String(word) = item.get_ref() {
        if word.as_ref() != "everybody" {
            findings.add(item.span().start, Code::BadValue, "`targets` is \"everybody\", or a table with `reps`, `tags` or `teams`");
        }
        return everybody;
    }
    let Some(inner) = Table::of(item, "`targets`", findings) else { return everybody };
    inner.only(&["everybody", "reps", "tags", "teams"], findings);
    let names = |key: &str, findings: &mut Findings<'_>| {
        inner.texts(key, findings).into_iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let all = inner.truth("everybody", findings) == Some(true);
    let targets = Targets { everybody: all, reps: names("reps", findings), tags: names("tags", findings), teams: names("teams", findings) };
    let lists = !(targets.reps.is_empty() && targets.tags.is_empty() && targets.teams.is_empty());
    if all && lists {
        findings.add(inner.at, Code::Conflict, "`everybody` and a list exclude each other");
    }
    if !all && !lists {
        findings.add(inner.at, Code::MissingKey, "`targets` names nobody: give `reps`, `tags` or `teams`, or leave it out for everybody");
    }
    targets
}

/// Whether reps must have enrolled.
fn enrollment(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> bool {
    table.word("enrollment", &[("required", true), ("not_required", false)], findings).unwrap_or(false)
}

fn tables<'a, 'd>(table: &Table<'a, 'd>, key: &str, findings: &mut Findings<'_>) -> Vec<&'a Item<'d>> {
    match table.get(key).map(|item| (item, item.get_ref())) {
        Some((_, DeValue::Array(items))) => items.iter().collect(),
        Some((item, other)) => {
            let text = format!(
                "`{key}` is written with double brackets: [[{key}]], not {}",
                if matches!(other, DeValue::Table(_)) { "a single table" } else { "a value" }
            );
            findings.add(item.span().start, Code::WrongType, text);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// The ids of all rules that have one, whatever else is wrong with them.
fn written_ids(table: &Table<'_, '_>) -> Vec<String> {
    let id = |item: &Item<'_>| item.get_ref().as_table()?.get("id")?.get_ref().as_str().map(str::to_owned);
    table.list("rule").into_iter().filter_map(id).collect()
}

fn drafts(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Vec<Draft> {
    if !table.has("rule") {
        findings.add(0, Code::NoRules, "the document has no rule: add at least one [[rule]]");
    }
    let items = tables(table, "rule", findings);
    if items.len() > MAX_RULES {
        findings.add(table.place("rule"), Code::TooLarge, format!("a document has at most {MAX_RULES} rules"));
        return Vec::new();
    }
    let has_quota = table.has("quota");
    items.into_iter().filter_map(|item| rule(item, has_quota, findings)).collect()
}
