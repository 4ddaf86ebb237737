//! Sales over HTTP: single ones at several numbers of clients, and in bulk.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::child::Installation;
use super::client::{Round, drive, post};
use super::table::{Table, grouped, median, ms};
use super::{Engine, EngineArgs};
use crate::failure::Failure;

/// Sales in a bulk call.
const BULK: u64 = 1_000;
/// Clients that send bulk calls.
const BULK_CLIENTS: usize = 4;

/// The source of all sales, as the beginning of an object.
const SOURCE: &str = "\"source\":\"Bench\",";

fn sale(source: &str, number: u64) -> String {
    // A thousand reps, amounts in cents, three months.
    let (rep, cents, day) = (number % 1_000, 1_000 + number * 7919 % 500_000, number % 28 + 1);
    format!(
        "{{{source}\"unique_id\":\"B-{number:09}\",\"date\":\"2026-{:02}-{day:02}T10:00:00Z\",\"revenue\":\"{}.{:02}\",\"currency\":\"USD\",\
         \"owner\":\"rep{rep:04}@example.com\",\"customer_name\":\"Customer {:05}\",\"product_name\":\"Product {:03}\",\"quantity\":\"{}\",\"status\":\"paid\"}}",
        number % 3 + 1,
        cents / 100,
        cents % 100,
        number % 20_000,
        number % 200,
        number % 5 + 1,
    )
}

/// Measures and fills the table.
pub(super) async fn run(engines: &EngineArgs, clients: &[usize], seconds: u64, rounds: usize) -> Result<Table, Failure> {
    let mut table = Table::new(&["engine", "what", "clients", "per second (median)", "lowest – highest", "p50", "p99", "failed"]);
    for engine in &engines.engine {
        let installation = Installation::begin(*engine, engines.postgres.as_deref())?;
        let key = installation.run(&["key", "create", "bench", "--scope", "admin", "--json"])?;
        let key = serde_json::from_str::<serde_json::Value>(&key).ok().and_then(|v| v["secret"].as_str().map(str::to_owned));
        let key = key.ok_or_else(|| Failure::fault("bench", "`meed key create --json` printed no secret"))?;
        let server = installation.serve().await?;
        let next = Arc::new(AtomicU64::new(0));
        // A round that does not count warms connections, caches and the database.
        let warm = key.clone();
        drive(&server.address, 16, 2, &next, move |n| post("/v1/sales", &warm, &sale(SOURCE, n))).await?;
        for count in clients {
            let mut all = Vec::with_capacity(rounds);
            for _ in 0..rounds {
                let key = key.clone();
                all.push(drive(&server.address, *count, seconds, &next, move |n| post("/v1/sales", &key, &sale(SOURCE, n))).await?);
            }
            table.row(cells(*engine, "single sales", *count, &all, 1));
        }
        let mut all = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let key = key.clone();
            let request = move |n: u64| {
                let base = 1_000_000_000 + n * BULK;
                let sales: Vec<String> = (base..base + BULK).map(|n| sale("", n)).collect();
                post("/v1/sales/bulk", &key, &format!("{{{SOURCE}\"sales\":[{}]}}", sales.join(",")))
            };
            all.push(drive(&server.address, BULK_CLIENTS, seconds, &next, request).await?);
        }
        table.row(cells(*engine, "sales in bulk calls of 1,000", BULK_CLIENTS, &all, BULK));
        drop(server);
        installation.run(&["verify"])?;
    }
    table.note(format!("Closed loop, {seconds} s a round, {rounds} rounds, client on the same machine, every commit durable; `meed verify` clean afterwards."));
    Ok(table)
}

fn cells(engine: Engine, what: &str, clients: usize, rounds: &[Round], each: u64) -> Vec<String> {
    let rates: Vec<u64> = rounds.iter().map(|r| r.rate() * each).collect();
    let of = |percent| median(&rounds.iter().map(|r| r.percentile(percent)).collect::<Vec<_>>()).unwrap_or(0);
    vec![
        engine.name().to_owned(),
        what.to_owned(),
        clients.to_string(),
        grouped(median(&rates).unwrap_or(0)),
        format!("{} – {}", grouped(rates.iter().min().copied().unwrap_or(0)), grouped(rates.iter().max().copied().unwrap_or(0))),
        ms(of(50)),
        ms(of(99)),
        rounds.iter().map(|r| r.failed).sum::<u64>().to_string(),
    ]
}

/// Time to the first answer, and memory when idle.
pub(super) async fn start(args: &EngineArgs) -> Result<Table, Failure> {
    let mut table = Table::new(&["engine", "first answer (median of 5)", "idle memory"]);
    for engine in &args.engine {
        let installation = Installation::begin(*engine, args.postgres.as_deref())?;
        let (mut times, mut memory) = (Vec::new(), 0);
        for _ in 0..5 {
            let server = installation.serve().await?;
            times.push(u64::try_from(server.first_answer.as_micros()).unwrap_or(u64::MAX));
            tokio::time::sleep(Duration::from_secs(1)).await;
            memory = server.memory().max(memory);
        }
        table.row(vec![engine.name().to_owned(), ms(median(&times).unwrap_or(0)), format!("{} MiB", memory / 1024)]);
    }
    Ok(table)
}
