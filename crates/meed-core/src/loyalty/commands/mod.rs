//! The commands of the till. Each is decided on the loaded state, without I/O; a preview is the same command whose effects
//! are thrown away.

mod activity;
mod adjust;
mod cancel;
mod checks;
mod erase;
mod evaluation;
mod extend;
mod hold;
mod limit;
mod participants;
mod pay_back;
mod purchase;
mod refund;
mod review;
mod rework;
mod settlement;
mod spend;
mod sweep;
mod tier;
mod transfer;

pub use activity::{RecordActivities, RecordActivity};
pub use adjust::{Adjust, SetBudget};
pub use cancel::{CancelPurchase, CancelSpend};
pub use checks::{NAME_MAX, TEXT_MAX};
pub use erase::{EraseParticipant, ErasedBalance};
pub use evaluation::{EvaluateMany, EvaluatePurchases};
pub use extend::ExtendLot;
pub use hold::{CaptureHold, HoldStanding, HoldWallet, ReleaseHold};
pub use participants::{NewMeans, SaveParticipant};
pub use purchase::{Identified, Purchase, Purchases, SpendAsk};
pub use refund::{AdHocReturn, Refund, RefundLine};
pub use review::DecideReview;
pub use settlement::Settle;
pub use spend::Spend;
pub use sweep::Sweep;
pub use tier::SetTier;
pub use transfer::TransferWallet;

use std::sync::Arc;

use super::evaluate::Verdict;
use super::event::{
    AdjustmentBody, EvaluationBody, ExtensionBody, HoldBody, PurchaseBody, RefundBody, SettlementBody, SpendBody, Standing, TierSetBody,
    TransferBody,
};
use super::review::ReviewBody;
use crate::command::Refused;
use crate::id::Id;
use crate::money::Minor;

/// What a command of the till answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TillReply {
    /// A purchase, stored or previewed.
    Purchase(Box<PurchaseDone>),
    /// One outcome per purchase, in order.
    Purchases(Vec<Result<PurchaseDone, Refused>>),
    /// A spend.
    Spend(Box<SpendDone>),
    /// A refund, a cancellation or an ad-hoc return.
    Refund(Box<RefundDone>),
    /// A hold, a capture or a release.
    Hold(Box<HoldDone>),
    /// An adjustment; whether it was there before.
    Adjustment(Id, Box<AdjustmentBody>, bool),
    /// A transfer between wallets.
    Transfer(Box<TransferDone>),
    /// An extension; whether it was there before.
    Extension(Id, Box<ExtensionBody>, bool),
    /// A settlement; whether it was there before.
    Settlement(Id, Box<SettlementBody>, bool),
    /// A decision about what a till without a connection did; whether it was there before.
    Review(Id, Box<ReviewBody>, bool),
    /// What a run evaluated, by customer.
    Evaluated(Vec<EvaluationBody>),
    /// A tier set by hand; whether it was there before.
    Tier(Id, Box<TierSetBody>, bool),
    /// What was not to be had of a lowered budget.
    Budget(Minor),
    /// A participant, and the version of its record.
    Participant(Id, i32),
    /// How many wallets a sweep looked at.
    Swept(u32),
}

/// A purchase as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseDone {
    /// Its id.
    pub id: Id,
    /// Whose.
    pub participant: Id,
    /// Their number and name, where they were at hand.
    pub person: Option<(String, String)>,
    /// What was bought and how it stood at first.
    pub body: Arc<PurchaseBody>,
    /// How it stands.
    pub standing: Standing,
    /// What may be used of the money wallet now, and of the points wallet.
    pub balances: (Minor, Minor),
    /// What could still be spent on it by request.
    pub additional: Minor,
    /// What each offer that was looked at said.
    pub verdicts: Vec<Verdict>,
    /// The spend that came with it.
    pub spend: Option<SpendDone>,
    /// Whether this is the first answer to a repeated command.
    pub is_replayed: bool,
}

/// A spend as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendDone {
    /// Its id.
    pub id: Id,
    /// The purchase.
    pub purchase: Id,
    /// Whose.
    pub participant: Id,
    /// Business time, microseconds UTC.
    pub at_us: i64,
    /// What was asked and spent.
    pub body: SpendBody,
    /// Whether it was cancelled since.
    pub is_cancelled: bool,
    /// Whether this is the first answer to a repeated command.
    pub is_replayed: bool,
}

/// A refund, a cancellation or an ad-hoc return as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundDone {
    /// Its id.
    pub id: Id,
    /// The event that it is about.
    pub about: Option<Id>,
    /// Whose.
    pub participant: Id,
    /// Business time, microseconds UTC.
    pub at_us: i64,
    /// What came back.
    pub body: RefundBody,
    /// How the purchase stands now.
    pub purchase: Option<Box<PurchaseDone>>,
    /// Whether this is the first answer to a repeated command.
    pub is_replayed: bool,
}

/// A transfer between wallets as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferDone {
    /// Its id.
    pub id: Id,
    /// Who gave.
    pub participant: Id,
    /// What went where.
    pub body: TransferBody,
    /// Whether this is the first answer to a repeated command.
    pub is_replayed: bool,
}

/// A hold, a capture or a release as it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldDone {
    /// Its id.
    pub id: Id,
    /// The hold, for a capture or release.
    pub about: Option<Id>,
    /// Whose.
    pub participant: Id,
    /// What was reserved, used or given up.
    pub body: HoldBody,
    /// Whether this is the first answer to a repeated command.
    pub is_replayed: bool,
}
