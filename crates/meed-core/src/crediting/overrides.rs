//! Overrides: what managers get from the credits below them, which entries those are, and how often a sale counts.

use std::collections::BTreeSet;

use super::bound::OverrideFeed;
use super::cells::{Cells, Folder};
use super::kept::{mul, mul_div};
use super::pay::{FixedPay, FixedRate, Lookup};
use super::reason::Reason;
use super::run::{Entry, Refusal};
use super::settle::RuleTotal;
use super::spread::{Spread, in_parts};
use super::tally::{Flat, Outwards, Raised, Tally};
use crate::money::Exact;
use crate::program::{CreditTo, Crediting, OncePer, OverrideBase, Rule, Share, Split, Trigger};

/// Says of a feed, with the rule below and whose it is, whether it is meant.
type Takes<'t> = &'t dyn Fn(&OverrideFeed, usize, u32) -> bool;

impl Folder<'_, '_> {
    /// What the overrides whose order matters bring to each manager. Takes their entries out of what goes to others.
    pub(super) fn fold_overrides(self, own: &mut [(Tally, Outwards)], spread: Spread<'_>) -> Vec<Option<Tally>> {
        let mut above: Vec<Vec<Raised>> = Vec::new();
        above.resize_with(own.len(), Vec::new);
        for (_, outwards) in own.iter_mut() {
            for (manager, raised) in std::mem::take(&mut outwards.raised) {
                above[manager as usize].push(raised);
            }
        }
        let total = above.iter().map(Vec::len).sum();
        if total == 0 {
            return vec![None; own.len()];
        }
        in_parts(spread, total, above, Vec::len, &|who, above| self.overrides(who, above))
    }

    /// The same for one manager, made again from the credits below.
    pub(super) fn fold_overrides_again(self, manager: u32, cells: &Cells, own: &[(Tally, Outwards)]) -> Option<Tally> {
        let went_wrong = |who: u32| !own[who as usize].0.errors.is_empty();
        let is_ordered = |over: &OverrideFeed, rule: usize, who: u32| self.flat_rate(over, rule, manager, who).is_none();
        self.overrides(manager, self.raised_to(manager, cells, &went_wrong, &is_ordered))
    }

    /// The same for all managers, where they follow what gates and multipliers leave.
    pub(super) fn fold_all_overrides_again(self, cells: &Cells, own: &[(Tally, Outwards)]) -> Vec<Option<Tally>> {
        let mut overrides = vec![None; own.len()];
        for manager in self.bound.people.managers.iter().flatten().collect::<BTreeSet<_>>() {
            overrides[*manager as usize] = self.fold_overrides_again(*manager, cells, own);
        }
        overrides
    }

    fn overrides(&self, manager: u32, raised: Vec<Raised>) -> Option<Tally> {
        if raised.is_empty() {
            return None;
        }
        let mut tally = Tally::default();
        let entries = self.count(raised, &mut tally.refusals);
        // No rule builds on an override, so nothing goes further up.
        self.components(manager, &entries, &mut tally, &mut Outwards::default());
        Some(tally)
    }

