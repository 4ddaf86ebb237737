//! Reading a period's sales and folding them, on two connections at once where that pays.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meed_core::command::{RecordKind, SaleRow, day_number};
use meed_core::condition::{Originals, SaleRef};
use meed_core::crediting::{BoundProgram, Calculation, Change, Fed, History, Job, Kept, Past, PastLine, RewardKind, Run};
use meed_core::id::Id;
use meed_core::ledger::OwnerKind;
use meed_core::people::fold_alias;
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::SaleView;
use meed_store::{Reader, SaleScan, StoreError};

use super::binding::Binding;
use super::ends::scan_from_both;
use super::kept::{Asking, Held};
use crate::adjustments::AdjustmentDocument;
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::imports::LayoutDocument;
use crate::releases::ReleaseDocument;
use crate::{App, Configuration};

/// Threads that read and fold.
const THREADS: usize = 2;

/// Below this many sales a second connection costs more than it gives.
const PARALLEL_MIN: i64 = 20_000;

/// Above this many changed sales the period is read anew.
const RESUMED_MAX: usize = 10_000;

/// Sales whose original columns are fetched together.
const ORIGINALS_CHUNK: usize = 500;

fn takes_part(bound: &BoundProgram<'_>, at_ns: i64) -> bool {
    let at = i128::from(at_ns);
    bound.since().as_nanosecond() <= at && at < bound.period().end().as_nanosecond()
}

fn damaged(id: Id, error: &impl std::fmt::Display) -> StoreError {
    StoreError::broken(format!("sale {id}: {error}"))
}

fn feed(run: &mut Run<'_>, bound: &BoundProgram<'_>, sale: &SaleScan<'_>) -> Result<(), StoreError> {
    if takes_part(bound, sale.at_ns) {
        let view = SaleView::read(sale.facts).map_err(|e| damaged(sale.id, &e))?;
        run.feed_one(SaleRef { id: sale.id, unique_id: sale.identity.strip_prefix("u:"), facts: &view, originals: None });
    }
    Ok(())
}

/// Calculates as if nothing had been posted before, and hands the result, with the recorded time up to which sales were
/// known, to `look`. Draws and deductions then start from nothing; see [`with_settled`].
pub async fn with_calculation<T: Send + 'static>(
    app: &App,
    workspace: Id,
    config: Arc<Configuration>,
    binding: impl Into<Binding>,
    period: Period,
    look: impl FnOnce(&Calculation<'_>, i64) -> T + Send + 'static,
) -> AppResult<T> {
    calculation_after(app, workspace, config, binding.into(), period, Before::default(), look).await
}

/// The same for a stored program, with what its earlier periods left. The document may be another version of it.
pub async fn with_settled<T: Send + 'static>(
    app: &App,
    workspace: Id,
    config: Arc<Configuration>,
    binding: impl Into<Binding>,
    period: Period,
    look: impl FnOnce(&Calculation<'_>, i64) -> T + Send + 'static,
) -> AppResult<T> {
    let binding = binding.into();
    let before = Before { program: binding.id, ..Before::default() };
    calculation_after(app, workspace, config, binding, period, before, look).await
}

/// Lines of periods, by first day of the period.
pub(crate) type LinesByDay = BTreeMap<i64, Vec<(Id, PastLine)>>;

/// The same where some earlier periods left other lines than those that are stored, as a text does that is tried.
pub(crate) async fn with_lines<T: Send + 'static>(
    app: &App,
    workspace: Id,
    config: Arc<Configuration>,
    binding: impl Into<Binding>,
    period: Period,
    replaced: LinesByDay,
    look: impl FnOnce(&Calculation<'_>, i64) -> T + Send + 'static,
) -> AppResult<T> {
    let binding = binding.into();
    let before = Before { program: binding.id, replaced, is_released: true };
    calculation_after(app, workspace, config, binding, period, before, look).await
}

