//! The pages in a real browser.

#![allow(missing_docs, unreachable_pub, clippy::expect_used)]

mod cashier;
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
    enter_by(browser, base, &site.link().await).await;
    assert!(browser.text("h1").await.contains("Halden Instruments") || browser.has(".sidebar").await);
}

/// Signs somebody in by their one-time link.
async fn enter_by(browser: &Browser, base: &str, link: &str) {
    browser.open(&format!("{base}{link}")).await;
    browser.type_into("#password", PASSWORD).await;
    browser.type_into("#password_again", PASSWORD).await;
    browser.send_text("Set password and sign in").await;
}

/// Nothing was wrong on the pages since the last question. A refused form answers 422, which the console notes.
async fn no_complaints(browser: &Browser, place: &str) {
    let mut complaints = browser.complaints().await;
    complaints.retain(|text| !text.contains("status of 422"));
    assert!(complaints.is_empty(), "{place}: {complaints:#?}");
}
