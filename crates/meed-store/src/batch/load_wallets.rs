//! Load of wallets: what hangs on nothing but who takes part.

use std::collections::{BTreeMap, BTreeSet};

use meed_core::command::State;
use meed_core::id::Id;
use meed_core::ledger::{Owner, OwnerKind, Purpose};
use meed_core::loyalty::{Damaged, TillNeeds};
use meed_core::money::Unit;

use super::guesses::People;
use super::load::account_row;
use super::load_till::{keys, lot_row};
use crate::engine::Question;
use crate::error::StoreError;
use crate::sql;
use crate::value::{RowView, Value};

/// What cells say, by participant: the last purchase's time, and when something is due.
pub(super) type Cells = BTreeMap<Id, (Option<i64>, Option<i64>)>;

/// What is loaded of wallets.
#[derive(Default)]
pub(super) struct Wanted {
    pub(super) counters: BTreeSet<Id>,
    pub(super) participants: BTreeSet<Id>,
    /// Of whom all open lots are loaded.
    pub(super) with_lots: BTreeSet<Id>,
    /// Of whom open lots are loaded if one is bound to conditions.
    pub(super) spendable: BTreeSet<Id>,
    pub(super) programs: BTreeSet<Id>,
}

impl Wanted {
    /// What these participants' names ask for.
    pub(super) fn of(needs: &TillNeeds, people: &People) -> Self {
        let ids = |names: &BTreeSet<_>| names.iter().filter_map(|name| people.get(name)).copied().collect::<BTreeSet<Id>>();
        Self {
            counters: needs.counters.clone(),
            participants: people.values().copied().collect(),
            with_lots: ids(&needs.lots),
            spendable: ids(&needs.spendable),
            programs: needs.programs.clone(),
        }
    }

    /// Whose accounts are loaded. The workspace's come with all others.
    pub(super) fn owners(&self, workspace: i64) -> Vec<Owner> {
        let participants = self.participants.iter().map(|id| Owner::participant(*id));
        let mut owners: Vec<Owner> = participants.chain(self.programs.iter().map(|id| Owner::program(*id))).collect();
        if !owners.is_empty() {
            owners.push(Owner::workspace(Id(workspace)));
        }
        owners
    }

    /// The questions whose rows [`Wallets::take`] takes.
    pub(super) fn questions(&self, workspace: i64) -> [Question; 5] {
        let of = |ids: &BTreeSet<Id>| keys(ids.iter().copied());
        [
            Question::Set(&sql::till::COUNTER_SET, of(&self.counters)),
            Question::Set(&sql::till::CELL_SET, of(&self.participants)),
            Question::Set(&sql::till::LOT_OPEN_SET, of(&self.with_lots)),
            Question::Set(&sql::till::LOT_BOUND_SET, of(&self.spendable)),
            Question::Set(&sql::ledger::ACCOUNT_BY_OWNER_SET, owner_keys(&self.owners(workspace))),
        ]
    }
}

/// What was asked for of wallets, and what was found.
#[derive(Default)]
pub(super) struct Wallets {
    /// But for lots, which stand below.
    asked: Wanted,
    /// Participants whose open lots are all here.
    pub(super) with_lots: BTreeSet<Id>,
    /// The programs of the lots that are here, and those that were asked for.
    pub(super) programs: BTreeSet<Id>,
    pub(super) cells: Cells,
}

impl Wallets {
    /// The rest of what is wanted is asked for now.
    pub(super) fn ask(&mut self, mut wanted: Wanted) -> Wanted {
        let asked = &mut self.asked;
        wanted.spendable.retain(|id| !wanted.with_lots.contains(id) && !self.with_lots.contains(id));
        wanted.with_lots.retain(|id| !self.with_lots.contains(id));
        for (wanted, asked) in [
            (&mut wanted.counters, &mut asked.counters),
            (&mut wanted.participants, &mut asked.participants),
            (&mut wanted.spendable, &mut asked.spendable),
            (&mut wanted.programs, &mut asked.programs),
        ] {
            wanted.retain(|id| asked.insert(*id));
        }
        self.with_lots.extend(&wanted.with_lots);
        self.programs.extend(&wanted.programs);
        wanted
    }

    /// Takes a row of the answer to the question at this place.
    pub(super) fn take(&mut self, state: &mut State, place: usize, row: &dyn RowView) -> Result<(), StoreError> {
        match place {
            0 => state.tills.load_counter(row.id(0)?, row.int(1)?),
            1 => {
                let (participant, due_us) = (row.id(0)?, row.opt_int(1)?);
                let broken = |e: Damaged| StoreError::broken(e.to_string());
                state.tills.load_cell(participant, row.bytes(2)?, due_us, row.opt_id(3)?).map_err(broken)?;
                let last = state.tills.cell(participant).cell.last.map(|(at_us, _)| at_us);
                self.cells.insert(participant, (last, due_us));
            }
            2 => take_lot(state, row, &mut self.programs)?,
            3 => {
                self.with_lots.insert(row.id(1)?);
                take_lot(state, row, &mut self.programs)?;
            }
            _ => take_account(state, row)?,
        }
        Ok(())
    }
}

/// Keys for all accounts of owners.
pub(super) fn owner_keys(owners: &[Owner]) -> Vec<Vec<Value>> {
    owners.iter().map(|owner| vec![i64::from(owner.kind.code()).into(), owner.id.into()]).collect()
}

/// Accounts of these owners that a movement of a wallet may touch and that are not found are known to be absent.
pub(super) fn expect_accounts(state: &mut State, owners: &[Owner]) {
    use Purpose::{Available, Breakage, Budget, Expense, Issued, Pending, Recoverable, Redeemed, Suspense};
    let currency = state.head.unit;
    for owner in owners {
        let purposes = match owner.kind {
            OwnerKind::Participant => [Available, Pending, Recoverable].as_slice(),
            OwnerKind::Program => &[Expense, Issued, Redeemed, Breakage, Budget],
            _ => &[Budget, Suspense],
        };
        for purpose in purposes {
            state.book.load_absent([currency, Unit::POINTS].map(|unit| owner.account(*purpose, unit)));
        }
    }
}

pub(super) fn take_lot(state: &mut State, row: &dyn RowView, programs: &mut BTreeSet<Id>) -> Result<(), StoreError> {
    let lot = lot_row(row)?;
    programs.insert(lot.program);
    state.book.load_lot(lot);
    Ok(())
}

pub(super) fn take_account(state: &mut State, row: &dyn RowView) -> Result<(), StoreError> {
    state.book.load_account(account_row(row)?);
    Ok(())
}
