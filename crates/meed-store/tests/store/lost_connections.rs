//! PostgreSQL behind a network that fails: a proxy cuts the connection at chosen moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use meed_core::command::{PutRecord, PutRecords, RecordKind};
use meed_store::{Answer, EngineOptions, Fault, PostgresOptions, Store, StoreOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::database::{Database, SHOP, close};
use crate::make::{all_at_once, keyed, plain, record, rendered, row, sale};

/// Where a connection is cut, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// Nothing of the message that carries this text reaches the server.
    Before(&'static [u8]),
    /// What stands in front of this text reaches the server, itself not.
    InFrontOf(&'static [u8]),
    /// The message reaches the server, which answers; the answer is lost.
    Answer(&'static [u8]),
    /// Every connection, until further notice.
    Always,
}

const BEGIN: &[u8] = b"begin\0";
const COMMIT: &[u8] = b"Q\0\0\0\x0bcommit\0";

struct Proxy {
    url: String,
    cut: Arc<Mutex<Option<Cut>>>,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    /// Listens in front of the server that `url` names.
    async fn before(url: &str) -> Self {
        let (front, rest) = url.split_once('@').expect("a user");
        let (server, name) = rest.split_once('/').expect("a database");
        let server = if server.contains(':') { server.to_owned() } else { format!("{server}:5432") };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let cut = Arc::new(Mutex::new(None));
        let cuts = Arc::new(AtomicUsize::new(0));
        let (armed, count) = (Arc::clone(&cut), Arc::clone(&cuts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, armed, count) = (server.clone(), Arc::clone(&armed), Arc::clone(&count));
                tokio::spawn(async move {
                    if *armed.lock().await != Some(Cut::Always) {
                        let server = TcpStream::connect(server).await.expect("the server");
                        pass(client, server, &armed, &count).await;
                    }
                });
            }
        });
        Self { url: format!("{front}@127.0.0.1:{port}/{name}"), cut, cuts }
    }

    async fn arm(&self, cut: Option<Cut>) {
        *self.cut.lock().await = cut;
    }

    fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// Hands bytes on in both directions until one side ends or the cut comes.
async fn pass(mut client: TcpStream, mut server: TcpStream, armed: &Mutex<Option<Cut>>, cuts: &AtomicUsize) {
    let (mut up, mut down) = (vec![0; 1 << 20], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &up[..length];
                let mut cut = armed.lock().await;
                let place = match *cut {
                    Some(Cut::Before(text) | Cut::InFrontOf(text) | Cut::Answer(text)) => find(bytes, text),
                    Some(Cut::Always) => Some(0),
                    None => None,
                };
                let Some(place) = place else {
                    drop(cut);
                    if server.write_all(bytes).await.is_err() { return }
                    continue;
                };
                cuts.fetch_add(1, Ordering::SeqCst);
                match *cut {
                    Some(Cut::InFrontOf(_)) => {
                        *cut = None;
                        let _ = server.write_all(&bytes[..place]).await;
                    }
                    Some(Cut::Answer(_)) => {
                        *cut = None;
                        let _ = server.write_all(bytes).await;
                        // The first byte of the answer says that the server is at work on it; the end, that it is done.
                        let _ = server.shutdown().await;
                        while matches!(server.read(&mut down).await, Ok(1..)) {}
                    }
                    Some(Cut::Before(_)) => *cut = None,
                    _ => {}
                }
                return;
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() { return }
            }
        }
    }
}

async fn open(database: &Database, proxy: &Proxy) -> Arc<Store> {
    let EngineOptions::Postgres(options) = &database.engine else { panic!("PostgreSQL") };
    let engine = EngineOptions::Postgres(PostgresOptions { url: proxy.url.clone(), writers: 1, ..options.clone() });
    Arc::new(Store::open(StoreOptions { engine, readers: 2, clock: database.clock() }).await.expect("the store opens"))
}

fn alert(text: &str) -> PutRecords {
    PutRecords::one("alert.put", PutRecord::new(RecordKind::Alert, None, format!("{{\"text\":\"{text}\"}}")))
}

