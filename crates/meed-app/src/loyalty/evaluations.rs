//! Runs that evaluate offers of batch evaluation behind the tills, once a day or when somebody asks (`pos-loyalty.md` §9.2).
//!
//! A run looks at what was recorded since the last one. Each purchase notes that it was evaluated, so a run that broke off, or
//! two at once, give nothing twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_core::id::Id;
use meed_core::loyalty::{EvaluateMany, EvaluatePurchases, PurchaseState, TillConfig, TillReply};
use meed_core::money::{Minor, Unit};
use meed_store::{Priority, Reader, StoreError};
use serde::{Deserialize, Serialize};

use super::purchases::done_of;
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Customers of one command.
const AT_ONCE: usize = 100;
/// Events that are read at once.
const PAGE: i64 = 500;

/// How far runs have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    /// The last event that was looked at.
    last: i64,
    /// When the last run began, microseconds UTC.
    run_us: i64,
    purchases: u64,
    money: Minor,
    points: Minor,
}

/// A run, as it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// When it began, microseconds UTC; 0 if there was none.
    pub at_us: i64,
    /// Purchases and activities that it evaluated.
    pub purchases: u64,
    /// What it gave, less what gave way to better awards, in the workspace's currency.
    pub money: Minor,
    /// The same in points.
    pub points: Minor,
}

/// What runs did and will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// The last one.
    pub last: Run,
    /// When the next one is due, microseconds UTC; `None` where no offer is evaluated by runs.
    pub next_us: Option<i64>,
}

async fn progress(app: &App, workspace: Id) -> AppResult<Progress> {
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::EvaluationRun, "till")).await?;
    record.as_ref().map_or_else(|| Ok(Progress::default()), read)
}

/// The last run, and when the next one is due.
pub async fn runs(app: &App, ctx: &Context) -> AppResult<Runs> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let Progress { run_us, purchases, money, points, .. } = progress(app, ctx.workspace).await?;
    let next_us = config.offers.has_batch().then(|| next(&config, run_us.max(app.now_us())));
    Ok(Runs { last: Run { at_us: run_us, purchases, money, points }, next_us })
}

/// The first instant after a time at which a run is due, microseconds UTC.
fn next(config: &TillConfig, after_us: i64) -> i64 {
    let after = jiff::Timestamp::from_microsecond(after_us).unwrap_or_default();
    let hour = jiff::civil::Time::new(config.settings.evaluation_hour, 0, 0, 0).unwrap_or_default();
    let mut day = config.zone.to_datetime(after).date();
    loop {
        let at = config.zone.to_ambiguous_timestamp(day.to_datetime(hour)).compatible();
        match (at, day.tomorrow()) {
            (Ok(at), _) if at > after => return at.as_microsecond(),
            (_, Ok(tomorrow)) => day = tomorrow,
            (_, Err(_)) => return i64::MAX,
        }
    }
}

/// Runs if it is time. A job.
pub async fn run_if_due(app: &App, ctx: &Context) -> AppResult<Option<Run>> {
    ctx.require(Scope::Admin)?;
    let config = app.till_config(ctx.workspace).await?;
    if !config.offers.has_batch() {
        return Ok(None);
    }
    let before = progress(app, ctx.workspace).await?;
    if before.run_us > 0 && next(&config, before.run_us) > app.now_us() {
        return Ok(None);
    }
    run(app, ctx).await.map(Some)
}

/// Evaluates what was recorded since the last run.
pub async fn run(app: &App, ctx: &Context) -> AppResult<Run> {
    ctx.require(Scope::Plans)?;
    let (workspace, at) = (ctx.workspace, app.now());
    let config = app.fresh_till_config(workspace).await?;
    let before = progress(app, workspace).await?;
    let (newest, open) = open(app, &config, before.last).await?;
    let mut run = Run { at_us: at.as_microsecond(), ..Run::default() };
    let open: Vec<(Id, Vec<Id>)> = open.into_iter().collect();
    for some in open.chunks(AT_ONCE) {
        let prepare = |config: &Arc<TillConfig>| {
            let row = |(participant, purchases): &(Id, Vec<Id>)| EvaluatePurchases {
                config: Arc::clone(config),
                participant: *participant,
                purchases: purchases.clone(),
                at,
            };
            Ok(EvaluateMany { rows: some.iter().map(row).collect() })
        };
        let reply = super::submit(app, ctx, "evaluation".to_owned(), Priority::Bulk, prepare).await?;
        let TillReply::Evaluated(bodies) = reply else {
            return Err(AppError::bug(&format!("an unexpected answer: {reply:?}")));
        };
        for body in bodies {
            run.purchases += u64::try_from(body.purchases.len()).unwrap_or_default();
            let given = |unit: Unit| body.awards.iter().filter(|award| award.unit == unit).map(|award| award.amount).sum::<Minor>();
            let gone = |unit: Unit| body.taken_back.iter().filter(|back| back.unit == unit).map(|back| back.steps.total()).sum::<Minor>();
            run.money += given(config.currency) - gone(config.currency);
            run.points += given(Unit::POINTS) - gone(Unit::POINTS);
        }
    }
    let progress = Progress { last: newest, run_us: run.at_us, purchases: run.purchases, money: run.money, points: run.points };
    let put = PutRecord::upsert(RecordKind::EvaluationRun, "till".to_owned(), write(&progress)?);
    app.submit(ctx, "evaluation".to_owned(), PutRecords::one("purchases.evaluated", put)).await?;
    Ok(run)
}

/// The newest event, and by customer what runs have to evaluate of what came after the last one.
async fn open(app: &App, config: &Arc<TillConfig>, last: i64) -> AppResult<(i64, BTreeMap<Id, Vec<Id>>)> {
    let config = Arc::clone(config);
    // A tier may be reached by a purchase that comes later: where one is asked for, every purchase may match.
    let looks_at_all = config.offers.tier_readers().next().is_some();
    let read = move |r: &mut Reader<'_>| -> Result<(i64, BTreeMap<Id, Vec<Id>>), StoreError> {
        let (mut newest, mut before) = (last, None);
        let mut open: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
        loop {
            let page = r.till_events_back(config.workspace, None, before, PAGE)?;
            newest = newest.max(page.first().map_or(last, |(event, _)| event.id.0));
            before = page.last().map(|(event, _)| event.id);
            for (event, standing) in page.iter().filter(|(event, _)| event.id.0 > last && event.kind.is_bought()) {
                let Some(done) = done_of(event, standing.as_deref()) else { continue };
                let is_batch = |version: Id| config.terms(version).is_some_and(|offer| offer.is_batch());
                let may_match = looks_at_all || done.standing.matches(&done.body.matched).iter().any(|matched| is_batch(matched.version));
                if may_match && done.standing.state == PurchaseState::Posted && done.standing.evaluated_us.is_none() {
                    open.entry(done.participant).or_default().push(done.id);
                }
            }
            let is_last = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
            if is_last || before.is_none_or(|id| id.0 <= last) {
                return Ok((newest, open));
            }
        }
    };
    Ok(app.store().read(read).await?)
}
