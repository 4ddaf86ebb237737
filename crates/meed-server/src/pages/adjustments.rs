//! Adjustments: the list, one by hand, a sheet of them, and taking sales back.

use askama::Template;

use super::imports::RowError;
use super::{Amount, Badge, Choice, Chrome, Fact, FormErrors, Link, Pager};

/// One adjustment of the list.
#[derive(Clone, Debug, Default)]
pub struct AdjustmentRow {
    /// Its id.
    pub id: String,
    /// Whose, with the statement of the period.
    pub payee: Link,
    /// What it is for.
    pub label: String,
    /// Name of the program.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// "Bonus", "Clawback" …
    pub kind: String,
    /// The sale that it changes or takes back; may be empty.
    pub sale: Link,
    /// What is said of the sale: "earned in January 2026"; may be empty.
    pub origin: String,
    /// What it adds.
    pub amount: Amount,
    /// Whether it counts.
    pub state: Badge,
    /// When and by whom.
    pub when: String,
    /// By whom.
    pub who: String,
}

/// `GET /adjustments`
#[derive(Clone, Debug, Template)]
#[template(path = "adjustments.html")]
pub struct AdjustmentsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Query field `program`; the first choice is all.
    pub programs: Vec<Choice>,
    /// Query field `period`; the first choice is all.
    pub periods: Vec<Choice>,
    /// Query field `q`: payee or label.
    pub q: String,
    /// Whether the list is filtered.
    pub active: bool,
    /// Latest period first.
    pub rows: Vec<AdjustmentRow>,
    /// Sum of what is listed, per currency.
    pub totals: Vec<Amount>,
    /// Neighbouring pages.
    pub pager: Pager,
    /// Whether there is a plan that somebody could be adjusted under.
    pub can_add: bool,
}

/// `GET /adjustments/new`, and the answer to a refused `POST /adjustments`.
#[derive(Clone, Debug, Template)]
#[template(path = "adjustment_form.html")]
pub struct AdjustmentFormPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Field `program`.
    pub programs: Vec<Choice>,
    /// Field `period`.
    pub periods: Vec<Choice>,
    /// Field `payee`.
    pub payees: Vec<Choice>,
    /// Field `kind`.
    pub kinds: Vec<Choice>,
    /// Field `amount`.
    pub amount: String,
    /// Field `to`.
    pub to: String,
    /// Field `label`.
    pub label: String,
    /// Field `sale`: unique id or id; may be empty.
    pub sale: String,
    /// Field `rule`; fewer than two choices hide it.
    pub rules: Vec<Choice>,
    /// What the sale earns now, where one is given.
    pub facts: Vec<Fact>,
    /// Field `once`: the same form sent twice changes nothing the second time.
    pub once: String,
    /// Where "Cancel" leads; field `back`.
    pub back: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// A row that would be made.
#[derive(Clone, Debug, Default)]
pub struct PreviewRow {
    /// Line of the sheet.
    pub line: u64,
    /// Whose.
    pub payee: String,
    /// "March 2026".
    pub period: String,
    /// "Bonus", "Clawback" …
    pub kind: String,
    /// What it is for.
    pub label: String,
    /// The sale that it changes or takes back; may be empty.
    pub sale: Link,
    /// "earned 120.00 in January 2026"; may be empty.
    pub origin: String,
    /// What it adds.
    pub amount: Amount,
}

/// What a sheet would do.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    /// Rows that count.
    pub rows: Vec<PreviewRow>,
    /// Rows that cannot be used.
    pub errors: Vec<RowError>,
    /// Sum of what would be added.
    pub total: Amount,
}

/// `GET /adjustments/sheet`, and the answers to its `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "adjustment_sheet.html")]
pub struct AdjustmentSheetPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Field `program`.
    pub programs: Vec<Choice>,
    /// Field `period`.
    pub periods: Vec<Choice>,
    /// Field `decimal`.
    pub decimals: Vec<Choice>,
    /// Field `pasted`.
    pub pasted: String,
    /// Field `kept`: hash of the sheet that was read; empty before.
    pub kept: String,
    /// Field `once`.
    pub once: String,
    /// What it would do; nothing before the first question.
    pub preview: Option<Preview>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// `GET /adjustments/clawback`, and the answers to its `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "clawback.html")]
pub struct ClawbackPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Field `program`.
    pub programs: Vec<Choice>,
    /// Field `period`.
    pub periods: Vec<Choice>,
    /// Field `how`: `full`, `share`, `term`.
    pub how: Vec<Choice>,
    /// Field `share`, in percent.
    pub share: String,
    /// Field `months`: length of the contract.
    pub months: String,
    /// Field `on`: when the contract ended.
    pub on: String,
    /// Field `label`.
    pub label: String,
    /// Field `pasted`: sales, one per line or as a table.
    pub pasted: String,
    /// Field `kept`.
    pub kept: String,
    /// Field `once`.
    pub once: String,
    /// What it would do.
    pub preview: Option<Preview>,
    /// What was wrong.
    pub errors: FormErrors,
}
