//! Finding reps and teams by alias, at once and without doubt.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Rep, Team, fold_alias};
use crate::id::Id;

/// All reps and teams of a workspace, with their aliases indexed.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    reps: Vec<Rep>,
    teams: Vec<Team>,
    rep_at: HashMap<Id, usize>,
    team_at: HashMap<Id, usize>,
    rep_alias: HashMap<String, Vec<Id>>,
    team_alias: HashMap<String, Vec<Id>>,
}

/// What an alias stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Exactly one.
    One(Id),
    /// Several own the alias: nobody is credited, and all of them are named.
    Ambiguous(Vec<Id>),
    /// Nobody owns it.
    Nobody,
}

impl Directory {
    /// Builds the index. Name and e-mail address count as aliases. Only active reps are found by alias.
    #[must_use]
    pub fn new(mut reps: Vec<Rep>, mut teams: Vec<Team>) -> Self {
        reps.sort_by_key(|rep| rep.id);
        teams.sort_by_key(|team| team.id);
        let mut directory = Self::default();
        for (index, rep) in reps.iter().enumerate() {
            directory.rep_at.insert(rep.id, index);
            if rep.active {
                let own = std::iter::once(&rep.name).chain(&rep.email).chain(&rep.external_id).chain(&rep.aliases);
                index_aliases(&mut directory.rep_alias, own, rep.id);
            }
        }
        for (index, team) in teams.iter().enumerate() {
            directory.team_at.insert(team.id, index);
            index_aliases(&mut directory.team_alias, std::iter::once(&team.name).chain(&team.aliases), team.id);
        }
        directory.reps = reps;
        directory.teams = teams;
        directory
    }

    /// The rep that sales call `alias`.
    #[must_use]
    pub fn find_rep(&self, alias: &str) -> Match {
        find(&self.rep_alias, alias)
    }

    /// The team that sales call `alias`.
    #[must_use]
    pub fn find_team(&self, alias: &str) -> Match {
        find(&self.team_alias, alias)
    }

    /// A rep by id.
    #[must_use]
    pub fn rep(&self, id: Id) -> Option<&Rep> {
        self.rep_at.get(&id).map(|index| &self.reps[*index])
    }

    /// A team by id.
    #[must_use]
    pub fn team(&self, id: Id) -> Option<&Team> {
        self.team_at.get(&id).map(|index| &self.teams[*index])
    }

    /// A team and those above it, the nearest first; a circle ends where it closes.
    pub fn upwards(&self, team: Id) -> impl Iterator<Item = &Team> {
        let mut seen: Vec<Id> = Vec::new();
        let mut next = Some(team);
        std::iter::from_fn(move || {
            let team = self.team(next?).filter(|team| !seen.contains(&team.id))?;
            seen.push(team.id);
            next = team.parent;
            Some(team)
        })
    }

    /// All reps by id.
    #[must_use]
    pub fn reps(&self) -> &[Rep] {
        &self.reps
    }

    /// All teams by id.
    #[must_use]
    pub fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// Active members of `team` on `day`, by id.
    pub fn members(&self, team: Id, day: Date) -> impl Iterator<Item = &Rep> {
        self.reps.iter().filter(move |rep| rep.active && rep.memberships.iter().any(|m| m.team == team && m.holds_on(day)))
    }

    /// Aliases owned by more than one rep or more than one team, with their owners.
    #[must_use]
    pub fn ambiguous_aliases(&self) -> Vec<(String, Vec<Id>)> {
        let mut all: Vec<_> = self
            .rep_alias
            .iter()
            .chain(&self.team_alias)
            .filter(|(_, owners)| owners.len() > 1)
            .map(|(a, o)| (a.clone(), o.clone()))
            .collect();
        all.sort();
        all
    }
}

fn index_aliases<'a>(index: &mut HashMap<String, Vec<Id>>, aliases: impl Iterator<Item = &'a String>, owner: Id) {
    for alias in aliases {
        let folded = fold_alias(alias);
        if folded.is_empty() {
            continue;
        }
        let owners = index.entry(folded).or_default();
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
}

fn find(index: &HashMap<String, Vec<Id>>, alias: &str) -> Match {
    match index.get(&fold_alias(alias)).map(Vec::as_slice) {
        None | Some([]) => Match::Nobody,
        Some([one]) => Match::One(*one),
        Some(several) => Match::Ambiguous(several.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rep(id: i64, name: &str, aliases: &[&str]) -> Rep {
        Rep { id: Id(id), name: name.into(), aliases: aliases.iter().map(ToString::to_string).collect(), active: true, ..Rep::default() }
    }

    #[test]
    fn com_026_alias_match_ignores_case_and_outer_blanks() {
        let directory = Directory::new(vec![rep(1, "Dana Reyes", &["DREYES"])], vec![]);
        assert_eq!(directory.find_rep("  dana REYES "), Match::One(Id(1)));
        assert_eq!(directory.find_rep("dreyes"), Match::One(Id(1)));
        assert_eq!(directory.find_rep("dana"), Match::Nobody);
        assert_eq!(directory.find_rep(" "), Match::Nobody);
    }

    #[test]
    fn com_027_an_alias_of_two_is_nobodys_and_names_both() {
        let directory = Directory::new(vec![rep(2, "Lee", &["x"]), rep(1, "Dana", &["X "])], vec![]);
        assert_eq!(directory.find_rep("X"), Match::Ambiguous(vec![Id(1), Id(2)]));
        assert_eq!(directory.ambiguous_aliases(), vec![("x".to_string(), vec![Id(1), Id(2)])]);
    }
}
