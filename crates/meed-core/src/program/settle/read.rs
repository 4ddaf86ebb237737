//! Reading draws, guarantees, limits and deductions, and putting the parts of the stage together.

use toml::de::DeValue;

use super::super::finding::Code;
use super::super::reader::{Findings, Item, Table, condition_over};
use super::super::{Figure, Override, OverrideBase, Rule, Trigger};
use super::bonus::{bonuses, multipliers};
use super::defer::{clawbacks, holdbacks, instalments};
use super::{BonusPay, Deduct, Deducted, Draw, Payout, Settle, Span};
use crate::condition::nearest::suggestion;
use crate::condition::{Condition, Over, Want};
use crate::money::Exact;

/// The keys of the document that belong to this stage.
pub(in crate::program) const KEYS: [&str; 10] =
    ["measure_from", "deduct", "multiplier", "bonus", "payout", "holdback", "instalments", "clawback", "draw", "guarantee"];

/// The rules by which others are named: those that were read, and the ids of all that were written.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) rules: &'k [Rule],
    written: &'k [String],
    /// Whether attainment has a percentage.
    pub(super) has_quota: bool,
}

/// Reads everything that turns credits into reward lines.
pub(in crate::program) fn settle(table: &Table<'_, '_>, (rules, written): (&[Rule], &[String]), findings: &mut Findings<'_>) -> Settle {
    let known = Known { rules, written, has_quota: table.has("quota") || measures_increase(table) };
    let bonuses = bonuses(table, known, findings);
    let settle = Settle {
        measure: span(table, "measure_from", findings),
        deduct: deduct(table, findings),
        multipliers: multipliers(table, known, &bonuses, findings),
        bonuses,
        payout: payout(table, findings),
        holdbacks: holdbacks(table, known, findings),
        instalments: instalments(table, known, findings),
        clawbacks: clawbacks(table, known, findings),
        draw: draw(table, "draw", known, findings),
        guarantee: draw(table, "guarantee", known, findings),
    };
    if settle.draw.is_some() && settle.guarantee.is_some() {
        findings.add(table.place("guarantee"), Code::Conflict, "a plan has a `draw` or a `guarantee`, not both");
    }
    if settle.guarantee.is_some() && !settle.clawbacks.is_empty() {
        let text = "a guarantee tops up whatever a period comes to: what a `[[clawback]]` takes in a weak month is given back by it";
        findings.warn(table.place("guarantee"), Code::Undone, text);
    }
    if settle.measure.is_some() && settle.deduct.is_some() {
        let text = "`deduct` recalculates from the start of its span by itself, so `measure_from` is too much";
        findings.add(table.place("measure_from"), Code::Conflict, text);
    }
    check_deductible(table, rules, &settle, findings);
    check_held(table, rules, &settle, findings);
    check_spans(table, &settle, findings);
    check_followed(table, rules, &settle, findings);
    settle
}

/// What stays out of deductions is a line of its own, which cannot be withheld in part.
fn check_deductible(table: &Table<'_, '_>, rules: &[Rule], settle: &Settle, findings: &mut Findings<'_>) {
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.deductible) {
        let held = settle.holdbacks.iter().any(|holdback| holdback.rules.contains(&index));
        let parted = settle.instalments.iter().any(|plan| plan.rules.contains(&index));
        let taken = settle.deduct.is_some() && settle.clawbacks.iter().any(|clawback| clawback.rules.contains(&index));
        if taken {
            let text =
                format!("rule `{}` is not deductible, and of such a line nothing is taken back: name the other rules in `of`", rule.id);
            findings.add(table.place("clawback"), Code::Conflict, text);
        }
        for (key, _) in [("holdback", held), ("instalments", parted)].into_iter().filter(|(_, named)| *named) {
            let text = format!("rule `{}` is not deductible and therefore paid at once: name the other rules in `of`", rule.id);
            findings.add(table.place(key), Code::Conflict, text);
        }
    }
}

