//! Taking a file in: its bytes are kept under their hash, and it is read once to see what it holds.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply};
use meed_core::id::Id;
use meed_intake::{Limits, Reading, packing, unpack};
use sha2::{Digest, Sha256};

use super::document::{Counts, ImportDocument, ImportState};
use super::read_file::{detect, keep_reading, refused};
use crate::documents::write;
use crate::error::{AppError, AppResult};
use crate::secrets::hex;
use crate::{App, Context, Scope};

/// A stored file.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Upload {
    pub path: PathBuf,
    pub sha256: String,
    pub bytes: u64,
}

fn failed(context: &str, source: std::io::Error) -> AppError {
    AppError::File { context: context.to_owned(), source }
}

/// Keeps the bytes of a file under their hash. A file that is there already is not written again. Of a packed file both
/// are kept, what arrived and what was in it, and the latter is answered.
pub fn store_file(folder: &Path, from: impl Read, bytes_max: u64) -> AppResult<Upload> {
    let arrived = keep_file(folder, from, bytes_max)?;
    let mut file = std::fs::File::open(&arrived.path).map_err(|e| failed("opening the kept file", e))?;
    let Some(packing) = packing(&mut file).map_err(|e| refused(&e))? else { return Ok(arrived) };
    let (mut inner, path) = tempfile_in(folder)?;
    let unpacked = unpack(&mut file, packing, &mut inner, &Limits { unpacked_bytes: bytes_max, ..Limits::default() });
    let opened = || std::fs::File::open(&path).map_err(|e| failed("opening the unpacked file", e));
    let kept = unpacked.map_err(|e| refused(&e)).and_then(|()| keep_file(folder, opened()?, bytes_max));
    std::fs::remove_file(&path).map_err(|e| failed("removing a temporary file", e))?;
    kept
}

fn keep_file(folder: &Path, from: impl Read, bytes_max: u64) -> AppResult<Upload> {
    std::fs::create_dir_all(folder).map_err(|e| failed("making the folder for files", e))?;
    let temporary = tempfile_in(folder)?;
    let path = temporary.1.clone();
    let stored = store_as(folder, temporary, from, bytes_max);
    if stored.is_err() {
        // Nothing is left of a file that did not arrive whole.
        let _ = std::fs::remove_file(path);
    }
    stored
}

fn store_as(folder: &Path, mut temporary: (std::fs::File, PathBuf), mut from: impl Read, bytes_max: u64) -> AppResult<Upload> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 256 * 1024];
    let mut bytes = 0u64;
    loop {
        let read = from.read(&mut buffer).map_err(|e| failed("reading the file", e))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        if bytes > bytes_max {
            return Err(AppError::invalid("file.too_large", "file", format!("the file is larger than {} MiB", bytes_max >> 20)));
        }
        hasher.update(&buffer[..read]);
        temporary.0.write_all(&buffer[..read]).map_err(|e| failed("keeping the file", e))?;
    }
    temporary.0.sync_all().map_err(|e| failed("keeping the file", e))?;
    let sha256 = hex(&hasher.finalize());
    let path = folder.join(&sha256);
    std::fs::rename(&temporary.1, &path).map_err(|e| failed("keeping the file", e))?;
    Ok(Upload { path, sha256, bytes })
}

fn tempfile_in(folder: &Path) -> AppResult<(std::fs::File, PathBuf)> {
    let path = folder.join(format!(".{}", crate::secrets::token()?));
    let file = std::fs::File::create_new(&path).map_err(|e| failed("keeping the file", e))?;
    Ok((file, path))
}

/// Opens a kept file.
pub(super) fn open(app: &App, sha256: &str) -> AppResult<std::fs::File> {
    if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(AppError::bug("a file's hash is damaged"));
    }
    let mut file = std::fs::File::open(app.files().join(sha256)).map_err(|e| failed("opening the kept file", e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| failed("opening the kept file", e))?;
    Ok(file)
}

/// Begins an import of a kept file: what it holds is detected, nothing is recorded yet.
pub async fn upload(app: &App, ctx: &Context, source: Id, file_name: &str, upload: &Upload) -> AppResult<Id> {
    ctx.require(Scope::Sales)?;
    let reading = detect(app, ctx, source, file_name, &upload.sha256, None).await?;
    begin(app, ctx, source, file_name, upload, &reading).await
}

/// Begins an import of a kept file that is read already.
pub(super) async fn begin(app: &App, ctx: &Context, source: Id, file_name: &str, upload: &Upload, reading: &Reading) -> AppResult<Id> {
    let reading_id = keep_reading(app, ctx, reading, None).await?;
    let document = ImportDocument {
        source: source.0,
        file_name: file_name.chars().filter(|c| !c.is_control()).take(200).collect(),
        sha256: upload.sha256.clone(),
        bytes: upload.bytes,
        state: ImportState::Mapping,
        created_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
        finished_us: None,
        total_rows: reading.row_count(),
        counts: Counts::default(),
        position: None,
        layout: None,
        error: None,
        is_certain: reading.is_certain() && reading.problems().is_empty(),
        reading: reading_id.0,
    };
    let put = PutRecord::new(RecordKind::Import, None, write(&document)?);
    match app.submit(ctx, document.file_name.clone(), PutRecords::one("import.uploaded", put)).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no import was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}
