//! `/v1` of loyalty: who may do what, what belongs to whom, and holds.

use meed_app::Scope;
use meed_core::id::Kind;
use meed_testkit::Engine;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, on_both_engines};

use Scope::{Plans, Read, Release, Sales};

on_both_engines!(a_hold_is_captured_in_part_and_the_rest_is_free_again, another_workspace_finds_none_of_it);

const ANY: &[Scope] = &[Read, Sales, Plans, Release];
const LOOK: &[Scope] = &[Read, Sales, Plans];
const SEE: &[Scope] = &[Read, Sales];
const SELL: &[Scope] = &[Sales];
const PLAN: &[Scope] = &[Plans];

/// Method, address, and the scopes that open it.
const CALLS: &[(&str, &str, &[Scope])] = &[
    ("GET", "/v1/participants", SEE),
    ("POST", "/v1/participants", SELL),
    ("GET", "/v1/participants/{participant}", SEE),
    ("PUT", "/v1/participants/{participant}", SELL),
    ("GET", "/v1/participants/{participant}/means", &[Read]),
    ("POST", "/v1/participants/{participant}/means", SELL),
    ("PUT", "/v1/means/state", SELL),
    ("POST", "/v1/participants/{participant}/one_time_code", SELL),
    ("GET", "/v1/participants/{participant}/progress", SEE),
    ("GET", "/v1/participants/{participant}/wallets", SEE),
    ("GET", "/v1/participants/{participant}/journal", SEE),
    ("POST", "/v1/adjustments", SELL),
    ("POST", "/v1/transfers", SELL),
    ("POST", "/v1/lots/{lot}/extension", SELL),
    ("POST", "/v1/participants/{participant}/erasure", &[]),
    ("GET", "/v1/participants/{participant}/tier_changes", SEE),
    ("PUT", "/v1/participants/{participant}/tier", SELL),
    ("GET", "/v1/offers/evaluation", &[Read, Plans]),
    ("POST", "/v1/offers/evaluation", PLAN),
    ("POST", "/v1/activities", SELL),
    ("POST", "/v1/activities/{activity}/cancellation", SELL),
    ("GET", "/v1/parties", &[Read, Plans]),
    ("POST", "/v1/parties", PLAN),
    ("GET", "/v1/parties/candidates", &[Read, Plans]),
    ("GET", "/v1/parties/{participant}", &[Read, Plans]),
    ("GET", "/v1/parties/{participant}/statement", &[Read, Plans]),
    ("DELETE", "/v1/parties/{participant}", PLAN),
    ("GET", "/v1/reviews", SEE),
    ("POST", "/v1/reviews/{review}/decision", SELL),
    ("POST", "/v1/holds", SELL),
    ("POST", "/v1/holds/{hold}/capture", SELL),
    ("POST", "/v1/holds/{hold}/release", SELL),
    ("GET", "/v1/purchases", SEE),
    ("GET", "/v1/purchases/{purchase}", SEE),
    ("GET", "/v1/purchases/{purchase}/explanation", SEE),
    ("POST", "/v1/purchases/{purchase}/refunds", SELL),
    ("POST", "/v1/purchases/{purchase}/settlement", SELL),
    ("POST", "/v1/purchases/{purchase}/cancellation", SELL),
    ("GET", "/v1/offers", &[Read, Plans]),
    ("POST", "/v1/offers", PLAN),
    ("POST", "/v1/offers/check", ANY),
    ("GET", "/v1/offers/{offer}", &[Read, Plans]),
    ("PUT", "/v1/offers/{offer}/state", PLAN),
    ("PUT", "/v1/offers/{offer}/budget", PLAN),
    ("GET", "/v1/till_settings", LOOK),
    ("PUT", "/v1/till_settings", PLAN),
    ("GET", "/v1/schemes", LOOK),
    ("POST", "/v1/schemes", PLAN),
    ("GET", "/v1/schemes/{scheme}", LOOK),
    ("PUT", "/v1/schemes/{scheme}", PLAN),
    ("DELETE", "/v1/schemes/{scheme}", PLAN),
    ("GET", "/v1/units", LOOK),
    ("POST", "/v1/units", PLAN),
    ("GET", "/v1/units/{unit}", LOOK),
    ("PUT", "/v1/units/{unit}", PLAN),
    ("DELETE", "/v1/units/{unit}", PLAN),
    ("GET", "/v1/terminals", LOOK),
    ("POST", "/v1/terminals", PLAN),
    ("GET", "/v1/terminals/{terminal}", LOOK),
    ("PUT", "/v1/terminals/{terminal}", PLAN),
    ("DELETE", "/v1/terminals/{terminal}", PLAN),
    ("GET", "/v1/merchants", LOOK),
    ("POST", "/v1/merchants", PLAN),
    ("GET", "/v1/merchants/{merchant}", LOOK),
    ("PUT", "/v1/merchants/{merchant}", PLAN),
    ("DELETE", "/v1/merchants/{merchant}", PLAN),
    ("GET", "/v1/products", LOOK),
    ("POST", "/v1/products", PLAN),
    ("GET", "/v1/products/{product}", LOOK),
    ("PUT", "/v1/products/{product}", PLAN),
    ("DELETE", "/v1/products/{product}", PLAN),
    ("GET", "/v1/promo_codes", LOOK),
    ("POST", "/v1/promo_codes", PLAN),
    ("GET", "/v1/promo_codes/{promo}", LOOK),
    ("PUT", "/v1/promo_codes/{promo}", PLAN),
    ("DELETE", "/v1/promo_codes/{promo}", PLAN),
];

