//! A wallet of maps and loops: what `ledger.md` §3 to §7 says of lots, holds, spends and returns, one step after the other.

use meed_core::id::Id;

use crate::deals::{MONEY, Method, POINTS};

/// `whole × part ÷ of`, half up.
pub(crate) fn share(whole: i64, part: i64, of: i64) -> i64 {
    let (whole, part, of) = (i128::from(whole), i128::from(part), i128::from(of));
    if of == 0 { 0 } else { i64::try_from((2 * whole * part + of) / (2 * of)).expect("in range") }
}

/// A lot, in the order of opening.
#[derive(Clone, Debug)]
pub(crate) struct Pot {
    pub(crate) id: Option<Id>,
    pub(crate) coin: usize,
    /// The family that it may be spent on.
    pub(crate) bound: Option<usize>,
    pub(crate) sale: Option<usize>,
    pub(crate) amount: i64,
    pub(crate) left: i64,
    pub(crate) held: i64,
    pub(crate) expired: i64,
    pub(crate) clawed: i64,
    pub(crate) from_us: i64,
    pub(crate) until_us: Option<i64>,
    pub(crate) waits: bool,
}

impl Pot {
    pub(crate) fn free(&self) -> i64 {
        self.left - self.held
    }

    pub(crate) fn is_over(&self, now_us: i64) -> bool {
        self.until_us.is_some_and(|until| until <= now_us)
    }

    pub(crate) fn is_usable(&self, now_us: i64) -> bool {
        !self.waits && !self.is_over(now_us)
    }
}

/// What reserves parts of lots.
#[derive(Clone, Debug)]
pub(crate) struct Reserved {
    pub(crate) id: Id,
    pub(crate) coin: usize,
    /// What is reserved; of a posted one what was used.
    pub(crate) amount: i64,
    pub(crate) parts: Vec<(usize, i64)>,
    pub(crate) made_us: i64,
    pub(crate) until_us: i64,
    pub(crate) state: HoldIs,
}

impl Reserved {
    /// What limits count of it.
    pub(crate) fn counts(&self, now_us: i64) -> i64 {
        match self.state {
            HoldIs::Posted => self.amount,
            HoldIs::Open if now_us < self.until_us => self.amount,
            HoldIs::Open | HoldIs::Voided | HoldIs::Over => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldIs {
    Open,
    Posted,
    Voided,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) family: usize,
    pub(crate) total: i64,
    pub(crate) quantity: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    AtOnce(Method),
    Automatic,
    Asked,
}

/// A part of a lot that paid for a line.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub(crate) event: Id,
    pub(crate) how: How,
    /// `None`: an offline till gave it away, and nothing covers it.
    pub(crate) pot: Option<usize>,
    pub(crate) line: usize,
    pub(crate) amount: i64,
    pub(crate) worth: i64,
    pub(crate) back: i64,
    pub(crate) worth_back: i64,
    /// What had come back of the line before.
    pub(crate) since: i64,
}

/// What an offer gave.
#[derive(Clone, Debug)]
pub(crate) struct Gift {
    pub(crate) deal: usize,
    pub(crate) line: Option<usize>,
    pub(crate) amount: i64,
    pub(crate) cap: Option<i64>,
    pub(crate) pots: Vec<usize>,
    pub(crate) counted: bool,
}

/// A purchase.
#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) id: Id,
    pub(crate) at_us: i64,
    pub(crate) day: i64,
    /// Of purchases of one time: those of offline tills by reference, after the others.
    pub(crate) order: String,
    pub(crate) recorded_us: i64,
    pub(crate) lines: Vec<Row>,
    pub(crate) back: Vec<(i64, i64)>,
    pub(crate) is_cancelled: bool,
    pub(crate) gifts: Vec<Gift>,
    pub(crate) uses: Vec<Used>,
    pub(crate) withheld: Vec<usize>,
}