/// What was before a period.
#[derive(Clone, Default)]
pub(super) struct Before {
    /// Whose posted lines are read; nobody's where there is none.
    pub(super) program: Option<Id>,
    /// Lines of earlier cells that are about to be posted, by first day of the cell: they stand for what is stored.
    pub(super) replaced: BTreeMap<i64, Vec<(Id, PastLine)>>,
    /// Whether those cells count as released, as they do where a text is tried over several periods.
    pub(super) is_released: bool,
}

impl Before {
    /// Whether it is what is stored, and nothing in its place.
    fn is_stored(&self) -> bool {
        self.program.is_some() && self.replaced.is_empty()
    }

    pub(super) fn read(
        &self,
        reader: &mut Reader<'_>,
        workspace: Id,
        (program, period): (&Program, &Period),
        config: &Configuration,
    ) -> Result<Past, StoreError> {
        let mut past = Past::default();
        let Some(id) = self.program else { return Ok(past) };
        let cell_day = day_number(period.first_day());
        for name in program.settle.shared_plans() {
            read_shared(reader, workspace, (name, id), (program, cell_day), config, &mut past)?;
        }
        for record in reader.records(workspace, RecordKind::Adjustment)? {
            let document: AdjustmentDocument = read(&record).map_err(|e| StoreError::broken(format!("adjustment {}: {e}", record.id)))?;
            if document.program == id.0
                && let Some(adjustment) = document.adjustment(record.id)
            {
                past.adjust(Id(document.rep), adjustment);
            }
        }
        if !program.settle.remembers() {
            return Ok(past);
        }
        for (owner, line) in reader.reward_past(workspace, id, cell_day)? {
            if owner.kind == OwnerKind::Rep && !self.replaced.contains_key(&line.cell_day) {
                past.add(owner.id, line);
            }
        }
        if program.settle.deduct.is_some() {
            let mut released = released_days(reader, workspace, id)?;
            released.extend(self.replaced.keys().filter(|_| self.is_released));
            past.released_on(released);
        }
        for (rep, line) in self.replaced.range(..cell_day).flat_map(|(_, lines)| lines) {
            past.add(*rep, line.clone());
        }
        Ok(past)
    }
}

/// Adds what a program that shares a draw pays in the period: everything booked in it but draws and guarantees.
fn read_shared(
    reader: &mut Reader<'_>,
    workspace: Id,
    (name, own): (&str, Id),
    (program, cell_day): (&Program, i64),
    config: &Configuration,
    past: &mut Past,
) -> Result<(), StoreError> {
    use RewardKind::{DrawAdvance, DrawCleared, DrawRepayment, Guarantee};
    let folded = fold_alias(name);
    let Some(other) = config.programs.iter().find(|other| other.id != own && fold_alias(&other.program.name) == folded) else {
        past.uncounted(name, "there is no other plan of this name");
        return Ok(());
    };
    if other.program.cadence != program.cadence {
        past.uncounted(name, "its periods have another length");
        return Ok(());
    }
    if other.program.currency != program.currency {
        past.uncounted(name, "it pays in another currency");
        return Ok(());
    }
    for row in reader.rewards_booked(workspace, other.id, cell_day)? {
        if row.owner.kind == OwnerKind::Rep && !matches!(row.kind, DrawAdvance | DrawCleared | DrawRepayment | Guarantee) {
            past.add_other(row.owner.id, row.amount).map_err(|_| StoreError::broken(format!("what `{name}` pays leaves the range")))?;
        }
    }
    Ok(())
}

/// The first days of the periods of a program that are released.
fn released_days(reader: &mut Reader<'_>, workspace: Id, program: Id) -> Result<BTreeSet<i64>, StoreError> {
    let mut days = BTreeSet::new();
    for record in reader.records(workspace, RecordKind::Release)? {
        let document: ReleaseDocument = read(&record).map_err(|e| StoreError::broken(format!("release {}: {e}", record.id)))?;
        if document.program == program.0 && document.reversed_us.is_none() {
            days.insert(document.booked_day);
        }
    }
    Ok(days)
}

