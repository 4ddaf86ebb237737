//! The state on which a batch decides: what was loaded, and what its commands did to it since.

use std::collections::{BTreeSet, HashMap};

use super::account::{Account, AccountKey, AccountState, Totals};
use super::hold::{Hold, HoldState, Original, Reversed};
use super::lot::{Lot, LotChange, LotMove};
use super::shelf::Shelf;
use super::transfer::{AccountRef, Action, NewTransfer, Transfer};
use crate::id::Id;
use crate::money::Minor;

/// The ledger of one workspace as far as a batch needs it.
///
/// What a command names must be loaded first: accounts by [`Book::load_absent`] and [`Book::load_account`], holds that it
/// names or that are overdue on its accounts by [`Book::load_hold`], transfers that it takes back by
/// [`Book::load_original`]. A key that was never loaded is a fault of the caller and stops the batch, because an account
/// taken for new would start at zero; a [`Book::complete`] book knows every account and needs no such care.
#[derive(Clone, Debug, Default)]
pub struct Book {
    complete: bool,
    /// `None`: looked up, does not exist.
    slots: HashMap<AccountKey, Option<usize>>,
    by_id: HashMap<Id, usize>,
    accounts: Vec<AccountEntry>,
    holds: HashMap<Id, HoldEntry>,
    /// Open holds that can expire, by account: (account, expiry, hold).
    expiring: BTreeSet<(usize, i64, Id)>,
    originals: HashMap<Id, OriginalEntry>,
    transfers: Vec<Transfer>,
    pub(super) shelf: Shelf,
    undo: Vec<Undo>,
    depth: u32,
}

#[derive(Clone, Copy, Debug)]
struct AccountEntry {
    account: Account,
    is_new: bool,
    touched: bool,
}

#[derive(Clone, Copy, Debug)]
struct HoldEntry {
    hold: Hold,
    is_new: bool,
    touched: bool,
}

#[derive(Clone, Copy, Debug)]
struct OriginalEntry {
    original: Original,
    is_new: bool,
    touched: bool,
}

/// How to take one step back.
#[derive(Clone, Copy, Debug)]
enum Undo {
    Account(usize, AccountEntry),
    AccountMade,
    Hold(Id, Option<HoldEntry>),
    Original(Id, Option<OriginalEntry>),
}

/// Where a step of a command began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    undo: usize,
    transfers: usize,
    shelf: super::shelf::Mark,
}

/// An account to write, with its final totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountChange {
    /// The account.
    pub account: Account,
    /// Whether it was made by this batch.
    pub is_new: bool,
}

/// A hold to write, with its final state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldChange {
    /// The hold.
    pub hold: Hold,
    /// Whether it was made by this batch.
    pub is_new: bool,
}

/// A reversed total to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReversedChange {
    /// The transfer and the sum of its reversals.
    pub reversed: Reversed,
    /// Whether nothing of it had been reversed before this batch.
    pub is_new: bool,
}

/// Everything that a batch did to the ledger, each row once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Touched accounts with final totals: first the loaded ones in order of loading, then the new ones.
    pub accounts: Vec<AccountChange>,
    /// New transfers in the order of their ids.
    pub transfers: Vec<Transfer>,
    /// New and resolved holds, by id.
    pub holds: Vec<HoldChange>,
    /// Reversed totals that grew, by transfer.
    pub reversed: Vec<ReversedChange>,
    /// Touched lots with final totals, by id.
    pub lots: Vec<LotChange>,
    /// New lot moves, in the order in which they were made.
    pub moves: Vec<LotMove>,
}

impl Book {
    /// A book in which every account that a command names must have been loaded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A book that knows every account there is: what is not loaded does not exist.
    #[must_use]
    pub fn complete() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Notes that these keys were looked up. Those that exist follow with [`Book::load_account`].
    pub fn load_absent(&mut self, keys: impl IntoIterator<Item = AccountKey>) {
        for key in keys {
            self.slots.entry(key).or_insert(None);
        }
    }

