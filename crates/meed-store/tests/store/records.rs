//! Records: natural keys, versions, upserts, deletion.

use futures_util::future::join_all;
use meed_core::command::{PutRecord, PutRecords, Record, RecordKind};
use meed_store::StoreError;

use crate::database::{Database, SHOP, TWIN, close};
use crate::make::{all_at_once, done, ids, plain, put, refused};

for_each_engine!(
    records_have_versions_and_a_history,
    a_key_belongs_to_one_record,
    deleting_a_record_frees_its_key,
    several_records_are_written_together_or_not_at_all,
    keys_change_hands_within_a_batch,
    configuration_counts_its_changes,
    records_that_are_not_journaled_keep_no_versions,
    look_ups_at_the_same_time_find_each_its_own,
    a_trial_leaves_nothing_for_the_next,
);

fn rep(key: &str, body: &str) -> PutRecord {
    PutRecord::new(RecordKind::Rep, Some(key.to_owned()), body.to_owned())
}

async fn records_have_versions_and_a_history(database: &Database) {
    let store = database.open().await;
    let (ada, version) = put(&store, SHOP, rep("ada", "{\"name\":\"Ada\"}")).await;
    assert_eq!(version, 1);
    assert_eq!(put(&store, SHOP, PutRecord::change(RecordKind::Rep, ada, "{\"name\":\"Ada L\"}".to_owned())).await, (ada, 2));
    // The same again is no change.
    assert_eq!(put(&store, SHOP, PutRecord::change(RecordKind::Rep, ada, "{\"name\":\"Ada L\"}".to_owned())).await, (ada, 2));
    let versions = store.read(move |reader| reader.record_versions(SHOP, RecordKind::Rep, ada)).await.expect("read");
    let bodies: Vec<_> = versions.iter().map(|version| (version.version, version.body.as_str())).collect();
    assert_eq!(bodies, [(1, "{\"name\":\"Ada\"}"), (2, "{\"name\":\"Ada L\"}")]);
    let stale = PutRecord { expected_version: Some(1), ..PutRecord::change(RecordKind::Rep, ada, "{}".to_owned()) };
    assert_eq!(refused(&store, SHOP, PutRecords::one("rep.put", stale)).await, "version_conflict");
    let unknown = PutRecord::change(RecordKind::Rep, meed_core::id::Id(99), "{}".to_owned());
    assert_eq!(refused(&store, SHOP, PutRecords::one("rep.put", unknown)).await, "record_not_found");
    let page = store.read(|reader| reader.records_back(SHOP, RecordKind::Rep, None, 10)).await.expect("read");
    assert_eq!(page.iter().map(|record| record.id).collect::<Vec<_>>(), [ada]);
    close(store).await;
}

async fn a_key_belongs_to_one_record(database: &Database) {
    let store = database.open().await;
    let (ada, _) = put(&store, SHOP, rep("ada", "{}")).await;
    assert_eq!(refused(&store, SHOP, PutRecords::one("rep.put", rep("ada", "{\"other\":1}"))).await, "key_taken");
    // Another kind has keys of its own, and an upsert joins.
    put(&store, SHOP, PutRecord::new(RecordKind::Team, Some("ada".to_owned()), "{}".to_owned())).await;
    let joined = put(&store, SHOP, PutRecord::upsert(RecordKind::Rep, "ada".to_owned(), "{\"v\":2}".to_owned())).await;
    assert_eq!(joined, (ada, 2));
    // Fifty at once under one key: one record.
    let upserts =
        (0..50).map(|n| plain(PutRecords::one("rep.put", PutRecord::upsert(RecordKind::Rep, "bob".to_owned(), format!("{{\"n\":{n}}}")))));
    for answer in all_at_once(&store, SHOP, upserts).await {
        assert!(matches!(answer, Ok(meed_store::Answer::Decided(Ok(_)))), "{answer:?}");
    }
    let bob = store.read(|reader| reader.record_by_key(SHOP, RecordKind::Rep, "bob")).await.expect("read").expect("a record");
    assert_eq!(bob.version, 50);
    // Two new records under one key, in one command: neither is stored.
    let twins = PutRecords { action: "rep.put", puts: vec![rep("eve", "{}"), rep("eve", "{\"v\":2}")], event: None };
    assert_eq!(refused(&store, SHOP, twins).await, "key_taken");
    assert_eq!(store.read(|reader| reader.record_by_key(SHOP, RecordKind::Rep, "eve")).await.expect("read"), None);
    close(store).await;
}

