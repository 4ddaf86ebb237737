//! Bad input on every way in: each case is refused with its code and place, whole or per row, and after each refusal the books,
//! the records and the audit log are what they were.

use meed_app::loyalty::participants::{self, MeansInput};
use meed_app::loyalty::{ClassificationDocument, TillSettingsDocument, records};
use meed_core::command::RecordKind;
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{Participant, Termination};
use serde_json::{Value, json};

use crate::bad_cases::Change::{Body, Put, Text};
use crate::bad_cases::{Case, forms, long, native, others, purchases};
use crate::shop::{FIVE_PERCENT, Shop, on_both_engines, post, purchase, spend};

on_both_engines!(what_cannot_be_taken_is_refused_and_changes_nothing, rows_that_cannot_be_taken_fail_alone);

/// What is refused must leave all of this as it was.
async fn books(shop: &Shop) -> String {
    let (ws, anna) = (shop.ctx.workspace, shop.anna.id);
    let read = shop.app.app.store().read(move |r| {
        let kinds = [RecordKind::Participant, RecordKind::Means, RecordKind::Product, RecordKind::SalesUnit, RecordKind::Offer];
        let records = kinds.map(|kind| r.records(ws, kind).map(|found| format!("{found:?}")));
        let records: Vec<String> = records.into_iter().collect::<Result<_, _>>()?;
        let moved = (r.accounts(ws)?, r.transfers(ws)?.len(), r.open_lots(ws, anna)?, r.till_counters(ws)?, r.till_cell(ws, anna)?);
        let told = (r.till_events_back(ws, None, None, 1_000)?.len(), r.audit_back(ws, None, 1)?, r.events_after(ws, None, 1_000)?.len());
        Ok(format!("{moved:?}\n{told:?}\n{records:?}"))
    });
    read.await.expect("the books")
}

/// A good body for each call, and where it goes.
struct Calls {
    purchase: Value,
    spend: Value,
    participant: String,
    purchase_id: String,
    lot: String,
}

impl Calls {
    async fn new(shop: &Shop) -> Self {
        shop.offer(FIVE_PERCENT).await;
        let app = &shop.app.app;
        let means = |code: &str| vec![MeansInput { kind: "card".into(), code: code.into(), ..MeansInput::default() }];
        let blocked = Participant { name: "Blocked".into(), number: "B1".into(), is_blocked: true, ..Participant::default() };
        participants::create(app, &shop.ctx, blocked, means("4801")).await.expect("a participant");
        let terminated = Some(Termination { at_us: 0, reason: "moved".into() });
        let gone = Participant { name: "Gone".into(), number: "G1".into(), terminated, ..Participant::default() };
        participants::create(app, &shop.ctx, gone, means("4802")).await.expect("a participant");
        participants::create(app, &shop.ctx, Participant::default(), means("4804")).await.expect("a participant");
        participants::set_means_state(app, &shop.ctx, "4804", false).await.expect("switched");
        shop.other_customer().await;
        let classes = [("Counter", "purchase"), ("Run", "achievement")];
        let class = |(name, event): (&str, &str)| ClassificationDocument { name: name.into(), code: None, event: Some(event.into()) };
        let (minimum_spend, maximum_spend) = (10, Some(5_000));
        let settings = TillSettingsDocument { minimum_spend, maximum_spend, ..TillSettingsDocument::default() };
        let classifications = classes.map(class).to_vec();
        records::put(app, &shop.ctx, None, &TillSettingsDocument { classifications, ..settings }).await.expect("settings");
        shop.buy("R0", &[("wine", "200.00")]).await;
        let mut first = purchase("R1", &[("bread", "20.00")]);
        first["external_system_reference_number"] = json!("E1");
        let made = shop.ok("customer_events/purchases/create", first).await;
        let mut one = spend(&made, Some("1.00"));
        one["external_system_reference_number"] = json!("S1");
        shop.ok("customer_events/spend_requests/create", one).await;
        let mut spend = spend(&made, Some("0.50"));
        spend["external_system_reference_number"] = json!("S2");
        spend["description"] = json!("d");
        let mut purchase = purchase("R2", &[("bread", "2.00")]);
        purchase["external_system"] = json!("");
        purchase["external_system_reference_number"] = json!("E2");
        purchase["description"] = json!("d");
        let ws = shop.ctx.workspace;
        let anna = shop.anna.id;
        let lots = app.store().read(move |r| r.open_lots(ws, anna)).await.expect("lots");
        Self {
            purchase,
            spend,
            participant: shop.anna.id.text(Kind::Participant),
            purchase_id: id_of(&made["id"]).text(Kind::Purchase),
            lot: lots[0].id.text(Kind::Lot),
        }
    }

