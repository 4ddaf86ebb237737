//! Which sales the batches of this process changed lately, so that what was calculated from sales can be brought up to
//! date without reading them all.
//!
//! A workspace's entries follow each other by audit number without a gap. What another process wrote makes a gap, and the
//! log begins anew after it: whoever asks across a gap is told to read everything.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use meed_core::id::Id;

/// Ids that are remembered for a workspace.
const IDS_MAX: usize = 50_000;

#[derive(Default)]
struct Log {
    /// The audit number after which the log begins.
    start: i64,
    /// The audit number up to which it knows everything.
    end: i64,
    /// By batch: its last audit number, and the sales it changed.
    batches: VecDeque<(i64, Vec<Id>)>,
    ids: usize,
}

/// The changed sales of all workspaces.
#[derive(Default)]
pub(crate) struct ChangeLog(Mutex<HashMap<i64, Log>>);

impl ChangeLog {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Log>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a committed batch, whose audit lines follow `before` and end with `after`.
    pub(crate) fn note(&self, workspace: i64, (before, after): (i64, i64), sales: Vec<Id>) {
        let mut logs = self.lock();
        let log = logs.entry(workspace).or_default();
        if log.end != before {
            *log = Log { start: before, end: before, ..Log::default() };
        }
        log.end = after;
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

    /// The sales that changed after the audit number `after`, up to and with `until`; each once. `None` where that is not
    /// known.
    pub(crate) fn between(&self, workspace: i64, after: i64, until: i64) -> Option<Vec<Id>> {
        if after == until {
            return Some(Vec::new());
        }
        let logs = self.lock();
        let log = logs.get(&workspace)?;
        if after < log.start || until > log.end || after > until {
            return None;
        }
        let first = log.batches.partition_point(|(number, _)| *number <= after);
        let batches = log.batches.range(first..).take_while(|(number, _)| *number <= until);
        let mut ids: Vec<Id> = batches.flat_map(|(_, sales)| sales.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: i64, count: i64) -> Vec<Id> {
        (from..from + count).map(Id).collect()
    }

    #[test]
    fn what_is_asked_is_answered_exactly_or_not_at_all() {
        let log = ChangeLog::default();
        assert_eq!(log.between(1, 5, 5), Some(Vec::new()), "nothing happened");
        assert_eq!(log.between(1, 5, 6), None, "nothing is known");
        log.note(1, (5, 7), ids(10, 2));
        log.note(1, (7, 8), Vec::new());
        log.note(1, (8, 9), ids(11, 2));
        assert_eq!(log.between(1, 5, 9), Some(ids(10, 3)));
        assert_eq!(log.between(1, 7, 9), Some(ids(11, 2)));
        assert_eq!(log.between(1, 5, 8), Some(ids(10, 2)));
        assert_eq!(log.between(1, 4, 9), None, "it began later");
        assert_eq!(log.between(1, 5, 10), None, "somebody else has written");
        assert_eq!(log.between(2, 5, 9), None, "another workspace");
    }

    #[test]
    fn a_gap_and_too_many_make_it_begin_anew() {
        let log = ChangeLog::default();
        log.note(1, (5, 6), ids(1, 1));
        log.note(1, (8, 9), ids(2, 1));
        assert_eq!(log.between(1, 5, 9), None);
        assert_eq!(log.between(1, 8, 9), Some(ids(2, 1)));
        log.note(1, (9, 10), ids(100, 60_000));
        assert_eq!(log.between(1, 8, 10), None);
        assert_eq!(log.between(1, 10, 10), Some(Vec::new()));
    }
}
