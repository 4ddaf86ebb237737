//! Who may sign in, and what the workspace shows its payees.

use askama::Template;

use super::{Badge, Choice, Chrome, FormErrors};

/// One person of the list.
#[derive(Clone, Debug, Default)]
pub struct UserRow {
    /// Id of the person.
    pub id: String,
    /// Full name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Page of their rep; empty for administrators.
    pub rep_href: String,
    /// Roles to choose from, the present one selected.
    pub roles: Vec<Choice>,
    /// What the present role allows.
    pub about: String,
    /// Active, or invited.
    pub status: Badge,
    /// Whether a new sign-in link can be made.
    pub can_link: bool,
    /// The person who looks at the page.
    pub is_self: bool,
}

/// `GET /users`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "users.html")]
pub struct UsersPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Oldest first.
    pub rows: Vec<UserRow>,
    /// Field `name` as typed before.
    pub name: String,
    /// Field `email` as typed before.
    pub email: String,
    /// Field `role`.
    pub roles: Vec<Choice>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// The answer to an invitation: the only time the link is shown.
#[derive(Clone, Debug, Template)]
#[template(path = "user_link.html")]
pub struct UserLinkPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Whom it is for.
    pub name: String,
    /// The whole one-time address.
    pub url: String,
    /// How long it works: "7 days".
    pub valid: String,
}

/// `GET /settings`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Field `visible_from`.
    pub visible_from: Vec<Choice>,
    /// Fields `details`, `export` and `leaderboard`, each `yes` when ticked.
    pub shown: Vec<Choice>,
    /// Field `approved`, once for each program whose statements must be approved.
    pub programs: Vec<Choice>,
    /// Field `statement_word`.
    pub statement_word: String,
    /// Field `attainment_word`.
    pub attainment_word: String,
    /// What was wrong.
    pub errors: FormErrors,
}
