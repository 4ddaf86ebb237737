//! Products, and what merchants pay.

use axum::extract::State;
use futures_util::future::join_all;
use meed_app::loyalty::purchases::{self, PurchaseFilter, PurchaseView};
use meed_app::loyalty::{ProductDocument, TillConfig, products as use_products};
use meed_core::id::{Id, Kind};
use meed_core::loyalty::{Product, PurchaseState};
use meed_core::money::{Exact, Minor, Rounding, to_minor};

use super::basket::amount;
use super::lines::shown_price;
use crate::ServerState;
use crate::pages::till::{ProductRow, ProductsPage, SettlementPage, SettlementRow};
use crate::pages::{Badge, Choice, FormErrors, Nav, Pager, Tone};
use crate::web::answer::{Answer, Trouble, form_errors, form_page, page};
use crate::web::flash;
use crate::web::form::{Asked, Fields, Posted};
use crate::web::shown::{counted, money};
use crate::web::visit::Visit;

/// Rows shown at most.
const ROWS: usize = 200;
/// Purchases listed at most.
const LISTED: usize = 50;
/// Purchases that are looked at, newest first.
const LOOKED_AT: usize = 1_000;
/// Purchases that are settled at a time: they share commits.
const AT_ONCE: usize = 64;

/// `GET /products`
pub(in crate::web) async fn products(State(state): State<ServerState>, visit: Visit, Asked(form): Asked) -> Answer {
    let config = state.app.till_config(visit.ctx.workspace).await?;
    let chosen = form.filled("code").and_then(|code| config.products.by_code(code));
    let form = chosen.map_or_else(|| form.clone(), |product| filled_in(&form, product, &config));
    page(&products_page(&state, &visit, &form, FormErrors::none()).await?)
}

/// The form with what is known of a product.
fn filled_in(form: &Fields, product: &Product, config: &TillConfig) -> Fields {
    let mut form = form.clone();
    form.push("product_code", product.code.clone());
    form.push("description", product.description.clone().unwrap_or_default());
    form.push("family", product.family.clone().unwrap_or_default());
    form.push("price", product.price.map(|price| shown_price(price, config.currency)).unwrap_or_default());
    form.push("vat_rate", product.vat_rate.clone().unwrap_or_default());
    form
}

async fn products_page(state: &ServerState, visit: &Visit, form: &Fields, errors: FormErrors) -> Result<ProductsPage, Trouble> {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let wanted = form.text("q").to_lowercase();
    let mut rows: Vec<ProductRow> = config
        .products
        .iter()
        .map(|product| {
            let groups = [&product.kind, &product.brand, &product.family].into_iter().flatten().chain(&product.categories);
            ProductRow {
                code: product.code.clone(),
                description: product.description.clone().unwrap_or_default(),
                groups: groups.map(String::as_str).collect::<Vec<_>>().join(", "),
                price: product.price.map(|price| shown_price(price, config.currency)).unwrap_or_default(),
                vat: super::vat::percent(&config, Some(&**product)).normalize().to_string(),
            }
        })
        .filter(|row| format!("{} {} {}", row.code, row.description, row.groups).to_lowercase().contains(&wanted))
        .collect();
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    let found = counted(u64::try_from(rows.len()).unwrap_or(u64::MAX), "product", "products");
    rows.truncate(ROWS);
    Ok(ProductsPage {
        chrome: visit.chrome(Nav::Products),
        rows,
        found,
        q: form.text("q").to_owned(),
        has_vat: !config.settings.vat_rates.is_empty(),
        vat_rates: config
            .settings
            .vat_rates
            .iter()
            .map(|rate| {
                Choice::new(&rate.code, &format!("{} ({} %)", rate.code, rate.percent.normalize()), form.text("vat_rate") == rate.code)
            })
            .collect(),
        currency: config.currency.code().to_owned(),
        typed: ["product_code", "description", "family", "price"].map(|field| form.text(field).to_owned()),
        errors,
    })
}

/// `POST /products`
pub(in crate::web) async fn save_product(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let code = form.text("product_code").to_owned();
    let present = use_products::present(&state.app, &visit.ctx, vec![code.clone()]).await?.remove(&code).unwrap_or_default();
    let filled = |field: &str, before: Option<String>| form.filled(field).map(str::to_owned).or(before);
    let mut extra = present.extra.clone();
    if let Some(price) = form.filled("price") {
        let config = state.app.till_config(visit.ctx.workspace).await?;
        match amount(price, config.currency, "price") {
            Ok(minor) if minor >= 0 => {
                let major = meed_core::money::Amount { minor, unit: config.currency }.major();
                extra.insert("price".to_owned(), major.to_string());
            }
            _ => {
                let errors = FormErrors::one("price", "Write a price such as 4.50.");
                return form_page(&products_page(&state, &visit, &form, errors).await?);
            }
        }
    }
    if let Some(rate) = form.filled("vat_rate") {
        extra.insert("vat_rate".to_owned(), rate.to_owned());
    }
    let product = ProductDocument {
        extra,
        code: code.clone(),
        description: filled("description", present.description.clone()),
        family: filled("family", present.family.clone()),
        ..present
    };
    let outcome = use_products::synchronise(&state.app, &visit.ctx, vec![product]).await?.pop();
    match outcome {
        Some(Err(refused)) => {
            let errors = form_errors(refused.into(), &[("code", "product_code"), ("name", "product_code")])?;
            form_page(&products_page(&state, &visit, &form, errors).await?)
        }
        _ => Ok(flash::see_other(&state, "/products", Tone::Good, &format!("“{code}” is saved."))),
    }
}

