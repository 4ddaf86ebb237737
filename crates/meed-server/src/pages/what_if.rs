//! What if: another text of a plan over stored history, and two versions of a plan beside each other.

use askama::Template;

use super::programs::DocumentLine;
use super::{Amount, Badge, Choice, Chrome, Figure, FormErrors, Link};

/// A figure of a plan that the form can change. Fields `knob_{index}` and `knob_was_{index}`.
#[derive(Clone, Debug, Default)]
pub struct KnobField {
    /// Its number.
    pub index: usize,
    /// What it is: "bands 2 rate".
    pub label: String,
    /// What stands in the text: `5%`.
    pub was: String,
    /// What was typed.
    pub value: String,
    /// Line of the text.
    pub line: usize,
}

impl KnobField {
    /// Name of its field.
    pub fn field(&self) -> String {
        format!("knob_{}", self.index)
    }
}

/// The figures of one rule.
#[derive(Clone, Debug, Default)]
pub struct KnobGroup {
    /// Name of the rule; "The plan" for what stands before the rules.
    pub name: String,
    /// In the order of the text.
    pub knobs: Vec<KnobField>,
}

/// One payee.
#[derive(Clone, Debug, Default)]
pub struct ChangeRow {
    /// Id of the payee: value of the button `only`.
    pub rep: String,
    /// Name.
    pub name: String,
    /// Reward now.
    pub before: Amount,
    /// Reward under the text.
    pub after: Amount,
    /// What they gain or lose, with its sign.
    pub difference: Amount,
    /// Gains, Loses or Same.
    pub mark: Badge,
    /// Attainment before and after; may be empty.
    pub attainment: String,
    /// Length of the bar, 0 to 100.
    pub share: u32,
    /// Whether the bar is that of a loss.
    pub loses: bool,
}

/// One sale of the payee that was asked for.
#[derive(Clone, Debug, Default)]
pub struct SaleChangeRow {
    /// The sale.
    pub sale: Link,
    /// Day.
    pub day: String,
    /// Credit now, unrounded.
    pub before: Amount,
    /// Credit under the text, unrounded.
    pub after: Amount,
    /// The difference.
    pub difference: Amount,
}

/// The answer to a question.
#[derive(Clone, Debug, Default)]
pub struct WhatIfResult {
    /// Total now, total then, difference, winners and losers.
    pub figures: Vec<Figure>,
    /// Who gains most first.
    pub payees: Vec<ChangeRow>,
    /// Name of the payee whose sales follow; empty where none was asked for.
    pub sales_of: String,
    /// Their sales.
    pub sales: Vec<SaleChangeRow>,
    /// What a person should look at.
    pub alerts: Vec<String>,
}

/// `GET /programs/{id}/what-if`, and the answer to its `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "what_if.html")]
pub struct WhatIfPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the program.
    pub id: String,
    /// Name.
    pub name: String,
    /// The version that is compared with: `v3`.
    pub version: String,
    /// Field `document`.
    pub document: String,
    /// Figures of the text.
    pub knobs: Vec<KnobGroup>,
    /// Field `from`.
    pub from: Vec<Choice>,
    /// Field `until`.
    pub until: Vec<Choice>,
    /// Lines with errors, with one line around each.
    pub wrong: Vec<DocumentLine>,
    /// Whether the examples of the text fail, which does not keep it from being tried.
    pub examples_fail: bool,
    /// The answer; nothing before the first question.
    pub result: Option<WhatIfResult>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// A line of the difference between two versions.
#[derive(Clone, Debug, Default)]
pub struct DiffLine {
    /// Number in the older version; 0 where the line is new.
    pub old: usize,
    /// Number in the newer version; 0 where the line is gone.
    pub new: usize,
    /// The line.
    pub text: String,
    /// `added`, `gone` or `same`.
    pub kind: &'static str,
}

/// `GET /programs/{id}/compare?from=1&until=2`
#[derive(Clone, Debug, Template)]
#[template(path = "compare.html")]
pub struct ComparePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the program.
    pub id: String,
    /// Name.
    pub name: String,
    /// Query field `from`.
    pub from: Vec<Choice>,
    /// Query field `until`.
    pub until: Vec<Choice>,
    /// How many lines came and went, in words.
    pub summary: String,
    /// The lines; stretches that are the same are cut to three lines on each side.
    pub lines: Vec<DiffLine>,
}
