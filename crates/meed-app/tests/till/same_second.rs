//! What happens within one second, of which tills tell the beginning alone.

use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::spends::SpendInput;
use meed_app::loyalty::wallets::{self, AdjustInput};
use meed_app::loyalty::{Who, journal, purchases, records};
use meed_core::loyalty::{Membership, Participant, SpendAsk};

use crate::shop::{NOON, Shop, awarded, eur};

on_every_engine!(
    pos_057_purchases_of_one_second_count_as_they_come,
    pos_058_offline_purchases_of_one_second_end_alike_in_any_order,
    pos_057_online_purchases_of_one_second_count_before_offline_ones,
    pos_018_an_offline_purchase_is_previewed_at_its_place,
    pos_060_a_change_holds_for_purchases_of_the_same_second,
    pos_045_led_003_a_repeated_cancel_has_its_first_answer,
    pos_049_pos_050_the_journal_tells_what_expired,
    pos_049_no_row_of_the_journal_changes_when_more_expires,
    pos_049_no_row_of_the_journal_comes_before_one_that_was_read,
    led_017_what_is_held_shows_after_its_lot_expired,
);

async fn pos_057_purchases_of_one_second_count_as_they_come(shop: &Shop) {
    shop.offer("name = \"Third\"\nclass = \"number\"\nat_least = 3\n[award]\namount = 5").await;
    shop.offer("name = \"Once\"\nstacks = true\nrepeats = \"once\"\n[award]\namount = 1").await;
    let ann = shop.customer("Ann").await;
    let mut awards = Vec::new();
    for (reference, balance) in [("R-8", 100), ("R-9", 100), ("R-10", 600), ("A", 600)] {
        let mut basket = shop.basket(&[("bread", 1_000)]).await;
        basket.reference = reference.into();
        awards.push(awarded(&shop.create(shop.input(ann.id, basket)).await.expect("a purchase")));
        assert_eq!(shop.balance(ann.id).await, balance, "after {reference}");
    }
    assert_eq!(awards, vec![100, 0, 500, 0]);
}

async fn pos_058_offline_purchases_of_one_second_end_alike_in_any_order(shop: &Shop) {
    shop.offer("name = \"Once\"\nrepeats = \"once\"\n[award]\namount = 1").await;
    let mut ends = Vec::new();
    for (name, order) in [("Ann", ["R-1", "R-2", "R-3"]), ("Bob", ["R-3", "R-1", "R-2"])] {
        let person = shop.customer(name).await;
        for reference in order {
            let mut basket = shop.basket(&[("bread", 1_000)]).await;
            basket.reference = reference.into();
            let mut input = shop.input(person.id, basket);
            input.is_offline = true;
            shop.create(input).await.expect("a purchase");
        }
        let filter = purchases::PurchaseFilter { participant: Some(person.id), limit: 10, ..Default::default() };
        let list = purchases::list(&shop.app, &shop.ctx, filter).await.expect("a list");
        let mut awards: Vec<_> = list.iter().map(|view| (view.done.body.basket.reference.clone(), awarded(view))).collect();
        awards.sort_unstable();
        ends.push(awards);
    }
    assert_eq!(ends[0], vec![("R-1".to_owned(), 100), ("R-2".to_owned(), 0), ("R-3".to_owned(), 0)]);
    assert_eq!(ends[0], ends[1]);
}

/// In whatever order they come: what a till was answered while it was connected stands.
async fn pos_057_online_purchases_of_one_second_count_before_offline_ones(shop: &Shop) {
    shop.offer("name = \"Once\"\nrepeats = \"once\"\n[award]\namount = 1").await;
    for (name, order) in [("Ann", [("A", true), ("B", false), ("C", true)]), ("Bob", [("B", false), ("C", true), ("A", true)])] {
        let person = shop.customer(name).await;
        let mut ends = Vec::new();
        for (reference, is_offline) in order {
            let mut basket = shop.basket(&[("bread", 1_000)]).await;
            basket.reference = reference.into();
            let input = purchases::PurchaseInput { is_offline, ..shop.input(person.id, basket) };
            ends.push(shop.create(input).await.expect("a purchase").done.id);
            assert_eq!(shop.balance(person.id).await, 100, "once");
        }
        for (id, (reference, is_offline)) in ends.into_iter().zip(order) {
            let view = purchases::show(&shop.app, &shop.ctx, id).await.expect("a purchase");
            assert_eq!(awarded(&view), if is_offline { 0 } else { 100 }, "{reference} of {name}");
        }
    }
}

