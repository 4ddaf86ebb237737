//! Offers that runs evaluate behind the tills, achievements of all of some classes, and tiers that are set by hand.

use std::sync::Arc;

use meed_app::loyalty::activities::{self, ActivityInput};
use meed_app::loyalty::journal::{self, What};
use meed_app::loyalty::tiers::{self, TierInput};
use meed_app::loyalty::{TierDocument, TillSettingsDocument, Who, evaluations, offers, participants, purchases};
use meed_core::id::Id;
use meed_core::loyalty::{ActivityKind, EventKind, Participant, WhyNot};

use crate::shop::{Shop, awarded, code};

on_every_engine!(
    a_batch_offer_is_evaluated_once_by_a_run_and_not_by_the_purchase,
    what_came_back_before_a_run_earns_nothing_and_after_it_is_taken_back,
    runs_and_purchases_at_once_give_nothing_twice,
    pos_029_of_a_batch_offer_and_what_the_till_gave_the_best_stays,
    pos_057_a_batch_offer_counts_purchases_as_runs_see_them,
    a_run_comes_once_a_day_and_an_offer_ends_with_its_last_evaluation,
    an_achievement_of_all_classes_fires_with_the_last_of_them_and_starts_again,
    pos_061_a_tier_by_hand_is_the_least_or_the_only_one_until_its_end,
    a_refund_may_grant_what_the_best_offer_kept_back,
    what_was_owed_is_told_in_the_journal,
    points_that_were_spent_are_told_in_points_with_their_worth,
    pos_060_christmas_and_easter_come_every_year,
);

const NIGHT: &str = "name = \"Night\"\nevaluation = \"batch\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"30 days\"";

fn says(view: &purchases::PurchaseView) -> Vec<String> {
    view.done.verdicts.iter().filter_map(|verdict| verdict.why_not.as_ref()).map(|why| why.code().to_owned()).collect()
}

/// All credits less all debits of the journal, in euros.
async fn journal_sum(shop: &Shop, who: Id) -> i64 {
    let entries = journal::page(&shop.app, &shop.ctx, who, None, 1_000).await.expect("a journal");
    entries.iter().filter(|entry| entry.unit == crate::shop::eur()).map(|entry| entry.credit - entry.debit).sum()
}

async fn a_batch_offer_is_evaluated_once_by_a_run_and_not_by_the_purchase(shop: &Shop) {
    shop.offer(NIGHT).await;
    shop.offer("name = \"Points\"\nstacks = true\nevaluation = \"batch\"\n[award]\neach = 1\nper = 1\nunit = \"points\"").await;
    let (ann, bob) = (shop.customer("Ann").await.id, shop.customer("Bob").await.id);
    let basket = shop.basket(&[("bread", 1_000)]).await;
    let preview = purchases::preview(&shop.app, &shop.ctx, shop.input(ann, basket.clone())).await.expect("a preview");
    assert_eq!((awarded(&preview), says(&preview)), (0, vec!["awaits_evaluation".to_owned(); 2]));
    let first = shop.create(shop.input(ann, basket)).await.expect("a purchase");
    assert_eq!((awarded(&first), says(&first)), (0, vec!["awaits_evaluation".to_owned(); 2]));
    shop.buy(bob, &[("milk", 300), ("wine", 200)]).await;
    assert_eq!(shop.balance(ann).await, 0, "nothing before the run");

    let run = evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!((run.purchases, run.money, run.points), (2, 150, 15));
    assert_eq!((shop.balance(ann).await, shop.balance(bob).await, shop.points(ann).await.balance), (100, 50, 10));
    let shown = purchases::show(&shop.app, &shop.ctx, first.done.id).await.expect("the purchase");
    assert_eq!(awarded(&shown), 100, "the purchase says what it was awarded in the end");
    let entries = journal::page(&shop.app, &shop.ctx, ann, None, 10).await.expect("a journal");
    assert!(entries.iter().any(|entry| entry.kind == What::Event(EventKind::Evaluation) && entry.credit == 100), "{entries:?}");
    assert_eq!(journal_sum(shop, ann).await, 100);
    let lot = shop.wallet(ann).await.lots[0];
    let end: jiff::Timestamp = "2026-05-10T22:00:00Z".parse().expect("a time");
    assert_eq!(lot.expires_us, Some(end.as_microsecond()), "thirty days from the purchase, not from the run");

    let again = evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!((again.purchases, again.money), (0, 0), "a second run finds nothing");
    assert_eq!(shop.balance(ann).await, 100);
    // An instant discount cannot wait for a run.
    let text = format!("kind = \"reward\"\nscheme = \"club\"\n{}", NIGHT.replace("expires = \"30 days\"", "method = \"instant\""));
    assert!(offers::check(&text).is_err());
    let text = "kind = \"reward\"\nscheme = \"club\"\nname = \"x\"\nlatest_evaluation = 2026-05-01\n[award]\namount = 1";
    assert!(offers::check(text).is_err(), "a last day of runs without runs");
}

