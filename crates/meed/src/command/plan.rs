//! `meed plan`: check, test, apply and show plan documents.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use meed_app::programs::{self, Move, ProgramState};
use meed_core::crediting::ExampleResult;
use meed_core::id::Kind;
use meed_core::program::Finding;
use serde::Serialize;

use super::find;
use crate::config::Settings;
use crate::failure::{Failure, Verdict};
use crate::open::Desk;
use crate::output::{Side, Table, print, print_json};

const EXAMPLES: &str = "\
Examples:
  meed plan check plan.toml                  is it written correctly? Needs no data
  meed plan test plan.toml                   runs the examples that the document carries
  meed plan apply plan.toml --note \"new accelerator\"
  meed plan apply plan.toml --from 2026-05-15    a change in the middle of a period: sales before it stay as they are
  meed plan apply plan.toml --draft          not calculated until it is set active
  meed plan state \"Sales 2026\" paused        or draft, active, completed, archived
  meed plan state \"Sales 2026\" completed --last-period 2026-06
  meed plan show                             all plans
  meed plan show \"Sales 2026\"                the document as it is applied
  meed plan show \"Sales 2026\" --versions

How plan documents are written: docs/plans.md. Worked examples: examples/plans/.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PlanArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read a document and list everything that is wrong with it
    Check(FileArgs),
    /// Run the examples that a document carries
    Test(FileArgs),
    /// Make a document the current version of its plan
    Apply(ApplyArgs),
    /// Set a plan active, pause it, complete it or put it away
    State(StateArgs),
    /// List the plans, or print one
    Show(ShowArgs),
}

#[derive(Debug, Args)]
struct FileArgs {
    /// Plan document, TOML; several may be named
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ApplyArgs {
    /// Plan document, TOML; several may be named
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Why this version is made, for its history
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// First day on which this version rules; sales before it stay under the versions before. Without it the document's
    /// own first day counts, and without that the version replaces all before it
    #[arg(long, value_name = "DAY")]
    from: Option<jiff::civil::Date>,
    /// A new plan begins as a draft, which is never calculated
    #[arg(long)]
    draft: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct StateArgs {
    /// Name or id of the plan
    #[arg(value_name = "NAME")]
    name: String,
    /// `draft`: never calculated, not shown to payees. `active`: calculated. `paused`: not calculated for a while.
    /// `completed`: takes no new period. `archived`: put away
    #[arg(value_name = "STATE", value_parser = ["draft", "active", "paused", "completed", "archived"])]
    state: String,
    /// For `completed`: the last period that it takes [default: the last one that was calculated]
    #[arg(long, value_name = "PERIOD")]
    last_period: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// Name or id of the plan
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// List its versions
    #[arg(long, requires = "name")]
    versions: bool,
    /// Print this version instead of the current one
    #[arg(long, value_name = "NUMBER", requires = "name", conflicts_with = "versions")]
    version: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: PlanArgs, settings: &Settings) -> Result<Verdict, Failure> {
    match args.what {
        What::Check(args) => check(&args),
        What::Test(args) => test(&args),
        What::Apply(args) => apply(&args, settings).await,
        What::State(args) => set_state(&args, settings).await,
        What::Show(args) => show(&args, settings).await,
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::file(path, &e))?;
    String::from_utf8(bytes).map_err(|_| Failure::refused("plan_invalid", "the document is not UTF-8 text").at(path.display().to_string()))
}

#[derive(Serialize)]
struct ShownFinding {
    line: u32,
    column: u32,
    code: String,
    text: String,
}

#[derive(Serialize)]
struct ShownExample {
    name: String,
    line: u32,
    passed: bool,
    differences: Vec<ShownDifference>,
    /// How it came about, where it differs.
    workings: Vec<String>,
    alerts: Vec<String>,
}

#[derive(Serialize)]
struct ShownDifference {
    what: String,
    expected: String,
    found: String,
}

#[derive(Serialize)]
struct ShownCheck {
    file: String,
    plan: Option<String>,
    findings: Vec<ShownFinding>,
    warnings: Vec<ShownFinding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    examples: Option<Vec<ShownExample>>,
}

fn number(value: impl TryInto<u32>) -> u32 {
    value.try_into().unwrap_or(u32::MAX)
}

fn finding(finding: &Finding) -> ShownFinding {
    ShownFinding {
        line: number(finding.line),
        column: number(finding.column),
        code: finding.code.code().to_owned(),
        text: finding.text.clone(),
    }
}

fn example(result: &ExampleResult) -> ShownExample {
    let differences =
        result.differences.iter().map(|d| ShownDifference { what: d.what.clone(), expected: d.expected.clone(), found: d.found.clone() });
    ShownExample {
        name: result.name.clone(),
        line: number(result.line),
        passed: result.passed(),
        differences: differences.collect(),
        workings: result.workings.clone(),
        alerts: result.alerts.clone(),
    }
}

fn check(args: &FileArgs) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Clean;
    let mut shown = Vec::new();
    for path in &args.files {
        let checked = programs::check(&read(path)?);
        if checked.program.is_none() {
            verdict = Verdict::Differences;
        }
        if args.json {
            shown.push(ShownCheck {
                file: path.display().to_string(),
                plan: checked.program.as_ref().map(|p| p.name.clone()),
                findings: checked.findings.iter().map(finding).collect(),
                warnings: checked.warnings.iter().map(finding).collect(),
                examples: None,
            });
        } else {
            print_findings(path, &checked)?;
            if let Some(program) = &checked.program {
                print(&format!("{}: \"{}\" is written correctly: {} rules\n", path.display(), program.name, program.rules.len()))?;
            }
        }
    }
    if args.json {
        print_json(&shown)?;
    }
    Ok(verdict)
}

fn print_findings(path: &Path, checked: &programs::Checked) -> Result<(), Failure> {
    let all = checked.findings.iter().map(|finding| ("", finding)).chain(checked.warnings.iter().map(|finding| ("warning: ", finding)));
    for (word, finding) in all {
        let place = format!("{}:{}:{}", path.display(), finding.line, finding.column);
        print(&format!("{place}: {word}{}: {}\n", finding.code.code(), finding.text))?;
    }
    Ok(())
}

fn test(args: &FileArgs) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Clean;
    let mut shown = Vec::new();
    for path in &args.files {
        let checked = programs::check(&read(path)?);
        if !checked.is_usable() {
            verdict = Verdict::Differences;
        }
        if args.json {
            shown.push(ShownCheck {
                file: path.display().to_string(),
                plan: checked.program.as_ref().map(|p| p.name.clone()),
                findings: checked.findings.iter().map(finding).collect(),
                warnings: checked.warnings.iter().map(finding).collect(),
                examples: Some(checked.examples.iter().map(example).collect()),
            });
            continue;
        }
        print_findings(path, &checked)?;
        if let Some(program) = &checked.program {
            print(&examples_text(path, &program.name, &checked.examples))?;
        }
    }
    if args.json {
        print_json(&shown)?;
    }
    Ok(verdict)
}

