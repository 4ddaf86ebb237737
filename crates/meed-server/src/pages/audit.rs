//! The audit log: who did what when, and the state of its hash chain.

use askama::Template;

use super::{Badge, Change, Choice, Chrome, Link, Pager};

/// One entry of the log.
#[derive(Clone, Debug, Default)]
pub struct AuditRow {
    /// Number in the chain.
    pub number: u64,
    /// When.
    pub when: String,
    /// Who: a person, a key, "Meed".
    pub who: String,
    /// What was done, in words: "Released calculation".
    pub what: String,
    /// What it was done to; may have no address.
    pub object: Link,
    /// Before and after.
    pub changes: Vec<Change>,
    /// Hash of the entry, shortened.
    pub hash: String,
    /// Id of the request; may be empty.
    pub request_id: String,
}

/// `GET /audit`
#[derive(Clone, Debug, Template)]
#[template(path = "audit.html")]
pub struct AuditPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// "Chain intact" or "Chain broken at 1,204".
    pub chain: Badge,
    /// How far and when it was checked.
    pub chain_note: String,
    /// Query field `who`; the first choice is all.
    pub who: Vec<Choice>,
    /// Query field `what`; the first choice is all.
    pub what: Vec<Choice>,
    /// The page is about signing in, not about the workspace; without a filter.
    pub sign_ins: bool,
    /// Whether anything is filtered.
    pub active: bool,
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// Neighbouring pages.
    pub pager: Pager,
}
