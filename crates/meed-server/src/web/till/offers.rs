//! Offers: the list, the document, the simulator.

use axum::extract::{Path, State};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use meed_app::loyalty::evaluations;
use meed_app::loyalty::offers::{self, OfferView};
use meed_app::loyalty::simulate::{self, OfferTotal, Replay, ReplayInput, ShopperTotal, sum_in};
use meed_app::loyalty::{TillConfig, Who};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::Verdict;
use meed_core::money::{Amount as Exactly, Minor, Unit};

use super::basket::{amount, basket, customer, errors, unit_of, units};
use super::lines::{self, products};
use super::offer_words;
use super::sell::says;
use crate::ServerState;
use crate::pages::till::{OfferPage, OfferRow, OfferSays, OffersPage, ReplayRow, ReplayView, TillLine};
use crate::pages::{Badge, Choice, Fact, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page, sentence};
use crate::web::flash;
use crate::web::form::{Asked, Fields, Posted, id};
use crate::web::shown::{counted, money, setting};
use crate::web::visit::Visit;

/// Shoppers that a replay lists.
const SHOPPERS: usize = 25;

/// What a new offer begins with.
const START: &str = "kind = \"reward\"\nname = \"Five per cent back\"\nscheme = \"club\"\n# Which lines count; all without it.\n# condition = \"line.family == 'bakery'\"\n\n[award]\npercent = \"5%\"\n\n[spend]\nexpires = \"3 months\"\n";

/// The beginning of a new offer, in a scheme that is there.
fn start(config: &TillConfig) -> String {
    let code = config.schemes.values().next().map_or("club", |scheme| scheme.code.as_str());
    START.replace("scheme = \"club\"", &format!("scheme = {}", serde_json::Value::from(code)))
}

fn badge(is_effective: bool) -> Badge {
    if is_effective { Badge::new("On", Tone::Good) } else { Badge::new("Off", Tone::Neutral) }
}

/// `GET /offers`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit) -> Answer {
    let currency = state.app.till_config(visit.ctx.workspace).await?.currency;
    let row = |offer: &OfferView| OfferRow {
        id: offer.id.text(Kind::Program),
        name: offer.name.clone(),
        gives: offers::check(&offer.text).map(|read| offer_words::line(&read, currency)).unwrap_or_default(),
        version: offer.number,
        budgets: offer.budgets.iter().map(|(unit, amount)| money(*amount, *unit)).collect(),
        status: badge(offer.is_effective),
    };
    let rows = offers::list(&state.app, &visit.ctx).await?.iter().map(row).collect();
    page(&OffersPage {
        chrome: visit.chrome(Nav::Offers),
        rows,
        runs: runs(&state, &visit).await?,
        may_run: visit.ctx.has(meed_app::Scope::Plans),
    })
}

/// What runs did and will do, in words; nothing where no offer needs one.
async fn runs(state: &ServerState, visit: &Visit) -> Result<Vec<Fact>, Trouble> {
    let setting = setting(&state.app, &visit.ctx).await?;
    let currency = state.app.till_config(visit.ctx.workspace).await?.currency;
    let runs = evaluations::runs(&state.app, &visit.ctx).await?;
    let Some(next_us) = runs.next_us else { return Ok(Vec::new()) };
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value, href: String::new() };
    let mut facts = vec![fact("Next run", setting.moment(next_us))];
    if runs.last.at_us > 0 {
        let given = Exactly { minor: runs.last.money, unit: currency };
        let points = if runs.last.points == 0 { String::new() } else { format!(" and {} points", runs.last.points) };
        let said = format!("{}: {} purchases, {given}{points} given", setting.moment(runs.last.at_us), runs.last.purchases);
        facts.push(fact("Last run", said));
    }
    Ok(facts)
}

/// `POST /offers/evaluation`
pub(in crate::web) async fn evaluate(State(state): State<ServerState>, visit: Visit, Posted(_): Posted) -> Answer {
    let run = evaluations::run(&state.app, &visit.ctx).await?;
    let said =
        if run.purchases == 1 { "1 purchase was evaluated.".to_owned() } else { format!("{} purchases were evaluated.", run.purchases) };
    Ok(flash::see_other(&state, "/offers", Tone::Good, &said))
}

