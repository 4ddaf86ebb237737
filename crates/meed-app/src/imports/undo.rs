//! Taking an import back: every sale says again what it said before, as a new version; one that there was not before is
//! left without owner and amount. History, journal and released figures stay as they are.
//!
//! Order of work: look whether anything changed the sales since, mark the import, take back in chunks, mark it done. What a
//! stopped process left half done is gone on with, because a sale that was taken back is the import's no longer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meed_core::command::{FormerSale, PutRecord, PutRecords, RecordKind, RestoreSale, RestoreSales, SaleOriginal, SaleRow};
use meed_core::id::{Id, Kind};
use meed_core::sale::pack_cells;
use meed_store::{Answer, Priority};

use super::document::{ImportDocument, ImportState};
use super::read_file::{Import, get, mapping_memory, reading, refused};
use super::upload::open;
use crate::documents::write;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Sales that are taken back in one command.
const CHUNK_SALES: usize = 1_000;

/// Sales that are looked at together: their former files are read once for all of them.
const LOOK_SALES: i64 = 20_000;

/// Sales that a refusal counts at most.
const COUNTED_MAX: i64 = 1_000;

/// What taking an import back would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoPreview {
    /// Sales that there were not before: they lose owner and amount.
    pub brought: u64,
    /// Sales that say again what they said before.
    pub changed: u64,
}

fn must_be_recorded(import: &Import) -> AppResult<()> {
    match import.document.state {
        ImportState::Done | ImportState::Failed | ImportState::Undoing => Ok(()),
        other => Err(AppError::conflict("import_not_recorded", format!("this import is {}; there is nothing to take back", other.word()))),
    }
}

/// Whether an import can be taken back, and what would become of its sales. Refuses where something else changed them since.
pub async fn undo_preview(app: &App, ctx: &Context, id: Id) -> AppResult<UndoPreview> {
    ctx.require(Scope::Sales)?;
    let import = get(app, ctx, id).await?;
    must_be_recorded(&import)?;
    let workspace = ctx.workspace;
    let later = app.store().read(move |r| r.changed_since_import(workspace, id, COUNTED_MAX)).await?;
    if let (Some(first), count) = (later.first(), later.len()) {
        let count = if i64::try_from(count).is_ok_and(|n| n == COUNTED_MAX) {
            format!("{count} sales or more")
        } else {
            format!("{count} of its sales")
        };
        let text = format!("{count} changed after this import, the first is {}; take back what came later first", first.text(Kind::Sale));
        return Err(AppError::conflict("import_changed_since", text));
    }
    let counts = &import.document.counts;
    Ok(UndoPreview { brought: counts.created, changed: counts.updated })
}

/// Takes an import back and waits until it is done; a caller that goes away does not stop it. Its remembered mapping is
/// forgotten.
pub async fn undo(app: &Arc<App>, ctx: &Context, id: Id) -> AppResult<Import> {
    undo_preview(app, ctx, id).await?;
    let import = get(app, ctx, id).await?;
    if import.document.state != ImportState::Undoing {
        advance(app, ctx, &import, ImportState::Undoing, "import.undo_started").await?;
    }
    let (app, ctx) = (Arc::clone(app), ctx.clone());
    let task = tokio::spawn(async move { go_on(&app, &ctx, id).await });
    task.await.map_err(|_| AppError::bug("taking an import back failed"))?
}

/// Goes on with taking back what a stopped process left half done.
pub(super) async fn go_on(app: &Arc<App>, ctx: &Context, id: Id) -> AppResult<Import> {
    let import = get(app, ctx, id).await?;
    let (workspace, mut after) = (ctx.workspace, Id(0));
    loop {
        let sales = app.store().read(move |r| r.sales_of_import(workspace, id, after, LOOK_SALES)).await?;
        let Some(last) = sales.last() else { break };
        after = last.id;
        let restores = restores(app, ctx, id, &sales).await?;
        let mut chunk = Vec::with_capacity(CHUNK_SALES);
        for restore in restores {
            chunk.push(restore);
            if chunk.len() == CHUNK_SALES {
                submit(app, ctx, &import.document, std::mem::take(&mut chunk)).await?;
            }
        }
        submit(app, ctx, &import.document, chunk).await?;
    }
    for (mapping, memory) in mapping_memory(app, ctx, Id(import.document.source)).await? {
        if memory.from_import == id.0 {
            let put = PutRecord::delete(RecordKind::Mapping, mapping);
            app.submit(ctx, mapping.text(Kind::Mapping), PutRecords::one("mapping.forgotten", put)).await?;
        }
    }
    let import = get(app, ctx, id).await?;
    advance(app, ctx, &import, ImportState::Undone, "import.undone").await?;
    get(app, ctx, id).await
}

