//! What is spent: on request, instantly, automatically, by hold, and on which lots.

use std::sync::Arc;

use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::spends::{self, SpendInput};
use meed_app::loyalty::wallets::sweep;
use meed_app::loyalty::{MerchantDocument, TillSettingsDocument, Who, purchases};
use meed_core::loyalty::{AutoSpend, Participant, SpendAsk, SpendMethod};

use crate::shop::{Shop, awarded, code, eur};

on_every_engine!(
    pos_030_pos_043_total_spend_is_the_sum_of_its_kinds,
    pos_031_each_gate_alone_stops_automatic_spending,
    pos_035_pos_036_pos_037_a_spend_is_capped_by_what_there_is,
    pos_038_pos_041_a_spend_needs_a_posted_purchase,
    pos_039_limits_of_a_spend,
    pos_040_led_019_conditions_bind_a_lot_to_lines,
    pos_042_a_spend_that_fails_leaves_no_purchase,
    led_011_six_holds_of_which_five_fit,
    led_013_the_tail_of_a_hold_returns_to_its_lots,
    led_014_a_hold_is_resolved_once,
    led_015_pos_050_expiry_takes_the_unspent_part_once,
    led_017_held_points_do_not_expire_until_they_are_released,
    led_022_points_on_what_was_paid,
    led_022_a_basket_does_not_pay_for_itself,
    points_pay_at_their_value,
    a_spend_of_tomorrow_and_a_reference_without_end_are_refused,
);

const TEN: &str = "name = \"Ten\"\n[award]\npercent = \"10%\"";

async fn pos_030_pos_043_total_spend_is_the_sum_of_its_kinds(shop: &Shop) {
    shop.offer(
        "name = \"Instant\"\nstacks = true\ncondition = 'line.family == \"dairy\"'\n[award]\namount = 1\n[spend]\nmethod = \"instant\"",
    )
    .await;
    let auto_spend = AutoSpend { is_enabled: true, maximum_spend: Some(300), ..AutoSpend::default() };
    let ann = shop.person(Participant { name: "Ann".into(), auto_spend, ..Participant::default() }).await;
    shop.top_up(ann.id, 2_000).await;
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 800), ("milk", 700)]).await);
    input.spend = Some(SpendAsk { amount: Some(250), ..SpendAsk::default() });
    let done = shop.create(input).await.expect("a purchase");
    let standing = &done.done.standing;
    let by = [SpendMethod::Instant, SpendMethod::Automatic, SpendMethod::OnRequest].map(|method| standing.spent_by(method));
    assert_eq!((by, standing.spent()), ([100, 300, 250], 650));
    assert_eq!(done.done.body.balance, 2_000 - 550);
    let again = purchases::show(&shop.app, &shop.ctx, done.done.id).await.expect("a purchase");
    assert_eq!(again.done.standing.spent(), 650);
}

async fn pos_031_each_gate_alone_stops_automatic_spending(shop: &Shop) {
    let merchant = MerchantDocument { name: "Ours".into(), units: vec![shop.unit.0], ..MerchantDocument::default() };
    let id = shop.merchant(merchant.clone()).await;
    let open = AutoSpend {
        is_enabled: true,
        minimum_balance: 100,
        minimum_spend: 100,
        maximum_spend: Some(400),
        merchants: vec![id],
        updated_us: 0,
    };
    let spent = async |name: &str, auto_spend: AutoSpend, is_blocked: bool| {
        let person = shop.person(Participant { name: name.into(), auto_spend, is_blocked, ..Participant::default() }).await;
        shop.top_up(person.id, 1_000).await;
        shop.buy(person.id, &[("bread", 500)]).await.done.standing.spent_by(SpendMethod::Automatic)
    };
    assert_eq!(spent("all open", open.clone(), false).await, 400, "capped by the maximum");
    assert_eq!(spent("1", AutoSpend { is_enabled: false, ..open.clone() }, false).await, 0);
    assert_eq!(spent("3", AutoSpend { merchants: vec![meed_core::id::Id(5)], ..open.clone() }, false).await, 0);
    assert_eq!(spent("3, none named", AutoSpend { merchants: vec![], ..open.clone() }, false).await, 400);
    assert_eq!(spent("4", open.clone(), true).await, 0);
    assert_eq!(spent("5", AutoSpend { minimum_balance: 1_001, ..open.clone() }, false).await, 0);
    assert_eq!(spent("6", AutoSpend { minimum_spend: 501, ..open.clone() }, false).await, 0);
    let closed = MerchantDocument { allows_automatic: false, ..merchant };
    meed_app::loyalty::records::put(&shop.app, &shop.ctx, Some(id), &closed).await.expect("a merchant");
    assert_eq!(spent("2", open, false).await, 0);
}

