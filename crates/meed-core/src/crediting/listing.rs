//! The credits of one payee, all or a part of them. Order, number and sums look at every credit; its working is made only
//! for what is shown, so that a page of a manager with a hundred thousand credits costs little more than the counting.
//! Overrides that are plain sums are not even brought into order (see [`super::plain`]).

use std::borrow::Cow;
use std::ops::Range;

use super::calculation::{Calculation, assigned};
use super::explanation::{AssignedShown, Credit, RuleReached, ThroughSum};
use super::fold::Outcome;
use super::kept::Sum;
use super::plain::Plain;
use super::run::Entry;
use crate::id::Id;
use crate::money::Exact;
use crate::people::Beneficiary;
use crate::program::Trigger;

/// Which credits of a rep or team are listed. Their number and sums are always those of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All of them.
    All,
    /// So many, after those that come before.
    Slice {
        /// How many come before.
        from: usize,
        /// How many at most.
        count: usize,
    },
    /// The page of so many on which the first credit of a sale stands; none where it has none.
    PageOf {
        /// The sale.
        sale: Id,
        /// Credits of a page.
        count: usize,
    },
    /// Those of one sale.
    OfSale(Id),
}

/// What is listed of somebody's credits.
#[derive(Default)]
pub(super) struct Listing {
    /// In canonical order.
    pub(super) credits: Vec<Credit>,
    /// How many come before the first that is listed.
    pub(super) first: usize,
    pub(super) credit_count: usize,
    pub(super) sale_count: usize,
    pub(super) reached: Vec<RuleReached>,
    pub(super) through: Vec<ThroughSum>,
}

/// The canonical place of a credit: by sale, rule, level and place on the sale; then as they were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) sale: u64,
    pub(super) rule: u32,
    pub(super) level: u16,
    pub(super) on_sale: u16,
    pub(super) found: u32,
}

/// A set of sales, by index.
pub(super) struct SaleSet {
    bits: Vec<u64>,
    count: usize,
}

impl SaleSet {
    fn new(sales: usize) -> Self {
        Self { bits: vec![0; sales.div_ceil(64)], count: 0 }
    }

    pub(super) fn insert(&mut self, sale: u32) {
        let (word, bit) = (&mut self.bits[sale as usize / 64], 1 << (sale % 64));
        self.count += usize::from(*word & bit == 0);
        *word |= bit;
    }
}

/// The credits of somebody in their order: those that were looked at one by one, and the plain overrides.
struct Ordered<'l> {
    places: &'l [Place],
    plain: &'l Plain<'l>,
}

impl Ordered<'_> {
    fn len(&self) -> usize {
        self.places.len() + self.plain.count()
    }
}

/// Entries from which credits come.
struct Origin<'c> {
    /// Whose cell it is.
    who: u32,
    entries: Cow<'c, [Entry]>,
    /// Whether they are somebody else's, who hands on what they earn.
    is_handed: bool,
}

impl Origin<'_> {
    fn components(&self) -> impl Iterator<Item = &[Entry]> {
        self.entries.chunk_by(|a, b| a.component == b.component)
    }
}

/// What the credits behind each rep below come to.
#[derive(Clone, Copy, Default)]
pub(super) struct Below {
    pub(super) credits: usize,
    pub(super) basis: Sum,
    pub(super) amount: Sum,
}

/// Those parts of the work that grow with each credit.
struct Gathered {
    credits: Vec<(Place, Credit)>,
    reached: Vec<Option<(Place, Exact)>>,
    through: Vec<Below>,
    found: usize,
}

