//! This program as a child: a server, or a command, with data of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Engine;
use super::client::Connection;
use crate::failure::Failure;

/// A temporary folder with an installation in it.
pub(super) struct Installation {
    folder: PathBuf,
    engine: Engine,
    postgres: Option<String>,
}

fn fault(what: &str) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |e| Failure::fault("bench", format!("{what}: {e}"))
}

impl Installation {
    /// Makes a workspace in a fresh folder.
    pub(super) fn begin(engine: Engine, postgres: Option<&str>) -> Result<Self, Failure> {
        if engine == Engine::Postgres && postgres.is_none() {
            return Err(Failure::usage("postgres_missing", "name an empty database with --postgres"));
        }
        let name = meed_app::token().map_err(Failure::from)?;
        let folder = std::env::temp_dir().join(format!("meed-bench-{name}"));
        std::fs::create_dir_all(&folder).map_err(fault("making a folder"))?;
        let installation = Self { folder, engine, postgres: postgres.map(str::to_owned) };
        installation.run(&["init", "--name", "Bench", "--zone", "UTC", "--currency", "USD"])?;
        Ok(installation)
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn command(&self) -> Result<Command, Failure> {
        let mut command = Command::new(std::env::current_exe().map_err(fault("finding this program"))?);
        command.current_dir(&self.folder).env_clear().env("MEED_DATA", self.folder.join("data")).env("MEED_LOG", "error");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        match self.engine {
            Engine::Plain => command.env("MEED_ENCRYPTION", "off"),
            Engine::Encrypted => &mut command,
            Engine::Postgres => command.env("MEED_DATABASE", self.postgres.as_deref().unwrap_or_default()),
        };
        Ok(command)
    }

    /// Runs a command to its end and answers what it printed.
    pub(super) fn run(&self, args: &[&str]) -> Result<String, Failure> {
        self.measured(args).map(|(text, _, _)| text)
    }

    /// Runs a command and answers what it printed, how long it took, and its peak memory in KiB.
    pub(super) fn measured(&self, args: &[&str]) -> Result<(String, Duration, u64), Failure> {
        let start = Instant::now();
        let mut child =
            self.command()?.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(fault("starting a command"))?;
        let id = child.id();
        let output = std::thread::spawn({
            let stdout = child.stdout.take();
            move || stdout.map(std::io::read_to_string).transpose().map(Option::unwrap_or_default)
        });
        let errors = std::thread::spawn({
            let stderr = child.stderr.take();
            move || stderr.map(std::io::read_to_string).transpose().map(Option::unwrap_or_default)
        });
        let mut peak = 0;
        let status = loop {
            peak = peak_memory(id).unwrap_or(0).max(peak);
            match child.try_wait().map_err(fault("waiting for a command"))? {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let elapsed = start.elapsed();
        let read = |thread: std::thread::JoinHandle<std::io::Result<String>>| thread.join().ok().and_then(Result::ok).unwrap_or_default();
        let (text, errors) = (read(output), read(errors));
        if !status.success() {
            return Err(Failure::fault("bench", format!("`meed {}` failed: {errors}", args.join(" "))));
        }
        Ok((text, elapsed, peak))
    }

    /// Starts the server and waits for its first answer.
    pub(super) async fn serve(&self) -> Result<Server, Failure> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(fault("finding a port"))?.port();
        let address = format!("127.0.0.1:{port}");
        let start = Instant::now();
        let child = self
            .command()?
            .args(["serve", "--listen", &address])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(fault("starting the server"))?;
        let mut server = Server { child, address, first_answer: Duration::ZERO };
        let request = b"GET /login HTTP/1.1\r\nhost: bench\r\n\r\n";
        while start.elapsed() < Duration::from_secs(30) {
            if let Ok(mut connection) = Connection::open(&server.address).await
                && let Ok((200, _)) = connection.send(request).await
            {
                server.first_answer = start.elapsed();
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait().map_err(fault("waiting for the server"))? {
                return Err(Failure::fault("bench", format!("the server ended: {status}")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(Failure::fault("bench", "the server did not answer within 30 seconds"))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} could not be removed: {error}", self.folder.display());
        }
    }
}

/// A running server.
pub(super) struct Server {
    child: Child,
    /// Where it listens.
    pub(super) address: String,
    /// From start to the first answer.
    pub(super) first_answer: Duration,
}

impl Server {
    /// Resident memory now, in KiB.
    pub(super) fn memory(&self) -> u64 {
        status_line(self.child.id(), "VmRSS:").unwrap_or(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data is thrown away: it need not stop gently.
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}

fn peak_memory(process: u32) -> Option<u64> {
    status_line(process, "VmHWM:")
}

fn status_line(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|l| l.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
