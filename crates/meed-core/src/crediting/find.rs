//! Finding the reps and teams that a sale names, and how they share it.

use std::collections::HashMap;

use super::bound::BoundProgram;
use super::decide::{Decision, Detail, Sink};
use super::people::Weights;
use super::reason::Reason;
use crate::condition::{Context, SaleRef, TextField};
use crate::id::Id;
use crate::money::Exact;
use crate::people::{Match, fold_alias};
use crate::program::{CreditTo, OwnerField, OwnersFrom, Share, Split, TeamCredit, TeamShare};
use crate::sale::split_owners;

/// Somebody to be credited.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) who: u32,
    /// The share of the owner field; 1 where the document gives none.
    pub(super) share: Exact,
    pub(super) division: Division,
    /// Whether a condition that reads the rep was asked already, of the owners whom a team stands for.
    pub(super) is_asked: bool,
}

impl Found {
    /// The whole share for one.
    pub(super) fn whole(who: u32) -> Self {
        Self { who, share: Exact::ONE, division: Division::Equal { parts: 1, first: 0, count: 1 }, is_asked: false }
    }
}

/// The part of a share that somebody gets.
#[derive(Clone, Copy, Debug)]
pub(super) enum Division {
    /// So many of equal parts, from one of them on.
    Equal { parts: u16, first: u16, count: u16 },
    /// By weight: a list of the pool, and the place in it.
    Weighted { list: usize, place: usize },
}

/// Everybody found for one rule, in the order of the sale.
#[derive(Default)]
pub(super) struct Pool {
    pub(super) found: Vec<Found>,
    pub(super) weights: Vec<Vec<Exact>>,
    /// Whether any field named anybody.
    named: bool,
}

/// One name inside a field.
#[derive(Clone, Debug)]
enum Named {
    /// A rep or a team.
    Known(u32),
    Nobody(Box<str>),
    Several(Box<str>, Vec<Id>),
}

/// Aliases that were looked up before, by the text of the whole field.
#[derive(Default)]
pub(super) struct Memo {
    owners: HashMap<Box<str>, usize>,
    teams: HashMap<Box<str>, usize>,
    named: Vec<Box<[Named]>>,
}

impl Memo {
    /// The reps inside an owner field.
    fn owners(&mut self, bound: &BoundProgram<'_>, field: &str) -> &[Named] {
        let known = self.owners.get(field).copied();
        let index = known.unwrap_or_else(|| {
            self.named.push(split_owners(field).map(|alias| name(bound, alias, bound.directory.find_rep(alias))).collect());
            self.owners.insert(field.into(), self.named.len() - 1);
            self.named.len() - 1
        });
        &self.named[index]
    }

    /// The teams inside a team field.
    fn teams(&mut self, bound: &BoundProgram<'_>, field: &str) -> &[Named] {
        let known = self.teams.get(field).copied();
        let index = known.unwrap_or_else(|| {
            self.named.push(split_owners(field).map(|alias| name(bound, alias, bound.directory.find_team(alias))).collect());
            self.teams.insert(field.into(), self.named.len() - 1);
            self.named.len() - 1
        });
        &self.named[index]
    }

    /// The rep of a sale that belongs to one rep alone, which most do.
    pub(super) fn sole_owner(&mut self, decision: Decision<'_, '_>) -> Option<u32> {
        let crediting = decision.crediting;
        let ([OwnerField { from: OwnersFrom::Field(field), share: None }], None, CreditTo::Rep) =
            (crediting.owners.as_slice(), &crediting.teams, crediting.to)
        else {
            return None;
        };
        match self.owners(decision.bound, decision.sale.facts.text(*field)?) {
            [Named::Known(rep)] => Some(*rep),
            _ => None,
        }
    }
}

fn name(bound: &BoundProgram<'_>, alias: &str, found: Match) -> Named {
    match found {
        Match::One(id) => bound.people.index(id).map_or_else(|| Named::Nobody(fold_alias(alias).into()), Named::Known),
        Match::Ambiguous(owners) => Named::Several(fold_alias(alias).into(), owners),
        Match::Nobody => Named::Nobody(alias.into()),
    }
}

/// Finds the owners, and the teams where the document asks for them. What matches nobody is refused part by part.
pub(super) fn found(decision: Decision<'_, '_>, memo: &mut Memo, sink: &mut impl Sink) -> Pool {
    let Decision { index, crediting, .. } = decision;
    let mut pool = Pool::default();
    if crediting.owners.iter().any(|owner| owner.share.is_some()) {
        for owner in &crediting.owners {
            let mut names = Names::default();
            names.gather(decision, memo, owner, sink);
            if names.found.is_empty() {
                continue;
            }
            pool.named = true;
            if let Some(share) = share(decision, owner, sink) {
                names.into_pool(decision, share, &mut pool, sink);
            }
        }
    } else {
        let mut names = Names::default();
        for owner in &crediting.owners {
            names.gather(decision, memo, owner, sink);
        }
        pool.named |= !names.found.is_empty();
        names.into_pool(decision, Exact::ONE, &mut pool, sink);
    }
    let owned = !pool.found.is_empty();
    if let Some(credit) = &crediting.teams {
        through_team(decision, memo, credit, &mut pool, sink);
    }
    if let Some(credit) = crediting.fallback.as_ref().filter(|_| !owned) {
        through_team(decision, memo, credit, &mut pool, sink);
    }
    if !pool.named {
        sink.refuse(index, Reason::NoOwner, &Detail::Nothing);
    }
    pool
}

