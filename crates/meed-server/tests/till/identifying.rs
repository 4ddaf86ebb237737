//! Who it is, in every way, and for which store a token is made.

use meed_app::access::{keys, users};
use meed_app::loyalty::participants::{self, MeansInput};
use meed_app::loyalty::{MerchantDocument, SchemeDocument, TierDocument, TillSettingsDocument, UnitDocument, records};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{AutoSpend, Membership, Participant};
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, basic, claims, code, hex, on_both_engines, post, purchase};

on_both_engines!(
    pos_004_a_token_is_for_the_unit_that_is_named_or_the_default_one,
    pos_014_an_identifier_needs_its_pass_code,
    pos_015_an_access_token_that_is_not_effective_identifies_nobody,
    pos_016_show_tells_schemes_tier_auto_spend_block_currency_and_owner,
    a_one_time_code_is_good_for_one_sale_and_its_repeats,
    two_sales_with_one_code_at_once_are_one_sale,
    an_account_has_a_name,
    a_customer_of_the_identity_service_gets_a_token,
);

const SHOW: &str = "rewards_participants/show";
const CREATE: &str = "customer_events/purchases/create";
const PREVIEW: &str = "customer_events/purchases/preview";

fn by_token(inner: Value) -> Value {
    json!({"rewards_participant_identifier": {"access_token_identifier": inner}})
}

/// A purchase by somebody else than Anna's card.
fn bought_by(inner: Value, reference: &str) -> Value {
    let mut body = purchase(reference, &[("bread", "20.00")]);
    body["rewards_participant_identifier"] = json!({"access_token_identifier": inner});
    body
}

async fn pos_004_a_token_is_for_the_unit_that_is_named_or_the_default_one(shop: &Shop) {
    let (app, ctx) = (&shop.app.app, &shop.ctx);
    let unit = async |code: &str| {
        let document = UnitDocument { name: code.into(), code: code.into(), ..UnitDocument::default() };
        records::put(app, ctx, None, &document).await.expect("a unit")
    };
    let (second, third, fourth) = (unit("second").await, unit("third").await, unit("fourth").await);
    let (user, link) = users::invite(app, ctx.workspace, "Ines", "ines@corner.example").await.expect("a link");
    users::accept_link(app, &link, "Ines", "Aurora-2026").await.expect("a password");
    let by_key = async |body: Value| claims(&shop.fresh_token(&body).await)["oun"].clone();
    let by_password = async |unit: Option<Id>| {
        let mut body = json!({"username": "ines@corner.example", "password": "Aurora-2026", "organisation": "corner"});
        if let Some(unit) = unit {
            body["unit"] = json!(hex(unit));
        }
        let answer = post(&shop.client, "authentication/token", &body).await;
        claims(answer["data"]["token"].as_str().expect("a token"))["oun"].clone()
    };
    assert_eq!((by_key(json!({})).await, by_password(None).await), (json!(hex(shop.unit)), json!(hex(shop.unit))), "the first store");
    let key = keys::list(app, ctx).await.expect("keys").pop().expect("a key").id;
    let text = |unit: Id| unit.text(Kind::Unit);
    let settings = json!({
        "default_unit": text(second),
        "default_units": [{"of": user.text(Kind::User), "unit": text(third)}, {"of": key.text(Kind::Key), "unit": text(fourth)}],
    });
    let admin = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
    let kept = admin.send("PUT", "/v1/till_settings", &[], settings.to_string().as_bytes()).await.expect(200);
    assert_eq!((&kept["default_unit"], kept["default_units"].as_array().map(Vec::len)), (&settings["default_unit"], Some(2)));
    assert_eq!((by_key(json!({})).await, by_password(None).await), (json!(hex(fourth)), json!(hex(third))), "each its own");
    assert_eq!(by_key(json!({"unit": hex(shop.unit)})).await, json!(hex(shop.unit)));
    assert_eq!(by_password(Some(shop.unit)).await, json!(hex(shop.unit)));
    let workspace_wide = json!({"default_unit": text(second)}).to_string();
    admin.send("PUT", "/v1/till_settings", &[], workspace_wide.as_bytes()).await.expect(200);
    assert_eq!((by_key(json!({})).await, by_password(None).await), (json!(hex(second)), json!(hex(second))), "the workspace's");
    let nowhere = shop.client.with("authorization", &basic(&shop.secret));
    let answer = post(&nowhere, "authentication/web_api_key/token", &json!({"unit": hex(Id(7))})).await;
    assert_eq!(code(&answer), "ENTITY_NOT_FOUND");
}

