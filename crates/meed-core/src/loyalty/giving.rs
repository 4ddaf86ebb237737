//! From what offers say to what is posted: the difference between target and standing, purchase by purchase.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cell::Cell;
use super::config::TillConfig;
use super::evaluate::{Evaluation, Seen, Target, evaluate, tier_at};
use super::event::{Grant, Matched, Moved, PurchaseBody, SpendMethod, Standing, TakenBack, Use, Withheld};
use super::offer::{Offer, expiry_instant};
use super::participant::Participant;
use super::sight::Sight;
use super::tier_again;
use crate::command::{date_of, day_number};
use crate::id::Id;
use crate::ledger::{
    Bearer, Candidate, Claw, Earning, Lot, Origin, Owner, Portion, Purpose, Refusal, Taken, TransferKind, Wallet, Wallets, allocate,
    minor_of, share,
};
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

/// What is in the wallet again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GivenBack {
    /// Its worth in the workspace's currency.
    pub(super) worth: Minor,
    /// Of it, points: how many, and their worth.
    pub(super) points: (Minor, Minor),
}

impl GivenBack {
    fn add(&mut self, unit: Unit, (amount, worth): (Minor, Minor)) {
        self.worth += worth;
        if unit == Unit::POINTS {
            self.points = (self.points.0 + amount, self.points.1 + worth);
        }
    }
}

