//! The pages over HTTP, without a browser.

#![allow(clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod door;
mod wizard;
