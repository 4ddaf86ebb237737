//! A schema of its own for each test on the PostgreSQL server that `MEED_TEST_POSTGRES` names.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio_postgres::NoTls;

/// The address of the server. A missing one fails the test: a check that can be left out by accident is no check.
pub(crate) fn url() -> String {
    std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server; ./test starts one")
}

/// Makes an empty schema and answers its name.
pub(crate) async fn fresh_schema() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    run(&format!("drop schema if exists {name} cascade; create schema {name}")).await;
    name
}

/// Drops a schema with all that is in it.
pub(crate) async fn drop_schema(name: &str) {
    run(&format!("drop schema if exists {name} cascade")).await;
}

async fn run(script: &str) {
    let (client, connection) = tokio_postgres::connect(&url(), NoTls).await.expect("a connection to PostgreSQL");
    let driver = tokio::spawn(connection);
    client.batch_execute(script).await.expect("a schema");
    drop(client);
    let _ = driver.await;
}
