//! Offers: documents, versioned and immutable once applied.

use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply};
use meed_core::id::Id;
use meed_core::ledger::{Owner, Purpose};
use meed_core::loyalty::{Class, Offer, SetBudget, TillReply};
use meed_core::money::{Minor, Unit};
use meed_core::people::fold_alias;
use meed_core::program::Finding;
use meed_store::Priority;

use super::config::scheme_called;
use super::documents::{OfferDocument, OfferVersionDocument};
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// An offer as surfaces show it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct OfferView {
    pub id: Id,
    pub version: Id,
    pub number: u32,
    pub name: String,
    pub text: String,
    pub is_effective: bool,
    /// What may still be granted, by unit, where the offer has a budget.
    pub budgets: Vec<(Unit, Minor)>,
}

/// Checks a document without keeping it.
pub fn check(text: &str) -> Result<Offer, Vec<Finding>> {
    Offer::parse(text)
}

/// Applies a document: an offer of that name gets a new version, or a new offer begins. Answers the offer, its version and
/// whether anything is new.
pub async fn apply(app: &App, ctx: &Context, text: &str, note: &str) -> AppResult<(Id, Id, bool)> {
    ctx.require(Scope::Plans)?;
    let offer = check(text).map_err(|findings| {
        let line = findings.first().map_or(1, |finding| finding.line);
        let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
        AppError::invalid("offer_invalid", &format!("line {line}"), all.join("\n"))
    })?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    if scheme_called(&config.schemes, &offer.scheme).is_none() {
        return Err(scheme_unknown(&offer.scheme));
    }
    let (key, workspace) = (fold_alias(&offer.name), ctx.workspace);
    let lookup = key.clone();
    let (present, current) = app
        .store()
        .read(move |r| {
            let present = r.record_by_key(workspace, RecordKind::Offer, &lookup)?;
            let current = match present.as_ref().and_then(|record| read::<OfferDocument>(record).ok()) {
                Some(document) => r.record(workspace, RecordKind::OfferVersion, Id(document.version))?,
                None => None,
            };
            Ok((present, current))
        })
        .await?;
    let document = present.as_ref().map(read::<OfferDocument>).transpose()?;
    if let (Some(record), Some(version)) = (&present, &current)
        && read::<OfferVersionDocument>(version)?.text == text
    {
        return Ok((record.id, version.id, false));
    }
    let number = document.as_ref().map_or(1, |document| document.number + 1);
    // A new version goes on with the draws of the one before: nobody can draw again by applying the offer again.
    let kept = current.as_ref().and_then(|record| read::<OfferVersionDocument>(record).ok()).and_then(|version| version.draw_key);
    let draw_key = match (&offer.class, kept) {
        (_, Some(key)) => Some(key),
        (Class::Lottery { .. }, None) => {
            let mut key = [0u8; 32];
            getrandom::fill(&mut key).map_err(|_| AppError::bug("the system gives no random numbers"))?;
            Some(crate::secrets::hex(&key))
        }
        _ => None,
    };
    let version = OfferVersionDocument {
        draw_key,
        offer: key.clone(),
        number,
        text: text.to_owned(),
        note: note.to_owned(),
        created_us: app.now_us(),
        created_by: ctx.actor.0.clone(),
    };
    // The version first: until the offer is there, nothing uses it.
    let put = PutRecord::new(RecordKind::OfferVersion, None, write(&version)?);
    let version = first(app.submit(ctx, offer.name.clone(), PutRecords::one("offer.version_added", put)).await?)?;
    let effective = document.is_none_or(|document| document.effective);
    let body = write(&OfferDocument { name: offer.name.clone(), version: version.0, number, effective })?;
    let put = match &present {
        Some(record) => PutRecord { expected_version: Some(record.version), ..PutRecord::change(RecordKind::Offer, record.id, body) },
        None => PutRecord::new(RecordKind::Offer, Some(key), body),
    };
    let command = PutRecords { action: "offer.applied", puts: vec![put], event: Some("offer.applied") };
    Ok((first(app.submit(ctx, offer.name.clone(), command).await?)?, version, true))
}

fn scheme_unknown(scheme: &str) -> AppError {
    AppError::invalid("scheme_unknown", "scheme", format!("there is no scheme `{scheme}`"))
}

fn first(reply: Reply) -> AppResult<Id> {
    match reply {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// Makes an offer effective, or not. What it gave before stays. One whose scheme was removed meanwhile stays as it is.
pub async fn set_effective(app: &App, ctx: &Context, id: Id, effective: bool) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    if effective {
        let config = app.fresh_till_config(ctx.workspace).await?;
        let orphan = config.offers.iter().find(|entry| entry.id == id && entry.scheme.is_none());
        if let Some(version) = orphan.and_then(|entry| entry.versions.last()) {
            return Err(scheme_unknown(&version.offer.scheme));
        }
    }
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, RecordKind::Offer, id)).await?;
    let record = record.ok_or_else(|| AppError::not_found("offer"))?;
    let document = OfferDocument { effective, ..read(&record)? };
    let put = PutRecord { expected_version: Some(record.version), ..PutRecord::change(RecordKind::Offer, id, write(&document)?) };
    app.submit(ctx, document.name.clone(), PutRecords::one("offer.switched", put)).await.map(|_| ())
}

/// Sets what an offer may still grant. Answers what was not to be had because it was granted already.
pub async fn set_budget(app: &App, ctx: &Context, offer: Id, unit: Unit, target: Minor) -> AppResult<Minor> {
    ctx.require(Scope::Plans)?;
    let at = app.now();
    let prepare =
        |config: &std::sync::Arc<super::TillConfig>| Ok(SetBudget { offer, unit, target, at, config: std::sync::Arc::clone(config) });
    app.fresh_till_config(ctx.workspace).await?;
    match super::submit(app, ctx, offer.to_string(), Priority::Interactive, prepare).await? {
        TillReply::Budget(shortfall) => Ok(shortfall),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// All offers, by id.
pub async fn list(app: &App, ctx: &Context) -> AppResult<Vec<OfferView>> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    let workspace = ctx.workspace;
    let rows = app
        .store()
        .read(move |r| {
            let mut rows = Vec::new();
            for record in r.records(workspace, RecordKind::Offer)? {
                let version = match read::<OfferDocument>(&record) {
                    Ok(document) => r.record(workspace, RecordKind::OfferVersion, Id(document.version))?,
                    Err(_) => None,
                };
                let accounts = r.accounts_of(workspace, Owner::program(record.id))?;
                rows.push((record, version, accounts));
            }
            Ok(rows)
        })
        .await?;
    let mut views = Vec::with_capacity(rows.len());
    for (record, version, accounts) in rows {
        let document: OfferDocument = read(&record)?;
        let version = version.ok_or_else(|| AppError::bug("an offer without its version"))?;
        let budgets = accounts.iter().filter(|account| account.key.purpose == Purpose::Budget);
        views.push(OfferView {
            id: record.id,
            version: version.id,
            number: document.number,
            text: read::<OfferVersionDocument>(&version)?.text,
            name: document.name,
            is_effective: document.effective,
            budgets: budgets.map(|account| (account.key.unit, account.available())).collect(),
        });
    }
    Ok(views)
}

/// An offer by id.
pub async fn get(app: &App, ctx: &Context, id: Id) -> AppResult<OfferView> {
    list(app, ctx).await?.into_iter().find(|offer| offer.id == id).ok_or_else(|| AppError::not_found("offer"))
}
