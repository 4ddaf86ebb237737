//! What is no sale, classes of events, and joining a scheme with a code, on the classic surface.

use meed_app::loyalty::documents::{ClassificationDocument, LimitDocument, SchemeDocument, TillSettingsDocument};
use meed_app::loyalty::records;
use serde_json::{Value, json};

use crate::shop::{Shop, cents, on_both_engines, purchase, spend};

on_both_engines!(
    referrals_and_achievements_are_recorded_previewed_and_sent_by_the_thousand,
    a_class_that_is_not_listed_or_suits_another_event_is_refused,
    pos_056_one_category_is_an_object,
    pos_061_a_scheme_is_joined_with_a_code_once,
    limits_are_told_with_what_remains_of_them,
);

fn achieved(reference: &str) -> Value {
    json!({
        "rewards_participant_identifier": {"number": "RP0000000019"},
        "performed_by_unit_identifier": {"alternative_code": "high"},
        "performed_on": "2026-04-10T08:00:00",
        "reference_number": reference,
        "classification_identifier": {"name": "marathon"},
    })
}

async fn referrals_and_achievements_are_recorded_previewed_and_sent_by_the_thousand(shop: &Shop) {
    let run = "name = \"Run\"\nclass = \"achievement\"\nclassifications = [\"marathon\"]\nstacks = true\n[award]\namount = 4\n";
    shop.offer(run).await;
    shop.offer("name = \"Saver\"\nclass = \"financial_achievement\"\nfrom = 100\nstacks = true\n[award]\npercent = \"2%\"\n").await;
    shop.offer("name = \"Friends\"\nclass = \"referral\"\nstacks = true\n[award]\namount = 5\n").await;
    let preview = shop.ok("customer_events/achievements/preview", achieved("A-1")).await;
    assert_eq!((cents(&preview["total_award_amount"]), shop.balance().await), ("4.00".to_owned(), "0.00".to_owned()));
    let done = shop.ok("customer_events/achievements/create", achieved("A-1")).await;
    assert_eq!((&done["type"], &done["life_cycle_state"]), (&json!("ACHIEVEMENT"), &json!("POSTED")));
    assert_eq!((cents(&done["total_awarded_amount"]), &done["classification"]["name"]), ("4.00".to_owned(), &json!("marathon")));
    assert_eq!(done["award_reward_transactions_set"][0]["offer"], "Run", "{done}");
    let mut saved = achieved("A-2");
    saved["amount"] = json!(150);
    let saved = shop.ok("customer_events/achievements/create", saved).await;
    assert_eq!((&saved["type"], cents(&saved["total_awarded_amount"])), (&json!("FINANCIAL_ACHIEVEMENT"), "3.00".to_owned()));
    // The same reference of the sending system is the same achievement.
    let mut once = achieved("A-3");
    once["external_system_reference_number"] = json!("W-3");
    let first = shop.ok("customer_events/achievements/create", once.clone()).await;
    assert_eq!(shop.ok("customer_events/achievements/create", once.clone()).await["id"], first["id"]);
    once["description"] = json!("another one");
    assert_eq!(shop.refused("customer_events/achievements/create", once).await, "DUPLICATE_REFERENCE");

    shop.other_customer().await;
    let mut brought = achieved("F-1");
    brought["classification_identifier"] = Value::Null;
    assert_eq!(shop.refused("customer_events/referrals/create", brought.clone()).await, "MANDATORY_PARAMETER_MISSING");
    brought["referred_rewards_participant_identifier"] = json!({"number": "RP0000000019"});
    assert_eq!(shop.refused("customer_events/referrals/create", brought.clone()).await, "REFERRAL_OF_ONESELF");
    brought["referred_rewards_participant_identifier"] = json!({"access_token_identifier": {"authentication_code": "4712"}});
    let referral = shop.ok("customer_events/referrals/create", brought.clone()).await;
    assert_eq!((&referral["type"], cents(&referral["total_awarded_amount"])), (&json!("REFERRAL"), "5.00".to_owned()));
    brought["reference_number"] = json!("F-2");
    assert_eq!(shop.refused("customer_events/referrals/create", brought.clone()).await, "ALREADY_REFERRED");

    let row = |name: &str, reference: &str| {
        let mut row = achieved(reference);
        row["request_unique_identifier"] = json!(name);
        row
    };
    let mut nowhere = row("2", "B-2");
    nowhere["performed_by_unit_identifier"] = json!({"alternative_code": "nowhere"});
    let rows = json!({"customer_events_set": [row("1", "B-1"), nowhere, row("1", "B-3"), row("", "B-4"), row("5", "B-5")]});
    let many = shop.ok("customer_events/bulk/achievements/create", rows).await;
    let names = |set: &Value| set.as_array().expect("rows").iter().map(|row| row["request_unique_identifier"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&many["processed_customer_events_set"]), [json!("1"), json!("5")], "{many}");
    let codes: Vec<&Value> =
        many["unprocessed_customer_events_set"].as_array().expect("rows").iter().map(|row| &row["error_code"]).collect();
    assert_eq!(codes, ["ENTITY_NOT_FOUND", "DUPLICATE_REFERENCE", "MANDATORY_PARAMETER_MISSING"]);
    brought["request_unique_identifier"] = json!("1");
    let refused = shop.ok("customer_events/bulk/referrals/create", json!({"customer_events_set": [brought]})).await;
    assert_eq!(refused["unprocessed_customer_events_set"][0]["error_code"], "ALREADY_REFERRED");
    let rows: Vec<Value> = (0..1_001).map(|turn| row(&turn.to_string(), "X")).collect();
    assert_eq!(shop.refused("customer_events/bulk/achievements/create", json!({"customer_events_set": rows})).await, "TOO_MANY_ROWS");
    assert_eq!(shop.balance().await, "24.00", "4 + 3 + 4 + 5, and two of many");
}

