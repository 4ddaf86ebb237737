//! Applying the transfers of one command: checks in the order of the refusals, then the totals.

use super::account::{Account, AccountKey, AccountState, OwnerKind, Purpose, Rule, Totals};
use super::book::Book;
use super::hold::{Hold, HoldState, Original};
use super::refusal::Refusal;
use super::transfer::{AccountRef, Action, NewTransfer, Origin, Phase, Transfer, TransferKind};
use crate::id::Id;
use crate::money::{Amount, Minor};

/// Which command posts, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The command.
    pub command: Id,
    /// Recorded time in microseconds UTC: strictly increasing from command to command, shared by its transfers.
    pub recorded_us: i64,
    /// An operator's correction, the only thing that moves a frozen account.
    pub correction: bool,
}

/// The transfers that a command wrote.
#[derive(Clone, Copy, Debug)]
pub struct Applied<'a> {
    /// Voids of overdue holds on the accounts that the command touches; they come first.
    pub expired: &'a [Transfer],
    /// The transfers asked for, in their order.
    pub transfers: &'a [Transfer],
}

/// One end of a new transfer: an account that exists, one to be made, or nothing.
#[derive(Clone, Copy)]
struct End {
    index: Option<usize>,
    key: Option<AccountKey>,
    rule: Option<Rule>,
    state: AccountState,
    totals: Totals,
}

