//! `/v1/schemes`, `/v1/units`, `/v1/terminals`, `/v1/merchants`, `/v1/products`, `/v1/promo_codes`, `/v1/till_settings`: what
//! tills go by.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use meed_app::loyalty::records::{self, Entry, Kept};
use meed_app::loyalty::{
    LimitDocument, MerchantDocument, ProductDocument, PromoCodeDocument, SchemeDocument, TerminalDocument, TierDocument,
    TillSettingsDocument, UnitDocument, VatRateDocument,
};
use meed_core::id::{Id, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ServerState;
use crate::api::answer::json;
use crate::api::openapi::Refusals;
use crate::api::problem::Answered;
use crate::api::request::{Caller, Json, id_in};
use crate::api::wire::Number;

/// A form in which a document travels.
pub(crate) trait Travels: Sized {
    type Document: Kept;
    const KIND: Kind;

    fn document(self) -> Answered<Self::Document>;
    fn of(document: Self::Document) -> Self;
}

/// A document with its id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Stored<T> {
    /// Its id.
    id: String,
    /// Counts its changes, from 1.
    version: i32,
    /// The document.
    #[serde(flatten)]
    document: T,
}

impl<T: Travels> Stored<T> {
    fn of(entry: Entry<T::Document>) -> Self {
        Self { id: entry.id.text(T::KIND), version: entry.version, document: T::of(entry.document) }
    }
}

fn ids(texts: &[String], kind: Kind, field: &str) -> Answered<Vec<i64>> {
    texts.iter().enumerate().map(|(place, text)| Ok(id_in(text, kind, &format!("{field}[{place}]"))?.0)).collect()
}

fn texts(ids: &[i64], kind: Kind) -> Vec<String> {
    ids.iter().map(|id| Id(*id).text(kind)).collect()
}

const fn yes() -> bool {
    true
}

/// A reward scheme.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scheme {
    /// Name.
    #[schema(example = "Club")]
    name: String,
    /// What documents call it.
    #[schema(example = "club")]
    code: String,
    /// Whether it is effective; yes if not given.
    #[serde(default = "yes")]
    effective: bool,
    /// Whether everyone is in it; yes if not given.
    #[serde(default = "yes")]
    automatic: bool,
}

/// A store.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    /// Name.
    #[schema(example = "High Street")]
    name: String,
    /// What conditions and tills call it.
    #[schema(example = "high")]
    code: String,
    /// Group.
    #[serde(default)]
    group: Option<String>,
    /// Community.
    #[serde(default)]
    community: Option<String>,
    /// Description.
    #[serde(default)]
    description: Option<String>,
    /// Time zone; the workspace's if null.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    zone: Option<String>,
}

/// A terminal of a store.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terminal {
    /// Its code.
    #[schema(example = "T-1")]
    code: String,
    /// Its store.
    #[schema(example = "unit_01jq3v8k2m9ra")]
    unit: String,
}

/// A rewards participating merchant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Merchant {
    /// Name.
    #[schema(example = "Corner Ltd")]
    name: String,
    /// Stores that it stands for.
    #[serde(default)]
    units: Vec<String>,
    /// Groups that it stands for.
    #[serde(default)]
    groups: Vec<String>,
    /// Whether it is effective; yes if not given.
    #[serde(default = "yes")]
    effective: bool,
    /// Gives nothing to customers whom its own group signed up.
    #[serde(default)]
    bars_own: bool,
    /// Gives nothing to customers whom other groups signed up.
    #[serde(default)]
    bars_others: bool,
    /// Schemes that it is limited to; empty: any.
    #[serde(default)]
    schemes: Vec<String>,
    /// Percentage of awards that it pays.
    #[schema(value_type = Option<String>, example = "40")]
    contribution: Option<Number>,
    /// Whether awards may be spent there automatically; yes if not given.
    #[serde(default = "yes")]
    allows_automatic: bool,
    /// Whether what is spent at once is paid back later instead of being taken off at the till.
    #[serde(default)]
    pays_back: bool,
    /// How, if it pays back: `refund`, `credit_note` (if not given) or `voucher`.
    #[serde(default)]
    pays_back_by: Option<String>,
    /// Whether anything may be spent there; yes if not given.
    #[serde(default = "yes")]
    allows_spending: bool,
}

