//! Who may do what: scopes, revocation, and workspaces that never see each other, on both engines.

use meed_app::Scope;
use meed_app::access::keys;
use meed_testkit::{Client, Engine, Reply, TestApp};
use serde_json::{Value, json};

/// One call of every operation that needs a scope. `{…}` is filled with an id of the workspace.
const CALLS: &[(&str, &str, &[Scope])] = &[
    ("GET", "/v1/keys", &[]),
    ("POST", "/v1/keys", &[]),
    ("DELETE", "/v1/keys/{key}", &[]),
    ("GET", "/v1/sources", &[Scope::Read, Scope::Sales, Scope::Plans]),
    ("POST", "/v1/sources", &[Scope::Plans]),
    ("GET", "/v1/sources/{source}", &[Scope::Read, Scope::Sales, Scope::Plans]),
    ("PUT", "/v1/sources/{source}", &[Scope::Plans]),
    ("GET", "/v1/sales", &[Scope::Read]),
    ("POST", "/v1/sales", &[Scope::Sales]),
    ("POST", "/v1/sales/bulk", &[Scope::Sales]),
    ("GET", "/v1/sales/{sale}", &[Scope::Read]),
    ("GET", "/v1/sales/{sale}/explanation", &[Scope::Read]),
    ("GET", "/v1/imports", &[Scope::Read]),
    ("POST", "/v1/imports?source=Shop", &[Scope::Sales]),
    ("GET", "/v1/imports/{import}", &[Scope::Read, Scope::Sales]),
    ("GET", "/v1/imports/{import}/mapping", &[Scope::Read, Scope::Sales]),
    ("POST", "/v1/imports/{import}/dry-run", &[Scope::Sales]),
    ("POST", "/v1/imports/{import}/run", &[Scope::Sales]),
    ("POST", "/v1/imports/{import}/discard", &[Scope::Sales]),
    ("POST", "/v1/imports/{import}/undo", &[Scope::Sales]),
    ("GET", "/v1/imports/{import}/rejects", &[Scope::Read]),
    ("GET", "/v1/imports/{import}/rejects.csv", &[Scope::Read]),
    ("GET", "/v1/mappings", &[Scope::Read, Scope::Sales, Scope::Plans]),
    ("GET", "/v1/reps", &[Scope::Read, Scope::Plans]),
    ("POST", "/v1/reps", &[Scope::Plans]),
    ("GET", "/v1/reps/{rep}", &[Scope::Read, Scope::Plans]),
    ("PUT", "/v1/reps/{rep}", &[Scope::Plans]),
    ("GET", "/v1/teams", &[Scope::Read, Scope::Plans]),
    ("POST", "/v1/teams", &[Scope::Plans]),
    ("GET", "/v1/teams/{team}", &[Scope::Read, Scope::Plans]),
    ("PUT", "/v1/teams/{team}", &[Scope::Plans]),
    ("GET", "/v1/programs", &[Scope::Read, Scope::Plans]),
    ("POST", "/v1/programs", &[Scope::Plans]),
    ("POST", "/v1/programs/check", &[Scope::Read, Scope::Plans]),
    ("GET", "/v1/programs/{program}", &[Scope::Read, Scope::Plans]),
    ("GET", "/v1/programs/{program}/versions", &[Scope::Read, Scope::Plans]),
    ("PUT", "/v1/programs/{program}/state", &[Scope::Plans]),
    ("GET", "/v1/calculations", &[Scope::Read, Scope::Release]),
    ("POST", "/v1/calculations", &[Scope::Release]),
    ("GET", "/v1/calculations/{calculation}", &[Scope::Read, Scope::Release]),
    ("GET", "/v1/calculations/{calculation}/payees", &[Scope::Read, Scope::Release]),
    ("GET", "/v1/rewards", &[Scope::Read, Scope::Release]),
    ("GET", "/v1/rewards/{reward}", &[Scope::Read, Scope::Release]),
    ("GET", "/v1/releases", &[Scope::Read, Scope::Release]),
    ("POST", "/v1/releases", &[Scope::Release]),
    ("GET", "/v1/releases/{release}", &[Scope::Read, Scope::Release]),
    ("GET", "/v1/releases/{release}/payees", &[Scope::Read, Scope::Release]),
    ("POST", "/v1/releases/{release}/payees", &[Scope::Release]),
    ("GET", "/v1/payouts", &[Scope::Read, Scope::Release]),
    ("POST", "/v1/payouts", &[Scope::Release]),
    ("GET", "/v1/payouts/{payout}", &[Scope::Read, Scope::Release]),
    ("POST", "/v1/releases/{release}/reverse", &[Scope::Release]),
    ("POST", "/v1/variables", &[Scope::Plans]),
    ("GET", "/v1/exchange-rates", &[Scope::Read, Scope::Plans]),
    ("POST", "/v1/exchange-rates", &[Scope::Plans]),
    ("PUT", "/v1/exchange-rates/EUR/USD/2026-03-01", &[Scope::Plans]),
    ("DELETE", "/v1/exchange-rates/EUR/USD/2026-03-01", &[Scope::Plans]),
    ("GET", "/v1/enquiries", &[Scope::Read]),
    ("POST", "/v1/enquiries", &[Scope::Release]),
    ("GET", "/v1/enquiries/enq_0000000000001", &[Scope::Read]),
    ("POST", "/v1/enquiries/enq_0000000000001", &[Scope::Release]),
    ("GET", "/v1/enquiries/enq_0000000000001/candidates", &[Scope::Read]),
    ("GET", "/v1/announcements", &[Scope::Read]),
    ("POST", "/v1/announcements", &[]),
    ("GET", "/v1/announcements/ann_0000000000001", &[Scope::Read]),
    ("PUT", "/v1/announcements/ann_0000000000001", &[]),
    ("DELETE", "/v1/announcements/ann_0000000000001", &[]),
    ("GET", "/v1/leaderboard", &[Scope::Read]),
    ("GET", "/v1/programs/{program}/periods/2026-03", &[Scope::Read]),
    ("GET", "/v1/programs/{program}/adjustments", &[Scope::Read, Scope::Release]),
    ("POST", "/v1/programs/{program}/adjustments", &[Scope::Release]),
    ("DELETE", "/v1/programs/{program}/adjustments/adj_0000000000001", &[Scope::Release]),
    ("POST", "/v1/programs/{program}/adjustments/sheet?period=2026-03", &[Scope::Release]),
    ("POST", "/v1/programs/{program}/clawbacks", &[Scope::Release]),
    ("POST", "/v1/clawbacks", &[Scope::Release]),
    ("POST", "/v1/programs/{program}/what-if", &[Scope::Read]),
    ("GET", "/v1/programs/{program}/projections", &[Scope::Read]),
    ("POST", "/v1/programs/{program}/projections", &[Scope::Read]),
    ("POST", "/v1/programs/{program}/periods/2026-03/release-credits", &[]),
    ("POST", "/v1/programs/{program}/periods/2026-03/withdraw-credits", &[]),
    ("GET", "/v1/approvals", &[Scope::Read]),
    ("POST", "/v1/approvals", &[]),
    ("GET", "/v1/preferences", &[Scope::Read]),
    ("PUT", "/v1/preferences", &[]),
    ("GET", "/v1/users", &[]),
    ("POST", "/v1/users", &[]),
    ("PUT", "/v1/users/usr_0000000000001", &[]),
    ("DELETE", "/v1/users/usr_0000000000001", &[]),
    ("DELETE", "/v1/calculations/{calculation}", &[Scope::Release]),
    ("GET", "/v1/audit", &[Scope::Read]),
    ("GET", "/v1/events", &[Scope::Read]),
    ("POST", "/app/Api/CreateTransaction", &[Scope::Sales]),
    ("POST", "/app/Api/PrepareImport", &[Scope::Sales]),
    ("POST", "/app/Api/CreateTeam", &[]),
    ("POST", "/app/Api/CreateTeamMember", &[]),
    ("POST", "/app/Api/CreateCustomVariable", &[]),
    ("GET", "/app/Api/SampleTransactions", &[Scope::Read]),
    ("GET", "/app/Api/Jobs/{import}", &[Scope::Read]),
];

