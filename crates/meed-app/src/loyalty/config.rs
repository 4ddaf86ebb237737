//! Reading what a workspace's tills go by, and keeping it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use meed_core::command::{Head, Record, RecordKind};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{
    ActivityKind, Classification, Limit, LimitKind, LimitPeriod, Merchant, Offer, OfferEntry, OfferIndex, OfferVersion, PayBackMethod,
    Product, Products, PromoCode, SalesUnit, Scheme, Terminal, Tier, Tiers, TillConfig, TillSettings, VatRate, fold_code,
};
use meed_core::money::{Exact, Unit};
use meed_core::people::fold_alias;
use meed_store::StoreError;

use super::documents::{
    ClassificationDocument, LimitDocument, MerchantDocument, OfferDocument, OfferVersionDocument, ProductDocument, PromoCodeDocument,
    SchemeDocument, TerminalDocument, TillSettingsDocument, UnitDocument,
};
use crate::App;
use crate::documents::read;
use crate::error::{AppError, AppResult};

/// What is kept of the tills' configurations: one per workspace, and every offer version that was ever read.
#[derive(Default)]
pub(crate) struct KnownTills {
    configs: Mutex<Configs>,
    offers: Mutex<HashMap<Id, Arc<Offer>>>,
}

#[derive(Default)]
struct Configs {
    /// The store's generation of which all of it is.
    generation: u64,
    /// By workspace, each with the time up to which its products were read.
    by_workspace: HashMap<Id, (Arc<TillConfig>, i64)>,
}

impl App {
    /// The configuration as it was last read. Commands that go by an old one are refused and prepared again.
    pub async fn till_config(&self, workspace: Id) -> AppResult<Arc<TillConfig>> {
        match self.kept_till_config(workspace).1 {
            Some((config, _)) => Ok(config),
            None => self.fresh_till_config(workspace).await,
        }
    }