    /// Loads a stored account. An account that is already there is left as it is.
    pub fn load_account(&mut self, account: Account) {
        if self.by_id.contains_key(&account.id) {
            return;
        }
        let index = self.accounts.len();
        let taken = self.slots.insert(account.key, Some(index));
        assert!(taken.flatten().is_none(), "two accounts with the key {}", account.key);
        self.by_id.insert(account.id, index);
        self.accounts.push(AccountEntry { account, is_new: false, touched: false });
    }

    /// Loads a stored hold; both its accounts must be loaded before it. One that is already there is left as it is.
    /// Of the holds that no command names, those are needed whose expiry lies before the batch's last recorded time.
    pub fn load_hold(&mut self, hold: Hold) {
        if self.holds.contains_key(&hold.id) {
            return;
        }
        assert!(
            self.by_id.contains_key(&hold.debit) && self.by_id.contains_key(&hold.credit),
            "hold {} was loaded before its accounts",
            hold.id
        );
        self.put_hold(hold.id, Some(HoldEntry { hold, is_new: false, touched: false }));
    }

    /// Loads a stored transfer that may be taken back. One that is already there is left as it is.
    pub fn load_original(&mut self, original: Original) {
        self.originals.entry(original.id).or_insert(OriginalEntry { original, is_new: original.reversed == 0, touched: false });
    }

    /// Whether this key was loaded or looked up.
    #[must_use]
    pub fn knows(&self, key: &AccountKey) -> bool {
        self.complete || self.slots.contains_key(key)
    }

