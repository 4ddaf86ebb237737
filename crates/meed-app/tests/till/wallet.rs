//! What is in a wallet: lots that wait, expire, are bound to lines; and that no row of it is ever changed.

use std::collections::BTreeMap;

use meed_app::loyalty::wallets::sweep;
use meed_app::loyalty::{SchemeDocument, UnitDocument, journal, offers, purchases, records};
use meed_core::ledger::{Purpose, Transfer, TransferKind};
use meed_core::loyalty::SpendAsk;

use crate::shop::{Shop, awarded, eur};

on_every_engine!(
    led_018_what_waits_cannot_be_spent_and_a_return_cancels_it,
    led_019_a_basket_that_matches_one_lot_spends_that_one,
    led_020_names_do_not_decide_which_lots_expire,
    led_021_a_price_holds_or_is_refused_by_name,
    led_027_free_lines_earn_nothing_and_retyping_multiplies_nothing,
    pos_027_an_award_carries_its_conditions_and_its_expiry,
    pos_036_more_than_there_is_is_spent_in_part_unless_all_or_nothing_was_asked,
    pos_049_a_void_has_an_opposite_twin_and_no_row_is_changed,
    pos_049_an_award_that_ends_before_it_matures_leaves_the_wallet_and_the_journal,
    pos_050_expiry_takes_the_unspent_part_once_and_a_second_run_nothing,
    pos_057_cumulative_offers_fire_once_and_progress_reads_right,
);

async fn led_018_what_waits_cannot_be_spent_and_a_return_cancels_it(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\npending = \"14 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 50).await;
    let first = shop.buy(ann.id, &[("bread", 1_000), ("wine", 3_000)]).await;
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((awarded(&first), wallet.balance, wallet.pending), (400, 50, 400), "earned, not usable");
    let next = shop.buy(ann.id, &[("wine", 9_000)]).await;
    assert_eq!(shop.spend(next.done.id, Some(400)).await.expect("a spend").body.spent, 50, "only what is usable pays");
    let back = shop.refund(first.done.id, &[(1, 3_000)]).await.expect("a refund");
    let steps = back.body.taken_back.iter().map(|taken| taken.steps).collect::<Vec<_>>();
    assert_eq!(steps.iter().map(|steps| (steps.from_lots, steps.from_others, steps.owed)).collect::<Vec<_>>(), vec![(300, 0, 0)]);
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.pending, wallet.owed), (0, 100 + 900, 0), "`available` is untouched");
    shop.pass_days(15);
    sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.pending), (1_000, 0), "what was left matured");
}

async fn pos_049_an_award_that_ends_before_it_matures_leaves_the_wallet_and_the_journal(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\npending = \"14 days\"\n[spend]\nexpires = \"3 days\"").await;
    let ann = shop.customer("Ann").await.id;
    shop.buy(ann, &[("bread", 1_000)]).await;
    let mut seen = Vec::new();
    for days in [1, 4, 12, 1] {
        shop.pass_days(days);
        sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
        let rows = journal::page(&shop.app, &shop.ctx, ann, None, 100).await.expect("a journal");
        let wallet = shop.wallet(ann).await;
        let told: i64 = rows.iter().map(|row| row.credit - row.debit).sum();
        assert_eq!(told, wallet.balance + wallet.pending, "{days} days later: {rows:?}");
        seen.push((told, rows.len()));
    }
    assert_eq!(seen, [(100, 1), (0, 2), (0, 2), (0, 2)]);
}

async fn led_019_a_basket_that_matches_one_lot_spends_that_one(shop: &Shop) {
    let rest = "[award]\namount = 3\n[spend]\n";
    shop.offer(&format!("name = \"Soon\"\nstacks = true\n{rest}expires = \"5 days\"\ncondition = 'line.family == \"drinks\"'")).await;
    shop.offer(&format!("name = \"Late\"\nstacks = true\n{rest}expires = \"50 days\"\ncondition = 'line.family == \"bakery\"'")).await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let lots = shop.wallet(ann.id).await.lots;
    assert_eq!(lots.len(), 2);
    let bread = shop.buy(ann.id, &[("bread", 200)]).await;
    assert_eq!(shop.spend(bread.done.id, None).await.expect("a spend").body.spent, 200);
    let left: BTreeMap<_, _> = shop.wallet(ann.id).await.lots.iter().map(|lot| (lot.id, lot.remaining)).collect();
    assert_eq!((left[&lots[0].id], left[&lots[1].id]), (300, 100), "the later one paid, though the other expires sooner");
}

