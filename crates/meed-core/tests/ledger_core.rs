//! Behaviours of the ledger's core (`ledger.md` §17), on the book alone.

mod ledger_kit;

use ledger_kit::{
    Clock, Desk, PROGRAM, Random, Shelf, WORKSPACE, holds, moves, origin, own, posts, program, rep, setting, takes_back, unit, usd, voids,
    workspace,
};
use meed_core::id::Id;
use meed_core::ledger::{Book, Changes, HoldState, Owner, OwnerKind, Phase, Purpose, Refusal, Stamp, Totals, postings};
use meed_core::money::Amount;

#[test]
fn led_001_random_valid_commands_leave_the_books_right() {
    let seed = setting("MEED_SEED", 1);
    let mut random = Random(seed);
    let mut shelf = Shelf::default();
    let mut clock = Clock::new();
    let (mut posted, mut open_holds) = (0_u64, Vec::new());
    let wanted = setting("MEED_COMMANDS", 100_000);
    while posted < wanted {
        let mut book = Book::new();
        for _ in 0..512 {
            let code = random.pick(&["USD", "EUR", "PTS"]);
            let payee = Owner::rep(Id(i64::try_from(random.below(200)).expect("small") + 100));
            let amount = Amount { minor: random.amount(5_000), unit: unit(code) };
            let stamp = clock.stamp();
            let reads = postings::payee_accounts(payee, amount.unit);
            shelf.load_keys(&mut book, stamp.recorded_us, &reads);
            let new = match random.below(8) {
                0..=2 => postings::credited(PROGRAM, payee, amount, origin()).expect("positive"),
                3 => {
                    let total = Amount { minor: book.posted(&payee.account(Purpose::Accrued, amount.unit)), ..amount };
                    postings::released(&book, payee, total, origin()).expect("in range")
                }
                4 => {
                    let standing = if random.chance(50) { postings::Standing::Released } else { postings::Standing::Accrued };
                    let difference = Amount { minor: amount.minor - 2_500, ..amount };
                    postings::adjusted(PROGRAM, payee, difference, standing, origin()).expect("in range")
                }
                5 => postings::payout_planned(WORKSPACE, payee, amount, origin()),
                _ if open_holds.is_empty() => continue,
                6 => {
                    let (hold, held): (Id, Amount) = open_holds.swap_remove(random.below(open_holds.len()));
                    let minor = random.amount(held.minor);
                    let confirmed = postings::payout_confirmed(WORKSPACE, Amount { minor, ..held }, random.amount(3) - 1, origin());
                    postings::payout_sent(hold, minor, origin()).into_iter().chain(confirmed).collect()
                }
                _ => {
                    let (hold, _) = open_holds.swap_remove(random.below(open_holds.len()));
                    postings::payout_canceled(hold, origin())
                }
            };
            shelf.load(&mut book, stamp.recorded_us, &new);
            let Ok(applied) = book.apply(stamp, &mut || clock.id(), &new) else { continue };
            posted += u64::from(!applied.transfers.is_empty());
            let made = applied.transfers.iter().filter(|transfer| transfer.phase == Phase::Hold);
            open_holds.extend(made.map(|transfer| (transfer.id, amount)));
        }
        shelf.write(book.into_changes());
    }
    let report = shelf.verify();
    assert_eq!(report.differences, [], "seed {seed}");
    assert_eq!(report.moved.len(), 3);
    for code in ["USD", "EUR", "PTS"] {
        let of_unit = || shelf.accounts.values().filter(|account| account.key.unit == unit(code)).map(|account| account.totals);
        let sum = |field: fn(&Totals) -> i64| of_unit().map(|totals| i128::from(field(&totals))).sum::<i128>();
        assert!(sum(|totals| totals.debits_posted) > 0);
        assert_eq!(sum(|totals| totals.debits_posted), sum(|totals| totals.credits_posted));
        assert_eq!(sum(|totals| totals.debits_pending), sum(|totals| totals.credits_pending));
    }
}

