//! The states of a plan and who of a release is paid when; on both engines, with the books verified at the end.

use meed_testkit::{Client, Engine, Reply, TestApp};
use serde_json::{Value, json};

const PLAN: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n\n[[holdback]]\nid = \"half\"\nshare = \"50%\"\nuntil = { periods = 2 }\n\n[[rule]]\nid = \"commission\"\nrate = \"10%\"\n";
const DRAW: &str = "name = \"Draw\"\ncurrency = \"USD\"\nperiod = \"monthly\"\ndraw = { amount = 500, recoverable = true }\n\n[[rule]]\nid = \"commission\"\nrate = \"10%\"\n";

struct Desk {
    client: Client,
    program: String,
}

impl Desk {
    async fn begin(client: &Client, plan: &str, state: &str) -> Self {
        for name in ["Dana", "Lee"] {
            client.post("/v1/reps", &json!({"name": name})).await.expect(201);
        }
        let applied = client.post("/v1/programs", &json!({"text": plan, "state": state})).await.expect(200);
        let program = applied["program"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(applied["program"]["state"], state);
        let desk = Self { client: client.clone(), program };
        desk.sale("A", "2026-02-05", 1000, "Dana").await;
        desk.sale("B", "2026-02-06", 500, "Lee").await;
        desk
    }

    async fn sale(&self, id: &str, date: &str, revenue: i64, owner: &str) {
        let sale = json!({"source": "Shop", "unique_id": id, "date": date, "revenue": revenue, "owner": owner});
        assert!(self.client.post("/v1/sales", &sale).await.status < 300);
    }

    fn of(&self, period: &str) -> Value {
        json!({"program": self.program, "period": period})
    }

    async fn calculate(&self, period: &str) -> Reply {
        self.client.post("/v1/calculations", &self.of(period)).await
    }

    async fn release(&self, period: &str) -> Reply {
        self.client.post("/v1/releases", &self.of(period)).await
    }

    async fn state(&self, state: &str) -> Reply {
        self.client.put(&format!("/v1/programs/{}/state", self.program), &json!({"state": state})).await
    }

    async fn total(&self, period: &str) -> i64 {
        let found = self.client.get(&format!("/v1/programs/{}/periods/{period}", self.program)).await.expect(200);
        found["total"]["amount"].as_i64().expect("an amount")
    }
}

async fn is_verified(app: &TestApp) {
    let report = app.app.store().verify(None).await.expect("the books");
    assert!(report.differences.is_empty(), "{:?}", report.differences);
}

#[tokio::test(flavor = "multi_thread")]
async fn com_050_a_draft_and_a_paused_plan_are_not_calculated() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let desk = Desk::begin(&ws.client, PLAN, "draft").await;
        assert_eq!(desk.calculate("2026-02").await.refusal(409), "plan_draft");
        assert_eq!(desk.state("paused").await.refusal(409), "plan_state");
        assert_eq!(desk.state("asleep").await.refusal(422), "value_invalid");
        assert_eq!(desk.state("active").await.expect(200)["state"], "active");
        let audit = ws.client.get("/v1/audit?limit=100").await.expect(200)["data"].as_array().map_or(0, Vec::len);
        desk.state("active").await.expect(200);
        let again = ws.client.get("/v1/audit?limit=100").await.expect(200)["data"].as_array().map_or(0, Vec::len);
        assert_eq!(audit, again, "the same state again changes nothing");
        desk.calculate("2026-02").await.expect(201);
        assert_eq!(desk.state("draft").await.refusal(409), "plan_calculated");
        desk.state("paused").await.expect(200);
        desk.sale("C", "2026-02-07", 100, "Lee").await;
        assert_eq!(desk.calculate("2026-02").await.refusal(409), "plan_paused");
        let adjusting = json!({"period": "2026-02", "payee": "rep_0000000000001", "amount": 100, "label": "Fair"});
        let path = format!("/v1/programs/{}/adjustments", desk.program);
        assert_eq!(ws.client.post(&path, &adjusting).await.refusal(409), "plan_paused");
        let context = meed_app::Context::system(ws.id);
        let refreshed = meed_app::calculations::refresh(&app.app, &context).await.expect("looked at");
        assert_eq!(refreshed, [], "by itself neither");
        assert_eq!(desk.total("2026-02").await, 7_500, "what was calculated stays");
        desk.state("active").await.expect(200);
        let refreshed = meed_app::calculations::refresh(&app.app, &context).await.expect("looked at");
        assert_eq!(refreshed.len(), 1, "what came meanwhile counts now");
        assert_eq!(desk.total("2026-02").await, 8_000);
        is_verified(&app).await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_050_a_completed_plan_takes_no_new_period_and_pays_what_it_held_back() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let desk = Desk::begin(&ws.client, PLAN, "active").await;
        assert_eq!(desk.state("completed").await.refusal(422), "period_invalid", "no period was calculated");
        desk.calculate("2026-02").await.expect(201);
        let path = format!("/v1/programs/{}/state", desk.program);
        let early = json!({"state": "completed", "last_period": "2026-01"});
        assert_eq!(ws.client.put(&path, &early).await.refusal(422), "period_invalid");
        assert_eq!(desk.state("completed").await.expect(200)["closes"], "2026-02-28");
        desk.sale("C", "2026-03-03", 9000, "Dana").await;
        assert_eq!(desk.calculate("2026-03").await.refusal(409), "plan_completed", "a new period");
        // A late sale of a period that was calculated still counts.
        desk.sale("D", "2026-02-09", 200, "Lee").await;
        desk.calculate("2026-02").await.expect(201);
        assert_eq!(desk.total("2026-02").await, 8_500, "half of 1,700 at 10%");
        desk.release("2026-02").await.expect(201);
        // What was held back comes due two periods later; sales of that period earn nothing any more.
        desk.sale("E", "2026-04-03", 9000, "Dana").await;
        desk.calculate("2026-04").await.expect(201);
        assert_eq!(desk.total("2026-04").await, 8_500);
        desk.release("2026-04").await.expect(201);
        assert_eq!(desk.state("archived").await.expect(200)["closes"], "2026-02-28");
        assert_eq!(desk.calculate("2026-02").await.refusal(409), "plan_archived");
        let version = json!({"text": PLAN.replace("10%", "11%")});
        assert_eq!(ws.client.post("/v1/programs", &version).await.refusal(409), "plan_archived");
        let listed = ws.client.get("/v1/programs").await.expect(200);
        assert_eq!(listed["data"][0]["state"], "archived");
        assert!(desk.state("active").await.expect(200)["closes"].is_null());
        desk.calculate("2026-03").await.expect(201);
        assert_eq!(desk.total("2026-03").await, 45_000);
        is_verified(&app).await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_043_a_plan_that_ended_advances_no_draw() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let desk = Desk::begin(&ws.client, &DRAW.replace("draw =", "valid_until = 2026-02-28\ndraw ="), "active").await;
    desk.calculate("2026-02").await.expect(201);
    assert_eq!(desk.total("2026-02").await, 100_000, "both are advanced up to 500");
    desk.calculate("2026-03").await.expect(201);
    assert_eq!(desk.total("2026-03").await, 0, "the plan has ended");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_050_payees_of_a_release_have_days_of_their_own_and_are_marked_unpaid() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let desk = Desk::begin(&ws.client, PLAN, "active").await;
        let calculation = desk.calculate("2026-02").await.expect(201)["id"].as_str().expect("an id").to_owned();
        let period = ws.client.get(&format!("/v1/programs/{}/periods/2026-02", desk.program)).await.expect(200);
        let payee = |name: &str| {
            let all = period["payees"].as_array().expect("payees");
            all.iter().find(|payee| payee["name"] == name).expect("a payee")["payee"].clone()
        };
        let (dana, lee) = (payee("Dana"), payee("Lee"));
        let body = |apart: Value| json!({"program": desk.program, "period": "2026-02", "release_date": "2026-03-15", "payees": apart});
        let nameless = body(json!([{"payee": dana, "unpaid": true}]));
        assert_eq!(ws.client.post("/v1/releases", &nameless).await.refusal(422), "reason_missing");
        let nobody = body(json!([{"payee": "rep_0000000000001", "unpaid": true, "reason": "left"}]));
        assert_eq!(ws.client.post("/v1/releases", &nobody).await.refusal(422), "payee_not_released");
        let unpaid = body(json!([{"payee": dana, "unpaid": true, "reason": "Bank account to be confirmed"}]));
        let released = ws.client.post("/v1/releases", &unpaid).await.expect(201);
        assert_eq!((released["apart"].as_i64(), released["total"]["amount"].as_i64()), (Some(1), Some(7_500)));
        let release = released["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/releases/{release}/payees");
        let states = async || {
            let found = ws.client.get(&path).await.expect(200);
            let all = found["data"].as_array().expect("payees").clone();
            let text = |payee: &Value, name: &str| payee[name].as_str().unwrap_or_default().to_owned();
            let mut all: Vec<_> = all.iter().map(|p| (text(p, "name"), text(p, "state"), text(p, "release_date"))).collect();
            all.sort();
            all
        };
        let standing = |dana: (&str, &str), lee: (&str, &str)| {
            vec![("Dana".to_owned(), dana.0.to_owned(), dana.1.to_owned()), ("Lee".to_owned(), lee.0.to_owned(), lee.1.to_owned())]
        };
        assert_eq!(states().await[0], standing(("unpaid", "2026-03-15"), ("", ""))[0]);
        let pay = async |payees: Value, on: &str| {
            ws.client.post("/v1/payouts", &json!({"release": release, "payees": payees, "paid_on": on})).await
        };
        assert_eq!(pay(json!([dana]), "2026-06-01").await.refusal(409), "marked_unpaid");
        let later = json!({"payees": [{"payee": lee, "release_date": "2026-04-30"}]});
        assert_eq!(ws.client.post(&path, &later).await.expect(200)["apart"], 2);
        assert_eq!(pay(json!([lee]), "2026-04-29").await.refusal(409), "not_due");
        assert_eq!(pay(json!([]), "2026-04-29").await.refusal(409), "marked_unpaid", "nobody is due");
        let paid = pay(json!([]), "2026-04-30").await.expect(201);
        assert_eq!(paid["payees"], json!([lee]), "who is marked is left out");
        assert_eq!(ws.client.post(&path, &later).await.refusal(409), "already_paid");
        let rows = ws.client.get(&format!("/v1/exports/rewards.csv?calculation={calculation}")).await;
        let csv = rows.text();
        assert!(csv.lines().any(|row| row.contains("Dana") && row.contains(",Unpaid,Bank account to be confirmed")), "{csv}");
        assert!(csv.lines().any(|row| row.contains("Lee") && row.contains("2026-04-30") && row.contains(",Paid,")), "{csv}");
        // Taken away again, with a day of her own.
        let freed = json!({"payees": [{"payee": dana, "release_date": "2026-05-15", "reason": "Account confirmed"}]});
        ws.client.post(&path, &freed).await.expect(200);
        let before = ws.client.get(&path).await.expect(200);
        ws.client.post(&path, &freed).await.expect(200);
        assert_eq!(ws.client.get(&path).await.expect(200), before, "said again, nothing changes");
        assert_eq!(pay(json!([dana]), "2026-05-14").await.refusal(409), "not_due");
        assert_eq!(period_state(&desk).await, "released");
        pay(json!([dana]), "2026-05-15").await.expect(201);
        assert_eq!(states().await, standing(("paid", "2026-05-15"), ("paid", "2026-04-30")));
        assert_eq!(period_state(&desk).await, "paid");
        let actions = ws.client.get("/v1/audit?limit=100").await.expect(200);
        let changes = actions["data"].as_array().expect("lines").iter().filter(|line| line["action"] == "release.payees_changed").count();
        assert!(changes >= 2, "each change is audited");
        is_verified(&app).await;
        app.stop().await;
    }
}

