//! Running the examples that a document carries.

use std::fmt;

use jiff::tz::TimeZone;

use super::rehearsal::Rehearsal;
use super::{Calculation, History};
use crate::id::Id;
use crate::money::Exact;
use crate::people::{Directory, Enrollment, Match, Membership, Rep, Team, fold_alias};
use crate::period::{Period, PeriodError};
use crate::program::{Example, ExampleMembership, ExamplePeriod, ExampleRep, ExampleTeam, Metric, Program};
use crate::sale::split_owners;

/// What an example came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleResult {
    /// Its name.
    pub name: String,
    /// Line of the document where it starts.
    pub line: u32,
    /// Where it differs from what it expects; empty when it passes.
    pub differences: Vec<Difference>,
    /// Of every period that differs: how each reward came about, what earlier periods left in it, and which sales were not
    /// credited why. For reading.
    pub workings: Vec<String>,
    /// Alerts of the calculations.
    pub alerts: Vec<String>,
}

impl ExampleResult {
    /// Whether everything came out as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A difference between what an example expects and what came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was compared: `reward of Ana`, `attainment of Ana`, `credit of Ana on line 12`.
    pub what: String,
    /// What the document expects.
    pub expected: String,
    /// What came out.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.what, self.expected, self.found)
    }
}

impl Program {
    /// Runs every example of the document.
    #[must_use]
    pub fn run_tests(&self) -> Vec<ExampleResult> {
        self.examples.iter().map(|example| run(self, example)).collect()
    }
}

fn run(program: &Program, example: &Example) -> ExampleResult {
    let mut result =
        ExampleResult { name: example.name.clone(), line: example.line, differences: Vec::new(), workings: Vec::new(), alerts: Vec::new() };
    let steps = example.steps();
    let directory = directory(program, example, &steps);
    let history = history(example, &directory);
    let mut rehearsal = Rehearsal::new(program, &directory, (&history, &example.rates));
    for step in &steps {
        if let Err(error) = rehearse(&mut rehearsal, example, step, &mut result) {
            result.differences.push(Difference { what: "period".into(), expected: "a period".into(), found: error.to_string() });
            break;
        }
    }
    result
}

/// Calculates one period of an example, and compares.
fn rehearse(rehearsal: &mut Rehearsal<'_>, example: &Example, step: &ExamplePeriod, result: &mut ExampleResult) -> Result<(), PeriodError> {
    let (program, directory) = (rehearsal.program, rehearsal.directory);
    let period = period_of(program, example, step)?;
    let ids = rehearsal.take(step, &period)?;
    rehearsal.adjust(step, &period);
    rehearsal.settle_earlier(&period);
    let (before, mut workings) = (result.differences.len(), Vec::new());
    rehearsal.with_calculation(&period, &mut |calculation| {
        let explained = calculation.rewards().iter().filter_map(|reward| calculation.explain(reward.rep));
        workings.extend(explained.map(|explanation| explanation.to_string()));
        result.alerts.extend(calculation.alerts().iter().map(ToString::to_string));
        compare(step, &ids, directory, calculation, &mut result.differences);
    });
    rehearsal.settle(&period, &period);
    rehearsal.compare(step, &period, &mut result.differences);
    if result.differences.len() > before {
        result.workings.append(&mut workings);
        result.workings.extend(rehearsal.carried(&period));
        result.workings.extend(rehearsal.refusals(&period));
    }
    if step.released {
        rehearsal.release(&period);
    }
    Ok(())
}

fn period_of(program: &Program, example: &Example, step: &ExamplePeriod) -> Result<Period, PeriodError> {
    let zone = example.zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    if let Some(label) = &step.period {
        return Period::parse(label, &zone);
    }
    let first = step.sales.first();
    if let Some(at) = first.and_then(|sale| sale.at) {
        return Period::containing(at, program.cadence, &zone);
    }
    let day = first.and_then(|sale| sale.day).or(program.valid_from).unwrap_or(jiff::civil::date(2026, 1, 1));
    Period::holding(day, program.cadence, &zone)
}

