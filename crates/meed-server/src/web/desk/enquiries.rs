//! Enquiries: the list, asking, and one with its thread.

use axum::extract::{Path, State};
use meed_app::access::actor_names;
use meed_app::enquiries::{self, Candidate, EnquiryEntry, EnquiryStatus, Fix, NewEnquiry};
use meed_app::{Role, Scope, people};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page, sentence};
use super::super::flash;
use super::super::form::{Asked, Fields, Posted, id};
use super::super::sales::subject;
use super::super::shown::{Setting, day_text, exact, period_words, setting};
use super::super::visit::Visit;
use crate::ServerState;
use crate::pages::desk::{CandidateView, EnquiriesPage, EnquiryFormPage, EnquiryPage, EnquiryRow, MessageView, SaleCheck};
use crate::pages::{Badge, Choice, Fact, FormErrors, Link, Nav, Tone};

fn badge(status: EnquiryStatus) -> Badge {
    match status {
        EnquiryStatus::Open => Badge::new("Open", Tone::Warn),
        EnquiryStatus::Answered => Badge::new("Answered", Tone::Info),
        EnquiryStatus::Resolved => Badge::new("Resolved", Tone::Good),
        EnquiryStatus::Declined => Badge::new("Declined", Tone::Neutral),
    }
}

pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    let setting = setting(&state.app, &visit.ctx).await?;
    let is_own = visit.ctx.role == Role::Payee;
    let row = |found: &EnquiryEntry| {
        let document = &found.document;
        EnquiryRow {
            href: format!("/enquiries/{}", found.id.text(Kind::Enquiry)),
            subject: document.subject.clone(),
            payee: if is_own { String::new() } else { setting.config.rep_name(Id(document.rep)) },
            period: if document.period.is_empty() { String::new() } else { period_words(&document.period) },
            status: badge(document.status),
            when: setting.moment(document.messages.last().map_or(document.opened_us, |message| message.at_us)),
        }
    };
    let rows = enquiries::list(&state.app, &visit.ctx).await?.iter().map(row).collect();
    page(&EnquiriesPage { chrome: visit.chrome(Nav::Enquiries), rows })
}

pub(in crate::web) async fn blank(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    page(&form_of(&state, &visit, &asked, FormErrors::none()).await?)
}

async fn form_of(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<EnquiryFormPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let seen = people::seen(&state.app, &visit.ctx).await?;
    let own = visit.ctx.payee.map(|rep| rep.text(Kind::Rep));
    let chosen = form.filled("payee").map(str::to_owned).or(own);
    let mut reps: Vec<_> = setting.config.directory.reps().iter().filter(|rep| seen.covers(rep.id)).collect();
    reps.sort_by_key(|rep| rep.name.to_lowercase());
    let payee = |rep: &&meed_core::people::Rep| {
        let id = rep.id.text(Kind::Rep);
        Choice::new(&id, &rep.name, Some(&id) == chosen.as_ref())
    };
    let mut labels: Vec<String> = Vec::new();
    for summary in meed_app::statements::list(&state.app, &visit.ctx).await? {
        if !labels.contains(&summary.period) {
            labels.push(summary.period);
        }
    }
    let asked = form.text("period");
    if !asked.is_empty() && !labels.iter().any(|label| label == asked) {
        labels.insert(0, asked.to_owned());
    }
    let periods = labels.iter().take(24).map(|label| Choice::new(label, &period_words(label), label == asked));
    Ok(EnquiryFormPage {
        chrome: visit.chrome(Nav::Enquiries),
        payees: reps.iter().map(payee).collect(),
        periods: std::iter::once(Choice::new("", "None in particular", asked.is_empty())).chain(periods).collect(),
        program: form.text("program").to_owned(),
        sale: form.text("sale").to_owned(),
        reference: form.text("reference").to_owned(),
        subject: form.text("subject").to_owned(),
        text: form.raw("text").to_owned(),
        errors,
    })
}

pub(in crate::web) async fn open(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let new = NewEnquiry {
        rep: form.id("payee", Kind::Rep)?.or(visit.ctx.payee),
        subject: form.text("subject").to_owned(),
        text: form.raw("text").replace("\r\n", "\n"),
        reference: form.text("reference").to_owned(),
        period: form.text("period").to_owned(),
        program: form.id("program", Kind::Program)?,
        sale: form.id("sale", Kind::Sale)?,
    };
    match enquiries::open(&state.app, &visit.ctx, &new).await {
        Ok(id) => {
            let to = format!("/enquiries/{}", id.text(Kind::Enquiry));
            Ok(flash::see_other(&state, &to, Tone::Good, "Sent. The answer appears here."))
        }
        Err(error) => {
            let names = [("subject", "subject"), ("text", "text"), ("period", "period"), ("payee", "payee")];
            let errors = form_errors(error, &names)?;
            form_page(&form_of(&state, &visit, &form, errors).await?)
        }
    }
}

pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let found = enquiries::get(&state.app, &visit.ctx, id(&text, Kind::Enquiry)?).await?;
    page(&page_of(&state, &visit, &found, &Fields::default(), FormErrors::none()).await?)
}

