//! `/v1/periods`, `/v1/approvals`, `/v1/preferences`: the way of a period from its figures to its release.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::approvals::{self, ApprovalLine};
use meed_app::preferences::{self, Preferences, VisibleFrom};
use meed_app::releases;
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Page, PageParams, json, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem};
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::{MoneyOut, time};
use crate::ServerState;

/// A payee in a period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PeriodPayee)]
pub(crate) struct PeriodPayeeOut {
    /// The payee.
    payee: String,
    /// Their name.
    name: String,
    /// What is booked for them in the period.
    total: MoneyOut,
    /// `accrued`, `released` or `paid`.
    state: String,
    /// `not_required`, `pending`, `outdated` (given for another amount) or `approved`.
    approval: String,
}

/// A program's period as it is booked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub(crate) struct PeriodOut {
    /// The program.
    program: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// `draft`, `calculated`, `credits_released`, `released`, `paid` or `reversed`.
    #[schema(example = "credits_released")]
    state: String,
    /// Sum of what is booked.
    total: MoneyOut,
    /// When payees could see its credits; null while they cannot.
    credits_released_at: Option<String>,
    /// Its release, unless that was taken back.
    release: Option<String>,
    /// Payees, the highest first.
    payees: Vec<PeriodPayeeOut>,
}

async fn period_out(state: &ServerState, ctx: &meed_app::Context, program: Id, label: &str) -> Answered<PeriodOut> {
    let booked = releases::period(&state.app, ctx, program, label).await?;
    let lines = approvals::of_period(&state.app, ctx, program, label).await?;
    let approval = |rep: Id| lines.iter().find(|line| line.rep == rep).map_or("not_required", |line| line.approval.word()).to_owned();
    let payee = |payee: &releases::RewardView| PeriodPayeeOut {
        payee: payee.owner.id.text(Kind::Rep),
        name: payee.name.clone(),
        total: MoneyOut::new(payee.total, booked.currency),
        state: payee.state.word().to_owned(),
        approval: approval(payee.owner.id),
    };
    Ok(PeriodOut {
        program: program.text(Kind::Program),
        period: booked.label.clone(),
        state: booked.state().to_owned(),
        total: MoneyOut::new(booked.total(), booked.currency),
        credits_released_at: booked.credits.as_ref().map(|credits| time(credits.document.released_us)),
        release: booked.release.as_ref().map(|release| release.id.text(Kind::Release)),
        payees: booked.payees.iter().map(payee).collect(),
    })
}

/// Get a period
///
/// Where a program's period stands, with its payees and their approvals. Needs the scope `read`.
#[utoipa::path(
    get, path = "/programs/{id}/periods/{period}", tag = "Releases", operation_id = "getPeriod",
    params(
        ("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"),
        ("period" = String, Path, description = "The period", example = "2026-03"),
    ),
    responses((status = 200, description = "The period", body = PeriodOut), Refusals),
)]
pub(crate) async fn period(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path((id, label)): Path<(String, String)>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Read)?;
    Ok(json(StatusCode::OK, &period_out(&state, &ctx, id_of(&id, Kind::Program, "program")?, &label).await?))
}

/// Release credits
///
/// Needs the scopes `release` and `read`. Payees see their amounts as pending; figures may still change.
#[utoipa::path(
    post, path = "/programs/{id}/periods/{period}/release-credits", tag = "Releases", operation_id = "releaseCredits",
    params(
        ("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"),
        ("period" = String, Path, description = "The period", example = "2026-03"),
    ),
    responses((status = 200, description = "The period", body = PeriodOut), Refusals),
)]
pub(crate) async fn release_credits(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path((id, label)): Path<(String, String)>,
) -> Answered<Response> {
    turn_credits(&state, &ctx, &id, &label, Turn::Visible).await
}

/// What becomes of a period's credits.
enum Turn {
    Visible,
    Hidden,
}

