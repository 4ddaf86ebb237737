//! The demo's shop: 2,000 participants, 8 offers, a month of receipts, and a till that was offline.
//!
//! The receipts go in by the bulk call of tills, each under its own reference, so a second run adds nothing.

use std::collections::BTreeMap;

use jiff::ToSpan;
use meed_app::loyalty::participants::MeansInput;
use meed_app::loyalty::purchases::PurchaseInput;
use meed_app::loyalty::{
    MerchantDocument, ProductDocument, SchemeDocument, TierDocument, TillConfig, TillSettingsDocument, UnitDocument, VatRateDocument, Who,
    offers, participants, products, purchases, records,
};
use meed_app::{App, Context};
use meed_core::command::Refused;
use meed_core::id::Id;
use meed_core::loyalty::{Basket, Line, Participant, SpendAsk};
use meed_core::money::Exact;

use crate::failure::Failure;

/// Customers.
const PARTICIPANTS: u32 = 2_000;
/// Receipts of a day.
const RECEIPTS: u32 = 60;
/// Days of receipts.
const DAYS: u32 = 30;
/// Receipts that a till without a connection sent later.
const OFFLINE: u32 = 4;

const PRODUCTS: &[(&str, &str, &str, i64)] = &[
    ("BREAD", "Rye bread", "bakery", 450),
    ("ROLL", "Roll", "bakery", 65),
    ("CAKE", "Apple cake", "bakery", 380),
    ("MILK", "Milk 1 l", "dairy", 149),
    ("CHEESE", "Mountain cheese 200 g", "dairy", 529),
    ("BUTTER", "Butter 250 g", "dairy", 289),
    ("WINE", "Riesling 0.75 l", "drinks", 890),
    ("WATER", "Water 6 × 1.5 l", "drinks", 419),
    ("COFFEE", "Coffee 500 g", "drinks", 749),
    ("APPLES", "Apples 1 kg", "fruit", 299),
    ("SALMON", "Smoked salmon 100 g", "fish", 599),
    ("OTHER", "Other goods", "other", 100),
];

const OFFERS: &[&str] = &[
    "name = \"Three per cent back\"\nscheme = \"club\"\n[award]\npercent = \"3%\"\n[spend]\nexpires = \"6 months\"\n",
    "name = \"Bakery bonus\"\nscheme = \"club\"\nstacks = true\ncondition = \"line.family == 'bakery'\"\n[award]\npercent = \"5%\"\n[spend]\ncondition = \"line.family == 'bakery'\"\nexpires = \"30 days\"\n",
    "name = \"Large basket\"\nscheme = \"club\"\nstacks = true\nfrom = 50\n[award]\namount = 2\n[spend]\nexpires = \"60 days\"\n",
    "name = \"Every tenth coffee\"\nscheme = \"club\"\nstacks = true\nclass = \"quantity\"\nat_least = 10\nwithin = \"365 days\"\ncondition = \"line.product == 'COFFEE'\"\n[award]\namount = 7.49\n",
    "name = \"Five visits\"\nscheme = \"club\"\nstacks = true\nclass = \"number\"\nat_least = 5\nwithin = \"30 days\"\n[award]\namount = 1.50\n",
    "name = \"Birthday\"\nscheme = \"club\"\nstacks = true\nrepeats = \"once per 300 days\"\noccasion = { day = \"birthday\", before = 3, after = 3 }\n[award]\namount = 5\n[spend]\nexpires = \"30 days\"\n",
    "name = \"Wine without waiting\"\nscheme = \"club\"\nstacks = true\ncondition = \"line.product == 'WINE'\"\n[award]\npercent = \"10%\"\n[spend]\nmethod = \"instant\"\n",
    "name = \"Points for fish\"\nscheme = \"club\"\nstacks = true\ncondition = \"line.family == 'fish'\"\n[award]\neach = 10\nper = 1\nunit = \"points\"\n",
];

const FIRST: &[&str] =
    &["Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hanno", "Ida", "Jonas", "Klara", "Levent", "Mila", "Noah"];
const LAST: &[&str] = &["Albers", "Brandt", "Claasen", "Demir", "Ehlers", "Friis", "Groth", "Hansen", "Ivers", "Jessen", "Koch", "Lorenz"];

/// Percentage of the tax on a family of products.
fn percent(family: &str) -> i64 {
    if family == "drinks" || family == "other" { 19 } else { 7 }
}

/// A number that looks random and is always the same.
fn draw(seed: u32, below: u32) -> u32 {
    let mut x = seed.wrapping_mul(2_654_435_761).wrapping_add(0x9e37_79b9);
    x ^= x >> 15;
    x = x.wrapping_mul(0x85eb_ca6b);
    (x ^ (x >> 13)) % below.max(1)
}