async fn pos_035_pos_036_pos_037_a_spend_is_capped_by_what_there_is(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 500).await;
    let small = shop.buy(ann.id, &[("bread", 300)]).await;
    // Left out: the purchase total is asked.
    let spend = shop.spend(small.done.id, None).await.expect("a spend");
    assert_eq!((spend.body.asked, spend.body.spent), (300, 300));
    assert_eq!(shop.spend(small.done.id, Some(100)).await.expect("a spend").body.spent, 0, "it is paid");
    let large = shop.buy(ann.id, &[("wine", 9_000)]).await;
    let spend = shop.spend(large.done.id, Some(800)).await.expect("a spend");
    assert_eq!((spend.body.asked, spend.body.spent, spend.body.balance), (800, 200, 0), "less than asked, no error");
}

async fn pos_038_pos_041_a_spend_needs_a_posted_purchase(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 500).await;
    let done = shop.buy(ann.id, &[("bread", 300)]).await;
    let spend = shop.spend(done.done.id, Some(100)).await.expect("a spend");
    assert_eq!(shop.spend(spend.id, Some(100)).await.expect_err("refused"), "invalid_event_type");
    shop.cancel(done.done.id).await.expect("cancelled");
    assert_eq!(shop.spend(done.done.id, Some(100)).await.expect_err("refused"), "invalid_life_cycle_state");
    assert_eq!(shop.balance(ann.id).await, 500);
}

async fn pos_039_limits_of_a_spend(shop: &Shop) {
    shop.settings(TillSettingsDocument { minimum_spend: 100, maximum_spend: Some(400), ..TillSettingsDocument::default() }).await;
    let ann = shop.customer("Ann").await;
    let blocked = shop.person(Participant { name: "Bob".into(), is_blocked: true, ..Participant::default() }).await;
    shop.top_up(ann.id, 1_000).await;
    let done = shop.buy(ann.id, &[("bread", 900)]).await.done.id;
    assert_eq!(shop.spend(done, Some(99)).await.expect_err("refused"), "spend_amount_out_of_range");
    assert_eq!(shop.spend(done, Some(401)).await.expect_err("refused"), "spend_amount_out_of_range");
    assert_eq!(shop.spend(done, Some(-5)).await.expect_err("refused"), "spend_amount_out_of_range");
    assert_eq!(shop.spend(done, Some(400)).await.expect("a spend").body.spent, 400);
    let other = shop.buy(blocked.id, &[("bread", 900)]).await.done.id;
    assert_eq!(shop.spend(other, Some(100)).await.expect_err("refused"), "spend_blocked");
}

async fn pos_040_led_019_conditions_bind_a_lot_to_lines(shop: &Shop) {
    // A sooner expiry, but for drinks only; then one for anything.
    shop.offer(
        "name = \"Drinks\"\nstacks = true\n[award]\namount = 3\n[spend]\nexpires = \"5 days\"\ncondition = 'line.family == \"drinks\"'",
    )
    .await;
    shop.offer("name = \"Any\"\nstacks = true\n[award]\namount = 2\n[spend]\nexpires = \"50 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.conditional), (500, 300));
    let next = shop.basket(&[("bread", 1_000)]).await;
    let preview = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, next)).await.expect("a preview");
    // An award that does not match is never counted.
    assert_eq!(preview.done.additional, 200);
    let both = shop.basket(&[("bread", 1_000), ("wine", 100)]).await;
    let both = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, both)).await.expect("a preview");
    assert_eq!(both.done.additional, 300, "1.00 of the bound lot for the wine, 2.00 of the other");
    let bread = shop.buy(ann.id, &[("bread", 1_000)]).await;
    assert_eq!(shop.spend(bread.done.id, None).await.expect("a spend").body.spent, 200);
}

async fn pos_042_a_spend_that_fails_leaves_no_purchase(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await);
    input.spend = Some(SpendAsk { amount: Some(500), all_or_nothing: true, ..SpendAsk::default() });
    input.identity = Some("T-1".into());
    assert_eq!(shop.create(input.clone()).await.expect_err("refused"), "insufficient_available");
    let list = purchases::list(&shop.app, &shop.ctx, purchases::PurchaseFilter { limit: 10, ..Default::default() }).await.expect("a list");
    assert!(list.is_empty(), "no purchase and no award");
    shop.top_up(ann.id, 500).await;
    assert_eq!(shop.create(input).await.expect("the reference is still free").done.standing.spent(), 500);
}

