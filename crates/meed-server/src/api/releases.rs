//! `/v1/releases`, `/v1/statements`, `/v1/payouts`, `/v1/rewards`: from review to money.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::releases::{self, PayoutEntry, ReleaseEntry, StatementBody, StatementEntry};
use meed_app::{Configuration, rewards};
use meed_core::command::RewardRow;
use meed_core::crediting::Listed;
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::answer::{FieldParams, Page, PageParams, json, list_params, one, page, page_of};
use super::credit_out::{CreditOut, PaidInOut};
use super::openapi::Refusals;
use super::problem::{Answered, Problem};
use super::release_payees::{ReleasePayeeIn, terms_in};
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::{MoneyOut, day, time};
use crate::ServerState;

/// What to release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReleaseIn)]
pub(crate) struct ReleaseIn {
    /// The program.
    #[schema(example = "prog_01jq3v8k2m9ra")]
    program: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// From which day it may be paid; today if not given.
    #[serde(default)]
    #[schema(example = "2026-04-15")]
    release_date: Option<String>,
    /// Payees with a day of their own, or that are not to be paid yet.
    #[serde(default)]
    payees: Vec<ReleasePayeeIn>,
}

/// A release.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Release)]
pub(crate) struct ReleaseOut {
    /// The release.
    #[schema(example = "rel_01jq3v8k2m9ra")]
    id: String,
    /// The program.
    program: String,
    /// Its name.
    program_name: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// Payees in it.
    payees: u64,
    /// Sum of what is released.
    total: MoneyOut,
    /// When it was released.
    released_at: String,
    /// By whom.
    released_by: String,
    /// From which day it may be paid. Nothing is paid before a day that lay ahead when it was chosen.
    release_date: String,
    /// How many payees have a day of their own or are marked as unpaid: `/v1/releases/{id}/payees` lists them.
    apart: usize,
    /// When it was taken back; null while it stands.
    reversed_at: Option<String>,
    /// By whom it was taken back.
    reversed_by: Option<String>,
    /// Why it was taken back.
    reversed_because: Option<String>,
}

/// Why a release is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReverseIn)]
pub(crate) struct ReverseIn {
    /// 1 to 500 characters, kept with the release.
    #[schema(example = "The quota of the north was wrong")]
    reason: String,
}

/// Take a release back
///
/// Needs the scope `release`. Every transfer of the release gets its opposite; nothing is deleted, and its statements stay as
/// they were frozen. The period is open again. Refused once anything of it is paid.
#[utoipa::path(
    post, path = "/releases/{id}/reverse", tag = "Releases", operation_id = "reverseRelease",
    params(("id" = String, Path, description = "The release", example = "rel_01jq3v8k2m9ra")),
    request_body(content = ReverseIn, example = json!({"reason": "The quota of the north was wrong"})),
    responses((status = 200, description = "The release, taken back", body = ReleaseOut), Refusals),
)]
pub(crate) async fn reverse(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ReverseIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let reversed = releases::reverse(&state.app, &ctx, id_of(&id, Kind::Release, "release")?, &body.reason).await?;
    Ok(json(StatusCode::OK, &ReleaseOut::from(&reversed)))
}

impl From<&ReleaseEntry> for ReleaseOut {
    fn from(entry: &ReleaseEntry) -> Self {
        let document = &entry.document;
        Self {
            id: entry.id.text(Kind::Release),
            program: Id(document.program).text(Kind::Program),
            program_name: document.program_name.clone(),
            period: document.period.clone(),
            payees: document.payees,
            total: MoneyOut::of(document.total, &document.currency),
            released_at: time(document.released_us),
            released_by: document.released_by.clone(),
            release_date: document.release_date.clone(),
            apart: document.apart.len(),
            reversed_at: document.reversed_us.map(time),
            reversed_by: document.reversed_us.map(|_| document.reversed_by.clone()),
            reversed_because: document.reversed_us.map(|_| document.reversed_because.clone()),
        }
    }
}

/// Release a period
///
/// Needs the scope `release`. Freezes a statement per payee and makes what is booked in the period payable. Refused when the
/// rewards are not what the present facts give: calculate and review again first. After a release nothing of it changes; a
/// late sale shows as a difference in the open period.
#[utoipa::path(
    post, path = "/releases", tag = "Releases", operation_id = "release",
    request_body(content = ReleaseIn, example = json!({"program": "prog_01jq3v8k2m9ra", "period": "2026-03", "release_date": "2026-04-15"})),
    responses((status = 201, description = "The release", body = ReleaseOut), Refusals),
)]
pub(crate) async fn release(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<ReleaseIn>) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let program = id_in(&body.program, Kind::Program, "program")?;
    let apart = terms_in(body.payees)?;
    let date = body.release_date.as_deref();
    let released = releases::release_with(&state.app, &ctx, program, &body.period, date, &apart).await?;
    Ok(json(StatusCode::CREATED, &ReleaseOut::from(&released)))
}