pub(super) async fn calculation_after<T: Send + 'static>(
    app: &App,
    workspace: Id,
    config: Arc<Configuration>,
    binding: Binding,
    period: Period,
    before: Before,
    look: impl FnOnce(&Calculation<'_>, i64) -> T + Send + 'static,
) -> AppResult<T> {
    let mut history = History::default();
    if let (true, Ok(former)) = (binding.compares_periods(), period.prev()) {
        // Found anew, not read from a former run: what changed there since counts.
        let attained = |calculation: &Calculation<'_>, _: i64| History { attained: calculation.attained().collect() };
        let facts = (binding.clone(), History::default());
        history = fold(app, workspace, Arc::clone(&config), facts, former, Before::default(), attained).await?;
    }
    fold(app, workspace, config, (binding, history), period, before, look).await
}

/// What a calculation is made from, beside the sales.
struct Facts {
    workspace: Id,
    config: Arc<Configuration>,
    binding: Binding,
    history: History,
    period: Period,
    before: Before,
}

impl Facts {
    fn bind(&self, past: &Arc<Past>) -> BoundProgram<'_> {
        self.binding.bind(&self.config, &self.period).with_history(&self.history).with_past(Arc::clone(past))
    }

    fn past(&self, reader: &mut Reader<'_>) -> Result<Arc<Past>, StoreError> {
        let bound = self.binding.bind(&self.config, &self.period);
        self.before.read(reader, self.workspace, (bound.program(), &self.period), &self.config).map(Arc::new)
    }

    /// What is kept of what earlier periods left: only what is stored.
    fn stored(&self, past: Arc<Past>) -> Option<Arc<Past>> {
        self.before.is_stored().then_some(past)
    }
}

/// As of when facts were read.
#[derive(Clone, Copy)]
struct AsOf {
    recorded_us: i64,
    audit_number: i64,
}

async fn fold<T: Send + 'static>(
    app: &App,
    workspace: Id,
    config: Arc<Configuration>,
    (binding, history): (Binding, History),
    period: Period,
    before: Before,
    mut look: impl FnOnce(&Calculation<'_>, i64) -> T + Send + 'static,
) -> AppResult<T> {
    let mut asking = app.kept().ask(workspace, &binding, &config, &period, app.now_us()).await;
    let facts = Arc::new(Facts { workspace, config, binding, history, period, before });
    if let Some(held) = asking.as_mut().and_then(Asking::take)
        && let Some(changed) = read_changed(app, &facts, held).await?
    {
        let facts = Arc::clone(&facts);
        match on_thread(move || again(&facts, changed, asking, look)).await? {
            Ok(seen) => return Ok(seen),
            Err(back) => (asking, look) = back,
        }
    }
    let read = read_all(app, &facts).await?;
    app.kept().count_read();
    on_thread(move || anew(&facts, read, asking, look)).await
}

/// Calculating takes no connection: what is read is read by then.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> AppResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| AppError::bug(&format!("a calculation failed: {e}")))
}

/// All sales of a period, taken in.
struct AllSales {
    fed: Fed,
    past: Arc<Past>,
    as_of: AsOf,
}

async fn read_all(app: &App, facts: &Arc<Facts>) -> AppResult<AllSales> {
    let (workspace, facts) = (facts.workspace, Arc::clone(facts));
    let uses_originals = facts.binding.uses_originals();
    let count = app.store().read(move |r| r.head(workspace)).await?.map_or(0, |head| head.sale_count);
    let threads = if uses_originals || count >= PARALLEL_MIN { THREADS } else { 1 };
    let read = app.store().read_parallel(threads, move |readers| {
        let as_of = same_snapshot(readers, workspace)?;
        let first = readers.first_mut().ok_or_else(|| StoreError::bug("no reader"))?;
        let past = facts.past(first)?;
        let bound = facts.bind(&past);
        let run = if uses_originals { read_with_originals(readers, workspace, &bound)? } else { read_sales(readers, workspace, &bound)? };
        let fed = run.pause();
        Ok(AllSales { fed, past, as_of })
    });
    Ok(read.await?)
}

