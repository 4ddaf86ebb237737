//! Previews: what they say, and that they write nothing.

use meed_app::loyalty::{MerchantDocument, PromoCodeDocument, TillSettingsDocument, participants, records};
use meed_core::id::Kind;
use meed_core::money::Exact;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, cents, on_both_engines, purchase, spend};

on_both_engines!(
    pos_017_a_preview_writes_nothing,
    pos_019_a_preview_reports_limits_method_permission_and_balance,
    pos_020_what_may_be_added_is_what_the_purchase_leaves_and_the_wallet_may_pay,
    pos_021_vouchers_are_neither_automatic_nor_additional,
);

const CREATE: &str = "customer_events/purchases/create";
const PREVIEW: &str = "customer_events/purchases/preview";

fn anna() -> Value {
    json!({"rewards_participant_identifier": {"number": "RP0000000019"}})
}

/// Everything of Anna that a preview could have changed.
async fn state_of(shop: &Shop) -> Value {
    let admin = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
    let id = shop.anna.id.text(Kind::Participant);
    let mut all = json!({});
    for (name, method) in [
        ("participant", "rewards_participants/show"),
        ("balance", "wallets/get_balance"),
        ("parts", "wallets/get_balance_breakdown"),
        ("journal", "wallets/journal"),
        ("purchases", "customer_events/purchases/list"),
        ("spends", "customer_events/spend_requests/list"),
    ] {
        all[name] = shop.ok(method, anna()).await;
    }
    for name in ["wallets", "progress", "journal"] {
        all[format!("v1 {name}")] = admin.get(&format!("/v1/participants/{id}/{name}")).await.expect(200);
    }
    all["offers"] = admin.get("/v1/offers").await.expect(200);
    all
}

async fn pos_017_a_preview_writes_nothing(shop: &Shop) {
    shop.offer(&format!("{FIVE_PERCENT}[spend]\nexpires = \"30 days\"\n")).await;
    shop.offer("name = \"Only once\"\nstacks = true\nrepeats = \"once\"\nuses_max = 1\n[award]\namount = 2\n").await;
    shop.offer("name = \"Instant\"\nstacks = true\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    shop.offer("name = \"Third\"\nstacks = true\nclass = \"number\"\nat_least = 3\nwithin = \"90 days\"\n[award]\namount = 7\n").await;
    let promo = PromoCodeDocument { code: "SPRING".into(), uses_max: Some(1), ..PromoCodeDocument::default() };
    records::put(&shop.app.app, &shop.ctx, None, &promo).await.expect("a promo code");
    let first = shop.ok(CREATE, purchase("R0", &[("milk", "40.00")])).await;
    shop.ok("customer_events/spend_requests/create", spend(&first, Some("0.50"))).await;
    let (otp, _) = participants::one_time_code(&shop.app.app, &shop.ctx, shop.anna.id).await.expect("a code");
    let mut body = purchase("R1", &[("bread", "30.00"), ("wine", "10.00")]);
    body["rewards_participant_identifier"] = json!({"access_token_identifier": {"one_time_password": otp}});
    body["promo_code"] = json!("spring");
    body["requested_spend_amount"] = json!(1);
    body["external_system_reference_number"] = json!("till/1");
    let before = state_of(shop).await;
    let seen = shop.ok(PREVIEW, body.clone()).await;
    for _ in 0..3 {
        assert_eq!(shop.ok(PREVIEW, body.clone()).await, seen, "the same state, the same answer");
    }
    assert_eq!(state_of(shop).await, before);
    // The code, the promo code, the reference and the limits are all still free.
    body["requested_spend_amount"] = Value::Null;
    let made = shop.ok(CREATE, body).await;
    assert_eq!(cents(&made["total_awarded_amount"]), cents(&seen["total_award_amount"]));
    assert_ne!(state_of(shop).await, before, "a purchase is seen there");
}