impl Book {
    /// Applies the linked transfers of one command: all of them, or none and the reason of the first that failed.
    /// `ids` gives a larger id at every call; accounts are made on first use.
    pub fn apply(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, new: &[NewTransfer]) -> Result<Applied<'_>, Refusal> {
        self.apply_linked(stamp, ids, new).map_err(|(_, refusal)| refusal)
    }

    /// The same for transfers that the caller of the interface listed: a refusal names the one that failed.
    pub fn apply_listed(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, new: &[NewTransfer]) -> Result<Applied<'_>, Refusal> {
        self.apply_linked(stamp, ids, new).map_err(|(index, reason)| Refusal::LinkedTransferFailed { index, reason: Box::new(reason) })
    }

    /// Voids the overdue ones among the open holds of these accounts: the work of a sweep, as one command.
    pub fn expire(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, accounts: &[AccountRef]) -> &[Transfer] {
        let start = self.transfers().len();
        self.expire_on(stamp, ids, accounts.iter().copied());
        &self.transfers()[start..]
    }

    fn apply_linked(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, new: &[NewTransfer]) -> Result<Applied<'_>, (usize, Refusal)> {
        let start = self.transfers().len();
        let listed = self.all_or_nothing(|book| {
            if !book.can_expire() {
                return book.apply_each(stamp, ids, new);
            }
            let held = new.iter().filter_map(|transfer| book.accounts_of_hold(transfer)).flatten();
            let touched: Vec<AccountRef> = new.iter().flat_map(NewTransfer::accounts).chain(held).collect();
            book.expire_on(stamp, ids, touched.into_iter());
            book.apply_each(stamp, ids, new)
        })?;
        Ok(Applied { expired: &self.transfers()[start..listed], transfers: &self.transfers()[listed..] })
    }

    /// Applies one after the other; answers where the transfers begin.
    fn apply_each(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, new: &[NewTransfer]) -> Result<usize, (usize, Refusal)> {
        let start = self.transfers().len();
        for (index, transfer) in new.iter().enumerate() {
            self.apply_one(stamp, ids, transfer).map_err(|refusal| (index, refusal))?;
        }
        Ok(start)
    }

    fn accounts_of_hold(&self, transfer: &NewTransfer) -> Option<[AccountRef; 2]> {
        let (Action::PostHold { hold, .. } | Action::VoidHold { hold }) = transfer.action else { return None };
        self.hold(hold).map(|hold| [hold.debit.into(), hold.credit.into()])
    }

    /// Voids what is overdue, in the order of expiry, then id. No state of an account stops it: from its instant on the
    /// hold is over (`ledger.md` §1.6).
    fn expire_on(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, accounts: impl Iterator<Item = AccountRef>) {
        let touched = accounts.filter_map(|account| self.end(account).index);
        let mut overdue: Vec<(i64, Id)> = touched.flat_map(|index| self.overdue_on(index, stamp.recorded_us)).collect();
        overdue.sort_unstable();
        overdue.dedup();
        for (expires_us, id) in overdue {
            let hold = *self.hold(id).expect("an expiring hold is loaded");
            let instant = jiff::Timestamp::from_microsecond(expires_us).unwrap_or_default();
            self.release(&hold, 0, HoldState::Expired);
            let void = transfer_of_hold(ids(), stamp, &hold, TransferKind::HoldExpired, &Origin::at(instant));
            self.push_transfer(void);
            self.shelf.release(id, void.id, stamp.recorded_us);
        }
    }

    fn apply_one(&mut self, stamp: Stamp, ids: &mut dyn FnMut() -> Id, new: &NewTransfer) -> Result<(), Refusal> {
        match new.action {
            Action::Move { debit, credit, amount, reverses } => {
                let ends = [self.end(debit), self.end(credit)];
                let original = reverses.map(|id| self.original(id));
                check_value(amount, &ends, original.flatten().as_ref())?;
                check_accounts(stamp, &ends)?;
                let original = original.map(|original| check_reversal(amount.minor, &ends, original)).transpose()?;
                let after = [
                    Totals { debits_posted: ends[0].totals.debits_posted + amount.minor, ..ends[0].totals },
                    Totals { credits_posted: ends[1].totals.credits_posted + amount.minor, ..ends[1].totals },
                ];
                check_floors(amount.minor, &ends, &after)?;
                if let Some(original) = original {
                    self.set_original(Original { reversed: original.reversed + amount.minor, ..original });
                }
                let accounts = self.write_ends(ids, &ends, &after);
                let row = moved(ids(), stamp, new, accounts, amount);
                self.push_transfer(Transfer { causes: new.origin.causes(None, reverses), ..row });
            }
            Action::Hold { debit, credit, amount, expires_us } => {
                let ends = [self.end(debit), self.end(credit)];
                check_value(amount, &ends, None)?;
                check_accounts(stamp, &ends)?;
                if expires_us.is_some_and(|expires| expires <= stamp.recorded_us) {
                    return Err(Refusal::HoldExpired);
                }
                let after = [
                    Totals { debits_pending: ends[0].totals.debits_pending + amount.minor, ..ends[0].totals },
                    Totals { credits_pending: ends[1].totals.credits_pending + amount.minor, ..ends[1].totals },
                ];
                check_floors(amount.minor, &ends, &after)?;
                let [debit, credit] = self.write_ends(ids, &ends, &after);
                let id = ids();
                let (state, Amount { minor, unit }) = (HoldState::Open, amount);
                self.set_hold(Hold { id, debit, credit, amount: minor, unit, expires_us, state, posted: 0 });
                let row = moved(id, stamp, new, [debit, credit], amount);
                self.push_transfer(Transfer { phase: Phase::Hold, expires_us, ..row });
            }
            Action::PostHold { hold, amount } => {
                let hold = self.check_post(stamp, hold, amount)?;
                self.release(&hold, amount, HoldState::Posted);
                let post = transfer_of_hold(ids(), stamp, &hold, new.kind, &new.origin);
                self.push_transfer(Transfer { amount, phase: Phase::Post, ..post });
            }
            Action::VoidHold { hold } => {
                let hold = self.hold(hold).copied().ok_or(Refusal::HoldNotFound)?;
                check_accounts(stamp, &[self.end(hold.debit.into()), self.end(hold.credit.into())])?;
                check_open(&hold)?;
                self.release(&hold, 0, HoldState::Voided);
                let void = transfer_of_hold(ids(), stamp, &hold, new.kind, &new.origin);
                self.push_transfer(void);
            }
        }
        Ok(())
    }

    fn end(&self, account: AccountRef) -> End {
        let (index, key) = match account {
            AccountRef::Id(id) => (self.index_of_id(id), None),
            AccountRef::Key(key) if key.rule().is_some() => (self.index_of(&key), Some(key)),
            AccountRef::Key(key) => (None, Some(key)),
        };
        let account: Option<&Account> = index.map(|index| self.account_at(index));
        let key = account.map(|account| account.key).or(key);
        End {
            index,
            key,
            rule: key.and_then(|key| key.rule()),
            state: account.map_or(AccountState::Open, |account| account.state),
            totals: account.map_or_else(Totals::default, |account| account.totals),
        }
    }

    fn write_ends(&mut self, ids: &mut dyn FnMut() -> Id, ends: &[End; 2], after: &[Totals; 2]) -> [Id; 2] {
        [0, 1].map(|side| {
            let index = ends[side].index.unwrap_or_else(|| {
                let key = ends[side].key.expect("checked: the account is named by its key");
                self.make_account(ids(), key)
            });
            self.set_totals(index, after[side]);
            self.account_at(index).id
        })
    }

    fn check_post(&self, stamp: Stamp, hold: Id, amount: Minor) -> Result<Hold, Refusal> {
        if amount <= 0 {
            return Err(Refusal::AmountNotPositive);
        }
        let hold = self.hold(hold).copied().ok_or(Refusal::HoldNotFound)?;
        let ends = [self.end(hold.debit.into()), self.end(hold.credit.into())];
        if hold.state == HoldState::Open {
            let more = amount - hold.amount;
            room_for(more, ends[0].totals.debits_posted, ends[0].totals.debits_pending)?;
            room_for(more, ends[1].totals.credits_posted, ends[1].totals.credits_pending)?;
        }
        check_accounts(stamp, &ends)?;
        check_open(&hold)?;
        if amount > hold.amount {
            return Err(Refusal::HoldAmountExceeded { held: hold.amount, asked: amount });
        }
        Ok(hold)
    }

    /// Takes a hold off the pending totals and posts `posted` of it. No floor can break: the hold was counted.
    fn release(&mut self, hold: &Hold, posted: Minor, state: HoldState) {
        let loaded = "a hold's accounts are loaded";
        let (debit, credit) = (self.index_of_id(hold.debit).expect(loaded), self.index_of_id(hold.credit).expect(loaded));
        let mut totals = self.account_at(debit).totals;
        totals.debits_pending -= hold.amount;
        totals.debits_posted += posted;
        assert!(totals.debits_pending >= 0, "hold {} exceeds what is pending", hold.id);
        self.set_totals(debit, totals);
        let mut totals = self.account_at(credit).totals;
        totals.credits_pending -= hold.amount;
        totals.credits_posted += posted;
        assert!(totals.credits_pending >= 0, "hold {} exceeds what is pending", hold.id);
        self.set_totals(credit, totals);
        self.set_hold(Hold { state, posted, ..*hold });
    }
}

