//! Stores, terminals, merchants, schemes, promo codes, products and settings: one way to keep them all.

use meed_core::command::{PutRecord, PutRecords, RecordKind, Reply};
use meed_core::id::Id;
use meed_core::loyalty::{NAME_MAX, TEXT_MAX, TillConfig, fold_code};
use meed_core::money::{Exact, Unit};
use meed_core::people::fold_alias;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::config::{merchant, settings, unit};
use super::documents::{
    ClassificationDocument, MerchantDocument, ProductDocument, PromoCodeDocument, SchemeDocument, TerminalDocument, TierDocument,
    TillSettingsDocument, UnitDocument,
};
use super::in_use;
use crate::documents::{read, write};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// The shortest key that HS256 is safe with (RFC 7518 §3.2).
const IDENTITY_KEY_BYTES_MIN: usize = 32;

/// A document that is kept as a record of its own kind.
pub trait Kept: Serialize + DeserializeOwned + Clone + Send {
    /// The kind.
    const KIND: RecordKind;
    /// The natural key.
    fn key(&self) -> String;
    /// Refuses values that cannot be used.
    fn check(&self) -> AppResult<()>;
    /// Whether it must fit what else is kept.
    const MUST_FIT: bool = false;
    /// Refuses what does not fit what else is kept.
    fn check_fit(&self, _config: &TillConfig, _id: Option<Id>) -> AppResult<()> {
        Ok(())
    }
}

/// A kept document with its record.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Entry<D> {
    pub id: Id,
    pub version: i32,
    pub document: D,
}

fn named(name: &str, code: &str) -> AppResult<()> {
    for (field, text) in [("name", name), ("code", code)] {
        if text.trim().is_empty() || text.chars().count() > NAME_MAX {
            return Err(AppError::invalid("name_invalid", field, format!("`{field}` has 1 to {NAME_MAX} characters")));
        }
    }
    Ok(())
}

/// Most entries of a list in a document.
const LISTED_MAX: usize = 1_000;

/// Texts that are kept have their limit.
fn short<'a>(field: &str, texts: impl IntoIterator<Item = &'a String>, max: usize) -> AppResult<()> {
    if texts.into_iter().any(|text| text.chars().count() > max) {
        return Err(AppError::invalid("value_too_long", field, format!("`{field}` has at most {max} characters")));
    }
    Ok(())
}

/// A list of names.
fn listed(field: &str, texts: &[String]) -> AppResult<()> {
    if texts.len() > LISTED_MAX {
        return Err(AppError::invalid("too_many_rows", field, format!("`{field}` has at most {LISTED_MAX} entries")));
    }
    short(field, texts, NAME_MAX)
}

fn short_unit(d: &UnitDocument) -> AppResult<()> {
    short("group", &d.group, NAME_MAX)?;
    short("community", &d.community, NAME_MAX)?;
    short("description", &d.description, TEXT_MAX)
}

fn short_product(d: &ProductDocument) -> AppResult<()> {
    short("alternative_code", &d.alternative_code, NAME_MAX)?;
    short("description", &d.description, TEXT_MAX)?;
    for (field, text) in [("type", &d.kind), ("brand", &d.brand), ("family", &d.family)] {
        short(field, text, NAME_MAX)?;
    }
    listed("categories", &d.categories)?;
    short("extra", d.extra.keys(), NAME_MAX)?;
    d.extra.iter().try_for_each(|(name, text)| short(name, [text], TEXT_MAX))
}

fn short_settings(d: &TillSettingsDocument) -> AppResult<()> {
    let tiers = d.tiers.iter().flat_map(|tier| [&tier.code, &tier.name].into_iter().chain(&tier.color));
    short("tiers", tiers, NAME_MAX)?;
    short("vat_rates", d.vat_rates.iter().map(|rate| &rate.code), NAME_MAX)?;
    short("classifications", d.classifications.iter().filter_map(|class| class.code.as_ref()), NAME_MAX)
}

macro_rules! kept {
    ($document:ident, $kind:ident, |$d:ident| $key:expr, $check:expr $(, fits $fit:path)?) => {
        impl Kept for $document {
            const KIND: RecordKind = RecordKind::$kind;

            fn key(&self) -> String {
                let $d = self;
                $key
            }

            fn check(&self) -> AppResult<()> {
                let $d = self;
                $check
            }

            $(
                const MUST_FIT: bool = true;

                fn check_fit(&self, config: &TillConfig, id: Option<Id>) -> AppResult<()> {
                    $fit(config, id, self)
                }
            )?
        }
    };
}

