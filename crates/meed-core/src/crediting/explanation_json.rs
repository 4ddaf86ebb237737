//! Explanations in the stable form for storing: JSON with decimals as text. Fields may be added at the end; none is renamed.

use serde::Serialize;

use super::explanation::{Credit, Explanation, Piece, RateShown, VariableShown};
use super::settle::{Line, Step};
use crate::id::Kind;
use crate::money::{Conversion, Exact};

#[derive(Serialize)]
struct Stored {
    program: String,
    period: String,
    rep: String,
    rep_name: String,
    currency: String,
    reward_minor: i64,
    exact: String,
    rounding: String,
    attainment: StoredAttainment,
    variables: Vec<StoredVariable>,
    credits: Vec<StoredCredit>,
    credited: String,
    steps: Vec<StoredStep>,
    lines: Vec<StoredLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_in: Option<StoredPaidIn>,
}

#[derive(Serialize)]
struct StoredConversion {
    from: String,
    to: String,
    /// What one unit is worth.
    rate: String,
    /// First day of the rate; absent where a document fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<String>,
}

#[derive(Serialize)]
struct StoredPaidIn {
    #[serde(flatten)]
    conversion: StoredConversion,
    minor: i64,
}

#[derive(Serialize)]
struct StoredConverted {
    #[serde(flatten)]
    conversion: StoredConversion,
    amount: Option<String>,
}

#[derive(Serialize)]
struct StoredStep {
    kind: &'static str,
    label: String,
    inputs: Vec<(String, String)>,
    amount: String,
}

#[derive(Serialize)]
struct StoredLine {
    kind: &'static str,
    name: String,
    label: String,
    due_day: i64,
    exact: String,
    minor: i64,
    sale: Option<String>,
}

#[derive(Serialize)]
struct StoredAttainment {
    value: String,
    quota: Option<String>,
    percent: Option<String>,
}

#[derive(Serialize)]
struct StoredVariable {
    name: String,
    value: Option<String>,
    from: Option<String>,
    own: bool,
}

#[derive(Serialize)]
struct StoredCredit {
    sale: String,
    unique_id: Option<String>,
    at: String,
    rule: String,
    level: usize,
    place: u16,
    measure: &'static str,
    basis: String,
    split: Option<StoredSplit>,
    through: Option<String>,
    before: String,
    amount: String,
    pieces: Vec<StoredPiece>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned: Option<StoredAssigned>,
    #[serde(skip_serializing_if = "Option::is_none")]
    converted: Option<StoredConverted>,
}

#[derive(Serialize)]
struct StoredAssigned {
    from: String,
    from_name: String,
    earned: String,
    percent: String,
    among: usize,
}

