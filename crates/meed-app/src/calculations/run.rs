//! Running a calculation: read, fold, and post what differs from what is posted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meed_core::audit::Digest;
use meed_core::command::{CellTargets, PostRewards, PutRecord, PutRecords, RecordKind, Reply, Target, day_number};
use meed_core::crediting::{Calculation, PastLine, Reason, Reward};
use meed_core::id::Id;
use meed_core::ledger::Owner;
use meed_core::period::Period;
use meed_core::program::Trigger;

use super::document::{AlertLine, CalculationDocument, PaidInLine, PayeeLine, PostedLine, ReasonCount, StepLine, TeamLine};
use super::read::latest;
use super::scan::{Before, calculation_after, period_of};
use crate::documents::write;
use crate::error::{AppError, AppResult};
use crate::programs::require_calculable;
use crate::secrets::hex;
use crate::{App, Context, ProgramEntry, Scope};

/// How often a calculation is begun again when plans or people change under it.
const ATTEMPTS_MAX: u32 = 3;

/// How many later periods are looked through for an open one.
const LATER_PERIODS: usize = 36;

struct Found {
    as_of_us: i64,
    targets: Vec<Target>,
    payees: Vec<PayeeLine>,
    sales: u64,
    credits: u64,
    total: i64,
    not_credited: Vec<ReasonCount>,
    alerts: Vec<AlertLine>,
    digest: String,
    versions: Vec<u32>,
    teams: Vec<TeamLine>,
}

/// Calculates a program over a period and posts the differences. Answers the calculation's id.
pub async fn calculate(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Id> {
    ctx.require(Scope::Release)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match calculate_once(app, ctx, program, label).await {
            Err(AppError::Refused(refused)) if refused.code == "calculation_stale" && attempt < ATTEMPTS_MAX => {}
            other => return other,
        }
    }
}

async fn calculate_once(app: &App, ctx: &Context, program: Id, label: &str) -> AppResult<Id> {
    let started_us = app.now_us();
    let config = app.configuration(ctx.workspace).await?;
    let entry = config.program(program)?.clone();
    let period = period_of(&config, label)?;
    if period.cadence() != entry.program.cadence {
        let text = format!("this plan is {}; `{label}` is another kind of period", entry.program.cadence.name());
        return Err(AppError::invalid("period_cadence", "period", text));
    }
    require_calculable(app, ctx, &entry, &period).await?;
    let mut before = Before { program: Some(program), ..Before::default() };
    let found = find(app, ctx, &config, &entry, &period, &before).await?;
    before.replaced.insert(day_number(period.first_day()), past_of(&found.targets, day_number(period.first_day())));
    let mut later = Vec::new();
    for period in later_periods(app, ctx, &entry, &config, &period).await? {
        let found = find(app, ctx, &config, &entry, &period, &before).await?;
        before.replaced.insert(day_number(period.first_day()), past_of(&found.targets, day_number(period.first_day())));
        later.push(CellTargets { targets: found.targets, ..cell(&period) });
    }
    let document = document(app, ctx, &entry, &period, &config, &found, started_us);
    let cells = std::iter::once(CellTargets { targets: found.targets.clone(), ..cell(&period) }).chain(later).collect();
    post(app, ctx, &entry, config.version, document, &found.payees, cells).await
}

async fn find(
    app: &App,
    ctx: &Context,
    config: &Arc<crate::Configuration>,
    entry: &ProgramEntry,
    period: &Period,
    before: &Before,
) -> AppResult<Found> {
    let names = Arc::clone(config);
    let look = move |calculation: &Calculation<'_>, as_of_us: i64| look(calculation, &names, as_of_us);
    calculation_after(app, ctx.workspace, Arc::clone(config), entry.into(), period.clone(), before.clone(), look).await
}

/// The periods after one that were calculated and look back on it: they are posted together with it.
async fn later_periods(
    app: &App,
    ctx: &Context,
    entry: &ProgramEntry,
    config: &crate::Configuration,
    period: &Period,
) -> AppResult<Vec<Period>> {
    if !entry.program.settle.looks_back() {
        return Ok(Vec::new());
    }
    let mut later = Vec::new();
    for calculation in latest(app, ctx).await? {
        if Id(calculation.document.program) == entry.id
            && let Ok(other) = period_of(config, &calculation.document.period)
            && other.cadence() == period.cadence()
            && other.first_day() > period.first_day()
        {
            later.push(other);
        }
    }
    later.sort_by_key(Period::first_day);
    Ok(later)
}

fn past_of(targets: &[Target], cell_day: i64) -> Vec<(Id, PastLine)> {
    let line = |target: &Target| PastLine {
        cell_day,
        due_day: target.due_day,
        kind: target.kind,
        name: target.line.clone(),
        minor: target.amount,
    };
    targets.iter().map(|target| (target.owner.id, line(target))).collect()
}

