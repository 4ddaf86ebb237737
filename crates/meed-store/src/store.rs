//! The store: writers on their own threads, readers in a pool.

use std::any::Any;
use std::fs::File;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use meed_core::audit::GENESIS;
use meed_core::command::{Command, Refused, Reply};
use meed_core::id::Id;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

use crate::Clock;
use crate::batch::{Answer, Dispatcher, Job, Submission, Writer, run_writer};
use crate::changes::ChangeLog;
use crate::engine::{EngineKind, PostgresOptions, PostgresSession, Role, Session, SqliteOptions, SqliteSession, lock_data_file};
use crate::error::{Fault, StoreError};
use crate::read::Reader;
use crate::schema::{insist_on_current, migrate};
use crate::sql;
use crate::value::Value;

/// The workspace of the installation itself: tenants, keys, users, sessions. Global uniqueness lives here.
pub const CONTROL_WORKSPACE: Id = Id(0);

/// Which database to open.
#[derive(Clone, Debug)]
pub enum EngineOptions {
    /// The embedded one.
    Sqlite(SqliteOptions),
    /// A PostgreSQL server.
    Postgres(PostgresOptions),
}

/// How to open a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// The database.
    pub engine: EngineOptions,
    /// Reading connections.
    pub readers: usize,
    /// Microseconds UTC, read once per batch.
    pub clock: Clock,
}

/// An open database.
pub struct Store {
    engine: EngineKind,
    dispatcher: Arc<Dispatcher>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    readers: Arc<Readers>,
    connect_writer: Connect,
    _lock: Option<Arc<File>>,
}

pub(crate) type Connect = Arc<dyn Fn() -> Result<Box<dyn Session>, StoreError> + Send + Sync>;

/// What a query found, whatever its type.
type Found = Box<dyn Any + Send>;

