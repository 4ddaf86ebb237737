//! Previews that wait at the same time are decided on one load, and each as if it were alone.

use std::sync::Arc;

use meed_app::loyalty::activities::{self, ActivityInput};
use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::purchases::PurchaseInput;
use meed_app::loyalty::wallets::{AdjustInput, TransferInput, Usable};
use meed_app::loyalty::{PromoCodeDocument, TillSettingsDocument, Who, offers, participants, purchases, records, wallets};
use meed_core::id::Id;
use meed_core::loyalty::{ActivityKind, AutoSpend, Participant, SpendAsk, SpendMethod};
use meed_core::money::Unit;

use crate::shop::{Shop, awarded, code, eur};

on_every_engine!(
    a_number_that_changes_hands_means_its_new_holder,
    invariant_13_previews_at_the_same_time_do_not_see_one_another,
    invariant_13_what_a_neighbour_needs_of_a_wallet_is_not_taken_from_a_preview,
    points_of_half_a_cent_are_spent_without_being_asked,
    pos_019_a_preview_says_what_a_spend_will_take_however_the_wallet_is_made,
);

/// All that a preview says but ids, which are no part of it.
fn said(view: &purchases::PurchaseView) -> String {
    let gave: Vec<_> = view.done.standing.grants.iter().map(|grant| (grant.offer, grant.amount)).collect();
    let why: Vec<_> = view.done.verdicts.iter().map(|verdict| format!("{verdict:?}")).collect();
    format!("{gave:?} {:?} {} {why:?} {:?} {:?}", view.done.balances, view.done.additional, view.usable, view.person)
}

async fn reserve(shop: &Shop, who: Id, amount: i64) {
    let input = HoldInput { who: Who::Id(who), unit: eur(), amount, minutes: Some(5), source: shop.source, identity: None };
    holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold");
}

async fn invariant_13_previews_at_the_same_time_do_not_see_one_another(shop: &Shop) {
    let promo = PromoCodeDocument { code: "ONE".into(), uses_max: Some(1), ..PromoCodeDocument::default() };
    records::put(&shop.app, &shop.ctx, None, &promo).await.expect("a promo code");
    let text = "name = \"Coupon\"\nstacks = true\ncondition = 'sale.promo_code == \"ONE\"'\nuses_max = 1\n[award]\namount = 5";
    shop.offer(text).await;
    // The budget is enough for one of them.
    let ten = shop.offer("name = \"Ten\"\nstacks = true\nbudget = \"whole\"\n[award]\namount = 10").await;
    offers::set_budget(&shop.app, &shop.ctx, ten, eur(), 1_000).await.expect("a budget");
    shop.offer("name = \"Once\"\nstacks = true\nrepeats = \"once\"\n[award]\namount = 2").await;
    let (mut people, mut alone) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let person = shop.customer(&format!("P{number}")).await.id;
        shop.top_up(person, 300 + number).await;
        shop.top_up(person, 700).await;
        reserve(shop, person, 400).await;
        people.push(person);
    }
    // Of half of them the hold has run out, and nothing said so yet.
    shop.pass_minutes(4);
    reserve(shop, people[0], 100).await;
    reserve(shop, people[1], 100).await;
    shop.pass_minutes(2);
    let input = async |person| {
        let mut basket = shop.basket(&[("bread", 2_000)]).await;
        basket.promo_code = Some("ONE".into());
        shop.input(person, basket)
    };
    for person in &people {
        let view = purchases::preview(&shop.app, &shop.ctx, input(*person).await).await.expect("a preview");
        assert_eq!(awarded(&view), 1_700);
        assert_eq!(view.usable, usable(shop, *person).await, "as the wallet itself is shown");
        alone.push(said(&view));
    }
    let mut tasks = Vec::new();
    for turn in 0..120 {
        let place = turn % people.len();
        let (app, ctx, input) = (Arc::clone(&shop.app), shop.ctx.clone(), input(people[place]).await);
        tasks.push(tokio::spawn(async move { (place, purchases::preview(&app, &ctx, input).await) }));
    }
    for task in tasks {
        let (place, view) = task.await.expect("a task");
        assert_eq!(said(&view.expect("a preview")), alone[place]);
    }
    // Nothing of them stayed: the first purchase gets it all, and the next one what is left.
    let gave = |view: Result<purchases::PurchaseView, String>| view.map(|view| awarded(&view));
    let first = purchases::create(&shop.app, &shop.ctx, input(people[0]).await).await.map_err(|error| error.to_string());
    assert_eq!(gave(first), Ok(1_700));
    let mut second = input(people[1]).await;
    second.basket.promo_code = None;
    let second = purchases::preview(&shop.app, &shop.ctx, second).await.map_err(|error| error.to_string());
    assert_eq!(gave(second), Ok(200));
}

/// What the wallets themselves say.
async fn usable(shop: &Shop, who: Id) -> Usable {
    Usable { money: shop.balance(who).await, points: shop.points(who).await.balance }
}

