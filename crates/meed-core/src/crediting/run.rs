//! The streaming side of a calculation: sales come in, in any order and in several runs; compact entries are kept.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::bound::{BoundProgram, BoundRule};
use super::calculation::Calculation;
use super::decide::{Detail, Share, Sink, SplitPart, decide};
use super::find::Memo;
use super::foreign::{Converted, Origins, Standing};
use super::reason::Reason;
use super::settle::{SaleTerm, Unanswered, has_terms, terms_of};
use super::spread::{Job, Spread};
use crate::condition::{Condition, Context, RepContext, SaleRef};
use crate::id::Id;
use crate::money::{Conversion, Exact, Unit};

/// No index.
pub(super) const NONE: u32 = u32::MAX;

/// A credit before its amount is known, in 32 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) basis: Exact,
    /// Index of the sale in the table.
    pub(super) sale: u32,
    /// Index of the division, or of the rep an override goes through.
    pub(super) origin: u32,
    /// Index of the group.
    pub(super) group: u32,
    pub(super) component: u16,
    pub(super) place: u16,
}

impl Entry {
    /// Orders the entries of a rep: by component, canonical order, place. Needs the sales in canonical order.
    pub(super) fn order(&self) -> u64 {
        u64::from(self.component) << 48 | u64::from(self.sale) << 16 | u64::from(self.place)
    }

    /// The same where sales came late.
    pub(super) fn order_among(&self, sales: &SaleTable) -> (u16, u64, u16) {
        (self.component, sales.rank(self.sale), self.place)
    }
}

/// An entry and the rep or team it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filed {
    pub(super) who: u32,
    pub(super) entry: Entry,
}

/// What the canonical order needs of a sale.
#[derive(Clone, Copy, Debug)]
pub(super) struct SaleKey {
    pub(super) at: Timestamp,
    pub(super) id: Id,
    unique_start: u32,
    unique_len: u32,
}

/// The sales of a run. Unique ids lie one behind the other in one text.
#[derive(Default)]
pub(super) struct SaleTable {
    pub(super) keys: Vec<SaleKey>,
    unique: String,
    /// Which conditional overrides the sale passes, one bit each; empty where there are none.
    pub(super) passes: Vec<u64>,
    /// Overrides whose condition does not hold for the rep below: sale, rep, component. Only of programs that ask.
    denied: HashSet<(u32, u32, u16)>,
    /// How many of the first sales stand in canonical order; what came later has its rank here.
    sorted: u32,
    late: Vec<u64>,
    /// Sales that were taken out again: nothing refers to them.
    gone: usize,
    /// Where each sale's terms lie in the list of all; empty where the program has none.
    term_ranges: Vec<(u32, u32)>,
    terms: Vec<SaleTerm>,
}

/// How many sales may come late between two that stood in order, as a power of two.
const LATE_BITS: u32 = 20;

/// So many late sales are always taken; more only where they are few beside the others, since each question orders them anew.
const LATE_MIN: u32 = 8_192;

/// The part of the others that late sales may come to.
const LATE_PART: u32 = 64;

/// Marks a sale without a unique id, which is not the same as an empty one.
const NO_UNIQUE: u32 = u32::MAX;

impl SaleTable {
    fn push(&mut self, sale: SaleRef<'_>) -> u32 {
        let index = u32::try_from(self.keys.len()).unwrap_or(NONE);
        let unique_start = u32::try_from(self.unique.len()).unwrap_or(NONE);
        let unique_len = sale.unique_id.map_or(NO_UNIQUE, |unique| u32::try_from(unique.len()).unwrap_or(0));
        self.unique.push_str(sale.unique_id.unwrap_or_default());
        self.keys.push(SaleKey { at: sale.facts.at(), id: sale.id, unique_start, unique_len });
        index
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<SaleKey>()
            + self.unique.capacity()
            + (self.passes.capacity() + self.late.capacity()) * 8
            + self.term_ranges.capacity() * 8
            + self.terms.capacity() * size_of::<SaleTerm>()
    }

