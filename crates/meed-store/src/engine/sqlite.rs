//! SQLite through rusqlite, encrypted with SQLCipher.
//!
//! One process owns the file (an advisory lock beside it says so), one connection writes, others read. The pragmas
//! stand in one place with their reasons.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization, Wal};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags, Row};

use super::checkpoint::{Checkpoints, LIMITS};
use super::{Each, Role, Session};
use crate::error::{Fault, StoreError};
use crate::schema::JOURNAL_TABLES;
use crate::statement::Statement;
use crate::value::{RowView, Value};

/// Where the embedded database is and how it is opened.
#[derive(Clone)]
pub struct SqliteOptions {
    /// The database file.
    pub path: PathBuf,
    /// The raw 256-bit key; `None` leaves the file unencrypted.
    pub key: Option<[u8; 32]>,
}

impl std::fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteOptions").field("path", &self.path).field("encrypted", &self.key.is_some()).finish()
    }
}

pub(crate) struct SqliteSession {
    connection: Connection,
    /// Statements with `?1` for `$1`: SQLite takes `$1` for a name and numbers names by their first use in the text.
    texts: HashMap<&'static str, String>,
    /// Inserts of several rows at once.
    wide_texts: HashMap<&'static str, Option<String>>,
    in_transaction: bool,
    /// The write-ahead log, where this connection saves it.
    log: Option<File>,
}

impl SqliteSession {
    pub(crate) fn open(options: &SqliteOptions, role: Role) -> Result<Self, StoreError> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if role == Role::Migrator {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let mut connection = Connection::open_with_flags(&options.path, flags).map_err(|e| wrong_file(options, &e))?;
        if let Some(key) = options.key {
            use std::fmt::Write;
            let mut hex = String::with_capacity(64);
            for byte in key {
                let _ = write!(hex, "{byte:02x}");
            }
            // Failures come back as results; SQLCipher's own lines on stderr would only be noise beside them.
            connection.execute_batch("pragma cipher_log_level = none").map_err(|e| map(&e, None))?;
            // A raw key: deriving one from a passphrase would cost 130 ms per connection.
            connection.execute_batch(&format!("pragma key = \"x'{hex}'\";")).map_err(|e| map(&e, None))?;
        }
        // Busy timeout first, so that the following pragmas may wait too. FULL: a commit is on disk when it ends. NORMAL leaves
        // that to the saver, and keeps the order of log and database for checkpoints.
        connection
            .execute_batch(&format!(
                "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = {}; pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -65536; pragma trusted_schema = off;",
                if role == Role::Writer { "normal" } else { "full" }
            ))
            .map_err(|e| wrong_file(options, &e))?;
        connection.query_row("select count(*) from sqlite_master", [], |_| Ok(())).map_err(|e| wrong_file(options, &e))?;
        connection.set_prepared_statement_cache_capacity(256);
        let mut log = None;
        match role {
            Role::Writer => {
                connection.authorizer(Some(refuse_journal_changes)).map_err(|e| map(&e, None))?;
                let mut checkpoints = Checkpoints::new(options, LIMITS);
                let hook = move |log: &mut Wal, pages| {
                    checkpoints.after_commit(log, pages);
                    Ok(())
                };
                connection.wal_hook(Some(hook)).map_err(|e| map(&e, None))?;
            }
            Role::Saver => log = Some(open_log(&options.path)?),
            // What reads a million sales in turn gains nothing by keeping their pages.
            Role::Reader => connection.execute_batch("pragma query_only = on; pragma cache_size = -24576").map_err(|e| map(&e, None))?,
            Role::Migrator => {}
        }
        Ok(Self { connection, texts: HashMap::new(), wide_texts: HashMap::new(), in_transaction: false, log })
    }

    /// Moves what stands in the write-ahead log into the database, without waiting for anybody: the pages in the log, and how
    /// many of them are moved by now.
    pub(super) fn move_log(&mut self) -> Result<(i64, i64), StoreError> {
        let counts = self.connection.query_row("pragma wal_checkpoint(passive)", [], |row| Ok((row.get(1)?, row.get(2)?)));
        counts.map_err(|e| map(&e, Some("checkpoint")))
    }

