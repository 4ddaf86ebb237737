//! Numbered behaviours of the ledger and of imports, on the whole store.

use std::collections::BTreeMap;
use std::sync::mpsc;

use meed_core::command::{Command, Needs, PutRecord, PutRecords, RecordKind, Refused, Reply, State};
use meed_core::id::Id;
use meed_core::ledger::{Owner, Purpose};
use meed_core::sale::unpack;
use meed_store::{Answer, EngineOptions, Fault, JOURNAL_TABLES, SqliteOptions, Store, testing};

use crate::database::{Database, SHOP, TWIN, close};
use crate::make::{
    all_at_once, at, balances, decided, done, exact, keyed, paying, plain, post, put, record, recorded, release, releasing, rewards, row,
    sale, shown,
};

for_each_engine!(
    led_001_random_valid_commands_leave_the_books_right,
    led_007_the_database_refuses_to_change_the_journal,
    led_009_as_known_and_as_of_differ_after_a_late_event,
    led_044_two_stores_on_one_database_have_no_double_effects,
    com_018_what_is_accepted_is_never_lost_under_excess_load,
);

const REPS: [Owner; 4] = [Owner::rep(Id(1)), Owner::rep(Id(2)), Owner::rep(Id(3)), Owner::rep(Id(4))];

/// A small generator of numbers: the same sequence in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

async fn led_001_random_valid_commands_leave_the_books_right(database: &Database) {
    let mut store = database.open().await;
    let mut dice = Dice(0x5eed);
    let mut sales: BTreeMap<(Id, String), String> = BTreeMap::new();
    let mut targets: BTreeMap<(Id, String), Vec<(Owner, i64)>> = BTreeMap::new();
    for _ in 0..160 {
        let workspace = if dice.roll(3) == 0 { TWIN } else { SHOP };
        let month = format!("2026-{:02}", 1 + dice.roll(4));
        match dice.roll(10) {
            0..4 => {
                let rows =
                    (0..=dice.roll(5)).map(|_| (format!("S-{}", dice.roll(30)), format!("{}.{:02}", dice.roll(900), dice.roll(100))));
                let rows: Vec<(String, String)> = rows.collect();
                let inputs = rows.iter().map(|(id, revenue)| row(Some(id), sale("2026-03-03T10:00:00Z", revenue))).collect();
                recorded(&store, workspace, inputs).await;
                sales.extend(rows.into_iter().map(|(id, revenue)| ((workspace, id), revenue)));
            }
            4 => {
                let key = format!("rep {}", dice.roll(5));
                put(&store, workspace, PutRecord::upsert(RecordKind::Rep, key, format!("{{\"n\":{}}}", dice.roll(9)))).await;
            }
            5..8 => {
                let wanted: Vec<(Owner, i64)> =
                    REPS.iter().map(|rep| (*rep, dice.roll(90_000).cast_signed() - 9_000)).filter(|(_, cents)| cents % 4 > 0).collect();
                if post(&store, workspace, &month, &wanted).await.is_ok() {
                    targets.insert((workspace, month), wanted);
                }
            }
            8 => {
                let command = releasing(&store, workspace, &month).await;
                if let Ok(Reply::Released { id, .. }) = decided(&store, workspace, plain(command)).await
                    && dice.roll(2) == 0
                {
                    // Whoever has nothing in this release makes the payment as a whole a refusal.
                    let payees = &REPS[..usize::try_from(1 + dice.roll(3)).expect("small")];
                    let _ = decided(&store, workspace, plain(paying(id, &month, payees))).await;
                }
            }
            _ => {
                close(store).await;
                store = database.open().await;
            }
        }
    }
    for ((workspace, month), wanted) in targets {
        let first = crate::make::day(&format!("{month}-01"));
        let rows = store.read(move |reader| reader.rewards_of_cell(workspace, crate::make::PLAN, first)).await.expect("read");
        for rep in REPS {
            let posted: i64 = rows.iter().filter(|row| row.owner == rep).map(|row| row.amount).sum();
            let target = wanted.iter().find(|(owner, _)| *owner == rep).map_or(0, |(_, cents)| *cents);
            assert_eq!(posted, target, "{month} of {rep:?}: what is posted is the target");
        }
    }
    for ((workspace, id), revenue) in sales {
        let identity = vec![format!("u:{id}")];
        let stored = store.read(move |reader| reader.sales_by_identity(workspace, crate::make::TILL, &identity)).await.expect("read");
        assert_eq!(stored.len(), 1);
        assert_eq!(unpack(&stored[0].facts).expect("facts").revenue, Some(exact(&revenue)));
    }
    close(store).await;
}