/// Adds points that are parted as they come.
async fn add_points(shop: &Shop, who: Id, parts: &[i64]) {
    for amount in parts {
        let (unit, reason) = (Unit::POINTS, "hello".to_owned());
        let input = AdjustInput {
            who: Who::Id(who),
            unit,
            amount: *amount,
            is_top_up: false,
            expires: None,
            reason,
            source: shop.source,
            identity: None,
        };
        wallets::adjust(&shop.app, &shop.ctx, input).await.expect("points");
    }
}

async fn pos_019_a_preview_says_what_a_spend_will_take_however_the_wallet_is_made(shop: &Shop) {
    let coupon = |name: &str, rest: &str| {
        format!("name = \"{name}\"\nstacks = true\ncondition = 'sale.promo_code == \"{name}\"'\n[award]\namount = 3\n[spend]\n{rest}")
    };
    for (name, rest) in [
        ("PLAIN", ""),
        ("DRINKS", "condition = 'line.family == \"drinks\"'"),
        ("NEVER", "condition = '1 == 2'"),
        ("SHORT", "expires = \"2 days\""),
    ] {
        shop.offer(&coupon(name, rest)).await;
        let promo = PromoCodeDocument { code: name.into(), ..PromoCodeDocument::default() };
        records::put(&shop.app, &shop.ctx, None, &promo).await.expect("a promo code");
    }
    // Three points to the half cent: what they are worth depends on how they are parted, and with whole cents it does not.
    for (turn, value) in [None, Some("0.01"), Some("0.005")].into_iter().enumerate() {
        let point_value = value.map(str::to_owned);
        shop.settings(TillSettingsDocument { point_value, ..TillSettingsDocument::default() }).await;
        for codes in [&["PLAIN"][..], &["PLAIN", "DRINKS"], &["DRINKS"], &["NEVER", "PLAIN"], &["SHORT", "PLAIN"], &[]] {
            let who = shop.customer(&format!("{turn} {codes:?}")).await.id;
            for code in codes {
                let mut basket = shop.basket(&[("bag", 100)]).await;
                basket.promo_code = Some((*code).to_owned());
                shop.create(shop.input(who, basket)).await.expect("a purchase");
            }
            shop.top_up(who, 150).await;
            add_points(shop, who, &[3, 5, 7, 1]).await;
            reserve(shop, who, 20).await;
            // Half of it comes from somebody else's wallet, with what binds it.
            let friend = shop.customer(&format!("friend {turn} {codes:?}")).await.id;
            let input = TransferInput {
                from: Who::Id(who),
                to: Who::Id(friend),
                unit: eur(),
                amount: 100,
                reason: "shared".into(),
                source: shop.source,
                identity: None,
            };
            wallets::transfer(&shop.app, &shop.ctx, input).await.expect("transferred");
            // The short lot is over, and nothing said so yet; so is the hold.
            shop.pass_days(if codes.contains(&"SHORT") { 3 } else { 0 });
            let baskets = [&[("bread", 10_000)][..], &[("bread", 10), ("wine", 90)], &[("wine", 355)]];
            for (who, lines) in baskets.into_iter().flat_map(|lines| [(who, lines), (friend, lines)]) {
                let basket = shop.basket(lines).await;
                let seen = purchases::preview(&shop.app, &shop.ctx, shop.input(who, basket.clone())).await.expect("a preview");
                assert_eq!(seen.usable, usable(shop, who).await, "{value:?} {codes:?} {lines:?}");
                let made = shop.create(shop.input(who, basket)).await.expect("a purchase").done.id;
                let spent = shop.spend(made, None).await.map(|spend| spend.body.spent);
                assert_eq!(Ok(seen.done.additional), spent, "{value:?} {codes:?} {lines:?}");
                // What comes back opens the same lots again.
                shop.cancel(made).await.expect("cancelled");
            }
        }
    }
    shop.must_verify().await;
}

async fn invariant_13_what_a_neighbour_needs_of_a_wallet_is_not_taken_from_a_preview(shop: &Shop) {
    shop.offer("name = \"Friends\"\nclass = \"referral\"\n[award]\namount = 5").await;
    let (ann, bob, cid) = (shop.customer("Ann").await.id, shop.customer("Bob").await.id, shop.customer("Cid").await.id);
    let brings = |who: Id, identity: &str| ActivityInput {
        referred: Some(Who::Id(bob)),
        identity: Some(identity.to_owned()),
        ..crate::activities::done_by(shop, who, ActivityKind::Referral)
    };
    activities::record(&shop.app, &shop.ctx, brings(ann, "F-1")).await.expect("a referral");
    shop.top_up(ann, 1_500).await;
    let basket = shop.basket(&[("bread", 10_000)]).await;
    let mut tasks = Vec::new();
    for turn in 0..60 {
        let (app, ctx, input) = (Arc::clone(&shop.app), shop.ctx.clone(), shop.input(ann, basket.clone()));
        tasks.push(tokio::spawn(async move {
            purchases::preview(&app, &ctx, input).await.map(|view| view.done.additional).map_err(|e| code(&e))
        }));
        // That Bob was brought leads to what Ann got for it.
        let (app, ctx, input) = (Arc::clone(&shop.app), shop.ctx.clone(), brings(cid, &format!("C-{turn}")));
        tasks.push(tokio::spawn(async move { activities::preview(&app, &ctx, input).await.map(|_| 0).map_err(|e| code(&e)) }));
    }
    for (turn, task) in tasks.into_iter().enumerate() {
        let wanted = if turn % 2 == 0 { Ok(2_000) } else { Err("already_referred".to_owned()) };
        assert_eq!(task.await.expect("a task"), wanted);
    }
}

