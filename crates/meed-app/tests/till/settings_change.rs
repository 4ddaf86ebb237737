//! What changes of settings leave alone, what limits do to offline tills and cancellations, and a journal without gaps.

use std::collections::BTreeSet;

use meed_app::loyalty::journal::{self, Entry, What};
use meed_app::loyalty::purchases::PurchaseInput;
use meed_app::loyalty::spends::{self, SpendInput};
use meed_app::loyalty::{
    LimitDocument, MerchantDocument, SchemeDocument, TierDocument, TillSettingsDocument, UnitDocument, offers, purchases, records, reviews,
};
use meed_core::id::Id;
use meed_core::loyalty::{Participant, SpendAsk};

use crate::shop::{Shop, awarded, code};

on_every_engine!(
    a_change_of_settings_takes_no_award_back,
    what_a_tier_gave_follows_the_customers_own_purchases,
    led_028_an_offline_spend_out_of_range_is_taken_all_the_same,
    what_limits_counted_is_given_back_on_its_own_day,
    no_entry_of_a_journal_is_lost_between_two_pages,
    a_journal_is_read_from_any_place,
);

const GOLD: &str =
    "name = \"Gold\"\nstacks = true\ncondition = 'customer.tier == \"gold\" && sale.unit == \"high\"'\n[award]\npercent = \"5%\"";

async fn gold_from(shop: &Shop, threshold: &str) {
    let tier =
        |code: &str, threshold: &str| TierDocument { code: code.into(), name: code.into(), color: None, threshold: threshold.into() };
    let tiers = vec![tier("basic", "0"), tier("gold", threshold)];
    shop.settings(TillSettingsDocument { tier_window_days: 365, tiers, ..TillSettingsDocument::default() }).await;
}

async fn a_change_of_settings_takes_no_award_back(shop: &Shop) {
    gold_from(shop, "100").await;
    let offer = shop.offer(GOLD).await;
    let north = MerchantDocument { name: "North".into(), units: vec![shop.unit.0], ..MerchantDocument::default() };
    let merchant = shop.merchant(north.clone()).await;
    let ann = shop.customer("Ann").await.id;
    assert_eq!(awarded(&shop.buy(ann, &[("wine", 10_000)]).await), 0);
    assert_eq!(awarded(&shop.buy(ann, &[("bread", 2_000)]).await), 100);
    assert_eq!(awarded(&shop.buy(ann, &[("milk", 1_000)]).await), 50);
    let returns = async |what: &str| {
        let sold = shop.buy(ann, &[("bag", 100)]).await.done.id;
        shop.refund(sold, &[(0, 100)]).await.expect("a refund");
        assert_eq!(shop.balance(ann).await, 150, "{what}");
        shop.must_verify().await;
    };
    returns("nothing changed").await;
    gold_from(shop, "5000").await;
    returns("nobody is gold any more").await;
    gold_from(shop, "100").await;
    let scheme = records::list::<SchemeDocument>(&shop.app, &shop.ctx).await.expect("schemes").swap_remove(0);
    let set_scheme = async |effective| {
        let document = SchemeDocument { effective, ..scheme.document.clone() };
        records::put(&shop.app, &shop.ctx, Some(scheme.id), &document).await.expect("a scheme");
    };
    set_scheme(false).await;
    returns("the scheme is off").await;
    set_scheme(true).await;
    let off = MerchantDocument { effective: false, ..north.clone() };
    records::put(&shop.app, &shop.ctx, Some(merchant), &off).await.expect("a merchant");
    returns("the merchant is off").await;
    records::put(&shop.app, &shop.ctx, Some(merchant), &north).await.expect("a merchant");
    offers::set_effective(&shop.app, &shop.ctx, offer, false).await.expect("switched");
    returns("the offer is off").await;
    offers::set_effective(&shop.app, &shop.ctx, offer, true).await.expect("switched");
    let unit = UnitDocument { name: "High Street".into(), code: "other".into(), ..UnitDocument::default() };
    records::put(&shop.app, &shop.ctx, Some(shop.unit), &unit).await.expect("a unit");
    returns("the store has another code").await;
}

async fn what_a_tier_gave_follows_the_customers_own_purchases(shop: &Shop) {
    gold_from(shop, "100").await;
    shop.offer(GOLD).await;
    let ann = shop.customer("Ann").await.id;
    let first = shop.buy(ann, &[("wine", 10_000)]).await.done.id;
    shop.pass_minutes(60);
    let second = shop.buy(ann, &[("bread", 2_000)]).await.done.id;
    assert_eq!(shop.balance(ann).await, 100);
    shop.refund(first, &[(0, 1_000)]).await.expect("a refund");
    assert_eq!(shop.balance(ann).await, 0, "with 90 units nobody is gold");
    shop.must_verify().await;
    // It stays gone, whatever the next command and the settings say.
    gold_from(shop, "50").await;
    shop.refund(second, &[(0, 500)]).await.expect("a refund");
    assert_eq!(shop.balance(ann).await, 0, "a lower threshold gives nothing for purchases of before");
    gold_from(shop, "100").await;
    let sold = shop.buy(ann, &[("bag", 100)]).await;
    assert_eq!(awarded(&sold), 5, "gold by both purchases");
    shop.cancel(sold.done.id).await.expect("cancelled");
    assert_eq!(shop.balance(ann).await, 0);
    let mut late = shop.basket(&[("milk", 2_000)]).await;
    late.at -= jiff::SignedDuration::from_mins(30);
    let late = shop.create(PurchaseInput { is_offline: true, ..shop.input(ann, late) }).await.expect("a late purchase");
    assert_eq!((awarded(&late), shop.balance(ann).await), (0, 75), "with 110 units the second was bought as gold: 5 % of what is left");
    shop.cancel(late.done.id).await.expect("cancelled");
    assert_eq!(shop.balance(ann).await, 0);
}

