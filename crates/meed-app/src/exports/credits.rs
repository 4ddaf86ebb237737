//! The credits file: every sale with whom it credited and how much, unrounded, and its original columns
//! (`commissions.md` §3.2).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use meed_core::command::RecordKind;
use meed_core::condition::SaleRef;
use meed_core::crediting::PieceKind;
use meed_core::id::{Id, Kind};
use meed_core::money::Exact;
use meed_core::period::Period;
use meed_core::program::{Basis, OverrideBase, Program, Trigger};
use meed_core::sale::{StoredSale, unpack};

use super::csv_line;
use crate::calculations::{Binding, CalculationEntry, OriginalPairs, with_settled};
use crate::documents::read;
use crate::error::{AppError, AppResult};
use crate::imports::LayoutDocument;
use crate::releases::{CreditLine, CreditPiece, StatementBody, of_period};
use crate::{App, Configuration, Context, ProgramEntry, Scope};

/// Sales whose rows are fetched together.
const CHUNK: usize = 500;

struct Row {
    payee: Arc<str>,
    credit: CreditLine,
}

impl Row {
    /// Keeps of a credit what the file shows: there may be millions.
    fn new(payee: &Arc<str>, mut credit: CreditLine) -> Self {
        credit.pieces.retain(|piece| multiplier(piece).is_some());
        credit.pieces.shrink_to_fit();
        (credit.at, credit.before, credit.text) = (String::new(), String::new(), String::new());
        Self { payee: Arc::clone(payee), credit }
    }
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
    let layouts = layouts(app, ctx, &sales).await?;
    let entry = config.programs.iter().find(|p| p.id == program);
    let table = Table::new(entry.map(|entry| &*entry.program), &rows, &layouts);
    let withheld = entry.map(|entry| withheld(&config, entry, &document.period, &rows, &sales, &layouts)).transpose()?.unwrap_or_default();
    let mut out = "\u{feff}".as_bytes().to_vec();
    csv_line(&mut out, &table.header());
    for (index, row) in rows.iter().enumerate() {
        let sale = sales.get(&Id(row.credit.sale));
        let part = withheld.get(index).copied().unwrap_or_default();
        csv_line(&mut out, &table.cells(row, sale, &layouts, (part, &document.currency), &config.zone));
    }
    Ok(out)
}

type Layouts = BTreeMap<Id, Vec<String>>;

/// The original columns of the sales, by layout.
async fn layouts(app: &App, ctx: &Context, sales: &HashMap<Id, SaleInfo>) -> AppResult<Layouts> {
    let mut layouts = Layouts::new();
    for layout in sales.values().filter_map(|s| s.layout) {
        if let std::collections::btree_map::Entry::Vacant(slot) = layouts.entry(layout) {
            let workspace = ctx.workspace;
            let record = app.store().read(move |r| r.record(workspace, RecordKind::Layout, layout)).await?;
            slot.insert(record.as_ref().map(read::<LayoutDocument>).transpose()?.map(|d| d.columns).unwrap_or_default());
        }
    }
    Ok(layouts)
}

/// What part of each row is withheld past the period, where the program withholds anything.
fn withheld(
    config: &Configuration,
    entry: &ProgramEntry,
    label: &str,
    rows: &[Row],
    sales: &HashMap<Id, SaleInfo>,
    layouts: &Layouts,
) -> AppResult<Vec<Exact>> {
    if entry.program.settle.holdbacks.is_empty() {
        return Ok(Vec::new());
    }
    let period = Period::parse(label, &config.zone).map_err(|_| AppError::bug("a stored period cannot be read"))?;
    let binding = Binding::from(entry);
    let bound = binding.bind(config, &period);
    let part = |row: &Row| {
        let Some(sale) = sales.get(&Id(row.credit.sale)) else { return Ok(Exact::ZERO) };
        let stored = sale.stored(Id(row.credit.sale))?;
        let columns = sale.layout.and_then(|layout| layouts.get(&layout)).map(Vec::as_slice).unwrap_or_default();
        let pairs: Vec<(String, String)> = columns.iter().cloned().zip(sale.cells.iter().cloned()).collect();
        let originals = OriginalPairs(&pairs);
        Ok(bound.withheld_part(&row.credit.rule, SaleRef::from(&stored).with_originals(&originals)))
    };
    rows.iter().map(part).collect()
}