/// A period without targets yet.
pub(super) fn cell(period: &Period) -> CellTargets {
    let mut later_days = Vec::with_capacity(LATER_PERIODS);
    let mut later = period.clone();
    for _ in 0..LATER_PERIODS {
        match later.next() {
            Ok(next) => later = next,
            Err(_) => break,
        }
        later_days.push(day_number(later.first_day()));
    }
    let period_end = period.end().checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(period.end());
    CellTargets { cell_day: day_number(period.first_day()), later_days, period_end, targets: Vec::new() }
}

fn payee_line(reward: &Reward, period: &Period, config: &crate::Configuration) -> PayeeLine {
    PayeeLine {
        rep: reward.rep.0,
        name: config.rep_name(reward.rep),
        exact: reward.exact.normalize().to_string(),
        amount: reward.minor,
        credits: reward.credits,
        attainment: reward.attainment.value.normalize().to_string(),
        quota: reward.attainment.quota.map(|q| q.normalize().to_string()),
        percent: reward.attainment.percent().map(|p| p.to_string()),
        metric: reward.attainment.metric.name().to_owned(),
        reached: reward.attainment.reached().map(|r| r.to_string()),
        flagged: reward.flagged,
        credited: reward.credited.normalize().to_string(),
        steps: reward.steps.iter().map(StepLine::from).collect(),
        lines: reward.lines.iter().map(|line| PostedLine::of(line, period)).collect(),
        paid_in: reward.paid_in.map(|paid| PaidInLine::of(&paid.conversion, paid.minor)),
    }
}

/// Takes from a calculation what is posted and shown.
fn look(calculation: &Calculation<'_>, config: &crate::Configuration, as_of_us: i64) -> Found {
    let mut digest = Digest::new();
    let mut targets = Vec::new();
    let mut payees = Vec::new();
    let mut total = 0i64;
    let period = calculation.bound().period();
    for reward in calculation.rewards() {
        digest.id(reward.rep).text(&reward.exact.normalize().to_string()).int(reward.minor);
        total = total.saturating_add(reward.minor);
        let payee = payee_line(reward, period, config);
        let explanation = serde_json::to_string(&payee).unwrap_or_default();
        for line in &reward.lines {
            digest.int(line.kind.code()).text(&line.name).int(line.due_day).int(line.minor);
            targets.push(Target {
                owner: Owner::rep(reward.rep),
                kind: line.kind,
                line: line.name.clone(),
                due_day: line.due_day,
                sale: line.sale,
                exact: line.exact.normalize().to_string(),
                amount: line.minor,
                explanation: explanation.clone(),
            });
        }
        payees.push(payee);
    }
    let not_credited = reasons(calculation);
    let alerts = calculation
        .alerts()
        .iter()
        .map(|a| AlertLine {
            code: a.code.code().to_owned(),
            text: a.text.clone(),
            subject: a.subject.clone(),
            reps: a.reps.iter().map(|r| r.0).collect(),
            sales: a.sales,
            first_sale: a.first_sale.map(|s| s.0),
        })
        .collect();
    Found {
        as_of_us,
        targets,
        payees,
        sales: calculation.sales() as u64,
        credits: calculation.credit_count(),
        total,
        not_credited,
        alerts,
        digest: hex(&digest.finish()),
        versions: calculation.bound().version_numbers(),
        teams: team_lines(calculation, config),
    }
}

/// The teams that were credited, by name.
fn team_lines(calculation: &Calculation<'_>, config: &crate::Configuration) -> Vec<TeamLine> {
    let line = |result: meed_core::crediting::TeamResult| TeamLine {
        team: result.team.0,
        name: config.directory.team(result.team).map(|team| team.name.clone()).unwrap_or_default(),
        earned: result.earned.normalize().to_string(),
        credits: result.credits,
        attainment: result.attainment.value.normalize().to_string(),
        quota: result.attainment.quota.map(|quota| quota.normalize().to_string()),
        percent: result.attainment.percent().map(|percent| percent.to_string()),
    };
    let mut teams: Vec<TeamLine> = calculation.teams().into_iter().map(line).collect();
    teams.sort_by(|a, b| (&a.name, a.team).cmp(&(&b.name, b.team)));
    teams
}

