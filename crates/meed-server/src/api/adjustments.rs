//! `/v1/programs/{id}/adjustments` and `/clawbacks`: what people decide about a payee's period, one at a time or as a sheet.

use std::io::Cursor;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use meed_app::adjustments::{
    self, AdjustmentDocument, AdjustmentEntry, ClawbackAsk, ClawbackRow, Made, NewAdjustment, Once, SheetRow, Standing,
};
use meed_app::sheet::percent;
use meed_app::{Context, Scope};
use meed_core::id::{Id, Kind};
use meed_core::money::{Exact, Unit};
use meed_core::program::Length;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Page, PageParams, bad_cursor, json, no_content, page, page_of};
use super::idempotency::{Key, mark_replayed};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem, Problem};
use super::request::{Caller, Json, Params, id_in, id_of};
use super::sheet::{RowErrorOut, decimal};
use super::wire::{MoneyOut, time};
use crate::ServerState;

/// An adjustment of a payee's period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProgramAdjustment)]
pub(crate) struct AdjustmentOut {
    /// The adjustment.
    #[schema(example = "adj_01jq3v8k2m9ra")]
    id: String,
    /// The period in which it is booked.
    #[schema(example = "2026-03")]
    period: String,
    /// The payee.
    payee: String,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`.
    #[schema(example = "bonus")]
    kind: String,
    /// What it adds, or takes where it is below 0.
    amount: MoneyOut,
    /// What it is for; the payee reads it.
    label: String,
    /// The sale that it changes or takes back.
    sale: Option<String>,
    /// Id of the rule whose credit it changes.
    rule: Option<String>,
    /// The period that earned what is taken back.
    origin_period: Option<String>,
    /// What the sale had earned, exact.
    earned: Option<String>,
    /// `waiting` (the period is not calculated yet), `counts`, or `lapsed` (the credit that it changed is gone).
    #[schema(example = "counts")]
    state: String,
    /// When it was made.
    created_at: String,
    /// By whom.
    created_by: String,
}

impl AdjustmentOut {
    fn new(entry: &AdjustmentEntry, standing: Option<Standing>) -> Self {
        let document = &entry.document;
        Self {
            id: entry.id.text(Kind::Adjustment),
            period: document.period.clone(),
            payee: Id(document.rep).text(Kind::Rep),
            kind: document.kind.clone(),
            amount: MoneyOut::of(document.amount, &document.currency),
            label: document.label.clone(),
            sale: document.sale_id().map(|sale| sale.text(Kind::Sale)),
            rule: document.rule.clone(),
            origin_period: document.origin_period.clone(),
            earned: document.earned.clone(),
            state: standing.unwrap_or(Standing::Waiting).word().to_owned(),
            created_at: time(document.created_us),
            created_by: document.created_by.clone(),
        }
    }
}

/// Which adjustments are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdjustmentParams {
    /// Those of one period.
    #[param(example = "2026-03")]
    period: Option<String>,
    /// Those of one payee.
    payee: Option<String>,
    /// Entries at most, 1 to 100; 50 if not given.
    limit: Option<usize>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
    /// Names of the fields to answer, with commas between them; all if not given.
    #[param(example = "id,amount")]
    fields: Option<String>,
}

/// An adjustment to make.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProgramAdjustmentIn)]
pub(crate) struct AdjustmentIn {
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// The payee.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    payee: String,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`; `adjustment` if not given.
    #[serde(default)]
    kind: Option<String>,
    /// What it adds, in minor units of the program's currency; below 0 takes away. Without one, a clawback of a sale takes
    /// back all that the sale earned.
    #[serde(default)]
    #[schema(example = 25000)]
    amount: Option<i64>,
    /// What the commission of the sale should come to, in minor units, in place of `amount`.
    #[serde(default)]
    to: Option<i64>,
    /// What it is for; the payee reads it.
    #[schema(example = "Trade fair")]
    label: String,
    /// The sale whose commission is changed, or taken back by a clawback.
    #[serde(default)]
    sale: Option<String>,
    /// Id of the rule, where several credit the payee for the sale.
    #[serde(default)]
    rule: Option<String>,
}

fn unit(config: &meed_app::Configuration, program: Id) -> Answered<Unit> {
    Ok(config.program(program)?.program.currency)
}

