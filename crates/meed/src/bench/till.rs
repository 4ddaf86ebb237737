//! Tills over HTTP: purchases with their awards, by shoppers who come alike and by a few who come all the time, previews, bulk
//! calls, and the mix of a day: preview, hold, capture, purchase, 8 % returns in part, 2 % cancellations, 1 % repeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::child::Installation;
use super::client::{Connection, Round, post};
use super::table::{Table, grouped, median, ms};
use super::{Engine, EngineArgs};
use crate::failure::Failure;

/// Customers of the bench.
const SHOPPERS: u64 = 2_000;
/// Purchases in a bulk call.
const BULK: u64 = 1_000;
/// Clients that send bulk calls.
const BULK_CLIENTS: usize = 4;
/// Previews a second where they come at a steady rate.
const PREVIEW_RATE: u64 = 5_000;
/// Offers of the last part.
const MANY_OFFERS: u64 = 1_000;
/// Where tills are spoken to.
const BASE: &str = "/crmapi/rest/v2";

/// What a client does with the number of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Work {
    /// A purchase by one of all shoppers.
    Purchase,
    /// A purchase by a few shoppers mostly (Zipf 2.0).
    Zipf,
    /// A preview.
    Preview,
    /// Previews at a steady rate, whatever the server does: the latency counts from when each was due.
    SteadyPreview,
    /// Many purchases in a call.
    Bulk,
    /// A sale with all that belongs to it.
    Mix,
    /// A purchase, with many offers to judge.
    ManyOffers,
}

impl Work {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Purchase, "purchases with award"),
        (Self::Preview, "previews"),
        (Self::SteadyPreview, "previews, 5,000 a second asked for"),
        (Self::Zipf, "purchases, Zipf 2.0 shoppers"),
        (Self::Bulk, "purchases in bulk calls of 1,000"),
        (Self::Mix, "sales of the till mix"),
        (Self::ManyOffers, "purchases with award, 1,000 offers"),
    ];

    const fn each(self) -> u64 {
        if matches!(self, Self::Bulk) { BULK } else { 1 }
    }

    /// When the n-th request of a round is due.
    fn due(self, place: u64) -> Option<Duration> {
        matches!(self, Self::SteadyPreview).then(|| Duration::from_micros(place * 1_000_000 / PREVIEW_RATE))
    }
}

/// The shop that the server was given.
struct Shop {
    key: String,
    token: String,
    participants: Vec<String>,
}

/// A number that looks random and is always the same.
const fn draw(number: u64) -> u64 {
    let x = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^ (x >> 29)
}

/// A shopper by Zipf 2.0: the k-th comes in proportion to 1 ÷ k².
const fn zipf(number: u64) -> u64 {
    // P(rank > k) is about 1 ÷ k, so the rank is the inverse of a uniform number.
    let uniform = draw(number) % 1_000_000 + 1;
    (1_000_000 / uniform) % SHOPPERS
}

impl Shop {
    async fn open(line: &mut Connection, key: String) -> Result<Self, Failure> {
        let mut shop = Self { key, token: String::new(), participants: Vec::new() };
        let offer = "kind = \"reward\"\nname = \"Five per cent\"\nscheme = \"club\"\n[award]\npercent = \"5%\"\n";
        for (path, body) in [
            ("/v1/schemes", json!({"name": "Club", "code": "club"})),
            ("/v1/units", json!({"name": "Store", "code": "store"})),
            ("/v1/products", json!({"code": "A", "family": "all"})),
            ("/v1/offers", json!({"text": offer})),
        ] {
            shop.manage(line, path, &body).await?;
        }
        for number in 0..SHOPPERS {
            let body = json!({"name": format!("Shopper {number}"), "number": format!("S{number}")});
            let made = shop.manage(line, "/v1/participants", &body).await?;
            shop.participants.push(made["id"].as_str().unwrap_or_default().to_owned());
        }
        let basic = super::client::basic(&format!("{BASE}/authentication/web_api_key/token"), &shop.key);
        let (_, body) = line.send(&basic).await.map_err(|error| Failure::fault("bench", error.to_string()))?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let token = answer["data"]["token"].as_str().ok_or_else(|| Failure::fault("bench", "the server gave no token"))?;
        token.clone_into(&mut shop.token);
        Ok(shop)
    }

    /// Fills the shop's offers up: each for another product, of a few that are sold.
    async fn add_offers(&self, line: &mut Connection) -> Result<(), Failure> {
        for number in 1..MANY_OFFERS {
            let text = format!(
                "kind = \"reward\"\nname = \"Offer {number}\"\nscheme = \"club\"\ncondition = 'line.product == \"P{number}\"'\n[award]\namount = 1.00\n"
            );
            self.manage(line, "/v1/offers", &json!({"text": text})).await?;
        }
        Ok(())
    }

