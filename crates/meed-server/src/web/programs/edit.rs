//! Writing a program: checked as often as one likes, saved as a new version.

use axum::extract::{Path, State};
use meed_app::programs::{Checked, apply_from, check};
use meed_app::{AppError, ProgramEntry};
use meed_core::id::Kind;
use meed_core::people::fold_alias;

use super::super::answer::{Answer, form_errors, form_page, page, sentence};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::{counted, setting};
use super::super::visit::Visit;
use super::tests;
use super::what_if::{knob_groups, turned};
use super::words::rules;
use crate::ServerState;
use crate::pages::programs::{DocumentLine, ProgramEditPage, document_lines};
use crate::pages::{FormErrors, Nav, Tone};

/// What the editor of a new program begins with.
const STARTER: &str = include_str!("starter.toml");

pub(super) async fn blank(visit: Visit) -> Answer {
    page(&edit_page(&visit, None, STARTER, ("", ""), FormErrors::none(), None))
}

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let setting = setting(&state.app, &visit.ctx).await?;
    let entry = setting.config.program(id(&text, Kind::Program)?)?;
    page(&edit_page(&visit, Some(entry), &entry.text, ("", ""), FormErrors::none(), None))
}

pub(super) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, &form).await
}

pub(super) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let setting = setting(&state.app, &visit.ctx).await?;
    let entry = setting.config.program(id(&text, Kind::Program)?)?;
    put(&state, &visit, Some(entry), &form).await
}

async fn put(state: &ServerState, visit: &Visit, entry: Option<&ProgramEntry>, form: &Fields) -> Answer {
    let note = (form.text("note"), form.text("rules_from"));
    let document = match turned(form) {
        Ok(document) => document,
        Err(errors) => {
            let document = form.raw("document").replace("\r\n", "\n");
            let knobs = knob_groups(&document, form);
            return form_page(&ProgramEditPage { knobs, ..edit_page(visit, entry, &document, note, errors, None) });
        }
    };
    let checked = check(&document);
    if form.text("action") != "save" {
        let errors = problems(&checked);
        return page(&edit_page(visit, entry, &document, note, errors, Some(&checked)));
    }
    let refused = match (&checked.program, entry) {
        _ if !checked.is_usable() => Some(problems(&checked)),
        (Some(program), Some(entry)) if fold_alias(&program.name) != fold_alias(&entry.program.name) => {
            let text =
                format!("This program is called “{}”. Keep its name, or start a new program for “{}”.", entry.program.name, program.name);
            Some(FormErrors::one("document", &text))
        }
        _ => None,
    };
    if let Some(errors) = refused {
        return form_page(&edit_page(visit, entry, &document, note, errors, Some(&checked)));
    }
    let from = match form.filled("rules_from").map(str::parse::<jiff::civil::Date>) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => {
            let errors = FormErrors::one("rules_from", "This is not a day such as 2026-03-31.");
            return form_page(&edit_page(visit, entry, &document, note, errors, Some(&checked)));
        }
    };
    match apply_from(&state.app, &visit.ctx, &document, note.0, from).await {
        Ok((program, _, is_new)) => {
            let said =
                if is_new { "Saved. The next calculation uses this version." } else { "Nothing changed, so there is no new version." };
            Ok(flash::see_other(state, &format!("/programs/{}", program.text(Kind::Program)), Tone::Good, said))
        }
        Err(AppError::Refused(refused)) if refused.code == "version_conflict" => {
            let errors =
                FormErrors::one("", "Somebody else saved a version meanwhile. Open the program again and bring your change into it.");
            form_page(&edit_page(visit, entry, &document, note, errors, Some(&checked)))
        }
        Err(error) => {
            let errors = form_errors(error, &[])?;
            form_page(&edit_page(visit, entry, &document, note, errors, Some(&checked)))
        }
    }
}

/// What keeps a document from being saved.
fn problems(checked: &Checked) -> FormErrors {
    let failed = checked.examples.iter().filter(|example| !example.passed()).count();
    match (checked.findings.first(), failed) {
        (Some(first), _) if checked.findings.len() == 1 => FormErrors::one("document", &format!("Line {}: {}", first.line, first.text)),
        (Some(first), _) => {
            let all = counted(checked.findings.len() as u64, "place is", "places are");
            FormErrors::one("document", &format!("{all} wrong, the first on line {}: {}", first.line, first.text))
        }
        (None, 0) => FormErrors::none(),
        (None, failed) => {
            let text = format!("{} not come out as stated. See the examples below.", counted(failed as u64, "example does", "examples do"));
            FormErrors::one("document", &text)
        }
    }
}

fn edit_page(
    visit: &Visit,
    entry: Option<&ProgramEntry>,
    document: &str,
    (note, from): (&str, &str),
    errors: FormErrors,
    checked: Option<&Checked>,
) -> ProgramEditPage {
    let program = checked.and_then(|checked| checked.program.as_ref());
    ProgramEditPage {
        chrome: visit.chrome(Nav::Programs),
        id: entry.map(|entry| entry.id.text(Kind::Program)).unwrap_or_default(),
        name: entry.map(|entry| entry.program.name.clone()).unwrap_or_default(),
        document: document.to_owned(),
        note: note.to_owned(),
        from: from.to_owned(),
        wrong: checked.map(|checked| wrong(document, checked)).unwrap_or_default(),
        errors,
        knobs: knob_groups(document, &Fields::default()),
        warnings: checked.map(|checked| checked.warnings.iter().map(warning).collect()).unwrap_or_default(),
        checked: program.is_some(),
        rules: program.map(rules).unwrap_or_default(),
        tests: program.zip(checked).map(|(program, checked)| tests(program, &checked.examples)).unwrap_or_default(),
    }
}

fn warning(finding: &meed_core::program::Finding) -> String {
    format!("Line {}: {}", finding.line, sentence(&finding.text))
}

/// Lines with findings, with one line around each.
pub(super) fn wrong(document: &str, checked: &Checked) -> Vec<DocumentLine> {
    let line = |number: u32| usize::try_from(number).unwrap_or(0);
    let errors: Vec<(usize, String)> = checked.findings.iter().map(|finding| (line(finding.line), finding.text.clone())).collect();
    let near = |number: usize| errors.iter().any(|(wrong, _)| wrong.abs_diff(number) <= 1);
    document_lines(document, &errors).into_iter().filter(|line| near(line.number)).collect()
}
