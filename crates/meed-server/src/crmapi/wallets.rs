//! `wallets/*`: balance, breakdown, expiry, journal (`pos-loyalty.md` §13).

use axum::extract::State;
use axum::response::Response;
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use meed_app::loyalty::journal::{self, Entry};
use meed_app::loyalty::wallets::{self, WalletView};
use meed_app::loyalty::{TillConfig, participants};
use meed_core::command::date_of;
use meed_core::id::{Id, Kind};
use meed_core::ledger::Lot;
use meed_core::loyalty::LimitPeriod;
use meed_core::money::{Minor, Unit};
use serde::Deserialize;

use super::RESULTS_MAX;
use super::call::{Call, parameters};
use super::failure::{Answered, Failure};
use super::out::{Out, hex, money, number, object};
use super::place::config;
use super::values::{ACCOUNT, Identifier, count, local};
use crate::ServerState;
use crate::api::wire::Number;

/// What the queries take.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Query {
    token: Option<String>,
    fields_set: Option<String>,
    wallet_identifier: Option<Identifier>,
    rewards_participant_identifier: Option<Identifier>,
    accounts_receivable_identifier: Option<Identifier>,
    as_of_date: Option<String>,
    threshold_date: Option<String>,
    number_of_results: Option<Number>,
    offset: Option<Number>,
}
parameters!(Query);

/// A day, written alone or with a time.
fn day(text: &str, field: &str) -> Answered<Date> {
    let found = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let found = found.or_else(|| text.parse::<DateTime>().ok().filter(|_| text.len() == 19).map(DateTime::date));
    found.ok_or_else(|| Failure::invalid(field, "days are written YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS"))
}

impl Query {
    async fn participant(&self, state: &ServerState, call: &Call<Self>) -> Answered<Id> {
        let named = [
            (&self.wallet_identifier, "wallet_identifier"),
            (&self.rewards_participant_identifier, "rewards_participant_identifier"),
            (&self.accounts_receivable_identifier, ACCOUNT),
        ];
        let mut named = named.into_iter().filter_map(|(one, field)| one.as_ref().map(|one| (one, field)));
        let (Some((one, field)), None) = (named.next(), named.next()) else {
            return Err(Failure::conflict("wallet_identifier", "exactly one of wallet, participant and account names the wallet"));
        };
        let found = participants::find(&state.app, &call.bearer.context, &one.who(field)?).await?;
        call.may_see(found.id)?;
        Ok(found.id)
    }

    /// The last instant of the day that is asked for; the day itself counts.
    fn as_of(&self, state: &ServerState, config: &TillConfig) -> Answered<Option<Timestamp>> {
        let Some(text) = &self.as_of_date else { return Ok(None) };
        let day = day(text, "as_of_date")?;
        let today = config.zone.to_datetime(state.app.now()).date();
        if day < today {
            return Err(Failure::new("DATE_IN_PAST", "a balance is told for today or a day to come").at("as_of_date"));
        }
        if day == today {
            return Ok(None);
        }
        let end = day.tomorrow().ok().and_then(|next| next.to_zoned(config.zone.clone()).ok());
        let end = end.and_then(|end| end.timestamp().checked_sub(1.microsecond()).ok());
        end.map(Some).ok_or_else(|| Failure::invalid("as_of_date", "this day cannot be reckoned with"))
    }
}

fn balance_of(wallets: &[WalletView], unit: Unit, value: impl Fn(&WalletView) -> Minor) -> Out {
    money(wallets.iter().find(|wallet| wallet.unit == unit).map_or(0, value), unit)
}

/// `wallets/get_balance`.
pub(super) async fn balance(State(state): State<ServerState>, call: Call<Query>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let config = config(&state, ctx.workspace).await?;
    let wallets = wallets::read(&state.app, ctx, participant, call.parameters.as_of(&state, &config)?).await?;
    let currency = config.currency;
    Ok(call.answer(object! {
        "id": hex(participant),
        "life_cycle_state": "EFFECTIVE",
        "currency": object! {"code": currency.code()},
        "balance": balance_of(&wallets, currency, |wallet| wallet.balance),
        "conditional_balance": balance_of(&wallets, currency, |wallet| wallet.conditional),
        "held_balance": balance_of(&wallets, currency, |wallet| wallet.held),
        "pending_balance": balance_of(&wallets, currency, |wallet| wallet.pending),
        "owed_amount": balance_of(&wallets, currency, |wallet| wallet.owed),
        "alternative_currency": object! {"code": Unit::POINTS.code()},
        "alternative_balance": balance_of(&wallets, Unit::POINTS, |wallet| wallet.balance),
        "conditional_alternative_balance": balance_of(&wallets, Unit::POINTS, |wallet| wallet.conditional),
    }))
}

