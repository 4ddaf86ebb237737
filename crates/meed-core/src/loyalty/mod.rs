//! Loyalty at the till: baskets, offers, and what they earn and spend (`pos-loyalty.md`).
//!
//! Everything here decides on what it is given. [`evaluate`] is the one function that says what offers give; preview and
//! commit run the same command on the same state.

mod basket;
mod cell;
mod commands;
mod config;
mod evaluate;
mod event;
mod event_rows;
mod giving;
mod limits;
mod loaded;
mod means;
mod offer;
mod one_time;
pub(crate) mod packed;
mod participant;
mod replay;
mod review;
mod sight;
mod spending;
mod tier_again;
mod tier_changes;
mod why;

pub use basket::{ACTIVITY, ActivityKind, Basket, LINES_MAX, Line};
pub use cell::{Cell, OfferCell};
pub use commands::{
    AdHocReturn, Adjust, CancelPurchase, CancelSpend, CaptureHold, DecideReview, EraseParticipant, ErasedBalance, EvaluateMany,
    EvaluatePurchases, ExtendLot, HoldDone, HoldStanding, HoldWallet, Identified, NAME_MAX, NewMeans, Purchase, PurchaseDone, Purchases,
    RecordActivities, RecordActivity, Refund, RefundDone, RefundLine, ReleaseHold, SaveParticipant, SetBudget, SetTier, Settle, Spend,
    SpendAsk, SpendDone, Sweep, TEXT_MAX, TillReply, TransferDone, TransferWallet,
};
pub use config::{
    Classification, Merchant, Product, Products, PromoCode, SalesUnit, Scheme, Terminal, Tier, Tiers, TillConfig, TillSettings, VatRate,
};
pub use evaluate::{Evaluation, Look, Seen, Target, Verdict, canonical, evaluate, judge};
pub use event::{
    AdjustmentBody, Awarded, EvaluationBody, EventKind, ExtensionBody, Grant, HeldPart, HoldBody, Matched, Moved, PaidBack, PayBackBody,
    PayBackMethod, PurchaseBody, PurchaseState, RefundBody, SettlementBody, SpendBody, SpendMethod, Standing, TakenBack, TierSetBody,
    TillEvent, TransferBody, Use, Withheld,
};
pub use limits::{Limit, LimitKind, LimitPeriod, Usage};
pub use loaded::{CellSlot, PurchaseSlot, TakenIdentity, TillEffects, TillNeeds, Tills, WalletRef, event_hash};
pub use means::{Means, fold_code};
pub use offer::{
    Award, Class, EvaluationMethod, Expiry, Occasion, Offer, OfferEntry, OfferIndex, OfferVersion, Rate, Repeats, Scope, Terms, Window,
    expiry_instant,
};
pub use one_time::OneTimeCode;
pub use packed::Damaged;
pub use participant::{AutoSpend, Membership, Participant, Termination, TierByHand};
pub use replay::{Happened, Replay, Step, drawn};
pub use review::{Decided, Review, ReviewBody, ReviewDecision};
pub use sight::BASKET;
pub use tier_changes::{TierChange, tier_changes};
pub use why::WhyNot;
