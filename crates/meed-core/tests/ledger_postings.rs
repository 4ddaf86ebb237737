//! The posting table: which accounts each event moves, in the figures of people's statements (`ledger.md` §3.2, §3.5).

mod ledger_kit;

use ledger_kit::{Desk, PROGRAM, REP, WORKSPACE, origin, program, rep, usd, workspace};
use meed_core::id::Id;
use meed_core::ledger::postings::{self, Standing};
use meed_core::ledger::{HoldState, NewTransfer, Owner, Purpose, Refusal, TransferKind};

const PAYEE: Owner = Owner::rep(REP);

impl Desk {
    fn credit(&mut self, minor: i64) {
        let new = postings::credited(PROGRAM, PAYEE, usd(minor), origin()).expect("in range");
        self.run(&new).expect("credited");
    }

    fn release(&mut self, minor: i64) -> Vec<(TransferKind, i64)> {
        let new = postings::released(&self.book, PAYEE, usd(minor), origin()).expect("in range");
        self.run(&new).expect("released").iter().map(|transfer| (transfer.kind, transfer.amount)).collect()
    }

    fn adjust(&mut self, minor: i64, standing: Standing) -> Vec<(TransferKind, i64)> {
        let new = postings::adjusted(PROGRAM, PAYEE, usd(minor), standing, origin()).expect("in range");
        self.run(&new).expect("adjusted").iter().map(|transfer| (transfer.kind, transfer.amount)).collect()
    }

    /// expense, pending, accrued, payable, recoverable.
    fn rep(&self) -> [i64; 5] {
        let of = |purpose| self.book.posted(&rep(purpose));
        let expense = self.book.posted(&program(Purpose::Expense));
        let figures = [expense, of(Purpose::Pending), of(Purpose::Accrued), of(Purpose::Payable), of(Purpose::Recoverable)];
        // §3.6: what was credited net is what stands on the payee's accounts, in clearing and paid.
        let [clearing, paid, fees] =
            [Purpose::PayoutClearing, Purpose::Paid, Purpose::Fees].map(|purpose| self.book.posted(&workspace(purpose)));
        let draw = of(Purpose::Draw);
        assert_eq!(expense, figures[1] + figures[2] + figures[3] + clearing + paid - fees - figures[4] - draw);
        figures
    }
}

#[test]
fn a_reward_is_credited_recalculated_and_taken_back() {
    let mut desk = Desk::new();
    desk.credit(1_470);
    assert_eq!(desk.rep(), [1_470, 0, 1_470, 0, 0]);
    assert_eq!(desk.adjust(30, Standing::Accrued), [(TransferKind::Recalculated, 30)]);
    assert_eq!(desk.adjust(-500, Standing::Accrued), [(TransferKind::Recalculated, 500)]);
    assert_eq!(desk.adjust(0, Standing::Accrued), [], "no difference, no transfer");
    assert_eq!(desk.rep(), [1_000, 0, 1_000, 0, 0]);
    desk.run(&postings::clawed_back(PROGRAM, PAYEE, usd(1_200), Standing::Accrued, origin())).expect("an open period may fall below 0");
    assert_eq!(desk.rep(), [-200, 0, -200, 0, 0]);
    desk.credit(-300);
    assert_eq!(desk.rep(), [-500, 0, -500, 0, 0]);
    let lowest = postings::credited(PROGRAM, PAYEE, usd(i64::MIN), origin());
    assert_eq!(lowest, Err(Refusal::AmountOverflow));
}

#[test]
fn a_condition_keeps_a_reward_pending() {
    let mut desk = Desk::new();
    let pending = postings::credited_pending(PROGRAM, PAYEE, usd(900), origin()).expect("in range");
    desk.run(&pending).expect("credited");
    assert_eq!(desk.rep(), [900, 900, 0, 0, 0]);
    assert_eq!(desk.adjust(-100, Standing::Pending), [(TransferKind::Recalculated, 100)]);
    desk.run(&postings::condition_met(PAYEE, usd(500), origin())).expect("met");
    desk.run(&postings::clawed_back(PROGRAM, PAYEE, usd(300), Standing::Pending, origin())).expect("taken back");
    assert_eq!(desk.rep(), [500, 0, 500, 0, 0]);
}