/// How many sales were not credited, by reason. That one rule's condition does not hold is nothing to tell of a sale that
/// another rule takes: it counts where it is the answer of every rule.
fn reasons(calculation: &Calculation<'_>) -> Vec<ReasonCount> {
    let bound = calculation.bound();
    let is_sale_rule = |rule: usize| bound.rule(rule).is_some_and(|r| matches!(r.trigger, Trigger::Sale(_)));
    let mut counts: BTreeMap<&'static str, ReasonCount> = BTreeMap::new();
    for of_sale in calculation.not_credited().chunk_by(|a, b| a.sale == b.sale) {
        let conditions = of_sale.iter().filter(|miss| miss.reason == Reason::Condition && is_sale_rule(miss.rule)).count();
        let sale_rules = of_sale.first().map_or(0, |miss| bound.siblings(miss.rule).filter(|rule| is_sale_rule(*rule)).count());
        let told = of_sale.iter().map(|miss| miss.reason).filter(|r| *r != Reason::Condition || conditions == sale_rules);
        for reason in told.collect::<BTreeSet<_>>() {
            let text = || ReasonCount { code: reason.code().to_owned(), text: reason_text(reason).to_owned(), sales: 0 };
            counts.entry(reason.code()).or_insert_with(text).sales += 1;
        }
    }
    counts.into_values().collect()
}

fn document(
    app: &App,
    ctx: &Context,
    entry: &ProgramEntry,
    period: &Period,
    config: &crate::Configuration,
    found: &Found,
    started_us: i64,
) -> CalculationDocument {
    let (version, version_number) = entry.last_of(period);
    CalculationDocument {
        program: entry.id.0,
        program_name: entry.program.name.clone(),
        version: version.0,
        version_number,
        versions: found.versions.clone(),
        period: period.label(),
        cell_day: day_number(period.first_day()),
        currency: entry.program.currency.code().to_owned(),
        started_us,
        finished_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
        as_of_us: found.as_of_us,
        config_version: config.version,
        sales: found.sales,
        credits: found.credits,
        payees: found.payees.len() as u64,
        total: found.total,
        changed: 0,
        carried: 0,
        not_credited: found.not_credited.clone(),
        alerts: found.alerts.clone(),
        digest: found.digest.clone(),
        payee_list: 0,
        teams: found.teams.clone(),
    }
}

async fn post(
    app: &App,
    ctx: &Context,
    entry: &ProgramEntry,
    config_version: i64,
    mut document: CalculationDocument,
    payees: &[PayeeLine],
    cells: Vec<CellTargets>,
) -> AppResult<Id> {
    let subject = format!("{} {}", document.program_name, document.period);
    let put = PutRecord::new(RecordKind::CalculationPayees, None, write(&payees)?);
    document.payee_list = first_id(app.submit(ctx, subject.clone(), PutRecords::one("calculation.payees", put)).await?)?.0;
    let put = PutRecord::new(RecordKind::Calculation, None, write(&document)?);
    let calculation = first_id(app.submit(ctx, subject.clone(), PutRecords::one("calculation.started", put)).await?)?;
    let command = PostRewards {
        calculation,
        record: PutRecord::change(RecordKind::Calculation, calculation, write(&document)?),
        program: entry.id,
        version: Id(document.version),
        unit: entry.program.currency,
        config_version,
        cells,
    };
    let Reply::Posted { rewards, carried } = app.submit(ctx, subject.clone(), command).await? else {
        return Err(AppError::bug("a calculation was answered with something else"));
    };
    document.changed = rewards;
    document.carried = carried;
    document.finished_us = app.now_us();
    let put = PutRecord::change(RecordKind::Calculation, calculation, write(&document)?);
    let command = PutRecords { action: "calculation.finished", puts: vec![put], event: Some("calculation.finished") };
    app.submit(ctx, subject, command).await?;
    Ok(calculation)
}

/// A reason for people.
fn reason_text(reason: Reason) -> &'static str {
    match reason {
        Reason::OutsideValidity => "outside the plan's dates",
        Reason::Condition => "the rule's condition does not hold",
        Reason::ConditionError => "the rule's condition could not be decided",
        Reason::RateMissing => "in another currency, without a rate of exchange",
        Reason::BasisMissing => "no value to calculate on",
        Reason::NoOwner => "names nobody",
        Reason::NoMatch => "names somebody who is not known",
        Reason::DuplicateAlias => "the name belongs to several people or teams",
        Reason::NotTarget => "the plan does not apply to this person",
        Reason::EmptyTeam => "the team has nobody to credit",
        Reason::NoTeam => "the person belongs to no team",
        Reason::WeightMissing => "a member has no value by which the team shares",
        Reason::ShareMissing => "the share of an owner has no value",
        Reason::GroupMissing => "belongs to no group in which tiers are counted",
        Reason::NotEnrolled => "the person has not enrolled in the plan",
        Reason::NoRecipient => "there is nobody to get what it earns",
        Reason::AlreadyCounted => "counted once already for this manager",
        Reason::PayUnknown => "a figure that the rule needs is missing",
    }
}

fn first_id(reply: Reply) -> AppResult<Id> {
    match reply {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}
