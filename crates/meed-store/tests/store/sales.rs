//! Sales: created, updated, unchanged, ignored; histories, originals and reads.

use meed_core::command::{RecordSales, SaleOriginal};
use meed_core::id::Id;
use meed_core::sale::{pack_cells, unpack};
use meed_store::Store;

use crate::database::{Database, SHOP, TWIN, close};
use crate::make::{TILL, all_at_once, at, day, exact, outcomes, patch, plain, record, recorded, row, sale};

for_each_engine!(
    com_004_the_same_unique_id_twice_is_one_record_with_its_history,
    com_005_a_hundred_concurrent_upserts_of_one_id_make_one_record,
    com_006_a_row_without_unique_id_and_of_equal_checksum_is_ignored,
    com_007_a_refund_replaces_the_purchase_only_under_its_own_id,
    a_patch_keeps_what_it_does_not_name,
    a_sale_that_is_refused_leaves_the_others,
    days_are_those_of_the_workspace,
    original_columns_and_events_come_with_the_sale,
    sales_are_read_in_pages_scans_and_counts,
    what_was_known_before_a_change_can_be_read,
);

async fn stored(store: &Store, workspace: Id, unique_id: &str) -> Option<meed_core::command::SaleRow> {
    let identity = vec![format!("u:{unique_id}")];
    store.read(move |reader| reader.sales_by_identity(workspace, TILL, &identity)).await.expect("read").pop()
}

