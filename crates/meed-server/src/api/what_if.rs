//! `/v1/programs/{id}/what-if` and `/projections`: what another text would pay, and what the rest of a period may bring.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::calculations::{self, Projection, ProjectionDocument};
use meed_app::what_if::{self, Question, Side, WhatIf};
use meed_core::id::{Id, Kind};
use meed_core::money::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Page, PageParams, json, page, page_of};
use super::openapi::Refusals;
use super::problem::Answered;
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::{MoneyOut, time};
use crate::ServerState;

/// What to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WhatIfIn)]
pub(crate) struct WhatIfIn {
    /// The document that is tried, TOML.
    text: String,
    /// The first period.
    #[schema(example = "2026-01")]
    from: String,
    /// The last period, at most 36 in all; the first if not given.
    #[serde(default)]
    #[schema(example = "2026-03")]
    until: Option<String>,
    /// A payee whose sales are compared one by one.
    #[serde(default)]
    #[schema(example = "rep_01jq3v8k2m9ra")]
    payee: Option<String>,
}

/// One side of a comparison.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WhatIfSide)]
pub(crate) struct SideOut {
    /// Sum of the rewards.
    total: MoneyOut,
    /// Who gets anything.
    payees: u64,
    /// Credits behind it.
    credits: u64,
}

/// A period of a comparison.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WhatIfPeriod)]
pub(crate) struct PeriodChangeOut {
    /// The period.
    period: String,
    /// What it pays now.
    before: MoneyOut,
    /// What it would pay.
    after: MoneyOut,
}

/// A payee of a comparison.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WhatIfPayee)]
pub(crate) struct PayeeChangeOut {
    /// The payee.
    payee: String,
    /// Their name.
    name: String,
    /// What they get now.
    before: MoneyOut,
    /// What they would get.
    after: MoneyOut,
    /// What they gain; negative where they lose.
    difference: MoneyOut,
    /// Attainment in percent now, in the last period.
    percent_before: Option<String>,
    /// Attainment in percent under the text, in the last period.
    percent_after: Option<String>,
}

/// A sale of a comparison, with unrounded credits of the payee that was asked for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WhatIfSale)]
pub(crate) struct SaleChangeOut {
    /// The sale.
    sale: String,
    /// The source's own id.
    unique_id: Option<String>,
    /// When it was made.
    date: String,
    /// Credit now, exact.
    #[schema(example = "12.5")]
    before: String,
    /// Credit under the text, exact.
    #[schema(example = "15")]
    after: String,
}

/// What would become of whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WhatIf)]
pub(crate) struct WhatIfOut {
    /// The program.
    program: String,
    /// The version that is compared with.
    version: u32,
    /// Sales that were looked at.
    sales: u64,
    /// What is paid now.
    before: SideOut,
    /// What would be paid.
    after: SideOut,
    /// The difference of the sums.
    difference: MoneyOut,
    /// Period by period.
    periods: Vec<PeriodChangeOut>,
    /// Who gains most first, who loses most last.
    payees: Vec<PayeeChangeOut>,
    /// Sales of the payee that was asked for.
    sale_changes: Vec<SaleChangeOut>,
    /// What a person should look at under the text.
    alerts: Vec<String>,
    /// Whether the examples that the text carries pass.
    examples_pass: bool,
}

fn side(side: Side, unit: Unit) -> SideOut {
    SideOut { total: MoneyOut::new(side.total, unit), payees: side.payees, credits: side.credits }
}

impl From<&WhatIf> for WhatIfOut {
    fn from(answer: &WhatIf) -> Self {
        let unit = answer.currency;
        let money = |minor: i64| MoneyOut::new(minor, unit);
        Self {
            program: answer.program.text(Kind::Program),
            version: answer.version_number,
            sales: answer.sales,
            before: side(answer.before, unit),
            after: side(answer.after, unit),
            difference: money(answer.after.total.saturating_sub(answer.before.total)),
            periods: answer
                .periods
                .iter()
                .map(|p| PeriodChangeOut { period: p.period.clone(), before: money(p.before), after: money(p.after) })
                .collect(),
            payees: answer
                .payees
                .iter()
                .map(|p| PayeeChangeOut {
                    payee: p.rep.text(Kind::Rep),
                    name: p.name.clone(),
                    before: money(p.before),
                    after: money(p.after),
                    difference: money(p.difference()),
                    percent_before: p.percent_before.clone(),
                    percent_after: p.percent_after.clone(),
                })
                .collect(),
            sale_changes: answer
                .sale_changes
                .iter()
                .map(|change| SaleChangeOut {
                    sale: change.sale.text(Kind::Sale),
                    unique_id: change.unique_id.clone(),
                    date: change.at.to_string(),
                    before: change.before.normalize().to_string(),
                    after: change.after.normalize().to_string(),
                })
                .collect(),
            alerts: answer.alerts.clone(),
            examples_pass: answer.examples_pass,
        }
    }
}

