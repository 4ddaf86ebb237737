//! Refusals as pages, and the page that asks before something that cannot be taken back.

use askama::Template;

use super::{Chrome, Fact};

/// Any refusal that is not about one form.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Frame of the page. Its `request_id` is shown in large.
    pub chrome: Chrome,
    /// HTTP status.
    pub status: u16,
    /// Stable code of the refusal; may be empty.
    pub code: String,
    /// One line: "This page does not exist".
    pub title: String,
    /// What happened and what to do.
    pub text: String,
    /// Where to go; empty leads to the overview.
    pub back: String,
}

impl ErrorPage {
    /// The page for a status, with the usual words. Fill `text` in where there is more to say.
    pub fn of(chrome: Chrome, status: u16) -> Self {
        let (title, text) = match status {
            400 => ("That request was not understood", "A field was missing or could not be read. Nothing was changed."),
            403 => ("You may not see this", "Your account has no access to this page. Ask an administrator of the workspace."),
            404 => ("Nothing here", "This page does not exist, or it belongs to another workspace."),
            405 => ("Nothing here", "A form is sent to this address, which has no page of its own. Nothing was changed."),
            409 => (
                "That is no longer possible",
                "Somebody else was faster, or the state has changed since the page was opened. Nothing was changed.",
            ),
            413 => ("That file is too large", "Split it, or use the command line, which has no limit."),
            429 => ("Too many requests", "Wait a moment and try again. Nothing that was accepted is lost."),
            _ => (
                "Something went wrong on our side",
                "Nothing was half done: what was not confirmed was not saved. If it happens again, report the request id.",
            ),
        };
        Self { chrome, status, code: String::new(), title: title.to_owned(), text: text.to_owned(), back: String::new() }
    }
}

/// Asks before something that cannot be taken back. The form posts `csrf`, `confirm=yes` and the hidden fields.
#[derive(Clone, Debug, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// The question.
    pub title: String,
    /// What will happen.
    pub text: String,
    /// What it is about.
    pub facts: Vec<Fact>,
    /// Where the form posts to.
    pub action: String,
    /// Further hidden fields as (name, value).
    pub fields: Vec<(String, String)>,
    /// Words of the button: "Revoke the key".
    pub button: String,
    /// Whether the button is red.
    pub danger: bool,
    /// Where "Cancel" leads.
    pub cancel: String,
}