    fn prepare(&mut self, statement: &'static Statement) -> rusqlite::Result<CachedStatement<'_>> {
        let text = self.texts.entry(statement.name).or_insert_with(|| statement.sqlite.replace('$', "?"));
        self.connection.prepare_cached(text)
    }

    /// The statement for [`ROWS_AT_ONCE`] rows, if it has such a form.
    fn prepare_wide(&mut self, statement: &'static Statement) -> rusqlite::Result<Option<CachedStatement<'_>>> {
        let text = self.wide_texts.entry(statement.name).or_insert_with(|| wide_text(statement));
        text.as_deref().map(|text| self.connection.prepare_cached(text)).transpose()
    }
}

/// How many rows an insert takes at once: most go where the one before went, which SQLite then need not look for.
const ROWS_AT_ONCE: usize = 16;

/// An insert for several rows. A batch in which it fails is given up, so it may end the transaction: for plain rows SQLite then
/// need not keep what stood there before.
fn wide_text(statement: &Statement) -> Option<String> {
    let (into, row) = statement.sqlite.strip_prefix("insert into ")?.split_once("values (")?;
    let (row, behind) = row.split_once(')')?;
    let columns = statement.params.len();
    let is_plain = (1..=columns + 1).map(|number| format!("${number}")).eq(row.split(", "));
    if !is_plain || behind.contains('$') {
        return None;
    }
    let row_at = |place: usize| {
        let numbers = (0..columns).map(|column| format!(", ?{}", 2 + place * columns + column));
        format!("(?1{})", numbers.collect::<String>())
    };
    let rows = (0..ROWS_AT_ONCE).map(row_at).collect::<Vec<_>>();
    Some(format!("insert or rollback into {into}values {}{behind}", rows.join(", ")))
}

/// Opens the write-ahead log beside a database that a connection has open. No connection locks it, so closing it gives up no
/// lock.
fn open_log(path: &Path) -> Result<File, StoreError> {
    let fail = |e: std::io::Error| StoreError::broken(format!("cannot open the write-ahead log of {}: {e}", path.display()));
    // SQLite names it after the file itself, whatever link led there.
    let mut name = path.canonicalize().map_err(fail)?.into_os_string();
    name.push("-wal");
    File::options().write(true).open(&name).map_err(fail)
}

/// The journal is written once: the serving connection may neither change nor remove its rows, nor the schema.
#[allow(clippy::needless_pass_by_value)]
fn refuse_journal_changes(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Update { table_name, .. } | AuthAction::Delete { table_name } if JOURNAL_TABLES.contains(&table_name) => {
            Authorization::Deny
        }
        AuthAction::Read { .. }
        | AuthAction::Select
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive => Authorization::Allow,
        // No schema change, no pragma, no second database.
        _ => Authorization::Deny,
    }
}

/// Takes the lock that keeps a second process away from the same file. The lock lives as long as the returned file.
pub(crate) fn lock_data_file(path: &Path) -> Result<File, StoreError> {
    // Two names of one file share one lock.
    let real = path.canonicalize();
    let mut name = real.as_deref().unwrap_or(path).as_os_str().to_owned();
    name.push(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|e| StoreError::broken(format!("cannot open {}: {e}", name.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(StoreError::broken(format!("another Meed process is serving {}; stop it first, or use its API", path.display()))),
    }
}

fn wrong_file(options: &SqliteOptions, error: &rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) {
        return StoreError::broken(format!(
            "{} cannot be read with this key: it is encrypted with another one, or not a Meed database",
            options.path.display()
        ));
    }
    map(error, None)
}

fn map(error: &rusqlite::Error, statement: Option<&'static str>) -> StoreError {
    let extended = error.sqlite_error().map_or(1, |e| e.extended_code);
    StoreError::from_sqlite(extended, statement, error.to_string())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Bytes(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Null(_) => ToSqlOutput::Borrowed(ValueRef::Null),
        })
    }
}

