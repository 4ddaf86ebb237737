//! The configuration of a workspace as one value: people and programs, cached by the workspace's configuration version.

use std::sync::{Arc, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use meed_core::command::{Record, RecordKind};
use meed_core::id::Id;
use meed_core::money::{Rates, Unit};
use meed_core::people::{Directory, Rep, Team};
use meed_core::period::Period;
use meed_core::program::Program;

use crate::App;
use crate::documents::{ProgramDocument, ProgramVersionDocument, RepDocument, TeamDocument, date, read};
use crate::error::{AppError, AppResult};
use crate::people::open_salaries;
use crate::programs::ProgramState;
use crate::rates::rates_of;

/// Everything a calculation needs to know beside the sales.
#[derive(Debug)]
pub struct Configuration {
    /// The version it was read at.
    pub version: i64,
    /// The zone that decides days and periods.
    pub zone: TimeZone,
    /// Its name.
    pub zone_name: String,
    /// The workspace's currency.
    pub unit: Unit,
    /// Reps and teams.
    pub directory: Directory,
    /// Rates of exchange.
    pub rates: Rates,
    /// Programs, by name.
    pub programs: Vec<ProgramEntry>,
}

/// A program with its current version.
#[derive(Clone, Debug)]
pub struct ProgramEntry {
    /// The program.
    pub id: Id,
    /// Its current version.
    pub version: Id,
    /// Counts versions.
    pub number: u32,
    /// The text of the document.
    pub text: String,
    /// The document, ready to use.
    pub program: Arc<Program>,
    /// Whether it is calculated, and what else its state stops.
    pub state: ProgramState,
    /// The last day of its last period, once it is completed: its versions end there at the latest.
    pub closes: Option<Date>,
    /// The versions that rule some day, by their first; the current one among them.
    pub timeline: Vec<VersionEntry>,
}

/// A version of a program and the first day on which it rules.
#[derive(Clone, Debug)]
pub struct VersionEntry {
    /// The version.
    pub id: Id,
    /// Counts versions.
    pub number: u32,
    /// First day; `None` from the beginning.
    pub from: Option<Date>,
    /// The document, ready to use.
    pub program: Arc<Program>,
}

impl ProgramEntry {
    /// The versions that rule a period as it was calculated with version `newest`, by their first day. None where they have been
    /// replaced since by a version that holds from earlier on.
    #[must_use]
    pub fn ruling(&self, period: &Period, newest: u32) -> &[VersionEntry] {
        let begun = |day: Date| self.timeline.iter().rposition(|version| version.from.is_none_or(|from| from <= day));
        let first = begun(period.first_day()).unwrap_or(0);
        let ruling = begun(period.last_day()).and_then(|last| self.timeline.get(first..=last)).unwrap_or_default();
        if ruling.iter().all(|version| version.number <= newest) { ruling } else { &[] }
    }

    /// The version that rules on the last day of a period: a calculation bears its number. The current one where none rules then.
    #[must_use]
    pub fn last_of(&self, period: &Period) -> (Id, u32) {
        let begun = |version: &&VersionEntry| version.from.is_none_or(|from| from <= period.last_day());
        self.timeline.iter().rev().find(begun).map_or((self.version, self.number), |version| (version.id, version.number))
    }

    /// A version that rules some day, by its number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&VersionEntry> {
        self.timeline.iter().find(|version| version.number == number)
    }
}

impl Configuration {
    /// A program by id.
    pub fn program(&self, id: Id) -> AppResult<&ProgramEntry> {
        self.programs
            .iter()
            .find(|p| p.id == id)
            .ok_or_else(|| AppError::not_found(&format!("program {}", id.text(meed_core::id::Kind::Program))))
    }

    /// Whether calculations of a program are made from the same people, plan and settings. What else a workspace configures
    /// (sources, mappings, other programs) may differ.
    #[must_use]
    pub(crate) fn calculates_like(&self, other: &Self, program: Id) -> bool {
        // A new field belongs into the comparison, unless no calculation reads it.
        let Self { version: _, zone, zone_name: _, unit, directory, rates, programs: _ } = self;
        let timeline = |config: &Self| {
            let entry = config.program(program).ok()?;
            let versions = entry.timeline.iter().map(|version| (version.id, version.number, version.from));
            Some((entry.version, entry.closes, versions.collect::<Vec<_>>()))
        };
        *zone == other.zone
            && *unit == other.unit
            && *rates == other.rates
            && directory.reps() == other.directory.reps()
            && directory.teams() == other.directory.teams()
            && timeline(self).is_some_and(|mine| Some(mine) == timeline(other))
    }

