//! Preview, create, repeat, cancel.

use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, cents, code, hex, on_both_engines, purchase, spend};

on_both_engines!(
    pos_018_a_preview_says_what_the_purchase_will,
    pos_022_a_purchase_is_posted_with_its_sums,
    pos_023_quantity_is_one_and_amounts_are_asked_for,
    pos_025_the_intended_currency_is_checked_and_not_stored,
    pos_026_an_unknown_product_goes_on_the_default_product_or_is_refused,
    pos_034_the_same_reference_twice_is_one_purchase,
    pos_045_a_cancelled_purchase_leaves_the_wallet_as_it_was,
    bad_values_are_refused_whole_with_their_place,
);

const CREATE: &str = "customer_events/purchases/create";
const PREVIEW: &str = "customer_events/purchases/preview";

async fn pos_018_a_preview_says_what_the_purchase_will(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let body = purchase("R1", &[("bread", "2.00"), ("wine", "1.00")]);
    let seen = shop.ok(PREVIEW, body.clone()).await;
    assert_eq!(shop.ok(PREVIEW, body.clone()).await, seen, "a preview changes nothing");
    assert_eq!(shop.balance().await, "5.00");
    assert_eq!(cents(&seen["wallet_balance"]), "5.00");
    assert_eq!((&seen["reduction_method"], &seen["allow_spending"]), (&json!("FRONT_END_REDUCTION"), &json!(true)));
    assert_eq!((&seen["rewards_participant_id"], &seen["rewards_participant_name"]), (&json!(hex(shop.anna.id)), &json!("Anna Reed")));
    assert!(seen.get("minimum_spend_amount_per_transaction").is_some() && seen.get("maximum_spend_amount_per_transaction").is_some());
    assert_eq!(cents(&seen["total_additional_spend_amount"]), "3.00", "no more than the purchase");
    assert_eq!((&seen["offers_set"][0]["applied"], &seen["voucher_types_set"]), (&json!(true), &json!([])));
    let made = shop.ok(CREATE, body).await;
    assert_eq!(cents(&seen["total_award_amount"]), cents(&made["total_awarded_amount"]));
    for name in ["total_instant_spend_amount", "total_automatic_spend_amount"] {
        assert_eq!(seen[name], made[name], "{name}");
    }
}

