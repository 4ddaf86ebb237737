//! Purchases: preview, create, read, cancel, refund, return, settle, explain.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::{Class, RecordKind, Refused, Reply, State};
use meed_core::id::Id;
use meed_core::loyalty::{
    AdHocReturn, Basket, CancelPurchase, EventKind, Identified, Line, Look, Participant, Purchase, PurchaseBody, PurchaseDone,
    PurchaseState, Purchases, Refund, RefundDone, RefundLine, Seen, Settle, SettlementBody, SpendAsk, Standing, TillConfig, TillReply,
    Verdict, WalletRef, evaluate, judge,
};
use meed_core::money::Minor;
use meed_store::{Outcome, Priority};

use super::traces::Traces;
use super::wallets;
use super::who::{Who, refused};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Purchases in one bulk call at most (`pos-loyalty.md` §5.5).
pub const PURCHASES_MAX: usize = 1_000;

/// A purchase to record or to preview.
#[derive(Clone, Debug)]
pub struct PurchaseInput {
    /// Who buys.
    pub who: Who,
    /// What is bought.
    pub basket: Basket,
    /// The source within which the reference is unique.
    pub source: Id,
    /// The external reference. The same one with the same content has one effect. Without one the same receipt has.
    pub identity: Option<String>,
    /// What the customer asks to spend on it.
    pub spend: Option<SpendAsk>,
    /// Whether the till was offline.
    pub is_offline: bool,
    /// The token of an earlier preview: the price must still hold.
    pub price_token: Option<String>,
    /// Whether the caller gave no time, so that a repeat is the same purchase at another time.
    pub is_undated: bool,
}

/// A purchase with what surfaces show beside it.
#[derive(Clone, Debug)]
pub struct PurchaseView {
    /// What was decided.
    pub done: PurchaseDone,
    /// The customer's name and number, where they were asked for.
    pub person: Option<Participant>,
    /// Limits of one spend.
    pub minimum_spend: Minor,
    /// See above; `None`: no limit.
    pub maximum_spend: Option<Minor>,
    /// Whether instant and automatic spends are paid back later (`BACK_END_REDUCTION`).
    pub pays_back: bool,
    /// Whether anything may be spent on it.
    pub allow_spending: bool,
    /// Names the configuration and the input that a preview was computed with.
    pub price_token: String,
    /// Who and when, where that was asked for.
    pub traces: Traces,
    /// What a preview found in the wallets that may be used; else nothing.
    pub usable: wallets::Usable,
}

/// Which purchases to list.
#[derive(Clone, Debug, Default)]
pub struct PurchaseFilter {
    /// Of one customer.
    pub participant: Option<Id>,
    /// Of one class.
    pub classification: Option<String>,
    /// With or without spends.
    pub spend_requests_applied: Option<bool>,
    /// Whether something can still be spent on them.
    pub eligible_for_spending: Option<bool>,
    /// Recorded after.
    pub submitted_after: Option<Timestamp>,
    /// Recorded before.
    pub submitted_before: Option<Timestamp>,
    /// Older than this one.
    pub before: Option<Id>,
    /// How many to skip.
    pub offset: usize,
    /// How many to answer.
    pub limit: usize,
}

