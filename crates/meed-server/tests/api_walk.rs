//! The whole way over HTTP: a sale becomes an explained, released and paid commission, on both engines.

use meed_testkit::{Engine, TestApp};
use serde_json::{Value, json};

const PLAN: &str = r#"name = "Field sales"
currency = "USD"
period = "monthly"

[[rule]]
id = "commission"
label = "Commission"
when = "sale.status == 'won'"
basis = "revenue"

[rule.tiers]
accumulate = "accumulated"
mode = "marginal"
bands = [
  { to = 1000, rate = "1%" },
  { rate = "2%" },
]
"#;

/// The 21 fixed columns of `commissions.md` §3.1.
const FIXED: &str = "Plan,Calculation,Calculation Start,Calculation End,Calculation Status,Beneficiary,Beneficiary Tags,Beneficiary Enrollment,Manager Approval,Reward Type,Reward Details,Reward Value,Reward Value Currency,Beneficiary Value,Beneficiary Value Currency,Assignment %,Attainment Label,Attainment Difficulty,Attainment Value,Attainment Threshold,Attainment Metric";

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_becomes_a_paid_and_explained_commission() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = &ws.client;
        let dana = id(&client.post("/v1/reps", &json!({"name": "Dana", "external_id": "P-7"})).await.expect(201));
        let checked = client.post("/v1/programs/check", &json!({"text": PLAN})).await.expect(200);
        assert_eq!(checked["usable"], true, "{checked}");
        let applied = client.post("/v1/programs", &json!({"text": PLAN, "note": "first"})).await.expect(200);
        assert_eq!(applied["changed"], true);
        assert_eq!(client.post("/v1/programs", &json!({"text": PLAN})).await.expect(200)["changed"], false);
        let program = id(&applied["program"]);
        let versions = client.get(&format!("/v1/programs/{program}/versions")).await.expect(200);
        assert_eq!((&versions["data"][0]["number"], &versions["data"][0]["note"]), (&json!(1), &json!("first")));

        let csv = "Order,Date,Amount,Rep,Status\nA-1,2026-03-05,2500.00,dana,won\nA-2,2026-03-06,100.00,dana,lost\nA-3,2026-03-07,50.00,nobody,won\n";
        let import = id(&client.send("POST", "/v1/imports?source=Shop", &[("content-type", "text/csv")], csv.as_bytes()).await.expect(201));
        client.send("POST", &format!("/v1/imports/{import}/run"), &[], b"").await.expect(202);
        while client.get(&format!("/v1/imports/{import}")).await.expect(200)["state"] == "running" {
            tokio::task::yield_now().await;
        }

        let period = json!({"program": program, "period": "2026-03"});
        let calculation = client.post("/v1/calculations", &period).await.expect(201);
        assert_eq!(calculation["total"], json!({"amount": 4000, "currency": "USD"}), "{calculation}");
        assert_eq!((&calculation["sales"], &calculation["credits"], &calculation["changed"]), (&json!(3), &json!(1), &json!(1)));
        let again = client.post("/v1/calculations", &period).await.expect(201);
        assert_eq!((&again["changed"], &again["digest"]), (&json!(0), &calculation["digest"]), "the same again posts nothing");
        let calculation = id(&again);
        let payees = client.get(&format!("/v1/calculations/{calculation}/payees")).await.expect(200);
        assert_eq!((&payees["data"][0]["payee"], &payees["data"][0]["exact"]), (&json!(dana), &json!("40")));
        let credits = client.get(&format!("/v1/credits?calculation={calculation}")).await.expect(200);
        assert_eq!(credits["data"][0]["pieces"].as_array().map(Vec::len), Some(2), "{credits}");
        assert_eq!(credits["data"][0]["amount"], "40");

        let sales = client.get("/v1/sales?query=A-2").await.expect(200);
        let verdicts = client.get(&format!("/v1/sales/{}/explanation", id(&sales["data"][0]))).await.expect(200);
        let why = &verdicts["data"][0]["rules"][0]["not_credited"][0];
        assert!(why["text"].as_str().is_some_and(|text| text.contains("lost")), "the condition that failed, with its value: {verdicts}");

        let open = client.get(&format!("/v1/statements/current?program={program}&period=2026-03&payee={dana}")).await.expect(200);
        assert_eq!((&open["state"], &open["total"]["amount"], &open["rounding"]), (&json!("open"), &json!(4000), &json!("0")));
        let release = client.post("/v1/releases", &period).await.expect(201);
        assert_eq!(release["total"]["amount"], 4000);
        assert_eq!(client.post("/v1/releases", &period).await.refusal(409), "already_released");
        let frozen = client.get(&format!("/v1/statements?release={}", id(&release))).await.expect(200);
        assert_eq!(frozen["data"][0]["credits"], open["credits"]);
        assert_eq!(frozen["data"][0]["credit_count"], open["credit_count"]);
        let one = client.get(&format!("/v1/statements/{}", id(&frozen["data"][0]))).await.expect(200);
        assert_eq!(one, frozen["data"][0]);
        let none = client.get(&format!("/v1/statements/{}?cursor=1&limit=1", id(&one))).await.expect(200);
        assert_eq!((&none["credits"], &none["total"], &none["credit_count"]), (&json!([]), &one["total"], &json!(1)));

        client.post("/v1/sales", &json!({"source": "Shop", "unique_id": "A-1", "revenue": 3000})).await.expect(200);
        assert_eq!(
            client.get(&format!("/v1/statements?payee={dana}")).await.expect(200)["data"],
            frozen["data"],
            "released figures do not move"
        );
        let late = client.post("/v1/calculations", &period).await.expect(201);
        assert_eq!((&late["changed"], &late["carried"]), (&json!(1), &json!(1)), "the difference goes to the open period");
        let rewards = client.get(&format!("/v1/rewards?payee={dana}")).await.expect(200);
        let carried = &rewards["data"][1];
        assert_eq!(
            (&carried["earned_in"], &carried["booked_in"], &carried["amount"]["amount"]),
            (&json!("2026-03-01"), &json!("2026-04-01"), &json!(1000))
        );

        let paid = json!({"release": id(&release), "paid_on": "2026-04-15", "reference": "April"});
        let payout = client.post("/v1/payouts", &paid).await.expect(201);
        assert_eq!(payout["payees"], json!([dana]));
        assert_eq!(client.post("/v1/payouts", &paid).await.refusal(409), "already_paid");
        let reward = client.get(&format!("/v1/rewards/{}", id(&rewards["data"][0]))).await.expect(200);
        assert_eq!((&reward["state"], &reward["payout"]), (&json!("paid"), &payout["id"]));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_059_and_com_060_the_exports_have_the_fixed_columns_and_the_source_ids() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let client = &ws.client;
        client.post("/v1/reps", &json!({"name": "Dana"})).await.expect(201);
        let program = id(&client.post("/v1/programs", &json!({"text": PLAN})).await.expect(200)["program"]);
        let csv = "Order,Date,Amount,Rep,Status\n007,2026-03-05,33.33,Dana,won\n008,2026-03-06,10.00,Dana,won\n";
        let import = id(&client.send("POST", "/v1/imports?source=Shop", &[("content-type", "text/csv")], csv.as_bytes()).await.expect(201));
        client.send("POST", &format!("/v1/imports/{import}/run"), &[], b"").await.expect(202);
        while client.get(&format!("/v1/imports/{import}")).await.expect(200)["state"] == "running" {
            tokio::task::yield_now().await;
        }
        let calculation = id(&client.post("/v1/calculations", &json!({"program": program, "period": "2026-03"})).await.expect(201));
        let rewards = client.get(&format!("/v1/exports/rewards.csv?calculation={calculation}")).await;
        assert_eq!(rewards.header("content-type"), Some("text/csv; charset=utf-8"));
        let text = rewards.text();
        assert!(text.starts_with(&format!("\u{feff}{FIXED},Attainment Measurement,")), "{text}");
        assert!(text.contains(",0.43,USD,"), "33.33 and 10.00 at 1 % are 0.4333, rounded once: {text}");
        let credits = client.get(&format!("/v1/exports/credits.csv?calculation={calculation}")).await.text();
        assert!(credits.contains(",0.3333,USD,1.00%,") && credits.contains(",007,2026-03-05,33.33,Dana,won,"), "{credits}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_058_every_write_is_in_the_audit_log_with_before_and_after() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let rep = id(&ws.client.post("/v1/reps", &json!({"name": "Dana"})).await.expect(201));
        app.clock.advance_seconds(60);
        ws.client.put(&format!("/v1/reps/{rep}"), &json!({"name": "Dana Reyes"})).await.expect(200);
        let log = ws.client.get("/v1/audit?limit=1").await.expect(200);
        let line = &log["data"][0];
        assert_eq!((&line["action"], &line["at"]), (&json!("rep.saved"), &json!("2026-04-10T12:01:00Z")));
        assert!(line["actor"].as_str().is_some_and(|actor| actor.starts_with("key:key_")), "{line}");
        let change = &line["changes"][0];
        assert_eq!(
            (&change["id"], &change["before"]["name"], &change["after"]["name"]),
            (&json!(rep), &json!("Dana"), &json!("Dana Reyes"))
        );
        let next = log["next_cursor"].as_str().expect("more");
        let older = ws.client.get(&format!("/v1/audit?limit=1&cursor={next}")).await.expect(200);
        assert_eq!(older["data"][0]["changes"][0]["before"], Value::Null);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_feed_gets_every_event_once() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let mut cursor = String::new();
        let mut seen = Vec::new();
        for round in 0..3 {
            for number in 0..3 {
                ws.client.post("/v1/sales", &json!({"unique_id": format!("{round}-{number}"), "date": "2026-03-01"})).await.expect(201);
            }
            loop {
                let page = ws.client.get(&format!("/v1/events?limit=2{cursor}")).await.expect(200);
                cursor = format!("&cursor={}", page["next_cursor"].as_str().expect("always a cursor"));
                let data = page["data"].as_array().cloned().unwrap_or_default();
                if data.is_empty() {
                    break;
                }
                seen.extend(data.iter().map(|event| event["id"].to_string()));
            }
        }
        let mut once = seen.clone();
        once.dedup();
        assert_eq!((seen.len(), once.len()), (9, 9));
        app.stop().await;
    }
}
