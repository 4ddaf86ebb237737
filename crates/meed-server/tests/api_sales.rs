//! Recording sales through `/v1` and looking at them, on both engines.

use meed_testkit::{Engine, TestApp};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_is_recorded_and_read_back() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let sale = json!({"source": "Shop", "unique_id": "INV-1", "date": "2026-03-31T14:05:00.1234567Z", "revenue": -1250.10, "currency": "usd", "owner": "Dana"});
        let recorded = ws.client.post("/v1/sales", &sale).await.expect(201);
        assert_eq!(recorded["outcome"], "created");
        let id = recorded["id"].as_str().expect("an id").to_owned();
        let read = ws.client.get(&format!("/v1/sales/{id}")).await.expect(200);
        assert_eq!(read["revenue"], "-1250.1");
        assert_eq!(read["date"], "2026-03-31T14:05:00.1234567Z");
        assert_eq!(read["currency"], "USD");
        assert_eq!(ws.client.get("/v1/sales").await.expect(200)["data"][0]["id"], id.as_str());
        app.stop().await;
    }
}
