//! Sources of sales.

mod known;

pub(crate) use known::KnownSources;
pub use known::{KnownSource, SourceName, known};

use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply};
use meed_core::id::{Id, Kind};
use meed_core::people::fold_alias;

use crate::documents::{SourceDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A source.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Source {
    pub id: Id,
    pub version: i32,
    pub document: SourceDocument,
}

/// Makes a source, or changes one.
pub async fn put(app: &App, ctx: &Context, id: Option<Id>, document: &SourceDocument) -> AppResult<Id> {
    ctx.require(Scope::Plans)?;
    check(document)?;
    let key = fold_alias(&document.name);
    let put = match id {
        Some(id) => PutRecord { key: Some(key), ..PutRecord::change(RecordKind::Source, id, write(document)?) },
        None => PutRecord::new(RecordKind::Source, Some(key), write(document)?),
    };
    submit(app, ctx, document, put).await
}

/// The source with this name; made if it does not exist.
pub async fn ensure(app: &App, ctx: &Context, name: &str) -> AppResult<Id> {
    ctx.require_any(&[Scope::Sales, Scope::Plans])?;
    let key = fold_alias(name);
    let workspace = ctx.workspace;
    let lookup = key.clone();
    if let Some(record) = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Source, &lookup)).await? {
        return Ok(record.id);
    }
    let document = SourceDocument { name: name.trim().to_owned(), ..SourceDocument::default() };
    check(&document)?;
    let put = PutRecord::new(RecordKind::Source, Some(key.clone()), write(&document)?);
    match submit(app, ctx, &document, put).await {
        // Somebody else made it meanwhile.
        Err(AppError::Refused(refused)) if refused.code == "key_taken" => {
            let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Source, &key)).await?;
            record.map(|r| r.id).ok_or_else(|| AppError::not_found("source"))
        }
        other => other,
    }
}

/// The source with this name, if there is one.
pub async fn find(app: &App, ctx: &Context, name: &str) -> AppResult<Option<Source>> {
    ctx.require(Scope::Read)?;
    let (workspace, key) = (ctx.workspace, fold_alias(name));
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Source, &key)).await?;
    record.map(|r| Ok(Source { id: r.id, version: r.version, document: read(&r)? })).transpose()
}

/// What is known of a source; of one that does not exist yet, nothing.
pub(crate) async fn document(app: &App, ctx: &Context, source: Option<Id>) -> AppResult<SourceDocument> {
    match source {
        Some(id) => Ok(get(app, ctx, id).await?.document),
        None => Ok(SourceDocument::default()),
    }
}

async fn submit(app: &App, ctx: &Context, document: &SourceDocument, put: PutRecord) -> AppResult<Id> {
    let reply = app.submit(ctx, document.name.clone(), PutRecords::one("source.saved", put)).await?;
    app.known_sources().forget(ctx.workspace);
    match reply {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no source was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

fn check(document: &SourceDocument) -> AppResult<()> {
    if document.name.trim().is_empty() || document.name.chars().count() > 200 {
        return Err(AppError::invalid("name_invalid", "name", "a source needs a name of 1 to 200 characters"));
    }
    if let Some(currency) = &document.currency {
        currency
            .parse::<meed_core::money::Unit>()
            .map_err(|_| AppError::invalid("currency_unknown", "currency", format!("`{currency}` is not an ISO 4217 code")))?;
    }
    if let Some(zone) = &document.zone {
        jiff::tz::TimeZone::get(zone)
            .map_err(|_| AppError::invalid("zone_unknown", "zone", format!("`{zone}` is not a time zone such as Europe/Berlin")))?;
    }
    if let Some(order) = &document.date_order
        && !["dmy", "mdy", "ymd"].contains(&order.as_str())
    {
        return Err(AppError::invalid("date_order_invalid", "date_order", "the date order is dmy, mdy or ymd"));
    }
    if let Some(owner) = &document.owner {
        crate::imports::check_owner(owner)?;
    }
    Ok(())
}

/// All sources, by name.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<Source>> {
    ctx.require_any(&[Scope::Read, Scope::Sales, Scope::Plans])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Source)).await?;
    let mut sources: Vec<Source> =
        records.iter().map(|r| Ok(Source { id: r.id, version: r.version, document: read(r)? })).collect::<AppResult<_>>()?;
    sources.sort_by_key(|s| fold_alias(&s.document.name));
    Ok(sources)
}

/// A source by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<Source> {
    ctx.require_any(&[Scope::Read, Scope::Sales, Scope::Plans])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Source, id)).await?;
    let record = record.ok_or_else(|| AppError::not_found(&format!("source {}", id.text(Kind::Source))))?;
    Ok(Source { id: record.id, version: record.version, document: read(&record)? })
}
