//! Signing in: the form, the landing page of a one-time link, and their refusals.

use askama::Template;

use super::{Chrome, FormErrors};

/// Why the last sign-in was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInProblem {
    /// Unknown address or wrong password; which of them is not said.
    Wrong,
    /// Too many attempts; the text says when to try again: `in 15 minutes`.
    Locked(String),
    /// The one-time link was used already or is too old.
    LinkExpired,
    /// The session ended.
    SessionEnded,
}

/// `GET /login`, and the answer to a refused `POST /login`.
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// E-mail address as typed before.
    pub email: String,
    /// Where to go after the sign-in; sent back as `next`.
    pub next: String,
    /// Refusal to show.
    pub problem: Option<SignInProblem>,
}

/// `GET /welcome/{token}`: the landing page of a one-time link, where the person sets a password.
#[derive(Clone, Debug, Template)]
#[template(path = "welcome.html")]
pub struct WelcomePage {
    /// Frame of the page.
    pub chrome: Chrome,
    /// The one-time token of the link.
    pub token: String,
    /// Whose account this is.
    pub email: String,
    /// Name as known or typed.
    pub name: String,
    /// What was wrong with `name`, `password` or `password_again`.
    pub errors: FormErrors,
}
