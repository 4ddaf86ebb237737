//! Spends on purchases.

use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::Class;
use meed_core::id::Id;
use meed_core::loyalty::{
    CancelSpend, EventKind, PurchaseDone, PurchaseState, RefundDone, Spend, SpendAsk, SpendBody, SpendDone, SpendMethod, Standing,
    TillConfig, TillEvent, TillReply,
};
use meed_core::money::Minor;
use meed_store::{Priority, Reader, StoreError};

use super::purchases;
use super::traces::Traces;
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
    /// Whether the till was offline: what cannot be covered any more goes to review instead of being refused.
    pub is_offline: bool,
}

/// A spend as lists show it.
#[derive(Clone, Debug)]
pub struct SpendView {
    /// What was asked and spent. An instant or automatic spend has the id of its purchase.
    pub done: SpendDone,
    /// How it came about.
    pub method: SpendMethod,
    /// Whether it is paid back later instead of being taken off at the till.
    pub pays_back: bool,
    /// Who and when, where that was asked for.
    pub traces: Traces,
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
        let (config, purchase, is_offline) = (Arc::clone(config), input.purchase, input.is_offline);
        Ok(Spend { config, who, purchase, identity, ask, at, is_offline })
    };
    match super::submit(app, ctx, input.purchase.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Spend(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Cancels a spend: what it used goes back to the same lots. With a key the same call again has its first answer.
pub async fn cancel(app: &App, ctx: &Context, id: Id, key: Option<&str>) -> AppResult<RefundDone> {
    ctx.require(Scope::Sales)?;
    let at = app.now();
    let identity = super::keyed(app, "cancel spend", key, id, "");
    let prepare = |config: &Arc<TillConfig>| Ok(CancelSpend { config: Arc::clone(config), spend: id, identity: identity.clone(), at });
    match super::submit(app, ctx, id.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Refund(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// A spend by id.
pub async fn show(app: &App, ctx: &Context, id: Id) -> AppResult<SpendDone> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let read = move |r: &mut Reader<'_>| {
        let Some((event, standing)) = r.till_event(workspace, id)? else { return Ok(None) };
        let Some(done) = done_of(&event, standing.is_some()) else { return Ok(Some(None)) };
        Ok(Some(Some(SpendDone { is_cancelled: is_cancelled(r, workspace, &done)?, ..done })))
    };
    let found = app.store().read(read).await?;
    let found = found.ok_or_else(|| refused(Class::NotFound, "entity_not_found", "there is no such spend request"))?;
    found.ok_or_else(|| refused(Class::Invalid, "invalid_event_type", "this event is not a spend request"))
}

/// Whether a spend is cancelled: by itself, or with its purchase, which names no spend that found nothing.
fn is_cancelled(r: &mut Reader<'_>, workspace: Id, done: &SpendDone) -> Result<bool, StoreError> {
    if done.is_cancelled || done.body.spent > 0 {
        return Ok(done.is_cancelled);
    }
    let purchase = r.till_event(workspace, done.purchase)?;
    let purchase = purchase.and_then(|(event, standing)| purchases::done_of(&event, standing.as_deref()));
    Ok(purchase.is_some_and(|purchase| purchase.standing.state == PurchaseState::Cancelled))
}

/// What a purchase spent at once by one method; none where it did not.
pub async fn show_at_once(app: &App, ctx: &Context, purchase: Id, method: SpendMethod) -> AppResult<SpendView> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let found = app.store().read(move |r| r.till_event(workspace, purchase)).await?;
    let views = found.map(|(event, standing)| views_of(&event, standing.as_deref())).unwrap_or_default();
    let view = views.into_iter().find(|view| view.method == method && method != SpendMethod::OnRequest);
    view.ok_or_else(|| refused(Class::NotFound, "entity_not_found", "there is no such spend request"))
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
///
/// What purchases spent at once stands among them, in the place of its purchase.
pub async fn list(app: &App, ctx: &Context, participant: Id, filter: SpendFilter) -> AppResult<Vec<SpendView>> {
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
                for (event, standing) in &page {
                    for mut view in views_of(event, standing.as_deref()) {
                        if filter.keeps(&view.done, event.recorded_us) {
                            view.done.is_cancelled = is_cancelled(r, workspace, &view.done)?;
                            found.push(view);
                        }
                    }
                }
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
    let mut asked = list(app, ctx, participant, filter).await?.into_iter().filter(|view| view.method == SpendMethod::OnRequest);
    Ok(asked.next_back().map(|view| SpendDone { is_cancelled: false, is_replayed: true, ..view.done }))
}

/// The spends that an event tells of: its own, or what a purchase spent at once.
fn views_of(event: &TillEvent, standing: Option<&[u8]>) -> Vec<SpendView> {
    if let Some(done) = done_of(event, standing.is_some()) {
        return vec![SpendView { done, method: SpendMethod::OnRequest, pays_back: false, traces: Traces::none() }];
    }
    let Some(purchase) = purchases::done_of(event, standing) else { return Vec::new() };
    [SpendMethod::Automatic, SpendMethod::Instant].into_iter().filter_map(|method| at_once(&purchase, method)).collect()
}

fn at_once(purchase: &PurchaseDone, method: SpendMethod) -> Option<SpendView> {
    let worth = |standing: &Standing| standing.uses.iter().filter(|used| used.method == method).map(|used| used.worth).sum::<Minor>();
    let is_cancelled = purchase.standing.state == PurchaseState::Cancelled;
    // A cancelled purchase spent what it had spent at first.
    let spent = if is_cancelled { worth(&purchase.body.standing) } else { worth(&purchase.standing) };
    let body = SpendBody {
        asked: spent,
        spent,
        points: (0, 0),
        uncovered: 0,
        system_reference: None,
        description: None,
        balance: purchase.body.balance,
        system: purchase.body.basket.system.clone(),
        classification: None,
        extra: std::collections::BTreeMap::new(),
    };
    let (id, participant, at_us) = (purchase.id, purchase.participant, purchase.body.basket.at.as_microsecond());
    let done = SpendDone { id, purchase: id, participant, at_us, body, is_cancelled, is_replayed: false };
    let pays_back = purchase.standing.back.or(purchase.body.standing.back).is_some();
    (spent > 0).then_some(SpendView { done, method, pays_back, traces: Traces::none() })
}

fn done_of(event: &TillEvent, is_cancelled: bool) -> Option<SpendDone> {
    if event.kind != EventKind::Spend {
        return None;
    }
    let body = SpendBody::from_row(&event.body).ok()?;
    let purchase = event.about.unwrap_or_default();
    Some(SpendDone { id: event.id, purchase, participant: event.participant, at_us: event.at_us, body, is_cancelled, is_replayed: false })
}
