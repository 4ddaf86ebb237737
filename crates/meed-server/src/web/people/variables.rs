//! Figures of many people from a sheet: looked at first, written on a second word.

use axum::extract::multipart::Multipart;
use axum::extract::{Extension, State};
use meed_app::AppError;
use meed_app::people::load_variables;
use meed_app::sheet::{DecimalSign, Loaded, RowError};

use super::super::adjustments::{decimals, sheet_errors};
use super::super::answer::{Answer, form_errors, form_page, page, sentence};
use super::super::flash;
use super::super::multipart::{SheetForm, opened, sheet_form};
use super::super::shown::counted;
use super::super::visit::{Csrf, Visit};
use crate::ServerState;
use crate::pages::people::{VariablesPage, VariablesSeen};
use crate::pages::{FormErrors, Nav, Tone};

pub(super) async fn ask(visit: Visit) -> Answer {
    page(&variables_page(&visit, &SheetForm::default(), None, FormErrors::none()))
}

fn variables_page(visit: &Visit, form: &SheetForm, seen: Option<VariablesSeen>, errors: FormErrors) -> VariablesPage {
    VariablesPage {
        chrome: visit.chrome(Nav::People),
        decimals: decimals(form.fields.text("decimal")),
        pasted: form.fields.text("pasted").to_owned(),
        kept: form.kept.as_ref().map(|kept| kept.sha256.clone()).unwrap_or_default(),
        seen,
        errors,
    }
}

pub(super) async fn send(State(state): State<ServerState>, visit: Visit, Extension(csrf): Extension<Csrf>, form: Multipart) -> Answer {
    let form = match sheet_form(&state.app, &csrf, form, "").await? {
        Ok(form) => form,
        Err(error) => {
            let errors = form_errors(error, &[("file", "file")])?;
            return form_page(&variables_page(&visit, &SheetForm::default(), None, errors));
        }
    };
    let is_written = form.fields.text("action") == "apply";
    match load(&state, &visit, &form, !is_written).await {
        Ok(loaded) if is_written => {
            let done = counted(loaded.created + loaded.changed, "figure is", "figures are");
            Ok(flash::see_other(&state, "/people", Tone::Good, &format!("{done} written. Calculations use them from the next run on.")))
        }
        Ok(loaded) => page(&variables_page(&visit, &form, Some(seen(&loaded)), FormErrors::none())),
        Err(error) => {
            let errors = sheet_errors(error)?;
            form_page(&variables_page(&visit, &form, None, errors))
        }
    }
}

async fn load(state: &ServerState, visit: &Visit, form: &SheetForm, dry_run: bool) -> Result<Loaded, AppError> {
    let file = opened(form.kept.as_ref()).await?;
    let decimal = DecimalSign::from_sign(form.fields.text("decimal"));
    load_variables(&state.app, &visit.ctx, file, decimal, dry_run).await
}

fn seen(loaded: &Loaded) -> VariablesSeen {
    let error = |error: &RowError| crate::pages::imports::RowError {
        line: error.line,
        column: error.column.to_owned(),
        value: error.value.clone(),
        code: error.code.to_string(),
        text: sentence(&error.text),
    };
    VariablesSeen {
        created: loaded.created,
        changed: loaded.changed,
        unchanged: loaded.unchanged,
        errors: loaded.errors.iter().map(error).collect(),
    }
}
