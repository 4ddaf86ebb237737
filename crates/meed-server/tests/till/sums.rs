//! Sums once more, for what one test of a behaviour leaves open: previews, refused spends, returns and balances to the cent.

use meed_app::loyalty::participants::{self, MeansInput};
use meed_app::loyalty::{MerchantDocument, PromoCodeDocument, TillSettingsDocument, records};
use meed_core::id::Kind;
use meed_core::loyalty::{AutoSpend, Participant, Termination};
use serde_json::{Value, json};

use crate::clauses::{admin, anna, both, change, five, with, without};
use crate::shop::{FIVE_PERCENT, Shop, cents, code, envelope, on_both_engines, post, purchase, spend};

on_both_engines!(
    pos_018_what_is_given_and_spent_at_once_is_previewed_to_the_cent,
    pos_025_a_currency_that_is_right_changes_nothing,
    pos_034_a_receipt_sent_twice_is_one_purchase,
    pos_035_a_till_that_asks_for_nothing_gets_its_purchase,
    pos_037_sixty_four_tills_at_once_never_overdraw_a_wallet,
    pos_039_who_has_left_or_is_blocked_spends_nothing_in_any_way,
    pos_042_whatever_refuses_the_spend_leaves_no_purchase,
    pos_044_what_is_paid_back_is_a_record_and_lowers_nothing_at_the_till,
    pos_051_a_return_without_a_receipt_reports_what_it_may,
    pos_052_a_balance_and_what_expires_agree_on_every_day,
    pos_063_spends_of_every_kind_are_spends,
    led_010_numbers_beyond_the_range_are_refused_on_every_way_in,
);

const CREATE: &str = "customer_events/purchases/create";
const PREVIEW: &str = "customer_events/purchases/preview";
const CREATE_SPEND: &str = "customer_events/purchases/create_spend";
const CANCEL: &str = "customer_events/purchases/cancel";
const LIST: &str = "customer_events/purchases/list";
const SPEND: &str = "customer_events/spend_requests/create";
const SPENDS: &str = "customer_events/spend_requests/list";

/// An amount in cents.
fn minor(amount: &Value) -> i64 {
    cents(amount).replace('.', "").parse().expect("an amount")
}

async fn pos_018_what_is_given_and_spent_at_once_is_previewed_to_the_cent(shop: &Shop) {
    shop.offer("name = \"Share\"\nstacks = true\n[award]\npercent = \"3.3%\"\n").await;
    shop.offer("name = \"Items\"\nstacks = true\n[award]\npercent = \"3.3%\"\nscope = \"item\"\n").await;
    shop.offer("name = \"Paid\"\nstacks = true\n[award]\npercent = \"7%\"\nbasis = \"paid\"\n").await;
    shop.offer("name = \"Points\"\nstacks = true\n[award]\neach = 2\nper = 3\nunit = \"points\"\n").await;
    shop.offer("name = \"Off\"\nstacks = true\ncondition = \"line.family == 'dairy'\"\n[award]\npercent = \"10%\"\n[spend]\nmethod = \"instant\"\n").await;
    shop.offer("name = \"Third\"\nstacks = true\nclass = \"number\"\nat_least = 3\n[award]\namount = 2\n").await;
    let auto_spend = AutoSpend { is_enabled: true, maximum_spend: Some(175), ..AutoSpend::default() };
    change(shop, Participant { auto_spend, ..shop.anna.participant.clone() }).await;
    for (number, asked) in [json!(null), json!(1.25), json!(3), json!(null), json!(50)].into_iter().enumerate() {
        let lines = [("bread", "7.77"), ("milk", "12.35"), ("wine", "3.01")];
        let body = with(purchase(&format!("R{number}"), &lines), &json!({"requested_spend_amount": asked}));
        let seen = shop.ok(PREVIEW, body.clone()).await;
        let before = shop.balance().await;
        assert_eq!(cents(&seen["wallet_balance"]), before);
        let made = shop.ok(CREATE, body).await;
        assert_eq!(seen["total_award_amount"], made["total_awarded_amount"], "{number}: {seen}");
        assert_eq!(seen["total_award_alternative_amount"], made["total_awarded_alternative_amount"], "{number}");
        for name in ["total_instant_spend_amount", "total_automatic_spend_amount"] {
            assert_eq!(seen[name], made[name], "{number}: {name}");
        }
        assert_eq!(cents(&made["total_instant_spend_amount"]), "1.24");
        let parts = ["total_instant_spend_amount", "total_automatic_spend_amount", "total_additional_spend_amount"];
        let sum: i64 = parts.iter().map(|name| minor(&made[name])).sum();
        assert_eq!(sum, minor(&made["total_spend_amount"]), "{number}: the sum of its kinds");
        let (spent, could) = (minor(&made["total_additional_spend_amount"]), minor(&seen["total_additional_spend_amount"]));
        assert!(spent <= could, "{number}: no more than was told");
    }
}

