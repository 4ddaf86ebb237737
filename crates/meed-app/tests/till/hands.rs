//! What people decide about wallets: extensions, transfers, erasure; and what follows a purchase afterwards: settlements,
//! payments back, tiers.

use meed_app::loyalty::holds::{self, HoldInput};
use meed_app::loyalty::participants::{self, MeansInput};
use meed_app::loyalty::wallets::{self, AdjustInput, TransferInput, sweep};
use meed_app::loyalty::{LimitDocument, MerchantDocument, TierDocument, TillSettingsDocument, Who, purchases};
use meed_core::command::RecordKind;
use meed_core::id::Id;
use meed_core::ledger::HoldState;
use meed_core::loyalty::{
    AutoSpend, ErasedBalance, EventKind, Limit, LimitKind, LimitPeriod, Participant, PayBackBody, PayBackMethod, SettlementBody, SpendAsk,
    TillEvent,
};

use crate::shop::extension;
use crate::shop::{Shop, code, eur};

on_every_engine!(
    a_lot_is_extended_by_hand_and_what_expired_comes_back,
    what_is_given_to_somebody_keeps_its_expiry_and_conditions,
    a_hold_that_ran_out_shows_as_released_before_the_sweep,
    led_028_an_offline_spend_revives_what_expired_since,
    a_settlement_follows_returns_and_cancellations,
    pos_044_a_back_end_spend_is_paid_back_and_taken_off_nothing,
    led_031_tiers_recomputed_from_the_journal_name_their_sales,
    led_043_a_person_is_erased_and_the_books_stand,
    limits_by_day_week_and_month_hold,
    a_hold_counts_against_limits_while_it_is_open,
);

const TEN: &str = "name = \"Ten\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"10 days\"";

/// The events of a customer of one kind, oldest first.
async fn events(shop: &Shop, who: Id, kind: EventKind) -> Vec<TillEvent> {
    let all = wallets::journal(&shop.app, &shop.ctx, who, None, 1_000).await.expect("a journal");
    let mut all: Vec<TillEvent> = all.into_iter().map(|(event, _)| event).filter(|event| event.kind == kind).collect();
    all.reverse();
    all
}

async fn a_lot_is_extended_by_hand_and_what_expired_comes_back(shop: &Shop) {
    shop.offer(TEN).await;
    let (ann, bob) = (shop.customer("Ann").await, shop.customer("Bob").await);
    shop.buy(ann.id, &[("bread", 5_000)]).await;
    let lot = shop.wallet(ann.id).await.lots[0];
    let later = |days: i64| Some(shop.now().checked_add(jiff::Span::new().hours(24 * days)).expect("a time"));
    let extend = async |who: Id, expires, reason: &str| {
        wallets::extend(&shop.app, &shop.ctx, extension(who, lot.id, expires, reason)).await.map_err(|error| code(&error))
    };
    assert_eq!(extend(ann.id, later(5), "sorry").await.expect_err("sooner than it is"), "expiry_not_later");
    assert_eq!(extend(ann.id, later(-5), "sorry").await.expect_err("over"), "date_in_past");
    assert_eq!(extend(ann.id, later(50), " ").await.expect_err("no reason"), "reason_missing");
    assert_eq!(extend(bob.id, later(50), "sorry").await.expect_err("another's"), "entity_not_found");
    let (_, body, _) = extend(ann.id, later(20), "sorry").await.expect("extended");
    assert_eq!((body.before_us, body.revived), (lot.expires_us, 0));
    shop.pass_days(15);
    assert_eq!(sweep(&shop.app, &shop.ctx, 10).await.expect("swept"), 0, "its old day means nothing any more");
    assert_eq!(shop.balance(ann.id).await, 500);
    shop.pass_days(10);
    assert_eq!(sweep(&shop.app, &shop.ctx, 10).await.expect("swept"), 1);
    assert_eq!(shop.balance(ann.id).await, 0);
    let (_, body, _) = extend(ann.id, None, "once more").await.expect("extended");
    assert_eq!((body.after_us, body.revived, body.balance), (None, 500, 500), "what had expired is back, for ever");
    shop.pass_days(4_000);
    assert_eq!((sweep(&shop.app, &shop.ctx, 10).await.expect("swept"), shop.balance(ann.id).await), (0, 500));
    let next = shop.buy(ann.id, &[("wine", 9_000)]).await;
    shop.spend(next.done.id, Some(500)).await.expect("a spend");
    assert_eq!(extend(ann.id, None, "again").await.expect_err("for ever is the latest"), "expiry_not_later");
}

