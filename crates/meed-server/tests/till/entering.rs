//! Tokens, parameters, fields, paging, and who it is.

use meed_app::access::{keys, users};
use meed_app::loyalty::participants;
use meed_core::id::Kind;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, basic, claims, code, envelope, hex, on_both_engines, post, purchase};

on_both_engines!(
    pos_001_a_person_gets_a_token_for_a_unit,
    pos_002_a_token_lives_two_hours_whether_used_or_not,
    pos_003_a_key_travels_as_the_name_of_http_basic,
    pos_005_without_a_good_token_nothing_happens,
    pos_006_a_customers_token_sees_its_own_customer_only,
    pos_007_and_pos_012_query_and_body_mean_the_same,
    pos_008_none_or_two_of_a_group_are_refused,
    pos_010_fields_shape_answers_and_nothing_else,
    pos_013_a_customer_is_identified_in_every_way,
    a_date_outside_the_calendar_is_told_from_one_that_is_written_otherwise,
    a_released_token_and_one_of_a_revoked_key_open_nothing,
);

async fn pos_001_a_person_gets_a_token_for_a_unit(shop: &Shop) {
    let app = &shop.app.app;
    let (_, link) = users::invite(app, shop.ctx.workspace, "Ines", "ines@corner.example").await.expect("a link");
    users::accept_link(app, &link, "Ines", "Aurora-2026").await.expect("a password");
    let login = |change: &[(&str, Value)]| {
        let mut body = json!({"username": "ines@corner.example", "password": "Aurora-2026", "organisation": "corner"});
        for (name, value) in change {
            body[*name] = value.clone();
        }
        body
    };
    assert_eq!(shop.short_name().await, "corner");
    let answer = post(&shop.client, "authentication/token", &login(&[("unit", json!(hex(shop.unit)))])).await;
    assert_eq!(code(&answer), "OK", "{answer}");
    let token = answer["data"]["token"].as_str().expect("a token");
    assert!(token.len() > 32);
    let claims = claims(token);
    for name in ["jti", "usr", "org", "oun", "iat", "exp"] {
        assert!(claims[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {claims}");
    }
    assert_eq!(claims["oun"], json!(hex(shop.unit)));
    let without = post(&shop.client, "authentication/token", &login(&[])).await;
    assert_eq!(crate::shop::claims(without["data"]["token"].as_str().expect("a token"))["oun"], json!(hex(shop.unit)), "the default unit");
    let shown = post(
        &shop.client,
        "rewards_participants/show",
        &json!({"token": token, "rewards_participant_identifier": {"number": "RP0000000019"}}),
    )
    .await;
    assert_eq!(code(&shown), "OK", "{shown}");
    for change in [("password", json!("wrong")), ("organisation", json!("elsewhere")), ("username", json!("nobody@corner.example"))] {
        assert_eq!(code(&post(&shop.client, "authentication/token", &login(&[change])).await), "INVALID_CREDENTIALS");
    }
    let missing = post(&shop.client, "authentication/token", &json!({"username": "ines@corner.example", "password": "Aurora-2026"})).await;
    assert_eq!(code(&missing), "MANDATORY_PARAMETER_MISSING");
    let nowhere = post(&shop.client, "authentication/token", &login(&[("unit", json!("00000000000000000000000000000001"))])).await;
    assert_eq!(code(&nowhere), "ENTITY_NOT_FOUND");
}

async fn pos_002_a_token_lives_two_hours_whether_used_or_not(shop: &Shop) {
    let claims = claims(&shop.token);
    let second = |name: &str| claims[name].as_str().and_then(|text| text.parse::<i64>().ok()).expect("seconds as a text");
    assert_eq!(second("exp") - second("iat"), 7_200);
    let who = json!({"rewards_participant_identifier": {"number": "RP0000000019"}});
    shop.app.clock.advance_seconds(7_199);
    shop.ok("rewards_participants/show", who.clone()).await;
    shop.app.clock.advance_seconds(1);
    assert_eq!(shop.refused("rewards_participants/show", who.clone()).await, "EXPIRED_TOKEN");
    assert_eq!(shop.refused("customer_events/purchases/create", purchase("R1", &[("bread", "2.00")])).await, "EXPIRED_TOKEN");
}

async fn pos_003_a_key_travels_as_the_name_of_http_basic(shop: &Shop) {
    assert!(claims(&shop.token)["jti"].is_string());
    let wrong = shop.client.with("authorization", &basic("mk_wrong"));
    assert_eq!(code(&post(&wrong, "authentication/web_api_key/token", &json!({})).await), "INVALID_CREDENTIALS");
    assert_eq!(code(&post(&shop.client, "authentication/web_api_key/token", &json!({})).await), "INVALID_CREDENTIALS");
    assert_ne!(code(&post(&shop.client, "authentication/web_api_key/token", &json!({"key": shop.secret})).await), "OK");
    let bearer = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
    assert_eq!(code(&post(&bearer, "authentication/web_api_key/token", &json!({})).await), "INVALID_CREDENTIALS");
}

async fn pos_005_without_a_good_token_nothing_happens(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let purchase = purchase("R1", &[("bread", "20.00")]);
    let with = |token: Value| {
        let mut body = purchase.clone();
        body["token"] = token;
        body
    };
    let mut foreign: Vec<&str> = shop.token.split('.').collect();
    let flipped = format!("A{}", &foreign[2][1..]);
    let other = if flipped == foreign[2] { format!("B{}", &foreign[2][1..]) } else { flipped };
    foreign[2] = &other;
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", foreign[1]);
    for token in [json!(null), json!(""), json!("nonsense"), json!(foreign.join(".")), json!(unsigned), json!(shop.secret)] {
        let answer = post(&shop.client, "customer_events/purchases/create", &with(token.clone())).await;
        assert_eq!(code(&answer), "INVALID_TOKEN", "{token}");
    }
    let mut broken = with(json!("nonsense"));
    broken["colour"] = json!("red");
    assert_eq!(
        code(&post(&shop.client, "customer_events/purchases/create", &broken).await),
        "INVALID_TOKEN",
        "nothing is told about the rest"
    );
    let unreadable = b"{\"token\": \"nonsense\",\n \"colour\": }";
    let answer = shop.client.send("POST", "/crmapi/rest/v2/customer_events/purchases/create", &[], unreadable).await.expect(200);
    let said =
        json!({"code": "PARAMETER_INVALID", "message": "the body is not JSON: expected value at line 2 column 12", "description": null});
    assert_eq!(answer["status"], said, "where it is no JSON, and nothing else");
    assert_eq!(shop.balance().await, "0.00");
    assert_eq!(
        shop.ok("customer_events/purchases/list", json!({"rewards_participant_identifier": {"number": "RP0000000019"}})).await,
        json!([])
    );
}

async fn pos_006_a_customers_token_sees_its_own_customer_only(shop: &Shop) {
    let ben = shop.other_customer().await;
    let mine = shop.buy("R1", &[("bread", "2.00")]).await;
    let basic = shop.client.with("authorization", &basic(&shop.secret));
    let body = json!({"access_token_identifier": {"authentication_code": "4712"}});
    let answer = post(&basic, "authentication/consumer_application_key/token", &body).await;
    let token = answer["data"]["token"].as_str().expect("a token").to_owned();
    let found = claims(&token);
    assert_eq!((&found["cii"], &found["acr"]), (&json!(hex(ben.id)), &json!(hex(ben.id))));
    let call = async |method: &str, mut body: Value| {
        body["token"] = json!(token);
        code(&post(&shop.client, method, &body).await).to_owned()
    };
    let own = json!({"rewards_participant_identifier": {"id": hex(ben.id)}});
    let other = json!({"rewards_participant_identifier": {"id": hex(shop.anna.id)}});
    for method in
        ["rewards_participants/show", "wallets/get_balance", "customer_events/purchases/list", "customer_events/spend_requests/list"]
    {
        assert_eq!(call(method, own.clone()).await, "OK", "{method}");
        assert_eq!(call(method, other.clone()).await, "ACCESS_DENIED", "{method}");
    }
    let theirs = json!({"customer_event_identifier": {"id": mine["id"]}});
    assert_eq!(call("customer_events/purchases/show", theirs.clone()).await, "ACCESS_DENIED");
    assert_eq!(call("customer_events/purchases/cancel", theirs).await, "ACCESS_DENIED");
    assert_eq!(call("rewards_participants/list", json!({})).await, "ACCESS_DENIED");
    assert_eq!(call("customer_events/purchases/create", purchase("R2", &[("bread", "2.00")])).await, "ACCESS_DENIED");
    assert_eq!(call("products/synchronise", json!({"products_set": []})).await, "ACCESS_DENIED");
}

async fn pos_007_and_pos_012_query_and_body_mean_the_same(shop: &Shop) {
    let path = format!("/crmapi/rest/v2/rewards_participants/show?token={}&rewards_participant_identifier=number=RP0000000019", shop.token);
    let by_query = envelope(&shop.client.get(&path).await);
    let by_body = shop.call("rewards_participants/show", json!({"rewards_participant_identifier": {"number": "RP0000000019"}})).await;
    assert_eq!(by_query, by_body);
    assert_eq!(code(&by_query), "OK", "{by_query}");
    let purchase = shop.buy("R1", &[("bread", "2.00")]).await;
    let number = purchase["number"].as_str().expect("a number");
    let path = format!(
        "/crmapi/rest/v2/customer_events/purchases/show?token={}&customer_event_identifier=number={number}&fields_set=id",
        shop.token
    );
    assert_eq!(envelope(&shop.client.get(&path).await)["data"], json!({"id": purchase["id"]}));
}

async fn pos_008_none_or_two_of_a_group_are_refused(shop: &Shop) {
    let by = |identifier: Value| json!({"rewards_participant_identifier": identifier});
    let show = "rewards_participants/show";
    assert_eq!(shop.refused(show, json!({})).await, "SEMI_OPTIONAL_CONFLICT");
    assert_eq!(shop.refused(show, by(json!({}))).await, "SEMI_OPTIONAL_CONFLICT");
    assert_eq!(shop.refused(show, by(json!({"number": "RP0000000019", "id": hex(shop.anna.id)}))).await, "SEMI_OPTIONAL_CONFLICT");
    let both = json!({"rewards_participant_identifier": {"number": "1"}, "accounts_receivable_identifier": {"number": "1"}});
    assert_eq!(shop.refused(show, both).await, "SEMI_OPTIONAL_CONFLICT");
    let token = |inner: Value| by(json!({"access_token_identifier": inner}));
    assert_eq!(shop.refused(show, token(json!({"identifier": "+1 555 0100"}))).await, "MANDATORY_PARAMETER_MISSING");
    let wrong = token(json!({"identifier": "+1 555 0100", "pass_code": "9999"}));
    assert_eq!(shop.refused(show, wrong).await, "INVALID_PASS_CODE");
    assert_eq!(shop.refused(show, token(json!({"one_time_password": 12_345_678}))).await, "INVALID_OTP");
    assert_eq!(shop.refused(show, by(json!({"number": "RP9"}))).await, "ENTITY_NOT_FOUND");
    assert_eq!(shop.refused(show, by(json!({"colour": "red"}))).await, "PARAMETER_UNKNOWN");
}

async fn pos_010_fields_shape_answers_and_nothing_else(shop: &Shop) {
    shop.offer(FIVE_PERCENT).await;
    let mut body = purchase("R1", &[("bread", "20.00")]);
    body["fields_set"] = json!("id,total_awarded_amount,colour");
    let answer = shop.call("customer_events/purchases/create", body).await;
    let first = &answer["data"];
    assert_eq!(first.as_object().map(serde_json::Map::len), Some(2), "{answer}");
    assert!(answer["status"]["description"].as_str().is_some_and(|text| text.contains("colour")), "{answer}");
    assert_eq!(shop.balance().await, "1.00", "what is stored does not depend on it");
    let mut ids = vec![first["id"].clone()];
    for reference in ["R2", "R3", "R4", "R5"] {
        ids.insert(0, shop.buy(reference, &[("milk", "1.00")]).await["id"].clone());
    }
    let list = async |more: Value| {
        let mut body = json!({"rewards_participant_identifier": {"number": "RP0000000019"}, "fields_set": "id"});
        more.as_object().expect("fields").iter().for_each(|(name, value)| body[name] = value.clone());
        let data = shop.ok("customer_events/purchases/list", body).await;
        data.as_array().expect("a set").iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(list(json!({})).await, ids);
    assert_eq!(list(json!({"number_of_results": 2, "offset": 2})).await, ids[2..4]);
    assert_eq!(list(json!({"number_of_results": 2, "offset": 9})).await, Vec::<Value>::new());
    assert_eq!(list(json!({"number_of_results": 0})).await, Vec::<Value>::new());
    let cancelled = shop
        .ok("customer_events/purchases/cancel", json!({"customer_event_identifier": {"id": ids[4]}, "fields_set": "life_cycle_state"}))
        .await;
    assert_eq!(cancelled, json!({"life_cycle_state": "CANCELLED"}));
    let wrong = json!({"rewards_participant_identifier": {"number": "RP0000000019"}, "number_of_results": -1});
    assert_eq!(shop.refused("customer_events/purchases/list", wrong).await, "PARAMETER_INVALID");
}

async fn pos_013_a_customer_is_identified_in_every_way(shop: &Shop) {
    let app = &shop.app.app;
    let (otp, _) = participants::one_time_code(app, &shop.ctx, shop.anna.id).await.expect("a code");
    let otp: i64 = otp.parse().expect("digits");
    let show = "rewards_participants/show";
    let by = |identifier: Value| json!({"rewards_participant_identifier": identifier});
    let token = |inner: Value| by(json!({"access_token_identifier": inner}));
    for identifier in [
        by(json!({"id": hex(shop.anna.id)})),
        by(json!({"number": "RP0000000019"})),
        token(json!({"authentication_code": "4711"})),
        token(json!({"identifier": "+1 555 0100", "pass_code": "2468"})),
        token(json!({"one_time_password": otp})),
    ] {
        let found = shop.ok(show, identifier.clone()).await;
        assert_eq!(found["id"], json!(hex(shop.anna.id)), "{identifier}");
    }
    let found = shop.ok(show, by(json!({"number": "RP0000000019"}))).await;
    assert_eq!((&found["currency"]["code"], &found["life_cycle_state"]), (&json!("USD"), &json!("EFFECTIVE")));
    assert_eq!(found["participating_schemes_set"][0]["scheme"]["alternative_code"], "club");
    assert_eq!((&found["spend_blocking_state"], &found["auto_spend_authorisation"]["is_enabled"]), (&json!("UNBLOCKED"), &json!(false)));
    assert!(found.get("reward_tier").is_some() && found["accounts_receivable"]["name"] == "Anna Reed", "{found}");
    participants::set_means_state(app, &shop.ctx, "4711", false).await.expect("switched");
    assert_eq!(shop.refused(show, token(json!({"authentication_code": "4711"}))).await, "ACCESS_TOKEN_NOT_EFFECTIVE");
}

async fn a_date_outside_the_calendar_is_told_from_one_that_is_written_otherwise(shop: &Shop) {
    for (date, text) in [
        ("9999-12-31T23:59:59", "this date lies outside the calendar: dates end with the year 9999"),
        ("9999-12-31", "dates are written YYYY-MM-DDTHH:MM:SS, without a zone"),
    ] {
        let mut body = purchase("R1", &[("bread", "20.00")]);
        body["performed_on"] = json!(date);
        body["token"] = json!(shop.token);
        let answer = post(&shop.client, "customer_events/purchases/create", &body).await;
        assert_eq!(answer["status"], json!({"code": "PARAMETER_INVALID", "message": text, "description": "performed_on"}));
    }
}

async fn a_released_token_and_one_of_a_revoked_key_open_nothing(shop: &Shop) {
    let who = json!({"rewards_participant_identifier": {"number": "RP0000000019"}});
    let second = shop.fresh_token(&json!({})).await;
    shop.ok("rewards_participants/show", who.clone()).await;
    shop.ok("authentication/token/release", json!({})).await;
    assert_eq!(shop.refused("rewards_participants/show", who.clone()).await, "INVALID_TOKEN");
    assert_eq!(shop.refused("authentication/token/release", json!({})).await, "INVALID_TOKEN");
    let mut body = who;
    body["token"] = json!(second);
    assert_eq!(code(&post(&shop.client, "rewards_participants/show", &body).await), "OK", "another token is another login");
    let key = keys::list(&shop.app.app, &shop.ctx).await.expect("keys").pop().expect("a key");
    assert!(key.id.text(Kind::Key).starts_with("key_"));
    keys::revoke(&shop.app.app, &shop.ctx, key.id).await.expect("revoked");
    assert_eq!(code(&post(&shop.client, "rewards_participants/show", &body).await), "INVALID_TOKEN");
}
