//! `/v1/calculations` and `/v1/credits`: a program over a period, its payees, and every credit behind them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::calculations::{self, CalculationEntry, CreditPlace, PayeeLine};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{FieldParams, Page, PageParams, Pair, json, list_params, one, page, page_of};
use super::credit_out::{CreditOut, PaidInOut};
use super::openapi::Refusals;
use super::problem::{Answered, Problem};
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::{MoneyOut, time};
use crate::ServerState;

/// What to calculate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalculationIn)]
pub(crate) struct CalculationIn {
    /// The program.
    #[schema(example = "prog_01jq3v8k2m9ra")]
    program: String,
    /// The period: a month such as 2026-03 or a quarter such as 2026-Q1.
    #[schema(example = "2026-03")]
    period: String,
    /// An earlier period to begin with: every one that was calculated from there up to `period` is calculated again.
    #[serde(default)]
    #[schema(example = "2026-01")]
    from: Option<String>,
}

/// Why sales were not credited, and how many.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReasonCount)]
pub(crate) struct ReasonOut {
    /// Stable code.
    #[schema(example = "no_match")]
    code: String,
    /// In words.
    text: String,
    /// How many sales.
    sales: u64,
}

/// Something to look at before releasing.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CalculationAlert)]
pub(crate) struct AlertOut {
    /// Stable code.
    #[schema(example = "duplicate_alias")]
    code: String,
    /// In words.
    text: String,
    /// What it is about, such as the alias.
    subject: String,
    /// The reps that it concerns.
    payees: Vec<String>,
    /// How many sales.
    sales: u64,
    /// One of them.
    first_sale: Option<String>,
}

/// A calculation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Calculation)]
pub(crate) struct CalculationOut {
    /// The calculation.
    #[schema(example = "calc_01jq3v8k2m9ra")]
    id: String,
    /// The program.
    program: String,
    /// Its name.
    program_name: String,
    /// The version that rules on the last day of the period: the frozen copy.
    program_version: String,
    /// Its number.
    program_version_number: u32,
    /// Numbers of all versions that ruled some day of the period, in order.
    #[schema(example = json!([1, 2]))]
    program_version_numbers: Vec<u32>,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// When it began.
    started_at: String,
    /// When it was posted.
    finished_at: String,
    /// By whom.
    created_by: String,
    /// Sales recorded up to this time were known.
    as_of: String,
    /// Sales of the period.
    sales: u64,
    /// Credits.
    credits: u64,
    /// Payees.
    payees: u64,
    /// Sum of the rewards.
    total: MoneyOut,
    /// Rewards that were new or changed.
    changed: u32,
    /// Of these, differences to a released period, booked in the open one.
    carried: u32,
    /// Why sales were not credited.
    not_credited: Vec<ReasonOut>,
    /// What to look at before releasing.
    alerts: Vec<AlertOut>,
    /// SHA-256 over rewards and credits: the same facts give the same digest.
    digest: String,
}

/// A payee of a calculation.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Payee)]
pub(crate) struct PayeeOut {
    /// The rep.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    payee: String,
    /// Their name.
    name: String,
    /// The reward: the sum of the credits, rounded once.
    reward: MoneyOut,
    /// The sum before rounding, in major units, exact.
    #[schema(example = "1764.255")]
    exact: String,
    /// How many credits.
    credits: u64,
    /// What counts towards the quota, exact.
    attainment: String,
    /// The quota of the period, exact.
    quota: Option<String>,
    /// Attainment in percent of the quota.
    #[schema(example = "66.67")]
    percent: Option<String>,
    /// Whether a figure or a rate of exchange is missing, so that the reward is not complete.
    flagged: bool,
    /// The reward in the payee's own currency, where that is another than the plan's.
    paid_in: Option<PaidInOut>,
}

list_params! {
    /// Which credits a list shows.
    CreditParams, fields like "sale,amount" {
        /// The calculation.
        #[param(example = "calc_01jq3v8k2m9ra")]
        calculation: String,
        /// Only those of this payee.
        payee: Option<String>,
    }
}

impl From<&CalculationEntry> for CalculationOut {
    fn from(entry: &CalculationEntry) -> Self {
        let document = &entry.document;
        let reason = |r: &calculations::ReasonCount| ReasonOut { code: r.code.clone(), text: r.text.clone(), sales: r.sales };
        let alert = |a: &calculations::AlertLine| AlertOut {
            code: a.code.clone(),
            text: a.text.clone(),
            subject: a.subject.clone(),
            payees: a.reps.iter().map(|id| Id(*id).text(Kind::Rep)).collect(),
            sales: a.sales,
            first_sale: a.first_sale.map(|id| Id(id).text(Kind::Sale)),
        };
        Self {
            id: entry.id.text(Kind::Calculation),
            program: Id(document.program).text(Kind::Program),
            program_name: document.program_name.clone(),
            program_version: Id(document.version).text(Kind::ProgramVersion),
            program_version_number: document.version_number,
            program_version_numbers: document.ruled_by().to_vec(),
            period: document.period.clone(),
            started_at: time(document.started_us),
            finished_at: time(document.finished_us),
            created_by: document.created_by.clone(),
            as_of: time(document.as_of_us),
            sales: document.sales,
            credits: document.credits,
            payees: document.payees,
            total: MoneyOut::of(document.total, &document.currency),
            changed: document.changed,
            carried: document.carried,
            not_credited: document.not_credited.iter().map(reason).collect(),
            alerts: document.alerts.iter().map(alert).collect(),
            digest: document.digest.clone(),
        }
    }
}