#[test]
fn led_006_linked_transfers_over_two_units_leave_no_trace() {
    let mut desk = Desk::funded();
    let points = |owner: OwnerKind, purpose| own(owner, 7, purpose, "PTS");
    let of = |minor| Amount { minor, unit: unit("PTS") };
    let (issued, wallet) = (points(OwnerKind::Program, Purpose::Issued), points(OwnerKind::Participant, Purpose::Available));
    let seven = |last| {
        vec![
            moves(issued, wallet, of(50)),
            moves(program(Purpose::Expense), program(Purpose::Issued), usd(5)),
            moves(wallet, points(OwnerKind::Program, Purpose::Redeemed), of(30)),
            moves(program(Purpose::Issued), program(Purpose::Redeemed), usd(3)),
            holds(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(10_000), None),
            moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(700)),
            moves(wallet, points(OwnerKind::Program, Purpose::Breakage), of(last)),
        ]
    };
    let refusal = desk.refuses(&seven(21), "insufficient_available");
    assert_eq!(refusal, Refusal::InsufficientAvailable { account: wallet, available: 20, needed: 21 });
    assert!(desk.book.account(&wallet).is_none(), "not even the account");
    assert_eq!(desk.book.available(&rep(Purpose::Payable)), 10_000, "the hold is gone with the rest");

    // Where the caller listed them, the answer names the one that failed.
    let stamp = desk.clock.stamp();
    let Desk { book, clock } = &mut desk;
    let listed = book.apply_listed(stamp, &mut || clock.id(), &seven(21)).map(|_| ()).expect_err("refused");
    assert_eq!((listed.code(), listed.http()), ("linked_transfer_failed", 409));
    assert_eq!(listed, Refusal::LinkedTransferFailed { index: 6, reason: Box::new(refusal) });

    // The next command is decided as if it had never come; with a last transfer that fits, all seven stand.
    assert_eq!(desk.run(&seven(20)).map(|transfers| transfers.len()), Ok(7));
    assert_eq!((desk.book.posted(&wallet), desk.book.available(&rep(Purpose::Payable))), (0, 0));
}

#[test]
fn an_account_made_by_a_refused_command_was_never_there() {
    let mut book = Book::new();
    let mut clock = Clock::new();
    book.load_absent([program(Purpose::Expense), rep(Purpose::Accrued), rep(Purpose::Payable)]);
    let credit = moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(1));
    let stamp = clock.stamp();
    let mut given = Vec::new();
    let mut ids = || {
        given.push(clock.id());
        given[given.len() - 1]
    };
    let refused = book.apply(stamp, &mut ids, &[credit, moves(rep(Purpose::Payable), rep(Purpose::Accrued), usd(1))]);
    assert!(refused.is_err());
    for id in given {
        assert_eq!(book.account_by_id(id), None);
        let stamp = clock.stamp();
        let by_id = book.apply(stamp, &mut || clock.id(), &[moves(id, rep(Purpose::Accrued), usd(1))]).map(|_| ());
        assert_eq!(by_id, Err(Refusal::AccountNotFound));
    }
    // It is still known to be absent, so the next command may make it.
    let stamp = clock.stamp();
    assert!(book.apply(stamp, &mut || clock.id(), &[credit]).is_ok());
}

#[test]
fn an_account_that_a_refused_command_touched_is_not_written() {
    let Desk { book, mut clock } = Desk::funded();
    let mut later = Book::complete();
    book.into_changes().accounts.iter().for_each(|change| later.load_account(change.account));
    let new =
        [moves(rep(Purpose::Payable), rep(Purpose::Accrued), usd(1)), moves(rep(Purpose::Payable), rep(Purpose::Accrued), usd(10_000))];
    let stamp = clock.stamp();
    assert!(later.apply(stamp, &mut || clock.id(), &new).is_err());
    assert_eq!(later.into_changes(), Changes::default());
}

#[test]
fn a_command_of_several_steps_is_undone_as_a_whole() {
    let mut desk = Desk::funded();
    let before = desk.book.clone().into_changes();
    let stamp = desk.clock.stamp();
    let Desk { book, clock } = &mut desk;
    let result = book.all_or_nothing(|book| {
        book.apply(stamp, &mut || clock.id(), &[moves(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(10_000))])?;
        assert_eq!(book.available(&rep(Purpose::Payable)), 0);
        book.apply(stamp, &mut || clock.id(), &[moves(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(1))]).map(|_| ())
    });
    assert_eq!(result.map_err(|refusal| refusal.code()), Err("insufficient_available"));
    assert_eq!(desk.book.into_changes(), before);
}

#[test]
fn led_011_holds_count_in_the_floor() {
    let mut desk = Desk::new();
    let wallet = own(OwnerKind::Participant, 7, Purpose::Available, "PTS");
    let of = |minor| Amount { minor, unit: unit("PTS") };
    desk.run(&[moves(own(OwnerKind::Program, 7, Purpose::Issued, "PTS"), wallet, of(5_000))]).expect("earned");
    let hold = holds(wallet, own(OwnerKind::Program, 7, Purpose::Redeemed, "PTS"), of(1_000), None);
    let answers: Vec<bool> = (0..6).map(|_| desk.run(&[hold]).is_ok()).collect();
    assert_eq!(answers, [true, true, true, true, true, false]);
    assert_eq!((desk.book.posted(&wallet), desk.book.available(&wallet)), (5_000, 0));
}

