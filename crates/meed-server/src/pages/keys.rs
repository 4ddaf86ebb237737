//! API keys: the list with its form, and the one page that shows a new key.

use askama::Template;

use super::{Badge, Choice, Chrome, FormErrors};

/// One key of the list. The key itself is never shown again.
#[derive(Clone, Debug, Default)]
pub struct KeyRow {
    /// Id of the key.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// First letters, to recognise it by: `meed_live_7Qx…`.
    pub prefix: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// When and by whom it was made.
    pub created: String,
    /// When it was used last: "2 minutes ago", "never".
    pub last_used: String,
    /// Active, Revoked, Expired.
    pub status: Badge,
    /// Whether it can be revoked.
    pub active: bool,
}

/// `GET /keys`, and the answer to a refused `POST` of it.
#[derive(Clone, Debug, Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// Active ones first.
    pub rows: Vec<KeyRow>,
    /// Field `label` as typed before.
    pub label: String,
    /// Field `scope`, sent once for each that is ticked.
    pub scopes: Vec<Choice>,
    /// What was wrong.
    pub errors: FormErrors,
}

/// The answer to `POST /keys`: the only time the key is shown.
#[derive(Clone, Debug, Template)]
#[template(path = "key_created.html")]
pub struct KeyCreatedPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// What it is for.
    pub label: String,
    /// The key.
    pub secret: String,
    /// Scopes.
    pub scopes: Vec<String>,
    /// A call to try it with.
    pub example: String,
}
