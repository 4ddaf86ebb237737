//! A dry run: exactly what importing would do, writing nothing.

use std::collections::{HashMap, HashSet};

use meed_core::command::{SaleChange, SaleContent, identity_of, is_taken_back};
use meed_core::id::Id;
use meed_core::sale::{Sale, pack};
use meed_intake::Reading;

use super::document::{Counts, RejectedRow};
use super::read_file::{get, reading};
use super::row::RowRules;
use super::run::{Chunk, add_change, read_chunks, rules_of};
use super::upload::open;
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// What an import would do.
#[derive(Clone, Debug, Default)]
pub struct DryRun {
    /// What would become of the rows.
    pub counts: Counts,
    /// The first refused rows with their errors.
    pub rejected: Vec<RejectedRow>,
    /// The first sales as they were read.
    pub sales: Vec<TriedSale>,
}

/// A sale as an import would record it.
#[derive(Clone, Debug)]
pub struct TriedSale {
    /// Its line in the file.
    pub line: Option<i64>,
    /// The source's own id of it.
    pub unique_id: Option<String>,
    /// What would become of it.
    pub change: SaleChange,
    /// Its facts.
    pub sale: Box<Sale>,
}

/// Refused rows that a dry run shows.
const SHOWN_MAX: usize = 100;

/// Sales that a dry run shows.
const SALES_MAX: usize = 20;

/// Reads the whole file and compares it with what is stored.
pub async fn dry_run(app: &App, ctx: &Context, id: Id) -> AppResult<DryRun> {
    ctx.require(Scope::Sales)?;
    let import = get(app, ctx, id).await?;
    let reading = reading(app, ctx, &import).await?;
    let file = open(app, &import.document.sha256)?;
    try_rows(app, ctx, Some(Id(import.document.source)), reading, file).await
}

/// The same for a file that is not kept, from a source that may not exist yet. Writes nothing.
pub async fn try_rows(app: &App, ctx: &Context, source: Option<Id>, reading: Reading, file: std::fs::File) -> AppResult<DryRun> {
    ctx.require(Scope::Sales)?;
    let rules: RowRules = rules_of(app, ctx, source, None).await?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<AppResult<Chunk>>(2);
    let thread = tokio::task::spawn_blocking(move || read_chunks(&reading, file, None, &rules, &sender));
    let mut result = DryRun::default();
    // What the file itself has said before: a later row with the same id meets the earlier one.
    let mut said: HashMap<String, [u8; 32]> = HashMap::new();
    let mut ignored: HashSet<String> = HashSet::new();
    while let Some(chunk) = receiver.recv().await {
        let chunk = chunk?;
        add_chunk(app, ctx, source, chunk, &mut result, &mut said, &mut ignored).await?;
    }
    thread.await.map_err(|_| AppError::bug("reading the file failed"))?;
    Ok(result)
}

async fn add_chunk(
    app: &App,
    ctx: &Context,
    source: Option<Id>,
    chunk: Chunk,
    result: &mut DryRun,
    said: &mut HashMap<String, [u8; 32]>,
    seen: &mut HashSet<String>,
) -> AppResult<()> {
    let identities: Vec<String> = chunk.sales.iter().map(identity_of).collect();
    let workspace = ctx.workspace;
    let lookup: Vec<String> = identities.iter().collect::<HashSet<_>>().into_iter().cloned().collect();
    let rows = match source {
        None => Vec::new(),
        Some(source) => app.store().read(move |r| r.sales_by_identity(workspace, source, &lookup)).await?,
    };
    let is_back: HashSet<String> = rows.iter().filter(|row| is_taken_back(&row.facts)).map(|row| row.identity.clone()).collect();
    let stored: HashMap<String, [u8; 32]> = rows.into_iter().map(|row| (row.identity, hash(&row.facts))).collect();
    for (input, identity) in chunk.sales.iter().zip(identities) {
        let SaleContent::Full(sale) = &input.content else { continue };
        let facts = hash(&pack(sale));
        let before = said.get(&identity).or_else(|| stored.get(&identity));
        let change = match before {
            None if input.unique_id.is_none() && seen.contains(&identity) => SaleChange::Ignored,
            None => SaleChange::Created,
            Some(_) if input.unique_id.is_none() && (!is_back.contains(&identity) || seen.contains(&identity)) => SaleChange::Ignored,
            Some(have) if *have == facts => SaleChange::Unchanged,
            Some(_) => SaleChange::Updated,
        };
        add_change(&mut result.counts, change);
        if result.sales.len() < SALES_MAX {
            result.sales.push(TriedSale { line: input.line, unique_id: input.unique_id.clone(), change, sale: sale.clone() });
        }
        if input.unique_id.is_some() {
            said.insert(identity, facts);
        } else {
            seen.insert(identity);
        }
    }
    chunk.add_to(&mut result.counts);
    result.counts.failed += chunk.rejected.len() as u64;
    let room = SHOWN_MAX.saturating_sub(result.rejected.len());
    result.rejected.extend(chunk.rejected.into_iter().take(room));
    Ok(())
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}