async fn pos_018_an_offline_purchase_is_previewed_at_its_place(shop: &Shop) {
    shop.offer("name = \"Once\"\nrepeats = \"once\"\n[award]\namount = 1").await;
    let ann = shop.customer("Ann").await;
    let sell = async |reference: &str, is_offline| {
        let mut basket = shop.basket(&[("bread", 1_000)]).await;
        basket.reference = reference.into();
        let input = purchases::PurchaseInput { is_offline, ..shop.input(ann.id, basket) };
        let preview = purchases::preview(&shop.app, &shop.ctx, input.clone()).await.expect("a preview");
        (awarded(&preview), awarded(&shop.create(input).await.expect("a purchase")))
    };
    assert_eq!(sell("R-9", true).await, (100, 100));
    assert_eq!(sell("R-10", true).await, (100, 100), "by its reference it is the first of the second");
    assert_eq!(sell("R-2", true).await, (0, 0));
    assert_eq!(sell("R-3", false).await, (100, 100), "what is sold on line is before them");
    assert_eq!(sell("R-1", false).await, (0, 0));
}

async fn pos_060_a_change_holds_for_purchases_of_the_same_second(shop: &Shop) {
    let noon: jiff::Timestamp = NOON.parse().expect("a time");
    let closed = meed_app::loyalty::SchemeDocument { name: "Closed".into(), code: "closed".into(), automatic: false, ..Default::default() };
    let closed = records::put(&shop.app, &shop.ctx, None, &closed).await.expect("a scheme");
    let text = "kind = \"reward\"\nscheme = \"closed\"\nname = \"Members\"\nstacks = true\n[award]\namount = 7";
    meed_app::loyalty::offers::apply(&shop.app, &shop.ctx, text, "").await.expect("an offer");
    shop.offer("name = \"Day\"\n[award]\namount = 1").await;
    shop.pass_millis(300);
    shop.offer("name = \"Day\"\n[award]\namount = 2").await;
    let member = |until_us| Membership { scheme: closed, since_us: 0, until_us, unit: None };
    let left = Participant { name: "Left".into(), schemes: vec![member(Some(shop.now().as_microsecond()))], ..Participant::default() };
    let left = shop.person(left).await;
    let stays = shop.person(Participant { name: "Stays".into(), schemes: vec![member(None)], ..Participant::default() }).await;
    shop.pass_millis(300);
    let bought = async |who, at| {
        let mut basket = shop.basket(&[("bread", 1_000)]).await;
        basket.at = at;
        awarded(&shop.create(shop.input(who, basket)).await.expect("a purchase"))
    };
    assert_eq!((bought(left.id, noon).await, bought(stays.id, noon).await), (200, 900), "the till tells the second");
    let before = noon + jiff::SignedDuration::from_millis(100);
    assert_eq!((bought(left.id, before).await, bought(stays.id, before).await), (800, 800), "what tells its time is judged by it");
}

