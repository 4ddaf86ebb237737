//! Bulk purchases, products, and the REST twins.

use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, cents, code, hex, on_both_engines, purchase};

on_both_engines!(
    pos_033_a_bad_row_of_bulk_purchases_fails_alone,
    pos_051_an_ad_hoc_return_debits_the_wallet_and_cancels_nothing,
    pos_053_a_thousand_products_are_taken_and_no_more,
    pos_055_a_bad_row_is_listed_and_the_rest_goes_through,
    pos_062_a_settlement_is_invoiced_once,
);

const BULK: &str = "customer_events/bulk/purchases/create";
const SYNCHRONISE: &str = "products/synchronise";

async fn pos_033_a_bad_row_of_bulk_purchases_fails_alone(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let row = |name: Value, lines: &[(&str, &str)]| {
        let mut body = purchase(&format!("B{name}"), lines);
        body["request_unique_identifier"] = name;
        body
    };
    let too_many: Vec<Value> = (0..1_001).map(|n| row(json!(n), &[("bread", "1.00")])).collect();
    assert_eq!(shop.refused(BULK, json!({"customer_events_set": too_many})).await, "TOO_MANY_ROWS");
    assert_eq!(shop.balance().await, "0.00");
    let mut unknown = row(json!("e"), &[("bread", "20.00")]);
    unknown["colour"] = json!("red");
    let rows = json!([
        row(json!("a"), &[("bread", "20.00")]),
        row(json!("b"), &[("cheese", "20.00")]),
        row(json!("a"), &[("bread", "20.00")]),
        row(Value::Null, &[("bread", "20.00")]),
        unknown,
        17,
        row(json!("f"), &[("bread", "40.00")]),
    ]);
    let data = shop.ok(BULK, json!({"customer_events_set": rows})).await;
    let names = |set: &str| -> Vec<Value> {
        data[set].as_array().expect("a set").iter().map(|row| row["request_unique_identifier"].clone()).collect()
    };
    assert_eq!(names("processed_customer_events_set"), [json!("a"), json!("f")]);
    assert_eq!(names("unprocessed_customer_events_set"), [json!("b"), json!("a"), json!(""), json!("e"), json!("")]);
    let codes: Vec<&str> =
        data["unprocessed_customer_events_set"].as_array().expect("a set").iter().filter_map(|row| row["error_code"].as_str()).collect();
    assert_eq!(
        codes,
        ["PRODUCT_NOT_FOUND", "DUPLICATE_REFERENCE", "MANDATORY_PARAMETER_MISSING", "PARAMETER_UNKNOWN", "MANDATORY_PARAMETER_MISSING"]
    );
    assert_eq!(shop.balance().await, "3.00", "good rows are kept");
}