kept!(SchemeDocument, Scheme, |d| fold_alias(&d.code), named(&d.name, &d.code), fits in_use::check_scheme);
kept!(UnitDocument, SalesUnit, |d| fold_alias(&d.code), {
    named(&d.name, &d.code)?;
    short_unit(d)?;
    unit(Id(0), d.clone(), &std::collections::BTreeMap::new()).map(|_| ())
});
kept!(TerminalDocument, Terminal, |d| fold_alias(&d.code), named(&d.code, &d.code), fits in_use::check_terminal);
kept!(MerchantDocument, Merchant, |d| fold_alias(&d.name), {
    named(&d.name, &d.name)?;
    listed("groups", &d.groups)?;
    merchant(d.clone()).map(|_| ())
});
kept!(PromoCodeDocument, PromoCode, |d| fold_code(&d.code), named(&d.code, &d.code));
kept!(ProductDocument, Product, |d| d.code.clone(), {
    named(&d.code, &d.code)?;
    short_product(d)
});
kept!(TillSettingsDocument, TillSettings, |_d| "settings".to_owned(), {
    let read = settings(_d.clone(), Unit::POINTS)?;
    check_tiers(&_d.tiers, read.tiers.rate)?;
    check_classes(&_d.classifications)?;
    check_spend(&read)?;
    short_settings(_d)
});

/// Limits of one spend between which an amount is left. Settings of former days are not read by this rule.
fn check_spend(settings: &meed_core::loyalty::TillSettings) -> AppResult<()> {
    if settings.maximum_spend.is_some_and(|most| most < settings.minimum_spend) {
        let text = "the most that may be spent at once is below the least, so nothing could be spent";
        return Err(AppError::invalid("spend_limits_crossed", "maximum_spend", text));
    }
    Ok(())
}

/// Tiers that can be told apart. Settings of former days are not read by this rule.
fn check_tiers(tiers: &[TierDocument], rate: Exact) -> AppResult<()> {
    if rate <= Exact::ZERO {
        return Err(AppError::invalid("number_out_of_range", "tier_rate", "a purchase counts more than 0 units"));
    }
    let number = |tier: &TierDocument| tier.threshold.trim().parse::<Exact>().unwrap_or_default();
    for (at, tier) in tiers.iter().enumerate() {
        let wrong = |code: &'static str, field: &str, text: &str| Err(AppError::invalid(code, &format!("tiers[{at}].{field}"), text));
        for (field, text) in [("name", &tier.name), ("code", &tier.code)] {
            if text.trim().is_empty() || text.chars().count() > 200 {
                return wrong("name_invalid", field, &format!("a tier has a {field} of 1 to 200 characters"));
            }
        }
        if number(tier) < Exact::ZERO {
            return wrong("number_out_of_range", "threshold", "a threshold is not below 0");
        }
        let earlier = tiers.get(..at).unwrap_or_default();
        if earlier.iter().any(|other| fold_alias(&other.code) == fold_alias(&tier.code)) {
            return wrong("tier_twice", "code", "another tier has this code");
        }
        if earlier.iter().any(|other| number(other) == number(tier)) {
            return wrong("tier_twice", "threshold", "another tier has this threshold");
        }
    }
    Ok(())
}

/// Classes that can be told apart within a type of event.
fn check_classes(classes: &[ClassificationDocument]) -> AppResult<()> {
    for (at, class) in classes.iter().enumerate() {
        let is_same = |other: &&ClassificationDocument| other.event == class.event && fold_alias(&other.name) == fold_alias(&class.name);
        if classes.get(..at).unwrap_or_default().iter().any(|other| is_same(&other)) {
            let text = "another class for this type of event has the name";
            return Err(AppError::invalid("class_twice", &format!("classifications[{at}].name"), text));
        }
    }
    Ok(())
}

