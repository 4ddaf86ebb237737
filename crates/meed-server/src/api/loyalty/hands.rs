//! What people do to wallets by hand beside adjustments: transfers, longer lots, erasing a participant; and activities.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use meed_app::loyalty::activities::{self, ActivityInput};
use meed_app::loyalty::wallets::{self, ExtendInput, TransferInput};
use meed_app::loyalty::{Who, participants, purchases};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{ActivityKind, ErasedBalance};
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::purchases::{RefundOut, refund_out};
use super::wallets::unit_of;
use crate::ServerState;
use crate::api::answer::{Page, json, no_content, page};
use crate::api::idempotency::{Key, again};
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem};
use crate::api::request::{Caller, Json, id_in, id_of};
use crate::api::wire::{MoneyOut, day, time};

/// An amount that goes to another participant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TransferIn {
    /// Who gives.
    #[schema(example = "par_01jq3v8k2m9ra")]
    from: String,
    /// Who gets.
    #[schema(example = "par_01jq3v8k2m9rb")]
    to: String,
    /// How much, in minor units.
    #[schema(example = 500)]
    amount: i64,
    /// ISO 4217 code, or `PTS` for points; the workspace's currency if null.
    #[serde(default)]
    currency: Option<String>,
    /// Why.
    #[schema(example = "A gift")]
    reason: String,
}

/// A transfer between wallets.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WalletTransfer)]
pub(crate) struct TransferOut {
    /// Its id.
    id: String,
    /// What went over.
    amount: MoneyOut,
    /// The lots that it opened there.
    lots: Vec<String>,
    /// What the giver may use now.
    balance: MoneyOut,
}

/// Until when a lot may be used.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtensionIn {
    /// Whose lot.
    #[schema(example = "par_01jq3v8k2m9ra")]
    participant: String,
    /// A later time than now and than it has; for ever if null.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2027-12-31T23:00:00Z")]
    expires_at: Option<Timestamp>,
    /// Why.
    #[schema(example = "Out of goodwill")]
    reason: String,
}

/// An extension of a lot.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LotExtension)]
pub(crate) struct ExtensionOut {
    /// Its id.
    id: String,
    /// Until when it could be used before.
    expired_at: Option<String>,
    /// Until when now.
    expires_at: Option<String>,
    /// What had expired and came back.
    revived: MoneyOut,
    /// What may be used now.
    balance: MoneyOut,
}

/// What becomes of the wallet of a participant who is erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureIn {
    /// `empty` (there must be nothing in it), `forfeited`, or `kept` under no name.
    #[schema(example = "forfeited")]
    balance: String,
}

/// Something that is no sale and may be rewarded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityIn {
    /// Who did it.
    #[schema(example = "par_01jq3v8k2m9ra")]
    participant: String,
    /// `referral`, `achievement`, `financial_achievement`, `social_media` or `web`.
    #[schema(example = "achievement")]
    kind: String,
    /// The store at which it is recorded.
    #[schema(example = "unit_01jq3v8k2m9ra")]
    unit: String,
    /// What people call it.
    #[schema(example = "A-1001")]
    reference: String,
    /// When; now if null.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    at: Option<Timestamp>,
    /// Its class, which conditions of offers read as `sale.classification`.
    #[serde(default)]
    #[schema(example = "marathon")]
    classification: Option<String>,
    /// What it was about, in minor units of the currency.
    #[serde(default)]
    amount: i64,
    /// Who was brought, for a referral.
    #[serde(default)]
    referred: Option<String>,
    /// Free text.
    #[serde(default)]
    description: Option<String>,
}

/// An activity with what it earned.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Activity)]
pub(crate) struct ActivityOut {
    /// The activity.
    #[schema(example = "pur_01jq3v8k2m9ra")]
    id: String,
    /// Whose.
    participant: String,
    /// What.
    kind: String,
    /// When.
    at: String,
    /// Money that it earned.
    awarded: MoneyOut,
    /// Points that it earned.
    points: i64,
    /// What may be used now.
    balance: MoneyOut,
}

