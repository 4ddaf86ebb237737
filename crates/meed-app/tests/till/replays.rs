//! What-if: the past decided again against a draft equals a real run of the same sales, and writes nothing.

use meed_app::loyalty::simulate::{self, Replay, ReplayInput, sum_in};
use meed_app::loyalty::{Who, offers, participants, purchases};
use meed_core::id::Id;
use meed_core::money::Unit;

use crate::random::Random;
use crate::shop::{Shop, eur};

on_every_engine!(led_030_a_replay_equals_a_real_run_and_writes_nothing, a_replay_keeps_to_its_period_and_its_budget,);

/// The offers that are in force, and the draft that is to replace one of them.
const BASE: &str = "name = \"Base\"\n[award]\npercent = \"2%\"";
const PLUS: &str = "name = \"Plus\"\nstacks = true\nclass = \"number\"\nat_least = 3\nwithin = \"20 days\"\n[award]\namount = 1";
const DRAFT: &str = "name = \"Base\"\nbudget = \"rest\"\n[award]\npercent = \"7.5%\"\nmax = 2.5\nbasis = \"paid\"\nscope = \"item\"\n[spend]\nexpires = \"5 days\"";
const POINTS: &str = "name = \"Base\"\nrepeats = \"once per 2 days\"\ncondition = 'line.family != \"drinks\"'\n[award]\neach = 3\nper = 1\nunit = \"points\"";

/// A month of sales: some paid in part from the wallet, some returned in parts, some cancelled.
async fn month(shop: &Shop, people: &[Id]) -> Vec<Id> {
    let mut random = Random(7);
    let mut made = Vec::new();
    for _ in 0..40 {
        shop.pass_minutes(60 * 9);
        let who = people[random.place(people.len())];
        let amount = |random: &mut Random| i64::try_from(random.place(4_000)).expect("small") + 100;
        let lines = [("bread", amount(&mut random)), ("wine", amount(&mut random))];
        let mut input = shop.input(who, shop.basket(&lines[..=random.place(2)]).await);
        if random.place(4) == 0 {
            input.spend = Some(meed_core::loyalty::SpendAsk { amount: Some(50), ..Default::default() });
        }
        let done = shop.create(input).await.expect("a purchase").done;
        made.push(done.id);
        shop.pass_minutes(3);
        match random.place(6) {
            0 => {
                shop.refund(done.id, &[(0, 77)]).await.expect("a refund");
            }
            1 => {
                shop.cancel(done.id).await.expect("cancelled");
            }
            2 => {
                shop.spend(done.id, Some(30)).await.expect("a spend");
            }
            _ => {}
        }
    }
    made
}

fn draft(text: &str) -> String {
    format!("kind = \"reward\"\nscheme = \"club\"\n{text}")
}

async fn replay(shop: &Shop, text: &str, budget: Option<i64>) -> Replay {
    let until = shop.now().checked_add(jiff::Span::new().minutes(1)).expect("a time");
    let from = shop.now().checked_sub(jiff::Span::new().hours(24 * 60)).expect("a time");
    let input = ReplayInput { text: draft(text), from, until, budget };
    simulate::replay(&shop.app, &shop.ctx, &input).await.expect("a replay")
}

/// By customer's name: what they were awarded in money and points; and the same by offer.
type Totals = (Vec<(String, i64, i64)>, Vec<(String, i64, i64)>);

fn told(replay: &Replay) -> Totals {
    let both = |sums: &[(Unit, i64)]| (sum_in(sums, eur()), sum_in(sums, Unit::POINTS));
    let mut shoppers: Vec<_> = replay.shoppers.iter().map(|s| (s.name.clone(), both(&s.after).0, both(&s.after).1)).collect();
    shoppers.sort();
    (shoppers, replay.offers.iter().map(|o| (o.name.clone(), both(&o.after).0, both(&o.after).1)).collect())
}

