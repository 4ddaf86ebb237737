//! `/v1/enquiries`, `/v1/announcements`, `/v1/leaderboard`: what payees and operators say to each other.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use meed_app::announcements::{self, AnnouncementDocument, AnnouncementEntry};
use meed_app::enquiries::{self, Candidate, EnquiryEntry, EnquiryStatus, NewEnquiry};
use meed_app::leaderboard::{self, Board};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Page, PageParams, json, no_content, page, page_of};
use super::openapi::Refusals;
use super::problem::{Answered, FieldProblem};
use super::request::{Caller, Json, Params, id_in, id_of};
use super::wire::time;
use crate::ServerState;

/// A message of a thread.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EnquiryMessage)]
pub(crate) struct MessageOut {
    /// When.
    at: String,
    /// Who wrote it, as the audit log names them.
    by: String,
    /// Whether the payee or their manager wrote it.
    from_payee: bool,
    /// The text.
    text: String,
}

/// An enquiry.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Enquiry)]
pub(crate) struct EnquiryOut {
    /// The enquiry.
    #[schema(example = "enq_01jq3v8k2m9ra")]
    id: String,
    /// Whose statement it is about.
    payee: String,
    /// One line.
    subject: String,
    /// The sale as the payee names it.
    reference: Option<String>,
    /// The period.
    period: Option<String>,
    /// The program.
    program: Option<String>,
    /// The sale that it was opened on.
    sale: Option<String>,
    /// `open`, `answered`, `resolved` or `declined`.
    #[schema(example = "open")]
    status: String,
    /// When it was opened.
    opened_at: String,
    /// The thread, oldest first.
    messages: Vec<MessageOut>,
    /// Id of what was changed to put it right.
    fix: Option<String>,
}

impl From<&EnquiryEntry> for EnquiryOut {
    fn from(found: &EnquiryEntry) -> Self {
        let document = &found.document;
        let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let message = |message: &enquiries::Message| MessageOut {
            at: time(message.at_us),
            by: message.by.clone(),
            from_payee: message.from_line,
            text: message.text.clone(),
        };
        Self {
            id: found.id.text(Kind::Enquiry),
            payee: Id(document.rep).text(Kind::Rep),
            subject: document.subject.clone(),
            reference: filled(&document.reference),
            period: filled(&document.period),
            program: document.program.map(|id| Id(id).text(Kind::Program)),
            sale: document.sale.map(|id| Id(id).text(Kind::Sale)),
            status: document.status.word().to_owned(),
            opened_at: time(document.opened_us),
            messages: document.messages.iter().map(message).collect(),
            fix: document.fix.as_ref().map(enquiries::Fix::text),
        }
    }
}

/// An enquiry to open for a payee.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnquiryIn)]
pub(crate) struct EnquiryIn {
    /// Whose statement it is about.
    #[schema(example = "rep_01jq3v8k2m9ra")]
    payee: String,
    /// One line.
    #[schema(example = "Order 1204 is missing")]
    subject: String,
    /// The question.
    text: String,
    /// The sale as the payee names it.
    #[serde(default)]
    reference: Option<String>,
    /// The period.
    #[serde(default)]
    #[schema(example = "2026-03")]
    period: Option<String>,
    /// The program.
    #[serde(default)]
    program: Option<String>,
    /// The sale, if it is known.
    #[serde(default)]
    sale: Option<String>,
}

/// An answer to an enquiry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EnquiryAnswerIn)]
pub(crate) struct AnswerIn {
    /// The answer; may be empty where only the status changes.
    #[serde(default)]
    text: String,
    /// `open`, `answered`, `resolved` or `declined`.
    #[schema(example = "resolved")]
    status: String,
    /// Id of the sale, rep, program, calculation or release that was changed.
    #[serde(default)]
    fix: Option<String>,
}

/// List enquiries
///
/// Open ones first, then the latest. Needs the scope `read`.
#[utoipa::path(
    get, path = "/enquiries", tag = "Payees", operation_id = "listEnquiries", params(PageParams),
    responses((status = 200, description = "A page of enquiries", body = Page<EnquiryOut>), Refusals),
)]
pub(crate) async fn enquiry_list(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let all = enquiries::list(&state.app, &ctx).await?;
    let (found, next) = page_of(all, &params, |enquiry| enquiry.id)?;
    page(found.iter().map(EnquiryOut::from).collect(), next, params.fields.as_deref())
}

