//! The use cases on an embedded store in a folder, for tests that keep their own clock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use meed_app::{App, AppOptions, Secrets};
use meed_store::{EngineOptions, SqliteOptions, Store, StoreOptions};

/// Opens the use cases on an encrypted store in `folder`. The clock holds microseconds UTC.
///
/// # Panics
/// When the store cannot be opened: the test cannot go on.
pub async fn open_app(folder: &Path, clock: &Arc<AtomicI64>) -> Arc<App> {
    let ticking = Arc::clone(clock);
    let tick: meed_store::Clock = Arc::new(move || ticking.load(Ordering::SeqCst));
    let engine = EngineOptions::Sqlite(SqliteOptions { path: folder.join("meed.db"), key: Some([7; 32]) });
    let store = Store::open(StoreOptions { engine, readers: 4, clock: Arc::clone(&tick) }).await.expect("a store opens");
    App::new(AppOptions { store, clock: tick, secrets: Secrets::new(&[1; 32]), files: folder.join("files") })
}
