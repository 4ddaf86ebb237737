//! The write path without HTTP: single sales from many tasks through one store, durable commits.
//!
//! `cargo bench -p meed-app` prints sales a second for each number of callers. `meed bench` measures the whole server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use meed_app::{App, AppOptions, Context, Secrets, sales, sources, workspaces};
use meed_core::command::{SaleContent, SaleInput};
use meed_core::sale::Sale;
use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

const ROUND: Duration = Duration::from_secs(3);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = std::env::temp_dir().join(format!("meed-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, key) in [("plain", None), ("encrypted", Some([7; 32]))] {
        runtime.block_on(measure(&folder, name, key));
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

async fn measure(folder: &Path, name: &str, key: Option<[u8; 32]>) {
    let clock: meed_store::Clock = Arc::new(|| jiff::Timestamp::now().as_microsecond());
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.join(name), key });
    let store = Store::open(StoreOptions { engine, readers: 2, clock: Arc::clone(&clock) }).await.expect("a store");
    let app = App::new(AppOptions { store, clock, secrets: Secrets::new(&[1; 32]), files: folder.join("files") });
    let ctx = Context::system(workspaces::create(&app, "main", "Main", "live", "UTC", "USD").await.expect("a workspace"));
    let source = sources::ensure(&app, &ctx, "Bench").await.expect("a source");
    let next = Arc::new(AtomicU64::new(0));
    for callers in [1, 16, 64, 256] {
        let start = Instant::now();
        let before = next.load(Ordering::Relaxed);
        let tasks: Vec<_> = (0..callers)
            .map(|_| {
                let (app, ctx, next) = (Arc::clone(&app), ctx.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    while start.elapsed() < ROUND {
                        let sale = input(next.fetch_add(1, Ordering::Relaxed));
                        sales::record(&app, &ctx, source, vec![sale]).await.expect("recorded");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("a task");
        }
        let count = next.load(Ordering::Relaxed) - before;
        println!("{name}, {callers} callers: {} sales/s", u128::from(count) * 1_000 / start.elapsed().as_millis());
    }
}

fn input(number: u64) -> SaleInput {
    let mut sale = Sale {
        at: jiff::Timestamp::from_second(1_767_225_600 + i64::try_from(number % 7_776_000).unwrap_or(0)).expect("in range"),
        currency: "USD".parse().ok(),
        revenue: Some(meed_core::money::Exact::new(i64::try_from(1_000 + number * 7919 % 500_000).unwrap_or(0), 2)),
        status: Some("paid".into()),
        customer_name: Some(format!("Customer {:05}", number % 20_000)),
        product_name: Some(format!("Product {:03}", number % 200)),
        ..Sale::default()
    };
    sale.owners[0] = Some(format!("rep{:04}@example.com", number % 1_000));
    SaleInput { unique_id: Some(format!("B-{number:09}")), content: SaleContent::Full(Box::new(sale)), original: None, line: None }
}
