//! Spending from wallets on a purchase, and giving back what was spent on goods that came back.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{SpendMethod, Use};
use super::giving::{Giver, Work};
use super::sight::Sight;
use crate::id::Id;
use crate::ledger::{Bearer, Candidate, Lot, Portion, Refusal, Taken, Wallets, allocate, share};
use crate::money::{Amount, Exact, Minor, Rounding, Unit, mul, to_minor};

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
        // Points that were worth something only together come back with the last of it.
        let still: BTreeSet<(Id, Unit)> =
            work.standing.uses.iter().filter(|used| used.standing_worth() > 0).map(|used| (used.event, used.unit)).collect();
        let is_own = |used: &Use| matches!(used.method, SpendMethod::OnRequest | SpendMethod::Automatic) && !used.is_uncovered();
        let worthless = |used: &&mut Use| is_own(used) && used.worth == 0 && used.returned < used.amount;
        for used in work.standing.uses.iter_mut().filter(worthless).filter(|used| !still.contains(&(used.event, used.unit))) {
            let amount = used.amount - used.returned;
            used.returned = used.amount;
            given.add(used.unit, (amount, 0));
            let portion = Portion { lot: used.lot, line: usize::try_from(used.line).unwrap_or_default(), amount };
            back.entry(used.unit).or_default().push(Taken { transfer: used.transfer, portion });
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
            if lots.is_empty() {
                continue;
            }
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
                if unit == Unit::POINTS { points_for(minor, value, self.config.currency) } else { Ok(minor) }
            };
            let unit_room = room.iter().map(|room| in_unit(*room)).collect::<Result<Vec<_>, _>>()?;
            let portions = allocate(&candidates, &unit_room, in_unit(left)?);
            let first = all.len();
            let (mut points, mut paid) = (0, 0);
            for portion in portions {
                points += portion.amount;
                // Points are worth together what they are worth, however they are parted: rounded down, and never twice.
                let worth = if unit == Unit::POINTS { worth_of(points, value, self.config.currency)? - paid } else { portion.amount };
                let worth = worth.min(room[portion.line]).min(left);
                room[portion.line] -= worth;
                left -= worth;
                paid += worth;
                all.push((unit, portion, worth));
            }
            if unit == Unit::POINTS {
                // What a line had no room for pays another that points are spent on.
                let mut rest = (worth_of(points, value, self.config.currency)? - paid).min(left);
                for (_, portion, worth) in &mut all[first..] {
                    let part = rest.min(room[portion.line]);
                    (*worth, rest, paid) = (*worth + part, rest - part, paid + part);
                    (room[portion.line], left) = (room[portion.line] - part, left - part);
                }
                spare(&mut all, first, points - fewest_points(paid, value, self.config.currency)?);
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
}

/// What points are worth in the currency, in minor units; rounded down.
fn worth_of(points: Minor, value: Exact, currency: Unit) -> Result<Minor, Refusal> {
    Ok(to_minor(mul(Exact::from(points), value)?, currency, Rounding::Down)?)
}

/// The fewest points that are worth an amount or more.
fn fewest_points(worth: Minor, value: Exact, currency: Unit) -> Result<Minor, Refusal> {
    let major = Amount { minor: worth, unit: currency }.major();
    Ok(to_minor(major.checked_div(value).ok_or(Refusal::AmountOverflow)?, Unit::POINTS, Rounding::Up)?)
}

/// The points that pay an amount: exactly, if points can; else as many as are not worth more.
fn points_for(worth: Minor, value: Exact, currency: Unit) -> Result<Minor, Refusal> {
    let fewest = fewest_points(worth, value, currency)?;
    Ok(if worth_of(fewest, value, currency)? > worth { (fewest - 1).max(0) } else { fewest })
}

/// Takes back what pays nothing, from the end; a portion that pays keeps something of it.
fn spare(all: &mut Vec<(Unit, Portion, Minor)>, first: usize, mut surplus: Minor) {
    for (_, portion, worth) in all[first..].iter_mut().rev() {
        let part = surplus.min(portion.amount - Minor::from(*worth > 0)).max(0);
        (portion.amount, surplus) = (portion.amount - part, surplus - part);
    }
    all.retain(|(_, portion, _)| portion.amount > 0);
}

/// Whether a lot that is over now could be used at an earlier business time.
fn was_alive(lot: &Lot, alive_us: Option<i64>) -> bool {
    alive_us.is_some_and(|at_us| !lot.is_pending && lot.expires_us.is_some_and(|expires| at_us < expires))
}

pub(super) fn new_use(event: Id, method: SpendMethod, unit: Unit, taken: &Taken, worth: Minor) -> Use {
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
