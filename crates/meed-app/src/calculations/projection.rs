//! Projecting a period: the rest of it is filled at the present pace with sales of the period so far, drawn at random
//! (`commissions.md` §5). The draw starts from a key, so that the same key repeats the same result over the same sales.
//! What is kept of a projection is its key; nothing of it is booked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply, day_number};
use meed_core::condition::SaleRef;
use meed_core::crediting::{Past, Run};
use meed_core::id::Id;
use meed_core::period::Period;
use meed_core::sale::{StoredSale, unpack};
use meed_store::{Reader, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::binding::Binding;
use super::scan::{Before, OriginalPairs, columns, period_of};
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Configuration, Context, Scope, token};

/// Sales that must be there to draw from.
const SALES_MIN: usize = 5;
/// Sales that a projection may add.
const DRAWN_MAX: u64 = 1_000_000;

/// A projection as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ProjectionDocument {
    pub program: i64,
    pub period: String,
    /// Where the draw starts.
    pub key: String,
    /// First day that is projected, ISO.
    pub from: String,
    pub created_us: i64,
    pub created_by: String,
}

/// A payee of a projection, minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ProjectedPayee {
    pub rep: Id,
    pub name: String,
    /// With the sales so far.
    pub so_far: i64,
    /// With the drawn ones.
    pub projected: i64,
    /// Attainment in percent with the drawn ones.
    pub percent: Option<String>,
}

/// A projection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Projection {
    pub id: Id,
    pub document: ProjectionDocument,
    pub currency: meed_core::money::Unit,
    /// Sales of the period so far.
    pub sales: u64,
    /// Sales that were drawn for the rest.
    pub drawn: u64,
    pub so_far: i64,
    pub projected: i64,
    /// Highest first.
    pub payees: Vec<ProjectedPayee>,
}

/// Projects a period of a program from a day on; from today if none is given. A key that was answered before repeats its
/// draw; without one a fresh one is made.
pub async fn project(app: &App, ctx: &Context, program: Id, label: &str, from: Option<&str>, key: Option<&str>) -> AppResult<Projection> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = period_of(&config, label)?;
    if period.cadence() != entry.program.cadence {
        return Err(AppError::invalid("period_cadence", "period", format!("`{label}` is not a period of this plan")));
    }
    let from = match from {
        None => app.now().to_zoned(config.zone.clone()).date(),
        Some(text) => {
            text.parse().map_err(|_| AppError::invalid("date_unreadable", "from", format!("`{text}` is not a date such as 2026-03-16")))?
        }
    };
    if from <= period.first_day() || from > period.last_day() {
        let text = format!("a projection begins after the first day of the period and not after its last: {from} does not");
        return Err(AppError::invalid("projection_outside", "from", text));
    }
    let key = match key {
        None => token()?,
        Some(key) if (8..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric()) => key.to_owned(),
        Some(_) => return Err(AppError::invalid("projection_key", "key", "a key has 8 to 64 letters and digits")),
    };
    let document = ProjectionDocument {
        program: program.0,
        period: period.label(),
        key: key.clone(),
        from: from.to_string(),
        created_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
    };
    let (workspace, names) = (ctx.workspace, Arc::clone(&config));
    let plan = Binding::from(&entry);
    let cut = period.clone();
    let found = app.store().read(move |r| simulate(r, workspace, &names, (program, &plan), &cut, (from, &key))).await?;
    let Some(found) = found else {
        let text = format!("fewer than {SALES_MIN} sales before {from}: too few to draw from");
        return Err(AppError::invalid("projection_too_few", "period", text));
    };
    let record_key = format!("{}:{}:{}:{}", program, document.period, document.from, document.key);
    let id = keep(app, ctx, &entry.program.name, record_key, &document).await?;
    Ok(Projection { id, document, currency: entry.program.currency, ..found })
}

