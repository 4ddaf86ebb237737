//! What an operator does on a participant's page: adjustments, transfers, longer lots, own limits, activities, erasing.

use std::str::FromStr;

use axum::extract::{Path, State};
use jiff::Timestamp;
use jiff::civil::Date;
use meed_app::loyalty::activities::{self, ActivityInput};
use meed_app::loyalty::participants::ParticipantView;
use meed_app::loyalty::tiers::{self as tiers_by_hand, TierInput};
use meed_app::loyalty::wallets::{self, AdjustInput, ExtendInput, TransferInput, WalletView};
use meed_app::loyalty::{LimitDocument, TillConfig, Who, participants};
use meed_app::{AppError, AppResult};
use meed_core::command::date_of;
use meed_core::id::{Id, Kind};
use meed_core::ledger::Lot;
use meed_core::loyalty::{ActivityKind, ErasedBalance, Limit};
use meed_core::money::Amount as Exactly;

use super::basket::{Wrong, amount, customer, errors, unit_of, units, wrong};
use super::participants::{lot_name, one, until};
use crate::ServerState;
use crate::pages::till::{HandsForms, TierRow};
use crate::pages::{Choice, FormErrors, Link, Tone};
use crate::web::answer::{Answer, form_errors, form_page};
use crate::web::flash;
use crate::web::form::{Fields, Posted, id};
use crate::web::shown::{Setting, day_text};
use crate::web::visit::Visit;

/// Changes of tier that the page tells.
const TIER_CHANGES: usize = 20;
/// Words for what limits count and over what.
pub(super) const LIMIT_KINDS: [(&str, &str); 4] =
    [("debit", "Spends and debits"), ("credit", "Credits by hand"), ("top_up", "Payments in"), ("transfer", "Gifts to others")];
pub(super) const LIMIT_PERIODS: [(&str, &str); 3] = [("day", "a day"), ("week", "a week"), ("month", "a month")];
/// Words for activities.
const ACTIVITIES: [(&str, &str); 5] = [
    ("achievement", "Achievement"),
    ("financial_achievement", "Achievement with an amount"),
    ("referral", "Brought somebody"),
    ("social_media", "Social network"),
    ("web", "On the web"),
];

pub(super) fn choices(all: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    all.iter().map(|(value, label)| Choice::new(value, label, *value == chosen)).collect()
}

fn word<'a>(all: &'a [(&str, &str)], value: &str) -> &'a str {
    all.iter().find(|(known, _)| *known == value).map_or("", |(_, label)| label)
}

/// The forms as they were typed, or empty ones.
pub(super) fn forms(setting: &Setting, config: &TillConfig, view: &ParticipantView, wallets: &[WalletView], form: &Fields) -> HandsForms {
    let lot = |lot: &Lot| {
        let left = Exactly { minor: lot.remaining, unit: lot.unit };
        let ends = lot.expires_us.map(|us| until(setting, config, us))?;
        let id = lot.id.text(Kind::Lot);
        let is_chosen = form.text("lot") == id;
        Some(Choice::new(&id, &format!("{}, {left}, until {ends}", lot_name(config, lot)), is_chosen))
    };
    let limit = |limit: &Limit| {
        let (kind, per) = (limit.kind.name(), limit.per.name());
        let number = limit.number.map(|number| format!("{number} times"));
        let most = limit.amount.map(|minor| Exactly { minor, unit: limit.unit }.to_string());
        let most: Vec<String> = number.into_iter().chain(most).collect();
        (word(&LIMIT_KINDS, kind).to_owned(), format!("{} {}", most.join(", "), word(&LIMIT_PERIODS, per)))
    };
    let text = |field: &str| form.text(field).to_owned();
    HandsForms {
        transfer: ["to", "transfer_amount", "transfer_reason"].map(text),
        lots: wallets.iter().flat_map(|wallet| &wallet.lots).filter_map(lot).collect(),
        extend: ["until", "extend_reason"].map(text),
        limits: view.participant.limits.iter().map(limit).collect(),
        limit_kinds: choices(&LIMIT_KINDS, form.text("kind")),
        limit_periods: choices(&LIMIT_PERIODS, form.text("per")),
        limit: ["limit_number", "limit_amount"].map(text),
        activities: choices(&ACTIVITIES, form.text("activity")),
        units: units(config, form.id("unit", Kind::Unit).ok().flatten()),
        activity: ["class", "activity_amount", "reference", "referred"].map(text),
        tiers: tier_choices(config, form.text("tier")),
        tier: ["tier_until", "tier_reason"].map(text),
        is_tier_fixed: form.text("tier_fixed") == "yes",
        is_gone: view.participant.terminated.is_some(),
    }
}

