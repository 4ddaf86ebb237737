//! The steps after the mapping: dry run, run with progress, result with refused rows.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse};
use meed_app::imports::{self, DryRun, Import, ImportState, TriedSale};
use meed_app::sources;
use meed_core::command::SaleChange;
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, download, page, see_other};
use super::super::flash;
use super::super::form::{Posted, id};
use super::super::shown::{Setting, counted, day_text, exact, iso_day, setting};
use super::super::visit::{Part, Visit};
use super::words::{counts, errors, revenue, status};
use crate::ServerState;
use crate::pages::imports::{DryRunPage, ImportProgress, ImportResultPage, PreviewSale, ProgressPage};
use crate::pages::{Amount, Badge, Nav, NextStep, Notice, Tone};

async fn import(state: &ServerState, visit: &Visit, text: &str) -> Result<Import, Trouble> {
    Ok(imports::get(&state.app, &visit.ctx, id(text, Kind::Import)?).await?)
}

/// Where the wizard stands for this import.
fn step(import: &Import) -> String {
    let id = import.id.text(Kind::Import);
    match import.document.state {
        ImportState::Mapping if import.document.is_certain => format!("/imports/{id}/preview"),
        ImportState::Mapping => format!("/imports/{id}/mapping"),
        ImportState::Running => format!("/imports/{id}/progress"),
        ImportState::Done | ImportState::Failed | ImportState::Discarded | ImportState::Undoing | ImportState::Undone => {
            format!("/imports/{id}")
        }
    }
}

async fn source_name(state: &ServerState, visit: &Visit, import: &Import) -> Result<String, Trouble> {
    Ok(sources::get(&state.app, &visit.ctx, Id(import.document.source)).await?.document.name)
}

pub(super) async fn preview(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let import = import(&state, &visit, &text).await?;
    if import.document.state != ImportState::Mapping {
        return Ok(see_other(&step(&import)));
    }
    let reading = imports::reading(&state.app, &visit.ctx, &import).await?;
    if !reading.problems().is_empty() {
        return Ok(see_other(&format!("/imports/{text}/mapping")));
    }
    let tried = imports::dry_run(&state.app, &visit.ctx, import.id).await?;
    let setting = setting(&state.app, &visit.ctx).await?;
    let warnings = reading.warnings().iter().map(|warning| Notice {
        tone: Tone::Warn,
        title: super::super::answer::sentence(&warning.text),
        text: warning.line.map_or_else(String::new, |line| format!("Line {line}.")),
        ..Notice::default()
    });
    let agrees = reading.total().filter(|total| total.agrees).map(|total| Notice {
        tone: Tone::Good,
        title: format!("The file’s own total agrees: {}", total.told),
        text: format!("Line {}.", total.line),
        ..Notice::default()
    });
    let said = super::said::sentences(&setting, &reading).into_iter().map(|(is_doubtful, title, text)| Notice {
        tone: if is_doubtful { Tone::Warn } else { Tone::Info },
        title,
        text,
        ..Notice::default()
    });
    let notices = warnings.chain(said).chain(ignored_notice(&tried)).chain(agrees).collect();
    page(&DryRunPage {
        chrome: visit.chrome(Nav::Imports),
        id: text,
        file: import.document.file_name.clone(),
        source: source_name(&state, &visit, &import).await?,
        counts: counts(&tried.counts),
        revenue: revenue(&tried.counts),
        first_day: tried.counts.first_day.as_deref().map(iso_day).unwrap_or_default(),
        last_day: tried.counts.last_day.as_deref().map(iso_day).unwrap_or_default(),
        notices,
        sales: tried.sales.iter().map(|sale| preview_sale(&setting, sale)).collect(),
        errors: errors(&tried.rejected),
    })
}

/// Rows without an id that equal another one are told apart from rows that are known.
fn ignored_notice(tried: &DryRun) -> Option<Notice> {
    (tried.counts.ignored > 0).then(|| Notice {
        tone: Tone::Info,
        title: format!("{} no unique id and the same content as another", counted(tried.counts.ignored, "row has", "rows have")),
        text: "They count once. Map a unique id if they are different sales.".to_owned(),
        ..Notice::default()
    })
}

fn preview_sale(setting: &Setting, tried: &TriedSale) -> PreviewSale {
    let sale = &tried.sale;
    let outcome = match tried.change {
        SaleChange::Created => Badge::new("New", Tone::Good),
        SaleChange::Updated => Badge::new("Changes", Tone::Info),
        SaleChange::Unchanged | SaleChange::Ignored => Badge::new("Known", Tone::Neutral),
    };
    let owners: Vec<&str> = sale.owners.iter().flatten().flat_map(|owner| meed_core::sale::split_owners(owner)).collect();
    let customer = [&sale.customer_name, &sale.customer_email, &sale.customer_code].into_iter().flatten().next();
    PreviewSale {
        line: tried.line.and_then(|line| u64::try_from(line).ok()).unwrap_or(0),
        outcome,
        date: day_text(setting.day_of(sale.at)),
        unique_id: tried.unique_id.clone().unwrap_or_default(),
        customer: customer.cloned().unwrap_or_default(),
        owners: owners.join(", "),
        revenue: sale.revenue.map_or_else(Amount::default, |revenue| exact(revenue, sale.currency.as_ref().map_or("", |unit| unit.code()))),
    }
}

