//! Holds: reserve, use, give up.

use std::sync::Arc;

use meed_core::command::Reply;
use meed_core::id::Id;
use meed_core::loyalty::{CaptureHold, HoldDone, HoldWallet, ReleaseHold, TillConfig, TillReply};
use meed_core::money::{Minor, Unit};
use meed_store::Priority;

use super::who::Who;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A hold to make.
#[derive(Clone, Debug)]
pub struct HoldInput {
    /// Whose wallet.
    pub who: Who,
    /// What it counts.
    pub unit: Unit,
    /// How much.
    pub amount: Minor,
    /// For how long; `None`: as the settings say.
    pub minutes: Option<i64>,
    /// The source within which the reference is unique.
    pub source: Id,
    /// The external reference.
    pub identity: Option<String>,
}

/// Reserves an amount.
pub async fn hold(app: &App, ctx: &Context, input: HoldInput) -> AppResult<HoldDone> {
    ctx.require(Scope::Sales)?;
    let who = input.who.wallet(app, ctx.workspace).await?;
    let content = format!("hold\n{who:?}\n{}\n{}\n{:?}", input.unit, input.amount, input.minutes);
    let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| {
        let (who, identity) = (who.clone(), identity.clone());
        let HoldInput { unit, amount, minutes, .. } = input;
        Ok(HoldWallet { config: Arc::clone(config), who, identity, unit, amount, minutes, at })
    };
    done(super::submit(app, ctx, "hold".to_owned(), Priority::Interactive, prepare).await?)
}

/// Uses a hold, in full or in part; the rest returns to its lots.
pub async fn capture(app: &App, ctx: &Context, hold: Id, amount: Option<Minor>) -> AppResult<HoldDone> {
    ctx.require(Scope::Sales)?;
    of(app.submit(ctx, hold.to_string(), CaptureHold { hold, amount, at: app.now() }).await?)
}

/// Gives a hold up.
pub async fn release(app: &App, ctx: &Context, hold: Id) -> AppResult<HoldDone> {
    ctx.require(Scope::Sales)?;
    of(app.submit(ctx, hold.to_string(), ReleaseHold { hold, at: app.now() }).await?)
}

fn of(reply: Reply) -> AppResult<HoldDone> {
    match reply {
        Reply::Till(reply) => done(reply),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

fn done(reply: TillReply) -> AppResult<HoldDone> {
    match reply {
        TillReply::Hold(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}
