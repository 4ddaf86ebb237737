//! The main way in a browser: from a dropped file to payroll, with scripts and without them.

use serde_json::json;

use crate::driver::Browser;
use crate::support::company::company;
use crate::support::{EMAIL, PASSWORD, sample, site};
use crate::{enter, no_complaints};

#[tokio::test(flavor = "multi_thread")]
async fn com_049_a_cent_is_followed_back_to_its_row_and_the_period_is_released() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let _ = company(&site).await;
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;

    browser.click_text("a", "Calculations").await;
    browser.click_text("a", "February 2026").await;
    browser.click_text("a", "Mara Quill").await;
    browser.says("h1", "Mara Quill").await;
    let sum = browser.script(
        "return [...document.querySelectorAll('.reward .credit summary .credit-amount data')].map((d) => d.value).reduce((a, b) => a + Math.round(Number(b) * 1e6), 0)",
        &[],
    );
    let exact = browser.script("return Math.round(Number(document.querySelector('.totals data').value) * 1e6)", &[]);
    assert_eq!(sum.await, exact.await, "the credits sum to what stands below them");
    // One credit, opened, to its sale, to the column of the file.
    let amount = browser.text(".credit:nth-of-type(2) .credit-amount").await;
    browser.click(".credit:nth-of-type(2) summary").await;
    assert_eq!(
        browser.text(".credit:nth-of-type(2) .steps-table tr.last td.num").await,
        amount.trim_end_matches(" EUR").trim_end_matches("\u{a0}EUR")
    );
    let line = browser.text(".credit:nth-of-type(2) .credit-links").await;
    let line: usize = line.rsplit("line ").next().expect("a line").trim().parse().expect("a number");
    browser.click(".credit:nth-of-type(2) .credit-links a").await;
    let title = browser.text("h1").await;
    let number = title.split(' ').next().expect("an id").to_owned();
    // The id was made from its row: the header is line 1, the first sale stands on line 2.
    let index: usize = number.rsplit('-').next().expect("a number").parse().expect("a number");
    assert_eq!(index - 13_000 + 2, line, "the line of {number}");
    let original = browser.text("section[aria-labelledby='h-original']").await;
    for text in ["Bestellnummer", &number, "Umsatz", "Verkäufer", "Mara Quill"] {
        assert!(original.contains(text), "{text} in {original}");
    }
    browser.says("section[aria-labelledby='h-origin']", "orders-2026-q1.csv").await;

    browser.click_text("a", "Calculations").await;
    browser.click_text("a", "February 2026").await;
    browser.click_text("a", "Release").await;
    browser.click("input[name=acknowledged]").await;
    browser.send("form button.primary").await;
    browser.arrives_at("/released").await;
    for (file, header) in [
        ("rewards", "\u{feff}Plan,Calculation,Calculation Start,Calculation End,Calculation Status,Beneficiary,Beneficiary Tags,"),
        ("credits", "\u{feff}Beneficiary,Revenue,"),
    ] {
        let script = "const done = arguments[arguments.length - 1];
            const link = [...document.querySelectorAll('a[download]')].find((a) => a.href.endsWith(arguments[0] + '.csv'));
            fetch(link.href).then((r) => r.arrayBuffer()).then((b) => done([...new Uint8Array(b)]), (e) => done(String(e)))";
        let bytes = browser.script_async(script, &[json!(file)]).await;
        let bytes: Vec<u8> = serde_json::from_value(bytes).expect("bytes");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let first = text.lines().next().expect("a header");
        assert!(
            first.starts_with(header) || file == "credits" && first.starts_with('\u{feff}') && first.contains("Beneficiary"),
            "{file}: {first}"
        );
        assert!(text.contains("Mara Quill"), "{file}");
    }
    no_complaints(&browser, "the main way").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_066_keys_are_made_and_revoked() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let browser = Browser::start().await;
    enter(&browser, &site, &base).await;
    browser.click_text("a", "API keys").await;
    browser.type_into("#label", "ERP nightly").await;
    browser.click("#scope-sales").await;
    browser.send_text("Make the key").await;
    let secret = browser.text(".secret code").await;
    assert!(meed_app::access::keys::authenticate(&site.app, &secret).await.is_ok(), "{secret}");
    browser.click_text("a", "API keys").await;
    browser.click_text("a", "Revoke").await;
    browser.send_text("Revoke the key").await;
    browser.says(".notice.good", "revoked").await;
    assert!(meed_app::access::keys::authenticate(&site.app, &secret).await.is_err());
    no_complaints(&browser, "keys").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_a_file_still_becomes_a_released_period() {
    let site = site().await;
    let base = format!("http://{}", site.serve().await);
    let _ = company(&site).await;
    let browser = Browser::start().await;
    browser.without_scripts().await;
    enter(&browser, &site, &base).await;
    assert!(!browser.has("html.scripted").await, "no script ran");

    browser.click_text("a", "Imports").await;
    browser.click_text("a", "Import sales").await;
    browser.choose_file("#file", &sample("hubspot_deals.csv")).await;
    browser.choose("#source", "new").await;
    browser.type_into("#source_name", "Deals").await;
    browser.send_text("Read the file").await;
    browser.find(".trail li.here:not(:first-child)").await;
    if browser.url().await.ends_with("/mapping") {
        browser.send(".bar-actions button.primary").await;
    }
    browser.says("h1", "What would happen").await;
    browser.send("form.bar-actions button.primary").await;
    // The page of the progress reloads itself.
    browser.says(".trail li.here:last-child", "Result").await;

    browser.click_text("a", "Calculations").await;
    browser.click_text("a", "February 2026").await;
    // The new sales made the calculation old.
    browser.send_text("Calculate again").await;
    browser.click_text("a", "Release…").await;
    browser.click("input[name=acknowledged]").await;
    browser.send("form button.primary").await;
    browser.arrives_at("/released").await;
    browser.click_text("a", "Statements").await;
    browser.click_text("a", "Mara Quill").await;
    browser.click(".credit summary").await;
    browser.says(".credit[open] .steps-table", "Credit").await;
    browser.click(".user-menu summary").await;
    browser.send_text("Sign out").await;
    browser.type_into("#email", EMAIL).await;
    browser.type_into("#password", PASSWORD).await;
    browser.send_text("Sign in").await;
    browser.find(".sidebar").await;
}
