//! Why a command is refused: one closed, ordered list (`ledger.md` §1.9).

use super::account::AccountKey;
use crate::money::{Minor, UnknownUnit};

/// A refusal. The variants stand in the order in which they are checked; the first that applies is the answer.
/// Names may be added at the end of their group and are never renamed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // identity
    /// The `Idempotency-Key` was used for another content.
    #[error("this idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The external id was used for another content.
    #[error("this id was used for something else")]
    ExternalIdReused,
    // value
    /// The amount is 0 or below.
    #[error("the amount must be above 0")]
    AmountNotPositive,
    /// The amount or a total would leave the 64-bit range.
    #[error("the amount or a total would leave the range that can be kept")]
    AmountOverflow,
    /// The unit is no known currency.
    #[error("the unit is not known")]
    UnitUnknown,
    /// Amount, accounts and original are not of one unit.
    #[error("amount and accounts are not of one unit")]
    UnitMismatch,
    /// Debit and credit are the same account.
    #[error("debit and credit are the same account")]
    SameAccount,
    // account
    /// There is no such account, or such an owner cannot have it.
    #[error("there is no such account")]
    AccountNotFound,
    /// An account is closed.
    #[error("the account is closed")]
    AccountClosed,
    /// An account is frozen and this is no operator's correction.
    #[error("the account is frozen")]
    AccountFrozen,
    // hold
    /// There is no such hold.
    #[error("there is no such hold")]
    HoldNotFound,
    /// The hold was posted before.
    #[error("the hold was posted before")]
    HoldAlreadyPosted,
    /// The hold was voided before.
    #[error("the hold was voided before")]
    HoldAlreadyVoided,
    /// The hold's time is over.
    #[error("the hold has expired")]
    HoldExpired,
    /// More than was held.
    #[error("{asked} is more than the {held} held")]
    HoldAmountExceeded {
        /// What was held, in minor units.
        held: Minor,
        /// What was to be posted.
        asked: Minor,
    },
    // reversal
    /// There is no such transfer to take back.
    #[error("there is no such transfer to reverse")]
    OriginalNotFound,
    /// The reversals would exceed the transfer.
    #[error("{asked} is more than the {left} that can still be reversed")]
    ReversalExceedsOriginal {
        /// What can still be reversed, in minor units.
        left: Minor,
        /// What was to be reversed.
        asked: Minor,
    },
    /// A hold or its release moved nothing; void the hold instead.
    #[error("the transfer to reverse moved nothing; void its hold instead")]
    OriginalIsHold,
    /// The correction is between other owners than the original.
    #[error("a reversal must be between the owners of its original")]
    ReversalOwnerMismatch,
    // program
    /// The price token names other program versions.
    #[error("the price was computed with another program version")]
    PriceVersionStale,
    /// The program does not run.
    #[error("the program is not live")]
    ProgramNotLive,
    /// A limit by number is used up.
    #[error("the limit is reached")]
    LimitReached,
    /// A program's budget does not cover the amount.
    #[error("the budget has {available} left, {needed} are needed")]
    BudgetExhausted {
        /// What may still be granted, in minor units.
        available: Minor,
        /// The amount that does not fit.
        needed: Minor,
    },
    // wallet
    /// No lot may be used for this.
    #[error("the conditions of the lots are not met")]
    LotConditionsNotMet,
    /// The account's floor does not allow it.
    #[error("{}", insufficient(account, *available, *needed))]
    InsufficientAvailable {
        /// The account whose floor would be broken.
        account: AccountKey,
        /// What is available, holds counted, in minor units.
        available: Minor,
        /// The amount that does not fit.
        needed: Minor,
    },
    // period
    /// The caller insists on a closed period.
    #[error("the period is closed")]
    PeriodClosed,
    // link
    /// A transfer of a list that the caller made was refused, and the whole list with it.
    #[error("transfer {index} was refused: {reason}")]
    LinkedTransferFailed {
        /// Place in the caller's list, from 0.
        index: usize,
        /// Why that one was refused.
        reason: Box<Refusal>,
    },
}

