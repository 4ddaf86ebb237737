//! More of what happens at the same moment: holds that end while they are captured, sweeps beside spends, many returns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::spends::{self, SpendInput};
use meed_app::loyalty::wallets::{self, AdjustInput, sweep};

use meed_app::loyalty::{MerchantDocument, TerminalDocument, UnitDocument, Who, purchases, records};
use meed_core::id::Id;
use meed_core::ledger::HoldState;
use meed_core::loyalty::{EventKind, SpendAsk};

use crate::shop::{Shop, code, eur};

on_every_engine!(
    led_010_amounts_beyond_the_range_are_refused_and_nothing_is_written,
    led_012_of_a_post_and_the_expiry_of_its_hold_one_wins,
    led_017_sweeps_beside_spends_take_nothing_twice_and_nothing_held,
    led_023_buying_and_returning_a_thousand_times_at_once_changes_nothing,
    led_025_random_splits_of_a_return_sum_to_the_whole,
    led_026_what_was_spent_of_an_award_may_be_forgiven,
    led_042_an_account_and_a_lot_are_written_once_per_batch,
    pos_034_a_receipt_without_a_reference_of_its_own_is_one_purchase,
    pos_037_many_spends_on_one_purchase_at_once_pay_it_once,
    pos_062_a_purchase_settled_by_many_at_once_is_invoiced_once,
);

fn by_hand(shop: &Shop, who: Id, amount: i64) -> AdjustInput {
    AdjustInput {
        who: Who::Id(who),
        unit: eur(),
        amount,
        is_top_up: false,
        expires: None,
        reason: "by hand".into(),
        source: shop.source,
        identity: None,
    }
}

async fn led_010_amounts_beyond_the_range_are_refused_and_nothing_is_written(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await.id;
    let adjust =
        async |amount: i64| wallets::adjust(&shop.app, &shop.ctx, by_hand(shop, ann, amount)).await.map(|_| ()).map_err(|e| code(&e));
    adjust(i64::MAX - 10).await.expect("the range holds it");
    let transfers = async || {
        let workspace = shop.ctx.workspace;
        shop.app.store().read(move |r| r.transfers(workspace)).await.expect("transfers").len()
    };
    let before = transfers().await;
    for (amount, wanted) in
        [(11, "amount_overflow"), (i64::MAX, "amount_overflow"), (i64::MIN, "amount_overflow"), (-i64::MAX, "insufficient_available")]
    {
        assert_eq!(adjust(amount).await, Err(wanted.to_owned()), "{amount}");
    }
    // What a purchase would earn does not fit any more, either: it is refused whole.
    let basket = shop.basket(&[("bread", 1_000)]).await;
    assert_eq!(shop.create(shop.input(ann, basket)).await.expect_err("refused"), "amount_overflow");
    let bob = shop.customer("Bob").await.id;
    for lines in [vec![("bread", i64::MAX)], vec![("bread", i64::MAX / 2), ("wine", i64::MAX / 2 + 2)]] {
        let basket = shop.basket(&lines).await;
        assert_eq!(shop.create(shop.input(bob, basket)).await.expect_err("refused"), "amount_overflow");
    }
    assert_eq!((transfers().await, shop.balance(ann).await, shop.balance(bob).await), (before, i64::MAX - 10, 0));
    // The books still move within the range.
    adjust(10).await.expect("up to the end");
    adjust(-i64::MAX).await.expect("and down to nothing");
    assert_eq!(shop.balance(ann).await, 0);
}

