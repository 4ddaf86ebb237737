//! What the records of a calculation hold.

use jiff::civil::Date;
use meed_core::crediting::{HELD_DAY, Line, Step};
use meed_core::money::{Conversion, Unit};
use meed_core::period::Period;
use serde::{Deserialize, Serialize};

/// A calculation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CalculationDocument {
    pub program: i64,
    pub program_name: String,
    /// Record id of the version of the program document that rules on the last day of the period: the frozen copy.
    pub version: i64,
    pub version_number: u32,
    /// Numbers of the versions that rule some day of the period, in order.
    #[serde(default)]
    pub versions: Vec<u32>,
    /// Label of the period, such as `2026-03`.
    pub period: String,
    pub cell_day: i64,
    pub currency: String,
    pub started_us: i64,
    pub finished_us: i64,
    pub created_by: String,
    /// Recorded time up to which sales were known.
    pub as_of_us: i64,
    /// Configuration that was calculated with.
    pub config_version: i64,
    pub sales: u64,
    pub credits: u64,
    pub payees: u64,
    /// Sum of the rewards in minor units.
    pub total: i64,
    /// Rewards that were new or changed by this calculation.
    pub changed: u32,
    /// Of these, differences to a released period, booked in the open one.
    pub carried: u32,
    pub not_credited: Vec<ReasonCount>,
    pub alerts: Vec<AlertLine>,
    /// SHA-256 over rewards and credits: a second run over the same facts gives the same.
    pub digest: String,
    /// Record id of the payees.
    #[serde(default)]
    pub payee_list: i64,
    /// What teams were credited, where the plan credits teams.
    #[serde(default)]
    pub teams: Vec<TeamLine>,
}

impl CalculationDocument {
    /// Numbers of the versions that ruled some day of it, in order; never none.
    #[must_use]
    pub fn ruled_by(&self) -> &[u32] {
        if self.versions.is_empty() { std::slice::from_ref(&self.version_number) } else { &self.versions }
    }
}

/// A team of a calculation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TeamLine {
    pub team: i64,
    pub name: String,
    /// What it earned for those who get it, unrounded.
    pub earned: String,
    pub credits: u64,
    pub attainment: String,
    pub quota: Option<String>,
    pub percent: Option<String>,
}

/// How often something was not credited, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ReasonCount {
    pub code: String,
    pub text: String,
    pub sales: u64,
}

/// An alert of a calculation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AlertLine {
    pub code: String,
    pub text: String,
    pub subject: String,
    pub reps: Vec<i64>,
    pub sales: u64,
    pub first_sale: Option<i64>,
}

/// A payee of a calculation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PayeeLine {
    pub rep: i64,
    pub name: String,
    /// Unrounded.
    pub exact: String,
    /// Minor units.
    pub amount: i64,
    pub credits: u64,
    pub attainment: String,
    pub quota: Option<String>,
    pub percent: Option<String>,
    /// What attainment measures: `value`, `rank` or `increase`.
    #[serde(default)]
    pub metric: String,
    /// The percentage of the quota, the place, or the increase in percent.
    #[serde(default)]
    pub reached: Option<String>,
    pub flagged: bool,
    /// Sum of the credits, unrounded.
    #[serde(default)]
    pub credited: String,
    /// How the credits become the lines.
    #[serde(default)]
    pub steps: Vec<StepLine>,
    /// What is posted, due in the period or later.
    #[serde(default)]
    pub lines: Vec<PostedLine>,
    /// The same in the payee's own currency, where that is another than the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_in: Option<PaidInLine>,
}

/// An amount in the currency of a payee, with the rate that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PaidInLine {
    pub currency: String,
    /// Minor units of that currency.
    pub amount: i64,
    #[serde(flatten)]
    pub rate: RateLine,
}

/// A rate of exchange as it was used: amounts are multiplied, then divided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RateLine {
    /// What one unit is worth, for people.
    pub rate: String,
    pub times: String,
    pub over: String,
    /// First day of the rate, ISO; absent where the plan fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_day: Option<String>,
}

impl RateLine {
    /// The rate of a conversion.
    #[must_use]
    pub fn of(conversion: &Conversion) -> Self {
        Self {
            rate: conversion.rate().to_string(),
            times: conversion.times.normalize().to_string(),
            over: conversion.over.normalize().to_string(),
            rate_day: conversion.valid_from().map(|day| day.to_string()),
        }
    }
}

impl PaidInLine {
    /// The amount in minor units, as a conversion made it.
    #[must_use]
    pub fn of(conversion: &Conversion, amount: i64) -> Self {
        Self { currency: conversion.to.code().to_owned(), amount, rate: RateLine::of(conversion) }
    }

    /// The conversion again, from the plan's currency.
    #[must_use]
    pub fn conversion(&self, from: Unit) -> Option<Conversion> {
        Some(Conversion {
            from,
            to: self.currency.parse().ok()?,
            day: self.rate.rate_day.as_deref().map_or(Some(Date::MIN), |day| day.parse().ok())?,
            times: self.rate.times.parse().ok()?,
            over: self.rate.over.parse().ok()?,
        })
    }
}

/// A step from the credits to what is paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StepLine {
    /// Stable word, such as `draw_advance`.
    pub kind: String,
    pub label: String,
    /// The figures it was made of, by name.
    pub inputs: Vec<(String, String)>,
    /// Unrounded; negative where it takes.
    pub amount: String,
    /// The step as a sentence.
    pub text: String,
}

/// A line of what is posted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PostedLine {
    /// Stable word, such as `commission` or `holdback`.
    pub kind: String,
    /// Tells lines of one kind apart.
    pub name: String,
    pub label: String,
    /// Label of the period in which it is due; `None` while its condition is open.
    pub due: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// The sale that it takes back.
    #[serde(default)]
    pub sale: Option<i64>,
}

impl From<&Step> for StepLine {
    fn from(step: &Step) -> Self {
        Self {
            kind: step.kind.word().to_owned(),
            label: step.label.clone(),
            inputs: step.inputs.clone(),
            amount: step.amount.normalize().to_string(),
            text: step.to_string(),
        }
    }
}

impl PostedLine {
    /// The line as people see it; `like` says how long periods are.
    #[must_use]
    pub fn of(line: &Line, like: &Period) -> Self {
        let due = (line.due_day != HELD_DAY).then(|| crate::releases::label_of(like, line.due_day));
        Self {
            kind: line.kind.word().to_owned(),
            name: line.name.clone(),
            label: line.label.clone(),
            due,
            amount: line.minor,
            sale: line.sale.map(|sale| sale.0),
        }
    }
}