/// One of each thing, by its place in the addresses.
async fn furnish(shop: &Shop) -> Vec<(&'static str, String)> {
    let admin = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
    let made = async |path: &str, body: Value| {
        let answer = admin.post(path, &body).await.expect(201);
        answer["id"].as_str().or(answer["hold"].as_str()).expect("an id").to_owned()
    };
    let offer = shop.offer(FIVE_PERCENT).await.text(Kind::Program);
    let anna = shop.anna.id.text(Kind::Participant);
    let welcome = json!({"participant": anna, "amount": 1_000, "reason": "Welcome"});
    let welcome = admin.post("/v1/adjustments", &welcome).await.expect(201);
    let ben = shop.other_customer().await.id.text(Kind::Participant);
    let mut late = crate::shop::purchase("L-1", &[("wine", "20.00")]);
    late["rewards_participant_identifier"] = json!({"access_token_identifier": {"authentication_code": "4712"}});
    (late["is_offline"], late["performed_on"]) = (json!(true), json!("2026-03-01T08:00:00"));
    shop.ok("customer_events/purchases/create", late).await;
    let review = admin.get("/v1/reviews?open=true").await.expect(200);
    let walked = json!({"participant": ben, "kind": "achievement", "unit": shop.unit.text(Kind::Unit), "reference": "A-1"});
    let sold = shop.buy("M-1", &[("wine", "20.00")]).await;
    vec![
        ("{participant}", anna.clone()),
        ("{other}", ben),
        ("{lot}", welcome["lot"].as_str().expect("a lot").to_owned()),
        ("{review}", review["data"][0]["id"].as_str().expect("a review").to_owned()),
        ("{activity}", made("/v1/activities", walked).await),
        ("{purchase}", format!("pur_{}", sold["number"].as_str().expect("a number").to_lowercase())),
        ("{offer}", offer),
        ("{hold}", made("/v1/holds", json!({"participant": anna, "amount": 100})).await),
        ("{scheme}", made("/v1/schemes", json!({"name": "Second", "code": "second"})).await),
        ("{unit}", made("/v1/units", json!({"name": "Second", "code": "second"})).await),
        ("{terminal}", made("/v1/terminals", json!({"code": "T-9", "unit": shop.unit.text(Kind::Unit)})).await),
        ("{merchant}", made("/v1/merchants", json!({"name": "Second"})).await),
        ("{product}", made("/v1/products", json!({"code": "second"})).await),
        ("{promo}", made("/v1/promo_codes", json!({"code": "SECOND"})).await),
    ]
}

