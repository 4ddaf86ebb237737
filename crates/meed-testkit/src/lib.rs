//! For Meed's own tests: a whole application on a store of its own, a fixed clock, and a small HTTP client.

mod app;
mod client;
mod clock;
mod open;
mod postgres;

pub use app::{Engine, TestApp, Workspace};
pub use client::{Client, Reply};
pub use clock::FixedClock;
pub use open::open_app;