/// Keeps the key, once.
async fn keep(app: &App, ctx: &Context, name: &str, key: String, document: &ProjectionDocument) -> AppResult<Id> {
    let (workspace, lookup) = (ctx.workspace, key.clone());
    if let Some(record) = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Projection, &lookup)).await? {
        return Ok(record.id);
    }
    let put = PutRecord::upsert(RecordKind::Projection, key, write(document)?);
    match app.submit(ctx, format!("{name} {}", document.period), PutRecords::one("period.projected", put)).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// The projections of a program that were kept, newest first.
pub async fn projections(app: &App, ctx: &Context, program: Id) -> AppResult<Vec<(Id, ProjectionDocument)>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Projection)).await?;
    let mut all: Vec<(Id, ProjectionDocument)> = records.iter().map(|r| Ok((r.id, read(r)?))).collect::<AppResult<_>>()?;
    all.retain(|(_, document)| document.program == program.0);
    all.reverse();
    Ok(all)
}

/// A sale with its original columns.
struct Taken {
    sale: StoredSale,
    original: Vec<(String, String)>,
}

fn simulate(
    r: &mut Reader<'_>,
    workspace: Id,
    config: &Configuration,
    (id, plan): (Id, &Binding),
    period: &Period,
    (from, key): (Date, &str),
) -> Result<Option<Projection>, StoreError> {
    let since = plan.since_day(config, period);
    let known = sales_before(r, workspace, period, (since, from))?;
    // Earlier periods count for attainment where the plan says so; what is drawn is of this one.
    let (taken, earlier): (Vec<StoredSale>, Vec<StoredSale>) = known.into_iter().partition(|sale| period.contains(sale.sale.at));
    if taken.len() < SALES_MIN {
        return Ok(None);
    }
    let taken = with_originals(r, workspace, taken, plan)?;
    let earlier = with_originals(r, workspace, earlier, plan)?;
    let past = Before { program: Some(id), ..Before::default() }.read(r, workspace, (&plan.program, period), config)?;
    let days = |a: Date, b: Date| u64::try_from(day_number(b) - day_number(a)).unwrap_or(0);
    let (gone, left) = (days(period.first_day(), from), days(from, period.last_day()) + 1);
    // Half a sale more is one: 6 in the first half, 6 more in the second.
    let wanted = (taken.len() as u64 * left * 2 + gone) / (gone * 2);
    let drawn = draw(&taken, wanted.min(DRAWN_MAX), from, left, config, key);
    let known = || earlier.iter().chain(&taken);
    let so_far = rewards(config, plan, period, past.clone(), known());
    let projected = rewards(config, plan, period, past, known().chain(&drawn));
    let mut payees: Vec<ProjectedPayee> = projected
        .iter()
        .map(|(rep, (minor, percent))| ProjectedPayee {
            rep: *rep,
            name: config.rep_name(*rep),
            so_far: so_far.get(rep).map_or(0, |(minor, _)| *minor),
            projected: *minor,
            percent: percent.clone(),
        })
        .collect();
    payees.sort_by(|a, b| (b.projected, &a.name, a.rep).cmp(&(a.projected, &b.name, b.rep)));
    let sum = |all: &HashMap<Id, (i64, Option<String>)>| all.values().map(|(minor, _)| *minor).fold(0, i64::saturating_add);
    let document = ProjectionDocument {
        program: 0,
        period: String::new(),
        key: String::new(),
        from: String::new(),
        created_us: 0,
        created_by: String::new(),
    };
    Ok(Some(Projection {
        id: Id(0),
        document,
        currency: plan.program.currency,
        sales: taken.len() as u64,
        drawn: drawn.len() as u64,
        so_far: sum(&so_far),
        projected: sum(&projected),
        payees,
    }))
}

