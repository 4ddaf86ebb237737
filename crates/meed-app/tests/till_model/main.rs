//! The server against a slow and obvious till (`ledger.md` §15.2): random offers, random commands of many customers at once,
//! every answer and every wallet compared.
//!
//! `MEED_RUNS` sets how many sequences are played on each engine, `MEED_SEED` the first one's key. A failure names the key
//! that repeats it.

mod call;
mod deals;
mod draw;
#[path = "../random/mod.rs"]
mod random;
#[macro_use]
#[path = "../till/shop.rs"]
#[expect(dead_code, unused_imports, unused_macros, reason = "the shop has words for more tests than these")]
mod shop;
mod slow;
mod world;

use std::sync::Arc;

use meed_app::loyalty::purchases::{self, PurchaseInput};
use meed_app::loyalty::{LimitDocument, TierDocument, TillSettingsDocument, offers};
use meed_app::loyalty::{journal, wallets};
use meed_core::id::Id;
use meed_core::ledger::{Owner, Phase, Transfer};
use meed_core::loyalty::{AutoSpend, Basket, Line, Participant, SpendMethod, Standing};
use meed_core::money::{Exact, Unit};
use tokio::task::JoinSet;

use crate::call::{Call, Got};
use crate::deals::{FAMILIES, MONEY, Method};
use crate::random::Random;
use crate::shop::{Shop, eur};
use crate::slow::{How, Person, Pot, Sale, Steps};
use crate::world::{Answer, Does, When, World};

/// Customers who act at the same time, and how often each does.
const PEOPLE: usize = 40;
const ROUNDS: usize = 14;
/// The product of each family.
const PRODUCTS: [&str; 3] = ["bread", "milk", "wine"];

/// A shop, its customers, and the model of both.
struct Play<'a> {
    shop: &'a Shop,
    world: World,
    offers: Vec<Id>,
    ids: Vec<Id>,
    people: Vec<Person>,
    random: Random,
    lines: [Line; 3],
    count: usize,
    counted: &'a mut Counted,
    /// What each customer did, for a failure.
    told: Vec<Vec<String>>,
}

/// What was reached.
#[derive(Default)]
struct Counted {
    done: std::collections::BTreeMap<String, u64>,
}

impl Counted {
    fn add(&mut self, does: &Does, got: &Got) {
        let name = format!("{does:?}");
        let name = name.split([' ', '{']).next().unwrap_or_default();
        let end = if let Got::Refused(code) = got { code } else { "ok" };
        *self.done.entry(format!("{name}: {end}")).or_default() += 1;
    }
}

