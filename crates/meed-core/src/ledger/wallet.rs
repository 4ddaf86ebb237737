//! Wallets: the rows of `ledger.md` §3.1, each with its transfers, its lot moves and its mirror in money.
//!
//! Every operation answers what it did. A refusal half-way leaves traces: run a command inside
//! [`Book::all_or_nothing`](super::Book::all_or_nothing). What is due (holds that ran out, lots that mature or expire) is
//! posted first, by [`Wallets::settle_due`].

use std::collections::BTreeMap;

use super::account::{AccountKey, Owner, Purpose};
use super::apply::Stamp;
use super::book::Book;
use super::lot::{Lot, LotMove, MoveKind};
use super::refusal::Refusal;
use super::transfer::{Action, NewTransfer, Origin, TransferKind};
use crate::id::Id;
use crate::money::{Amount, Minor, Unit};

/// A participant's wallet in one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wallet {
    /// Whose.
    pub participant: Id,
    /// What it counts.
    pub unit: Unit,
}

impl Wallet {
    /// The wallet's account for a purpose.
    #[must_use]
    pub const fn account(self, purpose: Purpose) -> AccountKey {
        Owner::participant(self.participant).account(purpose, self.unit)
    }
}

/// A credit to a wallet that opens a lot.
#[derive(Clone, Copy, Debug)]
pub struct Earning {
    /// The wallet.
    pub wallet: Wallet,
    /// Who gives it.
    pub program: Id,
    /// The version that says where it may be used.
    pub version: Option<Id>,
    /// How much, in minor units.
    pub amount: Minor,
    /// From when it may be used, microseconds UTC; `None`: at once.
    pub active_us: Option<i64>,
    /// Until when, microseconds UTC.
    pub expires_us: Option<i64>,
    /// Number of kinds of condition.
    pub rank: i16,
    /// Its money value, for points with a unit cost.
    pub cost: Minor,
    /// What it draws from the program's budget.
    pub draws: Option<Amount>,
    /// Earned, goodwill or top-up.
    pub kind: TransferKind,
    /// Whether what is owed is netted from it first.
    pub nets: bool,
    /// Why and when.
    pub origin: Origin,
}

/// A lot that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earned {
    /// The lot.
    pub lot: Id,
    /// What was netted from it at once.
    pub netted: Minor,
}

/// Part of a lot for one line of a basket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portion {
    /// The lot.
    pub lot: Id,
    /// The line that it pays for, by place in the basket.
    pub line: usize,
    /// How much, in minor units.
    pub amount: Minor,
}

/// A portion that was used, with its transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The transfer.
    pub transfer: Id,
    /// The portion.
    pub portion: Portion,
}

/// An award to take back, in full or in part.
#[derive(Clone, Copy, Debug)]
pub struct Claw<'a> {
    /// The wallet.
    pub wallet: Wallet,
    /// Who gave it.
    pub program: Id,
    /// The lots that it opened.
    pub lots: &'a [Id],
    /// How much, in minor units.
    pub amount: Minor,
    /// What goes back to the program's budget.
    pub returns: Option<Amount>,
    /// Whether what cannot be taken is forgiven instead of owed.
    pub forgives: bool,
    /// Why and when.
    pub origin: Origin,
}

/// Where a taken-back award came from, in minor units (`ledger.md` §5.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clawed {
    /// Still in its lots.
    pub from_lots: Minor,
    /// Expired unused: nobody's debt.
    pub from_expired: Minor,
    /// From unconditional lots.
    pub from_others: Minor,
    /// Owed: netted from the next earnings.
    pub owed: Minor,
    /// Forgiven.
    pub forgiven: Minor,
}

impl Clawed {
    /// All of it, wherever it came from.
    #[must_use]
    pub const fn total(&self) -> Minor {
        self.from_lots + self.from_expired + self.from_others + self.owed + self.forgiven
    }
}

/// A lot that may pay, and for which lines; `None`: for all.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The lot.
    pub lot: &'a Lot,
    /// By place in the basket.
    pub lines: Option<&'a [bool]>,
}