async fn pos_025_a_currency_that_is_right_changes_nothing(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let plain = purchase("R1", &[("bread", "20.00")]);
    let named = with(plain.clone(), &json!({"intended_currency_identifier": {"code": "usd"}}));
    let first = shop.ok(CREATE, plain.clone()).await;
    assert_eq!(shop.ok(CREATE, named.clone()).await["id"], first["id"], "it is no part of what is stored, so this is the same receipt");
    let (one, two) = (shop.ok(PREVIEW, plain).await, shop.ok(PREVIEW, named).await);
    assert_eq!(one, two);
    let shown = shop.ok("customer_events/purchases/show", json!({"customer_event_identifier": {"id": first["id"]}})).await;
    assert!(!shown.to_string().contains("intended_currency"), "{shown}");
    for (method, body) in
        [(PREVIEW, purchase("R2", &[("bread", "1.00")])), (SPEND, spend(&first, Some("0.50"))), (CREATE_SPEND, both("R3", json!(1)))]
    {
        let wrong = with(body, &json!({"intended_currency_identifier": {"code": "EUR"}}));
        assert_eq!(shop.refused(method, wrong).await, "CURRENCY_MISMATCH", "{method}");
    }
    assert_eq!(shop.ok(LIST, anna()).await.as_array().map(Vec::len), Some(1));
}

async fn pos_034_a_receipt_sent_twice_is_one_purchase(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let body = purchase("R1", &[("bread", "20.00")]);
    let path = "/crmapi/rest/v2/customer_events/purchases/create";
    let first = shop.client.post(path, &with(body.clone(), &json!({"token": shop.token}))).await;
    let again = shop.client.post(path, &with(body.clone(), &json!({"token": shop.token}))).await;
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), (None, Some("true")));
    assert_eq!(again.json(), first.json(), "the first answer");
    let rows =
        json!([with(body.clone(), &json!({"request_unique_identifier": 1})), with(body.clone(), &json!({"request_unique_identifier": 2}))]);
    let bulk = shop.ok("customer_events/bulk/purchases/create", json!({"customer_events_set": rows})).await;
    let ids: Vec<&Value> = bulk["processed_customer_events_set"].as_array().expect("a set").iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&first.json()["data"]["id"]; 2], "in bulk as well");
    assert_eq!(shop.balance().await, "1.00");
    shop.buy("R2", &[("bread", "20.00")]).await;
    shop.ok(CREATE, with(body.clone(), &json!({"performed_on": "2026-04-10T07:59:59"}))).await;
    assert_eq!(shop.balance().await, "3.00", "another number or second is another sale");
    let named = |number: &str| with(body.clone(), &json!({"external_system": "till", "external_system_reference_number": number}));
    let (one, two) = (shop.ok(CREATE, named("A")).await, shop.ok(CREATE, named("B")).await);
    assert_ne!(one["id"], two["id"], "who names sales is taken at their word");
}

