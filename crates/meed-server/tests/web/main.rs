//! The pages over HTTP, without a browser.

#![allow(clippy::expect_used)]

#[path = "../support/mod.rs"]
mod support;

mod adjustments;
mod counter;
mod counter_settings;
mod desk;
mod door;
mod enquiries;
mod pay;
mod planning;
mod plans;
mod roles;
mod wizard;