/// A product.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// Match key.
    #[schema(example = "BREAD-1")]
    code: String,
    /// Another code, such as the one printed in bars.
    #[serde(default)]
    alternative_code: Option<String>,
    /// Description.
    #[serde(default)]
    description: Option<String>,
    /// Type, by name.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// Brand, by name.
    #[serde(default)]
    brand: Option<String>,
    /// Family, by name.
    #[serde(default)]
    #[schema(example = "bakery")]
    family: Option<String>,
    /// Categories, by name.
    #[serde(default)]
    categories: Vec<String>,
    /// Further attributes.
    #[serde(default)]
    extra: BTreeMap<String, String>,
}

/// A promo code.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromoCode {
    /// The code; case does not matter.
    #[schema(example = "SPRING")]
    code: String,
    /// Whether it is effective; yes if not given.
    #[serde(default = "yes")]
    effective: bool,
    /// From when it holds; always if null.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "2026-04-01T00:00:00Z")]
    from: Option<Timestamp>,
    /// Until when; for ever if null.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Uses over all customers at most.
    #[serde(default)]
    uses_max: Option<i64>,
}

/// A tier.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierIo {
    /// What conditions call it.
    #[schema(example = "gold")]
    code: String,
    /// Name.
    #[schema(example = "Gold")]
    name: String,
    /// Colour, for shows.
    #[serde(default)]
    color: Option<String>,
    /// Value units from which it holds, inclusive.
    #[schema(value_type = String, example = "1000")]
    threshold: Number,
}

impl From<LimitIo> for LimitDocument {
    fn from(LimitIo { kind, per, unit, number, amount }: LimitIo) -> Self {
        Self { kind, per, unit, number, amount }
    }
}

impl From<LimitDocument> for LimitIo {
    fn from(LimitDocument { kind, per, unit, number, amount }: LimitDocument) -> Self {
        Self { kind, per, unit, number, amount }
    }
}

/// A limit of wallets.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Limit)]
pub(crate) struct LimitIo {
    /// `debit`, `credit` (by hand), `top_up` or `transfer`.
    kind: String,
    /// `day`, `week` (from Monday) or `month`, in the workspace's zone.
    per: String,
    /// `PTS` for points; the workspace's currency if not given.
    #[serde(default)]
    unit: Option<String>,
    /// How often at most.
    #[serde(default)]
    number: Option<i64>,
    /// How much at most, in minor units.
    #[serde(default)]
    amount: Option<i64>,
}

/// A rate of value-added tax.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VatRate)]
pub(crate) struct VatRateIo {
    /// What products call it.
    #[schema(example = "standard")]
    code: String,
    /// Percentage of the net amount.
    #[schema(value_type = String, example = "19")]
    percent: Number,
}

/// The store of one user or key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultUnit {
    /// The user or key.
    #[schema(example = "usr_01jq3v8k2m9ra")]
    of: String,
    /// The store that their tokens are made for.
    unit: String,
}

