//! The pure part of `meed verify`: everything that is kept beside the journal, computed again from it (`ledger.md` §13).
//!
//! Nothing here calls the posting path; the two share the types, the table of purposes and the encoding. The audit chain
//! is checked by [`crate::audit::verify`].

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::account::{Account, Owner, Rule, Side};
use super::coded::coded;
use super::hold::{Hold, HoldState, Reversed};
use super::transfer::{Phase, Transfer, TransferKind};
use crate::id::Id;
use crate::money::{Minor, Unit};

coded! {
    /// What was compared.
    What {
        /// The sum of posted debits of an account.
        DebitsPosted = 1 "debits_posted",
        /// The sum of pending debits of an account.
        DebitsPending = 2 "debits_pending",
        /// The sum of posted credits of an account.
        CreditsPosted = 3 "credits_posted",
        /// The sum of pending credits of an account.
        CreditsPending = 4 "credits_pending",
        /// Posted debits and credits of a unit over all accounts.
        UnitPosted = 5 "unit_posted",
        /// Pending debits and credits of a unit over all accounts.
        UnitPending = 6 "unit_pending",
        /// The state of a hold.
        Hold = 7 "hold",
        /// The sum of the reversals of a transfer.
        ReversedTotal = 8 "reversed_total",
        /// An account's floor, judged after a transfer.
        Floor = 9 "floor",
        /// The form of a transfer: amount, accounts, units.
        Transfer = 10 "transfer",
        /// A transfer that resolves a hold.
        Resolution = 11 "resolution",
        /// A transfer that takes another one back.
        Reversal = 12 "reversal",
        /// Recorded time.
        RecordedTime = 13 "recorded_time",
        /// Two rows that should be one.
        Twin = 14 "twin",
    }
}

/// Where a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// An account.
    Account(Id),
    /// A transfer.
    Transfer(Id),
    /// A hold, by the transfer that made it.
    Hold(Id),
    /// A unit, over all accounts.
    Unit(Unit),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "{}", id.text(crate::id::Kind::Account)),
            Self::Transfer(id) => write!(f, "{}", id.text(crate::id::Kind::Transfer)),
            Self::Hold(id) => write!(f, "hold {}", id.text(crate::id::Kind::Transfer)),
            Self::Unit(unit) => write!(f, "{unit}"),
        }
    }
}

/// One difference between what is stored and what the journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was compared.
    pub what: What,
    /// Where.
    pub place: Place,
    /// What is stored.
    pub stored: String,
    /// What was computed.
    pub computed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: stored {}, computed {}", self.what, self.place, self.stored, self.computed)
    }
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The differences; none means that the books are right.
    pub differences: Vec<Difference>,
    /// How many transfers were read.
    pub transfers: u64,
    /// Per unit, the sum of posted debits (which equals that of the credits) computed from the journal.
    pub moved: BTreeMap<Unit, i128>,
}

/// Wide sums, so that a broken journal cannot overflow its own check.
#[derive(Clone, Copy, Default)]
struct Sums {
    debits_posted: i128,
    debits_pending: i128,
    credits_posted: i128,
    credits_pending: i128,
}

impl Sums {
    fn available(&self, rule: Rule) -> i128 {
        match rule.normal {
            Side::Debit => self.debits_posted - self.credits_posted - self.credits_pending,
            Side::Credit => self.credits_posted - self.debits_posted - self.debits_pending,
        }
    }
}

/// A transfer that was taken back, with the sums of its reversals.
struct Original {
    stored: Minor,
    computed: i128,
    /// `None` until the transfer itself was read.
    read: Option<Read>,
}

/// What a reversal is compared with.
#[derive(Clone, Copy)]
struct Read {
    amount: Minor,
    unit: Unit,
    phase: Phase,
    debit_owner: Option<Owner>,
    credit_owner: Option<Owner>,
}

