//! Taking a file in: a multipart form whose file streams to disk while it is counted.

use axum::extract::multipart::Multipart;
use axum::extract::{Extension, State};
use axum::response::Response;
use meed_app::imports::{self, ImportState, Upload, list, upload};
use meed_app::{App, AppError, Context, sources};
use meed_core::command::{Class, Refused};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page, see_other};
use super::super::form::Asked;
use super::super::multipart::{TEXT_MAX, broken, checked, keep, text};
use super::super::shown::{setting, size};
use super::super::visit::{Csrf, Visit};
use super::list::rows_of;
use crate::ServerState;
use crate::pages::imports::UploadPage;
use crate::pages::{Choice, FormErrors, Nav};

/// Bytes of a file at most.
const BYTES_MAX: u64 = 1 << 30;
/// The value of the field `source` that asks for a new one.
const NEW: &str = "new";
/// The value of the field `source` that leaves it to the file: its layout, or its name.
const BY_FILE: &str = "file";

pub(super) async fn form(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    page(&upload_page(&state, &visit, asked.text("source"), "", FormErrors::none()).await?)
}

async fn upload_page(state: &ServerState, visit: &Visit, source: &str, name: &str, errors: FormErrors) -> Result<UploadPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let all = sources::list(app, ctx).await?;
    let mut choices: Vec<Choice> = all
        .iter()
        .map(|s| {
            let id = s.id.text(Kind::Source);
            Choice::new(&id, &s.document.name, id == source)
        })
        .collect();
    // Nobody has chosen yet: a file that lands in a wrong source is hard to get out of it again.
    choices.insert(0, Choice::new(BY_FILE, "As the file tells", source.is_empty() || source == BY_FILE));
    choices.push(Choice::new(NEW, "A new source…", source == NEW));
    let recent = rows_of(app, ctx, &setting(app, ctx).await?, &list(app, ctx, None, 5).await?).await?;
    Ok(UploadPage {
        chrome: visit.chrome(Nav::Imports),
        sources: choices,
        source_name: name.to_owned(),
        max_size: size(BYTES_MAX / 1_073_741_824 * 1_000_000_000).replace(".0", ""),
        recent,
        errors,
    })
}

/// What the form held besides its token.
#[derive(Default)]
struct Parts {
    source: String,
    source_name: String,
    file: Option<(String, Upload)>,
}

pub(super) async fn take(State(state): State<ServerState>, visit: Visit, Extension(csrf): Extension<Csrf>, form: Multipart) -> Answer {
    let mut parts = Parts::default();
    let result = match read(&state.app, &csrf, form, &mut parts).await? {
        Ok(()) => begin(&state, &visit, &parts).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(response) => Ok(response),
        Err(error) => {
            let errors = match error {
                // What is wrong with a file is said with its line, and belongs to the field.
                AppError::Refused(refused) if refused.code.starts_with("file.") || refused.field.as_deref().is_some_and(is_line) => {
                    FormErrors::one("file", &super::super::answer::sentence(&refused.text))
                }
                error => form_errors(error, &[("file", "file"), ("source", "source"), ("name", "source_name")])?,
            };
            form_page(&upload_page(&state, &visit, &parts.source, &parts.source_name, errors).await?)
        }
    }
}

fn is_line(field: &str) -> bool {
    field.starts_with("line ")
}

/// Reads the parts.
async fn read(app: &App, csrf: &Csrf, form: Multipart, parts: &mut Parts) -> Result<Result<(), AppError>, Trouble> {
    let mut form = checked(csrf, form).await?;
    while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "source" => parts.source = text(field, TEXT_MAX).await?,
            "source_name" => parts.source_name = text(field, TEXT_MAX).await?,
            "file" => {
                let file_name = field.file_name().unwrap_or_default().to_owned();
                match keep(app, field, BYTES_MAX).await? {
                    Ok(upload) => parts.file = Some((file_name, upload)),
                    Err(error) => return Ok(Err(error)),
                }
            }
            _ => {}
        }
    }
    Ok(Ok(()))
}

/// Begins the import of what was taken in, and leads to the first step that needs a person.
async fn begin(state: &ServerState, visit: &Visit, parts: &Parts) -> Result<Response, AppError> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let missing = || AppError::invalid("file.missing", "file", "choose a file");
    let (file_name, kept) = parts.file.as_ref().ok_or_else(missing)?;
    if file_name.is_empty() && kept.bytes == 0 {
        return Err(missing());
    }
    let source = source(app, ctx, parts, file_name, kept).await?;
    let id = upload(app, ctx, source, file_name, kept).await?;
    let import = imports::get(app, ctx, id).await?;
    let step = if import.document.state == ImportState::Mapping && import.document.is_certain { "preview" } else { "mapping" };
    Ok(see_other(&format!("/imports/{}/{step}", id.text(Kind::Import))))
}

async fn source(app: &App, ctx: &Context, parts: &Parts, file_name: &str, kept: &Upload) -> Result<Id, AppError> {
    if parts.source == BY_FILE {
        let likely = imports::likely_source_of_kept(app, ctx, file_name, kept).await?;
        return match likely.id {
            Some(id) => Ok(id),
            None => sources::ensure(app, ctx, &likely.name).await,
        };
    }
    let unknown = || AppError::invalid("source_unknown", "source", "choose where the file comes from");
    if parts.source != NEW {
        let id = Id::parse(&parts.source, Kind::Source).map_err(|_| unknown())?;
        return Ok(sources::get(app, ctx, id).await.map_err(|_| unknown())?.id);
    }
    if parts.source_name.is_empty() {
        let text = "name the new source, for example “Shop” or “ERP”";
        return Err(Refused::new(Class::Invalid, "source_name_missing", text).at("name").into());
    }
    sources::ensure(app, ctx, &parts.source_name).await
}