async fn led_012_of_a_post_and_the_expiry_of_its_hold_one_wins(shop: &Shop) {
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 10_000).await;
    let mut left = 10_000;
    for round in 0..24i64 {
        let input = HoldInput { who: Who::Id(ann), unit: eur(), amount: 100, minutes: Some(1), source: shop.source, identity: None };
        let hold = holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold").id;
        shop.pass_millis(60_000 - 1);
        let mut posts = Vec::new();
        for turn in 0..6 {
            let (app, ctx) = (Arc::clone(&shop.app), shop.ctx.clone());
            posts.push(tokio::spawn(async move {
                if turn == 5 {
                    sweep(&app, &ctx, 10).await.expect("swept");
                    return Err("swept".to_owned());
                }
                holds::capture(&app, &ctx, hold, Some(100), None).await.map(|_| ()).map_err(|error| code(&error))
            }));
            if i64::from(turn) == round % 6 {
                // The instant comes while they are on their way.
                shop.pass_millis(1);
            }
        }
        let mut answers = Vec::new();
        for post in posts {
            answers.push(post.await.expect("a task"));
        }
        let posted = answers.iter().filter(|answer| answer.is_ok()).count();
        let said = |text: &str| answers.iter().filter(|answer| answer.as_ref().err().is_some_and(|code| code == text)).count();
        left -= 100 * i64::try_from(posted).expect("small");
        assert_eq!((posted + said("hold_expired") + said("hold_already_posted") + said("swept"), posted < 2), (6, true), "{answers:?}");
        assert_eq!(posted == 0, said("hold_expired") == 5, "the hold was posted, or it ended: {answers:?}");
        let state = holds::show(&shop.app, &shop.ctx, hold).await.expect("a hold").state;
        assert_eq!(state, if posted == 1 { HoldState::Posted } else { HoldState::Expired });
        let wallet = shop.wallet(ann).await;
        assert_eq!((wallet.balance, wallet.held), (left, 0), "round {round}");
    }
}

async fn led_017_sweeps_beside_spends_take_nothing_twice_and_nothing_held(shop: &Shop) {
    shop.offer("name = \"Short\"\ncondition = 'line.product == \"bag\"'\n[award]\namount = 1\n[spend]\nexpires = \"1 days\"").await;
    let ann = shop.customer("Ann").await.id;
    let sold = shop.buy(ann, &[("bread", 90_000)]).await.done.id;
    for _ in 0..20 {
        shop.buy(ann, &[("bag", 100)]).await;
    }
    let input = HoldInput { who: Who::Id(ann), unit: eur(), amount: 500, minutes: Some(10_000), source: shop.source, identity: None };
    let hold = holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold").id;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut tasks = Vec::new();
    for turn in 0..24 {
        let (app, ctx, over, source) = (Arc::clone(&shop.app), shop.ctx.clone(), Arc::clone(&is_over), shop.source);
        tasks.push(tokio::spawn(async move {
            if turn % 3 == 0 {
                sweep(&app, &ctx, 100).await.expect("swept");
                return 0;
            }
            let ask = SpendAsk { amount: Some(70), ..SpendAsk::default() };
            let input = SpendInput { who: None, purchase: sold, ask, source, identity: None, at: None, is_offline: false };
            let was_over = over.load(Ordering::SeqCst);
            let spent = spends::create(&app, &ctx, input).await.expect("a spend").body.spent;
            assert!(!was_over || spent == 0, "expired money was spent");
            spent
        }));
        if turn == 12 {
            shop.pass_days(3);
            is_over.store(true, Ordering::SeqCst);
        }
    }
    let mut spent = 0;
    for task in tasks {
        spent += task.await.expect("a task");
    }
    sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    assert_eq!(sweep(&shop.app, &shop.ctx, 100).await.expect("swept"), 0, "once more changes nothing");
    let wallet = shop.wallet(ann).await;
    assert_eq!((wallet.balance, wallet.held), (0, 500), "what is held stays");
    let workspace = shop.ctx.workspace;
    let all = shop.app.store().read(move |r| r.transfers(workspace)).await.expect("transfers");
    let expired: i64 = all.iter().filter(|t| t.kind == meed_core::ledger::TransferKind::Expired).map(|t| t.amount).sum();
    assert_eq!(expired + spent + 500, 2_000, "spent {spent}, expired {expired}");
    assert_eq!(holds::capture(&shop.app, &shop.ctx, hold, Some(200), None).await.expect("captured").body.amount, 200);
    assert_eq!((shop.balance(ann).await, shop.wallet(ann).await.held), (0, 0), "released past their day, the rest expired at once");
}