impl Giver<'_> {
    fn wallet(&self, unit: Unit) -> Wallet {
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

    /// Gives back what was spent on returned parts: by line, pro rata, in reverse order of consumption. Answers the
    /// worth of what is in the wallet again.
    pub(super) fn give_back(&self, wallets: &mut Wallets<'_>, work: &mut Work, before: &[(Minor, Exact)]) -> Result<GivenBack, Refusal> {
        let mut back: BTreeMap<Unit, Vec<Taken>> = BTreeMap::new();
        let (mut given, mut uncovered) = (GivenBack::default(), Vec::new());
        for (place, line) in work.body.basket.lines.iter().enumerate() {
            let (returned, _) = work.standing.returned.get(place).copied().unwrap_or_default();
            let is_here = |used: &Use| {
                usize::try_from(used.line) == Ok(place) && matches!(used.method, SpendMethod::OnRequest | SpendMethod::Automatic)
            };
            let uses = &mut work.standing.uses;
            // What was spent at one time is shared over what was left of the line then: cumulative, so the last part closes it.
            let mut shares: BTreeMap<Minor, Minor> = BTreeMap::new();
            for used in uses.iter().filter(|used| is_here(used)) {
                *shares.entry(used.since).or_default() += used.worth;
            }
            let so_far: Minor = uses.iter().filter(|used| is_here(used)).map(|used| used.worth_returned).sum();
            let standing = shares.values().sum::<Minor>() - so_far;
            let mut target = 0;
            for (since, spent) in shares {
                target += share(spent, returned - since, line.total - since)?;
            }
            // Never more than came back, and never so little that more stays spent than is left of the line.
            let came_back = returned - before.get(place).map_or(0, |(amount, _)| *amount);
            let mut left = (target - so_far).min(came_back).max(standing - (line.total - returned));
            for used in uses.iter_mut().rev().filter(|used| is_here(used)) {
                let part = used.standing_worth().min(left);
                if part <= 0 {
                    continue;
                }
                left -= part;
                used.worth_returned += part;
                if used.is_uncovered() {
                    used.returned += part;
                    uncovered.push((used.bearer(), used.transfer, part));
                    continue;
                }
                let amount = share(used.amount, used.worth_returned, used.worth)? - used.returned;
                used.returned += amount;
                given.add(used.unit, (amount, part));
                if amount > 0 {
                    let portion = Portion { lot: used.lot, line: place, amount };
                    back.entry(used.unit).or_default().push(Taken { transfer: used.transfer, portion });
                }
            }
        }
        for (unit, taken) in back {
            wallets.give_back(self.wallet(unit), &taken, work.origin(self.at))?;
        }
        given.worth += self.uncovered_back(wallets, work, &uncovered)?;
        Ok(given)
    }

    /// Spends on a purchase what no lot covers: its goods are gone (`ledger.md` §7).
    pub(super) fn uncover(&self, wallets: &mut Wallets<'_>, work: &mut Work, amount: Minor, event: Id) -> Result<(), Refusal> {
        let (unit, mut left) = (self.config.currency, amount);
        let transfer = wallets.uncovered(self.config.workspace, Amount { minor: amount, unit }, work.origin(self.at))?;
        for (line, room) in work.standing.room(&work.body.basket).into_iter().enumerate() {
            let part = left.min(room);
            if part > 0 {
                left -= part;
                let taken = Taken { transfer, portion: Portion { lot: Id(0), line, amount: part } };
                let used = new_use(event, SpendMethod::OnRequest, unit, &taken, part);
                work.standing.add_use(used);
            }
        }
        Ok(())
    }

    fn uncovered_back(&self, wallets: &mut Wallets<'_>, work: &Work, parts: &[(Option<Bearer>, Id, Minor)]) -> Result<Minor, Refusal> {
        let (mut arrived, program) = (0, (self.config.workspace, self.wallet(self.config.currency)));
        for (bearer, original, minor) in parts {
            arrived += wallets.uncovered_back(program, *bearer, *original, *minor, work.origin(self.at))?;
        }
        Ok(arrived)
    }

    /// Gives back all that a spend used, and forgets its uses. Answers the worth of what is in the wallet again.
    pub(super) fn undo_spend(&self, wallets: &mut Wallets<'_>, work: &mut Work, event: Id) -> Result<GivenBack, Refusal> {
        let mut given = GivenBack::default();
        let is_it = |used: &Use| used.event == event && matches!(used.method, SpendMethod::OnRequest | SpendMethod::Automatic);
        for unit in [self.config.currency, Unit::POINTS] {
            let uses = work.standing.uses.iter().filter(|used| is_it(used) && used.unit == unit && used.returned < used.amount);
            let uses = uses.filter(|used| !used.is_uncovered());
            let taken: Vec<Taken> = uses
                .map(|used| {
                    given.add(unit, (used.amount - used.returned, used.standing_worth()));
                    let line = usize::try_from(used.line).unwrap_or_default();
                    Taken { transfer: used.transfer, portion: Portion { lot: used.lot, line, amount: used.amount - used.returned } }
                })
                .collect();
            if !taken.is_empty() {
                wallets.give_back(self.wallet(unit), &taken, work.origin(self.at))?;
            }
        }
        let uncovered = work.standing.uses.iter().filter(|used| is_it(used) && used.is_uncovered() && used.returned < used.amount);
        let uncovered: Vec<_> = uncovered.map(|used| (used.bearer(), used.transfer, used.amount - used.returned)).collect();
        given.worth += self.uncovered_back(wallets, work, &uncovered)?;
        work.standing.uses.retain(|used| !is_it(used));
        Ok(given)
    }

    /// Allots up to `want` from the wallets over what may still be paid of a purchase. Answers portions by unit with worth.
    /// With `alive_us`, what expired after that business time counts as if it had not.
    pub(super) fn allot(
        &self,
        wallets: &Wallets<'_>,
        work: &Work,
        want: Minor,
        alive_us: Option<i64>,
    ) -> Result<Vec<(Unit, Portion, Minor)>, Refusal> {
        let now_us = wallets.now_us();
        self.allot_of(work, want, |unit| {
            let all = wallets.book().lots_of(self.participant, unit);
            all.map(|lot| if was_alive(lot, alive_us) { lot.revived() } else { *lot })
                .filter(|lot| lot.free() > 0 && lot.sale != Some(work.id) && (lot.is_usable(now_us) || was_alive(lot, alive_us)))
                .collect()
        })
    }

    /// The worth of what could be spent on a purchase, up to `most`.
    pub(super) fn spendable(&self, wallets: &Wallets<'_>, work: &Work, most: Minor) -> Result<Minor, Refusal> {
        Ok(self.allot(wallets, work, most, None)?.iter().map(|(_, _, worth)| worth).sum())
    }

    /// The same by the balance alone, of a customer of whom no lot is due or bound to conditions: but for what this purchase gives,
    /// a wallet is as one plain lot.
    pub(super) fn spendable_by_balance(&self, wallets: &Wallets<'_>, work: &Work, most: Minor) -> Result<Minor, Refusal> {
        let allotted = self.allot_of(work, most, |unit| {
            let own = wallets.book().lots_of(self.participant, unit).filter(|lot| lot.sale == Some(work.id) && !lot.is_pending);
            let amount = self.balance(wallets, unit) - own.map(Lot::free).sum::<Minor>();
            if amount > 0 { vec![Lot::plain(self.participant, unit, amount)] } else { Vec::new() }
        })?;
        Ok(allotted.iter().map(|(_, _, worth)| worth).sum())
    }

    /// Allots up to `want` from what `lots` answers of each wallet.
    fn allot_of(&self, work: &Work, want: Minor, lots: impl Fn(Unit) -> Vec<Lot>) -> Result<Vec<(Unit, Portion, Minor)>, Refusal> {
        let basket = &work.body.basket;
        let mut room = work.standing.room(basket);
        // Points of little worth would make a number of the most that can be wanted that cannot be kept.
        let mut left = want.min(room.iter().fold(0, |sum: Minor, line| sum.saturating_add(*line)));
        let mut all = Vec::new();
        let mut lines_of: BTreeMap<Id, Vec<bool>> = BTreeMap::new();
        let Some(sight) = Sight::new(self.config, basket, self.person, None) else { return Ok(all) };
        for unit in [self.config.currency, Unit::POINTS] {
            let value = if unit == Unit::POINTS { self.config.settings.point_value } else { Some(Exact::ONE) };
            let Some(value) = value else { continue };
            let lots = lots(unit);
            for version in lots.iter().filter_map(|lot| lot.version) {
                if let Some(condition) = self.config.terms(version).and_then(|offer| offer.spend.condition.as_ref()) {
                    lines_of
                        .entry(version)
                        .or_insert_with(|| (0..basket.lines.len()).map(|line| sight.holds(condition, line).unwrap_or(false)).collect());
                }
            }
            let candidates: Vec<Candidate<'_>> = lots
                .iter()
                .map(|lot| Candidate { lot, lines: lot.version.and_then(|version| lines_of.get(&version)).map(Vec::as_slice) })
                .collect();
            let in_unit = |minor: Minor| -> Result<Minor, Refusal> {
                if unit != Unit::POINTS {
                    return Ok(minor);
                }
                let major = Amount { minor, unit: self.config.currency }.major();
                Ok(to_minor(major.checked_div(value).unwrap_or_default(), unit, Rounding::Down)?)
            };
            let unit_room = room.iter().map(|room| in_unit(*room)).collect::<Result<Vec<_>, _>>()?;
            for portion in allocate(&candidates, &unit_room, in_unit(left)?) {
                let worth = if unit == Unit::POINTS {
                    minor_of(mul(Exact::from(portion.amount), value)?, self.config.currency)?
                } else {
                    portion.amount
                };
                let worth = worth.min(room[portion.line]).min(left);
                room[portion.line] -= worth;
                left -= worth;
                all.push((unit, portion, worth));
            }
        }
        Ok(all)
    }

    /// Spends what was allotted. Answers its worth.
    pub(super) fn spend(
        &self,
        wallets: &mut Wallets<'_>,
        work: &mut Work,
        allotted: &[(Unit, Portion, Minor)],
        method: SpendMethod,
        event: Id,
    ) -> Result<Minor, Refusal> {
        let mut worth = 0;
        for unit in [self.config.currency, Unit::POINTS] {
            let portions: Vec<Portion> = allotted.iter().filter(|(of, ..)| *of == unit).map(|(_, portion, _)| *portion).collect();
            if portions.is_empty() {
                continue;
            }
            wallets.revive(self.wallet(unit), &portions, work.origin(self.at))?;
            let taken = wallets.spend(self.wallet(unit), &portions, work.origin(self.at))?;
            for taken in taken {
                let found = allotted.iter().find(|(of, portion, _)| *of == unit && *portion == taken.portion);
                let part = found.map_or(0, |(_, _, worth)| *worth);
                worth += part;
                work.standing.add_use(new_use(event, method, unit, &taken, part));
            }
        }
        Ok(worth)
    }

    /// What may be spent by itself: the seven gates of `pos-loyalty.md` §10. Answers how much is to be spent.
    pub(super) fn automatic(&self, wallets: &Wallets<'_>, work: &Work) -> Result<Minor, Refusal> {
        let auto = &self.person.auto_spend;
        let merchant = self.config.merchant_of(work.body.basket.unit);
        let is_open = auto.is_enabled
            && merchant.is_none_or(|(_, merchant)| merchant.allows_automatic && merchant.allows_spending)
            && (auto.merchants.is_empty() || merchant.is_some_and(|(id, _)| auto.merchants.contains(&id)))
            && !self.person.is_blocked
            && self.person.terminated.is_none()
            && self.balance(wallets, self.config.currency) >= auto.minimum_balance;
        if !is_open {
            return Ok(0);
        }
        let spendable = self.spendable(wallets, work, Minor::MAX)?;
        if spendable < auto.minimum_spend {
            return Ok(0);
        }
        Ok(auto.maximum_spend.map_or(spendable, |maximum| spendable.min(maximum)))
    }

    /// What may be used of a wallet now.
    pub(super) fn balance(&self, wallets: &Wallets<'_>, unit: Unit) -> Minor {
        wallets.book().available(&self.wallet(unit).account(Purpose::Available))
    }
}