/// Reads the projections, then the journal once in order, in memory that grows with accounts, holds and reversals only.
#[derive(Default)]
pub struct Verifier {
    accounts: HashMap<Id, (Account, Sums)>,
    stored_holds: HashMap<Id, Hold>,
    holds: HashMap<Id, Hold>,
    originals: HashMap<Id, Original>,
    last: Option<(i64, Id)>,
    report: Report,
}

impl Verifier {
    /// An empty verifier.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stored account. All projections come before the first transfer.
    pub fn account(&mut self, account: Account) {
        if self.accounts.insert(account.id, (account, Sums::default())).is_some() {
            self.differ(What::Twin, Place::Account(account.id), "two rows", "one");
        }
    }

    /// Adds a stored hold.
    pub fn hold(&mut self, hold: Hold) {
        if self.stored_holds.insert(hold.id, hold).is_some() {
            self.differ(What::Twin, Place::Hold(hold.id), "two rows", "one");
        }
    }

    /// Adds a stored reversed total.
    pub fn reversed(&mut self, reversed: Reversed) {
        let row = Original { stored: reversed.total, computed: 0, read: None };
        if self.originals.insert(reversed.transfer, row).is_some() {
            self.differ(What::Twin, Place::Transfer(reversed.transfer), "two reversed totals", "one");
        }
    }

    /// Reads the next transfer of the journal, in the order of recorded time and id.
    pub fn transfer(&mut self, transfer: &Transfer) {
        self.report.transfers += 1;
        self.check_time(transfer);
        if !self.check_form(transfer) {
            return;
        }
        let before = [transfer.debit, transfer.credit].map(|id| self.accounts[&id].1);
        let amount = i128::from(transfer.amount);
        match transfer.phase {
            Phase::Posted => self.add(transfer, amount, 0),
            Phase::Hold => {
                self.open_hold(transfer);
                self.add(transfer, 0, amount);
            }
            Phase::Post | Phase::Void => {
                if let Some(held) = self.resolve_hold(transfer) {
                    let posted = if transfer.phase == Phase::Post { amount } else { 0 };
                    self.add(transfer, posted, -held);
                }
            }
        }
        self.check_reversal(transfer);
        self.check_floors(transfer, before);
    }

