//! Participants and their means of identification.

use std::collections::BTreeMap;

use meed_core::command::{Class, PutRecord, PutRecords, Record, RecordKind, Reply, day_number};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{
    Cell, EraseParticipant, ErasedBalance, Limit, Means, NewMeans, OneTimeCode, Participant, SaveParticipant, Seen, Tier, TierByHand,
    TierChange, TillConfig, TillReply, WalletRef, fold_code,
};
use meed_core::money::{Exact, Minor, Unit};
use meed_store::Reader;

use super::LimitDocument;
use super::who::{Who, pass_code_hash, refused};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Lifetime of a one-time code, in microseconds: five minutes.
const ONE_TIME_US: i64 = 300_000_000;

/// A participant as surfaces show them.
#[derive(Clone, Debug)]
pub struct ParticipantView {
    /// Its id.
    pub id: Id,
    /// Counts changes of the document.
    pub version: i32,
    /// When it was changed last, microseconds UTC.
    pub changed_us: i64,
    /// The document.
    pub participant: Participant,
    /// The tier that holds now.
    pub tier: Option<Tier>,
    /// What was set of it by hand and holds now.
    pub tier_by_hand: Option<TierByHand>,
    /// The next tier, and the value units that are missing.
    pub next: Option<(Tier, Exact)>,
    /// Value units of the rolling window.
    pub period_units: Exact,
    /// Value units ever.
    pub lifetime_units: Exact,
}

/// How far a customer is with an offer that counts over purchases.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Progress {
    pub offer: Id,
    pub name: String,
    pub current: Exact,
    pub target: Exact,
    pub times: i64,
}

/// A means of identification as surfaces show it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct MeansView {
    pub id: Id,
    pub kind: String,
    pub code: String,
    pub is_effective: bool,
    pub has_pass_code: bool,
}

/// A means of identification to add, with its pass code in the clear.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct MeansInput {
    pub kind: String,
    pub code: String,
    pub pass_code: Option<String>,
    pub payment_brand: Option<String>,
    pub payment_type: Option<String>,
}

/// Finds a participant as a till names them.
pub async fn find(app: &App, ctx: &Context, who: &Who) -> AppResult<ParticipantView> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let wallet = who.looked_up(app, ctx.workspace).await?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let (workspace, now_day) = (ctx.workspace, day_number(config.zone.to_datetime(app.now()).date()));
    let found = app
        .store()
        .read(move |r| {
            let Some(record) = record_of(r, workspace, &wallet)? else { return Ok(None) };
            let Ok(record) = record else { return Ok(Some(Err(()))) };
            let cell = r.till_cell(workspace, record.id)?;
            Ok(Some(Ok((record, cell))))
        })
        .await?;
    match found {
        None => Err(refused(Class::NotFound, "entity_not_found", "there is no such participant")),
        Some(Err(())) => Err(refused(Class::Conflict, "access_token_not_effective", "this means of identification is not effective")),
        Some(Ok((record, cell))) => view(&config, &record, &cell, (now_day, app.now_us())),
    }
}

/// The record that a reference means; the inner error: by a means that is not effective.
fn record_of(r: &mut Reader<'_>, workspace: Id, who: &WalletRef) -> Result<Option<Result<Record, ()>>, meed_store::StoreError> {
    Ok(match who {
        WalletRef::Participant(id) => r.record(workspace, RecordKind::Participant, *id)?.map(Ok),
        WalletRef::Number(number) => r.record_by_key(workspace, RecordKind::Participant, number)?.map(Ok),
        WalletRef::Code(code) => {
            let means = r.record_by_key(workspace, RecordKind::Means, &fold_code(code))?;
            match means.and_then(|means| Means::read(&means.body).ok()) {
                None => None,
                Some(means) if !means.is_effective => Some(Err(())),
                Some(means) => r.record(workspace, RecordKind::Participant, means.participant)?.map(Ok),
            }
        }
        WalletRef::OneTimeCode(_) | WalletRef::Of(_) => None,
    })
}

