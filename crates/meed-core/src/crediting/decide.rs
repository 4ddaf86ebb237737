//! Whom a sale credits, and with which part of it: the one decision that calculations and verdicts share.

use std::collections::HashMap;

use super::bound::BoundProgram;
use super::kept::{equal_part, keep, mul};
use super::reason::Reason;
use crate::condition::{Context, EvalError, NumberField, RepContext, SaleRef};
use crate::id::Id;
use crate::money::{Exact, Overflow, Unit};
use crate::people::{Match, fold_alias};
use crate::program::{Accumulate, Basis, Crediting, Group, OwnerField, Pay, Rule, Split, TeamCredit, TeamShare, Trigger};
use crate::sale::split_owners;

/// A credit before its amount is known.
pub(super) struct Share<'s> {
    pub(super) rule: usize,
    pub(super) rep: u32,
    /// Place among the credits of the rule on this sale.
    pub(super) place: u16,
    /// The credited part of the basis.
    pub(super) basis: Exact,
    /// How it was divided; `None` when the rep gets the whole.
    pub(super) split: Option<SplitPart>,
    /// The text of a formula group.
    pub(super) group: Option<&'s str>,
}

/// How the basis of a sale was divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SplitPart {
    /// The basis of the whole sale.
    pub(super) whole: Exact,
    /// The share of the owner field; 1 where the document gives none.
    pub(super) share: Exact,
    /// Equal parts inside that share, and which of them.
    pub(super) parts: u16,
    pub(super) index: u16,
}

impl SplitPart {
    /// The part of one (a flat amount, a count of sales) that this is.
    pub(super) fn of(&self, whole: Exact) -> Result<Exact, Overflow> {
        equal_part(mul(whole, self.share)?, self.parts, self.index)
    }
}

