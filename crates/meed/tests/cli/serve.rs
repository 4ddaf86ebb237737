//! `meed serve`: address, sign-in link, lock, graceful stop.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::running::Place;

/// A running server; ended with its test.
struct Server {
    child: Child,
    /// Host and port.
    address: String,
    /// What it wrote to stdout before the address.
    before: String,
}

impl Server {
    fn start(place: &Place, args: &[&str]) -> Self {
        let child = place.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut server = Self { child, address: String::new(), before: String::new() };
        for line in BufReader::new(server.child.stdout.take().expect("stdout")).lines() {
            let line = line.expect("text");
            if let Some(address) = line.strip_prefix("Meed serves http://") {
                address.clone_into(&mut server.address);
                return server;
            }
            server.before.push_str(&line);
            server.before.push('\n');
        }
        let mut err = String::new();
        server.child.stderr.take().expect("stderr").read_to_string(&mut err).expect("text");
        panic!("the server did not start: {}{err}", server.before);
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Asks the process to end as a service manager does, and answers its exit code and what it said on stderr.
    fn stop(mut self) -> (Option<i32>, String) {
        let status = std::process::Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success());
        let mut err = String::new();
        self.child.stderr.take().expect("stderr").read_to_string(&mut err).expect("text");
        (self.child.wait().expect("it ends").code(), err)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended where the test stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_start_prints_a_link_that_works_and_sigterm_ends_it_cleanly() {
    let place = Place::empty();
    let server = Server::start(&place, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(server.get("/").starts_with("HTTP/1.1 "));
    place.file("people.toml", "[[rep]]\nname = \"Ana\"\n");
    let refused = place.fails(&["people", "apply", "people.toml"], 1, "database_in_use");
    assert!(refused.err.contains("next: do it on the server's pages"), "{}", refused.err);
    assert_eq!(place.ok(&["people", "list", "--json"]).json()["reps"], serde_json::json!([]), "reading works beside it");
    place.ok(&["verify"]);
    place.ok(&["doctor"]);
    place.ok(&["backup", "copy"]);
    place.file("sales.csv", "Order No,Order Date,Amount\n1,2026-01-02,3.00\n");
    place.ok(&["import", "--dry-run", "--json", "sales.csv"]);
    let address = server.address.clone();
    let (code, err) = server.stop();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains(&format!("http://{address}/welcome/")), "{err}");
    assert_eq!(place.ok(&["people", "list", "--json"]).json()["reps"], serde_json::json!([]));
}

#[test]
fn plain_http_beyond_this_machine_is_refused_unless_it_is_allowed() {
    let place = Place::empty();
    place.fails(&["serve", "--listen", "0.0.0.0:0"], 2, "--tls-cert");
    assert!(!place.path().join("meed-data").exists(), "the address is looked at before data is made");
    place.fails(&["serve", "--listen", "nonsense"], 2, "config_invalid");
    place.fails(&["serve", "--tls-cert", "chain.pem"], 2, "a certificate needs its private key");
    place.fails(&["serve", "--tls-cert", "chain.pem", "--tls-key", "key.pem"], 3, "chain.pem");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    place.fails(&["serve", "--listen", &address], 3, "address_in_use");
}

#[test]
fn the_demo_serves_and_prints_its_link() {
    let place = Place::empty();
    place.ok(&["demo", "--no-serve"]);
    let server = Server::start(&place, &["demo", "--listen", "127.0.0.1:0"]);
    assert!(server.before.contains(&format!("http://{}/welcome/", server.address)), "{}", server.before);
    assert_eq!(server.stop().0, Some(0));
}
