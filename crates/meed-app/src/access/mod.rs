//! Who may come in: API keys, people, sessions.

pub mod keys;
pub mod password;
pub mod sessions;
pub mod users;
