//! Parties: who is the same in several roles, and one statement over all of them.

use askama::Template;

use super::{Amount, Chrome, Fact, FormErrors, Link};

/// A party of the list.
#[derive(Clone, Debug, Default)]
pub struct PartyRow {
    /// Its id: that of its first role.
    pub id: String,
    /// Its roles with their own pages.
    pub roles: Vec<Link>,
    /// Why they are the same.
    pub reason: String,
    /// When they were linked, and by whom.
    pub linked: String,
}

/// A rep and a participant who may be the same.
#[derive(Clone, Debug, Default)]
pub struct CandidateRow {
    /// The rep.
    pub rep: String,
    /// Their name.
    pub rep_name: String,
    /// The participant.
    pub participant: String,
    /// Their name.
    pub participant_name: String,
    /// What they have in common, in words.
    pub common: String,
}

/// `GET /parties`
#[derive(Clone, Debug, Template)]
#[template(path = "parties.html")]
pub struct PartiesPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Newest link first.
    pub rows: Vec<PartyRow>,
    /// Who may be the same; only for who may link them.
    pub candidates: Vec<CandidateRow>,
    /// Whether the visitor may link and unlink.
    pub may_link: bool,
    /// Fields `rep`, `participant` and `reason` as they were typed.
    pub typed: [String; 3],
    /// Messages by field.
    pub errors: FormErrors,
}

/// What one role earned and has in one unit.
#[derive(Clone, Debug, Default)]
pub struct RoleRow {
    /// What role, with its own page.
    pub role: Link,
    /// Before, earned, other, paid, expired, after.
    pub flow: [Amount; 6],
    /// Waiting, to be paid or spent, owed.
    pub stands: [Amount; 3],
}

/// A line that moved an account.
#[derive(Clone, Debug, Default)]
pub struct PartyLine {
    /// When it was recorded.
    pub when: String,
    /// What it was.
    pub what: String,
    /// What it added or took.
    pub amount: Amount,
}

/// An account of a statement.
#[derive(Clone, Debug, Default)]
pub struct PartyAccount {
    /// Whose and what for.
    pub name: String,
    /// Before.
    pub opening: Amount,
    /// After.
    pub closing: Amount,
    /// What moved it, newest first.
    pub lines: Vec<PartyLine>,
    /// How many lines there are besides those that are shown.
    pub more: usize,
}

/// `GET /parties/{id}`
#[derive(Clone, Debug, Template)]
#[template(path = "party.html")]
pub struct PartyPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Its id.
    pub id: String,
    /// Name of its first role.
    pub name: String,
    /// Who it is.
    pub facts: Vec<Fact>,
    /// Whether it has more than one role, and the visitor may take it apart.
    pub may_unlink: bool,
    /// First and last day as they were asked for; may be empty.
    pub days: [String; 2],
    /// By role and unit.
    pub rows: Vec<RoleRow>,
    /// Sums over all roles by unit: before, moved, after.
    pub totals: Vec<[Amount; 3]>,
    /// The accounts behind them.
    pub accounts: Vec<PartyAccount>,
    /// Messages by field.
    pub errors: FormErrors,
}
