//! Releasing a calculated period: what is looked at before, the decision, and what comes after.

use axum::extract::{Path, State};
use meed_app::access::actor_names;
use meed_app::approvals::{self, Approval};
use meed_app::calculations::{CalculationEntry, is_due};
use meed_app::releases::{self, NewTerms, PeriodView, ReleaseDocument, RewardView};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page, see_other};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::{counted, money, period_words, setting};
use super::super::visit::Visit;
use super::one::back;
use super::{entry, reason_is_meant};
use crate::ServerState;
use crate::pages::calculations::{Check, ReleasePage, ReleasedPage};
use crate::pages::{Choice, Fact, FormErrors, Nav, Tone};

/// Payees among which the page lets choose who is paid later.
const HELD_CHOICES_MAX: usize = 200;

pub(super) async fn ask(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    if booked.release.is_some() {
        return Ok(see_other(&format!("/calculations/{text}/released")));
    }
    page(&release_page(&state, &visit, &calculation, &booked, &Fields::default(), FormErrors::none()).await?)
}

async fn release_page(
    state: &ServerState,
    visit: &Visit,
    calculation: &CalculationEntry,
    booked: &PeriodView,
    form: &Fields,
    errors: FormErrors,
) -> Result<ReleasePage, Trouble> {
    let today = setting(&state.app, &visit.ctx).await?.today();
    Ok(ReleasePage {
        chrome: visit.chrome(Nav::Calculations),
        id: calculation.id.text(Kind::Calculation),
        program: calculation.document.program_name.clone(),
        period: period_words(&calculation.document.period),
        totals: vec![money(booked.total(), booked.currency)],
        payees: booked.payees.len() as u64,
        checks: checks(state, visit, calculation, booked).await?,
        scopes: if booked.credits.is_some() { Vec::new() } else { scopes(form.text("scope")) },
        release_date: form.filled("release_date").map_or_else(|| today.to_string(), str::to_owned),
        payee_rows: payee_rows(booked, &form.all("held")),
        held_until: form.text("held_until").to_owned(),
        held_reason: form.text("held_reason").to_owned(),
        errors,
    })
}

/// Payees that can be chosen to be paid later; none where there are too many to look through.
fn payee_rows(booked: &PeriodView, held: &[&str]) -> Vec<Choice> {
    if booked.payees.len() > HELD_CHOICES_MAX {
        return Vec::new();
    }
    let choice = |payee: &RewardView| {
        let id = payee.owner.id.text(Kind::Rep);
        Choice::new(&id, &format!("{}, {}", payee.name, money(payee.total, booked.currency).text()), held.contains(&id.as_str()))
    };
    booked.payees.iter().map(choice).collect()
}

/// Who is to be paid later, as the form says.
fn held(form: &Fields) -> Result<Vec<NewTerms>, Trouble> {
    let until = form.filled("held_until").map(str::to_owned);
    let new = |payee: &str| {
        Ok(NewTerms {
            payee: id(payee, Kind::Rep)?,
            unpaid: until.is_none(),
            release_date: until.clone(),
            reason: form.text("held_reason").to_owned(),
        })
    };
    form.all("held").into_iter().map(new).collect()
}

/// What can be released while payees see nothing yet.
fn scopes(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str, note: &str, selected| Choice { note: note.to_owned(), ..Choice::new(value, label, selected) };
    vec![
        choice("credits", "Credits only", "Payees see their amounts as pending. Figures may still change.", chosen == "credits"),
        choice("rewards", "Rewards", "Amounts are confirmed and may be paid. Nothing changes silently any more.", chosen != "credits"),
    ]
}

