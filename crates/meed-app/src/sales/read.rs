//! Looking at sales: lists, and one sale with its history and original columns.

use std::collections::HashMap;

use meed_core::command::{RecordKind, SaleRow};
use meed_core::id::{Id, Kind};
use meed_core::sale::{Sale, StoredSale, unpack};
use meed_store::Reader;

use super::credited::{CreditFilter, keep};
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::imports::LayoutDocument;
use crate::{App, Context, Scope};

/// A sale with where it came from.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct SaleView {
    pub stored: StoredSale,
    pub day: i64,
    pub recorded_us: i64,
    pub created_us: i64,
    pub import: Option<Id>,
    pub line: Option<i64>,
}

/// One sale with everything that is known about it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct SaleHistory {
    pub sale: SaleView,
    /// Original column names and cells, as they came in.
    pub original: Vec<(String, String)>,
    /// Former versions, oldest first.
    pub former: Vec<FormerSale>,
}

/// A sale as it stood before.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct FormerSale {
    pub version: i32,
    pub recorded_us: i64,
    /// The import that brought this version, and its line in the file.
    pub import: Option<Id>,
    pub line: Option<i64>,
    pub sale: Sale,
}

/// Which sales a list shows.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct SaleFilter {
    /// Words that must occur in unique id, customer, product, owner, team, territory or status.
    pub text: String,
    pub from_day: Option<i64>,
    pub until_day: Option<i64>,
    pub source: Option<Id>,
    pub import: Option<Id>,
    pub status: Option<String>,
    /// Only what was recorded or changed after this point in recorded time.
    pub changed_after_us: Option<i64>,
    pub credit: Option<CreditFilter>,
}

/// Sales a filtered list looks at before it hands over an unfinished page.
const LOOKED_AT_MAX: usize = 20_000;

fn view(row: SaleRow) -> Result<SaleView, meed_store::StoreError> {
    let sale = unpack(&row.facts).map_err(|e| meed_store::StoreError::broken(format!("sale {}: {e}", row.id)))?;
    let unique_id = row.unique_id().map(str::to_owned);
    Ok(SaleView {
        day: row.day,
        recorded_us: row.recorded_us,
        created_us: row.created_us,
        import: row.import,
        line: row.line,
        stored: StoredSale { id: row.id, source: row.source, unique_id, version: row.version, sale },
    })
}

fn passes(filter: &SaleFilter, words: &[String], view: &SaleView) -> bool {
    let sale = &view.stored.sale;
    if filter.source.is_some_and(|s| s != view.stored.source) || filter.import.is_some_and(|i| view.import != Some(i)) {
        return false;
    }
    if filter.changed_after_us.is_some_and(|after| view.recorded_us <= after) {
        return false;
    }
    if filter.status.as_ref().is_some_and(|s| sale.status.as_deref().is_none_or(|have| !have.eq_ignore_ascii_case(s))) {
        return false;
    }
    if words.is_empty() {
        return true;
    }
    let parts = [
        &view.stored.unique_id,
        &sale.customer_name,
        &sale.customer_email,
        &sale.customer_code,
        &sale.product_name,
        &sale.product_code,
        &sale.owners[0],
        &sale.owners[1],
        &sale.owners[2],
        &sale.teams[0],
        &sale.territory,
        &sale.status,
        &sale.coupon,
    ];
    let hay: String = parts.into_iter().flatten().map(|t| t.to_lowercase()).collect::<Vec<_>>().join("\n");
    words.iter().all(|word| hay.contains(word.as_str()))
}

