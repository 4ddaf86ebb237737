//! Who may come in: API keys, people, sessions.

mod actors;
pub mod keys;
pub mod password;
pub mod sessions;
pub mod users;

pub use actors::{ActorNames, actor_names};
