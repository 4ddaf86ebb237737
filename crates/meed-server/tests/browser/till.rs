//! The till and the simulator, as a cashier and a shop owner use them.

use std::path::PathBuf;

use meed_app::loyalty::{PromoCodeDocument, records};

use crate::driver::{Browser, LEFT};
use crate::support::shop::{overspent, shop};
use crate::support::site;
use crate::{enter, no_complaints};

/// What a scanner sends behind a code.
const ENTER: &str = "\u{E007}";

/// Scans or types, and ends with Enter.
pub async fn scan(browser: &Browser, field: &str, text: &str) {
    browser.script(LEFT, &[]).await;
    browser.type_into(field, &format!("{text}{ENTER}")).await;
    browser.arrives().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_buys_earns_spends_and_brings_a_part_back() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    shop(&site).await;
    let browser = Browser::start().await;
    browser.size(820, 1_180).await;
    enter(&browser, &site, &base).await;
    browser.open(&format!("{base}/till")).await;
    scan(&browser, "#code", "nobody").await;
    browser.says("main", "Nobody is identified by this").await;
    scan(&browser, "#code", "4711").await;
    let before = browser.text("#wallet").await;
    scan(&browser, "#add", "BREAD").await;
    browser.says("#total", "4.50").await;
    scan(&browser, "#add", "2*milk").await;
    scan(&browser, "#add", "riesling").await;
    scan(&browser, "#price3", "12,50").await;
    browser.says("#total", "20.00").await;
    // Five per cent of 20.00, and the bonus of the bakery.
    browser.says("#earns", "1.50").await;
    browser.type_into("#spend", "2").await;
    // The sum to pay has not been seen yet: nothing is sold.
    browser.send("#sell").await;
    browser.says("main", "The basket has changed: 18.00 EUR").await;
    browser.type_into("#given", "20").await;
    browser.send("#sell").await;
    browser.says("h1", "Receipt").await;
    browser.says("#redeemed", "2.00").await;
    browser.says("#due", "18.00").await;
    browser.says("#change", "2.00").await;
    browser.says("#awarded", "1.50").await;
    let tax = browser.text("#vat").await;
    assert!(tax.contains("19 %") && tax.contains("2.00") && tax.contains("7 %") && tax.contains("0.49"), "{tax}");
    let after = browser.text("#balance").await;
    assert_ne!(before, after);
    browser.type_into("#pieces1", "1").await;
    browser.send("#return").await;
    browser.says("#returned", "1.50").await;
    // What was paid stays what was paid; what came back stands beneath it.
    browser.says("#due", "18.00").await;
    browser.says("#redeemed", "2.00").await;
    browser.says("#change", "2.00").await;
    browser.says("#paid-back", "1.50").await;
    assert!(
        browser.text("main").await.contains("Pay 1.50 EUR back"),
        "bakery money paid bread, and none of the milk: {}",
        browser.text("main").await
    );
    // Bread comes back whose price bakery money had paid: the receipt still says what was redeemed.
    browser.type_into("#pieces0", "1").await;
    browser.send("#return").await;
    browser.says("#redeemed", "2.00").await;
    browser.says("#due", "18.00").await;
    browser.type_into("#back2", "100").await;
    browser.send("#return").await;
    browser.says("main", "left of the line").await;
    no_complaints(&browser, "the till").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_basket_has_as_many_lines_as_wanted_and_needs_no_scripts() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let anna = shop(&site).await.anna;
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    browser.open(&format!("{base}/till")).await;
    for number in 1..=12 {
        scan(&browser, "#add", "WINE").await;
        scan(&browser, &format!("#price{number}"), &format!("{number}.00")).await;
    }
    assert!(browser.has("#price12").await && !browser.has("#price13").await);
    browser.send("button[value=more-12]").await;
    browser.send("button[value=drop-1]").await;
    browser.send("button[name=pick][value=BREAD]").await;
    browser.send("button[name=pick][value=BREAD]").await;
    browser.send("button[value=less-12]").await;
    let (code, _) = meed_app::loyalty::participants::one_time_code(&site.app, &site.ctx(), anna).await.expect("a code");
    scan(&browser, "#code", &code).await;
    // 2 to 11, twice 12, and a loaf.
    browser.says("#total", "93.50").await;
    browser.send("#spend-all").await;
    assert!(!browser.text("#spent").await.contains("0.00 "), "{}", browser.text("#spent").await);
    browser.send("#sell").await;
    browser.says("h1", "Receipt").await;
    browser.open(&format!("{base}/till")).await;
    scan(&browser, "#code", &code).await;
    browser.says("main", "Nobody is identified by this").await;
    no_complaints(&browser, "the till").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_opened_from_its_till() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    browser.open(&format!("{base}/till")).await;
    browser.type_into("#unit_name", "Hafenstraße 12").await;
    browser.send("#begin").await;
    assert!(browser.text("main").await.contains("The till is open") && browser.has("#code").await);
    browser.open(&format!("{base}/till/settings")).await;
    browser.type_into("#vat_code0", "standard").await;
    browser.type_into("#vat_percent0", "119").await;
    browser.type_into("#receipt_head", "Corner shop").await;
    browser.send("#save").await;
    browser.says("main", "Write a percentage such as 19").await;
    browser.script("document.querySelector('#vat_percent0').value = '19'", &[]).await;
    browser.send("#save").await;
    browser.says("main", "It is saved").await;
    browser.says("main", "hafenstraße-12").await;
    browser.open(&format!("{base}/offers")).await;
    browser.says("main", "3 % back").await;
    no_complaints(&browser, "the settings").await;
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
    browser.type_into("#price1", "10").await;
    let draft = |rest: &str| {
        serde_json::json!(format!(
            "kind = \"reward\"\nname = \"Autumn extra\"\nscheme = \"club\"\nstacks = true\n{rest}[award]\npercent = \"9%\"\n"
        ))
    };
    let write = async |text: serde_json::Value| {
        browser.script("document.querySelector('#text').value = arguments[0]", &[text]).await;
    };
    // The draft is none of the offers that are kept, so that what it gives is known to be its own.
    write(draft("")).await;
    browser.send("#simulate").await;
    let says = browser.text("#says").await;
    let said = |says: &str| says.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let lines = said(&says);
    let of = |name: &str| lines.iter().position(|line| line.contains(name)).and_then(|at| lines.get(at + 1)).cloned().unwrap_or_default();
    assert_eq!(of("Autumn extra"), "It gives 0.90 EUR.", "{says}");
    assert!(says.contains("Autumn extra Draft") && !says.contains("back Draft"), "{says}");
    assert_eq!(of("Five per cent back"), "It gives 0.50 EUR.", "{says}");
    assert_eq!(of("Bakery bonus"), "It gives 0.50 EUR.", "{says}");
    assert_eq!(of("Every tenth bottle"), "The family is “bakery”, must be “drinks”.", "{says}");
    // A condition is told in words, and so is the part of it that failed.
    write(draft("condition = \"line.family in ['drinks', 'dairy'] && sale.hour >= 0\"\n")).await;
    browser.send("#simulate").await;
    let says = browser.text("#says").await;
    assert!(says.contains("The family is “bakery”, must be one of “drinks”, “dairy”."), "{says}");
    browser.says("main", "the family is “drinks” or “dairy” and it is 0:00 or later").await;
    write(draft("conditon = \"x\"\n")).await;
    browser.send("#simulate").await;
    browser.says("main", "The document cannot be used yet").await;
    // Five per cent there are already; the draft of the same name takes its place and gives ten.
    let text = "kind = \"reward\"\nname = \"Five per cent back\"\nscheme = \"club\"\n[award]\npercent = \"10%\"\n";
    browser.script("document.querySelector('#text').value = arguments[0]", &[serde_json::json!(text)]).await;
    browser.send("#replay").await;
    let found = browser.text("#replayed").await;
    assert!(found.contains("10 purchases: the last 30 days") && found.contains("Anna Reed"), "{found}");
    // Ten times 35.70: 3.57 instead of 1.79.
    browser.says("#difference", "17.80").await;
    browser.send("#save").await;
    browser.says("h1", "Five per cent back").await;
    no_complaints(&browser, "the simulator").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_loyalty_fit_their_windows() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let browser = Browser::start().await;
    let pictures = std::env::var_os("MEED_TEST_PICTURES").map(PathBuf::from);
    enter(&browser, &site, &base).await;
    let empty = ["/till", "/participants", "/offers", "/products", "/settlement", "/reviews", "/promo-codes"]
        .map(|path| ("empty", path.to_owned()));
    look(&browser, &base, &empty, pictures.as_ref()).await;
    let shop = shop(&site).await;
    let promo = PromoCodeDocument { code: "SPRING".into(), uses_max: Some(100), ..PromoCodeDocument::default() };
    records::put(&site.app, &site.ctx(), None, &promo).await.expect("a promo code");
    let participant = format!("/participants/{}", shop.anna.text(meed_core::id::Kind::Participant));
    let receipt = format!("/till/receipts/{}", shop.purchase.text(meed_core::id::Kind::Purchase));
    let offer = format!("/offers/{}", shop.offer.text(meed_core::id::Kind::Program));
    let paths = [
        "/till",
        "/till?code=4711",
        "/till?code=nobody",
        "/till/settings",
        "/till/rules",
        "/promo-codes",
        "/promo-codes/new",
        "/participants",
        &participant,
        "/offers",
        "/offers/new",
        &offer,
    ];
    overspent(&site, &shop).await;
    let more = ["/products", "/settlement", "/reviews", "/reviews?show=all", "/", &receipt];
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