async fn advance(app: &App, ctx: &Context, import: &Import, state: ImportState, action: &'static str) -> AppResult<()> {
    let document = ImportDocument { state, ..import.document.clone() };
    let put = PutRecord { expected_version: Some(import.version), ..PutRecord::change(RecordKind::Import, import.id, write(&document)?) };
    app.submit(ctx, document.file_name.clone(), PutRecords::one(action, put)).await.map(|_| ())
}

async fn submit(app: &App, ctx: &Context, document: &ImportDocument, sales: Vec<RestoreSale>) -> AppResult<()> {
    if sales.is_empty() {
        return Ok(());
    }
    let command = RestoreSales { source: Id(document.source), sales };
    // A sale that was changed meanwhile says so in its own outcome and keeps what it says now.
    match app.submit_as(ctx, document.file_name.clone(), Priority::Bulk, None, command).await? {
        Answer::Decided(result) => result.map(|_| ()).map_err(AppError::from),
        Answer::Replayed(_) => Err(AppError::bug("a command without identity was replayed")),
    }
}

/// What each sale said before the import.
async fn restores(app: &App, ctx: &Context, import: Id, sales: &[SaleRow]) -> AppResult<Vec<RestoreSale>> {
    let workspace = ctx.workspace;
    let changed: Vec<Id> = sales.iter().filter(|s| s.version > 1).map(|s| s.id).collect();
    let versions = app.store().read(move |r| r.versions_of(workspace, &changed)).await?;
    let mut former: HashMap<Id, FormerSale> = HashMap::new();
    let mut reached: BTreeSet<Id> = BTreeSet::new();
    for (sale, version) in versions {
        // The last version before the import's first one.
        if version.import == Some(import) {
            reached.insert(sale);
        } else if !reached.contains(&sale) {
            former.insert(sale, FormerSale { import: version.import, line: version.line, facts: version.facts });
        }
    }
    let originals = originals(app, ctx, former.values()).await?;
    let restore = |sale: &SaleRow| {
        let former = former.remove(&sale.id);
        let place = former.as_ref().and_then(|f| Some((f.import?, f.line?)));
        let original = place.and_then(|place| originals.get(&place).cloned());
        RestoreSale { identity: sale.identity.clone(), expected_version: sale.version, former, original }
    };
    Ok(sales.iter().map(restore).collect())
}

type Place = (Id, i64);

/// The original columns of former versions, from the files that brought them.
async fn originals(app: &App, ctx: &Context, former: impl Iterator<Item = &FormerSale>) -> AppResult<HashMap<Place, SaleOriginal>> {
    let mut wanted: BTreeMap<Id, BTreeSet<u64>> = BTreeMap::new();
    for (import, line) in former.filter_map(|f| Some((f.import?, u64::try_from(f.line?).ok()?))) {
        wanted.entry(import).or_default().insert(line);
    }
    let mut found = HashMap::new();
    for (id, lines) in wanted {
        let import = get(app, ctx, id).await?;
        let Some(layout) = import.document.layout.map(Id) else { continue };
        let reading = reading(app, ctx, &import).await?;
        let file = open(app, &import.document.sha256)?;
        let cells = tokio::task::spawn_blocking(move || cells_of(&reading, file, &lines));
        let cells = cells.await.map_err(|_| AppError::bug("reading the file failed"))??;
        found.extend(cells.into_iter().map(|(line, cells)| ((id, line), SaleOriginal { layout, cells })));
    }
    Ok(found)
}

/// The packed cells of some lines.
fn cells_of(reading: &meed_intake::Reading, file: std::fs::File, lines: &BTreeSet<u64>) -> AppResult<Vec<(i64, Arc<[u8]>)>> {
    let mut found = Vec::with_capacity(lines.len());
    let file = std::io::BufReader::with_capacity(256 * 1024, file);
    for row in reading.rows(file, None).map_err(|e| refused(&e))? {
        let row = row.map_err(|e| refused(&e))?;
        if lines.contains(&row.line) {
            found.push((i64::try_from(row.line).unwrap_or(0), Arc::from(pack_cells(&row.cells))));
        }
        if found.len() == lines.len() {
            break;
        }
    }
    Ok(found)
}
