//! Uploads that must have exactly the layout of a former one (`commissions.md` §2.2).
//!
//! A configuration hash stands for a source and the ordered header of the file by which its mapping was made. A file with
//! other names, or the same ones in another order, is refused before anything is recorded.

use meed_core::command::{Class, RecordKind, Refused};
use meed_core::id::Id;
use meed_intake::Layout;
use sha2::{Digest, Sha256};

use super::document::{ImportDocument, ImportState, MappingDocument};
use super::read_file::{all_mappings, detect};
use super::upload::{Upload, begin};
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::secrets::hex;
use crate::{App, Context, Scope};

/// The configuration hash of a remembered mapping: 32 characters for the upload URL. It is no secret.
#[must_use]
pub fn configuration_hash(mapping: &MappingDocument) -> String {
    let mut hasher = Sha256::new();
    hasher.update(mapping.source.to_be_bytes());
    for header in &mapping.headers {
        hasher.update(u64::try_from(header.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(header.as_bytes());
    }
    hex(&hasher.finalize()[..16])
}

/// The remembered mapping that a configuration hash stands for.
pub async fn find_configuration(app: &App, ctx: &Context, hash: &str) -> AppResult<MappingDocument> {
    ctx.require(Scope::Sales)?;
    let all = all_mappings(app, ctx).await?;
    let found = all.into_iter().map(|(_, mapping)| mapping).find(|mapping| configuration_hash(mapping) == hash);
    found.ok_or_else(|| {
        let text = "no file of this layout was imported; import one by hand first, then copy its upload address";
        Refused::new(Class::NotFound, "configuration_unknown", text).at("config").into()
    })
}

/// Begins an import of a kept file whose header must be exactly that of the mapping.
pub async fn upload_expected(app: &App, ctx: &Context, mapping: &MappingDocument, file_name: &str, upload: &Upload) -> AppResult<Id> {
    ctx.require(Scope::Sales)?;
    let source = Id(mapping.source);
    let reading = detect(app, ctx, source, file_name, &upload.sha256, None).await?;
    let expected = Layout { headers: mapping.headers.clone() };
    if !reading.layout().matches(&expected) {
        let text = format!(
            "the columns are not those of the sample, in its order; expected `{}`, found `{}`",
            shown(&mapping.headers),
            shown(reading.headers())
        );
        return Err(AppError::invalid("layout_changed", "header", text));
    }
    begin(app, ctx, source, file_name, upload, &reading).await
}

/// The beginning of a header, for a message.
fn shown(headers: &[String]) -> String {
    let all = headers.join(", ");
    if all.chars().count() > 500 { format!("{}…", all.chars().take(500).collect::<String>()) } else { all }
}

/// How many imports of the workspace are under way, counted up to `most`. Only the newest are looked at: older ones are done.
pub async fn running_count(app: &App, ctx: &Context, most: usize) -> AppResult<usize> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let (workspace, looked_at) = (ctx.workspace, i64::try_from(most.saturating_mul(4)).unwrap_or(200));
    let records = app.store().read(move |r| r.records_back(workspace, RecordKind::Import, None, looked_at)).await?;
    let is_running =
        |record: &meed_core::command::Record| read::<ImportDocument>(record).is_ok_and(|document| document.state == ImportState::Running);
    Ok(records.iter().filter(|record| is_running(record)).count())
}
