//! `/v1/offers`: documents that say what a purchase earns, and where that may be spent.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::loyalty::offers::{self, OfferView};
use meed_core::id::Kind;
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ServerState;
use crate::api::answer::{Page, PageParams, json, page, page_of};
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, FieldProblem, Problem};
use crate::api::request::{Caller, Json, Params, id_of};
use crate::api::wire::MoneyOut;

/// A document to check or to apply.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferIn {
    /// The document, TOML.
    text: String,
    /// Why this version, for the history.
    #[serde(default)]
    note: String,
}

/// An offer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Offer)]
pub(crate) struct OfferOut {
    /// The offer.
    #[schema(example = "prog_01jq3v8k2m9ra")]
    id: String,
    /// Its current version.
    version: String,
    /// Counts versions, from 1.
    number: u32,
    /// Its name.
    name: String,
    /// The document of the current version.
    text: String,
    /// Whether it gives anything.
    effective: bool,
    /// What it may still grant, where it has a budget.
    budgets: Vec<MoneyOut>,
}

/// Something that is wrong with an offer's document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OfferFinding)]
pub(crate) struct FindingOut {
    /// Line, from 1.
    line: u32,
    /// Column, from 1.
    column: u32,
    /// Stable code.
    code: String,
    /// What is wrong and what to write instead.
    text: String,
}

/// What checking an offer found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OfferChecked)]
pub(crate) struct CheckedOut {
    /// Whether it may be applied.
    usable: bool,
    /// Everything that is wrong.
    findings: Vec<FindingOut>,
}

/// Whether an offer gives anything.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferSwitch {
    /// Whether it is effective.
    effective: bool,
}

/// What an offer may still grant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetIn {
    /// Minor units.
    #[schema(example = 500_000)]
    amount: i64,
    /// ISO 4217 code, or `PTS` for points.
    #[schema(example = "EUR")]
    currency: String,
}

/// A budget that was set.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BudgetSet)]
pub(crate) struct BudgetOut {
    /// What was not to be had of a lowered budget, because it was granted already.
    shortfall: MoneyOut,
}

impl From<&OfferView> for OfferOut {
    fn from(view: &OfferView) -> Self {
        Self {
            id: view.id.text(Kind::Program),
            version: view.version.text(Kind::ProgramVersion),
            number: view.number,
            name: view.name.clone(),
            text: view.text.clone(),
            effective: view.is_effective,
            budgets: view.budgets.iter().map(|(unit, amount)| MoneyOut::new(*amount, *unit)).collect(),
        }
    }
}

/// List offers
///
/// In the order in which they were made. Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/offers", tag = "Offers", operation_id = "listOffers", params(PageParams),
    responses((status = 200, description = "A page of offers", body = Page<OfferOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let (rows, next) = page_of(offers::list(&state.app, &ctx).await?, &params, |offer| offer.id)?;
    page(rows.iter().map(OfferOut::from).collect(), next, params.fields.as_deref())
}

/// Apply an offer
///
/// An offer of this name gets a new version, or a new offer begins; the same text again changes nothing. What was given before
/// stays. Needs the scope `plans`.
#[utoipa::path(
    post, path = "/offers", tag = "Offers", operation_id = "applyOffer",
    request_body(content = OfferIn, example = json!({"text": "kind = \"reward\"\nname = \"Five per cent\"\nscheme = \"club\"\n[award]\npercent = \"5%\"\n", "note": "Spring"})),
    responses((status = 200, description = "The offer as it stands", body = OfferOut), Refusals),
)]
pub(crate) async fn apply(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<OfferIn>) -> Answered<Response> {
    if let Err(findings) = offers::check(&body.text) {
        let place = |f: &meed_core::program::Finding| format!("text:{}:{}", f.line, f.column);
        let errors = findings.iter().map(|f| FieldProblem::new(place(f), f.code.code(), f.text.clone())).collect();
        return Err(Problem { code: "offer_invalid".into(), ..Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, errors) });
    }
    let (id, _, _) = offers::apply(&state.app, &ctx, &body.text, &body.note).await?;
    let view = offers::get(&state.app, &ctx, id).await?;
    Ok(json(StatusCode::OK, &OfferOut::from(&view)))
}

/// Check an offer
///
/// Keeps nothing. Needs a key of any scope.
#[utoipa::path(
    post, path = "/offers/check", tag = "Offers", operation_id = "checkOffer",
    request_body(content = OfferIn, example = json!({"text": "kind = \"reward\"\nname = \"Five per cent\"\n"})),
    responses((status = 200, description = "What was found", body = CheckedOut), Refusals),
)]
pub(crate) async fn check(Caller(_): Caller, Json(body): Json<OfferIn>) -> Answered<Response> {
    let findings = offers::check(&body.text).err().unwrap_or_default();
    let out = |finding: &meed_core::program::Finding| FindingOut {
        line: finding.line,
        column: finding.column,
        code: finding.code.code().to_owned(),
        text: finding.text.clone(),
    };
    Ok(json(StatusCode::OK, &CheckedOut { usable: findings.is_empty(), findings: findings.iter().map(out).collect() }))
}

/// Get an offer
///
/// Needs the scope `read` or `plans`.
#[utoipa::path(
    get, path = "/offers/{id}", tag = "Offers", operation_id = "getOffer",
    params(("id" = String, Path, description = "The offer", example = "prog_01jq3v8k2m9ra")),
    responses((status = 200, description = "The offer", body = OfferOut), Refusals),
)]
pub(crate) async fn show(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let view = offers::get(&state.app, &ctx, id_of(&id, Kind::Program, "offer")?).await?;
    Ok(json(StatusCode::OK, &OfferOut::from(&view)))
}

/// Switch an offer on or off
///
/// What it gave before stays. Needs the scope `plans`.
#[utoipa::path(
    put, path = "/offers/{id}/state", tag = "Offers", operation_id = "switchOffer",
    params(("id" = String, Path, description = "The offer", example = "prog_01jq3v8k2m9ra")),
    request_body(content = OfferSwitch, example = json!({"effective": false})),
    responses((status = 200, description = "The offer", body = OfferOut), Refusals),
)]
pub(crate) async fn switch(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<OfferSwitch>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Program, "offer")?;
    offers::set_effective(&state.app, &ctx, id, body.effective).await?;
    Ok(json(StatusCode::OK, &OfferOut::from(&offers::get(&state.app, &ctx, id).await?)))
}

/// Set an offer's budget
///
/// What it may still grant from now on; exact, however many tills ask at once. Needs the scope `plans`.
#[utoipa::path(
    put, path = "/offers/{id}/budget", tag = "Offers", operation_id = "setOfferBudget",
    params(("id" = String, Path, description = "The offer", example = "prog_01jq3v8k2m9ra")),
    request_body(content = BudgetIn, example = json!({"amount": 500_000, "currency": "EUR"})),
    responses((status = 200, description = "It is set", body = BudgetOut), Refusals),
)]
pub(crate) async fn set_budget(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<BudgetIn>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Program, "offer")?;
    let unit: Unit = body.currency.parse().map_err(|_| {
        let text = format!("`{}` is neither a currency nor PTS", body.currency.chars().take(20).collect::<String>());
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "currency_unknown", text).at("currency")
    })?;
    let shortfall = offers::set_budget(&state.app, &ctx, id, unit, body.amount).await?;
    Ok(json(StatusCode::OK, &BudgetOut { shortfall: MoneyOut::new(shortfall, unit) }))
}