async fn led_023_buying_and_returning_a_thousand_times_at_once_changes_nothing(shop: &Shop) {
    shop.offer("name = \"Ten\"\nstacks = true\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"9 days\"").await;
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 55).await;
    let before = shop.wallet(ann).await;
    let mut tills = Vec::new();
    for _ in 0..8 {
        let mut inputs = Vec::new();
        for _ in 0..125 {
            inputs.push(shop.input(ann, shop.basket(&[("bread", 999), ("milk", 101)]).await));
        }
        let (app, ctx, source) = (Arc::clone(&shop.app), shop.ctx.clone(), shop.source);
        tills.push(tokio::spawn(async move {
            for (round, input) in inputs.into_iter().enumerate() {
                let done = purchases::create(&app, &ctx, input).await.expect("a purchase").done.id;
                if round % 2 == 0 {
                    purchases::cancel(&app, &ctx, done, None, None).await.expect("cancelled");
                } else {
                    let input = purchases::RefundInput { source, identity: None, lines: Vec::new(), at: None, note: None };
                    purchases::refund(&app, &ctx, done, input).await.expect("returned");
                }
            }
        }));
    }
    for till in tills {
        till.await.expect("a till");
    }
    let after = shop.wallet(ann).await;
    assert_eq!((after.balance, after.owed, after.lots), (55, 0, before.lots));
}

async fn led_025_random_splits_of_a_return_sum_to_the_whole(shop: &Shop) {
    shop.offer("name = \"Rate\"\nstacks = true\n[award]\npercent = \"6.66%\"\n[spend]\nexpires = \"5 days\"").await;
    shop.offer("name = \"Flat\"\nstacks = true\n[award]\namount = 0.97\nmax = 3").await;
    shop.offer("name = \"Points\"\nstacks = true\n[award]\neach = 3\nper = 2\nunit = \"points\"\nunit_cost = 0.013").await;
    shop.offer(
        "name = \"Off\"\nstacks = true\ncondition = 'line.family == \"drinks\"'\n[award]\npercent = \"11%\"\n[spend]\nmethod = \"instant\"",
    )
    .await;
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 9_000).await;
    let before = shop.wallet(ann).await.lots;
    let mut random = crate::random::Random(20_261_121);
    for round in 0..16 {
        let totals = [1 + i64::try_from(random.below(3_000)).expect("small"), 1 + i64::try_from(random.below(3_000)).expect("small")];
        let done = shop.buy(ann, &[("bread", totals[0]), ("wine", totals[1])]).await;
        let discount = done.done.standing.spent_by(meed_core::loyalty::SpendMethod::Instant);
        let paid = 1 + i64::try_from(random.below(900)).expect("small").min(totals[0] - 1);
        assert_eq!(shop.spend(done.done.id, Some(paid)).await.expect("a spend").body.spent, paid);
        let (mut left, mut given_back, mut paid_back) = (totals, 0, 0);
        while left != [0, 0] {
            let line = usize::from(left[0] == 0 || left[1] > 0 && random.below(2) == 0);
            let part = 1 + i64::try_from(random.below(u64::try_from(left[line]).expect("above 0"))).expect("small");
            left[line] -= part;
            let back = shop.refund(done.done.id, &[(u32::try_from(line).expect("small"), part)]).await.expect("returned");
            let owed: i64 = back.body.taken_back.iter().map(|taken| taken.steps.owed).sum();
            let told = (back.body.given_back >= 0, back.body.paid_back >= 0, owed);
            assert_eq!(told, (true, true, 0), "round {round} of {totals:?}: {part} of line {line}: {:?}", back.body);
            (given_back, paid_back) = (given_back + back.body.given_back, paid_back + back.body.paid_back);
        }
        assert_eq!((given_back, paid_back), (paid, totals[0] + totals[1] - paid - discount), "round {round} of {totals:?}");
        assert_eq!((shop.wallet(ann).await.lots, shop.points(ann).await.balance), (before.clone(), 0), "round {round} of {totals:?}");
    }
}