pub(super) async fn start(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(_): Posted) -> Answer {
    let import = import(&state, &visit, &text).await?;
    // Sent twice: the second one goes on to the progress of the first.
    if import.document.state != ImportState::Mapping {
        return Ok(see_other(&step(&import)));
    }
    imports::start(&state.app, &visit.ctx, import.id).await?;
    Ok(see_other(&format!("/imports/{text}/progress")))
}

pub(super) async fn discard(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(_): Posted) -> Answer {
    let import = import(&state, &visit, &text).await?;
    imports::discard(&state.app, &visit.ctx, import.id).await?;
    let said = format!("{} was put away. Nothing of it is stored.", import.document.file_name);
    Ok(flash::see_other(&state, "/imports", Tone::Neutral, &said))
}

fn progress_of(import: &Import) -> ImportProgress {
    let document = &import.document;
    let finished = !matches!(document.state, ImportState::Running | ImportState::Mapping);
    let percent = match document.total_rows {
        _ if finished => 100,
        0 => 0,
        total => u8::try_from(document.counts.rows.saturating_mul(100) / total).unwrap_or(100).min(99),
    };
    ImportProgress {
        id: import.id.text(Kind::Import),
        rows: document.counts.rows,
        total: Some(document.total_rows),
        percent,
        counts: counts(&document.counts),
        stage: "Storing rows".to_owned(),
        finished,
    }
}

pub(super) async fn progress(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let import = import(&state, &visit, &text).await?;
    if import.document.state != ImportState::Running {
        return Ok(see_other(&step(&import)));
    }
    let progress = progress_of(&import);
    page(&ProgressPage { chrome: visit.chrome(Nav::Imports), file: import.document.file_name, progress })
}

pub(super) async fn progress_part(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let import = import(&state, &visit, &text).await?;
    let part = progress_of(&import);
    let mut response = Html(part.render()?).into_response();
    response.extensions_mut().insert(Part);
    if part.finished
        && let Ok(to) = HeaderValue::from_str(&step(&import))
    {
        response.headers_mut().insert(HeaderName::from_static("hx-redirect"), to);
    }
    Ok(response)
}

pub(super) async fn result(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let import = import(&state, &visit, &text).await?;
    let to = step(&import);
    if to != format!("/imports/{text}") {
        return Ok(see_other(&to));
    }
    let document = &import.document;
    let setting = setting(&state.app, &visit.ctx).await?;
    let rejected = imports::rejects(&state.app, &visit.ctx, import.id).await?;
    let mut notices = Vec::new();
    if let Some(error) = &document.error {
        notices.push(Notice {
            tone: Tone::Bad,
            title: "The import stopped".to_owned(),
            text: format!("{} What was stored before stays; drop the file again to go on.", super::super::answer::sentence(error)),
            ..Notice::default()
        });
    }
    page(&ImportResultPage {
        chrome: visit.chrome(Nav::Imports),
        id: text,
        file: document.file_name.clone(),
        source: source_name(&state, &visit, &import).await?,
        status: status(document),
        counts: counts(&document.counts),
        revenue: revenue(&document.counts),
        first_day: document.counts.first_day.as_deref().map(iso_day).unwrap_or_default(),
        last_day: document.counts.last_day.as_deref().map(iso_day).unwrap_or_default(),
        ran: document.finished_us.map(|us| setting.moment(us)).unwrap_or_default(),
        notices,
        errors: errors(&rejected),
        steps: steps(&setting, document.state),
        can_undo: can_undo(document.state, document.counts.created + document.counts.updated),
    })
}

/// Whether there is anything to take back.
const fn can_undo(state: ImportState, recorded: u64) -> bool {
    matches!(state, ImportState::Done | ImportState::Failed | ImportState::Undoing) && recorded > 0
}

fn steps(setting: &Setting, state: ImportState) -> Vec<NextStep> {
    if state != ImportState::Done {
        return vec![NextStep { title: "Drop the file again".to_owned(), href: "/imports/new".to_owned(), ..NextStep::default() }];
    }
    let has_people = !setting.config.directory.reps().is_empty();
    let has_programs = !setting.config.programs.is_empty();
    let step = |title: &str, text: &str, href: &str, done| NextStep {
        title: title.to_owned(),
        text: text.to_owned(),
        href: href.to_owned(),
        done,
    };
    vec![
        step("Add your people", "So that the names in the sales are somebody.", "/people", has_people),
        step("Write a plan", "It says who earns what.", "/programs", has_programs),
        step("Calculate", "See who earned what, and why.", "/calculations", false),
    ]
}

pub(super) async fn rejects(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let import = import(&state, &visit, &text).await?;
    let bytes = imports::rejects_csv(&state.app, &visit.ctx, import.id).await?;
    let stem = import.document.file_name.rsplit_once('.').map_or(import.document.file_name.as_str(), |(stem, _)| stem);
    Ok(download(&format!("{stem}-rejects.csv"), bytes))
}