#[test]
fn a_release_nets_what_is_owed_first() {
    let mut desk = Desk::new();
    desk.credit(1_000);
    assert_eq!(desk.release(1_000), [(TransferKind::Released, 1_000)]);
    desk.run(&postings::clawed_back(PROGRAM, PAYEE, usd(600), Standing::Released, origin())).expect("clawed back");
    assert_eq!(desk.rep(), [400, 0, 0, 1_000, 600], "the released statement is paid as it stands");
    desk.credit(400);
    assert_eq!(desk.release(400), [(TransferKind::RecoverableNetted, 400)]);
    desk.credit(500);
    assert_eq!(desk.release(500), [(TransferKind::RecoverableNetted, 200), (TransferKind::Released, 300)]);
    assert_eq!(desk.rep(), [1_300, 0, 0, 1_300, 0]);
    assert_eq!(desk.release(0), []);
}

#[test]
fn a_release_repays_an_advance_after_what_is_recoverable() {
    let mut desk = Desk::new();
    let advance = ledger_kit::moves(rep(Purpose::Draw), rep(Purpose::Payable), usd(250));
    desk.run(&[advance]).expect("advanced");
    desk.run(&postings::clawed_back(PROGRAM, PAYEE, usd(100), Standing::Released, origin())).expect("clawed back");
    desk.credit(1_000);
    let released = desk.release(1_000);
    let expected = [(TransferKind::RecoverableNetted, 100), (TransferKind::DrawRepaid, 250), (TransferKind::Released, 650)];
    assert_eq!(released, expected);
    assert_eq!(desk.rep(), [900, 0, 0, 900, 0]);

    // Neither takes more than the release has left.
    desk.run(&[advance]).expect("advanced");
    desk.run(&postings::clawed_back(PROGRAM, PAYEE, usd(100), Standing::Released, origin())).expect("clawed back");
    desk.credit(300);
    assert_eq!(desk.release(300), [(TransferKind::RecoverableNetted, 100), (TransferKind::DrawRepaid, 200)]);
}

#[test]
fn a_negative_total_is_carried_and_never_paid() {
    let mut desk = Desk::new();
    desk.credit(-700);
    assert_eq!(desk.release(-700), [(TransferKind::NegativeCarried, 700)]);
    assert_eq!(desk.rep(), [-700, 0, 0, 0, 700]);
    let payout = postings::payout_planned(WORKSPACE, PAYEE, usd(1), origin());
    assert_eq!(desk.run(&payout).map_err(|refusal| refusal.code()), Err("insufficient_available"));
    desk.run(&postings::written_off(PROGRAM, PAYEE, usd(700), origin())).expect("written off");
    assert_eq!(desk.rep(), [0, 0, 0, 0, 0]);
    let more = desk.run(&postings::written_off(PROGRAM, PAYEE, usd(1), origin()));
    assert_eq!(more.map_err(|refusal| refusal.code()), Err("insufficient_available"), "no more than is owed");
}

#[test]
fn led_035_a_clawback_after_the_payout_is_netted_from_the_next_credits() {
    let mut desk = Desk::new();
    desk.credit(5_000);
    desk.release(5_000);
    desk.run(&postings::paid_by_hand(WORKSPACE, PAYEE, usd(5_000), None, origin())).expect("paid");
    assert_eq!(desk.book.posted(&workspace(Purpose::Paid)), 5_000);
    assert_eq!(desk.adjust(-1_500, Standing::Released), [(TransferKind::ClawedBack, 1_500)]);
    assert_eq!(desk.rep(), [3_500, 0, 0, 0, 1_500]);
    desk.credit(1_000);
    assert_eq!(desk.release(1_000), [(TransferKind::RecoverableNetted, 1_000)]);
    assert_eq!(desk.rep(), [4_500, 0, 0, 0, 500], "nothing to pay, and no negative payout");
}

#[test]
fn led_039_a_late_difference_is_booked_with_the_open_period() {
    let mut desk = Desk::new();
    let open = jiff::civil::date(2026, 4, 1);
    let late = meed_core::ledger::Origin { reward: Some(Id(77)), period: Some(open), ..origin() };
    for minor in [250, -250] {
        let new = postings::adjusted(PROGRAM, PAYEE, usd(minor), Standing::Released, late).expect("in range");
        let written = desk.run(&new).expect("booked")[0];
        assert_eq!((written.period, written.causes.reward, written.business_time), (Some(open), Some(Id(77)), late.business_time));
    }
    assert_eq!(desk.rep(), [0, 0, 250, 0, 250], "neither touches what was released");
}

