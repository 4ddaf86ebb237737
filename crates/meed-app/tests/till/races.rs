//! Real concurrency: budgets, limits, repeated commands, one wallet; and what comes late, out of order and twice.

use std::sync::Arc;

use meed_app::loyalty::{PromoCodeDocument, offers, participants, purchases, records};
use meed_core::loyalty::Participant;

use crate::random::Random;
use crate::shop::{Shop, awarded, code, eur};

on_every_engine!(
    led_029_a_budget_is_exact,
    led_032_a_coupon_of_one_use_is_used_once,
    led_003_pos_034_one_reference_has_one_effect,
    a_one_time_code_authorises_one_sale_of_many_at_once,
    pos_037_a_wallet_is_never_overdrawn,
    pos_058_once_only_holds_under_concurrent_purchases,
    led_028_late_and_out_of_order_end_as_in_order,
    invariant_07_any_order_of_sales_and_returns_ends_alike,
    pos_048_pos_057_cumulative_offers_fire_once_and_are_unwound,
    pos_061_tiers_rise_and_fall,
    pos_033_a_bad_row_does_not_fail_the_others,
    pos_060_happy_hour_and_birthday_in_local_time,
    pos_059_a_sign_up_offer_needs_an_earlier_award,
    pos_032_the_merchants_decision_table,
);

async fn all_at_once(shop: &Shop, inputs: Vec<purchases::PurchaseInput>) -> Vec<Result<purchases::PurchaseView, String>> {
    let tasks: Vec<_> = inputs
        .into_iter()
        .map(|input| {
            let (app, ctx) = (Arc::clone(&shop.app), shop.ctx.clone());
            tokio::spawn(async move { purchases::create(&app, &ctx, input).await.map_err(|error| code(&error)) })
        })
        .collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.expect("a task"));
    }
    answers
}

async fn led_029_a_budget_is_exact(shop: &Shop) {
    let offer = shop.offer("name = \"Ten\"\nbudget = \"whole\"\n[award]\namount = 10").await;
    offers::set_budget(&shop.app, &shop.ctx, offer, eur(), 100_000).await.expect("a budget");
    let mut inputs = Vec::new();
    for number in 0..20 {
        let person = shop.customer(&format!("P{number}")).await;
        for _ in 0..10 {
            inputs.push(shop.input(person.id, shop.basket(&[("bread", 1_000)]).await));
        }
    }
    let answers = all_at_once(shop, inputs).await;
    let done: Vec<_> = answers.into_iter().map(|answer| answer.expect("a purchase is never refused for a budget")).collect();
    let granted = done.iter().filter(|view| awarded(view) == 1_000).count();
    let refused = done.iter().filter(|view| view.done.standing.withheld.iter().any(|held| held.reason == "budget_exhausted")).count();
    assert_eq!((granted, refused), (100, 100));
    let first = done.iter().find(|view| awarded(view) > 0).expect("one").done.id;
    shop.cancel(first).await.expect("cancelled");
    assert_eq!(offers::get(&shop.app, &shop.ctx, offer).await.expect("an offer").budgets, vec![(eur(), 1_000)], "a return gives back");
}

async fn led_032_a_coupon_of_one_use_is_used_once(shop: &Shop) {
    let document = PromoCodeDocument { code: "ONE".into(), uses_max: Some(1), ..PromoCodeDocument::default() };
    records::put(&shop.app, &shop.ctx, None, &document).await.expect("a promo code");
    let offer = shop.offer("name = \"Coupon\"\ncondition = 'sale.promo_code == \"ONE\"'\nuses_max = 1\n[award]\namount = 5").await;
    let mut inputs = Vec::new();
    for number in 0..100 {
        let person = shop.customer(&format!("P{number}")).await;
        let mut basket = shop.basket(&[("bread", 1_000)]).await;
        basket.promo_code = Some("o-ne ".into());
        inputs.push(shop.input(person.id, basket));
    }
    let answers = all_at_once(shop, inputs).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 99));
    assert!(refused.into_iter().all(|answer| answer.err().as_deref() == Some("limit_reached")));
    assert_eq!(done.into_iter().flatten().map(|view| view.done.standing.grants[0].offer).collect::<Vec<_>>(), vec![offer]);
}

