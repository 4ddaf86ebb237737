//! Transfers: one amount from one account to another, written once (`ledger.md` §1.4, §3).

use jiff::Timestamp;
use jiff::civil::Date;

use super::account::AccountKey;
use super::coded::coded;
use crate::audit::Digest;
use crate::id::Id;
use crate::money::{Amount, Minor, Unit};

coded! {
    /// What a transfer is: the rows of `ledger.md` §3. Codes count within the hundred of their subsection;
    /// 300 (affiliate) and 400 (exchange) are kept free for theirs.
    TransferKind {
        /// A hold ran out before it was resolved.
        HoldExpired = 1 "hold_expired",
        /// Earned, usable at once.
        Earned = 101 "earned",
        /// Earned, usable later.
        EarnedPending = 102 "earned_pending",
        /// What was pending became usable.
        Matured = 103 "matured",
        /// Reserved at the till.
        Reserved = 104 "reserved",
        /// A reservation was given up.
        ReservationVoided = 105 "reservation_voided",
        /// Used at the till.
        Redeemed = 106 "redeemed",
        /// A use was taken back.
        RedemptionReversed = 107 "redemption_reversed",
        /// Expired.
        Expired = 108 "expired",
        /// An expiry was taken back.
        ExpiryReversed = 109 "expiry_reversed",
        /// An award was taken back.
        AwardTakenBack = 110 "award_taken_back",
        /// An award was taken back that had been used: it is owed.
        AwardOwed = 111 "award_owed",
        /// What is owed was netted from a new lot.
        OwedNetted = 112 "owed_netted",
        /// What is owed was forgiven.
        Forgiven = 113 "forgiven",
        /// Given out of goodwill.
        Goodwill = 114 "goodwill",
        /// Paid into the wallet.
        ToppedUp = 115 "topped_up",
        /// Taken from the wallet by hand, or for goods that came back without their sale.
        Debited = 116 "debited",
        /// A budget was set or raised.
        BudgetSet = 117 "budget_set",
        /// A budget was lowered.
        BudgetLowered = 118 "budget_lowered",
        /// Drawn from a budget.
        BudgetDrawn = 119 "budget_drawn",
        /// Given back to a budget.
        BudgetReturned = 120 "budget_returned",
        /// The money value of points.
        Mirror = 121 "mirror",
        /// An offline use that the wallet did not cover.
        Uncovered = 122 "uncovered",
        /// From one participant's wallet to another's.
        Transferred = 123 "transferred",
        /// Given up with the wallet's owner.
        Forfeited = 124 "forfeited",
        /// What an offline use that the wallet did not cover was given for came back.
        UncoveredReversed = 125 "uncovered_reversed",
        /// Somebody else than the store was found to bear what the wallet did not cover, or no longer does.
        UncoveredBorne = 126 "uncovered_borne",
        /// A reward was credited.
        Credited = 201 "credited",
        /// A reward was credited while a condition is still open.
        CreditedPending = 202 "credited_pending",
        /// The condition of a pending reward was met.
        ConditionMet = 203 "condition_met",
        /// The difference that a new calculation made.
        Recalculated = 204 "recalculated",
        /// Released: may be paid.
        Released = 205 "released",
        /// Netted from earnings against what was taken back earlier.
        RecoverableNetted = 206 "recoverable_netted",
        /// A released total below zero, carried as owed.
        NegativeCarried = 207 "negative_carried",
        /// Taken back.
        ClawedBack = 208 "clawed_back",
        /// An advance repaid from earnings.
        DrawRepaid = 209 "draw_repaid",
        /// What is owed was given up.
        WrittenOff = 210 "written_off",
        /// Advanced on a recoverable draw.
        DrawAdvanced = 211 "draw_advanced",
        /// A release taken back: payable goes back to accrued, and what was netted with it.
        ReleaseReversed = 220 "release_reversed",
        /// Reserved for a payout.
        PayoutPlanned = 501 "payout_planned",
        /// The reservation was given up.
        PayoutCanceled = 502 "payout_canceled",
        /// Handed to the rail.
        PayoutSent = 503 "payout_sent",
        /// Confirmed as gone.
        PayoutConfirmed = 504 "payout_confirmed",
        /// Charged by the rail.
        PayoutFee = 505 "payout_fee",
        /// A definite no of the rail: payable again.
        PayoutFailed = 506 "payout_failed",
        /// Undone after it was confirmed.
        PayoutReversed = 507 "payout_reversed",
        /// Confirmed by the operator, outside any rail.
        PaidByHand = 508 "paid_by_hand",
    }
}

coded! {
    /// What a transfer does to the totals.
    Phase {
        /// Moves the amount at once.
        Posted = 1 "posted",
        /// Reserves the amount.
        Hold = 2 "hold",
        /// Moves all or part of a hold and releases the rest.
        Post = 3 "post",
        /// Releases a hold.
        Void = 4 "void",
    }
}

