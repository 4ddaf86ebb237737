//! Purchases and spends as answers show them (`pos-loyalty.md` §5.3, §5.4, §5.7).

use meed_app::loyalty::TillConfig;
use meed_app::loyalty::purchases::PurchaseView;
use meed_app::loyalty::spends::SpendView;
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{Grant, Line, PurchaseState, SpendMethod, Standing, Use};
use meed_core::money::{Amount, Exact, Minor, Rounding, Unit, to_minor};

use super::made_us;
use super::out::{Out, Wanted, hex, money, number, object};
use super::place::{log, name_id, product_out, unit_out};
use super::purchase_in::INVOICE;
use super::values::local;

/// `reduction_method` of instant and automatic spends.
const fn method(pays_back: bool) -> &'static str {
    if pays_back { "BACK_END_REDUCTION" } else { "FRONT_END_REDUCTION" }
}

/// The three parts of what was spent on a purchase; vouchers are in none of them.
struct Spent {
    instant: Minor,
    automatic: Minor,
    additional: Minor,
}

impl Spent {
    fn of(standing: &Standing) -> Self {
        Self {
            instant: standing.spent_by(SpendMethod::Instant),
            automatic: standing.spent_by(SpendMethod::Automatic),
            additional: standing.spent_by(SpendMethod::OnRequest),
        }
    }
}

/// A preview.
pub(super) fn preview(view: &PurchaseView, config: &TillConfig) -> Out {
    let done = &view.done;
    let amount = |minor| money(minor, config.currency);
    let spent = Spent::of(&done.standing);
    let vouchers: Vec<Out> = done
        .standing
        .grants
        .iter()
        .filter(|grant| grant.method == SpendMethod::Voucher)
        .map(|grant| object! {"id": hex(grant.offer), "name": offer_name(config, grant.version), "amount": money(grant.amount, grant.unit)})
        .collect();
    let offers: Vec<Out> = done
        .verdicts
        .iter()
        .map(|verdict| {
            object! {
                "id": hex(verdict.offer),
                "name": &verdict.name,
                "applied": verdict.why_not.is_none(),
                "code": verdict.why_not.as_ref().map(|why| why.code().to_owned()),
                "reason": verdict.why_not.as_ref().map(ToString::to_string),
            }
        })
        .collect();
    object! {
        "total_award_amount": amount(done.standing.awarded(config.currency)),
        "total_award_alternative_amount": money(done.standing.awarded(Unit::POINTS), Unit::POINTS),
        "total_instant_spend_amount": amount(spent.instant),
        "total_automatic_spend_amount": amount(spent.automatic),
        "total_additional_spend_amount": amount(if view.allow_spending { done.additional } else { 0 }),
        "minimum_spend_amount_per_transaction": amount(view.minimum_spend),
        "maximum_spend_amount_per_transaction": view.maximum_spend.map(amount),
        "reduction_method": method(view.pays_back),
        "allow_spending": view.allow_spending,
        "rewards_participant_id": hex(done.participant),
        "rewards_participant_name": view.person.as_ref().map(|person| person.name.clone()),
        "rewards_participant_number": view.person.as_ref().map(|person| person.number.clone()),
        "wallet_balance": amount(view.usable.money),
        "wallet_alternative_balance": money(view.usable.points, Unit::POINTS),
        "voucher_types_set": vouchers,
        "offers_set": offers,
        "price_token": &view.price_token,
    }
}

fn offer_name(config: &TillConfig, version: Id) -> Option<String> {
    config.terms(version).map(|offer| offer.name.clone())
}

