//! From what offers say to what is posted: the difference between target and standing, purchase by purchase.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::Cell;
use super::config::TillConfig;
use super::evaluate::{Evaluation, Seen, Target, evaluate, tier_at};
use super::event::{Grant, Matched, Moved, PurchaseBody, SpendMethod, Standing, TakenBack, Withheld};
use super::offer::{Offer, expiry_instant};
use super::participant::Participant;
use super::spending::new_use;
use super::tier_again;
use crate::command::{date_of, day_number};
use crate::id::Id;
use crate::ledger::{Claw, Earning, Origin, Owner, Portion, Purpose, Refusal, Taken, TransferKind, Wallet, Wallets, minor_of, share};
use crate::money::{Amount, Exact, Minor, Rounding, Unit, mul, to_minor};
use crate::period::first_instant;

/// A purchase that a command works on.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) id: Id,
    pub(super) body: Arc<PurchaseBody>,
    pub(super) standing: Standing,
}

impl Work {
    pub(super) fn seen(&self) -> Seen<'_> {
        Seen::of(self.id, &self.body, &self.standing)
    }

    /// What moves of this purchase name as their cause.
    pub(super) fn origin(&self, at: jiff::Timestamp) -> Origin {
        Origin { sale: Some(self.id), ..Origin::at(at) }
    }
}

/// What a command knows beside the wallets.
pub(super) struct Giver<'a> {
    pub(super) config: &'a TillConfig,
    pub(super) participant: Id,
    pub(super) person: &'a Participant,
    /// Uses of offers that are limited in number.
    pub(super) counters: BTreeMap<Id, i64>,
    pub(super) taken_back: Vec<TakenBack>,
    pub(super) granted: Vec<(Id, (Id, Minor))>,
    /// The tier that the customer had at each purchase before the command changed one; empty: it changes no tier.
    pub(super) tiers_before: BTreeMap<Id, Option<String>>,
    /// What awards of which purchase moved in a wallet: what came in, what went out.
    pub(super) moves: Vec<(Id, Unit, (Minor, Minor))>,
    /// Whether an award was over before it was given: its purchase came late.
    pub(super) has_over: bool,
    /// Business time of the command.
    pub(super) at: jiff::Timestamp,
}

