//! Reading tiers, and refusing those that leave a gap or overlap (`commissions.md` behaviour 39).

use super::finding::Code;
use super::reader::{Findings, Table};
use super::{Accumulate, Band, BandPay, Bound, Group, Mode, Rate, Refunds, TierBy, TierUnit, Tiers};
use crate::condition::Want;
use crate::money::Exact;

const KEYS: [&str; 9] = ["accumulate", "group", "mode", "unit", "by", "rate", "bound", "refunds", "bands"];

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Transaction,
    Group,
    Accumulated,
}

/// Reads `[rule.tiers]`.
pub(super) fn tiers(table: &Table<'_, '_>, money: bool, has_quota: bool, findings: &mut Findings<'_>) -> Option<Tiers> {
    table.only(&KEYS, findings);
    let over = [("transaction", Over::Transaction), ("group", Over::Group), ("accumulated", Over::Accumulated)];
    let by = by(table, has_quota, findings);
    let is_looked_up = table.has("by");
    if !table.has("accumulate") && !is_looked_up {
        table.missing(
            "accumulate",
            "\"transaction\", \"group\" or \"accumulated\"; the three give different results, so none is assumed",
            findings,
        );
    }
    if !table.has("mode") && !is_looked_up {
        table.missing("mode", "\"marginal\", \"whole\" or \"interpolated\"", findings);
    }
    let over = if is_looked_up { Some(Over::Transaction) } else { table.word("accumulate", &over, findings) };
    let modes = [("marginal", Mode::Marginal), ("whole", Mode::Whole), ("retroactive", Mode::Whole), ("interpolated", Mode::Interpolated)];
    let mode = if is_looked_up { Some(Mode::Whole) } else { table.word("mode", &modes, findings) };
    if table.text("mode", findings) == Some("retroactive") && over == Some(Over::Transaction) {
        let text = "\"retroactive\" reaches back over a period or group: `accumulate` is \"accumulated\" or \"group\"";
        findings.add(table.place("mode"), Code::Conflict, text);
    }
    let base = if table.has("rate") { table.rate("rate", money, findings) } else { None };
    let unit = table.word(
        "unit",
        &[("basis", TierUnit::Basis), ("money", TierUnit::Basis), ("percent_of_quota", TierUnit::PercentOfQuota)],
        findings,
    );
    let unit = unit.unwrap_or(TierUnit::Basis);
    let bound = table.word("bound", &[("lower", Bound::Lower), ("upper", Bound::Upper)], findings).unwrap_or(Bound::Lower);
    let refunds =
        table.word("refunds", &[("baseline", Refunds::Baseline), ("mirror", Refunds::Mirror)], findings).unwrap_or(Refunds::Baseline);
    if table.has("refunds") && over.is_some_and(|over| over != Over::Transaction) {
        findings.add(
            table.place("refunds"),
            Code::Conflict,
            "`refunds` is for `accumulate = \"transaction\"`: a running total takes a refund back by itself",
        );
    }
    if unit == TierUnit::PercentOfQuota && !has_quota {
        findings.add(table.place("unit"), Code::QuotaMissing, "tiers in percent of quota need a `quota` of the plan: `quota = 100000`, or `quota = { variable = \"quota\" }`, above the first table");
    }
    let accumulate = accumulate(table, over, findings);
    let bands = bands(table, mode, (money, base.as_ref()), findings);
    if unit == TierUnit::PercentOfQuota {
        check_percents(table, bands.as_deref().unwrap_or_default(), findings);
    }
    Some(Tiers { accumulate: accumulate?, mode: mode?, by: by?, unit, bound, refunds, bands: bands? })
}

/// The highest bound that looks like a part of 1: `1` for the whole quota, `1.5` for one and a half.
const PART_MAX: i64 = 5;

