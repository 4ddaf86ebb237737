//! Receipts, and goods that come back.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use jiff::tz::TimeZone;
use meed_app::AppResult;
use meed_app::loyalty::purchases::{self, PurchaseView, RefundInput};
use meed_app::loyalty::{TillConfig, records, wallets};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{PurchaseState, RefundLine, SpendMethod, Use};
use meed_core::money::{Amount as Exactly, Exact, Minor, Rounding, Unit, to_minor};

use super::basket::{Wrong, amount, decimal, errors, wrong};
use super::sell::{CASH_GIVEN, points, says};
use super::vat;
use crate::ServerState;
use crate::pages::till::{ReceiptLine, ReceiptPage};
use crate::pages::{Badge, FormErrors, Nav, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Fields, Posted, id};
use crate::web::shown::money;
use crate::web::visit::Visit;

/// `GET /till/receipts/{id}`
pub(in crate::web) async fn show(State(state): State<ServerState>, visit: Visit, Path(text): Path<String>) -> Answer {
    page(&receipt(&state, &visit, id(&text, Kind::Purchase)?, &Fields::default(), FormErrors::none()).await?)
}

async fn receipt(state: &ServerState, visit: &Visit, id: Id, form: &Fields, errors: FormErrors) -> Result<ReceiptPage, Trouble> {
    let (app, ctx) = (&state.app, &visit.ctx);
    let view = purchases::show(app, ctx, id).await?;
    let verdicts = purchases::explain(app, ctx, id).await?;
    let config = app.till_config(ctx.workspace).await?;
    let wallet = wallets::read(app, ctx, view.done.participant, None).await?;
    let (basket, standing) = (&view.done.body.basket, &view.done.standing);
    let (shop, zone) = place(state, visit, &config, basket.unit).await?;
    let shown = |minor: Minor| money(minor, config.currency);
    let rates = vat::rates(basket);
    let line = |(place, line): (usize, &meed_core::loyalty::Line)| {
        let back = standing.returned.get(place).map_or(0, |(amount, _)| *amount);
        let product = config.products.get(line.product).and_then(|product| product.description.clone());
        let intended = line.intended.as_ref().map(|(_, name)| name.clone());
        let pieces_back = standing.returned.get(place).map_or(Exact::ZERO, |(_, pieces)| *pieces);
        let is_counted = line.quantity.fract().is_zero() && line.quantity >= Exact::ONE;
        let is_several = is_counted && line.quantity > Exact::ONE;
        let each = Exact::from(line.total).checked_div(line.quantity).filter(|each| is_several && each.fract().is_zero());
        ReceiptLine {
            place,
            product: intended.or(product).unwrap_or_else(|| line.code.clone()),
            quantity: line.quantity.normalize().to_string(),
            amount: shown(line.total),
            returned: (back > 0).then(|| shown(back)),
            left: Exactly { minor: line.total - back, unit: config.currency }.to_string(),
            has_left: line.total > back,
            typed: ["pieces", "back"].map(|field| form.text(&format!("{field}{place}")).to_owned()),
            pieces: if is_counted { (line.quantity - pieces_back).normalize().to_string() } else { String::new() },
            each: each
                .and_then(|each| to_minor(each, Unit::POINTS, Rounding::Down).ok())
                .map(|each| shown(each).plain().to_owned())
                .unwrap_or_default(),
            vat: rates.get(place).copied().flatten().map(|rate| format!("{rate} %")).unwrap_or_default(),
        }
    };
    let at_once = standing.spent_by(SpendMethod::Instant) + standing.spent_by(SpendMethod::Automatic);
    let returned: Minor = standing.returned.iter().map(|(amount, _)| amount).sum();
    let (redeemed, in_wallet) = redeemed(&view);
    let offers = verdicts.iter().map(|verdict| {
        let gives: Vec<(Unit, Minor)> =
            standing.grants.iter().filter(|grant| grant.offer == verdict.offer).map(|grant| (grant.unit, grant.amount)).collect();
        says(verdict, &verdicts, &gives)
    });
    let is_posted = standing.state == PurchaseState::Posted;
    let lines: Vec<ReceiptLine> = basket.lines.iter().enumerate().map(line).collect();
    let person = view.person.clone().unwrap_or_default();
    let status = match (is_posted, returned) {
        (false, _) => Badge::new("Cancelled", Tone::Bad),
        (true, 0) => Badge::new("Paid", Tone::Good),
        (true, all) if all == basket.total() => Badge::new("Returned", Tone::Warn),
        (true, _) => Badge::new("Returned in part", Tone::Warn),
    };
    let due = (basket.total() - redeemed).max(0);
    let given: Option<Minor> = basket.extra.get(CASH_GIVEN).and_then(|text| text.parse().ok());
    let text_lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let vat_row = |(rate, net, tax, gross): (Option<Exact>, Minor, Minor, Minor)| {
        (rate.map(|rate| format!("{rate} %")).unwrap_or_default(), shown(net), shown(tax), shown(gross))
    };
    Ok(ReceiptPage {
        chrome: visit.chrome(Nav::Till),
        head: text_lines(&config.settings.receipt_head),
        foot: text_lines(&config.settings.receipt_foot),
        vat: vat::table(basket).into_iter().map(vat_row).collect(),
        paid_by: match basket.payment_type.as_deref() {
            Some("CASH") => "Cash".to_owned(),
            Some("CARD") => "Card".to_owned(),
            Some(other) => other.to_owned(),
            None => String::new(),
        },
        cash: given.map(|given| (shown(given), shown((given - due).max(0)))),
        has_redeemed: redeemed > 0,
        id: id.text(Kind::Purchase),
        number: basket.reference.clone(),
        shop,
        at: zone.to_datetime(basket.at).strftime("%-d %b %Y, %H:%M").to_string(),
        customer: if person.name.is_empty() { person.number.clone() } else { person.name.clone() },
        customer_number: person.number,
        participant: view.done.participant.text(Kind::Participant),
        status,
        can_return: is_posted && lines.iter().any(|line| line.has_left),
        lines,
        total: shown(basket.total()),
        redeemed: shown(redeemed),
        paid_back_later: (view.pays_back && at_once > 0).then(|| shown(at_once)),
        due: shown(due),
        returned: (returned > 0).then(|| shown(returned)),
        in_wallet: (in_wallet > 0).then(|| shown(in_wallet)),
        paid_out: (returned > in_wallet && !view.pays_back).then(|| shown(returned - in_wallet)),
        awarded: shown(standing.awarded(config.currency)),
        points: points(standing.awarded(Unit::POINTS)),
        balance: shown(wallet.iter().find(|wallet| wallet.unit == config.currency).map_or(0, |wallet| wallet.balance)),
        offers: offers.collect(),
        token: form.filled("token").map_or_else(meed_app::token, |token| Ok(token.to_owned()))?,
        errors,
    })
}