    fn body(&self, shop: &Shop, call: &str) -> (String, Value) {
        let crm = |method: &str| format!("/crmapi/rest/v2/{method}");
        let who = json!({"number": "RP0000000019"});
        let place = json!({"alternative_code": "high"});
        let line = json!({"code": "bread", "net_amount": 2, "vat_amount": 0, "total_amount": 2});
        let (path, body) = match call {
            "create" => (crm("customer_events/purchases/create"), self.purchase.clone()),
            "preview" => (crm("customer_events/purchases/preview"), self.purchase.clone()),
            "create_spend" => {
                let mut purchase = self.purchase.clone();
                let outer = ["rewards_participant_identifier", "performed_by_unit_identifier", "performed_on"];
                let mut body = json!({"spend_request": {"spend_amount": 0.5, "description": "d"}});
                for name in outer {
                    body[name] = purchase.as_object_mut().and_then(|fields| fields.remove(name)).unwrap_or_default();
                }
                body["purchase"] = purchase;
                (crm("customer_events/purchases/create_spend"), body)
            }
            "spend" => (crm("customer_events/spend_requests/create"), self.spend.clone()),
            "cancel" => {
                let event = json!({"customer_event_identifier": {"id": self.spend["purchase_customer_request_identifier"]["id"]}});
                (crm("customer_events/purchases/cancel"), event)
            }
            "list" => {
                let body = json!({"rewards_participant_identifier": who, "number_of_results": 2, "offset": 0, "submitted_after_date": "2026-01-01T00:00:00"});
                (crm("customer_events/purchases/list"), body)
            }
            "balance" => (crm("wallets/get_balance"), json!({"rewards_participant_identifier": who, "as_of_date": "2030-01-01T00:00:00"})),
            "show" => (crm("rewards_participants/show"), json!({"rewards_participant_identifier": who})),
            "achieve" => {
                let body = json!({"rewards_participant_identifier": who, "performed_by_unit_identifier": place, "performed_on": "2026-04-10T08:00:00", "reference_number": "A1", "amount": 1, "description": "d"});
                (crm("customer_events/achievements/create"), body)
            }
            "synchronise" => (crm("products/synchronise"), json!({"products_set": [{"code": "new"}]})),
            "bulk" => (crm("customer_events/bulk/purchases/create"), json!({"customer_events_set": []})),
            "rest" => {
                let body = json!({"cim": "4711", "merchant_tap": {"code": "T-1"}, "reference_number": "T1", "performed_on": 1_775_800_000, "payment_medium_identifier": "4929", "products": [line]});
                (crm("purchases"), body)
            }
            "return" => {
                let body =
                    json!({"cim": "4711", "merchant_tap": {"code": "T-1"}, "reference_number": "T2", "amount": 0.5, "return_amount": 2});
                (crm("purchases/ad_hoc_return"), body)
            }
            "adjust" => ("/v1/adjustments".into(), json!({"participant": self.participant, "amount": 5, "reason": "r"})),
            "hold" => ("/v1/holds".into(), json!({"participant": self.participant, "amount": 5, "minutes": 5})),
            "transfer" => {
                let body = json!({"from": self.participant, "to": self.participant, "amount": 5, "reason": "r"});
                ("/v1/transfers".into(), body)
            }
            "extend" => (format!("/v1/lots/{}/extension", self.lot), json!({"participant": self.participant, "reason": "r"})),
            "person" => {
                let means = json!([{"kind": "card", "code": "4999"}]);
                ("/v1/participants".into(), json!({"name": "N", "number": "N1", "means": means, "tags": ["t"]}))
            }
            "refund" => {
                let body = json!({"lines": [{"line": 0, "amount": 1}], "note": "n"});
                (format!("/v1/purchases/{}/refunds", self.purchase_id), body)
            }
            "activity" => {
                let unit = shop.unit.text(Kind::Unit);
                ("/v1/activities".into(), json!({"participant": self.participant, "kind": "web", "unit": unit, "reference": "A2"}))
            }
            "product" => ("/v1/products".into(), json!({"code": "new", "extra": {"price": "1"}})),
            "unit" => ("/v1/units".into(), json!({"name": "Low", "code": "low"})),
            "offer" => ("/v1/offers".into(), json!({"text": "kind = \"reward\"\nscheme = \"club\"\nname = \"B\"\n[award]\namount = 1\n"})),
            "tier" => (format!("/v1/participants/{}/tier", self.participant), json!({"tier": null, "reason": "r"})),
            other => panic!("no call {other}"),
        };
        (path, body)
    }
}