/// Warns of bounds in percent of quota that look like parts of 1.
fn check_percents(table: &Table<'_, '_>, bands: &[Band], findings: &mut Findings<'_>) {
    let Some(highest) = bands.iter().filter_map(|band| band.to).max() else { return };
    if highest <= Exact::from(PART_MAX) {
        let text = format!(
            "the highest bound is {highest}, which is {highest} percent of the quota; in percent, the whole quota is 100: `to = {}`",
            (highest * Exact::ONE_HUNDRED).normalize()
        );
        findings.warn(table.place("bands"), Code::BoundsSmall, text);
    }
}

fn accumulate(table: &Table<'_, '_>, over: Option<Over>, findings: &mut Findings<'_>) -> Option<Accumulate> {
    match over? {
        Over::Group => {
            let Some(item) = table.get("group") else {
                table.missing("group", "\"day\", \"week\", \"month\", or a formula such as `sale.customer_code`", findings);
                return None;
            };
            let group = match super::reader::text(item, "group", findings)? {
                "day" => Group::Day,
                "week" => Group::Week,
                "month" => Group::Month,
                _ => Group::Formula(table.condition("group", Want::Text, findings)?),
            };
            Some(Accumulate::Group(group))
        }
        other => {
            if table.has("group") {
                findings.add(table.place("group"), Code::Conflict, "`group` is for `accumulate = \"group\"`");
            }
            Some(if other == Over::Transaction { Accumulate::Transaction } else { Accumulate::Accumulated })
        }
    }
}

/// By what tiers are looked up, where it is not by their own basis. Then nothing accumulates: the tier pays on everything.
fn by(table: &Table<'_, '_>, has_quota: bool, findings: &mut Findings<'_>) -> Option<TierBy> {
    let Some(item) = table.get("by") else { return Some(TierBy::Basis) };
    for key in ["accumulate", "mode", "unit", "group", "refunds"] {
        if table.has(key) {
            let text = format!("tiers that are looked up `by` something pay their rate on every sale, so `{key}` is too much");
            findings.add(table.place(key), Code::Conflict, text);
        }
    }
    if super::reader::text(item, "by", findings)? == "attainment" {
        if !has_quota {
            findings.add(item.span().start, Code::QuotaMissing, "tiers by attainment need a `quota` of the plan: `quota = 100000`, or `quota = { variable = \"quota\" }`, above the first table");
        }
        return Some(TierBy::Attainment);
    }
    let formula = table.condition("by", Want::Number, findings)?;
    if formula.uses_rep() {
        findings.add(item.span().start, Code::Conflict, "`by` reads the sale only, not `rep` or `var`");
        return None;
    }
    Some(TierBy::Sale(formula))
}

fn bands(
    table: &Table<'_, '_>,
    mode: Option<Mode>,
    (money, base): (bool, Option<&Rate>),
    findings: &mut Findings<'_>,
) -> Option<Vec<Band>> {
    let items = table.list("bands");
    if items.is_empty() {
        table.missing("bands", "a list such as [{ to = 1000, rate = \"1%\" }, { rate = \"2%\" }]", findings);
        return None;
    }
    let mut bands: Vec<Band> = Vec::with_capacity(items.len());
    let mut complete = true;
    for (index, item) in items.iter().enumerate() {
        let Some(band) = Table::of(item, "a band", findings) else {
            complete = false;
            continue;
        };
        band.only(&["from", "to", "rate", "amount", "multiplier", "label"], findings);
        let to = band.number("to", findings);
        let expected = bands.last().map_or(Some(Exact::ZERO), |last| last.to);
        let from = lower_bound(&band, expected, bands.last(), findings);
        check_upper(&band, from, to, index + 1 == items.len(), mode, findings);
        let pays = if band.has("multiplier") { multiple(&band, mode, base, findings) } else { band_pay(&band, mode, money, findings) };
        let label = band.text("label", findings).map(str::to_owned);
        complete &= pays.is_some();
        // A band without pay keeps its bounds, so that later bands are judged by their true neighbour.
        let pays = pays.unwrap_or(BandPay::Amount(super::Figure::Literal(Exact::ZERO)));
        bands.push(Band { from, to, pays, label });
    }
    complete.then_some(bands)
}