async fn what_is_given_to_somebody_keeps_its_expiry_and_conditions(shop: &Shop) {
    shop.offer("name = \"Drinks\"\n[award]\namount = 3\n[spend]\nexpires = \"10 days\"\ncondition = 'line.family == \"drinks\"'").await;
    let (ann, bob) = (shop.customer("Ann").await, shop.customer("Bob").await);
    let first = shop.buy(ann.id, &[("bread", 5_000)]).await;
    shop.top_up(ann.id, 400).await;
    let give = async |from: Id, to: Id, amount: i64, reference: &str| {
        let input = TransferInput {
            from: Who::Id(from),
            to: Who::Id(to),
            unit: eur(),
            amount,
            reason: "a present".into(),
            source: shop.source,
            identity: Some(reference.into()),
        };
        wallets::transfer(&shop.app, &shop.ctx, input).await.map_err(|error| code(&error))
    };
    assert_eq!(give(ann.id, bob.id, 701, "P-0").await.expect_err("too much"), "insufficient_available");
    assert_eq!(give(ann.id, ann.id, 1, "P-0").await.expect_err("to oneself"), "same_account");
    let done = give(ann.id, bob.id, 500, "P-1").await.expect("given");
    assert_eq!((done.body.lots.len(), done.body.balance), (2, 200));
    assert!(give(ann.id, bob.id, 500, "P-1").await.expect("the first answer").is_replayed);
    let (hers, his) = (shop.wallet(ann.id).await, shop.wallet(bob.id).await);
    assert_eq!((hers.balance, his.balance, his.conditional), (200, 500, 300));
    let terms = |lots: &[meed_core::ledger::Lot]| lots.iter().map(|lot| (lot.version, lot.rank)).collect::<Vec<_>>();
    assert_eq!(terms(&his.lots)[0], (Some(first.done.standing.grants[0].version), 1));
    assert_eq!(events(shop, bob.id, EventKind::TransferIn).await.len(), 1);
    // Nobody escapes a condition or an expiry by giving.
    let bread = shop.buy(bob.id, &[("bread", 1_000)]).await;
    assert_eq!(shop.spend(bread.done.id, Some(1_000)).await.expect("a spend").body.spent, 200);
    shop.pass_days(11);
    assert_eq!(shop.balance(bob.id).await, 0);
    // The purchase comes back: what was given away is owed by her who earned it, after what she has herself.
    let back = shop.refund(first.done.id, &[(0, 5_000)]).await.expect("a refund");
    let steps = back.body.taken_back[0].steps;
    assert_eq!((steps.from_lots, steps.from_expired, steps.from_others, steps.owed), (0, 0, 200, 100));
}

async fn a_hold_that_ran_out_shows_as_released_before_the_sweep(shop: &Shop) {
    shop.offer(TEN).await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 500).await;
    let input = |amount| HoldInput { who: Who::Id(ann.id), unit: eur(), amount, minutes: Some(10), source: shop.source, identity: None };
    let kept = holds::hold(&shop.app, &shop.ctx, input(300)).await.expect("a hold");
    let used = holds::hold(&shop.app, &shop.ctx, input(100)).await.expect("a hold");
    holds::capture(&shop.app, &shop.ctx, used.id, Some(40), None).await.expect("captured");
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.held), (160, 300));
    assert_eq!(holds::show(&shop.app, &shop.ctx, kept.id).await.expect("a hold").state, HoldState::Open);
    let until = shop.now().checked_add(jiff::Span::new().minutes(11)).expect("a time");
    let ahead = wallets::read(&shop.app, &shop.ctx, ann.id, Some(until)).await.expect("a wallet").swap_remove(0);
    assert_eq!((ahead.balance, ahead.held), (460, 0), "what will be");
    shop.pass_minutes(11);
    let wallet = shop.wallet(ann.id).await;
    assert_eq!((wallet.balance, wallet.held), (460, 0), "no sweep has passed");
    let states = holds::list(&shop.app, &shop.ctx, ann.id, 10).await.expect("holds");
    assert_eq!(states.iter().map(|hold| hold.state).collect::<Vec<_>>(), vec![HoldState::Posted, HoldState::Expired]);
    let done = shop.buy(ann.id, &[("wine", 460)]).await;
    assert_eq!(shop.spend(done.done.id, None).await.expect("a spend").body.spent, 460, "and it can be spent");
}