fn view(config: &TillConfig, record: &Record, cell: &Cell, (day, now_us): (i64, i64)) -> AppResult<ParticipantView> {
    let participant = Participant::read(&record.body).map_err(|_| AppError::bug("a participant cannot be read"))?;
    let tiers = &config.settings.tiers;
    let period_units = cell.period_units(day, tiers.window_days);
    let by_hand = participant.tier_by_hand(now_us);
    let tier = tiers.holds(period_units, by_hand).cloned();
    let tier_by_hand = by_hand.cloned();
    let reached = tier.as_ref().map_or(period_units, |tier| tier.threshold.max(period_units));
    let next = tiers.levels.iter().find(|tier| tier.threshold > reached).cloned();
    let next = next.filter(|_| tier_by_hand.as_ref().is_none_or(|set| !set.is_fixed));
    Ok(ParticipantView {
        id: record.id,
        version: record.version,
        changed_us: record.recorded_us,
        participant,
        tier,
        tier_by_hand,
        next: next.map(|tier| (tier.clone(), tier.threshold - period_units)),
        period_units,
        lifetime_units: cell.lifetime,
    })
}

/// Limits of a participant's own, as they are kept.
pub fn limits(documents: Vec<LimitDocument>, currency: Unit) -> AppResult<Vec<Limit>> {
    documents.iter().map(|document| super::config::limit(document, currency)).collect()
}

/// Limits as they are shown.
#[must_use]
pub fn limit_documents(limits: &[Limit]) -> Vec<LimitDocument> {
    let document = |limit: &Limit| LimitDocument {
        kind: limit.kind.name().to_owned(),
        per: limit.per.name().to_owned(),
        unit: Some(limit.unit.code().to_owned()),
        number: limit.number,
        amount: limit.amount,
    };
    limits.iter().map(document).collect()
}

/// Makes a participant with means of identification. An empty number is filled in.
pub async fn create(app: &App, ctx: &Context, participant: Participant, means: Vec<MeansInput>) -> AppResult<ParticipantView> {
    save(app, ctx, None, participant, means).await
}

/// Replaces a participant's document; means are added.
pub async fn update(app: &App, ctx: &Context, id: Id, participant: Participant, means: Vec<MeansInput>) -> AppResult<ParticipantView> {
    save(app, ctx, Some(id), participant, means).await
}

