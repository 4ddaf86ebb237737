//! Tokens, groups and fields once more, for what one test of a behaviour leaves open: every method, every clause.

use meed_app::loyalty::participants;
use meed_core::loyalty::Participant;
use meed_testkit::Client;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, basic, cents, claims, code, envelope, hex, on_both_engines, post, purchase, spend};

on_both_engines!(
    pos_002_every_call_fails_after_the_end_of_a_token,
    pos_003_a_key_with_a_password_is_no_key,
    pos_005_nothing_has_changed_after_any_bad_token,
    pos_006_a_customers_token_reaches_nothing_of_another,
    pos_008_groups_of_every_method_take_exactly_one_member,
    pos_009_fields_set_answers_exactly_what_it_names,
);

const CREATE: &str = "customer_events/purchases/create";
const PREVIEW: &str = "customer_events/purchases/preview";
const CREATE_SPEND: &str = "customer_events/purchases/create_spend";
const CANCEL: &str = "customer_events/purchases/cancel";
const LIST: &str = "customer_events/purchases/list";
const SPEND: &str = "customer_events/spend_requests/create";
const SPENDS: &str = "customer_events/spend_requests/list";

pub(crate) fn anna() -> Value {
    json!({"rewards_participant_identifier": {"number": "RP0000000019"}})
}

pub(crate) fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().expect("fields").remove(field);
    body
}

pub(crate) fn admin(shop: &Shop) -> Client {
    shop.client.with("authorization", &format!("Bearer {}", shop.secret))
}

/// A purchase with a spend on it, in the words of `create_spend`.
pub(crate) fn both(reference: &str, amount: Value) -> Value {
    let whole = purchase(reference, &[("bread", "20.00")]);
    json!({
        "rewards_participant_identifier": whole["rewards_participant_identifier"],
        "performed_by_unit_identifier": whole["performed_by_unit_identifier"],
        "performed_on": whole["performed_on"],
        "purchase": {"reference_number": reference, "products_set": whole["products_set"]},
        "spend_request": {"spend_amount": amount},
    })
}

/// Five dollars in the wallet and the purchase that gave them.
pub(crate) async fn five(shop: &Shop) -> Value {
    shop.offer(FIVE_PERCENT).await;
    let made = shop.buy("R0", &[("wine", "100.00")]).await;
    assert_eq!(shop.balance().await, "5.00");
    made
}

pub(crate) async fn change(shop: &Shop, person: Participant) {
    participants::update(&shop.app.app, &shop.ctx, shop.anna.id, person, Vec::new()).await.expect("saved");
}

/// Every method with parameters that are good but for the token.
fn calls(made: &Value) -> Vec<(&'static str, Value)> {
    let which = json!({"customer_event_identifier": {"id": made["id"]}});
    vec![
        ("rewards_participants/show", anna()),
        ("rewards_participants/list", json!({})),
        ("accounts_receivable/show", anna()),
        ("accounts_receivable/rewards/calculate_value_units", anna()),
        (PREVIEW, purchase("R1", &[("bread", "20.00")])),
        (CREATE, purchase("R1", &[("bread", "20.00")])),
        (CREATE_SPEND, both("R1", json!(1))),
        ("customer_events/purchases/show", which.clone()),
        (LIST, anna()),
        (CANCEL, which.clone()),
        ("customer_events/purchases/apply_settlement", which),
        (SPEND, spend(made, Some("1.00"))),
        (SPENDS, anna()),
        ("customer_events/bulk/purchases/create", json!({"customer_events_set": []})),
        ("products/synchronise", json!({"products_set": [{"code": "new"}]})),
        ("wallets/get_balance", anna()),
        ("wallets/get_balance_breakdown", anna()),
        ("wallets/get_balance_expiration", with(anna(), &json!({"threshold_date": "2026-05-01"}))),
        ("wallets/get_limits", anna()),
        ("wallets/journal", anna()),
        ("authentication/token/release", json!({})),
    ]
}

async fn refused_with(shop: &Shop, token: &Value, made: &Value, wanted: &str) {
    for (method, body) in calls(made) {
        let answer = post(&shop.client, method, &with(body, &json!({"token": token}))).await;
        assert_eq!((code(&answer), &answer["data"]), (wanted, &json!([])), "{method} {token}");
    }
}

async fn pos_002_every_call_fails_after_the_end_of_a_token(shop: &Shop) {
    let made = five(shop).await;
    let before = shop.token.clone();
    shop.app.clock.advance_seconds(7_200);
    refused_with(shop, &json!(before), &made, "EXPIRED_TOKEN").await;
    let path = format!("/crmapi/rest/v2/wallets/get_balance?rewards_participant_identifier=number=RP0000000019&token={before}");
    assert_eq!(code(&envelope(&shop.client.get(&path).await)), "EXPIRED_TOKEN");
    let fresh = shop.fresh_token(&json!({})).await;
    let balance = post(&shop.client, "wallets/get_balance", &with(anna(), &json!({"token": fresh}))).await;
    assert_eq!(cents(&balance["data"]["balance"]), "5.00", "and nothing happened");
}