    /// The name of a rep or team, or its id where it is gone.
    #[must_use]
    pub fn rep_name(&self, id: Id) -> String {
        let rep = self.directory.rep(id).map(|rep| rep.name.clone());
        let name = rep.or_else(|| self.directory.team(id).map(|team| team.name.clone()));
        name.unwrap_or_else(|| id.text(meed_core::id::Kind::Rep))
    }
}

impl App {
    /// The configuration as it stands now.
    pub async fn configuration(&self, workspace: Id) -> AppResult<Arc<Configuration>> {
        let head = self.store.read(move |r| r.head(workspace)).await?.ok_or_else(|| AppError::not_found("workspace"))?;
        let cached = self.configurations.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned();
        if let Some(cached) = cached.filter(|c| c.version == head.config_version) {
            return Ok(cached);
        }
        let fresh = Arc::new(self.read_configuration(workspace).await?);
        self.configurations.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace, Arc::clone(&fresh));
        Ok(fresh)
    }

    async fn read_configuration(&self, workspace: Id) -> AppResult<Configuration> {
        let (head, reps, teams, programs, versions, rates) = self
            .store
            .read(move |r| {
                let head = r.head(workspace)?;
                let reps = r.records(workspace, RecordKind::Rep)?;
                let teams = r.records(workspace, RecordKind::Team)?;
                let programs = r.records(workspace, RecordKind::Program)?;
                let mut versions = Vec::new();
                for program in &programs {
                    let Ok(document) = read::<ProgramDocument>(program) else { continue };
                    for ruling in document.ruling() {
                        versions.push(r.record(workspace, RecordKind::ProgramVersion, Id(ruling.version))?);
                    }
                }
                let rates = r.records(workspace, RecordKind::ExchangeRates)?;
                Ok((head, reps, teams, programs, versions, rates))
            })
            .await?;
        let head = head.ok_or_else(|| AppError::not_found("workspace"))?;
        let rep = |record: &Record| {
            let mut document: RepDocument = read(record)?;
            open_salaries(self, &mut document.variables)?;
            document.rep(record.id)
        };
        let team = |record: &Record| {
            let mut document: TeamDocument = read(record)?;
            open_salaries(self, &mut document.variables)?;
            document.team(record.id)
        };
        let reps: Vec<Rep> = reps.iter().map(rep).collect::<AppResult<_>>()?;
        let teams: Vec<Team> = teams.iter().map(team).collect::<AppResult<_>>()?;
        let mut entries = Vec::new();
        for record in &programs {
            let document: ProgramDocument = read(record)?;
            entries.push(entry(record.id, &document, &versions)?);
        }
        entries.sort_by(|a, b| (&a.program.name, a.id).cmp(&(&b.program.name, b.id)));
        Ok(Configuration {
            version: head.config_version,
            zone_name: head.zone.iana_name().unwrap_or("UTC").to_owned(),
            zone: head.zone,
            unit: head.unit,
            directory: Directory::new(reps, teams),
            rates: rates_of(head.unit, &rates)?,
            programs: entries,
        })
    }
}

/// A program with all versions that rule some day.
fn entry(id: Id, document: &ProgramDocument, versions: &[Option<Record>]) -> AppResult<ProgramEntry> {
    let mut timeline = Vec::new();
    let mut current = None;
    let closes = document.closes.as_deref().map(date).transpose()?;
    for ruling in document.ruling() {
        let version = versions.iter().flatten().find(|v| v.id.0 == ruling.version);
        let version = version.ok_or_else(|| AppError::bug("a program without its version"))?;
        let text = read::<ProgramVersionDocument>(version)?.text;
        let program = Program::parse(&text).map_err(|findings| {
            let first = findings.first().map(ToString::to_string).unwrap_or_default();
            AppError::bug(&format!("the stored program {} cannot be read: {first}", document.name))
        })?;
        let program = Arc::new(ended(program, closes));
        if ruling.version == document.version {
            current = Some((text, Arc::clone(&program)));
        }
        let from = ruling.from.as_deref().map(date).transpose()?;
        timeline.push(VersionEntry { id: version.id, number: ruling.number, from, program });
    }
    let (text, program) = current.ok_or_else(|| AppError::bug("a program without its current version"))?;
    let (version, number, state) = (Id(document.version), document.number, ProgramState::of(document));
    Ok(ProgramEntry { id, version, number, text, program, state, closes, timeline })
}

/// A completed program takes no sale after its last period, whatever its document says.
fn ended(mut program: Program, closes: Option<Date>) -> Program {
    if let Some(closes) = closes {
        program.valid_until = Some(program.valid_until.map_or(closes, |until| until.min(closes)));
    }
    program
}