    /// Whether the condition of an override that reads the rep below does not hold for this one.
    pub(super) fn is_denied(&self, sale: u32, who: u32, component: u16) -> bool {
        !self.denied.is_empty() && self.denied.contains(&(sale, who, component))
    }

    /// Whether sales of this program may be withheld or taken back.
    pub(super) fn has_terms(&self) -> bool {
        !self.term_ranges.is_empty()
    }

    /// The terms of a sale.
    pub(super) fn terms_of(&self, sale: u32) -> &[SaleTerm] {
        let (start, end) = self.term_ranges.get(sale as usize).copied().unwrap_or_default();
        self.terms.get(start as usize..end as usize).unwrap_or_default()
    }

    fn push_terms(&mut self, terms: Vec<SaleTerm>) {
        let start = u32::try_from(self.terms.len()).unwrap_or(NONE);
        self.terms.extend(terms);
        self.term_ranges.push((start, u32::try_from(self.terms.len()).unwrap_or(NONE)));
    }

    pub(super) fn unique(&self, key: &SaleKey) -> Option<&str> {
        if key.unique_len == NO_UNIQUE {
            return None;
        }
        self.unique.get(key.unique_start as usize..(key.unique_start + key.unique_len) as usize)
    }

    /// The place of a sale in canonical order, with room for those that come later. Needs the sales in order.
    pub(super) fn rank(&self, sale: u32) -> u64 {
        if sale < self.sorted {
            return (u64::from(sale) + 1) << LATE_BITS;
        }
        self.late.get((sale - self.sorted) as usize).copied().unwrap_or(u64::MAX)
    }

    /// A rank behind all of them.
    pub(super) fn rank_max(&self) -> u64 {
        (u64::from(self.sorted) + 2) << LATE_BITS
    }

    /// Whether sales came after the rest had been brought into order.
    pub(super) fn has_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// How many sales count.
    pub(super) fn len(&self) -> usize {
        self.keys.len() - self.gone
    }

    /// Notes that a sale is out: the caller has taken away what referred to it.
    pub(super) fn take_out(&mut self) {
        self.gone += 1;
    }

    /// Gives the sales that came after the rest their ranks. `false` when there are so many that it is better to begin anew.
    pub(super) fn rank_late(&mut self) -> bool {
        let count = u32::try_from(self.keys.len()).unwrap_or(NONE);
        if count - self.sorted >= LATE_MIN.max(self.sorted / LATE_PART).min(1 << LATE_BITS) {
            return false;
        }
        let mut late: Vec<u32> = (self.sorted..count).collect();
        late.sort_unstable_by(|a, b| self.canonical(*a).cmp(&self.canonical(*b)));
        let mut ranks = vec![0; late.len()];
        let mut before: Option<(u32, u64)> = None;
        for sale in &late {
            let place = self.place_among_sorted(*sale);
            let within = before.filter(|(other, _)| *other == place).map_or(1, |(_, within)| within + 1);
            ranks[(sale - self.sorted) as usize] = u64::from(place) << LATE_BITS | within;
            before = Some((place, within));
        }
        self.late = ranks;
        true
    }

