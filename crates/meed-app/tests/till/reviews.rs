//! What tills without a connection did: what is uncovered or late waits for a person, who decides once (`ledger.md` §7).

use meed_app::loyalty::purchases::PurchaseInput;
use meed_app::loyalty::reviews::{self, ReviewView};
use meed_app::loyalty::spends::{self, SpendInput};
use meed_core::id::Id;
use meed_core::ledger::{Account, Purpose};
use meed_core::loyalty::{ReviewDecision, SpendAsk, SpendDone};

use crate::shop::{Shop, code};

on_every_engine!(
    led_028_an_offline_spend_that_is_not_covered_goes_to_review,
    led_028_who_bears_what_is_uncovered_gets_it_back_with_the_goods,
    led_028_what_came_late_is_accepted_by_a_person,
);

async fn account(shop: &Shop, purpose: Purpose) -> i64 {
    let workspace = shop.ctx.workspace;
    let all = shop.app.store().read(move |r| r.accounts(workspace)).await.expect("accounts");
    all.iter().filter(|account| account.key.purpose == purpose).map(Account::posted).sum()
}

async fn open(shop: &Shop) -> Vec<ReviewView> {
    reviews::list(&shop.app, &shop.ctx, true, None, 100).await.expect("reviews")
}

async fn decide(shop: &Shop, id: Id, decision: ReviewDecision) -> Result<i64, String> {
    let done = reviews::decide(&shop.app, &shop.ctx, id, decision, "looked at", None).await;
    done.map(|(_, body, _)| body.amount).map_err(|error| code(&error))
}

/// A purchase of 10.00 and a spend on it that an offline till gave away.
async fn given_away(shop: &Shop, who: Id, amount: i64) -> (Id, SpendDone) {
    let purchase = shop.buy(who, &[("wine", 1_000)]).await.done.id;
    let ask = SpendAsk { amount: Some(amount), all_or_nothing: true, ..SpendAsk::default() };
    let input = SpendInput { who: None, purchase, ask, source: shop.source, identity: None, at: None, is_offline: true };
    (purchase, spends::create(&shop.app, &shop.ctx, input).await.expect("the goods are gone"))
}

async fn led_028_an_offline_spend_that_is_not_covered_goes_to_review(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 200).await;
    let (purchase, spend) = given_away(shop, ann.id, 500).await;
    assert_eq!((spend.body.asked, spend.body.spent, spend.body.uncovered), (500, 500, 300));
    assert_eq!((shop.balance(ann.id).await, account(shop, Purpose::Suspense).await.abs()), (0, 300));
    let waiting = open(shop).await;
    let seen: Vec<_> = waiting.iter().map(|view| (view.id, view.purchase.id, view.open, view.person.name.as_str())).collect();
    assert_eq!(seen, vec![(spend.id, purchase, 300, "Ann")]);
    // Sent again by its reference it is the same spend, and one review.
    let input = |reference: &str| SpendInput {
        who: None,
        purchase,
        ask: SpendAsk { amount: Some(100), ..SpendAsk::default() },
        source: shop.source,
        identity: Some(reference.to_owned()),
        at: None,
        is_offline: true,
    };
    let first = spends::create(&shop.app, &shop.ctx, input("S-1")).await.expect("a spend");
    let again = spends::create(&shop.app, &shop.ctx, input("S-1")).await.expect("the first answer");
    assert_eq!((again.id, again.is_replayed, open(shop).await.len()), (first.id, true, 2));
    // Never more than the goods cost.
    let more =
        spends::create(&shop.app, &shop.ctx, SpendInput { ask: SpendAsk { amount: Some(900), ..SpendAsk::default() }, ..input("S-2") });
    assert_eq!(more.await.expect("a spend").body.uncovered, 400);
    spends::cancel(&shop.app, &shop.ctx, first.id, None).await.expect("cancelled");
    assert_eq!(account(shop, Purpose::Suspense).await.abs(), 700);
    assert_eq!(open(shop).await.len(), 2, "what is undone needs nobody");
    assert_eq!(decide(shop, first.id, ReviewDecision::Recovered).await, Err("nothing_uncovered".into()));
    assert_eq!(decide(shop, spend.id, ReviewDecision::Accepted).await, Err("bearer_missing".into()));
    assert_eq!(decide(shop, purchase, ReviewDecision::Accepted).await, Err("entity_not_found".into()));
    let key = Some("K-1");
    let decided = reviews::decide(&shop.app, &shop.ctx, spend.id, ReviewDecision::Recovered, "twice", key).await.expect("decided");
    assert_eq!((decided.1.amount, decided.2), (300, false));
    let repeated = reviews::decide(&shop.app, &shop.ctx, spend.id, ReviewDecision::Recovered, "twice", key).await.expect("again");
    assert_eq!((repeated.0, repeated.2), (decided.0, true), "the first answer");
    assert_eq!(decide(shop, spend.id, ReviewDecision::WrittenOff).await, Err("already_decided".into()));
    assert_eq!(shop.wallet(ann.id).await.owed, 300, "netted from the next earnings");
    shop.top_up(ann.id, 1_000).await;
    assert_eq!((shop.balance(ann.id).await, shop.wallet(ann.id).await.owed), (700, 0));
}

