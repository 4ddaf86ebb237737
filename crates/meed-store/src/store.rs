//! The store: writers on their own threads, readers in a pool.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use meed_core::audit::GENESIS;
use meed_core::command::{Command, Record, RecordKind, State};
use meed_core::id::Id;
use tokio::sync::oneshot;

use crate::Clock;
use crate::batch::{Answer, Dispatcher, Guesses, Job, Saver, Submission, Writer, run_writer};
use crate::changes::ChangeLog;
use crate::engine::{EngineKind, PostgresOptions, PostgresSession, Role, Session, SqliteOptions, SqliteSession, lock_data_file};
use crate::error::{Fault, StoreError};
use crate::read::Reader;
use crate::readers::{Look, Outcome, Readers, RecordName};
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
    /// Writers, then the one that saves for them.
    threads: Mutex<Vec<JoinHandle<()>>>,
    readers: Arc<Readers>,
    options: EngineOptions,
    _lock: Option<Arc<File>>,
}

pub(crate) type Connect = Arc<dyn Fn() -> Result<Box<dyn Session>, StoreError> + Send + Sync>;

impl Store {
    /// Opens the database, brings its schema up to date, and starts the writers.
    pub async fn open(options: StoreOptions) -> Result<Self, StoreError> {
        tokio::task::spawn_blocking(move || Self::open_blocking(options))
            .await
            .map_err(|e| StoreError::bug(format!("opening the store failed: {e}")))?
    }

    /// Opens a database for reading while another process serves it: nothing is migrated, locked or written, and every
    /// command is refused.
    pub async fn open_beside(options: StoreOptions) -> Result<Self, StoreError> {
        tokio::task::spawn_blocking(move || Self::open_beside_blocking(&options))
            .await
            .map_err(|e| StoreError::bug(format!("opening the store failed: {e}")))?
    }

    fn open_beside_blocking(options: &StoreOptions) -> Result<Self, StoreError> {
        let engine = options.engine.clone();
        let kind = match &engine {
            EngineOptions::Sqlite(_) => EngineKind::Sqlite,
            EngineOptions::Postgres(_) => EngineKind::Postgres,
        };
        let connect: Connect = Arc::new(move || connect(&engine, Role::Reader));
        insist_on_current(connect()?.as_mut())?;
        let dispatcher = Arc::new(Dispatcher::default());
        dispatcher.close();
        let readers = Arc::new(Readers::new(options.readers, connect, Arc::default(), Arc::clone(&options.clock), Arc::default()));
        Ok(Self { engine: kind, dispatcher, threads: Mutex::default(), readers, options: options.engine.clone(), _lock: None })
    }

    fn open_blocking(options: StoreOptions) -> Result<Self, StoreError> {
        let StoreOptions { engine, readers, clock } = options;
        let (kind, writer_count, lock) = match &engine {
            EngineOptions::Sqlite(sqlite) => (EngineKind::Sqlite, 1, Some(Arc::new(lock_data_file(&sqlite.path)?))),
            EngineOptions::Postgres(postgres) => (EngineKind::Postgres, postgres.writers.max(1), None),
        };
        let mut migrator = connect(&engine, Role::Migrator)?;
        migrate(migrator.as_mut(), kind)?;
        migrator.begin()?;
        migrator.execute(
            &sql::workspace::CREATE,
            vec![Value::Int(CONTROL_WORKSPACE.0), GENESIS.as_slice().into(), "UTC".into(), "USD".into()],
        )?;
        migrator.commit()?;
        drop(migrator);
        let connect_as = |role| -> Connect {
            let engine = engine.clone();
            Arc::new(move || connect(&engine, role))
        };
        let dispatcher = Arc::new(Dispatcher::default());
        let changes: Arc<ChangeLog> = Arc::default();
        let guesses: Arc<Guesses> = Arc::default();
        let (saver, saving) = Saver::start(connect_as(Role::Saver), Arc::clone(&dispatcher), lock.clone())?;
        let mut threads = Vec::new();
        for index in 0..writer_count {
            let connect = connect_as(Role::Writer);
            let writer = Writer::open(connect, Arc::clone(&clock), Arc::clone(&changes), saver.clone(), Arc::clone(&guesses))?;
            let dispatcher = Arc::clone(&dispatcher);
            // The file stays locked until the last of these threads has ended, also when the store is dropped before that.
            let lock = lock.clone();
            let thread = std::thread::Builder::new().name(format!("writer-{index}")).spawn(move || {
                run_writer(&dispatcher, writer);
                drop(lock);
            });
            threads.push(thread.map_err(|e| StoreError::broken(format!("no thread for a writer: {e}")))?);
        }
        let readers = Readers::new(readers, connect_as(Role::Reader), changes, clock, guesses);
        threads.push(saving);
        Ok(Self { engine: kind, dispatcher, threads: Mutex::new(threads), readers: Arc::new(readers), options: engine, _lock: lock })
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> EngineKind {
        self.engine
    }

    /// Hands a command to the next batch of its workspace and waits for its answer. When it answers, the effect is durable.
    pub async fn submit(&self, workspace: Id, submission: Submission) -> Result<Answer, StoreError> {
        let (sender, receiver) = oneshot::channel();
        self.dispatcher.submit(workspace.0, Job { submission, answer: sender })?;
        receiver.await.map_err(|_| {
            // Whoever was to answer is gone: the command may have been done.
            StoreError { fault: Fault::OutcomeUnknown, statement: None, detail: "the store ended before it answered".into() }
        })?
    }

    /// Rises whenever a database that was away may have come back without its last batches: what was kept of it before then is
    /// to be read anew.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.readers.generation()
    }

