//! Statements: one payee's account of a period, live until the period is released and frozen from then on.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use meed_core::command::{RewardState, day_number};
use meed_core::crediting::{HELD_DAY, Listed};
use meed_core::id::{Id, Kind};
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
    /// How much of it the caller may see.
    pub shown: Shown,
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
    /// Minor units by currency, of what may be seen.
    pub totals: BTreeMap<String, i64>,
    /// How much of it the caller may see: the least of its programs.
    pub shown: Shown,
}

/// How much of a period somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Which sales are credited, and nothing of what they earn (`commissions.md` §5, rep dashboard).
    Credits,
    /// Everything.
    All,
}

/// What payees and managers may see, by program and first day; `None` for who sees everything.
async fn opened(app: &App, ctx: &Context) -> AppResult<Option<HashMap<(i64, i64), Shown>>> {
    if !ctx.role.is_of_rep() {
        return Ok(None);
    }
    let reader = ctx.reading();
    let pending = match preferences::get(app, ctx).await?.visible_from {
        VisibleFrom::Credits => Shown::All,
        VisibleFrom::Rewards => Shown::Credits,
    };
    let credits = releases::credit_releases(app, ctx).await?;
    let credits = credits.iter().map(|entry| ((entry.document.program, entry.document.booked_day), pending));
    let mut opened: HashMap<(i64, i64), Shown> = credits.collect();
    let releases = releases::list(app, &reader).await?;
    let confirmed = releases.iter().map(|entry| &entry.document).filter(|document| document.reversed_us.is_none());
    opened.extend(confirmed.map(|document| ((document.program, document.booked_day), Shown::All)));
    Ok(Some(opened))
}

/// A statement that tells which sales are credited, and keeps back what they earn and what was attained.
fn credits_only(body: StatementBody) -> StatementBody {
    let credit = |credit: releases::CreditLine| releases::CreditLine {
        before: "0".into(),
        amount: "0".into(),
        rate: None,
        pieces: Vec::new(),
        text: String::new(),
        ..credit
    };
    StatementBody {
        total: 0,
        rewards: Vec::new(),
        exact: "0".into(),
        rounding: "0".into(),
        attainment: "0".into(),
        quota: None,
        percent: None,
        credited: "0".into(),
        steps: Vec::new(),
        later: Vec::new(),
        reached: Vec::new(),
        through: Vec::new(),
        paid_in: None,
        credits: body.credits.into_iter().map(credit).collect(),
        ..body
    }
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
        let shown = opened.as_ref().map_or(Some(Shown::All), |opened| opened.get(&(sum.program.0, sum.booked_day)).copied());
        let Some(shown) = shown.filter(|_| seen.covers(sum.owner.id)) else { continue };
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
            shown,
        });
        summary.state = summary.state.min(sum.state);
        summary.shown = summary.shown.min(shown);
        if shown == Shown::All {
            *summary.totals.entry(sum.unit).or_default() += sum.amount;
        }
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
    for entry in config.programs.iter().filter(|entry| entry.has_results() && entry.program.cadence == period.cadence()) {
        let Some(shown) = opened.as_ref().map_or(Some(Shown::All), |opened| opened.get(&(entry.id.0, day)).copied()) else { continue };
        let Some(statement) = of_program(app, reader, entry, &period, rep, listed).await? else { continue };
        listed = behind(listed, &statement.body);
        statements.push(match shown {
            Shown::All => statement,
            Shown::Credits => Statement { body: credits_only(statement.body), shown, ..statement },
        });
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
    // What was adjusted or taken back names its sale, maybe one of an earlier period.
    let named = statement.steps.iter().flat_map(|step| &step.inputs).filter(|(name, _)| name == "sale");
    ids.extend(named.filter_map(|(_, text)| Id::parse(text, Kind::Sale).ok()));
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
        return Ok(Some(Statement { body: found.body, state, release: Some(release), document, shown: Shown::All }));
    }
    let body = releases::current_statement(app, ctx, entry.id, &period.label(), rep, listed).await?;
    if rewards.is_empty() && body.credit_count == 0 {
        return Ok(None);
    }
    Ok(Some(Statement { body, state, release: None, document: entry.text.clone(), shown: Shown::All }))
}