async fn pos_014_an_identifier_needs_its_pass_code(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let phone = "+1 555 0100";
    for (inner, wanted) in [
        (json!({"identifier": phone}), "MANDATORY_PARAMETER_MISSING"),
        (json!({"identifier": phone, "pass_code": "2469"}), "INVALID_PASS_CODE"),
        (json!({"identifier": phone, "pass_code": ""}), "INVALID_PASS_CODE"),
        (json!({"identifier": "+1 555 0199", "pass_code": "2468"}), "ENTITY_NOT_FOUND"),
        (json!({"identifier": "4711", "pass_code": "2468"}), "INVALID_PASS_CODE"),
        (json!({"pass_code": "2468"}), "SEMI_OPTIONAL_CONFLICT"),
    ] {
        assert_eq!(shop.refused(SHOW, by_token(inner.clone())).await, wanted, "{inner}");
        for method in [PREVIEW, CREATE] {
            assert_eq!(shop.refused(method, bought_by(inner.clone(), "R1")).await, wanted, "{method} {inner}");
        }
    }
    assert_eq!(shop.balance().await, "0.00");
    let right = json!({"identifier": "+15550100", "pass_code": 2468});
    assert_eq!(shop.ok(SHOW, by_token(right.clone())).await["number"], "RP0000000019");
    shop.ok(CREATE, bought_by(right, "R1")).await;
    assert_eq!(shop.balance().await, "1.00");
}

async fn pos_015_an_access_token_that_is_not_effective_identifies_nobody(shop: &Shop) {
    let card = json!({"authentication_code": "4711"});
    let made = shop.ok(CREATE, bought_by(card.clone(), "R1")).await;
    participants::set_means_state(&shop.app.app, &shop.ctx, "4711", false).await.expect("switched");
    let wanted = "ACCESS_TOKEN_NOT_EFFECTIVE";
    assert_eq!(shop.refused(SHOW, by_token(card.clone())).await, wanted);
    assert_eq!(shop.refused("wallets/get_balance", by_token(card.clone())).await, wanted);
    for method in [PREVIEW, CREATE] {
        assert_eq!(shop.refused(method, bought_by(card.clone(), "R2")).await, wanted, "{method}");
    }
    let mut spend = crate::shop::spend(&made, Some("1.00"));
    spend["rewards_participant_identifier"] = json!({"access_token_identifier": card});
    assert_eq!(shop.refused("customer_events/spend_requests/create", spend).await, wanted);
    let key = shop.client.with("authorization", &basic(&shop.secret));
    let answer = post(&key, "authentication/consumer_application_key/token", &json!({"access_token_identifier": card})).await;
    assert_eq!(code(&answer), wanted);
    let listed = shop.ok("customer_events/purchases/list", json!({"rewards_participant_identifier": {"number": "RP0000000019"}})).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "nothing was bought");
    participants::set_means_state(&shop.app.app, &shop.ctx, "4711", true).await.expect("switched");
    assert_eq!(shop.ok(SHOW, by_token(card)).await["number"], "RP0000000019");
}