/// A change of tier.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TierChange)]
pub(crate) struct TierChangeOut {
    /// The local day.
    #[schema(example = "2026-05-01")]
    day: String,
    /// The tier before; null: none.
    from: Option<String>,
    /// The tier since.
    to: Option<String>,
    /// Value units of the rolling window on that day.
    #[schema(example = "240.50")]
    period_units: String,
    /// The purchases of that day that count.
    entered: Vec<String>,
    /// The purchases that left the window.
    left: Vec<String>,
    /// What was done by hand on that day: why, and by whom.
    by_hand: Option<String>,
}

/// Transfer between wallets
///
/// What arrives keeps its expiry and conditions. Needs the scope `sales`. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/transfers", tag = "Wallets", operation_id = "transferBetweenWallets",
    request_body(content = TransferIn, example = json!({"from": "par_01jq3v8k2m9ra", "to": "par_01jq3v8k2m9rb", "amount": 500, "reason": "A gift"})),
    responses((status = 201, description = "It went over", body = TransferOut), Refusals),
)]
pub(crate) async fn transfer(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Json(body): Json<TransferIn>,
) -> Answered<Response> {
    let unit = unit_of(&state, &ctx, body.currency.as_deref()).await?;
    let input = TransferInput {
        from: Who::Id(id_in(&body.from, Kind::Participant, "from")?),
        to: Who::Id(id_in(&body.to, Kind::Participant, "to")?),
        unit,
        amount: body.amount,
        reason: body.reason,
        source: Id(0),
        identity: key.map(|key| format!("transfer\n{key}")),
    };
    let done = wallets::transfer(&state.app, &ctx, input).await?;
    let out = TransferOut {
        id: done.id.text(Kind::Event),
        amount: MoneyOut::new(done.body.amount, unit),
        lots: done.body.lots.iter().map(|(lot, _)| lot.text(Kind::Lot)).collect(),
        balance: MoneyOut::new(done.body.balance, state.app.till_config(ctx.workspace).await?.currency),
    };
    Ok(again(json(StatusCode::CREATED, &out), done.is_replayed))
}

/// Extend a lot
///
/// A decision of the operator; what had expired of it comes back. Needs the scope `sales`. Send an `Idempotency-Key` to repeat it
/// safely.
#[utoipa::path(
    post, path = "/lots/{id}/extension", tag = "Wallets", operation_id = "extendLot",
    params(("id" = String, Path, description = "The lot", example = "lot_01jq3v8k2m9ra")),
    request_body(content = ExtensionIn, example = json!({"participant": "par_01jq3v8k2m9ra", "expires_at": "2027-12-31T23:00:00Z", "reason": "Out of goodwill"})),
    responses((status = 201, description = "It may be used longer", body = ExtensionOut), Refusals),
)]
pub(crate) async fn extend(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
    Json(body): Json<ExtensionIn>,
) -> Answered<Response> {
    let input = ExtendInput {
        who: Who::Id(id_in(&body.participant, Kind::Participant, "participant")?),
        lot: id_of(&id, Kind::Lot, "lot")?,
        expires: body.expires_at,
        reason: body.reason,
        identity: key.map(|key| format!("extend key\n{key}")),
    };
    let (event, done, is_repeat) = wallets::extend(&state.app, &ctx, input).await?;
    let out = ExtensionOut {
        id: event.text(Kind::Event),
        expired_at: done.before_us.map(time),
        expires_at: done.after_us.map(time),
        revived: MoneyOut::new(done.revived, done.unit),
        balance: MoneyOut::new(done.balance, state.app.till_config(ctx.workspace).await?.currency),
    };
    Ok(again(json(StatusCode::CREATED, &out), is_repeat))
}

/// Erase a participant
///
/// Everything that says who it was: name, address, codes. Ids, balances, transfers and audit lines stay. It cannot be taken back.
/// Needs the scope `admin`.
#[utoipa::path(
    post, path = "/participants/{id}/erasure", tag = "Participants", operation_id = "eraseParticipant",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    request_body(content = ErasureIn, example = json!({"balance": "forfeited"})),
    responses((status = 204, description = "Nothing says any more who it was"), Refusals),
)]
pub(crate) async fn erase(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ErasureIn>,
) -> Answered<Response> {
    let balance = match body.balance.as_str() {
        "empty" => ErasedBalance::Empty,
        "forfeited" => ErasedBalance::Forfeited,
        "kept" => ErasedBalance::Kept,
        _ => {
            let text = "this is empty, forfeited or kept";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "balance_unknown", text).at("balance"));
        }
    };
    participants::erase(&state.app, &ctx, id_of(&id, Kind::Participant, "participant")?, balance).await?;
    Ok(no_content())
}

