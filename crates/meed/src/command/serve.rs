//! `meed serve`: the pages and the API, until it is told to stop.

use std::sync::Arc;

use clap::Args;
use meed_app::access::{keys, users};
use meed_app::{App, imports, workspaces};
use meed_core::id::Id;
use meed_server::{ServeOptions, ServerState, TlsFiles, bind, serve};

use crate::cli::ServerFlags;
use crate::config::{ServerSettings, Settings};
use crate::failure::{Failure, Verdict};
use crate::open::{Begin, open};
use crate::output::print;

const EXAMPLES: &str = "\
Examples:
  meed serve                                                   http://127.0.0.1:8080
  meed serve --listen 9000
  meed serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem --public-url https://meed.acme.example
  meed serve --listen 0.0.0.0:8080 --allow-plain               behind a proxy that ends TLS
  MEED_DATABASE=postgres://meed:secret@db/meed meed serve

Until somebody has set a password, every start prints a link that signs in once within 30 minutes.
Ctrl-C or SIGTERM lets requests under way finish, then stops. An import that is cut off goes on at the next start.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    server: ServerFlags,
    /// E-mail address of the first administrator, where there is none yet
    #[arg(long, value_name = "EMAIL", default_value = "admin@localhost")]
    admin: String,
}

pub(crate) async fn run(args: ServeArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let server = ServerSettings::gather(&args.server, &settings.file)?;
    let listener = Listener::bind(&server)?;
    let opened = open(settings, Begin::Allowed).await?;
    let mut notices = opened.notices;
    let app = opened.app;
    if workspaces::list(&app).await?.is_empty() {
        workspaces::create(&app, "main", "My company", "live", "UTC", "USD").await?;
        notices.push(
            "A workspace `main` was made with zone UTC and currency USD. Run `meed init` before the first start for others.".to_owned(),
        );
    }
    if let Some(link) = first_link(&app, &args.admin).await? {
        notices.push(format!("Sign in with this link, once, within 30 minutes:\n  {}{link}", listener.url));
    }
    for notice in notices {
        eprintln!("{notice}");
    }
    listener.serve(app).await
}

/// A link for the first administrator, until somebody has a password.
pub(crate) async fn first_link(app: &App, email: &str) -> Result<Option<String>, Failure> {
    let all = users::list(app).await?;
    if all.iter().any(|user| user.has_password) {
        return Ok(None);
    }
    let Some(workspace) = workspaces::list(app).await?.first().map(|w| Id(w.workspace)) else { return Ok(None) };
    let (name, email) = all.first().map_or(("Administrator", email), |user| (user.name.as_str(), user.email.as_str()));
    let (_, token) = users::invite(app, workspace, name, email).await?;
    Ok(Some(format!("/welcome/{token}")))
}

/// A bound address: taken before the data is opened, so that a port in use is told at once.
pub(crate) struct Listener {
    socket: std::net::TcpListener,
    tls: Option<TlsFiles>,
    is_secure: bool,
    /// The address people use.
    pub(crate) url: String,
}

impl Listener {
    pub(crate) fn bind(server: &ServerSettings) -> Result<Self, Failure> {
        let tls = server.tls.clone().map(|(certificate, key)| TlsFiles { certificate, key });
        for file in tls.iter().flat_map(|files| [&files.certificate, &files.key]) {
            std::fs::File::open(file).map_err(|e| Failure::file(file, &e))?;
        }
        let options = ServeOptions { listen: server.listen, tls: tls.clone(), allow_plain: server.allow_plain };
        let listener = bind(&options).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidInput => Failure::usage("listen_refused", error.to_string()).at("listen"),
            std::io::ErrorKind::AddrInUse => Failure::fault("address_in_use", format!("something else listens on {}", server.listen))
                .advise("choose another one with --listen, or stop the other process"),
            _ => Failure::fault("listen_failed", error.to_string()).at(server.listen.to_string()),
        })?;
        let bound = listener.local_addr().map_err(|e| Failure::fault("listen_failed", e.to_string()))?;
        let url = server.url(bound);
        let is_secure = tls.is_some() || !bound.ip().is_loopback() || url.starts_with("https://");
        Ok(Self { socket: listener, tls, is_secure, url })
    }

    /// Serves until the process is told to stop.
    pub(crate) async fn serve(self, app: Arc<App>) -> Result<Verdict, Failure> {
        for workspace in workspaces::list(&app).await? {
            let resumed = imports::resume_all(&app, Id(workspace.workspace)).await?;
            if resumed > 0 {
                eprintln!("{resumed} imports of `{}` go on where they stopped.", workspace.slug);
            }
        }
        // Before the address is told: who reads it may stop the server at once.
        let stop = stop()?;
        let current = tokio::spawn(crate::current::keep_current(Arc::clone(&app)));
        print(&format!("Meed serves {}\n", self.url))?;
        let state = ServerState { app: Arc::clone(&app), is_secure: self.is_secure, public_url: self.url };
        let served = serve(self.socket, state, self.tls, stop).await;
        current.abort();
        if let Err(error) = keys::write_uses(&app).await {
            tracing::warn!(%error, "the last use of keys could not be kept");
        }
        let closing = tokio::task::spawn_blocking(move || app.store().close());
        closing.await.map_err(|_| Failure::fault("bug", "closing the data failed"))?;
        served.map_err(|e| Failure::fault("serving_failed", e.to_string()))?;
        Ok(Verdict::Clean)
    }
}

/// Completes on Ctrl-C or SIGTERM. From the call on neither ends the process at once.
#[cfg(unix)]
fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|e| Failure::fault("signals", format!("the process cannot listen for signals: {e}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Completes on Ctrl-C.
#[cfg(not(unix))]
fn stop() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    Ok(async {
        // Without a handler Ctrl-C ends the process by itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