    /// Decides a command on what is stored now and throws its effects away: a preview is the command itself. `look` then sees
    /// what was loaded for it, as it is stored, and the outcome. Commands that wait at the same time are loaded together.
    pub async fn what_if<T: Send + 'static>(
        &self,
        workspace: Id,
        command: Box<dyn Command>,
        look: impl FnOnce(&State, &Outcome) -> T + Send + 'static,
    ) -> Result<(Outcome, T), StoreError> {
        let look: Look = Box::new(move |state, outcome| Box::new(look(state, outcome)));
        let (outcome, seen) = self.readers.try_out(workspace, command, look).await?;
        let seen = seen.downcast().map_err(|_| StoreError::bug("a trial answered something else"))?;
        Ok((outcome, *seen))
    }

    /// A record by id, as it is stored now; deleted ones are not found. Who asks at the same time is answered by one query.
    pub async fn record(&self, workspace: Id, kind: RecordKind, id: Id) -> Result<Option<Record>, StoreError> {
        self.readers.look_up(workspace, kind, RecordName::Id(id)).await
    }

    /// A record by its natural key, in the same way.
    pub async fn record_by_key(&self, workspace: Id, kind: RecordKind, key: String) -> Result<Option<Record>, StoreError> {
        self.readers.look_up(workspace, kind, RecordName::Key(key)).await
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
        let options = self.options.clone();
        let values = vec![Value::Int(workspace.0), GENESIS.as_slice().into(), zone.into(), unit.into()];
        tokio::task::spawn_blocking(move || {
            let mut session = connect(&options, Role::Migrator)?;
            session.begin()?;
            session.execute(&sql::workspace::CREATE, values)?;
            session.commit()
        })
        .await
        .map_err(|e| StoreError::bug(format!("making a workspace panicked: {e}")))?
    }

    #[cfg(feature = "testing")]
    pub(crate) fn writer_connection(&self) -> Connect {
        let options = self.options.clone();
        Arc::new(move || connect(&options, Role::Writer))
    }

    /// Lets the writers finish what waits, and closes.
    pub fn close(&self) {
        self.dispatcher.close();
        self.join();
    }

    fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread that writes or saves ended by a panic");
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.dispatcher.close();
        // A writer of the embedded database must not outlive the process's clean-up of OpenSSL. One of PostgreSQL may wait for
        // a server that does not answer.
        if self.engine == EngineKind::Sqlite {
            self.join();
        }
    }
}

fn connect(engine: &EngineOptions, role: Role) -> Result<Box<dyn Session>, StoreError> {
    Ok(match engine {
        EngineOptions::Sqlite(options) => Box::new(SqliteSession::open(options, role)?),
        EngineOptions::Postgres(options) => Box::new(PostgresSession::open(options, role)?),
    })
}