impl Play<'_> {
    fn when(&self, got: &Got) -> When {
        let spend = if let Got::Bought(done) = got { done.spend.as_ref().map(|spend| spend.id) } else { None };
        let (event, is_preview) = (got.event(), false);
        When { now_us: self.shop.now().as_microsecond(), event, spend: spend.unwrap_or_default(), is_preview }
    }

    async fn basket(&self, rows: &[slow::Row], at_us: i64, reference: &str) -> Basket {
        let row = |row: &slow::Row| Line {
            net: row.total,
            total: row.total,
            quantity: Exact::from(row.quantity),
            ..self.lines[row.family].clone()
        };
        let at = jiff::Timestamp::from_microsecond(at_us).expect("a time");
        Basket { at, reference: reference.to_owned(), lines: rows.iter().map(row).collect(), ..self.shop.basket(&[]).await }
    }

    async fn call(&mut self, who: usize, does: Does) -> Call {
        self.count += 1;
        let person = &self.people[who];
        let (mut coin, mut other, mut target, mut basket) = (MONEY, Id(0), Id(0), None);
        match &does {
            Does::Buy { lines, at_us, reference, .. } => basket = Some(self.basket(lines, *at_us, reference).await),
            Does::AdHoc { goods, reference, .. } => {
                let row = slow::Row { family: 2, total: *goods, quantity: 1 };
                basket = Some(self.basket(&[row], self.shop.now().as_microsecond(), reference).await);
            }
            Does::Spend { sale, .. } | Does::Refund { sale, .. } | Does::Cancel { sale } => target = person.sales[*sale].id,
            Does::CancelSpend { spend } => target = person.spends[*spend].0,
            Does::Capture { hold, .. } | Does::Release { hold } => target = person.holds[*hold].id,
            Does::Extend { pot, .. } => target = person.pots[*pot].id.expect("a lot that the server named"),
            Does::Hold { coin: of, .. } | Does::Adjust { coin: of, .. } => coin = *of,
            Does::Transfer { to, coin: of, .. } => (coin, other) = (*of, self.ids[*to]),
        }
        let unit = if coin == MONEY { eur() } else { Unit::POINTS };
        let identity = format!("c{}", self.count);
        let (app, ctx) = (Arc::clone(&self.shop.app), self.shop.ctx.clone());
        Call { app, ctx, who: self.ids[who], other, target, unit, source: self.shop.source, basket, does, identity }
    }

    /// Everybody does something at the same time, some of them twice; then the model does it in the order of the records.
    async fn round(&mut self) {
        let mut busy = [false; PEOPLE];
        let mut calls = Vec::new();
        for who in 0..PEOPLE {
            if std::mem::replace(&mut busy[who], true) {
                continue;
            }
            let free: Vec<usize> = (0..PEOPLE).filter(|other| !busy[*other]).collect();
            let does = draw::does(&mut self.random, &self.people[who], &free, self.shop.now().as_microsecond(), self.count);
            if let Does::Transfer { to, .. } = &does {
                busy[*to] = true;
            }
            calls.push((who, self.call(who, does).await));
        }
        self.preview(&calls).await;
        let is_bulk = self.random.place(5) == 0;
        let mut answers = if is_bulk { self.bulk(&mut calls).await } else { Vec::new() };
        let mut set = JoinSet::new();
        for (who, call) in calls {
            let times = if self.random.place(7) == 0 { 3 } else { 1 };
            for _ in 0..times {
                let call = call.clone();
                set.spawn(async move { (who, call.does.clone(), call.run().await) });
            }
        }
        while let Some(answer) = set.join_next().await {
            answers.push(answer.expect("no command panics"));
        }
        answers.sort_by_key(|(who, _, got)| (got.event(), *who));
        let mut last: Option<(usize, Got)> = None;
        let mut earlier = Vec::new();
        for (who, does, got) in answers {
            // The same command sent again has the first answer, and no effect.
            if let Some((before, first)) = &last
                && *before == who
            {
                assert_same(first, &got);
                continue;
            }
            self.counted.add(&does, &got);
            let end = if let Got::Refused(code) = &got { code.as_str() } else { "ok" };
            self.told[who].push(format!("{} {does:?} {end}", self.shop.now()));
            // A refusal does not tell its place among the others: it may rest on a budget that they used up since.
            let is_of_before = |code: &String| {
                !self.would_refuse(&self.world, who, &does, code) && earlier.iter().any(|world| self.would_refuse(world, who, &does, code))
            };
            if !matches!(&got, Got::Refused(code) if is_of_before(code)) {
                earlier.push(self.world.clone());
                self.decide(who, &does, &got);
            }
            last = Some((who, got));
        }
        self.compare().await;
    }

    /// All purchases of this round in one call, some of them twice.
    async fn bulk(&mut self, calls: &mut Vec<(usize, Call)>) -> Vec<(usize, Does, Got)> {
        let (mine, rest): (Vec<_>, Vec<_>) = calls.drain(..).partition(|(_, call)| matches!(call.does, Does::Buy { .. }));
        *calls = rest;
        let mut rows = Vec::new();
        for (who, call) in mine {
            let times = if self.random.place(5) == 0 { 2 } else { 1 };
            rows.extend(std::iter::repeat_n((who, call), times));
        }
        let inputs = rows.iter().map(|(_, call)| call.input(call.basket.clone().expect("a basket"))).collect();
        let outcomes = purchases::create_many(&self.shop.app, &self.shop.ctx, inputs).await.expect("outcomes");
        let got = outcomes.into_iter().map(|outcome| match outcome {
            Ok(view) => Got::Bought(Box::new(view.done)),
            Err(refused) => Got::Refused(refused.code.to_string()),
        });
        rows.into_iter().zip(got).map(|((who, call), got)| (who, call.does, got)).collect()
    }

    /// What a purchase would do is told beforehand, and nothing is written.
    async fn preview(&mut self, calls: &[(usize, Call)]) {
        for (who, call) in calls {
            let Does::Buy { asks: None, .. } = &call.does else { continue };
            if self.random.place(4) > 0 {
                continue;
            }
            let input = PurchaseInput { identity: None, ..call.input(call.basket.clone().expect("a basket")) };
            let view = purchases::preview(&self.shop.app, &self.shop.ctx, input).await.expect("a preview");
            let (mut world, mut people) = (self.world.clone(), self.people.clone());
            let now_us = self.shop.now().as_microsecond();
            let when = When { now_us, event: view.done.id, spend: Id(0), is_preview: true };
            let said = world.decide(&mut people, *who, &call.does, when).expect("a preview");
            let Answer::Bought { sale, additional, .. } = said else { panic!("{said:?}") };
            assert_eq!(self.standing(&view.done.standing), expected(&people[*who].sales[sale]), "a preview of {:?}", call.does);
            assert_eq!(view.done.additional, additional, "what could be spent by request: {:?}", call.does);
        }
    }

    /// Whether the model refuses a command on this world, and says why in the same words.
    fn would_refuse(&self, world: &World, who: usize, does: &Does, code: &str) -> bool {
        let (mut world, mut people) = (world.clone(), self.people.clone());
        world.decide(&mut people, who, does, self.when(&Got::Refused(code.to_owned()))).is_err_and(|said| said == code)
    }

    fn decide(&mut self, who: usize, does: &Does, got: &Got) {
        let when = self.when(got);
        let said = self.world.decide(&mut self.people, who, does, when);
        let told = format!("{who}: {does:?}\nmodel {said:?}\nserver {got:?}\n{:?}\n{:?}", self.people[who], self.world);
        let now_us = when.now_us;
        let coin = match does {
            Does::Hold { coin, .. } | Does::Adjust { coin, .. } | Does::Transfer { coin, .. } => *coin,
            _ => MONEY,
        };
        let person = &mut self.people[who];
        match (said, got) {
            (Err(expected), Got::Refused(code)) => assert_eq!(code, expected, "{told}"),
            (Ok(Answer::Bought { sale, spent, .. }), Got::Bought(done)) => {
                let spend = done.spend.as_ref().map(|spend| (spend.body.asked, spend.body.spent));
                assert_eq!(spend, spent, "{told}");
                assert_eq!(done.balances.0, person.balance(MONEY, now_us), "the balance: {told}");
                for (gift, grant) in person.sales[sale].gifts.iter().zip(&done.standing.grants) {
                    for (pot, lot) in gift.pots.iter().zip(&grant.lots) {
                        person.pots[*pot].id = Some(*lot);
                    }
                }
                let person = &self.people[who];
                assert_eq!(self.standing(&done.standing), expected(&person.sales[sale]), "{told}");
            }
            (Ok(Answer::Spent { asked, spent }), Got::Spent(done)) => {
                assert_eq!((done.body.asked, done.body.spent), (asked, spent), "{told}");
                assert_eq!(done.body.balance, person.balance(MONEY, now_us), "the balance: {told}");
            }
            (Ok(Answer::Returned { given_back, paid_back, taken, granted }), Got::Back(done)) => {
                let body = &done.body;
                let is_spend = matches!(does, Does::CancelSpend { .. });
                assert_eq!((body.given_back, if is_spend { 0 } else { body.paid_back }), (given_back, paid_back), "{told}");
                let place = |offer: Id| self.offers.iter().position(|known| *known == offer).expect("an offer");
                let steps = |s: meed_core::ledger::Clawed| Steps {
                    from_lots: s.from_lots,
                    from_expired: s.from_expired,
                    from_others: s.from_others,
                    owed: s.owed,
                    forgiven: s.forgiven,
                };
                let back: Vec<_> = body.taken_back.iter().map(|back| (back.purchase, place(back.offer), steps(back.steps))).collect();
                assert_eq!(back, taken, "{told}");
                let more: Vec<_> = body.granted.iter().map(|(id, (offer, amount))| (*id, place(*offer), *amount)).collect();
                assert_eq!(more, granted, "{told}");
                assert_eq!(body.balance, person.balance(MONEY, now_us), "the balance: {told}");
            }
            (Ok(Answer::Held(parts)), Got::Held(done)) => {
                assert_eq!(done.body.parts.iter().map(|part| part.amount).collect::<Vec<_>>(), parts, "{told}");
            }
            (Ok(Answer::Opened(pots)), Got::Moved(_, lots, balance)) => {
                assert_eq!(pots.len(), lots.len(), "{told}");
                if coin == MONEY {
                    assert_eq!(*balance, person.balance(MONEY, now_us), "the balance: {told}");
                }
                let owner = if let Does::Transfer { to, .. } = does { *to } else { who };
                for (pot, lot) in pots.into_iter().zip(lots) {
                    self.people[owner].pots[pot].id = Some(*lot);
                }
            }
            (Ok(Answer::Done), Got::Held(_) | Got::Moved(..)) => {}
            (said, got) => panic!("the model says {said:?}, the server {got:?}: {told}"),
        }
    }

    fn standing(&self, standing: &Standing) -> Told {
        let place = |offer: Id| self.offers.iter().position(|known| *known == offer).expect("an offer");
        let grants = standing.grants.iter().map(|grant| (place(grant.offer), grant.line.map(|line| line as usize), grant.amount)).collect();
        let used = standing.uses.iter().map(|used| {
            let how = match used.method {
                SpendMethod::Instant => How::AtOnce(Method::Instant),
                SpendMethod::Voucher => How::AtOnce(Method::Voucher),
                SpendMethod::Automatic => How::Automatic,
                SpendMethod::OnRequest => How::Asked,
            };
            (how, !used.is_uncovered(), used.line as usize, [used.amount, used.worth, used.returned, used.worth_returned])
        });
        (grants, used.collect())
    }

    /// All credits less all debits of a journal are what is in the wallet, held and waiting with it.
    async fn journals(&self) {
        // What is owed is netted from what has matured when a command or the sweep comes by.
        while wallets::sweep(&self.shop.app, &self.shop.ctx, 1_000).await.expect("swept") > 0 {}
        let now_us = self.shop.now().as_microsecond();
        for (who, person) in self.people.iter().enumerate() {
            let entries = journal::page(&self.shop.app, &self.shop.ctx, self.ids[who], None, 1_000).await.expect("a journal");
            let mut person = person.clone();
            person.settle(now_us);
            for (coin, unit) in [eur(), Unit::POINTS].into_iter().enumerate() {
                let told: i64 = entries.iter().filter(|entry| entry.unit == unit).map(|entry| entry.credit - entry.debit).sum();
                // What is over before it matures is gone: nobody will use it.
                let own = person.pots.iter().filter(|pot| pot.coin == coin && !(pot.waits && pot.is_over(now_us)));
                let left: i64 = own.map(|pot| pot.left).sum();
                let rows =
                    || entries.iter().filter(|entry| entry.unit == unit).map(|e| (e.kind.name(), e.credit, e.debit)).collect::<Vec<_>>();
                assert_eq!(told, left, "journal of {who} in {unit}: {:?}\n{:#?}", rows(), self.told[who]);
            }
        }
    }

    /// The transfers of a wallet are found without reading the journal.
    async fn transfers(&self) {
        let ws = self.shop.ctx.workspace;
        for id in &self.ids {
            let owner = Owner::participant(*id);
            let read = self.shop.app.store().read(move |r| {
                let accounts = r.accounts_of(ws, owner)?;
                let ids: Vec<Id> = accounts.iter().map(|account| account.id).collect();
                Ok((r.transfers_found(ws, &accounts)?, r.transfers_touching(ws, &ids, i64::MAX)?))
            });
            let (found, all) = read.await.expect("transfers");
            let moved = |transfers: Vec<Transfer>| -> Vec<Transfer> {
                transfers.into_iter().filter(|transfer| matches!(transfer.phase, Phase::Posted | Phase::Post)).collect()
            };
            assert_eq!(found.map(moved), Some(moved(all)));
        }
    }

    /// Every wallet, lot by lot.
    async fn compare(&self) {
        let now_us = self.shop.now().as_microsecond();
        for (who, person) in self.people.iter().enumerate() {
            let found = wallets::read(&self.shop.app, &self.shop.ctx, self.ids[who], None).await.expect("wallets");
            let mut person = person.clone();
            person.settle(now_us);
            for (coin, view) in found.iter().enumerate() {
                let open = person.in_order(coin, |pot| pot.left > 0 && (pot.held > 0 || !pot.is_over(now_us)));
                let row = |pot: &Pot| (pot.left, pot.held, pot.until_us, pot.waits);
                let expected: Vec<_> = open.iter().map(|pot| row(&person.pots[*pot])).collect();
                let is_waiting = |lot: &meed_core::ledger::Lot| lot.is_pending && lot.active_us > now_us;
                let lots: Vec<_> = view.lots.iter().map(|lot| (lot.remaining, lot.held, lot.expires_us, is_waiting(lot))).collect();
                assert_eq!(lots, expected, "lots of {who}, {coin}: {person:?}");
                let sum = |keep: &dyn Fn(&Pot) -> bool, of: &dyn Fn(&Pot) -> i64| -> i64 {
                    person.pots.iter().filter(|pot| pot.coin == coin && keep(pot)).map(of).sum()
                };
                let expected = [
                    person.balance(coin, now_us),
                    sum(&|pot| pot.is_usable(now_us) && pot.bound.is_some(), &Pot::free),
                    sum(&|_| true, &|pot| pot.held),
                    sum(&|pot| pot.waits && !pot.is_over(now_us), &|pot| pot.left),
                    person.owed[coin],
                ];
                assert_eq!(
                    [view.balance, view.conditional, view.held, view.pending, view.owed],
                    expected,
                    "wallet of {who}, {coin}: {person:?}"
                );
            }
        }
    }
}

