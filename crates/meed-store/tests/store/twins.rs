//! Two workspaces with the same ids in all tables: nothing done in one is seen or changed in the other
//! (`scale-out.md` §11, check 3).

use meed_core::command::{PutRecord, RecordKind, RecordSales, SaleOriginal};
use meed_core::id::Id;
use meed_core::ledger::Owner;
use meed_core::sale::pack_cells;
use meed_store::{Store, TABLE_MANIFEST, testing};

use crate::database::{Database, SHOP, TWIN, close};
use crate::make::{TILL, day, decided, done, keyed, paying, post, put, release, row, sale};

for_each_engine!(two_workspaces_with_the_same_ids_do_not_touch_each_other);

const ADA: Owner = Owner::rep(Id(1));

async fn two_workspaces_with_the_same_ids_do_not_touch_each_other(database: &Database) {
    let store = database.open().await;
    // With a clock that stands still the same commands get the same ids.
    database.stop_the_clock();
    let empty = seen(&store, TWIN).await;
    fill(&store, SHOP, "1").await;
    assert_eq!(seen(&store, TWIN).await, empty, "what was done in one workspace shows in the other");
    fill(&store, TWIN, "1").await;
    let (shop, twin) = (seen(&store, SHOP).await, seen(&store, TWIN).await);
    let ids = |workspace: Id| store.read(move |reader| Ok(reader.transfers(workspace)?.iter().map(|t| t.id).collect::<Vec<_>>()));
    assert_eq!(ids(SHOP).await.expect("read"), ids(TWIN).await.expect("read"), "the same ids");
    // Change everything in the twin.
    fill(&store, TWIN, "2").await;
    post(&store, TWIN, "2026-03", &[(ADA, 77)]).await.expect("posted");
    let reps = store.read(|reader| reader.records(TWIN, RecordKind::Rep)).await.expect("read");
    put(&store, TWIN, PutRecord::delete(RecordKind::Rep, reps[0].id)).await;
    assert_ne!(seen(&store, TWIN).await, twin);
    assert_eq!(seen(&store, SHOP).await, shop, "what was changed in one workspace shows in the other");
    close(store).await;
    every_table_was_filled(database).await;
}

/// The check is worth something only where there are rows of both.
async fn every_table_was_filled(database: &Database) {
    let manifest: toml::Table = TABLE_MANIFEST.parse().expect("the manifest is TOML");
    let mut empty = Vec::new();
    for table in manifest["sharded"].as_table().expect("tables").keys() {
        let text = format!("select count(distinct workspace_id) from {table} where workspace_id > 0");
        if testing::query_as_owner(&database.engine, &text).await.expect("read") != ["2"] {
            empty.push(table.clone());
        }
    }
    assert_eq!(empty, Vec::<String>::new());
}

async fn fill(store: &Store, workspace: Id, revenue: &str) {
    let mut first = row(Some("A-1"), sale("2026-03-01T10:00:00Z", revenue));
    first.original = Some(SaleOriginal { layout: Id(9), cells: pack_cells(&["A-1", revenue]).into() });
    let mut sales = RecordSales::new(TILL, vec![first, row(Some("A-1"), sale("2026-03-02T10:00:00Z", &format!("{revenue}0")))]);
    sales.events = true;
    decided(store, workspace, keyed(sales, &format!("K-{revenue}"), 1)).await.expect("recorded");
    put(store, workspace, PutRecord::upsert(RecordKind::Rep, "ada".to_owned(), format!("{{\"v\":{revenue}}}"))).await;
    let month = format!("2026-0{}", 2 + revenue.len() + usize::from(revenue == "2"));
    post(store, workspace, &month, &[(ADA, 5_000)]).await.expect("posted");
    let release = release(store, workspace, &month).await;
    done(store, workspace, paying(release, &month, &[ADA])).await;
    crate::till::fill(store, workspace, &format!("P{revenue}")).await;
}

/// Everything that the reading interface tells of a workspace.
async fn seen(store: &Store, workspace: Id) -> String {
    let query = move |reader: &mut meed_store::Reader<'_>| {
        let all_days = (i64::MIN, i64::MAX);
        let sales = reader.sales_page(workspace, all_days, None, 100)?;
        let ids: Vec<Id> = sales.iter().map(|sale| sale.id).collect();
        let mut scanned = Vec::new();
        reader.scan_sales(workspace, Id(0), Id(i64::MAX), &mut |sale| {
            scanned.push((sale.id, sale.version));
            Ok(())
        })?;
        reader.scan_days(workspace, all_days, &mut |sale| {
            scanned.push((sale.id, sale.version));
            Ok(())
        })?;
        reader.scan_sales_known_at(workspace, i64::MAX, &mut |sale| {
            scanned.push((sale.id, sale.version));
            Ok(())
        })?;
        let mut versions = Vec::new();
        for id in &ids {
            versions.push(reader.sale_versions(workspace, *id)?);
        }
        let mut explanations = Vec::new();
        let rewards = reader.rewards_of(workspace, ADA)?;
        for reward in &rewards {
            explanations.push((reader.explanation(workspace, reward.id)?, reader.reward(workspace, reward.id)?));
        }
        let march = day("2026-03-01");
        let texts = [
            format!("{:?}", reader.head(workspace)?),
            format!("{sales:?} {scanned:?} {versions:?}"),
            format!("{:?}", reader.sales_by_identity(workspace, TILL, &["u:A-1".to_owned()])?),
            format!("{:?} {:?}", reader.originals(workspace, &ids)?, reader.sale_id_bounds(workspace)?),
            format!("{:?} {:?}", reader.count_sales(workspace, all_days)?, reader.sales_per_day(workspace, all_days)?),
            format!("{:?}", reader.sales_by_id(workspace, &ids)?),
            format!("{:?}", reader.replaced_since(workspace, 0)?),
            format!("{:?}", reader.records(workspace, RecordKind::Rep)?),
            format!("{:?}", reader.record_by_key(workspace, RecordKind::Rep, "ada")?),
            format!("{:?}", reader.records_back(workspace, RecordKind::Release, None, 10)?),
            format!("{:?}", reader.record_versions_between(workspace, 0, i64::MAX)?),
            format!("{rewards:?} {explanations:?}"),
            format!("{:?}", reader.rewards_booked(workspace, crate::make::PLAN, march)?),
            format!("{:?}", reader.rewards_of_cell(workspace, crate::make::PLAN, march)?),
            format!("{:?} {:?}", reader.rewards_page(workspace, None, 10)?, reader.reward_sums(workspace, 0)?),
            format!("{:?}", reader.statements_of(workspace, ADA)?),
            format!("{:?}", reader.till_events_back(workspace, None, None, 100)?),
            format!("{:?}", reader.records_changed_since(workspace, RecordKind::Participant, 0)?),
            format!("{:?}", reader.accounts(workspace)?),
            format!("{:?}", reader.accounts_as_of(workspace, i64::MAX, i64::MAX)?),
            format!("{:?}", reader.transfers(workspace)?),
            format!("{:?} {:?}", reader.audit_back(workspace, None, 100)?, reader.events_after(workspace, None, 100)?),
        ];
        Ok(texts.join("\n"))
    };
    store.read(query).await.expect("read")
}