async fn led_028_who_bears_what_is_uncovered_gets_it_back_with_the_goods(shop: &Shop) {
    for (decision, owed, expense, redeemed) in
        [(ReviewDecision::WrittenOff, 0, 500, 500), (ReviewDecision::Recovered, 500, 0, 500), (ReviewDecision::StoreBears, 0, 0, 0)]
    {
        let ann = shop.customer(decision.name()).await;
        let before = (account(shop, Purpose::Expense).await, account(shop, Purpose::Redeemed).await);
        let (purchase, spend) = given_away(shop, ann.id, 500).await;
        assert_eq!(decide(shop, spend.id, decision).await, Ok(500));
        let moved = (account(shop, Purpose::Expense).await - before.0, account(shop, Purpose::Redeemed).await - before.1);
        assert_eq!((shop.wallet(ann.id).await.owed, moved), (owed, (expense, redeemed)), "{decision}");
        assert_eq!(account(shop, Purpose::Suspense).await, 0, "{decision}");
        // Half of the goods come back, then the rest.
        let back = shop.refund(purchase, &[(0, 500)]).await.expect("a refund");
        assert_eq!((back.body.paid_back, back.body.given_back), (250, 0), "{decision}");
        assert_eq!(shop.wallet(ann.id).await.owed, owed / 2, "{decision}");
        shop.cancel(purchase).await.expect("cancelled");
        let moved = (account(shop, Purpose::Expense).await - before.0, account(shop, Purpose::Redeemed).await - before.1);
        assert_eq!((shop.wallet(ann.id).await.owed, moved, account(shop, Purpose::Suspense).await), (0, (0, 0), 0), "{decision}");
        assert_eq!(shop.balance(ann.id).await, 0, "{decision}");
    }
    // Who has paid what they owed already gets it into the wallet.
    let bob = shop.customer("Bob").await;
    let (purchase, spend) = given_away(shop, bob.id, 500).await;
    assert_eq!(decide(shop, spend.id, ReviewDecision::Recovered).await, Ok(500));
    shop.top_up(bob.id, 800).await;
    assert_eq!((shop.balance(bob.id).await, shop.wallet(bob.id).await.owed), (300, 0));
    let back = shop.cancel(purchase).await.expect("cancelled");
    assert_eq!((back.body.given_back, shop.balance(bob.id).await), (500, 800));
    let entries = meed_app::loyalty::journal::page(&shop.app, &shop.ctx, bob.id, None, 100).await.expect("a journal");
    assert_eq!(entries.iter().map(|entry| entry.credit - entry.debit).sum::<i64>(), 800, "the journal tells it all");
}

async fn led_028_what_came_late_is_accepted_by_a_person(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    let basket = shop.basket(&[("wine", 1_000)]).await;
    let late = PurchaseInput { is_offline: true, ..shop.input(ann.id, basket) };
    let in_time = shop.input(ann.id, shop.basket(&[("bread", 300)]).await);
    shop.pass_days(4);
    let in_time =
        PurchaseInput { is_offline: true, basket: meed_core::loyalty::Basket { at: shop.now(), ..in_time.basket.clone() }, ..in_time };
    let done = shop.create(late).await.expect("always honoured").done;
    shop.create(in_time).await.expect("a purchase");
    let waiting = open(shop).await;
    assert_eq!(waiting.iter().map(|view| (view.id, view.review.is_late, view.open)).collect::<Vec<_>>(), vec![(done.id, true, 0)]);
    assert_eq!(decide(shop, done.id, ReviewDecision::WrittenOff).await, Err("nothing_uncovered".into()));
    assert_eq!(decide(shop, done.id, ReviewDecision::Accepted).await, Ok(0));
    assert!(open(shop).await.is_empty());
    let all = reviews::list(&shop.app, &shop.ctx, false, None, 100).await.expect("reviews");
    assert_eq!(all[0].review.decided.as_ref().map(|decided| decided.note.as_str()), Some("looked at"));
}