impl Session for SqliteSession {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.connection.prepare_cached("begin immediate").and_then(|mut s| s.execute([])).map_err(|e| map(&e, Some("begin")))?;
        self.in_transaction = true;
        Ok(())
    }

    fn begin_read(&mut self) -> Result<(), StoreError> {
        self.connection.prepare_cached("begin").and_then(|mut s| s.execute([])).map_err(|e| map(&e, Some("begin")))?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.connection.prepare_cached("commit").and_then(|mut s| s.execute([])).map_err(|e| map(&e, Some("commit")))?;
        self.in_transaction = false;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let log = self.log.as_ref().ok_or_else(|| StoreError::bug("only a saver flushes"))?;
        log.sync_data().map_err(|e| StoreError {
            fault: Fault::Unsaved,
            statement: None,
            detail: format!("the write-ahead log could not be saved: {e}"),
        })
    }

    fn rollback(&mut self) {
        // Some failures, such as a full disk, have ended the transaction already.
        if std::mem::take(&mut self.in_transaction)
            && !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("rollback")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn query(&mut self, statement: &'static Statement, params: &[Value], each: Each<'_>) -> Result<(), StoreError> {
        let fail = |e: rusqlite::Error| map(&e, Some(statement.name));
        let mut prepared = self.prepare(statement).map_err(fail)?;
        let mut rows = prepared.query(rusqlite::params_from_iter(params)).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            each(&SqliteRow { row })?;
        }
        Ok(())
    }

    fn query_set(&mut self, statement: &'static Statement, workspace: i64, keys: &[Vec<Value>], each: Each<'_>) -> Result<(), StoreError> {
        let fail = |e: rusqlite::Error| map(&e, Some(statement.name));
        let mut prepared = self.prepare(statement).map_err(fail)?;
        let workspace = Value::Int(workspace);
        for key in keys {
            let mut rows = prepared.query(rusqlite::params_from_iter(std::iter::once(&workspace).chain(key))).map_err(fail)?;
            while let Some(row) = rows.next().map_err(fail)? {
                each(&SqliteRow { row })?;
            }
        }
        Ok(())
    }

    fn execute(&mut self, statement: &'static Statement, params: Vec<Value>) -> Result<(), StoreError> {
        let fail = |e: rusqlite::Error| map(&e, Some(statement.name));
        let mut prepared = self.prepare(statement).map_err(fail)?;
        prepared.execute(rusqlite::params_from_iter(&params)).map_err(fail)?;
        Ok(())
    }

    fn execute_set(&mut self, statement: &'static Statement, workspace: i64, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        let fail = |e: rusqlite::Error| map(&e, Some(statement.name));
        let workspace = Value::Int(workspace);
        let mut left = rows.as_slice();
        if rows.len() >= ROWS_AT_ONCE
            && let Some(mut prepared) = self.prepare_wide(statement).map_err(fail)?
        {
            while let Some((some, others)) = left.split_at_checked(ROWS_AT_ONCE) {
                prepared.execute(rusqlite::params_from_iter(std::iter::once(&workspace).chain(some.iter().flatten()))).map_err(fail)?;
                left = others;
            }
        }
        let mut prepared = self.prepare(statement).map_err(fail)?;
        for row in left {
            prepared.execute(rusqlite::params_from_iter(std::iter::once(&workspace).chain(row))).map_err(fail)?;
        }
        Ok(())
    }

    fn run_script(&mut self, text: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(text).map_err(|e| map(&e, Some("script")))
    }

    fn server(&self) -> Option<i64> {
        None
    }

    fn is_alive(&mut self) -> bool {
        true
    }
}

struct SqliteRow<'a, 'b> {
    row: &'a Row<'b>,
}

impl SqliteRow<'_, '_> {
    fn get(&self, column: usize) -> Result<ValueRef<'_>, StoreError> {
        self.row.get_ref(column).map_err(|e| StoreError::bug(e.to_string()))
    }
}

impl RowView for SqliteRow<'_, '_> {
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.get(column)? {
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Null => Ok(None),
            other => Err(StoreError::bug(format!("column {column} is {:?}, wanted an integer", other.data_type()))),
        }
    }

    fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.get(column)? {
            ValueRef::Text(value) => {
                std::str::from_utf8(value).map(Some).map_err(|_| StoreError::broken(format!("column {column} is not UTF-8")))
            }
            ValueRef::Null => Ok(None),
            other => Err(StoreError::bug(format!("column {column} is {:?}, wanted a text", other.data_type()))),
        }
    }

    fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.get(column)? {
            ValueRef::Blob(value) => Ok(Some(value)),
            ValueRef::Null => Ok(None),
            other => Err(StoreError::bug(format!("column {column} is {:?}, wanted bytes", other.data_type()))),
        }
    }
}

#[cfg(feature = "testing")]
impl SqliteSession {
    pub(crate) fn query_as_text(&mut self, text: &str) -> Result<Vec<String>, StoreError> {
        let mut prepared = self.connection.prepare(text).map_err(|e| map(&e, None))?;
        let columns = prepared.column_count();
        let mut rows = prepared.query([]).map_err(|e| map(&e, None))?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next().map_err(|e| map(&e, None))? {
            let cell = |column| match row.get_ref(column) {
                Ok(ValueRef::Integer(value)) => value.to_string(),
                Ok(ValueRef::Text(value)) => String::from_utf8_lossy(value).into_owned(),
                other => format!("{other:?}"),
            };
            lines.push((0..columns).map(cell).collect::<Vec<_>>().join("|"));
        }
        Ok(lines)
    }

