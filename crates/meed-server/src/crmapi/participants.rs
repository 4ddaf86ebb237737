//! `rewards_participants/*`: who it is (`pos-loyalty.md` §5.2).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use meed_app::loyalty::TillConfig;
use meed_app::loyalty::participants::{self, ParticipantView};
use meed_app::loyalty::schemes;
use meed_app::loyalty::traces::Traces;
use meed_core::id::Id;
use meed_core::loyalty::{Membership, Tier};
use meed_core::money::{Exact, Minor};
use serde::Deserialize;

use super::RESULTS_MAX;
use super::call::{Call, parameters};
use super::failure::{Answered, Failure};
use super::out::{Out, Wanted, hex, money, object};
use super::place::{config, log, unit_out};
use super::purchase_out::free_fields;
use super::values::{ACCOUNT, Identifier, count, customer, local};
use crate::ServerState;
use crate::api::wire::Number;

/// What `show` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Show {
    token: Option<String>,
    fields_set: Option<String>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
}

/// What `list` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct List {
    token: Option<String>,
    fields_set: Option<String>,
    accounts_receivable_identifier: Option<Identifier>,
    contact_information_identifier: Option<Identifier>,
    wallet_identifier: Option<Identifier>,
    rewards_participant_identifier: Option<Identifier>,
    life_cycle_state: Option<String>,
    number_of_results: Option<Number>,
    offset: Option<Number>,
}

parameters!(Show, List);

impl Show {
    async fn found(&self, state: &ServerState, call: &Call<Self>) -> Answered<ParticipantView> {
        let who = customer(self.rewards_participant_identifier.as_ref(), self.accounts_receivable_identifier.as_ref())?;
        let found = participants::find(&state.app, &call.bearer.context, &who).await?;
        call.may_see(found.id)?;
        Ok(found)
    }
}

/// `rewards_participants/show`.
pub(super) async fn show(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    let found = call.parameters.found(&state, &call).await?;
    let config = config(&state, call.bearer.context.workspace).await?;
    Ok(call.answer(out(&config, &found)))
}

/// `rewards_participants/list`.
pub(super) async fn list(State(state): State<ServerState>, call: Call<List>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx, given) = (&state.app, &call.bearer.context, &call.parameters);
    let named = [
        (&given.accounts_receivable_identifier, ACCOUNT),
        (&given.contact_information_identifier, "contact_information_identifier"),
        (&given.wallet_identifier, "wallet_identifier"),
        (&given.rewards_participant_identifier, "rewards_participant_identifier"),
    ];
    let mut named = named.into_iter().filter_map(|(one, field)| one.as_ref().map(|one| (one, field)));
    let (one, more) = (named.next(), named.next());
    if more.is_some() {
        return Err(Failure::conflict("rewards_participant_identifier", "at most one of the customer filters may be given"));
    }
    if given.life_cycle_state.as_deref().is_some_and(|state| !["EFFECTIVE", "TERMINATED"].contains(&state)) {
        return Err(Failure::invalid("life_cycle_state", "this is EFFECTIVE or TERMINATED"));
    }
    let keeps = |view: &ParticipantView| given.life_cycle_state.as_deref().is_none_or(|state| state == state_of(view));
    let limit = count(given.number_of_results, "number_of_results")?.unwrap_or(RESULTS_MAX).min(RESULTS_MAX);
    let mut skip = count(given.offset, "offset")?.unwrap_or_default();
    let config = config(&state, ctx.workspace).await?;
    let mut rows: Vec<Out> = Vec::new();
    if let Some((one, field)) = one {
        match participants::find(app, ctx, &one.who(field)?).await {
            Ok(found) if keeps(&found) && skip == 0 && limit > 0 => rows.push(out(&config, &found)),
            Ok(_) => {}
            Err(error) => match Failure::from(error) {
                failure if failure.code == "ENTITY_NOT_FOUND" => {}
                failure => return Err(failure),
            },
        }
        return Ok(call.answer(Out::List(rows)));
    }
    let mut before: Option<Id> = None;
    while rows.len() < limit {
        let page = participants::list(app, ctx, before, 500).await?;
        before = page.last().map(|view| view.id);
        let is_last = page.len() < 500;
        for view in page.iter().filter(|view| keeps(view)) {
            if skip > 0 {
                skip -= 1;
            } else if rows.len() < limit {
                rows.push(out(&config, view));
            }
        }
        if is_last {
            break;
        }
    }
    Ok(call.answer(Out::List(rows)))
}

const fn state_of(view: &ParticipantView) -> &'static str {
    if view.participant.terminated.is_some() { "TERMINATED" } else { "EFFECTIVE" }
}

