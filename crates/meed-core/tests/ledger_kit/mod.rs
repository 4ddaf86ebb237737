//! What the ledger's tests share: repeatable random numbers, and stored rows kept in maps.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::collections::{BTreeMap, BTreeSet};

use meed_core::id::Id;
use meed_core::ledger::verify::{Report, Verifier};
use meed_core::ledger::{
    Account, AccountKey, AccountRef, AccountState, Action, Book, Changes, Hold, HoldState, NewTransfer, Origin, Original, Owner, OwnerKind,
    Purpose, Refusal, Reversed, Stamp, Totals, Transfer, TransferKind,
};
use meed_core::money::{Amount, Unit};

pub(crate) const WORKSPACE: Id = Id(1);
pub(crate) const PROGRAM: Id = Id(10);
pub(crate) const REP: Id = Id(20);

pub(crate) fn unit(code: &str) -> Unit {
    code.parse().expect("a unit")
}

pub(crate) fn usd(minor: i64) -> Amount {
    Amount { minor, unit: unit("USD") }
}

pub(crate) fn own(kind: OwnerKind, id: i64, purpose: Purpose, code: &str) -> AccountKey {
    Owner { kind, id: Id(id) }.account(purpose, unit(code))
}

pub(crate) fn rep(purpose: Purpose) -> AccountKey {
    Owner::rep(REP).account(purpose, unit("USD"))
}

pub(crate) fn program(purpose: Purpose) -> AccountKey {
    Owner::program(PROGRAM).account(purpose, unit("USD"))
}

pub(crate) fn workspace(purpose: Purpose) -> AccountKey {
    Owner::workspace(WORKSPACE).account(purpose, unit("USD"))
}

pub(crate) fn origin() -> Origin {
    Origin::at("2026-03-05T12:00:00Z".parse().expect("a time"))
}

pub(crate) fn action(action: Action) -> NewTransfer {
    NewTransfer { kind: TransferKind::Recalculated, action, origin: origin() }
}

pub(crate) fn moves(debit: impl Into<AccountRef>, credit: impl Into<AccountRef>, amount: Amount) -> NewTransfer {
    action(Action::Move { debit: debit.into(), credit: credit.into(), amount, reverses: None })
}

pub(crate) fn takes_back(original: Id, debit: impl Into<AccountRef>, credit: impl Into<AccountRef>, amount: Amount) -> NewTransfer {
    action(Action::Move { debit: debit.into(), credit: credit.into(), amount, reverses: Some(original) })
}

pub(crate) fn holds(debit: AccountKey, credit: AccountKey, amount: Amount, expires_us: Option<i64>) -> NewTransfer {
    action(Action::Hold { debit: debit.into(), credit: credit.into(), amount, expires_us })
}

pub(crate) fn posts(hold: Id, amount: i64) -> NewTransfer {
    action(Action::PostHold { hold, amount })
}

pub(crate) fn voids(hold: Id) -> NewTransfer {
    action(Action::VoidHold { hold })
}

/// Ids and recorded times for a test: both go up.
pub(crate) struct Clock {
    pub(crate) now_us: i64,
    last: Id,
    command: i64,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { now_us: 1_000_000, last: Id(1_000), command: 0 }
    }

    pub(crate) fn stamp(&mut self) -> Stamp {
        self.now_us += 1;
        self.command += 1;
        Stamp { command: Id(self.command), recorded_us: self.now_us, correction: false }
    }

    pub(crate) fn id(&mut self) -> Id {
        self.last = Id(self.last.0 + 1);
        self.last
    }
}

/// `SplitMix64`: small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a small number");
        usize::try_from(self.next() % end).expect("below a usize")
    }

    pub(crate) fn amount(&mut self, end: i64) -> i64 {
        let end = u64::try_from(end).expect("above 0");
        i64::try_from(self.next() % end).expect("below an i64") + 1
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A number from the environment, so that a night may run more and a failure may be repeated.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a whole number"))
}

/// Stored rows, loaded and written as a store would: only what a batch names, each row once.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) accounts: BTreeMap<AccountKey, Account>,
    pub(crate) by_id: BTreeMap<Id, AccountKey>,
    pub(crate) holds: BTreeMap<Id, Hold>,
    pub(crate) expiring: BTreeSet<(Id, i64, Id)>,
    pub(crate) reversed: BTreeMap<Id, i64>,
    pub(crate) journal: Vec<Transfer>,
}

impl Shelf {
    pub(crate) fn put_account(&mut self, id: Id, key: AccountKey, state: AccountState) {
        self.accounts.insert(key, Account { id, key, state, totals: Totals::default() });
        self.by_id.insert(id, key);
    }

