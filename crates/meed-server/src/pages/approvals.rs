//! Approvals: the statements that wait for a word, by plan and period.

use askama::Template;

use super::{Amount, Badge, Chrome, FormErrors};

/// One statement.
#[derive(Clone, Debug, Default)]
pub struct ApprovalRow {
    /// Id of the payee: value of the field `rep`.
    pub rep: String,
    /// Name.
    pub name: String,
    /// Their statement.
    pub href: String,
    /// What they get.
    pub amount: Amount,
    /// Approved, Pending …
    pub status: Badge,
    /// Who approved it and when; may be empty.
    pub note: String,
    /// Whether the person who looks may decide about it.
    pub can_decide: bool,
}

/// The statements of a plan's period; a form of its own.
#[derive(Clone, Debug, Default)]
pub struct ApprovalGroup {
    /// Number on the page, for ids.
    pub number: usize,
    /// Id of the program: field `program`.
    pub program: String,
    /// Its name.
    pub name: String,
    /// Label of the period: field `period`.
    pub label: String,
    /// "March 2026".
    pub period: String,
    /// "2 of 5 approved".
    pub progress: String,
    /// By name.
    pub rows: Vec<ApprovalRow>,
}

impl ApprovalGroup {
    /// Whether there is anything to decide.
    pub fn can_decide(&self) -> bool {
        self.rows.iter().any(|row| row.can_decide)
    }
}

/// `GET /approvals`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "approvals.html")]
pub struct ApprovalsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Latest period first.
    pub groups: Vec<ApprovalGroup>,
    /// What was wrong.
    pub errors: FormErrors,
}
