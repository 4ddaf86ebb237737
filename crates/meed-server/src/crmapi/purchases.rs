//! `customer_events/purchases/*`: preview, create, read, cancel, settle (`pos-loyalty.md` §5.3 to §5.8, §15).

use axum::extract::State;
use axum::response::Response;
use meed_app::loyalty::participants;
use meed_app::loyalty::purchases::{self, PurchaseFilter, PurchaseInput, PurchaseView};
use meed_app::loyalty::{TillConfig, Who, traces, wallets};
use meed_core::id::{Id, Kind};
use meed_core::ledger::share;
use meed_core::loyalty::{Grant, SpendAsk};
use meed_core::money::{Minor, Unit};
use serde::Deserialize;

use super::RESULTS_MAX;
use super::call::{Call, ok, parameters};
use super::failure::{Answered, Failure};
use super::out::{Out, Wanted, hex, money, number, object};
use super::place::{config, unit_out, with_config};
use super::purchase_in::{Asked, PurchaseParameters, Purpose, class_of, identity, text};
use super::purchase_out::{awards_with, preview as preview_out, purchase as purchase_out, spend as spend_out};
use super::spends::{asked_for, traces_of};
use super::values::{AccessToken, Identifier, Truth, count, customer, date_in, event};
use crate::ServerState;
use crate::api::idempotency::mark_replayed;
use crate::api::wire::{LooseText, Number};

/// The input of a call that records or previews one purchase.
async fn input(
    state: &ServerState,
    workspace: Id,
    given: &PurchaseParameters,
    purpose: Purpose,
    key: Option<&str>,
) -> Answered<PurchaseInput> {
    if given.request_unique_identifier.is_some() {
        let text = "this belongs to the rows of bulk purchases; repeat safely with external_system_reference_number";
        return Err(Failure::new("PARAMETER_UNKNOWN", text).at("request_unique_identifier"));
    }
    let now = state.app.now();
    let (input, _) = with_config(state, workspace, |config| given.input(config, purpose, key, now)).await?;
    if input.basket.lines.iter().all(|line| line.intended.is_none()) {
        return Ok(input);
    }
    // What went on the default product may be known since.
    given.input(&*state.app.fresh_till_config(workspace).await?, purpose, key, now)
}

/// `purchases/preview`.
pub(super) async fn preview(State(state): State<ServerState>, call: Call<PurchaseParameters>) -> Answered<Response> {
    let (app, ctx) = (&state.app, &call.bearer.context);
    let input = input(&state, ctx.workspace, &call.parameters, Purpose::Preview, None).await?;
    let view = purchases::preview(app, ctx, input).await?;
    call.may_see(view.done.participant)?;
    let config = config(&state, ctx.workspace).await?;
    Ok(call.answer(preview_out(&view, &config)))
}

/// `purchases/create`.
pub(super) async fn create(State(state): State<ServerState>, call: Call<PurchaseParameters>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, &call.bearer.context);
    let input = input(&state, ctx.workspace, &call.parameters, Purpose::Create, call.key.as_deref()).await?;
    let mut view = purchases::create(app, ctx, input).await?;
    view.traces = traces_of(&state, &call, (view.done.id, view.done.participant, view.done.is_replayed)).await?;
    let config = config(&state, ctx.workspace).await?;
    let out = purchase_out(&view, &config, Some(view.done.balances), &call.wanted());
    Ok(call.answer_to(out, view.done.is_replayed))
}

/// What `create_spend` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CreateSpend {
    token: Option<String>,
    fields_set: Option<String>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    performed_by_unit_identifier: Option<Identifier>,
    performed_by_tap_identifier: Option<Identifier>,
    performed_by_business_unit_identifier: Option<Identifier>,
    performed_on: Option<String>,
    external_system: Option<LooseText>,
    authorized_by_access_token_identifier: Option<AccessToken>,
    intended_currency_identifier: Option<Identifier>,
    #[serde(alias = "purchase_customer_event")]
    purchase: Option<PurchaseParameters>,
    #[serde(alias = "spend", alias = "spend_request_customer_event")]
    spend_request: Option<SpendPart>,
}

