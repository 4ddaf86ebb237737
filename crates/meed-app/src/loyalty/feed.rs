//! Purchases of the tills as sales of commission plans, where the workspace wishes it (`sales_owner` of the till's settings).
//!
//! A job brings over what changed since it last looked: each line of a purchase is one sale of the source `Till`, identified by
//! the purchase's number and the line, as it stands now. What comes back leaves the sale, and a cancelled one is worth nothing.
//! A job that broke off does the same again, and finds nothing to change.

use std::collections::BTreeSet;

use meed_core::command::{PutRecord, RecordKind, SaleContent, SaleInput, SaleOutcome};
use meed_core::id::{Id, Kind};
use meed_core::ledger::share;
use meed_core::loyalty::{Line, Participant, PurchaseDone, PurchaseState, TillConfig};
use meed_core::money::{Amount, Minor};
use meed_core::sale::Sale;
use meed_store::Reader;
use serde::{Deserialize, Serialize};

use super::{purchases, records};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope, sales, sources};

/// The source that tills feed.
pub const SOURCE: &str = "Till";
/// Purchases that are brought over at once.
const AT_ONCE: usize = 200;
/// Times that the job begins anew because another process was at it, too.
const ROUNDS_MAX: usize = 8;

/// How far the job has come, by event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// Purchases before this one are not brought over: they were made before it was wished.
    from: i64,
    /// The last event that was looked at.
    last: i64,
    /// Whether it was wished when the job last looked.
    on: bool,
}

/// Brings over what changed since the last time. Answers how many sales that was. A job.
pub async fn feed(app: &App, ctx: &Context) -> AppResult<usize> {
    ctx.require(Scope::Admin)?;
    let owner = records::till_settings(app, ctx).await?.sales_owner;
    let mut changed = 0;
    for _ in 0..ROUNDS_MAX {
        let (version, before) = progress(app, ctx).await?;
        let newest = newest(app, ctx.workspace).await?;
        let Some(owner) = &owner else {
            if before.on {
                leave(app, ctx, version, Progress { on: false, ..before }).await?;
            }
            return Ok(changed);
        };
        if !before.on {
            // From now on: what was sold before stays as it was decided then. Switched on again, it goes on where it began.
            let from = if before.from == 0 { newest } else { before.from };
            let last = if before.from == 0 { newest } else { before.last };
            leave(app, ctx, version, Progress { from, last, on: true }).await?;
            continue;
        }
        if newest == before.last {
            return Ok(changed);
        }
        changed += bring(app, ctx, owner, &touched(app, ctx.workspace, before).await?).await?;
        // Where another process wrote meanwhile, what it brought over may be older: look again.
        if leave(app, ctx, version, Progress { last: newest, ..before }).await? {
            return Ok(changed);
        }
    }
    Ok(changed)
}

async fn progress(app: &App, ctx: &Context) -> AppResult<(Option<i32>, Progress)> {
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::SalesFeed, "till")).await?;
    let Some(record) = record else { return Ok((None, Progress::default())) };
    let progress = serde_json::from_str(&record.body).map_err(|_| AppError::bug("the progress of the sales feed cannot be read"))?;
    Ok((Some(record.version), progress))
}

/// Writes the progress. False: another process did so first.
async fn leave(app: &App, ctx: &Context, version: Option<i32>, progress: Progress) -> AppResult<bool> {
    let body = serde_json::to_string(&progress).map_err(|_| AppError::bug("numbers are JSON"))?;
    let put = PutRecord::upsert(RecordKind::SalesFeed, "till".to_owned(), body);
    let put = PutRecord { expected_version: version, ..put };
    match app.submit(ctx, "till".to_owned(), meed_core::command::PutRecords::one("sales.fed", put)).await {
        Ok(_) => Ok(true),
        Err(AppError::Refused(refused)) if refused.code == "version_conflict" => Ok(false),
        Err(error) => Err(error),
    }
}

async fn newest(app: &App, workspace: Id) -> AppResult<i64> {
    let page = app.store().read(move |r| r.till_events_back(workspace, None, None, 1)).await?;
    Ok(page.first().map_or(0, |(event, _)| event.id.0))
}

/// The purchases that events since the last time are about.
async fn touched(app: &App, workspace: Id, progress: Progress) -> AppResult<Vec<Id>> {
    let read = move |r: &mut Reader<'_>| {
        let (mut found, mut before) = (BTreeSet::new(), None);
        loop {
            let page = r.till_events_back(workspace, None, before, 500)?;
            let is_last = page.len() < 500;
            before = page.last().map(|(event, _)| event.id);
            for (event, _) in page.iter().filter(|(event, _)| event.id.0 > progress.last) {
                found.insert(event.id);
                found.extend(event.about);
            }
            if is_last || before.is_none_or(|id| id.0 <= progress.last) {
                return Ok(found.into_iter().filter(|id| id.0 > progress.from).collect());
            }
        }
    };
    Ok(app.store().read(read).await?)
}