fn examples_text(path: &Path, name: &str, examples: &[ExampleResult]) -> String {
    let mut text = String::new();
    for result in examples {
        let word = if result.passed() { "ok  " } else { "FAIL" };
        let _ = writeln!(text, "{word}  {} (line {})", result.name, result.line);
        for difference in &result.differences {
            let _ = writeln!(text, "      {}: expected {}, found {}", difference.what, difference.expected, difference.found);
        }
        if !result.passed() {
            for line in result.workings.iter().flat_map(|working| working.lines()) {
                let _ = writeln!(text, "      {line}");
            }
            for alert in &result.alerts {
                let _ = writeln!(text, "      alert: {alert}");
            }
        }
    }
    let failed = examples.iter().filter(|e| !e.passed()).count();
    let file = path.display();
    let _ = match (examples.len(), failed) {
        (0, _) => writeln!(text, "{file}: \"{name}\" carries no examples; add [[test]] tables to it"),
        (all, 0) => writeln!(text, "{file}: \"{name}\": all {all} examples pass"),
        (all, failed) => writeln!(text, "{file}: \"{name}\": {failed} of {all} examples do not pass"),
    };
    text
}

#[derive(Serialize)]
struct Applied {
    file: String,
    plan: String,
    program: String,
    version: String,
    number: u32,
    is_new: bool,
}

async fn apply(args: &ApplyArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let texts: Vec<(String, String)> =
        args.files.iter().map(|path| Ok((path.display().to_string(), read(path)?))).collect::<Result<_, Failure>>()?;
    let desk = Desk::open(settings).await?;
    let begins = if args.draft { ProgramState::Draft } else { ProgramState::Active };
    let mut applied = Vec::new();
    for (file, text) in texts {
        let result = programs::apply_as(&desk.app, &desk.ctx, &text, &args.note, args.from, begins).await;
        let (program, version, is_new) = result.map_err(|e| Failure::from(e).within(&file))?;
        let document = programs::version(&desk.app, &desk.ctx, version).await?.document;
        let config = desk.app.configuration(desk.ctx.workspace).await?;
        let plan = config.program(program)?.program.name.clone();
        applied.push(Applied {
            file,
            plan,
            program: program.text(Kind::Program),
            version: version.text(Kind::ProgramVersion),
            number: document.number,
            is_new,
        });
    }
    if args.json {
        print_json(&applied)?;
        return Ok(Verdict::Clean);
    }
    for one in &applied {
        let what = if one.is_new { "is now" } else { "stays" };
        print(&format!("\"{}\" {what} at version {}\n", one.plan, one.number))?;
    }
    Ok(Verdict::Clean)
}

