//! Replaying the past against a draft offer: what it would have given, by offer and by shopper. Writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::{Record, RecordKind};
use meed_core::id::Id;
use meed_core::ledger::{Owner, Purpose};
use meed_core::loyalty::{
    EventKind, Happened, Participant, PurchaseBody, RefundBody, RefundLine, SpendBody, Standing, Step, TillConfig, TillEvent, drawn,
};
use meed_core::money::{Amount, Minor, Unit};
use meed_store::{Reader, StoreError};

use super::purchases::done_of;
use super::simulate::{Sums, parsed, sums, with_draft};
use crate::error::{AppError, AppResult};
use crate::{App, Context, Scope};

/// Purchases that a replay decides again, at most.
pub const REPLAYED_MAX: usize = 100_000;

/// What a draft may grant where nobody bounds it: more than any month gives, less than any total overflows.
const UNBOUNDED: Minor = Minor::MAX / 4;

/// What to replay.
#[derive(Clone, Debug)]
pub struct ReplayInput {
    /// The draft's document. It takes the place of the offer of its name, or stands beside the others.
    pub text: String,
    /// Purchases from this business time on.
    pub from: Timestamp,
    /// Purchases before this business time.
    pub until: Timestamp,
    /// What the draft may grant, if its document has a budget, in minor units of what the budget counts; `None`: no bound.
    pub budget: Option<Minor>,
}

/// What a draft would have given.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Purchases that were replayed.
    pub purchases: usize,
    /// Purchases for which the draft gives something.
    pub matched: usize,
    /// Purchases that would be refused today.
    pub refused: usize,
    /// What the stored purchases stand at.
    pub given: Sums,
    /// What the offers as they are give.
    pub before: Sums,
    /// What they give with the draft among them.
    pub after: Sums,
    /// What of `after` is the draft's own.
    pub draft: Sums,
    /// Whether the period had more purchases than are replayed; the oldest ones were.
    pub is_cut: bool,
    /// By offer, by name.
    pub offers: Vec<OfferTotal>,
    /// By shopper, the largest difference first.
    pub shoppers: Vec<ShopperTotal>,
}

/// What one offer gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferTotal {
    /// The offer; `None`: a draft that is new.
    pub id: Option<Id>,
    /// Its name.
    pub name: String,
    /// Whether it is the draft.
    pub is_draft: bool,
    /// Purchases to which it gives something, as it is.
    pub purchases_before: usize,
    /// Purchases to which it gives something, with the draft.
    pub purchases_after: usize,
    /// What it gives as it is.
    pub before: Sums,
    /// What it gives with the draft.
    pub after: Sums,
}

/// What one shopper gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShopperTotal {
    /// The participant.
    pub id: Id,
    /// The number that people see.
    pub number: String,
    /// Name.
    pub name: String,
    /// Purchases of theirs.
    pub purchases: usize,
    /// What they get as the offers are.
    pub before: Sums,
    /// What they get with the draft.
    pub after: Sums,
}

/// The amount in one unit; 0 where it does not occur.
#[must_use]
pub fn sum_in(sums: &[(Unit, Minor)], unit: Unit) -> Minor {
    sums.iter().filter(|(known, _)| *known == unit).map(|(_, minor)| minor).sum()
}

/// What was read of the past.
struct Past {
    steps: Vec<Step>,
    /// Participant and present standing of each purchase.
    purchases: BTreeMap<Id, (Id, Standing)>,
    people: Vec<Record>,
    /// What offers may still grant now.
    budgets: Vec<(Id, Amount)>,
    is_cut: bool,
}

/// Decides the purchases of a period again, once with the offers as they are and once with the draft among them, on books
/// that begin empty: no balance, counter or threshold comes from before the period. Spends, returns and cancellations of
/// these purchases are repeated with them.
pub async fn replay(app: &App, ctx: &Context, input: &ReplayInput) -> AppResult<Replay> {
    ctx.require_any(&[Scope::Read, Scope::Plans])?;
    if input.until <= input.from {
        return Err(AppError::invalid("period_reversed", "until", "the period must end after it begins"));
    }
    if input.budget.is_some_and(|budget| budget < 0) {
        return Err(AppError::invalid("amount_not_positive", "budget", "a budget must not be below 0"));
    }
    let draft = parsed(Some(&input.text))?;
    let (tried, draft_id) = with_draft(app, ctx, draft.as_ref()).await?;
    let present = app.fresh_till_config(ctx.workspace).await?;
    let (workspace, from_us, until_us) = (ctx.workspace, input.from.as_microsecond(), input.until.as_microsecond());
    let offers: Vec<Id> = present.offers.iter().map(|entry| entry.id).collect();
    let past = app.store().read(move |r| read_past(r, workspace, (from_us, until_us), &offers)).await?;
    let budget = input.budget;
    tokio::task::spawn_blocking(move || replayed(&past, &present, &tried, draft_id, budget))
        .await
        .map_err(|_| AppError::bug("a replay panicked"))?
}