/// What was in question when a rule did not credit.
#[derive(Clone, Debug)]
pub(super) enum Detail<'s> {
    Nothing,
    Rep(u32),
    Alias(&'s str),
    Owners(&'s str, Vec<Id>),
    Currency(Unit),
    Error(&'s EvalError),
}

/// Where decisions go.
pub(super) trait Sink {
    fn credit(&mut self, share: &Share<'_>);
    fn refuse(&mut self, rule: usize, reason: Reason, detail: &Detail<'_>);
}

/// One name inside an owner field.
#[derive(Clone, Debug)]
enum Named {
    Rep(u32),
    Nobody(Box<str>),
    Several(Box<str>, Vec<Id>),
}

/// Aliases that were looked up before, by the text of the whole field.
#[derive(Default)]
pub(super) struct Memo {
    owners: HashMap<Box<str>, usize>,
    named: Vec<Box<[Named]>>,
    teams: HashMap<Box<str>, TeamNamed>,
}

impl Memo {
    /// The names inside an owner field.
    fn owners(&mut self, bound: &BoundProgram<'_>, field: &str) -> &[Named] {
        let known = self.owners.get(field).copied();
        let index = known.unwrap_or_else(|| {
            self.named.push(split_owners(field).map(|alias| name(bound, alias)).collect());
            self.owners.insert(field.into(), self.named.len() - 1);
            self.named.len() - 1
        });
        &self.named[index]
    }

    /// The rep of a sale that belongs to one rep alone, which most do.
    fn sole_owner(&mut self, bound: &BoundProgram<'_>, sale: SaleRef<'_>, crediting: &Crediting) -> Option<u32> {
        let ([OwnerField { field, share: None }], None) = (crediting.owners.as_slice(), &crediting.teams) else { return None };
        match self.owners(bound, sale.facts.text(*field)?) {
            [Named::Rep(rep)] => Some(*rep),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
enum TeamNamed {
    Team { members: Vec<u32>, manager: Option<u32> },
    Nobody,
    Several(Vec<Id>),
}

/// The owners found for one rule, in the order of the sale.
#[derive(Default)]
struct Pool {
    /// Reps with share and part.
    reps: Vec<(u32, Exact, u16, u16)>,
    /// Whether any field named anybody.
    named: bool,
}

/// Decides all sale rules for one sale.
pub(super) fn decide(bound: &BoundProgram<'_>, memo: &mut Memo, sale: SaleRef<'_>, sink: &mut impl Sink) {
    for (index, rule) in bound.program.rules.iter().enumerate() {
        if let Trigger::Sale(crediting) = &rule.trigger {
            decide_rule(bound, memo, sale, (index, rule, crediting), sink);
        }
    }
}

fn decide_rule(
    bound: &BoundProgram<'_>,
    memo: &mut Memo,
    sale: SaleRef<'_>,
    (index, rule, crediting): (usize, &Rule, &Crediting),
    sink: &mut impl Sink,
) {
    let at = sale.facts.at();
    let (start, end) = bound.windows[index];
    if at < start || at >= end {
        return sink.refuse(index, Reason::OutsideValidity, &Detail::Nothing);
    }
    let context = Context { sale, period: bound.period, rep: None };
    if let Some(when) = rule.when.as_ref().filter(|when| !when.uses_rep()) {
        match when.holds(&context) {
            Ok(true) => {}
            Ok(false) => return sink.refuse(index, Reason::Condition, &Detail::Nothing),
            Err(error) => return sink.refuse(index, Reason::ConditionError, &Detail::Error(&error)),
        }
    }
    if let Some(currency) = sale.facts.currency().filter(|currency| *currency != bound.program.currency)
        && rule.basis.is_money()
    {
        return sink.refuse(index, Reason::Currency, &Detail::Currency(currency));
    }
    let whole = match &rule.basis {
        Basis::Formula(formula) if formula.uses_rep() => None,
        basis => match measure(basis, &context) {
            Ok(Some(whole)) => Some(whole),
            Ok(None) => return sink.refuse(index, Reason::BasisMissing, &Detail::Nothing),
            Err(error) => return sink.refuse(index, Reason::ConditionError, &Detail::Error(&error)),
        },
    };
    if let Some(rep) = memo.sole_owner(bound, sale, crediting).filter(|rep| bound.reps[*rep as usize].is_target) {
        let split = Divided { share: Exact::ONE, parts: 1, part: 0 };
        return credit_rep(bound, sale, (index, rule), &Candidate { rep, place: 0, whole, split }, sink);
    }
    let pool = owners(bound, memo, sale, (index, crediting), sink);
    for (place, (rep, share, parts, part)) in pool.reps.into_iter().enumerate() {
        let place = u16::try_from(place).unwrap_or(u16::MAX);
        if !bound.reps[rep as usize].is_target {
            sink.refuse(index, Reason::NotTarget, &Detail::Rep(rep));
            continue;
        }
        let split = Divided { share, parts, part };
        credit_rep(bound, sale, (index, rule), &Candidate { rep, place, whole, split }, sink);
    }
}

#[derive(Clone, Copy)]
struct Divided {
    share: Exact,
    parts: u16,
    part: u16,
}

struct Candidate {
    rep: u32,
    place: u16,
    /// The basis of the whole sale, where it does not depend on the rep.
    whole: Option<Exact>,
    split: Divided,
}

fn credit_rep(bound: &BoundProgram<'_>, sale: SaleRef<'_>, (index, rule): (usize, &Rule), candidate: &Candidate, sink: &mut impl Sink) {
    let rep = RepContext { rep: bound.rep(candidate.rep), directory: bound.directory, defaults: &bound.program.variables };
    let context = Context { sale, period: bound.period, rep: Some(rep) };
    if let Some(when) = rule.when.as_ref().filter(|when| when.uses_rep()) {
        match when.holds(&context) {
            Ok(true) => {}
            Ok(false) => return sink.refuse(index, Reason::Condition, &Detail::Rep(candidate.rep)),
            Err(error) => return sink.refuse(index, Reason::ConditionError, &Detail::Error(&error)),
        }
    }
    let whole = match candidate.whole.map_or_else(|| measure(&rule.basis, &context), |whole| Ok(Some(whole))) {
        Ok(Some(whole)) => whole,
        Ok(None) => return sink.refuse(index, Reason::BasisMissing, &Detail::Rep(candidate.rep)),
        Err(error) => return sink.refuse(index, Reason::ConditionError, &Detail::Error(&error)),
    };
    let Divided { share, parts, part } = candidate.split;
    let split = (parts > 1 || share != Exact::ONE).then_some(SplitPart { whole, share, parts, index: part });
    let Ok(basis) = split.map_or(Ok(whole), |split| split.of(whole)) else {
        return sink.refuse(index, Reason::PayUnknown, &Detail::Rep(candidate.rep));
    };
    let group = match group_formula(rule).map(|formula| formula.text(&context)) {
        None => None,
        Some(Ok(text)) => Some(text.unwrap_or_default()),
        Some(Err(error)) => return sink.refuse(index, Reason::ConditionError, &Detail::Error(&error)),
    };
    sink.credit(&Share { rule: index, rep: candidate.rep, place: candidate.place, basis, split, group: group.as_deref() });
}

fn group_formula(rule: &Rule) -> Option<&crate::condition::Condition> {
    match rule.pays.first() {
        Some(Pay::Tiers(tiers)) => match &tiers.accumulate {
            Accumulate::Group(Group::Formula(formula)) => Some(formula),
            _ => None,
        },
        _ => None,
    }
}

fn measure(basis: &Basis, context: &Context<'_>) -> Result<Option<Exact>, EvalError> {
    let facts = context.sale.facts;
    Ok(match basis {
        Basis::Revenue => facts.number(NumberField::Revenue),
        Basis::Profit => facts.number(NumberField::Profit),
        Basis::Quantity => facts.number(NumberField::Quantity),
        Basis::Count => Some(Exact::ONE),
        Basis::Formula(formula) => formula.number(context)?,
    }
    .map(keep))
}

/// Finds the owners, and the teams where the document asks for them. What matches nobody is refused part by part.
fn owners(
    bound: &BoundProgram<'_>,
    memo: &mut Memo,
    sale: SaleRef<'_>,
    (index, crediting): (usize, &Crediting),
    sink: &mut impl Sink,
) -> Pool {
    let mut pool = Pool::default();
    let shared = crediting.owners.iter().any(|owner| owner.share.is_some());
    if shared {
        for owner in &crediting.owners {
            let mut names = Names::default();
            gather(bound, memo, sale.facts.text(owner.field), &mut names);
            names.into_pool(index, owner.share.unwrap_or(Exact::ONE), crediting.split, &mut pool, sink);
        }
    } else {
        let mut names = Names::default();
        for owner in &crediting.owners {
            gather(bound, memo, sale.facts.text(owner.field), &mut names);
        }
        names.into_pool(index, Exact::ONE, crediting.split, &mut pool, sink);
    }
    let owned = !pool.reps.is_empty();
    if let Some(credit) = &crediting.teams {
        team(bound, memo, sale, (index, credit), &mut pool, sink);
    }
    if let Some(credit) = crediting.fallback.as_ref().filter(|_| !owned) {
        team(bound, memo, sale, (index, credit), &mut pool, sink);
    }
    if !pool.named {
        sink.refuse(index, Reason::NoOwner, &Detail::Nothing);
    }
    pool
}

/// The names in one or more owner fields: each rep once, and whoever could not be found.
#[derive(Default)]
struct Names {
    found: Vec<Named>,
}

impl Names {
    fn into_pool(self, rule: usize, share: Exact, split: Split, pool: &mut Pool, sink: &mut impl Sink) {
        let parts = if split == Split::Full { 1 } else { u16::try_from(self.found.len()).unwrap_or(u16::MAX) };
        pool.named |= !self.found.is_empty();
        for (part, named) in self.found.into_iter().enumerate() {
            let part = if split == Split::Full { 0 } else { u16::try_from(part).unwrap_or(u16::MAX) };
            match named {
                Named::Rep(rep) => pool.reps.push((rep, share, parts.max(1), part)),
                Named::Nobody(alias) => sink.refuse(rule, Reason::NoMatch, &Detail::Alias(&alias)),
                Named::Several(alias, owners) => sink.refuse(rule, Reason::DuplicateAlias, &Detail::Owners(&alias, owners)),
            }
        }
    }
}

fn gather(bound: &BoundProgram<'_>, memo: &mut Memo, field: Option<&str>, names: &mut Names) {
    let Some(field) = field else { return };
    for named in memo.owners(bound, field) {
        let again = matches!(named, Named::Rep(rep) if names.found.iter().any(|other| matches!(other, Named::Rep(known) if known == rep)));
        if !again {
            names.found.push(named.clone());
        }
    }
}

fn name(bound: &BoundProgram<'_>, alias: &str) -> Named {
    match bound.directory.find_rep(alias) {
        Match::One(id) => bound.rep_index(id).map_or_else(|| Named::Nobody(fold_alias(alias).into()), Named::Rep),
        Match::Ambiguous(owners) => Named::Several(fold_alias(alias).into(), owners),
        Match::Nobody => Named::Nobody(alias.into()),
    }
}

/// Credits a team's members or manager. The first field that has a value decides.
fn team(
    bound: &BoundProgram<'_>,
    memo: &mut Memo,
    sale: SaleRef<'_>,
    (index, credit): (usize, &TeamCredit),
    pool: &mut Pool,
    sink: &mut impl Sink,
) {
    let Some(alias) = credit.fields.iter().find_map(|field| sale.facts.text(*field).map(str::trim).filter(|alias| !alias.is_empty()))
    else {
        return;
    };
    pool.named = true;
    if !memo.teams.contains_key(alias) {
        memo.teams.insert(alias.into(), find_team(bound, alias));
    }
    match memo.teams.get(alias) {
        Some(TeamNamed::Team { members, manager }) => {
            let credited: &[u32] = match credit.to {
                TeamShare::Members => members,
                TeamShare::Manager => manager.as_slice(),
            };
            let parts = u16::try_from(credited.len()).unwrap_or(u16::MAX);
            for (part, rep) in credited.iter().enumerate() {
                pool.reps.push((*rep, Exact::ONE, parts, u16::try_from(part).unwrap_or(u16::MAX)));
            }
            if credited.is_empty() {
                sink.refuse(index, Reason::EmptyTeam, &Detail::Alias(alias));
            }
        }
        Some(TeamNamed::Several(owners)) => sink.refuse(index, Reason::DuplicateAlias, &Detail::Owners(&fold_alias(alias), owners.clone())),
        Some(TeamNamed::Nobody) | None => sink.refuse(index, Reason::NoMatch, &Detail::Alias(alias)),
    }
}

fn find_team(bound: &BoundProgram<'_>, alias: &str) -> TeamNamed {
    match bound.directory.find_team(alias) {
        Match::One(id) => {
            let day = bound.period.last_day();
            let members = bound.directory.members(id, day).filter_map(|rep| bound.rep_index(rep.id)).collect();
            let manager = bound.directory.team(id).and_then(|team| team.manager).and_then(|id| bound.rep_index(id));
            TeamNamed::Team { members, manager }
        }
        Match::Ambiguous(owners) => TeamNamed::Several(owners),
        Match::Nobody => TeamNamed::Nobody,
    }
}
