//! `verify` finds every kind of difference, and names the row.

use meed_core::command::PutRecord;
use meed_core::command::RecordKind;
use meed_core::id::Id;
use meed_core::ledger::Owner;

use crate::database::{Database, SHOP, close};
use crate::make::{decided, done, keyed, paying, post, put, record, recorded, release, row, sale};

for_each_engine!(
    led_008_one_changed_byte_is_found_and_named,
    verify_reads_one_workspace_or_all_and_counts,
    a_row_that_cannot_be_read_is_a_difference,
);

const ADA: Owner = Owner::rep(Id(1));

/// Some of everything: sales with history, records, rewards, a release, a payment, identities.
async fn fill(database: &Database) {
    let store = database.open().await;
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "1")), row(None, sale("2026-03-01T10:00:00Z", "2"))]).await;
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-02T10:00:00Z", "3"))]).await;
    put(&store, SHOP, PutRecord::new(RecordKind::Rep, Some("ada".to_owned()), "{\"name\":\"Ada\"}".to_owned())).await;
    post(&store, SHOP, "2026-03", &[(ADA, 10_000)]).await.expect("posted");
    let march = release(&store, SHOP, "2026-03").await;
    done(&store, SHOP, paying(march, "2026-03", &[ADA])).await;
    post(&store, SHOP, "2026-04", &[(ADA, 500)]).await.expect("posted");
    decided(&store, SHOP, keyed(record(vec![row(Some("A-9"), sale("2026-03-01T10:00:00Z", "9"))]), "K-1", 1)).await.expect("recorded");
    close(store).await;
}

/// Damage, what it is reported as, and how it is undone.
const DAMAGE: &[(&str, &str, &str)] = &[
    (
        "update transfer set amount = amount + 1 where kind = 204 and amount = 500",
        "reward_amount",
        "update transfer set amount = amount - 1 where amount = 501",
    ),
    ("update transfer set business_us = business_us + 1", "digest at audit line", "update transfer set business_us = business_us - 1"),
    ("update transfer set payout_id = payout_id + 1", "no such payout", "update transfer set payout_id = payout_id - 1"),
    (
        "update transfer set recorded_us = recorded_us + 1 where amount = 500",
        "no audit line",
        "update transfer set recorded_us = recorded_us - 1 where amount = 500",
    ),
    (
        "update account set debits_posted = debits_posted + 1 where purpose = 1",
        "debits_posted",
        "update account set debits_posted = debits_posted - 1 where purpose = 1",
    ),
    (
        "update account set owner_id = owner_id + 1 where owner_kind = 5",
        "reference",
        "update account set owner_id = owner_id - 1 where owner_kind = 5",
    ),
    ("update sale set line = 7 where identity = 'u:A-1'", "digest", "update sale set line = null where identity = 'u:A-1'"),
    ("update sale set day = day + 1", "day at", "update sale set day = day - 1"),
    ("update sale set at_ns = at_ns + 1", "at_ns", "update sale set at_ns = at_ns - 1"),
    ("update sale set created_us = created_us + 1", "created_us", "update sale set created_us = created_us - 1"),
    ("update sale set identity = 'u:A-2' where identity = 'u:A-1'", "twin", "update sale set identity = 'u:A-1' where identity = 'u:A-2'"),
    (
        "update sale_identity set sale_id = sale_id + 1 where identity = 'u:A-1'",
        "sale_identity",
        "update sale_identity set sale_id = sale_id - 1 where identity = 'u:A-1'",
    ),
    ("update sale_version set salt = salt + 1", "digest", "update sale_version set salt = salt - 1"),
    ("update sale_version set version = version + 1", "sale_version", "update sale_version set version = version - 1"),
    ("update record set body = '{}' where kind = 10", "record at Rep", "update record set body = '{\"name\":\"Ada\"}' where kind = 10"),
    (
        "update record_version set body = '{}' where kind = 10",
        "digest",
        "update record_version set body = '{\"name\":\"Ada\"}' where kind = 10",
    ),
    (
        "update record_version set command_id = command_id + 1 where kind = 10",
        "command at",
        "update record_version set command_id = command_id - 1 where kind = 10",
    ),
    ("update record_version set version = 5 where kind = 10", "record_version", "update record_version set version = 1 where kind = 10"),
    (
        "update reward set amount = amount + 1 where amount = 500",
        "reward_amount",
        "update reward set amount = amount - 1 where amount = 501",
    ),
    ("update reward set exact = '5.01' where amount = 500", "digest", "update reward set exact = '5.00' where amount = 500"),
    ("update reward set state = 1 where amount = 500", "reward_state", "update reward set state = 0 where amount = 500"),
    (
        "update reward set state = 0, release_id = release_id + 1 where amount = 10000",
        "reward_release",
        "update reward set state = 2, release_id = release_id - 1 where amount = 10000",
    ),
    ("update reward set payout_id = payout_id + 1", "reward_payout", "update reward set payout_id = payout_id - 1"),
    (
        "update reward set program_id = program_id + 1 where amount = 500",
        "reward_program",
        "update reward set program_id = program_id - 1 where amount = 500",
    ),
    ("update explanation set body = body || ' '", "digest", "update explanation set body = trim(body)"),
    ("update explanation set reward_id = reward_id + 1", "explanation", "update explanation set reward_id = reward_id - 1"),
    ("update statement set body = '{}'", "digest", "update statement set body = '{\"month\":\"2026-03\"}'"),
    ("update statement set audit_to = audit_to + 1", "audit_to", "update statement set audit_to = audit_to - 1"),
    ("update statement set owner_id = owner_id + 1", "statement", "update statement set owner_id = owner_id - 1"),
    ("update command set identity = 'K-2'", "digest", "update command set identity = 'K-1'"),
    ("update command set recorded_us = recorded_us - 1", "digest", "update command set recorded_us = recorded_us + 1"),
    (
        "update audit set actor = 'user:2' where audit_number = 2",
        "digest at audit line 2",
        "update audit set actor = 'user:1' where audit_number = 2",
    ),
    (
        "update audit set recorded_us = recorded_us + 1 where audit_number = 2",
        "audit_hash",
        "update audit set recorded_us = recorded_us - 1 where audit_number = 2",
    ),
    (
        "update audit set audit_number = 99 where audit_number = 3",
        "audit_number",
        "update audit set audit_number = 3 where audit_number = 99",
    ),
    (
        "update workspace set audit_number = audit_number + 1 where workspace_id = 11",
        "audit_head",
        "update workspace set audit_number = audit_number - 1 where workspace_id = 11",
    ),
    (
        "update workspace set sale_count = 7 where workspace_id = 11",
        "sale_count",
        "update workspace set sale_count = 3 where workspace_id = 11",
    ),
    (
        "update workspace set config_version = config_version + 1 where workspace_id = 11",
        "config_version",
        "update workspace set config_version = config_version - 1 where workspace_id = 11",
    ),
    ("update workspace set last_id = 5 where workspace_id = 12", "", ""),
    ("insert into sale_original values (11, 5, 6, cast('x' as BYTES))", "sale_original", "delete from sale_original"),
    ("insert into hold values (11, 5, 1, 0, null)", "hold", "delete from hold"),
    ("insert into reversed values (11, 5, 1)", "reversed_total", "delete from reversed"),
];