/// List a participant's changes of tier
///
/// Up and down, with the purchases that caused them, newest first. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/participants/{id}/tier_changes", tag = "Participants", operation_id = "listTierChanges",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    responses((status = 200, description = "All of them", body = Page<TierChangeOut>), Refusals),
)]
pub(crate) async fn tier_changes(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let who = Who::Id(id_of(&id, Kind::Participant, "participant")?);
    let id = participants::find(&state.app, &ctx, &who).await?.id;
    let mut all = participants::tier_changes(&state.app, &ctx, id).await?;
    all.reverse();
    let purchases = |ids: &[Id]| ids.iter().map(|id| id.text(Kind::Purchase)).collect();
    let out = all.iter().map(|change| TierChangeOut {
        day: day(change.day),
        from: change.from.clone(),
        to: change.to.clone(),
        period_units: change.units.to_string(),
        entered: purchases(&change.entered),
        left: purchases(&change.left),
        by_hand: change.by_hand.clone(),
    });
    page(out.collect(), None, None)
}

/// Record an activity
///
/// A referral, an achievement, something in a network or on the web; offers may reward it. Needs the scope `sales`. Send an
/// `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/activities", tag = "Purchases", operation_id = "recordActivity",
    request_body(content = ActivityIn, example = json!({"participant": "par_01jq3v8k2m9ra", "kind": "achievement", "unit": "unit_01jq3v8k2m9ra", "classification": "marathon", "reference": "A-1001"})),
    responses((status = 201, description = "It is recorded", body = ActivityOut), Refusals),
)]
pub(crate) async fn record(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Json(body): Json<ActivityIn>,
) -> Answered<Response> {
    let kind = ActivityKind::from_name(&body.kind).ok_or_else(|| {
        let text = "this is referral, achievement, financial_achievement, social_media or web";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "activity_unknown", text).at("kind")
    })?;
    let referred = body.referred.as_deref().map(|text| id_in(text, Kind::Participant, "referred")).transpose()?;
    let input = ActivityInput {
        who: Who::Id(id_in(&body.participant, Kind::Participant, "participant")?),
        kind,
        unit: id_in(&body.unit, Kind::Unit, "unit")?,
        at: body.at,
        classification: body.classification,
        amount: body.amount,
        referred: referred.map(Who::Id),
        reference: body.reference,
        source: Id(0),
        identity: key.map(|key| format!("activity key\n{key}")),
        description: body.description,
    };
    let view = activities::record(&state.app, &ctx, input).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    let done = &view.done;
    let out = ActivityOut {
        id: done.id.text(Kind::Purchase),
        participant: done.participant.text(Kind::Participant),
        kind: kind.name().to_owned(),
        at: done.body.basket.at.to_string(),
        awarded: MoneyOut::new(done.body.standing.awarded(config.currency), config.currency),
        points: done.body.standing.awarded(Unit::POINTS),
        balance: MoneyOut::new(done.body.balance, config.currency),
    };
    Ok(again(json(StatusCode::CREATED, &out), done.is_replayed))
}

/// Cancel an activity
///
/// With all that it earned. Needs the scope `sales`. A second time is refused; send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/activities/{id}/cancellation", tag = "Purchases", operation_id = "cancelActivity",
    params(("id" = String, Path, description = "The activity", example = "pur_01jq3v8k2m9ra")),
    responses((status = 201, description = "It is cancelled", body = RefundOut), Refusals),
)]
pub(crate) async fn cancel(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Purchase, "activity")?;
    let done = purchases::cancel(&state.app, &ctx, id, None, key.as_deref()).await?;
    let config = state.app.till_config(ctx.workspace).await?;
    Ok(again(json(StatusCode::CREATED, &refund_out(&done, config.currency)), done.is_replayed))
}
