//! One person in several roles: linking them, and the one statement that ties to the ledger.

use std::collections::BTreeMap;

use meed_core::id::{Id, Kind};
use meed_core::ledger::{Account, Owner, Purpose};
use meed_testkit::Client;
use serde_json::{Value, json};

use crate::shop::{FIVE_PERCENT, Shop, on_both_engines, purchase, spend};

on_both_engines!(
    led_040_a_party_of_several_roles_has_separate_accounts_and_one_statement_that_ties_to_the_cent,
    a_role_belongs_to_one_party_however_many_link_it_at_once,
    what_links_an_erased_participant_is_gone,
);

const PLAN: &str = "name = \"Plan\"\ncurrency = \"USD\"\nperiod = \"monthly\"\n\n[[rule]]\nid = \"commission\"\nlabel = \"Commission\"\nbasis = \"revenue\"\nrate = \"10%\"\n";

struct Desk {
    client: Client,
    rep: String,
    participant: String,
}

impl Desk {
    async fn open(shop: &Shop) -> Self {
        let client = shop.client.with("authorization", &format!("Bearer {}", shop.secret));
        let dana = json!({"name": "Dana", "email": "dana@corner.example", "external_id": "RP0000000019"});
        let rep = client.post("/v1/reps", &dana).await.expect(201)["id"].as_str().expect("an id").to_owned();
        Self { client, rep, participant: shop.anna.id.text(Kind::Participant) }
    }

    fn both(&self) -> Value {
        json!({"rep": self.rep, "participant": self.participant, "reason": "Shops here, too"})
    }

    async fn sale(&self, id: &str, date: &str, revenue: i64) {
        let sale = json!({"source": "Shop", "unique_id": id, "date": date, "revenue": revenue, "owner": "Dana"});
        assert!(self.client.post("/v1/sales", &sale).await.status < 300);
    }

    async fn release(&self, program: &str, period: &str) -> String {
        let of = json!({"program": program, "period": period});
        self.client.post("/v1/calculations", &of).await.expect(201);
        self.client.post("/v1/releases", &of).await.expect(201)["id"].as_str().expect("an id").to_owned()
    }

    async fn statement(&self, of: &str, days: &str) -> Value {
        self.client.get(&format!("/v1/parties/{of}/statement{days}")).await.expect(200)
    }
}

fn amount(value: &Value) -> i64 {
    value["amount"].as_i64().expect("an amount")
}

/// A role's row of a statement in a unit.
fn row<'a>(statement: &'a Value, role: &str, unit: &str) -> &'a Value {
    let rows = statement["roles"].as_array().expect("rows");
    rows.iter().find(|row| row["role"] == role && row["closing"]["currency"] == unit).expect("the role's row")
}

/// Every sum of a statement against its lines, and its closing balances against the ledger's accounts.
async fn must_tie(shop: &Shop, desk: &Desk, statement: &Value) {
    let (workspace, rep) = (shop.ctx.workspace, Id::parse(&desk.rep, Kind::Rep).expect("an id"));
    let owners = [Owner::rep(rep), Owner::participant(shop.anna.id)];
    let store = shop.app.app.store();
    let mut accounts: Vec<Account> = store.read(move |r| r.accounts_of(workspace, owners[0])).await.expect("accounts");
    accounts.extend(store.read(move |r| r.accounts_of(workspace, owners[1])).await.expect("accounts"));
    let shown = statement["accounts"].as_array().expect("accounts");
    assert_eq!(shown.len(), accounts.len(), "no two roles share an account, and none is left out: {statement}");
    let (mut held, mut owed) = (BTreeMap::new(), BTreeMap::new());
    for account in &accounts {
        let key = account.key;
        let is_it = |one: &&Value| {
            one["role"] == key.owner.kind.name() && one["purpose"] == key.purpose.name() && one["closing"]["currency"] == key.unit.code()
        };
        let one = shown.iter().find(is_it).unwrap_or_else(|| panic!("{key} is missing"));
        assert_eq!(amount(&one["closing"]), account.posted(), "{key}");
        let moved: i64 = one["lines"].as_array().expect("lines").iter().map(|line| amount(&line["amount"])).sum();
        assert_eq!(amount(&one["opening"]) + moved, amount(&one["closing"]), "{key}");
        let is_owed = matches!(key.purpose, Purpose::Recoverable | Purpose::Draw);
        let side = if is_owed { &mut owed } else { &mut held };
        *side.entry((key.owner.kind.name(), key.unit.code().to_owned())).or_insert(0) += account.posted();
    }
    for row in statement["roles"].as_array().expect("rows") {
        let of = |field: &str| amount(&row[field]);
        assert_eq!(of("opening") + of("earned") + of("other") - of("paid") - of("expired"), of("closing"), "{row}");
        assert_eq!(of("waiting") + of("payable") - of("owed"), of("closing"), "{row}");
        let unit = row["closing"]["currency"].as_str().expect("a unit").to_owned();
        let key = (row["role"].as_str().expect("a role"), unit);
        assert_eq!(of("owed"), owed.get(&key).copied().unwrap_or(0), "{row}");
        assert_eq!(of("waiting") + of("payable"), held.get(&key).copied().unwrap_or(0), "{row}");
    }
    for total in statement["totals"].as_array().expect("totals") {
        let of_unit = |row: &&Value| row["closing"]["currency"] == total["closing"]["currency"];
        let rows: i64 = statement["roles"].as_array().expect("rows").iter().filter(of_unit).map(|row| amount(&row["closing"])).sum();
        assert_eq!(rows, amount(&total["closing"]), "{total}");
        assert_eq!(amount(&total["opening"]) + amount(&total["moved"]), amount(&total["closing"]), "{total}");
    }
}

