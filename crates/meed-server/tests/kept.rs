//! Calculations that a server keeps: a changed sale reaches statements and lists of credits without reading the period
//! again, and they say what a calculation in full says; on both engines.

use meed_app::calculations::CalculationCounts;
use meed_testkit::{Engine, TestApp, Workspace};
use serde_json::{Value, json};

const TIERS: &str = r#"name = "Tiers"
currency = "USD"
period = "monthly"
draw = { amount = 20, recoverable = true }

[[rule]]
id = "own"
tiers = { accumulate = "accumulated", mode = "retroactive", bands = [{ to = 1000, rate = "1%" }, { rate = "2%" }] }

[[rule]]
id = "override"
override = { of = ["own"], base = "commission", once_per = "credit" }
tiers = { accumulate = "accumulated", mode = "marginal", bands = [{ to = 10, rate = "5%" }, { rate = "10%" }] }
"#;

const ORIGINALS: &str = r#"name = "Originals"
currency = "USD"
period = "monthly"

[[rule]]
id = "own"
basis = { formula = 'number(sale.original["ARR"]) / 12' }
rate = "10%"
"#;

const GROWTH: &str = r#"name = "Growth"
currency = "USD"
period = "monthly"
attainment = { metric = "increase" }

[[rule]]
id = "revenue"
rate = "1%"

[[bonus]]
id = "growth"
curve = { target = 1000, accelerator = 1, cap_percent = "200%" }
"#;

const FILE: &str = "Order,Date,Sales Rep,Amount,Currency,ARR\nF-1,2026-02-05,Rep,400.00,USD,100\nF-2,2026-03-05,Rep,500.00,USD,1200\nF-3,2026-03-06,Lead,300.00,USD,60\n";

const SECOND: &str = "Order,Date,Sales Rep,Amount,Currency,ARR\nF-3,2026-04-06,Lead,300.00,USD,60\nF-1,2026-02-05,Rep,450.00,USD,240\nF-2,2026-03-05,Rep,510.00,USD,2400\n";

struct Books {
    app: TestApp,
    ws: Workspace,
    program: String,
    rep: String,
    lead: String,
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

async fn books(engine: Engine, plan: &str) -> Books {
    let app = TestApp::start(engine).await;
    let ws = app.workspace("acme").await;
    let lead = id(&ws.client.post("/v1/reps", &json!({"name": "Lead"})).await.expect(201));
    let rep = id(&ws.client.post("/v1/reps", &json!({"name": "Rep", "manager": lead})).await.expect(201));
    let program = id(&ws.client.post("/v1/programs", &json!({"text": plan})).await.expect(200)["program"]);
    let books = Books { app, ws, program, rep, lead };
    books.import("first.csv", FILE).await;
    books
}

impl Books {
    async fn import(&self, name: &str, text: &str) {
        let path = format!("/v1/imports?source=Shop&file_name={name}");
        let import = id(&self.ws.client.send("POST", &path, &[("content-type", "text/csv")], text.as_bytes()).await.expect(201));
        self.ws.client.post(&format!("/v1/imports/{import}/run"), &json!({})).await.expect(202);
        while self.ws.client.get(&format!("/v1/imports/{import}")).await.expect(200)["state"] == "running" {
            tokio::task::yield_now().await;
        }
    }

    async fn sale(&self, unique_id: &str, revenue: i64, owner: &str) {
        let sale = json!({"source": "Shop", "unique_id": unique_id, "date": "2026-03-10T10:00:00Z", "revenue": revenue, "currency": "USD", "owner": owner});
        let answered = self.ws.client.post("/v1/sales", &sale).await;
        assert!(matches!(answered.status, 200 | 201), "{}", answered.text());
    }

    async fn statement(&self, payee: &str) -> Value {
        let path = format!("/v1/statements/current?program={}&period=2026-03&payee={payee}", self.program);
        self.ws.client.get(&path).await.expect(200)
    }

    async fn statements(&self) -> [Value; 2] {
        [self.statement(&self.rep).await, self.statement(&self.lead).await]
    }

    fn counts(&self) -> CalculationCounts {
        self.app.app.calculation_counts()
    }

