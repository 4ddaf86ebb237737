//! Where, when and for whom: conditions of use, merchants, stores with a clock of their own, days that end.

use meed_app::loyalty::participants::{self, ParticipantView};
use meed_app::loyalty::{MerchantDocument, SchemeDocument, TierDocument, TillSettingsDocument, UnitDocument, Who, purchases, records};
use meed_core::id::Id;
use meed_core::loyalty::{AutoSpend, Basket, Membership, Participant, SpendAsk, SpendMethod, Termination};
use meed_core::money::Unit;

use crate::shop::{Shop, awarded, code};

on_every_engine!(
    led_016_an_award_ends_with_a_local_day_of_the_workspace_to_the_millisecond,
    pos_018_a_preview_of_what_is_asked_and_paid_gives_the_numbers_of_the_purchase,
    pos_028_fixed_awards_and_percentages_are_given_once_or_for_each_line,
    pos_029_the_best_is_found_anew_and_all_that_stack_are_added,
    pos_031_gates_open_at_their_bounds_and_who_has_left_spends_nothing,
    pos_032_a_merchant_bars_its_own_or_others_and_takes_the_schemes_that_both_have,
    pos_035_pos_039_who_names_no_amount_asks_for_the_total_within_the_limits,
    pos_040_money_is_counted_where_product_unit_date_and_hour_match,
    pos_047_a_cancelled_spend_is_back_with_its_conditions,
    pos_048_a_cancelled_purchase_no_longer_counts_for_a_tier,
    pos_060_happy_hour_and_birthday_go_by_the_clock_of_the_store,
);

const FIVE: &str = "name = \"Five\"\ncondition = 'line.product == \"bag\"'\n[award]\namount = 5\n[spend]\nexpires = \"1 days\"";

async fn store(shop: &Shop, code: &str, group: Option<&str>, zone: Option<&str>) -> Id {
    let (group, zone) = (group.map(str::to_owned), zone.map(str::to_owned));
    let unit = UnitDocument { name: code.into(), code: code.into(), group, zone, ..UnitDocument::default() };
    records::put(&shop.app, &shop.ctx, None, &unit).await.expect("a unit")
}

async fn bought_at(shop: &Shop, unit: Id, who: Id, lines: &[(&str, i64)]) -> purchases::PurchaseView {
    let basket = Basket { unit, ..shop.basket(lines).await };
    shop.create(shop.input(who, basket)).await.expect("a purchase")
}

async fn preview(shop: &Shop, who: Id, basket: &Basket) -> purchases::PurchaseView {
    purchases::preview(&shop.app, &shop.ctx, shop.input(who, basket.clone())).await.expect("a preview")
}

async fn led_016_an_award_ends_with_a_local_day_of_the_workspace_to_the_millisecond(shop: &Shop) {
    shop.offer(FIVE).await;
    // The workspace is in Berlin; this store's clock does not matter.
    let there = store(shop, "east", None, Some("America/New_York")).await;
    let ann = shop.customer("Ann").await.id;
    // An ordinary day; the 25th of October, which has 25 hours in Berlin; the 28th of March, which has 23.
    for (earned, ends) in [
        ("2026-04-10T12:00:00Z", "2026-04-11T22:00:00Z"),
        ("2026-10-24T12:00:00Z", "2026-10-25T23:00:00Z"),
        ("2027-03-27T12:00:00Z", "2027-03-28T22:00:00Z"),
    ] {
        let (earned, ends): (jiff::Timestamp, jiff::Timestamp) = (earned.parse().expect("a time"), ends.parse().expect("a time"));
        shop.pass_millis(earned.as_millisecond() - shop.now().as_millisecond());
        for unit in [shop.unit, there] {
            bought_at(shop, unit, ann, &[("bag", 100)]).await;
        }
        let until: Vec<_> = shop.wallet(ann).await.lots.iter().map(|lot| lot.expires_us).collect();
        assert_eq!(until, vec![Some(ends.as_microsecond()); 2], "one rule for all stores");
        shop.pass_millis(ends.as_millisecond() - 1 - shop.now().as_millisecond());
        let sold = shop.buy(ann, &[("bread", 5_000)]).await.done.id;
        assert_eq!(shop.balance(ann).await, 1_000);
        assert_eq!(shop.spend(sold, Some(400)).await.expect("a spend").body.spent, 400, "the last millisecond");
        shop.pass_millis(1);
        assert_eq!(shop.balance(ann).await, 0);
        assert_eq!(shop.spend(sold, Some(400)).await.expect("a spend").body.spent, 0, "the next one");
    }
}