/// Computes what a purchase would earn and spend. Writes nothing.
pub async fn preview(app: &App, ctx: &Context, input: PurchaseInput) -> AppResult<PurchaseView> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    insist_on_sale(&input.basket)?;
    let who = input.who.wallet(app, ctx.workspace).await?;
    let mut config = app.till_config(ctx.workspace).await?;
    // What is asked for matters where awards are computed on what is paid. A preview tells what can be spent; it insists on nothing.
    let mut spend = input.spend.clone().map(|ask| SpendAsk { all_or_nothing: false, ..ask });
    for _ in 0..8 {
        let command = Purchase {
            config: Arc::clone(&config),
            who: who.clone(),
            identity: None,
            basket: canonical(&config, &input.basket),
            spend: spend.clone().filter(|_| config.offers.reads_paid()),
            is_offline: input.is_offline,
            is_preview: true,
            priced_at: None,
        };
        let (outcome, seen) = app.store().what_if(ctx.workspace, Box::new(command), seen_by_preview).await?;
        match (outcome, seen) {
            (Ok(Reply::Till(TillReply::Purchase(done))), Some((person, stored))) => {
                let token = token(app, &config, &input.basket);
                return Ok(PurchaseView { usable: stored.usable(&config, app.now_us()), ..view(&config, *done, person, token) });
            }
            (Err(refused), _) if refused.code == "configuration_stale" => config = app.fresh_till_config(ctx.workspace).await?,
            // The till asks what may be spent: not this, but the purchase would be made.
            (Err(refused), _) if is_of_the_spend(&refused) && spend.take().is_some() => {}
            (Err(refused), _) => return Err(refused.into()),
            (Ok(other), _) => return Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
        }
    }
    Err(AppError::conflict("configuration_stale", "offers or settings change all the time; try again"))
}

/// Whether it is the spend that is refused, and not the purchase.
fn is_of_the_spend(refused: &Refused) -> bool {
    ["spend_blocked", "spend_not_allowed", "spend_amount_out_of_range", "limit_reached"].contains(&refused.code.as_ref())
}

/// The customer of a preview and their wallets as they are stored.
fn seen_by_preview(state: &State, outcome: &Outcome) -> Option<(Option<Participant>, wallets::Stored)> {
    let Ok(Reply::Till(TillReply::Purchase(done))) = outcome else { return None };
    let record = state.record(RecordKind::Participant, done.participant);
    let person = record.and_then(|record| Participant::read(&record.body).ok());
    Some((person, wallets::Stored::of(state, done.participant)))
}

