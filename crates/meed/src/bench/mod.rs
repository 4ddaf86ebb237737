//! `meed bench`: figures from a real server and real files, on this machine.
//!
//! Each part starts this very program as a child with data of its own in a temporary folder, drives it from outside, and
//! throws the folder away. Nothing is tuned for the bench: the server runs with its defaults, commits durably, and the
//! client shares the machine with it. Every figure is a median over rounds unless the table says otherwise.

mod calculate;
mod child;
mod client;
mod file;
mod import;
mod peers;
mod sales;
mod table;
mod till;

use clap::{Args, Subcommand, ValueEnum};

use crate::config::Settings;
use crate::failure::{Failure, Verdict};

/// What to measure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  meed bench sales                                  single sales over HTTP at 1, 16, 64 and 256 clients, and bulk
  meed bench sales --engine plain,encrypted --clients 64 --seconds 10
  meed bench sales --engine postgres --postgres postgres://meed@localhost/bench
  meed bench till --clients 64                      purchases, previews, bulk and the mix of a till
  meed bench import --rows 1000000 --payees 1000    a CSV file end to end, then its commissions
  meed bench calculate --rows 1000000               a plan with quotas, shares, two override levels and a draw
  meed bench start                                  from start to first answer, idle memory
  meed bench peers --rows 1000000                   sqlite3 .import, COPY and pgbench on this machine")]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Sales through the API, single and in bulk
    Sales(SalesArgs),
    /// Purchases, previews and the mix of a till
    Till(TillArgs),
    /// A file of sales through the importer, then its calculation
    Import(ImportArgs),
    /// A whole plan in full, after one changed sale and as a what-if, beside SQL and pandas
    Calculate(ImportArgs),
    /// Time to the first answer, and idle memory
    Start(EngineArgs),
    /// The database alone, for comparison
    Peers(PeersArgs),
}

/// Which databases to measure on.
#[derive(Clone, Debug, Args)]
pub(crate) struct EngineArgs {
    /// Engines, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Engine::Plain, Engine::Encrypted])]
    pub(crate) engine: Vec<Engine>,
    /// An empty PostgreSQL database for `postgres`; its tables are made and dropped by nobody but you
    #[arg(long, value_name = "URL", env = "MEED_BENCH_POSTGRES", hide_env_values = true)]
    pub(crate) postgres: Option<String>,
}

/// A database to measure on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// SQLite without encryption
    Plain,
    /// SQLite as it is by default
    Encrypted,
    /// PostgreSQL
    Postgres,
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "SQLite, plain",
            Self::Encrypted => "SQLite, encrypted",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Arguments of the sales bench.
#[derive(Debug, Args)]
struct SalesArgs {
    #[command(flatten)]
    engines: EngineArgs,
    /// Numbers of clients, each with one connection and one request under way
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    clients: Vec<usize>,
    /// Seconds of a round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds; the median is shown
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Arguments of the till bench.
#[derive(Debug, Args)]
struct TillArgs {
    #[command(flatten)]
    load: SalesArgs,
    /// Parts to measure; all of them unless it is said
    #[arg(long, value_delimiter = ',')]
    part: Vec<till::Work>,
}

/// Arguments of the import bench.
#[derive(Debug, Args)]
struct ImportArgs {
    #[command(flatten)]
    engines: EngineArgs,
    /// Rows of the file
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Reps in it
    #[arg(long, default_value_t = 1_000)]
    payees: u64,
}

/// Arguments of the comparison.
#[derive(Debug, Args)]
struct PeersArgs {
    /// Rows of the file
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// A PostgreSQL database for COPY and pgbench
    #[arg(long, value_name = "URL", env = "MEED_BENCH_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
}

/// Measures and prints a table.
pub(crate) async fn run(args: BenchArgs, _settings: Settings) -> Result<Verdict, Failure> {
    let table = match args.part {
        Part::Sales(args) => sales::run(&args.engines, &args.clients, args.seconds, args.rounds).await?,
        Part::Till(args) => till::run(&args.load.engines, &args.load.clients, (args.load.seconds, args.load.rounds), &args.part).await?,
        Part::Import(args) => import::run(&args.engines, args.rows, args.payees)?,
        Part::Calculate(args) => calculate::run(&args.engines, args.rows, args.payees).await?,
        Part::Start(args) => sales::start(&args).await?,
        Part::Peers(args) => peers::run(args.rows, args.postgres.as_deref())?,
    };
    print!("{}", table.markdown());
    Ok(Verdict::Clean)
}
