//! Queues per workspace, and writers that take turns on them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{BATCH_MAX, Job, Priority};
use crate::error::{Fault, StoreError};

/// Commands that may wait in one workspace. Beyond, callers are told to come back (`commissions.md` behaviour 18).
const WAITING_MAX: usize = 20_000;

/// Bulk commands in one transaction at most, where nobody else waits. Two share the pages that they write.
const BULK_ALONE_MAX: usize = 2;

#[derive(Default)]
struct Queue {
    interactive: VecDeque<Job>,
    bulk: VecDeque<Job>,
    /// A writer is at work on this workspace, or it stands in `ready`.
    is_taken: bool,
}

#[derive(Default)]
struct Inner {
    queues: HashMap<i64, Queue>,
    ready: VecDeque<i64>,
    is_closed: bool,
    /// Why nothing is taken any more, and nothing will be.
    refusal: Option<&'static str>,
}

/// Hands workspaces with waiting commands to writers, each to one writer at a time.
#[derive(Default)]
pub(crate) struct Dispatcher {
    inner: Mutex<Inner>,
    wake: Condvar,
}

impl Dispatcher {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A writer that panicked leaves the queues whole: they are changed in single steps.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job, or says why not: too many wait, or the store is closing. Nothing of it was done then.
    pub(crate) fn submit(&self, workspace: i64, job: Job) -> Result<(), StoreError> {
        let overloaded = |detail: &str| Err(StoreError { fault: Fault::Overloaded, statement: None, detail: detail.into() });
        let mut inner = self.lock();
        if let Some(refusal) = inner.refusal {
            return Err(StoreError::broken(refusal));
        }
        if inner.is_closed {
            return overloaded("the store is closing");
        }
        let queue = inner.queues.entry(workspace).or_default();
        if queue.interactive.len() + queue.bulk.len() >= WAITING_MAX {
            return overloaded("too many commands wait");
        }
        match job.submission.priority {
            Priority::Interactive => queue.interactive.push_back(job),
            Priority::Bulk => queue.bulk.push_back(job),
        }
        if !std::mem::replace(&mut queue.is_taken, true) {
            inner.ready.push_back(workspace);
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Waits for a workspace with commands and takes a batch of them. `None` when the store closes and all is done.
    pub(crate) fn take(&self) -> Option<(i64, Vec<Job>)> {
        let mut inner = self.lock();
        loop {
            if let Some(workspace) = inner.ready.pop_front() {
                let queue = inner.queues.entry(workspace).or_default();
                let mut jobs = Vec::with_capacity(queue.interactive.len().min(BATCH_MAX));
                while jobs.len() < BATCH_MAX
                    && let Some(job) = queue.interactive.pop_front()
                {
                    jobs.push(job);
                }
                // Bulk commands are large themselves: one at a time keeps interactive callers quick.
                let bulk = if jobs.is_empty() { BULK_ALONE_MAX } else { 1 };
                jobs.extend(queue.bulk.drain(..bulk.min(queue.bulk.len())));
                if jobs.is_empty() {
                    // They were refused while they waited.
                    inner.queues.remove(&workspace);
                    continue;
                }
                return Some((workspace, jobs));
            }
            if inner.is_closed {
                return None;
            }
            inner = self.wake.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The writer is done with the workspace; others may take it.
    pub(crate) fn give_back(&self, workspace: i64) {
        let mut inner = self.lock();
        let Some(queue) = inner.queues.get_mut(&workspace) else { return };
        if queue.interactive.is_empty() && queue.bulk.is_empty() {
            inner.queues.remove(&workspace);
        } else {
            inner.ready.push_back(workspace);
            self.wake.notify_one();
        }
    }

    /// Takes no command any more, for this reason, and answers those that wait: nothing of them was done.
    pub(crate) fn refuse(&self, refusal: &'static str) {
        let mut inner = self.lock();
        inner.refusal = Some(refusal);
        let waiting: Vec<Job> =
            inner.queues.values_mut().flat_map(|queue| queue.interactive.drain(..).chain(queue.bulk.drain(..))).collect();
        drop(inner);
        for job in waiting {
            // A caller that went away does not need its answer.
            let _ = job.answer.send(Err(StoreError::broken(refusal)));
        }
    }

    /// Lets writers finish what waits and end.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_all();
    }
}
