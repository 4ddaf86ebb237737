//! Synchronising products: missing ones are added, existing ones updated, a bad row does not fail the others.

use std::collections::HashSet;

use meed_core::command::{Class, PutRecord, PutRecords, RecordKind, Refused, Reply};
use meed_core::id::Id;

use super::documents::ProductDocument;
use super::records::Kept;
use super::who::refused;
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Products in one call at most (`pos-loyalty.md` §8).
pub const PRODUCTS_MAX: usize = 1_000;

/// What happened to a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ProductChange {
    Created,
    Updated,
    Unchanged,
}

impl ProductChange {
    /// The word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Unchanged => "UNCHANGED",
        }
    }
}

/// Adds and updates products by code. One outcome per row; more than 1,000 rows are refused whole.
pub async fn synchronise(app: &App, ctx: &Context, rows: Vec<ProductDocument>) -> AppResult<Vec<Result<(Id, ProductChange), Refused>>> {
    ctx.require_any(&[Scope::Plans, Scope::Sales])?;
    if rows.len() > PRODUCTS_MAX {
        return Err(refused(Class::Invalid, "too_many_rows", "at most 1,000 products in a call"));
    }
    let config = app.fresh_till_config(ctx.workspace).await?;
    let mut seen = HashSet::new();
    let mut outcomes: Vec<Result<(Id, ProductChange), Refused>> = Vec::with_capacity(rows.len());
    let mut puts = Vec::new();
    for row in &rows {
        let checked = row.check().and_then(|()| if seen.insert(row.code.clone()) { write(row) } else { Err(twice(&row.code)) });
        outcomes.push(match checked {
            Err(AppError::Refused(refused)) => Err(refused),
            Err(other) => return Err(other),
            Ok(body) => {
                puts.push((outcomes.len(), PutRecord::upsert(RecordKind::Product, row.code.clone(), body)));
                let change = if config.products.by_code(&row.code).is_some() { ProductChange::Updated } else { ProductChange::Created };
                Ok((Id(0), change))
            }
        });
    }
    let (places, puts): (Vec<usize>, Vec<PutRecord>) = puts.into_iter().unzip();
    if puts.is_empty() {
        return Ok(outcomes);
    }
    let workspace = ctx.workspace;
    let codes: Vec<String> = puts.iter().filter_map(|put| put.key.clone()).collect();
    let before = app
        .store()
        .read(move |r| codes.iter().map(|code| r.record_by_key(workspace, RecordKind::Product, code)).collect::<Result<Vec<_>, _>>())
        .await?;
    let written =
        match app.submit(ctx, format!("{} products", puts.len()), PutRecords { action: "products.synchronised", puts, event: None }).await?
        {
            Reply::Records(written) => written,
            other => return Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
        };
    for ((place, (id, version)), before) in places.into_iter().zip(written).zip(before) {
        let change = match before {
            None => ProductChange::Created,
            Some(before) if before.version == version => ProductChange::Unchanged,
            Some(before) => {
                let _: ProductDocument = read(&before)?;
                ProductChange::Updated
            }
        };
        if let Some(outcome) = outcomes.get_mut(place) {
            *outcome = Ok((id, change));
        }
    }
    Ok(outcomes)
}

fn twice(code: &str) -> AppError {
    AppError::invalid("duplicate_code", "code", format!("`{code}` stands twice in this call"))
}