    pub(crate) fn prepare_only(&mut self, text: &str) -> Result<(usize, Vec<String>), StoreError> {
        let prepared = self.connection.prepare(&text.replace('$', "?")).map_err(|e| map(&e, None))?;
        Ok((prepared.parameter_count(), prepared.column_names().map(str::to_owned).collect()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    /// What the saver brings to disk is the log that the writer writes, also behind a link and after the log has begun anew.
    #[test]
    fn led_005_the_saver_saves_the_log_that_the_writer_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = SqliteOptions { path: folder.path().join("real.db"), key: None };
        let link = SqliteOptions { path: folder.path().join("link.db"), key: None };
        std::os::unix::fs::symlink(&real.path, &link.path).expect("a link");
        SqliteSession::open(&real, Role::Migrator).expect("made").run_script("create table page (body blob)").expect("a table");
        let log = folder.path().join("real.db-wal");
        for options in [&real, &link] {
            let writer = SqliteSession::open(options, Role::Writer).expect("opened");
            let mut saver = SqliteSession::open(options, Role::Saver).expect("opened");
            let saved = saver.log.as_ref().expect("a log").metadata().expect("its data").ino();
            for _ in 0..3 {
                writer.connection.execute("insert into page values (zeroblob(9000))", []).expect("written");
                saver.flush().expect("flushed");
                let (pages, moved) = saver.move_log().expect("moved");
                assert!(pages > 0 && pages == moved, "the next page begins the log anew");
                assert_eq!(std::fs::metadata(&log).expect("the log").ino(), saved);
            }
        }
        assert!(!folder.path().join("link.db-wal").exists());
    }

    /// Several rows at once or one by one: the same rows, and after a refusal none of them.
    #[test]
    fn inserts_take_sixteen_rows_at_once_and_leave_none_behind() {
        static ADD: Statement = Statement::split(
            "test_add",
            "insert into line (workspace_id, number, text) values ($1, $2, $3)",
            "",
            &[crate::value::Kind::Int, crate::value::Kind::Text],
        );
        static PUT: Statement = Statement::split(
            "test_put",
            "insert into line (workspace_id, number, text) values ($1, $2, $3) on conflict (workspace_id, number) do update set text = excluded.text",
            "",
            &[crate::value::Kind::Int, crate::value::Kind::Text],
        );
        static OTHER: Statement = Statement::split(
            "test_other",
            "insert into line (workspace_id, number, text) values ($1, 0, $2)",
            "",
            &[crate::value::Kind::Text],
        );
        assert_eq!([&ADD, &PUT, &OTHER].map(|statement| wide_text(statement).is_some()), [true, true, false]);
        let all_rows = [
            "transfer_add",
            "lot_add",
            "lot_move_add",
            "till_event_add",
            "till_identity_add",
            "event_add",
            "audit_add",
            "command_add",
            "till_cell_put",
        ];
        let is_wide = |name: &&str| crate::sql::all().iter().any(|statement| statement.name == *name && wide_text(statement).is_some());
        assert!(all_rows.iter().all(is_wide), "what tills write most");
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteOptions { path: folder.path().join("lines.db"), key: None };
        let mut session = SqliteSession::open(&options, Role::Migrator).expect("made");
        let table =
            "create table line (workspace_id integer, number integer, text text, primary key (workspace_id, number)) strict, without rowid";
        session.run_script(table).expect("a table");
        let rows = |numbers: std::ops::Range<i64>, text: &str| numbers.map(|n| vec![n.into(), text.into()]).collect::<Vec<Vec<Value>>>();
        let all =
            |session: &mut SqliteSession| session.query_as_text("select workspace_id, number, text from line order by 2").expect("read");
        let expected = |count: i64, text: &str| (0..count).map(|n| format!("7|{n}|{text}")).collect::<Vec<_>>();
        for count in [15, 16, 17, 40] {
            session.begin().expect("begun");
            session.execute_set(&ADD, 7, rows(0..count, "a")).expect("added");
            session.execute_set(&PUT, 7, rows(0..count, "b")).expect("put");
            assert_eq!(all(&mut session), expected(count, "b"));
            session.rollback();
        }
        session.begin().expect("begun");
        session.execute_set(&ADD, 7, rows(20..21, "a")).expect("added");
        let error = session.execute_set(&ADD, 7, rows(0..40, "a")).expect_err("a duplicate");
        assert_eq!((error.fault, error.statement), (Fault::Duplicate, Some("test_add")));
        session.rollback();
        assert_eq!(all(&mut session), expected(0, ""));
        session.begin().expect("begun anew");
        session.execute_set(&ADD, 7, rows(18..19, "a")).expect("added");
        let error = session.execute_set(&ADD, 7, rows(0..19, "a")).expect_err("a duplicate among the last rows");
        assert_eq!(error.fault, Fault::Duplicate);
        session.rollback();
        assert_eq!(all(&mut session), expected(0, ""));
        session.begin().expect("begun anew");
        session.execute_set(&ADD, 7, rows(0..3, "c")).expect("added");
        session.commit().expect("committed");
        assert_eq!(all(&mut session), expected(3, "c"));
    }
}