async fn pos_016_show_tells_schemes_tier_auto_spend_block_currency_and_owner(shop: &Shop) {
    let (app, ctx) = (&shop.app.app, &shop.ctx);
    let tiers = vec![
        TierDocument { code: "silver".into(), name: "Silver".into(), color: Some("#c0c0c0".into()), threshold: "0".into() },
        TierDocument { code: "gold".into(), name: "Gold".into(), color: None, threshold: "150".into() },
    ];
    shop.settings(TillSettingsDocument { tiers, ..TillSettingsDocument::default() }).await;
    let scheme = async |code: &str| {
        let document = SchemeDocument { name: code.into(), code: code.into(), automatic: false, ..SchemeDocument::default() };
        records::put(app, ctx, None, &document).await.expect("a scheme")
    };
    let (joined, left) = (scheme("wine").await, scheme("cheese").await);
    let merchant = MerchantDocument { name: "Corner Ltd".into(), units: vec![shop.unit.0], ..MerchantDocument::default() };
    let merchant = records::put(app, ctx, None, &merchant).await.expect("a merchant");
    let now_us = app.now_us();
    let member = |scheme: Id, until_us: Option<i64>| Membership { scheme, since_us: now_us - 1_000_000, until_us, unit: Some(shop.unit) };
    let person = Participant {
        number: "RP7".into(),
        name: "Cleo Marsh".into(),
        first_name: "Cleo".into(),
        last_name: "Marsh".into(),
        born: Some(jiff::civil::date(1990, 4, 12)),
        name_day: Some((7, 26)),
        gender: Some("F".into()),
        sign_up_unit: Some(shop.unit),
        schemes: vec![member(joined, None), member(left, Some(now_us))],
        auto_spend: AutoSpend {
            is_enabled: true,
            minimum_balance: 500,
            minimum_spend: 100,
            maximum_spend: Some(2_000),
            merchants: vec![merchant],
            updated_us: now_us,
        },
        is_blocked: true,
        ..Participant::default()
    };
    let card = vec![MeansInput { kind: "card".into(), code: "4777".into(), ..MeansInput::default() }];
    let cleo = participants::create(app, ctx, person, card).await.expect("a participant");
    shop.ok(CREATE, bought_by(json!({"authentication_code": "4777"}), "R1")).await;
    let mut big = bought_by(json!({"authentication_code": "4777"}), "R2");
    big["products_set"][0]["net_amount"] = json!(130);
    big["products_set"][0]["total_amount"] = json!(130);
    shop.ok(CREATE, big).await;
    let found = shop.ok(SHOW, json!({"rewards_participant_identifier": {"number": "RP7"}})).await;
    assert_eq!((&found["id"], &found["life_cycle_state"]), (&json!(hex(cleo.id)), &json!("EFFECTIVE")));
    let schemes: Vec<&Value> =
        found["participating_schemes_set"].as_array().expect("schemes").iter().map(|row| &row["scheme"]["alternative_code"]).collect();
    assert_eq!(schemes, [&json!("club"), &json!("wine")]);
    assert_eq!(found["participating_schemes_set"][1]["sign_up_by_unit"]["alternative_code"], "high");
    assert_eq!(found["left_schemes_set"][0]["scheme"]["name"], "cheese");
    assert!(found["left_schemes_set"][0]["sign_off_on"].is_string());
    assert_eq!((&found["reward_tier"]["code"], &found["reward_tier"]["name"]), (&json!("gold"), &json!("Gold")), "150 is inclusive");
    assert_eq!(found["currency"]["code"], "USD");
    assert_eq!(found["spend_blocking_state"], "BLOCKED");
    let auto = &found["auto_spend_authorisation"];
    assert_eq!((&auto["is_enabled"], &auto["minimum_wallet_balance"]), (&json!(true), &json!(5.0)));
    assert_eq!((&auto["minimum_spend_amount"], &auto["maximum_spend_amount"]), (&json!(1.0), &json!(20.0)));
    assert_eq!(auto["authorised_rewards_participating_merchants_set"][0]["name"], "Corner Ltd");
    let owner = &found["accounts_receivable"]["account_owner"];
    assert_eq!((&owner["type"], &owner["first_name"], &owner["last_name"]), (&json!("PERSON"), &json!("Cleo"), &json!("Marsh")));
    assert_eq!(owner["demographics"]["date_of_birth"], json!({"day": 12, "month": 4, "year": 1990}));
    assert_eq!(owner["demographics"]["name_day"], json!({"day": 26, "month": 7}));
    assert_eq!(found["accounts_receivable"]["number"], "RP7");
    assert!(found["log_information"]["created_date"].is_string() && found.get("udf_string_1").is_some());
}

