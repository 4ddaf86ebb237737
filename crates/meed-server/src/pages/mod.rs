//! The pages of Meed's web UI.
//!
//! Every page is a plain struct (its view model) with a template. A handler fills the struct and calls
//! [`askama::Template::render`]. Nothing here knows the store, the use cases or HTTP: texts arrive formatted,
//! amounts as [`Amount`], numbers for charts as exact decimals. Everything a person typed is escaped by the template
//! engine or by the few types of this module that write markup themselves.

pub mod adjustments;
pub mod approvals;
pub mod asset;
pub mod audit;
pub mod auth;
pub mod calculations;
pub mod charts;
pub mod chrome;
pub mod desk;
pub mod errors;
pub mod explain;
pub mod exports;
pub mod imports;
pub mod keys;
pub mod mapping;
pub mod markup;
pub mod overview;
pub mod parties;
pub mod people;
pub mod programs;
pub mod projection;
pub mod rates;
pub mod sales;
pub mod shown;
pub mod sources;
pub mod statements;
pub mod till;
pub mod users;
pub mod what_if;

pub use asset::{ASSET_CACHE_CONTROL, CONTENT_SECURITY_POLICY, asset, asset_url};
pub use chrome::{Chrome, Flash, Nav, Role, Side, Theme, User};
pub use shown::{Amount, Badge, Change, Choice, Fact, Figure, FormErrors, Link, NextStep, Notice, Pager, Tone};

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