async fn led_028_an_offline_spend_revives_what_expired_since(shop: &Shop) {
    shop.offer("name = \"Short\"\ncondition = 'line.product == \"bag\"'\n[award]\namount = 5\n[spend]\nexpires = \"1 days\"").await;
    let ann = shop.customer("Ann").await;
    shop.buy(ann.id, &[("bag", 100)]).await;
    shop.pass_minutes(60);
    // The till sells while it has no connection; the award is alive. It is back after the award expired.
    let offline = async |amount: i64, reference: &str| {
        let mut input = shop.input(ann.id, shop.basket(&[("wine", 1_000)]).await);
        (input.is_offline, input.identity) = (true, Some(reference.to_owned()));
        input.spend = Some(SpendAsk { amount: Some(amount), ..SpendAsk::default() });
        input
    };
    let (first, second) = (offline(300, "O-1").await, offline(400, "O-2").await);
    shop.pass_days(2);
    sweep(&shop.app, &shop.ctx, 10).await.expect("swept");
    assert_eq!(shop.balance(ann.id).await, 0, "expired");
    let mut online = first.clone();
    (online.is_offline, online.identity) = (false, None);
    online.basket.reference = "L-1".into();
    assert_eq!(shop.create(online.clone()).await.expect("a purchase").done.standing.spent(), 0, "a till with a connection cannot");
    let done = shop.create(first.clone()).await.expect("a purchase");
    assert_eq!(done.done.standing.spent(), 300, "at its time the award was alive");
    assert!(shop.create(first).await.expect("the first answer").done.is_replayed);
    let review = async || {
        let ws = shop.ctx.workspace;
        let all = shop.app.store().read(move |r| r.accounts(ws)).await.expect("accounts");
        all.iter().filter(|a| a.key.purpose == meed_core::ledger::Purpose::Suspense).map(meed_core::ledger::Account::posted).sum::<i64>()
    };
    assert_eq!(review().await, 0);
    let mut second = second;
    second.spend = second.spend.map(|ask| SpendAsk { all_or_nothing: true, ..ask });
    let second = shop.create(second).await.expect("the goods are gone").done;
    let body = second.spend.as_ref().map(|spend| (spend.body.asked, spend.body.spent, spend.body.uncovered));
    assert_eq!((second.standing.spent(), body), (400, Some((400, 400, 200))), "half of it was left");
    assert_eq!(review().await.abs(), 200, "the rest is for a person to decide");
    let entries = meed_app::loyalty::journal::page(&shop.app, &shop.ctx, ann.id, None, 100).await.expect("a journal");
    let sum: i64 = entries.iter().map(|entry| entry.credit - entry.debit).sum();
    assert_eq!(sum, shop.balance(ann.id).await, "the journal tells what the wallet lost");
    let back = shop.refund(second.id, &[(0, 500)]).await.expect("half of the goods come back");
    assert_eq!((back.body.given_back, back.body.paid_back, review().await.abs()), (0, 300, 0), "last in, first out");
    let rest = shop.cancel(second.id).await.expect("cancelled");
    assert_eq!((rest.body.given_back, review().await), (200, 0));
    shop.cancel(done.done.id).await.expect("cancelled");
    assert_eq!(shop.balance(ann.id).await, 0, "what comes back to an expired award expires at once");
}

