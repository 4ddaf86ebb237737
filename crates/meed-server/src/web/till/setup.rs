//! Opening a shop from its till, and the settings of the till.

use axum::extract::State;
use meed_app::loyalty::{SchemeDocument, TillConfig, TillSettingsDocument, UnitDocument, VatRateDocument, offers, records};
use meed_core::money::{Exact, Minor};

use super::basket::{Wrong, amount, decimal, errors, wrong};
use super::removal::code_of;
use super::stores::put_store;
use crate::ServerState;
use crate::pages::till::TillSettingsPage;
use crate::pages::{Choice, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page, see_other};
use crate::web::flash;
use crate::web::form::{Fields, Posted};
use crate::web::shown::money;
use crate::web::visit::Visit;

/// Rates of tax that the form has room for.
const RATES: usize = 4;

async fn add_unit(state: &ServerState, visit: &Visit, name: &str) -> Result<(), FormErrors> {
    let code = Some(code_of(name)).filter(|code| !code.is_empty()).unwrap_or_else(|| "store".to_owned());
    let unit = UnitDocument { name: name.to_owned(), code, ..UnitDocument::default() };
    let saved = put_store(state, visit, None, &unit).await;
    let errors = saved.unwrap_or_else(|trouble| Err(FormErrors::one("", &crate::web::answer::sentence(&trouble.text))));
    // The form has one field for all of a store.
    errors.map(|_| ()).map_err(|errors| FormErrors(errors.0.into_iter().map(|(_, text)| ("unit_name".to_owned(), text)).collect()))
}

/// `POST /till/set-up`: a store, and what the till needs to reward its customers.
pub(in crate::web) async fn begin(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = app.fresh_till_config(ctx.workspace).await?;
    let name = form.text("unit_name");
    let percent = match form.filled("percent").map(decimal) {
        None => None,
        Some(Some(percent)) if percent > Exact::ZERO && percent <= Exact::ONE_HUNDRED => Some(percent.normalize()),
        Some(_) => return Ok(refused(&state, "Customers get back above 0 and up to 100 per cent.")),
    };
    if name.is_empty() {
        return Ok(refused(&state, "A store needs a name."));
    }
    let scheme = config.schemes.values().next().map(|scheme| scheme.code.clone());
    if scheme.is_none() {
        let club = SchemeDocument { name: "Club".to_owned(), code: "club".to_owned(), ..SchemeDocument::default() };
        records::put(app, ctx, None, &club).await?;
    }
    if let (Some(percent), None) = (percent, config.offers.iter().next()) {
        let scheme = scheme.unwrap_or_else(|| "club".to_owned());
        let text = format!("kind = \"reward\"\nname = \"{percent} % back\"\nscheme = \"{scheme}\"\n\n[award]\npercent = \"{percent}%\"\n");
        offers::apply(app, ctx, &text, "").await?;
    }
    // The store last: with it the shop is open.
    match add_unit(&state, &visit, name).await {
        Ok(()) => Ok(flash::see_other(&state, "/till", Tone::Good, "The till is open.")),
        Err(errors) => Ok(refused(&state, errors.0.first().map_or("", |(_, text)| text))),
    }
}

fn refused(state: &ServerState, text: &str) -> axum::response::Response {
    let mut response = see_other("/till");
    flash::put(state, &mut response, Tone::Bad, text, None);
    response
}

/// `GET /till/settings`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&settings_page(&state, &visit, None, FormErrors::none()).await?)
}

async fn settings_page(state: &ServerState, visit: &Visit, form: Option<&Fields>, errors: FormErrors) -> Result<TillSettingsPage, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let settings = &config.settings;
    let settings_document = records::till_settings(&state.app, &visit.ctx).await?;
    let typed = |field: &str, kept: String| form.map_or(kept, |form| form.raw(field).to_owned());
    let shown = |minor: Minor| money(minor, config.currency).plain().to_owned();
    let rate = |at: usize| {
        let kept = settings.vat_rates.get(at).map(|rate| (rate.code.clone(), rate.percent.normalize().to_string())).unwrap_or_default();
        (typed(&format!("vat_code{at}"), kept.0), typed(&format!("vat_percent{at}"), kept.1))
    };
    Ok(TillSettingsPage {
        chrome: visit.chrome(Nav::Till),
        units: config.units.values().map(|unit| (unit.name.clone(), unit.code.clone())).collect(),
        vat_rates: (0..RATES.max(settings.vat_rates.len() + 1)).map(rate).collect(),
        receipt: [typed("receipt_head", settings.receipt_head.clone()), typed("receipt_foot", settings.receipt_foot.clone())],
        limits: [
            typed("minimum_spend", if settings.minimum_spend > 0 { shown(settings.minimum_spend) } else { String::new() }),
            typed("maximum_spend", settings.maximum_spend.map(shown).unwrap_or_default()),
        ],
        evaluation_hour: typed("evaluation_hour", settings.evaluation_hour.to_string()),
        unit_name: typed("unit_name", String::new()),
        sales_owners: owners(form.map_or(settings_document.sales_owner.as_deref(), |form| form.filled("sales_owner"))),
        currency: config.currency.code().to_owned(),
        errors,
    })
}