/// List releases
///
/// Newest first.
#[utoipa::path(
    get, path = "/releases", tag = "Releases", operation_id = "listReleases", params(PageParams),
    responses((status = 200, description = "A page of releases", body = Page<ReleaseOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let all = releases::list(&state.app, &ctx).await?;
    let (found, next) = page_of(all, &params, |release| release.id)?;
    page(found.iter().map(ReleaseOut::from).collect(), next, params.fields.as_deref())
}

/// Get a release
///
/// With its sum; its statements are at `/v1/statements?release=…`.
#[utoipa::path(
    get, path = "/releases/{id}", tag = "Releases", operation_id = "getRelease",
    params(("id" = String, Path, description = "The release", example = "rel_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The release", body = ReleaseOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let found = releases::get(&state.app, &ctx, id_of(&id, Kind::Release, "release")?).await?;
    one(&ReleaseOut::from(&found), params.fields.as_deref())
}

/// A reward on a statement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StatementReward)]
pub(crate) struct StatementRewardOut {
    /// The reward.
    reward: String,
    /// The period that earned it.
    period: String,
    /// What it comes to.
    amount: MoneyOut,
    /// Whether it is a difference to a period that had been released.
    carried: bool,
}

/// A payee's account of a period, to the last cent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Statement)]
pub(crate) struct StatementOut {
    /// The frozen statement; null while the period is open.
    #[schema(example = "stm_01jq3v8k2m9ra")]
    id: Option<String>,
    /// `open`, `released`, or `reversed` where its release was taken back.
    #[schema(example = "released")]
    state: String,
    /// Its release.
    release: Option<String>,
    /// When it was frozen.
    released_at: Option<String>,
    /// The program.
    program: String,
    /// Its name.
    program_name: String,
    /// The version that was applied.
    program_version: String,
    /// The period.
    period: String,
    /// The payee.
    payee: String,
    /// Their name.
    payee_name: String,
    /// What is booked for the payee in the period, differences included.
    total: MoneyOut,
    /// The same in the payee's own currency, where that is another than the plan's.
    paid_in: Option<PaidInOut>,
    /// What it is made of.
    rewards: Vec<StatementRewardOut>,
    /// Sum of the credits of this period, exact.
    exact: String,
    /// What rounding added or took.
    rounding: String,
    /// What counts towards the quota, exact.
    attainment: String,
    /// The quota, exact.
    quota: Option<String>,
    /// Attainment in percent of the quota.
    percent: Option<String>,
    /// How many credits there are; the sums above are those of all.
    #[schema(example = 184)]
    credit_count: usize,
    /// How many sales they come from.
    sale_count: usize,
    /// Overrides, by the rep or team below whose credits they build on.
    through: Vec<ThroughOut>,
    /// A page of the credits in canonical order, each with its arithmetic.
    credits: Vec<CreditOut>,
    /// Where the next page of credits starts; null at the end.
    next_cursor: Option<String>,
}

/// The overrides on the credits of one rep or team below, together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StatementThrough)]
pub(crate) struct ThroughOut {
    /// The rep or team below.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    through: String,
    /// Their name.
    name: String,
    /// How many credits.
    credits: usize,
    /// Sum of their bases, exact.
    basis: String,
    /// Sum of their amounts, exact and unrounded.
    amount: String,
}

fn statement_out(body: &StatementBody, frozen: Option<&StatementEntry>, config: &Configuration) -> StatementOut {
    let payee = Id(body.rep);
    let through = |line: &releases::ThroughLine| {
        let below = Id(line.through);
        let kind = if config.directory.team(below).is_some() { Kind::Team } else { Kind::Rep };
        ThroughOut {
            through: below.text(kind),
            name: config.rep_name(below),
            credits: line.credits,
            basis: line.basis.clone(),
            amount: line.amount.clone(),
        }
    };
    let after = body.first + body.credits.len();
    let reward = |line: &releases::RewardLine| StatementRewardOut {
        reward: Id(line.reward).text(Kind::Reward),
        period: line.period.clone(),
        amount: MoneyOut::of(line.amount, &body.currency),
        carried: line.carried,
    };
    StatementOut {
        id: frozen.map(|s| s.id.text(Kind::Statement)),
        state: match frozen {
            Some(frozen) if frozen.reversed => "reversed",
            Some(_) => "released",
            None => "open",
        }
        .to_owned(),
        release: frozen.map(|s| s.release.text(Kind::Release)),
        released_at: frozen.map(|s| time(s.recorded_us)),
        program: Id(body.program).text(Kind::Program),
        program_name: body.program_name.clone(),
        program_version: Id(body.version).text(Kind::ProgramVersion),
        period: body.period.clone(),
        payee: payee.text(Kind::Rep),
        payee_name: body.rep_name.clone(),
        total: MoneyOut::of(body.total, &body.currency),
        paid_in: body.paid_in.as_ref().map(PaidInOut::of),
        rewards: body.rewards.iter().map(reward).collect(),
        exact: body.exact.clone(),
        rounding: body.rounding.clone(),
        attainment: body.attainment.clone(),
        quota: body.quota.clone(),
        percent: body.percent.clone(),
        credit_count: body.credit_count,
        sale_count: body.sale_count,
        through: body.through.iter().map(through).collect(),
        credits: body.credits.iter().map(|credit| CreditOut::of(payee, &body.rep_name, credit)).collect(),
        next_cursor: (after < body.credit_count).then(|| after.to_string()),
    }
}

/// Which page of a statement's credits is wanted.
fn credit_page(limit: Option<usize>, cursor: Option<&str>) -> Answered<Listed> {
    let wanted = PageParams { limit, cursor: cursor.map(str::to_owned), fields: None }.stretch::<usize>()?;
    Ok(Listed::Slice { from: wanted.after.unwrap_or(0), count: wanted.limit })
}

list_params! {
    /// Which frozen statements a list shows.
    StatementsParams, fields like "id,payee_name,total" {
        /// Those of a release. Either this or `payee`.
        release: Option<String>,
        /// Those of a payee. Either this or `release`.
        payee: Option<String>,
    }
}

/// Which statement is wanted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatementParams {
    /// The program.
    #[param(example = "prog_01jq3v8k2m9ra")]
    program: String,
    /// The period.
    #[param(example = "2026-03")]
    period: String,
    /// The payee.
    #[param(example = "rep_01jq3v8k2m9ra")]
    payee: String,
    /// Credits at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on with the credits: `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// Which of a statement's credits are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreditPageParams {
    /// Credits at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on with the credits: `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// Credits of each statement in a list.
const LISTED_CREDITS: Listed = Listed::Slice { from: 0, count: 50 };

/// List frozen statements
///
/// Those of a release, or those of a payee, each with its first 50 credits. They never change.
#[utoipa::path(
    get, path = "/statements", tag = "Releases", operation_id = "listStatements", params(StatementsParams),
    responses((status = 200, description = "A page of statements", body = Page<StatementOut>), Refusals),
)]
pub(crate) async fn statements(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<StatementsParams>,
) -> Answered<Response> {
    let wanted = params.paging().stretch::<Id>()?;
    let (mut found, next) = match (&params.release, &params.payee) {
        (Some(release), None) => {
            let release = id_in(release, Kind::Release, "release")?;
            // One more than fits shows whether there are more.
            let mut found = releases::statements_of_release(&state.app, &ctx, release, wanted.after, wanted.limit + 1).await?;
            let more = found.len() > wanted.limit;
            found.truncate(wanted.limit);
            let next = found.last().filter(|_| more).map(|last| last.id.to_string());
            (found, next)
        }
        (None, Some(payee)) => {
            let all = releases::statements_of_payee(&state.app, &ctx, id_in(payee, Kind::Rep, "payee")?).await?;
            page_of(all, &params.paging(), |statement| statement.id)?
        }
        _ => return Err(Problem::unreadable("parameter_missing", "name either `release` or `payee`").at("release")),
    };
    let config = state.app.configuration(ctx.workspace).await?;
    for statement in &mut found {
        statement.list(LISTED_CREDITS);
    }
    page(found.iter().map(|s| statement_out(&s.body, Some(s), &config)).collect(), next, params.fields.as_deref())
}