fn replayed(
    past: &Past,
    present: &Arc<TillConfig>,
    tried: &Arc<TillConfig>,
    draft_id: Option<Id>,
    budget: Option<Minor>,
) -> AppResult<Replay> {
    let before = run(past, present, None)?;
    let after = run(past, tried, draft_id.map(|id| (id, budget)))?;
    let mut replay = Replay { refused: after.1, is_cut: past.is_cut, ..Replay::default() };
    replay.given = sums(past.purchases.values().flat_map(|(_, standing)| amounts(standing, None)));
    let mut offers: BTreeMap<Id, OfferTotal> = BTreeMap::new();
    let mut shoppers: BTreeMap<Id, ShopperTotal> = BTreeMap::new();
    let entries = present.offers.iter().chain(tried.offers.iter());
    for entry in entries {
        let name = entry.versions.last().map(|version| version.offer.name.clone()).unwrap_or_default();
        let is_draft = Some(entry.id) == draft_id;
        let id = present.offers.get(entry.id).map(|_| entry.id);
        offers.insert(entry.id, OfferTotal { id, name, is_draft, ..OfferTotal::default() });
    }
    for (is_after, standings) in [(false, &before.0), (true, &after.0)] {
        for (purchase, standing) in standings {
            let Some((participant, _)) = past.purchases.get(purchase) else { continue };
            let shopper = shoppers.entry(*participant).or_default();
            let own = if is_after { &mut shopper.after } else { &mut shopper.before };
            *own = sums(own.drain(..).chain(amounts(standing, None)));
            shopper.purchases += usize::from(is_after);
            let by: BTreeSet<Id> = standing.grants.iter().filter(|grant| grant.amount > 0).map(|grant| grant.offer).collect();
            for offer in by {
                let total = offers.entry(offer).or_default();
                let (count, own) = if is_after {
                    (&mut total.purchases_after, &mut total.after)
                } else {
                    (&mut total.purchases_before, &mut total.before)
                };
                *count += 1;
                *own = sums(own.drain(..).chain(amounts(standing, Some(offer))));
            }
        }
    }
    replay.purchases = after.0.len();
    replay.before = sums(offers.values().flat_map(|total| total.before.iter().copied()));
    replay.after = sums(offers.values().flat_map(|total| total.after.iter().copied()));
    if let Some(own) = draft_id.and_then(|id| offers.get(&id)) {
        (replay.matched, replay.draft) = (own.purchases_after, own.after.clone());
    }
    replay.offers = offers.into_values().collect();
    replay.offers.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    replay.shoppers = named(shoppers, &past.people, present.currency);
    Ok(replay)
}

/// Shoppers with their names, the largest difference first.
fn named(shoppers: BTreeMap<Id, ShopperTotal>, people: &[Record], currency: Unit) -> Vec<ShopperTotal> {
    // Both are in the order of their ids.
    let mut people = people.iter().peekable();
    let mut all: Vec<ShopperTotal> = Vec::with_capacity(shoppers.len());
    for (id, total) in shoppers {
        while people.next_if(|record| record.id < id).is_some() {}
        let record = people.next_if(|record| record.id == id);
        let person = record.and_then(|record| Participant::read(&record.body).ok()).unwrap_or_default();
        all.push(ShopperTotal { id, number: person.number, name: person.name, ..total });
    }
    let change = |total: &ShopperTotal, unit| (sum_in(&total.after, unit) - sum_in(&total.before, unit)).abs();
    all.sort_by_key(|total| (std::cmp::Reverse((change(total, currency), change(total, Unit::POINTS))), total.id));
    all
}

fn amounts(standing: &Standing, offer: Option<Id>) -> impl Iterator<Item = (Unit, Minor)> + '_ {
    let own = standing.grants.iter().filter(move |grant| offer.is_none_or(|offer| grant.offer == offer) && grant.amount > 0);
    own.map(|grant| (grant.unit, grant.amount))
}

