//! Statements are named constants: one text for both engines, or two texts side by side.

use crate::value::Kind;

/// A statement. `$1` is the workspace wherever a tenant table is touched.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Its name in logs and errors.
    pub(crate) name: &'static str,
    /// Text for SQLite.
    pub(crate) sqlite: &'static str,
    /// Text for PostgreSQL.
    pub(crate) postgres: &'static str,
    /// Kinds of the parameters; for a set statement those of the columns behind the workspace.
    pub(crate) params: &'static [Kind],
}

impl Statement {
    /// One text for both engines.
    #[must_use]
    pub(crate) const fn same(name: &'static str, text: &'static str, params: &'static [Kind]) -> Self {
        Self { name, sqlite: text, postgres: text, params }
    }

    /// Two texts. Set statements are always split: SQLite runs its text once a row (a plain insert for several rows at
    /// once), PostgreSQL once for all rows through arrays.
    #[must_use]
    pub(crate) const fn split(name: &'static str, sqlite: &'static str, postgres: &'static str, params: &'static [Kind]) -> Self {
        Self { name, sqlite, postgres, params }
    }
}
