//! A real browser through its driver.
//!
//! `WebDriver` is JSON over HTTP on this machine. This client is the part of it that the tests need; the ready-made ones
//! bring 40 to 60 further crates into the build. Waiting is left to the driver: it looks for an element until it is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Milliseconds that the driver looks for an element.
const PATIENCE_MS: u64 = 60_000;
/// The name under which `WebDriver` answers an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A window of a browser. It ends with the value.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

/// An element of the page as it was found.
#[derive(Clone, Debug)]
pub struct Element(String);

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser that it started when its session ends.
        let end = format!("DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", self.session);
        if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.write_all(end.as_bytes());
            let _ = stream.read(&mut [0; 1]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn program(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} must name the program; ./test sets it"))
}

/// How often an element may vanish with its page before a test gives up.
const STALE_MAX: u32 = 50;
/// How often a page is looked at, a tenth of a second apart, until it says what it should.
const LOOKS_MAX: u32 = 600;

/// Marks a page, so that the one that follows is known by the mark's absence.
pub const LEFT: &str = "window.left = true";

/// Where an element is looked for.
struct Place {
    using: &'static str,
    value: String,
}

impl Place {
    fn css(selector: &str) -> Self {
        Self { using: "css selector", value: selector.to_owned() }
    }

    /// A link, button or other element with this text.
    fn text(tag: &str, text: &str) -> Self {
        Self { using: "xpath", value: format!("//{tag}[contains(normalize-space(.), {})]", quoted(text)) }
    }
}