/// Room for three more lines.
fn with_room(mut lines: Vec<TillLine>) -> Vec<TillLine> {
    let next = lines.len() + 1;
    lines.extend((next..next + 3).map(|place| TillLine { place, ..TillLine::default() }));
    lines
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
        ("", None) => start(&config),
        (typed, _) => typed.replace("\r\n", "\n"),
    };
    let (words, findings) = match offers::check(&text) {
        Ok(read) => (offer_words::facts(&read, config.currency), Vec::new()),
        Err(findings) => (Vec::new(), if form.raw("text").is_empty() { Vec::new() } else { findings }),
    };
    Ok(OfferPage {
        chrome: visit.chrome(Nav::Offers),
        id: offer.map(|offer| offer.id.text(Kind::Program)).unwrap_or_default(),
        name: offer.map_or_else(|| "New offer".to_owned(), |offer| offer.name.clone()),
        status: offer.map(|offer| badge(offer.is_effective)).unwrap_or_default(),
        is_effective: offer.is_some_and(|offer| offer.is_effective),
        words,
        version: offer.map(|offer| offer.number).unwrap_or_default(),
        text,
        note: form.text("note").to_owned(),
        findings: findings.iter().map(|finding| (finding.line, sentence(&finding.text))).collect(),
        units: units(&config, unit_of(form, &config)?),
        products: products(&config),
        lines: with_room(lines::priced(form, &config)),
        code: form.text("code").to_owned(),
        says: shown.says,
        periods: periods(&config, state.app.now())
            .iter()
            .map(|period| Choice::new(period.word, &period.label, form.filled("period").unwrap_or("last-30") == period.word))
            .collect(),
        budget: form.text("budget").to_owned(),
        currency: config.currency.code().to_owned(),
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
        replayed(&state, &visit, &form, &text).await?
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
            Some((found, _)) => Some(Who::Id(found.id)),
            None => return refused(FormErrors::one("code", "Nobody is identified by this.")),
        },
    };
    let unit = unit_of(form, &config)?.unwrap_or(Id(0));
    let basket = match basket(form, &lines::priced(form, &config), &config, unit, app.now(), "simulated".to_owned()) {
        Ok(basket) => basket,
        Err(wrong) => return refused(errors(wrong)),
    };
    let said = simulate::basket(app, ctx, Some(text), &basket, who.as_ref()).await?;
    let verdicts: Vec<Verdict> = said.iter().map(|said| said.verdict.clone()).collect();
    let says = said.iter().map(|said| OfferSays { is_draft: said.is_draft, ..says(&said.verdict, &verdicts, &said.gives) });
    Ok(Shown { says: says.collect(), ..Shown::default() })
}

