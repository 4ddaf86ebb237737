//! Spending on request, alone and with the purchase.

use serde_json::json;

use crate::shop::{FIVE_PERCENT, Shop, cents, code, on_both_engines, purchase, spend};

on_both_engines!(
    pos_035_and_pos_036_what_is_asked_and_what_is_spent,
    pos_037_no_more_than_the_purchase_and_pos_039_limits,
    pos_041_only_a_posted_purchase_can_be_paid,
    pos_042_create_spend_is_all_or_nothing,
    pos_043_what_was_redeemed_is_read_again,
    pos_047_a_cancelled_spend_is_back_in_the_wallet,
    pos_063_purchases_are_listed_by_what_was_spent_on_them,
);

const SPEND: &str = "customer_events/spend_requests/create";

/// Ten dollars in the wallet.
async fn ten(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "200.00")]).await;
    assert_eq!(shop.balance().await, "10.00");
}

async fn pos_035_and_pos_036_what_is_asked_and_what_is_spent(shop: &Shop) {
    ten(shop).await;
    let small = shop.buy("R1", &[("bread", "4.00")]).await;
    let spent = shop.ok(SPEND, spend(&small, None)).await;
    assert_eq!((cents(&spent["requested_spend_amount"]), cents(&spent["spend_amount"])), ("4.00".into(), "4.00".into()));
    assert_eq!((&spent["type"], &spent["life_cycle_state"]), (&json!("SPEND REQUEST"), &json!("POSTED")));
    assert_eq!((&spent["reduction_method"], &spent["instant_spend"]), (&json!("FRONT_END_REDUCTION"), &json!(false)));
    let large = shop.buy("R2", &[("wine", "100.00")]).await;
    let spent = shop.ok(SPEND, spend(&large, Some("50.00"))).await;
    assert_eq!(cents(&spent["requested_spend_amount"]), "50.00");
    assert_eq!(cents(&spent["spend_amount"]), "6.20", "no more than there was before this purchase");
    assert_eq!(shop.balance().await, "5.00", "what it earned pays for the next one");
    let mut all = spend(&large, Some("50.00"));
    all["all_or_nothing"] = json!(1);
    let answer = shop.call(SPEND, all).await;
    assert_ne!(code(&answer), "OK", "{answer}");
}

async fn pos_037_no_more_than_the_purchase_and_pos_039_limits(shop: &Shop) {
    ten(shop).await;
    let made = shop.buy("R1", &[("bread", "6.00")]).await;
    shop.ok(SPEND, spend(&made, Some("4.00"))).await;
    assert_eq!(cents(&shop.ok(SPEND, spend(&made, Some("4.00"))).await["spend_amount"]), "2.00");
    let limits = meed_app::loyalty::TillSettingsDocument { minimum_spend: 200, maximum_spend: Some(500), ..Default::default() };
    shop.settings(limits).await;
    let other = shop.buy("R2", &[("wine", "20.00")]).await;
    for amount in ["1.99", "5.01", "0"] {
        assert_eq!(shop.refused(SPEND, spend(&other, Some(amount))).await, "SPEND_AMOUNT_OUT_OF_RANGE", "{amount}");
    }
    assert_eq!(cents(&shop.ok(SPEND, spend(&other, Some("2.00"))).await["spend_amount"]), "2.00");
    let seen = shop.ok("customer_events/purchases/preview", purchase("R3", &[("wine", "20.00")])).await;
    assert_eq!(cents(&seen["minimum_spend_amount_per_transaction"]), "2.00");
    assert_eq!(cents(&seen["maximum_spend_amount_per_transaction"]), "5.00");
}

async fn pos_041_only_a_posted_purchase_can_be_paid(shop: &Shop) {
    ten(shop).await;
    let made = shop.buy("R1", &[("bread", "6.00")]).await;
    let made_spend = shop.ok(SPEND, spend(&made, Some("1.00"))).await;
    assert_eq!(shop.refused(SPEND, spend(&made_spend, Some("1.00"))).await, "INVALID_EVENT_TYPE");
    let mut nobody = spend(&made, Some("1.00"));
    nobody["purchase_customer_request_identifier"] = json!({"id": "00000000000000000000000000000001"});
    assert_eq!(shop.refused(SPEND, nobody).await, "ENTITY_NOT_FOUND");
}

