//! `/v1/purchases`: what was bought, why it earned what it earned, returns, cancellation, settlement.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::loyalty::purchases::{self, PurchaseFilter, PurchaseView, RefundInput};
use meed_app::loyalty::{TillConfig, Who, participants};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{RefundDone, RefundLine};
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ServerState;
use crate::api::answer::{Page, bad_cursor, json, limit_of, page};
use crate::api::idempotency::{Key, again};
use crate::api::openapi::Refusals;
use crate::api::problem::Answered;
use crate::api::request::{Caller, Json, Params, id_in, id_of};
use crate::api::wire::{MoneyOut, Number};

/// A line of a purchase.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PurchaseLine)]
pub(crate) struct LineOut {
    /// The product's code.
    product: String,
    /// How many.
    #[schema(example = "1")]
    quantity: String,
    /// Total, minor units.
    total: i64,
    /// What came back of it.
    returned: i64,
    /// What is paid of it from the wallet.
    spent: i64,
}

/// A purchase.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Purchase)]
pub(crate) struct PurchaseOut {
    /// The purchase.
    #[schema(example = "pur_01jq3v8k2m9ra")]
    id: String,
    /// Whose.
    participant: String,
    /// `posted` or `cancelled`.
    state: String,
    /// When it took place.
    at: String,
    /// Its store.
    unit: String,
    /// Receipt number.
    reference: String,
    /// Total.
    total: MoneyOut,
    /// What stands of its awards.
    awarded: MoneyOut,
    /// Points that stand of its awards.
    points: i64,
    /// What stands of its spends.
    spent: MoneyOut,
    /// Its lines.
    lines: Vec<LineOut>,
}

/// What an offer said about a purchase.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OfferVerdict)]
pub(crate) struct VerdictOut {
    /// The offer.
    offer: String,
    /// Its name.
    name: String,
    /// Whether it gave something.
    applied: bool,
    /// What it gave, minor units; by unit.
    awards: Vec<MoneyOut>,
    /// Why not: a stable code.
    #[schema(example = "condition_failed")]
    code: Option<String>,
    /// Why not, in words.
    reason: Option<String>,
}

/// What comes back of a line.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundLineIn {
    /// The line, counted from 0.
    #[schema(example = 0)]
    line: u32,
    /// Minor units of its total; by quantity, or all that is left, if null.
    #[serde(default)]
    #[schema(example = 250)]
    amount: Option<i64>,
    /// How many.
    #[schema(value_type = Option<String>, example = "1")]
    quantity: Option<Number>,
}

/// Goods that come back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RefundIn {
    /// The lines; all that is left if empty.
    lines: Vec<RefundLineIn>,
    /// Reason or reference.
    note: Option<String>,
}

/// What a return or cancellation did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub(crate) struct RefundOut {
    /// The event.
    id: String,
    /// What goes back to the customer in money.
    paid_back: MoneyOut,
    /// What was spent on it and is back in the wallet.
    given_back: MoneyOut,
    /// Awards taken back from the wallet.
    taken_back: MoneyOut,
    /// Awards that were spent already, and are owed.
    owed: MoneyOut,
    /// What may be used now.
    balance: MoneyOut,
}

/// A settlement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Settlement)]
pub(crate) struct SettlementOut {
    /// Its id.
    id: String,
    /// The merchant.
    merchant: String,
    /// What the purchase was awarded.
    awarded: MoneyOut,
    /// The merchant's percentage.
    #[schema(example = "40")]
    percent: String,
    /// What the merchant owes.
    contribution: MoneyOut,
    /// Whether it was settled before: nothing was booked again.
    was_there_before: bool,
}

/// Which purchases are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Entries at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Names of the fields to answer, with commas between them; all if not given.
    fields: Option<String>,
    /// Only of this participant.
    participant: Option<String>,
}

fn out(view: &PurchaseView, config: &TillConfig) -> PurchaseOut {
    let (done, basket) = (&view.done, &view.done.body.basket);
    let money = |amount| MoneyOut::new(amount, config.currency);
    let line = |(place, line): (usize, &meed_core::loyalty::Line)| LineOut {
        product: line.code.clone(),
        quantity: line.quantity.to_string(),
        total: line.total,
        returned: done.standing.returned.get(place).map_or(0, |(amount, _)| *amount),
        spent: done.standing.spent_on(place),
    };
    PurchaseOut {
        id: done.id.text(Kind::Purchase),
        participant: done.participant.text(Kind::Participant),
        state: done.standing.state.name().to_lowercase(),
        at: basket.at.to_string(),
        unit: basket.unit.text(Kind::Unit),
        reference: basket.reference.clone(),
        total: money(basket.total()),
        awarded: money(done.standing.awarded(config.currency)),
        points: done.standing.awarded(Unit::POINTS),
        spent: money(done.standing.spent()),
        lines: basket.lines.iter().enumerate().map(line).collect(),
    }
}

pub(super) fn refund_out(done: &RefundDone, unit: Unit) -> RefundOut {
    let money = |amount| MoneyOut::new(amount, unit);
    let steps = || done.body.taken_back.iter().filter(|taken| taken.unit == unit).map(|taken| &taken.steps);
    RefundOut {
        id: done.id.text(Kind::Event),
        paid_back: money(done.body.paid_back),
        given_back: money(done.body.given_back),
        taken_back: money(steps().map(|step| step.from_lots + step.from_others).sum()),
        owed: money(steps().map(|step| step.owed).sum()),
        balance: money(done.body.balance),
    }
}

