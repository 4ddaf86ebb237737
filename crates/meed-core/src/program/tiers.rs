//! Reading tiers, and refusing those that leave a gap or overlap (`commissions.md` behaviour 39).

use super::finding::Code;
use super::reader::{Findings, Table};
use super::{Accumulate, Band, BandPay, Bound, Group, Mode, Refunds, TierUnit, Tiers};
use crate::condition::Want;
use crate::money::Exact;

const KEYS: [&str; 7] = ["accumulate", "group", "mode", "unit", "bound", "refunds", "bands"];

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
    if !table.has("accumulate") {
        table.missing(
            "accumulate",
            "\"transaction\", \"group\" or \"accumulated\"; the three give different results, so none is assumed",
            findings,
        );
    }
    if !table.has("mode") {
        table.missing("mode", "\"marginal\", \"whole\" or \"interpolated\"", findings);
    }
    let over = table.word("accumulate", &over, findings);
    let mode = table.word("mode", &[("marginal", Mode::Marginal), ("whole", Mode::Whole), ("interpolated", Mode::Interpolated)], findings);
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
        findings.add(table.place("unit"), Code::QuotaMissing, "tiers in percent of quota need a `quota` in the program");
    }
    let accumulate = accumulate(table, over, findings);
    let bands = bands(table, mode, money, findings);
    Some(Tiers { accumulate: accumulate?, mode: mode?, unit, bound, refunds, bands: bands? })
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

fn bands(table: &Table<'_, '_>, mode: Option<Mode>, money: bool, findings: &mut Findings<'_>) -> Option<Vec<Band>> {
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
        band.only(&["from", "to", "rate", "amount", "label"], findings);
        let to = band.number("to", findings);
        let expected = bands.last().map_or(Some(Exact::ZERO), |last| last.to);
        let from = lower_bound(&band, expected, bands.last(), findings);
        check_upper(&band, from, to, index + 1 == items.len(), mode, findings);
        let pays = band_pay(&band, mode, money, findings);
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
