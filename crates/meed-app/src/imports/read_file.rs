//! How a file is read: detection, a person's choices, and what is remembered of them.

use std::collections::BTreeMap;

use meed_core::command::{PutRecord, PutRecords, Record, RecordKind, Reply};
use meed_core::id::{Id, Kind};
use meed_intake::{Aliases, Answers, DateOrder, DecimalMark, Hints, IntakeError, Mapping, Reading, Target};

use super::answers;
use super::document::{ImportDocument, ImportState, LayoutDocument, MappingDocument};
use super::upload::open;
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::sources;
use crate::{App, Context, Scope};

/// An import with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Import {
    pub id: Id,
    pub version: i32,
    pub document: ImportDocument,
}

/// A person's answers about how the file is written.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct ReadAs {
    pub encoding: Option<String>,
    pub delimiter: Option<char>,
    pub header_line: Option<u64>,
    pub date_order: Option<DateOrder>,
    pub decimal: Option<DecimalMark>,
    pub currency: Option<String>,
}

pub(super) fn refused(error: &IntakeError) -> AppError {
    let field = error.line().map_or_else(|| "file".to_owned(), |line| format!("line {line}"));
    let mut refused = meed_core::command::Refused::new(meed_core::command::Class::Invalid, "file.unreadable", error.to_string()).at(field);
    refused.code = error.code().into();
    AppError::Refused(refused)
}

/// Reads a kept file with everything that is known about its source.
pub(super) async fn detect(
    app: &App,
    ctx: &Context,
    source: Id,
    file_name: &str,
    sha256: &str,
    choices: Option<ReadAs>,
) -> AppResult<Reading> {
    let file = open(app, sha256)?;
    detect_in(app, ctx, Some(source), file_name, file, choices).await
}

/// Reads a file that is not kept, as an import from this source would. Writes nothing.
pub async fn look_at(
    app: &App,
    ctx: &Context,
    source: Option<Id>,
    file_name: &str,
    file: std::fs::File,
    choices: ReadAs,
) -> AppResult<Reading> {
    ctx.require(Scope::Sales)?;
    detect_in(app, ctx, source, file_name, file, Some(choices)).await
}

async fn detect_in(
    app: &App,
    ctx: &Context,
    source: Option<Id>,
    file_name: &str,
    file: std::fs::File,
    choices: Option<ReadAs>,
) -> AppResult<Reading> {
    let mut hints = hints(app, ctx, source, file_name).await?;
    let remembered = match source {
        Some(source) => memories(app, ctx, source).await?,
        None => BTreeMap::new(),
    };
    if let Some(choices) = choices {
        hints.encoding = choices.encoding;
        hints.delimiter = choices.delimiter;
        hints.header_line = choices.header_line;
        hints.date_order = choices.date_order.or(hints.date_order);
        hints.decimal = choices.decimal.or(hints.decimal);
        hints.currency = choices.currency.or(hints.currency);
    }
    tokio::task::spawn_blocking(move || {
        let mut file = std::io::BufReader::with_capacity(256 * 1024, file);
        let reading = Reading::detect(&mut file, &hints).map_err(|e| refused(&e))?;
        let Some(memory) = remembered.get(&reading.layout_fingerprint()) else { return Ok(reading) };
        hints.remembered = serde_json::from_value::<Mapping>(memory.mapping.clone()).ok();
        hints.currency = hints.currency.or_else(|| hints.remembered.as_ref()?.currency.clone());
        Reading::detect(&mut file, &hints).map_err(|e| refused(&e))
    })
    .await
    .map_err(|_| AppError::bug("reading the file failed"))?
}

