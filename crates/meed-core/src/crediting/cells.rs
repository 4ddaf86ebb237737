//! All cells of a calculation: each rep's own credits first, then the overrides that build on them.

use std::collections::BTreeMap;

use super::bound::{BoundProgram, OverrideFeed};
use super::decide::SplitPart;
use super::fold::{ComponentFold, Outcome};
use super::kept::{Sum, mul, mul_div};
use super::pay::{FixedPay, FixedRate, Lookup, PayProblem};
use super::reason::{AlertCode, Reason};
use super::run::{Entry, Filed, Refusal, SaleTable};
use super::settle::{RuleSum, TermKey, TermKind};
use crate::id::Id;
use crate::money::{Exact, Overflow};
use crate::program::{Crediting, OncePer, OverrideBase, Rule, Split, Trigger};

/// The entries of all reps, one rep behind the other, each by component, canonical order, place.
pub(super) struct Cells {
    entries: Vec<Entry>,
    /// Where each rep's entries end.
    ends: Vec<usize>,
}

impl Cells {
    /// Deals the entries out to their reps.
    pub(super) fn new(reps: usize, filed: Vec<Filed>) -> Self {
        let mut ends = vec![0usize; reps];
        for filed in &filed {
            ends[filed.rep as usize] += 1;
        }
        let mut start = 0;
        for end in &mut ends {
            start += std::mem::replace(end, start);
        }
        // Each end is still the start of its cell and moves up as the cell fills.
        let mut entries = vec![Entry::default(); filed.len()];
        for Filed { rep, entry } in filed {
            let place = &mut ends[rep as usize];
            entries[*place] = entry;
            *place += 1;
        }
        Self { entries, ends }
    }

    /// The entries of one rep.
    pub(super) fn of(&self, rep: u32) -> &[Entry] {
        let rep = rep as usize;
        let start = if rep == 0 { 0 } else { self.ends[rep - 1] };
        &self.entries[start..self.ends[rep]]
    }

    /// The cells of all reps, to be sorted and folded side by side.
    fn split(&mut self) -> Vec<&mut [Entry]> {
        let mut rest = self.entries.as_mut_slice();
        let mut start = 0;
        let mut cells = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            let (cell, others) = rest.split_at_mut(end - start);
            cells.push(cell);
            rest = others;
            start = *end;
        }
        cells
    }
}

/// A rule that could not be folded for a rep.
#[derive(Clone, Debug)]
pub(super) struct FoldError {
    pub(super) rule: usize,
    pub(super) problem: PayProblem,
}

/// What a cell came to.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) exact: Sum,
    /// The same by rule, in the order of the rules.
    pub(super) by_rule: Vec<RuleSum>,
    /// Credits of sales that are withheld or taken back, by term.
    pub(super) terms: BTreeMap<TermKey, Sum>,
    pub(super) credits: u64,
    pub(super) attained: Sum,
    pub(super) touched: bool,
    pub(super) errors: Vec<FoldError>,
    pub(super) refusals: Vec<Refusal>,
}

impl Tally {
    /// Adds what a rule's credits come to.
    fn rule(&mut self, rule: usize, amount: Sum, basis: Sum, credits: u64) {
        match self.by_rule.binary_search_by_key(&rule, |sum| sum.rule) {
            Ok(place) => {
                let sum = &mut self.by_rule[place];
                sum.amount.merge(amount);
                sum.basis.merge(basis);
                sum.credits += credits;
            }
            Err(place) => self.by_rule.insert(place, RuleSum { rule, amount, basis, credits }),
        }
    }
}

/// An override before it is known how often its sale counts.
#[derive(Clone, Copy)]
struct Raised {
    entry: Entry,
    /// The part of the sale that the credit below stands for.
    share: Exact,
    /// The rule below.
    rule: u16,
}

/// What a rep's credits come to for one manager under a flat override, where order cannot matter.
struct Flat {
    manager: u32,
    component: u16,
    amount: Sum,
    basis: Sum,
    credits: u64,
    /// An amount left the range: the override pays the manager nothing.
    overflow: bool,
}

/// What goes upwards from a cell.
#[derive(Default)]
struct Upwards {
    raised: Vec<(u32, Raised)>,
    flat: Vec<Flat>,
}