async fn led_008_one_changed_byte_is_found_and_named(database: &Database) {
    fill(database).await;
    let bytes = if database.file().is_some() { "blob" } else { "bytea" };
    for (damage, found, mend) in DAMAGE {
        database.tamper(&damage.replace("BYTES", bytes)).await;
        let differences = database.differences().await;
        assert!(found.is_empty() || differences.iter().any(|line| line.contains(found)), "{damage}: {differences:#?}");
        assert_eq!(found.is_empty(), differences.is_empty(), "{damage}: {differences:#?}");
        if !mend.is_empty() {
            database.tamper(mend).await;
        }
    }
    // The transfer itself is named.
    let store = database.open().await;
    let late = crate::make::rewards(&store, SHOP, ADA).await.pop().expect("a reward");
    let transfers = store.read(|reader| reader.transfers(SHOP)).await.expect("read");
    let transfer = transfers.iter().find(|transfer| transfer.causes.reward == Some(late.id)).expect("its transfer").id;
    close(store).await;
    database.tamper(&format!("update transfer set version_id = version_id + 1 where transfer_id = {transfer}")).await;
    let differences = database.differences().await;
    let name = transfer.text(meed_core::id::Kind::Transfer);
    assert!(matches!(&differences[..], [one] if one.contains("digest") && one.contains(&name)), "{differences:#?}");
    database.tamper(&format!("update transfer set version_id = version_id - 1 where transfer_id = {transfer}")).await;
}

async fn verify_reads_one_workspace_or_all_and_counts(database: &Database) {
    fill(database).await;
    let store = database.open().await;
    let all = store.verify(None).await.expect("verify");
    assert_eq!((all.workspaces, all.sales, all.rewards, all.commands), (3, 3, 2, 8));
    assert_eq!(all.moved.values().copied().collect::<Vec<_>>(), [10_000 + 10_000 + 20_000 + 500]);
    assert_eq!(store.verify(Some(SHOP)).await.expect("verify").workspaces, 1);
    let nowhere = store.verify(Some(Id(99))).await.expect("verify");
    assert_eq!(nowhere.differences.len(), 1, "a workspace that is not there is no clean one");
    close(store).await;
}

async fn a_row_that_cannot_be_read_is_a_difference(database: &Database) {
    fill(database).await;
    for (damage, mend) in [
        ("update transfer set unit = 'U$D' where amount = 500", "update transfer set unit = 'USD' where amount = 500"),
        ("update transfer set kind = 9999 where amount = 500", "update transfer set kind = 204 where amount = 500"),
        ("update account set purpose = 99 where purpose = 1", "update account set purpose = 1 where purpose = 99"),
        ("update record set kind = 99 where kind = 10", "update record set kind = 10 where kind = 99"),
        ("update reward set state = 9 where amount = 500", "update reward set state = 0 where amount = 500"),
    ] {
        database.tamper(damage).await;
        assert!(!database.differences().await.is_empty(), "{damage}");
        database.tamper(mend).await;
    }
}

/// A copy made beside the running store is a whole database of its own, under the same key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_embedded_database_verifies() {
    for database in [Database::sqlite().await, Database::sqlite_encrypted().await] {
        fill(&database).await;
        let store = database.open().await;
        let meed_store::EngineOptions::Sqlite(options) = &database.engine else { panic!("embedded") };
        let mut copied = options.clone();
        copied.path = options.path.with_file_name("copy.db");
        meed_store::copy_database(options, &copied.path).expect("a copy");
        assert!(meed_store::copy_database(options, &copied.path).is_err(), "what is there is not written over");
        let options = meed_store::StoreOptions { engine: meed_store::EngineOptions::Sqlite(copied), readers: 1, clock: database.clock() };
        let copy = meed_store::Store::open(options).await.expect("the copy opens");
        assert_eq!(copy.verify(None).await.expect("verify"), store.verify(None).await.expect("verify"));
        close(copy).await;
        close(store).await;
        database.must_verify().await;
    }
}