impl Sale {
    pub(crate) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.total).sum()
    }

    pub(crate) fn left_of(&self, line: usize) -> i64 {
        self.lines[line].total - self.back[line].0
    }

    pub(crate) fn left(&self) -> i64 {
        (0..self.lines.len()).map(|line| self.left_of(line)).sum()
    }

    pub(crate) fn paid_from_wallet(&self, line: usize) -> i64 {
        let own = self.uses.iter().filter(|used| used.line == line && !matches!(used.how, How::AtOnce(_)));
        own.map(|used| used.worth - used.worth_back).sum()
    }

    pub(crate) fn spent(&self) -> i64 {
        self.uses.iter().map(|used| used.worth - used.worth_back).sum()
    }

    /// What may still be paid of each line.
    pub(crate) fn room(&self) -> Vec<i64> {
        let spent = |line: usize| self.uses.iter().filter(|used| used.line == line).map(|used| used.worth - used.worth_back).sum::<i64>();
        (0..self.lines.len()).map(|line| (self.left_of(line) - spent(line)).max(0)).collect()
    }
}

/// How an award was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) from_lots: i64,
    pub(crate) from_expired: i64,
    pub(crate) from_others: i64,
    pub(crate) owed: i64,
    pub(crate) forgiven: i64,
}

/// What customers let be spent by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Auto {
    pub(crate) minimum_balance: i64,
    pub(crate) minimum_spend: i64,
    pub(crate) maximum_spend: i64,
}

/// A part that pays: pot, line, amount, worth.
pub(crate) type Part = (usize, usize, i64, i64);

/// A customer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) pots: Vec<Pot>,
    pub(crate) owed: [i64; 2],
    pub(crate) holds: Vec<Reserved>,
    pub(crate) sales: Vec<Sale>,
    /// Spends by request: event, sale, recorded time, whether it is cancelled.
    pub(crate) spends: Vec<(Id, usize, i64, bool)>,
    pub(crate) auto: Option<Auto>,
    /// What was debited by day, for limits.
    pub(crate) debited: Vec<(i64, i64)>,
}

impl Person {
    /// Posts all that is due: holds that ran out, lots that mature, lots that expire.
    pub(crate) fn settle(&mut self, now_us: i64) {
        for hold in self.holds.iter_mut().filter(|hold| hold.state == HoldIs::Open && hold.until_us <= now_us) {
            hold.state = HoldIs::Over;
            for (pot, amount) in &hold.parts {
                self.pots[*pot].held -= amount;
            }
        }
        for pot in self.pots.iter_mut().filter(|pot| pot.waits && pot.left > 0 && pot.from_us <= now_us) {
            pot.waits = false;
            let net = self.owed[pot.coin].min(pot.free());
            (pot.left, self.owed[pot.coin]) = (pot.left - net, self.owed[pot.coin] - net);
        }
        for pot in self.pots.iter_mut().filter(|pot| !pot.waits && pot.until_us.is_some_and(|until| until <= now_us)) {
            pot.expired += pot.free();
            pot.left = pot.held;
        }
    }

    /// Lots in the order of use: soonest expiry, most restricted, oldest.
    pub(crate) fn in_order(&self, coin: usize, keep: impl Fn(&Pot) -> bool) -> Vec<usize> {
        let mut found: Vec<usize> =
            (0..self.pots.len()).filter(|place| self.pots[*place].coin == coin && keep(&self.pots[*place])).collect();
        found.sort_by_key(|place| (self.pots[*place].until_us.unwrap_or(i64::MAX), self.pots[*place].bound.is_none(), *place));
        found
    }

    pub(crate) fn balance(&self, coin: usize, now_us: i64) -> i64 {
        self.pots.iter().filter(|pot| pot.coin == coin && pot.is_usable(now_us)).map(Pot::free).sum()
    }

    /// Opens a lot and nets what is owed from it.
    pub(crate) fn open(&mut self, pot: Pot, nets: bool) -> usize {
        let place = self.pots.len();
        let net = if nets && !pot.waits { self.owed[pot.coin].min(pot.left) } else { 0 };
        self.owed[pot.coin] -= net;
        self.pots.push(Pot { left: pot.left - net, ..pot });
        place
    }