async fn a_one_time_code_is_good_for_one_sale_and_its_repeats(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let (app, ctx) = (&shop.app.app, &shop.ctx);
    let (otp, _) = participants::one_time_code(app, ctx, shop.anna.id).await.expect("a code");
    let otp = json!({"one_time_password": otp.parse::<i64>().expect("digits")});
    let mut body = bought_by(otp.clone(), "R1");
    body["external_system_reference_number"] = json!("till-1/1");
    shop.ok(SHOW, by_token(otp.clone())).await;
    shop.ok(PREVIEW, bought_by(otp.clone(), "R1")).await;
    let made = shop.ok(CREATE, body.clone()).await;
    assert_eq!(shop.ok(CREATE, body).await["id"], made["id"], "the line was cut: the same request again");
    assert_eq!(shop.refused(CREATE, bought_by(otp.clone(), "R2")).await, "INVALID_OTP");
    assert_eq!(shop.refused(SHOW, by_token(otp)).await, "INVALID_OTP");
    assert_eq!(shop.balance().await, "1.00");
    let (late, _) = participants::one_time_code(app, ctx, shop.anna.id).await.expect("a code");
    shop.app.clock.advance_seconds(300);
    assert_eq!(shop.refused(SHOW, by_token(json!({"one_time_password": late}))).await, "INVALID_OTP", "five minutes are over");
    let (spends, _) = participants::one_time_code(app, ctx, shop.anna.id).await.expect("a code");
    let small = shop.buy("R3", &[("milk", "3.00")]).await;
    let mut spend = crate::shop::spend(&small, Some("0.50"));
    spend["rewards_participant_identifier"] = json!({"access_token_identifier": {"one_time_password": spends}});
    shop.ok("customer_events/spend_requests/create", spend.clone()).await;
    assert_eq!(shop.refused("customer_events/spend_requests/create", spend).await, "INVALID_OTP", "a spend uses it up");
}

async fn two_sales_with_one_code_at_once_are_one_sale(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let (otp, _) = participants::one_time_code(&shop.app.app, &shop.ctx, shop.anna.id).await.expect("a code");
    let sale = |number: i32| shop.call(CREATE, bought_by(json!({"one_time_password": otp}), &format!("R{number}")));
    let answers = [tokio::join!(sale(1), sale(2)), tokio::join!(sale(3), sale(4))];
    let mut codes: Vec<String> = answers.iter().flat_map(|(one, two)| [code(one).to_owned(), code(two).to_owned()]).collect();
    codes.sort();
    assert_eq!(codes, ["INVALID_OTP", "INVALID_OTP", "INVALID_OTP", "OK"]);
    assert_eq!(shop.balance().await, "1.00");
}

