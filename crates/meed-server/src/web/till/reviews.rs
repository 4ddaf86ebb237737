//! What tills without a connection did and somebody has to decide about.

use axum::extract::{Path, State};
use meed_app::loyalty::TillConfig;
use meed_app::loyalty::reviews::{self, ReviewView};
use meed_core::id::Kind;
use meed_core::loyalty::ReviewDecision;

use super::receipt::place;
use crate::ServerState;
use crate::pages::till::{ReviewRow, ReviewsPage};
use crate::pages::{Badge, FormErrors, Nav, Pager, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Asked, Fields, Posted, id};
use crate::web::shown::{Setting, counted, money, setting};
use crate::web::visit::Visit;

/// Rows of a page.
const ROWS: usize = 50;

/// `GET /reviews`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit, Asked(form): Asked) -> Answer {
    page(&list_page(&state, &visit, &form, FormErrors::none()).await?)
}

async fn list_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<ReviewsPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let config = app.till_config(ctx.workspace).await?;
    let shows_all = form.text("show") == "all";
    let before = form.id("before", Kind::Event)?;
    let mut views = reviews::list(app, ctx, !shows_all, before, ROWS + 1).await?;
    let mut pager = Pager::default();
    if views.len() > ROWS {
        views.truncate(ROWS);
        let last = views.last().map(|view| view.id.text(Kind::Event)).unwrap_or_default();
        pager.older = Some(format!("/reviews?before={last}{}", if shows_all { "&show=all" } else { "" }));
    }
    let mut rows = Vec::with_capacity(views.len());
    for view in &views {
        let (store, _) = place(state, visit, &config, view.purchase.body.basket.unit).await?;
        rows.push(row(&setting, &config, view, store));
    }
    Ok(ReviewsPage {
        chrome: visit.chrome(Nav::Reviews),
        rows,
        shows_all,
        pager,
        late: views.iter().filter(|view| is_only_late(view)).map(|view| view.id.text(Kind::Event)).collect(),
        may_decide: visit.ctx.has(meed_app::Scope::Sales),
        failed: form.text("review").to_owned(),
        note: form.text("note").to_owned(),
        errors,
    })
}

fn row(setting: &Setting, config: &TillConfig, view: &ReviewView, store: String) -> ReviewRow {
    let person = &view.person;
    let is_uncovered = view.review.uncovered > 0;
    ReviewRow {
        id: view.id.text(Kind::Event),
        purchase: view.purchase.id.text(Kind::Purchase),
        receipt: view.purchase.body.basket.reference.clone(),
        participant: view.purchase.participant.text(Kind::Participant),
        name: if person.name.is_empty() { person.number.clone() } else { person.name.clone() },
        store,
        at: setting.moment(view.purchase.body.basket.at.as_microsecond()),
        came: format!("{}, {}", setting.moment(view.recorded_us), later(view)),
        what: match (is_uncovered, view.review.is_late) {
            (true, true) => "Spent more than there was, and came late",
            (true, false) => "Spent more than there was",
            (false, _) => "Came late",
        }
        .to_owned(),
        uncovered: is_uncovered.then(|| money(view.review.uncovered, config.currency)),
        open: (view.open > 0).then(|| money(view.open, config.currency)),
        status: status(view),
        note: view.review.decided.as_ref().map(|decided| decided.note.clone()).unwrap_or_default(),
        needs_somebody: view.needs_somebody(),
    }
}

/// Whether all that is the matter is that it came late.
fn is_only_late(view: &ReviewView) -> bool {
    view.needs_somebody() && view.open == 0
}

/// How long after the sale it came in.
fn later(view: &ReviewView) -> String {
    let hours = (view.recorded_us - view.purchase.body.basket.at.as_microsecond()).max(0) / 3_600_000_000;
    let count = |many: i64| u64::try_from(many).unwrap_or_default();
    if hours < 48 {
        format!("{} later", counted(count(hours), "hour", "hours"))
    } else {
        format!("{} later", counted(count(hours / 24), "day", "days"))
    }
}

fn status(view: &ReviewView) -> Badge {
    match view.review.decided.as_ref().map(|decided| decided.decision) {
        Some(ReviewDecision::WrittenOff) => Badge::new("Written off", Tone::Neutral),
        Some(ReviewDecision::Recovered) => Badge::new("Customer owes it", Tone::Good),
        Some(ReviewDecision::StoreBears) => Badge::new("Store bears it", Tone::Neutral),
        Some(ReviewDecision::Accepted) => Badge::new("Accepted", Tone::Good),
        None if view.needs_somebody() => Badge::new("To decide", Tone::Warn),
        None => Badge::new("Came back", Tone::Neutral),
    }
}

/// `POST /reviews`: accepts together what only came late, of those that the page showed.
pub(in crate::web) async fn accept(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let note = form.text("note");
    if note.is_empty() {
        return form_page(&list_page(&state, &visit, &form, FormErrors::one("note-late", "Say why.")).await?);
    }
    let mut count = 0;
    for review in form.all("late") {
        let review = id(review, Kind::Event)?;
        let key = format!("page {review} {} {note}", ReviewDecision::Accepted);
        reviews::decide(&state.app, &visit.ctx, review, ReviewDecision::Accepted, note, Some(&key)).await?;
        count += 1;
    }
    let said = format!("{} accepted.", counted(count, "sale is", "sales are"));
    Ok(flash::see_other(&state, "/reviews", Tone::Good, &said))
}

/// `POST /reviews/{id}`
pub(in crate::web) async fn decide(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(mut form): Posted,
) -> Answer {
    let review = id(&text, Kind::Event)?;
    let decision = ReviewDecision::from_name(form.text("decision"));
    let wrong = match (&decision, form.text("note")) {
        (None, _) => Some(FormErrors::one("decision", "Say who bears it.")),
        (_, "") => Some(FormErrors::one("note", "Say why.")),
        _ => None,
    };
    form.push("review", text);
    let (Some(decision), None) = (decision, &wrong) else {
        return form_page(&list_page(&state, &visit, &form, wrong.unwrap_or_else(FormErrors::none)).await?);
    };
    // Sent twice, it is the same decision.
    let key = format!("page {review} {decision} {}", form.text("note"));
    match reviews::decide(&state.app, &visit.ctx, review, decision, form.text("note"), Some(&key)).await {
        Ok(_) => Ok(flash::see_other(&state, "/reviews", Tone::Good, "It is decided.")),
        Err(error) => {
            let errors = form_errors(error, &[("reason", "note"), ("decision", "decision")])?;
            form_page(&list_page(&state, &visit, &form, errors).await?)
        }
    }
}