#[test]
fn pending_on_the_normal_side_is_not_available() {
    let mut desk = Desk::new();
    let accrued = rep(Purpose::Accrued);
    desk.run(&[holds(accrued, rep(Purpose::Payable), usd(500), None)]).expect("accrued has no floor");
    assert_eq!(desk.book.available(&rep(Purpose::Payable)), 0);
    desk.refuses(&[moves(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(1))], "insufficient_available");
}

#[test]
fn led_012_the_instant_of_expiry_decides() {
    for (late, posted) in [(0, true), (1, false)] {
        let mut desk = Desk::funded();
        let expires = desk.clock.now_us + 10;
        let hold = desk.hold(4_000, Some(expires));
        let stamp = Stamp { recorded_us: expires - 1 + late, ..desk.clock.stamp() };
        let result = desk.stamped(stamp, &[posts(hold, 4_000)]);
        assert_eq!(result.as_ref().map(Vec::len).map_err(Refusal::code), if posted { Ok(1) } else { Err("hold_expired") });
        // Never both, never neither: what was not posted is free again for whoever touches the account next.
        desk.clock.now_us = expires + 1;
        let rest = if posted { 6_000 } else { 10_000 };
        let stamp = desk.clock.stamp();
        let Desk { book, clock } = &mut desk;
        let new = [moves(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(rest))];
        let applied = book.apply(stamp, &mut || clock.id(), &new).expect("what is left");
        assert_eq!(applied.expired.len(), usize::from(!posted));
        assert_eq!(book.hold(hold).map(|hold| hold.state), Some(if posted { HoldState::Posted } else { HoldState::Expired }));
    }
}

#[test]
fn a_sweep_voids_what_nobody_touches_once() {
    let mut desk = Desk::funded();
    let expires = desk.clock.now_us + 10;
    let (_, open) = (desk.hold(4_000, Some(expires)), desk.hold(1_000, None));
    desk.clock.now_us = expires;
    for voided in [1, 0] {
        let stamp = desk.clock.stamp();
        let Desk { book, clock } = &mut desk;
        let swept = book.expire(stamp, &mut || clock.id(), &[rep(Purpose::Payable).into()]).to_vec();
        assert_eq!(swept.len(), voided);
        assert!(swept.iter().all(|void| void.phase == Phase::Void && void.amount == 4_000));
    }
    assert_eq!(desk.book.available(&rep(Purpose::Payable)), 9_000);
    assert_eq!(desk.book.hold(open).map(|hold| hold.state), Some(HoldState::Open));
}

#[test]
fn led_013_posting_a_part_releases_the_rest() {
    let mut desk = Desk::funded();
    let hold = desk.hold(100, None);
    let post = desk.run(&[posts(hold, 70)]).expect("a part")[0];
    assert_eq!((post.phase, post.amount, post.causes.hold), (Phase::Post, 70, Some(hold)));
    let payable = desk.book.account(&rep(Purpose::Payable)).expect("used").totals;
    assert_eq!((payable.debits_posted, payable.debits_pending), (70, 0));
    assert_eq!(desk.book.available(&workspace(Purpose::PayoutClearing)), 70);
}

#[test]
fn led_014_a_hold_is_resolved_once() {
    let mut desk = Desk::funded();
    let posted = desk.hold(100, None);
    desk.run(&[posts(posted, 70)]).expect("posted");
    desk.refuses(&[posts(posted, 30)], "hold_already_posted");
    desk.refuses(&[voids(posted)], "hold_already_posted");

    let voided = desk.hold(100, None);
    desk.run(&[voids(voided)]).expect("voided");
    desk.refuses(&[posts(voided, 100)], "hold_already_voided");
    desk.refuses(&[voids(voided)], "hold_already_voided");

    let expired = desk.hold(100, Some(desk.clock.now_us + 5));
    desk.clock.now_us += 10;
    desk.refuses(&[posts(expired, 100)], "hold_expired");
    desk.refuses(&[voids(expired)], "hold_expired");

    let above = desk.hold(100, None);
    let refusal = desk.refuses(&[posts(above, 101)], "hold_amount_exceeded");
    assert_eq!(refusal, Refusal::HoldAmountExceeded { held: 100, asked: 101 });
    desk.run(&[posts(above, 100)]).expect("all of it");

    // Only an open hold can run out of range; a resolved one takes nothing.
    let open = desk.hold(100, None);
    desk.refuses(&[posts(open, i64::MAX)], "amount_overflow");
    desk.refuses(&[posts(posted, i64::MAX)], "hold_already_posted");

    let (full, empty) = (own(OwnerKind::Program, 50, Purpose::Expense, "USD"), own(OwnerKind::Rep, 50, Purpose::Accrued, "USD"));
    desk.run(&[moves(full, rep(Purpose::Pending), usd(i64::MAX - 100))]).expect("nearly full");
    let last = desk.run(&[holds(full, empty, usd(100), None)]).expect("the last of its room")[0].id;
    desk.refuses(&[posts(last, 101)], "amount_overflow");

    // A refused hold wrote nothing, so there is nothing to post; a transfer that is no hold is none either.
    desk.refuses(&[posts(Id(999_999), 1)], "hold_not_found");
    desk.refuses(&[voids(desk.book.transfers()[0].id)], "hold_not_found");
    desk.refuses(&[holds(rep(Purpose::Payable), workspace(Purpose::PayoutClearing), usd(1), Some(desk.clock.now_us))], "hold_expired");
}

