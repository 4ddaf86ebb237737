//! Schemes, stores and terminals that something else goes by: what may not change, what may not go, and what goes along.

use meed_app::loyalty::records::{list, put, remove};
use meed_app::loyalty::{MerchantDocument, SchemeDocument, TerminalDocument, UnitDocument, offers, records};
use meed_core::command::Refused;
use meed_core::id::Id;

use crate::shop::Shop;

on_every_engine!(
    a_scheme_keeps_what_offers_call_it,
    a_scheme_that_offers_or_merchants_go_by_stays,
    the_terminals_of_a_store_go_with_it,
    a_removed_store_is_still_known_by_name,
);

const FIVE: &str = "[award]\npercent = \"5%\"\n";

fn scheme(name: &str, code: &str) -> SchemeDocument {
    SchemeDocument { name: name.into(), code: code.into(), ..SchemeDocument::default() }
}

fn refused<T>(done: Result<T, meed_app::AppError>) -> Refused {
    match done {
        Err(meed_app::AppError::Refused(refused)) => refused,
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("it was taken"),
    }
}

async fn first_scheme(shop: &Shop) -> Id {
    list::<SchemeDocument>(&shop.app, &shop.ctx).await.expect("schemes")[0].id
}

async fn a_scheme_keeps_what_offers_call_it(shop: &Shop) {
    let (app, ctx) = (&shop.app, &shop.ctx);
    let (club, wine) = (first_scheme(shop).await, put(app, ctx, None, &scheme("Wine", "wine")).await.expect("a scheme"));
    shop.offer(&format!("name = \"By code\"\n{FIVE}")).await;
    for text in ["name = \"By name\"\nscheme = \"WINE\"\n", "name = \"Off\"\nscheme = \"wine\"\n"] {
        let offer = offers::apply(app, ctx, &format!("kind = \"reward\"\n{text}{FIVE}"), "").await.expect("an offer").0;
        offers::set_effective(app, ctx, offer, !text.contains("Off")).await.expect("switched");
    }
    let ann = shop.customer("Ann").await;
    for (id, document, field, offer) in [
        (Some(club), scheme("Friends", "friends"), "code", "By code"),
        (Some(wine), scheme("Cellar", "cellar"), "code", "`By name`, `Off`"),
        // The older scheme goes first: with this name it would take the offers of the other.
        (Some(club), scheme("wine", "club"), "name", "By name"),
    ] {
        let refused = refused(put(app, ctx, id, &document).await);
        assert_eq!((&*refused.code, refused.field.as_deref()), ("scheme_in_use", Some(field)), "{document:?}");
        assert!(refused.text.contains(offer), "{}", refused.text);
    }
    // The code is what the offer goes by: any other name will do.
    put(app, ctx, Some(club), &scheme("Friends", "Club")).await.expect("another name");
    put(app, ctx, Some(wine), &scheme("Wine", "cellar")).await.expect("the name is left");
    put(app, ctx, None, &scheme("Club", "second")).await.expect("the first goes first");
    assert_eq!(shop.buy(ann.id, &[("bag", 1_000)]).await.done.standing.grants.len(), 1);
    assert_eq!(
        shop.app.fresh_till_config(ctx.workspace).await.expect("a configuration").offers.iter().filter(|o| o.scheme.is_none()).count(),
        0
    );
}

async fn a_scheme_that_offers_or_merchants_go_by_stays(shop: &Shop) {
    let (app, ctx, club) = (&shop.app, &shop.ctx, first_scheme(shop).await);
    let offer = shop.offer(&format!("name = \"Five\"\n{FIVE}")).await;
    let kept = refused(remove::<SchemeDocument>(app, ctx, club).await);
    assert_eq!(&*kept.code, "scheme_in_use");
    assert!(kept.text.contains("`Five`"), "{}", kept.text);
    offers::set_effective(app, ctx, offer, false).await.expect("switched");
    let merchant =
        MerchantDocument { name: "Corner".into(), units: vec![shop.unit.0], schemes: vec![club.0], ..MerchantDocument::default() };
    let corner = shop.merchant(merchant.clone()).await;
    let kept = refused(remove::<SchemeDocument>(app, ctx, club).await);
    assert!(&*kept.code == "scheme_in_use" && kept.text.contains("`Corner`"), "{}", kept.text);
    put(app, ctx, Some(corner), &MerchantDocument { schemes: Vec::new(), ..merchant }).await.expect("a merchant");
    remove::<SchemeDocument>(app, ctx, club).await.expect("nothing goes by it");
    // What gave nothing any more would look as if it did.
    let refused = refused(offers::set_effective(app, ctx, offer, true).await);
    assert_eq!(&*refused.code, "scheme_unknown");
}

async fn the_terminals_of_a_store_go_with_it(shop: &Shop) {
    let (app, ctx) = (&shop.app, &shop.ctx);
    let south = UnitDocument { name: "South".into(), code: "south".into(), ..UnitDocument::default() };
    let south = put(app, ctx, None, &south).await.expect("a store");
    let terminal = |code: &str, unit: Id| TerminalDocument { code: code.into(), unit: unit.0 };
    for (code, unit) in [("S-1", south), ("S-2", south), ("H-1", shop.unit)] {
        put(app, ctx, None, &terminal(code, unit)).await.expect("a terminal");
    }
    remove::<UnitDocument>(app, ctx, south).await.expect("it goes");
    let left = list::<TerminalDocument>(app, ctx).await.expect("terminals");
    assert_eq!(left.iter().map(|entry| entry.document.code.as_str()).collect::<Vec<_>>(), ["H-1"]);
    put(app, ctx, None, &terminal("S-1", shop.unit)).await.expect("the code is free");
    let refused = refused(put(app, ctx, None, &terminal("S-2", south)).await);
    assert_eq!((&*refused.code, refused.field.as_deref()), ("unit_unknown", Some("unit")));
}

async fn a_removed_store_is_still_known_by_name(shop: &Shop) {
    let (app, ctx) = (&shop.app, &shop.ctx);
    remove::<UnitDocument>(app, ctx, shop.unit).await.expect("it goes");
    let known = records::unit_of_old(app, ctx, shop.unit).await.expect("read").expect("it was there");
    assert_eq!(known.name, "High Street");
    assert!(records::unit_of_old(app, ctx, Id(7)).await.expect("read").is_none());
}