async fn pos_018_a_preview_of_what_is_asked_and_paid_gives_the_numbers_of_the_purchase(shop: &Shop) {
    shop.offer("name = \"Paid\"\nstacks = true\n[award]\npercent = \"10%\"\nbasis = \"paid\"").await;
    shop.offer("name = \"Points\"\nstacks = true\n[award]\neach = 2\nper = 1\nunit = \"points\"").await;
    shop.offer("name = \"Off\"\nstacks = true\ncondition = 'line.family == \"dairy\"'\n[award]\namount = 1\n[spend]\nmethod = \"instant\"")
        .await;
    let auto_spend = AutoSpend { is_enabled: true, maximum_spend: Some(150), ..AutoSpend::default() };
    let ann = shop.person(Participant { name: "Ann".into(), auto_spend, ..Participant::default() }).await.id;
    shop.top_up(ann, 900).await;
    let mut input = shop.input(ann, shop.basket(&[("bread", 1_000), ("milk", 400)]).await);
    input.spend = Some(SpendAsk { amount: Some(350), all_or_nothing: true, ..SpendAsk::default() });
    let before = shop.wallet(ann).await;
    let seen = purchases::preview(&shop.app, &shop.ctx, input.clone()).await.expect("a preview");
    assert_eq!((shop.wallet(ann).await.lots, shop.balance(ann).await), (before.lots, 900), "nothing is written");
    let done = shop.create(input).await.expect("a purchase");
    let told = |view: &purchases::PurchaseView| {
        let standing = &view.done.standing;
        let by = [SpendMethod::Instant, SpendMethod::Automatic].map(|method| standing.spent_by(method));
        (awarded(view), standing.awarded(Unit::POINTS), by)
    };
    // 1.50 and 3.50 of 14.00 are paid from the wallet: 10 % of 9.00, and the discount.
    assert_eq!((told(&seen), told(&done)), ((90 + 100, 28, [100, 150]), (90 + 100, 28, [100, 150])));
    assert_eq!((seen.done.additional, done.done.standing.spent_by(SpendMethod::OnRequest)), (750, 350), "what could be asked for");
    // A till asks what may be spent also where the spend itself would be refused.
    shop.settings(TillSettingsDocument { maximum_spend: Some(200), ..TillSettingsDocument::default() }).await;
    let mut input = shop.input(ann, shop.basket(&[("bread", 1_000)]).await);
    input.spend = Some(SpendAsk { amount: Some(350), ..SpendAsk::default() });
    let seen = purchases::preview(&shop.app, &shop.ctx, input.clone()).await.expect("a preview");
    assert_eq!((seen.maximum_spend, awarded(&seen)), (Some(200), 85));
    assert_eq!(shop.create(input).await.expect_err("refused"), "spend_amount_out_of_range");
}

