//! The list of sales and its filter.

use std::collections::HashMap;

use axum::extract::State;
use jiff::civil::Date;
use meed_app::sales::{CreditFilter, Credited, SaleFilter, SaleView, credited, list};
use meed_app::sources::{self, Source};
use meed_app::{imports, overview};
use meed_core::command::{date_of, day_number};
use meed_core::id::{Id, Kind};

use super::super::answer::{Answer, Trouble, page};
use super::super::form::{Asked, Fields};
use super::super::shown::{Setting, counted, day_text, setting};
use super::super::visit::Visit;
use super::facts::{owners, revenue};
use crate::ServerState;
use crate::pages::sales::{SaleRow, SalesFilter, SalesPage, Scope};
use crate::pages::{Badge, Choice, FormErrors, Nav, Pager, Tone};

/// Sales on one page.
const PAGE: usize = 50;

pub(super) async fn show(State(state): State<ServerState>, visit: Visit, Asked(asked): Asked) -> Answer {
    let (app, ctx) = (&state.app, &visit.ctx);
    let setting = setting(app, ctx).await?;
    let all = sources::list(app, ctx).await?;
    let (wanted, errors) = wanted(&asked)?;
    let scopes = scopes(&state, &visit, &setting, &asked).await?;
    let is_active = !scopes.is_empty() || ["q", "from", "to", "source", "credited"].iter().any(|field| asked.filled(field).is_some());
    let after = after(asked.text("after"));
    let (sales, next) = list(app, ctx, wanted, after, PAGE).await?;
    let states = credited(app, ctx, sales.clone()).await?;
    let names: HashMap<Id, &str> = all.iter().map(|source| (source.id, source.document.name.as_str())).collect();
    let rows: Vec<SaleRow> = sales.iter().zip(states).map(|(sale, state)| row(sale, state, &names)).collect();
    let found =
        if is_active { String::new() } else { counted(u64::try_from(overview::sale_count(app, ctx).await?).unwrap_or(0), "sale", "sales") };
    page(&SalesPage {
        chrome: visit.chrome(Nav::Sales),
        filter: filter(&asked, &all, scopes, errors, is_active),
        rows,
        found,
        sums: Vec::new(),
        pager: Pager {
            newer: after.map(|_| address(&asked, None)),
            older: next.map(|(day, id)| address(&asked, Some(format!("{day}.{}", id.text(Kind::Sale))))),
        },
    })
}

/// The same list from another place.
fn address(asked: &Fields, after: Option<String>) -> String {
    let kept = ["q", "from", "to", "source", "credited", "import", "program", "reason", "since"];
    let mut pairs: Vec<(&str, String)> = kept.iter().filter_map(|field| Some((*field, asked.filled(field)?.to_owned()))).collect();
    pairs.extend(after.map(|after| ("after", after)));
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    if query.is_empty() { "/sales".to_owned() } else { format!("/sales?{query}") }
}

fn after(text: &str) -> Option<(i64, Id)> {
    let (day, id) = text.split_once('.')?;
    Some((day.parse().ok()?, Id::parse(id, Kind::Sale).ok()?))
}

fn wanted(asked: &Fields) -> Result<(SaleFilter, FormErrors), Trouble> {
    let mut errors = FormErrors::none();
    let mut day = |field: &str| {
        let text = asked.filled(field)?;
        let day = text.parse::<Date>().ok().map(day_number);
        if day.is_none() {
            errors.0.push((field.to_owned(), format!("“{text}” is not a day such as 2026-03-31.")));
        }
        day
    };
    let (from_day, until_day) = (day("from"), day("to"));
    let reason = asked.filled("reason").map(str::to_owned);
    let credit = match (asked.id("program", Kind::Program)?, reason, asked.text("credited")) {
        (Some(program), Some(reason), _) => Some(CreditFilter::Refused(program, reason)),
        (_, _, "yes") => Some(CreditFilter::Credited(true)),
        (_, _, "no") => Some(CreditFilter::Credited(false)),
        _ => None,
    };
    let filter = SaleFilter {
        text: asked.text("q").to_owned(),
        from_day,
        until_day,
        source: asked.id("source", Kind::Source)?,
        import: asked.id("import", Kind::Import)?,
        status: None,
        changed_after_us: asked.filled("since").and_then(|since| since.parse().ok()),
        credit,
    };
    Ok((filter, errors))
}

/// What a link set besides the fields.
async fn scopes(state: &ServerState, visit: &Visit, setting: &Setting, asked: &Fields) -> Result<Vec<Scope>, Trouble> {
    let mut scopes = Vec::new();
    if let Some(import) = asked.id("import", Kind::Import)? {
        let document = imports::get(&state.app, &visit.ctx, import).await?.document;
        scopes.push(scope("import", asked, format!("from {}", document.file_name)));
    }
    if let Some(since) = asked.filled("since").and_then(|since| since.parse().ok()) {
        scopes.push(scope("since", asked, format!("came or changed after {}", setting.moment(since))));
    }
    if let (Some(program), Some(reason)) = (asked.id("program", Kind::Program)?, asked.filled("reason")) {
        let name = &setting.config.program(program)?.program.name;
        scopes.push(scope("program", asked, name.clone()));
        scopes.push(scope("reason", asked, reason.replace('_', " ")));
    }
    Ok(scopes)
}

fn scope(field: &str, asked: &Fields, words: String) -> Scope {
    Scope { field: field.to_owned(), value: asked.text(field).to_owned(), words }
}

fn filter(asked: &Fields, all: &[Source], scopes: Vec<Scope>, errors: FormErrors, active: bool) -> SalesFilter {
    let chosen = |field: &str, value: &str| asked.text(field) == value;
    let mut sources = vec![Choice::new("", "All", chosen("source", ""))];
    sources.extend(all.iter().map(|source| {
        let id = source.id.text(Kind::Source);
        Choice::new(&id, &source.document.name, chosen("source", &id))
    }));
    let credited = [("", "All"), ("yes", "Credited"), ("no", "Not credited")];
    SalesFilter {
        q: asked.text("q").to_owned(),
        from: asked.text("from").to_owned(),
        to: asked.text("to").to_owned(),
        sources,
        credited: credited.map(|(value, label)| Choice::new(value, label, chosen("credited", value))).to_vec(),
        scopes,
        errors,
        active,
    }
}

fn row(view: &SaleView, state: Credited, names: &HashMap<Id, &str>) -> SaleRow {
    let sale = &view.stored.sale;
    let customer = [&sale.customer_name, &sale.customer_email, &sale.customer_code].into_iter().flatten().next();
    let product = [&sale.product_name, &sale.product_code].into_iter().flatten().next();
    let credited = match state {
        Credited::Yes => Badge::new("Credited", Tone::Good),
        Credited::No => Badge::new("Not credited", Tone::Warn),
        Credited::NoProgram => Badge::new("No program", Tone::Neutral),
    };
    SaleRow {
        id: view.stored.id.text(Kind::Sale),
        date: date_of(view.day).map(day_text).unwrap_or_default(),
        unique_id: view.stored.unique_id.clone().unwrap_or_default(),
        customer: customer.cloned().unwrap_or_default(),
        product: product.cloned().unwrap_or_default(),
        owners: owners(sale),
        revenue: revenue(sale),
        source: names.get(&view.stored.source).copied().unwrap_or_default().to_owned(),
        credited,
    }
}
