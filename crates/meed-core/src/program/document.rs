//! Reading a whole document.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::finding::{Code, Finding};
use super::reader::{Findings, Item, Table};
use super::rules::{Draft, resolve, rule, validity};
use super::{Figure, Kind, Program, Quota, QuotaLength, Rule, Targets, example, settle};
use crate::condition::nearest::suggestion;
use crate::money::{Exact, Rounding, Unit};
use crate::period::Cadence;

/// Largest document in bytes, and the most rules in it.
const MAX_BYTES: usize = 1 << 20;
const MAX_RULES: usize = 200;
/// A sale keeps one bit for each override that has a condition.
const MAX_CONDITIONAL_OVERRIDES: usize = 64;

const KEYS: [&str; 13] = [
    "kind",
    "name",
    "description",
    "currency",
    "period",
    "valid_from",
    "valid_until",
    "rounding",
    "targets",
    "quota",
    "variables",
    "rule",
    "test",
];

/// Everything above the rules.
struct Head {
    kind: Option<Kind>,
    name: Option<String>,
    currency: Option<Unit>,
    cadence: Option<Cadence>,
    rounding: Rounding,
}

pub(super) fn parse(text: &str) -> Result<Program, Vec<Finding>> {
    let mut findings = Findings::new(text);
    if text.len() > MAX_BYTES {
        findings.add(0, Code::TooLarge, format!("the document is larger than {MAX_BYTES} bytes"));
        return Err(findings.finish());
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        findings.add(at, Code::Syntax, format!("not TOML: {}", error.message()));
    }
    if !errors.is_empty() {
        return Err(findings.finish());
    }
    let table = Table::new(root.get_ref(), 0, "the document");
    let known: Vec<&str> = KEYS.iter().chain(&settle::KEYS).copied().collect();
    table.only(&known, &mut findings);
    let head = head(&table, &mut findings);
    let (valid_from, valid_until) = validity(&table, &mut findings);
    let targets = targets(&table, &mut findings);
    let variables = variables(&table, &mut findings);
    let drafts = drafts(&table, &mut findings);
    let written = written_ids(&table);
    let rules = resolve(drafts, &written, &mut findings);
    let conditional = rules.iter().filter(|rule| rule.when.is_some() && matches!(rule.trigger, super::Trigger::Override(_))).count();
    if conditional > MAX_CONDITIONAL_OVERRIDES {
        findings.add(0, Code::TooLarge, format!("a document has at most {MAX_CONDITIONAL_OVERRIDES} overrides with a condition"));
    }
    let quota = quota(&table, (&rules, &written), &mut findings);
    let settle = settle::settle(&table, (&rules, &written), &mut findings);
    let examples = example::examples(&table, &mut findings);
    let description = table.text("description", &mut findings).map(str::to_owned);
    let Head { kind, name, currency, cadence, rounding } = head;
    match (kind, name, currency, cadence) {
        (Some(kind), Some(name), Some(currency), Some(cadence)) if findings.is_empty() => Ok(Program {
            kind,
            name,
            description,
            currency,
            cadence,
            valid_from,
            valid_until,
            rounding,
            targets,
            quota,
            variables,
            rules,
            settle,
            examples,
        }),
        _ => Err(findings.finish()),
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
        table.missing("period", "\"monthly\" or \"quarterly\"", findings);
    }
    let cadence = table.word("period", &[("monthly", Cadence::Monthly), ("quarterly", Cadence::Quarterly)], findings);
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

fn variables(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> BTreeMap<String, Exact> {
    let Some(inner) = table.get("variables").and_then(|item| Table::of(item, "`variables`", findings)) else {
        return BTreeMap::new();
    };
    inner
        .entries()
        .into_iter()
        .filter_map(|(name, _, item)| Some((name.to_owned(), super::reader::number(item, name, findings)?)))
        .collect()
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

fn quota(table: &Table<'_, '_>, (rules, written): (&[Rule], &[String]), findings: &mut Findings<'_>) -> Option<Quota> {
    let item = table.get("quota")?;
    let at = item.span().start;
    let mut per = QuotaLength::Period;
    let mut counts = if rules.is_empty() { Vec::new() } else { vec![0] };
    let amount = if let DeValue::Table(_) = item.get_ref() {
        let inner = Table::of(item, "`quota`", findings)?;
        inner.only(&["amount", "variable", "per", "counts"], findings);
        per = inner.word("per", &[("period", QuotaLength::Period), ("year", QuotaLength::Year)], findings).unwrap_or(per);
        if inner.has("counts") {
            counts = counted(&inner, (rules, written), findings);
        }
        match (inner.figure("amount", findings), inner.text("variable", findings)) {
            (Some(_), Some(_)) => {
                findings.add(inner.place("variable"), Code::Conflict, "a quota has an `amount` or a `variable`, not both");
                None
            }
            (Some(amount), None) => Some(amount),
            (None, Some(name)) => Some(Figure::Variable(name.to_owned())),
            (None, None) => {
                if !inner.has("amount") && !inner.has("variable") {
                    inner.missing("amount", "a number, or `variable` with the name of the reps' variable", findings);
                }
                None
            }
        }
    } else {
        super::reader::number(item, "quota", findings).map(Figure::Literal)
    }?;
    if let Figure::Literal(number) = &amount
        && *number <= Exact::ZERO
    {
        findings.add(at, Code::QuotaNotPositive, "a quota must be more than 0");
    }
    Some(Quota { amount, per, counts })
}

fn counted(quota: &Table<'_, '_>, (rules, written): (&[Rule], &[String]), findings: &mut Findings<'_>) -> Vec<usize> {
    let mut indices = Vec::new();
    for (name, at) in quota.texts("counts", findings) {
        match rules.iter().position(|rule| rule.id == name) {
            Some(index) => indices.push(index),
            None if written.iter().any(|id| id == name) => {}
            None => {
                let hint = suggestion(name, rules.iter().map(|rule| rule.id.as_str()));
                findings.add(at, Code::UnknownRule, format!("there is no rule `{name}`{hint}"));
            }
        }
    }
    indices.sort_unstable();
    indices.dedup();
    indices
}