/// Get a frozen statement
///
/// With a page of its credits. It never changes.
#[utoipa::path(
    get, path = "/statements/{id}", tag = "Releases", operation_id = "getFrozenStatement",
    params(("id" = String, Path, description = "The statement", example = "stm_01jq3v8k2m9ra"), CreditPageParams),
    responses((status = 200, description = "The statement", body = StatementOut), Refusals),
)]
pub(crate) async fn frozen_statement(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<CreditPageParams>,
) -> Answered<Response> {
    let listed = credit_page(params.limit, params.cursor.as_deref())?;
    let found = releases::frozen_statement(&state.app, &ctx, id_of(&id, Kind::Statement, "statement")?, listed).await?;
    let config = state.app.configuration(ctx.workspace).await?;
    one(&statement_out(&found.body, Some(&found), &config), None)
}

/// Get a payee's statement
///
/// Of one program and period: the frozen one once it is released, before that what the present facts give. Sums are those of
/// all credits; the credits themselves come in pages.
#[utoipa::path(
    get, path = "/statements/current", tag = "Releases", operation_id = "getStatement", params(StatementParams),
    responses((status = 200, description = "The statement", body = StatementOut), Refusals),
)]
pub(crate) async fn statement(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<StatementParams>,
) -> Answered<Response> {
    let program = id_in(&params.program, Kind::Program, "program")?;
    let payee = id_in(&params.payee, Kind::Rep, "payee")?;
    let listed = credit_page(params.limit, params.cursor.as_deref())?;
    let (body, frozen) = releases::statement(&state.app, &ctx, program, &params.period, payee, listed).await?;
    let config = state.app.configuration(ctx.workspace).await?;
    one(&statement_out(&body, frozen.as_ref(), &config), None)
}