impl Calculation<'_> {
    /// The credits of a rep or team; with their pieces if `traced`.
    pub(super) fn list(&self, of: Id, listed: Listed, traced: bool) -> Listing {
        let Some(of) = self.bound.people.index(of) else { return Listing::default() };
        let plain = self.plain(of);
        let origins = self.origins(of, plain.is_none());
        let plain = plain.unwrap_or_default();
        let mut sales = SaleSet::new(self.sales.keys.len());
        plain.note_sales(&mut sales);
        let mut places = Vec::with_capacity(origins.iter().map(|origin| origin.entries.len()).sum());
        for origin in &origins {
            self.places(of, origin, &mut places, &mut sales);
        }
        let found = places.len();
        // A few runs, each in order: merging them is cheap.
        places.sort();
        let ordered = Ordered { places: &places, plain: &plain };
        let shown = self.shown(listed, &ordered);
        let (ranks, bounds) = self.bounds(&ordered, &shown);
        let mut gathered = Gathered {
            credits: Vec::with_capacity(shown.len()),
            reached: vec![None; self.bound.rules.len()],
            through: vec![Below::default(); self.bound.people.count()],
            found: 0,
        };
        for origin in &origins {
            self.gather(of, origin, (bounds, traced), &mut gathered);
        }
        debug_assert_eq!(gathered.found, found, "both walks find the same credits");
        if plain.count() > 0 {
            self.note_plain(of, &plain, &mut gathered.through, &mut gathered.reached);
            let is_shown = |place: Place| bounds.is_some_and(|(first, last)| first <= place && place <= last);
            let mut credits = self.plain_credits(&plain, ranks, &is_shown);
            if !traced {
                for (_, credit) in &mut credits {
                    credit.pieces.clear();
                }
            }
            gathered.credits.append(&mut credits);
        }
        gathered.credits.sort_by_key(|(place, _)| *place);
        Listing {
            credits: gathered.credits.into_iter().map(|(_, credit)| credit).collect(),
            first: shown.start,
            credit_count: ordered.len(),
            sale_count: sales.count,
            reached: self.reached(&gathered.reached),
            through: self.through(&gathered.through),
        }
    }

    /// How many credits stand on sales before a rank.
    fn before(&self, ordered: &Ordered<'_>, rank: u64) -> usize {
        ordered.places.partition_point(|place| place.sale < rank) + self.plain_before(ordered.plain, rank)
    }

    /// The rank of the sale on which the credit of a number stands.
    fn rank_at(&self, ordered: &Ordered<'_>, number: usize) -> u64 {
        let (mut low, mut high) = (0, self.sales.rank_max());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.before(ordered, middle + 1) > number {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }

    /// The ranks of the sales whose credits are shown, and the first and last place among these.
    fn bounds(&self, ordered: &Ordered<'_>, shown: &Range<usize>) -> (Range<u64>, Option<(Place, Place)>) {
        if shown.is_empty() {
            return (0..0, None);
        }
        if ordered.plain.count() == 0 {
            let places = &ordered.places[shown.clone()];
            return (0..0, places.first().copied().zip(places.last().copied()));
        }
        let ranks = self.rank_at(ordered, shown.start)..self.rank_at(ordered, shown.end - 1) + 1;
        let before = self.before(ordered, ranks.start);
        let own = ordered.places.iter().filter(|place| ranks.contains(&place.sale)).copied();
        let mut places: Vec<Place> = self.plain_places(ordered.plain, &ranks).into_iter().chain(own).collect();
        places.sort();
        let bounds = places.get(shown.start - before).copied().zip(places.get(shown.end - 1 - before).copied());
        (ranks, bounds)
    }

    /// The index of a sale that takes part.
    pub(super) fn index_of(&self, sale: Id) -> Option<u32> {
        if let Some(index) = self.indexed() {
            return index.get(&sale).copied();
        }
        let index = self.sales.keys.iter().rposition(|key| key.id == sale)?;
        u32::try_from(index).ok()
    }

    fn shown(&self, listed: Listed, ordered: &Ordered<'_>) -> Range<usize> {
        let all = ordered.len();
        let of_sale = |sale: Id| {
            let Some(rank) = self.index_of(sale).map(|index| self.sales.rank(index)) else { return all..all };
            self.before(ordered, rank)..self.before(ordered, rank.saturating_add(1))
        };
        match listed {
            Listed::All => 0..all,
            Listed::Slice { from, count } => from.min(all)..from.saturating_add(count).min(all),
            Listed::OfSale(sale) => of_sale(sale),
            Listed::PageOf { sale, count } => {
                let found = of_sale(sale);
                let start = found.start - found.start % count.max(1);
                if found.is_empty() { 0..0 } else { start..start.saturating_add(count).min(all) }
            }
        }
    }

    /// Where the credits of somebody come from: their own entries, the overrides on those below, and what others hand on.
    fn origins(&self, of: u32, with_overrides: bool) -> Vec<Origin<'_>> {
        let overrides = || self.folder().overrides_of(of, &self.cells, &|who| self.went_wrong(who));
        let overrides = if with_overrides { overrides() } else { Vec::new() };
        let own = [Cow::Borrowed(self.cells.of(of)), Cow::Owned(overrides)];
        let mut origins: Vec<Origin<'_>> =
            own.into_iter().map(|entries| Origin { who: of, entries, is_handed: false }).filter(|o| !o.entries.is_empty()).collect();
        let hands_on = self.bound.rules.iter().any(|rule| rule.rule.assign.is_some());
        if hands_on && self.bound.may_earn(of) {
            let others = (0..u32::try_from(self.bound.people.count()).unwrap_or(u32::MAX)).filter(|from| *from != of);
            let others = others.filter(|from| (0..self.bound.rules.len()).any(|rule| self.gets(rule, *from, of)));
            origins.extend(others.map(|who| Origin { who, entries: Cow::Borrowed(self.cells.of(who)), is_handed: true }));
        }
        origins
    }

    /// Whether a rule hands what somebody earns to another.
    fn gets(&self, rule: usize, from: u32, to: u32) -> bool {
        let bound = &self.bound.rules[rule];
        bound.rule.assign.is_some() && bound.recipients[from as usize].people().contains(&to)
    }

    /// Whether an entry is a credit of this payee and period. Sales before the period are measured, and were credited in
    /// theirs.
    fn is_credit(&self, of: u32, origin: &Origin<'_>, entry: &Entry, rule: usize) -> bool {
        let is_theirs = !origin.is_handed || self.gets(rule, origin.who, of);
        is_theirs && (self.sales.keys[entry.sale as usize].at >= self.bound.period.start() || !self.bound.rules[rule].pays_own_sales)
    }

    pub(super) fn place(&self, entry: &Entry, rule: usize, found: usize) -> Place {
        let level = self.bound.components[usize::from(entry.component)].level;
        let (rule, level) = (u32::try_from(rule).unwrap_or(u32::MAX), u16::try_from(level).unwrap_or(u16::MAX));
        let found = u32::try_from(found).unwrap_or(u32::MAX);
        Place { sale: self.sales.rank(entry.sale), rule, level, on_sale: entry.place, found }
    }

    fn places(&self, of: u32, origin: &Origin<'_>, places: &mut Vec<Place>, sales: &mut SaleSet) {
        let folder = self.folder();
        for entries in origin.components().filter(|entries| folder.folds(origin.who, entries, &|who| self.went_wrong(who))) {
            for entry in entries {
                let rule = folder.rule_of(entry);
                if self.is_credit(of, origin, entry, rule) {
                    places.push(self.place(entry, rule, places.len()));
                    sales.insert(entry.sale);
                }
            }
        }
    }

    /// Folds what comes from an origin: sums of all, and the credits between the bounds.
    fn gather(&self, of: u32, origin: &Origin<'_>, (bounds, traced): (Option<(Place, Place)>, bool), gathered: &mut Gathered) {
        let folder = self.folder();
        let is_between = |place: Place| bounds.is_some_and(|(first, last)| first <= place && place <= last);
        // Which of several credits of one place it is shows when it is folded.
        let is_about = |entry: &Entry, rule: usize| {
            let place = self.place(entry, rule, 0);
            let ignoring = |bound: Place| Place { found: 0, ..bound };
            traced && bounds.is_some_and(|(first, last)| ignoring(first) <= place && place <= ignoring(last))
        };
        for entries in origin.components().filter(|entries| folder.folds(origin.who, entries, &|who| self.went_wrong(who))) {
            let before = gathered.credits.len();
            let folded = folder.walk(origin.who, entries, Some(&is_about), &mut |entry, rule, outcome| {
                if !self.is_credit(of, origin, entry, rule) {
                    return Ok(());
                }
                let place = self.place(entry, rule, gathered.found);
                gathered.found += 1;
                self.note_sums(of, origin, (entry, rule, &outcome), (place, gathered));
                if is_between(place) {
                    gathered.credits.push((place, self.credit_of(of, origin, (entry, rule, outcome), traced)));
                }
                Ok(())
            });
            if folded.is_err() {
                gathered.credits.truncate(before);
            }
        }
    }

    fn note_sums(
        &self,
        of: u32,
        origin: &Origin<'_>,
        (entry, rule, outcome): (&Entry, usize, &Outcome),
        (place, gathered): (Place, &mut Gathered),
    ) {
        let reached = &mut gathered.reached[rule];
        if reached.is_none_or(|(last, _)| last < place)
            && let Some(after) = outcome.before.checked_add(entry.basis)
        {
            *reached = Some((place, after));
        }
        if !origin.is_handed && matches!(self.bound.rules[rule].rule.trigger, Trigger::Override(_)) {
            let below = &mut gathered.through[entry.origin as usize];
            below.credits += 1;
            below.basis.add(entry.basis);
            below.amount.add(self.part_of(of, origin, rule, outcome.amount));
        }
    }

    /// What of a credit this payee gets.
    fn part_of(&self, of: u32, origin: &Origin<'_>, rule: usize, amount: Exact) -> Exact {
        let bound = &self.bound.rules[rule];
        let is_team = matches!(self.bound.beneficiary(of), Beneficiary::Team(_));
        match &bound.rule.assign {
            // That of a team shows what it earned.
            Some(assign) if origin.is_handed || !is_team => {
                let recipients = &bound.recipients[origin.who as usize];
                assign.paid(amount).and_then(|paid| recipients.part(paid, of)).unwrap_or_default()
            }
            _ => amount,
        }
    }

    /// A credit as this payee sees it: of a rule that pays others, their own shows what is left to them.
    fn credit_of(&self, of: u32, origin: &Origin<'_>, (entry, rule, outcome): (&Entry, usize, Outcome), traced: bool) -> Credit {
        let bound = &self.bound.rules[rule];
        let (part, earned) = (self.part_of(of, origin, rule, outcome.amount), outcome.amount);
        let credit = self.credit(entry, rule, outcome);
        let is_team = matches!(self.bound.beneficiary(of), Beneficiary::Team(_));
        let Some(assign) = bound.rule.assign.as_ref().filter(|_| origin.is_handed || !is_team) else { return credit };
        let from = self.bound.beneficiary(origin.who);
        let shown = origin.is_handed.then(|| AssignedShown {
            from: from.id(),
            is_team: matches!(from, Beneficiary::Team(_)),
            from_name: from.name().to_owned(),
            earned,
            percent: (assign.factor * Exact::ONE_HUNDRED).normalize(),
            among: bound.recipients[origin.who as usize].people().len(),
        });
        assigned(credit, part, shown, traced)
    }

    /// What each rule had measured after the last credit, by id.
    fn reached(&self, last: &[Option<(Place, Exact)>]) -> Vec<RuleReached> {
        let mut reached: Vec<(Place, RuleReached)> = Vec::new();
        for (rule, found) in last.iter().enumerate() {
            let Some((place, value)) = found.map(|(place, value)| (place, value.normalize())) else { continue };
            let rule = self.bound.rules[rule].rule.id.clone();
            match reached.iter_mut().find(|(_, known)| known.rule == rule) {
                Some((known, of_rule)) if *known < place => (*known, of_rule.value) = (place, value),
                Some(_) => {}
                None => reached.push((place, RuleReached { rule, value })),
            }
        }
        reached.into_iter().map(|(_, reached)| reached).collect()
    }

    fn through(&self, below: &[Below]) -> Vec<ThroughSum> {
        let some = (0u32..).zip(below).filter(|(_, below)| below.credits > 0);
        let sum = |(who, below): (u32, &Below)| {
            let (basis, amount) = (below.basis.exact().ok()?, below.amount.exact().ok()?);
            Some(ThroughSum { through: self.bound.beneficiary(who).id(), credits: below.credits, basis, amount })
        };
        some.filter_map(sum).collect()
    }
}