/// Whether posted and pending of one side together still fit after `more`.
fn room_for(more: Minor, posted: Minor, pending: Minor) -> Result<(), Refusal> {
    let sum = posted.checked_add(pending).and_then(|sum| sum.checked_add(more));
    sum.map(|_| ()).ok_or(Refusal::AmountOverflow)
}

fn check_value(amount: Amount, ends: &[End; 2], original: Option<&Original>) -> Result<(), Refusal> {
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive);
    }
    room_for(amount.minor, ends[0].totals.debits_posted, ends[0].totals.debits_pending)?;
    room_for(amount.minor, ends[1].totals.credits_posted, ends[1].totals.credits_pending)?;
    let units = ends.iter().filter_map(|end| end.key.map(|key| key.unit)).chain(original.map(|original| original.unit));
    if units.into_iter().any(|unit| unit != amount.unit) {
        return Err(Refusal::UnitMismatch);
    }
    if ends[0].key.is_some() && ends[0].key == ends[1].key {
        return Err(Refusal::SameAccount);
    }
    Ok(())
}

fn check_accounts(stamp: Stamp, ends: &[End; 2]) -> Result<(), Refusal> {
    if ends.iter().any(|end| end.rule.is_none()) {
        return Err(Refusal::AccountNotFound);
    }
    if ends.iter().any(|end| end.state == AccountState::Closed) {
        return Err(Refusal::AccountClosed);
    }
    if !stamp.correction && ends.iter().any(|end| end.state == AccountState::Frozen) {
        return Err(Refusal::AccountFrozen);
    }
    Ok(())
}

