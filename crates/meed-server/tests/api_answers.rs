//! What a file does not say, over real HTTP on both engines: who sold all of it, and what its status words mean.

use meed_testkit::{Engine, TestApp, Workspace};
use serde_json::{Value, json};

const RECEIPTS: &str = "Order No,Date,Net Sales,Currency,Customer,Status\nA-1,2026-03-04,10.00,USD,Aurora,bezahlt\n\
A-2,2026-03-05,20.00,USD,Borealis,Sonderfall\n";

async fn upload(ws: &Workspace, file: &str, text: &str) -> String {
    let path = format!("/v1/imports?source=Till&file_name={file}");
    let uploaded = ws.client.send("POST", &path, &[("content-type", "text/csv")], text.as_bytes()).await.expect(201);
    uploaded["id"].as_str().expect("an id").to_owned()
}

async fn run(ws: &Workspace, id: &str) -> Value {
    ws.client.post(&format!("/v1/imports/{id}/run"), &json!({})).await.expect(202);
    loop {
        let import = ws.client.get(&format!("/v1/imports/{id}")).await.expect(200);
        if import["state"] != "running" {
            return import;
        }
        tokio::task::yield_now().await;
    }
}

async fn sale(ws: &Workspace, unique_id: &str) -> Value {
    ws.client.get(&format!("/v1/sales?unique_id={unique_id}&source=Till")).await.expect(200)["data"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_belongs_to_whom_a_person_says_and_the_next_one_of_its_layout_as_well() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let id = upload(&ws, "march.csv", RECEIPTS).await;
        let path = format!("/v1/imports/{id}/mapping");
        assert_eq!(ws.client.post(&format!("/v1/imports/{id}/run"), &json!({})).await.refusal(422), "mapping.no_credit");
        for (body, code) in [
            (json!({"owner": "x".repeat(301)}), "owner_invalid"),
            (json!({"statuses": {"Sonderfall": "gone"}}), "state_unknown"),
            (json!({"year": 26}), "year_invalid"),
        ] {
            assert_eq!(ws.client.put(&path, &body).await.refusal(422), code, "{body}");
        }
        let said = json!({"owner": "dana@example.com", "statuses": {"Sonderfall": "won"}});
        let report = ws.client.put(&path, &said).await.expect(200);
        assert_eq!((&report["owner"], &report["problems"]), (&json!("dana@example.com"), &json!([])), "{report}");
        let states: Vec<&Value> = report["values"]["statuses"].as_array().expect("words").iter().map(|word| &word["state"]).collect();
        assert_eq!(states, [&json!("paid"), &json!("won")]);
        assert_eq!(run(&ws, &id).await["state"], "done");
        let (first, second) = (sale(&ws, "A-1").await, sale(&ws, "A-2").await);
        assert_eq!((&first["owner"], &first["status"]), (&json!("dana@example.com"), &json!("paid")), "{first}");
        assert_eq!(second["status"], "won");

        let april = RECEIPTS.replace("A-1", "A-3").replace("A-2", "A-4").replace("-03-", "-04-");
        let next = upload(&ws, "april.csv", &april).await;
        assert_eq!(run(&ws, &next).await["state"], "done", "the layout remembers what was said");
        let third = sale(&ws, "A-4").await;
        assert_eq!((&third["owner"], &third["status"]), (&json!("dana@example.com"), &json!("won")), "{third}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_too_long_refuses_its_row_alone() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let long = "A".repeat(3_000);
        let file = format!("Order No,Date,Net Sales,Currency,Sales Rep\n{long}1,2026-03-04,1.00,USD,Dana\nA-2,2026-03-05,2.00,USD,Dana\n");
        let id = upload(&ws, "ids.csv", &file).await;
        let columns = json!({"columns": [{"index": 0, "target": "unique_id"}]});
        ws.client.put(&format!("/v1/imports/{id}/mapping"), &columns).await.expect(200);
        let tried = ws.client.post(&format!("/v1/imports/{id}/dry-run"), &json!({})).await.expect(200);
        let done = run(&ws, &id).await;
        assert_eq!(
            (&done["state"], &done["counts"]["created"], &done["counts"]["failed"]),
            (&json!("done"), &json!(1), &json!(1)),
            "{done}"
        );
        assert_eq!(tried["rejected"][0]["errors"][0]["code"], "unique_id_too_long", "{tried}");
        let rejects = ws.client.get(&format!("/v1/imports/{id}/rejects")).await.expect(200);
        assert_eq!(rejects["data"][0]["errors"][0]["code"], "unique_id_too_long");
        assert_eq!(rejects["data"][0]["cells"][4], "Dana", "the cells of the row are kept");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_says_who_sold_what_names_no_rep() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let too_long = json!({"name": "Till", "owner": "x".repeat(301)});
    assert_eq!(ws.client.post("/v1/sources", &too_long).await.refusal(422), "owner_invalid");
    let source = ws.client.post("/v1/sources", &json!({"name": "Till", "owner": "Dana Reyes"})).await.expect(201);
    assert_eq!(source["owner"], "Dana Reyes");
    let id = upload(&ws, "march.csv", RECEIPTS).await;
    assert_eq!(run(&ws, &id).await["state"], "done");
    assert_eq!(sale(&ws, "A-1").await["owner"], "Dana Reyes");
    app.stop().await;
}
