//! Loyalty at the till, on every engine: the numbered behaviours of `pos-loyalty.md` and `ledger.md`, races with real
//! concurrency, and after each test `verify`.

#[macro_use]
mod shop;

mod earning;
mod hands;
mod races;
mod replays;
mod returns;
mod spending;
mod wallet;
