//! The audit log: who did what when, with the values before and after.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use meed_app::Configuration;
use meed_app::access::{ActorNames, actor_names};
use meed_app::audit::{self, AuditChange, AuditFilter, AuditLine, filtered, recent_words};
use meed_core::command::{Record, RecordKind};
use meed_core::id::{Id, Kind};
use serde_json::Value;

use super::answer::{Answer, page};
use super::form::Asked;
use super::shown::{Setting, setting};
use super::visit::Visit;
use crate::ServerState;
use crate::pages::audit::{AuditPage, AuditRow};
use crate::pages::{Badge, Change, Choice, Link, Nav, Pager, Tone};

/// Lines on one page.
const PAGE: usize = 50;
/// Characters of a value.
const VALUE_MAX: usize = 160;
/// Changed fields of one line.
const CHANGES_MAX: usize = 12;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/audit", get(list)).route("/audit/sign-ins", get(sign_ins))
}

async fn list(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let actors = actor_names(app, ctx).await?;
    let filter = AuditFilter { actor: asked.text("who").to_owned(), action: asked.text("what").to_owned() };
    let before = asked.text("before").parse().ok();
    let (lines, next) = filtered(app, ctx, &filter, before, PAGE).await?;
    let (who, what) = recent_words(app, ctx).await?;
    let mut whos = vec![Choice::new("", "Everybody", filter.actor.is_empty())];
    whos.extend(who.iter().map(|actor| Choice::new(actor, &actors.name(actor), *actor == filter.actor)));
    let mut whats = vec![Choice::new("", "Everything", filter.action.is_empty())];
    whats.extend(what.iter().map(|action| Choice::new(action, &words(action), *action == filter.action)));
    let at = |before: Option<i64>| {
        let mut pairs = vec![("who", filter.actor.clone()), ("what", filter.action.clone())];
        pairs.extend(before.map(|before| ("before", before.to_string())));
        format!("/audit?{}", serde_urlencoded::to_string(pairs).unwrap_or_default())
    };
    page(&AuditPage {
        chrome: visit.chrome(Nav::Audit),
        chain: Badge::new("Hash chain", Tone::Info),
        chain_note: "“meed verify” recomputes it from the first entry.".to_owned(),
        who: whos,
        what: whats,
        sign_ins: false,
        active: !filter.actor.is_empty() || !filter.action.is_empty(),
        rows: lines.iter().map(|line| row(&setting, &actors, line)).collect(),
        pager: Pager { newer: before.map(|_: i64| at(None)), older: next.map(|next| at(Some(next))) },
    })
}

async fn sign_ins(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let actors = actor_names(app, ctx).await?;
    let before: Option<i64> = asked.text("before").parse().ok();
    let (entries, next) = audit::sign_ins(app, ctx, before, PAGE).await?;
    let row = |entry: meed_app::audit::AuditEntry| {
        // A session is about whoever begins it; a person who acts on another names them.
        let is_self = entry.actor == format!("user:{}", entry.subject);
        let object =
            if is_self { String::new() } else { actors.name(&format!("user:{}", entry.subject)).trim_start_matches("user:").to_owned() };
        AuditRow {
            number: u64::try_from(entry.number).unwrap_or(0),
            when: setting.moment(entry.recorded_us),
            who: actors.name(&entry.actor),
            what: words(&entry.action),
            object: Link::new(&object, ""),
            changes: Vec::new(),
            hash: super::flash::hex(entry.hash.get(..6).unwrap_or_default()),
            request_id: String::new(),
        }
    };
    let at = |before: i64| format!("/audit/sign-ins?before={before}");
    page(&AuditPage {
        chrome: visit.chrome(Nav::Audit),
        chain: Badge::new("Hash chain", Tone::Info),
        chain_note: "The log of the installation.".to_owned(),
        who: Vec::new(),
        what: Vec::new(),
        sign_ins: true,
        active: false,
        rows: entries.into_iter().map(row).collect(),
        pager: Pager { newer: before.map(|_| "/audit/sign-ins".to_owned()), older: next.map(at) },
    })
}

fn row(setting: &Setting, actors: &ActorNames, line: &AuditLine) -> AuditRow {
    let entry = &line.entry;
    let href = line.changes.iter().find_map(|change| address(&change.after)).unwrap_or_default();
    let changes = line
        .changes
        .iter()
        .filter(|change| is_readable(change.after.kind))
        .flat_map(|change| changes_of(change, &setting.config))
        .take(CHANGES_MAX);
    AuditRow {
        number: u64::try_from(entry.number).unwrap_or(0),
        when: setting.moment(entry.recorded_us),
        who: actors.name(&entry.actor),
        what: words(&entry.action),
        object: Link::new(&entry.subject, &href),
        changes: changes.collect(),
        hash: super::flash::hex(entry.hash.get(..6).unwrap_or_default()),
        request_id: String::new(),
    }
}

/// Records that are lists and machinery are not spelled out.
fn is_readable(kind: RecordKind) -> bool {
    !matches!(
        kind,
        RecordKind::Reading | RecordKind::CalculationPayees | RecordKind::Layout | RecordKind::ImportReject | RecordKind::Mapping
    )
}

