//! CSV by upload address (`commissions.md` §2.2), and the jobs that uploads become.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::access::keys;
use meed_app::imports::{self, Import, ImportState};
use meed_app::{Context, Scope};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::ServerState;
use crate::api::answer::json;
use crate::api::openapi::Refusals;
use crate::api::problem::{Answered, Problem};
use crate::api::request::{Caller, Params, id_of, secret};
use crate::api::upload::{Incoming, keep};

/// Bytes of an uploaded CSV at most: a few MB are usual.
const CSV_MAX: u64 = 64 << 20;

/// Uploads of a workspace that may run or wait at once. Beyond, callers are told to come back (behaviour 18).
const JOBS_MAX: usize = 20;

/// Seconds after which a refused upload may be tried again.
const RETRY_S: u64 = 30;

/// Rows with errors that a job shows.
const ERRORS_SHOWN: usize = 1_000;

/// Which layout an upload has.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UploadCsvParams {
    /// The configuration hash, as the page of the source shows it.
    #[param(example = "5d1f0c9a3b11d2e4075d1f0c9a3b11d2")]
    config: String,
    /// The API key, for callers that cannot send `X-ApiKey`. Addresses end up in logs: prefer the header.
    key: Option<String>,
}

/// A job that was accepted.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobAccepted)]
pub(super) struct AcceptedOut {
    /// The job.
    #[schema(example = "imp_01jq3v8k2m9ra")]
    pub(super) job_id: String,
    /// `queued`.
    #[schema(example = "queued")]
    pub(super) status: String,
    /// Where its state can be read.
    #[schema(example = "/app/Api/Jobs/imp_01jq3v8k2m9ra")]
    pub(super) status_url: String,
}

/// A wrong cell of a failed row.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = JobError)]
#[allow(missing_docs)]
pub(super) struct JobErrorOut {
    /// Line in the file, from 1.
    line: u64,
    column: Option<String>,
    value: String,
    /// Stable code.
    code: String,
    text: String,
}

/// What became of an upload.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job)]
#[allow(missing_docs)]
pub(super) struct JobOut {
    #[schema(example = "imp_01jq3v8k2m9ra")]
    job_id: String,
    /// `queued`, `running`, `done` or `failed`.
    #[schema(example = "done")]
    status: String,
    total_rows: u64,
    created: u64,
    updated: u64,
    unchanged: u64,
    /// Rows without a unique id that equal a known one.
    ignored: u64,
    failed: u64,
    /// Why the whole upload failed.
    error: Option<String>,
    /// The first thousand errors of failed rows.
    errors: Vec<JobErrorOut>,
}

/// Refuses when too many uploads of the workspace are under way.
pub(super) async fn must_have_room(state: &ServerState, ctx: &Context) -> Answered<()> {
    let latest = imports::running_count(&state.app, ctx, JOBS_MAX).await?;
    if latest >= JOBS_MAX {
        return Err(Problem::too_many("uploads_waiting", "too many uploads are under way; nothing of this one was taken", RETRY_S));
    }
    Ok(())
}

/// Starts an import and answers its job.
pub(super) async fn accept(state: &ServerState, ctx: &Context, id: Id) -> Answered<Response> {
    imports::start(&state.app, ctx, id).await?;
    let job_id = id.text(Kind::Import);
    let status_url = format!("/app/Api/Jobs/{job_id}");
    Ok(json(StatusCode::ACCEPTED, &AcceptedOut { job_id, status: "queued".into(), status_url }))
}

/// Upload a CSV
///
/// The column names and their order must be exactly those of the sample that the hash stands for; otherwise nothing is
/// imported. Answers at once; the rows are recorded in the background.
#[utoipa::path(
    post, path = "/UploadCsv", tag = "Compatible", operation_id = "uploadCsv", params(UploadCsvParams),
    request_body(content = String, content_type = "text/csv", description = "CSV with its header, up to 64 MiB", example = "Order,Date,Amount,Rep\nA-1,2026-03-01,100.00,Dana\n"),
    responses((status = 202, description = "It is queued", body = AcceptedOut), Refusals),
)]
pub(super) async fn upload(
    State(state): State<ServerState>,
    Params(params): Params<UploadCsvParams>,
    request: Request,
) -> Answered<Response> {
    let shown = match secret(request.headers()) {
        Ok(key) => key.to_owned(),
        Err(missing) => params.key.clone().ok_or(missing)?,
    };
    let ctx = keys::authenticate_reader(&state.app, &shown).await?;
    ctx.require(Scope::Sales)?;
    let mapping = imports::find_configuration(&state.app, &ctx, &params.config).await?;
    must_have_room(&state, &ctx).await?;
    let kept = keep(&state, Incoming::Body(request.into_body()), CSV_MAX).await?;
    let id = imports::upload_expected(&state.app, &ctx, &mapping, "upload.csv", &kept).await?;
    accept(&state, &ctx, id).await
}

/// Get a job
///
/// How far an upload is, and which rows failed, by line.
#[utoipa::path(
    get, path = "/Jobs/{id}", tag = "Compatible", operation_id = "getJob",
    params(("id" = String, Path, description = "The job", example = "imp_01jq3v8k2m9ra")),
    responses((status = 200, description = "The job", body = JobOut), Refusals),
)]
pub(super) async fn job(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let import = imports::get(&state.app, &ctx, id_of(&id, Kind::Import, "job")?).await?;
    let rows = imports::rejects(&state.app, &ctx, import.id).await?;
    let errors = rows.iter().flat_map(|row| {
        row.errors.iter().map(|e| JobErrorOut {
            line: row.line,
            column: e.column.clone(),
            value: e.value.clone(),
            code: e.code.clone(),
            text: e.text.clone(),
        })
    });
    Ok(json(StatusCode::OK, &job_out(&import, errors.take(ERRORS_SHOWN).collect())))
}

fn job_out(import: &Import, errors: Vec<JobErrorOut>) -> JobOut {
    let document = &import.document;
    let counts = &document.counts;
    let status = match document.state {
        ImportState::Mapping => "queued",
        ImportState::Running => "running",
        ImportState::Done => "done",
        ImportState::Failed | ImportState::Discarded => "failed",
        ImportState::Undoing | ImportState::Undone => "undone",
    };
    JobOut {
        job_id: import.id.text(Kind::Import),
        status: status.to_owned(),
        total_rows: document.total_rows,
        created: counts.created,
        updated: counts.updated,
        unchanged: counts.unchanged,
        ignored: counts.ignored,
        failed: counts.failed,
        error: document.error.clone(),
        errors,
    }
}