async fn what_came_back_before_a_run_earns_nothing_and_after_it_is_taken_back(shop: &Shop) {
    shop.offer(NIGHT).await;
    let ann = shop.customer("Ann").await.id;
    let part = shop.buy(ann, &[("bread", 1_000), ("wine", 1_000)]).await.done.id;
    let gone = shop.buy(ann, &[("milk", 500)]).await.done.id;
    let later = shop.buy(ann, &[("milk", 700)]).await.done.id;
    shop.refund(part, &[(0, 1_000)]).await.expect("a refund");
    shop.cancel(gone).await.expect("cancelled");
    let run = evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!((run.purchases, shop.balance(ann).await), (2, 170), "of what was left");
    shop.refund(part, &[(1, 500)]).await.expect("a refund");
    assert_eq!(shop.balance(ann).await, 120);
    shop.cancel(later).await.expect("cancelled");
    assert_eq!(shop.balance(ann).await, 50);
    assert_eq!(journal_sum(shop, ann).await, 50);
    // Who has left before the run gets nothing more.
    shop.buy(ann, &[("wine", 1_000)]).await;
    let end = meed_core::loyalty::Termination { at_us: shop.now().as_microsecond(), reason: "moved".into() };
    let found = participants::find(&shop.app, &shop.ctx, &Who::Id(ann)).await.expect("a participant");
    let person = Participant { terminated: Some(end), ..found.participant };
    participants::update(&shop.app, &shop.ctx, ann, person, Vec::new()).await.expect("saved");
    evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!(shop.balance(ann).await, 50);
}

async fn runs_and_purchases_at_once_give_nothing_twice(shop: &Shop) {
    shop.offer(NIGHT).await;
    shop.offer("name = \"Third\"\nstacks = true\nevaluation = \"batch\"\nclass = \"number\"\nat_least = 3\n[award]\namount = 1").await;
    let ann = shop.customer("Ann").await.id;
    let mut tasks = Vec::new();
    for turn in 0..24 {
        let (app, ctx) = (Arc::clone(&shop.app), shop.ctx.clone());
        if turn % 4 == 0 {
            tasks.push(tokio::spawn(async move { evaluations::run(&app, &ctx).await.map(|_| ()).map_err(|error| code(&error)) }));
        } else {
            let input = shop.input(ann, shop.basket(&[("bread", 1_000)]).await);
            tasks.push(tokio::spawn(async move { purchases::create(&app, &ctx, input).await.map(|_| ()).map_err(|error| code(&error)) }));
        }
    }
    for task in tasks {
        task.await.expect("a task").expect("done");
    }
    evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!(shop.balance(ann).await, 18 * 100 + 6 * 100, "eighteen purchases, and every third");
    assert_eq!(journal_sum(shop, ann).await, 2_400);
}

