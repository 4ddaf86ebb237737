//! The reference ledger: maps and loops written from `ledger.md` §1, not from the code. Slow, and easy to check by eye.
//!
//! It names accounts by key, keeps no running totals and computes every figure from its list of entries.

use std::collections::{BTreeMap, BTreeSet};

use meed_core::id::Id;
use meed_core::ledger::{AccountKey, AccountRef, AccountState, Action, NewTransfer, OwnerKind, Phase, Purpose, Side};
use meed_core::money::Unit;

/// A row of the model's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) debit: AccountKey,
    pub(crate) credit: AccountKey,
    pub(crate) amount: i64,
    pub(crate) phase: Phase,
    /// The hold it resolves, by number of entry.
    pub(crate) hold: Option<usize>,
    /// The entry it takes back.
    pub(crate) reverses: Option<usize>,
    pub(crate) expires_us: Option<i64>,
    /// Only for a void: whether time released the hold.
    pub(crate) by_time: bool,
}

/// What a command is answered: the new entries by phase and amount, or code and index of the refusal.
pub(crate) type Reply = Result<Vec<(Phase, i64)>, (&'static str, usize)>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) entries: Vec<Entry>,
    pub(crate) states: BTreeMap<AccountKey, AccountState>,
    /// Ids by number of entry, told by the ledger under test after each command.
    pub(crate) ids: Vec<Id>,
    pub(crate) account_ids: BTreeMap<Id, AccountKey>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) debits_posted: i128,
    pub(crate) debits_pending: i128,
    pub(crate) credits_posted: i128,
    pub(crate) credits_pending: i128,
}

/// Normal side and floor, copied by hand from the table of §1.3.
#[allow(clippy::match_same_arms, reason = "one row per row of the table")]
fn table(key: &AccountKey) -> Option<(Side, bool)> {
    let payee = matches!(key.owner.kind, OwnerKind::Rep | OwnerKind::Affiliate);
    match (key.owner.kind, key.purpose) {
        (OwnerKind::Program, Purpose::Expense) => Some((Side::Debit, false)),
        (OwnerKind::Program, Purpose::Issued) if key.unit == Unit::POINTS => Some((Side::Debit, false)),
        (OwnerKind::Program, Purpose::Issued) => Some((Side::Credit, false)),
        (OwnerKind::Program, Purpose::Redeemed) => Some((Side::Credit, false)),
        (OwnerKind::Program, Purpose::Breakage) => Some((Side::Credit, false)),
        (OwnerKind::Program, Purpose::Budget) => Some((Side::Credit, true)),
        (OwnerKind::Participant, Purpose::Pending) => Some((Side::Credit, true)),
        (OwnerKind::Participant, Purpose::Available) => Some((Side::Credit, true)),
        (OwnerKind::Participant, Purpose::Recoverable) => Some((Side::Debit, true)),
        (_, Purpose::Pending) if payee => Some((Side::Credit, false)),
        (_, Purpose::Accrued) if payee => Some((Side::Credit, false)),
        (_, Purpose::Payable) if payee => Some((Side::Credit, true)),
        (_, Purpose::Recoverable) if payee => Some((Side::Debit, true)),
        (_, Purpose::Draw) if payee => Some((Side::Debit, true)),
        (OwnerKind::Workspace, Purpose::PayoutClearing) => Some((Side::Credit, true)),
        (OwnerKind::Workspace, Purpose::Paid) => Some((Side::Credit, true)),
        (OwnerKind::Workspace, Purpose::Fees) => Some((Side::Debit, false)),
        (OwnerKind::Workspace, Purpose::FxClearing) => Some((Side::Credit, false)),
        (OwnerKind::Workspace, Purpose::Suspense) => Some((Side::Credit, false)),
        (OwnerKind::Workspace, Purpose::Budget) => Some((Side::Debit, false)),
        _ => None,
    }
}

impl Model {
    /// Every figure of an account, summed from the beginning.
    pub(crate) fn sums(&self, key: &AccountKey) -> Sums {
        let mut sums = Sums::default();
        let resolved: BTreeSet<usize> = self.entries.iter().filter_map(|entry| entry.hold).collect();
        for (number, entry) in self.entries.iter().enumerate() {
            let amount = i128::from(entry.amount);
            let (posted, pending) = match entry.phase {
                Phase::Posted | Phase::Post => (amount, 0),
                Phase::Hold if !resolved.contains(&number) => (0, amount),
                Phase::Hold | Phase::Void => (0, 0),
            };
            if entry.debit == *key {
                sums.debits_posted += posted;
                sums.debits_pending += pending;
            }
            if entry.credit == *key {
                sums.credits_posted += posted;
                sums.credits_pending += pending;
            }
        }
        sums
    }