async fn pos_019_a_preview_reports_limits_method_permission_and_balance(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    shop.buy("R0", &[("wine", "200.00")]).await;
    let body = purchase("R1", &[("bread", "20.00")]);
    let seen = async || {
        let seen = shop.ok(PREVIEW, body.clone()).await;
        let limit = |name: &str| seen[name].as_f64().map(|amount| format!("{amount:.2}"));
        let limits = (limit("minimum_spend_amount_per_transaction"), limit("maximum_spend_amount_per_transaction"));
        let text = |name: &str| seen[name].to_string();
        (
            limits,
            text("reduction_method"),
            text("allow_spending"),
            cents(&seen["wallet_balance"]),
            cents(&seen["total_additional_spend_amount"]),
        )
    };
    let amount = |text: &str| Some(text.to_owned());
    let front = "\"FRONT_END_REDUCTION\"".to_owned();
    assert_eq!(seen().await, ((amount("0.00"), None), front.clone(), "true".into(), "10.00".into(), "10.00".into()));
    shop.settings(TillSettingsDocument { minimum_spend: 150, maximum_spend: Some(700), ..TillSettingsDocument::default() }).await;
    assert_eq!(seen().await.0, (amount("1.50"), amount("7.00")));
    let merchant = MerchantDocument { name: "Corner Ltd".into(), units: vec![shop.unit.0], pays_back: true, ..MerchantDocument::default() };
    let merchant_id = records::put(&shop.app.app, &shop.ctx, None, &merchant).await.expect("a merchant");
    assert_eq!(seen().await.1, "\"BACK_END_REDUCTION\"");
    let closed = MerchantDocument { allows_spending: false, ..merchant };
    records::put(&shop.app.app, &shop.ctx, Some(merchant_id), &closed).await.expect("a merchant");
    let (_, _, allowed, balance, additional) = seen().await;
    assert_eq!(
        (allowed.as_str(), balance.as_str(), additional.as_str()),
        ("false", "10.00", "0.00"),
        "it is there, but not to be spent here"
    );
}

async fn pos_020_what_may_be_added_is_what_the_purchase_leaves_and_the_wallet_may_pay(shop: &Shop) {
    shop.offer("name = \"Bakery money\"\n[award]\namount = 4\n[spend]\ncondition = \"line.family == 'bakery'\"\n").await;
    shop.offer("name = \"Free money\"\nstacks = true\ncondition = \"line.family == 'drinks'\"\n[award]\namount = 5\n").await;
    shop.offer("name = \"Off at once\"\nstacks = true\ncondition = \"line.family == 'dairy'\"\n[award]\namount = 1\n[spend]\nmethod = \"instant\"\n").await;
    shop.buy("R0", &[("wine", "100.00")]).await;
    assert_eq!(shop.balance().await, "9.00");
    let additional = async |lines: &[(&str, &str)]| {
        let seen = shop.ok(PREVIEW, purchase("R1", lines)).await;
        let (additional, instant) = (cents(&seen["total_additional_spend_amount"]), cents(&seen["total_instant_spend_amount"]));
        let number = |text: &str| text.parse::<Exact>().expect("an amount");
        let total: Exact = lines.iter().map(|(_, amount)| number(amount)).sum();
        assert!(number(&additional) <= total - number(&instant), "{lines:?}: {additional}");
        additional
    };
    assert_eq!(additional(&[("wine", "20.00")]).await, "5.00", "bakery money buys no wine");
    assert_eq!(additional(&[("bread", "20.00")]).await, "9.00", "both buy bread");
    assert_eq!(additional(&[("bread", "3.00"), ("wine", "20.00")]).await, "8.00", "no more bakery money than bread");
    assert_eq!(additional(&[("wine", "2.50")]).await, "2.50", "no more than the purchase");
    assert_eq!(additional(&[("milk", "3.00")]).await, "2.00", "a part is off at once already");
    let made = shop.buy("R2", &[("bread", "3.00"), ("wine", "20.00")]).await;
    let spent = shop.ok("customer_events/spend_requests/create", spend(&made, None)).await;
    assert_eq!(cents(&spent["spend_amount"]), "8.00", "what was promised can be spent");
}

async fn pos_021_vouchers_are_neither_automatic_nor_additional(shop: &Shop) {
    shop.offer("name = \"A voucher\"\n[award]\namount = 3\n[spend]\nmethod = \"voucher\"\n").await;
    shop.offer("name = \"Money\"\nstacks = true\n[award]\namount = 2\n").await;
    shop.buy("R0", &[("wine", "10.00")]).await;
    assert_eq!(shop.balance().await, "2.00", "a voucher is not in the wallet");
    let mut person = shop.anna.participant.clone();
    person.auto_spend.is_enabled = true;
    participants::update(&shop.app.app, &shop.ctx, shop.anna.id, person, Vec::new()).await.expect("a participant");
    let body = purchase("R1", &[("wine", "10.00")]);
    let seen = shop.ok(PREVIEW, body.clone()).await;
    let amount = |data: &Value, name: &str| cents(&data[name]);
    assert_eq!(amount(&seen, "total_automatic_spend_amount"), "2.00", "the money alone: {seen}");
    assert_eq!(amount(&seen, "total_additional_spend_amount"), "0.00");
    assert_eq!(amount(&seen, "total_instant_spend_amount"), "0.00");
    assert_eq!(
        (&seen["voucher_types_set"][0]["name"], amount(&seen["voucher_types_set"][0], "amount")),
        (&json!("A voucher"), "3.00".into())
    );
    let made = shop.ok(CREATE, body).await;
    assert_eq!((amount(&made, "total_automatic_spend_amount"), amount(&made, "total_spend_amount")), ("2.00".into(), "2.00".into()));
}
