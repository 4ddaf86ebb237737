//! The way of a period: states, releases, what is taken back; on both engines, with the books verified at the end.

use meed_testkit::{Client, Engine, TestApp};
use serde_json::{Value, json};

const PLAN: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n\n[[rule]]\nid = \"commission\"\nrate = \"10%\"\n";

struct Walk {
    client: Client,
    program: String,
}

impl Walk {
    async fn begin(client: &Client) -> Self {
        client.post("/v1/reps", &json!({"name": "Dana"})).await.expect(201);
        client.post("/v1/reps", &json!({"name": "Lee"})).await.expect(201);
        let program = client.post("/v1/programs", &json!({"text": PLAN})).await.expect(200)["program"]["id"].clone();
        let walk = Self { client: client.clone(), program: program.as_str().expect("an id").to_owned() };
        walk.sale("A", "2026-02-05", 1000, "Dana").await;
        walk.sale("B", "2026-02-06", 500, "Lee").await;
        walk
    }

    async fn sale(&self, id: &str, date: &str, revenue: i64, owner: &str) {
        let sale = json!({"source": "Shop", "unique_id": id, "date": date, "revenue": revenue, "owner": owner});
        let status = self.client.post("/v1/sales", &sale).await.status;
        assert!(status == 200 || status == 201, "{status}");
    }

    async fn calculate(&self) -> String {
        let body = json!({"program": self.program, "period": "2026-02"});
        self.client.post("/v1/calculations", &body).await.expect(201)["id"].as_str().expect("an id").to_owned()
    }

    async fn period(&self) -> Value {
        self.client.get(&format!("/v1/programs/{}/periods/2026-02", self.program)).await.expect(200)
    }

    async fn state(&self) -> String {
        self.period().await["state"].as_str().expect("a state").to_owned()
    }

    async fn step(&self, step: &str) -> meed_testkit::Reply {
        self.client.post(&format!("/v1/programs/{}/periods/2026-02/{step}", self.program), &json!({})).await
    }

