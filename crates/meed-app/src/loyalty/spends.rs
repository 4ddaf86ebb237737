//! Spends on purchases.

use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::Class;
use meed_core::id::Id;
use meed_core::loyalty::{CancelSpend, EventKind, RefundDone, Spend, SpendAsk, SpendBody, SpendDone, TillConfig, TillReply};
use meed_store::Priority;

use super::who::{Who, refused};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A spend to make.
#[derive(Clone, Debug)]
pub struct SpendInput {
    /// Who pays, if the caller says so.
    pub who: Option<Who>,
    /// The purchase.
    pub purchase: Id,
    /// What is asked.
    pub ask: SpendAsk,
    /// The source within which the reference is unique.
    pub source: Id,
    /// The external reference.
    pub identity: Option<String>,
    /// When; now if none.
    pub at: Option<Timestamp>,
}

/// Spends on a purchase. It may be less than was asked, unless all or nothing was.
pub async fn create(app: &App, ctx: &Context, input: SpendInput) -> AppResult<SpendDone> {
    ctx.require(Scope::Sales)?;
    let who = match &input.who {
        Some(who) => Some(who.wallet(app, ctx.workspace).await?),
        None => None,
    };
    let content = format!("spend\n{}\n{:?}\n{}", input.purchase, input.ask.amount, input.ask.all_or_nothing);
    let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
    let at = input.at.unwrap_or_else(|| app.now());
    let prepare = |config: &Arc<TillConfig>| {
        let (who, identity, ask) = (who.clone(), identity.clone(), input.ask.clone());
        Ok(Spend { config: Arc::clone(config), who, purchase: input.purchase, identity, ask, at })
    };
    match super::submit(app, ctx, input.purchase.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Spend(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Cancels a spend: what it used goes back to the same lots.
pub async fn cancel(app: &App, ctx: &Context, id: Id) -> AppResult<RefundDone> {
    ctx.require(Scope::Sales)?;
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| Ok(CancelSpend { config: Arc::clone(config), spend: id, at });
    match super::submit(app, ctx, id.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Refund(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// A spend by id.
pub async fn show(app: &App, ctx: &Context, id: Id) -> AppResult<SpendDone> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let found = app.store().read(move |r| r.till_event(workspace, id)).await?;
    let (event, standing) = found.ok_or_else(|| refused(Class::NotFound, "entity_not_found", "there is no such spend request"))?;
    done_of(&event, standing.is_some()).ok_or_else(|| refused(Class::Invalid, "invalid_event_type", "this event is not a spend request"))
}

/// The spends of a customer, newest first; of one purchase if that is named.
pub async fn list(app: &App, ctx: &Context, participant: Id, purchase: Option<Id>, limit: usize) -> AppResult<Vec<SpendDone>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let (workspace, limit) = (ctx.workspace, limit.clamp(1, 1_000));
    let found = app
        .store()
        .read(move |r| {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = r.till_events_back(workspace, Some(participant), before, 500)?;
                let is_last = page.len() < 500;
                before = page.last().map(|(event, _)| event.id);
                let spends = page.iter().filter_map(|(event, standing)| done_of(event, standing.is_some()));
                found.extend(spends.filter(|done| purchase.is_none_or(|purchase| done.purchase == purchase)));
                if is_last || found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
        })
        .await?;
    Ok(found)
}

fn done_of(event: &meed_core::loyalty::TillEvent, is_cancelled: bool) -> Option<SpendDone> {
    if event.kind != EventKind::Spend {
        return None;
    }
    let body = SpendBody::from_row(&event.body).ok()?;
    let purchase = event.about.unwrap_or_default();
    Some(SpendDone { id: event.id, purchase, participant: event.participant, body, is_cancelled, is_replayed: false })
}
