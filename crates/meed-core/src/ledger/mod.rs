//! The double-entry ledger: accounts, transfers, holds, reversals (`ledger.md` §1, §3).
//!
//! A batch loads what its commands name into a [`Book`], each command is applied in order on what the earlier ones left,
//! and [`Book::into_changes`] gives what must be written: every touched account once, the new transfers, and the states
//! of holds and reversed totals. A refused command leaves no trace. [`postings`] builds the transfers of each event;
//! [`verify`] computes everything again from the journal and shares no rule of posting with the book.
//!
//! # Lots
//!
//! Wallets will keep lots (§1.7, §4). They join without a change to what is here:
//! - a lot's id is the id of the transfer that opened it, so [`Transfer`] needs no further field;
//! - a lot move is a row of its own (transfer, lot, amount, kind) beside the transfer, so the journal's shape stays, and
//!   the digest of a command takes one more kind of record;
//! - only accounts of a participant (`pending`, `available`) have lots. The book will allocate them where it now changes
//!   the totals of such an account, under the same undo log, and hand them out as one more list of [`Changes`];
//! - a hold keeps its allocation as lot moves of kind `hold`; posting takes from the front, the tail returns;
//! - conditions are judged before floors: `lot_conditions_not_met` stands ahead of `insufficient_available`.
//!
//! Budgets need nothing new: a program's `budget` has a floor, and its movement is one more linked transfer.

mod account;
mod apply;
mod book;
mod coded;
mod hold;
pub mod postings;
mod refusal;
mod transfer;
pub mod verify;

pub use account::{Account, AccountKey, AccountState, Owner, OwnerKind, Purpose, Rule, Side, Totals};
pub use apply::{Applied, Stamp};
pub use book::{AccountChange, Book, Changes, HoldChange, ReversedChange};
pub use hold::{Hold, HoldState, Original, Reversed};
pub use refusal::Refusal;
pub use transfer::{AccountRef, Action, Causes, NewTransfer, Origin, Phase, Transfer, TransferKind};