/// Settings of the tills. Amounts are minor units of the workspace's currency.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TillSettings {
    /// Stands in for products that are not known; such lines are refused if null.
    #[serde(default)]
    default_product: Option<String>,
    /// The store of tokens of users and keys that name none; the first store if null.
    #[serde(default)]
    default_unit: Option<String>,
    /// The stores of single users and keys.
    #[serde(default)]
    default_units: Vec<DefaultUnit>,
    /// The key (at least 32 bytes) with which the shop's identity service signs tokens of customers, HS256. It is never
    /// shown: null keeps the present one, an empty text removes it.
    #[serde(default)]
    identity_key: Option<String>,
    /// The least of one spend.
    #[serde(default)]
    minimum_spend: i64,
    /// The most of one spend; no limit if null.
    #[serde(default)]
    maximum_spend: Option<i64>,
    /// Minutes for which a hold lives; 15 if not given.
    #[serde(default)]
    hold_minutes: Option<i64>,
    /// Hours by which an offline sale may come late; 72 if not given.
    #[serde(default)]
    offline_hours: Option<i64>,
    /// Minutes by which a till's clock may be ahead; 5 if not given.
    #[serde(default)]
    future_minutes: Option<i64>,
    /// What a point is worth, in major units of the currency; points cannot pay if null.
    #[schema(value_type = Option<String>, example = "0.01")]
    point_value: Option<Number>,
    /// Whether an award that was spent before its purchase came back is forgiven instead of owed.
    #[serde(default)]
    forgives: bool,
    /// Limits of every wallet.
    #[serde(default)]
    limits: Vec<LimitIo>,
    /// Days of the rolling window of tiers; 365 if not given.
    #[serde(default)]
    tier_window_days: Option<i64>,
    /// Value units for a major unit of the currency; 1 if not given.
    #[schema(value_type = Option<String>, example = "1")]
    tier_rate: Option<Number>,
    /// Tiers.
    #[serde(default)]
    tiers: Vec<TierIo>,
    /// Rates of value-added tax for the till page, the usual one first. Products name them in `extra.vat_rate`.
    #[serde(default)]
    vat_rates: Vec<VatRateIo>,
    /// The local hour, 0 to 23, at which offers with `evaluation = "batch"` are evaluated; 2 if null.
    #[serde(default)]
    evaluation_hour: Option<i64>,
    /// What stands above every receipt of the till page: name, address, tax number of the shop.
    #[serde(default)]
    receipt_head: String,
    /// What stands below it.
    #[serde(default)]
    receipt_foot: String,
    /// Whether purchases are sales of commission plans, too, and who sold: the name of the `unit`, the code of the `terminal`, or what
    /// stands in `udf_string_1` to `udf_string_8`. Purchases from then on; null: none.
    #[serde(default)]
    #[schema(example = "udf_string_1")]
    sales_owner: Option<String>,
}

impl Travels for Scheme {
    type Document = SchemeDocument;
    const KIND: Kind = Kind::Scheme;

    fn document(self) -> Answered<SchemeDocument> {
        let Self { name, code, effective, automatic } = self;
        Ok(SchemeDocument { name, code, effective, automatic })
    }

    fn of(document: SchemeDocument) -> Self {
        let SchemeDocument { name, code, effective, automatic } = document;
        Self { name, code, effective, automatic }
    }
}

impl Travels for Unit {
    type Document = UnitDocument;
    const KIND: Kind = Kind::Unit;

    fn document(self) -> Answered<UnitDocument> {
        let Self { name, code, group, community, description, zone } = self;
        Ok(UnitDocument { name, code, group, community, description, zone })
    }

    fn of(document: UnitDocument) -> Self {
        let UnitDocument { name, code, group, community, description, zone } = document;
        Self { name, code, group, community, description, zone }
    }
}

impl Travels for Terminal {
    type Document = TerminalDocument;
    const KIND: Kind = Kind::Terminal;

    fn document(self) -> Answered<TerminalDocument> {
        Ok(TerminalDocument { code: self.code, unit: id_in(&self.unit, Kind::Unit, "unit")?.0 })
    }

    fn of(document: TerminalDocument) -> Self {
        Self { code: document.code, unit: Id(document.unit).text(Kind::Unit) }
    }
}

impl Travels for Merchant {
    type Document = MerchantDocument;
    const KIND: Kind = Kind::Merchant;

    fn document(self) -> Answered<MerchantDocument> {
        Ok(MerchantDocument {
            units: ids(&self.units, Kind::Unit, "units")?,
            schemes: ids(&self.schemes, Kind::Scheme, "schemes")?,
            contribution: self.contribution.map_or_else(|| "0".to_owned(), |number| number.0.to_string()),
            name: self.name,
            groups: self.groups,
            effective: self.effective,
            bars_own: self.bars_own,
            bars_others: self.bars_others,
            allows_automatic: self.allows_automatic,
            pays_back: self.pays_back,
            pays_back_by: self.pays_back_by.unwrap_or_else(|| MerchantDocument::default().pays_back_by),
            allows_spending: self.allows_spending,
        })
    }

    fn of(document: MerchantDocument) -> Self {
        Self {
            units: texts(&document.units, Kind::Unit),
            schemes: texts(&document.schemes, Kind::Scheme),
            contribution: document.contribution.parse().ok().map(Number),
            name: document.name,
            groups: document.groups,
            effective: document.effective,
            bars_own: document.bars_own,
            bars_others: document.bars_others,
            allows_automatic: document.allows_automatic,
            pays_back: document.pays_back,
            pays_back_by: Some(document.pays_back_by),
            allows_spending: document.allows_spending,
        }
    }
}

impl Travels for Product {
    type Document = ProductDocument;
    const KIND: Kind = Kind::Product;

