//! `customer_events/spend_requests/*` (`pos-loyalty.md` §5.7).

use axum::extract::State;
use axum::response::Response;
use meed_app::loyalty::spends::{self, SpendFilter, SpendInput, SpendView};
use meed_app::loyalty::traces::{self, Traces};
use meed_app::loyalty::{participants, purchases};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{SpendAsk, SpendDone, SpendMethod};
use serde::Deserialize;

use super::RESULTS_MAX;
use super::call::{Call, Parameters, parameters};
use super::failure::{Answered, Failure};
use super::out::Out;
use super::place::{Place, check_currency, config, with_config};
use super::purchase_in::{Asked, class_of, text, with_free_fields};
use super::purchase_out::{half_of, mark_of, spend as spend_out};
use super::purchases::spend_identity;
use super::values::{Identifier, Truth, count, customer, date, date_in, event};
use crate::ServerState;
use crate::api::wire::{LooseText, Number};

with_free_fields! {
    /// What `create` takes.
    struct Create {
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
        is_offline: Option<Truth>,
    }
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
    submitted_after_date: Option<String>,
    submitted_before_date: Option<String>,
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
        let asked = Asked {
            amount: self.spend_amount,
            alternative: self.spend_alternative_amount,
            all_or_nothing: self.all_or_nothing,
            field: "spend_amount",
        };
        let wanted = SpendAsk {
            system: text(self.external_system.as_ref()),
            system_reference: text(self.external_system_reference_number.as_ref()),
            description: self.description.clone(),
            classification: class_of(config, self.classification_identifier.as_ref(), "classification_identifier", Some("spend_request"))?,
            extra: self.free_fields(),
            ..asked.ask(config)?
        };
        let identity = spend_identity(self.external_system.as_ref(), self.external_system_reference_number.as_ref(), key);
        let is_offline = self.is_offline.is_some_and(|offline| offline.0);
        Ok(SpendInput { who: Some(who), purchase, ask: wanted, source: Id(0), identity, at: Some(at), is_offline })
    }
}

/// `spend_requests/create`. What is spent may be less than what was asked.
pub(super) async fn create(State(state): State<ServerState>, call: Call<Create>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, &call.bearer.context);
    let (input, config) = with_config(&state, ctx.workspace, |config| call.parameters.input(config, call.key.as_deref())).await?;
    let done = spends::create(app, ctx, input).await?;
    let purchase = purchases::show(app, ctx, done.purchase).await?;
    let is_replayed = done.is_replayed;
    let traces = traces_of(&state, &call, (done.id, done.participant, is_replayed)).await?;
    let view = SpendView { traces, ..asked_for(done) };
    Ok(call.answer_to(spend_out(&view, Some(&purchase), &config), is_replayed))
}

/// A spend that the customer asked for.
pub(super) const fn asked_for(done: SpendDone) -> SpendView {
    SpendView { done, method: SpendMethod::OnRequest, pays_back: false, traces: Traces::none() }
}

/// Who recorded what a call has just recorded, or recorded before; looked up where it is wanted.
pub(super) async fn traces_of<T: Parameters>(
    state: &ServerState,
    call: &Call<T>,
    (id, participant, is_replayed): (Id, Id, bool),
) -> Answered<Traces> {
    let (app, ctx) = (&state.app, &call.bearer.context);
    if !call.wanted().has("log_information") {
        return Ok(Traces::none());
    }
    if is_replayed {
        return Ok(Traces { created_by: traces::of_event(app, ctx, id, participant).await?.created_by, ..Traces::none() });
    }
    Ok(traces::of_caller(app, ctx).await?)
}

/// A spend as a call names it.
enum Named {
    /// One that was asked for.
    Asked(Id),
    /// What a purchase spent at once.
    AtOnce(Id, SpendMethod),
}

impl Show {
    fn spend(&self) -> Answered<Named> {
        let field = "customer_event_identifier";
        let named = self.customer_event_identifier.as_ref().ok_or_else(|| Failure::missing(field))?;
        if let Some((purchase, method)) = at_once(named.one(field, &["number", "id"])?) {
            return Ok(Named::AtOnce(purchase, method));
        }
        event(Some(named), field, Kind::Spend, "spend request").map(Named::Asked)
    }
}

/// The purchase that a spend at once belongs to, and its kind: both stand in its id and in its number.
fn at_once((key, value): (&str, &str)) -> Option<(Id, SpendMethod)> {
    let methods = [SpendMethod::Instant, SpendMethod::Automatic];
    if key == "number" {
        let (number, mark) = value.rsplit_once('-')?;
        let method = methods.into_iter().find(|method| mark.eq_ignore_ascii_case(mark_of(*method)))?;
        let purchase = Id::parse(&format!("{}_{}", Kind::Purchase.prefix(), number.to_lowercase()), Kind::Purchase).ok()?;
        return Some((purchase, method));
    }
    let (upper, lower) = value.split_at_checked(16).filter(|_| value.len() == 32)?;
    let method = methods.into_iter().find(|method| lower.eq_ignore_ascii_case(&half_of(*method)))?;
    let purchase = Id(u64::from_str_radix(upper, 16).ok()?.cast_signed());
    Some((purchase, method))
}

/// `spend_requests/show`.
pub(super) async fn show(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    let (app, ctx) = (&state.app, &call.bearer.context);
    let mut view = match call.parameters.spend()? {
        Named::Asked(id) => asked_for(spends::show(app, ctx, id).await?),
        Named::AtOnce(purchase, method) => spends::show_at_once(app, ctx, purchase, method).await?,
    };
    call.may_see(view.done.participant)?;
    if call.wanted().has("log_information") {
        view.traces = traces::of_event(app, ctx, view.done.id, view.done.participant).await?;
    }
    let purchase = purchases::show(app, ctx, view.done.purchase).await?;
    let config = config(&state, ctx.workspace).await?;
    Ok(call.answer(spend_out(&view, Some(&purchase), &config)))
}

/// `spend_requests/cancel`: what it used goes back to the same awards.
pub(super) async fn cancel(State(state): State<ServerState>, call: Call<Show>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, &call.bearer.context);
    let Named::Asked(id) = call.parameters.spend()? else {
        let text = "what a purchase spends at once is part of it: cancel the purchase";
        return Err(Failure::new("INVALID_EVENT_TYPE", text).at("customer_event_identifier"));
    };
    let cancelled = spends::cancel(app, ctx, id, call.key.as_deref()).await?;
    let mut done = spends::show(app, ctx, id).await?;
    done.body.balance = cancelled.body.balance;
    let purchase = purchases::show(app, ctx, done.purchase).await?;
    let config = config(&state, ctx.workspace).await?;
    Ok(call.answer_to(spend_out(&asked_for(done), Some(&purchase), &config), cancelled.is_replayed))
}

/// `spend_requests/list`, newest first: also what purchases spent at once.
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
    let config = config(&state, ctx.workspace).await?;
    let filter = SpendFilter {
        purchase,
        submitted_after: date_in(given.submitted_after_date.as_deref(), &config.zone, "submitted_after_date")?,
        submitted_before: date_in(given.submitted_before_date.as_deref(), &config.zone, "submitted_before_date")?,
        offset: count(given.offset, "offset")?.unwrap_or_default(),
        limit: count(given.number_of_results, "number_of_results")?.unwrap_or(RESULTS_MAX).min(RESULTS_MAX),
    };
    let found = spends::list(app, ctx, participant, filter).await?;
    Ok(call.answer(Out::List(found.iter().map(|view| spend_out(view, None, &config)).collect())))
}
