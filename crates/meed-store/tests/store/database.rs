//! A database of its own for each test, on each engine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use meed_core::id::Id;
use meed_store::{Clock, EngineOptions, PostgresOptions, SqliteOptions, Store, StoreError, StoreOptions, testing};

/// Runs each body `name` on every engine, as `sqlite::name`, `sqlite_encrypted::name` and `postgres::name`. Afterwards the
/// books must verify.
macro_rules! for_each_engine {
    ($($name:ident),* $(,)?) => {
        for_each_engine!(@engine sqlite: $($name),*);
        for_each_engine!(@engine sqlite_encrypted: $($name),*);
        for_each_engine!(@engine postgres: $($name),*);
    };
    (@engine $engine:ident: $($name:ident),*) => {
        mod $engine {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let database = $crate::database::Database::$engine().await;
                    super::$name(&database).await;
                    database.must_verify().await;
                }
            )*
        }
    };
}

/// The workspace that most tests use.
pub(crate) const SHOP: Id = Id(11);
/// Another one, with the same ids in it.
pub(crate) const TWIN: Id = Id(12);

/// Where the tests' clocks start: 2026-03-15T12:00:00Z.
pub(crate) const NOON_US: i64 = 1_773_576_000_000_000;

/// An empty database and the clock of its stores.
pub(crate) struct Database {
    pub(crate) engine: EngineOptions,
    now_us: Arc<AtomicI64>,
    step_us: Arc<AtomicI64>,
    // Deleted when the test ends.
    _folder: Option<tempfile::TempDir>,
    schema: Option<(String, String)>,
}

/// A test needs PostgreSQL or it is not done: without the variable it fails.
pub(crate) fn postgres_url() -> String {
    std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names the PostgreSQL of the tests; `./test` starts one")
}

impl Database {
    #[expect(clippy::unused_async, reason = "the three are called alike")]
    pub(crate) async fn sqlite() -> Self {
        Self::in_file(None)
    }

    #[expect(clippy::unused_async, reason = "the three are called alike")]
    pub(crate) async fn sqlite_encrypted() -> Self {
        Self::in_file(Some([7; 32]))
    }

    fn in_file(key: Option<[u8; 32]>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("meed.db");
        Self::over(EngineOptions::Sqlite(SqliteOptions { path, key }), Some(folder), None)
    }

    pub(crate) async fn postgres() -> Self {
        let (url, schema) = (postgres_url(), new_schema());
        testing::create_schema(&url, &schema).await.expect("a schema");
        let engine = EngineOptions::Postgres(PostgresOptions { url: url.clone(), schema: Some(schema.clone()), writers: 2 });
        Self::over(engine, None, Some((url, schema)))
    }

    fn over(engine: EngineOptions, folder: Option<tempfile::TempDir>, schema: Option<(String, String)>) -> Self {
        Self { engine, now_us: Arc::new(AtomicI64::new(NOON_US)), step_us: Arc::new(AtomicI64::new(1_000)), _folder: folder, schema }
    }

    /// A clock that moves by a millisecond whenever it is read, and otherwise only when told.
    pub(crate) fn clock(&self) -> Clock {
        let (now_us, step_us) = (Arc::clone(&self.now_us), Arc::clone(&self.step_us));
        Arc::new(move || now_us.fetch_add(step_us.load(Ordering::SeqCst), Ordering::SeqCst))
    }

    pub(crate) fn stop_the_clock(&self) {
        self.step_us.store(0, Ordering::SeqCst);
    }

    pub(crate) fn pass_days(&self, days: i64) {
        self.now_us.fetch_add(days * 86_400_000_000, Ordering::SeqCst);
    }

    /// Just before the next reading of the clock.
    pub(crate) fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::SeqCst) - 1
    }

    pub(crate) async fn try_open(&self) -> Result<Store, StoreError> {
        Store::open(StoreOptions { engine: self.engine.clone(), readers: 4, clock: self.clock() }).await
    }

    /// Opens the store, with both workspaces in it.
    pub(crate) async fn open(&self) -> Arc<Store> {
        let store = self.try_open().await.expect("the store opens");
        store.create_workspace(SHOP, "America/New_York", "USD").await.expect("a workspace");
        store.create_workspace(TWIN, "Europe/Berlin", "EUR").await.expect("a workspace");
        Arc::new(store)
    }

    /// The file of an embedded database.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match &self.engine {
            EngineOptions::Sqlite(options) => Some(options.path.clone()),
            EngineOptions::Postgres(_) => None,
        }
    }

    /// Runs a text with full access, past every restriction of the store.
    pub(crate) async fn tamper(&self, text: &str) {
        testing::run_as_owner(&self.engine, text).await.expect("the owner may do anything");
    }

    /// The differences that verify prints.
    pub(crate) async fn differences(&self) -> Vec<String> {
        let store = self.try_open().await.expect("the store opens");
        let report = store.verify(None).await.expect("verify reads the books");
        close(store).await;
        assert_eq!(report.omitted, 0, "everything is listed");
        report.differences.iter().map(ToString::to_string).collect()
    }

    pub(crate) async fn must_verify(&self) {
        assert_eq!(self.differences().await, Vec::<String>::new(), "verify prints no difference");
        if let Some((url, schema)) = &self.schema {
            testing::drop_schema(url, schema).await.expect("the schema goes");
        }
    }
}

/// Closes a store and waits for its writers.
pub(crate) async fn close(store: impl Into<Arc<Store>>) {
    let store = store.into();
    tokio::task::spawn_blocking(move || {
        store.close();
        drop(store);
    })
    .await
    .expect("the store closes");
}

fn new_schema() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // The process id and a count: no two tests share a schema, whether they run as threads or as processes.
    let mut chance = [0u8; 4];
    getrandom::fill(&mut chance).expect("random bytes");
    let chance = u32::from_be_bytes(chance);
    format!("t{}_{}_{chance:08x}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