impl Candidate<'_> {
    fn pays(&self, line: usize) -> bool {
        self.lines.is_none_or(|lines| lines.get(line).copied().unwrap_or(false))
    }
}

/// Allots at most `want` over lines with `room`, in the order of consumption (`ledger.md` §4.1). Lines are filled beginning
/// with the one that the fewest lots can pay, then by number. The order is total: preview and commit allot alike.
#[must_use]
pub fn allocate(candidates: &[Candidate<'_>], room: &[Minor], want: Minor) -> Vec<Portion> {
    let mut lots: Vec<&Candidate<'_>> = candidates.iter().filter(|candidate| candidate.lot.free() > 0).collect();
    lots.sort_by_key(|candidate| candidate.lot.consumption_key());
    let mut lines: Vec<(usize, usize)> =
        (0..room.len()).map(|line| (lots.iter().filter(|candidate| candidate.pays(line)).count(), line)).collect();
    lines.sort_unstable();
    let (mut room, mut left, mut portions) = (room.to_vec(), want, Vec::new());
    for candidate in lots {
        let mut free = candidate.lot.free();
        for (_, line) in lines.iter().filter(|(_, line)| candidate.pays(*line)) {
            let amount = free.min(room[*line]).min(left);
            if amount > 0 {
                portions.push(Portion { lot: candidate.lot.id, line: *line, amount });
                (free, room[*line], left) = (free - amount, room[*line] - amount, left - amount);
            }
        }
    }
    portions
}

/// The wallets of one command on a book.
pub struct Wallets<'a> {
    book: &'a mut Book,
    stamp: Stamp,
    pub(super) workspace: Id,
    currency: Unit,
    ids: &'a mut dyn FnMut() -> Id,
    /// Lot moves of the book when the command began.
    moves_before: usize,
}

impl<'a> Wallets<'a> {
    /// Works on `book` for the command of `stamp`. `currency` is the workspace's: the unit of mirrors.
    pub fn new(book: &'a mut Book, stamp: Stamp, workspace: Id, currency: Unit, ids: &'a mut dyn FnMut() -> Id) -> Self {
        let moves_before = book.shelf.moves().len();
        Self { book, stamp, workspace, currency, ids, moves_before }
    }

    /// The book as the command so far left it.
    #[must_use]
    pub fn book(&self) -> &Book {
        self.book
    }