/// List adjustments
///
/// What people decided about payees under a program, by period and time. Needs the scope `read` or `release`.
#[utoipa::path(
    get, path = "/programs/{id}/adjustments", tag = "Calculations", operation_id = "listProgramAdjustments",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"), AdjustmentParams),
    responses((status = 200, description = "A page of adjustments", body = Page<AdjustmentOut>), Refusals),
)]
pub(crate) async fn index(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<AdjustmentParams>,
) -> Answered<Response> {
    let program = id_of(&id, Kind::Program, "program")?;
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    state.app.configuration(ctx.workspace).await?.program(program)?;
    let payee = params.payee.as_deref().map(|text| id_in(text, Kind::Rep, "payee")).transpose()?;
    let mut all = adjustments::list(&state.app, &ctx, program).await?;
    all.retain(|entry| params.period.as_ref().is_none_or(|period| *period == entry.document.period));
    all.retain(|entry| payee.is_none_or(|payee| payee.0 == entry.document.rep));
    let paging = PageParams { limit: params.limit, cursor: params.cursor.clone(), fields: None };
    if let Some(cursor) = &params.cursor {
        Id::parse(cursor, Kind::Adjustment).map_err(|_| bad_cursor())?;
    }
    let (entries, next) = page_of(all, &paging, |entry| entry.id.text(Kind::Adjustment))?;
    let standings = adjustments::standings(&state.app, &ctx, &entries).await?;
    let data = entries.iter().map(|entry| AdjustmentOut::new(entry, standings.get(&entry.id).copied())).collect();
    page(data, next, params.fields.as_deref())
}

/// Adjust a payee
///
/// Needs the scope `release`. A reward by hand, a change to the commission of one sale, what a sale earned taken back, or
/// what is owed on draws cleared. A period that was calculated before is calculated again at once; a difference to a
/// released period is booked in the open one. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/programs/{id}/adjustments", tag = "Calculations", operation_id = "adjustPayee",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra")),
    request_body(content = AdjustmentIn, example = json!({"period": "2026-03", "payee": "rep_01jq3v8k2m9ra", "kind": "bonus", "amount": 25000, "label": "Trade fair"})),
    responses((status = 201, description = "It is made", body = AdjustmentOut), Refusals),
)]
pub(crate) async fn add(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Json(body): Json<AdjustmentIn>,
) -> Answered<Response> {
    ctx.require(Scope::Release)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let config = state.app.configuration(ctx.workspace).await?;
    let unit = unit(&config, program)?;
    let major = |minor: Option<i64>| minor.map(|minor| Exact::new(minor, unit.exponent()));
    let new = NewAdjustment {
        program,
        period: body.period.clone(),
        rep: id_in(&body.payee, Kind::Rep, "payee")?,
        kind: body.kind.clone().unwrap_or_else(|| "adjustment".to_owned()),
        amount: major(body.amount),
        to: major(body.to),
        label: body.label.clone(),
        sale: body.sale.as_deref().map(|text| id_in(text, Kind::Sale, "sale")).transpose()?,
        rule: body.rule.clone(),
    };
    let content = serde_json::to_vec(&(program.0, &body)).unwrap_or_default();
    let once = key.map(|key| Once::new(&state.app, &key, &content));
    let made = adjustments::add_once(&state.app, &ctx, &new, once.as_ref()).await?;
    let standings = standings(&state, &ctx, &made).await?;
    let first = made.entries.first().ok_or_else(|| Problem::not_found("adjustment"))?;
    let response = json(StatusCode::CREATED, &AdjustmentOut::new(first, standings.get(&first.id).copied()));
    Ok(if made.is_repeated { mark_replayed(response) } else { response })
}

async fn standings(state: &ServerState, ctx: &Context, made: &Made) -> Answered<std::collections::HashMap<Id, Standing>> {
    Ok(adjustments::standings(&state.app, ctx, &made.entries).await?)
}

/// Remove an adjustment
///
/// Needs the scope `release`. Its period is calculated again; what it booked is taken back by new entries.
#[utoipa::path(
    delete, path = "/programs/{id}/adjustments/{adjustment}", tag = "Calculations", operation_id = "removeProgramAdjustment",
    params(
        ("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"),
        ("adjustment" = String, Path, description = "The adjustment", example = "adj_01jq3v8k2m9ra"),
    ),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path((id, adjustment)): Path<(String, String)>,
) -> Answered<Response> {
    ctx.require(Scope::Release)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let entry = adjustments::get(&state.app, &ctx, id_of(&adjustment, Kind::Adjustment, "adjustment")?).await?;
    if entry.document.program != program.0 {
        return Err(Problem::not_found("adjustment"));
    }
    adjustments::remove(&state.app, &ctx, entry.id).await?;
    Ok(no_content())
}

/// A row of a sheet that makes an adjustment.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AdjustmentRow)]
pub(crate) struct RowOut {
    /// Line of the sheet, from 1.
    line: u64,
    /// The program.
    program: String,
    /// The payee.
    payee: String,
    /// The period.
    period: String,
    /// `adjustment`, `bonus`, `clawback` or `clear_draw`.
    kind: String,
    /// What it adds, or takes where it is below 0.
    amount: MoneyOut,
    /// What it is for.
    label: String,
    /// The sale that it changes or takes back.
    sale: Option<String>,
    /// The period that earned what is taken back.
    origin_period: Option<String>,
    /// What the sale had earned, exact.
    earned: Option<String>,
}