async fn led_020_names_do_not_decide_which_lots_expire(shop: &Shop) {
    let text = "name = \"Short\"\n[award]\namount = 4\n[spend]\nexpires = \"10 days\"";
    let offer = shop.offer(text).await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let before = shop.wallet(ann.id).await.lots;
    // The scheme, the store and the offer's words change, and the offer ends; a new version never expires.
    let schemes = records::list::<SchemeDocument>(&shop.app, &shop.ctx).await.expect("schemes");
    let scheme = SchemeDocument { name: "Friends".into(), ..schemes[0].document.clone() };
    records::put(&shop.app, &shop.ctx, Some(schemes[0].id), &scheme).await.expect("a scheme");
    let unit = UnitDocument { name: "Earned".into(), code: "low".into(), ..UnitDocument::default() };
    records::put(&shop.app, &shop.ctx, Some(shop.unit), &unit).await.expect("a unit");
    let renamed = text.replace("10 days", "never").replace("[award]", "description = \"goodwill\"\n[award]");
    assert_eq!(shop.offer(&renamed).await, offer, "a new version of the same offer");
    offers::set_effective(&shop.app, &shop.ctx, offer, false).await.expect("switched");
    assert_eq!(shop.wallet(ann.id).await.lots, before, "no lot moves");
    shop.pass_days(11);
    assert_eq!(shop.balance(ann.id).await, 0);
    assert_eq!(sweep(&shop.app, &shop.ctx, 10).await.expect("swept"), 1);
    assert_eq!(transfers(shop, TransferKind::Expired).await.iter().map(|t| t.amount).collect::<Vec<_>>(), vec![400]);
}

async fn led_021_a_price_holds_or_is_refused_by_name(shop: &Shop) {
    let offer = shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 300).await;
    let books = async || {
        shop.app
            .store()
            .read({
                let ws = shop.ctx.workspace;
                move |r| Ok((r.transfers(ws)?, r.head(ws)?.map(|h| h.audit_number)))
            })
            .await
            .expect("books")
    };
    let before = books().await;
    let basket = shop.basket(&[("bread", 5_000)]).await;
    let preview = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, basket.clone())).await.expect("a preview");
    assert_eq!(books().await, before, "a preview writes nothing");
    let mut input = shop.input(ann.id, basket);
    input.price_token = Some(preview.price_token.clone());
    let done = shop.create(input.clone()).await.expect("the price holds");
    assert_eq!((awarded(&done), done.done.balances), (awarded(&preview), preview.done.balances), "the numbers of the preview");
    // The campaign changes: a price promised before is refused, and nothing is written.
    shop.offer("name = \"Ten\"\n[award]\npercent = \"20%\"").await;
    input.basket = shop.basket(&[("bread", 5_000)]).await;
    let before = books().await.0;
    assert_eq!(shop.create(input.clone()).await.expect_err("refused"), "price_version_stale");
    assert_eq!(books().await.0, before);
    let fresh = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, input.basket.clone())).await.expect("a preview");
    input.price_token = Some(fresh.price_token);
    assert_eq!(awarded(&shop.create(input).await.expect("the new price holds")), 1_000);
    offers::set_effective(&shop.app, &shop.ctx, offer, false).await.expect("switched");
}