/// An overdue hold was voided before its command's transfers are judged, so an open one is not over.
fn check_open(hold: &Hold) -> Result<(), Refusal> {
    match hold.state {
        HoldState::Posted => Err(Refusal::HoldAlreadyPosted),
        HoldState::Voided => Err(Refusal::HoldAlreadyVoided),
        HoldState::Expired => Err(Refusal::HoldExpired),
        HoldState::Open => Ok(()),
    }
}

/// A reversal may leave from another account than the one first credited, but stays between the same owners (§1.8).
fn check_reversal(amount: Minor, ends: &[End; 2], original: Option<Original>) -> Result<Original, Refusal> {
    let original = original.ok_or(Refusal::OriginalNotFound)?;
    let left = original.amount - original.reversed;
    if amount > left {
        return Err(Refusal::ReversalExceedsOriginal { left, asked: amount });
    }
    if matches!(original.phase, Phase::Hold | Phase::Void) {
        return Err(Refusal::OriginalIsHold);
    }
    let owners = [ends[0].key.map(|key| key.owner), ends[1].key.map(|key| key.owner)];
    if owners != [Some(original.credit_owner), Some(original.debit_owner)] {
        return Err(Refusal::ReversalOwnerMismatch);
    }
    Ok(original)
}

/// *Available* never below 0 where the account has a floor. A budget stands ahead of the other accounts in the list of
/// refusals; only a debit can exhaust it, so the debit is judged first.
fn check_floors(needed: Minor, ends: &[End; 2], after: &[Totals; 2]) -> Result<(), Refusal> {
    let broken = |side: usize| {
        let rule = ends[side].rule.filter(|rule| rule.floor)?;
        let (available, left) = (ends[side].totals.available(rule), after[side].available(rule));
        let key = ends[side].key.filter(|_| left < 0 && left < available)?;
        Some(if key.purpose == Purpose::Budget && key.owner.kind == OwnerKind::Program {
            Refusal::BudgetExhausted { available, needed }
        } else {
            Refusal::InsufficientAvailable { account: key, available, needed }
        })
    };
    broken(0).or_else(|| broken(1)).map_or(Ok(()), Err)
}

/// The row of a movement; what a hold or a reversal adds is set by the caller.
fn moved(id: Id, stamp: Stamp, new: &NewTransfer, [debit, credit]: [Id; 2], amount: Amount) -> Transfer {
    Transfer {
        id,
        command: stamp.command,
        debit,
        credit,
        amount: amount.minor,
        unit: amount.unit,
        kind: new.kind,
        phase: Phase::Posted,
        causes: new.origin.causes(None, None),
        business_time: new.origin.business_time,
        recorded_us: stamp.recorded_us,
        period: new.origin.period,
        expires_us: None,
    }
}

/// The row that voids a hold; a post sets amount and phase.
fn transfer_of_hold(id: Id, stamp: Stamp, hold: &Hold, kind: TransferKind, origin: &Origin) -> Transfer {
    Transfer {
        id,
        command: stamp.command,
        debit: hold.debit,
        credit: hold.credit,
        amount: hold.amount,
        unit: hold.unit,
        kind,
        phase: Phase::Void,
        causes: origin.causes(Some(hold.id), None),
        business_time: origin.business_time,
        recorded_us: stamp.recorded_us,
        period: origin.period,
        expires_us: None,
    }
}
