//! What the wire tells beyond the five steps: spends at once, offline spends, value units, replays of what is done by hand.

use meed_app::loyalty::participants;
use meed_app::loyalty::{TierDocument, TillSettingsDocument};
use meed_core::id::Kind;
use meed_core::loyalty::{AutoSpend, Participant};
use meed_testkit::Client;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, cents, on_both_engines, purchase, spend};

on_both_engines!(
    pos_038_spends_at_once_are_listed_and_shown_like_asked_ones,
    led_028_an_offline_spend_is_posted_in_full_and_reviewed,
    a_purchase_tells_whose_it_is_and_who_recorded_it,
    pos_034_a_reference_means_the_same_purchase_by_card_and_by_number,
    pos_061_value_units_and_awards_are_told_by_method,
    what_is_done_by_hand_repeats_its_first_answer,
    a_participant_has_limits_of_their_own_and_is_erased,
    an_activity_is_recorded_rewarded_and_cancelled,
);

const CREATE: &str = "customer_events/purchases/create";
const SHOW: &str = "customer_events/spend_requests/show";
const SPEND: &str = "customer_events/spend_requests/create";

fn admin(shop: &Shop) -> Client {
    shop.client.with("authorization", &format!("Bearer {}", shop.secret))
}

fn anna() -> Value {
    json!({"rewards_participant_identifier": {"number": "RP0000000019"}})
}

