//! Keeping calculations current: a period that was calculated once is calculated again when its sales, people or plan
//! change, until it is released. A released period is calculated by hand only (`commissions.md` behaviour 53).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use meed_core::command::day_number;
use meed_core::condition::SaleFacts;
use meed_core::id::Id;
use meed_core::people::fold_alias;
use meed_core::sale::SaleView;
use meed_store::{Reader, StoreError};

use super::binding::Binding;
use super::read::{CalculationEntry, latest};
use super::run::calculate;
use super::scan::period_of;
use crate::error::{AppError, AppResult};
use crate::releases::{self, of_period};
use crate::{App, Context, ProgramEntry, Scope};

/// Changed sales that are looked at one by one; where there are more, the period is looked through.
const LOOKED_AT_MAX: usize = 1_000;

/// Calculates again what is due. Answers the new calculations.
pub async fn refresh(app: &App, ctx: &Context) -> AppResult<Vec<Id>> {
    let mut refreshed = Vec::new();
    for calculation in latest(app, ctx).await? {
        let program = Id(calculation.document.program);
        let is_running = app.configuration(ctx.workspace).await?.program(program).is_ok_and(ProgramEntry::is_running);
        if !is_running || of_period(app, ctx, program, calculation.document.cell_day).await?.is_some() {
            continue;
        }
        if is_due(app, ctx, &calculation).await? {
            refreshed.push(calculate(app, ctx, program, &calculation.document.period).await?);
        }
    }
    Ok(refreshed)
}

/// Which calculations were looked at, and what was found: as of an audit number.
#[derive(Default)]
pub(crate) struct LookedAt(Mutex<HashMap<Id, Looked>>);

#[derive(Clone, Copy)]
struct Looked {
    audit_number: i64,
    is_due: bool,
}

impl LookedAt {
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Looked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sales of a calculation that would change its result.
#[derive(Clone)]
struct Concerned {
    workspace: Id,
    zone: TimeZone,
    since: Date,
    end: Timestamp,
    /// Local days, as day numbers.
    days: (i64, i64),
    as_of_us: i64,
}

impl Concerned {
    fn holds(&self, facts: &[u8]) -> bool {
        SaleView::read(facts).is_ok_and(|sale| sale.at() < self.end && self.zone.to_datetime(sale.at()).date() >= self.since)
    }

    /// Looks through all sales of the period.
    fn any(&self, reader: &mut Reader<'_>) -> Result<bool, StoreError> {
        // A sale that moved to another period is missed by the first question and found by the second.
        Ok(reader.count_changed_sales(self.workspace, self.days, self.as_of_us)? > 0
            || reader.replaced_since(self.workspace, self.as_of_us)?.iter().any(|(_, _, _, facts)| self.holds(facts)))
    }