async fn deleting_a_record_frees_its_key(database: &Database) {
    let store = database.open().await;
    let (first, _) = put(&store, SHOP, rep("ada", "{\"v\":1}")).await;
    assert_eq!(put(&store, SHOP, PutRecord::delete(RecordKind::Rep, first)).await, (first, 2));
    assert_eq!(store.read(move |reader| reader.record(SHOP, RecordKind::Rep, first)).await.expect("read"), None);
    let (second, version) = put(&store, SHOP, rep("ada", "{\"v\":2}")).await;
    assert!(second > first && version == 1);
    assert_eq!(refused(&store, SHOP, PutRecords::one("rep.delete", PutRecord::delete(RecordKind::Rep, first))).await, "record_not_found");
    let versions = store.read(move |reader| reader.record_versions(SHOP, RecordKind::Rep, first)).await.expect("read");
    assert_eq!(versions.iter().map(|version| version.deleted).collect::<Vec<_>>(), [false, true]);
    close(store).await;
}

async fn several_records_are_written_together_or_not_at_all(database: &Database) {
    let store = database.open().await;
    put(&store, SHOP, rep("ada", "{}")).await;
    let both = |second: &str| PutRecords { action: "rep.put", puts: vec![rep("bob", "{}"), rep(second, "{}")], event: Some("rep.changed") };
    assert_eq!(refused(&store, SHOP, both("ada")).await, "key_taken");
    assert_eq!(store.read(|reader| reader.record_by_key(SHOP, RecordKind::Rep, "bob")).await.expect("read"), None);
    assert_eq!(ids(done(&store, SHOP, both("eve")).await).len(), 2);
    let events = store.read(|reader| reader.events_after(SHOP, None, 10)).await.expect("read");
    assert_eq!(events.iter().map(|event| event.topic.as_str()).collect::<Vec<_>>(), ["rep.changed", "rep.changed"]);
    close(store).await;
}

