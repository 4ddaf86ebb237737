//! The pages over HTTP, without a browser.

#![allow(clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod desk;
mod door;
mod pay;
mod roles;
mod wizard;
