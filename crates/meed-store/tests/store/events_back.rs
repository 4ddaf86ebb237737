//! The events of a participant: each knows the one before it.

use std::collections::BTreeSet;
use std::sync::Arc;

use meed_core::id::Id;
use meed_core::loyalty::{Adjust, CancelPurchase, Merchant, PayBackMethod, Refund, RefundLine, Settle, TillEvent, WalletRef};
use meed_core::money::Exact;
use meed_store::Store;

use crate::database::{Database, SHOP, TWIN, close};
use crate::till::{at, buy, config, customer, fill, purchase, reply};

for_each_engine!(
    events_of_one_participant_come_page_by_page,
    a_late_purchase_finds_all_before_it,
    events_are_in_the_order_of_their_ids_whatever_a_command_adds_first,
    a_way_back_that_leads_in_a_circle_or_to_others_ends,
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

/// All events of a customer, so many at a time.
async fn pages(store: &Store, of: Id, limit: i64) -> Vec<TillEvent> {
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let page = back(store, Some(of), before, limit).await;
        let Some(last) = page.last() else { return pages };
        assert!(i64::try_from(page.len()).is_ok_and(|length| length <= limit));
        before = Some(last.id);
        pages.extend(page);
    }
}

async fn events_of_one_participant_come_page_by_page(database: &Database) {
    let store = database.open().await;
    let people = some_events(&store).await;
    let all = back(&store, None, None, 1_000).await;
    assert_eq!(all.len(), 22);
    for who in people {
        let own: Vec<TillEvent> = all.iter().filter(|event| event.participant == who).cloned().collect();
        for limit in [1, 3, 7, 100] {
            assert_eq!(pages(&store, who, limit).await, own, "{limit} at a time");
        }
        // Before what is an event of theirs or of somebody else, or none.
        for before in all.iter().flat_map(|event| [event.id, Id(event.id.0 + 1), Id(event.id.0 - 1)]).chain([Id(1), Id(i64::MAX)]) {
            let expected: Vec<TillEvent> = own.iter().filter(|own| own.id < before).take(2).cloned().collect();
            assert_eq!(back(&store, Some(who), Some(before), 2).await, expected);
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

/// What corrects the settlement of a purchase is added before the event that it follows from, which took its id first.
async fn events_are_in_the_order_of_their_ids_whatever_a_command_adds_first(database: &Database) {
    let store = database.open().await;
    let who = customer(&store, SHOP, "ann").await;
    let mut config = config(&store, SHOP).await;
    let settles = Arc::get_mut(&mut config).expect("it is new");
    for unit in settles.units.values_mut() {
        unit.merchant = Some(Id(950));
    }
    let merchant = Merchant {
        name: "Bakers".into(),
        units: Vec::new(),
        groups: Vec::new(),
        is_effective: true,
        bars_own: false,
        bars_others: false,
        schemes: Vec::new(),
        contribution: Exact::from(50),
        allows_automatic: true,
        pays_back: false,
        pays_back_by: PayBackMethod::CreditNote,
        allows_spending: true,
    };
    settles.merchants.insert(Id(950), merchant);
    let bought = buy(&store, SHOP, purchase(&config, who, "1", 10_000, None)).await.id;
    reply(&store, SHOP, Settle { config: Arc::clone(&config), purchase: bought, at: at() }).await.expect("settled");
    let line = RefundLine { line: 0, amount: Some(1_000), quantity: None };
    let refund = Refund { config: Arc::clone(&config), purchase: bought, identity: None, lines: vec![line], at: at(), note: None };
    reply(&store, SHOP, refund).await.expect("a part comes back");
    let paid = buy(&store, SHOP, purchase(&config, who, "2", 2_000, Some(500))).await.id;
    reply(&store, SHOP, Settle { config: Arc::clone(&config), purchase: paid, at: at() }).await.expect("settled");
    let cancel = CancelPurchase { config, purchase: paid, identity: None, at: at(), note: None };
    reply(&store, SHOP, cancel).await.expect("cancelled");
    let all = back(&store, None, None, 100).await;
    assert!(all.len() >= 9, "with the corrections: {}", all.len());
    for limit in 1..4 {
        assert_eq!(pages(&store, who, limit).await, all, "{limit} at a time");
    }
    close(store).await;
}

/// Nothing but damage makes such a way. Whoever walks it comes to its end, and `verify` names it.
async fn a_way_back_that_leads_in_a_circle_or_to_others_ends(database: &Database) {
    let store = database.open().await;
    let people = some_events(&store).await;
    close(store).await;
    for wrong in ["event_id", "(select max(event_id) from till_event where workspace_id = 11)"] {
        let damage = format!("update till_event set previous_id = {wrong} where workspace_id = 11 and participant_id = {}", people[0]);
        let kept = "create table kept as select event_id as of_event, previous_id as was from till_event where workspace_id = 11";
        database.tamper(&format!("{kept}; {damage}")).await;
        let store = database.open().await;
        let last = back(&store, Some(people[0]), None, 100).await;
        assert_eq!(last.len(), 1, "the last one is found, and nothing of others");
        for (before, limit) in [(last[0].id, 1), (last[0].id, 100), (Id(last[0].id.0 - 77), 100)] {
            let page = back(&store, Some(people[0]), Some(before), limit).await;
            assert!(page.iter().all(|event| event.participant == people[0] && event.id < before), "{page:?}");
        }
        close(store).await;
        assert!(database.differences().await.iter().any(|difference| difference.contains("previous_event")));
        let mend =
            "update till_event set previous_id = (select was from kept where of_event = event_id) where workspace_id = 11; drop table kept";
        database.tamper(mend).await;
    }
}

async fn migration_7_finds_out_what_came_before_what(database: &Database) {
    let store = database.open().await;
    let people = some_events(&store).await;
    let all = back(&store, None, None, 1_000).await;
    close(store).await;
    database
        .tamper(
            "alter table till_event drop column previous_id;
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
            "previous_event",
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