async fn a_settlement_follows_returns_and_cancellations(shop: &Shop) {
    shop.offer("name = \"Ten\"\n[award]\npercent = \"10%\"").await;
    let merchant =
        MerchantDocument { name: "North".into(), units: vec![shop.unit.0], contribution: "33.3".into(), ..MerchantDocument::default() };
    shop.merchant(merchant).await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 1_010), ("wine", 1_010)]).await;
    let (id, body, _) = purchases::settle(&shop.app, &shop.ctx, done.done.id).await.expect("settled");
    assert_eq!((body.awarded, body.contribution), (202, 67));
    let all = async || {
        let read = |event: &TillEvent| SettlementBody::from_row(&event.body).expect("a body");
        let corrections = events(shop, ann.id, EventKind::SettlementCorrection).await;
        assert!(corrections.iter().all(|event| event.about == Some(id)));
        corrections.iter().map(|event| (read(event).awarded, read(event).contribution)).collect::<Vec<_>>()
    };
    shop.spend(done.done.id, Some(1)).await.expect("a spend that changes no award");
    assert!(all().await.is_empty());
    shop.refund(done.done.id, &[(0, 1_010)]).await.expect("a refund");
    assert_eq!(all().await, vec![(-101, -33)]);
    shop.cancel(done.done.id).await.expect("cancelled");
    assert_eq!(all().await, vec![(-101, -33), (-101, -34)], "the parts sum to the whole");
    assert_eq!(purchases::settle(&shop.app, &shop.ctx, done.done.id).await.expect("the first answer").0, id);
    let other = shop.buy(ann.id, &[("bread", 500)]).await;
    shop.cancel(other.done.id).await.expect("cancelled");
    assert_eq!(all().await.len(), 2, "what was never settled is not corrected");
}

async fn pos_044_a_back_end_spend_is_paid_back_and_taken_off_nothing(shop: &Shop) {
    shop.offer("name = \"Now\"\n[award]\npercent = \"10%\"\n[spend]\nmethod = \"instant\"").await;
    let merchant = |pays_back| MerchantDocument {
        name: "North".into(),
        units: vec![shop.unit.0],
        pays_back,
        pays_back_by: "refund".into(),
        ..MerchantDocument::default()
    };
    let north = shop.merchant(merchant(true)).await;
    let auto_spend = AutoSpend { is_enabled: true, ..AutoSpend::default() };
    let ann = shop.person(Participant { name: "Ann".into(), auto_spend, ..Participant::default() }).await;
    shop.top_up(ann.id, 150).await;
    let done = shop.buy(ann.id, &[("bread", 1_000), ("wine", 2_000)]).await;
    assert!(done.pays_back, "the till takes nothing off");
    let back = done.done.standing.back.expect("something is paid back");
    assert_eq!((back.method, back.amount), (PayBackMethod::Refund, 300 + 150));
    let paid = async || {
        let rows = events(shop, ann.id, EventKind::PayBack).await;
        rows.iter().map(|event| PayBackBody::from_row(&event.body).expect("a body").amount).collect::<Vec<_>>()
    };
    assert_eq!(paid().await, vec![450]);
    // Asked for at the till: always front end.
    shop.top_up(ann.id, 70).await;
    assert_eq!(shop.spend(done.done.id, Some(70)).await.expect("a spend").body.spent, 70);
    assert_eq!(paid().await, vec![450]);
    // The merchant changes its way: what was paid back stays a matter of paying back.
    meed_app::loyalty::records::put(&shop.app, &shop.ctx, Some(north), &merchant(false)).await.expect("a merchant");
    shop.refund(done.done.id, &[(1, 2_000)]).await.expect("a refund");
    let half = paid().await;
    assert_eq!(half, vec![450, -200], "the discount on the wine");
    shop.cancel(done.done.id).await.expect("cancelled");
    assert_eq!(paid().await.iter().sum::<i64>(), 0, "nothing is left to pay back");
    let front = shop.buy(ann.id, &[("bread", 1_000)]).await;
    assert!(front.done.standing.back.is_none() && !front.pays_back);
    assert_eq!(paid().await.len(), 3, "a refund, its change, its end");
    let wrong = MerchantDocument { pays_back_by: "cash".into(), ..merchant(true) };
    let refused = meed_app::loyalty::records::put(&shop.app, &shop.ctx, None, &wrong).await.expect_err("refused");
    assert_eq!(code(&refused), "pay_back_method_unknown");
}

