//! The REST twins of purchases (`pos-loyalty.md` §5.9): one key in a header, no token.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use meed_app::Context;
use meed_app::access::tokens;
use meed_app::loyalty::purchases::{self, PurchaseInput};
use meed_app::loyalty::{TillConfig, Who};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{Basket, Line};
use serde::Deserialize;

use super::call::read;
use super::failure::{Answered, Failure};
use super::out::{Out, Wanted, hex, money, number, object};
use super::place::{Place, config, line_of, with_config};
use super::purchase_in::Asked;
use super::purchase_out::purchase as purchase_out;
use super::values::{Identifier, Truth, amount, parse_id};
use crate::ServerState;
use crate::api::answer;
use crate::api::idempotency::again;
use crate::api::request::{idempotency_key, parse};
use crate::api::wire::{LooseText, Number};

/// What `POST /purchases` and `ad_hoc_return` take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    id: Option<String>,
    contact_id: Option<LooseText>,
    cim: Option<LooseText>,
    reference_number: Option<LooseText>,
    classification: Option<Identifier>,
    currency_code: Option<String>,
    payment_medium_identifier: Option<LooseText>,
    #[serde(alias = "date")]
    performed_on: Option<Number>,
    merchant_tap: Option<Identifier>,
    outlet_tap: Option<Identifier>,
    products: Option<Vec<Product>>,
    spend_request: Option<Spend>,
    amount: Option<Number>,
    return_amount: Option<Number>,
    return_spent_amount: Option<Number>,
    token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Product {
    id: Option<LooseText>,
    code: Option<LooseText>,
    quantity: Option<Number>,
    net_amount: Option<Number>,
    #[serde(alias = "tax_amount")]
    vat_amount: Option<Number>,
    total_amount: Option<Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Spend {
    #[serde(alias = "spend_amount")]
    amount: Option<Number>,
    all_or_nothing: Option<Truth>,
}

/// The caller, by the header `api_key`, by a token in the body or as bearer, and what they sent.
async fn caller(state: &ServerState, request: Request) -> Answered<(Context, Parameters, Option<String>)> {
    let (headers, bytes) = read(request, state).await?;
    let key = idempotency_key(&headers)?.map(str::to_owned);
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let given = if bytes.iter().all(u8::is_ascii_whitespace) { Ok(Parameters::default()) } else { parse::<Parameters>(&bytes) };
    let context = if let Some(secret) = text("api_key") {
        tokens::of_key(&state.app, secret).await?
    } else {
        let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let inside = given.as_ref().ok().and_then(|given| given.token.as_deref());
        let bearer = tokens::check(&state.app, inside.or(bearer).unwrap_or_default()).await?;
        if bearer.contact.is_some() {
            return Err(Failure::denied());
        }
        (*bearer.context).clone()
    };
    Ok((context, given?, key))
}

impl Product {
    fn line(&self, config: &TillConfig, place: usize) -> Answered<Line> {
        let field = |name: &str| format!("products[{place}].{name}");
        let named = match (&self.id, &self.code) {
            (Some(id), None) => Some(Identifier::of("id", &id.0)),
            (None, Some(code)) => Some(Identifier::of("code", &code.0)),
            (None, None) => None,
            _ => return Err(Failure::conflict(&field("code"), "exactly one of id and code names the product")),
        };
        let must = |number: Option<Number>, name: &str| match number {
            Some(number) => amount(number, config.currency, &field(name)),
            None => Err(Failure::missing(&field(name))),
        };
        let line = line_of(config, named.as_ref(), &field("code"))?;
        let quantity = self.quantity.map_or(line.quantity, |number| number.0.normalize());
        let (net, vat) = (must(self.net_amount, "net_amount")?, must(self.vat_amount, "vat_amount")?);
        Ok(Line { quantity, net, vat, total: must(self.total_amount, "total_amount")?, ..line })
    }
}

impl Parameters {
    fn who(&self) -> Answered<Who> {
        match (&self.contact_id, &self.cim) {
            (Some(id), None) => parse_id(&id.0).map(Who::Id).ok_or_else(|| Failure::unknown("contact_id", "contact")),
            (None, Some(code)) => Ok(Who::Code(code.0.clone())),
            _ => Err(Failure::conflict("contact_id", "exactly one of contact_id and cim names the customer")),
        }
    }

    /// `kind` keeps the references of purchases and returns apart.
    fn input(&self, config: &TillConfig, kind: &str, now: Timestamp) -> Answered<PurchaseInput> {
        let who = self.who()?;
        let terminal = match (&self.merchant_tap, &self.outlet_tap) {
            (Some(one), None) | (None, Some(one)) => Some(one),
            _ => return Err(Failure::conflict("merchant_tap", "exactly one of merchant_tap and outlet_tap names the terminal")),
        };
        let (unit, terminal) = Place { terminal, ..Place::default() }.find(config)?;
        let at = match self.performed_on {
            None => now,
            Some(number) => {
                let text = number.0.normalize();
                let seconds = if text.scale() == 0 { i64::try_from(text.mantissa()).ok() } else { None };
                let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
                at.ok_or_else(|| Failure::invalid("performed_on", "this is a time in seconds since 1970"))?
            }
        };
        let reference = self.reference_number.as_ref().map(|text| text.0.trim().to_owned()).filter(|text| !text.is_empty());
        let reference = reference.ok_or_else(|| Failure::missing("reference_number"))?;
        if self.currency_code.as_ref().is_some_and(|code| !code.eq_ignore_ascii_case(config.currency.code())) {
            return Err(Failure::new("CURRENCY_MISMATCH", format!("this unit sells in {}", config.currency)).at("currency_code"));
        }
        let classification = super::purchase_in::class_of(config, self.classification.as_ref(), "classification", Some("purchase"))?;
        let spend = match &self.spend_request {
            None => None,
            Some(spend) => {
                let (amount, all_or_nothing) = (spend.amount, spend.all_or_nothing);
                Some(Asked { amount, all_or_nothing, field: "spend_request.amount", ..Asked::default() }.ask(config)?)
            }
        };
        let identity = identity(kind, self.id.as_deref().unwrap_or(&reference));
        Ok(PurchaseInput {
            who,
            basket: Basket {
                at,
                unit,
                terminal,
                lines: Vec::new(),
                reference,
                system: None,
                system_reference: self.id.clone(),
                classification,
                payment_brand: None,
                payment_type: None,
                payment_medium: self.payment_medium_identifier.as_ref().map(|text| text.0.clone()),
                promo_code: None,
                description: None,
                extra: std::collections::BTreeMap::new(),
            },
            source: Id(0),
            identity: Some(identity),
            spend,
            is_offline: false,
            price_token: None,
            is_undated: self.performed_on.is_none(),
        })
    }

    fn lines(&self, config: &TillConfig) -> Answered<Vec<Line>> {
        let lines = self.products.as_deref().unwrap_or_default();
        if lines.is_empty() {
            return Err(Failure::missing("products"));
        }
        lines.iter().enumerate().map(|(place, line)| line.line(config, place)).collect()
    }

    fn only_for_returns(&self) -> Answered<()> {
        let given = [("amount", self.amount), ("return_amount", self.return_amount), ("return_spent_amount", self.return_spent_amount)];
        match given.into_iter().find(|(_, number)| number.is_some()) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::new("PARAMETER_UNKNOWN", "this belongs to returns").at(name)),
        }
    }
}