async fn pos_029_of_a_batch_offer_and_what_the_till_gave_the_best_stays(shop: &Shop) {
    shop.offer(NIGHT).await;
    shop.offer("name = \"At once\"\ncondition = \"line.family == 'bakery'\"\n[award]\npercent = \"4%\"").await;
    shop.offer("name = \"Discount\"\ncondition = \"line.family == 'drinks'\"\n[award]\npercent = \"1%\"\n[spend]\nmethod = \"instant\"")
        .await;
    let ann = shop.customer("Ann").await.id;
    let bread = shop.buy(ann, &[("bread", 1_000)]).await;
    assert_eq!((awarded(&bread), shop.balance(ann).await), (40, 40));
    let wine = shop.buy(ann, &[("wine", 1_000)]).await;
    assert_eq!(awarded(&wine), 10, "a discount at the till");
    let run = evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!(run.money, 60, "the better one takes the place of what was given");
    assert_eq!(shop.balance(ann).await, 100);
    let shown = purchases::show(&shop.app, &shop.ctx, wine.done.id).await.expect("the purchase");
    assert_eq!(awarded(&shown), 10, "what the receipt took off stays, and is all that it earns");
    assert_eq!(journal_sum(shop, ann).await, 100);
}

async fn pos_057_a_batch_offer_counts_purchases_as_runs_see_them(shop: &Shop) {
    let offer = "name = \"Fifth\"\nevaluation = \"batch\"\nclass = \"number\"\nat_least = 3\n[award]\namount = 5";
    shop.offer(offer).await;
    let ann = shop.customer("Ann").await.id;
    let progress = async || {
        let all = participants::progress(&shop.app, &shop.ctx, ann).await.expect("progress");
        all[0].current.to_string()
    };
    let mut made = Vec::new();
    for _ in 0..2 {
        made.push(shop.buy(ann, &[("bread", 100)]).await.done.id);
        shop.pass_minutes(1);
    }
    assert_eq!(progress().await, "0");
    evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!((progress().await.as_str(), shop.balance(ann).await), ("2", 0));
    made.push(shop.buy(ann, &[("bread", 100)]).await.done.id);
    assert_eq!(shop.balance(ann).await, 0, "the third, which no run has seen");
    evaluations::run(&shop.app, &shop.ctx).await.expect("a run");
    assert_eq!((progress().await.as_str(), shop.balance(ann).await), ("0", 500));
    shop.cancel(made[0]).await.expect("cancelled");
    assert_eq!((progress().await.as_str(), shop.balance(ann).await), ("2", 0), "two are left of three");
}

async fn a_run_comes_once_a_day_and_an_offer_ends_with_its_last_evaluation(shop: &Shop) {
    let ann = shop.customer("Ann").await.id;
    assert_eq!(evaluations::run_if_due(&shop.app, &shop.ctx).await.expect("looked"), None, "no offer asks for it");
    shop.offer(&NIGHT.replace("evaluation = \"batch\"", "evaluation = \"batch\"\nlatest_evaluation = 2026-04-11")).await;
    shop.buy(ann, &[("bread", 1_000)]).await;
    assert!(evaluations::run_if_due(&shop.app, &shop.ctx).await.expect("looked").is_some(), "the first one");
    assert_eq!(shop.balance(ann).await, 100);
    shop.buy(ann, &[("bread", 1_000)]).await;
    assert_eq!(evaluations::run_if_due(&shop.app, &shop.ctx).await.expect("looked"), None, "not twice a day");
    let runs = evaluations::runs(&shop.app, &shop.ctx).await.expect("runs");
    let next: jiff::Timestamp = "2026-04-11T00:00:00Z".parse().expect("a time");
    assert_eq!(runs.next_us, Some(next.as_microsecond()), "at two o'clock in Berlin");
    shop.pass_minutes(12 * 60);
    assert!(evaluations::run_if_due(&shop.app, &shop.ctx).await.expect("looked").is_some());
    assert_eq!(shop.balance(ann).await, 200);
    shop.buy(ann, &[("bread", 1_000)]).await;
    shop.pass_days(1);
    let over = evaluations::run_if_due(&shop.app, &shop.ctx).await.expect("looked").expect("a run");
    assert_eq!((over.purchases, over.money, shop.balance(ann).await), (1, 0, 200), "after its last day it gives nothing");
}

fn achieved(shop: &Shop, who: Id, class: &str) -> ActivityInput {
    ActivityInput {
        who: Who::Id(who),
        kind: ActivityKind::Achievement,
        unit: shop.unit,
        at: Some(shop.now()),
        classification: Some(class.to_owned()),
        amount: 0,
        referred: None,
        reference: format!("A-{class}"),
        source: shop.source,
        identity: None,
        description: None,
    }
}