async fn pos_035_a_till_that_asks_for_nothing_gets_its_purchase(shop: &Shop) {
    five(shop).await;
    shop.settings(TillSettingsDocument { minimum_spend: 100, maximum_spend: Some(300), ..TillSettingsDocument::default() }).await;
    let nothing = shop.ok(CREATE, with(purchase("R1", &[("bread", "20.00")]), &json!({"requested_spend_amount": 0}))).await;
    assert_eq!((cents(&nothing["total_spend_amount"]), &nothing["spend_requests_set"]), ("0.00".into(), &json!([])));
    let all = shop.ok(SPEND, spend(&nothing, None)).await;
    assert_eq!((cents(&all["requested_spend_amount"]), cents(&all["spend_amount"])), ("20.00".into(), "3.00".into()), "one spend's most");
    let small = shop.buy("R2", &[("milk", "0.99")]).await;
    assert_eq!(shop.refused(SPEND, spend(&small, None)).await, "SPEND_AMOUNT_OUT_OF_RANGE", "below the least");
    let joined = shop.ok(CREATE_SPEND, without(both("R3", Value::Null), "spend_request")).await;
    assert_eq!(cents(&joined["spend_request"]["requested_spend_amount"]), "20.00");
}

async fn pos_037_sixty_four_tills_at_once_never_overdraw_a_wallet(shop: &Shop) {
    let made = five(shop).await;
    let mut tills = Vec::new();
    for till in 0..64 {
        let (client, token) = (shop.client.clone(), shop.token.clone());
        let (method, body) = match till % 3 {
            0 => (SPEND, with(spend(&made, Some("0.30")), &json!({"external_system": "t", "external_system_reference_number": till}))),
            1 => (CREATE_SPEND, both(&format!("R{till}"), json!(0.3))),
            _ => (CREATE, with(purchase(&format!("R{till}"), &[("bread", "0.25")]), &json!({"requested_spend_amount": 0.2}))),
        };
        let body = with(body, &json!({"token": token}));
        tills.push(tokio::spawn(async move { post(&client, method, &body).await }));
    }
    let mut spent = 0;
    for till in tills {
        let answer = till.await.expect("a till");
        assert_eq!(code(&answer), "OK", "{answer}");
        let data = &answer["data"];
        let own = [&data["spend_amount"], &data["spend_request"]["spend_amount"], &data["total_additional_spend_amount"]];
        spent += own.into_iter().find(|value| value.is_number()).map(minor).expect("an amount");
    }
    // 5.00, and 21 awards of 1.00 and as many of a cent, each of which may have paid for another's purchase.
    let mut rows = Vec::new();
    while let page = shop.ok("wallets/journal", with(anna(), &json!({"offset": rows.len()}))).await
        && page != json!([])
    {
        rows.extend(page.as_array().expect("rows").clone());
    }
    let sum = |name: &str| rows.iter().map(|row| minor(&row[name])).sum::<i64>();
    let (earned, used) = (sum("credit_amount"), sum("debit_amount"));
    let data = shop.ok("wallets/get_balance", anna()).await;
    assert_eq!((earned - used, used), (minor(&data["balance"]), spent));
    assert!(used <= earned && spent > 500, "{spent} of {earned}");
}

async fn pos_039_who_has_left_or_is_blocked_spends_nothing_in_any_way(shop: &Shop) {
    let made = five(shop).await;
    let asked = with(purchase("R1", &[("bread", "2.00")]), &json!({"requested_spend_amount": 1}));
    let twin = json!({
        "cim": "4711", "reference_number": "M-1", "outlet_tap": {"code": "T-1"}, "spend_request": {"amount": 1},
        "products": [{"code": "wine", "net_amount": 2, "vat_amount": 0, "total_amount": 2}],
    });
    let keyed = shop.client.with("api_key", &shop.secret);
    let end = Termination { at_us: 1, reason: "moved".into() };
    for (person, wanted) in [
        (Participant { is_blocked: true, ..shop.anna.participant.clone() }, "SPEND_BLOCKED"),
        (Participant { terminated: Some(end), ..shop.anna.participant.clone() }, "PARTICIPANT_TERMINATED"),
    ] {
        change(shop, person).await;
        for (method, body) in [(SPEND, spend(&made, Some("1.00"))), (CREATE, asked.clone()), (CREATE_SPEND, both("R2", json!(1)))] {
            assert_eq!(shop.refused(method, body).await, wanted, "{method}");
        }
        assert_eq!(code(&keyed.post("/crmapi/rest/v2/purchases", &twin).await.expect(200)), wanted);
        let left = shop.ok("rewards_participants/show", anna()).await;
        assert_eq!(left["life_cycle_state"] == "TERMINATED", wanted == "PARTICIPANT_TERMINATED");
    }
    change(shop, Participant { is_blocked: true, ..shop.anna.participant.clone() }).await;
    let seen = shop.ok(PREVIEW, asked.clone()).await;
    assert_eq!((&seen["allow_spending"], cents(&seen["total_additional_spend_amount"])), (&json!(false), "0.00".into()));
    let bought = shop.buy("R3", &[("bread", "20.00")]).await;
    assert_eq!(cents(&bought["total_awarded_amount"]), "1.00", "awards go on");
    assert_eq!(shop.ok(LIST, anna()).await.as_array().map(Vec::len), Some(2), "nothing else was bought");
    change(shop, shop.anna.participant.clone()).await;
    assert_eq!(
        cents(&shop.ok(SPEND, spend(&made, Some("6.00"))).await["spend_amount"]),
        "1.00",
        "what the purchase itself gave does not pay for it"
    );
}