/// The share of an owner field. `None` where its formula has no answer for this sale, or gives nothing.
fn share(decision: Decision<'_, '_>, owner: &OwnerField, sink: &mut impl Sink) -> Option<Exact> {
    match &owner.share {
        None => Some(Exact::ONE),
        Some(Share::Literal(share)) => Some(*share),
        Some(Share::Percent(formula)) => {
            let context = Context { sale: decision.sale, period: decision.bound.period, rep: None };
            match formula.number(&context) {
                Ok(Some(percent)) => percent.checked_div(Exact::ONE_HUNDRED).filter(|share| !share.is_zero()),
                Ok(None) => {
                    sink.refuse(decision.index, Reason::ShareMissing, &Detail::Alias(formula.source()));
                    None
                }
                Err(error) => {
                    sink.refuse(decision.index, Reason::ConditionError, &Detail::Error(&error));
                    None
                }
            }
        }
    }
}

/// The names in one or more fields: each known one once, and whoever could not be found.
#[derive(Default)]
struct Names {
    found: Vec<Named>,
}

impl Names {
    /// Adds those whom a field or a formula names. A formula without an answer names nobody, and says so.
    fn gather(&mut self, decision: Decision<'_, '_>, memo: &mut Memo, owner: &OwnerField, sink: &mut impl Sink) {
        let bound = decision.bound;
        match &owner.from {
            OwnersFrom::Field(field) => {
                if let Some(text) = decision.sale.facts.text(*field) {
                    self.add(memo.owners(bound, text));
                }
            }
            OwnersFrom::Formula(formula) => {
                let context = Context { sale: decision.sale, period: bound.period, rep: None };
                match formula.names(&context) {
                    Ok(Some(text)) => self.add(memo.owners(bound, &text)),
                    Ok(None) => {}
                    Err(error) => sink.refuse(decision.index, Reason::ConditionError, &Detail::Error(&error)),
                }
            }
        }
    }

    fn add(&mut self, names: &[Named]) {
        for named in names {
            let again =
                matches!(named, Named::Known(who) if self.found.iter().any(|other| matches!(other, Named::Known(known) if known == who)));
            if !again {
                self.found.push(named.clone());
            }
        }
    }

    /// Those who are known, with their places; the others are refused.
    fn known(self, rule: usize, sink: &mut impl Sink) -> (Vec<(u16, u32)>, u16) {
        let parts = u16::try_from(self.found.len()).unwrap_or(u16::MAX).max(1);
        let mut known = Vec::with_capacity(self.found.len());
        for (place, named) in self.found.into_iter().enumerate() {
            match named {
                Named::Known(who) => known.push((u16::try_from(place).unwrap_or(u16::MAX), who)),
                Named::Nobody(alias) => sink.refuse(rule, Reason::NoMatch, &Detail::Alias(&alias)),
                Named::Several(alias, owners) => sink.refuse(rule, Reason::DuplicateAlias, &Detail::Owners(&alias, owners)),
            }
        }
        (known, parts)
    }

    /// Owners share, or each gets the whole; where their teams are credited, each team gets the parts of its reps.
    fn into_pool(self, decision: Decision<'_, '_>, share: Exact, pool: &mut Pool, sink: &mut impl Sink) {
        let (known, parts) = self.known(decision.index, sink);
        if decision.crediting.to == CreditTo::Rep {
            for (part, who) in known {
                let division = match decision.crediting.split {
                    Split::Full => Division::Equal { parts: 1, first: 0, count: 1 },
                    Split::Equal => Division::Equal { parts, first: part, count: 1 },
                };
                pool.found.push(Found { who, share, division, is_asked: false });
            }
            return;
        }
        let mut teams = Teams::default();
        for (_, rep) in known {
            if !decision.may_be_credited(rep, sink) || !decision.holds_for(rep, sink) {
                continue;
            }
            let own = decision.bound.people.teams_of(rep);
            if own.is_empty() {
                sink.refuse(decision.index, Reason::NoTeam, &Detail::Who(rep));
            }
            teams.add(decision, own);
        }
        teams.into_pool(decision, (share, parts), true, pool);
    }
}

/// Teams and how many of the parts of a sale are theirs; a team that is reached twice by one part counts it once.
#[derive(Default)]
struct Teams {
    /// Those that were named, then those above them, each with its number of parts.
    named: Vec<(u32, u16)>,
    above: Vec<(u32, u16)>,
}

