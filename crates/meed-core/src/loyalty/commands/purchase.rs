//! Recording a purchase, or previewing it: offers, instant and automatic spends, and a spend that came with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::{
    NAME_MAX, REFERENCE_MAX, TEXT_MAX, check_basket, check_classification, check_config, check_extra, check_lengths, check_payment_medium,
    check_promo_code, conflict, invalid, not_terminated, payment_of, resolve, use_up,
};
use super::review::{is_late, leave_review};
use super::rework::{balances, giver, leave, replay, stand, work_of};
use super::{PurchaseDone, SpendDone, TillReply, limit, pay_back};
use crate::audit::Hash;
use crate::command::{Command, Needs, Refused, Reply, State};
use crate::id::{Id, Kind};
use crate::ledger::{Refusal, Wallets};
use crate::loyalty::cell::Cell;
use crate::loyalty::evaluate::{Verdict, canonical, judge};
use crate::loyalty::event::{EventKind, Matched, Moved, PurchaseBody, SpendBody, SpendMethod, Standing};
use crate::loyalty::giving::{Giver, Work};
use crate::loyalty::loaded::{PurchaseSlot, TakenIdentity, TillNeeds, WalletRef};
use crate::loyalty::tier_again::tiers_at;
use crate::loyalty::{Basket, LimitKind, Look, Participant, Review, TillConfig};
use crate::money::Minor;

/// What a customer asks to spend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpendAsk {
    /// How much, in minor units of the currency; `None`: as much as the purchase.
    pub amount: Option<Minor>,
    /// Refuse unless all of it can be spent.
    pub all_or_nothing: bool,
    /// Sending system.
    pub system: Option<String>,
    /// The sending system's own, unique reference.
    pub system_reference: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Class of the event.
    pub classification: Option<String>,
    /// Free fields by name.
    pub extra: BTreeMap<String, String>,
}

impl SpendAsk {
    /// The texts of it that are kept.
    fn check_texts(&self) -> Result<(), Refused> {
        check_lengths(&[("external_system", self.system.as_ref()), ("classification_identifier", self.classification.as_ref())], NAME_MAX)?;
        check_lengths(&[("external_system_reference_number", self.system_reference.as_ref())], REFERENCE_MAX)?;
        check_lengths(&[("description", self.description.as_ref())], TEXT_MAX)?;
        check_extra(&self.extra)
    }

    /// What is stored of a spend that asked for this.
    pub(super) fn body(
        &self,
        (asked, spent): (Minor, Minor),
        (points, moved): ((Minor, Minor), Moved),
        uncovered: Minor,
        balance: Minor,
    ) -> SpendBody {
        let Self { system_reference, description, system, classification, extra, .. } = self.clone();
        SpendBody { asked, spent, points, moved, uncovered, system_reference, description, balance, system, classification, extra }
    }
}

/// The external identity of a command of the till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The source within which the reference is unique.
    pub source: Id,
    /// The reference.
    pub reference: String,
    /// Hash of the parsed content.
    pub fingerprint: Hash,
}

impl Identified {
    pub(super) fn need(&self, needs: &mut TillNeeds) {
        needs.identities.insert((self.source, self.reference.clone()));
    }

    /// The first answer, if the identity is taken by the same content.
    pub(super) fn first_answer(&self, state: &State) -> Result<Option<TillReply>, Refused> {
        if self.reference.chars().count() > REFERENCE_MAX {
            let text = format!("a reference has, with the system that it comes from, at most {REFERENCE_MAX} characters");
            return Err(invalid("value_too_long", "external_system_reference_number", text));
        }
        match state.tills.identity(self.source, &self.reference) {
            None => Ok(None),
            Some(taken) if taken.fingerprint == self.fingerprint => replay(state, taken.event).map(Some),
            Some(_) if self.is_key() => Err(Refusal::IdempotencyKeyReused.into()),
            Some(_) => {
                let reference = self.reference.rsplit('\n').next().unwrap_or_default();
                let text = format!("the reference `{reference}` was used with other content");
                Err(conflict("duplicate_reference", text).at("external_system_reference_number"))
            }
        }
    }

