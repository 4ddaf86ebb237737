//! Tiers: set by hand, and the receipts behind their changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{SetTier, TierSetBody, TillConfig, TillReply};
use meed_store::Priority;

use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A tier to set by hand.
#[derive(Clone, Debug)]
pub struct TierInput {
    /// Whose.
    pub participant: Id,
    /// The tier by code; none: what was set by hand is taken back.
    pub tier: Option<String>,
    /// Until when; none: until it is taken back.
    pub until: Option<Timestamp>,
    /// Whether it holds whatever is earned, instead of being the least.
    pub is_fixed: bool,
    /// Why.
    pub reason: String,
    /// The external reference.
    pub identity: Option<String>,
}

/// Sets a tier, or takes back what was set. Purchases from now on see it. Answers the event, and whether it was there before.
pub async fn set(app: &App, ctx: &Context, input: TierInput) -> AppResult<(Id, TierSetBody, bool)> {
    ctx.require(Scope::Sales)?;
    let TierInput { participant, tier, until, is_fixed, reason, .. } = &input;
    let content = format!("tier\n{participant}\n{tier:?}\n{until:?}\n{is_fixed}\n{reason}");
    let identity = input.identity.as_ref().map(|reference| super::identified(app, Id(0), reference, &content));
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| {
        Ok(SetTier {
            config: Arc::clone(config),
            participant: *participant,
            identity: identity.clone(),
            tier: tier.clone(),
            until: *until,
            is_fixed: *is_fixed,
            reason: reason.clone(),
            set_by: ctx.actor.0.clone(),
            at,
        })
    };
    match super::submit(app, ctx, participant.text(Kind::Participant), Priority::Interactive, prepare).await? {
        TillReply::Tier(id, body, is_repeat) => Ok((id, *body, is_repeat)),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// What the receipts of some purchases are called. Purchases that are not there are left out.
pub async fn receipts(app: &App, ctx: &Context, ids: BTreeSet<Id>) -> AppResult<BTreeMap<Id, String>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let read = move |r: &mut meed_store::Reader<'_>| {
        let mut found = BTreeMap::new();
        for id in ids {
            let event = r.till_event(workspace, id)?;
            let done = event.and_then(|(event, standing)| super::purchases::done_of(&event, standing.as_deref()));
            found.extend(done.map(|done| (id, done.body.basket.reference.clone())));
        }
        Ok(found)
    };
    Ok(app.store().read(read).await?)
}
