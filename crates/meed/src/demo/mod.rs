//! `meed demo`: a made-up company, put through the real import, its commissions calculated, January released.
//!
//! Every step looks at what is there already, so the command may be repeated, and an interrupted run goes on.

mod company;
mod files;
mod sales;
mod shop;
mod story;

use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use meed_app::access::users;
use meed_app::imports::{self, Import, ImportState};
use meed_app::{App, Context, Role, calculations, programs, releases, sources, workspaces};
use meed_core::command::day_number;
use meed_core::id::Id;
use meed_core::period::Period;
use meed_intake::Limits;

use crate::cli::ServerFlags;
use crate::command::serve::Listener;
use crate::config::{ServerSettings, Settings};
use crate::failure::{Failure, Verdict};
use crate::open::{Begin, context, open};
use crate::output::{money, print};
use crate::people_file::PeopleFile;
use files::{DemoFile, DemoFiles};

const EXAMPLES: &str = "\
Examples:
  meed demo                                  in ./meed-data, then http://127.0.0.1:8080
  meed demo --listen 9000 --data /tmp/demo
  meed demo --no-serve                       makes the data and ends

The company: twelve reps in three regions, 5,000 sales of January to March 2026 from three systems. The files lie in
<data>/demo; try them in the import wizard. A new rep has a draw, the plan changes on 16 February, a deal is cancelled, and
somebody asks about her statement. Its shop has 2,000 participants with cards 4711000000 and on, 8 offers and a
month of receipts: open the till. It is safe to run again: nothing is made twice, the link is new.";

/// The demo's workspace.
const SLUG: &str = "demo";
const PERIODS: [&str; 3] = ["2026-01", "2026-02", "2026-03"];
/// The month that is released before a correction arrives.
const RELEASED: &str = "2026-01";
const ADMIN: &str = "admin@halden.example";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    server: ServerFlags,
    /// Make the data and end
    #[arg(long)]
    no_serve: bool,
}

pub(crate) async fn run(args: DemoArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let listener = if args.no_serve { None } else { Some(Listener::bind(&ServerSettings::gather(&args.server, &settings.file)?)?) };
    let opened = open(settings, Begin::Allowed).await?;
    for notice in &opened.notices {
        eprintln!("{notice}");
    }
    let app = opened.app;
    let workspace = workspaces::create(&app, SLUG, "Halden Instruments", "live", "Europe/Berlin", "EUR").await?;
    let ctx = context(workspace);
    make(&app, &ctx, settings).await?;
    let Some(listener) = listener else {
        let closing = tokio::task::spawn_blocking(move || app.store().close());
        closing.await.map_err(|_| Failure::fault("bug", "closing the data failed"))?;
        return Ok(Verdict::Clean);
    };
    let (_, token) = users::invite(&app, workspace, "Alex Halden", ADMIN).await?;
    print(&format!("\nSign in with this link, once, within 30 minutes:\n  {}/welcome/{token}\n", listener.url))?;
    for (name, what, role) in [(story::ASKER, "payee", Role::Payee), ("Greta Hollmann", "manager", Role::Manager)] {
        if let Some(token) = story::invite(&app, &ctx, name, role).await? {
            print(&format!("As the {what} {name}, in a private window:\n  {}/welcome/{token}\n", listener.url))?;
        }
    }
    print("\n")?;
    listener.serve(app).await
}

/// Everything that is in the demo's workspace.
async fn make(app: &Arc<App>, ctx: &Context, settings: &Settings) -> Result<(), Failure> {
    let all = sales::sales();
    let files = files::write(&settings.storage.data.join("demo"), &all)?;
    let applied = PeopleFile::parse(company::PEOPLE)?.apply(app, ctx).await?;
    print(&format!("{applied}\n"))?;
    let reps = plan(app, ctx, &[company::REP_PLAN, company::REP_PLAN_FROM_FEBRUARY]).await?;
    let plans = [reps, plan(app, ctx, &[company::MANAGER_PLAN]).await?];
    resume(app, ctx).await?;
    let DemoFiles { exports, correction } = &files;
    for file in exports {
        import(app, ctx, file).await?;
    }
    for plan in &plans {
        for period in PERIODS {
            calculate(app, ctx, *plan, period).await?;
        }
        release(app, ctx, *plan).await?;
    }
    // January is released: what this deal gives back is booked in February and says so.
    import(app, ctx, correction).await?;
    for plan in &plans {
        for period in PERIODS {
            calculate(app, ctx, *plan, period).await?;
        }
    }
    story::cancel(app, ctx, &plans, &all).await?;
    story::ask(app, ctx, reps, &all).await?;
    for plan in &plans {
        report(app, ctx, *plan).await?;
    }
    print(&shop::make(app, ctx).await?)
}

