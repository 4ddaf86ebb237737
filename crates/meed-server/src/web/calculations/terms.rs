//! Who of a release is paid when: days of their own, and who is marked as unpaid.

use axum::extract::{Path, State};
use meed_app::access::actor_names;
use meed_app::releases::{self, NewTerms, PaymentState, ReleaseEntry, ReleasePayee};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::{counted, iso_day, money_in, period_words, setting};
use super::super::visit::Visit;
use super::entry;
use super::one::back;
use crate::ServerState;
use crate::pages::calculations::{PaymentTermsPage, TermsRow};
use crate::pages::{Badge, FormErrors, Nav, Tone};

/// The badge of where paying somebody stands.
pub(in crate::web) fn payment_badge(state: PaymentState) -> Badge {
    let tone = match state {
        PaymentState::Due => Tone::Neutral,
        PaymentState::Later => Tone::Info,
        PaymentState::Unpaid => Tone::Warn,
        PaymentState::Paid => Tone::Good,
    };
    Badge::new(state.title(), tone)
}

async fn standing(state: &ServerState, visit: &Visit, text: &str) -> Result<Option<(ReleaseEntry, Vec<ReleasePayee>)>, Trouble> {
    let calculation = entry(state, visit, text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    let Some(release) = booked.release else { return Ok(None) };
    let payees = releases::release_payees(&state.app, &visit.ctx, &release).await?;
    Ok(Some((release, payees)))
}

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let Some(found) = standing(&state, &visit, &text).await? else { return Ok(back(&text)) };
    page(&terms_page(&state, &visit, &text, &found, &Fields::default(), FormErrors::none()).await?)
}

async fn terms_page(
    state: &ServerState,
    visit: &Visit,
    text: &str,
    (release, payees): &(ReleaseEntry, Vec<ReleasePayee>),
    form: &Fields,
    errors: FormErrors,
) -> Result<PaymentTermsPage, Trouble> {
    let ticked = form.all("payee");
    let setting = setting(&state.app, &visit.ctx).await?;
    let actors = actor_names(&state.app, &visit.ctx).await?;
    let document = &release.document;
    let row = |payee: &ReleasePayee| {
        let id = payee.payee.text(Kind::Rep);
        let terms = payee.terms.as_ref();
        let who = |terms: &releases::PayeeTerms| format!("{}, {}", actors.name(&terms.changed_by), setting.moment(terms.changed_us));
        TermsRow {
            selected: ticked.contains(&id.as_str()),
            id,
            name: payee.name.clone(),
            state: payment_badge(payee.payment),
            day: if payee.payment == PaymentState::Later { format!("from {}", iso_day(&payee.release_date)) } else { String::new() },
            reason: terms.map(|terms| terms.reason.clone()).unwrap_or_default(),
            who: terms.map(who).unwrap_or_default(),
            amount: money_in(payee.total, &document.currency),
            open: payee.payment != PaymentState::Paid,
        }
    };
    let mut rows: Vec<TermsRow> = payees.iter().map(row).collect();
    rows.sort_by_key(|row| row.name.to_lowercase());
    Ok(PaymentTermsPage {
        chrome: visit.chrome(Nav::Calculations),
        id: text.to_owned(),
        program: document.program_name.clone(),
        period: period_words(&document.period),
        release_date: iso_day(&document.release_date),
        rows,
        day: form.text("release_date").to_owned(),
        reason: form.text("reason").to_owned(),
        errors,
    })
}

pub(super) async fn send(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let Some(found) = standing(&state, &visit, &text).await? else { return Ok(back(&text)) };
    let payees = form.all("payee").into_iter().map(|payee| id(payee, Kind::Rep)).collect::<Result<Vec<Id>, _>>()?;
    let action = form.text("action");
    let day = form.filled("release_date").map(str::to_owned);
    let missing = match action {
        _ if payees.is_empty() => Some(("payee", "Tick whom it is about.")),
        "later" if day.is_none() => Some(("release_date", "Say from which day they may be paid.")),
        _ => None,
    };
    if let Some((field, said)) = missing {
        return form_page(&terms_page(&state, &visit, &text, &found, &form, FormErrors::one(field, said)).await?);
    }
    let new = |payee: &Id| NewTerms {
        payee: *payee,
        release_date: day.clone().filter(|_| action == "later"),
        unpaid: action == "unpaid",
        reason: if action == "clear" { String::new() } else { form.text("reason").to_owned() },
    };
    let wanted: Vec<NewTerms> = payees.iter().map(new).collect();
    match releases::set_terms(&state.app, &visit.ctx, found.0.id, &wanted).await {
        Ok(_) => {
            let who = counted(payees.len() as u64, "payee", "payees");
            let said = match (action, day) {
                ("unpaid", _) => format!("{who} marked as unpaid."),
                ("later", Some(day)) => format!("{who} may be paid from {}.", iso_day(&day)),
                _ => format!("{who} paid with the others."),
            };
            Ok(flash::see_other(&state, &format!("/calculations/{text}/terms"), Tone::Good, &said))
        }
        Err(error) => {
            let first = |name: &'static str| format!("payees[0].{name}");
            let (date, reason) = (first("release_date"), first("reason"));
            let errors = form_errors(error, &[(date.as_str(), "release_date"), (reason.as_str(), "reason")])?;
            form_page(&terms_page(&state, &visit, &text, &found, &form, errors).await?)
        }
    }
}