/// What a sheet made, or would make.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AdjustmentRows)]
pub(crate) struct RowsOut {
    /// False for a dry run.
    written: bool,
    /// Sum of what it adds.
    total: MoneyOut,
    /// Rows that count.
    made: Vec<RowOut>,
    /// Rows that cannot be used; the others count.
    errors: Vec<RowErrorOut>,
}

pub(super) fn row_out(line: u64, document: &AdjustmentDocument) -> RowOut {
    RowOut {
        line,
        program: Id(document.program).text(Kind::Program),
        payee: Id(document.rep).text(Kind::Rep),
        period: document.period.clone(),
        kind: document.kind.clone(),
        amount: MoneyOut::of(document.amount, &document.currency),
        label: document.label.clone(),
        sale: document.sale_id().map(|sale| sale.text(Kind::Sale)),
        origin_period: document.origin_period.clone(),
        earned: document.earned.clone(),
    }
}

fn rows_out(rows: &[SheetRow], unit: Unit, written: bool) -> RowsOut {
    let good = rows.iter().filter_map(|row| Some((row.line, row.made.as_ref().ok()?)));
    let total = good.clone().map(|(_, document)| document.amount).fold(0, i64::saturating_add);
    RowsOut {
        written,
        total: MoneyOut::new(total, unit),
        made: good.map(|(line, document)| row_out(line, document)).collect(),
        errors: rows.iter().filter_map(|row| row.made.as_ref().err()).map(RowErrorOut::from).collect(),
    }
}

/// Writes the rows that count, unless it is a dry run.
async fn apply(
    state: &ServerState,
    ctx: &Context,
    rows: &[SheetRow],
    unit: Unit,
    dry_run: bool,
    once: Option<&Once>,
) -> Answered<Response> {
    if !dry_run {
        let documents = rows.iter().filter_map(|row| row.made.as_ref().ok().cloned()).collect();
        adjustments::add_many(&state.app, ctx, documents, once).await?;
    }
    Ok(json(StatusCode::OK, &rows_out(rows, unit, !dry_run)))
}

/// What a request made before, as its answer.
fn again(made: &Made, unit: Unit) -> Response {
    let rows: Vec<SheetRow> =
        (1u64..).zip(&made.entries).map(|(line, entry)| SheetRow { line, made: Ok(entry.document.clone()) }).collect();
    mark_replayed(json(StatusCode::OK, &rows_out(&rows, unit, true)))
}

/// How a sheet is taken.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SheetParams {
    /// The period of rows that name none.
    #[param(example = "2026-03")]
    period: String,
    /// `true`: say what would be done, and write nothing.
    #[serde(default)]
    dry_run: bool,
    /// The decimal sign of the sheet, `.` or `,`, where its values do not show it.
    #[serde(default)]
    decimal: Option<String>,
}

/// Adjust many payees
///
/// Needs the scope `release`. The body is a sheet (CSV or XLSX) with the columns who, amount and label, and kind, period,
/// sale, rule and to where they matter. Rows with errors are named; the others are made together. Send an
/// `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/programs/{id}/adjustments/sheet", tag = "Calculations", operation_id = "adjustPayees",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"), SheetParams),
    request_body(content = String, content_type = "text/csv", example = "who,kind,amount,label\nAna Lopez,bonus,250.00,Trade fair\n"),
    responses((status = 200, description = "What was made", body = RowsOut), Refusals),
)]
pub(crate) async fn sheet(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Params(params): Params<SheetParams>,
    body: Bytes,
) -> Answered<Response> {
    ctx.require(Scope::Release)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let unit = unit(&*state.app.configuration(ctx.workspace).await?, program)?;
    let decimal = decimal(params.decimal.as_deref())?;
    let content = [program.0.to_string().as_bytes(), params.period.as_bytes(), b"\n", &body].concat();
    let once = key.filter(|_| !params.dry_run).map(|key| Once::new(&state.app, &key, &content));
    if let Some(made) = adjustments::repeated(&state.app, &ctx, once.as_ref()).await? {
        return Ok(again(&made, unit));
    }
    let rows = adjustments::sheet_rows(&state.app, &ctx, program, &params.period, Cursor::new(body), decimal).await?;
    apply(&state, &ctx, &rows, unit, params.dry_run, once.as_ref()).await
}

