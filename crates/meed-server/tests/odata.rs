//! The OData-style read surface: sets, options, pages, and what is refused.

use meed_app::Scope;
use meed_testkit::{Client, Engine, TestApp, Workspace};
use serde_json::{Value, json};

const PLAN: &str =
    "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\nquota = 1000\n\n[[rule]]\nid = \"commission\"\nrate = \"10%\"\n";

async fn furnish(ws: &Workspace, sales: usize) {
    let client = &ws.client;
    let rep = json!({"name": "Dana", "email": "dana@example.com", "tags": ["field"], "variables": [{"name": "quota", "from": "2026-01-01", "value": "1000.50"}]});
    client.post("/v1/reps", &rep).await.expect(201);
    client.post("/v1/reps", &json!({"name": "Lee"})).await.expect(201);
    client.post("/v1/teams", &json!({"name": "West"})).await.expect(201);
    let all: Vec<Value> = (0..sales)
        .map(|n| {
            let owner = if n % 3 == 0 { "Lee" } else { "Dana" };
            json!({"unique_id": format!("S-{n:04}"), "date": format!("2026-03-{:02}T10:00:00Z", n % 28 + 1), "revenue": n, "owner": owner, "status": if n % 2 == 0 { "won" } else { "lost" }})
        })
        .collect();
    for chunk in all.chunks(500) {
        client.post("/v1/sales/bulk", &json!({"source": "Shop", "sales": chunk})).await.expect(200);
    }
    let program = client.post("/v1/programs", &json!({"text": PLAN})).await.expect(200)["program"]["id"].clone();
    let period = json!({"program": program, "period": "2026-03"});
    client.post("/v1/calculations", &period).await.expect(201);
    let release = client.post("/v1/releases", &period).await.expect(201)["id"].clone();
    client.post("/v1/payouts", &json!({"release": release, "paid_on": "2026-04-10"})).await.expect(201);
    client.post("/v1/announcements", &json!({"title": "Contest"})).await.expect(201);
}

async fn rows(client: &Client, path: &str) -> Vec<Value> {
    client.get(&format!("/odata/v4/{path}")).await.expect(200)["value"].as_array().expect("rows").clone()
}

