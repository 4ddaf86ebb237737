//! Refusals: each by name, in the documented order, with nothing written (`ledger.md` §1.9).

mod ledger_kit;

use ledger_kit::{Desk, holds, moves, own, posts, preset, program, rep, takes_back, unit, usd, voids, workspace};
use meed_core::id::Id;
use meed_core::ledger::{Account, AccountState, NewTransfer, OwnerKind, Purpose, Refusal, Stamp, Totals};
use meed_core::money::{Amount, UnknownUnit};

#[test]
fn led_002_wrong_transfers_are_refused_by_name() {
    let (expense, accrued) = (program(Purpose::Expense), rep(Purpose::Accrued));
    let mut desk = Desk::funded();
    for minor in [0, -1, i64::MIN] {
        desk.refuses(&[moves(expense, accrued, usd(minor))], "amount_not_positive");
        desk.refuses(&[holds(expense, accrued, usd(minor), None)], "amount_not_positive");
    }
    let euro = own(OwnerKind::Rep, 20, Purpose::Accrued, "EUR");
    desk.refuses(&[moves(expense, euro, usd(1))], "unit_mismatch");
    desk.refuses(&[moves(expense, accrued, Amount { minor: 1, unit: unit("EUR") })], "unit_mismatch");
    desk.refuses(&[moves(accrued, accrued, usd(1))], "same_account");
    let by_id = desk.book.account(&accrued).expect("used").id;
    desk.refuses(&[moves(by_id, accrued, usd(1))], "same_account");
    desk.refuses(&[moves(Id(987), accrued, usd(1))], "account_not_found");
    // No rule knows an `expense` of a rep.
    desk.refuses(&[moves(rep(Purpose::Expense), accrued, usd(1))], "account_not_found");

    let (mut desk, closed) = preset(AccountState::Closed);
    desk.refuses(&[moves(expense, closed, usd(1))], "account_closed");
    let (mut desk, frozen) = preset(AccountState::Frozen);
    desk.refuses(&[moves(expense, frozen, usd(1))], "account_frozen");
    let correction = Stamp { correction: true, ..desk.clock.stamp() };
    assert!(desk.stamped(correction, &[moves(expense, frozen, usd(1))]).is_ok(), "an operator's correction moves it");
}

#[test]
fn led_010_totals_beyond_the_range_are_refused_at_both_ends() {
    let (expense, accrued) = (program(Purpose::Expense), rep(Purpose::Accrued));
    let mut desk = Desk::new();
    desk.run(&[moves(expense, accrued, usd(i64::MAX))]).expect("the largest amount");
    assert_eq!(desk.book.posted(&accrued), i64::MAX);
    desk.refuses(&[moves(expense, own(OwnerKind::Rep, 21, Purpose::Accrued, "USD"), usd(1))], "amount_overflow");
    desk.refuses(&[moves(own(OwnerKind::Program, 11, Purpose::Expense, "USD"), accrued, usd(1))], "amount_overflow");
    // The other end: a balance at its lowest takes nothing more, posted or held.
    let lowest = own(OwnerKind::Rep, 22, Purpose::Accrued, "USD");
    desk.run(&[moves(lowest, own(OwnerKind::Program, 12, Purpose::Expense, "USD"), usd(i64::MAX))]).expect("the lowest balance");
    assert_eq!(desk.book.available(&lowest), -i64::MAX);
    let other = own(OwnerKind::Program, 13, Purpose::Expense, "USD");
    desk.refuses(&[moves(lowest, other, usd(1))], "amount_overflow");
    desk.refuses(&[holds(lowest, other, usd(1), None)], "amount_overflow");
    // What is held counts: posted and pending of one side together.
    let held = own(OwnerKind::Rep, 23, Purpose::Accrued, "USD");
    let hold = desk.run(&[holds(held, other, usd(i64::MAX), None)]).expect("held")[0].id;
    desk.refuses(&[moves(held, own(OwnerKind::Program, 14, Purpose::Expense, "USD"), usd(1))], "amount_overflow");
    assert_eq!(desk.book.available(&held), -i64::MAX);
    assert!(desk.run(&[posts(hold, i64::MAX)]).is_ok(), "posting a hold takes no more room than the hold did");
}

