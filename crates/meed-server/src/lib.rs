//! Meed's HTTP surfaces: the JSON API, the compatible surfaces, and the web pages.
//!
//! Handlers parse, call one use case of `meed-app`, and render. No rule and no SQL stands here.

pub mod api;
mod compat;
mod crmapi;
mod odata;
pub mod pages;
mod serve;
mod state;
pub mod web;

pub use serve::{ServeOptions, TlsFiles, bind, router, serve};
pub use state::ServerState;
