//! The slow till: what each command does to a customer, decided on a copy that is dropped when it is refused. After every
//! command all purchases of the customer are folded again.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use meed_core::id::Id;

use crate::deals::{Deal, MONEY, Memory, Method, Offers, Said};
use crate::slow::{Auto, Gift, HoldIs, How, Person, Pot, Reserved, Row, Sale, Steps, Used, share};

/// What holds for all customers.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) deals: Vec<Deal>,
    pub(crate) gold: crate::deals::Gold,
    pub(crate) point_cents: Option<i64>,
    pub(crate) forgives: bool,
    /// Most that may be spent in a day.
    pub(crate) day_limit: Option<i64>,
    /// What is left of the budget of each offer.
    pub(crate) budgets: Vec<i64>,
    /// How often each offer was given.
    pub(crate) used: Vec<i64>,
    pub(crate) zone: TimeZone,
}

/// What a customer or an operator does.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    Buy { lines: Vec<Row>, at_us: i64, reference: String, asks: Option<Asks>, is_offline: bool },
    Spend { sale: usize, asks: Asks },
    CancelSpend { spend: usize },
    Refund { sale: usize, lines: Vec<(usize, Option<i64>, Option<i64>)> },
    Cancel { sale: usize },
    Hold { coin: usize, amount: i64, minutes: i64 },
    Capture { hold: usize, amount: Option<i64> },
    Release { hold: usize },
    Adjust { coin: usize, amount: i64, until_us: Option<i64> },
    Transfer { to: usize, coin: usize, amount: i64 },
    Extend { pot: usize, until_us: i64 },
    AdHoc { goods: i64, debit: i64, reference: String },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Asks {
    pub(crate) amount: Option<i64>,
    pub(crate) all_or_nothing: bool,
}

/// What the model answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Bought { sale: usize, spent: Option<(i64, i64)>, additional: i64 },
    Spent { asked: i64, spent: i64 },
    Returned { given_back: i64, paid_back: i64, taken: Vec<(Id, usize, Steps)>, granted: Vec<(Id, usize, i64)> },
    Held(Vec<i64>),
    Opened(Vec<usize>),
    Done,
}

/// What a fold changed.
#[derive(Default)]
struct Changed {
    taken: Vec<(Id, usize, Steps)>,
    granted: Vec<(Id, usize, i64)>,
}

/// Who does something, and when.
#[derive(Clone, Copy)]
pub(crate) struct When {
    pub(crate) now_us: i64,
    pub(crate) event: Id,
    pub(crate) spend: Id,
    pub(crate) is_preview: bool,
}

impl World {
    pub(crate) fn day(&self, us: i64) -> i64 {
        let date = self.zone.to_datetime(Timestamp::from_microsecond(us).expect("a time")).date();
        i64::from(date.since(Date::constant(1970, 1, 1)).expect("a span").get_days())
    }

