//! What happens, drawn at random: worlds, pauses and commands.

use crate::deals::{Deal, FAMILIES, MONEY, POINTS};
use crate::random::Random;
use crate::slow::{Auto, Person, Row};
use crate::world::{Asks, Does, World};

const HOUR_US: i64 = 3_600_000_000;

fn upto(random: &mut Random, end: i64) -> i64 {
    i64::try_from(random.place(usize::try_from(end).expect("above 0"))).expect("small")
}

pub(crate) fn world(random: &mut Random) -> World {
    let has_tiers = random.place(3) == 0;
    let count = 2 + random.place(6);
    let deals: Vec<Deal> = (0..count).map(|_| Deal::draw(random, has_tiers)).collect();
    World {
        gold: has_tiers.then(|| (2_000 + 500 * upto(random, 16), 3 + upto(random, 10))),
        point_cents: (random.place(2) == 0).then(|| 1 + upto(random, 5)),
        forgives: random.place(4) == 0,
        day_limit: (random.place(4) == 0).then(|| 100 + upto(random, 900)),
        budgets: deals.iter().map(|deal| deal.budget.map_or(0, |(target, _)| target)).collect(),
        used: vec![0; count],
        zone: jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone"),
        deals,
    }
}

pub(crate) fn auto(random: &mut Random) -> Option<Auto> {
    (random.place(6) == 0).then(|| Auto {
        minimum_balance: upto(random, 300),
        minimum_spend: upto(random, 100),
        maximum_spend: 50 + upto(random, 500),
    })
}

/// Milliseconds until the next round: minutes, hours or days, and never a whole number of minutes, so that no hold ends with
/// the very command.
pub(crate) fn pause(random: &mut Random) -> i64 {
    let minutes = match random.place(4) {
        0 => 1 + upto(random, 10),
        1 => 20 + upto(random, 200),
        _ => 300 + upto(random, 2_400),
    };
    minutes * 60_000 + 7_013
}

fn rows(random: &mut Random) -> Vec<Row> {
    let row = |random: &mut Random| Row {
        family: random.place(FAMILIES.len()),
        total: if random.place(12) == 0 { 0 } else { 1 + upto(random, 2_500) },
        quantity: 1 + upto(random, 4),
    };
    (0..=random.place(3)).map(|_| row(random)).collect()
}

fn asks(random: &mut Random) -> Asks {
    let amount = (random.place(5) > 0).then(|| 1 + upto(random, 400));
    Asks { amount, all_or_nothing: random.place(4) == 0 }
}

pub(crate) fn does(random: &mut Random, person: &Person, free: &[usize], now_us: i64, number: usize) -> Does {
    let coin = if random.place(3) == 0 { POINTS } else { MONEY };
    let sales = person.sales.len();
    match random.place(22) {
        0 | 1 if sales > 0 => Does::Spend { sale: random.place(sales), asks: asks(random) },
        2 if !person.spends.is_empty() => Does::CancelSpend { spend: random.place(person.spends.len()) },
        3..=6 if sales > 0 => refund(random, person),
        7 if sales > 0 => Does::Cancel { sale: random.place(sales) },
        8 => Does::Hold { coin, amount: 1 + upto(random, 200), minutes: 1 + upto(random, 6_000) },
        9 | 10 if !person.holds.is_empty() => {
            let hold = random.place(person.holds.len());
            match random.place(3) {
                0 => Does::Release { hold },
                _ => Does::Capture { hold, amount: (random.place(2) == 0).then(|| 1 + upto(random, 150)) },
            }
        }
        11 => {
            let until_us = (random.place(2) == 0).then(|| now_us + HOUR_US * (1 + upto(random, 200)) + 1_234_567);
            Does::Adjust { coin, amount: 1 + upto(random, 600), until_us }
        }
        12 => Does::Adjust { coin, amount: -1 - upto(random, 150), until_us: None },
        13 if !free.is_empty() => Does::Transfer { to: free[random.place(free.len())], coin, amount: 1 + upto(random, 150) },
        14 => {
            let known: Vec<usize> = (0..person.pots.len()).filter(|pot| person.pots[*pot].id.is_some()).collect();
            if known.is_empty() {
                return buy(random, now_us, number);
            }
            let pot = known[random.place(known.len())];
            Does::Extend { pot, until_us: now_us + HOUR_US * (upto(random, 400) - 20) + 2_345_678 }
        }
        15 => Does::AdHoc { goods: 1 + upto(random, 900), debit: upto(random, 300), reference: format!("A{number}") },
        _ => buy(random, now_us, number),
    }
}

fn buy(random: &mut Random, now_us: i64, number: usize) -> Does {
    let is_offline = random.place(4) == 0;
    let late = if is_offline { HOUR_US * upto(random, 24 * 8) + 60_000_000 * upto(random, 3) } else { 0 };
    Does::Buy {
        lines: rows(random),
        at_us: now_us - late,
        reference: format!("R{}-{number}", random.place(10)),
        asks: (random.place(3) == 0).then(|| asks(random)),
        is_offline,
    }
}

fn refund(random: &mut Random, person: &Person) -> Does {
    let sale = random.place(person.sales.len());
    let of = &person.sales[sale];
    if random.place(8) == 0 {
        return Does::Refund { sale, lines: (0..of.lines.len()).map(|line| (line, None, None)).collect() };
    }
    let mut lines = Vec::new();
    for line in 0..of.lines.len() {
        if random.place(2) == 0 {
            continue;
        }
        lines.push(match random.place(4) {
            0 => (line, None, Some(1 + upto(random, 2))),
            1 => (line, None, None),
            _ => (line, Some(1 + upto(random, of.left_of(line).max(1) * 10 / 9 + 1)), None),
        });
    }
    if lines.is_empty() {
        lines.push((0, Some(1 + upto(random, of.lines[0].total.max(1))), None));
    }
    Does::Refund { sale, lines }
}
