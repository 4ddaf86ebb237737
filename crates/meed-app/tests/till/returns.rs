//! What comes back: cancellations, refunds in any split and order, and what was spent of an award meanwhile.

use meed_app::loyalty::{Who, purchases};
use meed_core::loyalty::{PurchaseState, SpendMethod};

use crate::shop::{AdjustInput, Shop, awarded, eur};

on_every_engine!(
    pos_045_pos_046_a_cancelled_purchase_leaves_the_balance_as_before,
    pos_047_a_cancelled_spend_is_back_with_its_old_expiry,
    led_023_buying_and_returning_again_and_again_changes_nothing,
    led_024_what_was_paid_with_points_comes_back_once,
    led_025_partial_returns_in_any_split_and_order_sum_to_the_full_return,
    led_026_an_award_that_was_spent_is_owed_and_netted,
    an_instant_discount_is_undone_with_its_line,
    returns_never_exceed_the_sale,
    pos_051_an_ad_hoc_return_debits_the_wallet_and_cancels_nothing,
    pos_062_a_purchase_is_settled_once,
    an_award_that_expired_unspent_is_nobodys_debt,
);

const TEN: &str = "name = \"Ten\"\n[award]\npercent = \"10%\"";

async fn pos_045_pos_046_a_cancelled_purchase_leaves_the_balance_as_before(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 700).await;
    let done = shop.buy(ann.id, &[("bread", 1_000), ("milk", 330)]).await;
    let spend = shop.spend(done.done.id, Some(500)).await.expect("a spend");
    assert_eq!(shop.balance(ann.id).await, 700 + 133 - 500);
    let cancelled = shop.cancel(done.done.id).await.expect("cancelled");
    let now = cancelled.purchase.expect("the purchase");
    assert_eq!((now.standing.state, now.standing.spent(), now.standing.awarded(eur())), (PurchaseState::Cancelled, 0, 0));
    assert_eq!((cancelled.body.given_back, cancelled.body.paid_back), (500, 830));
    assert_eq!(shop.balance(ann.id).await, 700);
    assert_eq!(shop.cancel(done.done.id).await.expect_err("refused"), "invalid_life_cycle_state");
    assert_eq!(shop.cancel(spend.id).await.expect_err("refused"), "invalid_event_type");
    assert_eq!(shop.cancel(ann.id).await.expect_err("refused"), "entity_not_found");
    let spend = meed_app::loyalty::spends::show(&shop.app, &shop.ctx, spend.id).await.expect("a spend");
    assert!(spend.is_cancelled, "its spends are cancelled with it");
}

async fn pos_047_a_cancelled_spend_is_back_with_its_old_expiry(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\namount = 10\n[spend]\nexpires = \"5 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let before = shop.wallet(ann.id).await.lots;
    let buy = async || shop.buy(ann.id, &[("wine", 800)]).await.done.id;
    let purchase = buy().await;
    let spend = shop.spend(purchase, Some(400)).await.expect("a spend");
    meed_app::loyalty::spends::cancel(&shop.app, &shop.ctx, spend.id, None).await.expect("cancelled");
    let same = shop.wallet(ann.id).await.lots.into_iter().find(|lot| lot.id == before[0].id);
    assert_eq!(same.map(|lot| (lot.remaining, lot.expires_us)), Some((1_000, before[0].expires_us)));
    let spend = shop.spend(purchase, Some(400)).await.expect("a spend");
    shop.pass_days(7);
    assert_eq!(shop.balance(ann.id).await, 0);
    meed_app::loyalty::spends::cancel(&shop.app, &shop.ctx, spend.id, None).await.expect("cancelled");
    assert_eq!(shop.balance(ann.id).await, 0, "what has expired stays expired");
}