/// Records a purchase with all its effects, in one commit.
pub async fn create(app: &App, ctx: &Context, input: PurchaseInput) -> AppResult<PurchaseView> {
    ctx.require(Scope::Sales)?;
    let ready = Ready::new(app, ctx, input).await?;
    let prepare = |config: &Arc<TillConfig>| Ok(ready.command(app, config));
    match super::submit(app, ctx, ready.input.basket.reference.clone(), Priority::Interactive, prepare).await? {
        TillReply::Purchase(done) => {
            let config = app.till_config(ctx.workspace).await?;
            let done = if done.is_replayed { first_answer(app, ctx, *done, ready.input.spend.is_some()).await? } else { *done };
            Ok(view(&config, done, None, String::new()))
        }
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// What was answered to a purchase when it was recorded: as it stood then, with the spend that came with it.
async fn first_answer(app: &App, ctx: &Context, done: PurchaseDone, has_spend: bool) -> AppResult<PurchaseDone> {
    let spend = if has_spend { super::spends::first_of(app, ctx, done.participant, done.id).await? } else { None };
    let (standing, balances) = (done.body.standing.clone(), (done.body.balance, done.balances.1));
    Ok(PurchaseDone { standing, balances, spend, ..done })
}

/// Refuses a sale that says it is something else.
fn insist_on_sale(basket: &Basket) -> AppResult<()> {
    if basket.extra.contains_key(meed_core::loyalty::ACTIVITY) {
        let text = format!("a field must not be called `{}`", meed_core::loyalty::ACTIVITY);
        return Err(AppError::invalid("field_reserved", "extra", text));
    }
    Ok(())
}

/// A purchase whose customer is known and whose content is hashed.
struct Ready {
    input: PurchaseInput,
    who: WalletRef,
    identity: Option<Identified>,
}

impl Ready {
    async fn new(app: &App, ctx: &Context, input: PurchaseInput) -> AppResult<Self> {
        insist_on_sale(&input.basket)?;
        let who = input.who.wallet(app, ctx.workspace).await?;
        let content = content_of(&input);
        let reference = input.identity.clone().unwrap_or_else(|| receipt(app, &input.who, input.basket.system.as_deref(), &content));
        let identity = Some(super::identified(app, input.source, &reference, &content));
        Ok(Self { input, who, identity })
    }

    fn command(&self, app: &App, config: &Arc<TillConfig>) -> Purchase {
        let priced_at = match &self.input.price_token {
            Some(promised) if *promised == token(app, config, &self.input.basket) => Some(config.version),
            Some(_) => Some(-1),
            None => None,
        };
        Purchase {
            config: Arc::clone(config),
            who: self.who.clone(),
            identity: self.identity.clone(),
            basket: canonical(config, &self.input.basket),
            spend: self.input.spend.clone(),
            is_offline: self.input.is_offline,
            is_preview: false,
            priced_at,
        }
    }
}

/// Records up to 1,000 purchases in one commit. Each has its own outcome; a refused one does not touch the others.
pub async fn create_many(app: &App, ctx: &Context, inputs: Vec<PurchaseInput>) -> AppResult<Vec<Result<PurchaseView, Refused>>> {
    ctx.require(Scope::Sales)?;
    if inputs.len() > PURCHASES_MAX {
        return Err(refused(Class::Invalid, "too_many_rows", "at most 1,000 purchases in a call"));
    }
    let mut outcomes: Vec<Option<Result<PurchaseView, Refused>>> = Vec::with_capacity(inputs.len());
    let mut ready = Vec::with_capacity(inputs.len());
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
    let prepare = |config: &Arc<TillConfig>| Ok(Purchases { rows: ready.iter().map(|row| row.command(app, config)).collect() });
    let subject = format!("{} purchases", ready.len());
    let TillReply::Purchases(rows) = super::submit(app, ctx, subject, Priority::Bulk, prepare).await? else {
        return Err(AppError::bug("purchases were answered with something else"));
    };
    let config = app.till_config(ctx.workspace).await?;
    let mut rows = rows.into_iter();
    let mut asked = ready.iter().map(|row| row.input.spend.is_some());
    for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_none()) {
        *outcome = match (rows.next(), asked.next().unwrap_or_default()) {
            (Some(Ok(done)), has_spend) if done.is_replayed => {
                Some(Ok(view(&config, first_answer(app, ctx, done, has_spend).await?, None, String::new())))
            }
            (row, _) => row.map(|row| row.map(|done| view(&config, done, None, String::new()))),
        };
    }
    Ok(outcomes.into_iter().flatten().collect())
}

/// The purchase that was recorded under a reference within a source.
pub async fn by_identity(app: &App, ctx: &Context, source: Id, reference: &str) -> AppResult<Option<Id>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let (workspace, reference) = (ctx.workspace, reference.to_owned());
    Ok(app.store().read(move |r| r.till_identity(workspace, source, &reference)).await?)
}

/// A purchase by id.
pub async fn show(app: &App, ctx: &Context, id: Id) -> AppResult<PurchaseView> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let config = app.till_config(ctx.workspace).await?;
    let done = stored(app, ctx.workspace, id).await?;
    let person = participant(app, ctx.workspace, done.participant).await?;
    Ok(view(&config, done, person, String::new()))
}

/// Purchases, newest first.
pub async fn list(app: &App, ctx: &Context, filter: PurchaseFilter) -> AppResult<Vec<PurchaseView>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let config = app.till_config(ctx.workspace).await?;
    let (workspace, limit) = (ctx.workspace, filter.limit.clamp(1, 1_000));
    let found = app
        .store()
        .read(move |r| {
            let mut found: Vec<PurchaseDone> = Vec::new();
            let (mut before, mut skipped) = (filter.before, 0);
            loop {
                let page = r.till_events_back(workspace, filter.participant, before, 500)?;
                let is_last = page.len() < 500;
                before = page.last().map(|(event, _)| event.id);
                for (event, standing) in page {
                    if event.kind != EventKind::Purchase || found.len() >= limit {
                        continue;
                    }
                    let Some(done) = done_of(&event, standing.as_deref()) else { continue };
                    if !filter.keeps(&done, event.recorded_us) {
                        continue;
                    }
                    if skipped < filter.offset {
                        skipped += 1;
                    } else {
                        found.push(done);
                    }
                }
                if is_last || found.len() >= limit {
                    return Ok(found);
                }
            }
        })
        .await?;
    Ok(found.into_iter().map(|done| view(&config, done, None, String::new())).collect())
}

