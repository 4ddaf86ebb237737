//! The first rows of a file as they stand in it, for the person who checks how it is read.

use meed_core::id::Id;

use super::read_file::{get, reading, refused};
use super::upload::open;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A row as it stands in the file.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct FirstRow {
    pub line: u64,
    pub cells: Vec<String>,
}

/// Up to `limit` rows from the start of an import's table.
pub async fn first_rows(app: &App, ctx: &Context, import: Id, limit: usize) -> AppResult<Vec<FirstRow>> {
    ctx.require(Scope::Read)?;
    let import = get(app, ctx, import).await?;
    let reading = reading(app, ctx, &import).await?;
    let file = open(app, &import.document.sha256)?;
    tokio::task::spawn_blocking(move || {
        let file = std::io::BufReader::with_capacity(64 * 1024, file);
        let rows = reading.rows(file, None).map_err(|e| refused(&e))?;
        rows.take(limit).map(|row| row.map(|row| FirstRow { line: row.line, cells: row.cells }).map_err(|e| refused(&e))).collect()
    })
    .await
    .map_err(|_| AppError::bug("reading the file failed"))?
}