async fn pos_003_a_key_with_a_password_is_no_key(shop: &Shop) {
    let method = "authentication/web_api_key/token";
    let right = post(&shop.client.with("authorization", &basic(&shop.secret)), method, &json!({})).await;
    assert_eq!(claims(right["data"]["token"].as_str().expect("a token"))["org"], claims(&shop.token)["org"]);
    // What `basic` puts behind the name is the colon: another password than none.
    for name in [format!("{}:secret", shop.secret), format!(":{}", shop.secret), String::new()] {
        let answer = post(&shop.client.with("authorization", &basic(&name)), method, &json!({})).await;
        assert_eq!((code(&answer), &answer["data"]), ("INVALID_CREDENTIALS", &json!([])), "{name}");
    }
    for body in
        [json!({"key": shop.secret}), json!({"api_key": shop.secret}), json!({"token": shop.secret}), json!({"username": shop.secret})]
    {
        assert_ne!(code(&post(&shop.client, method, &body).await), "OK", "{body}");
    }
}

async fn pos_005_nothing_has_changed_after_any_bad_token(shop: &Shop) {
    let made = five(shop).await;
    let state = async || {
        let mut all = Vec::new();
        for (method, body) in [(LIST, anna()), (SPENDS, anna()), ("wallets/journal", anna()), ("rewards_participants/show", anna())] {
            all.push(shop.ok(method, body).await);
        }
        all.push(admin(shop).get("/v1/products").await.expect(200));
        all
    };
    let before = state().await;
    let foreign = crate::shop::signed("a key that this server does not have, long enough", &claims(&shop.token));
    let other = shop.app.workspace("elsewhere").await;
    let key = shop.client.with("authorization", &basic(&other.secret));
    let theirs = post(&key, "authentication/web_api_key/token", &json!({})).await["data"]["token"].clone();
    for token in [Value::Null, json!("nonsense"), json!("a.b.c"), json!(foreign)] {
        refused_with(shop, &token, &made, "INVALID_TOKEN").await;
    }
    for (method, body) in calls(&made).into_iter().filter(|(method, _)| ![PREVIEW, "products/synchronise"].contains(method)) {
        let answer = post(&shop.client, method, &with(body, &json!({"token": theirs}))).await;
        let is_theirs =
            ["rewards_participants/list", "customer_events/bulk/purchases/create", "authentication/token/release"].contains(&method);
        assert_eq!(code(&answer) == "OK", is_theirs, "another shop's token finds nothing here: {method} {answer}");
    }
    assert_eq!(state().await, before);
}

async fn pos_006_a_customers_token_reaches_nothing_of_another(shop: &Shop) {
    let made = five(shop).await;
    let paid = shop.ok(SPEND, spend(&made, Some("1.00"))).await;
    let ben = shop.other_customer().await;
    let key = shop.client.with("authorization", &basic(&shop.secret));
    let body = json!({"access_token_identifier": {"authentication_code": "4712"}});
    let token = post(&key, "authentication/consumer_application_key/token", &body).await["data"]["token"].clone();
    for (method, body) in calls(&made).into_iter().filter(|(method, _)| *method != "authentication/token/release") {
        let answer = post(&shop.client, method, &with(body, &json!({"token": token}))).await;
        assert_eq!((code(&answer), &answer["data"]), ("ACCESS_DENIED", &json!([])), "{method}: {answer}");
    }
    let which = json!({"customer_event_identifier": {"id": paid["id"]}, "token": token});
    for method in ["customer_events/spend_requests/show", "customer_events/spend_requests/cancel"] {
        assert_eq!(code(&post(&shop.client, method, &which).await), "ACCESS_DENIED", "{method}");
    }
    let own = json!({"rewards_participant_identifier": {"id": hex(ben.id)}, "token": token});
    for method in ["rewards_participants/show", LIST, SPENDS, "wallets/get_balance", "wallets/journal", "wallets/get_limits"] {
        assert_eq!(code(&post(&shop.client, method, &own).await), "OK", "{method}");
    }
    let mine = with(purchase("R1", &[("bread", "20.00")]), &own);
    assert_eq!(cents(&post(&shop.client, PREVIEW, &mine).await["data"]["total_award_amount"]), "1.00", "a look at one's own");
    assert_eq!(code(&post(&shop.client, CREATE, &mine).await), "ACCESS_DENIED", "but nothing is sold by it");
    assert_eq!(shop.balance().await, "5.00");
}