async fn led_007_the_database_refuses_to_change_the_journal(database: &Database) {
    let store = database.open().await;
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "1"))]).await;
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "2"))]).await;
    put(&store, SHOP, PutRecord::new(RecordKind::Rep, Some("ada".to_owned()), "{}".to_owned())).await;
    decided(&store, SHOP, keyed(PutRecords::one("x", PutRecord::new(RecordKind::Alert, None, "{}".to_owned())), "K", 1))
        .await
        .expect("done");
    post(&store, SHOP, "2026-03", &[(REPS[0], 500)]).await.expect("posted");
    release(&store, SHOP, "2026-03").await;
    for table in JOURNAL_TABLES {
        for text in [format!("update {table} set workspace_id = workspace_id"), format!("delete from {table}")] {
            let error = testing::run_as_writer(&store, &text).await.expect_err(&text);
            assert!(error.detail.contains("not authorized") || error.detail.contains("permission denied"), "{text}: {error}");
        }
        // The owner of tables on PostgreSQL may drop them; the serving connection of SQLite may not.
        if matches!(database.engine, EngineOptions::Sqlite(_)) {
            testing::run_as_writer(&store, &format!("drop table {table}")).await.expect_err("the schema stays");
            testing::run_as_writer(&store, "pragma writable_schema = on").await.expect_err("and cannot be unlocked");
        }
    }
    testing::run_as_writer(&store, "update sale set line = line").await.expect("other tables may be written");
    close(store).await;
}

async fn led_009_as_known_and_as_of_differ_after_a_late_event(database: &Database) {
    let store = database.open().await;
    let ada = REPS[0];
    post(&store, SHOP, "2026-03", &[(ada, 10_000)]).await.expect("posted");
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-20T10:00:00Z", "1"))]).await;
    let then_us = database.now_us();
    database.pass_days(40);
    // Late: April has come, and March earns more; a sale of March is corrected and another one turns up.
    post(&store, SHOP, "2026-03", &[(ada, 12_500)]).await.expect("posted");
    post(&store, SHOP, "2026-04", &[(ada, 700)]).await.expect("posted");
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-04-02T10:00:00Z", "2")), row(Some("A-2"), sale("2026-03-21T10:00:00Z", "3"))])
        .await;

    let april_us = at("2026-04-01T04:00:00Z").as_microsecond();
    let accrued = |known_us: i64, until_us: i64| {
        let store = std::sync::Arc::clone(&store);
        async move {
            let accounts = store.read(move |reader| reader.accounts_as_of(SHOP, known_us, until_us)).await.expect("read");
            let own: Vec<_> = accounts.into_iter().filter(|account| account.key.owner == ada).collect();
            shown(&own)
        }
    };
    assert_eq!(accrued(then_us, i64::MAX).await, [(Purpose::Accrued, 10_000)], "as known then");
    assert_eq!(accrued(i64::MAX, april_us).await, [(Purpose::Accrued, 12_500)], "as of the end of March, known today");
    assert_eq!(accrued(then_us, april_us).await, [(Purpose::Accrued, 10_000)], "what we believed then about March");
    assert_eq!(accrued(i64::MAX, i64::MAX).await, balances(&store, SHOP, ada).await, "all of it is the present balance");
    assert_eq!(accrued(i64::MIN, i64::MAX).await, []);

    let sales_at = |known_us: i64| {
        let store = std::sync::Arc::clone(&store);
        async move {
            let scan = move |reader: &mut meed_store::Reader<'_>| {
                let mut seen = Vec::new();
                reader.scan_sales_known_at(SHOP, known_us, &mut |sale| {
                    let revenue = unpack(sale.facts).expect("facts").revenue.expect("revenue");
                    seen.push((sale.identity.to_owned(), revenue.to_string(), sale.at_ns < april_us * 1_000));
                    Ok(())
                })?;
                Ok(seen)
            };
            store.read(scan).await.expect("read")
        }
    };
    let line = |id: &str, revenue: &str, in_march: bool| (id.to_owned(), revenue.to_owned(), in_march);
    assert_eq!(sales_at(then_us).await, [line("u:A-1", "1", true)]);
    assert_eq!(sales_at(i64::MAX).await, [line("u:A-1", "2", false), line("u:A-2", "3", true)]);
    close(store).await;
}