/// Of what a rule pays no more than all can be withheld.
fn check_held(table: &Table<'_, '_>, rules: &[Rule], settle: &Settle, findings: &mut Findings<'_>) {
    for (index, rule) in rules.iter().enumerate() {
        let held: Exact = settle.holdbacks.iter().filter(|holdback| holdback.rules.contains(&index)).map(|holdback| holdback.share).sum();
        if held > Exact::ONE {
            let percent = (held * Exact::ONE_HUNDRED).normalize();
            findings.add(
                table.place("holdback"),
                Code::Conflict,
                format!("together the holdbacks withhold {percent}% of rule `{}`", rule.id),
            );
            return;
        }
    }
}

/// An override on commission follows gates and multipliers of the rep below, so that rep must be the one who is paid.
fn check_followed(table: &Table<'_, '_>, rules: &[Rule], settle: &Settle, findings: &mut Findings<'_>) {
    for rule in rules {
        let Trigger::Override(Override { base: OverrideBase::Commission, of, .. }) = &rule.trigger else { continue };
        let changed =
            |index: &usize| rules[*index].gate.is_some() || settle.multipliers.iter().any(|multiplier| multiplier.rules.contains(index));
        let pays_others = |index: &&usize| rules.get(**index).is_some_and(|below| below.assign.is_some()) && changed(index);
        if let Some(below) = of.iter().find(pays_others) {
            let text = format!(
                "override `{}` cannot follow the gate or multiplier of rule `{}`, which pays others than it credits: \
                 build on sales, or leave that rule out of `of`",
                rule.id, rules[*below].id
            );
            findings.add(table.place("rule"), Code::Conflict, text);
        }
    }
}

/// What cannot be told apart over a span of several periods is not accepted.
fn check_spans(table: &Table<'_, '_>, settle: &Settle, findings: &mut Findings<'_>) {
    let is_paid_later = !settle.holdbacks.is_empty() || !settle.instalments.is_empty();
    if settle.deduct.is_some() && is_paid_later && !settle.clawbacks.is_empty() {
        let text = "with `deduct`, a plan withholds or pays in parts, or it has a `clawback`, not both: `measure_from` can have both";
        findings.add(table.place("clawback"), Code::Conflict, text);
    }
    let to_date: Vec<_> = settle.bonuses.iter().filter(|bonus| settle.measure.is_some() && bonus.deductible).collect();
    if !to_date.is_empty() && (settle.payout.cap.is_some() || settle.payout.decelerate.is_some()) {
        let text = "with `measure_from` a bonus pays what earlier periods did not, so a limit of the period cannot cut it: \
                    give the bonus `deductible = false` or a `cap` of its own, or the plan `payout.cap_per_year`";
        findings.add(table.place("payout"), Code::Conflict, text);
    }
    for bonus in to_date {
        let formulas = bonus.when.iter().chain(match &bonus.pays {
            BonusPay::Formula(formula) => Some(formula),
            BonusPay::Curve(curve) => curve.of.as_ref(),
            BonusPay::Amount(_) | BonusPay::Ranks(_) => None,
        });
        if formulas.into_iter().any(Condition::reads_earned) {
            let text = format!(
                "with `measure_from`, `earned` is that of the period and bonus `{}` counts from the start of the span: \
                 read `credited`, or give it `deductible = false`",
                bonus.id
            );
            findings.add(table.place("bonus"), Code::Conflict, text);
        }
    }
}

/// An increase is a percentage without any quota.
fn measures_increase(table: &Table<'_, '_>) -> bool {
    let attainment = table.get("attainment").and_then(|item| item.get_ref().as_table());
    attainment.and_then(|attainment| attainment.get("metric")).and_then(|metric| metric.get_ref().as_str()) == Some("increase")
}

