//! `meed backup` and `meed restore`: a copy of the embedded database and the uploaded files.

use std::path::{Path, PathBuf};

use clap::Args;
use meed_store::{SqliteOptions, copy_database};

use crate::config::{KeyMaking, MasterKey, Settings, StorageSettings};
use crate::failure::{Failure, Verdict};
use crate::open::{Begin, has_data, open};
use crate::output::{count, print};

const BACKUP_EXAMPLES: &str = "\
Examples:
  meed backup /mnt/backup/meed-2026-04-01
  meed backup /mnt/backup/meed-2026-04-01 --data /var/lib/meed      also while its server runs

The copy is of one moment and encrypted with the same key. The key is not part of it: keep the key elsewhere.
On PostgreSQL, use pg_dump for the database and copy the folder of uploaded files.";

const RESTORE_EXAMPLES: &str = "\
Examples:
  meed restore /mnt/backup/meed-2026-04-01 --data /var/lib/meed --key-file /etc/meed/key

The data folder must hold no database yet. The books are verified before the command ends.";

#[derive(Debug, Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    /// Folder to make; it must not exist yet
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Folder that `meed backup` made
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
}

fn embedded(storage: &StorageSettings) -> Result<(), Failure> {
    if storage.database.is_some() {
        return Err(Failure::refused("backup_embedded_only", "this copies the embedded database only")
            .advise("on PostgreSQL use pg_dump and pg_restore, and copy the folder of uploaded files"));
    }
    Ok(())
}

pub(crate) async fn backup(args: BackupArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let storage = settings.storage.clone();
    embedded(&storage)?;
    if !has_data(&storage) {
        return Err(Failure::refused("data_missing", "there is no Meed data here yet").at(storage.data.display().to_string()));
    }
    let key = MasterKey::find(&storage, KeyMaking::Refused)?;
    let to = args.to.clone();
    std::fs::create_dir(&to).map_err(|e| Failure::fault("backup_failed", e.to_string()).at(to.display().to_string()))?;
    let copying = tokio::task::spawn_blocking(move || {
        let options = SqliteOptions { path: storage.sqlite_path(), key: storage.is_encrypted.then_some(key.bytes) };
        // The database first: files are only ever added, so every file that it names is there when they are copied.
        copy_database(&options, &to.join("meed.db"))?;
        copy_files(&storage.files(), &to.join("files"))
    });
    let files = copying.await.map_err(|_| Failure::fault("bug", "copying failed"))??;
    print(&format!("Copied the database and {} to {}\n", count(files, "uploaded file"), args.to.display()))?;
    Ok(Verdict::Clean)
}

pub(crate) async fn restore(args: RestoreArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let storage = &settings.storage;
    embedded(storage)?;
    let database = args.from.join("meed.db");
    std::fs::File::open(&database).map_err(|e| Failure::file(&database, &e))?;
    if has_data(storage) {
        let reason = "there is a database already; restoring would overwrite it";
        return Err(Failure::refused("data_present", reason)
            .at(storage.data.display().to_string())
            .advise("name an empty folder with --data"));
    }
    MasterKey::find(storage, KeyMaking::Refused)?;
    let files = copy_files(&args.from.join("files"), &storage.files())?;
    let unfinished = storage.data.join("meed.db.restoring");
    std::fs::copy(&database, &unfinished).map_err(|e| Failure::file(&unfinished, &e))?;
    std::fs::rename(&unfinished, storage.sqlite_path()).map_err(|e| Failure::file(&unfinished, &e))?;
    let opened = open(settings, Begin::Refused).await?;
    let report = opened.app.verify(None).await?;
    for difference in &report.differences {
        print(&format!("{difference}\n"))?;
    }
    print(&format!(
        "Restored {} of {} and {}; {}\n",
        count(report.sales, "sale"),
        count(report.workspaces, "workspace"),
        count(files, "uploaded file"),
        if report.differences.is_empty() { "the books agree with their journal" } else { "the books differ from their journal" }
    ))?;
    Ok(if report.differences.is_empty() { Verdict::Clean } else { Verdict::Differences })
}

/// Copies kept files, which never change once they have their name.
fn copy_files(from: &Path, to: &Path) -> Result<u64, Failure> {
    std::fs::create_dir_all(to).map_err(|e| Failure::file(to, &e))?;
    let Ok(entries) = std::fs::read_dir(from) else { return Ok(0) };
    let mut copied = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        // A name with a dot in front is of an upload that is still under way.
        if !name.to_string_lossy().starts_with('.') {
            std::fs::copy(entry.path(), to.join(&name)).map_err(|e| Failure::file(&entry.path(), &e))?;
            copied += 1;
        }
    }
    Ok(copied)
}