async fn pos_045_led_003_a_repeated_cancel_has_its_first_answer(shop: &Shop) {
    shop.offer("name = \"Five\"\n[award]\npercent = \"5%\"").await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 1_000).await;
    let (one, two) = (shop.buy(ann.id, &[("bread", 2_000)]).await.done.id, shop.buy(ann.id, &[("wine", 1_000)]).await.done.id);
    let spend = shop.spend(two, Some(300)).await.expect("a spend");
    let (app, ctx) = (&shop.app, &shop.ctx);
    let cancel = async |id, key| purchases::cancel(app, ctx, id, None, key).await.map_err(|error| crate::shop::code(&error));
    let first = cancel(one, Some("K-1")).await.expect("cancelled");
    let again = cancel(one, Some("K-1")).await.expect("the first answer");
    assert_eq!((first.is_replayed, again.is_replayed, again.id, &again.body), (false, true, first.id, &first.body));
    assert!(again.purchase.is_some());
    assert_eq!(cancel(two, Some("K-1")).await.expect_err("refused"), "idempotency_key_reused");
    assert_eq!(cancel(one, Some("K-2")).await.expect_err("refused"), "invalid_life_cycle_state");
    let undo = async |key| meed_app::loyalty::spends::cancel(app, ctx, spend.id, key).await.expect("cancelled");
    let (first, again) = (undo(Some("K-3")).await, undo(Some("K-3")).await);
    assert_eq!((again.is_replayed, again.id, &again.body, again.purchase.is_some()), (true, first.id, &first.body, true));
    let hold = async || {
        let input = HoldInput { who: Who::Id(ann.id), unit: eur(), amount: 100, minutes: None, source: shop.source, identity: None };
        holds::hold(app, ctx, input).await.expect("a hold").id
    };
    let (used, freed) = (hold().await, hold().await);
    let capture = async |amount| holds::capture(app, ctx, used, Some(amount), Some("K-4")).await.map_err(|error| crate::shop::code(&error));
    let (first, again) = (capture(60).await.expect("captured"), capture(60).await.expect("the first answer"));
    assert_eq!((again.is_replayed, again.id, &again.body), (true, first.id, &first.body));
    assert_eq!(capture(61).await.expect_err("refused"), "idempotency_key_reused");
    let release = async || holds::release(app, ctx, freed, Some("K-5")).await.expect("released");
    let (first, again) = (release().await, release().await);
    assert_eq!((again.is_replayed, again.id, shop.balance(ann.id).await), (true, first.id, 1_000 + 50 - 60));
}

async fn led_017_what_is_held_shows_after_its_lot_expired(shop: &Shop) {
    shop.offer("name = \"Short\"\n[award]\namount = 5\n[spend]\nexpires = \"1 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bread", 1_000)]).await;
    let minutes = Some(5 * 1_440);
    let input = HoldInput { who: Who::Id(ann.id), unit: eur(), amount: 300, minutes, source: shop.source, identity: None };
    let hold = holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold");
    shop.pass_days(2);
    for is_swept in [false, true] {
        if is_swept {
            meed_app::loyalty::wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
        }
        let wallet = shop.wallet(ann.id).await;
        let lots: Vec<_> = wallet.lots.iter().map(|lot| (lot.remaining, lot.held)).collect();
        assert_eq!((wallet.balance, wallet.held, wallet.expiring.len(), lots), (0, 300, 0, vec![(300, 300)]), "swept: {is_swept}");
    }
    holds::release(&shop.app, &shop.ctx, hold.id, None).await.expect("released");
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.held, wallet.lots.len()), (0, 0, 0));
}

/// Not of one second: of what nobody does.
async fn pos_049_pos_050_the_journal_tells_what_expired(shop: &Shop) {
    shop.offer("name = \"Short\"\n[award]\namount = 5\n[spend]\nexpires = \"1 days\"").await;
    let ann = shop.customer("Ann").await;
    let bought = shop.buy(ann.id, &[("bread", 1_000)]).await.done.id;
    shop.pass_minutes(5);
    let other = shop.buy(ann.id, &[("wine", 2_000)]).await.done.id;
    shop.spend(other, Some(200)).await.expect("a spend");
    let page = async |before, limit| journal::page(&shop.app, &shop.ctx, ann.id, before, limit).await.expect("a journal");
    let sum = |entries: &[journal::Entry]| entries.iter().map(|entry| entry.credit - entry.debit).sum::<i64>();
    assert_eq!((page(None, 10).await.len(), sum(&page(None, 10).await)), (3, 800));
    shop.pass_days(2);
    for is_swept in [false, true] {
        if is_swept {
            meed_app::loyalty::wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
        }
        let all = page(None, 10).await;
        assert_eq!((sum(&all), shop.balance(ann.id).await), (0, 0), "swept: {is_swept}");
        let gone: Vec<_> = all.iter().filter(|entry| entry.kind == journal::What::Expiry).map(|entry| (entry.about, entry.debit)).collect();
        assert_eq!(gone.iter().map(|(_, debit)| debit).sum::<i64>(), 800, "swept: {is_swept}");
        assert!(gone.contains(&(Some(bought), 300)), "{gone:?}");
        assert_eq!(all[0].kind, journal::What::Expiry, "newest first");
        let (mut paged, mut before) = (Vec::new(), None);
        while let Some(entry) = page(before, 1).await.pop() {
            before = Some(entry.mark());
            paged.push(entry.id);
        }
        assert_eq!(paged, all.iter().map(|entry| entry.id).collect::<Vec<_>>(), "entry by entry");
    }
}

