//! What tills go by, without a browser: stores with terminals, merchants, schemes, tiers, classes of events; the journal in pages.

use axum::http::StatusCode;
use meed_app::Role;
use meed_app::loyalty::wallets::{self, AdjustInput};
use meed_app::loyalty::{MerchantDocument, PromoCodeDocument, UnitDocument, Who, journal, offers, records};
use meed_core::id::{Id, Kind};

use crate::support::shop::{came_late, shop};
use crate::support::{Answer, Visitor, site};

/// A wrong form answers 422, with the message at its field.
async fn refused(visitor: &mut Visitor, path: &str, fields: &[(&str, &str)], field: &str, text: &str) {
    let page = visitor.post(path, fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {fields:?}: {}", page.body);
    let place = format!("id=\"{field}-error\">");
    assert!(page.says(&place) && page.between(&place, "<").contains(text), "{field} {text}: {}", page.body);
    for (_, value) in fields {
        assert!(value.is_empty() || *value == "yes" || page.says(value), "what was typed stays: {value}");
    }
}

#[tokio::test]
async fn stores_and_their_terminals_are_kept_on_pages() {
    let site = site().await;
    let mut operator = site.operator().await;
    let empty = operator.get("/stores").await;
    assert!(empty.says("No store yet") && empty.says("href=\"/stores/new\"") && empty.says("stands for itself"), "{}", empty.body);
    operator.get("/stores/new").await;
    refused(&mut operator, "/stores", &[("name", ""), ("group", "North")], "name", "Write the name.").await;
    refused(&mut operator, "/stores", &[("name", "Market"), ("zone", "Moon/Base")], "zone", "“Moon/Base” is not a time zone.").await;
    let fields = [("name", "Market Hall 2"), ("group", "North"), ("zone", "Europe/Athens")];
    let store = operator.post("/stores", &fields).await.location().to_owned();
    let page = operator.get(&store).await;
    assert!(page.says("“Market Hall 2” is saved.") && page.says("value=\"market-hall-2\"") && page.says("Europe/Athens"), "{}", page.body);
    refused(&mut operator, "/stores", &[("name", "Another"), ("code", "Market-Hall-2")], "code", "Another store has this code.").await;

    let terminals = format!("{store}/terminals");
    refused(&mut operator, &terminals, &[("terminal", "")], "terminal", "Write the code").await;
    assert_eq!(operator.post(&terminals, &[("terminal", "T-1")]).await.location(), store);
    refused(&mut operator, &terminals, &[("terminal", "t-1")], "terminal", "Another terminal has this code.").await;
    let list = operator.get("/stores").await;
    assert!(list.says("T-1") && list.says("North") && list.says("Europe/Athens"), "{}", list.body);
    let terminal = format!("tap_{}", operator.get(&store).await.between("value=\"tap_", "\"")).to_owned();
    let other = operator.post("/stores", &[("name", "Other")]).await.location().to_owned();
    let strange = operator.post(&format!("{other}/terminals/remove"), &[("terminal", &terminal)]).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND, "a terminal of another store");
    assert_eq!(operator.post(&format!("{terminals}/remove"), &[("terminal", &terminal)]).await.location(), store);
    let page = operator.get(&store).await;
    assert!(page.says("“T-1” is removed.") && page.says("Tills may name the store itself."), "{}", page.body);

    assert_eq!(operator.post(&store, &[("name", "Market"), ("code", "market")]).await.location(), store);
    operator.post(&terminals, &[("terminal", "T-2")]).await;
    let question = operator.get(&format!("{store}/remove")).await;
    assert!(question.says("T-2") && question.says("Its terminals are removed with it"), "{}", question.body);
    assert!(question.says("Remove “Market”?") && question.says("receipts, wallets and settlements"), "{}", question.body);
    assert_eq!(operator.post(&format!("{store}/remove"), &[]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(operator.post(&format!("{store}/remove"), &[("confirm", "yes")]).await.location(), "/stores");
    assert_eq!(operator.get(&store).await.status, StatusCode::NOT_FOUND);
    assert_eq!(operator.post(&format!("{other}/terminals"), &[("terminal", "T-2")]).await.location(), other, "the code is free");
    // Who may look and not change sees no way to do it.
    let mut limited = site.person(Role::Limited, None).await;
    let seen = limited.get(&other).await;
    assert!(seen.says("value=\"other\"") && !seen.says("Remove…") && !seen.says("id=\"save\""), "{}", seen.body);
}

#[tokio::test]
async fn merchants_are_kept_on_pages_and_their_stores_name_them() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    let (unit, list) = (shop.unit.text(Kind::Unit), operator.get("/stores").await);
    for text in ["Hafen Handels GmbH", "40 %", "when the customer asks, and by itself", "Takes part"] {
        assert!(list.says(text), "{text}: {}", list.body);
    }
    operator.get("/merchants/new").await;
    refused(&mut operator, "/merchants", &[("name", ""), ("groups", "North")], "name", "Write the name.").await;
    let too_much = [("name", "Nord KG"), ("contribution", "140")];
    refused(&mut operator, "/merchants", &too_much, "contribution", "0 to 100 percent").await;
    refused(&mut operator, "/merchants", &[("name", "Nord KG"), ("contribution", "a lot")], "contribution", "is not a number").await;
    refused(&mut operator, "/merchants", &[("name", "hafen handels gmbh")], "name", "Another merchant has this name.").await;
    let made =
        operator.post("/merchants", &[("name", "Nord KG"), ("contribution", "12,5"), ("groups", "North, Far"), ("effective", "yes")]);
    assert_eq!(made.await.location(), "/stores");
    let list = operator.get("/stores").await;
    assert!(list.says("group North, group Far") && list.says("12.5 %") && list.says("nothing may be spent"), "{}", list.body);
    let first = format!("/merchants/mer_{}", list.between("/merchants/mer_", "\""));
    let page = operator.get(&first).await;
    assert!(page.says(&format!("value=\"{unit}\" checked")), "{}", page.body);
    let changed = [("name", "Hafen GmbH"), ("contribution", "30"), ("unit", &unit), ("pays_back", "voucher"), ("allows_spending", "yes")];
    assert_eq!(operator.post(&first, &changed).await.location(), "/stores");
    let list = operator.get("/stores").await;
    assert!(list.says("Hafen GmbH") && list.says("30 %") && list.says(">Off<") && !list.says("Handels"), "{}", list.body);
    assert!(operator.get(&first).await.says("value=\"voucher\" selected"));
    // One that is limited to a scheme that is gone stays limited, whatever else is saved.
    let lone = MerchantDocument { name: "Lone".into(), schemes: vec![7], ..MerchantDocument::default() };
    let lone = records::put(&site.app, &site.ctx(), None, &lone).await.expect("a merchant");
    let (path, gone) = (format!("/merchants/{}", lone.text(Kind::Merchant)), Id(7).text(Kind::Scheme));
    let page = operator.get(&path).await;
    assert!(page.says("a scheme that was removed") && page.says(&format!("value=\"{gone}\" checked")), "{}", page.body);
    operator.post(&path, &[("name", "Alone"), ("scheme", &gone)]).await;
    let kept = records::get::<MerchantDocument>(&site.app, &site.ctx(), lone).await.expect("a merchant").document;
    assert_eq!((kept.name.as_str(), kept.schemes), ("Alone", vec![7]));

    assert_eq!(operator.post(&format!("{first}/remove"), &[("confirm", "yes")]).await.location(), "/stores");
    let list = operator.get("/stores").await;
    assert!(list.says("“Hafen GmbH” is removed.") && !list.says("30 %"), "{}", list.body);
}

#[tokio::test]
async fn schemes_and_tiers_are_kept_on_a_page() {
    let site = site().await;
    let mut operator = site.operator().await;
    let empty = operator.get("/tiers").await;
    assert!(empty.says("No scheme yet") && empty.says("None yet. Customers rise"), "{}", empty.body);
    let shop = shop(&site).await;
    let page = operator.get("/tiers").await;
    assert!(page.says("Club") && page.says("3 offers") && page.says("everybody"), "{}", page.body);
    let scheme = format!("/schemes/sch_{}", page.between("/schemes/sch_", "\""));
    refused(&mut operator, &scheme, &[("name", ""), ("code", "club")], "name", "Write the name.").await;
    refused(&mut operator, "/schemes", &[("name", "Second"), ("code", "CLUB")], "code", "Another scheme has this code.").await;
    assert_eq!(operator.post("/schemes", &[("name", "Staff club"), ("effective", "yes")]).await.location(), "/tiers");
    let page = operator.get("/tiers").await;
    assert!(page.says("staff-club") && page.says("who joins with a code") && page.says("0 offers"), "{}", page.body);

    let good = [("window", "365"), ("rate", "1"), ("tier_name0", "Gold"), ("tier_threshold0", "200"), ("tier_name4", "Silver")];
    let with = |more: &[(&'static str, &'static str)]| good.into_iter().chain(more.iter().copied()).collect::<Vec<_>>();
    let threshold = "tier_threshold1";
    refused(&mut operator, "/tiers", &with(&[("tier_threshold4", "much")]), threshold, "“much” is not a number").await;
    refused(&mut operator, "/tiers", &with(&[("tier_threshold4", "200")]), threshold, "Another tier has this threshold.").await;
    refused(&mut operator, "/tiers", &with(&[("tier_threshold4", "-5")]), threshold, "not below 0").await;
    refused(
        &mut operator,
        "/tiers",
        &with(&[("tier_threshold4", "1"), ("tier_code4", "GOLD")]),
        "tier_code1",
        "Another tier has this code.",
    )
    .await;
    refused(&mut operator, "/tiers", &[("window", "soon"), ("rate", "1")], "window", "Write a number of days").await;
    refused(&mut operator, "/tiers", &[("window", "0"), ("rate", "1")], "window", "1 to 36525").await;
    refused(&mut operator, "/tiers", &[("window", "365"), ("rate", "0")], "rate", "more than 0 units").await;
    assert_eq!(operator.post("/tiers", &with(&[("tier_threshold4", "100,5")])).await.location(), "/tiers");
    let page = operator.get("/tiers").await;
    assert!(page.says("value=\"100.5\"") && page.says("value=\"silver\"") && page.says("the last 365 days"), "{}", page.body);
    // Ten receipts of 35.70 lift Anna; the page of her wallet says once, and in words, what did it.
    let path = format!("/participants/{}", shop.anna.text(Kind::Participant));
    let anna = operator.get(&path).await;
    assert!(anna.says("none → Silver") && anna.says("Silver → Gold") && anna.says("bought:") && !anna.says(">why<"), "{}", anna.body);
    assert_eq!(operator.post("/tiers", &[("window", "30"), ("rate", "2")]).await.location(), "/tiers");
    assert!(!operator.get(&path).await.says("Silver"), "the tiers are gone");
    // Its offers would be left without a scheme.
    refused(&mut operator, &scheme, &[("name", "Friends"), ("code", "friends")], "code", "would lose theirs").await;
    let question = operator.get(&format!("{scheme}/remove")).await;
    assert!(question.status == StatusCode::UNPROCESSABLE_ENTITY && question.says("Offers belong to it: “"), "{}", question.body);
    let kept = operator.post(&format!("{scheme}/remove"), &[("confirm", "yes")]).await;
    assert!(kept.status == StatusCode::UNPROCESSABLE_ENTITY && kept.says("Switch them off"), "{}", kept.body);
    assert!(operator.get("/tiers").await.says("3 offers"));
    for offer in offers::list(&site.app, &site.ctx()).await.expect("offers") {
        offers::set_effective(&site.app, &site.ctx(), offer.id, false).await.expect("switched");
    }
    assert!(operator.get(&format!("{scheme}/remove")).await.says("3 offers"));
    assert_eq!(operator.post(&format!("{scheme}/remove"), &[("confirm", "yes")]).await.location(), "/tiers");
    assert!(!operator.get("/tiers").await.says("3 offers"));
}

#[tokio::test]
async fn a_receipt_names_its_store_for_ever() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    let late = came_late(&site, &shop, "R-5000").await;
    let receipt = format!("/till/receipts/{}", shop.purchase.text(Kind::Purchase));
    let unit = UnitDocument { name: "Quay 7".into(), code: "quay".into(), zone: Some("Asia/Tokyo".into()), ..UnitDocument::default() };
    records::put(&site.app, &site.ctx(), Some(shop.unit), &unit).await.expect("a store");
    let before = operator.get(&receipt).await;
    records::remove::<UnitDocument>(&site.app, &site.ctx(), shop.unit).await.expect("removed");
    let after = operator.get(&receipt).await;
    assert!(before.says("Quay 7") && after.says("Quay 7"), "{}", after.body);
    let lead = |page: &Answer| page.between("<p class=\"lead\">", "<").to_owned();
    assert!(lead(&before).starts_with("Quay 7, "), "{}", lead(&before));
    assert_eq!(lead(&before), lead(&after), "and what time it was there");
    let reviews = operator.get("/reviews").await;
    assert!(reviews.says(&late.text(Kind::Purchase)) && reviews.says("Quay 7"), "{}", reviews.body);
}

