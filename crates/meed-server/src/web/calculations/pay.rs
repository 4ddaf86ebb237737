//! Marking a released period as paid by hand.

use axum::extract::{Path, State};
use meed_app::calculations::CalculationEntry;
use meed_app::releases::{self, PaymentState, PeriodView, ReleaseDocument, RewardView, pay_by_hand};
use meed_core::command::RewardState;
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::{counted, iso_day, money, period_words, setting};
use super::super::visit::Visit;
use super::entry;
use super::one::back;
use crate::ServerState;
use crate::pages::exports::{MarkPaidPage, PayRow};
use crate::pages::{FormErrors, Nav, Tone};

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    if booked.release.is_none() {
        return Ok(back(&text));
    }
    page(&pay_page(&state, &visit, &calculation, &booked, None, FormErrors::none()).await?)
}

async fn pay_page(
    state: &ServerState,
    visit: &Visit,
    calculation: &CalculationEntry,
    booked: &PeriodView,
    form: Option<&Fields>,
    errors: FormErrors,
) -> Result<MarkPaidPage, Trouble> {
    let today = setting(&state.app, &visit.ctx).await?.today();
    let ticked = form.map(|form| form.all("payee"));
    let released = booked.release.as_ref().map(|release| &release.document);
    let mut rows: Vec<PayRow> = booked
        .payees
        .iter()
        .map(|payee| {
            let id = payee.owner.id.text(Kind::Rep);
            let is_paid = payee.state == RewardState::Paid;
            let waits = released.map(|release| waits(release, payee, today)).unwrap_or_default();
            PayRow {
                selected: !is_paid && waits.is_empty() && ticked.as_ref().is_none_or(|ticked| ticked.contains(&id.as_str())),
                id,
                name: payee.name.clone(),
                amount: money(payee.total, booked.currency),
                paid: if is_paid { "paid".to_owned() } else { String::new() },
                waits,
            }
        })
        .collect();
    rows.sort_by_key(|row| row.name.to_lowercase());
    Ok(MarkPaidPage {
        chrome: visit.chrome(Nav::Exports),
        id: calculation.id.text(Kind::Calculation),
        program: calculation.document.program_name.clone(),
        period: period_words(&calculation.document.period),
        rows,
        paid_on: form.and_then(|form| form.filled("paid_on")).map_or_else(|| today.to_string(), str::to_owned),
        reference: form.map(|form| form.text("reference").to_owned()).unwrap_or_default(),
        errors,
    })
}

/// Why a payee is not to be paid on a day; empty where they may be.
fn waits(release: &ReleaseDocument, payee: &RewardView, today: jiff::civil::Date) -> String {
    let id = payee.owner.id;
    match release.payment(id, payee.state, today) {
        PaymentState::Due | PaymentState::Paid => String::new(),
        PaymentState::Later => format!("from {}", iso_day(release.release_date_of(id))),
        PaymentState::Unpaid => format!("unpaid: {}", release.terms_of(id).map(|terms| terms.reason.as_str()).unwrap_or_default()),
    }
}

pub(super) async fn pay(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    let Some(release) = &booked.release else { return Ok(back(&text)) };
    let payees = form.all("payee").into_iter().map(|payee| id(payee, Kind::Rep)).collect::<Result<Vec<Id>, _>>()?;
    let result = if payees.is_empty() {
        Err(FormErrors::one("payee", "Tick at least one payee."))
    } else {
        let paid = pay_by_hand(&state.app, &visit.ctx, release.id, &payees, form.text("paid_on"), form.text("reference")).await;
        match paid {
            Ok(_) => Ok(()),
            Err(error) => Err(form_errors(error, &[("paid_on", "paid_on"), ("reference", "reference")])?),
        }
    };
    match result {
        Ok(()) => {
            let said = format!("{} marked as paid.", counted(payees.len() as u64, "payee is", "payees are"));
            Ok(flash::see_other(&state, &format!("/calculations/{text}"), Tone::Good, &said))
        }
        Err(errors) => form_page(&pay_page(&state, &visit, &calculation, &booked, Some(&form), errors).await?),
    }
}
