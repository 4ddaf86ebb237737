//! What tills without a connection did and a person has to look at: uncovered spends, and what came late (`ledger.md` §7).

use std::sync::Arc;

use meed_core::command::{Record, RecordKind};
use meed_core::id::Id;
use meed_core::loyalty::{
    DecideReview, Participant, PurchaseDone, PurchaseState, Review, ReviewBody, ReviewDecision, TillConfig, TillReply,
};
use meed_core::money::Minor;
use meed_store::{Priority, Reader, StoreError};

use super::purchases;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Something to look at, with what it is about.
#[derive(Clone, Debug)]
pub struct ReviewView {
    /// Its id: the spend, or the sale where only that is late.
    pub id: Id,
    /// What was left, and what was decided.
    pub review: Review,
    /// The sale as it stands.
    pub purchase: PurchaseDone,
    /// The customer.
    pub person: Participant,
    /// What is still uncovered and undecided, in minor units of the currency.
    pub open: Minor,
    /// When it was recorded, microseconds UTC.
    pub recorded_us: i64,
}

impl ReviewView {
    /// Whether a person still has to decide. What is undone since needs nobody any more.
    #[must_use]
    pub fn needs_somebody(&self) -> bool {
        let is_posted = self.purchase.standing.state == PurchaseState::Posted;
        self.review.decided.is_none() && (self.open > 0 || self.review.is_late && is_posted)
    }
}

/// A page of what there is to look at, newest first, before the id `before`. With `only_open`, what still needs a decision.
pub async fn list(app: &App, ctx: &Context, only_open: bool, before: Option<Id>, limit: usize) -> AppResult<Vec<ReviewView>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let (workspace, limit) = (ctx.workspace, limit.clamp(1, 1_000));
    let read = move |r: &mut Reader<'_>| {
        let (mut found, mut before) = (Vec::new(), before);
        loop {
            let page = r.records_back(workspace, RecordKind::Review, before, 200)?;
            let is_last = page.len() < 200;
            before = page.last().map(|record| record.id);
            for record in &page {
                let view = view_of(r, workspace, record)?.filter(|view| !only_open || view.needs_somebody());
                found.extend(view);
                if found.len() >= limit {
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    };
    Ok(app.store().read(read).await?)
}

/// One by id.
pub async fn show(app: &App, ctx: &Context, id: Id) -> AppResult<ReviewView> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let read = move |r: &mut Reader<'_>| match r.record(workspace, RecordKind::Review, id)? {
        Some(record) => view_of(r, workspace, &record),
        None => Ok(None),
    };
    app.store()
        .read(read)
        .await?
        .ok_or_else(|| super::who::refused(meed_core::command::Class::NotFound, "entity_not_found", "there is no such review"))
}

fn view_of(r: &mut Reader<'_>, workspace: Id, record: &Record) -> Result<Option<ReviewView>, StoreError> {
    // A record that cannot be read has nothing to show; `meed verify` reports what is damaged.
    let Ok(review) = Review::read(&record.body) else { return Ok(None) };
    let found = r.till_event(workspace, review.purchase)?;
    let Some(event) = found else { return Ok(None) };
    let Some(purchase) = purchases::done_of(&event.0, event.1.as_deref()) else { return Ok(None) };
    let person = r.record(workspace, RecordKind::Participant, review.participant)?;
    let person = person.and_then(|record| Participant::read(&record.body).ok()).unwrap_or_default();
    let own = purchase.standing.uses.iter().filter(|used| used.event == record.id && used.is_open());
    let open = own.map(|used| used.amount - used.returned).sum();
    Ok(Some(ReviewView { id: record.id, review, purchase, person, open, recorded_us: event.0.recorded_us }))
}

/// Decides. With a key the same call again has its first answer; answers the event, and whether it was there before.
pub async fn decide(
    app: &App,
    ctx: &Context,
    id: Id,
    decision: ReviewDecision,
    note: &str,
    key: Option<&str>,
) -> AppResult<(Id, ReviewBody, bool)> {
    ctx.require(Scope::Sales)?;
    let purchase = show(app, ctx, id).await?.review.purchase;
    let identity = super::keyed(app, "decide review", key, id, &format!("{decision}\n{note}"));
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| {
        let (identity, note) = (identity.clone(), note.to_owned());
        Ok(DecideReview { config: Arc::clone(config), review: id, purchase, identity, decision, note, at })
    };
    match super::submit(app, ctx, id.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Review(id, body, is_repeat) => Ok((id, *body, is_repeat)),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}