impl PurchaseFilter {
    fn keeps(&self, done: &PurchaseDone, recorded_us: i64) -> bool {
        let room: Minor = done.standing.room(&done.body.basket).iter().sum();
        let is_open = done.standing.state == PurchaseState::Posted && room > 0;
        self.classification.as_ref().is_none_or(|class| done.body.basket.classification.as_ref() == Some(class))
            && self.spend_requests_applied.is_none_or(|has| (done.standing.spent() > 0) == has)
            && self.eligible_for_spending.is_none_or(|open| open == is_open)
            && self.submitted_after.is_none_or(|after| recorded_us > after.as_microsecond())
            && self.submitted_before.is_none_or(|before| recorded_us < before.as_microsecond())
    }
}

/// Cancels a purchase with all that it earned and spent. With a key the same call again has its first answer.
pub async fn cancel(app: &App, ctx: &Context, id: Id, note: Option<String>, key: Option<&str>) -> AppResult<RefundDone> {
    ctx.require(Scope::Sales)?;
    let at = app.now();
    let identity = super::keyed(app, "cancel purchase", key, id, "");
    let prepare = |config: &Arc<TillConfig>| {
        let (identity, note) = (identity.clone(), note.clone());
        Ok(CancelPurchase { config: Arc::clone(config), purchase: id, identity, at, note })
    };
    refund_done(super::submit(app, ctx, id.to_string(), Priority::Interactive, prepare).await?)
}

/// What comes back of a purchase.
#[derive(Clone, Debug)]
pub struct RefundInput {
    /// The source within which the reference is unique.
    pub source: Id,
    /// The external reference.
    pub identity: Option<String>,
    /// The lines; none: all that is left.
    pub lines: Vec<RefundLine>,
    /// When; now if none.
    pub at: Option<Timestamp>,
    /// Reason or reference.
    pub note: Option<String>,
}

/// Takes back parts of a purchase, in any split and order.
pub async fn refund(app: &App, ctx: &Context, id: Id, input: RefundInput) -> AppResult<RefundDone> {
    ctx.require(Scope::Sales)?;
    let content = format!("refund\n{id}\n{:?}", input.lines);
    let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
    let at = input.at.unwrap_or_else(|| app.now());
    let prepare = |config: &Arc<TillConfig>| {
        let (identity, lines, note) = (identity.clone(), input.lines.clone(), input.note.clone());
        Ok(Refund { config: Arc::clone(config), purchase: id, identity, lines, at, note })
    };
    refund_done(super::submit(app, ctx, id.to_string(), Priority::Interactive, prepare).await?)
}

/// Goods come back without their purchase.
pub async fn ad_hoc_return(app: &App, ctx: &Context, input: PurchaseInput, debit: Option<Minor>, spent: Minor) -> AppResult<RefundDone> {
    ctx.require(Scope::Sales)?;
    let who = input.who.wallet(app, ctx.workspace).await?;
    let content = format!("ad-hoc\n{who:?}\n{}\n{debit:?}\n{spent}", content_of(&input));
    let identity = input.identity.as_ref().map(|reference| super::identified(app, input.source, reference, &content));
    let prepare = |config: &Arc<TillConfig>| {
        let (who, identity, basket) = (who.clone(), identity.clone(), input.basket.clone());
        Ok(AdHocReturn { config: Arc::clone(config), who, identity, basket, debit, spent })
    };
    refund_done(super::submit(app, ctx, input.basket.reference.clone(), Priority::Interactive, prepare).await?)
}

