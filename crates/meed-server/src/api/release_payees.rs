//! `/v1/releases/{id}/payees`: who of a release is paid when.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::releases::{self, NewTerms, ReleaseEntry, ReleasePayee};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Page, PageParams, json, page, page_of};
use super::openapi::Refusals;
use super::problem::Answered;
use super::releases::ReleaseOut;
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::{MoneyOut, time};
use crate::ServerState;

/// What holds for one payee of a release in place of its own date.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleasePayeeIn)]
pub(crate) struct ReleasePayeeIn {
    /// The payee.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    payee: String,
    /// From which day they may be paid; that of the release if null.
    #[serde(default)]
    #[schema(example = "2026-04-30")]
    release_date: Option<String>,
    /// Not to be paid until this is taken away.
    #[serde(default)]
    unpaid: bool,
    /// Why, up to 500 characters; the payee reads it. Needed with `unpaid`.
    #[serde(default)]
    #[schema(example = "Bank account to be confirmed")]
    reason: String,
}

/// What holds for payees of a release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleasePayeesIn)]
pub(crate) struct ReleasePayeesIn {
    /// One entry per payee, in place of what was said of them before. Neither a date nor `unpaid`: the release's date again.
    payees: Vec<ReleasePayeeIn>,
}

/// A payee of a release.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReleasePayee)]
pub(crate) struct ReleasePayeeOut {
    /// The payee.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    payee: String,
    /// Their name.
    name: String,
    /// What the release gives them.
    total: MoneyOut,
    /// `due`, `later`, `unpaid` or `paid`, as of today.
    #[schema(example = "later")]
    state: String,
    /// From which day they may be paid.
    #[schema(example = "2026-04-30")]
    release_date: String,
    /// Why they have a day of their own or are not paid; null where nothing is said.
    reason: Option<String>,
    /// When that was said.
    changed_at: Option<String>,
    /// By whom.
    changed_by: Option<String>,
}

impl ReleasePayeeOut {
    fn of(payee: &ReleasePayee, currency: &str) -> Self {
        Self {
            payee: payee.payee.text(Kind::Rep),
            name: payee.name.clone(),
            total: MoneyOut::of(payee.total, currency),
            state: payee.payment.word().to_owned(),
            release_date: payee.release_date.clone(),
            reason: payee.terms.as_ref().map(|terms| terms.reason.clone()),
            changed_at: payee.terms.as_ref().map(|terms| time(terms.changed_us)),
            changed_by: payee.terms.as_ref().map(|terms| terms.changed_by.clone()),
        }
    }
}

/// What callers wrote, with the ids read.
pub(super) fn terms_in(payees: Vec<ReleasePayeeIn>) -> Answered<Vec<NewTerms>> {
    let one = |(index, payee): (usize, ReleasePayeeIn)| {
        let id: Id = id_in(&payee.payee, Kind::Rep, &format!("payees[{index}].payee"))?;
        Ok(NewTerms { payee: id, release_date: payee.release_date, unpaid: payee.unpaid, reason: payee.reason })
    };
    payees.into_iter().enumerate().map(one).collect()
}

/// List payees of a release
///
/// With the day from which each may be paid, and who is marked as unpaid. Empty once the release is taken back.
#[utoipa::path(
    get, path = "/releases/{id}/payees", tag = "Releases", operation_id = "listReleasePayees",
    params(("id" = String, Path, description = "The release", example = "rel_01jq3v8k2m9ra"), PageParams),
    responses((status = 200, description = "A page of payees", body = Page<ReleasePayeeOut>), Refusals),
)]
pub(crate) async fn index(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let release: ReleaseEntry = releases::get(&state.app, &ctx, id_of(&id, Kind::Release, "release")?).await?;
    let all = releases::release_payees(&state.app, &ctx, &release).await?;
    let (found, next) = page_of(all, &params, |payee| payee.payee)?;
    let currency = &release.document.currency;
    page(found.iter().map(|payee| ReleasePayeeOut::of(payee, currency)).collect(), next, params.fields.as_deref())
}

/// Hold payees of a release back
///
/// Needs the scope `release`. Gives payees a day of their own, or marks them as unpaid, or takes either away. Their statements
/// and the ledger stay as they are; paying them is refused until then. Refused for who is paid already.
#[utoipa::path(
    post, path = "/releases/{id}/payees", tag = "Releases", operation_id = "setReleasePayees",
    params(("id" = String, Path, description = "The release", example = "rel_01jq3v8k2m9ra")),
    request_body(content = ReleasePayeesIn,
        example = json!({"payees": [{"payee": "rep_01jq3v8k2m9ra", "unpaid": true, "reason": "Bank account to be confirmed"}]})),
    responses((status = 200, description = "The release", body = ReleaseOut), Refusals),
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ReleasePayeesIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let release = id_of(&id, Kind::Release, "release")?;
    let changed = releases::set_terms(&state.app, &ctx, release, &terms_in(body.payees)?).await?;
    Ok(json(StatusCode::OK, &ReleaseOut::from(&changed)))
}
