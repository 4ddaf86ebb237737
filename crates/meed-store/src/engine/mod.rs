//! The thin driver: one session type over two engines, synchronous on purpose.
//!
//! A session belongs to one thread at a time. Batches and queries run on threads that may block, so one body of code
//! serves both engines; the PostgreSQL session waits for its runtime inside.

mod checkpoint;
mod postgres;
mod sqlite;
mod tls;
mod together;

pub use postgres::PostgresOptions;
pub(crate) use postgres::PostgresSession;
pub use sqlite::SqliteOptions;
pub(crate) use sqlite::{SqliteSession, lock_data_file};

use crate::error::StoreError;
use crate::statement::Statement;
use crate::value::{RowView, Value};

/// Called for each row of an answer.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&dyn RowView) -> Result<(), StoreError>;

/// A query that travels with others.
pub(crate) enum Question {
    /// With its parameters in order.
    One(&'static Statement, Vec<Value>),
    /// For a set of keys within one workspace.
    Set(&'static Statement, Vec<Vec<Value>>),
}

/// Which engine a session speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum EngineKind {
    Sqlite,
    Postgres,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Writes batches. Its commits are on disk when a saver has flushed after them.
    Writer,
    /// Flushes what writers have committed.
    Saver,
    /// Reads only.
    Reader,
    /// Writes with commits that are on disk when they end.
    Migrator,
}

/// One connection.
pub(crate) trait Session: Send {
    /// Starts a transaction that will write. On SQLite this waits for the writer's turn.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Starts a transaction that only reads, on one snapshot.
    fn begin_read(&mut self) -> Result<(), StoreError>;
    /// Sends what is still queued and commits; durably, but for a writer.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Returns when every commit that ended before the call is on disk. For savers only.
    fn flush(&mut self) -> Result<(), StoreError>;
    /// Gives up the transaction. The end of one that only read need not be waited for: [`Session::is_alive`] does.
    fn rollback(&mut self);
    /// Runs a query with its parameters in order.
    fn query(&mut self, statement: &'static Statement, params: &[Value], each: Each<'_>) -> Result<(), StoreError>;
    /// Runs a query for a set of keys within one workspace.
    fn query_set(&mut self, statement: &'static Statement, workspace: i64, keys: &[Vec<Value>], each: Each<'_>) -> Result<(), StoreError>;
    /// Runs several queries that do not depend on each other; their rows come query by query, with its place. On PostgreSQL they
    /// are one statement.
    fn query_all(
        &mut self,
        workspace: i64,
        questions: Vec<Question>,
        each: &mut dyn FnMut(usize, &dyn RowView) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for (place, question) in questions.into_iter().enumerate() {
            match question {
                Question::One(statement, params) => self.query(statement, &params, &mut |row| each(place, row))?,
                Question::Set(statement, keys) => self.query_set(statement, workspace, &keys, &mut |row| each(place, row))?,
            }
        }
        Ok(())
    }
    /// Writes once. May be queued until the commit.
    fn execute(&mut self, statement: &'static Statement, params: Vec<Value>) -> Result<(), StoreError>;
    /// Writes a set of rows within one workspace. May be queued until the commit.
    fn execute_set(&mut self, statement: &'static Statement, workspace: i64, rows: Vec<Vec<Value>>) -> Result<(), StoreError>;
    /// Runs a text with several statements, for migrations only.
    fn run_script(&mut self, text: &str) -> Result<(), StoreError>;
    /// Which run of which server this speaks to. `None`: this process is the database, and loses nothing that it has committed.
    fn server(&self) -> Option<i64>;
    /// Whether the connection may still be used.
    fn is_alive(&mut self) -> bool;
}