/// The columns of the file.
struct Table<'a> {
    program: Option<&'a Program>,
    /// What is measured, under its own name.
    measures: Vec<&'static str>,
    /// Names of the multipliers that any credit has.
    multipliers: Vec<String>,
    originals: Vec<String>,
    withholds: bool,
}

/// The name of what a rule measures.
fn measure(program: Option<&Program>, rule: &str) -> &'static str {
    let rule = program.and_then(|program| program.rules.iter().find(|known| known.id == rule));
    match rule.map(|rule| (&rule.trigger, &rule.basis)) {
        Some((Trigger::Override(over), _)) if over.base == OverrideBase::Commission => "Commission of Others",
        Some((_, Basis::Revenue)) => "Revenue",
        Some((_, Basis::Profit)) => "Profit",
        Some((_, Basis::Quantity)) => "Quantity",
        Some((_, Basis::Count)) => "Count",
        Some((_, Basis::Formula(_))) => "Score",
        None => "Measure",
    }
}

impl<'a> Table<'a> {
    fn new(program: Option<&'a Program>, rows: &[Row], layouts: &Layouts) -> Self {
        let mut measures: Vec<&'static str> = Vec::new();
        let mut multipliers: Vec<String> = Vec::new();
        for row in rows {
            let name = measure(program, &row.credit.rule);
            if !measures.contains(&name) {
                measures.push(name);
            }
            for name in row.credit.pieces.iter().filter_map(multiplier).map(|(name, _)| name) {
                if !multipliers.contains(&name) {
                    multipliers.push(name);
                }
            }
        }
        let mut originals: Vec<String> = Vec::new();
        for name in layouts.values().flatten() {
            if !originals.contains(name) {
                originals.push(name.clone());
            }
        }
        if measures.is_empty() {
            measures.push("Measure");
        }
        Self { program, measures, multipliers, originals, withholds: program.is_some_and(|program| !program.settle.holdbacks.is_empty()) }
    }

    fn header(&self) -> Vec<String> {
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
        let mut header = named(&["Beneficiary"]);
        header.extend(named(&self.measures));
        header.extend(self.multipliers.iter().cloned());
        header.extend(named(&["Split", "Commission", "Commission Currency", "Commission Rate", "Commission Details"]));
        header.extend(self.originals.iter().cloned());
        header.extend(named(&["Imported Date", "Edited Date", "Added By"]));
        if self.withholds {
            header.extend(named(&["Est. Commission", "Est. Commission Currency", "Est. Commission Rate", "Est. Commission Details"]));
        }
        header.extend(named(&["Unique Id", "Sale Id", "File Line", "Sale Currency", "Sale Amount", "Exchange Rate"]));
        header
    }