async fn page_of(
    state: &ServerState,
    visit: &Visit,
    found: &EnquiryEntry,
    form: &Fields,
    errors: FormErrors,
) -> Result<EnquiryPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let actors = actor_names(app, ctx).await?;
    let document = &found.document;
    let is_operator = ctx.has(Scope::Release);
    let may_look = ctx.has(Scope::Read);
    let candidates = if may_look { enquiries::candidates(app, ctx, found).await? } else { Vec::new() };
    let message = |message: &enquiries::Message| MessageView {
        who: actors.name(&message.by),
        when: setting.moment(message.at_us),
        text: message.text.clone(),
        from_line: message.from_line,
    };
    let chosen = form.filled("status").and_then(EnquiryStatus::from_word).unwrap_or(EnquiryStatus::Answered);
    let choice = |status: EnquiryStatus| {
        let label = match status {
            EnquiryStatus::Open => "still open",
            EnquiryStatus::Answered => "answered, waits for the payee",
            EnquiryStatus::Resolved => "resolved: something was put right",
            EnquiryStatus::Declined => "declined: it was right as it was",
        };
        Choice::new(status.word(), label, status == chosen)
    };
    Ok(EnquiryPage {
        chrome: visit.chrome(Nav::Enquiries),
        id: found.id.text(Kind::Enquiry),
        subject: document.subject.clone(),
        status: badge(document.status),
        facts: facts(&setting, document, may_look),
        messages: document.messages.iter().map(message).collect(),
        nothing_found: may_look && candidates.is_empty() && !document.reference.is_empty(),
        candidates: candidates.iter().map(|candidate| view(&setting, candidate)).collect(),
        fix: document.fix.as_ref().map(|fix| fix_link(fix, may_look)).unwrap_or_default(),
        statuses: if is_operator { EnquiryStatus::ALL.map(choice).to_vec() } else { Vec::new() },
        fix_typed: form.text("fix").to_owned(),
        text: form.raw("text").to_owned(),
        can_write: is_operator || ctx.role.is_of_rep(),
        errors,
    })
}

fn facts(setting: &Setting, document: &enquiries::EnquiryDocument, may_look: bool) -> Vec<Fact> {
    let fact = |label: &str, value: String, href: String| Fact { label: label.to_owned(), value, href };
    let rep = Id(document.rep).text(Kind::Rep);
    let mut facts = vec![fact("Payee", setting.config.rep_name(Id(document.rep)), String::new())];
    if !document.period.is_empty() {
        facts.push(fact("Statement", period_words(&document.period), format!("/statements/{rep}/{}", document.period)));
    }
    if let Some(entry) = document.program.and_then(|id| setting.config.program(Id(id)).ok()) {
        facts.push(fact("Plan", entry.program.name.clone(), String::new()));
    }
    if !document.reference.is_empty() {
        facts.push(fact("Sale", document.reference.clone(), String::new()));
    }
    if let Some(sale) = document.sale.filter(|_| may_look) {
        facts.push(fact("Opened on", Id(sale).text(Kind::Sale), format!("/sales/{}", Id(sale).text(Kind::Sale))));
    }
    facts.push(fact("Asked", setting.moment(document.opened_us), String::new()));
    facts
}

/// Payees read what was changed; only who may open it gets the link.
fn fix_link(fix: &Fix, may_look: bool) -> Link {
    let text = fix.text();
    let (what, href) = match fix.kind.as_str() {
        "sale" => ("the sale", format!("/sales/{text}")),
        "rep" => ("the rep", format!("/reps/{text}")),
        "program" => ("the plan", format!("/programs/{text}")),
        "calculation" => ("a new calculation", format!("/calculations/{text}")),
        _ => ("the release", String::new()),
    };
    if may_look { Link::new(&format!("{what} {text}"), &href) } else { Link::new(what, "") }
}

fn view(setting: &Setting, candidate: &Candidate) -> CandidateView {
    let stored = &candidate.sale.stored;
    let id = stored.id.text(Kind::Sale);
    let day = day_text(setting.day_of(stored.sale.at));
    let amount = stored.sale.revenue.map(|revenue| {
        let code = stored.sale.currency.map_or_else(|| setting.config.unit.code().to_owned(), |unit| unit.code().to_owned());
        exact(revenue, &code).text()
    });
    let about: Vec<String> =
        [Some(day), Some(subject(&stored.sale)), amount].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    let check = |check: &enquiries::CandidateCheck| SaleCheck {
        tone: if check.is_good { Tone::Good } else { Tone::Warn },
        text: sentence(&check.text),
    };
    CandidateView {
        sale: Link::new(stored.unique_id.as_deref().unwrap_or(&id), &format!("/sales/{id}")),
        about: about.join(" · "),
        checks: candidate.checks.iter().map(check).collect(),
    }
}

pub(in crate::web) async fn answer(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let found = enquiries::get(&state.app, &visit.ctx, id(&text, Kind::Enquiry)?).await?;
    let said = form.raw("text").replace("\r\n", "\n");
    let status = EnquiryStatus::from_word(form.text("status"));
    let done = match status.filter(|_| visit.ctx.has(Scope::Release)) {
        Some(status) => enquiries::decide(&state.app, &visit.ctx, found.id, status, &said, form.filled("fix")).await,
        None => enquiries::reply(&state.app, &visit.ctx, found.id, &said).await,
    };
    match done {
        Ok(()) => Ok(flash::see_other(&state, &format!("/enquiries/{text}"), Tone::Good, "Sent.")),
        Err(error) => {
            let errors = form_errors(error, &[("text", "text"), ("fix", "fix")])?;
            form_page(&page_of(&state, &visit, &found, &form, errors).await?)
        }
    }
}
