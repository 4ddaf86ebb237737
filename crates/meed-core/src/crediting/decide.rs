//! Whom a sale credits, and with which part of it: the one decision that calculations and verdicts share.

use super::bound::{BoundProgram, BoundVersion};
use super::find::{Division, Found, Memo, found};
use super::kept::{equal_parts, keep, mul, weighted_parts};
use super::reason::Reason;
use crate::condition::{Context, EvalError, NumberField, RepContext, SaleRef};
use crate::id::Id;
use crate::money::{Exact, Overflow, Unit};
use crate::program::{Accumulate, Basis, Crediting, Group, Pay, Rule, TierBy, Trigger};

/// A credit before its amount is known.
pub(super) struct Share<'s> {
    pub(super) rule: usize,
    /// The rep or team.
    pub(super) who: u32,
    /// Place among the credits of the rule on this sale.
    pub(super) place: u16,
    /// The credited part of the basis.
    pub(super) basis: Exact,
    /// How it was divided; `None` when the whole is credited.
    pub(super) split: Option<SplitPart>,
    /// The text of a formula group.
    pub(super) group: Option<&'s str>,
}

/// How the basis of a sale was divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SplitPart {
    /// The basis of the whole sale.
    pub(super) whole: Exact,
    /// The share of the owner field, or of a member by weight; 1 where there is none.
    pub(super) share: Exact,
    /// Equal parts inside that share, the first of them that this is, and how many.
    pub(super) parts: u16,
    pub(super) first: u16,
    pub(super) count: u16,
}

impl SplitPart {
    /// The part of one (a flat amount, a count of sales) that this is.
    pub(super) fn of(&self, whole: Exact) -> Result<Exact, Overflow> {
        equal_parts(mul(whole, self.share)?, self.parts, self.first, self.count)
    }
}