    fn document(self) -> Answered<ProductDocument> {
        let Self { code, alternative_code, description, kind, brand, family, categories, extra } = self;
        Ok(ProductDocument { code, alternative_code, description, kind, brand, family, categories, extra })
    }

    fn of(document: ProductDocument) -> Self {
        let ProductDocument { code, alternative_code, description, kind, brand, family, categories, extra } = document;
        Self { code, alternative_code, description, kind, brand, family, categories, extra }
    }
}

impl Travels for PromoCode {
    type Document = PromoCodeDocument;
    const KIND: Kind = Kind::PromoCode;

    fn document(self) -> Answered<PromoCodeDocument> {
        let us = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
        let Self { code, effective, from, until, uses_max } = self;
        Ok(PromoCodeDocument { code, effective, from_us: us(from), until_us: us(until), uses_max })
    }

    fn of(document: PromoCodeDocument) -> Self {
        let at = |us: Option<i64>| us.and_then(|us| Timestamp::from_microsecond(us).ok());
        let PromoCodeDocument { code, effective, from_us, until_us, uses_max } = document;
        Self { code, effective, from: at(from_us), until: at(until_us), uses_max }
    }
}

fn settings_in(given: TillSettings) -> Answered<TillSettingsDocument> {
    let usual = TillSettingsDocument::default();
    let default_product = given.default_product.as_deref().map(|text| id_in(text, Kind::Product, "default_product")).transpose()?;
    let default_unit = given.default_unit.as_deref().map(|text| id_in(text, Kind::Unit, "default_unit")).transpose()?;
    let mut default_units = BTreeMap::new();
    for DefaultUnit { of, unit } in &given.default_units {
        if Id::parse(of, Kind::User).is_err() {
            id_in(of, Kind::Key, "default_units")?;
        }
        default_units.insert(of.clone(), id_in(unit, Kind::Unit, "default_units")?.0);
    }
    let tier = |tier: TierIo| {
        let TierIo { code, name, color, threshold } = tier;
        TierDocument { code, name, color, threshold: threshold.0.to_string() }
    };
    Ok(TillSettingsDocument {
        default_product: default_product.map(|id| id.0),
        default_unit: default_unit.map(|id| id.0),
        default_units,
        identity_key: None,
        minimum_spend: given.minimum_spend,
        maximum_spend: given.maximum_spend,
        hold_minutes: given.hold_minutes.unwrap_or(usual.hold_minutes),
        offline_hours: given.offline_hours.unwrap_or(usual.offline_hours),
        future_minutes: given.future_minutes.unwrap_or(usual.future_minutes),
        point_value: given.point_value.map(|number| number.0.to_string()),
        forgives: given.forgives,
        limits: given.limits.into_iter().map(LimitDocument::from).collect(),
        tier_window_days: given.tier_window_days.unwrap_or(usual.tier_window_days),
        tier_rate: given.tier_rate.map_or(usual.tier_rate, |number| number.0.to_string()),
        tiers: given.tiers.into_iter().map(tier).collect(),
        vat_rates: given
            .vat_rates
            .into_iter()
            .map(|rate| VatRateDocument { code: rate.code, percent: rate.percent.0.to_string() })
            .collect(),
        evaluation_hour: given.evaluation_hour.unwrap_or(usual.evaluation_hour),
        receipt_head: given.receipt_head,
        receipt_foot: given.receipt_foot,
        sales_owner: given.sales_owner,
    })
}

fn settings_out(document: TillSettingsDocument) -> TillSettings {
    let number = |text: &str| Number(text.parse().unwrap_or_default());
    let default_unit = |(of, unit): (String, i64)| DefaultUnit { of, unit: Id(unit).text(Kind::Unit) };
    let tier = |tier: TierDocument| {
        let TierDocument { code, name, color, threshold } = tier;
        TierIo { code, name, color, threshold: number(&threshold) }
    };
    TillSettings {
        default_product: document.default_product.map(|id| Id(id).text(Kind::Product)),
        default_unit: document.default_unit.map(|id| Id(id).text(Kind::Unit)),
        default_units: document.default_units.into_iter().map(default_unit).collect(),
        identity_key: None,
        minimum_spend: document.minimum_spend,
        maximum_spend: document.maximum_spend,
        hold_minutes: Some(document.hold_minutes),
        offline_hours: Some(document.offline_hours),
        future_minutes: Some(document.future_minutes),
        point_value: document.point_value.as_deref().map(number),
        forgives: document.forgives,
        limits: document.limits.into_iter().map(LimitIo::from).collect(),
        tier_window_days: Some(document.tier_window_days),
        tier_rate: Some(number(&document.tier_rate)),
        tiers: document.tiers.into_iter().map(tier).collect(),
        vat_rates: document.vat_rates.into_iter().map(|rate| VatRateIo { percent: number(&rate.percent), code: rate.code }).collect(),
        evaluation_hour: Some(document.evaluation_hour),
        receipt_head: document.receipt_head,
        receipt_foot: document.receipt_foot,
        sales_owner: document.sales_owner,
    }
}

