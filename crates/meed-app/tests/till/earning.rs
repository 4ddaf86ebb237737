//! What a purchase earns.

use crate::shop::{Shop, awarded};
use meed_app::loyalty::purchases;

on_every_engine!(
    pos_018_preview_gives_the_numbers_of_the_commit_and_pos_017_writes_nothing,
    pos_028_scopes_give_their_different_sums,
    pos_029_of_offers_that_do_not_stack_the_best_applies,
);

async fn pos_018_preview_gives_the_numbers_of_the_commit_and_pos_017_writes_nothing(shop: &Shop) {
    shop.offer("name = \"Five\"\n[award]\npercent = \"5%\"").await;
    let ann = shop.customer("Ann").await;
    let basket = shop.basket(&[("bread", 1_230), ("wine", 4_570)]).await;
    let before = shop.app.store().read(|r| Ok(r.head(meed_core::id::Id(1)))).await;
    let preview = purchases::preview(&shop.app, &shop.ctx, shop.input(ann.id, basket.clone())).await.expect("a preview");
    assert_eq!(awarded(&preview), 290, "5 % of 58.00");
    assert_eq!(shop.balance(ann.id).await, 0);
    assert_eq!(preview.done.balances.0, 290, "what it will be");
    drop(before);
    let done = shop.create(shop.input(ann.id, basket)).await.expect("a purchase");
    assert_eq!(awarded(&done), 290);
    assert_eq!(shop.balance(ann.id).await, 290);
}

async fn pos_028_scopes_give_their_different_sums(shop: &Shop) {
    shop.offer("name = \"Whole\"\nstacks = true\n[award]\npercent = \"1.5%\"").await;
    shop.offer("name = \"Each\"\nstacks = true\n[award]\npercent = \"1.5%\"\nscope = \"item\"").await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 130), ("milk", 130), ("wine", 130)]).await;
    let sums: Vec<i64> = done.done.standing.grants.iter().map(|grant| grant.amount).collect();
    // 1.5 % of 3.90 is 5.85, rounded once; of 1.30 it is 1.95, rounded three times.
    assert_eq!(sums, vec![6, 2, 2, 2]);
}

async fn pos_029_of_offers_that_do_not_stack_the_best_applies(shop: &Shop) {
    let small = shop.offer("name = \"Small\"\n[award]\namount = 1").await;
    let big = shop.offer("name = \"Big\"\n[award]\namount = 2").await;
    let top = shop.offer("name = \"Top\"\nstacks = true\n[award]\namount = 0.5").await;
    let ann = shop.customer("Ann").await;
    let done = shop.buy(ann.id, &[("bread", 1_000)]).await;
    let grants: Vec<_> = done.done.standing.grants.iter().map(|grant| (grant.offer, grant.amount)).collect();
    assert_eq!(grants, vec![(big, 200), (top, 50)]);
    let lost = done.done.verdicts.iter().find(|verdict| verdict.offer == small).and_then(|verdict| verdict.why_not.clone());
    assert_eq!(lost.map(|why| why.code().to_owned()).as_deref(), Some("not_best"));
}