async fn led_026_what_was_spent_of_an_award_may_be_forgiven(shop: &Shop) {
    let forgiving = meed_app::loyalty::TillSettingsDocument { forgives: true, ..Default::default() };
    shop.settings(forgiving).await;
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await.id;
    let first = shop.buy(ann, &[("bread", 5_000)]).await.done.id;
    let second = shop.buy(ann, &[("wine", 400)]).await.done.id;
    shop.spend(second, Some(400)).await.expect("a spend");
    let back = shop.cancel(first).await.expect("cancelled");
    let steps = back.body.taken_back[0].steps;
    assert_eq!((steps.from_lots, steps.from_others, steps.owed, steps.forgiven), (100, 40, 0, 360), "each step is told");
    let wallet = shop.wallet(ann).await;
    assert_eq!((wallet.balance, wallet.owed), (0, 0));
    shop.buy(ann, &[("bread", 1_000)]).await;
    assert_eq!(shop.balance(ann).await, 100, "the next award is theirs");
}

/// A trigger that keeps every row that is written refuses to keep one twice: so the batch fails that writes one twice.
async fn led_042_an_account_and_a_lot_are_written_once_per_batch(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 50_000).await;
    shop.buy(ann, &[("bread", 1_000)]).await;
    let rows = async |amount: i64| {
        let mut rows = Vec::new();
        for _ in 0..100 {
            let mut input = shop.input(ann, shop.basket(&[("bread", 1_000)]).await);
            input.spend = Some(SpendAsk { amount: Some(amount), ..SpendAsk::default() });
            rows.push(input);
        }
        rows
    };
    shop.insist_on_single_changes(true).await;
    let done = purchases::create_many(&shop.app, &shop.ctx, rows(20).await).await.expect("each row once");
    assert!(done.iter().all(|row| row.as_ref().is_ok_and(|view| view.done.standing.spent() == 20)));
    assert_eq!(shop.balance(ann).await, 50_000 + 101 * 100 - 100 * 20);
    assert!(purchases::create_many(&shop.app, &shop.ctx, rows(10).await).await.is_err(), "another batch writes them again");
    shop.insist_on_single_changes(false).await;
    assert_eq!(shop.balance(ann).await, 50_000 + 101 * 100 - 100 * 20, "and of the one that failed nothing is there");
}

