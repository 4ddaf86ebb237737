//! A scripted till that speaks HTTP alone and whose line is cut at every step: it sends again, and the books are the same as
//! without the cuts.

use std::net::SocketAddr;

use meed_testkit::{Client, Engine};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::shop::{FIVE_PERCENT, Shop, code, post};

/// Where the line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// Nowhere.
    Never,
    /// Before the whole request was sent.
    Half,
    /// After the request, before its answer.
    Answer,
}

/// A till with a line of its own.
struct Till {
    address: SocketAddr,
    client: Client,
    cut: Cut,
}

impl Till {
    /// Sends a request over a line that may be cut, until an answer came.
    async fn call(&self, method: &str, body: &Value) -> Value {
        let path = format!("/crmapi/rest/v2/{method}");
        let text = body.to_string();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: till\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        if self.cut != Cut::Never {
            let mut line = TcpStream::connect(self.address).await.expect("a line");
            line.write_all(head.as_bytes()).await.expect("sent");
            let sent = if self.cut == Cut::Half { &text.as_bytes()[..text.len() / 2] } else { text.as_bytes() };
            line.write_all(sent).await.expect("sent");
            line.flush().await.expect("sent");
            // Dropped here: nobody reads the answer.
        }
        let answer = post(&self.client, method, body).await;
        assert_eq!(code(&answer), "OK", "{method}: {answer}");
        answer["data"].clone()
    }

    /// The five steps of the sale `number`.
    async fn sale(&self, token: &str, number: i64) -> Value {
        let who = json!({"access_token_identifier": {"authentication_code": "4711"}});
        let shown = self.call("rewards_participants/show", &json!({"token": token, "rewards_participant_identifier": who})).await;
        let by = json!({"id": shown["id"]});
        let mut purchase = json!({
            "token": token,
            "rewards_participant_identifier": by,
            "performed_by_unit_identifier": {"alternative_code": "high"},
            "performed_on": "2026-04-10T08:00:00",
            "reference_number": format!("R{number}"),
            "products_set": [{"product_identifier": {"code": "wine"}, "net_amount": 40, "vat_amount": 0, "total_amount": 40}],
        });
        let seen = self.call("customer_events/purchases/preview", &purchase).await;
        purchase["external_system"] = json!("till-7");
        purchase["external_system_reference_number"] = json!(format!("x{number}"));
        let made = self.call("customer_events/purchases/create", &purchase).await;
        assert_eq!(seen["total_award_amount"], made["total_awarded_amount"]);
        let spend = json!({
            "token": token,
            "rewards_participant_identifier": by,
            "purchase_customer_request_identifier": {"id": made["id"]},
            "performed_by_unit_identifier": {"alternative_code": "high"},
            "performed_on": "2026-04-10T08:00:00",
            "spend_amount": 1.25,
            "external_system": "till-7",
            "external_system_reference_number": format!("s{number}"),
        });
        let spent = self.call("customer_events/spend_requests/create", &spend).await;
        let which = json!({"token": token, "customer_event_identifier": {"id": made["id"]}});
        let closed = self.call("customer_events/purchases/show", &which).await;
        assert_eq!(closed["total_spend_amount"], spent["spend_amount"]);
        made["id"].clone()
    }
}

/// What the books say at the end.
async fn books(shop: &Shop) -> Value {
    let anna = json!({"rewards_participant_identifier": {"number": "RP0000000019"}, "fields_set": "reference_number,total_awarded_amount,total_spend_amount,life_cycle_state"});
    let mut purchases = shop.ok("customer_events/purchases/list", anna).await;
    if let Some(rows) = purchases.as_array_mut() {
        rows.sort_by_key(|row| row["reference_number"].to_string());
    }
    let journal = shop
        .ok(
            "wallets/journal",
            json!({"rewards_participant_identifier": {"number": "RP0000000019"}, "fields_set": "type,credit_amount,debit_amount"}),
        )
        .await;
    let mut journal: Vec<String> = journal.as_array().expect("a set").iter().map(ToString::to_string).collect();
    journal.sort();
    json!({"purchases": purchases, "journal": journal, "balance": shop.balance().await})
}

async fn day(engine: Engine, cut: Cut) -> Value {
    let shop = Shop::open(engine).await;
    shop.offer(FIVE_PERCENT).await;
    let till = Till { address: shop.app.address, client: shop.client.clone(), cut };
    for number in 0..6 {
        till.sale(&shop.token, number).await;
    }
    let found = books(&shop).await;
    shop.close().await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_till_whose_line_is_cut_at_every_step_keeps_the_same_books() {
    for engine in Engine::ALL {
        let whole = day(engine, Cut::Never).await;
        assert_eq!(whole["balance"], "5.75", "6 × 2.00 earned, 5 × 1.25 spent: {whole}");
        for cut in [Cut::Half, Cut::Answer] {
            assert_eq!(day(engine, cut).await, whole, "{engine:?} {cut:?}");
        }
    }
}