async fn pos_022_a_purchase_is_posted_with_its_sums(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.offer("name = \"Instant\"\nstacks = true\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    let mut body = purchase("R1", &[("bread", "20.00"), ("milk", "4.50")]);
    body["products_set"][0] =
        json!({"product_identifier": {"code": "bread"}, "quantity": 2, "net_amount": 18.69, "vat_amount": 1.31, "total_amount": 20});
    body["udf_string_1"] = json!("window");
    let made = shop.ok(CREATE, body).await;
    assert_eq!((&made["life_cycle_state"], &made["type"]), (&json!("POSTED"), &json!("PURCHASE")));
    assert!(made["id"].as_str().is_some_and(|id| id.len() == 32) && made["number"].as_str().is_some_and(|number| !number.is_empty()));
    let text = |name: &str| cents(&made[name]);
    assert_eq!((text("total_amount"), text("net_amount"), text("vat_amount")), ("24.50".into(), "23.19".into(), "1.31".into()));
    assert_eq!((text("total_instant_spend_amount"), text("total_spend_amount")), ("1.00".into(), "1.00".into()));
    assert_eq!((&made["performed_on"], &made["udf_string_1"]), (&json!("2026-04-10T08:00:00"), &json!("window")));
    assert_eq!(made["products_set"].as_array().map(Vec::len), Some(2));
    assert_eq!((&made["products_set"][0]["quantity"], &made["products_set"][1]["quantity"]), (&json!(2), &json!(1)));
    let shown = shop.ok("customer_events/purchases/show", json!({"customer_event_identifier": {"number": made["number"]}})).await;
    for name in ["id", "total_amount", "total_awarded_amount", "total_spend_amount", "products_set", "performed_by_unit"] {
        assert_eq!(shown[name], made[name], "{name}");
    }
    assert_eq!(shown["rewards_participant"]["name"], "Anna Reed");
}

async fn pos_023_quantity_is_one_and_amounts_are_asked_for(shop: &Shop) {
    for field in ["performed_by_unit_identifier", "performed_on", "reference_number", "products_set"] {
        let mut body = purchase("R1", &[("bread", "2.00")]);
        body.as_object_mut().expect("fields").remove(field);
        let answer = shop.call(CREATE, body).await;
        assert_eq!((code(&answer), &answer["status"]["description"]), ("MANDATORY_PARAMETER_MISSING", &json!(field)));
    }
    for field in ["net_amount", "vat_amount", "total_amount"] {
        let mut body = purchase("R1", &[("bread", "2.00"), ("milk", "1.00")]);
        body["products_set"][1].as_object_mut().expect("fields").remove(field);
        let answer = shop.call(CREATE, body).await;
        let place = format!("products_set[1].{field}");
        assert_eq!((code(&answer), &answer["status"]["description"]), ("MANDATORY_PARAMETER_MISSING", &json!(place)));
    }
    let mut empty = purchase("R1", &[]);
    assert_eq!(shop.refused(CREATE, empty.clone()).await, "MANDATORY_PARAMETER_MISSING");
    empty["rewards_participant_identifier"] = Value::Null;
    assert_eq!(shop.refused(CREATE, empty).await, "SEMI_OPTIONAL_CONFLICT");
    let mut by_terminal = purchase("R2", &[("bread", "2.00")]);
    by_terminal["performed_by_tap_identifier"] = json!({"code": "T-1"});
    assert_eq!(shop.refused(CREATE, by_terminal.clone()).await, "SEMI_OPTIONAL_CONFLICT");
    by_terminal.as_object_mut().expect("fields").remove("performed_by_unit_identifier");
    let made = shop.ok(CREATE, by_terminal).await;
    assert_eq!((&made["performed_by_unit"]["id"], &made["performed_by_tap"]["id"]), (&json!(hex(shop.unit)), &json!(hex(shop.terminal))));
}

async fn pos_025_the_intended_currency_is_checked_and_not_stored(shop: &Shop) {
    let mut body = purchase("R1", &[("bread", "2.00")]);
    body["intended_currency_identifier"] = json!({"code": "EUR"});
    assert_eq!(shop.refused(CREATE, body.clone()).await, "CURRENCY_MISMATCH");
    body["intended_currency_identifier"] = json!({"code": "USD"});
    let made = shop.ok(CREATE, body).await;
    assert!(made.get("intended_currency").is_none() && made.get("intended_currency_identifier").is_none());
}

async fn pos_026_an_unknown_product_goes_on_the_default_product_or_is_refused(shop: &Shop) {
    let body = purchase("R1", &[("cheese", "2.00")]);
    assert_eq!(shop.refused(CREATE, body.clone()).await, "PRODUCT_NOT_FOUND");
    let of_anna = json!({"rewards_participant_identifier": {"number": "RP0000000019"}});
    assert_eq!(shop.ok("customer_events/purchases/list", of_anna).await, json!([]));
    shop.default_product().await;
    let line = shop.ok(CREATE, body).await["products_set"][0].clone();
    assert_eq!(line["product"]["code"], "other");
    assert_eq!((&line["intended_product_identifier"], &line["intended_product_value"]), (&json!("code"), &json!("cheese")));
}

async fn pos_034_the_same_reference_twice_is_one_purchase(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let mut body = purchase("R1", &[("bread", "20.00")]);
    body["external_system"] = json!("till");
    body["external_system_reference_number"] = json!("T-1/1");
    let first = shop.ok(CREATE, body.clone()).await;
    let second = shop.ok(CREATE, body.clone()).await;
    assert_eq!((&first["id"], &first["total_awarded_amount"]), (&second["id"], &second["total_awarded_amount"]));
    assert_eq!(shop.balance().await, "1.00");
    let mut other = body.clone();
    other["products_set"][0]["total_amount"] = json!(21);
    other["products_set"][0]["net_amount"] = json!(21);
    assert_eq!(shop.refused(CREATE, other).await, "DUPLICATE_REFERENCE");
    body["external_system"] = json!("another till");
    assert_ne!(shop.ok(CREATE, body).await["id"], first["id"], "a reference is unique within its system");
    let key = shop.client.with("idempotency-key", "abc");
    let mut keyed = purchase("R9", &[("milk", "1.00")]);
    keyed["token"] = json!(shop.token);
    let once = crate::shop::post(&key, CREATE, &keyed).await;
    assert_eq!(crate::shop::post(&key, CREATE, &keyed).await["data"]["id"], once["data"]["id"]);
}

async fn pos_045_a_cancelled_purchase_leaves_the_wallet_as_it_was(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let made = shop.buy("R1", &[("bread", "40.00")]).await;
    shop.ok("customer_events/spend_requests/create", spend(&made, Some("3.00"))).await;
    assert_eq!(shop.balance().await, "4.00");
    let which = json!({"customer_event_identifier": {"id": made["id"]}});
    let cancelled = shop.ok("customer_events/purchases/cancel", which.clone()).await;
    assert_eq!(cancelled["life_cycle_state"], "CANCELLED");
    assert_eq!(cancelled["award_reward_transactions_set"][0]["life_cycle_state"], "CANCELLED");
    assert_eq!(cents(&cancelled["reversal"]["spent_amount_given_back"]), "3.00");
    assert_eq!(shop.balance().await, "5.00");
    assert_eq!(shop.refused("customer_events/purchases/cancel", which.clone()).await, "INVALID_LIFE_CYCLE_STATE");
    assert_eq!(shop.refused("customer_events/spend_requests/create", spend(&made, None)).await, "INVALID_LIFE_CYCLE_STATE");
    let other = shop.buy("R2", &[("bread", "40.00")]).await;
    let spend = shop.ok("customer_events/spend_requests/create", spend(&other, Some("1.00"))).await;
    let wrong = json!({"customer_event_identifier": {"id": spend["id"]}});
    assert_eq!(shop.refused("customer_events/purchases/cancel", wrong).await, "INVALID_EVENT_TYPE");
    let nothing = json!({"customer_event_identifier": {"number": "0000000000000"}});
    assert_eq!(shop.refused("customer_events/purchases/show", nothing).await, "ENTITY_NOT_FOUND");
}

async fn bad_values_are_refused_whole_with_their_place(shop: &Shop) {
    let change = |path: &str, value: Value| {
        let mut body = purchase("R1", &[("bread", "2.00")]);
        *body.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        body
    };
    for (path, value, wanted) in [
        ("/products_set/0/total_amount", json!(2.005), "AMOUNT_TOO_MANY_DECIMALS"),
        ("/products_set/0/total_amount", json!("two"), "PARAMETER_INVALID"),
        ("/products_set/0/total_amount", json!(3), "AMOUNTS_DO_NOT_ADD_UP"),
        ("/products_set/0/total_amount", json!(-2), "AMOUNT_NOT_POSITIVE"),
        ("/products_set", json!({}), "PARAMETER_INVALID"),
        ("/performed_on", json!("2026-04-10"), "PARAMETER_INVALID"),
        ("/performed_on", json!("2026-04-11T08:00:00"), "DATE_IN_FUTURE"),
        ("/performed_by_unit_identifier", json!({"alternative_code": "moon"}), "ENTITY_NOT_FOUND"),
        ("/performed_by_unit_identifier", json!("high"), "PARAMETER_INVALID"),
    ] {
        let answer = shop.call(CREATE, change(path, value.clone())).await;
        assert_eq!(code(&answer), wanted, "{path} {value}: {answer}");
        assert!(answer["status"]["description"].is_string(), "{path}: {answer}");
    }
    let mut unknown = purchase("R1", &[("bread", "2.00")]);
    unknown["products_set"][0]["colour"] = json!("red");
    let answer = shop.call(CREATE, unknown).await;
    assert_eq!((code(&answer), &answer["status"]["description"]), ("PARAMETER_UNKNOWN", &json!("products_set[0].colour")));
    let text = purchase("R1", &[("bread", "2.00")]).to_string().replacen(
        '{',
        &format!("{{\"token\":\"{}\",\"performed_on\":\"x\",", shop.token),
        1,
    );
    let reply = shop.client.send("POST", "/crmapi/rest/v2/customer_events/purchases/create", &[], text.as_bytes()).await;
    assert_eq!(code(&reply.expect(200)), "PARAMETER_REPEATED");
    let mut promo = purchase("R1", &[("bread", "2.00")]);
    promo["promo_code"] = json!("NOPE");
    assert_eq!(shop.refused(CREATE, promo).await, "INVALID_PROMO_CODE");
    let of_anna = json!({"rewards_participant_identifier": {"number": "RP0000000019"}});
    assert_eq!(shop.ok("customer_events/purchases/list", of_anna).await, json!([]), "nothing was half-done");
    let nowhere = shop.client.post("/crmapi/rest/v2/customer_events/lotteries/create", &json!({})).await;
    assert_eq!(code(&nowhere.expect(200)), "METHOD_UNKNOWN");
}
