//! What payees and operators say to each other: enquiries and announcements; and the leaderboard.

use askama::Template;

use super::charts::Gauge;
use super::{Badge, Choice, Chrome, Fact, FormErrors, Link, Tone};

/// One enquiry of the list.
#[derive(Clone, Debug, Default)]
pub struct EnquiryRow {
    /// Its page.
    pub href: String,
    /// Its subject.
    pub subject: String,
    /// Whose statement it is about; not shown to the payee.
    pub payee: String,
    /// "March 2026"; may be empty.
    pub period: String,
    /// Open, Answered …
    pub status: Badge,
    /// When the last word was said.
    pub when: String,
}

/// `GET /enquiries`
#[derive(Clone, Debug, Template)]
#[template(path = "enquiries.html")]
pub struct EnquiriesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Open ones first.
    pub rows: Vec<EnquiryRow>,
}

/// `GET /enquiries/new`, and the answer to a refused `POST /enquiries`.
#[derive(Clone, Debug, Template)]
#[template(path = "enquiry_form.html")]
pub struct EnquiryFormPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Field `payee`; one choice or none hides it.
    pub payees: Vec<Choice>,
    /// Field `period`; the first choice is none.
    pub periods: Vec<Choice>,
    /// Hidden field `program`; may be empty.
    pub program: String,
    /// Hidden field `sale`; may be empty.
    pub sale: String,
    /// Field `reference`.
    pub reference: String,
    /// Field `subject`.
    pub subject: String,
    /// Field `text`.
    pub text: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One message of a thread.
#[derive(Clone, Debug, Default)]
pub struct MessageView {
    /// Who wrote it.
    pub who: String,
    /// When.
    pub when: String,
    /// The text.
    pub text: String,
    /// Written by the payee's side.
    pub from_line: bool,
}

/// Something that was looked at about a sale.
#[derive(Clone, Debug, Default)]
pub struct SaleCheck {
    /// Good or bad.
    pub tone: Tone,
    /// What was found.
    pub text: String,
}

/// A sale that may be meant.
#[derive(Clone, Debug, Default)]
pub struct CandidateView {
    /// The sale.
    pub sale: Link,
    /// Day, customer, amount.
    pub about: String,
    /// What was looked at.
    pub checks: Vec<SaleCheck>,
}

/// `GET /enquiries/{id}`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "enquiry.html")]
pub struct EnquiryPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Id.
    pub id: String,
    /// Subject.
    pub subject: String,
    /// Open, Answered …
    pub status: Badge,
    /// Payee, period, plan, sale as the payee names it.
    pub facts: Vec<Fact>,
    /// Oldest first.
    pub messages: Vec<MessageView>,
    /// Sales that may be meant; for the operator.
    pub candidates: Vec<CandidateView>,
    /// A reference was given and no sale holds it.
    pub nothing_found: bool,
    /// What put it right; an empty text where nothing is named.
    pub fix: Link,
    /// Field `status`, for the operator; no choice hides it.
    pub statuses: Vec<Choice>,
    /// Field `fix` as typed before.
    pub fix_typed: String,
    /// Field `text` as typed before.
    pub text: String,
    /// Whether the person may write.
    pub can_write: bool,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One announcement.
#[derive(Clone, Debug, Default)]
pub struct AnnouncementRow {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Text.
    pub text: String,
    /// Who sees it.
    pub tags: Vec<String>,
    /// "from 1 Apr 2026 until 30 Apr 2026".
    pub valid: String,
    /// Shown now, Later, Over.
    pub status: Badge,
}

/// `GET /announcements`, `GET /announcements/{id}`, and the answer to a refused `POST`.
#[derive(Clone, Debug, Template)]
#[template(path = "announcements.html")]
pub struct AnnouncementsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest first.
    pub rows: Vec<AnnouncementRow>,
    /// Id of the one that is edited; empty for a new one.
    pub id: String,
    /// Field `title`.
    pub title: String,
    /// Field `text`.
    pub text: String,
    /// Field `tags`, separated by commas.
    pub tags: String,
    /// Field `from`, `YYYY-MM-DD`.
    pub from: String,
    /// Field `until`.
    pub until: String,
    /// What was wrong.
    pub errors: FormErrors,
}

/// One place of a board.
#[derive(Clone, Debug, Default)]
pub struct PlaceRow {
    /// From 1.
    pub rank: usize,
    /// Name.
    pub name: String,
    /// How far they came.
    pub gauge: Gauge,
    /// The person who looks.
    pub is_self: bool,
}

/// A board.
#[derive(Clone, Debug, Default)]
pub struct BoardView {
    /// Number on the page, for ids.
    pub number: usize,
    /// Plan.
    pub program: String,
    /// "March 2026".
    pub period: String,
    /// Places in order.
    pub places: Vec<PlaceRow>,
}

/// `GET /leaderboard`
#[derive(Clone, Debug, Template)]
#[template(path = "leaderboard.html")]
pub struct LeaderboardPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest first.
    pub boards: Vec<BoardView>,
    /// Whether payees see it.
    pub is_public: bool,
}
