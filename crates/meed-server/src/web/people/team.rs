//! The form of a team.

use axum::extract::{Path, State};
use meed_app::documents::TeamDocument;
use meed_app::people::{put_team, team};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::super::flash;
use super::super::form::{Fields, Posted, id};
use super::super::shown::setting;
use super::super::visit::Visit;
use super::{aliases, ambiguous, managers, teams};
use crate::ServerState;
use crate::pages::people::TeamFormPage;
use crate::pages::{FormErrors, Link, Nav, Tone};

pub(super) async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&form_of(&state, &visit, None, &TeamDocument::default(), FormErrors::none()).await?)
}

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let entry = team(&state.app, &visit.ctx, id(&text, Kind::Team)?).await?;
    page(&form_of(&state, &visit, Some(entry.id), &entry.document, FormErrors::none()).await?)
}

pub(super) async fn add(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    put(&state, &visit, None, TeamDocument::default(), &form).await
}

pub(super) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let entry = team(&state.app, &visit.ctx, id(&text, Kind::Team)?).await?;
    put(&state, &visit, Some(entry.id), entry.document, &form).await
}

async fn put(state: &ServerState, visit: &Visit, id: Option<Id>, before: TeamDocument, form: &Fields) -> Answer {
    let document = TeamDocument {
        name: form.text("name").to_owned(),
        aliases: aliases(form.raw("aliases")),
        manager: form.id("manager", Kind::Rep)?.map(|id| id.0),
        parent: form.id("parent", Kind::Team)?.map(|id| id.0),
        ..before
    };
    match put_team(&state.app, &visit.ctx, id, &document).await {
        Ok(_) => Ok(flash::see_other(state, "/people", Tone::Good, &format!("{} is saved.", document.name))),
        Err(error) => {
            let names = [("name", "name"), ("aliases", "aliases"), ("manager", "manager"), ("parent", "parent")];
            let errors = form_errors(error, &names)?;
            form_page(&form_of(state, visit, id, &document, errors).await?)
        }
    }
}

async fn form_of(
    state: &ServerState,
    visit: &Visit,
    id: Option<Id>,
    document: &TeamDocument,
    errors: FormErrors,
) -> Result<TeamFormPage, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let config = &setting.config;
    let members = id.map(|id| config.directory.members(id, setting.today()).collect::<Vec<_>>()).unwrap_or_default();
    Ok(TeamFormPage {
        chrome: visit.chrome(Nav::People),
        id: id.map(|id| id.text(Kind::Team)).unwrap_or_default(),
        name: document.name.clone(),
        aliases: document.aliases.join("\n"),
        parents: teams(config, id, document.parent.map(Id)),
        managers: managers(config, None, document.manager.map(Id)),
        members: members.iter().map(|rep| Link::new(&rep.name, &format!("/reps/{}", rep.id.text(Kind::Rep)))).collect(),
        alerts: id.map(|id| ambiguous(config, Some(id))).unwrap_or_default(),
        errors,
    })
}
