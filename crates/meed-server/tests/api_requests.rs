//! Bad requests: every refusal with its status, its code and its field; and no input that makes a 500.

use meed_testkit::{Engine, TestApp};
use serde_json::json;

/// Method, address, body, status, code, field.
const REFUSALS: &[(&str, &str, &str, u16, &str, &str)] = &[
    ("GET", "/v1/nothing", "", 404, "route_unknown", ""),
    ("GET", "/v1", "", 404, "route_unknown", ""),
    ("GET", "/app/Api/Nothing", "", 404, "route_unknown", ""),
    ("DELETE", "/v1/sales", "", 405, "method_not_allowed", ""),
    ("GET", "/app/Api/CreateTransaction", "", 405, "method_not_allowed", ""),
    ("PATCH", "/v1/reps", "", 405, "method_not_allowed", ""),
    ("POST", "/v1/sales", "", 400, "json_unreadable", ""),
    ("POST", "/v1/sales", "{", 400, "json_unreadable", ""),
    ("POST", "/v1/sales", "[]", 400, "type_wrong", "body"),
    ("POST", "/v1/sales", "7", 400, "type_wrong", "body"),
    ("POST", "/v1/sales", "null", 400, "type_wrong", "body"),
    ("POST", "/v1/sales", r#"{"date":7}"#, 400, "type_wrong", "date"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","owner":["a"]}"#, 400, "type_wrong", "owner"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","revenue":"1,5"}"#, 400, "number_unreadable", "revenue"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","revenue":1e40}"#, 400, "number_unreadable", "revenue"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","amount":1}"#, 400, "field_unknown", "amount"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","date":"2026-03-01"}"#, 400, "field_repeated", "date"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","owner":"a\u0000"}"#, 400, "text_has_nul", ""),
    ("POST", "/v1/sales", "{}", 400, "date_missing", "date"),
    ("POST", "/v1/sales", r#"{"date":null,"unique_id":"A"}"#, 422, "date_missing", "date"),
    ("POST", "/v1/sales", r#"{"date":"2026-02-30"}"#, 422, "date_unreadable", "date"),
    ("POST", "/v1/sales", r#"{"date":"1500-01-01"}"#, 422, "date_out_of_range", "date"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","currency":"XXL"}"#, 422, "currency_unknown", "currency"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","source":"src_0000000000000"}"#, 422, "source_unknown", "source"),
    ("POST", "/v1/sales", r#"{"date":"2026-03-01","source":" "}"#, 422, "name_invalid", "name"),
    ("GET", "/v1/sales?limit=0", "", 400, "limit_invalid", "limit"),
    ("GET", "/v1/sales?limit=101", "", 400, "limit_invalid", "limit"),
    ("GET", "/v1/sales?limit=many", "", 400, "type_wrong", "limit"),
    ("GET", "/v1/sales?cursor=x", "", 400, "cursor_invalid", "cursor"),
    ("GET", "/v1/reps?cursor=x", "", 400, "cursor_invalid", "cursor"),
    ("GET", "/v1/sales?fields=id,colour", "", 400, "field_unknown", "fields"),
    ("GET", "/v1/sales?colour=red", "", 400, "field_unknown", "colour"),
    ("GET", "/v1/sales?query=%00", "", 400, "text_has_nul", ""),
    ("GET", "/v1/sales?from=March", "", 400, "date_unreadable", "from"),
    ("GET", "/v1/sales?source=Shop", "", 422, "source_unknown", "source"),
    ("GET", "/v1/sales?unique_id=A", "", 400, "source_missing", "source"),
    ("GET", "/v1/sales/1", "", 404, "not_found", ""),
    ("GET", "/v1/sales/sale_0000000000000", "", 404, "not_found", ""),
    ("GET", "/v1/sales/rep_0000000000000", "", 404, "not_found", ""),
    ("GET", "/v1/statements", "", 400, "parameter_missing", "release"),
    ("GET", "/v1/credits", "", 400, "field_missing", "calculation"),
    ("GET", "/v1/credits?calculation=x", "", 422, "id_invalid", "calculation"),
    ("GET", "/v1/exports/rewards.csv?calculation=calc_0000000000000", "", 404, "not_found", ""),
    ("POST", "/v1/keys", r#"{"label":"x","scopes":["all"]}"#, 422, "scope_unknown", "scopes[0]"),
    ("POST", "/v1/keys", r#"{"label":"x","scopes":[]}"#, 422, "scopes_missing", "scopes"),
    ("POST", "/v1/keys", r#"{"label":" ","scopes":["read"]}"#, 422, "label_invalid", "label"),
    ("POST", "/v1/keys", r#"{"scopes":["read"]}"#, 400, "field_missing", "label"),
    ("DELETE", "/v1/keys/key_0000000000000", "", 404, "not_found", ""),
    ("POST", "/v1/sources", r#"{"name":""}"#, 422, "name_invalid", "name"),
    ("POST", "/v1/sources", r#"{"name":"x","zone":"Mars"}"#, 422, "zone_unknown", "zone"),
    ("POST", "/v1/sources", r#"{"name":"x","currency":"EURO"}"#, 422, "currency_unknown", "currency"),
    ("POST", "/v1/sources", r#"{"name":"x","date_order":"mm"}"#, 422, "date_order_invalid", "date_order"),
    ("POST", "/v1/reps", r#"{"name":"x","manager":"boss"}"#, 422, "id_invalid", "manager"),
    ("POST", "/v1/reps", r#"{"name":"x","manager":"rep_0000000000000"}"#, 422, "rep_unknown", "manager"),
    ("POST", "/v1/reps", r#"{"name":"x","memberships":[{"team":"team_0000000000000"}]}"#, 422, "team_unknown", "memberships"),
    ("POST", "/v1/reps", r#"{"name":"x","variables":[{"name":"q","value":"much"}]}"#, 400, "number_unreadable", "variables[0].value"),
    ("POST", "/v1/reps", r#"{"name":"x","variables":[{"name":"q","from":"March","value":1}]}"#, 422, "date_unreadable", "date"),
    ("POST", "/v1/teams", r#"{"name":"x","parent":"team_0000000000000"}"#, 422, "team_unknown", "parent"),
    ("POST", "/v1/programs", r#"{"text":"name = "}"#, 422, "plan_invalid", "*"),
    ("POST", "/v1/calculations", r#"{"program":"prog_0000000000000","period":"2026-03"}"#, 404, "not_found", ""),
    ("POST", "/v1/calculations", r#"{"program":"x","period":"2026-03"}"#, 422, "id_invalid", "program"),
    ("POST", "/v1/payouts", r#"{"release":"rel_0000000000000","paid_on":"2026-03-01"}"#, 404, "not_found", ""),
    ("POST", "/v1/payouts", r#"{"release":"rel_0000000000000","paid_on":"soon"}"#, 422, "date_unreadable", "paid_on"),
    ("POST", "/v1/imports", "a,b\n1,2\n", 400, "source_missing", "source"),
    ("POST", "/v1/imports?source=Shop", "", 422, "file.empty", "*"),
    ("POST", "/v1/imports/imp_0000000000000/run", "", 404, "not_found", ""),
    ("POST", "/app/Api/PrepareImport", "<Mappings", 400, "xml_unreadable", ""),
    ("POST", "/app/Api/PrepareImport", "<Mappings/>", 422, "mapping.none", "mapping"),
    ("POST", "/app/Api/UploadCsv", "", 400, "field_missing", "config"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_status_its_code_and_its_field() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let page = app.client().get("/docs").await.text();
        for (method, path, body, status, code, field) in REFUSALS {
            assert!(page.contains(&format!("id=\"code-{code}\"")), "the page explains {code}");
            let reply = ws.client.send(method, path, &[], body.as_bytes()).await;
            let at = format!("{method} {path} {body}: {}", reply.text());
            assert_eq!(reply.status, *status, "{at}");
            assert_eq!(reply.refusal(*status), *code, "{at}");
            match *field {
                "*" => assert!(!reply.fields().is_empty(), "{at}"),
                "" => assert!(reply.fields().is_empty(), "{at}"),
                field => assert_eq!(reply.fields(), [field], "{at}"),
            }
            if *status == 405 {
                assert!(reply.header("allow").is_some(), "{at}");
            }
        }
        assert_eq!(ws.client.get("/v1/sales").await.expect(200)["data"], json!([]));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_too_large_or_of_another_kind_are_refused() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let large = format!(r#"{{"date":"2026-03-01","owner":"{}"}}"#, "x".repeat(300 * 1024));
    for path in ["/v1/sales", "/v1/reps", "/app/Api/CreateTransaction", "/app/Api/PrepareImport"] {
        assert_eq!(ws.client.send("POST", path, &[], large.as_bytes()).await.refusal(413), "body_too_large", "{path}");
    }
    let bulk = vec![b' '; 17 * 1024 * 1024];
    assert_eq!(ws.client.send("POST", "/v1/sales/bulk", &[], &bulk).await.refusal(413), "body_too_large");
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let reply = ws.client.send("POST", "/v1/sales", &[("content-type", kind)], b"{}").await;
        assert_eq!(reply.refusal(415), "content_type_unsupported", "{kind}");
    }
    for key in ["", "x".repeat(256).as_str(), "ä"] {
        let reply = ws.client.send("POST", "/v1/sales", &[("idempotency-key", key)], b"{}").await;
        assert_eq!(reply.refusal(400), "idempotency_key_invalid", "{key}");
    }
    app.stop().await;
}

/// A small generator, so that a failure repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

const PIECES: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "-1",
    "1e999",
    "-0",
    "0.1",
    "9223372036854775808",
    "\"\"",
    "\"a\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"2026-03-01\"",
    "\"USD\"",
    "[[[[]]]]",
    "{\"a\":{}}",
    "\"\u{feff}\"",
    "\"\u{202e}x\"",
    "1.",
    "'a'",
    "NaN",
    "\"\\\"",
    "{\"id\":\"sale_0\"}",
    "[null]",
    "\"-\"",
    "\"$\"",
];

const TARGETS: &[(&str, &[&str])] = &[
    ("/v1/sales", &["source", "unique_id", "date", "currency", "revenue", "owner", "other_date1", "other_numeric2", "team3", "coupon"]),
    ("/v1/sales/bulk", &["source", "sales"]),
    ("/v1/sources", &["name", "currency", "zone", "date_order", "symbols"]),
    ("/v1/reps", &["name", "email", "aliases", "manager", "memberships", "tags", "external_id", "variables", "active"]),
    ("/v1/teams", &["name", "description", "aliases", "manager", "parent", "variables"]),
    ("/v1/programs", &["text", "note"]),
    ("/v1/programs/check", &["text", "note"]),
    ("/v1/calculations", &["program", "period"]),
    ("/v1/releases", &["program", "period", "release_date"]),
    ("/v1/payouts", &["release", "payees", "paid_on", "reference"]),
    ("/v1/keys", &["label", "scopes"]),
    ("/app/Api/CreateTransaction", &["date", "uniqueId", "revenue", "currency", "owner1", "otherDate1", "Id", "customer", "taxes"]),
    ("/app/Api/CreateTeam", &["name", "managerId", "parentTeamId", "managerCanViewResults"]),
    ("/app/Api/CreateTeamMember", &["teamId", "userId", "startDate"]),
    ("/app/Api/CreateCustomVariable", &["name", "value", "effectiveDate", "userId", "teamId"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn invariant_14_no_body_however_malformed_makes_a_500() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let mut chance = Chance(0x5eed_1234_5678_9abc);
        for round in 0..600 {
            let (path, fields) = TARGETS[round % TARGETS.len()];
            let mut body = String::from("{");
            for index in 0..=chance.below(4) {
                let comma = if index == 0 { "" } else { "," };
                body.push_str(&format!("{comma}\"{}\":{}", fields[chance.below(fields.len())], PIECES[chance.below(PIECES.len())]));
            }
            body.push('}');
            let mut bytes = body.into_bytes();
            // Some are cut, and some have a byte that is not theirs.
            match chance.below(6) {
                0 => bytes.truncate(chance.below(bytes.len())),
                1 => {
                    let at = chance.below(bytes.len());
                    bytes[at] = u8::try_from(chance.below(256)).unwrap_or(0);
                }
                _ => {}
            }
            let reply = ws.client.send("POST", path, &[("content-type", "application/json")], &bytes).await;
            assert!(reply.status < 500, "{path} {}: {} {}", String::from_utf8_lossy(&bytes), reply.status, reply.text());
            if reply.status >= 400 {
                let _ = reply.refusal(reply.status);
            }
        }
        let deep = format!("{{\"Id\":{}", "[".repeat(100_000));
        assert_eq!(ws.client.send("POST", "/app/Api/CreateTransaction", &[], deep.as_bytes()).await.refusal(400), "json_unreadable");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_as_a_body_or_as_a_part_of_a_form() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let csv = "Order,Date,Amount,Rep\nA-1,2026-03-01,100.00,Dana\nA-2,2026-03-02,200.00,Lee\n";
        let body = ws.client.send("POST", "/v1/imports?source=Shop&file_name=a.csv", &[], csv.as_bytes()).await.expect(201);
        let part = |name: &str, file: &str, text: &str| {
            format!("--cut\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n")
        };
        let form = |parts: &[String]| format!("{}--cut--\r\n", parts.concat());
        let send = async |form: String| {
            let headers = [("content-type", "multipart/form-data; boundary=cut")];
            ws.client.send("POST", "/v1/imports", &headers, form.as_bytes()).await
        };
        let named = send(form(&[part("source", "", "Shop"), part("file", "; filename=\"b.csv\"", csv)])).await.expect(201);
        assert_eq!((&named["sha256"], &named["source"], &named["bytes"]), (&body["sha256"], &body["source"], &body["bytes"]));
        assert_eq!((&body["file_name"], &named["file_name"]), (&json!("a.csv"), &json!("b.csv")));
        assert_eq!((&body["total_rows"], &body["state"]), (&json!(2), &json!("mapping")));
        assert_eq!(send(form(&[part("source", "", "Shop")])).await.refusal(400), "field_missing");
        assert_eq!(send(form(&[part("file", "", csv)])).await.refusal(400), "source_missing");
        assert_eq!(send(form(&[part("colour", "", "red")])).await.refusal(400), "field_unknown");
        assert_eq!(send(form(&[part("source", "", "a\0"), part("file", "", csv)])).await.refusal(400), "text_has_nul");
        assert_eq!(send("--cut\r\n".to_owned()).await.refusal(400), "form_unreadable");
        for (bytes, code) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "file.image"),
            (&b"PK\x03\x04rest"[..], "file.workbook"),
            (&b"\0\0\0\0\0\0\0\0"[..], "file.binary"),
        ] {
            let reply = ws.client.send("POST", "/v1/imports?source=Shop", &[], bytes).await;
            assert_eq!(reply.refusal(422), code, "{}", reply.text());
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_compressed_for_those_who_ask() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    for number in 0..20 {
        ws.client.post("/v1/reps", &json!({"name": format!("Rep {number}")})).await.expect(201);
    }
    let plain = ws.client.get("/v1/reps").await;
    let packed = ws.client.send("GET", "/v1/reps", &[("accept-encoding", "gzip")], b"").await;
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), (None, Some("gzip")));
    assert!(packed.body.len() * 3 < plain.body.len());
    app.stop().await;
}
