//! The command line: global options and the list of commands. Each command's own arguments stand beside its code.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::bench::BenchArgs;
use crate::command::{
    adjust::AdjustArgs,
    backup::{BackupArgs, RestoreArgs},
    calculate::CalculateArgs,
    doctor::DoctorArgs,
    explain::ExplainArgs,
    export::ExportArgs,
    import::ImportArgs,
    init::InitArgs,
    key::KeyArgs,
    pay::PayArgs,
    people::PeopleArgs,
    plan::PlanArgs,
    rates::RatesArgs,
    release::ReleaseArgs,
    serve::ServeArgs,
    verify::VerifyArgs,
};
use crate::demo::DemoArgs;

const FIRST_STEPS: &str = "\
Look around:
  meed demo                                     a made-up company, its pages and its statements

From your own sales export to payroll:
  meed init --name \"Acme\" --zone Europe/Berlin --currency EUR
  meed people apply people.toml
  meed import sales.csv
  meed plan apply plan.toml
  meed calculate --plan \"Sales 2026\" --period 2026-03
  meed explain payee \"Ana Lopez\" --plan \"Sales 2026\" --period 2026-03
  meed release --plan \"Sales 2026\" --period 2026-03
  meed export rewards --plan \"Sales 2026\" --period 2026-03 -o payroll.csv

Exit codes: 0 done, 1 refused or differences found, 2 wrong usage, 3 something outside failed.
Every option may also be set in the environment or in meed.toml (docs/configuration.md).";

/// A sale comes in, Meed works out who earned what and why, one ledger keeps it, and a payout carries it out.
#[derive(Debug, Parser)]
#[command(name = "meed", version, about, after_help = FIRST_STEPS, max_term_width = 110, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Configuration file [default: ./meed.toml where it exists]
    #[arg(long, global = true, value_name = "FILE", env = "MEED_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the data: database, key, uploaded files [default: ./meed-data]
    #[arg(long, global = true, value_name = "FOLDER", env = "MEED_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// A PostgreSQL database instead of the embedded one: `postgres://user:password@host/name`
    #[arg(long, global = true, value_name = "URL", env = "MEED_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// File with the master key [default: meed.key beside the data; `MEED_KEY` holds the key itself]
    #[arg(long, global = true, value_name = "FILE", env = "MEED_KEY_FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Encryption of the embedded database [default: on]
    #[arg(long, global = true, value_name = "ON|OFF", env = "MEED_ENCRYPTION", hide_possible_values = true)]
    pub(crate) encryption: Option<OnOff>,
    /// Workspace to work in [default: the only one, or `main`]
    #[arg(long, global = true, value_name = "SLUG", env = "MEED_WORKSPACE")]
    pub(crate) workspace: Option<String>,
    /// The sandbox side of the workspace instead of the live one
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// What is logged to stderr, such as `info` or `meed_app=debug` [default: warn]
    #[arg(long, global = true, value_name = "FILTER", env = "MEED_LOG")]
    pub(crate) log: Option<String>,
}

/// A switch in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnOff {
    #[value(alias = "true", alias = "1", alias = "yes")]
    On,
    #[value(alias = "false", alias = "0", alias = "no")]
    Off,
}

impl OnOff {
    pub(crate) fn is_on(self) -> bool {
        self == Self::On
    }
}

/// How the server is reached.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServerFlags {
    /// Address and port to listen on, or a port alone [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "MEED_LISTEN")]
    pub(crate) listen: Option<String>,
    /// Certificate chain, PEM; serves HTTPS together with --tls-key
    #[arg(long, value_name = "FILE", env = "MEED_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, value_name = "FILE", env = "MEED_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Plain HTTP beyond this machine, behind a proxy that ends TLS
    #[arg(long, env = "MEED_ALLOW_PLAIN", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub(crate) allow_plain: bool,
    /// The address people use, for links that are shown: `https://meed.example.com`
    #[arg(long, value_name = "URL", env = "MEED_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
}

/// A plan and one of its periods.
#[derive(Clone, Debug, Args)]
pub(crate) struct PlanPeriod {
    /// Name or id of the plan; may be left out where there is only one
    #[arg(long, value_name = "NAME")]
    pub(crate) plan: Option<String>,
    /// Month or quarter: 2026-03, 2026-Q1
    #[arg(long, value_name = "PERIOD")]
    pub(crate) period: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the pages and the API
    Serve(ServeArgs),
    /// Make a believable company in ./meed-data, calculate its commissions, and serve it
    Demo(DemoArgs),
    /// Make a workspace and its first administrator
    Init(InitArgs),
    /// Read a sales file: any CSV, TSV, semicolon or pipe text, or XLSX
    Import(ImportArgs),
    /// Reps and teams, from a file
    People(PeopleArgs),
    /// Rates of exchange, by day
    Rates(RatesArgs),
    /// Commission plans: check, test, apply, show
    Plan(PlanArgs),
    /// Work out what everybody earned in a period
    Calculate(CalculateArgs),
    /// Give a reward by hand, change a commission, clear a draw
    Adjust(AdjustArgs),
    /// Why a payee earned what they earned, or why a sale was credited or not
    Explain(ExplainArgs),
    /// Decide that a calculated period may be paid
    Release(ReleaseArgs),
    /// Say that payroll has paid a released period
    Pay(PayArgs),
    /// Write the rewards or the credits of a period as CSV
    Export(ExportArgs),
    /// Compute the books again from the journal and list differences
    Verify(VerifyArgs),
    /// Check folder, key, disk, clock, database and configuration
    Doctor(DoctorArgs),
    /// Copy the embedded database and the uploaded files
    Backup(BackupArgs),
    /// Bring a copy back into an empty data folder
    Restore(RestoreArgs),
    /// API keys and sign-in links
    Key(KeyArgs),
    /// Measure this machine: a real server, real files
    Bench(BenchArgs),
}
