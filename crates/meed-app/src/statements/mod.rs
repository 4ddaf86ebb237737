//! Statements: one payee's account of a period, live until the period is released and frozen from then on.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use meed_core::command::{RewardState, day_number};
use meed_core::crediting::{HELD_DAY, Listed};
use meed_core::id::Id;
use meed_core::ledger::OwnerKind;
use meed_core::period::Period;

use crate::error::{AppError, AppResult};
use crate::people::seen;
use crate::preferences::{self, VisibleFrom};
use crate::releases::{self, ReleaseEntry, StatementBody};
use crate::{App, Context, ProgramEntry, imports, programs, sales};

/// What one program says of a payee's period.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Rewards, credits and their explanation.
    pub body: StatementBody,
    /// Where the rewards stand.
    pub state: RewardState,
    /// The release that froze it.
    pub release: Option<ReleaseEntry>,
    /// The text of the program's version that it was calculated with.
    pub document: String,
}

/// A sale behind a statement, with the file that brought it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct StatementSale {
    pub sale: sales::SaleView,
    pub file: Option<String>,
}

/// A payee's period in a list, over all programs of its length.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Summary {
    pub rep: Id,
    pub name: String,
    /// Label of the period.
    pub period: String,
    /// First day of the period, as day number.
    pub day: i64,
    pub state: RewardState,
    /// Minor units by currency.
    pub totals: BTreeMap<String, i64>,
}

/// Periods that payees and managers may see, by program and first day; `None` for who sees everything.
async fn opened(app: &App, ctx: &Context) -> AppResult<Option<HashSet<(i64, i64)>>> {
    if !ctx.role.is_of_rep() {
        return Ok(None);
    }
    let reader = ctx.reading();
    let releases = releases::list(app, &reader).await?;
    let confirmed = releases.iter().map(|entry| &entry.document).filter(|document| document.reversed_us.is_none());
    let mut opened: HashSet<(i64, i64)> = confirmed.map(|document| (document.program, document.booked_day)).collect();
    if preferences::get(app, ctx).await?.visible_from == VisibleFrom::Credits {
        let pending = releases::credit_releases(app, ctx).await?;
        opened.extend(pending.iter().map(|entry| (entry.document.program, entry.document.booked_day)));
    }
    Ok(Some(opened))
}

