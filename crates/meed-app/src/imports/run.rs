//! Running an import: chunks of rows that commit with their progress, read ahead while the last one is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use meed_core::command::{Progress, PutRecord, PutRecords, RecordKind, RecordSales, Reply, SaleChange, SaleInput, SaleOutcome};
use meed_core::id::{Id, Kind};
use meed_core::money::Exact;
use meed_intake::{Position, Reading};
use meed_store::{Answer, Priority};
use tokio::sync::mpsc;

use super::document::{Counts, ImportDocument, ImportState, MappingDocument, RejectDocument, RejectedCell, RejectedRow};
use super::read_file::{Import, get, reading, refused};
use super::row::{RowRules, sale_of};
use super::upload::open;
use crate::documents::write;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope, sources};

/// How long a file waits when too many commands wait already.
const OVERLOAD_PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// Rows in one chunk.
const CHUNK_ROWS: usize = 1_000;

/// Rows read together, with where the file goes on after them.
pub(super) struct Chunk {
    pub(super) rows: u64,
    pub(super) sales: Vec<SaleInput>,
    pub(super) rejected: Vec<RejectedRow>,
    revenue: BTreeMap<String, Exact>,
    days: Days,
    position: Position,
}

impl Chunk {
    /// Adds rows, sums and days to the counts.
    pub(super) fn add_to(&self, counts: &mut Counts) {
        add_rows(counts, self.rows, &self.revenue, self.days);
    }
}

type Days = Option<(jiff::civil::Date, jiff::civil::Date)>;

fn add_rows(counts: &mut Counts, rows: u64, revenue: &BTreeMap<String, Exact>, days: Days) {
    counts.rows += rows;
    for (code, sum) in revenue {
        let before: Exact = counts.revenue.get(code).and_then(|t| t.parse().ok()).unwrap_or_default();
        counts.revenue.insert(code.clone(), before.checked_add(*sum).unwrap_or(before).to_string());
    }
    if let Some((first, last)) = days {
        let (first, last) = (first.to_string(), last.to_string());
        if counts.first_day.as_ref().is_none_or(|have| first < *have) {
            counts.first_day = Some(first);
        }
        if counts.last_day.as_ref().is_none_or(|have| last > *have) {
            counts.last_day = Some(last);
        }
    }
}

/// Confirms an import and runs it in the background. Its record tells how far it is.
pub async fn start(app: &Arc<App>, ctx: &Context, id: Id) -> AppResult<()> {
    super::prepare(app, ctx, id).await?;
    let (app, ctx) = (Arc::clone(app), ctx.clone());
    tokio::spawn(async move {
        if let Err(error) = go_on(&app, &ctx, id).await {
            tracing::error!(%error, import = %id.text(Kind::Import), "an import stopped");
        }
    });
    Ok(())
}

/// Confirms an import and waits until it is done.
pub async fn run(app: &Arc<App>, ctx: &Context, id: Id, progress: impl Fn(&ImportDocument)) -> AppResult<Import> {
    super::prepare(app, ctx, id).await?;
    go_on_with(app, ctx, id, progress).await
}

/// Goes on with every import that a stopped process left behind.
pub async fn resume_all(app: &Arc<App>, workspace: Id) -> AppResult<usize> {
    let ctx = Context::system(workspace);
    let mut resumed = 0;
    for record in app.store().read(move |r| r.records(workspace, RecordKind::Import)).await? {
        let document: ImportDocument = crate::documents::read(&record)?;
        if is_under_way(document.state) {
            resumed += 1;
            let (app, ctx) = (Arc::clone(app), ctx.clone());
            tokio::spawn(async move {
                if let Err(error) = resume(&app, &ctx, record.id).await {
                    tracing::error!(%error, import = %record.id.text(Kind::Import), "an import could not be resumed");
                }
            });
        }
    }
    Ok(resumed)
}

/// Goes on with one import that a stopped process left behind, and waits until it is done.
pub async fn resume(app: &Arc<App>, ctx: &Context, id: Id) -> AppResult<Import> {
    ctx.require(Scope::Sales)?;
    match get(app, ctx, id).await?.document.state {
        ImportState::Undoing => super::undo::go_on(app, ctx, id).await,
        _ => go_on(app, ctx, id).await,
    }
}

