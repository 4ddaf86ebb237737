//! Who can be credited and who stands above whom, on the last day of the period.
//!
//! Beneficiaries have one index: reps first, in the order of the directory, then teams.

use jiff::civil::Date;

use super::kept::weighted_parts;
use crate::id::Id;
use crate::money::Exact;
use crate::people::{Beneficiary, Directory, Rep, manager_of, variable_on};

/// A team for the period.
pub(super) struct BoundTeam {
    /// Active members, by index.
    pub(super) members: Vec<u32>,
    /// The manager, where there is one who still takes part.
    pub(super) manager: Option<u32>,
    /// The teams above, the nearest first, by index.
    pub(super) above: Vec<u32>,
}

/// The people of a calculation.
pub(super) struct BoundPeople<'a> {
    pub(super) directory: &'a Directory,
    /// How many reps there are: the index of the first team.
    pub(super) reps: u32,
    /// Managers upwards of each beneficiary, each once.
    pub(super) managers: Vec<Vec<u32>>,
    pub(super) teams: Vec<BoundTeam>,
    /// The teams of each rep, by index.
    teams_of: Vec<Vec<u32>>,
}

/// How the members of a team share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// In proportion to these, in the order of the members.
    Known(Vec<Exact>),
    /// This member has no value, or a negative one, so nobody's part is known.
    Missing(u32),
    /// All values are zero.
    Zero,
}

impl<'a> BoundPeople<'a> {
    /// Binds the directory on `day`; managers up to `deepest` levels.
    pub(super) fn new(directory: &'a Directory, day: Date, deepest: usize) -> Self {
        let reps = u32::try_from(directory.reps().len()).unwrap_or(u32::MAX);
        let mut people = Self { directory, reps, managers: Vec::new(), teams: Vec::new(), teams_of: Vec::new() };
        for rep in directory.reps() {
            let held = rep.memberships.iter().filter(|held| held.holds_on(day));
            let mut teams: Vec<u32> = held.filter_map(|held| people.index(held.team)).filter(|team| *team >= reps).collect();
            teams.sort_unstable();
            teams.dedup();
            people.teams_of.push(teams);
        }
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); directory.teams().len()];
        for (index, (rep, teams)) in (0u32..).zip(directory.reps().iter().zip(&people.teams_of)) {
            for team in teams.iter().filter(|_| rep.active) {
                members[(team - reps) as usize].push(index);
            }
        }
        for (team, members) in directory.teams().iter().zip(members) {
            let manager = team.manager.and_then(|id| directory.rep(id)).filter(|rep| rep.active);
            let manager = manager.and_then(|rep| people.index(rep.id));
            let above = directory.upwards(team.id).skip(1).filter_map(|team| people.index(team.id)).collect();
            people.teams.push(BoundTeam { members, manager, above });
        }
        let of_reps = directory.reps().iter().map(|rep| people.chain(rep, manager_of(directory, rep, day), day, deepest));
        let of_reps: Vec<Vec<u32>> = of_reps.collect();
        let of_teams = directory.teams().iter().map(|team| people.team_chain(team.id, day, deepest));
        people.managers = of_reps.iter().cloned().chain(of_teams).collect();
        people
    }

    /// How many beneficiaries there are.
    pub(super) fn count(&self) -> usize {
        self.directory.reps().len() + self.directory.teams().len()
    }

    pub(super) fn beneficiary(&self, index: u32) -> Beneficiary<'a> {
        match index.checked_sub(self.reps) {
            None => Beneficiary::Rep(&self.directory.reps()[index as usize]),
            Some(team) => Beneficiary::Team(&self.directory.teams()[team as usize]),
        }
    }

    /// The index of a rep or team.
    pub(super) fn index(&self, id: Id) -> Option<u32> {
        let rep = self.directory.reps().binary_search_by_key(&id, |rep| rep.id).ok();
        let team = || self.directory.teams().binary_search_by_key(&id, |team| team.id).ok();
        let index = rep.or_else(|| Some(self.directory.reps().len() + team()?))?;
        u32::try_from(index).ok()
    }

    /// The team with this index, where it is one.
    pub(super) fn team(&self, index: u32) -> Option<&BoundTeam> {
        self.teams.get(index.checked_sub(self.reps)? as usize)
    }

    /// The teams of a rep; of a team itself.
    pub(super) fn teams_of(&self, index: u32) -> &[u32] {
        self.teams_of.get(index as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// How these members share by a variable.
    pub(super) fn weights(&self, members: &[u32], name: &str, day: Date) -> Weights {
        let mut all = Vec::with_capacity(members.len());
        for member in members {
            match variable_on(self.beneficiary(*member).variables(), name, day).filter(|value| *value >= Exact::ZERO) {
                Some(weight) => all.push(weight),
                None => return Weights::Missing(*member),
            }
        }
        match weighted_parts(Exact::ONE, &all) {
            Ok(Some(_)) => Weights::Known(all),
            _ => Weights::Zero,
        }
    }

    /// Managers upwards from `first`. Who no longer takes part is passed over; nobody is their own manager, and a circle
    /// ends where it closes.
    fn chain(&self, below: &Rep, first: Option<&Rep>, day: Date, deepest: usize) -> Vec<u32> {
        let mut chain: Vec<u32> = Vec::new();
        let mut seen = vec![below.id];
        let mut next = first;
        while let Some(manager) = next.filter(|manager| chain.len() < deepest && !seen.contains(&manager.id)) {
            seen.push(manager.id);
            if manager.active {
                chain.extend(self.index(manager.id));
            }
            next = manager_of(self.directory, manager, day);
        }
        chain
    }

    /// Managers upwards of a team: its own or that of a team above, then theirs.
    fn team_chain(&self, team: Id, day: Date, deepest: usize) -> Vec<u32> {
        let first = self.directory.upwards(team).find_map(|team| team.manager.and_then(|id| self.directory.rep(id)));
        let nobody = Rep::default();
        self.chain(&nobody, first, day, deepest)
    }
}