/// One row per refusal, in the order of §1.9: code, status, and the request that meets it where the book decides.
#[test]
fn every_refusal_has_its_place_code_and_status() {
    let (expense, accrued, payable) = (program(Purpose::Expense), rep(Purpose::Accrued), rep(Purpose::Payable));
    let clearing = workspace(Purpose::PayoutClearing);
    let (mut desk, closed) = preset(AccountState::Closed);
    let frozen = own(OwnerKind::Rep, 98, Purpose::Payable, "USD");
    let totals = Totals::default();
    desk.book.load_account(Account { id: Id(6), key: frozen, state: AccountState::Frozen, totals });
    let [posted, voided, open] = [(); 3].map(|()| desk.hold(100, None));
    let expired = desk.hold(100, Some(desk.clock.now_us + 2));
    desk.run(&[posts(posted, 100)]).expect("posted");
    desk.run(&[voids(voided)]).expect("voided");
    let original = desk.book.transfers()[0].id;
    let (budget, counterpart) = (program(Purpose::Budget), workspace(Purpose::Budget));
    let yen = own(OwnerKind::Rep, 20, Purpose::Accrued, "JPY");
    let of_book: &[(&str, u16, NewTransfer)] = &[
        ("amount_not_positive", 422, moves(expense, accrued, usd(0))),
        ("amount_overflow", 422, moves(expense, accrued, usd(i64::MAX))),
        ("unit_mismatch", 422, moves(expense, yen, usd(1))),
        ("same_account", 422, moves(accrued, accrued, usd(1))),
        ("account_not_found", 404, moves(Id(987), accrued, usd(1))),
        ("account_closed", 409, moves(closed, frozen, usd(1))),
        ("account_frozen", 409, moves(frozen, accrued, usd(1))),
        ("hold_not_found", 404, posts(Id(999_999), 1)),
        ("hold_already_posted", 409, voids(posted)),
        ("hold_already_voided", 409, posts(voided, 999)),
        ("hold_expired", 409, posts(expired, 999)),
        ("hold_amount_exceeded", 422, posts(open, 101)),
        ("original_not_found", 404, takes_back(Id(999_999), payable, expense, usd(99_999))),
        ("reversal_exceeds_original", 422, takes_back(original, payable, expense, usd(20_001))),
        ("original_is_hold", 422, takes_back(open, clearing, accrued, usd(1))),
        ("reversal_owner_mismatch", 422, takes_back(original, clearing, expense, usd(20_000))),
        ("budget_exhausted", 409, moves(budget, clearing, usd(1))),
        ("insufficient_available", 409, moves(payable, counterpart, usd(99_999))),
    ];
    let mut met = Vec::new();
    for (code, status, new) in of_book {
        assert_eq!(desk.refuses(&[*new], code).http(), *status, "{code}");
        met.push(*code);
    }
    for (refusal, code, status) in [
        (Refusal::IdempotencyKeyReused, "idempotency_key_reused", 422),
        (Refusal::ExternalIdReused, "external_id_reused", 409),
        (Refusal::from(UnknownUnit("XQQ".to_owned())), "unit_unknown", 422),
        (Refusal::PriceVersionStale, "price_version_stale", 409),
        (Refusal::ProgramNotLive, "program_not_live", 409),
        (Refusal::LimitReached, "limit_reached", 409),
        (Refusal::LotConditionsNotMet, "lot_conditions_not_met", 409),
        (Refusal::PeriodClosed, "period_closed", 409),
        (Refusal::LinkedTransferFailed { index: 0, reason: Box::new(Refusal::AccountNotFound) }, "linked_transfer_failed", 404),
    ] {
        assert_eq!((refusal.code(), refusal.http()), (code, status));
        met.push(code);
    }
    met.sort_by_key(|code| Refusal::CODES.iter().position(|known| known == code));
    assert_eq!(met, Refusal::CODES, "every refusal has its row");
}

/// Where several refusals apply, the first in the order of §1.9 is the answer.
#[test]
fn the_first_refusal_that_applies_is_the_answer() {
    let (mut desk, closed) = preset(AccountState::Closed);
    let accrued = rep(Purpose::Accrued);
    let yen = own(OwnerKind::Rep, 20, Purpose::Accrued, "JPY");
    let reversing = |debit, credit, amount| takes_back(Id(999_999), debit, credit, amount);
    desk.refuses(&[reversing(accrued, accrued, Amount { minor: 0, unit: unit("JPY") })], "amount_not_positive");
    desk.refuses(&[reversing(program(Purpose::Expense), yen, usd(i64::MAX))], "amount_overflow");
    desk.refuses(&[reversing(accrued, accrued, Amount { minor: 1, unit: unit("JPY") })], "unit_mismatch");
    desk.refuses(&[reversing(closed, closed, usd(1))], "same_account");
    desk.refuses(&[moves(Id(987), closed, usd(1))], "account_not_found");
    desk.refuses(&[reversing(closed, accrued, usd(1))], "account_closed");
    desk.refuses(&[reversing(workspace(Purpose::Paid), accrued, usd(1))], "original_not_found");
    // The budget stands ahead of the other floors, on whichever side it is.
    desk.refuses(&[moves(rep(Purpose::Payable), rep(Purpose::Recoverable), usd(99_999))], "insufficient_available");
    desk.refuses(&[moves(program(Purpose::Budget), rep(Purpose::Recoverable), usd(1))], "budget_exhausted");
    assert_eq!(desk.book.account(&rep(Purpose::Recoverable)), None);
}
