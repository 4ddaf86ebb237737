//! All cells of a calculation: the credits of each rep and team first, then the overrides that build on them.

use std::collections::BTreeMap;

use super::assign::Recipients;
use super::bound::{BoundProgram, Part};
use super::decide::SplitPart;
use super::fold::{ComponentFold, OfSale, Outcome};
use super::kept::{Sum, mul, mul_div};
use super::overrides::Upward;
use super::pay::{FixedPay, Limits, Lookup, PayProblem};
use super::reason::{AlertCode, Reason};
use super::run::{Entry, Filed, Refusal, SaleTable};
use super::settle::{RuleTotal, SaleTerm, TermKey, TermKind};
use super::spread::{Spread, in_parts};
use super::tally::{Factors, FoldError, Handed, Outwards, Paid, Tally, note};
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
                // Most have one component only.
                let end = match cell.last() {
                    Some(last) if last.component == component => cell.len(),
                    _ => start + cell[start..].partition_point(|entry| entry.component == component),
                };
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
    /// What gates and multipliers of the period leave of a rule's commission, where it is not all: by rep and rule.
    pub(super) factors: &'f Factors,
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
    (0..u32::try_from(cells.0.len()).unwrap_or(u32::MAX)).map(|who| attained_by(bound, sales, cells, who)).collect()
}

/// The same of one beneficiary.
pub(super) fn attained_by(bound: &BoundProgram<'_>, sales: &SaleTable, cells: &Cells, who: u32) -> Exact {
    let folder = Folder { bound, sales, splits: &[], attained: &[], factors: &Factors::new() };
    let mut tally = Tally::default();
    for entry in cells.of(who) {
        let mut basis = Sum::default();
        basis.add(entry.basis);
        folder.attain(folder.rule_of(entry), basis, &mut tally);
    }
    tally.attained.exact().unwrap_or_default()
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
            tally.credits += flat.all.credits;
            tally.exact.merge(flat.all.amount);
            tally.earned.merge(flat.all.amount);
            tally.rule(self.bound.rules[flat.rule].settled, flat.all, flat.own);
            self.attain(flat.rule, flat.all.basis, tally);
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
            tally.credits += handed.all.credits;
            tally.exact.merge(handed.all.amount);
            tally.rule(self.bound.rules[handed.rule].settled, handed.all, handed.own);
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
                if self.applies((flat.rule, flat.component), entry.sale, who) {
                    let paid = if self.is_paid_before(entry, flat.rule) { Exact::ZERO } else { basis };
                    let amount = rate.of(paid).unwrap_or_else(|Overflow| {
                        flat.overflow = true;
                        Exact::ZERO
                    });
                    flat.all.add(amount, basis);
                    if !self.is_before(entry) {
                        flat.own.add(amount, basis);
                    }
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
                for (rule, all, own) in paid.by_rule {
                    tally.rule(self.bound.rules[rule].settled, all, own);
                }
                tally.add_terms(&paid.terms);
                outwards.handed.append(&mut paid.handed);
                for (_, (flat, _)) in runs {
                    outwards.flat.extend(flat.into_iter().map(|(_, _, flat)| flat).filter(|flat| flat.all.credits > 0));
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
            paid.own(rule, (amount, entry.basis), self.is_before(entry));
            if has_terms {
                self.note_terms(rule, entry.sale, amount, &mut paid.terms)?;
            }
            return Ok(());
        };
        let recipients = &bound.recipients[who as usize];
        for (to, part) in recipients.people().iter().zip(recipients.deal(assign.paid(amount)?)?) {
            if *to == who {
                paid.own(rule, (part, entry.basis), self.is_before(entry));
                if has_terms {
                    self.note_terms(rule, entry.sale, part, &mut paid.terms)?;
                }
                continue;
            }
            let known = paid.handed.iter().position(|handed| handed.to == *to && handed.rule == rule);
            let place = known.unwrap_or_else(|| {
                let (all, own) = (RuleTotal::default(), RuleTotal::default());
                paid.handed.push(Handed { to: *to, rule, all, own, terms: BTreeMap::new() });
                paid.handed.len() - 1
            });
            paid.handed[place].all.add(part, Exact::ZERO);
            if !self.is_before(entry) {
                paid.handed[place].own.add(part, Exact::ZERO);
            }
            if has_terms {
                self.note_terms(rule, entry.sale, part, &mut paid.handed[place].terms)?;
            }
        }
        Ok(())
    }

    /// Notes what somebody gets of a credit under the terms of its sale that concern the rule.
    fn note_terms(&self, rule: usize, sale: u32, amount: Exact, terms: &mut BTreeMap<TermKey, Sum>) -> Result<(), Overflow> {
        let settle = &self.bound.program.settle;
        let rule = self.bound.rules[rule].settled;
        let all = self.sales.terms_of(sale);
        let id = self.sales.keys[sale as usize].id;
        let is_clawed = |term: &SaleTerm| matches!(term.kind, TermKind::Clawback(index) if settle.clawbacks[index].rules.contains(&rule));
        let is_clawed = all.iter().any(is_clawed);
        let mut note = |kind: TermKind, due_day: i64, sale: Id, amount: Exact| {
            terms.entry(TermKey { kind, rule, due_day, sale }).or_default().add(amount);
        };
        if is_clawed {
            note(TermKind::Sold, 0, id, amount);
        }
        for term in all {
            match term.kind {
                TermKind::Holdback(index) if settle.holdbacks[index].rules.contains(&rule) => {
                    note(term.kind, term.due_day, Id(0), mul(amount, term.share)?);
                    if is_clawed {
                        note(TermKind::HeldOf(index), term.due_day, id, amount);
                    }
                }
                TermKind::Clawback(index) if settle.clawbacks[index].rules.contains(&rule) => {
                    note(term.kind, term.due_day, id, mul(amount, term.share)?);
                }
                _ => {}
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

    /// Whether the sale of an entry lies before the period.
    fn is_before(&self, entry: &Entry) -> bool {
        self.sales.keys[entry.sale as usize].at < self.bound.period.start()
    }

    /// Whether a sale is only measured: it lies before the period, and was paid then.
    pub(super) fn is_paid_before(&self, entry: &Entry, rule: usize) -> bool {
        self.is_before(entry) && self.bound.rules[rule].pays_own_sales
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
        Ok(OfSale { share, looked_up, kickers, is_paid_before: self.is_paid_before(entry, stretch.rule) })
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

fn not_enrolled() -> PayProblem {
    PayProblem { code: AlertCode::NotEnrolled, subject: "enrollment".into() }
}

fn out_of_range() -> PayProblem {
    PayProblem { code: AlertCode::AmountOverflow, subject: "amount".into() }
}