    async fn release(&self) -> meed_testkit::Reply {
        self.client.post("/v1/releases", &json!({"program": self.program, "period": "2026-02"})).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_050_a_period_goes_its_way_and_no_other() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        assert_eq!(walk.state().await, "draft");
        let backwards = json!({"program": walk.program, "period": "2026-02", "from": "2026-03"});
        assert_eq!(ws.client.post("/v1/calculations", &backwards).await.refusal(422), "period_order");
        assert_eq!(walk.step("release-credits").await.refusal(409), "nothing_to_release");
        assert_eq!(walk.release().await.refusal(409), "release_stale");
        let calculation = walk.calculate().await;
        assert_eq!(walk.state().await, "calculated");
        assert_eq!(walk.step("withdraw-credits").await.refusal(409), "credits_not_released");
        walk.step("release-credits").await.expect(200);
        assert_eq!(walk.state().await, "credits_released");
        assert_eq!(walk.step("release-credits").await.refusal(409), "credits_released");
        // Figures may still change while payees see them as pending.
        walk.sale("C", "2026-02-07", 100, "Lee").await;
        walk.calculate().await;
        assert_eq!(walk.period().await["total"]["amount"], 16_000);
        let release = walk.release().await.expect(201)["id"].as_str().expect("an id").to_owned();
        assert_eq!(walk.state().await, "released");
        assert_eq!(walk.release().await.refusal(409), "already_released");
        assert_eq!(walk.step("release-credits").await.refusal(409), "already_released");
        assert_eq!(walk.step("withdraw-credits").await.refusal(409), "already_released");
        // Taken back, the period is open again; what was frozen stays.
        let reverse = |reason: &str| json!({"reason": reason});
        let path = format!("/v1/releases/{release}/reverse");
        assert_eq!(ws.client.post(&path, &reverse(" ")).await.refusal(422), "reason_missing");
        let reversed = ws.client.post(&path, &reverse("the quota was wrong")).await.expect(200);
        assert_eq!(reversed["reversed_because"], "the quota was wrong");
        assert_eq!(ws.client.post(&path, &reverse("again")).await.refusal(409), "already_reversed");
        assert_eq!(walk.state().await, "reversed");
        let statements = ws.client.get(&format!("/v1/statements?release={release}")).await.expect(200);
        assert_eq!(statements["data"].as_array().map(Vec::len), Some(2), "nothing is deleted");
        assert_eq!(statements["data"][0]["state"], "reversed");
        walk.sale("D", "2026-02-08", 200, "Dana").await;
        walk.calculate().await;
        let again = walk.release().await.expect(201);
        assert_eq!(again["total"]["amount"], 18_000);
        let paid = json!({"release": again["id"], "paid_on": "2026-04-10"});
        ws.client.post("/v1/payouts", &paid).await.expect(201);
        assert_eq!(walk.state().await, "paid");
        let path = format!("/v1/releases/{}/reverse", again["id"].as_str().expect("an id"));
        assert_eq!(ws.client.post(&path, &reverse("too late")).await.refusal(409), "already_paid");
        assert_eq!(ws.client.delete(&format!("/v1/calculations/{calculation}")).await.refusal(409), "calculation_paid");
        let actions = ws.client.get("/v1/audit?limit=100").await.expect(200);
        let actions: Vec<&str> = actions["data"].as_array().expect("lines").iter().filter_map(|line| line["action"].as_str()).collect();
        for wanted in ["credits.released", "rewards.released", "release.reversed", "payout.paid_by_hand"] {
            assert!(actions.contains(&wanted), "{wanted} in {actions:?}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_050_a_reversal_gives_back_what_was_netted() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        // January ends below zero for Dana, which February pays back first.
        walk.sale("R", "2026-01-20", -400, "Dana").await;
        let january = json!({"program": walk.program, "period": "2026-01"});
        ws.client.post("/v1/calculations", &january).await.expect(201);
        ws.client.post("/v1/releases", &january).await.expect(201);
        walk.calculate().await;
        let release = walk.release().await.expect(201)["id"].as_str().expect("an id").to_owned();
        ws.client.post(&format!("/v1/releases/{release}/reverse"), &json!({"reason": "wrong"})).await.expect(200);
        assert_eq!(walk.state().await, "reversed");
        let report = app.app.store().verify(None).await.expect("the books");
        assert!(report.differences.is_empty(), "{:?}", report.differences);
        walk.release().await.expect(201);
        assert_eq!(walk.state().await, "released");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_050_a_deleted_calculation_leaves_nothing_booked_and_the_journal_whole() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        walk.calculate().await;
        walk.sale("C", "2026-02-07", 100, "Lee").await;
        let calculation = walk.calculate().await;
        walk.release().await.expect(201);
        assert_eq!(ws.client.delete(&format!("/v1/calculations/{calculation}")).await.status, 204);
        let period = walk.period().await;
        assert_eq!((period["total"]["amount"].as_i64(), period["release"].is_null()), (Some(0), true), "{period}");
        assert_eq!(ws.client.get("/v1/calculations").await.expect(200)["data"], json!([]));
        assert_eq!(ws.client.get(&format!("/v1/calculations/{calculation}")).await.refusal(404), "not_found");
        // The period can begin anew.
        walk.calculate().await;
        assert_eq!(walk.period().await["total"]["amount"], 16_000);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_052_an_approval_is_of_an_amount_and_lapses_with_it() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        let preferences =
            json!({"visible_from": "credits", "details": true, "export": true, "leaderboard": false, "approved_programs": [walk.program]});
        ws.client.put("/v1/preferences", &preferences).await.expect(200);
        walk.calculate().await;
        assert_eq!(walk.release().await.refusal(409), "approval_missing");
        let payees: Vec<Value> = walk.period().await["payees"].as_array().expect("payees").iter().map(|p| p["payee"].clone()).collect();
        let approve = |payees: &[Value]| json!({"program": walk.program, "period": "2026-02", "payees": payees});
        let period = ws.client.post("/v1/approvals", &approve(&payees)).await.expect(200);
        assert!(period["payees"].as_array().expect("payees").iter().all(|p| p["approval"] == "approved"), "{period}");
        walk.sale("C", "2026-02-07", 100, "Lee").await;
        walk.calculate().await;
        let open = ws.client.get("/v1/approvals").await.expect(200);
        let states: Vec<&str> = open["data"].as_array().expect("lines").iter().filter_map(|line| line["state"].as_str()).collect();
        assert_eq!(states, ["approved", "outdated"]);
        assert_eq!(walk.release().await.refusal(409), "approval_missing");
        ws.client.post("/v1/approvals", &approve(&payees)).await.expect(200);
        walk.release().await.expect(201);
        assert_eq!(ws.client.post("/v1/approvals", &approve(&payees)).await.refusal(409), "already_released");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_051_salaries_are_masked_for_keys_that_are_no_administrator() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let rep = json!({"name": "Dana", "variables": [{"name": "salary", "value": "61847"}, {"name": "quota", "value": "1000"}]});
        let made = ws.client.post("/v1/reps", &rep).await.expect(201);
        assert_eq!(made["variables"][0]["value"], "61847");
        let path = format!("/v1/reps/{}", made["id"].as_str().expect("an id"));
        let reader = app.client_with(ws.id, &[meed_app::Scope::Read]).await;
        let seen = reader.get(&path).await.expect(200);
        assert_eq!((seen["variables"][0]["value"].as_str(), seen["variables"][1]["value"].as_str()), (Some("***"), Some("1000")));
        let planner = app.client_with(ws.id, &[meed_app::Scope::Plans]).await;
        let changed = json!({"name": "Dana", "variables": [{"name": "salary", "value": "1"}]});
        assert_eq!(planner.put(&path, &changed).await.refusal(403), "salary_forbidden");
        planner.put(&path, &json!({"name": "Dana R"})).await.expect(200);
        assert_eq!(ws.client.get(&path).await.expect(200)["variables"][0]["value"], "61847", "left out is not taken away");
        app.stop().await;
    }
}

/// Everything that is stored of a workspace, as far as it can be read.
async fn everything(app: &TestApp, workspace: meed_core::id::Id) -> String {
    use meed_core::command::RecordKind;
    let found = app.app.store().read(move |r| {
        let mut all =
            format!("{:?}\n{:?}\n", r.head(workspace)?.map(|h| (h.config_version, h.last_id, h.audit_number)), r.accounts(workspace)?);
        all += &format!("{:?}\n{:?}\n", r.transfers(workspace)?, r.rewards_page(workspace, None, 200)?);
        for code in 0..64 {
            if let Some(kind) = RecordKind::from_code(code) {
                all += &format!("{:?}\n", r.records(workspace, kind)?);
            }
        }
        Ok(all + &format!("{:?}", r.events_after(workspace, None, 1_000)?))
    });
    found.await.expect("everything")
}

#[tokio::test(flavor = "multi_thread")]
async fn com_057_what_if_tells_winners_and_losers_and_writes_nothing() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        walk.sale("J", "2026-01-05", 300, "Lee").await;
        walk.calculate().await;
        walk.release().await.expect(201);
        let before = everything(&app, ws.id).await;
        let text = PLAN.replace(
            "rate = \"10%\"",
            "tiers = { accumulate = \"transaction\", mode = \"whole\", bands = [{ to = 800, rate = \"8%\" }, { rate = \"15%\" }] }",
        );
        let path = format!("/v1/programs/{}/what-if", walk.program);
        let dana = ws.client.get("/v1/reps?fields=id,name").await.expect(200)["data"][0]["id"].clone();
        let answer = ws.client.post(&path, &json!({"text": text, "from": "2026-01", "until": "2026-02", "payee": dana})).await.expect(200);
        // January: 300 at 10 % = 30, then 24. February: 100 and 50, then 150 and 40.
        assert_eq!((&answer["before"]["total"]["amount"], &answer["after"]["total"]["amount"]), (&json!(18_000), &json!(21_400)));
        assert_eq!(answer["difference"]["amount"], 3_400);
        let payees: Vec<(&str, i64)> = answer["payees"]
            .as_array()
            .expect("payees")
            .iter()
            .map(|p| (p["name"].as_str().unwrap_or_default(), p["difference"]["amount"].as_i64().unwrap_or_default()))
            .collect();
        assert_eq!(payees, [("Dana", 5_000), ("Lee", -1_600)]);
        let sales = answer["sale_changes"].as_array().expect("sales");
        assert_eq!((sales.len(), &sales[0]["before"], &sales[0]["after"]), (1, &json!("100"), &json!("150")));
        let periods: Vec<&str> = answer["periods"].as_array().expect("periods").iter().filter_map(|p| p["period"].as_str()).collect();
        assert_eq!(periods, ["2026-01", "2026-02"]);
        assert_eq!(everything(&app, ws.id).await, before, "nothing is written");
        for (change, code) in [
            (json!({"text": "name = 1", "from": "2026-01"}), "plan_invalid"),
            (json!({"text": PLAN.replace("USD", "EUR"), "from": "2026-01"}), "what_if_currency"),
            (json!({"text": PLAN.replace("monthly", "quarterly"), "from": "2026-01"}), "what_if_cadence"),
            (json!({"text": PLAN, "from": "2026-Q1"}), "period_invalid"),
            (json!({"text": PLAN, "from": "2026-02", "until": "2026-01"}), "period_invalid"),
            (json!({"text": PLAN, "from": "2020-01", "until": "2026-01"}), "period_invalid"),
        ] {
            assert_eq!(ws.client.post(&path, &change).await.refusal(422), code, "{change}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_057_a_projection_repeats_with_its_key_and_fails_with_too_few_sales() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        let path = format!("/v1/programs/{}/projections", walk.program);
        let asked = json!({"period": "2026-02", "from": "2026-02-15"});
        assert_eq!(ws.client.post(&path, &asked).await.refusal(422), "projection_too_few");
        for (id, revenue) in [("C", 100), ("D", 210), ("E", 330), ("F", 470)] {
            walk.sale(id, "2026-02-07", revenue, "Lee").await;
        }
        let rewards = ws.client.get("/v1/rewards").await.expect(200);
        let first = ws.client.post(&path, &asked).await.expect(200);
        // 6 in the first half, 6 more in the second.
        assert_eq!((&first["sales"], &first["drawn"]), (&json!(6), &json!(6)));
        assert_eq!(first["so_far"]["amount"], 26_100);
        let key = first["projection"]["key"].clone();
        let again = ws.client.post(&path, &json!({"period": "2026-02", "from": "2026-02-15", "key": key})).await.expect(200);
        assert_eq!(again, first, "the same key repeats");
        let mut others = Vec::new();
        for _ in 0..4 {
            others.push(ws.client.post(&path, &asked).await.expect(200)["projected"]["amount"].clone());
        }
        assert!(others.iter().any(|other| *other != first["projected"]["amount"]), "another key draws others");
        let kept = ws.client.get(&path).await.expect(200);
        assert_eq!(kept["data"].as_array().map(Vec::len), Some(5), "{kept}");
        assert_eq!(ws.client.get("/v1/rewards").await.expect(200), rewards, "nothing is booked");
        for (body, code) in [
            (json!({"period": "2026-02", "from": "2026-03-01"}), "projection_outside"),
            (json!({"period": "2026-02", "from": "2026-02-15", "key": "a b"}), "projection_key"),
            (json!({"period": "2026-Q1"}), "period_cadence"),
        ] {
            assert_eq!(ws.client.post(&path, &body).await.refusal(422), code, "{body}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_055_adjustments_and_clawbacks_over_the_api() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let walk = Walk::begin(&ws.client).await;
        walk.calculate().await;
        let dana = payee(&walk, "Dana").await;
        let path = format!("/v1/programs/{}/adjustments", walk.program);
        let sale = ws.client.get("/v1/sales").await.expect(200)["data"]
            .as_array()
            .and_then(|all| all.iter().find(|sale| sale["unique_id"] == "A"))
            .map(|sale| sale["id"].clone())
            .expect("the sale");
        let body = json!({"period": "2026-02", "payee": dana, "to": 9_000, "label": "Agreed", "sale": sale});
        let keyed = [("Idempotency-Key", "k1")];
        let send =
            async |path: &str, body: &Value, keys: &[(&str, &str)]| ws.client.send("POST", path, keys, body.to_string().as_bytes()).await;
        let made = send(&path, &body, &keyed).await.expect(201);
        assert_eq!((&made["amount"]["amount"], &made["state"], &made["rule"]), (&json!(-1_000), &json!("counts"), &json!("commission")));
        assert_eq!(send(&path, &body, &keyed).await.expect(201)["id"], made["id"], "repeated, it is the same");
        let other = json!({"period": "2026-02", "payee": dana, "amount": 1, "label": "Other"});
        assert_eq!(send(&path, &other, &keyed).await.refusal(409), "idempotency_key_reused");
        assert_eq!(send(&path, &body, &[]).await.refusal(422), "amount_invalid", "it comes to this already");
        for (change, code) in [
            (json!({"period": "2026-13"}), "period_invalid"),
            (json!({"label": " "}), "label_invalid"),
            (json!({"kind": "gift"}), "kind_invalid"),
            (json!({"kind": "clawback"}), "amount_invalid"),
            (json!({"kind": "clear_draw"}), "amount_invalid"),
        ] {
            let mut body = json!({"period": "2026-02", "payee": dana, "amount": 100, "label": "Fair"});
            for (name, value) in change.as_object().expect("fields") {
                body[name] = value.clone();
            }
            assert_eq!(send(&path, &body, &[]).await.refusal(422), code);
        }
        // A sheet: looked at, then made.
        let sheet = "who,kind,amount,label\nLee,bonus,5.00,Fair\nZoe,bonus,5.00,Fair\n";
        let at = format!("{path}/sheet?period=2026-02");
        let tried = ws.client.send("POST", &format!("{at}&dry_run=true"), &[], sheet.as_bytes()).await.expect(200);
        assert_eq!(
            (&tried["written"], &tried["total"]["amount"], &tried["errors"][0]["code"]),
            (&json!(false), &json!(500), &json!("who_unknown"))
        );
        let done = ws.client.send("POST", &at, &[("Idempotency-Key", "k2")], sheet.as_bytes()).await.expect(200);
        assert_eq!(done["made"].as_array().map(Vec::len), Some(1));
        ws.client.send("POST", &at, &[("Idempotency-Key", "k2")], sheet.as_bytes()).await.expect(200);
        let listed = ws.client.get(&path).await.expect(200);
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(2), "{listed}");
        assert_eq!(walk.period().await["total"]["amount"], 14_500);
        // Released, then taken back in March.
        walk.release().await.expect(201);
        let clawbacks = format!("/v1/programs/{}/clawbacks", walk.program);
        let ask = json!({"period": "2026-03", "label": "Cancelled", "share": "50%", "sales": [{"sale": "A"}, {"sale": "nothing"}]});
        let done = send(&clawbacks, &ask, &[]).await.expect(200);
        assert_eq!((&done["made"][0]["amount"]["amount"], &done["made"][0]["earned"]), (&json!(-5_000), &json!("100")));
        assert_eq!(done["errors"][0]["code"], "sale_unknown");
        assert_eq!(
            send(&clawbacks, &json!({"period": "2026-03", "label": "x", "share": "0%", "sales": [{"sale": "A"}]}), &[]).await.refusal(422),
            "share_invalid"
        );
        assert_eq!(send(&clawbacks, &json!({"period": "2026-03", "label": "x", "sales": []}), &[]).await.refusal(422), "value_invalid");
        let march = json!({"program": walk.program, "period": "2026-03"});
        ws.client.post("/v1/calculations", &march).await.expect(201);
        let march = ws.client.get(&format!("/v1/programs/{}/periods/2026-03", walk.program)).await.expect(200);
        assert_eq!(march["total"]["amount"], -5_000);
        assert_eq!(walk.state().await, "released");
        // Taken back itself: of the released month, by a difference in the open one.
        let id = made["id"].as_str().expect("an id");
        assert_eq!(ws.client.delete(&format!("{path}/{id}")).await.status, 204);
        assert_eq!(ws.client.delete(&format!("{path}/{id}")).await.refusal(404), "not_found");
        let march = ws.client.get(&format!("/v1/programs/{}/periods/2026-03", walk.program)).await.expect(200);
        assert_eq!(march["total"]["amount"], -4_000, "{march}");
        let report = app.app.store().verify(None).await.expect("the books");
        assert!(report.differences.is_empty(), "{:?}", report.differences);
        app.stop().await;
    }
}

async fn payee(walk: &Walk, name: &str) -> Value {
    let period = walk.period().await;
    let payees = period["payees"].as_array().expect("payees").clone();
    payees.iter().find(|payee| payee["name"] == name).expect(name)["payee"].clone()
}
