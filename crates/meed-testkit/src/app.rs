//! A whole application: a store of its own, a fixed clock, and a server on a free port.

use std::net::SocketAddr;
use std::sync::Arc;

use meed_app::access::keys;
use meed_app::{App, AppOptions, Context, Scope, Secrets, workspaces};
use meed_core::id::Id;
use meed_server::{ServeOptions, ServerState, bind, serve};
use meed_store::{EngineOptions, PostgresOptions, SqliteOptions, Store, StoreOptions};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Client, FixedClock, postgres};

/// The databases that storage tests run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded one.
    Sqlite,
    /// The server that `MEED_TEST_POSTGRES` names.
    Postgres,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A running application. End it with [`TestApp::stop`], which verifies the books.
pub struct TestApp {
    /// The use cases.
    pub app: Arc<App>,
    /// Its clock, at 2026-04-10 12:00 UTC until a test moves it.
    pub clock: FixedClock,
    /// Where the server listens.
    pub address: SocketAddr,
    schema: Option<String>,
    _folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<std::io::Result<()>>>,
}

/// A workspace with a key that may do everything.
pub struct Workspace {
    /// The workspace.
    pub id: Id,
    /// The secret of its key.
    pub secret: String,
    /// A client that shows the key.
    pub client: Client,
}

impl TestApp {
    /// Starts an application on an empty database.
    pub async fn start(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = FixedClock::at("2026-04-10T12:00:00Z");
        let schema = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres::fresh_schema().await),
        };
        let options = match &schema {
            None => EngineOptions::Sqlite(SqliteOptions { path: folder.path().join("meed.db"), key: None }),
            Some(schema) => EngineOptions::Postgres(PostgresOptions { url: postgres::url(), schema: Some(schema.clone()), writers: 2 }),
        };
        let store = Store::open(StoreOptions { engine: options, readers: 4, clock: clock.clock() }).await.expect("a store");
        let secrets = Secrets::new(&[7; 32]);
        let app = App::new(AppOptions { store, clock: clock.clock(), secrets, files: folder.path().join("files") });
        // As a server does.
        app.keep_calculations();
        let loopback: SocketAddr = ([127, 0, 0, 1], 0).into();
        let listener = bind(&ServeOptions { listen: loopback, tls: None, allow_plain: false }).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = ServerState { app: Arc::clone(&app), is_secure: false, public_url: format!("http://{address}") };
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, state, None, async move {
            let _ = stopped.await;
        }));
        Self { app, clock, address, schema, _folder: folder, stop: Some(stop), server: Some(server) }
    }

    /// A client without a key.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Makes a workspace in New York with a key that may do everything.
    pub async fn workspace(&self, slug: &str) -> Workspace {
        let id = workspaces::create(&self.app, slug, slug, "live", "America/New_York", "USD").await.expect("a workspace");
        let key = keys::create(&self.app, &Context::system(id), "test", &[Scope::Admin]).await.expect("a key");
        let client = self.client().with("authorization", &format!("Bearer {}", key.secret));
        Workspace { id, secret: key.secret, client }
    }

    /// A client with a new key of some scopes.
    pub async fn client_with(&self, workspace: Id, scopes: &[Scope]) -> Client {
        let key = keys::create(&self.app, &Context::system(workspace), "test", scopes).await.expect("a key");
        self.client().with("authorization", &format!("Bearer {}", key.secret))
    }

    /// Stops the server, recomputes the books from the journal, and throws the database away.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(server) = self.server.take() {
            server.await.expect("the server ends").expect("the server ends well");
        }
        let report = self.app.verify(None).await.expect("the books can be read");
        assert!(report.differences.is_empty(), "the books differ from the journal: {:?}", report.differences);
        let app = Arc::clone(&self.app);
        tokio::task::spawn_blocking(move || app.store().close()).await.expect("the store closes");
        if let Some(schema) = self.schema.take() {
            postgres::drop_schema(&schema).await;
        }
    }
}