    /// The keys among those that `new` names which were not loaded yet.
    #[must_use]
    pub fn unknown_keys(&self, new: &[NewTransfer]) -> Vec<AccountKey> {
        let mut keys: Vec<AccountKey> = new.iter().flat_map(NewTransfer::accounts).filter_map(AccountRef::key).collect();
        keys.retain(|key| key.rule().is_some() && !self.knows(key));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The account with this key as the commands so far left it; `None` before its first use.
    #[must_use]
    pub fn account(&self, key: &AccountKey) -> Option<&Account> {
        self.index_of(key).map(|index| &self.accounts[index].account)
    }

    /// The account with this id.
    #[must_use]
    pub fn account_by_id(&self, id: Id) -> Option<&Account> {
        self.by_id.get(&id).map(|index| &self.accounts[*index].account)
    }

    /// The posted balance of an account in minor units; 0 before its first use.
    #[must_use]
    pub fn posted(&self, key: &AccountKey) -> Minor {
        self.account(key).map_or(0, Account::posted)
    }

    /// What may still be moved from an account, holds counted; 0 before its first use.
    #[must_use]
    pub fn available(&self, key: &AccountKey) -> Minor {
        self.account(key).map_or(0, Account::available)
    }

    /// The open holds on an account, of those that were loaded or made, by id.
    pub fn open_holds_on(&self, account: Id) -> Vec<Hold> {
        let holds = self.holds.values().map(|entry| entry.hold);
        let mut open: Vec<Hold> = holds.filter(|hold| hold.debit == account && hold.state == HoldState::Open).collect();
        open.sort_unstable_by_key(|hold| hold.id);
        open
    }

    /// What an open hold reserves of which lots.
    #[must_use]
    pub fn allocation(&self, hold: Id) -> &[(Id, Minor)] {
        self.shelf.allocation(hold)
    }

    /// When the next open hold on an account runs out, in microseconds UTC, of those that were loaded or made.
    #[must_use]
    pub fn next_hold_expiry(&self, key: &AccountKey) -> Option<i64> {
        let index = self.slots.get(key).copied().flatten()?;
        self.expiring.range((index, i64::MIN, Id(i64::MIN))..).next().filter(|(of, ..)| *of == index).map(|(_, expires, _)| *expires)
    }

    /// A hold that was loaded or made.
    #[must_use]
    pub fn hold(&self, id: Id) -> Option<&Hold> {
        self.holds.get(&id).map(|entry| &entry.hold)
    }

    /// Loads a stored lot. One that is already there is left as it is.
    pub fn load_lot(&mut self, lot: Lot) {
        self.shelf.load(lot);
    }

    /// Loads what an open hold reserves of which lots, in the order of its allocation.
    pub fn load_allocation(&mut self, hold: Id, lots: Vec<(Id, Minor)>) {
        self.shelf.allocate(hold, lots);
    }

    /// A lot that was loaded or opened.
    #[must_use]
    pub fn lot(&self, id: Id) -> Option<&Lot> {
        self.shelf.lot(id)
    }

    /// The lots of a wallet that were loaded or opened, by id.
    pub fn lots_of(&self, participant: Id, unit: crate::money::Unit) -> impl Iterator<Item = &Lot> {
        self.shelf.lots_of(participant, unit)
    }

    /// Lots opened so far, and moves made so far, in order.
    #[must_use]
    pub fn wallet_journal(&self) -> (&[Id], &[LotMove]) {
        (self.shelf.opened(), self.shelf.moves())
    }

    /// The new transfers so far, in the order of their ids.
    #[must_use]
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    /// Runs a command that consists of several steps: what they did stays only if `steps` succeeds.
    pub fn all_or_nothing<T, E>(&mut self, steps: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let mark = self.begin_steps();
        let result = steps(self);
        self.end_steps(mark, result.is_ok());
        result
    }

    /// From here on steps can be taken back.
    pub(crate) fn begin_steps(&mut self) -> Mark {
        self.depth += 1;
        Mark { undo: self.undo.len(), transfers: self.transfers.len(), shelf: self.shelf.mark() }
    }

    /// Ends what [`Book::begin_steps`] began; unless the steps stay, they are taken back.
    pub(crate) fn end_steps(&mut self, mark: Mark, stays: bool) {
        self.depth -= 1;
        if !stays {
            self.transfers.truncate(mark.transfers);
            self.shelf.back_to(mark.shelf);
            while self.undo.len() > mark.undo {
                self.step_back();
            }
        }
        if self.depth == 0 {
            self.undo.clear();
            self.shelf.forget_steps();
        }
    }

    /// What must be written. Each account, hold and reversed total appears once, however many commands touched it.
    #[must_use]
    pub fn into_changes(self) -> Changes {
        let accounts = self.accounts.iter().filter(|entry| entry.touched);
        let accounts = accounts.map(|entry| AccountChange { account: entry.account, is_new: entry.is_new }).collect();
        let holds = self.holds.values().filter(|entry| entry.touched);
        let mut holds: Vec<_> = holds.map(|entry| HoldChange { hold: entry.hold, is_new: entry.is_new }).collect();
        holds.sort_unstable_by_key(|change| change.hold.id);
        let mut reversed: Vec<_> = self
            .originals
            .values()
            .filter(|entry| entry.touched)
            .map(|entry| ReversedChange {
                reversed: Reversed { transfer: entry.original.id, total: entry.original.reversed },
                is_new: entry.is_new,
            })
            .collect();
        reversed.sort_unstable_by_key(|change| change.reversed.transfer);
        let (lots, moves) = self.shelf.into_changes();
        Changes { accounts, transfers: self.transfers, holds, reversed, lots, moves }
    }

    fn step_back(&mut self) {
        match self.undo.pop() {
            Some(Undo::Account(index, entry)) => self.accounts[index] = entry,
            Some(Undo::AccountMade) => {
                let entry = self.accounts.pop().expect("an account was made");
                self.slots.insert(entry.account.key, None);
                self.by_id.remove(&entry.account.id);
            }
            Some(Undo::Hold(id, entry)) => self.put_hold(id, entry),
            Some(Undo::Original(id, Some(entry))) => {
                self.originals.insert(id, entry);
            }
            Some(Undo::Original(id, None)) => {
                self.originals.remove(&id);
            }
            None => {}
        }
    }

    /// Puts a hold's entry (or its absence) in place and keeps the order of expiry in step.
    fn put_hold(&mut self, id: Id, entry: Option<HoldEntry>) {
        let before = match entry {
            Some(entry) => self.holds.insert(id, entry),
            None => self.holds.remove(&id),
        };
        for (entry, present) in [(before, false), (entry, true)] {
            let Some(Hold { state: HoldState::Open, expires_us: Some(expires), debit, credit, .. }) = entry.map(|entry| entry.hold) else {
                continue;
            };
            for account in [debit, credit] {
                let place = (self.by_id[&account], expires, id);
                if present {
                    self.expiring.insert(place);
                } else {
                    self.expiring.remove(&place);
                }
            }
        }
    }

    // What follows is how `apply` reads and changes the book; every change leaves its undo.

    pub(super) fn index_of(&self, key: &AccountKey) -> Option<usize> {
        let slot = self.slots.get(key).copied();
        assert!(slot.is_some() || self.complete, "account {key} was used without being loaded");
        slot.flatten()
    }

    pub(super) fn index_of_id(&self, id: Id) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn account_at(&self, index: usize) -> &Account {
        &self.accounts[index].account
    }

    pub(super) fn make_account(&mut self, id: Id, key: AccountKey) -> usize {
        let index = self.accounts.len();
        let account = Account { id, key, state: AccountState::Open, totals: Totals::default() };
        self.accounts.push(AccountEntry { account, is_new: true, touched: true });
        self.slots.insert(key, Some(index));
        self.by_id.insert(id, index);
        self.undo.push(Undo::AccountMade);
        index
    }

    pub(super) fn set_totals(&mut self, index: usize, totals: Totals) {
        let entry = &mut self.accounts[index];
        self.undo.push(Undo::Account(index, *entry));
        entry.account.totals = totals;
        entry.touched = true;
    }

    pub(super) fn set_hold(&mut self, hold: Hold) {
        let before = self.holds.get(&hold.id).copied();
        self.undo.push(Undo::Hold(hold.id, before));
        self.put_hold(hold.id, Some(HoldEntry { hold, is_new: before.is_none_or(|entry| entry.is_new), touched: true }));
    }

    pub(super) fn can_expire(&self) -> bool {
        !self.expiring.is_empty()
    }

    /// Holds on the account at `index` that are over at `now_us`, with their expiry.
    pub(super) fn overdue_on(&self, index: usize, now_us: i64) -> impl Iterator<Item = (i64, Id)> + use<'_> {
        self.expiring.range((index, i64::MIN, Id(i64::MIN))..=(index, now_us, Id(i64::MAX))).map(|(_, expires, hold)| (*expires, *hold))
    }