/// Open an enquiry
///
/// Needs the scopes `release` and `read`; payees open theirs on the pages.
#[utoipa::path(
    post, path = "/enquiries", tag = "Payees", operation_id = "openEnquiry",
    request_body(content = EnquiryIn, example = json!({"payee": "rep_01jq3v8k2m9ra", "subject": "Order 1204 is missing", "text": "It was won on 3 March.", "reference": "1204", "period": "2026-03"})),
    responses((status = 201, description = "The enquiry", body = EnquiryOut), Refusals),
)]
pub(crate) async fn open(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<EnquiryIn>) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let optional = |text: Option<&str>, kind: Kind, field: &str| text.map(|text| id_in(text, kind, field)).transpose();
    let new = NewEnquiry {
        rep: Some(id_in(&body.payee, Kind::Rep, "payee")?),
        subject: body.subject,
        text: body.text,
        reference: body.reference.unwrap_or_default(),
        period: body.period.unwrap_or_default(),
        program: optional(body.program.as_deref(), Kind::Program, "program")?,
        sale: optional(body.sale.as_deref(), Kind::Sale, "sale")?,
    };
    let id = enquiries::open(&state.app, &ctx, &new).await?;
    let reader = meed_app::Context { scopes: vec![meed_app::Scope::Read], ..ctx.as_ref().clone() };
    Ok(json(StatusCode::CREATED, &EnquiryOut::from(&enquiries::get(&state.app, &reader, id).await?)))
}

/// Get an enquiry
///
/// With its thread. Needs the scope `read`.
#[utoipa::path(
    get, path = "/enquiries/{id}", tag = "Payees", operation_id = "getEnquiry",
    params(("id" = String, Path, description = "The enquiry", example = "enq_01jq3v8k2m9ra")),
    responses((status = 200, description = "The enquiry", body = EnquiryOut), Refusals),
)]
pub(crate) async fn enquiry(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let found = enquiries::get(&state.app, &ctx, id_of(&id, Kind::Enquiry, "enquiry")?).await?;
    Ok(json(StatusCode::OK, &EnquiryOut::from(&found)))
}

/// Answer an enquiry
///
/// Needs the scope `release`. Says something, sets the status, and names what put it right.
#[utoipa::path(
    post, path = "/enquiries/{id}", tag = "Payees", operation_id = "answerEnquiry",
    params(("id" = String, Path, description = "The enquiry", example = "enq_01jq3v8k2m9ra")),
    request_body(content = AnswerIn, example = json!({"text": "Your alias was missing.", "status": "resolved", "fix": "rep_01jq3v8k2m9ra"})),
    responses((status = 200, description = "The enquiry", body = EnquiryOut), Refusals),
)]
pub(crate) async fn answer(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<AnswerIn>,
) -> Answered<Response> {
    ctx.require(meed_app::Scope::Release)?;
    let unknown = || FieldProblem::new("status", "value_invalid", format!("`{}` is no status of an enquiry", body.status));
    let status = EnquiryStatus::from_word(&body.status).ok_or_else(unknown)?;
    let id = id_of(&id, Kind::Enquiry, "enquiry")?;
    // Who may answer may read what is answered.
    let deciding = meed_app::Context { scopes: vec![meed_app::Scope::Read, meed_app::Scope::Release], ..ctx.as_ref().clone() };
    enquiries::decide(&state.app, &deciding, id, status, &body.text, body.fix.as_deref()).await?;
    Ok(json(StatusCode::OK, &EnquiryOut::from(&enquiries::get(&state.app, &deciding, id).await?)))
}

/// Something that was looked at about a sale.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EnquiryCheck)]
pub(crate) struct CheckOut {
    /// `alias`, `period` or `filter`.
    check: String,
    /// Whether it is as the payee expects.
    good: bool,
    /// What was found.
    text: String,
}