/// The spend of `create_spend`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SpendPart {
    classification_identifier: Option<Identifier>,
    classification: Option<Classification>,
    description: Option<String>,
    external_system_reference_number: Option<LooseText>,
    spend_amount: Option<Number>,
    spend_alternative_amount: Option<Number>,
    all_or_nothing: Option<Truth>,
}

/// A class of events, as an identifier or simply by its name (`pos-loyalty.md` §5.8).
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Classification {
    One(Identifier),
    Name(LooseText),
}

impl SpendPart {
    fn class(&self, config: &TillConfig) -> Answered<Option<String>> {
        let field = "spend_request.classification";
        let of = |one, field| class_of(config, Some(one), field, Some("spend_request"));
        match (&self.classification_identifier, &self.classification) {
            (Some(_), Some(_)) => Err(Failure::conflict(field, "the class is named once")),
            (Some(one), None) => of(one, "spend_request.classification_identifier"),
            (None, Some(Classification::One(one))) => of(one, field),
            (None, Some(Classification::Name(name))) => match text(Some(name)) {
                Some(name) => of(&Identifier::of("name", &name), field),
                None => Ok(None),
            },
            (None, None) => Ok(None),
        }
    }
}

parameters!(CreateSpend, ListParameters, ShowParameters);

/// `purchases/create_spend`: purchase and spend in one commit, or neither.
pub(super) async fn create_spend(State(state): State<ServerState>, mut call: Call<CreateSpend>) -> Answered<Response> {
    call.not_a_customer()?;
    let (app, ctx) = (&state.app, call.bearer.context.clone());
    let given = &mut call.parameters;
    let mut purchase = given.purchase.take().ok_or_else(|| Failure::missing("purchase"))?;
    let part = given.spend_request.take().unwrap_or_default();
    purchase.fill(PurchaseParameters {
        rewards_participant_identifier: given.rewards_participant_identifier.take(),
        accounts_receivable_identifier: given.accounts_receivable_identifier.take(),
        performed_by_unit_identifier: given.performed_by_unit_identifier.take(),
        performed_by_tap_identifier: given.performed_by_tap_identifier.take(),
        performed_by_business_unit_identifier: given.performed_by_business_unit_identifier.take(),
        performed_on: given.performed_on.take(),
        external_system: given.external_system.take(),
        intended_currency_identifier: given.intended_currency_identifier.take(),
        ..PurchaseParameters::default()
    });
    let authorised = given.authorized_by_access_token_identifier.take();
    let mut input = input(&state, ctx.workspace, &purchase, Purpose::Create, call.key.as_deref()).await?;
    let config = state.app.fresh_till_config(ctx.workspace).await?;
    let classification = part.class(&config)?;
    let asked = Asked {
        amount: part.spend_amount,
        alternative: part.spend_alternative_amount,
        all_or_nothing: part.all_or_nothing,
        field: "spend_request.spend_amount",
    };
    input.spend = Some(SpendAsk {
        system: input.basket.system.clone(),
        system_reference: text(part.external_system_reference_number.as_ref()),
        classification,
        description: part.description,
        ..asked.ask(&config)?
    });
    if let Some(token) = authorised {
        let field = "authorized_by_access_token_identifier";
        let (buyer, payer) = (participants::find(app, &ctx, &input.who), token.who(field)?);
        let (buyer, payer) = (buyer.await?.id, participants::find(app, &ctx, &payer).await?.id);
        if buyer != payer {
            return Err(Failure::denied().at(field));
        }
    }
    let mut view = purchases::create(app, &ctx, input).await?;
    view.traces = traces_of(&state, &call, (view.done.id, view.done.participant, view.done.is_replayed)).await?;
    let spent = view.done.spend.clone().map(|done| spend_out(&asked_for(done), Some(&view), &config));
    let mut both = vec![purchase_out(&view, &config, Some(view.done.balances), &Wanted::All), spent.unwrap_or(Out::Null)];
    // Fields that neither is called are fields of both.
    if let Wanted::Only(names) = call.wanted()
        && !names.iter().any(|name| ["purchase", "spend_request"].contains(name))
    {
        for one in &mut both {
            drop(one.pick(&names));
        }
        let mut both = both.into_iter();
        let out = object! {"purchase": both.next(), "spend_request": both.next()};
        let response = ok(out, None);
        return Ok(if view.done.is_replayed { mark_replayed(response) } else { response });
    }
    let mut both = both.into_iter();
    Ok(call.answer_to(object! {"purchase": both.next(), "spend_request": both.next()}, view.done.is_replayed))
}

