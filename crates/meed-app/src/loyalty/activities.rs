//! Activities: what a customer did that is no sale, and that offers may reward (`pos-loyalty.md` §9.3). They are kept like
//! purchases: shown, explained and cancelled by the same calls.

use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::{Class, Refused, Reply};
use meed_core::id::Id;
use meed_core::loyalty::{ActivityKind, Basket, Identified, Purchase, RecordActivities, RecordActivity, TillConfig, TillReply, WalletRef};
use meed_core::money::Minor;
use meed_store::Priority;

use super::purchases::{PURCHASES_MAX, PurchaseView, view};
use super::who::{Who, refused};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// An activity to record.
#[derive(Clone, Debug)]
pub struct ActivityInput {
    /// Who did it.
    pub who: Who,
    /// What.
    pub kind: ActivityKind,
    /// The unit at which it is recorded.
    pub unit: Id,
    /// When; now if none, and then a repeat is the same one at another time.
    pub at: Option<Timestamp>,
    /// Its class, which conditions of offers read as `sale.classification`.
    pub classification: Option<String>,
    /// What it was about, in minor units of the currency.
    pub amount: Minor,
    /// Who was brought, for a referral.
    pub referred: Option<Who>,
    /// What people call it.
    pub reference: String,
    /// The source within which the identity is unique.
    pub source: Id,
    /// The external reference. The same one with the same content has one effect.
    pub identity: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

/// What a call says, ready for commands.
struct Ready {
    input: ActivityInput,
    who: WalletRef,
    referred: Option<WalletRef>,
    basket: Basket,
    identity: Option<Identified>,
}

impl Ready {
    async fn new(app: &App, ctx: &Context, input: ActivityInput) -> AppResult<Self> {
        let who = input.who.wallet(app, ctx.workspace).await?;
        let referred = match &input.referred {
            None => None,
            // By id, so that the one time that somebody can be brought is found by it.
            Some(referred) => Some(Who::Id(super::participants::find(app, ctx, referred).await?.id).wallet(app, ctx.workspace).await?),
        };
        let basket = Basket {
            at: input.at.unwrap_or_else(|| app.now()),
            unit: input.unit,
            terminal: None,
            lines: Vec::new(),
            reference: input.reference.clone(),
            system: None,
            system_reference: input.identity.clone(),
            classification: input.classification.clone(),
            payment_brand: None,
            payment_type: None,
            payment_medium: None,
            promo_code: None,
            description: input.description.clone(),
            extra: std::collections::BTreeMap::new(),
        };
        let said = (&input.classification, &input.description, &input.reference, input.at, input.unit);
        let content = format!("activity\n{who:?}\n{}\n{said:?}\n{}\n{referred:?}", input.kind, input.amount);
        let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
        Ok(Self { input, who, referred, basket, identity })
    }

    fn command(&self, config: &Arc<TillConfig>, is_preview: bool) -> RecordActivity {
        let purchase = Purchase {
            config: Arc::clone(config),
            who: self.who.clone(),
            identity: self.identity.clone().filter(|_| !is_preview),
            basket: self.basket.clone(),
            spend: None,
            is_offline: false,
            is_preview,
            priced_at: None,
        };
        RecordActivity { purchase, kind: self.input.kind, amount: self.input.amount, referred: self.referred.clone() }
    }
}

/// Records an activity with what it earns, in one commit.
pub async fn record(app: &App, ctx: &Context, input: ActivityInput) -> AppResult<PurchaseView> {
    ctx.require(Scope::Sales)?;
    let ready = Ready::new(app, ctx, input).await?;
    let prepare = |config: &Arc<TillConfig>| Ok(ready.command(config, false));
    match super::submit(app, ctx, ready.input.reference.clone(), Priority::Interactive, prepare).await? {
        TillReply::Purchase(done) => {
            let config = app.till_config(ctx.workspace).await?;
            Ok(view(&config, *done, None, String::new()))
        }
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Computes what an activity would earn. Writes nothing.
pub async fn preview(app: &App, ctx: &Context, input: ActivityInput) -> AppResult<PurchaseView> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let ready = Ready::new(app, ctx, input).await?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let (outcome, ()) = app.store().what_if(ctx.workspace, Box::new(ready.command(&config, true)), |_, _| ()).await?;
    match outcome {
        Ok(Reply::Till(TillReply::Purchase(done))) => Ok(view(&config, *done, None, String::new())),
        Err(refused) => Err(refused.into()),
        Ok(other) => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Records up to 1,000 activities in one commit. Each has its own outcome; a refused one does not touch the others.
pub async fn record_many(app: &App, ctx: &Context, inputs: Vec<ActivityInput>) -> AppResult<Vec<Result<PurchaseView, Refused>>> {
    ctx.require(Scope::Sales)?;
    if inputs.len() > PURCHASES_MAX {
        return Err(refused(Class::Invalid, "too_many_rows", "at most 1,000 activities in a call"));
    }
    let (mut outcomes, mut ready) = (Vec::with_capacity(inputs.len()), Vec::with_capacity(inputs.len()));
    for input in inputs {
        outcomes.push(match Ready::new(app, ctx, input).await {
            Ok(row) => {
                ready.push(row);
                None
            }
            Err(AppError::Refused(refused)) => Some(Err(refused)),
            Err(other) => return Err(other),
        });
    }
    if ready.is_empty() {
        return Ok(outcomes.into_iter().flatten().collect());
    }
    let prepare = |config: &Arc<TillConfig>| Ok(RecordActivities { rows: ready.iter().map(|row| row.command(config, false)).collect() });
    let subject = format!("{} activities", ready.len());
    let TillReply::Purchases(rows) = super::submit(app, ctx, subject, Priority::Bulk, prepare).await? else {
        return Err(AppError::bug("activities were answered with something else"));
    };
    let config = app.till_config(ctx.workspace).await?;
    let mut rows = rows.into_iter().map(|row| row.map(|done| view(&config, done, None, String::new())));
    Ok(outcomes.into_iter().filter_map(|outcome| outcome.or_else(|| rows.next())).collect())
}