fn hold_of(shop: &Shop, who: meed_core::id::Id, amount: i64) -> HoldInput {
    HoldInput { who: Who::Id(who), unit: eur(), amount, minutes: None, source: shop.source, identity: None }
}

async fn led_011_six_holds_of_which_five_fit(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 5_000).await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (app, ctx, input) = (Arc::clone(&shop.app), shop.ctx.clone(), hold_of(shop, ann.id, 1_000));
            tokio::spawn(async move { holds::hold(&app, &ctx, input).await })
        })
        .collect();
    let mut held = 0;
    for task in tasks {
        match task.await.expect("a task") {
            Ok(_) => held += 1,
            Err(error) => assert_eq!(code(&error), "insufficient_available"),
        }
    }
    assert_eq!(held, 5);
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.held), (0, 5_000));
}

async fn led_013_the_tail_of_a_hold_returns_to_its_lots(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"10 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bread", 600)]).await;
    shop.top_up(ann.id, 100).await;
    let hold = holds::hold(&shop.app, &shop.ctx, hold_of(shop, ann.id, 100)).await.expect("a hold");
    let before = shop.wallet(ann.id).await;
    let done = holds::capture(&shop.app, &shop.ctx, hold.id, Some(70), None).await.expect("captured");
    assert_eq!(done.body.parts.iter().map(|part| part.amount).collect::<Vec<_>>(), vec![60, 10], "the sooner expiry from the front");
    let after = shop.wallet(ann.id).await;
    assert_eq!((before.balance, after.balance, after.held), (60, 90, 0));
    assert_eq!(after.lots.iter().map(|lot| (lot.remaining, lot.expires_us.is_some())).collect::<Vec<_>>(), vec![(90, false)]);
}

async fn led_014_a_hold_is_resolved_once(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 1_000).await;
    let hold = async |amount| holds::hold(&shop.app, &shop.ctx, hold_of(shop, ann.id, amount)).await.expect("a hold").id;
    let capture = async |id, amount| holds::capture(&shop.app, &shop.ctx, id, Some(amount), None).await.map_err(|error| code(&error));
    let release = async |id| holds::release(&shop.app, &shop.ctx, id, None).await.map_err(|error| code(&error));
    let first = hold(100).await;
    assert_eq!(capture(first, 101).await.expect_err("refused"), "hold_amount_exceeded");
    capture(first, 100).await.expect("captured");
    assert_eq!(capture(first, 1).await.expect_err("refused"), "hold_already_posted");
    assert_eq!(release(first).await.expect_err("refused"), "hold_already_posted");
    let second = hold(100).await;
    release(second).await.expect("released");
    assert_eq!(capture(second, 1).await.expect_err("refused"), "hold_already_voided");
    let third = hold(100).await;
    shop.pass_minutes(16);
    assert_eq!(capture(third, 1).await.expect_err("refused"), "hold_expired");
    assert_eq!(capture(ann.id, 1).await.expect_err("refused"), "hold_not_found");
    sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    hold(900).await;
}

