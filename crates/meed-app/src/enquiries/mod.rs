//! Enquiries: a payee asks about a sale or in general, the operator finds out and answers, and what was done about it is
//! linked (`commissions.md` §5, behaviour 56).

mod candidates;

pub use candidates::{Candidate, CandidateCheck, candidates};

use meed_core::command::{Class, PutRecord, PutRecords, Record, RecordKind, Refused, Reply};
use meed_core::id::{Id, Kind};
use meed_core::period::Period;
use serde::{Deserialize, Serialize};

use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::people::seen;
use crate::{App, Context, Scope};

/// Longest subject, and longest message.
const SUBJECT_MAX: usize = 200;
const TEXT_MAX: usize = 4_000;
/// Messages of a thread.
const MESSAGES_MAX: usize = 500;

/// Where an enquiry stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnquiryStatus {
    /// Waits for the operator.
    #[default]
    Open,
    /// Waits for the payee.
    Answered,
    /// Something was put right.
    Resolved,
    /// Everything was right as it was.
    Declined,
}

impl EnquiryStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Answered, Self::Resolved, Self::Declined];

    /// The word in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Resolved => "resolved",
            Self::Declined => "declined",
        }
    }

    /// The status with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether it is done with.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Resolved | Self::Declined)
    }
}

/// A message of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Message {
    pub at_us: i64,
    pub by: String,
    /// Written by the payee or their manager, not by the operator.
    pub from_line: bool,
    pub text: String,
}

/// What put it right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Fix {
    /// `sale`, `rep`, `program`, `calculation` or `release`.
    pub kind: String,
    pub id: i64,
}

impl Fix {
    /// The kind of its id.
    #[must_use]
    pub fn id_kind(&self) -> Option<Kind> {
        match self.kind.as_str() {
            "sale" => Some(Kind::Sale),
            "rep" => Some(Kind::Rep),
            "program" => Some(Kind::Program),
            "calculation" => Some(Kind::Calculation),
            "release" => Some(Kind::Release),
            _ => None,
        }
    }

    /// What an id as text names, if it can be what put something right.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let kinds = [
            (Kind::Sale, "sale"),
            (Kind::Rep, "rep"),
            (Kind::Program, "program"),
            (Kind::Calculation, "calculation"),
            (Kind::Release, "release"),
        ];
        kinds.into_iter().find_map(|(kind, word)| Id::parse(text, kind).ok().map(|id| Self { kind: word.to_owned(), id: id.0 }))
    }

    /// Its id as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.id_kind().map_or_else(|| self.id.to_string(), |kind| Id(self.id).text(kind))
    }
}

/// An enquiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct EnquiryDocument {
    pub rep: i64,
    pub subject: String,
    /// The sale as the payee names it: an order number, a customer.
    #[serde(default)]
    pub reference: String,
    /// Label of the period; empty where it is about none.
    #[serde(default)]
    pub period: String,
    #[serde(default)]
    pub program: Option<i64>,
    /// The sale, where it was opened on one.
    #[serde(default)]
    pub sale: Option<i64>,
    pub status: EnquiryStatus,
    pub opened_us: i64,
    pub opened_by: String,
    pub messages: Vec<Message>,
    #[serde(default)]
    pub fix: Option<Fix>,
}

/// An enquiry with its record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct EnquiryEntry {
    pub id: Id,
    pub version: i32,
    pub document: EnquiryDocument,
}

/// What a payee asks.
#[derive(Clone, Debug, Default)]
pub struct NewEnquiry {
    /// Whose statement it is about; the caller's own if absent.
    pub rep: Option<Id>,
    /// One line.
    pub subject: String,
    /// The question.
    pub text: String,
    /// The sale as the payee names it; may be empty.
    pub reference: String,
    /// Label of the period; may be empty.
    pub period: String,
    /// The program, if it is about one.
    pub program: Option<Id>,
    /// The sale, if it was opened on one.
    pub sale: Option<Id>,
}

fn entry(record: &Record) -> AppResult<EnquiryEntry> {
    Ok(EnquiryEntry { id: record.id, version: record.version, document: read(record)? })
}

fn checked(text: &str, field: &str, max: usize) -> AppResult<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max {
        return Err(AppError::invalid("text_length", field, format!("write 1 to {max} characters")));
    }
    Ok(text.to_owned())
}

