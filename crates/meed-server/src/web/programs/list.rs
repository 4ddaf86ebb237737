//! All programs.

use axum::extract::State;
use meed_app::access::actor_names;
use meed_app::programs::{ProgramState, version};
use meed_core::id::Kind;

use super::super::answer::{Answer, page};
use super::super::shown::setting;
use super::super::visit::Visit;
use super::state::badge;
use super::tests_badge;
use super::words::{kind, payees};
use crate::ServerState;
use crate::pages::programs::{ProgramRow, ProgramsPage};
use crate::pages::{Nav, Pager};

pub(super) async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let actors = actor_names(app, ctx).await?;
    let mut rows = Vec::new();
    // What was put away stands last.
    let (away, here): (Vec<_>, Vec<_>) = setting.config.programs.iter().partition(|entry| entry.state == ProgramState::Archived);
    for entry in here.into_iter().chain(away) {
        let version = version(app, ctx, entry.version).await?.document;
        rows.push(ProgramRow {
            id: entry.id.text(Kind::Program),
            name: entry.program.name.clone(),
            kind: kind(&entry.program),
            status: badge(entry, setting.today()),
            version: format!("v{}", entry.number),
            payees: payees(&entry.program),
            changed: format!("{} by {}", setting.moment(version.created_us), actors.name(&version.created_by)),
            tests: tests_badge(&entry.program),
        });
    }
    page(&ProgramsPage { chrome: visit.chrome(Nav::Programs), rows, pager: Pager::default() })
}
