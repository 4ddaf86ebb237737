//! From rewards to payment: differences, releases, late differences, payment by hand.

use meed_core::command::{PutRecord, RecordKind, Reply, RewardState};
use meed_core::id::Id;
use meed_core::ledger::{Owner, Purpose};

use crate::database::{Database, SHOP, TWIN, close};
use crate::make::{balances, day, done, paying, post, posting, put, refused, release, releasing, rewards};

for_each_engine!(
    a_calculation_posts_differences_only,
    a_release_makes_payable_and_freezes_statements,
    led_039_a_late_difference_is_booked_in_the_open_period_and_names_its_origin,
    paying_by_hand_pays_each_release_once,
    a_calculation_on_older_configuration_is_refused,
    a_negative_total_is_carried_as_owed,
);

const ADA: Owner = Owner::rep(Id(1));
const BOB: Owner = Owner::rep(Id(2));

fn posted(rewards: u32, carried: u32) -> Reply {
    Reply::Posted { rewards, carried }
}

async fn a_calculation_posts_differences_only(database: &Database) {
    let store = database.open().await;
    assert_eq!(post(&store, SHOP, "2026-03", &[(ADA, 10_000), (BOB, 5_000)]).await, Ok(posted(2, 0)));
    assert_eq!(post(&store, SHOP, "2026-03", &[(ADA, 10_000), (BOB, 5_000)]).await, Ok(posted(0, 0)));
    assert_eq!(post(&store, SHOP, "2026-03", &[(ADA, 9_000)]).await, Ok(posted(2, 0)), "Bob has the target 0 now");
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Accrued, 9_000)]);
    assert_eq!(balances(&store, SHOP, BOB).await, []);
    assert_eq!(balances(&store, SHOP, Owner::program(crate::make::PLAN)).await, [(Purpose::Expense, 9_000)]);
    let rows = rewards(&store, SHOP, ADA).await;
    assert_eq!(rows.iter().map(|row| (row.amount, row.exact.as_str())).collect::<Vec<_>>(), [(10_000, "100.00"), (-1_000, "90.00")]);
    let (id, wanted) = (rows[1].id, Some("{\"steps\":[\"9000 cents\"]}".to_owned()));
    assert_eq!(store.read(move |reader| reader.explanation(SHOP, id)).await.expect("read"), wanted);
    let sums = store.read(|reader| reader.reward_sums(SHOP, 0)).await.expect("read");
    assert_eq!(sums.iter().map(|sum| (sum.owner, sum.amount, sum.state)).collect::<Vec<_>>().len(), 2);
    // The other workspace knows nothing of it.
    assert_eq!(balances(&store, TWIN, ADA).await, []);
    close(store).await;
}

async fn a_release_makes_payable_and_freezes_statements(database: &Database) {
    let store = database.open().await;
    post(&store, SHOP, "2026-03", &[(ADA, 10_000), (BOB, 5_000)]).await.expect("posted");
    // Reviewed, then changed: what was reviewed is not what would be released.
    let reviewed = releasing(&store, SHOP, "2026-03").await;
    post(&store, SHOP, "2026-03", &[(ADA, 11_000), (BOB, 5_000)]).await.expect("posted");
    assert_eq!(refused(&store, SHOP, reviewed).await, "release_stale");
    let id = release(&store, SHOP, "2026-03").await;
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Payable, 11_000)]);
    assert!(rewards(&store, SHOP, ADA).await.iter().all(|row| row.state == RewardState::Released && row.release == Some(id)));
    let statements = store.read(move |reader| reader.statements_of_release(SHOP, id)).await.expect("read");
    assert_eq!(statements.len(), 2);
    let line = statements[0].audit_to;
    let audit = store.read(move |reader| reader.audit_back(SHOP, Some(line + 1), 1)).await.expect("read");
    assert_eq!((audit[0].number, audit[0].action.as_str()), (line, "rewards.released"));
    assert_eq!(store.read(|reader| reader.statements_of(SHOP, ADA)).await.expect("read").len(), 1);
    let again = releasing(&store, SHOP, "2026-03").await;
    assert_eq!(refused(&store, SHOP, again).await, "already_released");
    let empty = releasing(&store, SHOP, "2026-04").await;
    assert_eq!(refused(&store, SHOP, empty).await, "nothing_to_release");
    let record = store.read(move |reader| reader.record(SHOP, RecordKind::Release, id)).await.expect("read");
    assert!(record.is_some());
    close(store).await;
}