async fn an_achievement_of_all_classes_fires_with_the_last_of_them_and_starts_again(shop: &Shop) {
    let all = "name = \"All\"\nstacks = true\nclass = \"achievement\"\nclassifications = [\"Swim\", \"bike\", \"run\"]\nneeds = \"all\"\nwithin = \"7 days\"\n[award]\namount = 10";
    shop.offer(all).await;
    let any = "name = \"Any\"\nstacks = true\nclass = \"achievement\"\nclassifications = [\"swim\", \"chess\"]\n[award]\namount = 1";
    shop.offer(any).await;
    let ann = shop.customer("Ann").await.id;
    let done = async |class: &str| {
        let view = activities::record(&shop.app, &shop.ctx, achieved(shop, ann, class)).await.expect("an activity");
        shop.pass_minutes(1);
        (view.done.id, awarded(&view), says(&view))
    };
    let (_, first, said) = done("swim").await;
    assert_eq!((first, said), (100, vec!["threshold_not_reached".to_owned()]), "any of them, and one of three");
    assert_eq!(done("swim").await.1, 100, "the same once more is still one of three");
    let (_, chess, said) = done("chess").await;
    assert_eq!((chess, said), (100, vec!["other_classification".to_owned()]));
    let (bike, nothing, _) = done("BIKE").await;
    assert_eq!(nothing, 0);
    let progress = participants::progress(&shop.app, &shop.ctx, ann).await.expect("progress");
    assert_eq!((progress[0].current.to_string(), progress[0].target.to_string()), ("2".to_owned(), "3".to_owned()));
    assert_eq!(done("run").await.1, 1_000, "the last of them");
    assert_eq!(done("run").await.1, 0, "and it starts again");
    // What was achieved is taken back: so is what it completed.
    let before = shop.balance(ann).await;
    shop.cancel(bike).await.expect("cancelled");
    assert_eq!(shop.balance(ann).await, before - 1_000);
    assert_eq!(done("bike").await.1, 1_000, "again all three: swim and run were there");
    // What lies too far back does not count.
    done("swim").await;
    done("bike").await;
    shop.pass_days(7);
    assert_eq!(done("run").await.1, 0);
    for wrong in ["needs = \"all\"", "classifications = [\"a\", \"A\"]", "classifications = [\"a\"]\nneeds = \"all\"\nat_least = 2"] {
        let text = format!("kind = \"reward\"\nscheme = \"club\"\nname = \"x\"\nclass = \"achievement\"\n{wrong}\n[award]\namount = 1");
        assert!(offers::check(&text).is_err(), "{wrong}");
    }
}