async fn checks(state: &ServerState, visit: &Visit, calculation: &CalculationEntry, booked: &PeriodView) -> Result<Vec<Check>, Trouble> {
    let document = &calculation.document;
    let page = format!("/calculations/{}", calculation.id.text(Kind::Calculation));
    let check = |tone, text: String, href: String| Check { tone, text, href };
    let mut checks = Vec::new();
    if booked.payees.is_empty() {
        checks.push(check(Tone::Bad, "Nobody earned anything in this period.".to_owned(), page.clone()));
    }
    if is_due(&state.app, &visit.ctx, calculation).await? {
        let text = "Sales, people or plans changed since this was calculated. Calculate again first.".to_owned();
        checks.push(check(Tone::Bad, text, page.clone()));
    } else {
        checks.push(check(Tone::Good, "Nothing changed since this was calculated.".to_owned(), page.clone()));
    }
    if document.alerts.is_empty() {
        checks.push(check(Tone::Good, "No alerts.".to_owned(), page.clone()));
    } else {
        let text = format!("{} open.", counted(document.alerts.len() as u64, "alert is", "alerts are"));
        checks.push(check(Tone::Warn, text, format!("{page}#alerts")));
    }
    let look: u64 = document.not_credited.iter().filter(|reason| !reason_is_meant(&reason.code)).map(|reason| reason.sales).sum();
    if look > 0 {
        let text = format!("{} not credited for a reason that somebody should look at.", counted(look, "sale was", "sales were"));
        checks.push(check(Tone::Warn, text, format!("{page}#not-credited")));
    }
    let missing = approvals::of_period(&state.app, &visit.ctx, Id(document.program), &document.period).await?;
    let missing = missing.iter().filter(|line| matches!(line.approval, Approval::Pending | Approval::Outdated)).count();
    if missing > 0 {
        let text = format!("{} for approval.", counted(missing as u64, "statement waits", "statements wait"));
        checks.push(check(Tone::Warn, text, "/approvals".to_owned()));
    }
    let negative = booked.payees.iter().filter(|payee| payee.total < 0).count();
    if negative > 0 {
        let text = format!("{} below zero; it is taken from what they earn later.", counted(negative as u64, "payee is", "payees are"));
        checks.push(check(Tone::Warn, text, format!("{page}#payees")));
    }
    Ok(checks)
}

pub(super) async fn release(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let document = &calculation.document;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    // Sent twice: the second one sees what the first has done.
    if booked.release.is_some() {
        return Ok(see_other(&format!("/calculations/{text}/released")));
    }
    let asked = release_page(&state, &visit, &calculation, &booked, &form, FormErrors::none()).await?;
    let missing = if form.text("confirm") != "yes" || !asked.allowed() {
        Some(FormErrors::one("", "This cannot be released yet. See what is wrong below."))
    } else if asked.needs_nod() && form.text("acknowledged") != "yes" {
        Some(FormErrors::one("acknowledged", "Say that you have seen the points below."))
    } else {
        None
    };
    if let Some(errors) = missing {
        return form_page(&ReleasePage { errors, ..asked });
    }
    if form.text("scope") == "credits" {
        return match releases::release_credits(&state.app, &visit.ctx, Id(document.program), &document.period).await {
            Ok(_) => {
                let said = format!("Payees see {} as pending now.", period_words(&document.period));
                Ok(flash::see_other(&state, &format!("/calculations/{text}"), Tone::Good, &said))
            }
            Err(error) => {
                let errors = form_errors(error, &[])?;
                form_page(&ReleasePage { errors, ..asked })
            }
        };
    }
    let date = form.filled("release_date");
    match releases::release_with(&state.app, &visit.ctx, Id(document.program), &document.period, date, &held(&form)?).await {
        Ok(_) => Ok(see_other(&format!("/calculations/{text}/released"))),
        Err(error) => {
            let names = [("release_date", "release_date"), ("payees[0].release_date", "held_until"), ("payees[0].reason", "held_reason")];
            let errors = form_errors(error, &names)?;
            form_page(&ReleasePage { errors, ..asked })
        }
    }
}

pub(super) async fn released(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let calculation = entry(&state, &visit, &text).await?;
    let booked = releases::period_of_calculation(&state.app, &visit.ctx, &calculation).await?;
    let Some(release) = &booked.release else { return Ok(back(&text)) };
    let setting = setting(&state.app, &visit.ctx).await?;
    let who = actor_names(&state.app, &visit.ctx).await?.name(&release.document.released_by);
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    let link = text.clone();
    page(&ReleasedPage {
        chrome: visit.chrome(Nav::Calculations),
        id: text,
        program: calculation.document.program_name.clone(),
        period: period_words(&calculation.document.period),
        totals: vec![money(booked.total(), booked.currency)],
        payees: booked.payees.len() as u64,
        facts: vec![
            fact("Release", release.id.text(Kind::Release)),
            fact("Released", format!("{} by {who}", setting.moment(release.document.released_us))),
            fact("May be paid from", super::super::shown::iso_day(&release.document.release_date)),
            Fact { href: format!("/calculations/{link}/terms"), ..fact("Paid apart", apart(&release.document)) },
        ],
    })
}

/// How many have a day of their own, or are marked as unpaid.
fn apart(release: &ReleaseDocument) -> String {
    let unpaid = release.apart.iter().filter(|terms| terms.unpaid).count();
    let later = release.apart.len() - unpaid;
    let part = |many: usize, word: &str| (many > 0).then(|| format!("{many} {word}"));
    let parts: Vec<String> = [part(later, "with a day of their own"), part(unpaid, "marked as unpaid")].into_iter().flatten().collect();
    if parts.is_empty() { "nobody".to_owned() } else { parts.join(", ") }
}
