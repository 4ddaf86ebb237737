//! Joining a scheme with a code (`pos-loyalty.md` §9.1): a participant asks for one, gets it by a way of their own, and confirms.

use meed_core::command::{Class, PutRecord, PutRecords, RecordKind};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{Membership, Participant, fold_code};
use serde::{Deserialize, Serialize};

use super::participants::{self, ParticipantView};
use super::who::{Who, refused};
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// How long a code may be confirmed, in microseconds: three days.
const LIFE_US: i64 = 3 * 86_400_000_000;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct CodeDocument {
    participant: i64,
    scheme: i64,
    expires_us: i64,
    is_used: bool,
}

/// A code that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeCode {
    /// The scheme that it lets join.
    pub scheme: Id,
    /// The code.
    pub code: String,
    /// Until when it may be confirmed, microseconds UTC.
    pub expires_us: i64,
}

/// Makes a code with which a participant joins a scheme. Without one it is for the first that they have not joined and that does
/// not take everybody by itself.
pub async fn request_code(app: &App, ctx: &Context, participant: Id, scheme: Option<Id>) -> AppResult<SchemeCode> {
    ctx.require(Scope::Sales)?;
    let person = participants::find(app, ctx, &Who::Id(participant)).await?.participant;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let now_us = app.now_us();
    let is_open = |id: &Id| config.schemes.get(id).is_some_and(|scheme| scheme.is_effective);
    let scheme = match scheme {
        Some(scheme) => Some(scheme).filter(|scheme| is_open(scheme)),
        None => {
            let open = || config.schemes.iter().filter(|(_, scheme)| scheme.is_effective);
            let to_join = open().find(|(id, scheme)| !scheme.is_automatic && !person.is_in(**id, now_us));
            to_join.or_else(|| open().next()).map(|(id, _)| *id)
        }
    };
    let scheme = scheme.ok_or_else(|| refused(Class::NotFound, "entity_not_found", "there is no such scheme to join"))?;
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|_| AppError::bug("the system gives no random numbers"))?;
    let code = Id(i64::from_be_bytes(bytes) & i64::MAX).text(Kind::Scheme).replace("sch_", "").to_uppercase();
    let expires_us = now_us + LIFE_US;
    let document = CodeDocument { participant: participant.0, scheme: scheme.0, expires_us, is_used: false };
    let put = PutRecord::new(RecordKind::SchemeCode, Some(fold_code(&code)), write(&document)?);
    app.submit(ctx, participant.text(Kind::Participant), PutRecords::one("scheme_code.made", put)).await?;
    Ok(SchemeCode { scheme, code, expires_us })
}

/// Joins the scheme of a code, once.
pub async fn confirm_code(app: &App, ctx: &Context, participant: Id, code: &str) -> AppResult<(Id, ParticipantView)> {
    ctx.require(Scope::Sales)?;
    let (workspace, key) = (ctx.workspace, fold_code(code));
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::SchemeCode, &key)).await?;
    // Unknown, used, expired and other people's codes are refused alike.
    let wrong = || refused(Class::Conflict, "invalid_scheme_code", "the code is wrong, was used or has expired");
    let record = record.ok_or_else(wrong)?;
    let document: CodeDocument = read(&record)?;
    let now_us = app.now_us();
    if document.is_used || document.participant != participant.0 || document.expires_us <= now_us {
        return Err(wrong());
    }
    let used = PutRecord {
        expected_version: Some(record.version),
        ..PutRecord::change(RecordKind::SchemeCode, record.id, write(&CodeDocument { is_used: true, ..document.clone() })?)
    };
    match app.submit(ctx, participant.text(Kind::Participant), PutRecords::one("scheme_code.used", used)).await {
        Ok(_) => {}
        Err(AppError::Refused(refused)) if refused.code == "version_conflict" => return Err(wrong()),
        Err(error) => return Err(error),
    }
    let scheme = Id(document.scheme);
    let mut person: Participant = participants::find(app, ctx, &Who::Id(participant)).await?.participant;
    if !person.is_in(scheme, now_us) {
        let unit = person.sign_up_unit;
        person.schemes.push(Membership { scheme, since_us: now_us, until_us: None, unit });
    }
    Ok((scheme, participants::update(app, ctx, participant, person, Vec::new()).await?))
}