async fn pos_061_a_tier_by_hand_is_the_least_or_the_only_one_until_its_end(shop: &Shop) {
    let tier =
        |code: &str, threshold: &str| TierDocument { code: code.into(), name: code.into(), color: None, threshold: threshold.into() };
    let tiers = vec![tier("silver", "10"), tier("gold", "50"), tier("platinum", "100")];
    shop.settings(TillSettingsDocument { tiers, ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Gold\"\ncondition = \"customer.tier == 'gold'\"\n[award]\namount = 1").await;
    let ann = shop.customer("Ann").await.id;
    let set = async |tier: Option<&str>, until: Option<jiff::Timestamp>, is_fixed: bool, reason: &str, key: &str| {
        let (tier, reason, identity) = (tier.map(str::to_owned), reason.to_owned(), Some(key.to_owned()));
        let input = TierInput { participant: ann, tier, until, is_fixed, reason, identity };
        tiers::set(&shop.app, &shop.ctx, input).await.map(|(_, body, again)| (body.before, body.after, again)).map_err(|error| code(&error))
    };
    let holds = async || participants::find(&shop.app, &shop.ctx, &Who::Id(ann)).await.expect("found").tier.map(|tier| tier.code);
    assert_eq!(awarded(&shop.buy(ann, &[("bread", 100)]).await), 0);
    assert_eq!(set(Some("brass"), None, false, "x", "0").await, Err("tier_unknown".to_owned()));
    assert_eq!(set(Some("gold"), None, false, " ", "0").await, Err("reason_missing".to_owned()));
    assert_eq!(set(Some("gold"), Some(shop.now()), false, "x", "0").await, Err("date_in_past".to_owned()));
    let gold = Some("gold".to_owned());
    assert_eq!(set(Some("gold"), None, false, "Gold elsewhere", "1").await, Ok((None, gold.clone(), false)));
    assert_eq!(set(Some("gold"), None, false, "Gold elsewhere", "1").await, Ok((None, gold.clone(), true)), "sent again");
    shop.pass_minutes(1);
    assert_eq!(awarded(&shop.buy(ann, &[("bread", 100)]).await), 100, "purchases see it");
    // Changing the customer's address leaves it, and more purchases raise them above it.
    let person = participants::find(&shop.app, &shop.ctx, &Who::Id(ann)).await.expect("found").participant;
    participants::update(&shop.app, &shop.ctx, ann, Participant { city: Some("Bonn".into()), tiers: Vec::new(), ..person }, Vec::new())
        .await
        .expect("saved");
    assert_eq!(holds().await, gold);
    let big = shop.buy(ann, &[("wine", 20_000)]).await;
    assert_eq!(holds().await.as_deref(), Some("platinum"), "what they earn raises them");
    shop.cancel(big.done.id).await.expect("cancelled");
    assert_eq!(holds().await, gold, "and they do not fall below it");
    // Fixed: no rise, until its end.
    let end = "2026-04-12T22:00:00Z".parse().ok();
    shop.pass_minutes(1);
    assert_eq!(set(Some("silver"), end, true, "Under review", "2").await.map(|done| done.1), Ok(Some("silver".to_owned())));
    shop.buy(ann, &[("wine", 20_000)]).await;
    assert_eq!(holds().await.as_deref(), Some("silver"));
    shop.pass_days(3);
    assert_eq!(holds().await.as_deref(), Some("platinum"), "its end has come");
    set(Some("gold"), None, true, "Again", "3").await.expect("set");
    shop.pass_minutes(1);
    assert_eq!(set(None, None, false, "A mistake", "4").await.map(|done| done.1), Ok(Some("platinum".to_owned())));
    let changes = participants::tier_changes(&shop.app, &shop.ctx, ann).await.expect("changes");
    let told: Vec<String> = changes.iter().filter_map(|change| change.by_hand.clone()).collect();
    assert!(told.iter().any(|text| text.contains("Under review") && text.contains("system")), "{changes:?}");
    let entries = journal::page(&shop.app, &shop.ctx, ann, None, 50).await.expect("a journal");
    let by_hand: Vec<&str> =
        entries.iter().filter(|entry| entry.kind == What::Event(EventKind::TierSet)).map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        by_hand,
        ["as earned: A mistake (system)", "gold: Again (system)", "silver: Under review (system)", "gold: Gold elsewhere (system)"]
    );
}

async fn a_refund_may_grant_what_the_best_offer_kept_back(shop: &Shop) {
    shop.offer("name = \"Hundred\"\n[award]\neach = 10\nper = 100").await;
    shop.offer("name = \"Little\"\n[award]\npercent = \"5%\"\nmax = 2").await;
    let ann = shop.customer("Ann").await.id;
    let sold = shop.buy(ann, &[("wine", 10_000)]).await;
    assert_eq!((awarded(&sold), says(&sold)), (1_000, vec![WhyNot::NotBest { best: Id(0) }.code().to_owned()]));
    shop.refund(sold.done.id, &[(0, 1_000)]).await.expect("a refund");
    assert_eq!(shop.balance(ann).await, 200, "the other one is the best of what is left");
}