async fn led_003_pos_034_one_reference_has_one_effect(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await;
    let mut input = shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await);
    input.identity = Some("X-1".into());
    let answers = all_at_once(shop, vec![input.clone(); 64]).await;
    let views: Vec<_> = answers.into_iter().map(|answer| answer.expect("the first answer again")).collect();
    assert_eq!(views.iter().filter(|view| !view.done.is_replayed).count(), 1);
    assert!(views.iter().all(|view| view.done.id == views[0].done.id && awarded(view) == 100));
    assert_eq!(shop.balance(ann.id).await, 100);
    let mut other = input.clone();
    other.basket.lines[0].total += 1;
    other.basket.lines[0].net += 1;
    assert_eq!(shop.create(other).await.expect_err("refused"), "duplicate_reference");
    // The same number written differently is the same content.
    input.basket.lines[0].quantity = "1.00".parse().expect("a number");
    assert!(shop.create(input).await.expect("the first answer").done.is_replayed);
}

async fn a_one_time_code_authorises_one_sale_of_many_at_once(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\namount = 1").await;
    let ann = shop.customer("Ann").await;
    let (otp, _) = participants::one_time_code(&shop.app, &shop.ctx, ann.id).await.expect("a code");
    let mut inputs = Vec::new();
    for turn in 0..24 {
        let mut input = shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await);
        (input.who, input.identity) = (meed_app::loyalty::Who::OneTimeCode(otp.clone()), Some(format!("O-{turn}")));
        purchases::preview(&shop.app, &shop.ctx, input.clone()).await.expect("a preview uses nothing up");
        inputs.push(input);
    }
    let done = all_at_once(shop, inputs.clone()).await;
    let made: Vec<usize> = (0..24).filter(|turn| done[*turn].is_ok()).collect();
    assert_eq!((made.len(), shop.balance(ann.id).await), (1, 100), "one sale");
    assert!(done.iter().filter_map(|row| row.as_ref().err()).all(|code| code == "invalid_otp"));
    // A cut line: the same sale again gets its answer, though the code is used up.
    let again = shop.create(inputs[made[0]].clone()).await.expect("the first answer");
    assert!(again.done.is_replayed);
    let (otp, _) = participants::one_time_code(&shop.app, &shop.ctx, ann.id).await.expect("a code");
    let mut late = inputs[made[0]].clone();
    (late.who, late.identity, late.is_offline) = (meed_app::loyalty::Who::OneTimeCode(otp.clone()), None, true);
    assert_eq!(shop.create(late.clone()).await.expect_err("refused"), "invalid_otp", "it needs a connection");
    shop.pass_minutes(6);
    (late.is_offline, late.basket.reference) = (false, "late".into());
    assert_eq!(shop.create(late).await.expect_err("refused"), "invalid_otp", "it has expired");
}

async fn pos_037_a_wallet_is_never_overdrawn(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 1_000).await;
    let mut inputs = Vec::new();
    for _ in 0..30 {
        let mut input = shop.input(ann.id, shop.basket(&[("bread", 90)]).await);
        input.spend = Some(meed_core::loyalty::SpendAsk { amount: Some(90), ..Default::default() });
        inputs.push(input);
    }
    let spent: i64 = all_at_once(shop, inputs).await.into_iter().map(|answer| answer.expect("a purchase").done.standing.spent()).sum();
    assert_eq!((spent, shop.balance(ann.id).await), (1_000, 0));
}