#[tokio::test]
async fn promo_codes_are_kept_on_pages() {
    let site = site().await;
    let mut operator = site.operator().await;
    let empty = operator.get("/promo-codes").await;
    assert!(empty.says("No promo code yet") && empty.says("href=\"/promo-codes/new\""), "{}", empty.body);
    operator.get("/promo-codes/new").await;
    let path = "/promo-codes";
    refused(&mut operator, path, &[("code", ""), ("uses", "3")], "code", "Write the code.").await;
    refused(&mut operator, path, &[("code", "SPRING"), ("uses", "many")], "uses", "whole number above 0").await;
    refused(&mut operator, path, &[("code", "SPRING"), ("from", "soon")], "from", "Write a day").await;
    let turned = [("code", "SPRING"), ("from", "2020-05-02"), ("until", "2020-05-01")];
    refused(&mut operator, path, &turned, "until", "The last day is before the first.").await;
    let fields = [("code", "<b>SPRING</b>"), ("from", "2020-05-01"), ("until", "2020-05-01"), ("uses", "3"), ("effective", "yes")];
    assert_eq!(operator.post(path, &fields).await.location(), path);
    let twice = operator.post(path, &[("code", "<B>spring</B>")]).await;
    assert!(twice.says("Another promo code is the same.") && !twice.says("<B>spring"), "{}", twice.body);
    let list = operator.get(path).await;
    assert!(list.says("1 May 2020 to 1 May 2020") && list.says("3 times") && list.says(">Over<"), "{}", list.body);
    assert!(!list.says("<b>SPRING"), "{}", list.body);
    // The whole last day counts, in the workspace's zone.
    let kept = records::list::<PromoCodeDocument>(&site.app, &site.ctx()).await.expect("promo codes").swap_remove(0);
    assert_eq!(kept.document.until_us.unwrap() - kept.document.from_us.unwrap(), 86_400_000_000);
    let one = format!("/promo-codes/{}", kept.id.text(Kind::PromoCode));
    // A time of day that came another way stays while nobody touches its day.
    let odd = PromoCodeDocument { from_us: kept.document.from_us.map(|us| us + 7), ..kept.document.clone() };
    records::put(&site.app, &site.ctx(), Some(kept.id), &odd).await.expect("changed");
    let page = operator.get(&one).await;
    assert!(page.says("value=\"2020-05-01\"") && page.says("value=\"3\""), "{}", page.body);
    assert_eq!(operator.post(&one, &[("code", "SPRING"), ("from", "2020-05-01"), ("until", "")]).await.location(), path);
    let saved = records::get::<PromoCodeDocument>(&site.app, &site.ctx(), kept.id).await.expect("it").document;
    assert_eq!((saved.from_us, saved.until_us, saved.uses_max, saved.effective), (odd.from_us, None, None, false));
    let mut limited = site.person(Role::Limited, None).await;
    let seen = limited.get(&one).await;
    assert!(
        seen.says("value=\"SPRING\"") && !seen.says("id=\"save\"") && !limited.get(path).await.says("/promo-codes/new"),
        "{}",
        seen.body
    );
    assert!(operator.get(&format!("{one}/remove")).await.says("Remove “SPRING”?"));
    assert_eq!(operator.post(&format!("{one}/remove"), &[("confirm", "yes")]).await.location(), path);
    assert!(operator.get(path).await.says("No promo code yet"));
}