#[derive(Serialize)]
struct StoredSplit {
    whole: String,
    share: String,
    parts: u16,
    #[serde(skip_serializing_if = "is_one")]
    count: u16,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_one(count: &u16) -> bool {
    *count == 1
}

#[derive(Serialize)]
struct StoredPiece {
    kind: &'static str,
    tier: Option<usize>,
    tier_label: Option<String>,
    basis: String,
    rate: StoredRate,
    amount: String,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum StoredRate {
    Percent(String),
    Each(String),
    Derived { pay: String, quota: String },
    Amount(String),
    Times { factor: String, label: String },
}

/// One text per value: trailing zeros differ with the way a value was reached, and say nothing.
fn plain(value: Exact) -> String {
    value.normalize().to_string()
}

impl From<&Explanation> for Stored {
    fn from(explanation: &Explanation) -> Self {
        Self {
            program: explanation.program.clone(),
            period: explanation.period.clone(),
            rep: explanation.rep.text(Kind::Rep),
            rep_name: explanation.rep_name.clone(),
            currency: explanation.currency.to_string(),
            reward_minor: explanation.minor,
            exact: plain(explanation.exact),
            rounding: plain(explanation.rounding_difference()),
            attainment: StoredAttainment {
                value: plain(explanation.attainment.value),
                quota: explanation.attainment.quota.map(plain),
                percent: explanation.attainment.percent().map(plain),
            },
            variables: explanation.variables.iter().map(StoredVariable::from).collect(),
            credits: explanation.credits.iter().map(StoredCredit::from).collect(),
            credited: plain(explanation.credited),
            steps: explanation.steps.iter().map(StoredStep::from).collect(),
            lines: explanation.lines.iter().map(StoredLine::from).collect(),
            paid_in: explanation
                .paid_in
                .map(|paid| StoredPaidIn { conversion: StoredConversion::from(&paid.conversion), minor: paid.minor }),
        }
    }
}

impl From<&Conversion> for StoredConversion {
    fn from(conversion: &Conversion) -> Self {
        Self {
            from: conversion.from.to_string(),
            to: conversion.to.to_string(),
            rate: plain(conversion.rate()),
            day: conversion.valid_from().map(|day| day.to_string()),
        }
    }
}

impl From<&Step> for StoredStep {
    fn from(step: &Step) -> Self {
        Self { kind: step.kind.word(), label: step.label.clone(), inputs: step.inputs.clone(), amount: plain(step.amount) }
    }
}

impl From<&Line> for StoredLine {
    fn from(line: &Line) -> Self {
        Self {
            kind: line.kind.word(),
            name: line.name.clone(),
            label: line.label.clone(),
            due_day: line.due_day,
            exact: plain(line.exact),
            minor: line.minor,
            sale: line.sale.map(|sale| sale.text(Kind::Sale)),
        }
    }
}

impl From<&VariableShown> for StoredVariable {
    fn from(variable: &VariableShown) -> Self {
        Self {
            name: variable.name.clone(),
            value: variable.value.map(plain),
            from: variable.from.map(|day| day.to_string()),
            own: variable.own,
        }
    }
}

impl From<&Credit> for StoredCredit {
    fn from(credit: &Credit) -> Self {
        Self {
            sale: credit.sale.text(Kind::Sale),
            unique_id: credit.unique_id.clone(),
            at: credit.at.to_string(),
            rule: credit.rule_id.clone(),
            level: credit.level,
            place: credit.place,
            measure: credit.measure,
            basis: plain(credit.basis),
            split: credit.split.as_ref().map(|split| StoredSplit {
                whole: plain(split.whole),
                share: plain(split.share),
                parts: split.parts,
                count: split.count,
            }),
            through: credit.through.map(|rep| rep.text(Kind::Rep)),
            before: plain(credit.before),
            amount: plain(credit.amount),
            pieces: credit.pieces.iter().map(StoredPiece::from).collect(),
            version: credit.version,
            assigned: credit.assigned.as_ref().map(|assigned| StoredAssigned {
                from: assigned.from_text(),
                from_name: assigned.from_name.clone(),
                earned: plain(assigned.earned),
                percent: plain(assigned.percent),
                among: assigned.among,
            }),
            converted: credit.converted.map(|converted| StoredConverted {
                conversion: StoredConversion::from(&converted.conversion),
                amount: converted.amount.map(plain),
            }),
        }
    }
}

impl From<&Piece> for StoredPiece {
    fn from(piece: &Piece) -> Self {
        let rate = match &piece.rate {
            RateShown::Percent(percent) => StoredRate::Percent(plain(*percent)),
            RateShown::Each(each) => StoredRate::Each(plain(*each)),
            RateShown::Derived { pay, quota } => StoredRate::Derived { pay: plain(*pay), quota: plain(*quota) },
            RateShown::Amount(amount) => StoredRate::Amount(plain(*amount)),
            RateShown::Times { factor, label } => StoredRate::Times { factor: plain(*factor), label: label.clone() },
        };
        Self {
            kind: piece.kind.code(),
            tier: piece.tier,
            tier_label: piece.tier_label.clone(),
            basis: plain(piece.basis),
            rate,
            amount: plain(piece.amount),
        }
    }
}

impl Explanation {
    /// The stable form for storing: JSON with decimals as text and fields in a fixed order.
    #[must_use]
    pub fn explanation_json(&self) -> String {
        serde_json::to_string(&Stored::from(self)).unwrap_or_default()
    }
}

impl Credit {
    /// The stable form of one credit, as in [`Explanation::explanation_json`].
    #[must_use]
    pub fn explanation_json(&self) -> String {
        serde_json::to_string(&StoredCredit::from(self)).unwrap_or_default()
    }
}