async fn led_023_buying_and_returning_again_and_again_changes_nothing(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 55).await;
    for round in 0..20 {
        let done = shop.buy(ann.id, &[("bread", 999), ("milk", 101)]).await.done.id;
        if round % 2 == 0 {
            shop.refund(done, &[(0, 999), (1, 101)]).await.expect("returned");
        } else {
            shop.cancel(done).await.expect("cancelled");
        }
        assert_eq!(shop.balance(ann.id).await, 55);
    }
}

async fn led_024_what_was_paid_with_points_comes_back_once(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 1_000).await;
    let done = shop.buy(ann.id, &[("bread", 600)]).await.done.id;
    shop.spend(done, Some(600)).await.expect("a spend");
    let input = purchases::RefundInput { source: shop.source, identity: Some("RET-1".into()), lines: vec![], at: None, note: None };
    let first = purchases::refund(&shop.app, &shop.ctx, done, input.clone()).await.expect("returned");
    assert_eq!((first.body.given_back, first.body.paid_back, first.is_replayed), (600, 0, false));
    let again = purchases::refund(&shop.app, &shop.ctx, done, input).await.expect("the same answer");
    assert_eq!((again.id, again.body.given_back, again.is_replayed), (first.id, 600, true));
    assert_eq!(shop.balance(ann.id).await, 1_000);
}

/// Every order of the parts of a basket, bought, paid in part and returned: the end is always the beginning.
async fn led_025_partial_returns_in_any_split_and_order_sum_to_the_full_return(shop: &Shop) {
    shop.offer("name = \"Rate\"\nstacks = true\n[award]\npercent = \"7.77%\"").await;
    shop.offer("name = \"Flat\"\nstacks = true\n[award]\namount = 1").await;
    shop.offer("name = \"Items\"\nstacks = true\n[award]\npercent = \"3.33%\"\nscope = \"item\"").await;
    shop.offer("name = \"Points\"\nstacks = true\n[award]\neach = 1\nper = 3\nunit = \"points\"\nunit_cost = 0.017").await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 5_000).await;
    let parts: [&[(u32, i64)]; 4] = [&[(0, 333)], &[(1, 501), (0, 1)], &[(0, 667)], &[(1, 500)]];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let done = shop.buy(ann.id, &[("bread", 1_001), ("wine", 1_001)]).await;
        let all = (awarded(&done), done.done.standing.awarded(meed_core::money::Unit::POINTS));
        assert_eq!(all, (156 + 100 + 33 + 33, 6));
        shop.spend(done.done.id, Some(777)).await.expect("a spend");
        let (mut given_back, mut paid_back, mut goods) = (0, 0, 0);
        for part in order {
            let back = shop.refund(done.done.id, parts[part]).await.expect("returned");
            given_back += back.body.given_back;
            paid_back += back.body.paid_back;
            goods += parts[part].iter().map(|(_, amount)| amount).sum::<i64>();
        }
        assert_eq!((goods, given_back, paid_back), (2_002, 777, 2_002 - 777));
        assert_eq!((shop.balance(ann.id).await, shop.points(ann.id).await.balance), (5_000, 0));
        let now = purchases::show(&shop.app, &shop.ctx, done.done.id).await.expect("a purchase");
        assert_eq!((awarded(&now), now.done.standing.spent()), (0, 0));
    }
}

async fn led_026_an_award_that_was_spent_is_owed_and_netted(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    let first = shop.buy(ann.id, &[("bread", 5_000)]).await.done.id;
    let second = shop.buy(ann.id, &[("wine", 400)]).await.done.id;
    shop.spend(second, Some(400)).await.expect("a spend");
    assert_eq!(shop.balance(ann.id).await, 500 + 40 - 400);
    let back = shop.cancel(first).await.expect("cancelled");
    let steps = back.body.taken_back[0].steps;
    assert_eq!((steps.from_lots, steps.from_others, steps.owed), (100, 40, 360), "each step is told");
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.owed), (0, 360), "never less than zero");
    shop.buy(ann.id, &[("bread", 3_000)]).await;
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.owed), (0, 60), "netted from the next earnings");
    shop.buy(ann.id, &[("bread", 1_000)]).await;
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.owed), (40, 0));
}

