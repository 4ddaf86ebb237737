//! Which sales the batches of this process changed lately, so that what was calculated from sales can be brought up to
//! date without reading them all.
//!
//! A workspace's entries follow each other by audit number without a gap. What another process wrote makes a gap, and the
//! log begins anew after it: whoever asks across a gap is told to read everything.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use meed_core::id::Id;

/// Ids that are remembered for a workspace.
const IDS_MAX: usize = 50_000;

/// How long it is waited for a batch that is committed and not noted yet. Longer, and another process wrote it.
const NOTED_WITHIN: Duration = Duration::from_millis(20);

#[derive(Default)]
struct Log {
    /// The audit number after which the log begins.
    start: i64,
    /// The audit number up to which it knows everything.
    end: i64,
    /// By batch: its last audit number, and the sales it changed.
    batches: VecDeque<(i64, Vec<Id>)>,
    ids: usize,
    /// The audit number of the last batch that changed rewards or adjustments.
    settled: i64,
    /// Audit numbers up to this one may have meant other batches, which are gone.
    void: i64,
}

/// The changed sales of all workspaces.
pub(crate) struct ChangeLog {
    logs: Mutex<HashMap<i64, Log>>,
    noted: Condvar,
    /// How often something was forgotten.
    forgotten: AtomicU64,
    patience: Duration,
}

impl Default for ChangeLog {
    fn default() -> Self {
        Self { logs: Mutex::default(), noted: Condvar::new(), forgotten: AtomicU64::new(0), patience: NOTED_WITHIN }
    }
}

/// What a batch changed that calculations are made from.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) sales: Vec<Id>,
    /// Rewards or adjustments: what later periods look back on.
    pub(crate) is_settled: bool,
}

impl ChangeLog {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a committed batch, whose audit lines follow `before` and end with `after`.
    pub(crate) fn note(&self, workspace: i64, span: (i64, i64), changes: Changes) {
        self.add(workspace, span, changes);
        self.noted.notify_all();
    }

    fn add(&self, workspace: i64, (before, after): (i64, i64), Changes { sales, is_settled }: Changes) {
        let mut logs = self.lock();
        let log = logs.entry(workspace).or_default();
        if log.end != before {
            *log = Log { start: before, end: before, void: log.void, ..Log::default() };
        }
        log.end = after;
        if is_settled {
            log.settled = after;
        }
        if sales.is_empty() {
            return;
        }
        log.ids += sales.len();
        log.batches.push_back((after, sales));
        while log.ids > IDS_MAX {
            let Some((number, sales)) = log.batches.pop_front() else { break };
            log.start = number;
            log.ids -= sales.len();
        }
    }

    /// Forgets what batches changed: the database may have lost the last of them, and others take their audit numbers.
    pub(crate) fn forget(&self, workspace: i64) {
        let mut logs = self.lock();
        let log = logs.entry(workspace).or_default();
        *log = Log { void: log.void.max(log.end), ..Log::default() };
        self.forgotten.fetch_add(1, Ordering::Release);
    }

