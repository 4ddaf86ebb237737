//! Purchases as sales of commission plans: from when it is wished, exactly once, and gone with the goods.

use meed_app::loyalty::feed::{self, feed as run};
use meed_app::loyalty::{TillSettingsDocument, records};
use meed_app::sales::{SaleFilter, list};
use meed_app::sources;
use meed_core::money::Exact;

use crate::shop::Shop;

on_every_engine!(purchases_are_sales_once_and_leave_with_their_goods, purchases_from_before_the_wish_are_no_sales,);

async fn wish(shop: &Shop, owner: Option<&str>) {
    let document = TillSettingsDocument { sales_owner: owner.map(str::to_owned), ..TillSettingsDocument::default() };
    records::put(&shop.app, &shop.ctx, None, &document).await.expect("settings");
}

/// Unique id without the purchase, revenue, quantity, state and owner of each sale, in the order of the lines.
async fn sales(shop: &Shop) -> Vec<(String, Exact, Exact, String, String)> {
    let source = sources::find(&shop.app, &shop.ctx, feed::SOURCE).await.expect("sources");
    if source.is_none() {
        return Vec::new();
    }
    let found = list(&shop.app, &shop.ctx, SaleFilter::default(), None, 100).await.expect("sales").0;
    let mut all: Vec<_> = found
        .into_iter()
        .map(|view| {
            let stored = view.stored;
            let place = stored.unique_id.as_deref().and_then(|id| id.split_once('/')).map(|(_, place)| place.to_owned());
            let sale = stored.sale;
            let owner = sale.owners[0].clone().unwrap_or_default();
            (
                place.unwrap_or_default(),
                sale.revenue.unwrap_or_default(),
                sale.quantity.unwrap_or_default(),
                sale.status.unwrap_or_default(),
                owner,
            )
        })
        .collect();
    all.sort();
    all
}

fn decimal(text: &str) -> Exact {
    text.parse().expect("a decimal")
}

async fn purchases_are_sales_once_and_leave_with_their_goods(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    wish(shop, Some("udf_string_1")).await;
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("fed"), 0);
    let mut basket = shop.basket(&[("bread", 1_000), ("wine", 333)]).await;
    basket.extra.insert("udf_string_1".to_owned(), "MQ".to_owned());
    let done = shop.create(shop.input(ann.id, basket)).await.expect("a purchase").done;
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("fed"), 2);
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("fed"), 0, "once");
    let row = |place: &str, revenue: &str, quantity: &str, state: &str| {
        (place.to_owned(), decimal(revenue), decimal(quantity), state.to_owned(), "MQ".to_owned())
    };
    assert_eq!(sales(shop).await, vec![row("0", "10", "1", "won"), row("1", "3.33", "1", "won")]);
    shop.refund(done.id, &[(0, 333)]).await.expect("a refund");
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("fed"), 1);
    assert_eq!(sales(shop).await, vec![row("0", "6.67", "1", "partly_refunded"), row("1", "3.33", "1", "won")]);
    shop.refund(done.id, &[(0, 667)]).await.expect("a refund");
    run(&shop.app, &shop.ctx).await.expect("fed");
    assert_eq!(sales(shop).await[0], row("0", "0", "0", "refunded"));
    shop.cancel(done.id).await.expect("cancelled");
    run(&shop.app, &shop.ctx).await.expect("fed");
    assert_eq!(sales(shop).await, vec![row("0", "0", "0", "cancelled"), row("1", "0", "0", "cancelled")]);
}

async fn purchases_from_before_the_wish_are_no_sales(shop: &Shop) {
    let ann = shop.customer("Ann").await;
    let before = shop.buy(ann.id, &[("bread", 1_000)]).await.done.id;
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("nothing is wished"), 0);
    wish(shop, Some("unit")).await;
    run(&shop.app, &shop.ctx).await.expect("fed");
    shop.refund(before, &[(0, 100)]).await.expect("a refund");
    shop.buy(ann.id, &[("wine", 500)]).await;
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("fed"), 1);
    let all = sales(shop).await;
    assert_eq!(all.iter().map(|row| row.1).collect::<Vec<_>>(), vec![decimal("5")]);
    wish(shop, None).await;
    shop.buy(ann.id, &[("wine", 700)]).await;
    assert_eq!(run(&shop.app, &shop.ctx).await.expect("nothing is wished"), 0);
    let wrong = TillSettingsDocument { sales_owner: Some("anybody".into()), ..TillSettingsDocument::default() };
    assert!(records::put(&shop.app, &shop.ctx, None, &wrong).await.is_err());
}