async fn pos_058_once_only_holds_under_concurrent_purchases(shop: &Shop) {
    shop.offer("name = \"Once\"\nstacks = true\nrepeats = \"once\"\n[award]\namount = 5").await;
    shop.offer("name = \"Weekly\"\nstacks = true\nrepeats = \"once per 7 days\"\n[award]\namount = 1").await;
    let ann = shop.customer("Ann").await;
    let mut inputs = Vec::new();
    for _ in 0..20 {
        inputs.push(shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await));
    }
    let answers = all_at_once(shop, inputs).await.into_iter().map(|answer| awarded(&answer.expect("a purchase"))).sum::<i64>();
    assert_eq!(answers, 600, "one answer of each says so");
    // Sales of one instant count as they were recorded, whatever their references: what was answered stands.
    let filter = purchases::PurchaseFilter { participant: Some(ann.id), limit: 100, ..Default::default() };
    let list = purchases::list(&shop.app, &shop.ctx, filter).await.expect("a list");
    let mut awards: Vec<(String, i64)> = list.iter().map(|view| (view.done.body.basket.reference.clone(), awarded(view))).collect();
    awards.sort_unstable_by_key(|(_, award)| -award);
    assert_eq!((awards[0].1, awards[1..].iter().map(|(_, award)| award).sum::<i64>(), shop.balance(ann.id).await), (600, 0, 600));
    shop.pass_days(6);
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 1_000)]).await), 0);
    shop.pass_days(1);
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 1_000)]).await), 100);
}

