//! `meed verify`, the pure part: a right journal has no difference, and each kind of damage is found and named.

mod ledger_kit;

use ledger_kit::{Desk, moves, posts, program, rep, takes_back, unit, usd};
use meed_core::audit::{self, AuditLine, Digest, Fault, GENESIS, Hash};
use meed_core::id::Id;
use meed_core::ledger::verify::{Verifier, What};
use meed_core::ledger::{Changes, Hold, HoldChange, HoldState, Phase, Purpose, Reversed, Transfer};

#[test]
fn verify_finds_every_kind_of_difference() {
    let mut desk = Desk::funded();
    let expires = desk.clock.now_us + 1_000;
    let hold = desk.hold(300, Some(expires));
    desk.run(&[posts(hold, 200)]).expect("posted");
    let open = desk.hold(50, None);
    let original = desk.book.transfers()[0];
    desk.run(&[takes_back(original.id, rep(Purpose::Accrued), program(Purpose::Expense), usd(500))]).expect("taken back");
    let changes = desk.book.into_changes();

    let whole = |edit: &dyn Fn(&mut Changes)| -> Vec<What> {
        let mut edited = changes.clone();
        edit(&mut edited);
        let mut verifier = Verifier::new();
        edited.accounts.iter().for_each(|change| verifier.account(change.account));
        edited.holds.iter().for_each(|change| verifier.hold(change.hold));
        edited.reversed.iter().for_each(|change| verifier.reversed(change.reversed));
        edited.transfers.iter().for_each(|transfer| verifier.transfer(transfer));
        verifier.finish().differences.into_iter().map(|difference| difference.what).collect()
    };
    let place = |found: fn(&Transfer) -> bool| changes.transfers.iter().position(found).expect("there is one");
    let (post, second) = (place(|transfer| transfer.phase == Phase::Post), 1);
    let reversal = place(|transfer| transfer.causes.reverses.is_some());

    assert_eq!(whole(&|_| ()), []);
    assert_eq!(whole(&|rows| rows.accounts[0].account.totals.debits_posted += 1), [What::DebitsPosted, What::UnitPosted]);
    assert_eq!(whole(&|rows| rows.accounts[0].account.totals.credits_pending += 1), [What::CreditsPending, What::UnitPending]);
    assert_eq!(whole(&|rows| rows.transfers[second].amount += 1), [What::DebitsPosted, What::CreditsPosted]);
    assert_eq!(whole(&|rows| rows.transfers[second].amount = -1)[0], What::Transfer);
    assert_eq!(whole(&|rows| rows.transfers[second].unit = unit("EUR")), [What::Transfer, What::Transfer]);
    assert_eq!(whole(&|rows| rows.transfers[second].debit = Id(4))[0], What::Transfer);
    assert_eq!(whole(&|rows| rows.transfers[second].recorded_us = 5)[0], What::RecordedTime);
    assert_eq!(whole(&|rows| rows.transfers[second].command = rows.transfers[0].command), [What::RecordedTime]);
    assert_eq!(whole(&|rows| rows.transfers[post].amount = 301)[0], What::Resolution);
    assert_eq!(whole(&|rows| rows.transfers[post].causes.hold = Some(Id(4)))[0], What::Resolution);
    assert_eq!(whole(&|rows| rows.transfers[post].recorded_us = expires)[0], What::Resolution);
    assert!(whole(&|rows| rows.transfers.insert(post, rows.transfers[post])).contains(&What::Resolution));
    assert_eq!(whole(&|rows| rows.holds[0].hold.state = HoldState::Voided), [What::Hold]);
    assert_eq!(whole(&|rows| rows.holds.retain(|change| change.hold.id != open)), [What::Hold]);
    assert_eq!(whole(&|rows| rows.holds.push(rows.holds[0])), [What::Twin]);
    assert_eq!(whole(&|rows| rows.holds.push(HoldChange { hold: Hold { id: Id(3), ..rows.holds[0].hold }, is_new: true })), [What::Hold]);
    assert_eq!(whole(&|rows| rows.reversed[0].reversed.total = 499), [What::ReversedTotal]);
    assert_eq!(whole(&|rows| rows.reversed.clear()), [What::ReversedTotal]);
    assert!(whole(&|rows| rows.transfers[reversal].amount = 20_001).contains(&What::Reversal));
    assert!(whole(&|rows| rows.transfers[reversal].causes.reverses = Some(hold)).contains(&What::ReversedTotal));
    assert!(whole(&|rows| rows.transfers.swap(second, second + 1)).contains(&What::Floor), "floors are judged in order");
    assert_eq!(whole(&|rows| rows.transfers[second].recorded_us -= 1), [What::RecordedTime], "equal is not later");
    assert!(whole(&|rows| rows.transfers.swap(0, reversal)).contains(&What::Reversal), "taken back before it was there");
    let expense = changes.transfers[0].debit;
    assert!(whole(&|rows| rows.transfers[post].credit = expense).contains(&What::Resolution), "another account than the hold's");
    assert!(whole(&|rows| rows.transfers[reversal].debit = rows.transfers[post].credit).contains(&What::Reversal), "another owner");
    let of_hold = whole(&|rows| {
        rows.transfers[reversal].causes.reverses = Some(hold);
        rows.reversed[0].reversed = Reversed { transfer: hold, total: 500 };
    });
    assert_eq!(of_hold, [What::Reversal; 3], "too much, of a hold, between other owners");
    assert_eq!(whole(&|rows| rows.transfers[second].credit = rows.transfers[second].debit)[0], What::Transfer);
    assert_eq!(whole(&|rows| rows.accounts[0].account.key.purpose = Purpose::Draw)[0], What::Transfer);
    let last_missing = whole(&|rows| rows.transfers.truncate(reversal));
    assert_eq!(last_missing, [What::CreditsPosted, What::DebitsPosted, What::ReversedTotal]);
}

