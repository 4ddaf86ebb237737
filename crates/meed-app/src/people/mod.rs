//! Reps and teams.

mod line;
mod salaries;
mod variables;

pub(crate) use line::today;
pub use line::{Seen, line_of, manages, seen};
pub(crate) use salaries::opened as open_salaries;
pub use salaries::{MASK, SALARY};
pub use variables::load_variables;

use std::collections::{BTreeSet, HashMap};

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply};
use meed_core::id::{Id, Kind};
use meed_core::people::{Circle, Directory, circles, fold_alias};

use crate::documents::{RepDocument, TeamDocument, read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// A rep with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct RepEntry {
    pub id: Id,
    pub version: i32,
    pub document: RepDocument,
}

/// A team with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TeamEntry {
    pub id: Id,
    pub version: i32,
    pub document: TeamDocument,
}

fn check_name(name: &str) -> AppResult<()> {
    if name.trim().is_empty() || name.chars().count() > 200 {
        return Err(AppError::invalid("name_invalid", "name", "a name has 1 to 200 characters"));
    }
    Ok(())
}

fn check_aliases(aliases: &[String]) -> AppResult<()> {
    if aliases.len() > 1_000 || aliases.iter().any(|a| a.chars().count() > 300) {
        return Err(AppError::invalid("aliases_invalid", "aliases", "at most 1,000 aliases of up to 300 characters"));
    }
    Ok(())
}

/// Makes a rep, or changes one. Two reps may share an alias; sales under it then credit nobody and raise an alert.
pub async fn put_rep(app: &App, ctx: &Context, id: Option<Id>, document: &RepDocument) -> AppResult<Id> {
    let ids = put_reps(app, ctx, &[(id, document.clone())]).await?;
    ids.first().copied().ok_or_else(|| AppError::bug("no record was written"))
}