#[tokio::test]
async fn the_rules_of_the_tills_are_kept_on_a_page() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    assert!(operator.get("/till/settings").await.says("href=\"/till/rules\""));
    let page = operator.get("/till/rules").await;
    assert!(page.says("name=\"hold_minutes\" value=\"15\"") && page.says("sign in with keys of their own"), "{}", page.body);
    let unit = shop.unit.text(Kind::Unit);
    let good: Vec<(&'static str, &'static str)> = vec![("hold_minutes", "30"), ("offline_hours", "48"), ("future_minutes", "2")];
    let with = |more: &[(&'static str, &'static str)]| {
        let kept = good.iter().filter(|(field, _)| more.iter().all(|(other, _)| other != field)).copied();
        kept.chain(more.iter().copied()).collect::<Vec<_>>()
    };
    for (field, value, text) in [
        ("hold_minutes", "soon", "Write a whole number."),
        ("hold_minutes", "0", "1 to 10080"),
        ("offline_hours", "9000", "0 to 8760"),
        ("future_minutes", "-1", "0 to 1440"),
        ("point_value", "a lot", "is not a number"),
        ("point_value", "0", "more than 0"),
        ("default_product", "NOTHING", "No product has this code."),
        ("identity_key", "short", "at least 32 bytes"),
    ] {
        let page = operator.post("/till/rules", &with(&[(field, value)])).await;
        let place = format!("id=\"{field}-error\">");
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says(&place), "{field} {value}: {}", page.body);
        assert!(page.between(&place, "<").contains(text), "{field} {value}: {}", page.between(&place, "<"));
        assert!(field != "identity_key" || !page.says("value=\"short\""), "a key is not shown");
    }
    let limit = [("limit_kind4", "debit"), ("limit_per4", "day"), ("limit_unit4", ""), ("limit_number4", "3"), ("limit_amount4", "much")];
    refused(&mut operator, "/till/rules", &with(&limit), "limit_amount0", "Write an amount").await;
    let limit = [("limit_kind4", "debit"), ("limit_per4", "week"), ("limit_unit4", ""), ("limit_number4", "3"), ("limit_amount4", "50,5")];
    let key =
        [("identity_key", "0123456789abcdef0123456789abcdef"), ("point_value", "0,01"), ("default_product", "BREAD"), ("forgives", "yes")];
    let mut fields = with(&limit);
    fields.extend(key);
    let mut fields: Vec<(&str, &str)> = fields;
    fields.push(("default_unit", &unit));
    assert_eq!(operator.post("/till/rules", &fields).await.location(), "/till/rules");
    let page = operator.get("/till/rules").await;
    for text in ["value=\"50.50\"", "value=\"0.01\"", "value=\"BREAD\"", "Another key", "value=\"week\" selected", "value=\"30\""] {
        assert!(page.says(text), "{text}: {}", page.body);
    }
    assert!(page.says(&format!("value=\"{unit}\" selected")) && !page.says("0123456789abcdef"), "{}", page.body);
    let settings = records::till_settings(&site.app, &site.ctx()).await.expect("settings");
    assert!(settings.identity_key.is_some() && settings.forgives && settings.vat_rates.len() == 2, "the rest stays");
    let limit = &settings.limits[0];
    assert_eq!((limit.unit.as_deref(), limit.number, limit.amount), (None, Some(3), Some(5_050)));
    // Emptied fields take back what they set; the key goes when it is said so.
    assert_eq!(operator.post("/till/rules", &with(&[("identity_key_gone", "yes")])).await.location(), "/till/rules");
    let settings = records::till_settings(&site.app, &site.ctx()).await.expect("settings");
    assert!(settings.identity_key.is_none() && settings.limits.is_empty() && settings.point_value.is_none() && !settings.forgives);
    assert_eq!((settings.default_product, settings.default_unit), (None, None));
}

