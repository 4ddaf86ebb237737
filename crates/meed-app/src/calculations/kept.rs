//! Calculations that stay in memory between two questions, so that a changed sale costs its own cells and not a reading of
//! the whole period.
//!
//! A calculation is kept as of an audit number. The next question asks the store which sales changed since, reads those,
//! and folds their cells again; where that is not known (another process wrote, or too much happened) everything is read.
//! Questions about one program and period wait for each other: the second finds what the first made. Nothing here is
//! needed for a right answer: it may be dropped at any time.
//!
//! About 200 bytes are kept for a sale that is shared by two and passed up two levels. They may take a quarter of the
//! machine's memory together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use meed_core::crediting::{Calculation, Kept, Past};
use meed_core::id::Id;
use meed_core::period::Period;
use tokio::sync::OwnedMutexGuard;

use super::Binding;
use crate::Configuration;

/// Bytes of memory that kept calculations may take together at least.
const BYTES_MIN: usize = 256 << 20;

/// The part of the memory that they may take.
const MEMORY_PART: usize = 4;

/// How long one is kept without being asked for, in microseconds.
const IDLE_US: i64 = 15 * 60 * 1_000_000;

/// A calculation as it is kept.
pub(super) struct Held {
    /// Plans, people and settings: others make it another calculation.
    config: Arc<Configuration>,
    pub(super) kept: Kept,
    /// As of which it stands.
    pub(super) audit_number: i64,
    /// What earlier periods had left then, where it was read from what is stored.
    pub(super) past: Option<Arc<Past>>,
}

/// The turn of whoever asks about a program and period, with what was kept of it.
type Turn = Arc<tokio::sync::Mutex<Option<Held>>>;

struct Place {
    workspace: Id,
    program: Id,
    period: Period,
    turn: Turn,
    /// What it takes; above the limit it is not kept.
    bytes: usize,
    used_us: i64,
}

/// How often calculations were made, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CalculationCounts {
    /// By reading all sales of a period.
    pub read: u64,
    /// From a kept one and the sales that changed.
    pub resumed: u64,
}

/// The kept calculations of a server. Empty, and staying so, where nobody asks twice.
#[derive(Default)]
pub(crate) struct KeptCalculations {
    /// Bytes that they may take together; none while nothing is kept.
    bytes_max: AtomicUsize,
    places: Mutex<Vec<Place>>,
    read: AtomicU64,
    resumed: AtomicU64,
}

/// The turn at a kept calculation, held while its question is answered.
pub(super) struct Asking {
    cache: Arc<KeptCalculations>,
    config: Arc<Configuration>,
    program: Id,
    turn: Turn,
    held: OwnedMutexGuard<Option<Held>>,
}

impl KeptCalculations {
    /// From now on calculations are kept: this process answers questions until it ends.
    pub(crate) fn begin(&self) {
        self.bytes_max.store((memory().unwrap_or(0) / MEMORY_PART).max(BYTES_MIN), Ordering::Relaxed);
    }

    fn bytes_max(&self) -> usize {
        self.bytes_max.load(Ordering::Relaxed)
    }

    /// How often calculations were made, and how.
    pub(crate) fn counts(&self) -> CalculationCounts {
        CalculationCounts { read: self.read.load(Ordering::Relaxed), resumed: self.resumed.load(Ordering::Relaxed) }
    }

    pub(super) fn count_read(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn at the calculation of a stored program and period. `None` where it is not one that is kept.
    pub(super) async fn ask(
        self: &Arc<Self>,
        workspace: Id,
        binding: &Binding,
        config: &Arc<Configuration>,
        period: &Period,
        now_us: i64,
    ) -> Option<Asking> {
        let program = binding.applied(config).filter(|_| self.bytes_max() > 0)?;
        let turn = self.turn((workspace, program, period), now_us)?;
        let held = Arc::clone(&turn).lock_owned().await;
        Some(Asking { cache: Arc::clone(self), config: Arc::clone(config), program, turn, held })
    }

    fn turn(&self, (workspace, program, period): (Id, Id, &Period), now_us: i64) -> Option<Turn> {
        let mut places = self.lock();
        let is_it = |place: &&mut Place| (place.workspace, place.program) == (workspace, program) && place.period == *period;
        if let Some(place) = places.iter_mut().find(is_it) {
            place.used_us = now_us;
            return (place.bytes <= self.bytes_max()).then(|| Arc::clone(&place.turn));
        }
        let turn = Turn::default();
        places.push(Place { workspace, program, period: period.clone(), turn: Arc::clone(&turn), bytes: 0, used_us: now_us });
        Some(turn)
    }

    /// Notes what a calculation takes, and lets go of those that were not asked for longest where it is too much together.
    fn weigh(&self, turn: &Turn, bytes: usize) {
        let bytes_max = self.bytes_max();
        let mut places = self.lock();
        if let Some(place) = places.iter_mut().find(|place| Arc::ptr_eq(&place.turn, turn)) {
            place.bytes = bytes;
        }
        places.sort_by_key(|place| place.used_us);
        let mut sum: usize = places.iter().map(|place| place.bytes).filter(|bytes| *bytes <= bytes_max).sum();
        places.retain(|place| {
            let stays = sum <= bytes_max || place.bytes > bytes_max || Arc::ptr_eq(&place.turn, turn);
            if !stays {
                sum -= place.bytes;
            }
            stays
        });
    }

    /// Lets go of what nobody has asked for lately.
    pub(crate) fn drop_idle(&self, now_us: i64) {
        self.lock().retain(|place| now_us - place.used_us < IDLE_US);
    }
}

/// Bytes of memory of this machine, or of the container that this runs in where that has less.
fn memory() -> Option<usize> {
    let all = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib = all.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<usize>().ok())?;
    let own = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse::<usize>().ok());
    Some(kib.saturating_mul(1024).min(own.unwrap_or(usize::MAX)))
}

impl Asking {
    /// Takes what is kept, where it was made with the same plan and people.
    pub(super) fn take(&mut self) -> Option<Held> {
        let held = self.held.take()?;
        if Arc::ptr_eq(&held.config, &self.config) {
            return Some(held);
        }
        // Which other plans a draw looks at may have changed.
        held.config.calculates_like(&self.config, self.program).then_some(Held { past: None, ..held })
    }

    /// Keeps a calculation that was taken up again.
    pub(super) fn keep_resumed(self, calculation: Calculation<'_>, audit_number: i64, past: Option<Arc<Past>>) {
        self.cache.resumed.fetch_add(1, Ordering::Relaxed);
        self.keep(calculation, audit_number, past);
    }

    /// Keeps a calculation.
    pub(super) fn keep(mut self, calculation: Calculation<'_>, audit_number: i64, past: Option<Arc<Past>>) {
        let Some(kept) = calculation.keep() else { return };
        let bytes = kept.bytes();
        if bytes <= self.cache.bytes_max() {
            *self.held = Some(Held { config: Arc::clone(&self.config), kept, audit_number, past });
        }
        self.cache.weigh(&self.turn, bytes);
    }
}
