//! Workspaces: a tenant has a live and a sandbox side with separate data, keys and credentials.

use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply};
use meed_core::id::Id;
use meed_core::money::Unit;
use meed_store::CONTROL_WORKSPACE;

use crate::documents::{WorkspaceDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context};

/// The word of the side where things are tried out.
const SANDBOX: &str = "sandbox";

/// Makes a workspace side unless one with this slug and side exists, and answers its id.
pub async fn create(app: &App, slug: &str, name: &str, side: &str, zone: &str, currency: &str) -> AppResult<Id> {
    let unit: Unit =
        currency.parse().map_err(|_| AppError::invalid("currency_unknown", "currency", format!("`{currency}` is not an ISO 4217 code")))?;
    jiff::tz::TimeZone::get(zone)
        .map_err(|_| AppError::invalid("zone_unknown", "zone", format!("`{zone}` is not a time zone such as Europe/Berlin")))?;
    let key = format!("{slug}/{side}");
    if let Some(found) = find(app, &key).await? {
        return Ok(Id(found.workspace));
    }
    // The method by name is not general enough over lifetimes.
    #[allow(clippy::redundant_closure_for_method_calls)]
    let number = app.store().read(|r| r.workspaces()).await?.iter().map(|id| id.0).max().unwrap_or(0) + 1;
    let document = WorkspaceDocument {
        workspace: number,
        slug: slug.to_owned(),
        name: name.to_owned(),
        side: side.to_owned(),
        zone: zone.to_owned(),
        currency: unit.code().to_owned(),
    };
    // The row first: a crash in between leaves an unused number, never a name without a workspace.
    app.store().create_workspace(Id(number), zone, unit.code()).await?;
    let put = PutRecord::new(RecordKind::Workspace, Some(key), write(&document)?);
    let ctx = Context::system(CONTROL_WORKSPACE);
    match app.submit(&ctx, slug.to_owned(), PutRecords::one("workspace.created", put)).await? {
        Reply::Records(_) => Ok(Id(number)),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

async fn find(app: &App, key: &str) -> AppResult<Option<WorkspaceDocument>> {
    let key = key.to_owned();
    let record = app.store().read(move |r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::Workspace, &key)).await?;
    record.as_ref().map(read).transpose()
}

/// All workspaces, live sides first.
pub async fn list(app: &App) -> AppResult<Vec<WorkspaceDocument>> {
    let records = app.store().read(|r| r.records(CONTROL_WORKSPACE, RecordKind::Workspace)).await?;
    let mut all: Vec<WorkspaceDocument> = records.iter().map(read).collect::<AppResult<_>>()?;
    all.sort_by(|a, b| (a.side.as_str(), a.workspace).cmp(&(b.side.as_str(), b.workspace)));
    Ok(all)
}

/// A workspace by id.
pub async fn get(app: &App, workspace: Id) -> AppResult<WorkspaceDocument> {
    list(app).await?.into_iter().find(|w| w.workspace == workspace.0).ok_or_else(|| AppError::not_found("workspace"))
}

/// The sandbox of a live workspace, with the same name, zone and currency; made if there is none yet.
pub async fn sandbox_of(app: &App, live: Id) -> AppResult<Id> {
    let live = get(app, live).await?;
    create(app, &live.slug, &live.name, SANDBOX, &live.zone, &live.currency).await
}