async fn led_028_an_offline_spend_out_of_range_is_taken_all_the_same(shop: &Shop) {
    let settings = TillSettingsDocument { minimum_spend: 500, maximum_spend: Some(2_000), ..TillSettingsDocument::default() };
    shop.settings(settings).await;
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 20_000).await;
    let blocked = shop.person(Participant { name: "Bob".into(), is_blocked: true, ..Participant::default() }).await.id;
    // Total, amount and whether all of it; spent, and what of it nobody covers.
    let cases = [
        (ann, 300, None, false, (300, 0), "spend_amount_out_of_range"),
        (ann, 300, Some(100), false, (100, 0), "spend_amount_out_of_range"),
        (ann, 5_000, None, true, (2_000, 0), "spend_amount_out_of_range"),
        (ann, 5_000, Some(3_000), true, (3_000, 1_000), "spend_amount_out_of_range"),
        (blocked, 1_000, Some(600), false, (600, 600), "spend_blocked"),
    ];
    for (who, total, amount, all_or_nothing, expected, refusal) in cases {
        let ask = SpendAsk { amount, all_or_nothing, ..SpendAsk::default() };
        let place = format!("{total} {amount:?}");
        let input = PurchaseInput { spend: Some(ask.clone()), ..shop.input(who, shop.basket(&[("wine", total)]).await) };
        assert_eq!(shop.create(input.clone()).await.expect_err("refused"), refusal, "{place}");
        let before = shop.balance(who).await;
        let done = shop.create(PurchaseInput { is_offline: true, ..input }).await.expect("the goods are gone").done;
        let spend = done.spend.expect("a spend").body;
        assert_eq!((spend.spent, spend.uncovered), expected, "{place}");
        assert_eq!(before - shop.balance(who).await, expected.0 - expected.1, "{place}");
        let purchase = shop.buy(who, &[("wine", total)]).await.done.id;
        let input =
            |is_offline| SpendInput { who: None, purchase, ask: ask.clone(), source: shop.source, identity: None, at: None, is_offline };
        let refused = spends::create(&shop.app, &shop.ctx, input(false)).await.expect_err("refused");
        assert_eq!(code(&refused), refusal, "{place}");
        let spend = spends::create(&shop.app, &shop.ctx, input(true)).await.expect("the goods are gone").body;
        assert_eq!((spend.spent, spend.uncovered), expected, "by itself: {place}");
    }
    let open = reviews::list(&shop.app, &shop.ctx, true, None, 100).await.expect("reviews");
    assert_eq!(open.iter().map(|view| view.open).collect::<Vec<_>>(), [600, 600, 1_000, 1_000]);
}

async fn what_limits_counted_is_given_back_on_its_own_day(shop: &Shop) {
    let limit = |number| LimitDocument { kind: "debit".into(), per: "day".into(), unit: None, number: Some(number), amount: None };
    shop.settings(TillSettingsDocument { limits: vec![limit(3)], ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Off\"\ncondition = 'line.product == \"bread\"'\n[award]\npercent = \"10%\"\n[spend]\nmethod = \"instant\"").await;
    let ann = shop.customer("Ann").await.id;
    shop.top_up(ann, 9_000).await;
    let first = shop.buy(ann, &[("wine", 2_000)]).await.done.id;
    shop.spend(first, Some(100)).await.expect("the first of the day");
    shop.spend(first, Some(100)).await.expect("the second");
    let bread = shop.buy(ann, &[("bread", 1_000)]).await;
    assert_eq!(bread.done.standing.spent(), 100, "a discount, which no limit counts");
    shop.spend(bread.done.id, Some(100)).await.expect("the third");
    assert_eq!(shop.spend(first, Some(100)).await.expect_err("refused"), "limit_reached");
    shop.cancel(bread.done.id).await.expect("cancelled");
    shop.spend(first, Some(100)).await.expect("the third again");
    let ask = SpendAsk { amount: Some(100), ..SpendAsk::default() };
    let input = SpendInput { who: None, purchase: first, ask, source: shop.source, identity: None, at: None, is_offline: false };
    let refused = spends::create(&shop.app, &shop.ctx, input).await.expect_err("a fourth");
    assert_eq!(refused.to_string(), "the limit of debit per day is reached: 0 of 3 times are left");
    assert_eq!(shop.spend(first, Some(100)).await.expect_err("refused"), "limit_reached", "only one came back");
    // What was spent today on a purchase of yesterday comes back today.
    shop.settings(TillSettingsDocument { limits: vec![limit(1)], ..TillSettingsDocument::default() }).await;
    shop.pass_days(1);
    let other = shop.buy(ann, &[("wine", 2_000)]).await.done.id;
    shop.pass_days(1);
    let today = shop.buy(ann, &[("wine", 2_000)]).await.done.id;
    shop.spend(other, Some(100)).await.expect("a spend");
    assert_eq!(shop.spend(today, Some(100)).await.expect_err("refused"), "limit_reached");
    shop.cancel(other).await.expect("cancelled");
    shop.spend(today, Some(100)).await.expect("a spend");
}

/// The whole journal, read in pages of a size.
async fn paged(shop: &Shop, who: Id, size: usize) -> Vec<Entry> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let page = journal::page(&shop.app, &shop.ctx, who, before, size).await.expect("a page");
        before = page.last().map(|entry| entry.mark().to_string().parse().expect("a mark"));
        let is_last = page.len() < size;
        all.extend(page);
        if is_last {
            return all;
        }
    }
}

