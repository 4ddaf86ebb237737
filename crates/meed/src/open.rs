//! Opening the data: key, database, workspace.

use std::path::Path;
use std::sync::Arc;

use meed_app::access::master_key;
use meed_app::documents::WorkspaceDocument;
use meed_app::{App, AppOptions, Context, Secrets, workspaces};
use meed_core::command::Actor;
use meed_core::id::Id;
use meed_store::{Clock, EngineOptions, Fault, PostgresOptions, SqliteOptions, Store, StoreError, StoreOptions};

use crate::config::{KeyMaking, MasterKey, Settings, StorageSettings, WorkspaceChoice};
use crate::failure::Failure;

/// Connections that read beside the writer. A calculation takes two.
const READERS: usize = 4;
/// Connections that write on PostgreSQL; each serves one workspace at a time.
const POSTGRES_WRITERS: usize = 2;

/// Whether data may be made where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// The command begins an installation.
    Allowed,
    /// The command works with what is there.
    Refused,
}

/// What a command does with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// It writes: no other process may hold the embedded database.
    Write,
    /// It only reads, also beside a running server.
    Read,
}

/// The open data.
pub(crate) struct Opened {
    pub(crate) app: Arc<App>,
    /// What a person should know about this start: a key that was made, encryption that is off.
    pub(crate) notices: Vec<String>,
}

/// Whether the embedded database is there, or a PostgreSQL database is named.
pub(crate) fn has_data(storage: &StorageSettings) -> bool {
    storage.database.is_some() || storage.sqlite_path().exists()
}

/// Opens the data to work with it. Only one process may hold the embedded database.
pub(crate) async fn open(settings: &Settings, begin: Begin) -> Result<Opened, Failure> {
    open_for(settings, begin, Use::Write).await
}

/// Opens the data to look at it, also while a server works with it.
pub(crate) async fn open_to_read(settings: &Settings) -> Result<Opened, Failure> {
    open_for(settings, Begin::Refused, Use::Read).await
}

async fn open_for(settings: &Settings, begin: Begin, purpose: Use) -> Result<Opened, Failure> {
    let storage = &settings.storage;
    let is_present = has_data(storage);
    if !is_present && begin == Begin::Refused {
        return Err(Failure::refused("data_missing", "there is no Meed data here yet").at(storage.data.display().to_string()));
    }
    make_private_folder(&storage.data)?;
    // On PostgreSQL nobody can tell from outside whether the database is new; the key file then decides.
    let may_make = begin == Begin::Allowed && (storage.database.is_some() || !is_present);
    let key = MasterKey::find(storage, if may_make { KeyMaking::Allowed } else { KeyMaking::Refused })?;
    let mut notices = Vec::new();
    if let Some(path) = &key.made {
        notices.push(format!(
            "A new master key was written to {}. Without it the data cannot be read: keep a copy elsewhere.",
            path.display()
        ));
    }
    let mut is_beside = false;
    let engine = if let Some(url) = &storage.database {
        EngineOptions::Postgres(PostgresOptions { url: url.clone(), schema: None, writers: POSTGRES_WRITERS })
    } else {
        is_beside = is_in_use(&storage.sqlite_path());
        if is_beside && purpose == Use::Write {
            let place = storage.sqlite_path().display().to_string();
            return Err(Failure::refused("database_in_use", "a Meed server is working with this data").at(place));
        }
        if !storage.is_encrypted {
            notices.push("Encryption is off: anybody who can read the database file can read the data.".to_owned());
        }
        EngineOptions::Sqlite(SqliteOptions { path: storage.sqlite_path(), key: storage.is_encrypted.then_some(key.bytes) })
    };
    let clock: Clock = Arc::new(|| jiff::Timestamp::now().as_microsecond());
    let options = StoreOptions { engine, readers: READERS, clock: Arc::clone(&clock) };
    let store = if is_beside { Store::open_beside(options).await } else { Store::open(options).await };
    let store = store.map_err(|e| unopened(e, storage))?;
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&key.bytes), files: storage.files() });
    let app = settings.opened.get_or_init(|| app).clone();
    if is_beside {
        master_key::check(&app).await?;
    } else {
        master_key::agree(&app).await?;
    }
    Ok(Opened { app, notices })
}