/// The lower bound: as written, else where the band before ends.
fn lower_bound(band: &Table<'_, '_>, expected: Option<Exact>, before: Option<&Band>, findings: &mut Findings<'_>) -> Exact {
    let written = band.number("from", findings);
    let at = band.place("from");
    let Some(expected) = expected else {
        // The band before has no end; that is reported there.
        return written.unwrap_or_else(|| before.map_or(Exact::ZERO, |before| before.from));
    };
    match written {
        None => expected,
        Some(from) if from == expected => from,
        Some(from) if before.is_none() => {
            let text = format!("the first band starts at 0, not at {from}: add {{ to = {from}, rate = \"0%\" }} for what lies below");
            findings.add(at, if from > expected { Code::TierGap } else { Code::TierBounds }, text);
            from
        }
        Some(from) if from > expected => {
            let text = format!("the bands leave a gap from {expected} to {from}: a band starts where the one before ends");
            findings.add(at, Code::TierGap, text);
            from
        }
        Some(from) => {
            findings.add(
                at,
                Code::TierOverlap,
                format!("the bands overlap from {from} to {expected}: a band starts where the one before ends"),
            );
            from
        }
    }
}

fn check_upper(band: &Table<'_, '_>, from: Exact, to: Option<Exact>, last: bool, mode: Option<Mode>, findings: &mut Findings<'_>) {
    match to {
        Some(to) if to <= from => {
            findings.add(band.place("to"), Code::TierBounds, format!("the band ends at {to}, but starts at {from}"));
        }
        None if !last && !band.has("to") => {
            band.missing("to", "only the last band may be open", findings);
        }
        Some(_) if last && mode == Some(Mode::Whole) => {
            findings.add(band.place("to"), Code::TierBounds, "the last band has no `to` in mode \"whole\": every total needs a tier");
        }
        None if last && mode == Some(Mode::Interpolated) => {
            band.missing("to", "in mode \"interpolated\" an amount is earned over a band with an end", findings);
        }
        _ => {}
    }
}

/// A band that pays a multiple of the tiers' own rate.
fn multiple(band: &Table<'_, '_>, mode: Option<Mode>, base: Option<&Rate>, findings: &mut Findings<'_>) -> Option<BandPay> {
    let factor = band.number("multiplier", findings)?;
    if band.has("rate") || band.has("amount") || mode == Some(Mode::Interpolated) {
        findings.add(band.place("multiplier"), Code::Conflict, "a band has a `rate`, an `amount` or a `multiplier` of the tiers' `rate`");
        return None;
    }
    if factor.is_sign_negative() {
        findings.add(band.place("multiplier"), Code::BadValue, "`multiplier` must not be negative");
    }
    let Some(rate) = base.cloned() else {
        findings.add(
            band.place("multiplier"),
            Code::MissingKey,
            "a `multiplier` needs the base rate: write `rate = \"5%\"` beside `bands`",
        );
        return None;
    };
    Some(BandPay::Rate(Rate::Times { rate: Box::new(rate), factor }))
}

fn band_pay(band: &Table<'_, '_>, mode: Option<Mode>, money: bool, findings: &mut Findings<'_>) -> Option<BandPay> {
    match (band.has("rate"), band.has("amount")) {
        (true, true) => {
            findings.add(band.place("amount"), Code::Conflict, "a band has a `rate` or an `amount`, not both");
            None
        }
        (false, false) => {
            band.missing("rate", "what the band pays: `rate = \"5%\"`, or `amount = 100`", findings);
            None
        }
        (true, false) if mode == Some(Mode::Interpolated) => {
            findings.add(
                band.place("rate"),
                Code::Conflict,
                "in mode \"interpolated\" a band has an `amount`, which is earned over the band",
            );
            None
        }
        (false, true) if mode == Some(Mode::Marginal) => {
            findings.add(
                band.place("amount"),
                Code::Conflict,
                "in mode \"marginal\" a band has a `rate`; for an amount earned over the band use \"interpolated\"",
            );
            None
        }
        (true, false) => band.rate("rate", money, findings).map(BandPay::Rate),
        (false, true) => band.figure("amount", findings).map(BandPay::Amount),
    }
}