type Query = Box<dyn FnOnce(&mut [Reader<'_>]) -> Result<Found, StoreError> + Send>;

struct Readers {
    count: usize,
    idle: Mutex<Vec<Box<dyn Session>>>,
    turns: Arc<Semaphore>,
    connect: Connect,
    changes: Arc<ChangeLog>,
    clock: Clock,
}

impl Store {
    /// Opens the database, brings its schema up to date, and starts the writers.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || Self::open_blocking(options, &runtime))
            .await
            .map_err(|e| StoreError::bug(format!("opening the store failed: {e}")))?
    }

    /// Opens a database for reading while another process serves it: nothing is migrated, locked or written, and every
    /// command is refused.
    pub async fn open_beside(options: StoreOptions) -> Result<Self, StoreError> {
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || Self::open_beside_blocking(&options, &runtime))
            .await
            .map_err(|e| StoreError::bug(format!("opening the store failed: {e}")))?
    }

    fn open_beside_blocking(options: &StoreOptions, runtime: &Handle) -> Result<Self, StoreError> {
        let (engine, handle) = (options.engine.clone(), runtime.clone());
        let kind = match &engine {
            EngineOptions::Sqlite(_) => EngineKind::Sqlite,
            EngineOptions::Postgres(_) => EngineKind::Postgres,
        };
        let connect: Connect = Arc::new(move || connect(&engine, Role::Reader, &handle));
        insist_on_current(connect()?.as_mut())?;
        let dispatcher = Arc::new(Dispatcher::default());
        dispatcher.close();
        let count = options.readers.max(1);
        let turns = Arc::new(Semaphore::new(count));
        let changes = Arc::default();
        let clock = Arc::clone(&options.clock);
        let readers = Readers { count, idle: Mutex::new(Vec::new()), turns, connect: Arc::clone(&connect), changes, clock };
        let writers = Mutex::new(Vec::new());
        Ok(Self { engine: kind, dispatcher, writers, readers: Arc::new(readers), connect_writer: connect, _lock: None })
    }

    fn open_blocking(options: StoreOptions, runtime: &Handle) -> Result<Self, StoreError> {
        let StoreOptions { engine, readers, clock } = options;
        let (kind, writer_count, lock) = match &engine {
            EngineOptions::Sqlite(sqlite) => (EngineKind::Sqlite, 1, Some(Arc::new(lock_data_file(&sqlite.path)?))),
            EngineOptions::Postgres(postgres) => (EngineKind::Postgres, postgres.writers.max(1), None),
        };
        let mut migrator = connect(&engine, Role::Migrator, runtime)?;
        migrate(migrator.as_mut(), kind)?;
        migrator.begin()?;
        migrator.execute(
            &sql::workspace::CREATE,
            vec![Value::Int(CONTROL_WORKSPACE.0), GENESIS.as_slice().into(), "UTC".into(), "USD".into()],
        )?;
        migrator.commit()?;
        drop(migrator);
        let connect_as = |role| -> Connect {
            let (engine, handle) = (engine.clone(), runtime.clone());
            Arc::new(move || connect(&engine, role, &handle))
        };
        let dispatcher = Arc::new(Dispatcher::default());
        let changes: Arc<ChangeLog> = Arc::default();
        let mut writers = Vec::new();
        for index in 0..writer_count {
            let connect = connect_as(Role::Writer);
            let writer = Writer { session: Some(connect()?), connect, clock: Arc::clone(&clock), changes: Arc::clone(&changes) };
            let dispatcher = Arc::clone(&dispatcher);
            // The file stays locked until the last writer has ended, also when the store is dropped before that.
            let lock = lock.clone();
            let thread = std::thread::Builder::new().name(format!("writer-{index}")).spawn(move || {
                run_writer(&dispatcher, writer);
                drop(lock);
            });
            writers.push(thread.map_err(|e| StoreError::broken(format!("no thread for a writer: {e}")))?);
        }
        let (count, connect) = (readers.max(1), connect_as(Role::Reader));
        let readers = Readers { count, idle: Mutex::new(Vec::new()), turns: Arc::new(Semaphore::new(count)), connect, changes, clock };
        let connect_writer = connect_as(Role::Writer);
        let (writers, readers) = (Mutex::new(writers), Arc::new(readers));
        Ok(Self { engine: kind, dispatcher, writers, readers, connect_writer, _lock: lock })
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.engine
    }

    /// Hands a command to the next batch of its workspace and waits for its answer. When it answers, the effect is durable.
    pub async fn submit(&self, workspace: Id, submission: Submission) -> Result<Answer, StoreError> {
        let (sender, receiver) = oneshot::channel();
        if let Err(detail) = self.dispatcher.submit(workspace.0, Job { submission, answer: sender }) {
            return Err(StoreError { fault: Fault::Overloaded, statement: None, detail: detail.into() });
        }
        receiver.await.map_err(|_| StoreError::broken("the store closed before the command was decided"))?
    }

    /// Decides a command on what is stored now and throws its effects away: a preview is the command itself.
    pub async fn what_if(&self, workspace: Id, command: Box<dyn Command>) -> Result<Result<Reply, Refused>, StoreError> {
        self.read(move |reader| reader.what_if(workspace, command.as_ref())).await
    }

    /// Reads on one snapshot, on a thread that may block.
    pub async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.read_parallel(1, move |readers| match readers {
            [reader] => query(reader),
            _ => Err(StoreError::bug("one reader was asked for")),
        })
        .await
    }

    /// Reads on up to `count` connections at once, never more than the store has, for scans that are divided. Each has a
    /// snapshot of its own: compare heads.
    pub async fn read_parallel<T, F>(&self, count: usize, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut [Reader<'_>]) -> Result<T, StoreError> + Send + 'static,
    {
        let found = self.readers.start(count, Box::new(move |readers| Ok(Box::new(query(readers)?)))).await?;
        found.downcast().map(|found| *found).map_err(|_| StoreError::bug("a query answered something else"))
    }

    /// Makes the row of a workspace, unless it is there. The zone decides its days and periods, the unit its currency.
    pub async fn create_workspace(&self, workspace: Id, zone: &str, unit: &str) -> Result<(), StoreError> {
        let connect_writer = Arc::clone(&self.connect_writer);
        let values = vec![Value::Int(workspace.0), GENESIS.as_slice().into(), zone.into(), unit.into()];
        tokio::task::spawn_blocking(move || {
            let mut session = connect_writer()?;
            session.begin()?;
            session.execute(&sql::workspace::CREATE, values)?;
            session.commit()
        })
        .await
        .map_err(|e| StoreError::bug(format!("making a workspace panicked: {e}")))?
    }

    #[cfg(feature = "testing")]
    pub(crate) fn writer_connection(&self) -> Connect {
        Arc::clone(&self.connect_writer)
    }

    /// Lets the writers finish what waits, and closes.
    pub fn close(&self) {
        self.dispatcher.close();
        self.join_writers();
    }

    fn join_writers(&self) {
        let writers = std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            if writer.join().is_err() {
                tracing::error!("a writer ended by a panic");
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.dispatcher.close();
        // A writer of the embedded database must not outlive the process's clean-up of OpenSSL. It never waits for the
        // runtime that may be dropping this store; a writer of PostgreSQL could.
        if self.engine == EngineKind::Sqlite {
            self.join_writers();
        }
    }
}

impl Readers {
    fn take(&self) -> Result<Box<dyn Session>, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = match idle.filter(|session| session.is_alive()) {
            Some(session) => session,
            None => (self.connect)()?,
        };
        session.begin_read()?;
        Ok(session)
    }

    fn give_back(&self, mut session: Box<dyn Session>) {
        session.rollback();
        if session.is_alive() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        }
    }

    /// Runs a query on a thread that may block. It knows no types, so it is compiled once and not for every query.
    fn start(self: &Arc<Self>, count: usize, query: Query) -> Pin<Box<dyn Future<Output = Result<Found, StoreError>> + Send>> {
        let readers = Arc::clone(self);
        Box::pin(async move {
            // More turns than there are would be waited for in vain.
            let count = count.clamp(1, readers.count);
            let turns = u32::try_from(count).unwrap_or(1);
            let turn = Arc::clone(&readers.turns).acquire_many_owned(turns).await.map_err(|_| StoreError::broken("the store is closed"))?;
            tokio::task::spawn_blocking(move || {
                let _turn = turn;
                readers.run(count, query)
            })
            .await
            .map_err(|e| StoreError::bug(format!("a query panicked: {e}")))?
        })
    }

    fn run(&self, count: usize, query: Query) -> Result<Found, StoreError> {
        let mut sessions = (0..count).map(|_| self.take()).collect::<Result<Vec<_>, _>>()?;
        let mut readers: Vec<Reader<'_>> =
            sessions.iter_mut().map(|session| Reader { session: session.as_mut(), changes: &self.changes, clock: &self.clock }).collect();
        let result = query(&mut readers);
        drop(readers);
        for session in sessions {
            self.give_back(session);
        }
        result
    }
}

fn connect(engine: &EngineOptions, role: Role, runtime: &Handle) -> Result<Box<dyn Session>, StoreError> {
    Ok(match engine {
        EngineOptions::Sqlite(options) => Box::new(SqliteSession::open(options, role)?),
        EngineOptions::Postgres(options) => Box::new(PostgresSession::open(options, runtime)?),
    })
}