    /// How many of the sorted sales stand before a late one.
    fn place_among_sorted(&self, sale: u32) -> u32 {
        let (mut low, mut high) = (0, self.sorted);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.canonical(middle) <= self.canonical(sale) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn canonical(&self, index: u32) -> (Timestamp, &str, Id) {
        let key = &self.keys[index as usize];
        (key.at, self.unique(key).unwrap_or_default(), key.id)
    }

    /// Brings the sales into canonical order. Returns the new index of each, or `None` when they stood in it already.
    pub(super) fn sort(&mut self) -> Option<Vec<u32>> {
        let count = u32::try_from(self.keys.len()).unwrap_or(NONE);
        self.sorted = count;
        if (1..count).all(|index| self.canonical(index - 1) <= self.canonical(index)) {
            return None;
        }
        let mut order: Vec<(Timestamp, u64, u32)> = (0..count).map(|index| (self.keys[index as usize].at, 0, index)).collect();
        order.sort_unstable_by_key(|(at, ..)| *at);
        // Ids such as INV-00001234 differ late: the eight bytes after what those of one instant have in common decide most ties.
        for same in order.chunk_by_mut(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            let common = self.common_prefix(same);
            for (_, key, index) in &mut *same {
                *key = prefix(self.unique_of(*index), common);
            }
            same.sort_unstable_by(|a, b| a.1.cmp(&b.1).then_with(|| self.canonical(a.2).cmp(&self.canonical(b.2))));
        }
        let mut places = vec![0; self.keys.len()];
        let mut keys = Vec::with_capacity(self.keys.len());
        let mut passes = Vec::with_capacity(self.passes.len());
        let mut term_ranges = Vec::with_capacity(self.term_ranges.len());
        for (place, (_, _, index)) in (0u32..).zip(order) {
            places[index as usize] = place;
            keys.push(self.keys[index as usize]);
            passes.extend(self.passes.get(index as usize));
            term_ranges.extend(self.term_ranges.get(index as usize));
        }
        self.denied = self.denied.drain().map(|(sale, who, rule)| (places[sale as usize], who, rule)).collect();
        self.keys = keys;
        self.passes = passes;
        self.term_ranges = term_ranges;
        Some(places)
    }

    fn unique_of(&self, index: u32) -> &str {
        self.unique(&self.keys[index as usize]).unwrap_or_default()
    }

    /// How many leading bytes the unique ids of some sales share.
    fn common_prefix(&self, of: &[(Timestamp, u64, u32)]) -> usize {
        let mut ids = of.iter().map(|(.., index)| self.unique_of(*index).as_bytes());
        let Some(first) = ids.next() else { return 0 };
        ids.fold(first.len(), |common, id| first[..common].iter().zip(id).take_while(|(a, b)| a == b).count())
    }

    fn append(&mut self, other: Self) {
        let shift = u32::try_from(self.unique.len()).unwrap_or(NONE);
        let sales = u32::try_from(self.keys.len()).unwrap_or(NONE);
        self.denied.extend(other.denied.into_iter().map(|(sale, who, rule)| (sale + sales, who, rule)));
        self.unique.push_str(&other.unique);
        self.passes.extend(other.passes);
        let terms = u32::try_from(self.terms.len()).unwrap_or(NONE);
        self.term_ranges.extend(other.term_ranges.into_iter().map(|(start, end)| (start + terms, end + terms)));
        self.terms.extend(other.terms);
        self.keys.extend(other.keys.into_iter().map(|key| SaleKey { unique_start: key.unique_start + shift, ..key }));
    }
}

/// Eight bytes from `start` on, which order like the text as far as they go.
fn prefix(text: &str, start: usize) -> u64 {
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let mut bytes = [0; 8];
    let len = rest.len().min(8);
    bytes[..len].copy_from_slice(&rest[..len]);
    u64::from_be_bytes(bytes)
}

/// A refusal, compact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) sale: u32,
    /// Index of an alias or other subject, or of a rep, by reason.
    pub(super) detail: u32,
    pub(super) rule: u16,
    pub(super) reason: Reason,
}

/// Somebody whose result is not known in full because of a sale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) sale: u32,
    pub(super) who: u32,
    /// Index of the text in question.
    pub(super) detail: u32,
    pub(super) rule: u16,
    pub(super) reason: Reason,
}

/// Texts that occur again and again.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) all: Vec<Box<str>>,
    index: HashMap<Box<str>, u32>,
}

impl Texts {
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(index) = self.index.get(text) {
            return *index;
        }
        let index = u32::try_from(self.all.len()).unwrap_or(NONE);
        self.all.push(text.into());
        self.index.insert(text.into(), index);
        index
    }
}

/// What sales left behind.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) sales: SaleTable,
    /// In the order in which the sales came.
    pub(super) filed: Vec<Filed>,
    pub(super) splits: Vec<SplitPart>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) flags: Vec<Flag>,
    /// Sales that were converted.
    pub(super) origins: Origins,
    pub(super) texts: Texts,
}

/// What a run has taken in, without the program that it was taken in for.
pub struct Fed(Collected);

