//! Who recorded an event of a till, who changed it last, and when: told from the audit log, whose lines have the events' own
//! recorded times.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use meed_core::command::RecordKind;
use meed_core::id::{Id, Kind};
use meed_store::{CONTROL_WORKSPACE, Reader, StoreError};

use crate::error::AppResult;
use crate::{App, Context, Scope};

/// Events of a customer that are looked through for the newest change, newest first.
const LOOKED_AT: i64 = 1_000;

/// Who and when, as far as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Who recorded it: the name of a person, or the label of a key.
    pub created_by: Option<String>,
    /// When it was changed last, microseconds UTC; none: never.
    pub updated_us: Option<i64>,
    /// Who changed it last.
    pub updated_by: Option<String>,
}

impl Traces {
    /// Nothing was asked for.
    #[must_use]
    pub const fn none() -> Self {
        Self { created_by: None, updated_us: None, updated_by: None }
    }
}

/// Names of callers that were looked up before: a till asks with every sale. Labels of keys never change; a person who is
/// called differently is called so after the next start.
#[derive(Debug, Default)]
pub(crate) struct KnownNames(Mutex<HashMap<String, Option<String>>>);

/// Names that are kept at most.
const NAMES_MAX: usize = 1_000;

/// The traces of something that the caller has just recorded.
pub async fn of_caller(app: &App, ctx: &Context) -> AppResult<Traces> {
    let actor = ctx.actor.0.clone();
    let known = app.known_names().0.lock().unwrap_or_else(PoisonError::into_inner).get(&actor).cloned();
    let created_by = match known {
        Some(known) => known,
        None => {
            let wanted = actor.clone();
            let found = app.store().read(move |r| name_of(r, &wanted)).await?;
            let mut names = app.known_names().0.lock().unwrap_or_else(PoisonError::into_inner);
            if names.len() >= NAMES_MAX {
                names.clear();
            }
            names.insert(actor, found.clone());
            found
        }
    };
    Ok(Traces { created_by, ..Traces::none() })
}

/// The traces of an event.
pub async fn of_event(app: &App, ctx: &Context, id: Id, participant: Id) -> AppResult<Traces> {
    ctx.require_any(&[Scope::Sales, Scope::Read])?;
    let workspace = ctx.workspace;
    let read = move |r: &mut Reader<'_>| {
        let Some((event, _)) = r.till_event(workspace, id)? else { return Ok(Traces::none()) };
        let newer = r.till_events_back(workspace, Some(participant), None, LOOKED_AT)?;
        let mut about = vec![id];
        let mut updated_us = None;
        for (later, _) in newer.iter().rev().filter(|(later, _)| later.id > id) {
            if later.about.is_some_and(|of| about.contains(&of)) {
                about.push(later.id);
                updated_us = Some(later.recorded_us).filter(|us| *us > event.recorded_us).or(updated_us);
            }
        }
        let created_by = actor_at(r, workspace, event.recorded_us)?;
        let updated_by = match updated_us {
            Some(us) => actor_at(r, workspace, us)?,
            None => None,
        };
        Ok(Traces { created_by, updated_us, updated_by })
    };
    Ok(app.store().read(read).await?)
}

/// Who gave the command that was recorded at a time. Recorded times rise with the numbers of audit lines, so it is found by
/// halving.
fn actor_at(r: &mut Reader<'_>, workspace: Id, recorded_us: i64) -> Result<Option<String>, StoreError> {
    let Some(last) = r.audit_back(workspace, None, 1)?.pop() else { return Ok(None) };
    let (mut low, mut high) = (0, last.number + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match r.audit_back(workspace, Some(middle + 1), 1)?.pop() {
            Some(line) if line.recorded_us == recorded_us => return name_of(r, &line.actor),
            Some(line) if line.recorded_us > recorded_us => high = line.number.min(middle),
            _ => low = middle,
        }
    }
    Ok(None)
}

/// The name of a person or the label of a key, as people know them.
fn name_of(r: &mut Reader<'_>, actor: &str) -> Result<Option<String>, StoreError> {
    let of = |prefix: &str, kind: Kind| actor.strip_prefix(prefix).and_then(|text| Id::parse(text, kind).ok());
    let found = match (of("user:", Kind::User), of("key:", Kind::Key)) {
        (Some(user), _) => r.record(CONTROL_WORKSPACE, RecordKind::User, user)?.map(|record| (record.body, "name")),
        (None, Some(key)) => r.record(CONTROL_WORKSPACE, RecordKind::ApiKey, key)?.map(|record| (record.body, "label")),
        (None, None) => None,
    };
    let Some((body, field)) = found else { return Ok(Some(actor.to_owned())) };
    let document: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    Ok(document[field].as_str().map(str::to_owned).or_else(|| Some(actor.to_owned())))
}
