//! Parties: who is the same in several roles, linking them, and one statement over all of them.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use jiff::civil::Date;
use meed_app::parties::{self, Party, PartyStatement, Role};
use meed_app::{Scope, loyalty};
use meed_core::id::{Id, Kind};
use meed_core::ledger::{AccountStatement, Owner, OwnerKind};
use meed_core::people::fold_alias;

use super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::flash;
use super::form::{Asked, Fields, Posted};
use super::shown::{Setting, money, setting};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::parties::{CandidateRow, PartiesPage, PartyAccount, PartyLine, PartyPage, PartyRow, RoleRow};
use crate::pages::{Fact, FormErrors, Link, Nav, Tone};

/// Lines of an account that the page shows.
const LINES: usize = 200;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/parties", get(list).post(link)).route("/parties/{id}", get(show)).route("/parties/{id}/unlink", post(unlink))
}

/// What people call a role.
fn role_word(kind: OwnerKind) -> &'static str {
    match kind {
        OwnerKind::Rep => "Rep",
        OwnerKind::Participant => "Participant",
        _ => "Affiliate",
    }
}

fn role_link(role: &Role) -> Link {
    let folder = if role.owner.kind == OwnerKind::Rep { "reps" } else { "participants" };
    Link { text: format!("{} {}", role_word(role.owner.kind), role.name), href: format!("/{folder}/{}", role.text()) }
}

fn first(party: &Party) -> String {
    party.roles.first().map(Role::text).unwrap_or_default()
}

fn linked(setting: &Setting, party: &Party) -> String {
    format!("{} by {}", setting.moment(party.linked_us), party.linked_by)
}

/// `GET /parties`
async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&list_page(&state, &visit, &Fields::default(), FormErrors::none()).await?)
}

async fn list_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<PartiesPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let may_link = ctx.has(Scope::Plans);
    let all = parties::list(app, ctx).await?;
    let row = |party: &Party| PartyRow {
        id: first(party),
        roles: party.roles.iter().map(role_link).collect(),
        reason: party.reason.clone(),
        linked: linked(&setting, party),
    };
    let candidates = if may_link { parties::candidates(app, ctx).await? } else { Vec::new() };
    let candidate = |found: &parties::Candidate| CandidateRow {
        rep: found.rep.text(),
        rep_name: found.rep.name.clone(),
        participant: found.participant.text(),
        participant_name: found.participant.name.clone(),
        common: format!("Same {}: {}", if found.by == "email" { "e-mail address" } else { "number" }, found.value),
    };
    Ok(PartiesPage {
        chrome: visit.chrome(Nav::People),
        rows: all.iter().map(row).collect(),
        candidates: candidates.iter().map(candidate).collect(),
        may_link,
        typed: ["rep", "participant", "reason"].map(|field| form.text(field).to_owned()),
        errors,
    })
}

/// The rep that a text names: by id, name, alias or e-mail address.
async fn rep_of(state: &ServerState, visit: &Visit, text: &str) -> Result<Option<Id>, Trouble> {
    if let Ok(id) = Id::parse(text, Kind::Rep) {
        return Ok(Some(id));
    }
    let config = state.app.configuration(visit.ctx.workspace).await?;
    let wanted = fold_alias(text);
    let names = |rep: &&meed_core::people::Rep| {
        let own = [Some(&rep.name), rep.email.as_ref(), rep.external_id.as_ref()];
        own.into_iter().flatten().chain(&rep.aliases).any(|name| fold_alias(name) == wanted)
    };
    let mut found = config.directory.reps().iter().filter(names);
    // One that several go by names nobody.
    Ok(found.next().filter(|_| found.next().is_none()).map(|rep| rep.id))
}

/// `POST /parties`
async fn link(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let rep = rep_of(&state, &visit, form.text("rep")).await?;
    let participant = match Id::parse(form.text("participant"), Kind::Participant) {
        Ok(id) => Some(id),
        Err(_) => match loyalty::participants::find(&state.app, &visit.ctx, &loyalty::Who::Code(form.text("participant").to_owned())).await
        {
            Ok(found) => Some(found.id),
            Err(_) => {
                let number = loyalty::Who::Number(form.text("participant").to_owned());
                loyalty::participants::find(&state.app, &visit.ctx, &number).await.ok().map(|found| found.id)
            }
        },
    };
    let mut errors = FormErrors::none();
    if rep.is_none() {
        errors.0.push(("rep".to_owned(), "No rep, or more than one, goes by this.".to_owned()));
    }
    if participant.is_none() {
        errors.0.push(("participant".to_owned(), "No participant goes by this.".to_owned()));
    }
    let (Some(rep), Some(participant)) = (rep, participant) else {
        return form_page(&list_page(&state, &visit, &form, errors).await?);
    };
    match parties::link(&state.app, &visit.ctx, &[Owner::rep(rep), Owner::participant(participant)], form.text("reason")).await {
        Ok(party) => Ok(flash::see_other(&state, &format!("/parties/{}", first(&party)), Tone::Good, "They are one party now.")),
        Err(error) => {
            let errors = form_errors(error, &[("roles", "rep"), ("reason", "reason")])?;
            form_page(&list_page(&state, &visit, &form, errors).await?)
        }
    }
}

