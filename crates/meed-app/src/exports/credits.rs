//! The credits file: every sale with whom it credited and how much, unrounded, and its original columns
//! (`commissions.md` §3.2).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use meed_core::command::RecordKind;
use meed_core::id::{Id, Kind};

use super::csv_line;
use crate::calculations::{CalculationEntry, with_settled};
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::imports::LayoutDocument;
use crate::releases::{CreditLine, StatementBody, of_period};
use crate::{App, Context, Scope};

/// Sales whose rows are fetched together.
const CHUNK: usize = 500;

struct Row {
    payee: String,
    credit: CreditLine,
}

/// The credits of a calculation's period: frozen ones once it is released, live ones before.
pub async fn credits_csv(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<Vec<u8>> {
    ctx.require_any(&[Scope::Read, Scope::Release])?;
    let config = app.configuration(ctx.workspace).await?;
    let document = &calculation.document;
    let program = Id(document.program);
    let rows = match of_period(app, ctx, program, document.cell_day).await? {
        Some(release) => frozen(app, ctx, release.id).await?,
        None => live(app, ctx, program, &document.period).await?,
    };
    let ids: Vec<Id> = rows.iter().map(|r| Id(r.credit.sale)).collect();
    let sales = sales(app, ctx, &ids).await?;
    let mut layouts: BTreeMap<Id, Vec<String>> = BTreeMap::new();
    for layout in sales.values().filter_map(|s| s.layout) {
        if let std::collections::btree_map::Entry::Vacant(slot) = layouts.entry(layout) {
            let workspace = ctx.workspace;
            let record = app.store().read(move |r| r.record(workspace, RecordKind::Layout, layout)).await?;
            slot.insert(record.as_ref().map(read::<LayoutDocument>).transpose()?.map(|d| d.columns).unwrap_or_default());
        }
    }
    let mut columns: Vec<String> = Vec::new();
    for name in layouts.values().flatten() {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    let rule_label = |id: &str| {
        let entry = config.programs.iter().find(|p| p.id == program);
        entry.and_then(|p| p.program.rules.iter().find(|r| r.id == id)).map_or_else(|| id.to_owned(), |r| r.label.clone())
    };
    let mut out = "\u{feff}".as_bytes().to_vec();
    let own = ["Beneficiary", "Measure", "Split", "Commission", "Commission Currency", "Commission Rate", "Commission Details"];
    let tail =
        ["Imported Date", "Edited Date", "Added By", "Unique Id", "Sale Id", "File Line", "Sale Currency", "Sale Amount", "Exchange Rate"];
    let header: Vec<String> =
        own.iter().map(ToString::to_string).chain(columns.iter().cloned()).chain(tail.iter().map(ToString::to_string)).collect();
    csv_line(&mut out, &header);
    for row in &rows {
        let sale = sales.get(&Id(row.credit.sale));
        let mut cells = vec![
            row.payee.clone(),
            row.credit.basis.clone(),
            if row.credit.split.is_some() { "Yes" } else { "" }.to_owned(),
            row.credit.amount.clone(),
            document.currency.clone(),
            rate(row.credit.rate.as_deref()),
            rule_label(&row.credit.rule),
        ];
        for column in &columns {
            let cell = sale.and_then(|s| {
                let index = layouts.get(&s.layout?)?.iter().position(|name| name == column)?;
                s.cells.get(index).cloned()
            });
            cells.push(cell.unwrap_or_default());
        }
        cells.push(sale.map(|s| shown_time(s.created_us, &config.zone)).unwrap_or_default());
        cells.push(sale.filter(|s| s.version > 1).map(|s| shown_time(s.recorded_us, &config.zone)).unwrap_or_default());
        cells.push(sale.map(|s| s.added_by.clone()).unwrap_or_default());
        cells.push(row.credit.unique_id.clone().unwrap_or_default());
        cells.push(Id(row.credit.sale).text(Kind::Sale));
        cells.push(sale.and_then(|s| s.line).map(|l| l.to_string()).unwrap_or_default());
        let converted = row.credit.converted.as_ref();
        cells.push(converted.map(|c| c.currency.clone()).unwrap_or_default());
        cells.push(converted.and_then(|c| c.amount.clone()).unwrap_or_default());
        cells.push(converted.map(|c| c.rate.rate.clone()).unwrap_or_default());
        csv_line(&mut out, &cells);
    }
    Ok(out)
}

/// A percentage with two decimals and a percent sign.
fn rate(percent: Option<&str>) -> String {
    let percent: Option<meed_core::money::Exact> = percent.and_then(|p| p.parse().ok());
    percent.map_or_else(String::new, |p| {
        let mut p = p.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        p.rescale(2);
        format!("{p}%")
    })
}

fn shown_time(us: i64, zone: &TimeZone) -> String {
    Timestamp::from_microsecond(us).map_or_else(|_| String::new(), |t| t.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

async fn frozen(app: &App, ctx: &Context, release: Id) -> AppResult<Vec<Row>> {
    let workspace = ctx.workspace;
    let statements = app.store().read(move |r| r.statements_of_release(workspace, release)).await?;
    let mut rows = Vec::new();
    for statement in statements {
        let body: StatementBody =
            serde_json::from_str(&statement.body).map_err(|e| AppError::bug(&format!("a statement cannot be read: {e}")))?;
        rows.extend(body.credits.into_iter().map(|credit| Row { payee: body.rep_name.clone(), credit }));
    }
    Ok(rows)
}

async fn live(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Vec<Row>> {
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = meed_core::period::Period::parse(label, &config.zone).map_err(|_| AppError::bug("a stored period cannot be read"))?;
    let names = std::sync::Arc::clone(&config);
    with_settled(app, ctx.workspace, config, &entry, period, move |calculation, _| {
        let mut rows = Vec::new();
        for reward in calculation.rewards() {
            let payee = names.rep_name(reward.rep);
            let credits = calculation.explain(reward.rep).map(|e| e.credits).unwrap_or_default();
            rows.extend(credits.iter().map(|credit| Row { payee: payee.clone(), credit: CreditLine::of(credit) }));
        }
        rows
    })
    .await
}

struct SaleInfo {
    version: i32,
    created_us: i64,
    recorded_us: i64,
    line: Option<i64>,
    added_by: String,
    layout: Option<Id>,
    cells: Vec<String>,
}

async fn sales(app: &App, ctx: &Context, ids: &[Id]) -> AppResult<HashMap<Id, SaleInfo>> {
    let mut wanted = ids.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let workspace = ctx.workspace;
    let found = app
        .store()
        .read(move |r| {
            let mut found = HashMap::with_capacity(wanted.len());
            let mut importers: HashMap<Id, String> = HashMap::new();
            for chunk in wanted.chunks(CHUNK) {
                for row in r.sales_by_id(workspace, chunk)? {
                    let added_by = match row.import {
                        None => "API".to_owned(),
                        Some(import) => match importers.get(&import) {
                            Some(name) => name.clone(),
                            None => {
                                let record = r.record(workspace, RecordKind::Import, import)?;
                                let name = record
                                    .and_then(|r| read::<crate::imports::ImportDocument>(&r).ok())
                                    .map_or_else(String::new, |d| d.file_name);
                                importers.insert(import, name.clone());
                                name
                            }
                        },
                    };
                    let info = SaleInfo {
                        version: row.version,
                        created_us: row.created_us,
                        recorded_us: row.recorded_us,
                        line: row.line,
                        added_by,
                        layout: None,
                        cells: Vec::new(),
                    };
                    found.insert(row.id, info);
                }
                for (sale, layout, cells) in r.originals(workspace, chunk)? {
                    if let Some(info) = found.get_mut(&sale) {
                        info.layout = Some(layout);
                        info.cells = cells;
                    }
                }
            }
            Ok(found)
        })
        .await?;
    Ok(found)
}
