//! Mappings that a caller prepares once and names by a batch id (`commissions.md` §2.3).

use meed_core::command::{Class, PutRecord, PutRecords, RecordKind, Refused};
use meed_core::id::Id;
use meed_intake::Target;
use serde::{Deserialize, Serialize};

use super::ReadAs;
use super::read_file::detect;
use super::upload::{Upload, begin};
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::secrets::hex;
use crate::{App, Context, Scope, sources};

/// A prepared mapping: which column feeds which target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BatchDocument {
    pub source: i64,
    /// Column and target names, sorted by column.
    pub columns: Vec<(String, String)>,
}

fn refused(code: &'static str, text: String) -> AppError {
    Refused::new(Class::Invalid, code, text).at("mapping").into()
}

/// Keeps a mapping and answers its batch id, a GUID. Equal mappings of one source have the same id. Refuses a mapping that
/// could not date or credit a sale.
pub async fn prepare_batch(app: &App, ctx: &Context, source: Id, columns: &[(String, Target)]) -> AppResult<String> {
    ctx.require(Scope::Sales)?;
    check(columns, sources::document(app, ctx, Some(source)).await?.owner.is_some())?;
    let mut columns: Vec<(String, String)> = columns.iter().map(|(column, target)| (column.clone(), target.name().to_owned())).collect();
    columns.sort();
    let body = write(&BatchDocument { source: source.0, columns })?;
    let id = guid(&app.secrets().fingerprint(format!("import batch {} {body}", ctx.workspace.0).as_bytes()));
    let put = PutRecord::upsert(RecordKind::ImportBatch, id.clone(), body);
    app.submit(ctx, id.clone(), PutRecords::one("import.batch_prepared", put)).await?;
    Ok(id)
}

/// The mapping errors of `commissions.md` §2.1, as far as they can be known before there is a file.
fn check(columns: &[(String, Target)], has_owner: bool) -> AppResult<()> {
    let has = |targets: &[Target]| columns.iter().any(|(_, target)| targets.contains(target));
    if columns.is_empty() {
        return Err(refused("mapping.none", "no column is mapped".into()));
    }
    for (index, (column, target)) in columns.iter().enumerate() {
        if columns[..index].iter().any(|(_, other)| other == target) {
            return Err(refused("mapping.duplicate", format!("two columns are mapped to {}", target.name())));
        }
        if columns[..index].iter().any(|(other, _)| other == column) {
            return Err(refused("mapping.column_twice", format!("the column `{column}` is mapped twice")));
        }
    }
    if !has(&[Target::Date]) {
        return Err(refused("mapping.no_date", "no column is mapped to the date of the sale".into()));
    }
    if !has_owner && !has(&[Target::Owner, Target::Owner2, Target::Owner3, Target::Team, Target::Team2, Target::Team3, Target::Territory]) {
        return Err(refused("mapping.no_credit", "neither an owner nor a team is mapped, so nobody can be credited".into()));
    }
    Ok(())
}

/// A hash in the form of a GUID of version 8 (free content, RFC 9562).
fn guid(hash: &[u8; 32]) -> String {
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// A prepared mapping by its batch id.
pub async fn batch(app: &App, ctx: &Context, id: &str) -> AppResult<BatchDocument> {
    ctx.require(Scope::Sales)?;
    let (workspace, key) = (ctx.workspace, id.trim().to_lowercase());
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::ImportBatch, &key)).await?;
    let record = record.ok_or_else(|| {
        AppError::from(
            Refused::new(Class::NotFound, "batch_unknown", "there is no such batch; prepare one with PrepareImport").at("X-BatchId"),
        )
    })?;
    read(&record)
}

/// Begins an import of a kept file by a prepared mapping. All columns must be mapped, and all mapped columns be there.
pub async fn upload_to_batch(app: &App, ctx: &Context, batch: &BatchDocument, file_name: &str, upload: &Upload) -> AppResult<Id> {
    ctx.require(Scope::Sales)?;
    let source = Id(batch.source);
    // The header is the first line, as the contract says; detection need not look for it.
    let choices = ReadAs { header_line: Some(1), ..ReadAs::default() };
    let reading = detect(app, ctx, source, file_name, &upload.sha256, Some(choices)).await?;
    let mut overrides = Vec::with_capacity(reading.headers().len());
    for (index, header) in reading.headers().iter().enumerate() {
        let Some((_, target)) = batch.columns.iter().find(|(column, _)| column.trim() == header.trim()) else {
            let text = format!("the column `{header}` is not in the prepared mapping; all columns must be mapped");
            return Err(AppError::invalid("column_not_mapped", "header", text));
        };
        overrides.push((index, Target::from_name(target)));
    }
    if let Some((missing, _)) = batch.columns.iter().find(|(column, _)| !reading.headers().iter().any(|h| h.trim() == column.trim())) {
        return Err(AppError::invalid(
            "column_missing",
            "header",
            format!("the column `{missing}` of the prepared mapping is not in the file"),
        ));
    }
    let reading = reading.with_overrides(&overrides);
    begin(app, ctx, source, file_name, upload, &reading).await
}