/// The shared, unchanging side of folding.
#[derive(Clone, Copy)]
pub(super) struct Folder<'f, 'a> {
    pub(super) bound: &'f BoundProgram<'a>,
    pub(super) sales: &'f SaleTable,
    pub(super) splits: &'f [SplitPart],
}

impl Folder<'_, '_> {
    /// Sorts and folds all cells.
    pub(super) fn fold_all(self, cells: &mut Cells, spread: Spread<'_>) -> Vec<Tally> {
        let total = cells.entries.len();
        let upwards = in_parts(spread, total, cells.split(), |entries| entries.len(), &|rep, entries| self.own(rep, entries));
        let mut tallies = Vec::with_capacity(self.bound.reps.len());
        let mut above: Vec<Vec<Raised>> = Vec::new();
        above.resize_with(self.bound.reps.len(), Vec::new);
        let mut flat = Vec::new();
        for (tally, mut upwards) in upwards {
            tallies.push(tally);
            flat.append(&mut upwards.flat);
            for (manager, raised) in upwards.raised {
                above[manager as usize].push(raised);
            }
        }
        let overflown: Vec<(u32, u16)> = flat.iter().filter(|flat| flat.overflow).map(|flat| (flat.manager, flat.component)).collect();
        for flat in flat {
            let tally = &mut tallies[flat.manager as usize];
            tally.touched = true;
            if overflown.contains(&(flat.manager, flat.component)) {
                let rule = self.bound.components[usize::from(flat.component)].rule;
                if !tally.errors.iter().any(|error| error.rule == rule) {
                    tally.errors.push(FoldError { rule, problem: out_of_range() });
                }
                continue;
            }
            let rule = self.bound.components[usize::from(flat.component)].rule;
            tally.credits += flat.credits;
            tally.exact.merge(flat.amount);
            tally.rule(rule, flat.amount, flat.basis, flat.credits);
            if self.bound.counts[rule] {
                tally.attained.merge(flat.basis);
            }
        }
        let total = above.iter().map(Vec::len).sum();
        if total > 0 {
            let with_tally = above.into_iter().zip(tallies).collect();
            tallies = in_parts(spread, total, with_tally, |(above, _)| above.len(), &|rep, (above, mut tally)| {
                let entries = self.count(above, &mut tally.refusals);
                // No rule builds on an override, so nothing goes further up.
                self.components(rep, &entries, &mut tally, &mut Upwards::default());
                tally
            });
        }
        tallies
    }

    fn own(&self, rep: u32, entries: &mut [Entry]) -> (Tally, Upwards) {
        entries.sort_unstable_by_key(Entry::order);
        let (mut tally, mut upwards) = (Tally::default(), Upwards::default());
        self.components(rep, entries, &mut tally, &mut upwards);
        (tally, upwards)
    }

    fn components(&self, rep: u32, entries: &[Entry], tally: &mut Tally, upwards: &mut Upwards) {
        for entries in entries.chunk_by(|a, b| a.component == b.component) {
            self.component(rep, entries, tally, upwards);
        }
    }

    /// Folds the entries of one component into the tally, and hands its credits upwards. On a problem none counts.
    fn component(&self, rep: u32, entries: &[Entry], tally: &mut Tally, upwards: &mut Upwards) {
        let Some(first) = entries.first() else { return };
        let rule = self.bound.components[usize::from(first.component)].rule;
        tally.touched = true;
        if self.bound.counts[rule] {
            for entry in entries {
                tally.attained.add(entry.basis);
            }
        }
        let (mut flat, ordered) = self.above(rep, rule);
        let raised_before = upwards.raised.len();
        let (mut sum, mut basis_sum) = (Sum::default(), Sum::default());
        let mut terms = BTreeMap::new();
        let folded = self.walk(rep, entries, false, &mut |entry, outcome| {
            sum.add(outcome.amount);
            basis_sum.add(entry.basis);
            if self.sales.has_terms() {
                self.note_terms(rule, entry, outcome.amount, &mut terms)?;
            }
            for (rate, base, flat) in &mut flat {
                let basis = if *base == OverrideBase::Sales { entry.basis } else { outcome.amount };
                if self.applies(flat.component, entry.sale) {
                    match rate.of(basis) {
                        Ok(amount) => flat.amount.add(amount),
                        Err(Overflow) => flat.overflow = true,
                    }
                    flat.basis.add(basis);
                    flat.credits += 1;
                }
            }
            for (manager, over) in &ordered {
                upwards.raised.extend(self.raise(rep, over, entry, &outcome).map(|raised| (*manager, raised)));
            }
            Ok(())
        });
        match folded.and_then(|()| sum.exact().map_err(|_| out_of_range())) {
            Ok(_) => {
                tally.exact.merge(sum);
                tally.credits += entries.len() as u64;
                tally.rule(rule, sum, basis_sum, entries.len() as u64);
                tally.terms.append(&mut terms);
                upwards.flat.extend(flat.into_iter().map(|(_, _, flat)| flat).filter(|flat| flat.credits > 0));
            }
            Err(problem) => {
                upwards.raised.truncate(raised_before);
                tally.errors.push(FoldError { rule, problem });
                let number = u16::try_from(rule).unwrap_or(u16::MAX);
                let refusal = |entry: &Entry| Refusal { sale: entry.sale, detail: rep, rule: number, reason: Reason::PayUnknown };
                tally.refusals.extend(entries.iter().map(refusal));
            }
        }
    }

