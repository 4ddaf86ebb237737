//! What the records of a calculation hold.

use serde::{Deserialize, Serialize};

/// A calculation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CalculationDocument {
    pub program: i64,
    pub program_name: String,
    /// Record id of the version of the program document: the frozen copy.
    pub version: i64,
    pub version_number: u32,
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
    pub flagged: bool,
}
