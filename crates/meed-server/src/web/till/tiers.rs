//! Schemes and tiers: what moves customers up and down.

use axum::extract::State;
use meed_app::loyalty::records;
use meed_app::loyalty::{SchemeDocument, TierDocument, TillSettingsDocument};
use meed_core::money::Exact;

use super::basket::decimal;
use super::removal::code_of;
use super::schemes;
use crate::ServerState;
use crate::pages::till::{TierFields, TiersPage};
use crate::pages::{Fact, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted};
use crate::web::shown::counted;
use crate::web::visit::Visit;

/// Empty rows that the form has besides those in use.
pub(super) const ROOM: usize = 2;

/// `GET /tiers`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&tiers_page(&state, &visit, None, FormErrors::none()).await?)
}

async fn tiers_page(state: &ServerState, visit: &Visit, form: Option<&Fields>, errors: FormErrors) -> Result<TiersPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = app.fresh_till_config(ctx.workspace).await?;
    let settings = records::till_settings(app, ctx).await?;
    let all = records::list::<SchemeDocument>(app, ctx).await?;
    let has_tiers = !settings.tiers.is_empty();
    let (typed, mut tiers) = match form {
        None => ([settings.tier_window_days.to_string(), settings.tier_rate.clone()], kept(&settings)),
        Some(form) => (["window", "rate"].map(|field| form.text(field).to_owned()), sent(form)),
    };
    tiers.extend((0..ROOM).map(|_| TierFields::default()));
    Ok(TiersPage {
        chrome: visit.chrome(Nav::Tiers),
        schemes: all.into_iter().map(|scheme| schemes::row(&config, scheme)).collect(),
        has_tiers,
        tiers,
        moves: if has_tiers { moves(&settings, config.currency.code()) } else { Vec::new() },
        typed,
        currency: config.currency.code().to_owned(),
        errors,
    })
}

/// The tiers as they are kept, lowest first.
fn kept(settings: &TillSettingsDocument) -> Vec<TierFields> {
    let mut tiers = settings.tiers.clone();
    tiers.sort_by_key(|tier| tier.threshold.parse::<Exact>().unwrap_or_default());
    let fields = |tier: TierDocument| TierFields { typed: [tier.name, tier.code, tier.threshold, tier.color.unwrap_or_default()] };
    tiers.into_iter().map(fields).collect()
}

const FIELDS: [&str; 4] = ["tier_name", "tier_code", "tier_threshold", "tier_color"];

/// The rows of a form that say anything, in their order.
fn sent(form: &Fields) -> Vec<TierFields> {
    let rows = form.numbered(FIELDS[0]).into_iter();
    let row = |(at, _): (usize, &str)| TierFields { typed: FIELDS.map(|field| form.text(&format!("{field}{at}")).to_owned()) };
    rows.map(row).filter(|row| row.typed.iter().any(|text| !text.is_empty())).collect()
}

/// What moves customers, in words.
fn moves(settings: &TillSettingsDocument, currency: &str) -> Vec<Fact> {
    let days = counted(u64::try_from(settings.tier_window_days).unwrap_or_default(), "day", "days");
    let units = if settings.tier_rate == "1" { "1 unit".to_owned() } else { format!("{} units", settings.tier_rate) };
    let facts = [
        ("Counts", format!("each {currency} of a purchase is {units}")),
        ("Up", format!("with the purchase that lifts the units of the last {days} to a threshold")),
        ("Down", format!("on the day on which a purchase is older than {days}, and when goods come back")),
        ("By hand", "on the page of a participant, for as long as you say there".to_owned()),
    ];
    facts.into_iter().map(|(label, value)| Fact { label: label.to_owned(), value, href: String::new() }).collect()
}

/// A number as people type it; what is none goes on as it is, and is refused with its place.
fn number(text: &str) -> String {
    decimal(text).map_or_else(|| text.to_owned(), |number| number.normalize().to_string())
}

/// `POST /tiers`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let rows = sent(&form);
    let Ok(window) = form.text("window").parse() else {
        let errors = FormErrors::one("window", "Write a number of days such as 365.");
        return form_page(&tiers_page(&state, &visit, Some(&form), errors).await?);
    };
    let tier = |TierFields { typed: [name, code, threshold, color] }: &TierFields| TierDocument {
        code: if code.is_empty() { code_of(name) } else { code.clone() },
        name: name.clone(),
        threshold: number(threshold),
        color: Some(color.clone()).filter(|color| !color.is_empty()),
    };
    let document = TillSettingsDocument {
        tiers: rows.iter().map(tier).collect(),
        tier_window_days: window,
        tier_rate: number(form.text("rate")),
        ..records::till_settings(app, ctx).await?
    };
    match records::put_till_settings(app, ctx, document, None).await {
        Ok(()) => Ok(flash::see_other(&state, "/tiers", Tone::Good, "The tiers are saved. They hold from now on.")),
        Err(error) => {
            let fields = ["name", "code", "threshold", "color"];
            let of_row = |at: usize| fields.map(|field| (format!("tiers[{at}].{field}"), format!("tier_{field}{at}")));
            let rows: Vec<(String, String)> = (0..rows.len()).flat_map(of_row).collect();
            let mut names = vec![("tier_window_days", "window"), ("tier_rate", "rate")];
            names.extend(rows.iter().map(|(from, to)| (from.as_str(), to.as_str())));
            let errors = form_errors(error, &names)?;
            form_page(&tiers_page(&state, &visit, Some(&form), errors).await?)
        }
    }
}