    /// Whether it is the `Idempotency-Key` of a request, instead of a reference of the caller's.
    fn is_key(&self) -> bool {
        let kind = self.reference.split_once('\n').map_or("", |(kind, _)| kind);
        kind.ends_with(" key") || ["adjust", "hold", "refund", "transfer"].contains(&kind)
    }

    pub(super) fn take(&self, state: &mut State, event: Id) {
        let taken = TakenIdentity { event, fingerprint: self.fingerprint };
        state.tills.take_identity(self.source, self.reference.clone(), taken);
    }
}

pub(super) fn need_identity(identity: Option<&Identified>, needs: &mut Needs) {
    if let Some(identity) = identity {
        identity.need(&mut needs.tills);
    }
}

/// The first answer to a command that may have an identity, if that is taken.
pub(super) fn first_answer(state: &State, identity: Option<&Identified>) -> Result<Option<TillReply>, Refused> {
    identity.map_or(Ok(None), |identity| identity.first_answer(state))
}

pub(super) fn take_identity(state: &mut State, identity: Option<&Identified>, event: Id) {
    if let Some(identity) = identity {
        identity.take(state, event);
    }
}

/// Records a purchase.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The configuration that it was prepared with.
    pub config: Arc<TillConfig>,
    /// Who buys.
    pub who: WalletRef,
    /// Its identity, if it has one.
    pub identity: Option<Identified>,
    /// What is bought.
    pub basket: Basket,
    /// What the customer asks to spend on it.
    pub spend: Option<SpendAsk>,
    /// Whether the till was offline: what cannot be covered any more goes to review instead of being refused.
    pub is_offline: bool,
    /// Whether to answer what could still be spent, as a preview does.
    pub is_preview: bool,
    /// The configuration that a price was promised with.
    pub priced_at: Option<i64>,
}

impl Command for Purchase {
    fn action(&self) -> &'static str {
        "purchase.created"
    }

    fn needs(&self, needs: &mut Needs) {
        let tills = &mut needs.tills;
        if let Some(identity) = &self.identity {
            identity.need(tills);
        }
        tills.participants.insert(self.who.clone());
        if self.config.is_stateful() {
            tills.purchases.push((self.who.clone(), self.basket.at.as_microsecond()));
        }
        if self.spend.is_some() {
            tills.lots.insert(self.who.clone());
        } else if self.is_preview {
            let balance_says_it = self.config.settings.points_are_whole(self.config.currency);
            let who = if balance_says_it { &mut tills.spendable } else { &mut tills.lots };
            who.insert(self.who.clone());
        }
        if self.spend.is_some() && self.is_offline {
            tills.expired_since.insert((self.who.clone(), self.basket.at.as_microsecond()));
        }
        let unit_code = self.config.units.get(&self.basket.unit).map(|unit| unit.code.as_str());
        tills.programs.extend(self.config.offers.candidates(&self.basket, unit_code));
        tills.programs.insert(self.config.workspace);
        tills.counters.extend(self.config.offers.limited());
        tills.programs.extend(self.config.offers.tier_readers());
        if let Ok(Some(promo)) = check_promo_code(&self.config, &self.basket) {
            tills.counters.insert(promo.id);
        }
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        check_config(state, &self.config)?;
        self.is_of_the_same(state)?;
        if let Some(identity) = &self.identity
            && let Some(first) = identity.first_answer(state)?
        {
            return Ok(Reply::Till(first));
        }
        if self.priced_at.is_some_and(|version| version != self.config.version) {
            return Err(Refusal::PriceVersionStale.into());
        }
        check_basket(&self.config, &self.basket, state.recorded_us())?;
        if self.is_offline && matches!(self.who, WalletRef::OneTimeCode(_)) {
            return Err(conflict("invalid_otp", "a till without a connection cannot take a one-time code"));
        }
        let (participant, person) = resolve(state, &self.who)?;
        not_terminated(&person)?;
        let promo = check_promo_code(&self.config, &self.basket)?;
        if let Some(promo) = promo
            && promo.uses_max.is_some_and(|max| state.tills.counter(promo.id) >= max)
        {
            return Err(Refused::from(Refusal::LimitReached).at("promo_code"));
        }
        check_payment_medium(&self.basket, &person)?;
        let reply = match self.with_payment_of_means(state) {
            Some(filled) => filled.record(state, participant, &person)?,
            None => self.record(state, participant, &person)?,
        };
        if !self.is_preview {
            use_up(state, &self.who);
        }
        Ok(reply)
    }
}

