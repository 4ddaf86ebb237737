//! Meed's file intake: bytes to mapped records.