/// What `show`, `cancel` and `apply_settlement` take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ShowParameters {
    token: Option<String>,
    fields_set: Option<String>,
    customer_event_identifier: Option<Identifier>,
}

impl ShowParameters {
    fn purchase(&self) -> Answered<Id> {
        event(self.customer_event_identifier.as_ref(), "customer_event_identifier", Kind::Purchase, "purchase")
    }
}

/// `purchases/show`.
pub(super) async fn show(State(state): State<ServerState>, call: Call<ShowParameters>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let mut view = purchases::show(&state.app, ctx, call.parameters.purchase()?).await?;
    call.may_see(view.done.participant)?;
    if call.wanted().has("log_information") {
        view.traces = traces::of_event(&state.app, ctx, view.done.id, view.done.participant).await?;
    }
    let config = config(&state, ctx.workspace).await?;
    Ok(call.answer(purchase_out(&view, &config, None, &call.wanted())))
}

/// `purchases/cancel`: the whole purchase, now cancelled.
pub(super) async fn cancel(State(state): State<ServerState>, call: Call<ShowParameters>) -> Answered<Response> {
    call.not_a_customer()?;
    let ctx = &call.bearer.context;
    let id = call.parameters.purchase()?;
    let done = purchases::cancel(&state.app, ctx, id, None, call.key.as_deref()).await?;
    let view = purchases::show(&state.app, ctx, id).await?;
    let config = config(&state, ctx.workspace).await?;
    let amount = |minor| money(minor, config.currency);
    let steps = done.body.taken_back.iter().map(|taken| &taken.steps);
    let (mut from_wallet, mut owed, mut forgiven) = (0, 0, 0);
    for step in steps {
        from_wallet += step.from_lots + step.from_others;
        owed += step.owed;
        forgiven += step.forgiven;
    }
    let what = object! {
        "spent_amount_given_back": amount(done.body.given_back),
        "awards_taken_from_wallet": amount(from_wallet),
        "awards_owed": amount(owed),
        "awards_forgiven": amount(forgiven),
    };
    let wallets = wallets::read(&state.app, ctx, view.done.participant, None).await?;
    let points = wallets.iter().find(|wallet| wallet.unit == Unit::POINTS).map_or(0, |wallet| wallet.balance);
    let out = purchase_out(&view, &config, Some((done.body.balance, points)), &call.wanted());
    Ok(call.answer_to(out.with(vec![("reversal", what)]), done.is_replayed))
}

/// `purchases/apply_settlement`: what the merchant pays towards the awards. A second call answers the first one.
pub(super) async fn apply_settlement(State(state): State<ServerState>, call: Call<ShowParameters>) -> Answered<Response> {
    call.not_a_customer()?;
    let ctx = &call.bearer.context;
    let id = call.parameters.purchase()?;
    let (settlement, body, is_repeat) = purchases::settle(&state.app, ctx, id).await?;
    let view = purchases::show(&state.app, ctx, id).await?;
    let config = config(&state, ctx.workspace).await?;
    let amount = |minor| money(minor, config.currency);
    let merchant = config.merchants.get(&body.merchant).map(|merchant| merchant.name.clone());
    let awards = awards_with(&view, &shares(&view, config.currency, body.contribution), body.percent);
    Ok(call.answer(object! {
        "total_awarded_amount": amount(body.awarded),
        "contribution_percentage": body.percent,
        "total_contribution_amount": amount(body.contribution),
        "invoice": object! {
            "id": hex(settlement),
            "number": number(settlement, Kind::Event),
            "total_amount": amount(body.contribution),
            "was_there_before": is_repeat,
        },
        "accounts_receivable": object! {"id": hex(body.merchant), "name": merchant},
        "performed_by_unit": unit_out(&config, view.done.body.basket.unit),
        "award_transactions_set": awards,
    }))
}

