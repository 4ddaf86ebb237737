//! TLS to PostgreSQL.

use meed_store::{EngineOptions, Store, StoreError, StoreOptions, testing};

use crate::database::{Database, close, postgres_url};

/// Fails where the connection that runs it is not encrypted.
const INSIST: &str = "do $$ begin
    if not (select ssl from pg_stat_ssl where pid = pg_backend_pid()) then raise exception 'this connection is plain'; end if;
end $$";

/// The authority that signed the server's certificate.
fn authority() -> String {
    std::env::var("MEED_TEST_POSTGRES_CA").expect("MEED_TEST_POSTGRES_CA names the server's authority; `./test` makes one")
}

async fn open_with(database: &Database, query: &str) -> Result<Store, StoreError> {
    let EngineOptions::Postgres(options) = &database.engine else { panic!("this is about PostgreSQL") };
    let mut options = options.clone();
    options.url = format!("{}?{query}", postgres_url());
    Store::open(StoreOptions { engine: EngineOptions::Postgres(options), readers: 1, clock: database.clock() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_encrypted_where_the_address_asks_for_it() {
    let database = Database::postgres().await;
    let store =
        open_with(&database, &format!("sslmode=verify-full&sslrootcert={}", authority())).await.expect("the certificate is trusted");
    testing::run_as_writer(&store, INSIST).await.expect("it is encrypted");
    close(store).await;
    let store = open_with(&database, "sslmode=disable").await.expect("this machine may be reached in the clear");
    testing::run_as_writer(&store, INSIST).await.expect_err("it is not encrypted");
    close(store).await;
    database.must_verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_vouches_for_is_not_talked_to() {
    let database = Database::postgres().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("other.pem");
    // An authority of its own that has signed nothing.
    std::fs::write(&other, include_str!("other-authority.pem")).expect("a file");
    let error = open_with(&database, &format!("sslmode=require&sslrootcert={}", other.display())).await.err().expect("it is refused");
    assert!(error.to_string().contains("certificate"), "{error}");
    database.must_verify().await;
}