/// How references of purchases and of returns are kept apart. A GUID is the same in every way of writing it.
fn identity(kind: &str, reference: &str) -> String {
    let plain = reference.replace('-', "").to_uppercase();
    let is_guid = plain.len() == 32 && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    format!("{kind}\n{}", if is_guid { &plain } else { reference })
}

/// The answer in the envelope of every other method, and once more beside it: these twins are read without one, too.
fn both(data: Out) -> Response {
    let status = object! {"code": "OK", "message": Option::<String>::None, "description": Option::<String>::None};
    let beside = if let Out::Object(fields) = &data { fields.clone() } else { Vec::new() };
    answer::json(StatusCode::OK, &object! {"status": status, "data": data}.with(beside))
}

/// Shows the caller's own id of a purchase instead of Meed's.
fn named(data: Out, id: Option<String>) -> Out {
    match (data, id) {
        (Out::Object(mut fields), Some(id)) => {
            fields.iter_mut().filter(|(name, _)| *name == "id").for_each(|(_, value)| *value = Out::Text(id.clone()));
            Out::Object(fields)
        }
        (data, _) => data,
    }
}

/// `POST /purchases`.
pub(super) async fn create(State(state): State<ServerState>, request: Request) -> Answered<Response> {
    let (ctx, given, _) = caller(&state, request).await?;
    given.only_for_returns()?;
    let now = state.app.now();
    let (input, config) = with_config(&state, ctx.workspace, |config| {
        let mut input = given.input(config, "rest", now)?;
        input.basket.lines = given.lines(config)?;
        Ok(input)
    })
    .await?;
    let view = purchases::create(&state.app, &ctx, input).await?;
    let out = named(purchase_out(&view, &config, Some(view.done.balances), &Wanted::All), given.id.clone());
    Ok(again(both(out), view.done.is_replayed))
}

