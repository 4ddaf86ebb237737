//! One pass over all sales on two connections: from both ends of their ids until they meet. However the ids lie in between
//! (a year's file of one minute, then a sale a day), both do half of the work. What each finds does not depend on where they meet.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use meed_core::id::Id;
use meed_store::{Reader, SaleScan, StoreError};

/// Sales that are asked for together; fewer in tests, so that there are several pages.
const PAGE: usize = if cfg!(test) { 700 } else { 8_192 };

/// Sales that are claimed together.
const BLOCK: usize = 512;

/// Where the two passes stand: sales up to `low` and from `high` on are taken.
struct Ends {
    low: i64,
    high: i64,
}

/// Sales that wait until it is known that the other pass has not taken them.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    sales: Vec<Waiting>,
}

struct Waiting {
    id: Id,
    source: Id,
    identity: Range<usize>,
    at_ns: i64,
    version: i32,
    recorded_us: i64,
    facts: Range<usize>,
}

impl Block {
    fn put(&mut self, sale: &SaleScan<'_>) {
        let identity = self.keep(sale.identity.as_bytes());
        let facts = self.keep(sale.facts);
        let SaleScan { id, source, at_ns, version, recorded_us, .. } = *sale;
        self.sales.push(Waiting { id, source, identity, at_ns, version, recorded_us, facts });
    }

    fn keep(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    fn sale(&self, waiting: &Waiting) -> SaleScan<'_> {
        let Waiting { id, source, at_ns, version, recorded_us, .. } = *waiting;
        let identity = std::str::from_utf8(&self.bytes[waiting.identity.clone()]).unwrap_or_default();
        SaleScan { id, source, identity, at_ns, version, recorded_us, facts: &self.bytes[waiting.facts.clone()] }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.sales.clear();
    }
}

/// One of the two passes.
struct Pass<'p> {
    ends: &'p Mutex<Ends>,
    is_upward: bool,
    block: Block,
    has_met: bool,
    each: &'p mut (dyn FnMut(&SaleScan<'_>) -> Result<(), StoreError> + Send),
}

impl Pass<'_> {
    fn run(mut self, reader: &mut Reader<'_>, workspace: Id, until: Id) -> Result<(), StoreError> {
        let is_upward = self.is_upward;
        let mut left = (Id(0), until);
        loop {
            let (mut count, mut last) = (0, None);
            reader.scan_sales_page(workspace, left, (is_upward, PAGE), &mut |sale| {
                (count, last) = (count + 1, Some(sale.id));
                // What is left of the page when they have met is the other's.
                if !self.has_met {
                    self.block.put(sale);
                    if self.block.sales.len() == BLOCK {
                        self.take()?;
                    }
                }
                Ok(())
            })?;
            match last {
                Some(last) if count == PAGE && !self.has_met => {
                    if is_upward {
                        left.0 = last;
                    } else {
                        left.1 = Id(last.0 - 1);
                    }
                }
                _ if self.has_met => return Ok(()),
                _ => return self.take(),
            }
        }
    }

    /// Takes what the other pass has not taken.
    fn take(&mut self) -> Result<(), StoreError> {
        let Some(last) = self.block.sales.last() else { return Ok(()) };
        let last = last.id.0;
        let own = {
            let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            if self.is_upward {
                ends.low = ends.low.max(last.min(ends.high - 1));
                ends.low
            } else {
                ends.high = ends.high.min(last.max(ends.low + 1));
                ends.high
            }
        };
        let is_own = |id: i64| if self.is_upward { id <= own } else { id >= own };
        for waiting in self.block.sales.iter().filter(|waiting| is_own(waiting.id.0)) {
            (self.each)(&self.block.sale(waiting))?;
        }
        self.block.clear();
        self.has_met = !is_own(last);
        Ok(())
    }
}

