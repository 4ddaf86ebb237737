//! The one write path: `lock → load → decide → write → commit → save`, for one workspace at a time.
//!
//! Commands wait in a queue per workspace. A writer takes a workspace, drains up to [`BATCH_MAX`] of its commands
//! (interactive before bulk), and runs them as one transaction: the workspace row is locked, everything the commands
//! need is loaded set by set, each is decided in order by pure code, all results are written set by set, and one commit
//! ends it. Its callers are answered when that is on disk; meanwhile the writer is at the next batch. Nobody lingers: with
//! one caller a batch holds one command. Statements per batch are constant in the number of commands; SQLite runs a set
//! row by row and inserts by sixteen rows, PostgreSQL as arrays.
//!
//! A transaction that fails for a passing reason is repeated from the lock, at most [`ATTEMPTS_MAX`] times. Repeating is
//! safe because nothing of it was committed. When the outcome of a commit is unknown, the next attempt takes the lock,
//! behind which the doubtful transaction has ended, and looks for the batch's own audit line: if it is there, the batch
//! stands and its answers are given; if not, it is run again. Only a database that stays away leaves callers in doubt.

mod dispatch;
mod guesses;
pub(crate) mod load;
pub(crate) mod load_till;
mod load_wallets;
mod run;
mod save;
mod write;
mod write_till;

pub(crate) use dispatch::Dispatcher;
pub(crate) use guesses::Guesses;
pub(crate) use run::{SET_BACK, Writer, run_writer};
pub(crate) use save::Saver;

use meed_core::command::{Actor, Command, Identity, Refused, Reply};
use meed_core::id::Id;
use tokio::sync::oneshot;

use crate::error::StoreError;

/// Commands in one transaction at most.
pub(crate) const BATCH_MAX: usize = 512;

/// How often a transaction is tried.
pub(crate) const ATTEMPTS_MAX: u32 = 6;

/// Whether a caller waits for each answer, or works through a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A person or a till waits.
    Interactive,
    /// A file, a recalculation.
    Bulk,
}

/// A command on its way into a batch.
pub struct Submission {
    /// Who acts.
    pub actor: Actor,
    /// The API key that the actor showed; it must still be valid when the batch runs.
    pub key: Option<Id>,
    /// What the audit line says it was about.
    pub subject: String,
    /// The command.
    pub command: Box<dyn Command>,
    /// Its external identity, if it carries one.
    pub identity: Option<Identity>,
    /// Its place in the queue.
    pub priority: Priority,
}

/// The answer to a submission.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Decided now.
    Decided(Result<Reply, Refused>),
    /// The first answer to the same command, as it was rendered then.
    Replayed(String),
}

pub(crate) struct Job {
    pub(crate) submission: Submission,
    pub(crate) answer: oneshot::Sender<Result<Answer, StoreError>>,
}
