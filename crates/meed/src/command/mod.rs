//! The commands, one file each.

pub(crate) mod adjust;
pub(crate) mod backup;
pub(crate) mod calculate;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod pay;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod rates;
pub(crate) mod release;
pub(crate) mod serve;
pub(crate) mod verify;

mod find;

use crate::cli::Command;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};

/// Runs a command.
pub(crate) async fn run(command: Command, settings: Settings) -> Result<Verdict, Failure> {
    match command {
        Command::Serve(args) => serve::run(args, &settings).await,
        Command::Demo(args) => crate::demo::run(args, &settings).await,
        Command::Init(args) => init::run(args, &settings).await,
        Command::Import(args) => import::run(args, &settings).await,
        Command::People(args) => people::run(args, &settings).await,
        Command::Rates(args) => rates::run(args, &settings).await,
        Command::Plan(args) => plan::run(args, &settings).await,
        Command::Calculate(args) => calculate::run(args, &settings).await,
        Command::Explain(args) => explain::run(args, &settings).await,
        Command::Release(args) => release::run(args, &settings).await,
        Command::Adjust(args) => adjust::run(args, &settings).await,
        Command::Pay(args) => pay::run(args, &settings).await,
        Command::Export(args) => export::run(args, &settings).await,
        Command::Verify(args) => verify::run(args, &settings).await,
        Command::Doctor(args) => doctor::run(args, &settings).await,
        Command::Backup(args) => backup::backup(args, &settings).await,
        Command::Restore(args) => backup::restore(args, &settings).await,
        Command::Key(args) => key::run(args, &settings).await,
        Command::Bench(args) => crate::bench::run(args, settings).await,
    }
}