fn anew<T>(facts: &Facts, read: AllSales, asking: Option<Asking>, look: impl FnOnce(&Calculation<'_>, i64) -> T) -> T {
    let AllSales { fed, past, as_of } = read;
    let bound = facts.bind(&past);
    let run = fed.go_on(&bound);
    let Some(asking) = asking else { return look(&run.finish_with(THREADS, &on_threads), as_of.recorded_us) };
    let calculation = run.finish_to_keep(THREADS, &on_threads);
    let seen = look(&calculation, as_of.recorded_us);
    asking.keep(calculation, as_of.audit_number, facts.stored(Arc::clone(&past)));
    seen
}

/// A kept calculation and the sales that changed since.
struct Changed {
    kept: Kept,
    sales: Vec<ChangedSale>,
    past: Arc<Past>,
    as_of: AsOf,
}

struct ChangedSale {
    row: SaleRow,
    /// Column positions and cells, where the program names original columns.
    original: Option<(Columns, Vec<String>)>,
}

/// Positions of columns by name.
type Columns = Arc<HashMap<String, usize>>;

/// Reads what changed since a calculation was kept. `None` where that is not known, or is too much.
async fn read_changed(app: &App, facts: &Arc<Facts>, held: Held) -> AppResult<Option<Changed>> {
    let facts = Arc::clone(facts);
    let read = app.store().read(move |reader| {
        let workspace = facts.workspace;
        let as_of = same_snapshot(std::slice::from_mut(reader), workspace)?;
        let span = (held.audit_number, as_of.audit_number);
        let Some(ids) = reader.changed_sales(workspace, span).filter(|ids| ids.len() <= RESUMED_MAX) else { return Ok(None) };
        let past = match held.past.filter(|_| facts.before.is_stored() && reader.is_settled_alike(workspace, span)) {
            Some(past) => past,
            None => facts.past(reader)?,
        };
        let sales = read_sales_by_id(reader, workspace, &ids, facts.binding.uses_originals())?;
        Ok(Some(Changed { kept: held.kept, sales, past, as_of }))
    });
    Ok(read.await?)
}

fn read_sales_by_id(reader: &mut Reader<'_>, workspace: Id, ids: &[Id], with_originals: bool) -> Result<Vec<ChangedSale>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut originals: HashMap<Id, (Id, Vec<String>)> = HashMap::new();
    let mut layouts: HashMap<Id, Columns> = HashMap::new();
    if with_originals {
        for (sale, layout, cells) in reader.originals(workspace, ids)? {
            if let Entry::Vacant(slot) = layouts.entry(layout) {
                slot.insert(Arc::new(columns(reader, workspace, layout)?));
            }
            originals.insert(sale, (layout, cells));
        }
    }
    let sale = |row: SaleRow| {
        let original = originals.remove(&row.id).map(|(layout, cells)| (Arc::clone(&layouts[&layout]), cells));
        ChangedSale { row, original }
    };
    Ok(reader.sales_by_id(workspace, ids)?.into_iter().map(sale).collect())
}

/// What comes back where a kept calculation could not be taken up again.
type Back<L> = (Option<Asking>, L);

/// Takes a kept calculation up again with what changed since.
fn again<T, L: FnOnce(&Calculation<'_>, i64) -> T>(facts: &Facts, changed: Changed, asking: Option<Asking>, look: L) -> Result<T, Back<L>> {
    let Changed { kept, sales, past, as_of } = changed;
    let bound = facts.bind(&past);
    let is_part = |sale: &&ChangedSale| takes_part(&bound, sale.row.at_ns);
    let views: Vec<Option<SaleView<'_>>> =
        sales.iter().map(|sale| Some(sale).filter(is_part).and_then(|s| SaleView::read(&s.row.facts).ok())).collect();
    if sales.iter().zip(&views).any(|(sale, view)| is_part(&sale) && view.is_none()) {
        // Reading everything says which sale cannot be read.
        return Err((asking, look));
    }
    let rows: Vec<Option<OriginalRow<'_>>> =
        sales.iter().map(|sale| sale.original.as_ref().map(|(columns, cells)| OriginalRow { columns, cells })).collect();
    let changes = sales.iter().zip(&views).zip(&rows).map(|((sale, view), row)| match view {
        Some(facts) => {
            let originals = row.as_ref().map(|row| row as &dyn Originals);
            Change::Put(SaleRef { id: sale.row.id, unique_id: sale.row.unique_id(), facts, originals })
        }
        None => Change::Gone(sale.row.id),
    });
    let (Some(calculation), Some(asking)) = (kept.resume(&bound, changes), asking) else { return Err((None, look)) };
    let seen = look(&calculation, as_of.recorded_us);
    asking.keep_resumed(calculation, as_of.audit_number, facts.stored(Arc::clone(&past)));
    Ok(seen)
}

/// Runs the parts of a fold beside each other. The result does not depend on it.
fn on_threads(jobs: Vec<Job<'_>>) {
    std::thread::scope(|scope| {
        for job in jobs {
            scope.spawn(job);
        }
    });
}

/// The recorded time and audit number that all connections see. They start within moments; a commit in between is seen by the later only,
/// so the earliest head is what may be claimed, and what came after is calculated when the next run finds it.
fn same_snapshot(readers: &mut [Reader<'_>], workspace: Id) -> Result<AsOf, StoreError> {
    let mut as_of = AsOf { recorded_us: i64::MAX, audit_number: i64::MAX };
    for reader in readers {
        let head = reader.head(workspace)?.ok_or_else(|| StoreError::bug("the workspace is gone"))?;
        as_of.recorded_us = as_of.recorded_us.min(head.last_recorded_us);
        as_of.audit_number = as_of.audit_number.min(head.audit_number);
    }
    Ok(as_of)
}

fn days_of(bound: &BoundProgram<'_>) -> (i64, i64) {
    (day_number(bound.since_day()), day_number(bound.period().last_day()))
}

fn read_sales<'a>(readers: &mut [Reader<'_>], workspace: Id, bound: &'a BoundProgram<'a>) -> Result<Run<'a>, StoreError> {
    let Some((first, rest)) = readers.split_first_mut() else { return Err(StoreError::bug("no reader")) };
    let days = days_of(bound);
    let count = first.count_sales(workspace, days)?;
    let total = first.head(workspace)?.map_or(0, |h| h.sale_count);
    let mut run = Run::new(bound);
    // The index of days serves a small part of the history; for most of it one pass over the table is cheaper.
    if count.saturating_mul(4) < total {
        first.scan_days(workspace, days, &mut |sale| feed(&mut run, bound, sale))?;
        return Ok(run);
    }
    let (_, until) = first.sale_id_bounds(workspace)?;
    let Some(second) = rest.first_mut() else {
        first.scan_sales(workspace, Id(0), until, &mut |sale| feed(&mut run, bound, sale))?;
        return Ok(run);
    };
    let mut other = Run::new(bound);
    let low = &mut |sale: &SaleScan<'_>| feed(&mut run, bound, sale);
    let high = &mut |sale: &SaleScan<'_>| feed(&mut other, bound, sale);
    scan_from_both((first, second), workspace, until, (low, high))?;
    run.merge(other);
    Ok(run)
}