/// Records several purchases in one command. Each is decided on what the earlier ones left; a refused one does not touch
/// the others.
#[derive(Clone, Debug)]
pub struct Purchases {
    /// The purchases, prepared with one configuration.
    pub rows: Vec<Purchase>,
}

impl Command for Purchases {
    fn action(&self) -> &'static str {
        "purchases.created"
    }

    fn needs(&self, needs: &mut Needs) {
        self.rows.iter().for_each(|row| row.needs(needs));
    }

    fn decide(&self, state: &mut State) -> Result<Reply, Refused> {
        if let Some(first) = self.rows.first() {
            check_config(state, &first.config)?;
        }
        let decide = |row: &Purchase| match row.decide(state)? {
            Reply::Till(TillReply::Purchase(done)) => Ok(*done),
            _ => Err(conflict("entity_not_found", "the reference names something else than a purchase")),
        };
        Ok(Reply::Till(TillReply::Purchases(self.rows.iter().map(decide).collect())))
    }
}

/// What the wallets' part of a purchase decided.
struct Decided {
    cell: Option<Cell>,
    verdicts: Vec<Verdict>,
    spent: Option<(Minor, Minor)>,
    uncovered: Minor,
    additional: Minor,
    /// What limits leave to spend.
    room: Minor,
    /// How often something was spent, and how much: what limits count.
    debits: (i64, Minor),
}

impl Decided {
    fn count(&mut self, spent: Minor) {
        self.room -= spent;
        self.debits = (self.debits.0 + 1, self.debits.1 + spent);
    }
}

impl Purchase {
    /// A repeated purchase is the same customer's, in whatever way the till names them this time. A one-time code is used up
    /// by now, and names nobody any more.
    fn is_of_the_same(&self, state: &State) -> Result<(), Refused> {
        let taken = self.identity.as_ref().and_then(|identity| state.tills.identity(identity.source, &identity.reference));
        let Some(first) = taken.and_then(|taken| state.tills.event(taken.event)) else { return Ok(()) };
        match resolve(state, &self.who) {
            Ok((participant, _)) if participant != first.participant => {
                let text = "the reference was used for a purchase of another customer";
                Err(conflict("duplicate_reference", text).at("external_system_reference_number"))
            }
            _ => Ok(()),
        }
    }

    /// The purchase with the payment medium that the card stands for, where the till named none.
    fn with_payment_of_means(&self, state: &State) -> Option<Self> {
        let (brand, kind) = payment_of(state, &self.who)?;
        let own = (&self.basket.payment_brand, &self.basket.payment_type);
        let fills = own.0.is_none() && brand.is_some() || own.1.is_none() && kind.is_some();
        fills.then(|| {
            let mut filled = self.clone();
            filled.basket.payment_brand = filled.basket.payment_brand.or(brand);
            filled.basket.payment_type = filled.basket.payment_type.or(kind);
            filled
        })
    }

