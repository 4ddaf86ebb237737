//! Rates of exchange: dated values of one currency in another, kept by pair (`commissions.md` §4.5, currency).

mod sheet;

pub use sheet::load;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, Record, RecordKind};
use meed_core::money::{Exact, Rates, Unit, check_rate};
use serde::{Deserialize, Serialize};

use crate::documents::{date, read, write};
use crate::error::{AppError, AppResult};
use crate::sheet::Loaded;
use crate::{App, Context, Scope};

/// Most rates of a workspace.
const RATES_MAX: usize = 200_000;

/// A rate: from its day on one unit of `from` is worth `rate` of `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RateEntry {
    pub from: Unit,
    pub to: Unit,
    pub day: Date,
    pub rate: Exact,
}

/// The rates of a pair of currencies, by day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct PairDocument {
    from: String,
    to: String,
    /// ISO day and exact decimal.
    rates: BTreeMap<String, String>,
}

/// A currency by its code, in any case; points are none.
#[must_use]
pub fn currency(code: &str) -> Option<Unit> {
    code.parse::<Unit>().ok().filter(|unit| *unit != Unit::POINTS)
}

fn pair_key(from: Unit, to: Unit) -> String {
    format!("{from}:{to}")
}

fn entries(record: &Record) -> AppResult<Vec<RateEntry>> {
    let document: PairDocument = read(record)?;
    let broken = || AppError::bug(&format!("the rates of {} cannot be read", record.key));
    let (from, to) = (currency(&document.from).ok_or_else(broken)?, currency(&document.to).ok_or_else(broken)?);
    let entry = |(day, rate): (&String, &String)| Ok(RateEntry { from, to, day: date(day)?, rate: rate.parse().map_err(|_| broken())? });
    document.rates.iter().map(entry).collect()
}

/// All rates as calculations use them.
pub(crate) fn rates_of(base: Unit, records: &[Record]) -> AppResult<Rates> {
    let mut rates = Rates::new(Some(base));
    for entry in records.iter().map(entries).collect::<AppResult<Vec<_>>>()?.into_iter().flatten() {
        rates.put((entry.from, entry.to), entry.day, entry.rate).map_err(|refused| AppError::bug(&refused.to_string()))?;
    }
    Ok(rates)
}

/// All rates, by pair and day.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<RateEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::ExchangeRates)).await?;
    let mut all: Vec<RateEntry> = records.iter().map(entries).collect::<AppResult<Vec<_>>>()?.into_iter().flatten().collect();
    all.sort_by_key(|entry| (entry.from, entry.to, entry.day));
    Ok(all)
}

/// Sets one rate. A rate of the same pair and day is replaced.
pub async fn put(app: &App, ctx: &Context, entry: &RateEntry) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    check_rate((entry.from, entry.to), entry.rate).map_err(|refused| AppError::invalid(refused.code(), "rate", refused.to_string()))?;
    let mut loaded = Loaded::default();
    apply(app, ctx, std::slice::from_ref(entry), false, &mut loaded).await
}

/// Removes one rate.
pub async fn remove(app: &App, ctx: &Context, (from, to): (Unit, Unit), day: Date) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    let (workspace, key) = (ctx.workspace, pair_key(from, to));
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::ExchangeRates, &key)).await?;
    let missing = || AppError::not_found(&format!("rate from {from} to {to} of {day}"));
    let record = record.ok_or_else(missing)?;
    let mut document: PairDocument = read(&record)?;
    document.rates.remove(&day.to_string()).ok_or_else(missing)?;
    let put = if document.rates.is_empty() {
        PutRecord::delete(RecordKind::ExchangeRates, record.id)
    } else {
        PutRecord::change(RecordKind::ExchangeRates, record.id, write(&document)?)
    };
    app.submit(ctx, format!("{from} to {to} {day}"), PutRecords::one("rates.removed", put)).await.map(|_| ())
}

/// Puts rates among those that are stored, in one write; with `dry_run` only counts.
async fn apply(app: &App, ctx: &Context, rates: &[RateEntry], dry_run: bool, loaded: &mut Loaded) -> AppResult<()> {
    let workspace = ctx.workspace;
    let stored = app.store().read(move |r| r.records(workspace, RecordKind::ExchangeRates)).await?;
    let mut total: usize = 0;
    let mut pairs: BTreeMap<String, PairDocument> = BTreeMap::new();
    for record in &stored {
        let document: PairDocument = read(record)?;
        total += document.rates.len();
        pairs.insert(format!("{}:{}", document.from, document.to), document);
    }
    let mut changed = BTreeSet::new();
    for RateEntry { from, to, day, rate } in rates {
        let key = pair_key(*from, *to);
        let pair =
            pairs.entry(key.clone()).or_insert_with(|| PairDocument { from: from.to_string(), to: to.to_string(), rates: BTreeMap::new() });
        let value = rate.normalize().to_string();
        match pair.rates.insert(day.to_string(), value.clone()) {
            Some(before) if before == value => {
                loaded.unchanged += 1;
                continue;
            }
            Some(_) => loaded.changed += 1,
            None => {
                loaded.created += 1;
                total += 1;
            }
        }
        changed.insert(key);
    }
    if total > RATES_MAX {
        return Err(AppError::invalid("too_many_rates", "file", format!("a workspace keeps at most {RATES_MAX} rates")));
    }
    if dry_run || changed.is_empty() {
        return Ok(());
    }
    let mut puts = Vec::with_capacity(changed.len());
    for key in &changed {
        let document = pairs.get(key).map(write).transpose()?.unwrap_or_default();
        puts.push(PutRecord::upsert(RecordKind::ExchangeRates, key.clone(), document));
    }
    let subject = match changed.len() {
        1 => changed.first().map(|key| key.replace(':', " to ")).unwrap_or_default(),
        several => format!("{several} pairs of currencies"),
    };
    app.submit(ctx, subject, PutRecords { action: "rates.saved", puts, event: None }).await.map(|_| ())
}