impl Browser {
    /// Starts a browser with a fresh profile and a window of 1280 by 900.
    pub async fn start() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Command::new(program("MEED_TEST_CHROMEDRIVER"))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("its output")).lines();
        let port = loop {
            let line = lines.next().expect("the driver says its port").expect("text");
            if let Some((_, rest)) = line.split_once("successfully on port ") {
                break rest.trim_end_matches('.').parse().expect("a port");
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let profile_flag = format!("--user-data-dir={}", profile.path().display());
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1280,900",
            profile_flag.as_str(),
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": program("MEED_TEST_CHROMIUM"), "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "implicit": PATIENCE_MS, "pageLoad": 60_000, "script": 60_000 },
        }}});
        let mut browser = Self { driver, port, session: String::new(), _profile: profile };
        let made = browser.ask("POST", "/session", &wanted).await;
        made["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        browser.size(1280, 900).await;
        browser
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, value) = self.exchange(method, path, body).await;
        assert!(status == 200, "{method} {path} {body}: {} {}", value["error"], value["message"]);
        value
    }

    /// One request on a connection of its own.
    async fn exchange(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("the driver listens");
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream.write_all(body.as_bytes()).await.expect("sent");
        // The driver keeps the connection open whatever it is asked, so the length says where the answer ends.
        let mut answer = Vec::new();
        let (head, body) = loop {
            let text = String::from_utf8_lossy(&answer).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
                if body.len() >= length.unwrap_or(0usize) {
                    break (head.to_owned(), body.to_owned());
                }
            }
            assert!(stream.read_buf(&mut answer).await.expect("an answer") > 0, "the driver hung up");
        };
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let value: Value = serde_json::from_str(&body).expect("JSON");
        (status, value["value"].clone())
    }

    async fn of_session(&self, method: &str, path: &str, body: Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), &body).await
    }

    /// A command of the browser's own protocol.
    pub async fn protocol(&self, command: &str, parameters: Value) -> Value {
        self.of_session("POST", "/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// Makes the page this large, below what a window may be.
    pub async fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.protocol("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Light or dark, as the device of the reader says.
    pub async fn colours(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.protocol("Emulation.setEmulatedMedia", features).await;
    }

    /// From now on pages run no scripts.
    pub async fn without_scripts(&self) {
        self.protocol("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.of_session("POST", "/url", json!({ "url": url })).await;
    }

    /// The present address.
    pub async fn url(&self) -> String {
        self.of_session("GET", "/url", Value::Null).await.as_str().expect("an address").to_owned()
    }

    /// The first element of a selector. Waits until there is one.
    pub async fn find(&self, css: &str) -> Element {
        self.first(&Place::css(css)).await
    }

    async fn first(&self, place: &Place) -> Element {
        let found = self.of_session("POST", "/element", json!({ "using": place.using, "value": place.value })).await;
        Element(found[ELEMENT].as_str().expect("an element").to_owned())
    }

    /// Does something with the first element at a place. A page may lead on (or load itself anew) between finding the element
    /// and using it: then it is looked for again on the page that is there now.
    async fn with(&self, place: &Place, method: &str, action: &str, body: &Value) -> Value {
        for _ in 0..STALE_MAX {
            let element = self.first(place).await;
            let path = format!("/session/{}/element/{}/{action}", self.session, element.0);
            let (status, value) = self.exchange(method, &path, body).await;
            let message = value["message"].as_str().unwrap_or_default();
            // The driver's two ways to say that the element's page is gone.
            if value["error"] == "stale element reference" || message.contains("does not belong to the document") {
                continue;
            }
            assert!(status == 200, "{action} of {}: {} {}", place.value, value["error"], value["message"]);
            return value;
        }
        panic!("{} went stale {STALE_MAX} times", place.value);
    }

    /// Whether the page has an element of a selector now.
    pub async fn has(&self, css: &str) -> bool {
        self.script("return document.querySelector(arguments[0]) !== null", &[json!(css)]).await == json!(true)
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) {
        self.with(&Place::css(css), "POST", "click", &json!({})).await;
    }

    /// Clicks a link or button with this text.
    pub async fn click_text(&self, tag: &str, text: &str) {
        self.with(&Place::text(tag, text), "POST", "click", &json!({})).await;
    }

    /// Presses what sends a form, and waits for the page that answers.
    pub async fn send(&self, css: &str) {
        self.script(LEFT, &[]).await;
        self.click(css).await;
        self.arrives().await;
    }

    /// Presses the button with this text, which sends a form, and waits for the page that answers.
    pub async fn send_text(&self, text: &str) {
        self.script(LEFT, &[]).await;
        self.click_text("button", text).await;
        self.arrives().await;
    }

    /// Waits for the page that follows the one that was marked with [`LEFT`].
    pub async fn arrives(&self) {
        for _ in 0..LOOKS_MAX {
            let is_there = self.script("return !window.left && document.readyState === 'complete'", &[]).await;
            if is_there == json!(true) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("no answer came: {}", self.text("main").await);
    }

    /// Types into an empty field.
    pub async fn type_into(&self, css: &str, text: &str) {
        self.with(&Place::css(css), "POST", "clear", &json!({})).await;
        self.with(&Place::css(css), "POST", "value", &json!({ "text": text })).await;
    }

    /// Chooses a file.
    pub async fn choose_file(&self, css: &str, file: &Path) {
        let file = file.canonicalize().expect("the file exists");
        self.with(&Place::css(css), "POST", "value", &json!({ "text": file })).await;
    }

    /// Chooses an option of a select by its value, as a person does.
    pub async fn choose(&self, css: &str, value: &str) {
        self.click(&format!("{css} option[value=\"{value}\"]")).await;
    }

    /// The text of an element. Waits until there is one.
    pub async fn text(&self, css: &str) -> String {
        self.with(&Place::css(css), "GET", "text", &Value::Null).await.as_str().expect("text").to_owned()
    }

    /// Waits until the first element of a selector says this.
    pub async fn says(&self, css: &str, words: &str) {
        let mut text = String::new();
        for _ in 0..LOOKS_MAX {
            text = self.text(css).await;
            if text.contains(words) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{css} of {} does not say {words:?} but {text:?}", self.url().await);
    }

    /// Waits until the address ends like this.
    pub async fn arrives_at(&self, end: &str) {
        for _ in 0..LOOKS_MAX {
            if self.url().await.ends_with(end) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{} does not end with {end}", self.url().await);
    }

    /// Runs a script and answers what it returns.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.of_session("POST", "/execute/sync", json!({ "script": script, "args": arguments })).await
    }

    /// Runs a script that hands its result to its last argument.
    pub async fn script_async(&self, script: &str, arguments: &[Value]) -> Value {
        self.of_session("POST", "/execute/async", json!({ "script": script, "args": arguments })).await
    }

    /// What the console said since the last question: errors, warnings, violations of the content policy.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.of_session("POST", "/se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let is_loud = |entry: &&Value| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"));
        entries.iter().filter(is_loud).map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The whole page as a picture.
    pub async fn picture(&self, file: &Path) {
        let metrics = self.protocol("Page.getLayoutMetrics", json!({})).await;
        let size = &metrics["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let taken = self.protocol("Page.captureScreenshot", json!({ "captureBeyondViewport": true, "clip": clip })).await;
        let bytes = BASE64_STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base 64");
        std::fs::write(file, bytes).expect("the picture is written");
    }
}

/// A text in an `XPath`.
fn quoted(text: &str) -> String {
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}
