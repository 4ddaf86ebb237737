//! kill −9 at each write boundary (`led_005`): the store runs in a child process that ends itself there.
//!
//! Afterwards every acknowledged command is present once, the others once or not at all, and the same commands sent again
//! get the right answers.

use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_core::id::Id;
use meed_core::ledger::Owner;
use meed_store::{Answer, EngineOptions, PostgresOptions, SqliteOptions, Store, StoreOptions, Submission};

use crate::database::{Database, NOON_US, SHOP, close};
use crate::make::{keyed, posting, record, rendered, row, sale};

for_each_engine!(
    led_005_killed_behind_the_lock,
    led_005_killed_after_loading,
    led_005_killed_before_the_commit,
    led_005_killed_after_the_commit,
    led_005_killed_before_the_answers,
);

/// How many commands the child sends, and which batch is the one that ends it.
const COMMANDS: usize = 9;
const FATAL: usize = 5;

async fn led_005_killed_behind_the_lock(database: &Database) {
    killed_at(database, "after_lock", false).await;
}

async fn led_005_killed_after_loading(database: &Database) {
    killed_at(database, "after_load", false).await;
}

async fn led_005_killed_before_the_commit(database: &Database) {
    killed_at(database, "before_commit", false).await;
}

async fn led_005_killed_after_the_commit(database: &Database) {
    killed_at(database, "after_commit", true).await;
}

async fn led_005_killed_before_the_answers(database: &Database) {
    killed_at(database, "after_save", true).await;
}

/// The n-th command: sales that come again, records, rewards; each under an identity of its own.
fn command(n: usize) -> Submission {
    let key = format!("K-{n}");
    match n % 3 {
        0 => {
            let rows =
                vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", &n.to_string())), row(Some(&key), sale("2026-03-01T10:00:00Z", "1"))];
            keyed(record(rows), &key, 1)
        }
        1 => keyed(PutRecords::one("alert.put", PutRecord::new(RecordKind::Alert, Some(key.clone()), "{}".to_owned())), &key, 1),
        _ => {
            let cents = i64::try_from(n).expect("small") * 100;
            keyed(posting("2026-03", &[(Owner::rep(Id(1)), cents)], 1), &key, 1)
        }
    }
}

/// Sends the commands one after the other and says which were answered, and how.
async fn send_all(store: &Store, mut answered: impl FnMut(usize, &Answer)) {
    for n in 0..COMMANDS {
        let answer = store.submit(SHOP, command(n)).await.expect("an answer");
        answered(n, &answer);
    }
}

async fn killed_at(database: &Database, point: &str, is_committed: bool) {
    close(database.open().await).await;
    let acknowledged = run_child(database, point);
    assert_eq!(acknowledged.len(), FATAL - 1, "the child ended in the batch that was to end it: {acknowledged:?}");
    assert_eq!(database.differences().await, Vec::<String>::new(), "the books are right as they were left");

    let store = database.open().await;
    let head = store.read(|reader| reader.head(SHOP)).await.expect("read").expect("a workspace");
    let present = if is_committed { FATAL } else { FATAL - 1 };
    assert_eq!(head.audit_number, i64::try_from(present).expect("small"), "a command is there whole or not at all");
    let mut again = Vec::new();
    send_all(&store, |_, answer| again.push(answer.clone())).await;
    for (n, answer) in again.iter().enumerate() {
        assert_eq!(matches!(answer, Answer::Replayed(_)), n < present, "command {n}: {answer:?}");
        if let Some(text) = acknowledged.get(n) {
            assert_eq!(rendered(answer), *text, "the answer that was given before");
        }
    }
    let counts = store.read(|reader| {
        let sales = reader.count_sales(SHOP, (i64::MIN, i64::MAX))?;
        Ok((sales, reader.records(SHOP, RecordKind::Alert)?.len(), reader.rewards_of(SHOP, Owner::rep(Id(1)))?.len()))
    });
    assert_eq!(counts.await.expect("read"), (4, 3, 3), "each once");
    close(store).await;
}

/// Runs this test binary again as the process that is killed; answers what it acknowledged.
fn run_child(database: &Database, point: &str) -> Vec<String> {
    let mut child = Process::new(std::env::current_exe().expect("this binary"));
    child.args(["--exact", "kills::the_child_sends_its_commands", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::null());
    child.env("MEED_CRASH_AT", format!("{point}:{FATAL}"));
    match &database.engine {
        EngineOptions::Sqlite(SqliteOptions { path, key }) => {
            child.env("MEED_TEST_CHILD", path).env("MEED_TEST_CHILD_KEY", if key.is_some() { "yes" } else { "no" });
        }
        EngineOptions::Postgres(PostgresOptions { schema, .. }) => {
            child.env("MEED_TEST_CHILD", "postgres").env("MEED_TEST_CHILD_KEY", schema.as_deref().expect("a schema"));
        }
    }
    let output = child.output().expect("the child runs");
    assert!(!output.status.success(), "the child was to be killed");
    let text = String::from_utf8(output.stdout).expect("text");
    // The harness writes its own words in front of the first line.
    text.lines().filter_map(|line| line.split_once("acknowledged ").map(|(_, answer)| answer.to_owned())).collect()
}

/// What the killed process runs. On its own it runs to its end, on a file of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_child_sends_its_commands() {
    let Some(place) = std::env::var_os("MEED_TEST_CHILD") else {
        let database = Database::sqlite().await;
        let store = database.open().await;
        let mut count = 0;
        send_all(&store, |_, _| count += 1).await;
        assert_eq!(count, COMMANDS);
        close(store).await;
        return database.must_verify().await;
    };
    let detail = std::env::var("MEED_TEST_CHILD_KEY").expect("the parent says it");
    let engine = if place == "postgres" {
        EngineOptions::Postgres(PostgresOptions { url: crate::database::postgres_url(), schema: Some(detail), writers: 1 })
    } else {
        EngineOptions::Sqlite(SqliteOptions { path: place.into(), key: (detail == "yes").then_some([7; 32]) })
    };
    let now_us = std::sync::atomic::AtomicI64::new(NOON_US);
    let clock = Arc::new(move || now_us.fetch_add(1_000, std::sync::atomic::Ordering::SeqCst));
    let store = Store::open(StoreOptions { engine, readers: 1, clock }).await.expect("the store opens");
    send_all(&store, |_, answer| println!("\nacknowledged {}", rendered(answer))).await;
}