/// Whether rows are being recorded or taken back.
#[must_use]
pub const fn is_under_way(state: ImportState) -> bool {
    matches!(state, ImportState::Running | ImportState::Undoing)
}

async fn go_on(app: &Arc<App>, ctx: &Context, id: Id) -> AppResult<Import> {
    go_on_with(app, ctx, id, |_| ()).await
}

async fn go_on_with(app: &Arc<App>, ctx: &Context, id: Id, progress: impl Fn(&ImportDocument)) -> AppResult<Import> {
    let result = write_rows(app, ctx, id, progress).await;
    let Err(error) = result else { return get(app, ctx, id).await };
    // What is committed stays; the import says why it stopped and can be read again.
    let import = get(app, ctx, id).await?;
    if import.document.state == ImportState::Running && !is_taken_over(&error) {
        let mut document = import.document;
        document.state = ImportState::Failed;
        document.finished_us = Some(app.now_us());
        document.error = Some(told(&error));
        let put = PutRecord { expected_version: Some(import.version), ..PutRecord::change(RecordKind::Import, id, write(&document)?) };
        // Without the key, which may be what was revoked.
        let ctx = &Context { key: None, ..ctx.clone() };
        app.submit(ctx, document.file_name.clone(), PutRecords::one("import.failed", put)).await?;
    }
    Err(error)
}

/// What people are told of an error: a refusal's own words, and nothing from inside.
fn told(error: &AppError) -> String {
    match error {
        AppError::Refused(refused) => refused.text.clone(),
        AppError::Fault(_) | AppError::File { .. } => "something failed inside Meed; it is in the log".to_owned(),
    }
}

/// Another process advances this import.
fn is_taken_over(error: &AppError) -> bool {
    matches!(error, AppError::Refused(refused) if refused.code == "version_conflict")
}

async fn write_rows(app: &Arc<App>, ctx: &Context, id: Id, progress: impl Fn(&ImportDocument)) -> AppResult<()> {
    let Import { mut version, mut document, .. } = get(app, ctx, id).await?;
    let reading = reading(app, ctx, &Import { id, version, document: document.clone() }).await?;
    let rules = rules_of(app, ctx, Some(Id(document.source)), document.layout.map(Id)).await?;
    let position: Option<Position> = match document.position.clone() {
        None => None,
        Some(value) => Some(serde_json::from_value(value).map_err(|e| AppError::bug(&format!("a position cannot be read: {e}")))?),
    };
    let file = open(app, &document.sha256)?;
    let (sender, mut receiver) = mpsc::channel::<AppResult<Chunk>>(2);
    let reader = reading.clone();
    // Reading ahead on a thread of its own: the next chunk is ready when the last one is on disk.
    let thread = tokio::task::spawn_blocking(move || read_chunks(&reader, file, position.as_ref(), &rules, &sender));
    while let Some(chunk) = receiver.recv().await {
        let chunk = chunk?;
        version = commit(app, ctx, id, version, &mut document, chunk).await?;
        progress(&document);
    }
    thread.await.map_err(|_| AppError::bug("reading the file failed"))?;
    finish(app, ctx, id, version, document, &reading).await
}

/// What rows need to know about their source.
pub(super) async fn rules_of(app: &App, ctx: &Context, source: Option<Id>, layout: Option<Id>) -> AppResult<RowRules> {
    let source = sources::document(app, ctx, source).await?;
    let config = app.configuration(ctx.workspace).await?;
    Ok(RowRules {
        zone: match &source.zone {
            Some(name) => jiff::tz::TimeZone::get(name).map_err(|_| AppError::bug("a source's zone is not known"))?,
            None => config.zone.clone(),
        },
        unit: source.currency.as_deref().and_then(|c| c.parse().ok()).unwrap_or(config.unit),
        layout: layout.unwrap_or_default(),
    })
}