async fn pos_034_a_receipt_without_a_reference_of_its_own_is_one_purchase(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let (ann, bob) = (shop.customer("Ann").await.id, shop.customer("Bob").await.id);
    let input = shop.input(ann, shop.basket(&[("bread", 1_000)]).await);
    assert!(input.identity.is_none());
    let senders: Vec<_> = (0..32)
        .map(|_| {
            let (app, ctx, input) = (Arc::clone(&shop.app), shop.ctx.clone(), input.clone());
            tokio::spawn(async move { purchases::create(&app, &ctx, input).await.expect("a purchase").done })
        })
        .collect();
    let mut done = Vec::new();
    for sender in senders {
        done.push(sender.await.expect("a sender"));
    }
    assert_eq!(done.iter().filter(|done| !done.is_replayed).count(), 1, "sent again, it is the same purchase");
    assert!(done.iter().all(|one| one.id == done[0].id) && shop.balance(ann).await == 100);
    let low = UnitDocument { name: "Low Street".into(), code: "low".into(), ..UnitDocument::default() };
    let low = records::put(&shop.app, &shop.ctx, None, &low).await.expect("a unit");
    let terminal = TerminalDocument { code: "T1".into(), unit: shop.unit.0 };
    let terminal = records::put(&shop.app, &shop.ctx, None, &terminal).await.expect("a terminal");
    // Another customer, second, number, amount, quantity, store, terminal or sending system is another purchase.
    let mut others = vec![shop.input(bob, input.basket.clone())];
    for change in 0..8 {
        let mut other = input.clone();
        match change {
            0 => other.basket.at -= jiff::SignedDuration::from_secs(1),
            1 => other.basket.reference.push('b'),
            2 => (other.basket.lines[0].net, other.basket.lines[0].total) = (1_001, 1_001),
            3 => other.basket.lines[0].quantity = meed_core::money::Exact::from(2),
            4 => other.basket.unit = low,
            5 => other.basket.terminal = Some(terminal),
            6 => other.basket.system = Some("till-1".into()),
            _ => other.basket.system = Some("till-2".into()),
        }
        others.push(other);
    }
    for other in others {
        assert!(!shop.create(other).await.expect("another purchase").done.is_replayed);
    }
    assert_eq!((shop.balance(ann).await, shop.balance(bob).await), (900, 100));
    let many = vec![input.clone(), input];
    let again = purchases::create_many(&shop.app, &shop.ctx, many).await.expect("answers");
    assert!(again.iter().all(|row| row.as_ref().is_ok_and(|view| view.done.is_replayed)), "also in bulk");
}

async fn pos_037_many_spends_on_one_purchase_at_once_pay_it_once(shop: &Shop) {
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 10_000).await;
    let sold = shop.buy(ann, &[("bread", 600), ("wine", 400)]).await.done.id;
    let tasks: Vec<_> = (0..24)
        .map(|turn| {
            let (app, ctx, source) = (Arc::clone(&shop.app), shop.ctx.clone(), shop.source);
            let ask = SpendAsk { amount: (turn % 4 > 0).then_some(90), ..SpendAsk::default() };
            let input = SpendInput { who: None, purchase: sold, ask, source, identity: None, at: None, is_offline: false };
            tokio::spawn(async move { spends::create(&app, &ctx, input).await.expect("a spend").body.spent })
        })
        .collect();
    let mut spent = 0;
    for task in tasks {
        spent += task.await.expect("a task");
    }
    let now = purchases::show(&shop.app, &shop.ctx, sold).await.expect("a purchase").done.standing;
    assert_eq!((spent, now.spent(), shop.balance(ann).await), (1_000, 1_000, 9_000), "never more than the purchase");
}

async fn pos_062_a_purchase_settled_by_many_at_once_is_invoiced_once(shop: &Shop) {
    shop.offer("name = \"A\"\nstacks = true\n[award]\npercent = \"10%\"").await;
    shop.offer("name = \"B\"\nstacks = true\n[award]\namount = 1").await;
    let north =
        MerchantDocument { name: "North".into(), units: vec![shop.unit.0], contribution: "12.5".into(), ..MerchantDocument::default() };
    shop.merchant(north).await;
    let ann = shop.customer("Ann").await.id;
    let sold = shop.buy(ann, &[("bread", 1_230)]).await.done.id;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (app, ctx) = (Arc::clone(&shop.app), shop.ctx.clone());
            tokio::spawn(async move { purchases::settle(&app, &ctx, sold).await.expect("settled") })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.expect("a task"));
    }
    assert!(all.iter().all(|(id, body, _)| (*id, body.awarded, body.contribution) == (all[0].0, 223, 28)), "12.5 % of 1.23 and 1.00");
    assert_eq!(all.iter().filter(|(.., is_repeat)| !is_repeat).count(), 1);
    let events = wallets::journal(&shop.app, &shop.ctx, ann, None, 100).await.expect("a journal");
    assert_eq!(events.iter().filter(|(event, _)| event.kind == EventKind::Settlement).count(), 1, "one invoice");
}
