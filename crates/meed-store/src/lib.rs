//! Meed's storage: the only crate that knows SQL.
//!
//! Writes go through one path, the batch (`lock → load → decide → write → commit`); reads go through
//! [`Store::read`]. Two engines serve the same schema and the same statements: SQLite in one encrypted file, and
//! PostgreSQL. What differs between them stands in `engine/` and, text beside text, in `sql/`.

mod engine;
mod error;
mod schema;
mod sql;
mod statement;
mod value;

pub use engine::{EngineKind, PostgresOptions, SqliteOptions};
pub use error::{Fault, StoreError};
pub use schema::{JOURNAL_TABLES, TABLE_MANIFEST};