async fn period_state(desk: &Desk) -> String {
    let found = desk.client.get(&format!("/v1/programs/{}/periods/2026-02", desk.program)).await.expect(200);
    found["state"].as_str().expect("a state").to_owned()
}

const SPIFF: &str =
    "name = \"Spiff\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n\n[[rule]]\nid = \"spiff\"\nwhen = 'sale.revenue >= 800'\namount = 30\n";

#[tokio::test(flavor = "multi_thread")]
async fn com_044_a_sale_is_taken_back_under_every_plan_that_paid_it() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let plain = PLAN.replace("[[holdback]]\nid = \"half\"\nshare = \"50%\"\nuntil = { periods = 2 }\n\n", "");
        let desk = Desk::begin(&ws.client, &plain, "active").await;
        let spiff = ws.client.post("/v1/programs", &json!({"text": SPIFF})).await.expect(200)["program"]["id"].clone();
        let spiff = Desk { client: ws.client.clone(), program: spiff.as_str().expect("an id").to_owned() };
        for plan in [&desk, &spiff] {
            plan.calculate("2026-02").await.expect(201);
            plan.release("2026-02").await.expect(201);
            plan.calculate("2026-03").await.expect(201);
        }
        let ask = |dry_run: bool| {
            json!({"period": "2026-03", "label": "Cancelled", "dry_run": dry_run,
            "sales": [{"sale": "A"}, {"sale": "B"}, {"sale": "Z"}]})
        };
        let looked = ws.client.post("/v1/clawbacks", &ask(true)).await.expect(200);
        assert_eq!(looked["totals"], json!([{"amount": -18_000, "currency": "USD"}]), "{looked}");
        assert_eq!((desk.total("2026-03").await, spiff.total("2026-03").await), (0, 0), "nothing is written");
        let headers = [("idempotency-key", "k1"), ("content-type", "application/json")];
        let send = async || ws.client.send("POST", "/v1/clawbacks", &headers, ask(false).to_string().as_bytes()).await;
        let made = send().await.expect(200);
        let lines: Vec<(i64, i64)> = made["made"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| (row["line"].as_i64().unwrap_or(0), row["amount"]["amount"].as_i64().unwrap_or(0)))
            .collect();
        assert_eq!(lines, [(1, -10_000), (1, -3_000), (2, -5_000)]);
        assert_eq!(made["errors"].as_array().map(Vec::len), Some(1), "B was no sale of the spiff, which is nothing to tell; Z is unknown");
        assert_eq!(send().await.expect(200)["totals"], made["totals"], "sent twice, made once");
        assert_eq!((desk.total("2026-03").await, spiff.total("2026-03").await), (-15_000, -3_000));
        assert_eq!(desk.total("2026-02").await, 15_000, "what was released stays");
        desk.state("paused").await.expect(200);
        spiff.state("paused").await.expect(200);
        assert_eq!(ws.client.post("/v1/clawbacks", &ask(true)).await.refusal(422), "period_invalid", "no plan is calculated");
        is_verified(&app).await;
        app.stop().await;
    }
}