#[test]
fn reversals_never_exceed_and_may_be_reversed() {
    let mut desk = Desk::new();
    let (expense, accrued, payable) = (program(Purpose::Expense), rep(Purpose::Accrued), rep(Purpose::Payable));
    let original = desk.run(&[moves(expense, accrued, usd(100))]).expect("credited")[0].id;
    desk.run(&[moves(accrued, payable, usd(40))]).expect("released");
    // It may leave from where the money is now.
    let part = desk.run(&[takes_back(original, payable, expense, usd(40))]).expect("a part")[0].id;
    let refusal = desk.refuses(&[takes_back(original, accrued, expense, usd(61))], "reversal_exceeds_original");
    assert_eq!(refusal, Refusal::ReversalExceedsOriginal { left: 60, asked: 61 });
    desk.refuses(
        &[takes_back(original, accrued, expense, usd(30)), takes_back(original, accrued, expense, usd(31))],
        "reversal_exceeds_original",
    );
    desk.run(&[takes_back(original, accrued, expense, usd(60))]).expect("the rest");
    desk.refuses(&[takes_back(original, accrued, expense, usd(1))], "reversal_exceeds_original");
    desk.run(&[takes_back(part, expense, payable, usd(40))]).expect("a reversal can be reversed");
    desk.refuses(&[takes_back(part, expense, payable, usd(1))], "reversal_exceeds_original");

    desk.refuses(&[takes_back(Id(999_999), accrued, expense, usd(1))], "original_not_found");
    let other = own(OwnerKind::Rep, 21, Purpose::Accrued, "USD");
    let again = desk.run(&[moves(expense, accrued, usd(100))]).expect("credited")[0].id;
    desk.refuses(&[takes_back(again, other, expense, usd(1))], "reversal_owner_mismatch");
    desk.refuses(&[takes_back(again, accrued, own(OwnerKind::Program, 11, Purpose::Expense, "USD"), usd(1))], "reversal_owner_mismatch");
    let hold = desk.hold(40, None);
    desk.refuses(&[takes_back(hold, workspace(Purpose::PayoutClearing), payable, usd(1))], "original_is_hold");
    let void = desk.run(&[voids(hold)]).expect("voided")[0].id;
    desk.refuses(&[takes_back(void, workspace(Purpose::PayoutClearing), payable, usd(1))], "original_is_hold");
}

#[test]
fn led_029_a_budget_is_exact() {
    let mut desk = Desk::new();
    let (budget, counterpart) = (program(Purpose::Budget), workspace(Purpose::Budget));
    desk.run(&[moves(counterpart, budget, usd(1_000))]).expect("set");
    let sale = [moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(10)), moves(budget, counterpart, usd(10))];
    let granted = (0..200).filter(|_| desk.run(&sale).is_ok()).count();
    assert_eq!(granted, 100);
    assert_eq!(desk.refuses(&sale, "budget_exhausted"), Refusal::BudgetExhausted { available: 0, needed: 10 });
    assert_eq!(desk.book.posted(&rep(Purpose::Accrued)), 1_000, "a credit and its share of the budget stand or fall together");
}

#[test]
fn led_042_an_account_is_written_once_per_batch() {
    let mut desk = Desk::funded();
    let hold = desk.hold(10, None);
    desk.run(&[posts(hold, 10)]).expect("posted");
    for _ in 0..50 {
        desk.run(&[moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(1))]).expect("credited");
    }
    let changes = desk.book.into_changes();
    let mut keys: Vec<_> = changes.accounts.iter().map(|change| change.account.key).collect();
    let written = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!((written, keys.len()), (4, 4));
    assert_eq!((changes.holds.len(), changes.transfers.len()), (1, 54));
    assert!(changes.transfers.is_sorted_by_key(|transfer| transfer.id));
}

#[test]
#[should_panic(expected = "used without being loaded")]
fn an_account_that_was_not_loaded_is_never_taken_for_new() {
    let mut book = Book::new();
    let mut clock = Clock::new();
    let stamp = clock.stamp();
    let _ = book.apply(stamp, &mut || clock.id(), &[moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(1))]);
}
