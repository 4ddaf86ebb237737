//! Tamper evidence: one line per command that had an effect, each holding the hash of the one before (`ledger.md` §10).

mod chain;
mod digest;

pub use chain::{AuditLine, ChainDifference, Fault, GENESIS, verify};
pub use digest::{Digest, Hash};
