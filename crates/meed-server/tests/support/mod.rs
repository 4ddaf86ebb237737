//! A site in one process on a database of its own: for tests that call it and for tests that look at it in a browser.

#![allow(dead_code, missing_docs, unreachable_pub, clippy::expect_used)]

pub mod company;
pub mod shop;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use meed_app::access::{roles, users};
use meed_app::{App, Context, Role, workspaces};
use meed_core::id::Id;
use meed_server::{ServerState, router};
use tower::ServiceExt;

/// The password of everybody.
pub const PASSWORD: &str = "Aurora-2026";
/// The address of the first administrator.
pub const EMAIL: &str = "ines@halden.example";

/// A site.
pub struct Site {
    pub app: Arc<App>,
    pub router: Router,
    pub state: ServerState,
    pub workspace: Id,
    clock: Arc<AtomicI64>,
    folder: tempfile::TempDir,
}

/// Opens a site with an empty workspace. It is noon on 1 April 2026.
pub async fn site() -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let start: Timestamp = "2026-04-01T10:00:00Z".parse().expect("a time");
    let clock = Arc::new(AtomicI64::new(start.as_microsecond()));
    let app = meed_testkit::open_app(folder.path(), &clock).await;
    let workspace = workspaces::create(&app, "halden", "Halden Instruments", "live", "Europe/Berlin", "EUR").await.expect("a workspace");
    let state = ServerState { app: Arc::clone(&app), is_secure: false, public_url: "http://localhost".to_owned() };
    Site { router: router(state.clone()), app, state, workspace, clock, folder }
}

impl Site {
    /// What use cases get when a test calls them itself.
    pub fn ctx(&self) -> Context {
        Context::system(self.workspace)
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// A one-time link for the first administrator.
    pub async fn link(&self) -> String {
        let (_, token) = users::invite(&self.app, self.workspace, "Ines Albrecht", EMAIL).await.expect("a link");
        format!("/welcome/{token}")
    }

    /// A visitor without cookies.
    pub fn visitor(&self) -> Visitor {
        Visitor { router: self.router.clone(), cookies: BTreeMap::new(), csrf: String::new() }
    }

    /// The administrator, signed in by a one-time link.
    pub async fn operator(&self) -> Visitor {
        let link = self.link().await;
        let mut visitor = self.visitor();
        visitor.get(&link).await;
        let fields = [("name", "Ines Albrecht"), ("password", PASSWORD), ("password_again", PASSWORD)];
        let entered = visitor.post(&link, &fields).await;
        assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/"), "{}", entered.body);
        visitor.get("/").await;
        visitor
    }

    /// A one-time link for somebody with a role: an administrator or a cashier, or a rep as payee or manager.
    pub async fn link_of(&self, role: Role, rep: Option<Id>) -> String {
        let ctx = self.ctx();
        let token = match rep {
            Some(rep) => {
                let entry = meed_app::people::rep(&self.app, &ctx, rep).await.expect("the rep");
                users::invite_payee(&self.app, &ctx, &entry, role).await.expect("a link")
            }
            None => {
                let email = format!("{}@halden.example", role.word());
                roles::invite(&self.app, &ctx, role.word(), &email, role).await.expect("a link").1
            }
        };
        format!("/welcome/{token}")
    }

    /// Somebody with a role, signed in.
    pub async fn person(&self, role: Role, rep: Option<Id>) -> Visitor {
        let link = self.link_of(role, rep).await;
        let mut visitor = self.visitor();
        visitor.get(&link).await;
        let entered = visitor.post(&link, &[("name", ""), ("password", PASSWORD), ("password_again", PASSWORD)]).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.body);
        visitor.get("/statements").await;
        visitor
    }

    /// Serves the site on a free port of this machine.
    pub async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let service = self.router.clone().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        address
    }
}

/// A file of the intake's samples.
pub fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../meed-intake/tests/samples").join(name)
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: String,
}

impl Answer {
    /// Where a redirect leads; empty for other answers.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Whether the page says this.
    pub fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The first text between two others.
    pub fn between(&self, start: &str, end: &str) -> &str {
        between(&self.body, start, end).unwrap_or_else(|| panic!("no `{start}` … `{end}` in\n{}", self.body))
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

/// A browser without a screen: it keeps cookies and the token of the last page.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    pub csrf: String,
}

impl Visitor {
    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        if !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request.headers_mut().insert(header::COOKIE, line.join("; ").parse().expect("a cookie line"));
        }
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("cookies are text");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = to_bytes(body, 64 << 20).await.expect("a body").to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(csrf) = between(&body, "name=\"csrf\" value=\"", "\"") {
            csrf.clone_into(&mut self.csrf);
        }
        Answer { status: parts.status, headers: parts.headers, bytes, body }
    }

    /// Opens an address.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// Opens an address and follows redirects.
    pub async fn open(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path).await;
        for _ in 0..5 {
            if answer.status != StatusCode::SEE_OTHER {
                break;
            }
            let to = answer.location().to_owned();
            answer = self.get(&to).await;
        }
        answer
    }

    /// Sends a form with the token of the last page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let all: Vec<(&str, &str)> = std::iter::once(("csrf", csrf.as_str())).chain(fields.iter().copied()).collect();
        self.post_raw(path, &serde_urlencoded::to_string(all).expect("a form")).await
    }

    /// Sends a form as it stands.
    pub async fn post_raw(&mut self, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Uploads a file with the token of the last page.
    pub async fn upload(&mut self, source: &str, source_name: &str, file_name: &str, bytes: &[u8]) -> Answer {
        let csrf = self.csrf.clone();
        self.upload_parts(&[("csrf", &csrf), ("source", source), ("source_name", source_name)], file_name, bytes).await
    }

    /// Sends a form with a sheet, the token of the last page first.
    pub async fn post_sheet(&mut self, path: &str, fields: &[(&str, &str)], sheet: &str) -> Answer {
        let csrf = self.csrf.clone();
        let all: Vec<(&str, &str)> = std::iter::once(("csrf", csrf.as_str())).chain(fields.iter().copied()).collect();
        let name = if sheet.is_empty() { "" } else { "sheet.csv" };
        self.post_parts(path, &all, name, sheet.as_bytes()).await
    }

    /// Uploads a file with these fields before it.
    pub async fn upload_parts(&mut self, fields: &[(&str, &str)], file_name: &str, bytes: &[u8]) -> Answer {
        self.post_parts("/imports", fields, file_name, bytes).await
    }

    async fn post_parts(&mut self, path: &str, fields: &[(&str, &str)], file_name: &str, bytes: &[u8]) -> Answer {
        const LINE: &str = "----meed-test-boundary";
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(format!("--{LINE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        let disposition = format!("--{LINE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n");
        body.extend(disposition.bytes());
        body.extend(b"Content-Type: text/csv\r\n\r\n");
        body.extend(bytes);
        body.extend(format!("\r\n--{LINE}--\r\n").bytes());
        let request = Request::post(path).header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={LINE}"));
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    /// Waits until an import has ended, and opens its result. Every look at it is a request, so nothing is timed.
    pub async fn result_of(&mut self, import: &str) -> Answer {
        loop {
            let answer = self.get(&format!("/imports/{import}")).await;
            if answer.status != StatusCode::SEE_OTHER {
                return answer;
            }
            assert!(answer.location().ends_with("/progress"), "{}", answer.location());
            tokio::task::yield_now().await;
        }
    }
}