/// Digests per command, as the writer makes them and as verify computes them again.
fn digests(transfers: &[Transfer]) -> Vec<(Id, i64, Hash)> {
    let of = |rows: &[Transfer]| {
        let mut digest = Digest::new();
        for transfer in rows {
            transfer.digest_into(&mut digest);
        }
        (rows[0].command, rows[0].recorded_us, digest.finish())
    };
    transfers.chunk_by(|a, b| a.command == b.command).map(of).collect()
}

#[test]
fn led_008_a_change_of_any_field_of_an_old_transfer_is_found() {
    let mut desk = Desk::funded();
    for minor in 1..20 {
        desk.run(&[moves(program(Purpose::Expense), rep(Purpose::Accrued), usd(minor))]).expect("credited");
    }
    let mut journal = desk.book.into_changes().transfers;
    journal[7].period = Some(jiff::civil::date(2026, 2, 1));
    let mut lines: Vec<AuditLine> = Vec::new();
    for (command, recorded_us, digest) in digests(&journal) {
        let (previous, number) = lines.last().map_or((GENESIS, 0), |line| (line.hash, line.number));
        lines.push(AuditLine::next(previous, number, command, recorded_us, digest));
    }
    let check = |journal: &[Transfer]| {
        let now = digests(journal);
        let digest_of = |command| now.iter().find(|(known, _, _)| *known == command).map(|(_, _, digest)| *digest);
        audit::verify(lines.iter().copied(), None, None, digest_of)
    };
    assert_eq!(check(&journal), []);
    let microsecond = jiff::SignedDuration::from_micros(1);
    let edits: &[&dyn Fn(&mut Transfer)] = &[
        &|row| row.id.0 ^= 1,
        &|row| row.debit.0 ^= 1,
        &|row| row.credit.0 ^= 1,
        &|row| row.amount ^= 1,
        &|row| row.unit = unit("EUR"),
        &|row| row.kind = meed_core::ledger::TransferKind::Credited,
        &|row| row.phase = Phase::Hold,
        &|row| row.causes.sale = Some(Id(1)),
        &|row| row.causes.reward = Some(Id(1)),
        &|row| row.causes.payout = Some(Id(1)),
        &|row| row.causes.program_version = Some(Id(1)),
        &|row| row.causes.hold = Some(Id(1)),
        &|row| row.causes.reverses = Some(Id(1)),
        &|row| row.business_time += microsecond,
        &|row| row.recorded_us ^= 1,
        &|row| row.period = Some(jiff::civil::date(2026, 3, 1)),
        &|row| row.expires_us = Some(0),
    ];
    for (number, edit) in edits.iter().enumerate() {
        let mut edited = journal.clone();
        edit(&mut edited[7]);
        let found = check(&edited);
        assert_eq!(found.len(), 1, "edit {number}");
        assert_eq!(found[0].command, journal[7].command, "edit {number} is found where it is");
        assert!(matches!(found[0].fault, Fault::Digest { .. }));
    }
}