    /// Recorded time of the command, in microseconds UTC.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        self.stamp.recorded_us
    }

    /// Posts what is due: holds that ran out are released, then lots mature, then lots expire (`ledger.md` §1.6, §6.2).
    pub fn settle_due(&mut self, wallet: Wallet) -> Result<(), Refusal> {
        let now_us = self.stamp.recorded_us;
        let voided = self.book.expire(self.stamp, self.ids, &[wallet.account(Purpose::Available).into()]);
        let ran_out: BTreeMap<Id, i64> = voided.iter().map(|void| (void.id, void.business_time.as_microsecond())).collect();
        let mature: Vec<Lot> = self.lots(wallet, |lot| lot.is_pending && lot.remaining > 0 && lot.active_us <= now_us);
        for lot in mature {
            let origin = Origin { sale: lot.sale, program_version: lot.version, ..Origin::at(instant(lot.active_us)) };
            let (debit, credit) = (wallet.account(Purpose::Pending), wallet.account(Purpose::Available));
            let transfer = self.post(TransferKind::Matured, debit, credit, lot.remaining, origin)?;
            self.change(transfer, lot.id, MoveKind::Mature, lot.remaining);
            self.net(wallet, lot.id, origin)?;
        }
        let over: Vec<Lot> = self.lots(wallet, |lot| !lot.is_pending && lot.is_over(now_us) && lot.free() > 0);
        for lot in over {
            for (at_us, amount) in self.ends(&lot, &ran_out) {
                let origin = Origin { sale: lot.sale, program_version: lot.version, ..Origin::at(instant(at_us)) };
                let credit = Owner::program(lot.program).account(Purpose::Breakage, lot.unit);
                let transfer = self.post(TransferKind::Expired, wallet.account(Purpose::Available), credit, amount, origin)?;
                self.leave(transfer, lot.id, MoveKind::Expire, amount, Purpose::Breakage, origin)?;
            }
        }
        Ok(())
    }

    /// When what is free of a lot that is over expired, and how much: with the lot, but what a hold kept longer when that ran
    /// out, and what this command frees or brings back now. Each is a transfer of its own, as it would be had a command come by
    /// in between.
    fn ends(&self, lot: &Lot, ran_out: &BTreeMap<Id, i64>) -> BTreeMap<i64, Minor> {
        let over_us = lot.expires_us.unwrap_or(self.stamp.recorded_us);
        let (mut ends, mut left) = (BTreeMap::new(), lot.free());
        let here =
            self.book.shelf.moves()[self.moves_before..].iter().filter(|step| step.lot == lot.id && !ran_out.contains_key(&step.transfer));
        let came: Minor = here
            .map(|step| match step.kind {
                MoveKind::Return | MoveKind::Release => step.amount,
                // What expired in this command was there before, or is dated as what came.
                MoveKind::Revive | MoveKind::Mature | MoveKind::Expire => 0,
                _ => -step.amount,
            })
            .sum();
        let came = came.clamp(0, left);
        left -= came;
        ends.insert(self.stamp.recorded_us, came);
        if !ran_out.is_empty() {
            let freed = self.book.shelf.moves().iter().filter(|step| step.lot == lot.id && step.kind == MoveKind::Release);
            for (step, at_us) in freed.filter_map(|step| Some((step, *ran_out.get(&step.transfer).filter(|at_us| **at_us > over_us)?))) {
                let part = step.amount.min(left);
                left -= part;
                *ends.entry(at_us).or_default() += part;
            }
        }
        *ends.entry(over_us).or_default() += left;
        ends.retain(|_, amount| *amount > 0);
        ends
    }

    /// Opens a lot. What is owed is netted from it, if it may be used at once.
    pub fn earn(&mut self, earning: &Earning) -> Result<Earned, Refusal> {
        let Earning { wallet, program, amount, origin, .. } = *earning;
        let now_us = self.stamp.recorded_us;
        let is_pending = earning.active_us.is_some_and(|active| active > now_us);
        let (purpose, kind) = if is_pending { (Purpose::Pending, TransferKind::EarnedPending) } else { (Purpose::Available, earning.kind) };
        if let Some(draws) = earning.draws {
            let (debit, credit) = self.budget(program, draws.unit);
            self.post(TransferKind::BudgetDrawn, debit, credit, draws.minor, origin)?;
        }
        let lot = self.post(kind, given(program, wallet.unit), wallet.account(purpose), amount, origin)?;
        if earning.cost > 0 {
            self.mirror(program, Purpose::Expense, -earning.cost, origin)?;
        }
        self.book.shelf.open(Lot {
            id: lot,
            participant: wallet.participant,
            unit: wallet.unit,
            amount,
            program,
            version: earning.version,
            sale: origin.sale,
            active_us: earning.active_us.unwrap_or(now_us).max(now_us),
            expires_us: earning.expires_us,
            first_expires_us: earning.expires_us,
            rank: earning.rank,
            cost: earning.cost,
            recorded_us: now_us,
            remaining: amount,
            held: 0,
            expired: 0,
            is_pending,
        });
        let netted = if earning.nets && !is_pending { self.net(wallet, lot, origin)? } else { 0 };
        Ok(Earned { lot, netted })
    }

    /// Uses portions of lots: one transfer per program that gave them.
    pub fn spend(&mut self, wallet: Wallet, portions: &[Portion], origin: Origin) -> Result<Vec<Taken>, Refusal> {
        let mut taken: Vec<Taken> = Vec::with_capacity(portions.len());
        for (program, group) in self.by_program(portions)? {
            let credit = Owner::program(program).account(Purpose::Redeemed, wallet.unit);
            let transfer = self.post(TransferKind::Redeemed, wallet.account(Purpose::Available), credit, sum(&group)?, origin)?;
            for (lot, amount) in by_lot(&group) {
                self.leave(transfer, lot, MoveKind::Spend, amount, Purpose::Redeemed, origin)?;
            }
            taken.extend(group.into_iter().map(|portion| Taken { transfer, portion }));
        }
        Ok(in_order(portions, taken))
    }

    /// Takes back the expiry of what portions need beyond what is free in their lots (`ledger.md` §7).
    pub fn revive(&mut self, wallet: Wallet, portions: &[Portion], origin: Origin) -> Result<(), Refusal> {
        for (id, amount) in by_lot(portions) {
            let lot = *self.book.lot(id).ok_or(Refusal::LotConditionsNotMet)?;
            let missing = amount - lot.free();
            if missing > 0 {
                self.unexpire(wallet, &lot, missing, origin)?;
            }
        }
        Ok(())
    }

    /// Part of what expired of a lot comes back into it.
    fn unexpire(&mut self, wallet: Wallet, lot: &Lot, part: Minor, origin: Origin) -> Result<(), Refusal> {
        let breakage = Owner::program(lot.program).account(Purpose::Breakage, lot.unit);
        let transfer = self.post(TransferKind::ExpiryReversed, breakage, wallet.account(Purpose::Available), part, origin)?;
        self.come_back(transfer, lot.id, MoveKind::Revive, part, Purpose::Breakage, origin)
    }

    /// Gives back what was used, to the same lots, with the expiry and conditions that they had. What has expired meanwhile
    /// expires in the same command (`ledger.md` §4.2).
    pub fn give_back(&mut self, wallet: Wallet, uses: &[Taken], origin: Origin) -> Result<(), Refusal> {
        for original in transfers_of(uses) {
            let group: Vec<Portion> = uses.iter().filter(|taken| taken.transfer == original).map(|taken| taken.portion).collect();
            let first = group.first().and_then(|portion| self.book.lot(portion.lot)).ok_or(Refusal::OriginalNotFound)?;
            let debit = Owner::program(first.program).account(Purpose::Redeemed, wallet.unit);
            let credit = wallet.account(Purpose::Available);
            let transfer = self.reverse(TransferKind::RedemptionReversed, debit, credit, sum(&group)?, original, origin)?;
            for (lot, amount) in by_lot(&group) {
                self.come_back(transfer, lot, MoveKind::Return, amount, Purpose::Redeemed, origin)?;
            }
        }
        self.settle_due(wallet)
    }

    /// Reserves portions of lots until `expires_us`: one hold per program. Answers each portion with its hold.
    pub fn hold(&mut self, wallet: Wallet, portions: &[Portion], expires_us: i64, origin: Origin) -> Result<Vec<Taken>, Refusal> {
        let mut held = Vec::with_capacity(portions.len());
        for (program, group) in self.by_program(portions)? {
            let amount = Amount { minor: sum(&group)?, unit: wallet.unit };
            let debit = wallet.account(Purpose::Available).into();
            let credit = Owner::program(program).account(Purpose::Redeemed, wallet.unit).into();
            let action = Action::Hold { debit, credit, amount, expires_us: Some(expires_us) };
            let hold = self.apply(NewTransfer { kind: TransferKind::Reserved, action, origin })?;
            let lots = by_lot(&group);
            for (lot, amount) in &lots {
                self.change(hold, *lot, MoveKind::Hold, *amount);
            }
            self.book.shelf.allocate(hold, lots);
            held.extend(group.into_iter().map(|portion| Taken { transfer: hold, portion }));
        }
        Ok(in_order(portions, held))
    }

    /// Uses `amount` of what was reserved, from the front; the tail returns to its lots. `held` is what [`Wallets::hold`]
    /// answered, in that order.
    pub fn post_held(&mut self, wallet: Wallet, held: &[Taken], amount: Minor, origin: Origin) -> Result<Vec<Taken>, Refusal> {
        self.settle_due(wallet)?;
        let whole: Minor = held.iter().map(|taken| taken.portion.amount).sum();
        if amount > whole {
            return Err(Refusal::HoldAmountExceeded { held: whole, asked: amount });
        }
        let mut left = amount;
        let mut used: Vec<Taken> = Vec::new();
        for taken in held {
            let part = taken.portion.amount.min(left);
            left -= part;
            used.push(Taken { portion: Portion { amount: part, ..taken.portion }, ..*taken });
        }
        let mut posted = Vec::new();
        for hold in transfers_of(held) {
            let group: Vec<Portion> =
                used.iter().filter(|taken| taken.transfer == hold && taken.portion.amount > 0).map(|taken| taken.portion).collect();
            if group.is_empty() {
                self.void(hold, origin)?;
                continue;
            }
            let action = Action::PostHold { hold, amount: sum(&group)? };
            let transfer = self.apply(NewTransfer { kind: TransferKind::Redeemed, action, origin })?;
            self.book.shelf.release(hold, transfer, self.stamp.recorded_us);
            for (lot, amount) in by_lot(&group) {
                self.leave(transfer, lot, MoveKind::Spend, amount, Purpose::Redeemed, origin)?;
            }
            posted.extend(group.into_iter().map(|portion| Taken { transfer, portion }));
        }
        self.settle_due(wallet)?;
        Ok(posted)
    }

    /// Gives up a reservation.
    pub fn void_held(&mut self, wallet: Wallet, held: &[Taken], origin: Origin) -> Result<(), Refusal> {
        self.settle_due(wallet)?;
        for hold in transfers_of(held) {
            self.void(hold, origin)?;
        }
        self.settle_due(wallet)
    }

    fn void(&mut self, hold: Id, origin: Origin) -> Result<(), Refusal> {
        let transfer = self.apply(NewTransfer { kind: TransferKind::ReservationVoided, action: Action::VoidHold { hold }, origin })?;
        self.book.shelf.release(hold, transfer, self.stamp.recorded_us);
        Ok(())
    }

    /// Takes an award back, in the order of `ledger.md` §5.4. Each step is told.
    pub fn claw(&mut self, claw: &Claw<'_>) -> Result<Clawed, Refusal> {
        let Claw { wallet, program, origin, .. } = *claw;
        let mut done = Clawed::default();
        let mut left = claw.amount;
        // What each of its lots can still be taken back, in total.
        let mut room: Vec<(Id, Minor)> = Vec::with_capacity(claw.lots.len());
        for id in claw.lots {
            let original = self.book.original(*id).ok_or(Refusal::OriginalNotFound)?;
            room.push((*id, original.amount - original.reversed));
        }
        for (id, room) in &mut room {
            let lot = *self.book.lot(*id).ok_or(Refusal::OriginalNotFound)?;
            let part = lot.free().min(left).min(*room);
            if part > 0 {
                let purpose = if lot.is_pending { Purpose::Pending } else { Purpose::Available };
                self.take_back(claw, purpose, part, *id, Some(lot.id))?;
                (left, *room, done.from_lots) = (left - part, *room - part, done.from_lots + part);
            }
        }
        for (id, room) in &mut room {
            let lot = *self.book.lot(*id).ok_or(Refusal::OriginalNotFound)?;
            let part = lot.expired.min(left).min(*room);
            if part > 0 {
                self.unexpire(wallet, &lot, part, origin)?;
                self.take_back(claw, Purpose::Available, part, *id, Some(lot.id))?;
                (left, *room, done.from_expired) = (left - part, *room - part, done.from_expired + part);
            }
        }
        let now_us = self.stamp.recorded_us;
        let mut others = self.lots(wallet, |lot| lot.rank == 0 && lot.is_usable(now_us) && lot.free() > 0 && !claw.lots.contains(&lot.id));
        others.sort_by_key(Lot::consumption_key);
        for lot in others {
            let mut free = lot.free();
            for (id, room) in &mut room {
                let part = free.min(left).min(*room);
                if part > 0 {
                    self.take_back(claw, Purpose::Available, part, *id, Some(lot.id))?;
                    (free, left, *room, done.from_others) = (free - part, left - part, *room - part, done.from_others + part);
                }
            }
        }
        for (id, room) in &mut room {
            let part = left.min(*room);
            if part > 0 {
                self.take_back(claw, Purpose::Recoverable, part, *id, None)?;
                (left, *room) = (left - part, *room - part);
                if claw.forgives {
                    let (debit, credit) = (given(program, wallet.unit), wallet.account(Purpose::Recoverable));
                    self.post(TransferKind::Forgiven, debit, credit, part, origin)?;
                    done.forgiven += part;
                } else {
                    done.owed += part;
                }
            }
        }
        if left > 0 {
            return Err(Refusal::ReversalExceedsOriginal { left: claw.amount - left, asked: claw.amount });
        }
        if let Some(returns) = claw.returns.filter(|returns| returns.minor > 0) {
            let (debit, credit) = self.budget(program, returns.unit);
            self.post(TransferKind::BudgetReturned, credit, debit, returns.minor, origin)?;
        }
        Ok(done)
    }

    /// Takes money or points from the wallet that no sale explains, from the given portions.
    pub fn debit(&mut self, wallet: Wallet, portions: &[Portion], origin: Origin) -> Result<(), Refusal> {
        for (program, group) in self.by_program(portions)? {
            let credit = given(program, wallet.unit);
            let transfer = self.post(TransferKind::Debited, wallet.account(Purpose::Available), credit, sum(&group)?, origin)?;
            for (lot, amount) in by_lot(&group) {
                self.leave(transfer, lot, MoveKind::Claw, amount, Purpose::Expense, origin)?;
            }
        }
        Ok(())
    }

    /// Moves portions of lots to another participant's wallet of the same unit. What arrives keeps the expiry, the conditions,
    /// the program and the money value that it had; what is owed there is netted from it. Answers the lots that it opened.
    pub fn transfer(&mut self, from: Wallet, to: Wallet, portions: &[Portion], origin: Origin) -> Result<Vec<(Id, Minor)>, Refusal> {
        let now_us = self.stamp.recorded_us;
        let mut opened = Vec::new();
        for (id, amount) in by_lot(portions) {
            let before = *self.book.lot(id).ok_or(Refusal::LotConditionsNotMet)?;
            let (debit, credit) = (from.account(Purpose::Available), to.account(Purpose::Available));
            let transfer = self.post(TransferKind::Transferred, debit, credit, amount, origin)?;
            self.change(transfer, id, MoveKind::Transfer, amount);
            let used = before.amount - before.remaining;
            self.book.shelf.open(Lot {
                id: transfer,
                participant: to.participant,
                amount,
                sale: None,
                active_us: now_us,
                first_expires_us: before.expires_us,
                cost: before.worth(used + amount)? - before.worth(used)?,
                recorded_us: now_us,
                remaining: amount,
                held: 0,
                expired: 0,
                ..before
            });
            self.net(to, transfer, origin)?;
            opened.push((transfer, amount));
        }
        Ok(opened)
    }

    /// What is left of a lot goes to the program, as if it had expired.
    pub fn forfeit(&mut self, wallet: Wallet, id: Id, origin: Origin) -> Result<(), Refusal> {
        let lot = *self.book.lot(id).ok_or(Refusal::LotConditionsNotMet)?;
        if lot.free() == 0 {
            return Ok(());
        }
        let purpose = if lot.is_pending { Purpose::Pending } else { Purpose::Available };
        let breakage = Owner::program(lot.program).account(Purpose::Breakage, lot.unit);
        let transfer = self.post(TransferKind::Forfeited, wallet.account(purpose), breakage, lot.free(), origin)?;
        self.leave(transfer, id, MoveKind::Expire, lot.free(), Purpose::Breakage, origin)
    }

    /// Lets a lot be used until another time; what had expired of it comes back. Answers how much that was.
    pub fn extend(&mut self, wallet: Wallet, id: Id, expires_us: Option<i64>, origin: Origin) -> Result<Minor, Refusal> {
        let lot = *self.book.lot(id).ok_or(Refusal::LotConditionsNotMet)?;
        self.book.shelf.extend(id, expires_us);
        if lot.expired > 0 {
            self.unexpire(wallet, &lot, lot.expired, origin)?;
        }
        Ok(lot.expired)
    }

    /// Brings what a program may still grant to `target`. Lowering it below what was granted makes it 0; answers the
    /// shortfall.
    pub fn set_budget(&mut self, program: Id, unit: Unit, more: Minor, origin: Origin) -> Result<Minor, Refusal> {
        let (budget, house) = self.budget(program, unit);
        if more > 0 {
            self.post(TransferKind::BudgetSet, house, budget, more, origin)?;
            return Ok(0);
        }
        let less = more.checked_neg().ok_or(Refusal::AmountOverflow)?;
        let part = less.min(self.book.available(&budget));
        if part > 0 {
            self.post(TransferKind::BudgetLowered, budget, house, part, origin)?;
        }
        Ok(less - part)
    }

    /// (the program's side, the workspace's side).
    fn budget(&self, program: Id, unit: Unit) -> (AccountKey, AccountKey) {
        (Owner::program(program).account(Purpose::Budget, unit), Owner::workspace(self.workspace).account(Purpose::Budget, unit))
    }

    /// Nets what is owed from a lot.
    fn net(&mut self, wallet: Wallet, lot: Id, origin: Origin) -> Result<Minor, Refusal> {
        let owed = self.book.posted(&wallet.account(Purpose::Recoverable));
        let part = owed.min(self.book.lot(lot).map_or(0, Lot::free));
        if part > 0 {
            let (debit, credit) = (wallet.account(Purpose::Available), wallet.account(Purpose::Recoverable));
            let transfer = self.post(TransferKind::OwedNetted, debit, credit, part, origin)?;
            self.leave(transfer, lot, MoveKind::Net, part, Purpose::Expense, origin)?;
        }
        Ok(part.max(0))
    }

    /// One step of a claw: from the account of `purpose`, naming the transfer that it takes back.
    fn take_back(&mut self, claw: &Claw<'_>, purpose: Purpose, part: Minor, original: Id, lot: Option<Id>) -> Result<(), Refusal> {
        let kind = if purpose == Purpose::Recoverable { TransferKind::AwardOwed } else { TransferKind::AwardTakenBack };
        let (debit, credit) = (claw.wallet.account(purpose), given(claw.program, claw.wallet.unit));
        let transfer = self.reverse(kind, debit, credit, part, original, claw.origin)?;
        match lot {
            Some(lot) => self.leave(transfer, lot, MoveKind::Claw, part, Purpose::Expense, claw.origin),
            None => Ok(()),
        }
    }

    fn lots(&self, wallet: Wallet, keep: impl Fn(&Lot) -> bool) -> Vec<Lot> {
        self.book.lots_of(wallet.participant, wallet.unit).filter(|lot| keep(lot)).copied().collect()
    }

    /// Portions by the program of their lots, in order of first appearance.
    fn by_program(&self, portions: &[Portion]) -> Result<Vec<(Id, Vec<Portion>)>, Refusal> {
        let mut groups: Vec<(Id, Vec<Portion>)> = Vec::new();
        for portion in portions {
            let program = self.book.lot(portion.lot).ok_or(Refusal::LotConditionsNotMet)?.program;
            match groups.iter_mut().find(|(known, _)| *known == program) {
                Some((_, group)) => group.push(*portion),
                None => groups.push((program, vec![*portion])),
            }
        }
        Ok(groups)
    }

    pub(super) fn post(
        &mut self,
        kind: TransferKind,
        debit: AccountKey,
        credit: AccountKey,
        minor: Minor,
        origin: Origin,
    ) -> Result<Id, Refusal> {
        let amount = Amount { minor, unit: debit.unit };
        self.apply(NewTransfer {
            kind,
            action: Action::Move { debit: debit.into(), credit: credit.into(), amount, reverses: None },
            origin,
        })
    }

    pub(super) fn reverse(
        &mut self,
        kind: TransferKind,
        debit: AccountKey,
        credit: AccountKey,
        minor: Minor,
        original: Id,
        origin: Origin,
    ) -> Result<Id, Refusal> {
        let amount = Amount { minor, unit: debit.unit };
        let action = Action::Move { debit: debit.into(), credit: credit.into(), amount, reverses: Some(original) };
        self.apply(NewTransfer { kind, action, origin })
    }

    fn apply(&mut self, new: NewTransfer) -> Result<Id, Refusal> {
        let applied = self.book.apply(self.stamp, self.ids, &[new])?;
        Ok(applied.transfers.last().expect("one transfer was asked for").id)
    }

    fn change(&mut self, transfer: Id, lot: Id, kind: MoveKind, amount: Minor) {
        self.book.shelf.change(LotMove { transfer, lot, kind, amount, recorded_us: self.stamp.recorded_us });
    }

    /// A move out of a lot, with the mirror of its value.
    fn leave(&mut self, transfer: Id, lot: Id, kind: MoveKind, amount: Minor, to: Purpose, origin: Origin) -> Result<(), Refusal> {
        let before = *self.book.lot(lot).ok_or(Refusal::LotConditionsNotMet)?;
        self.change(transfer, lot, kind, amount);
        let used = before.amount - before.remaining;
        self.mirror(before.program, to, before.worth(used + amount)? - before.worth(used)?, origin)
    }

    /// A move back into a lot, with the mirror of its value.
    fn come_back(&mut self, transfer: Id, lot: Id, kind: MoveKind, amount: Minor, from: Purpose, origin: Origin) -> Result<(), Refusal> {
        let before = *self.book.lot(lot).ok_or(Refusal::OriginalNotFound)?;
        self.change(transfer, lot, kind, amount);
        let used = before.amount - before.remaining;
        self.mirror(before.program, from, before.worth(used - amount)? - before.worth(used)?, origin)
    }

    /// The money side of points: above 0 their value leaves `issued` for `other`, below 0 it comes back from there.
    fn mirror(&mut self, program: Id, other: Purpose, value: Minor, origin: Origin) -> Result<(), Refusal> {
        let issued = Owner::program(program).account(Purpose::Issued, self.currency);
        let other = Owner::program(program).account(other, self.currency);
        match value {
            0 => Ok(()),
            1.. => self.post(TransferKind::Mirror, issued, other, value, origin).map(|_| ()),
            _ => self.post(TransferKind::Mirror, other, issued, value.checked_neg().ok_or(Refusal::AmountOverflow)?, origin).map(|_| ()),
        }
    }
}