/// `wallets/get_balance_breakdown`: by condition of use, and what is bound by none.
pub(super) async fn breakdown(State(state): State<ServerState>, call: Call<Query>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let config = config(&state, ctx.workspace).await?;
    let as_of = call.parameters.as_of(&state, &config)?;
    let wallets = wallets::read(&state.app, ctx, participant, as_of).await?;
    let at_us = as_of.unwrap_or(state.app.now()).as_microsecond();
    let mut groups: Vec<(Unit, Id, Minor)> = Vec::new();
    let mut free: Vec<(Unit, Minor)> = wallets.iter().map(|wallet| (wallet.unit, 0)).collect();
    // Recorded times run ahead of a clock that stands: what is not pending is active.
    let is_active = |lot: &&Lot| !lot.is_pending || lot.active_us <= at_us;
    for lot in wallets.iter().flat_map(|wallet| &wallet.lots).filter(is_active) {
        let bound = lot.version.filter(|_| lot.rank > 0);
        match bound {
            None => free.iter_mut().filter(|(unit, _)| *unit == lot.unit).for_each(|(_, sum)| *sum += lot.free()),
            Some(version) => match groups.iter_mut().find(|(unit, known, _)| (*unit, *known) == (lot.unit, version)) {
                Some((_, _, sum)) => *sum += lot.free(),
                None => groups.push((lot.unit, version, lot.free())),
            },
        }
    }
    let group = |(unit, version, sum): &(Unit, Id, Minor)| {
        let terms = config.terms(*version);
        object! {
            "group_condition_id": hex(*version),
            "name": terms.map(|offer| offer.name.clone()),
            "condition": terms.and_then(|offer| offer.spend.condition.as_ref().map(|condition| condition.source().to_owned())),
            "currency": unit.code(),
            "balance": money(*sum, *unit),
        }
    };
    let unbound = |unit: Unit| money(free.iter().find(|(known, _)| *known == unit).map_or(0, |(_, sum)| *sum), unit);
    Ok(call.answer(object! {
        "balance": balance_of(&wallets, config.currency, |wallet| wallet.balance),
        "alternative_balance": balance_of(&wallets, Unit::POINTS, |wallet| wallet.balance),
        "no_allotments_included": object! {"balance": unbound(config.currency), "alternative_balance": unbound(Unit::POINTS)},
        "allotments_set": groups.iter().map(group).collect::<Vec<_>>(),
    }))
}

/// `wallets/get_balance_expiration`: what expires up to a day, and what remains.
pub(super) async fn expiration(State(state): State<ServerState>, call: Call<Query>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let config = config(&state, ctx.workspace).await?;
    let threshold = day(call.parameters.threshold_date.as_deref().ok_or_else(|| Failure::missing("threshold_date"))?, "threshold_date")?;
    let wallets = wallets::read(&state.app, ctx, participant, None).await?;
    let Some(wallet) = wallets.iter().find(|wallet| wallet.unit == config.currency) else {
        return Err(Failure::unknown("wallet_identifier", "wallet"));
    };
    let until = |number: i64| date_of(number).is_some_and(|date| date <= threshold);
    let due: Vec<&(i64, Minor)> = wallet.expiring.iter().filter(|(number, _)| until(*number)).collect();
    let expired: Minor = due.iter().map(|(_, amount)| amount).sum();
    let all: Minor = wallet.lots.iter().map(|lot| lot.remaining).sum();
    let one = |(number, amount): &&(i64, Minor)| {
        object! {"date": date_of(*number).map(|date| date.to_string()), "expired_amount": money(*amount, config.currency)}
    };
    Ok(call.answer(object! {
        "expired_amount": money(expired, config.currency),
        "remaining_amount": money(all - expired, config.currency),
        "expiration_set": due.iter().map(one).collect::<Vec<_>>(),
    }))
}

/// `wallets/journal`: what happened, newest first.
pub(super) async fn journal(State(state): State<ServerState>, call: Call<Query>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let config = config(&state, ctx.workspace).await?;
    let limit = count(call.parameters.number_of_results, "number_of_results")?.unwrap_or(RESULTS_MAX).min(RESULTS_MAX);
    let offset = count(call.parameters.offset, "offset")?.unwrap_or_default();
    let entries = journal::slice(&state.app, ctx, participant, offset, limit).await?;
    let out = |entry: &Entry| {
        object! {
            "id": hex(entry.id),
            "number": number(entry.id, Kind::Event),
            "type": entry.kind.name().to_uppercase(),
            "performed_on": local(entry.at_us, &config.zone),
            "submitted_on": local(entry.recorded_us, &config.zone),
            "credit_amount": money(entry.credit, entry.unit),
            "debit_amount": money(entry.debit, entry.unit),
            "currency": entry.unit.code(),
            "description": entry.text.clone(),
            "about": entry.about.map(hex),
        }
    };
    Ok(call.answer(Out::List(entries.iter().map(out).collect())))
}

/// `wallets/get_limits`: what may be moved per day, week and month, and what remains of it today.
pub(super) async fn limits(State(state): State<ServerState>, call: Call<Query>) -> Answered<Response> {
    let ctx = &call.bearer.context;
    let participant = call.parameters.participant(&state, &call).await?;
    let all = wallets::limits(&state.app, ctx, participant).await?;
    let per = |view: &wallets::LimitView| match view.limit.per {
        LimitPeriod::Day => "DAILY",
        LimitPeriod::Week => "WEEKLY",
        LimitPeriod::Month => "MONTHLY",
    };
    let out = |view: &wallets::LimitView| {
        object! {
            "type": view.limit.kind.name().to_uppercase(),
            "period": per(view),
            "currency": view.limit.unit.code(),
            "is_own": view.is_own,
            "number": view.limit.number,
            "remaining_number": view.number_left,
            "amount": view.limit.amount.map(|minor| money(minor, view.limit.unit)),
            "remaining_amount": view.amount_left.map(|minor| money(minor, view.limit.unit)),
        }
    };
    Ok(call.answer(object! {"limits_set": all.iter().map(out).collect::<Vec<_>>()}))
}