async fn pos_053_a_thousand_products_are_taken_and_no_more(shop: &Shop) {
    let rows =
        |count: usize| (0..count).map(|n| json!({"code": format!("P{n}"), "description": format!("Product {n}")})).collect::<Vec<_>>();
    assert_eq!(shop.refused(SYNCHRONISE, json!({"products_set": rows(1_001)})).await, "TOO_MANY_ROWS");
    let actions = async |body: Vec<Value>| {
        let data = shop.ok(SYNCHRONISE, json!({"synchronisation_definition_identifier": {"name": "nightly"}, "products_set": body})).await;
        assert_eq!(data["unprocessed_products_set"], json!([]));
        let set = data["processed_products_set"].as_array().expect("a set").clone();
        set.iter().map(|row| row["action"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let created = actions(rows(1_000)).await;
    assert!(created.len() == 1_000 && created.iter().all(|action| action == "CREATED"));
    assert!(actions(rows(1_000)).await.iter().all(|action| action == "UNCHANGED"));
    let changed = vec![json!({"code": "P0", "brand_identifier": {"name": "Acme"}}), json!({"code": "P1", "description": "Product 1"})];
    assert_eq!(actions(changed).await, ["UPDATED", "UNCHANGED"]);
    let made = shop.buy("R1", &[("P0", "2.00")]).await;
    assert_eq!(made["products_set"][0]["product"]["description"], "Product 0", "what a row does not name stays");
}

async fn pos_055_a_bad_row_is_listed_and_the_rest_goes_through(shop: &Shop) {
    let token = serde_json::to_string(&shop.token).expect("JSON");
    let body = format!(
        "{{\"token\":{token},\"products_set\":[{{\"code\":\"P1\",\"type_identifier\":{{\"name\":\"Drink\"}},\"colour\":\"red\",\"description\":7}},\
         {{\"description\":\"no code\"}},{{\"code\":\"P2\",\"code\":\"P3\"}},\"text\",{{\"code\":\"P1\"}},{{\"code\":\"P4\",\"description\":[]}}]}}"
    );
    let reply = shop.client.send("POST", "/crmapi/rest/v2/products/synchronise", &[], body.as_bytes()).await.expect(200);
    assert_eq!(code(&reply), "OK", "{reply}");
    let (done, left) = (&reply["data"]["processed_products_set"], &reply["data"]["unprocessed_products_set"]);
    assert_eq!(done.as_array().map(Vec::len), Some(2), "{reply}");
    assert!(done[0]["message"].as_str().is_some_and(|text| text.contains("colour")), "{done}");
    assert!(done[1]["message"].as_str().is_some_and(|text| text.contains("description")), "{done}");
    let codes: Vec<&str> = left.as_array().expect("a set").iter().filter_map(|row| row["error_code"].as_str()).collect();
    assert_eq!(codes, ["MANDATORY_PARAMETER_MISSING", "PARAMETER_REPEATED", "PARAMETER_INVALID", "DUPLICATE_CODE"], "{left}");
    assert!(left[0]["error_description"].is_string() && left[0].get("request_code").is_some());
}

async fn pos_051_an_ad_hoc_return_debits_the_wallet_and_cancels_nothing(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let keyed = shop.client.with("api_key", &shop.secret);
    let purchase = json!({
        "cim": "4711", "reference_number": "M-1", "merchant_tap": {"code": "T-1"}, "currency_code": "USD", "performed_on": 1_775_822_400,
        "products": [{"code": "wine", "net_amount": 200, "tax_amount": 0, "total_amount": 200}], "spend_request": {"amount": 1},
    });
    let made = keyed.post("/crmapi/rest/v2/purchases", &purchase).await.expect(200);
    assert_eq!(cents(&made["total_awarded_amount"]), "10.00", "{made}");
    assert_eq!(keyed.post("/crmapi/rest/v2/purchases", &purchase).await.expect(200)["id"], made["id"]);
    let before = shop.balance().await;
    let back = json!({
        "contact_id": hex(shop.anna.id), "reference_number": "M-2", "outlet_tap": {"code": "T-1"},
        "amount": 2.5, "return_amount": 50, "return_spent_amount": 5,
    });
    let returned = keyed.post("/crmapi/rest/v2/purchases/ad_hoc_return", &back).await.expect(200);
    assert_eq!(cents(&returned["amount"]), "2.50", "{returned}");
    assert_eq!((cents(&returned["return_amount"]), cents(&returned["return_spent_amount"])), ("45.00".into(), "5.00".into()));
    let (before, after) = (before.replace('.', "").parse::<i64>(), shop.balance().await.replace('.', "").parse::<i64>());
    assert_eq!(before.expect("cents") - after.expect("cents"), 250);
    let shown = shop.ok("customer_events/purchases/show", json!({"customer_event_identifier": {"id": made["id"]}})).await;
    assert_eq!(shown["life_cycle_state"], "POSTED");
    let id = made["id"].as_str().expect("an id");
    let path = format!("/crmapi/rest/v2/purchases/{id}/cancel");
    let cancelled = keyed.post(&path, &json!({})).await.expect(200);
    assert_eq!((&cancelled["id"], code(&cancelled), &cancelled["data"]), (&json!(id), "OK", &json!({"id": id})));
    assert_eq!(code(&keyed.post(&path, &json!({})).await.expect(200)), "INVALID_LIFE_CYCLE_STATE");
    let stranger = shop.client.with("api_key", "mk_wrong").post("/crmapi/rest/v2/purchases", &purchase).await.expect(200);
    assert_eq!(code(&stranger), "INVALID_CREDENTIALS");
    let two = json!({"cim": "4711", "contact_id": hex(shop.anna.id), "reference_number": "M-3", "outlet_tap": {"code": "T-1"}});
    assert_eq!(code(&keyed.post("/crmapi/rest/v2/purchases", &two).await.expect(200)), "SEMI_OPTIONAL_CONFLICT");
}

async fn pos_062_a_settlement_is_invoiced_once(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let merchant = meed_app::loyalty::MerchantDocument {
        name: "Corner Ltd".into(),
        units: vec![shop.unit.0],
        contribution: "40".into(),
        ..meed_app::loyalty::MerchantDocument::default()
    };
    meed_app::loyalty::records::put(&shop.app.app, &shop.ctx, None, &merchant).await.expect("a merchant");
    let made = shop.buy("R1", &[("wine", "200.00")]).await;
    let which = json!({"customer_event_identifier": {"id": made["id"]}});
    let first = shop.ok("customer_events/purchases/apply_settlement", which.clone()).await;
    assert_eq!((cents(&first["total_awarded_amount"]), cents(&first["total_contribution_amount"])), ("10.00".into(), "4.00".into()));
    let second = shop.ok("customer_events/purchases/apply_settlement", which).await;
    assert_eq!(second["invoice"]["id"], first["invoice"]["id"]);
    assert_eq!((&first["invoice"]["was_there_before"], &second["invoice"]["was_there_before"]), (&json!(false), &json!(true)));
}