async fn bring(app: &App, ctx: &Context, owner: &str, ids: &[Id]) -> AppResult<usize> {
    let config = app.fresh_till_config(ctx.workspace).await?;
    let (source, workspace) = (sources::ensure(app, ctx, SOURCE).await?, ctx.workspace);
    let mut changed = 0;
    for some in ids.chunks(AT_ONCE) {
        let some = some.to_vec();
        let read = move |r: &mut Reader<'_>| {
            let mut all = Vec::new();
            for id in some {
                let Some((event, standing)) = r.till_event(workspace, id)? else { continue };
                let done = purchases::done_of(&event, standing.as_deref());
                let Some(done) = done.filter(|done| done.body.basket.activity().is_none()) else { continue };
                let person = r.record(workspace, RecordKind::Participant, done.participant)?;
                let person = person.and_then(|record| Participant::read(&record.body).ok()).unwrap_or_default();
                all.push((done, person));
            }
            Ok(all)
        };
        let purchases: Vec<(PurchaseDone, Participant)> = app.store().read(read).await?;
        let inputs: Vec<SaleInput> = purchases.iter().flat_map(|(done, person)| sales_of(&config, owner, done, person)).collect();
        for part in inputs.chunks(sales::SALES_PER_CALL_MAX) {
            let outcomes = sales::record(app, ctx, source, part.to_vec()).await?;
            for outcome in outcomes {
                match outcome {
                    SaleOutcome::Recorded { change, .. } => changed += usize::from(change != meed_core::command::SaleChange::Unchanged),
                    SaleOutcome::Refused(refused) => return Err(refused.into()),
                }
            }
        }
    }
    Ok(changed)
}

/// The sales of a purchase, one per line, as they stand.
fn sales_of(config: &TillConfig, owner: &str, done: &PurchaseDone, person: &Participant) -> Vec<SaleInput> {
    let number = done.id.text(Kind::Purchase);
    let sale = |(place, line): (usize, &Line)| SaleInput {
        unique_id: Some(format!("{number}/{place}")),
        content: SaleContent::Full(Box::new(sale_of(config, owner, done, person, (place, line)))),
        original: None,
        line: None,
    };
    done.body.basket.lines.iter().enumerate().map(sale).collect()
}

fn sale_of(config: &TillConfig, owner: &str, done: &PurchaseDone, person: &Participant, (place, line): (usize, &Line)) -> Sale {
    let basket = &done.body.basket;
    let is_cancelled = done.standing.state == PurchaseState::Cancelled;
    let (returned, pieces) = done.standing.returned.get(place).copied().unwrap_or_default();
    let back = if is_cancelled { line.total } else { returned };
    // Cumulative, so that the parts that come back sum to the whole.
    let left = |minor: Minor| minor - share(minor, back, line.total).unwrap_or(minor);
    let major = |minor: Minor| Some(Amount { minor, unit: config.currency }.major());
    let status = match back {
        _ if is_cancelled => "cancelled",
        0 => "won",
        back if back == line.total => "refunded",
        _ => "partly_refunded",
    };
    let unit = config.units.get(&basket.unit);
    let terminal = basket.terminal.and_then(|id| config.terminals.get(&id));
    let seller = match owner {
        "unit" => unit.map(|unit| unit.name.clone()),
        "terminal" => terminal.map(|terminal| terminal.code.clone()),
        field => basket.extra.get(field).cloned(),
    };
    let product = config.products.get(line.product);
    Sale {
        at: basket.at,
        currency: Some(config.currency),
        revenue: major(left(line.net)),
        profit: None,
        quantity: Some(if is_cancelled { meed_core::money::Exact::ZERO } else { line.quantity - pieces }),
        unit_cost: None,
        tax: major(left(line.vat)),
        status: Some(status.to_owned()),
        customer_name: Some(person.name.clone()).filter(|name| !name.is_empty()),
        customer_email: person.email.clone(),
        customer_code: Some(person.number.clone()).filter(|number| !number.is_empty()),
        product_code: Some(line.intended.as_ref().map_or_else(|| line.code.clone(), |(_, code)| code.clone())),
        product_name: product.and_then(|product| product.description.clone()),
        owners: [seller, None, None],
        teams: [None, None, None],
        territory: None,
        coupon: basket.promo_code.clone(),
        other_text: [Some(basket.reference.clone()), unit.map(|unit| unit.name.clone()), line.family.clone()],
        other_numeric: [None, None, None],
        other_date: [None, None, None],
    }
}