/// The people of an example: those it lists, and those its sales, teams and expectations name.
fn directory(program: &Program, example: &Example, steps: &[ExamplePeriod]) -> Directory {
    let listed = Directory::new(example.reps.iter().enumerate().map(|(i, rep)| plain(i, rep)).collect(), Vec::new());
    let mut people = example.reps.clone();
    let mut add = |name: &str| {
        let known = !matches!(listed.find_rep(name), Match::Nobody) || people.iter().any(|rep| fold_alias(&rep.name) == fold_alias(name));
        if !known {
            people.push(ExampleRep { name: name.trim().to_owned(), ..ExampleRep::default() });
        }
    };
    // Where an example lists its people, a sale may name somebody who is not among them.
    if example.reps.is_empty() {
        for sale in steps.iter().flat_map(|step| &step.sales) {
            sale.sale.owners.iter().flatten().flat_map(|owner| split_owners(owner)).for_each(&mut add);
        }
    }
    example.reps.iter().filter_map(|rep| rep.manager.as_deref()).for_each(&mut add);
    example.teams.iter().filter_map(|team| team.manager.as_deref()).for_each(&mut add);
    let rep_id = |name: &str| people.iter().position(|rep| fold_alias(&rep.name) == fold_alias(name)).map(number);
    let teams = teams(program, example);
    let team_id = |name: &str| {
        let is = |team: &ExampleTeam| std::iter::once(&team.name).chain(&team.aliases).any(|alias| fold_alias(alias) == fold_alias(name));
        teams.iter().position(is).map(|index| Id(number(index).0 + 1_000_000))
    };
    let membership = |held: &ExampleMembership| Some(Membership { team: team_id(&held.team)?, from: held.from, until: held.until });
    let enrollment = |from: Option<jiff::civil::Date>| Enrollment { program: program.name.clone(), from, until: None };
    let reps = people.iter().enumerate().map(|(index, rep)| Rep {
        manager: rep.manager.as_deref().and_then(rep_id),
        memberships: rep.teams.iter().filter_map(membership).collect(),
        enrollments: rep.enrolled.map(enrollment).into_iter().collect(),
        ..plain(index, rep)
    });
    let built = teams.iter().map(|team| Team {
        id: team_id(&team.name).unwrap_or_default(),
        name: team.name.clone(),
        aliases: team.aliases.clone(),
        manager: team.manager.as_deref().and_then(rep_id),
        parent: team.parent.as_deref().and_then(team_id),
        variables: team.variables.clone(),
        ..Team::default()
    });
    Directory::new(reps.collect(), built.collect())
}

/// The teams of an example: those it lists, and those that people, other teams and targets name.
fn teams(program: &Program, example: &Example) -> Vec<ExampleTeam> {
    let mut teams = example.teams.clone();
    let of_reps = example.reps.iter().flat_map(|rep| &rep.teams).map(|held| &held.team);
    for name in of_reps.chain(example.teams.iter().filter_map(|team| team.parent.as_ref())).chain(&program.targets.teams) {
        let is = |alias: &String| fold_alias(alias) == fold_alias(name);
        if !teams.iter().any(|team| is(&team.name) || team.aliases.iter().any(is)) {
            teams.push(ExampleTeam { name: name.clone(), ..ExampleTeam::default() });
        }
    }
    teams
}

/// What was attained in the period before, by the ids of the people and teams.
fn history(example: &Example, directory: &Directory) -> History {
    let attained = example.previous.iter().filter_map(|(name, value)| Some((find(directory, name)?, *value)));
    History { attained: attained.collect() }
}

/// A rep of this name, else a team.
fn find(directory: &Directory, name: &str) -> Option<Id> {
    match (directory.find_rep(name), directory.find_team(name)) {
        (Match::One(id), _) | (_, Match::One(id)) => Some(id),
        _ => None,
    }
}

fn number(index: usize) -> Id {
    Id(i64::try_from(index).unwrap_or(i64::MAX - 2_000_000) + 1)
}

fn plain(index: usize, rep: &ExampleRep) -> Rep {
    Rep {
        id: number(index),
        name: rep.name.clone(),
        aliases: rep.aliases.clone(),
        tags: rep.tags.clone(),
        variables: rep.variables.clone(),
        currency: rep.currency,
        active: true,
        ..Rep::default()
    }
}

fn compare(step: &ExamplePeriod, ids: &[Id], directory: &Directory, calculation: &Calculation<'_>, differences: &mut Vec<Difference>) {
    let sign = if calculation.bound().program().metric == Metric::Rank { "" } else { "%" };
    for (name, expected) in &step.expected.attainment {
        let reached = find(directory, name).and_then(|id| calculation.attainment(id)).and_then(|attainment| attainment.reached());
        let rounding = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        let found = reached.map(|reached| reached.round_dp_with_strategy(expected.scale(), rounding));
        if found != Some(*expected) {
            let found = found.map_or_else(|| "no attainment".to_owned(), |found| format!("{found}{sign}"));
            differences.push(Difference { what: format!("attainment of {name}"), expected: format!("{expected}{sign}"), found });
        }
    }
    compare_credits((step, ids), &|name| find(directory, name), calculation, differences);
}

fn compare_credits(
    (step, ids): (&ExamplePeriod, &[Id]),
    id_of: &dyn Fn(&str) -> Option<Id>,
    calculation: &Calculation<'_>,
    differences: &mut Vec<Difference>,
) {
    for (id, sale) in ids.iter().zip(&step.sales) {
        for (name, expected) in &sale.earns {
            let credits = id_of(name).map(|id| calculation.credits(id)).unwrap_or_default();
            let found: Exact = credits.iter().filter(|credit| credit.sale == *id).map(|credit| credit.amount).sum();
            if found != *expected {
                let what = format!("credit of {name} on line {}", sale.line);
                differences.push(Difference { what, expected: expected.to_string(), found: found.normalize().to_string() });
            }
        }
    }
}