fn pick<'a>(list: &'a [&'a str], seed: u32) -> &'a str {
    let place = draw(seed, u32::try_from(list.len()).unwrap_or(1));
    usize::try_from(place).ok().and_then(|place| list.get(place)).copied().unwrap_or_default()
}

/// Makes what is not there yet, and answers a line about it.
pub(super) async fn make(app: &App, ctx: &Context) -> Result<String, Failure> {
    let units = set_up(app, ctx).await?;
    let known = sign_up(app, ctx).await?;
    let config = app.fresh_till_config(ctx.workspace).await?;
    let mut receipts = 0;
    // A receipt of an earlier run is told by its reference, under which its time was another.
    let is_there = |row: &Result<_, Refused>| row.as_ref().err().is_none_or(|refused| refused.code == "duplicate_reference");
    for day in (0..DAYS).rev() {
        let rows = (0..RECEIPTS).map(|number| receipt(app, &config, &units, &known, day, number)).collect();
        receipts += purchases::create_many(app, ctx, rows).await?.iter().filter(|row| is_there(row)).count();
    }
    let late = (0..OFFLINE).map(|number| offline(app, &config, &units, &known, number)).collect();
    receipts += purchases::create_many(app, ctx, late).await?.iter().filter(|row| is_there(row)).count();
    Ok(format!("The shop: {} participants, {} offers, {receipts} receipts\n", known.len(), OFFERS.len()))
}

/// Scheme, stores, merchant, products, settings, offers.
async fn set_up(app: &App, ctx: &Context) -> Result<Vec<Id>, Failure> {
    let present = records::list::<UnitDocument>(app, ctx).await?;
    if !present.is_empty() {
        return Ok(present.iter().map(|entry| entry.id).collect());
    }
    let scheme = SchemeDocument { name: "Halden Club".into(), code: "club".into(), ..SchemeDocument::default() };
    records::put(app, ctx, None, &scheme).await?;
    let rows = PRODUCTS.iter().map(|(code, text, family, price)| ProductDocument {
        code: (*code).to_owned(),
        description: Some((*text).to_owned()),
        family: Some((*family).to_owned()),
        extra: BTreeMap::from([
            ("price".to_owned(), Exact::new(*price, 2).to_string()),
            ("vat_rate".to_owned(), if percent(family) == 19 { "standard" } else { "reduced" }.to_owned()),
        ]),
        ..ProductDocument::default()
    });
    let rows = products::synchronise(app, ctx, rows.collect()).await?;
    let default_product = rows.last().and_then(|row| row.as_ref().ok()).map(|(id, _)| id.0);
    let tier = |code: &str, name: &str, threshold: &str| TierDocument {
        code: code.into(),
        name: name.into(),
        threshold: threshold.into(),
        ..TierDocument::default()
    };
    let rate = |code: &str, percent: &str| VatRateDocument { code: code.to_owned(), percent: percent.to_owned() };
    let settings = TillSettingsDocument {
        default_product,
        vat_rates: vec![rate("standard", "19"), rate("reduced", "7")],
        tiers: vec![tier("bronze", "Bronze", "0"), tier("silver", "Silver", "150"), tier("gold", "Gold", "400")],
        receipt_head: "Halden Outfitters\nHarbour Street 4".to_owned(),
        receipt_foot: "Thank you, and welcome back.".to_owned(),
        ..TillSettingsDocument::default()
    };
    records::put(app, ctx, None, &settings).await?;
    for text in OFFERS {
        offers::apply(app, ctx, &format!("kind = \"reward\"\n{text}"), "the demo").await?;
    }
    let mut units = Vec::new();
    for (name, code) in [("Harbour", "harbour"), ("Market", "market"), ("Station", "station")] {
        let unit = UnitDocument { name: name.into(), code: code.into(), ..UnitDocument::default() };
        units.push(records::put(app, ctx, None, &unit).await?);
    }
    let merchant = MerchantDocument {
        name: "Harbour Trading".into(),
        units: units.first().map(|id| id.0).into_iter().collect(),
        contribution: "40".into(),
        ..MerchantDocument::default()
    };
    records::put(app, ctx, None, &merchant).await?;
    Ok(units)
}

/// Participants with a card each, by number.
async fn sign_up(app: &App, ctx: &Context) -> Result<Vec<String>, Failure> {
    let numbers: Vec<String> = (0..PARTICIPANTS).map(|seed| format!("RP{:010}", seed + 1)).collect();
    let last = numbers.last().cloned().unwrap_or_default();
    if participants::find(app, ctx, &Who::Number(last)).await.is_ok() {
        return Ok(numbers);
    }
    for (seed, number) in (0u32..).zip(&numbers) {
        if seed % 50 == 0 || participants::find(app, ctx, &Who::Number(number.clone())).await.is_err() {
            let (first, last) = (pick(FIRST, seed), pick(LAST, seed.wrapping_add(77)));
            let month = i8::try_from(draw(seed + 5, 12) + 1).unwrap_or(1);
            let day = i8::try_from(draw(seed + 9, 28) + 1).unwrap_or(1);
            let year = i16::try_from(1950 + draw(seed + 3, 55)).unwrap_or(1980);
            let person = Participant {
                number: number.clone(),
                name: format!("{first} {last}"),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                email: draw(seed + 11, 3).eq(&0).then(|| format!("{}.{}{seed}@example.com", first.to_lowercase(), last.to_lowercase())),
                phone: draw(seed + 13, 4).eq(&0).then(|| format!("+49 40 555 {seed:04}")),
                born: jiff::civil::Date::new(year, month, day).ok(),
                sign_up_us: app.now_us() - i64::from(PARTICIPANTS - seed + 35 * 4) * 6 * 3_600_000_000,
                ..Participant::default()
            };
            let card = MeansInput { kind: "card".into(), code: format!("4711{seed:06}"), ..MeansInput::default() };
            // One that an interrupted run made is refused here, and stays.
            let _ = participants::create(app, ctx, person, vec![card]).await;
        }
    }
    Ok(numbers)
}

/// One line of a receipt, with the tax of its product within its price, and the percentage of that.
fn line(config: &TillConfig, place: u32, count: i64) -> Option<(Line, i64)> {
    let (code, _, family, price) = PRODUCTS.get(usize::try_from(place).ok()?)?;
    let product = config.products.by_code(code)?;
    let total = price.checked_mul(count)?;
    let percent = percent(family);
    // Half up, in whole cents: the tax within a price.
    let vat = (total * percent * 2 + 100 + percent) / (2 * (100 + percent));
    Some((Line { net: total - vat, vat, total, quantity: Exact::from(count), ..product.line() }, percent))
}

fn receipt(app: &App, config: &TillConfig, units: &[Id], known: &[String], day: u32, number: u32) -> PurchaseInput {
    let seed = day * 1_000 + number;
    let lines: (Vec<Line>, Vec<i64>) =
        (0..=draw(seed, 5)).filter_map(|at| line(config, draw(seed * 7 + at, 11), i64::from(draw(seed * 11 + at, 3) + 1))).unzip();
    let unit = usize::try_from(draw(seed + 3, 3)).ok().and_then(|place| units.get(place)).or_else(|| units.first());
    // A few come every other day, most seldom.
    let place = draw(seed + 1, draw(seed + 2, PARTICIPANTS) + 1);
    let who = usize::try_from(place).ok().and_then(|place| known.get(place)).cloned().unwrap_or_default();
    let minutes = i64::from(day) * 24 * 60 + i64::from(draw(seed + 4, 600)) + 60;
    let reference = format!("D{day:02}-{number:03}");
    let spends = seed.is_multiple_of(6);
    PurchaseInput {
        who: Who::Number(who),
        basket: Basket {
            at: app.now().checked_sub(minutes.minutes()).unwrap_or_else(|_| app.now()),
            unit: unit.copied().unwrap_or_default(),
            terminal: None,
            lines: lines.0,
            reference: reference.clone(),
            system: Some("demo".to_owned()),
            system_reference: Some(reference.clone()),
            classification: None,
            payment_brand: None,
            payment_type: None,
            payment_medium: None,
            promo_code: None,
            description: None,
            extra: BTreeMap::from([("vat_rates".to_owned(), lines.1.iter().map(ToString::to_string).collect::<Vec<_>>().join("|"))]),
        },
        source: Id(0),
        identity: Some(format!("demo\n{reference}")),
        spend: spends.then(SpendAsk::default),
        is_offline: false,
        price_token: None,
        is_undated: false,
    }
}

/// A receipt of the market's till that was without a connection: some came days late, some spent what was not there any more.
fn offline(app: &App, config: &TillConfig, units: &[Id], known: &[String], number: u32) -> PurchaseInput {
    let sold = receipt(app, config, units, known, DAYS, number);
    let hours = if number.is_multiple_of(2) { 20 } else { 90 };
    let reference = format!("OFFLINE-{}", number + 1);
    let at = app.now().checked_sub((hours + i64::from(number)).hours()).unwrap_or_else(|_| app.now());
    let unit = units.get(1).copied().unwrap_or_default();
    let spend = (number != 1).then(|| SpendAsk { amount: Some(600 + i64::from(number) * 75), ..SpendAsk::default() });
    let lines = (0..4).filter_map(|at| line(config, draw(number * 5 + at, 11), 2)).map(|(line, _)| line).collect();
    PurchaseInput {
        basket: Basket {
            at,
            unit,
            lines,
            reference: reference.clone(),
            system_reference: Some(reference.clone()),
            extra: BTreeMap::new(),
            ..sold.basket
        },
        identity: Some(format!("demo\n{reference}")),
        spend,
        is_offline: true,
        ..sold
    }
}