#[tokio::test]
async fn classes_of_events_are_kept_on_a_page() {
    let site = site().await;
    let mut operator = site.operator().await;
    assert!(operator.get("/classes").await.says("tills may name any class"));
    let marathon = [("class_name0", "marathon"), ("class_code0", "M1"), ("class_event0", "achievement")];
    let with = |more: &[(&'static str, &'static str)]| marathon.into_iter().chain(more.iter().copied()).collect::<Vec<_>>();
    refused(&mut operator, "/classes", &with(&[("class_name2", ""), ("class_code2", "M2")]), "class_name1", "1 to 200 characters").await;
    let twice = with(&[("class_name3", "Marathon"), ("class_event3", "achievement")]);
    refused(&mut operator, "/classes", &twice, "class_name1", "has the name").await;
    let unknown = operator.post("/classes", &[("class_name0", "x"), ("class_event0", "lunch")]).await;
    assert!(unknown.says("id=\"class_event0-error\""), "{}", unknown.body);
    assert_eq!(operator.post("/classes", &with(&[("class_name3", "counter"), ("class_event3", "purchase")])).await.location(), "/classes");
    let page = operator.get("/classes").await;
    assert!(page.says("value=\"marathon\"") && page.says("value=\"counter\"") && !page.says("any class."), "{}", page.body);
    assert_eq!(operator.post("/classes", &[("class_name0", ""), ("class_name1", "")]).await.location(), "/classes");
    assert!(operator.get("/classes").await.says("tills may name any class"));
}

