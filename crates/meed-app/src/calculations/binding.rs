//! Which versions of a program a calculation binds.

use std::sync::Arc;

use meed_core::crediting::{BoundProgram, ProgramVersion, measured_days};
use meed_core::id::Id;
use meed_core::period::Period;
use meed_core::program::{Metric, Program};

use crate::configuration::VersionEntry;
use crate::{Configuration, ProgramEntry};

/// A program as a calculation uses it: all versions that rule some day, or a single document for the whole period.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The program, where it is one that was applied: what its earlier periods left is then known.
    pub(super) id: Option<Id>,
    pub(super) program: Arc<Program>,
    timeline: Vec<VersionEntry>,
}

impl From<&ProgramEntry> for Binding {
    fn from(entry: &ProgramEntry) -> Self {
        Self { id: Some(entry.id), program: Arc::clone(&entry.program), timeline: entry.timeline.clone() }
    }
}

impl From<Arc<Program>> for Binding {
    fn from(program: Arc<Program>) -> Self {
        Self { id: None, program, timeline: Vec::new() }
    }
}

impl From<(Id, Arc<Program>)> for Binding {
    /// One document in place of all versions of a program, as a what-if asks.
    fn from((id, program): (Id, Arc<Program>)) -> Self {
        Self { id: Some(id), program, timeline: Vec::new() }
    }
}

impl Binding {
    /// The program, where this is how it stands: not a draft in its place.
    pub(super) fn applied(&self, config: &Configuration) -> Option<Id> {
        let entry = config.program(self.id?).ok()?;
        let same = Arc::ptr_eq(&entry.program, &self.program)
            && entry.timeline.len() == self.timeline.len()
            && entry.timeline.iter().zip(&self.timeline).all(|(a, b)| Arc::ptr_eq(&a.program, &b.program));
        same.then_some(entry.id)
    }

    /// Whether any version reads original columns.
    pub(super) fn uses_originals(&self) -> bool {
        self.programs().any(Program::uses_originals)
    }

    /// Binds the versions to people and a period.
    #[must_use]
    pub fn bind<'a>(&'a self, config: &'a Configuration, period: &'a Period) -> BoundProgram<'a> {
        let version = |entry: &'a VersionEntry| ProgramVersion { program: &entry.program, number: entry.number, from: entry.from };
        let versions: Vec<ProgramVersion<'a>> = self.timeline.iter().map(version).collect();
        BoundProgram::with_versions(&self.program, &versions, &config.directory, period).with_rates(&config.rates)
    }

    /// The first local day whose sales can change the result of a period.
    pub(super) fn since_day(&self, config: &Configuration, period: &Period) -> jiff::civil::Date {
        let before = if self.compares_periods() { period.prev().ok() } else { None };
        let first = measured_days(self.bind(config, period).program(), period).0;
        before.map_or(first, |before| first.min(before.first_day()))
    }

    /// Whether a version measures the increase over the period before.
    pub(super) fn compares_periods(&self) -> bool {
        self.programs().any(|program| program.metric == Metric::Increase)
    }

    fn programs(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(&*self.program).chain(self.timeline.iter().map(|version| &*version.program))
    }
}
