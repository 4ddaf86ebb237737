//! `meed doctor`: is everything as it should be? Looks, and changes nothing.

use std::path::Path;

use clap::Args;
use meed_app::access::users;
use meed_app::imports::{self, ImportState};
use meed_app::{App, overview, workspaces};
use meed_core::id::Id;
use meed_store::EngineKind;
use serde::Serialize;

use crate::config::{KeyMaking, MasterKey, Settings, StorageSettings};
use crate::failure::{Failure, Verdict};
use crate::open::{context, has_data, open_to_read};
use crate::output::{count, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed doctor
  meed doctor --data /var/lib/meed --json

Looks at the data folder, key, permissions, disk, clock, database, role, kept files and configuration. It ends with 1
if something is wrong; what only deserves attention is marked with `!`.";

/// Free space below which imports and backups are in danger.
const FREE_MIN_MIB: u64 = 1_024;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    Attention,
    Wrong,
}

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn note(&mut self, check: &'static str, state: State, text: impl Into<String>) {
        self.0.push(Finding { check, state, text: text.into() });
    }

    fn judge(&mut self, check: &'static str, is_good: bool, otherwise: State, good: impl Into<String>, bad: impl Into<String>) {
        if is_good { self.note(check, State::Good, good) } else { self.note(check, otherwise, bad) }
    }
}

pub(crate) async fn run(args: DoctorArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let storage = &settings.storage;
    let mut findings = Findings::default();
    if has_data(storage) {
        folder(&mut findings, storage);
        key(&mut findings, storage);
        disk(&mut findings, &storage.data);
        match open_to_read(settings).await {
            Ok(opened) => inside(&mut findings, &opened.app, storage).await?,
            Err(failure) => findings.note("database", State::Wrong, failure.reason()),
        }
    } else {
        findings.note("data", State::Attention, format!("there is no Meed data in {} yet: `meed init`", storage.data.display()));
    }
    let is_wrong = findings.0.iter().any(|f| f.state == State::Wrong);
    if args.json {
        print_json(&findings.0)?;
    } else {
        let mark = |state| match state {
            State::Good => "ok",
            State::Attention => " !",
            State::Wrong => "✗ ",
        };
        let lines: Vec<String> = findings.0.iter().map(|f| format!("{}  {:<12} {}\n", mark(f.state), f.check, f.text)).collect();
        print(&lines.concat())?;
    }
    Ok(if is_wrong { Verdict::Differences } else { Verdict::Clean })
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).ok().map(|m| m.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_path: &Path) -> Option<u32> {
    None
}

fn folder(findings: &mut Findings, storage: &StorageSettings) {
    let data = &storage.data;
    let open_to = mode(data).unwrap_or(0) & 0o077;
    let good = format!("{} belongs to its owner alone", data.display());
    findings.judge("data", open_to == 0, State::Attention, good, format!("others can look into {}: `chmod 700` it", data.display()));
}

fn key(findings: &mut Findings, storage: &StorageSettings) {
    if let Err(failure) = MasterKey::find(storage, KeyMaking::Refused) {
        findings.note("key", State::Wrong, failure.reason());
        return;
    }
    if storage.key.is_some() {
        findings.note("key", State::Good, "comes from MEED_KEY");
        return;
    }
    let path = storage.key_path();
    let open_to = mode(&path).unwrap_or(0) & 0o077;
    let bad = format!("others can read {}: `chmod 600` it", path.display());
    findings.judge("key", open_to == 0, State::Wrong, format!("{} is read by its owner alone", path.display()), bad);
    if storage.database.is_none() && storage.key_file.is_none() {
        findings.note("key", State::Good, "lies beside the data: keep a copy elsewhere, and backups apart from it");
    }
}

#[cfg(unix)]
fn free_mib(path: &Path) -> Option<u64> {
    rustix::fs::statvfs(path).ok().map(|s| s.f_bavail.saturating_mul(s.f_frsize) >> 20)
}

#[cfg(not(unix))]
fn free_mib(_path: &Path) -> Option<u64> {
    None
}

fn disk(findings: &mut Findings, path: &Path) {
    if let Some(free) = free_mib(path) {
        findings.judge("disk", free >= FREE_MIN_MIB, State::Attention, format!("{free} MiB are free"), format!("only {free} MiB are free"));
    }
}

async fn inside(findings: &mut Findings, app: &App, storage: &StorageSettings) -> Result<(), Failure> {
    let about = app.store().about().await?;
    match about.engine {
        EngineKind::Sqlite => {
            findings.note("database", State::Good, format!("SQLite {}, schema up to date", about.version));
            findings.judge(
                "encryption",
                storage.is_encrypted,
                State::Attention,
                "on",
                "off: anybody who can read the file can read the data",
            );
        }
        EngineKind::Postgres => {
            findings.note("database", State::Good, format!("PostgreSQL {}, schema up to date", about.version));
            let bad = "the role is a superuser, whom nothing keeps from changing the journal: give Meed a role of its own";
            findings.judge("role", !about.is_superuser, State::Attention, "the role is no superuser", bad);
        }
    }
    let now = app.now_us();
    let all = workspaces::list(app).await?;
    let mut newest = 0;
    for workspace in &all {
        let id = Id(workspace.workspace);
        newest = newest.max(app.store().read(move |r| r.head(id)).await?.map_or(0, |h| h.last_recorded_us));
    }
    findings.judge("clock", newest <= now, State::Wrong, "not behind what was recorded", "the clock is behind what was recorded: set it");
    findings.judge("workspaces", !all.is_empty(), State::Attention, count(all.len() as u64, "workspace"), "none yet: `meed init`");
    let people = users::list(app).await?;
    let bad = "nobody has a password yet: `meed key sign-in-link`, or the link that `meed serve` prints";
    findings.judge("sign-in", people.iter().any(|u| u.has_password), State::Attention, count(people.len() as u64, "administrator"), bad);
    for workspace in &all {
        look_into(findings, app, Id(workspace.workspace), &workspace.slug).await?;
    }
    Ok(())
}

/// Files that imports need, imports that stand still, names that several people have.
async fn look_into(findings: &mut Findings, app: &App, workspace: Id, slug: &str) -> Result<(), Failure> {
    let ctx = context(workspace);
    let (mut missing, mut running, mut before, mut files) = (0u64, 0u64, None, 0u64);
    loop {
        let page = imports::list(app, &ctx, before, 200).await?;
        for import in &page {
            files += 1;
            missing += u64::from(!app.files().join(&import.document.sha256).exists());
            running += u64::from(import.document.state == ImportState::Running);
        }
        match page.last() {
            Some(last) if page.len() == 200 => before = Some(last.id),
            _ => break,
        }
    }
    let bad = format!("{slug}: {} of {} are missing from {}", missing, count(files, "uploaded file"), app.files().display());
    findings.judge("files", missing == 0, State::Wrong, format!("{slug}: {}, all there", count(files, "uploaded file")), bad);
    if running > 0 {
        findings.note("imports", State::Attention, format!("{slug}: {} cut off; `meed serve` goes on with it", count(running, "import")));
    }
    let ambiguous = overview::overview(app, &ctx).await?.ambiguous_aliases;
    if !ambiguous.is_empty() {
        let names: Vec<&str> = ambiguous.iter().map(|(name, _)| name.as_str()).collect();
        findings.note("aliases", State::Attention, format!("{slug}: several people or teams have: {}", names.join(", ")));
    }
    Ok(())
}
