//! Files for payroll, and marking paid by hand.

use askama::Template;

use super::calculations::CalculationStatus;
use super::{Amount, Chrome, FormErrors, Pager};

/// One calculation with its files.
#[derive(Clone, Debug, Default)]
pub struct ExportRow {
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// Where it stands.
    pub status: CalculationStatus,
    /// Sum of its rewards, per currency.
    pub totals: Vec<Amount>,
    /// How many are paid.
    pub payees: u64,
    /// When it was released and last downloaded, in words; may be empty.
    pub note: String,
    /// Whether it can be marked paid.
    pub can_pay: bool,
}

/// `GET /exports`
#[derive(Clone, Debug, Template)]
#[template(path = "exports.html")]
pub struct ExportsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest period first.
    pub rows: Vec<ExportRow>,
    /// Neighbouring pages.
    pub pager: Pager,
}

/// One payee of the form. The form sends the field `payee` once for each that is ticked.
#[derive(Clone, Debug, Default)]
pub struct PayRow {
    /// Id of the payee.
    pub id: String,
    /// Name.
    pub name: String,
    /// What is owed.
    pub amount: Amount,
    /// When it was paid; empty when it is still owed.
    pub paid: String,
    /// Why it is not to be paid now; empty when it may be.
    pub waits: String,
    /// Ticked.
    pub selected: bool,
}

/// `GET /calculations/{id}/pay`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "mark_paid.html")]
pub struct MarkPaidPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the calculation.
    pub id: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// Payees by name.
    pub rows: Vec<PayRow>,
    /// Field `paid_on`, `YYYY-MM-DD`.
    pub paid_on: String,
    /// Field `reference`: the payroll run or bank reference.
    pub reference: String,
    /// What was wrong.
    pub errors: FormErrors,
}

impl MarkPaidPage {
    /// Whether anything is still owed.
    pub fn open(&self) -> bool {
        self.rows.iter().any(|row| row.paid.is_empty() && row.waits.is_empty())
    }
}