/// Makes or changes several reps together: all of them, or none and the reason. Managers and teams are there already.
pub async fn put_reps(app: &App, ctx: &Context, reps: &[(Option<Id>, RepDocument)]) -> AppResult<Vec<Id>> {
    ctx.require(Scope::Plans)?;
    let config = app.configuration(ctx.workspace).await?;
    for (id, document) in reps {
        check_document(&config, *id, document)?;
    }
    check_changed_reps(app, &config, reps)?;
    let before = stored_reps(app, ctx, reps).await?;
    let mut puts = Vec::with_capacity(reps.len());
    for (id, document) in reps {
        let stored = id.and_then(|id| before.get(&id)).map_or(&[][..], |rep| &rep.variables);
        let variables = salaries::kept(app, ctx, &document.variables, stored)?;
        let body = write(&RepDocument { variables, ..document.clone() })?;
        puts.push(match id {
            Some(id) => PutRecord::change(RecordKind::Rep, *id, body),
            None => PutRecord::new(RecordKind::Rep, None, body),
        });
    }
    let subject = match reps {
        [(_, only)] => only.name.clone(),
        several => format!("{} reps", several.len()),
    };
    match app.submit(ctx, subject, PutRecords { action: "rep.saved", puts, event: None }).await? {
        Reply::Records(ids) => Ok(ids.into_iter().map(|(id, _)| id).collect()),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

fn check_document(config: &crate::Configuration, id: Option<Id>, document: &RepDocument) -> AppResult<()> {
    check_name(&document.name)?;
    check_aliases(&document.aliases)?;
    salaries::readable(document.variables.as_slice(), |variables| RepDocument { variables, ..document.clone() }.rep(Id(0)).map(|_| ()))?;
    if let Some(manager) = document.manager {
        check_rep(config, Id(manager), "manager")?;
        if id == Some(Id(manager)) || id.is_some() && reports_to(config, Id(manager), id) {
            return Err(AppError::invalid("manager_cycle", "manager", "a rep cannot stand above their own manager"));
        }
    }
    if let Some(currency) = &document.currency
        && crate::rates::currency(currency).is_none()
    {
        let text = format!("`{currency}` is not an ISO 4217 currency code");
        return Err(AppError::invalid("currency_unknown", "currency", text));
    }
    let spans = document.memberships.iter().map(|held| (&held.from, &held.until));
    check_spans("memberships", spans)?;
    check_spans("enrollments", document.enrollments.iter().map(|held| (&held.from, &held.until)))?;
    for membership in &document.memberships {
        if config.directory.team(Id(membership.team)).is_none() {
            return Err(AppError::invalid(
                "team_unknown",
                "memberships",
                format!("there is no team {}", Id(membership.team).text(Kind::Team)),
            ));
        }
    }
    Ok(())
}

/// Refuses spans that end before they start; both days are ISO, so they compare as texts do.
fn check_spans<'d>(field: &str, spans: impl Iterator<Item = (&'d Option<String>, &'d Option<String>)>) -> AppResult<()> {
    for (from, until) in spans {
        if let (Some(from), Some(until)) = (from, until)
            && until <= from
        {
            return Err(AppError::invalid("validity_reversed", field, format!("`until` {until} does not lie after `from` {from}")));
        }
    }
    Ok(())
}

/// Looks for circles that all the changes together would close.
fn check_changed_reps(app: &App, config: &crate::Configuration, reps: &[(Option<Id>, RepDocument)]) -> AppResult<()> {
    let mut changed = HashMap::new();
    for (id, document) in reps.iter().filter_map(|(id, document)| Some(((*id)?, document))) {
        changed.insert(id, RepDocument { variables: Vec::new(), ..document.clone() }.rep(id)?);
    }
    if changed.is_empty() {
        return Ok(());
    }
    let days: BTreeSet<Date> = changed.values().flat_map(|rep| rep.memberships.iter().filter_map(|held| held.from)).collect();
    let all = config.directory.reps().iter().map(|rep| changed.get(&rep.id).unwrap_or(rep).clone());
    let changed = Directory::new(all.collect(), config.directory.teams().to_vec());
    check_circles(app, config, &changed, days.into_iter().collect())
}

/// What is stored of the reps that are to be changed.
async fn stored_reps(app: &App, ctx: &Context, reps: &[(Option<Id>, RepDocument)]) -> AppResult<HashMap<Id, RepDocument>> {
    let workspace = ctx.workspace;
    let ids: Vec<Id> = reps.iter().filter_map(|(id, _)| *id).collect();
    let records = match ids.as_slice() {
        [] => return Ok(HashMap::new()),
        [only] => record(app, ctx, RecordKind::Rep, *only).await?.into_iter().collect(),
        _ => app.store().read(move |r| r.records(workspace, RecordKind::Rep)).await?,
    };
    records.iter().map(|record| Ok((record.id, read::<RepDocument>(record)?))).collect()
}

fn check_rep(config: &crate::Configuration, rep: Id, field: &str) -> AppResult<()> {
    if config.directory.rep(rep).is_none() {
        return Err(AppError::invalid("rep_unknown", field, format!("there is no rep {}", rep.text(Kind::Rep))));
    }
    Ok(())
}

fn reports_to(config: &crate::Configuration, mut rep: Id, above: Option<Id>) -> bool {
    // A chain longer than the number of reps is a cycle already.
    for _ in 0..=config.directory.reps().len() {
        match config.directory.rep(rep).and_then(|r| r.manager) {
            None => return false,
            manager if manager == above => return true,
            Some(manager) => rep = manager,
        }
    }
    true
}

/// Makes a team, or changes one.
pub async fn put_team(app: &App, ctx: &Context, id: Option<Id>, document: &TeamDocument) -> AppResult<Id> {
    ctx.require(Scope::Plans)?;
    check_name(&document.name)?;
    check_aliases(&document.aliases)?;
    salaries::readable(document.variables.as_slice(), |variables| TeamDocument { variables, ..document.clone() }.team(Id(0)).map(|_| ()))?;
    let config = app.configuration(ctx.workspace).await?;
    if let Some(manager) = document.manager {
        check_rep(&config, Id(manager), "manager")?;
    }
    if let Some(parent) = document.parent {
        let mut above = Some(Id(parent));
        for _ in 0..=config.directory.teams().len() {
            let Some(team) = above else { break };
            if Some(team) == id {
                return Err(AppError::invalid("team_cycle", "parent", "a team cannot stand below itself"));
            }
            let found = config.directory.team(team);
            let found =
                found.ok_or_else(|| AppError::invalid("team_unknown", "parent", format!("there is no team {}", team.text(Kind::Team))))?;
            above = found.parent;
        }
    }
    if let Some(id) = id {
        let team = TeamDocument { variables: Vec::new(), ..document.clone() }.team(id)?;
        let teams = config.directory.teams().iter().map(|other| if other.id == id { team.clone() } else { other.clone() });
        let changed = Directory::new(config.directory.reps().to_vec(), teams.collect());
        check_circles(app, &config, &changed, Vec::new())?;
    }
    let before = match id {
        Some(id) => record(app, ctx, RecordKind::Team, id).await?.as_ref().map(read::<TeamDocument>).transpose()?,
        None => None,
    };
    let variables = salaries::kept(app, ctx, &document.variables, before.as_ref().map_or(&[], |team| &team.variables))?;
    let document = &TeamDocument { variables, ..document.clone() };
    save(app, ctx, RecordKind::Team, id, &document.name, write(document)?, "team.saved").await
}

/// Refuses a change that brings people above their own managers, also by way of the teams that they lead and belong to,
/// today or on one of the days on which the change takes effect. Circles that stand already do not hold a change back.
fn check_circles(app: &App, config: &crate::Configuration, changed: &Directory, mut days: Vec<Date>) -> AppResult<()> {
    let today = today(app, config);
    days.retain(|day| *day > today);
    for day in days.into_iter().chain([today]) {
        let before = circles(&config.directory, day);
        let Some(circle) = circles(changed, day).into_iter().find(|circle| !before.contains(circle)) else { continue };
        let (code, field, ids) = match &circle {
            Circle::Managers(ids) => ("manager_cycle", "manager", ids),
            Circle::Teams(ids) => ("team_cycle", "parent", ids),
        };
        let mut names: Vec<String> = ids.iter().map(|id| config.rep_name(*id)).collect();
        names.extend(names.first().cloned());
        let text = format!("this would close a circle on {day}: {}, each above the one before", names.join(" → "));
        return Err(AppError::invalid(code, field, text));
    }
    Ok(())
}

async fn record(app: &App, ctx: &Context, kind: RecordKind, id: Id) -> AppResult<Option<meed_core::command::Record>> {
    let workspace = ctx.workspace;
    Ok(app.store().read(move |r| r.record(workspace, kind, id)).await?)
}

fn rep_entry(app: &App, ctx: &Context, record: &meed_core::command::Record) -> AppResult<RepEntry> {
    let mut document: RepDocument = read(record)?;
    salaries::shown(app, ctx, &mut document.variables)?;
    Ok(RepEntry { id: record.id, version: record.version, document })
}

fn team_entry(app: &App, ctx: &Context, record: &meed_core::command::Record) -> AppResult<TeamEntry> {
    let mut document: TeamDocument = read(record)?;
    salaries::shown(app, ctx, &mut document.variables)?;
    Ok(TeamEntry { id: record.id, version: record.version, document })
}

async fn save(app: &App, ctx: &Context, kind: RecordKind, id: Option<Id>, name: &str, body: String, action: &'static str) -> AppResult<Id> {
    let put = match id {
        Some(id) => PutRecord::change(kind, id, body),
        None => PutRecord::new(kind, None, body),
    };
    match app.submit(ctx, name.to_owned(), PutRecords::one(action, put)).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// All reps, by name.
pub async fn reps(app: &App, ctx: &Context) -> AppResult<Vec<RepEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Rep)).await?;
    let mut reps: Vec<RepEntry> = records.iter().map(|r| rep_entry(app, ctx, r)).collect::<AppResult<_>>()?;
    reps.sort_by_key(|r| (fold_alias(&r.document.name), r.id));
    Ok(reps)
}

/// All teams, by name.
pub async fn teams(app: &App, ctx: &Context) -> AppResult<Vec<TeamEntry>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Team)).await?;
    let mut teams: Vec<TeamEntry> = records.iter().map(|r| team_entry(app, ctx, r)).collect::<AppResult<_>>()?;
    teams.sort_by_key(|t| (fold_alias(&t.document.name), t.id));
    Ok(teams)
}

/// A rep by id.
pub async fn rep(app: &App, ctx: &Context, id: Id) -> AppResult<RepEntry> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    rep_entry(app, ctx, &record(app, ctx, RecordKind::Rep, id).await?.ok_or_else(|| AppError::not_found("rep"))?)
}

/// A team by id.
pub async fn team(app: &App, ctx: &Context, id: Id) -> AppResult<TeamEntry> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    team_entry(app, ctx, &record(app, ctx, RecordKind::Team, id).await?.ok_or_else(|| AppError::not_found("team"))?)
}