async fn led_031_tiers_recomputed_from_the_journal_name_their_sales(shop: &Shop) {
    let tier =
        |code: &str, threshold: &str| TierDocument { code: code.into(), name: code.into(), color: None, threshold: threshold.into() };
    let tiers = vec![tier("basic", "0"), tier("gold", "100"), tier("top", "200")];
    shop.settings(TillSettingsDocument { tier_window_days: 30, tiers, ..TillSettingsDocument::default() }).await;
    let ann = shop.customer("Ann").await;
    let mut made = Vec::new();
    for euros in [60, 50, 90, 100] {
        made.push(shop.buy(ann.id, &[("bread", euros * 100)]).await.done.id);
        shop.pass_days(10);
    }
    let told = async || {
        let changes = participants::tier_changes(&shop.app, &shop.ctx, ann.id).await.expect("changes");
        let now = participants::find(&shop.app, &shop.ctx, &Who::Id(ann.id)).await.expect("a participant");
        let last = changes.last().and_then(|change| change.to.clone());
        assert_eq!(last, now.tier.map(|tier| tier.code), "what the journal says is what is stored");
        changes
    };
    let steps = |changes: &[meed_core::loyalty::TierChange]| {
        let name = |code: &Option<String>| code.clone().unwrap_or_default();
        changes.iter().map(|c| (name(&c.from), name(&c.to), c.entered.clone(), c.left.clone())).collect::<Vec<_>>()
    };
    let step = |from: &str, to: &str, entered: &[Id], left: &[Id]| (from.to_owned(), to.to_owned(), entered.to_vec(), left.to_vec());
    // Days 0, 10, 20, 30: 60, 110, 200, then 60 leave as 100 come: 240.
    let up = vec![step("basic", "gold", &made[1..2], &[]), step("gold", "top", &made[2..3], &[])];
    assert_eq!(steps(&told().await), [up.clone(), vec![step("top", "gold", &[], &made[1..2])]].concat(), "day 40: 50 left the window");
    // A cancellation takes its sale out of the history.
    shop.cancel(made[1]).await.expect("cancelled");
    assert_eq!(steps(&told().await), vec![step("basic", "gold", &made[2..3], &[])]);
    shop.pass_days(100);
    assert_eq!(told().await.last().map(|change| change.to.clone()), Some(Some("basic".to_owned())), "everything left the window");
}

async fn led_043_a_person_is_erased_and_the_books_stand(shop: &Shop) {
    shop.offer(TEN).await;
    let person = Participant {
        name: "Ann Reed".into(),
        number: "RP-77".into(),
        email: Some("ann@example.com".into()),
        city: Some("Bath".into()),
        ..Participant::default()
    };
    let means =
        |code: &str| MeansInput { kind: "phone".into(), code: code.into(), pass_code: Some("1234".into()), ..MeansInput::default() };
    let ann = participants::create(&shop.app, &shop.ctx, person, vec![means("+15550100"), means("ann@example.com")])
        .await
        .expect("a participant");
    let done = shop.buy(ann.id, &[("bread", 4_000)]).await;
    let erase = async |balance| participants::erase(&shop.app, &shop.ctx, ann.id, balance).await.map_err(|error| code(&error));
    assert_eq!(erase(ErasedBalance::Empty).await.expect_err("there is something in it"), "wallet_not_empty");
    let hold = HoldInput { who: Who::Id(ann.id), unit: eur(), amount: 100, minutes: None, source: shop.source, identity: None };
    let hold = holds::hold(&shop.app, &shop.ctx, hold).await.expect("a hold");
    assert_eq!(erase(ErasedBalance::Forfeited).await.expect_err("something is reserved"), "hold_open");
    holds::release(&shop.app, &shop.ctx, hold.id, None).await.expect("released");
    erase(ErasedBalance::Forfeited).await.expect("erased");
    shop.must_verify().await;
    assert_eq!((shop.balance(ann.id).await, shop.wallet(ann.id).await.lots.len()), (0, 0));
    let find = async |who: Who| participants::find(&shop.app, &shop.ctx, &who).await.map_err(|error| code(&error));
    for gone in [Who::Code("+1 555 0100".into()), Who::Code("ann@example.com".into()), Who::Number("RP-77".into())] {
        assert_eq!(find(gone).await.expect_err("nobody goes by it"), "entity_not_found");
    }
    let left = find(Who::Id(ann.id)).await.expect("the id stays").participant;
    assert_eq!((left.name.as_str(), left.email, left.city, left.terminated.is_some()), ("", None, None, true));
    // No former version says it either.
    let (workspace, who) = (shop.ctx.workspace, ann.id);
    let versions = shop.app.store().read(move |r| {
        let mut versions = r.record_versions(workspace, RecordKind::Participant, who)?.len();
        for means in r.records(workspace, RecordKind::Means)? {
            versions += r.record_versions(workspace, RecordKind::Means, means.id)?.len();
        }
        Ok(versions)
    });
    assert_eq!(versions.await.expect("versions"), 0);
    let again = shop.create(shop.input(ann.id, shop.basket(&[("bread", 100)]).await)).await;
    assert_eq!(again.expect_err("she left"), "participant_terminated");
    let back = shop.refund(done.done.id, &[(0, 4_000)]).await.expect("goods still come back");
    assert_eq!(
        (back.body.taken_back[0].steps.from_expired, back.body.taken_back[0].steps.owed),
        (400, 0),
        "nobody owes what was forfeited"
    );
    // Another one's wallet may stay, under no name.
    let bob = shop.customer("Bob").await;
    shop.top_up(bob.id, 300).await;
    participants::erase(&shop.app, &shop.ctx, bob.id, ErasedBalance::Kept).await.expect("erased");
    assert_eq!(shop.balance(bob.id).await, 300);
}