async fn pos_028_fixed_awards_and_percentages_are_given_once_or_for_each_line(shop: &Shop) {
    for (name, rest) in [
        ("A", "amount = 0.30"),
        ("B", "amount = 0.30\nscope = \"item\""),
        ("C", "percent = \"2.5%\""),
        ("D", "percent = \"2.5%\"\nscope = \"item\""),
        ("E", "each = 0.10\nper = 1"),
        ("F", "each = 0.10\nper = 1\nscope = \"item\""),
    ] {
        shop.offer(&format!("name = \"{name}\"\nstacks = true\n[award]\n{rest}")).await;
    }
    let ann = shop.customer("Ann").await.id;
    let done = shop.buy(ann, &[("bread", 190), ("milk", 190), ("wine", 190)]).await;
    let given: Vec<(Option<u32>, i64)> = done.done.standing.grants.iter().map(|grant| (grant.line, grant.amount)).collect();
    let by_line = |amount| [0, 1, 2].map(|line| (Some(line), amount));
    // 2.5 % of 5.70 is 14.25 cents, of 1.90 4.75 cents; five full euros in all, one in each line.
    let wanted = [vec![(None, 30)], by_line(30).to_vec(), vec![(None, 14)], by_line(5).to_vec(), vec![(None, 50)], by_line(10).to_vec()];
    assert_eq!(given, wanted.concat());
    assert_eq!(awarded(&done), 30 + 90 + 14 + 15 + 50 + 30);
}

async fn pos_029_the_best_is_found_anew_and_all_that_stack_are_added(shop: &Shop) {
    let fixed = shop.offer("name = \"Fixed\"\n[award]\namount = 2").await;
    let share = shop.offer("name = \"Share\"\n[award]\npercent = \"10%\"").await;
    let points = shop.offer("name = \"Points\"\n[award]\namount = 250\nunit = \"points\"\nunit_cost = 0.01").await;
    let (one, two) = (
        shop.offer("name = \"One\"\nstacks = true\n[award]\namount = 0.5").await,
        shop.offer("name = \"Two\"\nstacks = true\n[award]\npercent = \"1%\"").await,
    );
    let ann = shop.customer("Ann").await.id;
    for (total, best) in [(1_000, (points, 250)), (2_494, (points, 250)), (2_600, (share, 260)), (100_000, (share, 10_000))] {
        let done = shop.buy(ann, &[("bread", total)]).await.done;
        let given: Vec<(Id, i64)> = done.standing.grants.iter().map(|grant| (grant.offer, grant.amount)).collect();
        assert_eq!(given, vec![best, (one, 50), (two, (total + 50) / 100)], "{total}");
        let lost: Vec<Id> =
            done.verdicts.iter().filter(|v| v.why_not.as_ref().is_some_and(|w| w.code() == "not_best")).map(|v| v.offer).collect();
        assert_eq!(lost, [fixed, share, points].into_iter().filter(|id| *id != best.0).collect::<Vec<_>>(), "{total}");
    }
}

async fn pos_031_gates_open_at_their_bounds_and_who_has_left_spends_nothing(shop: &Shop) {
    let auto =
        AutoSpend { is_enabled: true, minimum_balance: 1_000, minimum_spend: 500, maximum_spend: Some(2_000), ..AutoSpend::default() };
    let ann = shop.person(Participant { name: "Ann".into(), auto_spend: auto, ..Participant::default() }).await;
    shop.top_up(ann.id, 1_000).await;
    let by_itself = async |amount| shop.buy(ann.id, &[("bread", amount)]).await.done.standing.spent_by(SpendMethod::Automatic);
    assert_eq!(by_itself(499).await, 0, "less than the least spend could be spent");
    assert_eq!(by_itself(500).await, 500, "exactly the least balance and the least spend");
    assert_eq!(by_itself(500).await, 0, "5.00 are less than the least balance");
    shop.top_up(ann.id, 9_500).await;
    assert_eq!(by_itself(5_000).await, 2_000, "no more than the maximum");
    let basket = shop.basket(&[("bread", 700)]).await;
    assert_eq!(preview(shop, ann.id, &basket).await.done.standing.spent_by(SpendMethod::Automatic), 700);
    let end = Termination { at_us: shop.now().as_microsecond(), reason: "moved".into() };
    let gone = Participant { terminated: Some(end), ..ann.participant.clone() };
    participants::update(&shop.app, &shop.ctx, ann.id, gone, Vec::new()).await.expect("saved");
    assert_eq!(shop.create(shop.input(ann.id, basket.clone())).await.expect_err("refused"), "participant_terminated");
    let seen = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, basket)).await.expect_err("refused");
    assert_eq!((code(&seen).as_str(), shop.balance(ann.id).await), ("participant_terminated", 8_000));
}

