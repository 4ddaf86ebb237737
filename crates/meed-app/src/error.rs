//! What a use case can answer besides success.

use meed_core::command::{Class, Refused};
use meed_store::{Fault, StoreError};

/// A refusal (the rules say no) or a fault (something outside failed).
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The rules say no. Shown to the caller with its code.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Something failed. Logged; the caller gets a code and a request id.
    #[error(transparent)]
    Fault(#[from] StoreError),
    /// A file could not be read or written.
    #[error("{context}: {source}")]
    File {
        /// What was being done.
        context: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The result of a use case.
pub type AppResult<T> = Result<T, AppError>;

impl AppError {
    /// A bug of ours: an assumption did not hold.
    #[must_use]
    pub fn bug(detail: &str) -> Self {
        Self::Fault(StoreError::bug(detail))
    }

    /// Something named does not exist.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::Refused(Refused::new(Class::NotFound, "not_found", format!("there is no such {what}")))
    }

    /// A value is wrong.
    #[must_use]
    pub fn invalid(code: &'static str, field: &str, text: impl Into<String>) -> Self {
        Self::Refused(Refused::new(Class::Invalid, code, text).at(field))
    }

    /// A state forbids it.
    #[must_use]
    pub fn conflict(code: &'static str, text: impl Into<String>) -> Self {
        Self::Refused(Refused::new(Class::Conflict, code, text))
    }

    /// Whether the caller should come back later: too many commands wait.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        matches!(self, Self::Fault(error) if error.fault == Fault::Overloaded)
    }
}