/// The same sales in a shop where the draft was in force from the start.
async fn real(engine: &str, text: &str, budget: Option<i64>) -> Totals {
    let shop = match engine {
        "postgres" => Shop::postgres().await,
        _ => Shop::sqlite().await,
    };
    shop.offer(PLUS).await;
    let base = shop.offer(text).await;
    if let Some(budget) = budget {
        offers::set_budget(&shop.app, &shop.ctx, base, eur(), budget).await.expect("a budget");
    }
    let people = people(&shop).await;
    month(&shop, &people).await;
    let views =
        purchases::list(&shop.app, &shop.ctx, purchases::PurchaseFilter { limit: 1_000, ..Default::default() }).await.expect("a list");
    let mut shoppers: Vec<(String, i64, i64)> = Vec::new();
    let mut by_offer = vec![("Base".to_owned(), 0, 0), ("Plus".to_owned(), 0, 0)];
    for id in people {
        let name = participants::find(&shop.app, &shop.ctx, &Who::Id(id)).await.expect("a participant").participant.name;
        let own = views.iter().filter(|view| view.done.participant == id);
        let (mut money, mut points, mut any) = (0, 0, false);
        for view in own {
            any = true;
            money += view.done.standing.awarded(eur());
            points += view.done.standing.awarded(Unit::POINTS);
            for grant in &view.done.standing.grants {
                let row = &mut by_offer[usize::from(grant.offer != base)];
                row.1 += if grant.unit == eur() { grant.amount } else { 0 };
                row.2 += if grant.unit == Unit::POINTS { grant.amount } else { 0 };
            }
        }
        if any {
            shoppers.push((name, money, points));
        }
    }
    shop.close().await;
    shoppers.sort();
    (shoppers, by_offer)
}

async fn people(shop: &Shop) -> Vec<Id> {
    let mut people = Vec::new();
    for name in ["Ann", "Bob", "Cid", "Dan"] {
        people.push(shop.customer(name).await.id);
    }
    people
}

async fn led_030_a_replay_equals_a_real_run_and_writes_nothing(shop: &Shop) {
    shop.offer(BASE).await;
    shop.offer(PLUS).await;
    let people = people(shop).await;
    month(shop, &people).await;
    let workspace = shop.ctx.workspace;
    let books = async || {
        let read = move |r: &mut meed_store::Reader<'_>| {
            Ok((r.transfers(workspace)?, r.head(workspace)?.map(|head| (head.audit_number, head.last_id))))
        };
        shop.app.store().read(read).await.expect("books")
    };
    let before = books().await;
    for (text, budget) in [(DRAFT, Some(1_500)), (POINTS, None)] {
        let found = replay(shop, text, budget).await;
        assert_eq!((found.purchases, found.refused, found.is_cut), (40, 0, false));
        assert_eq!(told(&found), real(shop.engine(), text, budget).await, "{text}");
        assert_ne!(found.after, found.before, "the draft changes something");
        if let Some(budget) = budget {
            assert!((budget - 300..=budget).contains(&sum_in(&found.draft, eur())), "no more than its budget: {:?}", found.draft);
        }
    }
    // Replayed as the offers are, the past gives what it gave.
    let same = replay(shop, BASE, None).await;
    assert_eq!((&same.after, &same.given), (&same.before, &same.before), "nothing else than what stands");
    assert_eq!(books().await, before, "nothing was written");
}

async fn a_replay_keeps_to_its_period_and_its_budget(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    for _ in 0..4 {
        shop.buy(ann.id, &[("bread", 1_000)]).await;
        shop.pass_days(1);
    }
    let at = |hours: i64| shop.now().checked_sub(jiff::Span::new().hours(hours)).expect("a time");
    let input = |text: &str, from, until, budget| ReplayInput { text: draft(text), from, until, budget };
    let run = async |input: &ReplayInput| simulate::replay(&shop.app, &shop.ctx, input).await;
    // The last two of four days.
    let two = run(&input("name = \"New\"\n[award]\npercent = \"10%\"", at(60), at(0), None)).await.expect("a replay");
    assert_eq!((two.purchases, two.matched, sum_in(&two.draft, eur())), (2, 2, 200));
    assert_eq!(two.offers.iter().map(|offer| (offer.id, offer.is_draft)).collect::<Vec<_>>(), vec![(None, true)]);
    assert_eq!(two.shoppers.iter().map(|s| (s.id, s.purchases, s.before.len())).collect::<Vec<_>>(), vec![(ann.id, 2, 0)]);
    let text = "name = \"New\"\nbudget = \"whole\"\n[award]\npercent = \"10%\"";
    let whole = run(&input(text, at(600), at(0), Some(250))).await.expect("a replay");
    assert_eq!((whole.purchases, whole.matched, sum_in(&whole.draft, eur())), (4, 2, 200), "the third does not fit");
    let unbounded = run(&input(text, at(600), at(0), None)).await.expect("a replay");
    assert_eq!(sum_in(&unbounded.draft, eur()), 400);
    let refused = run(&input(text, at(0), at(600), None)).await.expect_err("refused");
    assert_eq!(crate::shop::code(&refused), "period_reversed");
    assert_eq!(crate::shop::code(&run(&input("name = 1", at(9), at(0), None)).await.expect_err("refused")), "offer_invalid");
}
