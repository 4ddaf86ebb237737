//! All cells of a calculation: the credits of each rep and team first, then the overrides that build on them.

use std::collections::BTreeMap;

use super::assign::Recipients;
use super::bound::{BoundProgram, Part};
use super::decide::SplitPart;
use super::fold::{ComponentFold, OfSale, Outcome};
use super::kept::{Sum, mul, mul_div};
use super::overrides::{Raised, Upward};
use super::pay::{FixedPay, Limits, Lookup, PayProblem};
use super::reason::{AlertCode, Reason};
use super::run::{Entry, Filed, Refusal, SaleTable};
use super::settle::{RuleSum, TermKey, TermKind};
use super::spread::{Spread, in_parts};
use crate::id::Id;
use crate::money::{Exact, Overflow};
use crate::program::{OverrideBase, Trigger};

/// The entries of all reps and teams, of each by component, canonical order, place.
pub(super) struct Cells(Vec<Vec<Entry>>);

impl Cells {
    /// Deals the entries out to their reps and teams.
    pub(super) fn new(beneficiaries: usize, filed: Vec<Filed>) -> Self {
        let mut counts = vec![0usize; beneficiaries];
        for filed in &filed {
            counts[filed.who as usize] += 1;
        }
        let mut cells: Vec<Vec<Entry>> = counts.into_iter().map(Vec::with_capacity).collect();
        for Filed { who, entry } in filed {
            cells[who as usize].push(entry);
        }
        Self(cells)
    }

    /// The entries of one rep or team.
    pub(super) fn of(&self, who: u32) -> &[Entry] {
        &self.0[who as usize]
    }

    /// Adds a credit; the cell is folded again afterwards.
    pub(super) fn add(&mut self, filed: Filed) {
        self.0[filed.who as usize].push(filed.entry);
    }

    /// Takes the credits of a sale away. Answers whose they were. The cells are in order.
    pub(super) fn take_out(&mut self, sale: u32, sales: &SaleTable) -> Vec<u32> {
        let rank = sales.rank(sale);
        let mut touched = Vec::new();
        for (who, cell) in (0u32..).zip(&mut self.0) {
            let before = cell.len();
            let mut start = 0;
            while let Some(first) = cell.get(start) {
                let component = first.component;
                let end = start + cell[start..].partition_point(|entry| entry.component == component);
                let from = start + cell[start..end].partition_point(|entry| sales.rank(entry.sale) < rank);
                let until = from + cell[from..end].partition_point(|entry| entry.sale == sale);
                cell.drain(from..until);
                start = end - (until - from);
            }
            if cell.len() < before {
                touched.push(who);
            }
        }
        touched
    }

    /// Whether a rep or team has a credit of a sale. The cells are in order.
    pub(super) fn has(&self, who: u32, sale: u32, sales: &SaleTable) -> bool {
        let rank = sales.rank(sale);
        let mut rest = self.of(who);
        while let Some(first) = rest.first() {
            let (entries, behind) = rest.split_at(rest.partition_point(|entry| entry.component == first.component));
            let from = entries.partition_point(|entry| sales.rank(entry.sale) < rank);
            if entries.get(from).is_some_and(|entry| entry.sale == sale) {
                return true;
            }
            rest = behind;
        }
        false
    }

    fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// How many entries there are, and how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|cell| cell.capacity() * size_of::<Entry>()).sum()
    }

    /// The cells of all, to be sorted and folded side by side.
    fn split(&mut self) -> Vec<&mut [Entry]> {
        self.0.iter_mut().map(Vec::as_mut_slice).collect()
    }
}

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
    /// Adds what a rule's credits come to.
    fn rule(&mut self, rule: usize, (amount, basis): (Sum, Sum), credits: u64) {
        let place = self.by_rule.binary_search_by_key(&rule, |sum| sum.rule).unwrap_or_else(|place| {
            self.by_rule.insert(place, RuleSum { rule, ..RuleSum::default() });
            place
        });
        let sum = &mut self.by_rule[place];
        sum.amount.merge(amount);
        sum.basis.merge(basis);
        sum.credits += credits;
    }

    fn add_terms(&mut self, terms: &BTreeMap<TermKey, Sum>) {
        for (key, sum) in terms {
            self.terms.entry(*key).or_default().merge(*sum);
        }
    }

    /// Adds what another fold of the same payee came to.
    fn absorb(&mut self, other: &Self) {
        self.exact.merge(other.exact);
        self.earned.merge(other.earned);
        for sum in &other.by_rule {
            self.rule(sum.rule, (sum.amount, sum.basis), sum.credits);
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

/// What a rep's credits come to for one manager under a flat override, where order cannot matter.
#[derive(Clone)]
pub(super) struct Flat {
    pub(super) manager: u32,
    pub(super) rule: usize,
    pub(super) amount: Sum,
    pub(super) basis: Sum,
    pub(super) credits: u64,
    /// An amount left the range: the override pays the manager nothing.
    pub(super) overflow: bool,
}

/// What one of the recipients of a rule gets from a cell.
#[derive(Clone)]
struct Handed {
    to: u32,
    rule: usize,
    amount: Sum,
    credits: u64,
    terms: BTreeMap<TermKey, Sum>,
}

/// What goes to others from a cell.
#[derive(Clone, Default)]
pub(super) struct Outwards {
    pub(super) raised: Vec<(u32, Raised)>,
    flat: Vec<Flat>,
    handed: Vec<Handed>,
    /// Managers who would earn an override and have not enrolled.
    pub(super) unenrolled: Vec<(u32, usize)>,
}

/// What one rule pays along one cell: its amount for whoever is credited, and the parts of the recipients.
#[derive(Default)]
struct Paid {
    own: Sum,
    earned: Sum,
    /// The part of the one who is credited, by rule: amount, basis and number of credits.
    by_rule: Vec<(usize, Sum, Sum, u64)>,
    terms: BTreeMap<TermKey, Sum>,
    handed: Vec<Handed>,
}

impl Paid {
    fn own(&mut self, rule: usize, amount: Exact, basis: Exact) {
        self.own.add(amount);
        if self.by_rule.last().is_none_or(|(last, ..)| *last != rule) {
            self.by_rule.push((rule, Sum::default(), Sum::default(), 0));
        }
        if let Some((_, amounts, bases, credits)) = self.by_rule.last_mut() {
            amounts.add(amount);
            bases.add(basis);
            *credits += 1;
        }
    }
}

/// Says of an entry under a rule whether its pieces are wanted.
pub(super) type Wanted<'w> = &'w dyn Fn(&Entry, usize) -> bool;

/// The shared, unchanging side of folding.
#[derive(Clone, Copy)]
pub(super) struct Folder<'f, 'a> {
    pub(super) bound: &'f BoundProgram<'a>,
    pub(super) sales: &'f SaleTable,
    pub(super) splits: &'f [SplitPart],
    /// What each beneficiary attained by sales, where tiers are looked up by it; else empty.
    pub(super) attained: &'f [Exact],
}

/// A stretch of entries under one pay.
struct Stretch {
    rule: usize,
    /// Where it ends in the entries.
    end: usize,
    pay: FixedPay,
    limits: Limits,
    needs_share: bool,
    /// Factors on single sales, with their names.
    kickers: Vec<(Exact, String)>,
}

/// What every beneficiary attained by the sales of the period, where a program looks tiers up by it.
pub(super) fn attained(bound: &BoundProgram<'_>, sales: &SaleTable, cells: &Cells) -> Vec<Exact> {
    use crate::program::{Pay, TierBy};
    let by_attainment = |pay: &Pay| matches!(pay, Pay::Tiers(tiers) if matches!(tiers.by, TierBy::Attainment));
    if !bound.rules.iter().any(|rule| rule.rule.pays.iter().any(by_attainment)) {
        return Vec::new();
    }
    let folder = Folder { bound, sales, splits: &[], attained: &[] };
    let of = |who: u32| {
        let mut tally = Tally::default();
        for entry in cells.of(who) {
            let mut basis = Sum::default();
            basis.add(entry.basis);
            folder.attain(folder.rule_of(entry), basis, &mut tally);
        }
        tally.attained.exact().unwrap_or_default()
    };
    (0..u32::try_from(cells.0.len()).unwrap_or(u32::MAX)).map(of).collect()
}

impl Folder<'_, '_> {
    /// Sorts and folds all cells by themselves.
    pub(super) fn fold_own(self, cells: &mut Cells, spread: Spread<'_>) -> Vec<(Tally, Outwards)> {
        let total = cells.len();
        in_parts(spread, total, cells.split(), |entries| entries.len(), &|who, entries| self.own(who, entries))
    }

    /// Sorts and folds one cell again.
    pub(super) fn fold_again(self, who: u32, cells: &mut Cells) -> (Tally, Outwards) {
        let (tally, mut outwards) = self.own(who, &mut cells.0[who as usize]);
        // Those above make them again from the cells.
        outwards.raised = Vec::new();
        (tally, outwards)
    }

    /// Adds to each cell what comes to it from others.
    pub(super) fn combine(self, own: &[(Tally, Outwards)], overrides: &[Option<Tally>]) -> Vec<Tally> {
        let mut tallies: Vec<Tally> = own.iter().map(|(tally, _)| tally.clone()).collect();
        self.add_flat(own, &mut tallies);
        self.add_handed(own, &mut tallies);
        for (manager, rule) in own.iter().flat_map(|(_, outwards)| &outwards.unenrolled) {
            note(&mut tallies[*manager as usize], *rule, not_enrolled());
        }
        for (tally, overrides) in tallies.iter_mut().zip(overrides) {
            if let Some(overrides) = overrides {
                tally.absorb(overrides);
            }
        }
        tallies
    }

    fn add_flat(&self, own: &[(Tally, Outwards)], tallies: &mut [Tally]) {
        let flat = || own.iter().flat_map(|(_, outwards)| &outwards.flat);
        let overflown: Vec<(u32, usize)> = flat().filter(|flat| flat.overflow).map(|flat| (flat.manager, flat.rule)).collect();
        for flat in flat() {
            let tally = &mut tallies[flat.manager as usize];
            tally.touched = true;
            if overflown.contains(&(flat.manager, flat.rule)) {
                note(tally, flat.rule, out_of_range());
                continue;
            }
            tally.credits += flat.credits;
            tally.exact.merge(flat.amount);
            tally.earned.merge(flat.amount);
            tally.rule(self.bound.settled_rule(flat.rule), (flat.amount, flat.basis), flat.credits);
            self.attain(flat.rule, flat.basis, tally);
        }
    }

    /// Gives the recipients what credits of others earned for them.
    fn add_handed(&self, own: &[(Tally, Outwards)], tallies: &mut [Tally]) {
        for handed in own.iter().flat_map(|(_, outwards)| &outwards.handed) {
            let tally = &mut tallies[handed.to as usize];
            tally.touched = true;
            if !self.bound.may_earn(handed.to) {
                note(tally, handed.rule, not_enrolled());
                continue;
            }
            tally.credits += handed.credits;
            tally.exact.merge(handed.amount);
            tally.rule(self.bound.settled_rule(handed.rule), (handed.amount, Sum::default()), handed.credits);
            tally.add_terms(&handed.terms);
        }
    }

    /// Counts a basis as attainment, where its rule counts.
    fn attain(&self, rule: usize, basis: Sum, tally: &mut Tally) {
        match self.bound.rules[rule].counts {
            None => {}
            Some(weight) if weight == Exact::ONE => tally.attained.merge(basis),
            Some(weight) => match basis.exact().and_then(|basis| mul(basis, weight)) {
                Ok(weighted) => tally.attained.add(weighted),
                Err(Overflow) => note(tally, rule, out_of_range()),
            },
        }
    }

    fn own(&self, who: u32, entries: &mut [Entry]) -> (Tally, Outwards) {
        if self.sales.has_late() {
            entries.sort_unstable_by_key(|entry| entry.order_among(self.sales));
        } else {
            entries.sort_unstable_by_key(Entry::order);
        }
        let (mut tally, mut outwards) = (Tally::default(), Outwards::default());
        self.components(who, entries, &mut tally, &mut outwards);
        (tally, outwards)
    }

    pub(super) fn components(&self, who: u32, entries: &[Entry], tally: &mut Tally, outwards: &mut Outwards) {
        for entries in entries.chunk_by(|a, b| a.component == b.component) {
            self.component(who, entries, tally, outwards);
        }
    }

    /// Folds the entries of one component into the tally, and hands its credits on. On a problem none counts.
    fn component(&self, who: u32, entries: &[Entry], tally: &mut Tally, outwards: &mut Outwards) {
        tally.touched = true;
        let mut start = 0;
        let mut runs: Vec<(usize, Upward<'_>)> = Vec::new();
        let mut is_assigned = false;
        for (rule, end) in self.runs(entries) {
            is_assigned |= self.bound.rules[rule].rule.assign.is_some();
            if self.bound.rules[rule].counts.is_some() {
                let mut basis = Sum::default();
                entries[start..end].iter().for_each(|entry| basis.add(entry.basis));
                self.attain(rule, basis, tally);
            }
            runs.push((end, self.above(who, rule, outwards)));
            start = end;
        }
        let raised_before = outwards.raised.len();
        let mut paid = Paid::default();
        let (mut index, mut run) = (0, 0);
        let folded = self.walk(who, entries, None, &mut |entry, rule, outcome| {
            if index == runs[run].0 {
                run += 1;
            }
            index += 1;
            self.pay_out(rule, who, (entry, outcome.amount), &mut paid)?;
            let (flat, ordered) = &mut runs[run].1;
            for (rate, base, flat) in flat {
                let basis = if *base == OverrideBase::Sales { entry.basis } else { outcome.amount };
                if self.applies(flat.rule, entry.sale, who) {
                    let paid = if self.is_paid_before(entry) { Exact::ZERO } else { basis };
                    match rate.of(paid) {
                        Ok(amount) => flat.amount.add(amount),
                        Err(Overflow) => flat.overflow = true,
                    }
                    flat.basis.add(basis);
                    flat.credits += 1;
                }
            }
            for (manager, over) in ordered {
                outwards.raised.extend(self.raise(who, over, entry, (rule, outcome.amount)).map(|raised| (*manager, raised)));
            }
            Ok(())
        });
        let counted = paid.earned.exact().and_then(|_| paid.own.exact()).map_err(|_| out_of_range());
        match folded.and(counted) {
            Ok(_) => {
                tally.exact.merge(paid.own);
                tally.earned.merge(paid.earned);
                tally.credits += entries.len() as u64;
                for (rule, amount, basis, credits) in paid.by_rule {
                    tally.rule(self.bound.settled_rule(rule), (amount, basis), credits);
                }
                tally.add_terms(&paid.terms);
                outwards.handed.append(&mut paid.handed);
                for (_, (flat, _)) in runs {
                    outwards.flat.extend(flat.into_iter().map(|(_, _, flat)| flat).filter(|flat| flat.credits > 0));
                }
                if is_assigned {
                    self.nobody_to_pay(who, entries, tally);
                }
            }
            Err(problem) => {
                outwards.raised.truncate(raised_before);
                let rule = self.rule_of(&entries[entries.len() - 1]);
                tally.errors.push(FoldError { rule, problem });
                tally.refusals.extend(entries.iter().map(|entry| self.refusal(entry, who, Reason::PayUnknown)));
            }
        }
    }

    /// Divides what a credit earned among those who get it.
    fn pay_out(&self, rule: usize, who: u32, (entry, amount): (&Entry, Exact), paid: &mut Paid) -> Result<(), Overflow> {
        paid.earned.add(amount);
        let has_terms = self.sales.has_terms();
        let bound = &self.bound.rules[rule];
        let Some(assign) = &bound.rule.assign else {
            paid.own(rule, amount, entry.basis);
            if has_terms {
                self.note_terms(rule, entry.sale, amount, &mut paid.terms)?;
            }
            return Ok(());
        };
        let recipients = &bound.recipients[who as usize];
        for (to, part) in recipients.people().iter().zip(recipients.deal(assign.paid(amount)?)?) {
            if *to == who {
                paid.own(rule, part, entry.basis);
                if has_terms {
                    self.note_terms(rule, entry.sale, part, &mut paid.terms)?;
                }
                continue;
            }
            let known = paid.handed.iter().position(|handed| handed.to == *to && handed.rule == rule);
            let place = known.unwrap_or_else(|| {
                paid.handed.push(Handed { to: *to, rule, amount: Sum::default(), credits: 0, terms: BTreeMap::new() });
                paid.handed.len() - 1
            });
            paid.handed[place].amount.add(part);
            paid.handed[place].credits += 1;
            if has_terms {
                self.note_terms(rule, entry.sale, part, &mut paid.handed[place].terms)?;
            }
        }
        Ok(())
    }

    /// Notes what somebody gets of a credit under the terms of its sale that concern the rule.
    fn note_terms(&self, rule: usize, sale: u32, amount: Exact, terms: &mut BTreeMap<TermKey, Sum>) -> Result<(), Overflow> {
        let settle = &self.bound.program.settle;
        let rule = self.bound.settled_rule(rule);
        for term in self.sales.terms_of(sale) {
            let (concerned, of) = match term.kind {
                TermKind::Holdback(index) => (settle.holdbacks[index].rules.contains(&rule), Id(0)),
                TermKind::Clawback(index) => (settle.clawbacks[index].rules.contains(&rule), self.sales.keys[sale as usize].id),
                TermKind::Lookup(_) | TermKind::Kicker(..) => continue,
            };
            if concerned {
                let key = TermKey { kind: term.kind, rule, due_day: term.due_day, sale: of };
                terms.entry(key).or_default().add(mul(amount, term.share)?);
            }
        }
        Ok(())
    }

    /// Credits whose pay goes to nobody: each says so, and the rule is flagged.
    fn nobody_to_pay(&self, who: u32, entries: &[Entry], tally: &mut Tally) {
        for entry in entries {
            let rule = self.rule_of(entry);
            let problem = match self.bound.rules[rule].recipients.get(who as usize) {
                Some(Recipients::Nobody) => PayProblem { code: AlertCode::NoRecipient, subject: "recipient".into() },
                Some(Recipients::Missing(member)) => {
                    let weight = self.bound.rules[rule].rule.assign.as_ref().and_then(|assign| assign.weight.clone());
                    let name = self.bound.beneficiary(*member).name();
                    PayProblem { code: AlertCode::NoRecipient, subject: format!("{} of {name}", weight.unwrap_or_default()) }
                }
                _ => continue,
            };
            note(tally, rule, problem);
            tally.refusals.push(self.refusal(entry, who, Reason::NoRecipient));
        }
    }

    pub(super) fn refusal(&self, entry: &Entry, who: u32, reason: Reason) -> Refusal {
        let rule = u16::try_from(self.rule_of(entry)).unwrap_or(u16::MAX);
        Refusal { sale: entry.sale, detail: who, rule, reason }
    }

    /// The rule that an entry stands under: that of the version which rules its sale.
    pub(super) fn rule_of(&self, entry: &Entry) -> usize {
        self.bound.part_at(entry.component, self.sales.keys[entry.sale as usize].at).rule
    }

    /// The stretches of one rule among the entries of a component, with their ends. One, unless versions change.
    pub(super) fn runs(&self, entries: &[Entry]) -> Vec<(usize, usize)> {
        let Some(first) = entries.first() else { return Vec::new() };
        if self.bound.components[usize::from(first.component)].parts.len() == 1 {
            return vec![(self.rule_of(first), entries.len())];
        }
        let mut end = 0;
        let runs = entries.chunk_by(|a, b| self.rule_of(a) == self.rule_of(b)).map(|run| {
            end += run.len();
            (self.rule_of(&run[0]), end)
        });
        runs.collect()
    }

    /// The same stretches with everything looked up, cut further where a figure is that of the rep below.
    fn stretches(&self, who: u32, entries: &[Entry]) -> Result<Vec<Stretch>, PayProblem> {
        let mut all = Vec::with_capacity(1);
        let mut start = 0;
        for (rule, end) in self.runs(entries) {
            let component = &self.bound.components[usize::from(entries[start].component)];
            let Some(part) = component.parts.iter().find(|part| part.rule == rule) else { continue };
            if !part.by_credited {
                all.push(self.stretch(who, who, (part, end))?);
                start = end;
                continue;
            }
            for below in entries[start..end].chunk_by(|a, b| a.origin == b.origin) {
                start += below.len();
                all.push(self.stretch(who, below[0].origin, (part, start))?);
            }
        }
        Ok(all)
    }

    fn stretch(&self, who: u32, credited: u32, (part, end): (&Part<'_>, usize)) -> Result<Stretch, PayProblem> {
        let bound = &self.bound.rules[part.rule];
        let lookup = Lookup { bound: self.bound, who, credited, version: bound.version, reached: self.reached(who, bound.version) };
        let pay = lookup.pay(part.pay)?;
        let kickers = bound.rule.kickers.iter().map(|kicker| Ok((lookup.figure(&kicker.factor)?, kicker.label.clone())));
        let kickers = kickers.collect::<Result<Vec<_>, PayProblem>>()?;
        let limits = lookup.limits(bound.rule)?;
        let needs_share = matches!(pay, FixedPay::Amount(_)) && matches!(bound.rule.trigger, Trigger::Sale(_));
        let needs_share = needs_share || matches!(&pay, FixedPay::Tiers(tiers) if tiers.by_sale || tiers.looked_up.is_some());
        Ok(Stretch { rule: part.rule, end, pay, limits, needs_share, kickers })
    }

    /// The attainment of the period in percent, where tiers are looked up by it.
    fn reached(&self, who: u32, version: usize) -> Option<Exact> {
        let quota = self.bound.versions[version].quota[who as usize]?;
        mul_div(*self.attained.get(who as usize)?, Exact::ONE_HUNDRED, quota).ok()
    }

    /// Whether a sale is only measured: it lies before the period, and was paid then.
    pub(super) fn is_paid_before(&self, entry: &Entry) -> bool {
        self.bound.program.settle.measure.is_some() && self.sales.keys[entry.sale as usize].at < self.bound.period.start()
    }

    /// What the sale of an entry brings to the fold, and the factors that apply to it.
    fn of_sale<'s>(&self, entry: &Entry, stretch: &'s Stretch, kickers: &'s mut Vec<(Exact, &'s str)>) -> Result<OfSale<'s>, Overflow> {
        let share = if stretch.needs_share { self.share(entry)? } else { Exact::ONE };
        let mut looked_up = None;
        if self.sales.has_terms() {
            for term in self.sales.terms_of(entry.sale) {
                match term.kind {
                    TermKind::Lookup(rule) if rule == stretch.rule => looked_up = Some(term.share),
                    TermKind::Kicker(rule, index) if rule == stretch.rule => {
                        kickers.extend(stretch.kickers.get(index).map(|(factor, label)| (*factor, label.as_str())));
                    }
                    _ => {}
                }
            }
        }
        Ok(OfSale { share, looked_up, kickers, is_paid_before: self.is_paid_before(entry) })
    }

    /// Folds the entries of one component in order; those that `traced` names keep their pieces.
    pub(super) fn walk(
        &self,
        who: u32,
        entries: &[Entry],
        traced: Option<Wanted<'_>>,
        each: &mut dyn FnMut(&Entry, usize, Outcome) -> Result<(), Overflow>,
    ) -> Result<(), PayProblem> {
        let stretches = self.stretches(who, entries)?;
        let Some(first) = stretches.first() else { return Ok(()) };
        let fold = ComponentFold::new(&first.pay, first.limits, &mut entries.iter()).map_err(|_| out_of_range())?;
        let mut fold = fold.keeping_totals(stretches.len() > 1);
        let mut start = 0;
        for stretch in &stretches {
            if start > 0 {
                fold.switch(&stretch.pay, stretch.limits, &mut entries.iter()).map_err(|_| out_of_range())?;
            }
            for entry in &entries[start..stretch.end] {
                if let Some(traced) = traced {
                    fold.trace(traced(entry, stretch.rule));
                }
                let mut kickers = Vec::new();
                let outcome = self.of_sale(entry, stretch, &mut kickers).and_then(|sale| fold.next(entry, sale));
                outcome.and_then(|outcome| each(entry, stretch.rule, outcome)).map_err(|_| out_of_range())?;
            }
            start = stretch.end;
        }
        Ok(())
    }

    /// Whether the entries of a component can be paid; otherwise none of them counts. Where nothing went wrong with
    /// `who` that is known without folding.
    pub(super) fn folds(&self, who: u32, entries: &[Entry], went_wrong: &dyn Fn(u32) -> bool) -> bool {
        !went_wrong(who) || self.walk(who, entries, None, &mut |_, _, _| Ok(())).is_ok()
    }

    /// The part of one sale that an entry of a sale rule stands for.
    pub(super) fn share(&self, entry: &Entry) -> Result<Exact, Overflow> {
        self.splits.get(entry.origin as usize).map_or(Ok(Exact::ONE), |split| split.of(Exact::ONE))
    }
}

/// Notes a problem of a rule once.
fn note(tally: &mut Tally, rule: usize, problem: PayProblem) {
    if !tally.errors.iter().any(|error| error.rule == rule && error.problem == problem) {
        tally.errors.push(FoldError { rule, problem });
    }
}

fn not_enrolled() -> PayProblem {
    PayProblem { code: AlertCode::NotEnrolled, subject: "enrollment".into() }
}

fn out_of_range() -> PayProblem {
    PayProblem { code: AlertCode::AmountOverflow, subject: "amount".into() }
}
