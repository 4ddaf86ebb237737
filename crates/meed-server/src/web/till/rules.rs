//! Rules of the tills: how long holds live, how late sales may come, what a point is worth, limits of every wallet, who vouches for
//! tills.

use axum::extract::State;
use meed_app::loyalty::{LimitDocument, TillConfig, TillSettingsDocument, records};
use meed_core::id::{Id, Kind};
use meed_core::money::{Amount as Exactly, Unit};

use super::basket::{Wrong, amount, decimal, errors, wrong};
use super::hands::{LIMIT_KINDS, LIMIT_PERIODS, choices};
use super::tiers::ROOM;
use crate::ServerState;
use crate::pages::till::{LimitFields, TillRulesPage};
use crate::pages::{Choice, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted};
use crate::web::visit::Visit;

/// Fields of one text each, in the order of the page.
const FIELDS: [&str; 5] = ["hold_minutes", "offline_hours", "future_minutes", "point_value", "default_product"];

/// `GET /till/rules`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&rules_page(&state, &visit, None, FormErrors::none()).await?)
}

async fn rules_page(state: &ServerState, visit: &Visit, form: Option<&Fields>, errors: FormErrors) -> Result<TillRulesPage, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let settings = records::till_settings(&state.app, &visit.ctx).await?;
    let mut limits = form.map_or_else(|| kept(&settings, &config), sent);
    limits.extend((0..ROOM).map(|_| Default::default()));
    let chosen = form.map_or(settings.default_unit.map(Id), |form| form.id("default_unit", Kind::Unit).ok().flatten());
    let stores = super::basket::units(&config, chosen);
    let currency = config.currency.code();
    let fields = |[kind, per, unit, number, amount]: [String; 5]| LimitFields {
        kinds: choices(&LIMIT_KINDS, &kind),
        periods: choices(&LIMIT_PERIODS, &per),
        units: vec![Choice::new("", currency, unit.is_empty()), Choice::new("PTS", "points", unit == "PTS")],
        typed: [number, amount],
    };
    Ok(TillRulesPage {
        chrome: visit.chrome(Nav::Till),
        typed: form.map_or_else(|| shown(&settings, &config), |form| FIELDS.map(|field| form.text(field).to_owned())),
        forgives: form.map_or(settings.forgives, |form| form.text("forgives") == "yes"),
        stores: std::iter::once(Choice::new("", "none", chosen.is_none())).chain(stores).collect(),
        limits: limits.into_iter().map(fields).collect(),
        has_identity_key: settings.identity_key.is_some(),
        currency: currency.to_owned(),
        errors,
    })
}

/// What stands in the fields of one text.
fn shown(settings: &TillSettingsDocument, config: &TillConfig) -> [String; 5] {
    let product = settings.default_product.and_then(|id| config.products.get(Id(id)));
    [
        settings.hold_minutes.to_string(),
        settings.offline_hours.to_string(),
        settings.future_minutes.to_string(),
        settings.point_value.clone().unwrap_or_default(),
        product.map(|product| product.code.clone()).unwrap_or_default(),
    ]
}

/// Kind, period, unit, number and amount of each limit.
fn kept(settings: &TillSettingsDocument, config: &TillConfig) -> Vec<[String; 5]> {
    let row = |limit: &LimitDocument| {
        let unit = limit_unit(config, limit.unit.as_deref().unwrap_or_default());
        let amount = limit.amount.map(|minor| Exactly { minor, unit }.to_string());
        let amount = amount.and_then(|text| text.split_whitespace().next().map(str::to_owned));
        let unit = if unit == config.currency { String::new() } else { unit.code().to_owned() };
        let number = limit.number.map(|number| number.to_string());
        [limit.kind.clone(), limit.per.clone(), unit, number.unwrap_or_default(), amount.unwrap_or_default()]
    };
    settings.limits.iter().map(row).collect()
}

fn limit_unit(config: &TillConfig, text: &str) -> Unit {
    text.parse().unwrap_or(config.currency)
}

/// The rows that limit anything.
fn sent(form: &Fields) -> Vec<[String; 5]> {
    let rows = form.numbered("limit_kind").into_iter();
    let row = |(at, _): (usize, &str)| {
        ["kind", "per", "unit", "number", "amount"].map(|field| form.text(&format!("limit_{field}{at}")).to_owned())
    };
    rows.map(row).filter(|[.., number, amount]| !number.is_empty() || !amount.is_empty()).collect()
}

/// The settings as typed, on top of those that the form does not show.
fn read(form: &Fields, config: &TillConfig, present: TillSettingsDocument) -> Result<TillSettingsDocument, Wrong> {
    let whole = |field: &str| form.text(field).parse::<i64>().map_err(|_| wrong(field, "Write a whole number."));
    let mut limits = Vec::new();
    for (at, [kind, per, unit, number, most]) in sent(form).into_iter().enumerate() {
        let (number_field, amount_field) = (format!("limit_number{at}"), format!("limit_amount{at}"));
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let number = filled(number).map(|text| text.parse().map_err(|_| wrong(&number_field, "Write a whole number."))).transpose()?;
        let most = filled(most).map(|text| amount(&text, limit_unit(config, &unit), &amount_field)).transpose()?;
        limits.push(LimitDocument { kind, per, unit: filled(unit), number, amount: most });
    }
    let [.., kept_product] = shown(&present, config);
    let default_product = match form.filled("default_product") {
        // One that is gone is shown as none.
        _ if form.text("default_product") == kept_product => present.default_product,
        None => None,
        Some(code) => {
            let product = config.products.by_code(code).ok_or_else(|| wrong("default_product", "No product has this code."))?;
            Some(product.id.0)
        }
    };
    let value = |text: &str| decimal(text).map_or_else(|| text.to_owned(), |value| value.normalize().to_string());
    Ok(TillSettingsDocument {
        hold_minutes: whole("hold_minutes")?,
        offline_hours: whole("offline_hours")?,
        future_minutes: whole("future_minutes")?,
        point_value: form.filled("point_value").map(value),
        default_product,
        default_unit: form.id("default_unit", Kind::Unit).map_err(|_| wrong("default_unit", "Choose a store."))?.map(|id| id.0),
        forgives: form.text("forgives") == "yes",
        limits,
        ..present
    })
}

/// `POST /till/rules`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = app.fresh_till_config(ctx.workspace).await?;
    let present = records::till_settings(app, ctx).await?;
    let again = async |errors| form_page(&rules_page(&state, &visit, Some(&form), errors).await?);
    let document = match read(&form, &config, present) {
        Ok(document) => document,
        Err(wrong) => return again(errors(wrong)).await,
    };
    let identity_key = if form.text("identity_key_gone") == "yes" { Some("") } else { form.filled("identity_key") };
    match records::put_till_settings(app, ctx, document, identity_key).await {
        Ok(()) => Ok(flash::see_other(&state, "/till/rules", Tone::Good, "The rules are saved. They hold from now on.")),
        Err(error) => {
            let own = FIELDS.into_iter().chain(["default_unit", "identity_key"]).map(|field| (field, field));
            let names: Vec<(&str, &str)> = own.chain([("limits", "limit_amount0"), ("number", "limit_number0")]).collect();
            again(form_errors(error, &names)?).await
        }
    }
}