/// The same sales in order, out of order and twice, for customers of their own: the wallets end alike.
async fn led_028_late_and_out_of_order_end_as_in_order(shop: &Shop) {
    shop.offer("name = \"Third\"\nstacks = true\nclass = \"number\"\nat_least = 3\nwithin = \"30 days\"\n[award]\namount = 5").await;
    shop.offer("name = \"First\"\nstacks = true\nrepeats = \"once\"\n[award]\npercent = \"10%\"").await;
    shop.offer("name = \"Sum\"\nstacks = true\nclass = \"amount\"\nfrom = 30\nwithin = \"10 days\"\n[award]\npercent = \"5%\"").await;
    let amounts = [1_000, 2_500, 700, 1_900, 3_100, 400, 2_200];
    shop.pass_days(30);
    let mut ends = Vec::new();
    for (number, order) in [[0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [3, 0, 6, 2, 5, 1, 4]].into_iter().enumerate() {
        let person = shop.customer(&format!("P{number}")).await;
        for place in order {
            let mut basket = shop.basket(&[("bread", amounts[place])]).await;
            basket.at = shop.now() - jiff::SignedDuration::from_hours(24 * (20 - 2 * i64::try_from(place).expect("small")));
            basket.reference = format!("R-{place}");
            let mut input = shop.input(person.id, basket);
            input.identity = Some(format!("till-{number}-{place}"));
            input.is_offline = true;
            shop.create(input.clone()).await.expect("a purchase");
            assert!(shop.create(input).await.expect("the first answer").done.is_replayed);
        }
        let filter = purchases::PurchaseFilter { participant: Some(person.id), limit: 100, ..Default::default() };
        let mut list = purchases::list(&shop.app, &shop.ctx, filter).await.expect("a list");
        list.sort_by_key(|view| view.done.body.basket.at);
        let awards: Vec<Vec<i64>> = list
            .iter()
            .map(|view| view.done.standing.grants.iter().map(|grant| grant.amount).filter(|amount| *amount > 0).collect())
            .collect();
        ends.push((shop.balance(person.id).await, awards));
    }
    assert_eq!(ends[0], ends[1], "in order, and the other way round");
    assert_eq!(ends[0], ends[2]);
}

/// What happens to a customer: a sale, or a return of part of one.
#[derive(Clone, Copy)]
enum Step {
    Buy(usize),
    Return(usize),
    Cancel(usize),
}

/// Sales and returns in order, and in random orders: awards by sale, and what the customer has less what they owe.
async fn invariant_07_any_order_of_sales_and_returns_ends_alike(shop: &Shop) {
    shop.offer("name = \"Third\"\nstacks = true\nclass = \"number\"\nat_least = 3\nwithin = \"12 days\"\n[award]\namount = 5").await;
    shop.offer("name = \"Sum\"\nstacks = true\nclass = \"amount\"\nfrom = 30\nwithin = \"9 days\"\n[award]\npercent = \"5%\"").await;
    shop.offer("name = \"Week\"\nrepeats = \"once per 7 days\"\n[award]\npercent = \"10%\"").await;
    shop.offer("name = \"Small\"\nfrom = 5\n[award]\npercent = \"3%\"\nscope = \"item\"").await;
    shop.offer("name = \"Welcome\"\nstacks = true\nclass = \"sign_up\"\n[award]\namount = 2").await;
    shop.pass_days(40);
    let in_order: Vec<Step> = (0..8).map(Step::Buy).chain([Step::Return(1), Step::Cancel(3), Step::Return(6)]).collect();
    let mut random = Random(20_261_120);
    let mut expected = None;
    for run in 0..7 {
        let mut order = in_order.clone();
        if run > 0 {
            for place in (1..order.len()).rev() {
                order.swap(place, random.place(place + 1));
            }
            // A return cannot come before its sale.
            order.sort_by_key(|step| matches!(step, Step::Return(_) | Step::Cancel(_)) && random.0.is_multiple_of(3));
            let is_bought = |order: &[Step], sale: usize| order.iter().any(|step| matches!(step, Step::Buy(other) if *other == sale));
            for place in 0..order.len() {
                if let Step::Return(sale) | Step::Cancel(sale) = order[place]
                    && !is_bought(&order[..place], sale)
                {
                    let later = order[place..].iter().position(|step| matches!(step, Step::Buy(other) if *other == sale));
                    order.swap(place, place + later.expect("every sale is bought"));
                }
            }
        }
        let end = play(shop, run, &order).await;
        assert_eq!(*expected.get_or_insert_with(|| end.clone()), end, "run {run}");
    }
}

async fn play(shop: &Shop, run: usize, order: &[Step]) -> (i64, Vec<Vec<i64>>) {
    let amounts = [1_000, 2_500, 700, 1_900, 3_100, 450, 2_200, 1_300];
    let person = shop.customer(&format!("P{run}")).await;
    let mut ids = [None; 8];
    for step in order {
        match *step {
            Step::Buy(sale) => {
                let mut basket = shop.basket(&[("bread", amounts[sale]), ("wine", 333)]).await;
                basket.at = shop.now() - jiff::SignedDuration::from_hours(24 * (30 - 3 * i64::try_from(sale).expect("small")));
                basket.reference = format!("R-{sale}");
                let input = purchases::PurchaseInput { is_offline: true, ..shop.input(person.id, basket) };
                ids[sale] = Some(shop.create(input).await.expect("a purchase").done.id);
            }
            Step::Return(sale) => {
                shop.refund(ids[sale].expect("bought"), &[(0, 444)]).await.expect("returned");
            }
            Step::Cancel(sale) => {
                shop.cancel(ids[sale].expect("bought")).await.expect("cancelled");
            }
        }
    }
    let mut awards = Vec::new();
    for id in ids.into_iter().flatten() {
        let view = purchases::show(&shop.app, &shop.ctx, id).await.expect("a purchase");
        let mut grants: Vec<_> = view.done.standing.grants.iter().filter(|grant| grant.amount > 0).collect();
        grants.sort_by_key(|grant| (grant.offer, grant.line));
        awards.push(grants.into_iter().map(|grant| grant.amount).collect());
    }
    let wallet = shop.wallet(person.id).await;
    (wallet.balance - wallet.owed, awards)
}

async fn pos_048_pos_057_cumulative_offers_fire_once_and_are_unwound(shop: &Shop) {
    shop.offer("name = \"Nine\"\nclass = \"quantity\"\nat_least = 3\n[award]\namount = 2").await;
    let ann = shop.customer("Ann").await;
    let progress = async || {
        let all = participants::progress(&shop.app, &shop.ctx, ann.id).await.expect("progress");
        (all[0].current.to_string(), all[0].target.to_string())
    };
    let first = shop.buy(ann.id, &[("bread", 300)]).await;
    assert_eq!(progress().await, ("1".into(), "3".into()));
    shop.buy(ann.id, &[("bread", 300)]).await;
    let third = shop.buy(ann.id, &[("bread", 300)]).await;
    assert_eq!((awarded(&third), progress().await), (200, ("0".into(), "3".into())), "it fires once, then starts again");
    shop.cancel(first.done.id).await.expect("cancelled");
    assert_eq!((shop.balance(ann.id).await, progress().await), (0, ("2".into(), "3".into())), "a cancelled purchase no longer counts");
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 300)]).await), 200);
}

