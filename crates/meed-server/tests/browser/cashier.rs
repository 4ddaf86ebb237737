//! A cashier: sells, prints receipts and takes goods back; every other page sends them kindly to the till.

use meed_app::Role;
use meed_core::id::Kind;
use meed_server::web::access::RULES;
use serde_json::json;

use crate::driver::Browser;
use crate::support::shop::shop;
use crate::support::site;
use crate::till::scan;
use crate::{enter_by, no_complaints};

/// The addresses that a page leads to, without what stands behind them.
const LINKS: &str = "return [...new Set([...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href')))]";

/// Every link of the page is the till, a receipt, a place on the page itself, or the first page, which is the till.
async fn leads_to_the_till_only(browser: &Browser) {
    let links = browser.script(LINKS, &[]).await;
    let links = links.as_array().expect("links").iter().map(|link| link.as_str().expect("text").to_owned());
    let strange: Vec<String> = links.filter(|link| link != "/" && !link.starts_with('#') && !link.starts_with("/till")).collect();
    assert!(strange.is_empty(), "{}: {strange:?}", browser.url().await);
    assert!(!browser.has("a[href^=\"/till/settings\"]").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cashier_works_at_the_till_and_nowhere_else() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let shop = shop(&site).await;
    let browser = Browser::start().await;
    browser.size(820, 1_180).await;
    enter_by(&browser, &base, &site.link_of(Role::Cashier, None).await).await;
    browser.arrives_at("/till").await;
    let menu = browser.script("return [...document.querySelectorAll('nav a')].map((a) => a.textContent.trim())", &[]).await;
    assert_eq!(menu, json!(["Till"]));
    leads_to_the_till_only(&browser).await;

    // The whole of a sale is theirs: somebody buys, spends and brings a part back.
    scan(&browser, "#code", "4711").await;
    scan(&browser, "#add", "2*BREAD").await;
    browser.type_into("#spend", "1").await;
    browser.send("#preview").await;
    browser.says("#due", "8.00").await;
    leads_to_the_till_only(&browser).await;
    browser.send("#sell").await;
    browser.says("h1", "Receipt").await;
    browser.says("#due", "8.00").await;
    leads_to_the_till_only(&browser).await;
    browser.type_into("#pieces0", "1").await;
    browser.send("#return").await;
    browser.says("#returned", "4.50").await;
    no_complaints(&browser, "the till").await;

    // Whatever else they type into the address line answers kindly, with a way back.
    let participant = shop.anna.text(Kind::Participant);
    let mut refused = 0;
    for (route, get, _) in RULES {
        if get.includes(Role::Cashier) || !get.includes(Role::Admin) {
            continue;
        }
        let path = route.replace("{id}", &participant).replace("{payee}", &participant).replace("{period}", "2026-01");
        browser.open(&format!("{base}{path}")).await;
        if path == "/" {
            browser.arrives_at("/till").await;
            continue;
        }
        let page = browser.text("main").await;
        assert!(page.contains("You may not see this") && page.contains("You work at the till here"), "{path}: {page}");
        leads_to_the_till_only(&browser).await;
        refused += 1;
    }
    assert!(refused > 40, "{refused}");
    let mut complaints = browser.complaints().await;
    complaints.retain(|text| !text.contains("status of 403"));
    assert!(complaints.is_empty(), "{complaints:#?}");
    browser.click_text("a", "To the till").await;
    browser.arrives_at("/till").await;
}