/// Name and zone of a store, as they were last if it was removed since.
pub(super) async fn place(state: &ServerState, visit: &Visit, config: &TillConfig, unit: Id) -> AppResult<(String, TimeZone)> {
    if let Some(known) = config.units.get(&unit) {
        return Ok((known.name.clone(), config.zone_of(unit).clone()));
    }
    let removed = records::unit_of_old(&state.app, &visit.ctx, unit).await?.unwrap_or_default();
    let zone = removed.zone.and_then(|name| TimeZone::get(&name).ok()).unwrap_or_else(|| config.zone.clone());
    Ok((removed.name, zone))
}

/// What was taken off at the till, and what of it is in the wallet again since. Goods that came back change nothing of the first:
/// a receipt that is printed again says what was paid.
fn redeemed(view: &PurchaseView) -> (Minor, Minor) {
    let (now, first) = (&view.done.standing, &view.done.body.standing);
    let is_cancelled = now.state == PurchaseState::Cancelled;
    let uses = if is_cancelled { &first.uses } else { &now.uses };
    let is_off = |used: &&Use| match used.method {
        SpendMethod::OnRequest => true,
        SpendMethod::Instant | SpendMethod::Automatic => !view.pays_back,
        SpendMethod::Voucher => false,
    };
    let off = || uses.iter().filter(is_off);
    (off().map(|used| used.worth).sum(), off().map(|used| used.worth_returned).sum())
}

/// `POST /till/receipts/{id}/return`
pub(in crate::web) async fn take_back(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Purchase)?;
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let lines = match coming_back(&form, &config) {
        Ok(lines) if lines.is_empty() => {
            let errors = FormErrors::one("back0", "Say how much of which line comes back.");
            return form_page(&receipt(&state, &visit, id, &form, errors).await?);
        }
        Ok(lines) => lines,
        Err(wrong) => return form_page(&receipt(&state, &visit, id, &form, errors(wrong)).await?),
    };
    let identity = form.filled("token").map(|token| format!("till page return\n{token}"));
    let input = RefundInput { source: Id(0), identity, lines, at: None, note: Some("Returned at the till".to_owned()) };
    match purchases::refund(&state.app, &visit.ctx, id, input).await {
        Ok(done) => {
            let shown = |minor: Minor| money(minor, config.currency).text();
            let mut text = format!("Pay {} back", shown(done.body.paid_back));
            if done.body.given_back > 0 {
                text = format!("{text}; {} is back in the wallet", shown(done.body.given_back));
            }
            Ok(flash::see_other(&state, &format!("/till/receipts/{}", id.text(Kind::Purchase)), Tone::Good, &format!("{text}.")))
        }
        Err(error) => {
            // Lines are named by place: `lines[3]` is the field `back3`.
            let fields: Vec<(String, String)> =
                (0..=form.numbered("back").len()).map(|at| (format!("lines[{at}]"), format!("back{at}"))).collect();
            let mut fields: Vec<(&str, &str)> = fields.iter().map(|(field, place)| (field.as_str(), place.as_str())).collect();
            fields.push(("lines", "back0"));
            let errors = form_errors(error, &fields)?;
            form_page(&receipt(&state, &visit, id, &form, errors).await?)
        }
    }
}

/// The lines that come back: so many pieces (`pieces0`), or an amount (`back0`).
fn coming_back(form: &Fields, config: &TillConfig) -> Result<Vec<RefundLine>, Wrong> {
    let mut lines: BTreeMap<u32, RefundLine> = BTreeMap::new();
    let place_of = |place: usize| u32::try_from(place).map_err(|_| wrong("back0", "There is no such line."));
    for (place, typed) in form.numbered("pieces").into_iter().filter(|(_, typed)| !typed.is_empty()) {
        let pieces = decimal(typed).filter(|pieces| *pieces >= Exact::ZERO);
        let pieces = pieces.ok_or_else(|| wrong(&format!("pieces{place}"), "Write a number of pieces."))?;
        if !pieces.is_zero() {
            let line = place_of(place)?;
            lines.insert(line, RefundLine { line, amount: None, quantity: Some(pieces) });
        }
    }
    for (place, typed) in form.numbered("back").into_iter().filter(|(_, typed)| !typed.is_empty()) {
        let minor = amount(typed, config.currency, &format!("back{place}"))?;
        let line = place_of(place)?;
        lines.entry(line).or_insert(RefundLine { line, amount: None, quantity: None }).amount = Some(minor);
    }
    Ok(lines.into_values().collect())
}
