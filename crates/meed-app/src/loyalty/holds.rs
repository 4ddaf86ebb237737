//! Holds: reserve, use, give up.

use std::sync::Arc;

use meed_core::command::{Refused, Reply};
use meed_core::id::Id;
use meed_core::ledger::{HoldState, Refusal};
use meed_core::loyalty::{
    CaptureHold, EventKind, HoldBody, HoldDone, HoldStanding, HoldWallet, ReleaseHold, TillConfig, TillEvent, TillReply,
};
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

/// A hold and how it stands.
#[derive(Clone, Debug)]
pub struct HoldView {
    /// What was reserved.
    pub done: HoldDone,
    /// Open, used (`posted`), given up (`voided`) or run out (`expired`), whether a command has said so or not.
    pub state: HoldState,
}

/// A hold by id.
pub async fn show(app: &App, ctx: &Context, id: Id) -> AppResult<HoldView> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let (workspace, now_us) = (ctx.workspace, app.now_us());
    let found = app.store().read(move |r| r.till_event(workspace, id)).await?;
    found
        .and_then(|(event, standing)| shown(&event, standing.as_deref(), now_us))
        .ok_or_else(|| Refused::from(Refusal::HoldNotFound).into())
}

/// The holds on a participant's wallets, newest first.
pub async fn list(app: &App, ctx: &Context, participant: Id, limit: usize) -> AppResult<Vec<HoldView>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let (workspace, now_us, limit) = (ctx.workspace, app.now_us(), limit.clamp(1, 1_000));
    let read = move |r: &mut meed_store::Reader<'_>| {
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = r.till_events_back(workspace, Some(participant), before, 500)?;
            let is_last = page.len() < 500;
            before = page.last().map(|(event, _)| event.id);
            found.extend(page.iter().filter_map(|(event, standing)| shown(event, standing.as_deref(), now_us)));
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    };
    Ok(app.store().read(read).await?)
}

fn shown(event: &TillEvent, standing: Option<&[u8]>, now_us: i64) -> Option<HoldView> {
    if event.kind != EventKind::Hold {
        return None;
    }
    let body = HoldBody::from_row(&event.body).ok()?;
    let state = match standing.and_then(HoldStanding::from_row) {
        Some(HoldStanding::Captured) => HoldState::Posted,
        Some(HoldStanding::Released) => HoldState::Voided,
        None if body.expires_us <= now_us => HoldState::Expired,
        None => HoldState::Open,
    };
    Some(HoldView { done: HoldDone { id: event.id, about: event.about, participant: event.participant, body }, state })
}