/// A page of sales, latest day first, and where the next page starts.
pub async fn list(
    app: &App,
    ctx: &Context,
    filter: SaleFilter,
    after: Option<(i64, Id)>,
    limit: usize,
) -> AppResult<(Vec<SaleView>, Option<(i64, Id)>)> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let limit = limit.clamp(1, 1_000);
    let words: Vec<String> = filter.text.split_whitespace().map(str::to_lowercase).collect();
    let config = app.configuration(workspace).await?;
    let page = app
        .store()
        .read(move |r| {
            let days = (filter.from_day.unwrap_or(-200_000), filter.until_day.unwrap_or(200_000));
            let (mut after, mut found, mut looked_at) = (after, Vec::new(), 0usize);
            loop {
                let rows = r.sales_page(workspace, days, after, 500)?;
                let is_last = rows.len() < 500;
                looked_at += rows.len();
                // The page continues after the last row by its stored day, which a change of zone does not move.
                let end = rows.last().map(|row| (row.day, row.id));
                let mut views = Vec::with_capacity(rows.len());
                for row in rows {
                    let place = (row.day, row.id);
                    let mut view = view(row)?;
                    view.day = meed_core::command::day_number(view.stored.sale.at.to_zoned(config.zone.clone()).date());
                    if passes(&filter, &words, &view) {
                        views.push((place, view));
                    }
                }
                let places: HashMap<Id, (i64, Id)> = views.iter().map(|(place, view)| (view.stored.id, *place)).collect();
                let mut views: Vec<SaleView> = views.into_iter().map(|(_, view)| view).collect();
                if let Some(credit) = &filter.credit {
                    views = keep(r, workspace, &config, views, credit)?;
                }
                for view in views {
                    let place = places.get(&view.stored.id).copied();
                    found.push(view);
                    if found.len() == limit {
                        return Ok((found, place));
                    }
                }
                if is_last {
                    return Ok((found, None));
                }
                after = end;
                if looked_at >= LOOKED_AT_MAX {
                    return Ok((found, after));
                }
            }
        })
        .await?;
    Ok(page)
}

/// One sale by record id.
pub async fn one(app: &App, ctx: &Context, id: Id) -> AppResult<SaleHistory> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let found = app.store().read(move |r| history(r, workspace, Wanted::Id(id))).await?;
    found.ok_or_else(|| AppError::not_found(&format!("sale {}", id.text(Kind::Sale))))
}

/// One sale by its source's unique id.
pub async fn one_by_unique_id(app: &App, ctx: &Context, source: Id, unique_id: &str) -> AppResult<SaleHistory> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let identity = format!("u:{unique_id}");
    let found = app.store().read(move |r| history(r, workspace, Wanted::Identity(source, identity))).await?;
    found.ok_or_else(|| AppError::not_found("sale"))
}

enum Wanted {
    Id(Id),
    Identity(Id, String),
}

fn history(r: &mut Reader<'_>, workspace: Id, wanted: Wanted) -> Result<Option<SaleHistory>, meed_store::StoreError> {
    let row = match wanted {
        Wanted::Id(id) => r.sale(workspace, id)?,
        Wanted::Identity(source, identity) => r.sales_by_identity(workspace, source, &[identity])?.pop(),
    };
    let Some(row) = row else { return Ok(None) };
    let id = row.id;
    let mut sale = view(row)?;
    if let Some(head) = r.head(workspace)? {
        sale.day = meed_core::command::day_number(sale.stored.sale.at.to_zoned(head.zone).date());
    }
    let mut original = Vec::new();
    if let Some((layout, cells)) = r.original(workspace, id)? {
        let headers = match r.record(workspace, RecordKind::Layout, layout)? {
            Some(record) => read::<LayoutDocument>(&record).map(|d| d.columns).unwrap_or_default(),
            None => Vec::new(),
        };
        original = cells
            .into_iter()
            .enumerate()
            .map(|(index, cell)| (headers.get(index).cloned().unwrap_or_else(|| format!("Column {}", index + 1)), cell))
            .collect();
    }
    let mut former = Vec::new();
    for version in r.sale_versions(workspace, id)? {
        let facts = unpack(&version.facts).map_err(|e| meed_store::StoreError::broken(format!("sale {id}: {e}")))?;
        former.push(FormerSale {
            version: version.version,
            recorded_us: version.recorded_us,
            import: version.import,
            line: version.line,
            sale: facts,
        });
    }
    Ok(Some(SaleHistory { sale, original, former }))
}

/// Sales by record id, in any order; those that do not exist are left out.
pub async fn by_ids(app: &App, ctx: &Context, ids: Vec<Id>) -> AppResult<Vec<SaleView>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let rows = app
        .store()
        .read(move |r| {
            let mut views = Vec::with_capacity(ids.len());
            for chunk in ids.chunks(500) {
                for row in r.sales_by_id(workspace, chunk)? {
                    views.push(view(row)?);
                }
            }
            Ok(views)
        })
        .await?;
    Ok(rows)
}

/// How many sales each day of sale has, by day number.
pub async fn per_day(app: &App, ctx: &Context) -> AppResult<Vec<(i64, i64)>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.sales_per_day(workspace, (i64::MIN, i64::MAX))).await?)
}
