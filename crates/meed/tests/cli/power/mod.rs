//! Power that fails while tills sell: whatever a disk had not flushed is lost, kept in part or kept in another order. What was
//! answered before is there, the books verify, and the tills sell on (`led_005`, DESIGN §9.4).
//!
//! The server runs on a disk that writes down in which order it was written to and flushed (`disk.c`), and is cut off in the log of
//! that: behind answers, and while the write-ahead log moves into the database and begins anew.

mod disk;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::running::Place;
use crate::till_kills::{Answered, Client, INIT, Server, books, open_shop, sell, token};
use disk::{Draw, Log};

/// Sales that come one after the other, so many that the write-ahead log begins anew.
const SALES: usize = 1_800;
/// Places at which power fails, beside those around a log that begins anew.
const CUTS: usize = 4;

/// The shared library of `disk.c`, made in a folder.
fn library(folder: &Path) -> String {
    let (source, made) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/power/disk.c"), folder.join("disk.so"));
    let status = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&made).arg(source).arg("-ldl").status();
    assert!(status.expect("a C compiler").success(), "the disk is compiled");
    made.to_str().expect("a name").to_owned()
}

/// What a till sells without a break, to a customer of its own.
fn sell_on(client: &Client, token: &str, sales: impl Iterator<Item = usize>) {
    for sale in sales {
        client.ok(
            token,
            "customer_events/purchases/create",
            json!({
                "rewards_participant_identifier": {"number": "P-9"},
                "performed_by_unit_identifier": {"alternative_code": "high"},
                "performed_on": "2026-01-05T10:00:00",
                "reference_number": format!("R-9-{sale}"),
            "external_system": "till-9",
                "external_system_reference_number": format!("{sale}"),
                "products_set": [{"product_identifier": {"code": "BREAD"}, "net_amount": 3, "vat_amount": 0, "total_amount": 3}],
            }),
        );
    }
}

/// What an answer calls what the request made. What is cancelled was made before.
fn made((asked, answer): Answered) -> Option<(String, String)> {
    let id = answer["data"]["id"].as_str().or_else(|| answer["id"].as_str()).filter(|_| !asked.contains("/cancel "))?.to_owned();
    Some((asked, id))
}

/// Opens the shop for the first time.
fn open(place: &Place, secret: &str) {
    let server = Server::start(place);
    let client = server.client(secret, channel().0);
    open_shop(&client);
    client.make("/v1/participants", &json!({"name": "Nine", "number": "P-9"}));
}

/// All tills at once; what each request made, and what the books say then.
fn day(place: &Place, secret: &str, sales: impl Iterator<Item = usize> + Send) -> (BTreeMap<String, String>, Value) {
    let server = Server::start(place);
    let (tell, answered) = channel();
    let client = server.client(secret, tell);
    let token = token(&client);
    while answered.try_recv().is_ok() {}
    std::thread::scope(|scope| {
        scope.spawn(|| sell(&client, &token));
        scope.spawn(|| sell_on(&client, &token, sales));
    });
    let made = answered.try_iter().filter_map(made).collect();
    let books = books(&client, &token);
    (made, books)
}

fn power_fails(encryption: &str) {
    let beside = tempfile::tempdir().expect("a folder");
    let (log, library) = (beside.path().join("log"), library(beside.path()));
    let place = Place::empty().set("MEED_ENCRYPTION", encryption);
    let folder = place.path().canonicalize().expect("a folder");
    let name = |path: &Path| path.to_str().expect("a name").to_owned();
    let place = place.set("POWER_LOG", &name(&log)).set("POWER_FOLDER", &name(&folder)).set("LD_PRELOAD", &library);
    place.ok(&INIT);
    let key = place.ok(&["key", "create", "--label", "tills", "--scope", "admin", "--json"]).json();
    let secret = key["secret"].as_str().expect("a key");
    open(&place, secret);
    let (made, quiet) = day(&place, secret, 0..SALES);
    let log = Log::read(&log, &folder);
    let places = log.sent();
    let sent: Vec<(&String, &String, usize)> = made.iter().map(|(asked, id)| (asked, id, places[id.as_str()])).collect();
    let first = sent.iter().map(|(.., place)| *place).min().expect("something was answered");
    let begins: Vec<usize> = log.log_begins().into_iter().filter(|place| *place > first).collect();
    assert!(!begins.is_empty(), "{SALES} sales do not fill the write-ahead log");
    let mut draw = Draw(1);
    let mut cuts: Vec<usize> = begins.iter().flat_map(|place| [*place + 1, *place + 2, *place + 4]).collect();
    cuts.extend((0..CUTS).map(|_| first + draw.below(log.len() - first)));
    // Behind an answer, the dearest moment: it is out, and nothing came after it.
    cuts.extend((0..CUTS).map(|_| sent[draw.below(sent.len())].2 + 1));
    let (mut compared, mut uncertain) = (0, 0);
    for (number, cut) in cuts.into_iter().enumerate() {
        for keeps in [None, Some(Draw(u64::try_from(number).expect("a number")))] {
            let is_all_lost = keeps.is_none();
            let after = Place::empty().set("MEED_ENCRYPTION", encryption);
            let open = log.cut(cut, keeps, after.path());
            println!("cut {cut} of {}: {open} writes, all lost: {is_all_lost}", log.len());
            uncertain += open;
            after.ok(&["verify"]);
            // The sales that go on: the last that were answered and the next, and some of those long before.
            let answered = sent.iter().filter(|(asked, _, place)| *place < cut && asked.contains("R-9-")).count();
            let (again, books) = day(
                &after,
                secret,
                (0..SALES).filter(|sale| sale % 16 == 0 || (answered.saturating_sub(40)..answered + 20).contains(sale)),
            );
            for (asked, id, place) in sent.iter().filter(|(asked, _, place)| *place < cut && again.contains_key(*asked)) {
                assert_eq!(again.get(*asked), Some(*id), "answered at {place}, and not kept: {asked}");
                compared += 1;
            }
            assert_eq!(books, quiet);
            after.ok(&["verify"]);
        }
    }
    // Else nothing was tried.
    assert!(compared > 1_000 && uncertain > 10, "{compared} answers compared, {uncertain} writes uncertain");
}

#[test]
fn led_005_power_that_fails_takes_nothing_that_was_answered_from_plain_sqlite() {
    power_fails("off");
}

#[test]
fn led_005_power_that_fails_takes_nothing_that_was_answered_from_encrypted_sqlite() {
    power_fails("on");
}
