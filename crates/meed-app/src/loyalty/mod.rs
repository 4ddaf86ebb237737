//! Loyalty at the till: participants, offers, purchases, spends, wallets and holds.
//!
//! What tills go by is cached as one [`TillConfig`] and costs a purchase no read: the batch refuses a command that was
//! prepared with another version, and it is prepared again.

pub mod activities;
mod config;
pub mod documents;
pub mod evaluations;
pub mod feed;
pub mod holds;
mod in_use;
pub mod journal;
pub mod offers;
pub mod participants;
pub mod products;
pub mod purchases;
pub mod records;
mod replay;
pub mod reviews;
pub mod schemes;
pub mod simulate;
pub mod spends;
pub mod tiers;
pub mod traces;
mod verify;
pub mod wallets;
mod who;

pub(crate) use config::KnownTills;
pub use documents::*;
pub use meed_core::loyalty::TillConfig;
pub use who::Who;

use std::sync::Arc;

use meed_core::command::{Command, Refused, Reply};
use meed_core::loyalty::{Identified, TillReply};
use meed_store::{Answer, Priority};

use crate::error::{AppError, AppResult};
use crate::{App, Context};

/// How often a command is prepared again because the configuration changed under it.
const PREPARED_MAX: usize = 8;

/// Submits a command that goes by the till's configuration; prepares it again when that is no longer current.
pub(crate) async fn submit<C: Command + 'static>(
    app: &App,
    ctx: &Context,
    subject: String,
    priority: Priority,
    prepare: impl Fn(&Arc<TillConfig>) -> AppResult<C>,
) -> AppResult<TillReply> {
    let mut config = app.till_config(ctx.workspace).await?;
    for _ in 0..PREPARED_MAX {
        let command = prepare(&config)?;
        match app.submit_as(ctx, subject.clone(), priority, None, command).await? {
            Answer::Decided(Ok(Reply::Till(reply))) => return Ok(reply),
            Answer::Decided(Err(refused)) if is_stale(&refused) => config = app.fresh_till_config(ctx.workspace).await?,
            Answer::Decided(Err(refused)) => return Err(refused.into()),
            other => return Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
        }
    }
    Err(AppError::conflict("configuration_stale", "offers or settings change all the time; try again"))
}

fn is_stale(refused: &Refused) -> bool {
    refused.code == "configuration_stale"
}

/// The identity of a command on something that has an id, by the key that came with it.
pub(crate) fn keyed(app: &App, action: &str, key: Option<&str>, about: meed_core::id::Id, more: &str) -> Option<Identified> {
    let key = key?;
    Some(identified(app, meed_core::id::Id(0), &format!("{action} key\n{key}"), &format!("{action}\n{about}\n{more}")))
}

/// The identity of a command: its reference within a source, and a keyed hash of its parsed content.
pub(crate) fn identified(app: &App, source: meed_core::id::Id, reference: &str, content: &str) -> Identified {
    Identified { source, reference: reference.to_owned(), fingerprint: app.secrets().fingerprint(content.as_bytes()) }
}