/// Get the settings of the tills
///
/// Limits of spends, the life of holds, tiers. Needs the scope `read`, `sales` or `plans`.
#[utoipa::path(
    get, path = "/till_settings", tag = "Tills", operation_id = "getTillSettings",
    responses((status = 200, description = "The settings", body = TillSettings), Refusals),
)]
pub(crate) async fn settings(State(state): State<ServerState>, Caller(ctx): Caller) -> Answered<Response> {
    Ok(json(StatusCode::OK, &settings_out(records::till_settings(&state.app, &ctx).await?)))
}

/// Change the settings of the tills
///
/// Replaces them. Needs the scope `plans`. Purchases that were made stay as they are.
#[utoipa::path(
    put, path = "/till_settings", tag = "Tills", operation_id = "putTillSettings",
    request_body(content = TillSettings, example = json!({"minimum_spend": 100, "hold_minutes": 15, "tier_window_days": 365, "tiers": [{"code": "gold", "name": "Gold", "threshold": "1000"}]})),
    responses((status = 200, description = "The settings", body = TillSettings), Refusals),
)]
pub(crate) async fn put_settings(
    State(state): State<ServerState>,
    Caller(ctx): Caller,
    Json(body): Json<TillSettings>,
) -> Answered<Response> {
    let identity_key = body.identity_key.clone();
    records::put_till_settings(&state.app, &ctx, settings_in(body)?, identity_key.as_deref()).await?;
    settings(State(state), Caller(ctx)).await
}

