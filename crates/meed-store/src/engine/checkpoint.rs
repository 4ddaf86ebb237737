//! Moving SQLite's write-ahead log into the database, beside the writer.
//!
//! A writer that moves a whole log stands still for it, and so do all who wait for the next batch. Here another connection
//! moves what is there while batches go on, then the less that came in the meantime, and the writer moves the short rest:
//! a log is begun anew only where nothing of it is left.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::ErrorCode;
use rusqlite::hooks::Wal;

use super::Role;
use super::sqlite::{SqliteOptions, SqliteSession};

/// When a log is moved, in pages.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// It is worth moving.
    worth: c_int,
    /// The writer moves this much at once rather than have it moved.
    rest: i64,
    /// The writer moves a log of this length whatever the other thread does.
    too_long: c_int,
}

/// Pages that change often are moved once for many commits: 12,000 against 4,000 gave a sixth more bulk sales.
pub(super) const LIMITS: Limits = Limits { worth: 12_000, rest: 800, too_long: 40_000 };

/// Passes over a log, each over what came during the one before.
const PASSES_MAX: usize = 5;

/// What a writer does about its log after each commit.
pub(super) struct Checkpoints {
    options: SqliteOptions,
    limits: Limits,
    mover: Option<Mover>,
}

struct Mover {
    /// Dropped to let the thread end.
    ask: Option<SyncSender<()>>,
    is_rest_left: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn new(options: &SqliteOptions, limits: Limits) -> Self {
        Self { options: options.clone(), limits, mover: None }
    }

    /// To be called with the number of pages in the log. A failure leaves the log as it is, for the next commit to try again.
    pub(super) fn after_commit(&mut self, log: &mut Wal, pages: c_int) {
        if pages < self.limits.worth {
            return;
        }
        let (options, rest) = (&self.options, self.limits.rest);
        let is_asked = self.mover.get_or_insert_with(|| Mover::start(options.clone(), rest)).ask();
        if is_asked && pages < self.limits.too_long {
            return;
        }
        // The other thread may be at it still; then the next commit sees how far it came.
        if let Err(error) = log.checkpoint()
            && error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy)
            && error.sqlite_error_code() != Some(ErrorCode::DatabaseLocked)
        {
            tracing::warn!(%error, "the write-ahead log could not be moved into the database");
        }
    }
}

impl Mover {
    fn start(options: SqliteOptions, rest: i64) -> Self {
        // One request may wait while another is worked on.
        let (ask, asked) = sync_channel(1);
        let is_rest_left = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_rest_left);
        let thread = std::thread::Builder::new().name("checkpoint".into()).spawn(move || run(&options, rest, &asked, &done));
        Self { ask: Some(ask), is_rest_left, thread: thread.ok() }
    }

    /// Whether the log is in its hands; if not, it is the writer's turn.
    fn ask(&self) -> bool {
        if self.is_rest_left.swap(false, Ordering::AcqRel) {
            return false;
        }
        // A thread that is busy need not be asked again.
        self.ask.as_ref().is_some_and(|ask| !matches!(ask.try_send(()), Err(TrySendError::Disconnected(()))))
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.ask = None;
        // The thread must not outlive the process's clean-up of OpenSSL.
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that moves the write-ahead log ended by a panic");
        }
    }
}

fn run(options: &SqliteOptions, rest: i64, asked: &Receiver<()>, is_rest_left: &AtomicBool) {
    let mut session = match SqliteSession::open(options, Role::Reader) {
        Ok(session) => session,
        Err(error) => {
            // The writer sees that nobody listens, and moves the log itself.
            tracing::warn!(%error, "no connection for moving the write-ahead log");
            return;
        }
    };
    while asked.recv().is_ok() {
        let mut moved = 0;
        for _ in 0..PASSES_MAX {
            let (log, now_moved) = match session.move_log() {
                Ok(counts) => counts,
                Err(error) => {
                    tracing::warn!(%error, "the write-ahead log could not be moved into the database");
                    break;
                }
            };
            let came = log - moved;
            moved = now_moved;
            if came < rest {
                break;
            }
        }
        is_rest_left.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI32;

    use rusqlite::Connection;

    use super::*;

    /// Far more than a thread needs to get its turn.
    const COMMITS_MAX: u32 = 50_000;

    /// Commits of some five pages each until the log has begun anew three times: how long it was at most, in pages. `None`: it
    /// only grew.
    fn longest_log(limits: Limits, path_for_the_mover: &str) -> Option<c_int> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writer = Connection::open(folder.path().join("log.db")).expect("opened");
        writer.execute_batch("pragma journal_mode = wal; create table page (id integer primary key, body blob)").expect("made");
        let options = SqliteOptions { path: folder.path().join(path_for_the_mover), key: None };
        let mut checkpoints = Checkpoints::new(&options, limits);
        let length = Arc::new(AtomicI32::new(0));
        let told = Arc::clone(&length);
        let hook = move |log: &mut Wal, pages| {
            told.store(pages, Ordering::Relaxed);
            checkpoints.after_commit(log, pages);
            Ok(())
        };
        writer.wal_hook(Some(hook)).expect("hooked");
        let (mut before, mut longest, mut begun) = (0, 0, 0);
        for id in 0..COMMITS_MAX {
            // The same rows over and over: the database stays small however long it takes.
            writer.execute("insert or replace into page values (?1, zeroblob(12000))", [id % 40]).expect("written");
            let pages = length.load(Ordering::Relaxed);
            longest = longest.max(pages);
            begun += u32::from(pages < before);
            before = pages;
            if begun == 3 {
                let kept: u32 = writer.query_row("select count(*) from page", [], |row| row.get(0)).expect("read");
                assert_eq!(kept, id.min(39) + 1);
                return Some(longest);
            }
        }
        None
    }

    #[test]
    fn a_log_that_another_thread_moves_begins_anew() {
        assert!(longest_log(Limits { worth: 40, rest: 20, too_long: c_int::MAX }, "log.db").is_some_and(|pages| pages >= 40));
    }

    #[test]
    fn the_writer_moves_a_log_that_nobody_else_can() {
        assert!(longest_log(Limits { worth: 40, rest: 20, too_long: c_int::MAX }, "not-there/log.db").is_some_and(|pages| pages >= 40));
    }

    #[test]
    fn a_log_that_is_too_long_is_moved_by_the_writer() {
        let pages = longest_log(Limits { worth: 40, rest: -1, too_long: 100 }, "log.db");
        assert!(pages.is_some_and(|pages| pages >= 40), "{pages:?}");
    }
}