    /// What is kept of a workspace, and the generation of which it is.
    fn kept_till_config(&self, workspace: Id) -> (u64, Option<(Arc<TillConfig>, i64)>) {
        let generation = self.store().generation();
        let mut configs = self.known_tills().configs.lock().unwrap_or_else(PoisonError::into_inner);
        if configs.generation != generation {
            *configs = Configs { generation, ..Configs::default() };
            self.known_tills().offers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        (generation, configs.by_workspace.get(&workspace).cloned())
    }

    /// The configuration as it stands now.
    pub async fn fresh_till_config(&self, workspace: Id) -> AppResult<Arc<TillConfig>> {
        let (generation, kept) = self.kept_till_config(workspace);
        let known = kept.as_ref().map_or((-1, i64::MIN), |(config, read_us)| (config.version, *read_us));
        let rows = self.store().read(move |r| read_rows(r, workspace, known)).await?;
        let Some(rows) = rows else {
            return kept.map(|(config, _)| config).ok_or_else(|| AppError::not_found("workspace"));
        };
        let products = kept.map(|(config, _)| config.products.clone()).unwrap_or_default();
        let read_us = rows.head.last_recorded_us;
        let config = Arc::new(self.build(workspace, rows, products)?);
        let mut configs = self.known_tills().configs.lock().unwrap_or_else(PoisonError::into_inner);
        if configs.generation == generation {
            configs.by_workspace.insert(workspace, (Arc::clone(&config), read_us));
        }
        Ok(config)
    }

    fn build(&self, workspace: Id, rows: Rows, mut products: Products) -> AppResult<TillConfig> {
        for record in &rows.products {
            if record.deleted {
                products.remove(record.id);
            } else {
                products.put(product(record.id, read(record)?));
            }
        }
        let schemes: BTreeMap<Id, Scheme> = by_id(&rows.schemes, |_, d: SchemeDocument| Ok(scheme(d)))?;
        let merchants = by_id(&rows.merchants, |_, d: MerchantDocument| merchant(d))?;
        let units = by_id(&rows.units, |id, d: UnitDocument| unit(id, d, &merchants))?;
        let terminals = by_id(&rows.terminals, |_, d: TerminalDocument| Ok(Terminal { code: d.code, unit: Id(d.unit) }))?;
        let promos = by_id(&rows.promo_codes, |id, d: PromoCodeDocument| {
            let PromoCodeDocument { code, effective, from_us, until_us, uses_max } = d;
            Ok(PromoCode { id, code, is_effective: effective, from_us, until_us, uses_max })
        })?;
        let settings = match rows.settings.first() {
            Some(record) => settings(read(record)?, rows.head.unit)?,
            None => TillSettings::default(),
        };
        let offers = self.offers(&rows, &schemes)?;
        Ok(TillConfig {
            version: rows.head.config_version,
            workspace,
            zone: rows.head.zone,
            currency: rows.head.unit,
            settings,
            schemes,
            units,
            terminals,
            merchants,
            promo_codes: promos.into_values().map(|promo| (fold_code(&promo.code), promo)).collect(),
            products,
            offers,
        })
    }

    fn offers(&self, rows: &Rows, schemes: &BTreeMap<Id, Scheme>) -> AppResult<OfferIndex> {
        let mut versions: HashMap<String, Vec<OfferVersion>> = HashMap::new();
        let mut known = self.known_tills().offers.lock().unwrap_or_else(PoisonError::into_inner);
        for record in &rows.offer_versions {
            let document: OfferVersionDocument = read(record)?;
            let offer = match known.get(&record.id) {
                Some(offer) => Arc::clone(offer),
                None => {
                    let offer = Offer::parse(&document.text).map_err(|findings| {
                        let first = findings.first().map(ToString::to_string).unwrap_or_default();
                        AppError::bug(&format!("the stored offer {} cannot be read: {first}", document.offer))
                    })?;
                    let key = document.draw_key.as_deref().and_then(draw_key).unwrap_or_default();
                    let offer = Arc::new(offer.drawn_by(key));
                    known.insert(record.id, Arc::clone(&offer));
                    offer
                }
            };
            versions.entry(document.offer).or_default().push(OfferVersion { id: record.id, created_us: document.created_us, offer });
        }
        let mut entries = Vec::with_capacity(rows.offers.len());
        for record in &rows.offers {
            let document: OfferDocument = read(record)?;
            let Some(mut versions) = versions.remove(&record.key) else { continue };
            versions.sort_by_key(|version| (version.created_us, version.id));
            let scheme = versions.last().and_then(|version| scheme_called(schemes, &version.offer.scheme));
            entries.push(OfferEntry { id: record.id, versions, is_effective: document.effective, scheme });
        }
        Ok(OfferIndex::new(entries))
    }
}

/// The scheme that an offer names, by code or name.
pub(super) fn scheme_called(schemes: &BTreeMap<Id, Scheme>, text: &str) -> Option<Id> {
    let wanted = fold_alias(text);
    let is_it = |scheme: &Scheme| fold_alias(&scheme.code) == wanted || fold_alias(&scheme.name) == wanted;
    schemes.iter().find(|(_, scheme)| is_it(scheme)).map(|(id, _)| *id)
}

/// 32 bytes from hexadecimal digits.
fn draw_key(hex: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes?.try_into().ok()
}

/// Everything that a configuration is made of, of one moment.
struct Rows {
    head: Head,
    schemes: Vec<Record>,
    units: Vec<Record>,
    terminals: Vec<Record>,
    merchants: Vec<Record>,
    promo_codes: Vec<Record>,
    settings: Vec<Record>,
    offers: Vec<Record>,
    offer_versions: Vec<Record>,
    /// Those that changed since the last look.
    products: Vec<Record>,
}

/// `None`: nothing changed since the known version.
fn read_rows(r: &mut meed_store::Reader<'_>, workspace: Id, (version, read_us): (i64, i64)) -> Result<Option<Rows>, StoreError> {
    let Some(head) = r.head(workspace)? else { return Ok(None) };
    if head.config_version == version {
        return Ok(None);
    }
    Ok(Some(Rows {
        schemes: r.records(workspace, RecordKind::Scheme)?,
        units: r.records(workspace, RecordKind::SalesUnit)?,
        terminals: r.records(workspace, RecordKind::Terminal)?,
        merchants: r.records(workspace, RecordKind::Merchant)?,
        promo_codes: r.records(workspace, RecordKind::PromoCode)?,
        settings: r.records(workspace, RecordKind::TillSettings)?,
        offers: r.records(workspace, RecordKind::Offer)?,
        offer_versions: r.records(workspace, RecordKind::OfferVersion)?,
        products: r.records_changed_since(workspace, RecordKind::Product, read_us)?,
        head,
    }))
}

fn by_id<D: serde::de::DeserializeOwned, T>(records: &[Record], make: impl Fn(Id, D) -> AppResult<T>) -> AppResult<BTreeMap<Id, T>> {
    records.iter().map(|record| Ok((record.id, make(record.id, read(record)?)?))).collect()
}

pub(super) fn scheme(document: SchemeDocument) -> Scheme {
    let SchemeDocument { name, code, effective, automatic } = document;
    Scheme { name, code, is_effective: effective, is_automatic: automatic }
}

pub(super) fn product(id: Id, document: ProductDocument) -> Product {
    let ProductDocument { code, alternative_code, description, kind, brand, family, categories, mut extra } = document;
    // What a source sent and nobody can reckon with is as good as nothing.
    let price = extra.get("price").and_then(|text| exact("price", text).ok()).filter(|price| *price >= Exact::ZERO);
    Product { id, code, alternative_code, description, kind, brand, family, categories, price, vat_rate: extra.remove("vat_rate") }
}

pub(super) fn merchant(document: MerchantDocument) -> AppResult<Merchant> {
    let contribution = exact("contribution", &document.contribution)?;
    if contribution < Exact::ZERO || contribution > Exact::ONE_HUNDRED {
        return Err(AppError::invalid("percent_out_of_range", "contribution", "a contribution is 0 to 100 percent"));
    }
    let pays_back_by = PayBackMethod::from_name(&document.pays_back_by).ok_or_else(|| {
        let text = format!("`{}` is not one of `refund`, `credit_note`, `voucher`", document.pays_back_by);
        AppError::invalid("pay_back_method_unknown", "pays_back_by", text)
    })?;
    Ok(Merchant {
        name: document.name,
        units: document.units.into_iter().map(Id).collect(),
        groups: document.groups,
        is_effective: document.effective,
        bars_own: document.bars_own,
        bars_others: document.bars_others,
        schemes: document.schemes.into_iter().map(Id).collect(),
        contribution,
        allows_automatic: document.allows_automatic,
        pays_back: document.pays_back,
        pays_back_by,
        allows_spending: document.allows_spending,
    })
}

pub(super) fn unit(id: Id, document: UnitDocument, merchants: &BTreeMap<Id, Merchant>) -> AppResult<SalesUnit> {
    let zone = match &document.zone {
        None => None,
        Some(name) => {
            let zone = TimeZone::get(name);
            Some(zone.map_err(|_| AppError::invalid("zone_unknown", "zone", format!("`{name}` is not a time zone")))?)
        }
    };
    // A merchant that names the unit goes before one that names its group.
    let named = merchants.iter().find(|(_, merchant)| merchant.units.contains(&id));
    let grouped = || merchants.iter().find(|(_, merchant)| document.group.as_ref().is_some_and(|group| merchant.groups.contains(group)));
    let merchant = named.or_else(grouped).map(|(id, _)| *id);
    let UnitDocument { name, code, group, community, description, .. } = document.clone();
    Ok(SalesUnit { name, code, group, community, description, zone, merchant })
}

/// A limit as commands read it.
pub(super) fn limit(document: &LimitDocument, currency: Unit) -> AppResult<Limit> {
    let wrong =
        |field: &str, text: &str, words: &str| AppError::invalid("limit_unreadable", field, format!("`{text}` is not one of {words}"));
    let kind =
        LimitKind::from_name(&document.kind).ok_or_else(|| wrong("kind", &document.kind, "`debit`, `credit`, `top_up`, `transfer`"))?;
    let per = LimitPeriod::from_name(&document.per).ok_or_else(|| wrong("per", &document.per, "`day`, `week`, `month`"))?;
    let unit = match &document.unit {
        None => currency,
        Some(code) => code.parse().map_err(|_| wrong("unit", code, "the workspace's currency and `PTS`"))?,
    };
    if document.number.is_none() && document.amount.is_none() {
        return Err(AppError::invalid("limit_unreadable", "limits", "a limit has a number, an amount or both"));
    }
    if document.number.is_some_and(|number| number < 0) || document.amount.is_some_and(|amount| amount < 0) {
        return Err(AppError::invalid("number_out_of_range", "limits", "a limit is not below 0"));
    }
    Ok(Limit { kind, per, unit, number: document.number, amount: document.amount })
}

pub(super) fn settings(document: TillSettingsDocument, currency: Unit) -> AppResult<TillSettings> {
    let mut levels = Vec::with_capacity(document.tiers.len());
    for (at, tier) in document.tiers.into_iter().enumerate() {
        let threshold = exact(&format!("tiers[{at}].threshold"), &tier.threshold)?;
        levels.push(Tier { code: tier.code, name: tier.name, color: tier.color, threshold });
    }
    levels.sort_by_key(|tier| tier.threshold);
    let mut vat_rates: Vec<VatRate> = Vec::with_capacity(document.vat_rates.len());
    for rate in document.vat_rates {
        let percent = exact("vat_rates", &rate.percent)?;
        if percent < Exact::ZERO || percent > Exact::ONE_HUNDRED || vat_rates.iter().any(|known| known.code == rate.code) {
            return Err(AppError::invalid("vat_rate_invalid", "vat_rates", "a rate is 0 to 100 percent, and its code stands there once"));
        }
        vat_rates.push(VatRate { code: rate.code, percent });
    }
    let classifications = document.classifications.into_iter().enumerate();
    let classifications = classifications.map(|(at, class)| classification(at, class)).collect::<AppResult<Vec<_>>>()?;
    let is_owner = |text: &str| matches!(text, "unit" | "terminal") || (1..=8).any(|number| text == format!("udf_string_{number}"));
    if document.sales_owner.as_deref().is_some_and(|text| !is_owner(text)) {
        let text = "who sold is told by `unit`, `terminal` or one of `udf_string_1` to `udf_string_8`";
        return Err(AppError::invalid("sales_owner_unknown", "sales_owner", text));
    }
    for (field, text) in [("receipt_head", &document.receipt_head), ("receipt_foot", &document.receipt_foot)] {
        if text.chars().count() > 1_000 {
            return Err(AppError::invalid("value_too_long", field, "a receipt has room for 1,000 characters there"));
        }
    }
    let point_value = document.point_value.as_deref().map(|text| exact("point_value", text)).transpose()?;
    if point_value.is_some_and(|value| value <= Exact::ZERO) {
        return Err(AppError::invalid("number_out_of_range", "point_value", "a point is worth more than 0"));
    }
    let within = |field: &str, value: i64, from: i64, to: i64| {
        if (from..=to).contains(&value) {
            return Ok(value);
        }
        Err(AppError::invalid("number_out_of_range", field, format!("`{field}` is {from} to {to}")))
    };
    Ok(TillSettings {
        default_product: document.default_product.map(Id),
        default_unit: document.default_unit.map(Id),
        default_units: document.default_units.iter().filter_map(|(of, unit)| Some((user_or_key(of)?, Id(*unit)))).collect(),
        minimum_spend: within("minimum_spend", document.minimum_spend, 0, i64::MAX)?,
        maximum_spend: document.maximum_spend.map(|value| within("maximum_spend", value, 0, i64::MAX)).transpose()?,
        hold_minutes: within("hold_minutes", document.hold_minutes, 1, 10_080)?,
        offline_hours: within("offline_hours", document.offline_hours, 0, 8_760)?,
        future_minutes: within("future_minutes", document.future_minutes, 0, 1_440)?,
        point_value,
        forgives: document.forgives,
        limits: document.limits.iter().map(|document| limit(document, currency)).collect::<AppResult<_>>()?,
        tiers: Tiers {
            window_days: within("tier_window_days", document.tier_window_days, 1, 36_525)?,
            rate: exact("tier_rate", &document.tier_rate)?,
            levels,
        },
        vat_rates,
        classifications,
        evaluation_hour: i8::try_from(within("evaluation_hour", document.evaluation_hour, 0, 23)?).unwrap_or_default(),
        receipt_head: document.receipt_head,
        receipt_foot: document.receipt_foot,
    })
}

fn classification(at: usize, document: ClassificationDocument) -> AppResult<Classification> {
    let ClassificationDocument { name, code, event } = document;
    if name.trim().is_empty() || name.chars().count() > 200 {
        let text = "a class of events has a name of 1 to 200 characters";
        return Err(AppError::invalid("name_invalid", &format!("classifications[{at}].name"), text));
    }
    let is_known = |word: &str| word == "purchase" || word == "spend_request" || ActivityKind::from_name(word).is_some();
    if let Some(word) = event.as_deref().filter(|word| !is_known(word)) {
        let text = format!("`{word}` is no type of event that has classes");
        return Err(AppError::invalid("event_unknown", &format!("classifications[{at}].event"), text));
    }
    Ok(Classification { name: name.trim().to_owned(), code, event })
}

fn exact(field: &str, text: &str) -> AppResult<Exact> {
    let number: Option<Exact> = text.trim().parse().ok();
    // What is multiplied with amounts of the 64-bit range stays within 28 digits.
    let number = number.filter(|number| number.scale() <= 9 && number.abs() <= Exact::from(1_000_000_000));
    number.ok_or_else(|| AppError::invalid("number_unreadable", field, format!("`{text}` is not a number of up to nine decimals")))
}

/// The id of a user or key in text.
fn user_or_key(text: &str) -> Option<Id> {
    Id::parse(text, Kind::User).or_else(|_| Id::parse(text, Kind::Key)).ok()
}
