//! Dropping files: every sample goes through the wizard from the file to its result.

use crate::driver::Browser;
use crate::support::{Site, sample, site};
use crate::{enter, no_complaints};

/// The samples with a column that names who sold, where the file itself leaves it open.
const SAMPLES: [&str; 10] = [
    "ebay_orders_de.csv",
    "gumroad_sales.csv",
    "hubspot_deals.csv",
    "paypal_activity.csv",
    "quickbooks_online_sales_by_customer_detail.csv",
    "shopify_orders.csv",
    "square_transactions.csv",
    "stripe_payments.csv",
    "woocommerce_analytics_orders.csv",
    "xero_sales_invoices.csv",
];

async fn upload(browser: &Browser, base: &str, file: &str) {
    browser.open(&format!("{base}/imports/new")).await;
    browser.choose_file("#file", &sample(file)).await;
    browser.choose("#source", "new").await;
    browser.type_into("#source_name", file).await;
    browser.send_text("Read the file").await;
    // The file is chosen, so the answer is the mapping or, where everything is certain, the dry run.
    browser.find(".trail li.here:not(:first-child)").await;
}

/// Puts a column that is not used on the owner: these files do not say who sold.
async fn name_an_owner(browser: &Browser) {
    let free = browser
        .script("return [...document.querySelectorAll('select[data-target]')].find((select) => !select.value && select.closest('tr').querySelector('.sample')).id", &[])
        .await;
    let id = free.as_str().expect("a column that is not used").to_owned();
    browser.script("const fold = document.getElementById(arguments[0]).closest('details'); if (fold) fold.open = true", &[free]).await;
    browser.choose(&format!("#{id}"), "owner").await;
    browser.says(&format!("tr:has(#{id}) [data-state]"), "Your choice").await;
}

async fn number(browser: &Browser, label: &str) -> u64 {
    let script = "return [...document.querySelectorAll('.tile')].find((tile) => tile.querySelector('dt').textContent.trim() === arguments[0]).querySelector('dd').textContent.trim()";
    let text = browser.script(script, &[serde_json::json!(label)]).await;
    text.as_str().expect("a number").replace(',', "").parse().expect("a number")
}

async fn goes_through(browser: &Browser, site: &Site, base: &str, file: &str) {
    upload(browser, base, file).await;
    if browser.url().await.ends_with("/mapping") {
        browser.send(".bar-actions button.primary").await;
        // Where all that was open were proposals, they are accepted.
        if browser.has("#h-columns").await && browser.text(".notice.bad").await.contains("mapping.currency") {
            browser.script("document.querySelector('details.reading').open = true", &[]).await;
            browser.type_into("#currency", "USD").await;
            browser.send(".bar-actions button.primary").await;
        }
        if browser.has("#h-columns").await {
            let problems = browser.text(".notice.bad").await;
            assert!(problems.contains("mapping.no_credit"), "{file}: {problems}");
            name_an_owner(browser).await;
            browser.send(".bar-actions button.primary").await;
        }
    }
    browser.says("h1", "What would happen").await;
    let (new, wrong) = (number(browser, "Would be new").await, number(browser, "Cannot be read").await);
    assert!(new > 0, "{file}: nothing would be imported");
    browser.send("form.bar-actions button.primary").await;
    // The page of the progress asks until the import has ended and leads to the result by itself.
    browser.says(".trail li.here:last-child", "Result").await;
    assert_eq!((number(browser, "New").await, number(browser, "Rejected").await), (new, wrong), "{file}: the dry run said otherwise");
    let stored = meed_app::overview::sale_count(&site.app, &site.ctx()).await.expect("a count");
    assert!(stored > 0, "{file}");
    no_complaints(browser, file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_goes_through_the_wizard() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    for file in SAMPLES {
        goes_through(&browser, &site, &base, file).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mapping_shows_what_is_missing_and_what_is_used_twice_at_once() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    upload(&browser, &base, "hubspot_deals.csv").await;
    if !browser.url().await.ends_with("/mapping") {
        browser.click_text("a", "Back to the columns").await;
    }
    let date = browser
        .script("return [...document.querySelectorAll('select[data-target]')].find((select) => select.value === 'date').id", &[])
        .await;
    let date = date.as_str().expect("a date").to_owned();
    browser.choose(&format!("#{date}"), "").await;
    assert!(browser.has("[data-needs='date']:not(.met)").await);
    browser.send(".bar-actions button.primary").await;
    browser.says(".notice.bad", "Can’t date transactions").await;
    browser.choose(&format!("#{date}"), "owner").await;
    assert!(browser.has("[data-twice]:not([hidden])").await, "the owner is used twice");
    browser.choose(&format!("#{date}"), "date").await;
    assert!(!browser.has("[data-twice]:not([hidden])").await);
    browser.send(".bar-actions button.primary").await;
    browser.says("h1", "What would happen").await;
    no_complaints(&browser, "mapping").await;
}