async fn a_class_that_is_not_listed_or_suits_another_event_is_refused(shop: &Shop) {
    let of = |identifier: Value| {
        let mut sale = purchase("C-1", &[("bread", "1.00")]);
        sale["classification_identifier"] = identifier;
        sale
    };
    let create = "customer_events/purchases/create";
    let unknown = json!({"id": "F".repeat(32)});
    assert_eq!(shop.refused(create, of(unknown.clone())).await, "ENTITY_NOT_FOUND", "an id is never made up");
    assert_eq!(shop.refused("customer_events/purchases/preview", of(unknown.clone())).await, "ENTITY_NOT_FOUND");
    assert_eq!(shop.ok(create, of(json!({"name": "counter"}))).await["classification"]["name"], "counter");
    let class = |name: &str, code: &str, event: Option<&str>| ClassificationDocument {
        name: name.into(),
        code: Some(code.into()),
        event: event.map(str::to_owned),
    };
    let classifications =
        vec![class("Counter", "C", Some("purchase")), class("Marathon", "M", Some("achievement")), class("Any", "A", None)];
    shop.settings(TillSettingsDocument { classifications, ..TillSettingsDocument::default() }).await;
    let counted = |reference: &str, identifier: Value| {
        let mut sale = of(identifier);
        sale["reference_number"] = json!(reference);
        sale
    };
    assert_eq!(shop.refused(create, counted("C-2", json!({"name": "Nowhere"}))).await, "ENTITY_NOT_FOUND");
    assert_eq!(shop.refused(create, counted("C-2", json!({"name": "Marathon"}))).await, "INVALID_EVENT_TYPE");
    let sold = shop.ok(create, counted("C-2", json!({"alternative_code": "C"}))).await;
    assert_eq!(sold["classification"]["name"], "Counter");
    let again = shop.ok(create, counted("C-3", json!({"id": sold["classification"]["id"]}))).await;
    assert_eq!(again["classification"], sold["classification"], "its own id names it again");
    let listed =
        shop.ok("customer_events/purchases/list", json!({"classification_identifier": {"id": sold["classification"]["id"]}})).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    let mut spent = spend(&sold, Some("0.01"));
    spent["classification_identifier"] = json!({"name": "Counter"});
    assert_eq!(shop.refused("customer_events/spend_requests/create", spent).await, "INVALID_EVENT_TYPE");
    let mut walked = achieved("A-1");
    walked["classification_identifier"] = json!({"name": "Counter"});
    assert_eq!(shop.refused("customer_events/achievements/create", walked.clone()).await, "INVALID_EVENT_TYPE");
    walked["classification_identifier"] = json!({"code": "M"});
    shop.ok("customer_events/achievements/create", walked).await;
    let mut row = counted("C-4", unknown);
    row["request_unique_identifier"] = json!("1");
    let many = shop.ok("customer_events/bulk/purchases/create", json!({"customer_events_set": [row]})).await;
    assert_eq!(many["unprocessed_customer_events_set"][0]["error_code"], "ENTITY_NOT_FOUND");
}

