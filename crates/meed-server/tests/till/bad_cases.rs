//! What may be wrong with a body, and how it is refused: one row per case.

use meed_core::id::{Id, Kind};
use serde_json::{Value, json};

use crate::shop::{Shop, hex};

/// What is done to a good body.
pub(crate) enum Change {
    /// A value at a place (a JSON pointer).
    Put(&'static str, Value),
    /// A text of the body is replaced: what no JSON value can say.
    Text(&'static str, String),
    /// The whole body.
    Body(String),
}
use Change::{Body, Put, Text};

/// A call, what is wrong with it, and how it is refused: on the classic surface by code, on `/v1` by status and code.
pub(crate) type Case = (&'static str, Change, &'static str);

/// A text of so many characters, each of two bytes.
pub(crate) fn long(characters: usize) -> Value {
    json!("ü".repeat(characters))
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// What is wrong in the same way on many calls.
pub(crate) fn forms() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for call in ["create", "preview", "spend", "achieve"] {
        cases.extend([
            (call, Body(String::new()), "INVALID_TOKEN"),
            (call, Body("null".into()), "INVALID_TOKEN"),
            (call, Body("[]".into()), "INVALID_TOKEN"),
            (call, Body("{}".into()), "INVALID_TOKEN"),
            (call, Body("{\"token\":7}".into()), "INVALID_TOKEN"),
            (call, Body("{\"colour\":1,\"colour\":2}".into()), "INVALID_TOKEN"),
            // A new token would not mend these, so the till is not told to get one.
            (call, Body("{".into()), "PARAMETER_INVALID"),
            (call, Body("NaN".into()), "PARAMETER_INVALID"),
            (call, Body("00".into()), "PARAMETER_INVALID"),
            (call, Body("{\"token\":\"x\"".into()), "PARAMETER_INVALID"),
            (call, Body(nested(20_000)), "PARAMETER_INVALID"),
            (call, Body(format!("{{\"products_set\":{}}}", nested(400))), "PARAMETER_INVALID"),
            (call, Body("{\"token\":\"x\",\"token\":\"y\"}".into()), "PARAMETER_REPEATED"),
            (call, Put("/unknown_field", json!(1)), "PARAMETER_UNKNOWN"),
            (call, Text("\"performed_on\"", "\"performed_on\":\"2026-04-10T08:00:00\",\"performed_on\"".into()), "PARAMETER_REPEATED"),
            (call, Put("/performed_on", json!("2026-13-45T99:99:99")), "PARAMETER_INVALID"),
            (call, Put("/performed_on", json!("2026-02-29T08:00:00")), "PARAMETER_INVALID"),
            (call, Put("/performed_on", json!("2026-04-10")), "PARAMETER_INVALID"),
            (call, Put("/performed_on", json!("2026-04-10T08:00:00Z")), "PARAMETER_INVALID"),
            (call, Put("/performed_on", json!(1_775_800_000)), "PARAMETER_INVALID"),
            (call, Put("/performed_on", json!("2999-01-01T00:00:00")), "DATE_IN_FUTURE"),
            (call, Put("/performed_on", json!("9999-12-31T23:59:59")), "PARAMETER_INVALID"),
            (call, Put("/performed_by_unit_identifier", json!({"name": "Nowhere"})), "ENTITY_NOT_FOUND"),
            (call, Put("/performed_by_unit_identifier", json!({"name": "a", "id": "b"})), "SEMI_OPTIONAL_CONFLICT"),
            (call, Put("/performed_by_unit_identifier", json!("high")), "PARAMETER_INVALID"),
            (call, Put("/rewards_participant_identifier", Value::Null), "SEMI_OPTIONAL_CONFLICT"),
            (call, Put("/rewards_participant_identifier", json!({"number": "1", "id": "2"})), "SEMI_OPTIONAL_CONFLICT"),
            (call, Put("/rewards_participant_identifier", json!({"nmuber": "1"})), "PARAMETER_UNKNOWN"),
            (call, Put("/rewards_participant_identifier", json!({"number": "nobody"})), "ENTITY_NOT_FOUND"),
            (call, Put("/rewards_participant_identifier", json!({"id": "zz"})), "ENTITY_NOT_FOUND"),
            (call, Put("/accounts_receivable_identifier", json!({"number": "RP0000000019"})), "SEMI_OPTIONAL_CONFLICT"),
            (call, Put("/description", json!("a\u{0}b")), "PARAMETER_INVALID"),
            (call, Put("/description", json!(7)), "PARAMETER_INVALID"),
            (call, Text("\"d\"", "\"\\ud800\"".into()), "PARAMETER_INVALID"),
            (call, Text("\"d\"", nested(400)), "PARAMETER_INVALID"),
            (call, Put("/description", long(1_001)), "VALUE_TOO_LONG"),
            (call, Put("/classification_identifier", json!({"name": "Nothing"})), "ENTITY_NOT_FOUND"),
        ]);
    }
    for call in ["adjust", "hold", "transfer", "person", "refund", "activity", "product", "unit", "offer", "extend", "tier"] {
        cases.extend([
            (call, Body(String::new()), "400 json_unreadable"),
            (call, Body("null".into()), "400 type_wrong"),
            (call, Body("[]".into()), "400 type_wrong"),
            (call, Body("{".into()), "400 json_unreadable"),
            (call, Body(nested(20_000)), "400 type_wrong"),
            (call, Put("/unknown_field", json!(1)), "400 field_unknown"),
        ]);
    }
    for call in ["adjust", "transfer", "extend", "tier"] {
        cases.extend([
            (call, Put("/reason", json!(" ")), "422 reason_missing"),
            (call, Put("/reason", long(1_001)), "422 value_too_long"),
            (call, Put("/reason", json!("a\u{0}b")), "400 text_has_nul"),
            (call, Put("/reason", json!(7)), "400 type_wrong"),
        ]);
    }
    for call in ["adjust", "hold", "transfer"] {
        cases.extend([
            (call, Put("/amount", json!(0)), "422 amount_not_positive"),
            (call, Put("/amount", json!(1.5)), "400 type_wrong"),
            (call, Put("/amount", json!("5")), "400 type_wrong"),
            (call, Text(":5", ":99999999999999999999".into()), "400 type_wrong"),
            (call, Text(":5", ":1e400".into()), "400 json_unreadable"),
            (call, Put("/currency", json!("XXX")), "422 currency_unknown"),
        ]);
    }
    cases
}

/// Purchases of the classic surface.
pub(crate) fn purchases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let line = json!({"product_identifier": {"code": "bread"}, "net_amount": 1, "vat_amount": 0, "total_amount": 1});
    for call in ["create", "preview"] {
        cases.extend([
            (call, Put("/products_set", json!([])), "MANDATORY_PARAMETER_MISSING"),
            (call, Put("/products_set", json!({})), "PARAMETER_INVALID"),
            (call, Put("/products_set", json!(vec![line.clone(); 1_001])), "TOO_MANY_ROWS"),
            (call, Put("/products_set/0", json!(null)), "PARAMETER_INVALID"),
            (call, Put("/products_set/0/unknown", json!(1)), "PARAMETER_UNKNOWN"),
            (call, Put("/products_set/0/product_identifier", json!({"code": "cheese"})), "PRODUCT_NOT_FOUND"),
            (call, Put("/products_set/0/product_identifier", json!({"code": "a", "id": "b"})), "SEMI_OPTIONAL_CONFLICT"),
            (call, Put("/products_set/0/product_identifier", Value::Null), "MANDATORY_PARAMETER_MISSING"),
            (call, Put("/products_set/0/net_amount", Value::Null), "MANDATORY_PARAMETER_MISSING"),
            (call, Put("/products_set/0/vat_amount", Value::Null), "MANDATORY_PARAMETER_MISSING"),
            (call, Put("/products_set/0/total_amount", Value::Null), "MANDATORY_PARAMETER_MISSING"),
            (call, Put("/products_set/0/total_amount", json!(2.001)), "AMOUNT_TOO_MANY_DECIMALS"),
            (call, Put("/products_set/0/total_amount", json!(3)), "AMOUNTS_DO_NOT_ADD_UP"),
            (call, Put("/products_set/0/total_amount", json!("١")), "PARAMETER_INVALID"),
            (call, Put("/products_set/0/total_amount", json!("0x10")), "PARAMETER_INVALID"),
            (call, Put("/products_set/0/total_amount", json!(true)), "PARAMETER_INVALID"),
            (call, Put("/products_set/0/quantity", json!(-1)), "QUANTITY_OUT_OF_RANGE"),
            (call, Put("/products_set/0/quantity", json!(1_000_000_001)), "QUANTITY_OUT_OF_RANGE"),
            (call, Text("\"vat_amount\":0", "\"vat_amount\":-1".into()), "AMOUNT_NOT_POSITIVE"),
            (call, Text("\"vat_amount\":0", "\"vat_amount\":1e400".into()), "PARAMETER_INVALID"),
            (call, Text("\"vat_amount\":0", "\"vat_amount\":99999999999999999999".into()), "AMOUNT_OVERFLOW"),
            (call, Text("\"vat_amount\":0", "\"vat_amount\":90000000000000000".into()), "AMOUNTS_DO_NOT_ADD_UP"),
            (call, Put("/reference_number", long(201)), "VALUE_TOO_LONG"),
            (call, Put("/external_system", long(201)), "VALUE_TOO_LONG"),
            (call, Put("/external_system_reference_number", long(501)), "VALUE_TOO_LONG"),
            (call, Put("/payment_medium_identifier", long(201)), "VALUE_TOO_LONG"),
            (call, Put("/payment_medium_brand_identifier", json!({"name": long(201)})), "VALUE_TOO_LONG"),
            (call, Put("/payment_medium_type_identifier", json!({"name": long(201)})), "VALUE_TOO_LONG"),
            (call, Put("/invoice_identifier", json!({"number": long(1_001)})), "VALUE_TOO_LONG"),
            (call, Put("/udf_string_1", long(1_001)), "VALUE_TOO_LONG"),
            (call, Put("/udf_float_1", json!("much")), "PARAMETER_INVALID"),
            (call, Put("/promo_code", json!("NOPE")), "INVALID_PROMO_CODE"),
            (call, Put("/intended_currency_identifier", json!({"code": "EUR"})), "CURRENCY_MISMATCH"),
            (call, Put("/performed_by_tap_identifier", json!({"code": "T-1"})), "SEMI_OPTIONAL_CONFLICT"),
            (
                call,
                Put("/rewards_participant_identifier/access_token_identifier", json!({"authentication_code": "4802"})),
                "PARTICIPANT_TERMINATED",
            ),
            (
                call,
                Put("/rewards_participant_identifier/access_token_identifier", json!({"authentication_code": "4804"})),
                "ACCESS_TOKEN_NOT_EFFECTIVE",
            ),
            (call, Put("/rewards_participant_identifier/access_token_identifier", json!({"one_time_password": 1})), "INVALID_OTP"),
            (
                call,
                Put("/rewards_participant_identifier/access_token_identifier", json!({"identifier": "+1 555 0100", "pass_code": "0"})),
                "INVALID_PASS_CODE",
            ),
            (
                call,
                Put("/rewards_participant_identifier/access_token_identifier", json!({"identifier": "+1 555 0100"})),
                "MANDATORY_PARAMETER_MISSING",
            ),
            (call, Put("/classification_identifier", json!({"name": "Run"})), "INVALID_EVENT_TYPE"),
            (call, Put("/is_offline", json!("perhaps")), "PARAMETER_INVALID"),
        ]);
    }
    cases.extend([
        ("create", Put("/token", json!("x")), "INVALID_TOKEN"),
        ("create", Put("/performed_on", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("create", Put("/performed_by_unit_identifier", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("create", Put("/reference_number", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("create", Put("/reference_number", json!("  ")), "MANDATORY_PARAMETER_MISSING"),
        ("create", Put("/external_system_reference_number", json!("E1")), "DUPLICATE_REFERENCE"),
        ("create", Put("/requested_spend_amount", json!(50.01)), "SPEND_AMOUNT_OUT_OF_RANGE"),
        ("create", Put("/requested_spend_amount", json!(0.001)), "AMOUNT_TOO_MANY_DECIMALS"),
        ("create", Put("/requested_spend_alternative_amount", json!(1)), "PARAMETER_INVALID"),
        ("create", Put("/price_token", json!("stale")), "PRICE_VERSION_STALE"),
        ("create_spend", Put("/spend_request/spend_amount", json!(50.01)), "SPEND_AMOUNT_OUT_OF_RANGE"),
        ("create_spend", Put("/spend_request/description", long(1_001)), "VALUE_TOO_LONG"),
        ("create_spend", Put("/purchase/description", long(1_001)), "VALUE_TOO_LONG"),
        ("create_spend", Put("/purchase/products_set/0/total_amount", json!(9)), "AMOUNTS_DO_NOT_ADD_UP"),
        ("create_spend", Put("/purchase", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("create_spend", Put("/purchase/unknown", json!(1)), "PARAMETER_UNKNOWN"),
    ]);
    cases
}

/// The other methods of the classic surface.
pub(crate) fn others(shop: &Shop) -> Vec<Case> {
    let many = |count: usize| json!((0..count).map(|n| json!({"code": n.to_string()})).collect::<Vec<_>>());
    vec![
        ("spend", Put("/spend_amount", json!(-1)), "SPEND_AMOUNT_OUT_OF_RANGE"),
        ("spend", Put("/spend_amount", json!(0.09)), "SPEND_AMOUNT_OUT_OF_RANGE"),
        ("spend", Put("/spend_amount", json!(50.01)), "SPEND_AMOUNT_OUT_OF_RANGE"),
        ("spend", Put("/spend_amount", json!(0.505)), "AMOUNT_TOO_MANY_DECIMALS"),
        ("spend", Put("/spend_alternative_amount", json!(5)), "SEMI_OPTIONAL_CONFLICT"),
        ("spend", Put("/purchase_customer_request_identifier", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("spend", Put("/purchase_customer_request_identifier", json!({"id": hex(shop.unit)})), "ENTITY_NOT_FOUND"),
        ("spend", Put("/rewards_participant_identifier/number", json!("B1")), "ACCESS_DENIED"),
        ("spend", Put("/external_system_reference_number", json!("S1")), "DUPLICATE_REFERENCE"),
        ("spend", Put("/external_system_reference_number", long(501)), "VALUE_TOO_LONG"),
        ("spend", Put("/external_system", long(201)), "VALUE_TOO_LONG"),
        ("spend", Put("/udf_string_8", long(1_001)), "VALUE_TOO_LONG"),
        ("cancel", Put("/customer_event_identifier", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("cancel", Put("/customer_event_identifier", json!({"number": "0"})), "ENTITY_NOT_FOUND"),
        ("cancel", Put("/customer_event_identifier", json!({"id": "0".repeat(32)})), "ENTITY_NOT_FOUND"),
        ("list", Put("/number_of_results", json!(-1)), "PARAMETER_INVALID"),
        ("list", Put("/offset", json!(1.5)), "PARAMETER_INVALID"),
        ("list", Put("/submitted_after_date", json!("yesterday")), "PARAMETER_INVALID"),
        ("list", Put("/spend_requests_applied", json!("some")), "PARAMETER_INVALID"),
        ("balance", Put("/as_of_date", json!("2020-01-01T00:00:00")), "DATE_IN_PAST"),
        ("balance", Put("/as_of_date", json!("tomorrow")), "PARAMETER_INVALID"),
        ("show", Put("/rewards_participant_identifier", json!([])), "PARAMETER_INVALID"),
        ("show", Put("/rewards_participant_identifier/number", json!({})), "PARAMETER_INVALID"),
        ("achieve", Put("/amount", json!(-1)), "AMOUNT_NOT_POSITIVE"),
        ("achieve", Put("/amount", json!(1.005)), "AMOUNT_TOO_MANY_DECIMALS"),
        ("achieve", Put("/reference_number", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("achieve", Put("/reference_number", long(201)), "VALUE_TOO_LONG"),
        ("synchronise", Put("/products_set", many(1_001)), "TOO_MANY_ROWS"),
        ("synchronise", Put("/products_set", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("synchronise", Put("/products_set", json!("bread")), "PARAMETER_INVALID"),
        ("bulk", Put("/customer_events_set", many(1_001)), "TOO_MANY_ROWS"),
        ("bulk", Put("/customer_events_set", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("bulk", Put("/unknown", json!(1)), "PARAMETER_UNKNOWN"),
        ("rest", Put("/cim", json!("9999")), "ENTITY_NOT_FOUND"),
        ("rest", Put("/contact_id", json!("1")), "SEMI_OPTIONAL_CONFLICT"),
        ("rest", Put("/merchant_tap", Value::Null), "SEMI_OPTIONAL_CONFLICT"),
        ("rest", Put("/reference_number", Value::Null), "MANDATORY_PARAMETER_MISSING"),
        ("rest", Put("/reference_number", long(201)), "VALUE_TOO_LONG"),
        ("rest", Put("/payment_medium_identifier", long(201)), "VALUE_TOO_LONG"),
        ("rest", Put("/id", long(501)), "VALUE_TOO_LONG"),
        ("rest", Put("/performed_on", json!(99_999_999_999_i64)), "DATE_IN_FUTURE"),
        ("rest", Put("/performed_on", json!(1e300)), "PARAMETER_INVALID"),
        ("rest", Put("/currency_code", json!("EUR")), "CURRENCY_MISMATCH"),
        ("rest", Put("/products", json!([])), "MANDATORY_PARAMETER_MISSING"),
        ("rest", Put("/products/0/total_amount", json!(1)), "AMOUNTS_DO_NOT_ADD_UP"),
        ("rest", Put("/amount", json!(1)), "PARAMETER_UNKNOWN"),
        ("rest", Put("/unknown", json!(1)), "PARAMETER_UNKNOWN"),
        ("return", Put("/amount", json!(2.01)), "RETURN_EXCEEDS_PURCHASE"),
        ("return", Put("/amount", json!(-1)), "RETURN_EXCEEDS_PURCHASE"),
        (
            "return",
            Put("/products", json!([{"code": "bread", "net_amount": 2, "vat_amount": 0, "total_amount": 2}])),
            "SEMI_OPTIONAL_CONFLICT",
        ),
    ]
}

/// What `/v1` refuses by its values.
pub(crate) fn native() -> Vec<Case> {
    let unknown = Id(1).text(Kind::Participant);
    let lines = |lines: Value| Put("/lines", lines);
    vec![
        ("adjust", Put("/participant", json!(unknown)), "404 entity_not_found"),
        ("adjust", Put("/participant", json!("par_1")), "422 id_invalid"),
        ("adjust", Put("/amount", json!(-1_000_000)), "409 insufficient_available"),
        ("adjust", Put("/expires_at", json!("2020-01-01T00:00:00Z")), "422 date_in_past"),
        ("adjust", Put("/expires_at", json!("2020")), "400 type_wrong"),
        ("hold", Put("/minutes", json!(0)), "422 minutes_out_of_range"),
        ("hold", Put("/minutes", json!(10_081)), "422 minutes_out_of_range"),
        ("hold", Put("/amount", json!(1_000_000)), "409 insufficient_available"),
        ("hold", Put("/participant", json!(unknown)), "404 entity_not_found"),
        ("transfer", Put("/unused", json!(null)), "400 field_unknown"),
        ("transfer", Put("/reason", json!("r")), "422 same_account"),
        ("extend", Put("/expires_at", json!("2020-01-01T00:00:00Z")), "422 date_in_past"),
        ("extend", Put("/participant", json!(unknown)), "404 entity_not_found"),
        ("person", Put("/name", long(401)), "422 value_too_long"),
        ("person", Put("/number", long(201)), "422 value_too_long"),
        ("person", Put("/number", json!("RP0000000019")), "409 key_taken"),
        ("person", Put("/first_name", long(401)), "422 value_too_long"),
        ("person", Put("/last_name", long(401)), "422 value_too_long"),
        ("person", Put("/email", long(321)), "422 value_too_long"),
        ("person", Put("/phone", long(201)), "422 value_too_long"),
        ("person", Put("/city", long(201)), "422 value_too_long"),
        ("person", Put("/country", long(201)), "422 value_too_long"),
        ("person", Put("/gender", long(201)), "422 value_too_long"),
        ("person", Put("/terminated", long(1_001)), "422 value_too_long"),
        ("person", Put("/tags/0", long(201)), "422 value_too_long"),
        ("person", Put("/tags", json!(vec!["t"; 101])), "422 too_many_rows"),
        ("person", Put("/payment_media", json!([long(201)])), "422 value_too_long"),
        ("person", Put("/means/0/code", long(201)), "422 code_invalid"),
        ("person", Put("/means/0/code", json!(" - ")), "422 code_invalid"),
        ("person", Put("/means/0/code", json!("4711")), "409 key_taken"),
        ("person", Put("/means/0/kind", long(201)), "422 value_too_long"),
        ("person", Put("/means/0/payment_brand", long(201)), "422 value_too_long"),
        ("person", Put("/born", json!("1990-02-30")), "400 date_unreadable"),
        ("person", Put("/name_day", json!("13-01")), "400 date_unreadable"),
        ("person", Put("/schemes", json!(["sch_1"])), "422 id_invalid"),
        ("refund", lines(json!([{"line": 9}])), "422 line_unknown"),
        ("refund", lines(json!([{"line": -1}])), "400 type_wrong"),
        ("refund", lines(json!([{"line": 0, "amount": 2_001}])), "422 return_exceeds_purchase"),
        ("refund", lines(json!([{"line": 0, "amount": 0}])), "422 amount_not_positive"),
        ("refund", lines(json!([{"line": 0, "quantity": 2}])), "422 return_exceeds_purchase"),
        ("refund", Put("/note", long(1_001)), "422 value_too_long"),
        ("activity", Put("/kind", json!("sleep")), "422 activity_unknown"),
        ("activity", Put("/kind", json!("referral")), "422 mandatory_parameter_missing"),
        ("activity", Put("/unit", json!("unit_1")), "422 id_invalid"),
        ("activity", Put("/reference", long(201)), "422 value_too_long"),
        ("activity", Put("/reference", json!("")), "422 mandatory_parameter_missing"),
        ("activity", Put("/description", long(1_001)), "422 value_too_long"),
        ("activity", Put("/classification", json!("Counter")), "422 invalid_event_type"),
        ("activity", Put("/amount", json!(-1)), "422 amount_not_positive"),
        ("activity", Put("/at", json!("2999-01-01T00:00:00Z")), "422 date_in_future"),
        ("product", Put("/code", json!("")), "422 name_invalid"),
        ("product", Put("/code", json!("bread")), "409 key_taken"),
        ("product", Put("/description", long(1_001)), "422 value_too_long"),
        ("product", Put("/brand", long(201)), "422 value_too_long"),
        ("product", Put("/alternative_code", long(201)), "422 value_too_long"),
        ("product", Put("/categories", json!([long(201)])), "422 value_too_long"),
        ("product", Put("/extra/price", long(1_001)), "422 value_too_long"),
        ("unit", Put("/name", long(201)), "422 name_invalid"),
        ("unit", Put("/description", long(1_001)), "422 value_too_long"),
        ("unit", Put("/group", long(201)), "422 value_too_long"),
        ("unit", Put("/zone", json!("Mars/Base")), "422 zone_unknown"),
        ("offer", Put("/text", json!("")), "422 offer_invalid"),
        ("offer", Put("/text", json!("name = [")), "422 offer_invalid"),
        ("offer", Put("/text", json!(nested(5_000))), "422 offer_invalid"),
        ("tier", Put("/tier", json!("nothing")), "422 tier_unknown"),
    ]
}
