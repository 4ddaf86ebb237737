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

/// Which spends to list.
#[derive(Clone, Debug, Default)]
pub struct SpendFilter {
    /// On one purchase.
    pub purchase: Option<Id>,
    /// Recorded after.
    pub submitted_after: Option<Timestamp>,
    /// Recorded before.
    pub submitted_before: Option<Timestamp>,
    /// How many to skip.
    pub offset: usize,
    /// How many to answer.
    pub limit: usize,
}

impl SpendFilter {
    fn keeps(&self, done: &SpendDone, recorded_us: i64) -> bool {
        self.purchase.is_none_or(|purchase| done.purchase == purchase)
            && self.submitted_after.is_none_or(|after| recorded_us > after.as_microsecond())
            && self.submitted_before.is_none_or(|before| recorded_us < before.as_microsecond())
    }
}

/// The spends of a customer, newest first.
pub async fn list(app: &App, ctx: &Context, participant: Id, filter: SpendFilter) -> AppResult<Vec<SpendDone>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let wanted = filter.offset.saturating_add(filter.limit.min(1_000));
    let found = app
        .store()
        .read(move |r| {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = r.till_events_back(workspace, Some(participant), before, 500)?;
                before = page.last().map(|(event, _)| event.id);
                let spends = page.iter().filter_map(|(event, standing)| Some((done_of(event, standing.is_some())?, event.recorded_us)));
                found.extend(spends.filter(|(done, recorded_us)| filter.keeps(done, *recorded_us)).map(|(done, _)| done));
                if page.len() < 500 || found.len() >= wanted {
                    found.truncate(wanted);
                    return Ok(found.split_off(filter.offset.min(found.len())));
                }
            }
        })
        .await?;
    Ok(found)
}

/// The spend that came with a purchase: the first on it.
pub(super) async fn first_of(app: &App, ctx: &Context, participant: Id, purchase: Id) -> AppResult<Option<SpendDone>> {
    let filter = SpendFilter { purchase: Some(purchase), limit: 1_000, ..SpendFilter::default() };
    let first = list(app, ctx, participant, filter).await?.pop();
    Ok(first.map(|done| SpendDone { is_cancelled: false, is_replayed: true, ..done }))
}

fn done_of(event: &meed_core::loyalty::TillEvent, is_cancelled: bool) -> Option<SpendDone> {
    if event.kind != EventKind::Spend {
        return None;
    }
    let body = SpendBody::from_row(&event.body).ok()?;
    let purchase = event.about.unwrap_or_default();
    Some(SpendDone { id: event.id, purchase, participant: event.participant, at_us: event.at_us, body, is_cancelled, is_replayed: false })
}
