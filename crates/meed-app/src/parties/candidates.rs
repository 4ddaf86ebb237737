//! Who may be the same: reps and participants with the same e-mail address, or the same number. A person decides.

use std::collections::{BTreeSet, HashMap};

use meed_core::command::RecordKind;
use meed_core::id::Id;
use meed_core::ledger::{Owner, OwnerKind};
use meed_core::loyalty::{Means, Participant, fold_code};
use meed_store::{Reader, StoreError};

use super::{Role, first_roles, roles_in};
use crate::error::AppResult;
use crate::{App, Context, Scope};

/// Participants that are looked at with one read.
const PAGE: i64 = 1_000;

/// A rep and a participant who may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The rep.
    pub rep: Role,
    /// The participant.
    pub participant: Role,
    /// What they have in common: `email`, or `external_id` where the participant's number is the rep's payroll number.
    pub by: &'static str,
    /// It, as the rep's record has it.
    pub value: String,
}

/// Reps and participants who are not linked and have an e-mail address or a number in common, by name of the rep. Reads all
/// participants: for a page, not for tills.
pub async fn candidates(app: &App, ctx: &Context) -> AppResult<Vec<Candidate>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let mut linked: BTreeSet<Owner> = BTreeSet::new();
    for record in first_roles(app, ctx).await?.values() {
        linked.extend(roles_in(record)?.0);
    }
    let config = app.configuration(ctx.workspace).await?;
    let mut by_value: HashMap<(&'static str, String), Vec<(Role, String)>> = HashMap::new();
    for rep in config.directory.reps().iter().filter(|rep| !linked.contains(&Owner::rep(rep.id))) {
        for (by, value) in [("email", &rep.email), ("external_id", &rep.external_id)] {
            if let Some(value) = value.as_ref().filter(|value| !value.trim().is_empty()) {
                let role = Role { owner: Owner::rep(rep.id), name: rep.name.clone() };
                by_value.entry((by, fold_code(value))).or_default().push((role, value.clone()));
            }
        }
    }
    let mut found = Vec::new();
    if by_value.is_empty() {
        return Ok(found);
    }
    let addresses = addresses(app, ctx.workspace, &by_value).await?;
    let (workspace, mut before) = (ctx.workspace, None);
    loop {
        let page = app.store().read(move |r| r.records_back(workspace, RecordKind::Participant, before, PAGE)).await?;
        before = page.last().map(|record| record.id);
        let is_last = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
        for record in page {
            let owner = Owner { kind: OwnerKind::Participant, id: record.id };
            let Ok(person) = Participant::read(&record.body) else { continue };
            if linked.contains(&owner) {
                continue;
            }
            let mut values: BTreeSet<(&'static str, String)> = person.email.iter().map(|email| ("email", fold_code(email))).collect();
            values.extend(addresses.get(&record.id).cloned().map(|address| ("email", address)));
            values.insert(("external_id", fold_code(&person.number)));
            let name = if person.name.is_empty() { person.number } else { person.name };
            for (by, value) in values {
                for (rep, value) in by_value.get(&(by, value)).into_iter().flatten() {
                    let participant = Role { owner, name: name.clone() };
                    found.push(Candidate { rep: rep.clone(), participant, by, value: value.clone() });
                }
            }
        }
        if is_last {
            break;
        }
    }
    found.sort_by(|a, b| (&a.rep.name, a.rep.owner, a.participant.owner, a.by).cmp(&(&b.rep.name, b.rep.owner, b.participant.owner, b.by)));
    // An address says more than a number that is equal, too.
    found.dedup_by(|later, first| (later.rep.owner, later.participant.owner) == (first.rep.owner, first.participant.owner));
    Ok(found)
}

/// Participants who identify themselves by an address of a rep's.
async fn addresses(
    app: &App,
    workspace: Id,
    by_value: &HashMap<(&'static str, String), Vec<(Role, String)>>,
) -> AppResult<HashMap<Id, String>> {
    let wanted: Vec<String> = by_value.keys().filter(|(by, _)| *by == "email").map(|(_, value)| value.clone()).collect();
    let find = move |r: &mut Reader<'_>| -> Result<HashMap<Id, String>, StoreError> {
        let mut found = HashMap::new();
        for value in wanted {
            let record = r.record_by_key(workspace, RecordKind::Means, &value)?;
            if let Some(means) = record.and_then(|record| Means::read(&record.body).ok()).filter(|means| means.is_effective) {
                found.insert(means.participant, value);
            }
        }
        Ok(found)
    };
    Ok(app.store().read(find).await?)
}