    /// Notes a credit under the terms of its sale that concern the rule.
    fn note_terms(&self, rule: usize, entry: &Entry, amount: Exact, terms: &mut BTreeMap<TermKey, Sum>) -> Result<(), Overflow> {
        let settle = &self.bound.program.settle;
        for term in self.sales.terms_of(entry.sale) {
            let (concerned, sale) = match term.kind {
                TermKind::Holdback(index) => (settle.holdbacks[index].rules.contains(&rule), Id(0)),
                TermKind::Clawback(index) => (settle.clawbacks[index].rules.contains(&rule), self.sales.keys[entry.sale as usize].id),
            };
            if concerned {
                let key = TermKey { kind: term.kind, rule, due_day: term.due_day, sale };
                terms.entry(key).or_insert_with(Sum::default).add(mul(amount, term.share)?);
            }
        }
        Ok(())
    }

    fn walk(
        &self,
        rep: u32,
        entries: &[Entry],
        traced: bool,
        each: &mut dyn FnMut(&Entry, Outcome) -> Result<(), Overflow>,
    ) -> Result<(), PayProblem> {
        let Some(first) = entries.first() else { return Ok(()) };
        let component = &self.bound.components[usize::from(first.component)];
        let rule = &self.bound.program.rules[component.rule];
        let lookup = self.lookup(rep);
        let pay = lookup.pay(component.pay)?;
        let limits = lookup.limits(rule)?;
        let needs_share = matches!(pay, FixedPay::Amount(_)) && matches!(rule.trigger, Trigger::Sale(_));
        let mut fold = ComponentFold::new(&pay, limits, traced, &mut entries.iter()).map_err(|_| out_of_range())?;
        for entry in entries {
            let share = if needs_share { self.share(entry) } else { Ok(Exact::ONE) };
            let outcome = share.and_then(|share| fold.next(entry, share));
            outcome.and_then(|outcome| each(entry, outcome)).map_err(|_| out_of_range())?;
        }
        Ok(())
    }

    fn lookup(&self, rep: u32) -> Lookup<'_, '_> {
        Lookup { bound: self.bound, rep: self.bound.rep(rep), quota: self.bound.reps[rep as usize].quota }
    }

    /// Walks the entries of one list, component by component, leaving out those that could not be paid.
    pub(super) fn each(&self, rep: u32, entries: &[Entry], traced: bool, each: &mut dyn FnMut(&Entry, Outcome)) {
        for entries in entries.chunk_by(|a, b| a.component == b.component) {
            let mut outcomes = Vec::with_capacity(entries.len());
            let folded = self.walk(rep, entries, traced, &mut |entry, outcome| {
                outcomes.push((*entry, outcome));
                Ok(())
            });
            if folded.is_ok() {
                for (entry, outcome) in outcomes {
                    each(&entry, outcome);
                }
            }
        }
    }

    /// The part of one sale that an entry of a sale rule stands for.
    fn share(&self, entry: &Entry) -> Result<Exact, Overflow> {
        self.splits.get(entry.origin as usize).map_or(Ok(Exact::ONE), |split| split.of(Exact::ONE))
    }

