//! A schema of its own for each test on the PostgreSQL server that `MEED_TEST_POSTGRES` names.

use std::sync::atomic::{AtomicU64, Ordering};

use meed_store::testing;

/// The address of the server. A missing one fails the test: a check that can be left out by accident is no check.
pub(crate) fn url() -> String {
    std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server; ./test starts one")
}

/// Makes an empty schema and answers its name.
pub(crate) async fn fresh_schema() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("app_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    // One may be left of a test that was killed under the same process id.
    let _ = testing::drop_schema(&url(), &name).await;
    testing::create_schema(&url(), &name).await.expect("a schema");
    name
}

/// Drops a schema with all that is in it.
pub(crate) async fn drop_schema(name: &str) {
    testing::drop_schema(&url(), name).await.expect("the schema goes");
}