async fn pos_061_tiers_rise_and_fall(shop: &Shop) {
    let tier = |code: &str, threshold: &str| meed_app::loyalty::TierDocument {
        code: code.into(),
        name: code.into(),
        color: None,
        threshold: threshold.into(),
    };
    let settings = meed_app::loyalty::TillSettingsDocument {
        tier_window_days: 30,
        tiers: vec![tier("basic", "0"), tier("gold", "100")],
        ..Default::default()
    };
    shop.settings(settings).await;
    shop.offer("name = \"Gold\"\ncondition = 'customer.tier == \"gold\"'\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await;
    let tier = async || {
        let view = participants::find(&shop.app, &shop.ctx, &meed_app::loyalty::Who::Id(ann.id)).await.expect("a participant");
        (
            view.tier.map(|tier| tier.code).unwrap_or_default(),
            view.period_units.normalize().to_string(),
            view.lifetime_units.normalize().to_string(),
        )
    };
    let first = shop.buy(ann.id, &[("bread", 9_999)]).await;
    assert_eq!((awarded(&first), tier().await.0), (0, "basic".into()));
    shop.buy(ann.id, &[("bread", 1)]).await;
    assert_eq!(tier().await, ("gold".into(), "100".into(), "100".into()), "the threshold is inclusive");
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 1_000)]).await), 100);
    shop.pass_days(31);
    assert_eq!(tier().await, ("basic".into(), "0".into(), "110".into()), "rolling units fall, lifetime units do not");
    shop.cancel(first.done.id).await.expect("cancelled");
    assert_eq!(tier().await.2, "10.01", "except by a cancellation");
}

async fn pos_033_a_bad_row_does_not_fail_the_others(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await;
    let mut rows = Vec::new();
    for _ in 0..5 {
        rows.push(shop.input(ann.id, shop.basket(&[("bread", 1_000)]).await));
    }
    rows[1].basket.lines.clear();
    rows[3].who = meed_app::loyalty::Who::Number("nobody".into());
    let answers = purchases::create_many(&shop.app, &shop.ctx, rows.clone()).await.expect("answers");
    let codes: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(|refused| refused.code.to_string())).collect();
    assert_eq!(codes, vec![None, Some("mandatory_parameter_missing".into()), None, Some("entity_not_found".into()), None]);
    assert_eq!(shop.balance(ann.id).await, 300);
    let many = vec![rows[0].clone(); 1_001];
    let error = purchases::create_many(&shop.app, &shop.ctx, many).await.expect_err("refused whole");
    assert_eq!((code(&error).as_str(), shop.balance(ann.id).await), ("too_many_rows", 300));
}

