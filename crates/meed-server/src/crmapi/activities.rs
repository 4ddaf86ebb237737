//! `customer_events/referrals/*` and `customer_events/achievements/*`, one and many (`pos-loyalty.md` §5.0).

use std::collections::HashSet;

use axum::extract::State;
use axum::response::Response;
use meed_app::loyalty::TillConfig;
use meed_app::loyalty::activities::{self, ActivityInput};
use meed_app::loyalty::purchases::PurchaseView;
use meed_core::id::{Id, Kind};
use meed_core::loyalty::ActivityKind;
use meed_core::money::Unit;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::{Call, parameters};
use super::failure::{Answered, Failure};
use super::out::{Out, hex, money, number, object};
use super::place::{Place, config, unit_out, with_config};
use super::purchase_in::{class_of, identity, text};
use super::purchase_out::class_out;
use super::values::{Identifier, Truth, amount, customer, date, local};
use crate::ServerState;
use crate::api::request::parse;
use crate::api::wire::{LooseText, Number};

/// What `create` and `preview` take, and a row of many.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ActivityParameters {
    token: Option<String>,
    fields_set: Option<String>,
    request_unique_identifier: Option<LooseText>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    referred_rewards_participant_identifier: Option<Identifier>,
    referred_accounts_receivable_identifier: Option<Identifier>,
    classification_identifier: Option<Identifier>,
    performed_by_unit_identifier: Option<Identifier>,
    performed_by_tap_identifier: Option<Identifier>,
    performed_by_business_unit_identifier: Option<Identifier>,
    performed_on: Option<String>,
    reference_number: Option<LooseText>,
    external_system: Option<LooseText>,
    external_system_reference_number: Option<LooseText>,
    description: Option<String>,
    process_immediately: Option<Truth>,
    amount: Option<Number>,
}

/// Many at once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BulkActivities {
    token: Option<String>,
    fields_set: Option<String>,
    customer_events_set: Option<Vec<Box<RawValue>>>,
}

parameters!(ActivityParameters, BulkActivities);

/// Which method was called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Referral,
    Achievement,
}

impl ActivityParameters {
    fn input(&self, config: &TillConfig, method: Method, key: Option<&str>) -> Answered<ActivityInput> {
        let who = customer(self.rewards_participant_identifier.as_ref(), self.accounts_receivable_identifier.as_ref())?;
        let kind = match (method, self.amount) {
            (Method::Referral, _) => ActivityKind::Referral,
            (Method::Achievement, None) => ActivityKind::Achievement,
            (Method::Achievement, Some(_)) => ActivityKind::FinancialAchievement,
        };
        let referred = match (&self.referred_rewards_participant_identifier, &self.referred_accounts_receivable_identifier) {
            (None, None) if method == Method::Referral => return Err(Failure::missing("referred_rewards_participant_identifier")),
            (None, None) => None,
            (one, other) => Some(customer(one.as_ref(), other.as_ref())?),
        };
        let place = Place {
            unit: self.performed_by_unit_identifier.as_ref(),
            terminal: self.performed_by_tap_identifier.as_ref(),
            business_unit: self.performed_by_business_unit_identifier.as_ref(),
        };
        let (unit, _) = place.find(config)?;
        let on = self.performed_on.as_deref().ok_or_else(|| Failure::missing("performed_on"))?;
        let minor = self.amount.map(|number| amount(number, config.currency, "amount")).transpose()?;
        // Where a caller names it by no receipt, the reference of the sending system is its name.
        let reference = text(self.reference_number.as_ref()).or_else(|| text(self.external_system_reference_number.as_ref()));
        Ok(ActivityInput {
            who,
            kind,
            unit,
            at: Some(date(on, config.zone_of(unit), "performed_on")?),
            classification: class_of(config, self.classification_identifier.as_ref(), "classification_identifier", Some(kind.name()))?,
            amount: minor.unwrap_or_default(),
            referred,
            reference: reference.ok_or_else(|| Failure::missing("reference_number"))?,
            source: Id(0),
            identity: identity("activity", self.external_system.as_ref(), self.external_system_reference_number.as_ref(), key),
            description: self.description.clone(),
        })
    }
}

