//! The compatible surface over real HTTP, on both engines (`commissions.md` behaviours 1 to 18).

use meed_app::Scope;
use meed_testkit::{Client, Engine, TestApp};
use serde_json::{Value, json};

const CREATE: &str = "/app/Api/CreateTransaction";

/// A client that shows its key as these systems do.
fn keyed(app: &TestApp, secret: &str) -> Client {
    app.client().with("x-apikey", secret)
}

async fn sales_of(client: &Client) -> Vec<Value> {
    client.get("/v1/sales?limit=100").await.expect(200)["data"].as_array().cloned().expect("a list")
}

/// Asks for a job until it has ended.
async fn ended(client: &Client, job: &str) -> Value {
    for _ in 0..20_000 {
        let state = client.get(&format!("/app/Api/Jobs/{job}")).await.expect(200);
        if state["status"] == "done" || state["status"] == "failed" {
            return state;
        }
        tokio::task::yield_now().await;
    }
    panic!("the job {job} does not end");
}

#[tokio::test(flavor = "multi_thread")]
async fn com_001_a_transaction_with_only_a_date_succeeds() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        let answer = client.post(CREATE, &json!({"date": "2026-03-31"})).await.expect(200);
        assert_eq!(answer["outcome"], "created");
        assert_eq!(answer["Id"].as_str().map(str::len), Some(36), "{answer}");
        let sales = sales_of(&ws.client).await;
        assert_eq!(sales.len(), 1);
        assert_eq!(sales[0]["date"], "2026-03-31T04:00:00Z", "the start of the day in New York");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_002_a_missing_or_unreadable_date_is_a_400_that_names_the_field_and_stores_nothing() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        for (body, field, code) in [
            (json!({}), "date", "date_missing"),
            (json!({"date": null}), "date", "date_missing"),
            (json!({"date": "31/03/2026"}), "date", "date_unreadable"),
            (json!({"date": ""}), "date", "date_unreadable"),
            (json!({"date": 20_260_331}), "date", "type_wrong"),
            (json!({"date": "9999-01-01"}), "date", "date_out_of_range"),
            (json!({"date": "2026-03-31", "revenue": "a lot"}), "revenue", "number_unreadable"),
            (json!({"date": "2026-03-31", "revenue": "12345678901234567890123456789.01"}), "revenue", "number_too_long"),
            (json!({"date": "2026-03-31", "currency": "dollars"}), "currency", "currency_unknown"),
            (json!({"date": "2026-03-31", "currency": "$"}), "currency", "currency_unknown"),
            (json!({"date": "2026-03-31", "otherDate2": "soon"}), "otherDate2", "date_unreadable"),
            (json!({"date": "2026-03-31", "revenu": 10}), "revenu", "field_unknown"),
            (json!({"date": "2026-03-31", "customer": "x".repeat(2_001)}), "customer", "text_too_long"),
            (json!({"date": "2026-03-31", "uniqueId": "x".repeat(501)}), "uniqueId", "unique_id_too_long"),
        ] {
            let reply = client.post(CREATE, &body).await;
            assert_eq!(reply.refusal(400), code, "{body}");
            assert_eq!(reply.fields(), [field], "{body}");
        }
        assert!(sales_of(&ws.client).await.is_empty());
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_003_a_wrong_a_missing_and_a_revoked_key_are_refused_alike() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let body = json!({"date": "2026-03-31"});
        assert_eq!(app.client().post(CREATE, &body).await.refusal(401), "key_missing");
        let wrong = keyed(&app, "mk_00000000000000000000000000000000").post(CREATE, &body).await;
        assert_eq!(wrong.refusal(401), "key_invalid");
        assert!(wrong.header("www-authenticate").is_some());
        let made = ws.client.post("/v1/keys", &json!({"label": "till", "scopes": ["sales"]})).await.expect(201);
        let till = keyed(&app, made["secret"].as_str().expect("a secret"));
        till.post(CREATE, &body).await.expect(200);
        let id = made["key"]["id"].as_str().expect("an id");
        assert_eq!(ws.client.delete(&format!("/v1/keys/{id}")).await.status, 204);
        let revoked = till.post(CREATE, &json!({"date": "2026-04-01"})).await;
        assert_eq!(revoked.refusal(401), "key_invalid");
        assert_eq!(revoked.json()["detail"], wrong.json()["detail"], "nobody learns that the key existed");
        assert_eq!(sales_of(&ws.client).await.len(), 1);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_004_the_same_unique_id_updates_by_merging_and_keeps_the_history() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret).with("x-datasource", "My ERP");
        let first = json!({"Id": "ignored", "date": "2026-03-01", "uniqueId": 1007, "revenue": 100, "customer": "a@b.example", "owner1": "Dana", "otherText1": "x"});
        assert_eq!(client.post(CREATE, &first).await.expect(200)["outcome"], "created");
        assert_eq!(client.post(CREATE, &first).await.expect(200)["outcome"], "unchanged");
        let second = json!({"date": "2026-03-02", "uniqueId": "1007", "revenue": -12.50, "otherText1": null});
        assert_eq!(client.post(CREATE, &second).await.expect(200)["outcome"], "updated");
        let sales = sales_of(&ws.client).await;
        assert_eq!(sales.len(), 1);
        let id = sales[0]["id"].as_str().expect("an id");
        let sale = ws.client.get(&format!("/v1/sales/{id}")).await.expect(200);
        assert_eq!((&sale["version"], &sale["unique_id"], &sale["revenue"]), (&json!(2), &json!("1007"), &json!("-12.5")));
        assert_eq!(sale["owner"], "Dana", "absent keeps");
        assert_eq!((&sale["customer_name"], &sale["customer_email"]), (&json!("a@b.example"), &json!("a@b.example")));
        assert_eq!(sale["other_text1"], Value::Null, "null clears");
        assert_eq!(sale["history"][0]["facts"]["revenue"], "100");
        assert_eq!(sale["history"][0]["facts"]["other_text1"], "x");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_005_a_hundred_upserts_of_one_id_at_once_are_one_record() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        let calls = (0..100).map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.post(CREATE, &json!({"date": "2026-03-01", "uniqueId": "A", "revenue": number})).await })
        });
        let mut created = 0;
        for call in calls.collect::<Vec<_>>() {
            let outcome = call.await.expect("a call").expect(200)["outcome"].clone();
            created += usize::from(outcome == "created");
        }
        assert_eq!(created, 1);
        let sales = sales_of(&ws.client).await;
        assert_eq!(sales.len(), 1);
        assert_eq!(sales[0]["version"], 100, "every call is a version: no two say the same");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_006_an_equal_transaction_without_an_id_is_ignored() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        let body = json!({"date": "2026-03-01", "revenue": 10, "customer": "Harbour"});
        assert_eq!(client.post(CREATE, &body).await.expect(200)["outcome"], "created");
        assert_eq!(client.post(CREATE, &body).await.expect(200)["outcome"], "ignored");
        let other = json!({"date": "2026-03-01", "revenue": 10, "customer": "Harbour", "uniqueId": " "});
        assert_eq!(client.post(CREATE, &other).await.expect(200)["outcome"], "ignored", "a blank id is none");
        assert_eq!(sales_of(&ws.client).await.len(), 1);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_007_a_refund_is_a_record_of_its_own_or_replaces_the_purchase() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        for (id, revenue) in [("S-1", 100), ("R-1", -100), ("S-2", 50), ("S-2", -50)] {
            client.post(CREATE, &json!({"date": "2026-03-01", "uniqueId": id, "revenue": revenue})).await.expect(200);
        }
        let mut found: Vec<(String, String)> = sales_of(&ws.client)
            .await
            .iter()
            .map(|sale| {
                (sale["unique_id"].as_str().unwrap_or_default().to_owned(), sale["revenue"].as_str().unwrap_or_default().to_owned())
            })
            .collect();
        found.sort();
        let wanted = [("R-1", "-100"), ("S-1", "100"), ("S-2", "-50")];
        assert_eq!(found, wanted.map(|(id, revenue)| (id.to_owned(), revenue.to_owned())));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_008_negative_amounts_and_seven_digits_of_a_second_survive_exactly() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        let body = r#"{"date":"2018-08-06T03:31:24.0277712Z","uniqueId":"X","revenue":-127.440000000000001,"profit":-0.1,"currency":"€","otherNumeric3":12345678901234567890.12345678,"otherDate1":"2018-08-06T03:31:24.0277712+02:00"}"#;
        client.send("POST", CREATE, &[("content-type", "application/json")], body.as_bytes()).await.expect(200);
        let sale = &sales_of(&ws.client).await[0];
        assert_eq!(sale["date"], "2018-08-06T03:31:24.0277712Z");
        assert_eq!(sale["revenue"], "-127.440000000000001");
        assert_eq!(sale["profit"], "-0.1");
        assert_eq!(sale["currency"], "EUR");
        assert_eq!(sale["other_numeric3"], "12345678901234567890.12345678");
        assert_eq!(sale["other_date1"], "2018-08-06T01:31:24.0277712Z");
        let sample = client.get("/app/Api/SampleTransactions").await;
        assert!(sample.text().contains("\"revenue\":-127.440000000000001,"), "{}", sample.text());
        app.stop().await;
    }
}