pub(super) fn read_chunks(
    reading: &Reading,
    file: std::fs::File,
    from: Option<&Position>,
    rules: &RowRules,
    sender: &mpsc::Sender<AppResult<Chunk>>,
) {
    let file = std::io::BufReader::with_capacity(256 * 1024, file);
    let mut rows = match reading.rows(file, from) {
        Ok(rows) => rows,
        Err(error) => {
            let _ = sender.blocking_send(Err(refused(&error)));
            return;
        }
    };
    loop {
        let mut chunk = Chunk {
            rows: 0,
            sales: Vec::with_capacity(CHUNK_ROWS),
            rejected: Vec::new(),
            revenue: BTreeMap::new(),
            days: None,
            position: rows.position(),
        };
        let mut is_last = false;
        while chunk.rows < CHUNK_ROWS as u64 {
            match rows.next() {
                None => {
                    is_last = true;
                    break;
                }
                Some(Err(error)) => {
                    let _ = sender.blocking_send(Err(refused(&error)));
                    return;
                }
                Some(Ok(row)) => add_row(&mut chunk, row, rules),
            }
        }
        chunk.position = rows.position();
        // The receiver is gone when the import was taken over or failed: nothing more to read.
        if chunk.rows > 0 && sender.blocking_send(Ok(chunk)).is_err() {
            return;
        }
        if is_last {
            return;
        }
    }
}

fn add_row(chunk: &mut Chunk, row: meed_intake::Row, rules: &RowRules) {
    chunk.rows += 1;
    let outcome = match row.outcome {
        Ok(mapped) => {
            let (day, revenue) = (mapped.day, mapped.revenue);
            sale_of(*mapped, &row.cells, row.line, rules).map(|input| (input, day, revenue))
        }
        Err(errors) => Err(errors
            .into_iter()
            .map(|e| RejectedCell { column: Some(e.column_name), value: e.value, code: e.code.clone(), text: e.text })
            .collect()),
    };
    match outcome {
        Ok((input, day, revenue)) => {
            note(chunk, &input, day, revenue);
            chunk.sales.push(input);
        }
        Err(errors) => chunk.rejected.push(RejectedRow { line: row.line, cells: row.cells, errors }),
    }
}