fn replay_view(config: &TillConfig, found: &Replay, period: &str) -> ReplayView {
    let counted_usize = |count: usize, one: &str, many: &str| counted(u64::try_from(count).unwrap_or(u64::MAX), one, many);
    let purchases = |count: usize| counted_usize(count, "purchase", "purchases");
    let currency = config.currency;
    let shown = |sums: &[(Unit, Minor)]| money(sum_in(sums, currency), currency);
    let difference =
        |before: &[(Unit, Minor)], after: &[(Unit, Minor)]| money(sum_in(after, currency) - sum_in(before, currency), currency);
    let in_points = |before: &[(Unit, Minor)], after: &[(Unit, Minor)]| {
        let (before, after) = (sum_in(before, Unit::POINTS), sum_in(after, Unit::POINTS));
        if before == after {
            String::new()
        } else {
            format!("{} → {} points", crate::pages::shown::count(before), crate::pages::shown::count(after))
        }
    };
    let plain = |count: usize| crate::pages::shown::count(count);
    let offer = |offer: &OfferTotal| ReplayRow {
        name: offer.name.clone(),
        href: offer.id.map(|id| format!("/offers/{}", id.text(Kind::Program))).unwrap_or_default(),
        is_draft: offer.is_draft,
        purchases: (plain(offer.purchases_before), plain(offer.purchases_after)),
        before: shown(&offer.before),
        after: shown(&offer.after),
        difference: difference(&offer.before, &offer.after),
        points: in_points(&offer.before, &offer.after),
    };
    let shopper = |shopper: &ShopperTotal| ReplayRow {
        name: if shopper.name.is_empty() { shopper.number.clone() } else { shopper.name.clone() },
        href: format!("/participants/{}", shopper.id.text(Kind::Participant)),
        is_draft: false,
        purchases: (plain(shopper.purchases), String::new()),
        before: shown(&shopper.before),
        after: shown(&shopper.after),
        difference: difference(&shopper.before, &shopper.after),
        points: in_points(&shopper.before, &shopper.after),
    };
    let more = found.shoppers.len().saturating_sub(SHOPPERS);
    ReplayView {
        looked_at: format!("{}: {period}", purchases(found.purchases)),
        matched: purchases(found.matched),
        refused: if found.refused > 0 { purchases(found.refused) } else { String::new() },
        before: shown(&found.before),
        after: shown(&found.after),
        difference: difference(&found.before, &found.after),
        draft: found.draft.iter().map(|(unit, minor)| money(*minor, *unit)).collect(),
        offers: found.offers.iter().map(offer).collect(),
        shoppers: found.shoppers.iter().take(SHOPPERS).map(shopper).collect(),
        more_shoppers: if more > 0 { counted_usize(more, "more shopper", "more shoppers") } else { String::new() },
        is_cut: found.is_cut,
    }
}

/// A period to replay.
struct Period {
    word: &'static str,
    label: String,
    from: Timestamp,
    until: Timestamp,
}

/// Last month, this one, and the last days, on the workspace's clock.
fn periods(config: &TillConfig, now: Timestamp) -> Vec<Period> {
    let today = config.zone.to_datetime(now).date();
    let first = today.first_of_month();
    let start = |day: Date| day.to_zoned(config.zone.clone()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    let before = first.checked_sub(1.month()).unwrap_or(first);
    let month = |day: Date| day.strftime("%B %Y").to_string();
    let ago = |days: i64| now.checked_sub((days * 24).hours()).unwrap_or(Timestamp::UNIX_EPOCH);
    vec![
        Period { word: "last-month", label: month(before), from: start(before), until: start(first) },
        Period { word: "last-30", label: "the last 30 days".to_owned(), from: ago(30), until: now },
        Period { word: "this-month", label: format!("{} so far", month(first)), from: start(first), until: now },
        Period { word: "last-90", label: "the last 90 days".to_owned(), from: ago(90), until: now },
    ]
}

/// The chosen period: the last 30 days where nothing is chosen.
fn period_of(config: &TillConfig, form: &Fields, now: Timestamp) -> Option<Period> {
    let wanted = form.filled("period").unwrap_or("last-30");
    periods(config, now).into_iter().find(|period| period.word == wanted)
}

async fn replayed(state: &ServerState, visit: &Visit, form: &Fields, text: &str) -> Result<Shown, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let period = period_of(&config, form, state.app.now()).ok_or_else(Trouble::not_found)?;
    let budget = match form.filled("budget").map(|text| amount(text, config.currency, "budget")).transpose() {
        Ok(budget) => budget,
        Err(wrong) => return Ok(Shown { errors: errors(wrong), ..Shown::default() }),
    };
    // The end of the period is now: what was sold this very moment belongs to it.
    let until = period.until.checked_add(1.microsecond()).unwrap_or(period.until);
    let input = ReplayInput { text: text.to_owned(), from: period.from, until, budget };
    let found = simulate::replay(&state.app, &visit.ctx, &input).await?;
    Ok(Shown { replay: Some(replay_view(&config, &found, &period.label)), ..Shown::default() })
}
