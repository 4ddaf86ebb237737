//! Identities, keys, group commit and closing: what happens around a command.

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_store::{Answer, CONTROL_WORKSPACE, Fault, Priority, Submission};

use crate::database::{Database, SHOP, TWIN, close};
use crate::make::{all_at_once, decided, keyed, patch, plain, put, record, rendered, row, sale};

for_each_engine!(
    led_003_sixty_four_concurrent_senders_have_one_effect,
    led_004_an_identity_with_other_content_is_refused_for_ever,
    a_refusal_on_state_is_kept_and_one_on_values_is_not,
    a_revoked_key_stops_at_once,
    commands_of_many_callers_are_all_decided_in_turn,
    identities_of_two_workspaces_do_not_meet,
    a_closed_store_answers_nobody_new,
    an_unknown_workspace_is_no_place_to_write,
);

fn alert(text: &str) -> PutRecords {
    PutRecords::one("alert.put", PutRecord::new(RecordKind::Alert, None, format!("{{\"text\":\"{text}\"}}")))
}

async fn alerts(store: &meed_store::Store) -> usize {
    store.read(|reader| reader.records(SHOP, RecordKind::Alert)).await.expect("read").len()
}

async fn led_003_sixty_four_concurrent_senders_have_one_effect(database: &Database) {
    let store = database.open().await;
    let answers = all_at_once(&store, SHOP, (0..64).map(|_| keyed(alert("once"), "K-1", 1))).await;
    let answers: Vec<Answer> = answers.into_iter().map(|answer| answer.expect("an answer")).collect();
    let first = answers.iter().filter(|answer| matches!(answer, Answer::Decided(_))).count();
    assert_eq!(first, 1, "one is the first, 63 are replayed");
    let mut texts: Vec<String> = answers.iter().map(rendered).collect();
    texts.dedup();
    assert_eq!(texts.len(), 1, "all are told the same");
    assert_eq!(alerts(&store).await, 1);
    close(store).await;
}

async fn led_004_an_identity_with_other_content_is_refused_for_ever(database: &Database) {
    let store = database.open().await;
    let first = decided(&store, SHOP, keyed(alert("first"), "K-1", 1)).await.expect("not refused");
    let mut store = store;
    for step in ["at once", "after a restart", "after 400 days"] {
        if step != "at once" {
            close(store).await;
            store = database.open().await;
        }
        if step == "after 400 days" {
            database.pass_days(400);
        }
        let other = decided(&store, SHOP, keyed(alert("second"), "K-1", 2)).await.expect_err(step);
        assert_eq!(other.code, "idempotency_key_reused", "{step}");
        let same = store.submit(SHOP, keyed(alert("first"), "K-1", 1)).await.expect("an answer");
        assert!(matches!(&same, Answer::Replayed(text) if *text == format!("{first:?}")), "{step}: {same:?}");
        assert_eq!(alerts(&store).await, 1, "{step}");
    }
    close(store).await;
}

async fn a_refusal_on_state_is_kept_and_one_on_values_is_not(database: &Database) {
    let store = database.open().await;
    let rep = |body: &str| PutRecords::one("rep.put", PutRecord::new(RecordKind::Rep, Some("ada".to_owned()), body.to_owned()));
    put(&store, SHOP, PutRecord::new(RecordKind::Rep, Some("ada".to_owned()), "{}".to_owned())).await;
    let refused = decided(&store, SHOP, keyed(rep("{\"v\":1}"), "K-1", 1)).await.expect_err("refused");
    assert_eq!(refused.code, "key_taken");
    // The key is free again, and still the first answer stands.
    let ada = store.read(|reader| reader.record_by_key(SHOP, RecordKind::Rep, "ada")).await.expect("read").expect("a record");
    put(&store, SHOP, PutRecord::delete(RecordKind::Rep, ada.id)).await;
    let again = store.submit(SHOP, keyed(rep("{\"v\":1}"), "K-1", 1)).await.expect("an answer");
    assert!(matches!(&again, Answer::Replayed(text) if text == "refused key_taken"), "{again:?}");
    // A sale under its own id is refused without a trace, and may be sent again.
    let told = decided(&store, SHOP, plain(record(vec![patch("A-1", None, "1")]))).await.expect("an outcome each");
    assert_eq!(crate::make::outcomes(told), ["refused date_missing"]);
    let later = decided(&store, SHOP, plain(record(vec![patch("A-1", Some("2026-03-01T10:00:00Z"), "1")]))).await.expect("an outcome each");
    assert_eq!(crate::make::outcomes(later), ["created 1"]);
    close(store).await;
}