/// A participant as answers show it.
fn out(config: &TillConfig, view: &ParticipantView) -> Out {
    let person = &view.participant;
    let auto = &person.auto_spend;
    let zone = &config.zone;
    let amount = |minor| money(minor, config.currency);
    let merchants: Vec<Out> = auto
        .merchants
        .iter()
        .map(|id| object! {"id": hex(*id), "name": config.merchants.get(id).map(|merchant| merchant.name.clone())})
        .collect();
    let tier = view.tier.as_ref().map(tier_out);
    let ended = person.terminated.as_ref().map(|end| object! {"terminated_on": local(end.at_us, zone), "reason": &end.reason});
    let (schemes, left) = schemes(config, view);
    let out = object! {
        "id": hex(view.id),
        "number": &person.number,
        "name": &person.name,
        "sign_up_on": local(person.sign_up_us, zone),
        "sign_up_by_unit": person.sign_up_unit.map(|unit| unit_out(config, unit)),
        "life_cycle_state": state_of(view),
        "accounts_receivable": account(view),
        "participating_schemes_set": schemes,
        "left_schemes_set": left,
        "currency": object! {"code": config.currency.code(), "name": config.currency.code()},
        "auto_spend_authorisation": object! {
            "is_enabled": auto.is_enabled,
            "minimum_wallet_balance": amount(auto.minimum_balance),
            "minimum_spend_amount": amount(auto.minimum_spend),
            "maximum_spend_amount": auto.maximum_spend.map(amount),
            "updated_date": (auto.updated_us > 0).then(|| local(auto.updated_us, zone)),
            "updated_by_user": Out::Null,
            "authorised_rewards_participating_merchants_set": merchants,
        },
        "spend_blocking_state": if person.is_blocked { "BLOCKED" } else { "UNBLOCKED" },
        "reward_tier": tier,
        "period_value_units": view.period_units,
        "lifetime_value_units": view.lifetime_units,
        "next_tier_progression": progression(view),
        "termination_information": ended,
        "log_information": log(&traces(view), super::made_us(view.id), person.sign_up_unit.and_then(|unit| config.units.get(&unit)).map(|unit| unit.name.as_str()), zone),
    };
    out.with(free_fields(&BTreeMap::new(), &Wanted::All))
}

/// Who changed a participant is in the audit log; when, stands with it.
fn traces(view: &ParticipantView) -> Traces {
    Traces { updated_us: (view.version > 1).then_some(view.changed_us), ..Traces::default() }
}

/// How far it is to the next tier, in per cent with two decimals; 100 at the highest one, none where there are no tiers.
fn progression(view: &ParticipantView) -> Option<Exact> {
    match (&view.next, &view.tier) {
        (Some((next, _)), _) => {
            let share = view.period_units.max(Exact::ZERO).checked_div(next.threshold)?;
            Some((share * Exact::ONE_HUNDRED).round_dp(2))
        }
        (None, Some(_)) => Some(Exact::ONE_HUNDRED),
        (None, None) => None,
    }
}

/// `accounts_receivable/rewards/calculate_value_units`: what decides the tier, and what the next evaluation assigns.
pub(super) async fn value_units(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    let found = call.parameters.found(&state, &call).await?;
    Ok(call.answer(object! {
        "id": hex(found.id),
        "period_value_units": found.period_units,
        "lifetime_value_units": found.lifetime_units,
        "next_tier_progression": progression(&found),
        "reward_tier": found.tier.as_ref().map(tier_out),
        "next_reward_tier": found.next.as_ref().map(|(tier, _)| tier_out(tier)),
        "missing_value_units": found.next.as_ref().map(|(_, missing)| *missing),
    }))
}

/// `accounts_receivable/rewards/calculate_total_awarded_amount`: what stands of all awards, in total and per scheme.
pub(super) async fn total_awarded(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let found = call.parameters.found(&state, &call).await?;
    let config = config(&state, ctx.workspace).await?;
    let (sum, by_scheme) = participants::awarded(&state.app, ctx, found.id).await?;
    let scheme = |(id, minor): (&Id, &Minor)| {
        let known = config.schemes.get(id);
        object! {
            "reward_scheme": object! {"id": hex(*id), "name": known.map(|scheme| &scheme.name), "alternative_code": known.map(|scheme| &scheme.code)},
            "total_awarded_amount": money(*minor, config.currency),
        }
    };
    Ok(call.answer(object! {
        "id": hex(found.id),
        "total_awarded_amount": money(sum, config.currency),
        "reward_schemes_set": by_scheme.iter().map(scheme).collect::<Vec<_>>(),
    }))
}

/// What `request_scheme_reference_code` and its confirmation take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SchemeCall {
    token: Option<String>,
    fields_set: Option<String>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    scheme_identifier: Option<Identifier>,
    reference_code: Option<String>,
}

parameters!(SchemeCall);

impl SchemeCall {
    async fn participant(&self, state: &ServerState, call: &Call<Self>) -> Answered<Id> {
        let who = customer(self.rewards_participant_identifier.as_ref(), self.accounts_receivable_identifier.as_ref())?;
        let found = participants::find(&state.app, &call.bearer.context, &who).await?;
        call.may_see(found.id)?;
        Ok(found.id)
    }