/// What a lot loses when it ends, when a hold on it runs out, when one is given up and when a sale is cancelled: rows of their own.
async fn pos_049_no_row_of_the_journal_changes_when_more_expires(shop: &Shop) {
    let ann = shop.customer("Ann").await.id;
    let expires = Some(shop.now() + jiff::SignedDuration::from_hours(24));
    let credit = AdjustInput {
        who: Who::Id(ann),
        unit: eur(),
        amount: 1_000,
        is_top_up: false,
        expires,
        reason: "hello".into(),
        source: shop.source,
        identity: None,
    };
    wallets::adjust(&shop.app, &shop.ctx, credit).await.expect("a credit");
    let hold = async |amount, days: i64| {
        let input = HoldInput { who: Who::Id(ann), unit: eur(), amount, minutes: Some(days * 1_440), source: shop.source, identity: None };
        holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold").id
    };
    let (_, given_up) = (hold(100, 2).await, hold(400, 6).await);
    let sold = shop.buy(ann, &[("bread", 5_000)]).await.done.id;
    shop.spend(sold, Some(200)).await.expect("a spend");
    let mut known: Vec<String> = Vec::new();
    let mut told = async |debits: &[i64], what: &str| {
        let entries = journal::page(&shop.app, &shop.ctx, ann, None, 100).await.expect("a journal");
        let wallet = shop.wallet(ann).await;
        let sum: i64 = entries.iter().map(|entry| entry.credit - entry.debit).sum();
        assert_eq!(sum, wallet.balance + wallet.held, "{what}");
        let all: Vec<String> = entries.iter().map(|entry| format!("{entry:?}")).collect();
        let missing: Vec<_> = known.iter().filter(|row| !all.contains(row)).collect();
        assert!(missing.is_empty(), "{what}: {missing:#?}\nof\n{all:#?}");
        known = all;
        let gone = entries.iter().rev().filter(|entry| entry.kind == journal::What::Expiry);
        assert_eq!(gone.map(|entry| entry.debit).collect::<Vec<_>>(), debits, "{what}");
        entries
    };
    told(&[], "before").await;
    shop.pass_minutes(36 * 60);
    let first = told(&[300], "the lot ended").await.remove(0);
    assert_eq!(Some(first.at_us), expires.map(jiff::Timestamp::as_microsecond));
    shop.pass_days(1);
    told(&[300, 100], "a hold ran out").await;
    let other = shop.buy(ann, &[("wine", 1_000)]).await.done.id;
    told(&[300, 100], "a purchase touched the customer").await;
    shop.pass_minutes(1);
    holds::release(&shop.app, &shop.ctx, given_up, None).await.expect("released");
    let newest = told(&[300, 100, 400], "a hold was given up").await.remove(0);
    assert_eq!(
        (newest.kind, newest.at_us, newest.recorded_us),
        (journal::What::Expiry, shop.now().as_microsecond(), shop.now().as_microsecond())
    );
    shop.pass_minutes(1);
    shop.cancel(sold).await.expect("cancelled");
    told(&[300, 100, 400, 200], "a purchase was cancelled").await;
    wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    told(&[300, 100, 400, 200], "swept").await;
    // A spend of an offline till is paid with what was alive when it sold.
    let ask = SpendAsk { amount: Some(50), ..SpendAsk::default() };
    let at = Some("2026-04-10T11:00:00Z".parse().expect("a time"));
    let input = SpendInput { who: None, purchase: other, ask, source: shop.source, identity: None, at, is_offline: true };
    let spend = meed_app::loyalty::spends::create(&shop.app, &shop.ctx, input).await.expect("a spend");
    assert_eq!((spend.body.spent, spend.body.uncovered), (50, 0));
    let back = told(&[300, 100, 400, 200], "an offline spend").await.into_iter().find(|entry| entry.kind == journal::What::ExpiryReversed);
    assert_eq!(back.map(|entry| (entry.credit, entry.debit)), Some((50, 0)));
    shop.cancel(other).await.expect("cancelled");
    let newest = told(&[300, 100, 400, 200, 50], "it was cancelled").await;
    // Extended, it comes back; ended again, it goes.
    let lot = shop.app.store().read({
        let workspace = shop.ctx.workspace;
        move |r| r.expiries(workspace, ann)
    });
    let lot = lot.await.expect("expiries")[0].1;
    shop.pass_minutes(1);
    let later = Some(shop.now() + jiff::SignedDuration::from_hours(24));
    wallets::extend(&shop.app, &shop.ctx, crate::shop::extension(ann, lot, later, "sorry")).await.expect("extended");
    let entries = told(&[300, 100, 400, 200, 50], "extended").await;
    assert_eq!((entries.len(), entries[0].credit, shop.balance(ann).await), (newest.len() + 1, 1_000, 1_000));
    shop.pass_days(2);
    for is_swept in [false, true] {
        if is_swept {
            wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
        }
        told(&[300, 100, 400, 200, 50, 1_000], "ended again").await;
    }
}

