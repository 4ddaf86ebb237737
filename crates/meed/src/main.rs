//! The Meed binary: configuration and command line.
//!
//! A command reads its arguments, opens the data once, calls use cases and prints. Results go to stdout, everything else
//! to stderr. Exit codes: 0 done, 1 refused or differences found, 2 wrong usage, 3 something outside failed.

mod bench;
mod cli;
mod command;
mod config;
mod current;
mod demo;
mod failure;
mod open;
mod output;
mod people_file;
mod sheet;

use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use cli::Cli;
use config::Settings;
use failure::{Failure, Verdict};

/// A quarter of what the writing thread did was taking and giving back memory of the C library; SQLite's memory comes from here too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long threads may take to end.
const SHUTDOWN_MAX: std::time::Duration = std::time::Duration::from_secs(3);

fn main() -> ExitCode {
    // clap answers --help, --version and wrong usage itself, with exit code 2 for the last.
    let cli = Cli::parse();
    match run(cli) {
        Ok(verdict) => verdict.exit_code(),
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<Verdict, Failure> {
    let settings = Settings::gather(&cli.global)?;
    start_log(&settings.log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::fault("runtime", format!("the process cannot start its threads: {e}")))?;
    let opened = settings.opened.clone();
    let result = runtime.block_on(command::run(cli.command, settings));
    // Connections are closed before the process ends: the encryption library clears its state at exit and must not be in
    // use by then. A thread that waits for a peer may not hold the process back for long; what was answered is durable.
    if let Some(app) = opened.get() {
        app.store().close();
    }
    runtime.shutdown_timeout(SHUTDOWN_MAX);
    drop(opened);
    result
}

/// Logs go to stderr, so that stdout holds results alone.
fn start_log(filter: &str) {
    let wanted = filter.parse::<Targets>();
    let is_understood = wanted.is_ok();
    let wanted = wanted.unwrap_or_else(|_| Targets::new().with_default(LevelFilter::WARN));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_filter(wanted);
    // A second start in one process is refused and harmless.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    if !is_understood {
        tracing::warn!("the log filter {filter:?} is not understood; warnings are shown");
    }
}