    /// Takes up to an amount from lots, in their order.
    pub(crate) fn take(&self, amount: i64, from: &[usize]) -> Vec<(usize, i64)> {
        let (mut left, mut parts) = (amount, Vec::new());
        for place in from {
            let part = left.min(self.pots[*place].free());
            if part > 0 {
                left -= part;
                parts.push((*place, part));
            }
        }
        parts
    }

    /// What could pay up to `want` of a purchase. With `alive_us`, what expired after that time still can.
    pub(crate) fn allot(&self, sale: usize, want: i64, now_us: i64, alive_us: Option<i64>, point_cents: Option<i64>) -> Vec<Part> {
        let (mut room, mut left, mut parts) = (self.sales[sale].room(), want, Vec::new());
        let was_alive = |pot: &Pot| alive_us.is_some_and(|at| !pot.waits && pot.until_us.is_some_and(|until| at < until));
        let mut coins = vec![(MONEY, 1)];
        coins.extend(point_cents.map(|cents| (POINTS, cents)));
        for (coin, value) in coins {
            let free = |pot: &Pot| pot.free() + if was_alive(pot) { pot.expired } else { 0 };
            let lots = self.in_order(coin, |pot| free(pot) > 0 && pot.sale != Some(sale) && (pot.is_usable(now_us) || was_alive(pot)));
            let pays =
                |place: usize, line: usize| self.pots[place].bound.is_none_or(|family| self.sales[sale].lines[line].family == family);
            // Lines that the fewest lots can pay come first.
            let mut lines: Vec<usize> = (0..room.len()).collect();
            lines.sort_by_key(|line| (lots.iter().filter(|lot| pays(**lot, *line)).count(), *line));
            let mut rooms: Vec<i64> = room.iter().map(|room| room / value).collect();
            let mut wanted = left / value;
            for lot in lots {
                let mut free = free(&self.pots[lot]);
                for line in lines.iter().copied().filter(|line| pays(lot, *line)) {
                    let part = free.min(rooms[line]).min(wanted);
                    if part > 0 {
                        (free, rooms[line], wanted) = (free - part, rooms[line] - part, wanted - part);
                        (room[line], left) = (room[line] - part * value, left - part * value);
                        parts.push((lot, line, part, part * value));
                    }
                }
            }
        }
        parts
    }

    /// Spends what was allotted; what had expired of it comes back first.
    pub(crate) fn spend(&mut self, sale: usize, parts: &[Part], how: How, event: Id) -> i64 {
        for (pot, line, amount, worth) in parts {
            let lot = &mut self.pots[*pot];
            let revived = (amount - lot.free()).max(0);
            (lot.left, lot.expired) = (lot.left + revived - amount, lot.expired - revived);
            let since = self.sales[sale].back[*line].0;
            let (pot, line, amount, worth) = (Some(*pot), *line, *amount, *worth);
            self.sales[sale].uses.push(Used { event, how, pot, line, amount, worth, back: 0, worth_back: 0, since });
        }
        parts.iter().map(|(_, _, _, worth)| worth).sum()
    }

    /// What an offline till gave away and nothing covers.
    pub(crate) fn uncover(&mut self, sale: usize, amount: i64, event: Id) {
        let mut left = amount;
        for (line, room) in self.sales[sale].room().into_iter().enumerate() {
            let part = left.min(room);
            left -= part;
            if part > 0 {
                let since = self.sales[sale].back[line].0;
                let used = Used { event, how: How::Asked, pot: None, line, amount: part, worth: part, back: 0, worth_back: 0, since };
                self.sales[sale].uses.push(used);
            }
        }
    }