async fn led_044_two_stores_on_one_database_have_no_double_effects(database: &Database) {
    let first = database.open().await;
    if let EngineOptions::Sqlite(options) = &database.engine {
        let same = database.try_open().await.err().expect("a second server refuses to start");
        assert!(same.fault == Fault::Broken && same.detail.contains("another Meed process"), "{same}");
        // Another name of the same file is the same file.
        let mut alias = options.clone();
        alias.path = options.path.with_file_name("alias.db");
        std::os::unix::fs::symlink(&options.path, &alias.path).expect("a link");
        let engine = EngineOptions::Sqlite(alias);
        let other = Store::open(meed_store::StoreOptions { engine, readers: 1, clock: database.clock() }).await;
        assert!(other.is_err(), "under another name");
        close(first).await;
        // Alone it is as good a name as the first.
        let engine = EngineOptions::Sqlite(SqliteOptions { path: options.path.with_file_name("alias.db"), key: options.key });
        let by_link = Store::open(meed_store::StoreOptions { engine, readers: 1, clock: database.clock() }).await.expect("opened");
        by_link.submit(SHOP, keyed(record(vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "1"))]), "K-1", 1)).await.expect("saved");
        close(std::sync::Arc::new(by_link)).await;
        return close(database.open().await).await;
    }
    let second = database.open().await;
    let mut tasks = Vec::new();
    for store in [&first, &second] {
        let store = std::sync::Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            let sales = (0..60).map(|n| {
                keyed(record(vec![row(Some(&format!("A-{}", n % 7)), sale("2026-03-01T10:00:00Z", &n.to_string()))]), &format!("K-{n}"), 1)
            });
            all_at_once(&store, SHOP, sales).await
        }));
    }
    let mut first_answers = 0;
    for task in tasks {
        for answer in task.await.expect("a sender") {
            first_answers += usize::from(matches!(answer.expect("an answer"), Answer::Decided(Ok(_))));
        }
    }
    assert_eq!(first_answers, 60, "each command took effect through one of the two");
    assert_eq!(first.read(|reader| reader.head(SHOP)).await.expect("read").expect("a workspace").audit_number, 60);
    close(first).await;
    close(second).await;
}

/// Keeps the writer busy until it is told to go on.
struct Gate(std::sync::Mutex<mpsc::Receiver<()>>);

impl Command for Gate {
    fn action(&self) -> &'static str {
        "gate"
    }
    fn needs(&self, _: &mut Needs) {}
    fn decide(&self, _: &mut State) -> Result<Reply, Refused> {
        // Ends also when the other end is gone.
        let _ = self.0.lock().expect("nobody panics").recv();
        Ok(Reply::Done)
    }
}

async fn com_018_what_is_accepted_is_never_lost_under_excess_load(database: &Database) {
    let store = database.open().await;
    let (open, closed) = mpsc::channel();
    let mut busy = Box::pin(store.submit(SHOP, plain(Gate(std::sync::Mutex::new(closed)))));
    assert!(futures_util::FutureExt::now_or_never(&mut busy).is_none(), "the gate is the first in the queue");
    // More than may wait, with those that stand in one batch with the gate.
    let alert = |n: u32| plain(PutRecords::one("alert.put", PutRecord::new(RecordKind::Alert, Some(n.to_string()), "{}".to_owned())));
    let (mut accepted, mut overloaded, mut waiting) = (0, 0, Vec::new());
    for n in 0..20_600 {
        let mut sender = Box::pin(store.submit(SHOP, alert(n)));
        // One poll puts it into the queue, or refuses it at once.
        match futures_util::FutureExt::now_or_never(&mut sender) {
            None => waiting.push(sender),
            Some(Err(error)) if error.fault == Fault::Overloaded => overloaded += 1,
            Some(other) => panic!("{other:?}"),
        }
    }
    assert!(overloaded > 0, "more were sent than may wait");
    open.send(()).expect("the gate waits");
    for sender in waiting {
        assert!(matches!(sender.await, Ok(Answer::Decided(Ok(_)))), "what was accepted is decided");
        accepted += 1;
    }
    busy.await.expect("the gate opens");
    assert_eq!(accepted + overloaded, 20_600);
    let stored = store.read(|reader| reader.records(SHOP, RecordKind::Alert)).await.expect("read").len();
    assert_eq!(stored, accepted, "accepted is stored, and nothing else");
    let late = done(&store, SHOP, PutRecords::one("alert.put", PutRecord::new(RecordKind::Alert, None, "{}".to_owned()))).await;
    assert!(matches!(late, Reply::Records(_)), "the load is over");
    assert_eq!(rewards(&store, SHOP, REPS[0]).await, []);
    close(store).await;
}

/// Several processes may start at once on an empty database, as an orchestrator does it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_start_together_on_an_empty_postgres_all_start() {
    for _ in 0..3 {
        let database = std::sync::Arc::new(Database::postgres().await);
        let starts: Vec<_> = (0..6)
            .map(|_| {
                let database = std::sync::Arc::clone(&database);
                tokio::spawn(async move { database.try_open().await })
            })
            .collect();
        for start in starts {
            close(start.await.expect("a start").expect("the store opens")).await;
        }
        database.must_verify().await;
    }
}
