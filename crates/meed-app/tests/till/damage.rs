//! `verify` finds what was changed behind the server's back: lots, standings, what is remembered of customers, counters,
//! budgets.

use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::{PromoCodeDocument, TierDocument, TillSettingsDocument, Who, offers, records, wallets};

use meed_store::testing::TILL_DAMAGE;

use crate::shop::{Shop, eur};

on_every_engine!(verify_finds_damage_to_what_wallets_and_offers_keep, verify_follows_changes_of_tiers_and_offers);

/// A month in which everything happens that a wallet knows.
async fn fill(shop: &Shop) {
    let tier =
        |code: &str, threshold: &str| TierDocument { code: code.into(), name: code.into(), color: None, threshold: threshold.into() };
    shop.settings(TillSettingsDocument { tiers: vec![tier("basic", "0"), tier("gold", "50")], ..TillSettingsDocument::default() }).await;
    let promo = PromoCodeDocument { code: "SPRING".into(), uses_max: Some(50), ..PromoCodeDocument::default() };
    records::put(&shop.app, &shop.ctx, None, &promo).await.expect("a promo code");
    let ten = "name = \"Ten\"\nuses_max = 100\nbudget = \"whole\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"20 days\"";
    let offer = shop.offer(ten).await;
    offers::set_budget(&shop.app, &shop.ctx, offer, eur(), 100_000).await.expect("a budget");
    shop.offer("name = \"Third\"\nstacks = true\nclass = \"number\"\nat_least = 3\n[award]\namount = 2\n[spend]\nexpires = \"2 days\"")
        .await;
    for name in ["Ann", "Bob"] {
        let who = shop.customer(name).await.id;
        shop.top_up(who, 1_000).await;
        let mut made = Vec::new();
        for turn in 0..5 {
            let mut input = shop.input(who, shop.basket(&[("bread", 1_000 + turn), ("wine", 900)]).await);
            input.basket.promo_code = (turn % 2 == 0).then(|| "spring".to_owned());
            made.push(shop.create(input).await.expect("a purchase").done.id);
            shop.pass_minutes(90);
        }
        shop.spend(made[0], Some(150)).await.expect("a spend");
        shop.refund(made[1], &[(0, 500)]).await.expect("a refund");
        shop.cancel(made[2]).await.expect("cancelled");
        let lot = shop.wallet(who).await.lots.iter().rev().find(|lot| lot.expires_us.is_some()).map(|lot| lot.id).expect("a lot");
        wallets::extend(&shop.app, &shop.ctx, crate::shop::extension(who, lot, None, "sorry")).await.expect("extended");
        shop.pass_days(4);
        wallets::sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
        let hold = HoldInput { who: Who::Id(who), unit: eur(), amount: 100, minutes: Some(10_000), source: shop.source, identity: None };
        holds::hold(&shop.app, &shop.ctx, hold).await.expect("a hold");
    }
}

async fn verify_finds_damage_to_what_wallets_and_offers_keep(shop: &Shop) {
    fill(shop).await;
    assert_eq!(shop.differences().await, Vec::<String>::new(), "nothing is damaged yet");
    for (damage, found, mend) in TILL_DAMAGE {
        shop.tamper(damage).await;
        let differences = shop.differences().await;
        assert!(differences.iter().any(|line| line.contains(found)), "{damage}: {differences:#?}");
        shop.tamper(mend).await;
        assert_eq!(shop.differences().await, Vec::<String>::new(), "mended: {damage}");
    }
}

async fn verify_follows_changes_of_tiers_and_offers(shop: &Shop) {
    fill(shop).await;
    let ann = meed_app::loyalty::participants::find(&shop.app, &shop.ctx, &Who::Code("card-Ann".into())).await.expect("Ann").id;
    // Other tiers, another offer that remembers: cells go on from what they were, and are computed again from then on.
    shop.settings(TillSettingsDocument { tier_rate: "3".into(), tier_window_days: 9, ..TillSettingsDocument::default() }).await;
    shop.buy(ann, &[("bread", 4_000)]).await;
    shop.offer("name = \"Once\"\nrepeats = \"once\"\nstacks = true\n[award]\namount = 1").await;
    let last = shop.buy(ann, &[("bread", 4_000)]).await;
    assert_eq!(shop.differences().await, Vec::<String>::new());
    let cell = async || {
        shop.app
            .store()
            .read({
                let ws = shop.ctx.workspace;
                move |r| r.till_cell(ws, ann)
            })
            .await
            .expect("a cell")
    };
    assert_eq!(cell().await.basis, None, "it was folded by several configurations");
    shop.refund(last.done.id, &[(0, 100)]).await.expect("a refund folds all purchases again");
    assert!(cell().await.basis.is_some());
    assert_eq!(shop.differences().await, Vec::<String>::new());
}
