//! Reading rules: trigger, basis, pay. Whom a rule credits is read in `credit`.

use toml::de::DeValue;

use super::credit::{assign, crediting};
use super::finding::Code;
use super::reader::{Findings, Item, Table};
use super::tiers::tiers;
use super::{Accumulate, Basis, Figure, Group, OncePer, Override, OverrideBase, Pay, Rule, Tiers, Trigger};
use crate::condition::nearest::suggestion;
use crate::condition::{Over, Want};

const KEYS: [&str; 19] = [
    "id",
    "label",
    "when",
    "valid_from",
    "valid_until",
    "continues",
    "credit",
    "assign",
    "basis",
    "rate",
    "amount",
    "tiers",
    "override",
    "cap",
    "floor",
    "cap_per_sale",
    "gate",
    "deductible",
    "multiplier",
];

/// A rule whose references to other rules are still names.
pub(super) struct Draft {
    pub(super) rule: Rule,
    /// Names of the rules that an override builds on, with their places; `None` where the document leaves them out.
    pub(super) of: Option<Vec<(String, usize)>>,
    /// Name of the rule whose running total goes on, with its place.
    pub(super) continues: Option<(String, usize)>,
    /// Where the rule starts.
    pub(super) at: usize,
    /// Where its override starts.
    pub(super) override_at: usize,
}

/// Reads one `[[rule]]`.
pub(super) fn rule(item: &Item<'_>, has_quota: bool, findings: &mut Findings<'_>) -> Option<Draft> {
    let table = Table::of(item, "a rule", findings)?;
    table.only(&KEYS, findings);
    let id = match table.text("id", findings) {
        Some(id) if is_name(id) => Some(id.to_owned()),
        Some(_) => {
            findings.add(table.place("id"), Code::BadValue, "`id` is made of letters, digits, `-` and `_`");
            None
        }
        None => {
            if !table.has("id") {
                table.missing("id", "a short name that stays when the label changes", findings);
            }
            None
        }
    };
    let label = table.text("label", findings).map(str::to_owned);
    let (valid_from, valid_until) = validity(&table, findings);
    let over = table.get("override").and_then(|item| Table::of(item, "`override`", findings));
    let asked = if over.is_some() { Over::Override } else { Over::Sale };
    let when = table.get("when").and_then(|item| super::reader::condition_over(item, "when", Want::Truth, asked, findings));
    let (trigger, of, override_at) = match &over {
        Some(over) => {
            let (trigger, of) = override_trigger(over, findings);
            (trigger, of, over.at)
        }
        None => (crediting(&table, findings).map(Trigger::Sale), None, table.at),
    };
    let basis = match &over {
        Some(over) => override_basis(&table, over, findings),
        None => basis(&table, findings),
    };
    let money = basis.as_ref().is_none_or(|basis| matches!(basis, Basis::Revenue | Basis::Profit));
    let pays = pays(&table, over.as_ref(), money, has_quota, findings);
    let cap = limit(&table, "cap", findings);
    let floor = limit(&table, "floor", findings);
    let cap_per_sale = limit(&table, "cap_per_sale", findings);
    let gate = super::settle::percent(&table, "gate", findings);
    if gate.is_some() && !has_quota {
        findings.add(table.place("gate"), Code::QuotaMissing, "`gate` is an attainment and needs a `quota` in the program");
    }
    if let (Some(Figure::Literal(cap)), Some(Figure::Literal(floor))) = (&cap, &floor)
        && cap < floor
    {
        findings.add(table.place("floor"), Code::Conflict, format!("`floor` {floor} is above `cap` {cap}"));
    }
    let kickers = super::settle::kickers(&table, findings);
    let deductible = table.truth("deductible", findings).unwrap_or(true);
    if over.is_some() {
        check_override(&table, pays.as_deref(), findings);
    }
    let credit = match &trigger {
        Some(Trigger::Sale(crediting)) => Some(crediting),
        _ => None,
    };
    let assign = assign(&table, credit, findings);
    let id = id?;
    let label = label.unwrap_or_else(|| id.clone());
    let line = findings.line(table.at);
    let rule = Rule {
        label,
        id,
        line,
        valid_from,
        valid_until,
        continues: None,
        when,
        trigger: trigger?,
        basis: basis?,
        pays: pays?,
        assign,
        cap,
        floor,
        cap_per_sale,
        kickers,
        gate,
        deductible,
    };
    let continues = table.text("continues", findings).map(|name| (name.to_owned(), table.place("continues")));
    Some(Draft { rule, of, continues, at: table.at, override_at })
}