/// A sale that may be meant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EnquiryCandidate)]
pub(crate) struct CandidateOut {
    /// The sale.
    sale: String,
    /// The source's own id.
    unique_id: Option<String>,
    /// What was looked at.
    checks: Vec<CheckOut>,
}

impl From<&Candidate> for CandidateOut {
    fn from(candidate: &Candidate) -> Self {
        let check =
            |check: &enquiries::CandidateCheck| CheckOut { check: check.code.to_owned(), good: check.is_good, text: check.text.clone() };
        Self {
            sale: candidate.sale.stored.id.text(Kind::Sale),
            unique_id: candidate.sale.stored.unique_id.clone(),
            checks: candidate.checks.iter().map(check).collect(),
        }
    }
}

/// Sales that an enquiry may be about
///
/// Each with what was looked at: does it name the payee, does it fall into the period, does the plan take it? None: no such
/// sale exists. Needs the scope `read`.
#[utoipa::path(
    get, path = "/enquiries/{id}/candidates", tag = "Payees", operation_id = "listEnquiryCandidates",
    params(("id" = String, Path, description = "The enquiry", example = "enq_01jq3v8k2m9ra")),
    responses((status = 200, description = "Sales", body = Page<CandidateOut>), Refusals),
)]
pub(crate) async fn candidates(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let found = enquiries::get(&state.app, &ctx, id_of(&id, Kind::Enquiry, "enquiry")?).await?;
    let all = enquiries::candidates(&state.app, &ctx, &found).await?;
    page(all.iter().map(CandidateOut::from).collect(), None, None)
}

/// An announcement.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Announcement)]
pub(crate) struct AnnouncementOut {
    /// The announcement.
    #[schema(example = "ann_01jq3v8k2m9ra")]
    id: String,
    /// Title.
    title: String,
    /// Text.
    text: String,
    /// Reps with one of these tags see it; everybody where there is none.
    tags: Vec<String>,
    /// First day; from the beginning if null.
    from: Option<String>,
    /// Last day; until it is removed if null.
    until: Option<String>,
    /// When it was made.
    created_at: String,
}

impl From<&AnnouncementEntry> for AnnouncementOut {
    fn from(found: &AnnouncementEntry) -> Self {
        let document = &found.document;
        Self {
            id: found.id.text(Kind::Announcement),
            title: document.title.clone(),
            text: document.text.clone(),
            tags: document.tags.clone(),
            from: document.from.clone(),
            until: document.until.clone(),
            created_at: time(document.created_us),
        }
    }
}

/// An announcement to make, or all of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnnouncementIn)]
pub(crate) struct AnnouncementIn {
    /// Title.
    #[schema(example = "Contest in April")]
    title: String,
    /// Text.
    #[serde(default)]
    text: String,
    /// Reps with one of these tags see it; everybody where there is none.
    #[serde(default)]
    tags: Vec<String>,
    /// First day.
    #[serde(default)]
    #[schema(example = "2026-04-01")]
    from: Option<String>,
    /// Last day.
    #[serde(default)]
    until: Option<String>,
}

impl AnnouncementIn {
    fn document(self) -> AnnouncementDocument {
        let Self { title, text, tags, from, until } = self;
        AnnouncementDocument { title, text, tags, from, until, ..AnnouncementDocument::default() }
    }
}

/// List announcements
///
/// Newest first, whether they hold today or not. Needs the scope `read`.
#[utoipa::path(
    get, path = "/announcements", tag = "Payees", operation_id = "listAnnouncements", params(PageParams),
    responses((status = 200, description = "A page of announcements", body = Page<AnnouncementOut>), Refusals),
)]
pub(crate) async fn announcement_list(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Params(params): Params<PageParams>,
) -> Answered<Response> {
    let all = announcements::list(&state.app, &ctx).await?;
    let (found, next) = page_of(all, &params, |found| found.id)?;
    page(found.iter().map(AnnouncementOut::from).collect(), next, params.fields.as_deref())
}

