//! Meed's storage: the only crate that knows SQL.
//!
//! Writes go through one path, the batch (`lock → load → decide → write → commit`, see `batch`); reads go through
//! [`Store::read`]. Two engines serve the same schema and the same statements: SQLite in one encrypted file, and
//! PostgreSQL. What differs between them stands in `engine/` and, text beside text, in `sql/`.

mod about;
mod batch;
mod changes;
mod crash;
mod engine;
mod error;
mod read;
mod readers;
mod schema;
mod sql;
mod statement;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod value;
mod verify;

pub use about::{About, copy_database};
pub use batch::{Answer, Priority, Submission};
pub use engine::{EngineKind, PostgresOptions, SqliteOptions};
pub use error::{Fault, StoreError};
pub use read::{AuditEntry, Event, Reader, Replaced, Reserved, RewardSum, SaleScan, StoredEvent, StoredVersion};
pub use readers::Outcome;
pub use schema::{JOURNAL_TABLES, TABLE_MANIFEST};
pub use sql::{calculation_script, copy_script};
pub use store::{CONTROL_WORKSPACE, EngineOptions, Store, StoreOptions};
pub use verify::{Difference, VerifyReport};

/// Microseconds UTC. Only start-up code and tests make one.
pub type Clock = std::sync::Arc<dyn Fn() -> i64 + Send + Sync>;