#[derive(Serialize)]
struct ShownState {
    program: String,
    plan: String,
    state: &'static str,
    closes: Option<String>,
    changed: bool,
}

async fn set_state(args: &StateArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open(settings).await?;
    let config = desk.app.configuration(desk.ctx.workspace).await?;
    let program = find::plan(&config, Some(&args.name))?.id;
    let to = ProgramState::from_word(&args.state).unwrap_or_default();
    let wanted = Move { to, last_period: args.last_period.clone(), from: None };
    let changed = programs::set_state(&desk.app, &desk.ctx, program, &wanted).await?;
    let config = desk.app.configuration(desk.ctx.workspace).await?;
    let entry = config.program(program)?;
    let closes = entry.closes.map(|day| day.to_string());
    if args.json {
        let (id, plan) = (program.text(Kind::Program), entry.program.name.clone());
        print_json(&ShownState { program: id, plan, state: entry.state.word(), closes, changed })?;
        return Ok(Verdict::Clean);
    }
    let last = closes.map(|day| format!("; its last period ends on {day}")).unwrap_or_default();
    let what = if changed { "is now" } else { "stays" };
    print(&format!("\"{}\" {what} {}{last}\n", entry.program.name, entry.state.word()))?;
    Ok(Verdict::Clean)
}

#[derive(Serialize)]
struct ShownPlan {
    id: String,
    name: String,
    state: &'static str,
    version: u32,
    period: String,
    currency: String,
    rules: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

#[derive(Serialize)]
struct ShownVersion {
    id: String,
    number: u32,
    created: String,
    created_by: String,
    note: String,
}

async fn show(args: &ShowArgs, settings: &Settings) -> Result<Verdict, Failure> {
    let desk = Desk::open_to_read(settings).await?;
    let config = desk.app.configuration(desk.ctx.workspace).await?;
    let shown = |entry: &meed_app::ProgramEntry, text: Option<String>| ShownPlan {
        id: entry.id.text(Kind::Program),
        name: entry.program.name.clone(),
        state: entry.state.word(),
        version: entry.number,
        period: entry.program.cadence.name().to_owned(),
        currency: entry.program.currency.code().to_owned(),
        rules: entry.program.rules.len(),
        text,
    };
    let Some(name) = &args.name else {
        if args.json {
            print_json(&config.programs.iter().map(|p| shown(p, None)).collect::<Vec<_>>())?;
            return Ok(Verdict::Clean);
        }
        let headings = [
            ("Plan", Side::Left),
            ("State", Side::Left),
            ("Version", Side::Right),
            ("Period", Side::Left),
            ("Currency", Side::Left),
            ("Rules", Side::Right),
        ];
        let mut table = Table::new(&headings);
        for plan in config.programs.iter().map(|p| shown(p, None)) {
            table.row([plan.name, plan.state.to_owned(), plan.version.to_string(), plan.period, plan.currency, plan.rules.to_string()]);
        }
        print(&table.to_string())?;
        return Ok(Verdict::Clean);
    };
    let entry = find::plan(&config, Some(name))?;
    if !args.versions && args.version.is_none() {
        if args.json {
            print_json(&shown(entry, Some(entry.text.clone())))?;
        } else {
            print(&entry.text)?;
        }
        return Ok(Verdict::Clean);
    }
    let versions = programs::versions(&desk.app, &desk.ctx, entry.id).await?;
    if let Some(number) = args.version {
        let found = versions.into_iter().find(|v| v.document.number == number);
        let found = found.ok_or_else(|| {
            Failure::refused("version_unknown", format!("\"{}\" has no version {number}", entry.program.name))
                .advise(format!("`meed plan show \"{}\" --versions` lists them", entry.program.name))
        })?;
        print(&found.document.text)?;
        return Ok(Verdict::Clean);
    }
    let listed = versions.into_iter().map(|v| ShownVersion {
        id: v.id.text(Kind::ProgramVersion),
        number: v.document.number,
        created: jiff::Timestamp::from_microsecond(v.document.created_us).unwrap_or_default().to_string(),
        created_by: v.document.created_by,
        note: v.document.note,
    });
    if args.json {
        print_json(&listed.collect::<Vec<_>>())?;
        return Ok(Verdict::Clean);
    }
    let mut table = Table::new(&[("Version", Side::Right), ("Made", Side::Left), ("By", Side::Left), ("Note", Side::Left)]);
    for version in listed {
        table.row([version.number.to_string(), version.created, version.created_by, version.note]);
    }
    print(&table.to_string())?;
    Ok(Verdict::Clean)
}