    /// Rises whenever batches may have been lost: what was kept of a database before says nothing then.
    pub(crate) fn generation(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    /// The sales that changed after the audit number `after`, up to and with `until`; each once. `None` where that is not
    /// known.
    pub(crate) fn between(&self, workspace: i64, after: i64, until: i64) -> Option<Vec<Id>> {
        if after == until {
            return (!self.is_void(workspace, after)).then(Vec::new);
        }
        // A reader may see a batch in the moment before its writer notes it.
        let is_behind = |logs: &mut HashMap<i64, Log>| logs.get(&workspace).is_some_and(|log| log.start <= after && log.end < until);
        let (logs, _) = self.noted.wait_timeout_while(self.lock(), self.patience, is_behind).unwrap_or_else(PoisonError::into_inner);
        let log = logs.get(&workspace)?;
        if after < log.start || after <= log.void || until > log.end || after > until {
            return None;
        }
        let first = log.batches.partition_point(|(number, _)| *number <= after);
        let batches = log.batches.range(first..).take_while(|(number, _)| *number <= until);
        let mut ids: Vec<Id> = batches.flat_map(|(_, sales)| sales.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    /// Whether rewards and adjustments are known to be the same after one audit number and another.
    pub(crate) fn is_settled_alike(&self, workspace: i64, after: i64, until: i64) -> bool {
        let known = |log: &Log| log.start <= after && log.void < after && until <= log.end && log.settled <= after;
        if after == until { !self.is_void(workspace, after) } else { self.lock().get(&workspace).is_some_and(known) }
    }

    fn is_void(&self, workspace: i64, number: i64) -> bool {
        self.lock().get(&workspace).is_some_and(|log| number <= log.void)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: i64, count: i64) -> Vec<Id> {
        (from..from + count).map(Id).collect()
    }

    fn sales(from: i64, count: i64) -> Changes {
        Changes { sales: ids(from, count), is_settled: false }
    }

    #[test]
    fn what_is_asked_is_answered_exactly_or_not_at_all() {
        let log = ChangeLog::default();
        assert_eq!(log.between(1, 5, 5), Some(Vec::new()), "nothing happened");
        assert_eq!(log.between(1, 5, 6), None, "nothing is known");
        log.note(1, (5, 7), sales(10, 2));
        log.note(1, (7, 8), Changes::default());
        log.note(1, (8, 9), sales(11, 2));
        assert_eq!(log.between(1, 5, 9), Some(ids(10, 3)));
        assert_eq!(log.between(1, 7, 9), Some(ids(11, 2)));
        assert_eq!(log.between(1, 5, 8), Some(ids(10, 2)));
        assert_eq!(log.between(1, 4, 9), None, "it began later");
        assert_eq!(log.between(1, 5, 10), None, "somebody else has written");
        assert_eq!(log.between(2, 5, 9), None, "another workspace");
    }

    #[test]
    fn rewards_are_the_same_until_a_batch_changed_some() {
        let log = ChangeLog::default();
        assert!(log.is_settled_alike(1, 5, 5), "nothing happened");
        assert!(!log.is_settled_alike(1, 5, 6), "nothing is known");
        log.note(1, (5, 6), sales(1, 1));
        log.note(1, (6, 7), Changes { sales: Vec::new(), is_settled: true });
        log.note(1, (7, 8), sales(2, 1));
        assert!(!log.is_settled_alike(1, 5, 8));
        assert!(!log.is_settled_alike(1, 6, 8));
        assert!(log.is_settled_alike(1, 7, 8));
        assert!(!log.is_settled_alike(1, 7, 9), "somebody else has written");
    }

    #[test]
    fn a_batch_that_is_committed_and_not_noted_yet_is_waited_for() {
        let log = ChangeLog { patience: Duration::from_secs(600), ..ChangeLog::default() };
        log.note(1, (5, 6), sales(1, 1));
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| log.between(1, 5, 7));
            log.note(1, (6, 7), sales(2, 1));
            assert_eq!(asked.join().expect("no panic"), Some(ids(1, 2)));
        });
    }

    #[test]
    fn numbers_of_lost_batches_say_nothing() {
        let log = ChangeLog::default();
        log.note(1, (5, 8), sales(1, 1));
        log.forget(1);
        assert_eq!(log.between(1, 8, 8), None, "another batch may have this number now");
        assert!(!log.is_settled_alike(1, 8, 8));
        log.note(1, (6, 8), sales(2, 1));
        log.note(1, (8, 9), sales(3, 1));
        assert_eq!(log.between(1, 7, 9), None);
        assert_eq!(log.between(1, 8, 9), None);
        assert!(!log.is_settled_alike(1, 8, 9));
        log.note(1, (9, 10), sales(4, 1));
        assert_eq!(log.between(1, 9, 10), Some(ids(4, 1)));
        assert_eq!(log.between(2, 8, 8), Some(Vec::new()), "another workspace");
    }

    #[test]
    fn a_gap_and_too_many_make_it_begin_anew() {
        let log = ChangeLog::default();
        log.note(1, (5, 6), sales(1, 1));
        log.note(1, (8, 9), sales(2, 1));
        assert_eq!(log.between(1, 5, 9), None);
        assert_eq!(log.between(1, 8, 9), Some(ids(2, 1)));
        log.note(1, (9, 10), sales(100, 60_000));
        assert_eq!(log.between(1, 8, 10), None);
        assert_eq!(log.between(1, 10, 10), Some(Vec::new()));
    }
}
