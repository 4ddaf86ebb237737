//! What can be asked of a database beside its data: its version, the rights of its role, a copy of it.

use std::path::Path;

use crate::engine::{EngineKind, Role, Session, SqliteOptions, SqliteSession};
use crate::error::StoreError;
use crate::sql;
use crate::store::Store;

/// The database and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which engine.
    pub engine: EngineKind,
    /// Its version.
    pub version: String,
    /// Whether the role is a PostgreSQL superuser, whom no grant holds back from the journal.
    pub is_superuser: bool,
}

impl Store {
    /// Asks the database about itself.
    pub async fn about(&self) -> Result<About, StoreError> {
        let engine = self.engine();
        self.read(move |reader| {
            let mut about = About { engine, version: String::new(), is_superuser: false };
            reader.session.query(&sql::workspace::ABOUT, &[], &mut |row| {
                row.text(0)?.clone_into(&mut about.version);
                about.is_superuser = row.int(1)? != 0;
                Ok(())
            })?;
            Ok(about)
        })
        .await
    }
}

/// Copies the embedded database as it stands at one moment into a new file, encrypted with the same key. Reads only, so a
/// server may go on beside it. Blocks.
pub fn copy_database(options: &SqliteOptions, to: &Path) -> Result<(), StoreError> {
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let name = unfinished.to_str().ok_or_else(|| StoreError::broken(format!("{} is not a name in Unicode", to.display())))?;
    if to.exists() || unfinished.exists() {
        return Err(StoreError::broken(format!("{} is there already", to.display())));
    }
    // The restrictions of the serving connections would also refuse the writes to the copy.
    let mut session = SqliteSession::open(options, Role::Migrator)?;
    session.execute(&sql::workspace::COPY_INTO, vec![name.into()])?;
    let finish = || {
        std::fs::File::open(unfinished)?.sync_all()?;
        std::fs::rename(unfinished, to)
    };
    finish().map_err(|e| StoreError::broken(format!("{}: {e}", to.display())))
}