    async fn manage(&self, line: &mut Connection, path: &str, body: &Value) -> Result<Value, Failure> {
        let sent = line.send(&post(path, &self.key, &body.to_string())).await;
        let (status, body) = sent.map_err(|error| Failure::fault("bench", error.to_string()))?;
        if status >= 300 {
            return Err(Failure::fault("bench", format!("{path}: {}", String::from_utf8_lossy(&body))));
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The fields of a purchase. Each is a second after the one before, as tills tell it.
    fn fields(shopper: u64, number: u64) -> String {
        let cents = 500 + draw(number) % 9_500;
        let amount = format!("{}.{:02}", cents / 100, cents % 100);
        let (day, second) = (number / 86_400, number % 86_400);
        let (month, day) = (1 + day / 28, 1 + day % 28);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!(
            "\"rewards_participant_identifier\":{{\"number\":\"S{shopper}\"}},\
             \"performed_by_unit_identifier\":{{\"alternative_code\":\"store\"}},\
             \"performed_on\":\"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}\",\"reference_number\":\"R{number}\",\
             \"external_system\":\"bench\",\"external_system_reference_number\":\"B{number:012}\",\
             \"products_set\":[{{\"product_identifier\":{{\"code\":\"A\"}},\
             \"net_amount\":{amount},\"vat_amount\":0,\"total_amount\":{amount}}}]"
        )
    }

    fn purchase(&self, shopper: u64, number: u64) -> String {
        let fields = Self::fields(shopper, number);
        format!("{{\"token\":\"{}\",\"fields_set\":\"id,number,total_awarded_amount\",{fields}}}", self.token)
    }

    /// One piece of work; whether all of it succeeded.
    async fn work(&self, line: &mut Connection, work: Work, number: u64) -> std::io::Result<bool> {
        let uniform = draw(number) % SHOPPERS;
        let (method, body) = match work {
            Work::Purchase | Work::ManyOffers => ("customer_events/purchases/create", self.purchase(uniform, number)),
            Work::Zipf => ("customer_events/purchases/create", self.purchase(zipf(number), number)),
            Work::Preview | Work::SteadyPreview => ("customer_events/purchases/preview", self.purchase(uniform, number)),
            Work::Bulk => {
                let mut body = format!("{{\"token\":\"{}\",\"customer_events_set\":[", self.token);
                for number in number..number + BULK {
                    let fields = Self::fields(draw(number) % SHOPPERS, number);
                    body.push_str(&format!("{{\"request_unique_identifier\":{number},{fields}}},"));
                }
                body.pop();
                body.push_str("]}");
                let (_, answer) = line.send(&post(&format!("{BASE}/customer_events/bulk/purchases/create"), &self.key, &body)).await?;
                return Ok(has(&answer, b"\"code\":\"OK\"") && has(&answer, b"\"unprocessed_customer_events_set\":[]"));
            }
            Work::Mix => return self.sale(line, uniform, number).await,
        };
        let (_, answer) = line.send(&post(&format!("{BASE}/{method}"), &self.key, &body)).await?;
        Ok(has(&answer, b"\"code\":\"OK\""))
    }

    /// A sale as a till makes it.
    async fn sale(&self, line: &mut Connection, shopper: u64, number: u64) -> std::io::Result<bool> {
        let purchase = self.purchase(shopper, number);
        let mut is_fine = self.till(line, "customer_events/purchases/preview", &purchase).await?.is_some();
        let who = usize::try_from(shopper).ok().and_then(|place| self.participants.get(place));
        let (status, held) = line.send(&post("/v1/holds", &self.key, &json!({"participant": who, "amount": 10}).to_string())).await?;
        // Who has nothing yet has nothing held.
        if status == 201 {
            let held: Value = serde_json::from_slice(&held).unwrap_or_default();
            let path = format!("/v1/holds/{}/capture", held["hold"].as_str().unwrap_or_default());
            is_fine &= line.send(&post(&path, &self.key, "{}")).await?.0 == 200;
        }
        let create = "customer_events/purchases/create";
        let made = self.till(line, create, &purchase).await?;
        let Some(made) = made else { return Ok(false) };
        match number % 100 {
            0..8 => {
                let id = made["number"].as_str().unwrap_or_default().to_lowercase();
                let body = json!({"lines": [{"line": 0, "amount": 100}]});
                let path = format!("/v1/purchases/pur_{id}/refunds");
                is_fine &= line.send(&post(&path, &self.key, &body.to_string())).await?.0 == 201;
            }
            8..10 => {
                let which = json!({"token": self.token, "customer_event_identifier": {"id": made["id"]}}).to_string();
                is_fine &= self.till(line, "customer_events/purchases/cancel", &which).await?.is_some();
            }
            10 => is_fine &= self.till(line, create, &purchase).await?.is_some_and(|again| again["id"] == made["id"]),
            _ => {}
        }
        Ok(is_fine)
    }

    /// Calls a method; its data, if it succeeded.
    async fn till(&self, line: &mut Connection, method: &str, body: &str) -> std::io::Result<Option<Value>> {
        let (_, answer) = line.send(&post(&format!("{BASE}/{method}"), &self.key, body)).await?;
        let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let is_fine = answer["status"]["code"] == "OK";
        Ok(is_fine.then(|| answer["data"].take()))
    }
}

/// Whether an answer contains a piece of text. Reading it as JSON would cost the client more than the server.
fn has(answer: &[u8], text: &[u8]) -> bool {
    answer.windows(text.len()).any(|window| window == text)
}

async fn round(shop: &Arc<Shop>, address: &str, work: Work, clients: usize, seconds: u64, next: &Arc<AtomicU64>) -> Result<Round, Failure> {
    let (begun, first) = (Instant::now(), next.load(Ordering::Relaxed));
    let mut tasks = Vec::with_capacity(clients);
    for _ in 0..clients {
        let (shop, next, address) = (Arc::clone(shop), Arc::clone(next), address.to_owned());
        tasks.push(tokio::spawn(async move {
            let (mut latencies, mut failed) = (Vec::new(), 0u64);
            let mut line = Connection::open(&address).await?;
            while begun.elapsed() < Duration::from_secs(seconds) {
                let number = next.fetch_add(work.each(), Ordering::Relaxed);
                let mut sent = Instant::now();
                if let Some(due) = work.due(number - first) {
                    sent = begun + due;
                    tokio::time::sleep_until(sent.into()).await;
                }
                if shop.work(&mut line, work, number).await? {
                    latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
                } else {
                    failed += 1;
                }
            }
            Ok::<_, std::io::Error>((latencies, failed))
        }));
    }
    let (mut latencies, mut failed) = (Vec::new(), 0);
    for task in tasks {
        let done = task.await.map_err(|_| Failure::fault("bench", "a client ended early"))?;
        let (own, lost) = done.map_err(|error| Failure::fault("bench", error.to_string()))?;
        latencies.extend(own);
        failed += lost;
    }
    latencies.sort_unstable();
    let answered = u64::try_from(latencies.len()).unwrap_or(u64::MAX);
    Ok(Round { answered, elapsed: begun.elapsed(), latencies, failed })
}

/// Measures and fills the table.
pub(super) async fn run(
    engines: &EngineArgs,
    clients: &[usize],
    (seconds, rounds): (u64, usize),
    parts: &[Work],
) -> Result<Table, Failure> {
    let mut table = Table::new(&["engine", "what", "clients", "per second (median)", "p50", "p99", "failed"]);
    for engine in &engines.engine {
        let installation = Installation::begin(*engine, engines.postgres.as_deref())?;
        let key = installation.run(&["key", "create", "--label", "bench", "--scope", "admin", "--json"])?;
        let key = serde_json::from_str::<Value>(&key).ok().and_then(|v| v["secret"].as_str().map(str::to_owned));
        let key = key.ok_or_else(|| Failure::fault("bench", "`meed key create --json` printed no secret"))?;
        let server = installation.serve().await?;
        let mut line = Connection::open(&server.address).await.map_err(|error| Failure::fault("bench", error.to_string()))?;
        let shop = Arc::new(Shop::open(&mut line, key).await?);
        let next = Arc::new(AtomicU64::new(0));
        round(&shop, &server.address, Work::Purchase, 16, 2, &next).await?;
        for (work, what) in Work::ALL.into_iter().filter(|(work, _)| parts.is_empty() || parts.contains(work)) {
            if matches!(work, Work::ManyOffers) {
                shop.add_offers(&mut line).await?;
            }
            let counts = if matches!(work, Work::Bulk) { &[BULK_CLIENTS] } else { clients };
            for count in counts {
                let mut all = Vec::with_capacity(rounds);
                for _ in 0..rounds {
                    all.push(round(&shop, &server.address, work, *count, seconds, &next).await?);
                }
                table.row(cells(*engine, what, *count, &all, work.each()));
            }
        }
        drop(server);
        installation.run(&["verify"])?;
    }
    table.note(format!("Closed loop, {seconds} s a round, {rounds} rounds, client on the same machine, every commit durable; `meed verify` clean afterwards."));
    Ok(table)
}

fn cells(engine: Engine, what: &str, clients: usize, rounds: &[Round], each: u64) -> Vec<String> {
    let rates: Vec<u64> = rounds.iter().map(|round| round.rate() * each).collect();
    let of = |percent| median(&rounds.iter().map(|round| round.percentile(percent)).collect::<Vec<_>>()).unwrap_or(0);
    vec![
        engine.name().to_owned(),
        what.to_owned(),
        clients.to_string(),
        grouped(median(&rates).unwrap_or(0)),
        ms(of(50)),
        ms(of(99)),
        rounds.iter().map(|round| round.failed).sum::<u64>().to_string(),
    ]
}
