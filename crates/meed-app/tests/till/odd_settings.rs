//! Settings that few shops have: points worth less than a cent, budgets of fractions of a cent, units that no wallet holds.

use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::purchases::{self, PurchaseInput};
use meed_app::loyalty::wallets::{self, TransferInput};
use meed_app::loyalty::{TillSettingsDocument, Who, offers};
use meed_core::loyalty::{SpendAsk, SpendMethod};
use meed_core::money::Unit;

use crate::shop::{AdjustInput, Shop, awarded, code, eur};

on_every_engine!(
    led_017_a_unit_that_no_wallet_holds_is_refused,
    led_024_points_of_fractions_of_a_cent_pay_what_they_are_worth_together_and_come_back,
    led_029_a_budget_binds_on_awards_of_fractions_of_a_cent,
    led_029_a_budget_is_set_in_what_awards_draw,
    pos_018_an_offline_preview_asks_as_the_purchase_will,
);

async fn points(shop: &Shop, who: meed_core::id::Id, amount: i64) {
    let (unit, reason) = (Unit::POINTS, "hello".to_owned());
    let input =
        AdjustInput { who: Who::Id(who), unit, amount, is_top_up: false, expires: None, reason, source: shop.source, identity: None };
    wallets::adjust(&shop.app, &shop.ctx, input).await.expect("points");
}

async fn led_017_a_unit_that_no_wallet_holds_is_refused(shop: &Shop) {
    let (ann, bob) = (shop.customer("Ann").await.id, shop.customer("Bob").await.id);
    for unit in ["USD", "JPY"].map(|code| code.parse::<Unit>().expect("a currency")) {
        for amount in [500, -500] {
            let reason = "hello".to_owned();
            let input = AdjustInput {
                who: Who::Id(ann),
                unit,
                amount,
                is_top_up: false,
                expires: None,
                reason,
                source: shop.source,
                identity: None,
            };
            let refused = wallets::adjust(&shop.app, &shop.ctx, input).await.expect_err("refused");
            assert_eq!(code(&refused), "unit_mismatch");
        }
        let input = HoldInput { who: Who::Id(ann), unit, amount: 500, minutes: None, source: shop.source, identity: None };
        let refused = holds::hold(&shop.app, &shop.ctx, input).await.expect_err("refused");
        assert_eq!((code(&refused).as_str(), refused.to_string().contains("holds EUR and points")), ("unit_mismatch", true), "{refused}");
        let (from, to, reason) = (Who::Id(ann), Who::Id(bob), "shared".to_owned());
        let input = TransferInput { from, to, unit, amount: 500, reason, source: shop.source, identity: None };
        assert_eq!(code(&wallets::transfer(&shop.app, &shop.ctx, input).await.expect_err("refused")), "unit_mismatch");
    }
}

async fn led_024_points_of_fractions_of_a_cent_pay_what_they_are_worth_together_and_come_back(shop: &Shop) {
    // Value of a point, points as they came, what they pay in cents, and how many that takes.
    for (value, parts, pays, takes) in [
        ("0.001", &[4][..], 0, 0),
        ("0.001", &[3, 3, 3], 0, 0),
        ("0.001", &[3, 4, 5], 1, 10),
        ("0.003", &[1], 0, 0),
        ("0.003", &[1, 1, 1, 1], 1, 4),
        ("0.0025", &[2], 0, 0),
        ("0.005", &[3, 5, 7, 1], 8, 16),
        ("0.015", &[1], 1, 1),
        ("0.015", &[101], 151, 101),
        ("0.015", &[200], 300, 200),
        ("1.5", &[1, 1], 300, 2),
        ("100", &[1], 0, 0),
    ] {
        shop.settings(TillSettingsDocument { point_value: Some(value.into()), ..TillSettingsDocument::default() }).await;
        let who = shop.customer(&format!("{value} {parts:?}")).await.id;
        for part in parts {
            points(shop, who, *part).await;
        }
        let all: i64 = parts.iter().sum();
        let basket = shop.basket(&[("bread", 777), ("wine", 223)]).await;
        let seen = purchases::preview(&shop.app, &shop.ctx, shop.input(who, basket.clone())).await.expect("a preview");
        assert_eq!(seen.done.additional, pays, "{value} {parts:?}");
        let spend = Some(SpendAsk { amount: None, ..SpendAsk::default() });
        let made = shop.create(PurchaseInput { spend, ..shop.input(who, basket) }).await.expect("a purchase").done;
        assert_eq!(made.standing.spent_by(SpendMethod::OnRequest), pays, "{value} {parts:?}");
        assert_eq!(shop.points(who).await.balance, all - takes, "{value} {parts:?}: no more than pay");
        // In parts of any size, line by line: all of it is in the wallet again.
        for (line, amount) in [(1, 100), (0, 700), (1, 123), (0, 77)] {
            shop.refund(made.id, &[(line, amount)]).await.expect("a return");
        }
        assert_eq!(shop.points(who).await.balance, all, "{value} {parts:?}: with the goods all points come back");
    }
}

