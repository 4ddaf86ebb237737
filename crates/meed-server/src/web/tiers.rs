//! Tiers as pictures: the stairs of a rule, and where one sale fell on them.

use meed_core::crediting::shown;
use meed_core::money::Exact;
use meed_core::program::{Accumulate, Band, BandPay, Basis, Figure, Group, Mode, Pay, Program, Rate, Rule, TierUnit, Tiers};
use rust_decimal::Decimal;

use crate::pages::charts::{StepChart, StepMarker, TierBand, TierPieces, TierStep};

/// The tiers of a rule, at a level of an override.
pub(super) fn of(rule: &Rule, level: usize) -> Option<&Tiers> {
    match rule.pays.get(level).or(rule.pays.last()) {
        Some(Pay::Tiers(tiers)) => Some(tiers),
        _ => None,
    }
}

/// A figure of a document as people read it: its value, or the name of the variable.
pub(super) fn figure(figure: &Figure) -> String {
    match figure {
        Figure::Literal(value) => shown(*value),
        Figure::Variable(name) => format!("“{name}”"),
        Figure::VariableOf(whose, name) => format!("“{name}” of the {}", whose.name()),
    }
}

/// A rate as people read it.
pub(super) fn rate(shown: &Rate) -> String {
    match shown {
        Rate::Percent(Figure::Literal(value)) => format!("{}%", value.normalize()),
        Rate::Percent(variable) => format!("{} percent", figure(variable)),
        Rate::Each(each) => format!("{} each", figure(each)),
        Rate::Derived { pay, quota } => format!("{} ÷ {}", figure(pay), figure(quota)),
        Rate::Times { rate: base, factor } => format!("{} × {}", factor.normalize(), rate(base)),
    }
}

/// What a tier pays, as people read it.
pub(super) fn band_pay(band: &Band) -> String {
    match &band.pays {
        BandPay::Rate(paid) => rate(paid),
        BandPay::Amount(amount) => figure(amount),
    }
}

/// A bound: whole numbers without decimals, percent of quota with their sign.
pub(super) fn bound(value: Exact, unit: TierUnit) -> String {
    let value = value.normalize();
    let text = if value.scale() == 0 { crate::pages::shown::grouped(&value.to_string()) } else { shown(value) };
    if unit == TierUnit::PercentOfQuota { format!("{text}%") } else { text }
}

/// How high a stair is. Variables stand at the program's own value, so that the stairs keep their order.
fn height(band: &Band, program: &Program) -> Decimal {
    let value = |figure: &Figure| match figure {
        Figure::Literal(value) => *value,
        Figure::Variable(name) | Figure::VariableOf(_, name) => {
            program.variables.iter().rev().find(|variable| variable.name == *name).map_or(Decimal::ONE, |variable| variable.value)
        }
    };
    match &band.pays {
        BandPay::Rate(rate) => steepness(rate, &value),
        BandPay::Amount(figure) => value(figure),
    }
}

fn steepness(rate: &Rate, value: &dyn Fn(&Figure) -> Decimal) -> Decimal {
    match rate {
        Rate::Percent(figure) | Rate::Each(figure) => value(figure),
        Rate::Times { rate, factor } => steepness(rate, value).checked_mul(*factor).unwrap_or(Decimal::ONE),
        Rate::Derived { pay, quota } => value(pay).checked_div(value(quota)).unwrap_or(Decimal::ONE),
    }
}

/// What the bounds count, with its unit.
fn measure(rule: &Rule, tiers: &Tiers, program: &Program) -> String {
    let what = match &rule.basis {
        Basis::Revenue => "Revenue",
        Basis::Profit => "Profit",
        Basis::Quantity => "Units",
        Basis::Count => "Sales",
        Basis::Formula(_) => "Formula",
    };
    match tiers.unit {
        TierUnit::PercentOfQuota => "Percent of quota".to_owned(),
        TierUnit::Basis if rule.basis.is_money() => format!("{what}, {}", program.currency),
        TierUnit::Basis => what.to_owned(),
    }
}

/// How tiers are applied, in a sentence.
pub(super) fn applied(tiers: &Tiers, program: &Program) -> String {
    let mode = match tiers.mode {
        Mode::Marginal => "Each tier pays its own band",
        Mode::Whole => "The highest tier reached pays on the whole",
        Mode::Interpolated => "A tier’s amount is earned in proportion",
    };
    let over = match &tiers.accumulate {
        Accumulate::Transaction => "for each sale alone".to_owned(),
        Accumulate::Accumulated => match program.cadence {
            meed_core::period::Cadence::Monthly => "over the month".to_owned(),
            meed_core::period::Cadence::Quarterly => "over the quarter".to_owned(),
            meed_core::period::Cadence::HalfYearly => "over the half year".to_owned(),
            meed_core::period::Cadence::Yearly => "over the year".to_owned(),
        },
        Accumulate::Group(Group::Day) => "over each day".to_owned(),
        Accumulate::Group(Group::Week) => "over each week".to_owned(),
        Accumulate::Group(Group::Month) => "over each month".to_owned(),
        Accumulate::Group(Group::Formula(_)) => "over sales that belong together".to_owned(),
    };
    format!("{mode}, {over}.")
}

/// The stairs of a rule.
pub(super) fn stairs(rule: &Rule, tiers: &Tiers, program: &Program, reached: Option<Exact>) -> StepChart {
    let step = |band: &Band| TierStep {
        from: band.from,
        to: band.to,
        rate: height(band, program),
        rate_shown: band_pay(band),
        from_shown: bound(band.from, tiers.unit),
    };
    StepChart {
        title: format!("Tiers of {}", rule.label),
        description: applied(tiers, program),
        measure: measure(rule, tiers, program),
        steps: tiers.bands.iter().map(step).collect(),
        marker: reached.map(|value| StepMarker { value, shown: bound(value.round_dp(2), tiers.unit) }),
    }
}

/// Where a credit fell in the tiers of its rule. Bounds in percent lie where the quota puts them; nothing is drawn
/// where it is not known.
pub(super) fn pieces(tiers: &Tiers, before: Exact, basis: Exact, quota: Option<Exact>) -> TierPieces {
    let scale = match tiers.unit {
        TierUnit::Basis => Some(Exact::ONE),
        TierUnit::PercentOfQuota => quota.and_then(|quota| quota.checked_div(Exact::ONE_HUNDRED)),
    };
    let Some(scale) = scale else { return TierPieces::default() };
    let place = |value: Exact| value.checked_mul(scale).unwrap_or(value);
    let before = if matches!(tiers.accumulate, Accumulate::Transaction) { Exact::ZERO } else { before };
    let Some(after) = before.checked_add(basis) else { return TierPieces::default() };
    let band = |band: &Band| TierBand {
        from: place(band.from),
        to: band.to.map(place),
        rate_shown: band_pay(band),
        from_shown: bound(band.from, tiers.unit),
    };
    let (from, to) = (bound(before.round_dp(2), TierUnit::Basis), bound(after.round_dp(2), TierUnit::Basis));
    let title = if after < before { format!("{from} back to {to}") } else { format!("{from} to {to}") };
    TierPieces { title, bands: tiers.bands.iter().map(band).collect(), before, after }
}