/// Tiers to set by hand; none takes back what was set.
fn tier_choices(config: &TillConfig, chosen: &str) -> Vec<Choice> {
    let tiers = config.settings.tiers.levels.iter().map(|tier| Choice::new(&tier.code, &tier.name, tier.code == chosen));
    let all: Vec<Choice> = tiers.collect();
    if all.is_empty() { all } else { std::iter::once(Choice::new("", "As earned", chosen.is_empty())).chain(all).collect() }
}

/// `POST /participants/{id}/tier`
pub(in crate::web) async fn set_tier(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let until = form.filled("tier_until").map(|day| day_end(day, &config).ok_or_else(|| wrong("tier_until", "Write a day."))).transpose();
    match until.and_then(|until| Ok((until, filled(&form, "tier_reason", "Say why.")?.to_owned()))) {
        Err(wrong) => wrong_form(&state, &visit, id, &form, errors(wrong)).await,
        Ok((until, reason)) => {
            let input = TierInput {
                participant: id,
                tier: form.filled("tier").map(str::to_owned),
                until,
                is_fixed: form.text("tier_fixed") == "yes",
                reason,
                identity: token(&form, "tier"),
            };
            let done = tiers_by_hand::set(&state.app, &visit.ctx, input).await;
            let names = [("tier", "tier"), ("until", "tier_until"), ("reason", "tier_reason")];
            leave(&state, &visit, id, &form, (done, "The tier is set.", &names)).await
        }
    }
}

/// Changes of tier as the page shows them, newest first.
pub(super) async fn tiers(state: &ServerState, visit: &Visit, config: &TillConfig, id: Id) -> AppResult<Vec<TierRow>> {
    if config.settings.tiers.levels.is_empty() {
        return Ok(Vec::new());
    }
    let name = |code: &Option<String>| {
        let level = config.settings.tiers.levels.iter().find(|tier| Some(&tier.code) == code.as_ref());
        level.map(|tier| tier.name.clone()).or_else(|| code.clone()).unwrap_or_else(|| "none".to_owned())
    };
    let all = participants::tier_changes(&state.app, &visit.ctx, id).await?;
    let newest = all.get(all.len().saturating_sub(TIER_CHANGES)..).unwrap_or_default();
    let named = newest.iter().flat_map(|change| change.entered.iter().chain(&change.left)).copied().collect();
    let receipts = tiers_by_hand::receipts(&state.app, &visit.ctx, named).await?;
    let links = |purchases: &[Id]| {
        let reference = |id: &Id| receipts.get(id).map_or("a purchase", String::as_str);
        let link = |id: &Id| Link::new(reference(id), &format!("/till/receipts/{}", id.text(Kind::Purchase)));
        purchases.iter().map(link).collect::<Vec<_>>()
    };
    let row = |change: &meed_core::loyalty::TierChange| TierRow {
        day: date_of(change.day).map(day_text).unwrap_or_default(),
        text: match &change.by_hand {
            None => format!("{} → {}", name(&change.from), name(&change.to)),
            Some(why) => format!("{} → {}: {why}", name(&change.from), name(&change.to)),
        },
        causes: [("bought", &change.entered), ("no longer counts", &change.left)]
            .into_iter()
            .filter(|(_, purchases)| !purchases.is_empty())
            .map(|(why, purchases)| (format!("{why}:"), links(purchases)))
            .collect(),
    };
    Ok(newest.iter().rev().map(row).collect())
}

/// Goes on after a form: back to the page, or shows what was wrong.
async fn leave<T>(
    state: &ServerState,
    visit: &Visit,
    id: Id,
    form: &Fields,
    (done, said, names): (AppResult<T>, &str, &[(&str, &str)]),
) -> Answer {
    match done {
        Ok(_) => Ok(flash::see_other(state, &format!("/participants/{}", id.text(Kind::Participant)), Tone::Good, said)),
        Err(error) => wrong_form(state, visit, id, form, form_errors(error, names)?).await,
    }
}