/// A sale to take back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClawbackSaleIn)]
pub(crate) struct ClawbackSaleIn {
    /// Its id, or its unique id in whatever source.
    #[schema(example = "INV-1014")]
    sale: String,
    /// Of one payee only: id, name, alias or e-mail address.
    #[serde(default)]
    payee: Option<String>,
    /// The part that is taken back, in percent.
    #[serde(default)]
    #[schema(example = "50%")]
    share: Option<String>,
    /// When the contract ended.
    #[serde(default)]
    #[schema(example = "2026-03-15")]
    on: Option<String>,
    /// When the contract began; the day of the sale if not given.
    #[serde(default)]
    from: Option<String>,
}

/// Sales to take back.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClawbackIn)]
pub(crate) struct ClawbackIn {
    /// The period in which they are taken back.
    #[schema(example = "2026-03")]
    period: String,
    /// What it is for; payees read it.
    #[schema(example = "Cancelled within the first year")]
    label: String,
    /// The part that is taken back where a sale says nothing else; all of it if not given.
    #[serde(default)]
    #[schema(example = "100%")]
    share: Option<String>,
    /// Months of the contract: only the part that was not served is taken back.
    #[serde(default)]
    #[schema(example = 12)]
    term_months: Option<u32>,
    /// When the contracts ended, where a sale says nothing else.
    #[serde(default)]
    on: Option<String>,
    /// The sales, 1 to 1,000.
    sales: Vec<ClawbackSaleIn>,
    /// `true`: say what would be done, and write nothing.
    #[serde(default)]
    dry_run: bool,
}

impl ClawbackIn {
    /// What is asked, and the rows.
    pub(super) fn read(&self, program: Id) -> Answered<(ClawbackAsk, Vec<ClawbackRow>)> {
        let wrong = |field: &str, code: &str, text: String| {
            Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, vec![FieldProblem::new(field, code, text)])
        };
        let share = match self.share.as_deref() {
            None => Exact::ONE,
            Some(text) => percent(text).ok_or_else(|| wrong("share", "share_invalid", format!("`{text}` is no percentage such as 50%")))?,
        };
        let on = self.on.as_deref().map(|text| {
            text.parse::<Date>().map_err(|_| wrong("on", "date_unreadable", format!("`{text}` is not a date such as 2026-03-31")))
        });
        if self.sales.is_empty() || self.sales.len() > 1_000 {
            return Err(wrong("sales", "value_invalid", "name 1 to 1,000 sales".to_owned()));
        }
        let term = match self.term_months {
            Some(0) => return Err(wrong("term_months", "value_invalid", "a contract has at least one month".to_owned())),
            months => months.map(Length::Months),
        };
        let (period, label) = (self.period.clone(), self.label.clone());
        let ask = ClawbackAsk { program, period, share, term, on: on.transpose()?, label };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let row = |(line, sale): (u64, &ClawbackSaleIn)| ClawbackRow {
            line,
            sale: sale.sale.clone(),
            who: text(&sale.payee),
            share: text(&sale.share),
            on: text(&sale.on),
            from: text(&sale.from),
        };
        Ok((ask, (1u64..).zip(&self.sales).map(row).collect()))
    }

    /// Whether nothing is to be written.
    pub(super) const fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

/// Take sales back
///
/// Needs the scope `release`. What each sale earned is taken back from who earned it: in full, in part, or for the unserved
/// part of a contract. Each is an entry of the period given and names the sale and the period that earned it; that period
/// stays as it is. Never more is taken back than was earned. Send an `Idempotency-Key` to repeat it safely.
#[utoipa::path(
    post, path = "/programs/{id}/clawbacks", tag = "Calculations", operation_id = "clawBack",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra")),
    request_body(content = ClawbackIn, example = json!({"period": "2026-03", "label": "Cancelled", "term_months": 12, "on": "2026-03-15", "sales": [{"sale": "INV-1014"}]})),
    responses((status = 200, description = "What was made", body = RowsOut), Refusals),
)]
pub(crate) async fn clawback(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Json(body): Json<ClawbackIn>,
) -> Answered<Response> {
    ctx.require(Scope::Release)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let unit = unit(&*state.app.configuration(ctx.workspace).await?, program)?;
    let (ask, rows) = body.read(program)?;
    let content = serde_json::to_vec(&(program.0, &body)).unwrap_or_default();
    let once = key.filter(|_| !body.dry_run).map(|key| Once::new(&state.app, &key, &content));
    if let Some(made) = adjustments::repeated(&state.app, &ctx, once.as_ref()).await? {
        return Ok(again(&made, unit));
    }
    let found = adjustments::clawback(&state.app, &ctx, &ask, &rows).await?;
    apply(&state, &ctx, &found, unit, body.dry_run, once.as_ref()).await
}