/// Every payee's periods, latest first, then by name. A payee gets their own and a manager those of their line: as pending
/// once credits are released, as confirmed once rewards are (`commissions.md` behaviour 51).
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<Summary>> {
    let seen = seen(app, ctx).await?;
    let opened = opened(app, ctx).await?;
    let config = app.configuration(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let sums = app.store().read(move |r| r.reward_sums(workspace, i64::MIN)).await?;
    let mut found: BTreeMap<(String, Id), Summary> = BTreeMap::new();
    // What is held until a condition is met belongs to no period yet.
    let in_a_period = |sum: &meed_store::RewardSum| sum.owner.kind == OwnerKind::Rep && sum.booked_day != HELD_DAY;
    for sum in sums.into_iter().filter(in_a_period) {
        let is_open = opened.as_ref().is_none_or(|opened| opened.contains(&(sum.program.0, sum.booked_day)));
        if !is_open || !seen.covers(sum.owner.id) {
            continue;
        }
        let Ok(entry) = config.program(sum.program) else { continue };
        let Some(first) = meed_core::command::date_of(sum.booked_day) else { continue };
        let Ok(period) = Period::holding(first, entry.program.cadence, &config.zone) else { continue };
        let label = period.label();
        let summary = found.entry((label.clone(), sum.owner.id)).or_insert_with(|| Summary {
            rep: sum.owner.id,
            name: config.rep_name(sum.owner.id),
            period: label,
            day: sum.booked_day,
            state: sum.state,
            totals: BTreeMap::new(),
        });
        summary.state = summary.state.min(sum.state);
        *summary.totals.entry(sum.unit).or_default() += sum.amount;
    }
    let mut all: Vec<Summary> = found.into_values().collect();
    all.sort_by(|a, b| (b.day, &b.period, &a.name, a.rep).cmp(&(a.day, &a.period, &b.name, b.rep)));
    Ok(all)
}

/// What each program of the period's length says of a payee, by name of the program. Programs that say nothing are left
/// out; so are those that are not released, if the payee or their manager asks.
pub async fn of_payee(app: &App, ctx: &Context, rep: Id, label: &str) -> AppResult<Vec<Statement>> {
    page_of_payee(app, ctx, rep, label, Listed::All).await
}

/// The same with some of the credits: those of all programs, one behind the other, are numbered together.
pub async fn page_of_payee(app: &App, ctx: &Context, rep: Id, label: &str, listed: Listed) -> AppResult<Vec<Statement>> {
    seen(app, ctx).await?.require(rep)?;
    let opened = opened(app, ctx).await?;
    let reader = &ctx.reading();
    let config = app.configuration(ctx.workspace).await?;
    let period = Period::parse(label, &config.zone).map_err(|_| AppError::not_found("period"))?;
    if config.directory.rep(rep).is_none() {
        return Err(AppError::not_found("payee"));
    }
    let mut statements = Vec::new();
    let day = day_number(period.first_day());
    let mut listed = listed;
    for entry in config.programs.iter().filter(|entry| entry.program.cadence == period.cadence()) {
        if opened.as_ref().is_none_or(|opened| opened.contains(&(entry.id.0, day)))
            && let Some(statement) = of_program(app, reader, entry, &period, rep, listed).await?
        {
            listed = behind(listed, &statement.body);
            statements.push(statement);
        }
    }
    Ok(statements)
}

/// What is left to list after a program's credits.
fn behind(listed: Listed, body: &StatementBody) -> Listed {
    match listed {
        Listed::Slice { from, count } => {
            Listed::Slice { from: from.saturating_sub(body.credit_count), count: count.saturating_sub(body.credits.len()) }
        }
        Listed::PageOf { count, .. } if !body.credits.is_empty() => {
            Listed::Slice { from: 0, count: count.saturating_sub(body.credits.len()) }
        }
        Listed::All | Listed::PageOf { .. } | Listed::OfSale(_) => listed,
    }
}

/// The sales behind a statement, which its payee may see.
pub async fn sales_of(app: &App, ctx: &Context, statement: &StatementBody) -> AppResult<Vec<StatementSale>> {
    seen(app, ctx).await?.require(Id(statement.rep))?;
    let ctx = &ctx.reading();
    let mut ids: Vec<Id> = statement.credits.iter().map(|credit| Id(credit.sale)).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut files: HashMap<Id, String> = HashMap::new();
    let mut found = Vec::with_capacity(ids.len());
    for sale in sales::by_ids(app, ctx, ids).await? {
        if let Some(import) = sale.import
            && let Entry::Vacant(slot) = files.entry(import)
        {
            slot.insert(imports::get(app, ctx, import).await?.document.file_name);
        }
        let file = sale.import.and_then(|import| files.get(&import).cloned());
        found.push(StatementSale { sale, file });
    }
    Ok(found)
}

async fn of_program(
    app: &App,
    ctx: &Context,
    entry: &ProgramEntry,
    period: &Period,
    rep: Id,
    listed: Listed,
) -> AppResult<Option<Statement>> {
    let rewards = releases::rewards_of_payee(app, ctx, entry.id, period, rep).await?;
    let state = rewards.iter().map(|row| row.state).min().unwrap_or(RewardState::Accrued);
    if let Some(release) = releases::of_period(app, ctx, entry.id, day_number(period.first_day())).await? {
        let Some(found) = releases::frozen_of_payee(app, ctx, &release, rep, listed).await? else { return Ok(None) };
        let document = programs::version(app, ctx, Id(found.body.version)).await?.document.text;
        return Ok(Some(Statement { body: found.body, state, release: Some(release), document }));
    }
    let body = releases::current_statement(app, ctx, entry.id, &period.label(), rep, listed).await?;
    if rewards.is_empty() && body.credit_count == 0 {
        return Ok(None);
    }
    Ok(Some(Statement { body, state, release: None, document: entry.text.clone() }))
}
