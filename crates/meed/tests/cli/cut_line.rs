//! A scripted till: it speaks HTTP alone, to a server in a process of its own. Its line is cut at every step of the sale, in
//! every way, and it sends again what it sent. The books are those of a till whose line held (`pos-loyalty.md` §4, DESIGN §9).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::running::Place;
use crate::till_kills::INIT;
use crate::whole_way::KEY;

/// How a line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// Opened, and closed before anything was sent.
    Unsent,
    /// Within the head of the request.
    Head,
    /// Within its body.
    Body,
    /// After all of it was sent, before the answer.
    Answer,
    /// Within the answer.
    Half,
    /// After the answer came whole, which the till forgets.
    Lost,
}

const CUTS: [Cut; 6] = [Cut::Unsent, Cut::Head, Cut::Body, Cut::Answer, Cut::Half, Cut::Lost];
/// What a till sends for a sale: see [`Till::sale`].
const STEPS: usize = 12;
const CUSTOMERS: usize = 3;
/// When, to the business: long ago, so that no clock disagrees.
const WHEN: &str = "2026-01-05T10:00:00";

/// Which of the steps are cut.
#[derive(Clone, Copy, Debug)]
enum Day {
    Quiet,
    /// In the n-th sale, the step n modulo the steps, each in every way.
    Cut,
    /// Every step of every sale in every way.
    Torn,
}

/// One request over a line of its own, cut if that is said; `None`: no whole answer came.
fn exchange(address: &str, head: &str, body: &str, cut: Option<Cut>) -> Option<Value> {
    let mut line = TcpStream::connect(address).expect("the server listens");
    line.set_read_timeout(Some(Duration::from_secs(60))).expect("a line");
    let request = format!("{head}Host: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let sent = match cut {
        Some(Cut::Unsent) => 0,
        Some(Cut::Head) => head.len() + 3,
        Some(Cut::Body) => request.len() - body.len() / 2 - 1,
        _ => request.len(),
    };
    line.write_all(&request.as_bytes()[..sent]).expect("sent");
    line.flush().expect("sent");
    let mut answer = Vec::new();
    match cut {
        None | Some(Cut::Lost) => drop(line.read_to_end(&mut answer)),
        Some(Cut::Half) => {
            let mut some = [0; 40];
            let _ = line.read(&mut some);
        }
        Some(_) => {}
    }
    let _ = line.shutdown(Shutdown::Both);
    if cut.is_some() {
        return None;
    }
    let text = String::from_utf8(answer).expect("text");
    let (_, body) = text.split_once("\r\n\r\n")?;
    Some(serde_json::from_str(body).unwrap_or_else(|_| panic!("{head}: {text}")))
}

struct Till {
    address: String,
    secret: String,
    day: Day,
    /// The ids of the customers.
    people: Vec<Value>,
}

