//! Sources that were used before, so that recording a sale does not read the database for its source alone.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use meed_core::id::{Id, Kind};

use super::{Source, ensure, get};
use crate::error::{AppError, AppResult};
use crate::{App, Context};

/// How long a source is remembered. Another process may rename it meanwhile; a change in this process shows at once.
const KEPT_US: i64 = 60_000_000;

/// Names of one workspace that are remembered at most.
const NAMES_MAX: usize = 10_000;

/// How a caller names a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceName<'a> {
    /// By the name that people gave it. A source of this name is made if there is none.
    Name(&'a str),
    /// By its id, as text.
    Id(&'a str),
}

/// What recording a sale needs to know of its source.
#[derive(Debug)]
pub struct KnownSource {
    /// The source.
    pub id: Id,
    /// Zone of times that name none: its own, or the workspace's.
    pub zone: TimeZone,
    /// What an ambiguous currency sign stands for.
    pub symbols: BTreeMap<String, String>,
}

/// Sources by workspace and name or id.
#[derive(Default)]
pub(crate) struct KnownSources {
    by_workspace: Mutex<HashMap<Id, HashMap<String, Kept>>>,
}

struct Kept {
    until_us: i64,
    source: Arc<KnownSource>,
}

impl KnownSources {
    /// Forgets the sources of a workspace.
    pub(super) fn forget(&self, workspace: Id) {
        self.by_workspace.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
    }

    fn find(&self, workspace: Id, name: &str, now_us: i64) -> Option<Arc<KnownSource>> {
        let all = self.by_workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.get(&workspace)?.get(name)?;
        (kept.until_us > now_us).then(|| Arc::clone(&kept.source))
    }

    fn remember(&self, workspace: Id, name: &str, until_us: i64, source: &Arc<KnownSource>) {
        let mut all = self.by_workspace.lock().unwrap_or_else(PoisonError::into_inner);
        let names = all.entry(workspace).or_default();
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        names.insert(name.to_owned(), Kept { until_us, source: Arc::clone(source) });
    }
}

/// The source that a caller names.
pub async fn known(app: &App, ctx: &Context, name: SourceName<'_>) -> AppResult<Arc<KnownSource>> {
    let (SourceName::Name(text) | SourceName::Id(text)) = name;
    if let Some(source) = app.known_sources().find(ctx.workspace, text, app.now_us()) {
        return Ok(source);
    }
    let id = match name {
        SourceName::Name(name) => ensure(app, ctx, name).await?,
        SourceName::Id(text) => Id::parse(text, Kind::Source).map_err(|_| unknown(text))?,
    };
    let source = get(app, ctx, id).await.map_err(|error| match error {
        AppError::Refused(refused) if refused.code == "not_found" => unknown(text),
        other => other,
    })?;
    let source = Arc::new(read(app, ctx, source).await?);
    app.known_sources().remember(ctx.workspace, text, app.now_us().saturating_add(KEPT_US), &source);
    Ok(source)
}

fn unknown(text: &str) -> AppError {
    let shown: String = text.chars().take(60).collect();
    AppError::invalid("source_unknown", "source", format!("there is no source `{shown}`"))
}

async fn read(app: &App, ctx: &Context, source: Source) -> AppResult<KnownSource> {
    let zone = match &source.document.zone {
        Some(name) => TimeZone::get(name).map_err(|_| AppError::bug("a stored zone cannot be read"))?,
        None => app.configuration(ctx.workspace).await?.zone.clone(),
    };
    Ok(KnownSource { id: source.id, zone, symbols: source.document.symbols })
}
