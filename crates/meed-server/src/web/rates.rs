//! Rates of exchange: the list, setting one, removing one.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use jiff::civil::Date;
use meed_app::Scope;
use meed_app::rates::{self, RateEntry};
use meed_core::money::{Exact, Unit};

use super::answer::{Answer, Trouble, form_errors, form_page, page};
use super::flash;
use super::form::{Fields, Posted};
use super::shown::setting;
use super::visit::Visit;
use crate::ServerState;
use crate::pages::rates::{RateRow, RatesPage};
use crate::pages::{FormErrors, Nav, Tone};

/// Most rates that the page shows, the latest of each pair first.
const SHOWN_MAX: usize = 500;

pub(super) fn routes() -> Router<ServerState> {
    Router::new().route("/rates", get(list).post(put)).route("/rates/remove", post(remove))
}

async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&rates_page(&state, &visit, &Fields::default(), FormErrors::none()).await?)
}

async fn rates_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<RatesPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = setting(app, ctx).await?.config;
    let mut all = rates::list(app, ctx).await?;
    all.sort_by(|a, b| (a.from, a.to, b.day).cmp(&(b.from, b.to, a.day)));
    let row = |entry: &RateEntry| RateRow {
        from: entry.from.to_string(),
        to: entry.to.to_string(),
        day: entry.day.to_string(),
        rate: entry.rate.normalize().to_string(),
    };
    let typed = |name: &str, at_first: String| form.filled(name).map_or(at_first, str::to_owned);
    let today = app.now().to_zoned(config.zone.clone()).date();
    Ok(RatesPage {
        chrome: visit.chrome(Nav::People),
        shown: if all.len() > SHOWN_MAX { format!("{SHOWN_MAX} of {}", all.len()) } else { all.len().to_string() },
        rows: all.iter().take(SHOWN_MAX).map(row).collect(),
        can_change: ctx.has(Scope::Plans),
        from: typed("from", String::new()),
        to: typed("to", config.unit.to_string()),
        day: typed("day", today.to_string()),
        rate: typed("rate", String::new()),
        errors,
    })
}

/// The pair and day of a form.
fn place(form: &Fields) -> Result<((Unit, Unit), Date), FormErrors> {
    let mut errors = FormErrors::none();
    let mut unit = |name: &str| {
        let found = rates::currency(form.text(name));
        if found.is_none() {
            errors.0.push((name.to_owned(), format!("“{}” is not a currency code such as EUR.", form.text(name))));
        }
        found
    };
    let (from, to) = (unit("from"), unit("to"));
    let day = form.text("day").parse::<Date>().ok();
    if day.is_none() {
        errors.0.push(("day".to_owned(), format!("“{}” is not a day such as 2026-03-31.", form.text("day"))));
    }
    match (from, to, day) {
        (Some(from), Some(to), Some(day)) => Ok(((from, to), day)),
        _ => Err(errors),
    }
}

async fn put(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let rate = form.text("rate").parse::<Exact>().ok();
    let ((from, to), day, rate) = match (place(&form), rate) {
        (Ok((pair, day)), Some(rate)) => (pair, day, rate),
        (found, rate) => {
            let mut errors = found.err().unwrap_or_default();
            if rate.is_none() {
                errors.0.push(("rate".to_owned(), format!("“{}” is not a number such as 1.0832.", form.text("rate"))));
            }
            return form_page(&rates_page(&state, &visit, &form, errors).await?);
        }
    };
    match rates::put(&state.app, &visit.ctx, &RateEntry { from, to, day, rate }).await {
        Ok(()) => {
            let text = format!("From {day} on one {from} is worth {} {to}.", rate.normalize());
            Ok(flash::see_other(&state, "/rates", Tone::Good, &text))
        }
        Err(error) => {
            let errors = form_errors(error, &[("rate", "rate")])?;
            form_page(&rates_page(&state, &visit, &form, errors).await?)
        }
    }
}

async fn remove(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let ((from, to), day) = place(&form).map_err(|_| Trouble::not_found())?;
    rates::remove(&state.app, &visit.ctx, (from, to), day).await?;
    Ok(flash::see_other(&state, "/rates", Tone::Good, &format!("The rate of {from} of {day} is removed; the one before it holds on.")))
}
