//! The pages in a real browser.

#![allow(missing_docs, unreachable_pub, clippy::expect_used)]

mod driver;
#[path = "../support/mod.rs"]
mod support;

mod looks;
mod main_way;
mod plan_way;
mod till;
mod wizard;

use driver::Browser;
use support::{PASSWORD, Site};

/// Signs the first administrator in by a one-time link, as a person does.
async fn enter(browser: &Browser, site: &Site, base: &str) {
    let link = site.link().await;
    browser.open(&format!("{base}{link}")).await;
    browser.type_into("#password", PASSWORD).await;
    browser.type_into("#password_again", PASSWORD).await;
    browser.click_text("button", "Set password and sign in").await;
    assert!(browser.text("h1").await.contains("Halden Instruments") || browser.has(".sidebar").await);
}

/// Nothing was wrong on the pages since the last question. A refused form answers 422, which the console notes.
async fn no_complaints(browser: &Browser, place: &str) {
    let mut complaints = browser.complaints().await;
    complaints.retain(|text| !text.contains("status of 422"));
    assert!(complaints.is_empty(), "{place}: {complaints:#?}");
}