/// Plays the past on fresh books. Answers how each purchase stands, and how many were refused.
fn run(past: &Past, config: &Arc<TillConfig>, draft: Option<(Id, Option<Minor>)>) -> AppResult<(BTreeMap<Id, Standing>, usize)> {
    let mut books = meed_core::loyalty::Replay::new(Arc::clone(config), past.people.clone());
    for (offer, budget) in budgets(past, config, draft) {
        books.set_budget(offer, budget).map_err(|refusal| AppError::invalid("amount_overflow", "budget", refusal.to_string()))?;
    }
    let mut refused = 0;
    for step in &past.steps {
        let outcome = books.play(step);
        if outcome.is_err() && matches!(step.happened, Happened::Purchase { .. }) {
            refused += 1;
        }
    }
    Ok((books.standings().map(|(event, standing)| (event, standing.clone())).collect(), refused))
}

/// What each offer may grant at the beginning of the period: what it may now, and what it granted since.
fn budgets(past: &Past, config: &TillConfig, draft: Option<(Id, Option<Minor>)>) -> Vec<(Id, Amount)> {
    let mut all: BTreeMap<(Id, Unit), Minor> = BTreeMap::new();
    let grants = past.purchases.values().flat_map(|(_, standing)| &standing.grants);
    let granted = grants.filter_map(|grant| Some((grant.offer, drawn(config, grant)?)));
    for (offer, amount) in past.budgets.iter().copied().chain(granted) {
        let sum = all.entry((offer, amount.unit)).or_default();
        *sum = sum.saturating_add(amount.minor).min(UNBOUNDED);
    }
    if let Some((id, budget)) = draft {
        all.retain(|(offer, _), _| *offer != id);
        let document = config.offers.get(id).and_then(|entry| entry.versions.last()).filter(|version| version.offer.has_budget);
        if let Some(version) = document {
            let award = &version.offer.award;
            let unit = if award.unit_cost.is_some() { config.currency } else { award.unit.unwrap_or(config.currency) };
            all.insert((id, unit), budget.unwrap_or(UNBOUNDED));
        }
    }
    let positive = all.into_iter().filter(|(_, minor)| *minor > 0);
    positive.map(|((offer, unit), minor)| (offer, Amount { minor, unit })).collect()
}

fn read_past(r: &mut Reader<'_>, workspace: Id, (from_us, until_us): (i64, i64), offers: &[Id]) -> Result<Past, StoreError> {
    let mut events: Vec<(TillEvent, Option<Vec<u8>>)> = Vec::new();
    let mut before = None;
    loop {
        let page = r.till_events_back(workspace, None, before, 1_000)?;
        let is_last = page.len() < 1_000;
        before = page.last().map(|(event, _)| event.id);
        // A till's clock may be a day ahead at most, so nothing recorded two days before belongs to the period.
        let is_over = page.last().is_some_and(|(event, _)| event.recorded_us < from_us.saturating_sub(172_800_000_000));
        let repeats = |kind: EventKind| {
            use EventKind::{Activity, CancelPurchase, CancelSpend, Purchase, Refund, Spend};
            matches!(kind, Activity | Purchase | Spend | Refund | CancelPurchase | CancelSpend)
        };
        events.extend(page.into_iter().filter(|(event, _)| repeats(event.kind)));
        if is_last || is_over {
            break;
        }
    }
    events.reverse();
    let mut past = Past { steps: Vec::new(), purchases: BTreeMap::new(), people: Vec::new(), budgets: Vec::new(), is_cut: false };
    past.take(events, (from_us, until_us));
    let participants: BTreeSet<Id> = past.purchases.values().map(|(participant, _)| *participant).collect();
    for participant in participants {
        past.people.extend(r.record(workspace, RecordKind::Participant, participant)?.map(present));
    }
    for offer in offers {
        let accounts = r.accounts_of(workspace, Owner::program(*offer))?;
        let own = accounts.iter().filter(|account| account.key.purpose == Purpose::Budget);
        past.budgets.extend(own.map(|account| (*offer, Amount { minor: account.available(), unit: account.key.unit })));
    }
    Ok(past)
}

/// A participant as they were when they bought: whoever left since had not left then.
fn present(record: Record) -> Record {
    match Participant::read(&record.body) {
        Ok(person) if person.terminated.is_some() => Record { body: Participant { terminated: None, ..person }.write(), ..record },
        _ => record,
    }
}

