//! `/v1/workspace`, `/v1/audit`, `/v1/events`, `/v1/exports`: who one is, what happened, and files to take away.

use axum::extract::State;
use axum::response::Response;
use meed_app::audit::{AuditChange, AuditLine};
use meed_app::{audit, calculations, events, exports, workspaces};
use meed_core::command::RecordKind;
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::answer::{Page, PageParams, file, one, page};
use super::openapi::Refusals;
use super::problem::Answered;
use super::request::{Caller, Params, id_in};
use super::wire::time;
use crate::ServerState;

/// The workspace of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(crate) struct WorkspaceOut {
    /// Short name.
    #[schema(example = "acme")]
    slug: String,
    /// Name.
    name: String,
    /// `live` or `sandbox`.
    #[schema(example = "live")]
    side: String,
    /// Zone that decides days and periods.
    #[schema(example = "America/New_York")]
    zone: String,
    /// Its currency.
    #[schema(example = "USD")]
    currency: String,
    /// Who calls, as the audit log names them.
    actor: String,
    /// What the key may do.
    scopes: Vec<String>,
}

/// Get the workspace
///
/// Which workspace the key belongs to, and what it may do. A cheap way to try a key.
#[utoipa::path(
    get, path = "/workspace", tag = "Workspace", operation_id = "getWorkspace",
    responses((status = 200, description = "The workspace", body = WorkspaceOut), Refusals),
)]
pub(crate) async fn workspace(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let found = workspaces::get(&state.app, ctx.workspace).await?;
    let out = WorkspaceOut {
        slug: found.slug,
        name: found.name,
        side: found.side,
        zone: found.zone,
        currency: found.currency,
        actor: ctx.actor.0.clone(),
        scopes: ctx.scopes.iter().map(|scope| scope.word().to_owned()).collect(),
    };
    one(&out, None)
}

/// A record that a command wrote.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditChange)]
pub(crate) struct ChangeOut {
    /// Kind of the record.
    #[schema(example = "rep")]
    kind: String,
    /// The record.
    id: String,
    /// Its version now.
    version: i32,
    /// Whether it was removed.
    removed: bool,
    /// What it said before; null if it is new.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What it says now.
    #[schema(value_type = Object)]
    after: Value,
}

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditLine)]
pub(crate) struct AuditOut {
    /// Counts the lines, from 1, without gaps.
    number: i64,
    /// When.
    at: String,
    /// Who: `key:…`, `user:…` or `system`.
    actor: String,
    /// What was done.
    #[schema(example = "rep.saved")]
    action: String,
    /// To what.
    subject: String,
    /// Hash of the line and all before it, hex.
    hash: String,
    /// The records that it wrote.
    changes: Vec<ChangeOut>,
}

fn kind_of(kind: RecordKind) -> Option<Kind> {
    Some(match kind {
        RecordKind::Rep => Kind::Rep,
        RecordKind::Team => Kind::Team,
        RecordKind::Program => Kind::Program,
        RecordKind::ProgramVersion => Kind::ProgramVersion,
        RecordKind::Source => Kind::Source,
        RecordKind::Mapping => Kind::Mapping,
        RecordKind::Import => Kind::Import,
        RecordKind::Calculation => Kind::Calculation,
        RecordKind::Release => Kind::Release,
        RecordKind::Payout => Kind::Payout,
        RecordKind::Alert => Kind::Alert,
        _ => return None,
    })
}