async fn wrong_form(state: &ServerState, visit: &Visit, id: Id, form: &Fields, errors: FormErrors) -> Answer {
    form_page(&one(state, visit, id, form, errors).await?)
}

fn token(form: &Fields, what: &str) -> Option<String> {
    form.filled("token").map(|token| format!("page {what}\n{token}"))
}

fn filled<'a>(form: &'a Fields, field: &str, text: &str) -> Result<&'a str, Wrong> {
    form.filled(field).ok_or_else(|| wrong(field, text))
}

/// `POST /participants/{id}/adjust`
pub(in crate::web) async fn adjust(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let read = || -> Result<AdjustInput, Wrong> {
        Ok(AdjustInput {
            who: Who::Id(id),
            unit: config.currency,
            amount: amount(form.text("amount"), config.currency, "amount")?,
            is_top_up: false,
            expires: None,
            reason: filled(&form, "reason", "Say why.")?.to_owned(),
            source: Id(0),
            identity: token(&form, "adjustment"),
        })
    };
    match read() {
        Err(wrong) => wrong_form(&state, &visit, id, &form, errors(wrong)).await,
        Ok(input) => {
            let done = wallets::adjust(&state.app, &visit.ctx, input).await;
            leave(&state, &visit, id, &form, (done, "It is booked.", &[("amount", "amount"), ("reason", "reason")])).await
        }
    }
}

/// `POST /participants/{id}/transfer`
pub(in crate::web) async fn transfer(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let to = customer(&state.app, &visit.ctx, form.text("to")).await?;
    let read = || -> Result<TransferInput, Wrong> {
        let (to, _) = to.ok_or_else(|| wrong("to", "Nobody is known by this card, phone, e-mail or number."))?;
        Ok(TransferInput {
            from: Who::Id(id),
            to: Who::Id(to.id),
            unit: config.currency,
            amount: amount(form.text("transfer_amount"), config.currency, "transfer_amount")?,
            reason: filled(&form, "transfer_reason", "Say why.")?.to_owned(),
            source: Id(0),
            identity: token(&form, "transfer"),
        })
    };
    match read() {
        Err(wrong) => wrong_form(&state, &visit, id, &form, errors(wrong)).await,
        Ok(input) => {
            let done = wallets::transfer(&state.app, &visit.ctx, input).await;
            let names = [("amount", "transfer_amount"), ("reason", "transfer_reason"), ("to", "to")];
            leave(&state, &visit, id, &form, (done, "It went over.", &names)).await
        }
    }
}

/// The end of a day, in the workspace's zone.
fn day_end(text: &str, config: &TillConfig) -> Option<Timestamp> {
    let next = Date::from_str(text).ok()?.tomorrow().ok()?;
    next.to_zoned(config.zone.clone()).ok().map(|zoned| zoned.timestamp())
}

/// `POST /participants/{id}/extend`
pub(in crate::web) async fn extend(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let lot = form.id("lot", Kind::Lot)?;
    let read = || -> Result<ExtendInput, Wrong> {
        let expires = match form.filled("until") {
            None => None,
            Some(day) => Some(day_end(day, &config).ok_or_else(|| wrong("until", "Write a day."))?),
        };
        Ok(ExtendInput {
            who: Who::Id(id),
            lot: lot.ok_or_else(|| wrong("lot", "Choose a lot."))?,
            expires,
            reason: filled(&form, "extend_reason", "Say why.")?.to_owned(),
            identity: token(&form, "extend"),
        })
    };
    match read() {
        Err(wrong) => wrong_form(&state, &visit, id, &form, errors(wrong)).await,
        Ok(input) => {
            let done = wallets::extend(&state.app, &visit.ctx, input).await;
            let names = [("expires", "until"), ("reason", "extend_reason"), ("lot", "lot")];
            leave(&state, &visit, id, &form, (done, "It may be used longer.", &names)).await
        }
    }
}