impl Past {
    /// Takes up events in the order in which they were recorded.
    fn take(&mut self, events: Vec<(TillEvent, Option<Vec<u8>>)>, (from_us, until_us): (i64, i64)) {
        let at = |us: i64| Timestamp::from_microsecond(us).unwrap_or_default();
        let mut bought: Vec<(i64, String, Step)> = Vec::new();
        // Recorded time of each purchase, and its spend that was made in the same command.
        let mut recorded: BTreeMap<Id, (i64, i64)> = BTreeMap::new();
        let mut spent: BTreeMap<Id, (Id, Minor)> = BTreeMap::new();
        let mut later: Vec<(i64, i64, Step)> = Vec::new();
        let mut purchase_of: BTreeMap<Id, Id> = BTreeMap::new();
        for (event, standing) in events {
            let (id, about) = (event.id, event.about.unwrap_or_default());
            let step = |happened: Happened, after_us: i64| Step { event: id, at: at(event.at_us.max(after_us)), happened };
            match event.kind {
                EventKind::Purchase | EventKind::Activity if (from_us..until_us).contains(&event.at_us) => {
                    let (Ok(body), Some(done)) = (PurchaseBody::from_row(&event.body), done_of(&event, standing.as_deref())) else {
                        continue;
                    };
                    recorded.insert(id, (event.recorded_us, event.at_us));
                    self.purchases.insert(id, (event.participant, done.standing));
                    let (reference, is_offline) = (body.basket.reference.clone(), body.is_offline);
                    let basket = Box::new(body.basket);
                    let happened = Happened::Purchase { participant: event.participant, basket, spend: None, is_offline };
                    bought.push((event.at_us, reference, step(happened, i64::MIN)));
                }
                EventKind::Spend if recorded.contains_key(&about) => {
                    let Ok(body) = SpendBody::from_row(&event.body) else { continue };
                    purchase_of.insert(id, about);
                    let (recorded_us, at_us) = recorded[&about];
                    if recorded_us == event.recorded_us {
                        spent.insert(about, (id, body.asked));
                    } else {
                        let happened = Happened::Spend { purchase: about, asked: body.asked };
                        later.push((event.at_us.max(at_us), event.recorded_us, step(happened, at_us)));
                    }
                }
                EventKind::Refund if recorded.contains_key(&about) => {
                    let Ok(body) = RefundBody::from_row(&event.body) else { continue };
                    let line =
                        |(line, (amount, quantity)): (u32, (Minor, _))| RefundLine { line, amount: Some(amount), quantity: Some(quantity) };
                    let happened = Happened::Refund { purchase: about, lines: body.lines.into_iter().map(line).collect() };
                    let at_us = recorded[&about].1;
                    later.push((event.at_us.max(at_us), event.recorded_us, step(happened, at_us)));
                }
                EventKind::CancelPurchase if recorded.contains_key(&about) => {
                    let at_us = recorded[&about].1;
                    later.push((event.at_us.max(at_us), event.recorded_us, step(Happened::CancelPurchase(about), at_us)));
                }
                EventKind::CancelSpend => {
                    let Some((_, at_us)) = purchase_of.get(&about).and_then(|purchase| recorded.get(purchase)).copied() else { continue };
                    later.push((event.at_us.max(at_us), event.recorded_us, step(Happened::CancelSpend(about), at_us)));
                }
                _ => {}
            }
        }
        bought.sort_by(|a, b| (a.0, &a.1, a.2.event).cmp(&(b.0, &b.1, b.2.event)));
        self.is_cut = bought.len() > REPLAYED_MAX;
        bought.truncate(REPLAYED_MAX);
        let kept: BTreeSet<Id> = bought.iter().map(|(_, _, step)| step.event).collect();
        self.purchases.retain(|id, _| kept.contains(id));
        let mut all: Vec<((i64, i64), Step)> = Vec::with_capacity(bought.len() + later.len());
        for (place, (at_us, _, mut step)) in bought.into_iter().enumerate() {
            if let Happened::Purchase { spend, .. } = &mut step.happened {
                *spend = spent.get(&step.event).copied();
            }
            // Purchases of an instant go before what came of them.
            all.push(((at_us, i64::try_from(place).unwrap_or(i64::MAX) - i64::MAX), step));
        }
        all.extend(later.into_iter().map(|(at_us, recorded_us, step)| ((at_us, recorded_us), step)));
        all.sort_by_key(|(key, _)| *key);
        self.steps = all.into_iter().map(|(_, step)| step).collect();
    }
}
