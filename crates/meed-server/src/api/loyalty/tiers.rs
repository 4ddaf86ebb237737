//! Setting a participant's tier by hand.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use meed_app::loyalty::tiers::{self, TierInput};
use meed_core::id::Kind;
use meed_core::loyalty::TierByHand;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ServerState;
use crate::api::answer::json;
use crate::api::idempotency::{Key, again};
use crate::api::openapi::Refusals;
use crate::api::problem::Answered;
use crate::api::request::{Caller, Json, id_of};
use crate::api::wire::time;

/// A tier that somebody set by hand.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TierByHand)]
pub(crate) struct TierByHandOut {
    /// Its code.
    tier: String,
    /// Since when.
    since: String,
    /// Until when; until it is taken back if null.
    until: Option<String>,
    /// Whether it holds whatever is earned, instead of being the least.
    fixed: bool,
    /// Why.
    reason: String,
    /// Who set it.
    set_by: String,
}

impl From<&TierByHand> for TierByHandOut {
    fn from(set: &TierByHand) -> Self {
        Self {
            tier: set.tier.clone(),
            since: time(set.from_us),
            until: set.until_us.map(time),
            fixed: set.is_fixed,
            reason: set.reason.clone(),
            set_by: set.set_by.clone(),
        }
    }
}

/// A tier to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierSetIn {
    /// Code of the tier; null takes back what was set by hand.
    #[schema(example = "gold")]
    tier: Option<String>,
    /// Until when; until it is taken back if null.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2027-01-01T00:00:00Z")]
    until: Option<Timestamp>,
    /// Whether it holds whatever is earned; else it is the least, and who earns more rises.
    #[serde(default)]
    fixed: bool,
    /// Why.
    #[schema(example = "Gold at our other shop")]
    reason: String,
}

/// A tier that was set.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TierSet)]
pub(crate) struct TierSetOut {
    /// The event in the journal.
    id: String,
    /// The tier before; null: none.
    from: Option<String>,
    /// The tier since.
    to: Option<String>,
}

/// Set a participant's tier
///
/// By hand, from now on: as the least that holds while what they earn may raise them, or as the only one (`fixed`). The journal
/// keeps who did it and why; purchases before it stay as they were. Needs the scope `sales`. Send an `Idempotency-Key` to repeat
/// it safely.
#[utoipa::path(
    put, path = "/participants/{id}/tier", tag = "Participants", operation_id = "setTier",
    params(("id" = String, Path, description = "The participant", example = "par_01jq3v8k2m9ra")),
    request_body(content = TierSetIn, example = json!({"tier": "gold", "until": "2027-01-01T00:00:00Z", "reason": "Gold at our other shop"})),
    responses((status = 200, description = "It is set", body = TierSetOut), Refusals),
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Key(key): Key,
    Json(body): Json<TierSetIn>,
) -> Answered<Response> {
    let input = TierInput {
        participant: id_of(&id, Kind::Participant, "participant")?,
        tier: body.tier,
        until: body.until,
        is_fixed: body.fixed,
        reason: body.reason,
        identity: key.map(|key| format!("tier key\n{key}")),
    };
    let (event, done, is_repeat) = tiers::set(&state.app, &ctx, input).await?;
    let out = TierSetOut { id: event.text(Kind::Event), from: done.before, to: done.after };
    Ok(again(json(StatusCode::OK, &out), is_repeat))
}
