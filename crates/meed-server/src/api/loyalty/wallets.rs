//! Wallets: balance and lots, journal, adjustments, holds.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::journal::{self, Entry};
use meed_app::loyalty::wallets::{self, AdjustInput, WalletView};
use meed_app::loyalty::{Who, participants};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::HoldDone;
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ServerState;
use crate::api::answer::{Page, bad_cursor, json, limit_of, page};
use crate::api::idempotency::{Key, again};
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem};
use crate::api::request::{Caller, Json, Params, id_in, id_of};
use crate::api::wire::{MoneyOut, day, time};

/// A lot: a credit with its own expiry and conditions.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WalletLot)]
pub(crate) struct LotOut {
    /// The lot.
    #[schema(example = "lot_01jq3v8k2m9ra")]
    id: String,
    /// The offer that gave it.
    offer: String,
    /// What it held at first, minor units.
    amount: i64,
    /// What is still in it.
    remaining: i64,
    /// What holds reserve of it.
    held: i64,
    /// From when it may be used.
    usable_from: String,
    /// Until when it may be used; for ever if null.
    expires_at: Option<String>,
    /// The offer's version that says where it may be used; anywhere if null.
    terms: Option<String>,
}

/// What expires on a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WalletExpiry)]
pub(crate) struct ExpiryOut {
    /// The day.
    #[schema(example = "2026-05-01")]
    day: String,
    /// How much, minor units.
    amount: i64,
}

/// A wallet in one unit.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Wallet)]
pub(crate) struct WalletOut {
    /// What may be used.
    balance: MoneyOut,
    /// Of it, what is bound by conditions.
    conditional: MoneyOut,
    /// Reserved by holds.
    held: MoneyOut,
    /// Earned, not usable yet.
    pending: MoneyOut,
    /// Taken back, but spent already.
    owed: MoneyOut,
    /// The open lots in the order in which they are used.
    lots: Vec<LotOut>,
    /// What expires when.
    expiring: Vec<ExpiryOut>,
}

/// The moment of a balance.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AsOf {
    /// A time to come; now if not given.
    #[param(value_type = Option<String>, example = "2026-12-31T23:59:59Z")]
    as_of: Option<Timestamp>,
}

/// Which part of a journal is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JournalParams {
    /// Entries at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An event of a wallet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WalletEvent)]
pub(crate) struct EventOut {
    /// The event; with a number behind it for its part in points, and for a lot that expired.
    id: String,
    /// What happened: `purchase`, `spend_request`, `refund`, `expiry` …
    #[schema(example = "purchase")]
    kind: String,
    /// The event that it is about.
    about: Option<String>,
    /// Business time.
    at: String,
    /// Recorded time.
    recorded_at: String,
    /// What came in.
    credit: MoneyOut,
    /// What went out.
    debit: MoneyOut,
    /// Receipt number or reason.
    text: String,
}

/// A credit or debit by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustmentIn {
    /// Whose wallet.
    #[schema(example = "par_01jq3v8k2m9ra")]
    participant: String,
    /// Above 0 a credit, below 0 a debit, in minor units.
    #[schema(example = 500)]
    amount: i64,
    /// ISO 4217 code, or `PTS` for points; the workspace's currency if null.
    #[serde(default)]
    currency: Option<String>,
    /// Why.
    #[schema(example = "Broken bottle")]
    reason: String,
    /// Until when a credit may be used; for ever if null.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Timestamp>,
    /// Whether a credit was paid for, instead of given.
    #[serde(default)]
    is_top_up: bool,
}

/// An adjustment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Adjustment)]
pub(crate) struct AdjustmentOut {
    /// Its id.
    id: String,
    /// What came in, or went out if below 0.
    amount: MoneyOut,
    /// The lot that a credit opened.
    lot: Option<String>,
    /// What may be used now.
    balance: MoneyOut,
}

/// An amount to reserve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldIn {
    /// Whose wallet.
    #[schema(example = "par_01jq3v8k2m9ra")]
    participant: String,
    /// How much, in minor units.
    #[schema(example = 500)]
    amount: i64,
    /// ISO 4217 code, or `PTS` for points; the workspace's currency if null.
    #[serde(default)]
    currency: Option<String>,
    /// For how long; as the settings say if null.
    #[serde(default)]
    minutes: Option<i64>,
}

