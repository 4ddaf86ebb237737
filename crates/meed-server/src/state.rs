//! What every handler gets.

use std::sync::Arc;

use meed_app::App;

/// Shared by all handlers; cheap to clone.
#[derive(Clone)]
pub struct ServerState {
    /// The use cases.
    pub app: Arc<App>,
    /// Whether cookies are marked `Secure`: on, unless plain HTTP is served on loopback.
    pub is_secure: bool,
    /// The address under which people reach the server, without a trailing slash, for links shown to them.
    pub public_url: String,
}