impl Known<'_> {
    /// The rules that a list names; all of them where there is no list.
    pub(super) fn rules_of(&self, table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Vec<usize> {
        if !table.has(key) {
            return (0..self.rules.len()).collect();
        }
        let named = table.texts(key, findings);
        if named.is_empty() {
            findings.add(table.place(key), Code::BadValue, format!("`{key}` lists ids of rules"));
        }
        named.into_iter().filter_map(|(name, at)| self.rule(name, at, findings)).collect()
    }

    pub(super) fn rule(&self, name: &str, at: usize, findings: &mut Findings<'_>) -> Option<usize> {
        let found = self.rules.iter().position(|rule| rule.id == name);
        if found.is_none() && !self.written.iter().any(|id| id == name) {
            let hint = suggestion(name, self.rules.iter().map(|rule| rule.id.as_str()));
            findings.add(at, Code::UnknownRule, format!("there is no rule `{name}`{hint}"));
        }
        found
    }

    /// A condition or formula over the results of the period; the rules it names must exist.
    pub(super) fn result(&self, table: &Table<'_, '_>, key: &str, want: Want, findings: &mut Findings<'_>) -> Option<Condition> {
        let item = table.get(key)?;
        let condition = condition_over(item, key, want, Over::Result, findings)?;
        for name in condition.rules() {
            self.rule(&name, item.span().start, findings);
        }
        Some(condition)
    }

    /// Attainment in percent needs a quota.
    pub(super) fn need_quota(&self, table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) {
        if !self.has_quota {
            findings.add(table.place(key), Code::QuotaMissing, format!("`{key}` in percent of attainment needs a `quota` of the plan"));
        }
    }
}

