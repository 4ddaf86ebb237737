//! `/v1/reviews`: what tills without a connection did and a person has to decide about.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::loyalty::TillConfig;
use meed_app::loyalty::reviews::{self, ReviewView};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::ReviewDecision;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ServerState;
use crate::api::answer::{Page, bad_cursor, json, limit_of, page};
use crate::api::idempotency::{Key, again};
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem};
use crate::api::request::{Caller, Json, Params, id_of};
use crate::api::wire::{MoneyOut, time};

/// Something that a till without a connection did.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Review)]
pub(crate) struct ReviewOut {
    /// Its id.
    #[schema(example = "evt_01jq3v8k2m9ra")]
    id: String,
    /// The sale.
    purchase: String,
    /// Its receipt number.
    reference: String,
    /// Whose.
    participant: String,
    /// When the sale took place.
    at: String,
    /// When it came in.
    recorded_at: String,
    /// Whether it came later than tills may.
    late: bool,
    /// What the wallet did not cover.
    uncovered: MoneyOut,
    /// Of it, what nobody has decided about yet.
    open: MoneyOut,
    /// `written_off`, `recovered`, `store_bears` or `accepted`; null while nobody has decided.
    #[schema(example = "recovered")]
    decision: Option<String>,
    /// Why.
    note: Option<String>,
    /// When it was decided.
    decided_at: Option<String>,
}

/// Which reviews are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Entries at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only what still needs a decision.
    #[serde(default)]
    open: bool,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionIn {
    /// `written_off` (the program bears it), `recovered` (the customer owes it), `store_bears`, or `accepted` (late only).
    #[schema(example = "recovered")]
    decision: String,
    /// Why.
    #[schema(example = "Spent twice, by phone and by card")]
    note: String,
}

/// What a decision moved.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReviewDecision)]
pub(crate) struct DecisionOut {
    /// The event.
    id: String,
    /// What was decided.
    decision: String,
    /// How much it was about.
    amount: MoneyOut,
    /// What the customer may use now.
    balance: MoneyOut,
}

fn out(view: &ReviewView, config: &TillConfig) -> ReviewOut {
    let money = |amount| MoneyOut::new(amount, config.currency);
    let decided = view.review.decided.as_ref();
    ReviewOut {
        id: view.id.text(Kind::Event),
        purchase: view.purchase.id.text(Kind::Purchase),
        reference: view.purchase.body.basket.reference.clone(),
        participant: view.purchase.participant.text(Kind::Participant),
        at: view.purchase.body.basket.at.to_string(),
        recorded_at: time(view.recorded_us),
        late: view.review.is_late,
        uncovered: money(view.review.uncovered),
        open: money(view.open),
        decision: decided.map(|decided| decided.decision.name().to_owned()),
        note: decided.map(|decided| decided.note.clone()),
        decided_at: decided.map(|decided| time(decided.at_us)),
    }
}

/// List reviews
///
/// What tills sold or spent without a connection and the wallet did not cover, and what came late; newest first. Needs the scope
/// `read` or `sales`.
#[utoipa::path(
    get, path = "/reviews", tag = "Purchases", operation_id = "listReviews", params(ListParams),
    responses((status = 200, description = "A page of reviews", body = Page<ReviewOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<ListParams>) -> Answered<Response> {
    let limit = limit_of(params.limit)?;
    let before = params.cursor.as_deref().map(|cursor| Id::parse(cursor, Kind::Event).map_err(|_| bad_cursor())).transpose()?;
    let mut views = reviews::list(&state.app, &ctx, params.open, before, limit + 1).await?;
    let has_more = views.len() > limit;
    views.truncate(limit);
    let next = views.last().filter(|_| has_more).map(|view| view.id.text(Kind::Event));
    let config = state.app.till_config(ctx.workspace).await?;
    page(views.iter().map(|view| out(view, &config)).collect(), next, None)
}

/// Decide about a review
///
/// Once. What is uncovered leaves `suspense`; should the goods come back later, whoever bore it gets it back. Needs the scope
/// `sales`. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/reviews/{id}/decision", tag = "Purchases", operation_id = "decideReview",
    params(("id" = String, Path, description = "The review", example = "evt_01jq3v8k2m9ra")),
    request_body(content = DecisionIn, example = json!({"decision": "recovered", "note": "Spent twice"})),
    responses((status = 201, description = "It is decided", body = DecisionOut), Refusals),
)]
pub(crate) async fn decide(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
    Json(body): Json<DecisionIn>,
) -> Answered<Response> {
    let decision = ReviewDecision::from_name(&body.decision).ok_or_else(|| {
        let text = "this is written_off, recovered, store_bears or accepted";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "decision_unknown", text).at("decision")
    })?;
    let id = id_of(&id, Kind::Event, "review")?;
    let (event, done, is_repeat) = reviews::decide(&state.app, &ctx, id, decision, &body.note, key.as_deref()).await?;
    let currency = state.app.till_config(ctx.workspace).await?.currency;
    let out = DecisionOut {
        id: event.text(Kind::Event),
        decision: done.decision.name().to_owned(),
        amount: MoneyOut::new(done.amount, currency),
        balance: MoneyOut::new(done.balance, currency),
    };
    Ok(again(json(StatusCode::CREATED, &out), is_repeat))
}
