//! What cells come to, and what goes from one to others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::kept::Sum;
use super::pay::PayProblem;
use super::run::{Entry, Refusal};
use super::settle::{RuleSum, RuleTotal, TermKey};
use crate::money::Exact;

/// A rule that could not be folded for a rep or team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoldError {
    pub(super) rule: usize,
    pub(super) problem: PayProblem,
}

/// What a cell came to.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// What is paid: without what goes to others, with what comes from them.
    pub(super) exact: Sum,
    /// What the cell's own credits earned, whoever gets it.
    pub(super) earned: Sum,
    /// What is paid, by rule as settling names it.
    pub(super) by_rule: Vec<RuleSum>,
    /// Credits of sales that are withheld or taken back, by term.
    pub(super) terms: BTreeMap<TermKey, Sum>,
    pub(super) credits: u64,
    pub(super) attained: Sum,
    pub(super) touched: bool,
    /// A sale that would have counted here has no answer: the result is not known in full.
    pub(super) flagged: bool,
    pub(super) errors: Vec<FoldError>,
    pub(super) refusals: Vec<Refusal>,
}

impl Tally {
    /// Adds what a rule's credits come to, in all and by the sales of the period alone.
    pub(super) fn rule(&mut self, rule: usize, all: RuleTotal, own: RuleTotal) {
        let place = self.by_rule.binary_search_by_key(&rule, |sum| sum.rule).unwrap_or_else(|place| {
            self.by_rule.insert(place, RuleSum { rule, ..RuleSum::default() });
            place
        });
        let sum = &mut self.by_rule[place];
        sum.all.merge(all);
        sum.own.merge(own);
    }

    pub(super) fn add_terms(&mut self, terms: &BTreeMap<TermKey, Sum>) {
        for (key, sum) in terms {
            self.terms.entry(*key).or_default().merge(*sum);
        }
    }

    /// Adds what another fold of the same payee came to.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.exact.merge(other.exact);
        self.earned.merge(other.earned);
        for sum in &other.by_rule {
            self.rule(sum.rule, sum.all, sum.own);
        }
        self.add_terms(&other.terms);
        self.credits += other.credits;
        self.attained.merge(other.attained);
        self.touched |= other.touched;
        self.flagged |= other.flagged;
        for error in &other.errors {
            note(self, error.rule, error.problem.clone());
        }
        self.refusals.extend_from_slice(&other.refusals);
    }
}

/// Notes a problem of a rule once.
pub(super) fn note(tally: &mut Tally, rule: usize, problem: PayProblem) {
    if !tally.errors.iter().any(|error| error.rule == rule && error.problem == problem) {
        tally.errors.push(FoldError { rule, problem });
    }
}

/// An override before it is known how often its sale counts.
#[derive(Clone, Copy)]
pub(super) struct Raised {
    pub(super) entry: Entry,
    /// The part of the sale that the credit below stands for.
    pub(super) share: Exact,
    /// The rule below.
    pub(super) rule: u16,
}

/// What a rep's credits come to for one manager under a flat override, where order cannot matter.
#[derive(Clone)]
pub(super) struct Flat {
    pub(super) manager: u32,
    pub(super) rule: usize,
    pub(super) component: u16,
    pub(super) all: RuleTotal,
    /// By the sales of the period alone.
    pub(super) own: RuleTotal,
    /// An amount left the range: the override pays the manager nothing.
    pub(super) overflow: bool,
}

/// What one of the recipients of a rule gets from a cell.
#[derive(Clone)]
pub(super) struct Handed {
    pub(super) to: u32,
    pub(super) rule: usize,
    pub(super) all: RuleTotal,
    /// By the sales of the period alone.
    pub(super) own: RuleTotal,
    pub(super) terms: BTreeMap<TermKey, Sum>,
}

/// What goes to others from a cell.
#[derive(Clone, Default)]
pub(super) struct Outwards {
    pub(super) raised: Vec<(u32, Raised)>,
    pub(super) flat: Vec<Flat>,
    pub(super) handed: Vec<Handed>,
    /// Managers who would earn an override and have not enrolled.
    pub(super) unenrolled: Vec<(u32, usize)>,
}

/// What one rule pays along one cell: its amount for whoever is credited, and the parts of the recipients.
#[derive(Default)]
pub(super) struct Paid {
    pub(super) own: Sum,
    pub(super) earned: Sum,
    /// The part of the one who is credited, by rule: in all, and by the sales of the period alone.
    pub(super) by_rule: Vec<(usize, RuleTotal, RuleTotal)>,
    pub(super) terms: BTreeMap<TermKey, Sum>,
    pub(super) handed: Vec<Handed>,
}

impl Paid {
    pub(super) fn own(&mut self, rule: usize, (amount, basis): (Exact, Exact), is_before: bool) {
        self.own.add(amount);
        if self.by_rule.last().is_none_or(|(last, ..)| *last != rule) {
            self.by_rule.push((rule, RuleTotal::default(), RuleTotal::default()));
        }
        if let Some((_, all, own)) = self.by_rule.last_mut() {
            all.add(amount, basis);
            if !is_before {
                own.add(amount, basis);
            }
        }
    }
}

/// What a rep is paid of one unit that a rule earned, by rep and rule; 1 where nothing stands here.
pub(super) type Factors = HashMap<(u32, usize), Exact>;

/// What overrides on commission follow.
#[derive(Default)]
pub(super) struct Followed {
    pub(super) factors: Factors,
    /// Reps of whom a figure is missing, so that what they are paid is not known.
    pub(super) unknown: BTreeSet<u32>,
}