    fn record(&self, state: &mut State, participant: Id, person: &Participant) -> Result<Reply, Refused> {
        let (id, spend_id) = (state.next_id(), self.spend.as_ref().map(|_| state.next_id()));
        let slot = state.tills.cell(participant);
        let (matched, mut verdicts) = judge(&self.config, person, &slot.cell, &self.basket, Look::Candidates);
        let lines = self.basket.lines.len();
        let body = PurchaseBody {
            basket: self.basket.clone(),
            matched,
            standing: Standing::new(lines),
            balance: 0,
            is_offline: self.is_offline,
            moved: Moved::default(),
        };
        let own = Work { id, standing: body.standing.clone(), body: Arc::new(body) };
        let mut works = self.works(state, participant, &slot.cell, own);
        let place = works.iter().position(|work| work.id == id).unwrap_or_default();
        let mut giver = giver(state, &self.config, participant, person, self.basket.at);
        let asked = self.asked(person)?;
        let room = limit::room(state, &self.config, (participant, person), LimitKind::Debit, self.config.currency);
        let room = match room.map(|room| room.filter(|_| !self.is_offline)) {
            Ok(room) => room.unwrap_or(Minor::MAX),
            // The goods are gone: an offline till was not asked.
            Err(_) if self.is_offline => Minor::MAX,
            Err(refused) if asked.is_some() => return Err(refused),
            // Nothing more is spent by itself today; the sale goes on.
            Err(_) => 0,
        };
        let has_lots = state.tills.has_lots(participant);
        let mut decided = state.wallets(|wallets| {
            if has_lots {
                giver.settle_due(wallets)?;
            }
            let spends_first = works[place].body.matched.iter().any(|matched| self.on_paid(matched));
            let mut decided = Decided { cell: None, verdicts: Vec::new(), spent: None, uncovered: 0, additional: 0, room, debits: (0, 0) };
            if spends_first {
                self.spends(&giver, wallets, &mut works[place], asked, spend_id, &mut decided)?;
            }
            self.awards(&mut giver, wallets, &mut works, &slot.cell, id, &mut decided)?;
            if !spends_first {
                self.spends(&giver, wallets, &mut works[place], asked, spend_id, &mut decided)?;
            }
            if self.is_preview {
                let (work, most) = (&works[place], decided.room);
                let more =
                    if has_lots { giver.spendable(wallets, work, most)? } else { giver.spendable_by_balance(wallets, work, most)? };
                // What is asked for with it can be spent by request, too.
                decided.additional = more + works[place].standing.spent_by(SpendMethod::OnRequest);
            }
            Ok(decided)
        })?;
        verdicts.append(&mut decided.verdicts);
        verdicts.sort_by_key(|verdict| verdict.offer);
        self.write(state, participant, (id, spend_id), works, place, giver, decided, verdicts)
    }

    /// All purchases of the customer where they matter, the new one in its place; else the new one alone.
    fn works(&self, state: &State, participant: Id, cell: &Cell, own: Work) -> Vec<Work> {
        let is_late = cell.last.as_ref().is_some_and(|last| *last > canonical(own.seen()));
        let history = state.tills.history(participant).filter(|_| is_late && self.config.is_stateful());
        let Some(history) = history else { return vec![own] };
        let mut works: Vec<Work> = history.into_iter().map(work_of).collect();
        works.push(own);
        works.sort_by_key(|work| canonical(work.seen()));
        works
    }

    fn on_paid(&self, matched: &Matched) -> bool {
        self.config.terms(matched.version).is_some_and(|offer| offer.award.on_paid)
    }

    fn awards(
        &self,
        giver: &mut Giver<'_>,
        wallets: &mut Wallets<'_>,
        works: &mut [Work],
        cell: &Cell,
        id: Id,
        decided: &mut Decided,
    ) -> Result<(), Refusal> {
        let is_alone = works.len() == 1;
        if !is_alone {
            giver.tiers_before = tiers_at(&self.config, giver.person, works.iter().filter(|work| work.id != id).map(Work::seen))?;
        }
        let mut cell = if is_alone { cell.clone() } else { Cell::of(giver.participant) };
        for work in works {
            if work.id == id && !is_alone {
                // A late purchase is judged as the customer stood then.
                let matched = judge(&self.config, giver.person, &cell, &self.basket, Look::Candidates).0;
                Arc::make_mut(&mut work.body).matched = matched;
            }
            let evaluation = giver.give(wallets, work, &cell)?;
            evaluation.advance(&self.config, &mut cell, work.seen());
            if work.id == id {
                decided.verdicts = evaluation.verdicts;
            }
        }
        decided.cell = Some(cell);
        Ok(())
    }

