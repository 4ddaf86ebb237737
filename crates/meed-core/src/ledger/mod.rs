//! The double-entry ledger: accounts, transfers, holds, reversals (`ledger.md` §1, §3).
//!
//! A batch loads what its commands name into a [`Book`], each command is applied in order on what the earlier ones left,
//! and [`Book::into_changes`] gives what must be written: every touched account once, the new transfers, and the states
//! of holds and reversed totals. A refused command leaves no trace. [`postings`] builds the transfers of each event;
//! [`verify`] computes everything again from the journal and shares no rule of posting with the book.
//!
//! # Lots
//!
//! The accounts `pending` and `available` of a participant are kept in lots (§1.7, §4), and [`Wallets`] is the only way to
//! move them: it posts the transfers and the lot moves of each row of §3.1 together, under the book's undo log. A lot's id
//! is the id of the transfer that opened it. A hold keeps its allocation as lot moves; posting takes from the front, the
//! tail returns to the same lots. Conditions are judged before floors.
//!
//! A program's `budget` has a floor, and its movement is one more linked transfer.

mod account;
mod apply;
mod book;
mod coded;
pub(crate) use coded::coded;
mod hold;
mod lot;
pub mod postings;
mod refusal;
mod shelf;
mod statement;
mod transfer;
mod uncovered;
pub mod verify;
mod wallet;

pub use account::{Account, AccountKey, AccountState, Owner, OwnerKind, Purpose, Rule, Side, Totals};
pub use apply::{Applied, Stamp};
pub use book::{AccountChange, Book, Changes, HoldChange, ReversedChange};
pub use hold::{Hold, HoldState, Original, Reversed};
pub(crate) use lot::minor_of;
pub use lot::{Lot, LotChange, LotMove, MoveKind, share};
pub use refusal::Refusal;
pub use statement::{AccountStatement, CombinedStatement, RoleTotal, StatementLine, UnitTotal, by_role, combined};
pub use transfer::{AccountRef, Action, Causes, NewTransfer, Origin, Phase, Transfer, TransferKind};
pub use uncovered::Bearer;
pub use wallet::{Candidate, Claw, Clawed, Earned, Earning, Portion, Taken, Wallet, Wallets, allocate};