/// Who signed up where, with an offer in each of three schemes of which everybody is in the first two.
async fn pos_032_a_merchant_bars_its_own_or_others_and_takes_the_schemes_that_both_have(shop: &Shop) {
    let scheme = async |code: &str, automatic: bool| {
        let document = SchemeDocument { name: code.into(), code: code.into(), automatic, ..SchemeDocument::default() };
        records::put(&shop.app, &shop.ctx, None, &document).await.expect("a scheme")
    };
    let (extra, closed) = (scheme("extra", true).await, scheme("closed", false).await);
    shop.offer("name = \"Club\"\nstacks = true\n[award]\namount = 1").await;
    for (code, amount) in [("extra", 2), ("closed", 4)] {
        let text = format!("kind = \"reward\"\nscheme = \"{code}\"\nname = \"{code}\"\nstacks = true\n[award]\namount = {amount}");
        meed_app::loyalty::offers::apply(&shop.app, &shop.ctx, &text, "").await.expect("an offer");
    }
    // A merchant of two single stores that are in no group, a store of another merchant, and one of nobody.
    let (one, two) = (store(shop, "one", None, None).await, store(shop, "two", None, None).await);
    let (other, nobodys) = (store(shop, "other", None, None).await, store(shop, "nobodys", None, None).await);
    let mine = MerchantDocument { name: "Mine".into(), units: vec![one.0, two.0], ..MerchantDocument::default() };
    let id = shop.merchant(mine.clone()).await;
    shop.merchant(MerchantDocument { name: "Other".into(), units: vec![other.0], ..MerchantDocument::default() }).await;
    let member = vec![Membership { scheme: closed, since_us: 0, until_us: None, unit: None }];
    let mut people: Vec<ParticipantView> = Vec::new();
    for (name, unit) in [("Same", one), ("Sister", two), ("Other", other), ("North", shop.unit), ("Nobody's", nobodys)] {
        let sign_up_unit = Some(unit);
        let person = Participant { name: name.into(), sign_up_unit, schemes: member.clone(), ..Participant::default() };
        people.push(shop.person(person).await);
    }
    let stranger = shop.person(Participant { name: "Stranger".into(), ..Participant::default() }).await;
    let all = async |unit: Id| {
        let mut sums = Vec::new();
        for person in people.iter().chain([&stranger]) {
            sums.push(awarded(&bought_at(shop, unit, person.id, &[("bread", 100)]).await) / 100);
        }
        sums
    };
    assert_eq!(all(nobodys).await, [7, 7, 7, 7, 7, 3], "no merchant: the customer's schemes");
    for (document, wanted) in [
        (MerchantDocument { effective: false, ..mine.clone() }, [0, 0, 0, 0, 0, 0]),
        (MerchantDocument { bars_own: true, ..mine.clone() }, [0, 0, 7, 7, 7, 3]),
        (MerchantDocument { bars_others: true, ..mine.clone() }, [7, 7, 0, 0, 7, 3]),
        (MerchantDocument { bars_own: true, bars_others: true, ..mine.clone() }, [0, 0, 0, 0, 7, 3]),
        (MerchantDocument { schemes: vec![extra.0, closed.0], ..mine.clone() }, [6, 6, 6, 6, 6, 2]),
        (MerchantDocument { effective: false, schemes: vec![extra.0], ..mine.clone() }, [0, 0, 0, 0, 0, 0]),
        (MerchantDocument { bars_own: true, schemes: vec![closed.0], ..mine.clone() }, [0, 0, 4, 4, 4, 0]),
        (mine.clone(), [7, 7, 7, 7, 7, 3]),
    ] {
        records::put(&shop.app, &shop.ctx, Some(id), &document).await.expect("a merchant");
        assert_eq!(all(one).await, wanted, "{document:?}");
    }
}

