//! `customer_events/spend_requests/*` (`pos-loyalty.md` §5.7).

use axum::extract::State;
use axum::response::Response;
use meed_app::loyalty::spends::{self, SpendInput};
use meed_app::loyalty::{participants, purchases};
use meed_core::id::{Id, Kind};
use serde::Deserialize;

use super::RESULTS_MAX;
use super::call::{Call, parameters};
use super::failure::{Answered, Failure};
use super::out::Out;
use super::place::{Place, check_currency, config, with_config};
use super::purchase_in::{ask, name_of};
use super::purchase_out::spend as spend_out;
use super::purchases::spend_identity;
use super::values::{Identifier, Truth, count, customer, date, event};
use crate::ServerState;
use crate::api::wire::{LooseText, Number};

/// What `create` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Create {
    token: Option<String>,
    fields_set: Option<String>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    purchase_customer_request_identifier: Option<Identifier>,
    performed_by_unit_identifier: Option<Identifier>,
    performed_by_tap_identifier: Option<Identifier>,
    performed_by_business_unit_identifier: Option<Identifier>,
    performed_on: Option<String>,
    spend_amount: Option<Number>,
    spend_alternative_amount: Option<Number>,
    intended_currency_identifier: Option<Identifier>,
    classification_identifier: Option<Identifier>,
    description: Option<String>,
    process_immediately: Option<Truth>,
    external_system: Option<LooseText>,
    external_system_reference_number: Option<LooseText>,
    all_or_nothing: Option<Truth>,
    udf_string_1: Option<LooseText>,
    udf_string_2: Option<LooseText>,
    udf_string_3: Option<LooseText>,
    udf_string_4: Option<LooseText>,
}

/// What `show` and `cancel` take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Show {
    token: Option<String>,
    fields_set: Option<String>,
    customer_event_identifier: Option<Identifier>,
}

/// What `list` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct List {
    token: Option<String>,
    fields_set: Option<String>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    purchase_customer_event_identifier: Option<Identifier>,
    number_of_results: Option<Number>,
    offset: Option<Number>,
}

parameters!(Create, Show, List);

impl Create {
    fn input(&self, config: &meed_app::loyalty::TillConfig, key: Option<&str>) -> Answered<SpendInput> {
        let who = customer(self.rewards_participant_identifier.as_ref(), self.accounts_receivable_identifier.as_ref())?;
        let field = "purchase_customer_request_identifier";
        let purchase = event(self.purchase_customer_request_identifier.as_ref(), field, Kind::Purchase, "purchase")?;
        let place = Place {
            unit: self.performed_by_unit_identifier.as_ref(),
            terminal: self.performed_by_tap_identifier.as_ref(),
            business_unit: self.performed_by_business_unit_identifier.as_ref(),
        };
        let (unit, _) = place.find(config)?;
        let on = self.performed_on.as_deref().ok_or_else(|| Failure::missing("performed_on"))?;
        let at = date(on, config.zone_of(unit), "performed_on")?;
        check_currency(config, self.intended_currency_identifier.as_ref())?;
        name_of(self.classification_identifier.as_ref(), "classification_identifier")?;
        if self.spend_alternative_amount.is_some() {
            let text = "points are spent through the money that they are worth; ask for spend_amount";
            return Err(Failure::invalid("spend_alternative_amount", text));
        }
        let mut wanted = ask(self.spend_amount, config.currency, "spend_amount", self.all_or_nothing)?;
        wanted.system_reference = self.external_system_reference_number.as_ref().map(|text| text.0.clone());
        wanted.description.clone_from(&self.description);
        let identity = spend_identity(self.external_system.as_ref(), self.external_system_reference_number.as_ref(), key);
        Ok(SpendInput { who: Some(who), purchase, ask: wanted, source: Id(0), identity, at: Some(at) })
    }
}

/// `spend_requests/create`. What is spent may be less than what was asked.
pub(super) async fn create(State(state): State<ServerState>, call: Call<Create>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, &call.bearer.context);
    let (input, config) = with_config(&state, ctx.workspace, |config| call.parameters.input(config, call.key.as_deref())).await?;
    let done = spends::create(app, ctx, input).await?;
    let purchase = purchases::show(app, ctx, done.purchase).await?;
    Ok(call.answer(spend_out(&done, Some(&purchase), &config)))
}

impl Show {
    fn spend(&self) -> Answered<Id> {
        event(self.customer_event_identifier.as_ref(), "customer_event_identifier", Kind::Spend, "spend request")
    }
}

/// `spend_requests/show`.
pub(super) async fn show(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    let out = shown(&state, &call, call.parameters.spend()?).await?;
    Ok(call.answer(out))
}

async fn shown(state: &ServerState, call: &Call<Show>, id: Id) -> Answered<Out> {
    let (app, ctx) = (&state.app, &call.bearer.context);
    let done = spends::show(app, ctx, id).await?;
    call.may_see(done.participant)?;
    let purchase = purchases::show(app, ctx, done.purchase).await?;
    let config = config(state, ctx.workspace).await?;
    Ok(spend_out(&done, Some(&purchase), &config))
}

/// `spend_requests/cancel`: what it used goes back to the same awards.
pub(super) async fn cancel(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    call.not_a_customer()?;
    let id = call.parameters.spend()?;
    spends::cancel(&state.app, &call.bearer.context, id).await?;
    let out = shown(&state, &call, id).await?;
    Ok(call.answer(out))
}

/// `spend_requests/list`, newest first.
pub(super) async fn list(State(state): State<ServerState>, call: Call<List>) -> Answered<Response> {
    let (app, ctx, given) = (&state.app, &call.bearer.context, &call.parameters);
    let field = "purchase_customer_event_identifier";
    let purchase = match &given.purchase_customer_event_identifier {
        Some(one) => Some(event(Some(one), field, Kind::Purchase, "purchase")?),
        None => None,
    };
    let named = (given.rewards_participant_identifier.as_ref(), given.accounts_receivable_identifier.as_ref());
    let participant = match (named, purchase) {
        ((None, None), Some(purchase)) => purchases::show(app, ctx, purchase).await?.done.participant,
        ((participant, account), _) => participants::find(app, ctx, &customer(participant, account)?).await?.id,
    };
    call.may_see(participant)?;
    let limit = count(given.number_of_results, "number_of_results")?.unwrap_or(RESULTS_MAX).min(RESULTS_MAX);
    let offset = count(given.offset, "offset")?.unwrap_or_default();
    let found = spends::list(app, ctx, participant, purchase, offset.saturating_add(limit)).await?;
    let config = config(&state, ctx.workspace).await?;
    Ok(call.answer(Out::List(found.iter().skip(offset).take(limit).map(|done| spend_out(done, None, &config)).collect())))
}