/// Announce
///
/// Needs the scope `admin`. Payees with one of the tags read it above their statements while it holds.
#[utoipa::path(
    post, path = "/announcements", tag = "Payees", operation_id = "announce",
    request_body(content = AnnouncementIn, example = json!({"title": "Contest in April", "text": "50 for each new customer.", "tags": ["field"], "from": "2026-04-01", "until": "2026-04-30"})),
    responses((status = 201, description = "The announcement", body = AnnouncementOut), Refusals),
)]
pub(crate) async fn announce(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Json(body): Json<AnnouncementIn>,
) -> Answered<Response> {
    let id = announcements::put(&state.app, &ctx, None, &body.document()).await?;
    Ok(json(StatusCode::CREATED, &AnnouncementOut::from(&announcements::get(&state.app, &ctx, id).await?)))
}

/// Get an announcement
///
/// Needs the scope `read`.
#[utoipa::path(
    get, path = "/announcements/{id}", tag = "Payees", operation_id = "getAnnouncement",
    params(("id" = String, Path, description = "The announcement", example = "ann_01jq3v8k2m9ra")),
    responses((status = 200, description = "The announcement", body = AnnouncementOut), Refusals),
)]
pub(crate) async fn announcement(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    let found = announcements::get(&state.app, &ctx, id_of(&id, Kind::Announcement, "announcement")?).await?;
    Ok(json(StatusCode::OK, &AnnouncementOut::from(&found)))
}

/// Change an announcement
///
/// Needs the scope `admin`. Replaces all of it.
#[utoipa::path(
    put, path = "/announcements/{id}", tag = "Payees", operation_id = "putAnnouncement",
    params(("id" = String, Path, description = "The announcement", example = "ann_01jq3v8k2m9ra")),
    request_body(content = AnnouncementIn, example = json!({"title": "Contest in April", "tags": []})),
    responses((status = 200, description = "The announcement", body = AnnouncementOut), Refusals),
)]
pub(crate) async fn put_announcement(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<AnnouncementIn>,
) -> Answered<Response> {
    let id = id_of(&id, Kind::Announcement, "announcement")?;
    announcements::put(&state.app, &ctx, Some(id), &body.document()).await?;
    Ok(json(StatusCode::OK, &AnnouncementOut::from(&announcements::get(&state.app, &ctx, id).await?)))
}

/// Remove an announcement
///
/// Needs the scope `admin`.
#[utoipa::path(
    delete, path = "/announcements/{id}", tag = "Payees", operation_id = "removeAnnouncement",
    params(("id" = String, Path, description = "The announcement", example = "ann_01jq3v8k2m9ra")),
    responses((status = 204, description = "It is gone"), Refusals),
)]
pub(crate) async fn remove(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
    announcements::remove(&state.app, &ctx, id_of(&id, Kind::Announcement, "announcement")?).await?;
    Ok(no_content())
}

/// A place on a board.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LeaderboardPlace)]
pub(crate) struct PlaceOut {
    /// From 1; equal attainment shares a place.
    rank: usize,
    /// The payee.
    payee: String,
    /// Their name.
    name: String,
    /// Attainment in percent of the quota, exact.
    #[schema(example = "104.2")]
    percent: String,
}

/// A program's period.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Leaderboard)]
pub(crate) struct BoardOut {
    /// The program.
    program: String,
    /// Its name.
    program_name: String,
    /// The period.
    #[schema(example = "2026-03")]
    period: String,
    /// In order.
    places: Vec<PlaceOut>,
}

impl From<&Board> for BoardOut {
    fn from(board: &Board) -> Self {
        let place = |place: &leaderboard::Place| PlaceOut {
            rank: place.rank,
            payee: place.rep.text(Kind::Rep),
            name: place.name.clone(),
            percent: place.percent.normalize().to_string(),
        };
        Self {
            program: board.program.text(Kind::Program),
            program_name: board.program_name.clone(),
            period: board.period.clone(),
            places: board.places.iter().map(place).collect(),
        }
    }
}

/// Get the leaderboard
///
/// How far everybody came against their quota, by program and period. It shows no money. Needs the scope `read`.
#[utoipa::path(
    get, path = "/leaderboard", tag = "Payees", operation_id = "getLeaderboard",
    responses((status = 200, description = "The latest boards", body = Page<BoardOut>), Refusals),
)]
pub(crate) async fn boards(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    let all = leaderboard::boards(&state.app, &ctx).await?;
    page(all.iter().map(BoardOut::from).collect(), None, None)
}