async fn pos_035_pos_039_who_names_no_amount_asks_for_the_total_within_the_limits(shop: &Shop) {
    shop.settings(TillSettingsDocument { minimum_spend: 200, maximum_spend: Some(500), ..TillSettingsDocument::default() }).await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 5_000).await;
    let sold = async |amount| shop.buy(ann.id, &[("bread", amount)]).await.done.id;
    let large = shop.spend(sold(9_000).await, None).await.expect("a spend").body;
    assert_eq!((large.asked, large.spent), (9_000, 500), "the total is asked for; one spend takes no more than the maximum");
    let exact = shop.spend(sold(200).await, None).await.expect("a spend").body;
    assert_eq!((exact.asked, exact.spent), (200, 200));
    assert_eq!(shop.spend(sold(199).await, None).await.expect_err("refused"), "spend_amount_out_of_range", "below the minimum");
    let mut whole = shop.input(ann.id, shop.basket(&[("bread", 600)]).await);
    whole.spend = Some(SpendAsk { amount: None, all_or_nothing: true, ..SpendAsk::default() });
    assert_eq!(shop.create(whole.clone()).await.expect_err("refused"), "spend_amount_out_of_range", "all of it is too much");
    whole.spend = Some(SpendAsk::default());
    let made = shop.create(whole).await.expect("a purchase").done;
    assert_eq!((made.standing.spent(), made.spend.map(|spend| spend.body.asked)), (500, Some(600)));
    for (amount, wanted) in [(199, None), (200, Some(200)), (500, Some(500)), (501, None)] {
        let done = shop.spend(sold(900).await, Some(amount)).await;
        assert_eq!(done.map(|done| done.body.spent).ok(), wanted, "{amount}");
    }
    let open = sold(900).await;
    let balance = shop.balance(ann.id).await;
    let end = Termination { at_us: shop.now().as_microsecond(), reason: "moved".into() };
    let gone = Participant { terminated: Some(end), ..ann.participant.clone() };
    participants::update(&shop.app, &shop.ctx, ann.id, gone, Vec::new()).await.expect("saved");
    assert_eq!(shop.spend(open, Some(300)).await.expect_err("refused"), "participant_terminated");
    let blocked = Participant { is_blocked: true, ..ann.participant.clone() };
    participants::update(&shop.app, &shop.ctx, ann.id, blocked, Vec::new()).await.expect("saved");
    assert_eq!(shop.spend(open, Some(300)).await.expect_err("refused"), "spend_blocked");
    assert_eq!(shop.balance(ann.id).await, balance);
}

