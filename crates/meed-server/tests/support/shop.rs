//! A shop with products, offers, customers and some receipts, for pages that should look like life.

use std::collections::BTreeMap;

use jiff::ToSpan;
use meed_app::loyalty::participants::MeansInput;
use meed_app::loyalty::purchases::PurchaseInput;
use meed_app::loyalty::{
    MerchantDocument, ProductDocument, SchemeDocument, TillSettingsDocument, UnitDocument, VatRateDocument, Who, offers, participants,
    products, purchases, records,
};
use meed_core::id::Id;
use meed_core::loyalty::{Basket, Line, Participant, SpendAsk};
use meed_core::money::Exact;

use super::Site;

const OFFERS: [&str; 3] = [
    "name = \"Five per cent back\"\n[award]\npercent = \"5%\"\n[spend]\nexpires = \"3 months\"\n",
    "name = \"Bakery bonus\"\nstacks = true\ncondition = \"line.family == 'bakery'\"\n[award]\namount = 0.50\n[spend]\ncondition = \"line.family == 'bakery'\"\nexpires = \"30 days\"\n",
    "name = \"Every tenth bottle\"\nstacks = true\nclass = \"quantity\"\nat_least = 10\nwithin = \"90 days\"\ncondition = \"line.family == 'drinks'\"\n[award]\namount = 8\n",
];

/// What the shop has.
pub struct Shop {
    pub unit: Id,
    pub anna: Id,
    pub purchase: Id,
    pub offer: Id,
}

/// Opens a shop on a site: two stores, twelve products, three offers, and Anna with a card and ten receipts.
pub async fn shop(site: &Site) -> Shop {
    let (app, ctx) = (&site.app, &site.ctx());
    let scheme = SchemeDocument { name: "Club".into(), code: "club".into(), ..SchemeDocument::default() };
    records::put(app, ctx, None, &scheme).await.expect("a scheme");
    let unit = UnitDocument { name: "Hafenstraße".into(), code: "hafen".into(), ..UnitDocument::default() };
    let unit = records::put(app, ctx, None, &unit).await.expect("a store");
    let merchant = MerchantDocument {
        name: "Hafen Handels GmbH".into(),
        units: vec![unit.0],
        contribution: "40".into(),
        ..MerchantDocument::default()
    };
    records::put(app, ctx, None, &merchant).await.expect("a merchant");
    let rate = |code: &str, percent: &str| VatRateDocument { code: code.into(), percent: percent.into() };
    let settings = TillSettingsDocument {
        vat_rates: vec![rate("standard", "19"), rate("reduced", "7")],
        receipt_head: "Hafen Handels GmbH\nHafenstraße 12, 20457 Hamburg\nVAT no. DE123456789".into(),
        receipt_foot: "Thank you. Goods come back within 14 days.".into(),
        ..TillSettingsDocument::default()
    };
    records::put(app, ctx, None, &settings).await.expect("settings");
    // Wine has no price: what a shelf says goes.
    let rows = [
        ("BREAD", "Rye bread", "bakery", Some("4.50"), "reduced"),
        ("ROLL", "Roll", "bakery", Some("0.65"), "reduced"),
        ("MILK", "Milk 1 l", "dairy", Some("1.50"), "reduced"),
        ("WINE", "Riesling 0.75 l", "drinks", None, "standard"),
        ("WATER", "Water 1 l", "drinks", Some("0.99"), "standard"),
        ("BAG", "Bag", "other", Some("0.20"), "standard"),
    ];
    let row = |(code, text, family, price, vat): (&str, &str, &str, Option<&str>, &str)| ProductDocument {
        code: code.into(),
        description: Some(text.into()),
        family: Some(family.into()),
        extra: price.map(|price| ("price", price)).into_iter().chain([("vat_rate", vat)]).map(|(n, v)| (n.into(), v.into())).collect(),
        ..ProductDocument::default()
    };
    products::synchronise(app, ctx, rows.map(row).to_vec()).await.expect("products");
    let mut offer = Id(0);
    for text in OFFERS {
        let text = format!("kind = \"reward\"\nscheme = \"club\"\n{text}");
        offer = offers::apply(app, ctx, &text, "").await.expect("an offer").0;
    }
    let person =
        |name: &str| Participant { name: name.into(), email: Some(format!("{}@example.org", &name[..3])), ..Participant::default() };
    let card = |code: &str| vec![MeansInput { kind: "card".into(), code: code.into(), ..MeansInput::default() }];
    let anna = participants::create(app, ctx, person("Anna Reed"), card("4711")).await.expect("a participant").id;
    participants::create(app, ctx, person("Änne Muster von Hohenstein-Wildenfels"), card("4712")).await.expect("a participant");
    let mut purchase = Id(0);
    for number in 0..10i64 {
        let config = app.fresh_till_config(ctx.workspace).await.expect("a configuration");
        let line = |code: &str, total: i64, quantity: i64| {
            let product = config.products.by_code(code).expect("a product");
            Line { net: total, total, quantity: Exact::from(quantity), ..product.line() }
        };
        let basket = Basket {
            at: app.now() - (24 * number).hours(),
            unit,
            terminal: None,
            lines: vec![line("BREAD", 450, 1), line("WINE", 3_120, 4)],
            reference: format!("R-{:04}", 1_000 + number),
            system: None,
            system_reference: None,
            classification: None,
            payment_brand: None,
            payment_type: None,
            payment_medium: None,
            promo_code: None,
            description: None,
            extra: BTreeMap::new(),
        };
        let input = PurchaseInput {
            who: Who::Id(anna),
            basket,
            source: Id(0),
            identity: None,
            spend: None,
            is_offline: false,
            price_token: None,
            is_undated: false,
        };
        purchase = purchases::create(app, ctx, input).await.map_or(purchase, |view| view.done.id);
    }
    Shop { unit, anna, purchase, offer }
}

/// Anna spends more than she has while a till has no connection. Answers the purchase.
pub async fn overspent(site: &Site, shop: &Shop) -> Id {
    offline(site, shop, "R-2000", 96, Some(5_000)).await
}

/// A sale that a till without a connection sent days later: nothing was spent on it.
pub async fn came_late(site: &Site, shop: &Shop, reference: &str) -> Id {
    offline(site, shop, reference, 130, None).await
}

async fn offline(site: &Site, shop: &Shop, reference: &str, hours: i64, spend: Option<i64>) -> Id {
    let (app, ctx) = (&site.app, &site.ctx());
    let config = app.fresh_till_config(ctx.workspace).await.expect("a configuration");
    let line = Line { net: 9_000, total: 9_000, ..config.products.by_code("WINE").expect("a product").line() };
    let sold = purchases::show(app, ctx, shop.purchase).await.expect("a purchase").done;
    let at = app.now() - hours.hours();
    let basket = Basket { lines: vec![line], reference: reference.into(), at, extra: BTreeMap::new(), ..sold.body.basket.clone() };
    let spend = spend.map(|amount| SpendAsk { amount: Some(amount), ..SpendAsk::default() });
    let input = PurchaseInput {
        who: Who::Id(shop.anna),
        basket,
        source: Id(0),
        identity: None,
        spend,
        is_offline: true,
        price_token: None,
        is_undated: false,
    };
    purchases::create(app, ctx, input).await.expect("an offline purchase").done.id
}
