//! The form of a rep.

use axum::extract::{Path, State};
use jiff::ToSpan;
use jiff::civil::Date;
use meed_app::documents::{MembershipDocument, RepDocument, VariableDocument};
use meed_app::people::{put_rep, rep};
use meed_app::{Configuration, Role, Scope, access};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::setting;
use super::super::visit::Visit;
use super::{aliases, ambiguous, managers, teams};
use crate::ServerState;
use crate::pages::people::{InvitePage, MembershipField, RepFormPage};
use crate::pages::{FormErrors, Nav, Tone};

/// Empty memberships at the end of the form.
const SPARE: usize = 1;

pub(super) async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&form_of(&state, &visit, None, &RepDocument::default(), FormErrors::none()).await?)
}

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let entry = rep(&state.app, &visit.ctx, id(&text, Kind::Rep)?).await?;
    page(&form_of(&state, &visit, Some(entry.id), &entry.document, FormErrors::none()).await?)
}

pub(super) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, RepDocument::default(), &form).await
}

pub(super) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let entry = rep(&state.app, &visit.ctx, id(&text, Kind::Rep)?).await?;
    put(&state, &visit, Some(entry.id), entry.document, &form).await
}

async fn put(state: &ServerState, visit: &Visit, id: Option<Id>, before: RepDocument, form: &Fields) -> Answer {
    let (document, mut errors) = read(form, &before)?;
    if !errors.any() {
        match put_rep(&state.app, &visit.ctx, id, &document).await {
            Ok(_) => {
                let said = format!("{} is saved. Calculations use it from the next run on.", document.name);
                return Ok(flash::see_other(state, "/people", Tone::Good, &said));
            }
            Err(error) => {
                let names = [("name", "name"), ("aliases", "aliases"), ("manager", "manager"), ("variables", "variables")];
                errors = form_errors(error, &names)?;
            }
        }
    }
    form_page(&form_of(state, visit, id, &document, errors).await?)
}

/// What the form says, on top of what is kept of the rep besides.
fn read(form: &Fields, before: &RepDocument) -> Result<(RepDocument, FormErrors), Trouble> {
    let mut errors = FormErrors::none();
    let (memberships, wrong) = memberships(form)?;
    errors.0.extend(wrong);
    let variables = match variables(form.raw("variables")) {
        Ok(variables) => variables,
        Err(text) => {
            errors.0.push(("variables".to_owned(), text));
            before.variables.clone()
        }
    };
    let tags = form.text("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    let document = RepDocument {
        name: form.text("name").to_owned(),
        email: form.filled("email").map(str::to_owned),
        aliases: aliases(form.raw("aliases")),
        manager: form.id("manager", Kind::Rep)?.map(|id| id.0),
        memberships,
        variables,
        tags,
        external_id: form.filled("external_id").map(str::to_owned),
        enrollments: before.enrollments.clone(),
        currency: form.filled("currency").map(str::to_uppercase),
        inactive: form.text("active") != "yes",
    };
    Ok((document, errors))
}

type Wrong = Vec<(String, String)>;

/// Memberships as the form writes them: the last day belongs to them, in the record it does not.
fn memberships(form: &Fields) -> Result<(Vec<MembershipDocument>, Wrong), Trouble> {
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (number, team) in form.numbered("team_").into_iter().filter(|(_, team)| !team.is_empty()) {
        let mut day = |field: String| {
            let text = form.filled(&field)?;
            let day = text.parse::<Date>().ok();
            if day.is_none() {
                wrong.push((field, format!("“{text}” is not a day such as 2026-03-31.")));
            }
            day
        };
        let from = day(format!("member_from_{number}"));
        let until = day(format!("member_until_{number}"));
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            wrong.push((format!("member_until_{number}"), "The last day lies before the first.".to_owned()));
        }
        found.push(MembershipDocument {
            team: id(team, Kind::Team)?.0,
            from: from.map(|day| day.to_string()),
            until: until.and_then(|day| day.checked_add(1.day()).ok()).map(|day| day.to_string()),
        });
    }
    Ok((found, wrong))
}

