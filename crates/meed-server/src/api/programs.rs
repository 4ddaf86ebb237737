//! `/v1/programs`: documents that turn sales into credits, with their versions.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::programs::{self, Checked, Move, ProgramState, Version};
use meed_app::{ProgramEntry, Scope};
use meed_core::id::Kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{FieldParams, Page, PageParams, json, one, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem, Problem};
use super::request::{Caller, Json, Params, id_of};
use super::wire::time;
use crate::ServerState;

/// A document to check or to apply.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProgramIn)]
pub(crate) struct ProgramIn {
    /// The document, TOML.
    text: String,
    /// Why this version, for the history.
    #[serde(default)]
    #[schema(example = "Accelerator from March on")]
    note: String,
    /// First day on which the version rules; sales before it stay under the versions before. If null it is the document's
    /// `valid_from`, and without that the version replaces all before it.
    #[serde(default)]
    #[schema(example = "2026-05-15")]
    from: Option<String>,
    /// `draft` or `active`: how a new program begins. One that is there keeps its state; a draft is never calculated.
    #[serde(default)]
    #[schema(example = "active")]
    state: Option<String>,
}

/// Where a program goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProgramStateIn)]
pub(crate) struct StateIn {
    /// `draft`, `active`, `paused`, `completed` or `archived`.
    #[schema(example = "completed")]
    state: String,
    /// For `completed`: the last period that it takes; the last one that was calculated if null.
    #[serde(default)]
    #[schema(example = "2026-06")]
    last_period: Option<String>,
}

/// A program.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Program)]
pub(crate) struct ProgramOut {
    /// The program.
    #[schema(example = "prog_01jq3v8k2m9ra")]
    id: String,
    /// Its name.
    #[schema(example = "Field sales 2026")]
    name: String,
    /// What it pays for: `commission`.
    kind: String,
    /// Length of its periods: `monthly` or `quarterly`.
    #[schema(example = "monthly")]
    cadence: String,
    /// Currency of its rewards.
    #[schema(example = "USD")]
    currency: String,
    /// `draft`, `active`, `paused`, `completed` or `archived`.
    #[schema(example = "active")]
    state: String,
    /// The last day of its last period, once it is completed.
    #[schema(example = "2026-06-30")]
    closes: Option<String>,
    /// Its current version.
    version: String,
    /// Counts versions, from 1.
    number: u32,
    /// The document of the current version.
    text: String,
}

/// A program that was applied.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProgramApplied)]
pub(crate) struct AppliedOut {
    /// Whether there is anything new: the same text again changes nothing.
    changed: bool,
    /// The program as it stands.
    program: ProgramOut,
}

/// A version of a program.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProgramVersion)]
pub(crate) struct VersionOut {
    /// The version.
    #[schema(example = "pver_01jq3v8k2m9ra")]
    id: String,
    /// Counts versions, from 1.
    number: u32,
    /// First day on which it rules; from the beginning if null.
    from: Option<String>,
    /// Why this version.
    note: String,
    /// When it was applied.
    created_at: String,
    /// By whom.
    created_by: String,
    /// The document.
    text: String,
}

/// Something that is wrong with a document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct FindingOut {
    /// Line, from 1.
    line: u32,
    /// Column, from 1.
    column: u32,
    /// Stable code.
    #[schema(example = "tier_gap")]
    code: String,
    /// What is wrong and what to write instead.
    text: String,
}

/// What an example of a document gave.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ExampleResult)]
pub(crate) struct ExampleOut {
    /// Its name.
    name: String,
    /// Line where it starts.
    line: u32,
    /// Whether everything came out as expected.
    passed: bool,
    /// Where it differs: what, expected, found.
    differences: Vec<String>,
    /// Of the periods that differ: how each reward came about, and which sales were not credited why.
    workings: Vec<String>,
    /// Alerts of the calculations.
    alerts: Vec<String>,
}