#[tokio::test]
async fn a_wallet_tells_all_of_its_journal_page_by_page() {
    let site = site().await;
    let mut operator = site.operator().await;
    let shop = shop(&site).await;
    let (app, ctx) = (&site.app, &site.ctx());
    let text = "kind = \"reward\"\nname = \"Points\"\nscheme = \"club\"\nstacks = true\n[award]\neach = 1\nper = 1\nunit = \"points\"\n";
    offers::apply(app, ctx, text, "").await.expect("an offer");
    // Each of these has an entry in money and one in points.
    for number in 0..3 {
        came_late(&site, &shop, &format!("R-{}", 3_000 + number)).await;
    }
    for number in 0..45 {
        let input = AdjustInput {
            who: Who::Id(shop.anna),
            unit: "EUR".parse().expect("a currency"),
            amount: 100,
            is_top_up: false,
            expires: None,
            reason: format!("Gift {number}"),
            source: Id(0),
            identity: None,
        };
        wallets::adjust(app, ctx, input).await.expect("booked");
    }
    let whole = journal::page(app, ctx, shop.anna, None, 500).await.expect("the journal");
    assert!(whole.len() > 60, "{}", whole.len());
    for size in [1, 2, 7, 50] {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let page = journal::page(app, ctx, shop.anna, before, size).await.expect("a page");
            before = page.last().map(journal::Entry::mark);
            all.extend(page.iter().map(|entry| (entry.id, entry.unit, entry.credit)));
            if page.len() < size {
                break;
            }
        }
        let wanted: Vec<_> = whole.iter().map(|entry| (entry.id, entry.unit, entry.credit)).collect();
        assert_eq!(all, wanted, "{size} at a time");
    }
    let path = format!("/participants/{}", shop.anna.text(Kind::Participant));
    let first = operator.get(&path).await;
    assert!(first.says("Gift 44") && !first.says("R-1009") && !first.says("Previous"), "{}", first.body);
    let (mut page, mut pages) = (first, 1);
    while page.says("rel=\"next\"") {
        // The last of its kind on the page: the frame names the page's own address before.
        let older = page.body.rsplit("?before=").next().and_then(|rest| rest.split('#').next()).expect("a link").to_owned();
        let older = format!("{path}?before={older}");
        page = operator.get(&older).await;
        assert!(page.says("Previous") && !page.says("Gift 44"), "{}", page.body);
        pages += 1;
    }
    assert!(page.says("R-1009") && pages == whole.len().div_ceil(25), "{pages} pages, the last: {}", page.body);
    assert_eq!(operator.get(&format!("{path}?before=nonsense")).await.status, StatusCode::NOT_FOUND);
}
