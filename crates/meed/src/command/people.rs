//! `meed people`: reps and teams from a file, and the list of them.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use meed_app::people;
use meed_core::id::{Id, Kind};
use serde::Serialize;

use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Side, Table, print, print_json};
use crate::people_file::PeopleFile;
use crate::sheet::SheetArgs;

const EXAMPLES: &str = "\
Examples:
  meed people apply people.toml
  meed people variables quotas.csv --dry-run
  meed people list

quotas.csv:
  who,name,value,from
  Ana Lopez,quota,60000,2026-04-01
  North,quota,500000,

people.toml:
  [[team]]
  name = \"North\"
  aliases = [\"Ohio\", \"Michigan\"]        # how sales name the team
  manager = \"Max Weber\"

  [[rep]]
  name = \"Ana Lopez\"
  email = \"ana@acme.example\"
  aliases = [\"A. Lopez\", \"1047\"]        # how sales name the rep; the name and the address count too
  manager = \"Max Weber\"
  teams = [\"North\"]                     # or { team = \"North\", from = 2026-02-01, until = 2026-06-01 }
  variables = { quota = 50000 }         # or [{ name = \"quota\", from = 2026-02-01, value = 60000 }]

People and teams are found by name: a known one is changed, a new one is made, nobody is removed.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PeopleArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make or change the reps and teams that a file names
    Apply(ApplyArgs),
    /// Load quotas, rates and other variables from a sheet: who, name, value, from
    Variables(SheetArgs),
    /// List reps and teams
    List(ListArgs),
}

#[derive(Debug, Args)]
struct ApplyArgs {
    /// People file, TOML
    #[arg(value_name = "FILE")]
    file: PathBuf,
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

pub(crate) async fn run(args: PeopleArgs, settings: &Settings) -> Result<Verdict, Failure> {
    match args.what {
        What::Apply(args) => {
            let text = std::fs::read_to_string(&args.file).map_err(|e| Failure::file(&args.file, &e))?;
            let file = PeopleFile::parse(&text).map_err(|failure| failure.within(&args.file.display().to_string()))?;
            let desk = Desk::open(settings).await?;
            let applied = file.apply(&desk.app, &desk.ctx).await?;
            if args.json {
                print_json(&applied)?;
            } else {
                print(&format!("{applied}\n"))?;
            }
            Ok(Verdict::Clean)
        }
        What::Variables(args) => variables(&args, settings).await,
        What::List(args) => list(&args, &Desk::open_to_read(settings).await?).await,
    }
}

async fn variables(args: &SheetArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let file = args.open()?;
    let desk = Desk::open(settings).await?;
    args.report("Variables", people::load_variables(&desk.app, &desk.ctx, file, args.decimal(), args.dry_run).await?)
}

#[derive(Serialize)]
struct Shown {
    teams: Vec<ShownTeam>,
    reps: Vec<ShownRep>,
}

#[derive(Serialize)]
struct ShownTeam {
    id: String,
    name: String,
    manager: Option<String>,
    aliases: Vec<String>,
}

#[derive(Serialize)]
struct ShownRep {
    id: String,
    name: String,
    email: Option<String>,
    manager: Option<String>,
    teams: Vec<String>,
    aliases: Vec<String>,
    is_active: bool,
}

async fn list(args: &ListArgs, desk: &Desk) -> Result<Verdict, Failure> {
    let reps = people::reps(&desk.app, &desk.ctx).await?;
    let teams = people::teams(&desk.app, &desk.ctx).await?;
    let rep_name = |id: Option<i64>| id.and_then(|id| reps.iter().find(|r| r.id == Id(id))).map(|r| r.document.name.clone());
    let shown = Shown {
        teams: teams
            .iter()
            .map(|t| ShownTeam {
                id: t.id.text(Kind::Team),
                name: t.document.name.clone(),
                manager: rep_name(t.document.manager),
                aliases: t.document.aliases.clone(),
            })
            .collect(),
        reps: reps
            .iter()
            .map(|r| ShownRep {
                id: r.id.text(Kind::Rep),
                name: r.document.name.clone(),
                email: r.document.email.clone(),
                manager: rep_name(r.document.manager),
                teams: r
                    .document
                    .memberships
                    .iter()
                    .filter_map(|m| teams.iter().find(|t| t.id == Id(m.team)).map(|t| t.document.name.clone()))
                    .collect(),
                aliases: r.document.aliases.clone(),
                is_active: !r.document.inactive,
            })
            .collect(),
    };
    if args.json {
        print_json(&shown)?;
        return Ok(Verdict::Clean);
    }
    let mut table = Table::new(&[("Team", Side::Left), ("Manager", Side::Left), ("Aliases", Side::Left)]);
    for team in shown.teams {
        table.row([team.name, team.manager.unwrap_or_default(), team.aliases.join(", ")]);
    }
    let mut text = format!("{table}\n");
    let mut table =
        Table::new(&[("Rep", Side::Left), ("E-mail", Side::Left), ("Manager", Side::Left), ("Teams", Side::Left), ("Aliases", Side::Left)]);
    for rep in shown.reps {
        let name = if rep.is_active { rep.name } else { format!("{} (inactive)", rep.name) };
        table.row([name, rep.email.unwrap_or_default(), rep.manager.unwrap_or_default(), rep.teams.join(", "), rep.aliases.join(", ")]);
    }
    text.push_str(&table.to_string());
    print(&text)?;
    Ok(Verdict::Clean)
}
