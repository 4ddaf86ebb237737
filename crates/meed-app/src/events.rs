//! The feed of events: what happened, in order, for readers that remember where they were.

use meed_core::id::Id;
pub use meed_store::Event;

use crate::error::AppResult;
use crate::{App, Context, Scope};

/// Events after an id, in order. A reader that goes on from the last id loses none and gets none twice.
pub async fn after(app: &App, ctx: &Context, after: Option<Id>, limit: i64) -> AppResult<Vec<Event>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.events_after(workspace, after, limit.clamp(1, 1_000))).await?)
}