    /// The overrides above a rep's credits under a rule: those that are a plain sum, and those whose order matters.
    #[allow(clippy::type_complexity)]
    fn above(&self, rep: u32, rule: usize) -> (Vec<(FixedRate, OverrideBase, Flat)>, Vec<(u32, &OverrideFeed)>) {
        let managers = &self.bound.reps[rep as usize].managers;
        let (mut flat, mut ordered) = (Vec::new(), Vec::new());
        for over in self.bound.overrides.iter().filter(|over| over.of[rule]) {
            let Some(manager) = managers.get(over.level).copied() else { continue };
            match self.flat_rate(over, rule, manager) {
                Some(rate) => {
                    let (amount, basis) = (Sum::default(), Sum::default());
                    flat.push((rate, over.base, Flat { manager, component: over.component, amount, basis, credits: 0, overflow: false }));
                }
                None => ordered.push((manager, over)),
            }
        }
        (flat, ordered)
    }

    /// The rate of an override whose reward is a plain sum: one rate, no limits, and no sale counts more than once.
    fn flat_rate(&self, over: &OverrideFeed, below: usize, manager: u32) -> Option<FixedRate> {
        let component = &self.bound.components[usize::from(over.component)];
        let rule = &self.bound.program.rules[component.rule];
        let limited = rule.cap.is_some() || rule.floor.is_some() || rule.cap_per_sale.is_some();
        // Terms look at each sale; a plain sum knows none.
        if limited || self.sales.has_terms() || over.once_per == OncePer::Sale && !counts_once(&self.bound.program.rules[below]) {
            return None;
        }
        match self.lookup(manager).pay(component.pay) {
            Ok(FixedPay::Rate(rate)) => Some(rate),
            _ => None,
        }
    }

    /// Whether an override applies to a sale: its validity and its own condition.
    fn applies(&self, component: u16, sale: u32) -> bool {
        let rule = self.bound.components[usize::from(component)].rule;
        let (start, end) = self.bound.windows[rule];
        let at = self.sales.keys[sale as usize].at;
        let passes = || match self.bound.conditional.iter().position(|conditional| *conditional == rule) {
            Some(bit) => self.sales.passes.get(sale as usize).is_some_and(|bits| bits >> bit & 1 == 1),
            None => true,
        };
        start <= at && at < end && passes()
    }

    /// A credit as the manager's override sees it.
    fn raise(&self, rep: u32, over: &OverrideFeed, entry: &Entry, outcome: &Outcome) -> Option<Raised> {
        if !self.applies(over.component, entry.sale) {
            return None;
        }
        let basis = if over.base == OverrideBase::Sales { entry.basis } else { outcome.amount };
        let group = self.bound.group_of(over.component, self.sales.keys[entry.sale as usize].at);
        let share = if over.once_per == OncePer::Sale { self.share(entry).unwrap_or(Exact::ONE) } else { Exact::ONE };
        let rule = self.bound.components[usize::from(entry.component)].rule;
        let entry = Entry { basis, sale: entry.sale, origin: rep, group, component: over.component, place: entry.place };
        Some(Raised { entry, share, rule: u16::try_from(rule).unwrap_or(u16::MAX) })
    }

    /// All override entries of a manager, made again from the credits below.
    pub(super) fn overrides_of(&self, manager: u32, cells: &Cells) -> Vec<Entry> {
        let mut raised = Vec::new();
        for (rep, below) in (0u32..).zip(&self.bound.reps) {
            let feeds: Vec<&OverrideFeed> =
                self.bound.overrides.iter().filter(|over| below.managers.get(over.level) == Some(&manager)).collect();
            if feeds.is_empty() {
                continue;
            }
            self.each(rep, cells.of(rep), false, &mut |entry, outcome| {
                let rule = self.bound.components[usize::from(entry.component)].rule;
                let feeds = feeds.iter().filter(|over| over.of[rule]);
                raised.extend(feeds.filter_map(|over| self.raise(rep, over, entry, &outcome)));
            });
        }
        self.count(raised, &mut Vec::new())
    }