/// List purchases
///
/// Newest first. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/purchases", tag = "Purchases", operation_id = "listPurchases", params(ListParams),
    responses((status = 200, description = "A page of purchases", body = Page<PurchaseOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<ListParams>) -> Answered<Response> {
    let limit = limit_of(params.limit)?;
    let before = params.cursor.as_deref().map(|cursor| Id::parse(cursor, Kind::Purchase).map_err(|_| bad_cursor())).transpose()?;
    let participant = match &params.participant {
        Some(text) => Some(participants::find(&state.app, &ctx, &Who::Id(id_in(text, Kind::Participant, "participant")?)).await?.id),
        None => None,
    };
    let filter = PurchaseFilter { participant, before, limit: limit + 1, ..PurchaseFilter::default() };
    let mut views = purchases::list(&state.app, &ctx, filter).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    let has_more = views.len() > limit;
    views.truncate(limit);
    let next = views.last().filter(|_| has_more).map(|view| view.done.id.text(Kind::Purchase));
    page(views.iter().map(|view| out(view, &config)).collect(), next, params.fields.as_deref())
}

fn by(id: &str) -> Answered<Id> {
    id_of(id, Kind::Purchase, "purchase")
}

/// Get a purchase
///
/// As it stands now. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/purchases/{id}", tag = "Purchases", operation_id = "getPurchase",
    params(("id" = String, Path, description = "The purchase", example = "pur_01jq3v8k2m9ra")),
    responses((status = 200, description = "The purchase", body = PurchaseOut), Refusals),
)]
pub(crate) async fn show(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let view = purchases::show(&state.app, &ctx, by(&id)?).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    Ok(json(StatusCode::OK, &out(&view, &config)))
}

/// Explain a purchase
///
/// For each offer: what it gave, or which condition failed. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/purchases/{id}/explanation", tag = "Purchases", operation_id = "explainPurchase",
    params(("id" = String, Path, description = "The purchase", example = "pur_01jq3v8k2m9ra")),
    responses((status = 200, description = "What each offer said", body = Page<VerdictOut>), Refusals),
)]
pub(crate) async fn explain(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let id = by(&id)?;
    let verdicts = purchases::explain(&state.app, &ctx, id).await?;
    let view = purchases::show(&state.app, &ctx, id).await?;
    let grants = &view.done.standing.grants;
    let verdict = verdicts.iter().map(|verdict| VerdictOut {
        offer: verdict.offer.text(Kind::Program),
        name: verdict.name.clone(),
        applied: verdict.why_not.is_none(),
        awards: grants.iter().filter(|grant| grant.offer == verdict.offer).map(|grant| MoneyOut::new(grant.amount, grant.unit)).collect(),
        code: verdict.why_not.as_ref().map(|why| why.code().to_owned()),
        reason: verdict.why_not.as_ref().map(ToString::to_string),
    });
    page(verdict.collect(), None, None)
}

/// Return goods of a purchase
///
/// In any split and order: parts sum to the whole. Awards are taken back, what was spent returns to the same lots. Needs the
/// scope `sales`. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/purchases/{id}/refunds", tag = "Purchases", operation_id = "refundPurchase",
    params(("id" = String, Path, description = "The purchase", example = "pur_01jq3v8k2m9ra")),
    request_body(content = RefundIn, example = json!({"lines": [{"line": 0, "amount": 250}], "note": "Too small"})),
    responses((status = 201, description = "It came back", body = RefundOut), Refusals),
)]
pub(crate) async fn refund(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
    Json(body): Json<RefundIn>,
) -> Answered<Response> {
    let line = |line: RefundLineIn| RefundLine { line: line.line, amount: line.amount, quantity: line.quantity.map(|number| number.0) };
    let input = RefundInput {
        source: Id(0),
        identity: key.map(|key| format!("refund\n{key}")),
        lines: body.lines.into_iter().map(line).collect(),
        at: None,
        note: body.note,
    };
    let done = purchases::refund(&state.app, &ctx, by(&id)?, input).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    Ok(again(json(StatusCode::CREATED, &refund_out(&done, config.currency)), done.is_replayed))
}

/// Cancel a purchase
///
/// With all that it earned and spent. Needs the scope `sales`. A second time is refused; send an `Idempotency-Key` to repeat it
/// safely.
#[utoipa::path(
    post, path = "/purchases/{id}/cancellation", tag = "Purchases", operation_id = "cancelPurchase",
    params(("id" = String, Path, description = "The purchase", example = "pur_01jq3v8k2m9ra")),
    responses((status = 201, description = "It is cancelled", body = RefundOut), Refusals),
)]
pub(crate) async fn cancel(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
) -> Answered<Response> {
    let done = purchases::cancel(&state.app, &ctx, by(&id)?, None, key.as_deref()).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    Ok(again(json(StatusCode::CREATED, &refund_out(&done, config.currency)), done.is_replayed))
}

/// Settle a purchase with its merchant
///
/// What the merchant pays towards its awards. A second time answers the first settlement. Needs the scope `sales`.
#[utoipa::path(
    post, path = "/purchases/{id}/settlement", tag = "Purchases", operation_id = "settlePurchase",
    params(("id" = String, Path, description = "The purchase", example = "pur_01jq3v8k2m9ra")),
    responses((status = 200, description = "The settlement", body = SettlementOut), Refusals),
)]
pub(crate) async fn settle(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let (id, body, was_there_before) = purchases::settle(&state.app, &ctx, by(&id)?).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    let money = |amount| MoneyOut::new(amount, config.currency);
    let out = SettlementOut {
        id: id.text(Kind::Event),
        merchant: body.merchant.text(Kind::Merchant),
        awarded: money(body.awarded),
        percent: body.percent.to_string(),
        contribution: money(body.contribution),
        was_there_before,
    };
    Ok(json(StatusCode::OK, &out))
}