async fn points_of_half_a_cent_are_spent_without_being_asked(shop: &Shop) {
    shop.settings(TillSettingsDocument { point_value: Some("0.005".into()), ..TillSettingsDocument::default() }).await;
    let auto_spend = AutoSpend { is_enabled: true, ..AutoSpend::default() };
    let ann = shop.person(Participant { name: "Ann".into(), auto_spend, ..Participant::default() }).await.id;
    let basket = shop.basket(&[("bread", 1_000)]).await;
    let made = shop.create(shop.input(ann, basket)).await.expect("a purchase of who has nothing");
    assert_eq!(made.done.standing.spent(), 0);
    add_points(shop, ann, &[300]).await;
    // Else it is the same purchase, sent again.
    shop.pass_minutes(1);
    let basket = shop.basket(&[("bread", 1_000)]).await;
    let seen = purchases::preview(&shop.app, &shop.ctx, shop.input(ann, basket.clone())).await.expect("a preview");
    let made = shop.create(shop.input(ann, basket)).await.expect("a purchase");
    for done in [&seen.done, &made.done] {
        assert_eq!(done.standing.spent_by(SpendMethod::Automatic), 150);
    }
    assert_eq!(usable(shop, ann).await, Usable::default());
}

/// What is theirs whom a number meant the last time is asked for ahead; it is not taken for its new holder's.
async fn a_number_that_changes_hands_means_its_new_holder(shop: &Shop) {
    shop.offer("name = \"Ten\"\nstacks = true\n[award]\npercent = \"10%\"").await;
    let numbered = |name: &str, number: &str| Participant { name: name.into(), number: number.into(), ..Participant::default() };
    let (ann, bob) = (shop.person(numbered("Ann", "N1")).await.id, shop.person(numbered("Bob", "N2")).await.id);
    for (who, amount) in [(ann, 900), (bob, 40)] {
        let (unit, reason) = (eur(), "a start".to_owned());
        let credit =
            AdjustInput { who: Who::Id(who), unit, amount, is_top_up: false, expires: None, reason, source: shop.source, identity: None };
        wallets::adjust(&shop.app, &shop.ctx, credit).await.expect("a credit");
    }
    let by = async |name: Who, is_spending: bool| {
        let spend = is_spending.then(|| SpendAsk { amount: Some(30), ..SpendAsk::default() });
        PurchaseInput { who: name, spend, ..shop.input(ann, shop.basket(&[("bread", 1_000)]).await) }
    };
    let previewed = async |name: Who| {
        let view = purchases::preview(&shop.app, &shop.ctx, by(name, false).await).await.expect("a preview");
        (view.done.participant, view.usable.money)
    };
    let number = || Who::Number("N1".into());
    assert_eq!(previewed(number()).await, (ann, 900));
    assert_eq!(shop.create(by(number(), true).await).await.expect("a purchase").done.participant, ann);
    assert_eq!(shop.balance(ann).await, 970);
    for (who, name, to) in [(bob, "Bob", "N3"), (ann, "Ann", "N2"), (bob, "Bob", "N1")] {
        participants::update(&shop.app, &shop.ctx, who, numbered(name, to), Vec::new()).await.expect("another number");
    }
    assert_eq!(previewed(number()).await, (bob, 40));
    assert_eq!(previewed(Who::Number("N2".into())).await, (ann, 970));
    for name in [number(), Who::Code("card-Bob".into())] {
        assert_eq!(shop.create(by(name, true).await).await.expect("a purchase").done.participant, bob);
    }
    assert_eq!((shop.balance(ann).await, shop.balance(bob).await), (970, 40 + 2 * 70));
    participants::update(&shop.app, &shop.ctx, ann, numbered("Ann", "N4"), Vec::new()).await.expect("another number");
    let nobody = purchases::preview(&shop.app, &shop.ctx, by(Who::Number("N2".into()), false).await).await;
    assert_eq!(code(&nobody.expect_err("nobody has this number")), "entity_not_found");
    // Two names of one customer, one of them new.
    let (by_number, by_card) = (by(Who::Number("N4".into()), true).await, by(Who::Code("card-Ann".into()), true).await);
    let both = purchases::create_many(&shop.app, &shop.ctx, vec![by_number, by_card]).await.expect("both");
    assert!(both.iter().all(|view| view.as_ref().is_ok_and(|view| view.done.participant == ann)));
    assert_eq!(shop.balance(ann).await, 970 + 2 * 70);
    shop.must_verify().await;
}