/// What only the sale of an override's base rule can answer is asked there.
fn check_override(table: &Table<'_, '_>, pays: Option<&[Pay]>, findings: &mut Findings<'_>) {
    let by_formula = |pay: &Pay| matches!(pay, Pay::Tiers(Tiers { accumulate: Accumulate::Group(Group::Formula(_)), .. }));
    if pays.is_some_and(|pays| pays.iter().any(by_formula)) {
        findings.add(table.place("tiers"), Code::Conflict, "the tiers of an override group by \"day\", \"week\" or \"month\"");
    }
}

pub(super) fn is_name(id: &str) -> bool {
    !id.is_empty() && id.len() <= 60 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `valid_from` and `valid_until`, which must not be reversed.
pub(super) fn validity(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> (Option<jiff::civil::Date>, Option<jiff::civil::Date>) {
    let from = table.date("valid_from", findings);
    let until = table.date("valid_until", findings);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        findings.add(table.place("valid_until"), Code::ValidityReversed, format!("`valid_until` {until} lies before `valid_from` {from}"));
    }
    (from, until)
}

fn limit(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Figure> {
    let figure = table.figure(key, findings)?;
    if let Figure::Literal(amount) = &figure
        && amount.is_sign_negative()
    {
        findings.add(table.place(key), Code::BadValue, format!("`{key}` must not be negative"));
    }
    Some(figure)
}

fn basis(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Basis> {
    let Some(item) = table.get("basis") else {
        return Some(Basis::Revenue);
    };
    if let DeValue::Table(_) = item.get_ref() {
        let inner = Table::of(item, "`basis`", findings)?;
        inner.only(&["formula"], findings);
        if !inner.has("formula") {
            inner.missing("formula", "a number made of the sale, such as `sale.revenue - sale.tax`", findings);
        }
        return inner.condition("formula", Want::Number, findings).map(Basis::Formula);
    }
    let words = [("revenue", Basis::Revenue), ("profit", Basis::Profit), ("quantity", Basis::Quantity), ("count", Basis::Count)];
    let places: [(&str, usize); 4] = std::array::from_fn(|index| (words[index].0, index));
    let index = table.word("basis", &places, findings)?;
    words.into_iter().nth(index).map(|(_, basis)| basis)
}

fn override_basis(rule: &Table<'_, '_>, over: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Basis> {
    for key in ["basis", "credit"] {
        if rule.has(key) {
            let text = format!("an override takes its `{key}` from the rules it builds on");
            findings.add(rule.place(key), Code::Conflict, text);
        }
    }
    // The basis of an override on sales is that of its rule; it is filled in when the names are resolved.
    over.has("base").then_some(Basis::Revenue)
}

fn override_trigger(over: &Table<'_, '_>, findings: &mut Findings<'_>) -> (Option<Trigger>, Option<Vec<(String, usize)>>) {
    over.only(&["base", "of", "once_per", "levels"], findings);
    if !over.has("base") {
        over.missing("base", "\"sales\" or \"commission\"; 1% of one is not 1% of the other, so none is assumed", findings);
    }
    if !over.has("once_per") {
        over.missing(
            "once_per",
            "\"sale\" or \"credit\": whether a sale shared by two reps counts once or twice for their manager",
            findings,
        );
    }
    let base = over.word("base", &[("sales", OverrideBase::Sales), ("commission", OverrideBase::Commission)], findings);
    let once_per = over.word("once_per", &[("sale", OncePer::Sale), ("credit", OncePer::Credit)], findings);
    let of = over.has("of").then(|| over.texts("of", findings).into_iter().map(|(name, at)| (name.to_owned(), at)).collect());
    let trigger = base.zip(once_per).map(|(base, once_per)| Trigger::Override(Override { base, of: Vec::new(), once_per }));
    (trigger, of)
}

fn pays(
    table: &Table<'_, '_>,
    over: Option<&Table<'_, '_>>,
    money: bool,
    has_quota: bool,
    findings: &mut Findings<'_>,
) -> Option<Vec<Pay>> {
    let levels = over.filter(|over| over.has("levels"));
    let given: Vec<&str> = ["rate", "amount", "tiers"].into_iter().filter(|key| table.has(key)).collect();
    if let Some(over) = levels {
        if !given.is_empty() {
            findings.add(
                table.place(given[0]),
                Code::Conflict,
                format!("the levels of the override have the rates, so `{}` is too much", given[0]),
            );
            return None;
        }
        return override_levels(over, money, findings);
    }
    match given.as_slice() {
        [] => {
            let hint = if over.is_some() { ", or `levels` in the override" } else { "" };
            table.missing("rate", &format!("what the rule pays: `rate = \"5%\"`, `amount = 50` or `tiers`{hint}"), findings);
            None
        }
        ["rate"] => table.rate("rate", money, findings).map(|rate| vec![Pay::Rate(rate)]),
        ["amount"] => table.figure("amount", findings).map(|amount| vec![Pay::Amount(amount)]),
        [_] => {
            let inner = Table::of(table.get("tiers")?, "`tiers`", findings)?;
            tiers(&inner, money, has_quota, findings).map(|tiers| vec![Pay::Tiers(tiers)])
        }
        [_, second, ..] => {
            findings.add(
                table.place(second),
                Code::Conflict,
                format!("a rule has one of `rate`, `amount` and `tiers`; `{second}` is too much"),
            );
            None
        }
    }
}

fn override_levels(over: &Table<'_, '_>, money: bool, findings: &mut Findings<'_>) -> Option<Vec<Pay>> {
    let items = over.list("levels");
    if items.is_empty() || items.len() > 20 {
        findings.add(over.place("levels"), Code::BadValue, "`levels` lists 1 to 20 levels, the direct manager first");
        return None;
    }
    let mut pays = Vec::with_capacity(items.len());
    for item in &items {
        let level = Table::of(item, "a level", findings)?;
        level.only(&["rate"], findings);
        if !level.has("rate") {
            level.missing("rate", "what this level earns, such as \"1%\"", findings);
        }
        pays.extend(level.rate("rate", money, findings).map(Pay::Rate));
    }
    (pays.len() == items.len()).then_some(pays)
}

/// Turns the names in `of` into indices, and settles the basis of each override.
///
/// `written` are the ids of all rules, also of those that could not be read: naming one of them is no further mistake.
pub(super) fn resolve(drafts: Vec<Draft>, written: &[String], findings: &mut Findings<'_>) -> Vec<Rule> {
    let ids: Vec<String> = drafts.iter().map(|draft| draft.rule.id.clone()).collect();
    let bases: Vec<Basis> = drafts.iter().map(|draft| draft.rule.basis.clone()).collect();
    let by_sale: Vec<usize> =
        drafts.iter().enumerate().filter(|(_, draft)| matches!(draft.rule.trigger, Trigger::Sale(_))).map(|(index, _)| index).collect();
    let continues: Vec<_> = drafts.iter().map(|draft| draft.continues.clone()).collect();
    let mut rules = Vec::with_capacity(drafts.len());
    for (index, mut draft) in drafts.into_iter().enumerate() {
        if ids[..index].contains(&draft.rule.id) {
            findings.add(draft.at, Code::DuplicateRule, format!("the rule id `{}` is used twice", draft.rule.id));
        }
        if let Trigger::Override(over) = &mut draft.rule.trigger {
            let base = over.base;
            over.of = match (&draft.of, base) {
                (Some(names), _) => {
                    names.iter().filter_map(|(name, at)| base_rule(name, *at, (&ids, written), &by_sale, findings)).collect()
                }
                (None, OverrideBase::Commission) => by_sale.clone(),
                (None, OverrideBase::Sales) => by_sale.first().copied().into_iter().collect(),
            };
            if over.of.is_empty() && draft.of.as_ref().is_none_or(Vec::is_empty) && written.len() == ids.len() {
                findings.add(draft.override_at, Code::UnknownRule, "the override builds on no rule that credits sales");
            }
            if base == OverrideBase::Sales {
                if over.of.len() > 1 {
                    let text = "an override on sales builds on one rule, or a sale would count once for each of them";
                    findings.add(draft.override_at, Code::Conflict, text);
                }
                if let Some(first) = over.of.first() {
                    draft.rule.basis = bases[*first].clone();
                }
            }
        }
        rules.push(draft.rule);
    }
    super::continues::connect(&mut rules, continues, (&ids, written), findings);
    rules
}

fn base_rule(
    name: &str,
    at: usize,
    (ids, written): (&[String], &[String]),
    by_sale: &[usize],
    findings: &mut Findings<'_>,
) -> Option<usize> {
    match ids.iter().position(|id| id == name) {
        Some(index) if by_sale.contains(&index) => Some(index),
        Some(_) => {
            findings.add(at, Code::Conflict, format!("`{name}` is an override itself; use `levels` for managers of managers"));
            None
        }
        None if written.iter().any(|id| id == name) => None,
        None => {
            findings.add(at, Code::UnknownRule, format!("there is no rule `{name}`{}", suggestion(name, ids.iter().map(String::as_str))));
            None
        }
    }
}