impl Giver<'_> {
    pub(super) fn wallet(&self, unit: Unit) -> Wallet {
        Wallet { participant: self.participant, unit }
    }

    /// Posts everything that is due in the participant's wallets.
    pub(super) fn settle_due(&self, wallets: &mut Wallets<'_>) -> Result<(), Refusal> {
        wallets.settle_due(self.wallet(self.config.currency))?;
        wallets.settle_due(self.wallet(Unit::POINTS))
    }

    /// Brings the awards of a purchase to what the offers say, and answers what they said.
    pub(super) fn give(&mut self, wallets: &mut Wallets<'_>, work: &mut Work, cell: &Cell) -> Result<Evaluation, Refusal> {
        let matched = self.matched(work, cell);
        let mut withheld: Vec<(Id, &'static str)> = Vec::new();
        let mut evaluation = loop {
            let evaluation = evaluate(self.config, cell, work.seen(), &matched, &withheld)?;
            match self.first_blocked(wallets, work, &evaluation) {
                Some(blocked) => withheld.push(blocked),
                None => break evaluation,
            }
        };
        for (offer, reason) in withheld {
            work.standing.withheld.push(Withheld { offer, reason: reason.to_owned() });
        }
        for grant in 0..work.standing.grants.len() {
            let Grant { offer, line, amount, cap, .. } = work.standing.grants[grant];
            let target = evaluation.targets.iter().find(|target| (target.offer, target.line) == (offer, line));
            let target = target.map_or(0, |target| cap.map_or(target.amount, |cap| target.amount.min(cap)));
            if target < amount {
                self.take(wallets, work, grant, amount - target)?;
            }
        }
        for target in &mut evaluation.targets {
            self.add(wallets, work, target)?;
        }
        self.count(work);
        if std::mem::take(&mut self.has_over) {
            self.settle_due(wallets)?;
        }
        Ok(evaluation)
    }

    /// What matches a purchase: as it was found, but for what reads a tier that the customer has no more, or has now.
    fn matched(&self, work: &mut Work, cell: &Cell) -> Vec<Matched> {
        let (basket, standing) = (&work.body.basket, &mut work.standing);
        let found = standing.matches(&work.body.matched);
        let Some(before) = self.tiers_before.get(&work.id) else { return found.to_vec() };
        let tiers = (before.as_deref(), tier_at(self.config, self.person, cell, basket));
        let again = (tiers.0 != tiers.1).then(|| tier_again::again(self.config, self.person, basket, found, tiers));
        let Some(again) = again.flatten() else { return found.to_vec() };
        standing.matched = (again != work.body.matched).then(|| again.clone());
        again
    }

    /// An offer whose budget or limit does not allow what it would give. What it gave before stands all the same.
    fn first_blocked(&self, wallets: &Wallets<'_>, work: &Work, evaluation: &Evaluation) -> Option<(Id, &'static str)> {
        for target in &evaluation.targets {
            let offer = self.config.terms(target.version)?;
            if work.standing.grants.iter().any(|grant| grant.offer == target.offer && grant.amount > 0) {
                continue;
            }
            if offer.uses_max.is_some_and(|max| self.counters.get(&target.offer).copied().unwrap_or(0) >= max) {
                return Some((target.offer, "limit_reached"));
            }
            if offer.has_budget {
                let own = || evaluation.targets.iter().filter(|other| other.offer == target.offer);
                let draws = own().filter_map(|other| draw_between(self.config, offer, target.unit, 0, other.amount));
                let Some(draw) = draws.reduce(|sum, more| Amount { minor: sum.minor + more.minor, ..sum }) else { continue };
                let available = left_of_budget(wallets, target.offer, draw.unit);
                let some = |other: &Target| affordable(self.config, offer, target.unit, (0, other.amount), available) > 0;
                if draw.minor > available && !(offer.grants_rest && own().any(some)) {
                    return Some((target.offer, "budget_exhausted"));
                }
            }
        }
        None
    }

    /// Uses of limited offers follow their grants.
    fn count(&mut self, work: &mut Work) {
        for (offer, used) in &mut self.counters {
            let mut grants = work.standing.grants.iter_mut().filter(|grant| grant.offer == *offer);
            let Some(first) = grants.next() else { continue };
            let has_any = first.amount > 0 || grants.any(|grant| grant.amount > 0);
            if first.counted != has_any {
                first.counted = has_any;
                *used += if has_any { 1 } else { -1 };
            }
        }
    }

    fn add(&mut self, wallets: &mut Wallets<'_>, work: &mut Work, target: &mut Target) -> Result<(), Refusal> {
        let offer = self.config.terms(target.version).ok_or(Refusal::ProgramNotLive)?.clone();
        let before = work.standing.grants.iter().position(|grant| (grant.offer, grant.line) == (target.offer, target.line));
        let (standing, cap) = before.map_or((0, None), |at| (work.standing.grants[at].amount, work.standing.grants[at].cap));
        let wanted = cap.map_or(target.amount, |cap| target.amount.min(cap));
        let mut more = wanted - standing;
        let mut cap = cap;
        let draw = if offer.has_budget && more > 0 { draw_between(self.config, &offer, target.unit, standing, wanted) } else { None };
        if let Some(draw) = draw {
            let available = left_of_budget(wallets, target.offer, draw.unit);
            let most = match offer.grants_rest {
                true => affordable(self.config, &offer, target.unit, (standing, wanted), available),
                false if draw.minor > available => standing,
                false => wanted,
            };
            if most < wanted {
                (more, cap) = (most - standing, Some(most));
            }
        }
        if let Some(before) = before {
            work.standing.grants[before].cap = cap;
        }
        if more <= 0 {
            return Ok(());
        }
        let origin = Origin { program_version: Some(target.version), ..work.origin(work.body.basket.at) };
        let lot = self.earn(wallets, work, &offer, target, (standing, standing + more), origin)?;
        self.has_over |= wallets.book().lot(lot).is_some_and(|lot| lot.is_over(wallets.now_us()));
        self.granted.push((work.id, (target.offer, more)));
        let at = before.unwrap_or_else(|| {
            work.standing.grants.push(Grant {
                offer: target.offer,
                version: target.version,
                line: target.line,
                unit: target.unit,
                amount: 0,
                basis: target.basis,
                method: target.method,
                lots: Vec::new(),
                cap: None,
                counted: false,
            });
            work.standing.grants.len() - 1
        });
        let grant = &mut work.standing.grants[at];
        (grant.amount, grant.basis, grant.version, grant.cap) = (standing + more, target.basis, target.version, cap);
        grant.lots.push(lot);
        let mut used = 0;
        if matches!(target.method, SpendMethod::Instant | SpendMethod::Voucher) {
            used = self.spend_at_once(wallets, work, target, lot, more, origin)?;
        }
        self.moves.push((work.id, target.unit, (more, used)));
        Ok(())
    }

    fn earn(
        &self,
        wallets: &mut Wallets<'_>,
        work: &Work,
        offer: &Offer,
        target: &Target,
        (before, after): (Minor, Minor),
        origin: Origin,
    ) -> Result<Id, Refusal> {
        let basket = &work.body.basket;
        // One rule for all stores: the workspace's zone (`ledger.md` §6.1).
        let zone = &self.config.zone;
        let is_at_once = matches!(target.method, SpendMethod::Instant | SpendMethod::Voucher);
        let active_us = if offer.award.pending_days > 0 && !is_at_once {
            let day = day_number(zone.to_datetime(basket.at).date()) + offer.award.pending_days;
            date_of(day).and_then(|day| first_instant(day, zone).ok()).map(jiff::Timestamp::as_microsecond)
        } else {
            None
        };
        let expires_us = if is_at_once { None } else { expiry_instant(offer.spend.expiry, basket.at, zone) };
        let earning = Earning {
            wallet: self.wallet(target.unit),
            program: target.offer,
            version: Some(target.version),
            amount: after - before,
            active_us,
            expires_us: expires_us.map(jiff::Timestamp::as_microsecond),
            rank: offer.spend.rank,
            cost: cost_of(self.config, offer, target.unit, after)? - cost_of(self.config, offer, target.unit, before)?,
            draws: if offer.has_budget { draw_between(self.config, offer, target.unit, before, after) } else { None },
            kind: TransferKind::Earned,
            nets: !is_at_once,
            origin,
        };
        Ok(wallets.earn(&earning)?.lot)
    }

    /// Spends an award on its own purchase: as a discount on the lines that earned it, or as a voucher.
    fn spend_at_once(
        &self,
        wallets: &mut Wallets<'_>,
        work: &mut Work,
        target: &Target,
        lot: Id,
        amount: Minor,
        origin: Origin,
    ) -> Result<Minor, Refusal> {
        let is_voucher = target.method == SpendMethod::Voucher;
        if target.unit != self.config.currency && !is_voucher {
            return Ok(0);
        }
        let mut left = amount;
        let mut portions = Vec::new();
        if is_voucher {
            portions.push(Portion { lot, line: 0, amount });
        } else {
            for (line, room) in work.standing.room(&work.body.basket).into_iter().enumerate() {
                let is_own = target.line.is_none_or(|own| usize::try_from(own) == Ok(line));
                let part = left.min(room);
                if is_own && part > 0 {
                    portions.push(Portion { lot, line, amount: part });
                    left -= part;
                }
            }
        }
        let taken = wallets.spend(self.wallet(target.unit), &portions, origin)?;
        let worth = |portion: &Portion| if is_voucher { 0 } else { portion.amount };
        work.standing.uses.extend(taken.iter().map(|taken| new_use(work.id, target.method, target.unit, taken, worth(&taken.portion))));
        Ok(portions.iter().map(|portion| portion.amount).sum())
    }

    /// Takes back part of a grant. What was spent of it at once comes back first.
    fn take(&mut self, wallets: &mut Wallets<'_>, work: &mut Work, grant: usize, amount: Minor) -> Result<(), Refusal> {
        let Grant { offer, version, unit, ref lots, method, .. } = work.standing.grants[grant];
        let lots = lots.clone();
        let origin = Origin { program_version: Some(version), ..work.origin(self.at) };
        let mut came_back = 0;
        if matches!(method, SpendMethod::Instant | SpendMethod::Voucher) {
            let mut left = amount;
            let mut back = Vec::new();
            for used in work.standing.uses.iter_mut().rev().filter(|used| lots.contains(&used.lot) && used.method == method) {
                let part = (used.amount - used.returned).min(left);
                if part > 0 {
                    left -= part;
                    used.returned += part;
                    used.worth_returned = share(used.worth, used.returned, used.amount)?;
                    back.push(Taken { transfer: used.transfer, portion: Portion { lot: used.lot, line: 0, amount: part } });
                }
            }
            came_back = amount - left;
            wallets.give_back(self.wallet(unit), &back, origin)?;
        }
        let terms = self.config.terms(version);
        let returns = match terms {
            Some(terms) if terms.has_budget => {
                let standing = work.standing.grants[grant].amount;
                draw_between(self.config, terms, unit, standing - amount, standing)
            }
            _ => None,
        };
        let forgives = self.config.settings.forgives;
        let claw = Claw { wallet: self.wallet(unit), program: offer, lots: &lots, amount, returns, forgives, origin };
        let steps = wallets.claw(&claw)?;
        work.standing.grants[grant].amount -= amount;
        self.moves.push((work.id, unit, (came_back, steps.from_lots + steps.from_expired + steps.from_others)));
        self.taken_back.push(TakenBack { purchase: work.id, offer, unit, steps });
        Ok(())
    }

    /// What awards moved in the customer's wallets, but for those of one purchase.
    pub(super) fn moved(&self, except: Option<Id>) -> Moved {
        let mut all = Moved::default();
        for (_, unit, (credit, debit)) in self.moves.iter().filter(|(purchase, ..)| Some(*purchase) != except) {
            let side = if *unit == Unit::POINTS { &mut all.points } else { &mut all.money };
            *side = (side.0 + credit, side.1 + debit);
        }
        all
    }

    /// Folds all purchases again, in canonical order, and answers the cell that comes of it.
    pub(super) fn refold(&mut self, wallets: &mut Wallets<'_>, works: &mut [Work]) -> Result<Cell, Refusal> {
        let mut cell = Cell::of(self.participant);
        for work in works {
            let evaluation = self.give(wallets, work, &cell)?;
            evaluation.advance(self.config, &mut cell, work.seen());
        }
        Ok(cell)
    }

    /// What may be used of a wallet now.
    pub(super) fn balance(&self, wallets: &Wallets<'_>, unit: Unit) -> Minor {
        wallets.book().available(&self.wallet(unit).account(Purpose::Available))
    }
}