/// A payment that was made elsewhere.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PayoutIn)]
pub(crate) struct PayoutIn {
    /// The release that was paid.
    #[schema(example = "rel_01jq3v8k2m9ra")]
    release: String,
    /// Who was paid; everybody who may be paid on the day and is not paid yet if not given.
    #[serde(default)]
    #[schema(example = json!(["rep_01jq3v8k2m9ra"]))]
    payees: Vec<String>,
    /// The day of payment.
    #[schema(example = "2026-04-15")]
    paid_on: String,
    /// The payroll's own reference, up to 200 characters.
    #[serde(default)]
    #[schema(example = "Payroll April")]
    reference: String,
}

/// A payout.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Payout)]
pub(crate) struct PayoutOut {
    /// The payout.
    #[schema(example = "pay_01jq3v8k2m9ra")]
    id: String,
    /// The release that was paid.
    release: String,
    /// How it was paid: `by_hand`.
    method: String,
    /// The payroll's own reference.
    reference: String,
    /// The day of payment.
    paid_on: String,
    /// Who was paid.
    payees: Vec<String>,
    /// In which currency.
    currency: String,
    /// When Meed was told.
    recorded_at: String,
}

impl From<&PayoutEntry> for PayoutOut {
    fn from(entry: &PayoutEntry) -> Self {
        let document = &entry.document;
        Self {
            id: entry.id.text(Kind::Payout),
            release: Id(document.release).text(Kind::Release),
            method: document.method.clone(),
            reference: document.reference.clone(),
            paid_on: document.paid_on.clone(),
            payees: document.payees.iter().map(|id| Id(*id).text(Kind::Rep)).collect(),
            currency: document.currency.clone(),
            recorded_at: time(entry.recorded_us),
        }
    }
}

/// Mark as paid
///
/// Needs the scope `release`. Payroll has paid; Meed is told. Nobody is paid twice: a payee who is paid already is refused,
/// and so is one who is marked as unpaid or whose day has not come on `paid_on`. Without names, those are left out.
#[utoipa::path(
    post, path = "/payouts", tag = "Payouts", operation_id = "markPaid",
    request_body(content = PayoutIn, example = json!({"release": "rel_01jq3v8k2m9ra", "paid_on": "2026-04-15", "reference": "Payroll April"})),
    responses((status = 201, description = "The payout", body = PayoutOut), Refusals),
)]
pub(crate) async fn pay(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<PayoutIn>) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let release = id_in(&body.release, Kind::Release, "release")?;
    let payees = body.payees.iter().enumerate().map(|(index, text)| id_in(text, Kind::Rep, &format!("payees[{index}]")));
    let payees = payees.collect::<Answered<Vec<Id>>>()?;
    let id = releases::pay_by_hand(&state.app, &ctx, release, &payees, &body.paid_on, &body.reference).await?;
    Ok(json(StatusCode::CREATED, &PayoutOut::from(&releases::payout(&state.app, &ctx, id).await?)))
}

/// List payouts
///
/// Newest first.
#[utoipa::path(
    get, path = "/payouts", tag = "Payouts", operation_id = "listPayouts", params(PageParams),
    responses((status = 200, description = "A page of payouts", body = Page<PayoutOut>), Refusals),
)]
pub(crate) async fn payouts(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let wanted = params.stretch()?;
    let found = releases::payouts(&state.app, &ctx, wanted.after, wanted.rows()).await?;
    let next = wanted.next(&found, |payout| payout.id);
    page(found.iter().map(PayoutOut::from).collect(), next, params.fields.as_deref())
}