/// One stream of sales into a calculation. Runs on several threads are merged; the result does not depend on how the
/// sales were dealt among them.
///
/// A sale may be fed once; the caller sees to that. At most 2³² − 1 sales and 4 GiB of unique ids fit into one run.
pub struct Run<'a> {
    bound: &'a BoundProgram<'a>,
    memo: Memo,
    collected: Collected,
    has_terms: bool,
}

impl<'a> Run<'a> {
    /// An empty run.
    #[must_use]
    pub fn new(bound: &'a BoundProgram<'a>) -> Self {
        Self::resumed(bound, Collected::default())
    }

    /// Lets go of the program. [`Fed::go_on`] takes it up again.
    #[must_use]
    pub fn pause(self) -> Fed {
        Fed(self.collected)
    }

    /// A run that goes on where another stopped.
    pub(super) fn resumed(bound: &'a BoundProgram<'a>, collected: Collected) -> Self {
        Self { bound, memo: Memo::default(), collected, has_terms: has_terms(bound) }
    }

    pub(super) fn into_collected(self) -> Collected {
        self.collected
    }

    /// The index of the sale that is taken in next, while there is room.
    pub(super) fn next_index(&self) -> Option<u32> {
        u32::try_from(self.collected.sales.keys.len()).ok().filter(|index| *index < NONE)
    }

