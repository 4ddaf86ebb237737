//! Reading bonuses, payout curves and multipliers.

use super::super::finding::Code;
use super::super::reader::{Findings, Item, Table};
use super::read::{Known, amount, percent, percent_item};
use super::{Bonus, BonusPay, Curve, Factor, Multiplier};
use crate::condition::Want;
use crate::money::Exact;

/// Most bonuses and multipliers of a document.
const MAX: usize = 100;

/// The tables of `[[key]]`.
pub(super) fn tables<'a, 'd>(root: &Table<'a, 'd>, key: &'a str, findings: &mut Findings<'_>) -> Vec<Table<'a, 'd>> {
    let items: Vec<&'a Item<'d>> = root.list(key);
    if items.len() > MAX {
        findings.add(root.place(key), Code::TooLarge, format!("a document has at most {MAX} of `{key}`"));
        return Vec::new();
    }
    items.into_iter().filter_map(|item| Table::of(item, key, findings)).collect()
}

/// A stable id; findings where it is missing, used before, or no name.
pub(super) fn id_of(table: &Table<'_, '_>, used: &mut Vec<String>, findings: &mut Findings<'_>) -> Option<String> {
    let Some(id) = table.text("id", findings) else {
        if !table.has("id") {
            table.missing("id", "a stable name of letters, digits, `-` and `_`", findings);
        }
        return None;
    };
    if !super::super::rules::is_name(id) {
        findings.add(table.place("id"), Code::BadValue, format!("`{id}` is not a name of letters, digits, `-` and `_`"));
        return None;
    }
    if used.iter().any(|other| other == id) {
        findings.add(table.place("id"), Code::DuplicateRule, format!("the id `{id}` is used twice"));
    }
    used.push(id.to_owned());
    Some(id.to_owned())
}

