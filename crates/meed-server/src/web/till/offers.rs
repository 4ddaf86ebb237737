//! Offers: the list, the document, the simulator.

use axum::extract::{Path, State};
use jiff::{Timestamp, ToSpan};
use meed_app::loyalty::offers::{self, OfferView};
use meed_app::loyalty::simulate::{self, Replay, ReplayInput, Said, sum_in};
use meed_app::loyalty::{TillConfig, Who};
use meed_core::id::{Id, Kind};
use meed_core::money::Amount as Exactly;

use super::basket::{basket, customer, errors, products, typed, unit_of, units};
use crate::ServerState;
use crate::pages::till::{OfferPage, OfferRow, OfferSays, OffersPage, ReplayView};
use crate::pages::{Badge, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page, sentence};
use crate::web::flash;
use crate::web::form::{Asked, Fields, Posted, id};
use crate::web::shown::{counted, money};
use crate::web::visit::Visit;

/// Days that a replay looks back.
const REPLAY_DAYS: i64 = 30;

/// What a new offer begins with.
const START: &str = "kind = \"reward\"\nname = \"Five per cent back\"\nscheme = \"club\"\n# Which lines count; all without it.\n# condition = \"line.family == 'bakery'\"\n\n[award]\npercent = \"5%\"\n\n[spend]\nexpires = \"3 months\"\n";

fn badge(is_effective: bool) -> Badge {
    if is_effective { Badge::new("On", Tone::Good) } else { Badge::new("Off", Tone::Neutral) }
}

/// `GET /offers`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    let row = |offer: &OfferView| OfferRow {
        id: offer.id.text(Kind::Program),
        name: offer.name.clone(),
        version: offer.number,
        budgets: offer.budgets.iter().map(|(unit, amount)| money(*amount, *unit)).collect(),
        status: badge(offer.is_effective),
    };
    let rows = offers::list(&state.app, &visit.ctx).await?.iter().map(row).collect();
    page(&OffersPage { chrome: visit.chrome(Nav::Offers), rows })
}

/// What stands on the page besides the document.
#[derive(Default)]
struct Shown {
    says: Vec<OfferSays>,
    replay: Option<ReplayView>,
    errors: FormErrors,
}

async fn offer_page(
    state: &ServerState,
    visit: &Visit,
    offer: Option<&OfferView>,
    form: &Fields,
    shown: Shown,
) -> Result<OfferPage, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let text = match (form.raw("text"), offer) {
        ("", Some(offer)) => offer.text.clone(),
        ("", None) => START.to_owned(),
        (typed, _) => typed.replace("\r\n", "\n"),
    };
    let findings = if form.raw("text").is_empty() { Vec::new() } else { offers::check(&text).err().unwrap_or_default() };
    Ok(OfferPage {
        chrome: visit.chrome(Nav::Offers),
        id: offer.map(|offer| offer.id.text(Kind::Program)).unwrap_or_default(),
        name: offer.map_or_else(|| "New offer".to_owned(), |offer| offer.name.clone()),
        status: offer.map(|offer| badge(offer.is_effective)).unwrap_or_default(),
        is_effective: offer.is_some_and(|offer| offer.is_effective),
        text,
        note: form.text("note").to_owned(),
        findings: findings.iter().map(|finding| (finding.line, sentence(&finding.text))).collect(),
        units: units(&config, unit_of(form, &config)?),
        products: products(&config),
        lines: typed(form),
        code: form.text("code").to_owned(),
        says: shown.says,
        replay: shown.replay,
        errors: shown.errors,
    })
}

/// `GET /offers/new`
pub(in crate::web) async fn blank(State(state): State<ServerState>, visit: Visit) -> Answer {
    page(&offer_page(&state, &visit, None, &Fields::default(), Shown::default()).await?)
}

/// `GET /offers/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    let offer = offers::get(&state.app, &visit.ctx, id(&text, Kind::Program)?).await?;
    page(&offer_page(&state, &visit, Some(&offer), &Fields::default(), Shown::default()).await?)
}

/// `POST /offers`
pub(in crate::web) async fn create(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    apply(&state, &visit, None, &form).await
}

/// `POST /offers/{id}`
pub(in crate::web) async fn save(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>, Posted(form): Posted) -> Answer {
    let offer = offers::get(&state.app, &visit.ctx, id(&text, Kind::Program)?).await?;
    apply(&state, &visit, Some(&offer), &form).await
}