    fn start_of(&self, day: i64) -> i64 {
        let date = Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day)).expect("a day");
        date.to_zoned(self.zone.clone()).expect("a time").timestamp().as_microsecond()
    }

    fn offers(&self) -> Offers<'_> {
        Offers { deals: &self.deals, gold: self.gold, point_cents: self.point_cents }
    }

    /// What may still be spent today; `None`: nothing.
    fn room_today(&self, person: &Person, now_us: i64) -> Option<i64> {
        let Some(limit) = self.day_limit else { return Some(i64::MAX) };
        let today = self.day(now_us);
        let used = person.debited.iter().filter(|(day, _)| *day == today).map(|(_, amount)| amount).sum::<i64>().max(0);
        // A hold counts on its day: what it reserves while it is open, what was used of it for ever.
        let held: i64 =
            person.holds.iter().filter(|hold| hold.coin == MONEY && self.day(hold.made_us) == today).map(|hold| hold.counts(now_us)).sum();
        let used = used + held;
        (limit > used).then_some(limit - used)
    }

    fn count(&self, person: &mut Person, us: i64, amount: i64) {
        let day = self.day(us);
        let used: i64 = person.debited.iter().filter(|(then, _)| *then == day).map(|(_, amount)| amount).sum();
        person.debited.push((day, amount.max(-used)));
    }

    /// An offer whose budget or limit does not allow what it would give.
    fn blocked(&self, sale: &Sale, said: &Said) -> Option<usize> {
        said.targets.iter().map(|target| target.deal).find(|place| {
            let deal = &self.deals[*place];
            // What was given before stands, whatever is left of the budget.
            if sale.gifts.iter().any(|gift| gift.deal == *place && gift.amount > 0) {
                return false;
            }
            if deal.uses_max.is_some_and(|max| self.used[*place] >= max) {
                return true;
            }
            let Some((_, rest)) = deal.budget else { return false };
            let wanted: i64 = said.targets.iter().filter(|target| target.deal == *place).map(|target| target.amount).sum();
            let least = if rest { deal.draw_between(0, 1) } else { deal.draw_between(0, wanted) };
            least > self.budgets[*place]
        })
    }

    /// Brings the awards of a purchase to what the offers say.
    fn give(&mut self, person: &mut Person, place: usize, memory: &Memory, now_us: i64, changed: &mut Changed) -> Said {
        let said = loop {
            let sale = &person.sales[place];
            let said = self.offers().say(sale, memory, &sale.withheld);
            match self.blocked(sale, &said) {
                Some(blocked) => person.sales[place].withheld.push(blocked),
                None => break said,
            }
        };
        for gift in 0..person.sales[place].gifts.len() {
            let Gift { deal, line, amount, cap, .. } = person.sales[place].gifts[gift];
            let target = said.targets.iter().find(|target| (target.deal, target.line) == (deal, line)).map_or(0, |target| target.amount);
            let target = cap.map_or(target, |cap| target.min(cap));
            if target < amount {
                self.take_back(person, place, gift, amount - target, now_us, changed);
            }
        }
        for target in &said.targets {
            self.add(person, place, *target, now_us, changed);
        }
        for (deal, used) in self.used.iter_mut().enumerate() {
            let mut own = person.sales[place].gifts.iter_mut().filter(|gift| gift.deal == deal);
            let Some(first) = own.next() else { continue };
            let has_any = first.amount > 0 || own.any(|gift| gift.amount > 0);
            *used += i64::from(has_any) - i64::from(first.counted);
            first.counted = has_any;
        }
        said
    }

    fn take_back(&mut self, person: &mut Person, place: usize, gift: usize, amount: i64, now_us: i64, changed: &mut Changed) {
        let Gift { deal, amount: standing, ref pots, .. } = person.sales[place].gifts[gift];
        let (pots, terms) = (pots.clone(), self.deals[deal].clone());
        if terms.method != Method::OnRequest {
            let mut left = amount;
            let mut back = Vec::new();
            let own = |used: &&mut Used| used.how == How::AtOnce(terms.method) && used.pot.is_some_and(|pot| pots.contains(&pot));
            for used in person.sales[place].uses.iter_mut().rev().filter(own) {
                let part = (used.amount - used.back).min(left);
                left -= part;
                used.back += part;
                used.worth_back = share(used.worth, used.back, used.amount);
                back.push((used.pot, part));
            }
            for (pot, part) in back {
                person.pots[pot.expect("a lot")].left += part;
            }
            person.settle(now_us);
        }
        let steps = person.claw(terms.coin, &pots, amount, now_us, self.forgives);
        if terms.budget.is_some() {
            self.budgets[deal] += terms.draw_between(standing - amount, standing);
        }
        person.sales[place].gifts[gift].amount -= amount;
        changed.taken.push((person.sales[place].id, deal, steps));
    }

    fn add(&mut self, person: &mut Person, place: usize, target: crate::deals::Target, now_us: i64, changed: &mut Changed) {
        let terms = self.deals[target.deal].clone();
        let sale = &person.sales[place];
        let day = sale.day;
        let before = sale.gifts.iter().position(|gift| (gift.deal, gift.line) == (target.deal, target.line));
        let (standing, mut cap) = before.map_or((0, None), |gift| (sale.gifts[gift].amount, sale.gifts[gift].cap));
        let mut wanted = cap.map_or(target.amount, |cap| target.amount.min(cap));
        if let Some((_, rest)) = terms.budget {
            // As much as what is left pays for, or what stands.
            let fits = |after: &i64| terms.draw_between(standing, *after) <= self.budgets[target.deal];
            let most =
                (standing..=wanted.max(standing)).rev().find(|after| fits(after) && (rest || *after == wanted || *after == standing));
            let most = most.expect("nothing costs nothing");
            if most < wanted {
                (wanted, cap) = (most, Some(most));
            }
        }
        if let Some(before) = before {
            person.sales[place].gifts[before].cap = cap;
        }
        let more = wanted - standing;
        if more <= 0 {
            return;
        }
        let is_at_once = terms.method != Method::OnRequest;
        let from_us = if terms.waits > 0 && !is_at_once { self.start_of(day + terms.waits) } else { now_us };
        let pot = Pot {
            id: None,
            coin: terms.coin,
            bound: terms.bound,
            sale: Some(place),
            amount: more,
            left: more,
            held: 0,
            expired: 0,
            clawed: 0,
            from_us,
            until_us: terms.lives.filter(|_| !is_at_once).map(|days| self.start_of(day + days + 1)),
            waits: from_us > now_us,
        };
        if terms.budget.is_some() {
            self.budgets[target.deal] -= terms.draw_between(standing, standing + more);
        }
        let pot = person.open(pot, !is_at_once);
        let sale = &mut person.sales[place];
        changed.granted.push((sale.id, target.deal, more));
        let gift = before.unwrap_or(sale.gifts.len());
        if before.is_none() {
            let (deal, line) = (target.deal, target.line);
            sale.gifts.push(Gift { deal, line, amount: 0, cap: None, pots: Vec::new(), counted: false });
        }
        let gift = &mut sale.gifts[gift];
        (gift.amount, gift.cap) = (standing + more, cap);
        gift.pots.push(pot);
        let event = sale.id;
        let how = How::AtOnce(terms.method);
        let mut parts = Vec::new();
        match terms.method {
            Method::OnRequest => {}
            Method::Voucher => parts.push((pot, 0, more, 0)),
            Method::Instant => {
                let mut left = more;
                for (line, room) in sale.room().into_iter().enumerate() {
                    let part = left.min(room);
                    if part > 0 && target.line.is_none_or(|own| own == line) {
                        left -= part;
                        parts.push((pot, line, part, part));
                    }
                }
            }
        }
        person.spend(place, &parts, how, event);
    }

    /// Folds all purchases of a customer, in their order.
    fn fold(&mut self, person: &mut Person, now_us: i64) -> Changed {
        let mut changed = Changed::default();
        let mut order: Vec<usize> = (0..person.sales.len()).collect();
        order.sort_by_key(|place| (person.sales[*place].at_us, person.sales[*place].order.clone(), person.sales[*place].id));
        let mut memory = self.offers().memory();
        for place in order {
            let said = self.give(person, place, &memory, now_us, &mut changed);
            memory.add(&said, person.sales[place].day);
        }
        // What was given to a purchase that came late may be over already.
        person.settle(now_us);
        changed
    }

    /// What a command does, or the code with which it is refused.
    pub(crate) fn decide(&mut self, people: &mut [Person], who: usize, does: &Does, when: When) -> Result<Answer, &'static str> {
        let (mut world, mut all) = (self.clone(), people.to_vec());
        let mut person = std::mem::take(&mut all[who]);
        person.settle(when.now_us);
        let answer = world.does(&mut person, &mut all, does, when)?;
        all[who] = person;
        people.clone_from_slice(&all);
        *self = world;
        Ok(answer)
    }

    fn does(&mut self, person: &mut Person, others: &mut [Person], does: &Does, when: When) -> Result<Answer, &'static str> {
        let now_us = when.now_us;
        match does {
            Does::Buy { .. } => self.buy(person, does, when),
            Does::Spend { sale, asks } => self.spend(person, *sale, *asks, when),
            Does::CancelSpend { spend } => {
                let (event, sale, recorded_us, is_cancelled) = person.spends[*spend];
                if is_cancelled {
                    return Err("invalid_life_cycle_state");
                }
                let given_back = person.undo(sale, event, now_us);
                person.spends[*spend].3 = true;
                self.count(person, recorded_us, -given_back);
                let Changed { taken, granted } = self.fold(person, now_us);
                Ok(Answer::Returned { given_back, paid_back: 0, taken, granted })
            }
            Does::Refund { sale, lines } => self.refund(person, *sale, lines, now_us),
            Does::Cancel { sale } => self.cancel(person, *sale, now_us),
            Does::Hold { coin, amount, minutes } => {
                self.may_debit(person, *coin, *amount, now_us)?;
                let plain = person.in_order(*coin, |pot| pot.is_usable(now_us) && pot.bound.is_none());
                let parts = person.take(*amount, &plain);
                if parts.iter().map(|(_, part)| part).sum::<i64>() < *amount {
                    return Err(if person.balance(*coin, now_us) >= *amount { "lot_conditions_not_met" } else { "insufficient_available" });
                }
                for (pot, part) in &parts {
                    person.pots[*pot].held += part;
                }
                let until_us = now_us + minutes * 60_000_000;
                let answer = Answer::Held(parts.iter().map(|(_, part)| *part).collect());
                person.holds.push(Reserved {
                    id: when.event,
                    coin: *coin,
                    amount: *amount,
                    parts,
                    made_us: now_us,
                    until_us,
                    state: HoldIs::Open,
                });
                Ok(answer)
            }
            Does::Capture { hold, amount } => resolve(person, *hold, amount.unwrap_or(person.holds[*hold].amount), HoldIs::Posted, now_us),
            Does::Release { hold } => resolve(person, *hold, 0, HoldIs::Voided, now_us),
            Does::Adjust { coin, amount, until_us } if *amount > 0 => {
                let pot = Pot {
                    id: None,
                    coin: *coin,
                    bound: None,
                    sale: None,
                    amount: *amount,
                    left: *amount,
                    held: 0,
                    expired: 0,
                    clawed: 0,
                    from_us: now_us,
                    until_us: *until_us,
                    waits: false,
                };
                Ok(Answer::Opened(vec![person.open(pot, true)]))
            }
            Does::Adjust { coin, amount, .. } => {
                self.may_debit(person, *coin, -amount, now_us)?;
                let all = person.in_order(*coin, |pot| pot.is_usable(now_us));
                leave(person, &all, -amount)?;
                if *coin == MONEY {
                    self.count(person, now_us, -amount);
                }
                Ok(Answer::Done)
            }
            Does::Transfer { to, coin, amount } => {
                let taker = &mut others[*to];
                taker.settle(now_us);
                let all = person.in_order(*coin, |pot| pot.is_usable(now_us));
                let parts = leave(person, &all, *amount)?;
                let arrive = |(pot, part): (usize, i64)| {
                    let pot = Pot {
                        sale: None,
                        id: None,
                        amount: part,
                        left: part,
                        held: 0,
                        expired: 0,
                        clawed: 0,
                        from_us: now_us,
                        ..person.pots[pot].clone()
                    };
                    taker.open(pot, true)
                };
                Ok(Answer::Opened(parts.into_iter().map(arrive).collect()))
            }
            Does::Extend { pot, until_us } => {
                let pot = &mut person.pots[*pot];
                if *until_us <= now_us {
                    return Err("date_in_past");
                }
                if pot.until_us.is_none_or(|before| *until_us <= before) {
                    return Err("expiry_not_later");
                }
                if pot.left == 0 && pot.expired == 0 {
                    return Err("lot_empty");
                }
                (pot.until_us, pot.left, pot.expired) = (Some(*until_us), pot.left + pot.expired, 0);
                person.settle(now_us);
                Ok(Answer::Done)
            }
            Does::AdHoc { goods, debit, .. } => {
                if debit > goods {
                    return Err("return_exceeds_purchase");
                }
                let mut all = person.in_order(MONEY, |pot| pot.is_usable(now_us) && pot.bound.is_none());
                all.extend(person.in_order(MONEY, |pot| pot.is_usable(now_us) && pot.bound.is_some()));
                leave(person, &all, *debit)?;
                Ok(Answer::Returned { given_back: 0, paid_back: *goods, taken: Vec::new(), granted: Vec::new() })
            }
        }
    }

    fn may_debit(&self, person: &Person, coin: usize, amount: i64, now_us: i64) -> Result<(), &'static str> {
        match self.room_today(person, now_us) {
            _ if coin != MONEY => Ok(()),
            Some(room) if amount <= room => Ok(()),
            _ => Err("limit_reached"),
        }
    }

    fn buy(&mut self, person: &mut Person, does: &Does, when: When) -> Result<Answer, &'static str> {
        let Does::Buy { lines, at_us, reference, asks, is_offline } = does else { unreachable!("a purchase") };
        let When { now_us, event, spend, is_preview } = when;
        let room = match self.room_today(person, now_us) {
            _ if *is_offline => i64::MAX,
            None if asks.is_some() => return Err("limit_reached"),
            room => room.unwrap_or(0),
        };
        let place = person.sales.len();
        person.sales.push(Sale {
            id: event,
            at_us: *at_us,
            day: self.day(*at_us),
            order: if *is_offline { reference.clone() } else { String::new() },
            recorded_us: now_us,
            lines: lines.clone(),
            back: vec![(0, 0); lines.len()],
            is_cancelled: false,
            gifts: Vec::new(),
            uses: Vec::new(),
            withheld: Vec::new(),
        });
        // What is earned on what was paid is earned after paying.
        let memory = self.offers().memory();
        let on_paid = |deal: &&Deal| deal.on_paid && !self.offers().lines(deal, &person.sales[place], &memory).is_empty();
        let pays_first = self.deals.iter().any(|deal| on_paid(&deal));
        let mut left = room;
        let spent = if pays_first {
            let spent = self.pay(person, place, (*asks, *is_offline), &mut left, (spend, now_us))?;
            self.fold(person, now_us);
            spent
        } else {
            self.fold(person, now_us);
            self.pay(person, place, (*asks, *is_offline), &mut left, (spend, now_us))?
        };
        if let Some((_, _, true)) = spent {
            person.spends.push((spend, place, now_us, false));
        }
        let additional =
            if is_preview { person.allot(place, left, now_us, None, self.point_cents).iter().map(|(.., worth)| worth).sum() } else { 0 };
        Ok(Answer::Bought { sale: place, spent: spent.map(|(asked, spent, _)| (asked, spent)), additional })
    }

    /// Spends on a new purchase by itself, then what was asked. Answers what was asked and spent.
    fn pay(
        &self,
        person: &mut Person,
        place: usize,
        (asks, is_offline): (Option<Asks>, bool),
        left: &mut i64,
        (event, now_us): (Id, i64),
    ) -> Result<Option<(i64, i64, bool)>, &'static str> {
        if let Some(Auto { minimum_balance, minimum_spend, maximum_spend }) = person.auto
            && person.balance(MONEY, now_us) >= minimum_balance
        {
            let could: i64 = person.allot(place, i64::MAX, now_us, None, self.point_cents).iter().map(|(.., worth)| worth).sum();
            let amount = if could < minimum_spend { 0 } else { could.min(maximum_spend).min(*left) };
            if amount > 0 {
                let parts = person.allot(place, amount, now_us, None, self.point_cents);
                let own = person.sales[place].id;
                let spent = person.spend(place, &parts, How::Automatic, own);
                *left -= spent;
                self.count(person, now_us, spent);
            }
        }
        let Some(asks) = asks else { return Ok(None) };
        let asked = asks.amount.unwrap_or(person.sales[place].total());
        let spent = self.ask(person, place, (asks, asked), is_offline.then(|| person.sales[place].at_us), *left, (event, now_us))?;
        self.count(person, now_us, spent);
        *left -= spent;
        let room: i64 = person.sales[place].room().iter().sum();
        let uncovered = if is_offline && asks.amount.is_some() { (asked - spent).clamp(0, room) } else { 0 };
        person.uncover(place, uncovered, event);
        Ok(Some((asked, spent + uncovered, true)))
    }

    fn ask(
        &self,
        person: &mut Person,
        place: usize,
        (asks, asked): (Asks, i64),
        alive_us: Option<i64>,
        room: i64,
        (event, now_us): (Id, i64),
    ) -> Result<i64, &'static str> {
        let parts = person.allot(place, asked.min(room), now_us, alive_us, self.point_cents);
        let could: i64 = parts.iter().map(|(.., worth)| worth).sum();
        if asks.all_or_nothing && alive_us.is_none() && could < asked {
            return Err("insufficient_available");
        }
        Ok(person.spend(place, &parts, How::Asked, event))
    }

    fn spend(&mut self, person: &mut Person, sale: usize, asks: Asks, when: When) -> Result<Answer, &'static str> {
        let When { now_us, event, .. } = when;
        if person.sales[sale].is_cancelled {
            return Err("invalid_life_cycle_state");
        }
        let Some(room) = self.room_today(person, now_us) else { return Err("limit_reached") };
        let asked = asks.amount.unwrap_or(person.sales[sale].total());
        let spent = self.ask(person, sale, (asks, asked), None, room, (event, now_us))?;
        self.count(person, now_us, spent);
        person.spends.push((event, sale, now_us, false));
        self.fold(person, now_us);
        Ok(Answer::Spent { asked, spent })
    }

    fn refund(
        &mut self,
        person: &mut Person,
        sale: usize,
        lines: &[(usize, Option<i64>, Option<i64>)],
        now_us: i64,
    ) -> Result<Answer, &'static str> {
        let before = person.sales[sale].back.clone();
        if person.sales[sale].is_cancelled {
            return Err("invalid_life_cycle_state");
        }
        let mut goods = 0;
        for (line, amount, quantity) in lines {
            let Sale { lines, back, .. } = &mut person.sales[sale];
            let (row, (amount_before, quantity_before)) = (lines[*line], back[*line]);
            let left = row.total - amount_before;
            if quantity.is_some_and(|quantity| quantity_before + quantity > row.quantity) {
                return Err("return_exceeds_purchase");
            }
            let by_quantity = quantity.filter(|quantity| quantity_before + quantity < row.quantity);
            let part = match (amount, by_quantity) {
                (Some(amount), _) => *amount,
                (None, Some(quantity)) => (share(row.total, quantity_before + quantity, row.quantity) - amount_before).clamp(0, left),
                (None, None) => left,
            };
            if part == 0 && quantity.unwrap_or(0) == 0 && (amount.is_some() || quantity.is_some()) {
                return Err("amount_not_positive");
            }
            if part > left {
                return Err("return_exceeds_purchase");
            }
            let rest = if part == left { row.quantity - quantity_before } else { 0 };
            back[*line] = (amount_before + part, quantity_before + quantity.unwrap_or(rest));
            goods += part;
        }
        if person.sales[sale].back == before {
            return Err("return_exceeds_purchase");
        }
        let spent_before = person.sales[sale].spent();
        let given_back = person.give_back(sale, &before, now_us);
        let Changed { taken, granted } = self.fold(person, now_us);
        let paid_back = goods - (spent_before - person.sales[sale].spent());
        Ok(Answer::Returned { given_back, paid_back, taken, granted })
    }

    fn cancel(&mut self, person: &mut Person, sale: usize, now_us: i64) -> Result<Answer, &'static str> {
        if person.sales[sale].is_cancelled {
            return Err("invalid_life_cycle_state");
        }
        let paid_back = person.sales[sale].left() - person.sales[sale].spent();
        let mut events: Vec<Id> = person.sales[sale].uses.iter().map(|used| used.event).collect();
        events.sort_unstable();
        events.dedup();
        let mut given_back = 0;
        for event in events {
            let back = person.undo(sale, event, now_us);
            given_back += back;
            // Limits have it back on the day on which it was spent.
            let asked = person.spends.iter().find(|(spend, ..)| *spend == event).map(|(_, _, spent_us, _)| *spent_us);
            self.count(person, asked.unwrap_or(person.sales[sale].recorded_us), -back);
        }
        person.sales[sale].is_cancelled = true;
        for spend in person.spends.iter_mut().filter(|(_, of, ..)| *of == sale) {
            spend.3 = true;
        }
        let Changed { taken, granted } = self.fold(person, now_us);
        Ok(Answer::Returned { given_back, paid_back, taken, granted })
    }
}

