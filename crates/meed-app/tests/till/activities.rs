//! What offers reward besides sales: referrals, achievements, what is done in networks and on the web; and lotteries.

use std::sync::Arc;

use meed_app::loyalty::activities::{self, ActivityInput};
use meed_app::loyalty::purchases::PurchaseView;
use meed_app::loyalty::{Who, offers, participants, purchases};
use meed_core::id::Id;
use meed_core::loyalty::{ActivityKind, WhyNot};

use crate::shop::{Shop, awarded, code};

on_every_engine!(
    led_032_a_referral_is_rewarded_once_for_everyone_who_was_brought,
    achievements_count_by_kind_class_and_amount,
    an_activity_is_no_sale,
    many_activities_are_one_commit_and_fail_alone,
    a_lottery_draws_the_same_for_any_order_and_cannot_be_tried_again,
);

pub(crate) fn done_by(shop: &Shop, who: Id, kind: ActivityKind) -> ActivityInput {
    ActivityInput {
        who: Who::Id(who),
        kind,
        unit: shop.unit,
        at: Some(shop.now()),
        classification: None,
        amount: 0,
        referred: None,
        reference: "A-1".into(),
        source: shop.source,
        identity: None,
        description: None,
    }
}

async fn record(shop: &Shop, input: ActivityInput) -> Result<PurchaseView, String> {
    activities::record(&shop.app, &shop.ctx, input).await.map_err(|error| code(&error))
}