fn refund_done(reply: TillReply) -> AppResult<RefundDone> {
    match reply {
        TillReply::Refund(done) => Ok(*done),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Settles a purchase with its merchant. A second call answers the first settlement.
pub async fn settle(app: &App, ctx: &Context, id: Id) -> AppResult<(Id, SettlementBody, bool)> {
    ctx.require(Scope::Sales)?;
    let at = app.now();
    let prepare = |config: &Arc<TillConfig>| Ok(Settle { config: Arc::clone(config), purchase: id, at });
    match super::submit(app, ctx, id.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Settlement(id, body, is_repeat) => Ok((id, *body, is_repeat)),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// For every offer: why it applied to a purchase, or which condition failed.
pub async fn explain(app: &App, ctx: &Context, id: Id) -> AppResult<Vec<Verdict>> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let done = stored(app, ctx.workspace, id).await?;
    let person = participant(app, ctx.workspace, done.participant).await?.unwrap_or_default();
    let cell = cell_before(app, ctx.workspace, &config, &done).await?;
    let (_, mut verdicts) = judge(&config, &person, &cell, &done.body.basket, Look::All);
    let seen = Seen::of(id, &done.body, &done.standing);
    let evaluation = evaluate(&config, &cell, seen, done.standing.matches(&done.body.matched), &[])
        .map_err(|_| AppError::bug("a stored purchase leaves the range of its amounts"))?;
    // What was judged when it was sold stands, whatever the offers say now.
    verdicts.retain(|verdict| !done.standing.matches(&done.body.matched).iter().any(|matched| matched.offer == verdict.offer));
    verdicts.extend(evaluation.verdicts);
    verdicts.sort_by_key(|verdict| verdict.offer);
    Ok(verdicts)
}

/// What was remembered of the customer before a purchase.
async fn cell_before(app: &App, workspace: Id, config: &TillConfig, done: &PurchaseDone) -> AppResult<meed_core::loyalty::Cell> {
    let mut all = of_participant(app, workspace, done.participant).await?;
    let key = |done: &PurchaseDone| meed_core::loyalty::canonical(Seen::of(done.id, &done.body, &done.standing));
    all.sort_by_key(key);
    let mut cell = meed_core::loyalty::Cell::of(done.participant);
    for earlier in all.iter().take_while(|other| key(other) < key(done)) {
        let seen = Seen::of(earlier.id, &earlier.body, &earlier.standing);
        let evaluation = evaluate(config, &cell, seen, earlier.standing.matches(&earlier.body.matched), &[])
            .map_err(|_| AppError::bug("a stored purchase leaves the range of its amounts"))?;
        evaluation.advance(config, &mut cell, seen);
    }
    Ok(cell)
}

/// All purchases of a participant as they stand, newest first.
pub(crate) async fn of_participant(app: &App, workspace: Id, participant: Id) -> AppResult<Vec<PurchaseDone>> {
    let read = move |r: &mut meed_store::Reader<'_>| {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = r.till_events_back(workspace, Some(participant), before, 500)?;
            let is_last = page.len() < 500;
            before = page.last().map(|(event, _)| event.id);
            all.extend(page.iter().filter_map(|(event, standing)| done_of(event, standing.as_deref())));
            if is_last {
                return Ok(all);
            }
        }
    };
    Ok(app.store().read(read).await?)
}

async fn stored(app: &App, workspace: Id, id: Id) -> AppResult<PurchaseDone> {
    let found = app.store().read(move |r| r.till_event(workspace, id)).await?;
    let (event, standing) = found.ok_or_else(|| refused(Class::NotFound, "entity_not_found", "there is no such purchase"))?;
    if event.kind != EventKind::Purchase {
        return Err(refused(Class::Invalid, "invalid_event_type", "this event is not a purchase"));
    }
    done_of(&event, standing.as_deref()).ok_or_else(|| AppError::bug("a stored purchase cannot be read"))
}

/// A stored purchase; balances are those right after it.
pub(crate) fn done_of(event: &meed_core::loyalty::TillEvent, standing: Option<&[u8]>) -> Option<PurchaseDone> {
    if !event.kind.is_bought() {
        return None;
    }
    let body = PurchaseBody::from_row(&event.body).ok()?;
    let standing = match standing {
        Some(row) => Standing::from_row(row).ok()?,
        None => body.standing.clone(),
    };
    Some(PurchaseDone {
        id: event.id,
        participant: event.participant,
        person: None,
        balances: (body.balance, 0),
        body: Arc::new(body),
        standing,
        additional: 0,
        verdicts: Vec::new(),
        spend: None,
        is_replayed: false,
    })
}

async fn participant(app: &App, workspace: Id, id: Id) -> AppResult<Option<Participant>> {
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Participant, id)).await?;
    Ok(record.and_then(|record| Participant::read(&record.body).ok()))
}

