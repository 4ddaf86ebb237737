//! The lots of a batch: what was loaded, what was opened, and every move, with its way back.

use std::collections::{BTreeSet, HashMap};

use super::lot::{Lot, LotChange, LotMove, MoveKind};
use crate::id::Id;
use crate::money::{Minor, Unit};

/// Lots by id and wallet, with the moves that this batch made.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    lots: HashMap<Id, Entry>,
    wallets: HashMap<(Id, Unit), BTreeSet<Id>>,
    /// What each open hold reserves, in the order of its allocation.
    allocations: HashMap<Id, Vec<(Id, Minor)>>,
    opened: Vec<Id>,
    moves: Vec<LotMove>,
    steps: Vec<(Id, Option<Entry>)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    lot: Lot,
    is_new: bool,
    is_touched: bool,
}

/// A point to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    opened: usize,
    moves: usize,
    steps: usize,
}

impl Shelf {
    pub(super) fn mark(&self) -> Mark {
        Mark { opened: self.opened.len(), moves: self.moves.len(), steps: self.steps.len() }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.opened.truncate(mark.opened);
        self.moves.truncate(mark.moves);
        while self.steps.len() > mark.steps {
            let Some((id, before)) = self.steps.pop() else { break };
            match before {
                Some(entry) => {
                    self.lots.insert(id, entry);
                }
                None => {
                    if let Some(gone) = self.lots.remove(&id)
                        && let Some(wallet) = self.wallets.get_mut(&(gone.lot.participant, gone.lot.unit))
                    {
                        wallet.remove(&id);
                    }
                }
            }
        }
    }

    pub(super) fn forget_steps(&mut self) {
        self.steps.clear();
    }

    pub(super) fn load(&mut self, lot: Lot) {
        if let std::collections::hash_map::Entry::Vacant(slot) = self.lots.entry(lot.id) {
            slot.insert(Entry { lot, is_new: false, is_touched: false });
            self.wallets.entry((lot.participant, lot.unit)).or_default().insert(lot.id);
        }
    }

    pub(super) fn open(&mut self, lot: Lot) {
        self.steps.push((lot.id, None));
        self.lots.insert(lot.id, Entry { lot, is_new: true, is_touched: true });
        self.wallets.entry((lot.participant, lot.unit)).or_default().insert(lot.id);
        self.opened.push(lot.id);
    }

    pub(super) fn lot(&self, id: Id) -> Option<&Lot> {
        self.lots.get(&id).map(|entry| &entry.lot)
    }

    pub(super) fn lots_of(&self, participant: Id, unit: Unit) -> impl Iterator<Item = &Lot> {
        self.wallets.get(&(participant, unit)).into_iter().flatten().filter_map(|id| self.lot(*id))
    }

    pub(super) fn opened(&self) -> &[Id] {
        &self.opened
    }

    pub(super) fn moves(&self) -> &[LotMove] {
        &self.moves
    }

    /// Changes a lot. A lot that would leave `0 ≤ held ≤ remaining ≤ amount` is a fault of the caller.
    pub(super) fn change(&mut self, step: LotMove) {
        let before = *self.lots.get(&step.lot).expect("a lot that moves was loaded");
        let mut after = Entry { is_touched: true, ..before };
        step.apply(&mut after.lot);
        let Lot { amount, remaining, held, expired, .. } = after.lot;
        let fits = 0 <= held && held <= remaining && remaining <= amount && 0 <= expired && expired <= amount;
        assert!(fits, "lot {}: {} of {} leaves its bounds", step.lot, step.kind, step.amount);
        self.steps.push((step.lot, Some(before)));
        self.lots.insert(step.lot, after);
        self.moves.push(step);
    }

    /// Gives a lot another expiry.
    pub(super) fn extend(&mut self, id: Id, expires_us: Option<i64>) {
        let before = *self.lots.get(&id).expect("a lot that is extended was loaded");
        self.steps.push((id, Some(before)));
        let lot = Lot { expires_us, ..before.lot };
        self.lots.insert(id, Entry { lot, is_touched: true, ..before });
    }

    pub(super) fn allocate(&mut self, hold: Id, lots: Vec<(Id, Minor)>) {
        self.allocations.insert(hold, lots);
    }

    pub(super) fn allocation(&self, hold: Id) -> &[(Id, Minor)] {
        self.allocations.get(&hold).map_or(&[], Vec::as_slice)
    }

    /// Frees what a hold reserves, by the transfer that ends it.
    pub(super) fn release(&mut self, hold: Id, transfer: Id, recorded_us: i64) {
        for (lot, amount) in self.allocation(hold).to_vec() {
            self.change(LotMove { transfer, lot, kind: MoveKind::Release, amount, recorded_us });
        }
    }

    pub(super) fn into_changes(self) -> (Vec<LotChange>, Vec<LotMove>) {
        let touched = self.lots.values().filter(|entry| entry.is_touched);
        let mut lots: Vec<LotChange> = touched.map(|entry| LotChange { lot: entry.lot, is_new: entry.is_new }).collect();
        lots.sort_unstable_by_key(|change| change.lot.id);
        (lots, self.moves)
    }
}
