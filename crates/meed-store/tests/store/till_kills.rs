//! kill −9 at each write boundary of a batch of the till: no purchase is lost or doubled, and the wallet adds up (`led_005`).

use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use meed_core::id::Id;
use meed_core::loyalty::{PurchaseDone, TillReply};
use meed_store::{EngineOptions, PostgresOptions, SqliteOptions, Store, StoreOptions};

use crate::database::{Database, NOON_US, SHOP, close};
use crate::till::{config, customer, purchase, reply};

for_each_engine!(
    led_005_a_till_killed_behind_the_lock,
    led_005_a_till_killed_after_loading,
    led_005_a_till_killed_before_the_commit,
    led_005_a_till_killed_after_the_commit,
    led_005_a_till_killed_before_the_answers,
);

/// How many purchases the child sends, and which batch is the one that ends it.
const PURCHASES: i64 = 7;
const FATAL: usize = 4;

async fn led_005_a_till_killed_behind_the_lock(database: &Database) {
    killed_at(database, "after_lock", FATAL - 1).await;
}

async fn led_005_a_till_killed_after_loading(database: &Database) {
    killed_at(database, "after_load", FATAL - 1).await;
}

async fn led_005_a_till_killed_before_the_commit(database: &Database) {
    killed_at(database, "before_commit", FATAL - 1).await;
}

async fn led_005_a_till_killed_after_the_commit(database: &Database) {
    killed_at(database, "after_commit", FATAL).await;
}

async fn led_005_a_till_killed_before_the_answers(database: &Database) {
    killed_at(database, "after_save", FATAL).await;
}

/// Buys, earns 10 % and spends a part of what was earned before.
async fn buy_all(store: &Store, who: Id, mut answered: impl FnMut(&PurchaseDone)) {
    let config = config(store, SHOP).await;
    for n in 0..PURCHASES {
        // The promo code may be used five times; the others buy without it.
        let mut command = purchase(&config, who, &format!("R-{n}"), 1_000 + n, (n > 0).then_some(30));
        command.basket.promo_code = None;
        match reply(store, SHOP, command).await.expect("a purchase") {
            TillReply::Purchase(done) => answered(&done),
            other => panic!("{other:?}"),
        }
    }
}

async fn killed_at(database: &Database, point: &str, present: usize) {
    let store = database.open().await;
    let who = customer(&store, SHOP, "ANN").await;
    close(store).await;
    let acknowledged = run_child(database, point, who);
    assert_eq!(acknowledged.len(), FATAL - 1, "the child ended in the batch that was to end it: {acknowledged:?}");
    assert_eq!(database.differences().await, Vec::<String>::new(), "the books are right as they were left");
    let store = database.open().await;
    let mut again = Vec::new();
    buy_all(&store, who, |done| again.push((done.id.to_string(), done.is_replayed, done.balances.0))).await;
    let replayed: Vec<bool> = again.iter().map(|(_, is_replayed, _)| *is_replayed).collect();
    assert_eq!(replayed, (0..again.len()).map(|n| n < present).collect::<Vec<_>>(), "each purchase is there once");
    for (id, (now, ..)) in acknowledged.iter().zip(&again) {
        assert_eq!(id, now, "the purchase that was answered before");
    }
    let earned: i64 = (0..PURCHASES).map(|n| 100 + i64::from((1_000 + n) % 10 >= 5)).sum();
    assert_eq!(again.last().map(|(.., balance)| *balance), Some(earned - 30 * (PURCHASES - 1)), "the wallet as without the cut");
    close(store).await;
}

/// Runs this test binary again as the process that is killed; answers the purchases that it was told of.
fn run_child(database: &Database, point: &str, who: Id) -> Vec<String> {
    let mut child = Process::new(std::env::current_exe().expect("this binary"));
    child.args(["--exact", "till_kills::the_child_buys", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::null());
    child.env("MEED_CRASH_AT", format!("{point}:{FATAL}")).env("MEED_TEST_TILL_WHO", who.to_string());
    match &database.engine {
        EngineOptions::Sqlite(SqliteOptions { path, key }) => {
            child.env("MEED_TEST_TILL", path).env("MEED_TEST_TILL_KEY", if key.is_some() { "yes" } else { "no" });
        }
        EngineOptions::Postgres(PostgresOptions { schema, .. }) => {
            child.env("MEED_TEST_TILL", "postgres").env("MEED_TEST_TILL_KEY", schema.as_deref().expect("a schema"));
        }
    }
    let output = child.output().expect("the child runs");
    assert!(!output.status.success(), "the child was to be killed");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| line.split_once("bought ").map(|(_, id)| id.to_owned())).collect()
}

/// What the killed process runs. On its own it buys to the end, on a file of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_child_buys() {
    let Some(place) = std::env::var_os("MEED_TEST_TILL") else {
        let database = Database::sqlite().await;
        let store = database.open().await;
        let who = customer(&store, SHOP, "ANN").await;
        let mut count = 0;
        buy_all(&store, who, |_| count += 1).await;
        assert_eq!(count, PURCHASES);
        close(store).await;
        return database.must_verify().await;
    };
    let detail = std::env::var("MEED_TEST_TILL_KEY").expect("the parent says it");
    let who = Id(std::env::var("MEED_TEST_TILL_WHO").expect("the parent says it").parse().expect("an id"));
    let engine = if place == "postgres" {
        EngineOptions::Postgres(PostgresOptions { url: crate::database::postgres_url(), schema: Some(detail), writers: 1 })
    } else {
        EngineOptions::Sqlite(SqliteOptions { path: place.into(), key: (detail == "yes").then_some([7; 32]) })
    };
    let now_us = std::sync::atomic::AtomicI64::new(NOON_US + 60_000_000);
    let clock = Arc::new(move || now_us.fetch_add(1_000, std::sync::atomic::Ordering::SeqCst));
    let store = Store::open(StoreOptions { engine, readers: 1, clock }).await.expect("the store opens");
    buy_all(&store, who, |done| println!("\nbought {}", done.id)).await;
}