    /// What is asked for, within the limits of one spend; `None`: nothing.
    fn asked(&self, person: &Participant) -> Result<Option<Asked>, Refused> {
        let Some(ask) = &self.spend else { return Ok(None) };
        check_ask(&self.config, &self.basket, person, ask, self.is_offline).map(Some)
    }

    fn spends(
        &self,
        giver: &Giver<'_>,
        wallets: &mut Wallets<'_>,
        work: &mut Work,
        asked: Option<Asked>,
        spend_id: Option<Id>,
        decided: &mut Decided,
    ) -> Result<(), Refusal> {
        let automatic = giver.automatic(wallets, work)?.min(decided.room);
        if automatic > 0 {
            let allotted = giver.allot(wallets, work, automatic, None)?;
            let spent = giver.spend(wallets, work, &allotted, SpendMethod::Automatic, work.id)?;
            decided.count(spent);
        }
        let (Some(Asked { amount: asked, most }), Some(spend_id)) = (asked, spend_id) else { return Ok(()) };
        // A till that was offline has handed the goods over: what was alive then pays, though it expired since.
        let alive_us = self.is_offline.then(|| self.basket.at.as_microsecond());
        let allotted = giver.allot(wallets, work, most.min(decided.room), alive_us)?;
        let could: Minor = allotted.iter().map(|(_, _, worth)| worth).sum();
        // What an offline till gave away it gave away, whatever it would have insisted on.
        if !self.is_offline && self.spend.as_ref().is_some_and(|ask| ask.all_or_nothing) && could < asked {
            return Err(insufficient(self.config.currency, giver.participant, could, asked));
        }
        let spent = giver.spend(wallets, work, &allotted, SpendMethod::OnRequest, spend_id)?;
        decided.count(spent);
        // What the wallet does not cover all the same is for a person to decide.
        let room: Minor = work.standing.room(&self.basket).iter().sum();
        if self.is_offline && spent < asked && self.spend.as_ref().is_some_and(|ask| ask.amount.is_some()) {
            let uncovered = (asked - spent).min(room);
            if uncovered > 0 {
                giver.uncover(wallets, work, uncovered, spend_id)?;
                decided.uncovered = uncovered;
            }
        }
        decided.spent = Some((asked, spent + decided.uncovered));
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one step of one command, cut where the wallets end")]
    fn write(
        &self,
        state: &mut State,
        participant: Id,
        (id, spend_id): (Id, Option<Id>),
        mut works: Vec<Work>,
        place: usize,
        giver: Giver<'_>,
        decided: Decided,
        verdicts: Vec<Verdict>,
    ) -> Result<Reply, Refused> {
        let (balances, person) = (balances(state, participant), giver.person);
        let own = works.remove(place);
        let mut body = Arc::unwrap_or_clone(own.body);
        body.standing = own.standing;
        body.balance = balances.0;
        body.moved = giver.moved(Some(id));
        let paid_back = pay_back::begin(&self.config, &self.basket, &mut body.standing);
        let kind = if self.basket.activity().is_some() { EventKind::Activity } else { EventKind::Purchase };
        let event = state.till_event(id, kind, participant, None, self.basket.at, body.to_row());
        let recorded_us = event.recorded_us;
        let standing = body.standing.clone();
        let body = Arc::new(body);
        let slot = PurchaseSlot { id, participant, recorded_us, body: Arc::clone(&body), standing: standing.clone() };
        state.tills.add_purchase(event, slot);
        if let Some(paid_back) = paid_back {
            pay_back::leave(state, (id, participant, self.basket.at), &paid_back);
        }
        let spend = match (spend_id, decided.spent, &self.spend) {
            (Some(spend_id), Some((asked, spent)), Some(ask)) => {
                let body = ask.body((asked, spent), (standing.points_of(spend_id), Moved::default()), decided.uncovered, balances.0);
                let event = state.till_event(spend_id, EventKind::Spend, participant, Some(id), self.basket.at, body.to_row());
                state.tills.add_event(event);
                let at_us = self.basket.at.as_microsecond();
                Some(SpendDone { id: spend_id, purchase: id, participant, at_us, body, is_cancelled: false, is_replayed: false })
            }
            _ => None,
        };
        if let Some(identity) = &self.identity {
            identity.take(state, id);
        }
        let at = giver.at;
        for work in works {
            stand(state, &self.config, work, participant, at)?;
        }
        let mut counters: BTreeMap<Id, i64> = giver.counters;
        if let Ok(Some(promo)) = check_promo_code(&self.config, &self.basket) {
            counters.insert(promo.id, state.tills.counter(promo.id) + 1);
        }
        leave(state, participant, counters, decided.cell);
        let debits = (LimitKind::Debit, self.config.currency, decided.debits.0, decided.debits.1);
        limit::counted(state, &self.config, (participant, person), debits, recorded_us);
        if !self.is_preview {
            use_up(state, &self.who);
        }
        state.emit(
            if kind == EventKind::Activity { "activity.recorded" } else { "purchase.created" },
            id.text(Kind::Purchase),
            "{}".to_owned(),
        );
        let is_late = self.is_offline && is_late(&self.config, self.basket.at.as_microsecond(), recorded_us);
        if is_late || decided.uncovered > 0 {
            let review = Review { purchase: id, participant, uncovered: decided.uncovered, is_late, decided: None };
            leave_review(state, if decided.uncovered > 0 { spend_id.unwrap_or(id) } else { id }, &review);
        }
        let person = Some((person.number.clone(), person.name.clone()));
        let additional = decided.additional;
        let done = PurchaseDone { id, participant, person, body, standing, balances, additional, verdicts, spend, is_replayed: false };
        Ok(Reply::Till(TillReply::Purchase(Box::new(done))))
    }
}

/// What a spend asks for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// How much.
    pub(super) amount: Minor,
    /// How much of it one spend may take.
    pub(super) most: Minor,
}