fn role_in(text: &str) -> Result<Owner, Trouble> {
    parties::role_of(text).ok_or_else(Trouble::not_found)
}

/// `GET /parties/{id}`
async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Asked(form): Asked) -> Answer {
    let role = role_in(&text)?;
    let mut errors = FormErrors::none();
    let mut day = |field: &str| {
        let text = form.filled(field)?;
        let day = text.parse::<Date>().ok();
        if day.is_none() {
            errors.0.push((field.to_owned(), format!("“{text}” is not a day such as 2026-03-31.")));
        }
        day
    };
    let (mut from, mut until) = (day("from"), day("until"));
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        errors.0.push(("until".to_owned(), "The last day lies before the first.".to_owned()));
        (from, until) = (None, None);
    }
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let statement = parties::statement(app, ctx, role, from, until).await?;
    let shown = PartyPage {
        chrome: visit.chrome(Nav::People),
        id: text,
        name: statement.party.roles.first().map(|role| role.name.clone()).unwrap_or_default(),
        facts: facts(&setting, &statement.party),
        may_unlink: statement.party.roles.len() > 1 && ctx.has(Scope::Plans),
        days: ["from", "until"].map(|field| form.text(field).to_owned()),
        rows: statement.roles.iter().map(role_row).collect(),
        totals: totals(&statement),
        accounts: statement.accounts.accounts.iter().map(|account| account_of(&setting, account)).collect(),
        errors,
    };
    page(&shown)
}

fn facts(setting: &Setting, party: &Party) -> Vec<Fact> {
    let role = |role: &Role| {
        let link = role_link(role);
        Fact { label: role_word(role.owner.kind).to_owned(), value: role.name.clone(), href: link.href }
    };
    let mut facts: Vec<Fact> = party.roles.iter().map(role).collect();
    if party.roles.len() > 1 {
        let said = [("Why", party.reason.clone()), ("Linked", linked(setting, party))];
        facts.extend(said.map(|(label, value)| Fact { label: label.to_owned(), value, href: String::new() }));
    }
    facts
}

fn role_row(of: &parties::RoleStatement) -> RoleRow {
    let total = &of.total;
    let amount = |minor| money(minor, of.unit);
    RoleRow {
        role: role_link(&of.role),
        flow: [total.opening, total.earned, total.other, total.paid, total.expired, total.closing].map(amount),
        stands: [total.waiting, total.payable, total.owed].map(amount),
    }
}

fn totals(statement: &PartyStatement) -> Vec<[crate::pages::Amount; 3]> {
    let all = statement.totals.iter();
    all.map(|(unit, total)| [total.opening, total.moved, total.closing].map(|minor| money(minor, *unit))).collect()
}

fn account_of(setting: &Setting, statement: &AccountStatement) -> PartyAccount {
    let unit = statement.account.unit;
    let line = |line: &meed_core::ledger::StatementLine| PartyLine {
        when: setting.moment(line.transfer.recorded_us),
        what: words(line.transfer.kind.name()),
        amount: money(line.amount, unit),
    };
    PartyAccount {
        name: format!("{}: {}, {}", role_word(statement.account.owner.kind), words(statement.account.purpose.name()).to_lowercase(), unit),
        opening: money(statement.opening, unit),
        closing: money(statement.closing, unit),
        lines: statement.lines.iter().rev().take(LINES).map(line).collect(),
        more: statement.lines.len().saturating_sub(LINES),
    }
}

/// `owed_netted` as `Owed netted`.
fn words(code: &str) -> String {
    let text = code.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `POST /parties/{id}/unlink`
async fn unlink(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(_): Posted) -> Answer {
    parties::unlink(&state.app, &visit.ctx, role_in(&text)?).await?;
    Ok(flash::see_other(&state, "/parties", Tone::Good, "They are two again. Their accounts are as they were."))
}