/// Original columns of one sale by name.
struct OriginalRow<'a> {
    columns: &'a HashMap<String, usize>,
    cells: &'a [String],
}

impl Originals for OriginalRow<'_> {
    fn original(&self, column: &str) -> Option<Cow<'_, str>> {
        let index = self.columns.get(column)?;
        self.cells.get(*index).map(|cell| Cow::Borrowed(cell.as_str()))
    }
}

struct Waiting {
    id: Id,
    identity: String,
    facts: Vec<u8>,
}

/// The slower way for programs that name original columns: their cells are fetched on a second connection.
fn read_with_originals<'a>(readers: &mut [Reader<'_>], workspace: Id, bound: &'a BoundProgram<'a>) -> Result<Run<'a>, StoreError> {
    let Some((first, rest)) = readers.split_first_mut() else { return Err(StoreError::bug("no reader")) };
    let Some(second) = rest.first_mut() else { return Err(StoreError::bug("no second reader")) };
    let mut run = Run::new(bound);
    let mut held: Vec<Waiting> = Vec::with_capacity(ORIGINALS_CHUNK);
    let mut layouts: HashMap<Id, HashMap<String, usize>> = HashMap::new();
    let mut failed = None;
    first.scan_days(workspace, days_of(bound), &mut |sale| {
        if takes_part(bound, sale.at_ns) {
            held.push(Waiting { id: sale.id, identity: sale.identity.to_owned(), facts: sale.facts.to_vec() });
        }
        if held.len() == ORIGINALS_CHUNK {
            feed_held(second, workspace, &mut run, &mut layouts, &held)?;
            held.clear();
        }
        Ok(())
    })?;
    if let Err(error) = feed_held(second, workspace, &mut run, &mut layouts, &held) {
        failed = Some(error);
    }
    failed.map_or(Ok(run), Err)
}

