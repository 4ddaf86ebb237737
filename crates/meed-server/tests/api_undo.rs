//! Taking an import back over real HTTP, on both engines.

use meed_app::Scope;
use meed_testkit::{Engine, TestApp, Workspace};
use serde_json::{Value, json};

const MARCH: &str = "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-03-04,Dana,100.00,USD\nA-2,2026-03-05,Lee,50.00,USD\n";
const APRIL: &str = "Order No,Order Date,Sales Rep,Amount,Currency\nA-1,2026-03-04,Dana,999.00,USD\nA-3,2026-04-05,Lee,7.00,USD\n";
const NO_IDS: &str =
    "Order Date,Sales Rep,Amount,Currency,Customer\n2026-03-04,Dana,100.00,USD,Aurora\n2026-03-05,Lee,50.00,USD,Borealis\n";

/// Uploads and runs a file, and answers the import when it has ended.
async fn import(ws: &Workspace, file: &str, text: &str) -> Value {
    let path = format!("/v1/imports?source=Shop&file_name={file}");
    let uploaded = ws.client.send("POST", &path, &[("content-type", "text/csv")], text.as_bytes()).await.expect(201);
    let id = uploaded["id"].as_str().expect("an id").to_owned();
    ws.client.post(&format!("/v1/imports/{id}/run"), &json!({})).await.expect(202);
    loop {
        let import = ws.client.get(&format!("/v1/imports/{id}")).await.expect(200);
        if import["state"] != "running" {
            assert_eq!(import["state"], "done", "{import}");
            return import;
        }
        tokio::task::yield_now().await;
    }
}

async fn counted(app: &TestApp, ws: &Workspace) -> i64 {
    meed_app::overview::sale_count(&app.app, &meed_app::Context::system(ws.id)).await.expect("a count")
}

async fn undo(ws: &Workspace, import: &Value) -> meed_testkit::Reply {
    ws.client.post(&format!("/v1/imports/{}/undo", import["id"].as_str().expect("an id")), &json!({})).await
}

/// A sale by its unique id: the list, and everything that is known of it.
async fn sale(ws: &Workspace, unique_id: &str) -> Value {
    let found = ws.client.get(&format!("/v1/sales?unique_id={unique_id}&source=Shop")).await.expect(200);
    let id = found["data"][0]["id"].as_str().unwrap_or_else(|| panic!("no {unique_id} in {found}")).to_owned();
    ws.client.get(&format!("/v1/sales/{id}")).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_taken_back_leaves_what_was_before_it() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        import(&ws, "march.csv", MARCH).await;
        let before = sale(&ws, "A-1").await;
        let april = import(&ws, "april.csv", APRIL).await;
        assert_eq!(sale(&ws, "A-1").await["revenue"], "999.00");
        assert_eq!(counted(&app, &ws).await, 3);

        let back = undo(&ws, &april).await.expect(200);
        assert_eq!(back["state"], "undone");
        let after = sale(&ws, "A-1").await;
        for field in ["revenue", "owners", "import", "line", "original"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        assert_eq!(after["version"], 3, "history stays: {after}");
        let brought = sale(&ws, "A-3").await;
        assert_eq!((&brought["revenue"], &brought["status"]), (&Value::Null, &json!("taken back")), "{brought}");
        assert_eq!(brought["date"], "2026-04-05T04:00:00Z", "its day stays: {brought}");
        assert_eq!(sale(&ws, "A-2").await["revenue"], "50.00", "what the import did not touch stays");

        assert_eq!(counted(&app, &ws).await, 2, "what was taken back counts no more");
        assert_eq!(undo(&ws, &april).await.refusal(409), "import_not_recorded");
        import(&ws, "april.csv", APRIL).await;
        assert_eq!(counted(&app, &ws).await, 3);
        assert_eq!(sale(&ws, "A-3").await["revenue"], "7.00", "dropped again, it counts again");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_ids_come_again_after_their_import_was_taken_back() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let first = import(&ws, "a.csv", NO_IDS).await;
        assert_eq!(import(&ws, "a.csv", NO_IDS).await["counts"]["ignored"], 2);
        undo(&ws, &first).await.expect(200);
        let path = "/v1/imports?source=Shop&file_name=a.csv";
        let tried = ws.client.send("POST", path, &[("content-type", "text/csv")], NO_IDS.as_bytes()).await.expect(201);
        let tried = tried["id"].as_str().expect("an id");
        let tried = ws.client.post(&format!("/v1/imports/{tried}/dry-run"), &json!({})).await.expect(200);
        assert_eq!((&tried["counts"]["updated"], &tried["counts"]["ignored"]), (&json!(2), &json!(0)), "{tried}");
        let again = import(&ws, "a.csv", NO_IDS).await;
        assert_eq!((&again["counts"]["updated"], &again["counts"]["ignored"]), (&json!(2), &json!(0)), "{again}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_something_changed_since_is_not_taken_back() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let march = import(&ws, "march.csv", MARCH).await;
        let april = import(&ws, "april.csv", APRIL).await;
        assert_eq!(undo(&ws, &march).await.refusal(409), "import_changed_since");
        assert_eq!(sale(&ws, "A-2").await["revenue"], "50.00", "nothing was touched");
        undo(&ws, &april).await.expect(200);
        assert_eq!(undo(&ws, &march).await.expect(200)["state"], "undone", "the later one is out of the way");
        assert_eq!(sale(&ws, "A-1").await["revenue"], Value::Null);

        let reader = app.client_with(ws.id, &[Scope::Read]).await;
        let path = format!("/v1/imports/{}/undo", march["id"].as_str().expect("an id"));
        assert_eq!(reader.post(&path, &json!({})).await.refusal(403), "scope_missing");
        app.stop().await;
    }
}