async fn pos_042_whatever_refuses_the_spend_leaves_no_purchase(shop: &Shop) {
    five(shop).await;
    shop.other_customer().await;
    shop.settings(TillSettingsDocument { minimum_spend: 100, maximum_spend: Some(900), ..TillSettingsDocument::default() }).await;
    let promo = PromoCodeDocument { code: "ONE".into(), uses_max: Some(1), ..PromoCodeDocument::default() };
    records::put(&shop.app.app, &shop.ctx, None, &promo).await.expect("a promo code");
    let named = |number: &str, part: Value| {
        let mut body = with(both("R1", Value::Null), &json!({"external_system": "till", "spend_request": part}));
        (body["purchase"]["external_system_reference_number"], body["purchase"]["promo_code"]) = (json!(number), json!("ONE"));
        body
    };
    let others = json!({"authentication_code": "4712"});
    for (body, wanted) in [
        (named("A", json!({"spend_amount": 6, "all_or_nothing": true})), "INSUFFICIENT_AVAILABLE"),
        (named("A", json!({"spend_amount": 0.99})), "SPEND_AMOUNT_OUT_OF_RANGE"),
        (named("A", json!({"spend_amount": 9.01})), "SPEND_AMOUNT_OUT_OF_RANGE"),
        (named("A", json!({"spend_amount": -1})), "SPEND_AMOUNT_OUT_OF_RANGE"),
        (named("A", json!({"spend_amount": 1.001})), "AMOUNT_TOO_MANY_DECIMALS"),
        (named("A", json!({"spend_amount": 1, "spend_alternative_amount": 1})), "SEMI_OPTIONAL_CONFLICT"),
        (with(named("A", json!({"spend_amount": 1})), &json!({"authorized_by_access_token_identifier": others})), "ACCESS_DENIED"),
    ] {
        assert_eq!(shop.refused(CREATE_SPEND, body.clone()).await, wanted, "{body}");
        assert_eq!((shop.ok(LIST, anna()).await.as_array().map(Vec::len), shop.balance().await), (Some(1), "5.00".into()), "{wanted}");
    }
    let done = shop.ok(CREATE_SPEND, named("A", json!({"spend_amount": 5, "all_or_nothing": true}))).await;
    assert_eq!(
        (cents(&done["spend_request"]["spend_amount"]), shop.balance().await),
        ("5.00".into(), "1.00".into()),
        "reference and code were free"
    );
}