/// Makes a document, or changes the one with this id.
pub async fn put<D: Kept>(app: &App, ctx: &Context, id: Option<Id>, document: &D) -> AppResult<Id> {
    ctx.require(Scope::Plans)?;
    document.check()?;
    if D::MUST_FIT {
        document.check_fit(&*app.fresh_till_config(ctx.workspace).await?, id)?;
    }
    let (key, body) = (document.key(), write(document)?);
    let put = match id {
        Some(id) => PutRecord { key: Some(key.clone()), ..PutRecord::change(D::KIND, id, body) },
        // There is one record of settings; of the others a second one with the same key is refused.
        None if D::KIND == RecordKind::TillSettings => PutRecord::upsert(D::KIND, key.clone(), body),
        None => PutRecord::new(D::KIND, Some(key.clone()), body),
    };
    match app.submit(ctx, key, PutRecords::one("till.configured", put)).await? {
        Reply::Records(ids) => ids.first().map(|(id, _)| *id).ok_or_else(|| AppError::bug("no record was written")),
        other => Err(AppError::bug(&format!("an unexpected answer: {other:?}"))),
    }
}

/// All documents of a kind, by id.
pub async fn list<D: Kept>(app: &App, ctx: &Context) -> AppResult<Vec<Entry<D>>> {
    ctx.require_any(&[Scope::Read, Scope::Sales, Scope::Plans])?;
    let workspace = ctx.workspace;
    let records = app.store().read(move |r| r.records(workspace, D::KIND)).await?;
    records.iter().map(|record| Ok(Entry { id: record.id, version: record.version, document: read(record)? })).collect()
}

/// A document by id.
pub async fn get<D: Kept>(app: &App, ctx: &Context, id: Id) -> AppResult<Entry<D>> {
    ctx.require_any(&[Scope::Read, Scope::Sales, Scope::Plans])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record(workspace, D::KIND, id)).await?;
    let record = record.ok_or_else(|| AppError::not_found(&D::KIND.word().to_lowercase()))?;
    Ok(Entry { id, version: record.version, document: read(&record)? })
}

/// Removes a document. The terminals of a store go with it; a scheme that an effective offer or a merchant goes by stays.
pub async fn remove<D: Kept>(app: &App, ctx: &Context, id: Id) -> AppResult<()> {
    may_be_removed::<D>(app, ctx, id).await?;
    let mut puts = vec![PutRecord::delete(D::KIND, id)];
    if D::KIND == RecordKind::SalesUnit {
        let config = app.fresh_till_config(ctx.workspace).await?;
        puts.extend(in_use::terminals_of(&config, id).map(|terminal| PutRecord::delete(RecordKind::Terminal, terminal)));
    }
    app.submit(ctx, id.to_string(), PutRecords { action: "till.configured", puts, event: None }).await.map(|_| ())
}

/// Refuses what [`remove`] would refuse, and removes nothing.
pub async fn may_be_removed<D: Kept>(app: &App, ctx: &Context, id: Id) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    if D::KIND == RecordKind::Scheme {
        in_use::check_scheme_removal(&*app.fresh_till_config(ctx.workspace).await?, id)?;
    }
    Ok(())
}

/// A store as it was last, whether or not it was removed since: old receipts go on naming it.
pub async fn unit_of_old(app: &App, ctx: &Context, id: Id) -> AppResult<Option<UnitDocument>> {
    ctx.require_any(&[Scope::Read, Scope::Sales, Scope::Plans])?;
    let workspace = ctx.workspace;
    let record = app.store().read(move |r| r.record_even_removed(workspace, RecordKind::SalesUnit, id)).await?;
    record.as_ref().map(read).transpose()
}

/// Replaces the settings of the tills. `identity_key` is the key of the shop's identity service in the clear: none keeps the
/// present one, an empty text removes it.
pub async fn put_till_settings(app: &App, ctx: &Context, document: TillSettingsDocument, identity_key: Option<&str>) -> AppResult<()> {
    ctx.require(Scope::Plans)?;
    let identity_key = match identity_key {
        None => till_settings(app, ctx).await?.identity_key,
        Some("") => None,
        Some(key) if key.len() < IDENTITY_KEY_BYTES_MIN => {
            let text = format!("the key of an identity service has at least {IDENTITY_KEY_BYTES_MIN} bytes");
            return Err(AppError::invalid("identity_key_short", "identity_key", text));
        }
        Some(key) => Some(app.secrets().seal(key)?),
    };
    put(app, ctx, None, &TillSettingsDocument { identity_key, ..document }).await.map(|_| ())
}

/// Settings of the tills; the defaults where nobody set any.
pub async fn till_settings(app: &App, ctx: &Context) -> AppResult<TillSettingsDocument> {
    Ok(list::<TillSettingsDocument>(app, ctx).await?.into_iter().next().map(|entry| entry.document).unwrap_or_default())
}