/// A purchase, as far as it is wanted. `balance` is what is in the wallets now, where it is known.
pub(super) fn purchase(view: &PurchaseView, config: &TillConfig, balance: Option<(Minor, Minor)>, wanted: &Wanted<'_>) -> Out {
    let (done, basket) = (&view.done, &view.done.body.basket);
    let zone = config.zone_of(basket.unit);
    let amount = |minor| money(minor, config.currency);
    let spent = Spent::of(&done.standing);
    let returned: Minor = done.standing.returned.iter().map(|(amount, _)| amount).sum();
    let lines = || basket.lines.iter().enumerate().map(|(place, line)| line_out(config, (done.id, place), line)).collect::<Vec<_>>();
    let named = |name: &Option<String>| name.clone().map(|name| object! {"name": name});
    let known = view.person.as_ref().map(|person| (person.number.clone(), person.name.clone()));
    let person = known.as_ref().or(done.person.as_ref());
    let out = object! { wanted;
        "id": hex(done.id),
        "number": number(done.id, Kind::Purchase),
        "type": "PURCHASE",
        "life_cycle_state": done.standing.state.name(),
        "performed_on": local(basket.at.as_microsecond(), zone),
        "description": basket.description.clone(),
        "process_immediately": true,
        "reference_number": &basket.reference,
        "external_system": basket.system.clone(),
        "external_system_reference_number": basket.system_reference.clone(),
        "payment_medium_brand": named(&basket.payment_brand),
        "payment_medium_type": named(&basket.payment_type),
        "payment_medium_identifier": basket.payment_medium.clone(),
        "promo_code": basket.promo_code.clone(),
        "total_amount": amount(basket.total()),
        "net_amount": amount(basket.net()),
        "vat_amount": amount(basket.vat()),
        "returned_amount": amount(returned),
        "total_awarded_amount": amount(done.standing.awarded(config.currency)),
        "total_awarded_alternative_amount": money(done.standing.awarded(Unit::POINTS), Unit::POINTS),
        "requested_spend_amount": done.spend.as_ref().map(|spend| amount(spend.body.asked)),
        "requested_spend_alternative_amount": done.spend.as_ref().and_then(|spend| in_points(spend.body.asked, config)),
        "total_spend_amount": amount(spent.instant + spent.automatic + spent.additional),
        "total_spend_alternative_amount": money(points_used(&done.standing, None), Unit::POINTS),
        "total_instant_spend_amount": amount(spent.instant),
        "total_automatic_spend_amount": amount(spent.automatic),
        "total_additional_spend_amount": amount(spent.additional),
        "reduction_method": method(view.pays_back),
        "wallet_balance": balance.map(|(money, _)| amount(money)),
        "wallet_alternative_balance": balance.map(|(_, points)| money(points, Unit::POINTS)),
        "rewards_participant": object! {
            "id": hex(done.participant),
            "number": person.map(|(number, _)| number.clone()),
            "name": person.map(|(_, name)| name.clone()),
        },
        "products_set": lines(),
        "award_reward_transactions_set": awards(view),
        "spend_requests_set": spends(view, config),
        "performed_by_unit": unit_out(config, basket.unit),
        "performed_by_tap": basket.terminal.map(|id| {
            object! {"id": hex(id), "code": config.terminals.get(&id).map(|terminal| terminal.code.clone())}
        }),
        "classification": class_out(basket.classification.as_deref()),
        "invoice": basket.extra.get(INVOICE).map(|number| object! {"number": number}),
        "log_information": log(&view.traces, made_us(done.id), config.units.get(&basket.unit).map(|unit| unit.name.as_str()), zone),
    };
    out.with(free_fields(&basket.extra, wanted))
}

pub(super) fn free_fields(extra: &std::collections::BTreeMap<String, String>, wanted: &Wanted<'_>) -> Vec<(&'static str, Out)> {
    const NAMES: [&str; 16] = [
        "udf_string_1",
        "udf_string_2",
        "udf_string_3",
        "udf_string_4",
        "udf_string_5",
        "udf_string_6",
        "udf_string_7",
        "udf_string_8",
        "udf_float_1",
        "udf_float_2",
        "udf_float_3",
        "udf_float_4",
        "udf_date_1",
        "udf_date_2",
        "udf_date_3",
        "udf_date_4",
    ];
    NAMES
        .into_iter()
        .map(|name| {
            let value = extra.get(name).filter(|_| wanted.has(name));
            let is_number = name.starts_with("udf_float");
            let number = value.filter(|_| is_number).and_then(|text| text.parse().ok()).map(Out::Number);
            (name, number.unwrap_or_else(|| value.cloned().into()))
        })
        .collect()
}

/// A class of events. Its id is made of its name.
pub(super) fn class_out(name: Option<&str>) -> Option<Out> {
    name.map(|name| object! {"id": name_id("classification", name), "name": name})
}

fn line_out(config: &TillConfig, (purchase, place): (Id, usize), line: &Line) -> Out {
    let amount = |minor| money(minor, config.currency);
    object! {
        // The purchase in the upper half, the line counted from 1 in the lower.
        "id": format!("{:016X}{:016X}", purchase.0, place + 1),
        "quantity": line.quantity,
        "net_amount": amount(line.net),
        "vat_amount": amount(line.vat),
        "total_amount": amount(line.total),
        "intended_product_identifier": line.intended.as_ref().map(|(key, _)| key.clone()),
        "intended_product_value": line.intended.as_ref().map(|(_, value)| value.clone()),
        "product": product_out(config, line.product, &line.code),
    }
}

/// What the purchase was awarded. A cancelled purchase shows what it had been awarded.
fn awards(view: &PurchaseView) -> Vec<Out> {
    awards_and(view, |_| Vec::new())
}

/// The awards with what the merchant pays of each.
pub(super) fn awards_with(view: &PurchaseView, contributions: &[Minor], percent: Exact) -> Vec<Out> {
    awards_and(view, |place| {
        let unit = view.done.standing.grants.get(place).map_or(Unit::POINTS, |grant| grant.unit);
        let amount = contributions.get(place).copied().unwrap_or_default();
        vec![("contribution_percentage", percent.into()), ("contribution_amount", money(amount, unit))]
    })
}

