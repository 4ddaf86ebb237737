//! `/docs`: the description of the API as a page, written by the server, with nothing from elsewhere.

use std::fmt::Write;
use std::sync::OnceLock;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::codes::CODES;

const STYLE: &str = include_str!("docs.css");

/// The page.
pub(crate) async fn page() -> Response {
    static PAGE: OnceLock<String> = OnceLock::new();
    let page = PAGE.get_or_init(|| render(&serde_json::to_value(super::description()).unwrap_or_default()));
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"),
    ];
    (headers, page.as_str()).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Escapes a text and sets what stands between backticks as code.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 1 {
            let _ = write!(out, "<code>{part}</code>");
        } else {
            out.push_str(&part);
        }
    }
    out
}

fn render(api: &Value) -> String {
    let operations = operations(api);
    let mut tags: Vec<&str> = Vec::new();
    for operation in &operations {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
    }
    let mut out = String::with_capacity(256 * 1024);
    let _ = write!(
        out,
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Meed API</title><style>{STYLE}</style></head><body><header><h1>Meed API</h1>"
    );
    for paragraph in api["info"]["description"].as_str().unwrap_or_default().split("\n\n") {
        let _ = write!(out, "<p>{}</p>", prose(paragraph));
    }
    out.push_str("<p>Show a key as <code>Authorization: Bearer mk_…</code> or as <code>X-ApiKey: mk_…</code>. The description for machines is at <a href=\"/openapi.json\">/openapi.json</a>.</p></header><nav aria-label=Contents><ul>");
    for tag in &tags {
        let _ = write!(out, "<li><a href=\"#{}\">{}</a></li>", anchor(tag), escaped(tag));
    }
    out.push_str("<li><a href=\"#codes\">Codes of refusals</a></li></ul></nav><main>");
    for tag in &tags {
        let _ = write!(out, "<section id=\"{}\"><h2>{}</h2>", anchor(tag), escaped(tag));
        for operation in operations.iter().filter(|o| o.tag == *tag) {
            put_operation(&mut out, api, operation);
        }
        out.push_str("</section>");
    }
    put_codes(&mut out);
    out.push_str("</main></body></html>");
    out
}

fn anchor(tag: &str) -> String {
    tag.to_lowercase().replace(' ', "-")
}

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    tag: &'a str,
    value: &'a Value,
}

fn operations(api: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in api["paths"].as_object().into_iter().flatten() {
        for method in ["get", "post", "put", "delete"] {
            if let Some(value) = item.get(method) {
                all.push(Operation { path, method, tag: value["tags"][0].as_str().unwrap_or("Other"), value });
            }
        }
    }
    all
}

fn put_operation(out: &mut String, api: &Value, operation: &Operation<'_>) {
    let value = operation.value;
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    let _ = write!(
        out,
        "<article id=\"{}\"><h3><span class=\"method {}\">{}</span> <code>{}</code></h3><p><strong>{}.</strong> {}</p>",
        escaped(text("operationId")),
        operation.method,
        operation.method.to_uppercase(),
        escaped(operation.path),
        prose(text("summary")),
        prose(text("description"))
    );
    put_parameters(out, value);
    for (kind, content) in value["requestBody"]["content"].as_object().into_iter().flatten() {
        put_content(out, api, "Body", kind, content);
    }
    for (status, response) in value["responses"].as_object().into_iter().flatten() {
        if !status.starts_with('2') {
            continue;
        }
        let _ = write!(out, "<h4>{status}</h4><p>{}</p>", prose(response["description"].as_str().unwrap_or_default()));
        for (kind, content) in response["content"].as_object().into_iter().flatten() {
            put_content(out, api, "Answer", kind, content);
        }
    }
    out.push_str("</article>");
}

fn put_parameters(out: &mut String, value: &Value) {
    let Some(parameters) = value["parameters"].as_array().filter(|all| !all.is_empty()) else { return };
    out.push_str("<table><thead><tr><th>Parameter</th><th>Where</th><th>Meaning</th></tr></thead><tbody>");
    for parameter in parameters {
        let text = |name: &str| parameter[name].as_str().unwrap_or_default();
        let needed = if parameter["required"].as_bool() == Some(true) { ", required" } else { "" };
        let _ = write!(
            out,
            "<tr><td><code>{}</code></td><td>{}{needed}</td><td>{}</td></tr>",
            escaped(text("name")),
            text("in"),
            prose(text("description"))
        );
    }
    out.push_str("</tbody></table>");
}

fn put_content(out: &mut String, api: &Value, what: &str, kind: &str, content: &Value) {
    let _ = write!(out, "<p class=kind>{what}: <code>{}</code></p>", escaped(kind));
    if let Some(example) = content.get("example") {
        let shown = example.as_str().map_or_else(|| serde_json::to_string_pretty(example).unwrap_or_default(), str::to_owned);
        let _ = write!(out, "<pre>{}</pre>", escaped(&shown));
    }
    put_schema(out, api, &content["schema"]);
}

/// The fields of a schema, one level deep; of a page, those of its entries.
fn put_schema(out: &mut String, api: &Value, schema: &Value) {
    let schema = resolved(api, schema);
    let entry = &schema["properties"]["data"]["items"];
    let schema = if entry.is_null() { schema } else { resolved(api, entry) };
    let mut rows = Vec::new();
    collect(api, schema, &mut rows);
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<details><summary>{} fields</summary><table><tbody>", rows.len());
    for (name, field) in rows {
        let field = resolved(api, field);
        let kind = match &field["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            _ => String::from("object"),
        };
        let _ = write!(
            out,
            "<tr><td><code>{}</code></td><td>{kind}</td><td>{}</td></tr>",
            escaped(name),
            prose(field["description"].as_str().unwrap_or_default())
        );
    }
    out.push_str("</tbody></table></details>");
}

fn collect<'a>(api: &'a Value, schema: &'a Value, rows: &mut Vec<(&'a str, &'a Value)>) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        collect(api, resolved(api, part), rows);
    }
    rows.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, field)| (name.as_str(), field)));
}

fn resolved<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    name.map_or(schema, |name| &api["components"]["schemas"][name])
}

fn put_codes(out: &mut String) {
    out.push_str("<section id=codes><h2>Codes of refusals</h2><p>Every refusal is <code>application/problem+json</code> with one of these codes. Code and status never change; texts may.</p>");
    for (subject, codes) in CODES {
        let _ = write!(out, "<h3>{subject}</h3><table><tbody>");
        for (code, meaning) in *codes {
            let _ = write!(out, "<tr id=\"code-{code}\"><td><code>{code}</code></td><td>{}</td></tr>", prose(meaning));
        }
        out.push_str("</tbody></table>");
    }
    out.push_str("</section>");
}
