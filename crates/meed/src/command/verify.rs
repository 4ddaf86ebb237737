//! `meed verify`: the books, computed again from the journal.

use std::fmt::Write as _;

use clap::Args;
use meed_core::id::Id;
use meed_core::money::Unit;
use serde::Serialize;

use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::{Desk, open_to_read};
use crate::output::{Money, count, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed verify                          every workspace
  meed verify --workspace acme         one of them
  meed verify --json | jq .differences

Computes every balance, reward, release, record and the audit chain again from the journal and lists what differs from
what is stored. It must print no difference, always; it ends with 1 if it does.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    workspaces: u64,
    commands: u64,
    sales: u64,
    rewards: u64,
    transfers: u64,
    moved: Vec<Money>,
    differences: Vec<ShownDifference>,
    omitted: u64,
}

#[derive(Serialize)]
struct ShownDifference {
    workspace: i64,
    what: String,
    place: String,
    stored: String,
    computed: String,
}

/// A sum over the journal may leave the range of one amount; then its end is shown.
fn moved((unit, sum): (&Unit, &i128)) -> Money {
    Money::new(i64::try_from(*sum).unwrap_or(i64::MAX), *unit)
}

pub(crate) async fn run(args: VerifyArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let opened = open_to_read(settings).await?;
    let only = match &settings.workspace.slug {
        Some(_) => Some(Id(Desk::at(opened.app.clone(), &settings.workspace).await?.workspace.workspace)),
        None => None,
    };
    let report = opened.app.verify(only).await?;
    let verdict = if report.differences.is_empty() { Verdict::Clean } else { Verdict::Differences };
    if args.json {
        print_json(&Shown {
            workspaces: report.workspaces,
            commands: report.commands,
            sales: report.sales,
            rewards: report.rewards,
            transfers: report.transfers,
            moved: report.moved.iter().map(moved).collect(),
            differences: report
                .differences
                .into_iter()
                .map(|d| ShownDifference { workspace: d.workspace.0, what: d.what, place: d.place, stored: d.stored, computed: d.computed })
                .collect(),
            omitted: report.omitted,
        })?;
        return Ok(verdict);
    }
    let mut text = String::new();
    for difference in &report.differences {
        let _ = writeln!(text, "{difference}");
    }
    if report.omitted > 0 {
        let _ = writeln!(text, "and {} more", count(report.omitted, "difference"));
    }
    let _ = writeln!(
        text,
        "{} in {}: {}, {}, {}, {}",
        if verdict == Verdict::Clean { "No difference" } else { "The books differ from the journal" },
        count(report.workspaces, "workspace"),
        count(report.commands, "command"),
        count(report.sales, "sale"),
        count(report.rewards, "reward"),
        count(report.transfers, "transfer"),
    );
    print(&text)?;
    Ok(verdict)
}