/// A purchase with what its merchant pays.
struct Owed {
    view: PurchaseView,
    merchant: Id,
    awarded: Minor,
    contribution: Minor,
}

/// What merchants owe for the newest purchases before one, and where older ones go on.
async fn owed(state: &ServerState, visit: &Visit, config: &TillConfig, before: Option<Id>) -> Result<(Vec<Owed>, Option<Id>), Trouble> {
    let filter = PurchaseFilter { limit: LOOKED_AT, before, ..PurchaseFilter::default() };
    let views = purchases::list(&state.app, &visit.ctx, filter).await?;
    let older = views.last().filter(|_| views.len() == LOOKED_AT).map(|view| view.done.id);
    let owed = views.into_iter().filter_map(|view| {
        let (merchant, terms) = config.merchant_of(view.done.body.basket.unit)?;
        let awarded = view.done.standing.awarded(config.currency);
        let exact = Exact::from(awarded) * terms.contribution / Exact::ONE_HUNDRED;
        let contribution = to_minor(exact, meed_core::money::Unit::POINTS, Rounding::HalfUp).ok()?;
        let is_posted = view.done.standing.state == PurchaseState::Posted;
        is_posted.then_some(Owed { view, merchant, awarded, contribution })
    });
    Ok((owed.collect(), older))
}

/// `GET /settlement`
pub(in crate::web) async fn list(State(state): State<ServerState>, visit: Visit, Asked(form): Asked) -> Answer {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let before = form.id("before", Kind::Purchase)?;
    let (owed, older) = owed(&state, &visit, &config, before).await?;
    let name = |id: &Id| config.merchants.get(id).map(|merchant| merchant.name.clone()).unwrap_or_default();
    let row = |one: &Owed| {
        let (done, basket) = (&one.view.done, &one.view.done.body.basket);
        let is_open = done.standing.settled.is_none();
        SettlementRow {
            id: done.id.text(Kind::Purchase),
            number: basket.reference.clone(),
            at: config.zone_of(basket.unit).to_datetime(basket.at).strftime("%-d %b %Y, %H:%M").to_string(),
            merchant: name(&one.merchant),
            awarded: money(one.awarded, config.currency),
            contribution: money(one.contribution, config.currency),
            status: if is_open { Badge::new("Open", Tone::Warn) } else { Badge::new("Settled", Tone::Good) },
            is_open,
        }
    };
    let mut open: Vec<(Id, u64, Minor)> = Vec::new();
    for one in owed.iter().filter(|one| one.view.done.standing.settled.is_none()) {
        match open.iter_mut().find(|(merchant, ..)| *merchant == one.merchant) {
            Some((_, count, sum)) => (*count, *sum) = (*count + 1, *sum + one.contribution),
            None => open.push((one.merchant, 1, one.contribution)),
        }
    }
    let open =
        open.iter().map(|(merchant, count, sum)| (name(merchant), counted(*count, "purchase", "purchases"), money(*sum, config.currency)));
    // What is open stands first: it is what somebody came for.
    let (unsettled, settled): (Vec<&Owed>, Vec<&Owed>) = owed.iter().partition(|one| one.view.done.standing.settled.is_none());
    let rows = unsettled.into_iter().chain(settled).take(LISTED).map(row).collect();
    let plain = crate::pages::shown::count;
    let listed = if owed.len() > LISTED { format!("The newest {LISTED} of {} are listed.", plain(owed.len())) } else { String::new() };
    let pager = Pager {
        newer: before.map(|_| "/settlement".to_owned()),
        older: older.map(|id| format!("/settlement?before={}", id.text(Kind::Purchase))),
    };
    let before = before.map(|id| id.text(Kind::Purchase)).unwrap_or_default();
    page(&SettlementPage { chrome: visit.chrome(Nav::Settlement), rows, listed, open: open.collect(), pager, before })
}

/// `POST /settlement`: everything that is open on the page, or on it and all older ones.
pub(in crate::web) async fn settle(State(state): State<ServerState>, visit: Visit, Posted(form): Posted) -> Answer {
    let config = state.app.fresh_till_config(visit.ctx.workspace).await?;
    let (mut before, mut count) = (form.id("before", Kind::Purchase)?, 0u64);
    loop {
        let (owed, older) = owed(&state, &visit, &config, before).await?;
        let open: Vec<Id> = owed.iter().filter(|one| one.view.done.standing.settled.is_none()).map(|one| one.view.done.id).collect();
        for some in open.chunks(AT_ONCE) {
            for done in join_all(some.iter().map(|id| purchases::settle(&state.app, &visit.ctx, *id))).await {
                done?;
            }
        }
        count += open.len() as u64;
        before = older;
        if before.is_none() || form.text("do") != "all" {
            break;
        }
    }
    let text = format!("{} settled.", counted(count, "purchase is", "purchases are"));
    Ok(flash::see_other(&state, "/settlement", Tone::Good, &text))
}