    /// Takes sales in, in any order.
    pub fn feed<'s>(&mut self, sales: impl IntoIterator<Item = SaleRef<'s>>) {
        for sale in sales {
            self.feed_one(sale);
        }
    }

    /// Takes one sale in.
    pub fn feed_one(&mut self, sale: SaleRef<'_>) {
        let converted = |conversion: Option<Conversion>| Converted { facts: sale.facts, conversion };
        match self.bound.standing(sale) {
            Standing::Same => self.take(sale, None),
            Standing::Converted(conversion) => {
                self.collected.origins.note(sale, conversion);
                self.take(SaleRef { facts: &converted(Some(conversion)), ..sale }, None);
            }
            Standing::Missing(currency) => self.take(SaleRef { facts: &converted(None), ..sale }, Some(currency)),
        }
    }

    /// Takes in a sale whose amounts are in the program's currency.
    fn take(&mut self, sale: SaleRef<'_>, missing: Option<Unit>) {
        let index = self.collected.sales.push(sale);
        let mut unanswered = Vec::new();
        if self.has_terms {
            self.collected.sales.push_terms(terms_of(self.bound, sale, &mut unanswered));
        }
        let first = self.collected.filed.len();
        let mut sink = Collector { bound: self.bound, sale, index, collected: &mut self.collected };
        if self.bound.has_conditions {
            let passes = passes(self.bound, (sale, missing), &mut sink);
            sink.collected.sales.passes.push(passes);
        }
        decide(self.bound, &mut self.memo, (sale, missing), &mut sink);
        if !unanswered.is_empty() {
            sink.flag_credited(first, &unanswered);
        }
    }

    /// How many sales were taken in.
    #[must_use]
    pub fn sales(&self) -> usize {
        self.collected.sales.keys.len()
    }

    /// Adds what another run of the same bound program has taken in.
    pub fn merge(&mut self, other: Self) {
        let mine = &mut self.collected;
        let theirs = other.collected;
        let sale_shift = u32::try_from(mine.sales.keys.len()).unwrap_or(NONE);
        let split_shift = u32::try_from(mine.splits.len()).unwrap_or(NONE);
        let texts: Vec<u32> = theirs.texts.all.iter().map(|text| mine.texts.intern(text)).collect();
        let text = |index: u32| texts.get(index as usize).copied().unwrap_or(index);
        let formula_group = formula_groups(self.bound);
        mine.filed.extend(theirs.filed.into_iter().map(|Filed { who, entry }| {
            let origin = if entry.origin == NONE { NONE } else { entry.origin + split_shift };
            let group = if formula_group[usize::from(entry.component)] { text(entry.group) } else { entry.group };
            Filed { who, entry: Entry { sale: entry.sale + sale_shift, origin, group, ..entry } }
        }));
        mine.refusals.extend(theirs.refusals.into_iter().map(|refusal| Refusal {
            sale: refusal.sale + sale_shift,
            detail: if names_text(refusal.reason) { text(refusal.detail) } else { refusal.detail },
            ..refusal
        }));
        mine.flags.extend(theirs.flags.into_iter().map(|flag| Flag { sale: flag.sale + sale_shift, detail: text(flag.detail), ..flag }));
        mine.origins.append(theirs.origins);
        mine.splits.extend(theirs.splits);
        mine.sales.append(theirs.sales);
    }

    /// Folds every cell in canonical order.
    #[must_use]
    pub fn finish(self) -> Calculation<'a> {
        self.finish_on(1)
    }

    /// The same, cut into so many jobs that run one after another: the cut does not change the result.
    #[must_use]
    pub fn finish_on(self, parts: usize) -> Calculation<'a> {
        self.finish_with(parts, &|jobs| jobs.into_iter().for_each(|job| job()))
    }

    /// The same, with the jobs handed to `run`, which may spread them over threads: this crate starts none itself.
    /// `run` runs every job once and returns when all are done. The result is the same for any cut and any threads.
    ///
    /// # Panics
    /// When `run` leaves a job out.
    #[must_use]
    pub fn finish_with(self, parts: usize, run: &dyn Fn(Vec<Job<'_>>)) -> Calculation<'a> {
        Calculation::new(self.bound, self.collected, Spread { parts, run }, false)
    }

    /// The same, and the calculation can be kept and taken up again with [`Calculation::keep`].
    #[must_use]
    pub fn finish_to_keep(self, parts: usize, run: &dyn Fn(Vec<Job<'_>>)) -> Calculation<'a> {
        Calculation::new(self.bound, self.collected, Spread { parts, run }, true)
    }
}

impl Fed {
    /// The run again. `bound` must bind the same program, people and period as before; only what earlier periods left may
    /// differ.
    #[must_use]
    pub fn go_on<'a>(self, bound: &'a BoundProgram<'a>) -> Run<'a> {
        Run::resumed(bound, self.0)
    }
}

/// The conditional overrides whose condition the sale fulfils. A condition without an answer does not hold, and says so.
fn passes(bound: &BoundProgram<'_>, (sale, missing): (SaleRef<'_>, Option<Unit>), sink: &mut impl Sink) -> u64 {
    let context = Context { sale, period: bound.period, rep: None };
    let mut bits = 0;
    let at = sale.facts.at();
    for index in bound.versions[bound.version_at(at)].rules.clone() {
        let BoundRule { rule, window, condition_bit: Some(bit), money, .. } = &bound.rules[index] else { continue };
        if at < window.0 || at >= window.1 {
            continue;
        }
        if let Some(currency) = missing.filter(|_| money.in_condition) {
            sink.refuse(index, Reason::RateMissing, &Detail::Currency(currency));
            continue;
        }
        if rule.when.as_ref().is_some_and(Condition::uses_rep) {
            // Asked for each rep whom the sale credits.
            bits |= 1 << bit;
            continue;
        }
        match rule.when.as_ref().map(|when| when.holds(&context)) {
            Some(Ok(holds)) => bits |= u64::from(holds) << bit,
            Some(Err(error)) => sink.refuse(index, Reason::ConditionError, &Detail::Error(&error)),
            None => {}
        }
    }
    bits
}

/// Whether a component's groups are texts, by component.
fn formula_groups(bound: &BoundProgram<'_>) -> Vec<bool> {
    use crate::program::{Accumulate, Group, Pay};
    let is_formula = |pay: &Pay| matches!(pay, Pay::Tiers(tiers) if matches!(tiers.accumulate, Accumulate::Group(Group::Formula(_))));
    bound.components.iter().map(|component| component.parts.iter().any(|part| is_formula(part.pay))).collect()
}

/// Whether a refusal's detail is a text; otherwise it is a rep or nothing.
pub(super) const fn names_text(reason: Reason) -> bool {
    matches!(reason, Reason::NoMatch | Reason::DuplicateAlias | Reason::ShareMissing | Reason::RateMissing | Reason::ConditionError)
}

struct Collector<'r, 'b, 's> {
    bound: &'r BoundProgram<'b>,
    sale: SaleRef<'s>,
    index: u32,
    collected: &'r mut Collected,
}

impl Collector<'_, '_, '_> {
    /// Flags whoever the sale credited (from one of the credits on) under rules that have a term without an answer.
    fn flag_credited(&mut self, first: usize, unanswered: &[Unanswered]) {
        let at = self.sale.facts.at();
        for place in first..self.collected.filed.len() {
            let Filed { who, entry } = self.collected.filed[place];
            let rule = self.bound.part_at(entry.component, at).rule;
            for (_, error) in unanswered.iter().filter(|(of, _)| of.is_none_or(|of| of == rule)) {
                self.flag(rule, who, Reason::ConditionError, &Detail::Error(error));
            }
        }
    }

    fn detail(&mut self, detail: &Detail<'_>) -> u32 {
        match detail {
            Detail::Nothing => NONE,
            Detail::Who(who) => *who,
            Detail::Alias(alias) | Detail::Owners(alias, _) => self.collected.texts.intern(alias),
            Detail::Currency(unit) => self.collected.texts.intern(unit.code()),
            Detail::Error(error) => self.collected.texts.intern(&error.to_string()),
        }
    }
}

