//! All cells of a calculation: each rep's own credits first, then the overrides that build on them.

use super::bound::BoundProgram;
use super::decide::SplitPart;
use super::fold::{ComponentFold, Outcome};
use super::kept::{add, mul_div};
use super::pay::{Lookup, PayProblem};
use super::reason::{AlertCode, Reason};
use super::run::{Entry, NONE, Refusal, SaleTable};
use crate::money::{Exact, Overflow};
use crate::program::{OncePer, OverrideBase};

/// The entries of one rep, each list by component, canonical order, place.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) own: Vec<Entry>,
    pub(super) overrides: Vec<Entry>,
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
    pub(super) exact: Exact,
    pub(super) credits: u64,
    pub(super) attained: Exact,
    pub(super) touched: bool,
    pub(super) errors: Vec<FoldError>,
    pub(super) refusals: Vec<Refusal>,
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

/// The shared, unchanging side of folding.
pub(super) struct Folder<'f, 'a> {
    pub(super) bound: &'f BoundProgram<'a>,
    pub(super) sales: &'f SaleTable,
    pub(super) ranks: Option<&'f [u32]>,
    pub(super) splits: &'f [SplitPart],
}

/// Folds all cells on so many threads.
pub(super) fn fold_all(folder: &Folder<'_, '_>, own: Vec<Vec<Entry>>, threads: usize) -> (Vec<Cell>, Vec<Tally>) {
    let mut cells: Vec<Cell> = own.into_iter().map(|own| Cell { own, overrides: Vec::new() }).collect();
    let mut tallies: Vec<Tally> = cells.iter().map(|_| Tally::default()).collect();
    let raised = on_threads(threads, &mut cells, &mut tallies, &|rep, cell, tally| folder.own(rep, cell, tally));
    let mut above: Vec<Vec<Raised>> = Vec::new();
    if !folder.bound.overrides.is_empty() {
        above.resize_with(cells.len(), Vec::new);
        for (manager, raised) in raised.into_iter().flatten() {
            above[manager as usize].push(raised);
        }
        let above = &above;
        on_threads(threads, &mut cells, &mut tallies, &|rep, cell, tally| {
            folder.overrides(rep, above[rep as usize].clone(), cell, tally);
            Vec::new()
        });
    }
    (cells, tallies)
}

type Upwards = Vec<(u32, Raised)>;
type Step<'s> = &'s (dyn Fn(u32, &mut Cell, &mut Tally) -> Upwards + Sync);