/// Applies the versions of a plan that are not there yet, in their order.
async fn plan(app: &App, ctx: &Context, texts: &[&str]) -> Result<Id, Failure> {
    let mut found = None;
    for text in texts {
        let name = meed_app::programs::check(text).program.map(|program| program.name).unwrap_or_default();
        let config = app.configuration(ctx.workspace).await?;
        let known = config.programs.iter().find(|entry| entry.program.name == name).map(|entry| entry.id);
        let versions = match known {
            Some(id) => programs::versions(app, ctx, id).await?,
            None => Vec::new(),
        };
        found = match known.filter(|_| versions.iter().any(|version| version.document.text == *text)) {
            Some(id) => Some(id),
            None => Some(programs::apply(app, ctx, text, "the demo").await?.0),
        };
    }
    found.ok_or_else(|| Failure::fault("bug", "a plan of the demo has no text"))
}

/// Finishes imports that an interrupted run left behind, before later ones change what they wrote.
async fn resume(app: &Arc<App>, ctx: &Context) -> Result<(), Failure> {
    for import in imports::list(app, ctx, None, 200).await? {
        if import.document.state == ImportState::Running {
            imports::resume(app, ctx, import.id).await?;
        }
    }
    Ok(())
}

/// The finished import of a file with these bytes.
async fn imported(app: &App, ctx: &Context, sha256: &str) -> Result<Option<Import>, Failure> {
    let all = imports::list(app, ctx, None, 200).await?;
    Ok(all.into_iter().find(|i| i.document.state == ImportState::Done && i.document.sha256 == sha256))
}

async fn import(app: &Arc<App>, ctx: &Context, file: &DemoFile) -> Result<(), Failure> {
    let opened = std::fs::File::open(&file.path).map_err(|e| Failure::file(&file.path, &e))?;
    let folder = app.files().to_owned();
    let kept = tokio::task::spawn_blocking(move || imports::store_file(&folder, opened, Limits::default().file_bytes));
    let kept = kept.await.map_err(|_| Failure::fault("bug", "keeping the file failed"))??;
    let import = if let Some(import) = imported(app, ctx, &kept.sha256).await? {
        import
    } else {
        let source = sources::ensure(app, ctx, file.source).await?;
        let name = file.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let id = imports::upload(app, ctx, source, &name, &kept).await?;
        let rows = imports::get(app, ctx, id).await?.document.total_rows;
        let bar = ProgressBar::new(rows);
        if let Ok(style) = ProgressStyle::with_template("{msg:22} {bar:30} {human_pos} of {human_len} rows") {
            bar.set_style(style);
        }
        bar.set_message(name);
        let import = imports::run(app, ctx, id, |document| bar.set_position(document.counts.rows)).await?;
        bar.finish_and_clear();
        import
    };
    let counts = &import.document.counts;
    print(&format!(
        "{}: {} rows, {} sales recorded, {} changed, {} refused\n",
        import.document.file_name, counts.rows, counts.created, counts.updated, counts.failed
    ))
}

/// Calculates unless the last calculation knew everything that counts.
async fn calculate(app: &Arc<App>, ctx: &Context, plan: Id, period: &str) -> Result<(), Failure> {
    let latest = calculations::latest(app, ctx).await?;
    let is_due = match latest.into_iter().find(|c| c.document.program == plan.0 && c.document.period == period) {
        Some(latest) => calculations::is_due(app, ctx, &latest).await?,
        None => true,
    };
    if is_due {
        calculations::calculate(app, ctx, plan, period).await?;
    }
    Ok(())
}

async fn release(app: &App, ctx: &Context, plan: Id) -> Result<(), Failure> {
    let config = app.configuration(ctx.workspace).await?;
    let period = Period::parse(RELEASED, &config.zone).map_err(|e| Failure::fault("bug", e.to_string()))?;
    if releases::of_period(app, ctx, plan, day_number(period.first_day())).await?.is_none() {
        releases::release(app, ctx, plan, RELEASED, Some("2026-02-15")).await?;
    }
    Ok(())
}

async fn report(app: &App, ctx: &Context, plan: Id) -> Result<(), Failure> {
    let config = app.configuration(ctx.workspace).await?;
    let name = &config.program(plan)?.program.name;
    for period in PERIODS {
        let view = releases::period(app, ctx, plan, period).await?;
        let carried = view.payees.iter().flat_map(|p| &p.carried).count();
        let carried = match carried {
            0 => String::new(),
            1 => ", with one difference carried from a released month".to_owned(),
            more => format!(", with {more} differences carried from a released month"),
        };
        print(&format!(
            "{name} · {period}: {} for {} payees, {}{carried}\n",
            money(view.total(), view.currency),
            view.payees.len(),
            view.state()
        ))?;
    }
    Ok(())
}
