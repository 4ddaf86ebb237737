//! Recording sales through `/v1` and looking at them, on both engines.

use meed_testkit::{Client, Engine, Reply, TestApp};
use serde_json::{Value, json};

async fn keyed(client: &Client, key: &str, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    client.send("POST", path, &headers, body.to_string().as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_recorded_merged_and_read_back() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let sale = json!({"source": "Shop", "unique_id": "INV-1", "date": "2026-03-31T14:05:00.1234567Z", "revenue": -1250.10, "currency": "usd", "owner": "Dana", "territory": "FR"});
        let recorded = ws.client.post("/v1/sales", &sale).await;
        assert!(recorded.header("x-request-id").is_some_and(|id| id.starts_with("req_")));
        let recorded = recorded.expect(201);
        assert_eq!((&recorded["outcome"], &recorded["version"]), (&json!("created"), &json!(1)));
        let merged = ws
            .client
            .post("/v1/sales", &json!({"source": "shop ", "unique_id": "INV-1", "profit": "12.345", "territory": null}))
            .await
            .expect(200);
        assert_eq!((&merged["id"], &merged["outcome"], &merged["version"]), (&recorded["id"], &json!("updated"), &json!(2)));
        let id = recorded["id"].as_str().expect("an id").to_owned();
        let read = ws.client.get(&format!("/v1/sales/{id}")).await.expect(200);
        assert_eq!((&read["revenue"], &read["profit"], &read["currency"]), (&json!("-1250.1"), &json!("12.345"), &json!("USD")));
        assert_eq!((&read["date"], &read["territory"]), (&json!("2026-03-31T14:05:00.1234567Z"), &Value::Null));
        assert_eq!(read["history"][0]["facts"]["territory"], "FR");
        let source = read["source"].as_str().expect("a source");
        let again = ws.client.post("/v1/sales", &json!({"source": source, "unique_id": "INV-1", "profit": 12.345})).await.expect(200);
        assert_eq!(again["outcome"], "unchanged", "a source goes by its id as well");
        let found = ws.client.get(&format!("/v1/sales?source={source}&unique_id=INV-1&fields=id,revenue")).await.expect(200);
        assert_eq!(found, json!({"data": [{"id": id, "revenue": "-1250.1"}], "next_cursor": null}));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyed_request_has_one_effect_and_one_answer() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let sale = json!({"unique_id": "A", "date": "2026-03-01", "revenue": 5});
        let first = keyed(&ws.client, "k-1", "/v1/sales", &sale).await;
        assert_eq!((first.status, first.header("idempotent-replayed")), (201, None));
        ws.client.post("/v1/sales", &json!({"unique_id": "A", "revenue": 6})).await.expect(200);
        let second = keyed(&ws.client, "k-1", "/v1/sales", &json!({"revenue": 5, "date": "2026-03-01", "unique_id": "A"})).await;
        assert_eq!((second.status, second.header("idempotent-replayed")), (201, Some("true")));
        assert_eq!(second.body, first.body, "the first answer again, byte by byte");
        let other = keyed(&ws.client, "k-1", "/v1/sales", &json!({"unique_id": "A", "date": "2026-03-01", "revenue": 7})).await;
        assert_eq!(other.refusal(422), "idempotency_key_reused");
        let bulk = json!({"sales": [{"unique_id": "B", "date": "2026-03-01"}, {"unique_id": "C"}, {"unique_id": 1.5}]});
        let first = keyed(&ws.client, "k-2", "/v1/sales/bulk", &bulk).await;
        let second = keyed(&ws.client, "k-2", "/v1/sales/bulk", &bulk).await;
        assert_eq!(second.expect(200), first.expect(200));
        assert_eq!(second.header("idempotent-replayed"), Some("true"));
        let none = keyed(&ws.client, "k-3", "/v1/sales", &json!({"unique_id": "D"})).await;
        assert_eq!(none.refusal(400), "date_missing");
        let sales = ws.client.get("/v1/sales").await.expect(200)["data"].as_array().map(Vec::len);
        assert_eq!(sales, Some(2));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sale_of_many_has_its_own_outcome() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let bulk = json!({"source": "Shop", "sales": [
            {"unique_id": "A", "date": "2026-03-01", "revenue": "1.10"},
            {"unique_id": "B", "date": "yesterday"},
            {"unique_id": "A", "date": "2026-03-01", "revenue": "2.20"},
            {"unique_id": "C", "date": "2026-03-01", "revenu": 1},
            {"unique_id": "D"},
            {"unique_id": "E", "date": "2026-03-01", "source": "Other"},
            {"date": "2026-03-01", "revenue": true},
            7,
            {"unique_id": "A", "date": "2026-03-01", "revenue": "2.20"}
        ]});
        let answer = ws.client.post("/v1/sales/bulk", &bulk).await.expect(200);
        let counts = ["created", "updated", "unchanged", "ignored", "refused"].map(|name| answer[name].as_u64().unwrap_or(99));
        assert_eq!(counts, [1, 1, 1, 0, 6], "{answer}");
        let results = answer["results"].as_array().expect("results");
        let refused: Vec<(u64, &str, &str)> = results
            .iter()
            .filter(|r| r["outcome"] == "refused")
            .map(|r| {
                (
                    r["index"].as_u64().unwrap_or(99),
                    r["errors"][0]["field"].as_str().unwrap_or(""),
                    r["errors"][0]["code"].as_str().unwrap_or(""),
                )
            })
            .collect();
        let wanted = [
            (1, "date", "date_unreadable"),
            (3, "revenu", "field_unknown"),
            (4, "date", "date_missing"),
            (5, "source", "source_in_row"),
            (6, "revenue", "number_unreadable"),
            (7, "body", "type_wrong"),
        ];
        assert_eq!(refused, wanted);
        let many: Vec<Value> = (0..1_001).map(|n| json!({"unique_id": n, "date": "2026-03-01"})).collect();
        assert_eq!(ws.client.post("/v1/sales/bulk", &json!({"sales": many})).await.refusal(422), "too_many_sales");
        let thousand = json!({"sales": many[..1_000]});
        assert_eq!(ws.client.post("/v1/sales/bulk", &thousand).await.expect(200)["created"], 1_000);
        assert_eq!(ws.client.post("/v1/sales/bulk", &json!({"sales": [], "sale": []})).await.refusal(400), "field_unknown");
        assert_eq!(ws.client.post("/v1/sales/bulk", &json!({"sales": []})).await.expect(200)["results"], json!([]));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_filtered_and_walked_page_by_page_without_a_gap() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let sales: Vec<Value> = (0..25)
            .map(|n| json!({"unique_id": format!("S-{n:02}"), "date": format!("2026-03-{:02}", n % 9 + 1), "status": if n % 2 == 0 { "Won" } else { "Open" }, "customer_name": format!("Customer {n}")}))
            .collect();
        ws.client.post("/v1/sales/bulk", &json!({"source": "Shop", "sales": sales})).await.expect(200);
        let walk = async |filter: &str| {
            let (mut ids, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = ws.client.get(&format!("/v1/sales?limit=4{filter}{cursor}")).await.expect(200);
                let data = page["data"].as_array().expect("data");
                assert!(data.len() <= 4);
                ids.extend(data.iter().map(|s| s["unique_id"].as_str().unwrap_or_default().to_owned()));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            ids.sort();
            ids
        };
        let all: Vec<String> = (0..25).map(|n| format!("S-{n:02}")).collect();
        assert_eq!(walk("").await, all);
        let won: Vec<String> = all.iter().step_by(2).cloned().collect();
        assert_eq!(walk("&status=won").await, won);
        assert_eq!(walk("&from=2026-03-01&until=2026-03-01").await, ["S-00", "S-09", "S-18"]);
        assert_eq!(walk("&query=customer%2017").await, ["S-17"]);
        app.stop().await;
    }
}