async fn pos_038_spends_at_once_are_listed_and_shown_like_asked_ones(shop: &Shop) {
    shop.offer("name = \"Later\"\nstacks = true\n[award]\npercent = \"50%\"\n").await;
    shop.offer("name = \"Now\"\nstacks = true\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    let first = shop.buy("R-1", &[("wine", "20.00")]).await;
    let auto_spend = AutoSpend { is_enabled: true, maximum_spend: Some(300), ..AutoSpend::default() };
    let person = Participant { auto_spend, ..shop.anna.participant.clone() };
    participants::update(&shop.app.app, &shop.ctx, shop.anna.id, person, Vec::new()).await.expect("saved");
    let second = shop.buy("R-2", &[("wine", "20.00")]).await;
    let asked = shop.ok(SPEND, spend(&second, Some("2.00"))).await;
    let list = shop.ok("customer_events/spend_requests/list", anna()).await;
    let told = |row: &Value| (cents(&row["spend_amount"]), row["instant_spend"].clone(), row["automatic_spend"].clone());
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(
        list.as_array().expect("a set").iter().map(told).collect::<Vec<_>>(),
        vec![
            ("2.00".into(), no.clone(), no.clone()),
            ("3.00".into(), no.clone(), yes.clone()),
            ("1.00".into(), yes.clone(), no.clone()),
            ("1.00".into(), yes.clone(), no.clone()),
        ],
        "{list}"
    );
    let of_first = json!({"purchase_customer_event_identifier": {"id": first["id"]}});
    assert_eq!(shop.ok("customer_events/spend_requests/list", of_first).await.as_array().map(Vec::len), Some(1));
    for row in list.as_array().expect("a set") {
        for named in [json!({"id": row["id"]}), json!({"number": row["number"]})] {
            let shown = shop.ok(SHOW, json!({"customer_event_identifier": named})).await;
            assert_eq!((told(&shown), &shown["id"], &shown["number"]), (told(row), &row["id"], &row["number"]));
            assert!(shown["purchase_customer_event"]["total_amount"].is_number(), "{shown}");
        }
    }
    let automatic = json!({"customer_event_identifier": {"id": list[1]["id"]}});
    assert_eq!(shop.refused("customer_events/spend_requests/cancel", automatic.clone()).await, "INVALID_EVENT_TYPE");
    let missing = json!({"customer_event_identifier": {"number": format!("{}-A", first["number"].as_str().expect("a number"))}});
    assert_eq!(shop.refused(SHOW, missing).await, "ENTITY_NOT_FOUND", "the first one spent nothing automatically");
    shop.ok("customer_events/purchases/cancel", json!({"customer_event_identifier": {"id": second["id"]}})).await;
    assert_eq!(shop.ok(SHOW, automatic).await["life_cycle_state"], "CANCELLED");
    let asked = json!({"customer_event_identifier": {"id": asked["id"]}});
    assert_eq!(shop.ok(SHOW, asked).await["life_cycle_state"], "CANCELLED");
}

async fn led_028_an_offline_spend_is_posted_in_full_and_reviewed(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R-0", &[("wine", "40.00")]).await;
    let made = shop.buy("R-1", &[("bread", "10.00")]).await;
    let mut body = spend(&made, Some("5.00"));
    (body["is_offline"], body["all_or_nothing"]) = (json!(true), json!(true));
    let spent = shop.ok(SPEND, body).await;
    assert_eq!((cents(&spent["spend_amount"]), cents(&spent["uncovered_amount"])), ("5.00".into(), "3.00".into()));
    let waiting = admin(shop).get("/v1/reviews?open=true").await.expect(200);
    assert_eq!((&waiting["data"][0]["open"]["amount"], &waiting["data"][0]["reference"]), (&json!(300), &json!("R-1")), "{waiting}");
    let path = format!("/v1/reviews/{}/decision", waiting["data"][0]["id"].as_str().expect("an id"));
    let client = admin(shop).with("idempotency-key", "D-1");
    let refused = client.post(&path, &json!({"decision": "forgiven", "note": "x"})).await;
    assert_eq!(refused.refusal(422), "decision_unknown");
    let body = json!({"decision": "recovered", "note": "twice"});
    let first = client.post(&path, &body).await;
    assert_eq!((first.expect(201)["amount"]["amount"].clone(), first.header("idempotent-replayed")), (json!(300), None));
    let again = client.post(&path, &body).await;
    assert_eq!((again.expect(201), again.header("idempotent-replayed")), (first.json(), Some("true")));
    assert_eq!(admin(shop).post(&path, &body).await.refusal(409), "already_decided");
    assert_eq!(admin(shop).get("/v1/reviews?open=true").await.expect(200)["data"], json!([]));
    let owed = shop.ok("wallets/get_balance", anna()).await["owed_amount"].clone();
    assert_eq!(cents(&owed), "3.00");
}

async fn a_purchase_tells_whose_it_is_and_who_recorded_it(shop: &Shop) {
    shop.settings(TillSettingsDocument { point_value: Some("0.01".into()), ..TillSettingsDocument::default() }).await;
    shop.ok("products/synchronise", json!({"products_set": [{"code": "bread", "type_identifier": {"name": "food"}}]})).await;
    let mut body = purchase("R-1", &[("bread", "2.00")]);
    body["requested_spend_amount"] = json!(1.5);
    let made = shop.ok(CREATE, body.clone()).await;
    let who = &made["rewards_participant"];
    assert_eq!((&who["number"], &who["name"]), (&json!("RP0000000019"), &json!("Anna Reed")));
    assert_eq!(made["requested_spend_alternative_amount"], json!(150));
    assert_eq!(shop.ok(CREATE, body).await["rewards_participant"], *who, "a repeat says so, too");
    let kind = made["products_set"][0]["product"]["product_type"].clone();
    assert_eq!((kind["name"].as_str(), kind["id"].as_str().map(str::len)), (Some("food"), Some(32)), "{kind}");
    // The id names the type again.
    let rows = json!({"products_set": [{"code": "milk", "type_identifier": {"id": kind["id"]}}, {"code": "wine", "type_identifier": {"id": made["id"]}}]});
    let done = shop.ok("products/synchronise", rows).await["processed_products_set"].clone();
    assert_eq!(done[0]["message"], Value::Null, "{done}");
    assert!(done[1]["message"].as_str().is_some_and(|text| text.contains("type_identifier")), "{done}");
    let which = json!({"customer_event_identifier": {"id": made["id"]}});
    assert_eq!(shop.ok("customer_events/purchases/show", which.clone()).await["log_information"], made["log_information"]);
    let show = async || shop.ok("customer_events/purchases/show", which.clone()).await["log_information"].clone();
    let log = show().await;
    assert!(log["created_by_user"]["name"].is_string() && log["updated_date"].is_null(), "{log}");
    shop.app.clock.advance_seconds(60);
    shop.ok("customer_events/purchases/cancel", which.clone()).await;
    let log = show().await;
    assert!(log["updated_by_user"]["name"].is_string() && log["updated_date"].is_string(), "{log}");
    let body = json!({
        "rewards_participant_identifier": {"number": "RP0000000019"}, "performed_by_unit_identifier": {"alternative_code": "high"},
        "performed_on": "2026-04-10T08:00:00", "fields_set": "id,number",
        "purchase": {"reference_number": "R-2", "products_set": purchase("x", &[("bread", "2.00")])["products_set"]},
        "spend_request": {"spend_amount": 1, "classification": "counter"},
    });
    let both = shop.ok("customer_events/purchases/create_spend", body).await;
    for part in ["purchase", "spend_request"] {
        let names: Vec<&String> = both[part].as_object().expect("an object").keys().collect();
        assert_eq!(names, ["id", "number"], "{both}");
    }
}

async fn pos_034_a_reference_means_the_same_purchase_by_card_and_by_number(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.other_customer().await;
    let by = |who: Value| {
        let mut body = purchase("R-1", &[("wine", "20.00")]);
        body["rewards_participant_identifier"] = who;
        (body["external_system"], body["external_system_reference_number"]) = (json!("till-7"), json!("X-1"));
        body
    };
    let card = |code: &str| json!({"access_token_identifier": {"authentication_code": code}});
    let first = shop.ok(CREATE, by(card("4711"))).await;
    assert_eq!(shop.ok(CREATE, by(json!({"number": "RP0000000019"}))).await["id"], first["id"]);
    assert_eq!(shop.refused(CREATE, by(card("4712"))).await, "DUPLICATE_REFERENCE", "another customer");
    assert_eq!(shop.balance().await, "1.00");
}

async fn pos_061_value_units_and_awards_are_told_by_method(shop: &Shop) {
    let tier = |code: &str, threshold: &str| TierDocument {
        code: code.into(),
        name: code.into(),
        threshold: threshold.into(),
        ..TierDocument::default()
    };
    let tiers = vec![tier("basic", "0"), tier("gold", "80"), tier("platinum", "100")];
    shop.settings(TillSettingsDocument { tiers, tier_window_days: 365, tier_rate: "1".into(), ..TillSettingsDocument::default() }).await;
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R-1", &[("wine", "30.00")]).await;
    let account = json!({"accounts_receivable_identifier": {"number": "RP0000000019"}});
    let units = async || shop.ok("accounts_receivable/rewards/calculate_value_units", account.clone()).await;
    let now = units().await;
    assert_eq!((cents(&now["period_value_units"]), cents(&now["next_tier_progression"])), ("30.00".into(), "37.50".into()), "{now}");
    assert_eq!((&now["reward_tier"]["code"], &now["next_reward_tier"]["code"]), (&json!("basic"), &json!("gold")));
    shop.buy("R-2", &[("wine", "70.00")]).await;
    let now = units().await;
    assert_eq!((cents(&now["next_tier_progression"]), &now["reward_tier"]["code"]), ("100.00".into(), &json!("platinum")));
    let shown = shop.ok("rewards_participants/show", anna()).await;
    assert_eq!(cents(&shown["next_tier_progression"]), "100.00");
    let sum = shop.ok("accounts_receivable/rewards/calculate_total_awarded_amount", account).await;
    let scheme = &sum["reward_schemes_set"][0];
    assert_eq!((cents(&sum["total_awarded_amount"]), &scheme["reward_scheme"]["name"]), ("5.00".into(), &json!("Club")), "{sum}");
    let changes = admin(shop).get(&format!("/v1/participants/{}/tier_changes", shop.anna.id.text(Kind::Participant))).await.expect(200);
    assert_eq!(changes["data"][0]["to"], "platinum", "{changes}");
}

async fn what_is_done_by_hand_repeats_its_first_answer(shop: &Shop) {
    let (anna, ben) = (shop.anna.id.text(Kind::Participant), shop.other_customer().await.id.text(Kind::Participant));
    let twice = async |client: &Client, path: &str, body: &Value| {
        let first = client.post(path, body).await;
        assert!(first.status < 300 && first.header("idempotent-replayed").is_none(), "{path}: {}", first.text());
        shop.app.clock.advance_seconds(90);
        let again = client.post(path, body).await;
        assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), Some("true")), "{path}");
        first.json()
    };
    let keyed = |key: &str| admin(shop).with("idempotency-key", key);
    let body = json!({"participant": anna, "amount": 1_000, "reason": "Welcome", "expires_at": "2026-05-01T00:00:00Z"});
    let lot = twice(&keyed("A"), "/v1/adjustments", &body).await["lot"].as_str().expect("a lot").to_owned();
    let other = json!({"participant": anna, "amount": 999, "reason": "Welcome"});
    assert_eq!(keyed("A").post("/v1/adjustments", &other).await.refusal(422), "idempotency_key_reused");
    let body = json!({"from": anna, "to": ben, "amount": 250, "reason": "A gift"});
    let given = twice(&keyed("T"), "/v1/transfers", &body).await;
    assert_eq!((&given["amount"]["amount"], &given["balance"]["amount"]), (&json!(250), &json!(750)));
    let body = json!({"participant": anna, "expires_at": "2027-05-01T00:00:00Z", "reason": "Goodwill"});
    let longer = twice(&keyed("E"), &format!("/v1/lots/{lot}/extension"), &body).await;
    assert_eq!((&longer["expired_at"], &longer["expires_at"]), (&json!("2026-05-01T00:00:00Z"), &json!("2027-05-01T00:00:00Z")));
    let rest = shop.client.with("api_key", &shop.secret);
    let body = json!({
        "cim": "4711", "reference_number": "M-1", "outlet_tap": {"code": "T-1"},
        "products": [{"code": "wine", "net_amount": 10, "vat_amount": 0, "total_amount": 10}],
    });
    twice(&rest, "/crmapi/rest/v2/purchases", &body).await;
    twice(&rest.with("idempotency-key", "C"), "/crmapi/rest/v2/purchases/M-1/cancel", &json!({})).await;
    let body = json!({"cim": "4711", "reference_number": "M-2", "outlet_tap": {"code": "T-1"}, "return_amount": 5, "amount": 0.5});
    let back = twice(&rest, "/crmapi/rest/v2/purchases/ad_hoc_return", &body).await;
    assert!(back["date"].is_i64() && back["data"]["date"] == back["date"], "{back}");
    let alone = json!({"cim": "4711", "reference_number": "M-3", "outlet_tap": {"code": "T-1"}, "amount": 0.5});
    let back = rest.post("/crmapi/rest/v2/purchases/ad_hoc_return", &alone).await.expect(200);
    assert_eq!((cents(&back["amount"]), cents(&back["return_amount"])), ("0.50".into(), "0.50".into()), "{back}");
    let nothing = json!({"cim": "4711", "reference_number": "M-4", "outlet_tap": {"code": "T-1"}});
    let refused = rest.post("/crmapi/rest/v2/purchases/ad_hoc_return", &nothing).await.expect(200);
    assert_eq!(crate::shop::code(&refused), "SEMI_OPTIONAL_CONFLICT");
    assert_eq!(shop.balance().await, "6.50");
}