/// What checking a document found.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ProgramChecked)]
pub(crate) struct CheckedOut {
    /// Whether it may be applied.
    usable: bool,
    /// Everything that is wrong.
    findings: Vec<FindingOut>,
    /// What may be meant, but rarely is. It keeps the document from nothing.
    warnings: Vec<FindingOut>,
    /// What its own examples gave.
    examples: Vec<ExampleOut>,
}

impl From<&ProgramEntry> for ProgramOut {
    fn from(entry: &ProgramEntry) -> Self {
        Self {
            id: entry.id.text(Kind::Program),
            name: entry.program.name.clone(),
            kind: entry.program.kind.name().to_owned(),
            cadence: entry.program.cadence.name().to_owned(),
            currency: entry.program.currency.code().to_owned(),
            state: entry.state.word().to_owned(),
            closes: entry.closes.map(|day| day.to_string()),
            version: entry.version.text(Kind::ProgramVersion),
            number: entry.number,
            text: entry.text.clone(),
        }
    }
}

impl From<&Version> for VersionOut {
    fn from(version: &Version) -> Self {
        let document = &version.document;
        Self {
            id: version.id.text(Kind::ProgramVersion),
            number: document.number,
            from: document.from.clone(),
            note: document.note.clone(),
            created_at: time(document.created_us),
            created_by: document.created_by.clone(),
            text: document.text.clone(),
        }
    }
}

impl From<&Checked> for CheckedOut {
    fn from(checked: &Checked) -> Self {
        let finding = |f: &meed_core::program::Finding| FindingOut {
            line: f.line,
            column: f.column,
            code: f.code.code().to_owned(),
            text: f.text.clone(),
        };
        let example = |e: &meed_core::crediting::ExampleResult| ExampleOut {
            name: e.name.clone(),
            line: e.line,
            passed: e.passed(),
            differences: e.differences.iter().map(ToString::to_string).collect(),
            workings: e.workings.clone(),
            alerts: e.alerts.clone(),
        };
        Self {
            usable: checked.is_usable(),
            findings: checked.findings.iter().map(finding).collect(),
            warnings: checked.warnings.iter().map(finding).collect(),
            examples: checked.examples.iter().map(example).collect(),
        }
    }
}

/// List programs
///
/// By name, with the document of their current version.
#[utoipa::path(
    get, path = "/programs", tag = "Programs", operation_id = "listPrograms", params(PageParams),
    responses((status = 200, description = "A page of programs", body = Page<ProgramOut>), Refusals),
)]
pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let all = state.app.configuration(ctx.workspace).await?.programs.clone();
    let (programs, next) = page_of(all, &params, |program| program.id)?;
    page(programs.iter().map(ProgramOut::from).collect(), next, params.fields.as_deref())
}

/// Check a document
///
/// Reads the document, runs the examples that it carries, and keeps nothing.
#[utoipa::path(
    post, path = "/programs/check", tag = "Programs", operation_id = "checkProgram",
    request_body(content = ProgramIn, example = json!({"text": "name = \"Field sales\"\nkind = \"commission\"\n…"})),
    responses((status = 200, description = "What was found", body = CheckedOut), Refusals),
)]
pub(crate) async fn check(Caller(ctx): Caller, Json(body): Json<ProgramIn>) -> Answered<Response> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    Ok(json(StatusCode::OK, &CheckedOut::from(&checked(body.text).await?)))
}

/// Conditions are compiled and examples run: not on a thread that serves others.
async fn checked(text: String) -> Answered<Checked> {
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "checking the document failed");
    tokio::task::spawn_blocking(move || programs::check(&text)).await.map_err(failed)
}