impl Collector<'_, '_, '_> {
    /// Asks the overrides on a credit whose condition reads the rep below.
    fn ask_overrides(&mut self, rule: usize, who: u32) {
        let bound = self.bound;
        let at = self.sale.facts.at();
        for over in bound.asking.iter().map(|place| &bound.overrides[*place]).filter(|over| over.of.get(rule) == Some(&true)) {
            let BoundRule { rule: asked, window, version, .. } = &bound.rules[over.rule];
            let Some(when) = asked.when.as_ref().filter(|_| window.0 <= at && at < window.1) else { continue };
            let variables = &bound.versions[*version].variables;
            let manager = bound.people.managers[who as usize].get(over.level).map(|manager| bound.beneficiary(*manager));
            if when.uses_manager() && manager.is_none() {
                continue;
            }
            let rep = RepContext { rep: bound.beneficiary(who), directory: bound.directory, defaults: variables, manager };
            let answer = when.holds(&Context { sale: self.sale, period: bound.period, rep: Some(rep) });
            if answer == Ok(true) {
                continue;
            }
            let levels =
                bound.overrides.iter().filter(|other| other.rule == over.rule && (!when.uses_manager() || other.level == over.level));
            self.collected.sales.denied.extend(levels.map(|level| (self.index, who, level.component)));
            match answer {
                Err(error) => {
                    let detail = Detail::Error(&error);
                    self.refuse(over.rule, Reason::ConditionError, &detail);
                    self.flag(over.rule, who, Reason::ConditionError, &detail);
                }
                Ok(_) => self.refuse(over.rule, Reason::Condition, &Detail::Who(who)),
            }
        }
    }
}

impl Sink for Collector<'_, '_, '_> {
    fn credit(&mut self, share: &Share<'_>) {
        if !self.bound.asking.is_empty() {
            self.ask_overrides(share.rule, share.who);
        }
        let component = self.bound.rules[share.rule].component;
        let origin = share.split.map_or(NONE, |split| {
            self.collected.splits.push(split);
            u32::try_from(self.collected.splits.len() - 1).unwrap_or(NONE)
        });
        let group = match share.group {
            Some(text) => self.collected.texts.intern(text),
            None => self.bound.group_of(component, self.sale.facts.at()),
        };
        let entry = Entry { basis: share.basis, sale: self.index, origin, group, component, place: share.place };
        self.collected.filed.push(Filed { who: share.who, entry });
    }

    fn flag(&mut self, rule: usize, who: u32, reason: Reason, detail: &Detail<'_>) {
        let detail = self.detail(detail);
        self.collected.flags.push(Flag { sale: self.index, who, detail, rule: u16::try_from(rule).unwrap_or(u16::MAX), reason });
    }

    fn refuse(&mut self, rule: usize, reason: Reason, detail: &Detail<'_>) {
        let detail = self.detail(detail);
        let rule_number = u16::try_from(rule).unwrap_or(u16::MAX);
        self.collected.refusals.push(Refusal { sale: self.index, detail, rule: rule_number, reason });
    }
}