    /// A transfer that may be taken back: loaded, or made by this batch.
    pub(super) fn original(&self, id: Id) -> Option<Original> {
        if let Some(entry) = self.originals.get(&id) {
            return Some(entry.original);
        }
        let place = self.transfers.binary_search_by_key(&id, |transfer| transfer.id).ok()?;
        let transfer = &self.transfers[place];
        Some(Original {
            id,
            amount: transfer.amount,
            unit: transfer.unit,
            phase: transfer.phase,
            debit_owner: self.account_by_id(transfer.debit)?.key.owner,
            credit_owner: self.account_by_id(transfer.credit)?.key.owner,
            reversed: 0,
        })
    }

    pub(super) fn set_original(&mut self, original: Original) {
        let before = self.originals.get(&original.id).copied();
        self.undo.push(Undo::Original(original.id, before));
        let is_new = before.is_none_or(|entry| entry.is_new);
        self.originals.insert(original.id, OriginalEntry { original, is_new, touched: true });
    }

    pub(super) fn push_transfer(&mut self, transfer: Transfer) {
        let ascending = self.transfers.last().is_none_or(|last| last.id < transfer.id);
        assert!(ascending, "transfer ids must increase");
        self.transfers.push(transfer);
    }
}

impl AccountRef {
    /// The key, where the account is named by it.
    #[must_use]
    pub const fn key(self) -> Option<AccountKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Id(_) => None,
        }
    }
}

impl NewTransfer {
    /// The accounts that it names; none where it names a hold.
    pub fn accounts(&self) -> impl Iterator<Item = AccountRef> + use<> {
        let ends = match self.action {
            Action::Move { debit, credit, .. } | Action::Hold { debit, credit, .. } => Some([debit, credit]),
            Action::PostHold { .. } | Action::VoidHold { .. } => None,
        };
        ends.into_iter().flatten()
    }
}