/// `POST /purchases/{id}/cancel`.
pub(super) async fn cancel(State(state): State<ServerState>, Path(id): Path<String>, request: Request) -> Answered<Response> {
    let (ctx, _, key) = caller(&state, request).await?;
    let by_number = || Id::parse(&format!("{}_{}", Kind::Purchase.prefix(), id.to_lowercase()), Kind::Purchase).ok();
    // The caller's own id goes first: it is what they were answered.
    let found = match purchases::by_identity(&state.app, &ctx, Id(0), &identity("rest", &id)).await? {
        Some(found) => found,
        None => parse_id(&id).or_else(by_number).ok_or_else(|| Failure::unknown("id", "purchase"))?,
    };
    let done = purchases::cancel(&state.app, &ctx, found, None, key.as_deref()).await?;
    Ok(again(both(object! {"id": id}), done.is_replayed))
}

/// `POST /purchases/ad_hoc_return`: the wallet is debited, and no purchase is cancelled.
pub(super) async fn ad_hoc_return(State(state): State<ServerState>, request: Request) -> Answered<Response> {
    let (ctx, given, _) = caller(&state, request).await?;
    let now = state.app.now();
    let minor =
        |number: Option<Number>, config: &TillConfig, field: &str| number.map(|number| amount(number, config.currency, field)).transpose();
    let ((input, debit, spent), _) = with_config(&state, ctx.workspace, |config| {
        let mut input = given.input(config, "ad-hoc", now)?;
        input.basket.lines = match (&given.products, minor(given.return_amount, config, "return_amount")?) {
            (Some(_), None) => given.lines(config)?,
            // Where only the debit is known, the goods are taken to be worth it.
            (None, total) if total.or(given.amount.map(|_| 0)).is_some() => {
                let total = match total {
                    Some(total) => total,
                    None => minor(given.amount, config, "amount")?.unwrap_or_default(),
                };
                let product = meed_core::loyalty::Product::default();
                vec![Line { net: total, total, ..product.line() }]
            }
            _ => {
                return Err(Failure::conflict(
                    "products",
                    "exactly one of products and return_amount says what came back; or amount alone, what is debited",
                ));
            }
        };
        let spent = minor(given.return_spent_amount, config, "return_spent_amount")?.unwrap_or_default();
        Ok((input, minor(given.amount, config, "amount")?, spent))
    })
    .await?;
    let done = purchases::ad_hoc_return(&state.app, &ctx, input, debit, spent).await?;
    let config = config(&state, ctx.workspace).await?;
    let money = |minor| money(minor, config.currency);
    let debited = done.body.lines.first().map_or(0, |(_, (amount, _))| *amount);
    let out = object! {
        "id": hex(done.id),
        "number": number(done.id, Kind::Purchase),
        "date": done.at_us.div_euclid(1_000_000),
        "amount": money(debited),
        "return_amount": money(done.body.paid_back),
        "return_spent_amount": money(done.body.given_back),
        "reference_number": done.body.note.clone(),
        "wallet_balance": money(done.body.balance),
    };
    Ok(again(both(out), done.is_replayed))
}
