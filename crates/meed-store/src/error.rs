//! Driver errors become one of Meed's kinds here, and nowhere else (`scale-out.md` §6).
//!
//! The decision rests on SQLSTATE or the SQLite result code, the statement, and whether the failure came at COMMIT.
//! Constraint names are never looked at: they are absent when an error comes from another node.

use std::fmt;

/// What a failure means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Repeat the whole transaction, under its idempotency key.
    Transient,
    /// The database stopped the statement: its time was up, or somebody cancelled it. Repeated once at most, for what took
    /// minutes takes them again.
    Cancelled,
    /// As transient, but nobody knows whether the commit happened.
    OutcomeUnknown,
    /// A unique key was violated: somebody else was first.
    Duplicate,
    /// Meed sent something it should not have.
    Bug,
    /// Too many commands wait already.
    Overloaded,
    /// The disk did not take what was committed; nothing is written any more until the database is opened anew.
    Unsaved,
    /// The machine, its disk, or what this process may do there is at fault.
    Broken,
}

/// A failed store operation.
#[derive(Debug)]
pub struct StoreError {
    /// What it means.
    pub fault: Fault,
    /// The statement, by name, if one was involved.
    pub statement: Option<&'static str>,
    /// Text for the log. Never shown to clients.
    pub detail: String,
}

impl StoreError {
    /// A bug: an assumption about stored data or a statement was wrong.
    #[must_use]
    pub fn bug(detail: impl Into<String>) -> Self {
        Self { fault: Fault::Bug, statement: None, detail: detail.into() }
    }

    /// The database cannot be used.
    #[must_use]
    pub fn broken(detail: impl Into<String>) -> Self {
        Self { fault: Fault::Broken, statement: None, detail: detail.into() }
    }

    /// The same error for another caller of the same work.
    pub(crate) fn copy(&self) -> Self {
        Self { fault: self.fault, statement: self.statement, detail: self.detail.clone() }
    }

    /// Maps an SQLSTATE.
    #[must_use]
    pub fn from_sqlstate(state: &str, at_commit: bool, statement: Option<&'static str>, detail: String) -> Self {
        let fault = match state {
            "23505" => Fault::Duplicate,
            "40001" | "40P01" | "55P03" | "53300" | "25006" => Fault::Transient,
            "57014" if at_commit => Fault::OutcomeUnknown,
            "57014" => Fault::Cancelled,
            "57P01" | "57P02" | "57P03" => unknown_at(at_commit),
            s if s.starts_with("08") => unknown_at(at_commit),
            "XX000" if at_commit => Fault::OutcomeUnknown,
            // No such database, a wrong name or password, or too few rights: nothing that another try would change.
            "3D000" | "42501" | "53100" | "XX001" | "XX002" => Fault::Broken,
            s if s.starts_with("28") => Fault::Broken,
            _ => Fault::Bug,
        };
        Self { fault, statement, detail }
    }

    /// Maps an SQLite extended result code.
    #[must_use]
    pub fn from_sqlite(extended: i32, statement: Option<&'static str>, detail: String) -> Self {
        let fault = match (extended & 0xff, extended) {
            (5 | 6, _) => Fault::Transient,
            (9, _) => Fault::Cancelled,
            (_, 2067 | 1555) => Fault::Duplicate,
            (8 | 10 | 11 | 13 | 14 | 26, _) => Fault::Broken,
            _ => Fault::Bug,
        };
        Self { fault, statement, detail }
    }
}

fn unknown_at(commit: bool) -> Fault {
    if commit { Fault::OutcomeUnknown } else { Fault::Transient }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.fault)?;
        if let Some(statement) = self.statement {
            write!(f, " in `{statement}`")?;
        }
        write!(f, ": {}", self.detail)
    }
}

impl std::error::Error for StoreError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_without_constraint_names() {
        let state = |s, at_commit| StoreError::from_sqlstate(s, at_commit, None, String::new()).fault;
        assert_eq!(state("40001", false), Fault::Transient);
        assert_eq!(state("08006", false), Fault::Transient);
        assert_eq!(state("08006", true), Fault::OutcomeUnknown);
        assert_eq!(state("XX000", true), Fault::OutcomeUnknown);
        assert_eq!(state("XX000", false), Fault::Bug);
        assert_eq!(state("57014", false), Fault::Cancelled);
        assert_eq!(state("57014", true), Fault::OutcomeUnknown);
        assert_eq!(StoreError::from_sqlite(9, None, String::new()).fault, Fault::Cancelled);
        assert_eq!(state("23505", false), Fault::Duplicate);
        assert_eq!(state("53100", false), Fault::Broken);
        assert_eq!(state("3D000", false), Fault::Broken);
        assert_eq!(state("28P01", false), Fault::Broken);
        assert_eq!(StoreError::from_sqlite(517, None, String::new()).fault, Fault::Transient);
        assert_eq!(StoreError::from_sqlite(2067, None, String::new()).fault, Fault::Duplicate);
        assert_eq!(StoreError::from_sqlite(13, None, String::new()).fault, Fault::Broken);
        assert_eq!(StoreError::from_sqlite(275, None, String::new()).fault, Fault::Bug);
    }
}