async fn apply(state: &ServerState, visit: &Visit, offer: Option<&OfferView>, form: &Fields) -> Answer {
    let text = form.raw("text").replace("\r\n", "\n");
    if offers::check(&text).is_err() {
        return form_page(&offer_page(state, visit, offer, form, Shown::default()).await?);
    }
    match offers::apply(&state.app, &visit.ctx, &text, form.text("note")).await {
        Ok((id, _, is_new)) => {
            let said = if is_new { "The offer is saved. It holds from now on." } else { "Nothing changed." };
            Ok(flash::see_other(state, &format!("/offers/{}", id.text(Kind::Program)), Tone::Good, said))
        }
        Err(error) => {
            let errors = form_errors(error, &[("scheme", "text"), ("text", "text")])?;
            form_page(&offer_page(state, visit, offer, form, Shown { errors, ..Shown::default() }).await?)
        }
    }
}

/// `POST /offers/{id}/state`
pub(in crate::web) async fn switch(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let is_on = form.text("effective") == "yes";
    offers::set_effective(&state.app, &visit.ctx, id(&text, Kind::Program)?, is_on).await?;
    let said = if is_on { "The offer is on." } else { "The offer is off. What it gave before stays." };
    Ok(flash::see_other(&state, &format!("/offers/{text}"), Tone::Good, said))
}

/// `POST /offers/simulate`
pub(in crate::web) async fn simulate(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked, Posted(form): Posted) -> Answer {
    let offer = match asked.id("offer", Kind::Program)? {
        Some(id) => Some(offers::get(&state.app, &visit.ctx, id).await?),
        None => None,
    };
    let text = form.raw("text").replace("\r\n", "\n");
    let shown = if offers::check(&text).is_err() {
        Shown::default()
    } else if form.text("do") == "replay" {
        let config = state.app.till_config(visit.ctx.workspace).await?;
        let until = state.app.now();
        let from = until.checked_sub((REPLAY_DAYS * 24).hours()).unwrap_or(Timestamp::UNIX_EPOCH);
        let input = ReplayInput { text: text.clone(), from, until, budget: None };
        let found = simulate::replay(&state.app, &visit.ctx, &input).await?;
        Shown { replay: Some(replay_view(&config, &found)), ..Shown::default() }
    } else {
        tried(&state, &visit, &form, &text).await?
    };
    let is_fine = !shown.says.is_empty() || shown.replay.is_some();
    let drawn = offer_page(&state, &visit, offer.as_ref(), &form, shown).await?;
    if is_fine { page(&drawn) } else { form_page(&drawn) }
}

async fn tried(state: &ServerState, visit: &Visit, form: &Fields, text: &str) -> Result<Shown, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let config = app.fresh_till_config(ctx.workspace).await?;
    let refused = |errors: FormErrors| Ok(Shown { errors, ..Shown::default() });
    let who = match form.filled("code") {
        None => None,
        Some(code) => match customer(app, ctx, code).await? {
            Some(found) => Some(Who::Id(found.id)),
            None => return refused(FormErrors::one("code", "Nobody is identified by this.")),
        },
    };
    let unit = unit_of(form, &config)?.unwrap_or(Id(0));
    let basket = match basket(form, &config, unit, app.now(), "simulated".to_owned()) {
        Ok(basket) => basket,
        Err(wrong) => return refused(errors(wrong)),
    };
    let said = simulate::basket(app, ctx, Some(text), &basket, who.as_ref()).await?;
    Ok(Shown { says: said.iter().map(says).collect(), ..Shown::default() })
}

fn says(said: &Said) -> OfferSays {
    let gives: Vec<String> = said.gives.iter().map(|(unit, minor)| Exactly { minor: *minor, unit: *unit }.to_string()).collect();
    let text = match &said.why_not {
        Some((_, reason)) => sentence(reason),
        None if gives.is_empty() => "It applies.".to_owned(),
        None => format!("It gives {}.", gives.join(" and ")),
    };
    OfferSays { name: said.name.clone(), applies: said.why_not.is_none(), text, is_draft: said.is_draft }
}

fn replay_view(config: &TillConfig, found: &Replay) -> ReplayView {
    let purchases = |count: usize| counted(u64::try_from(count).unwrap_or(u64::MAX), "purchase", "purchases");
    ReplayView {
        looked_at: format!("{} of the last {REPLAY_DAYS} days", purchases(found.purchases)),
        matched: purchases(found.matched),
        before: money(sum_in(&found.before, config.currency), config.currency),
        after: money(sum_in(&found.after, config.currency), config.currency),
        draft: found.draft.iter().map(|(unit, minor)| money(*minor, *unit)).collect(),
        is_cut: found.is_cut,
    }
}
