//! Wallets against a slow and obvious model: random commands, every lot compared after each (`ledger.md` §15.2).
//!
//! `MEED_RUNS` sets how many sequences, `MEED_SEED` the first one's key. A failure names the key that repeats it.

mod ledger_kit;

use ledger_kit::{Clock, Random, setting, unit};
use meed_core::id::Id;
use meed_core::ledger::{
    Book, Candidate, Claw, Clawed, Earning, Lot, Origin, Portion, Purpose, Refusal, Stamp, Taken, TransferKind, Wallet, Wallets, allocate,
};

const COMMANDS: usize = 40;
const ANN: Id = Id(77);
const BOB: Id = Id(78);
const PROGRAMS: [Id; 2] = [Id(5), Id(6)];

/// A lot of the model, in the order of opening.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pot {
    id: Id,
    left: i64,
    held: i64,
    expired: i64,
    clawed: i64,
    amount: i64,
    from_us: i64,
    until_us: i64,
    rank: i16,
    waits: bool,
}

impl Pot {
    fn free(&self) -> i64 {
        self.left - self.held
    }
}

/// A hold of the model: what it reserves of which pot, in order.
#[derive(Clone, Debug)]
struct Reserved {
    parts: Vec<(usize, i64)>,
    until_us: i64,
    is_open: bool,
}

#[derive(Clone, Debug, Default)]
struct Model {
    pots: Vec<Pot>,
    holds: Vec<Reserved>,
    owed: i64,
}

impl Model {
    fn settle(&mut self, now_us: i64) {
        for hold in self.holds.iter_mut().filter(|hold| hold.is_open && hold.until_us <= now_us) {
            hold.is_open = false;
            for (pot, amount) in &hold.parts {
                self.pots[*pot].held -= amount;
            }
        }
        for pot in self.pots.iter_mut().filter(|pot| pot.waits && pot.left > 0 && pot.from_us <= now_us) {
            pot.waits = false;
            let net = self.owed.min(pot.free());
            (pot.left, self.owed) = (pot.left - net, self.owed - net);
        }
        for pot in self.pots.iter_mut().filter(|pot| !pot.waits && pot.until_us <= now_us) {
            pot.expired += pot.free();
            pot.left = pot.held;
        }
    }

    fn usable(&self, now_us: i64, plain: bool) -> Vec<usize> {
        let is_usable = |pot: &Pot| !pot.waits && pot.free() > 0 && pot.until_us > now_us && (!plain || pot.rank == 0);
        let mut usable: Vec<usize> = (0..self.pots.len()).filter(|place| is_usable(&self.pots[*place])).collect();
        usable.sort_by_key(|place| {
            let pot = &self.pots[*place];
            (pot.until_us, -pot.rank, *place)
        });
        usable
    }

    /// Takes one unit at a time from the first pot that has any.
    fn take(&mut self, mut amount: i64, now_us: i64, plain: bool) -> Vec<(usize, i64)> {
        let mut taken: Vec<(usize, i64)> = Vec::new();
        for place in self.usable(now_us, plain) {
            let part = amount.min(self.pots[place].free());
            if part > 0 {
                amount -= part;
                taken.push((place, part));
            }
        }
        taken
    }
}

/// The wallet under test and its model.
struct Pair {
    book: Book,
    model: Model,
    clock: Clock,
    random: Random,
    /// Spends that can come back: what was taken, and from which pots.
    spends: Vec<Vec<(Taken, usize)>>,
    held: Vec<Vec<Taken>>,
    /// What was given to somebody else, who spends nothing.
    given: i64,
}

fn wallet() -> Wallet {
    Wallet { participant: ANN, unit: unit("PTS") }
}