async fn pos_049_no_row_of_the_journal_comes_before_one_that_was_read(shop: &Shop) {
    let ann = shop.customer("Ann").await.id;
    let expires = Some(shop.now() + jiff::SignedDuration::from_hours(24));
    for amount in [300, 200] {
        let (unit, reason) = (eur(), format!("of {amount}"));
        let credit =
            AdjustInput { who: Who::Id(ann), unit, amount, is_top_up: false, expires, reason, source: shop.source, identity: None };
        wallets::adjust(&shop.app, &shop.ctx, credit).await.expect("a credit");
    }
    // One lot is spent whole, the other held whole, until long after they ended.
    let sold = shop.buy(ann, &[("bread", 300)]).await.done.id;
    shop.spend(sold, None).await.expect("a spend");
    let input = HoldInput { who: Who::Id(ann), unit: eur(), amount: 200, minutes: Some(6 * 1_440), source: shop.source, identity: None };
    let hold = holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold").id;
    let mut known: Vec<String> = Vec::new();
    let mut told = async |what: &str| {
        let entries = journal::page(&shop.app, &shop.ctx, ann, None, 100).await.expect("a journal");
        let all: Vec<String> = entries.iter().map(|entry| format!("{entry:?}")).collect();
        assert!(all.ends_with(&known), "{what}: the rows that were there are the oldest\n{all:#?}");
        known = all;
        entries.iter().filter(|entry| entry.kind == journal::What::Expiry).map(|entry| entry.debit).sum::<i64>()
    };
    told("spent and held").await;
    shop.pass_days(2);
    shop.buy(ann, &[("wine", 100)]).await;
    assert_eq!(told("nothing was left of the lots when they ended").await, 0);
    shop.pass_minutes(1);
    shop.refund(sold, &[(0, 100)]).await.expect("a return");
    assert_eq!(told("a third comes back").await, 100);
    shop.pass_minutes(1);
    shop.cancel(sold).await.expect("cancelled");
    assert_eq!(told("all of it").await, 300);
    shop.pass_minutes(1);
    holds::release(&shop.app, &shop.ctx, hold, None).await.expect("released");
    assert_eq!(told("what was held").await, 500);
    wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    assert_eq!((told("swept").await, shop.balance(ann).await), (500, 0));
    // Half of a lot is held, and what was free of it expires in the very command that gives the hold up.
    let (unit, reason, expires) = (eur(), "more".to_owned(), Some(shop.now() + jiff::SignedDuration::from_hours(24)));
    let credit =
        AdjustInput { who: Who::Id(ann), unit, amount: 100, is_top_up: false, expires, reason, source: shop.source, identity: None };
    wallets::adjust(&shop.app, &shop.ctx, credit).await.expect("a credit");
    let input = HoldInput { who: Who::Id(ann), unit: eur(), amount: 40, minutes: Some(6 * 1_440), source: shop.source, identity: None };
    let hold = holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold").id;
    shop.pass_days(2);
    assert_eq!(told("what was free of it").await, 560);
    holds::release(&shop.app, &shop.ctx, hold, None).await.expect("released");
    assert_eq!(told("what was held of it").await, 600);
    let newest = journal::page(&shop.app, &shop.ctx, ann, None, 100).await.expect("a journal").remove(0);
    let posted = shop.app.store().read({
        let workspace = shop.ctx.workspace;
        move |r| r.expiries(workspace, ann)
    });
    let (last, _) = posted.await.expect("expiries").into_iter().max_by_key(|(transfer, _)| transfer.id).expect("one");
    assert_eq!((newest.id, last.amount, last.business_time.as_microsecond()), (last.id, 40, last.recorded_us), "at the command");
    shop.must_verify().await;
}