async fn save(
    app: &App,
    ctx: &Context,
    id: Option<Id>,
    mut participant: Participant,
    means: Vec<MeansInput>,
) -> AppResult<ParticipantView> {
    ctx.require(Scope::Sales)?;
    for (field, text, max) in [("name", &participant.name, 400), ("number", &participant.number, 200)] {
        if text.chars().count() > max {
            return Err(AppError::invalid("value_too_long", field, format!("`{field}` has at most {max} characters")));
        }
    }
    let config = app.till_config(ctx.workspace).await?;
    for own in &participant.limits {
        let general = config.settings.limits.iter().filter(|limit| (limit.kind, limit.per, limit.unit) == (own.kind, own.per, own.unit));
        let is_above = |own: Option<i64>, general: Option<i64>| matches!((own, general), (Some(own), Some(general)) if own > general);
        if general.clone().any(|limit| is_above(own.number, limit.number) || is_above(own.amount, limit.amount)) {
            let text = format!("the limit of {} per {} may only be lower than the general one", own.kind, own.per);
            return Err(AppError::invalid("limit_above_general", "limits", text));
        }
    }
    if participant.sign_up_us == 0 {
        participant.sign_up_us = app.now_us();
    }
    let means = means
        .into_iter()
        .map(|means| NewMeans {
            pass_code: means.pass_code.map(|pass_code| pass_code_hash(app, ctx.workspace, &means.code, &pass_code)),
            kind: means.kind,
            code: means.code,
            payment: (means.payment_brand, means.payment_type),
        })
        .collect();
    let subject = participant.number.clone();
    match app.submit(ctx, subject, SaveParticipant { id, participant, means }).await? {
        Reply::Till(TillReply::Participant(id, _)) => by_id(app, ctx, id).await,
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

async fn by_id(app: &App, ctx: &Context, id: Id) -> AppResult<ParticipantView> {
    let system = Context { scopes: vec![Scope::Admin], ..ctx.clone() };
    find(app, &system, &Who::Id(id)).await
}

/// A page of participants, newest first, before the id `before`.
pub async fn list(app: &App, ctx: &Context, before: Option<Id>, limit: i64) -> AppResult<Vec<ParticipantView>> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let (workspace, day) = (ctx.workspace, day_number(config.zone.to_datetime(app.now()).date()));
    let rows = app
        .store()
        .read(move |r| {
            let records = r.records_back(workspace, RecordKind::Participant, before, limit.clamp(1, 1_000))?;
            records.into_iter().map(|record| Ok((r.till_cell(workspace, record.id)?, record))).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    rows.iter().map(|(cell, record)| view(&config, record, cell, (day, app.now_us()))).collect()
}

/// Participants looked through by name at most: for people at a screen, not for tills.
const LOOKED_THROUGH: usize = 100_000;

/// The newest participants, at most `limit`, whose name contains a text; case does not matter.
pub async fn named(app: &App, ctx: &Context, text: &str, limit: usize) -> AppResult<Vec<ParticipantView>> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let (workspace, day) = (ctx.workspace, day_number(config.zone.to_datetime(app.now()).date()));
    let wanted = text.trim().to_lowercase();
    let rows = app
        .store()
        .read(move |r| {
            let (mut found, mut before, mut seen) = (Vec::new(), None, 0);
            while found.len() < limit && seen < LOOKED_THROUGH {
                let records = r.records_back(workspace, RecordKind::Participant, before, 1_000)?;
                let Some(last) = records.last() else { break };
                before = Some(last.id);
                seen += records.len();
                for record in records {
                    let is_it = Participant::read(&record.body).is_ok_and(|person| person.name.to_lowercase().contains(&wanted));
                    if is_it && found.len() < limit {
                        found.push((r.till_cell(workspace, record.id)?, record));
                    }
                }
            }
            Ok(found)
        })
        .await?;
    rows.iter().map(|(cell, record)| view(&config, record, cell, (day, app.now_us()))).collect()
}

/// The means of identification of a participant. Reads all means: for screens, not for tills.
pub async fn means(app: &App, ctx: &Context, participant: Id) -> AppResult<Vec<MeansView>> {
    ctx.require(Scope::Read)?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, RecordKind::Means)).await?;
    let views = records.iter().filter_map(|record| Some((record.id, Means::read(&record.body).ok()?)));
    let own = views.filter(|(_, means)| means.participant == participant);
    Ok(own
        .map(|(id, means)| MeansView {
            id,
            kind: means.kind,
            code: means.code,
            is_effective: means.is_effective,
            has_pass_code: means.pass_code.is_some(),
        })
        .collect())
}

/// Makes a means of identification effective, or not.
pub async fn set_means_state(app: &App, ctx: &Context, code: &str, is_effective: bool) -> AppResult<()> {
    ctx.require(Scope::Sales)?;
    let (workspace, key) = (ctx.workspace, fold_code(code));
    let record = app.store().read(move |r| r.record_by_key(workspace, RecordKind::Means, &key)).await?;
    let record = record.ok_or_else(|| refused(Class::NotFound, "entity_not_found", "there is no such means of identification"))?;
    let means = Means::read(&record.body).map_err(|_| AppError::bug("a means of identification cannot be read"))?;
    let put = PutRecord {
        expected_version: Some(record.version),
        ..PutRecord::change(RecordKind::Means, record.id, Means { is_effective, ..means }.write())
    };
    app.submit(ctx, record.id.to_string(), PutRecords::one("means.changed", put)).await.map(|_| ())
}

/// A one-time code of eight digits that identifies a participant for five minutes.
pub async fn one_time_code(app: &App, ctx: &Context, participant: Id) -> AppResult<(String, i64)> {
    ctx.require(Scope::Sales)?;
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|_| AppError::bug("the system gives no random numbers"))?;
    let code = format!("{:08}", u64::from_be_bytes(bytes) % 90_000_000 + 10_000_000);
    let expires_us = app.now_us() + ONE_TIME_US;
    let document = OneTimeCode { participant, expires_us, is_used: false };
    let put = PutRecord::upsert(RecordKind::OneTimeCode, code.clone(), document.write());
    app.submit(ctx, participant.to_string(), PutRecords::one("one_time_code.made", put)).await?;
    Ok((code, expires_us))
}

