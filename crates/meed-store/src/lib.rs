//! Meed's storage: the only SQL.