/// Whether a lot that is over now could be used at an earlier business time.
fn was_alive(lot: &Lot, alive_us: Option<i64>) -> bool {
    alive_us.is_some_and(|at_us| !lot.is_pending && lot.expires_us.is_some_and(|expires| at_us < expires))
}

fn new_use(event: Id, method: SpendMethod, unit: Unit, taken: &Taken, worth: Minor) -> Use {
    Use {
        event,
        method,
        unit,
        transfer: taken.transfer,
        lot: taken.portion.lot,
        line: u32::try_from(taken.portion.line).unwrap_or(u32::MAX),
        amount: taken.portion.amount,
        worth,
        returned: 0,
        worth_returned: 0,
        since: 0,
    }
}

/// What an award that grows from `before` to `after` draws from its budget: money for points with a unit cost, else its
/// own amount. Both ends are rounded alike, so parts sum to the whole.
pub(super) fn draw_between(config: &TillConfig, offer: &Offer, unit: Unit, before: Minor, after: Minor) -> Option<Amount> {
    let amount = if offer.award.unit_cost.is_some() && unit == Unit::POINTS {
        let cost = |amount| cost_of(config, offer, unit, amount).unwrap_or(Minor::MAX / 2);
        Amount { minor: cost(after) - cost(before), unit: config.currency }
    } else {
        Amount { minor: after - before, unit }
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
