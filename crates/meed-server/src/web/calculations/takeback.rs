//! Going back: hiding credits again, taking a release back, deleting a calculation.

use axum::extract::{Path, State};
use meed_app::calculations;
use meed_app::releases;
use meed_core::id::Id;

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::Posted;
use super::super::shown::{money, period_words};
use super::super::visit::Visit;
use super::entry;
use crate::ServerState;
use crate::pages::calculations::ReversePage;
use crate::pages::errors::ConfirmPage;
use crate::pages::{Fact, FormErrors, Nav, Tone};

pub(super) async fn withdraw(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(_): Posted) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let document = &calculation.document;
    releases::withdraw_credits(&state.app, &visit.ctx, Id(document.program), &document.period).await?;
    let said = format!("Payees no longer see {}.", period_words(&document.period));
    Ok(flash::see_other(&state, &format!("/calculations/{text}"), Tone::Good, &said))
}

async fn reverse_page(
    state: &ServerState,
    visit: &Visit,
    text: &str,
    reason: &str,
    errors: FormErrors,
) -> Result<(ReversePage, Id), Trouble> {
    let calculation = entry(state, visit, text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    let not_released = || Trouble::from(meed_app::AppError::conflict("nothing_released", "the rewards of this period are not released"));
    let release = booked.release.as_ref().ok_or_else(not_released)?.id;
    let page = ReversePage {
        chrome: visit.chrome(Nav::Calculations),
        id: text.to_owned(),
        program: calculation.document.program_name,
        period: period_words(&calculation.document.period),
        totals: vec![money(booked.total(), booked.currency)],
        payees: booked.payees.len() as u64,
        reason: reason.to_owned(),
        errors,
    };
    Ok((page, release))
}

pub(super) async fn ask_reverse(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    page(&reverse_page(&state, &visit, &text, "", FormErrors::none()).await?.0)
}

pub(super) async fn reverse(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let reason = form.text("reason");
    let (asked, release) = reverse_page(&state, &visit, &text, reason, FormErrors::none()).await?;
    match releases::reverse(&state.app, &visit.ctx, release, reason).await {
        Ok(_) => {
            let said = format!("The release of {} is taken back. Payees see nothing of it until it is released anew.", asked.period);
            Ok(flash::see_other(&state, &format!("/calculations/{text}"), Tone::Good, &said))
        }
        Err(error) => {
            let errors = form_errors(error, &[("reason", "reason")])?;
            form_page(&ReversePage { errors, ..asked })
        }
    }
}

pub(super) async fn ask_delete(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    let period = period_words(&calculation.document.period);
    page(&ConfirmPage {
        chrome: visit.chrome(Nav::Calculations),
        title: format!("Delete the calculation of {period}?"),
        text: "What it booked becomes nothing, by new entries in the ledger, and payees see nothing of it. It can be calculated again at any time.".to_owned(),
        facts: vec![
            fact("Plan", calculation.document.program_name.clone()),
            fact("State", booked.standing().title().to_owned()),
            fact("Booked", money(booked.total(), booked.currency).text()),
        ],
        action: format!("/calculations/{text}/delete"),
        fields: Vec::new(),
        button: "Delete".to_owned(),
        danger: true,
        cancel: format!("/calculations/{text}"),
    })
}

pub(super) async fn delete(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    if form.text("confirm") != "yes" {
        return Err(Trouble::unreadable("confirmation_missing", "confirm that the calculation is to be deleted"));
    }
    let calculation = entry(&state, &visit, &text).await?;
    calculations::delete(&state.app, &visit.ctx, calculation.id).await?;
    let said = format!("The calculation of {} is deleted.", period_words(&calculation.document.period));
    Ok(flash::see_other(&state, "/calculations", Tone::Good, &said))
}