const PLAN: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n\n[[rule]]\nid = \"commission\"\nlabel = \"Commission\"\nbasis = \"revenue\"\nrate = \"10%\"\n";

/// Ids of one thing of every kind in a workspace.
async fn furnish(client: &Client) -> Vec<(&'static str, String)> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let rep = text(&client.post("/v1/reps", &json!({"name": "Dana"})).await.expect(201), "id");
    let team = text(&client.post("/v1/teams", &json!({"name": "West"})).await.expect(201), "id");
    let source = text(&client.post("/v1/sources", &json!({"name": "Shop"})).await.expect(201), "id");
    let sale = client
        .post("/v1/sales", &json!({"source": "Shop", "unique_id": "A", "date": "2026-03-05", "revenue": 1000, "owner": "Dana"}))
        .await;
    let sale = text(&sale.expect(201), "id");
    let program = text(&client.post("/v1/programs", &json!({"text": PLAN})).await.expect(200)["program"], "id");
    let csv = "Order,Date,Amount,Rep\nB-1,2026-04-01,10.00,Dana\nB-2,2026-04-02,20.00,Dana\n";
    let import = text(&client.send("POST", "/v1/imports?source=Shop", &[], csv.as_bytes()).await.expect(201), "id");
    let period = json!({"program": program, "period": "2026-03"});
    let calculation = text(&client.post("/v1/calculations", &period).await.expect(201), "id");
    let reward = text(&client.get("/v1/rewards").await.expect(200)["data"][0], "id");
    let release = text(&client.post("/v1/releases", &period).await.expect(201), "id");
    let payout = text(&client.post("/v1/payouts", &json!({"release": release, "paid_on": "2026-04-10"})).await.expect(201), "id");
    let key = text(&client.post("/v1/keys", &json!({"label": "spare", "scopes": ["read"]})).await.expect(201)["key"], "id");
    vec![
        ("{rep}", rep),
        ("{team}", team),
        ("{source}", source),
        ("{sale}", sale),
        ("{program}", program),
        ("{import}", import),
        ("{calculation}", calculation),
        ("{reward}", reward),
        ("{release}", release),
        ("{payout}", payout),
        ("{key}", key),
    ]
}