    /// What the statements say when nothing is kept.
    async fn in_full(&self) -> [Value; 2] {
        self.app.clock.advance_seconds(3_600);
        self.app.app.drop_idle_calculations();
        let before = self.counts().read;
        let statements = self.statements().await;
        assert!(self.counts().read > before, "everything is read");
        statements
    }
}

/// After the first question, each change is answered from what is kept, and like a calculation in full.
async fn changes_are_answered_from_what_is_kept(engine: Engine, plan: &str) {
    let books = books(engine, plan).await;
    let first = books.statements().await;
    let begun = books.counts();
    assert!(begun.read > 0, "the first question reads the period");
    for (unique_id, revenue, owner) in
        [("A-1", 600, "Rep"), ("A-1", 700, "Rep"), ("A-1", 700, "Lead"), ("F-2", 900, "Rep"), ("B-1", 50, "Lead")]
    {
        books.sale(unique_id, revenue, owner).await;
        books.statements().await;
    }
    // A sale that leaves the period, one of the month before, and another original column.
    books.import("second.csv", SECOND).await;
    let last = books.statements().await;
    assert_ne!(last, first);
    let counts = books.counts();
    assert_eq!(counts.read, begun.read, "nothing is read in full again: {counts:?}");
    assert!(counts.resumed >= begun.resumed + 12, "{counts:?}");
    assert_eq!(books.in_full().await, last);
    books.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_a_changed_sale_is_answered_from_what_is_kept() {
    for engine in Engine::ALL {
        changes_are_answered_from_what_is_kept(engine, TIERS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_plans_over_original_columns_are_kept_as_well() {
    for engine in Engine::ALL {
        changes_are_answered_from_what_is_kept(engine, ORIGINALS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_plans_that_compare_periods_are_kept_as_well() {
    for engine in Engine::ALL {
        changes_are_answered_from_what_is_kept(engine, GROWTH).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn com_037_what_earlier_periods_posted_reaches_a_kept_calculation() {
    for engine in Engine::ALL {
        let books = books(engine, TIERS).await;
        books.sale("A-1", 9_000, "Rep").await;
        let before = books.statements().await;
        // February is posted: what it advances on the draw, March repays.
        let february = json!({"program": books.program, "period": "2026-02"});
        books.ws.client.post("/v1/calculations", &february).await.expect(201);
        let counts = books.counts();
        let after = books.statements().await;
        assert_eq!(books.counts().read, counts.read, "what is kept serves still");
        assert_ne!(after, before, "and knows what was posted");
        assert_eq!(books.in_full().await, after);
        books.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_credits_come_from_what_is_kept() {
    for engine in Engine::ALL {
        let books = books(engine, TIERS).await;
        for n in 0..7 {
            books.sale(&format!("N-{n}"), 100 + n, "Rep").await;
        }
        let period = json!({"program": books.program, "period": "2026-03"});
        let calculation = id(&books.ws.client.post("/v1/calculations", &period).await.expect(201));
        let begun = books.counts();
        let whole = books.ws.client.get(&format!("/v1/credits?calculation={calculation}&limit=100")).await.expect(200);
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = books.ws.client.get(&format!("/v1/credits?calculation={calculation}&limit=3{cursor}")).await.expect(200);
            paged.extend(page["data"].as_array().cloned().expect("a page"));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(whole["data"], json!(paged), "pages are the whole");
        assert_eq!(books.counts().read, begun.read, "no page reads the period");

        let lead = books.statement(&books.lead).await;
        let path = format!("/v1/statements/current?program={}&period=2026-03&payee={}", books.program, books.lead);
        let mut credits = Vec::new();
        let mut next = json!("0");
        while let Some(cursor) = next.as_str() {
            let page = books.ws.client.get(&format!("{path}&limit=2&cursor={cursor}")).await.expect(200);
            assert_eq!(
                (&page["exact"], &page["credit_count"], &page["through"]),
                (&lead["exact"], &lead["credit_count"], &lead["through"])
            );
            credits.extend(page["credits"].as_array().cloned().expect("credits"));
            next = page["next_cursor"].clone();
        }
        assert_eq!(lead["credits"], json!(credits));
        assert_eq!(lead["through"][0]["name"], "Rep");
        assert_eq!(lead["through"][0]["credits"], 8, "those of the file and of the calls");
        assert_eq!(books.ws.client.get(&format!("{path}&cursor=x")).await.refusal(400), "cursor_invalid");
        books.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_at_the_same_time_share_one_calculation() {
    let books = books(Engine::Sqlite, TIERS).await;
    let answers = futures_util::future::join_all((0..8).map(|_| books.statement(&books.rep))).await;
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(books.counts().read, 1, "one reads, the others wait for it");
    books.app.stop().await;
}
