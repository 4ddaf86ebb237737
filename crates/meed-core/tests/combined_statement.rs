//! One party, several roles: separate accounts, one statement that ties to the last unit (`ledger.md` §11).

mod ledger_kit;

use ledger_kit::{Clock, moves, origin, own, unit, usd};
use meed_core::id::Id;
use meed_core::ledger::{
    Account, Book, Earning, NewTransfer, Owner, OwnerKind, Purpose, TransferKind, Wallet, Wallets, combined, postings,
};

const PARTY: i64 = 20;

/// The accounts of a shopper, rep and affiliate whose records have ids of their own, or by chance the same one.
fn of_party(book: &Book) -> Vec<Account> {
    let mut all = Vec::new();
    for kind in [OwnerKind::Participant, OwnerKind::Rep, OwnerKind::Affiliate] {
        for purpose in Purpose::ALL {
            for code in ["USD", "PTS"] {
                all.extend(book.account(&own(kind, PARTY, *purpose, code)).copied());
            }
        }
    }
    all
}

fn apply(book: &mut Book, clock: &mut Clock, new: &[NewTransfer]) -> i64 {
    let stamp = clock.stamp();
    let mut ids = || clock.id();
    book.apply(stamp, &mut ids, new).expect("posted");
    stamp.recorded_us
}

fn earn(book: &mut Book, clock: &mut Clock, code: &str, amount: i64) {
    let stamp = clock.stamp();
    let mut ids = || clock.id();
    let wallet = Wallet { participant: Id(PARTY), unit: unit(code) };
    let earning = Earning {
        wallet,
        program: Id(10),
        version: None,
        amount,
        active_us: None,
        expires_us: None,
        rank: 0,
        cost: 0,
        draws: None,
        kind: TransferKind::Earned,
        nets: true,
        origin: origin(),
    };
    let mut wallets = Wallets::new(book, stamp, Id(1), unit("USD"), &mut ids);
    wallets.earn(&earning).expect("earned");
}

#[test]
fn led_040_a_party_of_three_roles_has_one_statement_that_ties_to_the_cent() {
    let (mut book, mut clock) = (Book::complete(), Clock::new());
    let rep = Owner::rep(Id(PARTY));
    earn(&mut book, &mut clock, "USD", 1_234);
    apply(&mut book, &mut clock, &postings::credited(Id(10), rep, usd(50_000), origin()).expect("credited"));
    let affiliate = own(OwnerKind::Affiliate, PARTY, Purpose::Pending, "USD");
    let opening_us = apply(&mut book, &mut clock, &[moves(ledger_kit::program(Purpose::Expense), affiliate, usd(777))]);
    // The period: more of each, a release, and a clawback that is owed.
    earn(&mut book, &mut clock, "USD", 66);
    earn(&mut book, &mut clock, "PTS", 500);
    let released = postings::released(&book, rep, usd(50_000), origin()).expect("released");
    apply(&mut book, &mut clock, &released);
    let owed = own(OwnerKind::Rep, PARTY, Purpose::Recoverable, "USD");
    let closing_us = apply(&mut book, &mut clock, &[moves(owed, ledger_kit::program(Purpose::Expense), usd(2_500))]);
    // Known later, so no part of it.
    earn(&mut book, &mut clock, "USD", 999);
    let accounts = of_party(&book);
    assert_eq!(accounts.len(), 6, "wallet twice, accrued, payable, recoverable, pending: none is shared");
    let all = combined(&accounts, book.transfers().iter().copied(), opening_us, closing_us).expect("in range");
    let usd_total = all.totals[&unit("USD")];
    assert_eq!(usd_total.opening, 1_234 + 50_000 + 777);
    assert_eq!(usd_total.closing, 1_234 + 66 + 50_000 + 777 - 2_500, "what is owed is taken off");
    assert_eq!(usd_total.opening + usd_total.moved, usd_total.closing);
    assert_eq!(all.totals[&unit("PTS")].closing, 500);
    for statement in &all.accounts {
        let moved: i64 = statement.lines.iter().map(|line| line.amount).sum();
        assert_eq!(statement.opening + moved, statement.closing, "{}", statement.account);
    }
    // One period's closing is the next one's opening.
    let next = combined(&accounts, book.transfers().iter().copied(), closing_us, i64::MAX).expect("in range");
    assert_eq!(next.totals[&unit("USD")].opening, usd_total.closing);
    assert_eq!(next.totals[&unit("USD")].closing, usd_total.closing + 999);
    let posted: i64 =
        accounts.iter().filter(|a| a.key.unit == unit("USD")).map(|a| if a.key == owed { -a.posted() } else { a.posted() }).sum();
    assert_eq!(next.totals[&unit("USD")].closing, posted, "and the last one is what the accounts hold");
}
