//! Reading what is withheld, paid in parts, or taken back.

use super::super::Kicker;
use super::super::finding::Code;
use super::super::reader::{Findings, Table, condition_over};
use super::bonus::{id_of, tables};
use super::read::{Known, amount, part, percent_item, whole_number};
use super::{Clawback, Holdback, Instalments, Length, Term, Until};
use crate::condition::{Condition, Over, Want};
use crate::money::Exact;

/// The factors of a rule on single sales.
pub(in crate::program) fn kickers(rule: &Table<'_, '_>, findings: &mut Findings<'_>) -> Vec<Kicker> {
    let mut all = Vec::new();
    for table in tables(rule, "multiplier", findings) {
        table.only(&["label", "when", "factor"], findings);
        if !table.has("factor") {
            table.missing("factor", "what the sale's amount is multiplied with, such as 1.2", findings);
        }
        let when = of_sale(&table, "when", Want::Truth, findings);
        let label = table.text("label", findings).unwrap_or("Multiplier").to_owned();
        if let Some(factor) = amount(&table, "factor", findings) {
            all.push(Kicker { label, when, factor });
        }
    }
    all
}

/// A date that a sale names. It must not depend on the rep: every credit of the sale shares it.
fn sale_date(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Condition> {
    of_sale(table, key, Want::Day, findings)
}

fn of_sale(table: &Table<'_, '_>, key: &str, want: Want, findings: &mut Findings<'_>) -> Option<Condition> {
    let item = table.get(key)?;
    let condition = condition_over(item, key, want, Over::Sale, findings)?;
    if condition.uses_rep() {
        findings.add(item.span().start, Code::Conflict, format!("`{key}` reads the sale only, not `rep` or `var`"));
        return None;
    }
    Some(condition)
}

pub(super) fn holdbacks(root: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Vec<Holdback> {
    let mut used = Vec::new();
    let mut all = Vec::new();
    for table in tables(root, "holdback", findings) {
        table.only(&["id", "label", "of", "share", "until"], findings);
        let id = id_of(&table, &mut used, findings);
        let label = table.text("label", findings).map(str::to_owned);
        for (key, what) in [
            ("share", "the part that is withheld, such as \"20%\""),
            ("until", "`{ periods = 3 }`, `{ days = 90 }`, `{ date = 2026-12-31 }`, `{ day = 'sale.other_date1' }` or `{ when = '…' }`"),
        ] {
            if !table.has(key) {
                table.missing(key, what, findings);
            }
        }
        let rules = known.rules_of(&table, "of", findings);
        let share = part(&table, "share", findings);
        let until = until(&table, findings);
        if let (Some(id), Some(share), Some(until)) = (id, share, until) {
            all.push(Holdback { label: label.unwrap_or_else(|| "Holdback".to_owned()), id, rules, share, until });
        }
    }
    all
}

fn until(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Until> {
    let inner = Table::of(table.get("until")?, "`until`", findings)?;
    inner.only(&["periods", "days", "date", "day", "when"], findings);
    let given: Vec<&str> = ["periods", "days", "date", "day", "when"].into_iter().filter(|key| inner.has(key)).collect();
    match given.as_slice() {
        ["periods"] => whole_number(&inner, "periods", (1, 36), findings).map(Until::Periods),
        ["days"] => whole_number(&inner, "days", (1, 1100), findings).map(Until::Days),
        ["date"] => inner.date("date", findings).map(Until::Date),
        ["day"] => sale_date(&inner, "day", findings).map(Until::Day),
        ["when"] => of_sale(&inner, "when", Want::Truth, findings).map(Until::When),
        _ => {
            findings.add(inner.at, Code::Conflict, "`until` has one of `periods`, `days`, `date`, `day` and `when`");
            None
        }
    }
}

pub(super) fn instalments(root: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Vec<Instalments> {
    let mut used = Vec::new();
    let mut all: Vec<Instalments> = Vec::new();
    for table in tables(root, "instalments", findings) {
        table.only(&["id", "label", "of", "parts", "every"], findings);
        let id = if table.has("id") { id_of(&table, &mut used, findings) } else { Some(format!("instalments-{}", all.len() + 1)) };
        let label = table.text("label", findings).unwrap_or("Instalment").to_owned();
        if !table.has("parts") {
            table.missing("parts", "how many equal parts, or a list of percentages such as [\"50%\", \"50%\"]", findings);
        }
        let rules = known.rules_of(&table, "of", findings);
        for rule in &rules {
            if all.iter().any(|other| other.rules.contains(rule)) {
                findings.add(table.at, Code::Conflict, "a rule is paid by one plan of instalments only");
                break;
            }
        }
        let every = whole_number(&table, "every", (1, 12), findings).unwrap_or(1);
        if let (Some(id), Some(parts)) = (id, parts(&table, findings)) {
            all.push(Instalments { id, label, rules, parts, every });
        }
    }
    all
}

fn parts(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Vec<Exact>> {
    let item = table.get("parts")?;
    if item.get_ref().as_array().is_none() {
        let count = whole_number(table, "parts", (2, 60), findings)?;
        return Some(vec![Exact::ONE; count as usize]);
    }
    let mut shares = Vec::new();
    for item in table.list("parts") {
        shares.push(percent_item(item, "parts", findings)?);
    }
    let sum: Exact = shares.iter().sum();
    if sum != Exact::ONE_HUNDRED || shares.iter().any(Exact::is_sign_negative) {
        findings.add(item.span().start, Code::BadValue, format!("the parts sum to {sum}%, not to 100%"));
        return None;
    }
    Some(shares)
}

pub(super) fn clawbacks(root: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Vec<Clawback> {
    let mut used = Vec::new();
    let mut all = Vec::new();
    for table in tables(root, "clawback", findings) {
        table.only(&["id", "label", "of", "when", "on", "share", "term", "within"], findings);
        let id = id_of(&table, &mut used, findings);
        let label = table.text("label", findings).unwrap_or("Clawback").to_owned();
        if !table.has("on") {
            table.missing("on", "the day on which it is taken back, such as 'sale.other_date1'", findings);
        }
        let rules = known.rules_of(&table, "of", findings);
        let when = of_sale(&table, "when", Want::Truth, findings);
        let on = sale_date(&table, "on", findings);
        let share = if table.has("share") { part(&table, "share", findings) } else { Some(Exact::ONE) };
        let term = term(&table, findings);
        let within = length(&table, "within", &["months", "days"], findings);
        if let (Some(id), Some(on), Some(share)) = (id, on, share) {
            all.push(Clawback { id, label, rules, when, on, share, term, within });
        }
    }
    all
}

fn term(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Term> {
    let inner = Table::of(table.get("term")?, "`term`", findings)?;
    let from = sale_date(&inner, "from", findings);
    let length = length(table, "term", &["months", "days", "from"], findings)?;
    Some(Term { length, from })
}

fn length(table: &Table<'_, '_>, key: &str, keys: &[&str], findings: &mut Findings<'_>) -> Option<Length> {
    let inner = Table::of(table.get(key)?, key, findings)?;
    inner.only(keys, findings);
    match (inner.has("months"), inner.has("days")) {
        (true, false) => whole_number(&inner, "months", (1, 240), findings).map(Length::Months),
        (false, true) => whole_number(&inner, "days", (1, 7300), findings).map(Length::Days),
        _ => {
            findings.add(inner.at, Code::Conflict, format!("`{key}` has `months` or `days`"));
            None
        }
    }
}