/// A percentage such as "80%", as the number before the sign.
pub(in crate::program) fn percent(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Exact> {
    let item = table.get(key)?;
    percent_item(item, key, findings)
}

pub(in crate::program) fn percent_item(item: &Item<'_>, key: &str, findings: &mut Findings<'_>) -> Option<Exact> {
    let digits = match item.get_ref() {
        DeValue::String(text) => text.trim().strip_suffix('%').map(str::trim).and_then(super::super::reader::exact),
        _ => None,
    };
    if digits.is_none() {
        findings.add(item.span().start, Code::BadValue, format!("`{key}` must be a percentage such as \"80%\""));
    }
    digits
}

/// A part such as "20%", more than nothing and not more than all, as a factor.
pub(super) fn part(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Exact> {
    let percent = percent(table, key, findings)?;
    if percent <= Exact::ZERO || percent > Exact::ONE_HUNDRED {
        findings.add(table.place(key), Code::BadValue, format!("`{key}` is more than 0% and at most 100%"));
        return None;
    }
    Some(percent / Exact::ONE_HUNDRED)
}

/// A figure that must not be negative.
pub(super) fn amount(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Figure> {
    let figure = table.figure(key, findings)?;
    if let Figure::Literal(amount) = &figure
        && amount.is_sign_negative()
    {
        findings.add(table.place(key), Code::BadValue, format!("`{key}` must not be negative"));
    }
    Some(figure)
}

pub(in crate::program) fn whole_number(
    table: &Table<'_, '_>,
    key: &str,
    (least, most): (u32, u32),
    findings: &mut Findings<'_>,
) -> Option<u32> {
    let number = table.number(key, findings)?;
    let whole = (number.fract().is_zero()).then(|| u32::try_from(number).ok()).flatten().filter(|n| (least..=most).contains(n));
    if whole.is_none() {
        findings.add(table.place(key), Code::BadValue, format!("`{key}` is a whole number from {least} to {most}"));
    }
    whole
}

fn span(table: &Table<'_, '_>, key: &str, findings: &mut Findings<'_>) -> Option<Span> {
    table.word(key, &[("quarter", Span::Quarter), ("half_year", Span::HalfYear), ("year", Span::Year)], findings)
}

fn deduct(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Option<Deduct> {
    let inner = Table::of(table.get("deduct")?, "`deduct`", findings)?;
    inner.only(&["from", "what", "negative"], findings);
    if !inner.has("from") {
        inner.missing("from", "\"quarter\", \"half_year\" or \"year\": from when everything is calculated again", findings);
    }
    let words = [("released", Deducted::Released), ("nothing", Deducted::Nothing)];
    let what = inner.word("what", &words, findings).unwrap_or(Deducted::Released);
    let carry = inner.word("negative", &[("pay", false), ("carry", true)], findings).unwrap_or(false);
    if carry && what == Deducted::Nothing {
        findings.add(inner.place("negative"), Code::Conflict, "where nothing is deducted, nothing is carried");
    }
    Some(Deduct { from: span(&inner, "from", findings)?, what, carry })
}

fn payout(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> Payout {
    let Some(inner) = table.get("payout").and_then(|item| Table::of(item, "`payout`", findings)) else { return Payout::default() };
    inner.only(&["cap", "cap_per_year", "floor", "decelerate", "places"], findings);
    let decelerate = inner.get("decelerate").and_then(|item| Table::of(item, "`decelerate`", findings)).and_then(|slow| {
        slow.only(&["above", "counts"], findings);
        for (key, what) in [("above", "the amount from which on less counts"), ("counts", "the part that counts, such as \"50%\"")] {
            if !slow.has(key) {
                slow.missing(key, what, findings);
            }
        }
        Some((amount(&slow, "above", findings)?, part(&slow, "counts", findings)?))
    });
    let cap = amount(&inner, "cap", findings);
    let floor = amount(&inner, "floor", findings);
    if let (Some(Figure::Literal(cap)), Some(Figure::Literal(floor))) = (&cap, &floor)
        && cap < floor
    {
        findings.add(inner.place("floor"), Code::Conflict, format!("`floor` {floor} is above `cap` {cap}"));
    }
    let places = whole_number(&inner, "places", (0, 4), findings);
    Payout { cap, cap_per_year: amount(&inner, "cap_per_year", findings), floor, decelerate, places }
}

fn draw(table: &Table<'_, '_>, key: &'static str, known: Known<'_>, findings: &mut Findings<'_>) -> Option<Draw> {
    let is_draw = key == "draw";
    let inner = Table::of(table.get(key)?, key, findings)?;
    let keys: &[&str] = if is_draw {
        &["amount", "recoverable", "from", "until", "when", "recover", "limit", "plans"]
    } else {
        &["amount", "from", "until", "when", "plans"]
    };
    inner.only(keys, findings);
    if !inner.has("amount") {
        inner.missing("amount", "what the payee gets at least in each period", findings);
    }
    if is_draw && !inner.has("recoverable") {
        inner.missing("recoverable", "true if an advance is owed afterwards, false if not; none is assumed", findings);
    }
    let (from, until) = span_of_days(&inner, findings);
    let recoverable = is_draw && inner.truth("recoverable", findings).unwrap_or(false);
    if !recoverable {
        for key in ["recover", "limit"] {
            if is_draw && inner.has(key) {
                findings.add(inner.place(key), Code::Conflict, format!("`{key}` is for a recoverable draw"));
            }
        }
    }
    let recover = part(&inner, "recover", findings).unwrap_or(Exact::ONE);
    let when = known.result(&inner, "when", Want::Truth, findings);
    let limit = amount(&inner, "limit", findings);
    let plans: Vec<String> = inner.texts("plans", findings).into_iter().map(|(name, _)| name.trim().to_owned()).collect();
    if plans.iter().any(String::is_empty) {
        findings.add(inner.place("plans"), Code::BadValue, "`plans` lists names of other plans");
    }
    Some(Draw { amount: amount(&inner, "amount", findings)?, recoverable, from, until, when, recover, limit, plans })
}

/// `from` and `until`, which must not be reversed.
fn span_of_days(table: &Table<'_, '_>, findings: &mut Findings<'_>) -> (Option<jiff::civil::Date>, Option<jiff::civil::Date>) {
    let (from, until) = (table.date("from", findings), table.date("until", findings));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        findings.add(table.place("until"), Code::ValidityReversed, format!("`until` {until} lies before `from` {from}"));
    }
    (from, until)
}