fn feed_held(
    reader: &mut Reader<'_>,
    workspace: Id,
    run: &mut Run<'_>,
    layouts: &mut HashMap<Id, HashMap<String, usize>>,
    held: &[Waiting],
) -> Result<(), StoreError> {
    let ids: Vec<Id> = held.iter().map(|h| h.id).collect();
    let originals: HashMap<Id, (Id, Vec<String>)> =
        reader.originals(workspace, &ids)?.into_iter().map(|(sale, layout, cells)| (sale, (layout, cells))).collect();
    for sale in held {
        let view = SaleView::read(&sale.facts).map_err(|e| damaged(sale.id, &e))?;
        let unique_id = sale.identity.strip_prefix("u:");
        match originals.get(&sale.id) {
            None => run.feed_one(SaleRef { id: sale.id, unique_id, facts: &view, originals: None }),
            Some((layout, cells)) => {
                if !layouts.contains_key(layout) {
                    layouts.insert(*layout, columns(reader, workspace, *layout)?);
                }
                let row = OriginalRow { columns: &layouts[layout], cells };
                run.feed_one(SaleRef { id: sale.id, unique_id, facts: &view, originals: Some(&row) });
            }
        }
    }
    Ok(())
}

/// Column positions of a layout by name.
pub(super) fn columns(reader: &mut Reader<'_>, workspace: Id, layout: Id) -> Result<HashMap<String, usize>, StoreError> {
    let record = reader.record(workspace, RecordKind::Layout, layout)?;
    let document: Option<LayoutDocument> = record.as_ref().and_then(|r| read(r).ok());
    Ok(document.map(|d| d.columns.into_iter().enumerate().map(|(index, name)| (name, index)).collect()).unwrap_or_default())
}

/// The originals of one sale as pairs, for a verdict.
pub(crate) struct OriginalPairs<'a>(pub(crate) &'a [(String, String)]);

impl Originals for OriginalPairs<'_> {
    fn original(&self, column: &str) -> Option<Cow<'_, str>> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, cell)| Cow::Borrowed(cell.as_str()))
    }
}

/// A period by its label.
pub(super) fn period_of(config: &Configuration, label: &str) -> AppResult<Period> {
    Period::parse(label, &config.zone)
        .map_err(|_| AppError::invalid("period_invalid", "period", format!("`{label}` is not a period such as 2026-03 or 2026-Q1")))
}
