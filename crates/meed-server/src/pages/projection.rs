//! Projecting a period, and who takes part in a plan.

use askama::Template;

use super::{Amount, Badge, Choice, Chrome, Figure, FormErrors, Link};

/// One payee of a projection.
#[derive(Clone, Debug, Default)]
pub struct ProjectedRow {
    /// Who, with the statement of the period.
    pub payee: Link,
    /// With the sales so far.
    pub so_far: Amount,
    /// With the drawn ones.
    pub projected: Amount,
    /// What the rest of the period adds.
    pub adds: Amount,
    /// Attainment with the drawn ones; may be empty.
    pub attainment: String,
}

/// A projection that was made before.
#[derive(Clone, Debug, Default)]
pub struct KeptRow {
    /// "March 2026".
    pub period: String,
    /// First projected day.
    pub from: String,
    /// When and by whom.
    pub when: String,
    /// The form with its key filled in.
    pub href: String,
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct Projected {
    /// "March 2026".
    pub period: String,
    /// So far, projected, sales.
    pub figures: Vec<Figure>,
    /// Highest first.
    pub rows: Vec<ProjectedRow>,
    /// The key that repeats it.
    pub key: String,
}

/// `GET /programs/{id}/projection`, and the answer to its `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "projection.html")]
pub struct ProjectionPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the program.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Field `period`.
    pub periods: Vec<Choice>,
    /// Field `from`: first projected day; empty for today.
    pub from: String,
    /// Field `key`; empty for a fresh draw.
    pub key: String,
    /// The answer; nothing before the first question.
    pub result: Option<Projected>,
    /// Latest first.
    pub kept: Vec<KeptRow>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One rep and the plan.
#[derive(Clone, Debug, Default)]
pub struct EnrolledRow {
    /// Id of the rep: value of the field `rep`.
    pub id: String,
    /// The rep.
    pub rep: Link,
    /// "Enrolled", "Not enrolled".
    pub state: Badge,
    /// "from 1 Jan 2026"; may be empty.
    pub days: String,
}

/// `GET /programs/{id}/enrollment`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "enrollment.html")]
pub struct EnrollmentPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id of the program.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether the plan asks for enrollment.
    pub required: bool,
    /// By name.
    pub rows: Vec<EnrolledRow>,
    /// Field `day`.
    pub day: String,
    /// What was wrong.
    pub errors: FormErrors,
}