/// Opens an enquiry: payees about themselves, managers about their line, operators for anybody.
pub async fn open(app: &App, ctx: &Context, new: &NewEnquiry) -> AppResult<Id> {
    let rep = new.rep.or(ctx.payee).ok_or_else(|| AppError::invalid("payee_missing", "payee", "say whose statement it is about"))?;
    if ctx.role.is_of_rep() {
        seen(app, ctx).await?.require(rep)?;
    } else {
        ctx.require(Scope::Release)?;
    }
    let config = app.configuration(ctx.workspace).await?;
    if config.directory.rep(rep).is_none() {
        return Err(AppError::invalid("rep_unknown", "payee", "there is no such payee"));
    }
    if !new.period.is_empty() && Period::parse(&new.period, &config.zone).is_err() {
        return Err(AppError::invalid("period_invalid", "period", format!("`{}` is not a period such as 2026-03 or 2026-Q1", new.period)));
    }
    if let Some(program) = new.program {
        config.program(program)?;
    }
    let subject = checked(&new.subject, "subject", SUBJECT_MAX)?;
    let text = checked(&new.text, "text", TEXT_MAX)?;
    let now_us = app.now_us();
    let by = ctx.actor.0.clone();
    let document = EnquiryDocument {
        rep: rep.0,
        subject: subject.clone(),
        reference: new.reference.trim().chars().take(SUBJECT_MAX).collect(),
        period: new.period.clone(),
        program: new.program.map(|id| id.0),
        sale: new.sale.map(|id| id.0),
        status: EnquiryStatus::Open,
        opened_us: now_us,
        opened_by: by.clone(),
        messages: vec![Message { at_us: now_us, by, from_line: ctx.role.is_of_rep(), text }],
        fix: None,
    };
    let put = PutRecord::new(RecordKind::Enquiry, None, write(&document)?);
    let command = PutRecords { action: "enquiry.opened", puts: vec![put], event: Some("enquiry.opened") };
    match app.submit(ctx, format!("{}: {subject}", config.rep_name(rep)), command).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// The enquiries that the caller may see: open ones first, then the latest.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<EnquiryEntry>> {
    let seen = seen(app, ctx).await?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Enquiry)).await?;
    let mut all: Vec<EnquiryEntry> = records.iter().map(entry).collect::<AppResult<_>>()?;
    all.retain(|found| seen.covers(Id(found.document.rep)));
    all.sort_by_key(|found| (found.document.status, std::cmp::Reverse(found.id)));
    Ok(all)
}

/// An enquiry by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<EnquiryEntry> {
    let seen = seen(app, ctx).await?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Enquiry, id)).await?;
    let found = record.as_ref().map(entry).transpose()?.filter(|found| seen.covers(Id(found.document.rep)));
    found.ok_or_else(|| AppError::not_found(&format!("enquiry {}", id.text(Kind::Enquiry))))
}

/// Writes a message into the thread. One of the payee's side opens a closed enquiry again; one of the operator's answers it.
pub async fn reply(app: &App, ctx: &Context, id: Id, text: &str) -> AppResult<()> {
    let found = get(app, ctx, id).await?;
    if !ctx.role.is_of_rep() {
        ctx.require(Scope::Release)?;
    }
    let text = checked(text, "text", TEXT_MAX)?;
    let status = if ctx.role.is_of_rep() { EnquiryStatus::Open } else { EnquiryStatus::Answered };
    change(app, ctx, found, status, Some(text), None, "enquiry.replied").await
}

/// Closes an enquiry, or opens it again, with a word about why and what put it right.
pub async fn decide(app: &App, ctx: &Context, id: Id, status: EnquiryStatus, text: &str, fix: Option<&str>) -> AppResult<()> {
    ctx.require(Scope::Release)?;
    if ctx.role.is_of_rep() {
        return Err(Refused::new(Class::Forbidden, "scope_missing", "an enquiry is decided by the operator").into());
    }
    let found = get(app, ctx, id).await?;
    let text = if text.trim().is_empty() { None } else { Some(checked(text, "text", TEXT_MAX)?) };
    let fix = match fix.map(str::trim).filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => {
            let unknown =
                || AppError::invalid("fix_unknown", "fix", format!("`{text}` is no id of a sale, rep, program, calculation or release"));
            Some(Fix::parse(text).ok_or_else(unknown)?)
        }
    };
    change(app, ctx, found, status, text, fix, "enquiry.decided").await
}

async fn change(
    app: &App,
    ctx: &Context,
    found: EnquiryEntry,
    status: EnquiryStatus,
    text: Option<String>,
    fix: Option<Fix>,
    action: &'static str,
) -> AppResult<()> {
    let mut document = found.document;
    if document.messages.len() >= MESSAGES_MAX {
        return Err(AppError::conflict("thread_full", format!("a thread has at most {MESSAGES_MAX} messages; open another enquiry")));
    }
    document.status = status;
    document.fix = fix.or(document.fix);
    let by = ctx.actor.0.clone();
    document.messages.extend(text.map(|text| Message { at_us: app.now_us(), by, from_line: ctx.role.is_of_rep(), text }));
    let subject = document.subject.clone();
    let put = PutRecord { expected_version: Some(found.version), ..PutRecord::change(RecordKind::Enquiry, found.id, write(&document)?) };
    app.submit(ctx, subject, PutRecords { action, puts: vec![put], event: Some("enquiry.changed") }).await.map(|_| ())
}