/// The page of a record.
fn address(record: &Record) -> Option<String> {
    let id = record.id;
    Some(match record.kind {
        RecordKind::Source => format!("/sources/{}", id.text(Kind::Source)),
        RecordKind::Rep => format!("/reps/{}", id.text(Kind::Rep)),
        RecordKind::Team => format!("/teams/{}", id.text(Kind::Team)),
        RecordKind::Program => format!("/programs/{}", id.text(Kind::Program)),
        RecordKind::Import => format!("/imports/{}", id.text(Kind::Import)),
        RecordKind::Calculation => format!("/calculations/{}", id.text(Kind::Calculation)),
        _ => return None,
    })
}

/// The fields in which a record differs from the version before.
fn changes_of(change: &AuditChange, config: &Configuration) -> Vec<Change> {
    let fields = |record: &Record| match serde_json::from_str(&record.body) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let before = change.before.as_ref().map(fields).unwrap_or_default();
    let after = if change.after.deleted { serde_json::Map::new() } else { fields(&change.after) };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differing
        .map(|name| Change {
            field: name.replace('_', " "),
            before: before.get(name).and_then(|found| value(name, found, config)),
            after: after.get(name).and_then(|found| value(name, found, config)),
        })
        .filter(|change| change.before.is_some() || change.after.is_some())
        .collect()
}

/// A value as people read it, ids by the names that they stand for; empty ones are not shown.
fn value(field: &str, value: &Value, config: &Configuration) -> Option<String> {
    let text = match (field, value) {
        (_, Value::Null | Value::Bool(false)) => return None,
        (_, Value::Bool(true)) => "yes".to_owned(),
        ("manager" | "parent" | "program" | "rep", Value::Number(id)) => name_of(Id(id.as_i64()?), config),
        ("memberships", Value::Array(items)) => items.iter().map(|item| membership(item, config)).collect::<Vec<_>>().join("; "),
        (_, value) => plain(value),
    };
    if text.is_empty() || text == "[]" || text == "{}" {
        return None;
    }
    let cut: String = text.chars().take(VALUE_MAX).collect();
    Some(if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

/// The name of a rep, team or program; the number where there is none any more.
fn name_of(id: Id, config: &Configuration) -> String {
    let rep = config.directory.rep(id).map(|rep| rep.name.clone());
    let team = || config.directory.team(id).map(|team| team.name.clone());
    let program = || config.program(id).ok().map(|entry| entry.program.name.clone());
    rep.or_else(team).or_else(program).unwrap_or_else(|| id.to_string())
}

fn membership(item: &Value, config: &Configuration) -> String {
    let team = item["team"].as_i64().map_or_else(String::new, |id| name_of(Id(id), config));
    let day = |field: &str, word: &str| item[field].as_str().map_or_else(String::new, |day| format!(" {word} {day}"));
    format!("{team}{}{}", day("from", "from"), day("until", "until before"))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What was done, in words.
fn words(action: &str) -> String {
    let known = ACTIONS.iter().find(|(known, _)| *known == action);
    known.map_or_else(|| action.replace(['.', '_'], " "), |(_, words)| (*words).to_owned())
}

const ACTIONS: &[(&str, &str)] = &[
    ("calculation.deleted", "deleted the calculation of"),
    ("calculation.history_deleted", "deleted earlier calculations of"),
    ("credits.released", "released the credits of"),
    ("credits.withdrawn", "hid the credits of"),
    ("key.created", "made the key"),
    ("key.revoked", "revoked the key"),
    ("preferences.saved", "changed the settings of the"),
    ("release.reversed", "took back the release of"),
    ("session.started", "signed in"),
    ("session.ended", "signed out"),
    ("session.side_chosen", "changed between live and sandbox"),
    ("statement.approved", "approved statements of"),
    ("statement.approval_withdrawn", "withdrew approvals of"),
    ("user.invited", "let in"),
    ("user.link_made", "made a sign-in link for"),
    ("user.password_set", "set the password of"),
    ("user.removed", "ended the access of"),
    ("user.role_changed", "changed the role of"),
    ("user.sign_in_failed", "noted a wrong password for"),
    ("user.signed_in", "noted the sign-in of"),
    ("calculation.finished", "finished the calculation of"),
    ("calculation.payees", "kept the payees of"),
    ("calculation.started", "began to calculate"),
    ("import.completed", "completed the import of"),
    ("import.batch_prepared", "prepared a batch"),
    ("import.discarded", "discarded"),
    ("import.failed", "stopped the import of"),
    ("import.mapped", "mapped the columns of"),
    ("import.read", "looked into a file"),
    ("import.reread", "read again"),
    ("import.started", "began to import"),
    ("import.undo_started", "began to take back"),
    ("import.undone", "took back the import of"),
    ("import.uploaded", "uploaded"),
    ("layout.kept", "kept the columns of"),
    ("mapping.forgotten", "forgot the layout"),
    ("mapping.remembered", "remembered the layout"),
    ("payout.paid_by_hand", "marked as paid"),
    ("program.applied", "applied the plan"),
    ("program.version_added", "wrote a version of"),
    ("rep.saved", "saved the rep"),
    ("rewards.calculated", "booked the rewards of"),
    ("rewards.released", "released"),
    ("sales.imported", "stored sales of"),
    ("sales.recorded", "recorded sales from"),
    ("sales.taken_back", "took back sales of"),
    ("source.saved", "saved the source"),
    ("team.saved", "saved the team"),
    ("workspace.created", "made the workspace"),
    ("settings.saved", "saved the settings"),
];