/// All rows by following the links.
async fn followed(client: &Client, path: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), format!("/odata/v4/{path}"));
    loop {
        let page = client.get(&next).await.expect(200);
        all.extend(page["value"].as_array().expect("rows").clone());
        match page["@odata.nextLink"].as_str() {
            None => return all,
            Some(link) => next = link.split_once("/odata/").map(|(_, rest)| format!("/odata/{rest}")).expect("a link of ours"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_067_every_set_is_read_filtered_sorted_and_paged() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        furnish(&ws, 450).await;
        let client = &ws.client;
        let service = client.get("/odata/v4/").await.expect(200);
        let metadata = client.get("/odata/v4/$metadata").await;
        assert_eq!(metadata.header("odata-version"), Some("4.0"));
        for set in service["value"].as_array().expect("sets") {
            let name = set["name"].as_str().expect("a name");
            assert!(metadata.text().contains(&format!("<EntitySet Name=\"{name}\"")), "{name}");
            let found = rows(client, name).await;
            assert!(!found.is_empty() || matches!(name, "Enrollments" | "Alerts"), "{name} is empty");
            // Each row has every property of the description, and can be read by its key.
            if let Some(first) = found.first() {
                let key = first["Id"].as_str().expect("a key");
                let one = client.get(&format!("/odata/v4/{name}('{key}')")).await.expect(200);
                assert_eq!(&one, first, "{name}");
                for property in first.as_object().expect("properties").keys() {
                    assert!(metadata.text().contains(&format!("<Property Name=\"{property}\"")), "{name}.{property}");
                }
            }
        }
        // Pages: nothing lost, nothing twice, whatever the way.
        let all = followed(client, "Transactions?$select=UniqueId").await;
        let mut ids: Vec<String> = all.iter().map(|row| row["UniqueId"].as_str().expect("an id").to_owned()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((all.len(), ids.len()), (450, 450));
        let sorted = followed(client, "Transactions?$orderby=Revenue%20desc&$select=Revenue").await;
        let revenues: Vec<i64> = sorted.iter().map(|row| row["Revenue"].as_i64().expect("a number")).collect();
        assert_eq!(revenues, (0..450).rev().collect::<Vec<i64>>());
        assert_eq!(followed(client, "Transactions?$top=250").await.len(), 250);
        assert_eq!(followed(client, "Transactions?$skip=430").await.len(), 20);
        assert_eq!(followed(client, "Transactions?$skip=10&$top=260").await.len(), 260);
        assert_eq!(followed(client, "Credits").await.len(), 450);
        assert_eq!(followed(client, "CalculationCommission").await.len(), 450);
        let counted = client.get("/odata/v4/Transactions?$count=true&$top=1&$filter=Revenue%20ge%20400").await.expect(200);
        assert_eq!((&counted["@odata.count"], counted["value"].as_array().map(Vec::len)), (&json!(50), Some(1)));
        assert_eq!(client.get("/odata/v4/Transactions/$count?$filter=startswith(UniqueId,'S-01')").await.text(), "100");
        let found = rows(
            client,
            "Transactions?$filter=TransactionStatus%20eq%20'won'%20and%20Revenue%20lt%204&$orderby=Revenue&$select=UniqueId,Revenue",
        )
        .await;
        assert_eq!(found, [json!({"UniqueId": "S-0000", "Revenue": 0}), json!({"UniqueId": "S-0002", "Revenue": 2})]);
        let dana = rows(client, "Users?$filter=contains(tolower(Name),'dan')&$select=Name,IsActive").await;
        assert_eq!(dana, [json!({"Name": "Dana", "IsActive": true})]);
        let quota = client.get("/odata/v4/CustomVariables?$select=Name,Value,EffectiveDate").await.text();
        assert!(quota.contains("{\"Name\":\"quota\",\"Value\":1000.50,\"EffectiveDate\":\"2026-01-01\"}"), "{quota}");
        let rewards = rows(client, "Rewards?$orderby=User&$select=User,Amount,Status").await;
        assert_eq!(rewards.len(), 2);
        assert_eq!((&rewards[0]["User"], &rewards[0]["Status"]), (&json!("Dana"), &json!("paid")));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_067_it_is_read_only_for_administrators_and_says_when_it_is_too_much() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        furnish(&ws, 3).await;
        let client = &ws.client;
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            for path in ["/odata/v4/", "/odata/v4/Users", "/odata/v4/Users('x')"] {
                let reply = client.send(method, path, &[], b"{}").await;
                assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{method} {path}");
                assert_eq!(reply.json()["error"]["code"], "method_not_allowed");
            }
        }
        assert_eq!(app.client().get("/odata/v4/Users").await.status, 401);
        for scope in [Scope::Read, Scope::Sales, Scope::Plans, Scope::Release] {
            let reply = app.client_with(ws.id, &[scope]).await.get("/odata/v4/Users").await;
            assert_eq!((reply.status, &reply.json()["error"]["code"]), (403, &json!("scope_missing")), "{scope:?}");
        }
        for (path, status, code) in [
            ("Nothing", 404, "not_found"),
            ("Users('nobody')", 404, "not_found"),
            ("Users?$filter=Nome%20eq%201", 400, "query_invalid"),
            ("Users?$select=Nome", 400, "query_invalid"),
            ("Users?$orderby=Name%20up", 400, "query_invalid"),
            ("Users?$top=-1", 400, "query_invalid"),
            ("Users?$count=maybe", 400, "query_invalid"),
            ("Users?$expand=Teams", 400, "query_invalid"),
            ("Users?$skiptoken=x", 422, "cursor_invalid"),
            ("Transactions?$skiptoken=k:1", 422, "cursor_invalid"),
        ] {
            let reply = client.get(&format!("/odata/v4/{path}")).await;
            assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)), "{path}: {}", reply.text());
        }
        let other = app.workspace("other").await;
        assert!(rows(&other.client, "Transactions").await.is_empty(), "another workspace sees nothing of it");
        let mut refused = None;
        for _ in 0..320 {
            let reply = client.get("/odata/v4/").await;
            if reply.status != 200 {
                refused = Some(reply);
                break;
            }
        }
        let refused = refused.expect("it is too much at last");
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
        assert_eq!(other.client.get("/odata/v4/").await.status, 200, "others are not held up");
        app.clock.advance_seconds(61);
        assert_eq!(client.get("/odata/v4/").await.status, 200);
        app.stop().await;
    }
}