fn payee_out(line: &PayeeLine, currency: &str) -> PayeeOut {
    PayeeOut {
        payee: Id(line.rep).text(Kind::Rep),
        name: line.name.clone(),
        reward: MoneyOut::of(line.amount, currency),
        exact: line.exact.clone(),
        credits: line.credits,
        attainment: line.attainment.clone(),
        quota: line.quota.clone(),
        percent: line.percent.clone(),
        flagged: line.flagged,
        paid_in: line.paid_in.as_ref().map(PaidInOut::of),
    }
}

/// Calculate
///
/// Needs the scope `release`. Works out what everybody earned by the program in the period, and posts the difference to what
/// is posted already: running it twice posts nothing the second time. A released period is not touched; the difference is
/// booked in the open one and names its origin.
#[utoipa::path(
    post, path = "/calculations", tag = "Calculations", operation_id = "calculate",
    request_body(content = CalculationIn, example = json!({"program": "prog_01jq3v8k2m9ra", "period": "2026-03"})),
    responses((status = 201, description = "The calculation", body = CalculationOut), Refusals),
)]
pub(crate) async fn calculate(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Json(body): Json<CalculationIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let program = id_in(&body.program, Kind::Program, "program")?;
    let id = calculations::calculate_from(&state.app, &ctx, program, body.from.as_deref(), &body.period).await?.id;
    Ok(json(StatusCode::CREATED, &CalculationOut::from(&calculations::get(&state.app, &ctx, id).await?)))
}

/// List calculations
///
/// Newest first.
#[utoipa::path(
    get, path = "/calculations", tag = "Calculations", operation_id = "listCalculations", params(PageParams),
    responses((status = 200, description = "A page of calculations", body = Page<CalculationOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    let wanted = params.stretch()?;
    let found = calculations::list(&state.app, &ctx, wanted.after, wanted.rows()).await?;
    let next = wanted.next(&found, |calculation| calculation.id);
    page(found.iter().map(CalculationOut::from).collect(), next, params.fields.as_deref())
}

/// Get a calculation
///
/// With its sums, its alerts, and how many sales were not credited and why.
#[utoipa::path(
    get, path = "/calculations/{id}", tag = "Calculations", operation_id = "getCalculation",
    params(("id" = String, Path, description = "The calculation", example = "calc_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The calculation", body = CalculationOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    let found = calculations::get(&state.app, &ctx, id_of(&id, Kind::Calculation, "calculation")?).await?;
    one(&CalculationOut::from(&found), params.fields.as_deref())
}

/// List the payees of a calculation
///
/// Highest reward first, with their attainment.
#[utoipa::path(
    get, path = "/calculations/{id}/payees", tag = "Calculations", operation_id = "listPayees",
    params(("id" = String, Path, description = "The calculation", example = "calc_01jq3v8k2m9ra"), PageParams),
    responses((status = 200, description = "A page of payees", body = Page<PayeeOut>), Refusals),
)]
pub(crate) async fn payees(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let found = calculations::get(&state.app, &ctx, id_of(&id, Kind::Calculation, "calculation")?).await?;
    let all = calculations::payees(&state.app, &ctx, &found).await?;
    let (payees, next) = page_of(all, &params, |payee| Id(payee.rep))?;
    page(payees.iter().map(|line| payee_out(line, &found.document.currency)).collect(), next, params.fields.as_deref())
}

/// List credits
///
/// Every credit of a calculation's period with the arithmetic of its pieces, payee by payee in canonical order: the frozen
/// ones once the period is released, those of present facts before.
#[utoipa::path(
    get, path = "/credits", tag = "Calculations", operation_id = "listCredits", params(CreditParams),
    responses((status = 200, description = "A page of credits", body = Page<CreditOut>), Refusals),
)]
pub(crate) async fn credits(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<CreditParams>,
) -> Answered<Response> {
    let wanted = params.paging().stretch::<Pair<Id, usize>>()?;
    let calculation = id_in(&params.calculation, Kind::Calculation, "calculation")?;
    let only = params.payee.as_deref().map(|text| id_in(text, Kind::Rep, "payee")).transpose()?;
    let from = wanted.after.map(|Pair(rep, skip)| CreditPlace { rep, skip });
    let found = calculations::get(&state.app, &ctx, calculation).await.map_err(Problem::from)?;
    let (credits, next) = calculations::credits(&state.app, &ctx, &found, only, from, wanted.limit).await?;
    let next = next.map(|place| Pair(place.rep, place.skip).to_string());
    page(credits.iter().map(|c| CreditOut::of(c.rep, &c.rep_name, &c.credit)).collect(), next, params.fields.as_deref())
}

/// Delete a calculation
///
/// Needs the scope `release`. What it released is taken back and what it booked becomes nothing, by new transfers; the period
/// is as if it had never been calculated. Refused once anything of it is paid.
#[utoipa::path(
    delete, path = "/calculations/{id}", tag = "Calculations", operation_id = "deleteCalculation",
    params(("id" = String, Path, description = "The calculation", example = "calc_01jq3v8k2m9ra")),
    responses((status = 204, description = "It is deleted"), Refusals),
)]
pub(crate) async fn delete(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    calculations::delete(&state.app, &ctx, id_of(&id, Kind::Calculation, "calculation")?).await?;
    Ok(super::answer::no_content())
}