async fn led_032_a_referral_is_rewarded_once_for_everyone_who_was_brought(shop: &Shop) {
    shop.offer("name = \"Friends\"\nclass = \"referral\"\n[award]\namount = 5\n[spend]\nexpires = \"30 days\"").await;
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let (ann, bob, cid) = (shop.customer("Ann").await.id, shop.customer("Bob").await.id, shop.customer("Cid").await.id);
    let bring = |who: Id, brought: Option<Id>, identity: &str| ActivityInput {
        referred: brought.map(Who::Id),
        identity: Some(identity.to_owned()),
        ..done_by(shop, who, ActivityKind::Referral)
    };
    assert_eq!(record(shop, bring(ann, None, "F-0")).await.expect_err("whom?"), "mandatory_parameter_missing");
    assert_eq!(record(shop, bring(ann, Some(ann), "F-0")).await.expect_err("herself"), "referral_of_oneself");
    // Many say at once that they brought him: one did.
    let tasks: Vec<_> = (0..100)
        .map(|turn| {
            let (app, ctx) = (Arc::clone(&shop.app), shop.ctx.clone());
            let input = bring(if turn % 2 == 0 { ann } else { cid }, Some(bob), &format!("F-{turn}"));
            tokio::spawn(async move { activities::record(&app, &ctx, input).await.map_err(|error| code(&error)) })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        match task.await.expect("a task") {
            Ok(view) => made.push(view),
            Err(code) => assert_eq!(code, "already_referred"),
        }
    }
    assert_eq!((made.len(), awarded(&made[0])), (1, 500), "and the offer for sales gives nothing");
    assert_eq!(shop.balance(ann).await + shop.balance(cid).await, 500);
    let other = made[0].done.verdicts.iter().filter_map(|verdict| verdict.why_not.as_ref()).map(WhyNot::code).collect::<Vec<_>>();
    assert_eq!(other, vec!["other_event"]);
    let again = bring(cid, Some(ann), "G-1");
    record(shop, again.clone()).await.expect("another one");
    assert!(record(shop, again).await.expect("the first answer").done.is_replayed);
    // It was no referral after all: what was given is taken back.
    shop.cancel(made[0].done.id).await.expect("cancelled");
    assert_eq!(shop.balance(ann).await + shop.balance(cid).await, 500, "that of the second one");
}

async fn achievements_count_by_kind_class_and_amount(shop: &Shop) {
    shop.offer(
        "name = \"Survey\"\nstacks = true\nclass = \"achievement\"\ncondition = 'sale.classification == \"survey\"'\n[award]\namount = 1",
    )
    .await;
    let saver = "name = \"Saver\"\nstacks = true\nclass = \"financial_achievement\"\nfrom = 100\nto = 500\n[award]\npercent = \"2%\"";
    shop.offer(saver).await;
    let posts = "name = \"Posts\"\nstacks = true\nclass = \"social_media\"\nat_least = 2\nwithin = \"7 days\"\n[award]\namount = 50\nunit = \"points\"";
    shop.offer(posts).await;
    let ann = shop.customer("Ann").await.id;
    let of =
        |kind, class: Option<&str>, amount| ActivityInput { classification: class.map(str::to_owned), amount, ..done_by(shop, ann, kind) };
    let given = async |input| record(shop, input).await.map(|view| awarded(&view)).expect("an activity");
    assert_eq!(given(of(ActivityKind::Achievement, Some("survey"), 0)).await, 100);
    assert_eq!(given(of(ActivityKind::Achievement, Some("review"), 0)).await, 0, "another class");
    assert_eq!(given(of(ActivityKind::Web, Some("survey"), 0)).await, 0, "another kind");
    for (amount, expected) in [(9_999, 0), (10_000, 200), (50_000, 1_000), (50_001, 0)] {
        assert_eq!(given(of(ActivityKind::FinancialAchievement, None, amount)).await, expected, "{amount}");
    }
    record(shop, of(ActivityKind::SocialMedia, None, 0)).await.expect("a post");
    assert_eq!(shop.points(ann).await.balance, 0);
    shop.pass_days(1);
    record(shop, of(ActivityKind::SocialMedia, None, 0)).await.expect("a post");
    assert_eq!(shop.points(ann).await.balance, 50, "the second one within the week");
    let refused = record(shop, of(ActivityKind::Web, None, -1)).await.expect_err("refused");
    assert_eq!(refused, "amount_not_positive");
    for wrong in
        ["class = \"web\"\nwithin = \"3 days\"", "class = \"lottery\"", "class = \"lottery\"\nchance = \"101%\"", "class = \"raffle\""]
    {
        let text = format!("kind = \"reward\"\nscheme = \"club\"\nname = \"x\"\n{wrong}\n[award]\namount = 1");
        assert!(offers::check(&text).is_err(), "{wrong}");
    }
}

async fn an_activity_is_no_sale(shop: &Shop) {
    shop.offer("name = \"Web\"\nclass = \"web\"\n[award]\namount = 3").await;
    let ann = shop.customer("Ann").await.id;
    let done = record(shop, ActivityInput { amount: 900, ..done_by(shop, ann, ActivityKind::Web) }).await.expect("an activity");
    let id = done.done.id;
    assert_eq!(shop.spend(id, Some(100)).await.expect_err("refused"), "invalid_event_type");
    assert_eq!(shop.refund(id, &[(0, 100)]).await.expect_err("refused"), "invalid_event_type");
    let settled = purchases::settle(&shop.app, &shop.ctx, id).await.expect_err("refused");
    assert_eq!(code(&settled), "invalid_event_type");
    let list = purchases::list(&shop.app, &shop.ctx, purchases::PurchaseFilter { limit: 10, ..Default::default() }).await.expect("a list");
    assert!(list.is_empty(), "no purchase");
    let person = participants::find(&shop.app, &shop.ctx, &Who::Id(ann)).await.expect("a participant");
    assert!(person.lifetime_units.is_zero(), "and no value units");
    let mut input = shop.input(ann, shop.basket(&[("bread", 100)]).await);
    input.basket.extra.insert("meed.activity".into(), "web".into());
    assert_eq!(shop.create(input).await.expect_err("a sale cannot say that it is one"), "field_reserved");
}

async fn many_activities_are_one_commit_and_fail_alone(shop: &Shop) {
    shop.offer("name = \"Friends\"\nclass = \"referral\"\n[award]\namount = 5").await;
    shop.offer("name = \"Runner\"\nclass = \"achievement\"\n[award]\namount = 1").await;
    let (ann, bob, cid) = (shop.customer("Ann").await.id, shop.customer("Bob").await.id, shop.customer("Cid").await.id);
    let did = |kind, reference: &str| ActivityInput {
        identity: Some(reference.to_owned()),
        reference: reference.to_owned(),
        ..done_by(shop, ann, kind)
    };
    let brought = |who: Id, reference: &str| ActivityInput {
        who: Who::Id(who),
        referred: Some(Who::Id(bob)),
        ..did(ActivityKind::Referral, reference)
    };
    let lines = async || {
        let ws = shop.ctx.workspace;
        shop.app.store().read(move |r| r.audit_back(ws, None, 1)).await.expect("the audit log")[0].number
    };
    let rows = vec![
        did(ActivityKind::Achievement, "A-1"),
        brought(ann, "F-1"),
        brought(cid, "F-2"),
        did(ActivityKind::Achievement, "A-1"),
        ActivityInput { amount: 7, ..did(ActivityKind::Achievement, "A-1") },
        ActivityInput { amount: -1, ..did(ActivityKind::Achievement, "A-2") },
        ActivityInput { who: Who::Number("nobody".into()), ..did(ActivityKind::Achievement, "A-3") },
        did(ActivityKind::Achievement, "A-4"),
    ];
    let before = lines().await;
    let told = async |rows: Vec<ActivityInput>| -> Vec<Result<(i64, bool), String>> {
        let done = activities::record_many(&shop.app, &shop.ctx, rows).await.expect("outcomes");
        let row = |row: Result<PurchaseView, meed_core::command::Refused>| match row {
            Ok(view) => Ok((awarded(&view), view.done.is_replayed)),
            Err(refused) => Err(refused.code.to_string()),
        };
        done.into_iter().map(row).collect()
    };
    let refused = |code: &str| Err(code.to_owned());
    let expected = vec![
        Ok((100, false)),
        Ok((500, false)),
        refused("already_referred"),
        Ok((100, true)),
        refused("duplicate_reference"),
        refused("amount_not_positive"),
        refused("entity_not_found"),
        Ok((100, false)),
    ];
    assert_eq!(told(rows.clone()).await, expected);
    assert_eq!(lines().await, before + 1, "one command, one commit");
    assert_eq!((shop.balance(ann).await, shop.balance(cid).await), (700, 0));
    let again = told(rows).await;
    assert!(again.iter().all(|row| !matches!(row, Ok((_, false)))), "{again:?}");
    assert_eq!((shop.balance(ann).await, lines().await), (700, before + 1), "sent again it does nothing");
}

async fn a_lottery_draws_the_same_for_any_order_and_cannot_be_tried_again(shop: &Shop) {
    let text = "name = \"Wheel\"\nstacks = true\nclass = \"lottery\"\nat_least = 2\nchance = \"50%\"\n[award]\namount = 4";
    let offer = shop.offer(text).await;
    let ann = shop.customer("Ann").await.id;
    let mut prizes = Vec::new();
    for turn in 0..48 {
        let basket = shop.basket(&[("bread", 100)]).await;
        // However often it is previewed, under whatever receipt: the draw is the same.
        let mut seen = Vec::new();
        for receipt in 0..3 {
            let mut input = shop.input(ann, basket.clone());
            input.basket.reference = format!("try {receipt}");
            seen.push(awarded(&purchases::preview(&shop.app, &shop.ctx, input).await.expect("a preview")));
        }
        let done = awarded(&shop.create(shop.input(ann, basket)).await.expect("a purchase"));
        assert_eq!(seen, vec![done; 3]);
        assert!(turn % 2 == 1 || done == 0, "a draw for every second one");
        if turn % 2 == 1 {
            prizes.push(done);
        }
        shop.pass_minutes(1);
    }
    let won = prizes.iter().filter(|prize| **prize > 0).count();
    assert!((1..24).contains(&won), "half of them, by and large: {prizes:?}");
    // A new version goes on with the same draws: after a cancellation the same prizes come again, in the same order.
    assert_eq!(shop.offer(&text.replace("amount = 4", "amount = 9")).await, offer);
    let list = purchases::list(&shop.app, &shop.ctx, purchases::PurchaseFilter { limit: 100, ..Default::default() }).await.expect("a list");
    for view in list.iter().take(4) {
        shop.cancel(view.done.id).await.expect("cancelled");
    }
    for expected in &prizes[22..] {
        shop.buy(ann, &[("bread", 100)]).await;
        let done = shop.buy(ann, &[("bread", 100)]).await;
        assert_eq!(awarded(&done), if *expected > 0 { 900 } else { 0 }, "nobody draws again by cancelling");
    }
    // Another customer draws by themselves.
    let bob = shop.customer("Bob").await.id;
    let mut his = Vec::new();
    for turn in 0..48 {
        let done = awarded(&shop.buy(bob, &[("bread", 100)]).await);
        if turn % 2 == 1 {
            his.push(done > 0);
        }
    }
    assert_ne!(his, prizes.iter().map(|prize| *prize > 0).collect::<Vec<_>>());
    let docs = offers::list(&shop.app, &shop.ctx).await.expect("offers");
    assert!(!docs[0].text.contains("draw_key"), "nobody is told the key");
}
