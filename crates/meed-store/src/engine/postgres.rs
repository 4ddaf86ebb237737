//! PostgreSQL through tokio-postgres.
//!
//! Writes are queued and sent together with the commit, so a batch costs few round trips whatever its size. Planner
//! settings keep key look-ups on nested loops over indexes: a batch of 500 keys must not turn into scans of the table.
//! A session drives its connection on the thread that waits for it: with the requests of the server in one queue, each of
//! a batch's round trips waited for some of them, and a batch took twice its time.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::future::{join, join_all};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement as Prepared};

use super::tls::read_address;
use super::together::{self, PlacedRow};
use super::{Each, Question, Role, Session};
use crate::error::StoreError;
use crate::sql;
use crate::statement::Statement;
use crate::value::{Kind, RowView, Value};

/// How to reach PostgreSQL.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Connection string, `postgres://user:password@host/database?sslmode=…&sslrootcert=FILE`. Beyond this machine it is
    /// verified TLS unless it says `sslmode=disable`.
    pub url: String,
    /// Schema that holds Meed's tables; `public` if `None`.
    pub schema: Option<String>,
    /// Connections that write; each serves one workspace at a time.
    pub writers: usize,
}

impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions").field("schema", &self.schema).field("writers", &self.writers).finish_non_exhaustive()
    }
}

type Params = Vec<Box<dyn ToSql + Sync + Send>>;

pub(crate) struct PostgresSession {
    // Dropped before the driver, which then says goodbye unless an end is still under way.
    client: Arc<Client>,
    driver: Driver,
    prepared: HashMap<&'static str, Prepared>,
    /// Queries that are asked as one statement, by their places and names.
    together: HashMap<Vec<(usize, &'static str)>, Prepared>,
    queued: Vec<(&'static Statement, Prepared, Params)>,
    begin_pending: Option<&'static str>,
    in_transaction: bool,
    is_reading: bool,
    /// The end of a reading transaction that nobody waited for.
    ending: Option<JoinHandle<Result<(), tokio_postgres::Error>>>,
    /// Rows written since the planner's knowledge was looked at, and how many make it time to look again.
    written: usize,
    look_at: usize,
    /// A transaction could not be ended: nobody knows in which state the connection is.
    is_stuck: bool,
    /// When the server at the other end was started, microseconds UTC.
    server: i64,
}

/// What moves a connection on, while a session waits for it.
struct Driver(Option<Runtime>);

impl Driver {
    fn new() -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        Ok(Self(Some(runtime.map_err(|e| StoreError::broken(format!("no driver for a connection: {e}")))?)))
    }

    fn runtime(&self) -> &Runtime {
        self.0.as_ref().expect("a driver has its runtime until it is dropped")
    }

    /// Lets the connection see what has come in the meantime, such as its end.
    fn catch_up(&self) {
        self.runtime().block_on(async {
            for _ in 0..CATCH_UP_TURNS {
                tokio::task::yield_now().await;
            }
        });
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A server's own thread may not block, even for this; then the connection just ends.
        if tokio::runtime::Handle::try_current().is_err() {
            self.catch_up();
        }
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// A turn lets the input and output be seen, the next one what it woke.
const CATCH_UP_TURNS: usize = 3;

/// Every statement finds its rows by key or reads an index in order. Without helpers, so that the queries of one statement come in
/// their order.
const PLANNER: &str = "-c max_parallel_workers_per_gather=0 -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c enable_bitmapscan=off -c enable_material=off -c jit=off \
    -c plan_cache_mode=force_generic_plan";

/// Plans are made once, often while a table is empty, and then take any index that begins with the workspace: with
/// 20,000 records, 512 keys took 1.8 s instead of 3 ms. PostgreSQL itself looks at a new table after a minute or more;
/// the first file is in by then. So a session that writes looks after this many rows, and after ever more of them.
const LOOK_FIRST: usize = 256;
const LOOK_LAST: usize = 65_536;

impl PostgresSession {
    /// Connects. Must not be called where blocking is not allowed, and neither must anything else of a session.
    pub(crate) fn open(options: &PostgresOptions, role: Role) -> Result<Self, StoreError> {
        let (mut config, protection) = read_address(&options.url)?;
        let search_path = options.schema.as_ref().map(|s| format!(" -c search_path={s}")).unwrap_or_default();
        let own = config.get_options().unwrap_or_default().to_owned();
        let commits = if role == Role::Writer { "-c synchronous_commit=off" } else { "" };
        config.options(format!("{own} {PLANNER} {commits} -c statement_timeout=300000{search_path}"));
        config.application_name("meed");
        let driver = Driver::new()?;
        let (client, connection) = driver.runtime().block_on(config.connect(protection)).map_err(|e| map(&e, false, None))?;
        driver.runtime().spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(%error, "a PostgreSQL connection ended");
            }
        });
        let started = driver.runtime().block_on(client.query_one(sql::statistics::SERVER_STARTED.postgres, &[]));
        let server = started.and_then(|row| row.try_get(0)).map_err(|e| map(&e, false, Some(sql::statistics::SERVER_STARTED.name)))?;
        Ok(Self {
            client: Arc::new(client),
            driver,
            prepared: HashMap::new(),
            together: HashMap::new(),
            queued: Vec::new(),
            begin_pending: None,
            in_transaction: false,
            is_reading: false,
            ending: None,
            written: 0,
            look_at: LOOK_FIRST,
            is_stuck: false,
            server,
        })
    }