impl Pair {
    fn run<T>(&mut self, steps: impl FnOnce(&mut Wallets<'_>) -> Result<T, Refusal>) -> (Stamp, Result<T, Refusal>) {
        let stamp = self.clock.stamp();
        let Self { book, clock, .. } = self;
        let mut ids = || clock.id();
        let result = book.all_or_nothing(|book| {
            let mut wallets = Wallets::new(book, stamp, Id(1), unit("EUR"), &mut ids);
            wallets.settle_due(wallet())?;
            steps(&mut wallets)
        });
        if result.is_ok() {
            self.model.settle(stamp.recorded_us);
        }
        (stamp, result)
    }

    fn earn(&mut self) {
        let now_us = self.clock.now_us;
        let amount = self.random.amount(500);
        let active_us = self.random.chance(20).then(|| now_us + self.random.amount(400));
        let expires_us = self.random.chance(70).then(|| now_us + self.random.amount(800));
        let rank = i16::from(self.random.chance(30));
        let program = self.random.pick(&PROGRAMS);
        let cost = if self.random.chance(50) { self.random.amount(300) } else { 0 };
        let earning = Earning {
            wallet: wallet(),
            program,
            version: None,
            amount,
            active_us,
            expires_us,
            rank,
            cost,
            draws: None,
            kind: TransferKind::Earned,
            nets: true,
            origin: ledger_kit::origin(),
        };
        let (stamp, earned) = self.run(|wallets| wallets.earn(&earning));
        let earned = earned.expect("an earning is never refused");
        let waits = active_us.is_some_and(|active| active > stamp.recorded_us);
        let net = if waits { 0 } else { self.model.owed.min(amount) };
        assert_eq!(earned.netted, net);
        self.model.owed -= net;
        self.model.pots.push(Pot {
            id: earned.lot,
            left: amount - net,
            held: 0,
            expired: 0,
            clawed: 0,
            amount,
            from_us: active_us.unwrap_or(stamp.recorded_us),
            until_us: expires_us.unwrap_or(i64::MAX),
            rank,
            waits,
        });
    }

    /// What the allocation takes of all lots, or of the unconditional ones.
    fn portions(wallets: &Wallets<'_>, amount: i64, plain: bool) -> Vec<Portion> {
        let now_us = wallets.now_us();
        let all: Vec<Lot> = wallets.book().lots_of(ANN, unit("PTS")).filter(|lot| lot.is_usable(now_us)).copied().collect();
        let fits = |lot: &&Lot| !plain || lot.rank == 0;
        let candidates: Vec<Candidate<'_>> = all.iter().filter(fits).map(|lot| Candidate { lot, lines: None }).collect();
        allocate(&candidates, &[amount], amount)
    }

    fn spend(&mut self) {
        let amount = self.random.amount(400);
        let (stamp, taken) = self.run(|wallets| {
            let portions = Self::portions(wallets, amount, false);
            wallets.spend(wallet(), &portions, ledger_kit::origin())
        });
        let taken = taken.expect("what is there can be spent");
        let expected = self.model.take(amount, stamp.recorded_us, false);
        let parts: Vec<(Id, i64)> = taken.iter().map(|taken| (taken.portion.lot, taken.portion.amount)).collect();
        assert_eq!(parts, expected.iter().map(|(pot, part)| (self.model.pots[*pot].id, *part)).collect::<Vec<_>>(), "the order of use");
        for (pot, part) in &expected {
            self.model.pots[*pot].left -= part;
        }
        self.spends.push(taken.into_iter().zip(expected.into_iter().map(|(pot, _)| pot)).collect());
    }

    fn give_back(&mut self) {
        if self.spends.is_empty() {
            return;
        }
        let which = self.random.below(self.spends.len());
        let mut back = Vec::new();
        for (taken, pot) in &mut self.spends[which] {
            let part = taken.portion.amount.min(self.random.amount(300));
            if part > 0 {
                taken.portion.amount -= part;
                back.push((Taken { portion: Portion { amount: part, ..taken.portion }, ..*taken }, *pot));
            }
        }
        self.spends[which].retain(|(taken, _)| taken.portion.amount > 0);
        let uses: Vec<Taken> = back.iter().map(|(taken, _)| *taken).collect();
        let (stamp, done) = self.run(|wallets| wallets.give_back(wallet(), &uses, ledger_kit::origin()));
        done.expect("what was used can come back");
        for (taken, pot) in back {
            self.model.pots[pot].left += taken.portion.amount;
        }
        self.model.settle(stamp.recorded_us);
    }

    fn hold(&mut self) {
        let amount = self.random.amount(300);
        let until_us = self.clock.now_us + 2 + self.random.amount(200);
        let (stamp, held) = self.run(|wallets| {
            let portions = Self::portions(wallets, amount, true);
            wallets.hold(wallet(), &portions, until_us, ledger_kit::origin())
        });
        let held = held.expect("what is there can be held");
        let parts = self.model.take(amount, stamp.recorded_us, true);
        for (pot, part) in &parts {
            self.model.pots[*pot].held += part;
        }
        self.held.push(held);
        self.model.holds.push(Reserved { is_open: !parts.is_empty(), parts, until_us });
    }

    /// Posts or voids a hold, open or not.
    fn resolve(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let which = self.random.below(self.held.len());
        let held = self.held[which].clone();
        if held.is_empty() {
            return;
        }
        let whole: i64 = held.iter().map(|taken| taken.portion.amount).sum();
        let is_void = self.random.chance(30);
        let amount = self.random.amount(whole + 20);
        let was_open = self.model.holds[which].is_open && self.model.holds[which].until_us > self.clock.now_us + 1;
        let (stamp, done) = self.run(|wallets| {
            if is_void {
                wallets.void_held(wallet(), &held, ledger_kit::origin())
            } else {
                wallets.post_held(wallet(), &held, amount, ledger_kit::origin()).map(|_| ())
            }
        });
        assert_eq!(done.is_ok(), was_open && (is_void || amount <= whole), "{done:?}");
        if done.is_err() {
            return;
        }
        let hold = &mut self.model.holds[which];
        hold.is_open = false;
        let mut left = if is_void { 0 } else { amount };
        for (pot, part) in hold.parts.clone() {
            let pot = &mut self.model.pots[pot];
            let used = part.min(left);
            left -= used;
            pot.held -= part;
            pot.left -= used;
        }
        self.model.settle(stamp.recorded_us);
    }

    fn claw(&mut self) {
        let open: Vec<usize> =
            (0..self.model.pots.len()).filter(|pot| self.model.pots[*pot].clawed < self.model.pots[*pot].amount).collect();
        if open.is_empty() {
            return;
        }
        let pot = self.random.pick(&open);
        let forgives = self.random.chance(20);
        let room = self.model.pots[pot].amount - self.model.pots[pot].clawed;
        let amount = self.random.amount(room);
        let (id, program) = (self.model.pots[pot].id, self.book.lot(self.model.pots[pot].id).expect("a lot").program);
        let lots = [id];
        let (stamp, done) = self.run(|wallets| {
            wallets.claw(&Claw {
                wallet: wallet(),
                program,
                lots: &lots,
                amount,
                returns: None,
                forgives,
                origin: Origin::at(ledger_kit::origin().business_time),
            })
        });
        let done = done.expect("what was given can be taken back");
        let now_us = stamp.recorded_us;
        let own = &mut self.model.pots[pot];
        own.clawed += amount;
        let mut expected = Clawed { from_lots: own.free().min(amount), ..Clawed::default() };
        own.left -= expected.from_lots;
        let mut left = amount - expected.from_lots;
        expected.from_expired = own.expired.min(left);
        own.expired -= expected.from_expired;
        left -= expected.from_expired;
        for other in self.model.usable(now_us, true).into_iter().filter(|other| *other != pot) {
            let part = self.model.pots[other].free().min(left);
            self.model.pots[other].left -= part;
            (left, expected.from_others) = (left - part, expected.from_others + part);
        }
        if forgives {
            expected.forgiven = left;
        } else {
            expected.owed = left;
            self.model.owed += left;
        }
        assert_eq!(done, expected);
    }

    /// Gives an amount to Bob: in the order of use, whatever the conditions.
    fn give(&mut self) {
        let amount = self.random.amount(200);
        let bob = Wallet { participant: BOB, unit: unit("PTS") };
        let (stamp, opened) = self.run(|wallets| {
            let portions = Self::portions(wallets, amount, false);
            wallets.transfer(wallet(), bob, &portions, ledger_kit::origin())
        });
        let opened = opened.expect("what is there can be given");
        let expected = self.model.take(amount, stamp.recorded_us, false);
        assert_eq!(opened.iter().map(|(_, part)| *part).collect::<Vec<_>>(), expected.iter().map(|(_, part)| *part).collect::<Vec<_>>());
        for ((lot, part), (pot, _)) in opened.iter().zip(&expected) {
            let pot = &mut self.model.pots[*pot];
            pot.left -= part;
            self.given += part;
            let lot = self.book.lot(*lot).expect("a lot");
            assert_eq!((lot.expires_us.unwrap_or(i64::MAX), lot.rank), (pot.until_us, pot.rank), "its terms go with it");
        }
    }

    /// Lets a lot live longer; what had expired of it is back.
    fn extend(&mut self) {
        let ends: Vec<usize> = (0..self.model.pots.len()).filter(|pot| self.model.pots[*pot].until_us < i64::MAX).collect();
        if ends.is_empty() {
            return;
        }
        let place = self.random.pick(&ends);
        let longer = self.random.amount(600);
        let until_us = self.model.pots[place].until_us.max(self.clock.now_us) + 2 + longer;
        let id = self.model.pots[place].id;
        let (stamp, revived) = self.run(|wallets| wallets.extend(wallet(), id, Some(until_us), ledger_kit::origin()));
        let pot = &mut self.model.pots[place];
        assert_eq!(revived.expect("a lot can be extended"), pot.expired);
        (pot.until_us, pot.left, pot.expired) = (until_us, pot.left + pot.expired, 0);
        self.model.settle(stamp.recorded_us);
    }

    /// A spend of the past: what expired since pays first, as far as it is needed.
    fn spend_late(&mut self) {
        let spent: Vec<usize> = (0..self.model.pots.len()).filter(|pot| self.model.pots[*pot].expired > 0).collect();
        if spent.is_empty() {
            return;
        }
        let place = self.random.pick(&spent);
        let (id, most) = (self.model.pots[place].id, self.model.pots[place].expired);
        let amount = self.random.amount(most);
        let portion = Portion { lot: id, line: 0, amount };
        let (_, taken) = self.run(|wallets| {
            wallets.revive(wallet(), &[portion], ledger_kit::origin())?;
            wallets.spend(wallet(), &[portion], ledger_kit::origin())
        });
        let taken = taken.expect("what expired can be used for a sale of before");
        // Settling first may have let more of it expire; what was free pays before what is revived.
        let pot = &mut self.model.pots[place];
        let free = pot.free().min(amount);
        (pot.left, pot.expired) = (pot.left - free, pot.expired - (amount - free));
        self.spends.push(taken.into_iter().map(|taken| (taken, place)).collect());
    }

    fn compare(&self, seed: u64, step: usize) {
        let lots: Vec<(i64, i64, i64, bool)> = self
            .model
            .pots
            .iter()
            .map(|pot| {
                let lot = self.book.lot(pot.id).expect("a lot");
                (lot.remaining, lot.held, lot.expired, lot.is_pending)
            })
            .collect();
        let expected: Vec<(i64, i64, i64, bool)> = self.model.pots.iter().map(|pot| (pot.left, pot.held, pot.expired, pot.waits)).collect();
        assert_eq!(lots, expected, "lots, seed {seed}, step {step}");
        let sum = |waits: bool| self.model.pots.iter().filter(|pot| pot.waits == waits).map(|pot| pot.left).sum::<i64>();
        let held: i64 = self.model.pots.iter().map(|pot| pot.held).sum();
        let account = |purpose| wallet().account(purpose);
        assert_eq!(self.book.posted(&account(Purpose::Available)), sum(false), "seed {seed}, step {step}");
        assert_eq!(self.book.available(&account(Purpose::Available)), sum(false) - held, "seed {seed}, step {step}");
        assert_eq!(self.book.posted(&account(Purpose::Pending)), sum(true), "seed {seed}, step {step}");
        assert_eq!(self.book.posted(&account(Purpose::Recoverable)), self.model.owed, "seed {seed}, step {step}");
        // The money side of points: what stands in `issued` is the value of what is left of the lots.
        let bobs: Vec<&Lot> = self.book.lots_of(BOB, unit("PTS")).collect();
        assert_eq!(bobs.iter().map(|lot| lot.remaining).sum::<i64>(), self.given, "seed {seed}, step {step}");
        for program in PROGRAMS {
            let all = self.model.pots.iter().map(|pot| self.book.lot(pot.id).expect("a lot")).chain(bobs.iter().copied());
            let own = all.filter(|lot| lot.program == program);
            let value: i64 = own.map(|lot| lot.cost - lot.worth(lot.amount - lot.remaining).expect("in range")).sum();
            let issued = meed_core::ledger::Owner::program(program).account(Purpose::Issued, unit("EUR"));
            assert_eq!(self.book.posted(&issued), value, "mirror, seed {seed}, step {step}");
        }
    }
}

fn sequence(seed: u64) {
    let mut pair = Pair {
        book: Book::complete(),
        model: Model::default(),
        clock: Clock::new(),
        random: Random(seed),
        spends: Vec::new(),
        held: Vec::new(),
        given: 0,
    };
    for step in 0..COMMANDS {
        match pair.random.below(15) {
            0..=3 => pair.earn(),
            4..=5 => pair.spend(),
            6 => pair.give_back(),
            7 => pair.hold(),
            8 => pair.resolve(),
            9 => pair.claw(),
            10 => pair.give(),
            11 => pair.extend(),
            12 => pair.spend_late(),
            13 => pair.clock.now_us += pair.random.amount(150),
            _ => {
                let (_, done) = pair.run(|_| Ok(()));
                done.expect("what is due can be posted");
            }
        }
        // A model that has not seen the time pass settles with its next command, as the wallet does.
        pair.compare(seed, step);
    }
}

#[test]
fn led_041_the_wallet_agrees_with_the_model() {
    let (runs, first) = (setting("MEED_RUNS", 2_000), setting("MEED_SEED", 1));
    println!("wallet model: {runs} sequences from seed {first}");
    for seed in first..first + runs {
        let outcome = std::panic::catch_unwind(|| sequence(seed));
        assert!(outcome.is_ok(), "repeat with MEED_SEED={seed} MEED_RUNS=1");
    }
}