const MAPPING: &str = "<Mappings><TransactionDateField><FieldName>Day</FieldName></TransactionDateField><OrderIdField><FieldName>No</FieldName></OrderIdField><CreditToUserField><FieldName>Rep</FieldName></CreditToUserField><RevenueField><FieldName>Sum</FieldName><IncludesCurrency>true</IncludesCurrency></RevenueField></Mappings>";

#[tokio::test(flavor = "multi_thread")]
async fn com_009_equal_mappings_of_a_source_have_one_batch_id_and_take_csv() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        let prepare = async |source: &str, xml: &str| {
            client
                .send("POST", "/app/Api/PrepareImport", &[("x-datasource", source), ("content-type", "application/xml")], xml.as_bytes())
                .await
        };
        let first = prepare("My ERP", MAPPING).await;
        assert_eq!((first.status, first.header("content-type")), (200, Some("text/plain; charset=utf-8")));
        let id = first.text();
        assert_eq!(id.len(), 36, "a plain GUID: {id}");
        let spaced = MAPPING.replace("><", ">\n  <");
        assert_eq!(prepare("My ERP", &spaced).await.text(), id, "layout of the XML does not matter");
        assert_ne!(prepare("Other", MAPPING).await.text(), id);
        assert_ne!(prepare("My ERP", &MAPPING.replace("Sum", "Total")).await.text(), id);
        let import =
            async |id: &str, csv: &str| client.send("POST", "/app/Api/ImportTransactions", &[("x-batchid", id)], csv.as_bytes()).await;
        let job = import(&id, "No,Day,Rep,Sum\nA-1,2026-03-01,Dana,\"1,250.00 USD\"\nA-2,2026-03-02,Lee,\"80.50 USD\"\n").await.expect(202);
        let done = ended(&client, job["jobId"].as_str().expect("a job")).await;
        assert_eq!((&done["status"], &done["created"], &done["failed"]), (&json!("done"), &json!(2), &json!(0)), "{done}");
        let sales = sales_of(&ws.client).await;
        assert_eq!(sales.len(), 2);
        assert!(sales.iter().any(|s| s["unique_id"] == "A-1" && s["revenue"] == "1250.00" && s["owner"] == "Dana"), "{sales:?}");
        assert_eq!(
            import(&id, "No,Day,Rep,Sum,Note\nA-3,2026-03-01,Dana,1,x\nA-4,2026-03-01,Dana,1,x\n").await.refusal(422),
            "column_not_mapped"
        );
        assert_eq!(import(&id, "No,Day,Sum\nA-3,2026-03-01,1\nA-4,2026-03-02,2\n").await.refusal(422), "column_missing");
        assert_eq!(import("8c1f2a4e-77aa-8c1b-9a52-0d6f3b1c9e10", "No\n1\n").await.refusal(404), "batch_unknown");
        assert_eq!(client.send("POST", "/app/Api/ImportTransactions", &[], b"No\n").await.refusal(400), "batch_missing");
        assert_eq!(sales_of(&ws.client).await.len(), 2);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_010_the_mapping_errors_of_a_prepared_import_can_be_told_apart() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let client = keyed(&app, &ws.secret);
    let field = |name: &str, column: &str| format!("<{name}><FieldName>{column}</FieldName></{name}>");
    let (date, user, revenue) = (field("TransactionDateField", "Day"), field("CreditToUserField", "Rep"), field("RevenueField", "Sum"));
    for (fields, code) in [
        (String::new(), "mapping.none"),
        (format!("{user}{revenue}"), "mapping.no_date"),
        (format!("{date}{revenue}"), "mapping.no_credit"),
        (format!("{date}{user}{revenue}{}", field("RevenueField", "Net")), "mapping.duplicate"),
        (format!("{date}{user}{}", field("ProfitField", "Day")), "mapping.column_twice"),
    ] {
        let xml = format!("<Mappings>{fields}</Mappings>");
        assert_eq!(client.send("POST", "/app/Api/PrepareImport", &[], xml.as_bytes()).await.refusal(422), code, "{xml}");
    }
    app.stop().await;
}