/// How much of a hold is used.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CaptureIn {
    /// Minor units; all of it if null.
    #[schema(example = 300)]
    amount: Option<i64>,
}

/// A hold, its use or its end.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Hold)]
pub(crate) struct HoldOut {
    /// The hold.
    #[schema(example = "hld_01jq3v8k2m9ra")]
    hold: String,
    /// Reserved, used or given up.
    amount: MoneyOut,
    /// When it ends by itself.
    expires_at: String,
    /// What may be used now.
    balance: MoneyOut,
}

async fn participant(state: &ServerState, ctx: &meed_app::Context, id: &str) -> Answered<Id> {
    let id = id_of(id, Kind::Participant, "participant")?;
    Ok(participants::find(&state.app, ctx, &Who::Id(id)).await?.id)
}

/// The unit that a body names; the workspace's currency if none.
pub(super) async fn unit_of(state: &ServerState, ctx: &meed_app::Context, code: Option<&str>) -> Answered<Unit> {
    match code {
        None => Ok(state.app.till_config(ctx.workspace).await?.currency),
        Some(code) => code.parse().map_err(|_| {
            let text = format!("`{}` is neither a currency nor PTS", code.chars().take(20).collect::<String>());
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "currency_unknown", text).at("currency")
        }),
    }
}

fn wallet_out(wallet: &WalletView) -> WalletOut {
    let money = |amount| MoneyOut::new(amount, wallet.unit);
    let lot = |lot: &meed_core::ledger::Lot| LotOut {
        id: lot.id.text(Kind::Lot),
        offer: lot.program.text(Kind::Program),
        amount: lot.amount,
        remaining: lot.remaining,
        held: lot.held,
        usable_from: time(lot.active_us),
        expires_at: lot.expires_us.map(time),
        terms: lot.version.map(|id| id.text(Kind::ProgramVersion)),
    };
    WalletOut {
        balance: money(wallet.balance),
        conditional: money(wallet.conditional),
        held: money(wallet.held),
        pending: money(wallet.pending),
        owed: money(wallet.owed),
        lots: wallet.lots.iter().map(lot).collect(),
        expiring: wallet.expiring.iter().map(|(number, amount)| ExpiryOut { day: day(*number), amount: *amount }).collect(),
    }
}

/// Get a participant's wallets
///
/// Money first, then points; as they stand, or as they will stand. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/participants/{id}/wallets", tag = "Wallets", operation_id = "getWallets",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra"), AsOf),
    responses((status = 200, description = "The wallets", body = Page<WalletOut>), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<AsOf>,
) -> Answered<Response> {
    let id = participant(&state, &ctx, &id).await?;
    let wallets = wallets::read(&state.app, &ctx, id, params.as_of).await?;
    page(wallets.iter().map(wallet_out).collect(), None, None)
}

fn event_out(entry: &Entry) -> EventOut {
    EventOut {
        id: entry.mark().to_string(),
        kind: entry.kind.name().to_owned(),
        about: entry.about.map(|id| id.text(Kind::Event)),
        at: time(entry.at_us),
        recorded_at: time(entry.recorded_us),
        credit: MoneyOut::new(entry.credit, entry.unit),
        debit: MoneyOut::new(entry.debit, entry.unit),
        text: entry.text.clone(),
    }
}

/// Get a participant's journal
///
/// What happened, newest first: all credits less all debits are what is in the wallet. Needs the scope `read` or `sales`.
#[utoipa::path(
    get, path = "/participants/{id}/journal", tag = "Wallets", operation_id = "getWalletJournal",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra"), JournalParams),
    responses((status = 200, description = "A page of events", body = Page<EventOut>), Refusals),
)]
pub(crate) async fn journal(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<JournalParams>,
) -> Answered<Response> {
    let id = participant(&state, &ctx, &id).await?;
    let limit = limit_of(params.limit)?;
    let before = params.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()?;
    let mut entries = journal::page(&state.app, &ctx, id, before, limit + 1).await?;
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| has_more).map(|entry| entry.mark().to_string());
    page(entries.iter().map(event_out).collect(), next, None)
}

