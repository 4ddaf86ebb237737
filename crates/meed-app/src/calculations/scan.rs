//! Reading a period's sales and folding them, on two connections at once where that pays.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meed_core::command::{RecordKind, day_number};
use meed_core::condition::{Originals, SaleRef};
use meed_core::crediting::{BoundProgram, Calculation, Change, History, Job, Kept, Past, PastLine, RewardKind, Run};
use meed_core::id::Id;
use meed_core::ledger::OwnerKind;
use meed_core::people::fold_alias;
use meed_core::period::Period;
use meed_core::program::Program;
use meed_core::sale::SaleView;
use meed_store::{Reader, SaleScan, StoreError};

use super::binding::Binding;
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

async fn fold<T: Send + 'static>(
    app: &App,
    workspace: Id,
    config: Arc<Configuration>,
    (binding, history): (Binding, History),
    period: Period,
    before: Before,
    look: impl FnOnce(&Calculation<'_>, i64) -> T + Send + 'static,
) -> AppResult<T> {
    let threads =
        if app.store().read(move |r| r.head(workspace)).await?.is_some_and(|h| h.sale_count >= PARALLEL_MIN) { THREADS } else { 1 };
    let uses_originals = binding.uses_originals();
    let key = app.kept().key(workspace, &binding, &config, &period);
    let (cache, now_us) = (Arc::clone(app.kept()), app.now_us());
    let threads = if uses_originals { 2 } else { threads };
    let result = app
        .store()
        .read_parallel(threads, move |readers| {
            let (as_of, audit_number) = same_snapshot(readers, workspace)?;
            let first = readers.first_mut().ok_or_else(|| StoreError::bug("no reader"))?;
            let bound = binding.bind(&config, &period).with_history(&history);
            let past = before.read(first, workspace, (bound.program(), &period), &config)?;
            let bound = bound.with_past(past);
            if let Some((kept, since)) = key.as_ref().and_then(|key| cache.take(key))
                && let Some(calculation) = resume(readers, workspace, &bound, kept, (since, audit_number))?
            {
                let seen = look(&calculation, as_of);
                cache.keep(key, calculation, audit_number, now_us);
                return Ok(seen);
            }
            let run =
                if uses_originals { read_with_originals(readers, workspace, &bound)? } else { read_sales(readers, workspace, &bound)? };
            let calculation = if key.is_some() { run.finish_to_keep(THREADS, &on_threads) } else { run.finish_with(THREADS, &on_threads) };
            let seen = look(&calculation, as_of);
            cache.keep(key, calculation, audit_number, now_us);
            Ok(seen)
        })
        .await?;
    Ok(result)
}

/// Runs the parts of a fold beside each other. The result does not depend on it.
fn on_threads(jobs: Vec<Job<'_>>) {
    std::thread::scope(|scope| {
        for job in jobs {
            scope.spawn(job);
        }
    });
}

/// Takes a kept calculation up again with what changed since. `None` where that is not known.
fn resume<'a>(
    readers: &mut [Reader<'_>],
    workspace: Id,
    bound: &'a BoundProgram<'a>,
    kept: Kept,
    span: (i64, i64),
) -> Result<Option<Calculation<'a>>, StoreError> {
    let Some(reader) = readers.first_mut() else { return Err(StoreError::bug("no reader")) };
    let Some(ids) = reader.changed_sales(workspace, span).filter(|ids| ids.len() <= RESUMED_MAX) else { return Ok(None) };
    let rows = reader.sales_by_id(workspace, &ids)?;
    let mut views = Vec::with_capacity(rows.len());
    for row in &rows {
        views.push(if takes_part(bound, row.at_ns) { Some(SaleView::read(&row.facts).map_err(|e| damaged(row.id, &e))?) } else { None });
    }
    let changes = rows.iter().zip(&views).map(|(row, view)| match view {
        Some(facts) => Change::Put(SaleRef { id: row.id, unique_id: row.unique_id(), facts, originals: None }),
        None => Change::Gone(row.id),
    });
    Ok(kept.resume(bound, changes))
}

/// The recorded time and audit number that all connections see. They start within moments; a commit in between is seen by the later only,
/// so the earliest head is what may be claimed, and what came after is calculated when the next run finds it.
fn same_snapshot(readers: &mut [Reader<'_>], workspace: Id) -> Result<(i64, i64), StoreError> {
    let mut as_of = (i64::MAX, i64::MAX);
    for reader in readers {
        let head = reader.head(workspace)?.ok_or_else(|| StoreError::bug("the workspace is gone"))?;
        as_of = (as_of.0.min(head.last_recorded_us), as_of.1.min(head.audit_number));
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
    let (low, high) = first.sale_id_bounds(workspace)?;
    let middle = Id(low.0 / 2 + high.0 / 2);
    let Some(second) = rest.first_mut() else {
        first.scan_sales(workspace, Id(0), high, &mut |sale| feed(&mut run, bound, sale))?;
        return Ok(run);
    };
    let other = std::thread::scope(|scope| {
        let upper = scope.spawn(|| {
            let mut run = Run::new(bound);
            second.scan_sales(workspace, middle, high, &mut |sale| feed(&mut run, bound, sale)).map(|()| run)
        });
        let lower = first.scan_sales(workspace, Id(0), middle, &mut |sale| feed(&mut run, bound, sale));
        let upper = upper.join().map_err(|_| StoreError::bug("a reading thread panicked"))?;
        lower.and(upper)
    })?;
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

struct Held {
    id: Id,
    identity: String,
    facts: Vec<u8>,
}

/// The slower way for programs that name original columns: their cells are fetched on a second connection.
fn read_with_originals<'a>(readers: &mut [Reader<'_>], workspace: Id, bound: &'a BoundProgram<'a>) -> Result<Run<'a>, StoreError> {
    let Some((first, rest)) = readers.split_first_mut() else { return Err(StoreError::bug("no reader")) };
    let Some(second) = rest.first_mut() else { return Err(StoreError::bug("no second reader")) };
    let mut run = Run::new(bound);
    let mut held: Vec<Held> = Vec::with_capacity(ORIGINALS_CHUNK);
    let mut layouts: HashMap<Id, HashMap<String, usize>> = HashMap::new();
    let mut failed = None;
    first.scan_days(workspace, days_of(bound), &mut |sale| {
        if takes_part(bound, sale.at_ns) {
            held.push(Held { id: sale.id, identity: sale.identity.to_owned(), facts: sale.facts.to_vec() });
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
    held: &[Held],
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