    /// Puts a manager's overrides in order and lets each sale count as often as the document says.
    fn count(&self, mut raised: Vec<Raised>, refusals: &mut Vec<Refusal>) -> Vec<Entry> {
        raised.sort_by_key(|raised| (raised.entry.component, raised.entry.sale, raised.rule, raised.entry.place, raised.entry.origin));
        let mut entries = Vec::with_capacity(raised.len());
        for same in raised.chunk_by(|a, b| (a.entry.component, a.entry.sale) == (b.entry.component, b.entry.sale)) {
            self.count_sale(same, &mut entries, refusals);
        }
        entries
    }

    /// The overrides of one component on one sale: all of them, or up to one whole sale for each rule below.
    fn count_sale(&self, same: &[Raised], entries: &mut Vec<Entry>, refusals: &mut Vec<Refusal>) {
        let Some(first) = same.first() else { return };
        let over = self.bound.overrides.iter().find(|over| over.component == first.entry.component);
        let limited = over.is_some_and(|over| over.once_per == OncePer::Sale);
        let mut place = 0u16;
        for below in same.chunk_by(|a, b| a.rule == b.rule) {
            let mut left = Exact::ONE;
            for raised in below {
                let mut entry = Entry { place, ..raised.entry };
                if limited {
                    let counted = raised.share.min(left).max(Exact::ZERO);
                    left -= counted;
                    if counted.is_zero() {
                        let rule = self.bound.components[usize::from(entry.component)].rule;
                        let rule = u16::try_from(rule).unwrap_or(u16::MAX);
                        refusals.push(Refusal { sale: entry.sale, detail: entry.origin, rule, reason: Reason::AlreadyCounted });
                        continue;
                    }
                    if counted < raised.share {
                        entry.basis = mul_div(entry.basis, counted, raised.share).unwrap_or(entry.basis);
                    }
                }
                entries.push(entry);
                place = place.saturating_add(1);
            }
        }
    }
}

/// Whether the credits of a rule on one sale can never stand for more than the whole sale.
fn counts_once(rule: &Rule) -> bool {
    let Trigger::Sale(Crediting { owners, split, teams, .. }) = &rule.trigger else { return false };
    let shares: Exact = owners.iter().filter_map(|owner| owner.share).sum();
    *split == Split::Equal && teams.is_none() && shares <= Exact::ONE
}

/// A piece of folding that does not touch any other: the caller of [`super::Run::finish_with`] runs it where it likes.
pub type Job<'j> = Box<dyn FnOnce() + Send + 'j>;

/// How the caller runs jobs: all of them, each once, before it returns.
#[derive(Clone, Copy)]
pub(super) struct Spread<'s> {
    /// Into how many jobs the work is cut.
    pub(super) parts: usize,
    pub(super) run: &'s dyn Fn(Vec<Job<'_>>),
}

/// Runs a step for every rep, cut into contiguous ranges of about equal weight; the answers stay in the order of reps.
fn in_parts<T: Send, R: Send>(
    spread: Spread<'_>,
    total: usize,
    items: Vec<T>,
    weight: impl Fn(&T) -> usize,
    step: &(dyn Fn(u32, T) -> R + Sync),
) -> Vec<R> {
    let count = items.len();
    let share = total.div_ceil(spread.parts.max(1));
    let mut ranges: Vec<(u32, Vec<T>)> = vec![(0, Vec::new())];
    let mut filled = 0;
    for (rep, item) in (0u32..).zip(items) {
        filled += weight(&item);
        match ranges.last_mut() {
            Some((_, range)) if filled <= share || range.is_empty() => range.push(item),
            _ => {
                filled = weight(&item);
                ranges.push((rep, vec![item]));
            }
        }
    }
    let mut answers: Vec<Vec<R>> = ranges.iter().map(|_| Vec::new()).collect();
    let job = |((first, range), answer): ((u32, Vec<T>), &mut Vec<R>)| {
        answer.extend((first..).zip(range).map(|(rep, item)| step(rep, item)));
    };
    (spread.run)(ranges.into_iter().zip(&mut answers).map(|work| Box::new(move || job(work)) as Job<'_>).collect());
    let answers: Vec<R> = answers.into_iter().flatten().collect();
    // A job left out would be a reward left out.
    assert_eq!(answers.len(), count, "every job is run, and once");
    answers
}

fn out_of_range() -> PayProblem {
    PayProblem { code: AlertCode::AmountOverflow, subject: "amount".into() }
}
