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
    let pictures = std::env::var_os("MEED_TEST_PICTURES").map(PathBuf::from);
    let look = Look { browser: &browser, pictures };
    let link = site.link().await;
    for (width, height) in SIZES {
        browser.size(width, height).await;
        for (name, path) in [("login", "/login"), ("welcome", link.as_str())] {
            look.at(&format!("{base}{path}"), name, width, "light").await;
        }
    }
    enter(&browser, &site, &base).await;
    for scheme in ["light", "dark"] {
        // What fits in light colours fits in dark ones; only pictures need both.
        if scheme == "dark" && look.pictures.is_none() {
            continue;
        }
        browser.colours(scheme).await;
        for (width, height) in SIZES {
            browser.size(width, height).await;
            for (name, path) in company.pages() {
                look.at(&format!("{base}{path}"), name, width, scheme).await;
            }
        }
    }
    no_complaints(&browser, "the last page").await;
}

/// A phone and a desk.
const SIZES: [(u32, u32); 2] = [(390, 844), (1280, 900)];

struct Look<'a> {
    browser: &'a Browser,
    pictures: Option<PathBuf>,
}

impl Look<'_> {
    /// Opens a page, and checks that nothing sticks out and nothing complains.
    async fn at(&self, url: &str, name: &str, width: u32, scheme: &str) {
        self.browser.open(url).await;
        let over = self.browser.script("return document.documentElement.scrollWidth > innerWidth", &[]).await;
        let what = self.browser.script(STICKS_OUT, &[]).await;
        assert!(over == serde_json::json!(false), "{name} at {width}: {what:#}");
        let complaints = self.browser.complaints().await;
        let is_expected = |text: &String| name == "missing" && text.contains("404");
        assert!(complaints.iter().all(is_expected), "{name} at {width}: {complaints:#?}");
        if let Some(folder) = &self.pictures {
            self.browser.picture(&folder.join(format!("{name}-{width}-{scheme}.png"))).await;
        }
    }
}