const SAMPLE: &str = "Order,Date,Amount,Rep\nA-1,2026-03-01,100.00,Dana\nA-2,2026-03-02,200.00,Lee\nA-3,2026-03-03,300.00,Dana\n";

/// Imports a sample by hand and answers the configuration hash of its layout.
async fn sample_configuration(client: &Client) -> String {
    let import = client
        .send("POST", "/v1/imports?source=Shop&file_name=orders.csv", &[("content-type", "text/csv")], SAMPLE.as_bytes())
        .await
        .expect(201);
    let id = import["id"].as_str().expect("an import");
    client.send("POST", &format!("/v1/imports/{id}/run"), &[], b"").await.expect(202);
    let done = ended(client, id).await;
    assert_eq!((&done["status"], &done["created"]), (&json!("done"), &json!(3)), "{done}");
    let mappings = client.get("/v1/mappings").await.expect(200);
    mappings["data"][0]["configuration_hash"].as_str().expect("a hash").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn com_011_a_changed_header_or_order_is_refused_and_nothing_is_imported() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let hash = sample_configuration(&ws.client).await;
        let path = format!("/app/Api/UploadCsv?config={hash}&key={}", ws.secret);
        let upload = async |csv: &str| app.client().send("POST", &path, &[("content-type", "text/csv")], csv.as_bytes()).await;
        for csv in [
            "Order,Amount,Date,Rep\nB-1,100.00,2026-03-01,Dana\nB-2,200.00,2026-03-02,Lee\n",
            "Order,Date,Total,Rep\nB-1,2026-03-01,100.00,Dana\nB-2,2026-03-02,200.00,Lee\n",
            "Order,Date,Amount\nB-1,2026-03-01,100.00\nB-2,2026-03-02,200.00\n",
            "Order,Date,Amount,Rep,Note\nB-1,2026-03-01,100.00,Dana,x\nB-2,2026-03-02,200.00,Lee,y\n",
        ] {
            assert_eq!(upload(csv).await.refusal(422), "layout_changed", "{csv}");
        }
        assert_eq!(upload("").await.refusal(422), "file.empty");
        assert_eq!(sales_of(&ws.client).await.len(), 3);
        assert_eq!(ws.client.get("/v1/imports").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
        let job = upload("Order,Date,Amount,Rep\nB-1,2026-03-04,5.00,Dana\nA-1,2026-03-01,111.00,Dana\n").await.expect(202);
        let done = ended(&ws.client, job["jobId"].as_str().expect("a job")).await;
        assert_eq!((&done["created"], &done["updated"]), (&json!(1), &json!(1)), "{done}");
        let unknown = app.client().send("POST", &format!("/app/Api/UploadCsv?config=00&key={}", ws.secret), &[], b"a").await;
        assert_eq!(unknown.refusal(404), "configuration_unknown");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_012_a_job_tells_what_became_of_each_row_by_line() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let hash = sample_configuration(&ws.client).await;
        let csv = "Order,Date,Amount,Rep\nA-1,2026-03-01,150.00,Dana\nA-2,2026-03-02,200.00,Lee\nC-1,2026-03-09,10.00,Dana\nC-2,2026-02-31,20.00,Lee\nC-3,2026-03-09,many,Lee\n";
        let client = keyed(&app, &ws.secret);
        let job = client.send("POST", &format!("/app/Api/UploadCsv?config={hash}"), &[], csv.as_bytes()).await.expect(202);
        assert_eq!(job["status"], "queued");
        let done = client.get(job["statusUrl"].as_str().expect("an address")).await;
        assert_eq!(done.status, 200);
        let done = ended(&client, job["jobId"].as_str().expect("a job")).await;
        let counts = ["created", "updated", "unchanged", "ignored", "failed"].map(|name| done[name].as_u64().unwrap_or(99));
        assert_eq!(counts, [1, 1, 1, 0, 2], "{done}");
        let lines: Vec<(u64, &str)> = done["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|e| (e["line"].as_u64().unwrap_or(0), e["column"].as_str().unwrap_or("")))
            .collect();
        assert_eq!(lines, [(5, "Date"), (6, "Amount")], "{done}");
        let id = job["jobId"].as_str().expect("a job");
        let csv = ws.client.get(&format!("/v1/imports/{id}/rejects.csv")).await.text();
        assert!(csv.contains("\r\n5,Date,2026-02-31,"), "{csv}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_014_a_chosen_mapping_is_used_for_the_next_file_of_the_layout() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let csv = |no: u32| format!("Order,Date,Alpha,Beta,Rep\nN-{no}1,2026-03-01,100.00,7.00,Dana\nN-{no}2,2026-03-02,200.00,8.00,Lee\n");
        let upload = async |no: u32| {
            ws.client.send("POST", "/v1/imports?source=Shop", &[("content-type", "text/csv")], csv(no).as_bytes()).await.expect(201)["id"]
                .as_str()
                .expect("an import")
                .to_owned()
        };
        let first = upload(1).await;
        let columns = json!({"columns": [{"index": 2, "target": "profit"}, {"index": 3, "target": "revenue"}]});
        let mapped = ws.client.put(&format!("/v1/imports/{first}/mapping"), &columns).await.expect(200);
        assert_eq!((&mapped["mapping"][2]["target"], &mapped["mapping"][3]["target"]), (&json!("profit"), &json!("revenue")));
        ws.client.send("POST", &format!("/v1/imports/{first}/run"), &[], b"").await.expect(202);
        ended(&ws.client, &first).await;
        let second = upload(2).await;
        let read = ws.client.get(&format!("/v1/imports/{second}/mapping")).await.expect(200);
        assert_eq!((&read["mapping"][2]["target"], &read["mapping"][3]["target"]), (&json!("profit"), &json!("revenue")), "{read}");
        let tried = ws.client.send("POST", &format!("/v1/imports/{second}/dry-run"), &[], b"").await.expect(200);
        assert_eq!((&tried["counts"]["created"], &tried["counts"]["revenue"]["USD"]), (&json!(2), &json!("15.00")), "{tried}");
        assert_eq!(sales_of(&ws.client).await.len(), 2, "a dry run records nothing");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_016_original_columns_stay_beside_the_mapped_ones() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        for (source, csv) in [
            ("CRM", "Deal,Closed,ARR,Owner\nD-1,2026-03-01,\"1,200.00\",Dana\nD-2,2026-03-02,\"2,400.00\",Lee\n"),
            ("Shop", "Order,Date,Amount,Rep\nO-1,2026-03-03,10.50,Dana\nO-2,2026-03-04,20.25,Lee\n"),
        ] {
            let import = ws
                .client
                .send("POST", &format!("/v1/imports?source={source}"), &[("content-type", "text/csv")], csv.as_bytes())
                .await
                .expect(201);
            let id = import["id"].as_str().expect("an import");
            let read = ws.client.get(&format!("/v1/imports/{id}/mapping")).await.expect(200);
            if read["mapping"][2]["target"] != "revenue" {
                let columns = json!({"columns": [{"index": 2, "target": "revenue"}]});
                ws.client.put(&format!("/v1/imports/{id}/mapping"), &columns).await.expect(200);
            }
            ws.client.send("POST", &format!("/v1/imports/{id}/run"), &[], b"").await.expect(202);
            assert_eq!(ended(&ws.client, id).await["status"], "done");
        }
        for (unique_id, revenue, column, cell) in [("D-1", "1200.00", "ARR", "1,200.00"), ("O-1", "10.50", "Amount", "10.50")] {
            let sales = sales_of(&ws.client).await;
            let sale = sales.iter().find(|s| s["unique_id"] == unique_id).expect("the sale");
            assert_eq!(sale["revenue"], revenue);
            let one = ws.client.get(&format!("/v1/sales/{}", sale["id"].as_str().expect("an id"))).await.expect(200);
            let original = one["original"].as_array().expect("originals");
            assert!(original.iter().any(|o| o["column"] == column && o["value"] == cell), "{one}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_018_what_is_too_much_is_a_429_with_retry_after_and_what_was_accepted_stays() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let client = keyed(&app, &ws.secret);
    client.post(CREATE, &json!({"date": "2026-03-01", "uniqueId": "A"})).await.expect(200);
    // A store that takes no more answers as one that is full.
    let store = std::sync::Arc::clone(&app.app);
    tokio::task::spawn_blocking(move || store.store().close()).await.expect("the store closes");
    let refused = client.post(CREATE, &json!({"date": "2026-03-01", "uniqueId": "B"})).await;
    assert_eq!(refused.refusal(429), "overloaded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let sales = sales_of(&ws.client).await;
    assert_eq!(sales.len(), 1);
    assert_eq!(sales[0]["unique_id"], "A");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn teams_members_and_variables_are_created_and_updated_by_name() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = keyed(&app, &ws.secret);
        let dana = ws.client.post("/v1/reps", &json!({"name": "Dana", "email": "dana@example.com"})).await.expect(201);
        let team = client
            .post("/app/Api/CreateTeam", &json!({"name": "West", "managerId": "DANA@example.com", "description": "x"}))
            .await
            .expect(200);
        let again = client.post("/app/Api/CreateTeam", &json!({"name": "west", "description": null})).await.expect(200);
        assert_eq!(again["Id"], team["Id"]);
        let saved = ws.client.get(&format!("/v1/teams/{}", team["Id"].as_str().expect("an id"))).await.expect(200);
        assert_eq!((&saved["manager"], &saved["description"]), (&dana["id"], &Value::Null));
        client.post("/app/Api/CreateTeam", &json!({"name": "North", "parentTeamId": "West"})).await.expect(200);
        client.post("/app/Api/CreateTeamMember", &json!({"teamId": "West", "userId": "Dana", "startDate": "2026-01-01"})).await.expect(200);
        client.post("/app/Api/CreateCustomVariable", &json!({"name": "@@Quota", "value": 1000.5, "userId": "Dana"})).await.expect(200);
        client.post("/app/Api/CreateCustomVariable", &json!({"name": "Quota", "value": 2000, "userId": "Dana"})).await.expect(200);
        let rep = ws.client.get(&format!("/v1/reps/{}", dana["id"].as_str().expect("an id"))).await.expect(200);
        assert_eq!(rep["memberships"], json!([{"team": team["Id"], "from": "2026-01-01", "until": null}]));
        assert_eq!(rep["variables"], json!([{"name": "Quota", "from": null, "value": "2000"}]));
        let refused = client.post("/app/Api/CreateTeamMember", &json!({"teamId": "East", "userId": "Dana"})).await;
        assert_eq!((refused.refusal(400).as_str(), refused.fields()), ("reference_unknown", vec!["teamId".to_owned()]));
        let plain = app.client_with(ws.id, &[Scope::Plans]).await;
        assert_eq!(plain.post("/app/Api/CreateTeam", &json!({"name": "South"})).await.refusal(403), "scope_missing");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_automation_tool_can_try_its_key_and_see_samples() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let client = keyed(&app, &ws.secret);
    assert_eq!(client.get("/app/Api/TestAuthentication").await.expect(200), json!({"workspace": "acme", "side": "live"}));
    assert_eq!(app.client().get("/app/Api/TestAuthentication").await.refusal(401), "key_missing");
    for day in 1..=4 {
        client
            .post(CREATE, &json!({"date": format!("2026-03-0{day}"), "uniqueId": day, "revenue": 10.25, "team1": "West"}))
            .await
            .expect(200);
    }
    let samples = client.get("/app/Api/SampleTransactions").await.expect(200);
    let samples = samples.as_array().expect("a list");
    assert_eq!(samples.len(), 3);
    assert_eq!(samples[0]["uniqueId"], "4");
    assert_eq!(samples[0].as_object().map(serde_json::Map::len), Some(27), "26 keys and Id");
    // A sample sent back is the same transaction.
    assert_eq!(client.post(CREATE, &samples[0]).await.expect(200)["outcome"], "unchanged");
    app.stop().await;
}
