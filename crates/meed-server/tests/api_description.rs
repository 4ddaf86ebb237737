//! The description of the API: complete, committed, and served.

use meed_testkit::{Engine, TestApp};
use serde_json::Value;

/// Where the committed description stands, from this crate.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

fn described() -> Value {
    serde_json::to_value(meed_server::api::description()).expect("the description is JSON")
}

/// Set `MEED_UPDATE_OPENAPI=1` to write the file anew.
#[test]
fn the_committed_description_is_that_of_the_code() {
    let text = serde_json::to_string_pretty(&described()).expect("the description is JSON") + "\n";
    if std::env::var_os("MEED_UPDATE_OPENAPI").is_some() {
        std::fs::write(COMMITTED, &text).expect("docs/openapi.json can be written");
    }
    let committed = std::fs::read_to_string(COMMITTED).expect("docs/openapi.json");
    assert!(committed == text, "docs/openapi.json is not that of the code: run this test with MEED_UPDATE_OPENAPI=1");
}

/// A schema says something: a reference, a type, or alternatives.
fn is_said(content: &Value) -> bool {
    let schema = &content["schema"];
    content.get("example").is_some() || ["$ref", "type", "allOf", "oneOf", "anyOf"].iter().any(|name| schema.get(name).is_some())
}

#[test]
fn every_operation_has_a_summary_a_description_an_example_and_its_refusals() {
    let api = described();
    let mut seen = std::collections::BTreeSet::new();
    let mut count = 0;
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let at = format!("{method} {path}");
            count += 1;
            for name in ["summary", "description", "operationId"] {
                let text = operation[name].as_str().unwrap_or_default();
                assert!(text.len() > 3, "{at} has no {name}");
            }
            assert!(seen.insert(operation["operationId"].to_string()), "{at}: two operations have this id");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at} has one tag");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].as_str().is_some_and(|text| text.len() > 3), "{at}: {parameter}");
            }
            for (kind, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                let is_json = kind == "application/json";
                assert!(!is_json || content.get("example").is_some(), "{at}: the body has no example");
            }
            let responses = operation["responses"].as_object().expect("responses");
            for status in ["400", "401", "403", "404", "409", "413", "422", "429", "500"] {
                let content = &responses.get(status).unwrap_or(&Value::Null)["content"]["application/problem+json"];
                assert!(is_said(content), "{at} does not tell of {status}");
            }
            let good: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with('2')).collect();
            assert!(!good.is_empty(), "{at} tells of no success");
            for (status, response) in good {
                for content in response["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
                    assert!(is_said(content) || content["schema"].is_object(), "{at} {status} has no schema");
                }
            }
        }
    }
    assert!(count > 50, "only {count} operations");
}

/// Every `$ref` leads somewhere.
#[test]
fn every_reference_leads_to_a_schema() {
    fn walk(value: &Value, names: &serde_json::Map<String, Value>) {
        match value {
            Value::Object(map) => {
                if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/components/schemas/")) {
                    assert!(names.contains_key(name), "no schema {name}");
                }
                map.values().for_each(|v| walk(v, names));
            }
            Value::Array(all) => all.iter().for_each(|v| walk(v, names)),
            _ => {}
        }
    }
    let api = described();
    walk(&api, api["components"]["schemas"].as_object().expect("schemas"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_and_its_page_are_served_without_a_key() {
    let app = TestApp::start(Engine::Sqlite).await;
    let served = app.client().get("/openapi.json").await.expect(200);
    assert_eq!(served, described());
    let page = app.client().get("/docs").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    for wanted in ["Meed API", "/v1/sales/{id}/explanation", "/app/Api/CreateTransaction", "id=\"code-date_unreadable\""] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert!(!text.contains("<script"), "the page needs no script");
    app.stop().await;
}