/// An activity as answers show it.
fn out(view: &PurchaseView, config: &TillConfig) -> Out {
    let (done, basket) = (&view.done, &view.done.body.basket);
    let kind = basket.activity().map(|kind| kind.name().to_uppercase()).unwrap_or_default();
    let award = |grant: &meed_core::loyalty::Grant| {
        object! {
            "id": grant.lots.first().copied().map(hex),
            "amount": money(grant.amount, grant.unit),
            "currency": grant.unit.code(),
            "offer": config.terms(grant.version).map(|offer| offer.name.clone()),
            "life_cycle_state": "POSTED",
        }
    };
    object! {
        "id": hex(done.id),
        "number": number(done.id, Kind::Purchase),
        "type": kind,
        "life_cycle_state": done.standing.state.name(),
        "performed_on": local(basket.at.as_microsecond(), config.zone_of(basket.unit)),
        "performed_by_unit": unit_out(config, basket.unit),
        "reference_number": &basket.reference,
        "description": basket.description.clone(),
        "classification": class_out(basket.classification.as_deref()),
        "amount": money(basket.total(), config.currency),
        "rewards_participant": object! {"id": hex(done.participant), "number": done.person.as_ref().map(|(number, _)| number.clone())},
        "total_awarded_amount": money(done.standing.awarded(config.currency), config.currency),
        "total_awarded_alternative_amount": money(done.standing.awarded(Unit::POINTS), Unit::POINTS),
        "award_reward_transactions_set": done.standing.grants.iter().map(award).collect::<Vec<_>>(),
    }
}

async fn create(state: &ServerState, call: &Call<ActivityParameters>, method: Method) -> Answered<Response> {
    call.not_a_customer()?;
    let ctx = &call.bearer.context;
    let read = |config: &std::sync::Arc<TillConfig>| call.parameters.input(config, method, call.key.as_deref());
    let (input, config) = with_config(state, ctx.workspace, read).await?;
    let view = activities::record(&state.app, ctx, input).await?;
    Ok(call.answer_to(out(&view, &config), view.done.is_replayed))
}

/// `referrals/create`: somebody brought somebody.
pub(super) async fn refer(State(state): State<ServerState>, call: Call<ActivityParameters>) -> Answered<Response> {
    create(&state, &call, Method::Referral).await
}

/// `achievements/create`; with an amount it is a financial one.
pub(super) async fn achieve(State(state): State<ServerState>, call: Call<ActivityParameters>) -> Answered<Response> {
    create(&state, &call, Method::Achievement).await
}

/// `achievements/preview`: what it would earn. Nothing is stored.
pub(super) async fn preview(State(state): State<ServerState>, call: Call<ActivityParameters>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let read = |config: &std::sync::Arc<TillConfig>| call.parameters.input(config, Method::Achievement, None);
    let (input, config) = with_config(&state, ctx.workspace, read).await?;
    let view = activities::preview(&state.app, ctx, input).await?;
    call.may_see(view.done.participant)?;
    Ok(call.answer(object! {
        "total_award_amount": money(view.done.standing.awarded(config.currency), config.currency),
        "total_award_alternative_amount": money(view.done.standing.awarded(Unit::POINTS), Unit::POINTS),
        "rewards_participant_id": hex(view.done.participant),
    }))
}

async fn many(state: &ServerState, call: &Call<BulkActivities>, method: Method) -> Answered<Response> {
    call.not_a_customer()?;
    let ctx = &call.bearer.context;
    let rows = super::bulk::rows(call.parameters.customer_events_set.as_ref(), "customer_events_set")?;
    // Each row may name what is new.
    state.app.fresh_till_config(ctx.workspace).await?;
    let config = config(state, ctx.workspace).await?;
    let mut seen = HashSet::new();
    let (mut good, mut outcomes) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in rows {
        let (name, parsed) =
            super::bulk::named_row(row, &mut seen, |row| parse::<ActivityParameters>(row.get().as_bytes()).map_err(Failure::from));
        outcomes.push((name, parsed.and_then(|row| row.input(&config, method, None)).map(|input| good.push(input)).err()));
    }
    let done = activities::record_many(&state.app, ctx, good).await?;
    let rows = outcomes.iter().map(|(name, failure)| (name.as_str(), failure.clone()));
    Ok(call.answer(super::bulk::events(rows, done)))
}

/// `bulk/referrals/create`.
pub(super) async fn refer_many(State(state): State<ServerState>, call: Call<BulkActivities>) -> Answered<Response> {
    many(&state, &call, Method::Referral).await
}

/// `bulk/achievements/create`.
pub(super) async fn achieve_many(State(state): State<ServerState>, call: Call<BulkActivities>) -> Answered<Response> {
    many(&state, &call, Method::Achievement).await
}
