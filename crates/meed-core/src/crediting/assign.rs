//! Who gets what a rule pays: the manager, or the members of a team, credit by credit.

use jiff::civil::Date;

use super::kept::{equal_part, mul, weighted_parts};
use super::people::{BoundPeople, Weights};
use crate::money::{Exact, Overflow};
use crate::people::Beneficiary;
use crate::program::{Assign, AssignTo};

/// Who gets what the credits of one beneficiary earn under a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipients {
    /// These, in equal parts.
    Equal(Vec<u32>),
    /// These, in proportion to the weights.
    Weighted(Vec<u32>, Vec<Exact>),
    /// There is nobody: no manager, no team, no members.
    Nobody,
    /// This member has no value of the variable by which the team shares.
    Missing(u32),
}

impl Recipients {
    pub(super) fn of(people: &BoundPeople<'_>, who: u32, assign: &Assign, day: Date) -> Self {
        let teams: &[u32] = if who >= people.reps { std::slice::from_ref(&who) } else { people.teams_of(who) };
        let team = |index: &u32| people.team(*index);
        let some = |found: Vec<u32>| if found.is_empty() { Self::Nobody } else { Self::Equal(found) };
        match (assign.to, people.beneficiary(who)) {
            (AssignTo::Credited, _) => Self::Equal(vec![who]),
            (AssignTo::Manager, Beneficiary::Rep(_)) => some(people.managers[who as usize].first().copied().into_iter().collect()),
            // A team's own manager: that of the team above gets nothing that nobody promised.
            (AssignTo::Manager | AssignTo::TeamManager, _) => some(distinct(teams.iter().filter_map(|index| team(index)?.manager))),
            (AssignTo::TeamMembers, _) => {
                let members = distinct(teams.iter().filter_map(team).flat_map(|team| team.members.iter().copied()));
                match &assign.weight {
                    None => some(members),
                    Some(_) if members.is_empty() => Self::Nobody,
                    Some(name) => match people.weights(&members, name, day) {
                        Weights::Known(weights) => Self::Weighted(members, weights),
                        Weights::Missing(member) => Self::Missing(member),
                        Weights::Zero => Self::Nobody,
                    },
                }
            }
        }
    }

    /// The people, in the order in which they share.
    pub(super) fn people(&self) -> &[u32] {
        match self {
            Self::Equal(people) | Self::Weighted(people, _) => people,
            Self::Nobody | Self::Missing(_) => &[],
        }
    }

    /// Deals an amount out; the parts sum to it exactly.
    pub(super) fn deal(&self, amount: Exact) -> Result<Vec<Exact>, Overflow> {
        match self {
            Self::Equal(people) => {
                let parts = u16::try_from(people.len()).unwrap_or(u16::MAX);
                (0..parts).map(|index| equal_part(amount, parts, index)).collect()
            }
            Self::Weighted(_, weights) => Ok(weighted_parts(amount, weights)?.unwrap_or_default()),
            Self::Nobody | Self::Missing(_) => Ok(Vec::new()),
        }
    }

    /// What one of the people gets of an amount.
    pub(super) fn part(&self, amount: Exact, who: u32) -> Result<Exact, Overflow> {
        match (self, self.people().iter().position(|person| *person == who)) {
            (_, None) => Ok(Exact::ZERO),
            (Self::Equal(people), Some(place)) => {
                equal_part(amount, u16::try_from(people.len()).unwrap_or(u16::MAX), u16::try_from(place).unwrap_or(u16::MAX))
            }
            (_, Some(place)) => Ok(self.deal(amount)?.get(place).copied().unwrap_or_default()),
        }
    }
}

impl Assign {
    /// What of an amount is paid to the recipients together.
    pub(super) fn paid(&self, amount: Exact) -> Result<Exact, Overflow> {
        if self.factor == Exact::ONE { Ok(amount) } else { mul(amount, self.factor) }
    }
}

fn distinct(all: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut seen = Vec::new();
    for index in all {
        if !seen.contains(&index) {
            seen.push(index);
        }
    }
    seen
}