async fn led_027_free_lines_earn_nothing_and_retyping_multiplies_nothing(shop: &Shop) {
    shop.offer("name = \"Lines\"\nstacks = true\n[award]\namount = 1\nscope = \"item\"").await;
    shop.offer("name = \"Count\"\nstacks = true\nclass = \"quantity\"\nat_least = 3\n[award]\namount = 5").await;
    let ann = shop.customer("Ann").await;
    let mut basket = shop.basket(&[("bread", 200), ("milk", 0), ("wine", 300)]).await;
    // The wine was voided: its line is still there, with nothing in it.
    basket.lines[2].quantity = meed_core::money::Exact::ZERO;
    let done = shop.create(shop.input(ann.id, basket)).await.expect("a purchase");
    assert_eq!(done.done.standing.grants.iter().map(|grant| (grant.line, grant.amount)).collect::<Vec<_>>(), vec![(Some(0), 100)]);
    // The cashier types three prices before the right one: each is previewed, the last one is posted, twice.
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 700)]).await);
    input.identity = Some("T-9".into());
    for price in [70_000, 7_000, 700] {
        (input.basket.lines[0].net, input.basket.lines[0].total) = (price, price);
        purchases::preview(&shop.app, &shop.ctx, input.clone()).await.expect("a preview");
    }
    let first = shop.create(input.clone()).await.expect("a purchase");
    let again = shop.create(input.clone()).await.expect("the first answer");
    assert_eq!((awarded(&first), awarded(&again), again.done.is_replayed), (100, 100, true));
    (input.basket.lines[0].net, input.basket.lines[0].total) = (70_000, 70_000);
    assert_eq!(shop.create(input).await.expect_err("refused"), "duplicate_reference");
    assert_eq!(shop.balance(ann.id).await, 200);
}

async fn pos_027_an_award_carries_its_conditions_and_its_expiry(shop: &Shop) {
    shop.offer("name = \"Drinks\"\n[award]\namount = 3\n[spend]\nexpires = \"5 days\"\ncondition = 'line.family == \"drinks\" && sale.weekday < 6'")
        .await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 100)]).await;
    let lot = shop.wallet(ann.id).await.lots[0];
    let grant = &done.done.standing.grants[0];
    assert_eq!((lot.id, lot.version, lot.rank), (grant.lots[0], Some(grant.version), 2), "bound to the terms of its version");
    // Earned on the 10th, usable up to the 15th in the store's zone.
    let ends: jiff::Timestamp = "2026-04-15T22:00:00Z".parse().expect("a time");
    assert_eq!(lot.expires_us, Some(ends.as_microsecond()));
    let bread = shop.buy(ann.id, &[("bread", 1_000)]).await;
    assert_eq!(shop.spend(bread.done.id, None).await.expect("a spend").body.spent, 0, "not for bread");
    let wine = shop.buy(ann.id, &[("wine", 100)]).await;
    assert_eq!(shop.spend(wine.done.id, None).await.expect("a spend").body.spent, 100, "for wine on a Friday");
    // Saturday.
    shop.pass_days(1);
    let wine = shop.buy(ann.id, &[("wine", 100)]).await;
    assert_eq!(shop.spend(wine.done.id, None).await.expect("a spend").body.spent, 0, "not on a Saturday");
}

async fn pos_036_more_than_there_is_is_spent_in_part_unless_all_or_nothing_was_asked(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 200).await;
    let done = shop.buy(ann.id, &[("wine", 9_000)]).await;
    let all = meed_app::loyalty::spends::SpendInput {
        who: None,
        purchase: done.done.id,
        ask: SpendAsk { amount: Some(800), all_or_nothing: true, ..SpendAsk::default() },
        source: shop.source,
        identity: None,
        at: None,
        is_offline: false,
    };
    let refused = meed_app::loyalty::spends::create(&shop.app, &shop.ctx, all).await.expect_err("refused");
    assert_eq!((crate::shop::code(&refused).as_str(), shop.balance(ann.id).await), ("insufficient_available", 200));
    let spend = shop.spend(done.done.id, Some(800)).await.expect("a spend");
    assert_eq!((spend.body.asked, spend.body.spent, spend.body.balance, spend.is_cancelled), (800, 200, 0, false));
}

/// All transfers of a kind, in order.
async fn transfers(shop: &Shop, kind: TransferKind) -> Vec<Transfer> {
    let workspace = shop.ctx.workspace;
    let all = shop.app.store().read(move |r| r.transfers(workspace)).await.expect("transfers");
    all.into_iter().filter(|transfer| transfer.kind == kind).collect()
}

