//! A queue of work that is done together: whoever waits when a round begins is part of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Readers;

struct Waiting<J> {
    jobs: VecDeque<J>,
    /// Tasks at work on the queue.
    tasks: usize,
}

/// Jobs of one kind.
pub(super) struct Joined<J> {
    waiting: Mutex<Waiting<J>>,
    tasks_max: usize,
    jobs_max: usize,
}

impl<J: Send + 'static> Joined<J> {
    /// At most `tasks_max` rounds at once, of at most `jobs_max` jobs.
    pub(super) fn new(tasks_max: usize, jobs_max: usize) -> Self {
        Self { waiting: Mutex::new(Waiting { jobs: VecDeque::new(), tasks: 0 }), tasks_max, jobs_max }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<J>> {
        // The queue is changed in single steps: whoever panicked left it whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a task must be started for the new job.
    fn add(&self, job: J) -> bool {
        let mut waiting = self.lock();
        waiting.jobs.push_back(job);
        let is_free = waiting.tasks < self.tasks_max;
        waiting.tasks += usize::from(is_free);
        is_free
    }

    /// The jobs of the next round. None: the task ends, and the next job starts another.
    fn take(&self) -> Vec<J> {
        let mut waiting = self.lock();
        let count = waiting.jobs.len().min(self.jobs_max);
        waiting.tasks -= usize::from(count == 0);
        waiting.jobs.drain(..count).collect()
    }
}

impl Readers {
    /// Hands a job to the next round of its queue. `work` answers the jobs; a panic drops them, which their callers see.
    pub(super) fn join<J: Send + 'static>(self: &Arc<Self>, queue: fn(&Self) -> &Joined<J>, job: J, work: fn(&Self, Vec<J>)) {
        if !queue(self).add(job) {
            return;
        }
        let readers = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let turn = readers.turn().await;
                let at_work = Arc::clone(&readers);
                let rounds = tokio::task::spawn_blocking(move || {
                    let _turn = turn;
                    at_work.rounds(queue, work)
                });
                match rounds.await {
                    Ok(false) => return,
                    Ok(true) => {}
                    // The server ends, and with it who waits.
                    Err(error) if error.is_cancelled() => return,
                    Err(error) => tracing::error!(%error, "a round of reads ended early"),
                }
            }
        });
    }

    /// Round after round on one thread, which costs each job less than a thread for every round. False: nobody waits any more.
    /// True: others may wait for the turn.
    fn rounds<J: Send + 'static>(&self, queue: fn(&Self) -> &Joined<J>, work: fn(&Self, Vec<J>)) -> bool {
        loop {
            let jobs = queue(self).take();
            if jobs.is_empty() {
                return false;
            }
            work(self, jobs);
            if self.turns.available_permits() == 0 {
                return true;
            }
        }
    }
}
