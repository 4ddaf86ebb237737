//! Rates of exchange: the list with its form.

use askama::Template;

use super::{Chrome, FormErrors};

/// One rate of the list.
#[derive(Clone, Debug, Default)]
pub struct RateRow {
    /// Currency that is converted.
    pub from: String,
    /// Currency of the result.
    pub to: String,
    /// First day, ISO.
    pub day: String,
    /// What one unit is worth.
    pub rate: String,
}

/// `GET /rates`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "rates.html")]
pub struct RatesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// By currency, the latest first.
    pub rows: Vec<RateRow>,
    /// How many of how many are shown.
    pub shown: String,
    /// Whether the form is there.
    pub can_change: bool,
    /// Field `from` as typed before.
    pub from: String,
    /// Field `to`; the workspace's currency at first.
    pub to: String,
    /// Field `day`; today at first.
    pub day: String,
    /// Field `rate` as typed before.
    pub rate: String,
    /// What was wrong.
    pub errors: FormErrors,
}