/// Grants: offer, line, amount. Uses: how, whether a lot covers it, line, amount, worth, and what of both came back.
type Told = (Vec<(usize, Option<usize>, i64)>, Vec<(How, bool, usize, [i64; 4])>);

fn expected(sale: &Sale) -> Told {
    let uses =
        sale.uses.iter().map(|used| (used.how, used.pot.is_some(), used.line, [used.amount, used.worth, used.back, used.worth_back]));
    (sale.gifts.iter().map(|gift| (gift.deal, gift.line, gift.amount)).collect(), uses.collect())
}

fn assert_same(first: &Got, again: &Got) {
    match (first, again) {
        (Got::Bought(a), Got::Bought(b)) => {
            assert_eq!(
                (a.id, &a.standing, a.balances.0, &a.spend.as_ref().map(|s| s.id)),
                (b.id, &b.standing, b.balances.0, &b.spend.as_ref().map(|s| s.id))
            );
            assert!(a.is_replayed || b.is_replayed);
        }
        (Got::Spent(a), Got::Spent(b)) => assert_eq!((a.id, &a.body), (b.id, &b.body)),
        (Got::Back(a), Got::Back(b)) => assert_eq!((a.id, &a.body), (b.id, &b.body)),
        (Got::Held(a), Got::Held(b)) => assert_eq!((a.id, &a.body), (b.id, &b.body)),
        (Got::Moved(a, lots, balance), Got::Moved(b, others, other)) => assert_eq!((a, lots, balance), (b, others, other)),
        (Got::Refused(a), Got::Refused(b)) => assert_eq!(a, b),
        (a, b) => panic!("one command, two answers: {a:?} and {b:?}"),
    }
}

