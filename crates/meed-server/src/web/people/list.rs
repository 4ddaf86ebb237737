//! Everybody who sells, and their teams.

use std::collections::HashSet;

use axum::extract::State;
use meed_app::{Configuration, calculations};
use meed_core::id::{Id, Kind};
use meed_core::people::{Rep, Team};

use super::super::answer::{Answer, page};
use super::super::calculations::alert_notice;
use super::super::form::Asked;
use super::super::shown::setting;
use super::super::visit::Visit;
use super::ambiguous;
use crate::ServerState;
use crate::pages::people::{PeoplePage, RepRow, TeamRow};
use crate::pages::shown::count;
use crate::pages::{Badge, Link, Nav, Pager, Tone};

/// Reps on one page.
const PAGE: usize = 100;

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let config = &setting.config;
    let q = asked.text("q").to_lowercase();
    let mut matching: Vec<&Rep> = config.directory.reps().iter().filter(|rep| rep_matches(rep, &q)).collect();
    matching.sort_by_key(|rep| (!rep.active, rep.name.to_lowercase()));
    let from: usize = asked.text("from").parse().unwrap_or(0);
    let reps: Vec<RepRow> = matching.iter().skip(from).take(PAGE).map(|rep| rep_row(config, rep, setting.today())).collect();
    let reps_shown = match matching.len() {
        all if all == reps.len() => count(all),
        all => format!("{} to {} of {}", from + 1, from + reps.len(), count(all)),
    };
    let at = |from: usize| {
        let query = serde_urlencoded::to_string([("q", asked.text("q")), ("from", &from.to_string())]).unwrap_or_default();
        format!("/people?{query}")
    };
    let mut alerts = ambiguous(config, None);
    // Names that nobody owns, from the calculations that met them.
    let mut told = HashSet::new();
    for calculation in calculations::latest(app, ctx).await? {
        let unknown = calculation.document.alerts.iter().filter(|alert| alert.code == "no_match");
        alerts.extend(unknown.filter(|alert| told.insert(alert.subject.clone())).map(|alert| crate::pages::Notice {
            href: format!("/sales?q={}", serde_urlencoded::to_string([("", &alert.subject)]).unwrap_or_default().trim_start_matches('=')),
            ..alert_notice(alert)
        }));
    }
    page(&PeoplePage {
        chrome: visit.chrome(Nav::People),
        q: asked.text("q").to_owned(),
        pager: Pager {
            newer: (from > 0).then(|| at(from.saturating_sub(PAGE))),
            older: (from.saturating_add(PAGE) < matching.len()).then(|| at(from + PAGE)),
        },
        reps,
        reps_shown,
        teams: team_rows(config, &q, setting.today()),
        alerts,
    })
}

fn rep_matches(rep: &Rep, q: &str) -> bool {
    let mut texts = std::iter::once(&rep.name).chain(&rep.email).chain(&rep.external_id).chain(&rep.aliases);
    q.is_empty() || texts.any(|text| text.to_lowercase().contains(q))
}

fn rep_row(config: &Configuration, rep: &Rep, today: jiff::civil::Date) -> RepRow {
    let teams = rep.memberships.iter().filter(|membership| membership.holds_on(today));
    let team = |id: Id| config.directory.team(id).map(|team| Link::new(&team.name, &format!("/teams/{}", id.text(Kind::Team))));
    RepRow {
        id: rep.id.text(Kind::Rep),
        name: rep.name.clone(),
        email: rep.email.clone().unwrap_or_default(),
        teams: teams.filter_map(|membership| team(membership.team)).collect(),
        manager: rep.manager.map(|id| config.rep_name(id)).unwrap_or_default(),
        aliases: rep.aliases.clone(),
        status: if rep.active { Badge::new("Active", Tone::Good) } else { Badge::new("Left", Tone::Neutral) },
    }
}

/// Teams below the team that they are part of.
fn team_rows(config: &Configuration, q: &str, today: jiff::civil::Date) -> Vec<TeamRow> {
    let mut rows = Vec::new();
    add_below(config, None, 0, q, today, &mut rows);
    rows
}

fn add_below(config: &Configuration, parent: Option<Id>, depth: u8, q: &str, today: jiff::civil::Date, rows: &mut Vec<TeamRow>) {
    let is_known = |id: Id| config.directory.team(id).is_some();
    let mut children: Vec<&Team> =
        config.directory.teams().iter().filter(|team| team.parent.filter(|id| is_known(*id)) == parent).collect();
    children.sort_by_key(|team| team.name.to_lowercase());
    for team in children {
        let mut texts = std::iter::once(&team.name).chain(&team.aliases);
        if q.is_empty() || texts.any(|text| text.to_lowercase().contains(q)) {
            rows.push(TeamRow {
                id: team.id.text(Kind::Team),
                name: team.name.clone(),
                depth,
                manager: team.manager.map(|id| config.rep_name(id)).unwrap_or_default(),
                members: config.directory.members(team.id, today).map(|rep| rep.name.clone()).collect(),
                aliases: team.aliases.clone(),
            });
        }
        // The use case refuses circles; a tree deeper than this is none that a person drew.
        if depth < 32 {
            add_below(config, Some(team.id), depth + 1, q, today, rows);
        }
    }
}
