//! Holds and reversed totals: what must be known of earlier transfers (`ledger.md` §1.6, §1.8).

use super::account::Owner;
use super::coded::coded;
use super::transfer::Phase;
use crate::id::Id;
use crate::money::{Minor, Unit};

coded! {
    /// Where a hold stands.
    HoldState {
        /// Reserved.
        Open = 1 "open",
        /// Posted in full or in part.
        Posted = 2 "posted",
        /// Released by a command.
        Voided = 3 "voided",
        /// Released because its time was over.
        Expired = 4 "expired",
    }
}

/// A hold and how it was resolved. Its id is the id of the transfer that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The transfer that made it.
    pub id: Id,
    /// The account it debits.
    pub debit: Id,
    /// The account it credits.
    pub credit: Id,
    /// What was held, in minor units.
    pub amount: Minor,
    /// The unit of both accounts.
    pub unit: Unit,
    /// From this instant on (microseconds UTC, recorded time) it is over; `None` for a payout's hold.
    pub expires_us: Option<i64>,
    /// Where it stands.
    pub state: HoldState,
    /// What was posted of it; the rest was released.
    pub posted: Minor,
}

/// What a reversal must know of the transfer that it takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Original {
    /// The transfer.
    pub id: Id,
    /// Its amount in minor units.
    pub amount: Minor,
    /// Its unit.
    pub unit: Unit,
    /// Its phase.
    pub phase: Phase,
    /// Owner of the account that it debited.
    pub debit_owner: Owner,
    /// Owner of the account that it credited.
    pub credit_owner: Owner,
    /// The sum of its reversals so far; never above `amount`.
    pub reversed: Minor,
}

/// The reversed total of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// The transfer that was taken back.
    pub transfer: Id,
    /// The sum of its reversals in minor units.
    pub total: Minor,
}
