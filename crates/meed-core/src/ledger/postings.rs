//! The transfers of each event: commissions (`ledger.md` §3.2) and payouts (§3.5).
//!
//! Amounts are in minor units. Where an event may go either way (a negative reward, a difference), the amount is signed
//! and 0 gives no transfer; elsewhere it is above 0, or the book refuses it. Functions that net something first read the
//! present balances, so a command that posts more than one such event for one payee applies them one after the other
//! inside [`Book::all_or_nothing`].

use super::account::{AccountKey, Owner, Purpose};
use super::book::Book;
use super::refusal::Refusal;
use super::transfer::{Action, NewTransfer, Origin, Transfer, TransferKind};
use crate::id::Id;
use crate::money::{Amount, Minor, Unit};

/// Where the money of a reward stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Credited, a condition is still open.
    Pending,
    /// Credited, waiting for release.
    Accrued,
    /// On a frozen statement, sent or paid: untouchable there.
    Released,
}

/// The accounts of a payee that commissions and their payouts touch, for loading.
#[must_use]
pub fn payee_accounts(payee: Owner, unit: Unit) -> [AccountKey; 5] {
    [Purpose::Pending, Purpose::Accrued, Purpose::Payable, Purpose::Recoverable, Purpose::Draw].map(|purpose| payee.account(purpose, unit))
}

/// A reward: Dr program `expense` / Cr payee `accrued`. A negative one goes the other way.
pub fn credited(program: Id, payee: Owner, amount: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    either_way(TransferKind::Credited, program, payee.account(Purpose::Accrued, amount.unit), amount, origin)
}

/// A reward whose condition is still open (the customer has not paid, a holdback): Cr payee `pending` instead.
pub fn credited_pending(program: Id, payee: Owner, amount: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    either_way(TransferKind::CreditedPending, program, payee.account(Purpose::Pending, amount.unit), amount, origin)
}

/// The condition is met: Dr payee `pending` / Cr `accrued`.
#[must_use]
pub fn condition_met(payee: Owner, amount: Amount, origin: Origin) -> Vec<NewTransfer> {
    let (from, to) = (payee.account(Purpose::Pending, amount.unit), payee.account(Purpose::Accrued, amount.unit));
    vec![moved(TransferKind::ConditionMet, from, to, amount, origin)]
}

/// The difference between a new target and what is posted. Not released: on `accrued`, either way. Released: what was
/// added is credited to the open period, what was taken is clawed back; the released statement stays as it is.
pub fn adjusted(program: Id, payee: Owner, difference: Amount, standing: Standing, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    let Amount { minor, unit } = difference;
    match standing {
        Standing::Released if minor < 0 => {
            let taken = Amount { minor: opposite(minor)?, unit };
            Ok(clawed_back(program, payee, taken, standing, origin))
        }
        Standing::Pending => either_way(TransferKind::Recalculated, program, payee.account(Purpose::Pending, unit), difference, origin),
        Standing::Accrued | Standing::Released => {
            either_way(TransferKind::Recalculated, program, payee.account(Purpose::Accrued, unit), difference, origin)
        }
    }
}

/// Taken back: from where the amount stands, or from `recoverable` once it is released; Cr program `expense`.
#[must_use]
pub fn clawed_back(program: Id, payee: Owner, amount: Amount, standing: Standing, origin: Origin) -> Vec<NewTransfer> {
    let purpose = match standing {
        Standing::Pending => Purpose::Pending,
        Standing::Accrued => Purpose::Accrued,
        Standing::Released => Purpose::Recoverable,
    };
    let expense = Owner::program(program).account(Purpose::Expense, amount.unit);
    vec![moved(TransferKind::ClawedBack, payee.account(purpose, amount.unit), expense, amount, origin)]
}