impl From<&AuditChange> for ChangeOut {
    fn from(change: &AuditChange) -> Self {
        let body = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        let after = &change.after;
        Self {
            kind: after.kind.word().to_lowercase(),
            id: kind_of(after.kind).map_or_else(|| after.id.to_string(), |kind| after.id.text(kind)),
            version: after.version,
            removed: after.deleted,
            before: change.before.as_ref().map(|record| body(&record.body)),
            after: body(&after.body),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl From<&AuditLine> for AuditOut {
    fn from(line: &AuditLine) -> Self {
        let entry = &line.entry;
        Self {
            number: entry.number,
            at: time(entry.recorded_us),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            hash: hex(&entry.hash),
            changes: line.changes.iter().map(ChangeOut::from).collect(),
        }
    }
}

/// Read the audit log
///
/// Newest first: who, when, what, and each record before and after. The lines are chained by hashes.
#[utoipa::path(
    get, path = "/audit", tag = "Records", operation_id = "listAudit", params(PageParams),
    responses((status = 200, description = "A page of the log", body = Page<AuditOut>), Refusals),
)]
pub(crate) async fn audit_log(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let wanted = params.stretch()?;
    let lines = audit::page(&state.app, &ctx, wanted.after, wanted.rows()).await?;
    let is_first = lines.last().is_some_and(|line| line.entry.number == 1);
    let next = wanted.next(&lines, |line| line.entry.number).filter(|_| !is_first);
    page(lines.iter().map(AuditOut::from).collect(), next, params.fields.as_deref())
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventOut {
    /// The event. Ids grow.
    #[schema(example = "evt_01jq3v8k2m9ra")]
    id: String,
    /// What happened.
    #[schema(example = "sale.created")]
    topic: String,
    /// To what.
    subject: String,
    /// When.
    at: String,
    /// More about it.
    #[schema(value_type = Object)]
    data: Value,
}

/// Read the feed of events
///
/// In order. `next_cursor` is always there: keep it, and ask again with it later; no event is lost and none comes twice.
#[utoipa::path(
    get, path = "/events", tag = "Records", operation_id = "listEvents", params(PageParams),
    responses((status = 200, description = "A page of events", body = Page<EventOut>), Refusals),
)]
pub(crate) async fn event_feed(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let wanted = params.stretch::<Id>()?;
    let found = events::after(&state.app, &ctx, wanted.after, wanted.rows()).await?;
    let next = found.last().map(|event| event.id).or(wanted.after).unwrap_or_default().to_string();
    let event = |event: &events::Event| EventOut {
        id: event.id.text(Kind::Event),
        topic: event.topic.clone(),
        subject: event.subject.clone(),
        at: time(event.recorded_us),
        data: serde_json::from_str(&event.body).unwrap_or(Value::Null),
    };
    page(found.iter().map(event).collect(), Some(next), params.fields.as_deref())
}

/// Which calculation to export.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParams {
    /// The calculation.
    #[param(example = "calc_01jq3v8k2m9ra")]
    calculation: String,
}

const CSV: &str = "text/csv; charset=utf-8";

/// Export rewards
///
/// The file for payroll: 21 fixed columns, then Meed's own; address those by name.
#[utoipa::path(
    get, path = "/exports/rewards.csv", tag = "Records", operation_id = "exportRewards", params(ExportParams),
    responses((status = 200, description = "UTF-8 with BOM, comma, CRLF", body = String, content_type = "text/csv"), Refusals),
)]
pub(crate) async fn rewards_csv(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<ExportParams>,
) -> Answered<Response> {
    let id = id_in(&params.calculation, Kind::Calculation, "calculation")?;
    let calculation = calculations::get(&state.app, &ctx, id).await?;
    let name = format!("rewards {} {}.csv", calculation.document.program_name, calculation.document.period);
    Ok(file(CSV, &name, exports::rewards_csv(&state.app, &ctx, &calculation).await?))
}

/// Export credits
///
/// Every credited sale with its payee, the unrounded amount, and the columns of its file untouched.
#[utoipa::path(
    get, path = "/exports/credits.csv", tag = "Records", operation_id = "exportCredits", params(ExportParams),
    responses((status = 200, description = "UTF-8 with BOM, comma, CRLF", body = String, content_type = "text/csv"), Refusals),
)]
pub(crate) async fn credits_csv(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<ExportParams>,
) -> Answered<Response> {
    let id = id_in(&params.calculation, Kind::Calculation, "calculation")?;
    let calculation = calculations::get(&state.app, &ctx, id).await?;
    let name = format!("credits {} {}.csv", calculation.document.program_name, calculation.document.period);
    Ok(file(CSV, &name, exports::credits_csv(&state.app, &ctx, &calculation).await?))
}