    fn scheme(&self, config: &TillConfig) -> Answered<Option<Id>> {
        let Some(one) = &self.scheme_identifier else { return Ok(None) };
        let field = "scheme_identifier";
        let (key, value) = one.one(field, &["id", "name", "alternative_code", "code"])?;
        let is_it = |(id, scheme): &(&Id, &meed_core::loyalty::Scheme)| match key {
            "id" => hex(**id).eq_ignore_ascii_case(value),
            "name" => scheme.name == value,
            _ => scheme.code == value,
        };
        let found = config.schemes.iter().find(is_it).map(|(id, _)| Some(*id));
        found.ok_or_else(|| Failure::unknown(field, "scheme"))
    }
}

fn scheme_out(config: &TillConfig, id: Id) -> Out {
    let known = config.schemes.get(&id);
    object! {"id": hex(id), "name": known.map(|scheme| &scheme.name), "alternative_code": known.map(|scheme| &scheme.code)}
}

/// `accounts_receivable/rewards/request_scheme_reference_code`: a code with which the customer joins a scheme. Who asks hands it on.
pub(super) async fn scheme_code(State(state): State<ServerState>, call: Call<SchemeCall>) -> Answered<Response> {
    call.not_a_customer()?;
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let config = state.app.fresh_till_config(ctx.workspace).await?;
    let made = schemes::request_code(&state.app, ctx, participant, call.parameters.scheme(&config)?).await?;
    Ok(call.answer(object! {
        "id": hex(participant),
        "scheme": scheme_out(&config, made.scheme),
        "reference_code": made.code,
        "expires_on": local(made.expires_us, &config.zone),
    }))
}

/// `accounts_receivable/rewards/confirm_scheme_reference_code`: joins the scheme of a code.
pub(super) async fn confirm_scheme(State(state): State<ServerState>, call: Call<SchemeCall>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let code = call.parameters.reference_code.as_deref().ok_or_else(|| Failure::missing("reference_code"))?;
    let (scheme, found) = schemes::confirm_code(&state.app, ctx, participant, code).await?;
    let config = state.app.fresh_till_config(ctx.workspace).await?;
    Ok(call.answer(object! {"id": hex(found.id), "scheme": scheme_out(&config, scheme)}))
}

fn tier_out(tier: &Tier) -> Out {
    object! {"id": &tier.code, "name": &tier.name, "code": &tier.code, "tier_color": tier.color.clone()}
}

fn account(view: &ParticipantView) -> Out {
    let person = &view.participant;
    // A year that is not known is kept as 1.
    let year = |date: jiff::civil::Date| (date.year() > 1).then(|| i64::from(date.year()));
    let born = person.born.map(|date| object! {"day": i64::from(date.day()), "month": i64::from(date.month()), "year": year(date)});
    let name_day = person.name_day.map(|(month, day)| object! {"day": i64::from(day), "month": i64::from(month)});
    object! {
        "id": hex(view.id),
        "number": &person.number,
        "name": &person.name,
        "life_cycle_state": state_of(view),
        "account_owner": object! {
            "id": hex(view.id),
            "type": if person.is_company { "COMPANY" } else { "PERSON" },
            "title": Out::Null,
            "first_name": &person.first_name,
            "middle_name": Out::Null,
            "last_name": &person.last_name,
            "company_name": person.is_company.then(|| person.last_name.clone()),
            "demographics": object! {
                "date_of_birth": born,
                "name_day": name_day,
                "gender": person.gender.clone(),
            },
            "id_number": Out::Null,
            "passport_number": Out::Null,
            "email": person.email.clone(),
            "phone": person.phone.clone(),
        },
    }
}

/// The schemes that the customer is in, and those that they left.
fn schemes(config: &TillConfig, view: &ParticipantView) -> (Vec<Out>, Vec<Out>) {
    let scheme = |id: Id| {
        let known = config.schemes.get(&id)?;
        let state = if known.is_effective { "EFFECTIVE" } else { "NOT_EFFECTIVE" };
        Some(object! {"id": hex(id), "name": &known.name, "alternative_code": &known.code, "life_cycle_state": state})
    };
    let joined = |member: &Membership| {
        object! {
            "scheme": scheme(member.scheme),
            "sign_up_on": local(member.since_us, &config.zone),
            "sign_up_by_unit": member.unit.map(|unit| unit_out(config, unit)),
        }
    };
    let person = &view.participant;
    let everyone = config.schemes.iter().filter(|(_, scheme)| scheme.is_automatic).map(|(id, _)| Membership {
        scheme: *id,
        since_us: person.sign_up_us,
        until_us: None,
        unit: person.sign_up_unit,
    });
    let (left, own): (Vec<&Membership>, Vec<&Membership>) = person.schemes.iter().partition(|member| member.until_us.is_some());
    let present = everyone.map(|member| joined(&member)).chain(own.into_iter().map(joined)).collect();
    let left = left
        .into_iter()
        .map(|member| joined(member).with(vec![("sign_off_on", member.until_us.map(|us| local(us, &config.zone)).into())]))
        .collect();
    (present, left)
}