/// Shows the credits of a period to its payees or hides them, and answers the period.
async fn turn_credits(state: &ServerState, ctx: &meed_app::Context, id: &str, label: &str, turn: Turn) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    ctx.require(meed_app::Scope::Read)?;
    let program = id_of(id, Kind::Program, "program")?;
    match turn {
        Turn::Visible => releases::release_credits(&state.app, ctx, program, label).await.map(drop)?,
        Turn::Hidden => releases::withdraw_credits(&state.app, ctx, program, label).await.map(drop)?,
    }
    Ok(json(StatusCode::OK, &period_out(state, ctx, program, label).await?))
}

/// Withdraw credits
///
/// Needs the scopes `release` and `read`. Payees see nothing of the period again, until its rewards are released.
#[utoipa::path(
    post, path = "/programs/{id}/periods/{period}/withdraw-credits", tag = "Releases", operation_id = "withdrawCredits",
    params(
        ("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"),
        ("period" = String, Path, description = "The period", example = "2026-03"),
    ),
    responses((status = 200, description = "The period", body = PeriodOut), Refusals),
)]
pub(crate) async fn withdraw_credits(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path((id, label)): Path<(String, String)>,
) -> Answered<Response> {
    turn_credits(&state, &ctx, &id, &label, Turn::Hidden).await
}

/// A statement that may be approved.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub(crate) struct ApprovalOut {
    /// The program.
    program: String,
    /// Its name.
    program_name: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// The payee.
    payee: String,
    /// Their name.
    payee_name: String,
    /// What their statement comes to now.
    amount: MoneyOut,
    /// `not_required`, `pending`, `outdated` or `approved`.
    state: String,
    /// What was approved.
    approved_amount: Option<MoneyOut>,
    /// When.
    approved_at: Option<String>,
    /// By whom.
    approved_by: Option<String>,
}

impl From<&ApprovalLine> for ApprovalOut {
    fn from(line: &ApprovalLine) -> Self {
        let given = line.given.as_ref();
        Self {
            program: line.program.text(Kind::Program),
            program_name: line.program_name.clone(),
            period: line.period.clone(),
            payee: line.rep.text(Kind::Rep),
            payee_name: line.rep_name.clone(),
            amount: MoneyOut::new(line.amount, line.currency),
            state: line.approval.word().to_owned(),
            approved_amount: given.map(|given| MoneyOut::of(given.amount, &given.currency)),
            approved_at: given.map(|given| time(given.approved_us)),
            approved_by: given.map(|given| given.approved_by.clone()),
        }
    }
}

/// List approvals
///
/// Every statement of a period that is calculated and not released, with its approval. Needs the scope `read`.
#[utoipa::path(
    get, path = "/approvals", tag = "Releases", operation_id = "listApprovals", params(PageParams),
    responses((status = 200, description = "A page of statements", body = Page<ApprovalOut>), Refusals),
)]
pub(crate) async fn approvals(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let all = approvals::open(&state.app, &ctx).await?;
    let key = |line: &ApprovalLine| format!("{}:{}:{}", line.program, line.period, line.rep);
    let (lines, next) = page_of(all, &params, key)?;
    page(lines.iter().map(ApprovalOut::from).collect(), next, params.fields.as_deref())
}

/// Approvals to give or to take back.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApprovalIn)]
pub(crate) struct ApprovalIn {
    /// The program.
    #[schema(example = "prog_01jq3v8k2m9ra")]
    program: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// Whose statements; all or none are decided.
    #[schema(example = json!(["rep_01jq3v8k2m9ra"]))]
    payees: Vec<String>,
    /// False takes approvals back.
    #[serde(default)]
    approved: Option<bool>,
}

/// Approve statements
///
/// Needs the scope `admin`; managers approve on the pages. An approval is of the present amount: when that changes, it has to
/// be given again. Refused once the rewards are released.
#[utoipa::path(
    post, path = "/approvals", tag = "Releases", operation_id = "approve",
    request_body(content = ApprovalIn, example = json!({"program": "prog_01jq3v8k2m9ra", "period": "2026-03", "payees": ["rep_01jq3v8k2m9ra"], "approved": true})),
    responses((status = 200, description = "The period", body = PeriodOut), Refusals),
)]
pub(crate) async fn approve(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<ApprovalIn>) -> Answered<Response> {
    ctx.require(meed_app::Scope::Admin)?;
    let program = id_in(&body.program, Kind::Program, "program")?;
    let mut reps = Vec::with_capacity(body.payees.len());
    for (index, text) in body.payees.iter().enumerate() {
        reps.push(id_in(text, Kind::Rep, &format!("payees[{index}]"))?);
    }
    approvals::decide(&state.app, &ctx, program, &body.period, &reps, body.approved.unwrap_or(true)).await?;
    Ok(json(StatusCode::OK, &period_out(&state, &ctx, program, &body.period).await?))
}