async fn an_account_has_a_name(shop: &Shop) {
    shop.other_customer().await;
    let named = |name: &str| json!({"accounts_receivable_identifier": {"name": name}});
    assert_eq!(shop.ok("accounts_receivable/show", named("Ben Cole")).await["name"], "Ben Cole");
    assert_eq!(shop.refused("accounts_receivable/show", named("Nobody")).await, "ENTITY_NOT_FOUND");
    let twin = Participant { name: "Ben Cole".into(), ..Participant::default() };
    participants::create(&shop.app.app, &shop.ctx, twin, Vec::new()).await.expect("a participant");
    assert_eq!(shop.refused("accounts_receivable/show", named("Ben Cole")).await, "NAME_NOT_UNIQUE");
    let wrong = json!({"rewards_participant_identifier": {"name": "Anna Reed"}});
    assert_eq!(shop.refused(SHOW, wrong).await, "PARAMETER_UNKNOWN", "a participant has none");
    let listed = shop.ok("rewards_participants/list", named("Anna Reed")).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let path = format!("/crmapi/rest/v2/accounts_receivable/show?token={}&accounts_receivable_identifier=name=Anna%20Reed", shop.token);
    assert_eq!(crate::shop::envelope(&shop.client.get(&path).await)["data"]["number"], "RP0000000019");
}

const IDENTITY_KEY: &str = "a key of the identity service, 32+ bytes";

async fn a_customer_of_the_identity_service_gets_a_token(shop: &Shop) {
    let method = "authentication/consumer_application_key/token";
    let token = crate::shop::signed(IDENTITY_KEY, &json!({"sub": "+1 555 0100", "exp": 4_102_444_800i64}));
    let login = |jwt: &str| json!({"jwt": jwt, "organisation": "corner"});
    assert_eq!(code(&post(&shop.client, method, &login(&token)).await), "INVALID_CREDENTIALS", "nobody trusts it yet");
    let admin = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
    let put = async |body: Value| admin.send("PUT", "/v1/till_settings", &[], body.to_string().as_bytes()).await;
    assert_eq!(put(json!({"identity_key": "short"})).await.refusal(422), "identity_key_short");
    assert_eq!(put(json!({"identity_key": IDENTITY_KEY})).await.expect(200)["identity_key"], Value::Null, "it is never shown");
    assert_eq!(put(json!({"minimum_spend": 2, "maximum_spend": 1})).await.refusal(422), "spend_limits_crossed");
    put(json!({"minimum_spend": 1})).await.expect(200);
    let answer = post(&shop.client, method, &login(&token)).await;
    let own = answer["data"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    assert_eq!(claims(&own)["cii"], json!(hex(shop.anna.id)));
    let call = async |who: Value| {
        let body = json!({"token": own, "rewards_participant_identifier": who});
        code(&post(&shop.client, "wallets/get_balance", &body).await).to_owned()
    };
    assert_eq!(call(json!({"number": "RP0000000019"})).await, "OK");
    let ben = shop.other_customer().await;
    assert_eq!(call(json!({"id": hex(ben.id)})).await, "ACCESS_DENIED");
    let mut sale = purchase("R1", &[("bread", "1.00")]);
    sale["token"] = json!(own);
    assert_eq!(code(&post(&shop.client, CREATE, &sale).await), "ACCESS_DENIED");
    let (ended, other, unknown) = (
        crate::shop::signed(IDENTITY_KEY, &json!({"sub": "4711", "exp": 1_000})),
        crate::shop::signed("another key that is long enough, too", &json!({"sub": "4711", "exp": 4_102_444_800i64})),
        crate::shop::signed(IDENTITY_KEY, &json!({"sub": "nobody", "exp": 4_102_444_800i64})),
    );
    for (jwt, wanted) in [
        (ended.as_str(), "EXPIRED_TOKEN"),
        (other.as_str(), "INVALID_CREDENTIALS"),
        (unknown.as_str(), "ENTITY_NOT_FOUND"),
        ("x.y.z", "INVALID_CREDENTIALS"),
    ] {
        assert_eq!(code(&post(&shop.client, method, &login(jwt)).await), wanted, "{jwt}");
    }
    let missing = json!({"jwt": token});
    assert_eq!(code(&post(&shop.client, method, &missing).await), "MANDATORY_PARAMETER_MISSING");
    put(json!({"identity_key": ""})).await.expect(200);
    assert_eq!(code(&post(&shop.client, method, &login(&token)).await), "INVALID_CREDENTIALS", "it is trusted no more");
}
