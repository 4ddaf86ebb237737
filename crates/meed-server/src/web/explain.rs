//! Credits as pages explain them: step by step from the sale to the amount.

use meed_app::releases::{CreditLine, CreditPiece};
use meed_core::crediting::shown;
use meed_core::id::{Id, Kind};
use meed_core::money::Exact;
use meed_core::program::{OverrideBase, Program, Rule, Tiers, Trigger};

use super::shown::exact_text;
use super::tiers;
use crate::pages::charts::TierPieces;
use crate::pages::explain::{CreditView, Step};

/// The id of a credit on its statement: a credit is known by its sale, rule, level and place.
pub(super) fn anchor(line: &CreditLine) -> String {
    let rule: String = line.rule.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("credit-{}-{rule}-{}-{}", Id(line.sale).text(Kind::Sale), line.level, line.place)
}

fn number(text: &str) -> Option<Exact> {
    text.parse().ok()
}

/// A decimal text as people read it.
fn read(text: &str) -> String {
    number(text).map_or_else(|| text.to_owned(), shown)
}

/// The explained part of a credit, with the quota of its payee; the caller adds who, where from and links.
pub(super) fn credit(line: &CreditLine, program: &Program, through: Option<&str>, quota: Option<&str>) -> CreditView {
    let rule = program.rule(&line.rule);
    let stairs = rule.and_then(|rule| tiers::of(rule, usize::try_from(line.level).unwrap_or(0)));
    let (before, basis) = (number(&line.before), number(&line.basis));
    let pieces = match (stairs, before, basis) {
        (Some(stairs), Some(before), Some(basis)) => tiers::pieces(stairs, before, basis, quota.and_then(number)),
        _ => TierPieces::default(),
    };
    CreditView {
        id: anchor(line),
        rule: rule.map_or_else(|| line.rule.clone(), |rule| rule.label.clone()),
        amount: exact_text(&line.amount, program.currency.code()),
        steps: steps(line, rule, stairs, through),
        tiers: pieces,
        ..CreditView::default()
    }
}

fn steps(line: &CreditLine, rule: Option<&Rule>, stairs: Option<&Tiers>, through: Option<&str>) -> Vec<Step> {
    let step = |label: &str, working: String, result: String| Step { label: label.to_owned(), working, result, last: false };
    let mut steps = Vec::new();
    // A split says the whole first: `1,000.00 × 50% ÷ 2`.
    let whole = line.split.as_deref().and_then(|split| split.split(' ').next()).map_or_else(|| read(&line.basis), str::to_owned);
    steps.push(step("Basis", basis_words(rule, through), whole));
    if let Some(split) = &line.split {
        steps.push(step("Split", split.clone(), read(&line.basis)));
    }
    if stairs.is_some() && number(&line.before).is_some_and(|before| !before.is_zero()) {
        steps.push(step("Measured before", "earlier sales that count together".to_owned(), read(&line.before)));
    }
    for piece in &line.pieces {
        steps.push(step(&piece_label(piece, stairs), working(piece), read(&piece.amount)));
    }
    steps.push(Step { label: "Credit".to_owned(), working: String::new(), result: read(&line.amount), last: true });
    steps
}

fn basis_words(rule: Option<&Rule>, through: Option<&str>) -> String {
    let Some(rule) = rule else { return String::new() };
    match (&rule.trigger, through) {
        (Trigger::Override(over), Some(name)) if over.base == OverrideBase::Commission => format!("commission of {name} on the sale"),
        (Trigger::Override(_), Some(name)) => format!("what {name} was credited of the sale"),
        _ => match rule.basis.name() {
            "count" => "one for the sale".to_owned(),
            "formula" => "formula of the rule".to_owned(),
            basis => format!("{basis} of the sale"),
        },
    }
}

fn piece_label(piece: &CreditPiece, stairs: Option<&Tiers>) -> String {
    match piece.kind.as_str() {
        "retroactive" => "Earlier sales, at the tier that is reached now".to_owned(),
        "above_tiers" => "Above the last tier".to_owned(),
        "cap" => "Cap".to_owned(),
        "floor" => "Floor".to_owned(),
        "assigned" => "Shared or assigned".to_owned(),
        _ => {
            let band = piece.tier.and_then(|tier| stairs.and_then(|stairs| Some((stairs, stairs.bands.get(tier)?))));
            let Some((stairs, band)) = band else { return "Rate".to_owned() };
            let from = tiers::bound(band.from, stairs.unit);
            let range = band.to.map_or_else(|| format!("from {from}"), |to| format!("{from} – {}", tiers::bound(to, stairs.unit)));
            match &piece.label {
                Some(label) => format!("{label} ({range})"),
                None => format!("Tier {range}"),
            }
        }
    }
}

fn working(piece: &CreditPiece) -> String {
    match piece.kind.as_str() {
        "cap" | "floor" | "assigned" => String::new(),
        _ => match piece.rate.strip_prefix("amount ") {
            Some(_) => "fixed amount".to_owned(),
            None => format!("{} × {}", read(&piece.basis), piece.rate.trim_end_matches(" each")),
        },
    }
}