/// Whether purchases are sales of commission plans, and who sold.
fn owners(chosen: Option<&str>) -> Vec<Choice> {
    let mut all = vec![
        Choice::new("", "no", chosen.is_none()),
        Choice::new("unit", "yes, sold by the store", chosen == Some("unit")),
        Choice::new("terminal", "yes, sold by the terminal", chosen == Some("terminal")),
    ];
    for number in 1..=8 {
        let field = format!("udf_string_{number}");
        all.push(Choice::new(&field, &format!("yes, sold by whoever stands in {field}"), chosen == Some(&*field)));
    }
    all
}

/// The settings as typed, on top of those that the form does not show.
fn read(form: &Fields, config: &TillConfig, present: TillSettingsDocument) -> Result<TillSettingsDocument, Wrong> {
    let mut vat_rates = Vec::new();
    for (at, code) in form.numbered("vat_code") {
        let field = format!("vat_percent{at}");
        let (code, percent) = (code.trim(), form.text(&field));
        if code.is_empty() && percent.is_empty() {
            continue;
        }
        let fits = |percent: &Exact| *percent >= Exact::ZERO && *percent <= Exact::ONE_HUNDRED;
        let read = decimal(percent).filter(fits).ok_or_else(|| wrong(&field, "Write a percentage such as 19."))?;
        let code = if code.is_empty() { read.normalize().to_string() } else { code.to_owned() };
        if vat_rates.iter().any(|known: &VatRateDocument| known.code == code) {
            return Err(wrong(&field, "Another rate has this code already."));
        }
        vat_rates.push(VatRateDocument { code, percent: read.normalize().to_string() });
    }
    let minor = |field: &str| form.filled(field).map(|text| amount(text, config.currency, field)).transpose();
    let is_shown = !form.all("sales_owner").is_empty();
    Ok(TillSettingsDocument {
        sales_owner: if is_shown { form.filled("sales_owner").map(str::to_owned) } else { present.sales_owner.clone() },
        vat_rates,
        receipt_head: form.text("receipt_head").replace("\r\n", "\n"),
        receipt_foot: form.text("receipt_foot").replace("\r\n", "\n"),
        minimum_spend: minor("minimum_spend")?.unwrap_or_default(),
        maximum_spend: minor("maximum_spend")?,
        evaluation_hour: match form.filled("evaluation_hour") {
            None => present.evaluation_hour,
            Some(text) => {
                let hour = text.parse().ok().filter(|hour| (0..24).contains(hour));
                hour.ok_or_else(|| wrong("evaluation_hour", "Write an hour from 0 to 23."))?
            }
        },
        ..present
    })
}

/// `POST /till/settings`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = app.fresh_till_config(ctx.workspace).await?;
    let present = records::till_settings(app, ctx).await?;
    let again = async |errors| form_page(&settings_page(&state, &visit, Some(&form), errors).await?);
    let document = match read(&form, &config, present) {
        Ok(document) => document,
        Err(wrong) => return again(errors(wrong)).await,
    };
    if let Err(error) = records::put_till_settings(app, ctx, document, None).await {
        let fields = [
            ("receipt_head", "receipt_head"),
            ("receipt_foot", "receipt_foot"),
            ("sales_owner", "sales_owner"),
            ("minimum_spend", "minimum_spend"),
            ("maximum_spend", "maximum_spend"),
        ];
        let errors = form_errors(error, &fields)?;
        return again(errors).await;
    }
    if let Some(name) = form.filled("unit_name")
        && let Err(errors) = add_unit(&state, &visit, name).await
    {
        return again(errors).await;
    }
    Ok(flash::see_other(&state, "/till/settings", Tone::Good, "It is saved."))
}