async fn pos_049_a_void_has_an_opposite_twin_and_no_row_is_changed(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"30 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 500).await;
    let done = shop.buy(ann.id, &[("bread", 2_000)]).await;
    shop.spend(done.done.id, Some(300)).await.expect("a spend");
    let (workspace, who) = (shop.ctx.workspace, ann.id);
    let rows = async || shop.app.store().read(move |r| r.transfers(workspace)).await.expect("rows");
    let before = rows().await;
    shop.cancel(done.done.id).await.expect("cancelled");
    let after = rows().await;
    assert_eq!(after[..before.len()], before[..], "what was written stands as it was");
    for (kind, twin) in [(TransferKind::Earned, TransferKind::AwardTakenBack), (TransferKind::Redeemed, TransferKind::RedemptionReversed)] {
        let (was, void) = (transfers(shop, kind).await, transfers(shop, twin).await);
        let pair = (was.last().expect("a row"), void.last().expect("its twin"));
        assert_eq!((pair.1.debit, pair.1.credit, pair.1.amount), (pair.0.credit, pair.0.debit, pair.0.amount), "{kind}");
        assert_eq!(pair.1.causes.reverses, Some(pair.0.id), "each names the other");
    }
    let accounts =
        shop.app.store().read(move |r| r.accounts_of(workspace, meed_core::ledger::Owner::participant(who))).await.expect("accounts");
    let wallet = accounts.iter().find(|a| (a.key.purpose, a.key.unit) == (Purpose::Available, eur())).expect("a wallet");
    let sum: i64 = after.iter().map(|t| i64::from(t.credit == wallet.id) * t.amount - i64::from(t.debit == wallet.id) * t.amount).sum();
    assert_eq!((sum, shop.balance(who).await), (500, 500), "the balance is the sum of its rows");
}

async fn pos_050_expiry_takes_the_unspent_part_once_and_a_second_run_nothing(shop: &Shop) {
    shop.offer("name = \"Short\"\n[award]\namount = 10\n[spend]\nexpires = \"3 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let next = shop.buy(ann.id, &[("bread", 400)]).await;
    shop.spend(next.done.id, Some(400)).await.expect("a spend");
    let left = shop.balance(ann.id).await;
    shop.pass_days(4);
    let swept = sweep(&shop.app, &shop.ctx, 100).await.expect("swept");
    let expired: i64 = transfers(shop, TransferKind::Expired).await.iter().map(|t| t.amount).sum();
    assert_eq!((swept, expired, left, shop.balance(ann.id).await), (1, left, 1_600, 0), "only what was not spent");
    let rows = transfers(shop, TransferKind::Expired).await;
    assert_eq!(sweep(&shop.app, &shop.ctx, 100).await.expect("swept"), 0);
    assert_eq!(transfers(shop, TransferKind::Expired).await, rows);
}

async fn pos_057_cumulative_offers_fire_once_and_progress_reads_right(shop: &Shop) {
    shop.offer("name = \"Amount\"\nstacks = true\nclass = \"amount\"\nfrom = 30\nwithin = \"10 days\"\n[award]\namount = 1").await;
    shop.offer("name = \"Number\"\nstacks = true\nclass = \"number\"\nat_least = 2\nwithin = \"10 days\"\n[award]\namount = 2").await;
    shop.offer("name = \"Quantity\"\nstacks = true\nclass = \"quantity\"\nat_least = 3\n[award]\namount = 4").await;
    let ann = shop.customer("Ann").await;
    let progress = async || {
        let all = meed_app::loyalty::participants::progress(&shop.app, &shop.ctx, ann.id).await.expect("progress");
        all.iter().map(|p| (p.current.normalize().to_string(), p.times)).collect::<Vec<_>>()
    };
    let read = |rows: [(&str, i64); 3]| rows.map(|(current, times)| (current.to_owned(), times)).to_vec();
    assert_eq!(progress().await, read([("0", 0), ("0", 0), ("0", 0)]));
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 1_999), ("milk", 1)]).await), 0);
    assert_eq!(progress().await, read([("20", 0), ("1", 0), ("2", 0)]));
    let second = shop.buy(ann.id, &[("bread", 1_000)]).await;
    assert_eq!(awarded(&second), 100 + 200 + 400, "each reached its threshold with this one");
    assert_eq!(progress().await, read([("0", 1), ("0", 1), ("0", 1)]), "and starts again");
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 2_999)]).await), 0);
    assert_eq!(progress().await, read([("29.99", 1), ("1", 1), ("1", 1)]));
    // What lies outside the window counts no longer; without a window it does.
    shop.pass_days(10);
    assert_eq!(progress().await, read([("0", 1), ("0", 1), ("1", 1)]));
    let last = shop.buy(ann.id, &[("bread", 2_000), ("milk", 100)]).await;
    assert_eq!((awarded(&last), progress().await), (400, read([("21", 1), ("1", 1), ("0", 2)])));
}
