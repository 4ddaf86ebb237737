//! Meed's rules, and nothing else.
//!
//! This crate decides: what a sale is, who is credited for it, what a program pays, and which transfers follow.
//! It does no I/O, reads no clock, draws no random numbers, and uses no binary floating point. Time, ids and stored
//! state are passed in, so every answer can be computed again from what was stored.

pub mod audit;
pub mod command;
pub mod condition;
pub mod crediting;
pub mod id;
pub mod ledger;
pub mod loyalty;
pub mod money;
pub mod people;
pub mod period;
pub mod program;
pub mod sale;
