//! Who stands above whom, and circles in it: a person above their own manager, a team below itself.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Directory, Rep};
use crate::id::Id;

/// A circle of managers, or of teams.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Circle {
    /// Each of these reps is managed by the next, and the last by the first.
    Managers(Vec<Id>),
    /// Each of these teams stands below the next, and the last below the first.
    Teams(Vec<Id>),
}

/// The manager of a rep on `day`: their own, else that of the first of their teams (by id) or of a team above it.
#[must_use]
pub fn manager_of<'a>(directory: &'a Directory, rep: &Rep, day: Date) -> Option<&'a Rep> {
    if let Some(manager) = rep.manager.filter(|id| *id != rep.id).and_then(|id| directory.rep(id)) {
        return Some(manager);
    }
    let mut teams: Vec<Id> = rep.memberships.iter().filter(|held| held.holds_on(day)).map(|held| held.team).collect();
    teams.sort_unstable();
    teams.into_iter().find_map(|team| manager_above(directory, team, rep.id))
}

/// The manager of a team, or of the nearest team above it, who is not `except`.
pub(crate) fn manager_above(directory: &Directory, team: Id, except: Id) -> Option<&Rep> {
    directory.upwards(team).find_map(|team| team.manager.filter(|id| *id != except).and_then(|id| directory.rep(id)))
}

/// All circles of managers and of teams on `day`, each once, from its smallest id on.
#[must_use]
pub fn circles(directory: &Directory, day: Date) -> Vec<Circle> {
    let reps = directory.reps().iter().map(|rep| rep.id);
    let managers = closed(reps, |id| directory.rep(id).and_then(|rep| manager_of(directory, rep, day)).map(|rep| rep.id));
    let teams = closed(directory.teams().iter().map(|team| team.id), |id| directory.team(id).and_then(|team| team.parent));
    managers.into_iter().map(Circle::Managers).chain(teams.into_iter().map(Circle::Teams)).collect()
}

/// The circles of a relation in which everybody points to one other at most. Each node is walked once.
fn closed(nodes: impl Iterator<Item = Id>, next: impl Fn(Id) -> Option<Id>) -> BTreeSet<Vec<Id>> {
    let mut found = BTreeSet::new();
    let mut done: BTreeSet<Id> = BTreeSet::new();
    for start in nodes {
        let mut path: Vec<Id> = Vec::new();
        let mut on_path: BTreeSet<Id> = BTreeSet::new();
        let mut at = Some(start);
        while let Some(id) = at.filter(|id| !done.contains(id)) {
            if !on_path.insert(id) {
                let begin = path.iter().position(|known| *known == id).unwrap_or_default();
                let mut circle = path[begin..].to_vec();
                let smallest = circle.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(index, _)| index);
                circle.rotate_left(smallest);
                found.insert(circle);
                break;
            }
            path.push(id);
            at = next(id);
        }
        done.extend(path);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{Membership, Team};
    use super::*;

    fn rep(id: i64, manager: Option<i64>, team: Option<i64>) -> Rep {
        let memberships = team.map(|team| Membership { team: Id(team), from: None, until: None }).into_iter().collect();
        Rep { id: Id(id), name: format!("R{id}"), manager: manager.map(Id), memberships, active: true, ..Rep::default() }
    }

    fn team(id: i64, manager: Option<i64>, parent: Option<i64>) -> Team {
        Team { id: Id(id), name: format!("T{id}"), manager: manager.map(Id), parent: parent.map(Id), ..Team::default() }
    }

    #[test]
    fn circles_are_found_once_and_straight_lines_are_not() {
        let day = jiff::civil::date(2026, 1, 31);
        let straight = Directory::new(vec![rep(1, Some(2), None), rep(2, Some(3), None), rep(3, None, None)], vec![team(9, Some(3), None)]);
        assert_eq!(circles(&straight, day), []);
        let round = Directory::new(vec![rep(1, Some(2), None), rep(2, Some(3), None), rep(3, Some(2), None)], vec![]);
        assert_eq!(circles(&round, day), [Circle::Managers(vec![Id(2), Id(3)])]);
        // Ana leads the team of Bo, and Bo that of Ana.
        let through_teams =
            Directory::new(vec![rep(1, None, Some(8)), rep(2, None, Some(9))], vec![team(8, Some(2), None), team(9, Some(1), None)]);
        assert_eq!(circles(&through_teams, day), [Circle::Managers(vec![Id(1), Id(2)])]);
        let teams = Directory::new(vec![], vec![team(7, None, Some(8)), team(8, None, Some(9)), team(9, None, Some(8))]);
        assert_eq!(circles(&teams, day), [Circle::Teams(vec![Id(8), Id(9)])]);
        let own = Directory::new(vec![], vec![team(7, None, Some(7))]);
        assert_eq!(circles(&own, day), [Circle::Teams(vec![Id(7)])]);
    }
}