/// How much a spend asks for, or why it may not. Who names no amount asks for the purchase total, and gets what one spend may
/// take of it. What an offline till gave away is recorded all the same: within the limits the wallet pays it, and a person
/// decides about the rest (`ledger.md` §7).
pub(super) fn check_ask(
    config: &TillConfig,
    basket: &Basket,
    person: &Participant,
    ask: &SpendAsk,
    is_offline: bool,
) -> Result<Asked, Refused> {
    ask.check_texts()?;
    let is_barred = config.merchant_of(basket.unit).is_some_and(|(_, merchant)| !merchant.allows_spending);
    if person.is_blocked && !is_offline {
        return Err(conflict("spend_blocked", "the customer is blocked from spending"));
    }
    if is_barred && !is_offline {
        return Err(conflict("spend_not_allowed", "nothing may be spent at this merchant"));
    }
    check_classification(config, ask.classification.as_deref(), "spend_request")?;
    let settings = &config.settings;
    let maximum = settings.maximum_spend.unwrap_or(Minor::MAX);
    let major = |minor| crate::money::Amount { minor, unit: config.currency };
    let out_of_range = |text: String| invalid("spend_amount_out_of_range", "spend_amount", text);
    let amount = ask.amount.unwrap_or(basket.total());
    if ask.amount.is_some() && amount <= 0 {
        return Err(out_of_range("the amount must be above 0".to_owned()));
    }
    if is_offline {
        let most = if person.is_blocked || is_barred { 0 } else { amount.min(maximum) };
        return Ok(Asked { amount, most });
    }
    if amount < settings.minimum_spend {
        return Err(out_of_range(format!("at least {} must be spent", major(settings.minimum_spend))));
    }
    if amount > maximum && (ask.amount.is_some() || ask.all_or_nothing) {
        return Err(out_of_range(format!("at most {} may be spent", major(maximum))));
    }
    Ok(Asked { amount, most: amount.min(maximum) })
}

/// The refusal of a spend that wanted all or nothing.
pub(super) fn insufficient(unit: crate::money::Unit, participant: Id, available: Minor, needed: Minor) -> Refusal {
    let wallet = crate::ledger::Wallet { participant, unit };
    Refusal::InsufficientAvailable { account: wallet.account(crate::ledger::Purpose::Available), available, needed }
}
