//! `meed init`: a workspace and its first administrator.

use std::fmt::Write as _;

use clap::Args;
use meed_app::access::users;
use meed_app::workspaces;
use serde::Serialize;

use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::{Begin, open};
use crate::output::{print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed init --name \"Acme GmbH\" --zone Europe/Berlin --currency EUR --admin ana@acme.example
  meed init --name \"Acme\" --zone America/New_York --currency USD --data /var/lib/meed
  meed init --slug acme-us --name \"Acme US\" --sandbox      the sandbox side, for trying things

The zone decides where days and periods begin; the currency is that of amounts that name none. Neither can be
changed later. Repeating the command for a workspace that exists changes nothing and prints a new sign-in link.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InitArgs {
    /// Name of the company or team
    #[arg(long, value_name = "NAME", default_value = "My company")]
    name: String,
    /// Short name for --workspace: lower-case letters, digits and dashes
    #[arg(long, value_name = "SLUG", default_value = "main", value_parser = slug)]
    slug: String,
    /// Time zone that decides days and periods: Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// ISO currency of amounts that name none: EUR
    #[arg(long, value_name = "CODE", default_value = "USD")]
    currency: String,
    /// E-mail address of the first administrator, who gets a one-time sign-in link
    #[arg(long, alias = "email", value_name = "EMAIL")]
    admin: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Made<'a> {
    workspace: &'a str,
    side: &'a str,
    name: &'a str,
    zone: &'a str,
    currency: &'a str,
    sign_in_path: Option<String>,
}

fn slug(text: &str) -> Result<String, String> {
    let is_valid = !text.is_empty() && text.len() <= 50 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if is_valid { Ok(text.to_owned()) } else { Err("use 1 to 50 lower-case letters, digits and dashes".to_owned()) }
}

pub(crate) async fn run(args: InitArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let opened = open(settings, Begin::Allowed).await?;
    let app = &opened.app;
    let side = if settings.workspace.is_sandbox { "sandbox" } else { "live" };
    let id = workspaces::create(app, &args.slug, &args.name, side, &args.zone, &args.currency).await?;
    let made = workspaces::get(app, id).await?;
    let token = match &args.admin {
        Some(email) => Some(users::invite(app, id, email.split('@').next().unwrap_or(email), email).await?.1),
        None => None,
    };
    let path = token.map(|token| format!("/welcome/{token}"));
    for notice in &opened.notices {
        eprintln!("{notice}");
    }
    if args.json {
        let made = Made {
            workspace: &made.slug,
            side: &made.side,
            name: &made.name,
            zone: &made.zone,
            currency: &made.currency,
            sign_in_path: path,
        };
        print_json(&made)?;
        return Ok(Verdict::Clean);
    }
    let mut text = format!("Workspace {} ({}, {}): {}, {}\n", made.slug, made.name, made.side, made.zone, made.currency);
    if let Some(path) = path {
        let _ = writeln!(text, "Sign-in link, works once within 30 minutes: <address of the server>{path}");
    }
    text.push_str("Next: `meed people apply people.toml`, `meed import sales.csv`, or `meed serve` and a browser.\n");
    print(&text)?;
    Ok(Verdict::Clean)
}