/// A statement's total is released. What is owed comes first: `recoverable`, then `draw`, each at most what is there;
/// the rest becomes `payable`. A negative total becomes `recoverable`: no negative payout exists.
pub fn released(book: &Book, payee: Owner, total: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    let Amount { minor, unit } = total;
    let accrued = payee.account(Purpose::Accrued, unit);
    let recoverable = payee.account(Purpose::Recoverable, unit);
    let draw = payee.account(Purpose::Draw, unit);
    if minor < 0 {
        let owed = Amount { minor: opposite(minor)?, unit };
        return Ok(vec![moved(TransferKind::NegativeCarried, recoverable, accrued, owed, origin)]);
    }
    let netted = minor.min(book.available(&recoverable)).max(0);
    let repaid = (minor - netted).min(book.available(&draw)).max(0);
    let parts = [
        (TransferKind::RecoverableNetted, recoverable, netted),
        (TransferKind::DrawRepaid, draw, repaid),
        (TransferKind::Released, payee.account(Purpose::Payable, unit), minor - netted - repaid),
    ];
    let parts = parts.into_iter().filter(|(_, _, minor)| *minor > 0);
    Ok(parts.map(|(kind, to, minor)| moved(kind, accrued, to, Amount { minor, unit }, origin)).collect())
}

/// A statement's total is released whose lines have settled advances already: only `recoverable` is netted.
pub fn released_by_lines(book: &Book, payee: Owner, total: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    let Amount { minor, unit } = total;
    let accrued = payee.account(Purpose::Accrued, unit);
    let recoverable = payee.account(Purpose::Recoverable, unit);
    if minor < 0 {
        let owed = Amount { minor: opposite(minor)?, unit };
        return Ok(vec![moved(TransferKind::NegativeCarried, recoverable, accrued, owed, origin)]);
    }
    let netted = minor.min(book.available(&recoverable)).max(0);
    let parts = [
        (TransferKind::RecoverableNetted, recoverable, netted),
        (TransferKind::Released, payee.account(Purpose::Payable, unit), minor - netted),
    ];
    let parts = parts.into_iter().filter(|(_, _, minor)| *minor > 0);
    Ok(parts.map(|(kind, to, minor)| moved(kind, accrued, to, Amount { minor, unit }, origin)).collect())
}

/// A line of a draw: an advance is Dr payee `draw` / Cr `accrued`, a repayment the other way. It is paid with its period.
pub fn draw_moved(payee: Owner, amount: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    let (draw, accrued) = (payee.account(Purpose::Draw, amount.unit), payee.account(Purpose::Accrued, amount.unit));
    Ok(match amount.minor {
        0 => Vec::new(),
        1.. => vec![moved(TransferKind::DrawAdvanced, draw, accrued, amount, origin)],
        minor => vec![moved(TransferKind::DrawRepaid, accrued, draw, Amount { minor: opposite(minor)?, ..amount }, origin)],
    })
}

/// What was pending is due: Dr payee `pending` / Cr `accrued`; a negative amount goes the other way.
pub fn came_due(payee: Owner, amount: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    let (pending, accrued) = (payee.account(Purpose::Pending, amount.unit), payee.account(Purpose::Accrued, amount.unit));
    Ok(match amount.minor {
        0 => Vec::new(),
        1.. => condition_met(payee, amount, origin),
        minor => vec![moved(TransferKind::ConditionMet, accrued, pending, Amount { minor: opposite(minor)?, ..amount }, origin)],
    })
}

/// What a payee owes is given up: Dr program `expense` / Cr `recoverable`.
#[must_use]
pub fn written_off(program: Id, payee: Owner, amount: Amount, origin: Origin) -> Vec<NewTransfer> {
    let expense = Owner::program(program).account(Purpose::Expense, amount.unit);
    vec![moved(TransferKind::WrittenOff, expense, payee.account(Purpose::Recoverable, amount.unit), amount, origin)]
}

/// A payout is planned: the payee's money is held, so that no second payout can take it. The hold ends with the payout.
#[must_use]
pub fn payout_planned(workspace: Id, payee: Owner, amount: Amount, origin: Origin) -> Vec<NewTransfer> {
    let debit = payee.account(Purpose::Payable, amount.unit).into();
    let credit = Owner::workspace(workspace).account(Purpose::PayoutClearing, amount.unit).into();
    let action = Action::Hold { debit, credit, amount, expires_us: None };
    vec![NewTransfer { kind: TransferKind::PayoutPlanned, action, origin }]
}