/// A wallet is spoken of as people know it, in major units; other accounts by name.
fn insufficient(account: &AccountKey, available: Minor, needed: Minor) -> String {
    if account.owner.kind != super::account::OwnerKind::Participant {
        return format!("{account} has {available} available, {needed} are needed");
    }
    let major = |minor| crate::money::Amount { minor, unit: account.unit };
    format!("the wallet holds {}, and {} are needed", major(available), major(needed))
}

impl Refusal {
    /// Every code in the order of checking.
    pub const CODES: &'static [&'static str] = &[
        "idempotency_key_reused",
        "external_id_reused",
        "amount_not_positive",
        "amount_overflow",
        "unit_unknown",
        "unit_mismatch",
        "same_account",
        "account_not_found",
        "account_closed",
        "account_frozen",
        "hold_not_found",
        "hold_already_posted",
        "hold_already_voided",
        "hold_expired",
        "hold_amount_exceeded",
        "original_not_found",
        "reversal_exceeds_original",
        "original_is_hold",
        "reversal_owner_mismatch",
        "price_version_stale",
        "program_not_live",
        "limit_reached",
        "budget_exhausted",
        "lot_conditions_not_met",
        "insufficient_available",
        "period_closed",
        "linked_transfer_failed",
    ];

    /// The place in the order of checking.
    #[must_use]
    pub const fn rank(&self) -> usize {
        match self {
            Self::IdempotencyKeyReused => 0,
            Self::ExternalIdReused => 1,
            Self::AmountNotPositive => 2,
            Self::AmountOverflow => 3,
            Self::UnitUnknown => 4,
            Self::UnitMismatch => 5,
            Self::SameAccount => 6,
            Self::AccountNotFound => 7,
            Self::AccountClosed => 8,
            Self::AccountFrozen => 9,
            Self::HoldNotFound => 10,
            Self::HoldAlreadyPosted => 11,
            Self::HoldAlreadyVoided => 12,
            Self::HoldExpired => 13,
            Self::HoldAmountExceeded { .. } => 14,
            Self::OriginalNotFound => 15,
            Self::ReversalExceedsOriginal { .. } => 16,
            Self::OriginalIsHold => 17,
            Self::ReversalOwnerMismatch => 18,
            Self::PriceVersionStale => 19,
            Self::ProgramNotLive => 20,
            Self::LimitReached => 21,
            Self::BudgetExhausted { .. } => 22,
            Self::LotConditionsNotMet => 23,
            Self::InsufficientAvailable { .. } => 24,
            Self::PeriodClosed => 25,
            Self::LinkedTransferFailed { .. } => 26,
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        Self::CODES[self.rank()]
    }

    /// The HTTP status: 422 for a wrong value, 404 for what does not exist, 409 for a state that forbids it.
    /// A linked failure answers as the transfer that failed.
    #[must_use]
    pub fn http(&self) -> u16 {
        match self {
            Self::AccountNotFound | Self::HoldNotFound | Self::OriginalNotFound => 404,
            Self::IdempotencyKeyReused
            | Self::AmountNotPositive
            | Self::AmountOverflow
            | Self::UnitUnknown
            | Self::UnitMismatch
            | Self::SameAccount
            | Self::HoldAmountExceeded { .. }
            | Self::ReversalExceedsOriginal { .. }
            | Self::OriginalIsHold
            | Self::ReversalOwnerMismatch => 422,
            Self::ExternalIdReused
            | Self::AccountClosed
            | Self::AccountFrozen
            | Self::HoldAlreadyPosted
            | Self::HoldAlreadyVoided
            | Self::HoldExpired
            | Self::PriceVersionStale
            | Self::ProgramNotLive
            | Self::LimitReached
            | Self::BudgetExhausted { .. }
            | Self::LotConditionsNotMet
            | Self::InsufficientAvailable { .. }
            | Self::PeriodClosed => 409,
            Self::LinkedTransferFailed { reason, .. } => reason.http(),
        }
    }
}

impl From<UnknownUnit> for Refusal {
    fn from(_: UnknownUnit) -> Self {
        Self::UnitUnknown
    }
}

impl From<crate::money::Overflow> for Refusal {
    fn from(_: crate::money::Overflow) -> Self {
        Self::AmountOverflow
    }
}
