//! Programs: the list, one program in words and pictures, and its editor.

use askama::Template;

use super::charts::StepChart;
use super::what_if::KnobGroup;
use super::{Badge, Chrome, Fact, FormErrors, Pager};

/// One program of the list.
#[derive(Clone, Debug, Default)]
pub struct ProgramRow {
    /// Id of the program.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it is in a few words: "Commission plan, monthly".
    pub kind: String,
    /// Draft, Active, Paused, Completed, Archived.
    pub status: Badge,
    /// Current version: `v3`.
    pub version: String,
    /// How many are paid by it, in words.
    pub payees: String,
    /// When and by whom it was changed last.
    pub changed: String,
    /// "6 of 6 examples pass".
    pub tests: Badge,
}

/// `GET /programs`
#[derive(Clone, Debug, Template)]
#[template(path = "programs.html")]
pub struct ProgramsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// By name.
    pub rows: Vec<ProgramRow>,
    /// Neighbouring pages.
    pub pager: Pager,
}

/// One rule in words.
#[derive(Clone, Debug, Default)]
pub struct RuleWords {
    /// Name of the rule.
    pub name: String,
    /// What it does, as (question, answer): ("Who", "the owner of the sale"), ("Which sales", …).
    pub words: Vec<Fact>,
    /// Its condition as written; may be empty.
    pub condition: String,
    /// Its tiers; no steps for untiered rules.
    pub tiers: StepChart,
}

/// One line of the document.
#[derive(Clone, Debug, Default)]
pub struct DocumentLine {
    /// Number from 1.
    pub number: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it; empty when nothing.
    pub error: String,
}

/// Numbers the lines of a document and attaches errors, given as (line from 1, text).
pub fn document_lines(document: &str, errors: &[(usize, String)]) -> Vec<DocumentLine> {
    document
        .lines()
        .enumerate()
        .map(|(i, text)| {
            let error = errors.iter().filter(|(line, _)| *line == i + 1).map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ");
            DocumentLine { number: i + 1, text: text.to_owned(), error }
        })
        .collect()
}

/// One example of the document and how it came out.
#[derive(Clone, Debug, Default)]
pub struct PlanTest {
    /// Its name.
    pub name: String,
    /// Whether it came out as stated.
    pub passed: bool,
    /// Stated figure.
    pub expected: String,
    /// Computed figure.
    pub got: String,
    /// Where they part; may be empty.
    pub detail: String,
}

/// One version of a program.
#[derive(Clone, Debug, Default)]
pub struct VersionRow {
    /// Number from 1.
    pub number: u32,
    /// When it was made.
    pub when: String,
    /// By whom.
    pub who: String,
    /// What they said about it; may be empty.
    pub note: String,
    /// From which day it applies; may be empty.
    pub applies: String,
    /// In how many calculations it is frozen, in words.
    pub used: String,
    /// Shown on this page.
    pub here: bool,
}

/// A state that a program can be moved to: `POST /programs/{id}/state` with the fields `to` and `from`.
#[derive(Clone, Debug, Default)]
pub struct StateMove {
    /// Field `to`.
    pub to: String,
    /// What its button says.
    pub button: String,
    /// With the field `last_period`.
    pub asks_period: bool,
}

/// The state of a program.
#[derive(Clone, Debug, Default)]
pub struct StateCard {
    /// Field `from`: the word of the state.
    pub from: String,
    /// What it means.
    pub text: String,
    /// Where it may go.
    pub moves: Vec<StateMove>,
}

/// `GET /programs/{id}?version=n`
#[derive(Clone, Debug, Template)]
#[template(path = "program.html")]
pub struct ProgramPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the program.
    pub id: String,
    /// Name.
    pub name: String,
    /// Draft, Active …
    pub status: Badge,
    /// What the state means, and where it may go.
    pub state: StateCard,
    /// Version shown: `v3`.
    pub version: String,
    /// The version shown is not the newest.
    pub old: bool,
    /// Period, target, rounding and such.
    pub facts: Vec<Fact>,
    /// Rules in words.
    pub rules: Vec<RuleWords>,
    /// Examples.
    pub tests: Vec<PlanTest>,
    /// The document.
    pub lines: Vec<DocumentLine>,
    /// Newest first.
    pub versions: Vec<VersionRow>,
}

impl ProgramPage {
    /// How many examples pass.
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed).count()
    }
}

/// `GET /programs/new`, `GET /programs/{id}/edit`, and the answer to a check or a refused save.
#[derive(Clone, Debug, Template)]
#[template(path = "program_edit.html")]
pub struct ProgramEditPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the program; empty for a new one.
    pub id: String,
    /// Name; empty for a new one.
    pub name: String,
    /// Field `document`: the text.
    pub document: String,
    /// Field `note`: what changed.
    pub note: String,
    /// Field `rules_from`: the day from which the version rules; empty for the document's own.
    pub from: String,
    /// Lines with errors, with one line around each; empty when nothing is wrong.
    pub wrong: Vec<DocumentLine>,
    /// Figures of the document that the form can change.
    pub knobs: Vec<KnobGroup>,
    /// What was wrong with a field, or with the document as a whole.
    pub errors: FormErrors,
    /// What may be meant, but rarely is: "Line 7: …".
    pub warnings: Vec<String>,
    /// The document was checked and nothing is wrong: its rules and examples follow.
    pub checked: bool,
    /// Rules in words.
    pub rules: Vec<RuleWords>,
    /// Examples.
    pub tests: Vec<PlanTest>,
}

impl ProgramEditPage {
    /// How many examples pass.
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|test| test.passed).count()
    }
}