async fn com_004_the_same_unique_id_twice_is_one_record_with_its_history(database: &Database) {
    let store = database.open().await;
    assert_eq!(recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "100.00"))]).await, ["created 1"]);
    assert_eq!(recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-02T10:00:00Z", "120.00"))]).await, ["updated 2"]);
    assert_eq!(recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-02T10:00:00Z", "120.00"))]).await, ["unchanged 2"]);
    // Three times in one call, and once more in the same batch: each version is kept.
    let thrice = ["130.00", "140.00", "150.00"].map(|revenue| row(Some("A-1"), sale("2026-03-02T10:00:00Z", revenue)));
    assert_eq!(recorded(&store, SHOP, thrice.to_vec()).await, ["updated 3", "updated 4", "updated 5"]);
    // New and changed in one call.
    let both = ["1", "2"].map(|revenue| row(Some("A-2"), sale("2026-03-02T10:00:00Z", revenue)));
    assert_eq!(recorded(&store, SHOP, both.to_vec()).await, ["created 1", "updated 2"]);

    let present = stored(&store, SHOP, "A-1").await.expect("a sale");
    assert_eq!(unpack(&present.facts).expect("facts").revenue, Some(exact("150.00")));
    assert_eq!((present.version, present.day), (5, day("2026-03-02")));
    let former = store.read(move |reader| reader.sale_versions(SHOP, present.id)).await.expect("read");
    let revenues: Vec<_> =
        former.iter().map(|v| (v.version, unpack(&v.facts).expect("facts").revenue.expect("revenue").to_string())).collect();
    let expected = [(1, "100.00"), (2, "120.00"), (3, "130.00"), (4, "140.00")].map(|(version, revenue)| (version, revenue.to_owned()));
    assert_eq!(revenues, expected);
    let head = store.read(|reader| reader.head(SHOP)).await.expect("read").expect("a workspace");
    assert_eq!(head.sale_count, 2);
    close(store).await;
}

async fn com_005_a_hundred_concurrent_upserts_of_one_id_make_one_record(database: &Database) {
    let store = database.open().await;
    let upserts = (0..100).map(|n| plain(record(vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", &format!("{n}.00")))])));
    let answers = all_at_once(&store, SHOP, upserts).await;
    let mut changes: Vec<String> = answers
        .into_iter()
        .map(|answer| match answer.expect("an answer") {
            meed_store::Answer::Decided(Ok(reply)) => outcomes(reply).remove(0),
            other => panic!("{other:?}"),
        })
        .collect();
    changes.sort();
    let mut expected: Vec<String> = (2..=100).map(|version| format!("updated {version}")).chain(["created 1".to_owned()]).collect();
    expected.sort();
    assert_eq!(changes, expected);
    assert_eq!(store.read(|reader| reader.count_sales(SHOP, (i64::MIN, i64::MAX))).await.expect("read"), 1);
    close(store).await;
}

async fn com_006_a_row_without_unique_id_and_of_equal_checksum_is_ignored(database: &Database) {
    let store = database.open().await;
    let same = || row(None, sale("2026-03-01T10:00:00Z", "100.00"));
    let other = row(None, sale("2026-03-01T10:00:00Z", "100.01"));
    assert_eq!(recorded(&store, SHOP, vec![same(), same(), other]).await, ["created 1", "ignored 1", "created 1"]);
    assert_eq!(recorded(&store, SHOP, vec![same()]).await, ["ignored 1"]);
    // Another source is another story.
    let elsewhere = RecordSales::new(Id(502), vec![same()]);
    assert_eq!(outcomes(crate::make::done(&store, SHOP, elsewhere).await), ["created 1"]);
    close(store).await;
}

async fn com_007_a_refund_replaces_the_purchase_only_under_its_own_id(database: &Database) {
    let store = database.open().await;
    recorded(&store, SHOP, vec![row(Some("S-1"), sale("2026-03-01T10:00:00Z", "100.00"))]).await;
    assert_eq!(recorded(&store, SHOP, vec![row(Some("R-1"), sale("2026-03-05T10:00:00Z", "-100.00"))]).await, ["created 1"]);
    assert_eq!(recorded(&store, SHOP, vec![row(Some("S-1"), sale("2026-03-05T10:00:00Z", "-100.00"))]).await, ["updated 2"]);
    assert_eq!(store.read(|reader| reader.count_sales(SHOP, (i64::MIN, i64::MAX))).await.expect("read"), 2);
    close(store).await;
}

async fn a_patch_keeps_what_it_does_not_name(database: &Database) {
    let store = database.open().await;
    let mut first = sale("2026-03-01T10:00:00Z", "100.00");
    first.customer_name = Some("Åsa Öberg".to_owned());
    recorded(&store, SHOP, vec![row(Some("A-1"), first)]).await;
    assert_eq!(recorded(&store, SHOP, vec![patch("A-1", None, "90.50")]).await, ["updated 2"]);
    let facts = unpack(&stored(&store, SHOP, "A-1").await.expect("a sale").facts).expect("facts");
    assert_eq!((facts.revenue, facts.customer_name.as_deref()), (Some(exact("90.50")), Some("Åsa Öberg")));
    assert_eq!(facts.at, at("2026-03-01T10:00:00Z"));
    close(store).await;
}

async fn a_sale_that_is_refused_leaves_the_others(database: &Database) {
    let store = database.open().await;
    let sales = vec![
        row(Some("A-1"), sale("2026-03-01T10:00:00Z", "1")),
        patch("A-2", None, "2"),
        row(Some("A-3"), sale("2300-01-01T00:00:00Z", "3")),
        row(Some("A-4"), sale("2026-03-01T10:00:00Z", "4")),
    ];
    assert_eq!(recorded(&store, SHOP, sales).await, ["created 1", "refused date_missing", "refused date_out_of_range", "created 1"]);
    // A refused sale leaves its id unused.
    assert_eq!(recorded(&store, SHOP, vec![patch("A-2", Some("2026-03-01T10:00:00Z"), "2")]).await, ["created 1"]);
    close(store).await;
}

async fn days_are_those_of_the_workspace(database: &Database) {
    let store = database.open().await;
    for workspace in [SHOP, TWIN] {
        recorded(&store, workspace, vec![row(Some("A-1"), sale("2026-03-02T03:30:00Z", "1"))]).await;
    }
    assert_eq!(stored(&store, SHOP, "A-1").await.expect("a sale").day, day("2026-03-01"), "New York");
    assert_eq!(stored(&store, TWIN, "A-1").await.expect("a sale").day, day("2026-03-02"), "Berlin");
    close(store).await;
}

async fn original_columns_and_events_come_with_the_sale(database: &Database) {
    let store = database.open().await;
    let cells = |text: &str| SaleOriginal { layout: Id(9), cells: pack_cells(&[text, "", "ü;\""]).into() };
    let mut first = row(Some("A-1"), sale("2026-03-01T10:00:00Z", "1"));
    first.original = Some(cells("first"));
    first.line = Some(17);
    let mut second = row(Some("A-1"), sale("2026-03-01T10:00:00Z", "2"));
    second.original = Some(cells("second"));
    let mut command = record(vec![first, second]);
    command.import = Some(Id(55));
    command.events = true;
    crate::make::done(&store, SHOP, command).await;

    let present = stored(&store, SHOP, "A-1").await.expect("a sale");
    let id = present.id;
    assert_eq!((present.import, present.line), (Some(Id(55)), None));
    let former = store.read(move |reader| reader.sale_versions(SHOP, id)).await.expect("read");
    assert_eq!(former.iter().map(|v| (v.import, v.line)).collect::<Vec<_>>(), [(Some(Id(55)), Some(17))]);
    let original = store.read(move |reader| reader.original(SHOP, id)).await.expect("read");
    assert_eq!(original, Some((Id(9), vec!["second".to_owned(), String::new(), "ü;\"".to_owned()])));
    let events = store.read(|reader| reader.events_after(SHOP, None, 10)).await.expect("read");
    let shown: Vec<_> = events.iter().map(|event| (event.topic.as_str(), event.body.as_str())).collect();
    assert_eq!(shown, [("sale.created", "{\"version\":1}"), ("sale.updated", "{\"version\":2}")]);
    let rest = store.read(move |reader| reader.events_after(SHOP, Some(events[0].id), 10)).await.expect("read");
    assert_eq!(rest.len(), 1);
    close(store).await;
}

async fn sales_are_read_in_pages_scans_and_counts(database: &Database) {
    let store = database.open().await;
    let sales = (0..25).map(|n| row(Some(&format!("A-{n}")), sale(&format!("2026-03-{:02}T12:00:00Z", 1 + n / 5), "1"))).collect();
    recorded(&store, SHOP, sales).await;
    let march = (day("2026-03-01"), day("2026-03-31"));
    let per_day = store.read(move |reader| reader.sales_per_day(SHOP, march)).await.expect("read");
    assert_eq!(per_day, (0..5).map(|n| (march.0 + n, 5)).collect::<Vec<_>>());

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.read(move |reader| reader.sales_page(SHOP, march, after, 7)).await.expect("read");
        let Some(last) = page.last() else { break };
        after = Some((last.day, last.id));
        seen.extend(page.iter().map(|row| (row.day, row.id)));
    }
    let mut sorted = seen.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!((seen.len(), &sorted), (25, &seen), "each once, the latest day first");

    let scanned = store
        .read(move |reader| {
            let (_, greatest) = reader.sale_id_bounds(SHOP)?;
            let (mut all, mut days) = (Vec::new(), Vec::new());
            reader.scan_sales(SHOP, Id(0), greatest, &mut |sale| {
                all.push(sale.id);
                Ok(())
            })?;
            reader.scan_days(SHOP, (march.0 + 1, march.0 + 2), &mut |sale| {
                days.push(sale.id);
                Ok(())
            })?;
            Ok((all, days))
        })
        .await
        .expect("read");
    assert_eq!(scanned.0.len(), 25);
    assert!(scanned.0.is_sorted());
    assert_eq!(scanned.1, scanned.0[5..15]);
    close(store).await;
}

async fn what_was_known_before_a_change_can_be_read(database: &Database) {
    let store = database.open().await;
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "1"))]).await;
    recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", "2"))]).await;
    let known_us = database.now_us();
    for revenue in ["3", "4"] {
        recorded(&store, SHOP, vec![row(Some("A-1"), sale("2026-03-01T10:00:00Z", revenue))]).await;
    }
    let replaced = store.read(move |reader| reader.replaced_since(SHOP, known_us)).await.expect("read");
    let shown: Vec<_> = replaced.iter().map(|(_, version, _, facts)| (*version, unpack(facts).expect("facts").revenue)).collect();
    assert_eq!(shown, [(2, Some(exact("2")))]);
    close(store).await;
}