impl Till {
    /// Sends a request until its answer came; whatever is cut, it is the very same again.
    fn send(&self, (sale, step): (usize, usize), method: &str, path: &str, more: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} {path} HTTP/1.1\r\nContent-Type: application/json\r\n{more}");
        let cuts: &[Cut] = match self.day {
            Day::Cut if sale % STEPS == step => &CUTS,
            Day::Cut | Day::Quiet => &[],
            Day::Torn => &CUTS,
        };
        for cut in cuts {
            exchange(&self.address, &head, &body, Some(*cut));
        }
        exchange(&self.address, &head, &body, None).unwrap_or_else(|| panic!("{path}: no answer"))
    }

    fn crm(&self, at: (usize, usize), token: &str, method: &str, key: Option<&str>, mut body: Value) -> Value {
        body["token"] = json!(token);
        let more = key.map(|key| format!("Idempotency-Key: {key}\r\n")).unwrap_or_default();
        let answer = self.send(at, "POST", &format!("/crmapi/rest/v2/{method}"), &more, &body);
        assert_eq!(answer["status"]["code"], "OK", "{method} at {at:?}: {answer}");
        answer["data"].clone()
    }

    fn v1(&self, at: (usize, usize), path: &str, key: &str, body: &Value) -> Value {
        let more = format!("Authorization: Bearer {}\r\nIdempotency-Key: {key}\r\n", self.secret);
        let answer = self.send(at, "POST", path, &more, body);
        assert!(answer.get("errors").is_none() && answer.get("request_id").is_none(), "{path}: {answer}");
        answer
    }

    fn token(&self, at: (usize, usize)) -> String {
        let login = format!("Authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("{}:", self.secret)));
        let answer = self.send(at, "POST", "/crmapi/rest/v2/authentication/web_api_key/token", &login, &Value::Null);
        answer["data"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The five steps of the sale, and what may follow: another sale with its spend in one call, a part that comes back, a
    /// hold that is used in part, a spend that is cancelled, a sale that is cancelled.
    fn sale(&self, sale: usize) {
        let at = |step: usize| (sale, step);
        let amount = 10 + sale;
        let token = self.token(at(0));
        let who = json!({"access_token_identifier": {"authentication_code": format!("card-{}", sale % CUSTOMERS)}});
        let shown = self.crm(at(1), &token, "rewards_participants/show", None, json!({"rewards_participant_identifier": who}));
        let basket = json!([{"product_identifier": {"code": "BREAD"}, "net_amount": amount, "vat_amount": 0, "total_amount": amount}]);
        let mut purchase = json!({
            "rewards_participant_identifier": {"id": shown["id"]},
            "performed_by_unit_identifier": {"alternative_code": "high"},
            "performed_on": WHEN,
            "reference_number": format!("R-{sale}"),
            "products_set": basket,
        });
        let seen = self.crm(at(2), &token, "customer_events/purchases/preview", None, purchase.clone());
        // What makes a sale the same one again: a reference of the till's own, or a key.
        let key = format!("sale-{sale}");
        let key = if sale.is_multiple_of(2) {
            purchase["external_system"] = json!("till-7");
            purchase["external_system_reference_number"] = json!(format!("x{sale}"));
            None
        } else {
            Some(key.as_str())
        };
        let made = self.crm(at(3), &token, "customer_events/purchases/create", key, purchase.clone());
        assert_eq!(made["total_awarded_amount"], seen["total_award_amount"], "as it was promised");
        let spent = self.crm(
            at(4),
            &token,
            "customer_events/spend_requests/create",
            None,
            json!({
                "rewards_participant_identifier": {"id": shown["id"]},
                "purchase_customer_request_identifier": {"id": made["id"]},
                "performed_by_unit_identifier": {"alternative_code": "high"},
                "performed_on": WHEN,
                "spend_amount": 1.25,
                "external_system": "till-7",
                "external_system_reference_number": format!("s{sale}"),
            }),
        );
        let which = json!({"customer_event_identifier": {"id": made["id"]}});
        let closed = self.crm(at(5), &token, "customer_events/purchases/show", None, which.clone());
        assert_eq!(closed["total_spend_amount"], spent["spend_amount"], "the redemption on the receipt");
        let both = self.crm(at(6), &token, "customer_events/purchases/create_spend", None, json!({
            "rewards_participant_identifier": {"id": shown["id"]},
            "performed_by_unit_identifier": {"alternative_code": "high"},
            "performed_on": WHEN,
            "external_system": "till-7",
            "purchase": {"reference_number": format!("B-{sale}"), "external_system_reference_number": format!("b{sale}"), "products_set": basket},
            "spend_request": {"spend_amount": 0.75},
        }));
        assert!(both.is_object(), "{both}");
        let number = made["number"].as_str().expect("a number").to_lowercase();
        let part = json!({"lines": [{"line": 0, "amount": 333}], "note": "too much"});
        self.v1(at(7), &format!("/v1/purchases/pur_{number}/refunds"), &format!("back-{sale}"), &part);
        let hold =
            self.v1(at(8), "/v1/holds", &format!("hold-{sale}"), &json!({"participant": self.people[sale % CUSTOMERS], "amount": 50}));
        let hold = hold["hold"].as_str().unwrap_or_else(|| panic!("{hold}")).to_owned();
        self.v1(at(9), &format!("/v1/holds/{hold}/capture"), &format!("capture-{sale}"), &json!({"amount": 20}));
        if sale % 3 == 1 {
            let spend = json!({"customer_event_identifier": {"id": spent["id"]}});
            self.crm(at(10), &token, "customer_events/spend_requests/cancel", Some(&format!("undo-{sale}")), spend);
        }
        if sale % 4 == 3 {
            self.crm(at(11), &token, "customer_events/purchases/cancel", Some(&format!("cancel-{sale}")), which);
        }
    }

    /// What the books say of a customer.
    fn books(&self, token: &str, customer: usize) -> Value {
        let read = |method: &str, fields: &str| {
            let who = json!({"number": format!("P-{customer}")});
            let body = json!({"rewards_participant_identifier": who, "number_of_results": 100, "fields_set": fields});
            self.crm((usize::MAX, 0), token, method, None, body)
        };
        let purchases = read(
            "customer_events/purchases/list",
            "reference_number,life_cycle_state,total_amount,returned_amount,total_awarded_amount,total_spend_amount",
        );
        let spends = read("customer_events/spend_requests/list", "spend_amount,external_system_reference_number,life_cycle_state");
        let journal = read("wallets/journal", "type,credit_amount,debit_amount");
        let balance = read("wallets/get_balance", "balance,owed_amount,held_balance");
        json!({"purchases": purchases, "spends": spends, "journal": journal, "balance": balance})
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A day of the till on a fresh shop; answers its books.
fn day(place: &Place, day: Day, sales: usize) -> Value {
    let secret =
        place.ok(&["key", "create", "--label", "till", "--scope", "admin", "--json"]).json()["secret"].as_str().expect("a key").to_owned();
    let mut child =
        place.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let running = Running(child);
    let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("Meed serves http://").map(str::to_owned));
    let mut till = Till { address: address.expect("it starts"), secret, day: Day::Quiet, people: Vec::new() };
    let at = (usize::MAX, 0);
    till.v1(at, "/v1/schemes", "scheme", &json!({"name": "Club", "code": "club"}));
    till.v1(at, "/v1/units", "unit", &json!({"name": "High Street", "code": "high"}));
    till.v1(at, "/v1/products", "product", &json!({"code": "BREAD"}));
    for (name, award) in [("Back", "percent = \"7%\""), ("Third", "amount = 2")] {
        let more = if name == "Third" { "stacks = true\nclass = \"number\"\nat_least = 3\n" } else { "" };
        let text = format!("kind = \"reward\"\nname = \"{name}\"\nscheme = \"club\"\n{more}[award]\n{award}\n");
        till.v1(at, "/v1/offers", name, &json!({"text": text}));
    }
    for customer in 0..CUSTOMERS {
        let means = json!([{"kind": "card", "code": format!("card-{customer}")}]);
        let person = json!({"name": format!("Customer {customer}"), "number": format!("P-{customer}"), "means": means});
        let made = till.v1(at, "/v1/participants", &format!("person-{customer}"), &person);
        till.people.push(made["id"].clone());
        let welcome = json!({"participant": made["id"], "amount": 500, "reason": "Welcome"});
        till.v1(at, "/v1/adjustments", &format!("welcome-{customer}"), &welcome);
    }
    till.day = day;
    (0..sales).for_each(|sale| till.sale(sale));
    till.day = Day::Quiet;
    let token = till.token(at);
    let books = (0..CUSTOMERS).map(|customer| till.books(&token, customer)).collect();
    drop(running);
    place.ok(&["verify"]);
    Value::Array(books)
}

/// A quiet day, one on which each step is cut in its turn, and one on which all are.
fn days(open: impl Fn(&str) -> Place) {
    for (name, cut, sales) in [("cut", Day::Cut, STEPS * 2), ("torn", Day::Torn, 6)] {
        let quiet = day(&open(&format!("{name}-quiet")), Day::Quiet, sales);
        assert_eq!(day(&open(name), cut, sales), quiet, "{name}");
    }
}

fn embedded(encryption: &str) -> Place {
    let place = Place::empty().set("MEED_ENCRYPTION", encryption);
    place.ok(&INIT);
    place
}

#[test]
fn a_till_whose_line_is_cut_at_every_step_keeps_the_same_books_on_plain_sqlite() {
    days(|_| embedded("off"));
}

#[test]
fn a_till_whose_line_is_cut_at_every_step_keeps_the_same_books_on_encrypted_sqlite() {
    days(|_| embedded("on"));
}

#[test]
fn a_till_whose_line_is_cut_at_every_step_keeps_the_same_books_on_postgresql() {
    let url = std::env::var("MEED_TEST_POSTGRES").expect("MEED_TEST_POSTGRES names a PostgreSQL server");
    days(|name| {
        // The server is shared by the tests of a run; a workspace of its own keeps them apart.
        let slug = format!("line-{name}-{}", std::process::id());
        let place = Place::empty().set("MEED_DATABASE", &url).set("MEED_WORKSPACE", &slug).set("MEED_KEY", KEY);
        place.ok(&[&INIT[..], &["--slug", &slug]].concat());
        place
    });
}