async fn no_entry_of_a_journal_is_lost_between_two_pages(shop: &Shop) {
    shop.settings(TillSettingsDocument { point_value: Some("0.05".into()), ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Points\"\nstacks = true\n[award]\neach = 1\nper = 1\nunit = \"points\"").await;
    shop.offer("name = \"Month\"\nstacks = true\n[award]\namount = 1\n[spend]\nexpires = \"end of month\"").await;
    let ann = shop.customer("Ann").await.id;
    for _ in 0..3 {
        shop.pass_millis(1);
        shop.buy(ann, &[("wine", 2_000)]).await;
    }
    // The spend's event has the number behind that of its purchase.
    shop.pass_millis(1);
    let spend = Some(SpendAsk { amount: Some(400), ..SpendAsk::default() });
    let input = PurchaseInput { spend, ..shop.input(ann, shop.basket(&[("bread", 1_000)]).await) };
    let done = shop.create(input).await.expect("a purchase").done;
    let spent = done.spend.expect("a spend");
    assert_eq!((spent.id.0 - done.id.0, spent.body.spent, spent.body.points.1), (1, 400, 100), "three euros, and points");
    shop.pass_days(40);
    let key = |entry: &Entry| (entry.mark(), entry.unit, entry.credit, entry.debit);
    let whole = journal::page(&shop.app, &shop.ctx, ann, None, 500).await.expect("the journal");
    // Four purchases and a spend in money and in points, and of what the purchases gave one lot expired unspent.
    let expired = whole.iter().filter(|entry| entry.kind == What::Expiry).count();
    assert_eq!((whole.len(), whole.iter().map(Entry::mark).collect::<BTreeSet<_>>().len()), (4 * 2 + 2 + expired, whole.len()));
    assert!(expired > 0);
    let wanted: Vec<_> = whole.iter().map(key).collect();
    for size in 1..=whole.len() {
        assert_eq!(paged(shop, ann, size).await.iter().map(key).collect::<Vec<_>>(), wanted, "{size} at a time");
    }
    // Three lots of one shape that end in one instant.
    let bob = shop.customer("Bob").await.id;
    for _ in 0..3 {
        shop.pass_millis(1);
        shop.buy(bob, &[("wine", 2_000)]).await;
    }
    shop.pass_days(40);
    for size in [1, 2, 10] {
        let gone = paged(shop, bob, size).await.into_iter().filter(|entry| entry.kind == What::Expiry).map(|entry| entry.debit);
        assert_eq!(gone.collect::<Vec<_>>(), [100, 100, 100], "{size} at a time");
    }
}

async fn a_journal_is_read_from_any_place(shop: &Shop) {
    let ann = shop.customer("Ann").await.id;
    let basket = shop.basket(&[("bag", 100)]).await;
    let row = |number: i64| {
        let mut input = shop.input(ann, basket.clone());
        input.basket.reference = format!("N{number}");
        input
    };
    for thousand in 0..2 {
        let rows = (0..600).map(|number| row(thousand * 600 + number)).collect();
        let done = purchases::create_many(&shop.app, &shop.ctx, rows).await.expect("answers");
        assert!(done.iter().all(Result::is_ok));
    }
    let texts = async |offset, limit| {
        let entries = journal::slice(&shop.app, &shop.ctx, ann, offset, limit).await.expect("a journal");
        entries.into_iter().map(|entry| entry.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(0, 2).await, ["N1199", "N1198"]);
    assert_eq!(texts(989, 3).await, ["N210", "N209", "N208"], "over the end of what is read at once");
    assert_eq!(texts(1_197, 50).await, ["N2", "N1", "N0"]);
    assert_eq!((texts(1_200, 5).await.len(), texts(0, 1_200).await.len(), texts(0, 0).await.len()), (0, 1_200, 0));
}