async fn a_participant_has_limits_of_their_own_and_is_erased(shop: &Shop) {
    let client = admin(shop);
    let ben = client.post("/v1/participants", &json!({"name": "Ben", "means": [{"kind": "card", "code": "88"}]})).await.expect(201);
    let path = format!("/v1/participants/{}", ben["id"].as_str().expect("an id"));
    let limits = json!([{"kind": "debit", "per": "day", "amount": 200}]);
    let saved = client.put(&path, &json!({"name": "Ben", "limits": limits})).await.expect(200);
    assert_eq!((&saved["limits"][0]["amount"], &saved["limits"][0]["kind"]), (&json!(200), &json!("debit")));
    assert_eq!(client.put(&path, &json!({"name": "Ben C"})).await.expect(200)["limits"], saved["limits"], "as they were");
    let wrong = json!({"name": "Ben", "limits": [{"kind": "debit", "per": "year", "amount": 1}]});
    assert_eq!(client.put(&path, &wrong).await.refusal(422), "limit_unreadable");
    client.post("/v1/adjustments", &json!({"participant": ben["id"], "amount": 500, "reason": "x"})).await.expect(201);
    let debit = json!({"participant": ben["id"], "amount": -300, "reason": "x"});
    assert_eq!(client.post("/v1/adjustments", &debit).await.refusal(409), "limit_reached");
    let erase = async |balance: &str| client.post(&format!("{path}/erasure"), &json!({"balance": balance})).await;
    assert_eq!(erase("gone").await.refusal(422), "balance_unknown");
    assert_eq!(erase("empty").await.refusal(409), "wallet_not_empty");
    assert_eq!(erase("forfeited").await.status, 204);
    let left = client.get(&path).await.expect(200);
    assert_eq!((&left["name"], &left["terminated"]), (&json!(""), &json!("erased")));
    assert_eq!(client.get("/v1/participants?code=88").await.status, 404);
}