/// What caused a transfer. Fields, never text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Causes {
    /// The sale.
    pub sale: Option<Id>,
    /// The reward, which its credits explain.
    pub reward: Option<Id>,
    /// The payout.
    pub payout: Option<Id>,
    /// The program version whose rules decided.
    pub program_version: Option<Id>,
    /// The hold that this transfer resolves.
    pub hold: Option<Id>,
    /// The transfer that this one takes back, in full or in part.
    pub reverses: Option<Id>,
}

/// A transfer as it is written: never changed, never deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: Id,
    /// The command to which it belongs; the transfers of one command are linked.
    pub command: Id,
    /// The account it debits.
    pub debit: Id,
    /// The account it credits.
    pub credit: Id,
    /// Minor units, above 0. A void carries the whole held amount.
    pub amount: Minor,
    /// The unit of both accounts.
    pub unit: Unit,
    /// Which row of the posting table it is.
    pub kind: TransferKind,
    /// What it does to the totals.
    pub phase: Phase,
    /// What caused it.
    pub causes: Causes,
    /// When the event happened. Kept to the microsecond.
    pub business_time: Timestamp,
    /// When it was recorded, in microseconds UTC: strictly increasing from command to command.
    pub recorded_us: i64,
    /// First day of the period with which it is booked.
    pub period: Option<Date>,
    /// Holds only: from this instant on (microseconds UTC, recorded time) the hold is over.
    pub expires_us: Option<i64>,
}

impl Transfer {
    /// Adds every stored field to the digest of the command.
    pub fn digest_into(&self, digest: &mut Digest) {
        digest.text("transfer");
        for id in [self.id, self.command, self.debit, self.credit] {
            digest.id(id);
        }
        digest.int(self.amount).text(self.unit.code());
        digest.int(self.kind.code().into()).int(self.phase.code().into());
        let Causes { sale, reward, payout, program_version, hold, reverses } = self.causes;
        for cause in [sale, reward, payout, program_version, hold, reverses] {
            digest.maybe_id(cause);
        }
        digest.int(self.business_time.as_microsecond()).int(self.recorded_us);
        digest.maybe_int(self.period.map(day_number)).maybe_int(self.expires_us);
    }
}

/// A date as the number YYYYMMDD.
fn day_number(day: Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// An account named by its key (made on first use) or by its id (must exist).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountRef {
    /// By owner, purpose and unit.
    Key(AccountKey),
    /// By id.
    Id(Id),
}

impl From<AccountKey> for AccountRef {
    fn from(key: AccountKey) -> Self {
        Self::Key(key)
    }
}

impl From<Id> for AccountRef {
    fn from(id: Id) -> Self {
        Self::Id(id)
    }
}

/// What a transfer is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Move an amount at once. A correction names the transfer that it takes back.
    Move {
        /// Account to debit.
        debit: AccountRef,
        /// Account to credit.
        credit: AccountRef,
        /// How much.
        amount: Amount,
        /// The transfer that this one takes back.
        reverses: Option<Id>,
    },
    /// Reserve an amount.
    Hold {
        /// Account to debit later.
        debit: AccountRef,
        /// Account to credit later.
        credit: AccountRef,
        /// How much.
        amount: Amount,
        /// The instant from which the hold is over; `None` only for a payout's hold.
        expires_us: Option<i64>,
    },
    /// Move all or part of a hold; the part not moved is released.
    PostHold {
        /// The hold.
        hold: Id,
        /// How much of it, in the hold's unit.
        amount: Minor,
    },
    /// Release a hold.
    VoidHold {
        /// The hold.
        hold: Id,
    },
}

/// A transfer that has been asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTransfer {
    /// Which row of the posting table it is.
    pub kind: TransferKind,
    /// What it does.
    pub action: Action,
    /// What caused it.
    pub origin: Origin,
}

/// Why and when: what a new transfer carries besides its movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The sale, if one caused it.
    pub sale: Option<Id>,
    /// The reward, if one is posted or corrected.
    pub reward: Option<Id>,
    /// The payout, if one is carried out.
    pub payout: Option<Id>,
    /// The program version whose rules decided.
    pub program_version: Option<Id>,
    /// When the event happened.
    pub business_time: Timestamp,
    /// First day of the period with which it is booked.
    pub period: Option<Date>,
}

impl Origin {
    /// An origin that names a time and nothing else.
    #[must_use]
    pub const fn at(business_time: Timestamp) -> Self {
        Self { sale: None, reward: None, payout: None, program_version: None, business_time, period: None }
    }

    /// The causes of a transfer that has this origin.
    pub(super) fn causes(&self, hold: Option<Id>, reverses: Option<Id>) -> Causes {
        Causes { sale: self.sale, reward: self.reward, payout: self.payout, program_version: self.program_version, hold, reverses }
    }
}
