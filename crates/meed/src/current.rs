//! Keeps calculations current beside a running server: when writing pauses, periods whose facts changed are calculated
//! again. Released periods are not touched (`commissions.md` behaviour 53). Keeps the last use of API keys, too, posts what is
//! due in wallets that nobody touches, and brings purchases of the tills over as sales where that is wished.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use meed_app::access::keys;
use meed_app::loyalty::{evaluations, feed, wallets};
use meed_app::{App, AppError, calculations, workspaces};
use meed_core::id::Id;

use crate::open::context;

/// How often it is looked whether something was written.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Of so many looks one writes when API keys were last used, and sweeps wallets: once a minute.
const LOOKS_PER_KEY_USE: u64 = 6;

/// Lots that a sweep takes up at once.
const LOTS_PER_SWEEP: i64 = 500;

/// What was seen of a workspace: the time of its last write, and whether that write is taken in.
#[derive(Clone, Copy)]
struct Seen {
    last_us: i64,
    is_current: bool,
}

/// Runs until the process ends.
pub(crate) async fn keep_current(app: Arc<App>) {
    app.keep_calculations();
    let mut seen: HashMap<Id, Seen> = HashMap::new();
    let mut fed: HashMap<Id, i64> = HashMap::new();
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for look_number in 1u64.. {
        ticks.tick().await;
        app.drop_idle_calculations();
        if look_number.is_multiple_of(LOOKS_PER_KEY_USE)
            && let Err(error) = keys::write_uses(&app).await
        {
            tracing::warn!(%error, "the last use of keys could not be kept");
        }
        if look_number.is_multiple_of(LOOKS_PER_KEY_USE)
            && let Err(error) = sweep(&app).await
        {
            tracing::warn!(%error, "wallets could not be swept");
        }
        if look_number.is_multiple_of(LOOKS_PER_KEY_USE)
            && let Err(error) = evaluate(&app).await
        {
            tracing::warn!(%error, "offers could not be evaluated");
        }
        if let Err(error) = feed_sales(&app, &mut fed).await {
            tracing::warn!(%error, "purchases could not be brought over as sales");
        }
        if let Err(error) = look(&app, &mut seen).await {
            tracing::warn!(%error, "calculations could not be kept current");
        }
    }
}

/// The books are right without it: whoever touches a wallet posts what is due first.
async fn sweep(app: &App) -> Result<(), AppError> {
    for workspace in workspaces::list(app).await? {
        wallets::sweep(app, &context(Id(workspace.workspace)), LOTS_PER_SWEEP).await?;
    }
    Ok(())
}

/// Offers of batch evaluation, once a day.
async fn evaluate(app: &App) -> Result<(), AppError> {
    for workspace in workspaces::list(app).await? {
        if let Some(run) = evaluations::run_if_due(app, &context(Id(workspace.workspace))).await? {
            tracing::info!(workspace = workspace.slug, purchases = run.purchases, "offers were evaluated behind the tills");
        }
    }
    Ok(())
}

/// Purchases as sales, where something was written since the last time.
async fn feed_sales(app: &App, fed: &mut HashMap<Id, i64>) -> Result<(), AppError> {
    for workspace in workspaces::list(app).await? {
        let id = Id(workspace.workspace);
        let last_us = app.store().read(move |r| r.head(id)).await?.map_or(0, |head| head.last_recorded_us);
        if fed.get(&id) == Some(&last_us) {
            continue;
        }
        let count = feed::feed(app, &context(id)).await?;
        if count > 0 {
            tracing::info!(workspace = workspace.slug, sales = count, "purchases were brought over as sales");
        }
        fed.insert(id, last_us);
    }
    Ok(())
}

async fn look(app: &App, seen: &mut HashMap<Id, Seen>) -> Result<(), AppError> {
    for workspace in workspaces::list(app).await? {
        let id = Id(workspace.workspace);
        let last_us = app.store().read(move |r| r.head(id)).await?.map_or(0, |head| head.last_recorded_us);
        match seen.get(&id) {
            // Quiet since the last look: now is the time.
            Some(before) if before.last_us == last_us => {
                if !before.is_current {
                    let done = calculations::refresh(app, &context(id)).await?;
                    if !done.is_empty() {
                        tracing::info!(workspace = workspace.slug, calculations = done.len(), "calculated again");
                    }
                    seen.insert(id, Seen { last_us, is_current: true });
                }
            }
            _ => {
                seen.insert(id, Seen { last_us, is_current: false });
            }
        }
    }
    Ok(())
}