async fn led_015_pos_050_expiry_takes_the_unspent_part_once(shop: &Shop) {
    shop.offer("name = \"Short\"\nstacks = true\n[award]\namount = 100\n[spend]\nexpires = \"10 days\"").await;
    shop.offer("name = \"Long\"\nstacks = true\n[award]\namount = 100\n[spend]\nexpires = \"20 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    shop.pass_days(5);
    let ctx = shop.ctx.clone();
    holds::hold(&shop.app, &ctx, hold_of(shop, ann.id, 10_000)).await.map(|hold| hold.id).expect("a hold");
    let hold = holds::hold(&shop.app, &ctx, hold_of(shop, ann.id, 1)).await.expect("a hold");
    holds::release(&shop.app, &ctx, hold.id, None).await.expect("released");
    // The first hold reserves the lot that expires on day 10; capture it whole.
    let events = meed_app::loyalty::wallets::journal(&shop.app, &ctx, ann.id, None, 10).await.expect("a journal");
    let first = events.iter().filter(|(event, _)| event.kind == meed_core::loyalty::EventKind::Hold).map(|(event, _)| event.id).min();
    holds::capture(&shop.app, &ctx, first.expect("a hold"), None, None).await.expect("captured");
    assert_eq!(shop.balance(ann.id).await, 10_000);
    shop.pass_days(6);
    assert_eq!(shop.balance(ann.id).await, 10_000, "100 spent of the first lot; nothing of it is left to expire");
    sweep(&shop.app, &ctx, 100).await.expect("swept");
    assert_eq!(shop.balance(ann.id).await, 10_000);
    shop.pass_days(10);
    assert_eq!(shop.balance(ann.id).await, 0);
    assert_eq!(sweep(&shop.app, &ctx, 100).await.expect("swept"), 1);
    assert_eq!(sweep(&shop.app, &ctx, 100).await.expect("swept"), 0, "a second run changes nothing");
}

async fn led_017_held_points_do_not_expire_until_they_are_released(shop: &Shop) {
    shop.offer("name = \"Short\"\n[award]\namount = 10\n[spend]\nexpires = \"1 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let input = HoldInput { minutes: Some(10_000), ..hold_of(shop, ann.id, 600) };
    let hold = holds::hold(&shop.app, &shop.ctx, input).await.expect("a hold");
    shop.pass_days(3);
    sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    assert_eq!(shop.wallet(ann.id).await.balance, 0);
    let done = holds::capture(&shop.app, &shop.ctx, hold.id, Some(500), None).await.expect("what is held may be used");
    assert_eq!(done.body.amount, 500);
    let left = shop.app.store().read({
        let (workspace, who) = (shop.ctx.workspace, ann.id);
        move |r| r.open_lots(workspace, who)
    });
    assert_eq!(left.await.expect("lots").len(), 0, "the released rest was past due and expired in the same command");
}

async fn led_022_points_on_what_was_paid(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\nbasis = \"paid\"").await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 400).await;
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await);
    input.spend = Some(SpendAsk { amount: Some(400), ..SpendAsk::default() });
    let done = shop.create(input).await.expect("a purchase");
    assert_eq!(awarded(&done), 60, "10 % of the 6.00 that were paid");
    shop.top_up(ann.id, 140).await;
    // 60 cents were earned, so 2.00 can be spent.
    shop.spend(done.done.id, Some(200)).await.expect("a spend");
    let later = purchases::show(&shop.app, &shop.ctx, done.done.id).await.expect("a purchase");
    assert_eq!((later.done.standing.spent(), awarded(&later)), (540, 46), "the award of this purchase cannot pay for it");
}

async fn led_022_a_basket_does_not_pay_for_itself(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await);
    input.spend = Some(SpendAsk { amount: Some(100), ..SpendAsk::default() });
    let done = shop.create(input).await.expect("a purchase");
    assert_eq!((awarded(&done), done.done.standing.spent()), (100, 0));
}

async fn points_pay_at_their_value(shop: &Shop) {
    shop.settings(TillSettingsDocument { point_value: Some("0.01".into()), ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Points\"\n[award]\neach = 5\nper = 1\nunit = \"points\"\nunit_cost = 0.008").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bread", 10_050)]).await;
    assert_eq!(shop.points(ann.id).await.balance, 500, "5 for every full euro");
    let next = shop.buy(ann.id, &[("wine", 1_000)]).await;
    assert_eq!(shop.spend(next.done.id, Some(300)).await.expect("a spend").body.spent, 300);
    assert_eq!(shop.points(ann.id).await.balance, 200 + 50);
    shop.cancel(next.done.id).await.expect("cancelled");
    assert_eq!(shop.points(ann.id).await.balance, 500);
}

async fn a_spend_of_tomorrow_and_a_reference_without_end_are_refused(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 500).await;
    let made = shop.buy(ann.id, &[("bread", 800)]).await;
    let spend = async |at: Option<jiff::Timestamp>, identity: Option<String>| {
        let ask = SpendAsk { amount: Some(100), ..SpendAsk::default() };
        let input = SpendInput { who: None, purchase: made.done.id, ask, source: shop.source, identity, at, is_offline: false };
        spends::create(&shop.app, &shop.ctx, input).await.map(|done| done.body.spent).map_err(|error| code(&error))
    };
    let tomorrow = shop.now().checked_add(jiff::Span::new().hours(24)).expect("a time");
    assert_eq!(spend(Some(tomorrow), None).await, Err("date_in_future".into()));
    // Of text that does not shrink, as no index keeps.
    let endless: String = (0..4_000u32).map(|n| char::from_u32(0x4e00 + n * 7_919 % 20_000).expect("a character")).collect();
    assert_eq!(spend(None, Some(endless.clone())).await, Err("value_too_long".into()));
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 100)]).await);
    input.identity = Some(endless);
    assert_eq!(shop.create(input).await.map(|done| done.done.id), Err("value_too_long".into()));
    assert_eq!(shop.balance(ann.id).await, 500, "nothing happened");
    assert_eq!(spend(None, Some("S-1".into())).await, Ok(100));
}
