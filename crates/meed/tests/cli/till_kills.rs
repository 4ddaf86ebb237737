//! kill −9 while tills sell, spend, take back and cancel over HTTP. Whatever is cut, the same requests sent again have one
//! effect: the books are those of a day without cuts, and they verify (`led_005`, DESIGN §9.4).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::running::Place;
use crate::whole_way::KEY;

/// Tills that sell at the same time, each to a customer of its own.
const TILLS: usize = 4;
/// Sales of each till.
const SALES: usize = 8;
/// How often the server is killed.
const KILLS: usize = 5;
/// When, to the business: long ago, so that no clock disagrees.
const WHEN: &str = "2026-01-05T10:00:00";

/// A server that is killed and started again. Tills go to where it is at present.
pub(crate) struct Server<'a> {
    place: &'a Place,
    child: Mutex<Child>,
    at: Arc<Where>,
}

/// Where the server listens, and how often it was started.
#[derive(Default)]
struct Where {
    present: Mutex<(String, usize)>,
    moved: Condvar,
}

impl<'a> Server<'a> {
    pub(crate) fn start(place: &'a Place) -> Self {
        let (child, address) = Self::spawn(place);
        let at = Arc::new(Where { present: Mutex::new((address, 0)), moved: Condvar::new() });
        Self { place, child: Mutex::new(child), at }
    }