fn awards_and(view: &PurchaseView, more: impl Fn(usize) -> Vec<(&'static str, Out)>) -> Vec<Out> {
    let done = &view.done;
    let is_cancelled = done.standing.state == PurchaseState::Cancelled;
    let grants: &[Grant] = if is_cancelled { &done.body.standing.grants } else { &done.standing.grants };
    let award = |(place, grant): (usize, &Grant)| {
        let id = grant.lots.first().copied().unwrap_or(grant.offer);
        let out = object! {
            "id": hex(id),
            "number": number(id, Kind::Lot),
            "amount": money(grant.amount, grant.unit),
            "unit": grant.unit.code(),
            "reward_offer": object! {"id": hex(grant.offer)},
            "spend_method": grant.method.name(),
            "life_cycle_state": if is_cancelled { "CANCELLED" } else { "POSTED" },
            "rewards_participant": object! {"id": hex(done.participant)},
        };
        out.with(more(place))
    };
    grants.iter().enumerate().map(award).collect()
}

/// Points that pay a purchase; of one spend, or of all.
fn points_used(standing: &Standing, event: Option<Id>) -> Minor {
    let of = standing.uses.iter().filter(|used| used.unit == Unit::POINTS && event.is_none_or(|event| used.event == event));
    of.map(|used| used.amount - used.returned).sum()
}

/// What an amount is worth in points, where a point has a value; rounded down.
fn in_points(minor: Minor, config: &TillConfig) -> Option<Out> {
    let value = config.settings.point_value.filter(|value| *value > Exact::ZERO)?;
    let points = Amount { minor, unit: config.currency }.major().checked_div(value)?;
    to_minor(points, Unit::POINTS, Rounding::Down).ok().map(|points| money(points, Unit::POINTS))
}

/// The spend requests on it, in order.
fn spends(view: &PurchaseView, config: &TillConfig) -> Vec<Out> {
    let mut by_event: Vec<(Id, Minor)> = Vec::new();
    for used in view.done.standing.uses.iter().filter(|used| used.method == SpendMethod::OnRequest) {
        match by_event.iter_mut().find(|(event, _)| *event == used.event) {
            Some((_, worth)) => *worth += used.standing_worth(),
            None => by_event.push((used.event, used.standing_worth())),
        }
    }
    let out = |(id, worth): &(Id, Minor)| {
        object! {"id": hex(*id), "number": number(*id, Kind::Spend), "spend_amount": money(*worth, config.currency)}
    };
    by_event.iter().map(out).collect()
}

/// The lower half of the id of what a purchase spent at once; the upper half is the purchase.
pub(super) fn half_of(method: SpendMethod) -> String {
    format!("FFFFFFFFFFFFFF{:02X}", method.code())
}

/// What is added to the purchase's number.
pub(super) const fn mark_of(method: SpendMethod) -> &'static str {
    match method {
        SpendMethod::Instant => "I",
        _ => "A",
    }
}

/// A spend request with its purchase.
pub(super) fn spend(shown: &SpendView, purchase_view: Option<&PurchaseView>, config: &TillConfig) -> Out {
    let SpendView { done, method: how, pays_back, .. } = shown;
    let unit = purchase_view.and_then(|view| config.units.get(&view.done.body.basket.unit)).map(|unit| unit.name.as_str());
    let amount = |minor| money(minor, config.currency);
    let zone = purchase_view.map_or(&config.zone, |view| config.zone_of(view.done.body.basket.unit));
    let is_asked = *how == SpendMethod::OnRequest;
    let (id, number) = if is_asked {
        (hex(done.id), number(done.id, Kind::Spend))
    } else {
        (format!("{:016X}{}", done.id.0, half_of(*how)), format!("{}-{}", number(done.id, Kind::Purchase), mark_of(*how)))
    };
    let out = object! {
        "id": id,
        "number": number,
        "type": "SPEND REQUEST",
        "life_cycle_state": if done.is_cancelled { "CANCELLED" } else { "POSTED" },
        "performed_on": local(done.at_us, zone),
        "description": done.body.description.clone(),
        "requested_spend_amount": amount(done.body.asked),
        "requested_spend_alternative_amount": in_points(done.body.asked, config),
        "spend_amount": amount(done.body.spent),
        "uncovered_amount": amount(done.body.uncovered),
        "spend_alternative_amount": purchase_view.map(|view| {
            let is_it = |used: &&Use| used.event == done.id && used.method == *how && used.unit == Unit::POINTS;
            let points = view.done.standing.uses.iter().filter(is_it).map(|used| used.amount - used.returned).sum();
            money(points, Unit::POINTS)
        }),
        "instant_spend": *how == SpendMethod::Instant,
        "automatic_spend": *how == SpendMethod::Automatic,
        "reduction_method": method(*pays_back),
        "initiated_currency": object! {"code": config.currency.code()},
        "external_system": done.body.system.clone(),
        "external_system_reference_number": done.body.system_reference.clone(),
        "wallet_balance": amount(done.body.balance),
        "rewards_participant": object! {"id": hex(done.participant)},
        "purchase_customer_event": match purchase_view {
            Some(view) => purchase(view, config, None, &Wanted::All),
            None => object! {"id": hex(done.purchase), "number": number_of(done.purchase)},
        },
        "classification": class_out(done.body.classification.as_deref()),
        "log_information": log(&shown.traces, made_us(done.id), unit, zone),
    };
    out.with(free_fields(&done.body.extra, &Wanted::All))
}

fn number_of(purchase: Id) -> String {
    number(purchase, Kind::Purchase)
}