async fn led_029_a_budget_binds_on_awards_of_fractions_of_a_cent(shop: &Shop) {
    let offer = "name = \"Tiny\"\nstacks = true\nbudget = \"whole\"\n[award]\neach = 1\nper = 1\nunit = \"points\"\nunit_cost = 0.003";
    let offer = shop.offer(offer).await;
    let ann = shop.customer("Ann").await.id;
    let given = async || awarded_points(&shop.buy(ann, &[("bread", 100)]).await);
    assert_eq!(given().await, 0, "nothing is left of a budget that was never set");
    offers::set_budget(&shop.app, &shop.ctx, offer, eur(), 3).await.expect("a budget");
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(given().await);
    }
    assert_eq!(all, [1, 1, 1, 0, 0], "a begun cent is a cent");
    // What comes back frees what it drew.
    let last = shop.buy(ann, &[("bread", 100)]).await.done.id;
    offers::set_budget(&shop.app, &shop.ctx, offer, eur(), 1).await.expect("a budget");
    let made = shop.buy(ann, &[("bread", 100)]).await;
    assert_eq!(awarded_points(&made), 1);
    shop.cancel(made.done.id).await.expect("cancelled");
    assert_eq!(given().await, 1);
    shop.cancel(last).await.expect("cancelled");
    assert_eq!(given().await, 0);
}

fn awarded_points(view: &purchases::PurchaseView) -> i64 {
    view.done.standing.awarded(Unit::POINTS)
}

async fn led_029_a_budget_is_set_in_what_awards_draw(shop: &Shop) {
    let text = |name: &str, award: &str| format!("name = \"{name}\"\nstacks = true\nbudget = \"whole\"\n[award]\n{award}");
    let usd = "USD".parse::<Unit>().expect("a currency");
    for (name, award, fits) in [
        ("costly points", "each = 1\nper = 1\nunit = \"points\"\nunit_cost = 0.01", eur()),
        ("points", "each = 1\nper = 1\nunit = \"points\"", Unit::POINTS),
        ("money", "amount = 1", eur()),
    ] {
        let offer = shop.offer(&text(name, award)).await;
        for unit in [eur(), Unit::POINTS, usd] {
            let set = offers::set_budget(&shop.app, &shop.ctx, offer, unit, 100).await.map_err(|error| code(&error));
            assert_eq!(set, if unit == fits { Ok(0) } else { Err("unit_mismatch".to_owned()) }, "{name} in {unit}");
        }
    }
    let offer = shop.offer("name = \"Without\"\nstacks = true\n[award]\namount = 1").await;
    let refused = offers::set_budget(&shop.app, &shop.ctx, offer, eur(), 100).await.expect_err("it would do nothing");
    assert_eq!(code(&refused), "unit_mismatch");
}

async fn pos_018_an_offline_preview_asks_as_the_purchase_will(shop: &Shop) {
    shop.settings(TillSettingsDocument { maximum_spend: Some(500), ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\nbasis = \"paid\"").await;
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 1_000).await;
    let spend = Some(SpendAsk { amount: Some(2_000), ..SpendAsk::default() });
    let input = PurchaseInput { spend, is_offline: true, ..shop.input(ann, shop.basket(&[("bread", 10_000)]).await) };
    let seen = purchases::preview(&shop.app, &shop.ctx, input.clone()).await.expect("a preview");
    let made = shop.create(input).await.expect("a purchase");
    assert_eq!((awarded(&seen), awarded(&made)), (800, 800), "20.00 of the 100.00 are not paid");
}