/// The connection is lost at every moment of a batch: the store repeats what was not done and nothing else, so that also
/// commands without an identity of their own have one effect and their right answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn led_044_a_connection_lost_at_any_moment_of_a_batch_doubles_and_loses_nothing() {
    let database = Database::postgres().await;
    close(database.open().await).await;
    let proxy = Proxy::before(&crate::database::postgres_url()).await;
    let store = open(&database, &proxy).await;
    let mut sent = 0;
    for round in 0..3 {
        for cut in [Cut::Before(BEGIN), Cut::Answer(BEGIN), Cut::Before(COMMIT), Cut::InFrontOf(COMMIT), Cut::Answer(COMMIT)] {
            let before = proxy.cuts();
            proxy.arm(Some(cut)).await;
            let mut submissions = Vec::new();
            for n in 0..8 {
                submissions.push(plain(alert(&format!("{round} {cut:?} {n}"))));
                submissions.push(plain(record(vec![row(Some(&format!("A-{n}")), sale("2026-03-01T10:00:00Z", &sent.to_string()))])));
                sent += 1;
            }
            for answer in all_at_once(&store, SHOP, submissions).await {
                assert!(matches!(answer, Ok(Answer::Decided(Ok(_)))), "{cut:?}: {answer:?}");
            }
            assert_eq!(proxy.cuts(), before + 1, "{cut:?} came");
            let alerts = store.read(|reader| reader.records(SHOP, RecordKind::Alert)).await.expect("read").len();
            assert_eq!(alerts, sent, "{cut:?}: each command once");
        }
    }
    let head = store.read(|reader| reader.head(SHOP)).await.expect("read").expect("a workspace");
    assert_eq!(head.audit_number, i64::try_from(sent).expect("small") * 2);
    close(store).await;
    database.must_verify().await;
}

/// A statement that the database stops is repeated once, not as often as one that met a lock: what ran into the time limit
/// of minutes would block the workspace for half an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_the_database_stops_is_repeated_once() {
    let database = Database::postgres().await;
    let store = database.open().await;
    let stop = "create sequence tries;
        create function stop() returns trigger language plpgsql as
        $$ begin perform nextval('tries'); raise exception 'stopped' using errcode = '57014'; end $$;
        create trigger stop before insert on record for each row execute function stop()";
    database.tamper(stop).await;
    let error = store.submit(SHOP, plain(alert("stopped"))).await.expect_err("a fault");
    assert_eq!(error.fault, Fault::Cancelled, "{error}");
    let twice = "do $$ begin if (select last_value from tries) <> 2 then raise exception 'not tried twice'; end if; end $$";
    database.tamper(twice).await;
    database.tamper("drop trigger stop on record; drop function stop; drop sequence tries").await;
    assert!(store.submit(SHOP, plain(alert("done"))).await.is_ok());
    close(store).await;
    database.must_verify().await;
}

/// A database that stays away is a fault; after it has come back the same command gets its one effect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stays_away_is_a_fault_and_the_retry_finds_out() {
    let database = Database::postgres().await;
    close(database.open().await).await;
    let proxy = Proxy::before(&crate::database::postgres_url()).await;
    let store = open(&database, &proxy).await;
    let first = store.submit(SHOP, keyed(alert("first"), "K-0", 1)).await.expect("an answer");
    proxy.arm(Some(Cut::Always)).await;
    let error = store.submit(SHOP, keyed(alert("lost"), "K-1", 1)).await.expect_err("no database");
    assert!(matches!(error.fault, Fault::Transient | Fault::OutcomeUnknown), "{error}");
    assert!(store.read(|reader| reader.head(SHOP)).await.is_err());
    proxy.arm(None).await;
    let again = store.submit(SHOP, keyed(alert("lost"), "K-1", 1)).await.expect("an answer");
    assert!(matches!(again, Answer::Decided(Ok(_))), "{again:?}");
    let replay = store.submit(SHOP, keyed(alert("first"), "K-0", 1)).await.expect("an answer");
    assert!(matches!(&replay, Answer::Replayed(text) if *text == rendered(&first)), "{replay:?}");
    assert_eq!(store.read(|reader| reader.records(SHOP, RecordKind::Alert)).await.expect("read").len(), 2);
    close(store).await;
    database.must_verify().await;
}