/// What was in question when a rule did not credit.
#[derive(Clone, Debug)]
pub(super) enum Detail<'s> {
    Nothing,
    /// A rep or team by index.
    Who(u32),
    Alias(&'s str),
    Owners(&'s str, Vec<Id>),
    Currency(Unit),
    Error(&'s EvalError),
}

/// Where decisions go.
pub(super) trait Sink {
    fn credit(&mut self, share: &Share<'_>);
    fn refuse(&mut self, rule: usize, reason: Reason, detail: &Detail<'_>);
    /// Somebody whose result is not known in full, because a rule has no answer or no rate for a sale of theirs.
    fn flag(&mut self, _rule: usize, _who: u32, _reason: Reason, _detail: &Detail<'_>) {}
}

/// Hears nothing.
struct Quiet;

impl Sink for Quiet {
    fn credit(&mut self, _share: &Share<'_>) {}
    fn refuse(&mut self, _rule: usize, _reason: Reason, _detail: &Detail<'_>) {}
}

/// Decides all sale rules of the version that rules the sale. Its amounts are in the program's currency; where no rate is
/// known for its own, that is `missing`.
pub(super) fn decide(bound: &BoundProgram<'_>, memo: &mut Memo, (sale, missing): (SaleRef<'_>, Option<Unit>), sink: &mut impl Sink) {
    let version = &bound.versions[bound.version_at(sale.facts.at())];
    for index in version.rules.clone() {
        let rule = bound.rules[index].rule;
        if let Trigger::Sale(crediting) = &rule.trigger {
            Decision { bound, version, sale, missing, index, rule, crediting }.decide(memo, sink);
        }
    }
}

/// One rule and one sale.
#[derive(Clone, Copy)]
pub(super) struct Decision<'d, 'a> {
    pub(super) bound: &'d BoundProgram<'a>,
    version: &'d BoundVersion<'a>,
    pub(super) sale: SaleRef<'d>,
    missing: Option<Unit>,
    pub(super) index: usize,
    rule: &'d Rule,
    pub(super) crediting: &'d Crediting,
}

impl<'d> Decision<'d, '_> {
    fn decide(self, memo: &mut Memo, sink: &mut impl Sink) {
        let at = self.sale.facts.at();
        let (start, end) = self.bound.rules[self.index].window;
        if at < start || at >= end {
            return sink.refuse(self.index, Reason::OutsideValidity, &Detail::Nothing);
        }
        let context = Context { sale: self.sale, period: self.bound.period, rep: None };
        let money = self.bound.rules[self.index].money;
        if let Some(currency) = self.missing.filter(|_| money.in_condition) {
            return self.unknown(memo, Reason::RateMissing, &Detail::Currency(currency), sink);
        }
        if let Some(when) = self.rule.when.as_ref().filter(|when| !when.uses_rep()) {
            match when.holds(&context) {
                Ok(true) => {}
                Ok(false) => return sink.refuse(self.index, Reason::Condition, &Detail::Nothing),
                Err(error) => return self.unknown(memo, Reason::ConditionError, &Detail::Error(&error), sink),
            }
        }
        if let Some(currency) = self.missing.filter(|_| money.anywhere) {
            return self.unknown(memo, Reason::RateMissing, &Detail::Currency(currency), sink);
        }
        let whole = match &self.rule.basis {
            Basis::Formula(formula) if formula.uses_rep() => None,
            basis => match measure(basis, &context) {
                Ok(Some(whole)) => Some(whole),
                Ok(None) => return sink.refuse(self.index, Reason::BasisMissing, &Detail::Nothing),
                Err(error) => return self.unknown(memo, Reason::ConditionError, &Detail::Error(&error), sink),
            },
        };
        if let Some(who) = memo.sole_owner(self).filter(|who| self.version.is_target[*who as usize] && self.bound.may_earn(*who)) {
            return self.credit(&Found::whole(who), 0, (whole, &[]), sink);
        }
        let pool = found(self, memo, sink);
        for (place, candidate) in pool.found.iter().enumerate() {
            if self.may_be_credited(candidate.who, sink) {
                self.credit(candidate, u16::try_from(place).unwrap_or(u16::MAX), (whole, &pool.weights), sink);
            }
        }
    }

    /// Refuses the sale for a reason that leaves open what it would have earned, and names those who might have earned it.
    fn unknown(self, memo: &mut Memo, reason: Reason, detail: &Detail<'_>, sink: &mut impl Sink) {
        sink.refuse(self.index, reason, detail);
        // A condition that reads the rep is asked where it can be answered.
        let asks = reason == Reason::RateMissing && self.rule.when.as_ref().is_some_and(|when| !when.uses_money());
        for found in &found(self, memo, &mut Quiet).found {
            let might = self.may_be_credited(found.who, &mut Quiet) && (!asks || found.is_asked || self.holds_for(found.who, &mut Quiet));
            if might {
                sink.flag(self.index, found.who, reason, detail);
            }
        }
    }

    /// Whether a rep or team is a target and, where it must have, has enrolled.
    pub(super) fn may_be_credited(self, who: u32, sink: &mut impl Sink) -> bool {
        let refused = if !self.version.is_target[who as usize] {
            Reason::NotTarget
        } else if !self.bound.may_earn(who) {
            Reason::NotEnrolled
        } else {
            return true;
        };
        sink.refuse(self.index, refused, &Detail::Who(who));
        false
    }

    /// Whether a team is a target; teams above a credited team are asked so, without a refusal of their own.
    pub(super) fn is_target(self, who: u32) -> bool {
        self.version.is_target[who as usize]
    }

    fn context(self, who: u32) -> Context<'d> {
        let rep = RepContext {
            rep: self.bound.beneficiary(who),
            directory: self.bound.directory,
            defaults: &self.version.variables,
            manager: None,
        };
        Context { sale: self.sale, period: self.bound.period, rep: Some(rep) }
    }

    /// Whether a condition that reads the rep holds for this one.
    pub(super) fn holds_for(self, who: u32, sink: &mut impl Sink) -> bool {
        let Some(when) = self.rule.when.as_ref().filter(|when| when.uses_rep()) else { return true };
        match when.holds(&self.context(who)) {
            Ok(true) => return true,
            Ok(false) => sink.refuse(self.index, Reason::Condition, &Detail::Who(who)),
            Err(error) => self.error(who, &error, sink),
        }
        false
    }

    fn error(self, who: u32, error: &EvalError, sink: &mut impl Sink) {
        let detail = Detail::Error(error);
        sink.refuse(self.index, Reason::ConditionError, &detail);
        sink.flag(self.index, who, Reason::ConditionError, &detail);
    }

    fn credit(self, found: &Found, place: u16, (whole, weights): (Option<Exact>, &[Vec<Exact>]), sink: &mut impl Sink) {
        if !found.is_asked && !self.holds_for(found.who, sink) {
            return;
        }
        let context = self.context(found.who);
        let whole = match whole.map_or_else(|| measure(&self.rule.basis, &context), |whole| Ok(Some(whole))) {
            Ok(Some(whole)) => whole,
            Ok(None) => return sink.refuse(self.index, Reason::BasisMissing, &Detail::Who(found.who)),
            Err(error) => return self.error(found.who, &error, sink),
        };
        let Ok((basis, split)) = divide(found, whole, weights) else {
            return sink.refuse(self.index, Reason::PayUnknown, &Detail::Who(found.who));
        };
        let group = match group_formula(self.rule).map(|formula| formula.text(&context)) {
            None => None,
            Some(Ok(Some(text))) => Some(text),
            Some(Ok(None)) => return sink.refuse(self.index, Reason::GroupMissing, &Detail::Who(found.who)),
            Some(Err(error)) => return self.error(found.who, &error, sink),
        };
        // Without an answer no tier can be told.
        if let Some(Err(error)) = tier_formula(self.rule).map(|formula| formula.number(&context)) {
            return self.error(found.who, &error, sink);
        }
        sink.credit(&Share { rule: self.index, who: found.who, place, basis, split, group: group.as_deref() });
    }
}

/// The part of the whole that was found for somebody, and how it came about.
fn divide(found: &Found, whole: Exact, weights: &[Vec<Exact>]) -> Result<(Exact, Option<SplitPart>), Overflow> {
    match found.division {
        Division::Equal { parts, first, count } => {
            let divided = parts > count || found.share != Exact::ONE;
            let split = divided.then_some(SplitPart { whole, share: found.share, parts, first, count });
            Ok((split.map_or(Ok(whole), |split| split.of(whole))?, split))
        }
        Division::Weighted { list, place } => {
            let weights = weights.get(list).map(Vec::as_slice).unwrap_or_default();
            let part =
                |of: Exact| weighted_parts(of, weights).map(|parts| parts.and_then(|parts| parts.get(place).copied()).unwrap_or_default());
            let split = SplitPart { whole, share: part(Exact::ONE)?, parts: 1, first: 0, count: 1 };
            Ok((part(mul(whole, found.share)?)?, Some(split)))
        }
    }
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

fn tier_formula(rule: &Rule) -> Option<&crate::condition::Condition> {
    rule.pays.iter().find_map(|pay| match pay {
        Pay::Tiers(tiers) => match &tiers.by {
            TierBy::Sale(formula) => Some(formula),
            TierBy::Basis | TierBy::Attainment => None,
        },
        _ => None,
    })
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