/// The contribution dealt out to the awards in money, in proportion to their amounts: the shares sum to it.
fn shares(view: &PurchaseView, currency: Unit, contribution: Minor) -> Vec<Minor> {
    let worth = |grant: &Grant| if grant.unit == currency { grant.amount } else { 0 };
    let grants = &view.done.standing.grants;
    let all: Minor = grants.iter().map(worth).sum();
    let (mut so_far, mut dealt) = (0, 0);
    let one = |grant: &Grant| {
        so_far += worth(grant);
        let until = share(contribution, so_far, all).unwrap_or_default();
        let own = until - dealt;
        dealt = until;
        own
    };
    grants.iter().map(one).collect()
}

/// What `list` takes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListParameters {
    token: Option<String>,
    fields_set: Option<String>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    classification_identifier: Option<Identifier>,
    spend_requests_applied: Option<Truth>,
    eligible_for_spending: Option<Truth>,
    submitted_after_date: Option<String>,
    submitted_before_date: Option<String>,
    number_of_results: Option<Number>,
    offset: Option<Number>,
}

impl ListParameters {
    fn who(&self) -> Answered<Option<Who>> {
        let (participant, account) = (self.rewards_participant_identifier.as_ref(), self.accounts_receivable_identifier.as_ref());
        match (participant, account, &self.classification_identifier) {
            (None, None, Some(_)) => Ok(None),
            (_, _, None) => customer(participant, account).map(Some),
            _ => {
                let text = "exactly one of customer and classification_identifier says what to list";
                Err(Failure::conflict("classification_identifier", text))
            }
        }
    }
}

/// `purchases/list`, newest first.
pub(super) async fn list(State(state): State<ServerState>, call: Call<ListParameters>) -> Answered<Response> {
    let (app, ctx, given) = (&state.app, &call.bearer.context, &call.parameters);
    let config = config(&state, ctx.workspace).await?;
    let participant = match given.who()? {
        Some(who) => Some(participants::find(app, ctx, &who).await?.id),
        None => None,
    };
    match participant {
        Some(participant) => call.may_see(participant)?,
        None => call.not_a_customer()?,
    }
    let filter = PurchaseFilter {
        participant,
        classification: class_of(&config, given.classification_identifier.as_ref(), "classification_identifier", None)?,
        spend_requests_applied: given.spend_requests_applied.map(|truth| truth.0),
        eligible_for_spending: given.eligible_for_spending.map(|truth| truth.0),
        submitted_after: date_in(given.submitted_after_date.as_deref(), &config.zone, "submitted_after_date")?,
        submitted_before: date_in(given.submitted_before_date.as_deref(), &config.zone, "submitted_before_date")?,
        before: None,
        offset: count(given.offset, "offset")?.unwrap_or_default(),
        limit: count(given.number_of_results, "number_of_results")?.unwrap_or(RESULTS_MAX).min(RESULTS_MAX),
    };
    let views = if filter.limit == 0 { Vec::new() } else { purchases::list(app, ctx, filter).await? };
    let wanted = call.wanted();
    Ok(call.answer(Out::List(views.iter().map(|view| purchase_out(view, &config, None, &wanted)).collect())))
}

/// The identity of a spend, apart from those of purchases.
pub(super) fn spend_identity(system: Option<&LooseText>, reference: Option<&LooseText>, key: Option<&str>) -> Option<String> {
    identity("spend", system, reference, key)
}
