//! Reading what attainment measures, and against which quota.

use toml::de::DeValue;

use super::finding::Code;
use super::reader::{Findings, Item, Table, text};
use super::{Counted, Figure, Metric, Quota, QuotaAmount, QuotaLength, Rule, Trigger};
use crate::condition::nearest::suggestion;
use crate::condition::{Over, Want};
use crate::money::Exact;

/// Reads `quota`. The rules that count are read with the attainment.
pub(super) fn quota(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Quota> {
    let item = table.get("quota")?;
    let at = item.span().start;
    let mut per = QuotaLength::Period;
    let (mut ramp, mut to_date) = (Vec::new(), None);
    let amount = if let DeValue::Table(_) = item.get_ref() {
        let inner = Table::of(item, "`quota`", findings)?;
        inner.only(&["amount", "variable", "formula", "of", "per", "counts", "ramp", "against"], findings);
        to_date = inner.word("against", &[("to_date", true), ("span", false)], findings);
        ramp = inner.list("ramp").into_iter().filter_map(|item| super::settle::percent_item(item, "ramp", findings)).collect();
        if inner.has("ramp")
            && !inner.has("variable")
            && !matches!(inner.get("amount").map(toml::Spanned::get_ref), Some(DeValue::Table(_)))
        {
            let text = "a ramp begins with the day from which the quota's variable holds, so the quota is a `variable`";
            findings.add(inner.place("ramp"), Code::Conflict, text);
        }
        per = inner.word("per", &[("period", QuotaLength::Period), ("year", QuotaLength::Year)], findings).unwrap_or(per);
        if let Some(item) = inner.get("formula") {
            if inner.has("amount") || inner.has("variable") {
                let text = "a quota has an `amount`, a `variable` or a `formula`, one of them";
                findings.add(inner.place("formula"), Code::Conflict, text);
            }
            let formula = super::reader::condition_over(item, "formula", Want::Number, Over::Person, findings)?;
            return Some(Quota { amount: QuotaAmount::Formula(formula), per, ramp, to_date });
        }
        match (inner.figure("amount", findings), inner.has("variable")) {
            (Some(_), true) => {
                findings.add(inner.place("variable"), Code::Conflict, "a quota has an `amount` or a `variable`, not both");
                None
            }
            (Some(amount), false) => Some(amount),
            (None, true) => super::variables::named(&inner, findings),
            (None, false) => {
                if !inner.has("amount") {
                    inner.missing("amount", "a number, `variable` with the name of the reps' variable, or `formula`", findings);
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
    Some(Quota { amount: QuotaAmount::Figure(amount), per, ramp, to_date })
}

/// Reads what counts as attainment, from `attainment` or the older place `quota`, and what is measured of it.
pub(super) fn measure(
    table: &Table<'_, '_>,
    (rules, written): (&[Rule], &[String]),
    findings: &mut Findings<'_>,
) -> (Vec<Counted>, Metric) {
    let first = if rules.is_empty() { Vec::new() } else { vec![Counted { rule: 0, weight: Exact::ONE }] };
    let inner = |key: &str| table.get(key).filter(|item| matches!(item.get_ref(), DeValue::Table(_)));
    let in_quota = inner("quota").and_then(|item| Table::of(item, "`quota`", findings)).filter(|quota| quota.has("counts"));
    let attainment = table.get("attainment").and_then(|item| Table::of(item, "`attainment`", findings));
    if let Some(attainment) = &attainment {
        attainment.only(&["counts", "metric"], findings);
        if attainment.has("counts") && in_quota.is_some() {
            findings.add(attainment.place("counts"), Code::Conflict, "`counts` stands in `attainment` or in `quota`, not in both");
        }
    }
    let words = [("value", Metric::Value), ("rank", Metric::Rank), ("increase", Metric::Increase)];
    let metric = attainment.as_ref().and_then(|attainment| attainment.word("metric", &words, findings)).unwrap_or_default();
    let holder = attainment.filter(|attainment| attainment.has("counts")).or(in_quota);
    let mut counts = match holder {
        Some(holder) => counted(&holder, (rules, written), findings),
        None => first,
    };
    // What continues a counted rule counts like it.
    for (index, rule) in rules.iter().enumerate() {
        let before = rule.continues.and_then(|before| counts.iter().find(|counted| counted.rule == before).copied());
        if let Some(before) = before.filter(|_| counts.iter().all(|counted| counted.rule != index)) {
            counts.push(Counted { rule: index, ..before });
        }
    }
    check_units(&counts, rules, table, findings);
    (counts, metric)
}

fn counted(holder: &Table<'_, '_>, (rules, written): (&[Rule], &[String]), findings: &mut Findings<'_>) -> Vec<Counted> {
    let mut all: Vec<Counted> = Vec::new();
    for item in holder.list("counts") {
        let Some((name, at, weight)) = entry(item, findings) else { continue };
        match rules.iter().position(|rule| rule.id == name) {
            Some(rule) if all.iter().any(|counted| counted.rule == rule) => {
                findings.add(at, Code::Conflict, format!("`{name}` is counted twice"));
            }
            Some(rule) => all.push(Counted { rule, weight }),
            None if written.contains(&name) => {}
            None => {
                let hint = suggestion(&name, rules.iter().map(|rule| rule.id.as_str()));
                findings.add(at, Code::UnknownRule, format!("there is no rule `{name}`{hint}"));
            }
        }
    }
    all.sort_by_key(|counted| counted.rule);
    all
}

/// The id of a rule, or `{ rule = "id", weight = 2 }`.
fn entry(item: &Item<'_>, findings: &mut Findings<'_>) -> Option<(String, usize, Exact)> {
    let at = item.span().start;
    if let DeValue::Table(_) = item.get_ref() {
        let table = Table::of(item, "`counts`", findings)?;
        table.only(&["rule", "weight"], findings);
        if !table.has("rule") {
            table.missing("rule", "the id of a rule", findings);
        }
        let weight = table.number("weight", findings);
        if weight.is_some_and(|weight| weight.is_zero()) {
            findings.add(table.place("weight"), Code::BadValue, "a `weight` of 0 counts nothing: leave the rule out");
        }
        return Some((table.text("rule", findings)?.to_owned(), at, weight.unwrap_or(Exact::ONE)));
    }
    Some((text(item, "counts", findings)?.to_owned(), at, Exact::ONE))
}

/// Nothing that is counted may depend on what is paid: a commission counted beside sales is a slip.
fn check_units(counts: &[Counted], rules: &[Rule], table: &Table<'_, '_>, findings: &mut Findings<'_>) {
    if counts.len() < 2 {
        return;
    }
    let on_commission = |rule: &Rule| matches!(&rule.trigger, Trigger::Override(over) if over.base == super::OverrideBase::Commission);
    if counts.iter().any(|counted| rules.get(counted.rule).is_some_and(on_commission)) {
        let at = if table.has("attainment") { table.place("attainment") } else { table.place("quota") };
        findings.add(at, Code::Conflict, "an attainment of several measures counts rules that credit sales, not commission");
    }
}