fn filled(path: &str, ids: &[(&'static str, String)]) -> String {
    ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

/// A body that is right in form, so that only permission can refuse it.
fn body_of(method: &str, path: &str, ids: &[(&'static str, String)]) -> Vec<u8> {
    let id = |name: &str| ids.iter().find(|(have, _)| *have == name).map_or("", |(_, id)| id.as_str());
    if !["POST", "PUT"].contains(&method) {
        return Vec::new();
    }
    let body = match path {
        "/v1/participants" | "/v1/participants/{participant}" => json!({"name": "Cleo"}),
        "/v1/participants/{participant}/means" => json!({"kind": "card", "code": "9999"}),
        "/v1/means/state" => json!({"code": "4711", "effective": true}),
        "/v1/adjustments" => json!({"participant": id("{participant}"), "amount": 1, "reason": "x"}),
        "/v1/transfers" => json!({"from": id("{participant}"), "to": id("{other}"), "amount": 1, "reason": "x"}),
        "/v1/lots/{lot}/extension" => json!({"participant": id("{participant}"), "reason": "x"}),
        "/v1/participants/{participant}/erasure" => json!({"balance": "empty"}),
        "/v1/participants/{participant}/tier" => json!({"tier": null, "reason": "x"}),
        "/v1/activities" => json!({"participant": id("{participant}"), "kind": "web", "unit": id("{unit}"), "reference": "x"}),
        "/v1/parties" => json!({"rep": "rep_0000000000001", "participant": id("{participant}"), "reason": "x"}),
        "/v1/reviews/{review}/decision" => json!({"decision": "accepted", "note": "x"}),
        "/v1/holds" => json!({"participant": id("{participant}"), "amount": 1}),
        "/v1/holds/{hold}/capture" => json!({"amount": 1}),
        "/v1/purchases/{purchase}/refunds" => json!({"lines": [{"line": 0, "amount": 1}]}),
        "/v1/offers" | "/v1/offers/check" => json!({"text": "kind = \"reward\"\nname = \"X\"\nscheme = \"club\"\n[award]\namount = 1\n"}),
        "/v1/offers/{offer}/state" => json!({"effective": true}),
        "/v1/offers/{offer}/budget" => json!({"amount": 100, "currency": "USD"}),
        "/v1/till_settings" => json!({}),
        "/v1/terminals" | "/v1/terminals/{terminal}" => json!({"code": "T-8", "unit": id("{unit}")}),
        "/v1/products" | "/v1/products/{product}" | "/v1/promo_codes" | "/v1/promo_codes/{promo}" => json!({"code": "third"}),
        "/v1/merchants" | "/v1/merchants/{merchant}" => json!({"name": "Third"}),
        path if path.starts_with("/v1/schemes") || path.starts_with("/v1/units") => json!({"name": "Third", "code": "third"}),
        _ => return Vec::new(),
    };
    body.to_string().into_bytes()
}

#[test]
fn every_operation_of_loyalty_has_its_rule() {
    let api = serde_json::to_value(meed_server::api::description()).expect("the description is JSON");
    let shape = |path: &str| path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect::<Vec<_>>().join("/");
    let ruled: Vec<String> = CALLS.iter().map(|(method, path, _)| format!("{method} {}", shape(path))).collect();
    let mut seen = 0;
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            if ["Tills", "Participants", "Parties", "Wallets", "Purchases", "Offers"].contains(&tag) {
                seen += 1;
                assert!(ruled.contains(&format!("{} {}", method.to_uppercase(), shape(path))), "for whom is {method} {path}?");
            }
        }
    }
    assert_eq!(seen, CALLS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_loyalty_insists_on_its_scope() {
    let shop = Shop::open(Engine::Sqlite).await;
    let ids = furnish(&shop).await;
    for (method, path, allowed) in CALLS {
        let body = body_of(method, path, &ids);
        let address = filled(path, &ids);
        assert_eq!(shop.client.send(method, &address, &[], &body).await.refusal(401), "key_missing", "{method} {path}");
        for scope in ANY {
            let client = shop.app.client_with(shop.ctx.workspace, &[*scope]).await;
            let reply = client.send(method, &address, &[], &body).await;
            if allowed.contains(scope) {
                assert!(reply.status != 403 && reply.status < 500, "{method} {path} with {scope:?}: {}", reply.text());
            } else {
                assert_eq!(reply.refusal(403), "scope_missing", "{method} {path} with {scope:?}");
            }
        }
    }
    shop.close().await;
}

async fn another_workspace_finds_none_of_it(shop: &Shop) {
    let ids = furnish(shop).await;
    let other = shop.app.workspace("neighbour").await;
    for (method, path, _) in CALLS.iter().filter(|(_, path, _)| path.contains('{')) {
        let reply = other.client.send(method, &filled(path, &ids), &[], &body_of(method, path, &ids)).await;
        assert!(matches!(reply.status, 404 | 422), "{method} {path}: {} {}", reply.status, reply.text());
    }
    for path in ["/v1/participants", "/v1/purchases", "/v1/offers", "/v1/schemes", "/v1/units", "/v1/products"] {
        assert_eq!(other.client.get(path).await.expect(200)["data"], json!([]), "{path}");
    }
    assert_eq!(shop.balance().await, "10.00", "ten from the welcome, one from the purchase, one held");
}

async fn a_hold_is_captured_in_part_and_the_rest_is_free_again(shop: &Shop) {
    let admin = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
    let anna = shop.anna.id.text(Kind::Participant);
    let once = admin.with("idempotency-key", "welcome");
    let body = json!({"participant": anna, "amount": 1_000, "reason": "Welcome"});
    let first = once.post("/v1/adjustments", &body).await.expect(201);
    assert_eq!(once.post("/v1/adjustments", &body).await.expect(201)["id"], first["id"]);
    let held = admin.post("/v1/holds", &json!({"participant": anna, "amount": 600, "minutes": 10})).await.expect(201);
    assert_eq!(shop.balance().await, "4.00");
    let hold = held["hold"].as_str().expect("a hold");
    let used = admin.post(&format!("/v1/holds/{hold}/capture"), &json!({"amount": 250})).await.expect(200);
    assert_eq!((&used["amount"]["amount"], &used["balance"]["amount"]), (&json!(250), &json!(750)));
    assert!(admin.post(&format!("/v1/holds/{hold}/capture"), &json!({"amount": 1})).await.status >= 400);
    let second = admin.post("/v1/holds", &json!({"participant": anna, "amount": 750, "minutes": 10})).await.expect(201);
    assert_eq!(shop.balance().await, "0.00");
    shop.app.clock.advance_seconds(601);
    let third = admin.post("/v1/holds", &json!({"participant": anna, "amount": 750, "minutes": 10})).await.expect(201);
    let path = format!("/v1/holds/{}/release", third["hold"].as_str().expect("a hold"));
    assert_eq!(admin.post(&path, &json!({})).await.expect(200)["balance"]["amount"], 750, "the time of the second is over");
    let late = second["hold"].as_str().expect("a hold");
    assert!(admin.post(&format!("/v1/holds/{late}/capture"), &json!({})).await.status >= 400);
    let wallets = admin.get(&format!("/v1/participants/{anna}/wallets")).await.expect(200);
    assert_eq!(wallets["data"][0]["balance"]["amount"], 750);
}