async fn limits_by_day_week_and_month_hold(shop: &Shop) {
    let limit = |kind: &str, per: &str, number: Option<i64>, amount: Option<i64>| LimitDocument {
        kind: kind.into(),
        per: per.into(),
        unit: None,
        number,
        amount,
    };
    let limits = vec![
        limit("debit", "day", None, Some(500)),
        limit("debit", "week", Some(4), None),
        limit("top_up", "month", None, Some(10_000)),
        limit("transfer", "day", Some(1), None),
    ];
    shop.settings(TillSettingsDocument { limits, ..TillSettingsDocument::default() }).await;
    let own = Limit { kind: LimitKind::Debit, per: LimitPeriod::Day, unit: eur(), number: None, amount: Some(300) };
    let ann = shop.customer("Ann").await;
    let bob = shop.person(Participant { name: "Bob".into(), limits: vec![own], ..Participant::default() }).await;
    let above = Participant { limits: vec![Limit { amount: Some(501), ..own }], ..Participant::default() };
    let refused = participants::create(&shop.app, &shop.ctx, above, Vec::new()).await.expect_err("refused");
    assert_eq!(code(&refused), "limit_above_general");
    for who in [ann.id, bob.id] {
        shop.top_up(who, 9_000).await;
    }
    let more = AdjustInput {
        who: Who::Id(ann.id),
        unit: eur(),
        amount: 1_001,
        is_top_up: true,
        expires: None,
        reason: "paid in".into(),
        source: shop.source,
        identity: None,
    };
    let refused = wallets::adjust(&shop.app, &shop.ctx, more).await.expect_err("refused");
    assert_eq!(code(&refused), "limit_reached", "10,000 a month");
    // Friday: a spend is cut to what the limit leaves; what is cancelled counts no longer.
    let first = shop.buy(ann.id, &[("wine", 9_000)]).await.done.id;
    let spend = shop.spend(first, Some(400)).await.expect("a spend");
    let basket = shop.basket(&[("bread", 5_000)]).await;
    let preview = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, basket)).await.expect("a preview");
    assert_eq!(preview.done.additional, 100);
    assert_eq!(shop.spend(first, Some(400)).await.expect("a spend").body.spent, 100);
    assert_eq!(shop.spend(first, Some(1)).await.expect_err("refused"), "limit_reached");
    meed_app::loyalty::spends::cancel(&shop.app, &shop.ctx, spend.id, None).await.expect("cancelled");
    let hold = |amount| HoldInput { who: Who::Id(ann.id), unit: eur(), amount, minutes: None, source: shop.source, identity: None };
    assert_eq!(code(&holds::hold(&shop.app, &shop.ctx, hold(401)).await.expect_err("refused")), "limit_reached");
    let used = holds::hold(&shop.app, &shop.ctx, hold(400)).await.expect("a hold");
    holds::capture(&shop.app, &shop.ctx, used.id, None, None).await.expect("captured");
    // Saturday, the same week: a third and a fourth time, and no fifth.
    shop.pass_days(1);
    assert_eq!(shop.spend(first, Some(50)).await.expect("a spend").body.spent, 50);
    assert_eq!(shop.spend(first, Some(50)).await.expect("a spend").body.spent, 50);
    assert_eq!(shop.spend(first, Some(50)).await.expect_err("refused"), "limit_reached");
    shop.pass_days(2);
    assert_eq!(shop.spend(first, Some(50)).await.expect("Monday").body.spent, 50);
    // His own limit is lower.
    let his = shop.buy(bob.id, &[("wine", 9_000)]).await.done.id;
    assert_eq!(shop.spend(his, Some(400)).await.expect("a spend").body.spent, 300);
    let give = async |amount| {
        let (from, to) = (Who::Id(bob.id), Who::Id(ann.id));
        let input = TransferInput { from, to, unit: eur(), amount, reason: "thanks".into(), source: shop.source, identity: None };
        wallets::transfer(&shop.app, &shop.ctx, input).await.map_err(|error| code(&error))
    };
    give(10).await.expect("given");
    assert_eq!(give(10).await.expect_err("refused"), "limit_reached");
    let wrong = TillSettingsDocument { limits: vec![limit("spend", "day", None, Some(1))], ..TillSettingsDocument::default() };
    let refused = meed_app::loyalty::records::put(&shop.app, &shop.ctx, None, &wrong).await.expect_err("refused");
    assert_eq!(code(&refused), "limit_unreadable");
    for (minimum_spend, maximum_spend, said) in [(501, Some(500), Some("spend_limits_crossed")), (500, Some(500), None), (501, None, None)]
    {
        let settings = TillSettingsDocument { minimum_spend, maximum_spend, ..TillSettingsDocument::default() };
        let kept = meed_app::loyalty::records::put(&shop.app, &shop.ctx, None, &settings).await;
        assert_eq!(kept.err().map(|error| code(&error)).as_deref(), said, "{minimum_spend} to {maximum_spend:?}");
    }
}

