//! Statements: the list, and one payee's account of a period with every cent explained.

use askama::Template;

use super::calculations::LateRow;
use super::charts::{BarChart, Gauge, StepChart};
use super::explain::CreditView;
use super::{Amount, Badge, Choice, Chrome, Fact, Link, Notice, Pager};

/// One statement of a list.
#[derive(Clone, Debug, Default)]
pub struct StatementRow {
    /// The statement.
    pub href: String,
    /// Name of the payee; not shown to the payee.
    pub payee: String,
    /// "March 2026".
    pub period: String,
    /// Pending, Confirmed, Paid.
    pub status: Badge,
    /// Totals, per currency.
    pub totals: Vec<Amount>,
    /// What stands in their place; may be empty.
    pub note: String,
}

/// `GET /statements`: all for the operator, their own for the payee.
#[derive(Clone, Debug, Template)]
#[template(path = "statements.html")]
pub struct StatementsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Text searched for; query field `q`, operator only.
    pub q: String,
    /// Query field `period`; the first choice is all.
    pub periods: Vec<Choice>,
    /// What payees are told; empty for the operator.
    pub announcements: Vec<Notice>,
    /// What was earned per period, for the payee; no bars draw nothing.
    pub chart: BarChart,
    /// Newest period first.
    pub rows: Vec<StatementRow>,
    /// Neighbouring pages.
    pub pager: Pager,
}

/// How the exact credits became a whole number of cents.
#[derive(Clone, Debug, Default)]
pub struct Rounding {
    /// Exact sum of the credits.
    pub exact: Amount,
    /// What rounding added or took.
    pub remainder: Amount,
    /// The rule in words: "half up, once per reward".
    pub rule: String,
}

/// A step from the credits to what is paid.
#[derive(Clone, Debug, Default)]
pub struct StepRow {
    /// What it is.
    pub label: String,
    /// How it came about, or when it is due; may be empty.
    pub note: String,
    /// The sale that it concerns; may be empty.
    pub sale: Link,
    /// What it adds or takes, unrounded.
    pub amount: Amount,
}

/// One reward of the statement: a program and its credits.
#[derive(Clone, Debug, Default)]
pub struct StatementReward {
    /// The program.
    pub program: Link,
    /// Version frozen with the run: `v3`.
    pub version: String,
    /// What is measured, with its sum: "Credited revenue", "118,400.00 EUR".
    pub measures: Vec<Fact>,
    /// Attainment, where there is a goal.
    pub attainment: Option<Gauge>,
    /// Tiers with the place reached; no steps for untiered programs.
    pub tiers: StepChart,
    /// How many credits there are: "184 credits", or "credits 1 to 200 of 3,412".
    pub credits_shown: String,
    /// Credits in canonical order.
    pub credits: Vec<CreditView>,
    /// Figures that the plan read, with their days.
    pub variables: Vec<Fact>,
    /// Bonuses, limits, deductions, draws: how the credits become what is paid; empty where they are it.
    pub steps: Vec<StepRow>,
    /// Earned here and paid in later periods.
    pub later: Vec<StepRow>,
    /// From the exact sum to the reward; absent when the sum has no fraction of a cent.
    pub rounding: Option<Rounding>,
    /// The reward.
    pub total: Amount,
}

/// `GET /statements/{payee}/{period}`
#[derive(Clone, Debug, Template)]
#[template(path = "statement.html")]
pub struct StatementPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Name of the payee.
    pub payee: String,
    /// Team, manager; shown small.
    pub about: String,
    /// "March 2026".
    pub period: String,
    /// "1 – 31 March 2026, Europe/Berlin".
    pub range: String,
    /// Pending, Confirmed, Paid.
    pub status: Badge,
    /// When it was released or paid; may be empty.
    pub status_note: String,
    /// What is paid, per currency.
    pub totals: Vec<Amount>,
    /// Rewards by program.
    pub rewards: Vec<StatementReward>,
    /// Differences from earlier periods.
    pub late: Vec<LateRow>,
    /// Sum of `late` per currency.
    pub late_totals: Vec<Amount>,
    /// Statement of the period before; an empty address when there is none.
    pub previous: Link,
    /// Statement of the period after.
    pub next: Link,
    /// Neighbouring pages of credits, where there are more than fit on one.
    pub pager: Pager,
    /// Address of the credits as CSV; may be empty.
    pub csv: String,
    /// Where to ask about it; empty for who only looks.
    pub ask: String,
    /// Said where what the sales earn is not shown yet; empty otherwise.
    pub not_yet: String,
    /// Where to adjust the payee; empty for who may not.
    pub adjust: String,
    /// Whether each credited sale is listed with its working.
    pub details: bool,
    /// When it was frozen or calculated.
    pub as_of: String,
}