/// Adjust a wallet
///
/// A credit or a debit by hand, with its reason. Needs the scope `sales`. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/adjustments", tag = "Wallets", operation_id = "adjustWallet",
    request_body(content = AdjustmentIn, example = json!({"participant": "par_01jq3v8k2m9ra", "amount": 500, "reason": "Broken bottle"})),
    responses((status = 201, description = "It is booked", body = AdjustmentOut), Refusals),
)]
pub(crate) async fn adjust(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Json(body): Json<AdjustmentIn>,
) -> Answered<Response> {
    let unit = unit_of(&state, &ctx, body.currency.as_deref()).await?;
    let input = AdjustInput {
        who: Who::Id(id_in(&body.participant, Kind::Participant, "participant")?),
        unit,
        amount: body.amount,
        is_top_up: body.is_top_up,
        expires: body.expires_at,
        reason: body.reason,
        source: Id(0),
        identity: key.map(|key| format!("adjust\n{key}")),
    };
    let (id, done, is_repeat) = wallets::adjust(&state.app, &ctx, input).await?;
    let out = AdjustmentOut {
        id: id.text(Kind::Event),
        amount: MoneyOut::new(done.amount, unit),
        lot: done.lot.map(|lot| lot.text(Kind::Lot)),
        balance: MoneyOut::new(done.balance, unit),
    };
    Ok(again(json(StatusCode::CREATED, &out), is_repeat))
}

fn hold_out(done: &HoldDone) -> HoldOut {
    let unit = done.body.unit;
    HoldOut {
        hold: done.about.unwrap_or(done.id).text(Kind::Hold),
        amount: MoneyOut::new(done.body.amount, unit),
        expires_at: time(done.body.expires_us),
        balance: MoneyOut::new(done.body.balance, unit),
    }
}

/// Hold an amount
///
/// Reserves it until it is captured, released, or its time is over. Needs the scope `sales`. Send an `Idempotency-Key` to repeat
/// it safely.
#[utoipa::path(
    post, path = "/holds", tag = "Wallets", operation_id = "holdAmount",
    request_body(content = HoldIn, example = json!({"participant": "par_01jq3v8k2m9ra", "amount": 500, "minutes": 10})),
    responses((status = 201, description = "It is reserved", body = HoldOut), Refusals),
)]
pub(crate) async fn hold(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Json(body): Json<HoldIn>,
) -> Answered<Response> {
    let input = HoldInput {
        who: Who::Id(id_in(&body.participant, Kind::Participant, "participant")?),
        unit: unit_of(&state, &ctx, body.currency.as_deref()).await?,
        amount: body.amount,
        minutes: body.minutes,
        source: Id(0),
        identity: key.map(|key| format!("hold\n{key}")),
    };
    let done = holds::hold(&state.app, &ctx, input).await?;
    Ok(again(json(StatusCode::CREATED, &hold_out(&done)), done.is_replayed))
}

/// Capture a hold
///
/// Uses it, in full or in part; the rest returns. Needs the scope `sales`. A second capture is refused; send an
/// `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/holds/{id}/capture", tag = "Wallets", operation_id = "captureHold",
    params(("id" = String, Path, description = "The hold", example = "hld_01jq3v8k2m9ra")),
    request_body(content = CaptureIn, example = json!({"amount": 300})),
    responses((status = 200, description = "It is used", body = HoldOut), Refusals),
)]
pub(crate) async fn capture(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
    Json(body): Json<CaptureIn>,
) -> Answered<Response> {
    let done = holds::capture(&state.app, &ctx, id_of(&id, Kind::Hold, "hold")?, body.amount, key.as_deref()).await?;
    Ok(again(json(StatusCode::OK, &hold_out(&done)), done.is_replayed))
}

/// Release a hold
///
/// Gives it up; all of it returns. Needs the scope `sales`. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/holds/{id}/release", tag = "Wallets", operation_id = "releaseHold",
    params(("id" = String, Path, description = "The hold", example = "hld_01jq3v8k2m9ra")),
    responses((status = 200, description = "It is given up", body = HoldOut), Refusals),
)]
pub(crate) async fn release(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
) -> Answered<Response> {
    let done = holds::release(&state.app, &ctx, id_of(&id, Kind::Hold, "hold")?, key.as_deref()).await?;
    Ok(again(json(StatusCode::OK, &hold_out(&done)), done.is_replayed))
}