    /// Compares what was read with what is stored.
    #[must_use]
    pub fn finish(mut self) -> Report {
        let mut ids: Vec<Id> = self.accounts.keys().copied().collect();
        ids.sort_unstable();
        let mut units: BTreeMap<Unit, Sums> = BTreeMap::new();
        for id in ids {
            let (account, sums) = self.accounts[&id];
            let stored = account.totals;
            for (what, stored, computed) in [
                (What::DebitsPosted, stored.debits_posted, sums.debits_posted),
                (What::DebitsPending, stored.debits_pending, sums.debits_pending),
                (What::CreditsPosted, stored.credits_posted, sums.credits_posted),
                (What::CreditsPending, stored.credits_pending, sums.credits_pending),
            ] {
                if i128::from(stored) != computed {
                    self.differ(what, Place::Account(id), stored, computed);
                }
            }
            let unit = units.entry(account.key.unit).or_default();
            unit.debits_posted += i128::from(stored.debits_posted);
            unit.debits_pending += i128::from(stored.debits_pending);
            unit.credits_posted += i128::from(stored.credits_posted);
            unit.credits_pending += i128::from(stored.credits_pending);
        }
        for (unit, sums) in units {
            if sums.debits_posted != sums.credits_posted {
                self.differ(What::UnitPosted, Place::Unit(unit), sums.debits_posted, sums.credits_posted);
            }
            if sums.debits_pending != sums.credits_pending {
                self.differ(What::UnitPending, Place::Unit(unit), sums.debits_pending, sums.credits_pending);
            }
        }
        self.compare_holds();
        self.compare_reversed();
        self.report
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers pass literals and numbers as they are")]
    fn differ(&mut self, what: What, place: Place, stored: impl ToString, computed: impl ToString) {
        self.report.differences.push(Difference { what, place, stored: stored.to_string(), computed: computed.to_string() });
    }

    /// Recorded time increases from command to command and is shared within one.
    fn check_time(&mut self, transfer: &Transfer) {
        let place = Place::Transfer(transfer.id);
        if let Some((last_us, command)) = self.last {
            if command == transfer.command && transfer.recorded_us != last_us {
                self.differ(What::RecordedTime, place, transfer.recorded_us, format!("{last_us} as its command"));
            }
            if command != transfer.command && transfer.recorded_us <= last_us {
                self.differ(What::RecordedTime, place, transfer.recorded_us, format!("above {last_us}"));
            }
        }
        self.last = Some((transfer.recorded_us, transfer.command));
    }

    /// Amount, accounts and units. `false`: nothing can be computed with it.
    fn check_form(&mut self, transfer: &Transfer) -> bool {
        let place = Place::Transfer(transfer.id);
        if transfer.amount <= 0 {
            self.differ(What::Transfer, place, format!("amount {}", transfer.amount), "above 0");
        }
        if transfer.debit == transfer.credit {
            self.differ(What::Transfer, place, "one account on both sides", "two");
        }
        let mut known = true;
        for id in [transfer.debit, transfer.credit] {
            match self.accounts.get(&id).map(|(account, _)| account.key) {
                None => {
                    known = false;
                    self.differ(What::Transfer, place, format!("account {id}"), "no such account");
                }
                Some(key) if key.unit != transfer.unit => self.differ(What::Transfer, place, transfer.unit, key.unit),
                Some(key) if key.rule().is_none() => {
                    self.differ(What::Transfer, place, format!("account {key}"), "no such purpose for this owner");
                }
                Some(_) => {}
            }
        }
        known
    }

    fn add(&mut self, transfer: &Transfer, posted: i128, pending: i128) {
        if let Some((_, sums)) = self.accounts.get_mut(&transfer.debit) {
            sums.debits_posted += posted;
            sums.debits_pending += pending;
        }
        if let Some((_, sums)) = self.accounts.get_mut(&transfer.credit) {
            sums.credits_posted += posted;
            sums.credits_pending += pending;
        }
        *self.report.moved.entry(transfer.unit).or_default() += posted;
    }

    fn open_hold(&mut self, transfer: &Transfer) {
        let hold = Hold {
            id: transfer.id,
            debit: transfer.debit,
            credit: transfer.credit,
            amount: transfer.amount,
            unit: transfer.unit,
            expires_us: transfer.expires_us,
            state: HoldState::Open,
            posted: 0,
        };
        if self.holds.insert(transfer.id, hold).is_some() {
            self.differ(What::Twin, Place::Transfer(transfer.id), "two transfers", "one");
        }
    }

    /// Resolves the hold that `transfer` names. Answers what leaves the pending totals; `None` if nothing may.
    fn resolve_hold(&mut self, transfer: &Transfer) -> Option<i128> {
        let place = Place::Transfer(transfer.id);
        let Some(hold) = transfer.causes.hold.and_then(|id| self.holds.get(&id)).copied() else {
            self.differ(What::Resolution, place, format!("{} of a hold", transfer.phase), "no such hold before it");
            return None;
        };
        if hold.state != HoldState::Open {
            self.differ(What::Resolution, place, format!("{} of {}", transfer.phase, hold.id), format!("already {}", hold.state));
            return None;
        }
        if (hold.debit, hold.credit, hold.unit) != (transfer.debit, transfer.credit, transfer.unit) {
            self.differ(What::Resolution, place, "other accounts", format!("those of hold {}", hold.id));
        }
        let over = hold.expires_us.is_some_and(|expires| expires <= transfer.recorded_us);
        if over != (transfer.kind == TransferKind::HoldExpired) {
            self.differ(What::Resolution, place, transfer.kind, if over { "the hold is over" } else { "the hold is not over" });
        }
        let fits = match transfer.phase {
            Phase::Post => transfer.amount <= hold.amount,
            _ => transfer.amount == hold.amount,
        };
        if !fits {
            self.differ(What::Resolution, place, transfer.amount, hold.amount);
        }
        let (state, posted) = match transfer.phase {
            Phase::Post => (HoldState::Posted, transfer.amount),
            _ if transfer.kind == TransferKind::HoldExpired => (HoldState::Expired, 0),
            _ => (HoldState::Voided, 0),
        };
        self.holds.insert(hold.id, Hold { state, posted, ..hold });
        Some(i128::from(hold.amount))
    }

    fn check_reversal(&mut self, transfer: &Transfer) {
        let owner = |id: &Id| self.accounts.get(id).map(|(account, _)| account.key.owner);
        let (debit_owner, credit_owner) = (owner(&transfer.debit), owner(&transfer.credit));
        if let Some(original) = self.originals.get_mut(&transfer.id) {
            let Transfer { amount, unit, phase, .. } = *transfer;
            original.read = Some(Read { amount, unit, phase, debit_owner, credit_owner });
        }
        let Some(id) = transfer.causes.reverses else { return };
        let place = Place::Transfer(transfer.id);
        // Without a stored total the sum is kept all the same; the comparison at the end reports the missing row.
        let original = self.originals.entry(id).or_insert(Original { stored: 0, computed: 0, read: None });
        let is_stored = original.stored != 0;
        original.computed += i128::from(transfer.amount);
        let (sum, read) = (original.computed, original.read);
        match read {
            Some(Read { amount, unit, phase, debit_owner: debit, credit_owner: credit }) => {
                if sum > i128::from(amount) {
                    self.differ(What::Reversal, place, format!("{sum} reversed of {id}"), format!("at most {amount}"));
                }
                if matches!(phase, Phase::Hold | Phase::Void) {
                    self.differ(What::Reversal, place, format!("reverses a {phase}"), "which moved nothing");
                }
                if unit != transfer.unit || (debit, credit) != (credit_owner, debit_owner) {
                    self.differ(What::Reversal, place, "other owners or unit", format!("those of {id}"));
                }
            }
            None if is_stored => self.differ(What::Reversal, place, format!("reverses {id}"), "no such transfer before it"),
            None => {}
        }
    }

    /// A floor may not be broken by a transfer that lowers what is available.
    fn check_floors(&mut self, transfer: &Transfer, before: [Sums; 2]) {
        for (id, before) in [transfer.debit, transfer.credit].into_iter().zip(before) {
            let (account, after) = self.accounts[&id];
            let Some(rule) = account.key.rule().filter(|rule| rule.floor) else { continue };
            let left = after.available(rule);
            if left < 0 && left < before.available(rule) {
                let place = Place::Transfer(transfer.id);
                self.differ(What::Floor, place, format!("{left} available on {}", account.key), "0 or more");
            }
        }
    }

    fn compare_holds(&mut self) {
        let mut ids: Vec<Id> = self.holds.keys().chain(self.stored_holds.keys()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let (stored, computed) = (self.stored_holds.get(&id).copied(), self.holds.get(&id).copied());
            if stored != computed {
                let text = |hold: Option<Hold>| {
                    hold.map_or_else(|| "none".to_owned(), |hold| format!("{} {} of {}", hold.state, hold.posted, hold.amount))
                };
                self.differ(What::Hold, Place::Hold(id), text(stored), text(computed));
            }
        }
    }

    fn compare_reversed(&mut self) {
        let mut rows: Vec<_> = self.originals.iter().map(|(id, row)| (*id, row.stored, row.computed)).collect();
        rows.sort_unstable();
        for (id, stored, computed) in rows {
            if i128::from(stored) != computed {
                self.differ(What::ReversedTotal, Place::Transfer(id), stored, computed);
            }
        }
    }
}
