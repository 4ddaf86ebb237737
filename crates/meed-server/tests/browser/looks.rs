//! How every page looks: nothing sticks out on a phone, nothing complains, light and dark.
//!
//! With `MEED_TEST_PICTURES=<folder>` every page is also written there as a picture.

use std::path::PathBuf;

use crate::driver::Browser;
use crate::support::company::company;
use crate::support::site;
use crate::{enter, no_complaints};

/// Elements that reach over the right edge and are not inside something that scrolls.
const STICKS_OUT: &str = "
    const wide = innerWidth;
    const scrolls = (e) => e && (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
    return [...document.body.querySelectorAll('*')]
        .filter((e) => e.getBoundingClientRect().right > wide + 1 && e.getBoundingClientRect().width > 0 && !scrolls(e.parentElement))
        .slice(0, 5).map((e) => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right) + ' ' + e.textContent.trim().slice(0, 40))";

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_its_window_and_complains_of_nothing() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let company = company(&site).await;
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    let pictures = std::env::var_os("MEED_TEST_PICTURES").map(PathBuf::from);
    for (width, height, scheme) in [(390, 844, "light"), (1280, 900, "light"), (390, 844, "dark"), (1280, 900, "dark")] {
        if scheme == "dark" && pictures.is_none() {
            continue;
        }
        browser.size(width, height).await;
        browser.colours(scheme).await;
        for (name, path) in company.pages() {
            browser.open(&format!("{base}{path}")).await;
            let over = browser.script("return document.documentElement.scrollWidth > innerWidth", &[]).await;
            let what = browser.script(STICKS_OUT, &[]).await;
            assert!(over == serde_json::json!(false), "{name} at {width}: {what:#}");
            let complaints = browser.complaints().await;
            let is_expected = |text: &String| name == "missing" && text.contains("404");
            assert!(complaints.iter().all(is_expected), "{name} at {width}: {complaints:#?}");
            if let Some(folder) = &pictures {
                browser.picture(&folder.join(format!("{name}-{width}-{scheme}.png"))).await;
            }
        }
    }
    no_complaints(&browser, "the last page").await;
}
