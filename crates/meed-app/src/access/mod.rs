//! Who may come in: API keys, people, sessions.

pub mod keys;
mod known_keys;
pub mod password;
pub mod sessions;
pub mod users;

pub(crate) use known_keys::KnownKeys;