async fn pos_060_happy_hour_and_birthday_in_local_time(shop: &Shop) {
    // 12:00 UTC is 14:00 in Berlin; 2026-04-10 is a Friday.
    shop.offer(
        "name = \"Happy\"\nstacks = true\ncondition = 'sale.weekday == 5 && sale.hour >= 14 && sale.hour < 16'\n[award]\namount = 1",
    )
    .await;
    shop.offer("name = \"Birthday\"\nstacks = true\noccasion = { day = \"birthday\", before = 1 }\n[award]\namount = 7").await;
    let person = async |name: &str, born: &str| {
        shop.person(Participant { name: name.into(), born: Some(born.parse().expect("a date")), ..Participant::default() }).await.id
    };
    let (ann, bob) = (person("Ann", "1990-04-11").await, person("Bob", "1990-04-13").await);
    assert_eq!(awarded(&shop.buy(ann, &[("bread", 100)]).await), 800);
    assert_eq!(awarded(&shop.buy(bob, &[("bread", 100)]).await), 100);
    shop.pass_minutes(119);
    assert_eq!(awarded(&shop.buy(bob, &[("bread", 100)]).await), 100);
    shop.pass_minutes(1);
    assert_eq!(awarded(&shop.buy(bob, &[("bread", 100)]).await), 0, "16:00 in Berlin");
    // 22:30 UTC is the 11th in Berlin.
    shop.pass_minutes(510);
    assert_eq!(awarded(&shop.buy(ann, &[("bread", 100)]).await), 700);
}

async fn pos_059_a_sign_up_offer_needs_an_earlier_award(shop: &Shop) {
    shop.offer("name = \"Welcome\"\nstacks = true\nclass = \"sign_up\"\n[award]\namount = 9").await;
    shop.offer("name = \"Ten\"\nstacks = true\ncondition = 'line.family == \"bakery\"'\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await;
    assert_eq!(awarded(&shop.buy(ann.id, &[("wine", 1_000)]).await), 0);
    assert_eq!(awarded(&shop.buy(ann.id, &[("bread", 1_000)]).await), 100);
    assert_eq!(awarded(&shop.buy(ann.id, &[("wine", 1_000)]).await), 900);
    assert_eq!(awarded(&shop.buy(ann.id, &[("wine", 1_000)]).await), 0, "never by this one twice");
}

async fn pos_032_the_merchants_decision_table(shop: &Shop) {
    use meed_app::loyalty::{MerchantDocument, SchemeDocument, UnitDocument};
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let south = UnitDocument { name: "South".into(), code: "south".into(), group: Some("south".into()), ..UnitDocument::default() };
    let south = records::put(&shop.app, &shop.ctx, None, &south).await.expect("a unit");
    let other = SchemeDocument { name: "Other".into(), code: "other".into(), ..SchemeDocument::default() };
    let other = records::put(&shop.app, &shop.ctx, None, &other).await.expect("a scheme");
    let person = async |name: &str, unit| {
        shop.person(Participant { name: name.into(), sign_up_unit: Some(unit), ..Participant::default() }).await.id
    };
    let (own, foreign) = (person("Own", shop.unit).await, person("Foreign", south).await);
    let both = async || (awarded(&shop.buy(own, &[("bread", 100)]).await), awarded(&shop.buy(foreign, &[("bread", 100)]).await));
    assert_eq!(both().await, (10, 10), "no merchant");
    let open = MerchantDocument { name: "North".into(), groups: vec!["north".into()], ..MerchantDocument::default() };
    let id = shop.merchant(open.clone()).await;
    for (document, expected) in [
        (MerchantDocument { effective: false, ..open.clone() }, (0, 0)),
        (MerchantDocument { bars_own: true, ..open.clone() }, (0, 10)),
        (MerchantDocument { bars_others: true, ..open.clone() }, (10, 0)),
        (MerchantDocument { schemes: vec![other.0], ..open.clone() }, (0, 0)),
        (open.clone(), (10, 10)),
    ] {
        records::put(&shop.app, &shop.ctx, Some(id), &document).await.expect("a merchant");
        assert_eq!(both().await, expected, "{document:?}");
    }
}
