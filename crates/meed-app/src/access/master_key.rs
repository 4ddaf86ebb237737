//! Whether the master key is the one that this installation began with.
//!
//! With another key every stored hash would be worthless: no API key and no session would be found again, and nobody would
//! be told why. An encrypted file tells by itself; a PostgreSQL database that several processes share does not.

use meed_core::command::{Class, PutRecord, PutRecords, RecordKind, Refused};
use meed_store::CONTROL_WORKSPACE;
use serde::{Deserialize, Serialize};

use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::secrets::hex;
use crate::{App, Context};

const KEY: &str = "master_key";

/// What is kept of the key: a fingerprint under itself, from which nothing can be learned about it.
#[derive(Serialize, Deserialize)]
struct MasterKeyDocument {
    fingerprint: String,
}

/// Refuses another key than the first one. Where none was seen yet, remembers this one.
pub async fn agree(app: &App) -> AppResult<()> {
    let own = MasterKeyDocument { fingerprint: hex(&app.secrets().fingerprint(b"master key")) };
    if let Some(first) = first(app).await? {
        return same(&own, &first);
    }
    let put = PutRecord::new(RecordKind::Settings, Some(KEY.to_owned()), write(&own)?);
    let ctx = Context::system(CONTROL_WORKSPACE);
    match app.submit(&ctx, KEY.to_owned(), PutRecords::one("master_key.seen", put)).await {
        // Another process began at the same moment.
        Err(AppError::Refused(refused)) if refused.code == "key_taken" => check(app).await,
        other => other.map(|_| ()),
    }
}

/// The same for somebody who only reads.
pub async fn check(app: &App) -> AppResult<()> {
    let own = MasterKeyDocument { fingerprint: hex(&app.secrets().fingerprint(b"master key")) };
    match first(app).await? {
        Some(first) => same(&own, &first),
        None => Ok(()),
    }
}

async fn first(app: &App) -> AppResult<Option<MasterKeyDocument>> {
    let record = app.store().read(|r| r.record_by_key(CONTROL_WORKSPACE, RecordKind::Settings, KEY)).await?;
    record.as_ref().map(read).transpose()
}

fn same(own: &MasterKeyDocument, first: &MasterKeyDocument) -> AppResult<()> {
    if own.fingerprint == first.fingerprint {
        return Ok(());
    }
    let text = "this installation began with another master key; API keys and sessions cannot be read with this one";
    Err(Refused::new(Class::Conflict, "key_wrong", text).into())
}