pub(super) fn bonuses(root: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Vec<Bonus> {
    let mut used: Vec<String> = known.rules.iter().map(|rule| rule.id.clone()).collect();
    let mut all = Vec::new();
    for table in tables(root, "bonus", findings) {
        table.only(&["id", "label", "at", "when", "amount", "formula", "curve", "ranks", "cap", "deductible"], findings);
        let id = id_of(&table, &mut used, findings);
        let label = table.text("label", findings).map(str::to_owned);
        let at = percent(&table, "at", findings);
        if at.is_some() {
            known.need_quota(&table, "at", findings);
        }
        let when = known.result(&table, "when", Want::Truth, findings);
        let pays = bonus_pay(&table, known, findings);
        let cap = amount(&table, "cap", findings);
        let deductible = table.truth("deductible", findings).unwrap_or(true);
        if let (Some(id), Some(pays)) = (id, pays) {
            let line = findings.line(table.at);
            all.push(Bonus { label: label.unwrap_or_else(|| id.clone()), id, line, at, when, pays, cap, deductible });
        }
    }
    all
}

fn bonus_pay(table: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Option<BonusPay> {
    let given: Vec<&str> = ["amount", "formula", "curve", "ranks"].into_iter().filter(|key| table.has(key)).collect();
    match given.as_slice() {
        [] => {
            table.missing("amount", "what it pays: `amount`, `formula`, `curve` or `ranks`", findings);
            None
        }
        ["amount"] => table.figure("amount", findings).map(BonusPay::Amount),
        ["formula"] => known.result(table, "formula", Want::Number, findings).map(BonusPay::Formula),
        ["curve"] => curve(&Table::of(table.get("curve")?, "`curve`", findings)?, known, findings).map(BonusPay::Curve),
        [_] => {
            let items = table.list("ranks");
            let ranks: Vec<_> = items.iter().filter_map(|item| super::super::reader::figure(item, "ranks", findings)).collect();
            if items.is_empty() {
                findings.add(table.place("ranks"), Code::BadValue, "`ranks` lists amounts: for the first, the second, …");
            }
            (!ranks.is_empty()).then_some(BonusPay::Ranks(ranks))
        }
        [_, second, ..] => {
            let text = format!("a bonus has one of `amount`, `formula`, `curve` and `ranks`; `{second}` is too much");
            findings.add(table.place(second), Code::Conflict, text);
            None
        }
    }
}

fn curve(table: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Option<Curve> {
    table.only(&["target", "of", "threshold", "start", "accelerator", "points", "beyond", "step", "cap", "cap_percent"], findings);
    if !table.has("target") {
        table.missing("target", "the bonus at 100% attainment", findings);
    }
    let of = known.result(table, "of", Want::Number, findings);
    if !table.has("of") {
        known.need_quota(table, "target", findings);
    }
    let step = percent(table, "step", findings);
    if step.is_some_and(|step| step <= Exact::ZERO) {
        findings.add(table.place("step"), Code::BadValue, "`step` must be more than 0%");
    }
    let (points, beyond) = if table.has("points") { by_points(table, findings)? } else { by_threshold(table, findings)? };
    let cap_percent = percent(table, "cap_percent", findings);
    let cap = amount(table, "cap", findings);
    Some(Curve { target: table.figure("target", findings)?, of, points, beyond, step, cap, cap_percent })
}

/// Threshold, 100 %, and a multiplier on the excess (`commissions.md` §4.4).
fn by_threshold(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<(Vec<(Exact, Exact)>, Exact)> {
    if table.has("beyond") {
        findings.add(table.place("beyond"), Code::Conflict, "`beyond` belongs to `points`; above 100% write `accelerator`");
    }
    let threshold = percent(table, "threshold", findings).unwrap_or(Exact::ZERO);
    if threshold.is_sign_negative() || threshold >= Exact::ONE_HUNDRED {
        findings.add(table.place("threshold"), Code::BadValue, "`threshold` lies from 0% to below 100%");
        return None;
    }
    let start = percent(table, "start", findings).unwrap_or(Exact::ZERO);
    if !table.has("accelerator") {
        let what = "what each percent above 100% adds, in percents of the target: 1 goes on as before, 2 twice as steep, 0 stops";
        table.missing("accelerator", what, findings);
    }
    let accelerator = table.number("accelerator", findings)?;
    if accelerator.is_sign_negative() {
        findings.add(table.place("accelerator"), Code::BadValue, "`accelerator` must not be negative");
    }
    Some((vec![(threshold, start), (Exact::ONE_HUNDRED, Exact::ONE_HUNDRED)], accelerator))
}

fn by_points(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<(Vec<(Exact, Exact)>, Exact)> {
    for key in ["threshold", "start", "accelerator"] {
        if table.has(key) {
            findings.add(
                table.place(key),
                Code::Conflict,
                format!("`points` say everything, so `{key}` is too much; above the last point write `beyond`"),
            );
        }
    }
    let mut points: Vec<(Exact, Exact)> = Vec::new();
    for item in table.list("points") {
        let point = Table::of(item, "a point", findings)?;
        point.only(&["at", "pays"], findings);
        for (key, what) in [("at", "an attainment such as \"80%\""), ("pays", "a part of the target such as \"50%\"")] {
            if !point.has(key) {
                point.missing(key, what, findings);
            }
        }
        let (at, pays) = (percent(&point, "at", findings)?, percent(&point, "pays", findings)?);
        if points.last().is_some_and(|(before, _)| *before > at) {
            findings.add(point.place("at"), Code::TierOverlap, "the points of a curve ascend by `at`");
            return None;
        }
        points.push((at, pays));
    }
    if points.is_empty() {
        findings.add(table.place("points"), Code::BadValue, "`points` lists { at = \"50%\", pays = \"0%\" } and so on");
        return None;
    }
    let beyond = table.number("beyond", findings).unwrap_or(Exact::ZERO);
    Some((points, beyond))
}

pub(super) fn multipliers(root: &Table<'_, '_>, known: Known<'_>, bonuses: &[Bonus], findings: &mut Findings<'_>) -> Vec<Multiplier> {
    let mut all = Vec::new();
    for table in tables(root, "multiplier", findings) {
        table.only(&["label", "of", "when", "factor", "formula", "levels"], findings);
        let (rules, of_bonuses) = targets(&table, known, bonuses, findings);
        let when = known.result(&table, "when", Want::Truth, findings);
        let label = table.text("label", findings).unwrap_or("Multiplier").to_owned();
        if let Some(factor) = factor(&table, known, findings) {
            all.push(Multiplier { label, rules, bonuses: of_bonuses, when, factor });
        }
    }
    all
}

/// The rules and bonuses of `of`; all rules and no bonus where there is none.
fn targets(table: &Table<'_, '_>, known: Known<'_>, bonuses: &[Bonus], findings: &mut Findings<'_>) -> (Vec<usize>, Vec<usize>) {
    if !table.has("of") {
        return ((0..known.rules.len()).collect(), Vec::new());
    }
    let (mut rules, mut of_bonuses) = (Vec::new(), Vec::new());
    for (name, at) in table.texts("of", findings) {
        match bonuses.iter().position(|bonus| bonus.id == name) {
            Some(index) => of_bonuses.push(index),
            None => rules.extend(known.rule(name, at, findings)),
        }
    }
    (rules, of_bonuses)
}

fn factor(table: &Table<'_, '_>, known: Known<'_>, findings: &mut Findings<'_>) -> Option<Factor> {
    let given: Vec<&str> = ["factor", "formula", "levels"].into_iter().filter(|key| table.has(key)).collect();
    match given.as_slice() {
        ["factor"] => amount(table, "factor", findings).map(Factor::Figure),
        ["formula"] => known.result(table, "formula", Want::Number, findings).map(Factor::Formula),
        ["levels"] => {
            known.need_quota(table, "levels", findings);
            levels(table, findings).map(Factor::Levels)
        }
        [] => {
            table.missing("factor", "the factor: `factor = 1.2`, `formula` or `levels` by attainment", findings);
            None
        }
        [.., second] => {
            findings.add(
                table.place(second),
                Code::Conflict,
                format!("a multiplier has one of `factor`, `formula` and `levels`; `{second}` is too much"),
            );
            None
        }
    }
}

fn levels(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Vec<(Exact, Exact)>> {
    let mut levels: Vec<(Exact, Exact)> = Vec::new();
    for item in table.list("levels") {
        let level = Table::of(item, "a level", findings)?;
        level.only(&["from", "factor"], findings);
        for (key, what) in [("from", "an attainment such as \"100%\""), ("factor", "a number such as 1.2")] {
            if !level.has(key) {
                level.missing(key, what, findings);
            }
        }
        let from = level.get("from").and_then(|item| percent_item(item, "from", findings))?;
        let factor = level.number("factor", findings)?;
        if levels.last().is_some_and(|(before, _)| *before >= from) {
            findings.add(level.place("from"), Code::TierOverlap, "levels ascend by `from`");
        }
        levels.push((from, factor));
    }
    (!levels.is_empty()).then_some(levels)
}