async fn a_revoked_key_stops_at_once(database: &Database) {
    let store = database.open().await;
    let (key, _) = put(&store, CONTROL_WORKSPACE, PutRecord::new(RecordKind::ApiKey, Some("hash".to_owned()), "{}".to_owned())).await;
    let with_key = || Submission { key: Some(key), ..plain(alert("by key")) };
    decided(&store, SHOP, with_key()).await.expect("the key is valid");
    put(&store, CONTROL_WORKSPACE, PutRecord::delete(RecordKind::ApiKey, key)).await;
    let refused = decided(&store, SHOP, with_key()).await.expect_err("revoked");
    assert_eq!(refused.code, "key_revoked");
    assert_eq!(alerts(&store).await, 1);
    close(store).await;
}

async fn commands_of_many_callers_are_all_decided_in_turn(database: &Database) {
    let store = database.open().await;
    let submissions = (0..400).map(|n| {
        let input = row(Some(&format!("A-{n}")), sale("2026-03-01T10:00:00Z", "1"));
        let priority = if n % 7 == 0 { Priority::Bulk } else { Priority::Interactive };
        Submission { priority, ..plain(record(vec![input])) }
    });
    for answer in all_at_once(&store, SHOP, submissions).await {
        assert!(matches!(answer, Ok(Answer::Decided(Ok(_)))), "{answer:?}");
    }
    let audit = store.read(|reader| reader.audit_back(SHOP, None, 1_000)).await.expect("read");
    let numbers: Vec<i64> = audit.iter().rev().map(|line| line.number).collect();
    assert_eq!(numbers, (1..=400).collect::<Vec<_>>(), "one line each, dense");
    assert!(audit.windows(2).all(|pair| pair[0].recorded_us > pair[1].recorded_us && pair[0].command > pair[1].command));
    close(store).await;
}

async fn identities_of_two_workspaces_do_not_meet(database: &Database) {
    let store = database.open().await;
    for workspace in [SHOP, TWIN] {
        decided(&store, workspace, keyed(alert("own"), "K-1", 1)).await.expect("not refused");
    }
    close(store).await;
}

async fn a_closed_store_answers_nobody_new(database: &Database) {
    let store = database.open().await;
    let submissions: Vec<_> = (0..50).map(|n| plain(alert(&n.to_string()))).collect();
    let waiting = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { all_at_once(&store, SHOP, submissions).await }
    });
    let answers = waiting.await.expect("the senders");
    let closing = std::sync::Arc::clone(&store);
    tokio::task::spawn_blocking(move || closing.close()).await.expect("the store closes");
    assert_eq!(alerts(&store).await, answers.iter().filter(|answer| answer.is_ok()).count());
    let late = store.submit(SHOP, plain(alert("late"))).await.expect_err("closed");
    assert_eq!(late.fault, Fault::Overloaded);
    close(store).await;
}

async fn an_unknown_workspace_is_no_place_to_write(database: &Database) {
    let store = database.open().await;
    let nowhere = meed_core::id::Id(4_711);
    assert_eq!(store.submit(nowhere, plain(alert("lost"))).await.expect_err("unknown").fault, Fault::Bug);
    assert_eq!(store.read(move |reader| reader.records(nowhere, RecordKind::Alert)).await.expect("read").len(), 0);
    close(store).await;
}