async fn a_hold_counts_against_limits_while_it_is_open(shop: &Shop) {
    let limit = |per: &str, number, amount| LimitDocument { kind: "debit".into(), per: per.into(), unit: None, number, amount };
    let limits = vec![limit("day", None, Some(500)), limit("week", Some(4), None)];
    shop.settings(TillSettingsDocument { limits, ..TillSettingsDocument::default() }).await;
    let ann = shop.customer("Ann").await;
    shop.top_up(ann.id, 9_000).await;
    let hold = async |amount, minutes| {
        let who = Who::Id(ann.id);
        let input = HoldInput { who, unit: eur(), amount, minutes: Some(minutes), source: shop.source, identity: None };
        holds::hold(&shop.app, &shop.ctx, input).await.map(|done| done.id).map_err(|error| code(&error))
    };
    let left = async || {
        let left = wallets::limits(&shop.app, &shop.ctx, ann.id).await.expect("limits");
        (left[0].amount_left, left[1].number_left)
    };
    assert_eq!(left().await, (Some(500), Some(4)));
    // Released: given back, in number and amount.
    let first = hold(500, 10).await.expect("a hold");
    assert_eq!(left().await, (Some(0), Some(3)));
    assert_eq!(hold(1, 10).await.expect_err("nothing is left"), "limit_reached");
    holds::release(&shop.app, &shop.ctx, first, None).await.expect("released");
    assert_eq!(left().await, (Some(500), Some(4)));
    // Run out: given back at its time, whether a command has said so or not.
    hold(500, 10).await.expect("a hold");
    shop.pass_minutes(9);
    assert_eq!(hold(1, 10).await.expect_err("still open"), "limit_reached");
    shop.pass_minutes(2);
    assert_eq!(left().await, (Some(500), Some(4)));
    // Used in part: the rest is given back.
    let third = hold(500, 10).await.expect("what ran out counts no more");
    holds::capture(&shop.app, &shop.ctx, third, Some(120), None).await.expect("captured");
    assert_eq!(left().await, (Some(380), Some(3)));
    shop.pass_minutes(20);
    assert_eq!(left().await, (Some(380), Some(3)), "what was used stays used");
    assert_eq!(hold(381, 10).await.expect_err("more than is left"), "limit_reached");
    let sale = shop.buy(ann.id, &[("wine", 9_000)]).await.done.id;
    hold(80, 10_000).await.expect("a hold of a week");
    assert_eq!(shop.spend(sale, Some(400)).await.expect("a spend").body.spent, 300, "cut to what the hold leaves");
    assert_eq!(left().await, (Some(0), Some(1)));
    // The next day another sum, the same week.
    shop.pass_days(1);
    assert_eq!(left().await, (Some(500), Some(1)));
    hold(10, 10).await.expect("a hold");
    assert_eq!(hold(10, 10).await.expect_err("four times a week"), "limit_reached");
    shop.pass_minutes(11);
    hold(10, 10).await.expect("it did not come to the fourth");
}