/// Two records pass a key on while others wait: whatever the cut of the batches, each command finds the keys as the
/// commands before it left them.
async fn keys_change_hands_within_a_batch(database: &Database) {
    let store = database.open().await;
    let (ada, _) = put(&store, SHOP, rep("a", "{}")).await;
    let (bob, _) = put(&store, SHOP, rep("b", "{}")).await;
    let rename = |id, key: &str| {
        let put = PutRecord { key: Some(key.to_owned()), ..PutRecord::change(RecordKind::Rep, id, "{}".to_owned()) };
        plain(PutRecords::one("rep.put", put))
    };
    let body = plain(PutRecords::one("rep.put", PutRecord::change(RecordKind::Rep, bob, "{\"v\":2}".to_owned())));
    let answers = all_at_once(&store, SHOP, [body, rename(ada, "c"), rename(bob, "a")]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let taken = store.read(|reader| reader.record_by_key(SHOP, RecordKind::Rep, "c")).await.expect("read").expect("a record");
    assert_eq!(taken.id, ada);
    close(store).await;
}

async fn configuration_counts_its_changes(database: &Database) {
    let store = database.open().await;
    let version = || store.read(|reader| Ok(reader.head(SHOP)?.expect("a workspace").config_version));
    assert_eq!(version().await.expect("read"), 1);
    put(&store, SHOP, rep("ada", "{}")).await;
    assert_eq!(version().await.expect("read"), 2);
    put(&store, SHOP, PutRecord::new(RecordKind::Alert, None, "{}".to_owned())).await;
    assert_eq!(version().await.expect("read"), 2, "an alert is no configuration");
    close(store).await;
}

async fn records_that_are_not_journaled_keep_no_versions(database: &Database) {
    let store = database.open().await;
    let (import, _) = put(&store, SHOP, PutRecord::new(RecordKind::Import, None, "{\"rows\":0}".to_owned())).await;
    assert_eq!(put(&store, SHOP, PutRecord::change(RecordKind::Import, import, "{\"rows\":9}".to_owned())).await, (import, 2));
    let versions = store.read(move |reader| reader.record_versions(SHOP, RecordKind::Import, import)).await.expect("read");
    assert!(versions.is_empty());
    close(store).await;
}

async fn look_ups_at_the_same_time_find_each_its_own(database: &Database) {
    let store = database.open().await;
    let mut kept = Vec::new();
    for n in 0..20 {
        kept.push(put(&store, SHOP, rep(&format!("r{n}"), &format!("{{\"n\":{n}}}"))).await.0);
    }
    // The same key of another kind and in another workspace is another record.
    let (team, _) = put(&store, SHOP, PutRecord::new(RecordKind::Team, Some("r1".to_owned()), "{}".to_owned())).await;
    let (other, _) = put(&store, TWIN, rep("r2", "{\"other\":1}")).await;
    put(&store, SHOP, PutRecord::delete(RecordKind::Rep, kept[3])).await;
    let by_id = join_all((0..20).map(|n| store.record(SHOP, RecordKind::Rep, kept[n])));
    let by_key = join_all((0..25).map(|n| store.record_by_key(SHOP, RecordKind::Rep, format!("r{n}"))));
    let others = [(SHOP, RecordKind::Team, "r1"), (TWIN, RecordKind::Rep, "r2"), (TWIN, RecordKind::Rep, "r1")];
    let others = join_all(others.map(|(workspace, kind, key)| store.record_by_key(workspace, kind, key.to_owned())));
    let (by_id, by_key, others) = tokio::join!(by_id, by_key, others);
    let found = |answer: Result<Option<Record>, StoreError>| answer.expect("read").map(|record| record.id);
    let all: Vec<_> = (0..20).map(|n| Some(kept[n]).filter(|_| n != 3)).collect();
    assert_eq!(by_id.into_iter().map(found).collect::<Vec<_>>(), all);
    let with_unknown: Vec<_> = all.into_iter().chain([None; 5]).collect();
    assert_eq!(by_key.into_iter().map(found).collect::<Vec<_>>(), with_unknown);
    assert_eq!(others.into_iter().map(found).collect::<Vec<_>>(), [Some(team), Some(other), None]);
    // What was committed before it was asked for is found.
    for n in 0..10 {
        let (id, _) = put(&store, SHOP, rep(&format!("late{n}"), "{}")).await;
        assert_eq!(found(store.record_by_key(SHOP, RecordKind::Rep, format!("late{n}")).await), Some(id));
    }
    close(store).await;
}

/// Records have no way back, so a trial that wrote one is followed by another load.
async fn a_trial_leaves_nothing_for_the_next(database: &Database) {
    let store = database.open().await;
    put(&store, SHOP, rep("ada", "{}")).await;
    let tried = join_all((0..40).map(|n| {
        let upsert = PutRecord::upsert(RecordKind::Rep, "ada".to_owned(), format!("{{\"n\":{n}}}"));
        let new = PutRecords::one("rep.put", if n % 2 == 0 { upsert } else { rep("eve", "{}") });
        store.what_if(SHOP, Box::new(new), |_, outcome| outcome.is_ok())
    }));
    for (n, answer) in tried.await.into_iter().enumerate() {
        let (outcome, is_fine) = answer.expect("read");
        let version = ids(outcome.expect("accepted"))[0].1;
        assert_eq!((is_fine, version), (true, if n % 2 == 0 { 2 } else { 1 }), "each is decided on what is stored");
    }
    assert_eq!(store.record_by_key(SHOP, RecordKind::Rep, "eve".to_owned()).await.expect("read"), None);
    close(store).await;
}
