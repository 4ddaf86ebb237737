//! A till over the bare store: configuration made by hand, commands as the use cases send them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use meed_core::command::{Command, Refused, Reply};
use meed_core::id::Id;
use meed_core::loyalty::{
    Adjust, Basket, CancelPurchase, HoldWallet, Identified, Offer, OfferEntry, OfferIndex, OfferVersion, Participant, Product, Products,
    PromoCode, Purchase, PurchaseDone, SalesUnit, SaveParticipant, Scheme, SpendAsk, TillConfig, TillReply, TillSettings, WalletRef,
};
use meed_store::Store;

use crate::make::{decided, plain};

const UNIT: Id = Id(901);
const SCHEME: Id = Id(902);
const OFFER: Id = Id(903);
const OFFER_VERSION: Id = Id(904);
const PROMO: Id = Id(905);

/// The configuration of a workspace as it stands: one store, one product, one offer of 10 %.
pub(crate) async fn config(store: &Store, workspace: Id) -> Arc<TillConfig> {
    let head = store.read(move |reader| Ok(reader.head(workspace)?.expect("a workspace"))).await.expect("read");
    let text = "kind = \"reward\"\nname = \"Ten\"\nscheme = \"club\"\n[award]\npercent = \"10%\"\n[spend]\nexpires = \"30 days\"";
    let offer = Arc::new(Offer::parse(text).expect("an offer"));
    let versions = vec![OfferVersion { id: OFFER_VERSION, created_us: 0, offer }];
    let offers = OfferIndex::new(vec![OfferEntry { id: OFFER, versions, is_effective: true, scheme: Some(SCHEME) }]);
    let scheme = Scheme { name: "Club".into(), code: "club".into(), is_effective: true, is_automatic: true };
    let unit =
        SalesUnit { name: "Shop".into(), code: "shop".into(), group: None, community: None, description: None, zone: None, merchant: None };
    let promo = PromoCode { id: PROMO, code: "SPRING".into(), is_effective: true, from_us: None, until_us: None, uses_max: Some(5) };
    let mut products = Products::default();
    products.put(Product { id: Id(906), code: "bread".into(), ..Product::default() });
    Arc::new(TillConfig {
        version: head.config_version,
        workspace,
        zone: head.zone,
        currency: head.unit,
        settings: TillSettings::default(),
        schemes: BTreeMap::from([(SCHEME, scheme)]),
        units: BTreeMap::from([(UNIT, unit)]),
        terminals: BTreeMap::new(),
        merchants: BTreeMap::new(),
        promo_codes: HashMap::from([("spring".to_owned(), promo)]),
        products,
        offers,
    })
}

pub(crate) async fn reply(store: &Store, workspace: Id, command: impl Command + 'static) -> Result<TillReply, Refused> {
    match decided(store, workspace, plain(command)).await? {
        Reply::Till(reply) => Ok(reply),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn customer(store: &Store, workspace: Id, number: &str) -> Id {
    let participant = Participant { number: number.to_owned(), ..Participant::default() };
    match reply(store, workspace, SaveParticipant { id: None, participant, means: Vec::new() }).await.expect("a participant") {
        TillReply::Participant(id, _) => id,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn purchase(config: &Arc<TillConfig>, who: Id, reference: &str, cents: i64, spend: Option<i64>) -> Purchase {
    let mut line = config.products.by_code("bread").expect("a product").line();
    (line.net, line.total) = (cents, cents);
    let basket = Basket {
        at: at(),
        unit: UNIT,
        terminal: None,
        lines: vec![line],
        reference: reference.to_owned(),
        system: None,
        system_reference: None,
        classification: None,
        payment_brand: None,
        payment_type: None,
        payment_medium: None,
        promo_code: Some("SPRING".to_owned()),
        description: None,
        extra: BTreeMap::new(),
    };
    Purchase {
        config: Arc::clone(config),
        who: WalletRef::Participant(who),
        identity: Some(Identified { source: crate::make::TILL, reference: reference.to_owned(), fingerprint: [1; 32] }),
        basket,
        spend: spend.map(|amount| SpendAsk { amount: Some(amount), ..SpendAsk::default() }),
        is_offline: false,
        is_preview: false,
        priced_at: None,
    }
}

pub(crate) fn at() -> Timestamp {
    "2026-03-15T11:00:00Z".parse().expect("a time")
}

pub(crate) async fn buy(store: &Store, workspace: Id, command: Purchase) -> PurchaseDone {
    match reply(store, workspace, command).await.expect("a purchase") {
        TillReply::Purchase(done) => *done,
        other => panic!("{other:?}"),
    }
}

/// A row in every table of the till: two purchases, the second one paid from the first one's award and cancelled, and a hold.
pub(crate) async fn fill(store: &Store, workspace: Id, name: &str) {
    let who = customer(store, workspace, name).await;
    let config = config(store, workspace).await;
    let first = buy(store, workspace, purchase(&config, who, &format!("{name}-1"), 10_000, None)).await;
    assert_eq!(first.balances.0, 1_000);
    let second = buy(store, workspace, purchase(&config, who, &format!("{name}-2"), 2_000, Some(500))).await;
    assert_eq!(second.standing.spent(), 500);
    let cancel = CancelPurchase { config: Arc::clone(&config), purchase: second.id, identity: None, at: at(), note: None };
    reply(store, workspace, cancel).await.expect("cancelled");
    let who = WalletRef::Participant(who);
    let adjust = Adjust {
        config: Arc::clone(&config),
        who: who.clone(),
        identity: None,
        unit: config.currency,
        amount: 300,
        is_top_up: false,
        expires: None,
        reason: "sorry".into(),
        at: at(),
    };
    reply(store, workspace, adjust).await.expect("adjusted");
    let hold = HoldWallet { unit: config.currency, config, who, identity: None, amount: 1_200, minutes: None, at: at() };
    reply(store, workspace, hold).await.expect("held");
}