async fn pos_042_create_spend_is_all_or_nothing(shop: &Shop) {
    ten(shop).await;
    let whole = purchase("R1", &[("bread", "20.00")]);
    let body = |amount: i64, all: bool| {
        json!({
            "rewards_participant_identifier": whole["rewards_participant_identifier"],
            "performed_by_unit_identifier": whole["performed_by_unit_identifier"],
            "performed_on": whole["performed_on"],
            "external_system": "till",
            "purchase": {"reference_number": "R1", "external_system_reference_number": format!("x-{amount}"), "products_set": whole["products_set"]},
            "spend_request": {"spend_amount": amount, "all_or_nothing": all},
        })
    };
    let method = "customer_events/purchases/create_spend";
    let listed = async || {
        let of_anna = json!({"rewards_participant_identifier": {"number": "RP0000000019"}, "fields_set": "id"});
        shop.ok("customer_events/purchases/list", of_anna).await.as_array().map(Vec::len)
    };
    assert_ne!(shop.refused(method, body(15, true)).await, "");
    assert_eq!((listed().await, shop.balance().await), (Some(1), "10.00".into()), "neither purchase nor award");
    let both = shop.ok(method, body(8, true)).await;
    assert_eq!(cents(&both["spend_request"]["spend_amount"]), "8.00");
    assert_eq!(cents(&both["purchase"]["total_spend_amount"]), "8.00");
    assert_eq!((listed().await, shop.balance().await), (Some(2), "3.00".into()));
    let again = shop.ok(method, body(8, true)).await;
    assert_eq!(again["purchase"]["id"], both["purchase"]["id"]);
    assert_eq!(shop.balance().await, "3.00");
}

async fn pos_043_what_was_redeemed_is_read_again(shop: &Shop) {
    ten(shop).await;
    shop.offer("name = \"Instant\"\nstacks = true\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    let made = shop.buy("R1", &[("bread", "20.00")]).await;
    let spent = shop.ok(SPEND, spend(&made, Some("4.00"))).await;
    let shown = shop.ok("customer_events/purchases/show", json!({"customer_event_identifier": {"id": made["id"]}})).await;
    let text = |name: &str| cents(&shown[name]);
    assert_eq!((text("total_instant_spend_amount"), text("total_automatic_spend_amount")), ("1.00".into(), "0.00".into()));
    assert_eq!((text("total_additional_spend_amount"), text("total_spend_amount")), ("4.00".into(), "5.00".into()));
    assert_eq!(cents(&spent["purchase_customer_event"]["total_spend_amount"]), "5.00");
    assert_eq!(shown["spend_requests_set"][0]["id"], spent["id"]);
}

async fn pos_047_a_cancelled_spend_is_back_in_the_wallet(shop: &Shop) {
    ten(shop).await;
    let made = shop.buy("R1", &[("bread", "20.00")]).await;
    let spent = shop.ok(SPEND, spend(&made, Some("4.00"))).await;
    let which = json!({"customer_event_identifier": {"number": spent["number"]}});
    assert_eq!(shop.ok("customer_events/spend_requests/cancel", which.clone()).await["life_cycle_state"], "CANCELLED");
    assert_eq!(shop.balance().await, "11.00");
    assert_eq!(shop.refused("customer_events/spend_requests/cancel", which.clone()).await, "INVALID_LIFE_CYCLE_STATE");
    assert_eq!(shop.ok("customer_events/spend_requests/show", which).await["life_cycle_state"], "CANCELLED");
    let wrong = json!({"customer_event_identifier": {"id": made["id"]}});
    assert_eq!(shop.refused("customer_events/spend_requests/cancel", wrong).await, "INVALID_EVENT_TYPE");
    let listed = shop.ok("customer_events/spend_requests/list", json!({"purchase_customer_event_identifier": {"id": made["id"]}})).await;
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["id"]), (Some(1), &spent["id"]));
}

async fn pos_063_purchases_are_listed_by_what_was_spent_on_them(shop: &Shop) {
    ten(shop).await;
    let first = shop.buy("R1", &[("bread", "2.00")]).await;
    shop.ok(SPEND, spend(&first, Some("2.00"))).await;
    shop.app.clock.advance_seconds(60);
    let second = shop.buy("R2", &[("bread", "2.00")]).await;
    let list = async |name: &str, value: serde_json::Value| {
        let mut body = json!({"rewards_participant_identifier": {"number": "RP0000000019"}, "fields_set": "id"});
        body[name] = value;
        let data = shop.ok("customer_events/purchases/list", body).await;
        data.as_array().expect("a set").iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(list("spend_requests_applied", json!(true)).await, [first["id"].clone()]);
    assert!(!list("spend_requests_applied", json!(0)).await.contains(&first["id"]));
    assert!(!list("eligible_for_spending", json!(true)).await.contains(&first["id"]), "nothing is left to pay");
    assert_eq!(list("submitted_after_date", json!("2026-04-10T08:00:30")).await, [second["id"].clone()]);
    assert!(!list("submitted_before_date", json!("2026-04-10T08:00:30")).await.contains(&second["id"]));
}