async fn what_was_owed_is_told_in_the_journal(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let ann = shop.customer("Ann").await.id;
    let first = shop.buy(ann, &[("wine", 5_000)]).await.done.id;
    let second = shop.buy(ann, &[("bread", 500)]).await.done.id;
    shop.spend(second, Some(500)).await.expect("a spend");
    shop.cancel(first).await.expect("cancelled");
    assert_eq!((shop.balance(ann).await, shop.wallet(ann).await.owed), (0, 450));
    assert_eq!(journal_sum(shop, ann).await, 0);
    shop.buy(ann, &[("milk", 1_000)]).await;
    assert_eq!((shop.balance(ann).await, shop.wallet(ann).await.owed), (0, 350));
    shop.top_up(ann, 1_000).await;
    assert_eq!((shop.balance(ann).await, shop.wallet(ann).await.owed), (650, 0));
    let entries = journal::page(&shop.app, &shop.ctx, ann, None, 50).await.expect("a journal");
    let netted: Vec<i64> = entries.iter().filter(|entry| entry.kind == What::Netting).map(|entry| entry.debit).collect();
    assert_eq!(netted, [350, 100], "newest first");
    assert_eq!(journal_sum(shop, ann).await, 650, "so the journal ties to the wallet");
}

async fn pos_060_christmas_and_easter_come_every_year(shop: &Shop) {
    shop.offer("name = \"Eggs\"\nstacks = true\noccasion = { day = \"easter\", before = 2, after = 1 }\n[award]\namount = 1").await;
    shop.offer("name = \"Tree\"\nstacks = true\noccasion = { day = \"christmas\", before = 1, after = 1 }\n[award]\namount = 2").await;
    let ann = shop.customer("Ann").await.id;
    // It is Friday after Easter 2026; the next one is on 2027-03-28.
    assert_eq!(awarded(&shop.buy(ann, &[("bread", 1_000)]).await), 0);
    for (days, expected) in [(257, 0), (1, 200), (2, 200), (1, 0), (88, 0), (1, 100), (3, 100), (1, 0)] {
        shop.pass_days(days);
        assert_eq!(awarded(&shop.buy(ann, &[("bread", 1_000)]).await), expected, "{}", shop.now());
    }
}

async fn points_that_were_spent_are_told_in_points_with_their_worth(shop: &Shop) {
    shop.offer("name = \"Points\"\n[award]\neach = 1\nper = 1\nunit = \"points\"").await;
    let settings = meed_app::loyalty::TillSettingsDocument { point_value: Some("0.05".into()), ..Default::default() };
    shop.settings(settings).await;
    let ann = shop.customer("Ann").await.id;
    shop.buy(ann, &[("wine", 10_000)]).await;
    shop.top_up(ann, 100).await;
    let sold = shop.buy(ann, &[("bread", 1_000)]).await.done.id;
    let spend = shop.spend(sold, Some(300)).await.expect("a spend");
    assert_eq!((spend.body.spent, spend.body.points), (300, (40, 200)), "a euro, and forty points worth two");
    let journal = async || {
        let entries = journal::page(&shop.app, &shop.ctx, ann, None, 50).await.expect("a journal");
        let row = |entry: &journal::Entry| (entry.kind.name(), entry.unit.code().to_owned(), entry.credit, entry.debit, entry.text.clone());
        let newest: Vec<_> = entries.iter().take(2).map(row).collect();
        let points: i64 = entries.iter().filter(|entry| entry.unit != crate::shop::eur()).map(|entry| entry.credit - entry.debit).sum();
        (newest, points)
    };
    let (newest, points) = journal().await;
    let worth = || "worth 2.00 EUR".to_owned();
    let expected = vec![("spend_request", "EUR".into(), 0, 100, String::new()), ("spend_request", "PTS".into(), 0, 40, worth())];
    assert_eq!(newest, expected);
    assert_eq!((points, journal_sum(shop, ann).await), (shop.points(ann).await.balance, 0));
    let (newest, points) = {
        shop.refund(sold, &[(0, 500)]).await.expect("a refund");
        journal().await
    };
    assert!(newest.iter().any(|(kind, unit, credit, ..)| (*kind, unit.as_str()) == ("refund", "PTS") && *credit > 0), "{newest:?}");
    assert_eq!(points, shop.points(ann).await.balance);
    shop.cancel(sold).await.expect("cancelled");
    assert_eq!((journal().await.1, journal_sum(shop, ann).await), (shop.points(ann).await.balance, shop.balance(ann).await));
}