type Each<'e> = &'e mut (dyn FnMut(&SaleScan<'_>) -> Result<(), StoreError> + Send);

/// Hands every sale up to one on, to one of the two: those of the first in the order of their ids, of the second from the
/// last.
pub(super) fn scan_from_both(
    (first, second): (&mut Reader<'_>, &mut Reader<'_>),
    workspace: Id,
    until: Id,
    (low, high): (Each<'_>, Each<'_>),
) -> Result<(), StoreError> {
    let ends = Mutex::new(Ends { low: 0, high: until.0.saturating_add(1) });
    std::thread::scope(|scope| {
        let downward = Pass { ends: &ends, is_upward: false, block: Block::default(), has_met: false, each: high };
        let running = scope.spawn(move || downward.run(second, workspace, until));
        let upward = Pass { ends: &ends, is_upward: true, block: Block::default(), has_met: false, each: low };
        let read = upward.run(first, workspace, until);
        let other = running.join().map_err(|_| StoreError::bug("a reading thread panicked"))?;
        read.and(other)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use meed_core::command::{SaleContent, SaleInput};
    use meed_core::sale::Sale;
    use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

    use super::*;
    use crate::{App, AppOptions, Context, Secrets, sales, sources, workspaces};

    fn sale(n: usize) -> SaleInput {
        let content = SaleContent::Full(Box::new(Sale { at: "2026-01-05T12:00:00Z".parse().expect("a time"), ..Sale::default() }));
        SaleInput { unique_id: Some(format!("S-{n}")), content, original: None, line: None }
    }

    /// Sales in so many lots, a year between one and the next: their ids lie in heaps.
    async fn books(lots: &[usize]) -> (Arc<App>, Id, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let now = Arc::new(AtomicI64::new(1_700_000_000_000_000));
        let clock: meed_store::Clock = Arc::new({
            let now = Arc::clone(&now);
            move || now.load(Ordering::SeqCst)
        });
        let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None });
        let store = Store::open(StoreOptions { engine, readers: 3, clock: Arc::clone(&clock) }).await.expect("a store");
        let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.path().join("files") });
        let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
        let source = sources::ensure(&app, &ctx, "Shop").await.expect("a source");
        let mut next = 0;
        for lot in lots {
            let inputs: Vec<SaleInput> = (next..next + lot).map(sale).collect();
            next += lot;
            for part in inputs.chunks(1_000) {
                sales::record(&app, &ctx, source, part.to_vec()).await.expect("recorded");
            }
            now.fetch_add(365 * 86_400 * 1_000_000, Ordering::SeqCst);
        }
        (app, ctx.workspace, folder)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_passes_take_every_sale_once_however_their_ids_lie() {
        for lots in [&[0][..], &[1], &[BLOCK], &[BLOCK + 1, 1], &[3, 2 * BLOCK], &[1_500, 1, 1, 1]] {
            let (app, workspace, _folder) = books(lots).await;
            for _ in 0..5 {
                let read = app.store().read_parallel(2, move |readers| {
                    let [first, second] = readers else { return Err(StoreError::bug("two readers")) };
                    let (_, until) = first.sale_id_bounds(workspace)?;
                    let (mut low, mut high) = (Vec::new(), Vec::new());
                    let up = &mut |sale: &SaleScan<'_>| {
                        low.push((sale.id, sale.identity.to_owned()));
                        Ok(())
                    };
                    let down = &mut |sale: &SaleScan<'_>| {
                        high.push((sale.id, sale.identity.to_owned()));
                        Ok(())
                    };
                    scan_from_both((first, second), workspace, until, (up, down))?;
                    Ok((low, high))
                });
                let (mut low, high) = read.await.expect("read");
                low.extend(high.into_iter().rev());
                let found: Vec<String> = low.iter().map(|(_, identity)| identity.clone()).collect();
                let expected: Vec<String> = (0..lots.iter().sum()).map(|n: usize| format!("u:S-{n}")).collect();
                assert_eq!(found, expected, "{lots:?}");
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_goes_wrong_with_a_sale_is_not_taken_for_the_end() {
        let (app, workspace, _folder) = books(&[BLOCK + 9]).await;
        let read = app.store().read_parallel(2, move |readers| {
            let [first, second] = readers else { return Err(StoreError::bug("two readers")) };
            let (_, until) = first.sale_id_bounds(workspace)?;
            let (up, down) =
                (&mut |_: &SaleScan<'_>| Err(StoreError::broken("up")), &mut |_: &SaleScan<'_>| Err(StoreError::broken("down")));
            scan_from_both((first, second), workspace, until, (up, down))
        });
        assert!(read.await.is_err());
    }
}
