//! A PostgreSQL server of the test's own, which goes down at once with commits that are not on its disk yet.

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_store::{Answer, EngineOptions, PostgresOptions, Store, StoreOptions, Submission};

use crate::database::{NOON_US, SHOP, close};
use crate::make::{keyed, rendered};

/// A server in a folder. PostgreSQL refuses to run as root.
struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

/// The folder with PostgreSQL's own programs; Debian keeps it off the PATH.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    versions.chain(on_path).find(|bin| bin.join("initdb").exists()).expect("initdb: this test starts a PostgreSQL server of its own")
}

impl Server {
    fn start_new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let server = Self { folder, programs: programs(), port };
        let (data, socket) = (server.data(), server.folder.path().display().to_string());
        assert!(Process::new("chmod").args(["0777", &socket]).status().expect("chmod").success());
        server.run("initdb", &["-D", &data, "-U", "meed", "-A", "trust", "--no-sync", "--locale=C", "--encoding=UTF8"]);
        server.start();
        server
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn run(&self, program: &str, args: &[&str]) {
        let program = self.programs.join(program);
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let mut process = if is_root { Process::new("runuser") } else { Process::new(&program) };
        if is_root {
            process.args(["-u", "postgres", "--"]).arg(&program);
        }
        let done = process.args(args).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).status();
        assert!(done.expect("it runs").success(), "{} {args:?}", program.display());
    }

    /// What is committed without being asked for is written after ten seconds, so that going down at once loses it.
    fn start(&self) {
        let (data, log) = (self.data(), self.folder.path().join("log").display().to_string());
        let socket = self.folder.path().display();
        let options = format!("-p {} -k {socket} -c listen_addresses=127.0.0.1 -c fsync=off -c wal_writer_delay=10000", self.port);
        self.run("pg_ctl", &["start", "-w", "-D", &data, "-l", &log, "-o", &options]);
    }

    fn go_down_at_once(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-D", &self.data()]);
    }

    async fn open(&self, writers: usize) -> Arc<Store> {
        self.open_at(format!("postgres://meed@127.0.0.1:{}/postgres?sslmode=disable", self.port), writers).await
    }

    async fn open_at(&self, url: String, writers: usize) -> Arc<Store> {
        let engine = EngineOptions::Postgres(PostgresOptions { url, schema: None, writers });
        let now_us = std::sync::atomic::AtomicI64::new(NOON_US);
        let clock = Arc::new(move || now_us.fetch_add(1_000, Ordering::SeqCst));
        let store = Store::open(StoreOptions { engine, readers: 2, clock }).await.expect("the store opens");
        store.create_workspace(SHOP, "America/New_York", "USD").await.expect("a workspace");
        Arc::new(store)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if Path::new(&self.data()).join("postmaster.pid").exists() {
            self.go_down_at_once();
        }
    }
}

fn command(key: &str) -> Submission {
    keyed(PutRecords::one("alert.put", PutRecord::new(RecordKind::Alert, Some(key.to_owned()), "{}".to_owned())), key, 1)
}

/// Sends commands until one is not answered; those that were, with their answers.
async fn send_until_down(store: Arc<Store>, who: usize, count: Arc<AtomicUsize>) -> Vec<(String, String)> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let key = format!("{who}-{number}");
        let Ok(answer) = store.submit(SHOP, command(&key)).await else { break };
        acknowledged.push((key, rendered(&answer)));
        count.fetch_add(1, Ordering::SeqCst);
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn led_005_what_was_answered_survives_a_server_that_goes_down() {
    let server = Arc::new(Server::start_new());
    let store = server.open(2).await;
    let count = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..8).map(|who| tokio::spawn(send_until_down(Arc::clone(&store), who, Arc::clone(&count)))).collect();
    while count.load(Ordering::SeqCst) < 400 {
        tokio::task::yield_now().await;
    }
    let down = Arc::clone(&server);
    tokio::task::spawn_blocking(move || down.go_down_at_once()).await.expect("down");
    let mut acknowledged = Vec::new();
    for sender in senders {
        acknowledged.extend(sender.await.expect("no panic"));
    }
    assert!(acknowledged.len() >= 400);
    let up = Arc::clone(&server);
    tokio::task::spawn_blocking(move || up.start()).await.expect("up");
    for (key, told) in &acknowledged {
        let again = store.submit(SHOP, command(key)).await.expect("the server is back");
        assert!(matches!(again, Answer::Replayed(_)), "{key} was answered and is gone");
        assert_eq!(rendered(&again), *told);
    }
    let report = store.verify(None).await.expect("verify reads the books");
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    close(store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_without_batches_leaves_nothing_of_them_in_memory() {
    let server = Server::start_new();
    let store = server.open(1).await;
    store.submit(SHOP, command("kept")).await.expect("an answer");
    let saved = format!("{}-saved", server.data());
    server.run("pg_ctl", &["stop", "-m", "fast", "-D", &server.data()]);
    let copy = |from: &str, to: &str| assert!(Process::new("cp").args(["-a", from, to]).status().expect("cp").success());
    copy(&server.data(), &saved);
    server.start();
    store.submit(SHOP, command("lost")).await.expect("the server is back");
    let head = || async { store.read(|reader| reader.head(SHOP)).await.expect("read").expect("a workspace") };
    let before = head().await;

    server.go_down_at_once();
    assert!(Process::new("rm").args(["-r", &server.data()]).status().expect("rm").success());
    copy(&saved, &server.data());
    server.start();
    let again = store.submit(SHOP, command("lost")).await.expect("the server is back");
    assert!(matches!(again, Answer::Decided(Ok(_))), "it is not there any more: {again:?}");
    let after = head().await;
    assert_eq!(after.audit_number, before.audit_number, "another batch has its number");
    assert!(after.config_version > before.config_version, "who knows the configuration reads it anew");
    let changed = store.read(move |reader| Ok(reader.changed_sales(SHOP, (after.audit_number, after.audit_number))));
    assert_eq!(changed.await.expect("read"), None, "what is known of that number may be of the lost batch");
    assert!(store.generation() > 0, "what is kept of the database outside is of another one");
    let once = head().await;
    store.submit(SHOP, command("next")).await.expect("an answer");
    let moved = head().await.config_version - once.config_version;
    assert!(moved < 1_000, "it jumps once for a connection, not with every batch");
    let report = store.verify(None).await.expect("verify reads the books");
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    close(store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_reached_by_its_socket() {
    let server = Server::start_new();
    let socket = server.folder.path().display().to_string().replace('/', "%2F");
    let store = server.open_at(format!("postgres://meed@{socket}:{}/postgres", server.port), 1).await;
    assert!(matches!(store.submit(SHOP, command("one")).await.expect("an answer"), Answer::Decided(Ok(_))));
    close(store).await;
}
