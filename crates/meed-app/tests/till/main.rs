//! Loyalty at the till, on every engine: the numbered behaviours of `pos-loyalty.md` and `ledger.md`, races with real
//! concurrency, and after each test `verify`.

#[macro_use]
mod shop;

#[path = "../random/mod.rs"]
mod random;

mod activities;
mod at_once;
mod behind;
mod conditions;
mod damage;
mod earning;
mod feed;
mod fitting;
mod hands;
mod odd_settings;
mod previewing;
mod processes;
mod races;
mod replays;
mod returns;
mod reviews;
mod same_second;
mod settings_change;
mod spending;
mod wallet;