async fn led_040_a_party_of_several_roles_has_separate_accounts_and_one_statement_that_ties_to_the_cent(shop: &Shop) {
    let desk = Desk::open(shop).await;
    let client = &desk.client;
    let candidates = client.get("/v1/parties/candidates").await.expect(200);
    assert_eq!(candidates["data"][0]["by"], "external_id", "{candidates}");
    assert_eq!(client.get(&format!("/v1/parties/{}", desk.rep)).await.expect(200)["roles"].as_array().map(Vec::len), Some(1));
    let party = client.post("/v1/parties", &desk.both()).await.expect(201);
    assert_eq!(party["roles"].as_array().map(Vec::len), Some(2), "{party}");
    assert_eq!(client.post("/v1/parties", &desk.both()).await.expect(201), party, "once more changes nothing");
    assert_eq!(client.get("/v1/parties/candidates").await.expect(200)["data"], json!([]));
    assert_eq!(client.get("/v1/parties").await.expect(200)["data"], json!([party]));

    // As a rep: 100.00 paid, then 50.00 less the 100.00 that were taken back.
    let plan = client.post("/v1/programs", &json!({"text": PLAN})).await.expect(200)["program"]["id"].as_str().expect("an id").to_owned();
    desk.sale("A", "2026-02-05", 1_000).await;
    let release = desk.release(&plan, "2026-02").await;
    client.post("/v1/payouts", &json!({"release": release, "paid_on": "2026-03-01"})).await.expect(201);
    desk.sale("A", "2026-02-05", 0).await;
    desk.sale("B", "2026-03-05", 500).await;
    client.post("/v1/calculations", &json!({"program": plan, "period": "2026-02"})).await.expect(201);
    desk.release(&plan, "2026-03").await;
    // As a shopper: 5.00 spent on another purchase, and then the one that earned them goes back.
    shop.offer(FIVE_PERCENT).await;
    shop.offer("name = \"Points\"\nstacks = true\n[award]\neach = 1\nper = 1\nunit = \"points\"\n").await;
    let first = shop.buy("P-1", &[("wine", "100.00")]).await;
    let second = shop.buy("P-2", &[("bread", "20.00")]).await;
    shop.ok("customer_events/spend_requests/create", spend(&second, Some("5.00"))).await;
    shop.ok("customer_events/purchases/cancel", json!({"customer_event_identifier": {"id": first["id"]}})).await;

    let statement = desk.statement(&desk.rep, "").await;
    assert_eq!(statement, desk.statement(&desk.participant, "").await, "each role names the party");
    must_tie(shop, &desk, &statement).await;
    let of = |role: &str, unit: &str, fields: [&str; 5]| fields.map(|field| amount(&row(&statement, role, unit)[field]));
    let fields = ["earned", "paid", "payable", "owed", "closing"];
    assert_eq!(of("rep", "USD", fields), [5_000, 10_000, 0, 5_000, -5_000]);
    assert_eq!(of("participant", "USD", fields), [100, 500, 0, 400, -400]);
    assert_eq!(of("participant", "PTS", fields), [20, 0, 20, 0, 20]);
    let closing = |unit: &str, of: &Value| {
        let totals = of["totals"].as_array().expect("totals").clone();
        let total = totals.into_iter().find(|total| total["closing"]["currency"] == unit).expect("a total");
        (amount(&total["opening"]), amount(&total["closing"]))
    };
    assert_eq!(closing("USD", &statement), (0, -5_400));

    // The next day is another statement: what stood before is where it begins.
    shop.app.clock.advance_seconds(86_400);
    let mut third = purchase("P-3", &[("wine", "200.00")]);
    third["performed_on"] = json!("2026-04-11T08:00:00");
    third["token"] = json!(shop.fresh_token(&json!({})).await);
    let sold = crate::shop::post(&shop.client, "customer_events/purchases/create", &third).await;
    assert_eq!(crate::shop::code(&sold), "OK", "{sold}");
    let whole = desk.statement(&desk.rep, "").await;
    must_tie(shop, &desk, &whole).await;
    assert_eq!(closing("USD", &whole), (0, -4_400), "the debt is netted from the new award, and 6.00 are left");
    assert_eq!(closing("USD", &desk.statement(&desk.rep, "?from=2026-04-11").await), (-5_400, -4_400));
    assert_eq!(closing("USD", &desk.statement(&desk.rep, "?until=2026-04-10").await), (0, -5_400));
    must_tie(shop, &desk, &desk.statement(&desk.rep, "?from=2026-04-11&until=2026-04-11").await).await;
    for (days, code) in [("?from=x", "date_unreadable"), ("?from=2026-04-11&until=2026-04-10", "validity_reversed")] {
        assert_eq!(client.get(&format!("/v1/parties/{}/statement{days}", desk.rep)).await.refusal(422), code);
    }

    // Taken apart, each has what it had.
    assert_eq!(client.delete(&format!("/v1/parties/{}", desk.participant)).await.status, 204);
    let alone = desk.statement(&desk.participant, "").await;
    assert_eq!(closing("USD", &alone), (0, 600));
    assert_eq!(alone["party"]["roles"].as_array().map(Vec::len), Some(1));
    assert_eq!(client.delete(&format!("/v1/parties/{}", desk.rep)).await.refusal(404), "not_found");
    client.post("/v1/parties", &desk.both()).await.expect(201);
}