/// Try another text
///
/// Calculates the current version and the text over the same sales and people, and answers the difference per payee, and per
/// sale for the payee that is named. Nothing is written. Needs the scope `read`.
#[utoipa::path(
    post, path = "/programs/{id}/what-if", tag = "Programs", operation_id = "whatIf",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra")),
    request_body(content = WhatIfIn, example = json!({"text": "name = \"Field sales\"\ncurrency = \"USD\"\n…", "from": "2026-01", "until": "2026-03"})),
    responses((status = 200, description = "The difference", body = WhatIfOut), Refusals),
)]
pub(crate) async fn compare(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<WhatIfIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Read)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let only = body.payee.as_deref().map(|text| id_in(text, Kind::Rep, "payee")).transpose()?;
    let question = Question { text: body.text, from: body.from, until: body.until.unwrap_or_default(), only };
    Ok(json(StatusCode::OK, &WhatIfOut::from(&what_if::compare(&state.app, &ctx, program, &question).await?)))
}

/// What to project.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProjectionIn)]
pub(crate) struct ProjectionIn {
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// The first day that is projected; today if not given.
    #[serde(default)]
    #[schema(example = "2026-03-16")]
    from: Option<String>,
    /// The key of an earlier projection, which is drawn again; a fresh one if not given.
    #[serde(default)]
    key: Option<String>,
}

/// A projection that was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProjectionKept)]
pub(crate) struct KeptOut {
    /// The projection.
    id: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// The first day that was projected.
    from: String,
    /// The key of its random draw: with it, the same draw repeats.
    key: String,
    /// When it was made first.
    created_at: String,
    /// By whom.
    created_by: String,
}

impl KeptOut {
    fn new(id: Id, document: &ProjectionDocument) -> Self {
        Self {
            id: id.text(Kind::Projection),
            period: document.period.clone(),
            from: document.from.clone(),
            key: document.key.clone(),
            created_at: time(document.created_us),
            created_by: document.created_by.clone(),
        }
    }
}

/// A payee of a projection.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProjectedPayee)]
pub(crate) struct ProjectedOut {
    /// The payee.
    payee: String,
    /// Their name.
    name: String,
    /// With the sales so far.
    so_far: MoneyOut,
    /// With the drawn ones.
    projected: MoneyOut,
    /// Attainment in percent with the drawn ones.
    percent: Option<String>,
}

/// A projection.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Projection)]
pub(crate) struct ProjectionOut {
    /// What is kept of it.
    projection: KeptOut,
    /// Sales of the period so far.
    sales: u64,
    /// Sales that were drawn for the rest.
    drawn: u64,
    /// Sum of the rewards so far.
    so_far: MoneyOut,
    /// Sum of the rewards with the drawn sales.
    projected: MoneyOut,
    /// Highest first.
    payees: Vec<ProjectedOut>,
}

impl From<&Projection> for ProjectionOut {
    fn from(found: &Projection) -> Self {
        let money = |minor: i64| MoneyOut::new(minor, found.currency);
        let payees = found.payees.iter().map(|p| ProjectedOut {
            payee: p.rep.text(Kind::Rep),
            name: p.name.clone(),
            so_far: money(p.so_far),
            projected: money(p.projected),
            percent: p.percent.clone(),
        });
        Self {
            projection: KeptOut::new(found.id, &found.document),
            sales: found.sales,
            drawn: found.drawn,
            so_far: money(found.so_far),
            projected: money(found.projected),
            payees: payees.collect(),
        }
    }
}

/// Project a period
///
/// Fills the rest of the period at the present pace with sales of the period so far, drawn at random. The draw starts from a
/// key: the same key repeats the same result. Nothing is booked; the key is kept. Needs the scope `read`.
#[utoipa::path(
    post, path = "/programs/{id}/projections", tag = "Programs", operation_id = "project",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra")),
    request_body(content = ProjectionIn, example = json!({"period": "2026-03", "from": "2026-03-16"})),
    responses((status = 200, description = "The projection", body = ProjectionOut), Refusals),
)]
pub(crate) async fn project(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<ProjectionIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Read)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let found = calculations::project(&state.app, &ctx, program, &body.period, body.from.as_deref(), body.key.as_deref()).await?;
    Ok(json(StatusCode::OK, &ProjectionOut::from(&found)))
}

/// List projections
///
/// What was projected for a program, newest first, each with the key that repeats it.
#[utoipa::path(
    get, path = "/programs/{id}/projections", tag = "Programs", operation_id = "listProjections",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"), PageParams),
    responses((status = 200, description = "A page of projections", body = Page<KeptOut>), Refusals),
)]
pub(crate) async fn projections(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Read)?;
    let program = id_of(&id, Kind::Program, "program")?;
    state.app.configuration(ctx.workspace).await?.program(program)?;
    let all = calculations::projections(&state.app, &ctx, program).await?;
    let (kept, next) = page_of(all, &params, |(id, _)| *id)?;
    page(kept.iter().map(|(id, document)| KeptOut::new(*id, document)).collect(), next, params.fields.as_deref())
}