/// Variables, one per line: `quota = 100000`, `quota = 120000 from 2026-04-01`.
fn variables(text: &str) -> Result<Vec<VariableDocument>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let wrong = || format!("“{line}” is not a figure such as: quota = 100000 from 2026-04-01");
            let (name, rest) = line.split_once('=').ok_or_else(wrong)?;
            let (value, from) = match rest.split_once(" from ") {
                Some((value, from)) => (value, Some(from.trim().to_owned())),
                None => (rest, None),
            };
            let value = value.trim().replace(',', "");
            let is_right = !name.trim().is_empty()
                && value.parse::<meed_core::money::Exact>().is_ok()
                && from.as_deref().is_none_or(|from| from.parse::<Date>().is_ok());
            if is_right { Ok(VariableDocument { name: name.trim().to_owned(), from, value }) } else { Err(wrong()) }
        })
        .collect()
}

fn variables_text(variables: &[VariableDocument]) -> String {
    let line = |v: &VariableDocument| {
        let from = v.from.as_ref().map_or_else(String::new, |from| format!(" from {from}"));
        format!("{} = {}{from}", v.name, v.value)
    };
    variables.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn form_of(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &RepDocument,
    errors: FormErrors,
) -> Result<RepFormPage, Trouble> {
    let config = setting(&state.app, &visit.ctx).await?.config;
    let can_invite = match (id, &document.email) {
        (Some(_), Some(email)) if visit.ctx.has(Scope::Admin) => access::users::can_invite(&state.app, &visit.ctx, email).await?,
        _ => false,
    };
    Ok(RepFormPage {
        chrome: visit.chrome(Nav::People),
        id: id.map(|id| id.text(Kind::Rep)).unwrap_or_default(),
        name: document.name.clone(),
        email: document.email.clone().unwrap_or_default(),
        aliases: document.aliases.join("\n"),
        managers: managers(&config, id, document.manager.map(Id)),
        memberships: fields(&config, &document.memberships),
        external_id: document.external_id.clone().unwrap_or_default(),
        currency: document.currency.clone().unwrap_or_default(),
        tags: document.tags.join(", "),
        variables: variables_text(&document.variables),
        active: !document.inactive,
        can_invite,
        alerts: id.map(|id| ambiguous(&config, Some(id))).unwrap_or_default(),
        errors,
    })
}

fn fields(config: &Configuration, memberships: &[MembershipDocument]) -> Vec<MembershipField> {
    let last_day = |until: &str| {
        let day = until.parse::<Date>().ok().and_then(|day| day.checked_sub(1.day()).ok());
        day.map_or_else(|| until.to_owned(), |day| day.to_string())
    };
    let field = |membership: &MembershipDocument| MembershipField {
        teams: teams(config, None, Some(Id(membership.team))),
        from: membership.from.clone().unwrap_or_default(),
        until: membership.until.as_deref().map(last_day).unwrap_or_default(),
    };
    let empty = MembershipField { teams: teams(config, None, None), from: String::new(), until: String::new() };
    memberships.iter().map(field).chain(std::iter::repeat_n(empty, SPARE)).collect()
}

pub(super) async fn invite(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let entry = rep(&state.app, &visit.ctx, id(&text, Kind::Rep)?).await?;
    let role = Role::from_word(form.text("role")).filter(|role| role.is_of_rep()).unwrap_or(Role::Payee);
    let token = access::users::invite_payee(&state.app, &visit.ctx, &entry, role).await?;
    page(&InvitePage {
        chrome: visit.chrome(Nav::People),
        id: text,
        name: entry.document.name,
        url: format!("{}/welcome/{token}", state.public_url),
        valid: "7 days".to_owned(),
    })
}
