//! Adjustments from a sheet: looked at first, made on a second word.

use axum::extract::multipart::Multipart;
use axum::extract::{Extension, State};
use meed_app::AppError;
use meed_app::adjustments::{self, Once, SheetRow};
use meed_app::sheet::DecimalSign;

use super::super::answer::{Answer, Trouble, form_errors, form_page, page, refused_page};
use super::super::flash;
use super::super::form::{Asked, Fields};
use super::super::multipart::{SheetForm, opened, sheet_form};
use super::super::shown::{counted, setting};
use super::super::visit::{Csrf, Visit};
use super::{periods, preview, program, programs};
use crate::ServerState;
use crate::pages::adjustments::{AdjustmentSheetPage, Preview};
use crate::pages::{Choice, FormErrors, Nav, Tone};

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let form = SheetForm { fields: asked, kept: None };
    page(&sheet_page(&state, &visit, &form, None, FormErrors::none()).await?)
}

/// The decimal signs to choose from.
pub(in crate::web) fn decimals(chosen: &str) -> Vec<Choice> {
    let all = [("", "As the sheet shows"), (".", "Point: 1,234.50"), (",", "Comma: 1.234,50")];
    all.iter().map(|(value, label)| Choice::new(value, label, *value == chosen)).collect()
}

async fn sheet_page(
    state: &ServerState,
    visit: &Visit,
    form: &SheetForm,
    preview: Option<Preview>,
    errors: FormErrors,
) -> Result<AdjustmentSheetPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let fields = &form.fields;
    Ok(AdjustmentSheetPage {
        chrome: visit.chrome(Nav::Adjustments),
        programs: programs(&setting, fields.text("program")),
        periods: periods(state, visit, &setting, fields.text("period")).await?,
        decimals: decimals(fields.text("decimal")),
        pasted: fields.text("pasted").to_owned(),
        kept: form.kept.as_ref().map(|kept| kept.sha256.clone()).unwrap_or_default(),
        once: fields.filled("once").map_or_else(meed_app::token, |once| Ok(once.to_owned()))?,
        preview,
        errors,
    })
}

pub(super) async fn send(State(state): State<ServerState>, visit: Visit, Extension(csrf): Extension<Csrf>, form: Multipart) -> Answer {
    let form = match sheet_form(&state.app, &csrf, form, "").await? {
        Ok(form) => form,
        Err(error) => {
            let errors = form_errors(error, &[("file", "file")])?;
            return form_page(&sheet_page(&state, &visit, &SheetForm::default(), None, errors).await?);
        }
    };
    let once = once_of(&state, &form);
    if form.fields.text("action") == "apply"
        && let Some(made) = adjustments::repeated(&state.app, &visit.ctx, once.as_ref()).await?
    {
        return Ok(done(&state, made.entries.len()));
    }
    match rows(&state, &visit, &form).await {
        Ok(rows) if form.fields.text("action") == "apply" => {
            let documents: Vec<_> = rows.into_iter().filter_map(|row| row.made.ok()).collect();
            let made = adjustments::add_many(&state.app, &visit.ctx, documents, once.as_ref()).await?;
            Ok(done(&state, made.entries.len()))
        }
        Ok(rows) => {
            let setting = setting(&state.app, &visit.ctx).await?;
            let preview = preview(&state, &visit, &setting, &rows).await?;
            page(&sheet_page(&state, &visit, &form, Some(preview), FormErrors::none()).await?)
        }
        Err(error) => {
            let errors = sheet_errors(error)?;
            refused_page(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &sheet_page(&state, &visit, &form, None, errors).await?)
        }
    }
}

/// Names what the form holds, so that it makes its entries once.
pub(super) fn once_of(state: &ServerState, form: &SheetForm) -> Option<Once> {
    let hash = form.kept.as_ref().map(|kept| kept.sha256.as_str()).unwrap_or_default();
    let told = |fields: &Fields| {
        ["program", "period", "decimal", "how", "share", "months", "on", "label"].map(|name| fields.text(name).to_owned()).join("\n")
    };
    form.fields.filled("once").map(|once| Once::new(&state.app, once, format!("{hash}\n{}", told(&form.fields)).as_bytes()))
}

/// What is wrong with a sheet as a whole belongs to its field.
pub(in crate::web) fn sheet_errors(error: AppError) -> Result<FormErrors, Trouble> {
    let names = [("file", "file"), ("period", "period"), ("program", "program"), ("label", "label"), ("share", "share"), ("on", "on")];
    let mut errors = form_errors(error, &names)?;
    for (field, _) in &mut errors.0 {
        if field.is_empty() {
            "file".clone_into(field);
        }
    }
    Ok(errors)
}

pub(super) fn done(state: &ServerState, count: usize) -> axum::response::Response {
    let said = format!("{} made.", counted(count as u64, "adjustment is", "adjustments are"));
    flash::see_other(state, "/adjustments", Tone::Good, &said)
}

async fn rows(state: &ServerState, visit: &Visit, form: &SheetForm) -> Result<Vec<SheetRow>, AppError> {
    let program = program(&form.fields).ok().flatten().ok_or_else(|| AppError::invalid("program_unknown", "program", "choose a plan"))?;
    let file = opened(form.kept.as_ref()).await?;
    let decimal = DecimalSign::from_sign(form.fields.text("decimal"));
    adjustments::sheet_rows(&state.app, &visit.ctx, program, form.fields.text("period"), file, decimal).await
}