/// Get a payout
///
/// By its id.
#[utoipa::path(
    get, path = "/payouts/{id}", tag = "Payouts", operation_id = "getPayout",
    params(("id" = String, Path, description = "The payout", example = "pay_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The payout", body = PayoutOut), Refusals),
)]
pub(crate) async fn payout(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let found = releases::payout(&state.app, &ctx, id_of(&id, Kind::Payout, "payout")?).await?;
    one(&PayoutOut::from(&found), params.fields.as_deref())
}

/// A reward: what a program posted for one payee.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Reward)]
pub(crate) struct RewardOut {
    /// The reward.
    #[schema(example = "rwd_01jq3v8k2m9ra")]
    id: String,
    /// The program.
    program: String,
    /// The version that was applied.
    program_version: String,
    /// The calculation that posted it.
    calculation: String,
    /// Who gets it.
    payee: String,
    /// First day of the period that earned it.
    #[schema(example = "2026-03-01")]
    earned_in: String,
    /// First day of the period in which it is booked; later for a difference to a released period.
    #[schema(example = "2026-03-01")]
    booked_in: String,
    /// What was posted; may be negative.
    amount: MoneyOut,
    /// The period's whole target before rounding, in major units, exact.
    exact: String,
    /// `accrued`, `released` or `paid`.
    #[schema(example = "accrued")]
    state: String,
    /// Whether it is a difference to a period that had been released.
    carried: bool,
    /// Its release.
    release: Option<String>,
    /// Its payout.
    payout: Option<String>,
    /// When it was posted.
    recorded_at: String,
    /// The figures behind it; only for a single reward.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    explanation: Option<Value>,
}

impl From<&RewardRow> for RewardOut {
    fn from(row: &RewardRow) -> Self {
        Self {
            id: row.id.text(Kind::Reward),
            program: row.program.text(Kind::Program),
            program_version: row.version.text(Kind::ProgramVersion),
            calculation: row.calculation.text(Kind::Calculation),
            payee: row.owner.id.text(Kind::Rep),
            earned_in: day(row.cell_day),
            booked_in: day(row.booked_day),
            amount: MoneyOut::new(row.amount, row.unit),
            exact: row.exact.clone(),
            state: row.state.word().to_owned(),
            carried: row.is_carried(),
            release: row.release.map(|id| id.text(Kind::Release)),
            payout: row.payout.map(|id| id.text(Kind::Payout)),
            recorded_at: time(row.recorded_us),
            explanation: None,
        }
    }
}

list_params! {
    /// Which rewards a list shows.
    RewardsParams, fields like "id,payee,amount" {
        /// Only those of this payee.
        payee: Option<String>,
    }
}

/// List rewards
///
/// In the order in which they were posted.
#[utoipa::path(
    get, path = "/rewards", tag = "Calculations", operation_id = "listRewards", params(RewardsParams),
    responses((status = 200, description = "A page of rewards", body = Page<RewardOut>), Refusals),
)]
pub(crate) async fn reward_list(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<RewardsParams>,
) -> Answered<Response> {
    let paging = params.paging();
    let wanted = paging.stretch()?;
    let (found, next) = match &params.payee {
        Some(payee) => {
            let all = rewards::of_rep(&state.app, &ctx, id_in(payee, Kind::Rep, "payee")?).await?;
            page_of(all, &paging, |reward| reward.id)?
        }
        None => {
            let found = rewards::list(&state.app, &ctx, wanted.after, wanted.rows()).await?;
            let next = wanted.next(&found, |reward| reward.id);
            (found, next)
        }
    };
    page(found.iter().map(RewardOut::from).collect(), next, params.fields.as_deref())
}

/// Get a reward
///
/// With the figures behind it.
#[utoipa::path(
    get, path = "/rewards/{id}", tag = "Calculations", operation_id = "getReward",
    params(("id" = String, Path, description = "The reward", example = "rwd_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The reward", body = RewardOut), Refusals),
)]
pub(crate) async fn reward(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let (row, explanation) = rewards::get(&state.app, &ctx, id_of(&id, Kind::Reward, "reward")?).await?;
    let explanation = explanation.and_then(|text| serde_json::from_str(&text).ok());
    one(&RewardOut { explanation, ..RewardOut::from(&row) }, params.fields.as_deref())
}