/// Takes an amount out of lots, or nothing.
fn leave(person: &mut Person, from: &[usize], amount: i64) -> Result<Vec<(usize, i64)>, &'static str> {
    let parts = person.take(amount, from);
    if parts.iter().map(|(_, part)| part).sum::<i64>() < amount {
        return Err("insufficient_available");
    }
    for (pot, part) in &parts {
        person.pots[*pot].left -= part;
    }
    Ok(parts)
}

/// Posts a hold, or voids it.
fn resolve(person: &mut Person, hold: usize, amount: i64, state: HoldIs, now_us: i64) -> Result<Answer, &'static str> {
    let Reserved { parts, state: before, amount: whole, .. } = person.holds[hold].clone();
    match before {
        HoldIs::Posted => return Err("hold_already_posted"),
        HoldIs::Voided => return Err("hold_already_voided"),
        HoldIs::Over => return Err("hold_expired"),
        HoldIs::Open if amount > whole => return Err("hold_amount_exceeded"),
        HoldIs::Open => {}
    }
    let mut left = amount;
    for (pot, part) in parts {
        let used = part.min(left);
        left -= used;
        let pot = &mut person.pots[pot];
        (pot.held, pot.left) = (pot.held - part, pot.left - used);
    }
    person.holds[hold].state = state;
    person.holds[hold].amount = amount;
    person.settle(now_us);
    Ok(Answer::Done)
}