async fn group(shop: &Shop, seed: u64, counted: &mut Counted) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..5 {
        random.place(2);
    }
    let world = draw::world(&mut random);
    shop.pass_days(60);
    settings(shop, &world).await;
    let mut offers = Vec::new();
    for (number, deal) in world.deals.iter().enumerate() {
        let id = shop.offer(&deal.text(number)).await;
        if let Some((target, _)) = deal.budget {
            let unit = if deal.coin == MONEY || deal.half_cents.is_some() { eur() } else { Unit::POINTS };
            offers::set_budget(&shop.app, &shop.ctx, id, unit, target).await.expect("a budget");
        }
        offers.push(id);
    }
    let (mut ids, mut people) = (Vec::new(), Vec::new());
    for number in 0..PEOPLE {
        let auto = draw::auto(&mut random);
        let auto_spend = auto.map_or_else(AutoSpend::default, |auto| AutoSpend {
            is_enabled: true,
            minimum_balance: auto.minimum_balance,
            minimum_spend: auto.minimum_spend,
            maximum_spend: Some(auto.maximum_spend),
            ..AutoSpend::default()
        });
        let person = shop.person(Participant { name: format!("P{number}"), auto_spend, ..Participant::default() }).await;
        ids.push(person.id);
        people.push(Person { auto, ..Person::default() });
    }
    let config = shop.app.fresh_till_config(shop.ctx.workspace).await.expect("a configuration");
    let lines = PRODUCTS.map(|code| config.products.by_code(code).expect("a product").line());
    let mut play = Play { shop, world, offers, ids, people, random, lines, count: 0, counted, told: vec![Vec::new(); PEOPLE] };
    for _ in 0..ROUNDS {
        play.round().await;
        play.shop.pass_millis(draw::pause(&mut play.random));
        if play.random.place(6) == 0 {
            wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
            play.compare().await;
        }
    }
    play.journals().await;
    play.transfers().await;
    if let Some(difference) = shop.differences().await.first() {
        let who = (0..PEOPLE).find(|who| difference.contains(&play.ids[*who].text(meed_core::id::Kind::Participant)));
        panic!("{difference}\n{:#?}\n{:?}", who.map(|who| &play.told[who]), who.map(|who| &play.people[who]));
    }
    assert_eq!(FAMILIES.len(), PRODUCTS.len());
}