    fn spawn(place: &Place) -> (Child, String) {
        let mut child = place
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("Meed serves http://").map(str::to_owned));
        (child, address.expect("it starts"))
    }

    /// Something that speaks to it with a key, and tells of every answer.
    pub(crate) fn client(&self, secret: &str, answered: Sender<Answered>) -> Client {
        Client { at: Arc::clone(&self.at), secret: secret.to_owned(), answered }
    }

    /// Ends the process at once, and starts another on the same data.
    fn kill(&self) {
        let mut child = self.child.lock().expect("no test thread panicked");
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
        let (next, address) = Self::spawn(self.place);
        *child = next;
        let mut present = self.at.present.lock().expect("no test thread panicked");
        *present = (address, present.1 + 1);
        self.at.moved.notify_all();
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// One request over a connection of its own; `None`: no whole answer came.
fn exchange(address: &str, method: &str, path: &str, headers: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n");
    write!(stream, "{head}{headers}Content-Length: {}\r\n\r\n{body}", body.len()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// What was asked, but for the token, and what was answered.
pub(crate) type Answered = (String, Value);

/// Something that speaks to the server until it has an answer.
#[derive(Clone)]
pub(crate) struct Client {
    at: Arc<Where>,
    secret: String,
    /// Told of every answer.
    answered: Sender<Answered>,
}

impl Client {
    /// Sends a request again and again, the very same, until it is answered.
    fn send(&self, method: &str, path: &str, more: &str, body: &Value) -> Value {
        let mut asked = body.clone();
        asked.as_object_mut().map(|fields| fields.remove("token"));
        let asked = format!("{method} {path} {more}{asked}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = format!("Authorization: Bearer {}\r\n{more}", self.secret);
        loop {
            let (address, starts) = self.at.present.lock().expect("no test thread panicked").clone();
            match exchange(&address, method, path, &headers, &body) {
                Some((status, answer)) if status < 500 => {
                    let _ = self.answered.send((asked, answer.clone()));
                    return answer;
                }
                _ => {
                    // The next start, or a moment for a server that is merely busy.
                    let present = self.at.present.lock().expect("no test thread panicked");
                    let _ = self.at.moved.wait_timeout_while(present, Duration::from_millis(200), |present| present.1 == starts);
                }
            }
        }
    }

    pub(crate) fn make(&self, path: &str, body: &Value) -> Value {
        let made = self.send("POST", path, "", body);
        assert!(made.get("code").is_none_or(|_| made.get("errors").is_none()), "{path}: {made}");
        made
    }

    /// Calls a method of the classic surface.
    fn call(&self, token: &str, method: &str, mut body: Value) -> Value {
        body["token"] = json!(token);
        self.send("POST", &format!("/crmapi/rest/v2/{method}"), "", &body)
    }

    pub(crate) fn ok(&self, token: &str, method: &str, body: Value) -> Value {
        let answer = self.call(token, method, body);
        assert_eq!(answer["status"]["code"], "OK", "{method}: {answer}");
        answer["data"].clone()
    }

    /// What a till does in a day. Every fourth sale is cancelled, every third comes back in part.
    fn day(&self, token: &str, till: usize) {
        let who = json!({"number": format!("P-{till}")});
        for sale in 0..SALES {
            let amount = 10 * (sale + 1) + till;
            let made = self.ok(token, "customer_events/purchases/create", json!({
                "rewards_participant_identifier": who,
                "performed_by_unit_identifier": {"alternative_code": "high"},
                "performed_on": WHEN,
                "reference_number": format!("R-{till}-{sale}"),
                "external_system": format!("till-{till}"),
                "external_system_reference_number": format!("{sale}"),
                "products_set": [{"product_identifier": {"code": "BREAD"}, "net_amount": amount, "vat_amount": 0, "total_amount": amount}],
            }));
            self.ok(
                token,
                "customer_events/spend_requests/create",
                json!({
                    "rewards_participant_identifier": who,
                    "purchase_customer_request_identifier": {"id": made["id"]},
                    "performed_by_unit_identifier": {"alternative_code": "high"},
                    "performed_on": WHEN,
                    "spend_amount": 1.25,
                    "external_system": format!("till-{till}"),
                    "external_system_reference_number": format!("s{sale}"),
                }),
            );
            let number = made["number"].as_str().expect("a number").to_lowercase();
            if sale % 3 == 1 {
                let body = json!({"lines": [{"line": 0, "amount": 333}], "note": "too much"});
                let key = format!("Idempotency-Key: back-{till}-{sale}\r\n");
                let back = self.send("POST", &format!("/v1/purchases/pur_{number}/refunds"), &key, &body);
                assert!(back.get("errors").is_none(), "{back}");
            }
            if sale % 4 == 3 {
                let cancelled =
                    self.call(token, "customer_events/purchases/cancel", json!({"customer_event_identifier": {"id": made["id"]}}));
                // The answer may have been lost, and the purchase is cancelled already.
                let code = cancelled["status"]["code"].as_str().unwrap_or_default();
                assert!(["OK", "INVALID_LIFE_CYCLE_STATE"].contains(&code), "{cancelled}");
            }
        }
    }

    /// What the books say of a till's customer.
    fn books(&self, token: &str, till: usize) -> Value {
        let who = json!({"rewards_participant_identifier": {"number": format!("P-{till}")}});
        let with = |fields: &str| {
            let mut body = who.clone();
            body["fields_set"] = json!(fields);
            body
        };
        let fields = "reference_number,life_cycle_state,total_amount,returned_amount,total_awarded_amount,total_spend_amount";
        let purchases = self.ok(token, "customer_events/purchases/list", with(fields));
        assert_eq!(purchases.as_array().map(Vec::len), Some(SALES), "none is lost, none is there twice: {purchases}");
        let spends =
            self.ok(token, "customer_events/spend_requests/list", with("spend_amount,external_system_reference_number,life_cycle_state"));
        let balance = self.ok(token, "wallets/get_balance", with("balance,owed_amount,held_balance"));
        json!([purchases, spends, balance])
    }
}

/// Kills the server behind answers that a seed draws, while the tills are in the middle of their next requests.
fn killer(server: &Server<'_>, answered: &Receiver<Answered>, seed: u64) {
    let mut state = seed;
    for _ in 0..KILLS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for _ in 0..5 + (state >> 33) % 11 {
            if answered.recv_timeout(Duration::from_secs(60)).is_err() {
                return;
            }
        }
        server.kill();
    }
}

/// What a shop has before its tills sell.
pub(crate) fn open_shop(client: &Client) {
    client.make("/v1/schemes", &json!({"name": "Club", "code": "club"}));
    client.make("/v1/units", &json!({"name": "High Street", "code": "high"}));
    client.make("/v1/products", &json!({"code": "BREAD"}));
    client.make("/v1/offers", &json!({"text": "kind = \"reward\"\nname = \"Back\"\nscheme = \"club\"\n[award]\npercent = \"7%\"\n"}));
    for till in 0..TILLS {
        let made = client.make("/v1/participants", &json!({"name": format!("Customer {till}"), "number": format!("P-{till}")}));
        let welcome = json!({"participant": made["id"], "amount": 500, "reason": "Welcome"});
        client.send("POST", "/v1/adjustments", &format!("Idempotency-Key: welcome-{till}\r\n"), &welcome);
    }
}

/// A token for the classic surface.
pub(crate) fn token(client: &Client) -> String {
    let login = format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("{}:", client.secret)));
    let (address, _) = client.at.present.lock().expect("no test thread panicked").clone();
    let (_, answer) = exchange(&address, "POST", "/crmapi/rest/v2/authentication/web_api_key/token", &login, "").expect("an answer");
    answer["data"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A day of all tills at once.
pub(crate) fn sell(client: &Client, token: &str) {
    std::thread::scope(|scope| {
        for till in 0..TILLS {
            scope.spawn(move || client.day(token, till));
        }
    });
}

/// What the books say of the customers of all tills.
pub(crate) fn books(client: &Client, token: &str) -> Value {
    (0..TILLS).map(|till| client.books(token, till)).collect()
}

/// A day of the tills on a fresh shop; answers its books.
fn day(place: &Place, seed: Option<u64>) -> Value {
    let secret =
        place.ok(&["key", "create", "--label", "tills", "--scope", "admin", "--json"]).json()["secret"].as_str().expect("a key").to_owned();
    let server = Server::start(place);
    let (tell, answered) = channel();
    let client = server.client(&secret, tell);
    open_shop(&client);
    let token = token(&client);
    while answered.try_recv().is_ok() {}
    std::thread::scope(|scope| {
        scope.spawn(|| sell(&client, &token));
        if let Some(seed) = seed {
            killer(&server, &answered, seed);
        }
    });
    let starts = server.at.present.lock().expect("no test thread panicked").1;
    assert_eq!(starts, if seed.is_some() { KILLS } else { 0 }, "the server was killed while the tills sold");
    let books = books(&client, &token);
    // The last cut: what verifies is what a crash left.
    drop(server);
    place.ok(&["verify"]);
    books
}

pub(crate) const INIT: [&str; 7] = ["init", "--name", "Acme", "--zone", "Europe/Berlin", "--currency", "EUR"];

fn on_the_embedded_database(encryption: &str, seed: Option<u64>) -> Value {
    let place = Place::empty().set("MEED_ENCRYPTION", encryption);
    place.ok(&INIT);
    day(&place, seed)
}

#[test]
fn led_005_tills_of_a_killed_server_have_the_books_of_a_quiet_day_on_plain_sqlite() {
    let quiet = on_the_embedded_database("off", None);
    println!("seed 1");
    assert_eq!(on_the_embedded_database("off", Some(1)), quiet);
}

#[test]
fn led_005_tills_of_a_killed_server_have_the_books_of_a_quiet_day_on_encrypted_sqlite() {
    let quiet = on_the_embedded_database("on", None);
    println!("seed 2");
    assert_eq!(on_the_embedded_database("on", Some(2)), quiet);
}

#[test]
fn led_005_tills_of_a_killed_server_have_the_books_of_a_quiet_day_on_postgresql() {
    let url = std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server");
    let day_of = |name: &str, seed: Option<u64>| {
        // The server is shared by the tests of a run; a workspace of its own keeps them apart.
        let slug = format!("kills-{name}-{}", std::process::id());
        let place = Place::empty().set("MEED_DATABASE", &url).set("MEED_WORKSPACE", &slug).set("MEED_KEY", KEY);
        place.ok(&[&INIT[..], &["--slug", &slug]].concat());
        day(&place, seed)
    };
    println!("seed 3");
    assert_eq!(day_of("cut", Some(3)), day_of("quiet", None));
}