async fn an_activity_is_recorded_rewarded_and_cancelled(shop: &Shop) {
    let text = "name = \"Run\"\nclass = \"achievement\"\ncondition = 'sale.classification == \"marathon\"'\n[award]\namount = 4\n";
    shop.offer(text).await;
    let client = admin(shop).with("idempotency-key", "W");
    let body = json!({
        "participant": shop.anna.id.text(Kind::Participant), "kind": "achievement", "unit": shop.unit.text(Kind::Unit),
        "classification": "marathon", "reference": "A-1",
    });
    let first = client.post("/v1/activities", &body).await;
    assert_eq!(first.expect(201)["awarded"]["amount"], 400, "{}", first.text());
    shop.app.clock.advance_seconds(90);
    let again = client.post("/v1/activities", &body).await;
    assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), Some("true")), "undated, it is the same later");
    assert_eq!(shop.balance().await, "4.00");
    let mut wrong = body.clone();
    wrong["kind"] = json!("sleeping");
    assert_eq!(admin(shop).post("/v1/activities", &wrong).await.refusal(422), "activity_unknown");
    let path = format!("/v1/activities/{}/cancellation", first.json()["id"].as_str().expect("an id"));
    assert_eq!(admin(shop).post(&path, &json!({})).await.expect(201)["taken_back"]["amount"], 400);
    assert_eq!(admin(shop).post(&path, &json!({})).await.refusal(409), "invalid_life_cycle_state");
    assert_eq!(shop.balance().await, "0.00");
}
