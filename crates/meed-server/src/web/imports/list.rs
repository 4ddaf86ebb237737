//! All imports, newest first.

use std::collections::HashMap;

use axum::extract::State;
use meed_app::access::actor_names;
use meed_app::imports::{Import, list};
use meed_app::{App, Context, sources};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, page};
use super::super::form::Asked;
use super::super::shown::{Setting, setting};
use super::super::visit::Visit;
use super::words::{counts, status};
use crate::ServerState;
use crate::pages::imports::{ImportRow, ImportsPage};
use crate::pages::{Nav, Pager};

/// Imports on one page.
const PAGE: i64 = 50;

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let before = asked.id("before", Kind::Import)?;
    let imports = list(app, ctx, before, PAGE + 1).await?;
    let has_more = imports.len() > usize::try_from(PAGE).unwrap_or(0);
    let shown = &imports[..imports.len().min(usize::try_from(PAGE).unwrap_or(0))];
    let older = shown.last().filter(|_| has_more).map(|last| format!("/imports?before={}", last.id.text(Kind::Import)));
    let rows = rows_of(app, ctx, &setting(app, ctx).await?, shown).await?;
    let pager = Pager { newer: before.map(|_| "/imports".to_owned()), older };
    page(&ImportsPage { chrome: visit.chrome(Nav::Imports), rows, pager })
}

/// Imports as rows of a list.
pub(in crate::web) async fn rows_of(app: &App, ctx: &Context, setting: &Setting, imports: &[Import]) -> Result<Vec<ImportRow>, Trouble> {
    let names: HashMap<Id, String> = sources::list(app, ctx).await?.into_iter().map(|s| (s.id, s.document.name)).collect();
    let actors = actor_names(app, ctx).await?;
    let row = |import: &Import| ImportRow {
        id: import.id.text(Kind::Import),
        file: import.document.file_name.clone(),
        source: names.get(&Id(import.document.source)).cloned().unwrap_or_default(),
        when: setting.moment(import.document.created_us),
        who: actors.name(&import.document.created_by),
        status: status(&import.document),
        counts: counts(&import.document.counts),
    };
    Ok(imports.iter().map(row).collect())
}