/// A planned payout is given up or tallied again: its hold is void.
#[must_use]
pub fn payout_canceled(hold: Id, origin: Origin) -> Vec<NewTransfer> {
    vec![NewTransfer { kind: TransferKind::PayoutCanceled, action: Action::VoidHold { hold }, origin }]
}

/// A payout is handed over (a file to payroll, a call to a rail): its hold is posted.
#[must_use]
pub fn payout_sent(hold: Id, amount: Minor, origin: Origin) -> Vec<NewTransfer> {
    vec![NewTransfer { kind: TransferKind::PayoutSent, action: Action::PostHold { hold, amount }, origin }]
}

/// A payout is confirmed as gone: Dr `payout_clearing` / Cr `paid`, and the rail's fee (0 for none) Dr `fees` / Cr `paid`.
#[must_use]
pub fn payout_confirmed(workspace: Id, amount: Amount, fee: Minor, origin: Origin) -> Vec<NewTransfer> {
    let mut transfers = vec![confirmed(TransferKind::PayoutConfirmed, workspace, amount, origin)];
    if fee != 0 {
        let own = |purpose| Owner::workspace(workspace).account(purpose, amount.unit);
        let fee = Amount { minor: fee, ..amount };
        transfers.push(moved(TransferKind::PayoutFee, own(Purpose::Fees), own(Purpose::Paid), fee, origin));
    }
    transfers
}

/// The operator paid outside any rail: the payout's hold is posted and confirmed. Without a planned payout (`hold` is
/// `None`) the amount goes through `payout_clearing` all the same.
#[must_use]
pub fn paid_by_hand(workspace: Id, payee: Owner, amount: Amount, hold: Option<Id>, origin: Origin) -> Vec<NewTransfer> {
    let clearing = Owner::workspace(workspace).account(Purpose::PayoutClearing, amount.unit);
    let sent = match hold {
        Some(hold) => payout_sent(hold, amount.minor, origin),
        None => vec![moved(TransferKind::PayoutSent, payee.account(Purpose::Payable, amount.unit), clearing, amount, origin)],
    };
    sent.into_iter().chain([confirmed(TransferKind::PaidByHand, workspace, amount, origin)]).collect()
}

/// A transfer is taken back, in full or in part, along the way it came: a failed payout (`PayoutFailed`, the post of its
/// hold), one that was paid by hand and is not (`PayoutReversed`, both of its transfers, the later one first).
#[must_use]
pub fn reversed(original: &Transfer, minor: Minor, kind: TransferKind, origin: Origin) -> NewTransfer {
    let (debit, credit) = (original.credit.into(), original.debit.into());
    let amount = Amount { minor, unit: original.unit };
    NewTransfer { kind, action: Action::Move { debit, credit, amount, reverses: Some(original.id) }, origin }
}

fn confirmed(kind: TransferKind, workspace: Id, amount: Amount, origin: Origin) -> NewTransfer {
    let own = |purpose| Owner::workspace(workspace).account(purpose, amount.unit);
    moved(kind, own(Purpose::PayoutClearing), own(Purpose::Paid), amount, origin)
}

fn moved(kind: TransferKind, debit: AccountKey, credit: AccountKey, amount: Amount, origin: Origin) -> NewTransfer {
    let action = Action::Move { debit: debit.into(), credit: credit.into(), amount, reverses: None };
    NewTransfer { kind, action, origin }
}

/// From the program's `expense` to `to`, or back when the amount is negative; nothing when it is 0.
fn either_way(kind: TransferKind, program: Id, to: AccountKey, amount: Amount, origin: Origin) -> Result<Vec<NewTransfer>, Refusal> {
    let expense = Owner::program(program).account(Purpose::Expense, amount.unit);
    Ok(match amount.minor {
        0 => Vec::new(),
        1.. => vec![moved(kind, expense, to, amount, origin)],
        minor => vec![moved(kind, to, expense, Amount { minor: opposite(minor)?, ..amount }, origin)],
    })
}

fn opposite(minor: Minor) -> Result<Minor, Refusal> {
    minor.checked_neg().ok_or(Refusal::AmountOverflow)
}
