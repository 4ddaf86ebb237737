//! Why a command was refused: a stable code, a class, and a text for people.

use std::borrow::Cow;

/// What kind of trouble a refusal is; surfaces turn it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request cannot be read (HTTP 400).
    Unreadable,
    /// Nobody is signed in, or the key is not valid (HTTP 401).
    Unauthenticated,
    /// Signed in, but not allowed (HTTP 403).
    Forbidden,
    /// What is named does not exist (HTTP 404).
    NotFound,
    /// A state forbids it (HTTP 409).
    Conflict,
    /// A value is wrong (HTTP 422).
    Invalid,
    /// Too much at once (HTTP 429).
    TooMany,
}

/// A refusal. The code never changes once published; the text may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refused {
    /// Stable code, such as `record_not_found`.
    pub code: Cow<'static, str>,
    /// What kind of trouble it is.
    pub class: Class,
    /// What happened, to what, and what to do next.
    pub text: String,
    /// The field or place that is wrong, if there is one.
    pub field: Option<String>,
}

impl Refused {
    /// A refusal of `class` with its code and text.
    pub fn new(class: Class, code: &'static str, text: impl Into<String>) -> Self {
        Self { code: Cow::Borrowed(code), class, text: text.into(), field: None }
    }

    /// Names the field that is wrong.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl From<crate::ledger::Refusal> for Refused {
    fn from(refusal: crate::ledger::Refusal) -> Self {
        let class = match refusal.http() {
            400 => Class::Unreadable,
            404 => Class::NotFound,
            409 => Class::Conflict,
            _ => Class::Invalid,
        };
        Self { code: Cow::Borrowed(refusal.code()), class, text: refusal.to_string(), field: None }
    }
}
