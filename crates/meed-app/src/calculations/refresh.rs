//! Keeping calculations current: a period that was calculated once is calculated again when its sales, people or plan
//! change, until it is released. A released period is calculated by hand only (`commissions.md` behaviour 53).

use meed_core::command::day_number;
use meed_core::condition::SaleFacts;
use meed_core::id::Id;
use meed_core::people::fold_alias;
use meed_core::sale::SaleView;

use super::binding::Binding;
use super::read::{CalculationEntry, latest};
use super::run::calculate;
use super::scan::period_of;
use crate::error::{AppError, AppResult};
use crate::releases::{self, of_period};
use crate::{App, Context, Scope};

/// Calculates again what is due. Answers the new calculations.
pub async fn refresh(app: &App, ctx: &Context) -> AppResult<Vec<Id>> {
    let mut refreshed = Vec::new();
    for calculation in latest(app, ctx).await? {
        let program = Id(calculation.document.program);
        if of_period(app, ctx, program, calculation.document.cell_day).await?.is_some() {
            continue;
        }
        if is_due(app, ctx, &calculation).await? {
            refreshed.push(calculate(app, ctx, program, &calculation.document.period).await?);
        }
    }
    Ok(refreshed)
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

/// Whether sales of a calculation's period, or of those before that it measures, changed since.
async fn have_sales_changed(app: &App, ctx: &Context, calculation: &CalculationEntry) -> AppResult<bool> {
    let config = app.configuration(ctx.workspace).await?;
    let period = period_of(&config, &calculation.document.period)?;
    let (workspace, as_of) = (ctx.workspace, calculation.document.as_of_us);
    let entry = config.program(Id(calculation.document.program))?;
    let since = Binding::from(entry).since_day(&config, &period);
    let days = (day_number(since), day_number(period.last_day()));
    let (zone, end) = (config.zone.clone(), period.end());
    let is_inside =
        move |facts: &[u8]| SaleView::read(facts).is_ok_and(|sale| sale.at() < end && zone.to_datetime(sale.at()).date() >= since);
    let is_due = app
        .store()
        .read(move |r| {
            // A sale that moved to another period is missed by the first question and found by the second.
            Ok(r.count_changed_sales(workspace, days, as_of)? > 0
                || r.replaced_since(workspace, as_of)?.iter().any(|(_, _, _, facts)| is_inside(facts)))
        })
        .await?;
    Ok(is_due)
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