async fn an_instant_discount_is_undone_with_its_line(shop: &Shop) {
    shop.offer("name = \"Off\"\n[award]\npercent = \"33.33%\"\n[spend]\nmethod = \"instant\"").await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 1_000), ("milk", 1_000)]).await;
    assert_eq!((done.done.standing.spent_by(SpendMethod::Instant), shop.balance(ann.id).await), (667, 0));
    let mut paid_back = 0;
    for part in [[(0, 333)], [(1, 1_000)], [(0, 667)]] {
        let back = shop.refund(done.done.id, &part).await.expect("returned");
        paid_back += back.body.paid_back;
        assert!(back.body.taken_back.iter().all(|taken| taken.steps.owed == 0), "a discount is nobody's debt");
        assert_eq!(shop.balance(ann.id).await, 0);
    }
    assert_eq!(paid_back, 2_000 - 667);
}

async fn returns_never_exceed_the_sale(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 1_000)]).await.done.id;
    shop.refund(done, &[(0, 600)]).await.expect("returned");
    for (lines, refusal) in [
        (vec![(0, 401)], "return_exceeds_purchase"),
        (vec![(1, 1)], "line_unknown"),
        (vec![(0, -1)], "amount_not_positive"),
        (vec![(0, 0)], "amount_not_positive"),
        (vec![(0, 300), (0, 101)], "return_exceeds_purchase"),
    ] {
        assert_eq!(shop.refund(done, &lines).await.expect_err("refused"), refusal, "{lines:?}");
    }
    shop.refund(done, &[(0, 300), (0, 100)]).await.expect("returned");
    assert_eq!(shop.refund(done, &[]).await.expect_err("refused"), "return_exceeds_purchase");
}

async fn pos_051_an_ad_hoc_return_debits_the_wallet_and_cancels_nothing(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 5_000)]).await.done.id;
    let goods = shop.basket(&[("bread", 2_000)]).await;
    let back = purchases::ad_hoc_return(&shop.app, &shop.ctx, shop.input(ann.id, goods), None, 0).await.expect("returned");
    assert_eq!((back.body.paid_back, shop.balance(ann.id).await), (2_000, 300), "what the goods would earn is debited");
    let still = purchases::show(&shop.app, &shop.ctx, done).await.expect("a purchase");
    assert_eq!((still.done.standing.state, awarded(&still)), (PurchaseState::Posted, 500));
}

async fn pos_062_a_purchase_is_settled_once(shop: &Shop) {
    shop.offer(TEN).await;
    let document = meed_app::loyalty::MerchantDocument {
        name: "Ours".into(),
        groups: vec!["north".into()],
        contribution: "40".into(),
        ..Default::default()
    };
    shop.merchant(document).await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 1_230)]).await.done.id;
    let (id, body, repeat) = purchases::settle(&shop.app, &shop.ctx, done).await.expect("settled");
    assert_eq!((body.awarded, body.contribution, repeat), (123, 49, false));
    let (again, body, repeat) = purchases::settle(&shop.app, &shop.ctx, done).await.expect("settled");
    assert_eq!((again, body.contribution, repeat), (id, 49, true));
}

async fn an_award_that_expired_unspent_is_nobodys_debt(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"3 days\"").await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 1_000)]).await.done.id;
    shop.pass_days(10);
    let input = AdjustInput {
        who: Who::Id(ann.id),
        unit: eur(),
        amount: 70,
        is_top_up: false,
        expires: None,
        reason: "sorry".into(),
        source: shop.source,
        identity: None,
    };
    meed_app::loyalty::wallets::adjust(&shop.app, &shop.ctx, input).await.expect("adjusted");
    let back = shop.cancel(done).await.expect("cancelled");
    let steps = back.body.taken_back[0].steps;
    assert_eq!((steps.from_expired, steps.from_others, steps.owed), (100, 0, 0));
    assert_eq!(shop.balance(ann.id).await, 70);
}
