//! Refused rows, to look at and to download.

use meed_core::command::RecordKind;
use meed_core::id::Id;

use super::document::{RejectDocument, RejectedRow};
use super::read_file::{get, reading};
use crate::documents::read;
use crate::error::AppResult;
use crate::exports::csv_line;
use crate::{App, Context, Scope};

/// All refused rows of an import, by line.
pub async fn rejects(app: &App, ctx: &Context, import: Id) -> AppResult<Vec<RejectedRow>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records_by_key_prefix(workspace, RecordKind::ImportReject, &format!("{import}:"))).await?;
    let mut rows = Vec::new();
    for record in &records {
        let document: RejectDocument = read(record)?;
        rows.extend(document.rows);
    }
    rows.sort_by_key(|row| row.line);
    Ok(rows)
}

/// The refused rows as a CSV file: line, what is wrong, and the original columns, so that it can be corrected and imported.
pub async fn rejects_csv(app: &App, ctx: &Context, import: Id) -> AppResult<Vec<u8>> {
    let rows = rejects(app, ctx, import).await?;
    let import = get(app, ctx, import).await?;
    let columns = reading(app, ctx, &import).await?.column_names().to_vec();
    let mut out = "\u{feff}".as_bytes().to_vec();
    let mut header: Vec<String> = ["Line", "Column", "Value", "Code", "Error"].map(str::to_owned).to_vec();
    header.extend(columns);
    csv_line(&mut out, &header);
    for row in rows {
        let join = |pick: fn(&super::document::RejectedCell) -> String| row.errors.iter().map(pick).collect::<Vec<_>>().join(" | ");
        let mut cells = vec![
            row.line.to_string(),
            join(|e| e.column.clone().unwrap_or_default()),
            join(|e| e.value.clone()),
            join(|e| e.code.clone()),
            join(|e| e.text.clone()),
        ];
        cells.extend(row.cells);
        csv_line(&mut out, &cells);
    }
    Ok(out)
}