/// How far a participant is with each offer that counts over purchases.
pub async fn progress(app: &App, ctx: &Context, participant: Id) -> AppResult<Vec<Progress>> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let read =
        move |r: &mut Reader<'_>| Ok((r.till_cell(workspace, participant)?, r.record(workspace, RecordKind::Participant, participant)?));
    let (cell, record) = app.store().read(read).await?;
    let person = record.and_then(|record| Participant::read(&record.body).ok()).unwrap_or_default();
    let joined = |scheme: &str| {
        let of = config.schemes.iter().filter(|(_, known)| known.code == scheme || known.name == scheme);
        let is_in = |id: &Id| person.schemes.iter().any(|member| member.scheme == *id && member.until_us.is_none());
        of.into_iter().any(|(id, known)| known.is_automatic || is_in(id))
    };
    let day = day_number(config.zone.to_datetime(app.now()).date());
    let now_us = app.now_us();
    let mut all = Vec::new();
    for entry in config.offers.iter().filter(|entry| entry.is_effective) {
        let version = entry.at(now_us);
        if !joined(&version.offer.scheme) {
            continue;
        }
        let Some((target, _)) = version.offer.class.target() else { continue };
        let counters = cell.offers.get(&entry.id).cloned().unwrap_or_default();
        let current = cell.progress(entry.id, &version.offer.class, day);
        all.push(Progress { offer: entry.id, name: version.offer.name.clone(), current, target, times: counters.times });
    }
    Ok(all)
}

/// What purchases were awarded and stands, in the currency: in all, and by scheme.
pub async fn awarded(app: &App, ctx: &Context, participant: Id) -> AppResult<(Minor, BTreeMap<Id, Minor>)> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let all = super::purchases::of_participant(app, ctx.workspace, participant).await?;
    let (mut sum, mut by_scheme) = (0, BTreeMap::new());
    for grant in all.iter().flat_map(|done| &done.standing.grants).filter(|grant| grant.unit == config.currency) {
        sum += grant.amount;
        let scheme = config.terms(grant.version).map(|offer| offer.scheme.as_str());
        let scheme = scheme.and_then(|scheme| config.schemes.iter().find(|(_, known)| known.code == scheme || known.name == scheme));
        if let Some((id, _)) = scheme {
            *by_scheme.entry(*id).or_insert(0) += grant.amount;
        }
    }
    Ok((sum, by_scheme))
}

/// When a participant rose and fell, with the purchases that caused it.
pub async fn tier_changes(app: &App, ctx: &Context, participant: Id) -> AppResult<Vec<TierChange>> {
    ctx.require_any(&[Scope::Read, Scope::Sales])?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Participant, participant)).await?;
    let person = record.and_then(|record| Participant::read(&record.body).ok()).unwrap_or_default();
    let all = super::purchases::of_participant(app, ctx.workspace, participant).await?;
    let seen: Vec<Seen<'_>> = all.iter().map(|done| Seen::of(done.id, &done.body, &done.standing)).collect();
    let today = day_number(config.zone.to_datetime(app.now()).date());
    meed_core::loyalty::tier_changes(&config, &seen, &person, today)
        .map_err(|_| AppError::bug("the value units of a participant leave their range"))
}

/// Erases everything that says who a participant was: name, address, codes. Ids, balances, transfers and audit lines stay.
pub async fn erase(app: &App, ctx: &Context, participant: Id, balance: ErasedBalance) -> AppResult<()> {
    ctx.require(Scope::Admin)?;
    let system = Context { scopes: vec![Scope::Admin], ..ctx.clone() };
    crate::parties::forget_participant(app, ctx, participant).await?;
    let means = means(app, &system, participant).await?.iter().map(|means| means.id).collect();
    let command = EraseParticipant { participant, means, balance, at: app.now() };
    app.submit(ctx, participant.text(Kind::Participant), command).await.map(|_| ())
}