fn filled(path: &str, ids: &[(&'static str, String)]) -> String {
    ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

/// A body that is right in form, so that only permission can refuse it.
fn body_of(path: &str, ids: &[(&'static str, String)]) -> Vec<u8> {
    let id = |name: &str| ids.iter().find(|(have, _)| *have == name).map_or("", |(_, id)| id.as_str());
    let body = match path.split('?').next().unwrap_or(path) {
        "/v1/keys" => json!({"label": "x", "scopes": ["read"]}),
        "/v1/sources" | "/v1/sources/{source}" | "/v1/reps" | "/v1/reps/{rep}" | "/v1/teams" | "/v1/teams/{team}" => {
            json!({"name": "Shop"})
        }
        "/v1/sales" | "/app/Api/CreateTransaction" => json!({"date": "2026-03-01"}),
        "/v1/sales/bulk" => json!({"sales": [{"date": "2026-03-01"}]}),
        "/v1/programs" | "/v1/programs/check" => json!({"text": PLAN}),
        "/v1/calculations" | "/v1/releases" => json!({"program": id("{program}"), "period": "2026-03"}),
        "/v1/exchange-rates" => return b"from,to,day,rate\nEUR,USD,2026-03-01,1.08\n".to_vec(),
        "/v1/exchange-rates/EUR/USD/2026-03-01" => json!({"rate": "1.08"}),
        "/v1/variables" => return b"who,name,value,from\nDana,quota,1000,\n".to_vec(),
        "/v1/enquiries" => json!({"payee": id("{rep}"), "subject": "Missing", "text": "Where is it?"}),
        "/v1/enquiries/enq_0000000000001" => json!({"text": "Found it", "status": "answered"}),
        "/v1/announcements" | "/v1/announcements/ann_0000000000001" => json!({"title": "Contest"}),
        "/v1/programs/{program}/what-if" => json!({"text": PLAN, "from": "2026-03"}),
        "/v1/programs/{program}/adjustments" => json!({"period": "2026-03", "payee": id("{rep}"), "amount": 100, "label": "Fair"}),
        "/v1/programs/{program}/adjustments/sheet" => return b"who,amount,label\nDana,1.00,Fair\n".to_vec(),
        "/v1/programs/{program}/clawbacks" | "/v1/clawbacks" => {
            json!({"period": "2026-03", "label": "Cancelled", "sales": [{"sale": id("{sale}")}]})
        }
        "/v1/programs/{program}/projections" => json!({"period": "2026-03", "from": "2026-03-16"}),
        "/v1/releases/{release}/reverse" => json!({"reason": "wrong quota"}),
        "/v1/releases/{release}/payees" => json!({"payees": [{"payee": id("{rep}"), "release_date": "2026-05-01"}]}),
        "/v1/programs/{program}/state" => json!({"state": "active"}),
        "/v1/approvals" => json!({"program": id("{program}"), "period": "2026-03", "payees": [id("{rep}")]}),
        "/v1/preferences" => {
            json!({"visible_from": "credits", "details": true, "export": true, "leaderboard": false, "approved_programs": []})
        }
        "/v1/users" => json!({"name": "Ines", "email": "ines@example.com", "role": "limited"}),
        "/v1/users/usr_0000000000001" => json!({"role": "limited"}),
        "/v1/payouts" => json!({"release": id("{release}"), "paid_on": "2026-04-10"}),
        "/app/Api/CreateTeam" => json!({"name": "West"}),
        "/app/Api/CreateTeamMember" => json!({"teamId": "West", "userId": "Dana"}),
        "/app/Api/CreateCustomVariable" => json!({"name": "Quota", "value": 1, "userId": "Dana"}),
        _ => return Vec::new(),
    };
    body.to_string().into_bytes()
}

async fn call(client: &Client, method: &str, path: &str, body: &[u8]) -> Reply {
    client.send(method, path, &[], body).await
}

/// Operations whose permission is tested elsewhere, with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("PUT /v1/imports/{id}/mapping", "an import of its own: api_requests"),
    ("POST /v1/imports/{id}/read", "an import of its own: api_requests"),
    ("DELETE /v1/mappings/{id}", "a mapping of its own: api_requests"),
    ("GET /v1/credits", "needs a parameter: api_walk"),
    ("GET /v1/exports/rewards.csv", "needs a parameter: api_walk"),
    ("GET /v1/exports/credits.csv", "needs a parameter: api_walk"),
    ("GET /v1/statements", "needs a parameter: api_walk"),
    ("GET /v1/statements/current", "needs parameters: api_walk"),
    ("GET /v1/statements/{id}", "needs a statement: api_walk"),
    ("GET /v1/workspace", "every key may know where it belongs"),
];

/// What belongs to loyalty has a table of its own: till/managing.
const LOYALTY: &[&str] = &[
    "activities",
    "adjustments",
    "holds",
    "lots",
    "means",
    "merchants",
    "offers",
    "participants",
    "parties",
    "products",
    "promo_codes",
    "purchases",
    "reviews",
    "schemes",
    "terminals",
    "till_settings",
    "transfers",
    "units",
];

/// A new operation without a row above fails here, so that nobody forgets to say for whom it is.
#[test]
fn com_051_every_described_operation_has_its_rule() {
    let api = serde_json::to_value(meed_server::api::description()).expect("the description is JSON");
    let shape = |path: &str| {
        let parts = path.split('?').next().unwrap_or(path).split('/');
        let part = |part: &str| {
            let is_one =
                ["usr_", "enq_", "ann_", "adj_", "2026-"].iter().any(|prefix| part.starts_with(prefix)) || ["EUR", "USD"].contains(&part);
            if part.starts_with('{') || is_one { "*".to_owned() } else { part.to_owned() }
        };
        parts.map(part).collect::<Vec<_>>().join("/")
    };
    let ruled: Vec<String> = CALLS.iter().map(|(method, path, _)| format!("{method} {}", shape(path))).collect();
    let mut missing = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys().map(|method| method.to_uppercase()) {
            let is_elsewhere = ELSEWHERE.iter().any(|(known, _)| *known == format!("{method} {path}"));
            let is_loyalty = path.strip_prefix("/v1/").and_then(|rest| rest.split('/').next()).is_some_and(|name| LOYALTY.contains(&name));
            if !is_elsewhere && !is_loyalty && !path.starts_with("/app/Api/") && !ruled.contains(&format!("{method} {}", shape(path))) {
                missing.push(format!("{method} {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "for whom are these? {missing:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_insists_on_its_scope() {
    let app = TestApp::start(Engine::Sqlite).await;
    let ws = app.workspace("acme").await;
    let ids = furnish(&ws.client).await;
    for (method, path, allowed) in CALLS {
        let body = body_of(path, &ids);
        assert_eq!(call(&app.client(), method, &filled(path, &ids), &body).await.refusal(401), "key_missing", "{method} {path}");
        for scope in Scope::ALL.into_iter().filter(|scope| *scope != Scope::Admin) {
            let client = app.client_with(ws.id, &[scope]).await;
            let reply = call(&client, method, &filled(path, &ids), &body).await;
            if allowed.contains(&scope) {
                assert_ne!(reply.status, 403, "{method} {path} with {scope:?}: {}", reply.text());
            } else {
                assert_eq!(reply.status, 403, "{method} {path} with {scope:?}: {}", reply.text());
                assert_eq!(reply.refusal(403), "scope_missing");
            }
        }
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_10_a_workspace_never_sees_another_ones_data() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let (ours, theirs) = (app.workspace("ours").await, app.workspace("theirs").await);
        let ids = furnish(&theirs.client).await;
        let before = theirs.client.get("/v1/audit?limit=1").await.expect(200)["data"][0]["number"].clone();
        for (method, path, _) in CALLS.iter().filter(|(_, path, _)| path.contains('{')) {
            let reply = call(&ours.client, method, &filled(path, &ids), &body_of(path, &ids)).await;
            assert!(matches!(reply.refusal(404).as_str(), "not_found" | "record_not_found"), "{method} {path}: {}", reply.text());
        }
        for (path, body) in [
            ("/v1/calculations", body_of("/v1/calculations", &ids)),
            ("/v1/releases", body_of("/v1/releases", &ids)),
            ("/v1/payouts", body_of("/v1/payouts", &ids)),
        ] {
            assert_eq!(call(&ours.client, "POST", path, &body).await.refusal(404), "not_found", "{path}");
        }
        for (path, field) in [("/v1/reps", "manager"), ("/v1/teams", "manager")] {
            let reply = ours.client.post(path, &json!({"name": "x", field: filled("{rep}", &ids)})).await;
            assert_eq!(reply.refusal(422), "rep_unknown", "{path}");
        }
        let foreign = ours.client.post("/v1/sales", &json!({"source": filled("{source}", &ids), "date": "2026-03-01"})).await;
        assert_eq!(foreign.refusal(422), "source_unknown");
        for path in [
            "/v1/sales",
            "/v1/reps",
            "/v1/teams",
            "/v1/programs",
            "/v1/rewards",
            "/v1/releases",
            "/v1/payouts",
            "/v1/imports",
            "/v1/mappings",
            "/v1/calculations",
            "/v1/events",
        ] {
            assert_eq!(ours.client.get(path).await.expect(200)["data"], json!([]), "{path}");
        }
        assert_eq!(ours.client.get("/v1/keys").await.expect(200)["data"].as_array().map(Vec::len), Some(1));
        let after = theirs.client.get("/v1/audit?limit=1").await.expect(200)["data"][0]["number"].clone();
        assert_eq!(after, before, "nothing was written next door");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_066_a_revoked_key_stops_at_once_for_reading_and_writing() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let made = ws.client.post("/v1/keys", &json!({"label": "till", "scopes": ["sales", "read"]})).await.expect(201);
        let till = app.client().with("authorization", &format!("Bearer {}", made["secret"].as_str().unwrap_or_default()));
        till.post("/v1/sales", &json!({"unique_id": "A", "date": "2026-03-01"})).await.expect(201);
        till.get("/v1/sales").await.expect(200);
        let id = made["key"]["id"].as_str().expect("an id").to_owned();
        // Writers that hammer while the key is revoked: whatever was answered with success before is there, nothing after.
        let hammers: Vec<_> = (0..8)
            .map(|worker| {
                let till = till.clone();
                tokio::spawn(async move {
                    let mut recorded = 0usize;
                    for number in 0..200 {
                        let reply = till.post("/v1/sales", &json!({"unique_id": format!("{worker}-{number}"), "date": "2026-03-01"})).await;
                        match reply.status {
                            201 => recorded += 1,
                            401 => return recorded,
                            _ => panic!("{}", reply.text()),
                        }
                    }
                    recorded
                })
            })
            .collect();
        assert_eq!(ws.client.delete(&format!("/v1/keys/{id}")).await.status, 204);
        let count = async || {
            let (mut count, mut cursor) = (0, String::new());
            loop {
                let page = ws.client.get(&format!("/v1/sales?limit=100&fields=id{cursor}")).await.expect(200);
                count += page["data"].as_array().map_or(0, Vec::len);
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => return count,
                }
            }
        };
        let at_once = count().await;
        assert_eq!(till.post("/v1/sales", &json!({"unique_id": "Z", "date": "2026-03-01"})).await.status, 401);
        assert_eq!(till.get("/v1/sales").await.status, 401);
        let mut recorded = 1;
        for hammer in hammers {
            recorded += hammer.await.expect("a writer");
        }
        assert_eq!(count().await, at_once, "nothing came after the answer to the revocation");
        assert_eq!(at_once, recorded, "what was answered with success is there, and nothing else");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_tells_when_it_was_last_used_and_that_is_written_in_one_command() {
    for engine in Engine::ALL {
        let app = TestApp::start(engine).await;
        let ws = app.workspace("acme").await;
        let spare = ws.client.post("/v1/keys", &json!({"label": "spare", "scopes": ["read"]})).await.expect(201);
        let last = |keys: &Value, label: &str| {
            let all = keys["data"].as_array().expect("keys").clone();
            all.into_iter().find(|key| key["label"] == label).expect("the key")["last_used_at"].clone()
        };
        let listed = ws.client.get("/v1/keys").await.expect(200);
        assert_eq!((last(&listed, "spare"), last(&listed, "test")), (Value::Null, json!("2026-04-10T12:00:00Z")));

        app.clock.advance_seconds(1_800);
        let secret = spare["secret"].as_str().expect("a secret");
        app.client().with("x-apikey", secret).get("/v1/sales").await.expect(200);
        assert_eq!(keys::write_uses(&app.app).await.expect("written"), 2);
        assert_eq!(keys::write_uses(&app.app).await.expect("written"), 0, "nothing was used since");
        let listed = ws.client.get("/v1/keys").await.expect(200);
        assert_eq!(last(&listed, "spare"), "2026-04-10T12:30:00Z");
        app.stop().await;
    }
}
