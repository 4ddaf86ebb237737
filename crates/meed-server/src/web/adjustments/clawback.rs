//! Taking sales back in bulk: in full, in part, or for the unserved part of a contract.

use axum::extract::multipart::Multipart;
use axum::extract::{Extension, State};
use jiff::civil::Date;
use meed_app::AppError;
use meed_app::adjustments::{self, ClawbackAsk, SheetRow};
use meed_app::sheet::percent;
use meed_core::id::Id;
use meed_core::money::Exact;
use meed_core::program::Length;

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::form::{Asked, Fields};
use super::super::multipart::{SheetForm, opened, sheet_form};
use super::super::shown::{Setting, setting};
use super::super::visit::{Csrf, Visit};
use super::sheet::{done, once_of, sheet_errors};
use super::{periods, preview, program, programs};
use crate::ServerState;
use crate::pages::adjustments::{ClawbackPage, Preview};
use crate::pages::{Choice, FormErrors, Nav};

const HOW: [(&str, &str, &str); 3] = [
    ("full", "All of it", "What the sale earned, less what was taken back before."),
    ("share", "A part of it", "The part that the plan or the contract names."),
    ("term", "The unserved part of a contract", "By the months that were left when it ended."),
];

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let mut form = SheetForm { fields: asked, kept: None };
    if let Some(sale) = form.fields.filled("sale").map(str::to_owned) {
        form.fields.push("pasted", sale);
    }
    page(&clawback_page(&state, &visit, &form, None, FormErrors::none()).await?)
}

async fn clawback_page(
    state: &ServerState,
    visit: &Visit,
    form: &SheetForm,
    preview: Option<Preview>,
    errors: FormErrors,
) -> Result<ClawbackPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let fields = &form.fields;
    let how = fields.filled("how").unwrap_or("full");
    let text = |name: &str| fields.text(name).to_owned();
    Ok(ClawbackPage {
        chrome: visit.chrome(Nav::Adjustments),
        programs: with_all(&setting, programs(&setting, fields.text("program")), fields.text("program") == ALL),
        periods: periods(state, visit, &setting, fields.text("period")).await?,
        how: HOW
            .iter()
            .map(|(value, label, note)| Choice { note: (*note).to_owned(), ..Choice::new(value, label, *value == how) })
            .collect(),
        share: text("share"),
        months: text("months"),
        on: text("on"),
        label: text("label"),
        pasted: text("pasted"),
        kept: form.kept.as_ref().map(|kept| kept.sha256.clone()).unwrap_or_default(),
        once: fields.filled("once").map_or_else(meed_app::token, |once| Ok(once.to_owned()))?,
        preview,
        errors,
    })
}

/// The value that stands for all plans.
const ALL: &str = "all";

/// The plans, and all of them at once where they pay in one currency: what is taken back then has one sum.
fn with_all(setting: &Setting, plans: Vec<Choice>, is_chosen: bool) -> Vec<Choice> {
    let mut currencies: Vec<_> = setting.config.programs.iter().filter(|e| e.is_running()).map(|e| e.program.currency.code()).collect();
    currencies.sort_unstable();
    currencies.dedup();
    if plans.len() < 2 || currencies.len() != 1 {
        return plans;
    }
    std::iter::once(Choice::new(ALL, "All plans with periods of this length", is_chosen)).chain(plans).collect()
}

/// What the form asks for, or what is wrong with it.
fn asked(fields: &Fields) -> Result<ClawbackAsk, FormErrors> {
    let mut errors = FormErrors::none();
    let mut wrong = |field: &str, text: String| errors.0.push((field.to_owned(), text));
    let how = fields.filled("how").unwrap_or("full");
    let program = if fields.text("program") == ALL { Some(Id(0)) } else { program(fields).ok().flatten() };
    if program.is_none() {
        wrong("program", "Choose the plan that paid them.".to_owned());
    }
    let share = match (how, fields.filled("share")) {
        ("full", _) | ("term", None) => Some(Exact::ONE),
        (_, None) => None,
        (_, Some(text)) => percent(text).filter(|share| *share > Exact::ZERO && *share <= Exact::ONE),
    };
    if share.is_none() {
        wrong("share", "Say which part: above 0% and at most 100%.".to_owned());
    }
    let months = fields.text("months").parse::<u32>().ok().filter(|months| (1..=600).contains(months));
    if how == "term" && months.is_none() {
        wrong("months", "Say how many months the contract was for, 1 to 600.".to_owned());
    }
    let on = fields.filled("on").map(str::parse::<Date>);
    if matches!(on, Some(Err(_))) {
        wrong("on", "This is not a day such as 2026-03-31.".to_owned());
    }
    match (program, share, errors.any()) {
        (Some(program), Some(share), false) => Ok(ClawbackAsk {
            program,
            period: fields.text("period").to_owned(),
            share,
            term: months.filter(|_| how == "term").map(Length::Months),
            on: on.and_then(Result::ok),
            label: fields.text("label").to_owned(),
        }),
        _ => Err(errors),
    }
}

pub(super) async fn send(State(state): State<ServerState>, visit: Visit, Extension(csrf): Extension<Csrf>, form: Multipart) -> Answer {
    let form = match sheet_form(&state.app, &csrf, form, "sale").await? {
        Ok(form) => form,
        Err(error) => {
            let errors = form_errors(error, &[("file", "file")])?;
            return form_page(&clawback_page(&state, &visit, &SheetForm::default(), None, errors).await?);
        }
    };
    let ask = match asked(&form.fields) {
        Ok(ask) => ask,
        Err(errors) => return form_page(&clawback_page(&state, &visit, &form, None, errors).await?),
    };
    let once = once_of(&state, &form);
    let is_applied = form.fields.text("action") == "apply";
    if is_applied && let Some(made) = adjustments::repeated(&state.app, &visit.ctx, once.as_ref()).await? {
        return Ok(done(&state, made.entries.len()));
    }
    match rows(&state, &visit, &form, &ask).await {
        Ok(rows) if is_applied => {
            let documents: Vec<_> = rows.into_iter().filter_map(|row| row.made.ok()).collect();
            let made = adjustments::add_many(&state.app, &visit.ctx, documents, once.as_ref()).await?;
            Ok(done(&state, made.entries.len()))
        }
        Ok(rows) => {
            let setting = setting(&state.app, &visit.ctx).await?;
            let preview = preview(&state, &visit, &setting, &rows).await?;
            page(&clawback_page(&state, &visit, &form, Some(preview), FormErrors::none()).await?)
        }
        Err(error) => {
            let errors = sheet_errors(error)?;
            form_page(&clawback_page(&state, &visit, &form, None, errors).await?)
        }
    }
}

async fn rows(state: &ServerState, visit: &Visit, form: &SheetForm, ask: &ClawbackAsk) -> Result<Vec<SheetRow>, AppError> {
    let file = opened(form.kept.as_ref()).await?;
    let mut sheet = adjustments::clawback_rows(file).await?;
    for row in &mut sheet.rows {
        row.line = row.line.saturating_sub(form.lines_before());
    }
    if form.fields.text("program") == ALL {
        return adjustments::clawback_of_all(&state.app, &visit.ctx, ask, &sheet.rows).await;
    }
    adjustments::clawback(&state.app, &visit.ctx, ask, &sheet.rows).await
}