/// The five routes of a kind of document.
macro_rules! kept_routes {
    (
        $module:ident, $type:ident, $kind:ident, $what:literal, $path:literal, $one:literal,
        $list_id:literal, $create_id:literal, $get_id:literal, $put_id:literal, $remove_id:literal, $example:tt
    ) => {
        #[doc = concat!("Routes of ", $what, "s.")]
        pub(crate) mod $module {
            use axum::extract::{Path, State};
            use axum::http::StatusCode;
            use axum::response::Response;
            use meed_app::loyalty::records;
            use meed_core::id::Kind;

            use super::{$type, Stored, Travels};
            use crate::ServerState;
            use crate::api::answer::{Page, PageParams, json, no_content, page, page_of};
            use crate::api::openapi::Refusals;
            use crate::api::problem::Answered;
            use crate::api::request::{Caller, Json, Params, id_of};

            type Document = <$type as Travels>::Document;

            #[doc = concat!("Lists ", $what, "s.")]
            #[utoipa::path(
                get, path = $path, tag = "Tills", operation_id = $list_id,
                summary = concat!("List ", $what, "s"), description = "In the order in which they were made. Needs the scope `read`, `sales` or `plans`.", params(PageParams),
                responses((status = 200, description = "A page of them", body = Page<Stored<$type>>), Refusals),
            )]
            pub(crate) async fn index(State(state): State<ServerState>, Caller(ctx): Caller, Params(params): Params<PageParams>) -> Answered<Response> {
                let all = records::list::<Document>(&state.app, &ctx).await?;
                let (rows, next) = page_of(all, &params, |entry| entry.id)?;
                page(rows.into_iter().map(Stored::<$type>::of).collect(), next, params.fields.as_deref())
            }

            #[doc = concat!("Makes a ", $what, ".")]
            #[utoipa::path(
                post, path = $path, tag = "Tills", operation_id = $create_id,
                summary = concat!("Make a ", $what, ""), description = "Needs the scope `plans`. A second one under the same name or code is refused.",
                request_body(content = $type, example = json!($example)),
                responses((status = 201, description = "It was made", body = Stored<$type>), Refusals),
            )]
            pub(crate) async fn create(State(state): State<ServerState>, Caller(ctx): Caller, Json(body): Json<$type>) -> Answered<Response> {
                let id = records::put(&state.app, &ctx, None, &body.document()?).await?;
                let entry = records::get::<Document>(&state.app, &ctx, id).await?;
                Ok(json(StatusCode::CREATED, &Stored::<$type>::of(entry)))
            }

            #[doc = concat!("Answers a ", $what, ".")]
            #[utoipa::path(
                get, path = $one, tag = "Tills", operation_id = $get_id,
                summary = concat!("Get a ", $what, ""), description = "Needs the scope `read`, `sales` or `plans`.", params(("id" = String, Path, description = "Its id")),
                responses((status = 200, description = "It", body = Stored<$type>), Refusals),
            )]
            pub(crate) async fn show(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
                let entry = records::get::<Document>(&state.app, &ctx, id_of(&id, Kind::$kind, $what)?).await?;
                Ok(json(StatusCode::OK, &Stored::<$type>::of(entry)))
            }

            #[doc = concat!("Changes a ", $what, ".")]
            #[utoipa::path(
                put, path = $one, tag = "Tills", operation_id = $put_id,
                summary = concat!("Change a ", $what, ""), description = "Replaces it. Needs the scope `plans`.", params(("id" = String, Path, description = "Its id")),
                request_body(content = $type, example = json!($example)),
                responses((status = 200, description = "It was changed", body = Stored<$type>), Refusals),
            )]
            pub(crate) async fn put(
                State(state): State<ServerState>,
                Caller(ctx): Caller,
                Path(id): Path<String>,
                Json(body): Json<$type>,
            ) -> Answered<Response> {
                let id = id_of(&id, Kind::$kind, $what)?;
                records::put(&state.app, &ctx, Some(id), &body.document()?).await?;
                let entry = records::get::<Document>(&state.app, &ctx, id).await?;
                Ok(json(StatusCode::OK, &Stored::<$type>::of(entry)))
            }

            #[doc = concat!("Removes a ", $what, ".")]
            #[utoipa::path(
                delete, path = $one, tag = "Tills", operation_id = $remove_id,
                summary = concat!("Remove a ", $what, ""), description = "Needs the scope `plans`. What was recorded with it stays.", params(("id" = String, Path, description = "Its id")),
                responses((status = 204, description = "It was removed"), Refusals),
            )]
            pub(crate) async fn remove(State(state): State<ServerState>, Caller(ctx): Caller, Path(id): Path<String>) -> Answered<Response> {
                records::remove::<Document>(&state.app, &ctx, id_of(&id, Kind::$kind, $what)?).await?;
                Ok(no_content())
            }
        }
    };
}

kept_routes!(schemes, Scheme, Scheme, "scheme", "/schemes", "/schemes/{id}",
    "listSchemes", "createScheme", "getScheme", "putScheme", "removeScheme", {"name": "Club", "code": "club"});
kept_routes!(units, Unit, Unit, "unit", "/units", "/units/{id}",
    "listUnits", "createUnit", "getUnit", "putUnit", "removeUnit", {"name": "High Street", "code": "high"});
kept_routes!(terminals, Terminal, Terminal, "terminal", "/terminals", "/terminals/{id}",
    "listTerminals", "createTerminal", "getTerminal", "putTerminal", "removeTerminal", {"code": "T-1", "unit": "unit_01jq3v8k2m9ra"});
kept_routes!(merchants, Merchant, Merchant, "merchant", "/merchants", "/merchants/{id}",
    "listMerchants", "createMerchant", "getMerchant", "putMerchant", "removeMerchant", {"name": "Corner Ltd", "contribution": "40"});
kept_routes!(products, Product, Product, "product", "/products", "/products/{id}",
    "listProducts", "createProduct", "getProduct", "putProduct", "removeProduct", {"code": "BREAD-1", "family": "bakery"});
kept_routes!(promo_codes, PromoCode, PromoCode, "promo code", "/promo_codes", "/promo_codes/{id}",
    "listPromoCodes", "createPromoCode", "getPromoCode", "putPromoCode", "removePromoCode", {"code": "SPRING", "uses_max": 100});