fn id_of(value: &Value) -> Id {
    let text = value.as_str().expect("an id");
    Id(i64::from_str_radix(&text[16..], 16).expect("hexadecimal"))
}

/// Sends a case and answers how it was refused: the code, for `/v1` after the status.
async fn refused(shop: &Shop, calls: &Calls, (call, change, _): &Case) -> (String, String) {
    let (path, mut body) = calls.body(shop, call);
    let is_classic = path.starts_with("/crmapi");
    if is_classic && !["rest", "return"].contains(call) {
        body["token"] = json!(shop.token);
    }
    let text = match change {
        Put(place, value) => {
            let (parent, name) = place.rsplit_once('/').expect("a pointer");
            let parent = body.pointer_mut(parent).unwrap_or_else(|| panic!("{call} has no {place}"));
            match parent {
                Value::Array(items) => items[name.parse::<usize>().expect("a place")] = value.clone(),
                other => other[name] = value.clone(),
            }
            body.to_string()
        }
        Text(old, new) => {
            let text = body.to_string();
            assert!(text.contains(old), "{call} has no {old}: {text}");
            text.replacen(old, new, 1)
        }
        Body(text) => text.clone(),
    };
    let bearer = format!("Bearer {}", shop.secret);
    let mut headers = vec![("content-type", "application/json")];
    if is_classic {
        headers.push(("api_key", &shop.secret));
    } else {
        headers.push(("authorization", &bearer));
    }
    let method = if *call == "tier" { "PUT" } else { "POST" };
    let reply = shop.client.send(method, &path, &headers, text.as_bytes()).await;
    let answer = reply.json();
    let shown = answer.to_string();
    if !is_classic {
        let place = answer["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
        return (format!("{} {}", reply.status, answer["code"].as_str().unwrap_or("OK")), format!("{place} {shown}"));
    }
    let code = answer["status"]["code"].as_str().unwrap_or_default().to_owned();
    assert!(
        code == "OK" || answer["data"] == json!([]) && answer["status"]["message"].as_str().is_some_and(|text| text.len() > 3),
        "{shown}"
    );
    (code, shown)
}

async fn what_cannot_be_taken_is_refused_and_changes_nothing(shop: &Shop) {
    let calls = Calls::new(shop).await;
    let mut before = books(shop).await;
    let mut wrong = Vec::new();
    for case in [forms(), purchases(), others(shop), native()].into_iter().flatten() {
        let (code, shown) = refused(shop, &calls, &case).await;
        let (call, change, wanted) = &case;
        let place = match change {
            Put(place, _) => (*place).to_owned(),
            Text(_, new) => new.chars().take(60).collect(),
            Body(text) => text.chars().take(10).collect(),
        };
        let shown: String = shown.chars().take(300).collect();
        if code != *wanted {
            wrong.push(format!("{call} {place}: {code} instead of {wanted}: {shown}"));
        }
        // Codes of values come with their place.
        if code.ends_with("value_too_long") || code == "VALUE_TOO_LONG" {
            let name = place.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
            let is_there = shown.contains(name.trim_end_matches("_identifier")) || shown.contains("external_system_reference_number");
            assert!(is_there, "{call} {place}: {shown}");
        }
        let after = books(shop).await;
        if after != before {
            wrong.push(format!("{call} {place}: {code}, and something changed"));
            before = after;
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rows that were not taken, by the request's own name: name and code.
fn unprocessed(data: &Value, set: &str, name: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |row: &Value| {
        assert!(row["error_description"].as_str().is_some_and(|text| text.len() > 3), "{row}");
        (text(&row[name]), text(&row["error_code"]))
    };
    data[set].as_array().expect("a set").iter().map(row).collect()
}

async fn rows_that_cannot_be_taken_fail_alone(shop: &Shop) {
    let calls = Calls::new(shop).await;
    let before = books(shop).await;
    let row = |name: &str, change: &[(&str, Value)]| {
        let mut row = calls.purchase.clone();
        row["request_unique_identifier"] = json!(name);
        row["external_system_reference_number"] = json!(name);
        for (place, value) in change {
            row[*place] = value.clone();
        }
        row
    };
    let bad = [
        ("1", row("1", &[("unknown", json!(1))]), "PARAMETER_UNKNOWN"),
        ("2", row("2", &[("performed_on", json!("2999-01-01T00:00:00"))]), "DATE_IN_FUTURE"),
        ("3", row("3", &[("description", long(1_001))]), "VALUE_TOO_LONG"),
        ("4", row("4", &[("external_system_reference_number", json!("E1"))]), "DUPLICATE_REFERENCE"),
        ("5", row("5", &[("products_set", json!([]))]), "MANDATORY_PARAMETER_MISSING"),
        ("6", row("6", &[("rewards_participant_identifier", json!({"number": "G1"}))]), "PARTICIPANT_TERMINATED"),
        ("7", row("7", &[("rewards_participant_identifier", json!({"number": "nobody"}))]), "ENTITY_NOT_FOUND"),
        ("8", row("8", &[("products_set", purchase("", &[("cheese", "1.00")])["products_set"].clone())]), "PRODUCT_NOT_FOUND"),
        ("", row("", &[]), "MANDATORY_PARAMETER_MISSING"),
        ("", json!("no row"), "MANDATORY_PARAMETER_MISSING"),
        ("", json!([1]), "MANDATORY_PARAMETER_MISSING"),
        ("2", row("2", &[]), "DUPLICATE_REFERENCE"),
    ];
    let rows: Vec<&Value> = bad.iter().map(|(_, row, _)| row).collect();
    let bulk = "customer_events/bulk/purchases/create";
    let data = shop.ok(bulk, json!({"customer_events_set": rows})).await;
    let expected: Vec<(String, String)> = bad.iter().map(|(name, _, code)| ((*name).to_owned(), (*code).to_owned())).collect();
    assert_eq!(unprocessed(&data, "unprocessed_customer_events_set", "request_unique_identifier"), expected);
    assert_eq!((&data["processed_customer_events_set"], books(shop).await == before), (&json!([]), true), "nothing was done");
    // A good row between them is taken, and it alone.
    let mut mixed = rows.clone();
    let good = row("9", &[]);
    mixed.insert(4, &good);
    let data = shop.ok(bulk, json!({"customer_events_set": mixed})).await;
    assert_eq!(data["processed_customer_events_set"].as_array().map(Vec::len), Some(1), "{data}");
    assert_eq!(data["processed_customer_events_set"][0]["request_unique_identifier"], "9");
    assert_eq!(unprocessed(&data, "unprocessed_customer_events_set", "request_unique_identifier"), expected);

    let before = books(shop).await;
    let achievement = |name: &str, place: &str, value: Value| {
        let (_, mut row) = calls.body(shop, "achieve");
        row["request_unique_identifier"] = json!(name);
        row[place] = value;
        row
    };
    let bad = [
        achievement("1", "unknown", json!(1)),
        achievement("2", "description", long(1_001)),
        achievement("3", "amount", json!(-1)),
        achievement("4", "rewards_participant_identifier", json!({"number": "nobody"})),
        achievement("5", "performed_on", json!("soon")),
    ];
    let data = shop.ok("customer_events/bulk/achievements/create", json!({"customer_events_set": bad})).await;
    let codes: Vec<String> =
        unprocessed(&data, "unprocessed_customer_events_set", "request_unique_identifier").into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["PARAMETER_UNKNOWN", "VALUE_TOO_LONG", "AMOUNT_NOT_POSITIVE", "ENTITY_NOT_FOUND", "PARAMETER_INVALID"]);
    assert_eq!(books(shop).await, before, "nothing was done");

    let products = json!([
        {"description": "no code"}, {"code": " "}, {"code": long(201)}, {"code": "a", "code2": 1, "description": [1], "brand_identifier": {"name": long(201)}},
        {"code": "a"}, "no row", {"code": {"a": 1}},
    ]);
    let data = shop.ok("products/synchronise", json!({"products_set": products})).await;
    let codes: Vec<String> = unprocessed(&data, "unprocessed_products_set", "request_code").into_iter().map(|(_, code)| code).collect();
    let missing = "MANDATORY_PARAMETER_MISSING";
    assert_eq!(codes, [missing, missing, "NAME_INVALID", "DUPLICATE_CODE", "PARAMETER_INVALID", missing]);
    let done = &data["processed_products_set"];
    let message = done[0]["message"].as_str().unwrap_or_default();
    assert!(["code2", "description", "brand_identifier"].iter().all(|name| message.contains(name)), "{done}");
    assert_eq!(done.as_array().map(Vec::len), Some(1), "{done}");
    let broken = shop.client.send("POST", "/crmapi/rest/v2/products/synchronise", &[], b"{\"token\":").await;
    assert_eq!(broken.json()["status"]["code"], "PARAMETER_INVALID");
    let none = post(&shop.client, "products/synchronise", &json!({"products_set": []})).await;
    assert_eq!(none["status"]["code"], "INVALID_TOKEN");
}
