//! Figures for the first page.

use std::collections::BTreeMap;

use meed_core::command::{RewardState, day_number};
use meed_core::crediting::HELD_DAY;
use meed_core::id::Id;
use meed_core::ledger::OwnerKind;

use crate::error::AppResult;
use crate::{App, Context, Scope};

/// What the first page shows.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct Overview {
    pub sale_count: i64,
    pub rep_count: usize,
    pub program_count: usize,
    pub currency: String,
    /// Sum of rewards in minor units by first day of the period, in the workspace's currency.
    pub by_period: BTreeMap<i64, i64>,
    /// Sum of rewards in minor units by rep, of the latest period.
    pub top_payees: Vec<(Id, String, i64)>,
    /// The latest period that has begun, as day number.
    pub latest_day: Option<i64>,
    /// Released and not paid, minor units.
    pub to_pay: i64,
    /// Sales per day of sale, of the last 90 days that have any.
    pub sales_per_day: Vec<(i64, i64)>,
    /// Aliases that several reps or teams own.
    pub ambiguous_aliases: Vec<(String, Vec<Id>)>,
}

/// Gathers the figures.
pub async fn overview(app: &App, ctx: &Context) -> AppResult<Overview> {
    ctx.require(Scope::Read)?;
    let config = app.configuration(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let today = day_number(app.now().to_zoned(config.zone.clone()).date());
    let (head, sums, mut days) = app
        .store()
        .read(move |r| {
            let head = r.head(workspace)?;
            let sums = r.reward_sums(workspace, today - 400)?;
            let days = r.sales_per_day(workspace, (today - 400, today + 31))?;
            Ok((head, sums, days))
        })
        .await?;
    let mut overview = Overview {
        sale_count: head.map_or(0, |h| h.sale_count),
        rep_count: config.directory.reps().len(),
        program_count: config.programs.len(),
        currency: config.unit.code().to_owned(),
        ambiguous_aliases: config.directory.ambiguous_aliases(),
        ..Overview::default()
    };
    // What is held until a condition is met belongs to no period yet.
    let own: Vec<_> = sums.into_iter().filter(|s| s.unit == overview.currency && s.booked_day != HELD_DAY).collect();
    for sum in &own {
        *overview.by_period.entry(sum.booked_day).or_default() += sum.amount;
        if sum.state == RewardState::Released {
            overview.to_pay += sum.amount;
        }
    }
    // Instalments and holdbacks are booked in periods that are still to come.
    let begun = overview.by_period.range(..=today).next_back().or_else(|| overview.by_period.first_key_value());
    overview.latest_day = begun.map(|(day, _)| *day);
    let mut by_rep: BTreeMap<Id, i64> = BTreeMap::new();
    for sum in own.iter().filter(|s| Some(s.booked_day) == overview.latest_day && s.owner.kind == OwnerKind::Rep) {
        *by_rep.entry(sum.owner.id).or_default() += sum.amount;
    }
    let mut top: Vec<_> = by_rep.into_iter().map(|(rep, amount)| (rep, config.rep_name(rep), amount)).collect();
    top.sort_by(|a, b| (b.2, &a.1).cmp(&(a.2, &b.1)));
    top.truncate(10);
    overview.top_payees = top;
    if let Some((last, _)) = days.last().copied() {
        days.retain(|(day, _)| *day > last - 90);
    }
    overview.sales_per_day = days;
    Ok(overview)
}

/// How many sales the workspace holds.
pub async fn sale_count(app: &App, ctx: &Context) -> AppResult<i64> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.head(workspace)).await?.map_or(0, |head| head.sale_count))
}