async fn pos_008_groups_of_every_method_take_exactly_one_member(shop: &Shop) {
    let made = five(shop).await;
    let whole = purchase("R1", &[("bread", "20.00")]);
    let who = "rewards_participant_identifier";
    let account = json!({"accounts_receivable_identifier": {"number": "RP0000000019"}});
    let twice = json!({"number": "RP0000000019", "id": hex(shop.anna.id)});
    for (method, body) in [
        ("rewards_participants/show", anna()),
        (PREVIEW, whole.clone()),
        (CREATE, whole.clone()),
        (CREATE_SPEND, both("R1", json!(1))),
        (SPEND, spend(&made, Some("1.00"))),
        (LIST, anna()),
        (SPENDS, anna()),
        ("wallets/get_balance", anna()),
        ("wallets/get_balance_breakdown", anna()),
        ("wallets/journal", anna()),
    ] {
        for wrong in [
            without(body.clone(), who),
            with(body.clone(), &account),
            with(body.clone(), &json!({who: {}})),
            with(body.clone(), &json!({who: twice})),
            with(body.clone(), &json!({who: {"access_token_identifier": {"authentication_code": "4711", "one_time_password": 1}}})),
            with(body.clone(), &json!({who: {"number": "RP0000000019", "access_token_identifier": {"authentication_code": "4711"}}})),
        ] {
            assert_eq!(shop.refused(method, wrong.clone()).await, "SEMI_OPTIONAL_CONFLICT", "{method} {wrong}");
        }
    }
    let place = |fields: Value| with(without(whole.clone(), "performed_by_unit_identifier"), &fields);
    for fields in [
        json!({"performed_by_unit_identifier": {"alternative_code": "high"}, "performed_by_tap_identifier": {"code": "T-1"}}),
        json!({"performed_by_unit_identifier": {"alternative_code": "high"}, "performed_by_business_unit_identifier": {"code": "high"}}),
        json!({"performed_by_unit_identifier": {"alternative_code": "high", "name": "High Street"}}),
    ] {
        assert_eq!(shop.refused(CREATE, place(fields.clone())).await, "SEMI_OPTIONAL_CONFLICT", "{fields}");
    }
    let class = with(anna(), &json!({"classification_identifier": {"name": "counter"}}));
    assert_eq!(shop.refused(LIST, class).await, "SEMI_OPTIONAL_CONFLICT");
    let two = with(
        whole.clone(),
        &json!({"products_set": [with(whole["products_set"][0].clone(), &json!({"product_identifier": {"code": "bread", "id": "1"}}))]}),
    );
    assert_eq!(shop.refused(CREATE, two).await, "SEMI_OPTIONAL_CONFLICT");
    let unpaid =
        with(spend(&made, Some("1.00")), &json!({"purchase_customer_request_identifier": {"id": made["id"], "number": made["number"]}}));
    assert_eq!(shop.refused(SPEND, unpaid).await, "SEMI_OPTIONAL_CONFLICT");
    assert_eq!(shop.balance().await, "5.00", "nothing was bought or spent");
}

async fn pos_009_fields_set_answers_exactly_what_it_names(shop: &Shop) {
    let made = five(shop).await;
    let paid = shop.ok(SPEND, spend(&made, Some("1.00"))).await;
    let names = |data: &Value| data.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    for (method, body, all) in [
        ("rewards_participants/show", anna(), 15),
        ("customer_events/purchases/show", json!({"customer_event_identifier": {"id": made["id"]}}), 30),
        ("customer_events/spend_requests/show", json!({"customer_event_identifier": {"id": paid["id"]}}), 15),
        (CREATE, purchase("R1", &[("bread", "20.00")]), 30),
        (SPEND, spend(&made, Some("1.00")), 15),
    ] {
        let picked = shop.ok(method, with(body.clone(), &json!({"fields_set": "id,number"}))).await;
        assert_eq!(names(&picked), ["id", "number"], "{method}");
        assert_eq!(
            names(&shop.ok(method, with(body.clone(), &json!({"fields_set": " number , id "}))).await),
            ["id", "number"],
            "{method}"
        );
        let whole = shop.ok(method, body.clone()).await;
        assert!(names(&whole).len() > all && whole.get("id").is_some(), "{method}: all of them without it");
        assert_eq!(names(&shop.ok(method, with(body, &json!({"fields_set": ""}))).await), names(&whole), "{method}: or with an empty one");
    }
    // A set comes whole: there is no selection within.
    let set = shop
        .ok("customer_events/purchases/show", json!({"customer_event_identifier": {"id": made["id"]}, "fields_set": "products_set"}))
        .await;
    assert!(set["products_set"][0]["product"]["code"] == "wine" && names(&set).len() == 1, "{set}");
    let list = shop.ok(LIST, with(anna(), &json!({"fields_set": "id,number"}))).await;
    assert!(list.as_array().expect("a set").iter().all(|row| names(row) == ["id", "number"]), "{list}");
}
