//! Programs: documents, versioned and immutable once applied.

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, Record, RecordKind, Reply};
use meed_core::crediting::ExampleResult;
use meed_core::id::{Id, Kind};
use meed_core::people::fold_alias;
use meed_core::program::{Finding, Program};

use crate::documents::{ProgramDocument, ProgramVersionDocument, RulingVersion, read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Configuration, Context, Scope};

/// What checking a document found.
#[derive(Debug)]
pub struct Checked {
    /// The document, if it can be used.
    pub program: Option<Program>,
    /// Everything that is wrong, with lines.
    pub findings: Vec<Finding>,
    /// What its own examples gave.
    pub examples: Vec<ExampleResult>,
}

impl Checked {
    /// Whether the document may be applied: it can be read and its examples pass.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.program.is_some() && self.examples.iter().all(ExampleResult::passed)
    }
}

/// A version of a program.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Version {
    pub id: Id,
    pub document: ProgramVersionDocument,
}

/// Checks a document without keeping it.
#[must_use]
pub fn check(text: &str) -> Checked {
    match Program::parse(text) {
        Ok(program) => {
            let examples = program.run_tests();
            Checked { program: Some(program), findings: Vec::new(), examples }
        }
        Err(findings) => Checked { program: None, findings, examples: Vec::new() },
    }
}

/// Applies a document: a program of that name gets a new version, or a new program begins. Unchanged text changes
/// nothing. Answers the program, its version, and whether anything is new.
pub async fn apply(app: &App, ctx: &Context, text: &str, note: &str) -> AppResult<(Id, Id, bool)> {
    apply_from(app, ctx, text, note, None).await
}

/// The same for a version that rules from a day on: sales before it stay under the versions before. Without a day it is
/// that of the document's `valid_from`; without one of these either, the version replaces all before it.
pub async fn apply_from(app: &App, ctx: &Context, text: &str, note: &str, from: Option<Date>) -> AppResult<(Id, Id, bool)> {
    ctx.require(Scope::Plans)?;
    let checked = check(text);
    if let Some(finding) = checked.findings.first() {
        let all: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
        return Err(AppError::invalid("plan_invalid", &format!("line {}", finding.line), all.join("\n")));
    }
    if let Some(failed) = checked.examples.iter().find(|e| !e.passed()) {
        let differences: Vec<String> =
            failed.differences.iter().map(|d| format!("{}: expected {}, found {}", d.what, d.expected, d.found)).collect();
        let text = format!("the example `{}` does not pass: {}", failed.name, differences.join("; "));
        return Err(AppError::invalid("plan_example_failed", &format!("line {}", failed.line), text));
    }
    let program = checked.program.ok_or_else(|| AppError::bug("a document without findings gave no program"))?;
    require_alike(&*app.configuration(ctx.workspace).await?, &program)?;
    let from = from.or(program.valid_from);
    let key = fold_alias(&program.name);
    let workspace = ctx.workspace;
    let lookup = key.clone();
    let present = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Program, &lookup)).await?;
    if let Some(record) = &present {
        let document: ProgramDocument = read(record)?;
        let current = version(app, ctx, Id(document.version)).await?;
        let is_same_day = from.is_none() || current.document.from == from.map(|day| day.to_string());
        if current.document.text == text && is_same_day && !document.archived {
            return Ok((record.id, current.id, false));
        }
    }
    let number = match &present {
        Some(record) => read::<ProgramDocument>(record)?.number + 1,
        None => 1,
    };
    // The version first: until the program points to it, nothing uses it.
    let document = ProgramVersionDocument {
        program: present.as_ref().map_or(0, |r| r.id.0),
        number,
        text: text.to_owned(),
        note: note.to_owned(),
        created_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
        from: from.map(|day| day.to_string()),
    };
    let put = PutRecord::new(RecordKind::ProgramVersion, None, write(&document)?);
    let version = first_id(app.submit(ctx, program.name.clone(), PutRecords::one("program.version_added", put)).await?)?;
    let timeline = timeline(present.as_ref(), version, number, from)?;
    let body = write(&ProgramDocument { name: program.name.clone(), version: version.0, number, archived: false, timeline })?;
    let put = match &present {
        Some(record) => PutRecord { expected_version: Some(record.version), ..PutRecord::change(RecordKind::Program, record.id, body) },
        None => PutRecord::new(RecordKind::Program, Some(key), body),
    };
    let command = PutRecords { action: "program.applied", puts: vec![put], event: Some("program.applied") };
    let id = first_id(app.submit(ctx, program.name.clone(), command).await?)?;
    Ok((id, version, true))
}

/// Refuses a draw that is shared with a plan in another currency or with periods of another length, whichever of the two
/// names the other: what such a plan pays could not be counted.
fn require_alike(config: &Configuration, program: &Program) -> AppResult<()> {
    let folded = fold_alias(&program.name);
    let names = |of: &Program, wanted: &str| of.settle.shared_plans().iter().any(|name| fold_alias(name) == *wanted);
    for other in &config.programs {
        let other = &*other.program;
        let other_folded = fold_alias(&other.name);
        if other_folded == folded || !names(program, &other_folded) && !names(other, &folded) {
            continue;
        }
        let why = if other.currency != program.currency {
            format!("this plan pays in {}, that one in {}", program.currency, other.currency)
        } else if other.cadence != program.cadence {
            format!("this plan is {}, that one {}", program.cadence.name(), other.cadence.name())
        } else {
            continue;
        };
        let text = format!("a draw is shared with `{}`, and {why}: what the other pays could not be counted", other.name);
        return Err(AppError::invalid("draw_not_shareable", "draw", text));
    }
    Ok(())
}

/// The versions that rule some day once a new one does from `from` on: it replaces what others say from then on.
fn timeline(present: Option<&Record>, version: Id, number: u32, from: Option<Date>) -> AppResult<Vec<RulingVersion>> {
    let mut timeline = Vec::new();
    if let (Some(record), Some(from)) = (present, from) {
        let document: ProgramDocument = read(record)?;
        timeline = document.ruling();
        // Days written as text order like days.
        let from = from.to_string();
        timeline.retain(|earlier| earlier.from.as_ref().is_none_or(|other| *other < from));
    }
    timeline.push(RulingVersion { version: version.0, number, from: from.map(|day| day.to_string()) });
    Ok(timeline)
}

fn first_id(reply: Reply) -> AppResult<Id> {
    match reply {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// A version by id.
pub async fn version(app: &App, ctx: &Context, id: Id) -> AppResult<Version> {
    ctx.require_plans()?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::ProgramVersion, id)).await?;
    let record = record.ok_or_else(|| AppError::not_found(&format!("program version {}", id.text(Kind::ProgramVersion))))?;
    Ok(Version { id, document: read(&record)? })
}

/// All versions of a program, newest first.
pub async fn versions(app: &App, ctx: &Context, program: Id) -> AppResult<Vec<Version>> {
    ctx.require_plans()?;
    let workspace = ctx.workspace;
    let records = app
        .store()
        .read(move |r| {
            let mut ids: Vec<i64> = Vec::new();
            for version in r.record_versions(workspace, RecordKind::Program, program)? {
                if let Ok(document) = read::<ProgramDocument>(&version)
                    && !ids.contains(&document.version)
                {
                    ids.push(document.version);
                }
            }
            let mut records = Vec::new();
            for id in ids.into_iter().rev() {
                records.extend(r.record(workspace, RecordKind::ProgramVersion, Id(id))?);
            }
            Ok(records)
        })
        .await?;
    records.iter().map(|r| Ok(Version { id: r.id, document: read(r)? })).collect()
}