fn note(chunk: &mut Chunk, input: &SaleInput, day: jiff::civil::Date, revenue: Option<Exact>) {
    chunk.days = Some(chunk.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
    if let (Some(revenue), meed_core::command::SaleContent::Full(sale)) = (revenue, &input.content) {
        let code = sale.currency.map_or_else(String::new, |u| u.code().to_owned());
        let sum = chunk.revenue.entry(code).or_default();
        // A sum beyond 28 digits is shown as it stood; the rows themselves are exact.
        *sum = sum.checked_add(revenue).unwrap_or(*sum);
    }
}

/// Adds a chunk and what became of its sales to an import's document, and says which rows were refused.
fn advance(document: &mut ImportDocument, chunk: &ChunkNotes, outcomes: &[SaleOutcome]) -> Vec<RejectedRow> {
    let counts = &mut document.counts;
    add_rows(counts, chunk.rows, &chunk.revenue, chunk.days);
    let mut rejected = chunk.rejected.clone();
    for (outcome, line) in outcomes.iter().zip(&chunk.lines) {
        match outcome {
            SaleOutcome::Recorded { change, .. } => add_change(counts, *change),
            SaleOutcome::Refused(refused) => rejected.push(RejectedRow {
                line: *line,
                cells: Vec::new(),
                errors: vec![RejectedCell {
                    column: refused.field.clone(),
                    value: String::new(),
                    code: refused.code.to_string(),
                    text: refused.text.clone(),
                }],
            }),
        }
    }
    counts.failed += rejected.len() as u64;
    document.position = Some(chunk.position.clone());
    rejected
}

/// Counts one outcome.
pub(super) fn add_change(counts: &mut Counts, change: SaleChange) {
    match change {
        SaleChange::Created => counts.created += 1,
        SaleChange::Updated => counts.updated += 1,
        SaleChange::Unchanged => counts.unchanged += 1,
        SaleChange::Ignored => counts.ignored += 1,
    }
}

/// What is known of a chunk beside its sales.
struct ChunkNotes {
    rows: u64,
    lines: Vec<u64>,
    rejected: Vec<RejectedRow>,
    revenue: BTreeMap<String, Exact>,
    days: Days,
    position: serde_json::Value,
}

/// Writes one chunk: sales, refused rows, counts and position in one commit.
async fn commit(app: &App, ctx: &Context, id: Id, version: i32, document: &mut ImportDocument, chunk: Chunk) -> AppResult<i32> {
    let Chunk { rows, sales, rejected, revenue, days, position } = chunk;
    let first_line = rejected.iter().map(|r| r.line).chain(sales.iter().filter_map(|s| s.line.and_then(|l| u64::try_from(l).ok()))).min();
    let notes = Arc::new(ChunkNotes {
        rows,
        lines: sales.iter().map(|s| s.line.and_then(|l| u64::try_from(l).ok()).unwrap_or(0)).collect(),
        rejected,
        revenue,
        days,
        position: serde_json::to_value(&position).map_err(|e| AppError::bug(&format!("a position cannot be kept: {e}")))?,
    });
    let mut command = RecordSales::new(Id(document.source), sales);
    command.import = Some(id);
    command.progress = Some(Progress {
        record: id,
        expected_version: version,
        rejects_key: format!("{id}:{:020}", first_line.unwrap_or(0)),
        write: progress_writer(id, document.clone(), Arc::clone(&notes)),
    });
    let reply = loop {
        match app.submit_as(ctx, document.file_name.clone(), Priority::Bulk, None, command.clone()).await {
            Ok(Answer::Decided(result)) => break result?,
            Ok(Answer::Replayed(_)) => return Err(AppError::bug("a chunk was replayed")),
            // A file can wait; a caller at a till cannot.
            Err(error) if error.is_overload() => tokio::time::sleep(OVERLOAD_PAUSE).await,
            Err(error) => return Err(error),
        }
    };
    let Reply::Sales(outcomes) = reply else { return Err(AppError::bug("a chunk was answered with something else")) };
    advance(document, &notes, &outcomes);
    Ok(version + 1)
}

type WriteProgress = Arc<dyn Fn(&[SaleOutcome]) -> (String, Option<String>) + Send + Sync>;

fn progress_writer(id: Id, before: ImportDocument, notes: Arc<ChunkNotes>) -> WriteProgress {
    Arc::new(move |outcomes| {
        let mut document = before.clone();
        let rows = advance(&mut document, &notes, outcomes);
        // Both documents are plain maps of strings and numbers: writing them cannot fail.
        let rejects = (!rows.is_empty()).then(|| serde_json::to_string(&RejectDocument { import: id.0, rows }).unwrap_or_default());
        (serde_json::to_string(&document).unwrap_or_default(), rejects)
    })
}

/// Ends an import, and remembers how its file was read.
async fn finish(app: &App, ctx: &Context, id: Id, version: i32, mut document: ImportDocument, reading: &Reading) -> AppResult<()> {
    document.state = ImportState::Done;
    document.finished_us = Some(app.now_us());
    let (workspace, key) = (ctx.workspace, format!("{}:{}", document.source, reading.layout_fingerprint()));
    let lookup = key.clone();
    let former = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Mapping, &lookup)).await?;
    let former: Option<MappingDocument> = former.as_ref().map(crate::documents::read).transpose()?;
    let memory = MappingDocument {
        source: document.source,
        fingerprint: reading.layout_fingerprint(),
        // The order of columns in which the layout was first seen: addresses for uploads stand for it.
        headers: former.map_or_else(|| reading.headers().to_vec(), |former| former.headers),
        mapping: serde_json::to_value(reading.mapping()).map_err(|e| AppError::bug(&format!("a mapping cannot be kept: {e}")))?,
        from_import: id.0,
        saved_us: app.now_us(),
    };
    // The mapping first: whoever sees that the import is done finds it.
    let put = PutRecord::upsert(RecordKind::Mapping, key, write(&memory)?);
    app.submit(ctx, document.file_name.clone(), PutRecords::one("mapping.remembered", put)).await?;
    let put = PutRecord { expected_version: Some(version), ..PutRecord::change(RecordKind::Import, id, write(&document)?) };
    let command = PutRecords { action: "import.completed", puts: vec![put], event: Some("import.completed") };
    app.submit(ctx, document.file_name.clone(), command).await.map(|_| ())
}
