//! The contract, clause by clause: pages, what is mandatory, cancelling, products, every code, every field.

use meed_app::loyalty::participants::{self, MeansInput};
use meed_app::loyalty::{MerchantDocument, TillSettingsDocument, records};
use meed_core::loyalty::Participant;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, basic, cents, code, envelope, hex, on_both_engines, post, purchase, spend};

on_both_engines!(
    pos_011_pages_go_on_in_a_stable_order,
    pos_024_reference_place_time_and_lines_are_mandatory,
    pos_046_what_is_cancelled_or_of_another_kind_is_not_cancelled,
    pos_054_products_are_created_updated_and_left_alone,
    pos_056_a_bad_attribute_is_skipped_and_named,
    every_code_of_the_contract_is_answered,
    a_spend_answers_every_field,
    a_purchase_and_its_spend_repeat_their_first_answer,
    a_settlement_deals_the_contribution_out_to_the_awards,
    payment_media_come_from_the_card_and_are_bound_to_the_account,
    the_rest_twins_go_by_the_callers_own_id,
    points_ask_for_what_they_are_worth,
);

const CREATE: &str = "customer_events/purchases/create";
const PREVIEW: &str = "customer_events/purchases/preview";
const CANCEL: &str = "customer_events/purchases/cancel";
const SPEND: &str = "customer_events/spend_requests/create";
const SYNCHRONISE: &str = "products/synchronise";

fn anna() -> Value {
    json!({"rewards_participant_identifier": {"number": "RP0000000019"}})
}

fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