/// The one failure of opening that a person can mend at once has a code of its own.
fn unopened(error: StoreError, storage: &StorageSettings) -> Failure {
    if error.fault == Fault::Broken && error.detail.contains("cannot be read with this key") {
        return Failure::fault("key_wrong", "the database is encrypted with another key, or is no Meed database")
            .at(storage.sqlite_path().display().to_string());
    }
    error.into()
}

/// The folder holds a key and personal data: nobody else may look into it.
fn make_private_folder(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| Failure::file(path, &e))
}

/// Whether another process holds the embedded database. The store itself refuses a second one anyway.
fn is_in_use(database: &Path) -> bool {
    let mut lock = database.as_os_str().to_owned();
    lock.push(".lock");
    std::fs::File::options().write(true).open(&lock).is_ok_and(|file| file.try_lock().is_err())
}

/// An open workspace: what most commands need.
pub(crate) struct Desk {
    pub(crate) app: Arc<App>,
    pub(crate) ctx: Context,
    pub(crate) workspace: WorkspaceDocument,
}

impl Desk {
    /// Opens the data and the chosen workspace in it.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        Self::at(open(settings, Begin::Refused).await?.app, &settings.workspace).await
    }

    /// The same for a command that only looks, also while a server works with the data.
    pub(crate) async fn open_to_read(settings: &Settings) -> Result<Self, Failure> {
        Self::at(open_to_read(settings).await?.app, &settings.workspace).await
    }

    /// The chosen workspace of open data.
    pub(crate) async fn at(app: Arc<App>, choice: &WorkspaceChoice) -> Result<Self, Failure> {
        let all = workspaces::list(&app).await?;
        let workspace = choose(&all, choice)?.clone();
        let ctx = context(Id(workspace.workspace));
        Ok(Self { app, ctx, workspace })
    }
}

/// The owner of the data at the command line, as the audit log names them.
pub(crate) fn context(workspace: Id) -> Context {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_default();
    let actor = if user.is_empty() { "cli".to_owned() } else { format!("cli:{user}") };
    Context { actor: Actor(actor), ..Context::system(workspace) }
}

fn choose<'a>(all: &'a [WorkspaceDocument], choice: &WorkspaceChoice) -> Result<&'a WorkspaceDocument, Failure> {
    let side = if choice.is_sandbox { "sandbox" } else { "live" };
    let here: Vec<&WorkspaceDocument> = all.iter().filter(|w| w.side == side).collect();
    let names = || here.iter().map(|w| w.slug.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(slug) = &choice.slug {
        let found = here.iter().find(|w| w.slug == *slug);
        return found.copied().ok_or_else(|| {
            Failure::refused("workspace_unknown", format!("there is no {side} workspace `{slug}`"))
                .advise(format!("there are: {}", names()))
        });
    }
    match here.as_slice() {
        [] => Err(Failure::refused("workspace_missing", format!("there is no {side} workspace yet")).advise("make one with `meed init`")),
        [one] => Ok(one),
        several => several.iter().find(|w| w.slug == "main").copied().ok_or_else(|| {
            Failure::usage("workspace_ambiguous", "there are several workspaces").advise(format!("name one with --workspace: {}", names()))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(slug: &str, side: &str) -> WorkspaceDocument {
        WorkspaceDocument {
            workspace: 1,
            slug: slug.into(),
            name: slug.into(),
            side: side.into(),
            zone: "UTC".into(),
            currency: "USD".into(),
        }
    }

    #[test]
    fn the_only_workspace_or_main_is_taken_when_none_is_named() {
        let choice = |slug: Option<&str>, is_sandbox| WorkspaceChoice { slug: slug.map(str::to_owned), is_sandbox };
        let all = [workspace("acme", "live"), workspace("acme", "sandbox")];
        assert_eq!(choose(&all, &choice(None, false)).map(|w| w.side.clone()).ok(), Some("live".into()));
        assert_eq!(choose(&all, &choice(None, true)).map(|w| w.side.clone()).ok(), Some("sandbox".into()));
        assert!(choose(&all, &choice(Some("other"), false)).is_err());
        let all = [workspace("acme", "live"), workspace("bolt", "live")];
        assert!(choose(&all, &choice(None, false)).is_err());
        let all = [workspace("acme", "live"), workspace("main", "live")];
        assert_eq!(choose(&all, &choice(None, false)).map(|w| w.slug.clone()).ok(), Some("main".into()));
        assert!(choose(&[], &choice(None, false)).is_err());
    }
}