    /// Gives back what was spent on returned parts: each spend pro rata of what there was of the line when it was made.
    pub(crate) fn give_back(&mut self, sale: usize, before: &[(i64, i64)], now_us: i64) -> i64 {
        let mut worth = 0;
        for line in 0..self.sales[sale].lines.len() {
            let Sale { lines, back, uses, .. } = &mut self.sales[sale];
            let (total, returned) = (lines[line].total, back[line].0);
            let own = |used: &&mut Used| used.line == line && !matches!(used.how, How::AtOnce(_));
            let mut sums: Vec<(i64, i64)> = Vec::new();
            let mut so_far = 0;
            for used in uses.iter_mut().filter(own) {
                so_far += used.worth_back;
                match sums.iter_mut().find(|(since, _)| *since == used.since) {
                    Some((_, sum)) => *sum += used.worth,
                    None => sums.push((used.since, used.worth)),
                }
            }
            let target: i64 = sums.iter().map(|(since, sum)| share(*sum, returned - since, total - since)).sum();
            // Never more than came back, and never so little that more is spent than what is left of the line.
            let spent: i64 = sums.iter().map(|(_, sum)| sum).sum::<i64>() - so_far;
            let mut left = (target - so_far).min(returned - before[line].0).max(spent - (total - returned));
            for used in uses.iter_mut().rev().filter(own) {
                let part = (used.worth - used.worth_back).min(left);
                if part <= 0 {
                    continue;
                }
                left -= part;
                used.worth_back += part;
                let amount = share(used.amount, used.worth_back, used.worth) - used.back;
                used.back += amount;
                if let Some(pot) = used.pot {
                    self.pots[pot].left += amount;
                    worth += part;
                }
            }
        }
        self.settle(now_us);
        worth
    }

    /// Gives back all that a spend used.
    pub(crate) fn undo(&mut self, sale: usize, event: Id, now_us: i64) -> i64 {
        let is_it = |used: &Used| used.event == event && !matches!(used.how, How::AtOnce(_));
        let mut worth = 0;
        for used in self.sales[sale].uses.iter().filter(|used| is_it(used)) {
            // A point comes back whole: where it did with an earlier part, nothing more of it does.
            if let Some(pot) = used.pot.filter(|_| used.back < used.amount) {
                self.pots[pot].left += used.amount - used.back;
                worth += used.worth - used.worth_back;
            }
        }
        self.sales[sale].uses.retain(|used| !is_it(used));
        self.settle(now_us);
        worth
    }

    /// Takes an award back: from its lots, from what expired of them, from unconditional lots, and the rest is owed.
    pub(crate) fn claw(&mut self, coin: usize, own: &[usize], amount: i64, now_us: i64, forgives: bool) -> Steps {
        let (mut left, mut steps) = (amount, Steps::default());
        for place in own {
            let pot = &mut self.pots[*place];
            let part = pot.free().min(left).min(pot.amount - pot.clawed);
            (pot.left, pot.clawed, left, steps.from_lots) = (pot.left - part, pot.clawed + part, left - part, steps.from_lots + part);
        }
        for place in own {
            let pot = &mut self.pots[*place];
            let part = pot.expired.min(left).min(pot.amount - pot.clawed);
            pot.expired -= part;
            (pot.clawed, left, steps.from_expired) = (pot.clawed + part, left - part, steps.from_expired + part);
        }
        for other in self.in_order(coin, |pot| pot.bound.is_none() && pot.is_usable(now_us) && pot.free() > 0) {
            if own.contains(&other) {
                continue;
            }
            for place in own {
                let part = self.pots[other].free().min(left).min(self.pots[*place].amount - self.pots[*place].clawed);
                self.pots[other].left -= part;
                self.pots[*place].clawed += part;
                (left, steps.from_others) = (left - part, steps.from_others + part);
            }
        }
        for place in own {
            let pot = &mut self.pots[*place];
            let part = left.min(pot.amount - pot.clawed);
            (pot.clawed, left) = (pot.clawed + part, left - part);
            if forgives {
                steps.forgiven += part;
            } else {
                self.owed[coin] += part;
                steps.owed += part;
            }
        }
        assert_eq!(left, 0, "no more is taken back than was given");
        steps
    }
}