async fn pos_011_pages_go_on_in_a_stable_order(shop: &Shop) {
    shop.offer("name = \"Much\"\n[award]\namount = 5\n").await;
    let mut purchases = Vec::new();
    let mut spends = Vec::new();
    for number in 0..5 {
        let made = shop.buy(&format!("R{number}"), &[("wine", "10.00")]).await;
        if number > 0 {
            spends.insert(0, shop.ok(SPEND, spend(&made, Some("0.10"))).await["id"].clone());
        }
        purchases.insert(0, made["id"].clone());
    }
    let mut people = vec![json!(hex(shop.anna.id))];
    for number in 0..4 {
        let person = Participant { name: format!("Person {number}"), ..Participant::default() };
        let made = participants::create(&shop.app.app, &shop.ctx, person, Vec::new()).await.expect("a participant");
        people.insert(0, json!(hex(made.id)));
    }
    let filter = anna();
    for (method, filter, all) in [
        ("customer_events/purchases/list", &filter, &purchases),
        ("customer_events/spend_requests/list", &filter, &spends),
        ("rewards_participants/list", &json!({}), &people),
    ] {
        let page = async |number: Value, offset: Value| {
            let body = with(filter.clone(), &json!({"fields_set": "id", "number_of_results": number, "offset": offset}));
            let data = shop.ok(method, body).await;
            data.as_array().expect("a set").iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(&page(Value::Null, Value::Null).await, all, "{method}");
        assert_eq!(page(json!(2), json!(2)).await, all[2..4], "{method}: the third and fourth");
        assert_eq!(page(json!("2"), json!("0")).await, all[..2], "{method}");
        assert_eq!(page(json!(100), json!(all.len() - 1)).await, all[all.len() - 1..], "{method}");
        assert_eq!(page(json!(2), json!(all.len())).await, Vec::<Value>::new(), "{method}: past the end");
        let one = json!({"number_of_results": 1.5});
        assert_eq!(shop.refused(method, with(filter.clone(), &one)).await, "PARAMETER_INVALID", "{method}");
    }
    let path =
        "customer_events/purchases/list?rewards_participant_identifier=number=RP0000000019&number_of_results=2&offset=2&fields_set=id";
    let by_query = envelope(&shop.client.get(&format!("/crmapi/rest/v2/{path}&token={}", shop.token)).await);
    assert_eq!(by_query["data"], json!([{"id": purchases[2]}, {"id": purchases[3]}]));
}

async fn pos_024_reference_place_time_and_lines_are_mandatory(shop: &Shop) {
    let whole = purchase("R1", &[("bread", "2.00")]);
    for (field, place) in [
        ("performed_by_unit_identifier", "performed_by_unit_identifier"),
        ("performed_on", "performed_on"),
        ("reference_number", "reference_number"),
        ("products_set", "products_set"),
    ] {
        for value in
            [None, Some(Value::Null), (field == "products_set").then(|| json!([])), (field == "reference_number").then(|| json!(" "))]
        {
            let mut body = whole.clone();
            match value {
                None => drop(body.as_object_mut().expect("fields").remove(field)),
                Some(value) => body[field] = value,
            }
            let answer = shop.call(CREATE, body.clone()).await;
            assert_eq!((code(&answer), &answer["status"]["description"]), ("MANDATORY_PARAMETER_MISSING", &json!(place)), "{body}");
        }
    }
    assert_eq!(shop.ok("customer_events/purchases/list", anna()).await, json!([]), "nothing is stored");
    let by_terminal = |terminal: Value| {
        let mut body = purchase("R2", &[("bread", "2.00")]);
        body.as_object_mut().expect("fields").remove("performed_by_unit_identifier");
        body["performed_by_tap_identifier"] = terminal;
        body
    };
    assert_eq!(shop.refused(CREATE, by_terminal(json!({"code": "T-9"}))).await, "ENTITY_NOT_FOUND");
    let made = shop.ok(CREATE, by_terminal(json!({"code": "T-1"}))).await;
    assert_eq!(made["performed_by_unit"]["id"], json!(hex(shop.unit)), "the terminal says which store");
    let mut business = whole;
    business["performed_by_business_unit_identifier"] = business["performed_by_unit_identifier"].take();
    assert_eq!(shop.ok(CREATE, business).await["performed_by_unit"]["name"], "High Street");
}

async fn pos_046_what_is_cancelled_or_of_another_kind_is_not_cancelled(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let made = shop.buy("R1", &[("bread", "40.00")]).await;
    let kept = shop.buy("R2", &[("bread", "40.00")]).await;
    let paid = shop.ok(SPEND, spend(&kept, Some("1.00"))).await;
    let named = |id: &Value| json!({"customer_event_identifier": {"id": id}});
    let numbered = |number: &Value| json!({"customer_event_identifier": {"number": number}});
    assert_eq!(shop.ok(CANCEL, numbered(&made["number"])).await["life_cycle_state"], "CANCELLED");
    let balance = shop.balance().await;
    for which in [named(&made["id"]), numbered(&made["number"])] {
        assert_eq!(shop.refused(CANCEL, which).await, "INVALID_LIFE_CYCLE_STATE", "the second time");
    }
    for which in [named(&paid["id"]), numbered(&paid["number"])] {
        for method in [CANCEL, "customer_events/purchases/show", "customer_events/purchases/apply_settlement"] {
            assert_eq!(shop.refused(method, which.clone()).await, "INVALID_EVENT_TYPE", "{method} of a spend");
        }
    }
    for method in ["customer_events/spend_requests/cancel", "customer_events/spend_requests/show"] {
        assert_eq!(shop.refused(method, named(&kept["id"])).await, "INVALID_EVENT_TYPE", "{method} of a purchase");
    }
    assert_eq!(shop.refused("customer_events/purchases/apply_settlement", named(&made["id"])).await, "INVALID_LIFE_CYCLE_STATE");
    assert_eq!(shop.refused(CANCEL, named(&json!("0000000000000000000000000000002A"))).await, "ENTITY_NOT_FOUND");
    assert_eq!(shop.refused(CANCEL, json!({})).await, "MANDATORY_PARAMETER_MISSING");
    assert_eq!(shop.refused(CANCEL, json!({"customer_event_identifier": {}})).await, "SEMI_OPTIONAL_CONFLICT");
    assert_eq!(shop.balance().await, balance, "none of it changed anything");
    shop.ok("customer_events/spend_requests/cancel", named(&paid["id"])).await;
    assert_eq!(shop.refused("customer_events/spend_requests/cancel", named(&paid["id"])).await, "INVALID_LIFE_CYCLE_STATE");
}

async fn pos_054_products_are_created_updated_and_left_alone(shop: &Shop) {
    let send = async |rows: Value| {
        let data = shop.ok(SYNCHRONISE, json!({"products_set": rows})).await;
        assert_eq!(data["unprocessed_products_set"], json!([]), "{data}");
        let set = data["processed_products_set"].as_array().expect("a set").clone();
        set.iter().map(|row| (row["action"].as_str().unwrap_or_default().to_owned(), row["id"].clone())).collect::<Vec<_>>()
    };
    let rows = json!([
        {"code": "N9", "description": "Galaxy Note 9", "alternative_code": "880-1", "type_identifier": {"name": "Technology"},
         "brand_identifier": {"name": "Samsung"}, "family_identifier": {"code": "Smartphones"}, "category": {"name": "Android"},
         "vat_rate": {"name": "standard"}, "product_validity_from": "2026-01-01", "udf_string_9": "blue"},
        {"code": "milk", "description": "Milk 1 l"},
        {"code": "bread", "family_identifier": {"name": "bakery"}},
    ]);
    let first = send(rows.clone()).await;
    assert_eq!(first.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(), ["CREATED", "UPDATED", "UNCHANGED"]);
    let again = send(rows).await;
    assert_eq!(again.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(), ["UNCHANGED", "UNCHANGED", "UNCHANGED"]);
    assert_eq!(first.iter().map(|(_, id)| id).collect::<Vec<_>>(), again.iter().map(|(_, id)| id).collect::<Vec<_>>(), "the same products");
    let changed = send(json!([{"code": "N9", "description": null, "brand_identifier": {"name": "Galaxy"}}])).await;
    assert_eq!(changed[0], ("UPDATED".to_owned(), first[0].1.clone()));
    let body = with(
        purchase("R1", &[("bread", "2.00")]),
        &json!({"products_set": [
            {"product_identifier": {"alternative_code": "880-1"}, "net_amount": 5, "vat_amount": 0, "total_amount": 5},
            {"product_identifier": {"id": first[0].1}, "net_amount": 5, "vat_amount": 0, "total_amount": 5},
        ]}),
    );
    let lines = shop.ok(CREATE, body).await["products_set"].clone();
    for line in lines.as_array().expect("lines") {
        let product = &line["product"];
        assert_eq!((&product["code"], &product["description"]), (&json!("N9"), &Value::Null), "null empties an attribute");
        assert_eq!(product["product_type"]["name"], "Technology", "what a row does not name stays");
    }
    shop.offer("name = \"By brand\"\ncondition = \"line.brand == 'Galaxy' && line.family == 'Smartphones' && 'Android' in line.categories\"\n[award]\namount = 2\n").await;
    assert_eq!(cents(&shop.buy("R2", &[("N9", "5.00")]).await["total_awarded_amount"]), "2.00");
}

async fn pos_056_a_bad_attribute_is_skipped_and_named(shop: &Shop) {
    let long = "x".repeat(1_001);
    let rows = json!([
        {"code": "A", "description": "Good", "colour": "red"},
        {"code": "B", "description": ["bad"], "brand_identifier": {"name": "Acme"}},
        {"code": "C", "brand_identifier": {"name": "Acme", "id": "7"}, "family_identifier": {"shape": "round"}, "description": "Good"},
        {"code": "D", "product_validity_from": "31/12/2026", "component_quantity": "-2", "udf_string_1": long, "description": "Good"},
        {"code": "E", "description": "Good"},
    ]);
    let data = shop.ok(SYNCHRONISE, json!({"products_set": rows})).await;
    let done = data["processed_products_set"].as_array().expect("a set");
    assert_eq!((done.len(), &data["unprocessed_products_set"]), (5, &json!([])), "{data}");
    let named = |place: usize, names: &[&str]| {
        let message = done[place]["message"].as_str().unwrap_or_default();
        assert!(names.iter().all(|name| message.contains(name)), "{message}");
        assert!(!message.contains("code") || names.contains(&"code"), "only what was skipped: {message}");
        assert_eq!(done[place]["action"], "CREATED");
    };
    named(0, &["colour"]);
    named(1, &["description"]);
    named(2, &["brand_identifier", "family_identifier"]);
    named(3, &["product_validity_from", "component_quantity", "udf_string_1"]);
    assert_eq!(done[4]["message"], Value::Null);
    assert_eq!(
        done.iter().map(|row| row["request_code"].clone()).collect::<Vec<_>>(),
        [json!("A"), json!("B"), json!("C"), json!("D"), json!("E")]
    );
    let line = |code: &str, data: &Value| -> Value {
        let lines = data["products_set"].as_array().expect("lines");
        lines.iter().find(|line| line["product"]["code"] == code).expect("a line")["product"].clone()
    };
    let bought = shop.buy("R1", &[("B", "1.00"), ("C", "1.00"), ("D", "1.00")]).await;
    assert_eq!(line("B", &bought)["description"], Value::Null);
    assert_eq!(line("C", &bought)["description"], "Good", "the good attributes of the row are kept");
    assert_eq!(line("D", &bought)["description"], "Good");
    let unset = shop.ok(SYNCHRONISE, json!({"products_set": [{"code": "A", "weight": 3}]})).await;
    assert_eq!(unset["processed_products_set"][0]["action"], "UNCHANGED");
    assert!(unset["processed_products_set"][0]["message"].as_str().is_some_and(|text| text.contains("weight")));
}

async fn every_code_of_the_contract_is_answered(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let whole = || purchase("R1", &[("bread", "2.00")]);
    let made = shop.ok(CREATE, with(whole(), &json!({"external_system_reference_number": "1"}))).await;
    let means = |code: &str| vec![MeansInput { kind: "card".into(), code: code.into(), ..MeansInput::default() }];
    let app = &shop.app.app;
    let blocked = Participant { name: "Blocked".into(), number: "B1".into(), is_blocked: true, ..Participant::default() };
    participants::create(app, &shop.ctx, blocked, means("4801")).await.expect("a participant");
    let end = meed_core::loyalty::Termination { at_us: 0, reason: "moved".into() };
    let gone = Participant { name: "Gone".into(), number: "G1".into(), terminated: Some(end), ..Participant::default() };
    participants::create(app, &shop.ctx, gone, means("4802")).await.expect("a participant");
    let bound = Participant { name: "Bound".into(), number: "P1".into(), payment_media: vec!["4929".into()], ..Participant::default() };
    participants::create(app, &shop.ctx, bound, means("4803")).await.expect("a participant");
    participants::create(app, &shop.ctx, Participant::default(), means("4804")).await.expect("a participant");
    participants::set_means_state(app, &shop.ctx, "4804", false).await.expect("switched");
    shop.settings(TillSettingsDocument { minimum_spend: 100, maximum_spend: Some(300), ..TillSettingsDocument::default() }).await;
    let by = |card: &str| json!({"rewards_participant_identifier": {"access_token_identifier": {"authentication_code": card}}});
    let theirs = shop.ok(CREATE, with(whole(), &by("4801"))).await;
    let spend_of = |purchase: &Value, card: &str, amount: &str| with(spend(purchase, Some(amount)), &by(card));
    let many = |count: usize| (0..count).map(|n| json!({"code": n})).collect::<Vec<_>>();
    for (method, body, wanted) in [
        ("rewards_participants/show", json!({"token": "x", "rewards_participant_identifier": {"number": "1"}}), "INVALID_TOKEN"),
        ("rewards_participants/show", json!({}), "SEMI_OPTIONAL_CONFLICT"),
        (CREATE, with(whole(), &json!({"performed_on": null})), "MANDATORY_PARAMETER_MISSING"),
        ("rewards_participants/show", json!({"rewards_participant_identifier": {"number": "nobody"}}), "ENTITY_NOT_FOUND"),
        (CREATE, with(whole(), &by("9999")), "ENTITY_NOT_FOUND"),
        ("customer_events/spend_requests/cancel", json!({"customer_event_identifier": {"id": made["id"]}}), "INVALID_EVENT_TYPE"),
        (CREATE, with(whole(), &by("4804")), "ACCESS_TOKEN_NOT_EFFECTIVE"),
        (CREATE, with(whole(), &json!({"intended_currency_identifier": {"code": "EUR"}})), "CURRENCY_MISMATCH"),
        (CREATE, purchase("R2", &[("cheese", "1.00")]), "PRODUCT_NOT_FOUND"),
        (SYNCHRONISE, json!({"products_set": many(1_001)}), "TOO_MANY_ROWS"),
        (SPEND, spend_of(&theirs, "4801", "1.00"), "SPEND_BLOCKED"),
        (CREATE, with(with(whole(), &by("4801")), &json!({"requested_spend_amount": 1})), "SPEND_BLOCKED"),
        (CREATE, with(whole(), &by("4802")), "PARTICIPANT_TERMINATED"),
        (PREVIEW, with(whole(), &by("4802")), "PARTICIPANT_TERMINATED"),
        (SPEND, spend(&made, Some("0.99")), "SPEND_AMOUNT_OUT_OF_RANGE"),
        (SPEND, spend(&made, Some("3.01")), "SPEND_AMOUNT_OUT_OF_RANGE"),
        (CREATE, with(with(whole(), &by("4803")), &json!({"payment_medium_identifier": "5500"})), "PAYMENT_MEDIUM_NOT_ALLOWED"),
        (CREATE, with(whole(), &json!({"promo_code": "NOPE"})), "INVALID_PROMO_CODE"),
        (CREATE, with(purchase("other", &[("bread", "3.00")]), &json!({"external_system_reference_number": "1"})), "DUPLICATE_REFERENCE"),
        (SPEND, spend_of(&made, "4801", "1.00"), "ACCESS_DENIED"),
    ] {
        let answer =
            if body.get("token").is_some() { post(&shop.client, method, &body).await } else { shop.call(method, body.clone()).await };
        assert_eq!(code(&answer), wanted, "{method} {body}: {answer}");
        assert!(answer["status"]["message"].as_str().is_some_and(|text| text.len() > 3) && answer["data"] == json!([]), "{answer}");
    }
    let wrong_key = shop.client.with("authorization", &basic("mk_wrong"));
    assert_eq!(code(&post(&wrong_key, "authentication/web_api_key/token", &json!({})).await), "INVALID_CREDENTIALS");
    let codes = json!({"identifier": "+1 555 0100", "pass_code": "0"});
    let who = |inner: Value| json!({"rewards_participant_identifier": {"access_token_identifier": inner}});
    assert_eq!(shop.refused("rewards_participants/show", who(codes)).await, "INVALID_PASS_CODE");
    assert_eq!(shop.refused("rewards_participants/show", who(json!({"one_time_password": 1}))).await, "INVALID_OTP");
    shop.ok(CANCEL, json!({"customer_event_identifier": {"id": made["id"]}})).await;
    assert_eq!(shop.refused(SPEND, spend(&made, Some("1.00"))).await, "INVALID_LIFE_CYCLE_STATE");
    shop.app.clock.advance_seconds(7_200);
    assert_eq!(shop.refused("rewards_participants/show", anna()).await, "EXPIRED_TOKEN");
}

async fn a_spend_answers_every_field(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let made = shop.buy("R1", &[("bread", "4.00")]).await;
    shop.app.clock.advance_seconds(3_600);
    let extra = json!({
        "external_system": "till-7", "external_system_reference_number": "s-1", "description": "half", "performed_on": "2026-04-10T08:30:00",
        "classification_identifier": {"name": "Counter"}, "process_immediately": 1, "intended_currency_identifier": {"code": "USD"},
        "udf_string_8": "red", "udf_float_2": 1.25, "udf_date_1": "2026-01-01T00:00:00",
    });
    let paid = shop.ok(SPEND, with(spend(&made, Some("2.50")), &extra)).await;
    let shown = shop.ok("customer_events/spend_requests/show", json!({"customer_event_identifier": {"number": paid["number"]}})).await;
    assert_eq!(shown, paid, "it is the same when it is read again");
    assert!(shown["log_information"]["created_by_user"]["name"].is_string(), "{shown}");
    for (name, wanted) in [
        ("type", json!("SPEND REQUEST")),
        ("life_cycle_state", json!("POSTED")),
        ("performed_on", json!("2026-04-10T08:30:00")),
        ("description", json!("half")),
        ("spend_amount", json!(2.5)),
        ("requested_spend_amount", json!(2.5)),
        ("instant_spend", json!(false)),
        ("automatic_spend", json!(false)),
        ("reduction_method", json!("FRONT_END_REDUCTION")),
        ("external_system", json!("till-7")),
        ("external_system_reference_number", json!("s-1")),
        ("udf_string_8", json!("red")),
        ("udf_float_2", json!(1.25)),
        ("udf_date_1", json!("2026-01-01T00:00:00")),
        ("udf_string_1", Value::Null),
    ] {
        assert_eq!(paid[name], wanted, "{name}");
    }
    assert_eq!((&paid["initiated_currency"]["code"], &paid["classification"]["name"]), (&json!("USD"), &json!("Counter")));
    assert_eq!((&paid["purchase_customer_event"]["id"], &paid["purchase_customer_event"]["total_amount"]), (&made["id"], &json!(4.0)));
    assert_eq!(paid["log_information"]["created_date"], "2026-04-10T09:00:00", "recorded an hour later");
    let before = |time: &str| with(anna(), &json!({"submitted_before_date": time, "fields_set": "id"}));
    let list = "customer_events/spend_requests/list";
    assert_eq!(shop.ok(list, before("2026-04-10T08:59:59")).await, json!([]));
    assert_eq!(shop.ok(list, before("2026-04-10T09:00:01")).await, json!([{"id": paid["id"]}]));
    let cancelled = shop.ok("customer_events/spend_requests/cancel", json!({"customer_event_identifier": {"id": paid["id"]}})).await;
    assert_eq!((&cancelled["life_cycle_state"], cents(&cancelled["wallet_balance"])), (&json!("CANCELLED"), "5.20".into()));
}

async fn a_purchase_and_its_spend_repeat_their_first_answer(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let whole = purchase("R1", &[("bread", "20.00")]);
    let body = json!({
        "rewards_participant_identifier": whole["rewards_participant_identifier"],
        "performed_by_unit_identifier": whole["performed_by_unit_identifier"],
        "performed_on": whole["performed_on"],
        "external_system": "till-7",
        "purchase": {"reference_number": "R1", "external_system_reference_number": "1", "products_set": whole["products_set"]},
        "spend_request": {"spend_amount": 2, "external_system_reference_number": "1-S", "description": "at once"},
    });
    let method = "customer_events/purchases/create_spend";
    let first = shop.ok(method, body.clone()).await;
    assert_eq!(
        (cents(&first["spend_request"]["spend_amount"]), &first["spend_request"]["external_system"]),
        ("2.00".into(), &json!("till-7"))
    );
    assert_eq!(shop.ok(method, body.clone()).await, first);
    shop.ok(SPEND, spend(&first["purchase"], Some("1.00"))).await;
    let again = shop.ok(method, body.clone()).await;
    assert_eq!(again, first, "whatever happened since");
    shop.ok(CANCEL, json!({"customer_event_identifier": {"id": first["purchase"]["id"]}})).await;
    assert_eq!(shop.ok(method, body).await, first);
    assert_eq!(shop.balance().await, "5.00", "and nothing happened twice");
}

async fn a_settlement_deals_the_contribution_out_to_the_awards(shop: &Shop) {
    shop.offer("name = \"Base\"\n[award]\namount = 0.05\n").await;
    shop.offer("name = \"More\"\nstacks = true\n[award]\namount = 0.05\n").await;
    shop.offer("name = \"Most\"\nstacks = true\n[award]\namount = 0.05\n").await;
    let merchant = MerchantDocument {
        name: "Corner Ltd".into(),
        units: vec![shop.unit.0],
        contribution: "33.3".into(),
        ..MerchantDocument::default()
    };
    records::put(&shop.app.app, &shop.ctx, None, &merchant).await.expect("a merchant");
    let made = shop.buy("R1", &[("wine", "200.00")]).await;
    let settled = shop.ok("customer_events/purchases/apply_settlement", json!({"customer_event_identifier": {"id": made["id"]}})).await;
    assert_eq!((cents(&settled["total_awarded_amount"]), cents(&settled["total_contribution_amount"])), ("0.15".into(), "0.05".into()));
    let awards = settled["award_transactions_set"].as_array().expect("a set");
    let shares: Vec<String> = awards.iter().map(|award| cents(&award["contribution_amount"])).collect();
    assert_eq!(shares, ["0.02", "0.01", "0.02"], "they sum to the whole");
    assert!(awards.iter().all(|award| award["contribution_percentage"] == json!(33.3)), "{settled}");
    assert_eq!(settled["accounts_receivable"]["name"], "Corner Ltd");
}

async fn payment_media_come_from_the_card_and_are_bound_to_the_account(shop: &Shop) {
    shop.offer("name = \"With our card\"\ncondition = \"sale.payment_brand == 'Blue'\"\n[award]\namount = 3\n").await;
    let person = Participant { name: "Dora".into(), number: "D1".into(), payment_media: vec!["4929 11".into()], ..Participant::default() };
    let card = MeansInput {
        kind: "payment card".into(),
        code: "492911".into(),
        payment_brand: Some("Blue".into()),
        payment_type: Some("CREDIT_CARD".into()),
        ..MeansInput::default()
    };
    let plain = MeansInput { kind: "card".into(), code: "4888".into(), ..MeansInput::default() };
    participants::create(&shop.app.app, &shop.ctx, person, vec![card, plain]).await.expect("a participant");
    let by = |code: &str, more: Value| {
        let who = json!({"rewards_participant_identifier": {"access_token_identifier": {"authentication_code": code}}});
        with(with(purchase("R1", &[("bread", "2.00")]), &who), &more)
    };
    let paid = shop.ok(CREATE, by("492911", json!({}))).await;
    assert_eq!((&paid["payment_medium_brand"]["name"], &paid["payment_medium_type"]["name"]), (&json!("Blue"), &json!("CREDIT_CARD")));
    assert_eq!(cents(&paid["total_awarded_amount"]), "3.00", "conditions see it");
    let named = shop.ok(CREATE, by("492911", json!({"payment_medium_brand_identifier": {"name": "Red"}}))).await;
    assert_eq!((&named["payment_medium_brand"]["name"], cents(&named["total_awarded_amount"])), (&json!("Red"), "0.00".into()));
    assert_eq!(shop.ok(CREATE, by("4888", json!({}))).await["payment_medium_brand"], Value::Null);
    shop.ok(CREATE, by("4888", json!({"payment_medium_identifier": "492911"}))).await;
    for method in [CREATE, PREVIEW] {
        assert_eq!(shop.refused(method, by("4888", json!({"payment_medium_identifier": "5500"}))).await, "PAYMENT_MEDIUM_NOT_ALLOWED");
    }
    shop.ok(CREATE, with(purchase("R2", &[("bread", "2.00")]), &json!({"payment_medium_identifier": "5500"}))).await;
}

async fn the_rest_twins_go_by_the_callers_own_id(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let keyed = shop.client.with("api_key", &shop.secret);
    let guid = "6f9619ff-8b86-d011-b42d-00c04fc964ff";
    let body = json!({
        "id": guid, "cim": "4711", "reference_number": "M-1", "outlet_tap": {"code": "T-1"},
        "products": [{"code": "wine", "net_amount": 100, "vat_amount": 0, "total_amount": 100}],
    });
    let made = keyed.post("/crmapi/rest/v2/purchases", &body).await.expect(200);
    assert_eq!((code(&made), &made["id"], &made["data"]["id"]), ("OK", &json!(guid), &json!(guid)), "{made}");
    shop.app.clock.advance_seconds(90);
    let again = keyed.post("/crmapi/rest/v2/purchases", &body).await.expect(200);
    assert_eq!(again, made, "no time was given, so a repeat later is the same purchase");
    assert_eq!(shop.balance().await, "5.00");
    let mut other = body.clone();
    other["products"][0]["quantity"] = json!(2);
    assert_eq!(code(&keyed.post("/crmapi/rest/v2/purchases", &other).await.expect(200)), "DUPLICATE_REFERENCE");
    let with_token = with(body, &json!({"id": null, "reference_number": "M-2", "token": shop.token}));
    let second = shop.client.post("/crmapi/rest/v2/purchases", &with_token).await.expect(200);
    assert_eq!(code(&second), "OK", "a token does as well: {second}");
    let bearer = shop.client.with("authorization", &format!("Bearer {}", shop.token));
    let cancel = |id: &str| format!("/crmapi/rest/v2/purchases/{id}/cancel");
    let upper = guid.replace('-', "").to_uppercase();
    assert_eq!(bearer.post(&cancel(&upper), &json!({})).await.expect(200)["id"], json!(upper), "however the id is written");
    assert_eq!(code(&keyed.post(&cancel(guid), &json!({})).await.expect(200)), "INVALID_LIFE_CYCLE_STATE");
    assert_eq!(keyed.post(&cancel("M-2"), &json!({})).await.expect(200)["id"], json!("M-2"), "or by its reference");
    assert_eq!(code(&keyed.post(&cancel("M-9"), &json!({})).await.expect(200)), "ENTITY_NOT_FOUND");
    assert_eq!(code(&shop.client.post(&cancel(guid), &json!({})).await.expect(200)), "INVALID_TOKEN");
    assert_eq!(shop.balance().await, "0.00");
}

async fn points_ask_for_what_they_are_worth(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    let made = shop.buy("R1", &[("bread", "4.00")]).await;
    let points = |count: i64| with(spend(&made, None), &json!({"spend_alternative_amount": count}));
    assert_eq!(shop.refused(SPEND, points(100)).await, "PARAMETER_INVALID", "points have no value here");
    shop.settings(TillSettingsDocument { point_value: Some("0.015".into()), ..TillSettingsDocument::default() }).await;
    let paid = shop.ok(SPEND, points(101)).await;
    assert_eq!(cents(&paid["requested_spend_amount"]), "1.51", "rounded down to the cent");
    let both = with(spend(&made, Some("1.00")), &json!({"spend_alternative_amount": 1}));
    assert_eq!(shop.refused(SPEND, both).await, "SEMI_OPTIONAL_CONFLICT");
}