/// Runs a step over all cells, cut into contiguous ranges; what comes back stays in the order of the reps.
fn on_threads(threads: usize, cells: &mut [Cell], tallies: &mut [Tally], step: Step<'_>) -> Vec<Upwards> {
    let run = |first: usize, cells: &mut [Cell], tallies: &mut [Tally]| {
        let mut upwards = Vec::new();
        for (offset, (cell, tally)) in cells.iter_mut().zip(tallies).enumerate() {
            let rep = u32::try_from(first + offset).unwrap_or(NONE);
            upwards.append(&mut step(rep, cell, tally));
        }
        upwards
    };
    if threads <= 1 || cells.len() < 2 {
        return vec![run(0, cells, tallies)];
    }
    let size = cells.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let chunks = cells.chunks_mut(size).zip(tallies.chunks_mut(size)).enumerate();
        let running: Vec<_> = chunks.map(|(number, (cells, tallies))| scope.spawn(move || run(number * size, cells, tallies))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

impl Folder<'_, '_> {
    fn rank(&self, sale: u32) -> u32 {
        self.ranks.map_or(sale, |ranks| ranks[sale as usize])
    }

    /// The part of one sale that an entry of a sale rule stands for.
    fn share(&self, entry: &Entry) -> Result<Exact, Overflow> {
        self.splits.get(entry.origin as usize).map_or(Ok(Exact::ONE), |split| split.of(Exact::ONE))
    }

    fn own(&self, rep: u32, cell: &mut Cell, tally: &mut Tally) -> Upwards {
        cell.own.sort_unstable_by_key(|entry| (entry.component, self.rank(entry.sale), entry.place));
        let mut upwards = Vec::new();
        for entries in cell.own.chunk_by(|a, b| a.component == b.component) {
            self.component(rep, entries, tally, &mut upwards);
        }
        upwards
    }

    /// Folds the entries of one component into the tally, and hands its credits upwards. On a problem none counts.
    fn component(&self, rep: u32, entries: &[Entry], tally: &mut Tally, upwards: &mut Upwards) {
        let Some(first) = entries.first() else { return };
        let rule = self.bound.components[usize::from(first.component)].rule;
        tally.touched = true;
        if self.bound.counts[rule] {
            match entries.iter().try_fold(tally.attained, |sum, entry| add(sum, entry.basis)) {
                Ok(sum) => tally.attained = sum,
                Err(Overflow) => return self.refuse(rep, rule, entries, out_of_range(), tally),
            }
        }
        let managers = self.bound.reps[rep as usize].managers.as_slice();
        let has_above = !managers.is_empty() && self.bound.overrides.iter().any(|over| over.of[rule]);
        let raised_before = upwards.len();
        let mut sum = tally.exact;
        let folded = self.walk(rep, entries, false, &mut |entry, outcome| {
            sum = add(sum, outcome.amount)?;
            if has_above {
                self.raise(rep, managers, entry, &outcome, upwards);
            }
            Ok(())
        });
        match folded {
            Ok(()) => {
                tally.exact = sum;
                tally.credits += entries.len() as u64;
            }
            Err(problem) => {
                upwards.truncate(raised_before);
                self.refuse(rep, rule, entries, problem, tally);
            }
        }
    }

    fn refuse(&self, rep: u32, rule: usize, entries: &[Entry], problem: PayProblem, tally: &mut Tally) {
        tally.errors.push(FoldError { rule, problem });
        let number = u16::try_from(rule).unwrap_or(u16::MAX);
        let refusal = |entry: &Entry| Refusal { sale: entry.sale, detail: rep, rule: number, reason: Reason::PayUnknown };
        tally.refusals.extend(entries.iter().map(refusal));
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
        let is_override = self.bound.component_of[component.rule] == u16::MAX;
        let lookup = Lookup { bound: self.bound, rep: self.bound.rep(rep), quota: self.bound.reps[rep as usize].quota };
        let pay = lookup.pay(component.pay)?;
        let limits = lookup.limits(rule)?;
        let needs_share = matches!(pay, super::pay::FixedPay::Amount(_)) && !is_override;
        let mut fold = ComponentFold::new(&pay, limits, traced, &mut entries.iter()).map_err(|_| out_of_range())?;
        for entry in entries {
            let share = if needs_share { self.share(entry) } else { Ok(Exact::ONE) };
            let outcome = share.and_then(|share| fold.next(entry, share));
            outcome.and_then(|outcome| each(entry, outcome)).map_err(|_| out_of_range())?;
        }
        Ok(())
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

    /// Hands a credit up to the managers whose override builds on its rule.
    fn raise(&self, rep: u32, managers: &[u32], entry: &Entry, outcome: &Outcome, upwards: &mut Upwards) {
        let bound = self.bound;
        let rule = bound.components[usize::from(entry.component)].rule;
        let at = self.sales.keys[entry.sale as usize].at;
        for over in bound.overrides.iter().filter(|over| over.of[rule]) {
            let Some(manager) = managers.get(over.level) else { continue };
            let own_rule = bound.components[usize::from(over.component)].rule;
            let (start, end) = bound.windows[own_rule];
            if at < start || at >= end || !self.passes(own_rule, entry.sale) {
                continue;
            }
            let basis = match over.base {
                OverrideBase::Sales => entry.basis,
                OverrideBase::Commission => outcome.amount,
            };
            let group = bound.group_of(over.component, at);
            let raised = Entry { basis, sale: entry.sale, origin: rep, group, component: over.component, place: entry.place };
            let share = if over.once_per == OncePer::Sale { self.share(entry).unwrap_or(Exact::ONE) } else { Exact::ONE };
            upwards.push((*manager, Raised { entry: raised, share, rule: u16::try_from(rule).unwrap_or(u16::MAX) }));
        }
    }

    fn passes(&self, rule: usize, sale: u32) -> bool {
        match self.bound.conditional.iter().position(|conditional| *conditional == rule) {
            Some(bit) => self.sales.passes.get(sale as usize).is_some_and(|bits| bits >> bit & 1 == 1),
            None => true,
        }
    }

    fn overrides(&self, rep: u32, mut raised: Vec<Raised>, cell: &mut Cell, tally: &mut Tally) {
        raised.sort_unstable_by_key(|raised| {
            let entry = &raised.entry;
            (entry.component, self.rank(entry.sale), raised.rule, entry.place, entry.origin)
        });
        cell.overrides.reserve_exact(raised.len());
        for same in raised.chunk_by(|a, b| (a.entry.component, a.entry.sale) == (b.entry.component, b.entry.sale)) {
            self.count_sale(same, &mut cell.overrides, tally);
        }
        // No rule builds on an override, so nothing goes further up.
        for entries in cell.overrides.chunk_by(|a, b| a.component == b.component) {
            self.component(rep, entries, tally, &mut Vec::new());
        }
    }

    /// The overrides of one component on one sale: all of them, or up to one whole sale for each rule below.
    fn count_sale(&self, same: &[Raised], entries: &mut Vec<Entry>, tally: &mut Tally) {
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
                        tally.refusals.push(Refusal { sale: entry.sale, detail: entry.origin, rule, reason: Reason::AlreadyCounted });
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

fn out_of_range() -> PayProblem {
    PayProblem { code: AlertCode::AmountOverflow, subject: "amount".into() }
}
