//! `meed key`: API keys and sign-in links.

use clap::{Args, Subcommand};
use meed_app::access::{keys, users};
use meed_app::{Context, Scope};
use meed_core::id::{Id, Kind};
use serde::Serialize;

use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Side, Table, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed key create --label \"ERP nightly\" --scope sales
  meed key create --label payroll --scope read --scope release --json
  meed key list
  meed key revoke key_0c9k2m4q8w1rv
  meed key sign-in-link ana@acme.example       a link that signs in once within 30 minutes

Scopes: read, sales, plans, release, admin. A key is shown once and stored as a keyed hash.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make an API key and print it once
    Create(CreateArgs),
    /// List the keys, without their secrets
    List(ListArgs),
    /// Revoke a key; from now on no request with it has an effect
    Revoke(RevokeArgs),
    /// Print a link that signs an administrator in once
    SignInLink(LinkArgs),
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// What the key is for
    #[arg(long, value_name = "TEXT")]
    label: String,
    /// What it may do; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = scope)]
    scopes: Vec<Scope>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RevokeArgs {
    /// Id of the key, as `meed key list` shows it
    #[arg(value_name = "ID")]
    id: String,
}

#[derive(Debug, Args)]
struct LinkArgs {
    /// E-mail address; a new administrator is made if nobody has it
    #[arg(value_name = "EMAIL")]
    email: String,
    /// Name of a new administrator
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Address of the server [default: `public_url` of the configuration, or the path alone]
    #[arg(long, value_name = "URL", env = "MEED_PUBLIC_URL")]
    public_url: Option<String>,
}

fn scope(text: &str) -> Result<Scope, String> {
    let words = || Scope::ALL.map(Scope::word).join(", ");
    Scope::from_word(text).ok_or_else(|| format!("there are: {}", words()))
}

#[derive(Serialize)]
struct Shown {
    id: String,
    label: String,
    scopes: Vec<&'static str>,
    hint: String,
    created: String,
    created_by: String,
    last_used: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

fn shown(info: keys::KeyInfo, secret: Option<String>) -> Shown {
    Shown {
        id: info.id.text(Kind::Key),
        label: info.label,
        scopes: info.scopes.iter().map(|s| s.word()).collect(),
        hint: info.hint,
        created: jiff::Timestamp::from_microsecond(info.created_us).unwrap_or_default().to_string(),
        created_by: info.created_by,
        last_used: info.last_used_us.map(|us| jiff::Timestamp::from_microsecond(us).unwrap_or_default().to_string()),
        secret,
    }
}

pub(crate) async fn run(args: KeyArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = if matches!(args.what, What::List(_)) { Desk::open_to_read(settings).await? } else { Desk::open(settings).await? };
    let (app, ctx): (_, &Context) = (&desk.app, &desk.ctx);
    match args.what {
        What::Create(args) => {
            let made = keys::create(app, ctx, &args.label, &args.scopes).await?;
            if args.json {
                print_json(&shown(made.info, Some(made.secret)))?;
            } else {
                eprintln!("This is the only time the key is shown ({}):", made.info.id.text(Kind::Key));
                print(&format!("{}\n", made.secret))?;
            }
        }
        What::List(args) => {
            let all: Vec<Shown> = keys::list(app, ctx).await?.into_iter().map(|k| shown(k, None)).collect();
            if args.json {
                print_json(&all)?;
                return Ok(Verdict::Clean);
            }
            let headings = ["Id", "Label", "Begins with", "Scopes", "Made", "Last used"].map(|heading| (heading, Side::Left));
            let mut table = Table::new(&headings);
            for key in all {
                let last_used = key.last_used.unwrap_or_else(|| "not yet".to_owned());
                table.row([key.id, key.label, key.hint, key.scopes.join(", "), key.created, last_used]);
            }
            print(&table.to_string())?;
        }
        What::Revoke(args) => {
            let id = Id::parse(&args.id, Kind::Key).map_err(|_| {
                Failure::usage("key_id_invalid", format!("`{}` is not the id of a key", args.id)).advise("`meed key list` shows the ids")
            })?;
            keys::revoke(app, ctx, id).await?;
            print(&format!("Revoked {}\n", args.id))?;
        }
        What::SignInLink(args) => {
            let name = args.name.clone().unwrap_or_else(|| args.email.split('@').next().unwrap_or("Administrator").to_owned());
            let (_, token) = users::invite(app, ctx.workspace, &name, &args.email).await?;
            let url = args.public_url.or_else(|| settings.file.server.public_url.clone()).unwrap_or_default();
            eprintln!("Works once, within 30 minutes:");
            print(&format!("{}/welcome/{token}\n", url.trim_end_matches('/')))?;
        }
    }
    Ok(Verdict::Clean)
}
