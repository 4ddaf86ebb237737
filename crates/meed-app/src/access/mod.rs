//! Who may come in: API keys, people, sessions.

mod actors;
pub mod identity;
mod key_uses;
pub mod keys;
mod known;
pub mod master_key;
pub mod password;
pub mod roles;
pub mod sessions;
pub mod tokens;
pub mod users;

pub use actors::{ActorNames, actor_names};
pub(crate) use key_uses::KeyUses;
pub(crate) use known::Known;
pub(crate) use tokens::Claims;