async fn settings(shop: &Shop, world: &World) {
    let tier = |code: &str, threshold: i64| TierDocument {
        code: code.into(),
        name: code.into(),
        color: None,
        threshold: format!("{}.{:02}", threshold / 100, threshold % 100),
    };
    let limit = |amount: i64| LimitDocument { kind: "debit".into(), per: "day".into(), unit: None, number: None, amount: Some(amount) };
    let document = TillSettingsDocument {
        point_value: world.point_cents.map(|cents| format!("0.{cents:02}")),
        forgives: world.forgives,
        limits: world.day_limit.into_iter().map(limit).collect(),
        tier_window_days: world.gold.map_or(365, |(_, days)| days),
        tiers: world.gold.map(|(threshold, _)| vec![tier("basic", 0), tier("gold", threshold)]).unwrap_or_default(),
        ..TillSettingsDocument::default()
    };
    shop.settings(document).await;
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Plays sequences on shops of their own, and tells what was reached.
async fn play(open: impl AsyncFn() -> Shop) {
    let (runs, first) = (setting("MEED_RUNS", 120), setting("MEED_SEED", 1));
    let people = u64::try_from(PEOPLE).expect("small");
    let groups = runs.div_ceil(people);
    let mut counted = Counted::default();
    println!("till model: {} sequences of {ROUNDS} commands, seeds {first} to {}", groups * people, first + groups - 1);
    for seed in first..first + groups {
        println!("seed {seed}: repeat with MEED_SEED={seed} MEED_RUNS=1");
        let shop = open().await;
        group(&shop, seed, &mut counted).await;
        shop.close().await;
    }
    for (what, times) in &counted.done {
        println!("{times:>9} {what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn led_041_the_server_agrees_with_the_slow_till_on_sqlite() {
    play(Shop::sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn led_041_the_server_agrees_with_the_slow_till_on_encrypted_sqlite() {
    play(Shop::sqlite_encrypted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn led_041_the_server_agrees_with_the_slow_till_on_postgresql() {
    play(Shop::postgres).await;
}