    /// The overrides above the credits of a rep or team under a rule: those that are a plain sum, and those whose order
    /// matters.
    pub(super) fn above(&self, who: u32, rule: usize, outwards: &mut Outwards) -> Upward<'_> {
        let managers = &self.bound.people.managers[who as usize];
        let (mut flat, mut ordered) = (Vec::new(), Vec::new());
        for over in self.bound.overrides.iter().filter(|over| over.of.get(rule) == Some(&true)) {
            let Some(manager) = managers.get(over.level).copied() else { continue };
            if !self.bound.may_earn(manager) {
                outwards.unenrolled.push((manager, over.rule));
                continue;
            }
            match self.flat_rate(over, rule, manager, who) {
                Some(rate) => {
                    let (all, own) = (RuleTotal::default(), RuleTotal::default());
                    flat.push((rate, over.base, Flat { manager, rule: over.rule, component: over.component, all, own, overflow: false }));
                }
                None => ordered.push((manager, over)),
            }
        }
        (flat, ordered)
    }

    /// The rate of an override whose reward is a plain sum: one rate, no limits, no other version, and no sale counts
    /// more than once.
    pub(super) fn flat_rate(&self, over: &OverrideFeed, below: usize, manager: u32, credited: u32) -> Option<FixedRate> {
        let component = &self.bound.components[usize::from(over.component)];
        let [part] = component.parts.as_slice() else { return None };
        let bound = &self.bound.rules[part.rule];
        let rule = bound.rule;
        let limited = rule.cap.is_some() || rule.floor.is_some() || rule.cap_per_sale.is_some();
        // What gates and multipliers leave of each commission is known later.
        let limited = limited || over.base == OverrideBase::Commission && self.bound.rules[below].has_factor;
        // Terms look at each sale; a plain sum knows none.
        if limited || self.sales.has_terms() || over.once_per == OncePer::Sale && !counts_once(self.bound.rules[below].rule) {
            return None;
        }
        match (Lookup { bound: self.bound, who: manager, credited, version: bound.version, reached: None }).pay(part.pay) {
            Ok(FixedPay::Rate(rate)) => Some(rate),
            _ => None,
        }
    }

    /// Whether an override applies to a sale: its validity and its own condition, which may ask for the rep below.
    pub(super) fn applies(&self, (rule, component): (usize, u16), sale: u32, who: u32) -> bool {
        let bound = &self.bound.rules[rule];
        let (start, end) = bound.window;
        let at = self.sales.keys[sale as usize].at;
        let passes = || match bound.condition_bit {
            Some(bit) => self.sales.passes.get(sale as usize).is_some_and(|bits| bits >> bit & 1 == 1),
            None => true,
        };
        start <= at && at < end && passes() && !self.sales.is_denied(sale, who, component)
    }

    /// A credit as the manager's override sees it.
    pub(super) fn raise(&self, who: u32, over: &OverrideFeed, entry: &Entry, (rule, amount): (usize, Exact)) -> Option<Raised> {
        if !self.applies((over.rule, over.component), entry.sale, who) {
            return None;
        }
        let basis = if over.base == OverrideBase::Sales { entry.basis } else { amount };
        let group = self.bound.group_of(over.component, self.sales.keys[entry.sale as usize].at);
        let share = if over.once_per == OncePer::Sale { self.share(entry).unwrap_or(Exact::ONE) } else { Exact::ONE };
        let entry = Entry { basis, sale: entry.sale, origin: who, group, component: over.component, place: entry.place };
        Some(Raised { entry, share, rule: u16::try_from(rule).unwrap_or(u16::MAX) })
    }

    /// All override entries of a manager, made again from the credits below. `went_wrong` says of whom a rule could not be
    /// folded.
    pub(super) fn overrides_of(&self, manager: u32, cells: &Cells, went_wrong: &dyn Fn(u32) -> bool) -> Vec<Entry> {
        let raised = self.raised_to(manager, cells, went_wrong, &|_, _, _| true);
        self.count(raised, &mut Vec::new())
    }

    /// The overrides of a manager before it is known how often a sale counts; of the feeds that `takes` names, asked with
    /// the rule below and whose it is.
    fn raised_to(&self, manager: u32, cells: &Cells, went_wrong: &dyn Fn(u32) -> bool, takes: Takes<'_>) -> Vec<Raised> {
        let mut raised = Vec::new();
        if !self.bound.may_earn(manager) {
            return raised;
        }
        for (who, managers) in (0u32..).zip(&self.bound.people.managers) {
            let feeds: Vec<&OverrideFeed> = self.bound.overrides.iter().filter(|over| managers.get(over.level) == Some(&manager)).collect();
            if feeds.is_empty() {
                continue;
            }
            for entries in cells.of(who).chunk_by(|a, b| a.component == b.component) {
                self.raise_component(who, entries, (&feeds, takes), went_wrong, &mut raised);
            }
        }
        raised
    }

    fn raise_component(
        &self,
        who: u32,
        entries: &[Entry],
        (feeds, takes): (&[&OverrideFeed], Takes<'_>),
        went_wrong: &dyn Fn(u32) -> bool,
        raised: &mut Vec<Raised>,
    ) {
        let of_rule = |(rule, end): (usize, usize)| {
            let feeds = feeds.iter().copied().filter(|over| over.of.get(rule) == Some(&true) && takes(over, rule, who));
            (rule, end, feeds.collect::<Vec<&OverrideFeed>>())
        };
        let runs: Vec<(usize, usize, Vec<&OverrideFeed>)> = self.runs(entries).into_iter().map(of_rule).collect();
        if runs.iter().all(|(.., feeds)| feeds.is_empty()) {
            return;
        }
        let before = raised.len();
        if runs.iter().all(|(.., feeds)| feeds.iter().all(|over| over.base == OverrideBase::Sales)) {
            // What the credits below came to does not matter, only that they could be paid.
            if self.folds(who, entries, went_wrong) {
                let mut start = 0;
                for (rule, end, feeds) in &runs {
                    for entry in &entries[start..*end] {
                        raised.extend(feeds.iter().filter_map(|over| self.raise(who, over, entry, (*rule, Exact::ZERO))));
                    }
                    start = *end;
                }
            }
            return;
        }
        let folded = self.walk(who, entries, None, &mut |entry, rule, outcome| {
            let feeds = runs.iter().find(|(known, ..)| *known == rule).map(|(.., feeds)| feeds.iter()).into_iter().flatten();
            raised.extend(feeds.filter_map(|over| self.raise(who, over, entry, (rule, outcome.amount))));
            Ok(())
        });
        if folded.is_err() {
            raised.truncate(before);
        }
    }

    /// Puts a manager's overrides in order and lets each sale count as often as the document says.
    fn count(&self, mut raised: Vec<Raised>, refusals: &mut Vec<Refusal>) -> Vec<Entry> {
        if !self.factors.is_empty() {
            for raised in &mut raised {
                self.follow(raised);
            }
        }
        let rank = |raised: &Raised| self.sales.rank(raised.entry.sale);
        raised.sort_by_key(|raised| (raised.entry.component, rank(raised), raised.rule, raised.entry.place, raised.entry.origin));
        let mut entries = Vec::with_capacity(raised.len());
        for same in raised.chunk_by(|a, b| (a.entry.component, a.entry.sale) == (b.entry.component, b.entry.sale)) {
            self.count_sale(same, &mut entries, refusals);
        }
        entries
    }

    /// Lets an override on commission follow what the rep is paid of it after gates and multipliers.
    fn follow(&self, raised: &mut Raised) {
        let over = self.bound.rules[self.rule_of(&raised.entry)].rule;
        if !matches!(&over.trigger, Trigger::Override(over) if over.base == OverrideBase::Commission) {
            return;
        }
        let below = self.bound.rules[usize::from(raised.rule)].settled;
        if let Some(factor) = self.factors.get(&(raised.entry.origin, below)) {
            // An amount that leaves the range here leaves it for the rep, too, who is then flagged and paid nothing.
            raised.entry.basis = mul(raised.entry.basis, *factor).unwrap_or_default();
        }
    }

    /// The overrides of one component on one sale: all of them, or up to one whole sale for each rule below.
    fn count_sale(&self, same: &[Raised], entries: &mut Vec<Entry>, refusals: &mut Vec<Refusal>) {
        let Some(first) = same.first() else { return };
        let rule = self.rule_of(&first.entry);
        let over = self.bound.overrides.iter().find(|over| over.component == first.entry.component && over.rule == rule);
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
                        refusals.push(self.refusal(&entry, entry.origin, Reason::AlreadyCounted));
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
    let Trigger::Sale(Crediting { owners, split, teams, roll_up, to, .. }) = &rule.trigger else { return false };
    let mut shares = Exact::ZERO;
    for owner in owners {
        match &owner.share {
            None => {}
            // A share of nothing is refused as counted already, sale by sale.
            Some(Share::Literal(share)) if share.is_zero() => return false,
            Some(Share::Literal(share)) => shares += share,
            Some(Share::Percent(_)) => return false,
        }
    }
    // The owners' teams and the teams above may stand for one part several times.
    *split == Split::Equal && teams.is_none() && !roll_up && *to == CreditTo::Rep && shares <= Exact::ONE
}

/// The overrides above a rule's credits: the flat ones with their rates, and the others with their managers.
pub(super) type Upward<'f> = (Vec<(FixedRate, OverrideBase, Flat)>, Vec<(u32, &'f OverrideFeed)>);
