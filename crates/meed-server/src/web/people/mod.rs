//! Reps and teams: the list, and the two forms.

mod list;
mod rep;
mod team;
mod variables;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use meed_app::Configuration;
use meed_core::id::{Id, Kind};

use crate::ServerState;
use crate::pages::{Choice, Notice, Tone};

/// Bytes of a form with a sheet.
const FORM_MAX: usize = 10 << 20;

pub(super) fn routes() -> Router<ServerState> {
    Router::new()
        .route("/people", get(list::show))
        .route("/people/variables", get(variables::ask).post(variables::send).layer(DefaultBodyLimit::max(FORM_MAX)))
        .route("/reps", post(rep::add))
        .route("/reps/new", get(rep::blank))
        .route("/reps/{id}", get(rep::show).post(rep::save))
        .route("/reps/{id}/invite", post(rep::invite))
        .route("/teams", post(team::add))
        .route("/teams/new", get(team::blank))
        .route("/teams/{id}", get(team::show).post(team::save))
}

/// One alias per line.
fn aliases(text: &str) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !aliases.iter().any(|known| known == line) {
            aliases.push(line.to_owned());
        }
    }
    aliases
}

/// Reps to choose a manager from, without the one who is edited.
fn managers(config: &Configuration, own: Option<Id>, chosen: Option<Id>) -> Vec<Choice> {
    let mut reps: Vec<_> = config.directory.reps().iter().filter(|rep| Some(rep.id) != own).collect();
    reps.sort_by_key(|rep| rep.name.to_lowercase());
    let all = reps.into_iter().map(|rep| Choice::new(&rep.id.text(Kind::Rep), &rep.name, Some(rep.id) == chosen));
    std::iter::once(Choice::new("", "Nobody", chosen.is_none())).chain(all).collect()
}

/// Teams to choose from, without the one that is edited.
fn teams(config: &Configuration, own: Option<Id>, chosen: Option<Id>) -> Vec<Choice> {
    let mut teams: Vec<_> = config.directory.teams().iter().filter(|team| Some(team.id) != own).collect();
    teams.sort_by_key(|team| team.name.to_lowercase());
    let all = teams.into_iter().map(|team| Choice::new(&team.id.text(Kind::Team), &team.name, Some(team.id) == chosen));
    std::iter::once(Choice::new("", "None", chosen.is_none())).chain(all).collect()
}

/// Aliases that several own; of one owner only, if one is given.
fn ambiguous(config: &Configuration, own: Option<Id>) -> Vec<Notice> {
    let all = config.directory.ambiguous_aliases();
    let concerned = all.into_iter().filter(|(_, owners)| own.is_none_or(|own| owners.contains(&own)));
    let notice = |(alias, owners): (String, Vec<Id>)| {
        let name = |id: &Id| config.directory.team(*id).map_or_else(|| config.rep_name(*id), |team| team.name.clone());
        let names: Vec<String> = owners.iter().map(name).collect();
        let other = owners.iter().find(|id| Some(**id) != own);
        let href = other.map(|id| match config.directory.team(*id) {
            Some(_) => format!("/teams/{}", id.text(Kind::Team)),
            None => format!("/reps/{}", id.text(Kind::Rep)),
        });
        Notice {
            tone: Tone::Bad,
            title: format!("“{alias}” belongs to {}", names.join(" and ")),
            text: "Sales under it are credited to nobody until only one of them has this alias.".to_owned(),
            href: href.unwrap_or_default(),
            when: String::new(),
        }
    };
    concerned.map(notice).collect()
}