/// What a workspace shows its payees.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Preferences)]
pub(crate) struct PreferencesIo {
    /// From when on payees see attainment and rewards: `credits` (as pending) or `rewards` (as confirmed).
    #[schema(example = "credits")]
    visible_from: String,
    /// Whether payees see each credited sale with its working.
    details: bool,
    /// Whether payees may take their credits away as CSV.
    export: bool,
    /// Whether payees see how far everybody came.
    leaderboard: bool,
    /// Programs whose statements must be approved before their rewards are released.
    #[schema(example = json!(["prog_01jq3v8k2m9ra"]))]
    approved_programs: Vec<String>,
    /// The workspace's word for a statement; empty for the usual one.
    #[serde(default)]
    statement_word: String,
    /// The workspace's word for attainment; empty for the usual one.
    #[serde(default)]
    attainment_word: String,
}

impl From<&Preferences> for PreferencesIo {
    fn from(preferences: &Preferences) -> Self {
        let from = match preferences.visible_from {
            VisibleFrom::Credits => "credits",
            VisibleFrom::Rewards => "rewards",
        };
        Self {
            visible_from: from.to_owned(),
            details: preferences.details,
            export: preferences.export,
            leaderboard: preferences.leaderboard,
            approved_programs: preferences.approved_programs.iter().map(|id| Id(*id).text(Kind::Program)).collect(),
            statement_word: preferences.statement_word.clone(),
            attainment_word: preferences.attainment_word.clone(),
        }
    }
}

/// Get preferences
///
/// What payees see, and which statements must be approved.
#[utoipa::path(
    get, path = "/preferences", tag = "Workspace", operation_id = "getPreferences",
    responses((status = 200, description = "The preferences", body = PreferencesIo), Refusals),
)]
pub(crate) async fn preferences(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    ctx.require(meed_app::Scope::Read)?;
    Ok(json(StatusCode::OK, &PreferencesIo::from(&preferences::get(&state.app, &ctx).await?)))
}

/// Change preferences
///
/// Needs the scope `admin`. Replaces all of them; no figure changes by it.
#[utoipa::path(
    put, path = "/preferences", tag = "Workspace", operation_id = "putPreferences",
    request_body(content = PreferencesIo, example = json!({"visible_from": "credits", "details": true, "export": true, "leaderboard": false, "approved_programs": []})),
    responses((status = 200, description = "The preferences", body = PreferencesIo), Refusals),
)]
pub(crate) async fn put_preferences(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Json(body): Json<PreferencesIo>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Admin)?;
    let visible_from = match body.visible_from.as_str() {
        "credits" => VisibleFrom::Credits,
        "rewards" => VisibleFrom::Rewards,
        other => {
            let text = format!("`{other}` is neither `credits` nor `rewards`");
            return Err(FieldProblem::new("visible_from", "value_invalid", text).into());
        }
    };
    let mut approved_programs = Vec::with_capacity(body.approved_programs.len());
    for (index, text) in body.approved_programs.iter().enumerate() {
        approved_programs.push(id_in(text, Kind::Program, &format!("approved_programs[{index}]"))?.0);
    }
    let preferences = Preferences {
        visible_from,
        details: body.details,
        export: body.export,
        leaderboard: body.leaderboard,
        approved_programs,
        statement_word: body.statement_word,
        attainment_word: body.attainment_word,
    };
    preferences::put(&state.app, &ctx, &preferences).await?;
    Ok(json(StatusCode::OK, &PreferencesIo::from(&preferences)))
}
