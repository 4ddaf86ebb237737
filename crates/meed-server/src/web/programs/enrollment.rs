//! Who takes part in a plan.

use axum::extract::{Path, State};
use jiff::ToSpan;
use jiff::civil::Date;
use meed_app::documents::EnrollmentDocument;
use meed_app::people::{put_reps, rep};
use meed_core::id::{Id, Kind};
use meed_core::people::{Rep, fold_alias};
use meed_core::program::{EnrollmentState, Program};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Posted, id};
use super::super::shown::{counted, day_text, setting};
use super::super::visit::Visit;
use crate::ServerState;
use crate::pages::projection::{EnrolledRow, EnrollmentPage};
use crate::pages::{Badge, FormErrors, Link, Nav, Tone};

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    page(&enrollment_page(&state, &visit, &text, "", FormErrors::none()).await?)
}

async fn enrollment_page(state: &ServerState, visit: &Visit, text: &str, day: &str, errors: FormErrors) -> Result<EnrollmentPage, Trouble> {
    visit.ctx.require_plans()?;
    let setting = setting(&state.app, &visit.ctx).await?;
    let program = &setting.config.program(id(text, Kind::Program)?)?.program;
    let mut reps: Vec<&Rep> = setting.config.directory.reps().iter().filter(|rep| rep.active).collect();
    reps.sort_by_key(|rep| rep.name.to_lowercase());
    let today = setting.today();
    Ok(EnrollmentPage {
        chrome: visit.chrome(Nav::Programs),
        id: text.to_owned(),
        name: program.name.clone(),
        required: program.requires_enrollment,
        rows: reps.into_iter().map(|rep| row(program, rep, today)).collect(),
        day: if day.is_empty() { today.to_string() } else { day.to_owned() },
        errors,
    })
}

fn row(program: &Program, rep: &Rep, today: Date) -> EnrolledRow {
    let name = fold_alias(&program.name);
    let own: Vec<_> = rep.enrollments.iter().filter(|enrollment| fold_alias(&enrollment.program) == name).collect();
    let days = own.iter().map(|enrollment| {
        let from = enrollment.from.map_or_else(|| "always".to_owned(), |day| format!("from {}", day_text(day)));
        let last = enrollment.until.and_then(|until| until.checked_sub(1.day()).ok());
        last.map_or(from.clone(), |last| format!("{from} until {}", day_text(last)))
    });
    let state = match program.enrollment(rep, today) {
        _ if own.iter().any(|enrollment| enrollment.holds_on(today)) => Badge::new(EnrollmentState::Enrolled.title(), Tone::Good),
        EnrollmentState::NotEnrolled => Badge::new(EnrollmentState::NotEnrolled.title(), Tone::Warn),
        other => Badge::new(other.title(), Tone::Neutral),
    };
    let href = format!("/reps/{}", rep.id.text(Kind::Rep));
    EnrolledRow { id: rep.id.text(Kind::Rep), rep: Link::new(&rep.name, &href), state, days: days.collect::<Vec<_>>().join(", ") }
}

pub(super) async fn send(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let program = id(&text, Kind::Program)?;
    let chosen = form.all("rep").into_iter().map(|rep| id(rep, Kind::Rep)).collect::<Result<Vec<Id>, _>>()?;
    let day = form.text("day").parse::<Date>();
    let errors = match (&day, chosen.is_empty()) {
        (Err(_), _) => FormErrors::one("day", "This is not a day such as 2026-03-31."),
        (_, true) => FormErrors::one("rep", "Tick whom it is about."),
        _ => FormErrors::none(),
    };
    let (Ok(day), false) = (day, errors.any()) else {
        return form_page(&enrollment_page(&state, &visit, &text, form.text("day"), errors).await?);
    };
    let name = setting(&state.app, &visit.ctx).await?.config.program(program)?.program.name.clone();
    let mut changed = Vec::with_capacity(chosen.len());
    for chosen in chosen {
        let mut entry = rep(&state.app, &visit.ctx, chosen).await?;
        let enrollments = &mut entry.document.enrollments;
        match form.text("action") {
            "end" => end(enrollments, &name, day),
            _ => enroll(enrollments, &name, day),
        }
        changed.push((Some(chosen), entry.document));
    }
    match put_reps(&state.app, &visit.ctx, &changed).await {
        Ok(_) => {
            let who = counted(changed.len() as u64, "rep", "reps");
            let said = match form.text("action") {
                "end" => format!("The enrollment of {who} ends before {}.", day_text(day)),
                _ => format!("{who} enrolled from {}.", day_text(day)),
            };
            Ok(flash::see_other(&state, &format!("/programs/{text}/enrollment"), Tone::Good, &said))
        }
        Err(error) => {
            let errors = form_errors(error, &[])?;
            form_page(&enrollment_page(&state, &visit, &text, form.text("day"), errors).await?)
        }
    }
}

/// Enrolled from a day on: what began later begins with it now, what holds on it goes on.
fn enroll(all: &mut Vec<EnrollmentDocument>, name: &str, day: Date) {
    let is_own = |known: &EnrollmentDocument| fold_alias(&known.program) == fold_alias(name);
    let day = day.to_string();
    // Days in ISO form sort as they follow each other.
    let goes_on = |known: &EnrollmentDocument| {
        known.from.as_ref().is_none_or(|from| *from <= day) && known.until.as_ref().is_none_or(|until| *until > day)
    };
    match all.iter().position(|known| is_own(known) && goes_on(known)) {
        Some(place) => all[place].until = None,
        None => all.push(EnrollmentDocument { program: name.to_owned(), from: Some(day.clone()), until: None }),
    }
    all.retain(|known| !is_own(known) || known.from.as_ref().is_none_or(|from| *from <= day));
}

/// Not enrolled any more from a day on.
fn end(all: &mut Vec<EnrollmentDocument>, name: &str, day: Date) {
    let day = day.to_string();
    all.retain(|known| fold_alias(&known.program) != fold_alias(name) || known.from.as_ref().is_none_or(|from| *from < day));
    for known in all.iter_mut().filter(|known| fold_alias(&known.program) == fold_alias(name)) {
        if known.until.as_ref().is_none_or(|until| *until > day) {
            known.until = Some(day.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(all: &[EnrollmentDocument]) -> Vec<(Option<&str>, Option<&str>)> {
        all.iter().map(|known| (known.from.as_deref(), known.until.as_deref())).collect()
    }

    #[test]
    fn enrolling_and_ending_keep_the_days_before() {
        let day = |text: &str| text.parse::<Date>().expect("a day");
        let mut all = vec![EnrollmentDocument { program: "Other".into(), from: None, until: None }];
        enroll(&mut all, "Plan", day("2026-01-01"));
        end(&mut all, "plan", day("2026-03-01"));
        enroll(&mut all, "Plan", day("2026-06-01"));
        let own = [(None, None), (Some("2026-01-01"), Some("2026-03-01")), (Some("2026-06-01"), None)];
        assert_eq!(days(&all), own);
        enroll(&mut all, "Plan", day("2026-05-01"));
        assert_eq!(days(&all)[2], (Some("2026-05-01"), None), "begins earlier now");
        end(&mut all, "Plan", day("2026-05-01"));
        assert_eq!(days(&all), own[..2], "an enrollment that never began is gone");
    }
}
