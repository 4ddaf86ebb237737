//! The till and the simulator, as a cashier and a shop owner use them.

use std::path::PathBuf;

use crate::driver::Browser;
use crate::support::shop::shop;
use crate::support::site;
use crate::{enter, no_complaints};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_buys_earns_spends_and_brings_a_part_back() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    shop(&site).await;
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    browser.open(&format!("{base}/till")).await;
    browser.type_into("#code", "nobody").await;
    browser.click_text("button", "Identify").await;
    assert!(browser.text("main").await.contains("Nobody is identified by this"));
    browser.open(&format!("{base}/till?code=4711")).await;
    let before = browser.text("#wallet").await;
    browser.type_into("#product1", "BREAD").await;
    browser.type_into("#amount1", "4.50").await;
    browser.type_into("#product2", "MILK").await;
    browser.type_into("#quantity2", "2").await;
    browser.type_into("#amount2", "15,50").await;
    browser.click("#preview").await;
    assert!(browser.text("#total").await.contains("20.00"));
    // Five per cent of 20.00, and the bonus of the bakery.
    assert!(browser.text("#earns").await.contains("1.50"), "{}", browser.text("#earns").await);
    browser.type_into("#spend", "2").await;
    browser.click("#sell").await;
    assert!(browser.text("h1").await.contains("Receipt"));
    assert!(browser.text("#redeemed").await.contains("2.00"));
    assert!(browser.text("#due").await.contains("18.00"));
    assert!(browser.text("#awarded").await.contains("1.50"));
    let after = browser.text("#balance").await;
    assert_ne!(before, after);
    browser.type_into("#back1", "7.75").await;
    browser.click("#return").await;
    assert!(browser.text("#returned").await.contains("7.75"));
    assert!(browser.text("main").await.contains("back"));
    browser.type_into("#back1", "100").await;
    browser.click("#return").await;
    assert!(browser.text("main").await.contains("left of the line"), "{}", browser.text("main").await);
    no_complaints(&browser, "the till").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_on_a_basket_and_on_the_past() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    shop(&site).await;
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    browser.open(&format!("{base}/offers/new")).await;
    browser.type_into("#product1", "BREAD").await;
    browser.type_into("#amount1", "10").await;
    browser.click("#simulate").await;
    let says = browser.text("#says").await;
    assert!(says.contains("Five per cent back") && says.contains("It gives 0.50 EUR"), "{says}");
    browser.click("#replay").await;
    assert!(browser.text("#replayed").await.contains("purchases of the last 30 days"));
    browser.click("#save").await;
    assert!(browser.text("h1").await.contains("Five per cent back"));
    no_complaints(&browser, "the simulator").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_loyalty_fit_their_windows() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let browser = Browser::start().await;
    let pictures = std::env::var_os("MEED_TEST_PICTURES").map(PathBuf::from);
    enter(&browser, &site, &base).await;
    let empty = ["/till", "/participants", "/offers", "/products", "/settlement"].map(|path| ("empty", path.to_owned()));
    look(&browser, &base, &empty, pictures.as_ref()).await;
    let shop = shop(&site).await;
    let participant = format!("/participants/{}", shop.anna.text(meed_core::id::Kind::Participant));
    let receipt = format!("/till/receipts/{}", shop.purchase.text(meed_core::id::Kind::Purchase));
    let offer = format!("/offers/{}", shop.offer.text(meed_core::id::Kind::Program));
    let paths = ["/till", "/till?code=4711", "/till?code=nobody", "/participants", &participant, "/offers", "/offers/new", &offer];
    let more = ["/products", "/settlement", &receipt];
    let full: Vec<(&str, String)> = paths.into_iter().chain(more).map(|path| ("full", path.to_owned())).collect();
    look(&browser, &base, &full, pictures.as_ref()).await;
    no_complaints(&browser, "the last page").await;
}

/// A phone, a tablet and a desk.
const SIZES: [(u32, u32); 3] = [(390, 844), (820, 1_180), (1_280, 900)];

async fn look(browser: &Browser, base: &str, pages: &[(&str, String)], pictures: Option<&PathBuf>) {
    for (width, height) in SIZES {
        browser.size(width, height).await;
        for (number, (name, path)) in pages.iter().enumerate() {
            browser.open(&format!("{base}{path}")).await;
            let over = browser.script("return document.documentElement.scrollWidth > innerWidth", &[]).await;
            assert!(over == serde_json::json!(false), "{path} at {width} sticks out");
            if let Some(folder) = pictures {
                let place: String = path.chars().filter(char::is_ascii_alphabetic).take(12).collect();
                browser.picture(&folder.join(format!("{name}-{number}-{place}-{width}.png"))).await;
            }
        }
    }
}