    fn prepare(&mut self, statement: &'static Statement) -> Result<Prepared, StoreError> {
        if let Some(prepared) = self.prepared.get(statement.name) {
            return Ok(prepared.clone());
        }
        self.send_begin()?;
        let prepared =
            self.driver.runtime().block_on(self.client.prepare(statement.postgres)).map_err(|e| map(&e, false, Some(statement.name)))?;
        self.prepared.insert(statement.name, prepared.clone());
        Ok(prepared)
    }

    fn prepare_together(&mut self, asked: &[(usize, &'static Statement, usize)]) -> Result<Prepared, StoreError> {
        let names: Vec<(usize, &'static str)> = asked.iter().map(|(place, statement, _)| (*place, statement.name)).collect();
        if let Some(prepared) = self.together.get(&names) {
            return Ok(prepared.clone());
        }
        self.send_begin()?;
        let text = together::text_of(asked);
        let prepared = self.driver.runtime().block_on(self.client.prepare(&text)).map_err(|e| map(&e, false, Some(TOGETHER)))?;
        if self.together.len() >= TOGETHER_MAX {
            self.together.clear();
        }
        self.together.insert(names, prepared.clone());
        Ok(prepared)
    }

    /// Has the tables analyzed that have outgrown their statistics, between two transactions. A failure costs speed only.
    fn look_at_tables(&mut self) {
        (self.written, self.look_at) = (0, (self.look_at * 4).min(LOOK_LAST));
        let client = &self.client;
        let result = self.driver.runtime().block_on(async {
            for row in client.query(sql::statistics::OUTGROWN.postgres, &[]).await? {
                if let Some(text) = sql::statistics::analyze(row.try_get(0)?) {
                    client.batch_execute(text).await?;
                }
            }
            Ok::<(), tokio_postgres::Error>(())
        });
        if let Err(error) = result {
            tracing::warn!(%error, "the statistics of the tables could not be renewed");
        }
    }

    /// Ends a transaction. Of one that only read it is sent and not waited for: the connection is looked at when it is taken
    /// again.
    fn end(&mut self) -> Result<(), tokio_postgres::Error> {
        let client = Arc::clone(&self.client);
        let end = async move { client.batch_execute("rollback").await };
        if !self.is_reading {
            return self.driver.runtime().block_on(end);
        }
        self.ending = Some(self.driver.runtime().spawn(end));
        self.driver.catch_up();
        Ok(())
    }

    /// What became of the end that nobody waited for.
    fn see_end(&mut self) {
        let Some(ending) = self.ending.take() else { return };
        let ended = self.driver.runtime().block_on(ending);
        if let Some(error) = ended.map_err(|e| e.to_string()).and_then(|ended| ended.map_err(|e| with_causes(&e))).err() {
            tracing::warn!(%error, "a transaction could not be rolled back; its connection is given up");
            self.is_stuck = true;
        }
    }

    fn send_begin(&mut self) -> Result<(), StoreError> {
        match self.begin_pending.take() {
            None => Ok(()),
            Some(text) => self.driver.runtime().block_on(self.client.batch_execute(text)).map_err(|e| map(&e, false, Some("begin"))),
        }
    }

    fn rows(&mut self, statement: &'static Statement, params: Params, each: Each<'_>) -> Result<(), StoreError> {
        let prepared = self.prepare(statement)?;
        self.stream(&prepared, statement.name, params, &mut |row| each(&PostgresRow { row }))
    }

    /// Rows are handed on as they arrive: a scan of millions does not pile up in memory.
    fn stream(
        &mut self,
        prepared: &Prepared,
        name: &'static str,
        params: Params,
        each: &mut dyn FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let begin = self.begin_pending.take();
        let client = &self.client;
        let fail = |e: tokio_postgres::Error| map(&e, false, Some(name));
        let read = self.driver.runtime().block_on(async {
            let query = client.query_raw(prepared, params);
            // Begin and the first query travel together.
            let stream = match begin {
                None => query.await.map_err(fail)?,
                Some(text) => {
                    let (started, stream) = join(client.batch_execute(text), query).await;
                    started.map_err(fail)?;
                    stream.map_err(fail)?
                }
            };
            let mut stream = std::pin::pin!(stream);
            while let Some(row) = stream.try_next().await.map_err(fail)? {
                each(&row)?;
            }
            Ok(())
        });
        if read.is_err() {
            // Rows may still be on their way: the end is waited for, behind them.
            self.is_reading = false;
        }
        read
    }
}

/// The name of several queries that are one statement; their own names stand in the error's detail.
const TOGETHER: &str = "together";
/// Such statements that a session keeps; beyond, all are prepared anew.
const TOGETHER_MAX: usize = 100;

fn map(error: &tokio_postgres::Error, at_commit: bool, statement: Option<&'static str>) -> StoreError {
    let state = error.code().map_or("08006", tokio_postgres::error::SqlState::code);
    let detail = error.as_db_error().map_or_else(|| with_causes(error), ToString::to_string);
    StoreError::from_sqlstate(state, at_commit, statement, detail)
}

/// The driver names what it was doing; why it failed, such as a certificate that nobody trusts, stands in the causes.
fn with_causes(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

fn scalar(value: &Value) -> Box<dyn ToSql + Sync + Send> {
    match value {
        Value::Int(v) => Box::new(*v),
        Value::Text(v) => Box::new(v.clone()),
        Value::Bytes(v) => Box::new(v.clone()),
        Value::Null(Kind::Int) => Box::new(None::<i64>),
        Value::Null(Kind::Text) => Box::new(None::<String>),
        Value::Null(Kind::Bytes) => Box::new(None::<Vec<u8>>),
    }
}

/// Rows become one array per column.
fn arrays(statement: &'static Statement, workspace: i64, rows: Vec<Vec<Value>>) -> Result<Params, StoreError> {
    let mismatch = || StoreError {
        fault: crate::error::Fault::Bug,
        statement: Some(statement.name),
        detail: "a row does not fit the statement's columns".into(),
    };
    let count = rows.len();
    let mut params: Params = vec![Box::new(workspace)];
    let mut columns: Vec<std::vec::IntoIter<Value>> = rows.into_iter().map(Vec::into_iter).collect();
    for kind in statement.params {
        match kind {
            Kind::Int => {
                let mut array = Vec::with_capacity(count);
                for row in &mut columns {
                    array.push(match row.next() {
                        Some(Value::Int(v)) => Some(v),
                        Some(Value::Null(Kind::Int)) => None,
                        _ => return Err(mismatch()),
                    });
                }
                params.push(Box::new(array));
            }
            Kind::Text => {
                let mut array = Vec::with_capacity(count);
                for row in &mut columns {
                    array.push(match row.next() {
                        Some(Value::Text(v)) => Some(v),
                        Some(Value::Null(Kind::Text)) => None,
                        _ => return Err(mismatch()),
                    });
                }
                params.push(Box::new(array));
            }
            Kind::Bytes => {
                let mut array = Vec::with_capacity(count);
                for row in &mut columns {
                    array.push(match row.next() {
                        Some(Value::Bytes(v)) => Some(v),
                        Some(Value::Null(Kind::Bytes)) => None,
                        _ => return Err(mismatch()),
                    });
                }
                params.push(Box::new(array));
            }
        }
    }
    if columns.iter_mut().any(|row| row.next().is_some()) {
        return Err(mismatch());
    }
    Ok(params)
}

/// `join_all` polls up to this many futures in order, and the order of polling is the order on the wire.
const JOINED_MAX: usize = 30;

async fn send(client: &Client, (_, prepared, params): &(&'static Statement, Prepared, Params)) -> Result<(), tokio_postgres::Error> {
    let refs: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p.as_ref() as &(dyn ToSql + Sync)).collect();
    client.execute(prepared, &refs).await.map(|_| ())
}

/// The first failure in the order on the wire. What follows it only says that the transaction is dead.
fn first_failure(
    queued: &[(&'static Statement, Prepared, Params)],
    results: Vec<Result<(), tokio_postgres::Error>>,
    with_commit: bool,
) -> Result<(), StoreError> {
    let failed = queued.iter().zip(results).find_map(|((statement, ..), result)| result.err().map(|error| (statement.name, error)));
    let Some((name, error)) = failed else { return Ok(()) };
    // The server may have carried out the commit behind a write whose answer was lost.
    let is_lost = error.code().is_none_or(|state| ["08", "57P"].iter().any(|class| state.code().starts_with(class)));
    Err(map(&error, with_commit && is_lost, Some(name)))
}

impl Session for PostgresSession {
    fn begin(&mut self) -> Result<(), StoreError> {
        if self.written >= self.look_at {
            self.look_at_tables();
        }
        self.queued.clear();
        self.begin_pending = Some("begin");
        (self.in_transaction, self.is_reading) = (true, false);
        Ok(())
    }

    fn begin_read(&mut self) -> Result<(), StoreError> {
        self.queued.clear();
        self.begin_pending = Some("begin isolation level repeatable read read only");
        (self.in_transaction, self.is_reading) = (true, true);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.send_begin()?;
        let queued = std::mem::take(&mut self.queued);
        let client = &self.client;
        self.driver.runtime().block_on(async {
            let mut rest = queued.as_slice();
            while rest.len() > JOINED_MAX {
                let (part, tail) = rest.split_at(JOINED_MAX);
                first_failure(part, join_all(part.iter().map(|write| send(client, write))).await, false)?;
                rest = tail;
            }
            let (written, committed) = join(join_all(rest.iter().map(|write| send(client, write))), client.batch_execute("commit")).await;
            // A failed write makes the commit a rollback without an error of its own, so the writes are looked at first.
            first_failure(rest, written, true)?;
            committed.map_err(|e| map(&e, true, Some("commit")))
        })?;
        self.in_transaction = false;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let prepared = self.prepare(&sql::journal::FLUSH)?;
        self.driver.runtime().block_on(self.client.execute(&prepared, &[])).map_err(|e| map(&e, false, Some("flush")))?;
        Ok(())
    }

    fn rollback(&mut self) {
        self.queued.clear();
        if self.begin_pending.take().is_none()
            && std::mem::take(&mut self.in_transaction)
            && let Err(error) = self.end()
        {
            tracing::warn!(%error, "a transaction could not be rolled back; its connection is given up");
            self.is_stuck = true;
        }
        self.in_transaction = false;
    }

    fn query(&mut self, statement: &'static Statement, params: &[Value], each: Each<'_>) -> Result<(), StoreError> {
        let params: Params = params.iter().map(scalar).collect();
        self.rows(statement, params, each)
    }

    fn query_set(&mut self, statement: &'static Statement, workspace: i64, keys: &[Vec<Value>], each: Each<'_>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let params = arrays(statement, workspace, keys.to_vec())?;
        self.rows(statement, params, each)
    }

    fn query_all(
        &mut self,
        workspace: i64,
        questions: Vec<Question>,
        each: &mut dyn FnMut(usize, &dyn RowView) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (mut asked, mut all) = (Vec::with_capacity(questions.len()), Params::new());
        for (place, question) in questions.into_iter().enumerate() {
            let (statement, params) = match question {
                Question::One(statement, params) => (statement, params.iter().map(scalar).collect()),
                Question::Set(_, keys) if keys.is_empty() => continue,
                Question::Set(statement, keys) => (statement, arrays(statement, workspace, keys)?),
            };
            asked.push((place, statement, params.len()));
            all.extend(params);
        }
        match asked.as_slice() {
            [] => Ok(()),
            [(place, statement, _)] => self.rows(statement, all, &mut |row| each(*place, row)),
            several => {
                let read = self.prepare_together(several).and_then(|prepared| {
                    self.stream(&prepared, TOGETHER, all, &mut |row| {
                        let row = PlacedRow::read(row)?;
                        each(row.place, &row)
                    })
                });
                read.map_err(|error| together::told(error, several))
            }
        }
    }

    fn execute(&mut self, statement: &'static Statement, params: Vec<Value>) -> Result<(), StoreError> {
        let prepared = self.prepare(statement)?;
        self.queued.push((statement, prepared, params.iter().map(scalar).collect()));
        Ok(())
    }

    fn execute_set(&mut self, statement: &'static Statement, workspace: i64, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let prepared = self.prepare(statement)?;
        self.written += rows.len();
        let params = arrays(statement, workspace, rows)?;
        self.queued.push((statement, prepared, params));
        Ok(())
    }

    fn run_script(&mut self, text: &str) -> Result<(), StoreError> {
        self.send_begin()?;
        self.driver.runtime().block_on(self.client.batch_execute(text)).map_err(|e| map(&e, false, Some("script")))
    }

    fn server(&self) -> Option<i64> {
        Some(self.server)
    }

    fn is_alive(&mut self) -> bool {
        self.see_end();
        self.driver.catch_up();
        !self.is_stuck && !self.client.is_closed()
    }
}

struct PostgresRow<'a> {
    row: &'a Row,
}

impl RowView for PostgresRow<'_> {
    fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.row.try_get(column).map_err(|e| StoreError::bug(e.to_string()))
    }

    fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        self.row.try_get(column).map_err(|e| StoreError::bug(e.to_string()))
    }

    fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        self.row.try_get(column).map_err(|e| StoreError::bug(e.to_string()))
    }
}

#[cfg(feature = "testing")]
impl PostgresSession {
    pub(crate) fn query_as_text(&mut self, text: &str) -> Result<Vec<String>, StoreError> {
        use tokio_postgres::SimpleQueryMessage::Row;
        let messages = self.driver.runtime().block_on(self.client.simple_query(text)).map_err(|e| map(&e, false, None))?;
        let line = |row: &tokio_postgres::SimpleQueryRow| {
            (0..row.len()).map(|column| row.get(column).unwrap_or("null").to_owned()).collect::<Vec<_>>().join("|")
        };
        Ok(messages.iter().filter_map(|message| if let Row(row) = message { Some(line(row)) } else { None }).collect())
    }

    pub(crate) fn prepare_only(&mut self, text: &str) -> Result<(usize, Vec<String>), StoreError> {
        let prepared = self.driver.runtime().block_on(self.client.prepare(text)).map_err(|e| map(&e, false, None))?;
        Ok((prepared.params().len(), prepared.columns().iter().map(|column| column.name().to_owned()).collect()))
    }
}
