//! Meed's use cases: one file per command or query.
//!
//! A use case authorizes, builds a command, hands it to the batch, and answers in domain words. It parses no HTTP and
//! renders no page; surfaces call it with a [`Context`]. Rules live in `meed-core`, SQL in `meed-store`.

pub mod access;
pub mod adjustments;
pub mod announcements;
pub mod approvals;
pub mod audit;
pub mod calculations;
mod configuration;
mod context;
pub mod documents;
pub mod enquiries;
mod error;
pub mod events;
pub mod exports;
pub mod imports;
pub mod leaderboard;
pub mod loyalty;
pub mod overview;
pub mod parties;
pub mod people;
pub mod preferences;
pub mod programs;
pub mod rates;
pub mod releases;
pub mod rewards;
pub mod sales;
mod secrets;
pub mod sheet;
pub mod sources;
pub mod statements;
pub mod what_if;
pub mod workspaces;

pub use configuration::{Configuration, ProgramEntry, VersionEntry};
pub use context::{Context, Role, Scope};
pub use error::{AppError, AppResult};
pub use meed_store::{Answer, EngineKind, Fault};
pub use secrets::{Secrets, token};

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use meed_core::command::{Command, Identity, Reply};
use meed_core::id::Id;
use meed_store::{Clock, Priority, Store, Submission};

/// Everything a use case needs.
pub struct App {
    store: Store,
    clock: Clock,
    secrets: Secrets,
    files: PathBuf,
    configurations: Mutex<HashMap<Id, Arc<Configuration>>>,
    known_keys: access::Known<Context>,
    known_tokens: access::Known<access::Claims>,
    key_uses: access::KeyUses,
    known_sources: sources::KnownSources,
    kept: Arc<calculations::KeptCalculations>,
    looked_at: calculations::LookedAt,
    known_tills: loyalty::KnownTills,
    known_names: loyalty::traces::KnownNames,
}

/// What [`App::new`] takes.
pub struct AppOptions {
    /// The open database.
    pub store: Store,
    /// Microseconds UTC.
    pub clock: Clock,
    /// Keys for hashes of API keys, sessions and fingerprints.
    pub secrets: Secrets,
    /// Folder for uploaded files, kept untouched.
    pub files: PathBuf,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(options: AppOptions) -> Arc<Self> {
        let AppOptions { store, clock, secrets, files } = options;
        let engine = store.engine();
        Arc::new(Self {
            store,
            clock,
            secrets,
            files,
            configurations: Mutex::new(HashMap::new()),
            known_keys: access::Known::new(engine),
            known_tokens: access::Known::new(engine),
            key_uses: access::KeyUses::default(),
            known_sources: sources::KnownSources::default(),
            kept: Arc::default(),
            looked_at: calculations::LookedAt::default(),
            known_tills: loyalty::KnownTills::default(),
            known_names: loyalty::traces::KnownNames::default(),
        })
    }

    /// Now, in microseconds UTC.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        (self.clock)()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.now_us()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// The database, for reads.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where uploaded files are kept.
    #[must_use]
    pub fn files(&self) -> &std::path::Path {
        &self.files
    }

    /// The keys for hashes.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Keeps calculations in memory from now on, for a process that answers until it ends: a changed sale then costs its
    /// own cells. They are let go when nobody asks for them.
    pub fn keep_calculations(&self) {
        self.kept.begin();
    }

    /// Lets go of kept calculations that nobody has asked for lately.
    pub fn drop_idle_calculations(&self) {
        self.kept.drop_idle(self.now_us());
    }

    /// How often calculations were made since the start, and how.
    #[must_use]
    pub fn calculation_counts(&self) -> calculations::CalculationCounts {
        self.kept.counts()
    }

    pub(crate) fn kept(&self) -> &Arc<calculations::KeptCalculations> {
        &self.kept
    }

    pub(crate) fn looked_at(&self) -> &calculations::LookedAt {
        &self.looked_at
    }

    pub(crate) fn key_uses(&self) -> &access::KeyUses {
        &self.key_uses
    }

    pub(crate) fn known_keys(&self) -> &access::Known<Context> {
        &self.known_keys
    }

    pub(crate) fn known_names(&self) -> &loyalty::traces::KnownNames {
        &self.known_names
    }

    pub(crate) fn known_tokens(&self) -> &access::Known<access::Claims> {
        &self.known_tokens
    }

    pub(crate) fn known_sources(&self) -> &sources::KnownSources {
        &self.known_sources
    }

    pub(crate) fn known_tills(&self) -> &loyalty::KnownTills {
        &self.known_tills
    }

    /// Hands a command to the batch and waits until it is durable.
    pub(crate) async fn submit(&self, ctx: &Context, subject: String, command: impl Command + 'static) -> AppResult<Reply> {
        match self.submit_as(ctx, subject, Priority::Interactive, None, command).await? {
            Answer::Decided(result) => Ok(result?),
            Answer::Replayed(_) => Err(AppError::bug("a command without identity was replayed")),
        }
    }

    pub(crate) async fn submit_as(
        &self,
        ctx: &Context,
        subject: String,
        priority: Priority,
        identity: Option<Identity>,
        command: impl Command + 'static,
    ) -> AppResult<Answer> {
        let submission = Submission { actor: ctx.actor.clone(), key: ctx.key, subject, command: Box::new(command), identity, priority };
        Ok(self.store.submit(ctx.workspace, submission).await?)
    }
}