    fn cells(
        &self,
        row: &Row,
        sale: Option<&SaleInfo>,
        layouts: &Layouts,
        (part, currency): (Exact, &str),
        zone: &TimeZone,
    ) -> Vec<String> {
        let credit = &row.credit;
        let own = measure(self.program, &credit.rule);
        let rule = self.program.and_then(|program| program.rules.iter().find(|rule| rule.id == credit.rule));
        let label = rule.map_or_else(|| credit.rule.clone(), |rule| rule.label.clone());
        let paid = Exact::ONE.saturating_sub(part);
        let scaled = |text: &str| match text.parse::<Exact>().ok().and_then(|value| value.checked_mul(paid)) {
            Some(value) if !part.is_zero() => value.normalize().to_string(),
            _ => text.to_owned(),
        };
        let mut cells = vec![row.payee.to_string()];
        cells.extend(self.measures.iter().map(|name| if *name == own { credit.basis.clone() } else { String::new() }));
        let factors: Vec<(String, String)> = credit.pieces.iter().filter_map(multiplier).collect();
        let factor = |name: &String| factors.iter().find(|(known, _)| known == name).map(|(_, factor)| factor.clone()).unwrap_or_default();
        cells.extend(self.multipliers.iter().map(factor));
        cells.push(if credit.split.is_some() { "Yes" } else { "" }.to_owned());
        cells.push(scaled(&credit.amount));
        cells.push(currency.to_owned());
        cells.push(rate(credit.rate.as_deref().map(scaled).as_deref()));
        cells.push(if part.is_zero() { label.clone() } else { format!("{label} ({} withheld)", rate(Some(&percent(part)))) });
        cells.extend(self.originals.iter().map(|column| original(sale, layouts, column)));
        cells.push(sale.map(|s| shown_time(s.created_us, zone)).unwrap_or_default());
        cells.push(sale.filter(|s| s.version > 1).map(|s| shown_time(s.recorded_us, zone)).unwrap_or_default());
        cells.push(sale.map(|s| s.added_by.clone()).unwrap_or_default());
        if self.withholds {
            cells.extend([credit.amount.clone(), currency.to_owned(), rate(credit.rate.as_deref()), label]);
        }
        cells.push(credit.unique_id.clone().unwrap_or_default());
        cells.push(Id(credit.sale).text(Kind::Sale));
        cells.push(sale.and_then(|s| s.line).map(|l| l.to_string()).unwrap_or_default());
        let converted = credit.converted.as_ref();
        cells.push(converted.map(|c| c.currency.clone()).unwrap_or_default());
        cells.push(converted.and_then(|c| c.amount.clone()).unwrap_or_default());
        cells.push(converted.map(|c| c.rate.rate.clone()).unwrap_or_default());
        cells
    }
}

fn original(sale: Option<&SaleInfo>, layouts: &Layouts, column: &str) -> String {
    let cell = sale.and_then(|s| {
        let index = layouts.get(&s.layout?)?.iter().position(|name| name == column)?;
        s.cells.get(index).cloned()
    });
    cell.unwrap_or_default()
}

/// A multiplier of a credit with its factor, which stands in the credit as `Performance kicker × 1.2`.
fn multiplier(piece: &CreditPiece) -> Option<(String, String)> {
    let (label, factor) = piece.rate.rsplit_once(" × ").filter(|_| piece.kind == PieceKind::Multiplied.code())?;
    Some((label.to_owned(), factor.to_owned()))
}

fn percent(part: Exact) -> String {
    part.saturating_mul(Exact::ONE_HUNDRED).normalize().to_string()
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
        let payee: Arc<str> = body.rep_name.into();
        rows.extend(body.credits.into_iter().map(|credit| Row::new(&payee, credit)));
    }
    Ok(rows)
}

async fn live(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Vec<Row>> {
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = meed_core::period::Period::parse(label, &config.zone).map_err(|_| AppError::bug("a stored period cannot be read"))?;
    let names = Arc::clone(&config);
    with_settled(app, ctx.workspace, config, &entry, period, move |calculation, _| {
        let mut rows = Vec::new();
        for reward in calculation.rewards() {
            let payee: Arc<str> = names.rep_name(reward.rep).into();
            let credits = calculation.explain(reward.rep).map(|e| e.credits).unwrap_or_default();
            rows.extend(credits.iter().map(|credit| Row::new(&payee, CreditLine::of(credit))));
        }
        rows
    })
    .await
}

struct SaleInfo {
    source: Id,
    unique_id: Option<String>,
    facts: Vec<u8>,
    version: i32,
    created_us: i64,
    recorded_us: i64,
    line: Option<i64>,
    added_by: String,
    layout: Option<Id>,
    cells: Vec<String>,
}

impl SaleInfo {
    fn stored(&self, id: Id) -> AppResult<StoredSale> {
        let sale = unpack(&self.facts).map_err(|e| AppError::bug(&format!("sale {id} cannot be read: {e}")))?;
        Ok(StoredSale { id, source: self.source, unique_id: self.unique_id.clone(), version: self.version, sale })
    }
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
                        source: row.source,
                        unique_id: row.unique_id().map(str::to_owned),
                        facts: row.facts.clone(),
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
