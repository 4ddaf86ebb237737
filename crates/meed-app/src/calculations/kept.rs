//! Calculations that stay in memory between two questions, so that a changed sale costs its own cells and not a reading of
//! the whole period.
//!
//! A calculation is kept as of an audit number. The next question asks the store which sales changed since, reads those,
//! and folds their cells again; where that is not known (another process wrote, or too much happened) everything is read.
//! Nothing here is needed for a right answer: it may be dropped at any time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use meed_core::crediting::{Calculation, Kept};
use meed_core::id::Id;
use meed_core::period::Period;

use super::Binding;
use crate::Configuration;

/// Bytes of memory that kept calculations may take together.
const BYTES_MAX: usize = 256 << 20;

/// How long one is kept without being asked for, in microseconds.
const IDLE_US: i64 = 15 * 60 * 1_000_000;

/// What a kept calculation is of.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) workspace: Id,
    pub(super) program: Id,
    pub(super) period: Period,
    /// Plans, people and settings: others make it another calculation.
    pub(super) config: Arc<Configuration>,
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        self.is_place(other) && Arc::ptr_eq(&self.config, &other.config)
    }

    fn is_place(&self, other: &Self) -> bool {
        (self.workspace, self.program) == (other.workspace, other.program) && self.period == other.period
    }
}

struct Slot {
    key: Key,
    kept: Kept,
    bytes: usize,
    audit_number: i64,
    used_us: i64,
}

/// The kept calculations of a server. Empty, and staying so, where nobody asks twice.
#[derive(Default)]
pub(crate) struct KeptCalculations {
    is_on: AtomicBool,
    slots: Mutex<Vec<Slot>>,
}

impl KeptCalculations {
    /// From now on calculations are kept: this process answers questions until it ends.
    pub(crate) fn begin(&self) {
        self.is_on.store(true, Ordering::Relaxed);
    }

    /// The key under which a calculation may be kept: that of a stored program, which reads no original columns.
    pub(super) fn key(&self, workspace: Id, binding: &Binding, config: &Arc<Configuration>, period: &Period) -> Option<Key> {
        let program = binding.applied(config)?;
        let may_keep = self.is_on.load(Ordering::Relaxed) && !binding.uses_originals() && !binding.compares_periods();
        may_keep.then(|| Key { workspace, program, period: period.clone(), config: Arc::clone(config) })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a calculation out, with the audit number that it is as of. Whoever asks meanwhile makes their own.
    pub(super) fn take(&self, key: &Key) -> Option<(Kept, i64)> {
        let mut slots = self.lock();
        let place = slots.iter().position(|slot| slot.key.is(key))?;
        let slot = slots.swap_remove(place);
        Some((slot.kept, slot.audit_number))
    }

    /// Puts a calculation in the place of any other of its program and period.
    pub(super) fn keep(&self, key: Option<Key>, calculation: Calculation<'_>, audit_number: i64, now_us: i64) {
        let Some(key) = key else { return };
        let Some(kept) = calculation.keep() else { return };
        let bytes = kept.bytes();
        if bytes > BYTES_MAX {
            return;
        }
        let mut slots = self.lock();
        let is_newer = |slot: &Slot| slot.key.is(&key) && slot.audit_number > audit_number;
        if slots.iter().any(is_newer) {
            return;
        }
        slots.retain(|slot| !slot.key.is_place(&key) && now_us - slot.used_us < IDLE_US);
        slots.push(Slot { key, kept, bytes, audit_number, used_us: now_us });
        slots.sort_by_key(|slot| slot.used_us);
        while slots.iter().map(|slot| slot.bytes).sum::<usize>() > BYTES_MAX {
            slots.remove(0);
        }
    }

    /// Lets go of what nobody has asked for lately.
    pub(crate) fn drop_idle(&self, now_us: i64) {
        self.lock().retain(|slot| now_us - slot.used_us < IDLE_US);
    }
}
