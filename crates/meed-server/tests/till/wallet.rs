//! Balance, breakdown, expiry and journal.

use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, cents, on_both_engines, spend};

on_both_engines!(
    pos_052_a_future_balance_leaves_out_what_will_have_expired,
    a_breakdown_shows_what_is_bound_and_what_is_free,
    the_journal_tells_what_happened,
);

fn anna() -> Value {
    json!({"rewards_participant_identifier": {"number": "RP0000000019"}})
}

fn anna_and(name: &str, value: &str) -> Value {
    let mut body = anna();
    body[name] = json!(value);
    body
}

async fn pos_052_a_future_balance_leaves_out_what_will_have_expired(shop: &Shop) {
    shop.offer("name = \"Short\"\n[award]\npercent = \"5%\"\n[spend]\nexpires = \"2026-04-30\"\n").await;
    shop.offer("name = \"Long\"\nstacks = true\n[award]\namount = 1\n").await;
    shop.buy("R1", &[("wine", "100.00")]).await;
    let balance = async |date: &str| cents(&shop.ok("wallets/get_balance", anna_and("as_of_date", date)).await["balance"]);
    assert_eq!(shop.balance().await, "6.00");
    assert_eq!(balance("2026-04-10").await, "6.00");
    assert_eq!(balance("2026-04-29").await, "6.00");
    assert_eq!(balance("2026-05-02").await, "1.00");
    assert_eq!(shop.refused("wallets/get_balance", anna_and("as_of_date", "2026-04-09")).await, "DATE_IN_PAST");
    assert_eq!(shop.refused("wallets/get_balance", anna_and("as_of_date", "tomorrow")).await, "PARAMETER_INVALID");
    let due = shop.ok("wallets/get_balance_expiration", anna_and("threshold_date", "2026-05-02")).await;
    assert_eq!((cents(&due["expired_amount"]), cents(&due["remaining_amount"])), ("5.00".into(), "1.00".into()));
    assert_eq!(due["expiration_set"].as_array().map(Vec::len), Some(1));
    assert_eq!(shop.refused("wallets/get_balance_expiration", anna()).await, "MANDATORY_PARAMETER_MISSING");
    let both = json!({"rewards_participant_identifier": {"number": "1"}, "wallet_identifier": {"number": "1"}});
    assert_eq!(shop.refused("wallets/get_balance", both).await, "SEMI_OPTIONAL_CONFLICT");
}

async fn a_breakdown_shows_what_is_bound_and_what_is_free(shop: &Shop) {
    shop.offer("name = \"Bakery money\"\n[award]\namount = 2\n[spend]\ncondition = \"line.family == 'bakery'\"\n").await;
    shop.offer("name = \"Free money\"\nstacks = true\n[award]\namount = 3\n").await;
    shop.buy("R1", &[("wine", "100.00")]).await;
    let balance = shop.ok("wallets/get_balance", anna()).await;
    assert_eq!((cents(&balance["balance"]), cents(&balance["conditional_balance"])), ("5.00".into(), "2.00".into()));
    let parts = shop.ok("wallets/get_balance_breakdown", anna()).await;
    assert_eq!(cents(&parts["no_allotments_included"]["balance"]), "3.00", "{parts}");
    let group = &parts["allotments_set"][0];
    assert_eq!((cents(&group["balance"]), &group["name"]), ("2.00".into(), &json!("Bakery money")));
}

async fn the_journal_tells_what_happened(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R1", &[("wine", "100.00")]).await;
    let made = shop.buy("R2", &[("milk", "20.00")]).await;
    shop.ok("customer_events/spend_requests/create", spend(&made, Some("2.00"))).await;
    let rows = shop.ok("wallets/journal", anna()).await;
    let row = |place: usize| (rows[place]["type"].clone(), cents(&rows[place]["credit_amount"]), cents(&rows[place]["debit_amount"]));
    assert_eq!(row(0), (json!("SPEND_REQUEST"), "0.00".into(), "2.00".into()));
    assert_eq!(row(1), (json!("PURCHASE"), "1.00".into(), "0.00".into()));
    assert_eq!(row(2), (json!("PURCHASE"), "5.00".into(), "0.00".into()));
    assert_eq!(rows[2]["description"], "R1");
}
