//! The requests of `docs/till.md`, run as they stand there.

use meed_testkit::{Engine, TestApp};
use serde_json::Value;

use crate::shop::basic;

const DOCUMENT: &str = include_str!("../../../../docs/till.md");

/// A documented request and the answer beneath it.
struct Example {
    request: String,
    answer: Option<Value>,
}

fn examples() -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for block in DOCUMENT.split("```").skip(1).step_by(2) {
        if let Some(request) = block.strip_prefix("sh\n") {
            found.push(Example { request: request.to_owned(), answer: None });
        } else if let (Some(answer), Some(last)) = (block.strip_prefix("json\n"), found.last_mut()) {
            last.answer = Some(serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {answer}")));
        }
    }
    found
}

/// Whether an answer has everything that is documented; `…` stands for any value.
fn matches(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::String(text), _) if text == "…" => !found.is_null(),
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|found| matches(value, found)))
        }
        (Value::Array(wanted), Value::Array(found)) => wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| matches(w, f)),
        _ => wanted == found,
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_requests_give_the_documented_answers() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let workspace = app.workspace("documented").await;
        let (mut token, mut purchase, mut participant) = (String::new(), String::new(), String::new());
        let (mut number, mut unit) = (String::new(), String::new());
        let (mut spend, mut price) = (String::new(), String::new());
        let mut ran = 0;
        for example in examples() {
            let fill = |text: &str| {
                // Between the quotes of the body, so that a shell fills it in.
                assert!(!text.contains("\"$"), "a shell leaves this as it is: {text}");
                let text = text.replace("\"'$", "\"$").replace("'\"", "\"");
                let text = text.replace("$TOKEN", &token).replace("$PURCHASE", &purchase).replace("$KEY", &workspace.secret);
                let text = text.replace("$PARTICIPANT", &participant).replace("$NUMBER", &number).replace("$UNIT", &unit);
                let text = text.replace("$SPEND", &spend).replace("$PRICE", &price);
                text.replace("$NOW", "2026-04-10T08:00:00")
            };
            let method = if example.request.contains("-X POST") { "POST" } else { "GET" };
            let path = between(&example.request, "$MEED", " ").or_else(|| between(&example.request, "$MEED", "\"")).expect("an address");
            let body = between(&example.request, "-d '", "'\n").map(&fill).unwrap_or_default();
            let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            if example.request.contains("-u ") {
                headers.push(("authorization".to_owned(), basic(&workspace.secret)));
            } else if example.request.contains("api_key:") {
                headers.push(("api_key".to_owned(), workspace.secret.clone()));
            } else if example.request.contains("Bearer") {
                headers.push(("authorization".to_owned(), format!("Bearer {}", workspace.secret)));
            }
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let path = fill(path.trim().trim_end_matches('"'));
            let reply = app.client().send(method, &path, &headers, body.as_bytes()).await;
            assert!(reply.status < 300, "{path}: {}", reply.text());
            let found = reply.json();
            if let Some(wanted) = &example.answer {
                assert!(matches(wanted, &found), "{path}\nwanted {wanted}\nfound {found}");
            }
            if let Some(text) = found["data"]["token"].as_str() {
                text.clone_into(&mut token);
            }
            if let (true, Some(id)) = (path.ends_with("purchases/create"), found["data"]["id"].as_str()) {
                id.clone_into(&mut purchase);
                number = found["data"]["number"].as_str().unwrap_or_default().to_lowercase();
            }
            if let (true, Some(id)) = (path.ends_with("spend_requests/create"), found["data"]["id"].as_str()) {
                id.clone_into(&mut spend);
            }
            if let Some(token) = found["data"]["price_token"].as_str() {
                token.clone_into(&mut price);
            }
            if let (true, Some(id)) = (path.ends_with("/v1/units"), found["id"].as_str()) {
                id.clone_into(&mut unit);
            }
            if let (true, Some(id)) = (path.ends_with("/participants"), found["id"].as_str()) {
                id.clone_into(&mut participant);
            }
            ran += 1;
        }
        assert!(ran >= 30, "only {ran} requests");
        app.stop().await;
    }
}