/// `POST /participants/{id}/limits`: sets one limit of the customer's own; without number and amount it is taken away.
pub(in crate::web) async fn limit(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let number = form.filled("limit_number").map(|text| text.parse::<i64>().map_err(|_| wrong("limit_number", "Write a whole number.")));
    let most = form.filled("limit_amount").map(|text| amount(text, config.currency, "limit_amount"));
    let (number, most) = match (number.transpose(), most.transpose()) {
        (Ok(number), Ok(most)) => (number, most),
        (Err(wrong), _) | (_, Err(wrong)) => return wrong_form(&state, &visit, id, &form, errors(wrong)).await,
    };
    let view = participants::find(&state.app, &visit.ctx, &Who::Id(id)).await?;
    let mut documents = participants::limit_documents(&view.participant.limits);
    let currency = config.currency.code();
    let is_it = |one: &LimitDocument| {
        one.kind == form.text("kind") && one.per == form.text("per") && one.unit.as_deref().is_none_or(|unit| unit == currency)
    };
    documents.retain(|one| !is_it(one));
    if number.is_some() || most.is_some() {
        let (kind, per) = (form.text("kind").to_owned(), form.text("per").to_owned());
        documents.push(LimitDocument { kind, per, unit: Some(currency.to_owned()), number, amount: most });
    }
    let done = match participants::limits(documents, config.currency) {
        Err(error) => Err(error),
        Ok(limits) => {
            let person = meed_core::loyalty::Participant { limits, ..view.participant };
            participants::update(&state.app, &visit.ctx, id, person, Vec::new()).await
        }
    };
    leave(&state, &visit, id, &form, (done, "The limit is set.", &[("limits", "limit_amount"), ("kind", "kind"), ("per", "per")])).await
}

/// `POST /participants/{id}/activities`
pub(in crate::web) async fn record(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let unit = unit_of(&form, &config)?;
    let referred = match form.filled("referred") {
        Some(code) => customer(&state.app, &visit.ctx, code).await?.map(|(found, _)| found.id),
        None => None,
    };
    match activity(&config, id, unit, referred, &form) {
        Err(wrong) => wrong_form(&state, &visit, id, &form, errors(wrong)).await,
        Ok(input) => {
            let done = activities::record(&state.app, &visit.ctx, input).await;
            let names = [("referred", "referred"), ("reference_number", "reference"), ("amount", "activity_amount")];
            leave(&state, &visit, id, &form, (done, "It is recorded.", &names)).await
        }
    }
}

fn activity(config: &TillConfig, id: Id, unit: Option<Id>, referred: Option<Id>, form: &Fields) -> Result<ActivityInput, Wrong> {
    if form.filled("referred").is_some() && referred.is_none() {
        return Err(wrong("referred", "Nobody is known by this card, phone, e-mail or number."));
    }
    let money = |text: &str| amount(text, config.currency, "activity_amount");
    Ok(ActivityInput {
        who: Who::Id(id),
        kind: ActivityKind::from_name(form.text("activity")).ok_or_else(|| wrong("activity", "Choose what it was."))?,
        unit: unit.ok_or_else(|| wrong("unit", "There is no store yet."))?,
        at: None,
        classification: form.filled("class").map(str::to_owned),
        amount: form.filled("activity_amount").map(money).transpose()?.unwrap_or_default(),
        referred: referred.map(Who::Id),
        reference: filled(form, "reference", "Write what people call it.")?.to_owned(),
        source: Id(0),
        identity: token(form, "activity"),
        description: None,
    })
}

/// `POST /participants/{id}/erase`
pub(in crate::web) async fn erase(
    State(state): State<ServerState>,
    visit: Visit,
    Path(text): Path<String>,
    Posted(form): Posted,
) -> Answer {
    let id = id(&text, Kind::Participant)?;
    let balance = match form.text("wallet") {
        "empty" => ErasedBalance::Empty,
        "forfeited" => ErasedBalance::Forfeited,
        "kept" => ErasedBalance::Kept,
        _ => return wrong_form(&state, &visit, id, &form, FormErrors::one("wallet", "Say what becomes of the wallet.")).await,
    };
    if form.text("sure") != "yes" {
        return wrong_form(&state, &visit, id, &form, FormErrors::one("sure", "It cannot be taken back: say that you are sure.")).await;
    }
    let done = match participants::erase(&state.app, &visit.ctx, id, balance).await {
        Err(AppError::Refused(mut refused)) => {
            refused.field.get_or_insert_with(|| "wallet".to_owned());
            Err(AppError::Refused(refused))
        }
        done => done,
    };
    leave(&state, &visit, id, &form, (done, "Nothing says any more who it was.", &[("wallet", "wallet")])).await
}