async fn hints(app: &App, ctx: &Context, source: Option<Id>, file_name: &str) -> AppResult<Hints> {
    let config = app.configuration(ctx.workspace).await?;
    let document = sources::document(app, ctx, source).await?;
    let names = |aliases: Vec<String>| Aliases::new(aliases.iter().map(String::as_str));
    let owners = config.directory.reps().iter().flat_map(|r| r.aliases.iter().chain(&r.email).chain([&r.name]).cloned()).collect();
    let teams = config.directory.teams().iter().flat_map(|t| t.aliases.iter().chain([&t.name]).cloned()).collect();
    Ok(Hints {
        file_name: Some(file_name.to_owned()),
        currency: document.currency.clone(),
        default_currency: Some(config.unit.code().to_owned()),
        symbols: document.symbols.into_iter().collect::<BTreeMap<_, _>>(),
        owner: document.owner,
        plan_words: answers::plan_words(&config),
        date_order: match document.date_order.as_deref() {
            Some("dmy") => Some(DateOrder::DayFirst),
            Some("mdy") => Some(DateOrder::MonthFirst),
            Some("ymd") => Some(DateOrder::YearFirst),
            _ => None,
        },
        zone: Some(document.zone.unwrap_or_else(|| config.zone_name.clone())),
        today: Some(app.now().to_zoned(config.zone.clone()).date()),
        owners: names(owners),
        teams: names(teams),
        ..Hints::default()
    })
}

/// Remembered mappings of a source by layout fingerprint.
async fn memories(app: &App, ctx: &Context, source: Id) -> AppResult<BTreeMap<String, MappingDocument>> {
    let all = mapping_memory(app, ctx, source).await?;
    Ok(all.into_iter().map(|(_, m)| (m.fingerprint.clone(), m)).collect())
}

/// What is remembered for a source.
pub async fn mapping_memory(app: &App, ctx: &Context, source: Id) -> AppResult<Vec<(Id, MappingDocument)>> {
    let mut all = all_mappings(app, ctx).await?;
    all.retain(|(_, mapping)| mapping.source == source.0);
    Ok(all)
}

/// What is remembered for all sources.
pub async fn all_mappings(app: &App, ctx: &Context) -> AppResult<Vec<(Id, MappingDocument)>> {
    ctx.require_any(&[Scope::Read, Scope::Sales, Scope::Plans])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Mapping)).await?;
    records.iter().map(|record| Ok((record.id, read(record)?))).collect()
}

/// The layouts a source has brought so far, as ordered headers by fingerprint.
pub async fn source_layouts(app: &App, ctx: &Context, source: Id) -> AppResult<Vec<(String, Vec<String>)>> {
    Ok(mapping_memory(app, ctx, source).await?.into_iter().map(|(_, m)| (m.fingerprint, m.headers)).collect())
}

/// Forgets a remembered mapping.
pub async fn forget_mapping(app: &App, ctx: &Context, mapping: Id) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    let put = PutRecord::delete(RecordKind::Mapping, mapping);
    app.submit(ctx, mapping.text(Kind::Mapping), PutRecords::one("mapping.forgotten", put)).await.map(|_| ())
}

fn import(record: &Record) -> AppResult<Import> {
    Ok(Import { id: record.id, version: record.version, document: read(record)? })
}

/// An import by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<Import> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Import, id)).await?;
    import(&record.ok_or_else(|| AppError::not_found(&format!("import {}", id.text(Kind::Import))))?)
}

/// A page of imports, newest first.
pub async fn list(app: &App, ctx: &Context, before: Option<Id>, limit: i64) -> AppResult<Vec<Import>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records_back(workspace, RecordKind::Import, before, limit.clamp(1, 200))).await?;
    records.iter().map(import).collect()
}

/// How an import's file is read.
pub async fn reading(app: &App, ctx: &Context, import: &Import) -> AppResult<Reading> {
    let (workspace, id) = (ctx.workspace, Id(import.document.reading));
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Reading, id)).await?;
    read(&record.ok_or_else(|| AppError::bug("an import without a reading"))?)
}

