//! A calculation that is kept: a changed sale folds its own cells again, not all of them.
//!
//! What does not depend on other cells is kept as it is: the entries, and what each cell came to by itself; and what
//! overrides in order bring to a manager, which depends on the cells below and is made again when one of them changed. What
//! comes after (plain overrides, what is handed on, attainment) is a few steps for each payee and is done anew. A reward is
//! settled anew where anything it is made from differs. Where nothing changed, everything is as it was. The result equals
//! a full calculation (`commissions.md` behaviour 37).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::bound::BoundProgram;
use super::calculation::{Calculation, Finished};
use super::cells::{Cells, Folder, attained_by};
use super::decide::SplitPart;
use super::foreign::Origins;
use super::run::{Collected, Flag, Refusal, Run, SaleTable, Texts};
use super::tally::{Factors, Outwards, Tally};
use crate::condition::SaleRef;
use crate::id::Id;

/// What sales leave behind, and what each cell comes to by itself.
pub(super) struct Parts {
    pub(super) sales: SaleTable,
    pub(super) splits: Vec<SplitPart>,
    pub(super) cells: Cells,
    pub(super) own: Vec<(Tally, Outwards)>,
    /// What overrides in order bring to each manager.
    pub(super) overrides: Vec<Option<Tally>>,
    /// Those that come from the sales alone.
    pub(super) refusals: Vec<Refusal>,
    pub(super) flags: Vec<Flag>,
    pub(super) origins: Origins,
    pub(super) texts: Texts,
    /// The sales that count, by id.
    pub(super) index: Option<HashMap<Id, u32>>,
}

/// A sale as it is now.
#[derive(Clone, Copy)]
pub enum Change<'s> {
    /// New, or changed.
    Put(SaleRef<'s>),
    /// Not one of the period's any more.
    Gone(Id),
}

impl Change<'_> {
    fn id(&self) -> Id {
        match self {
            Self::Put(sale) => sale.id,
            Self::Gone(id) => *id,
        }
    }
}

/// A calculation without its program, as [`Calculation::keep`] leaves it.
pub struct Kept {
    parts: Parts,
    finished: Finished,
}

impl Kept {
    pub(super) fn new(mut parts: Parts, finished: Finished) -> Self {
        if parts.index.is_none() {
            parts.index = Some((0u32..).zip(&parts.sales.keys).map(|(index, key)| (key.id, index)).collect());
        }
        Self { parts, finished }
    }

    /// Bytes of memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Parts { sales, splits, cells, refusals, origins, index, .. } = &self.parts;
        let indexed = index.as_ref().map_or(0, |index| index.capacity() * (size_of::<(Id, u32)>() + 1));
        let kept = splits.capacity() * size_of::<SplitPart>() + refusals.capacity() * size_of::<Refusal>();
        sales.bytes() + cells.bytes() + origins.bytes() + kept + indexed
    }

    /// How many sales it holds.
    #[must_use]
    pub fn sales(&self) -> usize {
        self.parts.sales.len()
    }

    /// Takes the calculation up again, with some sales changed. `bound` must bind the same program, people and period as
    /// before; only what earlier periods left may differ. The same sale may be named more than once: the last word counts.
    ///
    /// `None` when too many sales changed to fit between the others; calculate in full then.
    #[must_use]
    pub fn resume<'a, 's>(self, bound: &'a BoundProgram<'a>, changes: impl IntoIterator<Item = Change<'s>>) -> Option<Calculation<'a>> {
        let changes = last_words(changes);
        let Self { parts, mut finished } = self;
        if changes.is_empty() && finished.knows(bound) {
            return Some(Calculation::again(bound, parts, finished));
        }
        let Parts { mut sales, splits, mut cells, mut own, mut overrides, mut refusals, mut flags, mut origins, texts, index } = parts;
        let mut index = index.unwrap_or_default();
        let mut stale = BTreeSet::new();
        let mut out = HashSet::new();
        for id in changes.iter().map(Change::id) {
            if let Some(old) = index.remove(&id) {
                stale.extend(cells.take_out(old, &sales));
                sales.take_out();
                origins.forget(id);
                out.insert(old);
            }
        }
        if !out.is_empty() {
            refusals.retain(|refusal| !out.contains(&refusal.sale));
            flags.retain(|flag| !out.contains(&flag.sale));
        }
        let mut run = Run::resumed(bound, Collected { sales, filed: Vec::new(), splits, refusals, flags, origins, texts });
        for change in changes {
            if let Change::Put(sale) = change {
                index.insert(sale.id, run.next_index()?);
                run.feed_one(sale);
            }
        }
        let Collected { mut sales, filed, splits, refusals, flags, origins, texts } = run.into_collected();
        for filed in filed {
            stale.insert(filed.who);
            cells.add(filed);
        }
        if !sales.rank_late() {
            return None;
        }
        let mut reached = finished.take_attained();
        if !reached.is_empty() {
            for who in &stale {
                reached[*who as usize] = attained_by(bound, &sales, &cells, *who);
            }
        }
        let factors = Factors::new();
        let folder = Folder { bound, sales: &sales, splits: &splits, attained: &reached, factors: &factors };
        let mut above = BTreeSet::new();
        for who in stale {
            own[who as usize] = folder.fold_again(who, &mut cells);
            // Their own too: tiers may be looked up by what they attained themselves.
            above.insert(who);
            above.extend(&bound.people.managers[who as usize]);
        }
        for manager in above {
            overrides[manager as usize] = folder.fold_overrides_again(manager, &cells, &own);
        }
        let parts = Parts { sales, splits, cells, own, overrides, refusals, flags, origins, texts, index: Some(index) };
        Some(Calculation::of_parts(bound, (parts, reached), true, Some(finished)))
    }
}

/// Of each sale the last change, in the order in which those came.
fn last_words<'s>(changes: impl IntoIterator<Item = Change<'s>>) -> Vec<Change<'s>> {
    let mut changes: Vec<Change<'s>> = changes.into_iter().collect();
    let mut seen = HashSet::new();
    changes.reverse();
    changes.retain(|change| seen.insert(change.id()));
    changes.reverse();
    changes
}
