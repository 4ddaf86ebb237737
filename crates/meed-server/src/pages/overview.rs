//! The first page after the sign-in.

use askama::Template;

use super::calculations::CalculationRow;
use super::charts::{BarChart, RankChart, Sparkline};
use super::{Chrome, Figure, NextStep, Notice};

/// A headline number with its course.
#[derive(Clone, Debug, Default)]
pub struct Headline {
    /// The number.
    pub figure: Figure,
    /// Its course; empty points draw nothing.
    pub course: Sparkline,
}

/// `GET /`
#[derive(Clone, Debug, Template)]
#[template(path = "overview.html")]
pub struct OverviewPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Open period in words: "March 2026".
    pub period: String,
    /// Headline numbers, best four.
    pub headlines: Vec<Headline>,
    /// What to do next. Shown large while the workspace is empty, else beside the charts.
    pub steps: Vec<NextStep>,
    /// No sales yet.
    pub empty: bool,
    /// Credited amount per month.
    pub credited: BarChart,
    /// Payees with the largest amounts of the open period.
    pub payees: RankChart,
    /// Sales imported per day.
    pub imported: BarChart,
    /// Open alerts, most serious first; at most five.
    pub alerts: Vec<Notice>,
    /// How many alerts there are in all.
    pub alerts_total: u64,
    /// Latest calculations; at most five.
    pub calculations: Vec<CalculationRow>,
}

impl OverviewPage {
    /// How many next steps are done.
    pub fn steps_done(&self) -> usize {
        self.steps.iter().filter(|step| step.done).count()
    }
}
