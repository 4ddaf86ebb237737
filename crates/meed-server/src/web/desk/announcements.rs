//! Announcements: the list with its form, and what a visitor is told.

use axum::extract::{Path, State};
use meed_app::announcements::{self, AnnouncementDocument, AnnouncementEntry};
use meed_app::{AppResult, Context};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::{Setting, iso_day, setting};
use super::super::visit::Visit;
use crate::ServerState;
use crate::pages::desk::{AnnouncementRow, AnnouncementsPage};
use crate::pages::{Badge, FormErrors, Nav, Notice, Tone};

/// What a visitor is told today.
pub(in crate::web) async fn notices(state: &ServerState, ctx: &Context) -> AppResult<Vec<Notice>> {
    let notice = |found: AnnouncementEntry| Notice {
        tone: Tone::Info,
        title: found.document.title,
        text: found.document.text,
        href: String::new(),
        when: String::new(),
    };
    Ok(announcements::current(&state.app, ctx).await?.into_iter().map(notice).collect())
}

fn row(setting: &Setting, found: &AnnouncementEntry) -> AnnouncementRow {
    let document = &found.document;
    let today = setting.today().to_string();
    // Days in ISO form sort as they follow each other.
    let status = match (&document.from, &document.until) {
        (Some(from), _) if *from > today => Badge::new("Later", Tone::Info),
        (_, Some(until)) if *until < today => Badge::new("Over", Tone::Neutral),
        _ => Badge::new("Shown now", Tone::Good),
    };
    let part = |word: &str, day: &Option<String>| day.as_deref().map(|day| format!("{word} {}", iso_day(day)));
    let parts: Vec<String> = [part("from", &document.from), part("until", &document.until)].into_iter().flatten().collect();
    AnnouncementRow {
        id: found.id.text(Kind::Announcement),
        title: document.title.clone(),
        text: document.text.clone(),
        tags: document.tags.clone(),
        valid: if parts.is_empty() { "until it is removed".to_owned() } else { parts.join(" ") },
        status,
    }
}

async fn page_of(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &AnnouncementDocument,
    errors: FormErrors,
) -> Result<AnnouncementsPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let all = announcements::list(&state.app, &visit.ctx).await?;
    Ok(AnnouncementsPage {
        chrome: visit.chrome(Nav::Announcements),
        rows: all.iter().filter(|found| id.is_none_or(|id| found.id == id)).map(|found| row(&setting, found)).collect(),
        id: id.map(|id| id.text(Kind::Announcement)).unwrap_or_default(),
        title: document.title.clone(),
        text: document.text.clone(),
        tags: document.tags.join(", "),
        from: document.from.clone().unwrap_or_default(),
        until: document.until.clone().unwrap_or_default(),
        errors,
    })
}

pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&page_of(&state, &visit, None, &AnnouncementDocument::default(), FormErrors::none()).await?)
}

pub(in crate::web) async fn edit(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let found = announcements::get(&state.app, &visit.ctx, id(&text, Kind::Announcement)?).await?;
    page(&page_of(&state, &visit, Some(found.id), &found.document, FormErrors::none()).await?)
}

fn read(form: &Fields) -> AnnouncementDocument {
    AnnouncementDocument {
        title: form.text("title").to_owned(),
        text: form.raw("text").replace("\r\n", "\n"),
        tags: form.text("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        from: form.filled("from").map(str::to_owned),
        until: form.filled("until").map(str::to_owned),
        ..AnnouncementDocument::default()
    }
}

async fn put(state: &ServerState, visit: &Visit, id: Option<Id>, form: &Fields) -> Answer {
    let document = read(form);
    match announcements::put(&state.app, &visit.ctx, id, &document).await {
        Ok(_) => Ok(flash::see_other(state, "/announcements", Tone::Good, "Saved.")),
        Err(error) => {
            let errors = form_errors(error, &[("title", "title"), ("text", "text"), ("from", "from"), ("until", "until")])?;
            form_page(&page_of(state, visit, id, &document, errors).await?)
        }
    }
}

pub(in crate::web) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, &form).await
}

pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    put(&state, &visit, Some(id(&text, Kind::Announcement)?), &form).await
}

pub(in crate::web) async fn remove(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(_): Posted) -> Answer {
    announcements::remove(&state.app, &visit.ctx, id(&text, Kind::Announcement)?).await?;
    Ok(flash::see_other(&state, "/announcements", Tone::Good, "Removed."))
}