    /// Loads what these transfers name.
    pub(crate) fn load(&self, book: &mut Book, now_us: i64, new: &[NewTransfer]) {
        // A key may be known already because a hold brought its account along; its own holds were not loaded with it.
        for transfer in new {
            for account in transfer.accounts() {
                let key = match account {
                    AccountRef::Key(key) => Some(key),
                    AccountRef::Id(id) => self.by_id.get(&id).copied(),
                };
                self.load_keys(book, now_us, key.as_slice());
            }
            match transfer.action {
                Action::PostHold { hold, .. } | Action::VoidHold { hold } => self.load_hold(book, now_us, hold),
                Action::Move { reverses: Some(id), .. } => {
                    if let Some(original) = self.original(id) {
                        book.load_original(original);
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn load_keys(&self, book: &mut Book, now_us: i64, keys: &[AccountKey]) {
        book.load_absent(keys.iter().copied());
        for key in keys {
            let Some(account) = self.accounts.get(key) else { continue };
            book.load_account(*account);
            // The batch may go on for a while; a hold that is not over yet does no harm.
            let soon = self.expiring.range((account.id, i64::MIN, Id(0))..=(account.id, now_us + 1_000, Id(i64::MAX)));
            for (_, _, hold) in soon.copied().collect::<Vec<_>>() {
                self.put_hold(book, hold);
            }
        }
    }

    fn load_hold(&self, book: &mut Book, now_us: i64, id: Id) {
        let Some(hold) = self.holds.get(&id) else { return };
        self.load_keys(book, now_us, &[self.by_id[&hold.debit], self.by_id[&hold.credit]]);
        self.put_hold(book, id);
    }

    fn put_hold(&self, book: &mut Book, id: Id) {
        let hold = self.holds[&id];
        for account in [hold.debit, hold.credit] {
            book.load_account(self.accounts[&self.by_id[&account]]);
        }
        book.load_hold(hold);
    }

    fn original(&self, id: Id) -> Option<Original> {
        let place = self.journal.binary_search_by_key(&id, |transfer| transfer.id).ok()?;
        let transfer = self.journal[place];
        Some(Original {
            id,
            amount: transfer.amount,
            unit: transfer.unit,
            phase: transfer.phase,
            debit_owner: self.by_id[&transfer.debit].owner,
            credit_owner: self.by_id[&transfer.credit].owner,
            reversed: self.reversed.get(&id).copied().unwrap_or(0),
        })
    }

    /// Writes what a batch changed, and checks that "new" means new.
    pub(crate) fn write(&mut self, changes: Changes) {
        for change in changes.accounts {
            let before = self.accounts.insert(change.account.key, change.account);
            assert_eq!(before.is_none(), change.is_new, "{}", change.account.key);
            self.by_id.insert(change.account.id, change.account.key);
        }
        for change in changes.holds {
            let Hold { id, debit, credit, expires_us, state, .. } = change.hold;
            assert_eq!(self.holds.insert(id, change.hold).is_none(), change.is_new);
            for account in [debit, credit] {
                let Some(expires) = expires_us else { continue };
                if state == HoldState::Open {
                    self.expiring.insert((account, expires, id));
                } else {
                    self.expiring.remove(&(account, expires, id));
                }
            }
        }
        for change in changes.reversed {
            let before = self.reversed.insert(change.reversed.transfer, change.reversed.total);
            assert_eq!(before.is_none(), change.is_new);
        }
        self.journal.extend(changes.transfers);
    }

    pub(crate) fn verify(&self) -> Report {
        let mut verifier = Verifier::new();
        self.accounts.values().for_each(|account| verifier.account(*account));
        self.holds.values().for_each(|hold| verifier.hold(*hold));
        self.reversed.iter().for_each(|(transfer, total)| verifier.reversed(Reversed { transfer: *transfer, total: *total }));
        self.journal.iter().for_each(|transfer| verifier.transfer(transfer));
        verifier.finish()
    }
}

/// A complete book with its clock.
pub(crate) struct Desk {
    pub(crate) book: Book,
    pub(crate) clock: Clock,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { book: Book::complete(), clock: Clock::new() }
    }

    /// 100.00 USD accrued and 100.00 payable for the rep.
    pub(crate) fn funded() -> Self {
        let mut desk = Self::new();
        desk.run(&[moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(20_000))]).expect("funds");
        desk.run(&[moves(rep(Purpose::Accrued), rep(Purpose::Payable), usd(10_000))]).expect("funds");
        desk
    }

    pub(crate) fn stamped(&mut self, stamp: Stamp, new: &[NewTransfer]) -> Result<Vec<Transfer>, Refusal> {
        let Self { book, clock } = self;
        book.apply(stamp, &mut || clock.id(), new).map(|applied| applied.transfers.to_vec())
    }

    pub(crate) fn run(&mut self, new: &[NewTransfer]) -> Result<Vec<Transfer>, Refusal> {
        let stamp = self.clock.stamp();
        self.stamped(stamp, new)
    }

    /// Refused, with nothing written and the same answer when it is sent again.
    pub(crate) fn refuses(&mut self, new: &[NewTransfer], code: &str) -> Refusal {
        let before = self.book.clone().into_changes();
        let first = self.run(new).expect_err(code);
        assert_eq!(first.code(), code);
        assert_eq!(self.run(new), Err(first.clone()), "sent again");
        assert_eq!(self.book.clone().into_changes(), before, "{code} wrote something");
        first
    }

    pub(crate) fn hold(&mut self, minor: i64, expires_us: Option<i64>) -> Id {
        let new = holds(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(minor), expires_us);
        self.run(&[new]).expect("a hold")[0].id
    }
}

/// The same with one more account in this state.
pub(crate) fn preset(state: AccountState) -> (Desk, AccountKey) {
    let mut desk = Desk::funded();
    let key = own(OwnerKind::Rep, 99, Purpose::Payable, "USD");
    let account = Account { id: Id(5), key, state, totals: Totals::default() };
    desk.book.load_account(account);
    (desk, key)
}