async fn pos_044_what_is_paid_back_is_a_record_and_lowers_nothing_at_the_till(shop: &Shop) {
    let pays_back = |by: &str| MerchantDocument {
        name: "Corner Ltd".into(),
        units: vec![shop.unit.0],
        pays_back: true,
        pays_back_by: by.into(),
        ..MerchantDocument::default()
    };
    let merchant = records::put(&shop.app.app, &shop.ctx, None, &pays_back("refund")).await.expect("a merchant");
    shop.offer("name = \"Money\"\nstacks = true\n[award]\npercent = \"50%\"\n").await;
    shop.offer("name = \"Now\"\nstacks = true\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    shop.buy("R0", &[("wine", "20.00")]).await;
    let auto_spend = AutoSpend { is_enabled: true, maximum_spend: Some(300), ..AutoSpend::default() };
    change(shop, Participant { auto_spend, ..shop.anna.participant.clone() }).await;
    let paid_back = async || {
        let rows = shop.ok("wallets/journal", anna()).await;
        let own = |row: &&Value| row["type"] == "PAY_BACK";
        rows.as_array()
            .expect("rows")
            .iter()
            .filter(own)
            .map(|row| row["description"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let before = paid_back().await.len();
    for (number, by) in ["refund", "credit_note", "voucher"].into_iter().enumerate() {
        records::put(&shop.app.app, &shop.ctx, Some(merchant), &pays_back(by)).await.expect("a merchant");
        let body = purchase(&format!("R-{by}"), &[("wine", "20.00")]);
        assert_eq!(shop.ok(PREVIEW, body.clone()).await["reduction_method"], "BACK_END_REDUCTION");
        let made = shop.ok(CREATE, body).await;
        assert_eq!((&made["reduction_method"], cents(&made["total_amount"])), (&json!("BACK_END_REDUCTION"), "20.00".into()));
        assert_eq!(
            (cents(&made["total_instant_spend_amount"]), cents(&made["total_automatic_spend_amount"])),
            ("1.00".into(), "3.00".into())
        );
        let asked = shop.ok(SPEND, spend(&made, Some("2.00"))).await;
        assert_eq!(asked["reduction_method"], "FRONT_END_REDUCTION", "what is asked for comes off at the till");
        let list = shop.ok(SPENDS, json!({"purchase_customer_event_identifier": {"id": made["id"]}})).await;
        let told: Vec<(String, &Value)> =
            list.as_array().expect("a set").iter().map(|row| (cents(&row["spend_amount"]), &row["reduction_method"])).collect();
        let (front, back) = (json!("FRONT_END_REDUCTION"), json!("BACK_END_REDUCTION"));
        assert_eq!(told, [("2.00".to_owned(), &front), ("3.00".to_owned(), &back), ("1.00".to_owned(), &back)], "{by}");
        let records = paid_back().await;
        assert_eq!(records.len(), before + number + 1, "{by}: {records:?}");
        assert!(records[0].contains("4.00") || records[0].contains(&by.replace('_', " ")), "{by}: {records:?}");
    }
}

async fn pos_051_a_return_without_a_receipt_reports_what_it_may(shop: &Shop) {
    let made = five(shop).await;
    let keyed = shop.client.with("api_key", &shop.secret);
    let back =
        |number: &str, fields: Value| with(json!({"cim": "4711", "reference_number": number, "outlet_tap": {"code": "T-1"}}), &fields);
    let path = "/crmapi/rest/v2/purchases/ad_hoc_return";
    for (fields, wanted) in [
        (json!({"return_amount": 10, "return_spent_amount": 10.01}), "RETURN_EXCEEDS_PURCHASE"),
        (json!({"return_amount": 10, "return_spent_amount": -1}), "RETURN_EXCEEDS_PURCHASE"),
        (json!({"return_amount": 10, "amount": 10.01}), "RETURN_EXCEEDS_PURCHASE"),
        (json!({"return_amount": 10, "amount": -1}), "RETURN_EXCEEDS_PURCHASE"),
        (json!({"return_amount": -10}), "AMOUNT_NOT_POSITIVE"),
        (json!({"return_amount": 200, "amount": 5.01}), "INSUFFICIENT_AVAILABLE"),
    ] {
        assert_eq!(code(&keyed.post(path, &back("M-1", fields.clone())).await.expect(200)), wanted, "{fields}");
    }
    assert_eq!(shop.balance().await, "5.00");
    let done = keyed.post(path, &back("M-1", json!({"return_amount": 30, "return_spent_amount": 4}))).await.expect(200);
    let amounts = ["amount", "return_amount", "return_spent_amount", "wallet_balance"].map(|name| cents(&done[name]));
    assert_eq!(amounts, ["1.50", "26.00", "4.00", "3.50"], "what the goods earned is debited; money and what was spent stand apart");
    assert_eq!(keyed.post(path, &back("M-1", json!({"return_amount": 30, "return_spent_amount": 4}))).await.expect(200), done, "once");
    let shown = shop.ok("customer_events/purchases/show", json!({"customer_event_identifier": {"id": made["id"]}})).await;
    assert_eq!((&shown["life_cycle_state"], cents(&shown["total_awarded_amount"])), (&json!("POSTED"), "5.00".into()));
    assert_eq!(shop.balance().await, "3.50");
}

async fn pos_052_a_balance_and_what_expires_agree_on_every_day(shop: &Shop) {
    shop.offer("name = \"Day\"\nstacks = true\n[award]\namount = 1\n[spend]\nexpires = \"1 days\"\n").await;
    shop.offer("name = \"Month\"\nstacks = true\n[award]\namount = 2\n[spend]\nexpires = \"end of month\"\n").await;
    shop.offer("name = \"Fixed\"\nstacks = true\n[award]\namount = 4\n[spend]\nexpires = \"2026-04-20\"\n").await;
    shop.offer("name = \"Ever\"\nstacks = true\n[award]\namount = 8\n").await;
    shop.offer("name = \"Later\"\nstacks = true\n[award]\namount = 16\npending = \"5 days\"\n").await;
    shop.buy("R1", &[("wine", "10.00")]).await;
    for (day, balance, expired) in [
        ("2026-04-10", "15.00", "0.00"),
        ("2026-04-11", "15.00", "0.00"),
        ("2026-04-12", "14.00", "1.00"),
        ("2026-04-14", "14.00", "1.00"),
        ("2026-04-15", "30.00", "1.00"),
        ("2026-04-20", "30.00", "1.00"),
        ("2026-04-21", "26.00", "5.00"),
        ("2026-04-30", "26.00", "5.00"),
        ("2026-05-01", "24.00", "7.00"),
        ("2036-05-01", "24.00", "7.00"),
    ] {
        for text in [day.to_owned(), format!("{day}T00:00:00"), format!("{day}T23:59:59")] {
            let then = shop.ok("wallets/get_balance", with(anna(), &json!({"as_of_date": text}))).await;
            assert_eq!(cents(&then["balance"]), balance, "{text}");
        }
        let parts = shop.ok("wallets/get_balance_breakdown", with(anna(), &json!({"as_of_date": day}))).await;
        assert_eq!(cents(&parts["balance"]), balance, "{day}");
        let due = shop.ok("wallets/get_balance_expiration", with(anna(), &json!({"threshold_date": day}))).await;
        assert_eq!(cents(&due["expired_amount"]), expired, "{day}: {due}");
        let rows = due["expiration_set"].as_array().expect("a set");
        let sum: i64 = rows.iter().map(|row| minor(&row["expired_amount"])).sum();
        assert_eq!(sum, minor(&due["expired_amount"]), "{day}: one entry a day");
    }
    for past in ["2026-04-09", "2026-04-09T23:59:59", "1999-01-01"] {
        for method in ["wallets/get_balance", "wallets/get_balance_breakdown"] {
            assert_eq!(shop.refused(method, with(anna(), &json!({"as_of_date": past}))).await, "DATE_IN_PAST", "{method} {past}");
        }
    }
}

async fn pos_063_spends_of_every_kind_are_spends(shop: &Shop) {
    shop.offer("name = \"Now\"\ncondition = \"line.family == 'dairy'\"\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    let top_up = json!({"participant": shop.anna.id.text(Kind::Participant), "amount": 1_000, "reason": "Welcome"});
    admin(shop).post("/v1/adjustments", &top_up).await.expect(201);
    let plain = shop.buy("R1", &[("bread", "10.00")]).await;
    let instant = shop.buy("R2", &[("milk", "10.00")]).await;
    let asked = shop.buy("R3", &[("bread", "10.00")]).await;
    let spent = shop.ok(SPEND, spend(&asked, Some("2.00"))).await;
    let auto_spend = AutoSpend { is_enabled: true, maximum_spend: Some(300), ..AutoSpend::default() };
    change(shop, Participant { auto_spend, ..shop.anna.participant.clone() }).await;
    let automatic = shop.buy("R4", &[("bread", "10.00")]).await;
    let paid = shop.buy("R5", &[("bread", "3.00")]).await;
    let undone = shop.buy("R6", &[("bread", "1.00")]).await;
    shop.ok(CANCEL, json!({"customer_event_identifier": {"id": undone["id"]}})).await;
    let list = async |fields: Value| {
        let data = shop.ok(LIST, with(with(anna(), &fields), &json!({"fields_set": "id"}))).await;
        data.as_array().expect("a set").iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    let ids = |all: &[&Value]| all.iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
    assert_eq!(list(json!({"spend_requests_applied": true})).await, ids(&[&paid, &automatic, &asked, &instant]));
    assert_eq!(list(json!({"spend_requests_applied": false})).await, ids(&[&undone, &plain]));
    assert_eq!(list(json!({"eligible_for_spending": 1})).await, ids(&[&automatic, &asked, &instant, &plain]));
    assert_eq!(list(json!({"eligible_for_spending": 0})).await, ids(&[&undone, &paid]), "paid in full, or cancelled");
    assert_eq!(list(json!({"eligible_for_spending": true, "spend_requests_applied": false})).await, ids(&[&plain]));
    shop.ok("customer_events/spend_requests/cancel", json!({"customer_event_identifier": {"id": spent["id"]}})).await;
    assert_eq!(list(json!({"spend_requests_applied": true})).await, ids(&[&paid, &automatic, &instant]), "it is against it no more");
    assert_eq!(list(json!({"submitted_after_date": "2026-04-10T08:00:00"})).await.len(), 6, "recorded later than the clock's second");
    assert_eq!(list(json!({"submitted_before_date": "2026-04-10T08:00:00"})).await.len(), 0);
}

async fn led_010_numbers_beyond_the_range_are_refused_on_every_way_in(shop: &Shop) {
    let made = five(shop).await;
    let raw = async |method: &str, text: String| {
        let text = text.replacen('{', &format!("{{\"token\":\"{}\",", shop.token), 1);
        envelope(&shop.client.send("POST", &format!("/crmapi/rest/v2/{method}"), &[], text.as_bytes()).await)
    };
    for number in ["92233720368547758.08", "1e17", "99999999999999999999999999", "-92233720368547758.09"] {
        let line = purchase("R1", &[("bread", "20.00")]).to_string().replace("20.0", number);
        assert_eq!(code(&raw(CREATE, line.clone()).await), "AMOUNT_OVERFLOW", "{number}");
        assert_eq!(code(&raw(PREVIEW, line).await), "AMOUNT_OVERFLOW", "{number}");
        let asked = spend(&made, Some("1.00")).to_string().replace("\"spend_amount\":1.0", &format!("\"spend_amount\":{number}"));
        assert_eq!(code(&raw(SPEND, asked).await), "AMOUNT_OVERFLOW", "{number}");
    }
    let largest = purchase("R1", &[("bread", "20.00")]).to_string().replace("20.0", "92233720368547758.07");
    assert_eq!(code(&raw(CREATE, largest).await), "AMOUNT_OVERFLOW", "a basket leaves room for every total that it enters");
    let top_up = |amount: Value| json!({"participant": shop.anna.id.text(Kind::Participant), "amount": amount, "reason": "Test"});
    let (client, path) = (admin(shop), "/v1/adjustments");
    for amount in [json!(i64::MAX), json!(i64::MAX - 499), json!(i64::MIN)] {
        assert_eq!(client.post(path, &top_up(amount.clone())).await.refusal(422), "amount_overflow", "{amount}");
    }
    assert_eq!(client.post(path, &top_up(json!(9_223_372_036_854_775_808u64))).await.status, 400);
    assert_eq!(shop.balance().await, "5.00");
    client.post(path, &top_up(json!(i64::MAX - 500))).await.expect(201);
    let means = vec![MeansInput { kind: "card".into(), code: "9".into(), ..MeansInput::default() }];
    let rich = participants::create(&shop.app.app, &shop.ctx, Participant::default(), means).await.expect("a participant");
    let more = json!({"participant": rich.id.text(Kind::Participant), "amount": 501, "reason": "Test"});
    assert_eq!(client.post(path, &more).await.refusal(422), "amount_overflow", "what was given in all has a range, too");
}