impl Teams {
    /// One part of the sale belongs to these teams, and to those above them where the document asks for it.
    fn add(&mut self, decision: Decision<'_, '_>, own: &[u32]) {
        for team in own {
            count(&mut self.named, *team);
        }
        if !decision.crediting.roll_up {
            return;
        }
        let mut above: Vec<u32> = Vec::new();
        for team in own.iter().filter_map(|team| decision.bound.people.team(*team)).flat_map(|team| &team.above) {
            if !own.contains(team) && !above.contains(team) && decision.is_target(*team) {
                above.push(*team);
            }
        }
        for team in above {
            count(&mut self.above, team);
        }
    }

    fn into_pool(self, decision: Decision<'_, '_>, (share, parts): (Exact, u16), is_asked: bool, pool: &mut Pool) {
        let mut first = 0u16;
        let mut all = self.named;
        // A team that is named itself and stands above another that is gets the parts of both.
        for (team, parts) in self.above {
            match all.iter_mut().find(|(known, _)| *known == team) {
                Some((_, mine)) => *mine = mine.saturating_add(parts),
                None => all.push((team, parts)),
            }
        }
        for (team, count) in all {
            let division = match decision.crediting.split {
                Split::Full => Division::Equal { parts: 1, first: 0, count: 1 },
                Split::Equal => Division::Equal { parts, first: first % parts, count: count.min(parts) },
            };
            first = first.saturating_add(count);
            pool.found.push(Found { who: team, share, division, is_asked });
        }
    }
}

fn count(all: &mut Vec<(u32, u16)>, team: u32) {
    match all.iter_mut().find(|(known, _)| *known == team) {
        Some((_, parts)) => *parts = parts.saturating_add(1),
        None => all.push((team, 1)),
    }
}

/// Credits the teams of a field, their members, or their managers. The first field that has a value decides.
fn through_team(decision: Decision<'_, '_>, memo: &mut Memo, credit: &TeamCredit, pool: &mut Pool, sink: &mut impl Sink) {
    let bound = decision.bound;
    let Some(alias) = credit.fields.iter().find_map(|field| filled(decision.sale, *field)) else { return };
    pool.named = true;
    let mut names = Names::default();
    names.add(memo.teams(bound, alias));
    let (known, parts) = names.known(decision.index, sink);
    if known.is_empty() {
        return;
    }
    match credit.to {
        TeamShare::Team => {
            let mut teams = Teams::default();
            for (_, team) in known {
                teams.add(decision, &[team]);
            }
            teams.into_pool(decision, (Exact::ONE, parts), false, pool);
        }
        TeamShare::Manager => {
            for (part, team) in known {
                let Some(manager) = bound.people.team(team).and_then(|team| team.manager) else {
                    sink.refuse(decision.index, Reason::EmptyTeam, &Detail::Who(team));
                    continue;
                };
                let division = match decision.crediting.split {
                    Split::Full => Division::Equal { parts: 1, first: 0, count: 1 },
                    Split::Equal => Division::Equal { parts, first: part, count: 1 },
                };
                pool.found.push(Found { division, ..Found::whole(manager) });
            }
        }
        TeamShare::Members => members(decision, credit, &known, pool, sink),
    }
}

fn filled(sale: SaleRef<'_>, field: TextField) -> Option<&str> {
    sale.facts.text(field).map(str::trim).filter(|alias| !alias.is_empty())
}

/// The members of the teams share, in equal parts or by weight.
fn members(decision: Decision<'_, '_>, credit: &TeamCredit, teams: &[(u16, u32)], pool: &mut Pool, sink: &mut impl Sink) {
    let bound = decision.bound;
    let mut members: Vec<u32> = Vec::new();
    for (_, index) in teams {
        let Some(team) = bound.people.team(*index) else { continue };
        if team.members.is_empty() {
            sink.refuse(decision.index, Reason::EmptyTeam, &Detail::Who(*index));
        }
        for member in &team.members {
            if !members.contains(member) {
                members.push(*member);
            }
        }
    }
    let list = pool.weights.len();
    if let Some(name) = &credit.weight
        && !members.is_empty()
    {
        match bound.weights(&members, name) {
            Weights::Known(weights) => pool.weights.push(weights),
            Weights::Missing(member) => return sink.refuse(decision.index, Reason::WeightMissing, &Detail::Who(member)),
            Weights::Zero => return sink.refuse(decision.index, Reason::WeightMissing, &Detail::Who(members[0])),
        }
    }
    let parts = u16::try_from(members.len()).unwrap_or(u16::MAX);
    for (place, who) in members.into_iter().enumerate() {
        let division = match credit.weight {
            None => Division::Equal { parts, first: u16::try_from(place).unwrap_or(u16::MAX), count: 1 },
            Some(_) => Division::Weighted { list, place },
        };
        pool.found.push(Found { division, ..Found::whole(who) });
    }
}