pub(crate) fn view(config: &TillConfig, done: PurchaseDone, person: Option<Participant>, price_token: String) -> PurchaseView {
    let merchant = config.merchant_of(done.body.basket.unit).map(|(_, merchant)| merchant);
    let is_free = person.as_ref().is_none_or(|person| !person.is_blocked && person.terminated.is_none());
    PurchaseView {
        minimum_spend: config.settings.minimum_spend,
        maximum_spend: config.settings.maximum_spend,
        pays_back: merchant.is_some_and(|merchant| merchant.pays_back),
        allow_spending: is_free && merchant.is_none_or(|merchant| merchant.allows_spending),
        done,
        person,
        price_token,
        traces: Traces::none(),
        usable: wallets::Usable::default(),
    }
}

/// The basket as this configuration knows it: with its promo code as the shop writes it, since conditions compare it by
/// letter, and with what its products are now, since the surface may have read it with an older configuration.
fn canonical(config: &TillConfig, basket: &Basket) -> Basket {
    let known = basket.promo_code.as_ref().and_then(|code| config.promo_codes.get(&meed_core::loyalty::fold_code(code)));
    let promo_code = known.map(|promo| promo.code.clone()).or_else(|| basket.promo_code.clone());
    let mut basket = Basket { promo_code, ..basket.clone() };
    for line in &mut basket.lines {
        if let Some(product) = config.products.get(line.product)
            && !line.is_of(product)
        {
            let Line { quantity, net, vat, total, intended, .. } = line.clone();
            *line = Line { quantity, net, vat, total, intended, ..product.line() };
        }
    }
    basket
}

/// What a repeated purchase must be equal in, in canonical form. Who buys is compared by the command: a card and a number may
/// name the same customer.
pub(crate) fn content_of(input: &PurchaseInput) -> String {
    let mut content = String::new();
    let basket = &input.basket;
    let lines = basket.lines.iter().map(|line| (line.product, line.quantity.normalize(), line.net, line.vat, line.total));
    let extra: &BTreeMap<String, String> = &basket.extra;
    let at_us = (!input.is_undated).then(|| basket.at.as_microsecond());
    let head = (at_us, basket.unit, basket.terminal, &basket.reference, &basket.promo_code, &basket.classification);
    let paid = (&basket.payment_brand, &basket.payment_type, &basket.payment_medium, &basket.description);
    let spend = input.spend.as_ref().map(|ask| (ask.amount, ask.all_or_nothing));
    let _ = write!(content, "purchase\n{head:?}\n{paid:?}\n{extra:?}\n{spend:?}\n{:?}", lines.collect::<Vec<_>>());
    content
}

/// The identity of a purchase that came without one: its receipt. The same customer, store, terminal, system, second, number
/// and lines are the same purchase sent again (`ledger.md` §2.1).
fn receipt(app: &App, who: &Who, system: Option<&str>, content: &str) -> String {
    let system = system.map(|system| format!("\n{system:?}")).unwrap_or_default();
    let text = format!("receipt\n{who:?}\n{content}{system}");
    format!("receipt\n{}", crate::secrets::hex(&app.secrets().fingerprint(text.as_bytes())[..16]))
}

fn token(app: &App, config: &TillConfig, basket: &Basket) -> String {
    let lines: Vec<_> = basket.lines.iter().map(|line| (line.product, line.quantity.normalize(), line.total)).collect();
    let text = format!("price\n{}\n{}\n{:?}\n{lines:?}", config.version, basket.unit, basket.promo_code);
    crate::secrets::hex(&app.secrets().fingerprint(text.as_bytes())[..16])
}
