//! Values that cross the driver: 64-bit integers, text and bytes, each with its typed null.

use crate::error::StoreError;

/// The kinds of column that behave alike on every engine (`scale-out.md` §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64-bit signed integer.
    Int,
    /// UTF-8 text, compared by bytes.
    Text,
    /// Bytes.
    Bytes,
}

/// A bound parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// A null carries its kind, because PostgreSQL refuses one of another.
    Null(Kind),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null(Kind::Int), Self::Int)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<meed_core::id::Id> for Value {
    fn from(value: meed_core::id::Id) -> Self {
        Self::Int(value.0)
    }
}

impl From<Option<meed_core::id::Id>> for Value {
    fn from(value: Option<meed_core::id::Id>) -> Self {
        Self::from(value.map(|id| id.0))
    }
}

/// A row of an answer, read by position. A column of another kind than asked for is a bug and an error.
pub(crate) trait RowView {
    /// An integer, or `None` for null.
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError>;
    /// A text, or `None` for null.
    fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError>;
    /// Bytes, or `None` for null.
    fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError>;

    /// An integer that may not be null.
    fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| StoreError::bug(format!("column {column} is null")))
    }
    /// A text that may not be null.
    fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| StoreError::bug(format!("column {column} is null")))
    }
    /// Bytes that may not be null.
    fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.opt_bytes(column)?.ok_or_else(|| StoreError::bug(format!("column {column} is null")))
    }
    /// An id that may not be null.
    fn id(&self, column: usize) -> Result<meed_core::id::Id, StoreError> {
        self.int(column).map(meed_core::id::Id)
    }
    /// An id, or `None` for null.
    fn opt_id(&self, column: usize) -> Result<Option<meed_core::id::Id>, StoreError> {
        Ok(self.opt_int(column)?.map(meed_core::id::Id))
    }
}