    /// Looks at some sales only.
    fn any_of(&self, reader: &mut Reader<'_>, ids: &[Id]) -> Result<bool, StoreError> {
        for row in reader.sales_by_id(self.workspace, ids)? {
            if row.recorded_us > self.as_of_us && self.holds(&row.facts) {
                return Ok(true);
            }
            let before = reader.sale_versions(self.workspace, row.id)?;
            if before.iter().any(|version| version.recorded_us <= self.as_of_us && self.holds(&version.facts)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Calculates a period, and before it the earlier ones of the program whose sales changed since: what changed in released
/// ones is booked in the open period and names its origin, so no period is looked at without what belongs into it.
pub async fn calculate_with_earlier(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Calculated> {
    let mut earlier = Vec::new();
    for calculation in changed_before(app, ctx, program, label).await? {
        calculate(app, ctx, program, &calculation.document.period).await?;
        earlier.push(calculation.document.period);
    }
    Ok(Calculated { id: calculate(app, ctx, program, label).await?, earlier })
}

/// Calculates every period of a program that was calculated before, from one on up to `until`, the earliest first, and
/// `until` itself; without `from` the earlier ones whose sales changed since.
pub async fn calculate_from(app: &App, ctx: &Context, program: Id, from: Option<&str>, until: &str) -> AppResult<Calculated> {
    ctx.require(Scope::Release)?;
    let Some(from) = from else { return calculate_with_earlier(app, ctx, program, until).await };
    let config = app.configuration(ctx.workspace).await?;
    let (first, last) = (period_of(&config, from)?, period_of(&config, until)?);
    if first.cadence() != last.cadence() || first.first_day() > last.first_day() {
        let text = format!("`{from}` is no period before `{until}`");
        return Err(AppError::invalid("period_order", "from", text));
    }
    let days = day_number(first.first_day())..day_number(last.first_day());
    let reader = Context { scopes: vec![Scope::Read, Scope::Release], ..ctx.clone() };
    let mut known = latest(app, &reader).await?;
    known.retain(|calculation| calculation.document.program == program.0 && days.contains(&calculation.document.cell_day));
    known.sort_by_key(|calculation| calculation.document.cell_day);
    let mut earlier = Vec::with_capacity(known.len());
    for calculation in known {
        calculate(app, ctx, program, &calculation.document.period).await?;
        earlier.push(calculation.document.period);
    }
    Ok(Calculated { id: calculate(app, ctx, program, until).await?, earlier })
}

/// A calculation that was made.
#[derive(Clone, Debug)]
pub struct Calculated {
    /// It.
    pub id: Id,
    /// Labels of the earlier periods that were calculated again before it.
    pub earlier: Vec<String>,
}

/// The calculations of a program's earlier periods whose sales changed since, oldest first.
pub(crate) async fn changed_before(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Vec<CalculationEntry>> {
    let config = app.configuration(ctx.workspace).await?;
    let Ok(period) = period_of(&config, label) else { return Ok(Vec::new()) };
    let before = day_number(period.first_day());
    let mut changed = Vec::new();
    for calculation in latest(app, ctx).await? {
        let of = &calculation.document;
        if of.program == program.0 && of.cell_day < before && have_sales_changed(app, ctx, &calculation).await? {
            changed.push(calculation);
        }
    }
    changed.sort_by_key(|calculation| calculation.document.cell_day);
    Ok(changed)
}

/// Whether something changed since a calculation that could change its result.
pub async fn is_due(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<bool> {
    let config = app.configuration(ctx.workspace).await?;
    if config.program(Id(calculation.document.program)).is_err() {
        return Ok(false);
    }
    if config.version != calculation.document.config_version {
        return Ok(true);
    }
    let is_deducting = config.program(Id(calculation.document.program))?.program.settle.deduct.is_some();
    if is_deducting && was_released_since(app, ctx, calculation).await? {
        return Ok(true);
    }
    let shared = config.program(Id(calculation.document.program))?.program.settle.shared_plans();
    if !shared.is_empty() && was_fed_since(app, ctx, calculation, shared).await? {
        return Ok(true);
    }
    have_sales_changed(app, ctx, calculation).await
}

/// Whether sales of a calculation's period, or of those before that it measures, changed since. What was found once is
/// remembered, so that the next look costs what changed in between.
async fn have_sales_changed(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<bool> {
    let config = app.configuration(ctx.workspace).await?;
    let period = period_of(&config, &calculation.document.period)?;
    let entry = config.program(Id(calculation.document.program))?;
    let since = Binding::from(entry).since_day(&config, &period);
    let concerned = Concerned {
        workspace: ctx.workspace,
        zone: config.zone.clone(),
        since,
        end: period.end(),
        days: (day_number(since), day_number(period.last_day())),
        as_of_us: calculation.document.as_of_us,
    };
    let known = app.looked_at().lock().get(&calculation.id).copied();
    if known.is_some_and(|known| known.is_due) {
        return Ok(true);
    }
    let looked = app.store().read(move |reader| look(reader, &concerned, known)).await?;
    app.looked_at().lock().insert(calculation.id, looked);
    Ok(looked.is_due)
}

fn look(reader: &mut Reader<'_>, concerned: &Concerned, known: Option<Looked>) -> Result<Looked, StoreError> {
    let audit_number = reader.head(concerned.workspace)?.map_or(0, |head| head.audit_number);
    let changed = known.and_then(|known| reader.changed_sales(concerned.workspace, (known.audit_number, audit_number)));
    let is_due = match changed.filter(|ids| ids.len() <= LOOKED_AT_MAX) {
        Some(ids) => concerned.any_of(reader, &ids)?,
        None => concerned.any(reader)?,
    };
    Ok(Looked { audit_number, is_due })
}

/// Whether an earlier period was released, or its release taken back, after a calculation that deducts what was released.
async fn was_released_since(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<bool> {
    let of = &calculation.document;
    let releases = releases::list(app, ctx).await?;
    Ok(releases.iter().map(|release| &release.document).any(|release| {
        let changed_us = release.reversed_us.unwrap_or(release.released_us);
        release.program == of.program && release.booked_day < of.cell_day && changed_us > of.finished_us
    }))
}

/// Whether a program that shares the draw was calculated after a calculation of the same period.
async fn was_fed_since(app: &App, ctx: &Context, calculation: &CalculationEntry, shared: &[String]) -> AppResult<bool> {
    let of = &calculation.document;
    let is_fed = |other: &CalculationEntry| {
        let named = shared.iter().any(|name| fold_alias(name) == fold_alias(&other.document.program_name));
        named && other.document.cell_day == of.cell_day && other.document.finished_us > of.finished_us
    };
    Ok(latest(app, ctx).await?.iter().any(is_fed))
}
