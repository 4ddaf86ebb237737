//! The events of a participant: each knows the one before it.

use std::collections::BTreeSet;

use meed_core::id::Id;
use meed_core::loyalty::{Adjust, TillEvent, WalletRef};
use meed_store::Store;

use crate::database::{Database, SHOP, TWIN, close};
use crate::till::{at, buy, config, customer, fill, purchase, reply};

for_each_engine!(
    events_of_one_participant_come_page_by_page,
    a_late_purchase_finds_all_before_it,
    migration_7_finds_out_what_came_before_what,
    verify_names_an_event_that_is_passed_over,
);

/// Three customers whose events alternate, and one of whom there is nothing but an adjustment.
async fn some_events(store: &Store) -> Vec<Id> {
    let mut people = Vec::new();
    for name in ["ann", "bob", "cy", "dee"] {
        people.push(customer(store, SHOP, name).await);
    }
    let config = config(store, SHOP).await;
    for number in 0..7 {
        for who in &people[..3] {
            let mut purchase = purchase(&config, *who, &format!("{who}-{number}"), 1_000 + number, None);
            purchase.basket.promo_code = None;
            buy(store, SHOP, purchase).await;
        }
    }
    let who = WalletRef::Participant(people[3]);
    let adjust = Adjust {
        who,
        identity: None,
        unit: config.currency,
        config,
        amount: 300,
        is_top_up: false,
        expires: None,
        reason: "sorry".into(),
        at: at(),
    };
    reply(store, SHOP, adjust).await.expect("adjusted");
    fill(store, TWIN, "eve").await;
    people
}

async fn back(store: &Store, of: Option<Id>, before: Option<Id>, limit: i64) -> Vec<TillEvent> {
    let page = store.read(move |reader| reader.till_events_back(SHOP, of, before, limit)).await.expect("read");
    page.into_iter().map(|(event, _)| event).collect()
}

async fn events_of_one_participant_come_page_by_page(database: &Database) {
    let store = database.open().await;
    let people = some_events(&store).await;
    let all = back(&store, None, None, 1_000).await;
    assert_eq!(all.len(), 22);
    for who in people {
        let own: Vec<TillEvent> = all.iter().filter(|event| event.participant == who).cloned().collect();
        for limit in [1, 3, 7, 100] {
            let (mut pages, mut before) = (Vec::new(), None);
            loop {
                let page = back(&store, Some(who), before, limit).await;
                let Some(last) = page.last() else { break };
                assert!(i64::try_from(page.len()).is_ok_and(|length| length <= limit));
                before = Some(last.id);
                pages.extend(page);
            }
            assert_eq!(pages, own, "{limit} at a time");
        }
        // Before an event of somebody else.
        for event in &all {
            let expected: Vec<TillEvent> = own.iter().filter(|own| own.id < event.id).take(2).cloned().collect();
            assert_eq!(back(&store, Some(who), Some(event.id), 2).await, expected);
        }
    }
    assert_eq!(back(&store, Some(Id(77)), None, 10).await, [], "somebody unknown");
    close(store).await;
}

/// A batch that needs a customer's history walks from the last event to the first.
async fn a_late_purchase_finds_all_before_it(database: &Database) {
    let store = database.open().await;
    let who = some_events(&store).await[1];
    let config = config(&store, SHOP).await;
    let mut late = purchase(&config, who, "late", 5_000, None);
    late.basket.promo_code = None;
    late.basket.at = "2026-03-14T11:00:00Z".parse().expect("a time");
    buy(&store, SHOP, late).await;
    let cell = store.read(move |reader| reader.till_cell(SHOP, who)).await.expect("read");
    let last = back(&store, Some(who), None, 2).await;
    assert_eq!(last[0].at_us, "2026-03-14T11:00:00Z".parse::<jiff::Timestamp>().expect("a time").as_microsecond());
    assert_eq!(cell.last.map(|(_, (_, id))| id), Some(last[1].id), "the last by the time of sale is the one before");
    close(store).await;
}

async fn migration_7_finds_out_what_came_before_what(database: &Database) {
    let store = database.open().await;
    let people = some_events(&store).await;
    let all = back(&store, None, None, 1_000).await;
    close(store).await;
    database
        .tamper(
            "update till_event set previous_id = null; alter table till_event drop column previous_id;
             alter table till_cell drop column last_event_id;
             delete from till_cell where participant_id in (select participant_id from till_event group by participant_id having count(*) = 1);
             create index till_event_by_participant on till_event (workspace_id, participant_id, event_id);
             delete from applied_migration where number = 7",
        )
        .await;
    let store = database.open().await;
    assert_eq!(back(&store, None, None, 1_000).await, all);
    for who in people {
        let own: BTreeSet<Id> = all.iter().filter(|event| event.participant == who).map(|event| event.id).collect();
        assert_eq!(back(&store, Some(who), None, 100).await.iter().map(|event| event.id).collect::<BTreeSet<_>>(), own);
    }
    close(store).await;
}

async fn verify_names_an_event_that_is_passed_over(database: &Database) {
    let store = database.open().await;
    some_events(&store).await;
    close(store).await;
    for (damage, found, mend) in [
        (
            "update till_event set previous_id = -previous_id where event_id = (select max(event_id) from till_event where workspace_id = 11 and kind = 1)",
            "event_before",
            "update till_event set previous_id = -previous_id where event_id = (select max(event_id) from till_event where workspace_id = 11 and kind = 1)",
        ),
        (
            "update till_cell set last_event_id = last_event_id + 1 where workspace_id = 11",
            "last_event",
            "update till_cell set last_event_id = last_event_id - 1 where workspace_id = 11",
        ),
    ] {
        database.tamper(damage).await;
        let differences = database.differences().await;
        assert!(differences.iter().any(|difference| difference.contains(found)), "{found}: {differences:?}");
        database.tamper(mend).await;
    }
}
