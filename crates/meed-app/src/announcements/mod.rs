//! Announcements: what a workspace tells its payees, by tag and for a while (`commissions.md` §5, rep dashboard).

use jiff::civil::Date;
use meed_core::command::{PutRecord, PutRecords, Record, RecordKind, Reply};
use meed_core::id::{Id, Kind};
use meed_core::people::fold_alias;
use serde::{Deserialize, Serialize};

use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::people::today;
use crate::{App, Context, Scope};

/// Longest title and text.
const TITLE_MAX: usize = 200;
const TEXT_MAX: usize = 4_000;

/// An announcement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)]
pub struct AnnouncementDocument {
    pub title: String,
    pub text: String,
    /// Reps with one of these tags see it; everybody where there is none.
    pub tags: Vec<String>,
    /// First day, ISO; from now on if absent.
    pub from: Option<String>,
    /// Last day, ISO; until it is removed if absent.
    pub until: Option<String>,
    pub created_us: i64,
    pub created_by: String,
}

/// An announcement with its record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct AnnouncementEntry {
    pub id: Id,
    pub document: AnnouncementDocument,
}

fn entry(record: &Record) -> AppResult<AnnouncementEntry> {
    Ok(AnnouncementEntry { id: record.id, document: read(record)? })
}

fn day(text: Option<&str>, field: &str) -> AppResult<Option<Date>> {
    let unreadable = |text: &str| AppError::invalid("date_unreadable", field, format!("`{text}` is not a date such as 2026-03-31"));
    text.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
}

/// Makes an announcement, or changes one.
pub async fn put(app: &App, ctx: &Context, id: Option<Id>, document: &AnnouncementDocument) -> AppResult<Id> {
    ctx.require(Scope::Admin)?;
    let (title, text) = (document.title.trim(), document.text.trim());
    if title.is_empty() || title.chars().count() > TITLE_MAX {
        return Err(AppError::invalid("text_length", "title", format!("write 1 to {TITLE_MAX} characters")));
    }
    if text.chars().count() > TEXT_MAX {
        return Err(AppError::invalid("text_length", "text", format!("write at most {TEXT_MAX} characters")));
    }
    let (from, until) = (day(document.from.as_deref(), "from")?, day(document.until.as_deref(), "until")?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err(AppError::invalid("validity_reversed", "until", "the last day lies before the first"));
    }
    let before = match id {
        Some(id) => Some(get(app, ctx, id).await?.document),
        None => None,
    };
    let document = AnnouncementDocument {
        title: title.to_owned(),
        text: text.to_owned(),
        created_us: before.as_ref().map_or_else(|| app.now_us(), |before| before.created_us),
        created_by: before.map_or_else(|| ctx.actor.0.clone(), |before| before.created_by),
        ..document.clone()
    };
    let put = match id {
        Some(id) => PutRecord::change(RecordKind::Announcement, id, write(&document)?),
        None => PutRecord::new(RecordKind::Announcement, None, write(&document)?),
    };
    match app.submit(ctx, document.title.clone(), PutRecords::one("announcement.saved", put)).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Takes an announcement away.
pub async fn remove(app: &App, ctx: &Context, id: Id) -> AppResult<()> {
    ctx.require(Scope::Admin)?;
    let found = get(app, ctx, id).await?;
    let put = PutRecord::delete(RecordKind::Announcement, id);
    app.submit(ctx, found.document.title, PutRecords::one("announcement.removed", put)).await.map(|_| ())
}

/// All announcements, newest first.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<AnnouncementEntry>> {
    ctx.require(Scope::Read)?;
    all(app, ctx).await
}

async fn all(app: &App, ctx: &Context) -> AppResult<Vec<AnnouncementEntry>> {
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Announcement)).await?;
    let mut all: Vec<AnnouncementEntry> = records.iter().map(entry).collect::<AppResult<_>>()?;
    all.reverse();
    Ok(all)
}

/// An announcement by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<AnnouncementEntry> {
    let found = list(app, ctx).await?.into_iter().find(|found| found.id == id);
    found.ok_or_else(|| AppError::not_found(&format!("announcement {}", id.text(Kind::Announcement))))
}

/// What the caller is told today: a payee or manager by the tags of their rep, everybody else everything that holds.
pub async fn current(app: &App, ctx: &Context) -> AppResult<Vec<AnnouncementEntry>> {
    if ctx.payee.is_none() {
        ctx.require(Scope::Read)?;
    }
    let config = app.configuration(ctx.workspace).await?;
    let day = today(app, &config);
    let tags: Option<Vec<String>> = ctx.payee.map(|rep| {
        let tags = config.directory.rep(rep).map(|rep| rep.tags.as_slice()).unwrap_or_default();
        tags.iter().map(|tag| fold_alias(tag)).collect()
    });
    let holds = |document: &AnnouncementDocument| {
        let bound = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Date>().ok());
        bound(&document.from).is_none_or(|from| from <= day) && bound(&document.until).is_none_or(|until| day <= until)
    };
    let is_meant = |document: &AnnouncementDocument| match &tags {
        None => true,
        Some(tags) => document.tags.is_empty() || document.tags.iter().any(|tag| tags.contains(&fold_alias(tag))),
    };
    let mut current = all(app, ctx).await?;
    current.retain(|found| holds(&found.document) && is_meant(&found.document));
    Ok(current)
}