/// The program's account that gives: `issued` for points, `expense` in a money wallet (`ledger.md` §3.1).
fn given(program: Id, unit: Unit) -> AccountKey {
    let purpose = if unit == Unit::POINTS { Purpose::Issued } else { Purpose::Expense };
    Owner::program(program).account(purpose, unit)
}

fn sum(portions: &[Portion]) -> Result<Minor, Refusal> {
    portions.iter().try_fold(0, |sum: Minor, portion| sum.checked_add(portion.amount)).ok_or(Refusal::AmountOverflow)
}

/// Portions summed by lot, in order of first appearance.
fn by_lot(portions: &[Portion]) -> Vec<(Id, Minor)> {
    let mut lots: Vec<(Id, Minor)> = Vec::new();
    for portion in portions {
        match lots.iter_mut().find(|(lot, _)| *lot == portion.lot) {
            Some((_, amount)) => *amount += portion.amount,
            None => lots.push((portion.lot, portion.amount)),
        }
    }
    lots
}

fn transfers_of(taken: &[Taken]) -> Vec<Id> {
    let mut transfers: Vec<Id> = taken.iter().map(|taken| taken.transfer).collect();
    transfers.sort_unstable();
    transfers.dedup();
    transfers
}

/// What was taken, in the order of consumption: a hold is used from its front.
fn in_order(portions: &[Portion], mut taken: Vec<Taken>) -> Vec<Taken> {
    taken.sort_by_key(|taken| portions.iter().position(|portion| *portion == taken.portion));
    taken
}

fn instant(us: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(us).unwrap_or_default()
}