async fn pos_040_money_is_counted_where_product_unit_date_and_hour_match(shop: &Shop) {
    // It is Friday, the 10th of April, 14:00 in Berlin.
    let there = store(shop, "there", None, None).await;
    let auto_spend = AutoSpend { is_enabled: true, ..AutoSpend::default() };
    for (name, condition, matches) in [
        ("product", "line.product == \"wine\"", false),
        ("own product", "line.product == \"bread\"", true),
        ("unit", "sale.unit == \"there\"", false),
        ("own unit", "sale.unit == \"high\"", true),
        ("date", "sale.day >= \"2026-04-11\"", false),
        ("own date", "sale.day <= \"2026-04-10\"", true),
        ("weekday", "sale.weekday == 6", false),
        ("own weekday", "sale.weekday == 5", true),
        ("hour", "sale.hour >= 15", false),
        ("own hour", "sale.hour >= 14 && sale.hour < 15", true),
        ("all of them", "line.product == \"bread\" && sale.unit == \"high\" && sale.day == \"2026-04-10\" && sale.hour == 14", true),
    ] {
        let text = format!(
            "name = \"{name}\"\ncondition = 'sale.promo_code == \"{name}\"'\n[award]\namount = 3\n[spend]\ncondition = '{condition}'"
        );
        let offer = shop.offer(&text).await;
        let promo = meed_app::loyalty::PromoCodeDocument { code: name.into(), ..Default::default() };
        records::put(&shop.app, &shop.ctx, None, &promo).await.expect("a promo code");
        let person = shop.person(Participant { name: name.into(), ..Participant::default() }).await;
        let mut basket = shop.basket(&[("bag", 100)]).await;
        basket.promo_code = Some(name.into());
        shop.create(shop.input(person.id, basket)).await.expect("a purchase");
        shop.top_up(person.id, 50).await;
        let wallet = shop.wallet(person.id).await;
        assert_eq!((wallet.balance, wallet.conditional), (350, 300), "{name}");
        let usable = if matches { 350 } else { 50 };
        let basket = shop.basket(&[("bread", 1_000)]).await;
        assert_eq!(preview(shop, person.id, &basket).await.done.additional, usable, "{name}: what may be asked for");
        let with_auto = Participant { auto_spend: auto_spend.clone(), ..person.participant.clone() };
        participants::update(&shop.app, &shop.ctx, person.id, with_auto, Vec::new()).await.expect("saved");
        let seen = preview(shop, person.id, &basket).await.done;
        assert_eq!((seen.standing.spent_by(SpendMethod::Automatic), seen.additional), (usable, 0), "{name}: by itself");
        participants::update(&shop.app, &shop.ctx, person.id, person.participant.clone(), Vec::new()).await.expect("saved");
        let made = shop.create(shop.input(person.id, basket)).await.expect("a purchase");
        assert_eq!(shop.spend(made.done.id, None).await.expect("a spend").body.spent, usable, "{name}: by request");
        meed_app::loyalty::offers::set_effective(&shop.app, &shop.ctx, offer, false).await.expect("switched");
    }
    assert_ne!(there, shop.unit);
}

async fn pos_047_a_cancelled_spend_is_back_with_its_conditions(shop: &Shop) {
    let rest = "[award]\namount = 4\n[spend]\nexpires = \"9 days\"\ncondition = 'line.family == \"drinks\"'";
    shop.offer(&format!("name = \"Drinks\"\nstacks = true\ncondition = 'line.product == \"bag\"'\n{rest}")).await;
    shop.offer("name = \"Any\"\nstacks = true\ncondition = 'line.product == \"bag\"'\n[award]\namount = 2\n[spend]\nexpires = \"3 days\"")
        .await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    let before = shop.wallet(ann.id).await.lots;
    let sold = shop.buy(ann.id, &[("wine", 500), ("bread", 300)]).await.done.id;
    let spend = shop.spend(sold, Some(550)).await.expect("a spend");
    assert_eq!((spend.body.spent, shop.balance(ann.id).await), (550, 50));
    meed_app::loyalty::spends::cancel(&shop.app, &shop.ctx, spend.id, None).await.expect("cancelled");
    assert_eq!(shop.wallet(ann.id).await.lots, before, "the same lots with all that was said of them");
    let bread = shop.buy(ann.id, &[("bread", 900)]).await.done.id;
    assert_eq!(shop.spend(bread, None).await.expect("a spend").body.spent, 200, "what was for drinks still is");
    // Four days later one of the two has expired: its part does not come back to be spent.
    let wine = shop.buy(ann.id, &[("wine", 900)]).await.done.id;
    let spend = shop.spend(wine, Some(300)).await.expect("a spend");
    meed_app::loyalty::spends::cancel(&shop.app, &shop.ctx, spend.id, None).await.expect("cancelled");
    let both = shop.buy(ann.id, &[("wine", 900)]).await.done.id;
    let all = shop.spend(both, None).await.expect("a spend");
    assert_eq!(all.body.spent, 400);
    shop.pass_days(11);
    meed_app::loyalty::spends::cancel(&shop.app, &shop.ctx, all.id, None).await.expect("cancelled");
    assert_eq!(shop.balance(ann.id).await, 0, "expired money stays expired");
}