async fn pos_056_one_category_is_an_object(shop: &Shop) {
    let rows = json!({"products_set": [
        {"code": "N-1", "description": "good", "category": "x"},
        {"code": "N-2", "category": {"name": "Dairy"}},
        {"code": "N-3", "category": [{"name": "Dairy"}, {"name": "Cold"}]},
    ]});
    let done = shop.ok("products/synchronise", rows).await;
    let message = |at: usize| done["processed_products_set"][at]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message(0).contains("category"), "processed, and the message names it: {done}");
    assert_eq!((message(1), message(2)), (String::new(), String::new()));
    let config = shop.app.app.fresh_till_config(shop.ctx.workspace).await.expect("a configuration");
    let of = |code: &str| config.products.by_code(code).map(|product| product.categories.clone()).expect("a product");
    assert_eq!((of("N-1"), of("N-2"), of("N-3")), (vec![], vec!["Dairy".to_owned()], vec!["Dairy".to_owned(), "Cold".to_owned()]));
    assert_eq!(config.products.by_code("N-1").and_then(|product| product.description.clone()).as_deref(), Some("good"));
}

async fn pos_061_a_scheme_is_joined_with_a_code_once(shop: &Shop) {
    let closed = SchemeDocument { name: "Inner".into(), code: "inner".into(), automatic: false, ..SchemeDocument::default() };
    records::put(&shop.app.app, &shop.ctx, None, &closed).await.expect("a scheme");
    let (ask, confirm) =
        ("accounts_receivable/rewards/request_scheme_reference_code", "accounts_receivable/rewards/confirm_scheme_reference_code");
    let anna = json!({"accounts_receivable_identifier": {"number": "RP0000000019"}});
    let made = shop.ok(ask, anna.clone()).await;
    assert_eq!(made["scheme"]["alternative_code"], "inner", "the one that does not take everybody: {made}");
    let with = |mut call: Value, field: &str, value: Value| {
        call[field] = value;
        call
    };
    assert_eq!(shop.refused(ask, with(anna.clone(), "scheme_identifier", json!({"name": "Outer"}))).await, "ENTITY_NOT_FOUND");
    assert_eq!(shop.refused(confirm, anna.clone()).await, "MANDATORY_PARAMETER_MISSING");
    let code = made["reference_code"].clone();
    shop.other_customer().await;
    let ben = json!({"rewards_participant_identifier": {"access_token_identifier": {"authentication_code": "4712"}}});
    assert_eq!(shop.refused(confirm, with(ben, "reference_code", code.clone())).await, "INVALID_SCHEME_CODE", "it is Anna's");
    let joined = shop.ok(confirm, with(anna.clone(), "reference_code", code.clone())).await;
    assert_eq!(joined["scheme"]["name"], "Inner");
    assert_eq!(shop.refused(confirm, with(anna.clone(), "reference_code", code)).await, "INVALID_SCHEME_CODE", "once");
    let shown = shop.ok("rewards_participants/show", json!({"rewards_participant_identifier": {"number": "RP0000000019"}})).await;
    let schemes = shown["participating_schemes_set"].as_array().expect("schemes");
    assert!(schemes.iter().any(|one| one["scheme"]["name"] == "Inner"), "{shown}");
    // A code ends after three days.
    let late = shop.ok(ask, anna.clone()).await["reference_code"].clone();
    shop.app.clock.advance_seconds(3 * 86_400);
    let mut body = with(anna, "reference_code", late);
    body["token"] = json!(shop.fresh_token(&json!({})).await);
    let answer = crate::shop::post(&shop.client, confirm, &body).await;
    assert_eq!(crate::shop::code(&answer), "INVALID_SCHEME_CODE", "{answer}");
}

async fn limits_are_told_with_what_remains_of_them(shop: &Shop) {
    let limit = LimitDocument { kind: "debit".into(), per: "day".into(), unit: None, number: Some(3), amount: Some(1_000) };
    shop.settings(TillSettingsDocument { limits: vec![limit], ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Half\"\n[award]\npercent = \"50%\"\n").await;
    let sold = shop.buy("L-1", &[("wine", "20.00")]).await;
    let other = shop.buy("L-2", &[("bread", "5.00")]).await;
    assert_eq!(cents(&sold["total_awarded_amount"]), "10.00");
    shop.ok("customer_events/spend_requests/create", spend(&other, Some("4.00"))).await;
    let told = shop.ok("wallets/get_limits", json!({"rewards_participant_identifier": {"number": "RP0000000019"}})).await;
    let limit = &told["limits_set"][0];
    assert_eq!((&limit["type"], &limit["period"], &limit["remaining_number"]), (&json!("DEBIT"), &json!("DAILY"), &json!(2)), "{told}");
    assert_eq!((cents(&limit["amount"]), cents(&limit["remaining_amount"])), ("10.00".to_owned(), "6.00".to_owned()));
}