    /// The entry that resolved the hold with this number.
    pub(crate) fn resolution(&self, hold: usize) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.hold == Some(hold))
    }

    /// The sum of what takes this entry back.
    pub(crate) fn reversed(&self, number: usize) -> i128 {
        self.entries.iter().filter(|entry| entry.reverses == Some(number)).map(|entry| i128::from(entry.amount)).sum()
    }

    fn number(&self, id: Id) -> Option<usize> {
        self.ids.iter().position(|known| *known == id)
    }

    fn resolve(&self, account: AccountRef) -> Option<AccountKey> {
        match account {
            AccountRef::Key(key) => Some(key),
            AccountRef::Id(id) => self.account_ids.get(&id).copied(),
        }
    }

    /// All of them, or none and the first refusal.
    pub(crate) fn command(&mut self, now_us: i64, correction: bool, list: &[NewTransfer]) -> Reply {
        let before = self.clone();
        let start = self.entries.len();
        // What is touched is named by the command as it stands before it.
        let mut touched: Vec<AccountKey> = Vec::new();
        for new in list {
            match new.action {
                Action::Move { debit, credit, .. } | Action::Hold { debit, credit, .. } => {
                    touched.extend([debit, credit].into_iter().filter_map(|account| self.resolve(account)));
                }
                Action::PostHold { hold, .. } | Action::VoidHold { hold } => {
                    if let Some(entry) = self.number(hold).map(|number| &self.entries[number]).filter(|entry| entry.phase == Phase::Hold) {
                        touched.extend([entry.debit, entry.credit]);
                    }
                }
            }
        }
        let mut by_expiry: Vec<usize> = (0..start).collect();
        by_expiry.sort_by_key(|number| self.entries[*number].expires_us);
        for number in by_expiry {
            let entry = self.entries[number].clone();
            let over = entry.expires_us.is_some_and(|expires| now_us >= expires);
            let touches = touched.contains(&entry.debit) || touched.contains(&entry.credit);
            if entry.phase == Phase::Hold && over && touches && self.resolution(number).is_none() {
                self.entries.push(Entry {
                    phase: Phase::Void,
                    hold: Some(number),
                    by_time: true,
                    expires_us: None,
                    reverses: None,
                    ..entry
                });
            }
        }
        for (index, new) in list.iter().enumerate() {
            if let Err(code) = self.one(now_us, correction, new) {
                *self = before;
                return Err((code, index));
            }
        }
        Ok(self.entries[start..].iter().map(|entry| (entry.phase, entry.amount)).collect())
    }

    fn one(&mut self, now_us: i64, correction: bool, new: &NewTransfer) -> Result<(), &'static str> {
        match new.action {
            Action::Move { debit, credit, amount, reverses } => {
                let (debit, credit) = (self.resolve(debit), self.resolve(credit));
                let original = reverses.map(|id| self.number(id));
                let original_unit = original.flatten().map(|number| self.entries[number].debit.unit);
                self.value(debit, credit, amount.minor, amount.minor, &[Some(amount.unit), original_unit])?;
                let (debit, credit) = self.accounts(debit, credit, correction)?;
                if let Some(original) = original {
                    let number = original.ok_or("original_not_found")?;
                    let entry = &self.entries[number];
                    if self.reversed(number) + i128::from(amount.minor) > i128::from(entry.amount) {
                        return Err("reversal_exceeds_original");
                    }
                    if entry.phase == Phase::Hold || entry.phase == Phase::Void {
                        return Err("original_is_hold");
                    }
                    if debit.owner != entry.credit.owner || credit.owner != entry.debit.owner {
                        return Err("reversal_owner_mismatch");
                    }
                }
                let reverses = original.flatten();
                let phase = Phase::Posted;
                self.keep(Entry { debit, credit, amount: amount.minor, phase, hold: None, reverses, expires_us: None, by_time: false })
            }
            Action::Hold { debit, credit, amount, expires_us } => {
                let (debit, credit) = (self.resolve(debit), self.resolve(credit));
                self.value(debit, credit, amount.minor, amount.minor, &[Some(amount.unit)])?;
                let (debit, credit) = self.accounts(debit, credit, correction)?;
                if expires_us.is_some_and(|expires| now_us >= expires) {
                    return Err("hold_expired");
                }
                let phase = Phase::Hold;
                self.keep(Entry { debit, credit, amount: amount.minor, phase, hold: None, reverses: None, expires_us, by_time: false })
            }
            Action::PostHold { hold, amount } => {
                if amount <= 0 {
                    return Err("amount_not_positive");
                }
                let number = self.number(hold).filter(|number| self.entries[*number].phase == Phase::Hold).ok_or("hold_not_found")?;
                let held = self.entries[number].clone();
                if self.resolution(number).is_none() {
                    self.value(Some(held.debit), Some(held.credit), amount, amount.saturating_sub(held.amount), &[])?;
                }
                self.accounts(Some(held.debit), Some(held.credit), correction)?;
                self.open(number, now_us)?;
                if amount > held.amount {
                    return Err("hold_amount_exceeded");
                }
                self.keep(Entry { phase: Phase::Post, amount, hold: Some(number), expires_us: None, ..held })
            }
            Action::VoidHold { hold } => {
                let number = self.number(hold).filter(|number| self.entries[*number].phase == Phase::Hold).ok_or("hold_not_found")?;
                let held = self.entries[number].clone();
                self.accounts(Some(held.debit), Some(held.credit), correction)?;
                self.open(number, now_us)?;
                self.keep(Entry { phase: Phase::Void, hold: Some(number), expires_us: None, ..held })
            }
        }
    }

    /// The group "value": positive, in range (posted and pending of a side together), one unit, two accounts.
    fn value(
        &self,
        debit: Option<AccountKey>,
        credit: Option<AccountKey>,
        amount: i64,
        grows_by: i64,
        units: &[Option<Unit>],
    ) -> Result<(), &'static str> {
        if amount <= 0 {
            return Err("amount_not_positive");
        }
        let max = i128::from(i64::MAX);
        let debits = debit.map_or(0, |key| self.sums(&key).debits_posted + self.sums(&key).debits_pending);
        let credits = credit.map_or(0, |key| self.sums(&key).credits_posted + self.sums(&key).credits_pending);
        if debits + i128::from(grows_by) > max || credits + i128::from(grows_by) > max {
            return Err("amount_overflow");
        }
        let mut all: Vec<Unit> = units.iter().copied().flatten().collect();
        all.extend([debit, credit].into_iter().flatten().map(|key| key.unit));
        if all.iter().any(|unit| *unit != all[0]) {
            return Err("unit_mismatch");
        }
        if debit.is_some() && debit == credit { Err("same_account") } else { Ok(()) }
    }

    fn accounts(
        &self,
        debit: Option<AccountKey>,
        credit: Option<AccountKey>,
        correction: bool,
    ) -> Result<(AccountKey, AccountKey), &'static str> {
        let (Some(debit), Some(credit)) = (debit, credit) else { return Err("account_not_found") };
        if table(&debit).is_none() || table(&credit).is_none() {
            return Err("account_not_found");
        }
        let state = |key| self.states.get(&key).copied().unwrap_or(AccountState::Open);
        if state(debit) == AccountState::Closed || state(credit) == AccountState::Closed {
            return Err("account_closed");
        }
        if !correction && (state(debit) == AccountState::Frozen || state(credit) == AccountState::Frozen) {
            return Err("account_frozen");
        }
        Ok((debit, credit))
    }

    fn open(&self, hold: usize, now_us: i64) -> Result<(), &'static str> {
        match self.resolution(hold) {
            Some(entry) if entry.phase == Phase::Post => Err("hold_already_posted"),
            Some(entry) if entry.by_time => Err("hold_expired"),
            Some(_) => Err("hold_already_voided"),
            None if self.entries[hold].expires_us.is_some_and(|expires| now_us >= expires) => Err("hold_expired"),
            None => Ok(()),
        }
    }

    /// Adds the entry unless a floor breaks: budgets are named before the other accounts.
    fn keep(&mut self, entry: Entry) -> Result<(), &'static str> {
        let keys = [entry.debit, entry.credit];
        let available = |model: &Self, key: &AccountKey| {
            let (side, floor) = table(key)?;
            let sums = model.sums(key);
            floor.then_some(match side {
                Side::Debit => sums.debits_posted - sums.credits_posted - sums.credits_pending,
                Side::Credit => sums.credits_posted - sums.debits_posted - sums.debits_pending,
            })
        };
        self.entries.push(entry);
        let mut broken: Vec<Purpose> = Vec::new();
        for key in keys {
            if available(self, &key).is_some_and(|available| available < 0) {
                broken.push(key.purpose);
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        self.entries.pop();
        Err(if broken.contains(&Purpose::Budget) { "budget_exhausted" } else { "insufficient_available" })
    }
}