async fn pos_048_a_cancelled_purchase_no_longer_counts_for_a_tier(shop: &Shop) {
    let tier =
        |code: &str, threshold: &str| TierDocument { code: code.into(), name: code.into(), color: None, threshold: threshold.into() };
    let tiers = vec![tier("basic", "0"), tier("gold", "100")];
    shop.settings(TillSettingsDocument { tier_window_days: 30, tiers, ..TillSettingsDocument::default() }).await;
    shop.offer("name = \"Gold\"\ncondition = 'customer.tier == \"gold\"'\n[award]\namount = 5").await;
    let ann = shop.customer("Ann").await.id;
    let holds = async || {
        let found = participants::find(&shop.app, &shop.ctx, &Who::Id(ann)).await.expect("found");
        (found.tier.map(|tier| tier.code).unwrap_or_default(), found.period_units.normalize().to_string())
    };
    let first = shop.buy(ann, &[("bread", 6_000)]).await.done.id;
    let second = shop.buy(ann, &[("wine", 4_000)]).await.done.id;
    assert_eq!(holds().await, ("gold".into(), "100".into()));
    let third = shop.buy(ann, &[("bag", 100)]).await;
    assert_eq!((awarded(&third), shop.balance(ann).await), (500, 500));
    shop.cancel(first).await.expect("cancelled");
    assert_eq!(holds().await, ("basic".into(), "41".into()));
    assert_eq!(shop.balance(ann).await, 0, "what the tier gave goes with it");
    shop.refund(second, &[(0, 1_000)]).await.expect("a refund");
    assert_eq!(holds().await, ("basic".into(), "31".into()), "nor does what came back");
    assert_eq!(awarded(&shop.buy(ann, &[("wine", 6_900)]).await), 0);
    assert_eq!((holds().await.0.as_str(), awarded(&shop.buy(ann, &[("bag", 100)]).await)), ("gold", 500));
}

async fn pos_060_happy_hour_and_birthday_go_by_the_clock_of_the_store(shop: &Shop) {
    let there = store(shop, "east", None, Some("America/New_York")).await;
    shop.offer("name = \"Happy\"\nstacks = true\ncondition = 'sale.weekday == 5 && sale.hour >= 8 && sale.hour < 10'\n[award]\namount = 1")
        .await;
    shop.offer("name = \"Birthday\"\nstacks = true\noccasion = { day = \"birthday\" }\n[award]\namount = 7").await;
    let person = async |name: &str, born: &str| {
        shop.person(Participant { name: name.into(), born: Some(born.parse().expect("a date")), ..Participant::default() }).await.id
    };
    // Noon UTC on Friday: 14:00 in Berlin, 08:00 in New York.
    let (tenth, eleventh) = (person("Ten", "1990-04-10").await, person("Eleven", "1988-04-11").await);
    let given = async |unit: Id, who: Id| awarded(&bought_at(shop, unit, who, &[("bread", 100)]).await) / 100;
    assert_eq!((given(there, tenth).await, given(shop.unit, tenth).await), (8, 7));
    assert_eq!((given(there, eleventh).await, given(shop.unit, eleventh).await), (1, 0));
    shop.pass_minutes(119);
    assert_eq!(given(there, eleventh).await, 1, "09:59");
    shop.pass_minutes(1);
    assert_eq!(given(there, eleventh).await, 0, "10:00");
    // 23:30 in New York on the 10th, 05:30 in Berlin on the 11th.
    shop.pass_minutes(13 * 60 + 30);
    assert_eq!((given(there, tenth).await, given(shop.unit, tenth).await), (7, 0));
    assert_eq!((given(there, eleventh).await, given(shop.unit, eleventh).await), (0, 7));
}