#[test]
fn a_payout_is_in_exactly_one_place() {
    let mut desk = Desk::new();
    desk.credit(1_000);
    desk.release(1_000);
    let places = |desk: &Desk| {
        let [clearing, paid] = [Purpose::PayoutClearing, Purpose::Paid].map(|purpose| desk.book.posted(&workspace(purpose)));
        [desk.book.posted(&rep(Purpose::Payable)), clearing, paid]
    };
    let planned = desk.run(&postings::payout_planned(WORKSPACE, PAYEE, usd(1_000), origin())).expect("planned")[0].id;
    assert_eq!((places(&desk), desk.book.available(&rep(Purpose::Payable))), ([1_000, 0, 0], 0));
    let twice = desk.run(&postings::payout_planned(WORKSPACE, PAYEE, usd(1), origin()));
    assert_eq!(twice.map_err(|refusal| refusal.code()), Err("insufficient_available"), "held money is in no second payout");
    desk.run(&postings::payout_canceled(planned, origin())).expect("canceled");

    // Sent, refused by the rail, planned again in the same command.
    let planned = desk.run(&postings::payout_planned(WORKSPACE, PAYEE, usd(1_000), origin())).expect("planned")[0].id;
    let sent = desk.run(&postings::payout_sent(planned, 1_000, origin())).expect("sent")[0];
    assert_eq!(places(&desk), [0, 1_000, 0]);
    let mut again = vec![postings::reversed(&sent, 1_000, TransferKind::PayoutFailed, origin())];
    again.extend(postings::payout_planned(WORKSPACE, PAYEE, usd(1_000), origin()));
    let planned = desk.run(&again).expect("failed and planned again")[1].id;
    assert_eq!(places(&desk), [1_000, 0, 0]);
    let failed_twice = desk.run(&again[..1]).map_err(|refusal| refusal.code());
    assert_eq!(failed_twice, Err("reversal_exceeds_original"), "payable again exactly once");

    // Sent and confirmed with a fee, which the workspace bears.
    desk.run(&postings::payout_sent(planned, 1_000, origin())).expect("sent");
    desk.run(&postings::payout_confirmed(WORKSPACE, usd(1_000), 25, origin())).expect("confirmed");
    assert_eq!((places(&desk), desk.book.posted(&workspace(Purpose::Fees))), ([0, 0, 1_025], 25));
    desk.rep();
}

#[test]
fn paid_by_hand_is_confirmed_at_once_and_can_be_undone() {
    let mut desk = Desk::new();
    desk.credit(800);
    desk.release(800);
    let planned = desk.run(&postings::payout_planned(WORKSPACE, PAYEE, usd(800), origin())).expect("planned")[0].id;
    let paid = desk.run(&postings::paid_by_hand(WORKSPACE, PAYEE, usd(800), Some(planned), origin())).expect("paid");
    assert_eq!(paid.iter().map(|transfer| transfer.kind).collect::<Vec<_>>(), [TransferKind::PayoutSent, TransferKind::PaidByHand]);
    assert_eq!(desk.book.hold(planned).map(|hold| hold.state), Some(HoldState::Posted));
    assert_eq!(desk.book.posted(&workspace(Purpose::Paid)), 800);
    let undo: Vec<NewTransfer> =
        paid.iter().rev().map(|transfer| postings::reversed(transfer, 800, TransferKind::PayoutReversed, origin())).collect();
    desk.run(&undo).expect("undone");
    assert_eq!(desk.rep(), [800, 0, 0, 800, 0]);
    assert_eq!(desk.run(&undo).map_err(|refusal| refusal.code()), Err("reversal_exceeds_original"));
}

#[test]
fn codes_and_names_are_stable_and_read_back() {
    for kind in TransferKind::ALL {
        assert_eq!((TransferKind::from_code(kind.code()), TransferKind::from_name(kind.name())), (Some(*kind), Some(*kind)));
    }
    for purpose in Purpose::ALL {
        assert_eq!((Purpose::from_code(purpose.code()), Purpose::from_name(purpose.name())), (Some(*purpose), Some(*purpose)));
    }
    assert_eq!((TransferKind::Credited.code(), Purpose::Payable.code(), HoldState::Expired.code()), (201, 9, 4));
    assert_eq!(Purpose::from_code(0), None);
}