/// What an award that grows from `before` to `after` draws from its budget: money for points with a unit cost, else its
/// own amount. Both ends are rounded alike, so parts sum to the whole; up, so that no number of small awards is free.
pub(super) fn draw_between(config: &TillConfig, offer: &Offer, unit: Unit, before: Minor, after: Minor) -> Option<Amount> {
    let amount = match offer.award.unit_cost.filter(|_| unit == Unit::POINTS) {
        Some(each) => {
            let cost = |amount: Minor| mul(Exact::from(amount), each).and_then(|cost| to_minor(cost, config.currency, Rounding::Up));
            let cost = |amount| cost(amount).unwrap_or(Minor::MAX / 2);
            Amount { minor: cost(after) - cost(before), unit: config.currency }
        }
        None => Amount { minor: after - before, unit },
    };
    (amount.minor > 0).then_some(amount)
}

fn left_of_budget(wallets: &Wallets<'_>, offer: Id, unit: Unit) -> Minor {
    wallets.book().available(&Owner::program(offer).account(Purpose::Budget, unit))
}

/// The most that an award may grow to from `before`, up to `wanted`, with what is left of its budget.
fn affordable(config: &TillConfig, offer: &Offer, unit: Unit, (before, wanted): (Minor, Minor), available: Minor) -> Minor {
    let is_within = |after| draw_between(config, offer, unit, before, after).is_none_or(|draw| draw.minor <= available);
    let (mut fits, mut too_much) = (before, wanted.saturating_add(1));
    // A larger award never draws less.
    while too_much - fits > 1 {
        let middle = fits + (too_much - fits) / 2;
        if is_within(middle) {
            fits = middle;
        } else {
            too_much = middle;
        }
    }
    fits
}

fn cost_of(config: &TillConfig, offer: &Offer, unit: Unit, amount: Minor) -> Result<Minor, Refusal> {
    match offer.award.unit_cost.filter(|_| unit == Unit::POINTS) {
        Some(cost) => Ok(minor_of(mul(Exact::from(amount), cost)?, config.currency)?),
        None => Ok(0),
    }
}