/// Keeps a reading, in its own record: an import's record is written with every chunk and stays small.
pub(super) async fn keep_reading(app: &App, ctx: &Context, reading: &Reading, id: Option<Id>) -> AppResult<Id> {
    let body = write(reading)?;
    let put = match id {
        Some(id) => PutRecord::change(RecordKind::Reading, id, body),
        None => PutRecord::new(RecordKind::Reading, None, body),
    };
    match app.submit(ctx, String::new(), PutRecords::one("import.read", put)).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no reading was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

fn must_be_open(import: &Import) -> AppResult<()> {
    match import.document.state {
        ImportState::Mapping => Ok(()),
        other => Err(AppError::conflict(
            "import_not_open",
            format!("this import is {}; upload the file again to read it differently", other.word()),
        )),
    }
}

/// Puts columns on targets as a person chose, with what they say about the file. Answers the new reading with what is still
/// wrong in it.
pub async fn set_mapping(app: &App, ctx: &Context, id: Id, choices: &[(usize, Option<Target>)], said: &Answers) -> AppResult<Reading> {
    ctx.require(Scope::Sales)?;
    answers::check(said)?;
    let import = get(app, ctx, id).await?;
    must_be_open(&import)?;
    let chosen = reading(app, ctx, &import).await?.with_overrides(choices).answered(said);
    keep(app, ctx, import, &chosen, "import.mapped").await?;
    Ok(chosen)
}

/// Reads the file again with a person's answers about how it is written. Columns are mapped anew; what they say about the
/// file beside its columns counts for the new reading.
pub async fn reread(app: &App, ctx: &Context, id: Id, choices: ReadAs, said: &Answers) -> AppResult<Reading> {
    ctx.require(Scope::Sales)?;
    answers::check(said)?;
    let import = get(app, ctx, id).await?;
    must_be_open(&import)?;
    let source = Id(import.document.source);
    let again = detect(app, ctx, source, &import.document.file_name.clone(), &import.document.sha256.clone(), Some(choices)).await?;
    let before = reading(app, ctx, &import).await?;
    let said = Answers {
        owner: said.owner.clone().or_else(|| before.owner().map(str::to_owned)),
        year: said.year.or_else(|| before.year_said()),
        ..said.clone()
    };
    let again = again.answered(&said);
    keep(app, ctx, import, &again, "import.reread").await?;
    Ok(again)
}

async fn keep(app: &App, ctx: &Context, import: Import, reading: &Reading, action: &'static str) -> AppResult<()> {
    let mut document = import.document;
    document.total_rows = reading.row_count();
    document.is_certain = reading.problems().is_empty();
    keep_reading(app, ctx, reading, Some(Id(document.reading))).await?;
    let put = PutRecord { expected_version: Some(import.version), ..PutRecord::change(RecordKind::Import, import.id, write(&document)?) };
    app.submit(ctx, document.file_name.clone(), PutRecords::one(action, put)).await.map(|_| ())
}

/// Gives an import up before it ran. The file stays kept.
pub async fn discard(app: &App, ctx: &Context, id: Id) -> AppResult<()> {
    ctx.require(Scope::Sales)?;
    let import = get(app, ctx, id).await?;
    must_be_open(&import)?;
    let mut document = import.document;
    document.state = ImportState::Discarded;
    let put = PutRecord { expected_version: Some(import.version), ..PutRecord::change(RecordKind::Import, id, write(&document)?) };
    app.submit(ctx, document.file_name.clone(), PutRecords::one("import.discarded", put)).await.map(|_| ())
}

/// Writes the layout of the file's rows and moves the import to `running`. Refuses while the mapping is wrong.
pub async fn prepare(app: &App, ctx: &Context, id: Id) -> AppResult<Import> {
    ctx.require(Scope::Sales)?;
    let import = get(app, ctx, id).await?;
    must_be_open(&import)?;
    let reading = reading(app, ctx, &import).await?;
    if let Some(problem) = reading.problems().first() {
        let mut refused =
            meed_core::command::Refused::new(meed_core::command::Class::Invalid, "mapping.none", problem.to_string()).at("mapping");
        refused.code = problem.code().into();
        return Err(refused.into());
    }
    let layout = LayoutDocument { headers: reading.headers().to_vec(), columns: reading.column_names().to_vec() };
    let body = write(&layout)?;
    let key = crate::secrets::hex(&app.secrets().fingerprint(body.as_bytes()));
    let put = PutRecord::upsert(RecordKind::Layout, key, body);
    let Reply::Records(ids) = app.submit(ctx, import.document.file_name.clone(), PutRecords::one("layout.kept", put)).await? else {
        return Err(AppError::bug("no layout was written"));
    };
    let mut document = import.document;
    document.layout = ids.first().map(|(id, _)| id.0);
    document.state = ImportState::Running;
    let put = PutRecord { expected_version: Some(import.version), ..PutRecord::change(RecordKind::Import, id, write(&document)?) };
    app.submit(ctx, document.file_name.clone(), PutRecords::one("import.started", put)).await?;
    get(app, ctx, id).await
}