/// Apply a document
///
/// Needs the scope `plans`. A program of that name gets a new version, or a new program begins. The same text again changes
/// nothing. A document with findings, or whose own examples do not pass, is refused with all of them.
#[utoipa::path(
    post, path = "/programs", tag = "Programs", operation_id = "applyProgram",
    request_body(content = ProgramIn, example = json!({"text": "name = \"Field sales\"\nkind = \"commission\"\n…", "note": "Accelerator from March on"})),
    responses((status = 200, description = "The program", body = AppliedOut), Refusals),
)]
pub(crate) async fn apply(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<ProgramIn>) -> Answered<Response> {
    ctx.require(Scope::Plans)?;
    let found = checked(body.text.clone()).await?;
    if !found.findings.is_empty() {
        let errors =
            found.findings.iter().map(|f| FieldProblem::new(format!("text:{}:{}", f.line, f.column), f.code.code(), f.text.clone()));
        let problem = Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, errors.collect());
        return Err(Problem { code: "plan_invalid".into(), ..problem });
    }
    let from = body.from.as_deref().map(|text| {
        let wrong = || FieldProblem::new("from", "date_unreadable", format!("`{text}` is not a date such as 2026-03-31"));
        text.parse().map_err(|_| Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, vec![wrong()]))
    });
    let begins = match body.state.as_deref() {
        None => ProgramState::Active,
        Some(word) => state_in(word, &[ProgramState::Draft, ProgramState::Active])?,
    };
    let (program, _, changed) = programs::apply_as(&state.app, &ctx, &body.text, &body.note, from.transpose()?, begins).await?;
    let config = state.app.configuration(ctx.workspace).await?;
    Ok(json(StatusCode::OK, &AppliedOut { changed, program: ProgramOut::from(config.program(program)?) }))
}

fn state_in(word: &str, allowed: &[ProgramState]) -> Answered<ProgramState> {
    let found = ProgramState::from_word(word).filter(|state| allowed.contains(state));
    let words: Vec<&str> = allowed.iter().map(|state| state.word()).collect();
    let wrong = || FieldProblem::new("state", "value_invalid", format!("`{word}` is none of {}", words.join(", ")));
    found.ok_or_else(|| Problem::fields(StatusCode::UNPROCESSABLE_ENTITY, vec![wrong()]))
}

/// Change the state of a program
///
/// Needs the scope `plans`. A draft is never calculated and not shown to payees. A paused program is not calculated until it is
/// active again. A completed one takes no new period: those that were calculated are kept right, and what they held back comes
/// due. An archived one is put away. Moves that the state does not allow are refused with 409.
#[utoipa::path(
    put, path = "/programs/{id}/state", tag = "Programs", operation_id = "setProgramState",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra")),
    request_body(content = StateIn, example = json!({"state": "completed", "last_period": "2026-06"})),
    responses((status = 200, description = "The program", body = ProgramOut), Refusals),
)]
pub(crate) async fn set_state(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<StateIn>,
) -> Answered<Response> {
    ctx.require(Scope::Plans)?;
    let program = id_of(&id, Kind::Program, "program")?;
    let wanted = Move { to: state_in(&body.state, &ProgramState::ALL)?, last_period: body.last_period, from: None };
    programs::set_state(&state.app, &ctx, program, &wanted).await?;
    let config = state.app.configuration(ctx.workspace).await?;
    Ok(json(StatusCode::OK, &ProgramOut::from(config.program(program)?)))
}

/// Get a program
///
/// With the document of its current version.
#[utoipa::path(
    get, path = "/programs/{id}", tag = "Programs", operation_id = "getProgram",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"), FieldParams),
    responses((status = 200, description = "The program", body = ProgramOut), Refusals),
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<FieldParams>,
) -> Answered<Response> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let config = state.app.configuration(ctx.workspace).await?;
    one(&ProgramOut::from(config.program(id_of(&id, Kind::Program, "program")?)?), params.fields.as_deref())
}

/// List versions of a program
///
/// Newest first. A version never changes once it was applied.
#[utoipa::path(
    get, path = "/programs/{id}/versions", tag = "Programs", operation_id = "listProgramVersions",
    params(("id" = String, Path, description = "The program", example = "prog_01jq3v8k2m9ra"), PageParams),
    responses((status = 200, description = "A page of versions", body = Page<VersionOut>), Refusals),
)]
pub(crate) async fn versions(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let all = programs::versions(&state.app, &ctx, id_of(&id, Kind::Program, "program")?).await?;
    if all.is_empty() {
        return Err(Problem::not_found("program"));
    }
    let (versions, next) = page_of(all, &params, |version| version.id)?;
    page(versions.iter().map(VersionOut::from).collect(), next, params.fields.as_deref())
}