async fn a_role_belongs_to_one_party_however_many_link_it_at_once(shop: &Shop) {
    let desk = Desk::open(shop).await;
    let ben = shop.other_customer().await.id.text(Kind::Participant);
    let tasks: Vec<_> = (0..16)
        .map(|turn| {
            let (client, mut body) = (desk.client.clone(), desk.both());
            if turn % 2 == 1 {
                body["participant"] = json!(ben);
            }
            tokio::spawn(async move { client.post("/v1/parties", &body).await })
        })
        .collect();
    let mut linked = Vec::new();
    for task in tasks {
        let reply = task.await.expect("a task");
        match reply.status {
            201 => linked.push(reply.expect(201)["roles"].clone()),
            _ => assert_eq!(reply.refusal(409), "already_linked"),
        }
    }
    assert!(!linked.is_empty() && linked.iter().all(|roles| *roles == linked[0]), "one of the two: {linked:?}");
    let nobody = json!({"rep": "rep_0000000000001", "participant": ben, "reason": "x"});
    assert_eq!(desk.client.post("/v1/parties", &nobody).await.refusal(404), "not_found");
    let mut silent = desk.both();
    silent["reason"] = json!(" ");
    assert_eq!(desk.client.post("/v1/parties", &silent).await.refusal(422), "reason_missing");
    assert_eq!(desk.client.get("/v1/parties/sale_0000000000001").await.refusal(404), "not_found");
}

async fn what_links_an_erased_participant_is_gone(shop: &Shop) {
    let desk = Desk::open(shop).await;
    desk.client.post("/v1/parties", &desk.both()).await.expect(201);
    let path = format!("/v1/participants/{}/erasure", desk.participant);
    assert_eq!(desk.client.post(&path, &json!({"balance": "empty"})).await.status, 204);
    let rep = desk.client.get(&format!("/v1/parties/{}", desk.rep)).await.expect(200);
    assert_eq!(rep["roles"].as_array().map(Vec::len), Some(1), "{rep}");
    assert_eq!(desk.client.get("/v1/parties").await.expect(200)["data"], json!([]));
    let (workspace, kind) = (shop.ctx.workspace, meed_core::command::RecordKind::PartyRole);
    let left = shop.app.app.store().read(move |r| r.records_changed_since(workspace, kind, 0)).await.expect("records");
    assert!(!left.is_empty() && left.iter().all(|record| record.body == "{}"), "nothing says that they were the same");
}