/// The sales between two days, in canonical order, so that a key draws the same ones again.
fn sales_before(r: &mut Reader<'_>, workspace: Id, period: &Period, (since, from): (Date, Date)) -> Result<Vec<StoredSale>, StoreError> {
    let mut found = Vec::new();
    let days = (day_number(since), day_number(from) - 1);
    r.scan_days(workspace, days, &mut |sale| {
        let facts = unpack(sale.facts).map_err(|e| StoreError::broken(format!("sale {}: {e}", sale.id)))?;
        if facts.at < period.end() {
            let unique_id = sale.identity.strip_prefix("u:").map(str::to_owned);
            found.push(StoredSale { id: sale.id, source: Id(0), unique_id, version: 1, sale: facts });
        }
        Ok(())
    })?;
    found.sort_by(|a, b| a.canonical_key().cmp(&b.canonical_key()));
    Ok(found)
}

fn with_originals(r: &mut Reader<'_>, workspace: Id, sales: Vec<StoredSale>, plan: &Binding) -> Result<Vec<Taken>, StoreError> {
    if !plan.uses_originals() {
        return Ok(sales.into_iter().map(|sale| Taken { sale, original: Vec::new() }).collect());
    }
    let mut layouts: HashMap<Id, HashMap<String, usize>> = HashMap::new();
    let mut taken = Vec::with_capacity(sales.len());
    for sale in sales {
        let mut original = Vec::new();
        if let Some((layout, cells)) = r.original(workspace, sale.id)? {
            let places = match layouts.entry(layout) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(slot) => slot.insert(columns(r, workspace, layout)?),
            };
            original = places.iter().filter_map(|(name, at)| Some((name.clone(), cells.get(*at)?.clone()))).collect();
        }
        taken.push(Taken { sale, original });
    }
    Ok(taken)
}

/// Copies of drawn sales, each at the same time of another day.
fn draw(taken: &[Taken], wanted: u64, from: Date, left: u64, config: &Configuration, key: &str) -> Vec<Taken> {
    let mut random = Random { key: key.to_owned(), count: 0 };
    let mut drawn = Vec::new();
    for number in 0..wanted {
        let Some(model) = taken.get(usize::try_from(random.below(taken.len() as u64)).unwrap_or(0)) else { break };
        let ahead = i64::try_from(random.below(left)).unwrap_or(0);
        let time = config.zone.to_datetime(model.sale.sale.at).time();
        let day = from.checked_add(jiff::Span::new().days(ahead)).unwrap_or(from);
        let at = config.zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().unwrap_or(model.sale.sale.at);
        let mut sale = model.sale.clone();
        sale.sale.at = at;
        // Ids below zero are nobody's; the unique id keeps the order the same again.
        sale.id = Id(i64::MIN + i64::try_from(number).unwrap_or(0));
        sale.unique_id = Some(format!("projected-{number:08}"));
        drawn.push(Taken { sale, original: model.original.clone() });
    }
    drawn
}

fn rewards<'a>(
    config: &Configuration,
    plan: &Binding,
    period: &Period,
    past: Past,
    sales: impl Iterator<Item = &'a Taken>,
) -> HashMap<Id, (i64, Option<String>)> {
    let bound = plan.bind(config, period).with_past(past);
    let mut run = Run::new(&bound);
    for taken in sales {
        let originals = OriginalPairs(&taken.original);
        let sale = SaleRef::from(&taken.sale);
        run.feed_one(if taken.original.is_empty() { sale } else { sale.with_originals(&originals) });
    }
    let calculation = run.finish();
    calculation.rewards().iter().map(|r| (r.rep, (r.minor, r.attainment.percent().map(|p| p.to_string())))).collect()
}

/// Numbers that follow from a key: SHA-256 over the key and a count.
struct Random {
    key: String,
    count: u64,
}

impl Random {
    /// A number below `end`, which is above 0. The bias of taking a rest of 2⁶⁴ is far below what a pace means.
    fn below(&mut self, end: u64) -> u64 {
        let mut hasher = Sha256::new();
        hasher.update(self.key.as_bytes());
        hasher.update(self.count.to_be_bytes());
        self.count += 1;
        let hash: [u8; 32] = hasher.finalize().into();
        u64::from_be_bytes([hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]) % end.max(1)
    }
}