async fn led_039_a_late_difference_is_booked_in_the_open_period_and_names_its_origin(database: &Database) {
    let store = database.open().await;
    post(&store, SHOP, "2026-03", &[(ADA, 10_000), (BOB, 5_000)]).await.expect("posted");
    let march = release(&store, SHOP, "2026-03").await;
    let frozen = store.read(move |reader| reader.statements_of_release(SHOP, march)).await.expect("read");
    // A late sale for Ada, a refund for Bob.
    assert_eq!(post(&store, SHOP, "2026-03", &[(ADA, 12_000), (BOB, 2_000)]).await, Ok(posted(2, 2)));
    assert_eq!(post(&store, SHOP, "2026-03", &[(ADA, 12_000), (BOB, 2_000)]).await, Ok(posted(0, 0)));
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Accrued, 2_000), (Purpose::Payable, 10_000)]);
    assert_eq!(balances(&store, SHOP, BOB).await, [(Purpose::Payable, 5_000), (Purpose::Recoverable, 3_000)]);
    let late = rewards(&store, SHOP, ADA).await.pop().expect("a reward");
    assert_eq!((late.cell_day, late.booked_day, late.is_carried()), (day("2026-03-01"), day("2026-04-01"), true));
    assert_eq!(store.read(move |reader| reader.statements_of_release(SHOP, march)).await.expect("read"), frozen);
    // April nets what Bob owes; then both months are closed and the next difference goes to May.
    post(&store, SHOP, "2026-04", &[(BOB, 4_000)]).await.expect("posted");
    release(&store, SHOP, "2026-04").await;
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Payable, 12_000)]);
    assert_eq!(balances(&store, SHOP, BOB).await, [(Purpose::Payable, 6_000)]);
    post(&store, SHOP, "2026-03", &[(ADA, 12_500), (BOB, 2_000)]).await.expect("posted");
    assert_eq!(rewards(&store, SHOP, ADA).await.pop().expect("a reward").booked_day, day("2026-05-01"));
    close(store).await;
}

async fn paying_by_hand_pays_each_release_once(database: &Database) {
    let store = database.open().await;
    post(&store, SHOP, "2026-03", &[(ADA, 10_000), (BOB, 5_000)]).await.expect("posted");
    let march = release(&store, SHOP, "2026-03").await;
    let Reply::Paid { id: payout, rewards: count } = done(&store, SHOP, paying(march, "2026-03", &[ADA])).await else { panic!("not paid") };
    assert_eq!(count, 1);
    assert_eq!(balances(&store, SHOP, ADA).await, []);
    assert_eq!(balances(&store, SHOP, BOB).await, [(Purpose::Payable, 5_000)]);
    assert_eq!(balances(&store, SHOP, Owner::workspace(SHOP)).await, [(Purpose::Paid, 10_000)]);
    assert_eq!(rewards(&store, SHOP, ADA).await[0].payout, Some(payout));
    let record = store.read(move |reader| reader.record(SHOP, RecordKind::Payout, payout)).await.expect("read");
    assert_eq!(record.expect("the payout's document").body, "{\"method\":\"payroll\"}");
    assert_eq!(refused(&store, SHOP, paying(march, "2026-03", &[ADA])).await, "already_paid");
    assert_eq!(refused(&store, SHOP, paying(march, "2026-03", &[BOB, ADA])).await, "already_paid");
    assert_eq!(balances(&store, SHOP, BOB).await, [(Purpose::Payable, 5_000)], "a refused payment pays nobody");
    assert_eq!(refused(&store, SHOP, paying(march, "2026-03", &[Owner::rep(Id(3))])).await, "nothing_released");
    assert_eq!(refused(&store, SHOP, paying(march, "2026-03", &[])).await, "nothing_released");
    done(&store, SHOP, paying(march, "2026-03", &[BOB])).await;
    close(store).await;
}

async fn a_calculation_on_older_configuration_is_refused(database: &Database) {
    let store = database.open().await;
    put(&store, SHOP, PutRecord::new(RecordKind::Rep, Some("ada".to_owned()), "{}".to_owned())).await;
    assert_eq!(refused(&store, SHOP, posting("2026-03", &[(ADA, 1)], 1)).await, "calculation_stale");
    assert_eq!(post(&store, SHOP, "2026-03", &[(ADA, 1)]).await, Ok(posted(1, 0)));
    close(store).await;
}

async fn a_negative_total_is_carried_as_owed(database: &Database) {
    let store = database.open().await;
    post(&store, SHOP, "2026-03", &[(ADA, -2_500)]).await.expect("posted");
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Accrued, -2_500)]);
    let march = release(&store, SHOP, "2026-03").await;
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Recoverable, 2_500)]);
    done(&store, SHOP, paying(march, "2026-03", &[ADA])).await;
    assert_eq!(balances(&store, SHOP, ADA).await, [(Purpose::Recoverable, 2_500)], "nothing below zero is paid");
    close(store).await;
}
